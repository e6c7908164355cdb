/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/models-fixture.h"

#include <glib/gstdio.h>
#include <math.h>
#include <string.h>

/* What every model promises, whatever it computes: the same bits for every order and every tile, a sane answer to insane
 * samples; and what the registry says about them. */

static OmniDevice *device;

static gboolean
needs_device (void)
{
  if (device == NULL)
    g_test_skip ("no Vulkan device");
  return device != NULL;
}

/* Few grey levels, a shared region and a repeated source, so that ties are everywhere. */
static FixtureSet *
make_ties (guint n, guint width, guint height, guint channels)
{
  FixtureSet *set = fixture_set_new_scene (n, n, width, height, channels);

  for (guint k = 0; k < n; k++)
    for (gsize i = 0; i < fixture_set_n_samples (set); i++)
    {
      const guint from = i / channels % width < width / 3 ? 0 : k;

      set->pixels[k][i] = roundf (set->pixels[from][i] * 12) / 12;
    }
  if (n > 3)
    memcpy (set->pixels[n - 1], set->pixels[0], fixture_set_n_samples (set) * sizeof (float));
  return set;
}

static gboolean
same_bits (const float *a, const float *b, gsize n)
{
  return memcmp (a, b, n * sizeof *a) == 0;
}

/* Runs every order of the set; returns how many gave other bits than the first. */
static guint
count_differing_orders (FixtureRun *run)
{
  g_autofree float *first = fixture_run (run);
  guint differing = 0;

  while (fixture_next_order (run->order, run->set->n))
  {
    g_autofree float *result = fixture_run (run);

    differing += !same_bits (first, result, fixture_run_n_samples (run));
  }
  return differing;
}

static guint
count_for (const OmniModel *model, const OmniWeights *weights, OmniTask task, guint n, guint channels,
           guint tile_px)
{
  /* 872 runs of a network take their time: just more than one tile for those. */
  g_autoptr (FixtureSet) set = weights != NULL ? make_ties (n, 18, 7, channels)
                                               : make_ties (n, 21, 18, channels);
  const FixtureFusion fusion = { .model = model, .weights = weights, .task = task, .tile_px = tile_px };
  FixtureRun run;
  guint differing;

  fixture_run_init (&run, device, set, &fusion);
  differing = count_differing_orders (&run);
  fixture_run_clear (&run);
  return differing;
}

/* The largest set whose every order is tried in tiles too: a run of many operations takes its time in small pieces. */
static guint
get_most_tiled (const OmniModel *model)
{
  return g_str_equal (model->name, "gff") || g_str_equal (model->name, "wavelet") ? 4 : 6;
}

/* Where two orders differ there is no need for hundreds; a network for pairs is run once less than there are sources. */
static guint
get_most_sources (const OmniModel *model)
{
  if (model->max_inputs > 0)
    return model->max_inputs;
  /* Its layers are computed beyond the border: of so small a picture that is five times as much. */
  if (g_str_equal (model->name, "ifani"))
    return 5;
  return omni_model_is_order_invariant (model) ? 6 : 3;
}

static void
test_orders (gconstpointer data)
{
  const OmniModel *model = data;
  g_autoptr (OmniWeights) weights = NULL;
  guint differing = 0;

  if (!needs_device ())
    return;
  weights = fixture_weights_for (model);
  for (guint n = 2; n <= get_most_sources (model); n++)
    for (guint tile_px = 0; tile_px <= (n <= get_most_tiled (model) ? 16 : 0); tile_px += 16)
      differing += count_for (model, weights, OMNI_TASK_AUTO, n, n % 2 == 0 ? 3 : 1, tile_px);

  g_test_message ("%u orders differ", differing);
  if (omni_model_is_order_invariant (model))
    g_assert_cmpuint (differing, ==, 0);
  else
    g_assert_cmpuint (differing, >, 0);
}

static void
test_reductions_of_ifcnn (gconstpointer reduce)
{
  const OmniModel *model = omni_model_find ("ifcnn");
  g_autoptr (OmniWeights) weights = NULL;

  if (!needs_device ())
    return;
  weights = fixture_random_weights (model, 3, FALSE, "replicate", reduce);
  for (guint tile_px = 0; tile_px <= 16; tile_px += 16)
    g_assert_cmpuint (count_for (model, weights, OMNI_TASK_AUTO, 4, 3, tile_px), ==, 0);
}

