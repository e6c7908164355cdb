/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "vk/plan-private.h"

#include <glib/gi18n.h>
#include <string.h>

static int
floor_4 (int x)
{
  return x & ~3;
}

/* `grain` a power of two */
static int
round_up (int x, int grain)
{
  return (x + grain - 1) & -grain;
}

static guint64
align_bytes (guint64 n)
{
  return (n + OMNI_PLAN_ALIGN_BYTES - 1) / OMNI_PLAN_ALIGN_BYTES * OMNI_PLAN_ALIGN_BYTES;
}

static OmniInterval
clip (OmniInterval i, int extent)
{
  i.low = CLAMP (i.low, 0, extent - 1);
  i.high = CLAMP (i.high, i.low + 1, extent);
  return i;
}

/* Rounds to the grid the kernels write by, then keeps to the picture where there is only one tile on this axis and nobody asks
 * for what lies beyond. */
static OmniInterval
settle (OmniInterval i, int extent, int grain, gboolean single)
{
  const OmniInterval grid = { i.low & -grain, round_up (i.high, grain) };

  return single ? clip (grid, extent) : grid;
}

static void
join (OmniInterval *into, OmniInterval other)
{
  into->low = MIN (into->low, other.low);
  into->high = MAX (into->high, other.high);
}

/* Pixels of the grid that the kernel of `node` writes by: its blocks are whole ones, or tiles would change bits. */
static guint
find_grain (const OmniPlan *plan, const OmniNodeInfo *node)
{
  switch (node->op)
  {
  case OMNI_OP_WINDOW_MEAN:
    return OMNI_WINDOW_RUN;
  case OMNI_OP_CONV:
    return omni_plan_get_conv_grain (plan, node);
  default:
    return 4;
  }
}

static void
settle_region (const OmniPlan *plan, const OmniNodeInfo *node, OmniRegion *region)
{
  const int width = omni_extent_at_level ((int)plan->width, node->level);
  const int height = omni_extent_at_level ((int)plan->height, node->level);
  const int grain = (int)find_grain (plan, node);

  region->x = settle (region->x, width, grain, plan->tiles_x == 1 && !node->open);
  region->y = settle (region->y, height, grain, plan->tiles_y == 1 && !node->open);
  region->x.low = floor_4 (region->x.low);
}

/* What a statistic is taken of, and what a map shows: the whole picture, or all of the tile. Padding is part of the
 * picture, also where the result shows none of it. */
static void
join_measured (const OmniPlan *plan, const OmniNodeInfo *node, OmniRegion *region)
{
  const guint width = plan->tiles_x == 1 ? plan->width : plan->tile_width;
  const guint height = plan->tiles_y == 1 ? plan->height : plan->tile_height;

  join (&region->x, (OmniInterval){ 0, omni_extent_at_level ((int)width, node->level) });
  join (&region->y, (OmniInterval){ 0, omni_extent_at_level ((int)height, node->level) });
}

/* From the output's tile back to the pictures: what each tensor must hold. */
static void
find_regions (OmniPlan *plan)
{
  const guint n_nodes = omni_graph_get_n_nodes (plan->graph);
  const OmniRegion nowhere = { { G_MAXINT / 4, G_MININT / 4 }, { G_MAXINT / 4, G_MININT / 4 } };

  for (guint n = 0; n < n_nodes; n++)
    plan->tensors[n].region = nowhere;
  if (plan->graph->output != OMNI_NODE_NONE)
    plan->tensors[plan->graph->output].region = (OmniRegion){ { 0, (int)plan->tile_width },
                                                              { 0, (int)plan->tile_height } };

  for (OmniNode n = (OmniNode)n_nodes - 1; n >= 0; n--)
  {
    const OmniNodeInfo *node = omni_graph_node (plan->graph, n);
    OmniRegion *region = &plan->tensors[n].region;

    if (!node->needed)
      continue;
    if (omni_op_is_statistic (node->op) || node->exported || omni_graph_is_map (plan->graph, n))
      join_measured (plan, node, region);
    settle_region (plan, node, region);
    for (guint i = 0; i < node->n_inputs; i++)
    {
      OmniRegion *input = &plan->tensors[node->inputs[i]].region;

      join (&input->x, omni_node_input_interval (plan->graph, n, i, FALSE, region->x));
      join (&input->y, omni_node_input_interval (plan->graph, n, i, TRUE, region->y));
    }
    if (node->base != OMNI_NODE_NONE)
    {
      join (&plan->tensors[node->base].region.x, region->x);
      join (&plan->tensors[node->base].region.y, region->y);
    }
  }
}

