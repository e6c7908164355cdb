/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/metrics/device.h"

/* How much the fused picture changes from pixel to pixel. No reference: noise scores as well as detail does. */

enum
{
  SUM_DX, /* squared differences to the right neighbour */
  COUNT_DX,
  SUM_DY,
  COUNT_DY,
  SUM_FORWARD, /* √((dx² + dy²) / 2), where both are there */
  COUNT_FORWARD,
  SUM_CENTRAL, /* the same of central differences, one-sided at the border */
  COUNT_CENTRAL,
  SUM_SOBEL, /* √(gx² + gy²), the border repeated */
  COUNT_SOBEL,
  N_SUMS
};

static gboolean
counts (const OmniMetricsInput *input, guint x, guint y)
{
  return input->mask == NULL || input->mask[(gsize)y * input->width + x];
}

static double
get (const OmniMetricsInput *input, guint x, guint y)
{
  return input->fused.bytes[(gsize)y * input->width + x];
}

static void
add_differences (const OmniMetricsInput *input, guint x, guint y, double *sums)
{
  const double value = get (input, x, y);
  const gboolean right = x + 1 < input->width && counts (input, x + 1, y);
  const gboolean below = y + 1 < input->height && counts (input, x, y + 1);
  const double dx = right ? get (input, x + 1, y) - value : 0, dy = below ? get (input, x, y + 1) - value : 0;
  sums[SUM_DX] += dx * dx;
  sums[COUNT_DX] += right;
  sums[SUM_DY] += dy * dy;
  sums[COUNT_DY] += below;
  sums[SUM_FORWARD] += right && below ? sqrt ((dx * dx + dy * dy) / 2) : 0;
  sums[COUNT_FORWARD] += right && below;
}

static void
add_central (const OmniMetricsInput *input, guint x, guint y, double *sums)
{
  const guint left = x > 0 ? x - 1 : 0, right = MIN (x + 1, input->width - 1);
  const guint above = y > 0 ? y - 1 : 0, below = MIN (y + 1, input->height - 1);
  if (!counts (input, left, y) || !counts (input, right, y) || !counts (input, x, above)
      || !counts (input, x, below))
    return;
  const double dx = (get (input, right, y) - get (input, left, y)) / (right - left);
  const double dy = (get (input, x, below) - get (input, x, above)) / (below - above);
  sums[SUM_CENTRAL] += sqrt ((dx * dx + dy * dy) / 2);
  sums[COUNT_CENTRAL]++;
}

static void
add_sobel (const OmniMetricsInput *input, guint x, guint y, double *sums)
{
  const guint xs[3] = { x > 0 ? x - 1 : 0, x, MIN (x + 1, input->width - 1) };
  const guint ys[3] = { y > 0 ? y - 1 : 0, y, MIN (y + 1, input->height - 1) };
  const double weights[3] = { 1, 2, 1 };
  double gx = 0, gy = 0;
  for (guint i = 0; i < 3; i++)
    for (guint j = 0; j < 3; j++)
      if (!counts (input, xs[j], ys[i]))
        return;
  for (guint i = 0; i < 3; i++)
  {
    gx += weights[i] * (get (input, xs[2], ys[i]) - get (input, xs[0], ys[i]));
    gy += weights[i] * (get (input, xs[i], ys[2]) - get (input, xs[i], ys[0]));
  }
  sums[SUM_SOBEL] += sqrt (gx * gx + gy * gy);
  sums[COUNT_SOBEL]++;
}

static void
row_part (guint part, gpointer data, double *scratch, double *sums)
{
  const OmniMetricsInput *input = data;
  for (guint x = 0; x < input->width; x++)
  {
    if (!counts (input, x, part))
      continue;
    add_differences (input, x, part, sums);
    add_central (input, x, part, sums);
    add_sobel (input, x, part, sums);
  }
}

/* FALSE when there is no device for it. */
static gboolean
measure_on_device (const OmniMetricRun *run, double sums[N_SUMS])
{
  const OmniPlane *const planes[1] = { &run->input->fused };
  const OmniDevicePass pass = { .shader = "metric-gradients",
                                .planes = planes,
                                .mask = run->input->mask,
                                .n_scales = 1,
                                .windows = { 3 },
                                .beyond = TRUE,
                                .n_sums = N_SUMS };
  return omni_metric_device_sums (run, &pass, sums);
}

