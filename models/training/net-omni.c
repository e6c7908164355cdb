/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "models/training/network.h"

#include <math.h>

/* Omni forward and backward: a network at low resolution whose logits and energy factors become weights at every level of
 * the sources' Laplacian pyramids. The pyramids, energies and inputs hold nothing that is learned, so the way back goes
 * from the collapse over the softmaxes to the logits and the factors, and through the network. */

#define CHANNELS    24
#define N_INPUTS    10
#define N_LAYERS    5 /* behind the first */
#define N_HEADS     4
#define MAX_LEVELS  16
#define LEAK        0.2F
#define LOGIT_SCALE 3.0F

static const guint dilations[N_LAYERS] = { 1, 2, 4, 8, 1 };
static const char *const own_names[N_LAYERS] = { "own1", "own2", "own3", "own4", "own5" };
static const char *const pool_names[N_LAYERS] = { "pool1", "pool2", "pool3", "pool4", "pool5" };

typedef struct
{
  guint base, at, total; /* levels: the base, the network's, the coarsest */
  guint spatial;         /* so many levels, the base and the next coarser, are blended as pictures */
  OmniMaps base_pictures;
  OmniMaps bands[MAX_LEVELS], energies[MAX_LEVELS], weights[MAX_LEVELS];
  OmniMaps coarsest_weights; /* on the network's grid */
  OmniFeatures inputs;
  OmniFeatures features[N_LAYERS + 1], pools[N_LAYERS + 1];
  OmniFeatures logits, factors; /* N_HEADS channels; the factors before their softplus */
  OmniMaps logit[N_HEADS], factor[N_HEADS], factor_before[N_HEADS];
} State;

/* What came back to the heads. */
typedef struct
{
  OmniMaps logit[N_HEADS], factor[N_HEADS];
  gboolean has_logit[N_HEADS], has_factor[N_HEADS];
} HeadGradients;

static void
list_parameters (const OmniTrainConfig *config, GArray *parameters)
{
  const guint c = config->channels;
  const double he = omni_parameters_he (9 * c, LEAK), he_point = omni_parameters_he (c, LEAK);

  omni_parameters_add (parameters, "in", "weight", c, N_INPUTS, 3, 3, omni_parameters_he (9 * N_INPUTS, LEAK),
                       0.0F);
  omni_parameters_add (parameters, "in", "bias", c, 0, 0, 0, 0.0, 0.0F);
  for (guint i = 0; i < N_LAYERS; i++)
  {
    /* Own and pooled features add up: each begins with half the variance. */
    omni_parameters_add (parameters, own_names[i], "weight", c, c, 3, 3, 0.7 * he, 0.0F);
    omni_parameters_add (parameters, own_names[i], "bias", c, 0, 0, 0, 0.0, 0.0F);
    omni_parameters_add (parameters, pool_names[i], "weight", c, c, 3, 3, 0.7 * he, 0.0F);
  }
  omni_parameters_add (parameters, "logit", "weight", N_HEADS, c, 1, 1, 0.3 * he_point, 0.0F);
  omni_parameters_add (parameters, "logit", "bias", N_HEADS, 0, 0, 0, 0.0, 0.0F);
  omni_parameters_add (parameters, "alpha", "weight", N_HEADS, c, 1, 1, 0.1 * he_point, 0.0F);
  omni_parameters_add (parameters, "alpha", "bias", N_HEADS, 0, 0, 0, 0.0, 0.5F);
}

/* Of level `l` of the whole pyramid. */
static guint
head_of (const State *state, guint l)
{
  return l < state->base + 2 ? 0 : MIN (l - state->base - 1, N_HEADS - 1);
}

/* As many levels as were drawn, as long as the picture halves evenly and its coarsest level keeps 4 px. */
static guint
coarsest_level (const OmniTrainPass *pass, guint size)
{
  const guint least = pass->base_level + 2;
  guint total = 0;

  while (size % 2 == 0 && size / 2 >= 4 && total + 1 < MAX_LEVELS
         && (total < least || total - pass->base_level < pass->levels))
  {
    size /= 2;
    total++;
  }
  return total;
}

static OmniTrainSide
get_side (guint base_level)
{
  const guint least = base_level + 2; /* levels */

  return (OmniTrainSide){ 1U << least, 4U << least };
}

/* ---- Forward ---- */

