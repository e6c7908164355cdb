/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "vk/bench.h"

#include "vk/plan-private.h"

#include <string.h>
#include <time.h>

typedef struct Case Case;

/* Adds what is measured to `graph` and returns its node. */
typedef OmniNode (*Build) (OmniGraph *graph, const Case *item);

struct Case
{
  const char *name;
  const char *shader; /* which steps of the node count; NULL: all but packing */
  Build build;
  guint kernel, in, out; /* convolutions */
  const char *variant;   /* of OMNIFUSE_CONV, or NULL for the default */
};

/* Small weights, neither equal nor zero. */
static OmniNode
add_conv (OmniGraph *graph, OmniNode input, guint in, guint out, guint kernel)
{
  const gsize n = (gsize)in * out * kernel * kernel;
  g_autofree float *weight = g_new (float, n);

  for (gsize i = 0; i < n; i++)
    weight[i] = (float)((int)(i * 7919 % 2003) - 1001) / (1001.0F * (float)(in * kernel));
  return omni_graph_conv (graph, &(OmniConvParams){
                                   .inputs = &input,
                                   .n_inputs = 1,
                                   .out_channels = out,
                                   .kernel = kernel,
                                   .weight = weight,
                                   .activation = OMNI_ACTIVATION_RELU,
                                 });
}

static OmniNode
build_conv (OmniGraph *graph, const Case *item)
{
  const OmniNode luma = omni_graph_picture (graph, OMNI_PLANES_LUMA, 0);
  const OmniNode input = item->in == 1 ? luma : add_conv (graph, luma, 1, item->in, 1);

  return add_conv (graph, input, item->in, item->out, item->kernel);
}

static OmniNode
build_colour (OmniGraph *graph, const Case *item)
{
  return omni_graph_picture (graph, OMNI_PLANES_COLOUR, 0);
}

static OmniNode
build_copy (OmniGraph *graph, const Case *item)
{
  return omni_graph_unary (graph, build_colour (graph, item), 1.0F, 0.0F, OMNI_ACTIVATION_NONE, 0.0F);
}

static OmniNode
build_pointwise (OmniGraph *graph, const Case *item)
{
  const OmniNode colour = build_colour (graph, item);

  return omni_graph_binary (graph, OMNI_BINARY_MUL, colour, build_copy (graph, item));
}

static OmniNode
build_set_max (OmniGraph *graph, const Case *item)
{
  return omni_graph_set_max (graph, build_colour (graph, item));
}

static OmniNode
build_down (OmniGraph *graph, const Case *item)
{
  return omni_graph_down (graph, build_colour (graph, item), OMNI_PYRAMID_BURT);
}

static OmniNode
build_up_add (OmniGraph *graph, const Case *item)
{
  const OmniNode colour = build_colour (graph, item);
  const OmniNode coarse = omni_graph_down (graph, colour, OMNI_PYRAMID_BURT);

  return omni_graph_up_add (graph, colour, coarse, -1.0F, OMNI_PYRAMID_BURT);
}

static OmniNode
build_exposure_weight (OmniGraph *graph, const Case *item)
{
  return omni_graph_exposure_weight (graph, build_colour (graph, item), 1.0F, 1.0F, 1.0F, 0.2F);
}

static OmniNode
build_set_blend (OmniGraph *graph, const Case *item)
{
  const OmniNode colour = build_colour (graph, item);
  const OmniNode weight = omni_graph_exposure_weight (graph, colour, 1.0F, 1.0F, 1.0F, 0.2F);
  const OmniNode coarse = omni_graph_down (graph, colour, OMNI_PYRAMID_BURT);

  return omni_graph_set_blend (graph, weight, colour, coarse, OMNI_PYRAMID_BURT, 1.0F);
}

