/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/metrics/device.h"
#include "app/metrics/vector-math.h"

#include <string.h>

/* MEF-SSIM as networks are trained on it: K. Ma, Z. Duanmu, H. Zhu, Y. Fang and Z. Wang, "Deep guided learning for fast
 * multi-exposure image fusion", IEEE TIP 29 (2020). One scale on [0, 1], Gaussian windows of 11 pixels, σ 11/6, the pictures
 * zero outside; the reference patch is that of the source with the largest variance. With luminance, the wanted mean is
 * that of the sources, weighted by how near to ½ they are there (σ_l) and as a whole (σ_g). */
#define WINDOW  11
#define SIGMA   (WINDOW / 6.0)
#define C1      (0.01 * 0.01)
#define C2      (0.03 * 0.03)
#define SIGMA_G 0.2
#define SIGMA_L 0.2

typedef struct
{
  const OmniMetricsInput *input;
  gboolean luminance;
  double weights[WINDOW];
  double *global; /* of each source: exp (−(mean − ½)² / 2σ_g²) */
} Training;

/* The best source so far, and what it is better by. */
typedef struct
{
  double *variance, *score, *fused_mean, *fused_variance, *mean, *weight;
} Maps;

OMNI_VECTOR static void
take_larger (const double *restrict mean, const double *restrict square, const double *restrict with_fused,
             const Maps *maps, gboolean first)
{
  const double gain = 1 / (255.0 * 255.0);
  const double *restrict fused_mean = maps->fused_mean, *restrict fused_variance = maps->fused_variance;
  double *restrict largest = maps->variance, *restrict score = maps->score;
  for (guint i = 0; i < OMNI_TILE_OUT; i++)
  {
    const double variance = (square[i] - mean[i] * mean[i]) * gain;
    const double covariance = (with_fused[i] - mean[i] * fused_mean[i]) * gain;
    const double own = (2 * covariance + C2) / (variance + fused_variance[i] + C2);
    const gboolean better = first || variance > largest[i];
    largest[i] = better ? variance : largest[i];
    score[i] = better ? own : score[i];
  }
}

OMNI_VECTOR static void
add_luminance (const double *restrict mean, double global, double *restrict sum, double *restrict weights)
{
  for (guint i = 0; i < OMNI_TILE_OUT; i++)
  {
    const double m = mean[i] / 255, away = m - 0.5;
    const double w = global * omni_vector_exp (-away * away / (2 * SIGMA_L * SIGMA_L));
    sum[i] += w * m;
    weights[i] += w;
  }
}

OMNI_VECTOR static void
multiply_luminance (const Maps *maps)
{
  for (guint i = 0; i < OMNI_TILE_OUT; i++)
  {
    const double wanted = maps->mean[i] / maps->weight[i], is = maps->fused_mean[i] / 255;
    maps->score[i] *= (2 * is * wanted + C1) / (is * is + wanted * wanted + C1);
  }
}

static void
measure_fused (const Training *self, const OmniTile *tile, double *fused, double *product, double *spare,
               const Maps *maps)
{
  const int radius = WINDOW / 2;
  omni_tile_load (&self->input->fused, (int)tile->x - radius, (int)tile->y - radius, WINDOW - 1, fused);
  omni_tile_filter (fused, self->weights, WINDOW, spare, maps->fused_mean);
  omni_tile_multiply (fused, fused, WINDOW - 1, product);
  omni_tile_filter (product, self->weights, WINDOW, spare, maps->fused_variance);
  for (guint i = 0; i < OMNI_TILE_OUT; i++)
    maps->fused_variance[i] = (maps->fused_variance[i] - maps->fused_mean[i] * maps->fused_mean[i])
                              / (255.0 * 255.0);
  memset (maps->mean, 0, OMNI_TILE_OUT * sizeof (double));
  memset (maps->weight, 0, OMNI_TILE_OUT * sizeof (double));
}

static void
score_part (guint part, gpointer data, double *scratch, double *sums)
{
  const Training *self = data;
  const OmniMetricsInput *input = self->input;
  const int radius = WINDOW / 2;
  double *fused = scratch, *source = fused + OMNI_TILE_IN, *product = source + OMNI_TILE_IN;
  double *spare = product + OMNI_TILE_IN, *out = spare + OMNI_TILE_IN;
  double *mean = out, *square = out + OMNI_TILE_OUT, *with_fused = out + 2 * OMNI_TILE_OUT;
  const Maps maps = { .variance = out + 3 * OMNI_TILE_OUT,
                      .score = out + 4 * OMNI_TILE_OUT,
                      .fused_mean = out + 5 * OMNI_TILE_OUT,
                      .fused_variance = out + 6 * OMNI_TILE_OUT,
                      .mean = out + 7 * OMNI_TILE_OUT,
                      .weight = out + 8 * OMNI_TILE_OUT };
  OmniTile tile;
  omni_tile_init (&tile, input->width, input->height, part);
  measure_fused (self, &tile, fused, product, spare, &maps);
  for (guint k = 0; k < input->n_sources; k++)
  {
    omni_tile_load (&input->sources[k], (int)tile.x - radius, (int)tile.y - radius, WINDOW - 1, source);
    omni_tile_filter (source, self->weights, WINDOW, spare, mean);
    omni_tile_multiply (source, source, WINDOW - 1, product);
    omni_tile_filter (product, self->weights, WINDOW, spare, square);
    omni_tile_multiply (source, fused, WINDOW - 1, product);
    omni_tile_filter (product, self->weights, WINDOW, spare, with_fused);
    take_larger (mean, square, with_fused, &maps, k == 0);
    if (self->luminance)
      add_luminance (mean, self->global[k], maps.mean, maps.weight);
  }
  if (self->luminance)
    multiply_luminance (&maps);
  sums[1] += omni_tile_mask (&tile, input->mask, input->width, input->height, (int)tile.x - radius,
                             (int)tile.y - radius, WINDOW, 0, maps.score, 1);
  sums[0] += omni_tile_add (&tile, maps.score);
}

