/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/cli/cli.h"

#include "app/files/output.h"
#include "app/import-report.h"

#include <stdio.h>
#include <string.h>

static gboolean
read_metadata (OmniImport *import, char **assignments, GError **error)
{
  for (guint i = 0; assignments != NULL && assignments[i] != NULL; i++)
  {
    const char *equals = strchr (assignments[i], '=');
    if (equals == NULL || equals == assignments[i] || !g_utf8_validate (assignments[i], -1, NULL))
      return omni_cli_refuse (error, "“%s” is no metadata; write KEY=VALUE (--metadata).", assignments[i]);
    g_autofree char *key = g_strndup (assignments[i], equals - assignments[i]);
    if (g_str_equal (key, "architecture"))
      return omni_cli_refuse (error, "The architecture is chosen with --architecture, not with --metadata.");
    omni_import_set_metadata (import, key, equals + 1);
  }
  return TRUE;
}

static gboolean
write_file (OmniImport *import, const OmniCliOptions *options, GBytes *bytes, GError **error)
{
  g_autoptr (GPtrArray) sources = g_ptr_array_new ();
  for (guint i = 0; i < omni_import_get_n_files (import); i++)
    g_ptr_array_add (sources, (gpointer)omni_import_get_file (import, i, NULL));
  g_ptr_array_add (sources, NULL);
  g_auto (OmniOutput) output = { 0 };
  gsize size;
  gconstpointer data = g_bytes_get_data (bytes, &size);
  return omni_output_open (&output, options->output, options->force, (const char *const *)sources->pdata,
                           error)
         && omni_output_write (&output, data, size, error) && omni_output_commit (&output, error);
}

static void
add_files (JsonBuilder *json, const OmniImport *import)
{
  json_builder_set_member_name (json, "files");
  json_builder_begin_array (json);
  for (guint i = 0; i < omni_import_get_n_files (import); i++)
  {
    const char *format;
    const char *path = omni_import_get_file (import, i, &format);
    json_builder_begin_object (json);
    omni_cli_add_path (json, "path", path);
    omni_cli_add_string (json, "format", format);
    json_builder_end_object (json);
  }
  json_builder_end_array (json);
}

static void
add_tensors (JsonBuilder *json, const OmniImport *import)
{
  const GPtrArray *taken = omni_import_get_taken (import), *ignored = omni_import_get_ignored (import);
  json_builder_set_member_name (json, "taken");
  json_builder_begin_array (json);
  for (guint i = 0; i < taken->len; i++)
  {
    const OmniImportTaken *tensor = taken->pdata[i];
    json_builder_begin_object (json);
    omni_cli_add_string (json, "from", tensor->from);
    omni_cli_add_string (json, "from_shape", tensor->from_shape);
    omni_cli_add_string (json, "to", tensor->to);
    omni_cli_add_string (json, "to_shape", tensor->to_shape);
    omni_cli_add_string (json, "layout", tensor->layout);
    json_builder_end_object (json);
  }
  json_builder_end_array (json);
  json_builder_set_member_name (json, "ignored");
  json_builder_begin_array (json);
  for (guint i = 0; i < ignored->len; i++)
  {
    const OmniImportIgnored *tensor = ignored->pdata[i];
    json_builder_begin_object (json);
    omni_cli_add_string (json, "name", tensor->name);
    omni_cli_add_string (json, "reason", tensor->reason);
    json_builder_end_object (json);
  }
  json_builder_end_array (json);
}

static void
print_json (const char *output, const OmniImport *import, const char *sha256, gboolean has_model)
{
  g_autoptr (JsonBuilder) json = json_builder_new ();
  g_autofree const char **metadata = omni_import_list_metadata (import);
  json_builder_begin_object (json);
  omni_cli_add_path (json, "output", output);
  omni_cli_add_string (json, "sha256", sha256);
  omni_cli_add_string (json, "architecture", omni_import_get_architecture (import));
  omni_cli_add_string (json, "recognised_as", omni_import_get_title (import));
  omni_cli_add_boolean (json, "has_model", has_model);
  omni_cli_add_int (json, "parameters", (gint64)omni_import_get_n_parameters (import));
  if (omni_import_get_n_bands (import) > 0)
    omni_cli_add_int (json, "bands", omni_import_get_n_bands (import));
  add_files (json, import);
  add_tensors (json, import);
  json_builder_set_member_name (json, "metadata");
  json_builder_begin_object (json);
  for (guint i = 0; metadata[i] != NULL; i += 2)
    omni_cli_add_string (json, metadata[i], metadata[i + 1]);
  json_builder_end_object (json);
  omni_cli_add_string (json, "note", omni_import_get_note (import));
  json_builder_end_object (json);
  omni_cli_print_json (json);
}

static void
print_report (const char *output, const OmniImport *import, const char *sha256, gboolean has_model)
{
  g_autofree char *name = g_filename_display_name (output);
  g_autofree char *report = omni_import_make_report (import, has_model);
  printf ("%s\n%ssha256 %s\n", name, report, sha256);
}

static gboolean
run (const OmniCliOptions *options, GError **error)
{
  if (options->arguments == NULL)
    return omni_cli_refuse (error, "There is nothing to import; name a .pth, a checkpoint's index or a "
                                   "safetensors file.");
  if (options->output == NULL)
    return omni_cli_refuse (error, "There is no name for the weights; give one with -o FILE.safetensors.");
  if (!g_str_has_suffix (options->output, ".safetensors"))
  {
    g_autofree char *name = g_filename_display_name (options->output);
    return omni_cli_refuse (error, "“%s” should end in .safetensors, since that is what is written (-o).",
                            name);
  }
  g_autoptr (OmniImport)
    import = omni_import_new ((const char *const *)options->arguments, options->architecture, error);
  if (import == NULL || !read_metadata (import, options->metadata, error))
    return FALSE;
  gboolean has_model;
  omni_import_set_half (import, options->half);
  g_autoptr (GBytes) bytes = omni_import_write (import, &has_model, error);
  if (bytes == NULL || !write_file (import, options, bytes, error))
    return FALSE;
  g_autofree char *sha256 = g_compute_checksum_for_bytes (G_CHECKSUM_SHA256, bytes);
  if (options->json)
    print_json (options->output, import, sha256, has_model);
  else
    print_report (options->output, import, sha256, has_model);
  return TRUE;
}

int
omni_cli_import (int argc, char **argv)
{
  g_auto (OmniCliOptions) options = { 0 };
  GError *error = NULL;
  if (!omni_cli_options_parse (
        &options, OMNI_CLI_IMPORT, "FILE… -o OUT.safetensors",
        "Turns other people's weights into ours: PyTorch (.pth), TensorFlow checkpoints (.index), "
        "safetensors. Nothing of a file is ever run.",
        argc, argv, &error)
      || !run (&options, &error))
    return omni_cli_fail (error);
  return OMNI_EXIT_DONE;
}
