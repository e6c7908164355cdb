/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "models/pair.h"

#include <glib/gi18n.h>
#include <string.h>

/* PMGI: two paths, P sees [A, A, B] and Q sees [B, B, A]; between the second and third and the third and fourth layers each
 * path takes what a 1 × 1 convolution makes of both. A is the infrared picture, the PET or SPECT or a band of the
 * multispectral picture, B the visible one, the MRI or CT or the panchromatic one.
 *
 * `norm` is the heart of the matter. The authors' test script makes its batch normalisation anew, in training mode: every
 * feature plane is brought to mean 0 and variance 1 over the picture at hand, and what was learned of scale and shift is
 * not used (`instance`). `running` is what batch normalisation means, with the statistics and the affine map of the file.
 * The two differ visibly. A file says which it was trained for; one without normalisation (pan-sharpening) has `none`. */

#define CHANNELS 16
#define EPSILON  1e-5f

typedef enum
{
  NORM_NONE,
  NORM_RUNNING,
  NORM_INSTANCE
} Norm;

typedef struct
{
  const char *name;
  guint in, kernel;
} Layer;

enum
{
  FIRST,
  SECOND,
  TRANSFER_23,
  THIRD,
  TRANSFER_34,
  FOURTH,
  N_LAYERS
};

/* Of path P and path Q. */
static const Layer layers[2][N_LAYERS] = {
  { { "p1", 3, 5 }, { "p2", 16, 3 }, { "t23p", 32, 1 }, { "p3", 48, 3 }, { "t34p", 32, 1 }, { "p4", 64, 3 } },
  { { "q1", 3, 5 }, { "q2", 16, 3 }, { "t23q", 32, 1 }, { "q3", 48, 3 }, { "t34q", 32, 1 }, { "q4", 64, 3 } },
};

static const char *const norms[] = { "auto", "instance", "running", "none", NULL };

#define NORM_OPTION                                                                                          \
  {                                                                                                          \
    .key = "norm", .title = N_ ("Normalisation"),                                                            \
    .summary = N_ (                                                                                          \
      "Of the features: by the picture's own statistics (the authors' script), by those of the "             \
      "training, or none; auto: as the weights say"),                                                        \
    .type = OMNI_OPTION_CHOICE, .default_value = "auto", .choices = norms                                    \
  }

static const OmniModelOption options[] = {
  OMNI_LIKE_OPTION (N_ ("authors: instance statistics, the result from its minimum to its maximum, grey")),
  NORM_OPTION,
  OMNI_SCALE_OPTION (N_ ("Of the result: as the network gives it, divided by its maximum (authors), or from "
                         "its minimum to its maximum; auto: plain, for brightness stays true")),
  { NULL }
};

/* Any of its tensors will do, so that a file that lacks one is not taken for a network without. */
static gboolean
has_norm (const OmniWeights *weights)
{
  g_autoptr (GArray) specs = g_array_new (FALSE, FALSE, sizeof (OmniTensorSpec));

  for (guint path = 0; path < 2; path++)
    for (guint i = 0; i < N_LAYERS; i++)
      omni_model_add_norm_specs (specs, layers[path][i].name, CHANNELS);
  for (guint i = 0; weights != NULL && i < specs->len; i++)
    if (omni_weights_has (weights, g_array_index (specs, OmniTensorSpec, i).name))
      return TRUE;
  return weights == NULL;
}

static gboolean
list_tensors (const OmniWeights *weights, GArray *specs, GError **error)
{
  for (guint path = 0; path < 2; path++)
    for (guint i = 0; i < N_LAYERS; i++)
    {
      const Layer *layer = &layers[path][i];

      omni_model_add_spec (specs, layer->name, "weight", CHANNELS, layer->in, layer->kernel, layer->kernel);
      omni_model_add_spec (specs, layer->name, "bias", CHANNELS, 0, 0, 0);
      if (has_norm (weights))
        omni_model_add_norm_specs (specs, layer->name, CHANNELS);
    }
  omni_model_add_spec (specs, "out", "weight", 1, 8 * CHANNELS, 1, 1);
  omni_model_add_spec (specs, "out", "bias", 1, 0, 0, 0);
  return TRUE;
}

typedef struct
{
  OmniGraph *graph;
  const OmniWeights *weights;
  OmniBoundary padding;
  Norm norm;
} Builder;

