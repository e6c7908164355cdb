/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "models/model-private.h"

/* Guided-filter fusion: each source is split into a smooth base and what is left, and both are averaged over the set with
 * weights of their own. Where a source is the most salient its weight starts at 1, elsewhere at 0; a guided filter with the
 * source itself as guide makes these maps follow its edges: widely and softly for the base, closely for the detail.
 *
 * As in the paper but for four things that it leaves open. Windows end at the border of the picture (He, Sun, Tang 2010
 * count them so). Sources that are equally salient all win. Weights are kept within 2^-14 … 1 before they are normalised,
 * for the filter may overshoot and their sum must not be 0. Colour follows the weights of luminance. */

static const OmniModelOption options[] = {
  { .key = "average",
    .title = N_ ("Average"),
    .summary = N_ ("The base is the mean over (2·average + 1)² pixels"),
    .type = OMNI_OPTION_NUMBER,
    .default_value = "15",
    .minimum = 1,
    .maximum = 512,
    .whole = TRUE },
  { .key = "r1",
    .title = N_ ("Radius of the base"),
    .summary = N_ ("Radius of the guided filter for the weights of the base"),
    .type = OMNI_OPTION_NUMBER,
    .default_value = "45",
    .minimum = 1,
    .maximum = 512,
    .whole = TRUE },
  { .key = "eps1",
    .title = N_ ("Edges of the base"),
    .summary = N_ ("Variance that its edges must exceed"),
    .type = OMNI_OPTION_NUMBER,
    .default_value = "0.3",
    .minimum = 1e-7,
    .maximum = 10 },
  { .key = "r2",
    .title = N_ ("Radius of the detail"),
    .summary = N_ ("Radius of the guided filter for the weights of the detail"),
    .type = OMNI_OPTION_NUMBER,
    .default_value = "7",
    .minimum = 1,
    .maximum = 512,
    .whole = TRUE },
  { .key = "eps2",
    .title = N_ ("Edges of the detail"),
    .summary = N_ ("Variance that its edges must exceed"),
    .type = OMNI_OPTION_NUMBER,
    .default_value = "1e-6",
    .minimum = 1e-7,
    .maximum = 10 },
  { NULL }
};

#define SALIENCY_RADIUS 5
#define SALIENCY_SIGMA  5.f
#define LEAST_WEIGHT    0x1p-14f

static double
get_number (const OmniModelContext *context, const char *key)
{
  return omni_model_get_number (&omni_model_gff, context->options, key);
}

static OmniNode
scaled (OmniGraph *graph, OmniNode x, float scale, float shift)
{
  return omni_graph_unary (graph, x, scale, shift, OMNI_ACTIVATION_NONE, 0);
}

/* The smoothed magnitude of the Laplacian, §III-B. */
static OmniNode
add_saliency (OmniGraph *graph, OmniNode luma)
{
  static const float second_difference[] = { 1, -2, 1 };
  const OmniBoundary edge = OMNI_BOUNDARY_REPLICATE;
  const OmniNode across = omni_graph_filter (graph, luma, second_difference, 1, 1, FALSE, edge);
  const OmniNode down = omni_graph_filter (graph, luma, second_difference, 1, 1, TRUE, edge);
  const OmniNode laplacian = omni_graph_binary (graph, OMNI_BINARY_ADD, across, down);

  return omni_graph_gaussian (graph, omni_graph_unary (graph, laplacian, 1, 0, OMNI_ACTIVATION_ABS, 0),
                              SALIENCY_SIGMA, SALIENCY_RADIUS, edge);
}

