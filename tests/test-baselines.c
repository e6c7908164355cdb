/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/models-fixture.h"

#include <math.h>
#include <string.h>

/* The classical baselines against their plain C references, and what roles do. */

static OmniDevice *device;

static const guint ms = OMNI_ROLE_MARK (OMNI_ROLE_MULTISPECTRAL);
static const guint pan = OMNI_ROLE_MARK (OMNI_ROLE_PANCHROMATIC);

/* Largest difference, relative to the range of the reference or a tenth of the display range. Pixels that `doubtful`
 * (nullable) names do not count. */
static double
relative_error (const float *result, const RefTensor *reference, const guint8 *doubtful)
{
  const gsize n = (gsize)reference->width * reference->height * reference->channels;
  double low = INFINITY, high = -INFINITY, error = 0;

  for (gsize i = 0; i < n; i++)
  {
    const double wanted = ref_plane (reference, (guint)(i % reference->channels))[i / reference->channels];

    low = fmin (low, wanted);
    high = fmax (high, wanted);
    if (doubtful == NULL || !doubtful[i / reference->channels])
      error = isnan (result[i]) ? INFINITY : fmax (error, fabs ((double)result[i] - wanted));
  }
  return error / fmax (high - low, .1);
}

static void
assert_close (const float *result, const RefTensor *reference, const guint8 *doubtful, double tolerance,
              const char *what)
{
  const double error = relative_error (result, reference, doubtful);

  g_test_message ("%s: relative error %.2g", what, error);
  if (!(error <= tolerance))
    g_test_fail ();
}

static OmniModelOptions *
make_options (const OmniModel *model, const char *assignments)
{
  OmniModelOptions *options = omni_model_options_new (model);
  g_auto (GStrv) each = g_strsplit (assignments, " ", -1);

  for (guint i = 0; each[i] != NULL && each[i][0] != '\0'; i++)
    g_assert_true (omni_model_options_set (options, each[i], NULL));
  return options;
}

/* Values around the middle, `contrast` times as far from it. */
static FixtureSet *
make_scene (guint32 seed, guint n, guint width, guint height, guint channels, float contrast)
{
  FixtureSet *set = fixture_set_new_scene (seed, n, width, height, channels);

  for (guint k = 0; k < n; k++)
    for (gsize i = 0; i < fixture_set_n_samples (set); i++)
      set->pixels[k][i] = .5f + (set->pixels[k][i] - .5f) * contrast;
  return set;
}

typedef struct
{
  guint n, width, height, channels;
  float contrast;
  const char *options;
  RefGff gff;
  guint levels, radius; /* of the wavelet */
} Case;

static const Case gff_cases[] = {
  { 2, 133, 97, 1, 1, "", { 15, 45, 7, .3, 1e-6 } },
  { 3, 61, 45, 3, 1, "", { 15, 45, 7, .3, 1e-6 } },
  { 4, 47, 118, 3, 1, "r1=9 eps1=0.01 r2=3 eps2=0.0001 average=4", { 4, 9, 3, .01, 1e-4 } },
  { 2, 75, 51, 1, .02f, "", { 15, 45, 7, .3, 1e-6 } },
  { 5, 7, 3, 3, 1, "", { 15, 45, 7, .3, 1e-6 } },
  { 2, 1, 1, 1, 1, "", { 15, 45, 7, .3, 1e-6 } },
  { 1, 33, 20, 3, 1, "r1=1 r2=2 average=1", { 1, 1, 2, .3, 1e-6 } },
};

static const Case wavelet_cases[] = {
  { 2, 133, 97, 1, 1, "", { 0 }, 4, 2 },
  { 3, 61, 45, 3, 1, "levels=5", { 0 }, 5, 2 },
  { 4, 47, 70, 3, 1, "levels=2 radius=0", { 0 }, 2, 0 },
  { 5, 19, 23, 1, 1, "levels=3 radius=4", { 0 }, 3, 4 },
  { 2, 7, 3, 3, 1, "levels=7 radius=1", { 0 }, 7, 1 },
  { 3, 1, 1, 1, 1, "levels=2", { 0 }, 2, 2 },
  { 1, 33, 20, 3, 1, "levels=1", { 0 }, 1, 2 },
};