/* Calls for every use of `node` that the output needs; FALSE when one of them is refused or it is the output itself. */
static gboolean
all_uses (const OmniPlan *plan, OmniNode node, gboolean (*fits) (const OmniNodeInfo *user, guint input))
{
  for (OmniNode n = 0; n < (OmniNode)omni_graph_get_n_nodes (plan->graph); n++)
  {
    const OmniNodeInfo *user = omni_graph_node (plan->graph, n);

    for (guint i = 0; user->needed && i < user->n_inputs; i++)
      if (user->inputs[i] == node && !fits (user, i))
        return FALSE;
    if (user->needed && user->base == node)
      return FALSE;
  }

  return node != plan->graph->output && !omni_graph_node (plan->graph, node)->exported;
}

static gboolean
can_read_samples (const OmniNodeInfo *user, guint input)
{
  switch (user->op)
  {
  case OMNI_OP_DOWN:
  case OMNI_OP_EXPOSURE_WEIGHT:
  case OMNI_OP_SET_EXPOSURE_SUM:
  case OMNI_OP_UP_ADD:
  case OMNI_OP_SCORE_WEIGHT:
  case OMNI_OP_SET_SCORE_MAX:
    return input == 0;
  case OMNI_OP_SET_BLEND:
    return input == 1;
  default:
    return FALSE;
  }
}

static gboolean
can_read_fixed (const OmniNodeInfo *user, guint input)
{
  return user->op == OMNI_OP_EXPOSURE_WEIGHT ? input == 1 : user->op == OMNI_OP_UP_ADD && input == 0;
}

gboolean
omni_plan_reads_samples (const OmniPlan *plan, OmniNode picture)
{
  const OmniNodeInfo *node = omni_graph_node (plan->graph, picture);
  const OmniPlanFormat *format = &plan->params.format;

  return node->op == OMNI_OP_PICTURE && format->channels >= 1 && format->channels <= 4
         && format->store != OMNI_STORE_F32
         && (node->planes == OMNI_PLANES_LUMA || node->planes == OMNI_PLANES_COLOUR)
         && all_uses (plan, picture, can_read_samples);
}

static gboolean
is_weight (const OmniNodeInfo *user, guint input)
{
  return user->op == OMNI_OP_SET_BLEND && user->mean && input == 0;
}

/* All members of it are there when it is made. */
static gboolean
has_whole_set (const OmniPlan *plan, OmniNode node)
{
  return !plan->streamed || !omni_graph_node (plan->graph, node)->streams;
}

gboolean
omni_plan_gathers (const OmniPlan *plan, OmniNode blend)
{
  const OmniNodeInfo *node = omni_graph_node (plan->graph, blend);

  return node->op == OMNI_OP_SET_BLEND && node->mean && (node->channels == 1 || node->channels == 3)
         && has_whole_set (plan, blend) && omni_plan_keeps_score (plan, node->inputs[0]);
}

