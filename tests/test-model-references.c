/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/models-fixture.h"

#include "models/probe.h"

#include <math.h>
#include <string.h>
#include <tiffio.h>

/* Every model against its plain C reference. */

static OmniDevice *device;

/* Largest difference relative to the range of the reference. A picture of a pixel or two has next to none: a tenth of the
 * display range is the least. */
static double
relative_error (const float *result, const RefTensor *reference)
{
  const gsize n = (gsize)reference->width * reference->height;
  double low = INFINITY, high = -INFINITY, error = 0;

  for (gsize i = 0; i < n * reference->channels; i++)
  {
    const double wanted = ref_plane (reference, (guint)(i % reference->channels))[i / reference->channels];

    low = fmin (low, wanted);
    high = fmax (high, wanted);
    error = fmax (error, fabs ((double)result[i] - wanted));
    if (isnan (result[i]))
      return INFINITY;
  }
  return error / fmax (high - low, .1);
}

static double worst; /* of the test that runs */

static void
assert_close (const float *result, const RefTensor *reference, double tolerance, const char *what)
{
  const double error = relative_error (result, reference);

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

static void
to_luma (const FixtureSet *set, RefTensor **pictures, RefTensor **luma)
{
  fixture_set_to_tensors (set, pictures);
  for (guint k = 0; k < set->n; k++)
    luma[k] = ref_luma (pictures[k]);
}

/* The chroma rule divides two sums of |C − ½|, taken on a grid of 2^-30 to 2^-27: near grey its answer is good to the
 * square root of that, two hundredths of an 8-bit step. */
static double
tolerance_for (gboolean with_chroma)
{
  return with_chroma ? 1e-4 : 1e-5;
}

static void
check_ifani (const OmniWeights *weights, const FixtureSet *set, const char *what)
{
  RefTensor *pictures[FIXTURE_MAX_SOURCES], *luma[FIXTURE_MAX_SOURCES];
  const FixtureFusion fusion = { .model = omni_model_find ("ifani"), .weights = weights };
  g_autofree float *result = fixture_fuse (device, set, &fusion);
  g_autoptr (RefTensor) fused = NULL, coloured = NULL;

  to_luma (set, pictures, luma);
  fused = ref_ifani (luma, set->n, weights);
  if (set->channels == 3)
    coloured = ref_fuse_colour (pictures, set->n, fused);
  assert_close (result, coloured != NULL ? coloured : fused, tolerance_for (coloured != NULL), what);
  ref_tensors_free (pictures, set->n);
  ref_tensors_free (luma, set->n);
}

typedef struct
{
  guint n, width, height, channels;
} Size;

static const Size sizes[] = { { 1, 9, 7, 1 },  { 2, 19, 13, 1 }, { 3, 16, 16, 3 }, { 4, 5, 21, 1 },
                              { 5, 11, 3, 1 }, { 2, 1, 1, 1 },   { 3, 2, 5, 3 } };

static void
test_ifani (gconstpointer normalised)
{
  static const char *const paddings[] = { "zero", "replicate", "reflect" };

  for (guint p = 0; p < G_N_ELEMENTS (paddings); p++)
    for (guint s = 0; s < G_N_ELEMENTS (sizes); s++)
    {
      const Size *size = &sizes[s];
      g_autoptr (OmniWeights) weights = fixture_random_weights (omni_model_find ("ifani"), p * 10 + s,
                                                                normalised != NULL, paddings[p], NULL);
      g_autoptr (FixtureSet)
        set = fixture_set_new_scene (s, size->n, size->width, size->height, size->channels);
      g_autofree char *what = g_strdup_printf ("%s, %u × %u × %u", paddings[p], size->n, size->width,
                                               size->height);

      check_ifani (weights, set, what);
    }
  report_worst ();
}

static void
normalise_tensors (RefTensor **tensors, guint n, const double *mean, const double *deviation)
{
  for (guint k = 0; k < n; k++)
    for (guint c = 0; c < 3; c++)
      for (gsize i = 0; i < (gsize)tensors[k]->width * tensors[k]->height; i++)
        ref_plane (tensors[k], c)[i] = (ref_plane (tensors[k], c)[i] - mean[c]) / deviation[c];
}

static RefTensor *
spread (const RefTensor *grey)
{
  RefTensor *out = ref_tensor_new (3, grey->width, grey->height);

  for (guint c = 0; c < 3; c++)
    memcpy (ref_plane (out, c), grey->v, sizeof *grey->v * grey->width * grey->height);
  return out;
}

/* The authors' way from three outputs to grey. */
static RefTensor *
mix_to_grey (const RefTensor *x)
{
  RefTensor *out = ref_tensor_new (1, x->width, x->height);

  for (gsize i = 0; i < (gsize)x->width * x->height; i++)
    out->v[i] = (4899 * ref_plane (x, 0)[i] + 9617 * ref_plane (x, 1)[i] + 1868 * ref_plane (x, 2)[i])
                / 16384;
  return out;
}

static RefTensor *
reference_ifcnn (const FixtureSet *set, const OmniWeights *weights, const char *reduce, gboolean imagenet,
                 gboolean straight_rgb)
{
  static const double means[2][3] = { { 0, 0, 0 }, { .485, .456, .406 } };
  static const double deviations[2][3] = { { 1, 1, 1 }, { .229, .224, .225 } };
  const double *mean = means[imagenet], *deviation = deviations[imagenet];
  RefTensor *pictures[FIXTURE_MAX_SOURCES], *luma[FIXTURE_MAX_SOURCES], *inputs[FIXTURE_MAX_SOURCES];
  g_autoptr (RefTensor) output = NULL;
  RefTensor *result;

  to_luma (set, pictures, luma);
  if (straight_rgb)
    fixture_set_to_tensors (set, inputs);
  for (guint k = 0; !straight_rgb && k < set->n; k++)
    inputs[k] = spread (luma[k]);
  normalise_tensors (inputs, set->n, mean, deviation);
  output = ref_ifcnn_network (inputs, set->n, weights, reduce);
  for (guint c = 0; c < 3; c++)
    for (gsize i = 0; i < (gsize)set->width * set->height; i++)
      ref_plane (output, c)[i] = ref_plane (output, c)[i] * deviation[c] + mean[c];

  if (straight_rgb)
    result = g_steal_pointer (&output);
  else
  {
    result = mix_to_grey (output);
    if (set->channels == 3)
    {
      g_autoptr (RefTensor) grey = result;

      result = ref_fuse_colour (pictures, set->n, grey);
    }
  }
  ref_tensors_free (pictures, set->n);
  ref_tensors_free (luma, set->n);
  ref_tensors_free (inputs, set->n);
  return result;
}

typedef struct
{
  const char *padding, *stored_reduce, *option_reduce, *option_normalise;
  OmniTask task;
  Size size;
  const char *reduce; /* what must happen */
  gboolean imagenet;
  const char *colour; /* metadata: what the weights were trained on */
} IfcnnCase;

static const IfcnnCase ifcnn_cases[] = {
  { "replicate", "max", NULL, NULL, OMNI_TASK_INFRARED, { 2, 17, 11, 1 }, "max", TRUE },
  { "replicate", "mean", NULL, NULL, OMNI_TASK_EXPOSURE, { 3, 13, 9, 3 }, "mean", FALSE },
  { "replicate", "sum", NULL, NULL, OMNI_TASK_MEDICAL, { 4, 7, 12, 1 }, "sum", TRUE },
  { "replicate", "max", NULL, NULL, OMNI_TASK_FOCUS, { 2, 16, 10, 3 }, "max", TRUE },
  { "replicate", NULL, NULL, "none", OMNI_TASK_FOCUS, { 5, 9, 9, 3 }, "max", FALSE },
  { "replicate", "max", "mean", "imagenet", OMNI_TASK_EXPOSURE, { 5, 10, 8, 1 }, "mean", TRUE },
  { "replicate", "max", "sum", NULL, OMNI_TASK_AUTO, { 1, 8, 8, 3 }, "sum", TRUE },
  { "zero", "max", NULL, NULL, OMNI_TASK_INFRARED, { 2, 12, 9, 1 }, "max", TRUE },
  { "reflect", "mean", NULL, NULL, OMNI_TASK_INFRARED, { 3, 9, 12, 1 }, "mean", TRUE },
  { "replicate", "max", NULL, NULL, OMNI_TASK_INFRARED, { 2, 1, 1, 1 }, "max", TRUE },
  { "replicate", "max", NULL, NULL, OMNI_TASK_FOCUS, { 2, 15, 9, 3 }, "max", TRUE, "luminance" },
  { "replicate", "max", NULL, NULL, OMNI_TASK_FOCUS, { 3, 9, 10, 3 }, "max", TRUE, "rgb" },
  { "replicate", "max", NULL, NULL, OMNI_TASK_FOCUS, { 2, 9, 10, 1 }, "max", TRUE, "luminance" },
};

/* Focus sets in colour pass as R, G, B, unless the weights know luminance alone. */
static gboolean
is_straight_rgb (const IfcnnCase *one)
{
  return one->size.channels == 3 && one->task == OMNI_TASK_FOCUS && g_strcmp0 (one->colour, "luminance") != 0;
}

static void
set_option (OmniModelOptions *options, const char *key, const char *value)
{
  g_autofree char *assignment = g_strdup_printf ("%s=%s", key, value);
  g_autoptr (GError) error = NULL;

  if (value != NULL)
    omni_model_options_set (options, assignment, &error);
  g_assert_no_error (error);
}

static void
test_ifcnn (void)
{
  const OmniModel *model = omni_model_find ("ifcnn");

  for (guint i = 0; i < G_N_ELEMENTS (ifcnn_cases); i++)
  {
    const IfcnnCase *one = &ifcnn_cases[i];
    const Size *size = &one->size;
    const char *const metadata[] = { "padding", one->padding, one->colour != NULL ? "colour" : NULL,
                                     one->colour, NULL };
    g_autoptr (OmniWeights)
      weights = one->colour != NULL
                  ? fixture_random_weights_with (model, i, metadata)
                  : fixture_random_weights (model, i, FALSE, one->padding, one->stored_reduce);
    g_autoptr (OmniModelOptions) options = omni_model_options_new (model);
    const FixtureFusion fusion = {
      .model = model, .weights = weights, .options = options, .task = one->task
    };
    g_autoptr (FixtureSet)
      set = fixture_set_new_scene (i, size->n, size->width, size->height, size->channels);
    g_autofree float *result = NULL;
    g_autoptr (RefTensor)
      reference = reference_ifcnn (set, weights, one->reduce, one->imagenet, is_straight_rgb (one));
    g_autofree char *what = g_strdup_printf ("case %u", i);

    set_option (options, "reduce", one->option_reduce);
    set_option (options, "normalise", one->option_normalise);
    result = fixture_fuse (device, set, &fusion);
    assert_close (result, reference, tolerance_for (size->channels == 3 && !is_straight_rgb (one)), what);
  }
  report_worst ();
}

/* ---- IFCNN as the authors' script runs it: integers wherever that has them ---- */

static int
level_of (double x)
{
  return (int)floor (255 * CLAMP (x, 0, 1));
}

static int
grey_of (const RefTensor *x, gsize i)
{
  return (4899 * level_of (ref_plane (x, 0)[i]) + 9617 * level_of (ref_plane (x, 1)[i])
          + 1868 * level_of (ref_plane (x, 2)[i]) + 8192)
         >> 14;
}

/* Pillow's tables in sixty-fourths: rounded half up, what is negative cut toward zero. */
static int
pil_channel (const int rgb[3], const double coefficients[3])
{
  int sum = 0;

  for (guint c = 0; c < 3; c++)
    sum += (int)(64 * coefficients[c] * rgb[c] + .5);
  return sum >> 6;
}

typedef struct
{
  int y, cb, cr;
} Ycbcr;

static Ycbcr
pil_pixel (const FixtureSet *set, guint k, gsize i)
{
  static const double y[] = { .299, .587, .114 }, cb[] = { -.16874, -.33126, .5 },
                      cr[] = { .5, -.41869, -.08131 };
  const float *p = set->pixels[k] + 3 * i;
  const int rgb[] = { (int)lround (255. * (double)p[0]), (int)lround (255. * (double)p[1]),
                      (int)lround (255. * (double)p[2]) };

  return (Ycbcr){ pil_channel (rgb, y), pil_channel (rgb, cb) + 128, pil_channel (rgb, cr) + 128 };
}

static int
fuse_chroma_levels (const int *values, guint n)
{
  int sum = 0, weights = 0;

  for (guint k = 0; k < n; k++)
  {
    sum += values[k] * abs (values[k] - 128);
    weights += abs (values[k] - 128);
  }
  return weights > 0 ? sum / weights : 128;
}

static int
cut_level (int value)
{
  return CLAMP (value, 0, 255);
}

/* The chroma of all sources by OpenCV's integers. */
static void
authors_exposure (const FixtureSet *set, const RefTensor *output, gsize i, int rgb[3])
{
  int cbs[FIXTURE_MAX_SOURCES], crs[FIXTURE_MAX_SOURCES], y = grey_of (output, i), cb, cr;

  for (guint k = 0; k < set->n; k++)
  {
    const Ycbcr pixel = pil_pixel (set, k, i);

    cbs[k] = pixel.cb;
    crs[k] = pixel.cr;
  }
  cb = fuse_chroma_levels (cbs, set->n) - 128;
  cr = fuse_chroma_levels (crs, set->n) - 128;
  rgb[0] = cut_level (y + ((22987 * cr + 8192) >> 14));
  rgb[1] = cut_level (y + ((-5636 * cb - 11698 * cr + 8192) >> 14));
  rgb[2] = cut_level (y + ((29049 * cb + 8192) >> 14));
}

static RefTensor *
authors_network (const FixtureSet *set, const OmniWeights *weights, OmniTask task)
{
  static const double means[2][3] = { { 0, 0, 0 }, { .485, .456, .406 } };
  static const double deviations[2][3] = { { 1, 1, 1 }, { .229, .224, .225 } };
  const gboolean imagenet = task == OMNI_TASK_FOCUS;
  RefTensor *inputs[FIXTURE_MAX_SOURCES], *output;

  fixture_set_to_tensors (set, inputs);
  for (guint k = 0; k < set->n && task != OMNI_TASK_FOCUS; k++)
  {
    g_autoptr (RefTensor) picture = inputs[k];
    g_autoptr (RefTensor) luma = ref_luma (picture);

    for (gsize i = 0; task == OMNI_TASK_EXPOSURE && i < (gsize)set->width * set->height; i++)
      luma->v[i] = pil_pixel (set, k, i).y / 255.;
    inputs[k] = spread (luma);
  }
  normalise_tensors (inputs, set->n, means[imagenet], deviations[imagenet]);
  output = ref_ifcnn_network (inputs, set->n, weights, "max");
  for (guint c = 0; c < 3; c++)
    for (gsize i = 0; i < (gsize)set->width * set->height; i++)
      ref_plane (output, c)[i] = ref_plane (output, c)[i] * deviations[imagenet][c] + means[imagenet][c];
  ref_tensors_free (inputs, set->n);
  return output;
}

/* What is cut may fall to the level below by rounding: one level, in few pixels. */
static void
check_authors (OmniTask task, guint channels, const char *equalise)
{
  const OmniModel *model = omni_model_find ("ifcnn");
  g_autoptr (OmniWeights) weights = fixture_random_weights (model, task, FALSE, "replicate", "max");
  g_autoptr (OmniModelOptions) options = omni_model_options_new (model);
  g_autoptr (FixtureSet) set = fixture_set_new_scene (task, 3, 37, 29, channels);
  g_autoptr (RefTensor) output = NULL;
  g_autofree float *result = NULL;
  const gboolean rgb_out = task == OMNI_TASK_EXPOSURE || task == OMNI_TASK_FOCUS;
  guint off = 0, n = 0;

  for (guint k = 0; k < set->n; k++)
    for (gsize i = 0; i < fixture_set_n_samples (set); i++)
      set->pixels[k][i] = roundf (255 * set->pixels[k][i]) / 255;
  set_option (options, "like", "authors");
  set_option (options, "equalise", equalise);
  result = fixture_fuse (
    device, set, &(FixtureFusion){ .model = model, .weights = weights, .options = options, .task = task });
  output = authors_network (set, weights, task);
  for (gsize i = 0; i < (gsize)set->width * set->height; i++)
  {
    int wanted[3] = { grey_of (output, i) };

    if (task == OMNI_TASK_EXPOSURE)
      authors_exposure (set, output, i, wanted);
    for (guint c = 0; task == OMNI_TASK_FOCUS && c < 3; c++)
      wanted[c] = level_of (ref_plane (output, c)[i]);
    for (guint c = 0; c < (rgb_out ? 3 : 1); c++, n++)
    {
      const int level = cut_level ((int)lround (255. * (double)result[i * (rgb_out ? 3 : 1) + c]));

      off += level != wanted[c];
      g_assert_cmpint (abs (level - wanted[c]), <=, 2); /* one of chroma is two of a colour */
    }
  }
  g_test_message ("task %d: %u of %u levels differ", task, off, n);
  g_assert_cmpuint (off * 200, <=, n);
}

static void
test_ifcnn_like_authors (void)
{
  check_authors (OMNI_TASK_INFRARED, 1, NULL);
  check_authors (OMNI_TASK_MEDICAL, 3, NULL);
  check_authors (OMNI_TASK_FOCUS, 3, NULL);
  check_authors (OMNI_TASK_EXPOSURE, 3, "none");
}

typedef struct
{
  Size size;
  const char *a, *b; /* options */
  RefMertens exponents;
  guint levels, radius;
  float range; /* 0: 1; else samples go nearly as far */
} ClassicalCase;

static const ClassicalCase mertens_cases[] = {
  { { 3, 33, 21, 3 }, NULL, NULL, { 1, 1, 1, .2 } },
  { { 1, 17, 12, 3 }, NULL, NULL, { 1, 1, 1, .2 } },
  { { 2, 16, 16, 1 }, NULL, NULL, { 1, 0, 1, .2 } },
  { { 5, 40, 7, 3 }, "contrast=2", "saturation=0.5", { 2, .5, 1, .2 } },
  { { 4, 9, 31, 1 }, "exposedness=3", "sigma=0.3", { 1, 0, 3, .3 } },
  { { 3, 20, 20, 3 }, "contrast=0", "exposedness=0", { 0, 1, 0, .2 } },
  { { 3, 1, 1, 3 }, NULL, NULL, { 1, 1, 1, .2 } },
  { { 2, 1, 9, 1 }, NULL, NULL, { 1, 0, 1, .2 } },
  { { 2, 2, 2, 3 }, NULL, NULL, { 1, 1, 1, .2 } },
  { { 2, 3, 5, 3 }, NULL, NULL, { 1, 1, 1, .2 } },
  { { 3, 24, 17, 3 }, NULL, NULL, { 1, 1, 1, .2 }, 0, 0, 8 },
};

static const ClassicalCase laplacian_cases[] = {
  { { 2, 33, 21, 3 }, "levels=3", NULL, { 0 }, 3, 2 },
  { { 1, 17, 12, 3 }, "levels=2", "radius=1", { 0 }, 2, 1 },
  { { 5, 16, 40, 1 }, "levels=4", "radius=3", { 0 }, 4, 3 },
  { { 4, 9, 31, 3 }, "levels=1", "radius=0", { 0 }, 1, 0 },
  { { 3, 37, 26, 1 }, "levels=3", "radius=4", { 0 }, 3, 4 },
  { { 3, 7, 7, 1 }, NULL, NULL, { 0 }, 0, 2 },
  { { 2, 1, 1, 3 }, "levels=5", NULL, { 0 }, 0, 2 },
  { { 2, 2, 3, 3 }, "levels=1", NULL, { 0 }, 1, 2 },
  { { 3, 24, 17, 3 }, "levels=2", NULL, { 0 }, 2, 2, 8 },
};

static void
check_classical (const char *name, const ClassicalCase *one, guint index)
{
  const OmniModel *model = omni_model_find (name);
  g_autoptr (OmniModelOptions) options = omni_model_options_new (model);
  const FixtureFusion fusion = { .model = model, .options = options, .range = one->range };
  const Size *size = &one->size;
  g_autoptr (FixtureSet)
    set = fixture_set_new_scene (index, size->n, size->width, size->height, size->channels);
  RefTensor *pictures[FIXTURE_MAX_SOURCES];
  g_autoptr (RefTensor) reference = NULL;
  g_autofree float *result = NULL;
  g_autofree char *what = g_strdup_printf ("case %u", index);

  if (one->a != NULL)
    g_assert_true (omni_model_options_set (options, one->a, NULL));
  if (one->b != NULL)
    g_assert_true (omni_model_options_set (options, one->b, NULL));
  for (guint k = 0; one->range > 0 && k < set->n; k++)
    for (gsize i = 0; i < fixture_set_n_samples (set); i++)
      set->pixels[k][i] *= .9f * one->range;
  fixture_set_to_tensors (set, pictures);
  reference = g_str_equal (name, "mertens") ? ref_mertens (pictures, set->n, &one->exponents)
                                            : ref_laplacian (pictures, set->n, one->levels, one->radius);
  result = fixture_fuse (device, set, &fusion);
  assert_close (result, reference, 1e-4, what);
  ref_tensors_free (pictures, set->n);
}

static void
test_mertens (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (mertens_cases); i++)
    check_classical ("mertens", &mertens_cases[i], i);
  report_worst ();
}

