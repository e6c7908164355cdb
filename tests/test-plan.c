/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/harness.h"
#include "vk/device-private.h"
#include "vk/plan-private.h"

#include <string.h>

/* A plan keeps its promises: memory, tiles, progress, cancelling, errors, and a device that is lost. */

static OmniNode
conv (OmniGraph *graph, OmniNode x, guint in, guint out, OmniBoundary boundary, OmniActivation activation)
{
  g_autofree float *weight = g_new (float, (gsize)out *in * 9);

  for (gsize i = 0; i < (gsize)out * in * 9; i++)
    weight[i] = ((float)(i * 7919 % 101) / 50.0F - 1.0F) / (float)(in * 2);
  return omni_graph_conv (graph, &(OmniConvParams){ .inputs = &x,
                                                    .n_inputs = 1,
                                                    .out_channels = out,
                                                    .kernel = 3,
                                                    .boundary = boundary,
                                                    .activation = activation,
                                                    .weight = weight,
                                                    .label = "layer" });
}

/* A small network: two layers for each source, the maximum, two layers for the set. Sixteen channels inside, so that the
 * Winograd kernel runs where it can. */
static OmniGraph *
build_network (void)
{
  OmniGraph *graph = omni_graph_new ("network");
  OmniNode x = omni_graph_picture (graph, OMNI_PLANES_LUMA, 0);

  x = conv (graph, x, 1, 16, OMNI_BOUNDARY_ZERO, OMNI_ACTIVATION_RELU);
  x = conv (graph, x, 16, 8, OMNI_BOUNDARY_REFLECT, OMNI_ACTIVATION_NONE);
  x = omni_graph_set_max (graph, x);
  x = conv (graph, x, 8, 1, OMNI_BOUNDARY_REPLICATE, OMNI_ACTIVATION_NONE);
  omni_graph_set_output (graph, x);
  return graph;
}

/* Three levels of a pyramid, streamed in two passes. */
static OmniGraph *
build_pyramid (void)
{
  OmniGraph *graph = omni_graph_new ("pyramid");
  const OmniNode fine = omni_graph_picture (graph, OMNI_PLANES_LUMA, 0);
  const OmniNode half = omni_graph_down (graph, fine, OMNI_PYRAMID_BURT);
  const OmniNode quarter = omni_graph_down (graph, half, OMNI_PYRAMID_BURT);
  const OmniNode largest = omni_graph_set_max (graph, fine);
  const OmniNode weight = omni_graph_binary (graph, OMNI_BINARY_SUB, fine, largest);
  const OmniNode weight_half = omni_graph_down (graph, weight, OMNI_PYRAMID_BURT);
  OmniNode x = omni_graph_set_blend (graph, omni_graph_down (graph, weight_half, OMNI_PYRAMID_BURT), quarter,
                                     OMNI_NODE_NONE, OMNI_PYRAMID_BURT, 1.0F);

  x = omni_graph_up_add (graph,
                         omni_graph_set_blend (graph, weight_half, half, quarter, OMNI_PYRAMID_BURT, 1.0F), x,
                         1.0F, OMNI_PYRAMID_BURT);
  x = omni_graph_up_add (graph, omni_graph_set_blend (graph, weight, fine, half, OMNI_PYRAMID_BURT, 1.0F), x,
                         1.0F, OMNI_PYRAMID_BURT);
  omni_graph_set_output (graph, x);
  return graph;
}

typedef OmniGraph *(*Build) (void);
static const Build builders[] = { build_network, build_pyramid };

static OmniPlanParams
params_for (const TwinTensor *set)
{
  return (OmniPlanParams){ .n_sources = set->n, .width = set->w, .height = set->h, .output = OMNI_STORE_F32 };
}

/* Runs and compares with the whole picture's result. */
static void
check_run (OmniPlan *plan, const TwinTensor *set, const TwinTensor *want, const char *what)
{
  g_autoptr (HarnessPictures) pictures = harness_pictures_new (set);
  g_autoptr (TwinTensor) got = twin_new (1, 1, set->h, set->w);
  const OmniPlanRun run = { .fetch = harness_fetch, .user_data = pictures, .result = got->v };
  g_autoptr (GError) error = NULL;
  OmniPlanStats stats;

  omni_plan_run (plan, &run, &stats, &error);
  g_assert_no_error (error);
  harness_assert_same (got, want, what);
}

