/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/metrics/device.h"
#include "app/metrics/vector-math.h"

#include <string.h>

/* How well edges of the sources survive, in strength and direction: C. Xydeas and V. Petrović, "Objective image fusion
 * performance measure", Electronics Letters 36 (2000). Sobel gradients, zero outside, constants as in the code that the
 * comparisons (VIFB, MEFB) use; the strength is 1 where both gradients are equal, and the sum goes over any number of sources. */
#define STRENGTH_TOP    0.9994
#define STRENGTH_SLOPE  -15
#define STRENGTH_MIDDLE 0.5
#define ANGLE_TOP       0.9879
#define ANGLE_SLOPE     -22
#define ANGLE_MIDDLE    0.8

typedef struct
{
  const OmniMetricsInput *input;
} Edges;

/* Gradient of a tile loaded with a halo of 2, in OMNI_TILE_OUT values each. */
OMNI_VECTOR static void
sobel (double *restrict in, double *restrict gx, double *restrict gy)
{
  for (guint y = 0; y < OMNI_TILE_PX; y++)
    for (guint x = 0; x < OMNI_TILE_PX; x++)
    {
      const double *p = in + y * OMNI_TILE_STRIDE + x;
      const double *q = p + OMNI_TILE_STRIDE, *r = q + OMNI_TILE_STRIDE;
      gx[y * OMNI_TILE_PX + x] = (p[2] - p[0]) + 2 * (q[2] - q[0]) + (r[2] - r[0]);
      gy[y * OMNI_TILE_PX + x] = (r[0] - p[0]) + 2 * (r[1] - p[1]) + (r[2] - p[2]);
    }
}

/* The published programs take pictures on [0, 1] and compare gradients as they come, rounding and all: the same length from other
 * pixels is seldom equal. So the sums go in the order of a convolution. */
OMNI_VECTOR static void
sobel_unit (double *restrict in, double *restrict gx, double *restrict gy)
{
  for (guint i = 0; i < OMNI_TILE_IN; i++)
    in[i] /= 255;
  for (guint y = 0; y < OMNI_TILE_PX; y++)
    for (guint x = 0; x < OMNI_TILE_PX; x++)
    {
      const double *p = in + y * OMNI_TILE_STRIDE + x;
      const double *q = p + OMNI_TILE_STRIDE, *r = q + OMNI_TILE_STRIDE;
      gx[y * OMNI_TILE_PX + x] = p[2] - p[0] + 2 * q[2] - 2 * q[0] + r[2] - r[0];
      gy[y * OMNI_TILE_PX + x] = r[0] + 2 * r[1] + r[2] - p[0] - 2 * p[1] - p[2];
    }
}

/* As atan (y / x) sees it: turned to x > 0, or straight up when x = 0. */
OMNI_INLINE void
fold (double *x, double *y)
{
  const double turn = *x < 0 ? -1 : 1;
  *y = *x == 0 ? 1 : *y * turn;
  *x = *x * turn;
}

/* The angle between two folded directions, 0 … π. */
OMNI_INLINE double
get_turn (double ax, double ay, double fx, double fy)
{
  const double cross = fx * ay - fy * ax;
  return omni_vector_angle (cross < 0 ? -cross : cross, ax * fx + ay * fy);
}

OMNI_VECTOR static void
score_edges_unit (const double *restrict ax, const double *restrict ay, const double *restrict fx,
                  const double *restrict fy, double *restrict kept, double *restrict weight)
{
  for (guint i = 0; i < OMNI_TILE_OUT; i++)
  {
    const double square_a = ax[i] * ax[i] + ay[i] * ay[i], square_f = fx[i] * fx[i] + fy[i] * fy[i];
    const double small = square_a < square_f ? square_a : square_f;
    const double large = square_a < square_f ? square_f : square_a;
    const double ratio = small == large ? sqrt (square_f) : sqrt (small / (large > 0 ? large : 1));
    /* The published code convolves across and correlates down, so its angles are mirrored; that shows where x is 0. */
    double x = -ax[i], y = ay[i], u = -fx[i], v = fy[i];
    fold (&x, &y);
    fold (&u, &v);
    const double aligned = 1 - get_turn (x, y, u, v) / (G_PI / 2);
    const double e = omni_vector_exp (STRENGTH_SLOPE * (ratio - STRENGTH_MIDDLE));
    const double f = omni_vector_exp (ANGLE_SLOPE * (aligned - ANGLE_MIDDLE));
    weight[i] = sqrt (square_a);
    kept[i] = STRENGTH_TOP * ANGLE_TOP * weight[i] / ((1 + e) * (1 + f));
  }
}

