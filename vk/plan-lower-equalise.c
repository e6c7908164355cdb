/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "vk/plan-lower-private.h"

/* Adaptive equalisation: the histograms of the cells are counted tile by tile, then become tables. Both lie in the buffer of
 * statistics. */

#define LEVELS 256

enum
{
  CLEAR,
  COUNT,
  TABLES,
  APPLY
};

static guint
count_cells (const OmniNodeInfo *node)
{
  return node->cells * node->cells;
}

guint
omni_lower_size_of_tables (const OmniNodeInfo *node)
{
  return 2 * count_cells (node) * LEVELS;
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
  step.push.arg[1] = (gint32)(first + count_cells (lower->node) * LEVELS);
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
  const guint width = plan->tiles_x == 1 ? plan->width : plan->tile_width;
  const guint height = plan->tiles_y == 1 ? plan->height : plan->tile_height;
  OmniStep clear = equalise_step (lower, CLEAR);
  OmniStep count = equalise_step (lower, COUNT);

  omni_lower_next_group (lower->plan);
  emit_words (lower, &clear, count_cells (lower->node) * LEVELS, 1);
  omni_step_read (lower, &count, 0, 0, lower->slice, OMNI_UNIT_TEXEL);
  emit_words (lower, &count, (width + 3) / 4, height);
}

void
omni_lower_make_tables (const OmniLowering *lower)
{
  OmniStep step = equalise_step (lower, TABLES);

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
    .high = (guint64)((guint)step.push.arg[1] + count_cells (lower->node) * LEVELS) * sizeof (float),
  };
  step.push.src[1].base = step.push.arg[1] / 4;
  omni_lower_emit (lower, &step, 0x1U);
}
