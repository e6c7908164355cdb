/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "models/pair.h"

/* U2Fusion: a densely connected encoder of two pictures laid on two channels, and four convolutions back to one. What is
 * new is concatenated before what was there. Every border is reflected.
 *
 * The network sees luminance; chroma is fused by the papers' rule (Eq. 10), which for one coloured source is its own. The
 * authors' script does that for a coloured first source only and gives grey for two.
 *
 * With like=authors the result is divided by the maximum of all its channels. Every stored version of the authors'
 * test_main.py saves by scipy.misc.imsave, whose bytescale adds a half and cuts, so levels are rounded half up. It also
 * stretches from the minimum to the maximum: that is scale=stretch here. `authors` stays the maximum, as it was agreed. */

#define GROWTH  44
#define N_DENSE 5

typedef struct
{
  const char *name;
  guint in, out;
} Layer;

static const Layer decoder[] = {
  { "out1", GROWTH *(N_DENSE + 1), 128 },
  { "out2", 128, 64 },
  { "out3", 64, 32 },
  { "out4", 32, 1 },
};

static const OmniModelOption options[] = {
  OMNI_LIKE_OPTION (N_ ("authors: the picture divided by its maximum, grey for two coloured sources")),
  OMNI_SCALE_OPTION (N_ ("Of the result: as the network gives it, divided by its maximum (authors), or from "
                         "its minimum to its maximum; auto: plain, for brightness stays true")),
  { NULL }
};

static const char *const dense_names[N_DENSE] = { "dense1", "dense2", "dense3", "dense4", "dense5" };

static void
add_layer_specs (GArray *specs, const char *name, guint in, guint out)
{
  omni_model_add_spec (specs, name, "weight", out, in, 3, 3);
  omni_model_add_spec (specs, name, "bias", out, 0, 0, 0);
}

static gboolean
list_tensors (const OmniWeights *weights, GArray *specs, GError **error)
{
  add_layer_specs (specs, "conv1", 2, GROWTH);
  for (guint i = 0; i < N_DENSE; i++)
    add_layer_specs (specs, dense_names[i], GROWTH * (i + 1), GROWTH);
  for (guint i = 0; i < G_N_ELEMENTS (decoder); i++)
    add_layer_specs (specs, decoder[i].name, decoder[i].in, decoder[i].out);
  return TRUE;
}

typedef struct
{
  OmniGraph *graph;
  const OmniWeights *weights;
  OmniBoundary padding;
} Builder;

static OmniNode
add_layer (const Builder *builder, const char *name, const OmniNode *inputs, guint n_inputs, guint out)
{
  static const float half[] = { .5f };
  const gboolean is_last = out == 1;
  g_autofree float *weight = omni_model_dup_tensor (builder->weights, name, "weight");
  g_autofree float *bias = omni_model_dup_tensor (builder->weights, name, "bias");

  return omni_graph_conv (
    builder->graph,
    &(OmniConvParams){ .inputs = inputs,
                       .n_inputs = n_inputs,
                       .out_channels = out,
                       .kernel = 3,
                       .boundary = builder->padding,
                       .weight = weight,
                       .bias = bias,
                       .activation = is_last ? OMNI_ACTIVATION_TANH : OMNI_ACTIVATION_LEAKY_RELU,
                       .slope = .2f,
                       .post_scale = is_last ? half : NULL,
                       .post_shift = is_last ? half : NULL,
                       .label = name });
}

static gboolean
add_network (const OmniNode pair[2], OmniNode *fused, gpointer user_data, GError **error)
{
  const Builder *builder = user_data;
  OmniNode features[N_DENSE + 1]; /* filled from the end: what is new lies before what was there */
  OmniNode x;

  features[N_DENSE] = add_layer (builder, "conv1", pair, 2, GROWTH);
  for (guint i = 0; i < N_DENSE; i++)
    features[N_DENSE - 1 - i] = add_layer (builder, dense_names[i], &features[N_DENSE - i], i + 1, GROWTH);
  x = add_layer (builder, decoder[0].name, features, N_DENSE + 1, decoder[0].out);
  for (guint i = 1; i < G_N_ELEMENTS (decoder); i++)
    x = add_layer (builder, decoder[i].name, &x, 1, decoder[i].out);
  *fused = x;
  return TRUE;
}

