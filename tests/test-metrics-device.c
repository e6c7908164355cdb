/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The metrics' kernels on the software device against plain C, their twin: every kernel in every variant, sizes that no
 * workgroup divides, masks, strips, orders. That the frozen values hold as well is seen by running test-metrics-frozen with
 * OMNIFUSE_METRICS=vulkan. */

#include "app/metrics/device.h"

#include <math.h>
#include <string.h>

#define TOLERANCE       5e-7
#define SMALL_TOLERANCE 2e-6 /* of pictures of a few pixels, where single errors do not cancel */
#define FEW_PIXELS      1000
#define SSIM            4 /* below */

static const struct
{
  const char *name, *compat;
  gboolean exact; /* sums of whole numbers */
} kernels[] = {
  { "mef-ssim", NULL, FALSE },     { "mef-ssim-1", NULL, FALSE }, { "mef-ssim-cs", NULL, FALSE },
  { "mef-ssim-lum", NULL, FALSE }, { "ssim", NULL, FALSE },       { "ssim", "u2fusion", FALSE },
  { "ssim", "vifb", FALSE },       { "ref-ssim", NULL, FALSE },   { "qabf", NULL, FALSE },
  { "vif", NULL, FALSE },          { "vif", "linfeng", FALSE },   { "cc", NULL, TRUE },
  { "scd", NULL, TRUE },           { "psnr", NULL, TRUE },        { "ref-psnr", NULL, TRUE },
  { "ref-mae", NULL, TRUE },       { "sd", NULL, TRUE },          { "sf", NULL, TRUE },
  { "ag", NULL, FALSE },           { "mg", NULL, FALSE },         { "ei", NULL, FALSE },
};

/* Waves with noise and a flat square; with `holes`, some pixels see-through. */
static OmniPicture *
make_scene (guint index, guint width, guint height, gboolean holes)
{
  const guint channels = holes ? 2 : 1;
  gsize size_bytes;
  guint8 *pixels = omni_picture_try_alloc_pixels (width, height, channels, OMNI_SAMPLE_U8, &size_bytes, NULL);
  guint32 noise = 4711 + index;
  for (guint y = 0; y < height; y++)
    for (guint x = 0; x < width; x++)
    {
      guint8 *pixel = pixels + ((gsize)y * width + x) * channels;
      noise = noise * 1664525 + 1013904223;
      const double value = 120 + 60 * sin (x * (0.2 + 0.05 * index)) + 40 * cos (y * 0.3 + index)
                           + (noise >> 8) / (double)(1 << 24) * 20;
      const gboolean flat = x % 50 < 25 && y % 60 > 30;
      pixel[0] = (guint8)(flat ? 40 * index + 10 : value);
      if (holes)
        pixel[1] = (x * 7 + y * 13) % 211 == 0 ? 0 : 255;
    }
  GError *error = NULL;
  OmniPicture *picture = omni_picture_new (width, height, channels, holes, OMNI_SAMPLE_U8,
                                           g_bytes_new_take (pixels, size_bytes), NULL, NULL, &error);
  g_assert_no_error (error);
  return picture;
}

/* `n` sources, starting at `first` and going round; a fused picture and a reference. */
static OmniMetricsInput *
make_input (guint n, guint first, guint width, guint height, gboolean holes)
{
  g_autoptr (GPtrArray) sources = g_ptr_array_new_with_free_func (g_object_unref);
  for (guint k = 0; k < n; k++)
    g_ptr_array_add (sources, make_scene ((k + first) % n, width, height, FALSE));
  g_autoptr (OmniPicture) fused = make_scene (n, width, height, FALSE);
  g_autoptr (OmniPicture) reference = make_scene (n + 1, width, height, holes);
  GError *error = NULL;
  OmniMetricsInput *input = omni_metrics_input_new ((OmniPicture *const *)sources->pdata, n, fused, reference,
                                                    NULL, &error);
  g_assert_no_error (error);
  return input;
}

