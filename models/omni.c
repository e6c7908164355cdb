/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "models/model-private.h"

#include <math.h>

/* Omni, our own network. It looks at the set at a low resolution and says, for every source and four groups of bands, how
 * much it counts; the result is made of the sources' own Laplacian bands at full resolution. At each pixel of a band
 * the weights are a softmax over the set of
 *
 *   logit + α · ln (mean of |band| over 3 × 3 + ε),
 *
 * the coarsest level apart, which has no energy to speak of. exp (x − max x) of a softmax is 1 for the largest, so that
 * one source, or sources that agree, come back as they were: (Σ 1·band) / (Σ 1).
 *
 * The network runs two levels below the base level: at 1/4, 1/8, 1/16 or 1/32 of the picture's size, with the same
 * weights.
 *
 * Of focus stacks the finest bands are those of one blend of the pictures (spatial.c), where the weights were trained for it: their
 * metadata `spatial-levels` says how many. */

#define N_LAYERS  5
#define N_HEADS   4
#define N_PLANES  6 /* inputs of the network, apart from the tasks */
#define N_TASKS   4
#define MAX_LEVEL 20
/* The coarsest level's shorter side is at least this, when the depth is automatic. */
#define COARSEST_PX 4
#define MAX_BASE    3
#define EPSILON     2e-3
/* Of a set, from which the network's features of all sources at 1/16 take more memory than the bands (24 MP × 13; exposures of
 * that size are seen at 1/32 in any case). */
#define LARGE_SET_MP    300
#define NEARLY_WHITE    .94f
#define HEADROOM_LEVELS 3
#define BAND_RANGE      2 /* a band of samples within ±r lies within ±2r */

static const guint dilations[N_LAYERS] = { 1, 2, 4, 8, 1 };

static const char *const base_choices[] = { "auto", "0", "1", "2", "3", NULL };
static const char *const chroma_choices[] = { "auto", "weights", "papers", NULL };
static const char *const decision_choices[] = { "auto", "trained", NULL };

/* How much more firmly than it was trained the network decides, finest head first: the training's losses know nothing of
 * Q^AB/F, and of focus stacks its pictures had noise, which makes it careful. Chosen on the train split, figures in models/README.md. */
typedef struct
{
  float logits[N_HEADS], gains[N_HEADS];
} Decision;

static const Decision as_trained = { { 1, 1, 1, 1 }, { 1, 1, 1, 1 } };
/* of weights that know no spatial blend */
static const Decision of_focus = { { 2, 1.5f, 1.5f, 1.5f }, { 1, 1, 1, 1 } };
static const Decision of_infrared = { { 3, 1, .7f, .3f }, { 1.2f, 1.5f, 1.5f, 1.5f } };
static const Decision of_medical = { { 1.5f, .8f, .8f, .8f }, { 1, 1, 1, 1 } };

static const OmniModelOption options[] = {
  { .key = "base",
    .title = N_ ("Base"),
    .summary = N_ (
      "The network runs at 1/4, 1/8, 1/16 or 1/32 of full size; auto: by the size of the picture"),
    .type = OMNI_OPTION_CHOICE,
    .default_value = "auto",
    .choices = base_choices },
  { .key = "levels",
    .title = N_ ("Levels"),
    .summary = N_ ("How often the pyramid halves the picture; 0: by its size"),
    .type = OMNI_OPTION_NUMBER,
    .default_value = "0",
    .minimum = 0,
    .maximum = MAX_LEVEL,
    .whole = TRUE },
  { .key = "chroma",
    .title = N_ ("Chroma"),
    .summary = N_ (
      "Colour by the luminance's weights or by the papers' rule; auto: by the weights, unless grey and "
      "coloured sources meet"),
    .type = OMNI_OPTION_CHOICE,
    .default_value = "auto",
    .choices = chroma_choices },
  { .key = "highlights",
    .title = N_ ("Highlights"),
    .summary = N_ (
      "How far exposures count less where they are nearly white, in powers of e: skies keep their colour"),
    .type = OMNI_OPTION_NUMBER,
    .default_value = "8",
    .minimum = 0,
    .maximum = 16 },
  { .key = "ghosts",
    .title = N_ ("Moving Things"),
    .summary = N_ (
      "How far an exposure counts less where it shows something else than the others, because it "
      "moved, in powers of e; 0: ghosts stay"),
    .type = OMNI_OPTION_NUMBER,
    .default_value = "0",
    .minimum = 0,
    .maximum = 16 },
  { .key = "headroom",
    .title = N_ ("Headroom"),
    .summary = N_ ("How far medical pictures darken where bright ground of one source and detail of "
                   "the other come to more than white"),
    .type = OMNI_OPTION_NUMBER,
    .default_value = "2",
    .minimum = 0,
    .maximum = 8 },
  { .key = "decision",
    .title = N_ ("Decision"),
    .summary = N_ ("How firmly focus stacks, infrared and medical pairs are decided: auto, which measured "
                   "better, or as the "
                   "network was trained"),
    .type = OMNI_OPTION_CHOICE,
    .default_value = "auto",
    .choices = decision_choices },
  { .key = "saturation",
    .title = N_ ("Saturation"),
    .summary = N_ ("Saturation of the result; 1 leaves it alone"),
    .type = OMNI_OPTION_NUMBER,
    .default_value = "1",
    .minimum = 0,
    .maximum = 4 },
  { NULL }
};

