/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Panes, links, window and level, the loupe, and what can be taken away, with a real pointer and keyboard. */
#include "app/files/reader.h"
#include "tests/ui/window-fixture.h"

#include <glib/gstdio.h>
#include <math.h>
#include <unistd.h>
#include <webp/demux.h>

static OmniPointer *pointer;
static gboolean can_fuse;

static gboolean
is_current (gpointer data)
{
  OmniWindow *window = data;

  for (guint pane = 0; pane < omni_viewer_get_n_shown (window->viewer); pane++)
    if (window->viewer->panes[pane].mipmap == NULL || window->viewer->panes[pane].loading != NULL)
      return FALSE;
  return omni_viewer_is_current (window->viewer);
}

static void
wait_for_frame (OmniTestWindow *f)
{
  omni_test_wait_for_layout (f);
  g_assert_true (omni_test_wait (is_current, f->window));
}

typedef struct
{
  OmniWindow *window;
  guint n;
} Panes;

static gboolean
shows_panes (gpointer data)
{
  const Panes *panes = data;

  return omni_viewer_get_n_shown (panes->window->viewer) == panes->n && is_current (panes->window);
}

static void
show_panes (OmniTestWindow *f, guint n)
{
  g_action_group_change_action_state (G_ACTION_GROUP (f->window), "panes", g_variant_new_int32 ((int)n));
  g_assert_true (omni_test_wait (shows_panes, &(Panes){ f->window, n }));
  omni_test_wait_for_layout (f);
}

/* Drags from one place of the viewer (shares of its size) to another. */
static void
drag (OmniTestWindow *f, guint button, double from_x, double from_y, double to_x, double to_y)
{
  GtkWidget *viewer = GTK_WIDGET (f->window->viewer);
  const double width = gtk_widget_get_width (viewer), height = gtk_widget_get_height (viewer);
  int x0, y0, x1, y1;

  omni_pointer_locate (pointer, viewer, width * from_x, height * from_y, &x0, &y0);
  omni_pointer_locate (pointer, viewer, width * to_x, height * to_y, &x1, &y1);
  omni_pointer_move (pointer, x0, y0);
  omni_pointer_button (pointer, button, TRUE);
  for (int i = 1; i <= 20; i++)
    omni_pointer_move (pointer, x0 + (x1 - x0) * i / 20, y0 + (y1 - y0) * i / 20);
  omni_test_wait_for_layout (f);
  omni_pointer_button (pointer, button, FALSE);
  omni_test_wait_for_layout (f);
}

/* The pixel of what is on the screen at shares of the viewer's size. */
static guint32
get_pixel (OmniViewer *viewer, double x, double y)
{
  const int width = gdk_texture_get_width (viewer->texture);
  const int height = gdk_texture_get_height (viewer->texture);
  g_autofree guint32 *pixels = g_new (guint32, (gsize)width * (gsize)height);

  gdk_texture_download (viewer->texture, (guchar *)pixels, (gsize)width * sizeof *pixels);
  return pixels[(int)(y * height) * width + (int)(x * width)];
}

/* Panes */

static void
test_panes (OmniTestWindow *f, gconstpointer data)
{
  OmniWindow *window = f->window;
  OmniViewer *viewer = window->viewer;
  GdkRectangle first, last;

  for (guint n = 2; n <= OMNI_VIEWER_PANES; n++)
  {
    show_panes (f, n);
    for (guint pane = 0; pane < OMNI_VIEWER_PANES; pane++)
      g_assert_true (gtk_widget_get_mapped (GTK_WIDGET (window->pane_pickers[pane])) == (n > 2 && pane < n));
    g_assert_true (gtk_widget_get_mapped (window->pickers_bar) == (n == 2));
    omni_viewer_get_pane_area (viewer, 0, &first);
    omni_viewer_get_pane_area (viewer, n - 1, &last);
    g_assert_cmpint (first.width, ==, last.width);
    g_assert_cmpint (last.x + last.width, <=, gtk_widget_get_width (GTK_WIDGET (viewer)));
    g_assert_cmpint (last.y + last.height, <=, gtk_widget_get_height (GTK_WIDGET (viewer)));
  }
  omni_pointer_key (pointer, "bracketleft", 0);
  g_assert_true (omni_test_wait (shows_panes, &(Panes){ window, 8 }));
  /* Any mix: the last pane shows what the first does when that is chosen, to the pixel. */
  gtk_drop_down_set_selected (window->pane_pickers[3], gtk_drop_down_get_selected (window->pickers[0]));
  wait_for_frame (f);
  omni_viewer_get_pane_area (viewer, 0, &first);
  omni_viewer_get_pane_area (viewer, 3, &last);
  const double width = gtk_widget_get_width (GTK_WIDGET (viewer));
  const double height = gtk_widget_get_height (GTK_WIDGET (viewer));
  g_assert_cmphex (
    get_pixel (viewer, (first.x + first.width / 3.0) / width, (first.y + first.height / 2.0) / height), ==,
    get_pixel (viewer, (last.x + last.width / 3.0) / width, (last.y + last.height / 2.0) / height));
}

