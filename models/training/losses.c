/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "models/training/trainer-private.h"
#include "models/training/vgg.h"

#define SMALLEST_WINDOW 11

typedef struct
{
  OmniOps *ops;
  OmniLossTarget target; /* of the sources, full size */
  const OmniMaps *truth, *members;
  OmniMaps shares; /* of the information, once asked for */
  float information_scale;
  guint vgg16; /* among the parameters; 0: none */
  OmniLossResult *results;
  guint n_results;
} Running;

static guint64
add_result (Running *self, OmniLoss loss, float share)
{
  OmniLossResult *result = &self->results[self->n_results++];

  *result = (OmniLossResult){ loss, share, omni_ops_results (self->ops, self->target.fused->n) };
  return result->result;
}

static void
compare_mef (OmniOps *ops, OmniLossTarget *target, OmniLoss loss, float weight)
{
  if (loss == OMNI_LOSS_MEF_PATCHES)
    omni_ops_loss_mef_patches (ops, target, weight);
  else
    omni_ops_loss_mef_ssim (ops, target, loss == OMNI_LOSS_MEF_SSIM, weight);
}

/* MEF-SSIM of the pictures halved `halvings` times. */
static void
run_mef_scale (Running *self, OmniLoss loss, guint halvings, float share, float weight)
{
  OmniOps *ops = self->ops;
  const guint factor = 1U << halvings;
  const OmniMaps *full = self->target.gradient;
  OmniLossTarget *target = &self->target;

  if (halvings == 0)
  {
    target->result = add_result (self, loss, share);
    compare_mef (ops, target, loss, weight * share);
    return;
  }

  const OmniMaps fused = omni_ops_mean_pool (ops, target->fused, factor);
  const OmniMaps sources = omni_ops_mean_pool (ops, target->sources, factor);
  const OmniMaps gradient = full != NULL ? omni_ops_maps (ops, fused.n, fused.h, fused.w) : (OmniMaps){ 0 };
  OmniLossTarget small = { .fused = &fused,
                           .sources = &sources,
                           .gradient = full != NULL ? &gradient : NULL };

  small.result = add_result (self, loss, share);
  compare_mef (ops, &small, loss, weight * share);
  if (full == NULL)
    return;
  omni_ops_mean_pool_grad (ops, &gradient, factor, target->has_gradient, full);
  target->has_gradient = TRUE;
}

float *
omni_train_losses_get_scales (OmniTrainLosses *losses, OmniLoss loss)
{
  if (loss == OMNI_LOSS_MEF_SSIM)
    return losses->mef_scales;
  if (loss == OMNI_LOSS_MEF_PATCHES)
    return losses->patches_scales;
  return loss == OMNI_LOSS_MEF_STRUCTURE ? losses->structure_scales : NULL;
}

static const float *
get_scales (const OmniTrainLosses *losses, OmniLoss loss)
{
  return omni_train_losses_get_scales ((OmniTrainLosses *)losses, loss);
}

static void
run_mef (Running *self, OmniLoss loss, const float *scales, float weight)
{
  gboolean any = FALSE;

  for (guint s = 0; s < OMNI_MEF_SCALES; s++)
    if (scales[s] > 0.0F)
    {
      run_mef_scale (self, loss, s, scales[s], weight);
      any = TRUE;
    }
  if (!any)
    run_mef_scale (self, loss, 0, 1.0F, weight);
}

/* Of the fused picture as it will be stored, cut to what a picture can hold. */
static void
run_cut_mef (Running *self, OmniLoss loss, const float *scales, float weight)
{
  const OmniLossTarget whole = self->target;
  const OmniMaps *x = whole.fused;
  const OmniMaps fused = omni_ops_cut (self->ops, x);
  const OmniMaps gradient = whole.gradient != NULL ? omni_ops_maps (self->ops, x->n, x->h, x->w)
                                                   : (OmniMaps){ 0 };

  self->target = (OmniLossTarget){ .fused = &fused,
                                   .sources = whole.sources,
                                   .gradient = whole.gradient != NULL ? &gradient : NULL };
  run_mef (self, loss, scales, weight);
  self->target = whole;
  if (whole.gradient == NULL)
    return;
  omni_ops_cut_grad (self->ops, x, &gradient, whole.has_gradient, whole.gradient);
  self->target.has_gradient = TRUE;
}

