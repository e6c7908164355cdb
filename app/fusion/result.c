/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/fusion/fusion-private.h"

#include "app/files/losses.h"
#include "app/files/samples.h"

#include <glib/gi18n.h>

OmniFusionResult *
omni_fusion_result_ref (OmniFusionResult *result)
{
  g_return_val_if_fail (result != NULL, NULL);

  g_atomic_ref_count_inc (&result->ref_count);
  return result;
}

void
omni_fusion_result_unref (OmniFusionResult *result)
{
  if (result == NULL || !g_atomic_ref_count_dec (&result->ref_count))
    return;
  g_clear_object (&result->picture);
  g_free (result->sha256);
  g_free (result->task_reason);
  g_free (result->options);
  g_free (result->weights_sha256);
  g_free (result->weights_path);
  g_free (result->influence);
  g_free (result->device_name);
  g_ptr_array_unref (result->sources);
  g_ptr_array_unref (result->warnings);
  if (result->profile != NULL)
    g_array_unref (result->profile);
  omni_weight_maps_unref (result->maps);
  g_free (result);
}

#define REFINED "refined, "

char *
omni_fusion_options_split (const char *options, guint64 *steps)
{
  const char *refined = strstr (options, REFINED);

  *steps = refined != NULL ? g_ascii_strtoull (refined + strlen (REFINED), NULL, 10) : 0;
  char *own = refined != NULL ? g_strndup (options, (gsize)(refined - options)) : g_strdup (options);
  if (g_str_has_suffix (own, ", "))
    own[strlen (own) - 2] = '\0';
  return own;
}

char *
omni_fusion_describe (const char *model, const char *weights, const char *options)
{
  const OmniModel *known = omni_model_find (model);
  GString *words = g_string_new (known != NULL ? _ (known->title) : model);
  guint64 steps;
  g_autofree char *own = omni_fusion_options_split (options != NULL ? options : "", &steps);

  if (weights != NULL)
    g_string_append_printf (words, " · %s", weights);
  if (own[0] != '\0')
    g_string_append_printf (words, " · %s", own);
  if (steps > 0)
  {
    g_string_append (words, " · ");
    g_string_append_printf (words, ngettext ("refined, %lu step", "refined, %lu steps", (gulong)steps),
                            (gulong)steps);
  }
  return g_string_free (words, FALSE);
}

void
omni_fusion_result_note_request (OmniFusionResult *result, const OmniFusionRequest *request)
{
  const guint n = request->sources->len;
  const double *influence = result->model->takes_influence ? request->influence : NULL;

  result->weights_path = result->weights_sha256 != NULL ? g_strdup (request->weights_path) : NULL;
  for (guint i = 0; influence != NULL && result->influence == NULL && i < n; i++)
    if (influence[i] != 0)
      result->influence = g_memdup2 (influence, n * sizeof *influence);
}

gboolean
omni_fusion_cut_picture (OmniPicture **picture, const OmniFusionRequest *request, GPtrArray *warnings,
                         GError **error)
{
  OmniPicture *whole = *picture;
  const OmniSampleType own = omni_picture_get_sample_type (whole);
  const guint width = omni_picture_get_width (whole), height = omni_picture_get_height (whole);
  const guint channels = omni_picture_get_channels (whole);
  gsize size_bytes;

  if (!request->exact_depth || request->depth == own)
    return TRUE;
  guint8 *pixels = omni_picture_try_alloc_pixels (width, height, channels, request->depth, &size_bytes,
                                                  error);
  if (pixels == NULL)
    return FALSE;
  omni_losses_add_cut (warnings, whole);
  omni_samples_convert (omni_picture_get_pixels (whole), own, pixels, request->depth,
                        (gsize)width * height * channels);
  *picture = omni_picture_new (width, height, channels, omni_picture_get_has_alpha (whole), request->depth,
                               g_bytes_new_take (pixels, size_bytes), omni_picture_get_icc_profile (whole),
                               NULL, error);
  g_object_unref (whole);
  return *picture != NULL;
}