static OmniConvLayer
layer_of (const OmniTrainPass *pass, const char *name, guint dilation)
{
  return omni_parameters_conv (pass->parameters, name, dilation, pass->config->padding);
}

static OmniFeatures
run_layer (OmniOps *ops, const OmniConvLayer *layer, const OmniFeatures *x, const OmniFeatures *base,
           OmniActivation activation)
{
  const OmniChannels all = { 0, layer->in };
  const OmniPackedConv packed = omni_ops_pack (ops, layer, &all, 1, TRUE);

  return omni_ops_conv (ops, &packed, layer->boundary, x, 1, base, activation, LEAK);
}

/* The bands of every level and the network's inputs. */
static void
build_inputs (OmniOps *ops, const OmniTrainPass *pass, State *state)
{
  const float floor = pass->config->energy_floor;
  const guint b = state->base;
  OmniMaps gauss[MAX_LEVELS] = { pass->sources };
  float tasks[N_INPUTS] = { 0 };

  for (guint l = 0; l < state->total; l++)
  {
    gauss[l + 1] = omni_ops_down (ops, &gauss[l]);
    state->bands[l] = omni_ops_up (ops, &gauss[l + 1], 2, gauss[l].h, gauss[l].w, -1.0F, &gauss[l]);
    state->energies[l] = omni_ops_energy (ops, &state->bands[l], floor);
  }
  state->bands[state->total] = gauss[state->total];
  state->base_pictures = gauss[b];

  const OmniMaps *low = &gauss[state->at];
  const OmniMaps fine = omni_ops_block_energy (ops, &state->bands[b], 4, floor, 1.0F / 3.0F, 1.0F);
  const OmniMaps middle = omni_ops_block_energy (ops, &state->bands[b + 1], 2, floor, 1.0F / 3.0F, 1.0F);
  const OmniMaps coarse = omni_ops_block_energy (ops, &state->bands[b + 2], 1, floor, 1.0F / 3.0F, 1.0F);
  const OmniMaps mean = omni_ops_picture_mean (ops, low);
  const OmniMaps grey = omni_ops_mean_pool_distance (ops, &gauss[b], 4, 0.5F);
  const OmniMaps *maps[N_INPUTS] = { low, &fine, &middle, &coarse, &mean, &grey };

  if (pass->task >= OMNI_TASK_EXPOSURE && pass->task <= OMNI_TASK_MEDICAL)
    tasks[6 + pass->task - OMNI_TASK_EXPOSURE] = 1.0F;
  state->inputs = omni_ops_to_features (ops, maps, tasks, N_INPUTS, low->n, low->h, low->w, 1.0F);
}

static void
run_network (OmniOps *ops, const OmniTrainPass *pass, State *state)
{
  const OmniConvLayer in = layer_of (pass, "in", 1), logit = layer_of (pass, "logit", 1);
  const OmniConvLayer alpha = layer_of (pass, "alpha", 1);
  const guint n_max = pass->config->channels / 2;

  state->features[0] = run_layer (ops, &in, &state->inputs, NULL, OMNI_ACTIVATION_LEAKY_RELU);
  for (guint i = 0; i < N_LAYERS; i++)
  {
    const OmniConvLayer own = layer_of (pass, own_names[i], dilations[i]);
    const OmniConvLayer pooled = layer_of (pass, pool_names[i], dilations[i]);

    state->pools[i] = omni_ops_set_pool (ops, &state->features[i], pass->n, n_max, FALSE);

    const OmniFeatures common = run_layer (ops, &pooled, &state->pools[i], NULL, OMNI_ACTIVATION_NONE);

    state->features[i + 1] = run_layer (ops, &own, &state->features[i], &common, OMNI_ACTIVATION_LEAKY_RELU);
  }
  state->pools[N_LAYERS] = omni_ops_set_pool (ops, &state->features[N_LAYERS], pass->n, n_max, FALSE);
  state->logits = run_layer (ops, &logit, &state->features[N_LAYERS], NULL, OMNI_ACTIVATION_NONE);
  state->factors = run_layer (ops, &alpha, &state->pools[N_LAYERS], NULL, OMNI_ACTIVATION_NONE);
  for (guint k = 0; k < N_HEADS; k++)
  {
    state->logit[k] = omni_ops_to_map (ops, &state->logits, k, LOGIT_SCALE);
    state->factor_before[k] = omni_ops_to_map (ops, &state->factors, k, 1.0F);
    state->factor[k] = omni_ops_softplus (ops, &state->factor_before[k]);
  }
}