static void
check_case (const char *name, const Case *one, guint index)
{
  const OmniModel *model = omni_model_find (name);
  g_autoptr (OmniModelOptions) options = make_options (model, one->options);
  g_autoptr (FixtureSet)
    set = make_scene (index, one->n, one->width, one->height, one->channels, one->contrast);
  const FixtureFusion fusion = { .model = model, .options = options };
  g_autofree float *result = fixture_fuse (device, set, &fusion);
  g_autofree char *what = g_strdup_printf ("%s, %u × %u × %u × %u", name, one->n, one->width, one->height,
                                           one->channels);
  RefTensor *pictures[FIXTURE_MAX_SOURCES];

  fixture_set_to_tensors (set, pictures);

  const gsize n_pixels = (gsize)set->width * set->height;
  g_autofree guint8 *doubtful = g_new0 (guint8, n_pixels);
  g_autoptr (RefTensor) reference = g_str_equal (name, "gff")
                                      ? ref_gff (pictures, set->n, &one->gff)
                                      : ref_wavelet (pictures, set->n, one->levels, one->radius, doubtful);
  guint n_doubtful = 0;

  for (gsize i = 0; i < n_pixels; i++)
    n_doubtful += doubtful[i];
  assert_close (result, reference, doubtful, 1e-4, what);
  if (n_pixels > 100)
    g_assert_cmpuint (n_doubtful, <=, n_pixels / 100);
  ref_tensors_free (pictures, set->n);
}

static void
test_gff (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (gff_cases); i++)
    check_case ("gff", &gff_cases[i], i);
}

static void
test_wavelet (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (wavelet_cases); i++)
    check_case ("wavelet", &wavelet_cases[i], i);
}

/* Wherever two sources are equally salient both win: halves of two pictures that share the rest. */
static void
test_gff_ties (void)
{
  g_autoptr (FixtureSet) set = fixture_set_new_scene (3, 3, 90, 41, 1);
  RefTensor *pictures[FIXTURE_MAX_SOURCES];

  memcpy (set->pixels[2], set->pixels[0], fixture_set_n_samples (set) * sizeof (float));
  memcpy (set->pixels[1], set->pixels[0], fixture_set_n_samples (set) / 2 * sizeof (float));
  fixture_set_to_tensors (set, pictures);

  g_autofree float *result = fixture_fuse (device, set, &(FixtureFusion){ .model = omni_model_find ("gff") });
  g_autoptr (RefTensor) reference = ref_gff (pictures, 3, &gff_cases[0].gff);

  assert_close (result, reference, NULL, 1e-4, "ties");
  ref_tensors_free (pictures, 3);
}

/* ---- Pan-sharpening ---- */

/* Source 0 has the bands, source 1 the panchromatic picture in all its channels. */
static FixtureSet *
make_pair (guint32 seed, guint width, guint height, guint bands)
{
  FixtureSet *set = fixture_set_new_scene (seed, 2, width, height, bands);

  for (gsize i = 0; i < fixture_set_n_samples (set); i++)
    set->pixels[1][i] = set->pixels[1][i - i % bands];
  return set;
}

static RefTensor *
reference_of_pair (const char *name, const FixtureSet *set, guint levels, gboolean match)
{
  RefTensor *pictures[FIXTURE_MAX_SOURCES];
  g_autoptr (RefTensor) grey = ref_tensor_new (1, set->width, set->height);

  fixture_set_to_tensors (set, pictures);
  memcpy (grey->v, pictures[1]->v, sizeof (double) * set->width * set->height);

  RefTensor *reference = g_str_equal (name, "pan-gsa") ? ref_pan_gsa (pictures[0], grey, levels)
                                                       : ref_pan_ihs (pictures[0], grey, levels, match);

  ref_tensors_free (pictures, 2);
  return reference;
}