/* A graph that names a source must say so, and must differ. */
static void
test_picking_differs (void)
{
  g_autoptr (OmniGraph) graph = omni_graph_new ("first pair");
  const OmniNode picture = omni_graph_picture (graph, OMNI_PLANES_LUMA, 0);
  g_autoptr (FixtureSet) set = make_ties (3, 21, 18, 1);
  FixtureRun run;

  omni_graph_set_output (graph,
                         omni_graph_binary (graph, OMNI_BINARY_MAX, omni_graph_set_pick (graph, picture, 0),
                                            omni_graph_set_pick (graph, picture, 1)));
  g_assert_false (omni_graph_is_order_invariant (graph));
  if (!needs_device ())
    return;
  fixture_run_init_graph (&run, device, set, graph, &(FixtureFusion){ 0 });
  g_assert_cmpuint (count_differing_orders (&run), >, 0);
  fixture_run_clear (&run);
}

typedef struct
{
  guint n, width, height, channels;
} Size;

static void
check_tiles (const OmniModel *model, const OmniWeights *weights, OmniTask task, const Size *size)
{
  static const guint tiles[] = { 16, 24, 32 };
  g_autoptr (FixtureSet) set = fixture_set_new_scene (7, size->n, size->width, size->height, size->channels);
  FixtureFusion fusion = { .model = model, .weights = weights, .task = task };
  g_autofree float *whole = fixture_fuse (device, set, &fusion);
  const gsize n_samples = fixture_set_n_samples (set);

  for (guint i = 0; i < n_samples; i++)
    g_assert_true (isfinite (whole[i]));
  for (guint t = 0; t < G_N_ELEMENTS (tiles); t++)
  {
    g_autofree float *tiled = NULL;

    fusion.tile_px = tiles[t];
    tiled = fixture_fuse (device, set, &fusion);
    if (!same_bits (whole, tiled, n_samples))
    {
      g_test_message ("%u × %u × %u × %u: other bits with tiles of %u", size->n, size->width, size->height,
                      size->channels, tiles[t]);
      g_test_fail ();
    }
  }
}

static void
test_tiles (gconstpointer data)
{
  static const Size sizes[] = { { 3, 61, 45, 3 }, { 2, 33, 70, 1 }, { 1, 1, 1, 1 },  { 2, 1, 37, 3 },
                                { 3, 40, 1, 1 },  { 2, 2, 3, 3 },   { 2, 17, 16, 3 } };
  const OmniModel *model = data;
  g_autoptr (OmniWeights) weights = NULL;

  if (!needs_device ())
    return;
  weights = fixture_weights_for (model);
  for (guint s = 0; s < G_N_ELEMENTS (sizes); s++)
    if (sizes[s].n >= model->min_inputs && (model->max_inputs == 0 || sizes[s].n <= model->max_inputs))
      check_tiles (model, weights, OMNI_TASK_AUTO, &sizes[s]);
}

/* Omni blends focus stacks in a way of their own (spatial-levels), when it is told that they are. */
static void
test_focus_of_omni (void)
{
  static const Size sizes[] = { { 3, 61, 45, 3 }, { 2, 33, 70, 1 }, { 2, 1, 37, 3 } };
  const OmniModel *model = omni_model_find ("omni");
  g_autoptr (OmniWeights) weights = NULL;

  if (!needs_device ())
    return;
  weights = fixture_weights_for (model);
  g_assert_nonnull (omni_weights_get_metadata (weights, "spatial-levels"));
  for (guint tile_px = 0; tile_px <= 16; tile_px += 16)
    g_assert_cmpuint (count_for (model, weights, OMNI_TASK_FOCUS, 4, 3, tile_px), ==, 0);
  for (guint s = 0; s < G_N_ELEMENTS (sizes); s++)
    check_tiles (model, weights, OMNI_TASK_FOCUS, &sizes[s]);
}

static FixtureSet *
make_evil (guint n, guint channels)
{
  static const guint32 evil[] = { 0x7fc00000, 0xffc00000, 0x7f800000, 0xff800000,
                                  0x80000000, 0x477fe000, 0x00000001 };
  FixtureSet *set = fixture_set_new_scene (11, n, 19, 17, channels);

  for (guint k = 0; k < n; k++)
    for (guint i = 0; i < G_N_ELEMENTS (evil) * 9; i++)
      memcpy (&set->pixels[k][(i * 37 + k * 5) % fixture_set_n_samples (set)], &evil[i % G_N_ELEMENTS (evil)],
              4);
  return set;
}

