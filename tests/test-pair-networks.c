/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/models-fixture.h"

#include <glib/gstdio.h>
#include <math.h>
#include <string.h>

/* U2Fusion, PMGI and AE-Netv2 against their plain C references, and what is special about networks for pairs: which source
 * is the first, and what happens to more than two. */

static OmniDevice *device;

typedef struct
{
  guint n, width, height, channels;
} Size;

static const Size sizes[] = { { 2, 19, 13, 1 }, { 2, 16, 16, 3 }, { 2, 40, 9, 1 }, { 2, 3, 5, 3 },
                              { 2, 2, 2, 1 },   { 2, 1, 7, 1 },   { 3, 9, 8, 1 },  { 4, 6, 7, 3 } };

static double worst;

static void
assert_close (const float *result, const RefTensor *reference, double tolerance, const char *what)
{
  const gsize n = (gsize)reference->width * reference->height;
  double low = INFINITY, high = -INFINITY, error = 0;

  for (gsize i = 0; i < n * reference->channels; i++)
  {
    const double wanted = ref_plane (reference, (guint)(i % reference->channels))[i / reference->channels];

    low = fmin (low, wanted);
    high = fmax (high, wanted);
    error = fmax (error, fabs ((double)result[i] - wanted));
    g_assert_true (isfinite (result[i]));
  }
  error /= fmax (high - low, .1);
  worst = fmax (worst, error);
  if (error > tolerance)
  {
    g_test_message ("%s: relative error %g", what, error);
    g_test_fail ();
  }
}

static void
report_worst (void)
{
  g_test_message ("largest relative error %.2g", worst);
  worst = 0;
}

/* ---- References ---- */

typedef struct
{
  const char *model, *norm; /* PMGI */
  const OmniWeights *weights;
} Network;

static RefTensor *
run_reference (const Network *network, const RefTensor *a, const RefTensor *b)
{
  if (g_str_equal (network->model, "u2fusion"))
    return ref_u2fusion (a, b, network->weights);
  if (g_str_equal (network->model, "pmgi"))
    return ref_pmgi (a, b, network->weights, network->norm);
  return ref_aenetv2 (a, b, network->weights);
}

static double
mean_of (const RefTensor *x)
{
  double sum = 0;

  for (gsize i = 0; i < (gsize)x->width * x->height; i++)
    sum += x->v[i];
  return sum;
}

/* Pairs by brightness, more in list order. */
static RefTensor *
fuse_reference (const Network *network, RefTensor *const *luma, guint n)
{
  const gboolean turned = n == 2 && mean_of (luma[1]) > mean_of (luma[0]);
  RefTensor *x = run_reference (network, luma[turned], luma[!turned]);

  for (guint k = 2; k < n; k++)
  {
    g_autoptr (RefTensor) before = x;

    x = run_reference (network, before, luma[k]);
  }
  return x;
}

static RefTensor *
fuse_set (const Network *network, const FixtureSet *set)
{
  RefTensor *pictures[FIXTURE_MAX_SOURCES], *luma[FIXTURE_MAX_SOURCES], *fused;

  fixture_set_to_tensors (set, pictures);
  for (guint k = 0; k < set->n; k++)
    luma[k] = ref_luma (pictures[k]);
  fused = fuse_reference (network, luma, set->n);
  if (set->channels == 3)
  {
    g_autoptr (RefTensor) grey = fused;

    fused = ref_fuse_colour (pictures, set->n, grey);
  }
  ref_tensors_free (pictures, set->n);
  ref_tensors_free (luma, set->n);
  return fused;
}

