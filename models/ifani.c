/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "models/model-private.h"

#include <string.h>

/* IFANI: every source passes the same convolutions; after each block the maximum over all sources is laid beside the
 * source's own features. ReLU comes before batch normalisation, as in the paper, so the normalisation cannot be folded
 * into its convolution and is kept as a scale and a shift after it.
 *
 * The network sees 27 pixels, which is little of a large picture: what is wider than that comes out flat, with pale rims
 * where a dark thing ends. So, beyond the paper, it fuses the set at several sizes, each half of the one before, and of each
 * result the pyramid takes the band that this size is the first to see: fₗ less its own coarser part, upon the result of
 * the sizes below (the pyramid of Burt and Adelson 1983). On the val split that is worth more than any training of it:
 * figures in models/README.md. */

#define CHANNELS 32

typedef struct
{
  const char *name;
  guint in, out;
  gboolean is_linear; /* neither ReLU nor normalisation */
} Layer;

static const Layer layers[] = {
  { "fb1", 1, CHANNELS, FALSE },
  { "fb2", 2 * CHANNELS, CHANNELS, FALSE },
  { "fb3", 2 * CHANNELS, CHANNELS, FALSE },
  { "fb4", 2 * CHANNELS, CHANNELS, FALSE },
  { "neck1", 2 * CHANNELS, CHANNELS, FALSE },
  { "neck2", CHANNELS, CHANNELS, FALSE },
  { "neck3", CHANNELS, CHANNELS, TRUE },
  { "fb5", CHANNELS, CHANNELS, FALSE },
  { "fb6", 3 * CHANNELS, CHANNELS, FALSE },
  { "fb7", 3 * CHANNELS, CHANNELS, FALSE },
  { "fb8", 3 * CHANNELS, CHANNELS, FALSE },
  { "tail1", 3 * CHANNELS, CHANNELS, FALSE },
  { "tail2", CHANNELS, 1, TRUE },
};

enum
{
  FB1,
  NECK1 = 4,
  FB5 = 7,
  FB6,
  TAIL1 = 11,
  TAIL2
};

#define MOST_SCALES 9
/* The shorter side of the smallest size, at least, when their number is automatic: a little more than the network sees. */
#define SMALLEST_PX     40
#define HEADROOM_LEVELS 5
#define SOURCES_LEVEL   2

static const OmniModelOption options[] = {
  OMNI_LIKE_OPTION (N_ ("authors: at full size alone, as in the paper, unless scales says otherwise")),
  { .key = "scales",
    .title = N_ ("Scales"),
    .summary = N_ (
      "At how many sizes the network fuses, each half of the one before; 1: full size alone, as in the "
      "paper; 0: as many as suit the picture, where the weights ask for it"),
    .type = OMNI_OPTION_NUMBER,
    .default_value = "0",
    .minimum = 0,
    .maximum = MOST_SCALES,
    .whole = TRUE },
  { .key = "headroom",
    .title = N_ ("Headroom"),
    .summary = N_ (
      "How far the ground darkens where it and the detail upon it come to more than white; with several "
      "scales"),
    .type = OMNI_OPTION_NUMBER,
    .default_value = "1",
    .minimum = 0,
    .maximum = 8 },
  { NULL }
};

/* A file without any *.bn.* tensor is the variant with a bias in every layer; so are no weights at all. */
static gboolean
has_norm (const OmniWeights *weights)
{
  const GArray *specs = weights != NULL ? omni_weights_get_specs (weights) : NULL;

  for (guint i = 0; specs != NULL && i < specs->len; i++)
    if (strstr (g_array_index (specs, OmniTensorSpec, i).name, ".bn.") != NULL)
      return TRUE;
  return FALSE;
}

/* A file whose fb6 takes no third input is the variant without skips (an ablation of the trainer's). */
static gboolean
has_skips (const OmniWeights *weights)
{
  const GArray *specs = weights != NULL ? omni_weights_get_specs (weights) : NULL;

  for (guint i = 0; specs != NULL && i < specs->len; i++)
  {
    const OmniTensorSpec *spec = &g_array_index (specs, OmniTensorSpec, i);

    if (g_str_equal (spec->name, "fb6.weight") && spec->n_dims == 4 && spec->dims[1] == 2 * CHANNELS)
      return FALSE;
  }
  return TRUE;
}

