/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/training/luma.h"

#include "app/files/samples.h"

OmniLuma *
omni_luma_ref (OmniLuma *self)
{
  g_atomic_ref_count_inc (&self->ref_count);
  return self;
}

void
omni_luma_unref (OmniLuma *self)
{
  if (self == NULL || !g_atomic_ref_count_dec (&self->ref_count))
    return;
  omni_luma_unref (self->rows);
  g_free (self);
}

OmniLuma *
omni_luma_try_alloc (guint width, guint height, GError **error)
{
  gsize n, size_bytes;
  OmniLuma *self = NULL;
  if (g_size_checked_mul (&n, width, height) && g_size_checked_mul (&size_bytes, n, sizeof (guint16))
      && g_size_checked_add (&size_bytes, size_bytes, sizeof *self))
    self = g_try_malloc (size_bytes);
  if (self == NULL)
  {
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_NO_SPACE,
                 "There is not enough memory for the luminance of %u × %u pixels.", width, height);
    return NULL;
  }
  g_atomic_ref_count_init (&self->ref_count);
  self->width = width;
  self->height = height;
  self->mean = 0;
  self->rows = NULL;
  self->values = (guint16 *)(self + 1);
  return self;
}

static void
set_mean (OmniLuma *self)
{
  const gsize n = (gsize)self->width * self->height;
  guint64 sum = 0;
  for (gsize i = 0; i < n; i++)
    sum += self->values[i];
  self->mean = (float)((double)sum / 65535 / (double)n);
}

OmniLuma *
omni_luma_new_rows (OmniLuma *whole, guint top, guint height)
{
  g_return_val_if_fail (height > 0 && top < whole->height && height <= whole->height - top, NULL);

  OmniLuma *self = g_new0 (OmniLuma, 1);
  g_atomic_ref_count_init (&self->ref_count);
  self->width = whole->width;
  self->height = height;
  self->rows = omni_luma_ref (whole);
  self->values = whole->values + (gsize)top * whole->width;
  set_mean (self);
  return self;
}

OmniLuma *
omni_luma_new (OmniPicture *picture, GError **error)
{
  const guint width = omni_picture_get_width (picture), height = omni_picture_get_height (picture);
  const guint channels = omni_picture_get_channels (picture);
  const guint colours = channels - (omni_picture_get_has_alpha (picture) ? 1 : 0);
  if (colours != 1 && colours != 3)
  {
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA,
                 "A picture of %u bands has no luminance; training takes grey or RGB pictures.", colours);
    return NULL;
  }
  OmniLuma *self = omni_luma_try_alloc (width, height, error);
  if (self == NULL)
    return NULL;
  const OmniSampleType type = omni_picture_get_sample_type (picture);
  const gsize row_samples = (gsize)width * channels;
  const guint8 *pixels = omni_picture_get_pixels (picture);
  g_autofree guint16 *row = g_new (guint16, row_samples);
  guint16 *to = self->values;
  for (guint y = 0; y < height; y++, pixels += row_samples * omni_sample_type_get_bytes (type))
  {
    omni_samples_convert (pixels, type, row, OMNI_SAMPLE_U16, row_samples);
    const guint16 *from = row;
    for (guint x = 0; x < width; x++, from += channels, to++)
      *to = colours == 1 ? from[0]
                         : (guint16)((299u * from[0] + 587u * from[1] + 114u * from[2] + 500u) / 1000u);
  }
  set_mean (self);
  return self;
}

OmniPicture *
omni_luma_to_picture (const float *values, guint width, guint height, GError **error)
{
  gsize size_bytes;
  guint8 *pixels = omni_picture_try_alloc_pixels (width, height, 1, OMNI_SAMPLE_U8, &size_bytes, error);
  if (pixels == NULL)
    return NULL;
  omni_samples_convert (values, OMNI_SAMPLE_F32, pixels, OMNI_SAMPLE_U8, size_bytes);
  return omni_picture_new (width, height, 1, FALSE, OMNI_SAMPLE_U8, g_bytes_new_take (pixels, size_bytes),
                           NULL, NULL, error);
}

static float
average (const OmniLuma *self, guint x, guint y, guint reduction)
{
  guint sum = 0;
  for (guint row = 0; row < reduction; row++)
    for (guint column = 0; column < reduction; column++)
      sum += self->values[(gsize)(y + row) * self->width + x + column];
  return (float)sum / (65535.0f * (float)(reduction * reduction));
}

void
omni_luma_crop (const OmniLuma *self, const OmniCrop *crop, float *values)
{
  const guint size = crop->size_px, step = crop->reduction;
  g_return_if_fail (crop->x + size * step <= self->width && crop->y + size * step <= self->height);
  for (guint y = 0; y < size; y++)
    for (guint x = 0; x < size; x++)
    {
      const guint u = crop->mirror_x ? size - 1 - x : x, v = crop->mirror_y ? size - 1 - y : y;
      const float value = average (self, crop->x + u * step, crop->y + v * step, step);
      values[crop->transpose ? (gsize)x * size + y : (gsize)y * size + x] = value;
    }
}