static void
check_sizes (const Network *network, const OmniModelOptions *options, guint32 seed)
{
  for (guint s = 0; s < G_N_ELEMENTS (sizes); s++)
  {
    const Size *size = &sizes[s];
    g_autoptr (FixtureSet)
      set = fixture_set_new_scene (seed + s, size->n, size->width, size->height, size->channels);
    const FixtureFusion fusion = { .model = omni_model_find (network->model),
                                   .weights = network->weights,
                                   .options = options };
    g_autofree float *result = fixture_fuse (device, set, &fusion);
    g_autoptr (RefTensor) wanted = fuse_set (network, set);
    g_autofree char *what = g_strdup_printf ("%s %s, %u × %u × %u", network->model,
                                             network->norm != NULL ? network->norm : "", size->n, size->width,
                                             size->height);

    /* what colours add to the tolerance: see test-model-references.c */
    assert_close (result, wanted, size->channels == 3 ? 1e-4 : 1e-5, what);
  }
}

static OmniWeights *
make_weights (const char *model, guint32 seed, const char *key, const char *value, const char *padding)
{
  const char *const metadata[] = { "padding", padding, key, value, NULL };

  return fixture_random_weights_with (omni_model_find (model), seed, metadata);
}

static void
test_u2fusion (void)
{
  static const char *const paddings[] = { "reflect", "zero", "replicate" };

  for (guint p = 0; p < G_N_ELEMENTS (paddings); p++)
  {
    g_autoptr (OmniWeights) weights = make_weights ("u2fusion", p, NULL, NULL, paddings[p]);

    check_sizes (&(Network){ "u2fusion", NULL, weights }, NULL, p);
  }
  report_worst ();
}

static void
set_option (OmniModelOptions *options, const char *assignment)
{
  g_autoptr (GError) error = NULL;

  omni_model_options_set (options, assignment, &error);
  g_assert_no_error (error);
}

static void
test_pmgi (void)
{
  static const char *const norms[] = { "instance", "running", "none" };

  for (guint i = 0; i < G_N_ELEMENTS (norms); i++)
  {
    g_autoptr (OmniWeights) weights = make_weights ("pmgi", i, "norm", norms[i], "zero");
    g_autoptr (OmniModelOptions) options = omni_model_options_new (omni_model_find ("pmgi"));

    check_sizes (&(Network){ "pmgi", norms[i], weights }, NULL, i);
    if (i == 1)
    { /* the option overrides the file */
      set_option (options, "norm=instance");
      check_sizes (&(Network){ "pmgi", "instance", weights }, options, i);
    }
  }
  report_worst ();
}

static void
test_aenetv2 (void)
{
  static const struct
  {
    const char *variant;
    guint64 parameters;
  } variants[] = { { "gcb", 5378 },       { "regular", 41154 },    { "plusplus", 1537 },
                   { "separable", 9026 }, { "squeeze-gcb", 6434 }, { "m", 75954 } };
  const OmniModel *model = omni_model_find ("aenetv2");

  for (guint i = 0; i < G_N_ELEMENTS (variants); i++)
  {
    g_autoptr (OmniWeights) weights = make_weights ("aenetv2", i, "variant", variants[i].variant, "zero");
    g_autoptr (OmniModelOptions) options = omni_model_options_new (model);

    g_test_message ("%s", variants[i].variant);
    g_assert_cmpuint (omni_model_count_parameters (model, weights), ==, variants[i].parameters);
    check_sizes (&(Network){ "aenetv2", NULL, weights }, NULL, i);
    set_option (options, "collapse=no");
    check_sizes (&(Network){ "aenetv2", NULL, weights }, options, i);
  }
  for (guint i = 0; i < 2; i++) /* paddings that do not collapse */
  {
    g_autoptr (OmniWeights)
      weights = make_weights ("aenetv2", i, "variant", "gcb", i == 0 ? "reflect" : "replicate");

    check_sizes (&(Network){ "aenetv2", NULL, weights }, NULL, i);
  }
  report_worst ();
}

