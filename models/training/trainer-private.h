/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "models/training/network.h"

G_BEGIN_DECLS

/* What changes from step to step and goes into a checkpoint: vectors as long as the parameters. */
typedef struct
{
  gsize n;
  float *theta;
  float *first, *second; /* Adam: mean and square; RMSProp: momentum and square; SGD: momentum and nothing */
  float *omega, *anchor; /* elastic weight consolidation: Ω and θ*; NULL before the first task ended */
  float *fisher;         /* sum of squared gradients of an unfinished consolidation; NULL: none */
  guint64 fisher_samples;
  guint64 step;
} OmniTrainState;

struct _OmniTrainer
{
  OmniTrainConfig config;
  const OmniTrainNetwork *network;
  GArray *parameters; /* (element-type OmniParameter) */
  OmniTrainState state;
  OmniOps ops;
  float *gradient;
  float *vgg16; /* nullable: what lies behind the parameters on the device, n_vgg16 floats */
  gsize n_vgg16;
  float *statistics; /* of the last batch, where the running ones lie among the parameters */
  char *order, *recipe_sha256, *data_sha256; /* nullable: the configuration's */
  char *earlier;                             /* nullable; see OmniTrainOrigin */
  guint64 since;
};

/* ---- config.c ---- */
const OmniTrainNetwork *omni_train_config_resolve (OmniTrainConfig *config, GError **error);
gboolean
omni_train_config_check (const OmniTrainConfig *config, const OmniTrainNetwork *network, GError **error);

/* ---- origin.c ---- */

gboolean omni_train_read_count (const OmniWeights *weights, const char *key, guint64 *value, GError **error);
gboolean omni_train_origin_from_weights (OmniTrainOrigin *origin, const OmniWeights *weights, GError **error);

/* Goes on from there: what is another run than the trainer's is remembered as such. */
void omni_train_remember (OmniTrainer *trainer, const OmniTrainOrigin *origin);

/* ---- order.c ---- */

/* Writes the places of the members of set `b` as the step sees them: a function of roles and content alone. `first_roles`:
 * marks of the roles that come first in a pair; 0: none. */
void omni_train_order_members (const OmniTrainBatch *batch, guint first_roles, guint b, guint *order);

/* (transfer full) The batch's luminance, every set's members in that order. */
float *omni_train_dup_ordered (const OmniTrainBatch *batch, guint first_roles);

/* ---- parameters.c ---- */

/* Lots that depend on nothing but their arguments. */
double omni_train_draw (guint64 seed, guint64 step, guint64 purpose); /* 0 … 1, 1 excluded */
void omni_parameters_draw (const GArray *parameters, guint64 seed, float *theta);
gsize omni_parameters_count (const GArray *parameters);

/* ---- optimiser.c: on the host, in plain C; a network has some hundred thousand parameters ---- */

double omni_train_learning_rate (const OmniTrainConfig *config, guint64 step);
double omni_train_norm (const float *gradient, gsize n);

/* Adds the penalty's gradient and returns its value, Σ Ω (θ − θ*)². */
double omni_train_add_ewc (const OmniTrainState *state, float lambda, float *gradient);

/* One step down the gradient, which is scaled by `scale` first. */
void
omni_train_update (const OmniTrainConfig *config, OmniTrainState *state, const float *gradient, float scale);

/* Keeps weights within ± the limit, if there is one; running statistics are none. */
void omni_train_clip_weights (const OmniTrainConfig *config, const GArray *parameters, float *theta);

/* ---- losses.c ---- */

/* One evaluation of a term: at one scale. */
typedef struct
{
  OmniLoss loss;
  float share;    /* of the term */
  guint64 result; /* B values among the results */
} OmniLossResult;

#define OMNI_MAX_LOSS_RESULTS (OMNI_N_LOSSES + 3 * OMNI_MEF_SCALES)

/* Runs every term of the task. `vgg16`: where its values lie among the parameters, 0 if they do not. `gradient` (nullable): by the
 * fused pictures. Returns the number of results. */
guint omni_losses_run (OmniOps *ops, const OmniTrainLosses *losses, guint vgg16, const OmniMaps *fused,
                       const OmniMaps *sources, const OmniMaps *members, const OmniMaps *truth,
                       const OmniMaps *gradient, OmniLossResult results[OMNI_MAX_LOSS_RESULTS]);

/* Refuses a batch that the task's losses cannot judge. */
gboolean omni_losses_check (const OmniTrainLosses *losses, const OmniTrainBatch *batch, GError **error);

G_END_DECLS
