/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "vk/graph-private.h"

#include <math.h>

/* What follows from a graph: dependencies, passes, invariance, receptive field, cost. */

gboolean
omni_op_is_statistic (OmniOp op)
{
  return op == OMNI_OP_NORMALISE || op == OMNI_OP_PICTURE_MEAN || op == OMNI_OP_PICTURE_EXTREME
         || op == OMNI_OP_EQUALISE;
}

gboolean
omni_op_is_reduction (OmniOp op)
{
  return op >= OMNI_OP_SET_MAX;
}

gboolean
omni_op_streams (OmniOp op)
{
  return op == OMNI_OP_SET_MAX || op == OMNI_OP_SET_SUM_FIXED || op == OMNI_OP_SET_BLEND
         || op == OMNI_OP_SET_SELECT || op == OMNI_OP_SET_EXPOSURE_SUM || op == OMNI_OP_SET_SCORE_MAX;
}

static OmniNodeInfo *
node_at (OmniGraph *graph, OmniNode node)
{
  return &g_array_index (graph->nodes, OmniNodeInfo, node);
}

static void
mark_needed (OmniGraph *graph)
{
  if (graph->output != OMNI_NODE_NONE)
    node_at (graph, graph->output)->needed = TRUE;
  for (OmniNode n = (OmniNode)graph->nodes->len - 1; n >= 0; n--)
  {
    OmniNodeInfo *node = node_at (graph, n);

    node->needed = node->needed || node->exported || omni_graph_is_map (graph, n);
    if (!node->needed)
      continue;
    for (guint i = 0; i < node->n_inputs; i++)
      node_at (graph, node->inputs[i])->needed = TRUE;
    if (node->base != OMNI_NODE_NONE)
      node_at (graph, node->base)->needed = TRUE;
  }
}

/* Input `i` of a node, its base after the last; NULL where there is none. */
static OmniNodeInfo *
input_at (OmniGraph *graph, const OmniNodeInfo *node, guint i)
{
  const OmniNode input = i < node->n_inputs ? node->inputs[i] : node->base;

  return input != OMNI_NODE_NONE ? node_at (graph, input) : NULL;
}

static void
mark_late (OmniGraph *graph)
{
  for (OmniNode n = 0; n < (OmniNode)graph->nodes->len; n++)
  {
    OmniNodeInfo *node = node_at (graph, n);

    node->late = node->op == OMNI_OP_INFLUENCE;
    for (guint i = 0; i <= node->n_inputs; i++)
    {
      const OmniNodeInfo *input = input_at (graph, node, i);

      node->late = node->late || (input != NULL && input->late);
    }
  }
}

static void
mark_kept (OmniGraph *graph)
{
  graph->kept_level = graph->keep_from;
  for (OmniNode n = 0; n < (OmniNode)graph->nodes->len; n++)
  {
    const OmniNodeInfo *node = node_at (graph, n);

    if (node->needed && omni_op_is_reduction (node->op) && !omni_op_streams (node->op))
      graph->kept_level = MIN (graph->kept_level, node->level);
  }

  for (OmniNode n = 0; n < (OmniNode)graph->nodes->len; n++)
  {
    OmniNodeInfo *node = node_at (graph, n);

    node->kept = !node->pooled && node->level >= graph->kept_level;
    node->streams = !node->pooled && !node->kept;
    for (guint i = 0; i < node->n_inputs; i++)
    {
      const OmniNodeInfo *input = node_at (graph, node->inputs[i]);

      node->streams = node->streams || (!input->pooled && !input->kept);
    }
  }
}

/* What is kept and made of kept tensors can wait for the whole set, unless a passing tensor needs it, and it nothing but
 * its own source. */