gboolean
omni_plan_keeps_score (const OmniPlan *plan, OmniNode weight)
{
  const OmniNodeInfo *node = omni_graph_node (plan->graph, weight);

  if (node->op != OMNI_OP_SCORE_WEIGHT || omni_graph_is_map (plan->graph, weight)
      || !all_uses (plan, weight, is_weight))
    return FALSE;

  for (OmniNode n = 0; n < (OmniNode)omni_graph_get_n_nodes (plan->graph); n++)
  {
    const OmniNodeInfo *user = omni_graph_node (plan->graph, n);

    if (user->needed && user->op == OMNI_OP_SET_BLEND && user->inputs[0] == weight
        && (!has_whole_set (plan, n) || (user->channels != 1 && user->channels != 3)))
      return FALSE;
  }

  return TRUE;
}

static gboolean
is_largest (const OmniNodeInfo *user, guint input)
{
  return user->op == OMNI_OP_SCORE_WEIGHT && input == 4;
}

gboolean
omni_plan_skips (const OmniPlan *plan, OmniNode node)
{
  if (omni_plan_reads_samples (plan, node))
    return TRUE;
  if (omni_graph_node (plan->graph, node)->op != OMNI_OP_SET_SCORE_MAX || !all_uses (plan, node, is_largest))
    return FALSE;

  for (OmniNode n = 0; n < (OmniNode)omni_graph_get_n_nodes (plan->graph); n++)
  {
    const OmniNodeInfo *user = omni_graph_node (plan->graph, n);

    if (user->needed && user->op == OMNI_OP_SCORE_WEIGHT && user->inputs[4] == node
        && !omni_plan_keeps_score (plan, n))
      return FALSE;
  }

  return TRUE;
}

gboolean
omni_plan_keeps_fixed (const OmniPlan *plan, OmniNode sum)
{
  const OmniNodeInfo *node = omni_graph_node (plan->graph, sum);

  return (node->op == OMNI_OP_SET_BLEND || node->op == OMNI_OP_SET_SUM_FIXED
          || node->op == OMNI_OP_SET_EXPOSURE_SUM)
         && !omni_plan_gathers (plan, sum) && all_uses (plan, sum, can_read_fixed);
}

static gboolean
is_collapse (const OmniNodeInfo *user, guint input)
{
  return user->op == OMNI_OP_UP_ADD && input == 0;
}

static gboolean
computes_last (const OmniPlan *plan, guint i, OmniNode node)
{
  const OmniInstruction *instruction = &g_array_index (plan->instructions, OmniInstruction,
                                                       plan->instructions->len - i);

  return instruction->kind == OMNI_INSTRUCTION_COMPUTE && instruction->node == node;
}

gboolean
omni_plan_packs_blend (const OmniPlan *plan)
{
  const OmniNode output = plan->graph->output;
  const OmniNodeInfo *node = output != OMNI_NODE_NONE ? omni_graph_node (plan->graph, output) : NULL;

  if (node == NULL || node->op != OMNI_OP_UP_ADD || node->scale != 1.0F
      || node->activation != OMNI_ACTIVATION_NONE || node->exported
      || omni_graph_is_map (plan->graph, output))
    return FALSE;

  const OmniBlock *block = &g_array_index (plan->blocks, OmniBlock, plan->blocks->len - 1);

  return omni_plan_gathers (plan, node->inputs[0])
         && omni_graph_node (plan->graph, node->inputs[0])->n_inputs == 3
         && all_uses (plan, node->inputs[0], is_collapse)
         && omni_graph_node (plan->graph, node->inputs[0])->pyramid == node->pyramid && block->n >= 2
         && !block->per_source && computes_last (plan, 1, output) && computes_last (plan, 2, node->inputs[0]);
}

/* The softmax writes whole members of the set. */
static gboolean
can_interleave (const OmniNodeInfo *node)
{
  return node->layout == OMNI_LAYOUT_PLANAR && node->op != OMNI_OP_SET_SOFTMAX;
}

/* Of a fixed-point sum: the result may lie where that does. */
gboolean
omni_plan_collapses_band (const OmniPlan *plan, const OmniNodeInfo *node)
{
  return node->op == OMNI_OP_UP_ADD && omni_plan_keeps_fixed (plan, node->inputs[0]);
}

