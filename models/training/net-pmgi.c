/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "models/training/network.h"

#include <math.h>

/* PMGI (models.md §3) forward and backward: a path for the gradients and one for the intensities, which see the pair twice
 * and once, exchange what they have twice, and meet in the last layer. Pictures are on −1 … 1 inside. */

#define CHANNELS 16
#define LEAK     0.2F

typedef enum
{
  P1,
  Q1,
  P2,
  Q2,
  T23P,
  T23Q,
  P3,
  Q3,
  T34P,
  T34Q,
  P4,
  Q4,
  N_LAYERS,
  PICTURE_P = N_LAYERS, /* what the paths begin with */
  PICTURE_Q,
  N_VALUES
} Value;

#define MOST_INPUTS 8

/* In the order in which they run; the transfers see the two paths in the same order. */
static const struct
{
  const char *name;
  guint kernel, n_inputs;
  Value inputs[4];
} layers[N_LAYERS] = {
  [P1] = { "p1", 5, 1, { PICTURE_P } },
  [Q1] = { "q1", 5, 1, { PICTURE_Q } },
  [P2] = { "p2", 3, 1, { P1 } },
  [Q2] = { "q2", 3, 1, { Q1 } },
  [T23P] = { "t23p", 1, 2, { P2, Q2 } },
  [T23Q] = { "t23q", 1, 2, { P2, Q2 } },
  [P3] = { "p3", 3, 3, { P1, P2, T23P } },
  [Q3] = { "q3", 3, 3, { Q1, Q2, T23Q } },
  [T34P] = { "t34p", 1, 2, { P3, Q3 } },
  [T34Q] = { "t34q", 1, 2, { P3, Q3 } },
  [P4] = { "p4", 3, 4, { P1, P2, P3, T34P } },
  [Q4] = { "q4", 3, 4, { Q1, Q2, Q3, T34Q } },
};
static const Value last_inputs[MOST_INPUTS] = { P1, Q1, P2, Q2, P3, Q3, P4, Q4 };

typedef struct
{
  OmniTrainValue values[N_VALUES];
  OmniFeatures before[N_LAYERS]; /* the normalisation */
  OmniNormKept kept[N_LAYERS];
  OmniMaps fused; /* on 0 … 1 */
} State;

static guint
inputs_of (const OmniTrainConfig *config, guint i)
{
  return layers[i].inputs[0] >= N_LAYERS ? 3 : layers[i].n_inputs * config->channels;
}

static void
list_parameters (const OmniTrainConfig *config, GArray *parameters)
{
  const guint c = config->channels;

  for (guint i = 0; i < N_LAYERS; i++)
  {
    const guint kernel = layers[i].kernel, in = inputs_of (config, i);

    omni_parameters_add (parameters, layers[i].name, "weight", c, in, kernel, kernel,
                         omni_parameters_he (kernel * kernel * in, LEAK), 0.0F);
    omni_parameters_add (parameters, layers[i].name, "bias", c, 0, 0, 0, 0.0, 0.0F);
    if (config->norm == OMNI_TRAIN_NORM_NONE)
      continue;
    omni_parameters_add_norm (parameters, layers[i].name, c);
    /* The script that fuses never loads scale and shift: they stay 1 and 0. */
    for (guint k = 1; config->norm == OMNI_TRAIN_NORM_PICTURE && k <= 4; k++)
      g_array_index (parameters, OmniParameter, parameters->len - k).is_statistic = TRUE;
  }
  omni_parameters_add (parameters, "out", "weight", 1, MOST_INPUTS * c, 1, 1, 0.3 / sqrt (MOST_INPUTS * c),
                       0.0F);
  omni_parameters_add (parameters, "out", "bias", 1, 0, 0, 0, 0.0, 0.0F);
}

static void
add_metadata (const OmniTrainConfig *config, GPtrArray *pairs)
{
  g_ptr_array_add (pairs, (gpointer) "norm");
  g_ptr_array_add (pairs, (gpointer)(config->norm == OMNI_TRAIN_NORM_NONE      ? "none"
                                     : config->norm == OMNI_TRAIN_NORM_PICTURE ? "instance"
                                                                               : "running"));
}

static OmniConvLayer
layer_of (const OmniTrainPass *pass, const char *name)
{
  return omni_parameters_conv (pass->parameters, name, 1, pass->config->padding);
}

static guint
list_inputs (State *state, const Value *values, guint n, OmniTrainValue *inputs[MOST_INPUTS])
{
  for (guint k = 0; k < n; k++)
    inputs[k] = &state->values[values[k]];
  return n;
}

