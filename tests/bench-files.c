/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Times of reading and writing a 24-megapixel picture in each format, best of three. Not run by the test suite. */

#include "app/files/colour-profile.h"
#include "app/files/reader.h"
#include "app/files/writer.h"

#include <glib/gstdio.h>
#include <lcms2.h>
#include <math.h>
#include <stdio.h>

#define WIDTH  6000
#define HEIGHT 4000
#define ROUNDS 3

/* Waves with a little noise, about as compressible as a photograph. */
static OmniPicture *
make_picture (OmniSampleType type)
{
  gsize size = 0;
  guint8 *pixels = omni_picture_try_alloc_pixels (WIDTH, HEIGHT, 3, type, &size, NULL);
  guint32 state = 1;

  g_assert_nonnull (pixels);
  for (gsize i = 0; i < (gsize)WIDTH * HEIGHT * 3; i++)
  {
    const gsize x = i / 3 % WIDTH;
    const gsize y = i / 3 / WIDTH;
    state = state * 1664525 + 1013904223;
    const float noise = (float)(state >> 8) / (float)(1 << 24) - 0.5f;
    const float value = 0.5f + 0.3f * sinf ((float)x * 0.01f + (float)(i % 3)) * cosf ((float)y * 0.013f)
                        + noise * 0.02f;
    if (type == OMNI_SAMPLE_U8)
      pixels[i] = (guint8)(value * 255.0f);
    else if (type == OMNI_SAMPLE_U16)
      ((guint16 *)(gpointer)pixels)[i] = (guint16)(value * 65535.0f);
    else
      ((float *)(gpointer)pixels)[i] = value;
  }
  return omni_picture_new (WIDTH, HEIGHT, 3, FALSE, type, g_bytes_new_take (pixels, size), NULL, NULL, NULL);
}

static void
bench (OmniPicture *picture, const char *path, gboolean deflate)
{
  const OmniWriteOptions options = { .force = TRUE, .tiff_deflate = deflate };
  gint64 read_us = G_MAXINT64;
  gint64 write_us = G_MAXINT64;
  gint64 thumbnail_us = G_MAXINT64;
  OmniPictureInfo info;

  for (guint i = 0; i < ROUNDS; i++)
  {
    const gint64 t0 = g_get_monotonic_time ();
    g_assert_true (omni_picture_write (picture, path, &options, NULL));
    const gint64 t1 = g_get_monotonic_time ();
    g_autoptr (OmniPicture) back = omni_picture_read (path, NULL, NULL);
    const gint64 t2 = g_get_monotonic_time ();
    g_autoptr (OmniPicture) small = omni_picture_read_scaled (path, 256, NULL, NULL);
    const gint64 t3 = g_get_monotonic_time ();
    g_assert_nonnull (back);
    g_assert_nonnull (small);
    write_us = MIN (write_us, t1 - t0);
    read_us = MIN (read_us, t2 - t1);
    thumbnail_us = MIN (thumbnail_us, t3 - t2);
  }
  g_assert_true (omni_picture_probe (path, &info, NULL));
  printf ("%-5s %-3s%s  write %5.2f s  read %5.2f s  thumbnail %5.2f s  %6.1f MB\n", info.format_name,
          omni_sample_type_to_string (info.sample_type), deflate ? " deflate" : "        ",
          (double)write_us / 1e6, (double)read_us / 1e6, (double)thumbnail_us / 1e6,
          (double)info.file_bytes / 1e6);
  g_unlink (path);
}

static void
bench_conversion (OmniPicture *picture)
{
  const double gamma[] = { 2.19921875, 0, 0, 0, 0 };
  const cmsCIExyYTRIPLE adobe = { { 0.64, 0.33, 1.0 }, { 0.21, 0.71, 1.0 }, { 0.15, 0.06, 1.0 } };
  cmsCIExyY white;
  cmsToneCurve *curve = cmsBuildParametricToneCurve (NULL, 1, gamma);
  cmsToneCurve *curves[] = { curve, curve, curve };
  cmsUInt32Number size = 0;

  cmsWhitePointFromTemp (&white, 6504);

  cmsHPROFILE profile = cmsCreateRGBProfile (&white, &adobe, curves);

  cmsSaveProfileToMem (profile, NULL, &size);
  guint8 *data = g_malloc (size);
  cmsSaveProfileToMem (profile, data, &size);
  cmsCloseProfile (profile);
  cmsFreeToneCurve (curve);

  g_autoptr (GBytes) icc = g_bytes_new_take (data, size);
  const gint64 start = g_get_monotonic_time ();
  g_autoptr (OmniPicture) converted = omni_picture_convert_profile (picture, icc, NULL);
  g_assert_nonnull (converted);
  printf ("profile %-3s  convert %5.2f s\n",
          omni_sample_type_to_string (omni_picture_get_sample_type (picture)),
          (double)(g_get_monotonic_time () - start) / 1e6);
}

int
main (void)
{
  g_autofree char *folder = g_dir_make_tmp ("omnifuse-bench-XXXXXX", NULL);
  g_autofree char *jpeg = g_build_filename (folder, "a.jpg", NULL);
  g_autofree char *png = g_build_filename (folder, "a.png", NULL);
  g_autofree char *tiff = g_build_filename (folder, "a.tif", NULL);

  for (OmniSampleType type = OMNI_SAMPLE_U8; type <= OMNI_SAMPLE_F32; type++)
  {
    g_autoptr (OmniPicture) picture = make_picture (type);
    if (type == OMNI_SAMPLE_U8)
      bench (picture, jpeg, FALSE);
    if (type != OMNI_SAMPLE_F32)
      bench (picture, png, FALSE);
    bench (picture, tiff, FALSE);
    bench (picture, tiff, TRUE);
    bench_conversion (picture);
  }
  g_rmdir (folder);
  return 0;
}
