/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "models/model-private.h"

#include <math.h>

#define BN_EPSILON 1e-5
#define LEAST_MASK 1e-30f /* as a factor of a weight: 0 on every grid of sums */

void
omni_model_add_spec (GArray *specs, const char *layer, const char *tensor, guint d0, guint d1, guint d2,
                     guint d3)
{
  OmniTensorSpec spec = { .dims = { d0, d1, d2, d3 } };

  g_snprintf (spec.name, sizeof spec.name, tensor != NULL ? "%s.%s" : "%s", layer, tensor);
  while (spec.n_dims < 4 && spec.dims[spec.n_dims] > 0)
    spec.n_dims++;
  g_array_append_val (specs, spec);
}

void
omni_model_add_norm_specs (GArray *specs, const char *layer, guint channels)
{
  static const char *const tensors[] = { "bn.weight", "bn.bias", "bn.running_mean", "bn.running_var" };

  for (guint i = 0; i < G_N_ELEMENTS (tensors); i++)
    omni_model_add_spec (specs, layer, tensors[i], channels, 0, 0, 0);
}

float *
omni_model_dup_tensor (const OmniWeights *weights, const char *layer, const char *tensor)
{
  g_autofree char *name = g_strdup_printf ("%s.%s", layer, tensor);

  return omni_weights_dup_floats (weights, name, NULL);
}

gboolean
omni_model_dup_norm (const OmniWeights *weights, const char *layer, float **scale, float **shift,
                     GError **error)
{
  g_autofree char *name = g_strdup_printf ("%s.bn.weight", layer);
  gsize channels;
  g_autofree float *gamma = omni_weights_dup_floats (weights, name, &channels);
  g_autofree float *beta = omni_model_dup_tensor (weights, layer, "bn.bias");
  g_autofree float *mean = omni_model_dup_tensor (weights, layer, "bn.running_mean");
  g_autofree float *variance = omni_model_dup_tensor (weights, layer, "bn.running_var");

  for (gsize c = 0; c < channels; c++)
  {
    const double factor = gamma[c] / sqrt (variance[c] + BN_EPSILON);

    if (variance[c] < 0)
    {
      g_set_error (error, OMNI_WEIGHTS_ERROR, OMNI_WEIGHTS_ERROR_ARCHITECTURE,
                   _ ("“%s”: “%s.bn.running_var” holds a negative variance"), omni_weights_get_path (weights),
                   layer);
      return FALSE;
    }
    beta[c] = (float)(beta[c] - mean[c] * factor);
    gamma[c] = (float)factor;
  }
  *scale = g_steal_pointer (&gamma);
  *shift = g_steal_pointer (&beta);
  return TRUE;
}

gboolean
omni_model_get_padding (const OmniWeights *weights, OmniBoundary fallback, OmniBoundary *padding,
                        GError **error)
{
  static const struct
  {
    const char *name;
    OmniBoundary boundary;
  } paddings[] = { { "zero", OMNI_BOUNDARY_ZERO },
                   { "replicate", OMNI_BOUNDARY_REPLICATE },
                   { "reflect", OMNI_BOUNDARY_REFLECT } };
  const char *name = omni_weights_get_metadata (weights, "padding");

  *padding = fallback;
  if (name == NULL)
    return TRUE;
  for (guint i = 0; i < G_N_ELEMENTS (paddings); i++)
    if (g_str_equal (name, paddings[i].name))
    {
      *padding = paddings[i].boundary;
      return TRUE;
    }
  g_set_error (error, OMNI_WEIGHTS_ERROR, OMNI_WEIGHTS_ERROR_ARCHITECTURE,
               _ ("“%s” asks for the padding “%s”; zero, replicate and reflect are possible"),
               omni_weights_get_path (weights), name);
  return FALSE;
}

