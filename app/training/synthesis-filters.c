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

/* The taps of a Gaussian, 2 · radius + 1 of them. */
static float *
make_taps (double sigma, guint radius)
{
  float *taps = g_new (float, 2 * radius + 1);
  double sum = 0;
  for (int i = -(int)radius; i <= (int)radius; i++)
    sum += exp (-0.5 * i * i / (sigma * sigma));
  for (int i = -(int)radius; i <= (int)radius; i++)
    taps[i + (int)radius] = (float)(exp (-0.5 * i * i / (sigma * sigma)) / sum);
  return taps;
}

/* out += tap · in: what the compiler can do on several values at once. */
static void
add_scaled (const float *in, float tap, guint n, float *out)
{
  for (guint i = 0; i < n; i++)
    out[i] += tap * in[i];
}

/* Sums of products run over the taps in their order, for every pixel alike. */
void
omni_blur_gaussian (const float *in, guint width, guint height, double sigma, float *out)
{
  if (sigma <= 0)
  {
    memmove (out, in, sizeof *out * width * height);
    return;
  }
  const guint radius = (guint)ceil (3 * sigma);
  g_autofree float *taps = make_taps (sigma, radius);
  g_autofree float *line = g_new (float, width + 2 * radius);
  g_autofree float *across = g_new0 (float, (gsize)width *height);
  for (guint y = 0; y < height; y++)
  {
    const float *row = in + (gsize)y * width;
    for (guint i = 0; i < width + 2 * radius; i++)
      line[i] = row[clamp_index ((int)i - (int)radius, width)];
    for (guint k = 0; k <= 2 * radius; k++)
      add_scaled (line + k, taps[k], width, across + (gsize)y * width);
  }
  memset (out, 0, sizeof *out * width * height);
  for (guint y = 0; y < height; y++)
    for (guint k = 0; k <= 2 * radius; k++)
      add_scaled (across + (gsize)clamp_index ((int)(y + k) - (int)radius, height) * width, taps[k], width,
                  out + (gsize)y * width);
}

/* Sums of each row from its left to every pixel's left border, `margin` pixels of repeated border on each side included. */
static double *
make_prefix_sums (const float *in, guint width, guint height, guint margin)
{
  const gsize stride = width + 2 * margin + 1;
  double *prefix = g_new (double, stride *height);
  for (guint y = 0; y < height; y++)
  {
    double *row = prefix + y * stride;
    row[0] = 0;
    for (guint i = 0; i < width + 2 * margin; i++)
      row[i + 1] = row[i] + in[(gsize)y * width + clamp_index ((int)i - (int)margin, width)];
  }
  return prefix;
}

/* sums += the integral of a row over 2 · half around each pixel's middle; between pixel borders it is linear, and where it
 * starts and ends within a pixel is the same for all of them. */
static void
add_chords (const double *prefix, guint width, guint margin, double half, double *sums)
{
  const double right = margin + 0.5 + half, left = margin + 0.5 - half;
  const double *end = prefix + (guint)right, *begin = prefix + (guint)left;
  const double end_part = right - floor (right), begin_part = left - floor (left);
  for (guint x = 0; x < width; x++)
    sums[x] += end[x] + end_part * (end[x + 1] - end[x]) - begin[x] - begin_part * (begin[x + 1] - begin[x]);
}

void
omni_blur_disc (const float *in, guint width, guint height, double radius, float *out)
{
  const int rows = (int)floor (radius);
  const guint margin = (guint)rows + 2;
  const gsize stride = width + 2 * margin + 1;
  g_autofree double *prefix = make_prefix_sums (in, width, height, margin);
  g_autofree double *sums = g_new (double, width);
  double area = 0;
  for (int dy = -rows; dy <= rows; dy++)
    area += 2 * sqrt (radius * radius - dy * dy);
  for (guint y = 0; y < height; y++)
  {
    memset (sums, 0, sizeof *sums * width);
    for (int dy = -rows; dy <= rows; dy++)
      add_chords (prefix + clamp_index ((int)y + dy, height) * stride, width, margin,
                  sqrt (radius * radius - dy * dy), sums);
    for (guint x = 0; x < width; x++)
      out[(gsize)y * width + x] = (float)(sums[x] / area);
  }
}

/* ---- Scaling ---- */

/* Weights of the four samples around `at`, the first being number `first`. */
static void
find_taps (double at, int *first, float taps[4])
{
  const double t = at - floor (at);
  *first = (int)floor (at) - 1;
  taps[0] = (float)(t * (t * (2 - t) - 1) / 2);
  taps[1] = (float)((t * t * (3 * t - 5) + 2) / 2);
  taps[2] = (float)(t * (t * (4 - 3 * t) + 1) / 2);
  taps[3] = (float)(t * t * (t - 1) / 2);
}

/* `n_lines` lines of `n` samples, `stride` apart; lines are `line_stride` apart. */
static void
scale_lines (const float *in, guint n, guint stride, guint n_lines, guint line_stride, double scale,
             double centre, float *out)
{
  for (guint i = 0; i < n; i++)
  {
    int first;
    float taps[4];
    gsize from[4];
    find_taps ((i + 0.5 - centre) / scale + centre - 0.5, &first, taps);
    for (int k = 0; k < 4; k++)
      from[k] = (gsize)clamp_index (first + k, n) * stride;
    for (guint line = 0; line < n_lines; line++)
    {
      const float *x = in + (gsize)line * line_stride;
      out[(gsize)line * line_stride + (gsize)i * stride] = taps[0] * x[from[0]] + taps[1] * x[from[1]]
                                                           + taps[2] * x[from[2]] + taps[3] * x[from[3]];
    }
  }
}

void
omni_scale_about (const float *in, guint width, guint height, double scale, const double centre[2],
                  float *out)
{
  g_autofree float *wide = g_new (float, (gsize)width *height);
  scale_lines (in, width, 1, height, width, scale, centre[0], wide);
  scale_lines (wide, height, width, width, 1, scale, centre[1], out);
}