static void
test_tiles (void)
{
  static const guint sides[] = { 16, 32, 48, 96, 4096 };
  g_autoptr (TwinTensor) set = harness_random (3, 1, 101, 134, 0.0F, 1.0F, 8);

  for (guint b = 0; b < G_N_ELEMENTS (builders); b++)
  {
    g_autoptr (OmniGraph) graph = builders[b]();
    g_autoptr (TwinTensor) want = harness_run (graph, set, &(HarnessOptions){ 0 });

    for (guint i = 0; i < G_N_ELEMENTS (sides); i++)
    {
      g_autoptr (TwinTensor) got = harness_run (graph, set, &(HarnessOptions){ .tile_px = sides[i] });

      harness_assert_same (got, want, omni_graph_get_name (graph));
    }
  }
}

/* A device thought slow gets every dispatch in pieces of a few rows. */
static void
test_pieces (void)
{
  g_autoptr (TwinTensor) set = harness_random (3, 1, 101, 134, 0.0F, 1.0F, 8);
  OmniDevice *device = harness_device ();
  const double gflops = device->gflops;

  for (guint b = 0; b < G_N_ELEMENTS (builders); b++)
  {
    g_autoptr (OmniGraph) graph = builders[b]();
    g_autoptr (TwinTensor) want = harness_run (graph, set, &(HarnessOptions){ 0 });

    for (guint tile = 0; tile <= 96; tile += 48)
    {
      device->gflops = 1e-3;

      g_autoptr (TwinTensor) got = harness_run (graph, set, &(HarnessOptions){ .tile_px = tile });

      device->gflops = gflops;
      harness_assert_same (got, want, omni_graph_get_name (graph));
    }
  }
}

/* Layers of more planes than a device may bind at once: 24 and 19 of them, the last from four inputs in two parts and the set's
 * maximum, which becomes its base, with an affine map behind. */
static OmniGraph *
build_wide_network (void)
{
  OmniGraph *graph = omni_graph_new ("wide");
  OmniNode inputs[5], x = omni_graph_picture (graph, OMNI_PLANES_LUMA, 0);
  const guint n_weights = 76 * 400 * 9;
  g_autofree float *weight = g_new (float, n_weights);
  float scale[76], bias[76];

  for (guint i = 0; i < n_weights; i++)
    weight[i] = ((float)(i * 7919 % 101) / 50.0F - 1.0F) / 400;
  for (guint i = 0; i < 76; i++)
  {
    scale[i] = 1 + (float)i / 76;
    bias[i] = (float)(i % 7) / 10;
  }
  for (guint i = 0; i < 4; i++)
    inputs[i] = x = conv (graph, x, i == 0 ? 1 : 96, 96, OMNI_BOUNDARY_ZERO, OMNI_ACTIVATION_RELU);
  inputs[4] = omni_graph_set_max (graph, conv (graph, x, 96, 16, OMNI_BOUNDARY_ZERO, OMNI_ACTIVATION_NONE));
  x = omni_graph_conv (graph, &(OmniConvParams){ .inputs = inputs,
                                                 .n_inputs = 5,
                                                 .out_channels = 76,
                                                 .kernel = 3,
                                                 .weight = weight,
                                                 .bias = bias,
                                                 .activation = OMNI_ACTIVATION_RELU,
                                                 .post_scale = scale,
                                                 .post_shift = bias,
                                                 .label = "sum" });
  x = conv (graph, x, 76, 1, OMNI_BOUNDARY_REPLICATE, OMNI_ACTIVATION_NONE);
  omni_graph_set_output (graph, omni_graph_set_max (graph, x));
  return graph;
}

static guint64
find_widest_window (const OmniPlan *plan)
{
  guint64 widest = 0;

  for (guint i = 0; i < plan->steps->len; i++)
  {
    const OmniStorageBinding *out = &g_array_index (plan->steps, OmniStep, i).out[0];

    widest = MAX (widest, out->high - out->low);
  }
  return widest;
}

