/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/align/align-private.h"

#include <math.h>

/* Half a side of the window: this share of the picture's longer side, within bounds. A wider one sees more of what defocus leaves, a
 * narrower one less of what is clipped beside it. */
#define RADIUS     48
#define MIN_RADIUS 3
#define MAX_RADIUS 7

/* Pictures are taken to be encoded with this power; of what a camera makes of them besides, contrast takes care. */
#define GAMMA 2.2

/* Of encoded luminance: about the noise of a hand-held frame, and where it is clipped. */
#define NOISE     (3.0 / 255)
#define DARKEST   (4.0 / 255)
#define BRIGHTEST (250.0 / 255)

/* Share of the window that may be clipped. */
#define MAX_CLIPPED 0.5

/* Linear light: there exposure is a factor, and a mean over pixels does not change that. */
static float *
read_luma (OmniPicture *picture)
{
  const gsize n = (gsize)omni_picture_get_width (picture) * omni_picture_get_height (picture);
  const guint channels = omni_picture_get_channels (picture);
  const gboolean has_alpha = omni_picture_get_has_alpha (picture);
  const guint n_colours = channels - (has_alpha ? 1 : 0);
  const gconstpointer pixels = omni_picture_get_pixels (picture);
  const OmniSampleType type = omni_picture_get_sample_type (picture);
  static const double weights[3] = { 0.2126, 0.7152, 0.0722 };
  float *luma = g_new (float, n);
  double linear[256];

  for (guint i = 0; i < G_N_ELEMENTS (linear); i++)
    linear[i] = pow (i / 255.0, GAMMA);
  for (gsize i = 0; i < n; i++)
  {
    double samples[OMNI_PICTURE_MAX_CHANNELS], sum = 0;
    for (guint c = 0; c < channels; c++)
    {
      const gsize at = i * channels + c;
      if (type == OMNI_SAMPLE_U8)
        samples[c] = linear[((const guint8 *)pixels)[at]];
      else
      {
        const double value = type == OMNI_SAMPLE_U16 ? ((const guint16 *)pixels)[at] / 65535.0
                                                     : (double)((const float *)pixels)[at];
        samples[c] = value > 0 ? pow (MIN (value, 1), GAMMA) : 0;
      }
    }
    for (guint c = 0; c < n_colours; c++)
      sum += n_colours == 3 ? weights[c] * samples[c] : samples[c] / n_colours;
    luma[i] = has_alpha && samples[n_colours] < 1 ? -1 : (float)sum;
  }
  return luma;
}

static float *
halve (const float *luma, guint width, guint height)
{
  const guint to_width = width / 2, to_height = height / 2;
  float *half = g_new (float, (gsize)to_width *to_height);

  for (guint y = 0; y < to_height; y++)
    for (guint x = 0; x < to_width; x++)
    {
      const float *at = luma + (gsize)2 * y * width + (gsize)2 * x;
      const float least = MIN (MIN (at[0], at[1]), MIN (at[width], at[width + 1]));
      half[(gsize)y * to_width + x] = least < 0 ? -1 : (at[0] + at[1] + at[width] + at[width + 1]) / 4;
    }
  return half;
}

OmniLumaPyramid *
omni_luma_pyramid_new (OmniPicture *picture, guint most_px, guint least_px)
{
  OmniLumaPyramid *self = g_new0 (OmniLumaPyramid, 1);
  guint width = omni_picture_get_width (picture), height = omni_picture_get_height (picture);
  float *luma = read_luma (picture);

  while (self->n_levels < OMNI_ALIGN_MAX_LEVELS)
  {
    const gboolean is_level = MAX (width, height) <= most_px;
    if (is_level)
    {
      self->width[self->n_levels] = width;
      self->height[self->n_levels] = height;
      self->luma[self->n_levels++] = luma;
    }
    if (is_level && (MAX (width, height) / 2 < least_px || MIN (width, height) < 2))
      break;
    float *half = halve (luma, width, height);
    if (!is_level)
      g_free (luma);
    luma = half;
    width /= 2;
    height /= 2;
  }
  return self;
}

void
omni_luma_pyramid_free (OmniLumaPyramid *self)
{
  if (self == NULL)
    return;
  for (guint l = 0; l < self->n_levels; l++)
    g_free (self->luma[l]);
  g_free (self);
}

