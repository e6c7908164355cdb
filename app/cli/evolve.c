/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/cli/cli.h"

#include "app/training/library.h"

#include <stdio.h>

/* ---- What was asked for ---- */

static gboolean
add_method (GPtrArray *methods, const char *description, GError **error)
{
  OmniEvaluateMethod *method = omni_evaluate_method_new (OMNI_METHOD_MODEL, description, error);
  if (method == NULL)
    return FALSE;
  g_ptr_array_add (methods, method);
  return TRUE;
}

/* The first so many of the usual order, then those that were named. */
static gboolean
read_library (const OmniCliOptions *options, GPtrArray *methods, GError **error)
{
  const char *const *names = omni_library_get_default ();
  guint64 n = options->models != NULL ? 0 : 5;
  if (options->library != NULL
      && !g_ascii_string_to_unsigned (options->library, 10, 0, OMNI_LIBRARY_MOST, &n, NULL))
    return omni_cli_refuse (error, "A library begins with 0 to %d algorithms, not “%s” (--library).",
                            OMNI_LIBRARY_MOST, options->library);
  for (guint i = 0; i < n; i++)
    if (!add_method (methods, names[i], error))
      return FALSE;
  for (guint i = 0; options->models != NULL && options->models[i] != NULL; i++)
    if (!add_method (methods, options->models[i], error))
      return FALSE;
  return methods->len > 0
         || omni_cli_refuse (error, "A library of nothing chooses nothing; name some algorithms (--model).");
}

/* ---- What is said ---- */

static void
print_json (const OmniLibraryResult *result, const char *output)
{
  g_autoptr (JsonBuilder) json = json_builder_new ();
  json_builder_begin_object (json);
  omni_cli_add_path (json, "output", output);
  omni_cli_add_int (json, "scenes", result->n_scenes);
  omni_cli_add_int (json, "new_scores", result->n_new);
  omni_cli_add_int (json, "improved", result->n_improved);
  omni_cli_add_double (json, "best_before", result->mean_before);
  omni_cli_add_double (json, "best", result->mean_best);
  json_builder_set_member_name (json, "algorithms");
  json_builder_begin_array (json);
  for (guint i = 0; i < result->rows->len; i++)
  {
    const OmniLibraryRow *row = result->rows->pdata[i];
    json_builder_begin_object (json);
    omni_cli_add_string (json, "group", row->group);
    omni_cli_add_string (json, "method", row->method);
    omni_cli_add_int (json, "scenes", row->n_scenes);
    omni_cli_add_int (json, "chosen", row->n_best);
    omni_cli_add_double (json, "mean", row->mean);
    json_builder_end_object (json);
  }
  json_builder_end_array (json);
  json_builder_set_member_name (json, "notes");
  json_builder_begin_array (json);
  for (guint i = 0; i < result->notes->len; i++)
    json_builder_add_string_value (json, result->notes->pdata[i]);
  json_builder_end_array (json);
  json_builder_end_object (json);
  omni_cli_print_json (json);
}

static void
print_table (const OmniLibraryResult *result, const char *output)
{
  const char *group = "";
  for (guint i = 0; i < result->rows->len; i++)
  {
    const OmniLibraryRow *row = result->rows->pdata[i];
    if (!g_str_equal (group, row->group))
      printf ("%s%s\n  %-24s %8s %8s %8s\n", i > 0 ? "\n" : "", row->group, "algorithm", "scenes", "score",
              "chosen");
    group = row->group;
    if (row->n_scenes > 0)
      printf ("  %-24s %8u %8.4f %8u\n", row->method, row->n_scenes, row->mean, row->n_best);
    else
      printf ("  %-24s %8s\n", row->method, "-");
  }
  printf ("\nbest of each scene: %.4f over %u %s", result->mean_best, result->n_scenes,
          result->n_scenes == 1 ? "scene" : "scenes");
  if (result->mean_before > 0)
    printf (" (%.4f before; %u got a better truth)", result->mean_before, result->n_improved);
  printf ("\ntrain towards it: omnifuse-cli train aenetv2.recipe --data %s\n", output);
}

static void
progress_cb (guint done, guint n, const char *what, gpointer progress)
{
  omni_cli_progress_cb ((double)done / n, what, progress);
}

static gboolean
run (const OmniCliOptions *options, GError **error)
{
  GCancellable *cancellable = omni_cli_catch_interrupt ();
  g_autoptr (GPtrArray) methods = g_ptr_array_new_with_free_func ((GDestroyNotify)omni_evaluate_method_free);
  g_autoptr (GPtrArray) folders = g_ptr_array_new_with_free_func (g_free);
  OmniTask task = OMNI_TASK_AUTO;
  if (options->arguments == NULL || options->arguments[1] != NULL)
    return omni_cli_refuse (error, "Name one folder of scenes; see omnifuse-cli evolve --help.");
  if (options->output == NULL)
    return omni_cli_refuse (error, "Which folder should the best results be written to? Name it with -o.");
  if ((options->task_name != NULL && !omni_cli_read_task (options->task_name, &task, error))
      || !read_library (options, methods, error))
    return FALSE;
  g_autoptr (GPtrArray)
    scenes = omni_evaluate_find_scenes (options->arguments[0], options->split, task, folders, error);
  if (scenes == NULL)
    return FALSE;
  g_autoptr (OmniCliProgress) progress = omni_cli_progress_new (options->quiet);
  const OmniLibraryParams params = { .data_path = options->arguments[0],
                                     .scenes = scenes,
                                     .methods = methods,
                                     .output = options->output,
                                     .device = options->device,
                                     .cancellable = cancellable,
                                     .progress = progress_cb,
                                     .user_data = progress };
  g_auto (OmniLibraryResult) result = { 0 };
  const gboolean done = omni_library_choose (&params, &result, error);
  omni_cli_progress_hide (progress);
  for (guint i = 0; result.notes != NULL && i < result.notes->len; i++)
    omni_cli_warn (options->quiet, result.notes->pdata[i]);
  if (!done)
    return FALSE;
  if (options->json)
    print_json (&result, options->output);
  else if (!options->quiet)
    print_table (&result, options->output);
  return TRUE;
}

static const char description[] =
  "Lets a library of algorithms fuse every scene of a folder, keeps the best result of each, and so makes a\n"
  "data folder to train AE-Netv2 with. Run again with more algorithms, it runs those alone and replaces "
  "what\n"
  "they do better.";

int
omni_cli_evolve (int argc, char **argv)
{
  g_auto (OmniCliOptions) options = { 0 };
  GError *error = NULL;
  if (!omni_cli_options_parse (&options, OMNI_CLI_EVOLVE, "DIR -o FOLDER", description, argc, argv, &error)
      || !run (&options, &error))
    return omni_cli_fail (error);
  return OMNI_EXIT_DONE;
}
