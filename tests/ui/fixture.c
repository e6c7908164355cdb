/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/ui/fixture.h"

#include "app/files/writer.h"

#include <glib/gstdio.h>

#define LOOK_MS 15

char *
omni_test_write_picture (const char *folder, const char *name, guint width, guint height, guint level)
{
  g_autoptr (GError) error = NULL;
  gsize size_bytes;
  guint8 *pixels = omni_picture_try_alloc_pixels (width, height, 3, OMNI_SAMPLE_U8, &size_bytes, &error);
  g_assert_no_error (error);

  for (guint y = 0; y < height; y++)
    for (guint x = 0; x < width; x++)
      for (guint c = 0; c < 3; c++)
      {
        const guint pattern = (x * (c + 2) + y * 3) % 97 + (x / 16 + y / 16) % 2 * 40;
        pixels[(y * width + x) * 3 + c] = (guint8)MIN (255, pattern * level / 128);
      }
  g_autoptr (OmniPicture) picture = omni_picture_new (
    width, height, 3, FALSE, OMNI_SAMPLE_U8, g_bytes_new_take (pixels, size_bytes), NULL, NULL, &error);
  g_assert_no_error (error);
  char *path = g_build_filename (folder, name, NULL);
  omni_picture_write (picture, path, NULL, &error);
  g_assert_no_error (error);
  return path;
}

char *
omni_test_make_folder (void)
{
  g_autoptr (GError) error = NULL;
  char *folder = g_dir_make_tmp ("omnifuse-ui-XXXXXX", &error);

  g_assert_no_error (error);
  return folder;
}

static void
remove_all (const char *folder)
{
  g_autoptr (GDir) dir = g_dir_open (folder, 0, NULL);
  const char *name;

  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
  {
    g_autofree char *path = g_build_filename (folder, name, NULL);
    if (g_file_test (path, G_FILE_TEST_IS_DIR) && !g_file_test (path, G_FILE_TEST_IS_SYMLINK))
      remove_all (path);
    else
      g_remove (path);
  }
  g_rmdir (folder);
}

void
omni_test_remove_folder (char *folder)
{
  remove_all (folder);
  g_free (folder);
}

static gboolean
tick_cb (gpointer data)
{
  *(gboolean *)data = TRUE;
  return G_SOURCE_CONTINUE;
}

gboolean
omni_test_wait (OmniTestCondition condition, gpointer data)
{
  return omni_test_wait_seconds (condition, data, WAIT_SECONDS);
}

gboolean
omni_test_wait_seconds (OmniTestCondition condition, gpointer data, guint seconds)
{
  const gint64 end_us = g_get_monotonic_time () + seconds * G_USEC_PER_SEC;
  gboolean tick = FALSE;
  /* Not at every turn: a condition that moves the pointer would keep the loop from ever coming to its idle work. */
  const guint tick_id = g_timeout_add (LOOK_MS, tick_cb, &tick);
  gboolean holds = condition (data);

  while (!holds && g_get_monotonic_time () < end_us)
  {
    tick = FALSE;
    while (!tick)
      g_main_context_iteration (NULL, TRUE);
    holds = condition (data);
  }
  g_source_remove (tick_id);
  return holds;
}

static gboolean
wake_cb (gpointer data)
{
  *(gboolean *)data = TRUE;
  return G_SOURCE_REMOVE;
}

void
omni_test_turn (guint ms)
{
  gboolean over = FALSE;

  g_timeout_add (ms, wake_cb, &over);
  while (!over)
    g_main_context_iteration (NULL, TRUE);
}
