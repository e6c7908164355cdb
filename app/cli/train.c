/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/cli/cli.h"

#include "app/picture/frames.h"
#include "app/training/resume.h"
#include "app/training/run.h"
#include "vk/device.h"

#include <stdio.h>
#include <string.h>

#define DEFAULT_DATA "data"
#define SUFFIX       ".safetensors"
#define MAX_STEPS    1000000000

/* What a run is made of. Several recipes are as many runs, each from the weights of the one before it. */
typedef struct
{
  const OmniCliOptions *options;
  const char *recipe_path, *initial; /* initial: NULL: what the recipe says */
  const char *resume_path;           /* nullable */
  guint64 nth;                       /* recipe */
  OmniRecipe *recipe;
  OmniDataset *dataset;
  OmniTrainData *data;
  char *data_sha256;
  OmniDevice *device;
  OmniTrainer *trainer;
  OmniWeights *kept; /* what the run starts from, where some of it is to stay */
  OmniCliProgress *progress;
  GPtrArray *warnings; /* utf8 */
  gboolean silent;     /* is only looked at; its turn to speak comes */
} Training;

static void
training_clear (Training *self)
{
  omni_cli_progress_free (self->progress);
  g_clear_pointer (&self->trainer, omni_trainer_free);
  g_clear_pointer (&self->kept, omni_weights_unref);
  omni_device_close (&self->device);
  omni_train_data_free (self->data);
  g_free (self->data_sha256);
  omni_dataset_free (self->dataset);
  omni_recipe_free (self->recipe);
  g_clear_pointer (&self->warnings, g_ptr_array_unref);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Training, training_clear)

/* ---- What the user sees ---- */

static void
progress_cb (const OmniTrainProgress *progress, gpointer user_data)
{
  const Training *self = user_data;
  const OmniTrainReport *report = progress->report;
  g_autoptr (GString) line = g_string_new (NULL);
  g_string_printf (line, "%" G_GUINT64_FORMAT "/%" G_GUINT64_FORMAT, progress->step, progress->n_steps);
  if (progress->steps_per_second > 0)
  {
    g_autofree char *left = omni_cli_format_duration (progress->seconds_left);
    g_string_append_printf (line, "  %.3g steps/s  %s left", progress->steps_per_second, left);
  }
  g_string_append_printf (line, "  %s %.4f", progress->task, report->loss);
  for (guint i = 0; i < report->n_terms; i++)
    g_string_append_printf (line, "%s%s %.4f", i > 0 ? " + " : " = ", report->terms[i].name,
                            report->terms[i].weighted);
  omni_cli_progress_show (self->progress, line->str);
}

static void
say_cb (const char *message, gboolean is_warning, gpointer user_data)
{
  Training *self = user_data;
  if (self->silent)
    return;
  omni_cli_progress_hide (self->progress);
  if (is_warning)
  {
    if (self->warnings == NULL)
      self->warnings = g_ptr_array_new_with_free_func (g_free);
    g_ptr_array_add (self->warnings, g_strdup (message));
    omni_cli_warn (self->options->quiet, message);
  }
  else if (!self->options->quiet)
    fprintf (stderr, "%s\n", message);
}

/* ---- Beginning ---- */

static gboolean
compare_with_checkpoint (Training *self, GError **error)
{
  const OmniCliOptions *options = self->options;
  g_autoptr (GPtrArray) notes = g_ptr_array_new_with_free_func (g_free);
  if (!omni_recipe_resume (self->recipe, self->resume_path, options->seed != NULL, notes, error))
    return FALSE;
  for (guint i = 0; i < notes->len; i++)
    say_cb (notes->pdata[i], TRUE, self);
  return TRUE;
}