/* A tensor that no binding holds is written some groups of outputs at a time, in every variant. */
static void
test_wide_layers (void)
{
  static const char *const variants[] = { "direct",      "shuffle",       "winograd-8",
                                          "winograd-16", "winograd-16x2", NULL };
  g_autoptr (OmniGraph) graph = build_wide_network ();
  g_autoptr (TwinTensor) set = harness_random (2, 1, 60, 84, 0.0F, 1.0F, 8);
  OmniDevice *device = harness_device ();
  const guint32 range = device->limits.maxStorageBufferRange, few_planes = 10 * 60 * 96 * 16;

  for (guint i = 0; i < G_N_ELEMENTS (variants); i++)
  {
    OmniPlanParams params = params_for (set);
    g_autoptr (GError) error = NULL;

    if (variants[i] != NULL)
      g_setenv ("OMNIFUSE_CONV", variants[i], TRUE);

    g_autoptr (TwinTensor) want = harness_run (graph, set, &(HarnessOptions){ 0 });

    for (guint limited = 0; limited < 2; limited++)
    {
      device->limits.maxStorageBufferRange = limited ? few_planes : range;

      OmniPlan *plan = omni_plan_new (device, graph, &params, &error);

      g_assert_no_error (error);
      g_assert_cmpuint (omni_plan_get_tiles (plan), ==, 1);
      g_assert_cmpint (find_widest_window (plan) <= few_planes, ==, limited);
      check_run (plan, set, want, "wide layers");
      omni_plan_free (&plan);
    }
    device->limits.maxStorageBufferRange = range;
    g_unsetenv ("OMNIFUSE_CONV");
  }
}

static void
test_budgets (void)
{
  g_autoptr (TwinTensor) set = harness_random (3, 1, 192, 256, 0.0F, 1.0F, 8);

  for (guint b = 0; b < G_N_ELEMENTS (builders); b++)
  {
    g_autoptr (OmniGraph) graph = builders[b]();
    g_autoptr (TwinTensor) want = harness_run (graph, set, &(HarnessOptions){ 0 });
    guint tiles = 0;

    for (guint64 budget = 64 << 20; budget >= 1 << 19; budget /= 4)
    {
      OmniPlanParams params = params_for (set);
      g_autoptr (GError) error = NULL;

      params.budget_bytes = budget;
      omni_device_reset_peak (harness_device ());

      const guint64 before = omni_device_get_peak_bytes (harness_device ());
      OmniPlan *plan = omni_plan_new (harness_device (), graph, &params, &error);

      g_assert_no_error (error);
      g_assert_cmpuint (omni_plan_get_memory_bytes (plan), <=, budget);
      g_assert_cmpuint (omni_plan_get_tiles (plan), >=, tiles);
      tiles = omni_plan_get_tiles (plan);
      check_run (plan, set, want, "budget");
      /* weights, the tile's uniform block and the zeros before an arena come on top */
      g_assert_cmpuint (omni_device_get_peak_bytes (harness_device ()) - before, <=, budget + (64 << 10));
      omni_plan_free (&plan);
    }
    if (b == 0)
      g_assert_cmpuint (tiles, >, 1);
  }
  g_assert_cmpuint (omni_device_get_allocated_bytes (harness_device ()), ==, 0);
}

static void
test_budget_too_small (void)
{
  g_autoptr (OmniGraph) graph = build_network ();
  g_autoptr (TwinTensor) set = harness_random (3, 1, 192, 256, 0.0F, 1.0F, 8);
  OmniPlanParams params = params_for (set);
  g_autoptr (GError) error = NULL;

  params.budget_bytes = 10000;
  g_assert_null (omni_plan_new (harness_device (), graph, &params, &error));
  g_assert_error (error, OMNI_VK_ERROR, OMNI_VK_ERROR_OUT_OF_MEMORY);
  g_assert_nonnull (strstr (error->message, "256 × 192"));
  g_assert_nonnull (strstr (error->message, "OMNIFUSE_MEMORY_MIB"));
}

