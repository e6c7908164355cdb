/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "vk/graph-private.h"

#include <math.h>
#include <string.h>

void
omni_node_clear (gpointer data)
{
  OmniNodeInfo *node = data;

  g_free (node->weight);
  g_free (node->bias);
  g_free (node->post_scale);
  g_free (node->post_shift);
  g_free (node->indices);
  g_free (node->histogram);
}

OmniGraph *
omni_graph_new (const char *name)
{
  OmniGraph *graph = g_new0 (OmniGraph, 1);

  g_atomic_ref_count_init (&graph->ref_count);
  graph->name = g_strdup (name);
  graph->nodes = g_array_new (FALSE, TRUE, sizeof (OmniNodeInfo));
  g_array_set_clear_func (graph->nodes, omni_node_clear);
  graph->maps = g_array_new (FALSE, TRUE, sizeof (OmniMapInfo));
  graph->output = OMNI_NODE_NONE;
  graph->padding = 1;
  graph->keep_from = G_MAXUINT;
  return graph;
}

OmniGraph *
omni_graph_ref (OmniGraph *graph)
{
  g_atomic_ref_count_inc (&graph->ref_count);
  return graph;
}

void
omni_graph_unref (OmniGraph *graph)
{
  if (!g_atomic_ref_count_dec (&graph->ref_count))
    return;

  g_array_unref (graph->nodes);
  g_clear_pointer (&graph->whole, omni_graph_unref);
  g_array_unref (graph->maps);
  g_free (graph->name);
  g_free (graph);
}

const OmniNodeInfo *
omni_graph_node (const OmniGraph *graph, OmniNode node)
{
  if (node < 0 || (guint)node >= graph->nodes->len)
    g_error ("%s: there is no node %d", graph->name, node);

  return &g_array_index (graph->nodes, OmniNodeInfo, node);
}

guint
omni_graph_get_n_nodes (const OmniGraph *graph)
{
  return graph->nodes->len;
}

const char *
omni_graph_get_name (const OmniGraph *graph)
{
  return graph->name;
}

guint
omni_graph_get_channels (const OmniGraph *graph, OmniNode x)
{
  return omni_graph_node (graph, x)->channels;
}

/* Whether what lies beyond the picture is known of a node about to be appended. */
static gboolean
is_open (const OmniGraph *graph, const OmniNodeInfo *node)
{
  if (node->op == OMNI_OP_EXTEND)
    return TRUE;
  if (node->op == OMNI_OP_CONV)
    return node->boundary == OMNI_BOUNDARY_OPEN;
  if (node->op != OMNI_OP_UNARY && node->op != OMNI_OP_BINARY && node->op != OMNI_OP_SET_MAX
      && node->op != OMNI_OP_SET_SUM)
    return FALSE;
  for (guint i = 0; i < node->n_inputs; i++)
    if (!omni_graph_node (graph, node->inputs[i])->open)
      return FALSE;
  return TRUE;
}

OmniNode
omni_graph_append (OmniGraph *graph, OmniNodeInfo node, const OmniNode *inputs, guint n_inputs,
                   const char *label)
{
  g_assert (n_inputs <= OMNI_MAX_NODE_INPUTS);
  node.n_inputs = n_inputs;
  node.pooled = n_inputs > 0;
  for (guint i = 0; i < n_inputs; i++)
  {
    node.inputs[i] = inputs[i];
    node.pooled = node.pooled && omni_graph_node (graph, inputs[i])->pooled;
  }
  if (node.op != OMNI_OP_CONV)
    node.base = OMNI_NODE_NONE;
  node.pooled = node.pooled || node.op == OMNI_OP_CONSTANT || node.op == OMNI_OP_CHECKER
                || (omni_op_is_reduction (node.op) && node.op != OMNI_OP_SET_SOFTMAX);
  node.open = is_open (graph, &node);
  g_strlcpy (node.label, label, sizeof node.label);
  g_array_append_val (graph->nodes, node);
  return (OmniNode)graph->nodes->len - 1;
}

OmniNodeInfo
omni_graph_shaped_like (const OmniGraph *graph, OmniOp op, OmniNode x)
{
  const OmniNodeInfo *info = omni_graph_node (graph, x);

  return (OmniNodeInfo){ .op = op, .channels = info->channels, .level = info->level, .layout = info->layout };
}

