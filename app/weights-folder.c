/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/weights-folder.h"

#include "app/files/output.h"
#include "app/files/reader.h"

#include <errno.h>
#include <glib/gi18n.h>
#include <glib/gstdio.h>
#include <string.h>

#define SUFFIX    ".safetensors"
#define MAX_NAMES 1000
#define MAX_STEM  80

char *
omni_weights_folder_get_path (void)
{
  return g_build_filename (g_get_user_data_dir (), "omnifuse", "weights", NULL);
}

static int
compare_paths (gconstpointer a, gconstpointer b)
{
  return g_strcmp0 (*(const char *const *)a, *(const char *const *)b);
}

GPtrArray *
omni_weights_folder_list (const char *architecture)
{
  GPtrArray *paths = g_ptr_array_new_with_free_func (g_free);
  g_autofree char *folder = omni_weights_folder_get_path ();
  g_autofree char *prefix = g_strconcat (architecture, ".", NULL);
  GDir *dir = g_dir_open (folder, 0, NULL);

  for (const char *name; dir != NULL && (name = g_dir_read_name (dir)) != NULL;)
    if (g_str_has_prefix (name, prefix) && g_str_has_suffix (name, SUFFIX)
        && strlen (name) > strlen (prefix) + strlen (SUFFIX))
      g_ptr_array_add (paths, g_build_filename (folder, name, NULL));
  g_clear_pointer (&dir, g_dir_close);
  g_ptr_array_sort (paths, compare_paths);
  return paths;
}

static gboolean
names_task (const char *tasks, guint mask)
{
  g_auto (GStrv) words = g_strsplit_set (tasks, ", ", -1);

  for (OmniTask task = OMNI_TASK_EXPOSURE; task < OMNI_N_TASKS; task++)
    if ((mask & (1u << task)) != 0
        && g_strv_contains ((const char *const *)words, omni_task_to_string (task)))
      return TRUE;
  return FALSE;
}

/* 2: say that they are for one of the tasks, a mask; 1: have the normalisation that such a network has, PMGI's for bands none; 0:
 * neither. `tasks` and `norm` are their metadata. */
static guint
rank (const char *tasks, const char *norm, const OmniModel *model, guint mask)
{
  if (tasks != NULL && names_task (tasks, mask))
    return 2;
  return tasks == NULL && (g_strcmp0 (norm, "none") == 0) == (model->pansharpens != 0) ? 1 : 0;
}

static guint
rank_file (const char *path, const OmniModel *model, OmniTask task)
{
  g_autoptr (OmniWeights) weights = omni_weights_load (path, NULL);
  const char *tasks = weights != NULL ? omni_weights_get_metadata (weights, "tasks") : NULL;
  const char *norm = weights != NULL ? omni_weights_get_metadata (weights, "norm") : NULL;

  return rank (tasks, norm, model, 1u << task); /* no word is that of AUTO */
}

const OmniModel *
omni_weights_folder_find_model (const OmniImport *import)
{
  const char *tasks = omni_import_get_metadata (import, "tasks");
  const char *norm = omni_import_get_metadata (import, "norm");
  const OmniModel *const *models = omni_models_list ();
  const OmniModel *best = NULL;

  for (guint i = 0; models[i] != NULL; i++)
    if (g_strcmp0 (models[i]->architecture, omni_import_get_architecture (import)) == 0
        && (best == NULL
            || rank (tasks, norm, models[i], models[i]->tasks) > rank (tasks, norm, best, best->tasks)))
      best = models[i];
  return best;
}

char *
omni_weights_folder_choose (const OmniModel *model, OmniTask task)
{
  g_autofree char *shipped = omni_model_get_task_weights_path (model, task);
  g_autoptr (GPtrArray) paths = NULL;
  guint best = 0;

  if (model->architecture == NULL || (shipped != NULL && g_file_test (shipped, G_FILE_TEST_IS_REGULAR)))
    return NULL;
  paths = omni_weights_folder_list (model->architecture);
  for (guint i = 1; i < paths->len; i++)
    if (rank_file (paths->pdata[i], model, task) > rank_file (paths->pdata[best], model, task))
      best = i;
  return paths->len > 0 ? g_strdup (paths->pdata[best]) : NULL;
}

char *
omni_weights_folder_find (const char *architecture, const char *title)
{
  const OmniModel *const *models = omni_models_list ();

  for (guint m = 0; models[m] != NULL; m++)
  {
    if (models[m]->architecture == NULL
        || (architecture != NULL && !g_str_equal (architecture, models[m]->architecture)))
      continue;

    g_autoptr (GPtrArray) paths = omni_weights_folder_list (models[m]->architecture);

    for (guint i = 0; i < paths->len; i++)
    {
      g_autofree char *its_title = omni_weights_folder_get_title (paths->pdata[i]);

      if (g_str_equal (its_title, title))
        return g_strdup (paths->pdata[i]);
    }
  }
  return NULL;
}

