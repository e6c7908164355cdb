/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "models/model-private.h"
#include "models/training/trainer-private.h"

#include <string.h>

static const char *const padding_names[] = { "zero", "replicate", "reflect" };

/* ---- Checkpoints: flat vectors ---- */

typedef struct
{
  const char *name;
  float **values;
  gboolean always;
} Vector;

#define N_VECTORS 6

static void
list_vectors (OmniTrainState *state, Vector vectors[N_VECTORS])
{
  const Vector all[N_VECTORS] = {
    { "theta", &state->theta, TRUE },    { "first", &state->first, TRUE },
    { "second", &state->second, TRUE },  { "omega", &state->omega, FALSE },
    { "anchor", &state->anchor, FALSE }, { "fisher", &state->fisher, FALSE },
  };

  memcpy (vectors, all, sizeof all);
}

/* What a checkpoint must have been made with. */
static char *
describe_shape (const OmniTrainer *trainer)
{
  const OmniTrainConfig *config = &trainer->config;
  GString *shape = g_string_new (NULL);

  g_string_printf (shape, "%s %u %s %s", config->architecture, config->channels,
                   omni_train_norm_to_string (config->norm), omni_optimiser_to_string (config->optimiser));
  if (config->reduce != OMNI_TRAIN_REDUCE_MAX)
    g_string_append_printf (shape, " %s", omni_train_reduce_to_string (config->reduce));
  if (config->without_skips)
    g_string_append (shape, " without skips");
  if (config->variant != OMNI_TRAIN_VARIANT_GCB)
    g_string_append_printf (shape, " %s", omni_train_variant_to_string (config->variant));
  return g_string_free (shape, FALSE);
}

static void
add_text (GPtrArray *metadata, const char *key, const char *text)
{
  if (text == NULL)
    return;
  g_ptr_array_add (metadata, g_strdup (key));
  g_ptr_array_add (metadata, g_strdup (text));
}

static void
add_count (GPtrArray *metadata, const char *key, guint64 value)
{
  g_autofree char *text = g_strdup_printf ("%" G_GUINT64_FORMAT, value);

  add_text (metadata, key, text);
}

/* (transfer full) Keys and values in turn, NULL-terminated. */
static GPtrArray *
make_metadata (const OmniTrainer *trainer)
{
  GPtrArray *metadata = g_ptr_array_new_with_free_func (g_free);
  g_autofree char *shape = describe_shape (trainer);

  add_text (metadata, "checkpoint", shape);
  add_count (metadata, "step", trainer->state.step);
  add_count (metadata, "fisher_samples", trainer->state.fisher_samples);
  add_count (metadata, "seed", trainer->config.seed);
  add_count (metadata, "total_steps", trainer->config.total_steps);
  add_text (metadata, "order", trainer->order);
  add_text (metadata, "recipe_sha256", trainer->recipe_sha256);
  add_text (metadata, "data_sha256", trainer->data_sha256);
  add_text (metadata, "earlier", trainer->earlier);
  add_count (metadata, "since", trainer->since);
  g_ptr_array_add (metadata, NULL);
  return metadata;
}

gboolean
omni_trainer_save (OmniTrainer *trainer, const char *path, GError **error)
{
  g_autoptr (GArray) specs = g_array_new (FALSE, FALSE, sizeof (OmniTensorSpec));
  g_autoptr (GPtrArray) metadata = make_metadata (trainer);
  const float *values[N_VECTORS];
  Vector vectors[N_VECTORS];

  list_vectors (&trainer->state, vectors);
  for (guint i = 0; i < N_VECTORS; i++)
    if (*vectors[i].values != NULL)
    {
      values[specs->len] = *vectors[i].values;
      omni_model_add_spec (specs, vectors[i].name, NULL, (guint)trainer->state.n, 0, 0, 0);
    }

  g_autoptr (GBytes) bytes = omni_weights_write (specs, (const char *const *)metadata->pdata, values);
  gsize size;
  const char *data = g_bytes_get_data (bytes, &size);

  return g_file_set_contents (path, data, (gssize)size, error);
}

static gboolean
check_shape (const OmniTrainer *trainer, const OmniWeights *weights, GError **error)
{
  const char *found = omni_weights_get_metadata (weights, "checkpoint");
  g_autofree char *shape = describe_shape (trainer);

  if (g_strcmp0 (found, shape) == 0)
    return TRUE;
  g_set_error (error, OMNI_TRAINING_ERROR, OMNI_TRAINING_ERROR_CHECKPOINT,
               "“%s” cannot be resumed: it is %s%s, and this run is “%s” (architecture, channels, "
               "normalisation, optimiser).",
               omni_weights_get_path (weights), found != NULL ? "a checkpoint of " : "no checkpoint",
               found != NULL ? found : "", shape);
  return FALSE;
}

/* What elastic weight consolidation keeps comes in pairs. */
static gboolean
check_consolidation (const OmniTrainState *state, const OmniWeights *weights, GError **error)
{
  const char *wrong = NULL;

  if ((state->omega != NULL) != (state->anchor != NULL))
    wrong = "of “omega” and “anchor” it holds one without the other";
  else if ((state->fisher != NULL) != (state->fisher_samples > 0))
    wrong = state->fisher != NULL ? "“fisher” is a sum over no samples" : "its samples have no “fisher”";
  if (wrong == NULL)
    return TRUE;
  g_set_error (error, OMNI_TRAINING_ERROR, OMNI_TRAINING_ERROR_CHECKPOINT,
               "“%s” is damaged: %s. Go on from an earlier checkpoint.", omni_weights_get_path (weights),
               wrong);
  return FALSE;
}

