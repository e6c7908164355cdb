/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/fusion/fusion-private.h"

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

char *
omni_fusion_describe (const char *model, const char *weights, const char *options)
{
  const OmniModel *known = omni_model_find (model);
  GString *words = g_string_new (known != NULL ? _ (known->title) : model);

  if (weights != NULL)
    g_string_append_printf (words, " · %s", weights);
  if (options != NULL && options[0] != '\0')
    g_string_append_printf (words, " · %s", options);
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
