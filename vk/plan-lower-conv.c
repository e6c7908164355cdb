/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "vk/plan-lower-private.h"

/* Convolutions: which kernel runs a layer, and its steps. */

/* OMNIFUSE_CONV=direct|winograd-8|winograd-16|winograd-32 picks the variant where it can run; tests compare all. */
static guint
winograd_outputs (const OmniNodeInfo *node)
{
  const char *wanted = g_getenv ("OMNIFUSE_CONV");

  if (g_strcmp0 (wanted, "winograd-8") == 0)
    return 8;
  if (g_strcmp0 (wanted, "winograd-16") == 0 || node->channels % 32 != 0)
    return node->channels % 16 == 0 ? 16 : 8;

  return 32;
}

OmniConvVariant
omni_plan_choose_conv (const OmniPlan *plan, const OmniNodeInfo *node)
{
  const gboolean shaped = node->kernel == 3 && node->dilation == 1 && node->groups == 1
                          && node->layout == OMNI_LAYOUT_C4 && node->channels % 8 == 0 && node->n_inputs <= 3;

  if (!shaped || !plan->device->info.has_shuffle || g_strcmp0 (g_getenv ("OMNIFUSE_CONV"), "direct") == 0)
    return OMNI_CONV_DIRECT;
  for (guint i = 0; i < node->n_inputs; i++)
  {
    const OmniNodeInfo *input = omni_graph_node (plan->graph, node->inputs[i]);

    if (input->layout != OMNI_LAYOUT_C4 || input->channels < 16)
      return OMNI_CONV_DIRECT;
  }

  return OMNI_CONV_WINOGRAD;
}

/* The epilogue's constants are the same for every variant: boundary, activation, half, base, post. */
static void
add_common (const OmniLowering *lower, OmniStep *step, const OmniConvWeights *weights)
{
  const OmniNodeInfo *node = lower->node;

  omni_step_constant (step, node->boundary);
  omni_step_constant (step, node->activation);
  omni_step_constant (step, lower->tensor->element_bytes == 8);
  omni_step_constant (step, node->base != OMNI_NODE_NONE);
  omni_step_constant (step, node->post_scale != NULL);
  step->push.arg[0] = weights->weight;
  step->push.arg[1] = weights->bias;
  step->push.arg[2] = weights->scale;
  step->push.arg[3] = weights->shift;
  step->push.arg[4] = (gint32)omni_float_bits (node->slope);
}

/* All inputs of a C4 convolution share one view of the arena; the base is the fourth. */
static void
read_inputs (const OmniLowering *lower, OmniStep *step, OmniUnit unit)
{
  const OmniNodeInfo *node = lower->node;

  for (guint i = 0; i < node->n_inputs; i++)
    omni_step_read (lower, step, MIN (i, 2), i, lower->slice, unit);
  if (node->base != OMNI_NODE_NONE)
    omni_step_read_node (lower, step, 3, node->base, 0, OMNI_UNIT_TEXEL);
}

static void
lower_winograd (const OmniLowering *lower)
{
  const OmniNodeInfo *node = lower->node;
  const guint outputs = winograd_outputs (node);
  const char *shader = outputs == 32   ? "conv-winograd-32"
                       : outputs == 16 ? "conv-winograd-16"
                                       : "conv-winograd-8";
  const OmniConvWeights weights = omni_plan_pack_conv (lower->plan, lower->instruction->node,
                                                       OMNI_CONV_WINOGRAD);
  OmniStep step = omni_lower_step (lower, shader);

  step.constants[0] = 8;
  step.constants[1] = 1;
  add_common (lower, &step, &weights);
  omni_step_constant (&step, node->channels);
  for (guint i = 0; i < 3; i++)
    omni_step_constant (&step, i < node->n_inputs
                                 ? (omni_graph_node (lower->plan->graph, node->inputs[i])->channels + 3) / 4
                                 : 0);
  read_inputs (lower, &step, OMNI_UNIT_TEXEL);
  step.cover_x = 4;
  step.cover_y = 4;
  step.groups_z = node->channels / outputs;
  omni_lower_emit (lower, &step, 0);
}

/* Takes any number of inputs in turn: each call adds to the output of the one before through the base. */
static void
lower_direct (const OmniLowering *lower)
{
  const OmniNodeInfo *node = lower->node;
  const OmniConvWeights weights = omni_plan_pack_conv (lower->plan, lower->instruction->node,
                                                       OMNI_CONV_DIRECT);
  const gboolean planar_in = omni_graph_node (lower->plan->graph, node->inputs[0])->layout
                             == OMNI_LAYOUT_PLANAR;
  const gboolean planar_out = node->layout == OMNI_LAYOUT_PLANAR;
  OmniStep step = omni_lower_step (lower, planar_in ? "conv-direct-planar" : "conv-direct");

  step.constants[0] = 8;
  step.constants[1] = 4;
  if (!planar_out)
  {
    step.push.rw = (step.push.rw + 3) / 4;
    step.push.rx /= 4;
  }
  add_common (lower, &step, &weights);
  omni_step_constant (&step, node->kernel);
  omni_step_constant (&step, node->dilation);
  omni_step_constant (&step, node->groups);
  omni_step_constant (&step, node->channels);
  omni_step_constant (&step, planar_out);
  read_inputs (lower, &step, planar_in ? OMNI_UNIT_FLOAT : OMNI_UNIT_TEXEL);
  for (guint i = 0; i < 3; i++)
    step.push.arg[5 + i] = i < node->n_inputs
                             ? (gint32)omni_graph_node (lower->plan->graph, node->inputs[i])->channels
                             : 0;
  if (planar_in)
    for (guint i = 0; i < node->n_inputs; i++)
      step.in[i].format = OMNI_VIEW_RGBA32F; /* floats picked out of texels: the zero texel is in reach */
  step.groups_z = (node->channels + 3) / 4;
  omni_lower_emit (lower, &step, 0);
}

void
omni_lower_conv (const OmniLowering *lower)
{
  if (omni_plan_choose_conv (lower->plan, lower->node) == OMNI_CONV_WINOGRAD)
    lower_winograd (lower);
  else
    lower_direct (lower);
}
