/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/evaluate/cache.h"
#include "app/evaluate/evaluate.h"

#include <math.h>

G_BEGIN_DECLS

/* An evaluation at work. */
typedef struct
{
  const OmniEvaluateParams *params;
  OmniEvaluation *evaluation;
  OmniEvaluateCache *cache;
  OmniEngine *engine; /* NULL when no method needs it */
  char *device_words; /* name and driver */
  char *metrics_path; /* omni_metrics_describe_path() */
  GCancellable *cancellable;

  GMutex lock;          /* for the two below */
  GHashTable *warnings; /* utf8 */
  GError *fatal;        /* the first error that ends everything */
  gint is_over;         /* atomic: cancelled or failed */

  GAsyncQueue *events; /* OmniEvaluateEvent, from the workers */
} OmniEvaluateRun;

/* A scene of a task that has something to do. */
typedef struct
{
  OmniEvaluateTask *task;
  guint scene;
  gboolean wants_source_pictures;
} OmniEvaluateWork;

typedef struct
{
  const char *scene_id;
  gboolean is_last; /* the work is done, or given up */
} OmniEvaluateEvent;

/* What is decided by everything but the metric: hex SHA-256, by scene and method. NULL where it cannot be known (a scene
 * with a problem, a missing picture); then all scores have a reason. */
const char *omni_evaluate_get_identity (const OmniEvaluateTask *task, guint scene, guint method);

/* (transfer full) The key of a score in the cache. */
char *omni_evaluate_make_score_key (const OmniEvaluateRun *run, const OmniEvaluateTask *task, guint scene,
                                    guint method, guint metric);

OmniEvaluateScore *
omni_evaluate_score_at (const OmniEvaluateTask *task, guint scene, guint method, guint metric);

static inline gboolean
omni_evaluate_is_score_open (const OmniEvaluateScore *score)
{
  return isnan (score->value) && score->reason == NULL;
}

/* (transfer full) The sentence for what omni_metric_compute() gives as `reason`. */
char *omni_evaluate_make_metric_reason (const OmniMetric *metric, const char *reason);

/* Whether the cell still lacks a score, or a picture that is wanted. */
gboolean omni_evaluate_is_cell_open (const OmniEvaluateRun *run, const OmniEvaluateTask *task, guint scene,
                                     guint method);

/* Does all of `work` (an OmniEvaluateWork) in a worker's thread; sends one event for each open cell, and a last one. */
void omni_evaluate_work_cb (gpointer work, gpointer run);

G_END_DECLS