/* A tile of bytes with a halo of 1 around it, zero outside the picture. */
#define WHOLE_IN (OMNI_TILE_STRIDE * (OMNI_TILE_PX + 2))

OMNI_VECTOR static void
widen_whole (const guint8 *restrict bytes, guint n, gint16 *restrict out)
{
  for (guint x = 0; x < n; x++)
    out[x] = bytes[x];
}

static void
load_whole (const OmniPlane *plane, const OmniTile *tile, gint16 *in)
{
  const guint side = OMNI_TILE_PX + 2, left = tile->x == 0 ? 1 : 0;
  const guint last = MIN (side, plane->width - tile->x + 1);
  for (guint row = 0; row < side; row++, in += OMNI_TILE_STRIDE)
  {
    const int y = (int)(tile->y + row) - 1;
    const gboolean inside = y >= 0 && y < (int)plane->height;
    if (!inside || left > 0 || last < side)
      memset (in, 0, OMNI_TILE_STRIDE * sizeof *in);
    if (inside)
      widen_whole (plane->bytes + (gsize)y * plane->width + (tile->x + left - 1), last - left, in + left);
  }
}

OMNI_VECTOR static void
sobel_whole (const gint16 *restrict in, gint16 *restrict gx, gint16 *restrict gy)
{
  for (guint y = 0; y < OMNI_TILE_PX; y++)
    for (guint x = 0; x < OMNI_TILE_PX; x++)
    {
      const gint16 *p = in + y * OMNI_TILE_STRIDE + x;
      const gint16 *q = p + OMNI_TILE_STRIDE, *r = q + OMNI_TILE_STRIDE;
      gx[y * OMNI_TILE_PX + x] = (gint16)((p[2] - p[0]) + 2 * (q[2] - q[0]) + (r[2] - r[0]));
      gy[y * OMNI_TILE_PX + x] = (gint16)((r[0] - p[0]) + 2 * (r[1] - p[1]) + (r[2] - p[2]));
    }
}

/* On 0 … 255 all is whole numbers below 2^24 up to the first division, so single precision loses nothing before it. */
OMNI_VECTOR static void
score_edges (const gint16 *restrict ax, const gint16 *restrict ay, const gint16 *restrict fx,
             const gint16 *restrict fy, double *restrict kept, double *restrict weight)
{
  for (guint i = 0; i < OMNI_TILE_OUT; i++)
  {
    const float gx = (float)ax[i], gy = (float)ay[i], hx = (float)fx[i], hy = (float)fy[i];
    const float square_a = gx * gx + gy * gy, square_f = hx * hx + hy * hy;
    const float small = square_a < square_f ? square_a : square_f;
    const float large = square_a < square_f ? square_f : square_a;
    const float ratio = small == large ? 1 : sqrtf (small / (large > 0 ? large : 1));
    /* The published code convolves across and correlates down, so its angles are mirrored; that shows where x is 0. */
    const float turn_a = gx > 0 ? -1 : 1, turn_f = hx > 0 ? -1 : 1;
    const float x = -gx * turn_a, y = gx == 0 ? 1 : gy * turn_a, u = -hx * turn_f,
                v = hx == 0 ? 1 : hy * turn_f;
    const float cross = u * y - v * x;
    const float turn = omni_vector_anglef (cross < 0 ? -cross : cross, x * u + y * v);
    const float aligned = 1 - turn * (float)(2 / G_PI);
    const float e = omni_vector_expf (STRENGTH_SLOPE * (ratio - (float)STRENGTH_MIDDLE));
    const float f = omni_vector_expf (ANGLE_SLOPE * (aligned - (float)ANGLE_MIDDLE));
    const float strength = sqrtf (square_a);
    weight[i] = strength;
    kept[i] = (float)(STRENGTH_TOP * ANGLE_TOP) * strength / ((1 + e) * (1 + f));
  }
}

/* Adds kept and weight of a source. */
static void
add_source (const Edges *self, const OmniTile *tile, double *maps, double *sums)
{
  const OmniMetricsInput *input = self->input;
  omni_tile_mask (tile, input->mask, input->width, input->height, (int)tile->x - 1, (int)tile->y - 1, 3, 0,
                  maps, 2);
  sums[0] += omni_tile_add (tile, maps);
  sums[1] += omni_tile_add (tile, maps + OMNI_TILE_OUT);
}