/* The collapsed layers against the layers themselves, edges and corners included. */
static void
test_collapse (void)
{
  static const Size shapes[] = { { 2, 1, 1, 1 }, { 2, 1, 6, 1 }, { 2, 7, 1, 1 },   { 2, 2, 2, 1 },
                                 { 2, 3, 4, 1 }, { 2, 5, 5, 1 }, { 2, 64, 33, 1 }, { 2, 37, 70, 1 } };
  const OmniModel *model = omni_model_find ("aenetv2");
  g_autoptr (OmniWeights) weights = make_weights ("aenetv2", 5, "variant", "gcb", "zero");
  g_autoptr (OmniModelOptions) options = omni_model_options_new (model);

  set_option (options, "collapse=no");
  for (guint s = 0; s < G_N_ELEMENTS (shapes); s++)
  {
    const Size *size = &shapes[s];
    g_autoptr (FixtureSet) set = fixture_set_new_scene (s, size->n, size->width, size->height, 1);
    FixtureFusion fusion = { .model = model, .weights = weights };
    g_autofree float *collapsed = fixture_fuse (device, set, &fusion), *layers = NULL, *tiled = NULL;
    g_autoptr (RefTensor) wanted = ref_tensor_new (1, size->width, size->height);

    fusion.tile_px = 16;
    tiled = fixture_fuse (device, set, &fusion);
    g_assert_cmpmem (tiled, fixture_set_n_samples (set) * sizeof (float), collapsed,
                     fixture_set_n_samples (set) * sizeof (float));
    fusion.options = options;
    layers = fixture_fuse (device, set, &fusion);
    for (gsize i = 0; i < fixture_set_n_samples (set); i++)
      wanted->v[i] = (double)layers[i];
    assert_close (collapsed, wanted, 2e-6, "collapsed");
  }
  report_worst ();
}

/* ---- Which is the first ---- */

static const char *const pair_models[] = { "u2fusion", "pmgi", "aenetv2" };

/* Roles decide, whatever is brighter and wherever they stand. */
static void
test_roles (void)
{
  static const struct
  {
    const char *model;
    OmniRole first, second;
    OmniTask task;
  } cases[] = {
    { "u2fusion", OMNI_ROLE_VISIBLE, OMNI_ROLE_INFRARED, OMNI_TASK_INFRARED },
    { "u2fusion", OMNI_ROLE_PET, OMNI_ROLE_MRI, OMNI_TASK_MEDICAL },
    { "pmgi", OMNI_ROLE_INFRARED, OMNI_ROLE_VISIBLE, OMNI_TASK_INFRARED },
    { "pmgi", OMNI_ROLE_SPECT, OMNI_ROLE_MRI, OMNI_TASK_MEDICAL },
    { "aenetv2", OMNI_ROLE_VISIBLE, OMNI_ROLE_INFRARED, OMNI_TASK_INFRARED },
  };

  for (guint c = 0; c < G_N_ELEMENTS (cases); c++)
    for (guint bright = 0; bright < 2; bright++)
    {
      g_autoptr (OmniWeights)
        weights = fixture_random_weights_with (omni_model_find (cases[c].model), c, NULL);
      g_autoptr (FixtureSet) set = fixture_set_new_scene (c, 2, 17, 11, 1);
      const Network network = { cases[c].model, "instance", weights };
      FixtureFusion fusion = { .model = omni_model_find (cases[c].model),
                               .weights = weights,
                               .task = cases[c].task,
                               .marks = { OMNI_ROLE_MARK (cases[c].first),
                                          OMNI_ROLE_MARK (cases[c].second) } };
      RefTensor *tensors[2];
      g_autoptr (RefTensor) wanted = NULL;
      g_autofree float *result = NULL, *turned = NULL;
      FixtureRun run;

      for (gsize i = 0; i < fixture_set_n_samples (set); i++)
        set->pixels[bright][i] = .5f + .5f * set->pixels[bright][i];
      fixture_set_to_tensors (set, tensors);
      wanted = run_reference (&network, tensors[0], tensors[1]);
      fixture_run_init (&run, device, set, &fusion);
      result = fixture_run (&run);
      run.order[0] = 1;
      run.order[1] = 0;
      turned = fixture_run (&run);
      fixture_run_clear (&run);
      assert_close (result, wanted, 1e-5, cases[c].model);
      g_assert_cmpmem (result, fixture_set_n_samples (set) * sizeof (float), turned,
                       fixture_set_n_samples (set) * sizeof (float));
      ref_tensors_free (tensors, 2);
    }
  report_worst ();
}