/* All members of what a gathering kernel reads are in one view each. */
static gboolean
members_fit (const OmniPlan *plan, OmniNode n)
{
  const OmniNodeInfo *node = omni_graph_node (plan->graph, n);
  const guint64 texels = plan->device->limits.maxTexelBufferElements;
  const guint64 n_members = plan->params.n_sources;

  for (guint i = 0; i < node->n_inputs; i++)
    if (omni_plan_reads_samples (plan, node->inputs[i])
          ? plan->source_slot_bytes * n_members > 16 * texels
          : plan->tensors[node->inputs[i]].slice_bytes * n_members > MIN (16 * texels, 2ULL << 30))
      return FALSE;
  return TRUE;
}

/* What another plan made of the whole picture is read through one view. */
static gboolean
import_fits (const OmniPlan *plan, OmniNode n)
{
  OmniPlacement placement;

  return omni_plan_find_import (plan, n, &placement)->slice_bytes
         <= 16ULL * plan->device->limits.maxTexelBufferElements;
}

/* Kernels that read float by float, not plane by plane, need a view of all planes. */
static gboolean
views_fit (const OmniPlan *plan)
{
  for (OmniNode n = 0; n < (OmniNode)omni_graph_get_n_nodes (plan->graph); n++)
  {
    const OmniNodeInfo *node = omni_graph_node (plan->graph, n);

    if (node->needed
        && (node->op == OMNI_OP_FILTER || node->op == OMNI_OP_WINDOW_MEAN || node->op == OMNI_OP_UPSAMPLE)
        && plan->tensors[node->inputs[0]].planes_per_row > 1
        && plan->tensors[node->inputs[0]].slice_bytes > 4ULL * plan->device->limits.maxTexelBufferElements)
      return FALSE;
    if (node->needed && omni_plan_gathers (plan, n) && !members_fit (plan, n))
      return FALSE;
    if (node->needed && node->op == OMNI_OP_IMPORT && !import_fits (plan, n))
      return FALSE;
  }

  return TRUE;
}

static void
shape_tensors (OmniPlan *plan)
{
  plan->source_region = (OmniRegion){ { G_MAXINT / 4, G_MININT / 4 }, { G_MAXINT / 4, G_MININT / 4 } };
  for (guint n = 0; n < omni_graph_get_n_nodes (plan->graph); n++)
  {
    const OmniNodeInfo *node = omni_graph_node (plan->graph, (OmniNode)n);
    OmniTensor *tensor = &plan->tensors[n];

    if (!node->needed)
      continue;

    const gboolean c4 = node->layout == OMNI_LAYOUT_C4;
    const int rows = tensor->region.y.high - tensor->region.y.low;

    tensor->pitch = (guint)round_up (tensor->region.x.high - tensor->region.x.low, 4);
    tensor->planes = c4 ? (node->channels + 3) / 4 : node->channels;
    if (node->op == OMNI_OP_SET_SELECT)
      tensor->planes++; /* the winning key, after the values */
    if (node->op == OMNI_OP_SET_EXPOSURE_SUM)
      tensor->planes++; /* the fine steps, after the coarse ones */
    if (node->op == OMNI_OP_SET_BLEND && node->mean && !omni_plan_gathers (plan, (OmniNode)n))
      tensor->planes++; /* the sum of the weights, after the values */
    tensor->element_bytes = c4 ? (plan->params.half ? 8 : 16) : 4;
    tensor->plane_elements = (guint64)tensor->pitch * (guint)rows;
    tensor->planes_per_row = can_interleave (node) ? tensor->planes : 1;
    if (omni_plan_collapses_band (plan, node))
      tensor->planes_per_row = plan->tensors[node->inputs[0]].planes_per_row;
    tensor->slice_bytes = tensor->plane_elements * MAX (tensor->planes, tensor->planes_per_row)
                          * tensor->element_bytes;
    tensor->slice_bytes = align_bytes (tensor->slice_bytes);
    tensor->slices = node->pooled ? 1 : node->kept ? plan->params.n_sources : plan->slots;
    if (node->op == OMNI_OP_PICTURE)
    {
      join (&plan->source_region.x, tensor->region.x);
      join (&plan->source_region.y, tensor->region.y);
    }
  }

  if (plan->source_region.x.high < plan->source_region.x.low)
    plan->source_region = (OmniRegion){ { 0, 1 }, { 0, 1 } }; /* a graph of constants */

  /* Sixteen pixels of any format are whole texels of the source buffer. */
  plan->source_region.x.low = plan->source_region.x.low & ~15; /* down, of negative ones too */
  plan->source_region.x.high = plan->source_region.x.low
                               + (plan->source_region.x.high - plan->source_region.x.low + 15) / 16 * 16;
}

