/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/harness.h"

#include <math.h>
#include <string.h>

static OmniDevice *device;
static double worst_seen; /* relative difference since the sweep began */

OmniDevice *
harness_device (void)
{
  g_autoptr (GError) error = NULL;

  if (device == NULL)
    device = omni_device_open (NULL, &error);
  g_assert_no_error (error);
  return device;
}

int
harness_main (int argc, char **argv, void (*add_tests) (void))
{
  g_test_init (&argc, &argv, NULL);
  add_tests ();

  const int result = g_test_run ();

  if (device != NULL)
    g_assert_cmpuint (omni_device_get_validation_messages (device), ==, 0);
  omni_device_close (&device);
  return result;
}

gboolean
harness_bits_agree (void)
{
  return omni_device_get_info (harness_device ())->type == OMNI_DEVICE_SOFTWARE;
}

OmniPlan *
harness_plan (OmniGraph *graph, const HarnessPictures *pictures, const HarnessOptions *options)
{
  const OmniPlanParams params = {
    .n_sources = pictures->n,
    .width = pictures->width,
    .height = pictures->height,
    .output = options->output,
    .tile_px = options->tile_px,
    .half = options->half,
    .range = options->range,
    .source_pixel_bytes = pictures->channels * (guint)omni_store_get_bytes (pictures->store),
    .format = { options->mixed ? 0 : pictures->channels, pictures->has_alpha, pictures->store },
  };
  OmniDevice *chosen = options->device != NULL ? options->device : harness_device ();
  g_autoptr (GError) error = NULL;

  if (options->schedule != NULL)
    g_setenv ("OMNIFUSE_PLAN", options->schedule, TRUE);

  OmniPlan *plan = omni_plan_new (chosen, graph, &params, &error);

  g_unsetenv ("OMNIFUSE_PLAN");
  g_assert_no_error (error);
  return plan;
}

gboolean
harness_fetch (guint index, OmniPlanSource *source, gpointer user_data, GError **error)
{
  const HarnessPictures *pictures = user_data;

  *source = (OmniPlanSource){ pictures->pixels[index], pictures->channels, pictures->has_alpha,
                              pictures->store, pictures->marks != NULL ? pictures->marks[index] : 0 };
  return TRUE;
}

