/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "vk/plan-lower-private.h"

/* Sources in, colour, and whatever works pixel by pixel. */

static void
lower_mixed_picture (const OmniLowering *lower)
{
  const OmniPlan *plan = lower->plan;
  const OmniRegion *sources = &plan->source_region;
  const guint slot = MIN (lower->slice, plan->slots - 1);
  OmniStep step = omni_lower_step (lower, "unpack-mixed");

  omni_step_constant (&step, lower->node->planes);
  step.in[0].format = OMNI_VIEW_R32UI;
  step.in[0].arena = OMNI_ARENA_SOURCES;
  step.in[0].low = plan->source_slot_bytes * slot;
  step.in[0].high = step.in[0].low + plan->source_slot_bytes;
  step.push.src[0].base = (gint32)(step.in[0].low / 4);
  step.push.src[0].pitch = (gint32)plan->source_pitch_px;
  step.push.arg[0] = (gint32)slot;
  step.push.arg[1] = sources->x.low;
  step.push.arg[2] = sources->y.low;
  step.bytes *= 1.5;
  omni_lower_emit (lower, &step, OMNI_Z_ALL & ~1U);
}

void
omni_lower_picture (const OmniLowering *lower)
{
  const gboolean colour = lower->node->planes == OMNI_PLANES_COLOUR;

  if (lower->plan->params.format.channels == 0)
  {
    lower_mixed_picture (lower);
    return;
  }

  OmniStep step = omni_lower_step (lower, "unpack");

  omni_step_read_samples (lower, &step, lower->node, lower->slice);
  if (colour)
    step.groups_z = 1;
  step.push.arg[8] = lower->plan->params.format.has_alpha;
  omni_lower_emit (lower, &step, OMNI_Z_ALL & ~1U);
}

void
omni_lower_import (const OmniLowering *lower)
{
  OmniPlacement placement;
  const OmniTensor *whole = omni_plan_find_import (lower->plan, lower->instruction->node, &placement);
  const guint slice = MIN (lower->slice, whole->slices - 1);
  OmniStep step = omni_lower_step (lower, "import");

  step.in[0].format = OMNI_VIEW_RGBA32F;
  step.in[0].arena = placement.arena;
  step.in[0].low = placement.offset_bytes + whole->slice_bytes * slice;
  step.in[0].high = step.in[0].low + whole->slice_bytes;
  step.push.src[0] = omni_lower_view (whole, placement, slice, OMNI_UNIT_TEXEL);
  step.push.arg[0] = whole->region.x.low >> 2;
  step.push.arg[1] = whole->region.y.low;
  step.push.arg[2] = (whole->region.x.high - 1) >> 2;
  step.push.arg[3] = whole->region.y.high - 1;
  step.bytes *= 2;
  omni_lower_emit (lower, &step, OMNI_Z_ALL);
}

void
omni_lower_extend (const OmniLowering *lower)
{
  OmniStep step = omni_lower_step (lower, "extend");

  omni_step_read (lower, &step, 0, 0, lower->slice, OMNI_UNIT_FLOAT);
  omni_lower_emit (lower, &step, OMNI_Z_ALL);
}

void
omni_lower_fill (const OmniLowering *lower)
{
  enum
  {
    CONSTANT,
    MARK,
    CHECKER,
    INFLUENCE
  };
  const OmniNodeInfo *node = lower->node;
  OmniStep step = omni_lower_step (lower, "fill");

  omni_step_constant (&step, node->op == OMNI_OP_MARK        ? MARK
                             : node->op == OMNI_OP_CHECKER   ? CHECKER
                             : node->op == OMNI_OP_INFLUENCE ? INFLUENCE
                                                             : CONSTANT);
  if (node->op == OMNI_OP_MARK)
  {
    step.push.arg[0] = (gint32)lower->slice;
    step.push.arg[1] = (gint32)node->marks;
  }
  else if (node->op == OMNI_OP_INFLUENCE)
    step.push.arg[0] = lower->block->per_source && lower->block->member < 0 ? -1 : (gint32)lower->slice;
  else if (node->op == OMNI_OP_CHECKER)
    step.push.arg[0] = (gint32)node->square_px;
  else
    step.push.arg[0] = omni_plan_pack_values (lower->plan, lower->instruction->node, node->channels);
  omni_lower_emit (lower, &step, OMNI_Z_ALL);
}

void
omni_lower_pointwise (const OmniLowering *lower)
{
  const OmniNodeInfo *node = lower->node;
  const gboolean binary = node->op == OMNI_OP_BINARY;
  OmniStep step = omni_lower_step (lower, "pointwise");

  omni_step_constant (&step, lower->tensor->element_bytes == 8);
  omni_step_constant (&step, binary ? 1 + node->binary : 0);
  omni_step_constant (&step, node->activation);
  for (guint i = 0; i < node->n_inputs; i++)
  {
    omni_step_read (lower, &step, i, i, lower->slice, OMNI_UNIT_TEXEL);
    if (omni_graph_node (lower->plan->graph, node->inputs[i])->channels < node->channels)
      step.push.src[i].plane = 0;
  }
  step.push.arg[0] = (gint32)omni_float_bits (node->scale);
  step.push.arg[1] = (gint32)omni_float_bits (node->shift);
  step.push.arg[2] = (gint32)omni_float_bits (node->slope);
  step.push.arg[3] = node->layout == OMNI_LAYOUT_C4 ? (gint32)node->channels : -1;
  omni_lower_emit (lower, &step, OMNI_Z_ALL);
}

void
omni_lower_colour (const OmniLowering *lower)
{
  enum
  {
    TERMS,
    RATIO,
    MERGE,
    LUMA
  };
  const OmniNodeInfo *node = lower->node;
  OmniStep step = omni_lower_step (lower, "colour");

  omni_step_constant (&step, node->op == OMNI_OP_CHROMA_TERMS   ? TERMS
                             : node->op == OMNI_OP_CHROMA_RATIO ? RATIO
                             : node->op == OMNI_OP_LUMA         ? LUMA
                                                                : MERGE);
  for (guint i = 0; i < node->n_inputs; i++)
    omni_step_read (lower, &step, i, i, lower->slice, OMNI_UNIT_TEXEL);
  omni_lower_emit (lower, &step, 0x8U);
}

void
omni_lower_channels (const OmniLowering *lower)
{
  const OmniNodeInfo *node = lower->node;
  const gboolean planar_in = omni_graph_node (lower->plan->graph, node->inputs[0])->layout
                             == OMNI_LAYOUT_PLANAR;
  const gboolean planar_out = node->layout == OMNI_LAYOUT_PLANAR;
  OmniStep step = omni_lower_step (lower, "channels");

  if (planar_in && !planar_out)
  {
    step.push.rw = (step.push.rw + 3) / 4;
    step.push.rx /= 4;
  }
  omni_step_constant (&step, lower->tensor->element_bytes == 8);
  omni_step_constant (&step, planar_in);
  omni_step_constant (&step, planar_out);
  omni_step_read (lower, &step, 0, 0, lower->slice, OMNI_UNIT_TEXEL);
  step.push.arg[0] = omni_plan_pack_values (lower->plan, lower->instruction->node, node->channels);
  step.push.arg[1] = (gint32)node->channels;
  omni_lower_emit (lower, &step, 0);
}
