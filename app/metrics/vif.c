/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/metrics/metrics-private.h"
#include "app/metrics/vector-math.h"

#include <string.h>

/* Visual information fidelity in the pixel domain: H. Sheikh and A. Bovik, "Image information and visual quality", IEEE TIP 15
 * (2006); and for fusion, Y. Han, Y. Cai, Y. Cao and X. Xu, "A new image fusion performance metric based on visual information
 * fidelity", Information Fusion 14 (2013). Four scales with Gaussian windows of 17, 9, 5 and 3 pixels, σ a fifth of that,
 * that stay inside; between scales the window of the coarser one, every second pixel. */
#define N_SCALES   4
#define MAX_WINDOW 17
#define VIF_NOISE  2.0
#define VIFF_NOISE (0.005 * 255 * 255)
#define VIFF_C     1e-7
#define LOG10_E    0.43429448190325182765
#define FLAT       1e-10

/* Han's weights of the scales. */
static const double viff_weights[N_SCALES] = { 1 / 2.15, 0, 0.15 / 2.15, 1 / 2.15 };

typedef struct
{
  const OmniPlane *planes; /* sources, then the fused picture */
  const guint8 *mask;
  guint n_sources;
  gboolean fusion; /* VIFF: one score for all sources */
  double noise;
  guint window;
  double weights[MAX_WINDOW];
} Scale;

/* Local gain, and the information of the source that the fused picture has and that the source has, for one source: the
 * logarithms are left to add_logarithms(). */
OMNI_VECTOR static void
measure (const double *restrict mean_a, const double *restrict mean_f, const double *restrict aa,
         const double *restrict ff, const double *restrict af, double noise, double *restrict gains,
         double *restrict kept, double *restrict all)
{
  const double quiet = 1 / noise;
  for (guint i = 0; i < OMNI_TILE_OUT; i++)
  {
    const double ma = mean_a[i], mf = mean_f[i];
    double var_a = aa[i] - ma * ma, var_f = ff[i] - mf * mf;
    const double cov = af[i] - ma * mf;
    var_a = var_a > 0 ? var_a : 0;
    var_f = var_f > 0 ? var_f : 0;
    double gain = cov / (var_a + FLAT), rest = var_f - gain * cov;
    gain = var_a < FLAT ? 0 : gain;
    rest = var_a < FLAT ? var_f : rest;
    var_a = var_a < FLAT ? 0 : var_a;
    gain = var_f < FLAT ? 0 : gain;
    rest = var_f < FLAT ? 0 : rest;
    rest = gain < 0 ? var_f : rest;
    gain = gain < 0 ? 0 : gain;
    rest = rest <= FLAT ? FLAT : rest;
    gains[i] = gain;
    kept[i] = 1 + gain * gain * var_a / (rest + noise);
    all[i] = 1 + var_a * quiet;
  }
}

/* Of two sources the one that the fused picture repeats more weakly; of equals the later one in the order of the planes, which
 * is that of their content, not of the list. */
OMNI_VECTOR static void
take_weaker (const double *restrict gains, const double *restrict kept, const double *restrict all,
             double *restrict best_gains, double *restrict best_kept, double *restrict best_all)
{
  for (guint i = 0; i < OMNI_TILE_OUT; i++)
  {
    const gboolean weaker = gains[i] <= best_gains[i];
    best_gains[i] = weaker ? gains[i] : best_gains[i];
    best_kept[i] = weaker ? kept[i] : best_kept[i];
    best_all[i] = weaker ? all[i] : best_all[i];
  }
}