/* The script's YCbCr there and back: what it adds to the luminance for R, G and B. */
static void
fill_chroma_weights (float weights[9])
{
  static const double to[2][3] = { { -.1687, -.3313, .5 }, { .5, -.4187, -.0813 } };
  static const double back[3][2] = { { 0, 1.402 }, { -.34414, -.71414 }, { 1.772, 0 } };

  for (guint i = 0; i < 3; i++)
    for (guint k = 0; k < 3; k++)
      weights[3 * i + k] = (float)(back[i][0] * to[0][k] + back[i][1] * to[1][k]);
}

/* The chroma of the first source, if it has any and the second none. */
static OmniNode
add_authors_chroma (OmniGraph *graph, const OmniModelContext *context, const OmniPairOrder *order,
                    OmniNode luma)
{
  const OmniNode first = omni_model_pick_first (graph, context,
                                                omni_graph_picture (graph, OMNI_PLANES_COLOUR, 0), order);
  const OmniNode coloured = omni_model_pick_first (graph, context,
                                                   omni_graph_mark (graph, OMNI_MARK_COLOURED), order);
  float weights[9];

  fill_chroma_weights (weights);
  const OmniNode chroma = omni_graph_conv (graph, &(OmniConvParams){ .inputs = &first,
                                                                     .n_inputs = 1,
                                                                     .out_channels = 3,
                                                                     .kernel = 1,
                                                                     .weight = weights,
                                                                     .label = "chroma" });
  return omni_graph_binary (graph, OMNI_BINARY_ADD,
                            omni_graph_binary (graph, OMNI_BINARY_MUL, chroma, coloured), luma);
}

static OmniNode
add_colour (OmniGraph *graph, const OmniModelContext *context, const OmniPairOrder *order, OmniNode luma)
{
  const gboolean like_authors = omni_model_is_like_authors (&omni_model_u2fusion, context->options);

  if (!context->colour || (like_authors && !context->grey_and_colour))
    return luma;
  return like_authors && context->n_sources == 2 ? add_authors_chroma (graph, context, order, luma)
                                                 : omni_model_add_chroma (graph, luma);
}

static OmniGraph *
build (const OmniModelContext *context, GError **error)
{
  static const OmniPairOrder order = {
    .first_roles = OMNI_ROLE_MARK (OMNI_ROLE_VISIBLE) | OMNI_ROLE_MARK (OMNI_ROLE_PET)
                   | OMNI_ROLE_MARK (OMNI_ROLE_SPECT),
    .coloured_first = TRUE,
  };
  const OmniModel *model = &omni_model_u2fusion;
  g_autoptr (OmniGraph) graph = omni_graph_new ("u2fusion");
  Builder builder = { .graph = graph, .weights = context->weights };
  OmniNode x;

  if (!omni_model_get_padding (context->weights, OMNI_BOUNDARY_REFLECT, &builder.padding, error)
      || !omni_model_add_pairs (graph, context, omni_graph_picture (graph, OMNI_PLANES_LUMA, 0), &order,
                                add_network, &builder, &x, error))
    return NULL;
  x = add_colour (graph, context, &order, x);
  x = omni_model_add_scale (graph, x, omni_model_get_scale (model, context->options, OMNI_SCALE_MAXIMUM));
  omni_graph_set_output (graph, x);
  return g_steal_pointer (&graph);
}

const OmniModel omni_model_u2fusion = {
  .name = "u2fusion",
  .title = "U2Fusion",
  .summary = N_ ("Learned fusion of pairs, for every task; more than two one after another"),
  .citation = "Xu, Ma, Jiang, Guo, Ling: U2Fusion: a unified unsupervised image fusion network. IEEE TPAMI "
              "44(1), 502–518, 2022",
  .tasks = OMNI_ALL_TASKS,
  .convolves_pixels = TRUE,
  .min_inputs = 2,
  .options = options,
  .architecture = "u2fusion",
  .weights_file = "u2fusion.safetensors",
  .list_tensors = list_tensors,
  .build = build,
};