/* The device has less than the budget: smaller tiles, and at last an error. */
static void
test_allocation_limit (void)
{
  g_autoptr (OmniGraph) graph = build_network ();
  g_autoptr (TwinTensor) set = harness_random (3, 1, 300, 400, 0.0F, 1.0F, 8);
  g_autoptr (TwinTensor) want = harness_run (graph, set, &(HarnessOptions){ 0 });
  OmniPlanParams params = params_for (set);
  OmniDevice *device = harness_device ();
  g_autoptr (GError) error = NULL;
  OmniPlan *plan = omni_plan_new (device, graph, &params, &error);
  const guint64 needed = omni_plan_get_memory_bytes (plan);

  g_assert_no_error (error);
  g_assert_cmpuint (omni_plan_get_tiles (plan), ==, 1);
  omni_plan_free (&plan);

  omni_device_set_allocation_limit (device, needed / 3);
  plan = omni_plan_new (device, graph, &params, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (omni_plan_get_tiles (plan), >, 1);
  g_assert_cmpuint (omni_device_get_allocated_bytes (device), <=, needed / 3);
  check_run (plan, set, want, "allocation limit");
  omni_plan_free (&plan);

  omni_device_set_allocation_limit (device, 5000);
  g_assert_null (omni_plan_new (device, graph, &params, &error));
  g_assert_error (error, OMNI_VK_ERROR, OMNI_VK_ERROR_OUT_OF_MEMORY);
  omni_device_set_allocation_limit (device, 0);
  g_assert_cmpuint (omni_device_get_allocated_bytes (device), ==, 0);
}

/* ---- Progress and cancelling ---- */

typedef struct
{
  HarnessPictures *pictures;
  GCancellable *cancellable;
  gboolean cancel_first; /* before anything */
  guint cancel_at;       /* call of the progress function; 0: never */
  guint calls;
  double last;
  GArray *fetched; /* guint */
  guint released;
  guint fail_at; /* index of a source that cannot be had, or G_MAXUINT */
} Watch;

static void
progress_cb (double fraction, gpointer user_data)
{
  Watch *watch = user_data;

  g_assert_cmpfloat (fraction, >=, watch->last);
  g_assert_cmpfloat (fraction, <=, 1.0);
  watch->last = fraction;
  watch->calls++;
  if (watch->calls == watch->cancel_at)
    g_cancellable_cancel (watch->cancellable);
}

static gboolean
fetch_cb (guint index, OmniPlanSource *source, gpointer user_data, GError **error)
{
  Watch *watch = user_data;

  g_array_append_val (watch->fetched, index);
  if (index == watch->fail_at)
  {
    g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND, "The picture is gone.");
    return FALSE;
  }
  return harness_fetch (index, source, watch->pictures, error);
}

static void
release_cb (guint index, gpointer user_data)
{
  Watch *watch = user_data;

  watch->released++;
}

static gboolean
run_watched (OmniPlan *plan, const TwinTensor *set, Watch *watch, OmniPlanStats *stats, GError **error)
{
  g_autoptr (HarnessPictures) pictures = harness_pictures_new (set);
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autofree float *result = g_new (float, (gsize)set->w * set->h);
  const OmniPlanRun run = { .fetch = fetch_cb,
                            .release = release_cb,
                            .progress = progress_cb,
                            .user_data = watch,
                            .cancellable = cancellable,
                            .result = result };

  watch->pictures = pictures;
  watch->cancellable = cancellable;
  if (watch->cancel_first)
    g_cancellable_cancel (cancellable);
  watch->calls = 0;
  watch->last = 0.0;
  watch->released = 0;
  g_clear_pointer (&watch->fetched, g_array_unref);
  watch->fetched = g_array_new (FALSE, FALSE, sizeof (guint));
  return omni_plan_run (plan, &run, stats, error);
}

static void
test_progress_and_cancel (void)
{
  g_autoptr (TwinTensor) set = harness_random (3, 1, 96, 128, 0.0F, 1.0F, 8);

  for (guint b = 0; b < G_N_ELEMENTS (builders); b++)
  {
    g_autoptr (OmniGraph) graph = builders[b]();
    OmniPlanParams params = params_for (set);
    Watch watch = { .fail_at = G_MAXUINT };
    g_autoptr (GError) error = NULL;
    OmniPlanStats stats;

    params.tile_px = 32;

    OmniPlan *plan = omni_plan_new (harness_device (), graph, &params, &error);

    /* Nothing is compiled for who has gone already. */
    watch.cancel_first = TRUE;
    g_assert_false (run_watched (plan, set, &watch, &stats, &error));
    g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
    g_assert_false (plan->recorded);
    g_clear_error (&error);
    watch.cancel_first = FALSE;

    g_assert_true (run_watched (plan, set, &watch, &stats, &error));
    g_assert_no_error (error);
    g_assert_cmpfloat (watch.last, >, 0.999999);
    g_assert_cmpuint (watch.calls, ==, stats.submissions);
    g_assert_cmpuint (watch.calls, >, 3);
    g_assert_cmpuint (watch.released, ==, watch.fetched->len);

    for (guint at = 1; at < 12; at += 5) /* twelve tiles make at least as many submissions */
    {
      watch.cancel_at = at;
      g_assert_false (run_watched (plan, set, &watch, &stats, &error));
      g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
      g_assert_cmpuint (watch.calls, ==, at); /* not one submission more */
      g_assert_cmpuint (watch.released, ==, watch.fetched->len);
      g_clear_error (&error);
    }

    /* and after that it runs as ever */
    watch.cancel_at = 0;
    g_assert_true (run_watched (plan, set, &watch, &stats, &error));
    g_clear_pointer (&watch.fetched, g_array_unref);
    omni_plan_free (&plan);
  }
}