/* From the network's grid to level `l`. */
static OmniMaps
resize (OmniOps *ops, const State *state, const OmniMaps *x, guint l)
{
  if (l == state->at)
    return *x;
  if (l > state->at)
    return omni_ops_mean_pool (ops, x, 1U << (l - state->at));
  return omni_ops_up (ops, x, 1U << (state->at - l), state->bands[l].h, state->bands[l].w, 1.0F, NULL);
}

/* What the weights of level `l` blend: its band, or at the base the pictures themselves. */
static const OmniMaps *
get_blended (const State *state, guint l)
{
  return state->spatial > 0 && l == state->base ? &state->base_pictures : &state->bands[l];
}

static OmniMaps
blend_level (OmniOps *ops, const OmniTrainPass *pass, State *state, guint l)
{
  const guint head = head_of (state, l);

  if (l == state->total)
  {
    state->coarsest_weights = omni_ops_set_softmax (ops, &state->logit[head], NULL, NULL, pass->n);
    state->weights[l] = resize (ops, state, &state->coarsest_weights, l);
  }
  else
  {
    const OmniMaps logit = resize (ops, state, &state->logit[head], l);
    const OmniMaps factor = resize (ops, state, &state->factor[head], l);

    state->weights[l] = omni_ops_set_softmax (ops, &logit, &state->energies[l], &factor, pass->n);
  }
  return omni_ops_set_blend (ops, &state->weights[l], get_blended (state, l), pass->n);
}

static OmniMaps
collapse (OmniOps *ops, const OmniMaps *coarser, const OmniMaps *band)
{
  return omni_ops_up (ops, coarser, 2, band->h, band->w, 1.0F, band);
}

/* The base level from `coarser`, the fused picture `spatial` levels below it: the finer bands are those of the pictures' blend. */
static OmniMaps
blend_spatially (OmniOps *ops, const OmniTrainPass *pass, State *state, const OmniMaps *coarser)
{
  OmniMaps blend[MAX_LEVELS] = { blend_level (ops, pass, state, state->base) };
  OmniMaps out = *coarser;

  for (guint i = 0; i < state->spatial; i++)
    blend[i + 1] = omni_ops_down (ops, &blend[i]);
  for (guint i = state->spatial; i-- > 0;)
  {
    const OmniMaps band = omni_ops_up (ops, &blend[i + 1], 2, blend[i].h, blend[i].w, -1.0F, &blend[i]);

    out = collapse (ops, &out, &band);
  }
  return out;
}

static OmniMaps
forward (OmniOps *ops, OmniTrainPass *pass)
{
  State *state = pass->state;
  OmniMaps out;

  *state = (State){ .base = pass->base_level, .at = pass->base_level + 2 };
  state->total = coarsest_level (pass, pass->sources.h);
  if (pass->task == OMNI_TASK_FOCUS)
    state->spatial = MIN (pass->config->spatial_levels, state->total - state->base);
  build_inputs (ops, pass, state);
  run_network (ops, pass, state);
  out = blend_level (ops, pass, state, state->total);
  for (guint l = state->total; l-- > state->base + state->spatial;)
  {
    const OmniMaps band = blend_level (ops, pass, state, l);

    out = collapse (ops, &out, &band);
  }
  if (state->spatial > 0)
    out = blend_spatially (ops, pass, state, &out);
  for (guint l = state->base; l-- > 0;)
  {
    const OmniMaps band = blend_level (ops, pass, state, l);

    out = collapse (ops, &out, &band);
  }
  return out;
}

/* ---- Backward ---- */

/* The transpose of resize(), into a sum on the network's grid. */
static void
resize_grad (OmniOps *ops, const State *state, const OmniMaps *gradient, guint l, OmniMaps *sum,
             gboolean *has_sum)
{
  if (!*has_sum)
    *sum = omni_ops_maps (ops, gradient->n, state->inputs.h, state->inputs.w);
  if (l > state->at)
    omni_ops_mean_pool_grad (ops, gradient, 1U << (l - state->at), *has_sum, sum);
  else
    omni_ops_up_grad (ops, gradient, 1U << (state->at - l), *has_sum, sum);
  *has_sum = TRUE;
}

