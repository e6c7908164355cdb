/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/align/aligner.h"

#include <glib/gi18n.h>
#include <math.h>
#include <string.h>

/* Longer side at which pictures are registered along the ways. It tells a hundredth of a pixel there, so that more would only take
 * longer. */
#define FINE_PX 2048

/* Agreement there below which two pictures have nothing to do with each other, and by how much a movement has to better it. */
#define LEAST_AGREEMENT 0.12
#define LEAST_GAIN      0.0005

/* Share of the reference's frame that must be left. */
#define MIN_LEFT 0.5

static void
aligner_clear (OmniAligner *self)
{
  for (guint i = 0; i < self->n; i++)
  {
    omni_luma_pyramid_free (self->fine[i].pyramid);
    g_mutex_clear (&self->fine[i].lock);
    omni_luma_pyramid_free (self->pyramids[i]);
    g_free (self->sha256[i]);
  }
  g_free (self->fine);
  g_free (self->pyramids);
  g_free (self->sha256);
  g_free (self->links);
  g_free (self->parents);
  g_free (self->order);
  g_clear_pointer (&self->originals, g_ptr_array_unref);
  omni_alignment_free (self->alignment);
  g_clear_error (&self->error);
  g_mutex_clear (&self->lock);
  g_cond_clear (&self->done);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (OmniAligner, aligner_clear)

void
omni_alignment_free (OmniAlignment *self)
{
  if (self == NULL)
    return;
  g_clear_pointer (&self->sources, g_ptr_array_unref);
  g_free (self->motions);
  g_free (self);
}

static gboolean
check (GPtrArray *originals, GError **error)
{
  if (originals->len < 2)
  {
    g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
                         _ ("To align pictures takes two of them at least; add the others."));
    return FALSE;
  }
  OmniSource *first = originals->pdata[0];
  const guint width = omni_source_get_width (first), height = omni_source_get_height (first);
  for (guint i = 1; i < originals->len; i++)
    if (omni_source_get_width (originals->pdata[i]) != width
        || omni_source_get_height (originals->pdata[i]) != height)
    {
      g_autofree char *name = omni_source_dup_display_name (originals->pdata[i]);
      g_autofree char *other = omni_source_dup_display_name (first);
      g_set_error (
        error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
        _ ("“%s” has %u × %u pixels and “%s” %u × %u; only pictures of one size can be aligned. Leave out "
           "those of another size."),
        other, width, height, name, omni_source_get_width (originals->pdata[i]),
        omni_source_get_height (originals->pdata[i]));
      return FALSE;
    }
  if (MIN (width, height) < OMNI_ALIGN_MIN_SIDE_PX)
  {
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
                 _ ("Pictures of %u × %u pixels are too small to be aligned; each side takes %u at least."),
                 width, height, (guint)OMNI_ALIGN_MIN_SIDE_PX);
    return FALSE;
  }
  return TRUE;
}

/* Registering */

static const OmniLumaPyramid *
get_fine (OmniAligner *self, guint index, GError **error)
{
  OmniAlignFine *fine = &self->fine[index];
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&fine->lock);

  if (fine->pyramid == NULL)
  {
    g_autoptr (OmniPicture) picture = omni_aligner_load_at_most (self, index, FINE_PX, error);
    if (picture != NULL)
      fine->pyramid = omni_luma_pyramid_new (picture, FINE_PX, OMNI_ALIGNER_LEAST_PX);
  }
  return fine->pyramid;
}

static void
release_fine (OmniAligner *self, guint index)
{
  if (g_atomic_int_dec_and_test (&self->fine[index].n_uses))
    g_clear_pointer (&self->fine[index].pyramid, omni_luma_pyramid_free);
}

static double
get_longest_way (const OmniHomography *map, double width, double height)
{
  double longest = 0;

  for (guint corner = 0; corner < 4; corner++)
  {
    const double x = corner % 2 * width, y = corner / 2 * height;
    double u, v;
    omni_homography_apply (map, x, y, &u, &v);
    longest = MAX (longest, hypot (u - x, v - y));
  }
  return longest;
}