static void
mark_wanted_early (OmniGraph *graph)
{
  g_autofree gboolean *own = g_new0 (gboolean, graph->nodes->len);

  for (OmniNode n = 0; n < (OmniNode)graph->nodes->len; n++)
  {
    const OmniNodeInfo *node = node_at (graph, n);

    own[n] = !node->pooled && !node->late && !omni_op_is_reduction (node->op);
    for (guint i = 0; i <= node->n_inputs; i++)
    {
      const OmniNodeInfo *input = input_at (graph, node, i);

      own[n] = own[n] && (input == NULL || own[i < node->n_inputs ? node->inputs[i] : node->base]);
    }
  }

  for (OmniNode n = (OmniNode)graph->nodes->len - 1; n >= 0; n--)
    for (guint i = 0; node_at (graph, n)->streams && i < node_at (graph, n)->n_inputs; i++)
    {
      OmniNodeInfo *input = node_at (graph, node_at (graph, n)->inputs[i]);

      input->streams = input->streams || (input->kept && own[node_at (graph, n)->inputs[i]]);
    }
}

/* Of all members only once they have all gone by. */
static gboolean
is_of_whole_set (const OmniNodeInfo *node)
{
  return node->pooled || !node->streams;
}

static void
number_passes (OmniGraph *graph, const int *least)
{
  graph->n_passes = 1;
  for (OmniNode n = 0; n < (OmniNode)graph->nodes->len; n++)
  {
    OmniNodeInfo *node = node_at (graph, n);

    node->pass = MAX (node->op == OMNI_OP_CONSTANT ? -1 : 0, least[n]);
    for (guint i = 0; i <= node->n_inputs; i++)
    {
      const OmniNodeInfo *input = input_at (graph, node, i);

      if (input != NULL)
        node->pass = MAX (node->pass, input->pass + (is_of_whole_set (input) && node->streams ? 1 : 0));
    }
    if (node->needed)
      graph->n_passes = MAX (graph->n_passes, (guint)(node->pass + 1));
  }
}

/* What is kept is made in the last pass that will do: a pyramid that must be built again for a later pass anyway need not
 * be built for this one. */
static void
find_last_passes (OmniGraph *graph, int *least)
{
  const guint n_nodes = graph->nodes->len;
  g_autofree int *last = g_new (int, n_nodes);

  for (guint n = 0; n < n_nodes; n++)
    last[n] = (int)graph->n_passes - 1;
  for (OmniNode n = (OmniNode)n_nodes - 1; n >= 0; n--)
  {
    const OmniNodeInfo *node = node_at (graph, n);

    if (node->streams && omni_op_is_reduction (node->op))
      last[n] = node->pass;
    if (node->kept && node->streams)
      least[n] = last[n];
    for (guint i = 0; node->needed && i <= node->n_inputs; i++)
    {
      const OmniNodeInfo *input = input_at (graph, node, i);
      const OmniNode at = i < node->n_inputs ? node->inputs[i] : node->base;

      if (input != NULL)
        last[at] = MIN (last[at], last[n] - (is_of_whole_set (input) && node->streams ? 1 : 0));
    }
  }
}

static void
number_phases (OmniGraph *graph)
{
  graph->n_phases = 1;
  for (OmniNode n = 0; n < (OmniNode)graph->nodes->len; n++)
  {
    OmniNodeInfo *node = node_at (graph, n);

    node->phase = 0;
    for (guint i = 0; i <= node->n_inputs; i++)
    {
      const OmniNodeInfo *input = input_at (graph, node, i);

      if (input != NULL)
        node->phase = MAX (node->phase, input->phase);
    }
    node->phase += omni_op_is_statistic (node->op) ? 1 : 0;
    if (node->needed)
      graph->n_phases = MAX (graph->n_phases, node->phase + 1);
  }
}

void
omni_graph_finish (OmniGraph *graph)
{
  g_autofree int *least = g_new (int, graph->nodes->len);

  for (guint n = 0; n < graph->nodes->len; n++)
    least[n] = -1;
  mark_needed (graph);
  mark_late (graph);
  mark_kept (graph);
  number_phases (graph);
  mark_wanted_early (graph);
  number_passes (graph, least);
  find_last_passes (graph, least);
  number_passes (graph, least);
}