/* The sum of the logarithms of a tile. None of the values is above 10^5, so eight can be multiplied before. */
OMNI_VECTOR static double
add_logarithms (const OmniTile *tile, double *restrict map)
{
  double sums[8] = { 0 }, total = 0;
  for (guint y = 0; y < tile->height; y++)
  {
    double *restrict row = map + y * OMNI_TILE_PX;
    double products[8] = { 1, 1, 1, 1, 1, 1, 1, 1 };
    for (guint x = tile->width; x < OMNI_TILE_PX; x++)
      row[x] = 1;
    for (guint x = 0; x < OMNI_TILE_PX; x += 8)
      for (guint i = 0; i < 8; i++)
        products[i] *= row[x + i];
    for (guint i = 0; i < 8; i++)
      sums[i] += omni_vector_log (products[i]);
  }
  for (guint i = 0; i < 8; i++)
    total += sums[i];
  return total * LOG10_E;
}

static void
multiply_and_filter (const Scale *scale, const double *a, const double *b, double *product, double *spare,
                     double *out)
{
  omni_tile_multiply (a, b, scale->window - 1, product);
  omni_tile_filter (product, scale->weights, scale->window, spare, out);
}

/* Sums: of each source (or of the chosen one) kept and all, then the number of windows. */
static void
scale_part (guint part, gpointer data, double *scratch, double *sums)
{
  const Scale *scale = data;
  const guint n = scale->n_sources, margin = scale->window - 1;
  const OmniPlane *fused = &scale->planes[n];
  double *in = scratch, *in_f = in + OMNI_TILE_IN, *product = in_f + OMNI_TILE_IN,
         *spare = product + OMNI_TILE_IN;
  double *out = spare + OMNI_TILE_IN, *mean_f = out, *ff = out + OMNI_TILE_OUT,
         *mean = out + 2 * OMNI_TILE_OUT;
  double *aa = out + 3 * OMNI_TILE_OUT, *af = out + 4 * OMNI_TILE_OUT, *own = out + 5 * OMNI_TILE_OUT;
  double *best = out + 8 * OMNI_TILE_OUT;
  OmniTile tile;
  omni_tile_init (&tile, fused->width - margin, fused->height - margin, part);
  omni_tile_load (fused, (int)tile.x, (int)tile.y, margin, in_f);
  omni_tile_filter (in_f, scale->weights, scale->window, spare, mean_f);
  multiply_and_filter (scale, in_f, in_f, product, spare, ff);
  for (guint k = 0; k < n; k++)
  {
    double *to = scale->fusion && k == 0 ? best : own;
    omni_tile_load (&scale->planes[k], (int)tile.x, (int)tile.y, margin, in);
    omni_tile_filter (in, scale->weights, scale->window, spare, mean);
    multiply_and_filter (scale, in, in, product, spare, aa);
    multiply_and_filter (scale, in, in_f, product, spare, af);
    measure (mean, mean_f, aa, ff, af, scale->noise, to, to + OMNI_TILE_OUT, to + 2 * OMNI_TILE_OUT);
    if (scale->fusion && k > 0)
      take_weaker (own, own + OMNI_TILE_OUT, own + 2 * OMNI_TILE_OUT, best, best + OMNI_TILE_OUT,
                   best + 2 * OMNI_TILE_OUT);
    if (scale->fusion && k + 1 < n)
      continue;
    const double *from = scale->fusion ? best : own;
    double *chosen = scale->fusion ? sums : sums + 2 * k;
    sums[scale->fusion ? 2 : 2 * n] = omni_tile_mask (&tile, scale->mask, fused->width, fused->height,
                                                      (int)tile.x, (int)tile.y, scale->window, 1,
                                                      (double *)from + OMNI_TILE_OUT, 2);
    chosen[0] += add_logarithms (&tile, (double *)from + OMNI_TILE_OUT);
    chosen[1] += add_logarithms (&tile, (double *)from + 2 * OMNI_TILE_OUT);
  }
}

/* ---- The pyramid ---- */

typedef struct
{
  const OmniPlane *from;
  const guint8 *from_mask;
  double *to;
  guint8 *to_mask;
  guint width, height, window;
  const double *weights;
} Shrinking;

