/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/harness.h"
#include "vk/plan-private.h"

/* Stages: parts of a graph made one after the other of the whole picture, each in tiles of its own. The same bits as
 * without, less work around the tiles, within the same memory. */

#define LEVELS 4

/* How the graphs differ. */
typedef struct
{
  gboolean stages, mean; /* a statistic of the whole picture, which forbids them */
  guint padding;
} Kind;

static OmniNode
conv (OmniGraph *graph, OmniNode x, guint out)
{
  const guint in = omni_graph_get_channels (graph, x);
  g_autofree float *weight = g_new (float, (gsize)out *in * 9);

  for (gsize i = 0; i < (gsize)out * in * 9; i++)
    weight[i] = ((float)(i * 7919 % 101) / 50.0F - 1.0F) / (float)(in * 2);
  return omni_graph_conv (
    graph, &(OmniConvParams){ .inputs = &x,
                              .n_inputs = 1,
                              .out_channels = out,
                              .kernel = 3,
                              .boundary = OMNI_BOUNDARY_REPLICATE,
                              .activation = out > 1 ? OMNI_ACTIVATION_RELU : OMNI_ACTIVATION_NONE,
                              .weight = weight,
                              .label = "layer" });
}

/* A small network at four sizes, the coarsest first, each upon what the one before gave. */
static OmniGraph *
build (const Kind *kind)
{
  OmniGraph *graph = omni_graph_new ("stages");
  OmniNode pictures[LEVELS] = { omni_graph_picture (graph, OMNI_PLANES_LUMA, 0) };
  OmniNode result = OMNI_NODE_NONE;

  if (kind->padding > 1)
    omni_graph_set_padding (graph, kind->padding);
  for (guint l = 1; l < LEVELS; l++)
    pictures[l] = omni_graph_down (graph, pictures[l - 1], OMNI_PYRAMID_QUAD);
  if (kind->stages)
    omni_graph_add_stage (graph, pictures[2]); /* of each source */
  if (kind->mean)
    pictures[0] = omni_graph_binary (graph, OMNI_BINARY_SUB, pictures[0],
                                     omni_graph_picture_mean (graph, pictures[0]));
  for (guint l = LEVELS; l-- > 0;)
  {
    OmniNode x = conv (graph, conv (graph, pictures[l], 16), 16);

    x = conv (graph, omni_graph_set_max (graph, x), 1);
    if (l < LEVELS - 1)
      x = omni_graph_up_add (graph, x, result, 1, OMNI_PYRAMID_QUAD);
    if (kind->stages)
      omni_graph_add_stage (graph, x);
    result = x;
  }
  /* A last part without a network. */
  result = omni_graph_up_add (graph, result, omni_graph_down (graph, result, OMNI_PYRAMID_QUAD), -1,
                              OMNI_PYRAMID_QUAD);
  omni_graph_set_output (graph, result);
  return graph;
}

static const Kind plain = { 0 }, staged = { .stages = TRUE };

static guint
count_parts (const OmniPlan *plan)
{
  return plan == NULL ? 0 : 1 + count_parts (plan->above);
}

static void
check_parts (OmniGraph *graph, const TwinTensor *set, const HarnessOptions *options, guint n)
{
  g_autoptr (HarnessPictures) pictures = harness_pictures_new (set);
  OmniPlan *plan = harness_plan (graph, pictures, options);

  g_assert_cmpuint (count_parts (plan), ==, n);
  omni_plan_free (&plan);
}

/* Six parts: the sources at a quarter, four sizes and what comes behind. */
static void
test_parts (void)
{
  g_autoptr (OmniGraph) graph = build (&staged), bare = build (&plain);
  g_autoptr (TwinTensor) set = harness_random (2, 1, 90, 140, 0.0F, 1.0F, 8);

  check_parts (graph, set, &(HarnessOptions){ .tile_px = 32 }, 6);
  check_parts (graph, set, &(HarnessOptions){ .schedule = "stages" }, 6);
  check_parts (graph, set, &(HarnessOptions){ 0 }, 1); /* it fits */
  check_parts (graph, set, &(HarnessOptions){ .tile_px = 32, .schedule = "resident" }, 1);
  check_parts (bare, set, &(HarnessOptions){ .tile_px = 32 }, 1);
}