/* Links */

static gboolean
second_has_moved (gpointer data)
{
  return ((OmniViewer *)data)->panes[1].offset_x != 0;
}

static void
test_links (OmniTestWindow *f, gconstpointer data)
{
  OmniViewer *viewer = f->window->viewer;

  show_panes (f, 2);
  omni_viewer_set_zoom (viewer, 8);
  wait_for_frame (f);
  const double centre = viewer->centre_x;
  omni_pointer_key (pointer, "l", 0);
  omni_test_wait_for_layout (f);
  g_assert_false (omni_viewer_get_linked (viewer));
  g_assert_true (gtk_widget_get_mapped (f->window->unlinked));
  drag (f, 1, 0.75, 0.5, 0.70, 0.5); /* the second pane alone */
  g_assert_true (omni_test_wait (second_has_moved, viewer));
  omni_test_wait_for_layout (f);
  g_assert_cmpfloat (viewer->centre_x, ==, centre);
  g_assert_cmpfloat (viewer->panes[0].offset_x, ==, 0);
  const double offset = viewer->panes[1].offset_x;
  g_assert_cmpfloat (offset, >, 0);

  /* So it does when it is zoomed: to what was asked for, and no further than all can be. */
  const double x = omni_viewer_get_pane_rect (viewer, 1).x + 5, zoom = omni_viewer_get_zoom (viewer);
  for (guint i = 0; i < 3; i++)
    omni_viewer_zoom_about (viewer, 2, x, 5);
  g_assert_cmpfloat_with_epsilon (omni_viewer_get_pane_zoom (viewer, 1), 2, 1e-9);
  g_assert_cmpfloat (omni_viewer_get_pane_zoom (viewer, 0), ==, zoom);
  for (guint i = 0; i < 60; i++)
    omni_viewer_zoom_about (viewer, 1.5 * omni_viewer_get_zoom_at (viewer, x, 5), x, 5);
  g_assert_cmpfloat (omni_viewer_get_pane_zoom (viewer, 1), <, 1000);
  omni_viewer_zoom_about (viewer, zoom, x, 5);
  g_assert_cmpfloat_with_epsilon (viewer->panes[1].factor, 1, 1e-9);
  viewer->panes[1].offset_x = offset;
  viewer->panes[1].offset_y = 0;
  omni_viewer_view_changed (viewer);

  /* Linked again they move together, as far apart as they were; also in the other modes. */
  omni_pointer_key (pointer, "l", 0);
  omni_test_wait_for_layout (f);
  g_assert_true (omni_viewer_get_linked (viewer));
  drag (f, 1, 0.25, 0.5, 0.20, 0.5);
  g_assert_cmpfloat (viewer->centre_x, !=, centre);
  g_assert_cmpfloat (viewer->panes[1].offset_x, ==, offset);
  omni_pointer_key (pointer, "w", 0);
  omni_test_wait_for_layout (f);
  wait_for_frame (f);
  const OmniViewItem *items = viewer->frame->items;
  g_assert_cmpfloat_with_epsilon (items[0].layers[0].x - items[1].layers[0].x, offset * 160 * 8, 1);

  omni_pointer_key (pointer, "l", GDK_SHIFT_MASK);
  omni_test_wait_for_layout (f);
  g_assert_true (omni_viewer_is_aligned (viewer));
  wait_for_frame (f);
  items = viewer->frame->items;
  g_assert_cmpfloat (items[0].layers[0].x, ==, items[1].layers[0].x);
}

/* The wipe at an angle */

