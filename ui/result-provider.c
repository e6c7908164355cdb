/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/result-provider.h"

#include "app/fusion/result-file.h"

#include <glib/gstdio.h>

#define URI_LIST     "text/uri-list"
#define KEPT_SECONDS (7 * 24 * 3600)

struct _OmniResultProvider
{
  GdkContentProvider parent_instance;

  OmniFusionResult *result;
  OmniResultFileOptions options;
};

G_DEFINE_FINAL_TYPE (OmniResultProvider, omni_result_provider, GDK_TYPE_CONTENT_PROVIDER)

static GdkContentFormats *
omni_result_provider_ref_formats (GdkContentProvider *provider)
{
  return gdk_content_formats_new ((const char *[]){ URI_LIST }, 1);
}

/* Whoever took one has had a week to copy it. */
static void
prune (const char *folder)
{
  const gint64 oldest = g_get_real_time () / G_USEC_PER_SEC - KEPT_SECONDS;
  g_autoptr (GDir) dir = g_dir_open (folder, 0, NULL);
  const char *name;

  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
  {
    g_autofree char *result = g_build_filename (folder, name, NULL);
    GStatBuf status;
    if (g_stat (result, &status) != 0 || status.st_mtime > oldest)
      continue;
    g_autoptr (GDir) files = g_dir_open (result, 0, NULL);
    const char *file;
    while (files != NULL && (file = g_dir_read_name (files)) != NULL)
    {
      g_autofree char *path = g_build_filename (result, file, NULL);
      g_unlink (path);
    }
    g_rmdir (result);
  }
}

/* (transfer full) The file; a result is written once in each way. */
static char *
write_result (OmniResultProvider *self, GError **error)
{
  OmniFusionResult *result = self->result;
  const OmniResultFileOptions *options = &self->options;
  const gboolean deep = options->depth == OMNI_DEPTH_AUTO
                          ? omni_picture_get_sample_type (result->picture) != OMNI_SAMPLE_U8
                          : options->depth != OMNI_DEPTH_8;
  g_autofree char *all = g_build_filename (g_get_user_cache_dir (), "omnifuse", "dragged", NULL);
  g_autofree char *way = g_strdup_printf ("%s-%d%d%d", result->sha256, options->depth, options->to_srgb,
                                          options->metadata);
  g_autofree char *folder = g_build_filename (all, way, NULL);
  g_autofree char *name = g_strdup_printf ("fused-%s.%s", result->model->name, deep ? "tif" : "png");
  g_autofree char *path = g_build_filename (folder, name, NULL);

  prune (all);
  g_mkdir_with_parents (folder, 0700);
  if (!g_file_test (path, G_FILE_TEST_EXISTS)
      && !omni_result_file_write (result, path, options, NULL, NULL, NULL, NULL, error))
    return NULL;
  return g_steal_pointer (&path);
}

static void
write_in_thread (GTask *task, gpointer source_object, gpointer task_data, GCancellable *cancellable)
{
  OmniResultProvider *self = source_object;
  GError *error = NULL;
  g_autofree char *path = write_result (self, &error);
  g_autofree char *uri = path != NULL ? g_filename_to_uri (path, NULL, &error) : NULL;
  g_autofree char *list = uri != NULL ? g_strconcat (uri, "\r\n", NULL) : NULL;

  if (list != NULL && g_output_stream_write_all (task_data, list, strlen (list), NULL, cancellable, &error))
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, error);
}

static void
omni_result_provider_write_async (GdkContentProvider *provider, const char *mime_type, GOutputStream *stream,
                                  int io_priority, GCancellable *cancellable, GAsyncReadyCallback callback,
                                  gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (provider, cancellable, callback, user_data);

  g_task_set_task_data (task, g_object_ref (stream), g_object_unref);
  g_task_run_in_thread (task, write_in_thread);
}

static gboolean
omni_result_provider_write_finish (GdkContentProvider *provider, GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}

static void
omni_result_provider_finalize (GObject *object)
{
  omni_fusion_result_unref (OMNI_RESULT_PROVIDER (object)->result);
  G_OBJECT_CLASS (omni_result_provider_parent_class)->finalize (object);
}

static void
omni_result_provider_class_init (OmniResultProviderClass *klass)
{
  GdkContentProviderClass *provider_class = GDK_CONTENT_PROVIDER_CLASS (klass);

  G_OBJECT_CLASS (klass)->finalize = omni_result_provider_finalize;
  provider_class->ref_formats = omni_result_provider_ref_formats;
  provider_class->write_mime_type_async = omni_result_provider_write_async;
  provider_class->write_mime_type_finish = omni_result_provider_write_finish;
}

static void
omni_result_provider_init (OmniResultProvider *self)
{
}

GdkContentProvider *
omni_result_provider_new (OmniFusionResult *result)
{
  OmniResultProvider *self = g_object_new (OMNI_TYPE_RESULT_PROVIDER, NULL);

  self->result = omni_fusion_result_ref (result);
  omni_result_file_options_read (&self->options);
  return GDK_CONTENT_PROVIDER (self);
}
