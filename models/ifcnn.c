/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "models/ifcnn.h"

#include <glib/gi18n.h>
#include <string.h>

/* IFCNN: two convolutions per source, one element-wise reduction over the set, two convolutions back to a picture.
 *
 * `normalise` decides what conv1 sees. Its filters come from a classifier trained on ImageNet's mean and deviation, and
 * the authors' published infrared, medical and focus results carry that normalisation; their exposure path does not. So
 * `auto` is `imagenet` except for exposures. The two differ by 10 to 16 grey levels: never swap them silently.
 *
 * Focus sets in colour pass as R, G, B, unless the weights were trained on luminance alone (metadata `colour`: ours are).
 * Every other task fuses luminance, laid into all three inputs, and takes the chroma by the papers' rule: a grey source
 * beside a colour one would otherwise wash the colour out. The studio range and
 * CLAHE that the authors' exposure script applies afterwards are in no paper and left out unless asked for.
 *
 * like=authors is their script of July 2019 (ifcnn-authors.c): 8-bit levels everywhere, cut and not rounded. */

#define CHANNELS   64
#define CONV1_TAPS 49

static const float imagenet_mean[3] = { .485f, .456f, .406f };
static const float imagenet_deviation[3] = { .229f, .224f, .225f };

/* The authors turn the three outputs into grey as OpenCV does: (4899 R + 9617 G + 1868 B) / 16384. */
static const float grey_weight[3] = { 4899.f / 16384.f, 9617.f / 16384.f, 1868.f / 16384.f };

static const char *const reduce_choices[] = { "auto", "max", "mean", "sum", NULL };
static const char *const normalise_choices[] = { "auto", "imagenet", "none", NULL };

static const char *const path_choices[] = { "auto", "rgb", "ycbcr", "grey", NULL };
static const char *const equalise_choices[] = { "auto", "none", "clahe", NULL };

static const OmniModelOption options[] = {
  OMNI_LIKE_OPTION (
    N_ ("authors: no normalisation but for RGB, grey for infrared and medical sets, CLAHE for "
        "exposures, levels cut to 8 bits and not rounded")),
  { .key = "reduce",
    .title = N_ ("Reduction"),
    .summary = N_ ("How features of the sources become one; auto: as the weights were trained"),
    .type = OMNI_OPTION_CHOICE,
    .default_value = "auto",
    .choices = reduce_choices },
  { .key = "normalise",
    .title = N_ ("Normalisation"),
    .summary = N_ ("Scaling of the input; auto: imagenet, but none for exposures, as the authors did"),
    .type = OMNI_OPTION_CHOICE,
    .default_value = "auto",
    .choices = normalise_choices },
  { .key = "path",
    .title = N_ ("Colour path"),
    .summary = N_ (
      "R, G and B through the network, luminance with the fused chroma, or luminance alone; auto: rgb "
      "for focus by weights that were trained on colours, else ycbcr, since grey sources would wash the "
      "colour out"),
    .type = OMNI_OPTION_CHOICE,
    .default_value = "auto",
    .choices = path_choices },
  { .key = "equalise",
    .title = N_ ("Equalisation"),
    .summary = N_ (
      "clahe: the fused luminance in studio range and by CLAHE (limit 2, 8 × 8), as the authors' "
      "script does for exposures; it is not in the paper; auto: none"),
    .type = OMNI_OPTION_CHOICE,
    .default_value = "auto",
    .choices = equalise_choices },
  { NULL }
};

typedef enum
{
  PATH_RGB,
  PATH_YCBCR,
  PATH_GREY
} Path;

static gboolean
list_tensors (const OmniWeights *weights, GArray *specs, GError **error)
{
  omni_model_add_spec (specs, "conv1", "weight", CHANNELS, 3, 7, 7);
  for (guint i = 2; i <= 3; i++)
  {
    g_autofree char *layer = g_strdup_printf ("conv%u", i);

    omni_model_add_spec (specs, layer, "conv.weight", CHANNELS, CHANNELS, 3, 3);
    omni_model_add_norm_specs (specs, layer, CHANNELS);
  }
  omni_model_add_spec (specs, "conv4", "weight", 3, CHANNELS, 1, 1);
  omni_model_add_spec (specs, "conv4", "bias", 3, 0, 0, 0);
  return TRUE;
}

