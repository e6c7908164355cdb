/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "vk/plan-lower-private.h"

#include <string.h>

/* Convolutions: which kernel runs a layer, and its steps. */

#define INPUTS_PER_STEP       3 /* texel bindings beside the base */
#define MAX_WINOGRAD_DILATION 8
#define MAX_WINOGRAD_WASTE    1.8 /* pixels it makes over those there are; it is some two times as fast */

/* OMNIFUSE_CONV=direct|shuffle|winograd-8|winograd-16|winograd-16x2|winograd-32 picks the variant where it can run;
 * tests compare all. */
static const char *
wanted_variant (void)
{
  return g_getenv ("OMNIFUSE_CONV");
}

/* Outputs per invocation. 32 run 12 % faster than 16 on the software device, but take 5 s to compile, three times as
 * long. */
static guint
winograd_outputs (const OmniNodeInfo *node)
{
  const char *wanted = wanted_variant ();

  if (g_strcmp0 (wanted, "winograd-8") == 0 || (node->channels + 7) / 8 % 2 != 0)
    return 8;
  if (g_strcmp0 (wanted, "winograd-32") == 0 && node->channels % 32 == 0)
    return 32;

  return 16;
}

/* Its squares are as many times 4 pixels a side as the dilation says, whole ones, also where the picture ends. */
static gboolean
suits_dilation (const OmniPlan *plan, const OmniNodeInfo *node)
{
  const guint side = 4 * node->dilation;
  const guint width = (guint)omni_extent_at_level ((int)plan->width, node->level);
  const guint height = (guint)omni_extent_at_level ((int)plan->height, node->level);
  const double made = (double)((width + side - 1) / side * side) * ((height + side - 1) / side * side);

  return node->dilation == 1
         || (node->dilation <= MAX_WINOGRAD_DILATION && (node->dilation & (node->dilation - 1)) == 0
             && made <= MAX_WINOGRAD_WASTE * width * height);
}

/* What Winograd needs: C4 to C4, and enough channels to be worth the transforms. */
static gboolean
suits_winograd (const OmniPlan *plan, const OmniNodeInfo *node)
{
  if (node->kernel != 3 || !suits_dilation (plan, node) || node->groups != 1 || node->layout != OMNI_LAYOUT_C4
      || node->channels % 4 != 0)
    return FALSE;
  for (guint i = 0; i < node->n_inputs; i++)
  {
    const OmniNodeInfo *input = omni_graph_node (plan->graph, node->inputs[i]);

    if (input->layout != OMNI_LAYOUT_C4 || input->channels < 12)
      return FALSE;
  }

  return TRUE;
}

/* Work of a plan from which winograd-16x2 pays even the first time: it takes a fifth off, 2 s per TFLOP on two cores,
 * and 5 s longer to compile for each of some two kinds of layers. Drivers keep what they compiled. */
#define PAIR_FLOP 4e12

/* Of all layers that run Winograd by 16, over the whole picture and set. */
static double
winograd_flop (const OmniPlan *plan)
{
  double sum = 0.0;

  for (OmniNode n = 0; n < (OmniNode)omni_graph_get_n_nodes (plan->graph); n++)
  {
    const OmniNodeInfo *node = omni_graph_node (plan->graph, n);

    if (node->needed && node->op == OMNI_OP_CONV && omni_plan_choose_conv (plan, node) == OMNI_CONV_WINOGRAD
        && winograd_outputs (node) == 16)
      sum += omni_node_flop_per_px (plan->graph, n) * omni_extent_at_level ((int)plan->width, node->level)
             * omni_extent_at_level ((int)plan->height, node->level)
             * (node->pooled ? 1 : plan->params.n_sources);
  }

  return sum;
}

/* Blocks per invocation. The bits are the same. */
static guint
winograd_tiles (const OmniPlan *plan, guint outputs)
{
  const char *wanted = wanted_variant ();

  if (outputs != 16)
    return 1;
  if (wanted != NULL)
    return strcmp (wanted, "winograd-16x2") == 0 ? 2 : 1;

  return plan->device->info.type == OMNI_DEVICE_SOFTWARE && winograd_flop (plan) >= PAIR_FLOP ? 2 : 1;
}

