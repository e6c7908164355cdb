/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/metrics/device.h"
#include "app/metrics/vector-math.h"

#include <string.h>

/* Visual information fidelity in the pixel domain: H. Sheikh and A. Bovik, "Image information and visual quality", IEEE TIP 15
 * (2006); and for fusion, Y. Han, Y. Cai, Y. Cao and X. Xu, "A new image fusion performance metric based on visual information
 * fidelity", Information Fusion 14 (2013). Four scales with Gaussian windows of 17, 9, 5 and 3 pixels, σ a fifth of that,
 * that stay inside; between scales the window of the coarser one, every second pixel. In double: single precision, less the mean of each
 * tile, would take half of the time and moves mri-pet by 1.8e-4, as black next to bright is no longer flat. */
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

/* Where things are in a thread's scratch. Rows below the picture hold what the part before left. */
typedef struct
{
  double fused[OMNI_TILE_IN], source[OMNI_TILE_IN];
  double mean_f[OMNI_TILE_OUT], ff[OMNI_TILE_OUT]; /* moments of the fused picture */
  double moments[3][OMNI_MOMENT_OUT]; /* of the source: itself, its square, and with the fused picture */
  double gains[OMNI_TILE_OUT], maps[2][OMNI_TILE_OUT]; /* of it, or of the chosen one: kept and all */
  double spare[OMNI_MOMENT_SPARE];
} Scratch;

OMNI_VECTOR static void
score_rows (const Scale *scale, Scratch *s, gboolean take_it, gsize at)
{
  double gains[OMNI_TILE_PX], kept[OMNI_TILE_PX], all[OMNI_TILE_PX];
  for (gsize i = 0; i < OMNI_MOMENT_OUT; i += OMNI_TILE_PX)
  {
    const gsize to = at + i;
    if (take_it)
    {
      measure (s->moments[0] + i, s->mean_f + to, s->moments[1] + i, s->ff + to, s->moments[2] + i,
               scale->noise, s->gains + to, s->maps[0] + to, s->maps[1] + to);
      continue;
    }
    measure (s->moments[0] + i, s->mean_f + to, s->moments[1] + i, s->ff + to, s->moments[2] + i,
             scale->noise, gains, kept, all);
    take_weaker (gains, kept, all, s->gains + to, s->maps[0] + to, s->maps[1] + to);
  }
}

static void
filter_fused (const Scale *scale, Scratch *s, guint rows)
{
  for (guint y = 0; y < rows; y += OMNI_MOMENT_ROWS)
  {
    const double *f = s->fused + y * OMNI_TILE_STRIDE;
    omni_tile_moment (f, NULL, scale->weights, scale->window, s->spare, s->mean_f + y * OMNI_TILE_PX);
    omni_tile_moment (f, f, scale->weights, scale->window, s->spare, s->ff + y * OMNI_TILE_PX);
  }
}

static void
score_source (const Scale *scale, Scratch *s, gboolean take_it, guint rows)
{
  for (guint y = 0; y < rows; y += OMNI_MOMENT_ROWS)
  {
    const double *a = s->source + y * OMNI_TILE_STRIDE, *f = s->fused + y * OMNI_TILE_STRIDE;
    omni_tile_moment (a, NULL, scale->weights, scale->window, s->spare, s->moments[0]);
    omni_tile_moment (a, a, scale->weights, scale->window, s->spare, s->moments[1]);
    omni_tile_moment (a, f, scale->weights, scale->window, s->spare, s->moments[2]);
    score_rows (scale, s, take_it, y * OMNI_TILE_PX);
  }
}