/* Sums: kept and weight of each source. */
static void
qabf_part (guint part, gpointer data, double *scratch, double *sums)
{
  const Edges *self = data;
  const OmniMetricsInput *input = self->input;
  double *maps = scratch;
  gint16 *in = (gint16 *)(gpointer)(maps + 2 * OMNI_TILE_OUT);
  gint16 *fx = in + WHOLE_IN, *fy = fx + OMNI_TILE_OUT, *ax = fy + OMNI_TILE_OUT, *ay = ax + OMNI_TILE_OUT;
  OmniTile tile;
  omni_tile_init (&tile, input->width, input->height, part);
  load_whole (&input->fused, &tile, in);
  sobel_whole (in, fx, fy);
  for (guint k = 0; k < input->n_sources; k++)
  {
    load_whole (&input->sources[k], &tile, in);
    sobel_whole (in, ax, ay);
    score_edges (ax, ay, fx, fy, maps, maps + OMNI_TILE_OUT);
    add_source (self, &tile, maps, sums + 2 * k);
  }
}

static void
qabf_unit_part (guint part, gpointer data, double *scratch, double *sums)
{
  const Edges *self = data;
  const OmniMetricsInput *input = self->input;
  double *maps = scratch, *in = maps + 2 * OMNI_TILE_OUT;
  double *fx = in + OMNI_TILE_IN, *fy = fx + OMNI_TILE_OUT, *ax = fy + OMNI_TILE_OUT,
         *ay = ax + OMNI_TILE_OUT;
  OmniTile tile;
  omni_tile_init (&tile, input->width, input->height, part);
  omni_tile_load (&input->fused, (int)tile.x - 1, (int)tile.y - 1, 2, in);
  sobel_unit (in, fx, fy);
  for (guint k = 0; k < input->n_sources; k++)
  {
    omni_tile_load (&input->sources[k], (int)tile.x - 1, (int)tile.y - 1, 2, in);
    sobel_unit (in, ax, ay);
    score_edges_unit (ax, ay, fx, fy, maps, maps + OMNI_TILE_OUT);
    add_source (self, &tile, maps, sums + 2 * k);
  }
}

/* FALSE when there is no device for it. The form on [0, 1] hangs on the rounding of double. */
static gboolean
add_edges_on_device (const OmniMetricRun *run, double *sums)
{
  const guint n = run->input->n_sources;
  g_autofree const OmniPlane **planes = omni_metric_list_planes (run->input->sources, n, &run->input->fused);
  const OmniDevicePass pass = { .shader = "metric-edges",
                                .planes = planes,
                                .n_sources = n,
                                .mask = run->input->mask,
                                .n_scales = 1,
                                .windows = { 3 },
                                .beyond = TRUE,
                                .n_sums = 2 * n };
  return omni_metric_device_sums (run, &pass, sums);
}

static gboolean
compute_qabf (const OmniMetricRun *run, gboolean unit, double *value, char **reason)
{
  const guint n = run->input->n_sources;
  const Edges self = { .input = run->input };
  g_autofree double *sums = g_new0 (double, 2 * n);
  const gboolean done = !unit && add_edges_on_device (run, sums);
  if (!done
      && !omni_parts_run (omni_tiles_count (run->input->width, run->input->height), 2 * n,
                          OMNI_TILE_IN + 6 * OMNI_TILE_OUT, unit ? qabf_unit_part : qabf_part,
                          (gpointer)&self, run->cancellable, sums))
    return omni_metric_refuse (reason, OMNI_METRIC_CANCELLED);
  double kept = 0, weight = 0;
  for (guint k = 0; k < n; k++)
  {
    kept += sums[2 * k];
    weight += sums[2 * k + 1];
  }
  return omni_metric_divide (kept, weight, _ ("the sources have no edges"), value, reason);
}

gboolean
omni_metric_qabf (const OmniMetricRun *run, double *value, char **reason)
{
  return compute_qabf (run, FALSE, value, reason);
}

gboolean
omni_metric_qabf_unit (const OmniMetricRun *run, double *value, char **reason)
{
  return compute_qabf (run, TRUE, value, reason);
}

/* ---- N_AB/F ----
 *
 * Edges of the fused picture that no source has: V. Petrović and C. Xydeas, "Objective image fusion performance
 * characterisation", ICCV 2005, as changed by B. Shreyamsha Kumar, "Multifocus and multispectral image fusion based on
 * pixel significance using discrete cosine harmonic wavelet transform", Signal, Image and Video Processing 7 (2013).
 * Sobel gradients divided by 8, the picture mirrored at its border pixels. */
#define ADDED_STRENGTH_TOP 0.9999
#define ADDED_STRENGTH_K   -19
#define ADDED_ANGLE_TOP    0.9995
#define ADDED_ANGLE_K      -22
#define ADDED_MIDDLE       0.5
#define LEAST_EDGE         2
#define LEAST_WEIGHT       0.001

