/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/files/tiff-samples.h"

#include <glib/gi18n.h>
#include <string.h>

#include <tiffio.h>

static gboolean
layout_has_alpha (const OmniTiffLayout *layout)
{
  return layout->n_extra > 0 && layout->samples >= 2
         && (layout->last_extra == EXTRASAMPLE_ASSOCALPHA || layout->last_extra == EXTRASAMPLE_UNASSALPHA);
}

static gboolean
layout_is_float (const OmniTiffLayout *layout)
{
  return layout->format == SAMPLEFORMAT_IEEEFP;
}

const char *
omni_tiff_layout_find_problem (const OmniTiffLayout *layout)
{
  const guint bits = layout->bits;

  if (layout->samples < 1 || layout->samples > OMNI_PICTURE_MAX_CHANNELS)
    return _ ("it has more than 8 channels; save the bands you need as a picture of their own.");
  if (layout->planar != PLANARCONFIG_CONTIG && layout->planar != PLANARCONFIG_SEPARATE)
    return _ ("the layout of its planes is unknown; save it as an ordinary TIFF.");
  switch (layout->photometric)
  {
  case PHOTOMETRIC_MINISBLACK:
  case PHOTOMETRIC_MINISWHITE:
    break;
  case PHOTOMETRIC_RGB:
    if (layout->samples < 3)
      return _ ("it says RGB but has fewer than three channels; save it again as an ordinary TIFF.");
    break;
  case PHOTOMETRIC_PALETTE:
    if (layout->palette[0] == NULL || layout->samples != 1 || bits > 8 || layout_is_float (layout))
      return _ ("its palette is missing or of a rare kind; save it as RGB.");
    break;
  default:
    return _ ("its colours are neither grey nor RGB (CMYK, Lab, YCbCr or camera data); convert it to RGB.");
  }
  if (layout_is_float (layout))
    return bits == 16 || bits == 32 || bits == 64
             ? NULL
             : _ ("its floating-point samples are of a rare width; save it with 32 bits.");
  if (layout->format != SAMPLEFORMAT_UINT && layout->format != SAMPLEFORMAT_VOID)
    return _ ("its samples are signed or complex numbers; save it with unsigned integers or 32-bit floats.");
  if (bits == 8 || bits == 16)
    return NULL;
  if ((bits == 1 || bits == 2 || bits == 4) && layout->samples == 1)
    return NULL;
  return _ ("its samples are of a rare width; save it with 8 or 16 bits, or as 32-bit floats.");
}

/* Palettes hold 16-bit entries, mostly widened from 8: by 257, by 256, or not at all. */
static guint
palette_divisor (const OmniTiffLayout *layout)
{
  gboolean small = TRUE;
  gboolean exact = TRUE;
  gboolean shifted = TRUE;

  for (guint c = 0; c < 3; c++)
    for (guint i = 0; i < 1u << layout->bits; i++)
    {
      const guint value = layout->palette[c][i];
      small &= value <= 255;
      exact &= value % 257 == 0;
      shifted &= value % 256 == 0;
    }
  return small ? 1 : exact ? 257 : shifted ? 256 : 0;
}

void
omni_tiff_layout_to_raster (const OmniTiffLayout *layout, OmniRaster *raster)
{
  raster->width = layout->width;
  raster->height = layout->height;
  raster->channels = layout->samples;
  raster->has_alpha = layout_has_alpha (layout);
  if (layout_is_float (layout))
    raster->type = OMNI_SAMPLE_F32;
  else
    raster->type = layout->bits == 16 ? OMNI_SAMPLE_U16 : OMNI_SAMPLE_U8;
  if (layout->photometric == PHOTOMETRIC_PALETTE)
  {
    raster->channels = 3;
    raster->has_alpha = FALSE;
    raster->type = palette_divisor (layout) > 0 ? OMNI_SAMPLE_U8 : OMNI_SAMPLE_U16;
  }
}

gboolean
omni_tiff_layout_is_plain (const OmniTiffLayout *layout)
{
  if (layout->photometric == PHOTOMETRIC_PALETTE)
    return FALSE;
  return layout_is_float (layout) ? layout->bits == 32 : layout->bits == 8 || layout->bits == 16;
}

static inline guint
packed_sample (const guint8 *row, guint bits, gsize index)
{
  const gsize bit = index * bits;

  return row[bit / 8] >> (8 - bits - bit % 8) & ((1u << bits) - 1);
}

static void
unpack_palette (const OmniTiffLayout *layout, const guint8 *row, gsize at, guint32 n, OmniRaster *raster)
{
  const guint divisor = palette_divisor (layout);

  for (gsize i = 0; i < n; i++)
    for (guint c = 0; c < 3; c++)
    {
      const guint value = layout->palette[c][packed_sample (row, layout->bits, i)];
      if (raster->type == OMNI_SAMPLE_U8)
        raster->pixels[at + i * 3 + c] = (guint8)(value / divisor);
      else
        ((guint16 *)(gpointer)raster->pixels)[at + i * 3 + c] = (guint16)value;
    }
}

