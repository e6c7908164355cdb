/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "vk/plan-lower-private.h"

#include <string.h>

guint32
omni_float_bits (float value)
{
  guint32 bits;

  memcpy (&bits, &value, sizeof bits);
  return bits;
}

void
omni_lower_next_group (OmniPlan *plan)
{
  plan->n_groups++;
}

static gboolean
is_interleaved (const OmniTensor *tensor)
{
  return tensor->planes_per_row > 1;
}

/* The slice that holds member `k` of the set: pooled tensors and those of the source at hand have one. */
static guint
member_of (const OmniTensor *tensor, guint k)
{
  return MIN (k, tensor->slices - 1);
}

static gint32
divide_unit (gint64 elements, OmniUnit unit, const OmniTensor *tensor)
{
  return (gint32)(unit == OMNI_UNIT_TEXEL && tensor->element_bytes == 4 ? elements / 4 : elements);
}

OmniPushView
omni_lower_view (const OmniTensor *tensor, OmniPlacement placement, guint slice, OmniUnit unit)
{
  const gint64 start = (gint64)((placement.offset_bytes + tensor->slice_bytes * slice)
                                / tensor->element_bytes);
  const gint64 pitch = (gint64)tensor->pitch * tensor->planes_per_row;
  const gint64 plane = is_interleaved (tensor) ? tensor->pitch : (gint64)tensor->plane_elements;
  const gint64 origin = tensor->region.y.low * pitch + tensor->region.x.low;

  return (OmniPushView){
    .base = divide_unit (start - origin, unit, tensor),
    .pitch = divide_unit (pitch, unit, tensor),
    .plane = divide_unit (plane, unit, tensor),
  };
}

static int
floor_div_4 (int x)
{
  return x >> 2;
}

OmniStep
omni_lower_step (const OmniLowering *lower, const char *shader)
{
  const OmniPlan *plan = lower->plan;
  const OmniTensor *tensor = lower->tensor;
  const OmniRegion *region = &tensor->region;
  const gboolean planar = tensor->element_bytes == 4;
  const int columns = region->x.high - region->x.low;
  OmniStep step = {
    .shader = shader,
    .constants = { 32, 8 },
    .n_constants = 2,
    .cover_x = 1,
    .cover_y = 1,
    .groups_z = tensor->planes,
    .planes_written = tensor->planes,
    .node = lower->instruction->node,
  };

  step.push.dst = omni_lower_view (tensor, lower->instruction->placement, member_of (tensor, lower->slice),
                                   OMNI_UNIT_TEXEL);
  step.push.rx = planar ? floor_div_4 (region->x.low) : region->x.low;
  step.push.ry = region->y.low;
  step.push.rw = planar ? (columns + 3) / 4 : columns;
  step.push.rh = region->y.high - region->y.low;
  step.push.width = omni_extent_at_level ((int)plan->width, lower->node->level);
  step.push.height = omni_extent_at_level ((int)plan->height, lower->node->level);
  step.push.level = (gint32)lower->node->level;
  step.out[0].arena = lower->instruction->placement.arena;
  /* Small levels: a narrow workgroup wastes less. */
  if (step.push.rw < 32)
  {
    step.constants[0] = 8;
    step.constants[1] = 8;
  }

  step.bytes = (double)tensor->plane_elements * tensor->planes * tensor->element_bytes;
  step.flop = omni_node_flop_per_px (plan->graph, step.node) * (double)columns * step.push.rh;
  return step;
}

void
omni_step_constant (OmniStep *step, guint32 value)
{
  g_assert (step->n_constants < G_N_ELEMENTS (step->constants));
  step->constants[step->n_constants++] = value;
}

/* Binds a tensor to `in` and returns how the kernel meets it. */
static OmniPushView
read_tensor (const OmniLowering *lower, OmniStep *step, OmniTexelBinding *in, OmniNode node, guint slice,
             OmniUnit unit)
{
  const OmniPlan *plan = lower->plan;
  const OmniTensor *tensor = &plan->tensors[node];
  const OmniInstruction *producer = omni_plan_find (plan, lower->at, node);

  slice = member_of (tensor, slice);
  in->arena = producer->placement.arena;
  in->low = producer->placement.offset_bytes + tensor->slice_bytes * slice;
  in->high = in->low + tensor->slice_bytes;
  if (tensor->element_bytes == 8)
    in->format = OMNI_VIEW_RGBA16F;
  else if (unit == OMNI_UNIT_TEXEL)
    in->format = OMNI_VIEW_RGBA32F;
  else
    in->format = OMNI_VIEW_R32F;
  step->bytes += (double)tensor->plane_elements * tensor->planes * tensor->element_bytes;
  return omni_lower_view (tensor, producer->placement, slice, unit);
}