/* Down the columns: `rows` lie `stride` apart. */
OMNI_INLINE void
filter_columns (const guint8 *restrict bytes, const double *restrict values, gsize stride,
                const double *restrict weights, const guint window, guint n, double *restrict out)
{
  if (bytes != NULL)
    for (guint x = 0; x < n; x++)
    {
      double sum = weights[window / 2] * bytes[window / 2 * stride + x];
      for (guint i = 0; i < window / 2; i++)
        sum += weights[i] * (bytes[i * stride + x] + bytes[(window - 1 - i) * stride + x]);
      out[x] = sum;
    }
  else
    for (guint x = 0; x < n; x++)
    {
      double sum = weights[window / 2] * values[window / 2 * stride + x];
      for (guint i = 0; i < window / 2; i++)
        sum += weights[i] * (values[i * stride + x] + values[(window - 1 - i) * stride + x]);
      out[x] = sum;
    }
}

/* Along the row, every second pixel. */
OMNI_INLINE void
filter_every_second (const double *restrict in, const double *restrict weights, const guint window, guint n,
                     double *restrict out)
{
  for (guint x = 0; x < n; x++)
  {
    double sum = weights[window / 2] * in[2 * x + window / 2];
    for (guint i = 0; i < window / 2; i++)
      sum += weights[i] * (in[2 * x + i] + in[2 * x + window - 1 - i]);
    out[x] = sum;
  }
}

OMNI_VECTOR static void
shrink_row (const guint8 *bytes, const double *values, guint from_width, const Shrinking *self, double *spare,
            double *to)
{
  switch (self->window)
  {
  case 9:
    filter_columns (bytes, values, from_width, self->weights, 9, from_width, spare);
    filter_every_second (spare, self->weights, 9, self->width, to);
    break;
  case 5:
    filter_columns (bytes, values, from_width, self->weights, 5, from_width, spare);
    filter_every_second (spare, self->weights, 5, self->width, to);
    break;
  case 3:
    filter_columns (bytes, values, from_width, self->weights, 3, from_width, spare);
    filter_every_second (spare, self->weights, 3, self->width, to);
    break;
  default:
    g_assert_not_reached ();
  }
}

static void
shrink_part (guint part, gpointer data, double *scratch, double *sums)
{
  const Shrinking *self = data;
  const gsize at = (gsize)2 * part * self->from->width;
  const guint8 *bytes = self->from->bytes;
  shrink_row (bytes != NULL ? bytes + at : NULL, bytes != NULL ? NULL : self->from->values + at,
              self->from->width, self, scratch, self->to + (gsize)part * self->width);
}

static void
shrink_mask (const Shrinking *self)
{
  const guint from_width = self->from->width;
  for (guint y = 0; y < self->height; y++)
    for (guint x = 0; x < self->width; x++)
    {
      guint8 valid = 1;
      for (guint v = 0; v < self->window; v++)
        for (guint u = 0; u < self->window; u++)
          valid &= self->from_mask[(gsize)(2 * y + v) * from_width + 2 * x + u];
      self->to_mask[(gsize)y * self->width + x] = valid;
    }
}

static gboolean
shrink (const OmniMetricRun *run, const Scale *from, guint n_planes, guint window, const double *weights,
        OmniScale *level, char **reason)
{
  const guint width = (from->planes[0].width - window + 2) / 2,
              height = (from->planes[0].height - window + 2) / 2;
  if (!omni_scale_alloc (level, n_planes, width, height, from->mask != NULL, reason))
    return FALSE;
  Shrinking shrinking = { .from_mask = from->mask,
                          .to_mask = level->mask,
                          .width = width,
                          .height = height,
                          .window = window,
                          .weights = weights };
  for (guint k = 0; k < n_planes; k++)
  {
    double unused;
    shrinking.from = &from->planes[k];
    shrinking.to = (double *)level->planes[k].values;
    if (!omni_work_run (height, 0, from->planes[k].width, shrink_part, &shrinking, run->cancellable, &unused))
      return omni_metric_refuse (reason, "cancelled");
  }
  if (from->mask != NULL)
    shrink_mask (&shrinking);
  return TRUE;
}

