/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/models-fixture.h"

#include <math.h>
#include <string.h>

/* A network at several sizes: what it computes against plain C, the same bits in every order and tile, and who asks for it. */

static OmniDevice *device;

/* `assignments`: key=value with spaces between, or NULL for the defaults. */
static OmniModelOptions *
make_options (const char *assignments)
{
  OmniModelOptions *options = omni_model_options_new (omni_model_find ("ifani"));
  g_auto (GStrv) each = g_strsplit (assignments != NULL ? assignments : "", " ", 0);
  g_autoptr (GError) error = NULL;

  for (guint i = 0; each[i] != NULL; i++)
  {
    omni_model_options_set (options, each[i], &error);
    g_assert_no_error (error);
  }
  return options;
}

static OmniWeights *
make_weights (const char *scales)
{
  const char *const metadata[] = { "padding", "zero", scales != NULL ? "scales" : NULL, scales, NULL };

  return fixture_random_weights_with (omni_model_find ("ifani"), 5, metadata);
}

typedef struct
{
  guint n, width, height, asked, scales; /* that there are: none beyond a single pixel */
  guint headroom;
} Case;

static const Case cases[] = { { 2, 37, 29, 1, 1, 1 }, { 3, 37, 29, 2, 2, 0 }, { 2, 41, 50, 4, 4, 0 },
                              { 4, 9, 33, 9, 5, 0 },  { 1, 21, 20, 3, 3, 0 }, { 2, 1, 40, 5, 1, 0 },
                              { 2, 37, 29, 2, 2, 1 }, { 3, 70, 75, 7, 7, 2 } };

static double
get_error (const float *result, const RefTensor *wanted)
{
  double low = INFINITY, high = -INFINITY, error = 0;

  for (gsize i = 0; i < (gsize)wanted->width * wanted->height; i++)
  {
    low = fmin (low, wanted->v[i]);
    high = fmax (high, wanted->v[i]);
    error = fmax (error, fabs ((double)result[i] - wanted->v[i]));
    g_assert_true (isfinite (result[i]));
  }
  return error / fmax (high - low, .1);
}

static void
test_reference (void)
{
  g_autoptr (OmniWeights) weights = make_weights (NULL);
  double worst = 0;

  for (guint c = 0; c < G_N_ELEMENTS (cases); c++)
  {
    const Case *one = &cases[c];
    g_autoptr (FixtureSet) set = fixture_set_new_scene (c, one->n, one->width, one->height, 1);
    g_autofree char *asked = g_strdup_printf ("scales=%u headroom=%u", one->asked, one->headroom);
    g_autoptr (OmniModelOptions) options = make_options (asked);
    RefTensor *pictures[FIXTURE_MAX_SOURCES];
    g_autoptr (RefTensor) wanted = NULL;
    g_autofree float *result = fixture_fuse (
      device, set,
      &(FixtureFusion){ .model = omni_model_find ("ifani"), .weights = weights, .options = options });

    fixture_set_to_tensors (set, pictures);
    wanted = ref_ifani_at_scales (pictures, one->n, weights, one->scales);
    if (one->scales > 1)
      ref_give_headroom (wanted, MIN (one->scales, 5), one->headroom);
    worst = fmax (worst, get_error (result, wanted));
    ref_tensors_free (pictures, one->n);
  }
  g_test_message ("largest relative error %.2g", worst);
  g_assert_cmpfloat (worst, <=, 1e-5);
}

static gboolean
same_bits (const float *a, const float *b, gsize n)
{
  return memcmp (a, b, n * sizeof *a) == 0;
}

/* Tiles are multiples of four pixels of the coarsest level: 16 and 32 px of these. */
static void
test_tiles (gconstpointer assignments)
{
  static const guint tiles[] = { 32, 64, 96 };
  g_autoptr (OmniWeights) weights = make_weights (NULL);
  g_autoptr (OmniModelOptions) options = make_options (assignments);

  for (guint channels = 1; channels <= 3; channels += 2)
  {
    g_autoptr (FixtureSet) set = fixture_set_new_scene (3, 2, 133, 109, channels);
    FixtureFusion fusion = { .model = omni_model_find ("ifani"), .weights = weights, .options = options };
    g_autofree float *whole = fixture_fuse (device, set, &fusion);

    for (guint t = 0; t < G_N_ELEMENTS (tiles); t++)
    {
      g_autofree float *tiled = NULL;

      fusion.tile_px = tiles[t];
      tiled = fixture_fuse (device, set, &fusion);
      g_assert_true (same_bits (whole, tiled, fixture_set_n_samples (set)));
    }
  }
}