static void
check_sides (OmniViewer *viewer)
{
  const OmniViewFrame *frame = viewer->frame;
  g_autofree guint32 *pixels = g_new (guint32, (gsize)frame->width * (gsize)frame->height);
  g_autofree guint32 *expected = g_new (guint32, (gsize)frame->width * (gsize)frame->height);
  g_autoptr (OmniViewFrame) whole = omni_view_frame_new (frame->width, frame->height);
  OmniViewItem *item = omni_view_frame_add (whole, OMNI_VIEW_WIPE, 0, 0, frame->width, frame->height);
  double x, y, normal_x, normal_y;

  omni_viewer_get_line (viewer, &x, &y, &normal_x, &normal_y);
  for (guint pane = 0; pane < 2; pane++)
  {
    OmniMipmap *mipmap = omni_viewer_get_mipmap (viewer, pane);
    double left, top;
    omni_viewer_to_device (viewer, pane, 0, 0, &left, &top);
    omni_view_item_set_layer (item, pane, mipmap, round (left), round (top),
                              omni_viewer_get_zoom (viewer) * 160 / omni_mipmap_get_width (mipmap));
  }
  item->line_x = (int)x;
  item->line_y = (int)y;
  item->normal_x = (int)round (normal_x * 1024);
  item->normal_y = (int)round (normal_y * 1024);
  omni_view_frame_render (whole, expected);
  gdk_texture_download (viewer->texture, (guchar *)pixels, (gsize)frame->width * sizeof *pixels);
  g_assert_cmpmem (pixels, (gsize)frame->width * (gsize)frame->height * sizeof *pixels, expected,
                   (gsize)frame->width * (gsize)frame->height * sizeof *expected);
}

static void
test_wipe_angle (OmniTestWindow *f, gconstpointer data)
{
  OmniViewer *viewer = f->window->viewer;
  const double width = gtk_widget_get_width (GTK_WIDGET (viewer));

  omni_pointer_key (pointer, "w", 0);
  g_assert_true (omni_test_wait (shows_panes, &(Panes){ f->window, 2 }));
  omni_test_wait_for_layout (f);
  const double height = gtk_widget_get_height (GTK_WIDGET (viewer));
  /* From the knob below the middle to the left of it: the line lies. */
  drag (f, 1, 0.5, 0.5 + 70 / height, 0.5 - 90 / width, 0.5);
  g_assert_cmpfloat (omni_viewer_get_wipe_angle (viewer), ==, 90);
  wait_for_frame (f);
  g_assert_cmpint (viewer->frame->items[0].height, ==, (int)round (height / 2));
  g_assert_cmpint (viewer->frame->items[1].y, ==, (int)round (height / 2)); /* the second below */
  drag (f, 1, 0.3, 0.5, 0.35, 0.7); /* only what is across the line counts */
  g_assert_cmpfloat_with_epsilon (viewer->wipe_y, 0.7, 0.02);
  g_assert_cmpfloat (viewer->wipe_x, ==, 0.5);
  omni_pointer_key (pointer, "Down", GDK_SHIFT_MASK);
  omni_test_wait_for_layout (f);
  g_assert_cmpfloat (omni_viewer_get_wipe_angle (viewer), ==, 105);
  wait_for_frame (f);
  check_sides (viewer);

  /* All the way round: each picture is on the side that the normal says, to the pixel. */
  for (guint i = 0; i < 18; i++)
  {
    omni_viewer_set_wipe_angle (viewer, i * 22.5);
    wait_for_frame (f);
    check_sides (viewer);
  }
}

/* Window and level */

static void
test_level (OmniTestWindow *f, gconstpointer data)
{
  OmniWindow *window = f->window;
  OmniViewer *viewer = window->viewer;
  double low, high;

  wait_for_frame (f);
  const guint32 before = get_pixel (viewer, 0.5, 0.5);
  drag (f, 3, 0.5, 0.5, 0.3, 0.4);
  omni_viewer_get_level (viewer, &low, &high);
  g_assert_cmpfloat (high - low, <, 1);         /* to the left: narrower */
  g_assert_cmpfloat ((high + low) / 2, <, 0.5); /* upwards: brighter */
  g_assert_true (gtk_widget_get_mapped (GTK_WIDGET (window->level_bar)));
  wait_for_frame (f);
  /* The window of the pixel that was, in every channel. */
  const guint32 after = get_pixel (viewer, 0.5, 0.5);
  for (guint shift = 0; shift < 24; shift += 8)
  {
    const double value = (before >> shift & 0xff) / 255.0;
    g_assert_cmpfloat_with_epsilon (after >> shift & 0xff, CLAMP ((value - low) / (high - low), 0, 1) * 255,
                                    1.01);
  }
  gtk_widget_activate_action (GTK_WIDGET (window), "win.reset-level", NULL);
  wait_for_frame (f);
  g_assert_cmphex (get_pixel (viewer, 0.5, 0.5), ==, before);
  g_assert_false (gtk_widget_get_mapped (GTK_WIDGET (window->level_bar)));
}