static void
add_specs (GArray *specs, guint channels)
{
  omni_model_add_spec (specs, "in", "weight", channels, N_PLANES + N_TASKS, 3, 3);
  omni_model_add_spec (specs, "in", "bias", channels, 0, 0, 0);
  for (guint i = 1; i <= N_LAYERS; i++)
  {
    g_autofree char *own = g_strdup_printf ("own%u", i), *pool = g_strdup_printf ("pool%u", i);

    omni_model_add_spec (specs, own, "weight", channels, channels, 3, 3);
    omni_model_add_spec (specs, own, "bias", channels, 0, 0, 0);
    omni_model_add_spec (specs, pool, "weight", channels, channels, 3, 3);
  }
  omni_model_add_spec (specs, "logit", "weight", N_HEADS, channels, 1, 1);
  omni_model_add_spec (specs, "logit", "bias", N_HEADS, 0, 0, 0);
  omni_model_add_spec (specs, "alpha", "weight", N_HEADS, channels, 1, 1);
  omni_model_add_spec (specs, "alpha", "bias", N_HEADS, 0, 0, 0);
}

/* Any even width from 8 on; `fallback` without a tensor that says. */
static guint
find_channels (const OmniWeights *weights, guint fallback)
{
  const GArray *specs = weights != NULL ? omni_weights_get_specs (weights) : NULL;

  for (guint i = 0; specs != NULL && i < specs->len; i++)
  {
    const OmniTensorSpec *spec = &g_array_index (specs, OmniTensorSpec, i);

    if (g_str_equal (spec->name, "in.bias") && spec->n_dims == 1 && spec->dims[0] >= 8
        && spec->dims[0] % 2 == 0)
      return spec->dims[0];
  }
  return fallback;
}

static gboolean
list_tensors (const OmniWeights *weights, GArray *specs, GError **error)
{
  add_specs (specs, find_channels (weights, 24));
  return TRUE;
}

static gboolean
list_small_tensors (const OmniWeights *weights, GArray *specs, GError **error)
{
  add_specs (specs, find_channels (weights, 12));
  return TRUE;
}

typedef struct
{
  const OmniModel *model;
  OmniGraph *graph;
  const OmniModelContext *context;
  const OmniWeights *weights;
  OmniBoundary padding;
  OmniPlanes planes; /* that are fused by the weights: R, G and B or the luminance */
  float epsilon;     /* floor of the energies */
  guint channels;
  guint base, at, depth;            /* levels: the base, the network's and the coarsest */
  guint spatial;                    /* levels from the base on that one blend of the pictures has */
  OmniNode logits[N_HEADS];         /* per source, at level `at`, one plane each */
  OmniNode alphas[N_HEADS];         /* pooled, likewise */
  OmniNode pictures[MAX_LEVEL + 1]; /* per level: what is fused, … */
  OmniNode lumas[MAX_LEVEL + 1];    /* … and its luminance; made as they are needed */
  OmniNode masks[MAX_LEVEL + 1];    /* what is opaque, or none */
  OmniNode counts[MAX_LEVEL + 1];   /* how much each source counts */
} Builder;