/* Two sources: no position is looked at. Three: folded, and the graph says so. */
static void
test_derived_order (void)
{
  for (guint m = 0; m < G_N_ELEMENTS (pair_models); m++)
    for (guint n = 2; n <= 3; n++)
    {
      const OmniModel *model = omni_model_find (pair_models[m]);
      g_autoptr (OmniWeights) weights = fixture_random_weights_with (model, m, NULL);
      const OmniModelContext context = {
        .n_sources = n, .width = 40, .height = 30, .range = 1, .weights = weights
      };
      g_autoptr (OmniGraph) graph = model->build (&context, NULL);

      g_assert_cmpint (omni_graph_is_order_invariant (graph), ==, n == 2);
    }
}

/* ---- What is made of the output ---- */

static void
test_scales (void)
{
  static const char *const scales[] = { "scale=plain", "scale=authors", "scale=stretch" };

  for (guint m = 0; m < 2; m++)
    for (guint i = 0; i < G_N_ELEMENTS (scales); i++)
    {
      const OmniModel *model = omni_model_find (pair_models[m]);
      g_autoptr (OmniWeights) weights = fixture_random_weights_with (model, m, NULL);
      g_autoptr (OmniModelOptions) options = omni_model_options_new (model);
      g_autoptr (FixtureSet) set = fixture_set_new_scene (m, 2, 45, 37, 1);
      FixtureFusion fusion = { .model = model, .weights = weights };
      g_autofree float *plain = fixture_fuse (device, set, &fusion), *scaled = NULL, *tiled = NULL;
      const gsize n = fixture_set_n_samples (set);
      float low = INFINITY, high = -INFINITY;

      set_option (options, scales[i]);
      fusion.options = options;
      scaled = fixture_fuse (device, set, &fusion);
      fusion.tile_px = 32;
      tiled = fixture_fuse (device, set, &fusion);
      g_assert_cmpmem (scaled, n * sizeof (float), tiled, n * sizeof (float));
      for (gsize k = 0; k < n; k++)
      {
        low = fminf (low, plain[k]);
        high = fmaxf (high, plain[k]);
      }
      for (gsize k = 0; k < n; k++)
        g_assert_cmpfloat_with_epsilon (scaled[k],
                                        i == 0   ? plain[k]
                                        : i == 1 ? plain[k] / high
                                                 : (plain[k] - low) / (high - low),
                                        1e-6f);
    }
}

/* Two passes and more over tiles give the bits of the whole picture. */
static void
test_statistics_in_tiles (void)
{
  const OmniModel *model = omni_model_find ("pmgi");
  g_autoptr (OmniWeights) weights = make_weights ("pmgi", 3, "norm", "instance", "zero");
  g_autoptr (FixtureSet) set = fixture_set_new_scene (3, 2, 150, 101, 3);
  FixtureFusion fusion = { .model = model, .weights = weights };
  g_autofree float *whole = fixture_fuse (device, set, &fusion);

  for (guint tile_px = 32; tile_px <= 128; tile_px *= 2)
  {
    FixtureRun run;
    g_autofree float *tiled = NULL;

    fusion.tile_px = tile_px;
    fixture_run_init (&run, device, set, &fusion);
    g_assert_cmpuint (omni_plan_get_tiles (run.plan), >, 1);
    tiled = fixture_run (&run);
    fixture_run_clear (&run);
    g_assert_cmpmem (whole, fixture_set_n_samples (set) * sizeof (float), tiled,
                     fixture_set_n_samples (set) * sizeof (float));
  }
}

/* ---- Pan-sharpening ---- */