static void
test_orders (void)
{
  static const guint orders[][4] = { { 3, 2, 1, 0 }, { 1, 0, 3, 2 }, { 2, 3, 0, 1 }, { 1, 2, 3, 0 } };
  g_autoptr (OmniWeights) weights = make_weights (NULL);
  g_autoptr (OmniModelOptions) options = make_options ("scales=3");
  g_autoptr (FixtureSet) set = fixture_set_new_scene (4, 4, 45, 38, 3);
  const FixtureFusion fusion = {
    .model = omni_model_find ("ifani"), .weights = weights, .options = options, .tile_px = 24
  };
  g_autofree float *first = NULL;
  FixtureRun run;

  fixture_run_init (&run, device, set, &fusion);
  first = fixture_run (&run);
  for (guint i = 0; i < G_N_ELEMENTS (orders); i++)
  {
    g_autofree float *again = NULL;

    memcpy (run.order, orders[i], sizeof orders[i]);
    again = fixture_run (&run);
    g_assert_true (same_bits (first, again, fixture_run_n_samples (&run)));
  }
  fixture_run_clear (&run);
}

/* The scene by these weights and the options of make_options(). */
static float *
fuse (const FixtureSet *set, const OmniWeights *weights, OmniTask task, const char *assignment)
{
  g_autoptr (OmniModelOptions) options = make_options (assignment);

  return fixture_fuse (
    device, set,
    &(FixtureFusion){
      .model = omni_model_find ("ifani"), .weights = weights, .options = options, .task = task });
}

#define REACH_PX 14

static void
test_asked_by_weights (void)
{
  g_autoptr (FixtureSet) set = fixture_set_new_scene (6, 2, 90, 81, 1);
  const gsize n = fixture_set_n_samples (set);
  g_autoptr (OmniWeights) silent = make_weights (NULL), asking = make_weights ("auto");
  const OmniTask task = OMNI_TASK_EXPOSURE;
  g_autofree float *once = fuse (set, silent, task, "scales=1"),
                   *twice = fuse (set, silent, task, "scales=2"), *unasked = fuse (set, silent, task, NULL),
                   *asked = fuse (set, asking, task, NULL), *said = fuse (set, asking, task, "scales=1"),
                   *like_authors = fuse (set, asking, task, "like=authors"),
                   *focus = fuse (set, asking, OMNI_TASK_FOCUS, NULL),
                   *focus_once = fuse (set, silent, OMNI_TASK_FOCUS, "scales=1");

  g_assert_false (same_bits (once, twice, n));
  g_assert_true (same_bits (unasked, once, n));
  g_assert_true (same_bits (asked, twice, n)); /* 81 px, 40, and 20 would be less than the network sees */
  g_assert_true (same_bits (like_authors, once, n));
  g_assert_true (same_bits (said, once, n));
  /* Coarser sizes cost 2 dB there. Only the border is another one, as far in as 27 pixels reach. */
  g_assert_false (same_bits (focus, focus_once, n));
  for (guint y = REACH_PX; y < 81 - REACH_PX; y++)
    for (guint x = REACH_PX; x < 90 - REACH_PX; x++)
      g_assert_cmpfloat_with_epsilon (focus[y * 90 + x], focus_once[y * 90 + x], 1e-5f);
}

/* What is above white gives way, unless samples above it are wanted. */
static void
test_headroom (void)
{
  static const char *const assignments[] = { "scales=3 headroom=0", "scales=3 headroom=2" };
  g_autoptr (FixtureSet) set = fixture_set_new_scene (6, 2, 61, 50, 1);
  g_autoptr (OmniWeights) weights = make_weights (NULL);
  const gsize n = fixture_set_n_samples (set);
  float *results[2][2]; /* by range, by strength */

  for (guint range = 0; range < 2; range++)
    for (guint i = 0; i < 2; i++)
    {
      g_autoptr (OmniModelOptions) options = make_options (assignments[i]);

      results[range][i] = fixture_fuse (device, set,
                                        &(FixtureFusion){ .model = omni_model_find ("ifani"),
                                                          .weights = weights,
                                                          .options = options,
                                                          .range = range == 0 ? 1 : 2 });
    }
  g_assert_false (same_bits (results[0][0], results[0][1], n));
  g_assert_true (same_bits (results[1][0], results[1][1], n));
  for (gsize i = 0; i < n; i++)
    g_assert_cmpfloat (results[0][1][i], <=, results[0][0][i]);
  for (guint i = 0; i < 4; i++)
    g_free (results[i / 2][i % 2]);
}

/* Black stays black at the border, and no light comes in there that no source has: the shipped weights, where two pictures are
 * black along their borders and one of them has a bright middle. */
