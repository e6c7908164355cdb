/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The window as a person uses it: a real pointer and keyboard, files dragged from another program, and what a screen
 * reader finds. Everything is waited for, nothing is timed. */
#include "app/files/reader.h"
#include "tests/ui/window-fixture.h"

static OmniPointer *pointer;
static gboolean can_fuse;

static char *
get_order (OmniWindow *window)
{
  GString *order = g_string_new (NULL);

  for (guint i = 0; i < omni_document_get_n_sources (window->document); i++)
  {
    g_autofree char *name = omni_source_dup_display_name (omni_document_get_source (window->document, i));
    g_string_append_c (order, name[0]);
  }
  return g_string_free (order, FALSE);
}

typedef struct
{
  OmniWindow *window;
  const char *order;
} Expectation;

static gboolean
has_order (gpointer data)
{
  const Expectation *expectation = data;
  g_autofree char *order = get_order (expectation->window);

  return g_str_equal (order, expectation->order);
}

static void
expect_order (OmniTestWindow *f, const char *expected)
{
  Expectation expectation = { f->window, expected };

  if (!omni_test_wait (has_order, &expectation))
  {
    g_autofree char *order = get_order (f->window);
    g_assert_cmpstr (order, ==, expected);
  }
  omni_test_wait_for_layout (f);
}

/* A drag goes on as long as the pointer moves: each look at the condition moves it by one pixel. */
typedef struct
{
  OmniWindow *window;
  int x, y;
  int wiggle;
  int gap;
  int step;
} Drag;

static void
wiggle (Drag *drag)
{
  drag->wiggle = 1 - drag->wiggle;
  omni_pointer_move (pointer, drag->x + drag->wiggle, drag->y);
}

static gboolean
is_dragging (gpointer data)
{
  Drag *drag = data;

  drag->step = (drag->step + 3) % 40;
  omni_pointer_move (pointer, drag->x, drag->y + drag->step);
  return drag->window->filmstrip->gap >= 0;
}

static gboolean
has_gap (gpointer data)
{
  Drag *drag = data;

  wiggle (drag);
  return drag->window->filmstrip->gap == drag->gap;
}

/* A person sees the answer of the other side before letting go. Here nobody does, so a drag that came to nothing because
 * a busy machine answered late is done again. */
#define DRAG_TRIES    8
#define LOOKS         20
#define ORDER_SECONDS 8

static gboolean
has_looked (gpointer data)
{
  guint *left = data;

  (*left)--;
  return *left == 0;
}

static void
let_go (void)
{
  guint looks = LOOKS;

  g_assert_true (omni_test_wait (has_looked, &looks));
  omni_pointer_button (pointer, 1, FALSE);
}

/* The first card to the place after the third. */
static void
drag_first_card (OmniTestWindow *f)
{
  Drag drag = { .window = f->window, .gap = 2 };
  int x, y;

  omni_test_locate_card (f, 2, 0.5, &x, &y);
  omni_test_locate_card (f, 0, 0.4, &drag.x, &drag.y);
  omni_pointer_move (pointer, drag.x, drag.y);
  omni_pointer_button (pointer, 1, TRUE);
  omni_test_wait_for_layout (f);
  g_assert_true (omni_test_wait (is_dragging, &drag));
  g_assert_true (f->window->filmstrip->dragged != NULL);
  drag.x = x;
  drag.y = y;
  g_assert_true (omni_test_wait (has_gap, &drag));
  let_go ();
}

static void
test_drag (OmniTestWindow *f, gconstpointer data)
{
  Expectation expectation = { f->window, "1203" };

  for (guint i = 0; i < DRAG_TRIES; i++)
  {
    drag_first_card (f);
    if (omni_test_wait_seconds (has_order, &expectation, ORDER_SECONDS))
      break;
  }
  expect_order (f, "1203");
  g_assert_null (f->window->filmstrip->dragged);
  g_assert_cmpint (f->window->filmstrip->gap, ==, -1);

  g_assert_true (omni_test_wait (omni_test_has_settled, f->window));
  if (can_fuse)
    g_assert_cmpint (omni_document_get_order_check (f->window->document), ==, OMNI_ORDER_SAME);

  g_assert_true (omni_test_wait (omni_test_is_active, f->window));
  omni_pointer_key (pointer, "z", GDK_CONTROL_MASK);
  expect_order (f, "0123");
  omni_pointer_key (pointer, "z", GDK_CONTROL_MASK | GDK_SHIFT_MASK);
  expect_order (f, "1203");
}