static void
test_laplacian (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (laplacian_cases); i++)
    check_classical ("laplacian", &laplacian_cases[i], i);
  report_worst ();
}

/* The weights with something else in their metadata. */
static OmniWeights *
with_metadata (const OmniModel *model, const OmniWeights *weights, const char *key, const char *value)
{
  static const char *const kept[] = { "scales", "epsilon", "padding" };
  const GArray *specs = omni_weights_get_specs (weights);
  g_autoptr (GPtrArray) metadata = g_ptr_array_new ();
  g_autoptr (GPtrArray) values = g_ptr_array_new_with_free_func (g_free);
  const char *pairs[] = { "architecture", model->architecture, key, value };

  for (guint i = 0; i < G_N_ELEMENTS (pairs); i++)
    g_ptr_array_add (metadata, (gpointer)pairs[i]);
  for (guint i = 0; i < G_N_ELEMENTS (kept); i++)
    if (omni_weights_get_metadata (weights, kept[i]) != NULL)
    {
      g_ptr_array_add (metadata, (gpointer)kept[i]);
      g_ptr_array_add (metadata, (gpointer)omni_weights_get_metadata (weights, kept[i]));
    }
  g_ptr_array_add (metadata, NULL);
  for (guint i = 0; i < specs->len; i++)
    g_ptr_array_add (values,
                     omni_weights_dup_floats (weights, g_array_index (specs, OmniTensorSpec, i).name, NULL));
  g_autoptr (GBytes) bytes = omni_weights_write (specs, (const char *const *)metadata->pdata,
                                                 (const float *const *)values->pdata);
  return omni_weights_load_bytes (bytes, "changed", NULL);
}