/* A picture of 11 bits in 16, of which nothing would be seen. */
static OmniSubject *
make_dark_subject (double peak)
{
  guint16 *samples = g_new (guint16, 160 * 120);

  for (guint i = 0; i < 160 * 120; i++)
    samples[i] = (guint16)(i % 160 * peak / 159);
  g_autoptr (OmniPicture) picture = omni_picture_new (
    160, 120, 1, FALSE, OMNI_SAMPLE_U16, g_bytes_new_take (samples, 160 * 120 * 2), NULL, NULL, NULL);
  return omni_subject_new_picture (picture, "dark");
}

static void
show_subject (OmniTestWindow *f, OmniSubject *subject)
{
  omni_viewer_set_subject (f->window->viewer, 0, subject);
  wait_for_frame (f);
}

/* Without a pointer: the level, and the values in the middle of the picture. */

typedef struct
{
  OmniViewer *viewer;
  double low, high;
  guint n_pointed;
} Keys;

static void
note_pointed_cb (Keys *keys)
{
  keys->n_pointed++;
}

static gboolean
has_pointed (gpointer data)
{
  return ((Keys *)data)->n_pointed > 0;
}

static gboolean
is_outside (gpointer data)
{
  return !((OmniViewer *)data)->inside;
}

static gboolean
has_other_level (gpointer data)
{
  Keys *keys = data;
  double low, high;

  omni_viewer_get_level (keys->viewer, &low, &high);
  return low != keys->low || high != keys->high;
}

static void
press_level (Keys *keys, const char *key)
{
  omni_viewer_get_level (keys->viewer, &keys->low, &keys->high);
  omni_pointer_key (pointer, key, GDK_CONTROL_MASK);
  g_assert_true (omni_test_wait (has_other_level, keys));
}

static void
test_level_keys (OmniTestWindow *f, gconstpointer data)
{
  Keys keys = { .viewer = f->window->viewer };
  double low, high;
  int x, y;

  gtk_widget_grab_focus (GTK_WIDGET (keys.viewer));
  press_level (&keys, "Right");
  omni_viewer_get_level (keys.viewer, &low, &high);
  g_assert_cmpfloat (high - low, >, keys.high - keys.low);
  press_level (&keys, "Left");
  press_level (&keys, "Up");
  omni_viewer_get_level (keys.viewer, &low, &high);
  g_assert_cmpfloat (low, <, keys.low);
  g_assert_cmpfloat (high, <, keys.high);
  press_level (&keys, "Down");

  omni_pointer_locate (pointer, f->window->header, 5, 5, &x, &y);
  omni_pointer_move (pointer, x, y);
  g_assert_true (omni_test_wait (is_outside, keys.viewer));
  g_signal_connect_swapped (keys.viewer, "pointed", G_CALLBACK (note_pointed_cb), &keys);
  omni_pointer_key (pointer, "Left", 0);
  g_assert_true (omni_test_wait (has_pointed, &keys));
  g_signal_handlers_disconnect_by_data (keys.viewer, &keys);
}

