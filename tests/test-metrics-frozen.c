/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Holds every metric to the values of an independent kit, frozen beside the pictures they come from
 * ($OMNIFUSE_SHARED/metrics-cases). The tolerances are those of the kit. */

#include "app/files/reader.h"
#include "app/metrics/metrics-private.h"

#include <json-glib/json-glib.h>
#include <math.h>
#include <string.h>

typedef struct
{
  const char *metric, *compat; /* ours */
  const char *key;             /* the kit's */
  double factor;               /* ours times this is the kit's */
} Frozen;

static const Frozen all_frozen[] = {
  { "mef-ssim", NULL, "mefssim_ma3", 1 },
  { "mef-ssim-1", NULL, "mefssim_ma1", 1 },
  { "mef-ssim-cs", NULL, "mefnet_cs", 1 },
  { "mef-ssim-lum", NULL, "mefnet_lum", 1 },
  { "ssim", NULL, "ssim_mean", 1 },
  { "ssim", "vifb", "ssim_sum", 1 },
  { "ssim", "u2fusion", "ssim_u2", 1 },
  { "qabf", NULL, "qabf", 1 },
  { "qabf", "ifani", "qabf_hong01", 1 },
  { "qabf", "linfeng", "qabf_hong01", 1 },
  { "vif", NULL, "vif_mean", 1 },
  { "vif", "linfeng", "vif_sum", 1 },
  { "viff", NULL, "viff", 1 },
  { "cc", NULL, "cc", 1 },
  { "mi", NULL, "mi", 1 },
  { "mi", "ifani", "en", 0.5 },
  { "fmi-pixel", NULL, "fmi_pixel", 1 },
  { "fmi-gradient", NULL, "fmi_gradient", 1 },
  { "en", NULL, "en", 1 },
  { "sd", NULL, "sd", 1 },
  { "sf", NULL, "sf", 1 },
  { "sf", "vifb", "sf_mn", 1 },
  { "sf", "linfeng", "sf_mn", 255 },
  { "ag", NULL, "ag", 1 },
  { "ag", "ifcnn", "ag_fwd", 2 * G_SQRT2 },
  { "mg", NULL, "ag_fwd", 1 },
  { "mg", "u2fusion", "mg_u2", 1 },
  { "ei", NULL, "ei", 1 },
  { "ei", "u2fusion", "ei_u2", 1 },
  { "psnr", NULL, "psnr", 1 },
  { "psnr", "u2fusion", "psnr_u2", 1 },
  { "scd", NULL, "scd", 1 },
  { "nmi", NULL, "nmi", 1 },
  { "qy", NULL, "qy", 1 },
  { "qm", NULL, "qm01", 1 },
  { "nabf", NULL, "nabf", 1 },
  { "qcb", NULL, "qcb", 1 },
};

static JsonParser *parser;
static char *folder;

static OmniPicture *
read_picture (const char *case_name, const char *name)
{
  GError *error = NULL;
  g_autofree char *path = g_build_filename (folder, case_name, name, NULL);
  OmniPicture *picture = omni_picture_read (path, NULL, &error);
  g_assert_no_error (error);
  return picture;
}

/* (transfer full) Columns made rows. */
static OmniPicture *
transpose (OmniPicture *picture)
{
  const guint width = omni_picture_get_width (picture), height = omni_picture_get_height (picture);
  const guint channels = omni_picture_get_channels (picture);
  const guint8 *pixels = omni_picture_get_pixels (picture);
  const gsize n = (gsize)width * height * channels;
  guint8 *transposed = g_malloc (n);
  g_assert_true (omni_picture_get_sample_type (picture) == OMNI_SAMPLE_U8);
  for (gsize i = 0; i < n; i++)
  {
    const gsize pixel = i / channels, row = pixel / width, column = pixel % width;
    transposed[(column * height + row) * channels + i % channels] = pixels[i];
  }
  GError *error = NULL;
  OmniPicture *result = omni_picture_new (height, width, channels, omni_picture_get_has_alpha (picture),
                                          OMNI_SAMPLE_U8, g_bytes_new_take (transposed, n), NULL, NULL,
                                          &error);
  g_assert_no_error (error);
  return result;
}

