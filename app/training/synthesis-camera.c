/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/training/synthesis-private.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include <jpeglib.h>

/* The noise of a sensor that sees no light, as light. */
#define DARK_LIGHT 0.02

/* ---- Response ---- */

OmniResponse
omni_response_draw (OmniRandom *random)
{
  if (omni_random_chance (random, 0.3))
    return (OmniResponse){ 1 / omni_random_between (random, 1.8, 2.6), 1e4 };
  return (OmniResponse){ omni_random_between (random, 0.6, 1), omni_random_between (random, 0.25, 1.2) };
}

double
omni_response_apply (const OmniResponse *self, double radiance)
{
  const double raised = pow (CLAMP (radiance, 0, 1), self->power);
  return (1 + self->shoulder) * raised / (raised + self->shoulder);
}

double
omni_response_invert (const OmniResponse *self, double value)
{
  const double clamped = CLAMP (value, 0, 1);
  return pow (self->shoulder * clamped / (1 + self->shoulder - clamped), 1 / self->power);
}

/* ---- Noise ---- */

void
omni_camera_add_noise (OmniRandom *random, float *plane, gsize n, double deviation)
{
  if (deviation <= 0)
    return;
  for (gsize i = 0; i < n; i++)
  {
    /* Photon noise in the light, seen through a square-root response, is nearly even; what is left grows slowly. */
    const double light = sqrt ((MAX (plane[i], 0) + DARK_LIGHT) / (0.5 + DARK_LIGHT));
    plane[i] = CLAMP (plane[i] + (float)(deviation * light * omni_random_noise (random)), 0, 1);
  }
}

/* ---- Storage ---- */

static guint8
round_to_byte (float value)
{
  return (guint8)(CLAMP (value, 0, 1) * 255 + 0.5f);
}

/* (transfer full, free()) libjpeg's own error handler ends the process on programming errors alone: nothing is read or
 * written but memory. */
static unsigned char *
jpeg_encode (const float *plane, guint width, guint height, guint quality, unsigned long *size)
{
  struct jpeg_compress_struct codec;
  struct jpeg_error_mgr errors;
  codec.err = jpeg_std_error (&errors);
  jpeg_create_compress (&codec);
  unsigned char *data = NULL;
  jpeg_mem_dest (&codec, &data, size);
  codec.image_width = width;
  codec.image_height = height;
  codec.input_components = 1;
  codec.in_color_space = JCS_GRAYSCALE;
  jpeg_set_defaults (&codec);
  jpeg_set_quality (&codec, (int)quality, TRUE);
  codec.dct_method = JDCT_ISLOW;
  jpeg_start_compress (&codec, TRUE);
  g_autofree guint8 *row = g_new (guint8, width);
  for (guint y = 0; y < height; y++)
  {
    for (guint x = 0; x < width; x++)
      row[x] = round_to_byte (plane[(gsize)y * width + x]);
    JSAMPROW rows[] = { row };
    jpeg_write_scanlines (&codec, rows, 1);
  }
  jpeg_finish_compress (&codec);
  jpeg_destroy_compress (&codec);
  return data;
}

static void
jpeg_decode (const unsigned char *data, unsigned long size, float *plane, guint width, guint height)
{
  struct jpeg_decompress_struct codec;
  struct jpeg_error_mgr errors;
  codec.err = jpeg_std_error (&errors);
  jpeg_create_decompress (&codec);
  jpeg_mem_src (&codec, data, size);
  jpeg_read_header (&codec, TRUE);
  codec.dct_method = JDCT_ISLOW;
  jpeg_start_decompress (&codec);
  g_autofree guint8 *row = g_new (guint8, width);
  for (guint y = 0; y < height; y++)
  {
    JSAMPROW rows[] = { row };
    jpeg_read_scanlines (&codec, rows, 1);
    for (guint x = 0; x < width; x++)
      plane[(gsize)y * width + x] = row[x] / 255.0f;
  }
  jpeg_finish_decompress (&codec);
  jpeg_destroy_decompress (&codec);
}

void
omni_camera_store (float *plane, guint width, guint height, guint quality)
{
  if (quality > 0)
  {
    unsigned long size = 0;
    unsigned char *data = jpeg_encode (plane, width, height, quality, &size);
    jpeg_decode (data, size, plane, width, height);
    free (data);
    return;
  }
  const gsize n = (gsize)width * height;
  for (gsize i = 0; i < n; i++)
    plane[i] = round_to_byte (plane[i]) / 255.0f;
}