/* From the gradient of level `l` of the fused pyramid to the heads. */
static void
blend_level_grad (OmniOps *ops, const OmniTrainPass *pass, const State *state, guint l,
                  const OmniMaps *band_gradient, HeadGradients *heads)
{
  const guint head = head_of (state, l);
  OmniMaps factor_gradient;

  if (l == state->total)
  {
    const OmniMaps by_weight = omni_ops_set_blend_grad (ops, band_gradient, &state->bands[l], pass->n);
    OmniMaps on_grid;
    gboolean has_grid = FALSE;

    resize_grad (ops, state, &by_weight, l, &on_grid, &has_grid);

    const OmniMaps by_logit = omni_ops_set_softmax_grad (ops, &state->coarsest_weights, &on_grid, NULL, NULL,
                                                         pass->n, NULL);

    resize_grad (ops, state, &by_logit, state->at, &heads->logit[head], &heads->has_logit[head]);
    return;
  }

  const OmniMaps by_logit = omni_ops_set_softmax_grad (ops, &state->weights[l], band_gradient,
                                                       get_blended (state, l), &state->energies[l], pass->n,
                                                       &factor_gradient);

  resize_grad (ops, state, &by_logit, l, &heads->logit[head], &heads->has_logit[head]);
  resize_grad (ops, state, &factor_gradient, l, &heads->factor[head], &heads->has_factor[head]);
}

/* Weights of a layer, and the gradient of its input, written or added to. */
static void
layer_grad (OmniOps *ops, const OmniConvLayer *layer, const OmniFeatures *x, const OmniFeatures *gradient,
            gboolean accumulate, const OmniFeatures *x_gradient)
{
  const OmniChannels all = { 0, layer->in };

  omni_ops_conv_weight_grad (ops, layer, all, x, gradient, TRUE);
  if (x_gradient != NULL)
  {
    const OmniPackedConv turned = omni_ops_pack_transposed (ops, layer, all);

    omni_ops_conv_input_grad (ops, &turned, layer->boundary, gradient, accumulate, x_gradient);
  }
}

static OmniFeatures
like (OmniOps *ops, const OmniFeatures *x)
{
  return omni_ops_features (ops, x->n, x->c, x->h, x->w);
}

/* The heads' gradients as features of the two 1 × 1 layers. */
static void
gather_heads (OmniOps *ops, const State *state, HeadGradients *heads, OmniFeatures *logits,
              OmniFeatures *factors)
{
  static const float zeros[N_HEADS] = { 0 };
  const OmniMaps *by_logit[N_HEADS] = { NULL }, *by_factor[N_HEADS] = { NULL };
  OmniMaps before[N_HEADS];

  for (guint k = 0; k < N_HEADS; k++)
  {
    if (heads->has_logit[k])
      by_logit[k] = &heads->logit[k];
    if (heads->has_factor[k])
    {
      before[k] = omni_ops_softplus_grad (ops, &state->factor_before[k], &heads->factor[k]);
      by_factor[k] = &before[k];
    }
  }
  *logits = omni_ops_to_features (ops, by_logit, zeros, N_HEADS, state->logits.n, state->inputs.h,
                                  state->inputs.w, LOGIT_SCALE);
  *factors = omni_ops_to_features (ops, by_factor, zeros, N_HEADS, state->factors.n, state->inputs.h,
                                   state->inputs.w, 1.0F);
}

static void
network_grad (OmniOps *ops, const OmniTrainPass *pass, const State *state, HeadGradients *heads)
{
  const OmniConvLayer in = layer_of (pass, "in", 1), logit = layer_of (pass, "logit", 1);
  const OmniConvLayer alpha = layer_of (pass, "alpha", 1);
  OmniFeatures by_logits, by_factors;
  OmniFeatures gradient = like (ops, &state->features[N_LAYERS]);
  OmniFeatures pool_gradient = like (ops, &state->pools[N_LAYERS]);

  gather_heads (ops, state, heads, &by_logits, &by_factors);
  layer_grad (ops, &logit, &state->features[N_LAYERS], &by_logits, FALSE, &gradient);
  layer_grad (ops, &alpha, &state->pools[N_LAYERS], &by_factors, FALSE, &pool_gradient);
  for (guint i = N_LAYERS + 1; i-- > 0;)
  {
    OmniFeatures sum;

    /* `gradient` becomes that of layer i before its activation. */
    omni_ops_set_grad (ops,
                       &(OmniSetGradParams){ .features = &state->features[i],
                                             .pool = &state->pools[i],
                                             .pool_gradient = &pool_gradient,
                                             .n_max = pass->config->channels / 2,
                                             .slope = LEAK,
                                             .has_gradient = TRUE },
                       pass->n, &gradient, &sum);
    if (i == 0)
      break;

    const OmniConvLayer own = layer_of (pass, own_names[i - 1], dilations[i - 1]);
    const OmniConvLayer pooled = layer_of (pass, pool_names[i - 1], dilations[i - 1]);
    const OmniFeatures before = like (ops, &state->features[i - 1]);
    const OmniFeatures pool_before = like (ops, &state->pools[i - 1]);

    layer_grad (ops, &own, &state->features[i - 1], &gradient, FALSE, &before);
    layer_grad (ops, &pooled, &state->pools[i - 1], &sum, FALSE, &pool_before);
    gradient = before;
    pool_gradient = pool_before;
  }
  layer_grad (ops, &in, &state->inputs, &gradient, FALSE, NULL);
}

