/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is seen of pictures: the kernel against the plain C in every variant, and that against what it should be. */
#include "app/view/device.h"
#include "app/view/mipmap-private.h"
#include "app/view/renderer.h"
#include "vk/device.h"

#include <math.h>
#include <string.h>

#define WIDTH_PX  203
#define HEIGHT_PX 141

static OmniViewDevice *device;

/* Pictures */

static double
get_value (guint x, guint y, guint c)
{
  return fmod (0.37 + x * 0.0131 + y * 0.0173 + c * 0.21 + 0.3 * sin (x * 0.7) * cos (y * 0.45), 1.0);
}

static OmniMipmap *
make_mipmap (guint width, guint height, guint channels, gboolean has_alpha, OmniSampleType type,
             double factor, double offset)
{
  g_autoptr (GError) error = NULL;
  gsize size_bytes;
  guint8 *pixels = omni_picture_try_alloc_pixels (width, height, channels, type, &size_bytes, &error);

  for (guint i = 0; i < width * height * channels; i++)
  {
    const double value = fabs (get_value (i / channels % width, i / channels / width, i % channels));
    if (type == OMNI_SAMPLE_U8)
      pixels[i] = (guint8)(value * 255);
    else if (type == OMNI_SAMPLE_U16)
      ((guint16 *)(gpointer)pixels)[i] = (guint16)(value * 65535);
    else
      ((float *)(gpointer)pixels)[i] = (float)(value * factor + offset);
  }
  g_autoptr (OmniPicture) picture = omni_picture_new (
    width, height, channels, has_alpha, type, g_bytes_new_take (pixels, size_bytes), NULL, NULL, &error);
  g_assert_no_error (error);
  OmniMipmap *mipmap = omni_mipmap_new (picture, NULL, &error);
  g_assert_no_error (error);
  return mipmap;
}

/* The kernel and the plain C */

static void
compare (OmniViewFrame *frame)
{
  g_autoptr (GError) error = NULL;
  const gsize n = (gsize)frame->width * (gsize)frame->height;
  g_autofree guint32 *expected = g_new (guint32, n);
  g_autofree guint32 *pixels = g_new (guint32, n);

  memset (pixels, 0x5a, n * sizeof *pixels);
  omni_view_frame_render (frame, expected);
  if (device == NULL)
    return;
  omni_view_device_render (device, frame, pixels, &error);
  g_assert_no_error (error);
  g_assert_cmpmem (pixels, n * sizeof *pixels, expected, n * sizeof *expected);
}

static void
compare_places (OmniMipmap *first, OmniMipmap *second)
{
  static const double scales[] = { 0.031, 0.24, 0.5, 0.73, 1, 1.4, 2, 3.7, 16 };

  for (OmniViewKind kind = OMNI_VIEW_PICTURE; kind <= OMNI_VIEW_DIFFERENCE; kind++)
    for (guint i = 0; i < G_N_ELEMENTS (scales); i++)
    {
      g_autoptr (OmniViewFrame) frame = omni_view_frame_new (181, 97);
      OmniViewItem *item = omni_view_frame_add (frame, kind, 3, 2, 160, 90);
      omni_view_item_set_layer (item, 0, first, 20.25 - 31 * i, 8 - 17.5 * i, scales[i]);
      omni_view_item_set_layer (item, 1, second, 9.5 - 29 * i, 12.75 - 16 * i, scales[i] * 0.83);
      item->map = (OmniColourMap)(i % OMNI_N_COLOUR_MAPS);
      item->gain = 1 + i;
      item->line_x = 70;
      item->line_y = 50;
      item->normal_x = 700;
      item->normal_y = (int)i * 200 - 900;
      frame->low = i % 2 * 0.2;
      frame->high = 1 - i % 3 * 0.3;
      compare (frame);
    }
}

