/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Pictures taken by hand: warps against their plain twin, and registration against scenes that are rendered through maps that
 * are known. */

#include "app/align/align.h"
#include "app/files/writer.h"
#include "tests/shots.h"

#include <glib/gstdio.h>
#include <string.h>

static GPtrArray *
take_all (const Shot *shots, guint n, guint seed)
{
  GPtrArray *sources = g_ptr_array_new_with_free_func (g_object_unref);

  for (guint i = 0; i < n; i++)
  {
    g_autofree char *name = g_strdup_printf ("frame %u", i);
    g_ptr_array_add (sources, take (&shots[i], seed, name));
  }
  return sources;
}

static OmniAlignment *
align (GPtrArray *sources)
{
  GError *error = NULL;
  OmniAlignment *alignment = omni_align_sources (sources, NULL, NULL, NULL, &error);

  g_assert_no_error (error);
  return alignment;
}

/* How far the map found for a frame is off at most, over the inside of the reference. */
static double
get_error (const OmniAlignment *alignment, const Shot *shots, guint i)
{
  OmniHomography back;
  double worst = 0;

  g_assert_true (omni_homography_invert (&shots[alignment->reference].map, &back));
  const OmniHomography truth = omni_homography_compose (&shots[i].map, &back);
  for (double y = 0.1; y < 1; y += 0.2)
    for (double x = 0.1; x < 1; x += 0.2)
    {
      double u, v, true_u, true_v;
      omni_homography_apply (&alignment->motions[i].map, x * W, y * H, &u, &v);
      omni_homography_apply (&truth, x * W, y * H, &true_u, &true_v);
      worst = MAX (worst, hypot (u - true_u, v - true_v));
    }
  return worst;
}

/* ---- Maps and warps ---- */

static void
assert_near (const OmniHomography *a, const OmniHomography *b)
{
  for (guint i = 0; i < 9; i++)
    g_assert_cmpfloat_with_epsilon (a->m[i] / a->m[8], b->m[i] / b->m[8], 1e-9);
}

static void
test_homography (void)
{
  const OmniHomography map = move (7, -3, 2, 1.03, 1e-4);
  OmniHomography back, both;
  double u, v, x, y;

  g_assert_true (omni_homography_invert (&map, &back));
  both = omni_homography_compose (&map, &back);
  assert_near (&both, &OMNI_HOMOGRAPHY_IDENTITY);
  omni_homography_apply (&map, 10, 20, &u, &v);
  omni_homography_apply (&back, u, v, &x, &y);
  g_assert_cmpfloat_with_epsilon (x, 10, 1e-9);
  g_assert_cmpfloat_with_epsilon (y, 20, 1e-9);

  /* Of pictures half as wide and a third as high, to ones twice as large. */
  const OmniHomography scaled = omni_homography_scale (&map, 0.5, 1.0 / 3, 2, 4);
  omni_homography_apply (&scaled, 5, 20.0 / 3, &x, &y);
  g_assert_cmpfloat_with_epsilon (x, 2 * u, 1e-9);
  g_assert_cmpfloat_with_epsilon (y, 4 * v, 1e-9);

  const OmniHomography flat = { { 1, 2, 0, 2, 4, 0, 0, 0, 1 } };
  g_assert_false (omni_homography_invert (&flat, &back));
}

/* Anything at all, with alpha in the last channel. */
static OmniPicture *
make_noise (guint width, guint height, guint channels, gboolean has_alpha, OmniSampleType type)
{
  gsize size_bytes;
  guint8 *pixels = omni_picture_try_alloc_pixels (width, height, channels, type, &size_bytes, NULL);

  for (gsize i = 0; i < (gsize)width * height * channels; i++)
  {
    const double value = hash ((gint64)i, channels, 5);
    if (type == OMNI_SAMPLE_U8)
      pixels[i] = (guint8)(255.99 * value);
    else if (type == OMNI_SAMPLE_U16)
      ((guint16 *)(gpointer)pixels)[i] = (guint16)(65535.99 * value);
    else
      ((float *)(gpointer)pixels)[i] = (float)((i % channels == channels - 1 && has_alpha ? 1 : 3) * value);
  }
  return omni_picture_new (width, height, channels, has_alpha, type, g_bytes_new_take (pixels, size_bytes),
                           NULL, NULL, NULL);
}