/* The sums of scale_part() for each of the scales, `n_sums` a scale. */
static gboolean
score_scales (const OmniMetricRun *run, gboolean fusion, double noise, guint n_sums, double *sums,
              char **reason)
{
  const guint n = run->input->n_sources;
  /* Room for windows on all four scales: 41, 17, 7 and 3 pixels. */
  if (!omni_metric_check_size (run, 41, reason))
    return FALSE;
  g_auto (OmniScales) scales = { 0 };
  g_autofree OmniPlane *planes = g_new (OmniPlane, n + 1);
  memcpy (planes, run->input->sources, n * sizeof *planes);
  planes[n] = run->input->fused;
  Scale scale = {
    .planes = planes, .mask = run->input->mask, .n_sources = n, .fusion = fusion, .noise = noise
  };
  for (guint i = 0; i < N_SCALES; i++)
  {
    scale.window = (1u << (N_SCALES - i)) + 1;
    omni_gaussian_init (scale.weights, scale.window, scale.window / 5.0);
    if (i > 0)
    {
      if (!shrink (run, &scale, n + 1, scale.window, scale.weights, &scales.levels[i], reason))
        return FALSE;
      scale.planes = scales.levels[i].planes;
      scale.mask = scales.levels[i].mask;
    }
    const guint margin = scale.window - 1;
    if (!omni_work_run (omni_tiles_count (scale.planes[0].width - margin, scale.planes[0].height - margin),
                        n_sums, 4 * OMNI_TILE_IN + 11 * OMNI_TILE_OUT, scale_part, &scale, run->cancellable,
                        sums + i * n_sums))
      return omni_metric_refuse (reason, "cancelled");
  }
  return TRUE;
}

static gboolean
add_sources (const OmniMetricRun *run, double *value, char **reason)
{
  const guint n = run->input->n_sources, n_sums = 2 * n + 1;
  g_autofree double *sums = g_new0 (double, N_SCALES *n_sums);
  if (!score_scales (run, FALSE, VIF_NOISE, n_sums, sums, reason))
    return FALSE;
  *value = 0;
  for (guint k = 0; k < n; k++)
  {
    double kept = 0, all = 0, one;
    for (guint i = 0; i < N_SCALES; i++)
    {
      kept += sums[i * n_sums + 2 * k];
      all += sums[i * n_sums + 2 * k + 1];
    }
    if (!omni_metric_divide (kept, all, "a source is flat and tells nothing", &one, reason))
      return FALSE;
    *value += one;
  }
  return TRUE;
}

gboolean
omni_metric_vif (const OmniMetricRun *run, double *value, char **reason)
{
  if (!add_sources (run, value, reason))
    return FALSE;
  *value /= run->input->n_sources;
  return TRUE;
}

/* Most papers add the sources up. */
gboolean
omni_metric_vif_sum (const OmniMetricRun *run, double *value, char **reason)
{
  return add_sources (run, value, reason);
}

gboolean
omni_metric_viff (const OmniMetricRun *run, double *value, char **reason)
{
  double sums[N_SCALES * 3];
  if (!score_scales (run, TRUE, VIFF_NOISE, 3, sums, reason))
    return FALSE;
  *value = 0;
  double all = 0;
  for (guint i = 0; i < N_SCALES; i++)
  {
    const double *s = sums + 3 * i;
    if (s[2] == 0)
      return omni_metric_refuse (reason, OMNI_METRIC_NO_WINDOW);
    all += s[1];
    *value += viff_weights[i] * (s[0] + s[2] * VIFF_C) / (s[1] + s[2] * VIFF_C);
  }
  /* With nothing to tell, only the constants are left. */
  return all > 0 || omni_metric_refuse (reason, "the sources are flat and tell nothing");
}