void
omni_step_read_node (const OmniLowering *lower, OmniStep *step, guint binding, OmniNode node, guint slice,
                     OmniUnit unit)
{
  step->push.src[binding] = read_tensor (lower, step, &step->in[binding], node, slice, unit);
}

OmniPushView
omni_step_read_instead_of_weights (const OmniLowering *lower, OmniStep *step, OmniNode node, guint arg)
{
  const OmniPushView view = read_tensor (lower, step, &step->in[OMNI_N_TEXEL_INPUTS], node, lower->slice,
                                         OMNI_UNIT_TEXEL);

  step->instead_of_weights = arg;
  step->push.arg[arg] = view.base;
  return view;
}

void
omni_step_read (const OmniLowering *lower, OmniStep *step, guint binding, guint i, guint slice, OmniUnit unit)
{
  omni_step_read_node (lower, step, binding, lower->node->inputs[i], slice, unit);
}

const char *
omni_lower_choose_variant (const OmniLowering *lower, guint i, const char *planes, const char *samples)
{
  return omni_plan_reads_samples (lower->plan, lower->node->inputs[i]) ? samples : planes;
}

void
omni_step_read_samples (const OmniLowering *lower, OmniStep *step, const OmniNodeInfo *picture, guint slice)
{
  const OmniPlan *plan = lower->plan;
  const OmniPlanFormat *format = &plan->params.format;
  const OmniRegion *region = &plan->source_region;
  const guint bytes = (guint)omni_store_get_bytes (format->store);
  const gint32 texel_words = (gint32)(format->channels * bytes);
  const guint colours = format->channels - (format->has_alpha ? 1 : 0);
  OmniPushView *view = &step->push.src[0];

  omni_step_constant (step, bytes);
  omni_step_constant (step, format->channels);
  omni_step_constant (step, colours >= 3 ? 3 : 1);
  omni_step_constant (step, picture->planes);
  step->in[0].format = OMNI_VIEW_RGBA32UI;
  step->in[0].arena = OMNI_ARENA_SOURCES;
  step->in[0].low = plan->source_slot_bytes * MIN (slice, plan->slots - 1);
  step->in[0].high = step->in[0].low + plan->source_slot_bytes;
  view->pitch = (gint32)plan->source_pitch_px / 4 * texel_words;
  view->base = (gint32)(step->in[0].low / 4) - region->y.low * view->pitch - region->x.low / 4 * texel_words;
  view->plane = 0;
  step->bytes += (double)plan->source_slot_bytes;
}

void
omni_step_read_picture (const OmniLowering *lower, OmniStep *step, guint i, guint slice)
{
  const OmniNode input = lower->node->inputs[i];

  if (omni_plan_reads_samples (lower->plan, input))
  {
    omni_step_read_samples (lower, step, omni_graph_node (lower->plan->graph, input), slice);
    step->groups_z = 1;
    return;
  }

  for (guint k = 0; k < 4; k++)
    omni_step_constant (step, 1);
  omni_step_read (lower, step, 0, i, slice, OMNI_UNIT_TEXEL);
}

void
omni_step_read_sums (const OmniLowering *lower, OmniStep *step, const OmniTensor *tensor,
                     OmniPlacement placement)
{
  step->in[3] = (OmniTexelBinding){ OMNI_VIEW_RGBA32I, placement.arena, placement.offset_bytes,
                                    placement.offset_bytes + tensor->slice_bytes };
  step->push.src[3] = omni_lower_view (tensor, placement, 0, OMNI_UNIT_TEXEL);
  step->bytes += (double)tensor->slice_bytes;
}

