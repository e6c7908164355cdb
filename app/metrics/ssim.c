/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/metrics/device.h"
#include "app/metrics/vector-math.h"

/* Structural similarity: Z. Wang, A. Bovik, H. Sheikh and E. Simoncelli, "Image quality assessment: from error visibility to
 * structural similarity", IEEE TIP 13 (2004). Gaussian window of 11 pixels, σ 1.5, that stays inside; K .01 and .03. */
#define SSIM_WINDOW 11
#define SSIM_SIGMA  1.5
#define SSIM_C1     (0.01 * 255 * 0.01 * 255)
#define SSIM_C2     (0.03 * 255 * 0.03 * 255)

typedef struct
{
  const OmniMetricsInput *input;
  const OmniPlane *first, *second;
  double gain; /* the pictures' values times this */
  double weights[SSIM_WINDOW];
} Ssim;

OMNI_VECTOR static void
score_ssim (const double *restrict mean_a, const double *restrict mean_b, const double *restrict aa,
            const double *restrict bb, const double *restrict ab, double gain, double *restrict map)
{
  const double square = gain * gain;
  for (guint i = 0; i < OMNI_TILE_OUT; i++)
  {
    const double ma = mean_a[i], mb = mean_b[i];
    const double va = (aa[i] - ma * ma) * square, vb = (bb[i] - mb * mb) * square;
    const double cov = (ab[i] - ma * mb) * square;
    map[i] = (2 * ma * mb * square + SSIM_C1) * (2 * cov + SSIM_C2)
             / (((ma * ma + mb * mb) * square + SSIM_C1) * (va + vb + SSIM_C2));
  }
}

static void
ssim_part (guint part, gpointer data, double *scratch, double *sums)
{
  const Ssim *self = data;
  const guint margin = SSIM_WINDOW - 1, width = self->input->width - margin,
              height = self->input->height - margin;
  double *a = scratch, *b = a + OMNI_TILE_IN, *product = b + OMNI_TILE_IN, *spare = product + OMNI_TILE_IN;
  double *out = spare + OMNI_TILE_IN, *map = out + 5 * OMNI_TILE_OUT;
  OmniTile tile;
  omni_tile_init (&tile, width, height, part);
  omni_tile_load (self->first, (int)tile.x, (int)tile.y, margin, a);
  omni_tile_load (self->second, (int)tile.x, (int)tile.y, margin, b);
  const double *const pairs[5][2] = { { a, NULL }, { b, NULL }, { a, a }, { b, b }, { a, b } };
  for (guint i = 0; i < 5; i++)
  {
    const double *in = pairs[i][0];
    if (pairs[i][1] != NULL)
    {
      omni_tile_multiply (pairs[i][0], pairs[i][1], margin, product);
      in = product;
    }
    omni_tile_filter (in, self->weights, SSIM_WINDOW, spare, out + i * OMNI_TILE_OUT);
  }
  score_ssim (out, out + OMNI_TILE_OUT, out + 2 * OMNI_TILE_OUT, out + 3 * OMNI_TILE_OUT,
              out + 4 * OMNI_TILE_OUT, self->gain, map);
  sums[1] += omni_tile_mask (&tile, self->input->mask, self->input->width, self->input->height, (int)tile.x,
                             (int)tile.y, SSIM_WINDOW, 0, map, 1);
  sums[0] += omni_tile_add (&tile, map);
}

static gboolean
compute_ssim (const OmniMetricRun *run, const OmniPlane *source, double gain, double *value, char **reason)
{
  const guint margin = SSIM_WINDOW - 1;
  Ssim self = { .input = run->input, .first = source, .second = &run->input->fused, .gain = gain };
  omni_gaussian_init (self.weights, SSIM_WINDOW, SSIM_SIGMA);
  double sums[2];
  if (!omni_parts_run (omni_tiles_count (run->input->width - margin, run->input->height - margin), 2,
                       4 * OMNI_TILE_IN + 6 * OMNI_TILE_OUT, ssim_part, &self, run->cancellable, sums))
    return omni_metric_refuse (reason, OMNI_METRIC_CANCELLED);
  return omni_metric_divide (sums[0], sums[1], OMNI_METRIC_NO_WINDOW, value, reason);
}