static void
test_fitted_level (OmniTestWindow *f, gconstpointer data)
{
  OmniWindow *window = f->window;
  OmniViewer *viewer = window->viewer;
  g_autoptr (OmniSubject) dark = make_dark_subject (2047), darker = make_dark_subject (500);
  double low, high, again;

  omni_viewer_clear (viewer);
  show_subject (f, dark);
  omni_viewer_get_level (viewer, &low, &high);
  g_assert_true (omni_viewer_is_level_fitted (viewer));
  g_assert_cmpfloat (low, ==, 0);
  g_assert_cmpfloat_with_epsilon (high, 2047.0 / 65535, 0.02 * high);
  g_assert_cmpfloat_with_epsilon (get_pixel (viewer, 0.5, 0.5) & 0xff, 128, 6);
  g_assert_true (gtk_widget_get_mapped (GTK_WIDGET (window->level_bar)));

  /* Flipping changes nothing. */
  show_subject (f, darker);
  omni_viewer_get_level (viewer, &low, &again);
  g_assert_cmpfloat (again, ==, high);
  show_subject (f, dark);
  omni_viewer_get_level (viewer, &low, &again);
  g_assert_cmpfloat (again, ==, high);

  /* One click from the true range, and back. */
  gtk_widget_activate_action (GTK_WIDGET (window), "win.reset-level", NULL);
  wait_for_frame (f);
  omni_viewer_get_level (viewer, &low, &again);
  g_assert_cmpfloat (again, ==, 1);
  g_assert_cmphex (get_pixel (viewer, 0.5, 0.5) & 0xff, ==, 4);
  g_assert_true (gtk_widget_get_mapped (GTK_WIDGET (window->level_bar)));
  gtk_widget_activate_action (GTK_WIDGET (window), "win.fit-level", NULL);
  omni_viewer_get_level (viewer, &low, &again);
  g_assert_cmpfloat (again, ==, high);
}

/* The loupe */

static void
test_loupe (OmniTestWindow *f, gconstpointer data)
{
  OmniViewer *viewer = f->window->viewer;
  int x, y;

  show_panes (f, 2);
  omni_pointer_key (pointer, "z", 0);
  omni_pointer_locate (pointer, GTK_WIDGET (viewer), gtk_widget_get_width (GTK_WIDGET (viewer)) * 0.2,
                       gtk_widget_get_height (GTK_WIDGET (viewer)) * 0.5, &x, &y);
  omni_pointer_move (pointer, x - 5, y);
  omni_pointer_move (pointer, x, y);
  omni_test_wait_for_layout (f);
  wait_for_frame (f);
  /* One in each pane, at the same place of the scene, four times as large. */
  g_assert_cmpuint (viewer->frame->n_items, ==, 4);
  for (guint pane = 0; pane < 2; pane++)
  {
    const OmniViewItem *whole = &viewer->frame->items[pane], *loupe = &viewer->frame->items[2 + pane];
    const double middle_x = loupe->x + loupe->width / 2.0;
    g_assert_cmpfloat (loupe->layers[0].scale, ==, 4 * whole->layers[0].scale);
    g_assert_cmpfloat_with_epsilon ((middle_x - whole->layers[0].x) / whole->layers[0].scale,
                                    (middle_x - loupe->layers[0].x) / loupe->layers[0].scale, 1.5);
  }
  omni_pointer_key (pointer, "z", 0);
  omni_test_wait_for_layout (f);
  wait_for_frame (f);
  g_assert_cmpuint (viewer->frame->n_items, ==, 2);
}

/* Numbers */

/* What is drawn over the frame: ink where there is room for numbers, nothing where there is none. */
static guint
count_ink (OmniViewer *viewer)
{
  GtkSnapshot *snapshot = gtk_snapshot_new ();
  const int width = viewer->frame->width, height = viewer->frame->height;
  g_autofree guint32 *pixels = g_new0 (guint32, (gsize)width * (gsize)height);
  guint n = 0;

  omni_viewer_snapshot_values (viewer, snapshot);
  GskRenderNode *node = gtk_snapshot_free_to_node (snapshot);
  if (node == NULL)
    return 0;
  cairo_surface_t *surface = cairo_image_surface_create_for_data ((guchar *)pixels, CAIRO_FORMAT_ARGB32,
                                                                  width, height, width * 4);
  cairo_t *cr = cairo_create (surface);
  gsk_render_node_draw (node, cr);
  cairo_destroy (cr);
  cairo_surface_destroy (surface);
  gsk_render_node_unref (node);
  for (int i = 0; i < width * height; i++)
    n += pixels[i] >> 24 > 128;
  return n;
}

static void
test_values (OmniTestWindow *f, gconstpointer data)
{
  OmniViewer *viewer = f->window->viewer;

  omni_viewer_set_zoom (viewer, 16);
  wait_for_frame (f);
  g_assert_cmpuint (count_ink (viewer), ==, 0);
  omni_viewer_set_zoom (viewer, 64);
  wait_for_frame (f);
  /* Three numbers in each of some dozens of pixels. */
  g_assert_cmpuint (count_ink (viewer), >, 1000);
}

/* Sizes */

