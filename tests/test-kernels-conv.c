/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/harness.h"

#include <string.h>

/* Convolutions in every shape and variant, against their twin. */

typedef struct
{
  guint in, out; /* channels; 8 and more lie in C4 */
  guint kernel, dilation, groups;
  OmniBoundary boundary;
  OmniActivation activation;
  gboolean affine;    /* pre and post scale and shift */
  guint more;         /* channels of a second input, 0 for none */
  guint copies;       /* of the second input; 0 and 1 mean one */
  gboolean pool_more; /* the second input is reduced over the set first */
  gboolean per_edge;  /* sixteen filters */
  gboolean half;
  const char *variant; /* OMNIFUSE_CONV */
  double tolerance;
  gboolean few;
} Shape;

#define SOURCE_CHANNELS 5
#define MAX_INPUTS      5

/* `n` channels out of the source's five, another five each time. */
static guint *
spread (guint n, guint first)
{
  guint *indices = g_new (guint, n);

  for (guint i = 0; i < n; i++)
    indices[i] = (first + i * 3 + i / SOURCE_CHANNELS) % SOURCE_CHANNELS;

  return indices;
}

static float *
random_floats (gsize n, float low, float high, guint32 seed)
{
  float *values = g_new (float, n);
  g_autoptr (GRand) rand = g_rand_new_with_seed (seed);

  for (gsize i = 0; i < n; i++)
    values[i] = (float)g_rand_double_range (rand, low, high);

  return values;
}

typedef struct
{
  Shape shape;
  OmniConvParams params;
  guint *first, *second, *kept;
  guint n_kept;
} Case;

static void
prepare (Case *one, const Shape *shape)
{
  const guint groups = MAX (shape->groups, 1);
  const guint copies = shape->more > 0 ? MAX (shape->copies, 1) : 0;
  const guint inputs = (shape->in + shape->more * copies) / groups;
  const guint filters = shape->per_edge ? OMNI_EDGE_FILTERS : shape->out;
  const gsize weights = (gsize)filters * inputs * shape->kernel * shape->kernel;
  const float reach = 2.0F / (float)(inputs * shape->kernel);

  one->shape = *shape;
  one->first = spread (shape->in, 0);
  one->second = spread (shape->more, 2);
  one->n_kept = MIN (shape->out, 7);
  one->kept = g_new (guint, one->n_kept);
  for (guint i = 0; i < one->n_kept; i++)
    one->kept[i] = shape->out - 1 - i * (shape->out / one->n_kept);
  one->params = (OmniConvParams){
    .n_inputs = 1 + copies,
    .out_channels = shape->out,
    .kernel = shape->kernel,
    .dilation = shape->dilation,
    .groups = shape->groups,
    .boundary = shape->boundary,
    .activation = shape->activation,
    .slope = 0.2F,
    .weight = random_floats (weights, -reach, reach, 1),
    .bias = random_floats (filters, -0.2F, 0.2F, 2),
    .per_edge = shape->per_edge,
  };
  if (shape->affine)
  {
    one->params.pre_scale = random_floats (shape->out, 0.5F, 1.5F, 3);
    one->params.pre_shift = random_floats (shape->out, -0.1F, 0.1F, 4);
    one->params.post_scale = random_floats (shape->out, -1.5F, 1.5F, 5);
    one->params.post_shift = random_floats (shape->out, -0.1F, 0.1F, 6);
  }
}

static void
clear (Case *one)
{
  g_free (one->first);
  g_free (one->second);
  g_free (one->kept);
  g_free ((gpointer)one->params.weight);
  g_free ((gpointer)one->params.bias);
  g_free ((gpointer)one->params.pre_scale);
  g_free ((gpointer)one->params.pre_shift);
  g_free ((gpointer)one->params.post_scale);
  g_free ((gpointer)one->params.post_shift);
}

static OmniGraph *
build (const Case *one, const char *name)
{
  const Shape *shape = &one->shape;
  OmniGraph *graph = omni_graph_new (name);
  OmniConvParams params = one->params;
  const OmniNode picture = omni_graph_picture (graph, OMNI_PLANES_BANDS, SOURCE_CHANNELS);
  OmniNode inputs[MAX_INPUTS] = { omni_graph_channels (graph, picture, one->first, shape->in) };

  if (shape->more > 0)
    inputs[1] = omni_graph_channels (graph, picture, one->second, shape->more);
  if (shape->pool_more)
    inputs[1] = omni_graph_set_max (graph, inputs[1]);
  for (guint i = 2; i < one->params.n_inputs; i++)
    inputs[i] = inputs[1];
  params.inputs = inputs;

  OmniNode x = omni_graph_conv (graph, &params);

  x = omni_graph_channels (graph, x, one->kept, one->n_kept);
  omni_graph_set_output (graph, omni_graph_set_max (graph, x));
  return graph;
}

