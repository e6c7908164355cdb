/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "models/aenetv2.h"
#include "models/training/network.h"

/* AE-Netv2 and its variants (models/aenetv2.h, models.md §4) forward and backward: a convolution of the pair, each picture laid
 * into three inputs; a module whose result is added to its input, the hop; a convolution to the picture. Or (m) a U-Net of two
 * halvings. What comes out is cut at 0 here and at 1 when it is fused. */

#define INPUTS       6
#define WIDTH_OF_TWO 24 /* of the variant that is two convolutions */

G_STATIC_ASSERT ((int)OMNI_TRAIN_VARIANT_M == (int)OMNI_AENETV2_M);

typedef struct
{
  OmniFeatures before;
  OmniNormKept kept;
  OmniTrainValue out;
} Block;

typedef struct
{
  OmniTrainValue pair;
  Block blocks[OMNI_AENETV2_MOST_LAYERS];
  OmniTrainValue sum; /* of the first layer's and the module's */
  /* The U-Net: what its layers see of others at another size. */
  OmniTrainValue half, quarter, from_quarter, from_half;
} State;

/* The U-Net's layers. */
enum
{
  E1,
  E2,
  E3,
  D2,
  D1,
  LAST
};

static const OmniAenetv2Layer *
layers_of (const OmniTrainConfig *config)
{
  return omni_aenetv2_layers[config->variant];
}

static guint
count_layers (const OmniTrainConfig *config)
{
  guint n = 0;

  while (layers_of (config)[n].name != NULL)
    n++;
  return n;
}

static gboolean
is_shuffled (const OmniTrainConfig *config)
{
  return config->variant == OMNI_TRAIN_VARIANT_GCB || config->variant == OMNI_TRAIN_VARIANT_SQUEEZE_GCB;
}

/* A number of channels or groups of the table at the width of the configuration. */
static guint
scale (const OmniTrainConfig *config, guint n)
{
  if (n == 1 || n == INPUTS)
    return n;
  if (config->variant == OMNI_TRAIN_VARIANT_PLUSPLUS && config->channels != OMNI_AENETV2_CHANNELS)
    return n * config->channels / WIDTH_OF_TWO;
  return n * config->channels / OMNI_AENETV2_CHANNELS;
}

static void
list_parameters (const OmniTrainConfig *config, GArray *parameters)
{
  for (const OmniAenetv2Layer *layer = layers_of (config); layer->name != NULL; layer++)
  {
    const guint in = scale (config, layer->in) / scale (config, layer->groups), side = layer->kernel;

    omni_parameters_add (parameters, layer->name, "weight", scale (config, layer->out), in, side, side,
                         omni_parameters_he (side * side * in, 0.0), 0.0F);
    if (layer->has_bias)
      omni_parameters_add (parameters, layer->name, "bias", scale (config, layer->out), 0, 0, 0, 0.0, 0.0F);
    else
      omni_parameters_add_norm (parameters, layer->name, scale (config, layer->out));
  }
}

/* The last ReLU cuts at 0; a picture that began there would never come up. */
static void
initialise (const OmniTrainConfig *config, const GArray *parameters, float *theta)
{
  const gboolean plain = config->variant == OMNI_TRAIN_VARIANT_PLUSPLUS;

  theta[omni_parameters_find (parameters, "c2", plain ? "bias" : "bn.bias")] = 0.45F;
  if (!plain)
    theta[omni_parameters_find (parameters, "c2", "bn.weight")] = 0.25F;
}

static void
add_metadata (const OmniTrainConfig *config, GPtrArray *pairs)
{
  g_ptr_array_add (pairs, (gpointer) "variant");
  g_ptr_array_add (pairs, (gpointer)omni_train_variant_to_string (config->variant));
}

static OmniConvLayer
layer_of (const OmniTrainPass *pass, const OmniAenetv2Layer *layer)
{
  OmniConvLayer conv = omni_parameters_conv (pass->parameters, layer->name, 1, pass->config->padding);

  conv.groups = scale (pass->config, layer->groups);
  conv.in *= conv.groups;
  return conv;
}

/* ---- Layer `index` ---- */

