/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where people read from right to left: the window is turned round, pictures and scales of numbers never are. What is looked at is
 * where things are on the screen, and their pixels there. */
#include "tests/ui/window-fixture.h"

#include "app/files/writer.h"
#include "app/picture/pixel.h"
#include "ui/stage/stage-private.h"

static OmniPointer *pointer;
static gboolean can_fuse;

#define RED  0xd02010
#define BLUE 0x1020d0

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
  for (guint i = 0; i < 3; i++) /* until it is on the screen */
    omni_test_wait_for_layout (f);
}

/* What the screen shows at shares of a widget. */
static guint32
look_at (GtkWidget *widget, double share_x, double share_y)
{
  int x, y;

  omni_pointer_locate (pointer, widget, gtk_widget_get_width (widget) * share_x,
                       gtk_widget_get_height (widget) * share_y, &x, &y);
  return omni_pointer_get_pixel (pointer, x, y);
}

static guint
get_sum (guint32 pixel)
{
  return (pixel >> 16 & 0xff) + (pixel >> 8 & 0xff) + (pixel & 0xff);
}

/* Where the middle of a widget is on the screen, from the left. */
static int
get_middle (gpointer widget)
{
  int x, y;

  omni_pointer_locate (pointer, widget, gtk_widget_get_width (widget) / 2.0, 1, &x, &y);
  return x;
}

static void
act (OmniTestWindow *f, const char *action)
{
  gtk_widget_activate_action (GTK_WIDGET (f->window), action, NULL);
  wait_for_frame (f);
}

static OmniFusionResult *
get_result (OmniTestWindow *f)
{
  return omni_document_get_result (f->window->document);
}

/* A picture with a red and a blue half, as another source. */
static void
add_halves (OmniTestWindow *f)
{
  guint8 *pixels = g_new (guint8, 160 * 120 * 3);
  g_autofree char *path = g_build_filename (f->folder, "halves.png", NULL);
  g_autoptr (GError) error = NULL;

  for (guint i = 0; i < 160 * 120; i++)
    for (guint c = 0; c < 3; c++)
      pixels[3 * i + c] = (guint8)((i % 160 < 80 ? RED : BLUE) >> (16 - 8 * c));
  g_autoptr (OmniPicture) picture = omni_picture_new (
    160, 120, 3, FALSE, OMNI_SAMPLE_U8, g_bytes_new_take (pixels, 160 * 120 * 3), NULL, NULL, &error);
  g_assert_no_error (error);
  omni_picture_write (picture, path, NULL, &error);
  g_assert_no_error (error);
  omni_window_open_paths (f->window, (const char *const[]){ path, NULL });
}

static gboolean
has_halves (gpointer data)
{
  OmniSourceCard *card = omni_filmstrip_get_card (((OmniWindow *)data)->filmstrip, N_SOURCES);

  return card != NULL && gtk_widget_get_height (GTK_WIDGET (card)) > 0;
}

/* The window */

static GtkWidget *
find_child (GtkWidget *widget, const char *words)
{
  if (GTK_IS_LABEL (widget) && g_str_equal (gtk_label_get_text (GTK_LABEL (widget)), words))
    return widget;
  for (GtkWidget *child = gtk_widget_get_first_child (widget); child != NULL;
       child = gtk_widget_get_next_sibling (child))
  {
    GtkWidget *found = find_child (child, words);
    if (found != NULL)
      return found;
  }
  return NULL;
}

/* Its words end where the label ends, at the right. */
static void
expect_at_right (GtkWidget *label)
{
  PangoRectangle words;
  int x;

  g_assert_nonnull (label);
  gtk_label_get_layout_offsets (GTK_LABEL (label), &x, NULL);
  pango_layout_get_pixel_extents (gtk_label_get_layout (GTK_LABEL (label)), NULL, &words);
  g_assert_cmpint (abs (x + words.x + words.width - gtk_widget_get_width (label)), <=, 2);
}

