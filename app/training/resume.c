/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/training/resume.h"

#include "app/training/notes.h"

/* So much of a hash tells recipes apart. */
#define HASH_LENGTH 12

static void
compare_numbers (const OmniRecipe *recipe, const char *name, const OmniTrainOrigin *origin, GPtrArray *notes)
{
  if (recipe->config.seed != origin->seed)
    omni_note_add (notes,
                   "“%s” is of a run with seed %" G_GUINT64_FORMAT ", and from step %" G_GUINT64_FORMAT
                   " on this one draws by seed %" G_GUINT64_FORMAT
                   ": neither seed alone gives these weights; leave out --seed to go on with the first.",
                   name, origin->seed, origin->step, recipe->config.seed);
  if (recipe->steps != origin->total_steps)
    omni_note_add (
      notes,
      "“%s” is of a run of %" G_GUINT64_FORMAT " steps, and this one has %" G_GUINT64_FORMAT
      ": from step %" G_GUINT64_FORMAT
      " on, whatever follows from the length, as the learning rate, is another; --steps %" G_GUINT64_FORMAT
      " goes on with that run.",
      name, origin->total_steps, recipe->steps, origin->step, origin->total_steps);
}

static void
compare_words (const OmniRecipe *recipe, const char *name, const OmniTrainOrigin *origin, GPtrArray *notes)
{
  OmniTrainConfig config;
  omni_recipe_get_config (recipe, &config);
  if (origin->order != NULL && !g_str_equal (origin->order, config.order))
    omni_note_add (notes,
                   "“%s” is of a run in %s order, and from step %" G_GUINT64_FORMAT
                   " on this one learns in %s order; --order %s goes on with that run.",
                   name, origin->order, origin->step, config.order, origin->order);
  if (origin->recipe_sha256 != NULL && !g_str_equal (origin->recipe_sha256, recipe->sha256))
    omni_note_add (notes,
                   "“%s” was made by another recipe (%.*s) than “%s” is now (%.*s), which counts from step "
                   "%" G_GUINT64_FORMAT " on.",
                   name, HASH_LENGTH, origin->recipe_sha256, recipe->name, HASH_LENGTH, recipe->sha256,
                   origin->step);
}

gboolean
omni_recipe_resume (OmniRecipe *self, const char *checkpoint, gboolean keep_seed, GPtrArray *notes,
                    GError **error)
{
  g_auto (OmniTrainOrigin) origin = { 0 };
  g_autofree char *name = g_filename_display_name (checkpoint);
  if (!omni_trainer_read_origin (checkpoint, &origin, error))
    return FALSE;
  if (!origin.is_known)
  {
    omni_note_add (
      notes,
      "“%s” is of an earlier version and does not say by which seed and over how many steps it was made: it "
      "goes on with seed %" G_GUINT64_FORMAT " and %" G_GUINT64_FORMAT
      " steps; if these are not its own, name them (--seed, --steps).",
      name, self->config.seed, self->steps);
    return TRUE;
  }
  if (!keep_seed)
    self->config.seed = origin.seed;
  compare_numbers (self, name, &origin, notes);
  compare_words (self, name, &origin, notes);
  return TRUE;
}

gboolean
omni_recipe_resume_data (const char *checkpoint, const char *data_sha256, GPtrArray *notes, GError **error)
{
  g_auto (OmniTrainOrigin) origin = { 0 };
  g_autofree char *name = g_filename_display_name (checkpoint);
  if (!omni_trainer_read_origin (checkpoint, &origin, error))
    return FALSE;
  if (origin.data_sha256 != NULL && !g_str_equal (origin.data_sha256, data_sha256))
    omni_note_add (
      notes,
      "“%s” was trained on other pictures than --data has now (or in another split), and from step "
      "%" G_GUINT64_FORMAT " on these are learned from: the result is neither run's.",
      name, origin.step);
  return TRUE;
}