static guint
count_inputs (const Layer *layer, gboolean skips)
{
  return layer->in == 3 * CHANNELS && !skips ? 2 * CHANNELS : layer->in;
}

static gboolean
list_tensors (const OmniWeights *weights, GArray *specs, GError **error)
{
  const gboolean normalised = has_norm (weights), skips = has_skips (weights);

  for (guint i = 0; i < G_N_ELEMENTS (layers); i++)
  {
    const Layer *layer = &layers[i];

    omni_model_add_spec (specs, layer->name, "weight", layer->out, count_inputs (layer, skips), 3, 3);
    if (normalised && !layer->is_linear)
      omni_model_add_norm_specs (specs, layer->name, layer->out);
    else
      omni_model_add_spec (specs, layer->name, "bias", layer->out, 0, 0, 0);
  }
  return TRUE;
}

typedef struct
{
  OmniGraph *graph;
  const OmniWeights *weights;
  OmniBoundary padding;
  gboolean has_norm, has_skips;
  OmniNode (*reduce) (OmniGraph *graph, OmniNode x);
  GError **error;
} Builder;

/* Appends layer `index` to the node in `tensor`, with up to two further inputs concatenated behind it. */
static gboolean
add_layer (Builder *builder, guint index, OmniNode *tensor, OmniNode second, OmniNode third)
{
  const Layer *layer = &layers[index];
  const OmniNode inputs[] = { *tensor, second, third };
  const guint in = count_inputs (layer, builder->has_skips);
  g_autofree float *weight = omni_model_dup_tensor (builder->weights, layer->name, "weight");
  g_autofree float *bias = NULL, *scale = NULL, *shift = NULL;

  if (layer->is_linear || !builder->has_norm)
    bias = omni_model_dup_tensor (builder->weights, layer->name, "bias");
  else if (!omni_model_dup_norm (builder->weights, layer->name, &scale, &shift, builder->error))
    return FALSE;

  *tensor = omni_graph_conv (
    builder->graph,
    &(OmniConvParams){ .inputs = inputs,
                       .n_inputs = in < CHANNELS ? 1 : in / CHANNELS,
                       .out_channels = layer->out,
                       .kernel = 3,
                       .boundary = builder->padding,
                       .weight = weight,
                       .bias = bias,
                       .activation = layer->is_linear ? OMNI_ACTIVATION_NONE : OMNI_ACTIVATION_RELU,
                       .post_scale = scale,
                       .post_shift = shift,
                       .label = layer->name });
  return TRUE;
}

/* A layer on [own features, maximum over the set, skip if there are any]. */
static gboolean
add_pooled_layer (Builder *builder, guint index, OmniNode *tensor, OmniNode skip)
{
  return add_layer (builder, index, tensor, builder->reduce (builder->graph, *tensor),
                    builder->has_skips ? skip : OMNI_NODE_NONE);
}

static gboolean
add_network (Builder *builder, OmniNode *x)
{
  OmniNode features[4];

  if (!add_layer (builder, FB1, x, OMNI_NODE_NONE, OMNI_NODE_NONE))
    return FALSE;
  features[0] = *x;
  for (guint i = 1; i < 4; i++)
  {
    if (!add_pooled_layer (builder, FB1 + i, x, OMNI_NODE_NONE))
      return FALSE;
    features[i] = *x;
  }
  if (!add_pooled_layer (builder, NECK1, x, OMNI_NODE_NONE))
    return FALSE;
  for (guint i = NECK1 + 1; i <= FB5; i++)
    if (!add_layer (builder, i, x, OMNI_NODE_NONE, OMNI_NODE_NONE))
      return FALSE;
  /* The skips of a U: 4 → 6, 3 → 7, 2 → 8, 1 → tail. */
  for (guint i = 0; i < 4; i++)
    if (!add_pooled_layer (builder, FB6 + i, x, features[3 - i]))
      return FALSE;
  *x = builder->reduce (builder->graph, *x);
  return add_layer (builder, TAIL2, x, OMNI_NODE_NONE, OMNI_NODE_NONE);
}