/* ---- The pyramids ---- */

static OmniNode get_picture (Builder *self, guint level);

/* That of the luminance is that of the colour, which is made in any case. */
static OmniNode
get_luma (Builder *self, guint level)
{
  if (self->lumas[level] != OMNI_NODE_NONE)
    return self->lumas[level];
  if (level == 0)
    self->lumas[0] = omni_graph_picture (self->graph, OMNI_PLANES_LUMA, 0);
  else if (self->planes == OMNI_PLANES_LUMA)
    self->lumas[level] = omni_graph_down (self->graph, get_luma (self, level - 1), OMNI_PYRAMID_QUAD);
  else
    self->lumas[level] = omni_graph_luma (self->graph, get_picture (self, level));
  return self->lumas[level];
}

static OmniNode
get_picture (Builder *self, guint level)
{
  if (self->planes == OMNI_PLANES_LUMA)
    return get_luma (self, level);
  if (self->pictures[level] == OMNI_NODE_NONE)
    self->pictures[level] = level == 0 ? omni_graph_picture (self->graph, self->planes, 0)
                                       : omni_graph_down (self->graph, get_picture (self, level - 1),
                                                          OMNI_PYRAMID_QUAD);
  return self->pictures[level];
}

/* ---- The network ---- */

/* The mean over what lies under each pixel of `level`. */
static OmniNode
add_mean_pool (const Builder *self, OmniNode x, guint from, guint level)
{
  for (; from < level; from++)
    x = omni_graph_pool_mean (self->graph, x);
  return x;
}

static void
add_planes (Builder *self, OmniNode planes[N_PLANES])
{
  OmniGraph *graph = self->graph;
  OmniNode luma = get_luma (self, self->base);

  planes[5] = add_mean_pool (self, omni_graph_unary (graph, luma, 1, -.5f, OMNI_ACTIVATION_ABS, 0),
                             self->base, self->at);
  for (guint i = 0; i < 3; i++)
  {
    const OmniNode coarse = get_luma (self, self->base + i + 1);
    const OmniNode magnitude = omni_graph_band_magnitude (graph, luma, coarse, OMNI_PYRAMID_QUAD);
    const OmniNode energy = add_mean_pool (self, magnitude, self->base + i, self->at);

    planes[1 + i] = omni_graph_unary (
      graph, omni_graph_unary (graph, energy, 1, 0, OMNI_ACTIVATION_LOG, self->epsilon), 1.f / 3, 1,
      OMNI_ACTIVATION_NONE, 0);
    if (i == 2)
      planes[0] = luma;
    luma = coarse;
  }
  planes[4] = omni_graph_picture_mean (graph, planes[0]);
}

/* OMNIFUSE_OMNI_TASK=none keeps the task from the network, to measure what it is worth. */
static OmniTask
told_task (const Builder *self)
{
  return g_strcmp0 (g_getenv ("OMNIFUSE_OMNI_TASK"), "none") == 0 ? OMNI_TASK_AUTO : self->context->task;
}

/* Index of the task's plane, or N_TASKS: no task given, all planes zero. */
static guint
find_task_plane (OmniTask task)
{
  static const OmniTask tasks[N_TASKS] = { OMNI_TASK_EXPOSURE, OMNI_TASK_FOCUS, OMNI_TASK_INFRARED,
                                           OMNI_TASK_MEDICAL };
  guint i = 0;

  while (i < N_TASKS && tasks[i] != task)
    i++;
  return i;
}

/* Planes that are zero all over are left out. */
static OmniNode
add_first_layer (const Builder *self, const OmniNode planes[N_PLANES])
{
  const guint task = find_task_plane (told_task (self));
  const guint n_inputs = task < N_TASKS ? N_PLANES + 1 : N_PLANES;
  const float one = 1;
  g_autofree float *weight = omni_model_dup_tensor (self->weights, "in", "weight");
  g_autofree float *bias = omni_model_dup_tensor (self->weights, "in", "bias");
  OmniNode inputs[N_PLANES + 1];

  for (guint i = 0; i < N_PLANES; i++)
    inputs[i] = planes[i];
  if (task < N_TASKS)
    inputs[N_PLANES] = omni_graph_constant (self->graph, 1, self->at, &one);
  for (guint o = 0; o < self->channels; o++)
    for (guint i = 0; i < n_inputs * 9; i++)
    {
      const guint plane = i / 9 < N_PLANES ? i / 9 : N_PLANES + task;

      weight[o * n_inputs * 9 + i] = weight[(o * (N_PLANES + N_TASKS) + plane) * 9 + i % 9];
    }
  return omni_graph_conv (self->graph, &(OmniConvParams){ .inputs = inputs,
                                                          .n_inputs = n_inputs,
                                                          .out_channels = self->channels,
                                                          .kernel = 3,
                                                          .boundary = self->padding,
                                                          .weight = weight,
                                                          .bias = bias,
                                                          .activation = OMNI_ACTIVATION_LEAKY_RELU,
                                                          .slope = .2f,
                                                          .label = "in" });
}

