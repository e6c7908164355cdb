/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/training-pictures.h"

#include <math.h>

/* Running statistics of the trainer: when they move, and when there are none. */

static gboolean
step_with_statistics (OmniTrainConfig *config, OmniTrainer **trainer, float **before)
{
  g_autoptr (GError) error = NULL;
  OmniTrainReport report;

  config->norm = OMNI_TRAIN_NORM_BATCH;
  *trainer = omni_trainer_new (harness_device (), config, &error);
  g_assert_no_error (error);
  *before = g_memdup2 ((*trainer)->state.theta, (*trainer)->state.n * sizeof (float));
  take_step (*trainer, 0, &report);

  gboolean moved = FALSE;

  for (guint p = 0; p < (*trainer)->parameters->len; p++)
  {
    const OmniParameter *parameter = &g_array_index ((*trainer)->parameters, OmniParameter, p);

    for (guint i = parameter->at; parameter->is_statistic && i < parameter->at + parameter->n; i++)
      moved |= (*trainer)->state.theta[i] != (*before)[i];
  }
  return moved;
}

static OmniTrainer *
import_as (const OmniTrainConfig *like, OmniTrainNorm norm, const OmniWeights *weights)
{
  OmniTrainConfig config = *like;
  g_autoptr (GError) error = NULL;

  config.norm = norm;

  OmniTrainer *trainer = omni_trainer_new (harness_device (), &config, &error);

  g_assert_no_error (error);
  omni_trainer_import (trainer, weights, &error);
  g_assert_no_error (error);
  return trainer;
}

/* Scale and shift alone: what another file's statistics do becomes part of them, and there are none any more. */
static void
test_affine (void)
{
  const guint size = 24;
  OmniTrainConfig config = small_config (OMNI_OPTIMISER_ADAM);
  g_autoptr (OmniTrainer) trained = NULL;
  g_autofree float *before = NULL, *first = g_new (float, size *size), *second = g_new (float, size *size);
  g_autoptr (Double4) pictures = make_pictures (3, size, 300);
  g_autofree float *luma = double4_to_floats (pictures);
  const OmniTrainBatch batch = { OMNI_TASK_EXPOSURE, 1, 3, size, luma, NULL };
  g_autoptr (GError) error = NULL;
  OmniTrainReport report;

  config.norm_momentum = 0.5F;
  g_assert_true (step_with_statistics (&config, &trained, &before));

  g_autoptr (GBytes) bytes = omni_trainer_export (trained, NULL, &error);
  g_autoptr (OmniWeights) weights = omni_weights_load_bytes (bytes, "normalised", &error);

  g_assert_no_error (error);

  g_autoptr (OmniTrainer) frozen = import_as (&config, OMNI_TRAIN_NORM_FROZEN, weights);
  g_autoptr (OmniTrainer) affine = import_as (&config, OMNI_TRAIN_NORM_AFFINE, weights);

  g_assert_true (omni_trainer_validate (frozen, &batch, first, &report, &error));
  g_assert_true (omni_trainer_validate (affine, &batch, second, &report, &error));
  for (guint i = 0; i < size * size; i++)
    g_assert_cmpfloat_with_epsilon (first[i], second[i], 1e-4);
  take_step (affine, 0, &report);
  for (guint p = 0; p < affine->parameters->len; p++)
  {
    const OmniParameter *parameter = &g_array_index (affine->parameters, OmniParameter, p);
    const gboolean is_variance = g_str_has_suffix (parameter->spec.name, "running_var");

    for (guint i = parameter->at; parameter->is_statistic && i < parameter->at + parameter->n; i++)
    {
      g_assert_cmpfloat (affine->state.theta[i], ==, is_variance ? 1 : 0);
    }
  }
}

/* Frozen from the very first step, at some, or never. */
static void
test_freeze (void)
{
  const guint64 steps[] = { 0, 1, G_MAXUINT64 };

  for (guint i = 0; i < G_N_ELEMENTS (steps); i++)
  {
    OmniTrainConfig config = small_config (OMNI_OPTIMISER_ADAM);
    g_autoptr (OmniTrainer) trainer = NULL;
    g_autofree float *before = NULL;

    config.freeze_step = steps[i];
    g_assert_cmpint (step_with_statistics (&config, &trainer, &before), ==, steps[i] > 0);
  }
}

/* The limit is of weights: a variance is none, and cut down it would be another network. */
static void
test_clip_weights (void)
{
  const float limit = 0.01F;
  OmniTrainConfig config = small_config (OMNI_OPTIMISER_ADAM);
  g_autoptr (OmniTrainer) trainer = NULL;
  g_autofree float *before = NULL;

  config.clip_weights = limit;
  config.freeze_step = 100;
  step_with_statistics (&config, &trainer, &before);
  for (guint p = 0; p < trainer->parameters->len; p++)
  {
    const OmniParameter *parameter = &g_array_index (trainer->parameters, OmniParameter, p);

    for (guint i = parameter->at; i < parameter->at + parameter->n; i++)
      if (!parameter->is_statistic)
        g_assert_cmpfloat (fabsf (trainer->state.theta[i]), <=, limit);
      else if (before[i] == 1) /* a variance: 5 % of the way from 1 to the batch's */
        g_assert_cmpfloat (trainer->state.theta[i], >, 0.9);
  }
}

static void
add_tests (void)
{
  g_test_add_func ("/training/affine", test_affine);
  g_test_add_func ("/training/freeze", test_freeze);
  g_test_add_func ("/training/clip-weights", test_clip_weights);
}

int
main (int argc, char **argv)
{
  return harness_main (argc, argv, add_tests);
}