/* NaN, ±∞, −0, denormals: finite answers, the same in every order. */
static void
test_evil_samples (gconstpointer data)
{
  const OmniModel *model = data;
  g_autoptr (OmniWeights) weights = NULL;

  if (!needs_device ())
    return;
  weights = fixture_weights_for (model);
  for (guint channels = 1; channels <= 3; channels += 2)
  {
    g_autoptr (FixtureSet) set = make_evil (3, channels);
    const FixtureFusion fusion = { .model = model, .weights = weights, .range = 65536 };
    g_autofree float *result = NULL;
    FixtureRun run;

    fixture_run_init (&run, device, set, &fusion);
    result = fixture_run (&run);
    for (gsize i = 0; i < fixture_set_n_samples (set); i++)
      g_assert_true (isfinite (result[i]));
    if (omni_model_is_order_invariant (model))
      g_assert_cmpuint (count_differing_orders (&run), ==, 0);
    fixture_run_clear (&run);
  }
}

/* The methods that put sources together band by band or pixel by pixel give back what all sources agree on. */
static void
test_identical_sources (void)
{
  static const char *const names[] = { "mean",    "max",   "laplacian", "mertens",   "gff",
                                       "wavelet", "blend", "omni",      "omni-small" };

  if (!needs_device ())
    return;
  for (guint m = 0; m < G_N_ELEMENTS (names); m++)
    for (guint n = 1; n <= 5; n++)
    {
      g_autoptr (FixtureSet) set = fixture_set_new_scene (n, n, 45, 32, n % 2 == 0 ? 1 : 3);
      g_autoptr (OmniWeights) weights = fixture_weights_for (omni_model_find (names[m]));
      const FixtureFusion fusion = { .model = omni_model_find (names[m]),
                                     .weights = weights,
                                     .task = n % 2 == 0 ? OMNI_TASK_AUTO : OMNI_TASK_FOCUS };
      g_autofree float *result = NULL;
      float error = 0;

      for (gsize i = 0; i < fixture_set_n_samples (set); i++)
        set->pixels[0][i] = roundf (set->pixels[0][i] * 65535) / 65535;
      for (guint k = 1; k < n; k++)
        memcpy (set->pixels[k], set->pixels[0], fixture_set_n_samples (set) * sizeof (float));
      result = fixture_fuse (device, set, &fusion);
      for (gsize i = 0; i < fixture_set_n_samples (set); i++)
      {
        error = fmaxf (error, fabsf (result[i] - set->pixels[0][i]));
        /* the same sample in a file of 16 bits */
        g_assert_cmpfloat (floorf (result[i] * 65535 + .5f), ==, roundf (set->pixels[0][i] * 65535));
      }
      g_test_message ("%s of %u: %.2g", names[m], n, (double)error);
      g_assert_cmpfloat (error, <=, 1e-6);
    }
}

static float *
fuse_with_headroom (const FixtureSet *set, const char *headroom, float range)
{
  const OmniModel *model = omni_model_find ("omni");
  g_autoptr (OmniWeights) weights = fixture_weights_for (model);
  g_autoptr (OmniModelOptions) options = omni_model_options_new (model);
  g_autofree char *assignment = g_strconcat ("headroom=", headroom, NULL);
  g_autoptr (GError) error = NULL;

  omni_model_options_set (options, assignment, &error);
  g_assert_no_error (error);
  return fixture_fuse (
    device, set,
    &(FixtureFusion){
      .model = model, .weights = weights, .options = options, .task = OMNI_TASK_MEDICAL, .range = range });
}

/* Bone with the other's pattern upon it on the left, black on the right: what was beyond white comes down and nothing else changes,
 * unless samples beyond white are to be kept. */
static void
test_headroom (void)
{
  if (!needs_device ())
    return;

  const guint width = 160, height = 64;
  g_autoptr (FixtureSet) set = fixture_set_new (2, width, height, 1);
  guint n_before = 0, n_after = 0;

  for (guint i = 0; i < width * height; i++)
  {
    const guint x = i % width, y = i / width;

    set->pixels[0][i] = x < 64 ? 1 : 0;
    set->pixels[1][i] = x >= 64 ? 0 : (x / 8 + y / 8) % 2 == 0 ? .02f : .2f;
  }

  g_autofree float *before = fuse_with_headroom (set, "0", 1);
  g_autofree float *after = fuse_with_headroom (set, "2", 1);
  g_autofree float *kept = fuse_with_headroom (set, "2", 2);
  g_autofree float *plain = fuse_with_headroom (set, "0", 2);

  for (guint i = 0; i < width * height; i++)
  {
    n_before += before[i] > 1;
    n_after += after[i] > 1;
    g_assert_cmpfloat (after[i], <=, before[i]);
    if (i % width >= 96)
      g_assert_cmpfloat (after[i], ==, before[i]);
  }
  g_test_message ("%u samples beyond white, %u with headroom", n_before, n_after);
  g_assert_cmpuint (n_before, >, 500);
  g_assert_cmpuint (n_after, <, n_before * 2 / 3);
  g_assert_cmpmem (kept, width * height * sizeof (float), plain, width * height * sizeof (float));
}

