/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "vk/plan-lower-private.h"

#include <math.h>

/* Pyramids, filters and weights that look at neighbours. */

static void
add_extent (const OmniLowering *lower, OmniStep *step, OmniNode node, guint first_arg)
{
  const OmniPlan *plan = lower->plan;
  const guint level = omni_graph_node (plan->graph, node)->level;

  step->push.arg[first_arg] = omni_extent_at_level ((int)plan->width, level);
  step->push.arg[first_arg + 1] = omni_extent_at_level ((int)plan->height, level);
}

/* ROWS of down.comp */
#define ROWS_OF_BURT 2
#define ROWS_OF_QUAD 8

static void
lower_down (const OmniLowering *lower)
{
  const char *kernel = lower->node->pyramid == OMNI_PYRAMID_BURT
                         ? omni_lower_choose_variant (lower, 0, "down-burt", "down-burt-samples")
                         : omni_lower_choose_variant (lower, 0, "down-quad", "down-quad-samples");
  OmniStep step = omni_lower_step (lower, kernel);

  omni_step_read_picture (lower, &step, 0, lower->slice);
  add_extent (lower, &step, lower->node->inputs[0], 0);
  step.cover_y = lower->node->pyramid == OMNI_PYRAMID_BURT ? ROWS_OF_BURT : ROWS_OF_QUAD;
  omni_lower_emit (lower, &step, 0x1U);
}

