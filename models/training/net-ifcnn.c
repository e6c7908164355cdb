/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "models/training/network.h"

#include <math.h>
#include <string.h>

/* IFCNN (models/ifcnn.c, models.md §1) forward and backward, on luminance laid into all three inputs. The picture is
 * normalised as the fusing graph does it by itself: ImageNet's mean and deviation, but nothing for exposures. */

#define CHANNELS 64
#define COLOURS  3
#define SIDE     7 /* of the first layer's filters */

static const float mean[COLOURS] = { .485f, .456f, .406f };
static const float deviation[COLOURS] = { .229f, .224f, .225f };
/* OpenCV's grey of three outputs: (4899 R + 9617 G + 1868 B) / 16384. */
static const float grey[COLOURS] = { 4899.f / 16384.f, 9617.f / 16384.f, 1868.f / 16384.f };

/* conv2 and conv3: convolution, normalisation, ReLU. */
typedef struct
{
  OmniFeatures before; /* the normalisation */
  OmniNormKept kept;
  OmniTrainValue out;
} Block;

typedef struct
{
  OmniTrainValue picture, first, pooled;
  Block second, third;
  OmniTrainValue colours;
  float factors[COLOURS]; /* of the three outputs in the grey */
} State;

/* ---- Parameters ---- */

static void
add_block (GArray *parameters, const char *layer, guint channels)
{
  g_autofree char *conv = g_strdup_printf ("%s.conv", layer);

  /* Kaiming's rule by outputs, as the paper has it. */
  omni_parameters_add (parameters, conv, "weight", channels, channels, 3, 3, sqrt (2.0 / (9 * channels)),
                       0.0F);
  omni_parameters_add_norm (parameters, layer, channels);
}

static void
list_parameters (const OmniTrainConfig *config, GArray *parameters)
{
  const guint c = config->channels;

  omni_parameters_add (parameters, "conv1", "weight", c, COLOURS, SIDE, SIDE, 0.02, 0.0F);
  add_block (parameters, "conv2", c);
  add_block (parameters, "conv3", c);
  omni_parameters_add (parameters, "conv4", "weight", COLOURS, c, 1, 1, sqrt (2.0 / COLOURS) / sqrt (c),
                       0.0F);
  omni_parameters_add (parameters, "conv4", "bias", COLOURS, 0, 0, 0, 0.0, 0.0F);
}

/* What the paper takes from ResNet101, made by hand instead (models.md §1.5): the pixel itself, Laplacians of Gaussians of four
 * widths, and Gabor filters of four scales, two phases and as many directions as fit; of the luminance, every third of them of
 * red less green or of blue less yellow. Each has the norm of the filters it stands for. */
#define BANK_SCALES 4

static double
bank_value (guint filter, guint n_filters, double x, double y)
{
  if (filter == 0)
    return x == 0 && y == 0;
  if (filter <= BANK_SCALES)
  {
    const double s = 0.6 * pow (1.5, filter - 1), r = (x * x + y * y) / (2 * s * s);

    return (1 - r) * exp (-r);
  }

  const guint k = filter - 1 - BANK_SCALES, n = MAX (n_filters - 1 - BANK_SCALES, 1);
  const guint n_directions = MAX (n / (2 * BANK_SCALES), 1);
  const double angle = G_PI * (k / (2 * BANK_SCALES)) / n_directions;
  const double s = 0.8 * pow (1.35, k % BANK_SCALES), along = x * cos (angle) + y * sin (angle);

  return exp (-(x * x + y * y) / (2 * s * s))
         * cos (2 * G_PI * along / (3 * s) + (k / BANK_SCALES % 2 == 0 ? 0 : G_PI / 2));
}

static void
fill_filter (float *weight, guint filter, guint n_filters)
{
  static const double mixes[3][COLOURS] = { { 1, 1, 1 }, { 1, -1, 0 }, { 0.5, 0.5, -1 } };
  const double *colours = mixes[filter > BANK_SCALES && filter % 3 == 2 ? 1 + filter / 3 % 2 : 0];
  double values[SIDE * SIDE], sum = 0, squares = 0;

  for (guint i = 0; i < SIDE * SIDE; i++)
  {
    values[i] = bank_value (filter, n_filters, (double)(i % SIDE) - SIDE / 2, (double)(i / SIDE) - SIDE / 2);
    sum += values[i];
  }
  for (guint i = 0; i < SIDE * SIDE; i++)
  {
    values[i] -= filter > 0 ? sum / (SIDE * SIDE) : 0; /* flat pictures give nothing but themselves */
    squares += values[i] * values[i];
  }
  for (guint c = 0; c < COLOURS; c++)
    for (guint i = 0; i < SIDE * SIDE; i++)
      weight[c * SIDE * SIDE + i] = (float)(0.35 * colours[c] * values[i] / sqrt (squares + 1e-12));
}

static void
initialise (const OmniTrainConfig *config, const GArray *parameters, float *theta)
{
  float *weight = theta + omni_parameters_find (parameters, "conv1", "weight");

  for (guint f = 0; f < config->channels; f++)
    fill_filter (weight + f * COLOURS * SIDE * SIDE, f, config->channels);
}

static void
add_metadata (const OmniTrainConfig *config, GPtrArray *pairs)
{
  g_ptr_array_add (pairs, (gpointer) "reduce");
  g_ptr_array_add (pairs, (gpointer)omni_train_reduce_to_string (config->reduce));
  /* Only their grey was ever looked at. */
  g_ptr_array_add (pairs, (gpointer) "colour");
  g_ptr_array_add (pairs, (gpointer) "luminance");
}