/* The metadata `reduce`: what the weights were trained with, the paper's maximum or what it compares that with. */
static gboolean
get_reduce (Builder *builder)
{
  const char *reduce = omni_weights_get_metadata (builder->weights, "reduce");

  builder->reduce = g_strcmp0 (reduce, "sum") == 0    ? omni_graph_set_sum
                    : g_strcmp0 (reduce, "mean") == 0 ? omni_graph_set_mean
                                                      : omni_graph_set_max;
  if (reduce == NULL || g_str_equal (reduce, "max") || builder->reduce != omni_graph_set_max)
    return TRUE;
  g_set_error (builder->error, OMNI_WEIGHTS_ERROR, OMNI_WEIGHTS_ERROR_ARCHITECTURE,
               _ ("“%s” asks for the reduction “%s”; max, mean and sum are possible"),
               omni_weights_get_path (builder->weights), reduce);
  return FALSE;
}

/* Sharpness is decided within a few pixels; what coarser sizes add is blur beside edges (2.2 dB on synthetic stacks). */
static gboolean
wants_one_scale (const OmniModelContext *context)
{
  return context->task == OMNI_TASK_FOCUS || omni_model_is_like_authors (&omni_model_ifani, context->options);
}

/* The metadata `scales`: whether weights ask for several sizes. */
static gboolean
read_scales (const OmniWeights *weights, gboolean *several, GError **error)
{
  const char *said = omni_weights_get_metadata (weights, "scales");

  *several = said != NULL;
  if (said == NULL || g_str_equal (said, "auto"))
    return TRUE;
  g_set_error (error, OMNI_WEIGHTS_ERROR, OMNI_WEIGHTS_ERROR_ARCHITECTURE,
               _ ("“%s” asks for the scales “%s”; only auto is possible"), omni_weights_get_path (weights),
               said);
  return FALSE;
}

/* The shorter side halved, rounding up, `n` times. */
static guint
halve (guint side, guint n)
{
  return ((side - 1) >> n) + 1;
}

static guint
get_asked_scales (const OmniModelContext *context)
{
  return (guint)omni_model_get_number (&omni_model_ifani, context->options, "scales");
}

/* As many as were asked for or as suit the picture, and none beyond a single pixel. */
static guint
count_scales (const OmniModelContext *context, gboolean several)
{
  const guint side = MIN (context->width, context->height), asked = get_asked_scales (context);
  const guint most = asked > 0 ? asked : several && !wants_one_scale (context) ? MOST_SCALES : 1;
  guint n = 1;

  while (n < most && halve (side, n - 1) > 1 && (asked > 0 || halve (side, n) >= SMALLEST_PX))
    n++;
  return n;
}

/* The zeros beyond the border that the network knows are light and dark that no source has, and at a small size they reach far
 * in: the picture goes on with its edge instead, but where one size is asked for, as in the paper. */
static gboolean
goes_on (const OmniModelContext *context, gboolean several, guint n_scales)
{
  return n_scales > 1
         || (several && get_asked_scales (context) == 0
             && !omni_model_is_like_authors (&omni_model_ifani, context->options));
}

/* oₗ = fₗ + up (oₗ₊₁ − down (fₗ)), f the network's results, the coarsest as it is. Every size is a stage for the next larger
 * one, and the sources are one at a quarter of their size, for those below that. */
static gboolean
add_scales (Builder *builder, OmniNode *x, guint n_scales)
{
  OmniGraph *graph = builder->graph;
  OmniNode pictures[MOST_SCALES] = { *x }, fused, own;

  for (guint i = 1; i < n_scales; i++)
  {
    pictures[i] = omni_graph_down (graph, pictures[i - 1], OMNI_PYRAMID_QUAD);
    if (i == SOURCES_LEVEL)
      omni_graph_add_stage (graph, pictures[i]);
  }
  for (guint i = n_scales; i-- > 0;)
  {
    fused = builder->padding == OMNI_BOUNDARY_OPEN ? omni_graph_extend (graph, pictures[i]) : pictures[i];
    if (!add_network (builder, &fused))
      return FALSE;
    if (i < n_scales - 1)
    {
      own = omni_graph_down (graph, fused, OMNI_PYRAMID_QUAD);
      fused = omni_graph_up_add (graph, fused, omni_graph_binary (graph, OMNI_BINARY_SUB, *x, own), 1,
                                 OMNI_PYRAMID_QUAD);
    }
    if (n_scales > 1)
      omni_graph_add_stage (graph, fused);
    *x = fused;
  }
  return TRUE;
}

