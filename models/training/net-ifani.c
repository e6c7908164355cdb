/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "models/training/network.h"

#include <math.h>

/* IFANI (models/ifani.c) forward and backward. A layer sees [own features, maximum over the set, skip]; the convolution of
 * such a concatenation is the sum of those of its parts, and the pooled part is the same for every member of the set. */

#define CHANNELS 32
#define N_LAYERS 13

typedef enum
{
  OWN,    /* own features */
  POOLED, /* and the maximum over the set */
  SKIPPED /* and features of the first half */
} Inputs;

static const struct
{
  const char *name;
  Inputs inputs;
  gboolean is_linear;
  int from, skip; /* the layers whose outputs come in */
} layers[N_LAYERS] = {
  { "fb1", OWN, FALSE, -1, -1 },   { "fb2", POOLED, FALSE, 0, -1 },   { "fb3", POOLED, FALSE, 1, -1 },
  { "fb4", POOLED, FALSE, 2, -1 }, { "neck1", POOLED, FALSE, 3, -1 }, { "neck2", OWN, FALSE, 4, -1 },
  { "neck3", OWN, TRUE, 5, -1 },   { "fb5", OWN, FALSE, 6, -1 },      { "fb6", SKIPPED, FALSE, 7, 3 },
  { "fb7", SKIPPED, FALSE, 8, 2 }, { "fb8", SKIPPED, FALSE, 9, 1 },   { "tail1", SKIPPED, FALSE, 10, 0 },
  { "tail2", OWN, TRUE, -1, -1 }, /* of the pooled features of tail1 */
};

enum
{
  TAIL1 = N_LAYERS - 2,
  TAIL2
};

/* A layer's output, and its gradient as far as it has come. */
typedef struct
{
  OmniFeatures features, pool, gradient;
  OmniFeatures before; /* the normalisation */
  OmniNormKept norm;
  gboolean has_pool, has_gradient;
} Activation;

typedef struct
{
  OmniFeatures input; /* the sources */
  Activation out[N_LAYERS];
} State;

/* What a layer takes; without skips the second half sees nothing of the first. */
static Inputs
inputs_of (const OmniTrainConfig *config, guint i)
{
  return layers[i].inputs == SKIPPED && config->without_skips ? POOLED : layers[i].inputs;
}

static guint
n_inputs_of (const OmniTrainConfig *config, guint i)
{
  return i == 0 ? 1 : config->channels * (1 + inputs_of (config, i));
}

/* How many of the pooled channels are maxima. */
static guint
n_max_of (const OmniTrainConfig *config)
{
  return config->reduce == OMNI_TRAIN_REDUCE_MAX ? config->channels : 0;
}

static OmniFeatures
pool_set (OmniOps *ops, const OmniTrainPass *pass, const OmniFeatures *features)
{
  return omni_ops_set_pool (ops, features, pass->n, n_max_of (pass->config),
                            pass->config->reduce == OMNI_TRAIN_REDUCE_SUM);
}

static gboolean
is_normalised (const OmniTrainConfig *config, guint i)
{
  return config->norm != OMNI_TRAIN_NORM_NONE && !layers[i].is_linear;
}

static void
list_parameters (const OmniTrainConfig *config, GArray *parameters)
{
  for (guint i = 0; i < N_LAYERS; i++)
  {
    const guint in = n_inputs_of (config, i);
    const guint out = i == TAIL2 ? 1 : config->channels;
    const double he = omni_parameters_he (9 * in, layers[i].is_linear ? sqrt (5.0) : 0.0);

    /* The fused picture begins a little below middle grey, nearly flat. */
    omni_parameters_add (parameters, layers[i].name, "weight", out, in, 3, 3, i == TAIL2 ? 0.3 * he : he,
                         0.0F);
    if (is_normalised (config, i))
      omni_parameters_add_norm (parameters, layers[i].name, out);
    else
      omni_parameters_add (parameters, layers[i].name, "bias", out, 0, 0, 0, 0.0, i == TAIL2 ? 0.4F : 0.0F);
  }
}

static OmniConvLayer
layer_of (const OmniTrainPass *pass, guint i)
{
  return omni_parameters_conv (pass->parameters, layers[i].name, 1, pass->config->padding);
}

static OmniChannels
own_part (const OmniTrainPass *pass, guint i)
{
  return (OmniChannels){ 0, i == 0 ? 1 : pass->config->channels };
}

static OmniChannels
pooled_part (const OmniTrainPass *pass)
{
  return (OmniChannels){ pass->config->channels, pass->config->channels };
}

static OmniChannels
skipped_part (const OmniTrainPass *pass)
{
  return (OmniChannels){ 2 * pass->config->channels, pass->config->channels };
}

/* What the layer takes as its own input. */
static const OmniFeatures *
own_input (const State *state, guint i)
{
  if (i == TAIL2)
    return &state->out[TAIL1].pool;
  return i == 0 ? &state->input : &state->out[layers[i].from].features;
}