/* ---- Omni ---- */

typedef struct
{
  Size size;
  OmniTask task;
  const char *base, *levels; /* options */
  RefOmni how;               /* epsilon: as the weights say */
} OmniCase;

static const OmniCase omni_cases[] = {
  { { 3, 61, 45, 3 }, OMNI_TASK_EXPOSURE, "0", "5", { 0, 0, 5, 0, 0 } },
  { { 3, 61, 45, 3 }, OMNI_TASK_EXPOSURE, "0", "5", { 0, 0, 5, 0, 3 } },
  { { 3, 50, 70, 1 }, OMNI_TASK_EXPOSURE, "1", "5", { 0, 1, 5, 0, 12 } },
  { { 3, 50, 70, 1 }, OMNI_TASK_FOCUS, "1", "5", { 1, 1, 5, 0, 12 } },
  { { 2, 70, 50, 1 }, OMNI_TASK_AUTO, "1", "4", { -1, 1, 4, 0, 0 } },
  { { 5, 33, 21, 3 }, OMNI_TASK_FOCUS, "1", "5", { 1, 1, 5, 0, 0 } },
  { { 4, 80, 40, 1 }, OMNI_TASK_MEDICAL, "2", "6", { 3, 2, 6, 0, 0, .headroom = 2 } },
  { { 2, 96, 65, 3 }, OMNI_TASK_INFRARED, "3", "6", { 2, 3, 6, 0, 0 } },
  { { 2, 61, 45, 3 },
    OMNI_TASK_INFRARED,
    "0",
    "6",
    { 2, 0, 6, 0, 0, TRUE, { 3, 1, .7, .3 }, { 1.2, 1.5, 1.5, 1.5 } } },
  { { 2, 80, 40, 1 },
    OMNI_TASK_MEDICAL,
    "1",
    "6",
    { 3, 1, 6, 0, 0, TRUE, { 1.5, .8, .8, .8 }, { 1, 1, 1, 1 }, 4 } },
  { { 3, 40, 37, 1 }, OMNI_TASK_PANSHARPEN, "auto", "0", { -1, 0, 3, 0, 0 } },
  { { 3, 2, 2, 3 }, OMNI_TASK_EXPOSURE, "auto", "0", { 0, 0, 3, 0, 0 } },
  { { 2, 3, 5, 1 }, OMNI_TASK_FOCUS, "1", "0", { 1, 1, 4, 0, 0 } },
  { { 4, 1, 1, 3 }, OMNI_TASK_AUTO, "auto", "0", { -1, 0, 3, 0, 0 } },
  { { 2, 1, 70, 1 }, OMNI_TASK_AUTO, "2", "0", { -1, 2, 5, 0, 0 } },
};