void
omni_step_cover_blocks (OmniStep *step, guint rows)
{
  OmniPush *push = &step->push;

  push->arg[5] = push->rx;
  push->arg[6] = push->rx + push->rw;
  push->rw += push->rx & 1;
  push->rx &= ~1;
  step->cover_x = 2;
  step->cover_y = rows;
}

/* Bytes of the storage window a step writes. The result buffer's steps carry their window already. */
static void
find_window (const OmniTensor *tensor, OmniStep *step)
{
  const gint64 bytes = tensor->element_bytes == 4 ? 16 : tensor->element_bytes;
  const OmniPush *push = &step->push;
  /* From the region, not from push.rx: a kernel of four C4 pixels an invocation counts its columns in fours. */
  const int x = tensor->element_bytes == 4 ? floor_div_4 (tensor->region.x.low) : tensor->region.x.low;
  const gint64 first = push->dst.base + (gint64)push->ry * push->dst.pitch + x;
  const gint64 last = first + (gint64)(step->planes_written - 1) * push->dst.plane
                      + (gint64)(push->rh - 1) * push->dst.pitch + MAX (push->dst.pitch, push->rw);

  step->out[0].low = (guint64)(first * bytes);
  step->out[0].high = (guint64)(last * bytes);
}

/* Rows of one dispatch: whole workgroups, short enough to keep a submission short. */
static gint32
rows_per_dispatch (const OmniPlan *plan, const OmniStep *step, guint64 window_row_bytes)
{
  const gint32 grain = (gint32)MAX (step->cover_y * step->constants[1], step->block_y);
  const double cost = omni_step_cost (step) * *omni_device_slowness (plan->device, step->shader);
  gint32 rows = step->push.rh;

  if (cost > plan->max_chunk_cost)
    rows = MIN (rows, (gint32)(plan->max_chunk_cost / cost * step->push.rh));
  if (window_row_bytes > 0)
    rows = MIN (rows, (gint32)(plan->device->limits.maxStorageBufferRange / 2 / window_row_bytes));

  return rows >= step->push.rh ? step->push.rh : MAX (rows / grain, 1) * grain;
}

/* What is read where it is written, a running sum or a band that is collapsed in place, is bound no further than that. */
static void
narrow_own_memory (OmniStep *step)
{
  const OmniStorageBinding *out = &step->out[0];

  for (guint i = 0; i < OMNI_N_TEXEL_INPUTS; i++)
  {
    OmniTexelBinding *in = &step->in[i];

    if (in->format != OMNI_VIEW_NONE && in->arena == out->arena && in->low <= out->low && out->low < in->high
        && step->in[3].format == OMNI_VIEW_RGBA32I)
    {
      in->low = out->low;
      in->high = MIN (in->high, out->high);
    }
  }
}

/* Samples of very large pictures do not fit one view: only the rows that are read are bound. */
static void
narrow_samples (const OmniLowering *lower, OmniStep *step)
{
  const OmniPlan *plan = lower->plan;
  const guint64 row_bytes = (guint64)plan->source_pitch_px * plan->source_pixel_bytes;
  const OmniInterval all = plan->source_region.y;
  OmniTexelBinding *in = &step->in[0];
  OmniInterval rows = { step->push.ry, step->push.ry + step->push.rh };

  const guint64 texel_bytes = in->format == OMNI_VIEW_RGBA32UI ? 16 : 4;

  if ((in->format != OMNI_VIEW_R32UI && in->format != OMNI_VIEW_RGBA32UI)
      || in->high - in->low <= texel_bytes * plan->device->limits.maxTexelBufferElements)
    return;

  for (guint i = 0; i < lower->node->n_inputs; i++)
    if (omni_plan_reads_samples (plan, lower->node->inputs[i]))
      rows = omni_node_input_interval (plan->graph, lower->instruction->node, i, TRUE, rows);
  rows.low = CLAMP (rows.low, all.low, all.high - 1);
  rows.high = CLAMP (rows.high, rows.low + 1, all.high);
  in->high = MIN (in->high, in->low + row_bytes * (guint64)(rows.high - all.low) + 32);
  in->low += row_bytes * (guint64)(rows.low - all.low);
}