/* IEEE 754 binary16; all of its values, infinities and NaN are floats. */
static float
half_to_float (guint16 half)
{
  const guint32 sign = (guint32)(half & 0x8000) << 16;
  const guint32 exponent = half >> 10 & 31;
  const guint32 fraction = half & 1023;
  guint32 bits = sign | (exponent + 112) << 23 | fraction << 13;
  float value;

  if (exponent == 0)
    return (half & 0x8000 ? -1.0f : 1.0f) * (float)fraction * 0x1p-24f;
  if (exponent == 31)
    bits = sign | 0x7f800000 | fraction << 13;
  memcpy (&value, &bits, sizeof value);
  return value;
}

static void
unpack_floats (const OmniTiffLayout *layout, const guint8 *row, float *target, gsize step, gsize n)
{
  for (gsize i = 0; i < n; i++)
  {
    if (layout->bits == 16)
      target[i * step] = half_to_float (((const guint16 *)(gconstpointer)row)[i]);
    else
      target[i * step] = (float)((const double *)(gconstpointer)row)[i];
  }
}

static void
scatter (const guint8 *row, gsize sample_bytes, guint8 *target, gsize step_bytes, gsize n)
{
  for (gsize i = 0; i < n; i++)
    memcpy (target + i * step_bytes, row + i * sample_bytes, sample_bytes);
}

void
omni_tiff_unpack_row (const OmniTiffLayout *layout, guint plane, const guint8 *row, guint32 x, guint32 y,
                      guint32 n, OmniRaster *raster)
{
  const gboolean separate = layout->planar == PLANARCONFIG_SEPARATE;
  const gsize sample_bytes = omni_sample_type_get_bytes (raster->type);
  const gsize at = ((gsize)y * raster->width + x) * raster->channels + (separate ? plane : 0);
  const gsize n_samples = separate ? n : (gsize)n * raster->channels;
  const gsize step = separate ? raster->channels : 1;
  guint8 *target = raster->pixels + at * sample_bytes;

  if (layout->photometric == PHOTOMETRIC_PALETTE)
    unpack_palette (layout, row, at, n, raster);
  else if (layout_is_float (layout) && layout->bits != 32)
    unpack_floats (layout, row, (float *)(gpointer)target, step, n_samples);
  else if (layout->bits < 8)
    for (gsize i = 0; i < n; i++)
      target[i] = (guint8)(packed_sample (row, layout->bits, i) * 255 / ((1u << layout->bits) - 1));
  else if (separate)
    scatter (row, sample_bytes, target, step * sample_bytes, n);
  else
    memcpy (target, row, n_samples * sample_bytes);
}

static void
turn_over (OmniRaster *raster, guint n_colours, gsize n_pixels)
{
  for (gsize i = 0; i < n_pixels; i++)
    for (gsize c = i * raster->channels; c < i * raster->channels + n_colours; c++)
    {
      if (raster->type == OMNI_SAMPLE_U8)
        raster->pixels[c] = (guint8)(255 - raster->pixels[c]);
      else if (raster->type == OMNI_SAMPLE_U16)
        ((guint16 *)(gpointer)raster->pixels)[c] = (guint16)(65535
                                                             - ((guint16 *)(gpointer)raster->pixels)[c]);
      else
        ((float *)(gpointer)raster->pixels)[c] = 1.0f - ((float *)(gpointer)raster->pixels)[c];
    }
}

#define DEFINE_STRAIGHTEN(type, max)                                                                         \
  static void straighten_##type (type *pixel, guint channels, gsize n_pixels)                                \
  {                                                                                                          \
    for (gsize i = 0; i < n_pixels; i++, pixel += channels)                                                  \
    {                                                                                                        \
      const guint32 alpha = pixel[channels - 1];                                                             \
      for (guint c = 0; c + 1 < channels && alpha > 0; c++)                                                  \
        pixel[c] = (type)MIN ((max), ((guint64)pixel[c] * (max) + alpha / 2) / alpha);                       \
    }                                                                                                        \
  }

DEFINE_STRAIGHTEN (guint8, 255u)
DEFINE_STRAIGHTEN (guint16, 65535u)

static void
straighten_float (float *pixel, guint channels, gsize n_pixels)
{
  for (gsize i = 0; i < n_pixels; i++, pixel += channels)
    for (guint c = 0; c + 1 < channels && pixel[channels - 1] > 0.0f; c++)
      pixel[c] /= pixel[channels - 1];
}

void
omni_tiff_finish_samples (const OmniTiffLayout *layout, OmniRaster *raster)
{
  const gsize n_pixels = (gsize)raster->width * raster->height;

  if (layout->photometric == PHOTOMETRIC_MINISWHITE)
    turn_over (raster, 1, n_pixels);
  if (!raster->has_alpha || layout->last_extra != EXTRASAMPLE_ASSOCALPHA)
    return;
  if (raster->type == OMNI_SAMPLE_U8)
    straighten_guint8 (raster->pixels, raster->channels, n_pixels);
  else if (raster->type == OMNI_SAMPLE_U16)
    straighten_guint16 ((guint16 *)(gpointer)raster->pixels, raster->channels, n_pixels);
  else
    straighten_float ((float *)(gpointer)raster->pixels, raster->channels, n_pixels);
}