/* The whole-picture tensors of what tiles hand on. */
static void
shape_stages (OmniPlan *plan)
{
  plan->n_stages = 0;
  for (OmniNode n = 0; n < (OmniNode)omni_graph_get_n_nodes (plan->graph); n++)
  {
    const OmniNodeInfo *node = omni_graph_node (plan->graph, n);
    const int width = omni_extent_at_level ((int)plan->width, node->level);
    const int height = omni_extent_at_level ((int)plan->height, node->level);

    if (!node->exported || (omni_plan_get_tiles (plan) == 1 && !plan->passing))
      continue;

    plan->stages = g_renew (OmniStage, plan->stages, plan->n_stages + 1);

    OmniStage *stage = &plan->stages[plan->n_stages++];

    *stage = (OmniStage){ .node = n, .tensor = plan->tensors[n] };
    stage->tensor.region = (OmniRegion){ { 0, width }, { 0, height } };
    stage->tensor.pitch = (guint)round_up (width, 4);
    stage->tensor.plane_elements = (guint64)stage->tensor.pitch * (guint)height;
    stage->tensor.slice_bytes = align_bytes (stage->tensor.plane_elements * stage->tensor.element_bytes);
  }
}

static guint64
get_stage_bytes (const OmniPlan *plan)
{
  guint64 total = 0;

  for (guint i = 0; i < plan->n_stages; i++)
    total += plan->stages[i].tensor.slice_bytes * plan->stages[i].tensor.slices;
  return total;
}

/* Everything else of its own. */
static guint64
get_running_bytes (const OmniPlan *plan)
{
  const guint64 pixels = (guint64)plan->result_pitch_px * plan->tile_height;
  guint64 total = plan->source_slot_bytes * plan->slots
                  + pixels * omni_graph_get_output_channels (plan->graph)
                      * omni_store_get_bytes (plan->params.output);

  for (guint i = 0; i < plan->arena_bytes->len; i++)
    total += g_array_index (plan->arena_bytes, guint64, i);
  return total;
}

guint64
omni_plan_get_passing_bytes (const OmniPlan *plan)
{
  guint64 stages = 0, most = 0;

  for (const OmniPlan *above = plan->above; above != NULL && above->passing; above = above->above)
  {
    stages += get_stage_bytes (above);
    /* While it runs nothing above it does. */
    if (!plan->passing)
      most = MAX (most, get_running_bytes (above));
  }
  return stages + most;
}

guint64
omni_plan_get_memory_bytes (const OmniPlan *plan)
{
  guint64 total = get_stage_bytes (plan) + get_running_bytes (plan) + omni_plan_get_passing_bytes (plan);

  if (plan->above != NULL && !plan->above->passing)
    total += omni_plan_get_memory_bytes (plan->above);
  return total;
}

/* Side of equal tiles of at most `tile` px along an extent, so that the last is not mostly outside; 0: all of it. */
static guint
even_share (const OmniPlan *plan, guint extent, guint tile)
{
  if (tile == 0 || tile >= extent)
    return extent;

  const guint n = (extent + tile - 1) / tile;

  return MIN (tile, ((extent + n - 1) / n + plan->alignment - 1) / plan->alignment * plan->alignment);
}

