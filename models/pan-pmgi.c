/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "models/pmgi.h"

#include <glib/gi18n.h>

/* PMGI for pan-sharpening: every band is fused with the panchromatic picture, all by one network or, as the authors have it,
 * each by its own.
 *
 * Like the authors means all that their repository does, with 8-bit pictures, in 256 levels. The network's result is stretched
 * from its minimum to its maximum and rounded half up (scipy's imsave). Then comes MATLAB with its saturating bytes: the result
 * less its own blur is the detail, of which nothing is left where it is negative; the blurred picture takes on the histogram
 * that the band had in its own size, before it was enlarged; and the detail is added again. A stretched band alone does not
 * say how bright the ground is. Their script reads nothing but 8-bit pictures; for others `level` says what the levels are
 * of, and the result is brought back to the samples of the sources. */

static const char *const levels[] = { "auto", "own", "display", NULL };

static const OmniModelOption options[] = {
  OMNI_LIKE_OPTION (
    N_ ("authors: in 256 levels; each band from its minimum to its maximum, then brought to the histogram "
        "it had before it was enlarged")),
  OMNI_PMGI_NORM_OPTION,
  { .key = "level",
    .title = N_ ("Level"),
    .summary = N_ ("White for the network: the largest sample of both pictures, or that of the file format; "
                   "auto: own, since 16-bit pictures seldom use all their range, but display for 8-bit "
                   "pictures with like=authors"),
    .type = OMNI_OPTION_CHOICE,
    .default_value = "auto",
    .choices = levels },
  OMNI_SCALE_OPTION (
    N_ ("Of every band: as the network gives it, divided by its maximum, or from its minimum "
        "to its maximum; auto: plain, for spectra stay true")),
  { NULL }
};

typedef struct
{
  OmniGraph *graph;
  const OmniModelContext *context;
  guint n_bands;
  OmniNode bands, pan; /* 0 … 1 */
  OmniNode white;      /* what 1 was; NONE: it was 1 */
  OmniScale scale;
} Scene;

static OmniNode
affine (const Scene *scene, OmniNode x, float scale, float shift, OmniActivation activation)
{
  return omni_graph_unary (scene->graph, x, scale, shift, activation, 0);
}

static OmniNode
binary (const Scene *scene, OmniBinary op, OmniNode a, OmniNode b)
{
  return omni_graph_binary (scene->graph, op, a, b);
}

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

/* ---- As the authors do it: whole numbers, exact as floats ---- */

static OmniNode
cut_at_white (const Scene *scene, OmniNode x)
{
  static const float most[] = { OMNI_LEVELS - 1 };

  return binary (scene, OMNI_BINARY_MIN, x, omni_graph_constant (scene->graph, 1, 0, most));
}

/* 0 … 1 to levels 0 … 255, rounded half up. */
static OmniNode
add_levels (const Scene *scene, OmniNode x)
{
  x = affine (scene, x, OMNI_LEVELS - 1, .5f, OMNI_ACTIVATION_FLOOR);
  return cut_at_white (scene, affine (scene, x, 1, 0, OMNI_ACTIVATION_RELU));
}

static OmniNode
add_samples (const Scene *scene, OmniNode x)
{
  return affine (scene, x, 1.f / (OMNI_LEVELS - 1), 0, OMNI_ACTIVATION_NONE);
}

/* fspecial ('gaussian', [3 3]), imfilter, imhist and histeq. */
static OmniNode
add_histogram_of_band (const Scene *scene, OmniNode x, guint b)
{
  static const guint64 flat[OMNI_LEVELS] = { [0 ... OMNI_LEVELS - 1] = 1 };
  const OmniBandLevels *known = scene->context->levels;
  const OmniNode fused = add_levels (scene, x);
  const OmniNode blurred = omni_graph_gaussian (scene->graph, fused, .5f, 1, OMNI_BOUNDARY_REPLICATE);
  const OmniNode base = affine (scene, blurred, 1, .5f, OMNI_ACTIVATION_FLOOR);
  const OmniNode detail = affine (scene, binary (scene, OMNI_BINARY_SUB, fused, base), 1, 0,
                                  OMNI_ACTIVATION_RELU);
  OmniNode matched = omni_graph_match_levels (scene->graph, add_samples (scene, base),
                                              known != NULL ? known->counts[b] : flat);

  matched = add_levels (scene, matched);
  return add_samples (scene, cut_at_white (scene, binary (scene, OMNI_BINARY_ADD, matched, detail)));
}

/* ---- The graph ---- */

static OmniLevelsOf
get_levels_of (const OmniModelOptions *set)
{
  const OmniModel *model = &omni_model_pan_pmgi;
  const char *level = omni_model_get_string (model, set, "level");

  if (!omni_model_is_like_authors (model, set))
    return OMNI_LEVELS_OF_NONE;
  return g_str_equal (level, "own")       ? OMNI_LEVELS_OF_OWN
         : g_str_equal (level, "display") ? OMNI_LEVELS_OF_DISPLAY
                                          : OMNI_LEVELS_OF_FORMAT;
}