static gboolean
choose_norm (const OmniModel *model, const OmniModelContext *context, Norm *norm, GError **error)
{
  const char *name = omni_model_get_string (model, context->options, "norm");
  const char *stored = omni_weights_get_metadata (context->weights, "norm");

  if (g_str_equal (name, "auto"))
    name = !has_norm (context->weights)                           ? "none"
           : omni_model_is_like_authors (model, context->options) ? "instance"
           : stored != NULL                                       ? stored
                                                                  : "instance";
  *norm = g_str_equal (name, "instance")  ? NORM_INSTANCE
          : g_str_equal (name, "running") ? NORM_RUNNING
                                          : NORM_NONE;
  if (*norm == NORM_NONE && !g_str_equal (name, "none"))
    g_set_error (error, OMNI_WEIGHTS_ERROR, OMNI_WEIGHTS_ERROR_ARCHITECTURE,
                 _ ("“%s” asks for the normalisation “%s”; instance, running and none are possible"),
                 omni_weights_get_path (context->weights), name);
  else if (!has_norm (context->weights) && stored != NULL && !g_str_equal (stored, "none"))
    g_set_error (error, OMNI_WEIGHTS_ERROR, OMNI_WEIGHTS_ERROR_ARCHITECTURE,
                 _ ("“%s” asks for the normalisation “%s”, but holds no tensors of one (p1.bn.weight); only "
                    "none is possible"),
                 omni_weights_get_path (context->weights), stored);
  else if (*norm == NORM_RUNNING && !has_norm (context->weights))
    g_set_error (error, OMNI_WEIGHTS_ERROR, OMNI_WEIGHTS_ERROR_ARCHITECTURE,
                 _ ("“%s” holds no statistics of the training; leave the normalisation to it (norm=auto)"),
                 omni_weights_get_path (context->weights));
  else
    return TRUE;
  return FALSE;
}

/* conv → normalisation → leaky ReLU. */
static gboolean
add_layer (const Builder *builder, const Layer *layer, const OmniNode *inputs, guint n_inputs, OmniNode *y,
           GError **error)
{
  const gboolean instance = builder->norm == NORM_INSTANCE;
  g_autofree float *weight = omni_model_dup_tensor (builder->weights, layer->name, "weight");
  g_autofree float *bias = omni_model_dup_tensor (builder->weights, layer->name, "bias");
  g_autofree float *scale = NULL, *shift = NULL;

  if (builder->norm == NORM_RUNNING
      && !omni_model_dup_norm (builder->weights, layer->name, &scale, &shift, error))
    return FALSE;
  /* What follows takes every plane's mean away, and the bias with it. */
  *y = omni_graph_conv (
    builder->graph,
    &(OmniConvParams){ .inputs = inputs,
                       .n_inputs = n_inputs,
                       .out_channels = CHANNELS,
                       .kernel = layer->kernel,
                       .boundary = builder->padding,
                       .weight = weight,
                       .bias = instance ? NULL : bias,
                       .pre_scale = scale,
                       .pre_shift = shift,
                       .activation = instance ? OMNI_ACTIVATION_NONE : OMNI_ACTIVATION_LEAKY_RELU,
                       .slope = .2f,
                       .label = layer->name });
  if (instance)
    *y = omni_graph_normalise_activate (builder->graph, *y, EPSILON, OMNI_ACTIVATION_LEAKY_RELU, .2f);
  return TRUE;
}

static OmniNode
add_last_layer (const Builder *builder, const OmniNode inputs[8])
{
  static const float half[] = { .5f };
  g_autofree float *weight = omni_model_dup_tensor (builder->weights, "out", "weight");
  g_autofree float *bias = omni_model_dup_tensor (builder->weights, "out", "bias");

  return omni_graph_conv (builder->graph, &(OmniConvParams){ .inputs = inputs,
                                                             .n_inputs = 8,
                                                             .out_channels = 1,
                                                             .kernel = 1,
                                                             .weight = weight,
                                                             .bias = bias,
                                                             .activation = OMNI_ACTIVATION_TANH,
                                                             .post_scale = half,
                                                             .post_shift = half,
                                                             .label = "out" });
}

