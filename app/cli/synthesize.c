/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/cli/target.h"

#include "app/files/natural-sort.h"
#include "app/files/reader.h"
#include "app/files/writer.h"
#include "app/training/dataset.h"
#include "app/training/synthesis.h"

#include <glib/gstdio.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#define MAX_SOURCES 64
#define SOURCE_NAME "%02u.png"
#define TRUTH_NAME  "truth.png"

typedef struct
{
  OmniSynthesis kind;
  guint least_sources, most_sources;
  guint count, max_px;
  guint64 seed;
} Wanted;

static gboolean
read_sources (const char *text, Wanted *wanted, GError **error)
{
  g_auto (GStrv) parts = g_strsplit (text, "-", 2);
  guint64 least, most;
  const guint n = g_strv_length (parts);
  if (n == 0 || !g_ascii_string_to_unsigned (parts[0], 10, 2, MAX_SOURCES, &least, NULL)
      || !g_ascii_string_to_unsigned (parts[n - 1], 10, 2, MAX_SOURCES, &most, NULL) || least > most)
    return omni_cli_refuse (
      error, "“%s” is no number of sources; write one from 2 to %d, or two like 2-4 (--sources).", text,
      MAX_SOURCES);
  wanted->least_sources = (guint)least;
  wanted->most_sources = (guint)most;
  return TRUE;
}

static gboolean
read_options (const OmniCliOptions *options, Wanted *wanted, GError **error)
{
  *wanted = (Wanted){ .least_sources = 3, .most_sources = 3, .seed = 1 };
  if (options->arguments == NULL || g_strv_length (options->arguments) != 2)
    return omni_cli_refuse (
      error, "Say what to make, focus or exposure, and the folder of the pictures to make it from.");
  if (g_str_equal (options->arguments[0], "focus"))
    wanted->kind = OMNI_SYNTHESIS_FOCUS;
  else if (g_str_equal (options->arguments[0], "exposure"))
    wanted->kind = OMNI_SYNTHESIS_EXPOSURE;
  else
    return omni_cli_refuse (error, "There is no synthesis of “%s”; choose focus or exposure.",
                            options->arguments[0]);
  if (options->output == NULL)
    return omni_cli_refuse (error, "Which folder should the sets be written to? Name it with -o.");
  const gboolean counts = options->n_count != OMNI_CLI_NOT_GIVEN,
                 cuts = options->crop_px != OMNI_CLI_NOT_GIVEN;
  if ((counts && options->n_count < 1) || (cuts && options->crop_px < 32))
    return omni_cli_refuse (
      error, "--count takes a number from 1, --size one from 32; leave them out for all there is.");
  wanted->count = counts ? (guint)options->n_count : G_MAXUINT;
  wanted->max_px = cuts ? (guint)options->crop_px : 0;
  if (options->seed != NULL
      && !g_ascii_string_to_unsigned (options->seed, 10, 0, G_MAXUINT32, &wanted->seed, NULL))
    return omni_cli_refuse (error, "The seed is a number from 0 to %u, not “%s” (--seed).", G_MAXUINT32,
                            options->seed);
  return options->n_sources_text == NULL || read_sources (options->n_sources_text, wanted, error);
}

/* ---- Which pictures ---- */

/* A stream of the picture's own, whatever else the folder holds. */
static OmniRandom
open_random (const OmniScene *scene, guint64 seed, guint64 item)
{
  return omni_random_open (seed, g_str_hash (scene->name), item);
}

static int
compare_names (gconstpointer a, gconstpointer b)
{
  return omni_natural_compare ((*(const OmniScene *const *)a)->name, (*(const OmniScene *const *)b)->name);
}

static int
compare_draws (gconstpointer a, gconstpointer b, gpointer data)
{
  const Wanted *wanted = data;
  OmniRandom of_a = open_random (*(const OmniScene *const *)a, wanted->seed, 1);
  OmniRandom of_b = open_random (*(const OmniScene *const *)b, wanted->seed, 1);
  const guint64 x = omni_random_next (&of_a), y = omni_random_next (&of_b);
  return x != y ? (x > y ? 1 : -1) : compare_names (a, b);
}