static gboolean
measure (const OmniMetricRun *run, double sums[N_SUMS], char **reason)
{
  if (!omni_metric_check_size (run, 2, reason))
    return FALSE;
  if (!measure_on_device (run, sums)
      && !omni_parts_run (run->input->height, N_SUMS, 0, row_part, (gpointer)run->input, run->cancellable,
                          sums))
    return omni_metric_refuse (reason, OMNI_METRIC_CANCELLED);
  return (sums[COUNT_DX] > 0 && sums[COUNT_DY] > 0 && sums[COUNT_FORWARD] > 0 && sums[COUNT_CENTRAL] > 0
          && sums[COUNT_SOBEL] > 0)
         || omni_metric_refuse (reason, OMNI_METRIC_NO_WINDOW);
}

/* A. Eskicioglu and P. Fisher, "Image quality measures and their performance", IEEE Trans. Communications 43 (1995). */
gboolean
omni_metric_sf (const OmniMetricRun *run, double *value, char **reason)
{
  double sums[N_SUMS];
  if (!measure (run, sums, reason))
    return FALSE;
  *value = sqrt (sums[SUM_DX] / sums[COUNT_DX] + sums[SUM_DY] / sums[COUNT_DY]);
  return TRUE;
}

/* VIFB and MEFB divide by the number of pixels, not of differences. */
gboolean
omni_metric_sf_area (const OmniMetricRun *run, double *value, char **reason)
{
  double sums[N_SUMS];
  if (!measure (run, sums, reason))
    return FALSE;
  *value = sqrt ((sums[SUM_DX] + sums[SUM_DY]) / (double)run->input->n_valid);
  return TRUE;
}

/* On [0, 1]. */
gboolean
omni_metric_sf_unit (const OmniMetricRun *run, double *value, char **reason)
{
  if (!omni_metric_sf_area (run, value, reason))
    return FALSE;
  *value /= 255;
  return TRUE;
}

/* G. Cui, H. Feng, Z. Xu, Q. Li and Y. Chen, "Detail preserved fusion of visible and infrared images using regional saliency
 * extraction and multi-scale image decomposition", Optics Communications 341 (2015), as computed by VIFB and MEFB: all
 * pixels' gradients over (M − 1)(N − 1). With a mask that number shrinks with the pixels. */
gboolean
omni_metric_ag (const OmniMetricRun *run, double *value, char **reason)
{
  const OmniMetricsInput *input = run->input;
  double sums[N_SUMS];
  if (!measure (run, sums, reason))
    return FALSE;
  const double pixels = (double)input->width * input->height,
               inner = (input->width - 1.0) * (input->height - 1.0);
  *value = sums[SUM_CENTRAL] / sums[COUNT_CENTRAL] * (pixels / inner);
  return TRUE;
}

gboolean
omni_metric_mg (const OmniMetricRun *run, double *value, char **reason)
{
  double sums[N_SUMS];
  if (!measure (run, sums, reason))
    return FALSE;
  *value = sums[SUM_FORWARD] / sums[COUNT_FORWARD];
  return TRUE;
}

/* IFCNN: a quarter of the mean length of the forward differences. */
gboolean
omni_metric_ag_ifcnn (const OmniMetricRun *run, double *value, char **reason)
{
  if (!omni_metric_mg (run, value, reason))
    return FALSE;
  *value *= G_SQRT2 / 4;
  return TRUE;
}

/* U2Fusion: central differences, on [0, 1]. */
gboolean
omni_metric_mg_u2fusion (const OmniMetricRun *run, double *value, char **reason)
{
  if (!omni_metric_ag (run, value, reason))
    return FALSE;
  *value /= 255;
  return TRUE;
}

gboolean
omni_metric_ei (const OmniMetricRun *run, double *value, char **reason)
{
  double sums[N_SUMS];
  if (!measure (run, sums, reason))
    return FALSE;
  *value = sums[SUM_SOBEL] / sums[COUNT_SOBEL];
  return TRUE;
}

/* On [0, 1]. */
gboolean
omni_metric_ei_u2fusion (const OmniMetricRun *run, double *value, char **reason)
{
  if (!omni_metric_ei (run, value, reason))
    return FALSE;
  *value /= 255;
  return TRUE;
}
