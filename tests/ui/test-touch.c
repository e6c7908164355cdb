/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Two fingers on the viewer: what lies under them stays under them. */
#include "tests/ui/touch.h"
#include "tests/ui/window-fixture.h"

#include <math.h>

static OmniPointer *pointer;
static gboolean can_fuse;

#define MOST_OFF_PX 0.01 /* of the screen */

typedef struct
{
  double x, y;
} Point;

/* What is under a place of the widget, in logical pixels. */
static Point
get_place (OmniViewer *viewer, Point at)
{
  const int scale = gtk_widget_get_scale_factor (GTK_WIDGET (viewer));
  Point place;

  g_assert_true (omni_viewer_to_picture (viewer, at.x * scale, at.y * scale, &place.x, &place.y));
  return place;
}

/* What was under one place of the widget is under another now. */
static void
expect_under (OmniViewer *viewer, Point place, Point at)
{
  const int scale = gtk_widget_get_scale_factor (GTK_WIDGET (viewer));
  double x, y;

  g_assert_true (omni_viewer_to_device (viewer, omni_viewer_find_pane (viewer, at.x * scale, at.y * scale),
                                        place.x, place.y, &x, &y));
  g_assert_cmpfloat (hypot (x / scale - at.x, y / scale - at.y), <, MOST_OFF_PX);
}

/* So large that every edge of the picture is out of sight; the pointer is where the fingers are felt. */
static Point
prepare (OmniTestWindow *f, double share_x, double share_y)
{
  GtkWidget *viewer = GTK_WIDGET (f->window->viewer);
  const Point at = { floor (gtk_widget_get_width (viewer) * share_x),
                     floor (gtk_widget_get_height (viewer) * share_y) };
  int x, y;

  omni_viewer_set_zoom (f->window->viewer, 12);
  omni_pointer_locate (pointer, viewer, at.x, at.y, &x, &y);
  omni_pointer_move (pointer, x, y);
  omni_test_wait_for_layout (f);
  return at;
}

static void
pinch (OmniViewer *viewer, OmniTouchPhase phase, Point at, double scale)
{
  omni_touch_pinch (GTK_WIDGET (viewer), phase, at.x, at.y, scale);
}

static void
test_pinch (OmniTestWindow *f, gconstpointer data)
{
  OmniViewer *viewer = f->window->viewer;
  const Point at = prepare (f, 0.3, 0.65);
  const Point place = get_place (viewer, at);

  /* Open, and half of it back: a scale is of the whole gesture, not of the last step. */
  pinch (viewer, OMNI_TOUCH_BEGIN, at, 1);
  g_assert_cmpfloat_with_epsilon (omni_viewer_get_zoom (viewer), 12, 1e-9);
  for (guint i = 1; i <= 10; i++)
  {
    pinch (viewer, OMNI_TOUCH_UPDATE, at, 1 + i * 0.2);
    g_assert_cmpfloat_with_epsilon (omni_viewer_get_zoom (viewer), 12 * (1 + i * 0.2), 1e-9);
    expect_under (viewer, place, at);
  }
  pinch (viewer, OMNI_TOUCH_UPDATE, at, 1.5);
  pinch (viewer, OMNI_TOUCH_END, at, 1.5);
  g_assert_cmpfloat_with_epsilon (omni_viewer_get_zoom (viewer), 18, 1e-9);
  expect_under (viewer, place, at);

  /* The next one begins where that ended. */
  pinch (viewer, OMNI_TOUCH_BEGIN, at, 1);
  pinch (viewer, OMNI_TOUCH_UPDATE, at, 0.9);
  pinch (viewer, OMNI_TOUCH_END, at, 0.9);
  g_assert_cmpfloat_with_epsilon (omni_viewer_get_zoom (viewer), 18 * 0.9, 1e-9);
  expect_under (viewer, place, at);
}

