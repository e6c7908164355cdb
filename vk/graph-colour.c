/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "vk/graph-private.h"

/* Builders of colour, of what a person has to say about a source, and of what a person may want to see. */

OmniNode
omni_graph_luma (OmniGraph *graph, OmniNode colour)
{
  OmniNodeInfo node = omni_graph_shaped_like (graph, OMNI_OP_LUMA, colour);

  omni_graph_require_planar (graph, colour);
  omni_graph_require (node.channels == 3, graph, "needs R, G and B");
  node.channels = 1;
  return omni_graph_append (graph, node, &colour, 1, "luminance");
}

OmniNode
omni_graph_influence (OmniGraph *graph, guint level)
{
  const OmniNodeInfo node = { .op = OMNI_OP_INFLUENCE, .channels = 1, .level = level };

  return omni_graph_append (graph, node, NULL, 0, "influence");
}

void
omni_graph_add_map (OmniGraph *graph, OmniNode weight, const char *name)
{
  OmniMapInfo map = { .node = weight, .index = graph->maps->len };

  omni_graph_require_planar (graph, weight);
  omni_graph_require_per_source (graph, weight);
  omni_graph_require (omni_graph_node (graph, weight)->channels == 1 && graph->output == OMNI_NODE_NONE,
                      graph, "a map is one plane, and comes before the output");
  g_strlcpy (map.name, name, sizeof map.name);
  g_array_append_val (graph->maps, map);
}

guint
omni_graph_count_maps (const OmniGraph *graph)
{
  return graph->maps->len;
}

const char *
omni_graph_get_map_name (const OmniGraph *graph, guint map)
{
  g_return_val_if_fail (map < graph->maps->len, NULL);

  return g_array_index (graph->maps, OmniMapInfo, map).name;
}

guint
omni_graph_get_map_level (const OmniGraph *graph, guint map)
{
  g_return_val_if_fail (map < graph->maps->len, 0);

  return omni_graph_node (graph, g_array_index (graph->maps, OmniMapInfo, map).node)->level;
}

gboolean
omni_graph_is_map (const OmniGraph *graph, OmniNode node)
{
  for (guint i = 0; i < graph->maps->len; i++)
    if (g_array_index (graph->maps, OmniMapInfo, i).node == node)
      return TRUE;

  return FALSE;
}

OmniNode
omni_graph_fuse_chroma (OmniGraph *graph, OmniNode chroma)
{
  OmniNodeInfo terms = omni_graph_shaped_like (graph, OMNI_OP_CHROMA_TERMS, chroma);

  omni_graph_require_planar (graph, chroma);
  omni_graph_require (terms.channels == 2, graph, "fuses two chroma planes");
  terms.channels = 4;

  const OmniNode per_source = omni_graph_append (graph, terms, &chroma, 1, "chroma terms");
  const OmniNode sums = omni_graph_set_sum_fixed (graph, per_source, 1.0F);
  OmniNodeInfo ratio = omni_graph_shaped_like (graph, OMNI_OP_CHROMA_RATIO, sums);

  ratio.channels = 2;
  return omni_graph_append (graph, ratio, &sums, 1, "chroma ratio");
}

OmniNode
omni_graph_merge_colour (OmniGraph *graph, OmniNode luma, OmniNode chroma)
{
  OmniNodeInfo node = omni_graph_shaped_like (graph, OMNI_OP_MERGE_COLOUR, luma);
  const OmniNode inputs[] = { luma, chroma };

  omni_graph_require_planar (graph, luma);
  omni_graph_require_planar (graph, chroma);
  omni_graph_require (node.channels == 1 && omni_graph_node (graph, chroma)->channels == 2, graph,
                      "merges one luminance and two chroma planes");
  node.channels = 3;
  return omni_graph_append (graph, node, inputs, 2, "merge colour");
}