static void
emit_rows (const OmniLowering *lower, const OmniStep *whole)
{
  const OmniTensor *tensor = lower->tensor;
  OmniPlan *plan = lower->plan;
  OmniStep probe = *whole;

  find_window (tensor, &probe);

  const gboolean wide = probe.out[0].high - probe.out[0].low + 256
                        > plan->device->limits.maxStorageBufferRange;
  const guint64 row_bytes = wide ? (probe.out[0].high - probe.out[0].low) / (guint64)whole->push.rh : 0;
  const gint32 rows = rows_per_dispatch (plan, whole, row_bytes);

  for (gint32 y = 0; y < whole->push.rh; y += rows)
  {
    OmniStep step = *whole;

    step.push.ry += y;
    step.push.rh = MIN (rows, whole->push.rh - y);
    step.flop *= (double)step.push.rh / whole->push.rh;
    step.bytes *= (double)step.push.rh / whole->push.rh;
    step.group = plan->n_groups;
    find_window (tensor, &step);
    narrow_own_memory (&step);
    narrow_samples (lower, &step);
    g_array_append_val (plan->steps, step);
  }
}

void
omni_lower_emit (const OmniLowering *lower, const OmniStep *step, guint z_inputs)
{
  const VkPhysicalDeviceLimits *limits = &lower->plan->device->limits;
  OmniStep probe = *step;
  gboolean split = FALSE;

  find_window (lower->tensor, &probe);
  split = !is_interleaved (lower->tensor)
          && probe.out[0].high - probe.out[0].low + 256 > limits->maxStorageBufferRange;
  for (guint i = 0; i < OMNI_N_TEXEL_INPUTS; i++)
    split = split
            || (!is_interleaved (lower->tensor) && step->in[i].format == OMNI_VIEW_R32F
                && step->in[i].high - step->in[i].low > 4ULL * limits->maxTexelBufferElements);

  if (!split || step->groups_z == 1 || z_inputs == 0)
  {
    emit_rows (lower, step);
    return;
  }

  for (guint z = 0; z < step->groups_z; z++)
  {
    OmniStep plane = *step;

    plane.groups_z = 1;
    plane.planes_written = 1;
    plane.flop /= step->groups_z;
    plane.bytes /= step->groups_z;
    plane.push.dst.base += (gint32)z * plane.push.dst.plane;
    for (guint i = 0; i < OMNI_N_TEXEL_INPUTS; i++)
      if ((z_inputs >> i & 1) != 0 && plane.in[i].format != OMNI_VIEW_NONE
          && plane.in[i].format != OMNI_VIEW_R32UI && plane.in[i].format != OMNI_VIEW_RGBA32UI)
      {
        const guint64 bytes = (guint64)plane.push.src[i].plane
                              * (plane.in[i].format == OMNI_VIEW_R32F ? 4 : 16);

        plane.push.src[i].base += (gint32)z * plane.push.src[i].plane;
        plane.in[i].low += z * bytes;
        plane.in[i].high = MIN (plane.in[i].high, plane.in[i].low + MAX (bytes, 16));
      }
    plane.push.arg[9] = (gint32)z; /* for kernels that treat planes differently */
    emit_rows (lower, &plane);
  }
}