enum
{
  MODE_STRUCTURE,
  MODE_LUMINANCE,
  MODE_MEANS
}; /* of shaders/metric-mef-training.comp */

/* FALSE when there is no device for it. */
static gboolean
run_on_device (const OmniMetricRun *run, gint32 mode, const double *global, guint n_sums, double *sums)
{
  const guint n = run->input->n_sources;
  g_autofree const OmniPlane **planes = omni_metric_list_planes (run->input->sources, n, &run->input->fused);
  OmniDevicePass pass = { .shader = "metric-mef-training",
                          .planes = planes,
                          .n_sources = n,
                          .mask = run->input->mask,
                          .n_scales = 1,
                          .windows = { WINDOW },
                          .sigmas = { SIGMA },
                          .beyond = TRUE,
                          .mode = mode,
                          .n_sums = n_sums };
  for (guint k = 0; mode == MODE_LUMINANCE && k < MIN (n, OMNI_DEVICE_MAX_SOURCES); k++)
    pass.parameters[k] = (float)global[k];
  return omni_metric_device_sums (run, &pass, sums);
}

/* The mean of each source's local means. */
static void
mean_part (guint part, gpointer data, double *scratch, double *sums)
{
  const Training *self = data;
  const OmniMetricsInput *input = self->input;
  const int radius = WINDOW / 2;
  double *source = scratch, *spare = source + OMNI_TILE_IN, *out = spare + OMNI_TILE_IN;
  OmniTile tile;
  omni_tile_init (&tile, input->width, input->height, part);
  for (guint k = 0; k < input->n_sources; k++)
  {
    omni_tile_load (&input->sources[k], (int)tile.x - radius, (int)tile.y - radius, WINDOW - 1, source);
    omni_tile_filter (source, self->weights, WINDOW, spare, out);
    sums[input->n_sources] = omni_tile_mask (&tile, input->mask, input->width, input->height,
                                             (int)tile.x - radius, (int)tile.y - radius, WINDOW, 0, out, 1);
    sums[k] += omni_tile_add (&tile, out);
  }
}

static gboolean
measure_global (const OmniMetricRun *run, Training *self)
{
  const guint n = run->input->n_sources;
  g_autofree double *sums = g_new0 (double, n + 1);
  if (!run_on_device (run, MODE_MEANS, NULL, n + 1, sums)
      && !omni_parts_run (omni_tiles_count (run->input->width, run->input->height), n + 1,
                          2 * OMNI_TILE_IN + OMNI_TILE_OUT, mean_part, self, run->cancellable, sums))
    return FALSE;
  for (guint k = 0; k < n; k++)
  {
    const double away = sums[k] / MAX (sums[n], 1) / 255 - 0.5;
    self->global[k] = exp (-away * away / (2 * SIGMA_G * SIGMA_G));
  }
  return TRUE;
}

static gboolean
compute (const OmniMetricRun *run, gboolean luminance, double *value, char **reason)
{
  g_autofree double *global = g_new0 (double, run->input->n_sources);
  Training self = { .input = run->input, .luminance = luminance, .global = global };
  omni_gaussian_init (self.weights, WINDOW, SIGMA);
  double sums[2];
  if (luminance && !measure_global (run, &self))
    return omni_metric_refuse (reason, OMNI_METRIC_CANCELLED);
  if (!run_on_device (run, luminance ? MODE_LUMINANCE : MODE_STRUCTURE, global, 2, sums)
      && !omni_parts_run (omni_tiles_count (run->input->width, run->input->height), 2,
                          4 * OMNI_TILE_IN + 9 * OMNI_TILE_OUT, score_part, &self, run->cancellable, sums))
    return omni_metric_refuse (reason, OMNI_METRIC_CANCELLED);
  return omni_metric_divide (sums[0], sums[1], OMNI_METRIC_NO_WINDOW, value, reason);
}

gboolean
omni_metric_mef_ssim_cs (const OmniMetricRun *run, double *value, char **reason)
{
  return compute (run, FALSE, value, reason);
}

gboolean
omni_metric_mef_ssim_lum (const OmniMetricRun *run, double *value, char **reason)
{
  return compute (run, TRUE, value, reason);
}