/* One picture for every filter, and of each pixel that which its edges ask for. */
static TwinTensor *
twin_conv_edges (const TwinTensor *const *inputs, const OmniConvParams *params)
{
  const gsize per_filter = (gsize)inputs[0]->c * params->kernel * params->kernel;
  const guint w = inputs[0]->w, h = inputs[0]->h;
  TwinTensor *out = twin_new (inputs[0]->n, 1, h, w);

  for (guint edges = 0; edges < OMNI_EDGE_FILTERS; edges++)
  {
    OmniConvParams one = *params;
    g_autoptr (TwinTensor) made = NULL;

    one.weight += edges * per_filter;
    one.bias += edges;
    made = twin_conv (inputs, &one);
    for (gsize i = 0; i < twin_size (out); i++)
    {
      const guint x = (guint)(i % w), y = (guint)(i / w % h);
      const guint here = (x == 0 ? 1 : 0) + (x == w - 1 ? 2 : 0) + (y == 0 ? 4 : 0) + (y == h - 1 ? 8 : 0);

      if (here == edges)
        out->v[i] = made->v[i];
    }
  }

  return out;
}

static TwinTensor *
twin_of (const TwinTensor *set, gconstpointer data)
{
  const Case *one = data;
  g_autoptr (TwinTensor) first = twin_channels (set, one->first, one->shape.in);
  g_autoptr (TwinTensor) second = twin_channels (set, one->second, one->shape.more);
  g_autoptr (TwinTensor) pooled = one->shape.pool_more ? twin_set_max (second) : NULL;
  const TwinTensor *inputs[MAX_INPUTS] = { first };

  g_autoptr (TwinTensor) result = NULL;
  g_autoptr (TwinTensor) kept = NULL;

  for (guint i = 1; i < one->params.n_inputs; i++)
    inputs[i] = one->shape.pool_more ? pooled : second;
  result = one->shape.per_edge ? twin_conv_edges (inputs, &one->params) : twin_conv (inputs, &one->params);
  kept = twin_channels (result, one->kept, one->n_kept);

  return twin_set_max (kept);
}

static void
sweep (const Shape *shape)
{
  g_autofree char *name = g_strdup_printf ("%u+%u to %u, %ux%u, dilation %u, groups %u, boundary %d, %s",
                                           shape->in, shape->more, shape->out, shape->kernel, shape->kernel,
                                           shape->dilation, shape->groups, shape->boundary,
                                           shape->variant != NULL ? shape->variant
                                           : shape->half          ? "half"
                                                                  : "default");
  Case one;

  prepare (&one, shape);
  if (shape->variant != NULL)
    g_setenv ("OMNIFUSE_CONV", shape->variant, TRUE);
  harness_sweep (&(HarnessSweep){ .graph = build (&one, name),
                                  .twin = twin_of,
                                  .data = &one,
                                  .channels = SOURCE_CHANNELS,
                                  .n = 2,
                                  .low = -1.0F,
                                  .half = shape->half,
                                  .few = shape->few,
                                  .tolerance = shape->tolerance });
  g_unsetenv ("OMNIFUSE_CONV");
  clear (&one);
}

/* From and to planar and C4 tensors, with padding on either side. */
static void
test_layouts (void)
{
  static const guint channels[] = { 1, 3, 10 };

  for (guint i = 0; i < G_N_ELEMENTS (channels); i++)
    for (guint o = 0; o < G_N_ELEMENTS (channels); o++)
    {
      sweep (&(Shape){ .in = channels[i], .out = channels[o], .kernel = 3, .few = i != o });
      /* where there is no shuffle */
      sweep (
        &(Shape){ .in = channels[i], .out = channels[o], .kernel = 3, .few = TRUE, .variant = "direct" });
    }
}

