/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/fusion/engine.h"
#include "app/picture/resample.h"
#include "tests/models-fixture.h"

#include <float.h>
#include <math.h>
#include <string.h>

/* U2Fusion and PMGI with like=authors against what their authors' scripts do, in double precision and whole numbers: the
 * same 8-bit levels, but for what falls to the next one by rounding. */

static OmniDevice *device;

#define SIDE_X 36
#define SIDE_Y 28
#define PIXELS (SIDE_X * SIDE_Y)

/* A scene as an 8-bit file has it. */
static FixtureSet *
make_scene (guint32 seed, guint channels)
{
  FixtureSet *set = fixture_set_new_scene (seed, 2, SIDE_X, SIDE_Y, channels);

  for (guint k = 0; k < set->n; k++)
    for (gsize i = 0; i < fixture_set_n_samples (set); i++)
      set->pixels[k][i] = roundf (255 * set->pixels[k][i]) / 255;
  return set;
}

static void
make_grey (FixtureSet *set, guint k)
{
  for (gsize i = 0; i < fixture_set_n_samples (set); i++)
    set->pixels[k][i] = set->pixels[k][i - i % set->channels];
}

/* scipy.misc.bytescale: half up. */
static int
to_level (double x)
{
  return (int)floor (CLAMP (255 * x, 0, 255) + .5);
}

static OmniModelOptions *
make_options (const OmniModel *model, const char *more)
{
  OmniModelOptions *options = omni_model_options_new (model);

  g_assert_true (omni_model_options_set (options, "like=authors", NULL));
  g_assert_true (more == NULL || omni_model_options_set (options, more, NULL));
  return options;
}

/* `white`: of the result; `most`: how far a level may be off. */
static void
assert_levels (const float *result, const int *wanted, gsize n, double white, int most, const char *what)
{
  gsize off = 0;

  for (gsize i = 0; i < n; i++)
  {
    const int level = to_level ((double)result[i] / white);

    off += level != wanted[i];
    if (abs (level - wanted[i]) > most)
      g_error ("%s: sample %" G_GSIZE_FORMAT " is %d, not %d", what, i, level, wanted[i]);
  }
  g_test_message ("%s: %" G_GSIZE_FORMAT " of %" G_GSIZE_FORMAT " levels differ", what, off, n);
  g_assert_cmpuint (off * 200, <=, n);
}

static void
find_extremes (const double *x, gsize n, double *low, double *high)
{
  *low = INFINITY;
  *high = -INFINITY;
  for (gsize i = 0; i < n; i++)
  {
    *low = fmin (*low, x[i]);
    *high = fmax (*high, x[i]);
  }
}

/* ---- U2Fusion ---- */

typedef struct
{
  double y, cb, cr;
} Ycbcr;

static Ycbcr
to_ycbcr (const FixtureSet *set, guint k, gsize i)
{
  const float *p = set->pixels[k] + set->channels * i;
  const double r = (double)p[0], g = (double)p[set->channels == 3], b = (double)p[set->channels - 1];

  return (Ycbcr){ .299 * r + .587 * g + .114 * b, -.1687 * r - .3313 * g + .5 * b + 128 / 255.,
                  .5 * r - .4187 * g - .0813 * b + 128 / 255. };
}

static RefTensor *
make_luminance (const FixtureSet *set, guint k)
{
  RefTensor *luma = ref_tensor_new (1, set->width, set->height);

  for (gsize i = 0; i < PIXELS; i++)
    luma->v[i] = to_ycbcr (set, k, i).y;
  return luma;
}

/* Three channels where `coloured`, else one. */
static void
u2fusion_script (const FixtureSet *set, guint first, const OmniWeights *weights, gboolean coloured,
                 double *out)
{
  g_autoptr (RefTensor) a = make_luminance (set, first);
  g_autoptr (RefTensor) b = make_luminance (set, 1 - first);
  g_autoptr (RefTensor) fused = ref_u2fusion (a, b, weights);
  double low, high;

  for (gsize i = 0; i < PIXELS; i++)
  {
    const Ycbcr pixel = to_ycbcr (set, first, i);
    const double y = fused->v[i], cb = pixel.cb - 128 / 255., cr = pixel.cr - 128 / 255.;

    if (!coloured)
    {
      out[i] = y;
      continue;
    }
    out[3 * i] = y + 1.402 * cr;
    out[3 * i + 1] = y - .34414 * cb - .71414 * cr;
    out[3 * i + 2] = y + 1.772 * cb;
  }
  find_extremes (out, PIXELS * (coloured ? 3 : 1), &low, &high);
  for (gsize i = 0; i < PIXELS * (coloured ? 3 : 1); i++)
    out[i] /= high;
}

