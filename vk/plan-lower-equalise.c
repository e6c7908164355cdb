/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "vk/plan-lower-private.h"

#include <math.h>

/* Adaptive equalisation: the histograms of the cells are counted tile by tile, then become tables. Both lie in the buffer of
 * statistics. Matching another histogram is the same with one cell and another table. */

enum
{
  CLEAR,
  COUNT,
  TABLES,
  APPLY,
  MATCH
};

static guint
count_cells (const OmniNodeInfo *node)
{
  return node->cells * node->cells;
}

guint
omni_lower_size_of_tables (const OmniNodeInfo *node)
{
  return 2 * count_cells (node) * OMNI_LEVELS;
}

static OmniStep
equalise_step (const OmniLowering *lower, guint stage)
{
  OmniStep step = omni_lower_step (lower, "equalise");
  const guint first = omni_lower_find_statistics (lower->plan, lower->instruction->node, lower->slice);

  omni_step_constant (&step, FALSE); /* no half precision */
  omni_step_constant (&step, stage);
  omni_step_constant (&step, lower->node->cells);
  step.push.arg[0] = (gint32)first;
  step.push.arg[1] = (gint32)(first + count_cells (lower->node) * OMNI_LEVELS);
  step.push.arg[2] = (gint32)omni_float_bits (lower->node->epsilon);
  return step;
}

/* A step that writes counts or tables, over `columns` × `rows` from the tile's corner on. */
static void
emit_words (const OmniLowering *lower, OmniStep *step, guint columns, guint rows)
{
  const guint end = (guint)step->push.arg[0] + omni_lower_size_of_tables (lower->node);

  lower->plan->statistics_floats = MAX (lower->plan->statistics_floats, end);
  step->push.dst = (OmniPushView){ 0 };
  step->push.rx = 0;
  step->push.ry = 0;
  step->push.rw = (gint32)columns;
  step->push.rh = (gint32)rows;
  step->out[0].arena = OMNI_ARENA_STATISTICS;
  step->out[0].low = 0;
  step->out[0].high = (guint64)end * sizeof (float);
  omni_lower_emit_measuring (lower, step);
}

void
omni_lower_count_levels (const OmniLowering *lower)
{
  const OmniPlan *plan = lower->plan;
  const guint level = lower->node->level;
  const guint width = (guint)omni_extent_at_level ((int)(plan->tiles_x == 1 ? plan->width : plan->tile_width),
                                                   level);
  const guint height = (guint)omni_extent_at_level (
    (int)(plan->tiles_y == 1 ? plan->height : plan->tile_height), level);
  OmniStep clear = equalise_step (lower, CLEAR);
  OmniStep count = equalise_step (lower, COUNT);

  omni_lower_next_group (lower->plan);
  emit_words (lower, &clear, count_cells (lower->node) * OMNI_LEVELS, 1);
  omni_step_read (lower, &count, 0, 0, lower->slice, OMNI_UNIT_TEXEL);
  emit_words (lower, &count, (width + 3) / 4, height);
}

/* Of every level twice the sum of the histogram to match that a level of the picture may have, high and low 16 bits. In
 * double precision and in MATLAB's order, so that the comparison of whole numbers is the same as its own. */
static gint32
pack_limits (const OmniLowering *lower)
{
  const guint level = lower->node->level;
  const double n = (double)omni_extent_at_level ((int)lower->plan->width, level)
                   * omni_extent_at_level ((int)lower->plan->height, level);
  const guint64 *histogram = lower->node->histogram;
  double counted = 0, sum = 0;
  float limits[2 * OMNI_LEVELS];

  for (guint i = 0; i < OMNI_LEVELS; i++)
    counted += (double)histogram[i];
  for (guint i = 0; i < OMNI_LEVELS; i++)
  {
    sum += (double)histogram[i] * n / counted;

    const guint32 limit = (guint32)MIN (floor (2 * (sum + ldexp (n, -26))), (double)G_MAXUINT32);

    limits[i] = (float)(limit >> 16);
    limits[OMNI_LEVELS + i] = (float)(limit & 0xffff);
  }
  return omni_plan_pack_table (lower->plan, lower->instruction->node, limits, G_N_ELEMENTS (limits));
}

void
omni_lower_make_tables (const OmniLowering *lower)
{
  const gboolean match = lower->node->histogram != NULL;
  OmniStep step = equalise_step (lower, match ? MATCH : TABLES);

  if (match)
    step.push.arg[3] = pack_limits (lower);
  omni_lower_next_group (lower->plan);
  emit_words (lower, &step, count_cells (lower->node), 1);
}

void
omni_lower_equalise (const OmniLowering *lower)
{
  OmniStep step;

  if (!lower->plan->phased)
  {
    omni_lower_count_levels (lower);
    omni_lower_make_tables (lower);
  }
  step = equalise_step (lower, APPLY);
  omni_step_read (lower, &step, 0, 0, lower->slice, OMNI_UNIT_TEXEL);
  step.in[1] = (OmniTexelBinding){
    .format = OMNI_VIEW_RGBA32F,
    .arena = OMNI_ARENA_STATISTICS,
    .low = (guint64)step.push.arg[1] * sizeof (float),
    .high = (guint64)((guint)step.push.arg[1] + count_cells (lower->node) * OMNI_LEVELS) * sizeof (float),
  };
  step.push.src[1].base = step.push.arg[1] / 4;
  omni_lower_emit (lower, &step, 0x1U);
}