static void
test_pan_pmgi (void)
{
  const OmniModel *model = omni_model_find ("pan-pmgi");

  for (guint bands = 4; bands <= 8; bands += 4)
    for (gboolean own = FALSE; own <= TRUE; own++)
    {
      g_autoptr (OmniWeights) weights = make_weights ("pan-pmgi", bands, "norm", "none", "zero");
      g_autoptr (FixtureSet) set = fixture_set_new_scene (bands, 2, 21, 14, bands);
      g_autoptr (OmniModelOptions) options = omni_model_options_new (model);
      const FixtureFusion fusion = { .model = model,
                                     .weights = weights,
                                     .options = options,
                                     .task = OMNI_TASK_PANSHARPEN,
                                     .bands = bands,
                                     .marks = { OMNI_ROLE_MARK (OMNI_ROLE_PANCHROMATIC),
                                                OMNI_ROLE_MARK (OMNI_ROLE_MULTISPECTRAL) } };
      RefTensor *tensors[2];
      g_autofree float *result = NULL;
      double white = 0;

      /* The panchromatic picture of the fixture has all the bands, alike. */
      for (gsize i = 0; i < fixture_set_n_samples (set); i++)
        set->pixels[0][i] = set->pixels[0][i - i % bands];
      for (gsize i = 0; i < 2 * fixture_set_n_samples (set); i++)
      {
        float *sample = &set->pixels[i % 2][i / 2];

        *sample *= .25f;
        white = fmax (white, (double)*sample);
      }
      set_option (options, own ? "level=own" : "level=display");
      result = fixture_fuse (device, set, &fusion);
      fixture_set_to_tensors (set, tensors);
      for (guint b = 0; b < bands; b++)
      {
        const gsize n = (gsize)set->width * set->height;
        g_autoptr (RefTensor) band = ref_tensor_new (1, set->width, set->height);
        g_autoptr (RefTensor) pan = ref_tensor_new (1, set->width, set->height);
        g_autoptr (RefTensor) wanted = NULL;
        g_autofree float *own_band = g_new (float, n);

        for (gsize i = 0; i < n; i++)
        {
          band->v[i] = ref_plane (tensors[1], b)[i] / (own ? white : 1);
          pan->v[i] = ref_plane (tensors[0], 0)[i] / (own ? white : 1);
          own_band[i] = result[i * bands + b];
        }
        wanted = ref_pmgi (band, pan, weights, "none");
        for (gsize i = 0; i < n; i++)
          wanted->v[i] *= own ? white : 1;
        assert_close (own_band, wanted, 1e-5, "band");
      }
      ref_tensors_free (tensors, 2);
    }
  report_worst ();
}

/* (transfer full) Of networks of one band each a file with all of them. */
static OmniWeights *
join_bands (OmniWeights *const *parts, guint n)
{
  const char *const metadata[] = { "architecture", "pmgi", "norm", "none", "padding", "zero", NULL };
  g_autoptr (GArray) specs = g_array_new (FALSE, FALSE, sizeof (OmniTensorSpec));
  g_autoptr (GPtrArray) values = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GBytes) bytes = NULL;

  for (guint b = 0; b < n; b++)
    for (guint i = 0; i < omni_weights_get_specs (parts[b])->len; i++)
    {
      const OmniTensorSpec *of_part = &g_array_index (omni_weights_get_specs (parts[b]), OmniTensorSpec, i);
      OmniTensorSpec spec = *of_part;

      g_snprintf (spec.name, sizeof spec.name, "band%u.%s", b + 1, of_part->name);
      g_array_append_val (specs, spec);
      g_ptr_array_add (values, omni_weights_dup_floats (parts[b], of_part->name, NULL));
    }
  bytes = omni_weights_write (specs, metadata, (const float *const *)values->pdata);
  return omni_weights_load_bytes (bytes, "bands", NULL);
}