/* Every channel of a multispectral picture by itself. */
static void
test_bands (void)
{
  if (!needs_device ())
    return;
  for (guint bands = 4; bands <= 8; bands++)
  {
    g_autoptr (FixtureSet) set = fixture_set_new_scene (bands, 3, 13, 9, bands);
    g_autofree float *mean = fixture_fuse (
      device, set, &(FixtureFusion){ .model = omni_model_find ("mean"), .bands = bands });
    g_autofree float *max = fixture_fuse (
      device, set, &(FixtureFusion){ .model = omni_model_find ("max"), .bands = bands });

    for (gsize i = 0; i < fixture_set_n_samples (set); i++)
    {
      const float a = set->pixels[0][i], b = set->pixels[1][i], c = set->pixels[2][i];

      g_assert_cmpfloat (max[i], ==, fmaxf (a, fmaxf (b, c)));
      g_assert_cmpfloat_with_epsilon (mean[i], (a + b + c) / 3, 1e-6f);
    }
  }
}

/* The colour of the brightest source, never a mixture. */
static void
test_max_keeps_pixels_whole (void)
{
  g_autoptr (FixtureSet) set = fixture_set_new_scene (5, 4, 23, 11, 3);
  g_autofree float *result = NULL;

  if (!needs_device ())
    return;
  result = fixture_fuse (device, set, &(FixtureFusion){ .model = omni_model_find ("max") });
  for (gsize i = 0; i < fixture_set_n_samples (set); i += 3)
  {
    guint best = 0;
    float best_luma = -1;

    for (guint k = 0; k < 4; k++)
    {
      const float *p = &set->pixels[k][i];
      const float luma = .299f * p[0] + .587f * p[1] + .114f * p[2];

      if (luma > best_luma)
      {
        best_luma = luma;
        best = k;
      }
    }
    g_assert_cmpmem (&result[i], 12, &set->pixels[best][i], 12);
  }
}

/* Grey stored as R = G = B has a chroma of rounding errors, which must not be taken for colour. */
static void
test_grey_stays_grey (void)
{
  if (!needs_device ())
    return;
  for (const OmniModel *const *model = omni_models_list (); *model != NULL; model++)
  {
    g_autoptr (OmniWeights) weights = fixture_weights_for (*model);
    g_autoptr (FixtureSet) set = fixture_set_new_scene (9, 3, 31, 22, 3);
    g_autofree float *result = NULL;
    float spread = 0;

    for (guint k = 0; k < 3; k++)
      for (gsize i = 0; i < fixture_set_n_samples (set); i++)
        set->pixels[k][i] = set->pixels[k][i - i % 3];
    result = fixture_fuse (device, set, &(FixtureFusion){ .model = *model, .weights = weights, .range = 16 });
    for (gsize i = 0; i < fixture_set_n_samples (set); i++)
      spread = fmaxf (spread, fabsf (result[i] - result[i - i % 3]));
    g_test_message ("%s: %.2g", (*model)->name, (double)spread);
    g_assert_cmpfloat (spread, <=, 1e-5);
  }
}

static OmniGraph *
build (const char *name, const OmniWeights *weights, gboolean colour)
{
  const OmniModelContext context = {
    .n_sources = 3, .width = 640, .height = 480, .colour = colour, .range = 1, .weights = weights
  };
  g_autoptr (GError) error = NULL;
  OmniGraph *graph = omni_model_find (name)->build (&context, &error);

  g_assert_no_error (error);
  return graph;
}