static gboolean
read_recipe (Training *self, GError **error)
{
  const OmniCliOptions *options = self->options;
  guint64 value;
  self->recipe = omni_recipe_load (self->recipe_path, error);
  if (self->recipe == NULL)
    return FALSE;
  if (options->order != NULL)
  {
    const gboolean sequential = g_str_equal (options->order, "sequential");
    if (!sequential && !g_str_equal (options->order, "joint"))
      return omni_cli_refuse (error, "The order is “joint” or “sequential”, not “%s” (--order).",
                              options->order);
    if (!omni_recipe_set_order (self->recipe, sequential, error))
      return FALSE;
  }
  if (self->recipe->has_ewc && !self->recipe->sequential)
    say_cb ("In joint order no task is ever finished, so [ewc] holds nothing.", TRUE, self);
  if (options->n_steps != NULL)
  {
    if (!g_ascii_string_to_unsigned (options->n_steps, 10, 1, MAX_STEPS, &value, NULL))
      return omni_cli_refuse (error, "The number of steps is one from 1 to %d, not “%s” (--steps).",
                              MAX_STEPS, options->n_steps);
    if (!omni_recipe_set_steps (self->recipe, value, error))
      return FALSE;
  }
  if (options->seed != NULL)
  {
    if (!g_ascii_string_to_unsigned (options->seed, 10, 0, G_MAXUINT32, &value, NULL))
      return omni_cli_refuse (error, "The seed is a number from 0 to %u, not “%s” (--seed).", G_MAXUINT32,
                              options->seed);
    self->recipe->config.seed = value;
  }
  self->recipe->config.seed += self->nth;
  return self->resume_path == NULL || compare_with_checkpoint (self, error);
}

static const char *
get_data_path (const OmniCliOptions *options)
{
  return options->data_path != NULL ? options->data_path : DEFAULT_DATA;
}

static gboolean
find_data (Training *self, const char *path, GError **error)
{
  g_autoptr (GPtrArray) notes = g_ptr_array_new_with_free_func (g_free);
  self->dataset = omni_dataset_open (path, error);
  if (self->dataset == NULL)
    return FALSE;
  self->data = omni_train_data_new (self->recipe, self->dataset, omni_frames_default_budget (), notes, error);
  self->data_sha256 = self->data != NULL ? omni_train_data_dup_sha256 (self->data) : NULL;
  if (self->data != NULL && self->resume_path != NULL
      && !omni_recipe_resume_data (self->resume_path, self->data_sha256, notes, error))
    return FALSE;
  for (guint i = 0; i < notes->len; i++)
    say_cb (notes->pdata[i], TRUE, self);
  return self->data != NULL;
}

/* Whether the model of this architecture will take what comes out; nobody wants to find that out after hours. */
static void
check_loads (Training *self)
{
  const OmniModel *model = omni_model_find (self->recipe->architecture);
  g_autoptr (GArray) specs = g_array_new (FALSE, FALSE, sizeof (OmniTensorSpec));
  g_autoptr (GError) cause = NULL;
  if (model == NULL)
    return;
  g_autoptr (GBytes) bytes = omni_trainer_export (self->trainer, NULL, &cause);
  g_autoptr (OmniWeights)
    weights = bytes != NULL ? omni_weights_load_bytes (bytes, self->recipe->name, &cause) : NULL;
  if (weights != NULL && model->list_tensors (weights, specs, &cause)
      && omni_weights_check (weights, specs, &cause))
    return;
  g_autofree char *words = g_strdup_printf (
    "What this recipe trains cannot be used by the model %s, only looked at: %s.", model->name,
    cause->message);
  say_cb (words, TRUE, self);
}

/* (transfer full) The weights that the recipe names by a path of its own. */
static OmniWeights *
load_named (const Training *self, const char *named, GError **error)
{
  g_autofree char *folder = g_path_get_dirname (self->recipe->path);
  g_autofree char *path = g_path_is_absolute (named) ? g_strdup (named)
                                                     : g_build_filename (folder, named, NULL);
  return omni_weights_load (path, error);
}