OmniConvVariant
omni_plan_choose_conv (const OmniPlan *plan, const OmniNodeInfo *node)
{
  const char *wanted = wanted_variant ();

  if (!plan->device->info.has_shuffle || node->per_edge || g_strcmp0 (wanted, "direct") == 0)
    return OMNI_CONV_DIRECT;
  if (g_strcmp0 (wanted, "shuffle") == 0 || !suits_winograd (plan, node))
    return OMNI_CONV_SHUFFLE;

  return OMNI_CONV_WINOGRAD;
}

guint
omni_plan_get_conv_grain (const OmniPlan *plan, const OmniNodeInfo *node)
{
  return omni_plan_choose_conv (plan, node) == OMNI_CONV_WINOGRAD ? 4 * node->dilation : 4;
}

/* A convolution takes three inputs at a time. The parts after the first add to what the destination holds; only the
 * last one activates. */
typedef struct
{
  const OmniLowering *lower;
  OmniConvWeights weights;
  gboolean winograd;
  guint outputs;         /* per invocation */
  guint positions;       /* weights per channel pair */
  guint first, n_inputs; /* of this part */
  guint first_plane;     /* of the concatenation */
} Part;

static const OmniNodeInfo *
input_of (const Part *part, guint i)
{
  return omni_graph_node (part->lower->plan->graph, part->lower->node->inputs[part->first + i]);
}

static guint
lanes_of (const OmniPlan *plan)
{
  return CLAMP (plan->device->info.subgroup_size, 8, 32);
}

/* Far from its edges a picture folds at most once: the kernels then do without a division. */
static gboolean
may_fold_twice (const OmniStep *step, const OmniNodeInfo *node)
{
  const gint32 least = MIN (step->push.width, step->push.height);
  const gint32 reach = (gint32)(node->kernel / 2 * node->dilation);

  return (node->boundary == OMNI_BOUNDARY_REFLECT || node->boundary == OMNI_BOUNDARY_SYMMETRIC)
         && reach + 4 > least;
}

/* No activation and the plain one as slopes of the leaky one: the Winograd kernels take a second or two to compile, so
 * layers share them where they can. The affine map behind turns max (x, −0) into +0. */
static guint
unify_activation (guint activation, float *slope)
{
  if (activation != OMNI_ACTIVATION_NONE && activation != OMNI_ACTIVATION_RELU)
    return activation;

  *slope = activation == OMNI_ACTIVATION_NONE ? 1.0F : 0.0F;
  return OMNI_ACTIVATION_LEAKY_RELU;
}

/* The constants and arguments of shaders/conv.glsl. */
static void
add_common (const Part *part, OmniStep *step)
{
  const OmniLowering *lower = part->lower;
  const OmniNodeInfo *node = lower->node;
  const gboolean is_first = part->first == 0;
  const gboolean is_last = part->first + part->n_inputs == node->n_inputs;
  const guint base = !is_first ? 2 : node->base != OMNI_NODE_NONE ? 1 : 0;

  float slope = node->slope;
  guint activation = is_last ? node->activation : OMNI_ACTIVATION_NONE;
  gboolean has_post = is_last && node->post_scale != NULL;

  step->push.arg[2] = has_post ? part->weights.scale : part->weights.ones;
  step->push.arg[3] = has_post ? part->weights.shift : part->weights.zeros;
  if (part->winograd)
  {
    activation = unify_activation (activation, &slope);
    has_post = TRUE;
  }

  omni_step_constant (step, node->boundary);
  omni_step_constant (step, activation);
  omni_step_constant (step, lower->tensor->element_bytes == 8);
  omni_step_constant (step, base);
  omni_step_constant (step, has_post);
  omni_step_constant (step, may_fold_twice (step, node));
  omni_step_constant (step, lanes_of (lower->plan));
  step->push.arg[0] = part->weights.weight + (gint32)(part->first_plane * part->positions * part->outputs);
  step->push.arg[1] = is_first ? part->weights.bias : part->weights.zeros;
  step->push.arg[4] = (gint32)omni_float_bits (slope);
  for (guint i = 0; i < INPUTS_PER_STEP; i++)
    step->push.arg[5 + i] = i < part->n_inputs ? (gint32)input_of (part, i)->channels : 0;
  step->push.arg[8] = (gint32)node->channels;
  step->push.arg[9] = (gint32)(part->weights.planes | node->groups << 16);
  step->flop *= (double)part->n_inputs / node->n_inputs;
}