static void
test_sizes (OmniTestWindow *f, gconstpointer data)
{
  OmniViewer *viewer = f->window->viewer;
  g_autoptr (GError) error = NULL;
  g_autoptr (OmniPicture) picture = omni_picture_new (
    80, 60, 1, FALSE, OMNI_SAMPLE_U8, g_bytes_new_take (g_malloc0 (80 * 60), 80 * 60), NULL, NULL, &error);
  g_autoptr (OmniSource) source = omni_source_new_for_picture (picture, "half");
  g_autoptr (OmniSubject) half = omni_subject_new_source (source, "half");

  show_panes (f, 2);
  omni_viewer_set_subject (viewer, 1, half);
  wait_for_frame (f);
  /* Equally wide, so that the same place of the scene is at the same place; the larger one is 100 %. */
  const OmniViewItem *items = viewer->frame->items;
  g_assert_cmpfloat (items[1].layers[0].scale, ==, 2 * items[0].layers[0].scale);
  g_assert_cmpfloat_with_epsilon (items[1].layers[0].x - items[1].x, items[0].layers[0].x - items[0].x, 1);
  omni_viewer_set_zoom (viewer, 1);
  wait_for_frame (f);
  g_assert_cmpfloat (viewer->frame->items[0].layers[0].scale, ==, 1);
}

/* Maps of amounts */

static void
test_map (OmniTestWindow *f, gconstpointer data)
{
  OmniViewer *viewer = f->window->viewer;
  guint16 *amounts = g_new0 (guint16, 160 * 120);

  for (guint i = 0; i < 160 * 120; i++)
    amounts[i] = i % 160 < 80 ? 257 * 3 : 0;
  g_autoptr (OmniPicture) picture = omni_picture_new (
    160, 120, 1, FALSE, OMNI_SAMPLE_U16, g_bytes_new_take (amounts, 160 * 120 * 2), NULL, NULL, NULL);
  g_autoptr (OmniMipmap) map = omni_mipmap_new (picture, NULL, NULL);

  omni_viewer_set_map (viewer, map);
  omni_viewer_set_gain (viewer, 16);
  omni_viewer_set_level (viewer, 0.4, 0.5); /* of pictures, not of maps */
  omni_viewer_set_mode (viewer, OMNI_VIEWER_MAP);
  wait_for_frame (f);
  g_assert_cmphex (get_pixel (viewer, 0.4, 0.5), ==, omni_colour_map_get (OMNI_COLOUR_MAP_INFERNO)[3 * 16]);
  g_assert_cmphex (get_pixel (viewer, 0.6, 0.5), ==, omni_colour_map_get (OMNI_COLOUR_MAP_INFERNO)[0]);
}

static gboolean
has_tried_all (gpointer data)
{
  OmniWindow *window = data;
  OmniOrderSummary summary;

  if (window->order_trial == NULL)
    return FALSE;
  omni_order_trial_summarise (window->order_trial, &summary);
  return summary.n_orders == 24 && !omni_order_trial_is_busy (window->order_trial)
         && omni_viewer_is_current (window->viewer);
}

/* All orders of four sources, of a model that does not depend on them: the map is black. */
static void
test_order_map (OmniTestWindow *f, gconstpointer data)
{
  OmniWindow *window = f->window;

  if (!can_fuse)
  {
    g_test_skip ("no Vulkan device");
    return;
  }
  g_action_group_change_action_state (G_ACTION_GROUP (window), "order-map", g_variant_new_boolean (TRUE));
  g_assert_true (omni_test_wait (has_tried_all, window));
  omni_test_wait_for_layout (f);
  g_assert_nonnull (window->viewer->map);
  g_assert_cmphex (get_pixel (window->viewer, 0.5, 0.5), ==,
                   omni_colour_map_get (OMNI_COLOUR_MAP_INFERNO)[0]);
  g_assert_nonnull (strstr (gtk_label_get_text (window->order_words), "24 of 24 orders identical"));
  g_action_group_change_action_state (G_ACTION_GROUP (window), "order-map", g_variant_new_boolean (FALSE));
  g_assert_null (window->order_trial);
  g_assert_false (gtk_widget_get_visible (GTK_WIDGET (window->order_words)));
}

/* Space */

static gboolean
shows_source (gpointer data)
{
  OmniSubject *subject = omni_viewer_get_subject (((OmniWindow *)data)->viewer, 0);

  return subject != NULL && omni_subject_get_source (subject) != NULL;
}

