/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Sources that are seen through a warp, so that they lie upon each other. */
#include "app/document/document-private.h"

#include <math.h>

gboolean
omni_document_is_aligned (OmniDocument *self)
{
  for (guint i = 0; i < self->state->sources->len; i++)
    if (omni_source_get_warp (self->state->sources->pdata[i]) != NULL)
      return TRUE;
  return FALSE;
}

static gboolean
is_same_warp (OmniSource *a, OmniSource *b)
{
  const OmniWarp *first = omni_source_get_warp (a), *second = omni_source_get_warp (b);

  if (first == NULL || second == NULL)
    return first == second;
  return first->width == second->width && first->height == second->height
         && memcmp (&first->map, &second->map, sizeof first->map) == 0;
}

/* (transfer none) What `source` is to be seen as: one of `wanted` of the same file, or itself where that is no other picture. One that is
 * not among them is not aligned with them, whatever it was before. */
static OmniSource *
find_wanted (GPtrArray *wanted, OmniSource *source)
{
  for (guint i = 0; i < wanted->len; i++)
    if (omni_source_get_original (wanted->pdata[i]) == omni_source_get_original (source))
      return is_same_warp (wanted->pdata[i], source) ? source : wanted->pdata[i];
  return omni_source_get_original (source);
}

gboolean
omni_document_set_aligned (OmniDocument *self, GPtrArray *aligned)
{
  g_autoptr (OmniDocumentState) next = omni_document_state_copy (self->state);
  g_autoptr (GPtrArray) sources = g_ptr_array_new ();

  for (guint i = 0; i < self->state->sources->len; i++)
  {
    OmniSource *source = self->state->sources->pdata[i], *wanted = find_wanted (aligned, source);
    if (wanted != source)
      omni_document_state_inherit (next, source, wanted);
    g_ptr_array_add (sources, wanted);
  }
  if (omni_sources_same_order (sources, self->state->sources))
    return FALSE;
  omni_document_state_set_sources (next, sources);
  omni_document_change_state (self, g_steal_pointer (&next));
  return TRUE;
}

gboolean
omni_document_unalign (OmniDocument *self)
{
  g_autoptr (GPtrArray) originals = g_ptr_array_new ();

  for (guint i = 0; i < self->state->sources->len; i++)
    g_ptr_array_add (originals, omni_source_get_original (self->state->sources->pdata[i]));
  return omni_document_set_aligned (self, originals);
}

void
omni_document_take_back_aligned (OmniDocument *self, GPtrArray *before)
{
  const OmniDocumentState *last = omni_document_peek_undo (self);

  if (last != NULL && omni_sources_same_order (last->sources, before))
    omni_document_undo (self);
  else
    omni_document_set_aligned (self, before);
}

/* Sizes of files, and not of what is seen of them. */
static gboolean
has_one_size (GPtrArray *sources)
{
  for (guint i = 1; i < sources->len; i++)
  {
    OmniSource *first = omni_source_get_original (sources->pdata[0]);
    OmniSource *other = omni_source_get_original (sources->pdata[i]);
    if (omni_source_get_width (other) != omni_source_get_width (first)
        || omni_source_get_height (other) != omni_source_get_height (first))
      return FALSE;
  }
  return TRUE;
}

gboolean
omni_document_can_align (OmniDocument *self)
{
  const OmniTask task = self->effective_task;

  return self->state->active->len >= 2 && task != OMNI_TASK_PANSHARPEN && task != OMNI_TASK_MEDICAL
         && has_one_size (self->state->active);
}

GPtrArray *
omni_document_list_unaligned (OmniDocument *self)
{
  GPtrArray *unaligned = g_ptr_array_new ();

  for (guint i = 0; i < self->state->active->len; i++)
    if (omni_source_get_warp (self->state->active->pdata[i]) == NULL)
      g_ptr_array_add (unaligned, self->state->active->pdata[i]);
  /* Of none that is aligned none can be the odd one. */
  if (unaligned->len == self->state->active->len || !omni_document_can_align (self))
    g_ptr_array_set_size (unaligned, 0);
  return unaligned;
}

/* One that was only cut to the part that all have tells where that part lies in the frame of all. */
static gboolean
find_frame (OmniDocument *self, double *left, double *top)
{
  for (guint i = 0; i < self->state->sources->len; i++)
  {
    const OmniWarp *warp = omni_source_get_warp (self->state->sources->pdata[i]);
    const double *m = warp != NULL ? warp->map.m : NULL;
    if (m == NULL || m[0] != 1 || m[1] != 0 || m[3] != 0 || m[4] != 1 || m[6] != 0 || m[7] != 0 || m[8] != 1
        || m[2] != floor (m[2]) || m[5] != floor (m[5]))
      continue;
    *left = m[2];
    *top = m[5];
    return TRUE;
  }
  return FALSE;
}

gboolean
omni_document_get_shift (OmniDocument *self, OmniSource *source, double *px)
{
  const OmniWarp *warp = omni_source_get_warp (source);
  double left, top;

  if (warp == NULL || !find_frame (self, &left, &top))
    return FALSE;
  *px = 0;
  for (guint corner = 0; corner < 4; corner++)
  {
    const double x = corner % 2 * (double)warp->width, y = corner / 2 * (double)warp->height;
    double u, v;
    omni_homography_apply (&warp->map, x, y, &u, &v);
    *px = MAX (*px, hypot (u - left - x, v - top - y));
  }
  return TRUE;
}
