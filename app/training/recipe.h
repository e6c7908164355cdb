/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/training/synthesis.h"
#include "models/training/trainer.h"

#include <gio/gio.h>

G_BEGIN_DECLS

/* What to train, on what, and how: a small text file of sections and keys.
 *
 *     # a comment
 *     [train]
 *     steps = 20000
 *     [task exposure]
 *     loss = mef-ssim@1 0.5, mef-ssim@2 0.5
 *
 * Every key, its values and its default stand in one table (recipe-keys.c), which the reader, --help-recipe and the tests
 * of the manual share. Anything that is not in it, and any value that does not fit, is an error with the line's number. */

/* From `fraction` of the run on, crops are `size_px` wide and high. */
typedef struct
{
  guint size_px;
  double fraction;
} OmniRecipeCrop;

/* One source of batches: a [task NAME] section. Two sections may feed the same task, one with pictures as they were taken
 * and one with pictures made up. */
typedef struct
{
  char *name;
  guint line;
  OmniTask task;
  char **folders; /* below the data folder */
  OmniSynthesis synthesis;
  gboolean truth; /* take scenes with a truth.* alone, and train towards it */
  double probability;
  guint64 steps;          /* sequential order: how long */
  GArray *n_sources;      /* guint, each as likely as it is often here */
  OmniTrainLosses losses; /* the same in all sections of one task */
  GArray *reductions; /* guint: 1, 2, 4: pictures are averaged down by one of these before a crop is cut */
  double min_contrast;
  OmniSynthesisOptions options;
} OmniRecipeTask;

typedef struct
{
  char *path; /* for messages */
  char *name; /* the file's, without its extension */
  char *sha256;
  OmniTrainConfig
    config; /* as the keys say; omni_recipe_get_config() adds what follows from the length of the run */
  char *architecture;
  char *initial;         /* (nullable) weights to start from, relative to the recipe */
  char *vgg16;           /* (nullable) weights of VGG-16, relative to the recipe */
  double freeze_norm_at; /* part of the run */
  gboolean skips, scales;
  GArray *base_levels; /* double */
  OmniRange levels;
  gboolean sequential; /* one task after another; else every step draws one */
  gboolean restart;    /* the schedule, with every task */
  guint64 steps, batch;
  GArray *crops; /* OmniRecipeCrop, ascending fractions, the first 0 */
  guint64 validate_every, checkpoint_every, validation_scenes, validation_size;
  double keep_initial; /* part of `initial` in the weights at the end */
  gboolean has_ewc;
  double ewc_strength;
  guint64 ewc_samples;
  guint ewc_form;   /* 0: λ Σ Ω (θ − θ*)² (IFANI); 1: half of it (U2Fusion) */
  GPtrArray *tasks; /* OmniRecipeTask, in the order of the file */
} OmniRecipe;

/* (transfer full) Reads and checks `path`; the error names file, line, cause and what is possible. */
OmniRecipe *omni_recipe_load (const char *path, GError **error);

/* The same from memory; `name` stands in messages. */
OmniRecipe *omni_recipe_parse (const char *text, const char *name, GError **error);
void omni_recipe_free (OmniRecipe *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (OmniRecipe, omni_recipe_free)

/* Side of the crops at `step`. */
guint omni_recipe_get_crop_px (const OmniRecipe *self, guint64 step);

/* Largest side of any crop. */
guint omni_recipe_get_max_crop_px (const OmniRecipe *self);

/* Side of the square that a validation cuts from a scene whose shorter side is `most_px`: what network and losses take at
 * most of validation-size, without padding. */
guint omni_recipe_get_validation_px (const OmniRecipe *self, guint most_px);

/* What the trainer is made with. Its strings belong to the recipe. */
void omni_recipe_get_config (const OmniRecipe *self, OmniTrainConfig *config);

/* Sequential order: the index of the task that `step` belongs to. Joint order: −1. */
int omni_recipe_get_task_at (const OmniRecipe *self, guint64 step);

/* Whether a task's truth is known. */
gboolean omni_recipe_task_has_truth (const OmniRecipeTask *task);

/* Makes the run sequential or joint, whatever the recipe says. A joint run of a sequential recipe is as long as its tasks
 * together, and draws them by their probabilities; a sequential one needs the steps of every task. */
gboolean omni_recipe_set_order (OmniRecipe *self, gboolean sequential, GError **error);

/* Makes the run `steps` long; in sequential order every task keeps its share as nearly as whole steps allow, and at least one
 * step: fewer than there are tasks are refused. */
gboolean omni_recipe_set_steps (OmniRecipe *self, guint64 steps, GError **error);

/* (transfer full) Every key with its values, default and meaning, as text. */
char *omni_recipe_get_help (void);

G_END_DECLS
