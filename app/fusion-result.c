/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/engine.h"

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
  g_free (result->device_name);
  g_ptr_array_unref (result->sources);
  g_ptr_array_unref (result->warnings);
  if (result->profile != NULL)
    g_array_unref (result->profile);
  omni_weight_maps_unref (result->maps);
  g_free (result);
}