typedef struct
{
  const char *what;
  guint channels;
  int coloured; /* the only source that is; −1: all or none */
  OmniRole roles[2];
  guint first;
  gboolean in_colour; /* the result */
} U2fusionCase;

static const U2fusionCase u2fusion_cases[] = {
  { "grey", 1, -1, { OMNI_ROLE_VISIBLE, OMNI_ROLE_INFRARED }, 0, FALSE },
  { "both in colour", 3, -1, { OMNI_ROLE_INFRARED, OMNI_ROLE_VISIBLE }, 1, FALSE },
  { "one in colour", 3, 1, { OMNI_ROLE_NONE, OMNI_ROLE_NONE }, 1, TRUE },
  { "the first in colour", 3, 0, { OMNI_ROLE_VISIBLE, OMNI_ROLE_INFRARED }, 0, TRUE },
  { "the second in colour", 3, 0, { OMNI_ROLE_INFRARED, OMNI_ROLE_VISIBLE }, 1, FALSE },
};

static void
check_u2fusion (const U2fusionCase *one, guint32 seed)
{
  const OmniModel *model = omni_model_find ("u2fusion");
  g_autoptr (OmniWeights) weights = fixture_random_weights (model, seed, FALSE, "reflect", NULL);
  g_autoptr (OmniModelOptions) options = make_options (model, NULL);
  g_autoptr (FixtureSet) set = make_scene (seed, one->channels);
  const gboolean mixed = one->coloured >= 0;
  const guint out_channels = mixed
                               ? 3
                               : 1; /* grey as R, G, B where the format of the result has to be told before */
  FixtureFusion fusion = { .model = model,
                           .weights = weights,
                           .options = options,
                           .task = OMNI_TASK_INFRARED,
                           .grey_and_colour = mixed };
  double script[3 * PIXELS];
  int wanted[3 * PIXELS];
  g_autofree float *result = NULL;

  for (guint k = 0; k < 2; k++)
  {
    fusion.marks[k] = one->roles[k] != OMNI_ROLE_NONE ? OMNI_ROLE_MARK (one->roles[k]) : 0;
    if (one->channels == 3 && (!mixed || (int)k == one->coloured))
      fusion.marks[k] |= OMNI_MARK_COLOURED;
    else
      make_grey (set, k);
  }
  result = fixture_fuse (device, set, &fusion);
  u2fusion_script (set, one->first, weights, one->in_colour, script);
  for (gsize i = 0; i < PIXELS * out_channels; i++)
    wanted[i] = to_level (script[one->in_colour ? i : i / out_channels]);
  assert_levels (result, wanted, PIXELS * out_channels, 1, 1, one->what);
}

static void
test_u2fusion (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (u2fusion_cases); i++)
    check_u2fusion (&u2fusion_cases[i], i);
}

/* ---- PMGI ---- */

/* The network's output from its minimum to its maximum, as imsave stores it. */
static void
stretch (const RefTensor *x, int *out)
{
  double low, high;

  find_extremes (x->v, PIXELS, &low, &high);
  for (gsize i = 0; i < PIXELS; i++)
    out[i] = to_level ((x->v[i] - low) / (high - low));
}

