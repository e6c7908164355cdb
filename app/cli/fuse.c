/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/cli/fuse.h"

#include "app/cli/align.h"
#include "app/cli/target.h"
#include "app/cli/weights-out.h"

#include <stdio.h>

static gboolean
add_sources (JsonBuilder *json, const OmniFusionResult *result, GError **error)
{
  json_builder_set_member_name (json, "sources");
  json_builder_begin_array (json);
  for (guint i = 0; i < result->sources->len; i++)
  {
    OmniSource *source = result->sources->pdata[i];
    g_autofree char *sha256 = omni_source_dup_sha256 (source, error);
    if (sha256 == NULL)
      return FALSE;
    json_builder_begin_object (json);
    omni_cli_add_path (json, "path", omni_source_get_path (source));
    omni_cli_add_string (json, "sha256", sha256);
    omni_cli_add_int (json, "width", omni_source_get_width (source));
    omni_cli_add_int (json, "height", omni_source_get_height (source));
    omni_cli_add_string (json, "depth", omni_sample_type_to_string (omni_source_get_sample_type (source)));
    omni_cli_add_string (json, "role", omni_role_to_string (omni_source_get_role (source)));
    omni_cli_add_map (json, source);
    json_builder_end_object (json);
  }
  json_builder_end_array (json);
  return TRUE;
}

static void
add_times (JsonBuilder *json, const OmniFusionTimes *ms)
{
  json_builder_set_member_name (json, "ms");
  json_builder_begin_object (json);
  omni_cli_add_double (json, "decode", ms->decode);
  omni_cli_add_double (json, "upload", ms->upload);
  omni_cli_add_double (json, "network", ms->network);
  omni_cli_add_double (json, "download", ms->download);
  omni_cli_add_double (json, "encode", ms->encode);
  omni_cli_add_double (json, "total", ms->total);
  json_builder_end_object (json);
}

static gboolean
print_result_json (const OmniCliOptions *options, const OmniFusionResult *result, const OmniFusionTimes *ms,
                   GError **error)
{
  g_autoptr (JsonBuilder) json = json_builder_new ();
  json_builder_begin_object (json);
  omni_cli_add_path (json, "output", options->output);
  omni_cli_add_string (json, "sha256", result->sha256);
  omni_cli_add_int (json, "width", omni_picture_get_width (result->picture));
  omni_cli_add_int (json, "height", omni_picture_get_height (result->picture));
  omni_cli_add_string (json, "depth",
                       omni_sample_type_to_string (omni_picture_get_sample_type (result->picture)));
  omni_cli_add_string (json, "task", omni_task_to_string (result->task));
  omni_cli_add_string (json, "task_reason", result->task_reason);
  omni_cli_add_string (json, "model", result->model->name);
  omni_cli_add_string (json, "weights_sha256", result->weights_sha256);
  omni_cli_add_string (json, "device", result->device_name);
  omni_cli_add_boolean (json, "order_invariant", result->order_invariant);
  omni_cli_add_refine (json, result);
  if (!add_sources (json, result, error))
    return FALSE;
  omni_cli_add_int (json, "tiles", result->tiles);
  omni_cli_add_int (json, "peak_device_bytes", (gint64)result->peak_device_bytes);
  add_times (json, ms);
  omni_cli_add_strings (json, "warnings", result->warnings);
  if (result->maps != NULL)
    omni_cli_add_weights (json, options->weights_out, result);
  if (result->profile != NULL)
    omni_cli_add_profile (json, result->profile);
  json_builder_end_object (json);
  omni_cli_print_json (json);
  return TRUE;
}