typedef enum
{
  AS_LISTED,
  REVERSED,  /* the list of sources */
  TRANSPOSED /* all pictures */
} Arrangement;

static OmniMetricsInput *
load_case (JsonObject *object, Arrangement arrangement)
{
  const char *name = json_object_get_string_member (object, "case");
  JsonArray *names = json_object_get_array_member (object, "sources");
  const guint n = json_array_get_length (names);
  g_autoptr (GPtrArray) pictures = g_ptr_array_new_with_free_func (g_object_unref);
  for (guint k = 0; k < n; k++)
    g_ptr_array_add (pictures, read_picture (name, json_array_get_string_element (
                                                     names, arrangement == REVERSED ? n - 1 - k : k)));
  g_ptr_array_add (pictures, read_picture (name, json_object_get_string_member (object, "fused")));
  for (guint k = 0; arrangement == TRANSPOSED && k <= n; k++)
  {
    g_autoptr (OmniPicture) old = pictures->pdata[k];
    pictures->pdata[k] = transpose (old);
  }
  GError *error = NULL;
  OmniMetricsInput *input = omni_metrics_input_new ((OmniPicture *const *)pictures->pdata, n,
                                                    pictures->pdata[n], NULL, NULL, &error);
  g_assert_no_error (error);
  return input;
}

/* Where the kit's own number hangs on something that is no part of the definition. */
static const struct
{
  const char *key, *where;
  double tolerance;
} exceptions[] = {
  /* Far from the small PET spot the filtered picture is rounding only (below 1e-12 of 255 in a tenth of the pixels), and so is
   * the ratio of two such values: two programs that differ in their Fourier transform differ here. */
  { "qcb", "mri-pet", 5e-3 },
};

static double
find_tolerance (const char *key, const char *where)
{
  for (guint i = 0; i < G_N_ELEMENTS (exceptions); i++)
    if (g_str_equal (exceptions[i].key, key) && g_str_has_prefix (where, exceptions[i].where))
      return exceptions[i].tolerance;
  JsonObject *tolerances = json_object_get_object_member (
    json_node_get_object (json_parser_get_root (parser)), "tolerance");
  return json_object_get_double_member (tolerances,
                                        json_object_has_member (tolerances, key) ? key : "default");
}

/* A key that the kit leaves out is undefined for that set (more than two sources). */
static void
check (const Frozen *frozen, const OmniMetricsInput *input, JsonObject *values, const char *where,
       double *worst)
{
  const OmniMetric *metric = omni_metric_find (frozen->metric);
  g_assert_nonnull (metric);
  if (!json_object_has_member (values, frozen->key))
    return;
  const OmniMetricsCompat *compat = frozen->compat != NULL ? omni_metrics_compat_find (frozen->compat) : NULL;
  g_assert_true (frozen->compat == NULL || omni_metrics_compat_changes (compat, metric));
  const double expected = json_object_get_double_member (values, frozen->key);
  const double tolerance = find_tolerance (frozen->key, where);
  double value;
  g_autofree char *reason = NULL;
  const gboolean done = omni_metric_compute (metric, compat, input, NULL, &value, &reason);
  const double difference = done ? fabs (value * frozen->factor - expected) : INFINITY;
  *worst = MAX (*worst, difference);
  if (!(difference <= tolerance))
  {
    g_test_message ("%s, %s%s%s: %.10g instead of %.10g (%s)", where, frozen->metric,
                    frozen->compat != NULL ? " as in " : "", frozen->compat != NULL ? frozen->compat : "",
                    value * frozen->factor, expected, done ? "off" : reason);
    g_test_fail ();
  }
}

static void
test_frozen (gconstpointer data)
{
  const Frozen *frozen = data;
  double worst = 0;
  JsonArray *cases = json_object_get_array_member (json_node_get_object (json_parser_get_root (parser)),
                                                   "cases");
  for (guint i = 0; i < json_array_get_length (cases); i++)
  {
    JsonObject *object = json_array_get_object_element (cases, i);
    g_autoptr (OmniMetricsInput) input = load_case (object, AS_LISTED);
    g_autofree char *where = g_strdup_printf ("%s, %s", json_object_get_string_member (object, "case"),
                                              json_object_get_string_member (object, "fused"));
    check (frozen, input, json_object_get_object_member (object, "metrics"), where, &worst);
  }
  g_test_message ("largest difference %.2g, allowed %.2g", worst, find_tolerance (frozen->key, ""));
}

