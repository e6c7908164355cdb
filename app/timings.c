/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/timings.h"

#include "app/weights-folder.h"

#include <glib/gstdio.h>
#include <math.h>

#define MOST_GROUPS 200
#define MOST_SETS   16 /* of a group */
#define FAR                                                                                                  \
  16.0 /* times the pixels: what it takes to begin is most of a small set's time, and nothing of a large one's */
#define KEY_DIGITS 16

/* The table: a group for each device, model, weights and options; in it a key for each set, which has milliseconds and millions
 * of pixels. The newest are the last. */

static GKeyFile *table;

static char *
get_path (void)
{
  return g_build_filename (g_get_user_cache_dir (), "omnifuse", "timings.ini", NULL);
}

static GKeyFile *
get_table (void)
{
  if (table == NULL)
  {
    g_autofree char *path = get_path ();
    table = g_key_file_new ();
    g_key_file_load_from_file (table, path, G_KEY_FILE_NONE, NULL);
  }
  return table;
}

/* Writing waits for the disk. */

static GMutex lock, writing;
static char *unsaved; /* guarded by `lock` */

static void
save_in_thread (GTask *task, gpointer source_object, gpointer task_data, GCancellable *cancellable)
{
  g_autofree char *path = get_path ();
  g_autofree char *folder = g_path_get_dirname (path);

  g_mutex_lock (&writing);
  g_mutex_lock (&lock);
  g_autofree char *text = g_steal_pointer (&unsaved);
  g_mutex_unlock (&lock);
  if (text != NULL && g_mkdir_with_parents (folder, 0700) == 0)
    g_file_set_contents (path, text, -1, NULL);
  g_mutex_unlock (&writing);
  g_task_return_boolean (task, TRUE);
}

static void
save (void)
{
  g_autoptr (GTask) task = g_task_new (NULL, NULL, NULL, NULL);

  g_mutex_lock (&lock);
  g_free (unsaved);
  unsaved = g_key_file_to_data (table, NULL, NULL);
  g_mutex_unlock (&lock);
  g_task_run_in_thread (task, save_in_thread);
}

/* Keys */

static char *
make_key (const char *words)
{
  g_autofree char *sum = g_compute_checksum_for_string (G_CHECKSUM_SHA256, words, -1);

  return g_strndup (sum, KEY_DIGITS);
}

static char *
identify_weights (const OmniTiming *timing)
{
  GStatBuf file;

  if (timing->model->architecture == NULL)
    return g_strdup ("");
  if (timing->weights_path == NULL)
  {
    g_autofree char *path = omni_model_get_task_weights_path (timing->model, timing->task);
    return g_strdup (path != NULL ? omni_model_get_recorded_sha256 (path) : NULL);
  }
  if (g_stat (timing->weights_path, &file) != 0)
    return NULL;
  g_autofree char *title = omni_weights_folder_get_title (timing->weights_path);
  return g_strdup_printf ("%s %lu", title, (gulong)file.st_size);
}

/* (transfer full) (nullable) NULL: nobody knows which weights these are. */
static char *
make_group (const OmniTiming *timing)
{
  g_autofree char *weights = identify_weights (timing);

  if (weights == NULL)
    return NULL;
  g_autofree char *words = g_strjoin ("\n", timing->device, timing->model->name,
                                      omni_task_to_string (timing->task), weights, timing->options, NULL);
  return make_key (words);
}

static int
compare_words (gconstpointer a, gconstpointer b)
{
  return g_strcmp0 (*(const char *const *)a, *(const char *const *)b);
}

static char *
make_set (GPtrArray *sources)
{
  g_autoptr (GPtrArray) words = g_ptr_array_new_with_free_func (g_free);

  for (guint i = 0; i < sources->len; i++)
  {
    OmniSource *source = sources->pdata[i];
    g_ptr_array_add (words, g_strdup_printf ("%s %u %u %u", omni_source_get_path (source),
                                             omni_source_get_width (source), omni_source_get_height (source),
                                             omni_source_get_channels (source)));
  }
  g_ptr_array_sort (words, compare_words);
  g_ptr_array_add (words, NULL);
  g_autofree char *all = g_strjoinv ("\n", (char **)words->pdata);
  return make_key (all);
}

static double
count_megapixels (GPtrArray *sources)
{
  double n = 0;

  for (guint i = 0; i < sources->len; i++)
    n += (double)omni_source_get_width (sources->pdata[i]) * omni_source_get_height (sources->pdata[i]);
  return n / 1e6;
}

/* Adding */

void
omni_timings_add (const OmniFusionResult *result)
{
  const OmniTiming timing = { .device = result->device_name,
                              .model = result->model,
                              .task = result->task,
                              .weights_path = result->weights_path,
                              .options = result->options,
                              .sources = result->sources };
  GKeyFile *file = get_table ();
  double values[] = { result->ms.total, count_megapixels (result->sources) };
  g_autofree char *group = make_group (&timing);
  gsize n;

  if (result->has_refine || result->reused || group == NULL)
    return;
  g_autofree char *set = make_set (result->sources);
  g_key_file_remove_key (file, group, set, NULL);
  g_key_file_set_double_list (file, group, set, values, G_N_ELEMENTS (values));
  g_auto (GStrv) sets = g_key_file_get_keys (file, group, &n, NULL);
  for (gsize i = 0; i + MOST_SETS < n; i++)
    g_key_file_remove_key (file, group, sets[i], NULL);
  g_auto (GStrv) groups = g_key_file_get_groups (file, &n);
  for (gsize i = 0; i + MOST_GROUPS < n; i++)
    g_key_file_remove_group (file, groups[i], NULL);
  save ();
}

/* Finding */

/* The file may hold anything. */
static gboolean
read_set (const char *group, const char *set, double *ms, double *megapixels)
{
  gsize n;
  g_autofree double *values = g_key_file_get_double_list (get_table (), group, set, &n, NULL);

  if (values == NULL || n != 2 || !(values[0] > 0 && values[1] > 0) || !isfinite (values[0] / values[1]))
    return FALSE;
  *ms = values[0];
  *megapixels = values[1];
  return TRUE;
}

gboolean
omni_timings_find (const OmniTiming *timing, double *ms, gboolean *measured)
{
  const double wanted = count_megapixels (timing->sources);
  g_autofree char *group = make_group (timing);
  g_autofree char *set = make_set (timing->sources);
  double of_set, megapixels, nearest = FAR;
  gboolean found = FALSE;

  *measured = group != NULL && read_set (group, set, ms, &megapixels);
  if (*measured || group == NULL || wanted <= 0)
    return *measured;
  g_auto (GStrv) sets = g_key_file_get_keys (get_table (), group, NULL, NULL);
  for (guint i = 0; sets != NULL && sets[i] != NULL; i++)
  {
    if (!read_set (group, sets[i], &of_set, &megapixels))
      continue;
    const double times = MAX (wanted, megapixels) / MIN (wanted, megapixels);
    if (times > nearest)
      continue;
    nearest = times;
    *ms = of_set * wanted / megapixels;
    found = TRUE;
  }
  return found;
}
