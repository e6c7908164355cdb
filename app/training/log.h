/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/training/recipe.h"

G_BEGIN_DECLS

/* What a run has seen, in memory for the page and as CSV for everybody. The CSV is also the run's memory: a run that is
 * resumed reads back what came before its checkpoint. One thread. */
typedef struct _OmniTrainLog OmniTrainLog;

typedef struct
{
  guint64 step;
  guint task;
  double loss, learning_rate, gradient_norm;
  double device_ms, wait_ms;
  double terms[OMNI_N_LOSSES + 1]; /* weighted, by OmniLoss, then EWC; NAN where there is none */
} OmniTrainLogStep;

/* One metric of one scene, or with `scene` "" the mean over the scenes; the task's number, or −1 for the score of all. */
typedef struct
{
  guint64 step;
  int task;
  char *scene;
  char *metric;
  double value;
} OmniTrainLogScore;

/* Opens NAME.csv and NAME.validation.csv. What they hold up to `first_step` is kept and read, the rest is dropped. */
OmniTrainLog *omni_train_log_open (const char *csv_path, const char *validation_path,
                                   const OmniRecipe *recipe, guint64 first_step, GError **error);
void omni_train_log_free (OmniTrainLog *self);

/* The last step that they held when they were opened. */
guint64 omni_train_log_get_last_found (const OmniTrainLog *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (OmniTrainLog, omni_train_log_free)

void omni_train_log_add_step (OmniTrainLog *self, guint task, const OmniTrainReport *report, double wait_ms);
void omni_train_log_add_score (OmniTrainLog *self, guint64 step, int task, const char *scene,
                               const char *metric, double value);

/* Whether there are any of this step; and takes them away, before they were saved. */
gboolean omni_train_log_has_scores (const OmniTrainLog *self, guint64 step);
void omni_train_log_drop_scores (OmniTrainLog *self, guint64 step);

/* Writes both files, whole or not at all. */
gboolean omni_train_log_save (OmniTrainLog *self, GError **error);

/* (element-type OmniTrainLogStep), (element-type OmniTrainLogScore), both by step. */
const GArray *omni_train_log_get_steps (const OmniTrainLog *self);
const GArray *omni_train_log_get_scores (const OmniTrainLog *self);

/* The largest score of all whose weights could be kept; FALSE when there is none. */
gboolean omni_train_log_get_best (const OmniTrainLog *self, guint64 *step, double *score);

/* How many tasks had scenes to be validated on at that step. */
guint omni_train_log_count_tasks (const OmniTrainLog *self, guint64 step);

#define OMNI_TRAIN_SCORE "score"
#define OMNI_TRAIN_LOSS  "loss" /* of a task, beside its metrics */
#define OMNI_TRAIN_LOST  "lost" /* beside a score: the weights of that step could not be written */

G_END_DECLS
