/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Every metric on pictures small enough to work its value out by hand, and the promises that hold for all of them: order
 * and threads change no bit, what is masked has no say, and what has no value says why. */

#include "app/metrics/metrics.h"

#include <math.h>
#include <string.h>

#define C1 (0.01 * 255 * 0.01 * 255)
#define C2 (0.03 * 255 * 0.03 * 255)

/* What a value may be off by: on the device, windows and maps have seven digits. */
static double
get_slack (double tolerance, double expected)
{
  const gboolean single = g_strcmp0 (g_getenv ("OMNIFUSE_METRICS"), "vulkan") == 0;
  return single ? MAX (tolerance, 5e-7 * MAX (1, fabs (expected))) : tolerance;
}

static OmniPicture *
make_grey (guint width, guint height, const guint8 *values)
{
  GError *error = NULL;
  OmniPicture *picture = omni_picture_new (width, height, 1, FALSE, OMNI_SAMPLE_U8,
                                           g_bytes_new (values, (gsize)width * height), NULL, NULL, &error);
  g_assert_no_error (error);
  return picture;
}

static OmniPicture *
make_flat (guint width, guint height, guint8 value)
{
  g_autofree guint8 *values = g_malloc ((gsize)width * height);
  memset (values, value, (gsize)width * height);
  return make_grey (width, height, values);
}

/* Waves and a little noise, another picture for each `index`; colours, alpha (opaque) and depth as asked for. */
static OmniPicture *
make_scene (guint index, guint width, guint height, guint channels, gboolean has_alpha, OmniSampleType type)
{
  gsize size_bytes;
  guint8 *pixels = omni_picture_try_alloc_pixels (width, height, channels, type, &size_bytes, NULL);
  guint32 noise = 12345 + index;
  for (guint i = 0; i < width * height; i++)
    for (guint c = 0; c < channels; c++)
    {
      const double x = i % width, y = i / width;
      noise = noise * 1664525 + 1013904223;
      double value = 0.5 + 0.25 * sin (x * (0.3 + 0.07 * index) + c) + 0.15 * cos (y * (0.4 + 0.05 * index))
                     + 0.1 * (noise >> 8) / (double)(1 << 24);
      if (has_alpha && c + 1 == channels)
        value = 1;
      const gsize at = (gsize)i * channels + c;
      if (type == OMNI_SAMPLE_U8)
        pixels[at] = (guint8)(value * 255 + 0.5);
      else if (type == OMNI_SAMPLE_U16)
        ((guint16 *)(gpointer)pixels)[at] = (guint16)(value * 65535 + 0.5);
      else
        ((float *)(gpointer)pixels)[at] = (float)value;
    }
  GError *error = NULL;
  OmniPicture *picture = omni_picture_new (width, height, channels, has_alpha, type,
                                           g_bytes_new_take (pixels, size_bytes), NULL, NULL, &error);
  g_assert_no_error (error);
  return picture;
}

static OmniMetricsInput *
make_input (OmniPicture *const *sources, guint n, OmniPicture *fused, OmniPicture *reference)
{
  GError *error = NULL;
  OmniMetricsInput *input = omni_metrics_input_new (sources, n, fused, reference, NULL, &error);
  g_assert_no_error (error);
  return input;
}

static gboolean
compute (const char *name, const char *compat, const OmniMetricsInput *input, double *value)
{
  const OmniMetric *metric = omni_metric_find (name);
  g_assert_nonnull (metric);
  g_autofree char *reason = NULL;
  const gboolean done = omni_metric_compute (
    metric, compat != NULL ? omni_metrics_compat_find (compat) : NULL, input, NULL, value, &reason);
  if (!done && g_test_verbose ())
    g_test_message ("%s: %s", name, reason);
  g_assert_true (done == (reason == NULL));
  g_assert_true (done ? isfinite (*value) : isnan (*value));
  return done;
}

/* ---- Values by hand ---- */

typedef struct
{
  const char *metric, *compat;
  guint width, height;
  const char *a, *b,
    *fused; /* pixels in tens, one letter each: '0' 0, '1' 10, … 'A' 100, … 'Z' 350; '*' 255. b may be NULL */
  double expected;
} Hand;

