/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/metrics/device.h"

#include <string.h>

/* Scores that forget where a pixel is: everything comes from counts of grey values, which are whole numbers, so they are
 * exact. */
#define N_BINS      256
#define BAND_PIXELS (1 << 20)

/* How often the values of a pair of pictures meet: counts[a · 256 + b]. */
typedef struct
{
  const OmniPlane *a, *b;
  const guint8 *mask;
  gsize n;
  guint64 *counts;
  GMutex mutex;
} Counting;

static void
count_part (guint part, gpointer data, double *scratch, double *sums)
{
  Counting *self = data;
  const gsize first = (gsize)part * BAND_PIXELS, last = MIN (first + BAND_PIXELS, self->n);
  guint32 *counts = (guint32 *)(gpointer)scratch;
  memset (counts, 0, N_BINS * N_BINS * sizeof *counts);
  for (gsize i = first; i < last; i++)
    counts[(guint)self->a->bytes[i] << 8 | self->b->bytes[i]] += self->mask == NULL || self->mask[i];
  g_mutex_lock (&self->mutex);
  for (guint i = 0; i < N_BINS * N_BINS; i++)
    self->counts[i] += counts[i];
  g_mutex_unlock (&self->mutex);
}

/* (transfer full) NULL when cancelled. */
static guint64 *
count (const OmniMetricRun *run, const OmniPlane *a, const OmniPlane *b)
{
  const gsize n = (gsize)run->input->width * run->input->height;
  g_autofree guint64 *counts = g_new0 (guint64, N_BINS * N_BINS);
  Counting self = { .a = a, .b = b, .mask = run->input->mask, .n = n, .counts = counts };
  double unused;
  g_mutex_init (&self.mutex);
  const gboolean done = omni_parts_run ((guint)((n + BAND_PIXELS - 1) / BAND_PIXELS), 0, N_BINS * N_BINS / 2,
                                        count_part, &self, run->cancellable, &unused);
  g_mutex_clear (&self.mutex);
  return done ? g_steal_pointer (&counts) : NULL;
}

/* ---- Information ---- */

typedef struct
{
  double a, b, joint; /* entropies, in bits */
} Entropies;

static double
get_term (guint64 count, double total)
{
  return count > 0 ? -(count / total) * log2 (count / total) : 0;
}

static void
measure_entropies (const guint64 *counts, double total, Entropies *entropies)
{
  guint64 a[N_BINS] = { 0 }, b[N_BINS] = { 0 };
  *entropies = (Entropies){ 0 };
  for (guint i = 0; i < N_BINS * N_BINS; i++)
  {
    a[i / N_BINS] += counts[i];
    b[i % N_BINS] += counts[i];
    entropies->joint += get_term (counts[i], total);
  }
  for (guint i = 0; i < N_BINS; i++)
  {
    entropies->a += get_term (a[i], total);
    entropies->b += get_term (b[i], total);
  }
}

/* Never below zero but for rounding. */
static double
get_information (const Entropies *entropies)
{
  return MAX (0, entropies->a + entropies->b - entropies->joint);
}

static void
find_range (const OmniMetricsInput *input, const OmniPlane *plane, guint8 map[N_BINS])
{
  gboolean seen[N_BINS] = { FALSE };
  const gsize n = (gsize)input->width * input->height;
  for (gsize i = 0; i < n; i++)
    seen[plane->bytes[i]] |= input->mask == NULL || input->mask[i];
  guint least = 0, most = N_BINS - 1;
  while (least < N_BINS - 1 && !seen[least])
    least++;
  while (most > least && !seen[most])
    most--;
  for (guint i = 0; i < N_BINS; i++)
  {
    const double stretched = most > least ? floor ((i - (double)least) / (most - least) * 255 + 0.5) : 0;
    map[i] = (guint8)CLAMP (stretched, 0, 255);
  }
}

/* Counts of the stretched values: several of the old ones never fall on one new one, but an unused one may. */
static void
stretch (guint64 *counts, const guint8 a[N_BINS], const guint8 b[N_BINS])
{
  g_autofree guint64 *old = g_memdup2 (counts, N_BINS * N_BINS * sizeof *counts);
  memset (counts, 0, N_BINS * N_BINS * sizeof *counts);
  for (guint i = 0; i < N_BINS * N_BINS; i++)
    counts[(guint)a[i / N_BINS] * N_BINS + b[i % N_BINS]] += old[i];
}

/* Adds `term` of each source with the fused picture. */
static gboolean
add_information (const OmniMetricRun *run, gboolean stretched, double (*term) (const Entropies *entropies),
                 double *value, char **reason)
{
  const OmniMetricsInput *input = run->input;
  guint8 fused_map[N_BINS], map[N_BINS];
  if (input->n_valid == 0)
    return omni_metric_refuse (reason, OMNI_METRIC_NO_WINDOW);
  if (stretched)
    find_range (input, &input->fused, fused_map);
  *value = 0;
  for (guint k = 0; k < input->n_sources; k++)
  {
    g_autofree guint64 *counts = count (run, &input->sources[k], &input->fused);
    if (counts == NULL)
      return omni_metric_refuse (reason, OMNI_METRIC_CANCELLED);
    if (stretched)
    {
      find_range (input, &input->sources[k], map);
      stretch (counts, map, fused_map);
    }
    Entropies entropies;
    measure_entropies (counts, (double)input->n_valid, &entropies);
    const double one = term (&entropies);
    if (isnan (one))
      return omni_metric_refuse (
        reason, _ ("the fused picture and a source are flat and have no information to share"));
    *value += one;
  }
  return TRUE;
}