static void
test_derived_facts (void)
{
  static const char *const streaming[] = { "mertens", "laplacian", "mean",  "max",
                                           "gff",     "wavelet",   "blend", "omni" };
  static const char *const by_position[] = { "running-mean", "u2fusion", "pmgi", "aenetv2", NULL };

  for (const OmniModel *const *model = omni_models_list (); *model != NULL; model++)
    g_assert_cmpint (omni_model_is_order_invariant (*model), ==,
                     !g_strv_contains (by_position, (*model)->name));
  g_assert_cmpuint (omni_model_get_receptive_field_px (omni_model_find ("ifani")), ==, 27);
  g_assert_cmpuint (omni_model_get_receptive_field_px (omni_model_find ("ifcnn")), ==, 11);
  g_assert_cmpuint (omni_model_get_receptive_field_px (omni_model_find ("u2fusion")), ==, 21);
  g_assert_cmpuint (omni_model_get_receptive_field_px (omni_model_find ("pmgi")), ==, 11);
  g_assert_cmpuint (omni_model_get_receptive_field_px (omni_model_find ("aenetv2")), ==, 7);
  g_assert_cmpuint (omni_model_get_receptive_field_px (omni_model_find ("pan-pmgi")), ==, 11);
  g_assert_cmpuint (omni_model_get_receptive_field_px (omni_model_find ("mean")), ==, 1);
  g_assert_cmpuint (omni_model_get_receptive_field_px (omni_model_find ("max")), ==, 1);
  for (guint i = 0; i < G_N_ELEMENTS (streaming); i++)
    for (guint colour = 0; colour < 2; colour++)
    {
      g_autoptr (OmniWeights) weights = fixture_weights_for (omni_model_find (streaming[i]));
      g_autoptr (OmniGraph) graph = build (streaming[i], weights, colour);

      g_assert_true (omni_graph_can_stream (graph));
      g_assert_cmpuint (omni_graph_get_output_channels (graph), ==, colour ? 3 : 1);
    }
}

static void
test_parameter_counts (void)
{
  const OmniModel *ifani = omni_model_find ("ifani"), *ifcnn = omni_model_find ("ifcnn");
  g_autoptr (OmniWeights) shipped = fixture_weights_for (ifani);
  g_autoptr (OmniWeights) normalised = fixture_random_weights (ifani, 1, TRUE, "zero", NULL);
  g_autoptr (OmniWeights) small = fixture_weights_for (ifcnn);
  g_autoptr (OmniWeights) u2fusion = fixture_weights_for (omni_model_find ("u2fusion"));
  g_autoptr (OmniWeights) pmgi = fixture_weights_for (omni_model_find ("pmgi"));
  g_autoptr (OmniWeights) aenetv2 = fixture_weights_for (omni_model_find ("aenetv2"));

  g_autoptr (OmniWeights) own = fixture_weights_for (omni_model_find ("omni"));
  g_autoptr (OmniWeights) own_small = fixture_weights_for (omni_model_find ("omni-small"));

  g_assert_cmpuint (omni_model_count_parameters (omni_model_find ("omni"), own), ==, 54344);
  g_assert_cmpuint (omni_model_count_parameters (omni_model_find ("omni-small"), own_small), ==, 14216);
  g_assert_cmpuint (omni_model_count_parameters (ifani, shipped), ==, 212929);
  g_assert_cmpuint (omni_model_count_parameters (ifani, normalised), ==, 213281);
  g_assert_cmpuint (omni_model_count_parameters (ifcnn, small), ==, 83587);
  g_assert_cmpuint (omni_model_count_parameters (omni_model_find ("u2fusion"), u2fusion), ==, 659217);
  g_assert_cmpuint (omni_model_count_parameters (omni_model_find ("pmgi"), pmgi), ==, 41633 + 2 * 12 * 16);
  g_assert_cmpuint (omni_model_count_parameters (omni_model_find ("aenetv2"), aenetv2), ==, 5378);
  g_assert_cmpuint (omni_model_count_parameters (omni_model_find ("mean"), NULL), ==, 0);
}