/* Every band as by a file with its network alone, and no other number of bands. */
static void
test_pan_bands (void)
{
  enum
  {
    BANDS = 4
  };
  const OmniModel *model = omni_model_find ("pan-pmgi");
  OmniWeights *parts[BANDS];
  g_autoptr (OmniWeights) joint = NULL;
  g_autoptr (FixtureSet) set = fixture_set_new_scene (2, 2, 20, 13, BANDS);
  FixtureFusion fusion = { .model = model,
                           .task = OMNI_TASK_PANSHARPEN,
                           .bands = BANDS,
                           .marks = { OMNI_ROLE_MARK (OMNI_ROLE_PANCHROMATIC),
                                      OMNI_ROLE_MARK (OMNI_ROLE_MULTISPECTRAL) } };
  g_autofree float *result = NULL;
  g_autoptr (GError) error = NULL;

  for (guint b = 0; b < BANDS; b++)
    parts[b] = make_weights ("pan-pmgi", b, "norm", "none", "zero");
  joint = join_bands (parts, BANDS);
  fusion.weights = joint;
  result = fixture_fuse (device, set, &fusion);
  for (guint b = 0; b < BANDS; b++)
  {
    g_autofree float *alone = NULL;

    fusion.weights = parts[b];
    alone = fixture_fuse (device, set, &fusion);
    for (gsize i = b; i < fixture_set_n_samples (set); i += BANDS)
      g_assert_cmpfloat (result[i], ==, alone[i]);
    omni_weights_unref (parts[b]);
  }

  const OmniModelContext context = {
    .n_sources = 2, .width = 8, .height = 8, .range = 1, .bands = BANDS + 1, .weights = joint
  };
  g_assert_null (model->build (&context, &error));
  g_assert_error (error, OMNI_WEIGHTS_ERROR, OMNI_WEIGHTS_ERROR_ARCHITECTURE);
  g_assert_nonnull (strstr (error->message, "networks for 4 bands, but the picture has 5"));
}

/* ---- Weight files ---- */

static void
assert_refused (const char *model, const char *key, const char *value, const char *reason)
{
  g_autoptr (OmniWeights) weights = make_weights (model, 1, NULL, NULL, "zero");
  const GArray *specs = omni_weights_get_specs (weights);
  const char *const metadata[] = { "architecture", omni_model_find (model)->architecture, key, value, NULL };
  g_autoptr (GBytes) bytes = omni_weights_write (specs, metadata, NULL);
  g_autoptr (OmniWeights) wrong = omni_weights_load_bytes (bytes, "wrong", NULL);
  const OmniModelContext context = { .n_sources = 2, .width = 8, .height = 8, .range = 1, .weights = wrong };
  g_autoptr (GArray) list = g_array_new (FALSE, FALSE, sizeof (OmniTensorSpec));
  g_autoptr (GError) error = NULL;
  g_autoptr (OmniGraph) graph = NULL;

  if (omni_model_find (model)->list_tensors (wrong, list, &error))
    graph = omni_model_find (model)->build (&context, &error);
  g_assert_null (graph);
  g_assert_error (error, OMNI_WEIGHTS_ERROR, OMNI_WEIGHTS_ERROR_ARCHITECTURE);
  g_assert_nonnull (strstr (error->message, reason));
}

static void
test_misfits (void)
{
  assert_refused ("aenetv2", "variant", "huge", "variant “huge”");
  assert_refused ("pmgi", "norm", "batch", "normalisation “batch”");
  assert_refused ("u2fusion", "padding", "wrap", "padding “wrap”");
}

/* ---- The authors' own weights ---- */

typedef struct
{
  const char *model, *file, *norm;
} Official;

static const Official officials[] = {
  { "u2fusion", "U2Fusion/model.ckpt.index", NULL },
  { "pmgi", "PMGI/IR_VI/CGAN.model-1.index", "instance" },
  { "pmgi", "PMGI/Medical/CGAN.model-29.index", "instance" },
  { "pmgi", "PMGI/Multi-exp/CGAN.model-9.index", "instance" },
  { "pmgi", "PMGI/Multi-focus/CGAN.model-1.index", "running" },
};

