/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/training/recipe.h"

G_BEGIN_DECLS

/* Compares the recipe, as the run will take it, with what the checkpoint says of its own run. Without `keep_seed` the recipe
 * gets the checkpoint's seed. Whatever else makes this another run than that one goes to `notes` (element-type utf8), a
 * sentence each. */
gboolean omni_recipe_resume (OmniRecipe *self, const char *checkpoint, gboolean keep_seed, GPtrArray *notes,
                             GError **error);

/* The same of the pictures, once they are listed; `data_sha256` is omni_train_data_dup_sha256(). */
gboolean
omni_recipe_resume_data (const char *checkpoint, const char *data_sha256, GPtrArray *notes, GError **error);

G_END_DECLS