/* The maximum over the set of the first half of the channels and the mean of the rest. */
static void
add_pooling (const Builder *self, OmniNode x, OmniNode pooled[2])
{
  const guint half = self->channels / 2;

  pooled[0] = omni_graph_set_max_of (self->graph, x, 0, half);
  pooled[1] = omni_graph_set_mean_of (self->graph, x, half, half);
}

/* conv (own features) + conv (pooled features). */
static OmniNode
add_layer (const Builder *self, guint index, OmniNode x)
{
  const gsize per_half = (gsize)self->channels * 9;
  g_autofree char *own_name = g_strdup_printf ("own%u", index + 1);
  g_autofree char *pool_name = g_strdup_printf ("pool%u", index + 1);
  g_autofree float *own = omni_model_dup_tensor (self->weights, own_name, "weight");
  g_autofree float *bias = omni_model_dup_tensor (self->weights, own_name, "bias");
  g_autofree float *pool = omni_model_dup_tensor (self->weights, pool_name, "weight");
  g_autofree float *weight = g_new (float, 2 * per_half * self->channels);
  OmniNode inputs[3] = { x };

  for (gsize i = 0; i < 2 * per_half * self->channels; i++)
  {
    const gsize output = i / (2 * per_half), k = i % (2 * per_half);

    weight[i] = k < per_half ? own[output * per_half + k] : pool[output * per_half + k - per_half];
  }
  add_pooling (self, x, inputs + 1);
  return omni_graph_conv (self->graph, &(OmniConvParams){ .inputs = inputs,
                                                          .n_inputs = 3,
                                                          .out_channels = self->channels,
                                                          .kernel = 3,
                                                          .dilation = dilations[index],
                                                          .boundary = self->padding,
                                                          .weight = weight,
                                                          .bias = bias,
                                                          .activation = OMNI_ACTIVATION_LEAKY_RELU,
                                                          .slope = .2f,
                                                          .label = own_name });
}

static const Decision *
get_decision (const Builder *self)
{
  const OmniTask task = told_task (self);

  if (g_str_equal (omni_model_get_string (self->model, self->context->options, "decision"), "trained"))
    return &as_trained;
  switch (task)
  {
  case OMNI_TASK_FOCUS:
    return self->spatial > 0 ? &as_trained : &of_focus;
  case OMNI_TASK_INFRARED:
    return &of_infrared;
  case OMNI_TASK_MEDICAL:
    return &of_medical;
  case OMNI_TASK_AUTO:
  case OMNI_TASK_EXPOSURE:
  case OMNI_TASK_PANSHARPEN:
  default:
    return &as_trained;
  }
}

/* `scales` of the heads: before an activation of none, behind a softplus. */
static OmniNode
add_heads (const Builder *self, const char *name, const OmniNode *inputs, guint n_inputs, const float *scales,
           OmniActivation activation)
{
  g_autofree float *weight = omni_model_dup_tensor (self->weights, name, "weight");
  g_autofree float *bias = omni_model_dup_tensor (self->weights, name, "bias");
  const gboolean linear = activation == OMNI_ACTIVATION_NONE;

  return omni_graph_conv (self->graph, &(OmniConvParams){ .inputs = inputs,
                                                          .n_inputs = n_inputs,
                                                          .out_channels = N_HEADS,
                                                          .kernel = 1,
                                                          .weight = weight,
                                                          .bias = bias,
                                                          .pre_scale = linear ? scales : NULL,
                                                          .activation = activation,
                                                          .post_scale = linear ? NULL : scales,
                                                          .label = name });
}