static OmniNode
add_white (const Scene *scene)
{
  const OmniModel *model = &omni_model_pan_pmgi;
  const OmniModelContext *context = scene->context;

  if (!omni_model_is_like_authors (model, context->options))
    return g_str_equal (omni_model_get_string (model, context->options, "level"), "display")
             ? OMNI_NODE_NONE
             : binary (scene, OMNI_BINARY_MAX, omni_model_add_extreme (scene->graph, scene->bands, TRUE),
                       omni_graph_picture_max (scene->graph, scene->pan));
  return context->levels != NULL && context->levels->white != 1
           ? omni_graph_constant (scene->graph, 1, 0, &context->levels->white)
           : OMNI_NODE_NONE;
}

static Scene
add_scene (OmniGraph *graph, const OmniModelContext *context)
{
  Scene scene = {
    .graph = graph,
    .context = context,
    .n_bands = context->bands > 0 ? context->bands
               : context->colour  ? 3
                                  : 1,
    .scale = omni_model_get_scale (&omni_model_pan_pmgi, context->options, OMNI_SCALE_STRETCH),
  };

  scene.bands = omni_graph_set_select (graph,
                                       omni_graph_mark (graph, OMNI_ROLE_MARK (OMNI_ROLE_MULTISPECTRAL)),
                                       omni_graph_picture (graph, OMNI_PLANES_BANDS, scene.n_bands));
  scene.pan = omni_graph_set_select (graph, omni_graph_mark (graph, OMNI_ROLE_MARK (OMNI_ROLE_PANCHROMATIC)),
                                     omni_graph_picture (graph, OMNI_PLANES_LUMA, 0));
  scene.white = add_white (&scene);
  if (scene.white == OMNI_NODE_NONE)
    return scene;
  scene.bands = binary (&scene, OMNI_BINARY_DIV, scene.bands, scene.white);
  scene.pan = binary (&scene, OMNI_BINARY_DIV, scene.pan, scene.white);
  return scene;
}

static gboolean
add_band (const Scene *scene, OmniPmgi *network, guint b, OmniNode *sharp, GError **error)
{
  const gboolean like_authors = omni_model_is_like_authors (&omni_model_pan_pmgi, scene->context->options);
  OmniNode pair[] = { omni_graph_channels (scene->graph, scene->bands, &b, 1), scene->pan };

  for (guint i = 0; like_authors && i < 2; i++)
    pair[i] = add_samples (scene, add_levels (scene, pair[i]));
  if (!omni_pmgi_add_network (pair, sharp, network, error))
    return FALSE;
  *sharp = omni_model_add_scale (scene->graph, *sharp, scene->scale);
  if (like_authors)
    *sharp = add_histogram_of_band (scene, *sharp, b);
  return TRUE;
}

/* A satellite's networks say nothing of another one's bands. A single band is no pan-sharpening: then somebody only looks. */
static gboolean
check_bands (const Scene *scene, guint n_networks, GError **error)
{
  if (n_networks == 0 || n_networks == scene->n_bands || scene->n_bands == 1)
    return TRUE;
  g_set_error (error, OMNI_WEIGHTS_ERROR, OMNI_WEIGHTS_ERROR_ARCHITECTURE,
               _ ("“%s” holds networks for %u bands, but the picture has %u; take weights for as many, or "
                  "with one network for all (--weights)"),
               omni_weights_get_path (scene->context->weights), n_networks, scene->n_bands);
  return FALSE;
}

static OmniGraph *
build (const OmniModelContext *context, GError **error)
{
  g_autoptr (OmniGraph) graph = omni_graph_new ("pan-pmgi");
  const Scene scene = add_scene (graph, context);
  const guint n_networks = omni_pmgi_count_bands (context->weights);
  OmniPmgi network;
  OmniNode sharp = OMNI_NODE_NONE;

  if (!check_bands (&scene, n_networks, error)
      || !omni_pmgi_init (&network, graph, &omni_model_pan_pmgi, context, error))
    return NULL;
  for (guint b = 0; b < scene.n_bands; b++)
  {
    OmniNode plane;

    network.band = n_networks > 0 ? b + 1 : 0;
    if (!add_band (&scene, &network, b, &plane, error))
      return NULL;
    plane = place_band (graph, plane, b, scene.n_bands);
    sharp = b == 0 ? plane : binary (&scene, OMNI_BINARY_ADD, sharp, plane);
  }
  omni_graph_set_output (
    graph, scene.white != OMNI_NODE_NONE ? binary (&scene, OMNI_BINARY_MUL, sharp, scene.white) : sharp);
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
  .options = options,
  .architecture = "pmgi",
  .task_weights = omni_pmgi_task_weights,
  .list_tensors = omni_pmgi_list_tensors,
  .get_levels_of = get_levels_of,
  .build = build,
};
