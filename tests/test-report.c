/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The HTML writer: well-formed, self-contained, escaped, and the pictures are the pictures. */

#include "app/files/reader.h"
#include "app/report/html.h"
#include "tests/cli-common.h"
#include "tests/page-check.h"

#include <float.h>
#include <string.h>

static void
test_escaping (void)
{
  static const char evil[] = "<b>&\"'\x01\xff</b>";
  g_autoptr (OmniHtml) html = omni_html_new (evil, evil);
  omni_html_add_facts (html, (const char *const[]){ evil, evil, NULL });
  omni_html_add_heading (html, 2, "there", evil, evil);
  omni_html_add_links (html, (const char *const[]){ evil, "there", NULL });
  omni_html_add_paragraph (html, evil);
  omni_html_add_list (html, (const char *const[]){ evil, NULL });
  const OmniHtmlCell cell = { .text = evil, .detail = evil, .tip = evil };
  omni_html_begin_table (html, evil, &cell, 1);
  omni_html_add_row (html, &cell, 1, TRUE);
  omni_html_end_table (html);
  omni_html_begin_charts (html);
  const OmniHtmlBar bar = { .label = evil, .text = evil, .value = 0.5 };
  omni_html_add_chart (html, evil, &bar, 1, 0, 1);
  omni_html_end_charts (html);
  const OmniHtmlPicture picture = { .title = evil, .detail = evil };
  omni_html_add_gallery (html, &picture, 1);
  g_autoptr (GBytes) page = omni_html_finish (html);
  g_auto (Seen) seen = parse (page);
  g_assert_cmpuint (seen.n_rows, ==, 2);
  g_assert_cmpuint (seen.n_cells, ==, 1);
  g_assert_nonnull (strstr (seen.text->str, "<b>&\"' \xef\xbf\xbd</b>"));
}

/* What is not a number has no bar, and no bar leaves its track. */
static void
test_charts (void)
{
  const OmniHtmlBar bars[] = {
    { .label = "a", .text = "0.5", .value = 0.5, .mark = OMNI_HTML_SECOND },
    { .label = "a label that is far too long for its column", .text = "9", .value = 9, .ours = TRUE },
    { .label = "c", .text = "–", .value = NAN },
  };
  g_autoptr (OmniHtml) html = omni_html_new ("Charts", NULL);
  omni_html_begin_charts (html);
  omni_html_add_chart (html, "One", bars, G_N_ELEMENTS (bars), 0, 1);
  omni_html_end_charts (html);
  g_autoptr (GBytes) page = omni_html_finish (html);
  g_auto (Seen) seen = parse (page);
  g_assert_cmpuint (seen.n_bars, ==, 2);
  const char *data = g_bytes_get_data (page, NULL);
  g_assert_nonnull (strstr (data, "class=\"bar\" x=\"94\" y=\"5\" width=\"63.00\""));
  g_assert_nonnull (strstr (data, "class=\"ours\" x=\"94\" y=\"23\" width=\"126.00\""));
  g_assert_nonnull (strstr (data, ">a label that is…<"));
}

static void
assert_axis (const double *values, guint n, double low, double high)
{
  double found_low, found_high;
  omni_html_choose_axis (values, n, &found_low, &found_high);
  g_assert_cmpfloat_with_epsilon (found_low, low, 1e-12);
  g_assert_cmpfloat_with_epsilon (found_high, high, 1e-12);
}

static void
test_axis (void)
{
  assert_axis ((const double[]){ 0.2, 0.9, NAN }, 3, 0, 1);
  assert_axis ((const double[]){ 0.941, 0.978 }, 2, 0.94, 0.98);
  assert_axis ((const double[]){ -0.5, 0.5 }, 2, -0.6, 0.6);
  assert_axis ((const double[]){ NAN }, 1, 0, 1);
  assert_axis ((const double[]){ 0, 0 }, 2, 0, 0.02);
  assert_axis ((const double[]){ 1, 1 }, 2, 0, 1);
  assert_axis ((const double[]){ -1, -1 }, 2, -1.02, -1);
  /* Apart by the last bits of a double: the same. */
  assert_axis ((const double[]){ 1, 1 + DBL_EPSILON }, 2, 0, 1);
  assert_axis ((const double[]){ -1, -1 + DBL_EPSILON }, 2, -1.02, -1);
}

static void
test_pictures (void)
{
  g_autoptr (OmniPicture) large = make_scene (0, 200, 100, 3, FALSE, OMNI_SAMPLE_U16, 1);
  g_autoptr (OmniPicture) clear = make_scene (1, 40, 60, 4, TRUE, OMNI_SAMPLE_U8, 1);
  g_autoptr (OmniPicture) bands = make_scene (1, 40, 60, 5, FALSE, OMNI_SAMPLE_U8, 1);
  g_auto (OmniHtmlImage) a = { 0 };
  g_auto (OmniHtmlImage) b = { 0 };
  g_auto (OmniHtmlImage) c = { 0 };
  GError *error = NULL;
  g_assert_true (omni_html_image_encode (&a, large, 50, NULL, &error));
  g_assert_no_error (error);
  g_assert_cmpuint (a.width, ==, 50);
  g_assert_cmpuint (a.height, ==, 25);
  g_assert_cmpstr (a.mime, ==, "image/jpeg");
  g_assert_true (omni_html_image_encode (&b, clear, 50, NULL, &error));
  g_assert_no_error (error);
  g_assert_cmpuint (b.height, ==, 50);
  g_assert_cmpstr (b.mime, ==, "image/png");
  g_assert_false (omni_html_image_encode (&c, bands, 50, NULL, &error));
  g_assert_nonnull (error);
  g_clear_error (&error);

  g_autoptr (OmniHtml) html = omni_html_new ("Pictures", NULL);
  const OmniHtmlPicture pictures[] = { { .title = "none", .detail = "why" },
                                       { .image = &a, .title = "a" },
                                       { .image = &b, .title = "b", .ours = TRUE } };
  omni_html_add_gallery (html, pictures, 3);
  omni_html_add_gallery (html, pictures, 2);
  g_autoptr (GBytes) page = omni_html_finish (html);
  g_auto (Seen) seen = parse (page);
  g_assert_cmpuint (seen.n_pictures, ==, 3);
}

