/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the viewer draws, pixel by pixel. */
#include "app/picture/pixel.h"
#include "app/view/frame.h"

#define WIDTH_PX  37
#define HEIGHT_PX 23

static guint8
get_sample (guint x, guint y, guint c)
{
  return (guint8)(x * 7 + y * 11 + c * 83);
}

static OmniMipmap *
make_mipmap (guint channels, gboolean has_alpha, OmniSampleType type)
{
  g_autoptr (GError) error = NULL;
  gsize size_bytes;
  guint8 *pixels = omni_picture_try_alloc_pixels (WIDTH_PX, HEIGHT_PX, channels, type, &size_bytes, &error);

  for (guint i = 0; i < WIDTH_PX * HEIGHT_PX * channels; i++)
  {
    const guint8 value = get_sample (i / channels % WIDTH_PX, i / channels / WIDTH_PX, i % channels);
    if (type == OMNI_SAMPLE_U8)
      pixels[i] = value;
    else if (type == OMNI_SAMPLE_U16)
      ((guint16 *)(gpointer)pixels)[i] = (guint16)(value * 257);
    else
      ((float *)(gpointer)pixels)[i] = value / 255.0f;
  }
  g_autoptr (OmniPicture)
    picture = omni_picture_new (WIDTH_PX, HEIGHT_PX, channels, has_alpha, type,
                                g_bytes_new_take (pixels, size_bytes), NULL, NULL, &error);
  g_assert_no_error (error);
  OmniMipmap *mipmap = omni_mipmap_new (picture, NULL, &error);
  g_assert_no_error (error);
  return mipmap;
}

static guint32
expect (guint x, guint y, guint channels)
{
  const guint r = get_sample (x, y, 0);
  const guint g = channels >= 3 ? get_sample (x, y, 1) : r;
  const guint b = channels >= 3 ? get_sample (x, y, 2) : r;

  return 0xff000000u | r << 16 | g << 8 | b;
}

static void
test_full_size (void)
{
  for (guint channels = 1; channels <= 3; channels += 2)
    for (OmniSampleType type = OMNI_SAMPLE_U8; type <= OMNI_SAMPLE_F32; type++)
    {
      g_autoptr (OmniMipmap) mipmap = make_mipmap (channels, FALSE, type);
      guint32 pixels[WIDTH_PX * HEIGHT_PX];
      omni_mipmap_render (mipmap, pixels, WIDTH_PX, HEIGHT_PX, 0, 0, 1);
      for (guint i = 0; i < G_N_ELEMENTS (pixels); i++)
        g_assert_cmphex (pixels[i], ==, expect (i % WIDTH_PX, i / WIDTH_PX, channels));
    }
}

static void
test_squares (void)
{
  g_autoptr (OmniMipmap) mipmap = make_mipmap (3, FALSE, OMNI_SAMPLE_U8);
  guint32 pixels[30 * 20];

  omni_mipmap_render (mipmap, pixels, 30, 20, 5, 4, 3);
  for (guint i = 0; i < G_N_ELEMENTS (pixels); i++)
    g_assert_cmphex (pixels[i], ==, expect (5 + i % 30 / 3, 4 + i / 30 / 3, 3));
}

/* Below 100 % no pixel of the picture may be left out: the mean stays. */
static void
test_mean (void)
{
  g_autoptr (OmniMipmap) mipmap = make_mipmap (1, FALSE, OMNI_SAMPLE_U8);

  for (double scale = 0.9; scale > 0.1; scale *= 0.8)
  {
    const guint width = (guint)(WIDTH_PX * scale);
    const guint height = (guint)(HEIGHT_PX * scale);
    g_autofree guint32 *pixels = g_new (guint32, width * height);
    double mean = 0, expected = 0;
    omni_mipmap_render (mipmap, pixels, width, height, 0, 0, scale);
    for (guint i = 0; i < width * height; i++)
    {
      g_assert_cmphex (pixels[i] >> 24, ==, 0xff);
      mean += (pixels[i] & 0xff) / (double)(width * height);
    }
    for (guint i = 0; i < WIDTH_PX * HEIGHT_PX; i++)
      expected += get_sample (i % WIDTH_PX, i / WIDTH_PX, 0) / (double)(WIDTH_PX * HEIGHT_PX);
    g_assert_cmpfloat_with_epsilon (mean, expected, 12);
  }
}