static gboolean
make_trainer (Training *self, GError **error)
{
  OmniTrainConfig config;
  g_autoptr (OmniWeights) vgg16 = NULL;
  omni_recipe_get_config (self->recipe, &config);
  config.data_sha256 = self->data_sha256;
  if (self->recipe->vgg16 != NULL && (vgg16 = load_named (self, self->recipe->vgg16, error)) == NULL)
  {
    g_prefix_error (error, "The recipe's “vgg16” cannot be used: ");
    return FALSE;
  }
  config.vgg16 = vgg16;
  self->device = omni_device_open (self->options->device, error);
  self->trainer = self->device != NULL ? omni_trainer_new (self->device, &config, error) : NULL;
  if (self->trainer == NULL)
    return FALSE;
  check_loads (self);
  const gboolean keeps = self->recipe->keep_initial > 0;
  if ((self->recipe->initial == NULL && self->initial == NULL) || (self->resume_path != NULL && !keeps))
    return TRUE;
  g_autoptr (OmniWeights) weights = self->initial != NULL ? omni_weights_load (self->initial, error)
                                                          : load_named (self, self->recipe->initial, error);
  if (weights == NULL || (self->resume_path == NULL && !omni_trainer_import (self->trainer, weights, error)))
    return FALSE;
  if (keeps)
    self->kept = g_steal_pointer (&weights);
  return TRUE;
}

/* ---- End ---- */

static void
print_json (const Training *self, const OmniTrainResult *result, const char *output)
{
  const guint64 n_steps = result->last_step - result->first_step;
  g_autoptr (JsonBuilder) json = json_builder_new ();
  json_builder_begin_object (json);
  omni_cli_add_path (json, "output", output);
  omni_cli_add_string (json, "sha256", result->weights_sha256);
  omni_cli_add_path (json, "checkpoint", result->checkpoint_path);
  omni_cli_add_path (json, "page", result->page_path);
  omni_cli_add_string (json, "recipe", self->recipe->name);
  omni_cli_add_string (json, "recipe_sha256", self->recipe->sha256);
  omni_cli_add_string (json, "data_sha256", self->data_sha256);
  omni_cli_add_string (json, "architecture", self->recipe->architecture);
  omni_cli_add_int (json, "parameters", (gint64)omni_trainer_count_parameters (self->trainer));
  omni_cli_add_int (json, "seed", (gint64)self->recipe->config.seed);
  omni_cli_add_int (json, "first_step", (gint64)result->first_step);
  omni_cli_add_int (json, "last_step", (gint64)result->last_step);
  omni_cli_add_int (json, "steps", (gint64)self->recipe->steps);
  omni_cli_add_boolean (json, "interrupted", result->interrupted);
  json_builder_set_member_name (json, "best_step");
  if (result->has_best)
    json_builder_add_int_value (json, (gint64)result->best_step);
  else
    json_builder_add_null_value (json);
  json_builder_set_member_name (json, "best_score");
  if (result->has_best)
    json_builder_add_double_value (json, result->best_score);
  else
    json_builder_add_null_value (json);
  omni_cli_add_double (json, "seconds", result->seconds);
  omni_cli_add_double (json, "steps_per_second", result->seconds > 0 ? n_steps / result->seconds : 0);
  omni_cli_add_double (json, "device_ms", result->device_ms);
  omni_cli_add_double (json, "wait_ms", result->wait_ms);
  omni_cli_add_string (json, "device", omni_device_get_info (self->device)->name);
  /* The number was there first; the words are what a script that runs it quietly has of them. */
  g_autoptr (GPtrArray) none = g_ptr_array_new ();
  const GPtrArray *warnings = self->warnings != NULL ? self->warnings : none;
  omni_cli_add_int (json, "warnings", warnings->len);
  omni_cli_add_strings (json, "warning_texts", warnings);
  json_builder_end_object (json);
  if (self->nth > 0)
    puts (",");
  omni_cli_print_json (json);
}

static void
add_option (GString *command, const char *option, const char *value)
{
  if (value == NULL)
    return;
  const gboolean is_plain = value[0] != '\0'
                            && value[strspn (value, G_CSET_a_2_z G_CSET_A_2_Z G_CSET_DIGITS "-_./+,=@")]
                                 == '\0';
  g_autofree char *quoted = is_plain ? g_strdup (value) : g_shell_quote (value);
  g_string_append_printf (command, " %s%s%s", option, option[0] != '\0' ? " " : "", quoted);
}

