/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/cli/target.h"

#include "app/files/metadata.h"
#include "app/fusion/fusion-private.h"
#include "app/fusion/result-file.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <string.h>

void
omni_cli_target_clear (OmniCliTarget *target)
{
  g_strfreev (target->sources);
  g_clear_object (&target->options.metadata);
}

void
omni_cli_target_init (OmniCliTarget *target, const OmniCliOptions *options, const OmniFusionRequest *request,
                      GCancellable *cancellable)
{
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  for (guint i = 0; i < request->sources->len; i++)
    g_strv_builder_add (builder, omni_source_get_path (request->sources->pdata[i]));
  target->sources = g_strv_builder_end (builder);
  target->options = (OmniWriteOptions){ .jpeg_quality = options->quality != OMNI_CLI_NOT_GIVEN
                                                          ? (guint)options->quality
                                                          : 0,
                                        .force = options->force,
                                        .sources = (const char *const *)target->sources,
                                        .cancellable = cancellable };
  if (request->exact_depth)
    target->options.depth = request->depth == OMNI_SAMPLE_F32   ? OMNI_DEPTH_32F
                            : request->depth == OMNI_SAMPLE_U16 ? OMNI_DEPTH_16
                                                                : OMNI_DEPTH_8;
}

gboolean
omni_cli_target_check (OmniCliTarget *target, const char *output, const OmniFusionRequest *request,
                       GError **error)
{
  OmniResultShape shape;
  omni_fusion_request_get_shape (request, &shape);
  return omni_picture_check_write (output, shape.width, shape.height, shape.channels, shape.has_alpha,
                                   &target->options, error);
}

gboolean
omni_cli_target_read_metadata (OmniCliTarget *target, const OmniCliOptions *options,
                               const OmniFusionRequest *request, GError **error)
{
  if (options->metadata_path != NULL)
  {
    target->options.metadata = omni_metadata_read (options->metadata_path, NULL);
    if (target->options.metadata != NULL)
      return TRUE;
    g_autofree char *name = g_filename_display_name (options->metadata_path);
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_FAILED,
                 "The metadata of “%s” cannot be read; name another file (--metadata-from).", name);
    return FALSE;
  }
  const char *reference = omni_sources_choose_reference (request->sources,
                                                         omni_fusion_request_pansharpens (request));
  if (reference != NULL)
    target->options.metadata = omni_metadata_read (reference, NULL);
  return TRUE;
}

void
omni_cli_target_add_note (OmniCliTarget *target, OmniTask task)
{
  omni_result_file_add_note (task, &target->options.metadata);
}

/* The base name without its extension. */
static char *
make_stem (OmniSource *source)
{
  g_autofree char *base = g_path_get_basename (omni_source_get_path (source));
  const char *dot = strrchr (base, '.');

  return dot != NULL && dot != base ? g_strndup (base, (gsize)(dot - base)) : g_strdup (base);
}

char *
omni_cli_take_name (GHashTable *taken, const char *wanted)
{
  char *name = g_strdup (wanted);

  for (guint n = 2; g_hash_table_contains (taken, name); n++)
  {
    g_free (name);
    name = g_strdup_printf ("%s.%u", wanted, n);
  }
  g_hash_table_add (taken, g_strdup (name));
  return name;
}

gboolean
omni_cli_make_folder (const char *path, GError **error)
{
  if (g_mkdir_with_parents (path, 0777) == 0)
    return TRUE;
  const int code = errno;
  g_autofree char *name = g_filename_display_name (path);
  return omni_cli_refuse (error, "The folder “%s” cannot be made: %s; name another one (-o).", name,
                          g_strerror (code));
}

GHashTable *
omni_cli_name_sources (GPtrArray *sources)
{
  GHashTable *names = g_hash_table_new_full (NULL, NULL, NULL, g_free);
  g_autoptr (GHashTable) taken = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_autoptr (GPtrArray) sorted = omni_sources_sort (sources);

  for (guint i = 0; i < sorted->len; i++)
  {
    g_autofree char *stem = make_stem (sorted->pdata[i]);
    g_hash_table_replace (names, sorted->pdata[i], omni_cli_take_name (taken, stem));
  }
  return names;
}