/* Writes weights to a file and loads them as `model`'s; the error must contain `reason`, or there must be none. */
static void
assert_load (const OmniModel *model, const GArray *specs, const char *const *metadata, const char *reason)
{
  g_autoptr (GBytes) bytes = omni_weights_write (specs, metadata, NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (OmniWeights) weights = NULL;
  g_autofree char *path = NULL;
  const int fd = g_file_open_tmp ("omnifuse-XXXXXX.safetensors", &path, NULL);
  gsize n;
  const char *data = g_bytes_get_data (bytes, &n);

  g_assert_true (g_file_set_contents (path, data, (gssize)n, NULL));
  weights = omni_model_load_weights (model, path, &error);
  if (reason == NULL)
    g_assert_no_error (error);
  else
  {
    g_assert_error (error, OMNI_WEIGHTS_ERROR, OMNI_WEIGHTS_ERROR_ARCHITECTURE);
    g_assert_nonnull (strstr (error->message, reason));
    g_assert_nonnull (strstr (error->message, path));
  }
  g_close (fd, NULL);
  g_unlink (path);
}

static void
test_misfits (void)
{
  const OmniModel *ifani = omni_model_find ("ifani"), *ifcnn = omni_model_find ("ifcnn");
  const char *const right[] = { "architecture", "ifani", NULL };
  const char *const wrong[] = { "architecture", "ifcnn", NULL };
  const char *const padded[] = { "architecture", "ifani", "padding", "wrap", NULL };
  const char *const answered[] = { "architecture", "ifani", "known_answer", "1, 2, three", NULL };
  const char *const reduced[] = { "architecture", "ifcnn", "reduce", "auto", NULL };
  const char *const coloured[] = { "architecture", "ifcnn", "colour", "grey", NULL };
  g_autoptr (GArray) specs = g_array_new (FALSE, FALSE, sizeof (OmniTensorSpec));
  g_autoptr (GArray) small = g_array_new (FALSE, FALSE, sizeof (OmniTensorSpec));

  g_assert_true (ifani->list_tensors (NULL, specs, NULL));
  g_assert_true (ifcnn->list_tensors (NULL, small, NULL));
  assert_load (ifani, specs, right, NULL);
  assert_load (ifani, specs, wrong, "holds weights for “ifcnn”");
  assert_load (ifani, specs, NULL, "does not say which network");
  assert_load (ifani, specs, padded, "padding “wrap”");
  assert_load (ifani, specs, answered, "known_answer");
  assert_load (ifani, small, right, "lacks the tensor “fb1.weight”");
  assert_load (ifcnn, small, reduced, "reduction “auto”");
  assert_load (ifcnn, small, coloured, "the colours “grey”");
  /* one tensor of the normalised variant makes it that variant, of which much is missing */
  g_strlcpy (g_array_index (specs, OmniTensorSpec, 1).name, "fb1.bn.bias", 64);
  assert_load (ifani, specs, right, "lacks the tensor “fb1.bn.");
  g_array_remove_index (specs, 1);
  assert_load (ifani, specs, right, "lacks the tensor “fb1.bias”");
}

static void
test_missing_weights (void)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *path = omni_model_get_weights_path (omni_model_find ("ifani"));

  g_assert_null (omni_model_load_weights (omni_model_find ("mean"), NULL, &error));
  g_assert_no_error (error);
  g_assert_true (g_file_test (path, G_FILE_TEST_IS_REGULAR));

  g_setenv ("OMNIFUSE_DATADIR", "/nonexistent", TRUE);
  g_assert_null (omni_model_load_weights (omni_model_find ("ifani"), NULL, &error));
  g_assert_error (error, OMNI_WEIGHTS_ERROR, OMNI_WEIGHTS_ERROR_NONE);
  g_assert_nonnull (strstr (error->message, "ifani has no weights yet"));
  g_assert_nonnull (strstr (error->message, "/nonexistent/weights/ifani.safetensors"));
  g_clear_error (&error);
  g_assert_null (omni_model_load_task_weights (omni_model_find ("pmgi"), OMNI_TASK_FOCUS, NULL, &error));
  g_unsetenv ("OMNIFUSE_DATADIR");
  g_assert_error (error, OMNI_WEIGHTS_ERROR, OMNI_WEIGHTS_ERROR_NONE);
  g_assert_nonnull (strstr (error->message, "no weights yet for the task “focus”"));
}

/* Every file that ships loads, is what was recorded, is not large, and says whose it is. */
static void
test_shipped_weights (void)
{
  const OmniModel *const *list = omni_models_list ();
  guint n = 0;

  for (guint i = 0; list[i] != NULL; i++)
    for (guint task = 0; list[i]->architecture != NULL && task < OMNI_N_TASKS; task++)
    {
      g_autofree char *path = omni_model_get_task_weights_path (list[i], task);
      g_autoptr (GError) error = NULL;
      g_autoptr (OmniWeights) weights = NULL;
      g_autofree char *contents = NULL;
      gsize size;

      if ((task != OMNI_TASK_AUTO && (list[i]->tasks & (1u << task)) == 0) || path == NULL
          || !g_file_test (path, G_FILE_TEST_EXISTS))
        continue;
      weights = omni_model_load_task_weights (list[i], task, NULL, &error);
      g_assert_no_error (error);
      g_assert_cmpstr (omni_weights_get_sha256 (weights), ==, omni_model_get_recorded_sha256 (path));
      g_assert_nonnull (omni_weights_get_metadata (weights, "licence"));
      g_assert_nonnull (omni_weights_get_metadata (weights, "provenance"));
      g_assert_true (g_file_get_contents (path, &contents, &size, NULL));
      g_assert_cmpuint (size, <=, 2000000);
      n++;
    }
  g_assert_cmpuint (n, >=, 3);
}

