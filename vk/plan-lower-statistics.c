/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "vk/plan-lower-private.h"

/* Whole-picture statistics: three dispatches make one record for every plane, a fourth spreads it over the plane. The
 * records lie in the plan's small statistics buffer, which all nodes and members of the set use in turn. */

#define RECORD_FLOATS 12 /* count, mean, sum of squared differences: three texels */
#define MOST_STRIPS   64
#define MOST_BANDS    32

typedef struct
{
  guint strips, bands, band_rows;
  guint results; /* index of the first plane's record */
} Grid;

static Grid
choose_grid (const OmniLowering *lower, const OmniTensor *input)
{
  const guint height = (guint)(input->region.y.high - input->region.y.low);
  const guint texels = input->element_bytes == 4 ? input->pitch / 4
                                                 : (guint)(input->region.x.high - input->region.x.low);
  Grid grid;

  grid.strips = MIN (texels, MOST_STRIPS);
  grid.band_rows = (height + MOST_BANDS - 1) / MOST_BANDS;
  grid.bands = (height + grid.band_rows - 1) / grid.band_rows;
  grid.results = input->planes * (grid.strips + 1) * (grid.bands + 1);
  lower->plan->statistics_floats = MAX (lower->plan->statistics_floats,
                                        (grid.results + input->planes) * RECORD_FLOATS);
  return grid;
}

static OmniStep
statistics_step (const OmniLowering *lower, const Grid *grid, guint stage, guint columns, guint rows)
{
  const OmniTensor *input = &lower->plan->tensors[lower->node->inputs[0]];
  OmniStep step = omni_lower_step (lower, "statistics");

  step.constants[0] = columns >= 32 ? 32 : 8;
  step.constants[1] = 1;
  omni_step_constant (&step, stage);
  omni_step_constant (&step, input->element_bytes == 4);
  omni_step_read (lower, &step, 0, 0, lower->slice, OMNI_UNIT_TEXEL);
  step.push.dst = (OmniPushView){ 0 };
  step.push.rx = 0;
  step.push.ry = 0;
  step.push.rw = (gint32)columns;
  step.push.rh = (gint32)rows;
  step.push.arg[1] = (gint32)grid->strips;
  step.push.arg[2] = (gint32)grid->bands;
  step.push.arg[3] = (gint32)grid->band_rows;
  step.push.arg[4] = (gint32)grid->results;
  step.groups_z = input->planes;
  step.out[0].arena = OMNI_ARENA_STATISTICS;
  step.out[0].low = 0;
  step.out[0].high = (guint64)(grid->results + input->planes) * RECORD_FLOATS * sizeof (float);
  return step;
}

/* As many bands in one dispatch as keep a submission short. */
static void
emit_bands (const OmniLowering *lower, const OmniStep *whole)
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

static void
apply (const OmniLowering *lower, const Grid *grid)
{
  const OmniNodeInfo *node = lower->node;
  OmniStep step = omni_lower_step (lower, "normalise");

  omni_step_constant (&step, lower->tensor->element_bytes == 8);
  omni_step_constant (&step, node->op == OMNI_OP_PICTURE_MEAN);
  omni_step_read (lower, &step, 0, 0, lower->slice, OMNI_UNIT_TEXEL);
  step.in[1] = (OmniTexelBinding){ OMNI_VIEW_RGBA32F, OMNI_ARENA_STATISTICS, 0, 0 };
  step.push.arg[0] = (gint32)grid->results;
  step.push.arg[1] = (gint32)omni_float_bits (node->epsilon);
  step.push.arg[2] = node->layout == OMNI_LAYOUT_C4 ? (gint32)node->channels : -1;
  omni_lower_emit (lower, &step, 0x1U);
}

void
omni_lower_statistics (const OmniLowering *lower)
{
  const OmniTensor *input = &lower->plan->tensors[lower->node->inputs[0]];
  const Grid grid = choose_grid (lower, input);
  OmniStep strips, bands, whole;

  omni_lower_next_group (lower->plan); /* another member of the set may still read the records */
  strips = statistics_step (lower, &grid, 0, grid.strips, grid.bands);
  emit_bands (lower, &strips);

  bands = statistics_step (lower, &grid, 1, 1, grid.bands);
  bands.bytes = (double)grid.results * RECORD_FLOATS * sizeof (float);
  emit_bands (lower, &bands);

  whole = statistics_step (lower, &grid, 2, 1, 1);
  whole.bytes = (double)grid.bands * input->planes * RECORD_FLOATS * sizeof (float);
  emit_bands (lower, &whole);

  apply (lower, &grid);
}
