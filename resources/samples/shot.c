/* shot.c: the camera behind the lens: glare, noise, one response curve, and the files.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "film.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <jpeglib.h>
#include <png.h>

/* The response curve: display gamma with a film-like toe and a soft shoulder below the clip. Monotone. */
static float
response (float x)
{
  x = clampf (x, 0.0f, 1.0f);
  const float gamma = x <= 0.0031308f ? 12.92f * x : 1.055f * powf (x, 1.0f / 2.4f) - 0.055f;
  const float curve = gamma * gamma * (3.0f - 2.0f * gamma);
  return mixf (gamma, curve, 0.30f);
}

/* Scattering in a lens: a narrow core and a wide veil. */
static Picture
with_glare (const Picture *scene, float share)
{
  const guint width = scene->width, height = scene->height;
  Picture result = picture_new (width, height), near = picture_new (width, height),
          wide = picture_new (width, height);
  const gsize count = (gsize)scene->width * scene->height;
  memcpy (near.pixels, scene->pixels, count * sizeof (V3));
  memcpy (wide.pixels, scene->pixels, count * sizeof (V3));
  picture_blur (&near, scene->height * 0.004f);
  picture_blur (&wide, scene->height * 0.03f);
  for (gsize i = 0; i < count; i++)
    result.pixels[i] = scene->pixels[i] * (1.0f - share) + near.pixels[i] * (0.6f * share)
                       + wide.pixels[i] * (0.4f * share);
  picture_clear (&near);
  picture_clear (&wide);
  return result;
}

gboolean
shot_write (const Picture *scene, const Shot *shot, int quality, const char *path)
{
  Picture light = with_glare (scene, shot->glare);
  const guint width = scene->width, height = scene->height;
  g_autofree guint8 *bytes = g_malloc ((gsize)width * height * 3);
  for (guint y = 0; y < height; y++)
    for (guint x = 0; x < width; x++)
    {
      const gsize at = (gsize)y * width + x;
      const float u = (x - width * 0.5f) / width, v = (y - height * 0.5f) / width;
      const float vignette = 1.0f / ((1.0f + 0.45f * (u * u + v * v)) * (1.0f + 0.45f * (u * u + v * v)));
      Random random = random_start ((guint32)at + shot->seed * 0x01000193u, 0);
      random.dimension = 99;
      for (int k = 0; k < 3; k++)
      {
        const float electrons = light.pixels[at][k] * shot->exposure * vignette * shot->wells;
        const float noisy = electrons + sqrtf (electrons + shot->read * shot->read) * random_gauss (&random);
        bytes[at * 3 + k] = (guint8)(response (noisy / shot->wells) * 255.0f + 0.5f);
      }
    }
  picture_clear (&light);
  return jpeg_write (bytes, width, height, 3, quality, shot, path);
}

static void
put16 (guint8 **at, guint value)
{
  *(*at)++ = (guint8)value;
  *(*at)++ = (guint8)(value >> 8);
}

static void
put32 (guint8 **at, guint value)
{
  put16 (at, value & 0xffff);
  put16 (at, value >> 16);
}

static void
put_entry (guint8 **at, guint tag, guint type, guint count, guint value)
{
  put16 (at, tag);
  put16 (at, type);
  put32 (at, count);
  put32 (at, value);
}

/* EXIF 2.3: ExposureTime, FNumber and PhotographicSensitivity in the Exif IFD. Returns the length. */
static guint
exif_block (const Shot *shot, guint8 *block)
{
  enum
  {
    EXIF_IFD = 26,
    RATIONALS = EXIF_IFD + 2 + 3 * 12 + 4,
  };
  guint8 *at = block;
  memcpy (at, "Exif\0\0II*\0", 10);
  at += 10;
  put32 (&at, 8);
  put16 (&at, 1);
  put_entry (&at, 0x8769, 4, 1, EXIF_IFD);
  put32 (&at, 0);
  put16 (&at, 3);
  put_entry (&at, 0x829a, 5, 1, RATIONALS);
  put_entry (&at, 0x829d, 5, 1, RATIONALS + 8);
  put_entry (&at, 0x8827, 3, 1, shot->iso);
  put32 (&at, 0);
  const gboolean fast = shot->seconds < 0.4f;
  put32 (&at, fast ? 1 : (guint)lrintf (shot->seconds * 10.0f));
  put32 (&at, fast ? (guint)lrintf (1.0f / shot->seconds) : 10);
  put32 (&at, (guint)lrintf (shot->f_number * 10.0f));
  put32 (&at, 10);
  return (guint)(at - block);
}

gboolean
jpeg_write (const guint8 *pixels, guint width, guint height, guint channels, int quality, const Shot *shot,
            const char *path)
{
  FILE *const file = fopen (path, "wb");
  if (file == NULL)
  {
    g_printerr ("%s: %s\n", path, g_strerror (errno));
    return FALSE;
  }
  struct jpeg_compress_struct jpeg;
  struct jpeg_error_mgr errors;
  jpeg.err = jpeg_std_error (&errors);
  jpeg_create_compress (&jpeg);
  jpeg_stdio_dest (&jpeg, file);
  jpeg.image_width = width;
  jpeg.image_height = height;
  jpeg.input_components = (int)channels;
  jpeg.in_color_space = channels == 3 ? JCS_RGB : JCS_GRAYSCALE;
  jpeg_set_defaults (&jpeg);
  jpeg_set_quality (&jpeg, quality, TRUE);
  jpeg.optimize_coding = TRUE;
  jpeg_start_compress (&jpeg, TRUE);
  if (shot != NULL && shot->seconds > 0.0f)
  {
    guint8 block[128];
    jpeg_write_marker (&jpeg, JPEG_APP0 + 1, block, exif_block (shot, block));
  }
  while (jpeg.next_scanline < height)
  {
    JSAMPROW row = (JSAMPROW)(pixels + (gsize)jpeg.next_scanline * width * channels);
    jpeg_write_scanlines (&jpeg, &row, 1);
  }
  jpeg_finish_compress (&jpeg);
  jpeg_destroy_compress (&jpeg);
  return fclose (file) == 0;
}

gboolean
png_write (const guint8 *pixels, guint width, guint height, guint channels, const char *path)
{
  png_image image = { .version = PNG_IMAGE_VERSION,
                      .width = width,
                      .height = height,
                      .format = channels == 3 ? PNG_FORMAT_RGB : PNG_FORMAT_GRAY };
  if (png_image_write_to_file (&image, path, 0, pixels, 0, NULL))
    return TRUE;
  g_printerr ("%s: %s\n", path, image.message);
  return FALSE;
}
