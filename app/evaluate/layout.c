/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/evaluate/layout.h"

#include "app/fusion/engine.h"
#include "app/files/csv.h"
#include "app/files/natural-sort.h"
#include "app/files/reader.h"

#include <string.h>

typedef struct
{
  const char *name;
  OmniTask task;
} TaskFolder;

static const TaskFolder task_folders[] = {
  { "exposure", OMNI_TASK_EXPOSURE }, { "focus", OMNI_TASK_FOCUS },
  { "infrared", OMNI_TASK_INFRARED }, { "medical", OMNI_TASK_MEDICAL },
  { "mri-pet", OMNI_TASK_MEDICAL },   { "mri-spect", OMNI_TASK_MEDICAL },
  { "ct-mri", OMNI_TASK_MEDICAL },    { "pansharpen", OMNI_TASK_PANSHARPEN },
};

typedef struct
{
  OmniTask task; /* of all scenes; AUTO: as found */
  GPtrArray *scenes, *notes;
} Walk;

void
omni_evaluate_scene_free (OmniEvaluateScene *scene)
{
  g_free (scene->id);
  g_free (scene->group);
  g_free (scene->name);
  g_ptr_array_unref (scene->sources);
  g_clear_object (&scene->reference);
  g_free (scene->problem);
  g_free (scene);
}

static OmniTask
find_task_of_folder (const char *name)
{
  for (guint i = 0; i < G_N_ELEMENTS (task_folders); i++)
    if (g_str_equal (task_folders[i].name, name))
      return task_folders[i].task;
  return OMNI_TASK_AUTO;
}

/* ---- Folders ---- */

static int
compare_names (gconstpointer a, gconstpointer b)
{
  return omni_natural_compare (*(const char *const *)a, *(const char *const *)b);
}

/* (transfer full) The names in `folder` that are pictures, or else that are folders; hidden ones left out. */
static GPtrArray *
list_folder (const char *folder, gboolean folders, GError **error)
{
  g_autoptr (GDir) directory = g_dir_open (folder, 0, NULL);
  if (directory == NULL)
  {
    g_autofree char *display = g_filename_display_name (folder);
    const gboolean exists = g_file_test (folder, G_FILE_TEST_EXISTS);
    g_set_error (error, G_IO_ERROR, exists ? G_IO_ERROR_NOT_DIRECTORY : G_IO_ERROR_NOT_FOUND,
                 exists ? "“%s” is not a folder that can be opened; name a folder of scenes."
                        : "There is no folder “%s”; name a folder of scenes.",
                 display);
    return NULL;
  }
  g_autoptr (GPtrArray) names = g_ptr_array_new_with_free_func (g_free);
  for (const char *name; (name = g_dir_read_name (directory)) != NULL;)
  {
    g_autofree char *path = g_build_filename (folder, name, NULL);
    if (name[0] != '.'
        && (folders ? g_file_test (path, G_FILE_TEST_IS_DIR)
                    : g_file_test (path, G_FILE_TEST_IS_REGULAR) && omni_picture_is_candidate (path)))
      g_ptr_array_add (names, g_strdup (name));
  }
  g_ptr_array_sort (names, compare_names);
  return g_steal_pointer (&names);
}

static gboolean
has_any (const char *folder, gboolean folders)
{
  g_autoptr (GPtrArray) names = list_folder (folder, folders, NULL);
  return names != NULL && names->len > 0;
}

/* Scenes may be called "focus" as well: a task folder holds folders, a scene pictures. */
static gboolean
is_task_folder (const char *path)
{
  g_autofree char *name = g_path_get_basename (path);
  return find_task_of_folder (name) != OMNI_TASK_AUTO && has_any (path, TRUE) && !has_any (path, FALSE);
}

/* ---- One scene ---- */

/* (transfer full) */
static char *
get_stem (const char *name)
{
  const char *dot = strrchr (name, '.');
  return g_ascii_strdown (name, dot != NULL ? dot - name : -1);
}