/* −highlights · the part of the way from NEARLY_WHITE to white: what the network's losses see too little of, a smooth sky. A
 * source that is white there holds nothing. OMNI_NODE_NONE where there is nothing to say. */
static OmniNode
add_highlights (Builder *self)
{
  const float strength = (float)omni_model_get_number (self->model, self->context->options, "highlights");
  const float slope = 1 / (1 - NEARLY_WHITE);

  if (strength == 0 || told_task (self) != OMNI_TASK_EXPOSURE)
    return OMNI_NODE_NONE;
  return omni_graph_unary (self->graph,
                           omni_graph_unary (self->graph, get_luma (self, self->at), slope,
                                             -slope * NEARLY_WHITE, OMNI_ACTIVATION_RELU, 0),
                           -strength, 0, OMNI_ACTIVATION_NONE, 0);
}

/* −ghosts · how far a source is off, of exposures. OMNI_NODE_NONE where there is nothing to say. */
static OmniNode
add_ghosts (Builder *self)
{
  const float strength = (float)omni_model_get_number (self->model, self->context->options, "ghosts");

  if (strength == 0 || told_task (self) != OMNI_TASK_EXPOSURE)
    return OMNI_NODE_NONE;
  return omni_graph_unary (self->graph, omni_model_add_ghosts (self->graph, get_luma (self, self->at)),
                           -strength, 0, OMNI_ACTIVATION_NONE, 0);
}

static void
add_to_logits (Builder *self, OmniNode term)
{
  for (guint head = 0; term != OMNI_NODE_NONE && head < N_HEADS; head++)
    self->logits[head] = omni_graph_binary (self->graph, OMNI_BINARY_ADD, self->logits[head], term);
}

/* One plane a head, and what a person adds to the logits. */
static void
take_heads (Builder *self, OmniNode logits, OmniNode alphas)
{
  for (guint head = 0; head < N_HEADS; head++)
  {
    self->logits[head] = omni_graph_channels (self->graph, logits, &head, 1);
    self->alphas[head] = omni_graph_channels (self->graph, alphas, &head, 1);
  }
  add_to_logits (self, add_highlights (self));
  add_to_logits (self, add_ghosts (self));
  if (self->context->influence)
    add_to_logits (self, omni_graph_influence (self->graph, self->at));
}

static void
add_network (Builder *self)
{
  OmniNode planes[N_PLANES], pooled[2], logits;
  const Decision *decision = get_decision (self);
  float scales[N_HEADS];
  OmniNode x;

  add_planes (self, planes);
  x = add_first_layer (self, planes);
  for (guint i = 0; i < N_LAYERS; i++)
    x = add_layer (self, i, x);
  for (guint head = 0; head < N_HEADS; head++)
    scales[head] = 3 * decision->logits[head];
  logits = add_heads (self, "logit", &x, 1, scales, OMNI_ACTIVATION_NONE);
  add_pooling (self, x, pooled);
  take_heads (self, logits, add_heads (self, "alpha", pooled, 2, decision->gains, OMNI_ACTIVATION_SOFTPLUS));
}

/* ---- The bands ---- */

static guint
find_head (const Builder *self, guint level)
{
  return level <= self->base + 1 ? 0 : MIN (level - self->base - 1, N_HEADS - 1);
}

/* What the plane of `heads` that decides at `level` is there, or at the network's level if that is coarser. */
static OmniNode
add_head (const Builder *self, const OmniNode heads[N_HEADS], guint level)
{
  return add_mean_pool (self, heads[find_head (self, level)], self->at, level);
}

static OmniNode
bring_head (const Builder *self, const OmniNode heads[N_HEADS], guint level)
{
  const OmniNode head = add_head (self, heads, level);

  return level < self->at ? omni_graph_upsample_to (self->graph, head, level) : head;
}

/* As omni_graph_score_weight(), with the logarithm of the mask in the score: where the best source is transparent the others
 * must not be left with what is too small to be told apart. */