static void
lower_one (const OmniLowering *lower)
{
  switch (lower->node->op)
  {
  case OMNI_OP_PICTURE:
    omni_lower_picture (lower);
    break;
  case OMNI_OP_IMPORT:
    omni_lower_import (lower);
    break;
  case OMNI_OP_EXTEND:
    omni_lower_extend (lower);
    break;
  case OMNI_OP_MARK:
  case OMNI_OP_INFLUENCE:
  case OMNI_OP_CHECKER:
  case OMNI_OP_CONSTANT:
    omni_lower_fill (lower);
    break;
  case OMNI_OP_CONV:
    omni_lower_conv (lower);
    break;
  case OMNI_OP_UNARY:
  case OMNI_OP_BINARY:
    omni_lower_pointwise (lower);
    break;
  case OMNI_OP_CHANNELS:
    omni_lower_channels (lower);
    break;
  case OMNI_OP_NORMALISE:
  case OMNI_OP_PICTURE_MEAN:
  case OMNI_OP_PICTURE_EXTREME:
    omni_lower_statistics (lower);
    break;
  case OMNI_OP_EQUALISE:
    omni_lower_equalise (lower);
    break;
  case OMNI_OP_FILTER:
    omni_lower_filter (lower);
    break;
  case OMNI_OP_WINDOW_MEAN:
    omni_lower_window_mean (lower);
    break;
  case OMNI_OP_POOL:
  case OMNI_OP_UPSAMPLE:
  case OMNI_OP_DOWN:
  case OMNI_OP_UP_ADD:
    omni_lower_resample (lower);
    break;
  case OMNI_OP_EXPOSURE_WEIGHT:
    omni_lower_exposure_weight (lower);
    break;
  case OMNI_OP_SCORE_WEIGHT:
    omni_lower_score_weight (lower);
    break;
  case OMNI_OP_CHROMA_TERMS:
  case OMNI_OP_CHROMA_RATIO:
  case OMNI_OP_MERGE_COLOUR:
  case OMNI_OP_LUMA:
    omni_lower_colour (lower);
    break;
  case OMNI_OP_SET_SOFTMAX:
    omni_lower_set_softmax (lower);
    break;
  case OMNI_OP_SET_MAX:
  case OMNI_OP_SET_SUM:
  case OMNI_OP_SET_PICK:
  case OMNI_OP_SET_RUNNING_MEAN:
  case OMNI_OP_SET_SUM_FIXED:
  case OMNI_OP_SET_BLEND:
  case OMNI_OP_SET_SELECT:
  case OMNI_OP_SET_EXPOSURE_SUM:
  case OMNI_OP_SET_SCORE_MAX:
  default:
    g_assert_not_reached ();
  }
}

/* A reduction in a resident plan: all members at once where a kernel can, else one after another. */
static void
lower_resident_reduction (OmniLowering *lower)
{
  const gboolean sums = lower->node->op == OMNI_OP_SET_SUM_FIXED || lower->node->op == OMNI_OP_SET_BLEND;

  if (omni_plan_gathers (lower->plan, lower->instruction->node))
  {
    omni_lower_gather (lower);
    return;
  }

  if (!sums && lower->node->op != OMNI_OP_SET_SELECT && lower->node->op != OMNI_OP_SET_EXPOSURE_SUM
      && lower->node->op != OMNI_OP_SET_SCORE_MAX)
  {
    omni_lower_set_resident (lower);
    return;
  }

  for (lower->slice = 0; lower->slice < lower->plan->params.n_sources; lower->slice++)
  {
    omni_lower_accumulate (lower, TRUE);
    omni_lower_next_group (lower->plan);
  }
  if (sums && !omni_plan_keeps_fixed (lower->plan, lower->instruction->node))
    omni_lower_finish (lower);
}

/* The part of a statistic that a plan in phases does by itself, for every member of the set. */
static void
lower_measuring (OmniLowering *lower)
{
  const guint slices = lower->plan->tensors[lower->node->inputs[0]].slices;

  for (lower->slice = 0; lower->slice < slices; lower->slice++)
    if (lower->instruction->kind == OMNI_INSTRUCTION_MEASURE)
      omni_lower_measure (lower);
    else
      omni_lower_settle (lower);
}

/* Every member of the set; where they overlap their input, in the order that leaves it whole as long as it is read. */
static void
lower_members (OmniLowering *lower)
{
  const int slide = lower->instruction->slide;
  const guint n = lower->tensor->slices;

  for (guint i = 0; i < n; i++)
  {
    lower->slice = slide < 0 ? n - 1 - i : i;
    lower_one (lower);
    if (slide != 0 && i + 1 < n)
      omni_lower_next_group (lower->plan);
  }
}