static void
test_kernel (void)
{
  static const struct
  {
    guint channels;
    gboolean has_alpha;
    OmniSampleType type;
  } kinds[] = {
    { 3, FALSE, OMNI_SAMPLE_U8 },  { 1, FALSE, OMNI_SAMPLE_U8 },  { 4, TRUE, OMNI_SAMPLE_U8 },
    { 2, TRUE, OMNI_SAMPLE_U8 },   { 3, FALSE, OMNI_SAMPLE_U16 }, { 1, FALSE, OMNI_SAMPLE_U16 },
    { 4, TRUE, OMNI_SAMPLE_U16 },  { 3, FALSE, OMNI_SAMPLE_F32 }, { 1, FALSE, OMNI_SAMPLE_F32 },
    { 8, FALSE, OMNI_SAMPLE_U16 },
  };

  for (guint i = 0; i < G_N_ELEMENTS (kinds); i++)
  {
    const guint other = (i * 3 + 4) % G_N_ELEMENTS (kinds);
    g_autoptr (OmniMipmap)
      first = make_mipmap (WIDTH_PX, HEIGHT_PX, kinds[i].channels, kinds[i].has_alpha, kinds[i].type, 5, -1);
    g_autoptr (OmniMipmap) second = make_mipmap (WIDTH_PX + 40, HEIGHT_PX - 7, kinds[other].channels,
                                                 kinds[other].has_alpha, kinds[other].type, 2, 0);
    compare_places (first, second);
  }
  if (device == NULL)
    g_test_skip ("no Vulkan device");
}

/* Nine panes and a loupe over them; and nothing at all. */
static void
test_panes (void)
{
  g_autoptr (OmniViewFrame) frame = omni_view_frame_new (300, 200);
  g_autoptr (OmniViewFrame) empty = omni_view_frame_new (17, 9);
  g_autoptr (OmniMipmap) tiny = make_mipmap (1, 1, 3, FALSE, OMNI_SAMPLE_U8, 1, 0);

  for (int i = 0; i < 9; i++)
  {
    g_autoptr (OmniMipmap) mipmap = make_mipmap (90 + 7 * (guint)i, 60, 3, FALSE, OMNI_SAMPLE_U8, 1, 0);
    OmniViewItem *item = omni_view_frame_add (frame, OMNI_VIEW_PICTURE, i % 3 * 101, i / 3 * 67, 99, 65);
    omni_view_item_set_layer (item, 0, mipmap, item->x, item->y, 99.0 / (90 + 7 * i));
  }
  omni_view_item_set_layer (omni_view_frame_add (frame, OMNI_VIEW_PICTURE, 40, 30, 80, 80), 0, tiny, 50, 50,
                            20);
  omni_view_frame_add (frame, OMNI_VIEW_DIFFERENCE, 250, 150, 500, 500); /* no pictures, and cut */
  omni_view_frame_add (frame, OMNI_VIEW_PICTURE, 400, 0, 10, 10);        /* outside */
  compare (frame);
  compare (empty);
  if (device == NULL)
    g_test_skip ("no Vulkan device");
}

/* A budget too small for a frame is said, the next frame is made, and what is not looked at is given back. */
static void
test_budget (void)
{
  g_autoptr (OmniMipmap) mipmap = make_mipmap (400, 300, 3, FALSE, OMNI_SAMPLE_U8, 1, 0);
  g_autoptr (OmniViewFrame) near = omni_view_frame_new (50, 40);
  g_autoptr (OmniViewFrame) far = omni_view_frame_new (50, 40);
  g_autoptr (GError) error = NULL;
  guint32 pixels[50 * 40];

  if (device == NULL)
  {
    g_test_skip ("no Vulkan device");
    return;
  }
  omni_view_item_set_layer (omni_view_frame_add (near, OMNI_VIEW_PICTURE, 0, 0, 50, 40), 0, mipmap, 0, 0, 1);
  omni_view_item_set_layer (omni_view_frame_add (far, OMNI_VIEW_PICTURE, 0, 0, 50, 40), 0, mipmap, 0, 0,
                            0.125);
  omni_view_device_set_budget (device, 100000);
  g_assert_false (omni_view_device_render (device, near, pixels, &error));
  g_assert_error (error, OMNI_VK_ERROR, OMNI_VK_ERROR_UNSUPPORTED);
  compare (far);
  g_assert_cmpuint (omni_view_device_get_used_bytes (device), ==, 50 * 38 * 4);
  omni_view_device_set_budget (device, 100 << 20);
  compare (near);
  g_assert_cmpuint (omni_view_device_get_used_bytes (device), ==, (50 * 38 + 400 * 300) * 4);
  omni_view_device_trim (device);
  g_assert_cmpuint (omni_view_device_get_used_bytes (device), ==, 400 * 300 * 4);
}

