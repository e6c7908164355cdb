/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Keys and what a pointer does in the viewer besides dragging: swapping, fusing again, bookmarks, full screen, the window of all
 * keys, a double click, a wheel and two fingers on a trackpad. */
#include "tests/ui/window-fixture.h"

static OmniPointer *pointer;
static gboolean can_fuse;

/* An X server tells nobody that a scroll is a trackpad's (GTK 4.8), so the viewer asks here. */
static GdkScrollUnit scroll_unit = GDK_SCROLL_UNIT_WHEEL;

GdkScrollUnit
gtk_event_controller_scroll_get_unit (GtkEventControllerScroll *scroll)
{
  return scroll_unit;
}

/* X */

static gboolean
shows_two (gpointer data)
{
  OmniWindow *window = data;

  return omni_viewer_get_n_shown (window->viewer) == 2 && window->viewer->panes[0].mipmap != NULL
         && window->viewer->panes[1].mipmap != NULL;
}

typedef struct
{
  OmniViewer *viewer;
  gpointer first, second;
} Pair;

static gpointer
get_identity (OmniViewer *viewer, guint pane)
{
  OmniSubject *subject = omni_viewer_get_subject (viewer, pane);

  return subject != NULL ? omni_subject_get_identity (subject) : NULL;
}

static gboolean
shows_pair (gpointer data)
{
  const Pair *pair = data;

  return get_identity (pair->viewer, 0) == pair->first && get_identity (pair->viewer, 1) == pair->second;
}

static void
test_swap (OmniTestWindow *f, gconstpointer data)
{
  OmniViewer *viewer = f->window->viewer;

  omni_pointer_key (pointer, "F9", 0);
  g_assert_true (omni_test_wait (shows_two, f->window));
  Pair pair = { viewer, get_identity (viewer, 1), get_identity (viewer, 0) };
  g_assert_true (pair.first != pair.second);
  omni_pointer_key (pointer, "x", 0);
  g_assert_true (omni_test_wait (shows_pair, &pair));
  pair = (Pair){ viewer, pair.second, pair.first };
  omni_pointer_key (pointer, "x", 0);
  g_assert_true (omni_test_wait (shows_pair, &pair));
}

/* F5 */

static gboolean
has_two_versions (gpointer data)
{
  OmniWindow *window = data;

  return omni_test_has_settled (window)
         && omni_versions_get_n (omni_document_get_versions (window->document)) == 2;
}

static void
test_fuse_again (OmniTestWindow *f, gconstpointer data)
{
  OmniVersions *versions = omni_document_get_versions (f->window->document);

  if (!can_fuse)
  {
    g_test_skip ("no Vulkan device");
    return;
  }
  g_assert_cmpuint (omni_versions_get_n (versions), ==, 1);
  omni_pointer_key (pointer, "F5", 0);
  g_assert_true (omni_test_wait (has_two_versions, f->window));
  g_assert_cmpstr (omni_fusion_version_get_facts (omni_versions_get (versions, 0))->sha256, ==,
                   omni_fusion_version_get_facts (omni_versions_get (versions, 1))->sha256);
}

/* K */

typedef struct
{
  OmniWindow *window;
  guint n;
  int x;
} Bookmark;

static gboolean
has_bookmarks (gpointer data)
{
  const Bookmark *bookmark = data;

  return omni_document_get_bookmarks (bookmark->window->document)->len == bookmark->n;
}

/* The region is that of the bookmark, which is to be seen as large as can be. */
static gboolean
is_at_bookmark (gpointer data)
{
  const Bookmark *bookmark = data;
  OmniViewer *viewer = bookmark->window->viewer;
  GdkRectangle region;

  return omni_viewer_get_region (viewer, 160, 120, &region) && region.x == bookmark->x && region.width == 40
         && omni_viewer_get_zoom (viewer) >= 4 && !omni_viewer_is_fit (viewer);
}

static void
test_bookmarks (OmniTestWindow *f, gconstpointer data)
{
  static const graphene_rect_t parts[] = { { { 0, 0 }, { 0.25f, 0.25f } },
                                           { { 0.5f, 0.5f }, { 0.25f, 0.25f } } };
  OmniViewer *viewer = f->window->viewer;

  for (guint i = 0; i < G_N_ELEMENTS (parts); i++)
  {
    omni_viewer_set_region_part (viewer, &parts[i]);
    omni_pointer_key (pointer, "k", 0);
    g_assert_true (omni_test_wait (has_bookmarks, &(Bookmark){ f->window, i + 1, 0 }));
  }
  omni_viewer_clear_region (viewer);
  omni_viewer_fit (viewer);
  for (guint i = 0; i < 3; i++)
  {
    omni_pointer_key (pointer, "k", GDK_SHIFT_MASK);
    g_assert_true (omni_test_wait (is_at_bookmark, &(Bookmark){ f->window, 0, i % 2 * 80 }));
  }
}

/* Windows */

static gboolean
is_full_screen (gpointer data)
{
  return gtk_window_is_fullscreen (data);
}

static gboolean
is_not_full_screen (gpointer data)
{
  return !gtk_window_is_fullscreen (data);
}

static void
test_full_screen (OmniTestWindow *f, gconstpointer data)
{
  omni_pointer_key (pointer, "F11", 0);
  g_assert_true (omni_test_wait (is_full_screen, f->window));
  g_assert_true (omni_test_wait (omni_test_is_active, f->window));
  omni_pointer_key (pointer, "F11", 0);
  g_assert_true (omni_test_wait (is_not_full_screen, f->window));
  g_assert_true (omni_test_wait (omni_test_is_active, f->window));
  omni_pointer_key (pointer, "F11", 0);
  g_assert_true (omni_test_wait (is_full_screen, f->window));
  g_assert_true (omni_test_wait (omni_test_is_active, f->window));
  omni_pointer_key (pointer, "Escape", 0);
  g_assert_true (omni_test_wait (is_not_full_screen, f->window));
}

