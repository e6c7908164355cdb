/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "vk/graph-private.h"

#include <string.h>

/* Convolutions: concatenations whose pooled part is computed once for the set, normalisations folded into weights. */

guint
omni_node_count_filters (const OmniNodeInfo *node)
{
  return node->per_edge ? OMNI_EDGE_FILTERS : node->channels;
}

/* w · scale per output channel, and bias · scale + shift; NULL arguments are the identity. */
static void
fold_affine (OmniNodeInfo *node, const OmniConvParams *params, gsize weights_per_output)
{
  const guint filters = omni_node_count_filters (node);

  node->weight = g_memdup2 (params->weight, filters * weights_per_output * sizeof (float));
  node->bias = g_new0 (float, filters);
  for (guint o = 0; o < filters; o++)
  {
    const float scale = params->pre_scale != NULL ? params->pre_scale[o] : 1.0F;
    const float shift = params->pre_shift != NULL ? params->pre_shift[o] : 0.0F;

    for (gsize i = 0; params->pre_scale != NULL && i < weights_per_output; i++)
      node->weight[o * weights_per_output + i] *= scale;
    node->bias[o] = (params->bias != NULL ? params->bias[o] : 0.0F) * scale + shift;
  }
}

/* Takes input channels [first, first + n) of every output channel of `node`'s weights. */
static float *
slice_weights (const float *weight, guint out_channels, guint in_channels, guint taps, guint first, guint n)
{
  float *slice = g_new (float, (gsize)out_channels *n *taps);

  for (guint o = 0; o < out_channels; o++)
    memcpy (slice + (gsize)o * n * taps, weight + ((gsize)o * in_channels + first) * taps,
            (gsize)n * taps * sizeof *slice);

  return slice;
}

/* The part of a convolution over those inputs whose `pooled` flag is `pooled`. */
static OmniNode
append_conv_part (OmniGraph *graph, const OmniNodeInfo *whole, const OmniConvParams *params, gboolean pooled,
                  OmniNode base)
{
  OmniNodeInfo node = *whole;
  OmniNode inputs[OMNI_MAX_NODE_INPUTS];
  const guint taps = whole->kernel * whole->kernel;
  guint in_channels = 0, n = 0, first = 0, kept = 0;

  for (guint i = 0; i < params->n_inputs; i++)
    in_channels += omni_graph_node (graph, params->inputs[i])->channels;

  node.weight = g_new0 (float, (gsize)whole->channels *in_channels *taps);
  for (guint i = 0; i < params->n_inputs; i++)
  {
    const OmniNodeInfo *input = omni_graph_node (graph, params->inputs[i]);

    if (input->pooled == pooled)
    {
      g_autofree float *slice = slice_weights (whole->weight, whole->channels, in_channels, taps, first,
                                               input->channels);

      inputs[n++] = params->inputs[i];
      /* parts of one output channel must end up side by side: kept in order of inputs, re-packed below */
      memcpy (node.weight + (gsize)whole->channels * kept * taps, slice,
              (gsize)whole->channels * input->channels * taps * sizeof *slice);
      kept += input->channels;
    }
    first += input->channels;
  }

  g_autofree float *by_input = g_steal_pointer (&node.weight);
  gsize from = 0;
  guint offset = 0;

  node.weight = g_new (float, (gsize)whole->channels *kept *taps);
  for (guint i = 0; i < n; i++)
  {
    const guint channels = omni_graph_node (graph, inputs[i])->channels;

    for (guint o = 0; o < whole->channels; o++)
    {
      memcpy (node.weight + ((gsize)o * kept + offset) * taps, by_input + from,
              (gsize)channels * taps * sizeof (float));
      from += (gsize)channels * taps;
    }
    offset += channels;
  }

  node.base = base;
  node.bias = pooled ? g_new0 (float, whole->channels)
                     : g_memdup2 (whole->bias, whole->channels * sizeof (float));
  node.post_scale = pooled ? NULL : g_memdup2 (whole->post_scale, whole->channels * sizeof (float));
  node.post_shift = pooled ? NULL : g_memdup2 (whole->post_shift, whole->channels * sizeof (float));
  if (pooled)
    node.activation = OMNI_ACTIVATION_NONE;

  g_autofree char *label = g_strdup_printf ("%s%s", params->label != NULL ? params->label : "conv",
                                            pooled ? " (pooled part)" : "");

  return omni_graph_append (graph, node, inputs, n, label);
}

