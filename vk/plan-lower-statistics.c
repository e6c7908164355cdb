/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "vk/plan-lower-private.h"

/* Whole-picture statistics. Two dispatches make the records of a tile's blocks, two more one record for every plane out of
 * all blocks, a fifth spreads that over the plane. The records lie in the plan's small statistics buffer: the strips of a
 * tile, which all nodes and members of the set use in turn, then what each node and member has for itself. */

#define RECORD_FLOATS 12 /* three texels */
#define N_STRIPS      8  /* of a block: mirrors shaders/statistics.comp */

enum
{
  STRIPS,
  BLOCKS,
  ROWS,
  WHOLE
};

typedef struct
{
  guint columns, rows;           /* blocks of the picture */
  guint tile_columns, tile_rows; /* of a tile */
  guint planes;
  guint blocks, lines, results; /* index of the first record of each kind */
} Grid;                         /* of moments and extremes */

static guint
count_blocks (guint extent)
{
  return (extent + OMNI_STATISTICS_BLOCK - 1) / OMNI_STATISTICS_BLOCK;
}

static const OmniTensor *
measured_tensor (const OmniPlan *plan, OmniNode statistic)
{
  return &plan->tensors[omni_graph_node (plan->graph, statistic)->inputs[0]];
}

static Grid
measure_grid (const OmniPlan *plan, OmniNode statistic)
{
  const guint level = omni_graph_node (plan->graph, statistic)->level;
  const int width = omni_extent_at_level ((int)plan->width, level);
  const int height = omni_extent_at_level ((int)plan->height, level);

  return (Grid){
    .columns = count_blocks ((guint)width),
    .rows = count_blocks ((guint)height),
    .tile_columns = count_blocks (
      plan->tiles_x == 1 ? (guint)width : (guint)omni_extent_at_level ((int)plan->tile_width, level)),
    .tile_rows = count_blocks (
      plan->tiles_y == 1 ? (guint)height : (guint)omni_extent_at_level ((int)plan->tile_height, level)),
    .planes = measured_tensor (plan, statistic)->planes,
  };
}

static guint
records_of (const Grid *grid)
{
  return grid->planes * (grid->columns * grid->rows + grid->rows + 1);
}

static guint
size_of_strips (const OmniPlan *plan, OmniNode statistic)
{
  const Grid grid = measure_grid (plan, statistic);

  if (omni_graph_node (plan->graph, statistic)->op == OMNI_OP_EQUALISE)
    return 0;
  return grid.planes * grid.tile_columns * grid.tile_rows * N_STRIPS * RECORD_FLOATS;
}

/* Of one member. */
static guint
size_of_own (const OmniPlan *plan, OmniNode statistic)
{
  const OmniNodeInfo *node = omni_graph_node (plan->graph, statistic);
  const Grid grid = measure_grid (plan, statistic);

  if (node->op == OMNI_OP_EQUALISE)
    return (omni_lower_size_of_tables (node) + RECORD_FLOATS - 1) / RECORD_FLOATS * RECORD_FLOATS;
  return records_of (&grid) * RECORD_FLOATS;
}

guint
omni_lower_find_statistics (const OmniPlan *plan, OmniNode statistic, guint slice)
{
  guint strips = 0,
        own = size_of_own (plan, statistic) * MIN (slice, measured_tensor (plan, statistic)->slices - 1);

  for (OmniNode n = 0; n < (OmniNode)omni_graph_get_n_nodes (plan->graph); n++)
  {
    const OmniNodeInfo *node = omni_graph_node (plan->graph, n);

    if (!node->needed || !omni_op_is_statistic (node->op))
      continue;
    strips = MAX (strips, size_of_strips (plan, n));
    if (n < statistic)
      own += size_of_own (plan, n) * measured_tensor (plan, n)->slices;
  }

  return strips + own;
}

static Grid
choose_grid (const OmniPlan *plan, OmniNode statistic, guint slice)
{
  Grid grid = measure_grid (plan, statistic);

  grid.blocks = omni_lower_find_statistics (plan, statistic, slice) / RECORD_FLOATS;
  grid.lines = grid.blocks + grid.planes * grid.columns * grid.rows;
  grid.results = grid.lines + grid.planes * grid.rows;
  return grid;
}

static OmniStep
statistics_step (const OmniLowering *lower, const Grid *grid, guint stage, guint columns, guint rows)
{
  const OmniTensor *input = measured_tensor (lower->plan, lower->instruction->node);
  const guint end = (grid->results + grid->planes) * RECORD_FLOATS;
  OmniStep step = omni_lower_step (lower, "statistics");

  lower->plan->statistics_floats = MAX (lower->plan->statistics_floats, end);
  step.constants[0] = columns >= 32 ? 32 : 8;
  step.constants[1] = 1;
  omni_step_constant (&step, stage);
  omni_step_constant (&step, input->element_bytes == 4);
  omni_step_constant (&step, lower->node->op == OMNI_OP_PICTURE_EXTREME);
  step.push.dst = (OmniPushView){ 0 };
  step.push.rx = 0;
  step.push.ry = 0;
  step.push.rw = (gint32)columns;
  step.push.rh = (gint32)rows;
  step.push.arg[0] = 0;
  step.push.arg[1] = (gint32)grid->blocks;
  step.push.arg[2] = (gint32)grid->lines;
  step.push.arg[3] = (gint32)grid->results;
  step.push.arg[4] = (gint32)grid->columns;
  step.push.arg[5] = (gint32)grid->rows;
  step.push.arg[6] = (gint32)(grid->tile_columns * N_STRIPS);
  step.push.arg[7] = (gint32)grid->tile_rows;
  step.groups_z = grid->planes;
  step.out[0].arena = OMNI_ARENA_STATISTICS;
  step.out[0].low = 0;
  step.out[0].high = (guint64)end * sizeof (float);
  step.bytes = (double)columns * rows * grid->planes * RECORD_FLOATS * sizeof (float);
  if (stage == STRIPS)
    omni_step_read (lower, &step, 0, 0, lower->slice, OMNI_UNIT_TEXEL);
  return step;
}