static void
test_kernels (void)
{
  for (guint kernel = 1; kernel <= 7; kernel += 2)
  {
    const OmniBoundary boundary = kernel == 7 ? OMNI_BOUNDARY_REFLECT : OMNI_BOUNDARY_REPLICATE;

    sweep (&(Shape){ .in = 9, .out = 12, .kernel = kernel, .boundary = boundary, .few = TRUE });
    sweep (&(Shape){ .in = 2, .out = 5, .kernel = kernel, .boundary = OMNI_BOUNDARY_ZERO, .few = TRUE });
  }
}

static void
test_edges (void)
{
  for (OmniBoundary b = OMNI_BOUNDARY_ZERO; b <= OMNI_BOUNDARY_REPLICATE; b++)
    for (guint kernel = 3; kernel <= 5; kernel += 2)
      sweep (&(Shape){ .in = 10,
                       .out = 1,
                       .kernel = kernel,
                       .boundary = b,
                       .activation = OMNI_ACTIVATION_RELU,
                       .per_edge = TRUE });
}

static void
test_boundaries (void)
{
  for (OmniBoundary b = OMNI_BOUNDARY_ZERO; b <= OMNI_BOUNDARY_SYMMETRIC; b++)
  {
    sweep (&(Shape){ .in = 8, .out = 8, .kernel = 3, .dilation = 4, .boundary = b });
    sweep (&(Shape){ .in = 2, .out = 2, .kernel = 5, .dilation = 2, .boundary = b, .few = TRUE });
  }
}

/* Winograd's blocks of every second, fourth or eighth pixel; tiles do not change a bit. */
static void
test_dilated_blocks (void)
{
  static const char *const variants[] = { "winograd-8", "winograd-16", "winograd-16x2" };
  g_autoptr (TwinTensor) set = harness_random (2, SOURCE_CHANNELS, 67, 130, -1.0F, 1.0F, 9);

  for (guint dilation = 2; dilation <= 8; dilation *= 2)
    for (OmniBoundary b = OMNI_BOUNDARY_ZERO; b <= OMNI_BOUNDARY_SYMMETRIC; b++)
    {
      const char *variant = variants[b % G_N_ELEMENTS (variants)];
      const Shape shape = { .in = 12,
                            .more = 16,
                            .out = 16,
                            .kernel = 3,
                            .dilation = dilation,
                            .boundary = b,
                            .tolerance = 1e-5,
                            .few = TRUE,
                            .variant = variant };
      Case one;

      sweep (&shape);
      prepare (&one, &shape);
      g_setenv ("OMNIFUSE_CONV", variant, TRUE);
      {
        g_autoptr (OmniGraph) graph = build (&one, "dilated");
        g_autoptr (TwinTensor) whole = harness_run (graph, set, &(HarnessOptions){ .schedule = "resident" });
        g_autoptr (TwinTensor)
          tiled = harness_run (graph, set, &(HarnessOptions){ .tile_px = 32, .schedule = "resident" });

        harness_assert_same (tiled, whole, variant);
      }
      g_unsetenv ("OMNIFUSE_CONV");
      clear (&one);
    }
}

static void
test_groups (void)
{
  sweep (&(Shape){ .in = 12, .out = 12, .kernel = 3, .groups = 12, .few = TRUE }); /* depthwise */
  sweep (&(Shape){ .in = 12, .out = 24, .kernel = 3, .groups = 2, .few = TRUE });
  sweep (&(Shape){ .in = 20, .out = 10, .kernel = 1, .groups = 5, .few = TRUE });
  sweep (&(Shape){ .in = 4, .out = 4, .kernel = 3, .groups = 2, .few = TRUE });
}

static void
test_epilogue (void)
{
  for (OmniActivation a = OMNI_ACTIVATION_NONE; a <= OMNI_ACTIVATION_ABS; a++)
  {
    const gboolean exact = a != OMNI_ACTIVATION_TANH && a != OMNI_ACTIVATION_SOFTPLUS;

    sweep (&(Shape){ .in = 3,
                     .out = 9,
                     .kernel = 3,
                     .activation = a,
                     .affine = a % 2 == 1,
                     .few = TRUE,
                     .tolerance = exact ? 0.0 : 2e-6 });
  }
}