static void
check_pair (const char *name, const char *assignments, guint bands, guint width, guint height, float scale,
            guint levels, gboolean match)
{
  const OmniModel *model = omni_model_find (name);
  g_autoptr (OmniModelOptions) options = make_options (model, assignments);
  g_autoptr (FixtureSet) set = make_pair (bands, width, height, bands);
  g_autoptr (RefTensor) reference = reference_of_pair (name, set, levels, match);
  const FixtureFusion fusion = { .model = model,
                                 .options = options,
                                 .task = OMNI_TASK_PANSHARPEN,
                                 .bands = bands > 3 ? bands : 0,
                                 .marks = { ms, pan },
                                 .scale = scale };
  FixtureRun run;

  fixture_run_init (&run, device, set, &fusion);

  g_autofree float *result = fixture_run (&run);
  g_autofree char *what = g_strdup_printf ("%s of %u bands, %u × %u, %u levels", name, bands, width, height,
                                           levels);

  assert_close (result, reference, NULL, 2e-5, what);
  run.order[0] = 1;
  run.order[1] = 0;

  g_autofree float *turned = fixture_run (&run);

  g_assert_cmpmem (result, fixture_run_n_samples (&run) * sizeof *result, turned,
                   fixture_run_n_samples (&run) * sizeof *turned);
  fixture_run_clear (&run);
}

static void
test_pansharpen (gconstpointer data)
{
  const char *name = data;

  check_pair (name, "", 4, 97, 61, 4, 2, TRUE);
  check_pair (name, "", 8, 83, 130, 2, 1, TRUE);
  check_pair (name, "ratio=1", 3, 40, 33, 4, 0, TRUE);
  check_pair (name, "ratio=8", 5, 70, 71, 4, 3, TRUE);
  check_pair (name, "", 6, 64, 64, 0, 2, TRUE);
  check_pair (name, "", 4, 1, 1, 4, 2, TRUE);
  if (g_str_equal (name, "pan-ihs"))
    check_pair (name, "match=none", 4, 45, 31, 4, 2, FALSE);
}

/* A panchromatic picture that the bands explain adds nothing, however alike the bands are: two of these are the same. */
static void
test_gsa_explains (void)
{
  g_autoptr (FixtureSet) set = fixture_set_new_scene (8, 2, 52, 39, 5);

  for (gsize i = 0; i < fixture_set_n_samples (set); i += 5)
  {
    float *x = &set->pixels[0][i];

    x[3] = x[1];
    x[4] = .3f * x[0] + .7f * x[2];
    for (guint c = 0; c < 5; c++)
      set->pixels[1][i + c] = .1f + .2f * x[0] + .5f * x[1] + .15f * x[2];
  }

  const FixtureFusion fusion = {
    .model = omni_model_find ("pan-gsa"), .bands = 5, .marks = { ms, pan }, .scale = 4
  };
  g_autofree float *result = fixture_fuse (device, set, &fusion);
  float error = 0;

  for (gsize i = 0; i < fixture_set_n_samples (set); i++)
    error = fmaxf (error, fabsf (result[i] - set->pixels[0][i]));
  g_test_message ("largest change %.2g", (double)error);
  g_assert_cmpfloat (error, <=, 2e-5f);
}

/* ---- Overlays ---- */

typedef struct
{
  OmniRole roles[4];
  guint n;
  const char *options;
  float top[4], bottom[4]; /* weights of the sources in the two layers */
  float opacity;
  guint square_px; /* 0: opacity */
} Overlay;

