/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "vk/graph-private.h"

/* A graph in two parts: what is coarse, or comes before a stage, is made of the whole picture, the rest tile by tile. */

static OmniNodeInfo *
node_at (OmniGraph *graph, OmniNode node)
{
  return &g_array_index (graph->nodes, OmniNodeInfo, node);
}

/* The same nodes without their being needed; the data they point to stays with `graph`. */
static OmniGraph *
copy_nodes (OmniGraph *graph, const char *part)
{
  g_autofree char *name = g_strdup_printf ("%s (%s)", graph->name, part);
  OmniGraph *copy = omni_graph_new (name);

  g_array_set_clear_func (copy->nodes, NULL);
  g_array_append_vals (copy->nodes, graph->nodes->data, graph->nodes->len);
  for (OmniNode n = 0; n < (OmniNode)copy->nodes->len; n++)
    node_at (copy, n)->needed = FALSE;
  copy->whole = omni_graph_ref (graph);
  copy->padding = graph->padding;
  return copy;
}

static void
replace_by_import (OmniNodeInfo *node)
{
  node->op = OMNI_OP_IMPORT;
  node->n_inputs = 0;
  node->base = OMNI_NODE_NONE;
}

/* The maps of one part: finer than `level`, or not. */
static void
copy_maps (OmniGraph *graph, OmniGraph *part, guint level, gboolean finer)
{
  for (guint i = 0; i < graph->maps->len; i++)
  {
    const OmniMapInfo *map = &g_array_index (graph->maps, OmniMapInfo, i);

    if ((omni_graph_node (graph, map->node)->level < level) == finer)
      g_array_append_vals (part->maps, map, 1);
  }
}

static OmniGraph *
make_below (OmniGraph *graph, guint level)
{
  OmniGraph *below = copy_nodes (graph, "fine");

  for (OmniNode n = 0; n < (OmniNode)below->nodes->len; n++)
    if (node_at (below, n)->level >= level && node_at (below, n)->op != OMNI_OP_CONSTANT)
      replace_by_import (node_at (below, n));
  copy_maps (graph, below, level, TRUE);
  below->output = graph->output;
  omni_graph_finish (below);
  return below;
}

static OmniGraph *
make_above (OmniGraph *graph, const OmniGraph *below, guint level)
{
  OmniGraph *above = copy_nodes (graph, "coarse");

  for (OmniNode n = 0; n < (OmniNode)above->nodes->len; n++)
  {
    const OmniNodeInfo *other = omni_graph_node (below, n);

    node_at (above, n)->exported = other->needed && other->op == OMNI_OP_IMPORT;
  }
  copy_maps (graph, above, level, FALSE);
  above->keep_from = level;
  omni_graph_finish (above);
  return above;
}

static gboolean
pays (const OmniGraph *above, const OmniGraph *below)
{
  guint n_exported = 0;

  for (OmniNode n = 0; n < (OmniNode)above->nodes->len; n++)
  {
    const OmniNodeInfo *fine = omni_graph_node (below, n);

    n_exported += omni_graph_node (above, n)->exported ? 1 : 0;
    if (omni_graph_node (above, n)->exported && omni_graph_node (above, n)->layout != OMNI_LAYOUT_PLANAR)
      return FALSE;
    if (fine->needed && omni_op_is_statistic (fine->op))
      return FALSE;
  }

  return n_exported > 0 && above->n_passes == 1;
}

gboolean
omni_graph_cut (OmniGraph *graph, guint level, OmniGraph **above, OmniGraph **below)
{
  g_autoptr (OmniGraph) fine = make_below (graph, level);
  g_autoptr (OmniGraph) coarse = make_above (graph, fine, level);

  if (!pays (coarse, fine))
    return FALSE;
  *above = g_steal_pointer (&coarse);
  *below = g_steal_pointer (&fine);
  return TRUE;
}

static gboolean
is_read (const OmniGraph *graph, OmniNode node)
{
  for (OmniNode n = node + 1; n < (OmniNode)graph->nodes->len; n++)
  {
    const OmniNodeInfo *user = omni_graph_node (graph, n);

    for (guint i = 0; user->needed && i < user->n_inputs; i++)
      if (user->inputs[i] == node)
        return TRUE;
    if (user->needed && user->base == node)
      return TRUE;
  }
  return FALSE;
}

/* The last that something in the graph comes behind: what ends a part is handed on, and no place to cut. */
static OmniNode
find_last_stage (const OmniGraph *graph)
{
  OmniNode n = (OmniNode)graph->nodes->len - 1;

  while (n >= 0 && !(omni_graph_node (graph, n)->stage && is_read (graph, n)))
    n--;
  return n >= 0 ? n : OMNI_NODE_NONE;
}

static OmniGraph *
make_behind (OmniGraph *graph, OmniNode stage)
{
  OmniGraph *behind = copy_nodes (graph, "behind");

  for (OmniNode n = 0; n <= stage; n++)
  {
    node_at (behind, n)->exported = FALSE; /* by the part before */
    if (node_at (behind, n)->stage)
      replace_by_import (node_at (behind, n));
  }
  behind->output = graph->output;
  omni_graph_finish (behind);
  return behind;
}

static OmniGraph *
make_before (OmniGraph *graph, const OmniGraph *behind, OmniNode stage)
{
  OmniGraph *before = copy_nodes (graph, "before");

  for (OmniNode n = 0; n < (OmniNode)before->nodes->len; n++)
  {
    const OmniNodeInfo *other = omni_graph_node (behind, n);

    node_at (before, n)->exported = n <= stage
                                    && (omni_graph_node (graph, n)->exported
                                        || (other->needed && other->op == OMNI_OP_IMPORT));
  }
  omni_graph_finish (before);
  return before;
}

gboolean
omni_graph_split (OmniGraph *graph, OmniGraph **above, OmniGraph **below)
{
  const OmniNode stage = find_last_stage (graph);

  if (stage == OMNI_NODE_NONE || graph->maps->len > 0 || graph->n_phases > 1)
    return FALSE;
  *below = make_behind (graph, stage);
  *above = make_before (graph, *below, stage);
  return TRUE;
}
