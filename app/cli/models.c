/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/cli/cli.h"

#include "app/weights-folder.h"

#include <malloc.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#define HEAP_BYTES (32 << 20)

/* Weights and graphs come and go here, and the page faults of memory touched for the first time took half of the time: one heap of
 * large pages, kept to the end. */
static void
use_large_pages (void)
{
  mallopt (M_MMAP_THRESHOLD, HEAP_BYTES);
  mallopt (M_TRIM_THRESHOLD, HEAP_BYTES);
  mallopt (M_TOP_PAD, HEAP_BYTES);
  char *const end = sbrk (0);
  g_free (g_malloc (HEAP_BYTES / 2)); /* makes the heap grow */
  madvise (end, (gsize)((char *)sbrk (0) - end), MADV_HUGEPAGE);
}

/* What can be known of a model without a device. */
typedef struct
{
  const OmniModel *model;
  OmniWeights *weights; /* the shipped ones, if any */
  GError *problem;      /* why those that are there cannot be used */
  guint64 n_parameters;
} Entry;

static void
entry_init (Entry *entry, const OmniModel *model)
{
  entry->model = model;
  if (model->architecture != NULL)
    entry->weights = omni_model_load_weights (model, NULL, &entry->problem);
  if (g_error_matches (entry->problem, OMNI_WEIGHTS_ERROR, OMNI_WEIGHTS_ERROR_NONE))
    g_clear_error (&entry->problem);
  entry->n_parameters = omni_model_count_parameters (model, entry->weights);
}

static void
entry_clear (Entry *entry)
{
  g_clear_pointer (&entry->weights, omni_weights_unref);
  g_clear_error (&entry->problem);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Entry, entry_clear)

static void
add_weights (JsonBuilder *json, const char *name, const OmniWeights *weights)
{
  json_builder_set_member_name (json, name);
  if (weights == NULL)
  {
    json_builder_add_null_value (json);
    return;
  }
  json_builder_begin_object (json);
  omni_cli_add_string (json, "sha256", omni_weights_get_sha256 (weights));
  omni_cli_add_string (json, "licence", omni_weights_get_metadata (weights, "licence"));
  omni_cli_add_string (json, "provenance", omni_weights_get_metadata (weights, "provenance"));
  json_builder_end_object (json);
}

/* By task, of a model that has a file for each; else null. */
static void
add_task_weights (JsonBuilder *json, const OmniModel *model)
{
  json_builder_set_member_name (json, "task_weights");
  if (model->task_weights == NULL)
  {
    json_builder_add_null_value (json);
    return;
  }
  json_builder_begin_object (json);
  for (OmniTask task = OMNI_TASK_EXPOSURE; task < OMNI_N_TASKS; task++)
    if (model->tasks & (1u << task))
    {
      g_autoptr (OmniWeights) weights = omni_model_load_task_weights (model, task, NULL, NULL);
      add_weights (json, omni_task_to_string (task), weights);
    }
  json_builder_end_object (json);
}

/* What the user added for this architecture. */
static void
add_added_weights (JsonBuilder *json, const OmniModel *model)
{
  g_autoptr (GPtrArray) paths = model->architecture != NULL ? omni_weights_folder_list (model->architecture)
                                                            : NULL;
  json_builder_set_member_name (json, "added_weights");
  json_builder_begin_array (json);
  for (guint i = 0; paths != NULL && i < paths->len; i++)
  {
    g_autofree char *title = omni_weights_folder_get_title (paths->pdata[i]);
    json_builder_begin_object (json);
    omni_cli_add_string (json, "name", title);
    omni_cli_add_path (json, "path", paths->pdata[i]);
    json_builder_end_object (json);
  }
  json_builder_end_array (json);
}

/* Numbers as numbers, so that a program need not guess. */
static void
add_option (JsonBuilder *json, const OmniModelOption *option)
{
  json_builder_begin_object (json);
  omni_cli_add_string (json, "key", option->key);
  omni_cli_add_string (json, "summary", option->summary);
  if (option->type == OMNI_OPTION_NUMBER)
  {
    omni_cli_add_string (json, "type", "number");
    omni_cli_add_double (json, "default", g_ascii_strtod (option->default_value, NULL));
    omni_cli_add_double (json, "minimum", option->minimum);
    omni_cli_add_double (json, "maximum", option->maximum);
  }
  else
  {
    omni_cli_add_string (json, "type", "choice");
    omni_cli_add_string (json, "default", option->default_value);
    json_builder_set_member_name (json, "choices");
    json_builder_begin_array (json);
    for (guint i = 0; option->choices[i] != NULL; i++)
      json_builder_add_string_value (json, option->choices[i]);
    json_builder_end_array (json);
  }
  json_builder_end_object (json);
}

