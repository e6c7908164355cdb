/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/metrics/bands.h"

#include <string.h>

/* Scores of pan-sharpened pictures: of all bands together, in the units of the bands. */

#define NO_PIXEL _ ("no pixel is a number in every band")

/* ---- ERGAS ----
 *
 * L. Wald, "Quality of high resolution synthesised images: is there a simple criterion?", Fusion of Earth Data (2000): 100 h/l
 * √(mean over the bands of (RMSE / mean of the reference)²), h/l the size of a panchromatic pixel over that of a multispectral
 * one. */

typedef struct
{
  const OmniBands *fused, *reference;
} Pair;

enum
{
  ERGAS_ERROR,
  ERGAS_VALUE,
  ERGAS_COUNT,
  ERGAS_N
};

static void
error_row (guint part, gpointer data, double *scratch, double *sums)
{
  const Pair *self = data;
  const gsize n = (gsize)self->fused->width * self->fused->height;
  for (guint b = 0; b < self->fused->n_bands; b++)
  {
    const gsize at = b * n + (gsize)part * self->fused->width;
    const float *f = self->fused->planes + at, *r = self->reference->planes + at;
    for (guint x = 0; x < self->fused->width; x++)
    {
      const double off = (double)f[x] - r[x];
      if (isnan (off))
        continue;
      sums[b * ERGAS_N + ERGAS_ERROR] += off * off;
      sums[b * ERGAS_N + ERGAS_VALUE] += r[x];
      sums[b * ERGAS_N + ERGAS_COUNT]++;
    }
  }
}

gboolean
omni_metric_ergas (const OmniMetricRun *run, double *value, char **reason)
{
  const OmniBandsInput *bands = run->input->bands;
  const guint n = bands->fused.n_bands;
  Pair self = { &bands->fused, &bands->reference };
  g_autofree double *sums = g_new0 (double, n *ERGAS_N);
  if (!omni_parts_run (bands->fused.height, n * ERGAS_N, 0, error_row, &self, run->cancellable, sums))
    return omni_metric_refuse (reason, OMNI_METRIC_CANCELLED);
  double total = 0;
  for (guint b = 0; b < n; b++)
  {
    const double *s = sums + b * ERGAS_N;
    if (s[ERGAS_COUNT] == 0)
      return omni_metric_refuse (reason, NO_PIXEL);
    if (s[ERGAS_VALUE] == 0)
      return omni_metric_refuse (reason, _ ("the mean of band %u of the reference is zero"), b + 1);
    const double mean = s[ERGAS_VALUE] / s[ERGAS_COUNT];
    total += s[ERGAS_ERROR] / s[ERGAS_COUNT] / (mean * mean);
  }
  *value = 100 / bands->ratio * sqrt (total / n);
  return TRUE;
}

/* ---- SAM ----
 *
 * R. Yuhas, A. Goetz and J. Boardman, "Discrimination among semi-arid landscape endmembers using the spectral angle mapper
 * (SAM) algorithm", JPL Airborne Geoscience Workshop (1992): the mean angle between the spectra, in degrees. Black pixels have
 * no direction and do not count. */

static void
angle_row (guint part, gpointer data, double *scratch, double *sums)
{
  const Pair *self = data;
  const guint width = self->fused->width;
  const gsize n = (gsize)width * self->fused->height;
  for (guint x = 0; x < width; x++)
  {
    double ff = 0, rr = 0, fr = 0;
    for (guint b = 0; b < self->fused->n_bands; b++)
    {
      const gsize at = b * n + (gsize)part * width + x;
      const double f = self->fused->planes[at], r = self->reference->planes[at];
      ff += f * f;
      rr += r * r;
      fr += f * r;
    }
    if (!(ff > 0) || !(rr > 0) || isnan (fr))
      continue;
    sums[0] += acos (CLAMP (fr / (sqrt (ff) * sqrt (rr)), -1, 1));
    sums[1]++;
  }
}

gboolean
omni_metric_sam (const OmniMetricRun *run, double *value, char **reason)
{
  const OmniBandsInput *bands = run->input->bands;
  Pair self = { &bands->fused, &bands->reference };
  double sums[2];
  if (!omni_parts_run (bands->fused.height, 2, 0, angle_row, &self, run->cancellable, sums))
    return omni_metric_refuse (reason, OMNI_METRIC_CANCELLED);
  if (!omni_metric_divide (sums[0], sums[1], _ ("no pixel has a spectrum in both pictures"), value, reason))
    return FALSE;
  *value *= 180 / G_PI;
  return TRUE;
}

