/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Two pictures in one place, with a real pointer and keyboard: wipe, blink and difference. */
#include "app/picture/pixel.h"
#include "app/view/colour-map.h"
#include "tests/ui/window-fixture.h"

#include <math.h>
#include <stdio.h>

static OmniPointer *pointer;
static gboolean can_fuse;

typedef struct
{
  OmniViewer *viewer;
  OmniViewerMode mode;
} Mode;

static gboolean
shows_both (gpointer data)
{
  const Mode *expected = data;
  const OmniViewerPane *panes = expected->viewer->panes;

  return omni_viewer_get_mode (expected->viewer) == expected->mode && panes[0].mipmap != NULL
         && panes[1].mipmap != NULL && panes[0].loading == NULL && panes[1].loading == NULL;
}

static gboolean
shows_one (gpointer data)
{
  return omni_viewer_get_mode (data) == OMNI_VIEWER_SINGLE;
}

static void
start_mode (OmniTestWindow *f, const char *key, OmniViewerMode mode)
{
  omni_pointer_key (pointer, key, 0);
  g_assert_true (omni_test_wait (shows_both, &(Mode){ f->window->viewer, mode }));
  g_assert_true (gtk_widget_get_visible (f->window->second_picker));
  omni_test_wait_for_layout (f);
}

/* Wipe */

typedef struct
{
  OmniViewer *viewer;
  double wipe;
} Wipe;

static gboolean
is_at (gpointer data)
{
  const Wipe *expected = data;

  return ABS (expected->viewer->wipe_x - expected->wipe) < 0.01;
}

static void
test_wipe (OmniTestWindow *f, gconstpointer data)
{
  OmniViewer *viewer = f->window->viewer;
  Wipe expected = { viewer, 0.25 };
  int from_x, from_y, to_x, to_y;

  start_mode (f, "w", OMNI_VIEWER_WIPE);
  const double width = gtk_widget_get_width (GTK_WIDGET (viewer));
  const double centre = viewer->centre_x;
  omni_pointer_locate (pointer, GTK_WIDGET (viewer), width / 2 + 3, 150, &from_x, &from_y);
  omni_pointer_locate (pointer, GTK_WIDGET (viewer), width / 4, 180, &to_x, &to_y);
  omni_pointer_move (pointer, from_x, from_y);
  omni_pointer_button (pointer, 1, TRUE);
  for (int i = 1; i <= 20; i++)
    omni_pointer_move (pointer, from_x + (to_x - from_x) * i / 20, from_y + (to_y - from_y) * i / 20);
  g_assert_true (omni_test_wait (is_at, &expected));
  omni_pointer_button (pointer, 1, FALSE);
  g_assert_cmpfloat (viewer->centre_x, ==, centre); /* nothing was panned */

  expected.wipe += 0.05;
  omni_pointer_key (pointer, "Right", GDK_SHIFT_MASK);
  g_assert_true (omni_test_wait (is_at, &expected));
  omni_pointer_key (pointer, "w", 0);
  g_assert_true (omni_test_wait (shows_one, viewer));
  g_assert_false (gtk_widget_get_visible (f->window->second_picker));
}

static gboolean
is_turned (gpointer data)
{
  return fabs (omni_viewer_get_wipe_angle (data) - 15) < 0.01;
}

/* The keys turn and move the line at once, wherever the focus was before. */
static void
test_wipe_keys (OmniTestWindow *f, gconstpointer data)
{
  OmniViewer *viewer = f->window->viewer;

  omni_test_click_card (f, 1);
  start_mode (f, "w", OMNI_VIEWER_WIPE);
  omni_pointer_key (pointer, "Down", GDK_SHIFT_MASK);
  g_assert_true (omni_test_wait_seconds (is_turned, viewer, 10));
  g_autoptr (GPtrArray) selected = omni_filmstrip_list_selected (f->window->filmstrip);
  g_assert_cmpuint (selected->len, ==, 1);
  omni_pointer_key (pointer, "Right", GDK_SHIFT_MASK);
  g_assert_true (omni_test_wait (is_at, &(Wipe){ viewer, 0.55 }));
}

