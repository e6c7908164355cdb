/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/harness.h"
#include "vk/graph-private.h"

#include <string.h>

/* What follows from a graph: order invariance, receptive field, passes, streaming, cost; and that mistakes abort. */

static OmniNode
conv (OmniGraph *graph, OmniNode x, guint out, guint kernel, guint dilation)
{
  const guint in = omni_graph_node (graph, x)->channels;
  g_autofree float *weight = g_new (float, (gsize)out *in *kernel *kernel);

  for (gsize i = 0; i < (gsize)out * in * kernel * kernel; i++)
    weight[i] = 0.3F + (float)(i % 5) / 10.0F;
  return omni_graph_conv (graph, &(OmniConvParams){ .inputs = &x,
                                                    .n_inputs = 1,
                                                    .out_channels = out,
                                                    .kernel = kernel,
                                                    .dilation = dilation,
                                                    .boundary = OMNI_BOUNDARY_REPLICATE,
                                                    .weight = weight });
}

static void
test_invariance (void)
{
  g_autoptr (OmniGraph) symmetric = omni_graph_new ("symmetric");
  g_autoptr (OmniGraph) through = omni_graph_new ("through");
  OmniNode x = omni_graph_picture (symmetric, OMNI_PLANES_LUMA, 0);

  omni_graph_set_pick (symmetric, x, 3); /* not needed by the output */
  omni_graph_set_running_mean (symmetric, x);
  omni_graph_set_output (symmetric, omni_graph_set_mean (symmetric, x));
  g_assert_true (omni_graph_is_order_invariant (symmetric));
  g_assert_cmpuint (omni_graph_get_min_sources (symmetric), ==, 0);
  g_assert_cmpuint (omni_graph_get_output_channels (symmetric), ==, 1);

  /* A picked source reaches the output through a per-source difference and a symmetric maximum. */
  x = omni_graph_picture (through, OMNI_PLANES_COLOUR, 0);
  omni_graph_set_output (
    through, omni_graph_set_max (through, omni_graph_binary (through, OMNI_BINARY_SUB, x,
                                                             omni_graph_set_pick (through, x, 2))));
  g_assert_false (omni_graph_is_order_invariant (through));
  g_assert_false (omni_graph_can_stream (through));
  g_assert_cmpuint (omni_graph_get_min_sources (through), ==, 3);
  g_assert_cmpuint (omni_graph_get_output_channels (through), ==, 3);
}

static void
test_passes (void)
{
  g_autoptr (OmniGraph) graph = omni_graph_new ("passes");
  const float one = 1.0F;
  const OmniNode x = omni_graph_picture (graph, OMNI_PLANES_LUMA, 0);
  const OmniNode largest = omni_graph_set_max (graph, x);
  const OmniNode relative = omni_graph_binary (graph, OMNI_BINARY_DIV, x, largest);
  const OmniNode sum = omni_graph_set_sum_fixed (graph, relative, 1.0F);
  const OmniNode scaled = omni_graph_binary (graph, OMNI_BINARY_MUL, sum,
                                             omni_graph_constant (graph, 1, 0, &one));
  const OmniNode again = omni_graph_set_max (graph, omni_graph_binary (graph, OMNI_BINARY_SUB, x, scaled));

  omni_graph_set_output (graph, again);
  g_assert_true (omni_graph_can_stream (graph));
  g_assert_cmpuint (graph->n_passes, ==, 3);
  g_assert_cmpint (omni_graph_node (graph, x)->pass, ==, 0);
  g_assert_cmpint (omni_graph_node (graph, largest)->pass, ==, 0);
  g_assert_cmpint (omni_graph_node (graph, relative)->pass, ==, 1);
  g_assert_cmpint (omni_graph_node (graph, scaled)->pass, ==, 1);
  g_assert_cmpint (omni_graph_node (graph, again)->pass, ==, 2);

  g_autoptr (OmniGraph) single = omni_graph_new ("single");
  const OmniNode y = omni_graph_picture (single, OMNI_PLANES_LUMA, 0);

  omni_graph_set_output (
    single, omni_graph_set_max (single, omni_graph_unary (single, y, 2.0F, 0.0F, OMNI_ACTIVATION_ABS, 0.0F)));
  g_assert_cmpuint (single->n_passes, ==, 1);
}