/* A large picture comes bit by bit. */
static void
test_load (void)
{
  g_autoptr (OmniMipmap) mipmap = make_mipmap (3000, 1500, 3, FALSE, OMNI_SAMPLE_U8, 1, 0); /* 18 MB */
  g_autoptr (OmniViewFrame) frame = omni_view_frame_new (50, 40);
  g_autoptr (GError) error = NULL;
  gboolean loaded;

  if (device == NULL)
  {
    g_test_skip ("no Vulkan device");
    return;
  }
  omni_view_item_set_layer (omni_view_frame_add (frame, OMNI_VIEW_PICTURE, 0, 0, 50, 40), 0, mipmap, -2900,
                            -1400, 1);
  for (guint i = 0; i < 2; i++)
  {
    omni_view_device_load (device, frame, 1, &loaded, &error); /* 8 MiB each time */
    g_assert_no_error (error);
    g_assert_false (loaded);
  }
  compare (frame); /* which loads the rest */
  omni_view_device_load (device, frame, 1, &loaded, &error);
  g_assert_true (loaded);
}

/* What it should be */

/* The mean of a channel over an area of the picture, in double. */
static double
mean_over (guint channel, double x0, double x1, double y0, double y1)
{
  double sum = 0, area = 0;

  for (guint y = (guint)y0; y < MIN (ceil (y1), HEIGHT_PX); y++)
    for (guint x = (guint)x0; x < MIN (ceil (x1), WIDTH_PX); x++)
    {
      const double share = (MIN (x1, x + 1) - MAX (x0, x)) * (MIN (y1, y + 1) - MAX (y0, y));
      sum += share * floor (fabs (get_value (x, y, channel)) * 255);
      area += share;
    }
  return sum / area;
}

/* Below 100 % every pixel of the picture counts by its area: exactly down to 50 %; below that by whole pixels of the halved
 * version, which this picture, noise, shows most, but which makes nothing brighter or darker. */
static void
test_area (void)
{
  g_autoptr (OmniMipmap) mipmap = make_mipmap (WIDTH_PX, HEIGHT_PX, 3, FALSE, OMNI_SAMPLE_U8, 1, 0);

  for (double scale = 0.97; scale > 0.1; scale *= 0.77)
  {
    g_autoptr (OmniViewFrame)
      frame = omni_view_frame_new ((int)(WIDTH_PX * scale) - 4, (int)(HEIGHT_PX * scale) - 4);
    g_autofree guint32 *pixels = g_new (guint32, (gsize)frame->width * (gsize)frame->height);
    omni_view_item_set_layer (
      omni_view_frame_add (frame, OMNI_VIEW_PICTURE, 0, 0, frame->width, frame->height), 0, mipmap, 0, 0,
      scale);
    omni_view_frame_render (frame, pixels);
    const double most_error = 0.5 < scale ? 0.3 : 12;
    double error = 0, bias = 0;
    for (int y = 0; y < frame->height; y++)
      for (int x = 0; x < frame->width; x++)
        for (guint c = 0; c < 3; c++)
        {
          const guint pixel = pixels[y * frame->width + x];
          const double expected = mean_over (c, x / scale, (x + 1) / scale, y / scale, (y + 1) / scale);
          const double off = ((pixel >> (16 - 8 * c) & 0xff) - expected)
                             / (3.0 * frame->width * frame->height);
          error += fabs (off);
          bias += off;
        }
    g_assert_cmpfloat (error, <, most_error);
    g_assert_cmpfloat (fabs (bias), <, 0.5);
  }
}