/* Blink */

static gboolean
shows_second (gpointer data)
{
  return ((OmniViewer *)data)->blink_pane == 1;
}

static gboolean
shows_first (gpointer data)
{
  return ((OmniViewer *)data)->blink_pane == 0;
}

static void
test_blink (OmniTestWindow *f, gconstpointer data)
{
  OmniViewer *viewer = f->window->viewer;

  start_mode (f, "b", OMNI_VIEWER_BLINK);
  g_assert_true (omni_test_wait (shows_second, viewer));
  g_assert_true (omni_test_wait (shows_first, viewer));
  start_mode (f, "w", OMNI_VIEWER_WIPE); /* one mode at a time */
  g_assert_cmpuint (viewer->blink_id, ==, 0);
}

/* Difference */

static gboolean
is_current (gpointer data)
{
  return omni_viewer_is_current (data);
}

static gboolean
has_gain (gpointer data)
{
  OmniWindow *window = data;

  return window->viewer->gain == 2 && omni_viewer_is_current (window->viewer);
}

static guint32
get_heat (guint level)
{
  return omni_colour_map_get (OMNI_COLOUR_MAP_INFERNO)[level];
}

/* What a pixel of the middle should be, from the two pictures themselves. */
static guint32
compute_middle (OmniViewer *viewer, double gain)
{
  const OmniViewFrame *frame = viewer->frame;
  guint32 pixels[2];
  int most = 0;

  for (guint i = 0; i < 2; i++)
  {
    const OmniViewLayer *layer = &frame->items[0].layers[i];
    omni_mipmap_render (layer->mipmap, &pixels[i], 1, 1, (frame->width / 2 - layer->x) / layer->scale,
                        (frame->height / 2 - layer->y) / layer->scale, layer->scale);
  }
  for (guint shift = 0; shift < 24; shift += 8)
    most = MAX (most, ABS ((int)(pixels[0] >> shift & 0xff) - (int)(pixels[1] >> shift & 0xff)));
  return get_heat (MIN ((guint)(most * gain + 0.5), 255));
}

static guint32
get_middle (OmniViewer *viewer)
{
  const int width = gdk_texture_get_width (viewer->texture);
  const int height = gdk_texture_get_height (viewer->texture);
  g_autofree guint32 *pixels = g_new (guint32, (gsize)width * (gsize)height);

  gdk_texture_download (viewer->texture, (guchar *)pixels, (gsize)width * sizeof *pixels);
  return pixels[height / 2 * width + width / 2];
}

static void
test_difference (OmniTestWindow *f, gconstpointer data)
{
  OmniWindow *window = f->window;
  OmniViewer *viewer = window->viewer;

  start_mode (f, "d", OMNI_VIEWER_DIFFERENCE);
  g_assert_true (omni_test_wait (is_current, viewer));
  g_assert_true (gtk_widget_get_mapped (GTK_WIDGET (window->difference)));
  g_assert_cmphex (get_middle (viewer), ==, compute_middle (viewer, 1));
  g_assert_cmphex (get_middle (viewer), !=, get_heat (0));

  omni_difference_bar_set_gain (window->difference, 2);
  g_assert_true (omni_test_wait (has_gain, window));
  g_assert_cmphex (get_middle (viewer), ==, compute_middle (viewer, 2));

  /* A picture does not differ from itself. */
  gtk_drop_down_set_selected (window->pickers[1], gtk_drop_down_get_selected (window->pickers[0]));
  g_assert_true (omni_test_wait (is_current, viewer));
  g_assert_cmphex (get_middle (viewer), ==, get_heat (0));
}

/* Values under the pointer */

