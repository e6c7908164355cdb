/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/files/shrink.h"

#include <string.h>

static inline float
display_sample (const OmniRaster *raster, gsize index)
{
  switch (raster->type)
  {
  case OMNI_SAMPLE_U16:
    return (float)((const guint16 *)(gconstpointer)raster->pixels)[index] / 257.0f;
  case OMNI_SAMPLE_F32:
  {
    const float value = ((const float *)(gconstpointer)raster->pixels)[index];
    return value > 0.0f ? MIN (value, 1.0f) * 255.0f : 0.0f; /* NaN is not > 0 */
  }
  case OMNI_SAMPLE_U8:
  default:
    return raster->pixels[index];
  }
}

/* Averages the columns x0 … x1 of one source row into `sums`, channel by channel. */
static inline void
add_span (const OmniRaster *raster, gsize row_start, guint x0, guint x1, double *sums, double *weight_sum)
{
  const guint n = raster->channels;

  for (guint x = x0; x < x1; x++)
  {
    const gsize at = row_start + (gsize)x * n;
    const double weight = raster->has_alpha ? (double)display_sample (raster, at + n - 1) : 1.0;
    for (guint c = 0; c < n; c++)
      sums[c] += (double)display_sample (raster, at + c) * (raster->has_alpha && c == n - 1 ? 1.0 : weight);
    *weight_sum += weight;
  }
}

static void
shrink_pixel (const OmniRaster *raster, const guint box[4], guint8 *target)
{
  const guint n = raster->channels;
  double sums[OMNI_PICTURE_MAX_CHANNELS] = { 0 };
  double weight = 0.0;

  for (guint y = box[1]; y < box[3]; y++)
    add_span (raster, (gsize)y * raster->width * n, box[0], box[2], sums, &weight);
  for (guint c = 0; c < n; c++)
  {
    const gboolean is_alpha = raster->has_alpha && c == n - 1;
    const double count = is_alpha ? (double)(box[2] - box[0]) * (box[3] - box[1]) : weight;
    target[c] = (guint8)(count > 0.0 ? sums[c] / count + 0.5 : 0.0);
  }
}

gboolean
omni_raster_shrink (OmniRaster *raster, OmniInput *input, guint max_px, GError **error)
{
  const guint longer = MAX (raster->width, raster->height);

  if (longer <= max_px && raster->type == OMNI_SAMPLE_U8)
    return TRUE;

  const double scale = longer > max_px ? (double)max_px / longer : 1.0;
  OmniRaster small = *raster;

  small.type = OMNI_SAMPLE_U8;
  small.width = CLAMP ((guint)(raster->width * scale + 0.5), 1, raster->width);
  small.height = CLAMP ((guint)(raster->height * scale + 0.5), 1, raster->height);
  if (!omni_raster_alloc (&small, input, error))
    return FALSE;

  for (guint y = 0; y < small.height; y++)
    for (guint x = 0; x < small.width; x++)
    {
      const guint box[4] = { (guint)((guint64)x * raster->width / small.width),
                             (guint)((guint64)y * raster->height / small.height),
                             (guint)((guint64)(x + 1) * raster->width / small.width),
                             (guint)((guint64)(y + 1) * raster->height / small.height) };
      shrink_pixel (raster, box, small.pixels + ((gsize)y * small.width + x) * small.channels);
    }

  g_free (raster->pixels);
  *raster = small;
  return TRUE;
}