static void
test_pmgi (void)
{
  const OmniModel *model = omni_model_find ("pmgi");
  g_autoptr (OmniModelOptions) options = make_options (model, NULL);

  for (guint channels = 1; channels <= 3; channels += 2)
  {
    /* what was learned of scale and shift is in the file and not used */
    g_autoptr (OmniWeights) weights = fixture_random_weights_with (
      model, channels, (const char *const[]){ "norm", "running", "padding", "zero", NULL });
    g_autoptr (FixtureSet) set = make_scene (channels, channels);
    const FixtureFusion fusion = { .model = model,
                                   .weights = weights,
                                   .options = options,
                                   .task = OMNI_TASK_INFRARED,
                                   .marks = { OMNI_ROLE_MARK (OMNI_ROLE_VISIBLE),
                                              OMNI_ROLE_MARK (OMNI_ROLE_INFRARED) } };
    g_autofree float *result = fixture_fuse (device, set, &fusion);
    g_autoptr (RefTensor) infrared = make_luminance (set, 1);
    g_autoptr (RefTensor) visible = make_luminance (set, 0);
    g_autoptr (RefTensor) fused = ref_pmgi (infrared, visible, weights, "instance");
    int wanted[PIXELS];

    stretch (fused, wanted);
    assert_levels (result, wanted, PIXELS, 1, 1, channels == 1 ? "grey" : "in colour");
  }
}

/* ---- PMGI for bands: Python, then MATLAB in bytes ---- */

/* imfilter (x, fspecial ('gaussian', [3 3]), 'replicate'). */
static void
blur (const int *x, int *out)
{
  double kernel[3][3], sum = 0;

  for (int v = -1; v <= 1; v++)
    for (int u = -1; u <= 1; u++)
      sum += kernel[v + 1][u + 1] = exp (-(u * u + v * v) / (2 * .5 * .5));
  for (int i = 0; i < PIXELS; i++)
  {
    double value = 0;

    for (int v = -1; v <= 1; v++)
      for (int u = -1; u <= 1; u++)
        value += kernel[v + 1][u + 1] / sum
                 * x[CLAMP (i / SIDE_X + v, 0, SIDE_Y - 1) * SIDE_X + CLAMP (i % SIDE_X + u, 0, SIDE_X - 1)];
    out[i] = (int)floor (value + .5);
  }
}

/* histeq (x, histogram). */
static void
specify (int *x, const guint64 *histogram)
{
  double counts[256] = { 0 }, cumulated[256], wanted[256], total = 0, sum = 0, wanted_sum = 0;
  int table[256];

  for (guint i = 0; i < PIXELS; i++)
    counts[x[i]]++;
  for (guint i = 0; i < 256; i++)
    total += (double)histogram[i];
  for (guint i = 0; i < 256; i++)
  {
    cumulated[i] = sum += counts[i];
    wanted[i] = wanted_sum += (double)histogram[i] * PIXELS / total;
  }
  for (int k = 0; k < 256; k++)
  {
    double least = PIXELS;

    table[k] = 0;
    for (int m = 0; m < 256; m++)
    {
      const double error = wanted[m] - cumulated[k] + (k > 0 && k < 255 ? counts[k] / 2 : 0);

      if (error >= -PIXELS * sqrt (DBL_EPSILON) && error < least)
      {
        least = error;
        table[k] = m;
      }
    }
  }
  for (guint i = 0; i < PIXELS; i++)
    x[i] = table[x[i]];
}

static void
pan_script (const FixtureSet *set, guint band, double white, const OmniWeights *weights,
            const guint64 *histogram, int *out)
{
  g_autoptr (RefTensor) ms = ref_tensor_new (1, SIDE_X, SIDE_Y);
  g_autoptr (RefTensor) pan = ref_tensor_new (1, SIDE_X, SIDE_Y);
  g_autoptr (RefTensor) fused = NULL;
  int base[PIXELS], detail[PIXELS];

  for (gsize i = 0; i < PIXELS; i++)
  {
    ms->v[i] = to_level ((double)set->pixels[1][i * set->channels + band] / white) / 255.;
    pan->v[i] = to_level ((double)set->pixels[0][i * set->channels] / white) / 255.;
  }
  fused = ref_pmgi (ms, pan, weights, "none");
  stretch (fused, out);
  blur (out, base);
  for (gsize i = 0; i < PIXELS; i++)
    detail[i] = MAX (out[i] - base[i], 0);
  specify (base, histogram);
  for (gsize i = 0; i < PIXELS; i++)
    out[i] = MIN (base[i] + detail[i], 255);
}

/* Every fourth pixel of every fourth row, as the satellite took it. */
static void
count_coarse (const FixtureSet *set, OmniBandLevels *levels)
{
  memset (levels->counts, 0, sizeof levels->counts);
  for (guint y = 0; y < SIDE_Y; y += 4)
    for (guint x = 0; x < SIDE_X; x += 4)
      for (guint b = 0; b < set->channels; b++)
        levels->counts[b][to_level ((double)set->pixels[1][(y * SIDE_X + x) * set->channels + b]
                                    / (double)levels->white)]++;
}

