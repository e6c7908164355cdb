/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/training/synthesis-private.h"

#include <math.h>
#include <string.h>

/* The four cubic B-spline weights at `t` in 0 … 1. */
static void
spline_weights (double t, double weights[4])
{
  const double u = 1 - t;
  weights[0] = u * u * u / 6;
  weights[1] = (3 * t * t * t - 6 * t * t + 4) / 6;
  weights[2] = (3 * u * u * u - 6 * u * u + 4) / 6;
  weights[3] = t * t * t / 6;
}

void
omni_field_draw (OmniRandom *random, guint cells, guint width, guint height, float *field)
{
  const guint side = cells + 4;
  g_autofree double *knots = g_new (double, side *side);
  for (guint i = 0; i < side * side; i++)
    knots[i] = omni_random_normal (random);
  const double offset_x = omni_random_unit (random), offset_y = omni_random_unit (random);
  for (guint y = 0; y < height; y++)
  {
    const double v = offset_y + (double)y / height * cells;
    double wy[4];
    spline_weights (v - floor (v), wy);
    for (guint x = 0; x < width; x++)
    {
      const double u = offset_x + (double)x / width * cells;
      double wx[4], sum = 0;
      spline_weights (u - floor (u), wx);
      for (guint j = 0; j < 4; j++)
        for (guint i = 0; i < 4; i++)
          sum += wy[j] * wx[i] * knots[((guint)v + j) * side + (guint)u + i];
      field[(gsize)y * width + x] = (float)sum;
    }
  }
}

static guint
clamp_index (int index, guint n)
{
  return index < 0 ? 0 : index >= (int)n ? n - 1 : (guint)index;
}

/* One row of taps over `n` values `stride` apart; `line` holds n + 2 radius values. */
static void
filter_line (const float *in, guint n, gsize stride, const float *taps, guint radius, float *line, float *out)
{
  for (guint i = 0; i < n + 2 * radius; i++)
    line[i] = in[clamp_index ((int)i - (int)radius, n) * stride];
  for (guint i = 0; i < n; i++)
  {
    float sum = 0;
    for (guint k = 0; k <= 2 * radius; k++)
      sum += taps[k] * line[i + k];
    out[i * stride] = sum;
  }
}

void
omni_blur_gaussian (const float *in, guint width, guint height, double sigma, float *out)
{
  if (sigma <= 0)
  {
    memmove (out, in, sizeof *in * width * height);
    return;
  }
  const guint radius = (guint)ceil (3 * sigma);
  g_autofree float *taps = g_new (float, 2 * radius + 1);
  double sum = 0;
  for (guint i = 0; i <= 2 * radius; i++)
    sum += exp (-0.5 * ((double)i - radius) * ((double)i - radius) / (sigma * sigma));
  for (guint i = 0; i <= 2 * radius; i++)
    taps[i] = (float)(exp (-0.5 * ((double)i - radius) * ((double)i - radius) / (sigma * sigma)) / sum);
  g_autofree float *line = g_new (float, MAX (width, height) + 2 * radius);
  for (guint y = 0; y < height; y++)
    filter_line (in + (gsize)y * width, width, 1, taps, radius, line, out + (gsize)y * width);
  for (guint x = 0; x < width; x++)
    filter_line (out + x, height, width, taps, radius, line, out + x);
}

/* The integral of a row from its left border to `x`, between whose pixels it is linear; the border repeats outside. */
static double
integrate (const double *prefix, guint width, double x)
{
  if (x <= 0)
    return x * prefix[1];
  if (x >= width)
    return prefix[width] + (x - width) * (prefix[width] - prefix[width - 1]);
  const guint i = (guint)x;
  return prefix[i] + (x - i) * (prefix[i + 1] - prefix[i]);
}

void
omni_blur_disc (const float *in, guint width, guint height, double radius, float *out)
{
  const gsize stride = width + 1;
  g_autofree double *prefix = g_new (double, stride *height);
  for (guint y = 0; y < height; y++)
  {
    prefix[y * stride] = 0;
    for (guint x = 0; x < width; x++)
      prefix[y * stride + x + 1] = prefix[y * stride + x] + in[(gsize)y * width + x];
  }
  const int rows = (int)floor (radius);
  double area = 0;
  for (int dy = -rows; dy <= rows; dy++)
    area += 2 * sqrt (MAX (0, radius * radius - dy * dy));
  g_autofree double *sums = g_new (double, width);
  for (guint y = 0; y < height; y++)
  {
    memset (sums, 0, sizeof *sums * width);
    for (int dy = -rows; dy <= rows; dy++)
    {
      const double half = sqrt (MAX (0, radius * radius - dy * dy));
      const double *row = prefix + clamp_index ((int)y + dy, height) * stride;
      for (guint x = 0; x < width; x++)
        sums[x] += integrate (row, width, x + 0.5 + half) - integrate (row, width, x + 0.5 - half);
    }
    for (guint x = 0; x < width; x++)
      out[(gsize)y * width + x] = (float)(sums[x] / area);
  }
}