static double
get_sample (OmniPicture *picture, gint64 x, gint64 y, guint c)
{
  const gint64 width = omni_picture_get_width (picture), height = omni_picture_get_height (picture);
  const gsize i = ((gsize)CLAMP (y, 0, height - 1) * (gsize)width + (gsize)CLAMP (x, 0, width - 1))
                    * omni_picture_get_channels (picture)
                  + c;
  const gconstpointer pixels = omni_picture_get_pixels (picture);

  switch (omni_picture_get_sample_type (picture))
  {
  case OMNI_SAMPLE_U8:
    return ((const guint8 *)pixels)[i];
  case OMNI_SAMPLE_U16:
    return ((const guint16 *)pixels)[i];
  case OMNI_SAMPLE_F32:
  default:
    return ((const float *)pixels)[i];
  }
}

static double
lanczos (double x)
{
  return x == 0 ? 1 : fabs (x) >= 3 ? 0 : 3 * sin (G_PI * x) * sin (G_PI * x / 3) / (G_PI * G_PI * x * x);
}

/* The twin: all of it in double, one sample at a time. */
static double
warp_sample (OmniPicture *picture, const OmniWarp *warp, guint x, guint y, guint c)
{
  const guint channels = omni_picture_get_channels (picture);
  const gboolean has_alpha = omni_picture_get_has_alpha (picture);
  double u, v, sum = 0, norm = 0, alphas = 0;

  omni_homography_apply (&warp->map, x + 0.5, y + 0.5, &u, &v);
  const double left = floor (u - 0.5), top = floor (v - 0.5);
  const double fx = round ((u - 0.5 - left) * 1024) / 1024, fy = round ((v - 0.5 - top) * 1024) / 1024;
  for (int j = -2; j <= 3; j++)
    for (int i = -2; i <= 3; i++)
    {
      const double weight = lanczos (i - fx) * lanczos (j - fy);
      const double alpha = has_alpha ? get_sample (picture, (gint64)left + i, (gint64)top + j, channels - 1)
                                     : 1;
      const double value = get_sample (picture, (gint64)left + i, (gint64)top + j, c);
      sum += weight * value * (has_alpha && c + 1 < channels ? alpha : 1);
      alphas += weight * alpha;
      norm += weight;
    }
  if (has_alpha && c + 1 < channels)
    return alphas > 0 ? sum / alphas : 0;
  return sum / norm;
}

static void
assert_warped (OmniPicture *picture, const OmniWarp *warp)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (OmniPicture) warped = omni_picture_warp (picture, warp, NULL, &error);
  const OmniSampleType type = omni_picture_get_sample_type (picture);
  const double most = type == OMNI_SAMPLE_U8 ? 255 : type == OMNI_SAMPLE_U16 ? 65535 : INFINITY;

  g_assert_no_error (error);
  g_assert_cmpuint (omni_picture_get_width (warped), ==, warp->width);
  g_assert_cmpuint (omni_picture_get_height (warped), ==, warp->height);
  for (guint y = 0; y < warp->height; y++)
    for (guint x = 0; x < warp->width; x++)
      for (guint c = 0; c < omni_picture_get_channels (picture); c++)
      {
        double expected = warp_sample (picture, warp, x, y, c);
        if (isfinite (most))
          expected = CLAMP (expected, 0, most);
        const double alpha = omni_picture_get_has_alpha (picture)
                               ? warp_sample (picture, warp, x, y, omni_picture_get_channels (picture) - 1)
                               : most;
        const double got = get_sample (warped, x, y, c);
        /* Where next to nothing is opaque its colour is anything. */
        if (isfinite (most) && alpha < most / 50)
          continue;
        if (!isfinite (most) && fabs (alpha) < 0.02)
          continue;
        g_assert_cmpfloat_with_epsilon (got, expected, isfinite (most) ? 0.51 + most * 1e-5 : 2e-3);
      }
}

static void
test_warp_twin (void)
{
  static const OmniSampleType types[] = { OMNI_SAMPLE_U8, OMNI_SAMPLE_U16, OMNI_SAMPLE_F32 };
  static const struct
  {
    guint channels;
    gboolean has_alpha;
  } kinds[] = { { 1, FALSE }, { 2, TRUE }, { 3, FALSE }, { 4, TRUE }, { 8, FALSE } };
  const double angle = 0.04;

  for (guint t = 0; t < G_N_ELEMENTS (types); t++)
    for (guint k = 0; k < G_N_ELEMENTS (kinds); k++)
    {
      g_autoptr (OmniPicture) picture = make_noise (61, 43, kinds[k].channels, kinds[k].has_alpha, types[t]);
      const OmniWarp turned = {
        { { 1.05 * cos (angle), -sin (angle), -3.3, sin (angle), cos (angle), 1.7, 2e-4, -1e-4, 1 } }, 57, 39
      };
      const OmniWarp shifted = { { { 1, 0, 2.5, 0, 1, -1.25, 0, 0, 1 } }, 61, 43 };
      assert_warped (picture, &turned);
      assert_warped (picture, &shifted);
    }
  /* More than one tile. */
  g_autoptr (OmniPicture) large = make_noise (301, 140, 3, FALSE, OMNI_SAMPLE_U8);
  const OmniWarp warp = { { { 0.97, 0.01, 4.2, -0.02, 1.01, 0.3, 1e-5, 0, 1 } }, 290, 150 };
  assert_warped (large, &warp);
}

