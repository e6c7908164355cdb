/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/cli/batch-sets.h"
#include "app/cli/fuse.h"
#include "app/cli/target.h"

#include "app/files/reader.h"

#include <stdio.h>

typedef enum
{
  SET_DONE,
  SET_FAILED,
  SET_EXISTS,
  SET_SKIPPED,
  N_STATUS
} Status;

static const char *const status_names[N_STATUS] = {
  [SET_DONE] = "done",
  [SET_FAILED] = "failed",
  [SET_EXISTS] = "exists",
  [SET_SKIPPED] = "skipped",
};

/* What became of a set. */
typedef struct
{
  Status status;
  char *output;             /* (nullable) */
  char *sentence;           /* (nullable) what went wrong */
  OmniFusionResult *result; /* (nullable) of one that is done */
  OmniFusionTimes ms;
} Outcome;

typedef struct
{
  const OmniCliOptions *options;
  GCancellable *cancellable;
  OmniEngine *engine;
  OmniCliProgress *progress;
  GPtrArray *sets; /* OmniCliSet */
  guint n[N_STATUS];
  gboolean interrupted;
  gboolean has_device;
  GError *no_device; /* of which every set would fail */
} Batch;

static void
outcome_clear (Outcome *outcome)
{
  g_free (outcome->output);
  g_free (outcome->sentence);
  g_clear_pointer (&outcome->result, omni_fusion_result_unref);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Outcome, outcome_clear)

/* ---- One set ---- */

/* As the sources are: JPEGs become a JPEG, what has lost nothing loses nothing, and deep pixels stay deep. */
static const char *
choose_format (const OmniCliOptions *options, const OmniFusionRequest *request)
{
  OmniResultShape shape;
  if (options->format != NULL)
    return options->format;
  omni_fusion_request_get_shape (request, &shape);
  if (options->bits != NULL && !omni_cli_read_bits (options->bits, &shape.depth, NULL))
    return NULL;
  if (shape.depth != OMNI_SAMPLE_U8 || shape.channels - (shape.has_alpha ? 1 : 0) > 3)
    return "tif";
  for (guint i = 0; i < request->sources->len; i++)
  {
    OmniPictureInfo info;
    if (!omni_picture_probe (omni_source_get_path (request->sources->pdata[i]), &info, NULL)
        || !g_str_equal (info.format_name, "JPEG"))
      return "png";
  }
  return "jpg";
}

/* Whatever stands there that a result could stand for. */
static gboolean
is_there (const char *path)
{
  return g_file_test (path, G_FILE_TEST_IS_REGULAR) || g_file_test (path, G_FILE_TEST_IS_SYMLINK);
}

/* Once, and not before there is something to fuse. */
static gboolean
ensure_device (Batch *batch, GError **error)
{
  if (!batch->has_device)
    batch->has_device = omni_engine_ensure_device (batch->engine, NULL, &batch->no_device);
  if (!batch->has_device)
    g_propagate_error (error, g_error_copy (batch->no_device));
  return batch->has_device;
}

/* An error is one of the set. */
static gboolean
fuse_set (Batch *batch, const OmniCliSet *set, Outcome *outcome, GError **error)
{
  char *folders[] = { set->folder, NULL };
  OmniCliOptions options = *batch->options; /* shallow */
  g_autoptr (OmniFusionRequest) request = g_new0 (OmniFusionRequest, 1);
  const guint n_before = batch->n[SET_DONE] + batch->n[SET_FAILED];
  const guint n_worth = batch->sets->len - batch->n[SET_EXISTS] - batch->n[SET_SKIPPED];
  const guint n_parts = options.align ? 2 : 1;

  options.arguments = folders;
  request->sources = g_ptr_array_new_with_free_func (g_object_unref);
  if (!omni_cli_load_sources (&options, request->sources, error))
    return FALSE;
  g_autofree char *file = g_strconcat (set->name, ".", choose_format (&options, request), NULL);
  options.output = outcome->output = g_build_filename (batch->options->output, file, NULL);
  if (!options.force && is_there (outcome->output))
  {
    outcome->status = SET_EXISTS;
    return TRUE;
  }
  omni_cli_progress_set_part (batch->progress, (guint64)n_parts * n_before, (guint64)n_parts * n_worth);
  if (!ensure_device (batch, error)
      || (options.align && !omni_cli_align_sources (&options, batch->progress, &request->sources, error))
      || !omni_cli_fill_request (&options, outcome->output, request, error))
    return FALSE;
  omni_cli_progress_set_part (batch->progress, (guint64)n_parts * n_before + n_parts - 1,
                              (guint64)n_parts * n_worth);
  outcome->result = omni_cli_fuse_request (&options, request, batch->engine, batch->progress, &outcome->ms,
                                           batch->cancellable, error);
  return outcome->result != NULL;
}

