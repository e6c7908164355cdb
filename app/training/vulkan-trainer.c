/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/training/run.h"

/* The trainer of models/training/ as a run sees it. */

static guint64
get_step (gpointer trainer)
{
  return omni_trainer_get_step (trainer);
}

static gboolean
step (gpointer trainer, const OmniTrainBatch *batch, OmniTrainReport *report, GError **error)
{
  return omni_trainer_step (trainer, batch, report, error);
}

static gboolean
validate (gpointer trainer, const OmniTrainBatch *batch, float *fused, OmniTrainReport *report,
          GError **error)
{
  return omni_trainer_validate (trainer, batch, fused, report, error);
}

static gboolean
add_fisher (gpointer trainer, const OmniTrainBatch *batch, GError **error)
{
  return omni_trainer_add_fisher (trainer, batch, error);
}

static gboolean
consolidate (gpointer trainer, GError **error)
{
  return omni_trainer_consolidate (trainer, error);
}

static guint64
count_fisher (gpointer trainer)
{
  return omni_trainer_count_fisher (trainer);
}

static gboolean
is_consolidated (gpointer trainer)
{
  return omni_trainer_is_consolidated (trainer);
}

static gboolean
save (gpointer trainer, const char *path, GError **error)
{
  return omni_trainer_save (trainer, path, error);
}

static gboolean
load (gpointer trainer, const char *path, GError **error)
{
  return omni_trainer_load (trainer, path, error);
}

static GBytes *
dup_weights (gpointer trainer, const char *const *metadata, GError **error)
{
  return omni_trainer_export (trainer, metadata, error);
}

static gboolean
go_back (gpointer trainer, const OmniWeights *weights, float share, GError **error)
{
  return omni_trainer_go_back (trainer, weights, share, error);
}

static const char *
get_earlier (gpointer trainer)
{
  return omni_trainer_get_earlier (trainer);
}

const OmniTrainerInterface omni_trainer_interface = {
  .get_step = get_step,
  .step = step,
  .validate = validate,
  .add_fisher = add_fisher,
  .consolidate = consolidate,
  .count_fisher = count_fisher,
  .is_consolidated = is_consolidated,
  .save = save,
  .load = load,
  .dup_weights = dup_weights,
  .go_back = go_back,
  .get_earlier = get_earlier,
};