static void
test_warp_shift (void)
{
  for (guint type = OMNI_SAMPLE_U8; type <= OMNI_SAMPLE_F32; type++)
  {
    g_autoptr (OmniPicture) picture = make_noise (40, 30, 4, TRUE, type);
    const OmniWarp warp = { { { 1, 0, 3, 0, 1, 5, 0, 0, 1 } }, 33, 21 };
    g_autoptr (OmniPicture) shifted = omni_picture_warp (picture, &warp, NULL, NULL);
    const gsize bytes = 4 * omni_sample_type_get_bytes (type);

    for (guint y = 0; y < warp.height; y++)
      g_assert_cmpmem (
        (const guint8 *)omni_picture_get_pixels (shifted) + y * warp.width * bytes, warp.width * bytes,
        (const guint8 *)omni_picture_get_pixels (picture) + ((y + 5) * 40 + 3) * bytes, warp.width * bytes);
  }
}

static void
test_warp_refuses (void)
{
  static const OmniWarp insane[] = {
    { { { NAN, 0, 0, 0, 1, 0, 0, 0, 1 } }, 8, 8 },      { { { 3, 0, 0, 0, 1, 0, 0, 0, 1 } }, 8, 8 },
    { { { 0.1, 0, 0, 0, 0.1, 0, 0, 0, 1 } }, 8, 8 },    { { { -1, 0, 0, 0, 1, 0, 0, 0, 1 } }, 8, 8 },
    { { { 1, 0, 0, 0, 1, 0, -0.2, 0, 1 } }, 8, 8 },     { { { 1, 0, 0, 0, 1, 0, 0, 0, 0 } }, 8, 8 },
    { { { 1, 0, 1e9, 0, 1, 0, 0, 0, 1 } }, 8, 8 },      { { { 1, 0, 0, 0, 1, 0, 0, 0, 1 } }, 0, 8 },
    { { { 1, 0, INFINITY, 0, 1, 0, 0, 0, 1 } }, 8, 8 },
  };
  g_autoptr (OmniPicture) picture = make_noise (8, 8, 1, FALSE, OMNI_SAMPLE_U8);

  for (guint i = 0; i < G_N_ELEMENTS (insane); i++)
  {
    g_autoptr (GError) error = NULL;
    g_assert_false (omni_warp_is_sane (&insane[i]));
    g_assert_null (omni_picture_warp (picture, &insane[i], NULL, &error));
    g_assert_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT);
  }
}

static double
get_mean_difference (OmniPicture *a, OmniPicture *b)
{
  const gsize n = (gsize)omni_picture_get_width (a) * omni_picture_get_height (a)
                  * omni_picture_get_channels (a);
  const guint8 *p = omni_picture_get_pixels (a), *q = omni_picture_get_pixels (b);
  double sum = 0;

  g_assert_cmpuint (omni_picture_get_width (a), ==, omni_picture_get_width (b));
  g_assert_cmpuint (omni_picture_get_height (a), ==, omni_picture_get_height (b));
  for (gsize i = 0; i < n; i++)
    sum += fabs ((double)p[i] - q[i]);
  return sum / (double)n;
}

