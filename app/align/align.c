/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/align/align-private.h"

#include "app/picture/resample.h"

#include <glib/gi18n.h>
#include <math.h>
#include <string.h>

/* Longer side at which all pairs are compared for how far they are shifted; at which those that are near are registered to find the
 * way to the reference, large enough to show what is in focus (for a look, small enough to take no time); and at which those on the
 * way are. Registration tells a hundredth of a pixel there, so that more would only take longer. */
#define COARSE_PX 48
#define LOOK_PX   128
#define NEAR_PX   512
#define FINE_PX   2048

/* Of a large set, so many of those that resemble a picture most. */
#define N_NEAR 6

/* Each decodes pictures of this many bytes in all. */
#define MAX_THREADS      4
#define MAX_DECODE_BYTES (768u << 20)

/* Agreement for a look, for the way and at the fine size, below which two pictures have nothing to do with each other (the more pixels,
 * the less they agree by chance), and by how much a movement has to better it. */
#define LEAST_LOOK      0.5
#define LEAST_NEAR      0.25
#define LEAST_AGREEMENT 0.12
#define LEAST_GAIN      0.0005

/* Share of the reference's frame that must be left. */
#define MIN_LEFT 0.5

typedef struct
{
  double shifted;              /* agreement at the coarse size */
  int dx, dy;                  /* there, from the first of the two to the second */
  gboolean is_chosen, is_near; /* the second is of those that resemble the first most; the same of either */
  double agreement;            /* as registered */
  OmniHomography map;          /* likewise; in sides of the picture: 1 is its width, and its height */
} Link;

/* The pyramid of a picture while registrations with it are to come: read by the first of them, dropped by the last. */
typedef struct
{
  GMutex lock;
  OmniLumaPyramid *pyramid;
  gint n_uses;
} Fine;

typedef struct _Aligner Aligner;

/* Does job `job` of many; in a thread of a pool. */
typedef gboolean (*Job) (Aligner *self, guint job, GError **error);

struct _Aligner
{
  GPtrArray *sources, *originals; /* OmniSource: as given, and what is in their files */
  guint n;
  gboolean is_mixed; /* of several formats, which are not made smaller alike */
  gboolean looks;    /* at thumbnails, and no closer */
  char **sha256;
  OmniLumaPyramid **pyramids; /* small */
  Link *links;                /* n × n */
  guint *parents;             /* the way to the reference, whose parent is itself */
  guint *order;               /* parents first */
  OmniAlignment *alignment;
  Fine *fine;
  Job job;
  GMutex lock; /* for what follows, while jobs are done */
  GCond done;
  guint n_jobs_done;
  GError *error; /* the first */
  OmniProgressFunc progress;
  gpointer progress_data;
  guint n_done, n_steps;
  GCancellable *cancellable;
};

