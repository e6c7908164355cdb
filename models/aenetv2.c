/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "models/aenetv2.h"

#include "models/pair.h"

#include <glib/gi18n.h>
#include <string.h>

/* AE-Netv2: two grey pictures, each three times, on six channels; C1, a module whose result is added to its input (the
 * "hop"), and C2 back to one channel. No code was published. The layers of `gcb`, `regular` and `plusplus` follow from the
 * parameter counts of Table VI, to the last one. `m`, `squeeze-gcb` and `separable` are reconstructions of our own: the
 * paper gives only the sizes of the first two (0.896 MB and 0.08 MB with the optimiser's state, 12 bytes a parameter) and
 * names the third.
 *
 * What makes it quick and changes nothing: the three copies of a picture share one channel, of the sum of their weights;
 * and with zero padding the grouped convolution, the shuffle, the hop and C2, which have no activation between them, are
 * one 5 × 5 convolution. Next to the edges it has other weights, for there C2 does not see what the grouped convolution
 * would give outside. */

#define CHANNELS OMNI_AENETV2_CHANNELS

const char *const omni_aenetv2_variant_names[OMNI_AENETV2_N_VARIANTS] = { "gcb",         "regular",
                                                                          "plusplus",    "separable",
                                                                          "squeeze-gcb", "m" };

static const char *const collapses[] = { "yes", "no", NULL };

static const OmniModelOption options[] = {
  OMNI_LIKE_OPTION (N_ ("authors: no script was published, so this changes nothing")),
  { .key = "collapse",
    .title = N_ ("Collapse"),
    .summary = N_ ("Layers without an activation between them as one, exact up to rounding"),
    .type = OMNI_OPTION_CHOICE,
    .default_value = "yes",
    .choices = collapses },
  { NULL }
};

/* All but two variants begin and end alike; what lies between is what the paper replaces. */
#define C1                                                                                                   \
  {                                                                                                          \
    "c1", 6, CHANNELS, 3, 1, FALSE, TRUE                                                                     \
  }
#define C2                                                                                                   \
  {                                                                                                          \
    "c2", CHANNELS, 1, 3, 1, FALSE, TRUE                                                                     \
  }

const OmniAenetv2Layer omni_aenetv2_layers[OMNI_AENETV2_N_VARIANTS][OMNI_AENETV2_MOST_LAYERS + 1] = {
  [OMNI_AENETV2_GCB] = { C1, { "gc", 64, 64, 3, 32, TRUE, FALSE }, C2 },
  [OMNI_AENETV2_REGULAR] = { C1, { "gc", 64, 64, 3, 1, FALSE, FALSE }, C2 },
  [OMNI_AENETV2_PLUSPLUS] = { { "c1", 6, 24, 3, 1, TRUE, TRUE }, { "c2", 24, 1, 3, 1, TRUE, TRUE } },
  [OMNI_AENETV2_SEPARABLE] = { C1,
                               { "depthwise", 64, 64, 3, 64, TRUE, FALSE },
                               { "pointwise", 64, 64, 1, 1, FALSE, FALSE },
                               C2 },
  [OMNI_AENETV2_SQUEEZE_GCB] = { C1,
                                 { "squeeze", 64, 16, 1, 1, FALSE, TRUE },
                                 { "gc", 16, 64, 3, 8, TRUE, FALSE },
                                 C2 },
  [OMNI_AENETV2_M] = { { "e1", 6, 32, 3, 1, FALSE, TRUE },
                       { "e2", 32, 64, 3, 1, FALSE, TRUE },
                       { "e3", 64, 32, 3, 1, FALSE, TRUE },
                       { "d2", 96, 32, 3, 1, FALSE, TRUE },
                       { "d1", 64, 16, 3, 1, FALSE, TRUE },
                       { "c2", 16, 1, 3, 1, FALSE, TRUE } },
};

#undef C1
#undef C2