typedef struct
{
  OmniGraph *graph;
  const OmniWeights *weights;
  OmniBoundary padding;
  gboolean imagenet;
} Builder;

/* (x − mean) / deviation. Not folded into conv1, so that zero padding means what it means in training. */
static OmniNode
add_normalisation (const Builder *builder, OmniNode x)
{
  const float factor[3] = { 1 / imagenet_deviation[0], 1 / imagenet_deviation[1], 1 / imagenet_deviation[2] };
  const OmniNode mean = omni_graph_constant (builder->graph, 3, 0, imagenet_mean);

  x = omni_graph_binary (builder->graph, OMNI_BINARY_SUB, x, mean);
  return omni_graph_binary (builder->graph, OMNI_BINARY_MUL, x,
                            omni_graph_constant (builder->graph, 3, 0, factor));
}

static OmniNode
add_conv1 (const Builder *builder, OmniNode x)
{
  g_autofree float *weight = omni_model_dup_tensor (builder->weights, "conv1", "weight");

  if (builder->imagenet)
    x = add_normalisation (builder, x);
  return omni_graph_conv (builder->graph, &(OmniConvParams){ .inputs = &x,
                                                             .n_inputs = 1,
                                                             .out_channels = CHANNELS,
                                                             .kernel = 7,
                                                             .boundary = builder->padding,
                                                             .weight = weight,
                                                             .label = "conv1" });
}

/* Of a luminance that lies in all three inputs: one plane, with the sums of the filters, and the normalisation as factors and a
 * bias. Exact but for rounding; what lies beyond the border must be like what lies inside, which zeros are not unless
 * nothing is normalised. */
static OmniNode
add_grey_conv1 (const Builder *builder, OmniNode luma)
{
  g_autofree float *weight = omni_model_dup_tensor (builder->weights, "conv1", "weight");
  float bias[CHANNELS];

  for (guint o = 0; o < CHANNELS; o++)
  {
    double shift = 0;

    for (guint t = 0; t < CONV1_TAPS; t++)
    {
      double sum = 0;

      for (guint c = 0; c < 3; c++)
      {
        const double w = (double)weight[(o * 3 + c) * CONV1_TAPS + t]
                         / (builder->imagenet ? (double)imagenet_deviation[c] : 1);

        sum += w;
        shift -= builder->imagenet ? w * (double)imagenet_mean[c] : 0;
      }
      weight[o * CONV1_TAPS + t] = (float)sum; /* behind what is still to be read */
    }
    bias[o] = (float)shift;
  }
  return omni_graph_conv (builder->graph, &(OmniConvParams){ .inputs = &luma,
                                                             .n_inputs = 1,
                                                             .out_channels = CHANNELS,
                                                             .kernel = 7,
                                                             .boundary = builder->padding,
                                                             .weight = weight,
                                                             .bias = bias,
                                                             .label = "conv1" });
}

static gboolean
has_grey_conv1 (const Builder *builder, Path path, gboolean like_authors)
{
  return path != PATH_RGB && !like_authors && (builder->padding != OMNI_BOUNDARY_ZERO || !builder->imagenet);
}

/* conv → batch normalisation → ReLU, the normalisation folded: it comes before the ReLU here. */
static gboolean
add_block (const Builder *builder, const char *layer, OmniNode *x, GError **error)
{
  g_autofree float *weight = omni_model_dup_tensor (builder->weights, layer, "conv.weight");
  g_autofree float *scale = NULL, *shift = NULL;

  if (!omni_model_dup_norm (builder->weights, layer, &scale, &shift, error))
    return FALSE;
  for (guint i = 0; i < CHANNELS * CHANNELS * 9; i++)
    weight[i] *= scale[i / (CHANNELS * 9)];
  *x = omni_graph_conv (builder->graph, &(OmniConvParams){ .inputs = x,
                                                           .n_inputs = 1,
                                                           .out_channels = CHANNELS,
                                                           .kernel = 3,
                                                           .boundary = builder->padding,
                                                           .weight = weight,
                                                           .bias = shift,
                                                           .activation = OMNI_ACTIVATION_RELU,
                                                           .label = layer });
  return TRUE;
}