/* The pictures of `folder` that a training does not see: where a split.csv beside or above says so, the val split. */
static GPtrArray *
choose_pictures (const OmniCliOptions *options, const Wanted *wanted, OmniDataset **dataset, GError **error)
{
  g_autofree char *folder = g_canonicalize_filename (options->arguments[1], NULL);
  g_autofree char *parent = g_path_get_dirname (folder), *name = g_path_get_basename (folder);
  g_autofree char *csv = g_build_filename (parent, "split.csv", NULL);
  const gboolean is_split = g_file_test (csv, G_FILE_TEST_EXISTS);
  g_autoptr (GPtrArray) notes = g_ptr_array_new_with_free_func (g_free);
  if (!g_file_test (folder, G_FILE_TEST_IS_DIR))
  {
    omni_cli_refuse (error, "“%s” is no folder; name one of sharp pictures.", options->arguments[1]);
    return NULL;
  }
  *dataset = omni_dataset_open (parent, error);
  GPtrArray *pictures = *dataset != NULL
                          ? omni_dataset_list (*dataset, name, OMNI_SCENES_OF_PICTURES, FALSE, notes, error)
                          : NULL;
  for (guint i = 0; i < notes->len; i++)
    omni_cli_warn (options->quiet, notes->pdata[i]);
  for (guint i = 0; is_split && pictures != NULL && i < pictures->len;)
    if (((const OmniScene *)pictures->pdata[i])->split == OMNI_SPLIT_VAL)
      i++;
    else
      g_ptr_array_remove_index (pictures, i);
  if (pictures != NULL)
    g_ptr_array_sort_with_data (pictures, compare_draws, (gpointer)wanted);
  return pictures;
}

/* As many as are wanted in the order they were drawn, then in that of their names. One that is too small is left out, which is
 * said. */
static void
keep_wanted (const OmniCliOptions *options, const Wanted *wanted, GPtrArray *pictures)
{
  guint n = 0;
  while (n < pictures->len && n < wanted->count)
  {
    const OmniScene *scene = pictures->pdata[n];
    if (MIN (scene->width, scene->height) >= wanted->max_px)
    {
      n++;
      continue;
    }
    g_autofree char *message = g_strdup_printf ("“%s” is left out: %u × %u pixels are less than %u.",
                                                scene->name, scene->width, scene->height, wanted->max_px);
    omni_cli_warn (options->quiet, message);
    g_ptr_array_remove_index (pictures, n);
  }
  g_ptr_array_set_size (pictures, (gint)n);
  g_ptr_array_sort (pictures, compare_names);
}

/* ---- Writing ---- */

static gboolean
write_picture (OmniPicture *picture, const char *folder, const char *name, gboolean force, GError **error)
{
  g_autofree char *path = g_build_filename (folder, name, NULL);
  const OmniWriteOptions options = { .force = force };
  return omni_picture_write (picture, path, &options, error);
}

/* (transfer full) The name of the picture's folder: its own without the extension. */
static char *
make_stem (const OmniScene *scene)
{
  const char *dot = strrchr (scene->name, '.');
  return g_strndup (scene->name,
                    dot != NULL && dot > scene->name ? (gsize)(dot - scene->name) : strlen (scene->name));
}

/* Two pictures must not share a folder. */
static gboolean
check_stems (GPtrArray *pictures, GError **error)
{
  g_autoptr (GHashTable) stems = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  for (guint i = 0; i < pictures->len; i++)
  {
    const OmniScene *scene = pictures->pdata[i];
    g_autofree char *stem = make_stem (scene);
    const OmniScene *other = g_hash_table_lookup (stems, stem);
    if (other != NULL)
      return omni_cli_refuse (error,
                              "“%s” and “%s” would both be written to the folder “%s”; rename one of them.",
                              other->name, scene->name, stem);
    g_hash_table_insert (stems, g_steal_pointer (&stem), (gpointer)scene);
  }
  return TRUE;
}

static gboolean
remove_file (const char *folder, const char *name, GError **error)
{
  g_autofree char *path = g_build_filename (folder, name, NULL);
  if (g_unlink (path) == 0 || errno == ENOENT)
    return TRUE;
  g_autofree char *shown = g_filename_display_name (path);
  return omni_cli_refuse (error, "The file “%s” of an earlier set cannot be removed: %s.", shown,
                          g_strerror (errno));
}

/* The truth goes before anything else: a set that is interrupted half-way must not look whole. */
static gboolean
remove_earlier_set (const char *folder, guint n_sources, GError **error)
{
  if (!remove_file (folder, TRUTH_NAME, error))
    return FALSE;
  for (guint k = n_sources; k < MAX_SOURCES; k++)
  {
    g_autofree char *name = g_strdup_printf (SOURCE_NAME, k);
    if (!remove_file (folder, name, error))
      return FALSE;
  }
  return TRUE;
}