static gboolean
has_values (gpointer data)
{
  OmniWindow *window = data;
  g_autofree char *text = omni_inspector_get_text (window->inspector);

  return gtk_widget_get_mapped (GTK_WIDGET (window->inspector)) && strstr (text, "x ") != NULL
         && strstr (text, "…") == NULL && strstr (text, "\t\n") == NULL;
}

/* Every line says what the picture holds at the place that the first line names. */
/* A digit puts a source first; where the second was the same, it becomes what the first was. */
static void
test_never_beside_itself (OmniTestWindow *f, gconstpointer data)
{
  GtkDropDown **pickers = f->window->pickers;

  omni_pointer_key (pointer, "w", 0);
  omni_test_wait_for_layout (f);
  const guint first = gtk_drop_down_get_selected (pickers[0]);
  const guint second = gtk_drop_down_get_selected (pickers[1]);
  g_assert_cmpuint (first, !=, second);
  OmniSource *source = omni_subject_get_source (gtk_drop_down_get_selected_item (pickers[1]));
  g_assert_true (source == omni_document_get_source (f->window->document, 0));
  omni_pointer_key (pointer, "1", 0);
  omni_test_wait_for_layout (f);
  g_assert_cmpuint (gtk_drop_down_get_selected (pickers[0]), ==, second);
  g_assert_cmpuint (gtk_drop_down_get_selected (pickers[1]), ==, first);
  omni_pointer_key (pointer, "1", 0);
  omni_test_wait_for_layout (f);
  g_assert_cmpuint (gtk_drop_down_get_selected (pickers[0]), ==, first);
  g_assert_cmpuint (gtk_drop_down_get_selected (pickers[1]), ==, second);
}

static void
expect_values (OmniWindow *window)
{
  g_assert_true (omni_test_wait (has_values, window));
  g_autofree char *text = omni_inspector_get_text (window->inspector);
  g_auto (GStrv) lines = g_strsplit (text, "\n", -1);
  OmniPicture *result = omni_document_get_result (window->document)->picture;
  guint place_x, place_y;
  g_assert_cmpint (sscanf (lines[0], "x %u y %u", &place_x, &place_y), ==, 2);
  g_autofree char *value = omni_picture_describe_pixel (result, place_x, place_y);
  g_assert_true (g_str_has_suffix (lines[1], value));
  for (guint i = 0; i < N_SOURCES; i++)
  {
    g_autoptr (OmniPicture)
      source = omni_source_load (omni_document_get_source (window->document, i), NULL, NULL);
    g_autofree char *own = omni_picture_describe_pixel (source, place_x, place_y);
    g_autofree char *line = g_strdup_printf ("%u · %u.png\t%s", i + 1, i, own);
    g_assert_true (g_strv_contains ((const char *const *)lines, line));
  }
}

static void
point (OmniTestWindow *f, double share)
{
  OmniWindow *window = f->window;
  int x, y;

  for (guint i = 0; i < 2; i++)
  {
    omni_pointer_locate (pointer, GTK_WIDGET (window->viewer),
                         gtk_widget_get_width (GTK_WIDGET (window->viewer)) * share + 2 * i,
                         gtk_widget_get_height (GTK_WIDGET (window->viewer)) * share, &x, &y);
    omni_pointer_move (pointer, x, y);
    omni_test_wait_for_layout (f);
  }
}

static void
open_inspector (OmniTestWindow *f)
{
  omni_pointer_key (pointer, "i", 0);
  omni_test_wait_for_layout (f);
  for (guint i = 0; i < 4; i++) /* the panel slides in */
    omni_test_wait_for_layout (f);
}

static void
test_inspector (OmniTestWindow *f, gconstpointer data)
{
  if (!can_fuse)
  {
    g_test_skip ("no Vulkan device");
    return;
  }
  open_inspector (f);
  point (f, 0.5);
  expect_values (f->window);
}

/* More pictures than memory may hold: one fits whole, of the others a part around the pointer is read, and another one when it
 * goes elsewhere. */