/* e and logarithms stand for the formulas of the definitions. */
#define EXP_QABF                                                                                             \
  (0.9994 / (1 + 5.530843701478336e-04) * 0.9879 / (1 + 1.2277339903068436e-02)) /* e^-7.5, e^-4.4 */

static const Hand hands[] = {
  /* Two values, half of the pixels each: one bit; ±100 about the mean. */
  { "en", NULL, 2, 2, NULL, NULL, "0K0K", 1 },
  { "sd", NULL, 2, 2, NULL, NULL, "0K0K", 100 },
  /* Steps of 10 to the right and 20 down: √(10² + 20²), √(500/2), four of these over one, 4 · √500. */
  { "sf", NULL, 2, 2, NULL, NULL, "0123", 22.360679774997898 },
  { "mg", NULL, 2, 2, NULL, NULL, "0123", 15.811388300841896 },
  { "ag", NULL, 2, 2, NULL, NULL, "0123", 63.245553203367585 },
  { "ei", NULL, 2, 2, NULL, NULL, "0123", 89.442719099991588 },
  { "ag", "ifcnn", 2, 2, NULL, NULL, "0123", 5.5901699437494745 },
  { "sf", "vifb", 2, 2, NULL, NULL, "0123", 15.811388300841896 },
  /* A copy of one bit; of a source that says nothing about it, nothing. */
  { "mi", NULL, 2, 2, "0K0K", "00KK", "0K0K", 1 },
  { "mi", "ifani", 2, 2, "0K0K", "00KK", "0K0K", 2 },
  { "mi", "vifb", 2, 2, "0K0K", "00KK", "0K0K", G_LN2 },
  { "nmi", NULL, 2, 2, "0K0K", "0K0K", "0K0K", 2 },
  /* A copy (1) and a negative (−1). */
  { "cc", NULL, 2, 2, "0K0K", "K0K0", "0K0K", 0 },
  /* The fused picture is the sum: each difference is the other source. */
  { "scd", NULL, 2, 2, "0A0A", "0055", "0A5F", 2 },
  /* Ten off everywhere: 20 log (255/10). Zero and twenty off: the mean square is 200. */
  { "psnr", NULL, 2, 2, "1111", NULL, "2222", 28.130803608679106 },
  { "psnr", NULL, 2, 2, "1111", "3333", "1111", 25.120503652039295 },
  { "psnr", "u2fusion", 2, 2, "1111", NULL, "2222", 76.261607217358213 },
  /* Edges copied: the two sigmoids at 1. */
  { "qabf", NULL, 2, 2, "0A0A", NULL, "0A0A", EXP_QABF },
  /* One white pixel lost: differences ½ on the fine scale, ¼ on the next: 3 e^(−½ · ⅔ − ¼ · ⅓). */
  { "qm", NULL, 4, 4, "*000000000000000", NULL, "0000000000000000", 1.9777218906013312 },
  /* An edge across 2 of 8 columns that the source does not have. Strengths 0 to 1, at right angles to no gradient:
   * ¼ (1 − √(.9999/(1 + e^9.5) · .9995/(1 + e^11))). */
  { "nabf", NULL, 8, 1, "00000000", NULL, "0000AAAA", 0.24999116368127117 },
  /* Places {1, 2} against {2, 3} of nine, half each: c = 5/14 is the share of the bound; cells of (1 + c)/4 and (1 − c)/4:
   * get_fmi_by_hand (). */
  { "fmi-pixel", NULL, 3, 3, "A00A00000", NULL, "000A00A00", 0 },
  /* Flat beside flat, and beside what is not. */
  { "fmi-pixel", NULL, 3, 3, "000000000", NULL, "AAAAAAAAA", 1 },
  { "fmi-pixel", NULL, 3, 3, "000000000", NULL, "0AA00A0A0", 0 },
  /* The gradient of a ramp is flat. */
  { "fmi-gradient", NULL, 3, 3, "012012012", NULL, "AAAAAAAAA", 1 },
  /* The transforms of two flat pictures differ in one place only, which has no entropy. */
  { "fmi-dct", NULL, 3, 3, "111111111", NULL, "222222222", 0 },
  { "fmi-wavelet", NULL, 3, 3, "0A0A5A07B", NULL, "0A0A5A07B", 1 },
};