/* The sum of the means of `n` sources. FALSE when there is no device for it. */
static gboolean
add_ssim_on_device (const OmniMetricRun *run, const OmniPlane *sources, guint n, double gain, double *sum,
                    double *n_windows)
{
  g_autofree const OmniPlane **planes = omni_metric_list_planes (sources, n, &run->input->fused);
  g_autofree double *sums = g_new (double, n + 1);
  const OmniDevicePass pass = { .shader = "metric-ssim",
                                .planes = planes,
                                .n_sources = n,
                                .mask = run->input->mask,
                                .n_scales = 1,
                                .windows = { SSIM_WINDOW },
                                .sigmas = { SSIM_SIGMA },
                                .parameters = { (float)gain },
                                .n_sums = n + 1 };
  if (!omni_metric_device_sums (run, &pass, sums))
    return FALSE;
  *sum = 0;
  *n_windows = sums[n];
  for (guint k = 0; k < n; k++)
    *sum += sums[k] / sums[n];
  return TRUE;
}

static gboolean
add_ssim (const OmniMetricRun *run, const OmniPlane *sources, guint n, double gain, double *sum,
          char **reason)
{
  double n_windows;
  if (!omni_metric_check_size (run, SSIM_WINDOW, reason))
    return FALSE;
  if (add_ssim_on_device (run, sources, n, gain, sum, &n_windows))
    return n_windows > 0 || omni_metric_refuse (reason, OMNI_METRIC_NO_WINDOW);
  *sum = 0;
  for (guint k = 0; k < n; k++)
  {
    double value;
    if (!compute_ssim (run, &sources[k], gain, &value, reason))
      return FALSE;
    *sum += value;
  }
  return TRUE;
}

gboolean
omni_metric_ssim (const OmniMetricRun *run, double *value, char **reason)
{
  if (!omni_metric_ssim_sum (run, value, reason))
    return FALSE;
  *value /= run->input->n_sources;
  return TRUE;
}

/* VIFB adds the sources up. */
gboolean
omni_metric_ssim_sum (const OmniMetricRun *run, double *value, char **reason)
{
  return add_ssim (run, run->input->sources, run->input->n_sources, 1, value, reason);
}

/* U2Fusion adds the sources up and gives pictures on 0 … 1 to a function that expects 0 … 255. */
gboolean
omni_metric_ssim_u2fusion (const OmniMetricRun *run, double *value, char **reason)
{
  return add_ssim (run, run->input->sources, run->input->n_sources, 1 / 255.0, value, reason);
}

gboolean
omni_metric_ref_ssim (const OmniMetricRun *run, double *value, char **reason)
{
  return add_ssim (run, &run->input->reference, 1, 1, value, reason);
}

/* ---- Q_Y ----
 *
 * C. Yang, J.-Q. Zhang, X.-R. Wang and X. Liu, "A novel similarity based quality metric for image fusion", Information Fusion 9
 * (2008): where the sources agree (SSIM ≥ .75) their scores weighted by variance, elsewhere the better one. Gaussian window of 7
 * pixels, σ 1.5, that stays inside. Variances take two passes: mean square − squared mean breaks in flat areas, where the
 * constants are too small to hide it. */
#define QY_WINDOW 7
#define QY_C      2e-16
#define QY_AGREE  0.75

typedef struct
{
  const OmniMetricsInput *input;
  double weights[QY_WINDOW];
} Qy;

enum
{
  QY_AA,
  QY_BB,
  QY_FF,
  QY_AF,
  QY_BF,
  QY_AB,
  QY_N
};

/* Moments about the means of row `y` of a tile, in the order above. */
OMNI_VECTOR static void
add_moments (const double *restrict a, const double *restrict b, const double *restrict f,
             const double *restrict mean_a, const double *restrict mean_b, const double *restrict mean_f,
             const double *restrict weights, double moments[QY_N][OMNI_TILE_PX])
{
  memset (moments, 0, sizeof (double) * QY_N * OMNI_TILE_PX);
  for (guint v = 0; v < QY_WINDOW; v++)
    for (guint u = 0; u < QY_WINDOW; u++)
    {
      const double w = weights[v] * weights[u];
      const gsize at = v * OMNI_TILE_STRIDE + u;
      for (guint x = 0; x < OMNI_TILE_PX; x++)
      {
        const double da = a[at + x] - mean_a[x], db = b[at + x] - mean_b[x], df = f[at + x] - mean_f[x];
        moments[QY_AA][x] += w * da * da;
        moments[QY_BB][x] += w * db * db;
        moments[QY_FF][x] += w * df * df;
        moments[QY_AF][x] += w * da * df;
        moments[QY_BF][x] += w * db * df;
        moments[QY_AB][x] += w * da * db;
      }
    }
}

