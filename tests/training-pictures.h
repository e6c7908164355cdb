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

G_END_DECLS