static double
compute (guint kernel, const OmniMetricsInput *input, OmniMetricsPath path, char **reason)
{
  const OmniMetric *metric = omni_metric_find (kernels[kernel].name);
  const OmniMetricsCompat *compat = kernels[kernel].compat != NULL
                                      ? omni_metrics_compat_find (kernels[kernel].compat)
                                      : NULL;
  double value;
  omni_metrics_use_path (path);
  omni_metric_compute (metric, compat, input, NULL, &value, reason);
  return value;
}

static void
assert_agrees (guint kernel, const OmniMetricsInput *input, double *worst)
{
  g_autofree char *reason_c = NULL;
  g_autofree char *reason_vulkan = NULL;
  const guint64 before = omni_metrics_count_device_passes ();
  const double c = compute (kernel, input, OMNI_METRICS_C, &reason_c);
  g_assert_cmpuint (omni_metrics_count_device_passes (), ==, before);
  const double vulkan = compute (kernel, input, OMNI_METRICS_VULKAN, &reason_vulkan);
  g_assert_cmpstr (reason_c, ==, reason_vulkan);
  if (reason_c != NULL)
    return;
  g_assert_cmpuint (omni_metrics_count_device_passes (), >, before);
  const double difference = fabs (vulkan - c) / MAX (1, fabs (c));
  const double tolerance = input->width * input->height < FEW_PIXELS ? SMALL_TOLERANCE : TOLERANCE;
  if (!(difference <= (kernels[kernel].exact ? 0 : tolerance)))
  {
    g_test_message ("%s, %u sources of %u × %u%s: %.10g on the device, %.10g in C", kernels[kernel].name,
                    input->n_sources, input->width, input->height, input->mask != NULL ? ", masked" : "",
                    vulkan, c);
    g_test_fail ();
  }
  *worst = MAX (*worst, difference);
}

static void
test_agrees (gconstpointer data)
{
  const guint kernel = GPOINTER_TO_UINT (data);
  static const guint sizes[][2] = { { 41, 41 }, { 97, 71 }, { 150, 160 } };
  double worst = 0;
  for (guint i = 0; i < G_N_ELEMENTS (sizes); i++)
    for (guint n = 1; n <= 4; n++)
    {
      g_autoptr (OmniMetricsInput) input = make_input (n, 0, sizes[i][0], sizes[i][1], FALSE);
      assert_agrees (kernel, input, &worst);
    }
  g_autoptr (OmniMetricsInput) holed = make_input (2, 0, 133, 147, TRUE);
  g_assert_nonnull (holed->mask);
  assert_agrees (kernel, holed, &worst);
  g_test_message ("largest difference %.2g", worst);
}

/* Pictures smaller than windows, and flat ones: the same reasons and the same values. */
static void
test_small_and_flat (gconstpointer data)
{
  const guint kernel = GPOINTER_TO_UINT (data);
  static const guint sizes[][2] = { { 1, 1 }, { 1, 30 }, { 30, 1 }, { 2, 3 }, { 11, 11 }, { 12, 40 } };
  double worst = 0;
  for (guint i = 0; i < G_N_ELEMENTS (sizes); i++)
    for (guint n = 1; n <= 2; n++)
    {
      g_autoptr (OmniMetricsInput) input = make_input (n, 0, sizes[i][0], sizes[i][1], FALSE);
      assert_agrees (kernel, input, &worst);
    }
  g_autoptr (OmniMetricsInput) flat = make_input (2, 0, 50, 50, FALSE);
  for (guint k = 0; k < flat->blocks->len; k++)
    memset (flat->blocks->pdata[k], 40 + (int)k, 50 * 50);
  assert_agrees (kernel, flat, &worst);
}

static void
assert_same_bits (guint kernel, double value, double expected)
{
  if (memcmp (&value, &expected, sizeof value) != 0)
    g_test_message ("%s: %.17g instead of %.17g", kernels[kernel].name, value, expected);
  g_assert_true (memcmp (&value, &expected, sizeof value) == 0 || (isnan (value) && isnan (expected)));
}

