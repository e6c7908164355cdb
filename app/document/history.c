/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Undo and redo: steps, each of which takes itself back and is then the way forward again. */
#include "app/document/document-private.h"

#define UNDO_STEPS 200

typedef struct
{
  OmniDocumentState *state;   /* the one that comes back; NULL: the step is about a version */
  OmniFusionVersion *version; /* then … */
  char *name;                 /* … its name, or NULL: whether it is in the list, … */
  guint n_older;              /* … behind how many: newer ones are made meanwhile */
} OmniStep;

static void
step_free (gpointer data)
{
  OmniStep *step = data;

  g_clear_pointer (&step->state, omni_document_state_free);
  g_clear_object (&step->version);
  g_free (step->name);
  g_free (step);
}

static void
swap_name (OmniStep *step)
{
  g_autofree char *next = g_steal_pointer (&step->name);

  step->name = omni_fusion_version_is_named (step->version)
                 ? g_strdup (omni_fusion_version_get_name (step->version))
                 : g_strdup ("");
  omni_fusion_version_set_name (step->version, next);
}

static void
swap_place (OmniDocument *self, OmniStep *step)
{
  const guint n = omni_versions_get_n (self->versions);
  guint position;

  if (omni_versions_find (self->versions, step->version, &position))
  {
    step->n_older = n - 1 - position;
    omni_versions_remove (self->versions, step->version);
  }
  else
    omni_versions_insert (self->versions, n - MIN (step->n_older, n), step->version);
}

static void
take (OmniDocument *self, OmniStep *step)
{
  if (step->state != NULL)
  {
    step->state = omni_document_swap_state (self, step->state);
    return;
  }
  if (step->name != NULL)
    swap_name (step);
  else
    swap_place (self, step);
  omni_document_emit_changed (self);
}

static void
forget_last (OmniDocument *self)
{
  self->last_option = NULL;
  self->last_influence = NULL;
}

/* Takes `step`. */
static void
make (OmniDocument *self, OmniStep *step)
{
  forget_last (self);
  take (self, step);
  g_queue_push_head (&self->undo, step);
  if (self->undo.length > UNDO_STEPS)
    step_free (g_queue_pop_tail (&self->undo));
  g_queue_clear_full (&self->redo, step_free);
  omni_document_notify_history (self);
}

static void
go (OmniDocument *self, GQueue *from, GQueue *to)
{
  OmniStep *step = g_queue_pop_head (from);

  if (step == NULL)
    return;
  forget_last (self);
  take (self, step);
  g_queue_push_head (to, step);
  omni_document_notify_history (self);
}

void
omni_document_change_state (OmniDocument *self, OmniDocumentState *next)
{
  next->recipe = ++self->n_recipes;
  omni_document_change_view (self, next);
}

void
omni_document_change_view (OmniDocument *self, OmniDocumentState *next)
{
  OmniStep *step = g_new0 (OmniStep, 1);

  step->state = next;
  make (self, step);
}

void
omni_document_replace_state (OmniDocument *self, OmniDocumentState *next)
{
  next->recipe = ++self->n_recipes;
  omni_document_state_free (omni_document_swap_state (self, next));
}

gboolean
omni_document_can_undo (OmniDocument *self)
{
  return self->undo.length > 0;
}

gboolean
omni_document_can_redo (OmniDocument *self)
{
  return self->redo.length > 0;
}

void
omni_document_undo (OmniDocument *self)
{
  go (self, &self->undo, &self->redo);
}

void
omni_document_redo (OmniDocument *self)
{
  go (self, &self->redo, &self->undo);
}

const OmniDocumentState *
omni_document_peek_undo (OmniDocument *self)
{
  const OmniStep *step = g_queue_peek_head (&self->undo);

  return step != NULL ? step->state : NULL;
}

void
omni_document_clear_history (OmniDocument *self)
{
  g_queue_clear_full (&self->undo, step_free);
  g_queue_clear_full (&self->redo, step_free);
}

/* Versions */

void
omni_document_name_version (OmniDocument *self, OmniFusionVersion *version, const char *name)
{
  g_autofree char *stripped = g_strstrip (g_strdup (name));

  if (g_str_equal (stripped, omni_fusion_version_get_name (version)))
    return;
  OmniStep *step = g_new0 (OmniStep, 1);
  step->version = g_object_ref (version);
  step->name = g_steal_pointer (&stripped);
  make (self, step);
}

void
omni_document_delete_version (OmniDocument *self, OmniFusionVersion *version)
{
  if (!omni_versions_find (self->versions, version, NULL))
    return;
  OmniStep *step = g_new0 (OmniStep, 1);
  step->version = g_object_ref (version);
  make (self, step);
}

static OmniStep *
find_deletion (OmniDocument *self, OmniFusionVersion *version)
{
  for (GList *link = self->undo.head; link != NULL; link = link->next)
  {
    OmniStep *step = link->data;
    if (step->version == version && step->name == NULL)
      return step;
  }
  return NULL;
}

void
omni_document_restore_version (OmniDocument *self, OmniFusionVersion *version)
{
  const OmniStep *deletion = find_deletion (self, version);

  if (omni_versions_find (self->versions, version, NULL))
    return;
  if (deletion != NULL && deletion == g_queue_peek_head (&self->undo))
  {
    omni_document_undo (self);
    return;
  }
  OmniStep *step = g_new0 (OmniStep, 1);
  step->version = g_object_ref (version);
  step->n_older = deletion != NULL ? deletion->n_older : 0;
  make (self, step);
}
