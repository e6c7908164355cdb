/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "models/training/trainer-private.h"
#include "tests/harness.h"
#include "tests/reference/training.h"

G_BEGIN_DECLS

/* What the tests of the trainer learn from. */

static inline void
set_losses (OmniTrainConfig *config)
{
  config->losses[OMNI_TASK_EXPOSURE].weight[OMNI_LOSS_MEF_SSIM] = 1;
  config->losses[OMNI_TASK_FOCUS].weight[OMNI_LOSS_SSIM] = 1;
  config->losses[OMNI_TASK_FOCUS].weight[OMNI_LOSS_MSE] = 5;
  config->losses[OMNI_TASK_INFRARED].weight[OMNI_LOSS_MEF_STRUCTURE] = 0.5;
  config->losses[OMNI_TASK_INFRARED].weight[OMNI_LOSS_MAX_INTENSITY] = 2;
  config->losses[OMNI_TASK_INFRARED].weight[OMNI_LOSS_MAX_GRADIENT] = 5;
}

/* Pictures with coarse and fine structure, the same for the same seed. */
static inline Double4 *
make_pictures (guint n, guint size, guint32 seed)
{
  g_autoptr (Double4) coarse = double4_random (n, 1, (size + 3) / 4, (size + 3) / 4, 0.2, 0.8, seed);
  g_autoptr (Double4) wide = twin_train_up (coarse, 4);
  Double4 *fine = double4_random (n, 1, size, size, -0.15, 0.15, seed + 1);

  for (guint k = 0; k < n; k++)
    for (guint i = 0; i < size * size; i++)
      fine->v[k * size * size + i] = (float)(fine->v[k * size * size + i]
                                               * ((k + i / (size * 3)) % 2 ? 1 : 0.2)
                                             + wide->v[(k * wide->h + i / size) * wide->w + i % size]);
  return fine;
}

/* A narrow network with every task's losses. */
static inline OmniTrainConfig
small_config (OmniOptimiser optimiser)
{
  OmniTrainConfig config;

  omni_train_config_init (&config);
  config.architecture = "ifani";
  config.channels = 16;
  config.optimiser = optimiser;
  config.decay = 0.6F;
  config.momentum = 0.15F;
  config.learning_rate = 2e-3F;
  config.warm_up_steps = 2;
  config.total_steps = 20;
  config.ewc_lambda = 3;
  if (optimiser == OMNI_OPTIMISER_SGD)
  {
    config.norm = OMNI_TRAIN_NORM_BATCH;
    config.freeze_step = 5;
  }
  set_losses (&config);
  return config;
}

/* Batch number `step`, of tasks in turn. */
static inline void
take_step (OmniTrainer *trainer, guint step, OmniTrainReport *report)
{
  const guint n_sets = 2, n = 2 + step % 3, size = 24;
  g_autoptr (Double4) sources = make_pictures (n_sets * n, size, 100 + step);
  g_autoptr (Double4) truth = make_pictures (n_sets, size, 200 + step);
  g_autofree float *luma = double4_to_floats (sources), *wanted = double4_to_floats (truth);
  const OmniTrainBatch batch = { OMNI_TASK_EXPOSURE + step % 3, n_sets, n, size, luma, wanted };
  g_autoptr (GError) error = NULL;

  omni_trainer_step (trainer, &batch, report, &error);
  g_assert_no_error (error);
  if (step == 2)
  {
    g_assert_true (omni_trainer_add_fisher (trainer, &batch, &error));
    g_assert_true (omni_trainer_consolidate (trainer, &error));
  }
}

G_END_DECLS
