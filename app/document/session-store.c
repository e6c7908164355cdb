/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/document/session-store.h"

#include <errno.h>
#include <glib/gi18n.h>
#include <glib/gstdio.h>

#define MARK_SUFFIX ".open"

static char *
get_folder (void)
{
  return g_build_filename (g_get_user_state_dir (), "omnifuse", "sessions", NULL);
}

char *
omni_session_store_make_path (GError **error)
{
  g_autofree char *folder = get_folder ();
  g_autofree char *id = g_uuid_string_random ();
  g_autofree char *name = g_strconcat (id, OMNI_SESSION_SUFFIX, NULL);

  if (g_mkdir_with_parents (folder, 0700) != 0)
  {
    const int code = errno;
    g_autofree char *shown = g_filename_display_name (folder);
    g_set_error (error, G_IO_ERROR, g_io_error_from_errno (code),
                 _ ("The folder “%s” for sessions cannot be made: %s"), shown, g_strerror (code));
    return NULL;
  }
  return g_build_filename (folder, name, NULL);
}

void
omni_session_store_mark (const char *path, gboolean open)
{
  g_autofree char *mark = g_strconcat (path, MARK_SUFFIX, NULL);

  if (open)
    g_file_set_contents_full (mark, "", 0, G_FILE_SET_CONTENTS_NONE, 0600, NULL);
  else
    g_unlink (mark);
}

typedef struct
{
  char *path;
  gint64 time;
} Entry;

static int
compare_entries (gconstpointer a, gconstpointer b)
{
  const gint64 a_time = ((const Entry *)a)->time, b_time = ((const Entry *)b)->time;

  return a_time < b_time   ? 1
         : a_time > b_time ? -1
                           : strcmp (((const Entry *)a)->path, ((const Entry *)b)->path);
}

gboolean
omni_session_store_is_marked (const char *path)
{
  g_autofree char *mark = g_strconcat (path, MARK_SUFFIX, NULL);

  return g_file_test (mark, G_FILE_TEST_EXISTS);
}

GPtrArray *
omni_session_store_list (gboolean only_marked)
{
  GPtrArray *paths = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GArray) entries = g_array_new (FALSE, FALSE, sizeof (Entry));
  g_autofree char *folder = get_folder ();
  g_autoptr (GDir) dir = g_dir_open (folder, 0, NULL);
  const char *name;

  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
  {
    g_autofree char *path = g_build_filename (folder, name, NULL);
    GStatBuf status;
    if (!g_str_has_suffix (name, OMNI_SESSION_SUFFIX) || name[0] == '.' || g_stat (path, &status) != 0
        || (only_marked && !omni_session_store_is_marked (path)))
      continue;
    const Entry entry = { g_steal_pointer (&path),
                          (gint64)status.st_mtim.tv_sec * 1000000 + status.st_mtim.tv_nsec / 1000 };
    g_array_append_val (entries, entry);
  }
  g_array_sort (entries, compare_entries);
  for (guint i = 0; i < entries->len; i++)
    g_ptr_array_add (paths, g_array_index (entries, Entry, i).path);
  return paths;
}

void
omni_session_store_prune (void)
{
  g_autoptr (GPtrArray) paths = omni_session_store_list (FALSE);

  for (guint i = OMNI_SESSION_STORE_MAX; i < paths->len; i++)
    if (!omni_session_store_is_marked (paths->pdata[i]))
      g_unlink (paths->pdata[i]);
}