static gboolean
get_variant (const OmniWeights *weights, OmniAenetv2Variant *variant, GError **error)
{
  const char *name = weights != NULL ? omni_weights_get_metadata (weights, "variant") : NULL;

  *variant = OMNI_AENETV2_GCB;
  if (name == NULL)
    return TRUE;
  for (guint i = 0; i < OMNI_AENETV2_N_VARIANTS; i++)
    if (g_str_equal (name, omni_aenetv2_variant_names[i]))
    {
      *variant = i;
      return TRUE;
    }
  g_set_error (
    error, OMNI_WEIGHTS_ERROR, OMNI_WEIGHTS_ERROR_ARCHITECTURE,
    _ ("“%s” is of the variant “%s”; gcb, regular, plusplus, separable, squeeze-gcb and m are possible"),
    omni_weights_get_path (weights), name);
  return FALSE;
}

static gboolean
list_tensors (const OmniWeights *weights, GArray *specs, GError **error)
{
  OmniAenetv2Variant variant;

  if (!get_variant (weights, &variant, error))
    return FALSE;
  for (const OmniAenetv2Layer *layer = omni_aenetv2_layers[variant]; layer->name != NULL; layer++)
  {
    omni_model_add_spec (specs, layer->name, "weight", layer->out, layer->in / layer->groups, layer->kernel,
                         layer->kernel);
    if (layer->has_bias)
      omni_model_add_spec (specs, layer->name, "bias", layer->out, 0, 0, 0);
    else
      omni_model_add_norm_specs (specs, layer->name, layer->out);
  }
  return TRUE;
}

typedef struct
{
  OmniGraph *graph;
  const OmniWeights *weights;
  OmniAenetv2Variant variant;
  OmniBoundary padding;
  gboolean collapse;
} Builder;

/* The parameters of a layer: weights, and a scale and a shift for each output. */
typedef struct
{
  const OmniAenetv2Layer *layer;
  float *weight, *scale, *shift;
} Filters;

static void
filters_clear (Filters *filters)
{
  g_free (filters->weight);
  g_free (filters->scale);
  g_free (filters->shift);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Filters, filters_clear)

static gboolean
load_filters (const Builder *builder, guint index, Filters *filters, GError **error)
{
  const OmniAenetv2Layer *layer = &omni_aenetv2_layers[builder->variant][index];

  filters->layer = layer;
  filters->weight = omni_model_dup_tensor (builder->weights, layer->name, "weight");
  if (!layer->has_bias)
    return omni_model_dup_norm (builder->weights, layer->name, &filters->scale, &filters->shift, error);
  filters->shift = omni_model_dup_tensor (builder->weights, layer->name, "bias");
  filters->scale = g_new (float, layer->out);
  for (guint o = 0; o < layer->out; o++)
    filters->scale[o] = 1;
  return TRUE;
}

/* Six inputs that are two pictures three times each become two. */
static void
sum_copies (const OmniAenetv2Layer *layer, float *weight)
{
  const guint taps = layer->kernel * layer->kernel;

  for (guint o = 0; o < layer->out; o++)
    for (guint i = 0; i < 2; i++)
      for (guint t = 0; t < taps; t++)
      {
        const float *copies = weight + (gsize)(o * 6 + 3 * i) * taps + t;

        weight[(gsize)(o * 2 + i) * taps + t] = (float)((double)copies[0] + (double)copies[taps]
                                                        + (double)copies[2 * taps]);
      }
}

static gboolean
add_layer (const Builder *builder, guint index, const OmniNode *inputs, guint n_inputs, OmniNode *y,
           GError **error)
{
  g_auto (Filters) filters = { 0 };
  const OmniAenetv2Layer *layer = &omni_aenetv2_layers[builder->variant][index];

  if (!load_filters (builder, index, &filters, error))
    return FALSE;
  if (layer->in == 6)
    sum_copies (layer, filters.weight);
  *y = omni_graph_conv (
    builder->graph,
    &(OmniConvParams){ .inputs = inputs,
                       .n_inputs = n_inputs,
                       .out_channels = layer->out,
                       .kernel = layer->kernel,
                       .groups = layer->groups,
                       .boundary = builder->padding,
                       .weight = filters.weight,
                       .pre_scale = filters.scale,
                       .pre_shift = filters.shift,
                       .activation = layer->has_relu ? OMNI_ACTIVATION_RELU : OMNI_ACTIVATION_NONE,
                       .label = layer->name });
  return TRUE;
}

