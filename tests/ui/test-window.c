/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The window as a person uses it: a real pointer and keyboard, files dragged from another program, and what a screen
 * reader finds. Everything is waited for, nothing is timed. */
#include "app/files/reader.h"
#include "tests/ui/fixture.h"
#include "tests/ui/pointer.h"
#include "ui/application.h"
#include "ui/filmstrip-private.h"
#include "ui/viewer-private.h"
#include "ui/window-private.h"

#include <unistd.h>

#define N_SOURCES 4

typedef struct
{
  char *folder;
  char *paths[N_SOURCES + 1];
  OmniWindow *window;
} Fixture;

static OmniApplication *application;
static OmniPointer *pointer;
static gboolean can_fuse;

/* Waiting */

static gboolean
has_four_cards (gpointer data)
{
  OmniWindow *window = data;

  return omni_document_get_n_sources (window->document) == N_SOURCES
         && gtk_widget_get_mapped (GTK_WIDGET (window->filmstrip))
         && gtk_widget_get_height (GTK_WIDGET (omni_filmstrip_get_card (window->filmstrip, 3))) > 0;
}

static gboolean
has_settled (gpointer data)
{
  OmniWindow *window = data;

  return !omni_document_is_busy (window->document)
         && (!can_fuse || omni_document_get_result (window->document) != NULL);
}

static gboolean
has_picture (gpointer data)
{
  OmniWindow *window = data;

  return !omni_viewer_is_empty (window->viewer) && gtk_widget_get_width (GTK_WIDGET (window->viewer)) > 0;
}

/* Only the window that is told so gets the keys, with or without a window manager. */
static gboolean
is_active (gpointer data)
{
  if (gtk_window_is_active (data))
    return TRUE;
  if (gtk_widget_get_mapped (data))
    omni_pointer_focus_window (pointer, omni_pointer_get_xid (data));
  return FALSE;
}

static gboolean
is_in_place (gpointer data)
{
  const unsigned long xid = omni_pointer_get_xid (data);
  int x, y;

  omni_pointer_locate_window (pointer, xid, 0, 0, &x, &y);
  if (x < 60 && y < 60)
    return TRUE;
  omni_pointer_place_window (pointer, xid, 0, 0);
  return FALSE;
}

/* The frame clock has run twice, so that what changed is laid out. */
static gboolean
tick_cb (GtkWidget *widget, GdkFrameClock *clock, gpointer data)
{
  guint *left = data;

  (*left)--;
  return *left > 0;
}

static gboolean
is_zero (gpointer data)
{
  return *(guint *)data == 0;
}

static void
wait_for_layout (Fixture *f)
{
  guint left = 2;

  gtk_widget_add_tick_callback (GTK_WIDGET (f->window), tick_cb, &left, NULL);
  g_assert_true (omni_test_wait (is_zero, &left));
}

/* Set up */

static void
set_up (Fixture *f, gconstpointer data)
{
  GFile *files[N_SOURCES];

  f->folder = omni_test_make_folder ();
  for (guint i = 0; i < N_SOURCES; i++)
  {
    g_autofree char *name = g_strdup_printf ("%u.png", i);
    f->paths[i] = omni_test_write_picture (f->folder, name, 160, 120, 40 + 60 * i);
    files[i] = g_file_new_for_path (f->paths[i]);
  }
  g_application_open (G_APPLICATION (application), files, N_SOURCES, "");
  for (guint i = 0; i < N_SOURCES; i++)
    g_object_unref (files[i]);
  f->window = OMNI_WINDOW (gtk_application_get_active_window (GTK_APPLICATION (application)));

  omni_document_set_model (f->window->document, omni_model_find ("mean"));
  g_assert_true (omni_test_wait (has_four_cards, f->window));
  g_assert_true (omni_test_wait (is_in_place, f->window));
  g_assert_true (omni_test_wait (is_active, f->window));
  g_assert_true (omni_test_wait (has_settled, f->window));
  g_assert_true (omni_test_wait (has_picture, f->window));
  wait_for_layout (f);
}