static void
check_omni (const OmniModel *model, const OmniWeights *weights, const OmniCase *one, guint index)
{
  const Size *size = &one->size;
  g_autoptr (OmniModelOptions) options = omni_model_options_new (model);
  const FixtureFusion fusion = { .model = model, .weights = weights, .options = options, .task = one->task };
  g_autoptr (FixtureSet)
    set = fixture_set_new_scene (index, size->n, size->width, size->height, size->channels);
  RefTensor *pictures[FIXTURE_MAX_SOURCES];
  g_autoptr (RefTensor) reference = NULL;
  g_autofree float *result = NULL;
  g_autofree char *what = g_strdup_printf ("%s, case %u", model->name, index);
  const char *spatial = omni_weights_get_metadata (weights, "spatial-levels");
  char highlights[G_ASCII_DTOSTR_BUF_SIZE], headroom[G_ASCII_DTOSTR_BUF_SIZE];

  set_option (options, "base", one->base);
  set_option (options, "levels", one->levels);
  set_option (options, "decision", one->how.decided ? "auto" : "trained");
  set_option (options, "highlights",
              g_ascii_formatd (highlights, sizeof highlights, "%g", one->how.highlights));
  set_option (options, "headroom", g_ascii_formatd (headroom, sizeof headroom, "%g", one->how.headroom));
  /* Some of it white all over. */
  for (gsize i = 0; one->how.highlights > 0 && i < (gsize)size->width * size->height * size->channels; i++)
    set->pixels[1][i] = MIN (2 * set->pixels[1][i], 1);
  /* Focus stacks lie upon each other, more or less. */
  for (guint k = 1; spatial != NULL && one->task == OMNI_TASK_FOCUS && k < size->n; k++)
    for (gsize i = 0; i < (gsize)size->width * size->height * size->channels; i++)
      set->pixels[k][i] = set->pixels[0][i]
                          + .3f * (float)(i % size->width) / (float)size->width
                              * (set->pixels[k][i] - set->pixels[0][i]);
  fixture_set_to_tensors (set, pictures);
  RefOmni how = one->how;
  how.epsilon = g_ascii_strtod (omni_weights_get_metadata (weights, "epsilon"), NULL);
  if (how.task == 1 && spatial != NULL)
    how.spatial = MIN ((guint)g_ascii_strtoull (spatial, NULL, 10), how.depth - how.base);
  reference = ref_omni (pictures, set->n, weights, &how);
  result = fixture_fuse (device, set, &fusion);
  assert_close (result, reference, 1e-4, what);
  ref_tensors_free (pictures, set->n);
}

