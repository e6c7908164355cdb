/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/comparison/comparison-private.h"

#include "app/weights-folder.h"

enum
{
  SIGNAL_CHANGED,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (OmniComparisonRow, omni_comparison_row, G_TYPE_OBJECT)

OmniComparisonRow *
omni_comparison_row_new (const OmniModel *model, const char *weights_path, const char *options)
{
  OmniComparisonRow *self = g_object_new (OMNI_TYPE_COMPARISON_ROW, NULL);

  self->model = model;
  self->weights_path = g_strdup (weights_path);
  self->weights = weights_path != NULL ? omni_weights_folder_get_title (weights_path) : NULL;
  self->options = g_strdup (options);
  return self;
}

static void
emit_changed (OmniComparisonRow *self)
{
  g_signal_emit (self, signals[SIGNAL_CHANGED], 0);
}

void
omni_comparison_row_set_state (OmniComparisonRow *self, OmniComparisonState state, const char *error)
{
  self->state = state;
  g_free (self->error);
  self->error = g_strdup (error);
  emit_changed (self);
}

void
omni_comparison_row_clear_scores (OmniComparisonRow *self)
{
  for (guint i = 0; i < OMNI_COMPARISON_MAX_METRICS; i++)
  {
    g_free (self->scores[i].reason);
    self->scores[i] = (OmniScore){ 0 };
  }
  self->scored = 0;
}

void
omni_comparison_row_set_result (OmniComparisonRow *self, OmniFusionResult *result)
{
  omni_fusion_result_ref (result);
  g_clear_pointer (&self->result, omni_fusion_result_unref);
  self->result = result;
  omni_comparison_row_clear_scores (self);
  omni_comparison_row_set_state (self, OMNI_COMPARISON_WAITING, NULL);
}

void
omni_comparison_row_take_scores (OmniComparisonRow *self, OmniScore *scores, guint turn)
{
  omni_comparison_row_clear_scores (self);
  memcpy (self->scores, scores, sizeof self->scores);
  memset (scores, 0, sizeof self->scores);
  self->scored = turn;
  omni_comparison_row_set_state (self, OMNI_COMPARISON_DONE, NULL);
}

const OmniModel *
omni_comparison_row_get_model (OmniComparisonRow *self)
{
  return self->model;
}

const char *
omni_comparison_row_get_options (OmniComparisonRow *self)
{
  return self->options;
}

const char *
omni_comparison_row_get_weights (OmniComparisonRow *self)
{
  return self->weights;
}

const char *
omni_comparison_row_get_weights_path (OmniComparisonRow *self)
{
  return self->weights_path;
}

char *
omni_comparison_row_dup_details (OmniComparisonRow *self)
{
  if (self->weights == NULL)
    return g_strdup (self->options);
  return self->options[0] != '\0' ? g_strdup_printf ("%s · %s", self->weights, self->options)
                                  : g_strdup (self->weights);
}

OmniFusionResult *
omni_comparison_row_get_result (OmniComparisonRow *self)
{
  return self->result;
}

OmniComparisonState
omni_comparison_row_get_state (OmniComparisonRow *self)
{
  return self->state;
}

const char *
omni_comparison_row_get_error (OmniComparisonRow *self)
{
  return self->error;
}

gboolean
omni_comparison_row_get_score (OmniComparisonRow *self, guint metric, double *value)
{
  g_return_val_if_fail (metric < OMNI_COMPARISON_MAX_METRICS, FALSE);

  *value = self->scores[metric].value;
  return self->scores[metric].done;
}

const char *
omni_comparison_row_get_reason (OmniComparisonRow *self, guint metric)
{
  g_return_val_if_fail (metric < OMNI_COMPARISON_MAX_METRICS, NULL);

  return self->scores[metric].reason;
}

static void
omni_comparison_row_finalize (GObject *object)
{
  OmniComparisonRow *self = OMNI_COMPARISON_ROW (object);

  g_clear_pointer (&self->result, omni_fusion_result_unref);
  omni_comparison_row_clear_scores (self);
  omni_model_options_free (self->chosen);
  g_free (self->weights_path);
  g_free (self->weights);
  g_free (self->options);
  g_free (self->error);
  G_OBJECT_CLASS (omni_comparison_row_parent_class)->finalize (object);
}

static void
omni_comparison_row_class_init (OmniComparisonRowClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = omni_comparison_row_finalize;
  signals[SIGNAL_CHANGED] = g_signal_new ("changed", OMNI_TYPE_COMPARISON_ROW, G_SIGNAL_RUN_LAST, 0, NULL,
                                          NULL, NULL, G_TYPE_NONE, 0);
}

static void
omni_comparison_row_init (OmniComparisonRow *self)
{
}