/* Levels of 16 bits and floats that one byte cannot hold come out by the window. */
static void
test_window (void)
{
  static const float values[] = { -2, 0, 0.5f, 0.501f, 0.502f, 4 };
  g_autoptr (GError) error = NULL;
  g_autoptr (OmniPicture) picture = omni_picture_new (
    6, 1, 1, FALSE, OMNI_SAMPLE_F32, g_bytes_new_static (values, sizeof values), NULL, NULL, &error);
  g_autoptr (OmniMipmap) mipmap = omni_mipmap_new (picture, NULL, &error);
  g_autoptr (OmniViewFrame) frame = omni_view_frame_new (6, 1);
  guint32 pixels[6];
  double low, high;

  g_assert_no_error (error);
  omni_mipmap_get_range (mipmap, &low, &high);
  g_assert_cmpfloat (low, ==, -2);
  g_assert_cmpfloat (high, ==, 4);
  omni_view_item_set_layer (omni_view_frame_add (frame, OMNI_VIEW_PICTURE, 0, 0, 6, 1), 0, mipmap, 0, 0, 1);
  omni_view_frame_render (frame, pixels);
  const guint plain[] = { 0, 0, 127, 128, 128, 255 };
  for (guint i = 0; i < 6; i++)
    g_assert_cmpint (ABS ((int)(pixels[i] & 0xff) - (int)plain[i]), <=, 1);
  frame->low = 0.5;
  frame->high = 0.502;
  omni_view_frame_render (frame, pixels);
  const guint narrow[] = { 0, 0, 0, 127, 255, 255 };
  for (guint i = 0; i < 6; i++)
    g_assert_cmpint (ABS ((int)(pixels[i] & 0xff) - (int)narrow[i]), <=, 6); /* 16 bits of 6 */
  frame->low = -2;
  frame->high = 4;
  frame->items[0].map = OMNI_COLOUR_MAP_HOT_IRON;
  omni_view_frame_render (frame, pixels);
  g_assert_cmphex (pixels[0], ==, omni_colour_map_get (OMNI_COLOUR_MAP_HOT_IRON)[0]);
  g_assert_cmphex (pixels[5], ==, omni_colour_map_get (OMNI_COLOUR_MAP_HOT_IRON)[255]);
}

static void
test_wipe (void)
{
  g_autoptr (OmniMipmap) first = make_mipmap (40, 40, 1, FALSE, OMNI_SAMPLE_U8, 1, 0);
  g_autoptr (OmniMipmap) second = make_mipmap (40, 40, 3, FALSE, OMNI_SAMPLE_U16, 1, 0);
  g_autoptr (OmniViewFrame) both = omni_view_frame_new (40, 40);
  guint32 pixels[1600], alone[2][1600];

  OmniViewItem *item = omni_view_frame_add (both, OMNI_VIEW_WIPE, 0, 0, 40, 40);
  omni_view_item_set_layer (item, 0, first, 0, 0, 1);
  omni_view_item_set_layer (item, 1, second, 0, 0, 1);
  item->line_x = 20;
  item->line_y = 15;
  item->normal_x = 724; /* 45° */
  item->normal_y = 724;
  omni_view_frame_render (both, pixels);
  omni_mipmap_render (first, alone[0], 40, 40, 0, 0, 1);
  omni_mipmap_render (second, alone[1], 40, 40, 0, 0, 1);
  for (int i = 0; i < 1600; i++)
    g_assert_cmphex (pixels[i], ==, alone[i % 40 + i / 40 >= 35][i]);
}

/* The largest of the three channels, times the gain, as a colour; deep and shallow pictures on one scale. */
static void
test_difference (void)
{
  static const guint8 bytes[] = { 16, 32, 48, 16, 32, 48, 16, 32, 48, 0, 0, 0 };
  static const guint16 words[] = { 16 * 257, 32 * 257, 48 * 257, 19 * 257, 32 * 257, 48 * 257,
                                   16 * 257, 44 * 257, 46 * 257, 0,        0,        65535 };
  static const guint levels[2][4] = { { 0, 3, 12, 255 }, { 0, 96, 255, 255 } };
  const guint32 *colours = omni_colour_map_get (OMNI_COLOUR_MAP_INFERNO);
  g_autoptr (OmniPicture) first = omni_picture_new (
    4, 1, 3, FALSE, OMNI_SAMPLE_U8, g_bytes_new_static (bytes, sizeof bytes), NULL, NULL, NULL);
  g_autoptr (OmniPicture) second = omni_picture_new (
    4, 1, 3, FALSE, OMNI_SAMPLE_U16, g_bytes_new_static (words, sizeof words), NULL, NULL, NULL);
  g_autoptr (OmniMipmap) shallow = omni_mipmap_new (first, NULL, NULL);
  g_autoptr (OmniMipmap) deep = omni_mipmap_new (second, NULL, NULL);

  for (guint i = 0; i < 4; i++)
  {
    g_autoptr (OmniViewFrame) frame = omni_view_frame_new (4, 1);
    OmniViewItem *item = omni_view_frame_add (frame, OMNI_VIEW_DIFFERENCE, 0, 0, 4, 1);
    guint32 pixels[4];
    omni_view_item_set_layer (item, i % 2, shallow, 0, 0, 1);
    omni_view_item_set_layer (item, 1 - i % 2, deep, 0, 0, 1);
    item->map = OMNI_COLOUR_MAP_INFERNO;
    item->gain = i / 2 == 0 ? 1 : 32;
    omni_view_frame_render (frame, pixels);
    for (guint x = 0; x < 4; x++)
      g_assert_cmphex (pixels[x], ==, colours[levels[i / 2][x]]);
  }
}

