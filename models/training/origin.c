/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "models/training/trainer-private.h"

/* What a checkpoint says of the run that it is of. Those of earlier versions say nothing. */

void
omni_train_origin_clear (OmniTrainOrigin *origin)
{
  g_clear_pointer (&origin->order, g_free);
  g_clear_pointer (&origin->recipe_sha256, g_free);
  g_clear_pointer (&origin->data_sha256, g_free);
  g_clear_pointer (&origin->earlier, g_free);
}

gboolean
omni_train_read_count (const OmniWeights *weights, const char *key, guint64 *value, GError **error)
{
  const char *text = omni_weights_get_metadata (weights, key);

  if (text != NULL && g_ascii_string_to_unsigned (text, 10, 0, G_MAXUINT64, value, NULL))
    return TRUE;
  g_set_error (error, OMNI_TRAINING_ERROR, OMNI_TRAINING_ERROR_CHECKPOINT,
               "“%s” is not a checkpoint: “%s” is missing or no number.", omni_weights_get_path (weights),
               key);
  return FALSE;
}

gboolean
omni_train_origin_from_weights (OmniTrainOrigin *origin, const OmniWeights *weights, GError **error)
{
  *origin = (OmniTrainOrigin){ .is_known = omni_weights_get_metadata (weights, "seed") != NULL };
  if (!omni_train_read_count (weights, "step", &origin->step, error)
      || (origin->is_known
          && (!omni_train_read_count (weights, "seed", &origin->seed, error)
              || !omni_train_read_count (weights, "total_steps", &origin->total_steps, error)
              || !omni_train_read_count (weights, "since", &origin->since, error))))
    return FALSE;

  origin->order = g_strdup (omni_weights_get_metadata (weights, "order"));
  origin->recipe_sha256 = g_strdup (omni_weights_get_metadata (weights, "recipe_sha256"));
  origin->data_sha256 = g_strdup (omni_weights_get_metadata (weights, "data_sha256"));
  origin->earlier = g_strdup (omni_weights_get_metadata (weights, "earlier"));
  return TRUE;
}

gboolean
omni_trainer_read_origin (const char *path, OmniTrainOrigin *origin, GError **error)
{
  g_autoptr (OmniWeights) weights = omni_weights_load (path, error);

  *origin = (OmniTrainOrigin){ 0 };
  return weights != NULL && omni_train_origin_from_weights (origin, weights, error);
}

static gboolean
differ (const char *a, const char *b)
{
  return a != NULL && b != NULL && !g_str_equal (a, b);
}

/* Whether the trainer goes on as the run of the checkpoint would have. */
static gboolean
is_same_run (const OmniTrainConfig *config, const OmniTrainOrigin *origin)
{
  return origin->is_known && origin->seed == config->seed && origin->total_steps == config->total_steps
         && !differ (origin->order, config->order) && !differ (origin->recipe_sha256, config->recipe_sha256)
         && !differ (origin->data_sha256, config->data_sha256);
}

static char *
describe (const OmniTrainOrigin *origin)
{
  GString *words = g_string_new (NULL);

  g_string_printf (words, "until step %" G_GUINT64_FORMAT ": ", origin->step);
  if (!origin->is_known)
    g_string_append (words, "seed and steps not recorded");
  else
    g_string_append_printf (words, "seed %" G_GUINT64_FORMAT ", %" G_GUINT64_FORMAT " steps", origin->seed,
                            origin->total_steps);
  if (origin->order != NULL)
    g_string_append_printf (words, ", %s order", origin->order);
  if (origin->recipe_sha256 != NULL)
    g_string_append_printf (words, ", recipe %s", origin->recipe_sha256);
  if (origin->data_sha256 != NULL)
    g_string_append_printf (words, ", data %s", origin->data_sha256);
  return g_string_free (words, FALSE);
}

void
omni_train_remember (OmniTrainer *trainer, const OmniTrainOrigin *origin)
{
  const gboolean has_steps = origin->step == 0 || origin->step > origin->since;

  g_free (trainer->earlier);
  trainer->earlier = g_strdup (origin->earlier);
  trainer->since = origin->since;
  if (!has_steps || is_same_run (&trainer->config, origin))
    return;

  g_autofree char *before = g_steal_pointer (&trainer->earlier);
  g_autofree char *words = describe (origin);

  trainer->earlier = before != NULL ? g_strdup_printf ("%s; %s", before, words) : g_steal_pointer (&words);
  trainer->since = origin->step;
}

const char *
omni_trainer_get_earlier (const OmniTrainer *trainer)
{
  return trainer->earlier;
}