/* ---- Q2n ----
 *
 * L. Alparone, S. Baronti, A. Garzelli and F. Nencini, "A global quality measurement of pan-sharpened multispectral imagery",
 * IEEE GRSL 1 (2004), for four bands as quaternions; A. Garzelli and F. Nencini, "Hypercomplex quality assessment of
 * multi/hyperspectral images", IEEE GRSL 6 (2009), for 2^n. The bands of a pixel are one hypercomplex number, bands up to the next
 * power of two zero; in blocks of 32 × 32 that do not overlap, |σ_xy| · 4 |x̄| |ȳ| / ((σ_x² + σ_y²) (|x̄|² + |ȳ|²)), and the mean of the
 * blocks. (A widely used program standardises the bands of each block first; the papers do not.) The last row and column of
 * blocks move inwards, so that they are whole. */
#define BLOCK     32
#define MAX_BANDS OMNI_PICTURE_MAX_CHANNELS

/* z = x y in the algebra of `n` dimensions: Cayley-Dickson, (a, b) (c, d) = (a c − d̄ b, d a + b c̄). */
static void
multiply (const double *x, const double *y, guint n, double *z)
{
  if (n == 1)
  {
    z[0] = x[0] * y[0];
    return;
  }
  const guint h = n / 2;
  double conjugate_c[MAX_BANDS / 2], conjugate_d[MAX_BANDS / 2], product[MAX_BANDS / 2];
  for (guint i = 0; i < h; i++)
  {
    conjugate_c[i] = i == 0 ? y[i] : -y[i];
    conjugate_d[i] = i == 0 ? y[h + i] : -y[h + i];
  }
  multiply (x, y, h, z);
  multiply (conjugate_d, x + h, h, product);
  for (guint i = 0; i < h; i++)
    z[i] -= product[i];
  multiply (y + h, x, h, z + h);
  multiply (x + h, conjugate_c, h, product);
  for (guint i = 0; i < h; i++)
    z[h + i] += product[i];
}

/* The sign of e_i ē_j, which is ± e_(i xor j). Those of fewer dimensions are its corner. */
static const double (*get_signs (void))[MAX_BANDS]
{
  static double signs[MAX_BANDS][MAX_BANDS];
  static gsize once;
  if (g_once_init_enter (&once))
  {
    for (guint i = 0; i < MAX_BANDS; i++)
      for (guint j = 0; j < MAX_BANDS; j++)
      {
        double x[MAX_BANDS] = { 0 }, y[MAX_BANDS] = { 0 }, z[MAX_BANDS];
        x[i] = 1;
        y[j] = j == 0 ? 1 : -1;
        multiply (x, y, MAX_BANDS, z);
        signs[i][j] = z[i ^ j];
      }
    g_once_init_leave (&once, 1);
  }
  return (const double (*)[MAX_BANDS])signs;
}

/* A block of two pictures: what the index is made of. */
typedef struct
{
  double covariance;     /* |σ_xy|; signed for a pair of single bands */
  double variances;      /* σ_x² + σ_y² */
  double mean_x, mean_y; /* |x̄|, |ȳ|; signed for single bands */
} Block;

/* A flat block agrees in structure with a flat one and with nothing else; two means of zero agree. */
static double
get_index (const Block *block)
{
  const double means = block->mean_x * block->mean_x + block->mean_y * block->mean_y;
  const double structure = block->variances > 0 ? 2 * block->covariance / block->variances : 1;
  const double luminance = means > 0 ? 2 * block->mean_x * block->mean_y / means : 1;
  return structure * luminance;
}

typedef struct
{
  const OmniBands *x, *y;
  guint x_band, y_band; /* of single bands */
  guint n;              /* bands of each: all, or 1 */
  guint size;           /* of a block */
} Blocks;

static guint
count_blocks (guint length, guint size)
{
  return MAX (1, (length + size - 1) / size);
}

/* Where block `i` begins; the last ones move inwards. */
static guint
get_start (guint i, guint length, guint size)
{
  return MIN (i * size, length > size ? length - size : 0);
}

static const float *
get_plane (const OmniBands *bands, guint band)
{
  return bands->planes + (gsize)band * bands->width * bands->height;
}

