/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/document/gather.h"

#include "app/files/natural-sort.h"
#include "app/files/reader.h"

#include <glib/gi18n.h>

typedef struct
{
  GPtrArray *sources;
  GPtrArray *errors; /* GError */
  OmniProgressFunc progress;
  gpointer progress_data;
  GCancellable *cancellable;
} Gathering;

typedef struct
{
  char **paths;
  OmniProgressFunc progress;
  gpointer progress_data;
} Wish;

static void
wish_free (Wish *wish)
{
  g_strfreev (wish->paths);
  g_free (wish);
}

static void
gathering_free (Gathering *self)
{
  g_clear_pointer (&self->sources, g_ptr_array_unref);
  g_clear_pointer (&self->errors, g_ptr_array_unref);
  g_free (self);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Gathering, gathering_free)

static void
gather_file (Gathering *self, const char *path)
{
  GError *error = NULL;
  OmniSource *source = omni_source_new (path, &error);

  if (source != NULL)
    g_ptr_array_add (self->sources, source);
  else
    g_ptr_array_add (self->errors, error);
}

static int
compare_paths (gconstpointer a, gconstpointer b)
{
  return omni_natural_compare (*(const char *const *)a, *(const char *const *)b);
}

/* FALSE once it is cancelled. */
static gboolean
go_on (Gathering *self, double fraction)
{
  if (self->progress != NULL)
    self->progress (fraction, self->progress_data);
  return !g_cancellable_is_cancelled (self->cancellable);
}

/* What goes from `from` on to `to` of the whole. */
static void
gather_folder (Gathering *self, const char *path, double from, double to)
{
  GError *error = NULL;
  g_autoptr (GDir) folder = g_dir_open (path, 0, &error);
  g_autoptr (GPtrArray) files = g_ptr_array_new_with_free_func (g_free);

  if (folder == NULL)
  {
    g_ptr_array_add (self->errors, error);
    return;
  }
  for (const char *name = g_dir_read_name (folder); name != NULL; name = g_dir_read_name (folder))
  {
    g_autofree char *file = g_build_filename (path, name, NULL);
    if (name[0] != '.' && g_file_test (file, G_FILE_TEST_IS_REGULAR) && omni_picture_is_candidate (file))
      g_ptr_array_add (files, g_steal_pointer (&file));
  }
  omni_files_drop_raw (files);
  if (files->len == 0)
  {
    g_autofree char *name = g_filename_display_name (path);
    g_ptr_array_add (self->errors, g_error_new (G_IO_ERROR, G_IO_ERROR_NOT_FOUND,
                                                _ ("The folder “%s” holds no pictures; take the folder of "
                                                   "one scene."),
                                                name));
  }
  g_autofree char *raw = omni_folder_describe_raw (path);
  if (raw != NULL)
    g_ptr_array_add (self->errors, g_error_new_literal (G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED, raw));
  g_ptr_array_sort (files, compare_paths);
  for (guint i = 0; i < files->len && go_on (self, from + (to - from) * i / files->len); i++)
    gather_file (self, files->pdata[i]);
}

static void
gather (Gathering *self, const char *const *paths)
{
  const double n = g_strv_length ((char **)paths);

  self->sources = g_ptr_array_new_with_free_func (g_object_unref);
  self->errors = g_ptr_array_new_with_free_func ((GDestroyNotify)g_error_free);
  for (guint i = 0; paths[i] != NULL && go_on (self, i / n); i++)
    if (g_file_test (paths[i], G_FILE_TEST_IS_DIR))
      gather_folder (self, paths[i], i / n, (i + 1) / n);
    else
      gather_file (self, paths[i]);
}

static GPtrArray *
give_away (Gathering *self, GError **error)
{
  g_autoptr (GString) words = g_string_new (NULL);

  for (guint i = 0; i < self->errors->len; i++)
    g_string_append_printf (words, "%s%s", i > 0 ? "\n" : "", ((GError *)self->errors->pdata[i])->message);
  if (self->errors->len > 0)
  {
    const GError *first = self->errors->pdata[0];
    g_set_error_literal (error, first->domain, first->code, words->str);
  }
  return g_steal_pointer (&self->sources);
}

GPtrArray *
omni_gather_sources (const char *const *paths, GCancellable *cancellable, GError **error)
{
  g_autoptr (Gathering) gathering = g_new0 (Gathering, 1);

  gathering->cancellable = cancellable;
  gather (gathering, paths);
  return give_away (gathering, error);
}

static void
gather_in_thread (GTask *task, gpointer source_object, gpointer task_data, GCancellable *cancellable)
{
  const Wish *wish = task_data;
  Gathering *gathering = g_new0 (Gathering, 1);

  gathering->progress = wish->progress;
  gathering->progress_data = wish->progress_data;
  gathering->cancellable = cancellable;
  gather (gathering, (const char *const *)wish->paths);
  g_task_return_pointer (task, gathering, (GDestroyNotify)gathering_free);
}

void
omni_gather_sources_async (const char *const *paths, OmniProgressFunc progress, gpointer progress_data,
                           GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (NULL, cancellable, callback, user_data);
  Wish *wish = g_new0 (Wish, 1);

  wish->paths = g_strdupv ((char **)paths);
  wish->progress = progress;
  wish->progress_data = progress_data;
  g_task_set_check_cancellable (task, FALSE);
  g_task_set_task_data (task, wish, (GDestroyNotify)wish_free);
  g_task_run_in_thread (task, gather_in_thread);
}

GPtrArray *
omni_gather_sources_finish (GAsyncResult *result, GError **error)
{
  g_autoptr (Gathering) gathering = g_task_propagate_pointer (G_TASK (result), NULL);

  return give_away (gathering, error);
}
