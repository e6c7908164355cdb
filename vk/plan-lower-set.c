/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "vk/plan-lower-private.h"

#include <math.h>

/* Operations across the set axis. */

/* Bits of a fixed-point term: the sum of n of them stays inside 31 bits. */
static int
term_bits (guint n_sources)
{
  int bits = 30;

  for (guint n = 1; n < n_sources; n *= 2)
    bits--;

  return bits;
}

int
omni_lower_term_bits (const OmniPlan *plan)
{
  return term_bits (plan->params.n_sources);
}

guint
omni_lower_weight_plane (const OmniNodeInfo *node)
{
  return node->op == OMNI_OP_SET_BLEND && node->mean ? node->channels : 0;
}

/* Terms within ±range become integers of term_bits() bits. */
float
omni_lower_fixed_scale (const OmniPlan *plan, const OmniNodeInfo *node)
{
  const float range = node->range * plan->params.range;
  int exponent;

  frexpf (range, &exponent);
  if (ldexpf (1.0F, exponent - 1) >= range)
    exponent--;

  return ldexpf (1.0F, term_bits (plan->params.n_sources) - exponent);
}

static float
fixed_scale (const OmniLowering *lower)
{
  return omni_lower_fixed_scale (lower->plan, lower->node);
}

/* -1: tile.first decides, as the recorded commands run for every source. */
static gint32
first_flag (const OmniLowering *lower, gboolean resident)
{
  if (!resident)
    return -1;

  return lower->slice == 0 ? 1 : 0;
}

/* The view of a source begins at the first channel that counts. */
static void
skip_channels (const OmniLowering *lower, OmniStep *step)
{
  const OmniNodeInfo *input = omni_graph_node (lower->plan->graph, lower->node->inputs[0]);
  const gint32 planes = (gint32)(lower->node->first / (input->layout == OMNI_LAYOUT_C4 ? 4 : 1));
  const gint32 texels = planes * step->push.src[0].plane;

  step->push.src[0].base += texels;
  step->in[0].low += (guint64)texels * (step->in[0].format == OMNI_VIEW_RGBA16F ? 8 : 16);
}

static void
accumulate_max (const OmniLowering *lower, gboolean resident)
{
  OmniStep step = omni_lower_step (lower, "set-max");

  omni_step_constant (&step, lower->tensor->element_bytes == 8);
  omni_step_read (lower, &step, 0, 0, lower->slice, OMNI_UNIT_TEXEL);
  skip_channels (lower, &step);
  step.push.arg[0] = first_flag (lower, resident);
  omni_lower_emit (lower, &step, OMNI_Z_ALL);
}

static void
accumulate_sum (const OmniLowering *lower, gboolean resident)
{
  OmniStep step = omni_lower_step (lower, "set-sum-fixed");

  omni_step_read (lower, &step, 0, 0, lower->slice, OMNI_UNIT_TEXEL);
  step.push.arg[0] = first_flag (lower, resident);
  step.push.arg[1] = (gint32)omni_float_bits (fixed_scale (lower));
  step.push.arg[2] = term_bits (lower->plan->params.n_sources);
  omni_step_read_sums (lower, &step, lower->tensor, lower->instruction->placement);
  omni_lower_emit (lower, &step, OMNI_Z_ALL);
}

static void
accumulate_blend (const OmniLowering *lower, gboolean resident)
{
  const OmniPlan *plan = lower->plan;
  const OmniNodeInfo *node = lower->node;
  const gboolean has_coarse = node->n_inputs == 3;
  OmniStep step = omni_lower_step (lower,
                                   omni_lower_choose_variant (lower, 1, "set-blend", "set-blend-samples"));

  omni_step_read_picture (lower, &step, 1, lower->slice);
  omni_step_constant (&step, node->pyramid);
  omni_step_constant (&step, has_coarse);
  omni_step_constant (&step, omni_lower_weight_plane (node));
  if (step.groups_z > 1)
    step.groups_z = node->channels;
  omni_step_read (lower, &step, 1, 0, lower->slice, OMNI_UNIT_TEXEL);
  step.push.src[1].plane = 0;
  omni_step_read_sums (lower, &step, lower->tensor, lower->instruction->placement);
  step.push.arg[0] = first_flag (lower, resident);
  step.push.arg[1] = (gint32)omni_float_bits (fixed_scale (lower));
  step.push.arg[2] = term_bits (plan->params.n_sources);
  if (has_coarse)
  {
    const guint level = omni_graph_node (plan->graph, node->inputs[2])->level;

    omni_step_read (lower, &step, 2, 2, lower->slice, OMNI_UNIT_TEXEL);
    step.push.arg[3] = omni_extent_at_level ((int)plan->width, level);
    step.push.arg[4] = omni_extent_at_level ((int)plan->height, level);
  }
  omni_step_cover_blocks (&step, 2);
  omni_lower_emit (lower, &step, 0xdU);
}

