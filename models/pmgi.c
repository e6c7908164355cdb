/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "models/pmgi.h"

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

const char *const omni_pmgi_norms[] = { "auto", "instance", "running", "none", NULL };

static const OmniModelOption options[] = {
  OMNI_LIKE_OPTION (N_ ("authors: instance statistics, the result from its minimum to its maximum, grey")),
  OMNI_PMGI_NORM_OPTION,
  OMNI_SCALE_OPTION (N_ ("Of the result: as the network gives it, divided by its maximum (authors), or from "
                         "its minimum to its maximum; auto: plain, for brightness stays true")),
  { NULL }
};

typedef struct
{
  char text[32];
} Name;

static Name
name_layer (guint band, const char *layer)
{
  Name name;

  if (band > 0)
    g_snprintf (name.text, sizeof name.text, "band%u.%s", band, layer);
  else
    g_strlcpy (name.text, layer, sizeof name.text);
  return name;
}

guint
omni_pmgi_count_bands (const OmniWeights *weights)
{
  const GArray *specs = weights != NULL ? omni_weights_get_specs (weights) : NULL;
  guint n = 0;

  for (guint i = 0; specs != NULL && i < specs->len; i++)
    for (guint band = n + 1; band <= OMNI_MAX_BANDS; band++)
      if (g_str_has_prefix (g_array_index (specs, OmniTensorSpec, i).name, name_layer (band, "").text))
        n = band;
  return n;
}

static void
add_norms (GArray *specs, guint band)
{
  for (guint path = 0; path < 2; path++)
    for (guint i = 0; i < N_LAYERS; i++)
      omni_model_add_norm_specs (specs, name_layer (band, layers[path][i].name).text, CHANNELS);
}

/* Any of its tensors will do, so that a file that lacks one is not taken for a network without. */
static gboolean
has_norm (const OmniWeights *weights)
{
  const guint n_bands = omni_pmgi_count_bands (weights);
  g_autoptr (GArray) specs = g_array_new (FALSE, FALSE, sizeof (OmniTensorSpec));

  for (guint band = MIN (n_bands, 1); band <= n_bands; band++)
    add_norms (specs, band);
  for (guint i = 0; weights != NULL && i < specs->len; i++)
    if (omni_weights_has (weights, g_array_index (specs, OmniTensorSpec, i).name))
      return TRUE;
  return weights == NULL;
}

static void
add_specs (GArray *specs, guint band, gboolean with_norm)
{
  for (guint path = 0; path < 2; path++)
    for (guint i = 0; i < N_LAYERS; i++)
    {
      const Layer *layer = &layers[path][i];
      const Name name = name_layer (band, layer->name);

      omni_model_add_spec (specs, name.text, "weight", CHANNELS, layer->in, layer->kernel, layer->kernel);
      omni_model_add_spec (specs, name.text, "bias", CHANNELS, 0, 0, 0);
      if (with_norm)
        omni_model_add_norm_specs (specs, name.text, CHANNELS);
    }
  omni_model_add_spec (specs, name_layer (band, "out").text, "weight", 1, 8 * CHANNELS, 1, 1);
  omni_model_add_spec (specs, name_layer (band, "out").text, "bias", 1, 0, 0, 0);
}

gboolean
omni_pmgi_list_tensors (const OmniWeights *weights, GArray *specs, GError **error)
{
  const guint n_bands = omni_pmgi_count_bands (weights);

  for (guint band = MIN (n_bands, 1); band <= n_bands; band++)
    add_specs (specs, band, has_norm (weights));
  return TRUE;
}

static gboolean
list_tensors (const OmniWeights *weights, GArray *specs, GError **error)
{
  const guint n_bands = omni_pmgi_count_bands (weights);

  if (n_bands == 0)
    return omni_pmgi_list_tensors (weights, specs, error);
  g_set_error (error, OMNI_WEIGHTS_ERROR, OMNI_WEIGHTS_ERROR_ARCHITECTURE,
               _ ("“%s” holds a network for each of %u bands, which pan-pmgi alone can use"),
               omni_weights_get_path (weights), n_bands);
  return FALSE;
}