/* What stands in the page is a file that any program reads, and it shows the picture. */
static void
test_encoded_bytes (void)
{
  g_autofree char *folder = g_dir_make_tmp ("omnifuse-report-XXXXXX", NULL);
  g_autofree char *path = g_build_filename (folder, "picture.png", NULL);
  g_autoptr (OmniPicture) picture = make_scene (2, 31, 17, 4, TRUE, OMNI_SAMPLE_U8, 1);
  g_auto (OmniHtmlImage) image = { 0 };
  g_auto (OmniHtmlImage) again = { 0 };
  GError *error = NULL;
  g_assert_true (omni_html_image_encode (&image, picture, 100, NULL, &error));
  gsize size;
  const char *data = g_bytes_get_data (image.data, &size);
  g_assert_true (g_file_set_contents (path, data, (gssize)size, NULL));
  g_autoptr (OmniPicture) read = omni_picture_read (path, NULL, &error);
  g_assert_no_error (error);
  g_autofree char *hash = omni_picture_hash (picture);
  g_autofree char *read_hash = omni_picture_hash (read);
  g_assert_cmpstr (hash, ==, read_hash);
  g_assert_true (omni_html_image_load (&again, path, &error));
  g_assert_cmpstr (again.mime, ==, "image/png");
  g_assert_cmpuint (again.width, ==, 31);
  g_assert_true (g_bytes_equal (again.data, image.data));
  g_auto (OmniHtmlImage) none = { 0 };
  g_assert_false (omni_html_image_load (&none, folder, &error));
  g_assert_nonnull (error);
  g_clear_error (&error);

  g_autoptr (OmniHtml) html = omni_html_new ("File", NULL);
  g_assert_false (omni_html_save (html, path, FALSE, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_EXISTS);
  g_clear_error (&error);
  remove_folder (folder);
}

static guint
count (const char *text, const char *word)
{
  guint n = 0;
  for (const char *at = strstr (text, word); at != NULL; at = strstr (at + 1, word))
    n++;
  return n;
}

/* What cannot be drawn is passed over; a lone point is a dot; a line without points keeps its look from the next one. */
static void
test_curves (void)
{
  const double x[] = { 1, 2, 3, 4 }, y[] = { 0.5, NAN, -1, 0.05 }, one[] = { NAN, 0.2, NAN, NAN };
  const OmniHtmlCurve curves[] = { { "first <&>", x, y, 4 }, { "empty", x, y, 0 }, { "dot", x, one, 4 } };
  for (guint logarithmic = 0; logarithmic < 2; logarithmic++)
  {
    g_autoptr (OmniHtml) html = omni_html_new ("Curves", NULL);
    omni_html_begin_charts (html);
    omni_html_add_curves (html, "Loss", curves, G_N_ELEMENTS (curves), logarithmic);
    omni_html_end_charts (html);
    g_autoptr (GBytes) bytes = omni_html_finish (html);
    g_auto (Seen) seen = parse (bytes);
    g_autofree char *page = g_strndup (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes));
    g_assert_nonnull (strstr (seen.text->str, "first <&>"));
    g_assert_null (strstr (seen.text->str, "empty"));
    g_assert_cmpuint (count (page, "<polyline"), ==, 3);
    g_assert_cmpuint (count (page, "<circle class=\"dot look2\""), ==, 1);
    /* Two points of the first line can stand on a logarithmic axis, three on an even one. */
    const char *points = strstr (page, "points=\"") + strlen ("points=\"");
    g_autofree char *first = g_strndup (points, strcspn (points, "\""));
    g_assert_cmpuint (count (first, ","), ==, logarithmic ? 2 : 3);
  }
}

/* A thousand rates that are one but for their last bits, as a schedule's sums leave them: drawing them ends. */
static void
test_curve_noise (void)
{
  enum
  {
    N = 1500
  };
  double x[N], y[N];
  for (guint sign = 0; sign < 2; sign++)
  {
    for (guint i = 0; i < N; i++)
    {
      x[i] = i;
      y[i] = (sign == 0 ? 2e-4 : -2e-4) * (1 + (i % 3) * DBL_EPSILON);
    }
    const OmniHtmlCurve curve = { "rate", x, y, N };
    g_autoptr (OmniHtml) html = omni_html_new ("Curves", NULL);
    omni_html_add_curves (html, "Rate", &curve, 1, FALSE);
    g_autoptr (GBytes) bytes = omni_html_finish (html);
    g_autofree char *page = g_strndup (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes));
    g_assert_cmpuint (count (page, "class=\"grid\""), >=, 2);
    g_assert_cmpuint (count (page, "class=\"grid\""), <=, 12);
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/report/escaping", test_escaping);
  g_test_add_func ("/report/charts", test_charts);
  g_test_add_func ("/report/axis", test_axis);
  g_test_add_func ("/report/pictures", test_pictures);
  g_test_add_func ("/report/encoded-bytes", test_encoded_bytes);
  g_test_add_func ("/report/curves", test_curves);
  g_test_add_func ("/report/curve-noise", test_curve_noise);
  return g_test_run ();
}