static void
test_border (void)
{
  g_autoptr (OmniWeights) weights = fixture_weights_for (omni_model_find ("ifani"));
  g_autoptr (FixtureSet) set = fixture_set_new_scene (6, 2, 180, 170, 1);
  g_autofree float *result = NULL;

  for (guint k = 0; k < 2; k++)
    for (guint i = 0; i < 180 * 170; i++)
    {
      const int x = (int)(i % 180) - 90, y = (int)(i / 180) - 85;

      if (x * x + y * y > 60 * 60)
        set->pixels[k][i] = 0;
    }
  result = fuse (set, weights, OMNI_TASK_MEDICAL, NULL);
  for (guint i = 0; i < 180 * 170; i++)
    if (i % 180 < 4 || i % 180 >= 176 || i / 180 < 4 || i / 180 >= 166)
      g_assert_cmpfloat (fabsf (result[i]), <=, 12 / 255.F);
}

/* Of a focus stack no place is darker or brighter than all sources; what is between them is left alone. */
static void
test_focus_bounds (void)
{
  g_autoptr (OmniWeights) weights = make_weights (NULL);
  g_autoptr (FixtureSet) set = fixture_set_new_scene (3, 3, 61, 50, 1);
  g_autofree float *free = fuse (set, weights, OMNI_TASK_FOCUS, "like=authors"),
                   *bound = fuse (set, weights, OMNI_TASK_FOCUS, NULL),
                   *other = fuse (set, weights, OMNI_TASK_EXPOSURE, "scales=1");
  guint n_held = 0;

  for (guint i = 0; i < 61 * 50; i++)
  {
    float low = INFINITY, high = -INFINITY;

    for (guint k = 0; k < 3; k++)
    {
      low = fminf (low, set->pixels[k][i]);
      high = fmaxf (high, set->pixels[k][i]);
    }
    g_assert_cmpfloat (bound[i], ==, fminf (fmaxf (free[i], low), high));
    n_held += bound[i] != free[i];
  }
  g_assert_cmpuint (n_held, >, 0);
  g_assert_true (same_bits (free, other, 61 * 50)); /* exposures may go beyond */
}

static void
test_unknown (void)
{
  g_autoptr (OmniWeights) weights = make_weights ("many");
  const OmniModelContext context = {
    .n_sources = 2, .width = 90, .height = 81, .range = 1, .weights = weights
  };
  g_autoptr (GError) error = NULL;

  g_assert_null (omni_model_find ("ifani")->build (&context, &error));
  g_assert_error (error, OMNI_WEIGHTS_ERROR, OMNI_WEIGHTS_ERROR_ARCHITECTURE);
  g_assert_nonnull (strstr (error->message, "many"));
}

static guint
get_field_px (const OmniWeights *weights, guint width, guint height)
{
  const OmniModelContext context = {
    .n_sources = 2, .width = width, .height = height, .range = 1, .weights = weights
  };
  g_autoptr (GError) error = NULL;
  g_autoptr (OmniGraph) graph = omni_model_find ("ifani")->build (&context, &error);

  g_assert_no_error (error);
  return omni_graph_get_receptive_field_px (graph);
}

/* The larger a picture, the more sizes; the smallest one's network sees 27 of its pixels. */
static void
test_large (void)
{
  g_autoptr (OmniWeights) weights = make_weights ("auto");

  g_assert_cmpuint (get_field_px (weights, 70, 60), ==, 27);
  g_assert_cmpuint (get_field_px (weights, 1200, 800), >, 27 * 16);
  g_assert_cmpuint (get_field_px (weights, 1200, 800), <, 27 * 32);
  g_assert_cmpuint (get_field_px (weights, 6000, 4000), >, 27 * 64);
}

/* What ships asks for them: the reason for all of this. */
static void
test_shipped (void)
{
  g_autoptr (OmniWeights) weights = fixture_weights_for (omni_model_find ("ifani"));

  g_assert_cmpstr (omni_weights_get_metadata (weights, "scales"), ==, "auto");
}

int
main (int argc, char **argv)
{
  int status;

  g_test_init (&argc, &argv, NULL);
  device = fixture_open_device ();
  if (device == NULL)
    return 77;
  g_test_add_func ("/scales/reference", test_reference);
  g_test_add_data_func ("/scales/tiles", "scales=3 headroom=0", test_tiles);
  g_test_add_data_func ("/scales/tiles-with-headroom", "scales=3 headroom=2", test_tiles);
  g_test_add_func ("/scales/orders", test_orders);
  g_test_add_func ("/scales/asked-by-weights", test_asked_by_weights);
  g_test_add_func ("/scales/headroom", test_headroom);
  g_test_add_func ("/scales/border", test_border);
  g_test_add_func ("/scales/focus-bounds", test_focus_bounds);
  g_test_add_func ("/scales/unknown", test_unknown);
  g_test_add_func ("/scales/large", test_large);
  g_test_add_func ("/scales/shipped", test_shipped);
  status = g_test_run ();
  omni_device_close (&device);
  return status;
}