static void
assert_not_shipped (const OmniModel *model, const char *reason)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (omni_model_load_weights (model, NULL, &error));
  g_assert_error (error, OMNI_WEIGHTS_ERROR, OMNI_WEIGHTS_ERROR_HASH);
  g_assert_nonnull (strstr (error->message, reason));
  g_assert_nonnull (strstr (error->message, "--weights"));
}

/* One bit that flipped, or a file cut off, would fuse badly and say nothing. By name the same file is used. */
static void
test_damaged_weights (void)
{
  const OmniModel *model = omni_model_find ("omni-small");
  g_autofree char *shipped = omni_model_get_weights_path (model);
  g_autofree char *folder = g_dir_make_tmp ("omnifuse-models-XXXXXX", NULL);
  g_autofree char *inside = g_build_filename (folder, "weights", NULL);
  g_autofree char *path = g_build_filename (inside, "omni-small.safetensors", NULL);
  g_autofree char *contents = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (OmniWeights) sound = NULL, by_name = NULL;
  gsize size;

  g_assert_true (g_file_get_contents (shipped, &contents, &size, NULL));
  g_assert_cmpint (g_mkdir (inside, 0700), ==, 0);
  g_assert_true (g_file_set_contents (path, contents, (gssize)size, NULL));
  g_setenv ("OMNIFUSE_DATADIR", folder, TRUE);
  sound = omni_model_load_weights (model, NULL, &error);
  g_assert_no_error (error);

  contents[size - 1000] ^= 1;
  g_assert_true (g_file_set_contents (path, contents, (gssize)size, NULL));
  assert_not_shipped (model, "is not the file that ships");
  by_name = omni_model_load_weights (model, path, &error);
  g_assert_no_error (error);
  g_assert_true (g_file_set_contents (path, contents, (gssize)size - 4, NULL));
  assert_not_shipped (model, "is not the file that ships");
  g_unsetenv ("OMNIFUSE_DATADIR");

  g_assert_null (omni_model_get_recorded_sha256 ("weights/somebody's.safetensors"));
  g_unlink (path);
  g_rmdir (inside);
  g_rmdir (folder);
}