/* What people call a movement: that of the centre, and how the map turns and scales there. */
static void
describe (OmniFrameMotion *motion, double width, double height)
{
  const double *m = motion->map.m, x = width / 2, y = height / 2, w = m[6] * x + m[7] * y + m[8];
  double u, v;

  omni_homography_apply (&motion->map, x, y, &u, &v);
  const double ux = (m[0] - m[6] * u) / w, uy = (m[1] - m[7] * u) / w;
  const double vx = (m[3] - m[6] * v) / w, vy = (m[4] - m[7] * v) / w;
  motion->shift_px = get_longest_way (&motion->map, width, height);
  motion->dx = u - x;
  motion->dy = v - y;
  motion->turn_degrees = atan2 (vx - uy, ux + vy) * 180 / G_PI;
  motion->zoom = sqrt (fabs (ux * vy - uy * vx));
}

/* Finds the map from the parent's frame to that of picture `index`, which stays the identity where it lies right. */
static gboolean
register_with_parent (OmniAligner *self, guint index, GError **error)
{
  const guint parent = self->parents[index];
  const OmniAlignLink *link = &self->links[parent * self->n + index];
  OmniFrameMotion *motion = &self->alignment->motions[index];
  OmniSource *source = self->originals->pdata[index];
  const OmniLumaPyramid *from, *to;

  if (!omni_aligner_is_found (self, link))
  {
    motion->state = OMNI_FRAME_NOT_FOUND;
    motion->before = motion->after = link->is_near ? link->agreement : link->shifted;
    return TRUE;
  }
  if ((from = get_fine (self, parent, error)) == NULL || (to = get_fine (self, index, error)) == NULL)
    return FALSE;
  const double fine_width = to->width[0], fine_height = to->height[0];
  const double width = omni_source_get_width (source), height = omni_source_get_height (source);
  OmniHomography found = omni_homography_scale (&link->map, fine_width, fine_height, fine_width, fine_height);
  if (!omni_register_pair (from, to, &found, &motion->before, &motion->after, self->cancellable))
    return !g_cancellable_set_error_if_cancelled (self->cancellable, error);

  found = omni_homography_scale (&found, width / fine_width, height / fine_height, width / fine_width,
                                 height / fine_height);
  if (MAX (motion->before, motion->after) < LEAST_AGREEMENT)
    motion->state = OMNI_FRAME_NOT_FOUND;
  else if (motion->after >= motion->before + LEAST_GAIN)
    motion->map = found; /* be it ever so short: over a long way it adds up */
  return TRUE;
}

static gboolean
register_job (OmniAligner *self, guint index, GError **error)
{
  const gboolean is_done = register_with_parent (self, index, error);

  release_fine (self, self->parents[index]);
  release_fine (self, index);
  return is_done;
}

/* All pairs of the ways, next to each other as the ways go, so that few pictures are in memory at a time. */
static gboolean
register_pairs (OmniAligner *self, GError **error)
{
  const guint reference = self->alignment->reference;
  g_autoptr (GArray) queue = g_array_new (FALSE, FALSE, sizeof (guint));

  for (guint p = 0; p < self->n; p++)
    for (guint k = 0; k < self->n; k++)
    {
      const guint index = self->order[k];
      if (index == reference || self->parents[index] != self->order[p])
        continue;
      g_array_append_val (queue, index);
      self->fine[index].n_uses++;
      self->fine[self->parents[index]].n_uses++;
    }
  return omni_aligner_do_jobs (self, queue, register_job, self->n, error);
}