static void
test_source (void)
{
  const Shot shot = { OMNI_HOMOGRAPHY_IDENTITY, 1, 1 };
  g_autoptr (OmniSource) source = take (&shot, 3, "one");
  const OmniWarp warp = { move (3.5, 2, 1, 1.01, 0), W - 20, H - 20 };
  OmniWarp other = warp;
  other.map.m[2] = nextafter (other.map.m[2], 1e9);

  omni_source_set_role (source, OMNI_ROLE_VISIBLE);
  g_autoptr (OmniSource) warped = omni_source_new_warped (source, &warp);
  g_autoptr (OmniSource) again = omni_source_new_warped (warped, &other);
  g_assert_true (omni_source_get_original (warped) == source);
  g_assert_true (omni_source_get_original (again) == source);
  g_assert_true (omni_source_get_original (source) == source);
  g_assert_null (omni_source_get_warp (source));
  g_assert_cmpuint (omni_source_get_width (warped), ==, W - 20);
  g_assert_cmpint (omni_source_get_role (warped), ==, OMNI_ROLE_VISIBLE);
  g_assert_cmpstr (omni_source_get_path (warped), ==, "one");

  g_autofree char *sha256 = omni_source_dup_sha256 (source, NULL);
  g_autofree char *warped_sha256 = omni_source_dup_sha256 (warped, NULL);
  g_autofree char *again_sha256 = omni_source_dup_sha256 (again, NULL);
  g_assert_cmpstr (sha256, !=, warped_sha256);
  g_assert_cmpstr (again_sha256, !=, warped_sha256);

  /* Small, it is what is small of it. */
  g_autoptr (OmniPicture) picture = omni_source_load (source, NULL, NULL);
  g_autoptr (OmniPicture) whole = omni_source_load (warped, NULL, NULL);
  g_autoptr (OmniPicture) expected = omni_picture_warp (picture, &warp, NULL, NULL);
  g_assert_cmpfloat (get_mean_difference (whole, expected), ==, 0);
  g_autoptr (OmniSource) held = omni_source_new_for_picture (whole, "whole");
  g_autoptr (OmniPicture) small = omni_source_load_scaled (warped, 100, NULL, NULL);
  g_autoptr (OmniPicture) small_whole = omni_source_load_scaled (held, 100, NULL, NULL);
  g_assert_cmpfloat (get_mean_difference (small, small_whole), <, 1.5);
  g_autoptr (OmniPicture) thumbnail = omni_source_load_thumbnail (warped, NULL, NULL);
  g_assert_cmpuint (omni_picture_get_width (thumbnail), ==, OMNI_SOURCE_THUMBNAIL_PX);
}

/* ---- Alignment ---- */

static const Shot bracket[] = {
  { { { 1, 0, 0, 0, 1, 0, 0, 0, 1 } }, 1, 1 },   { { { 1, 0, 6.3, 0, 1, -9.4, 0, 0, 1 } }, 0.1, 1 },
  { { { 1, 0, 0, 0, 1, 0, 0, 0, 1 } }, 0.3, 1 }, { { { 1, 0, 0, 0, 1, 0, 0, 0, 1 } }, 3, 1 },
  { { { 1, 0, 0, 0, 1, 0, 0, 0, 1 } }, 8, 1 },
};

static void
fill_bracket (Shot shots[5])
{
  memcpy (shots, bracket, sizeof bracket);
  shots[2].map = move (-11.2, 4.1, 1.4, 0.99, 2e-5);
  shots[3].map = move (3.3, 12.7, -0.8, 1.015, -3e-5);
  shots[4].map = move (-4.6, -2.2, 2.1, 1, 1e-5);
}

static void
test_bracket (void)
{
  Shot shots[5];
  fill_bracket (shots);
  g_autoptr (GPtrArray) sources = take_all (shots, G_N_ELEMENTS (shots), 11);
  g_autoptr (OmniAlignment) alignment = align (sources);
  const OmniFrameMotion *motions = alignment->motions;

  g_assert_true (alignment->moved);
  for (guint i = 0; i < sources->len; i++)
  {
    g_test_message ("frame %u: %.3f px off, agreement %.3f", i, get_error (alignment, shots, i),
                    motions[i].after);
    g_assert_cmpint (motions[i].state, ==, i == alignment->reference ? OMNI_FRAME_LIES : OMNI_FRAME_MOVED);
    g_assert_cmpfloat (get_error (alignment, shots, i), <, 0.25);
  }

  /* What is left lies inside of all of them, and is not much less than that. */
  g_assert_cmpuint (alignment->width, >, W - 60);
  g_assert_cmpuint (alignment->height, >, H - 50);
  for (guint i = 0; i < sources->len; i++)
  {
    const OmniWarp *warp = omni_source_get_warp (alignment->sources->pdata[i]);
    g_assert_cmpuint (warp->width, ==, alignment->width);
    for (guint corner = 0; corner < 4; corner++)
    {
      double u, v;
      omni_homography_apply (&warp->map, corner % 2 * (double)warp->width, corner / 2 * (double)warp->height,
                             &u, &v);
      g_assert_true (u > -0.1 && u < W + 0.1 && v > -0.1 && v < H + 0.1);
    }
  }
}