static void
lower_instruction (OmniPlan *plan, const OmniBlock *block, guint at)
{
  const OmniInstruction *instruction = &g_array_index (plan->instructions, OmniInstruction, at);
  const OmniNodeInfo *node = omni_graph_node (plan->graph, instruction->node);
  OmniInstruction placed = *instruction;
  OmniLowering lower = {
    .plan = plan,
    .at = at,
    .block = block,
    .instruction = &placed,
    .node = node,
    .tensor = &plan->tensors[instruction->node],
    .slice = (guint)MAX (block->member, 0),
  };

  /* lower_pack() makes the last two at once. */
  if (at + 2 >= plan->instructions->len && omni_plan_packs_blend (plan))
    return;
  if (instruction->kind == OMNI_INSTRUCTION_MEASURE || instruction->kind == OMNI_INSTRUCTION_SETTLE)
    lower_measuring (&lower);
  else if (instruction->kind == OMNI_INSTRUCTION_FINISH)
  {
    placed.placement = omni_plan_find (plan, at, instruction->node)->placement;
    omni_lower_finish (&lower);
  }
  else if (omni_op_is_reduction (node->op) && node->op != OMNI_OP_SET_SOFTMAX)
  {
    if (block->per_source)
      omni_lower_accumulate (&lower, FALSE);
    else
      lower_resident_reduction (&lower);
  }
  else if (node->pooled || node->op == OMNI_OP_SET_SOFTMAX || block->per_source)
    lower_one (&lower);
  else
    lower_members (&lower);

  omni_lower_next_group (plan);
}

static OmniStep
pack_step (const OmniLowering *lower)
{
  OmniStep step = omni_lower_step (lower, "pack");

  omni_step_constant (&step, lower->node->channels);
  omni_step_constant (&step, lower->plan->params.output);
  step.groups_z = 1;
  omni_step_read_node (lower, &step, 0, lower->instruction->node, 0, OMNI_UNIT_TEXEL);
  step.push.dst.plane = 0;
  return step;
}

/* The last step of a tile: the output's floats become interleaved samples in the result buffer. */
static void
lower_pack (OmniPlan *plan)
{
  const OmniNode output = plan->graph->output;
  const gboolean blends = omni_plan_packs_blend (plan);
  const OmniNode node = blends ? omni_graph_node (plan->graph, output)->inputs[0] : output;
  const guint at = plan->instructions->len;
  OmniInstruction instruction = *omni_plan_find (plan, at, node);
  OmniTensor tile = plan->tensors[node];
  const OmniLowering lower = {
    .plan = plan,
    .at = at,
    .instruction = &instruction,
    .node = omni_graph_node (plan->graph, node),
    .tensor = &tile,
  };
  const guint sample_bytes = (guint)omni_store_get_bytes (plan->params.output);
  OmniStep step = blends
                    ? omni_lower_gather_and_pack (&lower, omni_graph_node (plan->graph, output)->inputs[1])
                    : pack_step (&lower);
  const gint32 words = (gint32)(lower.node->channels * sample_bytes); /* four pixels make this many words */
  /* The tensor may go on below the tile, to whole fours of rows: the result buffer does not. */
  const gint32 height = MIN (step.push.rh, (gint32)plan->tile_height);

  step.push.rh = height;
  step.push.dst.base = 0;
  step.push.dst.pitch = (gint32)plan->result_pitch_px / 4 * words;
  step.out[0].arena = OMNI_ARENA_RESULT;

  const guint64 row_bytes = (guint64)step.push.dst.pitch * 4;
  const gint32 rows = rows_per_dispatch (plan, &step, row_bytes);

  for (gint32 y = 0; y < height; y += rows)
  {
    OmniStep part = step;

    part.push.ry = y;
    part.push.rh = MIN (rows, height - y);
    part.out[0].low = (guint64)y * row_bytes;
    part.out[0].high = (guint64)(y + part.push.rh) * row_bytes;
    part.bytes *= (double)part.push.rh / height;
    part.flop *= (double)part.push.rh / height;
    part.group = plan->n_groups;
    g_array_append_val (plan->steps, part);
  }
  omni_lower_next_group (plan);
}

void
omni_plan_lower (OmniPlan *plan)
{
  plan->steps = g_array_new (FALSE, TRUE, sizeof (OmniStep));
  plan->n_groups = 0;
  plan->step_block = g_new0 (guint, plan->blocks->len + 1);

  for (guint b = 0; b < plan->blocks->len; b++)
  {
    const OmniBlock *block = &g_array_index (plan->blocks, OmniBlock, b);

    plan->step_block[b] = plan->steps->len;
    for (guint i = block->first; i < block->first + block->n; i++)
      lower_instruction (plan, block, i);
    if (b == plan->blocks->len - 1 && plan->graph->output != OMNI_NODE_NONE)
      lower_pack (plan);
  }
  plan->step_block[plan->blocks->len] = plan->steps->len;
}