gboolean
omni_graph_is_order_invariant (const OmniGraph *graph)
{
  for (OmniNode n = 0; n < (OmniNode)graph->nodes->len; n++)
  {
    const OmniNodeInfo *node = omni_graph_node (graph, n);

    if (node->needed && (node->op == OMNI_OP_SET_PICK || node->op == OMNI_OP_SET_RUNNING_MEAN))
      return FALSE;
  }

  return TRUE;
}

gboolean
omni_graph_can_stream (const OmniGraph *graph)
{
  return graph->kept_level > 0;
}

guint
omni_graph_get_output_channels (const OmniGraph *graph)
{
  return graph->output != OMNI_NODE_NONE ? omni_graph_node (graph, graph->output)->channels : 0;
}

guint
omni_graph_get_min_sources (const OmniGraph *graph)
{
  guint least = 0;

  for (OmniNode n = 0; n < (OmniNode)graph->nodes->len; n++)
  {
    const OmniNodeInfo *node = omni_graph_node (graph, n);

    if (node->needed && node->op == OMNI_OP_SET_PICK)
      least = MAX (least, node->index + 1);
  }

  return least;
}

int
omni_extent_at_level (int extent, guint level)
{
  for (guint l = 0; l < level; l++)
    extent = (extent + 1) / 2;

  return extent;
}

static int
floor_half (int x)
{
  return x >> 1;
}

/* The coarse interval that the up-sampling of a pyramid reads for fine pixels [low, high). */
static OmniInterval
coarse_interval (OmniInterval out)
{
  return (OmniInterval){ floor_half (out.low) - 1, floor_half (out.high - 1) + 2 };
}

/* The same for one bilinear step over several levels: the pixels around the centres of the first and the last. */
static OmniInterval
scaled_interval (OmniInterval out, guint steps)
{
  const int half = 1 << (steps - 1);

  return (OmniInterval){ (out.low >> (int)steps) - ((out.low & (2 * half - 1)) < half ? 1 : 0),
                         ((out.high - 1) >> (int)steps) + 2 };
}

OmniInterval
omni_node_input_interval (const OmniGraph *graph, OmniNode n, guint i, gboolean vertical, OmniInterval out)
{
  const OmniNodeInfo *node = omni_graph_node (graph, n);
  int reach = 0;

  switch (node->op)
  {
  case OMNI_OP_CONV:
    reach = (int)(node->kernel / 2 * node->dilation);
    break;
  case OMNI_OP_FILTER:
    reach = node->vertical == vertical ? (int)(node->radius * node->step) : 0;
    break;
  case OMNI_OP_WINDOW_MEAN:
    reach = node->vertical == vertical ? (int)node->radius : 0;
    break;
  case OMNI_OP_EXPOSURE_WEIGHT:
  case OMNI_OP_SET_EXPOSURE_SUM:
    reach = i == 0 ? 1 : 0;
    break;
  case OMNI_OP_SCORE_WEIGHT:
  case OMNI_OP_SET_SCORE_MAX:
    if (i == 1)
      return coarse_interval ((OmniInterval){ out.low - 1, out.high + 1 });
    if ((i == 2 || i == 3) && node->steps > 0)
      return scaled_interval (out, node->steps);
    reach = i == 0 ? 1 : 0;
    break;
  case OMNI_OP_DOWN:
    if (node->pyramid == OMNI_PYRAMID_BURT)
      return (OmniInterval){ 2 * out.low - 2, 2 * (out.high - 1) + 3 };
    return (OmniInterval){ 2 * out.low - 1, 2 * (out.high - 1) + 3 };
  case OMNI_OP_POOL:
    return (OmniInterval){ 2 * out.low, 2 * out.high };
  case OMNI_OP_UPSAMPLE:
    return node->steps == 1 ? coarse_interval (out) : scaled_interval (out, node->steps);
  case OMNI_OP_UP_ADD:
    return i == 1 ? coarse_interval (out) : out;
  case OMNI_OP_SET_BLEND:
    return i == 2 ? coarse_interval (out) : out;
  default:
    break;
  }

  return (OmniInterval){ out.low - reach, out.high + reach };
}