void
omni_graph_require (gboolean condition, const OmniGraph *graph, const char *what)
{
  if (!condition)
    g_error ("%s: node %u: %s", graph->name, graph->nodes->len, what);
}

void
omni_graph_require_planar (const OmniGraph *graph, OmniNode x)
{
  omni_graph_require (omni_graph_node (graph, x)->layout == OMNI_LAYOUT_PLANAR, graph,
                      "needs a planar tensor");
}

void
omni_graph_require_per_source (const OmniGraph *graph, OmniNode x)
{
  omni_graph_require (!omni_graph_node (graph, x)->pooled, graph, "has no set axis to reduce");
}

OmniNode
omni_graph_picture (OmniGraph *graph, OmniPlanes planes, guint bands)
{
  static const guint channels[] = { 1, 2, 3, 0, 1 };
  const OmniNodeInfo node = {
    .op = OMNI_OP_PICTURE,
    .planes = planes,
    .channels = planes == OMNI_PLANES_BANDS ? bands : channels[planes],
  };

  omni_graph_require (node.channels >= 1 && node.channels <= 8, graph, "a picture has 1 to 8 bands");
  return omni_graph_append (graph, node, NULL, 0, "picture");
}

OmniNode
omni_graph_mark (OmniGraph *graph, guint marks)
{
  const OmniNodeInfo node = { .op = OMNI_OP_MARK, .channels = 1, .marks = marks };

  return omni_graph_append (graph, node, NULL, 0, "mark");
}

OmniNode
omni_graph_checker (OmniGraph *graph, guint square_px)
{
  const OmniNodeInfo node = { .op = OMNI_OP_CHECKER, .channels = 1, .square_px = square_px };

  omni_graph_require (square_px > 0, graph, "draws squares of no size");
  return omni_graph_append (graph, node, NULL, 0, "checker");
}

OmniNode
omni_graph_constant (OmniGraph *graph, guint channels, guint level, const float *values)
{
  const OmniNodeInfo node = {
    .op = OMNI_OP_CONSTANT,
    .channels = channels,
    .level = level,
    .weight = g_memdup2 (values, channels * sizeof *values),
  };

  return omni_graph_append (graph, node, NULL, 0, "constant");
}

OmniNode
omni_graph_unary (OmniGraph *graph, OmniNode x, float scale, float shift, OmniActivation activation,
                  float slope)
{
  OmniNodeInfo node = omni_graph_shaped_like (graph, OMNI_OP_UNARY, x);

  node.scale = scale;
  node.shift = shift;
  node.activation = activation;
  node.slope = slope;
  return omni_graph_append (graph, node, &x, 1, "unary");
}

OmniNode
omni_graph_binary (OmniGraph *graph, OmniBinary op, OmniNode a, OmniNode b)
{
  static const char *const labels[] = { "add", "subtract", "multiply", "divide", "max", "min", "equal" };
  const OmniNodeInfo *left = omni_graph_node (graph, a);
  const OmniNodeInfo *right = omni_graph_node (graph, b);
  OmniNodeInfo node = omni_graph_shaped_like (graph, OMNI_OP_BINARY,
                                              left->channels >= right->channels ? a : b);
  const OmniNode inputs[] = { a, b };

  omni_graph_require (left->level == right->level, graph, "combines tensors of different levels");
  omni_graph_require (left->layout == right->layout, graph, "combines tensors of different layouts");
  omni_graph_require (left->channels == right->channels || left->channels == 1 || right->channels == 1, graph,
                      "combines tensors of different channel counts");
  node.binary = op;
  return omni_graph_append (graph, node, inputs, 2, labels[op]);
}

OmniNode
omni_graph_channels (OmniGraph *graph, OmniNode x, const guint *indices, guint n_indices)
{
  OmniNodeInfo node = omni_graph_shaped_like (graph, OMNI_OP_CHANNELS, x);

  for (guint i = 0; i < n_indices; i++)
    omni_graph_require (indices[i] < node.channels, graph, "takes a channel that does not exist");
  node.layout = n_indices >= 8 ? OMNI_LAYOUT_C4 : OMNI_LAYOUT_PLANAR;
  node.channels = n_indices;
  node.indices = g_memdup2 (indices, n_indices * sizeof *indices);
  node.weight = g_new (float, n_indices);
  for (guint i = 0; i < n_indices; i++)
    node.weight[i] = (float)indices[i];
  return omni_graph_append (graph, node, &x, 1, "channels");
}