static guint8
decode (char letter)
{
  if (letter == '*')
    return 255;
  return (guint8)(10 * (g_ascii_isdigit (letter) ? letter - '0' : letter - 'A' + 10));
}

static OmniPicture *
make_letters (const Hand *hand, const char *letters)
{
  g_autofree guint8 *values = g_malloc ((gsize)hand->width * hand->height);
  for (guint i = 0; i < hand->width * hand->height; i++)
    values[i] = decode (letters[i]);
  return make_grey (hand->width, hand->height, values);
}

static double
get_fmi_by_hand (void)
{
  const double c = 5 / 14.0, same = (1 + c) / 4, other = (1 - c) / 4;
  return 2 + 2 * (same * log2 (same) + other * log2 (other));
}

static void
test_hand (gconstpointer data)
{
  const Hand *hand = data;
  g_autoptr (GPtrArray) sources = g_ptr_array_new_with_free_func (g_object_unref);
  if (hand->a != NULL)
    g_ptr_array_add (sources, make_letters (hand, hand->a));
  if (hand->b != NULL)
    g_ptr_array_add (sources, make_letters (hand, hand->b));
  g_autoptr (OmniPicture) fused = make_letters (hand, hand->fused);
  g_autoptr (OmniMetricsInput)
    input = make_input ((OmniPicture *const *)sources->pdata, sources->len, fused, NULL);
  double value;
  g_assert_true (compute (hand->metric, hand->compat, input, &value));
  const gboolean places = g_str_equal (hand->metric, "fmi-pixel") && g_str_equal (hand->a, "A00A00000");
  const double expected = places ? get_fmi_by_hand () : hand->expected;
  const double tolerance = g_str_equal (hand->metric, "qabf") ? 1e-6 : 1e-9; /* single precision */
  g_assert_cmpfloat_with_epsilon (value, expected, get_slack (tolerance, expected));
}

/* Windows of flat pictures: only the means are left. */
static void
test_flat_windows (void)
{
  OmniPicture *sources[2] = { make_flat (45, 45, 100), make_flat (45, 45, 110) };
  g_autoptr (OmniMetricsInput) both = make_input (sources, 2, sources[0], NULL);
  g_autoptr (OmniMetricsInput) one = make_input (sources + 1, 1, sources[0], sources[1]);
  const double ssim = (2 * 100 * 110 + C1) / (100.0 * 100 + 110 * 110 + C1);
  double value;
  g_assert_true (compute ("ssim", NULL, both, &value));
  g_assert_cmpfloat_with_epsilon (value, (1 + ssim) / 2, get_slack (1e-12, 1));
  g_assert_true (compute ("ref-ssim", NULL, one, &value));
  g_assert_cmpfloat_with_epsilon (value, ssim, get_slack (1e-12, 1));
  g_assert_true (compute ("ref-mae", NULL, one, &value));
  g_assert_cmpfloat (value, ==, 10);
  g_assert_true (compute ("ref-psnr", NULL, one, &value));
  g_assert_cmpfloat_with_epsilon (value, 20 * log10 (25.5), get_slack (1e-12, 1));
  /* No variance: half and half. */
  g_assert_true (compute ("qy", NULL, both, &value));
  g_assert_cmpfloat_with_epsilon (value, (1 + 2 * 100 * 110 / (100.0 * 100 + 110 * 110)) / 2,
                                  get_slack (1e-12, 1));
  g_assert_true (compute ("mef-ssim", NULL, both, &value));
  g_assert_cmpfloat_with_epsilon (value, 1, get_slack (1e-12, 1));
  for (guint k = 0; k < 2; k++)
    g_object_unref (sources[k]);
}

static double
get_weight (guint i, guint size, double sigma)
{
  double sum = 0;
  for (guint k = 0; k < size; k++)
    sum += exp (-pow (k - (size - 1) / 2.0, 2) / (2 * sigma * sigma));
  return exp (-pow (i - (size - 1) / 2.0, 2) / (2 * sigma * sigma)) / sum;
}