/* Sums of a row over the window, what lies beyond the edge left out. */
static void
sum_across (const float *row, guint width, guint radius, double *sums)
{
  double sum = 0;

  for (guint x = 0; x < MIN (radius, width); x++)
    sum += row[x];
  for (guint x = 0; x < width; x++)
  {
    if (x + radius < width)
      sum += row[x + radius];
    sums[x] = sum;
    if (x >= radius)
      sum -= row[x - radius];
  }
}

typedef struct
{
  guint width, height, radius;
  const float *luma, *logs;
  float darkest, brightest; /* of linear light */
  float *rows;              /* one row each of the logarithm, its square, and whether it is clipped */
  double *sums, *totals;    /* each of three rows */
} Windows;

/* Adds the window's sums of row `y`, times `sign`, to the totals. */
static void
add_row (Windows *self, guint y, double sign)
{
  const guint width = self->width;
  const float *luma = self->luma + (gsize)y * width;

  for (guint x = 0; x < width; x++)
  {
    const float value = self->logs[(gsize)y * width + x];
    self->rows[x] = value;
    self->rows[width + x] = value * value;
    self->rows[2 * width + x] = luma[x] < self->darkest || luma[x] > self->brightest;
  }
  for (guint k = 0; k < 3; k++)
    sum_across (self->rows + (gsize)k * width, width, self->radius, self->sums + (gsize)k * width);
  for (guint i = 0; i < 3 * width; i++)
    self->totals[i] += sign * self->sums[i];
}

OmniContrast *
omni_contrast_new (const OmniLumaPyramid *pyramid, guint level)
{
  const guint width = pyramid->width[level], height = pyramid->height[level];
  const guint radius = CLAMP (MAX (width, height) / RADIUS, MIN_RADIUS, MAX_RADIUS);
  OmniContrast *self = g_new0 (OmniContrast, 1);
  g_autofree float *logs = g_new (float, (gsize)width *height);
  g_autofree float *rows = g_new (float, (gsize)3 * width);
  g_autofree double *sums = g_new (double, (gsize)3 * width);
  g_autofree double *totals = g_new0 (double, (gsize)3 * width);
  Windows windows = { .width = width,
                      .height = height,
                      .radius = radius,
                      .luma = pyramid->luma[level],
                      .logs = logs,
                      .darkest = (float)pow (DARKEST, GAMMA),
                      .brightest = (float)pow (BRIGHTEST, GAMMA),
                      .rows = rows,
                      .sums = sums,
                      .totals = totals };

  /* There exposure is a sum, which the mean over the window takes away. */
  for (gsize i = 0; i < (gsize)width * height; i++)
    logs[i] = logf (MAX (windows.luma[i], windows.darkest)) / (float)GAMMA;
  self->width = width;
  self->height = height;
  self->value = g_new (float, (gsize)width *height);
  self->known = g_new (guint8, (gsize)width * height);
  for (guint y = 0; y < MIN (radius, height); y++)
    add_row (&windows, y, 1);
  for (guint y = 0; y < height; y++)
  {
    if (y + radius < height)
      add_row (&windows, y + radius, 1);
    const guint n_rows = MIN (y + radius, height - 1) - (y > radius ? y - radius : 0) + 1;
    for (guint x = 0; x < width; x++)
    {
      const guint n_columns = MIN (x + radius, width - 1) - (x > radius ? x - radius : 0) + 1;
      const double n = (double)n_rows * n_columns;
      const double mean = totals[x] / n, square = totals[width + x] / n;
      const double variance = MAX (square - mean * mean, 0);
      const double noise = NOISE / exp (mean);
      const gsize i = (gsize)y * width + x;
      self->known[i] = totals[2 * width + x] / n <= MAX_CLIPPED;
      self->n_known += self->known[i];
      self->value[i] = self->known[i] ? (float)((logs[i] - mean) / sqrt (variance + noise * noise)) : 0;
    }
    if (y >= radius)
      add_row (&windows, y - radius, -1);
  }
  return self;
}

void
omni_contrast_free (OmniContrast *self)
{
  if (self == NULL)
    return;
  g_free (self->value);
  g_free (self->known);
  g_free (self);
}