static void
test_omni (gconstpointer name)
{
  const OmniModel *model = omni_model_find (name);
  g_autoptr (OmniWeights) weights = fixture_weights_for (model);

  for (guint i = 0; i < G_N_ELEMENTS (omni_cases); i++)
    check_omni (model, weights, &omni_cases[i], i);
  report_worst ();
}

/* Focus stacks by one blend of the pictures, to any depth. */
static void
test_omni_spatial (void)
{
  static const char *const depths[] = { "0", "1", "3", "6" };
  const OmniModel *model = omni_model_find ("omni-small");
  g_autoptr (OmniWeights) shipped = fixture_weights_for (model);
  g_autoptr (OmniWeights) wrong = with_metadata (model, shipped, "spatial-levels", "7");
  const OmniModelContext context = {
    .task = OMNI_TASK_FOCUS, .n_sources = 2, .width = 64, .height = 64, .range = 1, .weights = wrong
  };
  g_autoptr (GError) error = NULL;

  for (guint d = 0; d < G_N_ELEMENTS (depths); d++)
  {
    g_autoptr (OmniWeights) weights = with_metadata (model, shipped, "spatial-levels", depths[d]);

    for (guint i = 0; i < G_N_ELEMENTS (omni_cases); i++)
      if (omni_cases[i].task == OMNI_TASK_FOCUS)
        check_omni (model, weights, &omni_cases[i], i);
  }
  report_worst ();
  g_assert_null (model->build (&context, &error));
  g_assert_error (error, OMNI_WEIGHTS_ERROR, OMNI_WEIGHTS_ERROR_ARCHITECTURE);
}