static gboolean
register_all (OmniAligner *self, GError **error)
{
  OmniFrameMotion *motions = self->alignment->motions;
  OmniSource *source = self->originals->pdata[0];
  const double width = omni_source_get_width (source), height = omni_source_get_height (source);

  for (guint i = 0; i < self->n; i++)
    motions[i] = (OmniFrameMotion){ .map = OMNI_HOMOGRAPHY_IDENTITY, .before = 1, .after = 1 };
  if (!register_pairs (self, error))
    return FALSE;
  for (guint k = 0; k < self->n; k++)
  {
    const guint i = self->order[k];
    OmniFrameMotion *motion = &motions[i];
    const OmniFrameMotion *parent = &motions[self->parents[i]];
    /* Who is not found, or only with such a one, stays where it is. */
    if (parent->state == OMNI_FRAME_NOT_FOUND)
      motion->state = OMNI_FRAME_NOT_FOUND;
    if (motion->state == OMNI_FRAME_NOT_FOUND)
      motion->map = OMNI_HOMOGRAPHY_IDENTITY;
    else if (i != self->alignment->reference)
      motion->map = omni_homography_compose (&motion->map, &parent->map);
    describe (motion, width, height);
    if (motion->state != OMNI_FRAME_NOT_FOUND)
      motion->state = motion->shift_px >= OMNI_ALIGN_LEAST_PX ? OMNI_FRAME_MOVED : OMNI_FRAME_LIES;
    self->alignment->moved |= motion->state == OMNI_FRAME_MOVED;
  }
  return TRUE;
}

/* What is left of the frame */

/* The inside of the four corners of a picture, as the reference's frame has them. */
static gboolean
cut (const OmniHomography *map, double width, double height, double *left, double *top, double *right,
     double *bottom)
{
  OmniHomography back;
  double x[4], y[4];

  if (!omni_homography_invert (map, &back))
    return FALSE;
  for (guint corner = 0; corner < 4; corner++)
    omni_homography_apply (&back, corner % 2 * width, corner / 2 * height, &x[corner], &y[corner]);
  *left = MAX (*left, MAX (x[0], x[2]));
  *right = MIN (*right, MIN (x[1], x[3]));
  *top = MAX (*top, MAX (y[0], y[1]));
  *bottom = MIN (*bottom, MIN (y[2], y[3]));
  return TRUE;
}

static gboolean
find_common_part (OmniAligner *self, GError **error)
{
  OmniAlignment *alignment = self->alignment;
  OmniSource *source = self->originals->pdata[0];
  const double width = omni_source_get_width (source), height = omni_source_get_height (source);
  double left = 0, top = 0, right = width, bottom = height;
  guint farthest = 0;
  gboolean is_possible = TRUE;

  for (guint i = 0; i < self->n; i++)
  {
    is_possible &= cut (&alignment->motions[i].map, width, height, &left, &top, &right, &bottom);
    if (alignment->motions[i].shift_px > alignment->motions[farthest].shift_px)
      farthest = i;
  }
  left = ceil (left - 0.01);
  top = ceil (top - 0.01);
  right = floor (right + 0.01);
  bottom = floor (bottom + 0.01);
  if (!is_possible || right <= left || bottom <= top
      || (right - left) * (bottom - top) < MIN_LEFT * width * height)
  {
    g_autofree char *name = omni_source_dup_display_name (self->originals->pdata[farthest]);
    g_set_error (
      error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
      _ ("Aligned, the pictures would have less than half of their frame in common; “%s” lies farthest off. "
         "Leave it out."),
      name);
    return FALSE;
  }
  alignment->left = (guint)left;
  alignment->top = (guint)top;
  alignment->width = (guint)(right - left);
  alignment->height = (guint)(bottom - top);
  return TRUE;
}