static const Case cases[] = {
  { "copy", NULL, build_copy },
  { "unpack", NULL, build_colour },
  { "pack", "pack", build_set_max },
  { "pointwise", NULL, build_pointwise },
  { "exposure-weight", NULL, build_exposure_weight },
  { "down", NULL, build_down },
  { "up-add", NULL, build_up_add },
  { "set-max", NULL, build_set_max },
  { "set-blend", "set-blend", build_set_blend },
  { "conv-1x1-64-3", NULL, build_conv, 1, 64, 3 },
  { "conv-3x3-1-32", NULL, build_conv, 3, 1, 32 },
  { "conv-3x3-32-1", NULL, build_conv, 3, 32, 1 },
  { "conv-5x5-16-16", NULL, build_conv, 5, 16, 16 },
  { "conv-7x7-3-64", NULL, build_conv, 7, 3, 64 },
  { "conv-3x3-64-32-direct", NULL, build_conv, 3, 64, 32, "direct" },
  { "conv-3x3-64-32-shuffle", NULL, build_conv, 3, 64, 32, "shuffle" },
  { "conv-3x3-64-32-winograd-8", NULL, build_conv, 3, 64, 32, "winograd-8" },
  { "conv-3x3-64-32-winograd-16", NULL, build_conv, 3, 64, 32, "winograd-16" },
  { "conv-3x3-64-32-winograd-16x2", NULL, build_conv, 3, 64, 32, "winograd-16x2" },
  { "conv-3x3-64-32-winograd-32", NULL, build_conv, 3, 64, 32, "winograd-32" },
};

/* The measured node made into a result: pooled, full size, few channels. */
static void
finish_graph (OmniGraph *graph, OmniNode node)
{
  static const float black[3] = { 0.0F, 0.0F, 0.0F };
  OmniNode end = node;

  if (!omni_graph_node (graph, end)->pooled)
    end = omni_graph_set_max (graph, end);
  if (omni_graph_node (graph, end)->channels > 4)
    end = add_conv (graph, end, omni_graph_node (graph, end)->channels, 1, 1);
  if (omni_graph_node (graph, end)->level > 0)
    end = omni_graph_up_add (graph, omni_graph_constant (graph, 3, 0, black), end, 1.0F, OMNI_PYRAMID_BURT);
  omni_graph_set_output (graph, end);
}

static gboolean
fetch_cb (guint index, OmniPlanSource *source, gpointer user_data, GError **error)
{
  *source = (OmniPlanSource){ .pixels = user_data, .channels = 3, .store = OMNI_STORE_U8 };
  return TRUE;
}

/* The kernels read $OMNIFUSE_CONV while a plan is made and lowered. */
static void
set_variant (const char *variant)
{
  if (variant != NULL)
    g_setenv ("OMNIFUSE_CONV", variant, TRUE);
  else
    g_unsetenv ("OMNIFUSE_CONV");
}

/* Runs the plan once, then records it again with every step in a submission of its own. */
static gboolean
prepare (OmniPlan *plan, GError **error)
{
  const gsize pixels = (gsize)plan->params.width * plan->params.height;
  g_autofree guint8 *source = g_try_malloc_n (pixels, 3);
  g_autofree float *result = g_try_malloc_n (pixels, 4 * sizeof *result);
  const OmniPlanRun run = { .fetch = fetch_cb, .user_data = source, .result = result };
  OmniPlanStats stats;

  if (source == NULL || result == NULL)
  {
    g_set_error (error, OMNI_VK_ERROR, OMNI_VK_ERROR_OUT_OF_MEMORY,
                 "There is no memory for a picture of %u × %u px. Measure a smaller one.", plan->params.width,
                 plan->params.height);
    return FALSE;
  }

  for (gsize i = 0; i < 3 * pixels; i++)
    source[i] = (guint8)(i * 2654435761U >> 24);
  if (!omni_plan_run (plan, &run, &stats, error))
    return FALSE;

  if (plan->recorded)
    omni_plan_forget_recording (plan);
  plan->max_chunk_cost = 0.0;
  return omni_plan_record (plan, NULL, error);
}

static gboolean
is_measured (const Case *item, OmniNode node, const OmniStep *step)
{
  if (step->node != node)
    return FALSE;
  return item->shader != NULL ? strcmp (step->shader, item->shader) == 0 : strcmp (step->shader, "pack") != 0;
}

static double
cpu_ms (void)
{
  struct timespec spent;

  clock_gettime (CLOCK_PROCESS_CPUTIME_ID, &spent);
  return 1e3 * (double)spent.tv_sec + 1e-6 * (double)spent.tv_nsec;
}

/* One run of the measured steps, all in one submission: waiting for each piece would be timed too. */
static gboolean
time_steps (OmniPlan *plan, const Case *item, OmniNode node, double *ms, double *flop, double *bytes,
            GError **error)
{
  g_autoptr (GArray) commands = g_array_new (FALSE, FALSE, sizeof (VkCommandBuffer));

  *ms = *flop = *bytes = 0.0;
  for (guint b = 0; b < plan->blocks->len; b++)
  {
    const GArray *chunks = g_array_index (plan->blocks, OmniBlock, b).chunks;

    for (guint c = 0; c < chunks->len; c++)
    {
      const OmniChunk *chunk = &g_array_index (chunks, OmniChunk, c);
      const OmniStep *step = &g_array_index (plan->steps, OmniStep, chunk->first);

      if (!is_measured (item, node, step))
        continue;
      g_array_append_val (commands, chunk->commands);
      *flop += step->flop;
      *bytes += step->bytes;
    }
  }

  return omni_device_submit (plan->device, (const VkCommandBuffer *)(gpointer)commands->data, commands->len,
                             ms, error);
}