static void
test_layout (OmniTestWindow *f, gconstpointer data)
{
  OmniWindow *window = f->window;
  GtkWidget *card = GTK_WIDGET (omni_filmstrip_get_card (window->filmstrip, 0));

  g_assert_cmpint (get_middle (window->filmstrip), >, get_middle (window->viewer));
  g_assert_cmpint (get_middle (window->task), >, get_middle (window->model));
  GtkWidget *name = find_child (card, "0.png");
  expect_at_right (name);
  g_assert_cmpint (get_middle (name), >, get_middle (card) - gtk_widget_get_width (card) / 2);
  g_assert_cmpint (get_middle (find_child (card, "1")), >, get_middle (name));
  expect_at_right (GTK_WIDGET (window->filmstrip->count));
}

/* Pictures */

static void
test_pictures (OmniTestWindow *f, gconstpointer data)
{
  GtkWidget *viewer = GTK_WIDGET (f->window->viewer);

  add_halves (f);
  g_assert_true (omni_test_wait (has_halves, f->window));
  omni_window_show_source (f->window, omni_document_get_source (f->window->document, N_SOURCES));
  wait_for_frame (f);
  g_assert_cmphex (look_at (viewer, 0.4, 0.5), ==, RED);
  g_assert_cmphex (look_at (viewer, 0.6, 0.5), ==, BLUE);

  /* And in the filmstrip, where the halves are found by their colours. */
  omni_test_turn (300);
  GtkWidget *card = GTK_WIDGET (omni_filmstrip_get_card (f->window->filmstrip, N_SOURCES));
  int red = 0, blue = 0;
  for (guint i = 0; i < 200; i++)
  {
    const guint32 pixel = look_at (card, i / 200.0, 0.5);
    if (pixel == RED)
      red = (int)i;
    else if (pixel == BLUE && blue == 0)
      blue = (int)i;
  }
  g_assert_cmpint (red, >, 100); /* the thumbnail is in the right half of the card */
  g_assert_cmpint (blue, >, red);
}

/* The first picture is at the left of the line, and the lists over two panes stand over their own. */
static void
test_panes (OmniTestWindow *f, gconstpointer data)
{
  OmniWindow *window = f->window;
  OmniViewer *viewer = window->viewer;
  int x, y;

  add_halves (f);
  g_assert_true (omni_test_wait (has_halves, window));
  omni_window_show_source (window, omni_document_get_source (window->document, N_SOURCES));
  act (f, "win.wipe");
  g_assert_cmphex (look_at (GTK_WIDGET (viewer), 0.3, 0.7), ==, RED);
  g_assert_cmphex (look_at (GTK_WIDGET (viewer), 0.7, 0.7), !=, BLUE);

  omni_pointer_locate (pointer, GTK_WIDGET (viewer), gtk_widget_get_width (GTK_WIDGET (viewer)) / 2.0,
                       gtk_widget_get_height (GTK_WIDGET (viewer)) / 2.0, &x, &y);
  omni_pointer_move (pointer, x, y);
  omni_pointer_button (pointer, 1, TRUE);
  for (int i = 1; i <= 10; i++)
    omni_pointer_move (pointer, x + 15 * i, y);
  omni_test_wait_for_layout (f);
  omni_pointer_button (pointer, 1, FALSE);
  wait_for_frame (f);
  g_assert_cmpfloat (viewer->wipe_x, >, 0.5);
  const double before = viewer->wipe_x;
  gtk_widget_grab_focus (GTK_WIDGET (viewer));
  omni_pointer_key (pointer, "Right", GDK_SHIFT_MASK);
  omni_test_wait_for_layout (f);
  g_assert_cmpfloat (viewer->wipe_x, >, before);

  act (f, "win.side-by-side");
  g_assert_cmphex (look_at (GTK_WIDGET (viewer), 0.2, 0.5), ==, RED);
  g_assert_cmphex (look_at (GTK_WIDGET (viewer), 0.3, 0.5), ==, BLUE);
  g_assert_cmpint (get_middle (window->pickers[0]), <, get_middle (viewer));
  g_assert_cmpint (get_middle (window->pickers[1]), >, get_middle (viewer));
}