static void
test_statistics (void)
{
  static const Kind kind = { .stages = TRUE, .mean = TRUE };
  g_autoptr (OmniGraph) graph = build (&kind);
  g_autoptr (TwinTensor) set = harness_random (2, 1, 90, 140, 0.0F, 1.0F, 8);

  check_parts (graph, set, &(HarnessOptions){ .tile_px = 32 }, 1);
}

typedef struct
{
  guint n, width, height, padding;
} Case;

static const Case cases[] = { { 2, 133, 101, 1 }, { 3, 64, 160, 1 }, { 1, 97, 35, 1 },   { 5, 50, 51, 1 },
                              { 2, 17, 9, 1 },    { 2, 1, 300, 1 },  { 2, 101, 77, 16 }, { 3, 2, 2, 1 } };

static void
test_same_bits (gconstpointer half)
{
  static const guint tiles[] = { 0, 16, 32, 48, 128 };

  for (guint c = 0; c < G_N_ELEMENTS (cases); c++)
  {
    const Case *one = &cases[c];
    const Kind kinds[] = { { .padding = one->padding }, { .stages = TRUE, .padding = one->padding } };
    g_autoptr (OmniGraph) bare = build (&kinds[0]), graph = build (&kinds[1]);
    g_autoptr (TwinTensor) set = harness_random (one->n, 1, one->height, one->width, 0.0F, 1.0F, 8);
    g_autoptr (TwinTensor) want = harness_run (bare, set, &(HarnessOptions){ .half = half != NULL });
    g_autoptr (TwinTensor) whole = harness_run (graph, set, &(HarnessOptions){ .half = half != NULL });

    harness_assert_same (whole, want, "in one go");
    for (guint t = 0; t < G_N_ELEMENTS (tiles); t++)
    {
      const HarnessOptions options = { .tile_px = tiles[t], .schedule = "stages", .half = half != NULL };
      g_autoptr (TwinTensor) got = harness_run (graph, set, &options);

      harness_assert_same (got, want, "in stages");
    }
  }
}

static void
test_orders (void)
{
  g_autoptr (OmniGraph) graph = build (&staged);
  g_autoptr (TwinTensor) set = harness_random (3, 1, 60, 71, 0.0F, 1.0F, 8);
  const HarnessOptions options = { .tile_px = 32 };
  g_autoptr (TwinTensor) want = harness_run (graph, set, &options);
  guint order[] = { 0, 1, 2 };

  while (harness_next_order (order, 3))
  {
    g_autoptr (TwinTensor) moved = harness_reorder (set, order);
    g_autoptr (TwinTensor) got = harness_run (graph, moved, &options);

    harness_assert_same (got, want, "another order");
  }
}

static gboolean
run_plan (OmniPlan *plan, const TwinTensor *set, const OmniPlanRun *how, TwinTensor *got,
          OmniPlanStats *stats, GError **error)
{
  g_autoptr (HarnessPictures) pictures = harness_pictures_new (set);
  OmniPlanRun run = *how;

  run.fetch = harness_fetch;
  run.user_data = pictures;
  run.result = got->v;
  return omni_plan_run (plan, &run, stats, error);
}

static OmniPlanParams
params_for (const TwinTensor *set)
{
  return (OmniPlanParams){ .n_sources = set->n, .width = set->w, .height = set->h, .output = OMNI_STORE_F32 };
}