OmniNode
omni_graph_channel_shuffle (OmniGraph *graph, OmniNode x, guint groups)
{
  const guint channels = omni_graph_node (graph, x)->channels;
  g_autofree guint *indices = g_new (guint, channels);

  omni_graph_require (groups > 0 && channels % groups == 0, graph, "shuffles groups that do not divide");

  const guint per_group = channels / groups;

  for (guint i = 0; i < groups; i++)
    for (guint k = 0; k < per_group; k++)
      indices[i * per_group + k] = groups * k + i;
  return omni_graph_channels (graph, x, indices, channels);
}

OmniNode
omni_graph_normalise (OmniGraph *graph, OmniNode x, float epsilon)
{
  return omni_graph_normalise_activate (graph, x, epsilon, OMNI_ACTIVATION_NONE, 0.0F);
}

OmniNode
omni_graph_normalise_activate (OmniGraph *graph, OmniNode x, float epsilon, OmniActivation activation,
                               float slope)
{
  OmniNodeInfo node = omni_graph_shaped_like (graph, OMNI_OP_NORMALISE, x);

  node.epsilon = epsilon;
  node.activation = activation;
  node.slope = slope;
  return omni_graph_append (graph, node, &x, 1, "normalise");
}

OmniNode
omni_graph_picture_mean (OmniGraph *graph, OmniNode x)
{
  return omni_graph_append (graph, omni_graph_shaped_like (graph, OMNI_OP_PICTURE_MEAN, x), &x, 1,
                            "picture mean");
}

static OmniNode
picture_extreme (OmniGraph *graph, OmniNode x, gboolean take_max)
{
  OmniNodeInfo node = omni_graph_shaped_like (graph, OMNI_OP_PICTURE_EXTREME, x);

  node.take_max = take_max;
  return omni_graph_append (graph, node, &x, 1, take_max ? "picture maximum" : "picture minimum");
}

OmniNode
omni_graph_picture_max (OmniGraph *graph, OmniNode x)
{
  return picture_extreme (graph, x, TRUE);
}

OmniNode
omni_graph_picture_min (OmniGraph *graph, OmniNode x)
{
  return picture_extreme (graph, x, FALSE);
}

OmniNode
omni_graph_equalise (OmniGraph *graph, OmniNode x, float clip_limit, guint cells)
{
  OmniNodeInfo node = omni_graph_shaped_like (graph, OMNI_OP_EQUALISE, x);

  omni_graph_require_planar (graph, x);
  omni_graph_require (node.channels == 1 && node.level == 0, graph,
                      "equalises other than one plane of the picture's size");
  omni_graph_require (cells >= 1 && cells <= 16 && clip_limit > 0.0F, graph,
                      "equalises by none or more than 16 cells a side");
  node.epsilon = clip_limit;
  node.cells = cells;
  return omni_graph_append (graph, node, &x, 1, "equalise");
}

OmniNode
omni_graph_match_levels (OmniGraph *graph, OmniNode x, const guint64 histogram[OMNI_LEVELS])
{
  OmniNodeInfo node = omni_graph_shaped_like (graph, OMNI_OP_EQUALISE, x);
  guint64 sum = 0;

  omni_graph_require_planar (graph, x);
  omni_graph_require (node.channels == 1, graph, "matches other than one plane");
  for (guint i = 0; i < OMNI_LEVELS; i++)
    sum += histogram[i];
  omni_graph_require (sum > 0, graph, "matches a histogram of nothing");
  node.cells = 1;
  node.histogram = g_memdup2 (histogram, OMNI_LEVELS * sizeof *histogram);
  return omni_graph_append (graph, node, &x, 1, "match levels");
}

OmniNode
omni_graph_extend (OmniGraph *graph, OmniNode x)
{
  const OmniNodeInfo node = omni_graph_shaped_like (graph, OMNI_OP_EXTEND, x);

  omni_graph_require_planar (graph, x);
  omni_graph_require (node.channels == 1, graph, "extends other than one plane");
  return omni_graph_append (graph, node, &x, 1, "extend");
}