/* By itself the network was trained to stay within black and white; bands of several sizes add up to more. Samples beyond white are
 * kept as they are. */
static OmniNode
add_headroom (OmniGraph *graph, const OmniModelContext *context, OmniNode luma, guint n_scales)
{
  const float strength = (float)omni_model_get_number (&omni_model_ifani, context->options, "headroom");

  return strength == 0 || context->range > 1
           ? luma
           : omni_model_add_headroom (graph, luma, MIN (n_scales, HEADROOM_LEVELS), strength);
}

/* Every place of a focus stack is sharp in one of the sources, so that the result is nowhere darker or brighter than all of them:
 * what is beyond is a halo. */
static OmniNode
add_bounds (OmniGraph *graph, OmniNode fused, OmniNode luma)
{
  const OmniNode negative = omni_graph_unary (graph, luma, -1, 0, OMNI_ACTIVATION_NONE, 0);
  const OmniNode darkest = omni_graph_unary (graph, omni_graph_set_max (graph, negative), -1, 0,
                                             OMNI_ACTIVATION_NONE, 0);

  fused = omni_graph_binary (graph, OMNI_BINARY_MAX, fused, darkest);
  return omni_graph_binary (graph, OMNI_BINARY_MIN, fused, omni_graph_set_max (graph, luma));
}

static OmniGraph *
build (const OmniModelContext *context, GError **error)
{
  g_autoptr (OmniGraph) graph = omni_graph_new ("ifani");
  Builder builder = { .graph = graph,
                      .weights = context->weights,
                      .has_norm = has_norm (context->weights),
                      .has_skips = has_skips (context->weights),
                      .error = error };
  gboolean several;
  guint n_scales;
  OmniNode x, luma;

  /* Zero is what the paper's framework does unless told otherwise. */
  if (!omni_model_get_padding (context->weights, OMNI_BOUNDARY_ZERO, &builder.padding, error)
      || !get_reduce (&builder) || !read_scales (context->weights, &several, error))
    return NULL;
  n_scales = count_scales (context, several);
  if (goes_on (context, several, n_scales))
    builder.padding = OMNI_BOUNDARY_OPEN;
  x = luma = omni_graph_picture (graph, OMNI_PLANES_LUMA, 0);
  if (!add_scales (&builder, &x, n_scales))
    return NULL;
  if (n_scales > 1)
    x = add_headroom (graph, context, x, n_scales);
  if (context->task == OMNI_TASK_FOCUS && !omni_model_is_like_authors (&omni_model_ifani, context->options))
    x = add_bounds (graph, x, luma);
  omni_graph_set_output (graph, context->colour ? omni_model_add_chroma (graph, x) : x);
  return g_steal_pointer (&graph);
}

const OmniModel omni_model_ifani = {
  .name = "ifani",
  .title = "IFANI",
  .summary = N_ ("Learned fusion of any number of pictures, for every task"),
  .citation = "Xiao, Guo, Veelaert, Philips: General image fusion for an arbitrary number of inputs using "
              "convolutional neural networks. Sensors 22(7), 2457, 2022. Weights of our own",
  .tasks = OMNI_TASK_BIT (OMNI_TASK_EXPOSURE) | OMNI_TASK_BIT (OMNI_TASK_FOCUS)
           | OMNI_TASK_BIT (OMNI_TASK_INFRARED) | OMNI_TASK_BIT (OMNI_TASK_MEDICAL),
  .convolves_pixels = TRUE,
  .min_inputs = 1,
  .options = options,
  .architecture = "ifani",
  .weights_file = "ifani.safetensors",
  .list_tensors = list_tensors,
  .build = build,
};