/* The schedule anew where another number of tiles asks for another one; FALSE when that takes too many sources at a
 * time. */
static gboolean
schedule_for_tiles (OmniPlan *plan)
{
  const gboolean phased = omni_plan_get_tiles (plan) > 1 && plan->graph->n_phases > 1;

  if (phased == plan->phased)
    return TRUE;
  if (phased && plan->params.n_sources > OMNI_MAX_SLOTS)
    return FALSE;
  for (guint b = 0; b < plan->blocks->len; b++)
    g_array_unref (g_array_index (plan->blocks, OmniBlock, b).chunks);
  g_array_set_size (plan->blocks, 0);
  g_array_set_size (plan->instructions, 0);
  omni_plan_schedule (plan, phased);
  return TRUE;
}

/* At most so many pixels; 0 means the whole extent. */
typedef struct
{
  guint width, height;
} TileSize;

static gboolean
try_tile (OmniPlan *plan, TileSize tile)
{
  const guint width = plan->params.width;
  const guint height = plan->params.height;

  plan->tile_width = even_share (plan, width, tile.width);
  plan->tile_height = even_share (plan, height, tile.height);
  plan->tiles_x = (width + plan->tile_width - 1) / plan->tile_width;
  plan->tiles_y = (height + plan->tile_height - 1) / plan->tile_height;
  if (!schedule_for_tiles (plan))
    return FALSE;
  find_regions (plan);
  shape_tensors (plan);
  shape_stages (plan);

  plan->source_pitch_px = (guint)(plan->source_region.x.high - plan->source_region.x.low);

  const guint64 area = (guint64)plan->source_pitch_px
                       * (guint64)(plan->source_region.y.high - plan->source_region.y.low);

  plan->source_slot_bytes = (area * plan->source_pixel_bytes + OMNI_PLAN_ALIGN_BYTES) / OMNI_PLAN_ALIGN_BYTES
                            * OMNI_PLAN_ALIGN_BYTES;
  plan->result_pitch_px = (guint)round_up ((int)plan->tile_width, 4);
  if (!views_fit (plan) || !omni_plan_place (plan, FALSE))
    return FALSE;
  return omni_plan_bindings_fit (plan) || (omni_plan_place (plan, TRUE) && omni_plan_bindings_fit (plan));
}

/* Stages are put together from tiles; whatever else is handed on is made of the whole picture in one go. */
static gboolean
is_in_one_go (const OmniPlan *plan)
{
  if (plan->in_one_go)
    return TRUE;
  for (OmniNode n = 0; n < (OmniNode)omni_graph_get_n_nodes (plan->graph); n++)
    if (omni_graph_node (plan->graph, n)->exported && !omni_graph_node (plan->graph, n)->stage)
      return TRUE;

  return FALSE;
}

static void
find_alignment (OmniPlan *plan)
{
  guint deepest = 2;

  for (OmniNode n = 0; n < (OmniNode)omni_graph_get_n_nodes (plan->graph); n++)
  {
    const OmniNodeInfo *node = omni_graph_node (plan->graph, n);
    const guint grain = omni_op_is_statistic (node->op) ? OMNI_STATISTICS_BLOCK : find_grain (plan, node);

    if (node->needed)
      deepest = MAX (deepest, node->level + g_bit_storage (grain) - 1);
  }

  plan->alignment = MAX (1U << deepest, plan->graph->padding);
}

/* Streamed, a picture takes little memory and every source goes by a few times; in tiles with statistics all sources stay
 * and go by again and again. */
static gboolean
prefers_whole (const OmniPlan *plan)
{
  return plan->streamed && plan->graph->n_phases > 1;
}

/* Strips across the longer side, which have fewer edges to compute twice than squares of that side; then squares. */
static TileSize
get_tile (const OmniPlan *plan, guint side, guint turn)
{
  const gboolean wide = plan->params.width >= plan->params.height;

  return turn == 1 ? (TileSize){ side, side } : wide ? (TileSize){ side, 0 } : (TileSize){ 0, side };
}