char *
omni_weights_folder_get_title (const char *path)
{
  g_autofree char *base = g_path_get_basename (path);
  g_autofree char *display = g_filename_display_name (base);

  if (g_str_has_suffix (display, SUFFIX))
    display[strlen (display) - strlen (SUFFIX)] = '\0';
  const char *stem = strchr (display, '.');
  return g_strdup (stem != NULL && stem[1] != '\0' ? stem + 1 : display);
}

gboolean
omni_weights_folder_find_bytes (const OmniModel *model, OmniTask task, const char *sha256, char **path)
{
  g_autofree char *shipped = omni_model_get_task_weights_path (model, task);
  g_autofree char *of_shipped = shipped != NULL ? omni_file_sha256 (shipped, NULL) : NULL;

  *path = NULL;
  if (of_shipped != NULL && g_str_equal (of_shipped, sha256))
    return TRUE;
  g_autoptr (GPtrArray) added = omni_weights_folder_list (model->architecture);
  for (guint i = 0; i < added->len; i++)
  {
    g_autofree char *of_added = omni_file_sha256 (added->pdata[i], NULL);
    if (of_added == NULL || !g_str_equal (of_added, sha256))
      continue;
    *path = g_strdup (added->pdata[i]);
    return TRUE;
  }
  return FALSE;
}

/* "IFCNN-MAX" of IFCNN-MAX.pth. Checkpoints are all called alike, so that their folder is the better half of the name:
 * "Multi-exp CGAN.model-9". */
static char *
make_stem (const OmniImport *import)
{
  static const char *const suffixes[] = { ".pth", ".pt", ".index", SUFFIX };
  const char *path = omni_import_get_file (import, 0, NULL);
  const gboolean is_index = g_str_has_suffix (path, ".index");
  g_autofree char *base = g_path_get_basename (path);
  g_autofree char *folder_path = g_path_get_dirname (path);
  g_autofree char *folder = g_path_get_basename (folder_path);
  char *stem;

  for (guint i = 0; i < G_N_ELEMENTS (suffixes); i++)
    if (g_str_has_suffix (base, suffixes[i]) && strlen (base) > strlen (suffixes[i]))
    {
      base[strlen (base) - strlen (suffixes[i])] = '\0';
      break;
    }
  stem = is_index && !g_str_equal (folder, ".") ? g_strdup_printf ("%s %s", folder, base) : g_strdup (base);
  for (char *at = stem; *at != '\0'; at++)
    if (!g_ascii_isalnum (*at) && strchr ("-_. ", *at) == NULL)
      *at = '_';
  if (strlen (stem) > MAX_STEM)
    stem[MAX_STEM] = '\0';
  return stem;
}

static gboolean
has_content (const char *path, GBytes *bytes)
{
  g_autofree char *contents = NULL;
  gsize n, n_wanted;
  const char *wanted = g_bytes_get_data (bytes, &n_wanted);

  return g_file_get_contents (path, &contents, &n, NULL) && n == n_wanted
         && memcmp (contents, wanted, n) == 0;
}

char *
omni_weights_folder_add (OmniImport *import, GError **error)
{
  g_autofree char *folder = omni_weights_folder_get_path (), *stem = make_stem (import);
  g_autoptr (GBytes) bytes = omni_import_write (import, NULL, error);
  gsize size;
  gconstpointer data;

  if (bytes == NULL)
    return NULL;
  if (g_mkdir_with_parents (folder, 0700) != 0)
  {
    g_set_error (error, G_IO_ERROR, g_io_error_from_errno (errno), _ ("The folder “%s” cannot be made: %s."),
                 folder, g_strerror (errno));
    return NULL;
  }
  data = g_bytes_get_data (bytes, &size);
  for (guint i = 1; i < MAX_NAMES; i++)
  {
    g_autofree char *number = i > 1 ? g_strdup_printf (" %u", i) : g_strdup ("");
    g_autofree char *name = g_strconcat (omni_import_get_architecture (import), ".", stem, number, SUFFIX,
                                         NULL);
    g_autofree char *path = g_build_filename (folder, name, NULL);

    if (!g_file_test (path, G_FILE_TEST_EXISTS))
      return omni_file_replace_contents_atomic (path, data, size, FALSE, error) ? g_steal_pointer (&path)
                                                                                : NULL;
    if (has_content (path, bytes))
      return g_steal_pointer (&path);
  }
  g_set_error (error, G_IO_ERROR, G_IO_ERROR_EXISTS,
               _ ("There are too many weights called “%s”; remove some."), stem);
  return NULL;
}

gboolean
omni_weights_folder_remove (const char *path, GError **error)
{
  g_autofree char *folder = omni_weights_folder_get_path (), *its_folder = g_path_get_dirname (path);
  g_autofree char *display = g_filename_display_name (path);

  if (!g_str_equal (folder, its_folder) || !g_str_has_suffix (path, SUFFIX))
  {
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
                 _ ("“%s” was not added here, so it is left alone."), display);
    return FALSE;
  }
  if (g_unlink (path) == 0)
    return TRUE;
  g_set_error (error, G_IO_ERROR, g_io_error_from_errno (errno), _ ("“%s” cannot be removed: %s."), display,
               g_strerror (errno));
  return FALSE;
}