static void
check_conv (const OmniGraph *graph, const OmniConvParams *params, guint *in_channels, guint *n_pooled)
{
  const OmniNodeInfo *first = omni_graph_node (graph, params->inputs[0]);

  *in_channels = 0;
  *n_pooled = 0;
  for (guint i = 0; i < params->n_inputs; i++)
  {
    const OmniNodeInfo *input = omni_graph_node (graph, params->inputs[i]);

    omni_graph_require (input->level == first->level, graph, "concatenates tensors of different levels");
    omni_graph_require (params->boundary != OMNI_BOUNDARY_OPEN || input->open, graph,
                        "has an open boundary, and its input ends with the picture");
    *in_channels += input->channels;
    *n_pooled += input->pooled ? 1 : 0;
  }

  const guint groups = MAX (params->groups, 1);

  omni_graph_require (params->kernel % 2 == 1 && params->kernel <= 7, graph,
                      "has a kernel other than 1, 3, 5 or 7");
  omni_graph_require (*in_channels % groups == 0 && params->out_channels % groups == 0, graph,
                      "has groups that do not divide");
  omni_graph_require (groups == 1 || params->n_inputs == 1, graph, "groups a concatenation");
  omni_graph_require (
    !params->per_edge
      || (params->n_inputs == 1 && params->out_channels == 1 && groups == 1 && first->layout == OMNI_LAYOUT_C4
          && params->pre_scale == NULL && params->post_scale == NULL),
    graph, "has filters for edges and not just one input of 8 channels or more and one output");
}

OmniNode
omni_graph_conv (OmniGraph *graph, const OmniConvParams *params)
{
  guint in_channels, n_pooled;

  check_conv (graph, params, &in_channels, &n_pooled);

  const guint groups = MAX (params->groups, 1);
  OmniNodeInfo node = {
    .op = OMNI_OP_CONV,
    .channels = params->out_channels,
    .level = omni_graph_node (graph, params->inputs[0])->level,
    .layout = params->out_channels >= 8 ? OMNI_LAYOUT_C4 : OMNI_LAYOUT_PLANAR,
    .kernel = params->kernel,
    .dilation = MAX (params->dilation, 1),
    .groups = groups,
    .per_edge = params->per_edge,
    .boundary = params->boundary,
    .activation = params->activation,
    .slope = params->slope,
    .base = OMNI_NODE_NONE,
  };

  fold_affine (&node, params, (gsize)in_channels / groups * params->kernel * params->kernel);
  if (params->post_scale != NULL || params->post_shift != NULL)
  {
    node.post_scale = g_new (float, node.channels);
    node.post_shift = g_new (float, node.channels);
    for (guint o = 0; o < node.channels; o++)
    {
      node.post_scale[o] = params->post_scale != NULL ? params->post_scale[o] : 1.0F;
      node.post_shift[o] = params->post_shift != NULL ? params->post_shift[o] : 0.0F;
    }
  }

  if (n_pooled == 0 || n_pooled == params->n_inputs)
    return omni_graph_append (graph, node, params->inputs, params->n_inputs,
                              params->label != NULL ? params->label : "conv");

  const OmniNode base = append_conv_part (graph, &node, params, TRUE, OMNI_NODE_NONE);
  const OmniNode result = append_conv_part (graph, &node, params, FALSE, base);

  omni_node_clear (&node);
  return result;
}