static gboolean
choose_tile (OmniPlan *plan, GError **error)
{
  static const guint sides[] = { 0,   4096, 3072, 2048, 1536, 1024, 768, 640,
                                 512, 384,  256,  192,  128,  96,   64,  32 };
  const guint64 budget = plan->params.budget_bytes;
  guint64 least = G_MAXUINT64;
  TileSize least_tile = { 0 };

  if (plan->params.tile_px != 0 && !is_in_one_go (plan))
  {
    const guint tile = (plan->params.tile_px + plan->alignment - 1) / plan->alignment * plan->alignment;

    if (try_tile (plan, (TileSize){ tile, tile }))
      return TRUE;
  }

  for (guint i = 0; i < 2 * G_N_ELEMENTS (sides); i++)
  {
    const guint side = sides[i / 2];
    const TileSize tile = get_tile (plan, side, i % 2);

    if (side == 0 ? i % 2 == 1
                  : is_in_one_go (plan) || side % plan->alignment != 0
                      || side >= MAX (plan->params.width, plan->params.height))
      continue;
    if (!try_tile (plan, tile))
      continue;
    if (omni_plan_get_memory_bytes (plan) <= budget
        || (side == 0 && prefers_whole (plan) && omni_plan_get_memory_bytes (plan) <= plan->most_bytes))
      return TRUE;
    if (omni_plan_get_memory_bytes (plan) < least)
    {
      least = omni_plan_get_memory_bytes (plan);
      least_tile = tile;
    }
  }
  if (!plan->in_one_go && least <= plan->most_bytes && try_tile (plan, least_tile))
    return TRUE;

  g_autofree char *needs = g_format_size (least);
  g_autofree char *has = g_format_size (MAX (budget, plan->most_bytes));

  g_set_error (
    error, OMNI_VK_ERROR, OMNI_VK_ERROR_OUT_OF_MEMORY,
    _ ("%u pictures of %u × %u px need at least %s of device memory with %s, and %s is allowed. Raise "
       "OMNIFUSE_MEMORY_MIB, use fewer or smaller pictures, or choose another model."),
    plan->params.n_sources, plan->params.width, plan->params.height,
    least == G_MAXUINT64 ? _ ("more than this device can address") : needs, omni_graph_get_name (plan->graph),
    has);
  return FALSE;
}

const OmniTensor *
omni_plan_find_import (const OmniPlan *plan, OmniNode node, OmniPlacement *placement)
{
  const OmniPlan *maker = plan->above;
  guint first = OMNI_ARENA_ABOVE;

  for (; omni_graph_node (maker->graph, node)->op == OMNI_OP_IMPORT
         || !omni_graph_node (maker->graph, node)->exported;
       maker = maker->above)
    first += OMNI_ARENAS_A_PLAN;
  for (guint i = 0; i < maker->n_stages; i++)
    if (maker->stages[i].node == node)
    {
      *placement = (OmniPlacement){ first + OMNI_ARENA_STAGE + i, 0 };
      return &maker->stages[i].tensor;
    }
  *placement = omni_plan_find (maker, maker->instructions->len, node)->placement;
  placement->arena += first;
  return &maker->tensors[node];
}

gboolean
omni_plan_lay_out (OmniPlan *plan, GError **error)
{
  find_alignment (plan);
  plan->tensors = g_new0 (OmniTensor, omni_graph_get_n_nodes (plan->graph));
  plan->instructions = g_array_new (FALSE, TRUE, sizeof (OmniInstruction));
  plan->blocks = g_array_new (FALSE, TRUE, sizeof (OmniBlock));
  plan->arena_bytes = g_array_new (FALSE, TRUE, sizeof (guint64));

  omni_plan_schedule (plan, FALSE);
  return choose_tile (plan, error);
}