gboolean
omni_model_get_known_answer (const OmniWeights *weights, gboolean *has_answer, float answer[16],
                             GError **error)
{
  const char *text = omni_weights_get_metadata (weights, "known_answer");
  g_auto (GStrv) words = NULL;
  guint n = 0;

  *has_answer = text != NULL;
  if (text == NULL)
    return TRUE;
  words = g_strsplit_set (text, ", ", 64);
  for (guint i = 0; words[i] != NULL; i++)
  {
    char *end;
    double value;

    if (words[i][0] == '\0')
      continue;
    value = g_ascii_strtod (words[i], &end);
    if (n == 16 || *end != '\0' || !isfinite (value))
    {
      n = 0;
      break;
    }
    answer[n++] = (float)value;
  }
  if (n == 16)
    return TRUE;
  g_set_error (error, OMNI_WEIGHTS_ERROR, OMNI_WEIGHTS_ERROR_ARCHITECTURE,
               _ ("“%s”: the metadata known_answer does not hold sixteen numbers"),
               omni_weights_get_path (weights));
  return FALSE;
}

OmniNode
omni_model_add_chroma (OmniGraph *graph, OmniNode luma)
{
  const OmniNode chroma = omni_graph_picture (graph, OMNI_PLANES_CHROMA, 0);

  return omni_graph_merge_colour (graph, luma, omni_graph_fuse_chroma (graph, chroma));
}

OmniNode
omni_model_picture (OmniGraph *graph, const OmniModelContext *context)
{
  if (context->bands > 0)
    return omni_graph_picture (graph, OMNI_PLANES_BANDS, context->bands);
  return omni_graph_picture (graph, context->colour ? OMNI_PLANES_COLOUR : OMNI_PLANES_LUMA, 0);
}

OmniModelContext
omni_model_part_to_fuse (const OmniModelContext *context)
{
  OmniModelContext part = *context;

  part.colour = context->colour && !context->grey_and_colour;
  return part;
}

OmniNode
omni_model_add_headroom (OmniGraph *graph, OmniNode luma, guint levels, float strength)
{
  OmniNode excess = omni_graph_unary (graph, luma, 1, -1, OMNI_ACTIVATION_RELU, 0);

  for (guint level = 0; level < levels; level++)
    excess = omni_graph_down (graph, excess, OMNI_PYRAMID_QUAD);
  excess = omni_graph_upsample_to (graph, excess, 0);
  return omni_graph_binary (graph, OMNI_BINARY_SUB, luma,
                            omni_graph_unary (graph, excess, strength, 0, OMNI_ACTIVATION_NONE, 0));
}

void
omni_model_set_output (OmniGraph *graph, const OmniModelContext *context, OmniNode fused)
{
  const gboolean lacks_chroma = context->colour && context->grey_and_colour;

  omni_graph_set_output (graph, lacks_chroma ? omni_model_add_chroma (graph, fused) : fused);
}

OmniNode
omni_model_add_mask (OmniGraph *graph, const OmniModelContext *context)
{
  return context->masked ? omni_graph_picture (graph, OMNI_PLANES_ALPHA, 0) : OMNI_NODE_NONE;
}

OmniNode
omni_model_add_coarser_mask (OmniGraph *graph, OmniNode mask)
{
  return mask != OMNI_NODE_NONE ? omni_graph_pool_mean (graph, mask) : OMNI_NODE_NONE;
}

static OmniNode
add_term (OmniGraph *graph, OmniNode score, OmniNode term)
{
  return score != OMNI_NODE_NONE ? omni_graph_binary (graph, OMNI_BINARY_ADD, score, term) : term;
}

OmniNode
omni_model_add_masked (OmniGraph *graph, OmniNode score, OmniNode mask)
{
  if (mask == OMNI_NODE_NONE)
    return score;
  return add_term (graph, score, omni_graph_unary (graph, mask, 1, 0, OMNI_ACTIVATION_LOG, LEAST_MASK));
}