static OmniNode
filter_axis (OmniGraph *graph, OmniNode x, const float *taps, guint radius, guint step, gboolean vertical,
             OmniBoundary boundary, const char *label)
{
  OmniNodeInfo node = omni_graph_shaped_like (graph, OMNI_OP_FILTER, x);

  omni_graph_require_planar (graph, x);
  omni_graph_require (radius >= 1 && radius <= 15, graph, "filters with a radius other than 1 to 15");
  omni_graph_require (step >= 1 && radius * step <= 1024, graph,
                      "filters over more than 1024 pixels to a side");
  node.radius = radius;
  node.step = step;
  node.vertical = vertical;
  node.boundary = boundary;
  node.weight = g_memdup2 (taps, (2 * radius + 1) * sizeof *taps);
  return omni_graph_append (graph, node, &x, 1, label);
}

OmniNode
omni_graph_filter (OmniGraph *graph, OmniNode x, const float *taps, guint radius, guint step,
                   gboolean vertical, OmniBoundary boundary)
{
  return filter_axis (graph, x, taps, radius, step, vertical, boundary, "filter");
}

/* Two passes of a symmetric one-dimensional kernel of 2·radius + 1 taps. */
static OmniNode
separable (OmniGraph *graph, OmniNode x, const float *taps, guint radius, OmniBoundary boundary,
           const char *label)
{
  for (guint axis = 0; axis < 2; axis++)
    x = filter_axis (graph, x, taps, radius, 1, axis == 1, boundary, label);
  return x;
}

OmniNode
omni_graph_window_mean (OmniGraph *graph, OmniNode x, guint radius)
{
  omni_graph_require_planar (graph, x);
  omni_graph_require (radius >= 1 && radius <= 1024, graph, "averages over a radius other than 1 to 1024");
  for (guint axis = 0; axis < 2; axis++)
  {
    OmniNodeInfo node = omni_graph_shaped_like (graph, OMNI_OP_WINDOW_MEAN, x);

    node.radius = radius;
    node.vertical = axis == 1;
    x = omni_graph_append (graph, node, &x, 1, "window mean");
  }
  return x;
}

OmniNode
omni_graph_box (OmniGraph *graph, OmniNode x, guint radius, OmniBoundary boundary)
{
  float taps[31];

  for (guint i = 0; i < G_N_ELEMENTS (taps); i++)
    taps[i] = 1.0F / (float)(2 * radius + 1);
  return separable (graph, x, taps, radius, boundary, "box");
}

OmniNode
omni_graph_gaussian (OmniGraph *graph, OmniNode x, float sigma, guint radius, OmniBoundary boundary)
{
  float taps[31];
  double sum = 0.0;

  for (int i = -(int)radius; i <= (int)MIN (radius, 15); i++)
    sum += exp (-0.5 * i * i / ((double)sigma * sigma));
  for (int i = -(int)MIN (radius, 15); i <= (int)MIN (radius, 15); i++)
    taps[i + (int)MIN (radius, 15)] = (float)(exp (-0.5 * i * i / ((double)sigma * sigma)) / sum);
  return separable (graph, x, taps, radius, boundary, "gaussian");
}

static OmniNode
pool (OmniGraph *graph, OmniNode x, gboolean take_max)
{
  OmniNodeInfo node = omni_graph_shaped_like (graph, OMNI_OP_POOL, x);

  node.level++;
  node.take_max = take_max;
  return omni_graph_append (graph, node, &x, 1, take_max ? "max pool" : "mean pool");
}

OmniNode
omni_graph_pool_max (OmniGraph *graph, OmniNode x)
{
  return pool (graph, x, TRUE);
}

OmniNode
omni_graph_pool_mean (OmniGraph *graph, OmniNode x)
{
  return pool (graph, x, FALSE);
}

static OmniNode
upsample (OmniGraph *graph, OmniNode x, guint steps, gboolean bilinear)
{
  OmniNodeInfo node = omni_graph_shaped_like (graph, OMNI_OP_UPSAMPLE, x);

  omni_graph_require (node.level >= steps, graph, "upsamples beyond the picture's own size");
  node.level -= steps;
  node.steps = steps;
  node.bilinear = bilinear;
  return omni_graph_append (graph, node, &x, 1, bilinear ? "upsample bilinear" : "upsample nearest");
}