static void
add_model (JsonBuilder *json, const Entry *entry)
{
  const OmniModel *model = entry->model;
  json_builder_begin_object (json);
  omni_cli_add_string (json, "name", model->name);
  omni_cli_add_string (json, "title", model->title);
  omni_cli_add_string (json, "summary", model->summary);
  omni_cli_add_string (json, "citation", model->citation);
  json_builder_set_member_name (json, "tasks");
  json_builder_begin_array (json);
  for (OmniTask task = OMNI_TASK_EXPOSURE; task < OMNI_N_TASKS; task++)
    if (model->tasks & (1u << task))
      json_builder_add_string_value (json, omni_task_to_string (task));
  json_builder_end_array (json);
  omni_cli_add_int (json, "parameters", (gint64)entry->n_parameters);
  omni_cli_add_int (json, "receptive_field_px", omni_model_get_receptive_field_px (model));
  omni_cli_add_boolean (json, "order_invariant", omni_model_is_order_invariant (model));
  omni_cli_add_int (json, "min_inputs", model->min_inputs);
  json_builder_set_member_name (json, "max_inputs");
  if (model->max_inputs > 0)
    json_builder_add_int_value (json, model->max_inputs);
  else
    json_builder_add_null_value (json);
  add_weights (json, "weights", entry->weights);
  omni_cli_add_string (json, "weights_problem", entry->problem != NULL ? entry->problem->message : NULL);
  add_task_weights (json, model);
  add_added_weights (json, model);
  json_builder_set_member_name (json, "options");
  json_builder_begin_array (json);
  for (const OmniModelOption *option = model->options; option != NULL && option->key != NULL; option++)
    add_option (json, option);
  json_builder_end_array (json);
  json_builder_end_object (json);
}

static void
print_weights (const Entry *entry)
{
  const OmniModel *model = entry->model;
  g_autoptr (GPtrArray) added = omni_weights_folder_list (model->architecture);
  if (entry->problem != NULL)
    printf ("  weights %s\n", entry->problem->message);
  else if (entry->weights == NULL)
    printf ("  weights none yet; give a file with --weights\n");
  else
    printf ("  weights %" G_GUINT64_FORMAT " parameters, sha256 %.16s…\n", entry->n_parameters,
            omni_weights_get_sha256 (entry->weights));
  for (OmniTask task = OMNI_TASK_EXPOSURE; model->task_weights != NULL && task < OMNI_N_TASKS; task++)
  {
    g_autoptr (OmniWeights) weights = (model->tasks & (1u << task)) != 0
                                        ? omni_model_load_task_weights (model, task, NULL, NULL)
                                        : NULL;
    if (weights != NULL)
      printf ("    for %s sha256 %.16s…\n", omni_task_to_string (task), omni_weights_get_sha256 (weights));
  }
  for (guint i = 0; i < added->len; i++)
  {
    g_autofree char *title = omni_weights_folder_get_title (added->pdata[i]);
    printf ("    added: --weights \"%s\"\n", title);
  }
}

static void
print_model (const Entry *entry)
{
  const OmniModel *model = entry->model;
  printf ("%s: %s. %s\n", model->name, model->title, model->summary);
  printf ("  tasks  ");
  for (OmniTask task = OMNI_TASK_EXPOSURE; task < OMNI_N_TASKS; task++)
    if (model->tasks & (1u << task))
      printf (" %s", omni_task_to_string (task));
  printf ("\n  inputs  %u", model->min_inputs);
  if (model->max_inputs == 0)
    printf (" or more");
  else if (model->max_inputs > model->min_inputs)
    printf (" to %u", model->max_inputs);
  printf ("; %s\n",
          omni_model_is_order_invariant (model) ? "their order does not matter" : "their order matters");
  const guint side = omni_model_get_receptive_field_px (model);
  printf ("  sees    %u × %u pixel%s at once (receptive field)\n", side, side, side == 1 ? "" : "s");
  if (model->architecture != NULL)
    print_weights (entry);
  for (const OmniModelOption *option = model->options; option != NULL && option->key != NULL; option++)
  {
    printf ("  --set %s=%s  %s", option->key, option->default_value, option->summary);
    if (option->type == OMNI_OPTION_NUMBER)
      printf (" (%g to %g)\n", option->minimum, option->maximum);
    else
    {
      g_autofree char *choices = g_strjoinv (", ", (char **)option->choices);
      printf (" (%s)\n", choices);
    }
  }
}

int
omni_cli_models (int argc, char **argv)
{
  g_auto (OmniCliOptions) options = { 0 };
  GError *error = NULL;
  if (!omni_cli_options_parse (&options, OMNI_CLI_COMMON, NULL, "Lists the models and their options.", argc,
                               argv, &error))
    return omni_cli_fail (error);

  use_large_pages ();
  g_autoptr (JsonBuilder) json = json_builder_new ();
  json_builder_begin_object (json);
  json_builder_set_member_name (json, "models");
  json_builder_begin_array (json);
  const OmniModel *const *models = omni_models_list ();
  for (guint i = 0; models[i] != NULL; i++)
  {
    g_auto (Entry) entry = { NULL };
    entry_init (&entry, models[i]);
    if (options.json)
      add_model (json, &entry);
    else
      print_model (&entry);
  }
  json_builder_end_array (json);
  json_builder_end_object (json);
  if (options.json)
    omni_cli_print_json (json);
  return OMNI_EXIT_DONE;
}