static OmniTrainValue *
forward_block (OmniOps *ops, const OmniTrainPass *pass, guint index, const OmniTrainValue *const *inputs,
               guint n_inputs)
{
  const OmniAenetv2Layer *layer = &layers_of (pass->config)[index];
  const OmniConvLayer conv = layer_of (pass, layer);
  Block *block = &((State *)pass->state)->blocks[index];

  block->before = omni_layer_forward (
    ops, &conv, inputs, n_inputs,
    layer->has_relu && layer->has_bias ? OMNI_ACTIVATION_RELU : OMNI_ACTIVATION_NONE, 0.0F);
  block->out.features = block->before;
  if (!layer->has_bias)
  {
    const OmniNormLayer norm = omni_parameters_norm (pass->parameters, layer->name);

    block->out.features = omni_ops_norm (ops, &norm, omni_train_pass_statistics (pass),
                                         layer->has_relu ? 0.0F : 1.0F, &block->before, &block->kept);
  }
  return &block->out;
}

static void
backward_block (OmniOps *ops, const OmniTrainPass *pass, guint index, OmniTrainValue *const *inputs,
                guint n_inputs)
{
  const OmniAenetv2Layer *layer = &layers_of (pass->config)[index];
  const OmniConvLayer conv = layer_of (pass, layer);
  Block *block = &((State *)pass->state)->blocks[index];

  if (layer->has_relu)
    omni_layer_activation_backward (ops, &block->out, 0.0F);
  if (!layer->has_bias)
  {
    const OmniNormLayer norm = omni_parameters_norm (pass->parameters, layer->name);

    omni_ops_norm_grad (ops, &norm, &block->kept, &block->before, &block->out.gradient);
  }
  omni_layer_backward (ops, &conv, inputs, n_inputs, &block->out.gradient);
}

/* ---- The hop ---- */

/* Without groups there is nothing to shuffle: in one group every channel keeps its place. */
static guint
shuffled_groups (const OmniTrainConfig *config)
{
  return is_shuffled (config) ? config->channels / 2 : 1;
}

static const OmniTrainValue *
forward_hop (OmniOps *ops, const OmniTrainPass *pass)
{
  State *state = pass->state;
  const guint last = count_layers (pass->config) - 1;
  const OmniTrainValue *pair = &state->pair, *x = forward_block (ops, pass, 0, &pair, 1);

  for (guint i = 1; i < last; i++)
    x = forward_block (ops, pass, i, &x, 1);
  if (last > 1)
  {
    state->sum.features = omni_ops_shuffle (ops, &x->features, shuffled_groups (pass->config),
                                            &state->blocks[0].out.features);
    x = &state->sum;
  }
  return forward_block (ops, pass, last, &x, 1);
}

static void
backward_hop (OmniOps *ops, const OmniTrainPass *pass)
{
  State *state = pass->state;
  const guint last = count_layers (pass->config) - 1;
  OmniTrainValue *first = &state->blocks[0].out, *sum = &state->sum, *pair = &state->pair;

  backward_block (ops, pass, last, last > 1 ? &sum : &first, 1);
  if (last > 1)
  {
    state->blocks[last - 1].out.gradient = omni_ops_shuffle_grad (ops, &sum->gradient,
                                                                  shuffled_groups (pass->config));
    /* What comes back to the sum comes back to the first layer as it is. */
    first->gradient = sum->gradient;
    first->has_gradient = TRUE;
  }
  for (guint i = last - 1; i >= 1; i--)
  {
    OmniTrainValue *before = &state->blocks[i - 1].out;

    backward_block (ops, pass, i, &before, 1);
  }
  backward_block (ops, pass, 0, &pair, 1);
}

/* ---- The U-Net ---- */

static void
enlarge (OmniOps *ops, const OmniTrainValue *x, const OmniTrainValue *like, OmniTrainValue *out)
{
  out->features = omni_ops_enlarge (ops, &x->features, FALSE, like->features.h, like->features.w);
}

static const OmniTrainValue *
forward_m (OmniOps *ops, const OmniTrainPass *pass)
{
  State *state = pass->state;
  const OmniTrainValue *pair = &state->pair, *half = &state->half, *quarter = &state->quarter, *x;
  const OmniTrainValue *e1 = forward_block (ops, pass, E1, &pair, 1), *e2;

  state->half.features = omni_ops_pool (ops, &e1->features, TRUE);
  e2 = forward_block (ops, pass, E2, &half, 1);
  state->quarter.features = omni_ops_pool (ops, &e2->features, TRUE);
  x = forward_block (ops, pass, E3, &quarter, 1);
  enlarge (ops, x, e2, &state->from_quarter);
  x = forward_block (ops, pass, D2, (const OmniTrainValue *[]){ &state->from_quarter, e2 }, 2);
  enlarge (ops, x, e1, &state->from_half);
  x = forward_block (ops, pass, D1, (const OmniTrainValue *[]){ &state->from_half, e1 }, 2);
  return forward_block (ops, pass, LAST, &x, 1);
}