/* (transfer full) What goes on with this very run and those behind it, for a shell. */
static char *
dup_resume_command (const Training *self, const OmniTrainResult *result, const char *output)
{
  const OmniCliOptions *options = self->options;
  g_autofree char *steps = g_strdup_printf ("%" G_GUINT64_FORMAT, self->recipe->steps);
  g_autofree char *seed = g_strdup_printf ("%" G_GUINT64_FORMAT, self->recipe->config.seed);
  /* Of several, what was said holds for all; a checkpoint tells which of them goes on. */
  const gboolean is_chain = options->arguments[1] != NULL;
  GString *command = g_string_new ("omnifuse-cli train");
  for (guint i = 0; options->arguments[i] != NULL; i++)
    add_option (command, "", options->arguments[i]);
  add_option (command, "--resume", result->checkpoint_path);
  add_option (command, "--data", options->data_path);
  add_option (command, "--order", options->order);
  add_option (command, "--steps", is_chain ? options->n_steps : steps);
  add_option (command, "--seed", is_chain ? options->seed : seed);
  add_option (command, "--device", options->device);
  add_option (command, "-o", is_chain || options->output == NULL ? options->output : output);
  return g_string_free (command, FALSE);
}

static void
print_text (const Training *self, const OmniTrainResult *result, const char *output)
{
  g_autofree char *duration = omni_cli_format_duration (result->seconds);
  if (result->interrupted)
  {
    g_autofree char *command = dup_resume_command (self, result, output);
    printf ("stopped at step %" G_GUINT64_FORMAT " of %" G_GUINT64_FORMAT " after %s; go on with\n  %s\n",
            result->last_step, self->recipe->steps, duration, command);
  }
  else
    printf ("%s: %" G_GUINT64_FORMAT " steps in %s%s\n", output, result->last_step - result->first_step,
            duration, result->weights_sha256 != NULL ? "" : ", no weights written");
  if (result->has_best)
    printf ("best at step %" G_GUINT64_FORMAT ", score %.4f\n", result->best_step, result->best_score);
  printf ("see %s\n", result->page_path);
}

/* (transfer full) The last recipe's are those asked for; those before it stand beside them: ifani.1.safetensors. */
static char *
dup_output (const Training *self)
{
  const OmniCliOptions *options = self->options;
  if (self->nth + 1 < g_strv_length (options->arguments) && options->output != NULL)
  {
    const gsize stem = strlen (options->output)
                       - (g_str_has_suffix (options->output, SUFFIX) ? strlen (SUFFIX) : 0);
    return g_strdup_printf ("%.*s.%" G_GUINT64_FORMAT SUFFIX, (int)stem, options->output, self->nth + 1);
  }
  return options->output != NULL ? g_strdup (options->output)
                                 : g_strconcat (self->recipe->name, SUFFIX, NULL);
}

/* FALSE with an error, or without one when the run was interrupted. *path: of the weights the run before wrote, replaced by this
 * one's. */
static gboolean
run (const OmniCliOptions *options, guint64 nth, const char *resume_path, char **path, GError **error)
{
  GCancellable *cancellable = omni_cli_catch_interrupt ();
  g_auto (Training) training = { .options = options,
                                 .recipe_path = options->arguments[nth],
                                 .initial = *path,
                                 .resume_path = resume_path,
                                 .nth = nth,
                                 .progress = omni_cli_progress_new (options->quiet) };
  const char *data_path = get_data_path (options);
  if (!read_recipe (&training, error) || !find_data (&training, data_path, error)
      || !make_trainer (&training, error))
    return FALSE;
  g_autofree char *output = dup_output (&training);
  const OmniTrainJob job = { .interface = &omni_trainer_interface,
                             .trainer = training.trainer,
                             .recipe = training.recipe,
                             .data = training.data,
                             .initial = training.kept,
                             .output = output,
                             .resume_path = resume_path,
                             .data_path = data_path,
                             .device_name = omni_device_get_info (training.device)->name,
                             .force = options->force,
                             .cancellable = cancellable,
                             .progress = progress_cb,
                             .say = say_cb,
                             .user_data = &training };
  g_auto (OmniTrainResult) result = { 0 };
  const gboolean done = omni_train_run (&job, &result, error);
  omni_cli_progress_hide (training.progress);
  if (!done)
    return FALSE;
  if (options->json)
    print_json (&training, &result, output);
  else if (!options->quiet)
    print_text (&training, &result, output);
  g_free (*path);
  *path = g_steal_pointer (&output);
  return !result.interrupted;
}