/* conv ([F, G]), and conv ([F, P]) = conv (F) + conv (P) with a pooled P. */
static void
test_concatenation (void)
{
  sweep (&(Shape){ .in = 10, .more = 9, .out = 12, .kernel = 3, .variant = "direct", .few = TRUE });
  sweep (&(Shape){ .in = 3, .more = 2, .out = 3, .kernel = 3, .few = TRUE });
  sweep (&(Shape){ .in = 10,
                   .more = 9,
                   .pool_more = TRUE,
                   .out = 12,
                   .kernel = 3,
                   .affine = TRUE,
                   .activation = OMNI_ACTIVATION_LEAKY_RELU });
  sweep (
    &(Shape){ .in = 3, .more = 2, .pool_more = TRUE, .out = 3, .kernel = 3, .affine = TRUE, .few = TRUE });
  /* more inputs than a kernel has bindings for, planar, C4 and by Winograd: the order of the sums is its own */
  sweep (&(Shape){ .in = 3, .more = 2, .copies = 4, .out = 9, .kernel = 3, .few = TRUE, .tolerance = 2e-6 });
  sweep (&(Shape){
    .in = 8, .more = 9, .copies = 3, .out = 3, .kernel = 5, .affine = TRUE, .few = TRUE, .tolerance = 2e-6 });
  sweep (
    &(Shape){ .in = 16, .more = 16, .copies = 3, .out = 8, .kernel = 3, .few = TRUE, .tolerance = 1e-5 });
}

static void
test_half (void)
{
  sweep (&(Shape){ .in = 10, .out = 12, .kernel = 3, .half = TRUE, .few = TRUE, .tolerance = 3e-3 });
  sweep (&(Shape){ .in = 16, .out = 8, .kernel = 3, .half = TRUE, .few = TRUE, .tolerance = 3e-3 });
  sweep (&(Shape){ .in = 8, .out = 3, .kernel = 5, .half = TRUE, .few = TRUE, .tolerance = 3e-3 });
}

/* Everything that can run 3 × 3 from and to many channels. Values reach about 2; F(4×4) is good for 1e-5 of that. Each
 * Winograd kernel takes seconds to compile, so the shapes take turns. */
static void
test_variants (void)
{
  const Shape plain = { .in = 32,
                        .out = 32,
                        .kernel = 3,
                        .boundary = OMNI_BOUNDARY_REFLECT,
                        .activation = OMNI_ACTIVATION_RELU,
                        .tolerance = 1e-5,
                        .few = TRUE };
  const Shape joined = { .in = 16,
                         .more = 18,
                         .pool_more = TRUE,
                         .out = 32,
                         .kernel = 3,
                         .affine = TRUE,
                         .tolerance = 1e-5,
                         .few = TRUE };
  Shape shape;

  shape = plain;
  shape.variant = "direct";
  shape.tolerance = 0.0;
  sweep (&shape);
  shape.variant = "shuffle";
  sweep (&shape);
  shape.variant = "winograd-8";
  shape.tolerance = 1e-5;
  sweep (&shape);
  shape.variant = "winograd-16x2";
  sweep (&shape);
  shape = joined;
  shape.variant = "winograd-16";
  sweep (&shape);
  shape.variant = "winograd-32";
  sweep (&shape);
  /* outputs that no group of 8 or 16 divides */
  shape = plain;
  shape.in = shape.out = 44;
  sweep (&shape);
  shape.out = 20;
  sweep (&shape);
  for (OmniBoundary b = OMNI_BOUNDARY_ZERO; b <= OMNI_BOUNDARY_REPLICATE; b++)
    sweep (&(Shape){
      .in = 16, .more = 16, .out = 8, .kernel = 3, .boundary = b, .tolerance = 1e-5, .few = b != 0 });
}

#define CHAIN 4

static OmniGraph *
build_chain (const Case *one)
{
  OmniGraph *graph = omni_graph_new ("chain");
  OmniConvParams params = one->params;
  OmniNode x = omni_graph_channels (graph, omni_graph_picture (graph, OMNI_PLANES_BANDS, SOURCE_CHANNELS),
                                    one->first, one->shape.in);

  for (guint i = 0; i < CHAIN; i++)
  {
    params.inputs = &x;
    x = omni_graph_conv (graph, &params);
  }
  x = omni_graph_set_max (graph, x);
  omni_graph_set_output (graph, omni_graph_channels (graph, x, one->kept, one->n_kept));
  return graph;
}

