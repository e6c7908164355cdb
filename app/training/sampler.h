/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/training/dataset.h"
#include "app/training/luma.h"
#include "app/training/recipe.h"

G_BEGIN_DECLS

/* The batches of a run. Batch number i of a seed is the same bytes for any number of threads, however often the run was
 * stopped and resumed, and whatever the cache holds: everything random in it is read from streams named by the seed, i and
 * the set's place in the batch. Worker threads keep a bounded queue full, so that the device does not wait. */

typedef struct
{
  guint64 step;
  guint task; /* in the recipe */
  OmniTrainBatch batch;
  float *luma, *truth; /* what `batch` points to */
  OmniRole *roles;
  const OmniScene *scene; /* of validation: the data's; else NULL */
} OmniSample;

void omni_sample_free (OmniSample *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (OmniSample, omni_sample_free)

/* The scenes of a recipe, by task and split, and their decoded pictures. Immutable but for the cache; any thread. */
typedef struct _OmniTrainData OmniTrainData;

/* Finds the scenes. What is left out (unreadable, mixed sizes, smaller than the largest crop) goes to `notes` (element-type
 * utf8), a sentence each. An error when a task has nothing to train on, or no scene with as many pictures as it asks for.
 * `recipe` and `dataset` must outlive it. */
OmniTrainData *omni_train_data_new (const OmniRecipe *recipe, OmniDataset *dataset, guint64 cache_bytes,
                                    GPtrArray *notes, GError **error);
void omni_train_data_free (OmniTrainData *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (OmniTrainData, omni_train_data_free)

guint omni_train_data_count_tasks (const OmniTrainData *self);

/* (transfer none) (element-type OmniScene) The scenes of a recipe's task. */
GPtrArray *omni_train_data_get_scenes (OmniTrainData *self, guint task, OmniSplit split);

/* (transfer full) Batch number `step`, in this thread. `task` −1: as the recipe's order says; else that one. */
OmniSample *omni_train_data_draw (OmniTrainData *self, guint64 step, int task, GError **error);

/* (transfer full) Batch `index` (below 2^20) of those that a task is consolidated with, which no step sees. */
OmniSample *omni_train_data_draw_beside (OmniTrainData *self, guint task, guint64 index, GError **error);

/* Scenes of a task's val split that a validation looks at: spread over the split, the same ones every time. */
guint omni_train_data_count_validation (const OmniTrainData *self, guint task);

/* (transfer full) Scene `index` of those as a batch of one set: all its pictures, at most as many as the task
 * trains with, in a square from the middle. Made up sets come from a stream of their own: every call gives the same. */
OmniSample *omni_train_data_draw_validation (OmniTrainData *self, guint task, guint index, GError **error);

/* (transfer full) (element-type utf8) Sentences on pictures that could not be read since the last call. Any thread. */
GPtrArray *omni_train_data_take_notes (OmniTrainData *self);

/* (transfer full) Of what is trained and validated on: names, splits and sizes of the files, not their content. */
char *omni_train_data_dup_sha256 (const OmniTrainData *self);

/* ---- The queue ---- */

typedef struct _OmniSampler OmniSampler;

/* Works on the steps from `first` to before `end`. `n_threads` 0: a thread a processor, here and below. */
OmniSampler *omni_sampler_new (OmniTrainData *data, guint64 first, guint64 end, guint n_threads);

/* On the batches from `first` to before `end` that the task is consolidated with. */
OmniSampler *
omni_sampler_new_beside (OmniTrainData *data, guint task, guint64 first, guint64 end, guint n_threads);

/* On one validation: the scenes of every task, task by task. */
OmniSampler *omni_sampler_new_validation (OmniTrainData *data, guint n_threads);

/* Stops the threads. */
void omni_sampler_free (OmniSampler *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (OmniSampler, omni_sampler_free)

/* (transfer full) The next batch, waiting for it if need be; NULL with an error when it could not be made (the next call goes on
 * behind it), or without one after the last. One thread. */
OmniSample *omni_sampler_next (OmniSampler *self, GError **error);

/* How long omni_sampler_next() has waited in all. */
double omni_sampler_get_wait_ms (OmniSampler *self);

G_END_DECLS