static void
shrink_gradient (OmniOps *ops, const OmniTrainValue *from, OmniTrainValue *to)
{
  const OmniFeatures *x = &to->features;

  to->gradient = omni_ops_features (ops, x->n, x->c, x->h, x->w);
  to->has_gradient = TRUE;
  omni_ops_enlarge_grad (ops, &from->gradient, FALSE, FALSE, &to->gradient);
}

/* A feature that was pooled has its gradient from the way across already. */
static void
backward_m (OmniOps *ops, const OmniTrainPass *pass)
{
  State *state = pass->state;
  Block *blocks = state->blocks;
  OmniTrainValue *e1 = &blocks[E1].out, *e2 = &blocks[E2].out, *d1 = &blocks[D1].out;
  OmniTrainValue *half = &state->half, *quarter = &state->quarter, *pair = &state->pair;

  backward_block (ops, pass, LAST, &d1, 1);
  backward_block (ops, pass, D1, (OmniTrainValue *[]){ &state->from_half, e1 }, 2);
  shrink_gradient (ops, &state->from_half, &blocks[D2].out);
  backward_block (ops, pass, D2, (OmniTrainValue *[]){ &state->from_quarter, e2 }, 2);
  shrink_gradient (ops, &state->from_quarter, &blocks[E3].out);
  backward_block (ops, pass, E3, &quarter, 1);
  omni_ops_pool_grad (ops, &e2->features, TRUE, &quarter->gradient, TRUE, &e2->gradient);
  backward_block (ops, pass, E2, &half, 1);
  omni_ops_pool_grad (ops, &e1->features, TRUE, &half->gradient, TRUE, &e1->gradient);
  backward_block (ops, pass, E1, &pair, 1);
}

/* ---- All of it ---- */

static OmniMaps
forward (OmniOps *ops, OmniTrainPass *pass)
{
  State *state = pass->state;
  const OmniMaps *a = &pass->members[0], *b = &pass->members[1];
  const OmniMaps *maps[INPUTS] = { a, a, a, b, b, b };
  const OmniTrainValue *fused;

  *state = (State){ 0 }; /* a step runs twice */
  state->pair.features = omni_ops_to_features (ops, maps, NULL, INPUTS, a->n, a->h, a->w, 1.0F);
  state->pair.is_picture = TRUE;
  fused = pass->config->variant == OMNI_TRAIN_VARIANT_M ? forward_m (ops, pass) : forward_hop (ops, pass);
  return omni_ops_to_map (ops, &fused->features, 0, 1.0F);
}

static void
backward (OmniOps *ops, OmniTrainPass *pass, const OmniMaps *fused_gradient)
{
  State *state = pass->state;
  Block *last = &state->blocks[count_layers (pass->config) - 1];

  last->out.gradient = omni_ops_to_features (ops, &fused_gradient, NULL, 1, fused_gradient->n,
                                             fused_gradient->h, fused_gradient->w, 1.0F);
  if (pass->config->variant == OMNI_TRAIN_VARIANT_M)
    backward_m (ops, pass);
  else
    backward_hop (ops, pass);
}

const OmniTrainNetwork omni_train_aenetv2 = {
  .architecture = "aenetv2",
  .channels = OMNI_AENETV2_CHANNELS,
  .channel_grain = 4,
  .width_tensors = { "c1.weight", "e2.weight" },
  .n_sources = 2,
  .first_roles = OMNI_ROLE_MARK (OMNI_ROLE_VISIBLE) | OMNI_ROLE_MARK (OMNI_ROLE_PET)
                 | OMNI_ROLE_MARK (OMNI_ROLE_SPECT),
  .has_norm = TRUE,
  .needs_norm = TRUE,
  .state_bytes = sizeof (State),
  .list_parameters = list_parameters,
  .initialise = initialise,
  .add_metadata = add_metadata,
  .forward = forward,
  .backward = backward,
};