/* What is made of it looks like one frame. */
static void
test_pictures (void)
{
  Shot shots[5];
  fill_bracket (shots);
  for (guint i = 0; i < G_N_ELEMENTS (shots); i++)
    shots[i].gain = 1;
  g_autoptr (GPtrArray) sources = take_all (shots, G_N_ELEMENTS (shots), 12);
  g_autoptr (OmniAlignment) alignment = align (sources);
  g_autoptr (OmniPicture)
    reference = omni_source_load (alignment->sources->pdata[alignment->reference], NULL, NULL);

  for (guint i = 0; i < sources->len; i++)
  {
    g_autoptr (OmniPicture) picture = omni_source_load (alignment->sources->pdata[i], NULL, NULL);
    g_autoptr (OmniPicture) as_it_lies = omni_source_load (sources->pdata[i], NULL, NULL);
    const OmniWarp crop = { { { 1, 0, alignment->left, 0, 1, alignment->top, 0, 0, 1 } },
                            alignment->width,
                            alignment->height };
    g_autoptr (OmniPicture) before = omni_picture_warp (as_it_lies, &crop, NULL, NULL);
    g_assert_cmpfloat (get_mean_difference (reference, picture), <, 2);
    if (i != alignment->reference)
      g_assert_cmpfloat (get_mean_difference (reference, before), >, 8);
  }
}

/* Larger than what is registered: the map is that of the pictures' own size. */
static void
test_large (void)
{
  Shot shots[5];
  fill_bracket (shots);
  for (guint i = 0; i < 2; i++)
    shots[i].scale = 7.3;
  g_autoptr (GPtrArray) sources = take_all (shots, 2, 13);
  g_autoptr (OmniAlignment) alignment = align (sources);
  const guint moved = 1 - alignment->reference;
  const double sign = moved == 1 ? 1 : -1;

  g_assert_cmpint (alignment->motions[moved].state, ==, OMNI_FRAME_MOVED);
  g_test_message ("moved by %.2f, %.2f", alignment->motions[moved].dx, alignment->motions[moved].dy);
  g_assert_cmpfloat_with_epsilon (alignment->motions[moved].dx, sign * 7.3 * 6.3, 0.5);
  g_assert_cmpfloat_with_epsilon (alignment->motions[moved].dy, sign * 7.3 * -9.4, 0.5);
  g_assert_cmpfloat_with_epsilon (alignment->width, W * 7.3 - 46.1, 2);
}

/* A lens that breathes, and is in focus elsewhere each time. */
static void
test_breathing (void)
{
  const Shot shots[] = {
    { move (0, 0, 0, 1, 0), 1, 1 },
    { move (0.4, 0, 0, 1.012, 0), 1, 0.5 },
    { move (0.2, -0.3, 0, 1.024, 0), 1, 0.2 },
    { move (0, -0.2, 0, 1.037, 0), 1, 0.6 },
  };
  g_autoptr (GPtrArray) sources = take_all (shots, G_N_ELEMENTS (shots), 21);
  g_autoptr (OmniAlignment) alignment = align (sources);

  for (guint i = 0; i < sources->len; i++)
  {
    g_test_message ("frame %u: %.3f px off", i, get_error (alignment, shots, i));
    g_assert_cmpfloat (get_error (alignment, shots, i), <, 0.35);
  }
}

static void
test_every_order (void)
{
  Shot shots[5];
  fill_bracket (shots);
  g_autoptr (GPtrArray) sources = take_all (shots, 4, 31);
  g_autoptr (OmniAlignment) first = align (sources);

  for (guint a = 0; a < 4; a++)
    for (guint b = 0; b < 4; b++)
      for (guint c = 0; c < 4; c++)
      {
        const guint order[4] = { a, b, c, 6 - a - b - c };
        if (a == b || a == c || b == c)
          continue;
        g_autoptr (GPtrArray) permuted = g_ptr_array_new ();
        for (guint i = 0; i < 4; i++)
          g_ptr_array_add (permuted, sources->pdata[order[i]]);
        g_autoptr (OmniAlignment) other = align (permuted);
        g_assert_cmpuint (order[other->reference], ==, first->reference);
        g_assert_cmpuint (other->left, ==, first->left);
        g_assert_cmpuint (other->height, ==, first->height);
        for (guint i = 0; i < 4; i++)
        {
          const OmniFrameMotion *motion = &first->motions[order[i]];
          g_assert_cmpmem (&other->motions[i].map, sizeof motion->map, &motion->map, sizeof motion->map);
          g_autofree char *sha256 = omni_source_dup_sha256 (other->sources->pdata[i], NULL);
          g_autofree char *expected = omni_source_dup_sha256 (first->sources->pdata[order[i]], NULL);
          g_assert_cmpstr (sha256, ==, expected);
        }
      }
}