static float *
read_float_tiff (const char *folder, const char *name, guint *width, guint *height)
{
  g_autofree char *path = g_build_filename (folder, "prototype", "case", name, NULL);
  TIFF *tiff = TIFFOpen (path, "r");
  float *pixels;
  uint32_t w, h;

  if (tiff == NULL)
    return NULL;
  g_assert_true (TIFFGetField (tiff, TIFFTAG_IMAGEWIDTH, &w) && TIFFGetField (tiff, TIFFTAG_IMAGELENGTH, &h));
  g_assert_cmpint (TIFFScanlineSize (tiff), ==, w * sizeof (float));
  pixels = g_new (float, (gsize)w *h);
  for (uint32_t y = 0; y < h; y++)
    g_assert_cmpint (TIFFReadScanline (tiff, pixels + (gsize)y * w, y, 0), ==, 1);
  TIFFClose (tiff);
  *width = w;
  *height = h;
  return pixels;
}

typedef struct
{
  const char *model, *weights, *file;
  OmniTask task;
  const char *base, *levels; /* options */
} PrototypeCase;

static const PrototypeCase prototype_cases[] = {
  { "ifani", "ifani32.safetensors", "ifani32.tif", OMNI_TASK_AUTO, NULL, NULL },
  { "omni", "omni24.safetensors", "omni24-base0-levels5-exposure.tif", OMNI_TASK_EXPOSURE, "0", "5" },
  { "omni", "omni24.safetensors", "omni24-base0-levels5-auto.tif", OMNI_TASK_AUTO, "0", "5" },
  { "omni", "omni24.safetensors", "omni24-base1-levels5-exposure.tif", OMNI_TASK_EXPOSURE, "1", "6" },
  { "omni", "omni24.safetensors", "omni24-base1-levels5-auto.tif", OMNI_TASK_AUTO, "1", "6" },
  { "omni", "omni24.safetensors", "omni24-base2-levels4-exposure.tif", OMNI_TASK_EXPOSURE, "2", "6" },
  { "omni", "omni24.safetensors", "omni24-base2-levels4-auto.tif", OMNI_TASK_AUTO, "2", "6" },
};