OmniNode
omni_graph_upsample_nearest (OmniGraph *graph, OmniNode x)
{
  return upsample (graph, x, 1, FALSE);
}

OmniNode
omni_graph_upsample_bilinear (OmniGraph *graph, OmniNode x)
{
  return upsample (graph, x, 1, TRUE);
}

OmniNode
omni_graph_upsample_to (OmniGraph *graph, OmniNode x, guint level)
{
  const guint from = omni_graph_node (graph, x)->level;

  omni_graph_require_planar (graph, x);
  omni_graph_require (level <= from, graph, "upsamples to a coarser level");
  return level == from ? x : upsample (graph, x, from - level, TRUE);
}

OmniNode
omni_graph_down (OmniGraph *graph, OmniNode x, OmniPyramid pyramid)
{
  OmniNodeInfo node = omni_graph_shaped_like (graph, OMNI_OP_DOWN, x);

  omni_graph_require_planar (graph, x);
  node.level++;
  node.pyramid = pyramid;
  return omni_graph_append (graph, node, &x, 1, "down");
}

OmniNode
omni_graph_up_add (OmniGraph *graph, OmniNode fine, OmniNode coarse, float sign, OmniPyramid pyramid)
{
  OmniNodeInfo node = omni_graph_shaped_like (graph, OMNI_OP_UP_ADD, fine);
  const OmniNodeInfo *below = omni_graph_node (graph, coarse);
  const OmniNode inputs[] = { fine, coarse };

  omni_graph_require_planar (graph, fine);
  omni_graph_require_planar (graph, coarse);
  omni_graph_require (below->level == node.level + 1 && below->channels == node.channels, graph,
                      "needs the next coarser level with as many channels");
  node.scale = sign;
  node.pyramid = pyramid;
  return omni_graph_append (graph, node, inputs, 2, sign < 0.0F ? "laplacian" : "collapse");
}

OmniNode
omni_graph_band_magnitude (OmniGraph *graph, OmniNode fine, OmniNode coarse, OmniPyramid pyramid)
{
  const OmniNode band = omni_graph_up_add (graph, fine, coarse, -1.0F, pyramid);
  OmniNodeInfo *node = &g_array_index (graph->nodes, OmniNodeInfo, band);

  node->activation = OMNI_ACTIVATION_ABS;
  g_strlcpy (node->label, "magnitude", sizeof node->label);
  return band;
}

static OmniNodeInfo
weighs_exposures (const OmniGraph *graph, OmniOp op, OmniNode colour, const float exponents[3], float sigma)
{
  OmniNodeInfo node = omni_graph_shaped_like (graph, op, colour);

  omni_graph_require_planar (graph, colour);
  omni_graph_require (node.channels == 3, graph, "weighs exposures of three channels");
  node.channels = 1;
  memcpy (node.exponents, exponents, sizeof node.exponents);
  node.sigma = sigma;
  return node;
}

OmniNode
omni_graph_exposure_weight (OmniGraph *graph, OmniNode colour, float contrast, float saturation,
                            float exposedness, float sigma)
{
  const float exponents[] = { contrast, saturation, exposedness };

  return omni_graph_append (graph,
                            weighs_exposures (graph, OMNI_OP_EXPOSURE_WEIGHT, colour, exponents, sigma),
                            &colour, 1, "exposure weight");
}

OmniNode
omni_graph_exposure_share (OmniGraph *graph, OmniNode colour, float contrast, float saturation,
                           float exposedness, float sigma)
{
  const float exponents[] = { contrast, saturation, exposedness };

  omni_graph_require_per_source (graph, colour);

  const OmniNode sum = omni_graph_append (
    graph, weighs_exposures (graph, OMNI_OP_SET_EXPOSURE_SUM, colour, exponents, sigma), &colour, 1,
    "exposure weights");
  const OmniNode inputs[] = { colour, sum };

  return omni_graph_append (graph,
                            weighs_exposures (graph, OMNI_OP_EXPOSURE_WEIGHT, colour, exponents, sigma),
                            inputs, 2, "exposure share");
}