/* While the panes are not linked only the one under the pointer is zoomed. */
static void
test_pinch_alone (OmniTestWindow *f, gconstpointer data)
{
  OmniViewer *viewer = f->window->viewer;

  g_action_group_change_action_state (G_ACTION_GROUP (f->window), "side-by-side",
                                      g_variant_new_boolean (TRUE));
  omni_test_wait_for_layout (f);
  omni_viewer_set_linked (viewer, FALSE);
  const Point at = prepare (f, 0.8, 0.4);
  const Point place = get_place (viewer, at);
  const double first = omni_viewer_get_pane_zoom (viewer, 0), second = omni_viewer_get_pane_zoom (viewer, 1);
  pinch (viewer, OMNI_TOUCH_BEGIN, at, 1);
  pinch (viewer, OMNI_TOUCH_UPDATE, at, 2);
  pinch (viewer, OMNI_TOUCH_END, at, 2);
  g_assert_cmpfloat_with_epsilon (omni_viewer_get_pane_zoom (viewer, 0), first, 1e-9);
  g_assert_cmpfloat_with_epsilon (omni_viewer_get_pane_zoom (viewer, 1), 2 * second, 1e-9);
  expect_under (viewer, place, at);
}

/* A pinch that ends over a picture that is all in view does not lose it: it cannot be smaller than half of that. */
static void
test_pinch_limits (OmniTestWindow *f, gconstpointer data)
{
  OmniViewer *viewer = f->window->viewer;
  const Point at = prepare (f, 0.3, 0.65);

  pinch (viewer, OMNI_TOUCH_BEGIN, at, 1);
  pinch (viewer, OMNI_TOUCH_UPDATE, at, 0.001);
  g_assert_cmpfloat (omni_viewer_get_zoom (viewer), >=, 0.5 - 1e-9);
  pinch (viewer, OMNI_TOUCH_UPDATE, at, 1000);
  g_assert_cmpfloat (omni_viewer_get_zoom (viewer), <=, 128);
  pinch (viewer, OMNI_TOUCH_END, at, 1000);
}

/* On a screen both fingers have a place, and where they go together the picture goes, too. */
static void
test_fingers (OmniTestWindow *f, gconstpointer data)
{
  OmniViewer *viewer = f->window->viewer;
  GtkWidget *widget = GTK_WIDGET (viewer);
  const Point at = prepare (f, 0.4, 0.5);
  Point first = { at.x - 60, at.y - 30 }, second = { at.x + 60, at.y + 30 };

  omni_touch_finger (widget, OMNI_TOUCH_BEGIN, 1, first.x, first.y);
  omni_touch_finger (widget, OMNI_TOUCH_BEGIN, 2, second.x, second.y);
  const Point under_first = get_place (viewer, first), under_second = get_place (viewer, second);
  for (guint i = 1; i <= 10; i++)
  {
    /* Apart, and both to the right and up. */
    const double part = 1 + 0.1 * i;
    first = (Point){ at.x + 5 * i - 60 * part, at.y - 3 * i - 30 * part };
    second = (Point){ at.x + 5 * i + 60 * part, at.y - 3 * i + 30 * part };
    omni_touch_finger (widget, OMNI_TOUCH_UPDATE, 1, first.x, first.y);
    omni_touch_finger (widget, OMNI_TOUCH_UPDATE, 2, second.x, second.y);
    expect_under (viewer, under_first, first);
    expect_under (viewer, under_second, second);
  }
  g_assert_cmpfloat_with_epsilon (omni_viewer_get_zoom (viewer), 24, 1e-6);
  omni_touch_finger (widget, OMNI_TOUCH_END, 2, second.x, second.y);
  omni_touch_finger (widget, OMNI_TOUCH_END, 1, first.x, first.y);
  expect_under (viewer, under_first, first);
  expect_under (viewer, under_second, second);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  pointer = omni_test_window_start (&can_fuse);
  if (pointer == NULL)
    return 0;
  if (!omni_touch_is_possible ())
  {
    g_print ("1..0 # SKIP no X server with XInput\n");
    return 0;
  }
  omni_test_window_add ("/touch/pinch", test_pinch);
  omni_test_window_add ("/touch/pinch-alone", test_pinch_alone);
  omni_test_window_add ("/touch/pinch-limits", test_pinch_limits);
  omni_test_window_add ("/touch/fingers", test_fingers);
  const int status = g_test_run ();
  omni_pointer_free (pointer);
  return status;
}