/* conv4 · deviation + mean, and the mixture to grey when the result is one plane. */
static OmniNode
add_conv4 (const Builder *builder, OmniNode x, guint channels)
{
  g_autofree float *weight = omni_model_dup_tensor (builder->weights, "conv4", "weight");
  g_autofree float *bias = omni_model_dup_tensor (builder->weights, "conv4", "bias");

  for (guint c = 0; builder->imagenet && c < 3; c++)
  {
    for (guint i = 0; i < CHANNELS; i++)
      weight[c * CHANNELS + i] *= imagenet_deviation[c];
    bias[c] = bias[c] * imagenet_deviation[c] + imagenet_mean[c];
  }
  if (channels == 1)
  {
    for (guint i = 0; i < CHANNELS; i++)
      weight[i] = grey_weight[0] * weight[i] + grey_weight[1] * weight[CHANNELS + i]
                  + grey_weight[2] * weight[2 * CHANNELS + i];
    bias[0] = grey_weight[0] * bias[0] + grey_weight[1] * bias[1] + grey_weight[2] * bias[2];
  }
  return omni_graph_conv (builder->graph, &(OmniConvParams){ .inputs = &x,
                                                             .n_inputs = 1,
                                                             .out_channels = channels,
                                                             .kernel = 1,
                                                             .weight = weight,
                                                             .bias = bias,
                                                             .label = "conv4" });
}

static gboolean
get_reduce (const OmniModelContext *context, const char **reduce, GError **error)
{
  *reduce = omni_model_get_string (&omni_model_ifcnn, context->options, "reduce");
  if (!g_str_equal (*reduce, "auto"))
    return TRUE;
  *reduce = omni_weights_get_metadata (context->weights, "reduce");
  if (*reduce == NULL)
    *reduce = "max"; /* the authors' choice for three of their four tasks */
  if (g_strv_contains (reduce_choices + 1, *reduce))
    return TRUE;
  g_set_error (error, OMNI_WEIGHTS_ERROR, OMNI_WEIGHTS_ERROR_ARCHITECTURE,
               _ ("“%s” asks for the reduction “%s”; max, mean and sum are possible"),
               omni_weights_get_path (context->weights), *reduce);
  return FALSE;
}

static OmniNode
add_reduction (OmniGraph *graph, const char *reduce, OmniNode x)
{
  if (g_str_equal (reduce, "mean"))
    return omni_graph_set_mean (graph, x);
  if (g_str_equal (reduce, "sum"))
    return omni_graph_set_sum (graph, x);
  return omni_graph_set_max (graph, x);
}

/* Ours are trained on luminance and know nothing of three inputs that differ. */
static gboolean
get_luminance_only (const OmniModelContext *context, gboolean *luminance_only, GError **error)
{
  const char *colour = omni_weights_get_metadata (context->weights, "colour");

  *luminance_only = g_strcmp0 (colour, "luminance") == 0;
  if (*luminance_only || colour == NULL || g_str_equal (colour, "rgb"))
    return TRUE;
  g_set_error (error, OMNI_WEIGHTS_ERROR, OMNI_WEIGHTS_ERROR_ARCHITECTURE,
               _ ("“%s” says that it was trained on the colours “%s”; rgb and luminance are possible"),
               omni_weights_get_path (context->weights), colour);
  return FALSE;
}

static Path
choose_path (const OmniModelContext *context, gboolean luminance_only)
{
  const char *name = omni_model_get_string (&omni_model_ifcnn, context->options, "path");
  const gboolean like_authors = omni_model_is_like_authors (&omni_model_ifcnn, context->options);
  const gboolean is_auto = g_str_equal (name, "auto");

  if (!context->colour || g_str_equal (name, "grey"))
    return PATH_GREY;
  if (g_str_equal (name, "rgb") || (is_auto && context->task == OMNI_TASK_FOCUS && !luminance_only))
    return PATH_RGB;
  if (like_authors && is_auto && context->task != OMNI_TASK_EXPOSURE && context->task != OMNI_TASK_FOCUS)
    return PATH_GREY;
  return PATH_YCBCR;
}

static gboolean
wants_normalisation (const OmniModelContext *context, Path path)
{
  const char *name = omni_model_get_string (&omni_model_ifcnn, context->options, "normalise");

  if (!g_str_equal (name, "auto"))
    return g_str_equal (name, "imagenet");
  if (omni_model_is_like_authors (&omni_model_ifcnn, context->options))
    return path == PATH_RGB;
  return context->task != OMNI_TASK_EXPOSURE;
}