static OmniNode
add_masked_weight (Builder *self, guint level)
{
  OmniGraph *graph = self->graph;
  const OmniNode magnitude = omni_graph_band_magnitude (graph, get_luma (self, level),
                                                        get_luma (self, level + 1), OMNI_PYRAMID_QUAD);
  const OmniNode mean = omni_graph_box (graph, magnitude, 1, OMNI_BOUNDARY_REPLICATE);
  const OmniNode energy = omni_graph_unary (graph, mean, 1, 0, OMNI_ACTIVATION_LOG, self->epsilon);
  const OmniNode score = omni_graph_binary (
    graph, OMNI_BINARY_ADD, bring_head (self, self->logits, level),
    omni_graph_binary (graph, OMNI_BINARY_MUL, energy, bring_head (self, self->alphas, level)));

  return omni_model_add_numerators (graph, omni_model_add_masked (graph, score, self->masks[level]));
}

static OmniNode
add_weight (Builder *self, guint level)
{
  if (self->masks[level] != OMNI_NODE_NONE)
    return add_masked_weight (self, level);
  return omni_graph_score_weight (self->graph, get_luma (self, level), get_luma (self, level + 1),
                                  add_head (self, self->logits, level), add_head (self, self->alphas, level),
                                  self->epsilon);
}

static OmniNode
add_coarsest_weight (const Builder *self)
{
  OmniNode plane = self->logits[find_head (self, self->depth)];

  plane = omni_model_add_masked (self->graph, plane, self->masks[self->at]);
  return add_mean_pool (self, omni_graph_set_softmax (self->graph, plane), self->at, self->depth);
}

static OmniNode
add_blend (Builder *self, guint level)
{
  const gboolean coarsest = level == self->depth;
  const OmniNode weight = coarsest ? add_coarsest_weight (self) : add_weight (self, level);

  self->counts[level] = weight;
  return omni_graph_set_blend_mean (self->graph, weight, get_picture (self, level),
                                    coarsest ? OMNI_NODE_NONE : get_picture (self, level + 1),
                                    OMNI_PYRAMID_QUAD, BAND_RANGE);
}

/* Level by level, from `fused` at level `from` to level `to`, so that no level's tensors outlive the next. */
static OmniNode
add_bands (Builder *self, OmniNode fused, guint from, guint to)
{
  for (guint level = from; level-- > to;)
    fused = omni_graph_up_add (self->graph, add_blend (self, level), fused, 1, OMNI_PYRAMID_QUAD);
  return fused;
}

/* The base level, from `fused` at `spatial` levels below it. */
static OmniNode
add_spatial_blend (Builder *self, OmniNode fused)
{
  const OmniNode bands = add_bands (self, fused, self->base + self->spatial, self->base);

  return omni_model_add_spatial_blend (
    self->graph, &(OmniSpatialBlend){ .blend = omni_graph_set_blend_mean (
                                        self->graph, self->counts[self->base], get_picture (self, self->base),
                                        OMNI_NODE_NONE, OMNI_PYRAMID_QUAD, BAND_RANGE),
                                      .coarse = fused,
                                      .bands = bands,
                                      .level = self->base,
                                      .n_levels = self->spatial,
                                      .n_coarser = self->depth - self->base });
}

/* Fuses R, G and B or the luminance by weights made of the luminance. */
static OmniNode
add_fusion (Builder *self)
{
  OmniNode fused = add_bands (self, add_blend (self, self->depth), self->depth, self->base + self->spatial);

  if (self->spatial > 0)
    fused = add_spatial_blend (self, fused);
  /* The finest last, which may become the result at once. */
  fused = add_bands (self, fused, self->base, 0);
  for (guint level = 0; level <= self->depth; level++)
    omni_model_add_map (self->graph, self->context, self->counts[level], level);
  return fused;
}

/* Of medical pictures, where bright bone of one source and the other's detail add up. */
static OmniNode
add_headroom (const Builder *self, OmniNode luma)
{
  const float strength = (float)omni_model_get_number (self->model, self->context->options, "headroom");

  /* Samples beyond white are kept as they are. */
  if (strength == 0 || self->planes != OMNI_PLANES_LUMA || self->context->task != OMNI_TASK_MEDICAL
      || self->context->range > 1)
    return luma;
  return omni_model_add_headroom (self->graph, luma, HEADROOM_LEVELS, strength);
}

