/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/fusion/fusion-private.h"

#include <glib/gi18n.h>

/* Sides may differ by this factor before resizing counts as distorting. */
#define ASPECT_TOLERANCE 1.01

void
omni_fusion_warn_of_shapes (GPtrArray *sorted, GPtrArray *warnings)
{
  OmniSource *first = sorted->pdata[0];
  const double aspect = (double)omni_source_get_width (first) / omni_source_get_height (first);
  for (guint i = 1; i < sorted->len; i++)
  {
    const double other = (double)omni_source_get_width (sorted->pdata[i])
                         / omni_source_get_height (sorted->pdata[i]);
    if (MAX (aspect, other) / MIN (aspect, other) <= ASPECT_TOLERANCE)
      continue;
    g_ptr_array_add (warnings, g_strdup (_ ("The sources differ in shape; resizing distorts some of them.")));
    return;
  }
}

void
omni_fusion_warn_of_duplicates (GPtrArray *sorted, GPtrArray *warnings)
{
  for (guint i = 1; i < sorted->len; i++)
  {
    const char *path = omni_source_get_path (sorted->pdata[i]);
    if (g_strcmp0 (path, omni_source_get_path (sorted->pdata[i - 1])) != 0)
      continue;
    g_autofree char *name = g_filename_display_name (path);
    g_ptr_array_add (warnings,
                     g_strdup_printf (_ ("“%s” is in the set more than once and counts each time."), name));
    return;
  }
}

void
omni_fusion_warn_of_range (const OmniModel *model, GPtrArray *warnings)
{
  g_ptr_array_add (
    warnings,
    g_strdup_printf (_ ("%s judges exposure on 0 to 1, and the values go beyond; scale the pictures first."),
                     _ (model->title)));
}

void
omni_fusion_warn_of_default (const OmniFusionRequest *request, const OmniModel *model, OmniTask task,
                             GPtrArray *warnings)
{
  const OmniModel *omni = omni_model_find ("omni");

  if (request->model != NULL || request->weights_path != NULL || (omni->tasks & (1u << task)) == 0
      || omni_model_default_for (task) == omni)
    return;
  g_autofree char *path = omni_model_get_task_weights_path (omni, task);
  g_autofree char *name = g_filename_display_name (path);
  g_ptr_array_add (warnings,
                   g_strdup_printf (_ ("“%s” is missing, so that the model is %s instead of %s; install the "
                                       "program anew, or choose a model (--model)."),
                                    name, _ (model->title), _ (omni->title)));
}