/* One window of a source with one bright column against nothing: C / (s² v + C), s making the length of the patch .001 more. */
static void
test_one_window (void)
{
  guint8 values[121] = { 0 };
  for (guint y = 0; y < 11; y++)
    values[11 * y + 5] = 44;
  g_autoptr (OmniPicture) source = make_grey (11, 11, values);
  g_autoptr (OmniPicture) fused = make_flat (11, 11, 7);
  g_autoptr (OmniMetricsInput) input = make_input (&source, 1, fused, NULL);
  const double w = get_weight (5, 11, 1.5), variance = 44 * 44 * w * (1 - w);
  const double length = sqrt (11 * 44 * 44 * (1 - 1 / 11.0)), scale = (length + 0.001) / length;
  double value;
  g_assert_true (compute ("mef-ssim-1", NULL, input, &value));
  g_assert_cmpfloat_with_epsilon (value, C2 / (scale * scale * variance + C2), get_slack (1e-7, 1));
  g_assert_false (compute ("mef-ssim", NULL, input, &value));
}

/* One pixel with nothing around it, against nothing. */
static void
test_one_pixel (void)
{
  g_autoptr (OmniPicture) source = make_flat (1, 1, 255);
  g_autoptr (OmniPicture) fused = make_flat (1, 1, 0);
  g_autoptr (OmniMetricsInput) input = make_input (&source, 1, fused, NULL);
  const double w = pow (get_weight (5, 11, 11 / 6.0), 2), c1 = 0.0001, c2 = 0.0009;
  const double cs = c2 / (w - w * w + c2);
  double value;
  g_assert_true (compute ("mef-ssim-cs", NULL, input, &value));
  g_assert_cmpfloat_with_epsilon (value, cs, get_slack (1e-12, 1));
  g_assert_true (compute ("mef-ssim-lum", NULL, input, &value));
  g_assert_cmpfloat_with_epsilon (value, cs * c1 / (w * w + c1), get_slack (1e-12, 1));
}

/* ---- Properties ---- */

#define WIDTH  97
#define HEIGHT 71

/* A copy is as good as it gets. */
static void
test_copy (void)
{
  static const struct
  {
    const char *name;
    double expected, tolerance;
  } copies[] = {
    { "mef-ssim", 1, 1e-5 },      { "mef-ssim-1", 1, 1e-5 },  { "mef-ssim-cs", 1, 1e-12 },
    { "mef-ssim-lum", 1, 1e-12 }, { "ssim", 1, 1e-12 },       { "qy", 1, 1e-12 },
    { "qm", 3, 1e-12 },           { "qcb", 1, 1e-12 },        { "vif", 1, 1e-9 },
    { "viff", 1, 1e-9 },          { "fmi-pixel", 1, 0 },      { "fmi-gradient", 1, 0 },
    { "fmi-dct", 1, 0 },          { "fmi-wavelet", 1, 0 },    { "nmi", 2, 1e-12 },
    { "cc", 1, 1e-12 },           { "qabf", EXP_QABF, 1e-6 }, { "nabf", 0, 0 },
    { "ref-ssim", 1, 1e-12 },     { "ref-mae", 0, 0 },
  };
  g_autoptr (OmniPicture) scene = make_scene (1, WIDTH, HEIGHT, 3, FALSE, OMNI_SAMPLE_U8);
  OmniPicture *sources[2] = { scene, scene };
  g_autoptr (OmniMetricsInput) input = make_input (sources, 2, scene, scene);
  for (guint i = 0; i < G_N_ELEMENTS (copies); i++)
  {
    double value;
    g_assert_true (compute (copies[i].name, NULL, input, &value));
    const double tolerance = get_slack (copies[i].tolerance, copies[i].expected);
    if (!(fabs (value - copies[i].expected) <= tolerance))
      g_test_message ("%s: %.15g", copies[i].name, value);
    g_assert_true (fabs (value - copies[i].expected) <= tolerance);
  }
  double unused;
  g_assert_false (compute ("psnr", NULL, input, &unused));
  g_assert_false (compute ("ref-psnr", NULL, input, &unused));
  g_assert_false (compute ("scd", NULL, input, &unused)); /* nothing is left of either source */
}