/* `node` shaped like `x`, of the channels `first` … `first` + `n` − 1. */
static OmniNode
reduce (OmniGraph *graph, OmniNodeInfo node, OmniNode x, guint first, guint n, const char *label)
{
  const guint n_channels = node.channels; /* nodes move when one is appended */
  const guint grain = node.layout == OMNI_LAYOUT_C4 ? 4 : 1;

  omni_graph_require_per_source (graph, x);
  omni_graph_require (n > 0 && first + n <= n_channels, graph, "there are no such channels");
  if (first % grain == 0 && n % grain == 0)
  {
    node.first = first;
    node.channels = n;
    return omni_graph_append (graph, node, &x, 1, label);
  }

  const OmniNode all = omni_graph_append (graph, node, &x, 1, label);
  g_autofree guint *indices = g_new (guint, n);

  for (guint c = 0; c < n; c++)
    indices[c] = first + c;
  return n == n_channels ? all : omni_graph_channels (graph, all, indices, n);
}

OmniNode
omni_graph_set_max_of (OmniGraph *graph, OmniNode x, guint first, guint n)
{
  return reduce (graph, omni_graph_shaped_like (graph, OMNI_OP_SET_MAX, x), x, first, n, "set max");
}

OmniNode
omni_graph_set_max (OmniGraph *graph, OmniNode x)
{
  return omni_graph_set_max_of (graph, x, 0, omni_graph_get_channels (graph, x));
}

OmniNode
omni_graph_set_sum (OmniGraph *graph, OmniNode x)
{
  return reduce (graph, omni_graph_shaped_like (graph, OMNI_OP_SET_SUM, x), x, 0,
                 omni_graph_get_channels (graph, x), "set sum");
}

OmniNode
omni_graph_set_mean_of (OmniGraph *graph, OmniNode x, guint first, guint n)
{
  OmniNodeInfo node = omni_graph_shaped_like (graph, OMNI_OP_SET_SUM, x);

  node.mean = TRUE;
  return reduce (graph, node, x, first, n, "set mean");
}

OmniNode
omni_graph_set_mean (OmniGraph *graph, OmniNode x)
{
  return omni_graph_set_mean_of (graph, x, 0, omni_graph_get_channels (graph, x));
}

OmniNode
omni_graph_set_sum_fixed (OmniGraph *graph, OmniNode x, float range)
{
  OmniNodeInfo node = omni_graph_shaped_like (graph, OMNI_OP_SET_SUM_FIXED, x);

  omni_graph_require_per_source (graph, x);
  omni_graph_require_planar (graph, x);
  node.range = range;
  return omni_graph_append (graph, node, &x, 1, "set sum (fixed point)");
}

OmniNode
omni_graph_set_blend (OmniGraph *graph, OmniNode weight, OmniNode fine, OmniNode coarse, OmniPyramid pyramid,
                      float range)
{
  OmniNodeInfo node = omni_graph_shaped_like (graph, OMNI_OP_SET_BLEND, fine);
  const OmniNode inputs[] = { weight, fine, coarse };
  const OmniNodeInfo *weights = omni_graph_node (graph, weight);

  omni_graph_require_per_source (graph, weight);
  omni_graph_require_per_source (graph, fine);
  omni_graph_require_planar (graph, fine);
  omni_graph_require_planar (graph, weight);
  omni_graph_require (weights->channels == 1 && weights->level == node.level, graph,
                      "needs one weight plane of the same level");
  if (coarse != OMNI_NODE_NONE)
  {
    const OmniNodeInfo *below = omni_graph_node (graph, coarse);

    omni_graph_require (below->level == node.level + 1 && below->channels == node.channels && !below->pooled,
                        graph, "needs the next coarser level with as many channels");
  }
  node.pyramid = pyramid;
  node.range = range;
  return omni_graph_append (graph, node, inputs, coarse != OMNI_NODE_NONE ? 3 : 2, "set blend");
}

OmniNode
omni_graph_set_blend_mean (OmniGraph *graph, OmniNode weight, OmniNode fine, OmniNode coarse,
                           OmniPyramid pyramid, float range)
{
  const OmniNode blend = omni_graph_set_blend (graph, weight, fine, coarse, pyramid, range);

  g_array_index (graph->nodes, OmniNodeInfo, blend).mean = TRUE;
  return blend;
}