/* Of level l + 1 of the fused pyramid, from that of level `l`. */
static OmniMaps
collapse_grad (OmniOps *ops, const State *state, guint l, const OmniMaps *gradient)
{
  const OmniMaps coarser = omni_ops_maps (ops, gradient->n, state->bands[l + 1].h, state->bands[l + 1].w);

  omni_ops_up_grad (ops, gradient, 2, FALSE, &coarser);
  return coarser;
}

/* blend_spatially() is blend + up^n (coarser − down^n (blend)), up and down linear. Returns the gradient of `coarser`. */
static OmniMaps
blend_spatially_grad (OmniOps *ops, const OmniTrainPass *pass, const State *state, const OmniMaps *gradient,
                      HeadGradients *heads)
{
  OmniMaps coarser = *gradient;

  for (guint i = 0; i < state->spatial; i++)
    coarser = collapse_grad (ops, state, state->base + i, &coarser);

  OmniMaps back = omni_ops_affine (ops, &coarser, -1.0F, 0.0F);

  for (guint l = state->base + state->spatial; l-- > state->base;)
  {
    const gboolean finest = l == state->base;
    const OmniMaps finer = finest ? omni_ops_affine (ops, gradient, 1.0F, 0.0F)
                                  : omni_ops_maps (ops, back.n, state->bands[l].h, state->bands[l].w);

    omni_ops_down_grad (ops, &back, finest, &finer);
    back = finer;
  }
  blend_level_grad (ops, pass, state, state->base, &back, heads);
  return coarser;
}

static void
backward (OmniOps *ops, OmniTrainPass *pass, const OmniMaps *fused_gradient)
{
  const State *state = pass->state;
  HeadGradients heads = { 0 };
  OmniMaps gradient = *fused_gradient;
  guint l = 0;

  for (; l < state->base; l++)
  {
    blend_level_grad (ops, pass, state, l, &gradient, &heads);
    gradient = collapse_grad (ops, state, l, &gradient);
  }
  if (state->spatial > 0)
    gradient = blend_spatially_grad (ops, pass, state, &gradient, &heads);
  for (l += state->spatial; l <= state->total; l++)
  {
    blend_level_grad (ops, pass, state, l, &gradient, &heads);
    if (l < state->total)
      gradient = collapse_grad (ops, state, l, &gradient);
  }
  network_grad (ops, pass, state, &heads);
}

static void
add_metadata (const OmniTrainConfig *config, GPtrArray *pairs)
{
  static const char *const digits[] = { "0", "1", "2", "3", "4", "5", "6" };

  G_STATIC_ASSERT (G_N_ELEMENTS (digits) == OMNI_TRAIN_MAX_SPATIAL_LEVELS + 1);
  if (config->spatial_levels == 0)
    return;
  g_ptr_array_add (pairs, (gpointer) "spatial-levels");
  g_ptr_array_add (pairs, (gpointer)digits[config->spatial_levels]);
}

const OmniTrainNetwork omni_train_omni = {
  .architecture = "omni",
  .channels = CHANNELS,
  .channel_grain = 4,
  .width_tensors = { "in.bias" },
  .least_channels = 8, /* as models/omni.c reads it */
  .state_bytes = sizeof (State),
  .list_parameters = list_parameters,
  .get_side = get_side,
  .add_metadata = add_metadata,
  .forward = forward,
  .backward = backward,
};
