/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* Pictures made on the spot, a scratch folder, and comparison, for the tests of app/files. Each test program is one file,
 * so these are all static. */

#include "app/files/reader.h"
#include "app/files/writer.h"

#include <glib/gstdio.h>
#include <math.h>
#include <string.h>
#include <unistd.h>

G_GNUC_UNUSED static const char *
scratch_folder (void)
{
  static char *folder = NULL;

  /* In memory where there is such a place: thousands of files, each forced to the disk, take minutes. */
  if (folder == NULL && g_access ("/dev/shm", W_OK) == 0)
    folder = g_mkdtemp (g_strdup ("/dev/shm/omnifuse-test-XXXXXX"));
  if (folder == NULL)
    folder = g_dir_make_tmp ("omnifuse-test-XXXXXX", NULL);
  g_assert_nonnull (folder);
  return folder;
}

G_GNUC_UNUSED static char *
scratch_path (const char *name)
{
  return g_build_filename (scratch_folder (), name, NULL);
}

G_GNUC_UNUSED static guint
count_scratch_files (void)
{
  g_autoptr (GDir) dir = g_dir_open (scratch_folder (), 0, NULL);
  guint n = 0;

  while (g_dir_read_name (dir) != NULL)
    n++;
  return n;
}

G_GNUC_UNUSED static void
remove_scratch (void)
{
  g_autoptr (GDir) dir = g_dir_open (scratch_folder (), 0, NULL);
  const char *name;

  while ((name = g_dir_read_name (dir)) != NULL)
  {
    g_autofree char *path = scratch_path (name);
    g_remove (path);
  }
  g_rmdir (scratch_folder ());
}

/* Every sample differs from its neighbours, so that no mix-up of rows, channels or bytes goes unseen. */
G_GNUC_UNUSED static OmniPicture *
make_picture (guint width, guint height, guint channels, gboolean has_alpha, OmniSampleType type, GBytes *icc)
{
  gsize size = 0;
  guint8 *pixels = omni_picture_try_alloc_pixels (width, height, channels, type, &size, NULL);
  guint32 state = 12345 + width * 7 + channels;

  g_assert_nonnull (pixels);
  for (gsize i = 0; i < (gsize)width * height * channels; i++)
  {
    state = state * 1664525 + 1013904223;
    if (type == OMNI_SAMPLE_U8)
      pixels[i] = (guint8)(state >> 24);
    else if (type == OMNI_SAMPLE_U16)
      ((guint16 *)(gpointer)pixels)[i] = (guint16)(state >> 16);
    else
      ((float *)(gpointer)pixels)[i] = (float)(gint32)state / 1e9f;
  }

  OmniPicture *picture = omni_picture_new (width, height, channels, has_alpha, type,
                                           g_bytes_new_take (pixels, size), icc, NULL, NULL);
  g_assert_nonnull (picture);
  return picture;
}

/* Soft waves: JPEG keeps them nearly. */
G_GNUC_UNUSED static OmniPicture *
make_soft_picture (guint width, guint height, guint channels)
{
  gsize size = 0;
  guint8 *pixels = omni_picture_try_alloc_pixels (width, height, channels, OMNI_SAMPLE_U8, &size, NULL);

  for (gsize i = 0; i < size; i++)
  {
    const double x = (double)(i / channels % width);
    const double y = (double)(i / channels / width);
    pixels[i] = (guint8)(128.0 + 60.0 * sin (x * 0.07 + (double)(i % channels)) + 50.0 * cos (y * 0.05));
  }
  return omni_picture_new (width, height, channels, FALSE, OMNI_SAMPLE_U8, g_bytes_new_take (pixels, size),
                           NULL, NULL, NULL);
}

G_GNUC_UNUSED static void
assert_same_pixels (OmniPicture *a, OmniPicture *b)
{
  g_autofree char *hash_a = omni_picture_hash (a);
  g_autofree char *hash_b = omni_picture_hash (b);

  g_assert_cmpuint (omni_picture_get_width (a), ==, omni_picture_get_width (b));
  g_assert_cmpuint (omni_picture_get_height (a), ==, omni_picture_get_height (b));
  g_assert_cmpuint (omni_picture_get_channels (a), ==, omni_picture_get_channels (b));
  g_assert_cmpuint (omni_picture_get_has_alpha (a), ==, omni_picture_get_has_alpha (b));
  g_assert_cmpstr (hash_a, ==, hash_b);
}

G_GNUC_UNUSED static void
write_bytes (const char *path, gconstpointer data, gsize size)
{
  g_assert_true (g_file_set_contents (path, data, (gssize)size, NULL));
}

G_GNUC_UNUSED static void
save (OmniPicture *picture, const char *path, OmniWriteOptions options)
{
  g_autoptr (GError) error = NULL;

  options.force = TRUE;
  omni_picture_write (picture, path, &options, &error);
  g_assert_no_error (error);
}

G_GNUC_UNUSED static OmniPicture *
load (const char *path)
{
  g_autoptr (GError) error = NULL;
  OmniPicture *picture = omni_picture_read (path, NULL, &error);

  g_assert_no_error (error);
  g_assert_nonnull (picture);
  return picture;
}

/* Reading fails with `code`, and the message names the file and contains `words`. */
G_GNUC_UNUSED static void
assert_unreadable (const char *path, int code, const char *words)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (OmniPicture) picture = omni_picture_read (path, NULL, &error);

  g_assert_null (picture);
  g_assert_error (error, G_IO_ERROR, code);
  g_assert_nonnull (strstr (error->message, path));
  if (strstr (error->message, words) == NULL)
    g_error ("“%s” does not say “%s”", error->message, words);
}
