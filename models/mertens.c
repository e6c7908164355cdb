/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "models/model-private.h"

/* Exposure fusion: each source is weighted per pixel by contrast, saturation and well-exposedness; the weights, made to
 * sum to one, blend the sources band by band in a Laplacian pyramid. */

static const OmniModelOption options[] = {
  { .key = "contrast",
    .title = N_ ("Contrast"),
    .summary = N_ ("Exponent of the contrast measure"),
    .type = OMNI_OPTION_NUMBER,
    .default_value = "1",
    .minimum = 0,
    .maximum = 10 },
  { .key = "saturation",
    .title = N_ ("Saturation"),
    .summary = N_ ("Exponent of the saturation measure; grey pictures have none"),
    .type = OMNI_OPTION_NUMBER,
    .default_value = "1",
    .minimum = 0,
    .maximum = 10 },
  { .key = "exposedness",
    .title = N_ ("Exposedness"),
    .summary = N_ ("Exponent of the well-exposedness measure"),
    .type = OMNI_OPTION_NUMBER,
    .default_value = "1",
    .minimum = 0,
    .maximum = 10 },
  { .key = "sigma",
    .title = N_ ("Sigma"),
    .summary = N_ ("Width of the well-exposed range around middle grey"),
    .type = OMNI_OPTION_NUMBER,
    .default_value = "0.2",
    .minimum = 0.01,
    .maximum = 10 },
  { NULL }
};

static float
get_number (const OmniModelContext *context, const char *key)
{
  return (float)omni_model_get_number (&omni_model_mertens, context->options, key);
}

/* What people and masks say multiplies the weights before they are made to sum to one. Weights of one pixel span many orders of
 * magnitude: that is done with their logarithms. */
static OmniNode
add_said_share (OmniGraph *graph, const OmniModelContext *context, OmniNode weight)
{
  const OmniNode score = omni_graph_unary (graph, weight, 1, 0, OMNI_ACTIVATION_LOG, 0);
  const OmniNode said = omni_model_add_say (graph, context, score, omni_model_add_mask (graph, context), 0);
  const OmniNode numerator = omni_model_add_numerators (graph, said);

  return omni_graph_binary (graph, OMNI_BINARY_DIV, numerator,
                            omni_graph_set_sum_fixed (graph, numerator, 1));
}

static OmniNode
add_weight (OmniGraph *graph, const OmniModelContext *context)
{
  const OmniNode colour = omni_graph_picture (graph, OMNI_PLANES_COLOUR, 0);
  /* Saturation is 0 in a grey picture and would wipe out the other two measures. */
  const float saturation = context->colour ? get_number (context, "saturation") : 0;
  const float contrast = get_number (context, "contrast"), sigma = get_number (context, "sigma");
  const float exposedness = get_number (context, "exposedness");

  if (context->influence || context->masked)
    return add_said_share (
      graph, context, omni_graph_exposure_weight (graph, colour, contrast, saturation, exposedness, sigma));
  return omni_graph_exposure_share (graph, colour, contrast, saturation, exposedness, sigma);
}

static guint
floor_log2 (guint value)
{
  return g_bit_storage (value) - 1;
}

static OmniGraph *
build (const OmniModelContext *context, GError **error)
{
  g_autoptr (OmniGraph) graph = omni_graph_new ("mertens");
  const guint depth = floor_log2 (MAX (MIN (context->width, context->height), 1));
  const float range = 2; /* a band of samples within ±r lies within ±2r */
  g_autofree OmniNode *blended = g_new (OmniNode, depth + 1);
  OmniNode picture = omni_model_picture (graph, context);
  OmniNode weight = add_weight (graph, context);

  /* Level by level, so that no level's tensors outlive the next. */
  for (guint level = 0; level < depth; level++)
  {
    const OmniNode coarse = omni_graph_down (graph, picture, OMNI_PYRAMID_BURT);

    omni_model_add_map (graph, context, weight, level);
    blended[level] = omni_graph_set_blend (graph, weight, picture, coarse, OMNI_PYRAMID_BURT, range);
    weight = omni_graph_down (graph, weight, OMNI_PYRAMID_BURT);
    picture = coarse;
  }
  omni_model_add_map (graph, context, weight, depth);
  blended[depth] = omni_graph_set_blend (graph, weight, picture, OMNI_NODE_NONE, OMNI_PYRAMID_BURT, range);

  for (guint level = depth; level-- > 0;)
    blended[level] = omni_graph_up_add (graph, blended[level], blended[level + 1], 1, OMNI_PYRAMID_BURT);
  omni_graph_set_output (graph, blended[0]);
  return g_steal_pointer (&graph);
}

const OmniModel omni_model_mertens = {
  .name = "mertens",
  .title = N_ ("Exposure fusion"),
  .summary = N_ ("Natural pictures from exposure brackets: contrast, saturation and well-exposedness decide"),
  .citation = "Mertens, Kautz, Van Reeth: Exposure fusion. Pacific Graphics 2007",
  .tasks = OMNI_TASK_BIT (OMNI_TASK_EXPOSURE) | OMNI_TASK_BIT (OMNI_TASK_FOCUS),
  .min_inputs = 1,
  .takes_influence = TRUE,
  .judges_exposure = TRUE,
  .options = options,
  .build = build,
};