static void
test_inspector_of_many (OmniTestWindow *f, gconstpointer data)
{
  static const double places[] = { 0.5, 0.3, 0.7, 0.31, 0.5 };

  if (!can_fuse)
  {
    g_test_skip ("no Vulkan device");
    return;
  }
  omni_inspector_set_most_bytes (f->window->inspector, (gsize)64 << 10);
  open_inspector (f);
  for (guint i = 0; i < G_N_ELEMENTS (places); i++)
  {
    point (f, places[i]);
    expect_values (f->window);
  }
  omni_inspector_set_most_bytes (f->window->inspector, 0);
  point (f, 0.6);
  g_autofree char *text = omni_inspector_get_text (f->window->inspector);
  g_assert_null (strstr (text, "not at hand"));
  expect_values (f->window);
}

/* The weights that were built with the program: a test of the window lies where they are not looked for. */
static void
find_weights (void)
{
  g_autofree char *folder = g_build_filename (g_getenv ("G_TEST_BUILDDIR"), "..", "models", NULL);

  g_setenv ("OMNIFUSE_DATADIR", folder, TRUE);
}

/* Which source won here */

static GtkScrolledWindow *
get_legend (OmniTestWindow *f)
{
  GtkWidget *legend = gtk_widget_get_first_child (GTK_WIDGET (f->window->winner));

  return GTK_SCROLLED_WINDOW (gtk_widget_get_first_child (legend));
}

static gboolean
shows_legend (gpointer data)
{
  OmniTestWindow *f = data;
  GtkWidget *rows = gtk_viewport_get_child (GTK_VIEWPORT (gtk_scrolled_window_get_child (get_legend (f))));
  guint n_rows = 0;

  for (GtkWidget *row = gtk_widget_get_first_child (rows); row != NULL;
       row = gtk_widget_get_next_sibling (row))
  {
    int natural = 0;
    n_rows += gtk_widget_get_visible (row);
    /* Names that are cut short to dots tell nothing. */
    gtk_widget_measure (row, GTK_ORIENTATION_HORIZONTAL, -1, NULL, &natural, NULL, NULL);
    if (gtk_widget_get_visible (row) && gtk_widget_get_width (row) < natural)
      return FALSE;
  }
  return gtk_widget_get_visible (GTK_WIDGET (f->window->winner))
         && n_rows == omni_document_get_n_sources (f->window->document);
}

static gboolean
hides_winner (gpointer data)
{
  return !gtk_widget_get_visible (GTK_WIDGET (((OmniTestWindow *)data)->window->winner));
}

static void
test_winner (OmniTestWindow *f, gconstpointer data)
{
  if (!can_fuse)
    return;
  find_weights ();
  omni_document_set_model (f->window->document, omni_model_find ("omni"));
  g_assert_true (omni_test_wait (omni_test_has_settled, f->window));
  omni_pointer_key (pointer, "h", 0);
  g_assert_true (omni_test_wait (shows_legend, f));
  omni_document_shuffle (f->window->document);
  g_assert_true (omni_test_wait (omni_test_has_settled, f->window));
  g_assert_true (omni_test_wait (shows_legend, f));

  /* Over every pane that shows the result, and no other. */
  start_mode (f, "F9", OMNI_VIEWER_SIDE_BY_SIDE);
  g_assert_true (omni_winner_overlay_is_over (f->window->winner, 0));
  g_assert_false (omni_winner_overlay_is_over (f->window->winner, 1));
  gtk_drop_down_set_selected (f->window->pickers[1], gtk_drop_down_get_selected (f->window->pickers[0]));
  g_assert_true (omni_winner_overlay_is_over (f->window->winner, 1));
  g_assert_false (omni_winner_overlay_is_over (f->window->winner, 2));
  start_mode (f, "d", OMNI_VIEWER_DIFFERENCE);
  g_assert_false (omni_winner_overlay_is_over (f->window->winner, 0));
  omni_pointer_key (pointer, "h", 0);
  g_assert_true (omni_test_wait (hides_winner, f));
}

