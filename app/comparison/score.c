/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/comparison/comparison-private.h"

#include "app/fusion/fusion-private.h"
#include "app/picture/resample.h"

void
omni_scoring_free (OmniScoring *self)
{
  for (guint i = 0; i < OMNI_COMPARISON_MAX_METRICS; i++)
    g_free (self->scores[i].reason);
  g_clear_pointer (&self->pictures, g_ptr_array_unref);
  g_clear_pointer (&self->result, omni_fusion_result_unref);
  g_free (self);
}

/* The multispectral and the panchromatic picture as they are, in this order. */
static gboolean
load_pansharpen (OmniScoring *self, GPtrArray *pictures, GCancellable *cancellable, GError **error)
{
  OmniSource *sources[2];

  if (!omni_sources_find_pansharpen (self->result->sources, &sources[0], &sources[1], error))
    return FALSE;
  for (guint i = 0; i < 2; i++)
  {
    OmniPicture *picture = omni_source_load (sources[i], cancellable, error);
    if (picture == NULL)
      return FALSE;
    g_ptr_array_add (pictures, picture);
  }
  return TRUE;
}

static gboolean
load_sources (OmniScoring *self, GCancellable *cancellable, GError **error)
{
  GPtrArray *sources = self->result->sources;
  g_autoptr (GPtrArray) pictures = g_ptr_array_new_with_free_func (g_object_unref);

  if (self->pictures != NULL)
    return TRUE;
  if (self->result->model->pansharpens)
  {
    if (!load_pansharpen (self, pictures, cancellable, error))
      return FALSE;
    self->pictures = g_steal_pointer (&pictures);
    return TRUE;
  }
  for (guint i = 0; i < sources->len; i++)
  {
    /* As it was fused: in the size of the result. */
    OmniPicture *picture = omni_source_load_at (
      sources->pdata[i], omni_picture_get_width (self->result->picture),
      omni_picture_get_height (self->result->picture), cancellable, error);
    if (picture == NULL)
      return FALSE;
    g_ptr_array_add (pictures, picture);
  }
  self->pictures = g_steal_pointer (&pictures);
  return TRUE;
}

static OmniMetricsInput *
make_input (OmniScoring *self, GError **error)
{
  const OmniMetricsRegion *region = self->has_region ? &self->region : NULL;

  if (self->result->model->pansharpens)
    return omni_metrics_input_new_bands (self->pictures->pdata[0], self->pictures->pdata[1],
                                         self->result->picture, NULL, region, error);
  return omni_metrics_input_new ((OmniPicture *const *)self->pictures->pdata, self->pictures->len,
                                 self->result->picture, NULL, region, error);
}

static gboolean
compute (OmniScoring *self, GCancellable *cancellable, GError **error)
{
  if (!load_sources (self, cancellable, error))
    return FALSE;
  g_autoptr (OmniMetricsInput) input = make_input (self, error);
  if (input == NULL)
    return FALSE;
  for (guint i = 0; i < self->n_metrics; i++)
  {
    if (g_cancellable_set_error_if_cancelled (cancellable, error))
      return FALSE;
    OmniScore *score = &self->scores[i];
    score->done = omni_metric_compute (self->metrics[i], NULL, input, cancellable, &score->value,
                                       &score->reason);
  }
  return !g_cancellable_set_error_if_cancelled (cancellable, error);
}

static void
score_in_thread (GTask *task, gpointer source_object, gpointer task_data, GCancellable *cancellable)
{
  GError *error = NULL;

  if (compute (task_data, cancellable, &error))
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, error);
}

void
omni_scoring_run_async (OmniScoring *scoring, GCancellable *cancellable, GAsyncReadyCallback callback,
                        gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (NULL, cancellable, callback, user_data);

  g_task_set_task_data (task, scoring, (GDestroyNotify)omni_scoring_free);
  g_task_run_in_thread (task, score_in_thread);
}

OmniScoring *
omni_scoring_run_finish (GAsyncResult *result, GError **error)
{
  if (!g_task_propagate_boolean (G_TASK (result), error))
    return NULL;
  OmniScoring *scoring = g_task_get_task_data (G_TASK (result));
  OmniScoring *copy = g_memdup2 (scoring, sizeof *scoring);
  *scoring = (OmniScoring){ 0 }; /* what it held is handed on */
  return copy;
}