static gboolean
write_set (const OmniCliOptions *options, const Wanted *wanted, const OmniScene *scene, JsonBuilder *json,
           GError **error)
{
  g_autoptr (OmniPicture) picture = omni_picture_read (scene->paths[0], NULL, error);
  g_autoptr (OmniPicture)
    truth = picture != NULL ? omni_synthesis_prepare_truth (picture, wanted->max_px, error) : NULL;
  if (truth == NULL)
    return FALSE;
  OmniRandom random = open_random (scene, wanted->seed, 0);
  const guint n_sources = wanted->least_sources
                          + omni_random_below (&random, wanted->most_sources - wanted->least_sources + 1);
  g_autoptr (GPtrArray)
    set = omni_synthesis_make_set (wanted->kind, &omni_synthesis_defaults, &random, truth, n_sources, error);
  g_autofree char *stem = make_stem (scene);
  g_autofree char *folder = g_build_filename (options->output, stem, NULL);
  if (set == NULL || !omni_cli_make_folder (folder, error)
      || (options->force && !remove_earlier_set (folder, set->len, error)))
    return FALSE;
  for (guint k = 0; k < set->len; k++)
  {
    g_autofree char *name = g_strdup_printf (SOURCE_NAME, k);
    if (!write_picture (set->pdata[k], folder, name, options->force, error))
      return FALSE;
  }
  /* The truth comes last: a scene that has one is whole. */
  if (!write_picture (truth, folder, TRUTH_NAME, options->force, error))
    return FALSE;
  json_builder_begin_object (json);
  omni_cli_add_path (json, "folder", folder);
  omni_cli_add_path (json, "picture", scene->paths[0]);
  omni_cli_add_int (json, "sources", n_sources);
  omni_cli_add_int (json, "width", omni_picture_get_width (truth));
  omni_cli_add_int (json, "height", omni_picture_get_height (truth));
  json_builder_end_object (json);
  return TRUE;
}

static gboolean
run (const OmniCliOptions *options, GError **error)
{
  Wanted wanted;
  if (!read_options (options, &wanted, error))
    return FALSE;
  GCancellable *cancellable = omni_cli_catch_interrupt ();
  g_autoptr (OmniDataset) dataset = NULL;
  g_autoptr (GPtrArray) pictures = choose_pictures (options, &wanted, &dataset, error);
  if (pictures == NULL || !check_stems (pictures, error))
    return FALSE;
  if (pictures->len == 0)
    return omni_cli_refuse (
      error, "“%s” has no picture to begin with; where there is a split.csv beside it, its “val” rows count.",
      options->arguments[1]);
  keep_wanted (options, &wanted, pictures);
  if (pictures->len == 0)
    return omni_cli_refuse (error, "No picture of “%s” is large enough; choose a smaller --size.",
                            options->arguments[1]);
  g_autoptr (OmniCliProgress) progress = omni_cli_progress_new (options->quiet);
  g_autoptr (JsonBuilder) json = json_builder_new ();
  json_builder_begin_object (json);
  omni_cli_add_string (json, "synthesis", options->arguments[0]);
  omni_cli_add_int (json, "seed", (gint64)wanted.seed);
  json_builder_set_member_name (json, "scenes");
  json_builder_begin_array (json);
  const guint n = pictures->len;
  for (guint i = 0; i < n; i++)
  {
    omni_cli_progress_cb ((double)i / n, "synthesize", progress);
    if (g_cancellable_set_error_if_cancelled (cancellable, error)
        || !write_set (options, &wanted, pictures->pdata[i], json, error))
      return FALSE;
  }
  json_builder_end_array (json);
  json_builder_end_object (json);
  g_clear_pointer (&progress, omni_cli_progress_free);
  if (options->json)
    omni_cli_print_json (json);
  else if (!options->quiet)
    printf ("%u %s in %s\n", n, n == 1 ? "set" : "sets", options->output);
  return TRUE;
}

int
omni_cli_synthesize (int argc, char **argv)
{
  g_auto (OmniCliOptions) options = { 0 };
  GError *error = NULL;
  if (!omni_cli_options_parse (
        &options, OMNI_CLI_SYNTHESIZE, "focus|exposure FOLDER",
        "Makes focus stacks or exposure brackets, each with its truth, from a folder of sharp, well exposed "
        "pictures:\n"
        "DIR/NAME/00.png, 01.png, … and truth.png. Where a split.csv lies beside the folder, only its val "
        "split is "
        "used.\nThe same seed makes the same set of a picture, whatever else the folder holds.",
        argc, argv, &error))
    return omni_cli_fail (error);
  return run (&options, &error) ? OMNI_EXIT_DONE : omni_cli_fail (error);
}
