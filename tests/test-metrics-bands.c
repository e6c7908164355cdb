/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Metrics of pan-sharpened bands on pictures small enough to work their values out by hand, and what holds for all of them. */

#include "app/picture/degrade.h"
#include "app/metrics/metrics.h"

#include <math.h>
#include <string.h>

/* A picture of float bands; `value` says what each sample is. */
typedef double (*ValueFunc) (guint x, guint y, guint band);

static OmniPicture *
make_picture (guint width, guint height, guint bands, ValueFunc value)
{
  gsize size_bytes;
  guint8 *pixels = omni_picture_try_alloc_pixels (width, height, bands, OMNI_SAMPLE_F32, &size_bytes, NULL);
  for (guint y = 0; y < height; y++)
    for (guint x = 0; x < width; x++)
      for (guint b = 0; b < bands; b++)
        ((float *)(gpointer)pixels)[((gsize)y * width + x) * bands + b] = (float)value (x, y, b);
  GError *error = NULL;
  OmniPicture *picture = omni_picture_new (width, height, bands, FALSE, OMNI_SAMPLE_F32,
                                           g_bytes_new_take (pixels, size_bytes), NULL, NULL, &error);
  g_assert_no_error (error);
  return picture;
}

static OmniMetricsInput *
make_input (OmniPicture *ms, OmniPicture *pan, OmniPicture *fused, OmniPicture *reference)
{
  GError *error = NULL;
  OmniMetricsInput *input = omni_metrics_input_new_bands (ms, pan, fused, reference, NULL, &error);
  g_assert_no_error (error);
  return input;
}

static gboolean
compute (const char *name, const OmniMetricsInput *input, double *value)
{
  g_autofree char *reason = NULL;
  const gboolean done = omni_metric_compute (omni_metric_find (name), NULL, input, NULL, value, &reason);
  g_assert_true (done == (reason == NULL));
  g_assert_true (done ? isfinite (*value) : isnan (*value));
  return done;
}

static void
assert_value (const char *name, const OmniMetricsInput *input, double expected)
{
  double value;
  g_assert_true (compute (name, input, &value));
  if (fabs (value - expected) > 1e-6)
    g_test_message ("%s: %.10g instead of %.10g", name, value, expected);
  g_assert_cmpfloat_with_epsilon (value, expected, 1e-6);
}

/* Waves of another kind in each band, and a ramp that they share. */
static double
wave (guint x, guint y, guint band)
{
  return 0.4 + 0.1 * band + 0.1 * sin (x * (0.3 + 0.1 * band)) + 0.08 * cos (y * 0.4 + band) + 0.002 * x;
}

static double
twice (guint x, guint y, guint band)
{
  return 2 * wave (x, y, band);
}

static double
steps (guint x, guint y, guint band)
{
  return band == 0 ? 100 : 200;
}

static double
steps_up (guint x, guint y, guint band)
{
  return steps (x, y, band) + 10;
}

/* Ten more than 100 and than 200: 100/4 · √((.1² + .05²)/2), four being the usual ratio. */
static void
test_ergas (void)
{
  g_autoptr (OmniPicture) reference = make_picture (8, 6, 2, steps);
  g_autoptr (OmniPicture) fused = make_picture (8, 6, 2, steps_up);
  g_autoptr (OmniMetricsInput) input = make_input (NULL, NULL, fused, reference);
  assert_value ("ergas", input, 25 * sqrt ((0.01 + 0.0025) / 2));
  /* With the pictures it was made of, the ratio is theirs. */
  g_autoptr (OmniPicture) ms = make_picture (4, 3, 2, steps);
  g_autoptr (OmniPicture) pan = make_picture (8, 6, 1, steps);
  g_autoptr (OmniMetricsInput) sources = make_input (ms, pan, fused, reference);
  assert_value ("ergas", sources, 50 * sqrt ((0.01 + 0.0025) / 2));
}

static double
three_four (guint x, guint y, guint band)
{
  return x == 0 ? 0 : band == 0 ? 3 : 4;
}

static double
four_three (guint x, guint y, guint band)
{
  return band == 0 ? 4 : 3;
}

/* Between (3, 4) and (4, 3) the cosine is 24/25; the black column has no direction. */
static void
test_sam (void)
{
  g_autoptr (OmniPicture) reference = make_picture (3, 2, 2, three_four);
  g_autoptr (OmniPicture) fused = make_picture (3, 2, 2, four_three);
  g_autoptr (OmniMetricsInput) input = make_input (NULL, NULL, fused, reference);
  assert_value ("sam", input, acos (24 / 25.0) * 180 / G_PI);
}

static double
first_only (guint x, guint y, guint band)
{
  return band == 0 ? wave (x, y, 0) : 0;
}

static double
last_only (guint x, guint y, guint band)
{
  return band == 3 ? wave (x, y, 0) : 0;
}

static double
checks (guint x, guint y, guint band)
{
  return band == 0 ? 1.0 * (x % 2) : 1.0 * (y % 2);
}

static double
checks_summed (guint x, guint y, guint band)
{
  return band == 0 ? 1.0 * (x % 2) : 1.0 * (x % 2);
}