static const Overlay overlays[] = {
  { { OMNI_ROLE_MRI, OMNI_ROLE_PET }, 2, "", { 0, 1 }, { 1, 0 }, .5f, 0 },
  { { OMNI_ROLE_PET, OMNI_ROLE_CT, OMNI_ROLE_SPECT },
    3,
    "opacity=0.25",
    { .5f, 0, .5f },
    { 0, 1, 0 },
    .25f,
    0 },
  { { OMNI_ROLE_SPECT, OMNI_ROLE_MRI, OMNI_ROLE_NONE, OMNI_ROLE_CT },
    4,
    "opacity=1",
    { 1, 0, 0, 0 },
    { 0, 1 / 3.f, 1 / 3.f, 1 / 3.f },
    1,
    0 },
  { { OMNI_ROLE_CT, OMNI_ROLE_MRI }, 2, "opacity=0.75", { 1, 0 }, { 0, 1 }, .75f, 0 },
  { { OMNI_ROLE_MRI, OMNI_ROLE_PET }, 2, "pattern=checkerboard tile=5", { 0, 1 }, { 1, 0 }, .5f, 5 },
  /* no two layers: the mean, whatever is asked for */
  { { OMNI_ROLE_NONE, OMNI_ROLE_NONE }, 2, "opacity=0.25", { .5f, .5f }, { .5f, .5f }, .5f, 0 },
  { { OMNI_ROLE_PET, OMNI_ROLE_SPECT }, 2, "pattern=checkerboard", { .5f, .5f }, { .5f, .5f }, .5f, 0 },
  { { OMNI_ROLE_MRI, OMNI_ROLE_NONE, OMNI_ROLE_MRI },
    3,
    "opacity=1",
    { 1 / 3.f, 1 / 3.f, 1 / 3.f },
    { 1 / 3.f, 1 / 3.f, 1 / 3.f },
    1,
    0 },
};

static void
assert_overlay (const Overlay *overlay, const FixtureSet *set, const float *result)
{
  for (gsize i = 0; i < fixture_set_n_samples (set); i++)
  {
    const guint x = (guint)(i / set->channels % set->width), y = (guint)(i / set->channels / set->width);
    double top = 0, bottom = 0, share = (double)overlay->opacity;

    for (guint k = 0; k < set->n; k++)
    {
      top += (double)overlay->top[k] * (double)set->pixels[k][i];
      bottom += (double)overlay->bottom[k] * (double)set->pixels[k][i];
    }
    if (overlay->square_px > 0)
      share = (x / overlay->square_px + y / overlay->square_px) % 2 == 0 ? 1 : 0;
    g_assert_cmpfloat_with_epsilon ((double)result[i], share * top + (1 - share) * bottom, 1e-6);
  }
}

/* The layers are where the roles say, in every order and tile of the same sources. */
static void
check_overlay (const Overlay *overlay, guint tile_px)
{
  const OmniModel *model = omni_model_find ("blend");
  g_autoptr (OmniModelOptions) options = make_options (model, overlay->options);
  g_autoptr (FixtureSet) set = fixture_set_new_scene (4, overlay->n, 37, 29, 3);
  FixtureFusion fusion = { .model = model, .options = options, .tile_px = tile_px };
  FixtureRun run;

  for (guint k = 0; k < overlay->n; k++)
    fusion.marks[k] = OMNI_ROLE_MARK (overlay->roles[k]);
  fixture_run_init (&run, device, set, &fusion);

  g_autofree float *first = fixture_run (&run);

  assert_overlay (overlay, set, first);
  while (fixture_next_order (run.order, set->n))
  {
    g_autofree float *other = fixture_run (&run);

    g_assert_cmpmem (first, fixture_run_n_samples (&run) * sizeof *first, other,
                     fixture_run_n_samples (&run) * sizeof *other);
  }
  fixture_run_clear (&run);
}

static void
test_overlay (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (overlays); i++)
    for (guint tile_px = 0; tile_px <= 16; tile_px += 16)
      check_overlay (&overlays[i], tile_px);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  device = fixture_open_device ();
  if (device == NULL)
    return 77;
  g_test_add_func ("/baselines/gff", test_gff);
  g_test_add_func ("/baselines/gff-ties", test_gff_ties);
  g_test_add_func ("/baselines/wavelet", test_wavelet);
  g_test_add_data_func ("/baselines/pan-gsa", "pan-gsa", test_pansharpen);
  g_test_add_data_func ("/baselines/pan-ihs", "pan-ihs", test_pansharpen);
  g_test_add_func ("/baselines/gsa-explains", test_gsa_explains);
  g_test_add_func ("/baselines/overlay", test_overlay);

  const int status = g_test_run ();

  omni_device_close (&device);
  return status;
}
