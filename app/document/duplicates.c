/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/document/duplicates.h"

#include "app/fusion/fusion-private.h"

#include <glib/gstdio.h>

static gint64
get_file_size (OmniSource *source)
{
  GStatBuf info;

  return g_stat (omni_source_get_path (source), &info) == 0 ? (gint64)info.st_size : -1;
}

static gboolean
has_twin_size (const gint64 *sizes, guint n, guint index)
{
  for (guint i = 0; i < n; i++)
    if (i != index && sizes[i] == sizes[index] && sizes[i] >= 0)
      return TRUE;
  return FALSE;
}

static GHashTable *
find_duplicates (GPtrArray *sources, GCancellable *cancellable)
{
  GHashTable *copies = g_hash_table_new_full (NULL, NULL, g_object_unref, g_object_unref);
  g_autoptr (GHashTable) originals = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_autoptr (GPtrArray) sorted = omni_sources_sort (sources);
  g_autofree gint64 *sizes = g_new (gint64, sorted->len);

  for (guint i = 0; i < sorted->len; i++)
    sizes[i] = get_file_size (sorted->pdata[i]);
  for (guint i = 0; i < sorted->len && !g_cancellable_is_cancelled (cancellable); i++)
  {
    OmniSource *source = sorted->pdata[i];
    /* Of the file: two copies are moved alike, but for the last bits. */
    char *hash = has_twin_size (sizes, sorted->len, i)
                   ? omni_source_dup_sha256 (omni_source_get_original (source), NULL)
                   : NULL;
    OmniSource *original = hash != NULL ? g_hash_table_lookup (originals, hash) : NULL;
    if (original != NULL)
      g_hash_table_insert (copies, g_object_ref (source), g_object_ref (original));
    if (hash != NULL && original == NULL)
      g_hash_table_insert (originals, hash, source);
    else
      g_free (hash);
  }
  return copies;
}

static void
find_in_thread (GTask *task, gpointer source_object, gpointer task_data, GCancellable *cancellable)
{
  g_task_return_pointer (task, find_duplicates (task_data, cancellable), (GDestroyNotify)g_hash_table_unref);
}

void
omni_duplicates_find_async (GPtrArray *sources, GCancellable *cancellable, GAsyncReadyCallback callback,
                            gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (NULL, cancellable, callback, user_data);

  /* States of a document are immutable, so the array stays as it is. */
  g_task_set_task_data (task, g_ptr_array_ref (sources), (GDestroyNotify)g_ptr_array_unref);
  g_task_run_in_thread (task, find_in_thread);
}

GHashTable *
omni_duplicates_find_finish (GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}