static gboolean
add_network (const OmniNode pair[2], OmniNode *fused, gpointer user_data, GError **error)
{
  const Builder *builder = user_data;
  OmniNode ends[2], f[N_LAYERS][2]; /* by layer and path */

  for (guint i = 0; i < 2; i++) /* 0 … 1 to −1 … 1 */
    ends[i] = omni_graph_unary (builder->graph, pair[i], 2, -1, OMNI_ACTIVATION_NONE, 0);
  for (guint layer = 0; layer < N_LAYERS; layer++)
    for (guint path = 0; path < 2; path++)
    {
      const OmniNode first[] = { ends[path], ends[path], ends[1 - path] };
      const OmniNode third[] = { f[FIRST][path], f[SECOND][path], f[TRANSFER_23][path] };
      const OmniNode fourth[] = { f[FIRST][path], f[SECOND][path], f[THIRD][path], f[TRANSFER_34][path] };
      const OmniNode *const inputs[] = { first, f[FIRST] + path, f[SECOND], third, f[THIRD], fourth };
      static const guint n_inputs[] = { 3, 1, 2, 3, 2, 4 };

      if (!add_layer (builder, &layers[path][layer], inputs[layer], n_inputs[layer], &f[layer][path], error))
        return FALSE;
    }
  *fused = add_last_layer (builder,
                           (const OmniNode[]){ f[FIRST][0], f[FIRST][1], f[SECOND][0], f[SECOND][1],
                                               f[THIRD][0], f[THIRD][1], f[FOURTH][0], f[FOURTH][1] });
  return TRUE;
}

static gboolean
init_builder (Builder *builder, OmniGraph *graph, const OmniModel *model, const OmniModelContext *context,
              GError **error)
{
  *builder = (Builder){ .graph = graph, .weights = context->weights };
  return omni_model_get_padding (context->weights, OMNI_BOUNDARY_ZERO, &builder->padding, error)
         && choose_norm (model, context, &builder->norm, error);
}

static OmniGraph *
build (const OmniModelContext *context, GError **error)
{
  const OmniPairOrder order = {
    .first_roles = OMNI_ROLE_MARK (OMNI_ROLE_INFRARED) | OMNI_ROLE_MARK (OMNI_ROLE_PET)
                   | OMNI_ROLE_MARK (OMNI_ROLE_SPECT) | OMNI_ROLE_MARK (OMNI_ROLE_MULTISPECTRAL),
    .coloured_first = context->task
                      == OMNI_TASK_MEDICAL, /* a PET in false colours; else it is the visible picture */
  };
  const OmniModel *model = &omni_model_pmgi;
  g_autoptr (OmniGraph) graph = omni_graph_new ("pmgi");
  Builder builder;
  OmniNode x;

  if (!init_builder (&builder, graph, model, context, error)
      || !omni_model_add_pairs (graph, context, omni_graph_picture (graph, OMNI_PLANES_LUMA, 0), &order,
                                add_network, &builder, &x, error))
    return NULL;
  if (context->colour && !omni_model_is_like_authors (model, context->options))
    x = omni_model_add_chroma (graph, x);
  x = omni_model_add_scale (graph, x, omni_model_get_scale (model, context->options, OMNI_SCALE_STRETCH));
  omni_graph_set_output (graph, x);
  return g_steal_pointer (&graph);
}

static const char *const task_weights[OMNI_N_TASKS] = {
  [OMNI_TASK_AUTO] = "pmgi-infrared.safetensors",   [OMNI_TASK_EXPOSURE] = "pmgi-exposure.safetensors",
  [OMNI_TASK_FOCUS] = "pmgi-focus.safetensors",     [OMNI_TASK_INFRARED] = "pmgi-infrared.safetensors",
  [OMNI_TASK_MEDICAL] = "pmgi-medical.safetensors", [OMNI_TASK_PANSHARPEN] = "pmgi-pansharpen.safetensors",
};

const OmniModel omni_model_pmgi = {
  .name = "pmgi",
  .title = "PMGI",
  .summary = N_ (
    "Small learned fusion of pairs, with a model for each task; more than two one after another"),
  .citation = "Zhang, Xu, Xiao, Guo, Ma: Rethinking the image fusion: a fast unified image fusion network "
              "based on proportional maintenance of gradient and intensity. AAAI 34(7), 12797–12804, 2020",
  .tasks = OMNI_ALL_TASKS,
  .convolves_pixels = TRUE,
  .min_inputs = 2,
  .options = options,
  .architecture = "pmgi",
  .task_weights = task_weights,
  .list_tensors = list_tensors,
  .build = build,
};

/* ---- Pan-sharpening: every band with the panchromatic picture ---- */

static const char *const levels[] = { "auto", "own", "display", NULL };