static gboolean
is_scrolled (gpointer data)
{
  return gtk_adjustment_get_value (gtk_scrolled_window_get_vadjustment (get_legend (data))) > 0;
}

static gboolean
can_scroll (gpointer data)
{
  GtkAdjustment *rows = gtk_scrolled_window_get_vadjustment (get_legend (data));

  return gtk_adjustment_get_upper (rows) > gtk_adjustment_get_page_size (rows);
}

static gboolean
has_thirty (gpointer data)
{
  OmniTestWindow *f = data;

  return omni_document_get_n_sources (f->window->document) == 30;
}

/* Every tint is explained, however many there are: the wheel comes to the last of them, and zooms beside it as ever. */
static void
test_winner_of_many (OmniTestWindow *f, gconstpointer data)
{
  OmniWindow *window = f->window;
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  int x, y;

  if (!can_fuse)
    return;
  for (guint i = N_SOURCES; i < 30; i++)
  {
    g_autofree char *name = g_strdup_printf ("%u.png", i);
    g_autofree char *path = omni_test_write_picture (f->folder, name, 160, 120, 40 + 6 * i);
    g_strv_builder_add (builder, path);
  }
  g_auto (GStrv) paths = g_strv_builder_end (builder);
  omni_document_set_model (window->document, omni_model_find ("mertens"));
  omni_window_open_paths (window, (const char *const *)paths);
  g_assert_true (omni_test_wait (has_thirty, f));
  g_assert_true (omni_test_wait (omni_test_has_settled, window));
  g_action_group_change_action_state (G_ACTION_GROUP (window), "winner", g_variant_new_boolean (TRUE));
  if (!omni_test_wait_seconds (shows_legend, f, 60))
    g_error ("%u sources, %d px wide", omni_document_get_n_sources (window->document),
             gtk_widget_get_width (GTK_WIDGET (get_legend (f))));
  omni_test_wait_for_layout (f);

  const double zoom = omni_viewer_get_zoom (window->viewer);
  g_assert_true (omni_test_wait (can_scroll, f));
  /* On a busy machine the legend may still move away below the pointer. */
  for (guint i = 0; i < 5 && !is_scrolled (f); i++)
  {
    omni_pointer_locate (pointer, GTK_WIDGET (get_legend (f)), 20, 20, &x, &y);
    omni_pointer_move (pointer, x, y);
    omni_test_wait_for_layout (f);
    omni_pointer_click (pointer, 5);
    omni_test_wait_seconds (is_scrolled, f, 5);
  }
  g_assert_true (is_scrolled (f));
  g_assert_cmpfloat (omni_viewer_get_zoom (window->viewer), ==, zoom);
  omni_pointer_locate (pointer, GTK_WIDGET (window->viewer),
                       gtk_widget_get_width (GTK_WIDGET (window->viewer)) / 2.0, 60, &x, &y);
  omni_pointer_move (pointer, x, y);
  omni_test_wait_for_layout (f);
  omni_pointer_click (pointer, 5);
  omni_test_turn (100);
  g_assert_cmpfloat (omni_viewer_get_zoom (window->viewer), <, zoom);
}

/* What takes as long as a fusion says so, and stops. */
static void
test_winner_waits (OmniTestWindow *f, gconstpointer data)
{
  if (!can_fuse)
    return;
  omni_document_set_model (f->window->document, omni_model_find ("mertens"));
  g_assert_true (omni_test_wait (omni_test_has_settled, f->window));
  g_action_group_change_action_state (G_ACTION_GROUP (f->window), "winner", g_variant_new_boolean (TRUE));
  g_assert_true (omni_winner_overlay_is_waiting (f->window->winner));
  GtkWidget *note = gtk_widget_get_next_sibling (GTK_WIDGET (get_legend (f)));
  g_assert_true (g_str_has_prefix (gtk_label_get_text (GTK_LABEL (note)), "Finding the winners…"));
  gtk_widget_activate_action (GTK_WIDGET (f->window), "win.escape", NULL);
  g_assert_false (omni_winner_overlay_is_waiting (f->window->winner));
  g_assert_true (hides_winner (f));
}