/* All parts together stay within what was allowed, down to where only tiles that compute everything are left. */
static void
test_budgets (void)
{
  OmniDevice *device = harness_device ();
  g_autoptr (OmniGraph) graph = build (&staged);
  g_autoptr (TwinTensor) set = harness_random (3, 1, 192, 256, 0.0F, 1.0F, 8);
  g_autoptr (TwinTensor) want = harness_run (graph, set, &(HarnessOptions){ 0 });
  guint most_parts = 0;

  for (guint64 budget = 64 << 20; budget >= 4 << 20; budget /= 2)
  {
    OmniPlanParams params = params_for (set);
    g_autoptr (TwinTensor) got = twin_new (1, 1, set->h, set->w);
    g_autoptr (GError) error = NULL;
    OmniPlanStats stats;
    OmniPlan *plan;

    params.budget_bytes = budget;
    plan = omni_plan_new (device, graph, &params, &error);
    g_assert_no_error (error);
    g_assert_cmpuint (omni_plan_get_memory_bytes (plan), <=, budget);
    most_parts = MAX (most_parts, count_parts (plan));
    run_plan (plan, set, &(OmniPlanRun){ 0 }, got, &stats, &error);
    g_assert_no_error (error);
    harness_assert_same (got, want, "budget");
    omni_plan_free (&plan);
  }
  g_assert_cmpuint (most_parts, ==, 6);
  g_assert_cmpuint (omni_device_get_allocated_bytes (device), ==, 0);
}

/* A stage that a device cannot read through one view is none. */
static void
test_limits (void)
{
  OmniDevice *device = harness_device ();
  const guint32 texels = device->limits.maxTexelBufferElements;
  g_autoptr (OmniGraph) graph = build (&staged);
  g_autoptr (TwinTensor) set = harness_random (2, 1, 800, 1000, 0.0F, 1.0F, 8);
  g_autoptr (TwinTensor) want = harness_run (graph, set, &(HarnessOptions){ 0 });
  const HarnessOptions options = { .tile_px = 32 };
  g_autoptr (TwinTensor) got = NULL;

  check_parts (graph, set, &options, 6);
  device->limits.maxTexelBufferElements = 800 * 1000 / 4 - 1; /* the finest stage has one more */
  check_parts (graph, set, &options, 1);
  got = harness_run (graph, set, &options);
  harness_assert_same (got, want, "without stages");
  device->limits.maxTexelBufferElements = texels;
}

static double
measure_gflop (OmniPlan *plan, const TwinTensor *set)
{
  g_autoptr (TwinTensor) got = twin_new (1, 1, set->h, set->w);
  g_autoptr (GArray) rows = NULL;
  g_autoptr (GError) error = NULL;
  OmniPlanStats stats;
  double sum = 0;

  run_plan (plan, set, &(OmniPlanRun){ 0 }, got, &stats, &error);
  g_assert_no_error (error);
  rows = omni_plan_get_profile (plan);
  for (guint i = 0; i < rows->len; i++)
    sum += g_array_index (rows, OmniPlanProfile, i).gflop;
  return sum;
}

/* The reason for them: small sizes are not computed around each tile. */
static void
test_less_work (void)
{
  g_autoptr (OmniGraph) graph = build (&staged);
  g_autoptr (TwinTensor) set = harness_random (2, 1, 128, 192, 0.0F, 1.0F, 8);
  double gflop[2];

  for (guint i = 0; i < 2; i++)
  {
    OmniPlanParams params = params_for (set);
    g_autoptr (GError) error = NULL;
    OmniPlan *plan;

    params.tile_px = 32;
    params.profile = TRUE;
    if (i == 0)
      g_setenv ("OMNIFUSE_PLAN", "resident", TRUE);
    plan = omni_plan_new (harness_device (), graph, &params, &error);
    g_unsetenv ("OMNIFUSE_PLAN");
    g_assert_no_error (error);
    gflop[i] = measure_gflop (plan, set);
    omni_plan_free (&plan);
  }
  g_test_message ("%.4f and, in stages, %.4f Gflop", gflop[0], gflop[1]);
  if (gflop[0] == 0)
    g_test_skip ("the device keeps no time");
  else
    g_assert_cmpfloat (gflop[1], <, .6 * gflop[0]);
}

typedef struct
{
  const HarnessPictures *pictures;
  double last;
  guint n;
  GCancellable *cancellable; /* cancelled at the fifth report, or NULL */
} Watched;

static gboolean
fetch_watched (guint index, OmniPlanSource *source, gpointer user_data, GError **error)
{
  const Watched *watched = user_data;

  return harness_fetch (index, source, (gpointer)watched->pictures, error);
}