/* What blinks says its name where the bar does not cover it. */
static void
test_blink (OmniTestWindow *f, gconstpointer data)
{
  GtkWidget *viewer = GTK_WIDGET (f->window->viewer);

  g_assert_true (omni_viewer_is_fit (f->window->viewer));
  omni_viewer_set_blink_ms (f->window->viewer, 60000);
  act (f, "win.blink");
  g_assert_cmpint (get_middle (f->window->blink_bar), <, get_middle (viewer));
  const double right = 1 - 10.0 / gtk_widget_get_width (viewer);
  const double left = 1 - right, top = 10.0 / gtk_widget_get_height (viewer);
  const double bottom = 1 - top;
  /* Beside the picture, dark in one corner of the four only. */
  g_assert_cmpuint (get_sum (look_at (viewer, right, top)) + 100, <,
                    get_sum (look_at (viewer, right, bottom)));
  g_assert_cmpuint (get_sum (look_at (viewer, left, top)) + 100, >, get_sum (look_at (viewer, left, bottom)));
}

/* Keys */

static void
test_keys (OmniTestWindow *f, gconstpointer data)
{
  OmniViewer *viewer = f->window->viewer;

  omni_viewer_set_zoom (viewer, 16);
  gtk_widget_grab_focus (GTK_WIDGET (viewer));
  wait_for_frame (f);
  const double before = viewer->centre_x;
  omni_pointer_key (pointer, "Right", 0);
  wait_for_frame (f);
  g_assert_cmpfloat (viewer->centre_x, >, before);
  omni_pointer_key (pointer, "Left", 0);
  wait_for_frame (f);
  g_assert_cmpfloat_with_epsilon (viewer->centre_x, before, 1e-9);
}

/* The drag of a card */

typedef struct
{
  OmniWindow *window;
  int x, y, wiggle, gap;
} Drag;

static gboolean
is_dragging (gpointer data)
{
  Drag *drag = data;

  drag->wiggle = (drag->wiggle + 3) % 40;
  omni_pointer_move (pointer, drag->x, drag->y + drag->wiggle);
  return drag->window->filmstrip->gap >= 0;
}

static gboolean
has_gap (gpointer data)
{
  Drag *drag = data;

  drag->wiggle = 1 - drag->wiggle;
  omni_pointer_move (pointer, drag->x + drag->wiggle, drag->y);
  return drag->window->filmstrip->gap == drag->gap;
}

static gboolean
is_third (gpointer data)
{
  OmniWindow *window = data;
  OmniSource *source = omni_document_get_source (window->document, 2);

  return g_str_has_suffix (omni_source_get_path (source), "/0.png");
}

/* Over the right half of the third card, where the pictures are, the gap is below it, and there the card goes. */
static void
test_drag (OmniTestWindow *f, gconstpointer data)
{
  OmniWindow *window = f->window;

  for (guint i = 0; i < 6 && !is_third (window); i++)
  {
    Drag drag = { .window = window, .gap = 2 };
    int to_x, to_y;
    GtkWidget *third = GTK_WIDGET (omni_filmstrip_get_card (window->filmstrip, 2));
    omni_pointer_locate (pointer, third, gtk_widget_get_width (third) * 0.8,
                         gtk_widget_get_height (third) * 0.5, &to_x, &to_y);
    omni_test_locate_card (f, 0, 0.4, &drag.x, &drag.y);
    omni_pointer_move (pointer, drag.x, drag.y);
    omni_pointer_button (pointer, 1, TRUE);
    omni_test_wait_for_layout (f);
    g_assert_true (omni_test_wait (is_dragging, &drag));
    drag = (Drag){ window, to_x, to_y, 0, 2 };
    g_assert_true (omni_test_wait (has_gap, &drag));
    omni_test_turn (1000);
    GtkWidget *last = GTK_WIDGET (omni_filmstrip_get_card (window->filmstrip, 3));
    g_assert_true (gtk_widget_has_css_class (last, "gap-before"));
    omni_pointer_button (pointer, 1, FALSE);
    omni_test_wait_seconds (is_third, window, 8);
  }
  g_assert_true (is_third (window));
}

/* Scales and numbers */