OMNI_VECTOR static void
score_added (const double *restrict ax, const double *restrict ay, const double *restrict fx,
             const double *restrict fy, double *restrict lost, double *restrict weight,
             double *restrict stronger)
{
  for (guint i = 0; i < OMNI_TILE_OUT; i++)
  {
    const double square_a = ax[i] * ax[i] + ay[i] * ay[i], square_f = fx[i] * fx[i] + fy[i] * fy[i];
    const double small = square_a < square_f ? square_a : square_f;
    const double large = square_a < square_f ? square_f : square_a;
    const double ratio = sqrt (small / (large > 0 ? large : 1));
    /* No gradient has the angle 0, which is that of a gradient straight down. */
    const double ay_there = square_a > 0 ? ay[i] : 1, fy_there = square_f > 0 ? fy[i] : 1;
    const double dot = ax[i] * fx[i] + ay_there * fy_there, cross = fx[i] * ay_there - fy_there * ax[i];
    const double acute = omni_vector_angle (cross < 0 ? -cross : cross, dot < 0 ? -dot : dot);
    const double aligned = 1 - acute / (G_PI / 2);
    const double strength = ADDED_STRENGTH_TOP
                            / (1 + omni_vector_exp (ADDED_STRENGTH_K * (ratio - ADDED_MIDDLE)));
    const double angle = ADDED_ANGLE_TOP / (1 + omni_vector_exp (ADDED_ANGLE_K * (aligned - ADDED_MIDDLE)));
    const double edge = sqrt (square_a) / 8;
    weight[i] = edge >= LEAST_EDGE ? edge * sqrt (edge) : LEAST_WEIGHT;
    lost[i] = (1 - sqrt (strength * angle)) * weight[i];
    stronger[i] = square_f > square_a ? stronger[i] : 0;
  }
}

/* Sums of each source: lost where the fused gradient is larger than all, and weight. */
static void
nabf_part (guint part, gpointer data, double *scratch, double *sums)
{
  const OmniMetricsInput *input = data;
  const guint n = input->n_sources;
  double *in = scratch, *out = in + OMNI_TILE_IN;
  double *fx = out, *fy = fx + OMNI_TILE_OUT, *ax = fy + OMNI_TILE_OUT, *ay = ax + OMNI_TILE_OUT;
  double *stronger = ay + OMNI_TILE_OUT, *maps = stronger + OMNI_TILE_OUT;
  OmniTile tile;
  omni_tile_init (&tile, input->width, input->height, part);
  omni_tile_load_mirrored (&input->fused, (int)tile.x - 1, (int)tile.y - 1, 2, in);
  sobel (in, fx, fy);
  for (guint i = 0; i < OMNI_TILE_OUT; i++)
    stronger[i] = 1;
  for (guint k = 0; k < n; k++)
  {
    omni_tile_load_mirrored (&input->sources[k], (int)tile.x - 1, (int)tile.y - 1, 2, in);
    sobel (in, ax, ay);
    score_added (ax, ay, fx, fy, maps + (gsize)2 * k * OMNI_TILE_OUT,
                 maps + (gsize)(2 * k + 1) * OMNI_TILE_OUT, stronger);
  }
  omni_tile_mask (&tile, input->mask, input->width, input->height, (int)tile.x - 1, (int)tile.y - 1, 3, 0,
                  maps, 2 * n);
  for (guint k = 0; k < n; k++)
  {
    double *lost = maps + (gsize)2 * k * OMNI_TILE_OUT;
    for (guint i = 0; i < OMNI_TILE_OUT; i++)
      lost[i] *= stronger[i];
    sums[2 * k] += omni_tile_add (&tile, lost);
    sums[2 * k + 1] += omni_tile_add (&tile, lost + OMNI_TILE_OUT);
  }
}

gboolean
omni_metric_nabf (const OmniMetricRun *run, double *value, char **reason)
{
  const guint n = run->input->n_sources;
  g_autofree double *sums = g_new0 (double, 2 * n);
  if (!omni_parts_run (omni_tiles_count (run->input->width, run->input->height), 2 * n,
                       OMNI_TILE_IN + (gsize)(5 + 2 * n) * OMNI_TILE_OUT, nabf_part, (gpointer)run->input,
                       run->cancellable, sums))
    return omni_metric_refuse (reason, OMNI_METRIC_CANCELLED);
  double lost = 0, weight = 0;
  for (guint k = 0; k < n; k++)
  {
    lost += sums[2 * k];
    weight += sums[2 * k + 1];
  }
  return omni_metric_divide (lost, weight, OMNI_METRIC_NO_WINDOW, value, reason);
}
