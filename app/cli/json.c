/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/cli/cli.h"

#include <math.h>
#include <stdio.h>

void
omni_cli_print_json (JsonBuilder *builder)
{
  g_autoptr (JsonNode) root = json_builder_get_root (builder);
  g_autoptr (JsonGenerator) generator = json_generator_new ();
  json_generator_set_root (generator, root);
  json_generator_set_pretty (generator, TRUE);
  g_autofree char *text = json_generator_to_data (generator, NULL);
  puts (text);
}

void
omni_cli_add_string (JsonBuilder *builder, const char *name, const char *value)
{
  json_builder_set_member_name (builder, name);
  if (value == NULL)
  {
    json_builder_add_null_value (builder);
    return;
  }
  g_autofree char *valid = g_utf8_make_valid (value, -1);
  json_builder_add_string_value (builder, valid);
}

void
omni_cli_add_path (JsonBuilder *builder, const char *name, const char *path)
{
  g_autofree char *display = path != NULL ? g_filename_display_name (path) : NULL;
  omni_cli_add_string (builder, name, path != NULL && g_utf8_validate (path, -1, NULL) ? path : display);
}

void
omni_cli_add_strings (JsonBuilder *builder, const char *name, const GPtrArray *values)
{
  json_builder_set_member_name (builder, name);
  json_builder_begin_array (builder);
  for (guint i = 0; i < values->len; i++)
  {
    g_autofree char *valid = g_utf8_make_valid (values->pdata[i], -1);
    json_builder_add_string_value (builder, valid);
  }
  json_builder_end_array (builder);
}

void
omni_cli_add_int (JsonBuilder *builder, const char *name, gint64 value)
{
  json_builder_set_member_name (builder, name);
  json_builder_add_int_value (builder, value);
}

void
omni_cli_add_double (JsonBuilder *builder, const char *name, double value)
{
  json_builder_set_member_name (builder, name);
  json_builder_add_double_value (builder, value);
}

void
omni_cli_add_boolean (JsonBuilder *builder, const char *name, gboolean value)
{
  json_builder_set_member_name (builder, name);
  json_builder_add_boolean_value (builder, value);
}

void
omni_cli_add_profile (JsonBuilder *builder, const GArray *profile)
{
  json_builder_set_member_name (builder, "profile");
  json_builder_begin_array (builder);
  for (guint i = 0; i < profile->len; i++)
  {
    const OmniPlanProfile *row = &g_array_index (profile, OmniPlanProfile, i);
    json_builder_begin_object (builder);
    omni_cli_add_string (builder, "label", row->label);
    omni_cli_add_string (builder, "kernel", row->kernel);
    omni_cli_add_double (builder, "ms", row->ms);
    omni_cli_add_double (builder, "gflop", row->gflop);
    omni_cli_add_double (builder, "gbytes", row->gbytes);
    omni_cli_add_int (builder, "dispatches", row->dispatches);
    json_builder_end_object (builder);
  }
  json_builder_end_array (builder);
}

void
omni_cli_print_profile (const GArray *profile)
{
  printf ("%-20s %-28s %10s %10s %10s %6s\n", "operation", "kernel", "ms", "GFLOP/s", "GB/s", "runs");
  for (guint i = 0; i < profile->len; i++)
  {
    const OmniPlanProfile *row = &g_array_index (profile, OmniPlanProfile, i);
    const double seconds = row->ms > 0 ? row->ms / 1000 : 1;
    printf ("%-20s %-28s %10.3f %10.1f %10.1f %6u\n", row->label, row->kernel, row->ms, row->gflop / seconds,
            row->gbytes / seconds, row->dispatches);
  }
}

void
omni_cli_add_refine (JsonBuilder *builder, const OmniFusionResult *result)
{
  json_builder_set_member_name (builder, "refine");
  if (!result->has_refine)
  {
    json_builder_add_null_value (builder);
    return;
  }
  json_builder_begin_object (builder);
  omni_cli_add_double (builder, "seconds", result->refine.seconds);
  omni_cli_add_int (builder, "steps", (gint64)result->refine.steps);
  omni_cli_add_string (builder, "metric", result->refine.metric);
  omni_cli_add_double (builder, "before", result->refine.before);
  omni_cli_add_double (builder, "after", result->refine.after);
  omni_cli_add_boolean (builder, "kept", result->refine.kept);
  json_builder_end_object (builder);
}

void
omni_cli_print_refine (const OmniFusionResult *result)
{
  const OmniRefineScores *refine = &result->refine;
  if (!result->has_refine)
    return;
  /* What was kept for a difference shows it. */
  const int digits = fabs (refine->after - refine->before) < 1e-4 ? 7 : 4;
  printf ("  refine  %s %.*f before, %.*f after %" G_GUINT64_FORMAT " %s in %.0f s: %s\n", refine->metric,
          digits, refine->before, digits, refine->after, refine->steps, refine->steps == 1 ? "step" : "steps",
          refine->seconds,
          refine->kept ? "kept" : "no better, so this is the result of the weights as they were");
  printf ("          for the same bits again, in any order: --refine-steps %" G_GUINT64_FORMAT "\n",
          refine->steps);
}