#define INFORMATION_SCALE 2e-3F /* |g₁ − g₂| of natural pictures is of this size */

/* What the pictures tell each other's shares: the same for all terms. */
static const OmniMaps *
get_shares (Running *self)
{
  const OmniMaps *sources = self->target.sources;
  const guint n = sources->n / self->target.fused->n;
  const float scale = self->information_scale > 0.0F ? self->information_scale : INFORMATION_SCALE;

  if (self->shares.n == 0)
    self->shares = self->vgg16 > 0 ? omni_vgg_information (self->ops, self->vgg16, sources, n, scale)
                                   : omni_ops_information (self->ops, sources, n, scale);
  return &self->shares;
}

static void
run_term (Running *self, OmniLoss loss, float weight)
{
  OmniOps *ops = self->ops;
  OmniLossTarget target = self->target;

  if (omni_loss_needs_truth (loss))
    target.sources = self->truth;
  else if (omni_loss_needs_pair (loss))
    target.sources = &self->members[loss == OMNI_LOSS_SECOND_MSE || loss == OMNI_LOSS_SECOND_LAPLACIAN];
  else if (loss == OMNI_LOSS_INFORMATION_MSE || loss == OMNI_LOSS_INFORMATION_SSIM)
    target.shares = get_shares (self);
  target.result = add_result (self, loss, 1.0F);
  switch (loss)
  {
  case OMNI_LOSS_MAE:
    omni_ops_loss_residual (ops, &target, FALSE, FALSE, weight);
    break;
  case OMNI_LOSS_MSE:
  case OMNI_LOSS_SOURCE_MSE:
  case OMNI_LOSS_INFORMATION_MSE:
  case OMNI_LOSS_FIRST_MSE:
  case OMNI_LOSS_SECOND_MSE:
    omni_ops_loss_residual (ops, &target, TRUE, FALSE, weight);
    break;
  case OMNI_LOSS_MAX_INTENSITY:
    omni_ops_loss_residual (ops, &target, FALSE, TRUE, weight);
    break;
  case OMNI_LOSS_SSIM:
  case OMNI_LOSS_SOURCE_SSIM:
  case OMNI_LOSS_INFORMATION_SSIM:
    omni_ops_loss_ssim (ops, &target, weight);
    break;
  case OMNI_LOSS_GRADIENT:
  case OMNI_LOSS_MAX_GRADIENT:
    omni_ops_loss_difference (ops, &target, weight);
    break;
  case OMNI_LOSS_SOBEL:
  case OMNI_LOSS_TRUTH_SOBEL:
    omni_ops_loss_edges (ops, &target, TRUE, weight);
    break;
  case OMNI_LOSS_LAPLACIAN:
  case OMNI_LOSS_FIRST_LAPLACIAN:
  case OMNI_LOSS_SECOND_LAPLACIAN:
    omni_ops_loss_edges (ops, &target, FALSE, weight);
    break;
  case OMNI_LOSS_PERCEPTUAL:
    omni_vgg_loss_perceptual (ops, self->vgg16, &target, weight);
    break;
  case OMNI_LOSS_RANGE:
    omni_ops_loss_range (ops, &target, weight);
    break;
  case OMNI_LOSS_MEF_PATCHES:
  case OMNI_LOSS_MEF_SSIM:
  case OMNI_LOSS_MEF_STRUCTURE:
  case OMNI_N_LOSSES:
  default:
    g_assert_not_reached ();
  }
  self->target.has_gradient = target.has_gradient;
}