static gboolean
choose_norm (const OmniModel *model, const OmniModelContext *context, OmniPmgiNorm *norm, GError **error)
{
  const char *name = omni_model_get_string (model, context->options, "norm");
  const char *stored = omni_weights_get_metadata (context->weights, "norm");

  if (g_str_equal (name, "auto"))
    name = !has_norm (context->weights)                           ? "none"
           : omni_model_is_like_authors (model, context->options) ? "instance"
           : stored != NULL                                       ? stored
                                                                  : "instance";
  *norm = g_str_equal (name, "instance")  ? OMNI_PMGI_INSTANCE
          : g_str_equal (name, "running") ? OMNI_PMGI_RUNNING
                                          : OMNI_PMGI_PLAIN;
  if (*norm == OMNI_PMGI_PLAIN && !g_str_equal (name, "none"))
    g_set_error (error, OMNI_WEIGHTS_ERROR, OMNI_WEIGHTS_ERROR_ARCHITECTURE,
                 _ ("“%s” asks for the normalisation “%s”; instance, running and none are possible"),
                 omni_weights_get_path (context->weights), name);
  else if (!has_norm (context->weights) && stored != NULL && !g_str_equal (stored, "none"))
    g_set_error (error, OMNI_WEIGHTS_ERROR, OMNI_WEIGHTS_ERROR_ARCHITECTURE,
                 _ ("“%s” asks for the normalisation “%s”, but holds no tensors of one (p1.bn.weight); only "
                    "none is possible"),
                 omni_weights_get_path (context->weights), stored);
  else if (*norm == OMNI_PMGI_RUNNING && !has_norm (context->weights))
    g_set_error (error, OMNI_WEIGHTS_ERROR, OMNI_WEIGHTS_ERROR_ARCHITECTURE,
                 _ ("“%s” holds no statistics of the training; leave the normalisation to it (norm=auto)"),
                 omni_weights_get_path (context->weights));
  else
    return TRUE;
  return FALSE;
}

/* conv → normalisation → leaky ReLU. */
static gboolean
add_layer (const OmniPmgi *builder, const Layer *layer, const OmniNode *inputs, guint n_inputs, OmniNode *y,
           GError **error)
{
  const gboolean instance = builder->norm == OMNI_PMGI_INSTANCE;
  const Name name = name_layer (builder->band, layer->name);
  g_autofree float *weight = omni_model_dup_tensor (builder->weights, name.text, "weight");
  g_autofree float *bias = omni_model_dup_tensor (builder->weights, name.text, "bias");
  g_autofree float *scale = NULL, *shift = NULL;

  if (builder->norm == OMNI_PMGI_RUNNING
      && !omni_model_dup_norm (builder->weights, name.text, &scale, &shift, error))
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
add_last_layer (const OmniPmgi *builder, const OmniNode inputs[8])
{
  static const float half[] = { .5f };
  const Name name = name_layer (builder->band, "out");
  g_autofree float *weight = omni_model_dup_tensor (builder->weights, name.text, "weight");
  g_autofree float *bias = omni_model_dup_tensor (builder->weights, name.text, "bias");

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

gboolean
omni_pmgi_add_network (const OmniNode pair[2], OmniNode *fused, gpointer user_data, GError **error)
{
  const OmniPmgi *builder = user_data;
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

gboolean
omni_pmgi_init (OmniPmgi *builder, OmniGraph *graph, const OmniModel *model, const OmniModelContext *context,
                GError **error)
{
  *builder = (OmniPmgi){ .graph = graph, .weights = context->weights };
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
  OmniPmgi builder;
  OmniNode x;

  if (!omni_pmgi_init (&builder, graph, model, context, error)
      || !omni_model_add_pairs (graph, context, omni_graph_picture (graph, OMNI_PLANES_LUMA, 0), &order,
                                omni_pmgi_add_network, &builder, &x, error))
    return NULL;
  if (context->colour && !omni_model_is_like_authors (model, context->options))
    x = omni_model_add_chroma (graph, x);
  x = omni_model_add_scale (graph, x, omni_model_get_scale (model, context->options, OMNI_SCALE_STRETCH));
  omni_graph_set_output (graph, x);
  return g_steal_pointer (&graph);
}

const char *const omni_pmgi_task_weights[OMNI_N_TASKS] = {
  [OMNI_TASK_AUTO] = "pmgi-exposure.safetensors",   [OMNI_TASK_EXPOSURE] = "pmgi-exposure.safetensors",
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
  .task_weights = omni_pmgi_task_weights,
  .list_tensors = list_tensors,
  .build = build,
};