/* What needs all members at once may do so below the picture's size: it is kept, what it comes from streams. */
static void
test_kept (void)
{
  g_autoptr (OmniGraph) graph = omni_graph_new ("kept");
  const OmniNode x = omni_graph_picture (graph, OMNI_PLANES_LUMA, 0);
  const OmniNode half = omni_graph_pool_mean (graph, x);
  const OmniNode quarter = omni_graph_pool_mean (graph, half);
  const OmniNode share = omni_graph_set_softmax (graph, quarter);
  const OmniNode weight = omni_graph_upsample_to (graph, share, 0);
  const OmniNode later = omni_graph_pool_max (graph, half); /* kept, but for the last pass */
  const OmniNode largest = omni_graph_set_max (graph, later);
  const OmniNode blend = omni_graph_set_blend (graph, weight, x, OMNI_NODE_NONE, OMNI_PYRAMID_QUAD, 1.0F);

  omni_graph_set_output (
    graph, omni_graph_binary (graph, OMNI_BINARY_ADD, blend, omni_graph_upsample_to (graph, largest, 0)));
  g_assert_true (omni_graph_can_stream (graph));
  g_assert_true (omni_graph_is_order_invariant (graph));
  g_assert_cmpuint (graph->kept_level, ==, 2);
  g_assert_cmpuint (graph->n_passes, ==, 2);
  g_assert_true (omni_graph_node (graph, half)->streams && !omni_graph_node (graph, half)->kept);
  g_assert_true (omni_graph_node (graph, quarter)->streams && omni_graph_node (graph, quarter)->kept);
  g_assert_true (!omni_graph_node (graph, share)->streams && omni_graph_node (graph, share)->kept);
  g_assert_true (!omni_graph_node (graph, largest)->streams);
  g_assert_cmpint (omni_graph_node (graph, quarter)->pass, ==, 0);
  g_assert_cmpint (omni_graph_node (graph, share)->pass, ==, 0);
  g_assert_cmpint (omni_graph_node (graph, weight)->pass, ==, 1);
  g_assert_cmpint (omni_graph_node (graph, later)->pass, ==, 1);
  g_assert_cmpint (omni_graph_node (graph, largest)->pass, ==, 1);
  g_assert_cmpint (omni_graph_node (graph, blend)->pass, ==, 1);
}

/* Graphs whose receptive field is known by hand. */
typedef enum
{
  POINTWISE,
  CONV_3,
  CONV_CHAIN,
  BOX,
  SUM_OF_BOTH,
  POOLED,
  BURT,
  QUAD,
  N_FIELDS
} Field;

static OmniGraph *
build_field (Field field)
{
  OmniGraph *graph = omni_graph_new ("field");
  OmniNode x = omni_graph_picture (graph, OMNI_PLANES_LUMA, 0);
  OmniNode y;

  switch (field)
  {
  case CONV_3:
    x = conv (graph, x, 1, 3, 1);
    break;
  case CONV_CHAIN: /* 3, 5 with dilation 2, 7: 1 + 2 + 8 + 6 */
    x = conv (graph, conv (graph, conv (graph, x, 2, 3, 1), 3, 5, 2), 1, 7, 1);
    break;
  case BOX:
    x = omni_graph_box (graph, x, 4, OMNI_BOUNDARY_REFLECT);
    break;
  case SUM_OF_BOTH: /* the wider of two paths */
    y = conv (graph, x, 1, 5, 1);
    x = omni_graph_binary (graph, OMNI_BINARY_ADD, y, omni_graph_box (graph, x, 1, OMNI_BOUNDARY_ZERO));
    break;
  case POOLED:
    x = omni_graph_upsample_bilinear (graph, omni_graph_pool_max (graph, x));
    break;
  case BURT:
  case QUAD:
    y = omni_graph_down (graph, x, field == BURT ? OMNI_PYRAMID_BURT : OMNI_PYRAMID_QUAD);
    x = omni_graph_up_add (graph, x, y, -1.0F, field == BURT ? OMNI_PYRAMID_BURT : OMNI_PYRAMID_QUAD);
    break;
  case POINTWISE:
  case N_FIELDS:
  default:
    x = omni_graph_unary (graph, x, 2.0F, 0.5F, OMNI_ACTIVATION_NONE, 0.0F);
    break;
  }
  omni_graph_set_output (graph, omni_graph_set_max (graph, x));
  return graph;
}

static void
test_receptive_field (void)
{
  static const guint expected[] = { 1, 3, 17, 9, 5 };

  for (Field field = 0; field < G_N_ELEMENTS (expected); field++)
  {
    g_autoptr (OmniGraph) graph = build_field (field);

    g_assert_cmpuint (omni_graph_get_receptive_field_px (graph), ==, expected[field]);
  }
}