static void
test_alpha (void)
{
  g_autoptr (OmniMipmap) mipmap = make_mipmap (4, TRUE, OMNI_SAMPLE_U8);
  guint32 pixel;

  omni_mipmap_render (mipmap, &pixel, 1, 1, 3, 2, 1);
  const guint a = get_sample (3, 2, 3);
  g_assert_cmphex (pixel >> 24, ==, a);
  g_assert_cmphex (pixel >> 16 & 0xff, ==, (get_sample (3, 2, 0) * a + 127) / 255);
}

static void
test_count (void)
{
  g_autoptr (OmniMipmap) mipmap = make_mipmap (3, FALSE, OMNI_SAMPLE_U8);
  OmniMipmapCounts counts;
  guint64 expected[3][256] = { { 0 } };

  omni_mipmap_count (mipmap, 2, 3, WIDTH_PX - 5, HEIGHT_PX - 4, &counts);
  for (guint y = 3; y < HEIGHT_PX - 1; y++)
    for (guint x = 2; x < WIDTH_PX - 3; x++)
      for (guint c = 0; c < 3; c++)
        expected[c][get_sample (x, y, c)]++;
  g_assert_cmpmem (counts.bins, sizeof counts.bins, expected, sizeof expected);
  g_assert_cmpuint (counts.n, ==, (WIDTH_PX - 5) * (HEIGHT_PX - 4));
}

/* What is drawn black and white: values from `low` to `high` in even steps. */

static OmniMipmap *
make_ramp (OmniSampleType type, double low, double high, gboolean amounts)
{
  const guint width = 64, height = 50;
  gsize size_bytes;
  guint8 *pixels = omni_picture_try_alloc_pixels (width, height, 1, type, &size_bytes, NULL);

  for (guint i = 0; i < width * height; i++)
  {
    const double value = low + (high - low) * i / (width * height - 1);
    if (type == OMNI_SAMPLE_F32)
      ((float *)(gpointer)pixels)[i] = (float)value;
    else if (type == OMNI_SAMPLE_U16)
      ((guint16 *)(gpointer)pixels)[i] = (guint16)(value * 65535 + 0.5);
    else
      pixels[i] = (guint8)(value * 255 + 0.5);
  }
  g_autoptr (OmniPicture) picture = omni_picture_new (
    width, height, 1, FALSE, type, g_bytes_new_take (pixels, size_bytes), NULL, NULL, NULL);
  return amounts ? omni_mipmap_new_amounts (picture, NULL, NULL) : omni_mipmap_new (picture, NULL, NULL);
}