/* The means of all bands over the pixels of the block that count; returns how many do. */
static guint
measure_means (const Blocks *self, guint left, guint top, double *mean_x, double *mean_y)
{
  const guint right = MIN (left + self->size, self->x->width),
              bottom = MIN (top + self->size, self->x->height);
  guint count = 0;
  memset (mean_x, 0, MAX_BANDS * sizeof *mean_x);
  memset (mean_y, 0, MAX_BANDS * sizeof *mean_y);
  for (guint v = top; v < bottom; v++)
    for (guint u = left; u < right; u++)
    {
      const gsize at = (gsize)v * self->x->width + u;
      /* What does not count is NaN in all bands. */
      if (isnan (get_plane (self->x, self->x_band)[at]) || isnan (get_plane (self->y, self->y_band)[at]))
        continue;
      for (guint b = 0; b < self->n; b++)
      {
        mean_x[b] += get_plane (self->x, self->x_band + b)[at];
        mean_y[b] += get_plane (self->y, self->y_band + b)[at];
      }
      count++;
    }
  for (guint b = 0; count > 0 && b < self->n; b++)
  {
    mean_x[b] /= count;
    mean_y[b] /= count;
  }
  return count;
}

/* Σ over the block of (x_i − x̄_i) (y_j − ȳ_j), and of both pictures' squares. */
static double
measure_covariances (const Blocks *self, guint left, guint top, const double *mean_x, const double *mean_y,
                     double covariances[MAX_BANDS][MAX_BANDS])
{
  const guint right = MIN (left + self->size, self->x->width),
              bottom = MIN (top + self->size, self->x->height);
  double squares = 0;
  memset (covariances, 0, sizeof (double) * MAX_BANDS * MAX_BANDS);
  for (guint v = top; v < bottom; v++)
    for (guint u = left; u < right; u++)
    {
      const gsize at = (gsize)v * self->x->width + u;
      double x[MAX_BANDS], y[MAX_BANDS];
      if (isnan (get_plane (self->x, self->x_band)[at]) || isnan (get_plane (self->y, self->y_band)[at]))
        continue;
      for (guint b = 0; b < self->n; b++)
      {
        x[b] = get_plane (self->x, self->x_band + b)[at] - mean_x[b];
        y[b] = get_plane (self->y, self->y_band + b)[at] - mean_y[b];
        squares += x[b] * x[b] + y[b] * y[b];
      }
      for (guint i = 0; i < self->n; i++)
        for (guint j = 0; j < self->n; j++)
          covariances[i][j] += x[i] * y[j];
    }
  return squares;
}

/* The mean of equal numbers may be off by its last digit, and then they have a variance. One grey level of 16 bits has 2e-10 of
 * the brightest square. */
static void
forget_rounding (Block *block)
{
  const double means = block->mean_x * block->mean_x + block->mean_y * block->mean_y;
  if (block->variances < 1e-18 * means)
    block->variances = 0;
}

/* FALSE when no pixel counts. */
static gboolean
measure_block (const Blocks *self, guint left, guint top, Block *block)
{
  double mean_x[MAX_BANDS], mean_y[MAX_BANDS], covariances[MAX_BANDS][MAX_BANDS], product[MAX_BANDS] = { 0 };
  if (measure_means (self, left, top, mean_x, mean_y) == 0)
    return FALSE;
  *block = (Block){ .variances = measure_covariances (self, left, top, mean_x, mean_y, covariances) };
  if (self->n == 1)
  {
    block->covariance = covariances[0][0];
    block->mean_x = mean_x[0];
    block->mean_y = mean_y[0];
    forget_rounding (block);
    return TRUE;
  }
  const double (*signs)[MAX_BANDS] = get_signs ();
  for (guint i = 0; i < self->n; i++)
  {
    block->mean_x += mean_x[i] * mean_x[i];
    block->mean_y += mean_y[i] * mean_y[i];
    for (guint j = 0; j < self->n; j++)
      product[i ^ j] += signs[i][j] * covariances[i][j];
  }
  for (guint k = 0; k < MAX_BANDS; k++)
    block->covariance += product[k] * product[k];
  block->covariance = sqrt (block->covariance);
  block->mean_x = sqrt (block->mean_x);
  block->mean_y = sqrt (block->mean_y);
  forget_rounding (block);
  return TRUE;
}

static void
blocks_row (guint part, gpointer data, double *scratch, double *sums)
{
  const Blocks *self = data;
  const guint top = get_start (part, self->x->height, self->size);
  for (guint i = 0; i < count_blocks (self->x->width, self->size); i++)
  {
    Block block;
    if (!measure_block (self, get_start (i, self->x->width, self->size), top, &block))
      continue;
    sums[0] += get_index (&block);
    sums[1]++;
  }
}

