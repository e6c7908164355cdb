/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Until the trainer's own code is here: the names that its header declares. */
#include "models/training/trainer.h"

static const char *const names[] = { "mae",      "mse",           "ssim",          "gradient",
                                     "mef-ssim", "mef-structure", "max-intensity", "max-gradient",
                                     "sobel",    "laplacian",     "source-mse",    "source-ssim" };

const char *
omni_loss_to_string (OmniLoss loss)
{
  return names[loss];
}

gboolean
omni_loss_from_string (const char *name, OmniLoss *loss)
{
  for (*loss = 0; *loss < OMNI_N_LOSSES; ++*loss)
    if (g_str_equal (names[*loss], name))
      return TRUE;
  return FALSE;
}

gboolean
omni_loss_needs_truth (OmniLoss loss)
{
  return loss <= OMNI_LOSS_GRADIENT;
}

G_DEFINE_QUARK (omni - training - error, omni_training_error)