/* G. Qu, D. Zhang and P. Yan, "Information measure for performance of image fusion", Electronics Letters 38 (2002). */
gboolean
omni_metric_mi (const OmniMetricRun *run, double *value, char **reason)
{
  return add_information (run, FALSE, get_information, value, reason);
}

/* VIFB: each picture stretched to 0 … 255 first, and natural logarithms. */
gboolean
omni_metric_mi_natural (const OmniMetricRun *run, double *value, char **reason)
{
  if (!add_information (run, TRUE, get_information, value, reason))
    return FALSE;
  *value *= G_LN2;
  return TRUE;
}

static double
get_normalised (const Entropies *entropies)
{
  const double sum = entropies->a + entropies->b;
  return sum > 0 ? 2 * get_information (entropies) / sum : NAN;
}

/* M. Hossny, S. Nahavandi and D. Creighton, "Comments on 'Information measure for performance of image fusion'", Electronics
 * Letters 44 (2008): each picture stretched to 0 … 255 first. */
gboolean
omni_metric_nmi (const OmniMetricRun *run, double *value, char **reason)
{
  return add_information (run, TRUE, get_normalised, value, reason);
}

gboolean
omni_metric_en (const OmniMetricRun *run, double *value, char **reason)
{
  const OmniMetricsInput *input = run->input;
  if (input->n_valid == 0)
    return omni_metric_refuse (reason, OMNI_METRIC_NO_WINDOW);
  g_autofree guint64 *counts = count (run, &input->fused, &input->fused);
  if (counts == NULL)
    return omni_metric_refuse (reason, OMNI_METRIC_CANCELLED);
  Entropies entropies;
  measure_entropies (counts, (double)input->n_valid, &entropies);
  *value = entropies.a;
  return TRUE;
}

/* A known mistake of a much used program: its joint entropy is always zero, which leaves twice the entropy of the result. */
gboolean
omni_metric_mi_doubled (const OmniMetricRun *run, double *value, char **reason)
{
  if (!omni_metric_en (run, value, reason))
    return FALSE;
  *value *= 2;
  return TRUE;
}

/* ---- Correlation and error ---- */

/* Sums over all pixels, exact. */
typedef struct
{
  double n, a, b, aa, bb, ab, absolute;
} Moments;

/* The same bits: all sums are whole numbers. FALSE when there is no device for it. */
static gboolean
measure_moments_on_device (const OmniMetricRun *run, const OmniPlane *a, const OmniPlane *b, Moments *moments)
{
  const OmniPlane *const planes[2] = { a, b };
  double sums[6];
  const OmniDevicePass pass = { .shader = "metric-moments",
                                .planes = planes,
                                .n_sources = 1,
                                .mask = run->input->mask,
                                .n_scales = 1,
                                .windows = { 1 },
                                .n_sums = G_N_ELEMENTS (sums) };
  if (!omni_metric_device_sums (run, &pass, sums))
    return FALSE;
  *moments = (Moments){ (double)run->input->n_valid, sums[0], sums[1], sums[2], sums[3], sums[4], sums[5] };
  return TRUE;
}

static gboolean
measure_moments (const OmniMetricRun *run, const OmniPlane *a, const OmniPlane *b, Moments *moments,
                 char **reason)
{
  if (run->input->n_valid == 0)
    return omni_metric_refuse (reason, OMNI_METRIC_NO_WINDOW);
  if (measure_moments_on_device (run, a, b, moments))
    return TRUE;
  g_autofree guint64 *counts = count (run, a, b);
  if (counts == NULL)
    return omni_metric_refuse (reason, OMNI_METRIC_CANCELLED);
  *moments = (Moments){ .n = (double)run->input->n_valid };
  for (guint i = 0; i < N_BINS * N_BINS; i++)
  {
    const double x = i / N_BINS, y = i % N_BINS, weight = (double)counts[i];
    moments->a += weight * x;
    moments->b += weight * y;
    moments->aa += weight * x * x;
    moments->bb += weight * y * y;
    moments->ab += weight * x * y;
    moments->absolute += weight * fabs (x - y);
  }
  return TRUE;
}

/* Times n², whole numbers: exactly zero when a picture is flat. */
static double
get_covariance (double n, double x, double y, double xy)
{
  return n * xy - x * y;
}

static gboolean
correlate (double covariance, double variance_a, double variance_b, double *value, char **reason)
{
  if (variance_a <= 0 || variance_b <= 0)
    return omni_metric_refuse (reason, _ ("a flat picture has no correlation"));
  *value = covariance / (sqrt (variance_a) * sqrt (variance_b));
  return TRUE;
}