guint
omni_losses_run (OmniOps *ops, const OmniTrainLosses *losses, guint vgg16, const OmniMaps *fused,
                 const OmniMaps *sources, const OmniMaps *members, const OmniMaps *truth,
                 const OmniMaps *gradient, OmniLossResult results[OMNI_MAX_LOSS_RESULTS])
{
  Running self = {
    .ops = ops,
    .target = { .fused = fused, .sources = sources, .gradient = gradient },
    .truth = truth,
    .members = members,
    .information_scale = losses->information_scale,
    .vgg16 = vgg16,
    .results = results,
  };

  for (guint loss = 0; loss < OMNI_N_LOSSES; loss++)
  {
    const float weight = losses->weight[loss];
    const float *scales = get_scales (losses, loss);

    if (weight == 0.0F)
      continue;
    if (loss == OMNI_LOSS_MEF_PATCHES)
      run_cut_mef (&self, loss, scales, weight);
    else if (scales != NULL)
      run_mef (&self, loss, scales, weight);
    else
      run_term (&self, loss, weight);
  }
  return self.n_results;
}

static OmniTrainSide
get_side (const OmniTrainLosses *losses, guint loss)
{
  const gboolean has_windows = loss == OMNI_LOSS_SSIM || loss == OMNI_LOSS_SOURCE_SSIM
                               || loss == OMNI_LOSS_MEF_STRUCTURE || loss == OMNI_LOSS_MEF_SSIM
                               || loss == OMNI_LOSS_MEF_PATCHES || loss == OMNI_LOSS_INFORMATION_SSIM;
  const float *scales = get_scales (losses, loss);
  OmniTrainSide side = { 1, has_windows ? SMALLEST_WINDOW : 2 };

  if (loss == OMNI_LOSS_PERCEPTUAL)
    side = (OmniTrainSide){ OMNI_VGG_GRAIN, OMNI_VGG_GRAIN };
  for (guint s = 1; scales != NULL && s < OMNI_MEF_SCALES; s++)
    if (scales[s] > 0.0F)
      side = (OmniTrainSide){ 1U << s, SMALLEST_WINDOW << s };
  return side;
}

OmniTrainSide
omni_train_losses_get_side (const OmniTrainLosses *losses)
{
  OmniTrainSide side = { 1, 1 };

  for (guint loss = 0; loss < OMNI_N_LOSSES; loss++)
    if (losses->weight[loss] != 0.0F)
    {
      const OmniTrainSide of_loss = get_side (losses, loss);

      side.multiple = MAX (side.multiple, of_loss.multiple); /* powers of two */
      side.least = MAX (side.least, of_loss.least);
    }
  return side;
}

gboolean
omni_losses_check (const OmniTrainLosses *losses, const OmniTrainBatch *batch, GError **error)
{
  const char *task = omni_task_to_string (batch->task);
  gboolean any = FALSE;

  for (guint loss = 0; loss < OMNI_N_LOSSES; loss++)
  {
    const char *name = omni_loss_to_string (loss);

    if (losses->weight[loss] == 0.0F)
      continue;
    any = TRUE;
    if (omni_loss_needs_truth (loss) && batch->truth == NULL)
    {
      g_set_error (error, OMNI_TRAINING_ERROR, OMNI_TRAINING_ERROR_CONFIG,
                   "The loss “%s” of the task “%s” needs ground truth, and the batch has none.", name, task);
      return FALSE;
    }
    if (omni_loss_needs_pair (loss) && batch->n_sources != 2)
    {
      g_set_error (error, OMNI_TRAINING_ERROR, OMNI_TRAINING_ERROR_CONFIG,
                   "The loss “%s” of the task “%s” is for pairs, and the batch has sets of %u pictures.",
                   name, task, batch->n_sources);
      return FALSE;
    }

    const OmniTrainSide side = get_side (losses, loss);

    if (!omni_train_side_fits (side, batch->size_px))
    {
      g_set_error (error, OMNI_TRAINING_ERROR, OMNI_TRAINING_ERROR_CONFIG,
                   "Pictures of %u px do not suit the loss “%s” of the task “%s”: their side must be a "
                   "multiple of %u and at least %u.",
                   batch->size_px, name, task, side.multiple, side.least);
      return FALSE;
    }
  }
  if (any)
    return TRUE;

  g_set_error (error, OMNI_TRAINING_ERROR, OMNI_TRAINING_ERROR_CONFIG,
               "The task “%s” has no loss: give at least one a weight.", task);
  return FALSE;
}