/* The tap of C2 that lies at row `y` and column `x` of its 3 × 3: whether the picture is there, on such edges. */
static gboolean
sees_tap (guint edges, guint y, guint x)
{
  enum
  {
    LEFT = 1,
    RIGHT = 2,
    TOP = 4,
    BOTTOM = 8
  };

  return !((edges & LEFT) != 0 && x == 0) && !((edges & RIGHT) != 0 && x == 2)
         && !((edges & TOP) != 0 && y == 0) && !((edges & BOTTOM) != 0 && y == 2);
}

/* Adds tap (y, x) of C2 on channel `j` of the hop's sum, f + shuffle (GC (f)), to a 5 × 5 filter on f and its bias. */
static void
add_tap (const Filters *gc, guint j, guint y, guint x, double tap, double *filter, double *bias)
{
  const guint from = 2 * (j % (CHANNELS / 2)) + j / (CHANNELS / 2); /* what the shuffle brings to j */
  const guint group = from / 2;

  filter[j * 25 + (y + 1) * 5 + x + 1] += tap;
  *bias += tap * (double)gc->shift[from];
  for (guint i = 0; i < 2; i++)
    for (guint v = 0; v < 9; v++)
      filter[(2 * group + i) * 25 + (y + v / 3) * 5 + x + v % 3] +=
        tap * (double)gc->weight[(from * 2 + i) * 9 + v];
}

static void
collapse_for_edges (const Filters *gc, const Filters *c2, guint edges, float *filter, float *bias)
{
  g_autofree double *sum = g_new0 (double, CHANNELS * 25);
  double offset = 0;

  for (guint j = 0; j < CHANNELS; j++)
    for (guint u = 0; u < 9; u++)
      if (sees_tap (edges, u / 3, u % 3))
        add_tap (gc, j, u / 3, u % 3, (double)c2->weight[j * 9 + u], sum, &offset);
  for (guint i = 0; i < CHANNELS * 25; i++)
    filter[i] = (float)(sum[i] * (double)c2->scale[0]);
  *bias = (float)(offset * (double)c2->scale[0] + (double)c2->shift[0]);
}

static gboolean
add_collapsed (const Builder *builder, OmniNode f, OmniNode *fused, GError **error)
{
  g_auto (Filters) gc = { 0 }, c2 = { 0 };
  g_autofree float *weight = g_new (float, OMNI_EDGE_FILTERS *CHANNELS * 25);
  float bias[OMNI_EDGE_FILTERS];

  if (!load_filters (builder, 1, &gc, error) || !load_filters (builder, 2, &c2, error))
    return FALSE;
  for (guint edges = 0; edges < OMNI_EDGE_FILTERS; edges++)
    collapse_for_edges (&gc, &c2, edges, weight + edges * CHANNELS * 25, &bias[edges]);
  *fused = omni_graph_conv (builder->graph, &(OmniConvParams){ .inputs = &f,
                                                               .n_inputs = 1,
                                                               .out_channels = 1,
                                                               .kernel = 5,
                                                               .boundary = OMNI_BOUNDARY_ZERO,
                                                               .weight = weight,
                                                               .bias = bias,
                                                               .per_edge = TRUE,
                                                               .activation = OMNI_ACTIVATION_RELU,
                                                               .label = "gc + hop + c2" });
  return TRUE;
}

/* f + shuffle (module (f)), Eq. 1. */
static gboolean
add_hop (const Builder *builder, OmniNode *f, guint *index, GError **error)
{
  const OmniAenetv2Layer *own = omni_aenetv2_layers[builder->variant];
  OmniNode x = *f;

  for (; own[*index + 1].name != NULL; (*index)++)
    if (!add_layer (builder, *index, &x, 1, &x, error))
      return FALSE;
  if (builder->variant == OMNI_AENETV2_GCB || builder->variant == OMNI_AENETV2_SQUEEZE_GCB)
    x = omni_graph_channel_shuffle (builder->graph, x, 2);
  *f = omni_graph_binary (builder->graph, OMNI_BINARY_ADD, *f, x);
  return TRUE;
}