/* Of more than are all near to each other; a stack whose frames differ by next to nothing, and two that are the same. */
static void
test_many_orders (void)
{
  Shot shots[12];
  for (guint i = 0; i < G_N_ELEMENTS (shots); i++)
    shots[i] = (Shot){ move (0.7 * i, -0.4 * i, 0, 1 + 0.002 * i, 0), 1, (i % 5) / 4.0 };
  g_autoptr (GPtrArray) sources = take_all (shots, G_N_ELEMENTS (shots), 33);
  g_ptr_array_add (sources, take (&shots[3], 33, "twin"));
  g_autoptr (OmniAlignment) first = align (sources);
  g_autoptr (GRand) rand = g_rand_new_with_seed (3);

  for (guint trial = 0; trial < 6; trial++)
  {
    g_autoptr (GPtrArray) permuted = g_ptr_array_new ();
    g_autoptr (GArray) order = g_array_new (FALSE, FALSE, sizeof (guint));
    for (guint i = 0; i < sources->len; i++)
    {
      const guint at = (guint)g_rand_int_range (rand, 0, (gint32)i + 1);
      g_array_insert_val (order, at, i);
    }
    for (guint i = 0; i < sources->len; i++)
      g_ptr_array_add (permuted, sources->pdata[g_array_index (order, guint, i)]);
    g_autoptr (OmniAlignment) other = align (permuted);
    g_assert_cmpuint (other->width, ==, first->width);
    g_assert_cmpuint (other->top, ==, first->top);
    for (guint i = 0; i < sources->len; i++)
    {
      const OmniFrameMotion *motion = &first->motions[g_array_index (order, guint, i)];
      g_assert_cmpmem (&other->motions[i].map, sizeof motion->map, &motion->map, sizeof motion->map);
    }
  }
}

/* Steps that are too small each to be looked at, and not all together. */
static void
test_drift (void)
{
  Shot shots[10];
  for (guint i = 0; i < G_N_ELEMENTS (shots); i++)
    shots[i] = (Shot){ move (0.3 * i, 0.1 * i, 0, 1, 0), 1, 1 };
  g_autoptr (GPtrArray) sources = take_all (shots, G_N_ELEMENTS (shots), 34);
  g_autoptr (OmniAlignment) alignment = align (sources);

  for (guint i = 0; i < sources->len; i++)
    g_assert_cmpfloat (get_error (alignment, shots, i), <, 0.25);
}

/* One size in several formats, which are read smaller in several ways. */
static void
test_mixed (void)
{
  g_autoptr (GPtrArray) sources = g_ptr_array_new_with_free_func (g_object_unref);
  const Shot shot = { OMNI_HOMOGRAPHY_IDENTITY, 1, 1, 3.19 };
  g_autofree char *folder = g_dir_make_tmp ("omnifuse-align-XXXXXX", NULL);
  static const char *const names[] = { "a.jpg", "b.png", "c.tif" };

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
  {
    g_autoptr (OmniSource) source = take (&shot, 35, names[i]);
    g_autoptr (OmniPicture) picture = omni_source_load (source, NULL, NULL);
    g_autofree char *path = g_build_filename (folder, names[i], NULL);
    g_assert_true (omni_picture_write (picture, path, NULL, NULL));
    g_ptr_array_add (sources, omni_source_new (path, NULL));
  }
  g_autoptr (OmniAlignment) alignment = align (sources);
  double farthest_px;
  g_assert_false (alignment->moved);
  g_assert_true (omni_align_look (sources, &farthest_px, NULL, NULL));
  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    g_unlink (omni_source_get_path (sources->pdata[i]));
  g_rmdir (folder);
}

static void
test_lies_right (void)
{
  Shot shots[5];
  fill_bracket (shots);
  for (guint i = 0; i < G_N_ELEMENTS (shots); i++)
    shots[i].map = OMNI_HOMOGRAPHY_IDENTITY;
  g_autoptr (GPtrArray) sources = take_all (shots, G_N_ELEMENTS (shots), 41);
  g_autoptr (OmniAlignment) alignment = align (sources);
  double farthest_px = -1;

  g_assert_false (alignment->moved);
  for (guint i = 0; i < sources->len; i++)
    g_assert_true (alignment->sources->pdata[i] == sources->pdata[i]);
  g_assert_true (omni_align_look (sources, &farthest_px, NULL, NULL));
  g_assert_cmpfloat (farthest_px, <, 1.2);

  /* A picture twice, too. */
  g_autoptr (GPtrArray) twice = g_ptr_array_new ();
  g_ptr_array_add (twice, sources->pdata[0]);
  g_ptr_array_add (twice, sources->pdata[0]);
  g_autoptr (OmniAlignment) same = align (twice);
  g_assert_false (same->moved);
}

