/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "vk/plan-lower-private.h"

/* Pyramids, filters and weights that look at neighbours. */

static void
add_extent (const OmniLowering *lower, OmniStep *step, OmniNode node, guint first_arg)
{
  const OmniPlan *plan = lower->plan;
  const guint level = omni_graph_node (plan->graph, node)->level;

  step->push.arg[first_arg] = omni_extent_at_level ((int)plan->params.width, level);
  step->push.arg[first_arg + 1] = omni_extent_at_level ((int)plan->params.height, level);
}

static void
lower_down (const OmniLowering *lower)
{
  OmniStep step = omni_lower_step (lower, "down");

  omni_step_constant (&step, lower->node->pyramid);
  omni_step_read (lower, &step, 0, 0, lower->slice, OMNI_UNIT_FLOAT);
  omni_step_read (lower, &step, 1, 0, lower->slice, OMNI_UNIT_TEXEL);
  add_extent (lower, &step, lower->node->inputs[0], 0);
  omni_lower_emit (lower, &step, 0x3U);
}

static void
lower_up_add (const OmniLowering *lower)
{
  OmniStep step = omni_lower_step (lower, "up-add");

  omni_step_constant (&step, lower->node->pyramid);
  omni_step_read (lower, &step, 0, 0, lower->slice, OMNI_UNIT_TEXEL);
  omni_step_read (lower, &step, 1, 1, lower->slice, OMNI_UNIT_FLOAT);
  add_extent (lower, &step, lower->node->inputs[1], 0);
  step.push.arg[2] = (gint32)omni_float_bits (lower->node->scale);
  omni_lower_emit (lower, &step, 0x3U);
}

static void
lower_pool (const OmniLowering *lower)
{
  OmniStep step = omni_lower_step (lower, "pool");

  omni_step_constant (&step, lower->tensor->element_bytes == 8);
  omni_step_constant (&step, lower->node->layout == OMNI_LAYOUT_PLANAR);
  omni_step_constant (&step, (guint32)lower->node->take_max);
  omni_step_read (lower, &step, 0, 0, lower->slice, OMNI_UNIT_TEXEL);
  add_extent (lower, &step, lower->node->inputs[0], 0);
  omni_lower_emit (lower, &step, OMNI_Z_ALL);
}

static void
lower_upsample (const OmniLowering *lower)
{
  const gboolean planar = lower->node->layout == OMNI_LAYOUT_PLANAR;
  OmniStep step = omni_lower_step (lower, "upsample");

  omni_step_constant (&step, lower->tensor->element_bytes == 8);
  omni_step_constant (&step, planar);
  omni_step_constant (&step, (guint32)lower->node->bilinear);
  omni_step_read (lower, &step, 0, 0, lower->slice,
                  planar && lower->node->bilinear ? OMNI_UNIT_FLOAT : OMNI_UNIT_TEXEL);
  add_extent (lower, &step, lower->node->inputs[0], 0);
  omni_lower_emit (lower, &step, OMNI_Z_ALL);
}

void
omni_lower_resample (const OmniLowering *lower)
{
  switch (lower->node->op)
  {
  case OMNI_OP_DOWN:
    lower_down (lower);
    break;
  case OMNI_OP_UP_ADD:
    lower_up_add (lower);
    break;
  case OMNI_OP_POOL:
    lower_pool (lower);
    break;
  case OMNI_OP_UPSAMPLE:
    lower_upsample (lower);
    break;
  default:
    g_assert_not_reached ();
  }
}

void
omni_lower_exposure_weight (const OmniLowering *lower)
{
  const OmniNodeInfo *node = lower->node;
  OmniStep step = omni_lower_step (lower, "exposure-weight");

  omni_step_read (lower, &step, 0, 0, lower->slice, OMNI_UNIT_TEXEL);
  for (guint i = 0; i < 3; i++)
    step.push.arg[i] = (gint32)omni_float_bits (node->exponents[i]);
  step.push.arg[3] = (gint32)omni_float_bits (1.0F / (2.0F * node->sigma * node->sigma));
  omni_lower_emit (lower, &step, 0);
}

void
omni_lower_filter (const OmniLowering *lower)
{
  const OmniNodeInfo *node = lower->node;
  OmniStep step = omni_lower_step (lower, "filter");

  omni_step_constant (&step, node->boundary);
  omni_step_constant (&step, (guint32)node->vertical);
  omni_step_read (lower, &step, 0, 0, lower->slice, node->vertical ? OMNI_UNIT_TEXEL : OMNI_UNIT_FLOAT);
  step.push.arg[0] = omni_plan_pack_values (lower->plan, lower->instruction->node, 2 * node->radius + 1);
  step.push.arg[1] = (gint32)node->radius;
  omni_lower_emit (lower, &step, OMNI_Z_ALL);
}