/* Y + saturation · (colour − Y). */
static OmniNode
add_saturation (const Builder *self, OmniNode colour)
{
  static const float luma[3] = { .299f, .587f, .114f };
  const float saturation = (float)omni_model_get_number (self->model, self->context->options, "saturation");
  float weight[9];

  if (saturation == 1)
    return colour;
  for (guint i = 0; i < 9; i++)
    weight[i] = (1 - saturation) * luma[i % 3] + (i % 4 == 0 ? saturation : 0);
  return omni_graph_conv (self->graph, &(OmniConvParams){ .inputs = &colour,
                                                          .n_inputs = 1,
                                                          .out_channels = 3,
                                                          .kernel = 1,
                                                          .weight = weight,
                                                          .label = "saturation" });
}

/* ---- Sizes ---- */

/* Small pictures need the finest grid, and at 1/8 the network was best on those of a screen's size; the larger ones show it
 * much the same scene at 1/16 and 1/32. So do large sets, whose features would take most of the memory. */
static guint
choose_base (const OmniModel *model, const OmniModelContext *context)
{
  const char *asked = omni_model_get_string (model, context->options, "base");
  const double megapixels = 1e-6 * context->width * context->height;
  const gboolean large_set = megapixels > 6 && megapixels * context->n_sources > LARGE_SET_MP;
  /* Where a stack's sharpness changes is found the better the finer; small ones can afford it. Exposures are weighed by what
   * lies around, and of that the network sees the more the coarser it is. */
  const gboolean fine = context->task == OMNI_TASK_FOCUS && megapixels <= 2;
  const double sixteenth_mp = context->task == OMNI_TASK_EXPOSURE ? 12 : 40;
  const guint by_size = fine ? 0 : megapixels <= 6 ? 1 : megapixels <= sixteenth_mp ? 2 : 3;

  if (!g_str_equal (asked, "auto"))
    return (guint)g_ascii_strtoull (asked, NULL, 10);
  if (MIN (context->width, context->height) < 128)
    return 0;
  /* At a preview's size the network is most of the time, and one level coarser a quarter of that. */
  return MIN (MAX_BASE, by_size + (context->preview || large_set ? 1 : 0));
}

guint
omni_model_get_base_level (const OmniModel *model, const OmniModelContext *context)
{
  return g_strcmp0 (model->architecture, "omni") == 0 ? choose_base (model, context) : 0;
}

/* The network reads three bands, and below them there must be something; below a pixel there is nothing new. */
static guint
choose_depth (const OmniModel *model, const OmniModelContext *context, guint base)
{
  const guint asked = (guint)omni_model_get_number (model, context->options, "levels");
  const guint most = omni_model_count_levels (MAX (context->width, context->height),
                                              MAX (context->width, context->height), 1);
  const guint side = MIN (context->width, context->height);
  guint depth = MIN (asked, most);

  if (asked == 0)
    while (side >> (depth + 1) >= COARSEST_PX)
      depth++;
  return CLAMP (depth, base + 3, MAX_LEVEL);
}

static gboolean
read_epsilon (Builder *self, GError **error)
{
  const char *text = omni_weights_get_metadata (self->weights, "epsilon");
  const double epsilon = text != NULL ? g_ascii_strtod (text, NULL) : EPSILON;

  self->epsilon = (float)epsilon;
  if (epsilon >= 1e-6 && epsilon <= 1)
    return TRUE;
  g_set_error (
    error, OMNI_WEIGHTS_ERROR, OMNI_WEIGHTS_ERROR_ARCHITECTURE,
    _ ("“%s” gives the floor of the energies as “%s”; a number between 0.000001 and 1 is possible"),
    omni_weights_get_path (self->weights), text);
  return FALSE;
}

/* Of focus stacks, whose task is told. */
static gboolean
read_spatial (Builder *self, GError **error)
{
  const char *text = omni_weights_get_metadata (self->weights, "spatial-levels");
  guint64 levels = 0;

  if (text != NULL && !g_ascii_string_to_unsigned (text, 10, 0, OMNI_MODEL_MAX_SPATIAL, &levels, NULL))
  {
    g_set_error (
      error, OMNI_WEIGHTS_ERROR, OMNI_WEIGHTS_ERROR_ARCHITECTURE,
      _ ("“%s” gives the levels of its spatial blend as “%s”; a number between 0 and %d is possible"),
      omni_weights_get_path (self->weights), text, OMNI_MODEL_MAX_SPATIAL);
    return FALSE;
  }
  if (told_task (self) == OMNI_TASK_FOCUS)
    self->spatial = MIN ((guint)levels, self->depth - self->base);
  return TRUE;
}

