/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/fusion/engine.h"
#include "app/evaluate/layout.h"
#include "app/evaluate/methods.h"
#include "app/metrics/metrics.h"

G_BEGIN_DECLS

/* Runs models, baselines and other programs' pictures over scenes and scores them. The scores are a function of pictures,
 * methods, metrics, device and this program's code: neither the order of anything, nor the number of jobs, nor what came
 * from the cache changes a bit. */
typedef struct
{
  GPtrArray *scenes;               /* OmniEvaluateScene */
  GPtrArray *models;               /* OmniEvaluateMethod; empty: the default model of each task */
  GPtrArray *baselines;            /* OmniEvaluateMethod; NULL: omni_evaluate_default_baselines() */
  GPtrArray *externals;            /* OmniEvaluateMethod */
  GPtrArray *metrics;              /* OmniMetric; NULL: omni_evaluate_default_metrics() */
  const OmniMetricsCompat *compat; /* nullable */
  const char *device;              /* selector, nullable */
  const char *cache_path;
  guint n_jobs; /* scenes at the same time, at least 1 */
  gboolean half;
  guint tile_px;
  guint picture_px; /* > 0: small pictures for a page are kept as well, this long at most */
} OmniEvaluateParams;

/* One score: a finite value, or NAN and the sentence why. */
typedef struct
{
  double value;
  char *reason; /* NULL when there is a value */
} OmniEvaluateScore;

/* A method that is not made for the task at all. */
typedef struct
{
  char *name, *reason;
} OmniEvaluateLeftOut;

/* All scores of one task. */
typedef struct
{
  OmniTask task;
  GPtrArray *scenes;         /* OmniEvaluateScene, not owned */
  GPtrArray *methods;        /* OmniEvaluateMethod, not owned: models, external ones, baselines */
  GPtrArray *metrics;        /* OmniMetric */
  GPtrArray *left_out;       /* OmniEvaluateLeftOut */
  OmniEvaluateScore *scores; /* see omni_evaluate_get_score() */
  char **identities;         /* by scene and method: what decides the result; private */
} OmniEvaluateTask;

typedef struct
{
  GPtrArray *tasks; /* OmniEvaluateTask */
  const OmniMetricsCompat *compat;
  char *device_name;   /* NULL when no device was needed */
  char *cache_path;    /* where the scores are kept */
  guint n_scores;      /* in all, with those that could not be computed */
  guint n_from_cache;  /* of these */
  GPtrArray *warnings; /* utf8, sorted: things a person should know of single pictures */
  guint picture_px;

  GPtrArray *owned_methods; /* those that were not in the parameters */
} OmniEvaluation;

void omni_evaluation_free (OmniEvaluation *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (OmniEvaluation, omni_evaluation_free)

/* `done` of `n` fusions and scorings; `what` is the scene. Called in the thread that called omni_evaluation_run(). */
typedef void (*OmniEvaluateProgress) (guint done, guint n, const char *what, gpointer user_data);

/* Works until everything is scored. A scene that fails is a score with a reason, not an error; errors are a device that
 * cannot be opened, a cache that cannot be written, and G_IO_ERROR_CANCELLED, whose message says what was kept. `params`
 * and what it points to must outlive the result. */
OmniEvaluation *omni_evaluation_run (const OmniEvaluateParams *params, OmniEvaluateProgress progress,
                                     gpointer user_data, GCancellable *cancellable, GError **error);

/* (transfer none) By index into the arrays of `task`. */
const OmniEvaluateScore *
omni_evaluate_get_score (const OmniEvaluateTask *task, guint scene, guint method, guint metric);

/* (transfer full) The small picture of a method's result, or of a source: a JPEG or PNG file; it is there when the fusion
 * succeeded. Only when pictures were asked for. */
char *omni_evaluation_get_picture_path (const OmniEvaluation *self, const OmniEvaluateTask *task, guint scene,
                                        guint method);
char *omni_evaluation_get_source_picture_path (const OmniEvaluation *self, OmniSource *source);

G_END_DECLS