/* From member to member of what input `i` is read from, in units of its view. */
static gint32
member_stride (const OmniLowering *lower, guint i)
{
  const OmniPlan *plan = lower->plan;
  const OmniNode input = lower->node->inputs[i];

  if (omni_plan_reads_samples (plan, input))
    return (gint32)(plan->source_slot_bytes / 4);
  return (gint32)(plan->tensors[input].slice_bytes / 16);
}

/* Binds all members of what texel input `binding` shows the first of. */
static void
read_members (const OmniLowering *lower, OmniStep *step, guint binding, guint64 bytes)
{
  const guint n = lower->plan->params.n_sources;

  step->bytes += (double)bytes * (n - 1);
  step->in[binding].high = step->in[binding].low + bytes * n;
}

static OmniStep
gather_step (const OmniLowering *lower)
{
  const OmniPlan *plan = lower->plan;
  const OmniNodeInfo *node = lower->node;
  const gboolean has_coarse = node->n_inputs == 3;
  OmniStep step = omni_lower_step (lower,
                                   omni_lower_choose_variant (lower, 1, "set-gather", "set-gather-samples"));

  omni_step_read_picture (lower, &step, 1, 0);
  read_members (lower, &step, 0, step.in[0].high - step.in[0].low);
  omni_step_constant (&step, node->pyramid);
  omni_step_constant (&step, has_coarse);
  omni_step_constant (&step, node->channels);
  step.groups_z = 1;
  omni_step_read (lower, &step, 1, 0, 0, OMNI_UNIT_TEXEL);
  read_members (lower, &step, 1, plan->tensors[node->inputs[0]].slice_bytes);
  step.push.arg[0] = (gint32)plan->params.n_sources;
  step.push.arg[1] = (gint32)omni_float_bits (fixed_scale (lower));
  step.push.arg[2] = term_bits (plan->params.n_sources);
  step.push.arg[7] = member_stride (lower, 1);
  step.push.arg[8] = member_stride (lower, 0);
  step.push.src[3].pitch = (gint32)omni_float_bits (1.0F / fixed_scale (lower));
  step.push.src[3].plane = (gint32)omni_float_bits (ldexpf (1.0F, -term_bits (plan->params.n_sources)));
  if (has_coarse)
  {
    const guint level = omni_graph_node (plan->graph, node->inputs[2])->level;

    omni_step_read (lower, &step, 2, 2, 0, OMNI_UNIT_TEXEL);
    read_members (lower, &step, 2, plan->tensors[node->inputs[2]].slice_bytes);
    step.push.arg[3] = omni_extent_at_level ((int)plan->width, level);
    step.push.arg[4] = omni_extent_at_level ((int)plan->height, level);
    step.push.src[3].base = member_stride (lower, 2);
  }
  step.flop *= plan->params.n_sources;
  omni_step_cover_blocks (&step, 2);
  return step;
}

void
omni_lower_gather (const OmniLowering *lower)
{
  const OmniStep step = gather_step (lower);

  omni_lower_emit (lower, &step, 0);
}

OmniStep
omni_lower_gather_and_pack (const OmniLowering *lower, OmniNode below)
{
  enum
  {
    BASE_ARGUMENT = 9
  };
  OmniStep step = gather_step (lower);
  const OmniPushView view = omni_step_read_instead_of_weights (lower, &step, below, BASE_ARGUMENT);

  omni_step_constant (&step, 1);
  omni_step_constant (&step, lower->plan->params.output);
  step.push.src[1].plane = view.pitch;
  step.push.dst.plane = view.plane;
  return step;
}

/* Two dispatches: every plane of the values against the old key, then the key itself. */
static void
accumulate_select (const OmniLowering *lower, gboolean resident)
{
  const guint channels = lower->node->channels;
  OmniTensor values = *lower->tensor;
  OmniLowering part = *lower;
  OmniPlacement placement = lower->instruction->placement;
  const OmniPushView whole = omni_lower_view (lower->tensor, placement, 0, OMNI_UNIT_TEXEL);

  values.planes = channels;
  part.tensor = &values;
  for (guint stage = 0; stage < 2; stage++)
  {
    if (stage == 1)
    {
      values.planes = 1;
      omni_lower_next_group (lower->plan);
    }

    OmniStep step = omni_lower_step (&part, "set-select");

    omni_step_constant (&step, stage);
    omni_step_read (lower, &step, 0, 0, lower->slice, OMNI_UNIT_TEXEL);
    step.push.src[0].plane = 0;
    omni_step_read (lower, &step, 1, 1, lower->slice, OMNI_UNIT_TEXEL);
    /* the winning key so far: the plane after the values */
    step.in[2] = (OmniTexelBinding){ OMNI_VIEW_RGBA32F, placement.arena, placement.offset_bytes,
                                     placement.offset_bytes + lower->tensor->slice_bytes };
    step.push.src[2] = whole;
    step.push.src[2].base += (gint32)channels * whole.plane;
    step.push.src[2].plane = 0;
    if (stage == 1)
      step.push.dst.base += (gint32)channels * whole.plane;
    step.push.arg[0] = first_flag (lower, resident);
    omni_lower_emit (&part, &step, 0x2U);
  }
}