static void
read_inputs (const Part *part, OmniStep *step, OmniUnit unit)
{
  const OmniLowering *lower = part->lower;
  const OmniNodeInfo *node = lower->node;

  for (guint i = 0; i < part->n_inputs; i++)
    omni_step_read (lower, step, i, part->first + i, lower->slice, unit);
  if (part->first == 0 && node->base != OMNI_NODE_NONE)
    omni_step_read_node (lower, step, 3, node->base, 0, OMNI_UNIT_TEXEL);
}

gboolean
omni_plan_splits_outputs (const OmniNodeInfo *node)
{
  return node->op == OMNI_OP_CONV && node->layout == OMNI_LAYOUT_C4 && node->groups == 1 && !node->per_edge;
}

/* All groups of outputs at once or, where one binding cannot hold what they write, as many at a time as it can. */
static void
emit_outputs (const Part *part, const OmniStep *whole)
{
  const OmniLowering *lower = part->lower;
  const guint64 limit = lower->plan->device->limits.maxStorageBufferRange - 2 * OMNI_PLAN_ALIGN_BYTES;
  const guint planes = (part->outputs + 3) / 4; /* of a group */
  const guint64 group_bytes = (guint64)whole->push.dst.plane * lower->tensor->element_bytes * planes;
  const guint most = (guint)MAX (limit / MAX (group_bytes, 1), 1);

  if (!omni_plan_splits_outputs (lower->node) || whole->groups_z <= most)
  {
    omni_lower_emit (lower, whole, 0);
    return;
  }

  for (guint first = 0; first < whole->groups_z; first += most)
  {
    OmniStep step = *whole;
    const guint n = MIN (most, whole->groups_z - first);
    const guint channels = MIN (n * part->outputs, lower->node->channels - first * part->outputs);
    const gint32 plane = (gint32)(first * planes);

    step.groups_z = n;
    step.planes_written = (channels + 3) / 4;
    step.flop *= (double)channels / lower->node->channels;
    step.bytes *= (double)channels / lower->node->channels;
    step.push.dst.base += plane * step.push.dst.plane;
    step.push.src[3].base += plane * step.push.src[3].plane;
    step.push.arg[0] += (gint32)(first * part->weights.planes * part->positions * part->outputs);
    for (guint i = 1; i <= 3; i++)
      step.push.arg[i] += plane;
    step.push.arg[8] = (gint32)channels;
    omni_lower_emit (lower, &step, 0);
  }
}

static void
lower_winograd (const Part *part)
{
  const OmniLowering *lower = part->lower;
  const guint tiles = winograd_tiles (lower->plan, part->outputs);
  const char *shader = part->outputs == 32  ? "conv-winograd-32"
                       : part->outputs == 8 ? "conv-winograd-8"
                       : tiles == 2         ? "conv-winograd-16x2"
                                            : "conv-winograd-16";
  OmniStep step = omni_lower_step (lower, shader);

  step.constants[0] = lanes_of (lower->plan);
  step.constants[1] = 1;
  add_common (part, &step);
  read_inputs (part, &step, OMNI_UNIT_TEXEL);
  step.push.arg[7] |= (gint32)lower->node->dilation << 16;
  step.cover_x = 4 * tiles;
  step.cover_y = 4;
  step.block_x = step.cover_x * lower->node->dilation;
  step.block_y = step.cover_y * lower->node->dilation;
  step.groups_z = (lower->node->channels + part->outputs - 1) / part->outputs;
  step.z_within_x = TRUE;
  emit_outputs (part, &step);
}