/* A streamed plan takes each source once in a pass, in order; a resident one all of them once. A source that cannot be had
 * ends the run with its own error. */
static void
test_fetches (void)
{
  g_autoptr (TwinTensor) set = harness_random (3, 1, 20, 30, 0.0F, 1.0F, 8);

  for (guint b = 0; b < G_N_ELEMENTS (builders); b++)
  {
    g_autoptr (OmniGraph) graph = builders[b]();
    OmniPlanParams params = params_for (set);
    Watch watch = { .fail_at = G_MAXUINT };
    g_autoptr (GError) error = NULL;
    OmniPlanStats stats;
    OmniPlan *plan = omni_plan_new (harness_device (), graph, &params, &error);
    const guint passes = omni_plan_is_streamed (plan) ? 2 : 1;

    g_assert_cmpint (omni_plan_is_streamed (plan), ==, b == 1);
    g_assert_true (run_watched (plan, set, &watch, &stats, &error));
    g_assert_cmpuint (watch.fetched->len, ==, 3 * passes);
    for (guint i = 0; i < watch.fetched->len; i++)
      g_assert_cmpuint (g_array_index (watch.fetched, guint, i), ==, i % 3);

    watch.fail_at = 1;
    g_assert_false (run_watched (plan, set, &watch, &stats, &error));
    g_assert_error (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND);
    g_assert_cmpuint (watch.fetched->len, ==, 2);
    g_clear_pointer (&watch.fetched, g_array_unref);
    omni_plan_free (&plan);
  }
}

/* ---- A lost device ---- */

static void
check_loss (OmniGraph *graph, const TwinTensor *set, const TwinTensor *want, guint submissions)
{
  g_autoptr (HarnessPictures) pictures = harness_pictures_new (set);
  g_autoptr (TwinTensor) got = twin_new (1, 1, set->h, set->w);
  OmniPlanRun run = { .fetch = harness_fetch, .user_data = pictures, .result = got->v };
  const HarnessOptions options = { .tile_px = 32, .output = OMNI_STORE_F32 };
  g_autoptr (GError) error = NULL;
  OmniDevice *device = omni_device_open (NULL, &error);
  HarnessOptions own = options;
  OmniPlanStats stats;

  g_assert_no_error (error);
  own.device = device;

  OmniPlan *plan = harness_plan (graph, pictures, &own);

  omni_device_inject_loss (device, submissions);
  g_assert_false (omni_plan_run (plan, &run, &stats, &error));
  g_assert_error (error, OMNI_VK_ERROR, OMNI_VK_ERROR_DEVICE_LOST);
  g_assert_true (omni_device_is_lost (device));
  g_assert_cmpuint (stats.tiles_done, <, omni_plan_get_tiles (plan));
  g_clear_error (&error);

  const guint resume = stats.tiles_done;

  /* lost is lost */
  g_assert_false (omni_plan_run (plan, &run, &stats, &error));
  g_assert_error (error, OMNI_VK_ERROR, OMNI_VK_ERROR_DEVICE_LOST);
  g_clear_error (&error);
  omni_plan_free (&plan);
  omni_device_close (&device);

  plan = harness_plan (graph, pictures, &options);
  run.first_tile = resume;
  g_assert_true (omni_plan_run (plan, &run, &stats, &error));
  g_assert_no_error (error);
  g_assert_cmpuint (stats.tiles_done, ==, omni_plan_get_tiles (plan));
  omni_plan_free (&plan);
  harness_assert_same (got, want, "replayed");
}

static void
test_loss (void)
{
  g_autoptr (TwinTensor) set = harness_random (2, 1, 64, 96, 0.0F, 1.0F, 8);

  for (guint b = 0; b < G_N_ELEMENTS (builders); b++)
  {
    g_autoptr (OmniGraph) graph = builders[b]();
    g_autoptr (TwinTensor) want = harness_run (graph, set, &(HarnessOptions){ 0 });

    /* while kernels are warmed up, and in the midst of the tiles */
    check_loss (graph, set, want, 1);
    check_loss (graph, set, want, b == 0 ? 9 : 25);
  }
}

/* ---- What cannot be ---- */

static void
check_refused (OmniGraph *graph, const OmniPlanParams *params, const char *words)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (omni_plan_new (harness_device (), graph, params, &error));
  g_assert_error (error, OMNI_VK_ERROR, OMNI_VK_ERROR_UNSUPPORTED);
  g_assert_nonnull (strstr (error->message, words));
}