static TwinTensor *
twin_of_chain (const TwinTensor *set, gconstpointer data)
{
  const Case *one = data;
  TwinTensor *x = twin_channels (set, one->first, one->shape.in);

  for (guint i = 0; i < CHAIN; i++)
  {
    g_autoptr (TwinTensor) input = x;
    const TwinTensor *inputs[] = { input };

    x = twin_conv (inputs, &one->params);
  }

  g_autoptr (TwinTensor) last = x;
  g_autoptr (TwinTensor) pooled = twin_set_max (last);

  return twin_channels (pooled, one->kept, one->n_kept);
}

/* Layer after layer, each in the memory of the one before: the right values, and one member of the set more than a layer
 * takes. */
static void
test_chain (void)
{
  const Shape shape = { .in = 16, .out = 16, .kernel = 3, .activation = OMNI_ACTIVATION_RELU };
  g_autoptr (TwinTensor) set = harness_random (4, SOURCE_CHANNELS, 64, 128, -1.0F, 1.0F, 5);
  g_autoptr (HarnessPictures) pictures = harness_pictures_new (set);
  const guint64 member = 16 * 64 * 128 * sizeof (float);
  Case one;

  prepare (&one, &shape);
  g_setenv ("OMNIFUSE_CONV", "shuffle", TRUE);
  harness_sweep (&(HarnessSweep){ .graph = build_chain (&one),
                                  .twin = twin_of_chain,
                                  .data = &one,
                                  .channels = SOURCE_CHANNELS,
                                  .low = -1.0F });

  g_autoptr (OmniGraph) graph = build_chain (&one);
  OmniPlan *plan = harness_plan (graph, pictures, &(HarnessOptions){ .schedule = "resident" });

  g_assert_cmpuint (omni_plan_get_memory_bytes (plan), <, 7 * member);
  omni_plan_free (&plan);
  g_unsetenv ("OMNIFUSE_CONV");
  clear (&one);
}

/* Inside a chain a tile is made with its halo: at the picture's edge an invocation's first block then lies outside. */
static void
test_pairs_at_edges (void)
{
  const Shape shape = {
    .in = 16, .out = 16, .kernel = 3, .boundary = OMNI_BOUNDARY_REFLECT, .activation = OMNI_ACTIVATION_RELU
  };
  Case one;

  prepare (&one, &shape);
  g_setenv ("OMNIFUSE_CONV", "winograd-16x2", TRUE);
  harness_sweep (&(HarnessSweep){ .graph = build_chain (&one),
                                  .twin = twin_of_chain,
                                  .data = &one,
                                  .channels = SOURCE_CHANNELS,
                                  .low = -1.0F,
                                  .few = TRUE,
                                  .tolerance = 2e-5 });
  g_unsetenv ("OMNIFUSE_CONV");
  clear (&one);
}

/* ---- Beyond the border ---- */

#define BEYOND_PX 8

/* A network of open convolutions on what goes on with its edge, and the same on a picture that was made so. */
static OmniGraph *
build_open (gboolean extends, guint channels)
{
  OmniGraph *graph = omni_graph_new ("open");
  const OmniBoundary boundary = extends ? OMNI_BOUNDARY_OPEN : OMNI_BOUNDARY_ZERO;
  const guint outs[] = { channels, channels, 1 };
  OmniNode x = omni_graph_picture (graph, OMNI_PLANES_LUMA, 0);

  if (extends)
    x = omni_graph_extend (graph, x);
  for (guint i = 0; i < G_N_ELEMENTS (outs); i++)
  {
    const OmniNode inputs[] = { x, omni_graph_set_max (graph, x) };
    const guint n_inputs = i == 1 ? 2 : 1;
    const guint in = omni_graph_get_channels (graph, x) * n_inputs;
    g_autofree float *weight = g_new (float, (gsize)outs[i] * in * 9);

    for (gsize k = 0; k < (gsize)outs[i] * in * 9; k++)
      weight[k] = ((float)(k * 7919 % 101) / 50.0F - 1.0F) / (float)(in * 2);
    x = omni_graph_conv (
      graph, &(OmniConvParams){ .inputs = inputs,
                                .n_inputs = n_inputs,
                                .out_channels = outs[i],
                                .kernel = 3,
                                .dilation = i == 2 ? 2 : 1,
                                .boundary = boundary,
                                .activation = outs[i] > 1 ? OMNI_ACTIVATION_RELU : OMNI_ACTIVATION_NONE,
                                .weight = weight });
  }
  omni_graph_set_output (graph, omni_graph_set_max (graph, x));
  return graph;
}