/* From left to right. */
static void
expect_in_order (GtkWidget *first, GtkWidget *second, GtkWidget *third)
{
  int x[3], y;

  omni_pointer_locate (pointer, first, 1, 1, &x[0], &y);
  omni_pointer_locate (pointer, second, gtk_widget_get_width (second) / 2.0, 1, &x[1], &y);
  omni_pointer_locate (pointer, third, gtk_widget_get_width (third) - 1, 1, &x[2], &y);
  g_assert_cmpint (x[0], <, x[1]);
  g_assert_cmpint (x[1], <, x[2]);
}

/* The first character stands left of the last. */
static void
expect_left_to_right (GtkWidget *label)
{
  const char *text = gtk_label_get_text (GTK_LABEL (label));
  const int mark = g_str_has_prefix (text, "\342\200\216") ? 3 : 0;
  PangoRectangle first, last;

  pango_layout_index_to_pos (gtk_label_get_layout (GTK_LABEL (label)), mark, &first);
  pango_layout_index_to_pos (gtk_label_get_layout (GTK_LABEL (label)), (int)strlen (text) - 1, &last);
  g_assert_cmpint (first.x, <, last.x);
}

/* The words of a bar, found by what they say; the mark in front is not seen. */
static GtkWidget *
find_number (gpointer bar, const char *words)
{
  g_autofree char *marked = g_strconcat ("\342\200\216", words, NULL);
  GtkWidget *found = find_child (bar, marked);

  return found != NULL ? found : find_child (bar, words);
}

static void
test_scales (OmniTestWindow *f, gconstpointer data)
{
  OmniWindow *window = f->window;
  GtkWidget *bar = GTK_WIDGET (window->difference);

  act (f, "win.difference");
  GtkWidget *zero = find_number (bar, "0"), *end = find_number (bar, "255");
  expect_in_order (zero, find_number (bar, "128"), end);
  /* Black is over 0, the brightest colour over 255. */
  const double above = -6.0 / gtk_widget_get_height (zero);
  g_assert_cmpuint (get_sum (look_at (zero, 0.1, above)) + 200, <, get_sum (look_at (end, 0.9, above)));
  expect_left_to_right (find_number (bar, "× 1"));

  act (f, "win.difference");
  omni_viewer_set_level (window->viewer, -128 / 255.0, 178 / 255.0);
  wait_for_frame (f);
  bar = GTK_WIDGET (window->level_bar);
  g_assert_true (gtk_widget_get_mapped (bar));
  expect_in_order (find_number (bar, "-128"), find_number (bar, "25"), find_number (bar, "178"));
  expect_left_to_right (find_number (bar, "-128"));
  zero = find_number (bar, "-128");
  end = find_number (bar, "178");
  g_assert_cmpuint (get_sum (look_at (zero, 0.1, -6.0 / gtk_widget_get_height (zero))) + 200, <,
                    get_sum (look_at (end, 0.9, -6.0 / gtk_widget_get_height (end))));
}

/* A slider grows the way people read, for the pointer and for the keys. */
static void
test_slider (OmniTestWindow *f, gconstpointer data)
{
  OmniWindow *window = f->window;
  GtkWidget *scale = GTK_WIDGET (window->blink_scale);
  GtkRange *range = window->blink_scale;
  int x, y;

  act (f, "win.blink");
  const double before = gtk_range_get_value (range);
  gtk_widget_grab_focus (scale);
  omni_pointer_key (pointer, "Left", 0);
  omni_test_wait_for_layout (f);
  g_assert_cmpfloat (gtk_range_get_value (range), >, before);
  omni_pointer_locate (pointer, scale, gtk_widget_get_width (scale) - 8, gtk_widget_get_height (scale) / 2.0,
                       &x, &y);
  omni_pointer_move (pointer, x, y);
  omni_test_wait_for_layout (f);
  omni_pointer_click (pointer, 1);
  omni_test_wait_for_layout (f);
  g_assert_cmpfloat (gtk_range_get_value (range), <, before);
}

static gboolean
has_values (gpointer data)
{
  g_autofree char *text = omni_inspector_get_text (((OmniWindow *)data)->inspector);

  return strstr (text, "x ") != NULL && strstr (text, "…\n") == NULL && strstr (text, "\t\n") == NULL;
}