static OmniSource *
make_flat (guint8 value, const char *name)
{
  guint8 *pixels = g_malloc ((gsize)W * H * 3);

  memset (pixels, value, (gsize)W * H * 3);
  g_autoptr (OmniPicture) picture = omni_picture_new (
    W, H, 3, FALSE, OMNI_SAMPLE_U8, g_bytes_new_take (pixels, (gsize)W * H * 3), NULL, NULL, NULL);
  return omni_source_new_for_picture (picture, name);
}

/* Another scene, a black frame, a white one: they stay as they are, and the others are aligned as without them. */
static void
test_strangers (void)
{
  Shot shots[5];
  fill_bracket (shots);
  g_autoptr (GPtrArray) sources = take_all (shots, 3, 51);
  g_ptr_array_add (sources, take (&shots[0], 99, "stranger"));
  g_ptr_array_add (sources, make_flat (0, "black"));
  g_ptr_array_add (sources, make_flat (255, "white"));
  g_ptr_array_add (sources, make_flat (128, "grey"));
  g_autoptr (OmniAlignment) alignment = align (sources);

  g_assert_cmpuint (alignment->reference, <, 3);
  for (guint i = 0; i < 3; i++)
    g_assert_cmpfloat (get_error (alignment, shots, i), <, 0.25);
  for (guint i = 3; i < sources->len; i++)
  {
    const OmniHomography identity = OMNI_HOMOGRAPHY_IDENTITY;
    g_test_message ("stranger %u: agreement %.3f, %.3f", i, alignment->motions[i].before,
                    alignment->motions[i].after);
    g_assert_cmpint (alignment->motions[i].state, ==, OMNI_FRAME_NOT_FOUND);
    g_assert_cmpfloat (alignment->motions[i].after, <, 0.5);
    g_assert_cmpmem (&alignment->motions[i].map, sizeof identity, &identity, sizeof identity);
  }
}

/* Once more from what is aligned: from the files, with the same outcome. Roles stay. */
static void
test_again (void)
{
  Shot shots[5];
  fill_bracket (shots);
  g_autoptr (GPtrArray) sources = take_all (shots, 3, 61);
  omni_source_set_role (sources->pdata[1], OMNI_ROLE_INFRARED);
  g_autoptr (OmniAlignment) alignment = align (sources);
  g_autoptr (OmniAlignment) again = align (alignment->sources);

  g_assert_cmpint (omni_source_get_role (again->sources->pdata[1]), ==, OMNI_ROLE_INFRARED);
  for (guint i = 0; i < 3; i++)
    g_assert_cmpmem (&again->motions[i].map, sizeof (OmniHomography), &alignment->motions[i].map,
                     sizeof (OmniHomography));
  g_assert_cmpuint (again->width, ==, alignment->width);
}

static void
test_look (void)
{
  Shot shots[5];
  fill_bracket (shots);
  g_autoptr (GPtrArray) sources = take_all (shots, G_N_ELEMENTS (shots), 71);
  g_autoptr (OmniAlignment) alignment = align (sources);
  double farthest_px, expected = 0;

  g_assert_true (omni_align_look (sources, &farthest_px, NULL, NULL));
  for (guint i = 0; i < sources->len; i++)
    expected = MAX (expected, alignment->motions[i].shift_px);
  g_test_message ("looked like %.2f px, is %.2f", farthest_px, expected);
  g_assert_cmpfloat (farthest_px, >, expected - 2.5);
  g_assert_cmpfloat (farthest_px, <, expected + 2.5);
}

static void
assert_refused (GPtrArray *sources, GCancellable *cancellable, GIOErrorEnum code, const char *words)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (omni_align_sources (sources, NULL, NULL, cancellable, &error));
  g_assert_error (error, G_IO_ERROR, (int)code);
  g_assert_nonnull (strstr (error->message, words));
}