static void
add_file (OmniEvaluateScene *scene, const char *folder, const char *name)
{
  g_autofree char *path = g_build_filename (folder, name, NULL);
  g_autofree char *stem = get_stem (name);
  g_autoptr (GError) error = NULL;
  g_autoptr (OmniSource) source = omni_source_new (path, &error);
  const gboolean is_reference = omni_picture_is_truth (name);
  if (source == NULL || (is_reference && scene->reference != NULL))
  {
    if (scene->problem == NULL)
      scene->problem = g_strdup (source == NULL ? error->message
                                                : "It has two reference pictures; keep one.");
    return;
  }
  if (is_reference)
  {
    scene->reference = g_steal_pointer (&source);
    return;
  }
  OmniRole role;
  if (omni_role_from_string (stem, &role))
    omni_source_set_role (source, role);
  g_ptr_array_add (scene->sources, g_steal_pointer (&source));
}

/* Pixels are compared with pixels, except where a smaller picture is to be sharpened. */
static void
check_sizes (OmniEvaluateScene *scene)
{
  g_autoptr (GPtrArray) pictures = g_ptr_array_copy (scene->sources, NULL, NULL);
  g_ptr_array_set_free_func (pictures, NULL); /* the copy comes with that of the original */
  if (scene->reference != NULL)
    g_ptr_array_add (pictures, scene->reference);
  for (guint i = 1; scene->problem == NULL && i < pictures->len; i++)
  {
    OmniSource *a = pictures->pdata[0], *b = pictures->pdata[i];
    g_autofree char *name_a = omni_source_dup_display_name (a);
    g_autofree char *name_b = omni_source_dup_display_name (b);
    if (omni_source_get_width (a) != omni_source_get_width (b)
        || omni_source_get_height (a) != omni_source_get_height (b))
      scene->problem = g_strdup_printf (
        "The pictures differ in size: “%s” is %u × %u and “%s” is %u × %u; bring them to one size.", name_a,
        omni_source_get_width (a), omni_source_get_height (a), name_b, omni_source_get_width (b),
        omni_source_get_height (b));
  }
}

/* `group` (nullable) is the task folder. */
static OmniEvaluateScene *
scene_new (const char *folder, const char *group, const char *name, OmniTask task)
{
  OmniEvaluateScene *scene = g_new0 (OmniEvaluateScene, 1);
  scene->name = g_filename_display_name (name);
  scene->sources = g_ptr_array_new_with_free_func (g_object_unref);
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) files = list_folder (folder, FALSE, &error);
  for (guint i = 0; files != NULL && i < files->len; i++)
    add_file (scene, folder, files->pdata[i]);
  if (scene->problem == NULL && scene->sources->len == 0)
    scene->problem = error != NULL ? g_strdup (error->message) : g_strdup ("The folder holds no pictures.");

  scene->task = task;
  if (scene->task == OMNI_TASK_AUTO && group != NULL)
    scene->task = find_task_of_folder (group);
  if (scene->task == OMNI_TASK_AUTO && scene->problem == NULL)
    scene->task = omni_task_detect (scene->sources, NULL);
  if (scene->task != OMNI_TASK_PANSHARPEN)
    check_sizes (scene);
  scene->group = g_strdup (group != NULL ? group : omni_task_to_string (scene->task));
  scene->id = g_strconcat (scene->group, "/", scene->name, NULL);
  return scene;
}

/* ---- The walk ---- */

static gboolean
walk_scenes (Walk *walk, const char *folder, const char *group, GError **error)
{
  g_autoptr (GPtrArray) names = list_folder (folder, TRUE, error);
  for (guint i = 0; names != NULL && i < names->len; i++)
  {
    g_autofree char *path = g_build_filename (folder, names->pdata[i], NULL);
    g_ptr_array_add (walk->scenes, scene_new (path, group, names->pdata[i], walk->task));
  }
  return names != NULL;
}