static void
make_pictures (OmniOps *ops, const OmniTrainPass *pass, State *state)
{
  const OmniMaps a = omni_ops_affine (ops, &pass->members[0], 2.0F, -1.0F);
  const OmniMaps b = omni_ops_affine (ops, &pass->members[1], 2.0F, -1.0F);
  const OmniMaps *p[] = { &a, &a, &b }, *q[] = { &b, &b, &a };

  state->values[PICTURE_P] = (OmniTrainValue){ .is_picture = TRUE };
  state->values[PICTURE_Q] = (OmniTrainValue){ .is_picture = TRUE };
  state->values[PICTURE_P].features = omni_ops_to_features (ops, p, NULL, 3, a.n, a.h, a.w, 1.0F);
  state->values[PICTURE_Q].features = omni_ops_to_features (ops, q, NULL, 3, a.n, a.h, a.w, 1.0F);
}

static void
forward_layer (OmniOps *ops, const OmniTrainPass *pass, State *state, guint i)
{
  const OmniConvLayer layer = layer_of (pass, layers[i].name);
  const gboolean is_normalised = pass->config->norm != OMNI_TRAIN_NORM_NONE;
  OmniTrainValue *inputs[MOST_INPUTS];
  const guint n = list_inputs (state, layers[i].inputs, layers[i].n_inputs, inputs);
  const OmniFeatures y = omni_layer_forward (
    ops, &layer, (const OmniTrainValue *const *)inputs, n,
    is_normalised ? OMNI_ACTIVATION_NONE : OMNI_ACTIVATION_LEAKY_RELU, LEAK);

  state->values[i].features = state->before[i] = y;
  if (is_normalised)
  {
    const OmniNormLayer norm = omni_parameters_norm (pass->parameters, layers[i].name);

    state->values[i].features = omni_ops_norm (ops, &norm, omni_train_pass_statistics (pass), LEAK, &y,
                                               &state->kept[i]);
  }
}

static OmniMaps
forward (OmniOps *ops, OmniTrainPass *pass)
{
  State *state = pass->state;
  const OmniConvLayer out = layer_of (pass, "out");
  OmniTrainValue *inputs[MOST_INPUTS];

  *state = (State){ 0 }; /* a step runs twice */
  make_pictures (ops, pass, state);
  for (guint i = 0; i < N_LAYERS; i++)
    forward_layer (ops, pass, state, i);

  const guint n = list_inputs (state, last_inputs, MOST_INPUTS, inputs);
  const OmniFeatures y = omni_layer_forward (ops, &out, (const OmniTrainValue *const *)inputs, n,
                                             OMNI_ACTIVATION_NONE, 1.0F);
  const OmniMaps last = omni_ops_to_map (ops, &y, 0, 1.0F);

  state->fused = omni_ops_tanh (ops, &last, 0.5F, 0.5F);
  return state->fused;
}

static void
backward_layer (OmniOps *ops, const OmniTrainPass *pass, State *state, guint i)
{
  const OmniConvLayer layer = layer_of (pass, layers[i].name);
  OmniTrainValue *inputs[MOST_INPUTS], *value = &state->values[i];
  const guint n = list_inputs (state, layers[i].inputs, layers[i].n_inputs, inputs);

  omni_layer_activation_backward (ops, value, LEAK);
  if (pass->config->norm != OMNI_TRAIN_NORM_NONE)
  {
    const OmniNormLayer norm = omni_parameters_norm (pass->parameters, layers[i].name);

    omni_ops_norm_grad (ops, &norm, &state->kept[i], &state->before[i], &value->gradient);
  }
  omni_layer_backward (ops, &layer, inputs, n, &value->gradient);
}

static void
backward (OmniOps *ops, OmniTrainPass *pass, const OmniMaps *fused_gradient)
{
  State *state = pass->state;
  const OmniConvLayer out = layer_of (pass, "out");
  const OmniMaps slopes = omni_ops_tanh_grad (ops, &state->fused, fused_gradient, 0.5F, 0.5F);
  const OmniMaps *maps = &slopes;
  const OmniFeatures gradient = omni_ops_to_features (ops, &maps, NULL, 1, slopes.n, slopes.h, slopes.w,
                                                      1.0F);
  OmniTrainValue *inputs[MOST_INPUTS];
  const guint n = list_inputs (state, last_inputs, MOST_INPUTS, inputs);

  omni_layer_backward (ops, &out, inputs, n, &gradient);
  for (guint i = N_LAYERS; i-- > 0;)
    backward_layer (ops, pass, state, i);
}

const OmniTrainNetwork omni_train_pmgi = {
  .architecture = "pmgi",
  .channels = CHANNELS,
  .channel_grain = 4,
  .width_tensors = { "p1.bias" },
  .n_sources = 2,
  .first_roles = OMNI_ROLE_MARK (OMNI_ROLE_INFRARED) | OMNI_ROLE_MARK (OMNI_ROLE_PET)
                 | OMNI_ROLE_MARK (OMNI_ROLE_SPECT) | OMNI_ROLE_MARK (OMNI_ROLE_MULTISPECTRAL),
  .has_norm = TRUE,
  .has_picture_norm = TRUE,
  .state_bytes = sizeof (State),
  .list_parameters = list_parameters,
  .add_metadata = add_metadata,
  .forward = forward,
  .backward = backward,
};