/* `map` as a local linear function of `guide`: He, Sun, Tang: Guided image filtering. ECCV 2010, eqs. 5, 6, 8. */
static OmniNode
add_guided_filter (OmniGraph *graph, OmniNode guide, OmniNode map, guint radius, float epsilon)
{
  const OmniNode square = omni_graph_binary (graph, OMNI_BINARY_MUL, guide, guide);
  const OmniNode product = omni_graph_binary (graph, OMNI_BINARY_MUL, guide, map);
  const OmniNode mean_guide = omni_graph_window_mean (graph, guide, radius);
  const OmniNode mean_map = omni_graph_window_mean (graph, map, radius);
  const OmniNode variance = omni_graph_binary (
    graph, OMNI_BINARY_SUB, omni_graph_window_mean (graph, square, radius),
    omni_graph_binary (graph, OMNI_BINARY_MUL, mean_guide, mean_guide));
  const OmniNode covariance = omni_graph_binary (
    graph, OMNI_BINARY_SUB, omni_graph_window_mean (graph, product, radius),
    omni_graph_binary (graph, OMNI_BINARY_MUL, mean_guide, mean_map));
  const OmniNode positive = omni_graph_unary (graph, variance, 1, 0, OMNI_ACTIVATION_RELU, 0);
  const OmniNode a = omni_graph_binary (graph, OMNI_BINARY_DIV, covariance,
                                        scaled (graph, positive, 1, epsilon));
  const OmniNode b = omni_graph_binary (graph, OMNI_BINARY_SUB, mean_map,
                                        omni_graph_binary (graph, OMNI_BINARY_MUL, a, mean_guide));

  return omni_graph_binary (
    graph, OMNI_BINARY_ADD,
    omni_graph_binary (graph, OMNI_BINARY_MUL, omni_graph_window_mean (graph, a, radius), guide),
    omni_graph_window_mean (graph, b, radius));
}

static OmniNode
add_weight (OmniGraph *graph, OmniNode guide, OmniNode map, guint radius, float epsilon)
{
  static const float least = LEAST_WEIGHT, most = 1;
  const OmniNode weight = add_guided_filter (graph, guide, map, radius, epsilon);
  const OmniNode below = omni_graph_binary (graph, OMNI_BINARY_MIN, weight,
                                            omni_graph_constant (graph, 1, 0, &most));

  return omni_graph_binary (graph, OMNI_BINARY_MAX, below, omni_graph_constant (graph, 1, 0, &least));
}

/* Σ weight · layer / Σ weight; |layer| is below layer_range times the range of the samples. */
static OmniNode
add_average (OmniGraph *graph, const OmniModelContext *context, OmniNode weight, OmniNode layer,
             float layer_range)
{
  const OmniNode weighted = omni_graph_binary (graph, OMNI_BINARY_MUL, layer, weight);

  return omni_graph_binary (graph, OMNI_BINARY_DIV, omni_graph_set_sum_fixed (graph, weighted, layer_range),
                            omni_graph_set_sum_fixed (graph, weight, 1 / context->range));
}

static OmniGraph *
build (const OmniModelContext *full, GError **error)
{
  const OmniModelContext part = omni_model_part_to_fuse (full), *context = &part;
  g_autoptr (OmniGraph) graph = omni_graph_new ("gff");
  const OmniNode picture = omni_model_picture (graph, context);
  const OmniNode luma = context->colour ? omni_graph_picture (graph, OMNI_PLANES_LUMA, 0) : picture;
  const OmniNode saliency = add_saliency (graph, luma);
  const OmniNode map = omni_graph_binary (graph, OMNI_BINARY_EQUAL, saliency,
                                          omni_graph_set_max (graph, saliency));
  /* A guided filter does not mind a shift of its guide, but its variances keep a digit more. */
  const OmniNode guide = scaled (graph, luma, 1, -.5f);
  const OmniNode base = omni_graph_window_mean (graph, picture, (guint)get_number (context, "average"));
  const OmniNode detail = omni_graph_binary (graph, OMNI_BINARY_SUB, picture, base);
  const OmniNode base_weight = add_weight (graph, guide, map, (guint)get_number (context, "r1"),
                                           (float)get_number (context, "eps1"));
  const OmniNode detail_weight = add_weight (graph, guide, map, (guint)get_number (context, "r2"),
                                             (float)get_number (context, "eps2"));

  if (context->maps)
  {
    omni_graph_add_map (graph, detail_weight, "detail");
    omni_graph_add_map (graph, base_weight, "base");
  }

  omni_model_set_output (graph, full,
                         omni_graph_binary (graph, OMNI_BINARY_ADD,
                                            add_average (graph, context, base_weight, base, 1),
                                            add_average (graph, context, detail_weight, detail, 2)));
  return g_steal_pointer (&graph);
}

const OmniModel omni_model_gff = {
  .name = "gff",
  .title = N_ ("Guided filter"),
  .summary = N_ ("Even pictures from any set: saliency decides, edges of the sources bound the decision"),
  .citation = "Li, Kang, Hu: Image fusion with guided filtering. IEEE TIP 22(7), 2013",
  .tasks = OMNI_ALL_TASKS,
  .min_inputs = 1,
  .options = options,
  .build = build,
};
