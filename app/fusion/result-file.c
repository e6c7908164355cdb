/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/fusion/result-file.h"

#include "app/files/colour-profile.h"
#include "app/files/losses.h"
#include "app/files/metadata.h"
#include "app/settings.h"

void
omni_result_file_options_read (OmniResultFileOptions *options)
{
  g_autofree char *depth = omni_settings_dup (OMNI_SETTING_EXPORT_DEPTH);
  g_autofree char *quality = omni_settings_dup (OMNI_SETTING_EXPORT_QUALITY);

  options->depth = g_str_equal (depth, "8")     ? OMNI_DEPTH_8
                   : g_str_equal (depth, "16")  ? OMNI_DEPTH_16
                   : g_str_equal (depth, "32f") ? OMNI_DEPTH_32F
                                                : OMNI_DEPTH_AUTO;
  options->quality = (guint)g_ascii_strtoull (quality, NULL, 10);
  options->to_srgb = omni_settings_is (OMNI_SETTING_EXPORT_PROFILE, "srgb");
  options->metadata = omni_settings_is (OMNI_SETTING_EXPORT_METADATA, "yes");
}

void
omni_result_file_add_note (OmniTask task, OmniMetadata **metadata)
{
  if (task != OMNI_TASK_MEDICAL)
    return;
  if (*metadata == NULL)
    *metadata = omni_metadata_new ();
  if (*metadata != NULL)
    omni_metadata_add_note (*metadata, OMNI_RESEARCH_NOTE);
}

gboolean
omni_result_file_write (OmniFusionResult *result, const char *path, const OmniResultFileOptions *options,
                        GPtrArray *losses, OmniProgressFunc progress, gpointer progress_data,
                        GCancellable *cancellable, GError **error)
{
  GPtrArray *sources = result->sources;
  g_autoptr (GPtrArray) paths = g_ptr_array_new ();

  for (guint i = 0; i < sources->len; i++)
    g_ptr_array_add (paths, (gpointer)omni_source_get_path (sources->pdata[i]));
  g_ptr_array_add (paths, NULL);

  g_autoptr (OmniPicture) picture = options->to_srgb
                                      ? omni_picture_convert_profile (result->picture, NULL, error)
                                      : g_object_ref (result->picture);
  const char *reference = !options->metadata
                            ? NULL
                            : omni_sources_choose_reference (sources, result->model->pansharpens);
  g_autoptr (OmniMetadata) metadata = reference != NULL ? omni_metadata_read (reference, NULL) : NULL;
  omni_result_file_add_note (result->task, &metadata);
  const OmniWriteOptions write = { .force = TRUE,
                                   .sources = (const char *const *)paths->pdata,
                                   .depth = options->depth,
                                   .jpeg_quality = options->quality,
                                   .metadata = metadata,
                                   .cancellable = cancellable,
                                   .progress = progress,
                                   .progress_data = progress_data,
                                   .losses = losses };
  if (options->to_srgb && losses != NULL)
    omni_losses_add_profile (losses, result->picture, NULL);
  return picture != NULL && omni_picture_write (picture, path, &write, error);
}