static void
aligner_clear (Aligner *self)
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

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Aligner, aligner_clear)

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
note_step (Aligner *self, GError **error)
{
  self->n_done++;
  if (self->progress != NULL)
    self->progress ((double)self->n_done / self->n_steps, self->progress_data);
  return !g_cancellable_set_error_if_cancelled (self->cancellable, error);
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

/* Jobs */

static void
job_cb (gpointer data, gpointer user_data)
{
  Aligner *self = user_data;
  g_autoptr (GError) error = NULL;
  const gboolean is_done = self->job (self, GPOINTER_TO_UINT (data) - 1, &error);

  g_mutex_lock (&self->lock);
  if (!is_done && self->error == NULL)
    self->error = g_steal_pointer (&error);
  self->n_jobs_done++;
  g_cond_signal (&self->done);
  g_mutex_unlock (&self->lock);
}

static guint
count_threads (const Aligner *self)
{
  OmniSource *source = self->originals->pdata[0];
  const guint64 bytes = (guint64)omni_source_get_width (source) * omni_source_get_height (source)
                        * omni_source_get_channels (source)
                        * omni_sample_type_get_bytes (omni_source_get_sample_type (source));

  return (guint)CLAMP (MAX_DECODE_BYTES / MAX (bytes, 1), 1, MIN (MAX_THREADS, g_get_num_processors ()));
}

/* Does `job` of each number in `jobs`, begun in that order. They count as `n_steps` steps. */
static gboolean
do_jobs (Aligner *self, GArray *jobs, Job job, guint n_steps, GError **error)
{
  self->job = job;
  self->n_jobs_done = 0;
  GThreadPool *pool = g_thread_pool_new (job_cb, self, (gint)count_threads (self), FALSE, NULL);
  for (guint i = 0; i < jobs->len; i++)
    g_thread_pool_push (pool, GUINT_TO_POINTER (g_array_index (jobs, guint, i) + 1), NULL);
  const guint n_before = self->n_done;
  g_mutex_lock (&self->lock);
  for (guint n = 0; n < jobs->len; n++)
  {
    while (self->n_jobs_done <= n)
      g_cond_wait (&self->done, &self->lock);
    g_mutex_unlock (&self->lock);
    self->n_done = n_before + n_steps * n / jobs->len;
    note_step (self, NULL);
    g_mutex_lock (&self->lock);
  }
  g_mutex_unlock (&self->lock);
  g_thread_pool_free (pool, FALSE, TRUE);
  self->n_done = n_before + n_steps;
  if (self->error == NULL)
    return !g_cancellable_set_error_if_cancelled (self->cancellable, error);
  g_propagate_error (error, g_steal_pointer (&self->error));
  return FALSE;
}

/* (transfer full) A picture with no side above `most_px`, of the very size that all others have then. Formats differ in how they
 * are read smaller, by up to a pixel: a mixed set is read whole. */
static OmniPicture *
load_at_most (Aligner *self, guint index, guint most_px, GError **error)
{
  OmniSource *source = self->originals->pdata[index];
  const guint width = omni_source_get_width (source), height = omni_source_get_height (source);
  const double scale = MIN (1.0, (double)most_px / MAX (width, height));
  const guint to_width = MAX (1, (guint)(width * scale)), to_height = MAX (1, (guint)(height * scale));
  g_autoptr (OmniPicture)
    picture = self->looks      ? omni_source_load_thumbnail (source, self->cancellable, error)
              : self->is_mixed ? omni_source_load (source, self->cancellable, error)
                               : omni_source_load_scaled (source, most_px, self->cancellable, error);

  if (picture == NULL
      || (omni_picture_get_width (picture) == to_width && omni_picture_get_height (picture) == to_height))
    return g_steal_pointer (&picture);
  return omni_picture_resample (picture, to_width, to_height, self->cancellable, error);
}

/* The way of each picture to the reference. */

static gboolean
read_small (Aligner *self, guint index, GError **error)
{
  const guint most_px = self->looks ? LOOK_PX : NEAR_PX;
  g_autoptr (OmniPicture)
    picture = load_at_most (self, index, self->looks ? OMNI_SOURCE_THUMBNAIL_PX : NEAR_PX, error);

  if (picture == NULL)
    return FALSE;
  self->sha256[index] = omni_source_dup_sha256 (self->originals->pdata[index], error);
  if (self->sha256[index] == NULL)
    return FALSE;
  self->pyramids[index] = omni_luma_pyramid_new (picture, most_px, COARSE_PX / 2);
  return TRUE;
}

/* Whether the pair is looked at from `i`, so that the list has no say in it. */
static gboolean
comes_first (const Aligner *self, guint i, guint k)
{
  const int by_content = strcmp (self->sha256[i], self->sha256[k]);

  return by_content < 0 || (by_content == 0 && i < k);
}

static gboolean
read_all (Aligner *self, GError **error)
{
  g_autoptr (GArray) all = g_array_new (FALSE, FALSE, sizeof (guint));

  for (guint i = 0; i < self->n; i++)
    g_array_append_val (all, i);
  return do_jobs (self, all, read_small, self->n, error);
}

static guint
find_coarse_level (const OmniLumaPyramid *pyramid)
{
  guint level = 0;

  while (level + 1 < pyramid->n_levels && MAX (pyramid->width[level], pyramid->height[level]) > COARSE_PX)
    level++;
  return level;
}

static gboolean
shift_all (Aligner *self, GError **error)
{
  const guint level = find_coarse_level (self->pyramids[0]);
  g_autoptr (GPtrArray) contrasts = g_ptr_array_new_with_free_func ((GDestroyNotify)omni_contrast_free);

  for (guint i = 0; i < self->n; i++)
    g_ptr_array_add (contrasts, omni_contrast_new (self->pyramids[i], level));
  for (guint i = 0; i < self->n; i++)
  {
    for (guint k = 0; k < self->n; k++)
    {
      Link *link = &self->links[i * self->n + k], *back = &self->links[k * self->n + i];
      if (i == k || !comes_first (self, i, k))
        continue;
      link->shifted = omni_register_shift (contrasts->pdata[i], contrasts->pdata[k], &link->dx, &link->dy);
      *back = (Link){ .shifted = link->shifted, .dx = -link->dx, .dy = -link->dy };
    }
    if (!note_step (self, error))
      return FALSE;
  }
  return TRUE;
}

/* Marks those that picture `i` resembles most, whatever others chose. */
static void
choose_near (Aligner *self, guint i)
{
  Link *links = self->links + (gsize)i * self->n;

  for (guint n = 0; n < MIN (N_NEAR, self->n - 1); n++)
  {
    guint best = self->n;
    for (guint k = 0; k < self->n; k++)
      if (k != i && !links[k].is_chosen
          && (best == self->n || links[k].shifted > links[best].shifted
              || (links[k].shifted == links[best].shifted && comes_first (self, k, best))))
        best = k;
    links[best].is_chosen = TRUE;
  }
}

static OmniHomography
to_sides (const OmniHomography *map, double width, double height)
{
  return omni_homography_scale (map, 1 / width, 1 / height, 1 / width, 1 / height);
}

/* A pair, as its number among n × n: from where the shift found it and from where it lies, for a pattern that repeats may have led
 * the shift astray. */
static gboolean
register_near (Aligner *self, guint pair, GError **error)
{
  const guint i = pair / self->n, k = pair % self->n;
  const OmniLumaPyramid *a = self->pyramids[i], *b = self->pyramids[k];
  Link *link = &self->links[pair], *back = &self->links[(gsize)k * self->n + i];
  const double scale = 1u << find_coarse_level (a);

  link->agreement = -1;
  link->map = OMNI_HOMOGRAPHY_IDENTITY;
  for (guint trial = 0; trial < (link->dx != 0 || link->dy != 0 ? 2 : 1); trial++)
  {
    OmniHomography map = OMNI_HOMOGRAPHY_IDENTITY;
    double before, after;
    map.m[2] = trial == 1 ? link->dx * scale : 0;
    map.m[5] = trial == 1 ? link->dy * scale : 0;
    if (!omni_register_pair (a, b, &map, &before, &after, self->cancellable))
      return !g_cancellable_set_error_if_cancelled (self->cancellable, error);
    if (after <= link->agreement)
      continue;
    link->agreement = after;
    link->map = to_sides (&map, a->width[0], a->height[0]);
  }
  back->agreement = link->agreement;
  if (!omni_homography_invert (&link->map, &back->map))
    back->map = OMNI_HOMOGRAPHY_IDENTITY;
  return TRUE;
}

static gboolean
link_all (Aligner *self, GError **error)
{
  g_autoptr (GArray) pairs = g_array_new (FALSE, FALSE, sizeof (guint));

  for (guint i = 0; i < self->n; i++)
    choose_near (self, i);
  for (guint i = 0; i < self->n; i++)
    for (guint k = 0; k < self->n; k++)
    {
      const guint pair = i * self->n + k;
      Link *link = &self->links[pair];
      link->is_near = link->is_chosen || self->links[(gsize)k * self->n + i].is_chosen;
      if (i != k && link->is_near && comes_first (self, i, k))
        g_array_append_val (pairs, pair);
    }
  return do_jobs (self, pairs, register_near, self->n, error);
}

static gboolean
is_found (const Aligner *self, const Link *link)
{
  return link->is_near && link->agreement >= (self->looks ? LEAST_LOOK : LEAST_NEAR);
}

/* Not nothing even where there is none, so that every picture has a way. */
static double
get_agreement (const Aligner *self, guint i, guint k)
{
  const Link *link = &self->links[i * self->n + k];

  return i == k ? 1 : is_found (self, link) ? link->agreement : 1e-3;
}

/* Sums by rank, since those of floats in list order would depend on it. */
static int
compare_numbers (gconstpointer a, gconstpointer b)
{
  const double difference = *(const double *)a - *(const double *)b;

  return difference < 0 ? -1 : difference > 0;
}

/* The picture that resembles the others most; of two that do, the first by hash. */
static guint
choose_reference (const Aligner *self)
{
  g_autofree double *agreements = g_new (double, self->n);
  double most = -1;
  guint reference = 0;

  for (guint i = 0; i < self->n; i++)
  {
    double sum = 0;
    for (guint k = 0; k < self->n; k++)
      agreements[k] = get_agreement (self, i, k);
    qsort (agreements, self->n, sizeof *agreements, compare_numbers);
    for (guint k = 0; k < self->n; k++)
      sum += agreements[k];
    if (sum < most || (sum == most && strcmp (self->sha256[i], self->sha256[reference]) >= 0))
      continue;
    most = sum;
    reference = i;
  }
  return reference;
}

/* The ways on which the product of agreements is greatest (Dijkstra 1959). */
static void
find_ways (Aligner *self)
{
  const guint reference = self->alignment->reference;
  g_autofree double *products = g_new0 (double, self->n);
  g_autofree gboolean *is_done = g_new0 (gboolean, self->n);

  products[reference] = 1;
  self->parents[reference] = reference;
  for (guint done = 0; done < self->n; done++)
  {
    guint next = self->n;
    for (guint i = 0; i < self->n; i++)
      if (!is_done[i]
          && (next == self->n || products[i] > products[next]
              || (products[i] == products[next] && strcmp (self->sha256[i], self->sha256[next]) < 0)))
        next = i;
    is_done[next] = TRUE;
    self->order[done] = next;
    for (guint i = 0; i < self->n; i++)
    {
      const double product = products[next] * get_agreement (self, next, i);
      if (is_done[i] || product < products[i]
          || (product == products[i] && strcmp (self->sha256[next], self->sha256[self->parents[i]]) >= 0))
        continue;
      products[i] = product;
      self->parents[i] = next;
    }
  }
}

/* Registering */

static const OmniLumaPyramid *
get_fine (Aligner *self, guint index, GError **error)
{
  Fine *fine = &self->fine[index];
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&fine->lock);

  if (fine->pyramid == NULL)
  {
    g_autoptr (OmniPicture) picture = load_at_most (self, index, FINE_PX, error);
    if (picture != NULL)
      fine->pyramid = omni_luma_pyramid_new (picture, FINE_PX, COARSE_PX / 2);
  }
  return fine->pyramid;
}