static gboolean
shows_result (gpointer data)
{
  return !shows_source (data);
}

static void
wait_ms (guint ms)
{
  const gint64 end_us = g_get_monotonic_time () + ms * 1000;

  while (g_get_monotonic_time () < end_us)
    g_main_context_iteration (NULL, FALSE);
}

static void
test_flip (OmniTestWindow *f, gconstpointer data)
{
  if (!can_fuse)
  {
    g_test_skip ("no Vulkan device");
    return;
  }
  gtk_widget_grab_focus (GTK_WIDGET (f->window->viewer));
  omni_pointer_key (pointer, "space", 0);
  g_assert_true (omni_test_wait (shows_source, f->window));
  omni_pointer_key (pointer, "space", 0);
  g_assert_true (omni_test_wait (shows_result, f->window));
  /* Held: as long as it is held. */
  omni_pointer_hold (pointer, "space", TRUE);
  g_assert_true (omni_test_wait (shows_source, f->window));
  wait_ms (700);
  g_assert_true (shows_source (f->window)); /* though the key repeats itself */
  omni_pointer_hold (pointer, "space", FALSE);
  g_assert_true (omni_test_wait (shows_result, f->window));
}

/* Taking away */

static gboolean
exists (gpointer data)
{
  return g_file_test (data, G_FILE_TEST_EXISTS);
}

/* Through the dialog, which opens where the sources are and offers a name. */
static char *export(OmniTestWindow *f, const char *action, const char *name)
{
  gtk_widget_activate_action (GTK_WIDGET (f->window), action, NULL);
  g_assert_nonnull (f->window->chooser);
  g_assert_true (omni_test_wait (omni_test_has_dialog, f->window));
  omni_pointer_key (pointer, "Return", 0);
  return g_build_filename (f->folder, name, NULL);
}

static OmniPicture *
read_picture (const char *path)
{
  g_autoptr (GError) error = NULL;
  OmniPicture *picture = omni_picture_read (path, NULL, &error);

  g_assert_no_error (error);
  return picture;
}

/* Whether the page holds this picture somewhere, pixel by pixel, by its first row. */
static gboolean
holds (OmniPicture *page, OmniPicture *picture)
{
  const guint8 *all = omni_picture_get_pixels (page), *part = omni_picture_get_pixels (picture);
  const guint width = omni_picture_get_width (page), part_width = omni_picture_get_width (picture);

  for (guint y = 0; y < omni_picture_get_height (page); y++)
    for (guint x = 0; x + part_width <= width; x++)
      if (memcmp (all + ((gsize)y * width + x) * 3, part, part_width * 3) == 0)
        return TRUE;
  return FALSE;
}

static void
test_export (OmniTestWindow *f, gconstpointer data)
{
  OmniViewer *viewer = f->window->viewer;
  const guint n_sources = g_list_model_get_n_items (G_LIST_MODEL (f->window->subjects));
  const graphene_rect_t part = GRAPHENE_RECT_INIT (0.25f, 0.25f, 0.5f, 0.5f);

  show_panes (f, 2);
  gtk_drop_down_set_selected (f->window->pickers[0], n_sources - 1);
  gtk_drop_down_set_selected (f->window->pickers[1], n_sources - 2);
  omni_viewer_fit (viewer);
  wait_for_frame (f);
  g_autofree char *view = export(f, "win.export-view", "view.png");
  g_assert_true (omni_test_wait (exists, view));
  g_autoptr (OmniPicture) page = read_picture (view);
  g_assert_cmpuint (omni_picture_get_width (page), >, 2 * 160);

  /* Bookmarked parts of the pictures, at their own pixels. */
  omni_viewer_set_region_part (viewer, &part);
  gtk_widget_activate_action (GTK_WIDGET (f->window), "win.bookmark", NULL);
  omni_viewer_clear_region (viewer);
  omni_viewer_set_zoom (viewer, 1);
  wait_for_frame (f);
  g_autofree char *sheet = export(f, "win.export-sheet", "contact-sheet.png");
  g_assert_true (omni_test_wait (exists, sheet));
  g_autoptr (OmniPicture) crops = read_picture (sheet);
  for (guint pane = 0; pane < 2; pane++)
  {
    g_autoptr (OmniViewFrame) frame = omni_viewer_make_still (viewer, &part, (int)pane, 360);
    g_assert_cmpint (frame->width, ==, 80);
    OmniPicture *whole = omni_mipmap_get_picture (omni_viewer_get_mipmap (viewer, pane));
    gsize row = (30 * 160 + 40) * 3;
    g_autoptr (OmniPicture) crop = omni_picture_new (
      80, 1, 3, FALSE, OMNI_SAMPLE_U8,
      g_bytes_new ((const guint8 *)omni_picture_get_pixels (whole) + row, 80 * 3), NULL, NULL, NULL);
    g_assert_true (holds (crops, crop));
  }

  g_autofree char *flip = export(f, "win.export-flip", "flip.webp");
  g_assert_true (omni_test_wait (exists, flip));
  g_autofree char *bytes = NULL;
  gsize size;
  g_assert_true (g_file_get_contents (flip, &bytes, &size, NULL));
  WebPDemuxer *demuxer = WebPDemux (&(WebPData){ (const guint8 *)bytes, size });
  g_assert_cmpuint (WebPDemuxGetI (demuxer, WEBP_FF_FRAME_COUNT), ==, 2);
  /* The picture between its name and the line that says by what it was made. */
  g_assert_cmpuint (WebPDemuxGetI (demuxer, WEBP_FF_CANVAS_HEIGHT), ==, 120 + 2 * 18);
  WebPIterator frame;
  g_assert_true (WebPDemuxGetFrame (demuxer, 1, &frame));
  g_assert_cmpint (frame.duration, ==, OMNI_VIEWER_BLINK_MS);
  WebPDemuxReleaseIterator (&frame);
  WebPDemuxDelete (demuxer);
}