/* Sums: of each source (or of the chosen one) kept and all, then the number of windows. */
static void
scale_part (guint part, gpointer data, double *scratch, double *sums)
{
  const Scale *scale = data;
  const guint n = scale->n_sources, margin = scale->window - 1, n_maps = scale->fusion ? 1 : n;
  const OmniPlane *fused = &scale->planes[n];
  Scratch *s = (Scratch *)(gpointer)scratch;
  OmniTile tile;
  omni_tile_init (&tile, fused->width - margin, fused->height - margin, part);
  omni_tile_load (fused, (int)tile.x, (int)tile.y, margin, s->fused);
  filter_fused (scale, s, tile.height);
  for (guint k = 0; k < n; k++)
  {
    omni_tile_load (&scale->planes[k], (int)tile.x, (int)tile.y, margin, s->source);
    score_source (scale, s, !scale->fusion || k == 0, tile.height);
    if (scale->fusion && k + 1 < n)
      continue;
    const guint map = scale->fusion ? 0 : k;
    sums[2 * n_maps] = omni_tile_mask (&tile, scale->mask, fused->width, fused->height, (int)tile.x,
                                       (int)tile.y, scale->window, 1, s->maps[0], 2);
    sums[2 * map] += add_logarithms (&tile, s->maps[0]);
    sums[2 * map + 1] += add_logarithms (&tile, s->maps[1]);
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

/* Pixels of the coarser picture that are worked on at a time, and what they lie on: all of it stays near the processor. */
#define CHUNK      128
#define CHUNK_HALF (CHUNK + 4)

/* Down the columns, `stride` apart: the even ones and the odd ones, `n` of each. */
OMNI_INLINE void
filter_columns (const guint8 *restrict bytes, const double *restrict values, gsize stride,
                const double *restrict weights, const guint window, guint n, double *restrict even,
                double *restrict odd)
{
  double row[2 * CHUNK_HALF];
  if (bytes != NULL)
    for (guint x = 0; x < n; x++)
    {
      double sum = weights[window / 2] * bytes[window / 2 * stride + x];
      for (guint i = 0; i < window / 2; i++)
        sum += weights[i] * (bytes[i * stride + x] + bytes[(window - 1 - i) * stride + x]);
      row[x] = sum;
    }
  else
    for (guint x = 0; x < n; x++)
    {
      double sum = weights[window / 2] * values[window / 2 * stride + x];
      for (guint i = 0; i < window / 2; i++)
        sum += weights[i] * (values[i * stride + x] + values[(window - 1 - i) * stride + x]);
      row[x] = sum;
    }
  for (guint x = 0; x < n / 2; x++)
  {
    even[x] = row[2 * x];
    odd[x] = row[2 * x + 1];
  }
  even[n / 2] = row[n - 1]; /* windows are odd: one more of these */
}

/* Along the row: windows that start at every even column. */
OMNI_INLINE void
filter_every_second (const double *restrict even, const double *restrict odd, const double *restrict weights,
                     const guint window, guint n, double *restrict out)
{
  const guint middle = window / 2;
  for (guint x = 0; x < n; x++)
  {
    double sum = weights[middle] * (middle % 2 == 0 ? even : odd)[x + middle / 2];
    for (guint i = 0; i < middle; i++)
    {
      const double *restrict of = i % 2 == 0 ? even : odd;
      sum += weights[i] * (of[x + i / 2] + of[x + (window - 1 - i) / 2]);
    }
    out[x] = sum;
  }
}

OMNI_INLINE void
shrink_window (const guint8 *bytes, const double *values, gsize stride, const double *weights,
               const guint window, guint width, double *to)
{
  double even[CHUNK_HALF + 1], odd[CHUNK_HALF];
  for (guint x = 0; x < width; x += CHUNK)
  {
    const guint n = MIN (CHUNK, width - x);
    filter_columns (bytes != NULL ? bytes + 2 * (gsize)x : NULL,
                    values != NULL ? values + 2 * (gsize)x : NULL, stride, weights, window,
                    2 * n + window - 2, even, odd);
    filter_every_second (even, odd, weights, window, n, to + x);
  }
}

OMNI_VECTOR static void
shrink_row (const guint8 *bytes, const double *values, gsize stride, const Shrinking *self, double *to)
{
  switch (self->window)
  {
  case 9:
    shrink_window (bytes, values, stride, self->weights, 9, self->width, to);
    break;
  case 5:
    shrink_window (bytes, values, stride, self->weights, 5, self->width, to);
    break;
  case 3:
    shrink_window (bytes, values, stride, self->weights, 3, self->width, to);
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
              self->from->width, self, self->to + (gsize)part * self->width);
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
  if (!omni_scale_alloc (level, n_planes, width, height, FALSE, from->mask != NULL, reason))
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
    if (!omni_parts_run (height, 0, 0, shrink_part, &shrinking, run->cancellable, &unused))
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
  Scale scale = {
    .planes = planes, .mask = run->input->mask, .n_sources = n, .fusion = fusion, .noise = noise
  };
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
                         n_sums, sizeof (Scratch) / sizeof (double), scale_part, &scale, run->cancellable,
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
    if (!omni_metric_divide (kept, all, _ ("a source is flat and tells nothing"), &one, reason))
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
 * round. Here it is the order of the planes, which their content gives: between a grey source and a coloured one it takes the
 * coloured one (a PET's or a SPECT's activity), else the one whose first differing pixel is brighter. */
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
  return all > 0 || omni_metric_refuse (reason, _ ("the sources are flat and tell nothing"));
}