static void
print_result (const char *output, const OmniFusionResult *result, const OmniFusionTimes *ms)
{
  g_autofree char *name = g_filename_display_name (output);
  printf ("%s: %u × %u, %s bits\n", name, omni_picture_get_width (result->picture),
          omni_picture_get_height (result->picture),
          omni_sample_type_to_string (omni_picture_get_sample_type (result->picture)));
  OmniSource *source = result->sources->pdata[0], *original = omni_source_get_original (source);
  if (omni_source_get_warp (source) != NULL)
    printf ("  aligned, %u × %u of %u × %u pixels are in all sources\n", omni_source_get_width (source),
            omni_source_get_height (source), omni_source_get_width (original),
            omni_source_get_height (original));
  printf ("  task    %s (%s)\n", omni_task_to_string (result->task), result->task_reason);
  printf ("  model   %s, %s\n", result->model->title,
          result->order_invariant ? "the same result for every order of the sources"
                                  : "the result depends on the order of the sources");
  printf ("  device  %s, %u %s, %.0f ms\n", result->device_name, result->tiles,
          result->tiles == 1 ? "tile" : "tiles", ms->total);
  omni_cli_print_refine (result);
  printf ("  sha256  %s\n", result->sha256);
  if (result->profile != NULL)
    omni_cli_print_profile (result->profile);
}

static gboolean
write_result (const OmniCliOptions *options, const OmniFusionResult *result, const OmniWriteOptions *write,
              GError **error)
{
  if (result->maps != NULL
      && (!omni_cli_check_weights (options->weights_out, result, write, error)
          || !omni_cli_write_weights (options->weights_out, result, write, error)))
    return FALSE;
  /* The picture comes last: it stands for all of it. */
  if (omni_picture_write (result->picture, options->output, write, error))
    return TRUE;
  if (result->maps != NULL)
    omni_cli_remove_weights (options->weights_out, result);
  return FALSE;
}

OmniFusionResult *
omni_cli_fuse_request (const OmniCliOptions *options, const OmniFusionRequest *request, OmniEngine *engine,
                       OmniCliProgress *progress, OmniFusionTimes *ms, GCancellable *cancellable,
                       GError **error)
{
  g_auto (OmniCliTarget) target = { 0 };
  omni_cli_target_init (&target, options, request, cancellable);
  if (!omni_cli_target_check (&target, options->output, request, error)
      || !omni_cli_target_read_metadata (&target, options, request, error))
    return NULL;
  g_autoptr (OmniFusionResult)
    result = omni_engine_fuse (engine, request, omni_cli_progress_cb, progress, cancellable, error);
  omni_cli_progress_hide (progress);
  if (result == NULL)
    return NULL;

  const gint64 start_us = g_get_monotonic_time ();
  omni_cli_target_add_note (&target, result->task);
  if (!write_result (options, result, &target.options, error))
    return NULL;
  *ms = result->ms;
  ms->encode = (g_get_monotonic_time () - start_us) / 1000.0;
  ms->total += ms->encode;
  return g_steal_pointer (&result);
}

static gboolean
run (const OmniCliOptions *options, GError **error)
{
  GCancellable *cancellable = omni_cli_catch_interrupt ();
  if (options->output == NULL)
  {
    g_set_error_literal (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                         "There is no name for the result; give one with -o FILE.");
    return FALSE;
  }
  g_autoptr (OmniFusionRequest) request = omni_cli_make_request (options, options->output, error);
  if (request == NULL)
    return FALSE;
  request->maps = options->weights_out != NULL;
  g_autoptr (OmniEngine) engine = omni_engine_new (options->device);
  g_autoptr (OmniCliProgress) progress = omni_cli_progress_new (options->quiet);
  OmniFusionTimes ms;
  g_autoptr (OmniFusionResult)
    result = omni_cli_fuse_request (options, request, engine, progress, &ms, cancellable, error);
  if (result == NULL)
    return FALSE;
  for (guint i = 0; i < result->warnings->len; i++)
    omni_cli_warn (options->quiet, result->warnings->pdata[i]);
  if (options->json)
    return print_result_json (options, result, &ms, error);
  if (!options->quiet)
    print_result (options->output, result, &ms);
  return TRUE;
}

int
omni_cli_fuse (int argc, char **argv)
{
  g_auto (OmniCliOptions) options = { 0 };
  GError *error = NULL;
  if (!omni_cli_options_parse (
        &options, OMNI_CLI_RUN | OMNI_CLI_SOURCES | OMNI_CLI_REFINE | OMNI_CLI_FUSE, "SOURCE… -o OUT",
        "Fuses pictures into one. A folder means the pictures in it.", argc, argv, &error)
      || !run (&options, &error))
    return omni_cli_fail (error);
  return OMNI_EXIT_DONE;
}