static void
test_refused (void)
{
  g_autoptr (OmniGraph) network = build_network ();
  g_autoptr (OmniGraph) third = omni_graph_new ("third");
  OmniPlanParams params = { .n_sources = 2, .width = 8, .height = 8 };

  omni_graph_set_output (third,
                         omni_graph_set_pick (third, omni_graph_picture (third, OMNI_PLANES_LUMA, 0), 2));
  check_refused (third, &params, "at least 3");
  params.n_sources = 129;
  check_refused (network, &params, "at most 128");
  params.n_sources = 1;
  params.height = 0;
  check_refused (network, &params, "nothing");
}

static void
test_source_too_wide (void)
{
  g_autoptr (OmniGraph) graph = build_pyramid ();
  g_autoptr (TwinTensor) set = harness_random (2, 3, 9, 9, 0.0F, 1.0F, 8);
  OmniPlanParams params = params_for (set); /* four bytes a pixel, and the pictures have twelve */
  Watch watch = { .fail_at = G_MAXUINT };
  g_autoptr (GError) error = NULL;
  OmniPlanStats stats;
  OmniPlan *plan = omni_plan_new (harness_device (), graph, &params, &error);

  g_assert_false (run_watched (plan, set, &watch, &stats, &error));
  g_assert_error (error, OMNI_VK_ERROR, OMNI_VK_ERROR_UNSUPPORTED);
  g_clear_pointer (&watch.fetched, g_array_unref);
  omni_plan_free (&plan);
}

/* More sources than slots, one after another. */
static void
test_many_sources (void)
{
  g_autoptr (OmniGraph) graph = omni_graph_new ("many");
  g_autoptr (TwinTensor) set = harness_random (150, 1, 5, 6, -1.0F, 1.0F, 8);
  g_autoptr (TwinTensor) want = twin_set_max (set);

  omni_graph_set_output (graph, omni_graph_set_max (graph, omni_graph_picture (graph, OMNI_PLANES_BANDS, 1)));

  g_autoptr (TwinTensor) got = harness_run (graph, set, &(HarnessOptions){ 0 });

  harness_assert_same (got, want, "150 sources");
}

static void
test_profile (void)
{
  g_autoptr (OmniGraph) graph = build_network ();
  g_autoptr (TwinTensor) set = harness_random (2, 1, 64, 64, 0.0F, 1.0F, 8);
  OmniPlanParams params = params_for (set);
  Watch watch = { .fail_at = G_MAXUINT };
  g_autoptr (GError) error = NULL;
  OmniPlanStats stats;
  guint layers = 0;

  params.profile = TRUE;

  OmniPlan *plan = omni_plan_new (harness_device (), graph, &params, &error);

  g_assert_true (run_watched (plan, set, &watch, &stats, &error));

  g_autoptr (GArray) rows = omni_plan_get_profile (plan);

  for (guint i = 0; i < rows->len; i++)
  {
    const OmniPlanProfile *row = &g_array_index (rows, OmniPlanProfile, i);

    g_assert_cmpuint (row->dispatches, >, 0);
    g_assert_cmpfloat (row->ms, >=, 0.0);
    layers += strcmp (row->label, "layer") == 0 ? 1 : 0;
  }
  g_assert_cmpuint (layers, ==, 3);
  g_clear_pointer (&watch.fetched, g_array_unref);
  omni_plan_free (&plan);
}

static void
add_tests (void)
{
  g_test_add_func ("/plan/tiles", test_tiles);
  g_test_add_func ("/plan/pieces", test_pieces);
  g_test_add_func ("/plan/wide-layers", test_wide_layers);
  g_test_add_func ("/plan/budgets", test_budgets);
  g_test_add_func ("/plan/budget-too-small", test_budget_too_small);
  g_test_add_func ("/plan/allocation-limit", test_allocation_limit);
  g_test_add_func ("/plan/progress-and-cancel", test_progress_and_cancel);
  g_test_add_func ("/plan/fetches", test_fetches);
  g_test_add_func ("/plan/loss", test_loss);
  g_test_add_func ("/plan/refused", test_refused);
  g_test_add_func ("/plan/source-too-wide", test_source_too_wide);
  g_test_add_func ("/plan/many-sources", test_many_sources);
  g_test_add_func ("/plan/profile", test_profile);
}

int
main (int argc, char **argv)
{
  return harness_main (argc, argv, add_tests);
}