OMNI_INLINE double
compare (double mean_a, double mean_b, double aa, double bb, double ab)
{
  return (2 * mean_a * mean_b + QY_C) * (2 * ab + QY_C)
         / ((mean_a * mean_a + mean_b * mean_b + QY_C) * (aa + bb + QY_C));
}

OMNI_VECTOR static void
score_qy (const double *restrict mean_a, const double *restrict mean_b, const double *restrict mean_f,
          double moments[QY_N][OMNI_TILE_PX], double *restrict map)
{
  for (guint x = 0; x < OMNI_TILE_PX; x++)
  {
    const double aa = moments[QY_AA][x], bb = moments[QY_BB][x], ff = moments[QY_FF][x];
    const double with_a = compare (mean_a[x], mean_f[x], aa, ff, moments[QY_AF][x]);
    const double with_b = compare (mean_b[x], mean_f[x], bb, ff, moments[QY_BF][x]);
    const double between = compare (mean_a[x], mean_b[x], aa, bb, moments[QY_AB][x]);
    const double share_a = aa + bb > 0 ? aa / (aa + bb) : 0.5, share_b = aa + bb > 0 ? bb / (aa + bb) : 0.5;
    const double better = with_a > with_b ? with_a : with_b;
    map[x] = between >= QY_AGREE ? share_a * with_a + share_b * with_b : better;
  }
}

static void
qy_part (guint part, gpointer data, double *scratch, double *sums)
{
  const Qy *self = data;
  const OmniMetricsInput *input = self->input;
  const guint margin = QY_WINDOW - 1;
  const OmniPlane *planes[3] = { &input->sources[0], &input->sources[1], &input->fused };
  double *in[3], *mean[3], *spare = scratch, *map = scratch + OMNI_TILE_IN;
  double moments[QY_N][OMNI_TILE_PX];
  OmniTile tile;
  omni_tile_init (&tile, input->width - margin, input->height - margin, part);
  for (guint i = 0; i < 3; i++)
  {
    in[i] = scratch + (i + 1) * OMNI_TILE_IN + OMNI_TILE_OUT;
    mean[i] = scratch + 4 * OMNI_TILE_IN + (i + 1) * OMNI_TILE_OUT;
    omni_tile_load (planes[i], (int)tile.x, (int)tile.y, margin, in[i]);
    omni_tile_filter (in[i], self->weights, QY_WINDOW, spare, mean[i]);
  }
  for (guint y = 0; y < tile.height; y++)
  {
    const gsize from = y * OMNI_TILE_STRIDE, at = y * OMNI_TILE_PX;
    add_moments (in[0] + from, in[1] + from, in[2] + from, mean[0] + at, mean[1] + at, mean[2] + at,
                 self->weights, moments);
    score_qy (mean[0] + at, mean[1] + at, mean[2] + at, moments, map + at);
  }
  sums[1] += omni_tile_mask (&tile, input->mask, input->width, input->height, (int)tile.x, (int)tile.y,
                             QY_WINDOW, 0, map, 1);
  sums[0] += omni_tile_add (&tile, map);
}

gboolean
omni_metric_qy (const OmniMetricRun *run, double *value, char **reason)
{
  if (!omni_metric_check_size (run, QY_WINDOW, reason))
    return FALSE;
  const guint margin = QY_WINDOW - 1;
  Qy self = { .input = run->input };
  omni_gaussian_init (self.weights, QY_WINDOW, SSIM_SIGMA);
  double sums[2];
  if (!omni_parts_run (omni_tiles_count (run->input->width - margin, run->input->height - margin), 2,
                       4 * OMNI_TILE_IN + 4 * OMNI_TILE_OUT, qy_part, &self, run->cancellable, sums))
    return omni_metric_refuse (reason, OMNI_METRIC_CANCELLED);
  return omni_metric_divide (sums[0], sums[1], OMNI_METRIC_NO_WINDOW, value, reason);
}
