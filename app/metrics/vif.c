/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/metrics/device.h"
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
  const OmniMoment *moments;
  guint n_sources;
  gboolean fusion; /* VIFF: one score for all sources */
  double noise;
  guint window;
  double weights[MAX_WINDOW];
} Scale;

/* 17, 9, 5 and 3 pixels. */
static guint
get_window (guint scale)
{
  return (1u << (N_SCALES - scale)) + 1;
}

/* Local gain, and the information of the source that the fused picture has and that the source has, for one source: the
 * logarithms are left to add_logarithms(). */
OMNI_INLINE void
measure (const double *restrict mean_a, const double *restrict mean_f, const double *restrict aa,
         const double *restrict ff, const double *restrict af, double noise, double *restrict gains,
         double *restrict kept, double *restrict all)
{
  const double quiet = 1 / noise;
  for (guint i = 0; i < OMNI_TILE_PX; i++)
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

/* Of two sources the one that the fused picture repeats more weakly; of equals the later one (see omni_metric_viff()). */
OMNI_INLINE void
take_weaker (const double *restrict gains, const double *restrict kept, const double *restrict all,
             double *restrict best_gains, double *restrict best_kept, double *restrict best_all)
{
  for (guint i = 0; i < OMNI_TILE_PX; i++)
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

/* A tile's maps: of each source, or of the chosen one, kept and all. */
typedef struct
{
  const Scale *scale;
  double *maps;
} Maps;

/* Moments: the fused picture, its square; of each source itself, its square, and with the fused picture. */
OMNI_VECTOR static void
score_row_cb (guint y, const double *moments, const double *sums, gpointer data)
{
  const Maps *self = data;
  const Scale *scale = self->scale;
  const double *mean_f = moments, *ff = moments + OMNI_MOMENT_STRIDE;
  double gains[OMNI_TILE_PX], own_gains[OMNI_TILE_PX], own_kept[OMNI_TILE_PX], own_all[OMNI_TILE_PX];
  for (guint k = 0; k < scale->n_sources; k++)
  {
    const double *mean = moments + (2 + 3 * k) * OMNI_MOMENT_STRIDE, *aa = mean + OMNI_MOMENT_STRIDE,
                 *af = aa + OMNI_MOMENT_STRIDE;
    double *kept = self->maps + (scale->fusion ? 0 : (gsize)2 * k * OMNI_TILE_OUT) + y * OMNI_TILE_PX,
           *all = kept + OMNI_TILE_OUT;
    if (!scale->fusion || k == 0)
    {
      measure (mean, mean_f, aa, ff, af, scale->noise, gains, kept, all);
      continue;
    }
    measure (mean, mean_f, aa, ff, af, scale->noise, own_gains, own_kept, own_all);
    take_weaker (own_gains, own_kept, own_all, gains, kept, all);
  }
}

static guint
count_maps (const Scale *scale)
{
  return scale->fusion ? 2 : 2 * scale->n_sources;
}

static gsize
count_scratch (const Scale *scale)
{
  return (gsize)(scale->n_sources + 1) * OMNI_TILE_IN + (gsize)count_maps (scale) * OMNI_TILE_OUT
         + omni_tile_moments_scratch (2 + 3 * scale->n_sources, 0);
}

/* Sums: of each source (or of the chosen one) kept and all, then the number of windows. */
static void
scale_part (guint part, gpointer data, double *scratch, double *sums)
{
  const Scale *scale = data;
  const guint n = scale->n_sources, margin = scale->window - 1, n_maps = count_maps (scale);
  const OmniPlane *fused = &scale->planes[n];
  double *maps = scratch + (n + 1) * OMNI_TILE_IN, *rest = maps + (gsize)n_maps * OMNI_TILE_OUT;
  Maps self = { scale, maps };
  OmniTile tile;
  omni_tile_init (&tile, fused->width - margin, fused->height - margin, part);
  for (guint k = 0; k <= n; k++)
    omni_tile_load (&scale->planes[k], (int)tile.x, (int)tile.y, margin, scratch + (gsize)k * OMNI_TILE_IN);
  const OmniMoments moments = { .in = scratch,
                                .moments = scale->moments,
                                .n = 2 + 3 * n,
                                .weights = scale->weights,
                                .size = scale->window,
                                .rows = tile.height };
  omni_tile_moments (&moments, rest, score_row_cb, &self);
  sums[n_maps] = omni_tile_mask (&tile, scale->mask, fused->width, fused->height, (int)tile.x, (int)tile.y,
                                 scale->window, 1, maps, n_maps);
  for (guint i = 0; i < n_maps; i++)
    sums[i] += add_logarithms (&tile, maps + (gsize)i * OMNI_TILE_OUT);
}

static OmniMoment *
make_moments (guint n)
{
  OmniMoment *moments = g_new (OmniMoment, 2 + 3 * n), *at = moments;
  *at++ = (OmniMoment){ n, OMNI_MOMENT_FIRST };
  *at++ = (OmniMoment){ n, n };
  for (guint k = 0; k < n; k++)
  {
    *at++ = (OmniMoment){ k, OMNI_MOMENT_FIRST };
    *at++ = (OmniMoment){ k, k };
    *at++ = (OmniMoment){ k, n };
  }
  return moments;
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
    if (!omni_parts_run (height, 0, from->planes[k].width, shrink_part, &shrinking, run->cancellable,
                         &unused))
      return omni_metric_refuse (reason, OMNI_METRIC_CANCELLED);
  }
  if (from->mask != NULL)
    shrink_mask (&shrinking);
  return TRUE;
}

/* FALSE when there is no device for it. Not for VIFF: which source is repeated more weakly hangs, here and there, on the eighth digit
 * (one pixel of the frozen case infrared-flir, 1.6e-6). */
static gboolean
score_scales_on_device (const OmniMetricRun *run, double noise, guint n_sums, double *sums)
{
  const guint n = run->input->n_sources;
  g_autofree const OmniPlane **planes = omni_metric_list_planes (run->input->sources, n, &run->input->fused);
  OmniDevicePass pass = { .shader = "metric-vif",
                          .planes = planes,
                          .n_sources = n,
                          .mask = run->input->mask,
                          .n_scales = N_SCALES,
                          .shrink = OMNI_SHRINK_FILTER,
                          .parameters = { (float)noise },
                          .n_sums = n_sums };
  for (guint i = 0; i < N_SCALES; i++)
  {
    pass.windows[i] = get_window (i);
    pass.sigmas[i] = pass.windows[i] / 5.0;
  }
  if (!omni_metric_device_sums (run, &pass, sums))
    return FALSE;
  /* All but the numbers of windows are natural logarithms. */
  for (guint i = 0; i < N_SCALES * n_sums; i++)
    sums[i] *= i % n_sums < n_sums - 1 ? LOG10_E : 1;
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
  if (!fusion && score_scales_on_device (run, noise, n_sums, sums))
    return TRUE;
  g_auto (OmniScales) scales = { 0 };
  g_autofree OmniPlane *planes = g_new (OmniPlane, n + 1);
  memcpy (planes, run->input->sources, n * sizeof *planes);
  planes[n] = run->input->fused;
  g_autofree OmniMoment *moments = make_moments (n);
  Scale scale = { .planes = planes,
                  .mask = run->input->mask,
                  .moments = moments,
                  .n_sources = n,
                  .fusion = fusion,
                  .noise = noise };
  for (guint i = 0; i < N_SCALES; i++)
  {
    scale.window = get_window (i);
    omni_gaussian_init (scale.weights, scale.window, scale.window / 5.0);
    if (i > 0)
    {
      if (!shrink (run, &scale, n + 1, scale.window, scale.weights, &scales.levels[i], reason))
        return FALSE;
      scale.planes = scales.levels[i].planes;
      scale.mask = scales.levels[i].mask;
    }
    const guint margin = scale.window - 1;
    if (!omni_parts_run (omni_tiles_count (scale.planes[0].width - margin, scale.planes[0].height - margin),
                         n_sums, count_scratch (&scale), scale_part, &scale, run->cancellable,
                         sums + i * n_sums))
      return omni_metric_refuse (reason, OMNI_METRIC_CANCELLED);
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

/* Where the fused picture repeats two sources equally, which is where it repeats neither, Han's rule "the first whose gain is less"
 * leaves the choice to the order of the list: the score of the frozen case mri-pet changes by 3.5e-5 when the list is turned
 * round. What a pixel shows cannot replace the list: in that case the frozen value takes the flat source of such a pixel, in
 * ct-mri the one that is not flat. So it is the order of the planes, that of their content, which is that of the frozen lists
 * in all sets but mri-pet; tests/test-metrics-frozen.c shows that the list alone makes that difference. */
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