static void
make_sources (OmniAligner *self)
{
  OmniAlignment *alignment = self->alignment;

  for (guint i = 0; i < self->n; i++)
  {
    OmniWarp warp = { .width = alignment->width, .height = alignment->height };
    const OmniFrameMotion *motion = &alignment->motions[i];
    const OmniHomography shift = { { 1, 0, alignment->left, 0, 1, alignment->top, 0, 0, 1 } };
    /* What lies right keeps its bits. */
    warp.map = motion->state == OMNI_FRAME_MOVED ? omni_homography_compose (&motion->map, &shift) : shift;
    g_ptr_array_add (alignment->sources, alignment->moved
                                           ? omni_source_new_warped (self->sources->pdata[i], &warp)
                                           : g_object_ref (self->originals->pdata[i]));
  }
}

static void
aligner_init (OmniAligner *self, GPtrArray *sources, GCancellable *cancellable)
{
  const gsize n = sources->len;

  self->sources = sources;
  self->originals = g_ptr_array_new_with_free_func (g_object_unref);
  for (guint i = 0; i < n; i++)
    g_ptr_array_add (self->originals, g_object_ref (omni_source_get_original (sources->pdata[i])));
  for (guint i = 1; i < n; i++)
    self->is_mixed |= g_strcmp0 (omni_source_get_format_name (self->originals->pdata[i]),
                                 omni_source_get_format_name (self->originals->pdata[0]))
                      != 0;
  self->n = sources->len;
  self->sha256 = g_new0 (char *, n);
  self->pyramids = g_new0 (OmniLumaPyramid *, n);
  self->fine = g_new0 (OmniAlignFine, n);
  for (gsize i = 0; i < n; i++)
    g_mutex_init (&self->fine[i].lock);
  g_mutex_init (&self->lock);
  g_cond_init (&self->done);
  self->links = g_new0 (OmniAlignLink, n * n);
  self->parents = g_new0 (guint, n);
  self->order = g_new0 (guint, n);
  self->alignment = g_new0 (OmniAlignment, 1);
  self->alignment->sources = g_ptr_array_new_with_free_func (g_object_unref);
  self->alignment->motions = g_new0 (OmniFrameMotion, n);
  self->n_steps = 4 * sources->len;
  self->cancellable = cancellable;
}

gboolean
omni_align_look (GPtrArray *sources, double *farthest_px, GCancellable *cancellable, GError **error)
{
  g_return_val_if_fail (sources != NULL && farthest_px != NULL, FALSE);

  g_auto (OmniAligner) self = { .looks = TRUE };
  aligner_init (&self, sources, cancellable);
  if (!check (self.originals, error) || !omni_aligner_find_ways (&self, error))
    return FALSE;
  OmniSource *source = self.originals->pdata[0];
  const double width = omni_source_get_width (source), height = omni_source_get_height (source);
  *farthest_px = 0;
  for (guint k = 0; k < self.n; k++)
  {
    const guint i = self.order[k], parent = self.parents[i];
    const OmniAlignLink *link = &self.links[parent * self.n + i];
    OmniFrameMotion *motion = &self.alignment->motions[i];
    motion->map = OMNI_HOMOGRAPHY_IDENTITY;
    if (i == parent || !omni_aligner_is_found (&self, link))
      continue;
    motion->map = omni_homography_compose (&link->map, &self.alignment->motions[parent].map);
    const OmniHomography map = omni_homography_scale (&motion->map, width, height, width, height);
    *farthest_px = MAX (*farthest_px, get_longest_way (&map, width, height));
  }
  return TRUE;
}

OmniAlignment *
omni_align_sources (GPtrArray *sources, OmniProgressFunc progress, gpointer progress_data,
                    GCancellable *cancellable, GError **error)
{
  g_return_val_if_fail (sources != NULL, NULL);

  g_auto (OmniAligner) self = { .progress = progress, .progress_data = progress_data };
  aligner_init (&self, sources, cancellable);
  if (!check (self.originals, error) || !omni_aligner_find_ways (&self, error) || !register_all (&self, error)
      || !find_common_part (&self, error))
    return NULL;
  make_sources (&self);
  return g_steal_pointer (&self.alignment);
}
