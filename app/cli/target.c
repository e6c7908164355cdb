/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/cli/target.h"

#include "app/files/metadata.h"
#include "app/fusion/result-file.h"

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