guint
omni_graph_get_receptive_field_px (const OmniGraph *graph)
{
  const guint n_nodes = graph->nodes->len;
  const int cap = 1 << 20;
  g_autofree OmniInterval *need = g_new0 (OmniInterval, n_nodes);
  g_autofree gboolean *seen = g_new0 (gboolean, n_nodes);
  int widest = 1;

  /* A pixel far from the edge and on every level's grid, along a row: columns are no wider. */
  need[graph->output] = (OmniInterval){ 0, 1 };
  seen[graph->output] = TRUE;
  for (OmniNode n = (OmniNode)n_nodes - 1; n >= 0; n--)
  {
    const OmniNodeInfo *node = omni_graph_node (graph, n);

    if (!seen[n])
      continue;
    if (node->op == OMNI_OP_PICTURE)
      widest = MAX (widest, MIN (need[n].high - need[n].low, cap));
    for (guint i = 0; i <= node->n_inputs; i++)
    {
      const OmniNode source = i < node->n_inputs ? node->inputs[i] : node->base;

      if (source == OMNI_NODE_NONE)
        continue;

      OmniInterval in = i < node->n_inputs ? omni_node_input_interval (graph, n, i, FALSE, need[n]) : need[n];

      in.low = MAX (in.low, -cap);
      in.high = MIN (in.high, cap);
      need[source].low = seen[source] ? MIN (need[source].low, in.low) : in.low;
      need[source].high = seen[source] ? MAX (need[source].high, in.high) : in.high;
      seen[source] = TRUE;
    }
  }

  return (guint)MIN (widest, cap);
}

double
omni_node_flop_per_px (const OmniGraph *graph, OmniNode n)
{
  const OmniNodeInfo *node = omni_graph_node (graph, n);
  double in_channels = 0.0;

  switch (node->op)
  {
  case OMNI_OP_CONV:
    for (guint i = 0; i < node->n_inputs; i++)
      in_channels += omni_graph_node (graph, node->inputs[i])->channels;
    return 2.0 * node->channels * in_channels / node->groups * node->kernel * node->kernel;
  case OMNI_OP_FILTER:
    return 2.0 * node->channels * (2 * node->radius + 1);
  case OMNI_OP_WINDOW_MEAN:
    return node->channels * (4.0 + 2.0 * node->radius / OMNI_WINDOW_RUN);
  case OMNI_OP_DOWN:
    return node->channels * 40.0;
  case OMNI_OP_UP_ADD:
  case OMNI_OP_SET_BLEND:
    return node->channels * 20.0;
  case OMNI_OP_SCORE_WEIGHT:
  case OMNI_OP_SET_SCORE_MAX:
    return 70.0;
  case OMNI_OP_EXPOSURE_WEIGHT:
  case OMNI_OP_SET_EXPOSURE_SUM:
    return 60.0;
  default:
    return node->channels * 4.0;
  }
}

void
omni_graph_get_flop_per_px (const OmniGraph *graph, double *per_source, double *per_set)
{
  *per_source = 0.0;
  *per_set = 0.0;
  for (OmniNode n = 0; n < (OmniNode)graph->nodes->len; n++)
  {
    const OmniNodeInfo *node = omni_graph_node (graph, n);
    const double flop = omni_node_flop_per_px (graph, n) / pow (4.0, node->level);

    if (!node->needed)
      continue;
    if (node->pooled && !omni_op_is_reduction (node->op))
      *per_set += flop;
    else
      *per_source += flop;
  }
}