OmniNode
omni_model_add_say (OmniGraph *graph, const OmniModelContext *context, OmniNode score, OmniNode mask,
                    guint level)
{
  if (context->influence)
    score = add_term (graph, score, omni_graph_influence (graph, level));
  return omni_model_add_masked (graph, score, mask);
}

OmniNode
omni_model_add_numerators (OmniGraph *graph, OmniNode score)
{
  const OmniNode below = omni_graph_binary (graph, OMNI_BINARY_SUB, score, omni_graph_set_max (graph, score));

  return omni_graph_unary (graph, below, 1, 0, OMNI_ACTIVATION_EXP, 0);
}

OmniNode
omni_model_add_set_mean (OmniGraph *graph, const OmniModelContext *context, OmniNode x)
{
  const OmniNode sum = omni_graph_set_sum_fixed (graph, x, 1);

  return omni_graph_unary (graph, sum, 1.f / (float)context->n_sources, 0, OMNI_ACTIVATION_NONE, 0);
}

guint
omni_model_count_levels (guint width, guint height, guint coarsest_px)
{
  guint side = MIN (width, height), levels = 0;

  for (; side > coarsest_px && side > 1; side = (side + 1) / 2)
    levels++;
  return levels;
}

const char *const omni_like_choices[] = { "omnifuse", "authors", NULL };
const char *const omni_scale_choices[] = { "auto", "plain", "authors", "stretch", NULL };

gboolean
omni_model_is_like_authors (const OmniModel *model, const OmniModelOptions *options)
{
  return g_str_equal (omni_model_get_string (model, options, "like"), "authors");
}

OmniScale
omni_model_get_scale (const OmniModel *model, const OmniModelOptions *options, OmniScale of_authors)
{
  const char *name = omni_model_get_string (model, options, "scale");

  if (g_str_equal (name, "auto"))
    return omni_model_is_like_authors (model, options) ? of_authors : OMNI_SCALE_PLAIN;
  if (g_str_equal (name, "authors"))
    return OMNI_SCALE_MAXIMUM;
  return g_str_equal (name, "stretch") ? OMNI_SCALE_STRETCH : OMNI_SCALE_PLAIN;
}

OmniNode
omni_model_add_extreme (OmniGraph *graph, OmniNode x, gboolean take_max)
{
  const guint channels = omni_graph_get_channels (graph, x);
  const OmniNode all = take_max ? omni_graph_picture_max (graph, x) : omni_graph_picture_min (graph, x);
  OmniNode extreme = OMNI_NODE_NONE;

  if (channels == 1)
    return all;
  for (guint c = 0; c < channels; c++)
  {
    const OmniNode one = omni_graph_channels (graph, all, &c, 1);

    extreme = c == 0 ? one
                     : omni_graph_binary (graph, take_max ? OMNI_BINARY_MAX : OMNI_BINARY_MIN, extreme, one);
  }
  return extreme;
}

OmniNode
omni_model_add_scale (OmniGraph *graph, OmniNode x, OmniScale scale)
{
  OmniNode low, high;

  if (scale == OMNI_SCALE_PLAIN)
    return x;
  high = omni_model_add_extreme (graph, x, TRUE);
  if (scale == OMNI_SCALE_MAXIMUM)
    return omni_graph_binary (graph, OMNI_BINARY_DIV, x, high);
  low = omni_model_add_extreme (graph, x, FALSE);
  return omni_graph_binary (graph, OMNI_BINARY_DIV, omni_graph_binary (graph, OMNI_BINARY_SUB, x, low),
                            omni_graph_binary (graph, OMNI_BINARY_SUB, high, low));
}

void
omni_model_add_map (OmniGraph *graph, const OmniModelContext *context, OmniNode weight, guint level)
{
  g_autofree char *name = g_strdup_printf ("band-%u", level);

  if (context->maps)
    omni_graph_add_map (graph, weight, name);
}