static OmniGraph *
build_as (const OmniModel *model, const OmniModelContext *context, GError **error)
{
  g_autoptr (OmniGraph) graph = omni_graph_new (model->name);
  const char *chroma = omni_model_get_string (model, context->options, "chroma");
  const gboolean papers = g_str_equal (chroma, "papers")
                          || (g_str_equal (chroma, "auto") && context->grey_and_colour);
  Builder self = { .model = model,
                   .graph = graph,
                   .context = context,
                   .weights = context->weights,
                   .channels = find_channels (context->weights, 24) };
  OmniNode fused;

  if (!omni_model_get_padding (context->weights, OMNI_BOUNDARY_ZERO, &self.padding, error)
      || !read_epsilon (&self, error))
    return NULL;
  self.base = choose_base (model, context);
  self.at = self.base + 2;
  self.depth = choose_depth (model, context, self.base);
  if (!read_spatial (&self, error))
    return NULL;
  omni_graph_set_padding (graph, 1u << self.depth);
  self.planes = context->colour && !papers ? OMNI_PLANES_COLOUR : OMNI_PLANES_LUMA;
  for (guint level = 0; level <= MAX_LEVEL; level++)
  {
    self.lumas[level] = self.pictures[level] = OMNI_NODE_NONE;
    self.masks[level] = level == 0 ? omni_model_add_mask (graph, context)
                                   : omni_model_add_coarser_mask (graph, self.masks[level - 1]);
  }
  add_network (&self);
  fused = add_headroom (&self, add_fusion (&self));
  if (context->colour && papers)
    fused = omni_model_add_chroma (graph, fused);
  omni_graph_set_output (graph, context->colour ? add_saturation (&self, fused) : fused);
  return g_steal_pointer (&graph);
}

static OmniGraph *
build (const OmniModelContext *context, GError **error)
{
  return build_as (&omni_model_omni, context, error);
}

static OmniGraph *
build_small (const OmniModelContext *context, GError **error)
{
  return build_as (&omni_model_omni_small, context, error);
}

#define OMNI_TASKS                                                                                           \
  (OMNI_TASK_BIT (OMNI_TASK_EXPOSURE) | OMNI_TASK_BIT (OMNI_TASK_FOCUS) | OMNI_TASK_BIT (OMNI_TASK_INFRARED) \
   | OMNI_TASK_BIT (OMNI_TASK_MEDICAL))

/* Learned for all tasks, and from there for exposures and for focus stacks alone. */
static const char *const weights_of_tasks[OMNI_N_TASKS] = {
  [OMNI_TASK_AUTO] = "omni.safetensors",        [OMNI_TASK_EXPOSURE] = "omni-exposure.safetensors",
  [OMNI_TASK_FOCUS] = "omni-focus.safetensors", [OMNI_TASK_INFRARED] = "omni.safetensors",
  [OMNI_TASK_MEDICAL] = "omni.safetensors",     [OMNI_TASK_PANSHARPEN] = "omni.safetensors",
};

const OmniModel omni_model_omni = {
  .name = "omni",
  .title = "Omni",
  .summary = N_ (
    "Our own: a network weighs every band of every source, for every task, fast and in full colour"),
  .citation = "Our own network and weights; the pyramid is Burt and Adelson's, 1983",
  .tasks = OMNI_TASKS,
  .min_inputs = 1,
  .options = options,
  .architecture = "omni",
  .task_weights = weights_of_tasks,
  .takes_influence = TRUE,
  .list_tensors = list_tensors,
  .build = build,
};

const OmniModel omni_model_omni_small = {
  .name = "omni-small",
  .title = N_ ("Omni, small"),
  .summary = N_ ("Omni with a quarter of its parameters"),
  .citation = "Our own network and weights; the pyramid is Burt and Adelson's, 1983",
  .tasks = OMNI_TASKS,
  .min_inputs = 1,
  .options = options,
  .architecture = "omni",
  .weights_file = "omni-small.safetensors",
  .takes_influence = TRUE,
  .list_tensors = list_small_tensors,
  .build = build_small,
};
