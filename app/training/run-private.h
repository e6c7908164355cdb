/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/training/log.h"
#include "app/training/run.h"

G_BEGIN_DECLS

/* Where everything of a run stands; see run.h. */
typedef struct
{
  char *weights, *best, *last, *csv, *validation, *page, *fusions;
} OmniTrainPaths;

/* `output` ends with .safetensors. */
gboolean omni_train_paths_init (OmniTrainPaths *self, const char *output, GError **error);
void omni_train_paths_clear (OmniTrainPaths *self);

/* Whether it is one of the run's two checkpoints. */
gboolean omni_train_paths_own (const OmniTrainPaths *self, const char *checkpoint);

/* Nothing of another run is written over unless that is asked for: fails when one of the files is there. */
gboolean omni_train_paths_check_free (const OmniTrainPaths *self, GError **error);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (OmniTrainPaths, omni_train_paths_clear)

/* Says a sentence made like printf's. */
void
omni_train_say (const OmniTrainJob *job, gboolean is_warning, const char *format, ...) G_GNUC_PRINTF (3, 4);

/* The metric that a task's score is the mean of. */
const char *omni_validation_get_metric (const OmniRecipeTask *task);

typedef struct
{
  gboolean scored;
  double score;
  OmniTrainReport report; /* of the last scene */
} OmniValidation;

/* Fuses `scenes` (omni_sampler_new_validation(), none taken yet), those of every task, adds their scores to the log, and writes the fusion of each task's first scene to
 * the folder of fusions, with its sources when they are not there yet. The score of all is the mean over the tasks of their
 * metrics' means; `scored` is FALSE when no task has a scene to validate on. Fails when the job is cancelled, and with
 * OMNI_TRAINING_ERROR_NOT_FINITE, the message saying where, when a loss is no number. */
gboolean omni_validation_run (const OmniTrainJob *job, const OmniTrainPaths *paths, OmniTrainLog *log,
                              OmniSampler *scenes, guint64 step, OmniValidation *validation, GError **error);

/* Writes the page. */
gboolean omni_train_page_write (const OmniTrainJob *job, const OmniTrainPaths *paths, const OmniTrainLog *log,
                                GError **error);

G_END_DECLS