static void
release_fine (Aligner *self, guint index)
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
register_with_parent (Aligner *self, guint index, GError **error)
{
  const guint parent = self->parents[index];
  const Link *link = &self->links[parent * self->n + index];
  OmniFrameMotion *motion = &self->alignment->motions[index];
  OmniSource *source = self->originals->pdata[index];
  const OmniLumaPyramid *from, *to;

  if (!is_found (self, link))
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
register_job (Aligner *self, guint index, GError **error)
{
  const gboolean is_done = register_with_parent (self, index, error);

  release_fine (self, self->parents[index]);
  release_fine (self, index);
  return is_done;
}

/* All pairs of the ways, next to each other as the ways go, so that few pictures are in memory at a time. */
static gboolean
register_pairs (Aligner *self, GError **error)
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
  return do_jobs (self, queue, register_job, self->n, error);
}

static gboolean
register_all (Aligner *self, GError **error)
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
find_common_part (Aligner *self, GError **error)
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
make_sources (Aligner *self)
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
aligner_init (Aligner *self, GPtrArray *sources, GCancellable *cancellable)
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
  self->fine = g_new0 (Fine, n);
  for (gsize i = 0; i < n; i++)
    g_mutex_init (&self->fine[i].lock);
  g_mutex_init (&self->lock);
  g_cond_init (&self->done);
  self->links = g_new0 (Link, n * n);
  self->parents = g_new0 (guint, n);
  self->order = g_new0 (guint, n);
  self->alignment = g_new0 (OmniAlignment, 1);
  self->alignment->sources = g_ptr_array_new_with_free_func (g_object_unref);
  self->alignment->motions = g_new0 (OmniFrameMotion, n);
  self->n_steps = 4 * sources->len;
  self->cancellable = cancellable;
}

