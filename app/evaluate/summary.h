/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/evaluate/evaluate.h"
#include "app/evaluate/statistics.h"

G_BEGIN_DECLS

/* What the scores of a task come to: one table with a row for each method. */

/* A method under one metric. */
typedef struct
{
  guint n_values;      /* scenes that it has a value for */
  double mean, median; /* over the shared scenes; NAN when there are none */
  guint *ranks;        /* how often it was 1st, 2nd, …: one a method */
  guint place;         /* by mean, from 1; 0 when it takes no part */
} OmniEvaluateEntry;

/* All methods under one metric, on the scenes for which every method that has a value at all has one. */
typedef struct
{
  const OmniMetric *metric;
  guint n_shared;
  OmniEvaluateEntry *entries; /* one a method */
} OmniEvaluateColumn;

/* One method held against another, by index, on the scenes these two share. Models and external pictures are held against
 * baselines and external pictures. */
typedef struct
{
  guint ours, theirs, metric;
  OmniComparison comparison;
} OmniEvaluatePair;

/* One reason and where it holds. */
typedef struct
{
  char *method; /* NULL: the scene itself */
  char *reason;
  GPtrArray *scenes; /* const char *, ids */
} OmniEvaluateFailure;

typedef struct
{
  guint n_methods, n_columns;
  OmniEvaluateColumn *columns;
  GArray *pairs;       /* OmniEvaluatePair */
  GPtrArray *failures; /* OmniEvaluateFailure */
} OmniEvaluateTable;

OmniEvaluateTable *omni_evaluate_table_new (const OmniEvaluateTask *task);
void omni_evaluate_table_free (OmniEvaluateTable *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (OmniEvaluateTable, omni_evaluate_table_free)

/* (transfer full) For people: four significant decimals, "–" for NAN. A difference has its sign. */
char *omni_evaluate_format_value (double value);
char *omni_evaluate_format_difference (double value);

/* (transfer full) "7/1/0". */
char *omni_evaluate_format_ranks (const OmniEvaluateEntry *entry, guint n_methods);

/* (transfer full) "mef-ssim", or "ssim (as in u2fusion)" where the variant changes it. */
char *omni_evaluate_format_metric (const OmniMetric *metric, const OmniMetricsCompat *compat);

G_END_DECLS