static void
forward_layer (OmniOps *ops, const OmniTrainPass *pass, State *state, guint i)
{
  const OmniConvLayer layer = layer_of (pass, i);
  const OmniChannels parts[] = { own_part (pass, i), skipped_part (pass) };
  const Inputs takes = inputs_of (pass->config, i);
  const guint n_parts = takes == SKIPPED ? 2 : 1;
  const OmniPackedConv own = omni_ops_pack (ops, &layer, parts, n_parts, TRUE);
  OmniFeatures inputs[2] = { *own_input (state, i) }, base;

  if (takes == SKIPPED)
    inputs[1] = state->out[layers[i].skip].features;
  if (takes != OWN)
  {
    Activation *from = &state->out[layers[i].from];
    const OmniChannels part = pooled_part (pass);
    const OmniPackedConv pooled = omni_ops_pack (ops, &layer, &part, 1, FALSE);

    from->pool = pool_set (ops, pass, &from->features);
    from->has_pool = TRUE;
    base = omni_ops_conv (ops, &pooled, layer.boundary, &from->pool, 1, NULL, OMNI_ACTIVATION_NONE, 1.0F);
  }
  state->out[i].features = omni_ops_conv (
    ops, &own, layer.boundary, inputs, n_parts, takes != OWN ? &base : NULL,
    layers[i].is_linear ? OMNI_ACTIVATION_NONE : OMNI_ACTIVATION_RELU, 0.0F);
  if (is_normalised (pass->config, i))
  {
    Activation *out = &state->out[i];
    const OmniNormLayer norm = omni_parameters_norm (pass->parameters, layers[i].name);

    out->before = out->features;
    out->features = omni_ops_norm (ops, &norm, omni_train_pass_statistics (pass), 1.0F, &out->before,
                                   &out->norm);
  }
}

static OmniMaps
forward (OmniOps *ops, OmniTrainPass *pass)
{
  State *state = pass->state;
  const OmniMaps *sources = &pass->sources;

  *state = (State){ .input = omni_ops_to_features (ops, &sources, NULL, 1, sources->n, sources->h, sources->w,
                                                   1.0F) };
  for (guint i = 0; i <= TAIL1; i++)
    forward_layer (ops, pass, state, i);
  state->out[TAIL1].pool = pool_set (ops, pass, &state->out[TAIL1].features);
  state->out[TAIL1].has_pool = TRUE;
  forward_layer (ops, pass, state, TAIL2);
  return omni_ops_to_map (ops, &state->out[TAIL2].features, 0, 1.0F);
}

/* Adds to the gradient of an activation what comes back through one part of a layer. */
static void
backward_part (OmniOps *ops, const OmniConvLayer *layer, OmniChannels part, const OmniFeatures *out_gradient,
               Activation *to)
{
  const OmniPackedConv turned = omni_ops_pack_transposed (ops, layer, part);
  const OmniFeatures *x = &to->features;

  if (!to->has_gradient)
    to->gradient = omni_ops_features (ops, x->n, x->c, x->h, x->w);
  omni_ops_conv_input_grad (ops, &turned, layer->boundary, out_gradient, to->has_gradient, &to->gradient);
  to->has_gradient = TRUE;
}

/* Gradient of the pool of `from` by the pooled part of layer `i`; `sum` is the set's sum of the layer's gradients. */
static OmniFeatures
backward_pool (OmniOps *ops, const OmniTrainPass *pass, const OmniConvLayer *layer, const OmniFeatures *sum,
               const OmniFeatures *pool)
{
  const OmniPackedConv turned = omni_ops_pack_transposed (ops, layer, pooled_part (pass));
  const OmniFeatures gradient = omni_ops_features (ops, pool->n, pool->c, pool->h, pool->w);

  omni_ops_conv_weight_grad (ops, layer, pooled_part (pass), pool, sum, FALSE);
  omni_ops_conv_input_grad (ops, &turned, layer->boundary, sum, FALSE, &gradient);
  return gradient;
}

/* From the gradient of the layer's output, and of its pool (nullable), to that before its activation, in place. `sum`
 * (nullable, out): over the set. */
static void
activation_grad (OmniOps *ops, const OmniTrainPass *pass, State *state, guint i,
                 const OmniFeatures *pool_gradient, OmniFeatures *sum)
{
  Activation *out = &state->out[i];
  const float slope = layers[i].is_linear ? 1.0F : 0.0F;
  const gboolean normalised = is_normalised (pass->config, i);
  const OmniSetGradParams through_pool = {
    .features = &out->features,
    .pool = pool_gradient != NULL ? &out->pool : NULL,
    .pool_gradient = pool_gradient,
    .n_max = n_max_of (pass->config),
    .sums = pass->config->reduce == OMNI_TRAIN_REDUCE_SUM,
    .slope = normalised ? 1.0F : slope,
    .has_gradient = out->has_gradient,
  };

  omni_ops_set_grad (ops, &through_pool, pass->n, &out->gradient, normalised ? NULL : sum);
  if (!normalised)
    return;

  const OmniNormLayer norm = omni_parameters_norm (pass->parameters, layers[i].name);
  const OmniSetGradParams through_activation = { .features = &out->before,
                                                 .slope = slope,
                                                 .has_gradient = TRUE };

  omni_ops_norm_grad (ops, &norm, &out->norm, &out->before, &out->gradient);
  omni_ops_set_grad (ops, &through_activation, pass->n, &out->gradient, sum);
}