static void
check_pan (guint bands, float white)
{
  const OmniModel *model = omni_model_find ("pan-pmgi");
  g_autoptr (OmniWeights) weights = fixture_random_weights_with (
    model, bands, (const char *const[]){ "norm", "none", "padding", "zero", NULL });
  g_autoptr (OmniModelOptions) options = make_options (model, NULL);
  g_autoptr (FixtureSet) set = make_scene (bands, bands);
  OmniBandLevels levels = { .white = white };
  FixtureFusion fusion = { .model = model,
                           .weights = weights,
                           .options = options,
                           .task = OMNI_TASK_PANSHARPEN,
                           .bands = bands > 3 ? bands : 0,
                           .levels = &levels,
                           .marks = { OMNI_ROLE_MARK (OMNI_ROLE_PANCHROMATIC),
                                      OMNI_ROLE_MARK (OMNI_ROLE_MULTISPECTRAL) } };
  g_autofree float *result = NULL, *tiled = NULL;
  g_autofree int *wanted = g_new (int, fixture_set_n_samples (set));

  make_grey (set, 0);
  for (gsize i = 0; i < fixture_set_n_samples (set); i++)
    for (guint k = 0; k < 2; k++)
      set->pixels[k][i] *= white;
  count_coarse (set, &levels);
  result = fixture_fuse (device, set, &fusion);
  for (guint b = 0; b < bands; b++)
  {
    int sharp[PIXELS];

    pan_script (set, b, (double)white, weights, levels.counts[b], sharp);
    for (gsize i = 0; i < PIXELS; i++)
      wanted[i * bands + b] = sharp[i];
  }
  assert_levels (result, wanted, fixture_set_n_samples (set), (double)white, 1,
                 white == 1 ? "bytes" : "others");
  fusion.tile_px = 16;
  tiled = fixture_fuse (device, set, &fusion);
  g_assert_cmpmem (tiled, fixture_set_n_samples (set) * sizeof (float), result,
                   fixture_set_n_samples (set) * sizeof (float));
}

static void
test_pan (void)
{
  check_pan (3, 1);
  check_pan (4, 1);
  check_pan (4, .21f); /* satellites seldom use all 16 bits */
}

/* ---- The same from pictures: the engine counts the bands in their own size ---- */

#define RATIO   4
#define N_BANDS 4

static OmniSource *
make_source (guint width, guint height, guint channels, OmniSampleType type, const char *name)
{
  const gsize n = (gsize)width * height * channels;
  const gsize bytes = omni_sample_type_get_bytes (type);
  g_autoptr (FixtureSet) set = fixture_set_new_scene (channels, 1, width, height, channels);
  guint8 *pixels = g_malloc (n * bytes);
  g_autoptr (OmniPicture) picture = NULL;
  OmniSource *source;

  for (gsize i = 0; i < n; i++)
    if (type == OMNI_SAMPLE_U8)
      pixels[i] = (guint8)(255 * set->pixels[0][i]);
    else /* eleven bits of sixteen */
      ((guint16 *)(gpointer)pixels)[i] = (guint16)(2047 * set->pixels[0][i]);
  picture = omni_picture_new (width, height, channels, FALSE, type, g_bytes_new_take (pixels, n * bytes),
                              NULL, name, NULL);
  source = omni_source_new_for_picture (picture, name);
  omni_source_set_role (source, channels > 1 ? OMNI_ROLE_MULTISPECTRAL : OMNI_ROLE_PANCHROMATIC);
  return source;
}

static double
sample_at (OmniPicture *picture, gsize i)
{
  gconstpointer pixels = omni_picture_get_pixels (picture);

  return omni_picture_get_sample_type (picture) == OMNI_SAMPLE_U8 ? ((const guint8 *)pixels)[i] / 255.
                                                                  : ((const guint16 *)pixels)[i] / 65535.;
}

static double
find_white (OmniPicture *picture, double white)
{
  const gsize n = (gsize)omni_picture_get_width (picture) * omni_picture_get_height (picture)
                  * omni_picture_get_channels (picture);

  for (gsize i = 0; i < n; i++)
    white = fmax (white, sample_at (picture, i));
  return white;
}