static guint
get_brightness (guint32 pixel)
{
  return (pixel >> 16 & 0xff) * 299 + (pixel >> 8 & 0xff) * 587 + (pixel & 0xff) * 114;
}

/* Brighter with every level, so that more looks like more in grey, too. */
static void
test_maps (void)
{
  for (OmniColourMap map = 0; map < OMNI_N_COLOUR_MAPS; map++)
  {
    const guint32 *colours = omni_colour_map_get (map);
    for (guint i = 1; i < OMNI_COLOUR_MAP_LEVELS; i++)
    {
      g_assert_cmphex (colours[i] >> 24, ==, 0xff);
      g_assert_cmpuint (get_brightness (colours[i]) + 400, >=, get_brightness (colours[i - 1]));
    }
    g_assert_cmpuint (get_brightness (colours[0]), <, 40000);
    g_assert_cmpuint (get_brightness (colours[255]), >, 200000);
  }
  /* DICOM PS3.6, B.1.1 */
  g_assert_cmphex (omni_colour_map_get (OMNI_COLOUR_MAP_HOT_IRON)[100], ==, 0xffc80000);
  g_assert_cmphex (omni_colour_map_get (OMNI_COLOUR_MAP_HOT_IRON)[200], ==, 0xffff9020);
  g_assert_cmphex (omni_colour_map_get (OMNI_COLOUR_MAP_HOT_IRON)[255], ==, 0xffffffff);
}

/* The thread */

typedef struct
{
  OmniViewFrame *last;
  guint n;
} Seen;

static void
rendered_cb (OmniViewFrame *frame, GBytes *pixels, gpointer data)
{
  Seen *seen = data;
  const gsize n = (gsize)frame->width * (gsize)frame->height;
  g_autofree guint32 *expected = g_new (guint32, n);
  gsize size_bytes;
  gconstpointer bytes = g_bytes_get_data (pixels, &size_bytes);

  omni_view_frame_render (frame, expected);
  g_assert_cmpmem (bytes, size_bytes, expected, n * sizeof *expected);
  seen->last = frame;
  seen->n++;
}

static void
test_newest (void)
{
  g_autoptr (OmniMipmap) mipmap = make_mipmap (WIDTH_PX, HEIGHT_PX, 3, FALSE, OMNI_SAMPLE_U8, 1, 0);
  Seen seen = { NULL, 0 };
  OmniViewClient *client = omni_view_client_new (rendered_cb, &seen);
  OmniViewFrame *frames[60];

  for (guint i = 0; i < G_N_ELEMENTS (frames); i++)
  {
    frames[i] = omni_view_frame_new (300, 200);
    omni_view_item_set_layer (omni_view_frame_add (frames[i], OMNI_VIEW_PICTURE, 0, 0, 300, 200), 0, mipmap,
                              -(double)i, 0, 0.9);
    omni_view_client_request (client, frames[i]);
  }
  while (seen.last != frames[G_N_ELEMENTS (frames) - 1])
    g_main_context_iteration (NULL, TRUE);
  g_assert_cmpuint (seen.n, <, G_N_ELEMENTS (frames)); /* older ones gave way */
  /* Nothing comes after the end. */
  omni_view_client_request (client, frames[0]);
  omni_view_client_free (client);
  while (g_main_context_iteration (NULL, FALSE))
    ;
  g_assert_true (seen.last == frames[G_N_ELEMENTS (frames) - 1]);
  for (guint i = 0; i < G_N_ELEMENTS (frames); i++)
    omni_view_frame_unref (frames[i]);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  device = omni_view_device_new (NULL, NULL);
  g_test_add_func ("/view/kernel", test_kernel);
  g_test_add_func ("/view/panes", test_panes);
  g_test_add_func ("/view/budget", test_budget);
  g_test_add_func ("/view/load", test_load);
  g_test_add_func ("/view/area", test_area);
  g_test_add_func ("/view/window", test_window);
  g_test_add_func ("/view/wipe", test_wipe);
  g_test_add_func ("/view/difference", test_difference);
  g_test_add_func ("/view/maps", test_maps);
  g_test_add_func ("/view/newest", test_newest);
  const int status = g_test_run ();
  g_clear_pointer (&device, omni_view_device_free);
  return status;
}