/* All metrics and variants of an input, NAN where there is none. */
static GArray *
compute_all (const OmniMetricsInput *input)
{
  GArray *values = g_array_new (FALSE, FALSE, sizeof (double));
  const OmniMetric *const *metrics = omni_metrics_list ();
  const OmniMetricsCompat *const *compats = omni_metrics_compat_list ();
  for (guint i = 0; metrics[i] != NULL; i++)
  {
    double value;
    compute (metrics[i]->name, NULL, input, &value);
    g_array_append_val (values, value);
    for (guint k = 0; compats[k] != NULL; k++)
      if (omni_metrics_compat_changes (compats[k], metrics[i]))
      {
        compute (metrics[i]->name, compats[k]->name, input, &value);
        g_array_append_val (values, value);
      }
  }
  return values;
}

static void
assert_same (const GArray *a, const GArray *b)
{
  g_assert_cmpuint (a->len, ==, b->len);
  for (guint i = 0; i < a->len; i++)
  {
    const double x = g_array_index (a, double, i), y = g_array_index (b, double, i);
    g_assert_true (memcmp (&x, &y, sizeof x) == 0 || (isnan (x) && isnan (y)));
  }
}

static void
test_order (gconstpointer data)
{
  const guint n = GPOINTER_TO_UINT (data);
  static const guint orders[5][3] = { { 1, 0, 2 }, { 0, 2, 1 }, { 2, 1, 0 }, { 1, 2, 0 }, { 2, 0, 1 } };
  OmniPicture *scenes[3], *sources[3];
  for (guint k = 0; k < 3; k++)
    scenes[k] = make_scene (k, WIDTH, HEIGHT, k == 1 ? 1 : 3, FALSE, OMNI_SAMPLE_U8);
  g_autoptr (OmniPicture) fused = make_scene (7, WIDTH, HEIGHT, 3, FALSE, OMNI_SAMPLE_U8);
  g_autoptr (OmniMetricsInput) input = make_input (scenes, n, fused, scenes[0]);
  g_autoptr (GArray) expected = compute_all (input);
  for (guint i = 0; i < (n == 2 ? 1 : 5); i++)
  {
    for (guint k = 0; k < n; k++)
      sources[k] = scenes[orders[i][k]];
    g_autoptr (OmniMetricsInput) permuted = make_input (sources, n, fused, scenes[0]);
    g_autoptr (GArray) values = compute_all (permuted);
    assert_same (values, expected);
  }
  for (guint k = 0; k < 3; k++)
    g_object_unref (scenes[k]);
}

static void
test_threads (void)
{
  OmniPicture *sources[2] = { make_scene (1, 200, 150, 3, FALSE, OMNI_SAMPLE_U8),
                              make_scene (2, 200, 150, 3, FALSE, OMNI_SAMPLE_U8) };
  g_autoptr (OmniPicture) fused = make_scene (3, 200, 150, 3, FALSE, OMNI_SAMPLE_U8);
  omni_metrics_set_threads (1);
  g_autoptr (OmniMetricsInput) input = make_input (sources, 2, fused, fused);
  g_autoptr (GArray) expected = compute_all (input);
  for (guint n = 2; n <= 7; n += 5)
  {
    omni_metrics_set_threads (n);
    g_autoptr (GArray) values = compute_all (input);
    assert_same (values, expected);
  }
  omni_metrics_set_threads (0);
  for (guint k = 0; k < 2; k++)
    g_object_unref (sources[k]);
}

/* Of unlike pictures every value lies in its range. */
static void
test_ranges (void)
{
  OmniPicture *sources[2] = { make_scene (1, WIDTH, HEIGHT, 3, FALSE, OMNI_SAMPLE_U8),
                              make_scene (2, WIDTH, HEIGHT, 3, FALSE, OMNI_SAMPLE_U8) };
  const OmniMetric *const *metrics = omni_metrics_list ();
  for (guint variant = 0; variant < 4; variant++)
  {
    g_autoptr (OmniPicture) fused = variant < 3
                                      ? make_scene (variant + 1, WIDTH, HEIGHT, 3, FALSE, OMNI_SAMPLE_U8)
                                      : make_flat (WIDTH, HEIGHT, 90);
    g_autoptr (OmniMetricsInput) input = make_input (sources, 2, fused, sources[0]);
    for (guint i = 0; metrics[i] != NULL; i++)
    {
      double value;
      if (!compute (metrics[i]->name, NULL, input, &value))
        continue;
      const double slack = get_slack (1e-9, value);
      if (value < metrics[i]->minimum - slack || value > metrics[i]->maximum + slack)
        g_test_message ("%s: %.15g is not %s", metrics[i]->name, value, metrics[i]->range);
      g_assert_true (value >= metrics[i]->minimum - slack && value <= metrics[i]->maximum + slack);
    }
  }
  for (guint k = 0; k < 2; k++)
    g_object_unref (sources[k]);
}