static TwinTensor *
make_larger (const TwinTensor *set)
{
  TwinTensor *larger = twin_new (set->n, 1, set->h + 2 * BEYOND_PX, set->w + 2 * BEYOND_PX);

  for (guint n = 0; n < set->n; n++)
    for (int y = 0; y < (int)larger->h; y++)
      for (int x = 0; x < (int)larger->w; x++)
        twin_plane (larger, n, 0)[y * (int)larger->w + x] = twin_plane (
          set, n, 0)[CLAMP (y - BEYOND_PX, 0, (int)set->h - 1) * (int)set->w
                     + CLAMP (x - BEYOND_PX, 0, (int)set->w - 1)];
  return larger;
}

static TwinTensor *
cut_middle (const TwinTensor *larger, guint h, guint w)
{
  TwinTensor *cut = twin_new (1, 1, h, w);

  for (guint y = 0; y < h; y++)
    memcpy (twin_plane (cut, 0, 0) + y * w,
            twin_plane (larger, 0, 0) + (y + BEYOND_PX) * larger->w + BEYOND_PX, w * sizeof (float));
  return cut;
}

/* In every variant, precision and tile: what lies beyond is what a larger picture would have there. */
static void
test_open (void)
{
  static const char *const variants[] = { "direct",      "shuffle",       "winograd-8",
                                          "winograd-16", "winograd-16x2", NULL };
  static const guint sizes[][3] = { { 37, 29, 2 }, { 64, 40, 3 }, { 1, 50, 2 }, { 3, 1, 1 }, { 130, 67, 2 } };
  static const guint tiles[] = { 0, 16, 48 };

  for (guint v = 0; v < G_N_ELEMENTS (variants); v++)
    for (guint s = 0; s < G_N_ELEMENTS (sizes); s++)
      for (guint channels = 4; channels <= 16; channels += 12)
      {
        const guint w = sizes[s][0], h = sizes[s][1];
        g_autoptr (OmniGraph) open = build_open (TRUE, channels), plain = build_open (FALSE, channels);
        g_autoptr (TwinTensor) set = harness_random (sizes[s][2], 1, h, w, 0.0F, 1.0F, 8);
        g_autoptr (TwinTensor) larger = make_larger (set);
        g_autoptr (TwinTensor) whole = harness_run (plain, larger, &(HarnessOptions){ 0 });
        g_autoptr (TwinTensor) want = cut_middle (whole, h, w);

        if (variants[v] != NULL)
          g_setenv ("OMNIFUSE_CONV", variants[v], TRUE);

        g_autoptr (TwinTensor) first = harness_run (open, set, &(HarnessOptions){ 0 });

        harness_assert_equal (first, want, 2e-5, "beyond the border");
        for (guint t = 1; t < G_N_ELEMENTS (tiles); t++)
        {
          g_autoptr (TwinTensor) got = harness_run (open, set, &(HarnessOptions){ .tile_px = tiles[t] });

          harness_assert_same (got, first, "beyond the border, in tiles");
        }
        if (omni_device_get_info (harness_device ())->has_fp16)
        {
          g_autoptr (TwinTensor) half = harness_run (open, set, &(HarnessOptions){ .half = TRUE });

          harness_assert_equal (half, want, 2e-2, "beyond the border, in half precision");
        }
        g_unsetenv ("OMNIFUSE_CONV");
      }
}

static void
add_tests (void)
{
  g_test_add_func ("/kernels/conv/layouts", test_layouts);
  g_test_add_func ("/kernels/conv/kernels", test_kernels);
  g_test_add_func ("/kernels/conv/edges", test_edges);
  g_test_add_func ("/kernels/conv/boundaries", test_boundaries);
  g_test_add_func ("/kernels/conv/dilated-blocks", test_dilated_blocks);
  g_test_add_func ("/kernels/conv/open", test_open);
  g_test_add_func ("/kernels/conv/groups", test_groups);
  g_test_add_func ("/kernels/conv/epilogue", test_epilogue);
  g_test_add_func ("/kernels/conv/concatenation", test_concatenation);
  g_test_add_func ("/kernels/conv/half", test_half);
  g_test_add_func ("/kernels/conv/variants", test_variants);
  g_test_add_func ("/kernels/conv/chain", test_chain);
  g_test_add_func ("/kernels/conv/pairs-at-edges", test_pairs_at_edges);
}

int
main (int argc, char **argv)
{
  return harness_main (argc, argv, add_tests);
}