/* (transfer full) Converted by `omnifuse-cli import`; NULL, and the test skipped, where that or the file is not there. */
static OmniWeights *
import_weights (const Official *official)
{
  g_autofree char *shared = fixture_shared_folder ();
  g_autofree char *path = shared != NULL ? g_build_filename (shared, "official", official->file, NULL) : NULL;
  const char *cli = g_getenv ("OMNIFUSE_CLI");
  g_autofree char *out = NULL;
  g_autoptr (GError) error = NULL;
  const char *help[] = { cli, "import", "--help", NULL };
  const char *argv[] = { cli, "import", path, "-o", NULL, NULL };
  OmniWeights *weights = NULL;
  int status = 1, fd;

  if (path == NULL || !g_file_test (path, G_FILE_TEST_EXISTS) || cli == NULL
      || !g_spawn_sync (NULL, (char **)help, NULL, G_SPAWN_STDOUT_TO_DEV_NULL | G_SPAWN_STDERR_TO_DEV_NULL,
                        NULL, NULL, NULL, NULL, &status, NULL)
      || status != 0)
  {
    g_test_skip ("the authors' weights or the import command are not here");
    return NULL;
  }
  fd = g_file_open_tmp ("omnifuse-XXXXXX.safetensors", &out, &error);
  g_assert_no_error (error);
  g_close (fd, NULL);
  g_unlink (out);
  argv[4] = out;
  g_spawn_sync (NULL, (char **)argv, NULL, G_SPAWN_STDOUT_TO_DEV_NULL, NULL, NULL, NULL, NULL, &status,
                &error);
  g_assert_no_error (error);
  g_assert_cmpint (status, ==, 0);
  weights = omni_model_load_weights (omni_model_find (official->model), out, &error);
  g_assert_no_error (error);
  g_unlink (out);
  return weights;
}

static void
test_official (gconstpointer data)
{
  const Official *official = data;
  const OmniModel *model = omni_model_find (official->model);
  g_autoptr (OmniWeights) weights = import_weights (official);
  g_autoptr (OmniModelOptions) options = omni_model_options_new (model);

  if (weights == NULL)
    return;
  if (official->norm != NULL)
  {
    g_autofree char *norm = g_strdup_printf ("norm=%s", official->norm);

    set_option (options, norm);
  }
  check_sizes (&(Network){ official->model, official->norm, weights }, options, 9);
  report_worst ();
}

int
main (int argc, char **argv)
{
  int status;

  g_test_init (&argc, &argv, NULL);
  device = fixture_open_device ();
  if (device == NULL)
    return 77;
  g_test_add_func ("/pairs/u2fusion", test_u2fusion);
  g_test_add_func ("/pairs/pmgi", test_pmgi);
  g_test_add_func ("/pairs/aenetv2", test_aenetv2);
  g_test_add_func ("/pairs/collapse", test_collapse);
  g_test_add_func ("/pairs/roles", test_roles);
  g_test_add_func ("/pairs/derived-order", test_derived_order);
  g_test_add_func ("/pairs/scales", test_scales);
  g_test_add_func ("/pairs/statistics-in-tiles", test_statistics_in_tiles);
  g_test_add_func ("/pairs/pan-pmgi", test_pan_pmgi);
  g_test_add_func ("/pairs/pan-bands", test_pan_bands);
  g_test_add_func ("/pairs/misfits", test_misfits);
  for (guint i = 0; i < G_N_ELEMENTS (officials); i++)
  {
    g_autofree char *folder = g_path_get_dirname (officials[i].file);
    g_autofree char *path = g_strdup_printf ("/pairs/official/%s", folder);

    g_test_add_data_func (path, &officials[i], test_official);
  }
  status = g_test_run ();
  omni_device_close (&device);
  return status;
}