/* Flat, and as small as pictures get: a value or a reason, never a crash or NaN (compute() asserts it). */
static void
test_small_and_flat (void)
{
  static const guint sizes[][2] = { { 1, 1 }, { 1, 50 },  { 50, 1 },  { 2, 2 },   { 3, 3 },  { 4, 5 },
                                    { 7, 8 }, { 11, 11 }, { 40, 41 }, { 41, 41 }, { 64, 65 } };
  for (guint i = 0; i < G_N_ELEMENTS (sizes); i++)
    for (guint kind = 0; kind < 4; kind++)
    {
      const guint width = sizes[i][0], height = sizes[i][1];
      OmniPicture *sources[2] = { kind & 1 ? make_flat (width, height, 0)
                                           : make_scene (1, width, height, 1, FALSE, OMNI_SAMPLE_U8),
                                  make_flat (width, height, 255) };
      g_autoptr (OmniPicture) fused = kind & 2 ? make_flat (width, height, 0)
                                               : make_scene (2, width, height, 3, FALSE, OMNI_SAMPLE_U8);
      for (guint n = 0; n <= 2; n++)
      {
        g_autoptr (OmniMetricsInput) input = make_input (sources, n, fused, n == 1 ? sources[0] : NULL);
        g_autoptr (GArray) values = compute_all (input);
        g_assert_cmpuint (values->len, >, 0);
      }
      for (guint k = 0; k < 2; k++)
        g_object_unref (sources[k]);
    }
}

/* A hole in the alpha of one picture: whatever its colour, and whatever the others show there, it has no say. */
static OmniPicture *
make_holed (guint index, guint8 colour, gboolean hole)
{
  g_autoptr (OmniPicture) scene = make_scene (index, WIDTH, HEIGHT, 4, TRUE, OMNI_SAMPLE_U8);
  g_autofree guint8 *pixels = g_memdup2 (omni_picture_get_pixels (scene), (gsize)WIDTH * HEIGHT * 4);
  for (guint y = 10; y < 14; y++)
    for (guint x = 20; x < 27; x++)
      for (guint c = 0; c < 4; c++)
        pixels[4 * (y * WIDTH + x) + c] = c == 3 ? (hole ? 0 : 255) : colour;
  return omni_picture_new (WIDTH, HEIGHT, 4, TRUE, OMNI_SAMPLE_U8,
                           g_bytes_new (pixels, (gsize)WIDTH * HEIGHT * 4), NULL, NULL, NULL);
}

static void
test_mask (void)
{
  g_autoptr (GArray) expected = NULL;
  for (guint i = 0; i < 3; i++)
  {
    OmniPicture *sources[2] = { make_holed (1, (guint8)(100 * i), TRUE),
                                make_holed (2, (guint8)(90 * i), FALSE) };
    g_autoptr (OmniPicture) fused = make_holed (3, (guint8)(30 + i), FALSE);
    g_autoptr (OmniMetricsInput) input = make_input (sources, 2, fused, sources[1]);
    GArray *values = compute_all (input);
    if (expected != NULL)
    {
      assert_same (values, expected);
      g_array_unref (values);
    }
    else
      expected = values;
    double value;
    g_assert_true (compute ("vif", NULL, input, &value));
    g_assert_false (compute ("qcb", NULL, input, &value));
    for (guint k = 0; k < 2; k++)
      g_object_unref (sources[k]);
  }
}