gboolean
omni_metric_cc (const OmniMetricRun *run, double *value, char **reason)
{
  *value = 0;
  for (guint k = 0; k < run->input->n_sources; k++)
  {
    Moments m;
    double one = 0;
    if (!measure_moments (run, &run->input->sources[k], &run->input->fused, &m, reason)
        || !correlate (get_covariance (m.n, m.a, m.b, m.ab), get_covariance (m.n, m.a, m.a, m.aa),
                       get_covariance (m.n, m.b, m.b, m.bb), &one, reason))
      return FALSE;
    *value += one;
  }
  *value /= run->input->n_sources;
  return TRUE;
}

/* V. Aslantas and E. Bendes, "A new image quality metric for image fusion: the sum of the correlations of differences", AEÜ 69
 * (2015). The moments of a difference follow from those of the pictures. */
gboolean
omni_metric_scd (const OmniMetricRun *run, double *value, char **reason)
{
  const OmniMetricsInput *input = run->input;
  Moments af, bf, ab;
  if (!measure_moments (run, &input->sources[0], &input->fused, &af, reason)
      || !measure_moments (run, &input->sources[1], &input->fused, &bf, reason)
      || !measure_moments (run, &input->sources[0], &input->sources[1], &ab, reason))
    return FALSE;
  const double n = af.n, var_f = get_covariance (n, af.b, af.b, af.bb);
  const double var_a = get_covariance (n, af.a, af.a, af.aa), var_b = get_covariance (n, bf.a, bf.a, bf.aa);
  const double cov_af = get_covariance (n, af.a, af.b, af.ab), cov_bf = get_covariance (n, bf.a, bf.b, bf.ab);
  const double cov_ab = get_covariance (n, ab.a, ab.b, ab.ab);
  double with_a = 0, with_b = 0;
  if (!correlate (cov_af - cov_ab, var_f + var_b - 2 * cov_bf, var_a, &with_a, reason)
      || !correlate (cov_bf - cov_ab, var_f + var_a - 2 * cov_af, var_b, &with_b, reason))
  {
    g_clear_pointer (reason, g_free);
    return omni_metric_refuse (reason,
                               _ ("a source, or the result less a source, is flat and has no correlation"));
  }
  *value = with_a + with_b;
  return TRUE;
}

static gboolean
measure_error (const OmniMetricRun *run, const OmniPlane *source, double *square, double *absolute,
               char **reason)
{
  Moments m;
  if (!measure_moments (run, source, &run->input->fused, &m, reason))
    return FALSE;
  *square = (m.aa + m.bb - 2 * m.ab) / m.n;
  *absolute = m.absolute / m.n;
  return TRUE;
}

static gboolean
compute_psnr (double error, double *value, char **reason)
{
  if (error <= 0)
    return omni_metric_refuse (reason, _ ("the pictures are identical, so the ratio has no bound"));
  *value = 10 * log10 (255.0 * 255.0 / error);
  return TRUE;
}

/* The error is the mean over the sources of the squared error, or of its root over √n. */
static gboolean
compute_source_psnr (const OmniMetricRun *run, gboolean vifb, double *value, char **reason)
{
  double sum = 0;
  for (guint k = 0; k < run->input->n_sources; k++)
  {
    double square, absolute;
    if (!measure_error (run, &run->input->sources[k], &square, &absolute, reason))
      return FALSE;
    sum += vifb ? sqrt (square / (double)run->input->n_valid) : square;
  }
  return compute_psnr (sum / run->input->n_sources, value, reason);
}

gboolean
omni_metric_psnr (const OmniMetricRun *run, double *value, char **reason)
{
  return compute_source_psnr (run, FALSE, value, reason);
}

/* U2Fusion and Linfeng: the error on [0, 1] against a peak of 255. */
gboolean
omni_metric_psnr_u2fusion (const OmniMetricRun *run, double *value, char **reason)
{
  if (!compute_source_psnr (run, FALSE, value, reason))
    return FALSE;
  *value += 20 * log10 (255);
  return TRUE;
}

/* VIFB and MEFB: √(sum of squares) / n instead of the mean square. */
gboolean
omni_metric_psnr_vifb (const OmniMetricRun *run, double *value, char **reason)
{
  return compute_source_psnr (run, TRUE, value, reason);
}

gboolean
omni_metric_ref_psnr (const OmniMetricRun *run, double *value, char **reason)
{
  double square, absolute;
  return measure_error (run, &run->input->reference, &square, &absolute, reason)
         && compute_psnr (square, value, reason);
}

gboolean
omni_metric_ref_mae (const OmniMetricRun *run, double *value, char **reason)
{
  double square;
  return measure_error (run, &run->input->reference, &square, value, reason);
}

gboolean
omni_metric_sd (const OmniMetricRun *run, double *value, char **reason)
{
  Moments m;
  if (!measure_moments (run, &run->input->fused, &run->input->fused, &m, reason))
    return FALSE;
  *value = sqrt (get_covariance (m.n, m.a, m.a, m.aa)) / m.n;
  return TRUE;
}