/* Every order of three sources, and every height of the strips, gives the same bits. */
static void
test_same_bits (gconstpointer data)
{
  const guint kernel = GPOINTER_TO_UINT (data);
  g_autofree char *reason = NULL;
  g_autoptr (OmniMetricsInput) input = make_input (3, 0, 75, 300, FALSE);
  const double expected = compute (kernel, input, OMNI_METRICS_VULKAN, &reason);
  for (guint first = 1; first < 3; first++)
  {
    g_autofree char *other_reason = NULL;
    g_autoptr (OmniMetricsInput) rotated = make_input (3, first, 75, 300, FALSE);
    assert_same_bits (kernel, compute (kernel, rotated, OMNI_METRICS_VULKAN, &other_reason), expected);
  }
  for (guint rows = 128; rows <= 256; rows += 128)
  {
    g_autofree char *other_reason = NULL;
    omni_metrics_set_strip_rows (rows);
    assert_same_bits (kernel, compute (kernel, input, OMNI_METRICS_VULKAN, &other_reason), expected);
  }
  omni_metrics_set_strip_rows (0);
}

/* More sources than a kernel takes, a device that is not there, and software by itself: plain C. */
static void
test_other_path (void)
{
  const guint64 before = omni_metrics_count_device_passes ();
  g_autoptr (OmniMetricsInput) many = make_input (OMNI_DEVICE_MAX_SOURCES + 1, 0, 45, 45, FALSE);
  g_autofree char *reasons[5] = { NULL };
  assert_same_bits (SSIM, compute (SSIM, many, OMNI_METRICS_VULKAN, &reasons[0]),
                    compute (SSIM, many, OMNI_METRICS_C, &reasons[1]));
  g_autoptr (OmniMetricsInput) two = make_input (2, 0, 45, 45, FALSE);
  const double expected = compute (SSIM, two, OMNI_METRICS_C, &reasons[2]);
  omni_metrics_set_device ("4711");
  assert_same_bits (SSIM, compute (SSIM, two, OMNI_METRICS_VULKAN, &reasons[3]), expected);
  omni_metrics_set_device ("software");
  g_autoptr (OmniMetricsInput) large = make_input (2, 0, 1500, 1000, FALSE);
  compute (SSIM, large, OMNI_METRICS_AUTO, &reasons[4]);
  g_assert_cmpuint (omni_metrics_count_device_passes (), ==, before);
  for (guint i = 0; i < G_N_ELEMENTS (reasons); i++)
    g_assert_null (reasons[i]);
  omni_metrics_use_path (OMNI_METRICS_C);
  g_autofree char *c = omni_metrics_describe_path ();
  g_assert_cmpstr (c, ==, "c");
  omni_metrics_use_path (OMNI_METRICS_VULKAN);
  g_autofree char *vulkan = omni_metrics_describe_path ();
  g_assert_true (g_str_has_prefix (vulkan, "vulkan "));
}

static void
add_tests (const char *group, GTestDataFunc func)
{
  for (guint i = 0; i < G_N_ELEMENTS (kernels); i++)
  {
    g_autofree char *name = g_strdup_printf ("/metrics-device/%s/%s%s%s", group, kernels[i].name,
                                             kernels[i].compat != NULL ? "-" : "",
                                             kernels[i].compat != NULL ? kernels[i].compat : "");
    g_test_add_data_func (name, GUINT_TO_POINTER (i), func);
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  omni_metrics_set_device ("software");
  add_tests ("agrees", test_agrees);
  add_tests ("small-and-flat", test_small_and_flat);
  add_tests ("same-bits", test_same_bits);
  g_test_add_func ("/metrics-device/other-path", test_other_path);
  const int status = g_test_run ();
  g_assert_cmpuint (omni_metrics_count_validation_messages (), ==, 0);
  omni_metrics_close_device ();
  return status;
}