void
omni_lower_emit_measuring (const OmniLowering *lower, const OmniStep *whole)
{
  const double cost = omni_step_cost (whole);
  const gint32 fit = cost > lower->plan->max_chunk_cost
                       ? (gint32)(lower->plan->max_chunk_cost / cost * whole->push.rh)
                       : whole->push.rh;
  const gint32 rows = MAX (fit, 1);

  for (gint32 y = 0; y < whole->push.rh; y += rows)
  {
    OmniStep step = *whole;

    step.push.ry = y;
    step.push.rh = MIN (rows, whole->push.rh - y);
    step.flop *= (double)step.push.rh / whole->push.rh;
    step.bytes *= (double)step.push.rh / whole->push.rh;
    step.group = lower->plan->n_groups;
    g_array_append_val (lower->plan->steps, step);
  }
  omni_lower_next_group (lower->plan);
}

void
omni_lower_measure (const OmniLowering *lower)
{
  if (lower->node->op == OMNI_OP_EQUALISE)
  {
    omni_lower_count_levels (lower);
    return;
  }

  const Grid grid = choose_grid (lower->plan, lower->instruction->node, lower->slice);
  OmniStep strips, blocks;

  omni_lower_next_group (lower->plan); /* another member of the set may still read the strips */
  strips = statistics_step (lower, &grid, STRIPS, grid.tile_columns * N_STRIPS, grid.tile_rows);
  omni_lower_emit_measuring (lower, &strips);
  blocks = statistics_step (lower, &grid, BLOCKS, grid.tile_columns, grid.tile_rows);
  blocks.bytes *= N_STRIPS;
  omni_lower_emit_measuring (lower, &blocks);
}

void
omni_lower_settle (const OmniLowering *lower)
{
  if (lower->node->op == OMNI_OP_EQUALISE)
  {
    omni_lower_make_tables (lower);
    return;
  }

  const Grid grid = choose_grid (lower->plan, lower->instruction->node, lower->slice);
  OmniStep lines, whole;

  omni_lower_next_group (lower->plan);
  lines = statistics_step (lower, &grid, ROWS, 1, grid.rows);
  lines.bytes *= grid.columns;
  omni_lower_emit_measuring (lower, &lines);
  whole = statistics_step (lower, &grid, WHOLE, 1, 1);
  whole.bytes *= grid.rows;
  omni_lower_emit_measuring (lower, &whole);
}

static guint32
apply_kind (const OmniNodeInfo *node)
{
  enum
  {
    NORMALISE,
    MEAN,
    MAXIMUM,
    MINIMUM
  };

  if (node->op == OMNI_OP_NORMALISE)
    return NORMALISE;
  if (node->op == OMNI_OP_PICTURE_MEAN)
    return MEAN;
  return node->take_max ? MAXIMUM : MINIMUM;
}

void
omni_lower_statistics (const OmniLowering *lower)
{
  const OmniPlan *plan = lower->plan;
  const OmniNodeInfo *node = lower->node;
  const Grid grid = choose_grid (plan, lower->instruction->node, lower->slice);
  OmniStep step;

  if (!plan->phased)
  {
    omni_lower_measure (lower);
    omni_lower_settle (lower);
  }

  step = omni_lower_step (lower, "normalise");
  omni_step_constant (&step, lower->tensor->element_bytes == 8);
  omni_step_constant (&step, apply_kind (node));
  omni_step_constant (&step, node->activation);
  step.push.arg[0] = (gint32)omni_float_bits (node->slope);
  omni_step_read (lower, &step, 0, 0, lower->slice, OMNI_UNIT_TEXEL);
  step.in[1] = (OmniTexelBinding){
    .format = OMNI_VIEW_RGBA32F,
    .arena = OMNI_ARENA_STATISTICS,
    .low = (guint64)grid.results * RECORD_FLOATS * sizeof (float),
    .high = (guint64)(grid.results + grid.planes) * RECORD_FLOATS * sizeof (float),
  };
  step.push.src[1].base = (gint32)grid.results * RECORD_FLOATS / 4;
  step.push.arg[1] = (gint32)omni_float_bits (node->epsilon);
  step.push.arg[2] = node->layout == OMNI_LAYOUT_C4 ? (gint32)node->channels : -1;
  omni_lower_emit (lower, &step, 0x1U);
}
