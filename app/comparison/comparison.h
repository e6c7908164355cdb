/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/document/document.h"
#include "app/metrics/metrics.h"

G_BEGIN_DECLS

/* How the results of different models on a document's set compare: a GListModel of OmniComparisonRow, one a model, its
 * weights and its options, scored by the metrics that matter most for the task. Follows the document: another set or task starts anew, a
 * new result gets a row. Everything is worked out in the background, and fusions give way to the document's own.
 * The main thread only; nothing here blocks. */

typedef enum
{
  OMNI_COMPARISON_WAITING,
  OMNI_COMPARISON_FUSING,
  OMNI_COMPARISON_SCORING,
  OMNI_COMPARISON_DONE,
  OMNI_COMPARISON_FAILED
} OmniComparisonState;

#define OMNI_COMPARISON_MAX_METRICS 3

/* Signal: "changed". */
#define OMNI_TYPE_COMPARISON_ROW (omni_comparison_row_get_type ())
G_DECLARE_FINAL_TYPE (OmniComparisonRow, omni_comparison_row, OMNI, COMPARISON_ROW, GObject)

const OmniModel *omni_comparison_row_get_model (OmniComparisonRow *self);
const char *omni_comparison_row_get_options (OmniComparisonRow *self); /* as OmniFusionResult.options */
const char *omni_comparison_row_get_weights (OmniComparisonRow *self); /* (nullable) what people call them */

/* (transfer full) Weights and options: "mine · contrast=2"; "" when both are as the model comes. */
char *omni_comparison_row_dup_details (OmniComparisonRow *self);

/* (nullable) The weight file, NULL: the shipped one. */
const char *omni_comparison_row_get_weights_path (OmniComparisonRow *self);
OmniComparisonState omni_comparison_row_get_state (OmniComparisonRow *self);

/* (transfer none) (nullable) Before it is fused there is none. */
OmniFusionResult *omni_comparison_row_get_result (OmniComparisonRow *self);

/* (nullable) The sentence why it FAILED. */
const char *omni_comparison_row_get_error (OmniComparisonRow *self);

/* FALSE while there is no score of the region of now; the reason (nullable) says why there will be none. */
gboolean omni_comparison_row_get_score (OmniComparisonRow *self, guint metric, double *value);
const char *omni_comparison_row_get_reason (OmniComparisonRow *self, guint metric);

/* Signal: "changed" (anything that the functions below tell). Property: "busy". */
#define OMNI_TYPE_COMPARISON (omni_comparison_get_type ())
G_DECLARE_FINAL_TYPE (OmniComparison, omni_comparison, OMNI, COMPARISON, OmniArrayModel)

OmniComparison *omni_comparison_new (OmniDocument *document);
OmniDocument *omni_comparison_get_document (OmniComparison *self);

/* Nothing is worked out while nobody looks; off at first. */
void omni_comparison_set_enabled (OmniComparison *self, gboolean enabled);

/* The part of the result to score, in its pixels; NULL: all of it. What sticks out is cut off. */
void omni_comparison_set_region (OmniComparison *self, const OmniMetricsRegion *region);
gboolean omni_comparison_get_region (OmniComparison *self, OmniMetricsRegion *region);

/* Up to OMNI_COMPARISON_MAX_METRICS; none for tasks that have no panel. */
guint omni_comparison_get_n_metrics (OmniComparison *self);
const OmniMetric *omni_comparison_get_metric (OmniComparison *self, guint index);

/* (transfer none) (nullable) The row of the document's current result. */
OmniComparisonRow *omni_comparison_get_current (OmniComparison *self);

/* Least and greatest score of a metric over the rows; FALSE when there is none. */
gboolean omni_comparison_get_bounds (OmniComparison *self, guint metric, double *least, double *greatest);

/* 1 for the best of `n_scored`; 0 when the row has no score. */
guint omni_comparison_get_rank (OmniComparison *self, OmniComparisonRow *row, guint metric, guint *n_scored);

/* Fuses the set with every other model that fits, too, each with the options that it has in the document and with all of its
 * weights: those that ship and those that were added. */
void omni_comparison_run_all (OmniComparison *self);
gboolean omni_comparison_can_run_all (OmniComparison *self);

gboolean omni_comparison_is_busy (OmniComparison *self);

/* Rows that are finished, of all. */
double omni_comparison_get_fraction (OmniComparison *self);

/* Stops; rows that were not fused yet go. The next change starts it again. */
void omni_comparison_cancel (OmniComparison *self);

G_END_DECLS