/* FALSE when nothing became of the set: it was interrupted, or there is no device. */
static gboolean
work_on_set (Batch *batch, const OmniCliSet *set, Outcome *outcome)
{
  g_autoptr (GError) error = NULL;
  outcome->status = SET_DONE;
  if (set->problem != NULL)
    outcome->sentence = g_strdup (set->problem);
  else if (set->n_pictures < 2)
    outcome->status = SET_SKIPPED;
  else if (!fuse_set (batch, set, outcome, &error))
  {
    if (batch->no_device != NULL || g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
      return FALSE;
    outcome->sentence = omni_cli_make_sentence (error);
  }
  if (outcome->sentence != NULL)
    outcome->status = SET_FAILED;
  return TRUE;
}

/* ---- What is said ---- */

static void
add_set (JsonBuilder *json, const OmniCliSet *set, const Outcome *outcome)
{
  json_builder_begin_object (json);
  omni_cli_add_path (json, "name", set->name);
  omni_cli_add_path (json, "folder", set->folder);
  omni_cli_add_path (json, "output", outcome->output);
  omni_cli_add_string (json, "status", status_names[outcome->status]);
  omni_cli_add_string (json, "error", outcome->sentence);
  if (outcome->result != NULL)
  {
    const OmniFusionResult *result = outcome->result;
    omni_cli_add_string (json, "sha256", result->sha256);
    omni_cli_add_int (json, "width", omni_picture_get_width (result->picture));
    omni_cli_add_int (json, "height", omni_picture_get_height (result->picture));
    omni_cli_add_string (json, "task", omni_task_to_string (result->task));
    omni_cli_add_string (json, "model", result->model->name);
    omni_cli_add_int (json, "n_sources", result->sources->len);
    omni_cli_add_double (json, "ms", outcome->ms.total);
  }
  json_builder_end_object (json);
}

static void
print_set (const char *name, const Outcome *outcome)
{
  g_autofree char *output = outcome->output != NULL ? g_filename_display_name (outcome->output) : NULL;
  const OmniFusionResult *result = outcome->result;
  if (result != NULL)
    printf ("%s: %s, %u sources, %u × %u, %s, %s, %.0f ms\n", name, output, result->sources->len,
            omni_picture_get_width (result->picture), omni_picture_get_height (result->picture),
            omni_task_to_string (result->task), result->model->title, outcome->ms.total);
  else if (outcome->status == SET_EXISTS)
    printf ("%s: %s is there already\n", name, output);
  else if (outcome->status == SET_SKIPPED)
    printf ("%s: skipped, for the folder holds one picture only\n", name);
  fflush (stdout);
}

static void
report_set (const Batch *batch, const OmniCliSet *set, const Outcome *outcome)
{
  g_autofree char *name = g_filename_display_name (set->name);
  omni_cli_progress_hide (batch->progress);
  for (guint i = 0; outcome->result != NULL && i < outcome->result->warnings->len; i++)
  {
    g_autofree char *warning = g_strdup_printf ("%s: %s", name,
                                                (const char *)outcome->result->warnings->pdata[i]);
    omni_cli_warn (batch->options->quiet, warning);
  }
  if (outcome->sentence != NULL)
  {
    g_autofree char *complaint = g_strdup_printf ("%s: %s", name, outcome->sentence);
    omni_cli_complain (complaint);
  }
  if (!batch->options->json && !batch->options->quiet)
    print_set (name, outcome);
}

static void
print_summary (const Batch *batch)
{
  printf ("%u %s fused", batch->n[SET_DONE], batch->n[SET_DONE] == 1 ? "set" : "sets");
  if (batch->n[SET_FAILED] > 0)
    printf (", %u failed", batch->n[SET_FAILED]);
  if (batch->n[SET_EXISTS] > 0)
    printf (", %u there already", batch->n[SET_EXISTS]);
  if (batch->n[SET_SKIPPED] > 0)
    printf (", %u skipped", batch->n[SET_SKIPPED]);
  printf ("\n");
}

/* ---- All of them ---- */

static void
interrupt (Batch *batch, guint n_left)
{
  g_autofree char *sentence = g_strdup_printf (
    "Interrupted with %u %s left; the same command goes on there, without --force.", n_left,
    n_left == 1 ? "set" : "sets");
  omni_cli_complain (sentence);
  batch->interrupted = TRUE;
}

static void
run_sets (Batch *batch, JsonBuilder *json)
{
  for (guint i = 0; i < batch->sets->len; i++)
  {
    const OmniCliSet *set = batch->sets->pdata[i];
    g_autofree char *name = g_filename_display_name (set->name);
    g_autofree char *label = g_strdup_printf ("set %u of %u: %s", i + 1, batch->sets->len, name);
    g_auto (Outcome) outcome = { 0 };
    omni_cli_progress_set_label (batch->progress, label);
    omni_cli_progress_show (batch->progress, label);
    if (g_cancellable_is_cancelled (batch->cancellable) || !work_on_set (batch, set, &outcome))
    {
      omni_cli_progress_hide (batch->progress);
      if (batch->no_device == NULL)
        interrupt (batch, batch->sets->len - i);
      return;
    }
    batch->n[outcome.status]++;
    report_set (batch, set, &outcome);
    add_set (json, set, &outcome);
  }
}

static gboolean
run_batch (Batch *batch, GError **error)
{
  g_autoptr (JsonBuilder) json = json_builder_new ();
  json_builder_begin_object (json);
  json_builder_set_member_name (json, "sets");
  json_builder_begin_array (json);
  run_sets (batch, json);
  if (batch->no_device != NULL)
  {
    g_propagate_error (error, g_steal_pointer (&batch->no_device));
    return FALSE;
  }
  json_builder_end_array (json);
  for (guint i = 0; i < N_STATUS; i++)
    omni_cli_add_int (json, status_names[i], batch->n[i]);
  omni_cli_add_boolean (json, "interrupted", batch->interrupted);
  json_builder_end_object (json);
  if (batch->options->json)
    omni_cli_print_json (json);
  else if (!batch->options->quiet)
    print_summary (batch);
  return !batch->interrupted && batch->n[SET_FAILED] == 0;
}

/* What would go wrong with every set is said once, before the first. */
static gboolean
check_options (const OmniCliOptions *options, GError **error)
{
  static const char *const formats[] = { "tif", "png", "jpg", NULL };
  if (options->arguments == NULL)
    return omni_cli_refuse (error, "Which folders hold the sets of pictures? Name at least one.");
  if (options->output == NULL)
    return omni_cli_refuse (error, "Which folder should the results be written to? Name it with -o.");
  if (options->format != NULL && !g_strv_contains (formats, options->format))
    return omni_cli_refuse (error, "The format is tif, png or jpg, not “%s” (--format).", options->format);
  if (!omni_cli_check_options (options, error))
    return FALSE;
  if (options->format == NULL || options->bits == NULL)
    return TRUE;
  g_autofree char *file = g_strconcat ("x.", options->format, NULL);
  OmniSampleType asked, held;
  if (!omni_cli_read_bits (options->bits, &asked, error)
      || !omni_picture_find_write_type (file, asked, &held, error))
    return FALSE;
  return held == asked
         || omni_cli_refuse (error,
                             "A file of the format %s cannot hold %s bits; use --format tif, or fewer bits.",
                             options->format, options->bits);
}

/* FALSE without an error where some sets are not done, which was said. */
static gboolean
run (const OmniCliOptions *options, GError **error)
{
  GCancellable *cancellable = omni_cli_catch_interrupt ();
  g_autoptr (GPtrArray) notes = g_ptr_array_new_with_free_func (g_free);
  if (!check_options (options, error))
    return FALSE;
  g_autoptr (GPtrArray)
    sets = omni_cli_find_sets (options->arguments, options->output, notes, cancellable, error);
  for (guint i = 0; i < notes->len; i++)
    omni_cli_warn (options->quiet, notes->pdata[i]);
  if (sets == NULL || !omni_cli_make_folder (options->output, error))
    return FALSE;

  g_autoptr (OmniEngine) engine = omni_engine_new (options->device);
  g_autoptr (OmniCliProgress) progress = omni_cli_progress_new (options->quiet);
  Batch batch = {
    .options = options, .cancellable = cancellable, .engine = engine, .progress = progress, .sets = sets
  };
  return run_batch (&batch, error);
}

static const char description[] =
  "Fuses every set of pictures in and below folders: each folder that holds pictures is a set, and becomes\n"
  "one file of DIR that has its name (“-” between the names of folders in folders).\n"
  "\n"
  "Sets whose file is there already are passed over, so that an interrupted batch goes on where it stopped;\n"
  "what goes wrong with one set does not stop the others.";

int
omni_cli_batch (int argc, char **argv)
{
  g_auto (OmniCliOptions) options = { 0 };
  GError *error = NULL;
  if (!omni_cli_options_parse (&options, OMNI_CLI_RUN | OMNI_CLI_BATCH, "FOLDER… -o DIR", description, argc,
                               argv, &error))
    return omni_cli_fail (error);
  if (run (&options, &error))
    return OMNI_EXIT_DONE;
  return error != NULL ? omni_cli_fail (error) : OMNI_EXIT_ERROR;
}