static void
test_keys (OmniTestWindow *f, gconstpointer data)
{
  omni_test_click_card (f, 1);
  omni_pointer_key (pointer, "Down", GDK_ALT_MASK);
  expect_order (f, "0213");
  omni_pointer_key (pointer, "Down", GDK_ALT_MASK);
  expect_order (f, "0231");
  omni_pointer_key (pointer, "Up", GDK_ALT_MASK);
  expect_order (f, "0213");
  omni_pointer_key (pointer, "z", GDK_CONTROL_MASK);
  expect_order (f, "0231");
  omni_pointer_key (pointer, "z", GDK_CONTROL_MASK);
  expect_order (f, "0213");
  omni_pointer_key (pointer, "Delete", 0);
  expect_order (f, "023");
  omni_pointer_key (pointer, "z", GDK_CONTROL_MASK);
  expect_order (f, "0213");
}

/* Files from another program */

typedef struct
{
  GSubprocess *process;
  unsigned long xid;
  gboolean is_there;
} Helper;

static void
line_cb (GObject *object, GAsyncResult *result, gpointer data)
{
  Helper *helper = data;
  g_autofree char *line = g_data_input_stream_read_line_finish (G_DATA_INPUT_STREAM (object), result, NULL,
                                                                NULL);

  g_assert_nonnull (line);
  helper->xid = strtoul (line, NULL, 10);
  helper->is_there = TRUE;
}

static gboolean
helper_is_there (gpointer data)
{
  return ((Helper *)data)->is_there;
}

static gboolean
helper_is_in_place (gpointer data)
{
  Helper *helper = data;
  int x, y;

  omni_pointer_locate_window (pointer, helper->xid, 0, 0, &x, &y);
  if (x > 1250 && y < 300)
    return TRUE;
  omni_pointer_place_window (pointer, helper->xid, 1300, 60);
  return FALSE;
}

static void
start_helper (Helper *helper, const char *a, const char *b)
{
  g_autofree char *program = g_test_build_filename (G_TEST_BUILT, "ui", "drag-helper", NULL);
  g_autoptr (GError) error = NULL;

  helper->process = g_subprocess_new (G_SUBPROCESS_FLAGS_STDOUT_PIPE, &error, program, a, b, NULL);
  g_assert_no_error (error);
  GDataInputStream *lines = g_data_input_stream_new (g_subprocess_get_stdout_pipe (helper->process));
  g_data_input_stream_read_line_async (lines, G_PRIORITY_DEFAULT, NULL, line_cb, helper);
  g_assert_true (omni_test_wait (helper_is_there, helper));
  g_assert_true (omni_test_wait (helper_is_in_place, helper));
  g_object_unref (lines);
}

static void
stop_helper (Helper *helper)
{
  g_subprocess_force_exit (helper->process);
  g_subprocess_wait (helper->process, NULL, NULL);
  g_object_unref (helper->process);
}

static gboolean
sees_drag (gpointer data)
{
  Drag *drag = data;

  wiggle (drag);
  return gtk_widget_get_visible (drag->window->drop_sign);
}

/* GTK starts a drag once the pointer has left the spot; how soon the other program sees it is its own affair. */
static void
drag_files (Helper *helper, Drag *drag, int x, int y, OmniTestCondition arrived)
{
  omni_pointer_locate_window (pointer, helper->xid, 40, 40, &drag->x, &drag->y);
  omni_pointer_move (pointer, drag->x, drag->y);
  omni_pointer_button (pointer, 1, TRUE);
  for (int i = 0; i < 40; i++)
  {
    guint looks = 1;
    omni_pointer_move (pointer, drag->x + i, drag->y);
    omni_test_wait (has_looked, &looks);
  }
  drag->x = x;
  drag->y = y;
  if (omni_test_wait_seconds (arrived, drag, ORDER_SECONDS))
    let_go ();
  else
    omni_pointer_button (pointer, 1, FALSE);
}

static void
drop_files (OmniTestWindow *f, Helper *helper, int x, int y, OmniTestCondition arrived, const char *order)
{
  Drag drag = { .window = f->window, .gap = 2 };
  Expectation expectation = { f->window, order };

  for (guint i = 0; i < DRAG_TRIES; i++)
  {
    drag_files (helper, &drag, x, y, arrived);
    if (omni_test_wait_seconds (has_order, &expectation, ORDER_SECONDS))
      break;
  }
  expect_order (f, order);
  g_assert_false (gtk_widget_get_visible (f->window->drop_sign));
}