gpointer
harness_run_raw (OmniGraph *graph, const HarnessPictures *pictures, const HarnessOptions *options)
{
  OmniPlan *plan = harness_plan (graph, pictures, options);
  const gsize samples = (gsize)pictures->width * pictures->height * omni_graph_get_output_channels (graph);
  const OmniPlanRun run = {
    .fetch = harness_fetch,
    .user_data = (gpointer)pictures,
    .result = g_malloc (samples * omni_store_get_bytes (options->output)),
  };
  g_autoptr (GError) error = NULL;
  OmniPlanStats stats;

  memset (run.result, 0xa5,
          samples * omni_store_get_bytes (options->output)); /* every sample must be written */
  omni_plan_run (plan, &run, &stats, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (stats.tiles_done, ==, omni_plan_get_tiles (plan));
  omni_plan_free (&plan);
  return run.result;
}

HarnessPictures *
harness_pictures_new (const TwinTensor *set)
{
  HarnessPictures *pictures = g_new0 (HarnessPictures, 1);

  *pictures = (HarnessPictures){
    set->n, set->w, set->h, set->c, FALSE, OMNI_STORE_F32, g_new0 (gconstpointer, set->n)
  };
  for (guint n = 0; n < set->n; n++)
  {
    float *pixels = g_new (float, (gsize)set->w * set->h * set->c);

    for (guint c = 0; c < set->c; c++)
      for (gsize i = 0; i < (gsize)set->w * set->h; i++)
        pixels[i * set->c + c] = twin_plane (set, n, c)[i];
    pictures->pixels[n] = pixels;
  }

  return pictures;
}

void
harness_pictures_free (HarnessPictures *pictures)
{
  for (guint n = 0; n < pictures->n; n++)
    g_free ((gpointer)pictures->pixels[n]);
  g_free (pictures->pixels);
  g_free (pictures);
}

TwinTensor *
harness_run (OmniGraph *graph, const TwinTensor *set, const HarnessOptions *options)
{
  g_autoptr (HarnessPictures) pictures = harness_pictures_new (set);
  HarnessOptions floats = *options;

  floats.output = OMNI_STORE_F32;

  g_autofree float *result = harness_run_raw (graph, pictures, &floats);
  TwinTensor *out = twin_new (1, omni_graph_get_output_channels (graph), set->h, set->w);

  for (guint c = 0; c < out->c; c++)
    for (gsize i = 0; i < (gsize)out->w * out->h; i++)
      twin_plane (out, 0, c)[i] = result[i * out->c + c];

  return out;
}

TwinTensor *
harness_random (guint n, guint c, guint h, guint w, float low, float high, guint32 seed)
{
  TwinTensor *set = twin_new (n, c, h, w);
  g_autoptr (GRand) rand = g_rand_new_with_seed (seed);

  for (gsize i = 0; i < twin_size (set); i++)
  {
    const float t = (float)g_rand_int_range (rand, 0, 1 << 24) / (float)(1 << 24);

    set->v[i] = low + (high - low) * t;
    if (g_rand_int_range (rand, 0, 16) == 0)
      set->v[i] = low + (high - low) * 0.5F * (float)g_rand_int_range (rand, 0, 3);
  }

  return set;
}

TwinTensor *
harness_reorder (const TwinTensor *set, const guint *order)
{
  TwinTensor *out = twin_new (set->n, set->c, set->h, set->w);
  const gsize slice = (gsize)set->c * set->h * set->w;

  for (guint n = 0; n < set->n; n++)
    memcpy (out->v + n * slice, set->v + order[n] * slice, slice * sizeof *out->v);

  return out;
}

gboolean
harness_next_order (guint *order, guint n)
{
  guint low = n - 1, high = n - 1;

  while (low > 0 && order[low - 1] > order[low])
    low--;
  if (low == 0)
    return FALSE;

  while (order[high] < order[low - 1])
    high--;

  const guint swapped = order[low - 1];

  order[low - 1] = order[high];
  order[high] = swapped;
  for (guint i = low, j = n - 1; i < j; i++, j--)
  {
    const guint kept = order[i];

    order[i] = order[j];
    order[j] = kept;
  }

  return TRUE;
}

static void
assert_shape (const TwinTensor *got, const TwinTensor *want)
{
  g_assert_cmpuint (got->n, ==, want->n);
  g_assert_cmpuint (got->c, ==, want->c);
  g_assert_cmpuint (got->h, ==, want->h);
  g_assert_cmpuint (got->w, ==, want->w);
}

static gboolean
agrees (float got, float want, double tolerance)
{
  if (memcmp (&got, &want, sizeof got) == 0 || (isnan (got) && isnan (want)))
    return TRUE;

  return tolerance > 0.0 && fabs ((double)got - want) <= tolerance * fmax (1.0, fabs (want));
}

static void
fail_at (const TwinTensor *got, const TwinTensor *want, gsize i, const char *what)
{
  const gsize x = i % want->w, y = i / want->w % want->h, c = i / want->w / want->h % want->c;

  g_error ("%s: channel %" G_GSIZE_FORMAT " at (%" G_GSIZE_FORMAT ", %" G_GSIZE_FORMAT
           ") is %.9g (%a) instead of %.9g (%a)",
           what, c, x, y, got->v[i], got->v[i], want->v[i], want->v[i]);
}

void
harness_assert_equal (const TwinTensor *got, const TwinTensor *want, double tolerance, const char *what)
{
  const double allowed = tolerance == 0.0 && !harness_bits_agree () ? 2e-6 : tolerance;
  double worst = 0.0;

  assert_shape (got, want);
  for (gsize i = 0; i < twin_size (got); i++)
  {
    if (!agrees (got->v[i], want->v[i], allowed))
      fail_at (got, want, i, what);
    if (isfinite (got->v[i]) && isfinite (want->v[i]))
      worst = fmax (worst, fabs ((double)got->v[i] - want->v[i]) / fmax (1.0, fabs (want->v[i])));
  }

  worst_seen = fmax (worst_seen, worst);
}

void
harness_assert_same (const TwinTensor *got, const TwinTensor *want, const char *what)
{
  assert_shape (got, want);
  for (gsize i = 0; i < twin_size (got); i++)
    if (memcmp (&got->v[i], &want->v[i], sizeof *got->v) != 0)
      fail_at (got, want, i, what);
}

static void
run_one (const HarnessSweep *sweep, const TwinTensor *set, const TwinTensor *want, guint tile_px,
         const char *schedule)
{
  const HarnessOptions options = {
    .tile_px = tile_px, .schedule = schedule, .half = sweep->half, .range = sweep->range
  };
  g_autofree char *what = g_strdup_printf ("%s, %u of %ux%u, tile %u, %s", omni_graph_get_name (sweep->graph),
                                           set->n, set->w, set->h, tile_px, schedule);
  g_autoptr (TwinTensor) got = harness_run (sweep->graph, set, &options);

  harness_assert_equal (got, want, sweep->tolerance, what);
}

void
harness_sweep (const HarnessSweep *sweep)
{
  static const guint sizes[][2] = { { 1, 1 }, { 2, 2 },   { 3, 5 },   { 4, 4 },
                                    { 7, 9 }, { 33, 17 }, { 64, 64 }, { 130, 67 } };
  const gboolean streams = omni_graph_can_stream (sweep->graph);
  const float high = sweep->low == sweep->high ? 1.0F : sweep->high;

  worst_seen = 0.0;
  for (guint s = 0; s < G_N_ELEMENTS (sizes); s++)
  {
    const guint w = sizes[s][0], h = sizes[s][1];
    const guint n = sweep->n != 0 ? sweep->n : 1 + s % 5;

    if (sweep->few && s != 2 && s != 5 && s != 7)
      continue;

    g_autoptr (TwinTensor) set = harness_random (n, sweep->channels, h, w, sweep->low, high, 100 + s);
    g_autoptr (TwinTensor) want = sweep->twin (set, sweep->data);

    run_one (sweep, set, want, 0, "resident");
    if (streams)
      run_one (sweep, set, want, 0, "streamed");
    if (w < 32)
      continue;
    run_one (sweep, set, want, w > 64 ? 32 : 16, "resident");
    if (streams)
      run_one (sweep, set, want, w > 64 ? 32 : 16, "streamed");
  }

  if (worst_seen > 0.0)
    g_test_message ("%s: worst difference %.3g of %.3g", omni_graph_get_name (sweep->graph), worst_seen,
                    sweep->tolerance);
  omni_graph_unref (sweep->graph);
}