/* Twice the reference: 2·2 v / (v + 4 v) in structure, and the same in the means: .8². A hypercomplex turn (one band handed to another)
 * leaves the modulus alone: 1. */
static void
test_q2n (void)
{
  for (guint bands = 1; bands <= 8; bands++)
  {
    g_autoptr (OmniPicture) reference = make_picture (64, 32, bands, wave);
    g_autoptr (OmniPicture) fused = make_picture (64, 32, bands, twice);
    g_autoptr (OmniMetricsInput) input = make_input (NULL, NULL, fused, reference);
    double value;
    assert_value ("q2n", input, 0.64);
    g_assert_true (compute ("q4", input, &value) == (bands == 4));
  }
  g_autoptr (OmniPicture) first = make_picture (32, 32, 4, first_only);
  g_autoptr (OmniPicture) last = make_picture (32, 32, 4, last_only);
  g_autoptr (OmniMetricsInput) turned = make_input (NULL, NULL, last, first);
  assert_value ("q4", turned, 1);
  /* a = x mod 2, b = y mod 2, uncorrelated, variance ¼, mean ½. x = a + ib, y = a + ia: E x ȳ has the parts cov (a, a) + cov (b, a)
   * = ¼ and −cov (a, a) + cov (b, a) = −¼; |σ| = √2/4, the variances add up to 1, the means are alike: Q = √2/2. */
  g_autoptr (OmniPicture) x = make_picture (32, 32, 2, checks);
  g_autoptr (OmniPicture) y = make_picture (32, 32, 2, checks_summed);
  g_autoptr (OmniMetricsInput) mixed = make_input (NULL, NULL, y, x);
  assert_value ("q2n", mixed, G_SQRT2 / 2);
}

static double
one_wave (guint x, guint y, guint band)
{
  return wave (x, y, 0);
}

static double
doubled_band (guint x, guint y, guint band)
{
  return (band + 1) * wave (x, y, 0);
}

static double
constant (guint x, guint y, guint band)
{
  return 0.5;
}

/* Bands that are one and the same in the multispectral picture (Q = 1), one of them doubled in the fused (Q = .64): D_lambda = .36. With
 * flat pictures all indices are those of equal means. */
static void
test_qnr (void)
{
  g_autoptr (OmniPicture) ms = make_picture (32, 32, 2, one_wave);
  g_autoptr (OmniPicture) pan = make_picture (128, 128, 1, one_wave);
  g_autoptr (OmniPicture) fused = make_picture (128, 128, 2, doubled_band);
  g_autoptr (OmniMetricsInput) input = make_input (ms, pan, fused, NULL);
  double qnr, spatial;
  assert_value ("d-lambda", input, 0.36);
  g_assert_true (compute ("d-s", input, &spatial));
  g_assert_true (compute ("qnr", input, &qnr));
  g_assert_cmpfloat_with_epsilon (qnr, 0.64 * (1 - spatial), 1e-12);
  /* Q of the fused bands with pan: 1 and .64; that of ms with the coarser pan is one number for both. */
  g_autoptr (OmniPicture) flat_ms = make_picture (32, 32, 2, constant);
  g_autoptr (OmniPicture) flat_pan = make_picture (128, 128, 1, constant);
  g_autoptr (OmniPicture) flat = make_picture (128, 128, 2, constant);
  g_autoptr (OmniMetricsInput) perfect = make_input (flat_ms, flat_pan, flat, NULL);
  assert_value ("qnr", perfect, 1);
  g_autoptr (OmniMetricsInput) doubled = make_input (flat_ms, flat_pan, fused, NULL);
  g_assert_true (compute ("d-s", doubled, &spatial));
  /* A flat picture agrees in structure with nothing that is not flat: |0 − 1| for both bands. */
  g_assert_cmpfloat_with_epsilon (spatial, 1, 1e-9);
}

/* A copy of the reference is perfect, with and without what does not count. */
static double
holed (guint x, guint y, guint band)
{
  return x == 5 && y == 7 && band == 1 ? NAN : wave (x, y, band);
}

static void
test_copy (void)
{
  g_autoptr (OmniPicture) reference = make_picture (75, 43, 4, wave);
  g_autoptr (OmniPicture) fused = make_picture (75, 43, 4, holed);
  OmniPicture *const pictures[] = { reference, fused };
  for (guint i = 0; i < 2; i++)
  {
    g_autoptr (OmniMetricsInput) input = make_input (NULL, NULL, pictures[i], reference);
    double value;
    assert_value ("ergas", input, 0);
    g_assert_true (compute ("sam", input, &value));
    g_assert_cmpfloat_with_epsilon (value, 0, 1e-5); /* acos next to 1 */
    assert_value ("q2n", input, 1);
    assert_value ("q4", input, 1);
    g_assert_false (compute ("qnr", input, &value));
    g_assert_false (compute ("ssim", input, &value));
  }
  /* One pixel. */
  g_autoptr (OmniPicture) small = make_picture (1, 1, 4, wave);
  g_autoptr (OmniMetricsInput) input = make_input (NULL, NULL, small, small);
  assert_value ("q2n", input, 1);
  g_autoptr (OmniPicture) black = make_picture (4, 4, 4, first_only);
  g_autoptr (OmniMetricsInput) no_mean = make_input (NULL, NULL, black, black);
  double value;
  g_assert_false (compute ("ergas", no_mean, &value));
}