/* ---- Forward ---- */

static OmniConvLayer
layer_of (const OmniTrainPass *pass, const char *name)
{
  return omni_parameters_conv (pass->parameters, name, 1, pass->config->padding);
}

static void
forward_block (OmniOps *ops, const OmniTrainPass *pass, const char *name, const OmniTrainValue *x,
               Block *block)
{
  g_autofree char *conv = g_strdup_printf ("%s.conv", name);
  const OmniConvLayer layer = layer_of (pass, conv);
  const OmniNormLayer norm = omni_parameters_norm (pass->parameters, name);

  block->before = omni_layer_forward (ops, &layer, &x, 1, OMNI_ACTIVATION_NONE, 1.0F);
  block->out.features = omni_ops_norm (ops, &norm, omni_train_pass_statistics (pass), 0.0F, &block->before,
                                       &block->kept);
}

static OmniMaps
forward (OmniOps *ops, OmniTrainPass *pass)
{
  State *state = pass->state;
  const gboolean scales = pass->task != OMNI_TASK_EXPOSURE;
  const OmniConvLayer conv1 = layer_of (pass, "conv1"), conv4 = layer_of (pass, "conv4");
  const OmniTrainValue *x = &state->picture;
  float factors[COLOURS], shifts[COLOURS], shift = 0.0F;

  *state = (State){ 0 }; /* a step runs twice */
  for (guint c = 0; c < COLOURS; c++)
  {
    factors[c] = scales ? 1.0F / deviation[c] : 1.0F;
    shifts[c] = scales ? -mean[c] / deviation[c] : 0.0F;
    state->factors[c] = scales ? grey[c] * deviation[c] : grey[c];
    shift += scales ? grey[c] * mean[c] : 0.0F;
  }
  state->picture.features = omni_ops_spread (ops, &pass->sources, COLOURS, factors, shifts);
  state->picture.is_picture = TRUE;
  state->first.features = omni_layer_forward (ops, &conv1, &x, 1, OMNI_ACTIVATION_NONE, 1.0F);
  forward_block (ops, pass, "conv2", &state->first, &state->second);
  state->pooled.features = omni_ops_set_pool (
    ops, &state->second.out.features, pass->n,
    pass->config->reduce == OMNI_TRAIN_REDUCE_MAX ? pass->config->channels : 0,
    pass->config->reduce == OMNI_TRAIN_REDUCE_SUM);
  forward_block (ops, pass, "conv3", &state->pooled, &state->third);
  x = &state->third.out;
  state->colours.features = omni_layer_forward (ops, &conv4, &x, 1, OMNI_ACTIVATION_NONE, 1.0F);
  return omni_ops_gather (ops, &state->colours.features, state->factors, shift);
}

/* ---- Backward ---- */

static void
backward_block (OmniOps *ops, const OmniTrainPass *pass, const char *name, OmniTrainValue *x, Block *block)
{
  g_autofree char *conv = g_strdup_printf ("%s.conv", name);
  const OmniConvLayer layer = layer_of (pass, conv);
  const OmniNormLayer norm = omni_parameters_norm (pass->parameters, name);

  omni_layer_activation_backward (ops, &block->out, 0.0F);
  omni_ops_norm_grad (ops, &norm, &block->kept, &block->before, &block->out.gradient);
  omni_layer_backward (ops, &layer, &x, 1, &block->out.gradient);
}

static void
backward (OmniOps *ops, OmniTrainPass *pass, const OmniMaps *fused_gradient)
{
  State *state = pass->state;
  const OmniConvLayer conv1 = layer_of (pass, "conv1"), conv4 = layer_of (pass, "conv4");
  OmniTrainValue *third = &state->third.out, *second = &state->second.out, *picture = &state->picture;
  const OmniFeatures *features = &second->features;
  const OmniFeatures gradient = omni_ops_spread (ops, fused_gradient, COLOURS, state->factors, NULL);

  omni_layer_backward (ops, &conv4, &third, 1, &gradient);
  backward_block (ops, pass, "conv3", &state->pooled, &state->third);
  second->gradient = omni_ops_features (ops, features->n, features->c, features->h, features->w);
  omni_ops_set_grad (
    ops,
    &(OmniSetGradParams){ .features = features,
                          .pool = &state->pooled.features,
                          .pool_gradient = &state->pooled.gradient,
                          .n_max = pass->config->reduce == OMNI_TRAIN_REDUCE_MAX ? pass->config->channels : 0,
                          .sums = pass->config->reduce == OMNI_TRAIN_REDUCE_SUM,
                          .slope = 1.0F },
    pass->n, &second->gradient, NULL);
  second->has_gradient = TRUE;
  backward_block (ops, pass, "conv2", &state->first, &state->second);
  omni_layer_backward (ops, &conv1, &picture, 1, &state->first.gradient);
}

const OmniTrainNetwork omni_train_ifcnn = {
  .architecture = "ifcnn",
  .channels = CHANNELS,
  .channel_grain = 4,
  .width_tensors = { "conv1.weight" },
  .has_norm = TRUE,
  .needs_norm = TRUE,
  .has_reduce = TRUE,
  .state_bytes = sizeof (State),
  .list_parameters = list_parameters,
  .initialise = initialise,
  .add_metadata = add_metadata,
  .forward = forward,
  .backward = backward,
};
