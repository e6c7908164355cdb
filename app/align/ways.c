/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The way of each picture of a set to the reference, from one that resembles it to the next. */
#include "app/align/aligner.h"

#include "app/picture/resample.h"

#include <string.h>

/* Longer side at which all pairs are compared for how far they are shifted, and at which those that are near are registered to find the
 * way to the reference: large enough to show what is in focus, for a look small enough to take no time. */
#define COARSE_PX 48
#define LOOK_PX   128
#define NEAR_PX   512

/* Of a large set, so many of those that resemble a picture most. */
#define N_NEAR 6

/* Each decodes pictures of this many bytes in all. */
#define MAX_THREADS      4
#define MAX_DECODE_BYTES (768u << 20)

/* Agreement for a look and for the way below which two pictures have nothing to do with each other: the more pixels, the less they agree
 * by chance. */
#define LEAST_LOOK 0.5
#define LEAST_NEAR 0.25

static gboolean
note_step (OmniAligner *self, GError **error)
{
  self->n_done++;
  if (self->progress != NULL)
    self->progress ((double)self->n_done / self->n_steps, self->progress_data);
  return !g_cancellable_set_error_if_cancelled (self->cancellable, error);
}

/* Jobs */

static void
job_cb (gpointer data, gpointer user_data)
{
  OmniAligner *self = user_data;
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
count_threads (const OmniAligner *self)
{
  OmniSource *source = self->originals->pdata[0];
  const guint64 bytes = (guint64)omni_source_get_width (source) * omni_source_get_height (source)
                        * omni_source_get_channels (source)
                        * omni_sample_type_get_bytes (omni_source_get_sample_type (source));

  return (guint)CLAMP (MAX_DECODE_BYTES / MAX (bytes, 1), 1, MIN (MAX_THREADS, g_get_num_processors ()));
}

gboolean
omni_aligner_do_jobs (OmniAligner *self, GArray *jobs, OmniAlignJob job, guint n_steps, GError **error)
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

/* Formats differ in how they are read smaller, by up to a pixel: a mixed set is read whole. */
OmniPicture *
omni_aligner_load_at_most (OmniAligner *self, guint index, guint most_px, GError **error)
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
read_small (OmniAligner *self, guint index, GError **error)
{
  const guint most_px = self->looks ? LOOK_PX : NEAR_PX;
  g_autoptr (OmniPicture) picture = omni_aligner_load_at_most (
    self, index, self->looks ? OMNI_SOURCE_THUMBNAIL_PX : NEAR_PX, error);

  if (picture == NULL)
    return FALSE;
  self->sha256[index] = omni_source_dup_sha256 (self->originals->pdata[index], error);
  if (self->sha256[index] == NULL)
    return FALSE;
  self->pyramids[index] = omni_luma_pyramid_new (picture, most_px, OMNI_ALIGNER_LEAST_PX);
  return TRUE;
}

/* Whether the pair is looked at from `i`, so that the list has no say in it. */
static gboolean
comes_first (const OmniAligner *self, guint i, guint k)
{
  const int by_content = strcmp (self->sha256[i], self->sha256[k]);

  return by_content < 0 || (by_content == 0 && i < k);
}

static gboolean
read_all (OmniAligner *self, GError **error)
{
  g_autoptr (GArray) all = g_array_new (FALSE, FALSE, sizeof (guint));

  for (guint i = 0; i < self->n; i++)
    g_array_append_val (all, i);
  return omni_aligner_do_jobs (self, all, read_small, self->n, error);
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
shift_all (OmniAligner *self, GError **error)
{
  const guint level = find_coarse_level (self->pyramids[0]);
  g_autoptr (GPtrArray) contrasts = g_ptr_array_new_with_free_func ((GDestroyNotify)omni_contrast_free);

  for (guint i = 0; i < self->n; i++)
    g_ptr_array_add (contrasts, omni_contrast_new (self->pyramids[i], level));
  for (guint i = 0; i < self->n; i++)
  {
    for (guint k = 0; k < self->n; k++)
    {
      OmniAlignLink *link = &self->links[i * self->n + k], *back = &self->links[k * self->n + i];
      if (i == k || !comes_first (self, i, k))
        continue;
      link->shifted = omni_register_shift (contrasts->pdata[i], contrasts->pdata[k], &link->dx, &link->dy);
      *back = (OmniAlignLink){ .shifted = link->shifted, .dx = -link->dx, .dy = -link->dy };
    }
    if (!note_step (self, error))
      return FALSE;
  }
  return TRUE;
}

/* Marks those that picture `i` resembles most, whatever others chose. */
static void
choose_near (OmniAligner *self, guint i)
{
  OmniAlignLink *links = self->links + (gsize)i * self->n;

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
register_near (OmniAligner *self, guint pair, GError **error)
{
  const guint i = pair / self->n, k = pair % self->n;
  const OmniLumaPyramid *a = self->pyramids[i], *b = self->pyramids[k];
  OmniAlignLink *link = &self->links[pair], *back = &self->links[(gsize)k * self->n + i];
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
link_all (OmniAligner *self, GError **error)
{
  g_autoptr (GArray) pairs = g_array_new (FALSE, FALSE, sizeof (guint));

  for (guint i = 0; i < self->n; i++)
    choose_near (self, i);
  for (guint i = 0; i < self->n; i++)
    for (guint k = 0; k < self->n; k++)
    {
      const guint pair = i * self->n + k;
      OmniAlignLink *link = &self->links[pair];
      link->is_near = link->is_chosen || self->links[(gsize)k * self->n + i].is_chosen;
      if (i != k && link->is_near && comes_first (self, i, k))
        g_array_append_val (pairs, pair);
    }
  return omni_aligner_do_jobs (self, pairs, register_near, self->n, error);
}

gboolean
omni_aligner_is_found (const OmniAligner *self, const OmniAlignLink *link)
{
  return link->is_near && link->agreement >= (self->looks ? LEAST_LOOK : LEAST_NEAR);
}

/* Not nothing even where there is none, so that every picture has a way. */
static double
get_agreement (const OmniAligner *self, guint i, guint k)
{
  const OmniAlignLink *link = &self->links[i * self->n + k];

  return i == k ? 1 : omni_aligner_is_found (self, link) ? link->agreement : 1e-3;
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
choose_reference (const OmniAligner *self)
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
find_shortest (OmniAligner *self)
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

gboolean
omni_aligner_find_ways (OmniAligner *self, GError **error)
{
  if (!read_all (self, error) || !shift_all (self, error) || !link_all (self, error))
    return FALSE;
  self->alignment->reference = choose_reference (self);
  find_shortest (self);
  return TRUE;
}