/* The U-Net: two halvings, and back by nearest neighbours. */
static gboolean
add_m (const Builder *builder, const OmniNode pair[2], OmniNode *fused, GError **error)
{
  OmniGraph *graph = builder->graph;
  OmniNode e1, e2, x;

  if (!add_layer (builder, 0, pair, 2, &e1, error))
    return FALSE;
  x = omni_graph_pool_max (graph, e1);
  if (!add_layer (builder, 1, &x, 1, &e2, error))
    return FALSE;
  x = omni_graph_pool_max (graph, e2);
  if (!add_layer (builder, 2, &x, 1, &x, error))
    return FALSE;
  x = omni_graph_upsample_nearest (graph, x);
  if (!add_layer (builder, 3, (const OmniNode[]){ x, e2 }, 2, &x, error))
    return FALSE;
  x = omni_graph_upsample_nearest (graph, x);
  return add_layer (builder, 4, (const OmniNode[]){ x, e1 }, 2, &x, error)
         && add_layer (builder, 5, &x, 1, fused, error);
}

static gboolean
add_network (const OmniNode pair[2], OmniNode *fused, gpointer user_data, GError **error)
{
  const Builder *builder = user_data;
  guint index = 1;
  OmniNode f;

  if (builder->variant == OMNI_AENETV2_M)
    return add_m (builder, pair, fused, error);
  if (!add_layer (builder, 0, pair, 2, &f, error))
    return FALSE;
  if (builder->collapse)
    return add_collapsed (builder, f, fused, error);
  if (builder->variant != OMNI_AENETV2_PLUSPLUS && !add_hop (builder, &f, &index, error))
    return FALSE;
  return add_layer (builder, index, &f, 1, fused, error);
}

static OmniGraph *
build (const OmniModelContext *context, GError **error)
{
  static const OmniPairOrder order = {
    .first_roles = OMNI_ROLE_MARK (OMNI_ROLE_VISIBLE) | OMNI_ROLE_MARK (OMNI_ROLE_PET)
                   | OMNI_ROLE_MARK (OMNI_ROLE_SPECT),
    .coloured_first = TRUE,
  };
  const char *collapse = omni_model_get_string (&omni_model_aenetv2, context->options, "collapse");
  g_autoptr (OmniGraph) graph = omni_graph_new ("aenetv2");
  Builder builder = { .graph = graph, .weights = context->weights };
  OmniNode x;

  if (!get_variant (context->weights, &builder.variant, error)
      || !omni_model_get_padding (context->weights, OMNI_BOUNDARY_ZERO, &builder.padding, error))
    return NULL;
  builder.collapse = builder.variant == OMNI_AENETV2_GCB && builder.padding == OMNI_BOUNDARY_ZERO
                     && strcmp (collapse, "yes") == 0;
  if (!omni_model_add_pairs (graph, context, omni_graph_picture (graph, OMNI_PLANES_LUMA, 0), &order,
                             add_network, &builder, &x, error))
    return NULL;
  omni_graph_set_output (graph, context->colour ? omni_model_add_chroma (graph, x) : x);
  return g_steal_pointer (&graph);
}

const OmniModel omni_model_aenetv2 = {
  .name = "aenetv2",
  .title = "AE-Netv2",
  .summary = N_ ("Tiny learned fusion of pairs, for every task; more than two one after another"),
  .citation = "Fang, Zhao, Yang, Qin, Zhang: A light-weight, efficient, and general cross-modal image fusion "
              "network. Neurocomputing 463, 198–211, 2021 (arXiv 2010.01863)",
  .tasks = OMNI_ALL_TASKS,
  .convolves_pixels = TRUE,
  .min_inputs = 2,
  .options = options,
  .architecture = "aenetv2",
  .weights_file = "aenetv2.safetensors",
  .variants = omni_aenetv2_variant_names,
  .n_variants = OMNI_AENETV2_N_VARIANTS,
  .list_tensors = list_tensors,
  .build = build,
};