static gboolean
wants_equalisation (const OmniModelContext *context)
{
  const char *name = omni_model_get_string (&omni_model_ifcnn, context->options, "equalise");

  if (!g_str_equal (name, "auto"))
    return g_str_equal (name, "clahe");
  return omni_model_is_like_authors (&omni_model_ifcnn, context->options)
         && context->task == OMNI_TASK_EXPOSURE;
}

static OmniNode
add_picture (OmniGraph *graph, Path path, gboolean like_authors)
{
  static const guint thrice[] = { 0, 0, 0 };

  if (path == PATH_RGB)
    return omni_graph_picture (graph, OMNI_PLANES_COLOUR, 0);
  return omni_graph_channels (graph,
                              like_authors && path == PATH_YCBCR
                                ? omni_ifcnn_add_luma_levels (graph)
                                : omni_graph_picture (graph, OMNI_PLANES_LUMA, 0),
                              thrice, 3);
}

/* What becomes of the network's features. */
static OmniNode
add_result (const Builder *builder, OmniNode x, Path path, gboolean like_authors, gboolean equalise)
{
  OmniGraph *graph = builder->graph;

  x = add_conv4 (builder, x, path == PATH_RGB || like_authors ? 3 : 1);
  if (like_authors)
    x = omni_ifcnn_add_levels (graph, x);
  if (like_authors && path != PATH_RGB)
    x = omni_ifcnn_add_grey_levels (graph, x);
  if (path == PATH_RGB)
    return x;
  if (equalise)
    x = omni_ifcnn_add_equalisation (graph, x);
  if (path == PATH_GREY)
    return x;
  return like_authors ? omni_ifcnn_add_chroma_levels (graph, x) : omni_model_add_chroma (graph, x);
}

static OmniGraph *
build (const OmniModelContext *context, GError **error)
{
  g_autoptr (OmniGraph) graph = omni_graph_new ("ifcnn");
  const gboolean like_authors = omni_model_is_like_authors (&omni_model_ifcnn, context->options);
  const char *reduce;
  gboolean luminance_only;
  Builder builder = { .graph = graph, .weights = context->weights };
  Path path;
  OmniNode x;

  if (!get_reduce (context, &reduce, error) || !get_luminance_only (context, &luminance_only, error)
      || !omni_model_get_padding (context->weights, OMNI_BOUNDARY_REPLICATE, &builder.padding, error))
    return NULL;
  path = choose_path (context, luminance_only);
  builder.imagenet = wants_normalisation (context, path);
  x = has_grey_conv1 (&builder, path, like_authors)
        ? add_grey_conv1 (&builder, omni_graph_picture (graph, OMNI_PLANES_LUMA, 0))
        : add_conv1 (&builder, add_picture (graph, path, like_authors));
  if (!add_block (&builder, "conv2", &x, error))
    return NULL;
  x = add_reduction (graph, reduce, x);
  if (!add_block (&builder, "conv3", &x, error))
    return NULL;
  omni_graph_set_output (graph, add_result (&builder, x, path, like_authors, wants_equalisation (context)));
  return g_steal_pointer (&graph);
}

const OmniModel omni_model_ifcnn = {
  .name = "ifcnn",
  .title = "IFCNN",
  .summary = N_ ("Small learned fusion with a maximum, mean or sum of features"),
  .citation = "Zhang, Liu, Sun, Yan, Zhao, Zhang: IFCNN: a general image fusion framework based on "
              "convolutional neural "
              "network. Information Fusion 54, 99–118, 2020",
  .tasks = OMNI_TASK_BIT (OMNI_TASK_EXPOSURE) | OMNI_TASK_BIT (OMNI_TASK_FOCUS)
           | OMNI_TASK_BIT (OMNI_TASK_INFRARED) | OMNI_TASK_BIT (OMNI_TASK_MEDICAL),
  .convolves_pixels = TRUE,
  .min_inputs = 1,
  .options = options,
  .architecture = "ifcnn",
  .weights_file = "ifcnn.safetensors",
  .list_tensors = list_tensors,
  .build = build,
};
