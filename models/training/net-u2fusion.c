/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "models/training/network.h"

/* U2Fusion (models.md §2) forward and backward: a dense block whose every layer sees all before it, the newest first, and four
 * layers back to a picture, the last through tanh x / 2 + ½. */

#define CHANNELS 44
#define N_DENSE  5
#define N_OUT    4
#define LEAK     0.2F
#define SPREAD   0.05 /* deviation of the initial weights */

static const char *const dense_names[N_DENSE] = { "dense1", "dense2", "dense3", "dense4", "dense5" };
static const char *const out_names[N_OUT] = { "out1", "out2", "out3", "out4" };

typedef struct
{
  OmniTrainValue pair;
  OmniTrainValue dense[N_DENSE + 1]; /* the first: conv1's */
  OmniTrainValue out[N_OUT];
  OmniMaps fused;
} State;

/* 128, 64, 32 for 44, and in proportion for other widths; 1 at the end. */
static guint
out_width (guint channels, guint i)
{
  return i + 1 == N_OUT ? 1 : (channels * (32U >> i) / 11 + 2) / 4 * 4;
}

static void
add_layer (GArray *parameters, const char *name, guint out, guint in)
{
  omni_parameters_add (parameters, name, "weight", out, in, 3, 3, SPREAD, 0.0F);
  omni_parameters_add (parameters, name, "bias", out, 0, 0, 0, 0.0, 0.0F);
}

static void
list_parameters (const OmniTrainConfig *config, GArray *parameters)
{
  const guint c = config->channels;

  add_layer (parameters, "conv1", c, 2);
  for (guint i = 0; i < N_DENSE; i++)
    add_layer (parameters, dense_names[i], c, (i + 1) * c);
  for (guint i = 0; i < N_OUT; i++)
    add_layer (parameters, out_names[i], out_width (c, i), i == 0 ? (N_DENSE + 1) * c : out_width (c, i - 1));
}

static OmniConvLayer
layer_of (const OmniTrainPass *pass, const char *name)
{
  return omni_parameters_conv (pass->parameters, name, 1, pass->config->padding);
}

/* What lies before dense layer `i` (or the first of the way out), the newest first. Returns how many. */
static guint
list_inputs (State *state, guint i, OmniTrainValue *inputs[N_DENSE + 1])
{
  for (guint k = 0; k <= i; k++)
    inputs[k] = &state->dense[i - k];
  return i + 1;
}

static OmniMaps
forward (OmniOps *ops, OmniTrainPass *pass)
{
  State *state = pass->state;
  const OmniMaps *maps[] = { &pass->members[0], &pass->members[1] };
  const OmniConvLayer first = layer_of (pass, "conv1");
  const OmniTrainValue *pair = &state->pair;
  OmniTrainValue *inputs[N_DENSE + 1];

  *state = (State){ 0 }; /* a step runs twice */
  state->pair.features = omni_ops_to_features (ops, maps, NULL, 2, maps[0]->n, maps[0]->h, maps[0]->w, 1.0F);
  state->pair.is_picture = TRUE;
  state->dense[0].features = omni_layer_forward (ops, &first, &pair, 1, OMNI_ACTIVATION_LEAKY_RELU, LEAK);
  for (guint i = 0; i < N_DENSE; i++)
  {
    const OmniConvLayer layer = layer_of (pass, dense_names[i]);
    const guint n = list_inputs (state, i, inputs);

    state->dense[i + 1].features = omni_layer_forward (ops, &layer, (const OmniTrainValue *const *)inputs, n,
                                                       OMNI_ACTIVATION_LEAKY_RELU, LEAK);
  }
  for (guint i = 0; i < N_OUT; i++)
  {
    const OmniConvLayer layer = layer_of (pass, out_names[i]);
    const guint n = i == 0 ? list_inputs (state, N_DENSE, inputs) : 1;

    if (i > 0)
      inputs[0] = &state->out[i - 1];
    state->out[i].features = omni_layer_forward (
      ops, &layer, (const OmniTrainValue *const *)inputs, n,
      i + 1 < N_OUT ? OMNI_ACTIVATION_LEAKY_RELU : OMNI_ACTIVATION_NONE, LEAK);
  }

  const OmniMaps last = omni_ops_to_map (ops, &state->out[N_OUT - 1].features, 0, 1.0F);

  state->fused = omni_ops_tanh (ops, &last, 0.5F, 0.5F);
  return state->fused;
}

static void
backward (OmniOps *ops, OmniTrainPass *pass, const OmniMaps *fused_gradient)
{
  State *state = pass->state;
  const OmniConvLayer first = layer_of (pass, "conv1");
  const OmniMaps slopes = omni_ops_tanh_grad (ops, &state->fused, fused_gradient, 0.5F, 0.5F);
  const OmniMaps *maps = &slopes;
  OmniTrainValue *inputs[N_DENSE + 1], *pair = &state->pair;

  state->out[N_OUT - 1].gradient = omni_ops_to_features (ops, &maps, NULL, 1, slopes.n, slopes.h, slopes.w,
                                                         1.0F);
  for (guint i = N_OUT; i-- > 0;)
  {
    const OmniConvLayer layer = layer_of (pass, out_names[i]);
    const guint n = i == 0 ? list_inputs (state, N_DENSE, inputs) : 1;

    if (i > 0)
      inputs[0] = &state->out[i - 1];
    if (i + 1 < N_OUT)
      omni_layer_activation_backward (ops, &state->out[i], LEAK);
    omni_layer_backward (ops, &layer, inputs, n, &state->out[i].gradient);
  }
  for (guint i = N_DENSE; i-- > 0;)
  {
    const OmniConvLayer layer = layer_of (pass, dense_names[i]);
    const guint n = list_inputs (state, i, inputs);

    omni_layer_activation_backward (ops, &state->dense[i + 1], LEAK);
    omni_layer_backward (ops, &layer, inputs, n, &state->dense[i + 1].gradient);
  }
  omni_layer_activation_backward (ops, &state->dense[0], LEAK);
  omni_layer_backward (ops, &first, &pair, 1, &state->dense[0].gradient);
}

const OmniTrainNetwork omni_train_u2fusion = {
  .architecture = "u2fusion",
  .channels = CHANNELS,
  .channel_grain = 4,
  .width_tensors = { "conv1.bias" },
  .n_sources = 2,
  .first_roles = OMNI_ROLE_MARK (OMNI_ROLE_VISIBLE) | OMNI_ROLE_MARK (OMNI_ROLE_PET)
                 | OMNI_ROLE_MARK (OMNI_ROLE_SPECT),
  .state_bytes = sizeof (State),
  .list_parameters = list_parameters,
  .forward = forward,
  .backward = backward,
};