/* Changing one source pixel changes no output farther away than the receptive field says. */
static void
test_receptive_field_holds (void)
{
  const int w = 48, h = 40, x0 = 21, y0 = 18;
  g_autoptr (TwinTensor) set = harness_random (1, 1, (guint)h, (guint)w, 0.0F, 1.0F, 4);
  g_autoptr (TwinTensor) touched = twin_copy (set);

  touched->v[y0 * w + x0] += 0.75F;
  for (Field field = 0; field < N_FIELDS; field++)
  {
    g_autoptr (OmniGraph) graph = build_field (field);
    const int px = (int)omni_graph_get_receptive_field_px (graph);
    g_autoptr (TwinTensor) before = harness_run (graph, set, &(HarnessOptions){ 0 });
    g_autoptr (TwinTensor) after = harness_run (graph, touched, &(HarnessOptions){ 0 });
    int farthest = -1;

    for (int i = 0; i < w * h; i++)
      if (memcmp (&before->v[i], &after->v[i], sizeof (float)) != 0)
        farthest = MAX (farthest, MAX (ABS (i % w - x0), ABS (i / w - y0)));
    g_assert_cmpint (farthest, >=, 0);
    g_assert_cmpint (farthest, <, px);
    if (field <= SUM_OF_BOTH)
      g_assert_cmpint (farthest, ==, px / 2);
  }
}

static void
test_flop (void)
{
  g_autoptr (OmniGraph) graph = omni_graph_new ("flop");
  double per_source, per_set, base_source, base_set;
  const OmniNode x = conv (graph, omni_graph_picture (graph, OMNI_PLANES_LUMA, 0), 8, 3, 1);
  const OmniNode fused = omni_graph_set_max (graph, x);
  g_autoptr (OmniGraph) less = omni_graph_new ("less");

  omni_graph_set_output (graph, conv (graph, fused, 1, 5, 1));
  omni_graph_set_output (less, omni_graph_set_max (less, omni_graph_picture (less, OMNI_PLANES_LUMA, 0)));
  omni_graph_get_flop_per_px (graph, &per_source, &per_set);
  omni_graph_get_flop_per_px (less, &base_source, &base_set);
  g_assert_cmpfloat (per_set, ==, 2.0 * 8 * 25);
  g_assert_cmpfloat (per_source, >=, 2.0 * 8 * 9);
  g_assert_cmpfloat (per_source, <, 2.0 * 8 * 9 + 64.0); /* and a few for the picture and the maximum */
  g_assert_cmpfloat (base_source, <, 16.0);
  g_assert_cmpfloat (base_set, ==, 0.0);
}

/* ---- Mistakes ---- */

static void
make_mistake (const char *name)
{
  OmniGraph *graph = omni_graph_new ("mistake");
  const OmniNode x = omni_graph_picture (graph, OMNI_PLANES_COLOUR, 0);
  const guint four = 4;

  if (strcmp (name, "levels") == 0)
    omni_graph_binary (graph, OMNI_BINARY_ADD, x, omni_graph_pool_max (graph, x));
  else if (strcmp (name, "channels") == 0)
    omni_graph_channels (graph, x, &four, 1);
  else if (strcmp (name, "kernel") == 0)
    conv (graph, x, 1, 4, 1);
  else if (strcmp (name, "reduced") == 0)
    omni_graph_set_max (graph, omni_graph_set_max (graph, x));
  else if (strcmp (name, "output") == 0)
    omni_graph_set_output (graph, x);
  else if (strcmp (name, "radius") == 0)
    omni_graph_box (graph, x, 16, OMNI_BOUNDARY_ZERO);
  else
    omni_graph_merge_colour (graph, x, x);
}

static void
test_mistake (gconstpointer data)
{
  if (g_test_subprocess ())
  {
    make_mistake (data);
    return;
  }

  g_test_trap_subprocess (NULL, 0, G_TEST_SUBPROCESS_DEFAULT);
  g_test_trap_assert_failed ();
  g_test_trap_assert_stderr ("*mistake: node*");
}

static void
add_tests (void)
{
  static const char *const mistakes[] = { "levels", "channels", "kernel", "reduced",
                                          "output", "radius",   "merge" };

  g_test_add_func ("/graph/invariance", test_invariance);
  g_test_add_func ("/graph/passes", test_passes);
  g_test_add_func ("/graph/kept", test_kept);
  g_test_add_func ("/graph/receptive-field", test_receptive_field);
  g_test_add_func ("/graph/receptive-field-holds", test_receptive_field_holds);
  g_test_add_func ("/graph/flop", test_flop);
  for (guint i = 0; i < G_N_ELEMENTS (mistakes); i++)
  {
    g_autofree char *path = g_strconcat ("/graph/mistake/", mistakes[i], NULL);

    g_test_add_data_func (path, mistakes[i], test_mistake);
  }
}

int
main (int argc, char **argv)
{
  return harness_main (argc, argv, add_tests);
}