/* Single floats are read through a view of floats where one holds the whole arena, so that the zero texel at its start
 * is in reach, else out of texels of four. */
static gboolean
float_view_holds (const OmniPlan *plan)
{
  for (guint i = 0; i < plan->arena_bytes->len; i++)
    if (g_array_index (plan->arena_bytes, guint64, i) / 4 + 256 > plan->device->limits.maxTexelBufferElements)
      return FALSE;

  return TRUE;
}

static guint
most_lanes (const Part *part)
{
  guint most = 1;

  for (guint i = 0; i < part->n_inputs; i++)
    most = MAX (most, input_of (part, i)->channels);

  return MIN (most, 4);
}

static void
lower_direct (const Part *part, OmniConvVariant variant)
{
  const OmniLowering *lower = part->lower;
  const OmniNodeInfo *node = lower->node;
  const gboolean shuffle = variant == OMNI_CONV_SHUFFLE;
  const gboolean planar_in = input_of (part, 0)->layout == OMNI_LAYOUT_PLANAR;
  const gboolean planar_out = node->layout == OMNI_LAYOUT_PLANAR;
  const gboolean float_view = planar_in && float_view_holds (lower->plan);
  /* A pipeline takes a driver 60 ms in every process, a read more of each row's twelve next to nothing. */
  const gboolean any_dilation = !planar_in && node->dilation > 1 && node->dilation <= G_MAXINT16;
  OmniStep step = omni_lower_step (lower, node->per_edge ? "conv-edges"
                                          : planar_in
                                            ? (shuffle ? "conv-shuffle-planar" : "conv-direct-planar")
                                          : shuffle ? "conv-shuffle"
                                                    : "conv-direct");

  step.constants[0] = shuffle ? lanes_of (lower->plan) : 8;
  step.constants[1] = 8;
  add_common (part, &step);
  omni_step_constant (&step, node->kernel);
  omni_step_constant (&step, any_dilation ? 0 : node->dilation);
  if (any_dilation)
    step.push.arg[7] |= (gint32)node->dilation << 16;
  omni_step_constant (&step, part->outputs);
  omni_step_constant (&step, planar_out);
  omni_step_constant (&step, planar_in ? most_lanes (part) : 4);
  omni_step_constant (&step, float_view);
  read_inputs (part, &step, planar_in ? OMNI_UNIT_FLOAT : OMNI_UNIT_TEXEL);
  for (guint i = 0; planar_in && !float_view && i < part->n_inputs; i++)
    step.in[i].format = OMNI_VIEW_RGBA32F;
  step.cover_x = planar_out ? 1 : 4;
  step.groups_z = (node->channels + part->outputs - 1) / part->outputs;
  emit_outputs (part, &step);
}

/* A part's inputs are alike: all planar or all C4. */
static guint
count_inputs (const Part *part)
{
  const guint left = part->lower->node->n_inputs - part->first;
  guint n = 1;

  while (n < MIN (left, INPUTS_PER_STEP) && input_of (part, n)->layout == input_of (part, 0)->layout)
    n++;
  return n;
}

void
omni_lower_conv (const OmniLowering *lower)
{
  const OmniNodeInfo *node = lower->node;
  const OmniConvVariant variant = omni_plan_choose_conv (lower->plan, node);
  const gboolean winograd = variant == OMNI_CONV_WINOGRAD;
  Part part = {
    .lower = lower,
    .winograd = winograd,
    .outputs = winograd ? winograd_outputs (node) : MIN (node->channels, 8),
    .positions = winograd ? 36 : node->kernel * node->kernel,
  };

  part.weights = omni_plan_pack_conv (lower->plan, lower->instruction->node, variant, part.outputs);
  while (part.first < node->n_inputs)
  {
    part.n_inputs = count_inputs (&part);
    if (part.first > 0)
      omni_lower_next_group (lower->plan);
    if (winograd)
      lower_winograd (&part);
    else
      lower_direct (&part, variant);
    for (guint i = 0; i < part.n_inputs; i++)
      part.first_plane += (input_of (&part, i)->channels + 3) / 4;
    part.first += part.n_inputs;
  }
}