/* The fine input may be a fixed-point sum. */
static void
lower_up_add (const OmniLowering *lower)
{
  const OmniPlan *plan = lower->plan;
  const OmniNode fine = lower->node->inputs[0];
  const gboolean fixed = omni_plan_keeps_fixed (plan, fine);
  const char *shader = omni_lower_choose_variant (lower, 0, "up-add", "up-add-samples");
  OmniStep step = omni_lower_step (lower, shader);

  omni_step_read_picture (lower, &step, 0, lower->slice);
  omni_step_constant (&step, lower->node->pyramid);
  omni_step_constant (&step, fixed);
  omni_step_constant (&step, fixed ? omni_lower_weight_plane (omni_graph_node (plan->graph, fine)) : 0);
  omni_step_constant (&step, lower->node->activation == OMNI_ACTIVATION_ABS);
  omni_step_read (lower, &step, 1, 1, lower->slice, OMNI_UNIT_TEXEL);
  add_extent (lower, &step, lower->node->inputs[1], 0);
  step.push.arg[2] = (gint32)omni_float_bits (lower->node->scale);
  if (fixed)
    step.push.arg[3] = (gint32)omni_float_bits (
      1.0F / omni_lower_fixed_scale (plan, omni_graph_node (plan->graph, fine)));
  step.push.arg[4] = (gint32)omni_float_bits (ldexpf (1.0F, -omni_lower_term_bits (plan)));
  /* The binding asks for integers, also where they are not read. */
  if (fixed)
    omni_step_read_sums (lower, &step, &plan->tensors[fine],
                         omni_plan_find (plan, lower->at, fine)->placement);
  else
    omni_step_read_sums (lower, &step, lower->tensor, lower->instruction->placement);
  omni_step_cover_blocks (&step, 2);
  omni_lower_emit (lower, &step, 0xbU);
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
  omni_step_constant (&step, lower->node->steps);
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

enum
{
  EXPOSURE_WEIGHT,
  EXPOSURE_SUM,
  EXPOSURE_SHARE
};

/* A power of two that contrast^a · saturation^b stays below in a picture of samples within ±range: contrast is at most
 * four of them, saturation one. */
static float
largest_weight (const OmniLowering *lower)
{
  const double range = lower->plan->params.range;
  const double most = pow (4.0 * range, lower->node->exponents[0]) * pow (range, lower->node->exponents[1]);

  return (float)exp2 (CLAMP (ceil (log2 (most)), 0.0, 40.0));
}

/* The grid of a sum: coarse steps, each of as many fine steps as a term may have bits. */
static void
lower_exposure (const OmniLowering *lower, guint stage, gint32 first)
{
  const OmniPlan *plan = lower->plan;
  const OmniNodeInfo *node = lower->node;
  const char *shader = omni_lower_choose_variant (lower, 0, "exposure-weight", "exposure-weight-samples");
  const float largest = largest_weight (lower);
  const float steps = ldexpf (1.0F, omni_lower_term_bits (plan));
  const float coarse = steps / largest;
  const float fine = coarse * steps;
  const float least = ldexpf (1.0F, -40);
  const OmniNode sum = stage == EXPOSURE_SHARE ? node->inputs[1] : lower->instruction->node;
  OmniStep step = omni_lower_step (lower, shader);

  omni_step_read_picture (lower, &step, 0, lower->slice);
  omni_step_constant (&step, stage);
  omni_step_constant (&step, omni_float_bits (node->exponents[0]));
  omni_step_constant (&step, omni_float_bits (node->exponents[1]));
  omni_step_constant (&step, omni_float_bits (node->exponents[2] / (2.0F * node->sigma * node->sigma)));
  if (stage == EXPOSURE_SHARE)
    omni_step_read_sums (lower, &step, &plan->tensors[sum], omni_plan_find (plan, lower->at, sum)->placement);
  else
    omni_step_read_sums (lower, &step, lower->tensor, lower->instruction->placement);
  step.push.arg[0] = (gint32)omni_float_bits (coarse);
  step.push.arg[1] = (gint32)omni_float_bits (fine);
  step.push.arg[2] = (gint32)omni_float_bits (stage == EXPOSURE_WEIGHT ? least : MAX (least, 1.0F / fine));
  step.push.arg[3] = (gint32)omni_float_bits (largest);
  step.push.arg[4] = first;
  step.groups_z = 1;
  step.cover_y = 2;
  omni_lower_emit (lower, &step, 0);
}

void
omni_lower_exposure_weight (const OmniLowering *lower)
{
  lower_exposure (lower, lower->node->n_inputs == 2 ? EXPOSURE_SHARE : EXPOSURE_WEIGHT, 0);
}

void
omni_lower_exposure_sum (const OmniLowering *lower, gboolean resident)
{
  lower_exposure (lower, EXPOSURE_SUM, !resident ? -1 : lower->slice == 0 ? 1 : 0);
}

#define ROWS_OF_SCORES 8 /* ROWS of band-weight.comp */

enum
{
  SCORE_MAX,
  SCORE_WEIGHT,
  SCORE_ITSELF
};

static void
lower_score (const OmniLowering *lower, guint stage, gint32 first)
{
  const OmniNodeInfo *node = lower->node;
  const OmniUnit unit = node->steps > 0 ? OMNI_UNIT_FLOAT : OMNI_UNIT_TEXEL;
  OmniStep step = omni_lower_step (
    lower, omni_lower_choose_variant (lower, 0, "band-weight", "band-weight-samples"));

  omni_step_read_picture (lower, &step, 0, lower->slice);
  omni_step_constant (&step, stage);
  omni_step_constant (&step, node->steps);
  omni_step_constant (&step, omni_float_bits (node->epsilon));
  omni_step_read (lower, &step, 1, 2, lower->slice, unit);
  omni_step_read (lower, &step, 2, 3, lower->slice, unit);
  omni_step_read (lower, &step, 3, 1, lower->slice, OMNI_UNIT_TEXEL);
  if (stage == SCORE_WEIGHT)
    step.push.arg[4] = omni_step_read_instead_of_weights (lower, &step, node->inputs[4], 3).pitch;
  step.push.arg[0] = first;
  add_extent (lower, &step, node->inputs[2], 1);
  omni_step_cover_blocks (&step, ROWS_OF_SCORES);
  omni_lower_emit (lower, &step, 0);
}

void
omni_lower_score_weight (const OmniLowering *lower)
{
  lower_score (
    lower, omni_plan_keeps_score (lower->plan, lower->instruction->node) ? SCORE_ITSELF : SCORE_WEIGHT, 0);
}

void
omni_lower_score_max (const OmniLowering *lower, gboolean resident)
{
  lower_score (lower, SCORE_MAX, !resident ? -1 : lower->slice == 0 ? 1 : 0);
}

/* Nothing the filter asks for lies further outside than the picture is long, less the edge and a texel's width. */
static gboolean
reaches_near (const OmniNodeInfo *node, const OmniPush *push)
{
  const gint32 reach = (gint32)(node->radius * node->step) + 4;

  return reach < (node->vertical ? push->height : push->width);
}

void
omni_lower_filter (const OmniLowering *lower)
{
  const OmniNodeInfo *node = lower->node;
  OmniStep step = omni_lower_step (lower, "filter");

  omni_step_constant (&step, node->boundary);
  omni_step_constant (&step, (guint32)node->vertical);
  omni_step_constant (&step, reaches_near (node, &step.push));
  omni_step_read (lower, &step, 0, 0, lower->slice, node->vertical ? OMNI_UNIT_TEXEL : OMNI_UNIT_FLOAT);
  step.push.arg[0] = omni_plan_pack_values (lower->plan, lower->instruction->node, 2 * node->radius + 1);
  step.push.arg[1] = (gint32)node->radius;
  step.push.arg[2] = (gint32)node->step;
  omni_lower_emit (lower, &step, OMNI_Z_ALL);
}

void
omni_lower_window_mean (const OmniLowering *lower)
{
  const OmniNodeInfo *node = lower->node;
  const guint run = 2 * node->radius + 2 >= OMNI_WINDOW_RUN ? OMNI_WINDOW_RUN : 4;
  OmniStep step = omni_lower_step (lower, "window-mean");

  omni_step_constant (&step, run);
  omni_step_constant (&step, (guint32)node->vertical);
  omni_step_read (lower, &step, 0, 0, lower->slice, node->vertical ? OMNI_UNIT_TEXEL : OMNI_UNIT_FLOAT);
  step.push.arg[0] = (gint32)node->radius;
  if (node->vertical)
    step.cover_y = run;
  else
    step.cover_x = run / 4;
  omni_lower_emit (lower, &step, OMNI_Z_ALL);
}