static int
compare_doubles (gconstpointer a, gconstpointer b)
{
  const double left = *(const double *)a;
  const double right = *(const double *)b;

  return left < right ? -1 : left > right ? 1 : 0;
}

static gboolean
measure (OmniPlan *plan, const Case *item, OmniNode node, OmniBenchRow *row, GError **error)
{
  const gboolean software = plan->device->info.type == OMNI_DEVICE_SOFTWARE;
  double ms[OMNI_BENCH_RUNS];
  double flop = 0.0, bytes = 0.0;

  for (guint i = 0; i < OMNI_BENCH_RUNS; i++)
  {
    const double before = cpu_ms ();

    if (!time_steps (plan, item, node, &ms[i], &flop, &bytes, error))
      return FALSE;

    const double spent = software ? cpu_ms () - before : 0.0;

    row->cpu_ms_min = i == 0 ? spent : MIN (row->cpu_ms_min, spent);
  }

  qsort (ms, OMNI_BENCH_RUNS, sizeof *ms, compare_doubles);
  g_strlcpy (row->name, item->name, sizeof row->name);
  row->ms_min = ms[0];
  row->ms_median = ms[OMNI_BENCH_RUNS / 2];
  row->ms_max = ms[OMNI_BENCH_RUNS - 1];
  row->gflops = flop / MAX (row->ms_median, 1e-6) / 1e6;
  row->gbytes_per_s = bytes / MAX (row->ms_median, 1e-6) / 1e6;
  return TRUE;
}

static gboolean
bench_case (OmniDevice *device, const Case *item, guint width, guint height, OmniBenchRow *row,
            GError **error)
{
  g_autoptr (OmniGraph) graph = omni_graph_new (item->name);
  const OmniNode node = item->build (graph, item);
  const OmniPlanParams params = {
    .n_sources = g_str_has_prefix (item->name, "set-") ? 3 : 1,
    .width = width,
    .height = height,
    .output = OMNI_STORE_F32,
    .source_pixel_bytes = 3,
  };

  finish_graph (graph, node);

  OmniPlan *plan = omni_plan_new (device, graph, &params, error);
  const gboolean done = plan != NULL && prepare (plan, error) && measure (plan, item, node, row, error);

  omni_plan_free (&plan);
  return done;
}

static gboolean
is_wanted (const OmniDevice *device, const Case *item, const char *kernel)
{
  const gboolean shared = item->variant != NULL && strcmp (item->variant, "direct") != 0;

  return (kernel == NULL || g_str_has_prefix (item->name, kernel)) && (!shared || device->info.has_shuffle);
}

static void
set_unknown_error (const char *kernel, GError **error)
{
  g_autoptr (GString) names = g_string_new (NULL);

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    g_string_append_printf (names, "%s%s", i > 0 ? ", " : "", cases[i].name);
  g_set_error (error, OMNI_VK_ERROR, OMNI_VK_ERROR_UNSUPPORTED,
               "There is no kernel named “%s”. Choose one of: %s.", kernel, names->str);
}

GArray *
omni_bench_kernels (OmniDevice *device, const char *kernel, guint width, guint height, GError **error)
{
  g_autofree char *variant = g_strdup (g_getenv ("OMNIFUSE_CONV"));
  g_autoptr (GArray) rows = g_array_new (FALSE, TRUE, sizeof (OmniBenchRow));
  gboolean matched = FALSE, done = TRUE;

  for (guint i = 0; i < G_N_ELEMENTS (cases) && done; i++)
  {
    OmniBenchRow row = { 0 };

    if (!is_wanted (device, &cases[i], kernel))
      continue;
    matched = TRUE;
    if (cases[i].variant != NULL)
      set_variant (cases[i].variant);
    done = bench_case (device, &cases[i], width, height, &row, error);
    set_variant (variant);
    if (done)
      g_array_append_val (rows, row);
  }

  if (done && !matched)
    set_unknown_error (kernel, error);
  return done && matched ? g_steal_pointer (&rows) : NULL;
}