/* What stands against a run that comes later is said before the first one begins, not after hours. */
static gboolean
check_later (const OmniCliOptions *options, guint64 nth, GError **error)
{
  g_auto (Training)
    training = { .options = options, .recipe_path = options->arguments[nth], .nth = nth, .silent = TRUE };
  if (!read_recipe (&training, error) || !find_data (&training, get_data_path (options), error))
    return FALSE;
  g_autofree char *output = dup_output (&training);
  return omni_train_check_output (output, options->force, error);
}

/* Which of several runs the checkpoint is of. */
static gboolean
find_run (const OmniCliOptions *options, guint n, guint *nth, GError **error)
{
  *nth = 0;
  if (n == 1 || options->resume_path == NULL)
    return TRUE;
  for (; *nth < n; (*nth)++)
  {
    g_auto (Training)
      training = { .options = options, .recipe_path = options->arguments[*nth], .nth = *nth, .silent = TRUE };
    if (!read_recipe (&training, error))
      return FALSE;
    g_autofree char *output = dup_output (&training);
    if (omni_train_is_checkpoint_of (options->resume_path, output))
      return TRUE;
  }
  return omni_cli_refuse (
    error,
    "“%s” is no checkpoint of these runs; give the command as it was (-o), or name the one "
    "recipe that it is of alone (--resume).",
    options->resume_path);
}

static gboolean
run_in_turn (const OmniCliOptions *options, guint n, GError **error)
{
  g_autofree char *path = NULL;
  guint first;
  if (!find_run (options, n, &first, error))
    return FALSE;
  for (guint i = first + 1; i < n; i++)
    if (!check_later (options, i, error))
      return FALSE;
  for (guint i = first; i < n; i++)
    if (!run (options, i, i == first ? options->resume_path : NULL, &path, error))
      return FALSE;
  return TRUE;
}

/* Of several recipes the JSON is one array, of what has ended. */
static gboolean
run_array (const OmniCliOptions *options, guint n, GError **error)
{
  puts ("[");
  const gboolean done = run_in_turn (options, n, error);
  puts ("]");
  return done;
}

static gboolean
run_all (const OmniCliOptions *options, GError **error)
{
  const guint n = options->arguments != NULL ? g_strv_length (options->arguments) : 0;
  if (n == 0)
    return omni_cli_refuse (
      error, "Name a recipe, or several to train one after another; models/recipes/ holds some, "
             "--help-recipe says what is in one.");
  return n > 1 && options->json ? run_array (options, n, error) : run_in_turn (options, n, error);
}

int
omni_cli_train (int argc, char **argv)
{
  g_auto (OmniCliOptions) options = { 0 };
  GError *error = NULL;
  if (!omni_cli_options_parse (
        &options, OMNI_CLI_TRAIN, "RECIPE…",
        "Trains a network as a recipe says; with several, each goes on from the weights of the one "
        "before, with the next seed. Ctrl-C saves and stops; --resume goes on as if it had "
        "never stopped.",
        argc, argv, &error))
    return omni_cli_fail (error);
  if (options.help_recipe)
  {
    g_autofree char *help = omni_recipe_get_help ();
    fputs (help, stdout);
    return OMNI_EXIT_DONE;
  }
  if (run_all (&options, &error))
    return OMNI_EXIT_DONE;
  /* What an interrupted run has to say, it has said. */
  return error != NULL ? omni_cli_fail (error) : OMNI_EXIT_ERROR;
}