static gboolean
says_error (gpointer data)
{
  return gtk_widget_get_visible (GTK_WIDGET (((OmniWindow *)data)->file_error));
}

/* The dialog asks before it replaces a file. */
static gboolean
has_question (gpointer data)
{
  g_autoptr (GListModel) windows = g_object_ref (gtk_window_get_toplevels ());

  for (guint i = 0; i < g_list_model_get_n_items (windows); i++)
  {
    g_autoptr (GtkWindow) candidate = g_list_model_get_item (windows, i);
    if (GTK_IS_MESSAGE_DIALOG (candidate) && gtk_widget_get_mapped (GTK_WIDGET (candidate)))
      return omni_test_is_active (candidate);
  }
  return FALSE;
}

/* Never over a source, though somebody says yes: here the offered name is another name of one. */
static void
test_export_over_source (OmniTestWindow *f, gconstpointer data)
{
  g_autofree char *before = NULL, *after = NULL;
  gsize n_before, n_after;
  g_autofree char *other = g_build_filename (f->folder, "view.png", NULL);

  wait_for_frame (f);
  g_assert_true (g_file_get_contents (f->paths[0], &before, &n_before, NULL));
  g_assert_cmpint (link (f->paths[0], other), ==, 0);
  g_autofree char *path = export(f, "win.export-view", "view.png");
  g_assert_true (omni_test_wait (has_question, f->window));
  omni_pointer_key (pointer, "Return", 0);
  g_assert_true (omni_test_wait (says_error, f->window));
  g_assert_true (g_file_get_contents (path, &after, &n_after, NULL));
  g_assert_cmpmem (after, n_after, before, n_before);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  pointer = omni_test_window_start (&can_fuse);
  if (pointer == NULL)
    return 0;
  omni_test_window_add ("/viewer/panes", test_panes);
  omni_test_window_add ("/viewer/links", test_links);
  omni_test_window_add ("/viewer/wipe-angle", test_wipe_angle);
  omni_test_window_add ("/viewer/level", test_level);
  omni_test_window_add ("/viewer/keys", test_level_keys);
  omni_test_window_add ("/viewer/fitted-level", test_fitted_level);
  omni_test_window_add ("/viewer/loupe", test_loupe);
  omni_test_window_add ("/viewer/values", test_values);
  omni_test_window_add ("/viewer/sizes", test_sizes);
  omni_test_window_add ("/viewer/map", test_map);
  omni_test_window_add ("/viewer/order-map", test_order_map);
  omni_test_window_add ("/viewer/flip", test_flip);
  omni_test_window_add ("/viewer/export", test_export);
  omni_test_window_add ("/viewer/export-over-source", test_export_over_source);
  const int status = g_test_run ();
  omni_pointer_free (pointer);
  return status;
}
