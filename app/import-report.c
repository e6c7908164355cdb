/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/import-report.h"

#include "models/weights-header.h"

#include <glib/gi18n.h>

/* A line of the report. What a file calls its tensors and says of itself may neither begin another nor steer a terminal. */
static void add_line (GString *text, const char *format, ...) G_GNUC_PRINTF (2, 3);

static void
add_line (GString *text, const char *format, ...)
{
  g_autofree char *line = NULL, *readable = NULL;
  va_list arguments;

  va_start (arguments, format);
  line = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  if (g_str_has_suffix (line, "\n"))
    line[strlen (line) - 1] = '\0';
  readable = omni_weights_make_readable (line);
  g_string_append_printf (text, "%s\n", readable);
}

static void
add_files (GString *text, const OmniImport *import)
{
  for (guint i = 0; i < omni_import_get_n_files (import); i++)
  {
    const char *format;
    g_autofree char *path = g_filename_display_name (omni_import_get_file (import, i, &format));

    add_line (text, _ ("Read %s (%s)\n"), path, _ (format));
  }
  for (guint band = 1; band <= omni_import_get_n_bands (import); band++)
  {
    g_autofree char *path = g_filename_display_name (omni_import_get_band_file (import, band));

    add_line (text, _ ("Band %u: the network of %s\n"), band, path);
  }
}

static void
add_tensors (GString *text, const OmniImport *import)
{
  const GPtrArray *taken = omni_import_get_taken (import), *ignored = omni_import_get_ignored (import);

  for (guint i = 0; i < taken->len; i++)
  {
    const OmniImportTaken *tensor = taken->pdata[i];

    if (tensor->layout == NULL)
      add_line (text, _ ("Taken: %s %s as %s\n"), tensor->from, tensor->from_shape, tensor->to);
    else
      add_line (text, _ ("Taken: %s %s as %s %s, turned from %s\n"), tensor->from, tensor->from_shape,
                tensor->to, tensor->to_shape, tensor->layout);
  }
  for (guint i = 0; i < ignored->len; i++)
  {
    const OmniImportIgnored *tensor = ignored->pdata[i];

    add_line (text, _ ("Ignored: %s, %s\n"), tensor->name, _ (tensor->reason));
  }
  if (ignored->len == 0)
    g_string_append (text, _ ("Nothing was ignored.\n"));
}

char *
omni_import_make_report (const OmniImport *import, gboolean has_model)
{
  GString *text = g_string_new (NULL);
  g_autofree const char **metadata = omni_import_list_metadata (import);
  const char *architecture = omni_import_get_architecture (import);

  add_line (text, _ ("Weights for “%s”, %lu parameters: %s\n"), architecture,
            (gulong)omni_import_get_n_parameters (import), _ (omni_import_get_title (import)));
  add_files (text, import);
  add_tensors (text, import);
  for (guint i = 2; metadata[i] != NULL; i += 2)
    add_line (text, "%s = %s\n", metadata[i], metadata[i + 1]);
  if (omni_import_get_note (import) != NULL)
    add_line (text, "%s\n", _ (omni_import_get_note (import)));
  if (!has_model)
    add_line (text, _ ("This version has no model “%s” that could use them.\n"), architecture);
  return g_string_free (text, FALSE);
}