void
omni_lower_accumulate (const OmniLowering *lower, gboolean resident)
{
  switch (lower->node->op)
  {
  case OMNI_OP_SET_MAX:
    accumulate_max (lower, resident);
    break;
  case OMNI_OP_SET_SUM_FIXED:
    accumulate_sum (lower, resident);
    break;
  case OMNI_OP_SET_BLEND:
    accumulate_blend (lower, resident);
    break;
  case OMNI_OP_SET_SELECT:
    accumulate_select (lower, resident);
    break;
  case OMNI_OP_SET_EXPOSURE_SUM:
    omni_lower_exposure_sum (lower, resident);
    break;
  case OMNI_OP_SET_SCORE_MAX:
    omni_lower_score_max (lower, resident);
    break;
  default:
    g_assert_not_reached ();
  }
}

void
omni_lower_finish (const OmniLowering *lower)
{
  OmniStep step = omni_lower_step (lower, "set-finish");

  omni_step_constant (&step, omni_lower_weight_plane (lower->node));
  step.groups_z = lower->node->channels;
  step.push.arg[0] = (gint32)omni_float_bits (1.0F / fixed_scale (lower));
  step.push.arg[1] = (gint32)omni_float_bits (ldexpf (1.0F, -omni_lower_term_bits (lower->plan)));
  omni_lower_emit (lower, &step, OMNI_Z_ALL);
}

void
omni_lower_set_resident (const OmniLowering *lower)
{
  enum
  {
    MAX,
    SUM,
    MEAN,
    PICK,
    RUNNING_MEAN
  };
  const OmniNodeInfo *node = lower->node;
  const OmniTensor *input = &lower->plan->tensors[node->inputs[0]];
  guint32 kind = MAX;
  OmniStep step = omni_lower_step (lower, "set-reduce");

  if (node->op == OMNI_OP_SET_SUM)
    kind = node->mean ? MEAN : SUM;
  else if (node->op == OMNI_OP_SET_PICK)
    kind = PICK;
  else if (node->op == OMNI_OP_SET_RUNNING_MEAN)
    kind = RUNNING_MEAN;

  omni_step_constant (&step, lower->tensor->element_bytes == 8);
  omni_step_constant (&step, kind);
  omni_step_read (lower, &step, 0, 0, 0, OMNI_UNIT_TEXEL);
  step.in[0].high = step.in[0].low + input->slice_bytes * input->slices;
  skip_channels (lower, &step);
  step.bytes *= input->slices;
  step.push.arg[0] = (gint32)lower->plan->params.n_sources;
  step.push.arg[1] = (gint32)(input->slice_bytes / (input->element_bytes == 4 ? 16 : input->element_bytes));
  step.push.arg[2] = (gint32)node->index;
  step.push.arg[3] = term_bits (lower->plan->params.n_sources);
  omni_lower_emit (lower, &step, OMNI_Z_ALL);
}

/* All members in one dispatch where one storage window holds them, else a dispatch for each. */
void
omni_lower_set_softmax (const OmniLowering *lower)
{
  const OmniPlan *plan = lower->plan;
  const OmniTensor *input = &plan->tensors[lower->node->inputs[0]];
  const OmniTensor *tensor = lower->tensor;
  const guint n = plan->params.n_sources;
  const guint64 texel_bytes = tensor->element_bytes == 4 ? 16 : tensor->element_bytes;
  const guint64 plane_bytes = tensor->plane_elements * tensor->element_bytes;
  const guint64 more_planes = (tensor->slice_bytes * (n - 1) + plane_bytes - 1) / plane_bytes;
  const gboolean together = (more_planes + tensor->planes + 1) * plane_bytes + 512
                            < plan->device->limits.maxStorageBufferRange;
  OmniLowering member = *lower;

  for (member.slice = 0; member.slice < (together ? 1 : n); member.slice++)
  {
    OmniStep step = omni_lower_step (&member, "set-softmax");

    omni_step_constant (&step, tensor->element_bytes == 8);
    omni_step_read (&member, &step, 0, 0, 0, OMNI_UNIT_TEXEL);
    step.in[0].high = step.in[0].low + input->slice_bytes * input->slices;
    step.bytes *= n;
    if (together)
      step.planes_written += (guint)more_planes;
    step.push.arg[0] = (gint32)n;
    step.push.arg[1] = (gint32)(input->slice_bytes / (input->element_bytes == 4 ? 16 : input->element_bytes));
    step.push.arg[2] = (gint32)(tensor->slice_bytes / texel_bytes);
    step.push.arg[3] = term_bits (n);
    step.push.arg[4] = (gint32)member.slice;
    step.push.arg[5] = together ? (gint32)n : 1;
    step.push.arg[6] = lower->node->layout == OMNI_LAYOUT_C4 ? (gint32)lower->node->channels : -1;
    omni_lower_emit (&member, &step, OMNI_Z_ALL);
  }
}