static void
test_level (void)
{
  static const struct
  {
    OmniSampleType type;
    double low, high;
    gboolean fits;
    double black, white;
  } cases[] = {
    { OMNI_SAMPLE_U16, 0, 0.03, TRUE, 0, 0.03 },       /* 11 bits of 16 */
    { OMNI_SAMPLE_U16, 0.04, 0.06, TRUE, 0.04, 0.06 }, /* a narrow band */
    { OMNI_SAMPLE_U16, 0, 0.3, FALSE, 0, 1 },          /* a dark picture is dark */
    { OMNI_SAMPLE_U16, 0, 1, FALSE, 0, 1 },            /* all of it */
    { OMNI_SAMPLE_U8, 0, 0.03, FALSE, 0, 1 },          /* black, and meant so */
    { OMNI_SAMPLE_F32, -1000, 900, TRUE, -1000, 900 }, /* Hounsfield units */
    { OMNI_SAMPLE_F32, 0, 4000, TRUE, 0, 4000 },       /* counts */
    { OMNI_SAMPLE_F32, 0, 1.5, FALSE, 0, 1 },          /* light with highlights */
    { OMNI_SAMPLE_U16, 0.05, 0.05, FALSE, 0, 1 },      /* nothing to see in any case */
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
  {
    g_autoptr (OmniMipmap) mipmap = make_ramp (cases[i].type, cases[i].low, cases[i].high, FALSE);
    double black, white;
    const double slack = cases[i].fits ? 0.01 * (cases[i].high - cases[i].low) : 0;
    g_assert_true (omni_mipmap_find_level (mipmap, &black, &white) == cases[i].fits);
    g_assert_cmpfloat_with_epsilon (black, cases[i].black, slack + 1e-9);
    g_assert_cmpfloat_with_epsilon (white, cases[i].white, slack + 1e-9);
  }
}

/* Amounts far below what 16 bits of 0 … 1 can hold are seen with enough gain; those of integers are as they were. */
static void
test_amounts (void)
{
  static const struct
  {
    OmniSampleType type;
    double largest;
  } cases[] = { { OMNI_SAMPLE_F32, 1.0 / (1 << 23) }, { OMNI_SAMPLE_U8, 1.0 / 15 } };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
  {
    g_autoptr (OmniMipmap) map = make_ramp (cases[i].type, 0, cases[i].largest, TRUE);
    g_autoptr (OmniViewFrame) frame = omni_view_frame_new (64, 50);
    OmniViewItem *item = omni_view_frame_add (frame, OMNI_VIEW_PICTURE, 0, 0, 64, 50);
    g_autofree guint32 *pixels = g_new (guint32, 64 * 50);
    const guint32 *colours = omni_colour_map_get (OMNI_COLOUR_MAP_INFERNO);
    frame->low = 0.4; /* of pictures, not of amounts */
    frame->high = 0.5;
    item->amounts = TRUE;
    item->map = OMNI_COLOUR_MAP_INFERNO;
    item->gain = 0.6 / cases[i].largest;
    omni_view_item_set_layer (item, 0, map, 0, 0, 1);
    omni_view_frame_render (frame, pixels);
    g_assert_cmphex (pixels[0], ==, colours[0]);
    g_assert_cmphex (pixels[64 * 50 - 1], ==, colours[153]);
  }
}

/* Values */

static char *
describe (OmniSampleType type, gconstpointer samples, gsize size_bytes, guint channels)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (OmniPicture) picture = omni_picture_new (2, 1, channels, channels == 4, type,
                                                      g_bytes_new (samples, size_bytes), NULL, NULL, &error);

  g_assert_no_error (error);
  return omni_picture_describe_pixel (picture, 1, 0);
}

static void
test_values (void)
{
  const guint8 bytes[] = { 1, 2, 3, 4, 50, 60, 70, 80 };
  const guint16 words[] = { 7, 65535 };
  const float floats[] = { 9, 1.5f };
  g_autofree char *rgba = describe (OMNI_SAMPLE_U8, bytes, sizeof bytes, 4);
  g_autofree char *deep = describe (OMNI_SAMPLE_U16, words, sizeof words, 1);
  g_autofree char *values = describe (OMNI_SAMPLE_F32, floats, sizeof floats, 1);

  g_assert_cmpstr (rgba, ==, "50  60  70  80");
  g_assert_cmpstr (deep, ==, "65535");
  g_assert_cmpstr (values, ==, "1.5000");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/mipmap/full-size", test_full_size);
  g_test_add_func ("/mipmap/squares", test_squares);
  g_test_add_func ("/mipmap/mean", test_mean);
  g_test_add_func ("/mipmap/alpha", test_alpha);
  g_test_add_func ("/mipmap/count", test_count);
  g_test_add_func ("/mipmap/level", test_level);
  g_test_add_func ("/mipmap/amounts", test_amounts);
  g_test_add_func ("/values", test_values);
  return g_test_run ();
}