/* The prototype's weights against what its own code computed with them. */
static void
test_prototype (gconstpointer data)
{
  const PrototypeCase *one = data;
  const OmniModel *model = omni_model_find (one->model);
  g_autoptr (OmniModelOptions) options = omni_model_options_new (model);
  g_autofree char *folder = fixture_shared_folder ();
  g_autofree float *wanted = NULL, *result = NULL;
  g_autoptr (OmniWeights) weights = NULL;
  FixtureSet set = { .n = 3, .channels = 1 };
  double error = 0;
  g_autoptr (GError) local_error = NULL;

  if (folder != NULL)
    wanted = read_float_tiff (folder, one->file, &set.width, &set.height);
  if (wanted == NULL)
  {
    g_test_skip ("the prototype's case is not on this machine (set OMNIFUSE_SHARED)");
    return;
  }
  for (guint k = 0; k < 3; k++)
  {
    g_autofree char *name = g_strdup_printf ("source%u.tif", k);

    set.pixels[k] = read_float_tiff (folder, name, &set.width, &set.height);
  }
  set_option (options, "base", one->base);
  set_option (options, "levels", one->levels);
  set_option (options, "highlights", one->base != NULL ? "0" : NULL); /* Omni had none */
  set_option (options, "decision", one->base != NULL ? "trained" : NULL);
  g_autofree char *path = g_build_filename (folder, "prototype", one->weights, NULL);
  weights = omni_model_load_weights (model, path, &local_error);
  g_assert_no_error (local_error);
  result = fixture_fuse (
    device, &set,
    &(FixtureFusion){ .model = model, .weights = weights, .options = options, .task = one->task });
  for (gsize i = 0; i < fixture_set_n_samples (&set); i++)
    error = fmax (error, fabs ((double)result[i] - (double)wanted[i]));
  g_test_message ("largest difference %.2g", error);
  g_assert_cmpfloat (error, <=, 1e-4);
  for (guint k = 0; k < 3; k++)
    g_free (set.pixels[k]);
}