static void
test_threads_and_region (void)
{
  static const char *const names[] = { "ergas", "sam", "q2n", "qnr", "d-lambda", "d-s" };
  const OmniMetricsRegion region = { 41, 5, 60, 50 }, whole_pixels = { 40, 4, 64, 52 };
  g_autoptr (OmniPicture) ms = make_picture (40, 30, 4, wave);
  g_autoptr (OmniPicture) pan = make_picture (160, 120, 1, wave);
  g_autoptr (OmniPicture) reference = make_picture (160, 120, 4, wave);
  g_autoptr (OmniPicture) fused = make_picture (160, 120, 4, twice);
  g_autoptr (OmniMetricsInput) input = make_input (ms, pan, fused, reference);
  GError *error = NULL;
  g_autoptr (OmniMetricsInput) a = omni_metrics_input_new_bands (ms, pan, fused, reference, &region, &error);
  g_autoptr (OmniMetricsInput)
    b = omni_metrics_input_new_bands (ms, pan, fused, reference, &whole_pixels, &error);
  g_assert_no_error (error);
  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
  {
    double one, many, of_region, of_pixels;
    omni_metrics_set_threads (1);
    g_assert_true (compute (names[i], input, &one));
    omni_metrics_set_threads (5);
    g_assert_true (compute (names[i], input, &many));
    g_assert_true (one == many);
    g_assert_true (compute (names[i], a, &of_region));
    g_assert_true (compute (names[i], b, &of_pixels));
    g_assert_true (of_region == of_pixels);
  }
  omni_metrics_set_threads (0);
}

static void
test_refused (void)
{
  g_autoptr (OmniPicture) ms = make_picture (10, 10, 4, wave);
  g_autoptr (OmniPicture) pan = make_picture (40, 40, 1, wave);
  g_autoptr (OmniPicture) fused = make_picture (40, 40, 4, wave);
  g_autoptr (OmniPicture) other = make_picture (40, 41, 4, wave);
  g_autoptr (OmniPicture) fewer = make_picture (40, 40, 3, wave);
  g_autoptr (OmniPicture) odd = make_picture (11, 10, 4, wave);
  const struct
  {
    OmniPicture *ms, *pan, *reference;
    const char *words;
  } cases[] = { { ms, pan, other, "40 × 41" },
                { ms, pan, fewer, "3 bands" },
                { odd, pan, NULL, "no whole multiple" },
                { ms, fused, NULL, "a panchromatic picture has one" } };
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
  {
    g_autoptr (GError) error = NULL;
    g_assert_null (
      omni_metrics_input_new_bands (cases[i].ms, cases[i].pan, fused, cases[i].reference, NULL, &error));
    g_assert_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT);
    g_assert_nonnull (strstr (error->message, cases[i].words));
  }
}

/* ---- The filter of Wald's protocol ---- */

static double
nyquist (guint x, guint y, guint band)
{
  return 0.5 + 0.25 * cos (G_PI * (x - 1.5) / 4);
}

/* A flat picture stays flat. A wave at the new Nyquist frequency, whose crests the new pixels sit on, keeps .3 of its height. */
static void
test_degrade (void)
{
  g_autoptr (OmniPicture) flat = make_picture (64, 32, 2, constant);
  g_autoptr (OmniPicture) wavy = make_picture (256, 8, 1, nyquist);
  g_autoptr (OmniPicture) coarse = omni_picture_degrade (flat, 16, 8, OMNI_DEGRADE_GAIN_MS, NULL, NULL);
  g_autoptr (OmniPicture) low = omni_picture_degrade (wavy, 64, 2, OMNI_DEGRADE_GAIN_MS, NULL, NULL);
  const float *of_flat = omni_picture_get_pixels (coarse), *of_wave = omni_picture_get_pixels (low);
  for (guint i = 0; i < 16 * 8 * 2; i++)
    g_assert_cmpfloat_with_epsilon (of_flat[i], 0.5, 1e-6);
  for (guint i = 8; i < 56; i++)
  {
    const double crest = i % 2 == 0 ? 1 : -1;
    g_assert_cmpfloat_with_epsilon (of_wave[i], 0.5 + 0.25 * 0.3 * crest, 2e-3);
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/metrics-bands/ergas", test_ergas);
  g_test_add_func ("/metrics-bands/sam", test_sam);
  g_test_add_func ("/metrics-bands/q2n", test_q2n);
  g_test_add_func ("/metrics-bands/qnr", test_qnr);
  g_test_add_func ("/metrics-bands/copy", test_copy);
  g_test_add_func ("/metrics-bands/threads-and-region", test_threads_and_region);
  g_test_add_func ("/metrics-bands/refused", test_refused);
  g_test_add_func ("/metrics-bands/degrade", test_degrade);
  return g_test_run ();
}