static void
assert_refused (OmniModelOptions *options, const char *assignment, const char *reason)
{
  g_autoptr (GError) error = NULL;

  g_assert_false (omni_model_options_set (options, assignment, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT);
  g_assert_nonnull (strstr (error->message, reason));
}

static void
test_options (void)
{
  g_autoptr (OmniModelOptions) numbers = omni_model_options_new (omni_model_find ("mertens"));
  g_autoptr (OmniModelOptions) choices = omni_model_options_new (omni_model_find ("ifcnn"));
  g_autoptr (OmniModelOptions) whole = omni_model_options_new (omni_model_find ("laplacian"));
  g_autoptr (OmniModelOptions) none = omni_model_options_new (omni_model_find ("max"));
  g_autofree char *before = omni_model_options_to_string (numbers), *after = NULL;

  g_assert_cmpstr (before, ==, "");
  g_assert_cmpfloat (omni_model_options_get_number (numbers, "sigma"), ==, .2);
  g_assert_true (omni_model_options_set (numbers, "sigma=0.25", NULL));
  g_assert_true (omni_model_options_set (numbers, "contrast=1e0", NULL));
  g_assert_true (omni_model_options_set (numbers, "saturation=2", NULL));
  after = omni_model_options_to_string (numbers);
  g_assert_cmpstr (after, ==, "saturation=2 sigma=0.25");
  g_assert_cmpfloat (omni_model_options_get_number (numbers, "sigma"), ==, .25);

  assert_refused (numbers, "sigma", "KEY=VALUE with one of: contrast, saturation, exposedness, sigma");
  assert_refused (numbers, "=1", "KEY=VALUE");
  assert_refused (numbers, "sigm=1", "KEY=VALUE");
  assert_refused (numbers, "sigma=", "number from 0.01 to 10");
  assert_refused (numbers, "sigma=0", "number from 0.01 to 10");
  assert_refused (numbers, "sigma=11", "number from 0.01 to 10");
  assert_refused (numbers, "sigma=nan", "number from 0.01 to 10");
  assert_refused (numbers, "sigma=inf", "number from 0.01 to 10");
  assert_refused (numbers, "sigma= 1", "number from 0.01 to 10");
  assert_refused (numbers, "sigma=1x", "number from 0.01 to 10");
  assert_refused (numbers, "sigma=0,2", "number from 0.01 to 10");
  assert_refused (whole, "radius=1.5", "whole number from 0 to 15");
  assert_refused (none, "radius=1", "the model max has no options");

  g_assert_cmpstr (omni_model_options_get_string (choices, "reduce"), ==, "auto");
  g_assert_true (omni_model_options_set (choices, "reduce=sum", NULL));
  g_assert_cmpstr (omni_model_options_get_string (choices, "reduce"), ==, "sum");
  assert_refused (choices, "reduce=min", "choose one of: auto, max, mean, sum");
}

static void
test_registry (void)
{
  guint n = 0;
  OmniTask task;

  for (const OmniModel *const *model = omni_models_list (); *model != NULL; model++, n++)
  {
    g_assert_true (omni_model_find ((*model)->name) == *model);
    g_assert_cmpuint ((*model)->min_inputs, >=, 1);
    g_assert_cmpuint ((*model)->tasks, !=, 0);
    g_assert_cmpuint ((*model)->tasks & (1u << OMNI_TASK_AUTO), ==, 0);
    g_assert_nonnull ((*model)->title);
    g_assert_nonnull ((*model)->summary);
    for (const OmniModelOption *option = (*model)->options; option != NULL && option->key != NULL; option++)
    {
      g_assert_nonnull (option->title);
      g_assert_nonnull (option->summary);
      for (guint i = 0; option->choices != NULL && option->choices[i] != NULL; i++)
        g_assert_true (g_ascii_isdigit (option->choices[i][0])
                       || omni_model_option_get_choice_title (option->choices[i]) != NULL);
    }
    g_assert_nonnull ((*model)->citation);
    g_assert_cmpint ((*model)->architecture != NULL, ==, (*model)->list_tensors != NULL);
  }
  g_assert_cmpuint (n, ==, 18);
  g_assert_null (omni_model_find ("none"));
  for (guint i = 0; i < OMNI_N_TASKS; i++)
  {
    g_assert_true (omni_task_from_string (omni_task_to_string ((OmniTask)i), &task));
    g_assert_cmpuint (task, ==, i);
  }
  g_assert_false (omni_task_from_string ("Focus", &task));
}

static void
add_for_every_model (const char *name, GTestDataFunc function)
{
  for (const OmniModel *const *model = omni_models_list (); *model != NULL; model++)
  {
    g_autofree char *path = g_strdup_printf ("/models/%s/%s", name, (*model)->name);

    g_test_add_data_func (path, *model, function);
  }
}

int
main (int argc, char **argv)
{
  int status;

  g_test_init (&argc, &argv, NULL);
  device = fixture_open_device ();
  g_test_add_func ("/models/registry", test_registry);
  g_test_add_func ("/models/options", test_options);
  g_test_add_func ("/models/derived-facts", test_derived_facts);
  g_test_add_func ("/models/parameter-counts", test_parameter_counts);
  g_test_add_func ("/models/misfits", test_misfits);
  g_test_add_func ("/models/missing-weights", test_missing_weights);
  g_test_add_func ("/models/picking-differs", test_picking_differs);
  add_for_every_model ("orders", test_orders);
  g_test_add_func ("/models/shipped-weights", test_shipped_weights);
  g_test_add_func ("/models/damaged-weights", test_damaged_weights);
  g_test_add_data_func ("/models/orders-of-ifcnn/mean", "mean", test_reductions_of_ifcnn);
  g_test_add_data_func ("/models/orders-of-ifcnn/sum", "sum", test_reductions_of_ifcnn);
  g_test_add_func ("/models/focus-of-omni", test_focus_of_omni);
  add_for_every_model ("tiles", test_tiles);
  add_for_every_model ("evil-samples", test_evil_samples);
  g_test_add_func ("/models/identical-sources", test_identical_sources);
  g_test_add_func ("/models/headroom", test_headroom);
  g_test_add_func ("/models/bands", test_bands);
  g_test_add_func ("/models/grey-stays-grey", test_grey_stays_grey);
  g_test_add_func ("/models/max-keeps-pixels-whole", test_max_keeps_pixels_whole);
  status = g_test_run ();
  omni_device_close (&device);
  return status;
}