static void
take_progress (double fraction, gpointer user_data)
{
  Watched *watched = user_data;

  g_assert_cmpfloat (fraction, >=, watched->last);
  watched->last = fraction;
  if (++watched->n == 5 && watched->cancellable != NULL)
    g_cancellable_cancel (watched->cancellable);
}

static void
run_watched (OmniPlan *plan, Watched *watched, TwinTensor *got, OmniPlanStats *stats, GError **error)
{
  const OmniPlanRun run = { .fetch = fetch_watched,
                            .progress = take_progress,
                            .user_data = watched,
                            .result = got->v,
                            .cancellable = watched->cancellable };

  omni_plan_run (plan, &run, stats, error);
}

/* Progress is of all parts and never goes back; Cancel stops in any of them, and the plan still runs after it. */
static void
test_progress (void)
{
  g_autoptr (OmniGraph) graph = build (&staged);
  g_autoptr (TwinTensor) set = harness_random (2, 1, 128, 192, 0.0F, 1.0F, 8);
  g_autoptr (TwinTensor) want = harness_run (graph, set, &(HarnessOptions){ 0 });
  g_autoptr (TwinTensor) got = twin_copy (want);
  g_autoptr (HarnessPictures) pictures = harness_pictures_new (set);
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GError) error = NULL;
  Watched cancelled = { .pictures = pictures, .cancellable = cancellable }, whole = { .pictures = pictures };
  OmniPlanParams params = params_for (set);
  OmniPlanStats stats;
  OmniPlan *plan;

  params.tile_px = 32;
  plan = omni_plan_new (harness_device (), graph, &params, &error);
  g_assert_no_error (error);
  run_watched (plan, &cancelled, got, &stats, &error);
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_clear_error (&error);
  g_assert_cmpuint (stats.tiles_done, ==, 0); /* the parts above were at work */

  run_watched (plan, &whole, got, &stats, &error);
  g_assert_no_error (error);
  g_assert_cmpfloat_with_epsilon (whole.last, 1, 1e-9);
  harness_assert_same (got, want, "after cancelling");
  omni_plan_free (&plan);
}

/* Tiles of the last part that were made need not be made again. */
static void
test_resume (void)
{
  g_autoptr (OmniGraph) graph = build (&staged);
  g_autoptr (TwinTensor) set = harness_random (2, 1, 64, 96, 0.0F, 1.0F, 8);
  g_autoptr (TwinTensor) want = harness_run (graph, set, &(HarnessOptions){ 0 });
  g_autoptr (TwinTensor) got = twin_copy (want);
  g_autoptr (GError) error = NULL;
  OmniPlanParams params = params_for (set);
  OmniPlanStats stats;
  OmniPlan *plan;

  params.tile_px = 32;
  plan = omni_plan_new (harness_device (), graph, &params, &error);
  g_assert_no_error (error);
  for (guint y = 32; y < 64; y++)
    for (guint x = 0; x < 96; x++)
      twin_plane (got, 0, 0)[y * 96 + x] = -1;
  run_plan (plan, set, &(OmniPlanRun){ .first_tile = 3 }, got, &stats, &error);
  g_assert_no_error (error);
  harness_assert_same (got, want, "resumed");
  omni_plan_free (&plan);
}

static void
add_tests (void)
{
  g_test_add_func ("/plan/stages/parts", test_parts);
  g_test_add_func ("/plan/stages/statistics", test_statistics);
  g_test_add_data_func ("/plan/stages/same-bits", NULL, test_same_bits);
  if (omni_device_get_info (harness_device ())->has_fp16)
    g_test_add_data_func ("/plan/stages/same-bits-half", "half", test_same_bits);
  g_test_add_func ("/plan/stages/orders", test_orders);
  g_test_add_func ("/plan/stages/budgets", test_budgets);
  g_test_add_func ("/plan/stages/limits", test_limits);
  g_test_add_func ("/plan/stages/less-work", test_less_work);
  g_test_add_func ("/plan/stages/progress", test_progress);
  g_test_add_func ("/plan/stages/resume", test_resume);
}

int
main (int argc, char **argv)
{
  return harness_main (argc, argv, add_tests);
}
