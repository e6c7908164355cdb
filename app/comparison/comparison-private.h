/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/comparison/comparison.h"

G_BEGIN_DECLS

typedef struct
{
  gboolean done;
  double value;
  char *reason; /* when not done */
} OmniScore;

struct _OmniComparisonRow
{
  GObject parent_instance;

  const OmniModel *model;
  char *weights_path; /* (nullable) as OmniFusionRequest.weights_path */
  char *weights;      /* (nullable) what people call them */
  char *options;
  OmniModelOptions *chosen; /* (nullable) the same for the fusion; NULL: as they come */
  OmniFusionResult *result;
  gboolean borrowed; /* the document made the result, and decides how long it is kept */
  OmniComparisonState state;
  char *error;
  OmniScore scores[OMNI_COMPARISON_MAX_METRICS];
  guint scored; /* the turn of the comparison that these are of; 0: none */
};

OmniComparisonRow *
omni_comparison_row_new (const OmniModel *model, const char *weights_path, const char *options);
void omni_comparison_row_set_result (OmniComparisonRow *self, OmniFusionResult *result);

/* `error` (nullable) goes with FAILED only. */
void omni_comparison_row_set_state (OmniComparisonRow *self, OmniComparisonState state, const char *error);

/* There are none until others are taken. */
void omni_comparison_row_clear_scores (OmniComparisonRow *self);

/* Takes what the scores hold. */
void omni_comparison_row_take_scores (OmniComparisonRow *self, OmniScore *scores, guint turn);

/* Scores one result in a worker thread. */
typedef struct
{
  OmniFusionResult *result;
  OmniMetricsRegion region;
  gboolean has_region;
  const OmniMetric *metrics[OMNI_COMPARISON_MAX_METRICS];
  guint n_metrics;
  GPtrArray *pictures; /* (nullable) the sources as an earlier scoring left them */
  OmniScore scores[OMNI_COMPARISON_MAX_METRICS];
} OmniScoring;

void omni_scoring_free (OmniScoring *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (OmniScoring, omni_scoring_free)

/* Takes `scoring`. */
void omni_scoring_run_async (OmniScoring *scoring, GCancellable *cancellable, GAsyncReadyCallback callback,
                             gpointer user_data);

/* (transfer full) With scores and pictures; NULL with a sentence when the set cannot be scored at all. */
OmniScoring *omni_scoring_run_finish (GAsyncResult *result, GError **error);

G_END_DECLS