OmniNode
omni_graph_score_weight (OmniGraph *graph, OmniNode fine, OmniNode coarse, OmniNode logit, OmniNode gain,
                         float floor)
{
  const OmniNodeInfo *logits = omni_graph_node (graph, logit), *gains = omni_graph_node (graph, gain);
  OmniNodeInfo largest = omni_graph_shaped_like (graph, OMNI_OP_SET_SCORE_MAX, fine);
  OmniNodeInfo weight = omni_graph_shaped_like (graph, OMNI_OP_SCORE_WEIGHT, fine);
  OmniNode inputs[] = { fine, coarse, logit, gain, OMNI_NODE_NONE };

  for (guint i = 0; i < 4; i++)
  {
    omni_graph_require_planar (graph, inputs[i]);
    omni_graph_require (omni_graph_node (graph, inputs[i])->channels == 1, graph, "scores one plane");
  }
  for (guint i = 0; i < 3; i++)
    omni_graph_require_per_source (graph, inputs[i]);
  omni_graph_require (omni_graph_node (graph, coarse)->level == weight.level + 1, graph,
                      "needs the next coarser level");
  omni_graph_require (gains->pooled && gains->level == logits->level && logits->level >= weight.level, graph,
                      "needs a logit and a pooled gain of one level, not finer than its own");
  largest.steps = weight.steps = logits->level - weight.level;
  largest.epsilon = weight.epsilon = floor;
  inputs[4] = omni_graph_append (graph, largest, inputs, 4, "largest score");
  return omni_graph_append (graph, weight, inputs, 5, "score weight");
}

OmniNode
omni_graph_set_select (OmniGraph *graph, OmniNode key, OmniNode values)
{
  OmniNodeInfo node = omni_graph_shaped_like (graph, OMNI_OP_SET_SELECT, values);
  const OmniNodeInfo *keys = omni_graph_node (graph, key);
  const OmniNode inputs[] = { key, values };

  omni_graph_require_per_source (graph, key);
  omni_graph_require_per_source (graph, values);
  omni_graph_require_planar (graph, key);
  omni_graph_require_planar (graph, values);
  omni_graph_require (keys->channels == 1 && keys->level == node.level && node.channels <= 8, graph,
                      "needs one key plane of the same level and at most 8 values");
  return omni_graph_append (graph, node, inputs, 2, "set select");
}

OmniNode
omni_graph_set_softmax (OmniGraph *graph, OmniNode x)
{
  omni_graph_require_per_source (graph, x);
  return omni_graph_append (graph, omni_graph_shaped_like (graph, OMNI_OP_SET_SOFTMAX, x), &x, 1,
                            "set softmax");
}

OmniNode
omni_graph_set_pick (OmniGraph *graph, OmniNode x, guint index)
{
  OmniNodeInfo node = omni_graph_shaped_like (graph, OMNI_OP_SET_PICK, x);

  omni_graph_require_per_source (graph, x);
  node.index = index;
  return omni_graph_append (graph, node, &x, 1, "set pick");
}

OmniNode
omni_graph_set_running_mean (OmniGraph *graph, OmniNode x)
{
  omni_graph_require_per_source (graph, x);
  return omni_graph_append (graph, omni_graph_shaped_like (graph, OMNI_OP_SET_RUNNING_MEAN, x), &x, 1,
                            "set running mean");
}

void
omni_graph_add_stage (OmniGraph *graph, OmniNode x)
{
  OmniNodeInfo *node = &g_array_index (graph->nodes, OmniNodeInfo, x);

  omni_graph_require_planar (graph, x);
  omni_graph_require (node->channels == 1, graph, "has a stage of other than one plane");
  node->stage = TRUE;
}

void
omni_graph_set_padding (OmniGraph *graph, guint multiple)
{
  omni_graph_require (multiple > 0 && (multiple & (multiple - 1)) == 0, graph, "pads to no power of two");
  graph->padding = multiple;
}

void
omni_graph_set_output (OmniGraph *graph, OmniNode x)
{
  const OmniNodeInfo *node = omni_graph_node (graph, x);

  omni_graph_require (graph->output == OMNI_NODE_NONE, graph, "the graph has an output already");
  omni_graph_require (node->pooled && node->level == 0 && node->layout == OMNI_LAYOUT_PLANAR
                        && node->channels <= 8,
                      graph, "an output is pooled, planar, at level 0, with 1 to 8 channels");
  graph->output = x;
  omni_graph_finish (graph);
}
