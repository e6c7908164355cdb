/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/training/sampler.h"

G_BEGIN_DECLS

/* What a run needs of a trainer: the functions of models/training/trainer.h, or a test's own. */
typedef struct
{
  guint64 (*get_step) (gpointer trainer);
  gboolean (*step) (gpointer trainer, const OmniTrainBatch *batch, OmniTrainReport *report, GError **error);
  gboolean (*validate) (gpointer trainer, const OmniTrainBatch *batch, float *fused, OmniTrainReport *report,
                        GError **error);
  gboolean (*add_fisher) (gpointer trainer, const OmniTrainBatch *batch, GError **error);
  gboolean (*consolidate) (gpointer trainer, GError **error);
  guint64 (*count_fisher) (gpointer trainer);
  gboolean (*is_consolidated) (gpointer trainer);
  gboolean (*save) (gpointer trainer, const char *path, GError **error);
  gboolean (*load) (gpointer trainer, const char *path, GError **error);
  GBytes *(*dup_weights) (gpointer trainer, const char *const *metadata, GError **error);
  gboolean (*go_back) (gpointer trainer, const OmniWeights *weights, float share, GError **error);
  const char *(*get_earlier) (gpointer trainer); /* (nullable) by what other run its first steps were made */
} OmniTrainerInterface;

/* OmniTrainer itself; `trainer` is one. */
extern const OmniTrainerInterface omni_trainer_interface;

typedef struct
{
  guint64 step, n_steps; /* done, and in all */
  const char *task;      /* the recipe's name of it */
  const OmniTrainReport *report;
  double steps_per_second, seconds_left; /* 0 while nobody knows */
} OmniTrainProgress;

/* Files of a run with the weights NAME.safetensors, all beside them:
 *   NAME.safetensors      the best weights so far by validation, or without validation the last
 *   NAME.best.checkpoint  the same with the state of the optimiser
 *   NAME.last.checkpoint  where to go on
 *   NAME.csv              a line a step
 *   NAME.validation.csv   a line a scene and metric
 *   NAME.html             the curves and the same fusions over time, self-contained
 *   NAME.fusions/         those fusions
 * Each appears whole or not at all. */
typedef struct
{
  const OmniTrainerInterface *interface;
  gpointer trainer;
  const OmniRecipe *recipe;
  OmniTrainData *data;
  const OmniWeights *initial; /* what the run started from; NULL but for recipes with `keep_initial` */
  const char *output;         /* NAME.safetensors */
  const char *resume_path;    /* (nullable) a checkpoint */
  const char *data_path;      /* for the records */
  const char *device_name;
  gboolean force;  /* begin anew over the files of an earlier run */
  guint n_threads; /* 0: one a processor */
  GCancellable *cancellable;
  void (*progress) (const OmniTrainProgress *progress, gpointer user_data);
  void (*say) (const char *message, gboolean is_warning, gpointer user_data);
  gpointer user_data;
} OmniTrainJob;

typedef struct
{
  guint64 first_step, last_step; /* done before, and in all */
  gboolean interrupted;
  double seconds, wait_ms, device_ms;
  gboolean has_best;
  guint64 best_step;
  double best_score;
  char *weights_sha256; /* NULL when none were written */
  char *checkpoint_path;
  char *page_path;
} OmniTrainResult;

void omni_train_result_clear (OmniTrainResult *result);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (OmniTrainResult, omni_train_result_clear)

/* What omni_train_run() would say of these files before it does anything, for a run that comes later. */
gboolean omni_train_check_output (const char *output, gboolean force, GError **error);
gboolean omni_train_is_checkpoint_of (const char *checkpoint, const char *output);

/* Files that stand where those of the run would come are written over with `force` alone, unless the run goes on from a
 * checkpoint of theirs. Trains to the end of the recipe, or until cancelled: then everything is saved, the result says so, and it is no error. A
 * term that is not a number ends the run with an error that names it and the last good checkpoint. The trainer's thread. */
gboolean omni_train_run (const OmniTrainJob *job, OmniTrainResult *result, GError **error);

G_END_DECLS