/* FALSE without error when `folder` has no task folders. */
static gboolean
walk_task_folders (Walk *walk, const char *folder, GError **error)
{
  g_autoptr (GPtrArray) names = list_folder (folder, TRUE, error);
  g_autoptr (GPtrArray) others = g_ptr_array_new ();
  gboolean found = FALSE;
  for (guint i = 0; names != NULL && i < names->len; i++)
  {
    g_autofree char *path = g_build_filename (folder, names->pdata[i], NULL);
    if (!is_task_folder (path))
    {
      g_ptr_array_add (others, names->pdata[i]);
      continue;
    }
    found = TRUE;
    if (!walk_scenes (walk, path, names->pdata[i], error))
      return FALSE;
  }
  for (guint i = 0; found && walk->notes != NULL && i < others->len; i++)
  {
    g_autofree char *name = g_filename_display_name (others->pdata[i]);
    g_ptr_array_add (walk->notes,
                     g_strdup_printf ("The folder “%s” is no task's folder and was passed over.", name));
  }
  return found;
}

/* `root` (out, transfer full) is where split.csv lies. */
static gboolean
walk_folder (Walk *walk, const char *folder, char **root, GError **error)
{
  g_autofree char *absolute = g_canonicalize_filename (folder, NULL);
  g_autofree char *name = g_path_get_basename (absolute);
  g_autofree char *parent = g_path_get_dirname (absolute);
  g_autofree char *parent_name = g_path_get_basename (parent);
  g_autoptr (GPtrArray) pictures = list_folder (absolute, FALSE, error);
  g_autoptr (GError) local_error = NULL;
  if (pictures == NULL)
    return FALSE;

  if (pictures->len > 0)
  {
    const gboolean in_task = find_task_of_folder (parent_name) != OMNI_TASK_AUTO;
    g_ptr_array_add (walk->scenes, scene_new (absolute, in_task ? parent_name : NULL, name, walk->task));
    *root = g_path_get_dirname (parent);
  }
  else if (is_task_folder (absolute))
  {
    *root = g_steal_pointer (&parent);
    return walk_scenes (walk, absolute, name, error);
  }
  else
  {
    *root = g_strdup (absolute);
    if (!walk_task_folders (walk, absolute, &local_error) && local_error == NULL)
      return walk_scenes (walk, absolute, NULL, error);
    if (local_error != NULL)
    {
      g_propagate_error (error, g_steal_pointer (&local_error));
      return FALSE;
    }
  }
  return TRUE;
}

/* ---- The split ---- */

/* (transfer full) The ids that split.csv names for `split`. */
static GHashTable *
read_split (const char *root, const char *split, GError **error)
{
  g_autofree char *path = g_build_filename (root, "split.csv", NULL);
  g_autofree char *display = g_filename_display_name (path);
  if (!g_file_test (path, G_FILE_TEST_EXISTS))
  {
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND,
                 "There is no “%s”, which would say what belongs to “%s”; leave out --split.", display,
                 split);
    return NULL;
  }
  g_autoptr (OmniCsv) csv = omni_csv_read (path, error);
  if (csv == NULL)
    return NULL;
  static const char *const columns[] = { "split", "task", "scene" };
  guint at[3];
  for (guint i = 0; i < 3; i++)
    if (!omni_csv_find_column (csv, columns[i], &at[i]))
    {
      g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA,
                   "“%s” has no column “%s”; it needs split, task and scene.", display, columns[i]);
      return NULL;
    }

  g_autoptr (GHashTable) ids = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_autoptr (GHashTable) splits = g_hash_table_new (g_str_hash, g_str_equal);
  for (guint row = 0; row < omni_csv_count_rows (csv); row++)
  {
    const char *task = omni_csv_get (csv, row, at[1]), *scene = omni_csv_get (csv, row, at[2]);
    g_hash_table_add (splits, (gpointer)omni_csv_get (csv, row, at[0]));
    if (g_str_equal (omni_csv_get (csv, row, at[0]), split) && find_task_of_folder (task) != OMNI_TASK_AUTO)
      g_hash_table_add (ids, g_strconcat (task, "/", scene, NULL));
  }
  if (g_hash_table_contains (splits, split))
    return g_steal_pointer (&ids);
  g_autoptr (GList) names = g_list_sort (g_hash_table_get_keys (splits), (GCompareFunc)strcmp);
  g_autoptr (GString) known = g_string_new (NULL);
  for (GList *name = names; name != NULL; name = name->next)
    g_string_append_printf (known, "%s%s", known->len > 0 ? ", " : "", (const char *)name->data);
  g_set_error (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND, "“%s” has no split “%s”; it has %s (--split).",
               display, split, known->str);
  return NULL;
}

