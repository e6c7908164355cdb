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

void
omni_lower_resample (const OmniLowering *lower)
{
  if (lower->node->op == OMNI_OP_DOWN)
    lower_down (lower);
  else if (lower->node->op == OMNI_OP_UP_ADD)
    lower_up_add (lower);
  else
    g_error ("no kernel for %s", lower->node->label);
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
  g_error ("no kernel for %s", lower->node->label);
}

void
omni_lower_channels (const OmniLowering *lower)
{
  g_error ("no kernel for %s", lower->node->label);
}

void
omni_lower_statistics (const OmniLowering *lower)
{
  g_error ("no kernel for %s", lower->node->label);
}