static void
tear_down (Fixture *f, gconstpointer data)
{
  gtk_window_destroy (GTK_WINDOW (f->window));
  for (guint i = 0; i < N_SOURCES; i++)
    g_free (f->paths[i]);
  omni_test_remove_folder (f->folder);
}

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
expect_order (Fixture *f, const char *expected)
{
  Expectation expectation = { f->window, expected };

  if (!omni_test_wait (has_order, &expectation))
  {
    g_autofree char *order = get_order (f->window);
    g_assert_cmpstr (order, ==, expected);
  }
  wait_for_layout (f);
}

static void
locate_card (Fixture *f, guint position, double share, int *x, int *y)
{
  GtkWidget *card = GTK_WIDGET (omni_filmstrip_get_card (f->window->filmstrip, position));

  omni_pointer_locate (pointer, card, 60, gtk_widget_get_height (card) * share, x, y);
}

static gboolean
has_selection (gpointer data)
{
  OmniWindow *window = data;

  return omni_filmstrip_get_selected (window->filmstrip) != NULL;
}

static void
click_card (Fixture *f, guint position)
{
  int x, y;

  locate_card (f, position, 0.5, &x, &y);
  omni_pointer_move (pointer, x, y);
  omni_pointer_click (pointer, 1);
  g_assert_true (omni_test_wait (has_selection, f->window));
  g_assert_true (omni_test_wait (is_active, f->window));
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

static void
test_drag (Fixture *f, gconstpointer data)
{
  Drag drag = { .window = f->window, .gap = 2 };
  int x, y;

  /* The first card to the place after the third. */
  locate_card (f, 2, 0.5, &x, &y);
  locate_card (f, 0, 0.4, &drag.x, &drag.y);
  omni_pointer_move (pointer, drag.x, drag.y);
  omni_pointer_button (pointer, 1, TRUE);
  wait_for_layout (f);
  g_assert_true (omni_test_wait (is_dragging, &drag));
  g_assert_true (f->window->filmstrip->dragged != NULL);
  drag.x = x;
  drag.y = y;
  g_assert_true (omni_test_wait (has_gap, &drag));
  omni_pointer_button (pointer, 1, FALSE);
  expect_order (f, "1203");
  g_assert_null (f->window->filmstrip->dragged);
  g_assert_cmpint (f->window->filmstrip->gap, ==, -1);

  g_assert_true (omni_test_wait (has_settled, f->window));
  if (can_fuse)
    g_assert_cmpint (omni_document_get_order_check (f->window->document), ==, OMNI_ORDER_SAME);

  g_assert_true (omni_test_wait (is_active, f->window));
  omni_pointer_key (pointer, "z", GDK_CONTROL_MASK);
  expect_order (f, "0123");
  omni_pointer_key (pointer, "z", GDK_CONTROL_MASK | GDK_SHIFT_MASK);
  expect_order (f, "1203");
}

static void
test_keys (Fixture *f, gconstpointer data)
{
  click_card (f, 1);
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

static gboolean
sees_drag (gpointer data)
{
  Drag *drag = data;

  wiggle (drag);
  return gtk_widget_get_visible (drag->window->drop_sign);
}

static gboolean
has_looked (gpointer data)
{
  guint *left = data;

  (*left)--;
  return *left == 0;
}

/* GTK starts a drag once the pointer has left the spot, and the other program has its own pace. */
static void
drag_files (Helper *helper, Drag *drag, int x, int y, OmniTestCondition arrived)
{
  omni_pointer_locate_window (pointer, helper->xid, 40, 40, &drag->x, &drag->y);
  omni_pointer_move (pointer, drag->x, drag->y);
  omni_pointer_button (pointer, 1, TRUE);
  for (guint i = 0; i < 40; i++)
  {
    g_main_context_iteration (NULL, FALSE);
    omni_pointer_move (pointer, drag->x + (int)i, drag->y);
    g_usleep (5000);
  }
  drag->x = x;
  drag->y = y;
  g_assert_true (omni_test_wait (arrived, drag));
  /* The other program must have heard that the drop is welcome, which cannot be seen from here. */
  guint looks = 30;
  g_assert_true (omni_test_wait (has_looked, &looks));
  omni_pointer_button (pointer, 1, FALSE);
}

static void
test_drop_files (Fixture *f, gconstpointer data)
{
  g_autofree char *first = omni_test_write_picture (f->folder, "8.png", 160, 120, 90);
  g_autofree char *second = omni_test_write_picture (f->folder, "9.png", 160, 120, 150);
  g_autoptr (GError) error = NULL;
  Helper helper = { NULL, 0, FALSE };
  Drag drag = { .window = f->window, .gap = 2 };
  int x, y;

  start_helper (&helper, first, second);
  locate_card (f, 2, 0.5, &x, &y);
  drag_files (&helper, &drag, x, y, has_gap);
  expect_order (f, "018923");
  g_assert_false (gtk_widget_get_visible (f->window->drop_sign));
  g_assert_cmpint (f->window->filmstrip->gap, ==, -1);

  omni_document_undo (f->window->document);
  expect_order (f, "0123");
  omni_pointer_locate (pointer, GTK_WIDGET (f->window->viewer), 200, 100, &x, &y);
  drag_files (&helper, &drag, x, y, sees_drag);
  expect_order (f, "012389");
  g_assert_false (gtk_widget_get_visible (f->window->drop_sign));

  g_subprocess_force_exit (helper.process);
  g_subprocess_wait (helper.process, NULL, &error);
  g_object_unref (helper.process);
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

  return omni_viewer_get_side_by_side (viewer) && viewer->panes[0].mipmap != NULL
         && viewer->panes[1].mipmap != NULL && viewer->panes[0].texture != NULL
         && viewer->panes[1].texture != NULL;
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
zoom_with_wheel (Fixture *f, guint button)
{
  View view = { f->window->viewer, omni_viewer_get_zoom (f->window->viewer), 0 };

  omni_pointer_click (pointer, button);
  g_assert_true (omni_test_wait (zoom_differs, &view));
}

static void
test_view (Fixture *f, gconstpointer data)
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
  wait_for_layout (f);
  g_assert_cmpfloat (viewer->panes[0].scale, ==, viewer->panes[1].scale);
  g_assert_cmpfloat_with_epsilon (viewer->panes[0].x, viewer->panes[1].x, 1);
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
test_flip (Fixture *f, gconstpointer data)
{
  if (!can_fuse)
  {
    g_test_skip ("no Vulkan device");
    return;
  }
  g_assert_true (omni_test_wait (shows_result, f->window));
  click_card (f, 2);
  omni_pointer_key (pointer, "space", 0);
  g_assert_true (omni_test_wait (shows_source, f->window));
  omni_pointer_key (pointer, "space", 0);
  g_assert_true (omni_test_wait (shows_result, f->window));
  omni_pointer_key (pointer, "3", 0);
  g_assert_true (omni_test_wait (shows_source, f->window));
}

/* What a screen reader finds */

static void
exited_cb (GObject *object, GAsyncResult *result, gpointer data)
{
  g_subprocess_wait_finish (G_SUBPROCESS (object), result, NULL);
  *(guint *)data = 0;
}

static void
test_names (Fixture *f, gconstpointer data)
{
  g_autofree char *program = g_test_build_filename (G_TEST_BUILT, "ui", "names-helper", NULL);
  g_autofree char *pid = g_strdup_printf ("%d", getpid ());
  g_autoptr (GError) error = NULL;
  guint running = 1;

  if (!g_file_test (program, G_FILE_TEST_EXISTS))
  {
    g_test_skip ("built without AT-SPI");
    return;
  }
  const char *const arguments[] = { program,
                                    pid,
                                    "Sources",
                                    "Task",
                                    "Model",
                                    "Result",
                                    can_fuse ? "Order check" : "Result",
                                    "Save",
                                    "Cancel",
                                    "Open",
                                    "Undo",
                                    "Redo",
                                    "Menu",
                                    "Side by side",
                                    "Shuffle",
                                    "First picture",
                                    "Fit",
                                    "100 %",
                                    NULL };
  g_autoptr (GSubprocess) process = g_subprocess_newv (arguments, G_SUBPROCESS_FLAGS_NONE, &error);
  g_assert_no_error (error);
  g_subprocess_wait_async (process, NULL, exited_cb, &running);
  g_assert_true (omni_test_wait (is_zero, &running));
  g_assert_true (g_subprocess_get_if_exited (process));
  g_assert_cmpint (g_subprocess_get_exit_status (process), ==, 0);
}

/* Saving */

static GtkWindow *
find_dialog (OmniWindow *window)
{
  g_autoptr (GListModel) windows = g_object_ref (gtk_window_get_toplevels ());

  for (guint i = 0; i < g_list_model_get_n_items (windows); i++)
  {
    g_autoptr (GtkWindow) candidate = g_list_model_get_item (windows, i);
    if (GTK_IS_FILE_CHOOSER (candidate) && gtk_widget_get_mapped (GTK_WIDGET (candidate)))
      return candidate;
  }
  return NULL;
}

static gboolean
has_dialog (gpointer data)
{
  GtkWindow *dialog = find_dialog (data);

  return dialog != NULL && is_active (dialog);
}

static gboolean
is_whole (gpointer data)
{
  g_autoptr (OmniPicture) picture = omni_picture_read (data, NULL, NULL);

  return picture != NULL;
}

static void
test_save (Fixture *f, gconstpointer data)
{
  g_autofree char *path = g_build_filename (f->folder, "fused-mean.png", NULL);
  g_autoptr (GError) error = NULL;

  if (!can_fuse)
  {
    g_test_skip ("no Vulkan device");
    return;
  }
  omni_pointer_key (pointer, "s", GDK_CONTROL_MASK);
  g_assert_true (omni_test_wait (has_dialog, f->window));
  omni_pointer_key (pointer, "Return", 0);
  g_assert_true (omni_test_wait (is_whole, path));

  g_autoptr (OmniPicture) picture = omni_picture_read (path, NULL, &error);
  g_assert_no_error (error);
  g_autofree char *hash = omni_picture_hash (picture);
  g_assert_cmpstr (hash, ==, omni_document_get_result (f->window->document)->sha256);
}

static void
add (const char *name, void (*test) (Fixture *, gconstpointer))
{
  g_autofree char *path = g_strdup_printf ("/window/%s", name);

  g_test_add (path, Fixture, NULL, set_up, test, tear_down);
}

int
main (int argc, char **argv)
{
  g_autoptr (OmniEngine) engine = omni_engine_new (NULL);
  g_autoptr (GError) error = NULL;

  g_test_init (&argc, &argv, NULL);
  if (!gtk_init_check () || (pointer = omni_pointer_new ()) == NULL)
  {
    g_print ("1..0 # SKIP no display with a pointer to drive\n");
    return 0;
  }
  can_fuse = omni_engine_ensure_device (engine, NULL, NULL);
  application = omni_application_new ();
  g_application_set_flags (G_APPLICATION (application),
                           G_APPLICATION_NON_UNIQUE | G_APPLICATION_HANDLES_OPEN);
  g_application_register (G_APPLICATION (application), NULL, &error);
  g_assert_no_error (error);
  g_application_hold (G_APPLICATION (application));

  add ("names", test_names);
  add ("keys", test_keys);
  add ("drag", test_drag);
  add ("drop-files", test_drop_files);
  add ("view", test_view);
  add ("flip", test_flip);
  add ("save", test_save);
  const int status = g_test_run ();
  omni_pointer_free (pointer);
  return status;
}