/* The tint is the winner's, the stronger the clearer it wins; nobody wins where all are alike. */
static void
test_winner_paint (OmniTestWindow *f, gconstpointer data)
{
  float first[] = { 1, 0, 0.5F }, second[] = { 0, 1, 0.5F };
  float *const shares[] = { first, second };
  g_autoptr (GBytes) painted = omni_winner_overlay_paint (shares, 2, 3, 1);
  const guint8 *pixels = g_bytes_get_data (painted, NULL);
  float rgb[3];

  omni_winner_overlay_get_tint (1, 2, rgb);
  g_assert_cmpuint (pixels[3], ==, 153);
  g_assert_cmpuint (pixels[7], ==, 153);
  g_assert_cmpuint (pixels[11], ==, 0);
  for (guint c = 0; c < 3; c++)
    g_assert_cmpfloat_with_epsilon (pixels[4 + c], rgb[2 - c] * 153, 1);
  g_assert_cmpint (memcmp (pixels, pixels + 4, 3), !=, 0);
}

static gboolean
has_influence (gpointer data)
{
  OmniTestWindow *f = data;

  return omni_document_get_influence (f->window->document, omni_document_get_source (f->window->document, 1))
         > 0;
}

/* The slider of a card's menu, by keyboard. */
static gboolean
has_no_influence (gpointer data)
{
  OmniTestWindow *f = data;

  return omni_document_get_influence (f->window->document, omni_document_get_source (f->window->document, 1))
         == 0;
}

static void
test_influence (OmniTestWindow *f, gconstpointer data)
{
  if (!can_fuse)
    return;
  find_weights ();
  omni_document_set_model (f->window->document, omni_model_find ("omni"));
  g_assert_true (omni_test_wait (omni_test_has_settled, f->window));
  omni_test_click_card (f, 1);
  gtk_widget_activate_action (GTK_WIDGET (f->window->filmstrip), "strip.influence", NULL);
  omni_test_wait_for_layout (f);
  omni_pointer_key (pointer, "Right", 0);
  g_assert_true (omni_test_wait (has_influence, f));
  /* Undo goes through the popover, whose slider follows. */
  omni_pointer_key (pointer, "z", GDK_CONTROL_MASK);
  g_assert_true (omni_test_wait (has_no_influence, f));
  omni_pointer_key (pointer, "y", GDK_CONTROL_MASK);
  g_assert_true (omni_test_wait (has_influence, f));
  omni_pointer_key (pointer, "Escape", 0);
  g_assert_true (omni_test_wait (omni_test_has_settled, f->window));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  pointer = omni_test_window_start (&can_fuse);
  if (pointer == NULL)
    return 0;
  omni_test_window_add ("/views/never-beside-itself", test_never_beside_itself);
  omni_test_window_add ("/views/wipe", test_wipe);
  omni_test_window_add ("/views/wipe-keys", test_wipe_keys);
  omni_test_window_add ("/views/blink", test_blink);
  omni_test_window_add ("/views/difference", test_difference);
  omni_test_window_add ("/views/inspector", test_inspector);
  omni_test_window_add ("/views/inspector-of-many", test_inspector_of_many);
  omni_test_window_add ("/views/winner", test_winner);
  omni_test_window_add ("/views/winner/of-many", test_winner_of_many);
  omni_test_window_add ("/views/winner/waits", test_winner_waits);
  omni_test_window_add ("/views/winner/paint", test_winner_paint);
  omni_test_window_add ("/views/influence", test_influence);
  const int status = g_test_run ();
  omni_pointer_free (pointer);
  return status;
}