static gboolean
load_vectors (OmniTrainer *trainer, const OmniWeights *weights, GError **error)
{
  OmniTrainState loaded = { .n = trainer->state.n };
  Vector vectors[N_VECTORS];
  gboolean sound = omni_train_read_count (weights, "step", &loaded.step, error)
                   && omni_train_read_count (weights, "fisher_samples", &loaded.fisher_samples, error);

  list_vectors (&loaded, vectors);
  for (guint i = 0; sound && i < N_VECTORS; i++)
  {
    gsize n = 0;

    if (omni_weights_has (weights, vectors[i].name))
      *vectors[i].values = omni_weights_dup_floats (weights, vectors[i].name, &n);
    sound = n == loaded.n || (n == 0 && !vectors[i].always);
    if (!sound)
      g_set_error (error, OMNI_TRAINING_ERROR, OMNI_TRAINING_ERROR_CHECKPOINT,
                   "“%s” is damaged: “%s” holds %" G_GSIZE_FORMAT " values, not %" G_GSIZE_FORMAT ".",
                   omni_weights_get_path (weights), vectors[i].name, n, loaded.n);
  }

  OmniTrainState old = loaded;

  sound = sound && check_consolidation (&loaded, weights, error);
  if (sound)
  {
    old = trainer->state;
    trainer->state = loaded;
  }
  list_vectors (&old, vectors);
  for (guint i = 0; i < N_VECTORS; i++)
    g_free (*vectors[i].values);
  return sound;
}

gboolean
omni_trainer_load (OmniTrainer *trainer, const char *path, GError **error)
{
  g_autoptr (OmniWeights) weights = omni_weights_load (path, error);

  g_auto (OmniTrainOrigin) origin = { 0 };

  if (weights == NULL || !check_shape (trainer, weights, error)
      || !omni_train_origin_from_weights (&origin, weights, error) || !load_vectors (trainer, weights, error))
    return FALSE;
  omni_train_remember (trainer, &origin);
  return TRUE;
}

/* ---- Weight files ---- */

static GArray *
list_specs (const OmniTrainer *trainer)
{
  GArray *specs = g_array_new (FALSE, FALSE, sizeof (OmniTensorSpec));

  for (guint p = 0; p < trainer->parameters->len; p++)
    g_array_append_val (specs, g_array_index (trainer->parameters, OmniParameter, p).spec);
  return specs;
}

gboolean
omni_trainer_import (OmniTrainer *trainer, const OmniWeights *weights, GError **error)
{
  g_autoptr (GArray) specs = list_specs (trainer);
  OmniTrainState *state = &trainer->state;

  if (!omni_weights_check (weights, specs, error))
    return FALSE;

  for (guint p = 0; p < trainer->parameters->len; p++)
  {
    const OmniParameter *parameter = &g_array_index (trainer->parameters, OmniParameter, p);
    g_autofree float *values = omni_weights_dup_floats (weights, parameter->spec.name, NULL);

    memcpy (state->theta + parameter->at, values, parameter->n * sizeof *values);
  }
  if (trainer->config.norm == OMNI_TRAIN_NORM_AFFINE)
    omni_parameters_fold_norm (trainer->parameters, state->theta);
  memset (state->first, 0, state->n * sizeof *state->first);
  memset (state->second, 0, state->n * sizeof *state->second);
  state->step = 0;
  g_clear_pointer (&trainer->earlier, g_free);
  trainer->since = 0;
  return TRUE;
}

gboolean
omni_trainer_go_back (OmniTrainer *trainer, const OmniWeights *weights, float share, GError **error)
{
  g_autoptr (GArray) specs = list_specs (trainer);

  if (!omni_weights_check (weights, specs, error))
    return FALSE;

  for (guint p = 0; p < trainer->parameters->len; p++)
  {
    const OmniParameter *parameter = &g_array_index (trainer->parameters, OmniParameter, p);
    g_autofree float *values = omni_weights_dup_floats (weights, parameter->spec.name, NULL);
    float *theta = trainer->state.theta + parameter->at;

    for (guint i = 0; i < parameter->n; i++)
      theta[i] += share * (values[i] - theta[i]);
  }
  return TRUE;
}

GBytes *
omni_trainer_export (OmniTrainer *trainer, const char *const *metadata, GError **error)
{
  g_autoptr (GArray) specs = list_specs (trainer);
  g_autoptr (GPtrArray) pairs = g_ptr_array_new ();
  g_autofree const float **values = g_new (const float *, trainer->parameters->len);
  g_autofree char *channels = g_strdup_printf ("%u", trainer->config.channels);
  char epsilon[G_ASCII_DTOSTR_BUF_SIZE];
  const char *own[] = {
    "architecture", trainer->config.architecture,
    "padding",      padding_names[trainer->config.padding],
    "channels",     channels,
    "epsilon",      g_ascii_formatd (epsilon, sizeof epsilon, "%g", trainer->config.energy_floor)
  };

  for (guint p = 0; p < trainer->parameters->len; p++)
    values[p] = trainer->state.theta + g_array_index (trainer->parameters, OmniParameter, p).at;
  for (guint i = 0; i < G_N_ELEMENTS (own); i++)
    g_ptr_array_add (pairs, (gpointer)own[i]);
  if (trainer->network->add_metadata != NULL)
    trainer->network->add_metadata (&trainer->config, pairs);
  for (guint i = 0; metadata != NULL && metadata[i] != NULL; i++)
    g_ptr_array_add (pairs, (gpointer)metadata[i]);
  g_ptr_array_add (pairs, NULL);
  return omni_weights_write (specs, (const char *const *)pairs->pdata, values);
}
