/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "models/training/network.h"

/* AE-Netv2 (models.md §4) forward and backward: a convolution of the pair, each picture laid into three inputs; a grouped
 * convolution whose shuffled output is added to its input; a convolution to the picture. Every convolution but the grouped
 * one is normalised; what comes out is cut at 0 here and at 1 when it is fused. */

#define CHANNELS     64
#define INPUTS       6
#define PER_GROUP    2
#define WIDTH_OF_TWO 24 /* of the variant that is two convolutions */

typedef struct
{
  OmniFeatures before;
  OmniNormKept kept;
  OmniTrainValue out;
} Block;

typedef struct
{
  OmniTrainValue pair;
  Block first, middle, last;
  OmniTrainValue sum; /* of the first's and the middle's */
} State;

static gboolean
is_plain (const OmniTrainConfig *config)
{
  return config->variant == OMNI_TRAIN_VARIANT_PLUSPLUS;
}

static gboolean
is_grouped (const OmniTrainConfig *config)
{
  return config->variant == OMNI_TRAIN_VARIANT_GCB;
}

static guint
width_of (const OmniTrainConfig *config)
{
  return is_plain (config) && config->channels == CHANNELS ? WIDTH_OF_TWO : config->channels;
}

static void
add_layer (GArray *parameters, const char *name, guint out, guint in, gboolean is_normalised)
{
  omni_parameters_add (parameters, name, "weight", out, in, 3, 3, omni_parameters_he (9 * in, 0.0), 0.0F);
  if (is_normalised)
    omni_parameters_add_norm (parameters, name, out);
  else
    omni_parameters_add (parameters, name, "bias", out, 0, 0, 0, 0.0, 0.0F);
}

static void
list_parameters (const OmniTrainConfig *config, GArray *parameters)
{
  const guint c = width_of (config);

  add_layer (parameters, "c1", c, INPUTS, !is_plain (config));
  if (!is_plain (config))
    add_layer (parameters, "gc", c, is_grouped (config) ? PER_GROUP : c, !is_grouped (config));
  add_layer (parameters, "c2", 1, c, !is_plain (config));
}

/* The last ReLU cuts at 0; a picture that began there would never come up. */
static void
initialise (const OmniTrainConfig *config, const GArray *parameters, float *theta)
{
  theta[omni_parameters_find (parameters, "c2", is_plain (config) ? "bias" : "bn.bias")] = 0.45F;
  if (!is_plain (config))
    theta[omni_parameters_find (parameters, "c2", "bn.weight")] = 0.25F;
}

static void
add_metadata (const OmniTrainConfig *config, GPtrArray *pairs)
{
  g_ptr_array_add (pairs, (gpointer) "variant");
  g_ptr_array_add (pairs, (gpointer)omni_train_variant_to_string (config->variant));
}

/* “gc” sees two of its inputs with each of its outputs. */
static OmniConvLayer
layer_of (const OmniTrainPass *pass, const char *name)
{
  OmniConvLayer layer = omni_parameters_conv (pass->parameters, name, 1, pass->config->padding);

  if (is_grouped (pass->config) && g_str_equal (name, "gc"))
  {
    layer.groups = layer.out / PER_GROUP;
    layer.in = layer.out;
  }
  return layer;
}

static void
forward_block (OmniOps *ops, const OmniTrainPass *pass, const char *name, const OmniTrainValue *x,
               gboolean is_normalised, gboolean has_relu, Block *block)
{
  const OmniConvLayer layer = layer_of (pass, name);

  block->before = omni_layer_forward (
    ops, &layer, &x, 1, has_relu && !is_normalised ? OMNI_ACTIVATION_RELU : OMNI_ACTIVATION_NONE, 0.0F);
  block->out.features = block->before;
  if (is_normalised)
  {
    const OmniNormLayer norm = omni_parameters_norm (pass->parameters, name);

    block->out.features = omni_ops_norm (ops, &norm, omni_train_pass_statistics (pass),
                                         has_relu ? 0.0F : 1.0F, &block->before, &block->kept);
  }
}

static OmniMaps
forward (OmniOps *ops, OmniTrainPass *pass)
{
  State *state = pass->state;
  const OmniTrainConfig *config = pass->config;
  const OmniMaps *a = &pass->members[0], *b = &pass->members[1];
  const OmniMaps *maps[INPUTS] = { a, a, a, b, b, b };
  const gboolean plain = is_plain (config);
  const OmniTrainValue *x = &state->first.out;

  *state = (State){ 0 }; /* a step runs twice */
  state->pair.features = omni_ops_to_features (ops, maps, NULL, INPUTS, a->n, a->h, a->w, 1.0F);
  state->pair.is_picture = TRUE;
  forward_block (ops, pass, "c1", &state->pair, !plain, TRUE, &state->first);
  if (!plain)
  {
    forward_block (ops, pass, "gc", &state->first.out, !is_grouped (config), FALSE, &state->middle);
    /* Without groups there is nothing to shuffle: in one group every channel keeps its place. */
    state->sum.features = omni_ops_shuffle (ops, &state->middle.out.features,
                                            is_grouped (config) ? config->channels / PER_GROUP : 1,
                                            &state->first.out.features);
    x = &state->sum;
  }
  forward_block (ops, pass, "c2", x, !plain, TRUE, &state->last);
  return omni_ops_to_map (ops, &state->last.out.features, 0, 1.0F);
}

static void
backward_block (OmniOps *ops, const OmniTrainPass *pass, const char *name, OmniTrainValue *x,
                gboolean is_normalised, gboolean has_relu, Block *block)
{
  const OmniConvLayer layer = layer_of (pass, name);

  if (has_relu)
    omni_layer_activation_backward (ops, &block->out, 0.0F);
  if (is_normalised)
  {
    const OmniNormLayer norm = omni_parameters_norm (pass->parameters, name);

    omni_ops_norm_grad (ops, &norm, &block->kept, &block->before, &block->out.gradient);
  }
  omni_layer_backward (ops, &layer, &x, 1, &block->out.gradient);
}

static void
backward (OmniOps *ops, OmniTrainPass *pass, const OmniMaps *fused_gradient)
{
  State *state = pass->state;
  const OmniTrainConfig *config = pass->config;
  const gboolean plain = is_plain (config);

  state->last.out.gradient = omni_ops_to_features (ops, &fused_gradient, NULL, 1, fused_gradient->n,
                                                   fused_gradient->h, fused_gradient->w, 1.0F);
  backward_block (ops, pass, "c2", plain ? &state->first.out : &state->sum, !plain, TRUE, &state->last);
  if (!plain)
  {
    state->middle.out.gradient = omni_ops_shuffle_grad (
      ops, &state->sum.gradient, is_grouped (config) ? config->channels / PER_GROUP : 1);
    /* The hop: what comes back to the sum comes back to the first layer as it is. */
    state->first.out.gradient = state->sum.gradient;
    state->first.out.has_gradient = TRUE;
    backward_block (ops, pass, "gc", &state->first.out, !is_grouped (config), FALSE, &state->middle);
  }
  backward_block (ops, pass, "c1", &state->pair, !plain, TRUE, &state->first);
}

const OmniTrainNetwork omni_train_aenetv2 = {
  .architecture = "aenetv2",
  .channels = CHANNELS,
  .channel_grain = 4,
  .width_tensor = "c1.weight",
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