/* All that the small pictures tell. */
static gboolean
look (Aligner *self, GError **error)
{
  if (!check (self->originals, error) || !read_all (self, error) || !shift_all (self, error)
      || !link_all (self, error))
    return FALSE;
  self->alignment->reference = choose_reference (self);
  find_ways (self);
  return TRUE;
}

gboolean
omni_align_look (GPtrArray *sources, double *farthest_px, GCancellable *cancellable, GError **error)
{
  g_return_val_if_fail (sources != NULL && farthest_px != NULL, FALSE);

  g_auto (Aligner) self = { .looks = TRUE };
  aligner_init (&self, sources, cancellable);
  if (!look (&self, error))
    return FALSE;
  OmniSource *source = self.originals->pdata[0];
  const double width = omni_source_get_width (source), height = omni_source_get_height (source);
  *farthest_px = 0;
  for (guint k = 0; k < self.n; k++)
  {
    const guint i = self.order[k], parent = self.parents[i];
    const Link *link = &self.links[parent * self.n + i];
    OmniFrameMotion *motion = &self.alignment->motions[i];
    motion->map = OMNI_HOMOGRAPHY_IDENTITY;
    if (i == parent || !is_found (&self, link))
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

  g_auto (Aligner) self = { .progress = progress, .progress_data = progress_data };
  aligner_init (&self, sources, cancellable);
  if (!look (&self, error) || !register_all (&self, error) || !find_common_part (&self, error))
    return NULL;
  make_sources (&self);
  return g_steal_pointer (&self.alignment);
}