/* What the script would be given, and what it makes of it. */
static int *
run_script (OmniPicture *ms, OmniPicture *pan, double white, const OmniWeights *weights)
{
  g_autoptr (OmniPicture) larger = omni_picture_resample (ms, SIDE_X, SIDE_Y, NULL, NULL);
  g_autoptr (FixtureSet) set = fixture_set_new (2, SIDE_X, SIDE_Y, N_BANDS);
  int *wanted = g_new (int, PIXELS *N_BANDS);

  for (gsize i = 0; i < PIXELS * N_BANDS; i++)
  {
    set->pixels[0][i] = (float)sample_at (pan, i / N_BANDS);
    set->pixels[1][i] = (float)sample_at (larger, i);
  }
  for (guint b = 0; b < N_BANDS; b++)
  {
    guint64 histogram[OMNI_LEVELS] = { 0 };
    int sharp[PIXELS];

    for (gsize i = 0; i < PIXELS / RATIO / RATIO; i++)
      histogram[to_level (sample_at (ms, i * N_BANDS + b) / white)]++;
    pan_script (set, b, white, weights, histogram, sharp);
    for (gsize i = 0; i < PIXELS; i++)
      wanted[i * N_BANDS + b] = sharp[i];
  }
  return wanted;
}

static void
check_pictures (OmniEngine *engine, OmniSampleType type, const char *option, const char *what)
{
  const OmniModel *model = omni_model_find ("pan-pmgi");
  g_autoptr (OmniWeights) weights = fixture_random_weights_with (
    model, 7, (const char *const[]){ "norm", "none", "padding", "zero", NULL });
  g_autoptr (OmniModelOptions) options = make_options (model, option);
  g_autoptr (GPtrArray) sources = g_ptr_array_new_with_free_func (g_object_unref);
  const OmniFusionRequest request = {
    .sources = sources, .task = OMNI_TASK_PANSHARPEN, .model = model, .weights = weights, .options = options
  };
  g_autoptr (OmniFusionResult) result = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree int *wanted = NULL;
  float got[PIXELS * N_BANDS];
  double white = 1;

  g_ptr_array_add (sources, make_source (SIDE_X / RATIO, SIDE_Y / RATIO, N_BANDS, type, "ms"));
  g_ptr_array_add (sources, make_source (SIDE_X, SIDE_Y, 1, type, "pan"));
  result = omni_engine_fuse (engine, &request, NULL, NULL, NULL, &error);
  g_assert_no_error (error);

  g_autoptr (OmniPicture) ms = omni_source_load (sources->pdata[0], NULL, NULL);
  g_autoptr (OmniPicture) pan = omni_source_load (sources->pdata[1], NULL, NULL);
  if (type != OMNI_SAMPLE_U8 || option != NULL)
    white = find_white (ms, find_white (pan, 0));
  wanted = run_script (ms, pan, white, weights);
  for (gsize i = 0; i < PIXELS * N_BANDS; i++)
    got[i] = (float)sample_at (result->picture, i);
  /* One pixel rounded the other way can send a level of the blurred picture to the next one that the few pixels of the coarse
   * band use, for both sums are multiples of 16 pixels there and often equal. */
  assert_levels (got, wanted, PIXELS * N_BANDS, white, 2, what);
}

static void
test_pictures (void)
{
  g_autoptr (OmniEngine) engine = omni_engine_new (NULL);

  check_pictures (engine, OMNI_SAMPLE_U8, NULL, "8 bits");
  check_pictures (engine, OMNI_SAMPLE_U16, NULL, "16 bits");
  check_pictures (engine, OMNI_SAMPLE_U16, "level=own", "16 bits, own level");
}

int
main (int argc, char **argv)
{
  int status;

  g_test_init (&argc, &argv, NULL);
  device = fixture_open_device ();
  if (device == NULL)
    return 77;
  g_test_add_func ("/like-authors/u2fusion", test_u2fusion);
  g_test_add_func ("/like-authors/pmgi", test_pmgi);
  g_test_add_func ("/like-authors/pan-pmgi", test_pan);
  g_test_add_func ("/like-authors/pictures", test_pictures);
  status = g_test_run ();
  omni_device_close (&device);
  return status;
}
