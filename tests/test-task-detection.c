/* SPDX-License-Identifier: GPL-3.0-or-later */

/* What task a set of pictures is for, told from their content alone, over the val split of the development pictures. */

#include "app/fusion/engine.h"
#include "app/files/reader.h"

#include <string.h>

#define LEAST_RIGHT 0.95

static OmniTask
get_task (const char *folder)
{
  if (g_str_equal (folder, "exposure"))
    return OMNI_TASK_EXPOSURE;
  if (g_str_equal (folder, "focus"))
    return OMNI_TASK_FOCUS;
  if (g_str_equal (folder, "infrared"))
    return OMNI_TASK_INFRARED;
  return g_str_has_prefix (folder, "mri-") || g_str_equal (folder, "ct-mri") ? OMNI_TASK_MEDICAL
                                                                             : OMNI_TASK_AUTO;
}

/* (transfer full) Folder of the scene → its files, of all sets of the split. */
static GHashTable *
list_sets (const char *data)
{
  GHashTable *sets = g_hash_table_new_full (g_str_hash, g_str_equal, g_free,
                                            (GDestroyNotify)g_ptr_array_unref);
  g_autofree char *path = g_build_filename (data, "split.csv", NULL);
  g_autofree char *text = NULL;

  if (!g_file_get_contents (path, &text, NULL, NULL))
    return sets;
  g_auto (GStrv) lines = g_strsplit (text, "\n", -1);
  for (guint i = 1; lines[i] != NULL; i++)
  {
    g_auto (GStrv) cells = g_strsplit (lines[i], ",", 5);
    if (g_strv_length (cells) < 4 || !g_str_equal (cells[0], "val") || get_task (cells[1]) == OMNI_TASK_AUTO)
      continue;
    g_autofree char *key = g_strdup_printf ("%s/%s", cells[1], cells[2]);
    GPtrArray *files = g_hash_table_lookup (sets, key);
    if (files == NULL)
    {
      files = g_ptr_array_new_with_free_func (g_free);
      g_hash_table_insert (sets, g_steal_pointer (&key), files);
    }
    g_ptr_array_add (files, g_build_filename (data, cells[3], NULL));
  }
  return sets;
}

/* Roles are taken away, which file names may give. */
static OmniTask
detect (GPtrArray *files, char **reason)
{
  g_autoptr (GPtrArray) sources = g_ptr_array_new_with_free_func (g_object_unref);

  for (guint i = 0; i < files->len; i++)
  {
    GError *error = NULL;
    OmniSource *source = omni_source_new (files->pdata[i], &error);
    g_assert_no_error (error);
    omni_source_set_role (source, OMNI_ROLE_NONE);
    g_ptr_array_add (sources, source);
  }
  return omni_task_detect (sources, reason);
}

static void
test_val_split (void)
{
  const char *shared = g_getenv ("OMNIFUSE_SHARED");
  g_autofree char *data = shared != NULL ? g_build_filename (shared, "data", NULL) : NULL;
  g_autoptr (GHashTable) sets = list_sets (data != NULL ? data : "");
  GHashTableIter iter;
  gpointer key, files;
  guint n_right = 0, n_of[5] = { 0 }, n_right_of[5] = { 0 };

  if (g_hash_table_size (sets) == 0)
  {
    g_test_skip ("the shared pictures are not here (OMNIFUSE_SHARED)");
    return;
  }
  g_hash_table_iter_init (&iter, sets);
  while (g_hash_table_iter_next (&iter, &key, &files))
  {
    g_autofree char *folder = g_path_get_dirname (key);
    g_autofree char *reason = NULL;
    const OmniTask want = get_task (folder), got = detect (files, &reason);
    g_assert_cmpuint (want, <, G_N_ELEMENTS (n_of));
    n_of[want]++;
    n_right_of[want] += got == want;
    n_right += got == want;
    if (got != want)
      g_test_message ("%s: taken for %s (%s)", (const char *)key, omni_task_to_string (got), reason);
  }
  for (OmniTask task = OMNI_TASK_EXPOSURE; task <= OMNI_TASK_MEDICAL; task++)
    g_test_message ("%s: %u of %u", omni_task_to_string (task), n_right_of[task], n_of[task]);
  g_assert_cmpfloat (n_right, >=, LEAST_RIGHT * g_hash_table_size (sets));
}

/* Three neighbours of a bracket: a stop or so apart, at its dark end and at its bright one. */
static void
test_parts (void)
{
  const char *shared = g_getenv ("OMNIFUSE_SHARED");
  g_autofree char *data = shared != NULL ? g_build_filename (shared, "data", NULL) : NULL;
  g_autoptr (GHashTable) sets = list_sets (data != NULL ? data : "");
  GHashTableIter iter;
  gpointer key, value;
  guint n = 0, n_right = 0;

  g_hash_table_iter_init (&iter, sets);
  while (g_hash_table_iter_next (&iter, &key, &value))
  {
    const GPtrArray *files = value;
    if (!g_str_has_prefix (key, "exposure/") || files->len < 5)
      continue;
    for (guint end = 0; end < 2; end++)
    {
      g_autoptr (GPtrArray) part = g_ptr_array_new ();
      g_autofree char *reason = NULL;
      for (guint i = 0; i < 3; i++)
        g_ptr_array_add (part, files->pdata[end == 0 ? i : files->len - 1 - i]);
      const OmniTask found = detect (part, &reason);
      g_test_message ("%s, end %u: %s", (const char *)key, end, reason);
      n++;
      n_right += found == OMNI_TASK_EXPOSURE;
    }
  }
  if (n == 0)
  {
    g_test_skip ("the development pictures are not there");
    return;
  }
  g_assert_cmpuint (n_right, ==, n);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/task-detection/val-split", test_val_split);
  g_test_add_func ("/task-detection/parts", test_parts);
  return g_test_run ();
}