static void
test_drop_files (OmniTestWindow *f, gconstpointer data)
{
  g_autofree char *first = omni_test_write_picture (f->folder, "8.png", 160, 120, 90);
  g_autofree char *second = omni_test_write_picture (f->folder, "9.png", 160, 120, 150);
  Helper helper = { NULL, 0, FALSE };
  int x, y;

  start_helper (&helper, second, first); /* they come sorted */
  omni_test_locate_card (f, 2, 0.5, &x, &y);
  drop_files (f, &helper, x, y, has_gap, "018923");
  g_assert_cmpint (f->window->filmstrip->gap, ==, -1);

  omni_document_undo (f->window->document);
  expect_order (f, "0123");
  omni_pointer_locate (pointer, GTK_WIDGET (f->window->viewer), 200, 100, &x, &y);
  drop_files (f, &helper, x, y, sees_drag, "012389");

  stop_helper (&helper);
}

static void
test_drop_picture (OmniTestWindow *f, gconstpointer data)
{
  g_autofree char *path = omni_test_write_picture (f->folder, "x.png", 160, 120, 90);
  Helper helper = { NULL, 0, FALSE };
  g_autoptr (GError) error = NULL;
  int x, y;

  start_helper (&helper, "--picture", path);
  omni_test_locate_card (f, 2, 0.5, &x, &y);
  drop_files (f, &helper, x, y, has_gap, "01p23");
  g_assert_false (gtk_widget_get_visible (GTK_WIDGET (f->window->file_error)));
  g_autoptr (OmniPicture) dropped = omni_picture_read (path, NULL, &error);
  g_assert_no_error (error);
  g_autoptr (OmniPicture) taken = omni_picture_read (
    omni_source_get_path (omni_document_get_source (f->window->document, 2)), NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpmem (omni_picture_get_pixels (taken), 160 * 120 * 3, omni_picture_get_pixels (dropped),
                   160 * 120 * 3);

  omni_document_undo (f->window->document);
  expect_order (f, "0123");
  omni_pointer_locate (pointer, GTK_WIDGET (f->window->viewer), 200, 100, &x, &y);
  drop_files (f, &helper, x, y, sees_drag, "0123p");
  stop_helper (&helper);
}

/* The viewer */

typedef struct
{
  OmniViewer *viewer;
  double zoom;
  double centre_x;
} View;

static gboolean
zoom_differs (gpointer data)
{
  const View *view = data;

  return omni_viewer_get_zoom (view->viewer) != view->zoom;
}

static gboolean
centre_differs (gpointer data)
{
  const View *view = data;

  return view->viewer->centre_x != view->centre_x;
}

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

static gboolean
is_side_by_side (gpointer data)
{
  OmniViewer *viewer = data;

  return omni_viewer_get_mode (viewer) == OMNI_VIEWER_SIDE_BY_SIDE && viewer->panes[0].mipmap != NULL
         && viewer->panes[1].mipmap != NULL && omni_viewer_is_current (viewer);
}

/* The place of the picture, in its pixels, that is at the device pixel x of the first pane. */
static double
get_place (OmniViewer *viewer, double x)
{
  const OmniViewerRect rect = omni_viewer_get_pane_rect (viewer, 0);
  double width, height;

  omni_viewer_get_reference (viewer, &width, &height);
  return viewer->centre_x * width + (x - rect.width / 2.0) / omni_viewer_get_zoom (viewer);
}

static void
zoom_with_wheel (OmniTestWindow *f, guint button)
{
  View view = { f->window->viewer, omni_viewer_get_zoom (f->window->viewer), 0 };

  omni_pointer_click (pointer, button);
  g_assert_true (omni_test_wait (zoom_differs, &view));
}

static void
test_view (OmniTestWindow *f, gconstpointer data)
{
  OmniViewer *viewer = f->window->viewer;
  const double aim = gtk_widget_get_width (GTK_WIDGET (viewer)) * 0.7;
  int x, y;

  g_assert_true (omni_viewer_is_fit (viewer));
  omni_pointer_locate (pointer, GTK_WIDGET (viewer), aim, 200, &x, &y);
  omni_pointer_move (pointer, x, y);
  for (guint i = 0; i < 4; i++)
    zoom_with_wheel (f, 4);
  const double before = get_place (viewer, aim);
  zoom_with_wheel (f, 4);
  g_assert_cmpfloat_with_epsilon (get_place (viewer, aim), before, 1 / omni_viewer_get_zoom (viewer));

  View view = { viewer, 0, viewer->centre_x };
  omni_pointer_button (pointer, 1, TRUE);
  omni_pointer_move (pointer, x - 30, y);
  g_assert_true (omni_test_wait (centre_differs, &view));
  omni_pointer_button (pointer, 1, FALSE);
  g_assert_cmpfloat (viewer->centre_x, >, view.centre_x);

  omni_pointer_key (pointer, "1", GDK_CONTROL_MASK);
  g_assert_true (omni_test_wait (is_full_size, viewer));
  omni_pointer_key (pointer, "0", GDK_CONTROL_MASK);
  g_assert_true (omni_test_wait (is_fit, viewer));

  omni_pointer_key (pointer, "F9", 0);
  g_assert_true (omni_test_wait (is_side_by_side, viewer));
  zoom_with_wheel (f, 4);
  omni_test_wait_for_layout (f);
  g_assert_true (omni_test_wait (is_side_by_side, viewer));
  const OmniViewItem *items = viewer->frame->items;
  g_assert_cmpfloat (items[0].layers[0].scale, ==, items[1].layers[0].scale);
  g_assert_cmpfloat_with_epsilon (items[0].layers[0].x - items[0].x, items[1].layers[0].x - items[1].x, 1);
}

static gboolean
shows_source (gpointer data)
{
  OmniWindow *window = data;
  OmniSubject *subject = omni_viewer_get_subject (window->viewer, 0);

  return subject != NULL
         && omni_subject_get_source (subject) == omni_document_get_source (window->document, 2);
}

static gboolean
shows_result (gpointer data)
{
  OmniWindow *window = data;
  OmniSubject *subject = omni_viewer_get_subject (window->viewer, 0);

  return subject != NULL && omni_subject_is_newest (subject);
}

static void
test_flip (OmniTestWindow *f, gconstpointer data)
{
  if (!can_fuse)
  {
    g_test_skip ("no Vulkan device");
    return;
  }
  g_assert_true (omni_test_wait (shows_result, f->window));
  omni_test_click_card (f, 2);
  omni_pointer_key (pointer, "space", 0);
  g_assert_true (omni_test_wait (shows_source, f->window));
  omni_pointer_key (pointer, "space", 0);
  g_assert_true (omni_test_wait (shows_result, f->window));
  omni_pointer_key (pointer, "3", 0);
  g_assert_true (omni_test_wait (shows_source, f->window));
}

/* What a screen reader finds */

static void
test_names (OmniTestWindow *f, gconstpointer data)
{
  static const char *const names[] = { "Sources", "Task",           "Model",  "Result", "Options",
                                       "Metrics", "Compare models", "Region", "Save",   "Cancel",
                                       "Open",    "Undo",           "Redo",   "Menu",   "Side by side",
                                       "Shuffle", "First picture",  "Fit",    "100 %",  NULL };

  omni_test_check_names (names);
  if (can_fuse)
    omni_test_check_names ((const char *const[]){ "Order check", NULL });
}

/* With every drawer and bar open that can be. */
static void
test_all_names (OmniTestWindow *f, gconstpointer data)
{
  static const char *const switches[] = { "side-by-side", "metrics", "inspector", "winner", "difference" };
  OmniWindow *window = f->window;

  omni_viewer_set_level (window->viewer, 0.2, 0.7);
  g_assert_true (omni_test_wait (omni_test_is_mapped, window->level_bar));
  omni_test_check_names (NULL);
  for (gsize i = 0; i < G_N_ELEMENTS (switches); i++)
    g_action_group_change_action_state (G_ACTION_GROUP (window), switches[i], g_variant_new_boolean (TRUE));
  gtk_widget_activate_action (GTK_WIDGET (window), "win.compare-models", NULL);
  g_assert_true (omni_test_wait (omni_test_is_mapped, window->compare));
  omni_test_wait_for_layout (f);
  omni_test_check_names (NULL);
  g_action_group_change_action_state (G_ACTION_GROUP (window), "blink", g_variant_new_boolean (TRUE));
  g_assert_true (omni_test_wait (omni_test_is_mapped, window->blink_bar));
  omni_test_check_names (NULL);
  omni_test_empty (f);
  omni_test_check_names (NULL);
}

/* Saving */

static gboolean
is_whole (gpointer data)
{
  g_autoptr (OmniPicture) picture = omni_picture_read (data, NULL, NULL);

  return picture != NULL;
}

static void
test_save (OmniTestWindow *f, gconstpointer data)
{
  g_autofree char *path = g_build_filename (f->folder, "fused-mean.png", NULL);
  g_autoptr (GError) error = NULL;

  if (!can_fuse)
  {
    g_test_skip ("no Vulkan device");
    return;
  }
  omni_pointer_key (pointer, "s", GDK_CONTROL_MASK);
  g_assert_true (omni_test_wait (omni_test_has_dialog, f->window));
  omni_pointer_key (pointer, "Return", 0);
  g_assert_true (omni_test_wait (is_whole, path));

  g_autoptr (OmniPicture) picture = omni_picture_read (path, NULL, &error);
  g_assert_no_error (error);
  g_autofree char *hash = omni_picture_hash (picture);
  g_assert_cmpstr (hash, ==, omni_document_get_result (f->window->document)->sha256);
}

/* More cards than are made at once */

#define N_MANY 60

/* All are there, each in its place. */
static gboolean
has_all_cards (gpointer data)
{
  OmniWindow *window = data;
  const guint n = omni_document_get_n_sources (window->document);

  for (guint i = 0; i < n; i++)
  {
    OmniSourceCard *card = omni_filmstrip_get_card (window->filmstrip, i);
    GtkListBoxRow *row = gtk_list_box_get_row_at_index (window->filmstrip->list, (int)i);
    if (card == NULL || (gpointer)card != (gpointer)row
        || omni_source_card_get_source (card) != omni_document_get_source (window->document, i))
      return FALSE;
  }
  return n == N_SOURCES + N_MANY;
}

static void
test_many_cards (OmniTestWindow *f, gconstpointer data)
{
  OmniWindow *window = f->window;
  g_autoptr (GPtrArray) paths = g_ptr_array_new_with_free_func (g_free);

  for (guint i = 0; i < N_MANY; i++)
  {
    g_autofree char *name = g_strdup_printf ("many-%u.png", i);
    g_ptr_array_add (paths, omni_test_write_picture (f->folder, name, 160, 120, 40 + i));
  }
  g_ptr_array_add (paths, NULL);
  omni_window_open_paths (window, (const char *const *)paths->pdata);
  g_assert_true (omni_test_wait (has_all_cards, window));

  /* A card goes where its source goes, and is still selected. */
  OmniSource *source = omni_document_get_source (window->document, 40);
  OmniSourceCard *card = omni_filmstrip_get_card (window->filmstrip, 40);
  gtk_list_box_select_row (window->filmstrip->list, GTK_LIST_BOX_ROW (card));
  omni_document_move (window->document, 40, 3);
  g_assert_true (has_all_cards (window));
  g_assert_true (omni_filmstrip_get_card (window->filmstrip, 3) == card);
  g_assert_true (omni_filmstrip_get_selected (window->filmstrip) == source);
  omni_document_shuffle (window->document);
  g_assert_true (has_all_cards (window));
  g_assert_true (omni_filmstrip_get_selected (window->filmstrip) == source);
  while (omni_document_can_undo (window->document)
         && omni_document_get_n_sources (window->document) > N_SOURCES)
    omni_document_undo (window->document);
  g_assert_null (gtk_list_box_get_row_at_index (window->filmstrip->list, N_SOURCES));
  omni_document_redo (window->document);
  g_assert_true (omni_test_wait (has_all_cards, window));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  pointer = omni_test_window_start (&can_fuse);
  if (pointer == NULL)
    return 0;
  omni_test_window_add ("/window/names", test_names);
  omni_test_window_add ("/window/all-names", test_all_names);
  omni_test_window_add ("/window/keys", test_keys);
  omni_test_window_add ("/window/drag", test_drag);
  omni_test_window_add ("/window/drop-files", test_drop_files);
  omni_test_window_add ("/window/drop-picture", test_drop_picture);
  omni_test_window_add ("/window/view", test_view);
  omni_test_window_add ("/window/flip", test_flip);
  omni_test_window_add ("/window/save", test_save);
  omni_test_window_add ("/window/many-cards", test_many_cards);
  const int status = g_test_run ();
  omni_pointer_free (pointer);
  return status;
}
