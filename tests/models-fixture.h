/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "models/model.h"
#include "tests/reference/reference.h"
#include "vk/plan.h"

G_BEGIN_DECLS

/* A set of float sources of one size, interleaved, for feeding plans in any order. */
#define FIXTURE_MAX_SOURCES 8

typedef struct
{
  guint n, width, height, channels;
  float *pixels[FIXTURE_MAX_SOURCES];
} FixtureSet;

FixtureSet *fixture_set_new (guint n, guint width, guint height, guint channels);
void fixture_set_free (FixtureSet *set);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (FixtureSet, fixture_set_free)

gsize fixture_set_n_samples (const FixtureSet *set);

/* Smooth shading, edges and noise, different in every source; 0 … 1. */
FixtureSet *fixture_set_new_scene (guint32 seed, guint n, guint width, guint height, guint channels);

/* (transfer full) The same as tensors for the references. */
void fixture_set_to_tensors (const FixtureSet *set, RefTensor **tensors);

typedef struct
{
  const OmniModel *model;
  const OmniWeights *weights;
  const OmniModelOptions *options;
  OmniTask task;
  guint bands;
  guint tile_px;
  float range;                      /* 0: 1 */
  guint marks[FIXTURE_MAX_SOURCES]; /* of the sources; 0: none */
  float scale;
  gboolean grey_and_colour;
  const OmniBandLevels *levels;
} FixtureFusion;

/* A plan for the set and what it takes to run it. The result has `channels` interleaved float channels. */
typedef struct
{
  OmniPlan *plan;
  const FixtureSet *set;
  guint channels;
  guint order[FIXTURE_MAX_SOURCES];
  guint marks[FIXTURE_MAX_SOURCES]; /* of the sources in list order */
} FixtureRun;

void
fixture_run_init (FixtureRun *run, OmniDevice *device, const FixtureSet *set, const FixtureFusion *fusion);
void fixture_run_init_graph (FixtureRun *run, OmniDevice *device, const FixtureSet *set, OmniGraph *graph,
                             const FixtureFusion *fusion);
void fixture_run_clear (FixtureRun *run);

/* (transfer full) Runs in the order of run->order. */
float *fixture_run (FixtureRun *run);
gsize fixture_run_n_samples (const FixtureRun *run);

/* All of it at once, in list order. */
float *fixture_fuse (OmniDevice *device, const FixtureSet *set, const FixtureFusion *fusion);

/* Opens the device the tests run on; NULL (and the test is skipped) without Vulkan. */
OmniDevice *fixture_open_device (void);

/* Random weights that keep activations in range. `normalised` chooses IFANI's variant with batch normalisation. */
OmniWeights *fixture_random_weights (const OmniModel *model, guint32 seed, gboolean normalised,
                                     const char *padding, const char *reduce);

/* The same for the variant that `metadata` asks for: keys and values in turn, NULL-terminated; a NULL key ends it too. */
OmniWeights *fixture_random_weights_with (const OmniModel *model, guint32 seed, const char *const *metadata);

/* Weights for a model that needs some: the shipped ones, else random; NULL for the others. */
OmniWeights *fixture_weights_for (const OmniModel *model);

/* Next permutation of `order` in lexicographic order; FALSE after the last. */
gboolean fixture_next_order (guint *order, guint n);

/* The folder with shared test material, or NULL: $OMNIFUSE_SHARED or ../shared beside the source root. */
char *fixture_shared_folder (void);

G_END_DECLS