static const OmniModelOption pan_options[] = {
  OMNI_LIKE_OPTION (N_ ("authors: samples as they are, each band from its minimum to its maximum")),
  NORM_OPTION,
  { .key = "level",
    .title = N_ ("Level"),
    .summary = N_ ("White for the network: the largest sample of both pictures, or that of the file format; "
                   "auto: own, since 16-bit pictures seldom use all their range"),
    .type = OMNI_OPTION_CHOICE,
    .default_value = "auto",
    .choices = levels },
  OMNI_SCALE_OPTION (
    N_ ("Of every band: as the network gives it, divided by its maximum, or from its minimum "
        "to its maximum; auto: plain, for spectra stay true")),
  { NULL }
};

/* Channel `b` of `n_bands`: 1 there and 0 elsewhere, so that a sum of products puts planes side by side. */
static OmniNode
place_band (OmniGraph *graph, OmniNode plane, guint b, guint n_bands)
{
  g_autofree float *place = g_new0 (float, n_bands);

  if (n_bands == 1)
    return plane;
  place[b] = 1;
  return omni_graph_binary (graph, OMNI_BINARY_MUL, omni_graph_constant (graph, n_bands, 0, place), plane);
}

static OmniGraph *
build_pan (const OmniModelContext *context, GError **error)
{
  const OmniModel *model = &omni_model_pan_pmgi;
  const guint n_bands = context->bands > 0 ? context->bands : context->colour ? 3 : 1;
  const gboolean own = !omni_model_is_like_authors (model, context->options)
                         ? !g_str_equal (omni_model_get_string (model, context->options, "level"), "display")
                         : g_str_equal (omni_model_get_string (model, context->options, "level"), "own");
  g_autoptr (OmniGraph) graph = omni_graph_new ("pan-pmgi");
  Builder builder;
  OmniNode bands, pan, white = OMNI_NODE_NONE, sharp = OMNI_NODE_NONE;

  if (!init_builder (&builder, graph, model, context, error))
    return NULL;
  bands = omni_graph_set_select (graph, omni_graph_mark (graph, OMNI_ROLE_MARK (OMNI_ROLE_MULTISPECTRAL)),
                                 omni_graph_picture (graph, OMNI_PLANES_BANDS, n_bands));
  pan = omni_graph_set_select (graph, omni_graph_mark (graph, OMNI_ROLE_MARK (OMNI_ROLE_PANCHROMATIC)),
                               omni_graph_picture (graph, OMNI_PLANES_LUMA, 0));
  if (own)
  {
    white = omni_graph_binary (graph, OMNI_BINARY_MAX, omni_model_add_extreme (graph, bands, TRUE),
                               omni_graph_picture_max (graph, pan));
    bands = omni_graph_binary (graph, OMNI_BINARY_DIV, bands, white);
    pan = omni_graph_binary (graph, OMNI_BINARY_DIV, pan, white);
  }
  for (guint b = 0; b < n_bands; b++)
  {
    OmniNode plane;

    if (!add_network ((const OmniNode[]){ omni_graph_channels (graph, bands, &b, 1), pan }, &plane, &builder,
                      error))
      return NULL;
    plane = place_band (
      graph,
      omni_model_add_scale (graph, plane, omni_model_get_scale (model, context->options, OMNI_SCALE_STRETCH)),
      b, n_bands);
    sharp = b == 0 ? plane : omni_graph_binary (graph, OMNI_BINARY_ADD, sharp, plane);
  }
  omni_graph_set_output (graph, own ? omni_graph_binary (graph, OMNI_BINARY_MUL, sharp, white) : sharp);
  return g_steal_pointer (&graph);
}

const OmniModel omni_model_pan_pmgi = {
  .name = "pan-pmgi",
  .title = N_ ("PMGI for bands"),
  .summary = N_ ("Pan-sharpening, learned: every band is fused with the panchromatic picture"),
  .citation = "Zhang, Xu, Xiao, Guo, Ma: Rethinking the image fusion: a fast unified image fusion network "
              "based on proportional maintenance of gradient and intensity. AAAI 34(7), 12797–12804, 2020",
  .tasks = OMNI_TASK_BIT (OMNI_TASK_PANSHARPEN),
  .convolves_pixels = TRUE,
  .min_inputs = 2,
  .max_inputs = 2,
  .handles_bands = TRUE,
  .pansharpens = TRUE,
  .options = pan_options,
  .architecture = "pmgi",
  .task_weights = task_weights,
  .list_tensors = list_tensors,
  .build = build_pan,
};