/* A NaN is a hole, too; nothing but holes leaves nothing. */
static void
test_nan (void)
{
  g_autoptr (OmniPicture) scene = make_scene (1, WIDTH, HEIGHT, 3, FALSE, OMNI_SAMPLE_F32);
  const gsize n = (gsize)WIDTH * HEIGHT * 3;
  g_autofree float *pixels = g_memdup2 (omni_picture_get_pixels (scene), n * sizeof (float));
  pixels[3 * (30 * WIDTH + 40) + 1] = NAN;
  g_autoptr (OmniPicture) holed = omni_picture_new (
    WIDTH, HEIGHT, 3, FALSE, OMNI_SAMPLE_F32, g_bytes_new (pixels, n * sizeof (float)), NULL, NULL, NULL);
  g_autoptr (OmniMetricsInput) input = make_input (&scene, 1, holed, NULL);
  double value;
  g_assert_true (compute ("ssim", NULL, input, &value));
  g_assert_cmpfloat_with_epsilon (value, 1, get_slack (1e-12, 1));
  g_assert_true (compute ("cc", NULL, input, &value));
  g_assert_cmpfloat_with_epsilon (value, 1, get_slack (1e-12, 1));
  for (gsize i = 0; i < n; i++)
    pixels[i] = NAN;
  g_autoptr (OmniPicture) nothing = omni_picture_new (
    WIDTH, HEIGHT, 3, FALSE, OMNI_SAMPLE_F32, g_bytes_new (pixels, n * sizeof (float)), NULL, NULL, NULL);
  g_autoptr (OmniMetricsInput) empty = make_input (&scene, 1, nothing, NULL);
  g_autoptr (GArray) values = compute_all (empty);
  for (guint i = 0; i < values->len; i++)
    g_assert_true (isnan (g_array_index (values, double, i)));
}

/* A region is what cropping gives; depth does not matter where the values are the same. */
static void
test_region_and_depth (void)
{
  const OmniMetricsRegion region = { 13, 5, 60, 50 };
  OmniPicture *whole[2], *cropped[2], *deep[2];
  for (guint k = 0; k < 2; k++)
  {
    whole[k] = make_scene (k, WIDTH, HEIGHT, 1, FALSE, OMNI_SAMPLE_U8);
    const guint8 *pixels = omni_picture_get_pixels (whole[k]);
    guint8 values[60 * 50];
    guint16 wide[60 * 50];
    for (guint i = 0; i < 60 * 50; i++)
    {
      values[i] = pixels[(5 + i / 60) * WIDTH + 13 + i % 60];
      wide[i] = (guint16)(values[i] * 257);
    }
    cropped[k] = make_grey (60, 50, values);
    deep[k] = omni_picture_new (60, 50, 1, FALSE, OMNI_SAMPLE_U16, g_bytes_new (wide, sizeof wide), NULL,
                                NULL, NULL);
  }
  GError *error = NULL;
  g_autoptr (OmniMetricsInput) a = omni_metrics_input_new (whole, 1, whole[1], NULL, &region, &error);
  g_assert_no_error (error);
  g_autoptr (OmniMetricsInput) b = make_input (cropped, 1, cropped[1], NULL);
  g_autoptr (OmniMetricsInput) c = make_input (deep, 1, deep[1], NULL);
  g_autoptr (GArray) of_region = compute_all (a);
  g_autoptr (GArray) of_crop = compute_all (b);
  g_autoptr (GArray) of_deep = compute_all (c);
  assert_same (of_region, of_crop);
  assert_same (of_region, of_deep);
  for (guint k = 0; k < 2; k++)
  {
    g_object_unref (whole[k]);
    g_object_unref (cropped[k]);
    g_object_unref (deep[k]);
  }
}

