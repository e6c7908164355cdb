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

/* (transfer none) (element-type OmniScene) The scenes of a recipe's task. */
GPtrArray *omni_train_data_get_scenes (OmniTrainData *self, guint task, OmniSplit split);

/* Batches for what is not a step (the samples of a consolidation) are numbered from here on. */
#define OMNI_SAMPLE_BESIDE (G_GUINT64_CONSTANT (1) << 40)

/* (transfer full) Batch number `step`, in this thread. `task` −1: as the recipe's order says; else that one. */
OmniSample *omni_train_data_draw (OmniTrainData *self, guint64 step, int task, GError **error);

/* (transfer full) Scene `index` of a task's val split as a batch of one set: all its pictures, at most as many as the task
 * trains with, in a square from the middle. Made up sets come from a stream of their own: every call gives the same. */
OmniSample *omni_train_data_draw_validation (OmniTrainData *self, guint task, guint index, GError **error);

/* (transfer full) (element-type utf8) Sentences on pictures that could not be read since the last call. Any thread. */
GPtrArray *omni_train_data_take_notes (OmniTrainData *self);

/* (transfer full) Of what is trained and validated on: names, splits and sizes of the files, not their content. */
char *omni_train_data_dup_sha256 (const OmniTrainData *self);

/* ---- The queue ---- */

typedef struct _OmniSampler OmniSampler;

/* Works on the steps from `first` to before `end`. `n_threads` 0: a thread a processor. */
OmniSampler *omni_sampler_new (OmniTrainData *data, guint64 first, guint64 end, guint n_threads);

/* Stops the threads. */
void omni_sampler_free (OmniSampler *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (OmniSampler, omni_sampler_free)

/* (transfer full) The next step's batch, waiting for it if need be; NULL with an error when it could not be made, or without
 * one after the last. One thread. */
OmniSample *omni_sampler_next (OmniSampler *self, GError **error);

/* How long omni_sampler_next() has waited in all. */
double omni_sampler_get_wait_ms (OmniSampler *self);

G_END_DECLS
