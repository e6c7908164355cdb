/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/files/writer.h"

#include <math.h>
#include <stdio.h>

/* Small pictures made up for tests: waves on a slope, another one for each `index`, brighter by `gain`. */
static inline OmniPicture *
make_scene (guint index, guint width, guint height, guint channels, gboolean has_alpha, OmniSampleType type,
            double gain)
{
  gsize size_bytes;
  guint8 *pixels = omni_picture_try_alloc_pixels (width, height, channels, type, &size_bytes, NULL);
  g_assert_nonnull (pixels);
  for (guint y = 0; y < height; y++)
    for (guint x = 0; x < width; x++)
      for (guint c = 0; c < channels; c++)
      {
        const gsize at = ((gsize)y * width + x) * channels + c;
        double value = 0.35 + 0.2 * sin (x * (0.5 + 0.13 * index) + c)
                       + 0.2 * cos (y * (0.7 - 0.05 * index) + 2 * c)
                       + 0.1 * ((x * 7 + y * 13 + index * 5) % 11) / 11.0;
        value = CLAMP (value * gain, 0, 1);
        if (has_alpha && c + 1 == channels)
          value = ((x + index) % 4) / 3.0;
        if (type == OMNI_SAMPLE_U8)
          pixels[at] = (guint8)(value * 255 + 0.5);
        else if (type == OMNI_SAMPLE_U16)
          ((guint16 *)(gpointer)pixels)[at] = (guint16)(value * 65535 + 0.5);
        else
          ((float *)(gpointer)pixels)[at] = (float)value;
      }
  GError *error = NULL;
  OmniPicture *picture = omni_picture_new (width, height, channels, has_alpha, type,
                                           g_bytes_new_take (pixels, size_bytes), NULL, NULL, &error);
  g_assert_no_error (error);
  return picture;
}

/* (transfer full) The path of `name` in `folder`, where such a picture now is. */
static inline char *
write_scene (const char *folder, const char *name, guint index, guint width, guint height, guint channels,
             gboolean has_alpha, OmniSampleType type, double gain)
{
  g_autoptr (OmniPicture) picture = make_scene (index, width, height, channels, has_alpha, type, gain);
  char *path = g_build_filename (folder, name, NULL);
  const OmniWriteOptions options = { .force = TRUE };
  GError *error = NULL;
  omni_picture_write (picture, path, &options, &error);
  g_assert_no_error (error);
  return path;
}

/* Removes a folder and everything in it. */
static inline void
remove_folder (const char *path)
{
  GDir *folder = g_dir_open (path, 0, NULL);
  for (const char *name; folder != NULL && (name = g_dir_read_name (folder)) != NULL;)
  {
    g_autofree char *child = g_build_filename (path, name, NULL);
    if (g_file_test (child, G_FILE_TEST_IS_DIR) && !g_file_test (child, G_FILE_TEST_IS_SYMLINK))
      remove_folder (child);
    else
      remove (child);
  }
  g_clear_pointer (&folder, g_dir_close);
  remove (path);
}