static void
test_refused (void)
{
  g_autoptr (OmniPicture) fused = make_scene (1, 20, 10, 3, FALSE, OMNI_SAMPLE_U8);
  g_autoptr (OmniPicture) other = make_scene (1, 10, 20, 3, FALSE, OMNI_SAMPLE_U8);
  g_autoptr (OmniPicture) bands = make_scene (1, 20, 10, 4, FALSE, OMNI_SAMPLE_U8);
  const OmniMetricsRegion outside = { 15, 0, 6, 10 };
  const struct
  {
    OmniPicture *source;
    const OmniMetricsRegion *region;
    const char *words;
  } cases[] = { { other, NULL, "10 × 20" }, { bands, NULL, "4 bands" }, { fused, &outside, "15,0,6,10" } };
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
  {
    g_autoptr (GError) error = NULL;
    g_assert_null (omni_metrics_input_new (&cases[i].source, 1, fused, NULL, cases[i].region, &error));
    g_assert_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT);
    g_assert_nonnull (strstr (error->message, cases[i].words));
  }
}

static void
test_cancelled (void)
{
  g_autoptr (OmniPicture) fused = make_scene (1, WIDTH, HEIGHT, 3, FALSE, OMNI_SAMPLE_U8);
  g_autoptr (OmniMetricsInput) input = make_input (&fused, 1, fused, fused);
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_cancellable_cancel (cancellable);
  const OmniMetric *const *metrics = omni_metrics_list ();
  for (guint i = 0; metrics[i] != NULL; i++)
  {
    double value;
    g_autofree char *reason = NULL;
    g_assert_false (omni_metric_compute (metrics[i], NULL, input, cancellable, &value, &reason));
    g_assert_nonnull (reason);
  }
}

/* The table is complete, and every panel has three metrics that exist. */
static void
test_table (void)
{
  const OmniMetric *const *metrics = omni_metrics_list ();
  for (guint i = 0; metrics[i] != NULL; i++)
  {
    g_assert_true (omni_metric_find (metrics[i]->name) == metrics[i]);
    g_assert_true (metrics[i]->title != NULL && metrics[i]->summary != NULL && metrics[i]->citation != NULL
                   && metrics[i]->range != NULL);
    g_assert_true ((metrics[i]->kind == OMNI_METRIC_OF_SOURCES) == (metrics[i]->min_sources > 0));
    g_assert_cmpfloat (metrics[i]->minimum, <, metrics[i]->maximum);
  }
  for (OmniTask task = OMNI_TASK_AUTO; task < OMNI_N_TASKS; task++)
  {
    const char *const *panel = omni_metrics_default_panel (task);
    g_assert_cmpuint (g_strv_length ((char **)panel), ==, 3);
    for (guint i = 0; panel[i] != NULL; i++)
      g_assert_true (omni_metric_find (panel[i])->of_bands == (task == OMNI_TASK_PANSHARPEN));
  }
  const OmniMetricsCompat *const *compats = omni_metrics_compat_list ();
  for (guint i = 0; compats[i] != NULL; i++)
    for (guint k = 0; compats[i]->metrics[k] != NULL; k++)
      g_assert_nonnull (omni_metric_find (compats[i]->metrics[k]));
  g_assert_null (omni_metric_find ("nothing"));
  g_assert_null (omni_metrics_compat_find ("nothing"));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (hands); i++)
  {
    g_autofree char *name = g_strdup_printf ("/metrics/hand/%s-%u", hands[i].metric, i);
    g_test_add_data_func (name, &hands[i], test_hand);
  }
  g_test_add_func ("/metrics/hand/flat-windows", test_flat_windows);
  g_test_add_func ("/metrics/hand/one-window", test_one_window);
  g_test_add_func ("/metrics/hand/one-pixel", test_one_pixel);
  g_test_add_func ("/metrics/copy", test_copy);
  g_test_add_data_func ("/metrics/order/2", GUINT_TO_POINTER (2), test_order);
  g_test_add_data_func ("/metrics/order/3", GUINT_TO_POINTER (3), test_order);
  g_test_add_func ("/metrics/threads", test_threads);
  g_test_add_func ("/metrics/ranges", test_ranges);
  g_test_add_func ("/metrics/small-and-flat", test_small_and_flat);
  g_test_add_func ("/metrics/mask", test_mask);
  g_test_add_func ("/metrics/nan", test_nan);
  g_test_add_func ("/metrics/region-and-depth", test_region_and_depth);
  g_test_add_func ("/metrics/refused", test_refused);
  g_test_add_func ("/metrics/cancelled", test_cancelled);
  g_test_add_func ("/metrics/table", test_table);
  return g_test_run ();
}