/* Red stands before green and blue. */
static void
test_values (OmniTestWindow *f, gconstpointer data)
{
  OmniWindow *window = f->window;
  GtkWidget *viewer = GTK_WIDGET (window->viewer);
  g_autofree char *value = NULL;
  guint place_x, place_y;
  int x, y;

  if (!can_fuse)
  {
    g_test_skip ("no Vulkan device");
    return;
  }
  act (f, "win.inspector");
  omni_test_turn (500); /* the panel slides in */
  for (guint i = 0; i < 2; i++)
  {
    omni_pointer_locate (pointer, viewer, gtk_widget_get_width (viewer) / 2.0 + 3 * i,
                         gtk_widget_get_height (viewer) / 2.0, &x, &y);
    omni_pointer_move (pointer, x, y);
    omni_test_wait_for_layout (f);
  }
  g_assert_true (omni_test_wait (has_values, window));
  g_autofree char *text = omni_inspector_get_text (window->inspector);
  g_assert_cmpint (sscanf (text, "x %u y %u", &place_x, &place_y), ==, 2);
  value = omni_picture_describe_pixel (get_result (f)->picture, place_x, place_y);
  GtkWidget *label = find_number (window->inspector, value);
  g_assert_nonnull (label);
  expect_left_to_right (label);
  g_assert_cmpint (get_middle (window->inspector), <, get_middle (viewer));
}

/* The order check */

static gboolean
is_on_stage (gpointer data)
{
  OmniWindow *window = data;

  return gtk_widget_get_mapped (GTK_WIDGET (window->stage_view)) && window->stage_view->orders->len > 0
         && !omni_stage_view_is_busy (window->stage_view);
}

static gboolean
has_two_orders (gpointer data)
{
  return is_on_stage (data) && ((OmniWindow *)data)->stage_view->orders->len == 2;
}

/* The strip of cards runs from right to left, and the arrow that goes along it goes on. */
static void
test_stage (OmniTestWindow *f, gconstpointer data)
{
  OmniWindow *window = f->window;

  if (!can_fuse)
  {
    g_test_skip ("no Vulkan device");
    return;
  }
  omni_pointer_key (pointer, "F8", 0);
  g_assert_true (omni_test_wait (is_on_stage, window));
  omni_test_turn (800); /* the cards glide */
  OmniStageView *view = window->stage_view;
  GtkWidget *first = find_child (GTK_WIDGET (view->strip), "1");
  g_assert_cmpint (get_middle (first), >, get_middle (find_child (GTK_WIDGET (view->strip), "2")));
  omni_pointer_key (pointer, "s", 0);
  g_assert_true (omni_test_wait (has_two_orders, window));
  g_assert_cmpuint (view->shown, ==, 1);
  omni_pointer_key (pointer, "Right", 0);
  omni_test_turn (300);
  g_assert_cmpuint (view->shown, ==, 0);
  omni_pointer_key (pointer, "Left", 0);
  omni_test_turn (300);
  g_assert_cmpuint (view->shown, ==, 1);
  /* Each side stands below its own picture. */
  g_assert_cmpint (get_middle (view->sides[SIDE_MODEL]), <, get_middle (view->sides[SIDE_FOIL]));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  pointer = omni_test_window_start (&can_fuse);
  if (pointer == NULL)
    return 0;
  gtk_widget_set_default_direction (GTK_TEXT_DIR_RTL);
  omni_test_window_add ("/direction/layout", test_layout);
  omni_test_window_add ("/direction/pictures", test_pictures);
  omni_test_window_add ("/direction/panes", test_panes);
  omni_test_window_add ("/direction/blink", test_blink);
  omni_test_window_add ("/direction/keys", test_keys);
  omni_test_window_add ("/direction/drag", test_drag);
  omni_test_window_add ("/direction/scales", test_scales);
  omni_test_window_add ("/direction/slider", test_slider);
  omni_test_window_add ("/direction/values", test_values);
  omni_test_window_add ("/direction/stage", test_stage);
  const int status = g_test_run ();
  omni_pointer_free (pointer);
  return status;
}