/* Layer `i`, whose output has its whole gradient but for what comes through its pool: `pool_gradient` (nullable). Returns
 * the gradient of the pool it took itself, if it did. */
static OmniFeatures
backward_layer (OmniOps *ops, const OmniTrainPass *pass, State *state, guint i,
                const OmniFeatures *pool_gradient)
{
  const OmniConvLayer layer = layer_of (pass, i);
  Activation *out = &state->out[i];
  const Inputs takes = inputs_of (pass->config, i);
  OmniFeatures sum, from_pool = { 0 };

  if (!out->has_gradient)
    out->gradient = omni_ops_features (ops, out->features.n, out->features.c, out->features.h,
                                       out->features.w);
  activation_grad (ops, pass, state, i, pool_gradient, takes != OWN ? &sum : NULL);

  omni_ops_conv_weight_grad (ops, &layer, own_part (pass, i), own_input (state, i), &out->gradient, TRUE);
  if (i > 0)
    backward_part (ops, &layer, own_part (pass, i), &out->gradient, &state->out[layers[i].from]);
  if (takes == SKIPPED)
  {
    Activation *skip = &state->out[layers[i].skip];

    omni_ops_conv_weight_grad (ops, &layer, skipped_part (pass), &skip->features, &out->gradient, FALSE);
    backward_part (ops, &layer, skipped_part (pass), &out->gradient, skip);
  }
  if (takes != OWN)
    from_pool = backward_pool (ops, pass, &layer, &sum, &state->out[layers[i].from].pool);
  return from_pool;
}

static void
backward (OmniOps *ops, OmniTrainPass *pass, const OmniMaps *fused_gradient)
{
  State *state = pass->state;
  const OmniConvLayer tail = layer_of (pass, TAIL2);
  const OmniChannels part = own_part (pass, TAIL2);
  const OmniFeatures gradient = omni_ops_to_features (ops, &fused_gradient, NULL, 1, fused_gradient->n,
                                                      fused_gradient->h, fused_gradient->w, 1.0F);
  const OmniPackedConv turned = omni_ops_pack_transposed (ops, &tail, part);
  const OmniFeatures *pool = &state->out[TAIL1].pool;
  OmniFeatures pool_gradient = omni_ops_features (ops, pool->n, pool->c, pool->h, pool->w);

  omni_ops_conv_weight_grad (ops, &tail, part, pool, &gradient, TRUE);
  omni_ops_conv_input_grad (ops, &turned, tail.boundary, &gradient, FALSE, &pool_gradient);
  for (guint i = TAIL1 + 1; i-- > 0;)
    pool_gradient = backward_layer (ops, pass, state, i, state->out[i].has_pool ? &pool_gradient : NULL);
}

static void
add_metadata (const OmniTrainConfig *config, GPtrArray *pairs)
{
  if (config->reduce != OMNI_TRAIN_REDUCE_MAX)
  {
    g_ptr_array_add (pairs, (gpointer) "reduce");
    g_ptr_array_add (pairs, (gpointer)omni_train_reduce_to_string (config->reduce));
  }
  if (config->has_scales)
  {
    g_ptr_array_add (pairs, (gpointer) "scales");
    g_ptr_array_add (pairs, (gpointer) "auto");
  }
}

/* Skips are a third part of what the second half takes, as models/ifani.c sees them, too. */
static void
read_tensors (OmniTrainConfig *config, const GArray *specs)
{
  for (guint i = 0; i < specs->len; i++)
  {
    const OmniTensorSpec *spec = &g_array_index (specs, OmniTensorSpec, i);

    if (g_str_equal (spec->name, "fb6.weight") && spec->n_dims == 4)
      config->without_skips = spec->dims[1] == 2 * spec->dims[0];
  }
}

const OmniTrainNetwork omni_train_ifani = {
  .architecture = "ifani",
  .channels = CHANNELS,
  .channel_grain = 4,
  .width_tensors = { "neck3.bias" },
  .has_norm = TRUE,
  .has_reduce = TRUE,
  .state_bytes = sizeof (State),
  .list_parameters = list_parameters,
  .add_metadata = add_metadata,
  .read_tensors = read_tensors,
  .forward = forward,
  .backward = backward,
};