static JsonArray *
get_cases (void)
{
  return json_object_get_array_member (json_node_get_object (json_parser_get_root (parser)), "cases");
}

static double
compute (const char *name, JsonObject *object, Arrangement arrangement)
{
  g_autoptr (OmniMetricsInput) input = load_case (object, arrangement);
  g_autofree char *reason = NULL;
  double value;
  g_assert_true (omni_metric_compute (omni_metric_find (name), NULL, input, NULL, &value, &reason));
  return value;
}

/* VIFF's choice between equals is not one of the list's order. */
static void
test_viff_order (void)
{
  for (guint i = 0; i < json_array_get_length (get_cases ()); i++)
  {
    JsonObject *object = json_array_get_object_element (get_cases (), i);
    const double value = compute ("viff", object, AS_LISTED), other = compute ("viff", object, REVERSED);
    g_assert_true (memcmp (&value, &other, sizeof value) == 0);
  }
}

/* Why the kit's Q_CB of mri-pet is out of reach: the definition treats rows and columns alike, and so does the value of the other
 * sets; that of mri-pet changes when all pictures are transposed, as its dark parts are rounding. (By little, as one-dimensional
 * transforms leave most of the black at zero.) The kit is numpy.fft.fft2, hypot and exp: numpy 1.24 gives its three values within
 * 1e-13 where the processor has AVX-512, and 1.3e-3, 1.4e-3 and 4e-4 more where it has AVX2 alone, for exp differs in its last bit
 * there (NPY_DISABLE_CPU_FEATURES). The kit's tolerance of 1e-4 holds for the sets that have no such black. */
static void
test_qcb_rounding (void)
{
  double most = 0;
  for (guint i = 0; i < json_array_get_length (get_cases ()); i++)
  {
    JsonObject *object = json_array_get_object_element (get_cases (), i);
    if (!json_object_has_member (json_object_get_object_member (object, "metrics"), "qcb"))
      continue;
    const double difference = fabs (compute ("qcb", object, AS_LISTED) - compute ("qcb", object, TRANSPOSED));
    g_test_message ("transposed, %s changes by %.2g", json_object_get_string_member (object, "case"),
                    difference);
    if (g_str_equal (json_object_get_string_member (object, "case"), "mri-pet"))
      most = MAX (most, difference);
    else
      g_assert_cmpfloat (difference, <, 1e-7);
  }
  g_assert_cmpfloat (most, >, 1e-6);
}

static void
test_absent (void)
{
  g_test_skip ("the frozen cases are not on this machine (set OMNIFUSE_SHARED)");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  const char *shared = g_getenv ("OMNIFUSE_SHARED");
  folder = g_build_filename (shared != NULL ? shared : ".", "metrics-cases", NULL);
  g_autofree char *path = g_build_filename (folder, "cases.json", NULL);
  parser = json_parser_new ();
  if (!json_parser_load_from_file (parser, path, NULL))
    g_test_add_func ("/metrics/frozen", test_absent);
  else
    for (guint i = 0; i < G_N_ELEMENTS (all_frozen); i++)
    {
      const Frozen *frozen = &all_frozen[i];
      g_autofree char *name = g_strdup_printf ("/metrics/frozen/%s%s%s", frozen->metric,
                                               frozen->compat != NULL ? "-" : "",
                                               frozen->compat != NULL ? frozen->compat : "");
      g_test_add_data_func (name, frozen, test_frozen);
    }
  if (json_parser_get_root (parser) != NULL)
  {
    g_test_add_func ("/metrics/frozen/viff-order", test_viff_order);
    g_test_add_func ("/metrics/frozen/qcb-rounding", test_qcb_rounding);
  }
  const int status = g_test_run ();
  g_object_unref (parser);
  g_free (folder);
  return status;
}