/* What split.csv names and the disk does not have must not go unseen. */
static void
add_missing (Walk *walk, GHashTable *wanted, const char *only_group)
{
  g_autoptr (GList) left = g_list_sort (g_hash_table_get_keys (wanted), (GCompareFunc)omni_natural_compare);
  for (GList *link = left; link != NULL; link = link->next)
  {
    const char *id = link->data, *slash = strchr (id, '/');
    g_autofree char *group = g_strndup (id, slash - id);
    if (only_group != NULL && !g_str_equal (group, only_group))
      continue;
    OmniEvaluateScene *scene = g_new0 (OmniEvaluateScene, 1);
    scene->id = g_strdup (id);
    scene->group = g_steal_pointer (&group);
    scene->name = g_strdup (slash + 1);
    scene->task = walk->task != OMNI_TASK_AUTO ? walk->task : find_task_of_folder (scene->group);
    scene->sources = g_ptr_array_new_with_free_func (g_object_unref);
    scene->problem = g_strdup ("split.csv names it, but there is no such folder.");
    g_ptr_array_add (walk->scenes, scene);
  }
}

static gboolean
keep_split (Walk *walk, const char *folder, const char *root, const char *split, GError **error)
{
  g_autoptr (GHashTable) wanted = read_split (root, split, error);
  if (wanted == NULL)
    return FALSE;
  for (guint i = walk->scenes->len; i > 0; i--)
  {
    const OmniEvaluateScene *scene = walk->scenes->pdata[i - 1];
    if (!g_hash_table_remove (wanted, scene->id))
      g_ptr_array_remove_index (walk->scenes, i - 1);
  }
  /* A task folder is answerable for itself only, a scene for nothing else. */
  g_autofree char *absolute = g_canonicalize_filename (folder, NULL);
  g_autofree char *name = g_path_get_basename (absolute);
  const gboolean is_root = g_str_equal (absolute, root);
  if (is_root || is_task_folder (absolute))
    add_missing (walk, wanted, is_root ? NULL : name);
  return TRUE;
}

static int
compare_scenes (gconstpointer a, gconstpointer b)
{
  const OmniEvaluateScene *x = *(const OmniEvaluateScene *const *)a;
  const OmniEvaluateScene *y = *(const OmniEvaluateScene *const *)b;
  return x->task != y->task ? (x->task > y->task ? 1 : -1) : omni_natural_compare (x->id, y->id);
}

GPtrArray *
omni_evaluate_find_scenes (const char *folder, const char *split, OmniTask task, GPtrArray *notes,
                           GError **error)
{
  g_return_val_if_fail (folder != NULL, NULL);

  g_autoptr (GPtrArray) scenes = g_ptr_array_new_with_free_func ((GDestroyNotify)omni_evaluate_scene_free);
  g_autofree char *root = NULL;
  g_autofree char *display = g_filename_display_name (folder);
  Walk walk = { .task = task, .scenes = scenes, .notes = notes };
  if (!walk_folder (&walk, folder, &root, error))
    return NULL;
  if (scenes->len == 0)
  {
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND,
                 "“%s” holds no scenes; a scene is a folder with the pictures of one set.", display);
    return NULL;
  }
  if (split != NULL && !keep_split (&walk, folder, root, split, error))
    return NULL;
  if (scenes->len == 0)
  {
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND,
                 "No scene of “%s” belongs to the split “%s”; choose another folder or split.", display,
                 split);
    return NULL;
  }
  g_ptr_array_sort (scenes, compare_scenes);
  return g_steal_pointer (&scenes);
}