static char shortcuts_window[] = "AdwWindow";

static gboolean
has_no_shortcuts (gpointer data)
{
  return omni_test_find_window (shortcuts_window) == NULL;
}

static void
test_shortcuts (OmniTestWindow *f, gconstpointer data)
{
  omni_pointer_key (pointer, "slash", GDK_CONTROL_MASK | GDK_SHIFT_MASK);
  g_assert_true (omni_test_wait (omni_test_has_window, shortcuts_window));
  GtkWidget *window = GTK_WIDGET (omni_test_find_window (shortcuts_window));
  g_assert_nonnull (omni_test_find_widget (window, GTK_TYPE_SHORTCUTS_SHORTCUT));
  omni_pointer_key (pointer, "Escape", 0);
  g_assert_true (omni_test_wait (has_no_shortcuts, NULL));
  g_assert_true (omni_test_wait (omni_test_is_active, f->window));
}

/* The viewer */

static gboolean
is_full_size (gpointer data)
{
  return omni_viewer_get_zoom (data) == 1;
}

static gboolean
is_fit (gpointer data)
{
  return omni_viewer_is_fit (data);
}

static void
point_at (OmniViewer *viewer, double x, double y)
{
  int screen_x, screen_y;

  omni_pointer_locate (pointer, GTK_WIDGET (viewer), x, y, &screen_x, &screen_y);
  omni_pointer_move (pointer, screen_x, screen_y);
}

static void
double_click (OmniViewer *viewer)
{
  g_object_set (gtk_settings_get_default (), "gtk-double-click-time", 100000, NULL);
  point_at (viewer, 200, 150);
  omni_pointer_click (pointer, 1);
  omni_pointer_click (pointer, 1);
}

static void
test_double_click (OmniTestWindow *f, gconstpointer data)
{
  OmniViewer *viewer = f->window->viewer;

  g_assert_true (omni_viewer_is_fit (viewer));
  g_assert_false (is_full_size (viewer));
  double_click (viewer);
  g_assert_true (omni_test_wait (is_full_size, viewer));
  g_assert_false (omni_viewer_is_fit (viewer));
}

static void
test_double_click_back (OmniTestWindow *f, gconstpointer data)
{
  OmniViewer *viewer = f->window->viewer;

  omni_viewer_set_zoom (viewer, 1);
  double_click (viewer);
  g_assert_true (omni_test_wait (is_fit, viewer));
}

typedef struct
{
  OmniViewer *viewer;
  double zoom, centre_y;
} View;

static gboolean
has_zoomed (gpointer data)
{
  const View *view = data;

  return omni_viewer_get_zoom (view->viewer) != view->zoom;
}

static gboolean
has_panned (gpointer data)
{
  const View *view = data;

  return view->viewer->centre_y != view->centre_y;
}

static void
test_scroll (OmniTestWindow *f, gconstpointer data)
{
  OmniViewer *viewer = f->window->viewer;

  omni_viewer_set_zoom (viewer, 16);
  omni_test_wait_for_layout (f);
  point_at (viewer, gtk_widget_get_width (GTK_WIDGET (viewer)) / 2.0,
            gtk_widget_get_height (GTK_WIDGET (viewer)) / 2.0);
  View view = { viewer, 16, viewer->centre_y };
  omni_pointer_click (pointer, 5);
  g_assert_true (omni_test_wait (has_zoomed, &view));
  g_assert_cmpfloat (omni_viewer_get_zoom (viewer), <, 16);

  scroll_unit = GDK_SCROLL_UNIT_SURFACE;
  view = (View){ viewer, omni_viewer_get_zoom (viewer), viewer->centre_y };
  omni_pointer_click (pointer, 5);
  g_assert_true (omni_test_wait (has_panned, &view));
  g_assert_cmpfloat (viewer->centre_y, >, view.centre_y);
  g_assert_cmpfloat (omni_viewer_get_zoom (viewer), ==, view.zoom);

  omni_pointer_hold (pointer, "Control_L", TRUE);
  omni_pointer_click (pointer, 5);
  g_assert_true (omni_test_wait (has_zoomed, &view));
  omni_pointer_hold (pointer, "Control_L", FALSE);
  g_assert_cmpfloat (omni_viewer_get_zoom (viewer), <, view.zoom);
  scroll_unit = GDK_SCROLL_UNIT_WHEEL;
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  pointer = omni_test_window_start (&can_fuse);
  if (pointer == NULL)
    return 0;
  omni_test_window_add ("/shortcuts/swap", test_swap);
  omni_test_window_add ("/shortcuts/fuse-again", test_fuse_again);
  omni_test_window_add ("/shortcuts/bookmarks", test_bookmarks);
  omni_test_window_add ("/shortcuts/full-screen", test_full_screen);
  omni_test_window_add ("/shortcuts/window", test_shortcuts);
  omni_test_window_add ("/shortcuts/double-click", test_double_click);
  omni_test_window_add ("/shortcuts/double-click/back", test_double_click_back);
  omni_test_window_add ("/shortcuts/scroll", test_scroll);
  const int status = g_test_run ();
  omni_pointer_free (pointer);
  return status;
}