static gboolean
measure_blocks (const OmniMetricRun *run, Blocks *self, double *value, char **reason)
{
  double sums[2];
  if (!omni_parts_run (count_blocks (self->x->height, self->size), 2, 0, blocks_row, self, run->cancellable,
                       sums))
    return omni_metric_refuse (reason, OMNI_METRIC_CANCELLED);
  return omni_metric_divide (sums[0], sums[1], NO_PIXEL, value, reason);
}

gboolean
omni_metric_q2n (const OmniMetricRun *run, double *value, char **reason)
{
  const OmniBandsInput *bands = run->input->bands;
  Blocks self = { .x = &bands->reference, .y = &bands->fused, .n = bands->fused.n_bands, .size = BLOCK };
  return measure_blocks (run, &self, value, reason);
}

gboolean
omni_metric_q4 (const OmniMetricRun *run, double *value, char **reason)
{
  const guint n = run->input->bands->fused.n_bands;
  if (n != 4)
    return omni_metric_refuse (reason, _ ("it is defined for 4 bands, there are %u; take q2n"), n);
  return omni_metric_q2n (run, value, reason);
}

/* ---- QNR ----
 *
 * L. Alparone, B. Aiazzi, S. Baronti, A. Garzelli, F. Nencini and M. Selva, "Multispectral and panchromatic data fusion
 * assessment without reference", PE&RS 74 (2008), with all exponents 1. Q is the index of Z. Wang and A. Bovik, "A universal image
 * quality index", IEEE SPL 9 (2002), in blocks of 32 × 32 panchromatic pixels, and of the same ground in the multispectral
 * grid. */

/* Q of two bands; blocks of `size`. */
static gboolean
compare_bands (const OmniMetricRun *run, const OmniBands *x, guint x_band, const OmniBands *y, guint y_band,
               guint size, double *value, char **reason)
{
  Blocks self = { .x = x, .y = y, .x_band = x_band, .y_band = y_band, .n = 1, .size = size };
  return measure_blocks (run, &self, value, reason);
}

static guint
get_coarse_block (const OmniBandsInput *bands)
{
  return MAX (2, (guint)(BLOCK / bands->ratio));
}

/* How much the bands' likeness to each other changed: the mean of |Q (F_i, F_j) − Q (M_i, M_j)|. */
gboolean
omni_metric_d_lambda (const OmniMetricRun *run, double *value, char **reason)
{
  const OmniBandsInput *bands = run->input->bands;
  const guint n = bands->fused.n_bands, coarse = get_coarse_block (bands);
  if (n < 2)
    return omni_metric_refuse (reason, _ ("it compares bands with each other, and there is one"));
  *value = 0;
  for (guint i = 0; i < n; i++)
    for (guint j = i + 1; j < n; j++)
    {
      double of_fused, of_ms;
      if (!compare_bands (run, &bands->fused, i, &bands->fused, j, BLOCK, &of_fused, reason)
          || !compare_bands (run, &bands->ms, i, &bands->ms, j, coarse, &of_ms, reason))
        return FALSE;
      *value += fabs (of_fused - of_ms);
    }
  *value /= n * (n - 1) / 2;
  return TRUE;
}

/* How much each band's likeness to the panchromatic picture changed: the mean of |Q (F_i, P) − Q (M_i, P_low)|. */
gboolean
omni_metric_d_s (const OmniMetricRun *run, double *value, char **reason)
{
  const OmniBandsInput *bands = run->input->bands;
  const guint n = bands->fused.n_bands, coarse = get_coarse_block (bands);
  *value = 0;
  for (guint i = 0; i < n; i++)
  {
    double of_fused, of_ms;
    if (!compare_bands (run, &bands->fused, i, &bands->pan, 0, BLOCK, &of_fused, reason)
        || !compare_bands (run, &bands->ms, i, &bands->low_pan, 0, coarse, &of_ms, reason))
      return FALSE;
    *value += fabs (of_fused - of_ms);
  }
  *value /= n;
  return TRUE;
}

gboolean
omni_metric_qnr (const OmniMetricRun *run, double *value, char **reason)
{
  double spectral, spatial;
  if (!omni_metric_d_lambda (run, &spectral, reason) || !omni_metric_d_s (run, &spatial, reason))
    return FALSE;
  *value = (1 - spectral) * (1 - spatial);
  return TRUE;
}