static char *
answer_to_string (const float *answer)
{
  g_autoptr (GString) text = g_string_new (NULL);

  for (guint i = 0; i < OMNI_PROBE_VALUES; i++)
  {
    char number[G_ASCII_DTOSTR_BUF_SIZE];

    g_string_append_printf (text, i > 0 ? ", %s" : "%s",
                            g_ascii_dtostr (number, sizeof number, (double)answer[i]));
  }
  return g_string_free (g_steal_pointer (&text), FALSE);
}

static void
test_known_answer (void)
{
  const OmniModel *model = omni_model_find ("ifani");
  g_autoptr (OmniWeights) weights = fixture_weights_for (model), right = NULL, wrong = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *right_text = NULL, *wrong_text = NULL;
  float answer[OMNI_PROBE_VALUES];

  g_assert_true (omni_model_probe (model, weights, device, answer, &error));
  g_assert_no_error (error);
  right_text = answer_to_string (answer);
  g_test_message ("answer: %s", right_text);
  right = with_metadata (model, weights, "known_answer", right_text);
  g_assert_true (omni_model_check_answer (model, right, device, &error));
  g_assert_no_error (error);

  answer[9] += .002f;
  wrong_text = answer_to_string (answer);
  wrong = with_metadata (model, weights, "known_answer", wrong_text);
  g_assert_false (omni_model_check_answer (model, wrong, device, &error));
  g_assert_error (error, OMNI_WEIGHTS_ERROR, OMNI_WEIGHTS_ERROR_ARCHITECTURE);
  g_assert_nonnull (strstr (error->message, "probe 9"));
}

int
main (int argc, char **argv)
{
  int status;

  g_test_init (&argc, &argv, NULL);
  device = fixture_open_device ();
  if (device == NULL)
    return 77;
  g_test_add_data_func ("/references/ifani", NULL, test_ifani);
  g_test_add_data_func ("/references/ifani-normalised", GINT_TO_POINTER (1), test_ifani);
  g_test_add_func ("/references/ifcnn", test_ifcnn);
  g_test_add_func ("/references/ifcnn-like-authors", test_ifcnn_like_authors);
  g_test_add_func ("/references/mertens", test_mertens);
  g_test_add_func ("/references/laplacian", test_laplacian);
  g_test_add_data_func ("/references/omni", "omni", test_omni);
  g_test_add_data_func ("/references/omni-small", "omni-small", test_omni);
  g_test_add_func ("/references/omni-spatial", test_omni_spatial);
  for (guint i = 0; i < G_N_ELEMENTS (prototype_cases); i++)
  {
    g_autofree char *path = g_strdup_printf ("/references/prototype/%s", prototype_cases[i].file);

    g_test_add_data_func (path, &prototype_cases[i], test_prototype);
  }
  g_test_add_func ("/references/known-answer", test_known_answer);
  status = g_test_run ();
  omni_device_close (&device);
  return status;
}