static void
test_refuses (void)
{
  Shot shots[5];
  fill_bracket (shots);
  g_autoptr (GPtrArray) one = take_all (shots, 1, 81);
  assert_refused (one, NULL, G_IO_ERROR_INVALID_ARGUMENT, "two of them");

  g_autoptr (OmniPicture) noise = make_noise (W, H + 1, 3, FALSE, OMNI_SAMPLE_U8);
  g_ptr_array_add (one, omni_source_new_for_picture (noise, "taller"));
  assert_refused (one, NULL, G_IO_ERROR_INVALID_ARGUMENT, "taller");

  g_autoptr (GPtrArray) small = g_ptr_array_new_with_free_func (g_object_unref);
  for (guint i = 0; i < 2; i++)
  {
    g_autoptr (OmniPicture) picture = make_noise (200, 20, 3, FALSE, OMNI_SAMPLE_U8);
    g_ptr_array_add (small, omni_source_new_for_picture (picture, "small"));
  }
  assert_refused (small, NULL, G_IO_ERROR_INVALID_ARGUMENT, "too small");

  /* A pan: each frame has much of the next one, and little of the last. */
  Shot pan[7];
  for (guint i = 0; i < G_N_ELEMENTS (pan); i++)
    pan[i] = (Shot){ move (-35.0 * i, 0, 0, 1, 0), 1, 1 };
  g_autoptr (GPtrArray) panned = take_all (pan, G_N_ELEMENTS (pan), 82);
  assert_refused (panned, NULL, G_IO_ERROR_INVALID_ARGUMENT, "less than half");

  g_autoptr (GPtrArray) two = take_all (shots, 2, 83);
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_cancellable_cancel (cancellable);
  g_autoptr (GError) error = NULL;
  g_assert_null (omni_align_sources (two, NULL, NULL, cancellable, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
}

/* ---- Real ones ---- */

static GPtrArray *
open_set (const char *set)
{
  g_autofree char *path = g_build_filename (g_getenv ("OMNIFUSE_SHARED"), "data", set, NULL);
  g_autoptr (GDir) dir = g_dir_open (path, 0, NULL);
  GPtrArray *sources = g_ptr_array_new_with_free_func (g_object_unref);

  for (const char *name = NULL; dir != NULL && (name = g_dir_read_name (dir)) != NULL;)
  {
    g_autofree char *file = g_build_filename (path, name, NULL);
    OmniSource *source = omni_source_new (file, NULL);
    if (source != NULL)
      g_ptr_array_add (sources, source);
  }
  return sources;
}

/* Pairs that were blurred by a program lie right to the last pixel. */
static void
test_real_pairs (void)
{
  static const char *const sets[] = { "focus/aymaz_02", "focus/aymaz_10", "focus/aymaz_13" };

  for (guint i = 0; i < G_N_ELEMENTS (sets); i++)
  {
    g_autoptr (GPtrArray) sources = open_set (sets[i]);
    if (sources->len < 2)
    {
      g_test_skip ("the development pictures are not there");
      return;
    }
    g_autoptr (OmniAlignment) alignment = align (sources);
    g_assert_false (alignment->moved);
  }
}

static int
compare_paths (gconstpointer a, gconstpointer b)
{
  return strcmp (omni_source_get_path (*(OmniSource *const *)a),
                 omni_source_get_path (*(OmniSource *const *)b));
}

/* A stack of a ring, focused from near to far: the lens zooms in by a little less than a hundredth each time. */
static void
test_real_stack (void)
{
  g_autoptr (GPtrArray) sources = open_set ("focus/cmcguinness");

  if (sources->len < 2)
  {
    g_test_skip ("the development pictures are not there");
    return;
  }
  g_ptr_array_sort (sources, compare_paths);
  g_autoptr (OmniAlignment) alignment = align (sources);
  for (guint i = 1; i < sources->len; i++)
  {
    const double zoom = alignment->motions[i - 1].zoom / alignment->motions[i].zoom;
    g_assert_cmpint (alignment->motions[i].state, !=, OMNI_FRAME_NOT_FOUND);
    g_assert_cmpfloat (zoom, >, 1.006);
    g_assert_cmpfloat (zoom, <, 1.012);
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/align/homography", test_homography);
  g_test_add_func ("/align/warp/twin", test_warp_twin);
  g_test_add_func ("/align/warp/shift", test_warp_shift);
  g_test_add_func ("/align/warp/refuses", test_warp_refuses);
  g_test_add_func ("/align/source", test_source);
  g_test_add_func ("/align/bracket", test_bracket);
  g_test_add_func ("/align/pictures", test_pictures);
  g_test_add_func ("/align/large", test_large);
  g_test_add_func ("/align/breathing", test_breathing);
  g_test_add_func ("/align/every-order", test_every_order);
  g_test_add_func ("/align/many-orders", test_many_orders);
  g_test_add_func ("/align/drift", test_drift);
  g_test_add_func ("/align/mixed", test_mixed);
  g_test_add_func ("/align/lies-right", test_lies_right);
  g_test_add_func ("/align/strangers", test_strangers);
  g_test_add_func ("/align/again", test_again);
  g_test_add_func ("/align/look", test_look);
  g_test_add_func ("/align/refuses", test_refuses);
  g_test_add_func ("/align/real/pairs", test_real_pairs);
  g_test_add_func ("/align/real/stack", test_real_stack);
  return g_test_run ();
}
