/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Sources and sets as a person handles them: several cards at once, a file in place of another, the clipboard, versions, and what is
 * there again after the program was killed. */
#include "app/document/gather.h"
#include "app/document/session.h"
#include "tests/ui/window-fixture.h"

#include "app/files/reader.h"
#include "app/files/writer.h"
#include "app/document/session-store.h"
#include "app/settings.h"
#include "ui/result-provider.h"

#include <signal.h>

static OmniPointer *pointer;
static gboolean can_fuse;

static const char *wanted_order;

static char *
get_order (OmniWindow *window)
{
  GString *order = g_string_new (NULL);

  for (guint i = 0; i < omni_document_get_n_sources (window->document); i++)
  {
    const char *path = omni_source_get_path (omni_document_get_source (window->document, i));
    g_string_append_c (order, strrchr (path, '/')[1]);
  }
  return g_string_free (order, FALSE);
}

static gboolean
has_order (gpointer data)
{
  g_autofree char *order = get_order (data);

  return g_str_equal (order, wanted_order);
}

static void
expect_order (OmniTestWindow *f, const char *order)
{
  wanted_order = order;
  if (omni_test_wait_seconds (has_order, f->window, 20))
    return;
  g_autofree char *is = get_order (f->window);
  g_assert_cmpstr (is, ==, order);
}

static void
select_range (OmniTestWindow *f, guint first, guint last)
{
  int x, y;

  omni_test_click_card (f, first);
  omni_test_locate_card (f, last, 0.5, &x, &y);
  omni_pointer_move (pointer, x, y);
  omni_pointer_hold (pointer, "Shift_L", TRUE);
  omni_pointer_click (pointer, 1);
  omni_pointer_hold (pointer, "Shift_L", FALSE);
}

static gboolean
has_two_selected (gpointer data)
{
  g_autoptr (GPtrArray) selected = omni_filmstrip_list_selected (((OmniWindow *)data)->filmstrip);

  return selected->len == 2;
}

/* Several cards */

static void
test_many (OmniTestWindow *f, gconstpointer data)
{
  select_range (f, 0, 1);
  g_assert_true (omni_test_wait (has_two_selected, f->window));
  omni_pointer_key (pointer, "Down", GDK_ALT_MASK);
  expect_order (f, "2013");
  g_assert_true (omni_test_wait (has_two_selected, f->window));
  omni_pointer_key (pointer, "Down", GDK_ALT_MASK);
  expect_order (f, "2301");
  omni_pointer_key (pointer, "Down", GDK_ALT_MASK);
  omni_pointer_key (pointer, "Up", GDK_ALT_MASK);
  expect_order (f, "2013");
  omni_pointer_key (pointer, "o", 0);
  for (guint i = 0; i < 400 && omni_document_get_active (f->window->document)->len != 2; i++)
    g_main_context_iteration (NULL, TRUE);
  g_assert_cmpuint (omni_document_get_active (f->window->document)->len, ==, 2);
  omni_pointer_key (pointer, "Delete", 0);
  expect_order (f, "23");
  omni_pointer_key (pointer, "z", GDK_CONTROL_MASK);
  expect_order (f, "2013");
}

typedef struct
{
  OmniWindow *window;
  int x, y, wiggle;
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
has_last_gap (gpointer data)
{
  Drag *drag = data;

  drag->wiggle = 1 - drag->wiggle;
  omni_pointer_move (pointer, drag->x, drag->y + drag->wiggle);
  return drag->window->filmstrip->gap == 2;
}

static gboolean
previews_last_gap (gpointer data)
{
  OmniDocument *document = ((OmniWindow *)data)->document;
  OmniFusionResult *preview = omni_document_get_preview (document);

  return preview != NULL && preview->sources->pdata[2] == omni_document_get_source (document, 0);
}

static gboolean
never (gpointer data)
{
  return FALSE;
}

/* The first two behind the others. A busy machine may answer a drop too late; then it is done again. */
static void
test_drag_many (OmniTestWindow *f, gconstpointer data)
{
  select_range (f, 0, 1);
  g_assert_true (omni_test_wait (has_two_selected, f->window));
  wanted_order = "2301";
  OmniSource *first = omni_document_get_source (f->window->document, 0);
  for (guint i = 0; i < 6 && !has_order (f->window); i++)
  {
    Drag drag = { .window = f->window };
    int x, y;
    omni_test_locate_card (f, 3, 0.7, &x, &y);
    omni_test_locate_card (f, 0, 0.4, &drag.x, &drag.y);
    omni_pointer_move (pointer, drag.x, drag.y);
    omni_pointer_button (pointer, 1, TRUE);
    omni_test_wait_for_layout (f);
    g_assert_true (omni_test_wait (is_dragging, &drag));
    g_assert_cmpuint (f->window->filmstrip->dragged->len, ==, 2);
    drag = (Drag){ f->window, x, y, 0 };
    g_assert_true (omni_test_wait (has_last_gap, &drag));
    /* The result as it would be is there before the cards are. */
    g_assert_true (!can_fuse || omni_test_wait (previews_last_gap, f->window));
    g_assert_true (omni_document_get_source (f->window->document, 0) == first);
    omni_test_wait_seconds (never, NULL, 1);
    omni_pointer_button (pointer, 1, FALSE);
    omni_test_wait_seconds (has_order, f->window, 8);
  }
  expect_order (f, "2301");
  g_assert_null (f->window->filmstrip->dragged);
}

static void
test_replace (OmniTestWindow *f, gconstpointer data)
{
  g_autofree char *path = omni_test_write_picture (f->folder, "x.png", 160, 120, 90);
  OmniSource *source = omni_document_get_source (f->window->document, 1);

  omni_document_set_role (f->window->document, source, OMNI_ROLE_INFRARED);
  omni_document_set_on (f->window->document, source, FALSE);
  omni_document_set_influence (f->window->document, source, 2);
  omni_window_replace_source (f->window, source, path);
  expect_order (f, "0x23");
  OmniSource *next = omni_document_get_source (f->window->document, 1);
  g_assert_cmpint (omni_source_get_role (next), ==, OMNI_ROLE_INFRARED);
  g_assert_false (omni_document_is_on (f->window->document, next));
  g_assert_cmpfloat (omni_document_get_influence (f->window->document, next), ==, 2);
  omni_document_undo (f->window->document);
  expect_order (f, "0123");
  omni_window_replace_source (f->window, source, f->paths[2]);
  for (guint i = 0; i < 2000 && !gtk_widget_get_visible (GTK_WIDGET (f->window->file_error)); i++)
    g_main_context_iteration (NULL, TRUE);
  g_assert_true (gtk_widget_get_visible (GTK_WIDGET (f->window->file_error)));
  expect_order (f, "0123");
}

/* The clipboard */

static void
test_paste (OmniTestWindow *f, gconstpointer data)
{
  GdkClipboard *clipboard = gtk_widget_get_clipboard (GTK_WIDGET (f->window));
  g_autoptr (GError) error = NULL;
  g_autofree char *path = omni_test_write_picture (f->folder, "y.png", 160, 120, 77);
  g_autoptr (GdkTexture) texture = gdk_texture_new_from_filename (f->paths[0], &error);

  g_assert_no_error (error);
  gdk_clipboard_set_texture (clipboard, texture);
  omni_test_click_card (f, 0);
  omni_pointer_key (pointer, "v", GDK_CONTROL_MASK);
  expect_order (f, "0123p");

  g_autoptr (GFile) file = g_file_new_for_path (path);
  GdkFileList *files = gdk_file_list_new_from_array (&file, 1);
  gdk_clipboard_set (clipboard, GDK_TYPE_FILE_LIST, files);
  g_boxed_free (GDK_TYPE_FILE_LIST, files);
  omni_pointer_key (pointer, "v", GDK_CONTROL_MASK);
  expect_order (f, "0123py");
}

/* The result, as a file manager takes it */

typedef struct
{
  GMemoryOutputStream *stream;
  gboolean done;
} Taking;

static void
taken_cb (GObject *object, GAsyncResult *result, gpointer data)
{
  Taking *taking = data;
  g_autoptr (GError) error = NULL;

  gdk_content_provider_write_mime_type_finish (GDK_CONTENT_PROVIDER (object), result, &error);
  g_assert_no_error (error);
  taking->done = TRUE;
}

static gboolean
is_taken (gpointer data)
{
  return ((Taking *)data)->done;
}

static void
test_drag_out (OmniTestWindow *f, gconstpointer data)
{
  g_autoptr (GOutputStream) stream = g_memory_output_stream_new_resizable ();
  Taking taking = { G_MEMORY_OUTPUT_STREAM (stream), FALSE };
  g_autoptr (GError) error = NULL;

  if (!can_fuse)
  {
    g_test_skip ("no Vulkan device");
    return;
  }
  OmniFusionResult *result = omni_document_get_result (f->window->document);
  g_autoptr (GdkContentProvider) provider = omni_result_provider_new (result);
  gdk_content_provider_write_mime_type_async (provider, "text/uri-list", stream, G_PRIORITY_DEFAULT, NULL,
                                              taken_cb, &taking);
  g_assert_true (omni_test_wait (is_taken, &taking));
  g_autofree char *list = g_strndup (g_memory_output_stream_get_data (taking.stream),
                                     g_memory_output_stream_get_data_size (taking.stream));
  g_auto (GStrv) uris = g_uri_list_extract_uris (list);
  g_assert_cmpuint (g_strv_length (uris), ==, 1);
  g_autofree char *path = g_filename_from_uri (uris[0], NULL, &error);
  g_assert_no_error (error);
  g_autoptr (OmniPicture) picture = omni_picture_read (path, NULL, &error);
  g_assert_no_error (error);
  g_autofree char *hash = omni_picture_hash (picture);
  g_assert_cmpstr (hash, ==, result->sha256);
}

/* And with the pointer: to a window that takes files */

static char *dropped;

static gboolean
drop_cb (GtkDropTarget *target, const GValue *value, double x, double y, gpointer data)
{
  g_autoptr (GSList) files = gdk_file_list_get_files (g_value_get_boxed (value));

  dropped = g_file_get_path (files->data);
  return TRUE;
}

static GtkWidget *
open_target (void)
{
  GtkWidget *window = gtk_window_new ();
  GtkDropTarget *target = gtk_drop_target_new (GDK_TYPE_FILE_LIST, GDK_ACTION_COPY);

  gtk_window_set_default_size (GTK_WINDOW (window), 300, 300);
  g_signal_connect (target, "drop", G_CALLBACK (drop_cb), NULL);
  gtk_widget_add_controller (window, GTK_EVENT_CONTROLLER (target));
  gtk_window_present (GTK_WINDOW (window));
  return window;
}

static gboolean
is_beside (gpointer target)
{
  int x, y;

  if (!gtk_widget_get_mapped (target))
    return FALSE;
  omni_pointer_locate_window (pointer, omni_pointer_get_xid (target), 0, 0, &x, &y);
  if (x > 1150)
    return TRUE;
  omni_pointer_place_window (pointer, omni_pointer_get_xid (target), 1200, 300);
  return FALSE;
}

static gboolean
is_dropped (gpointer data)
{
  return dropped != NULL;
}

static void
test_drag_out_by_pointer (OmniTestWindow *f, gconstpointer data)
{
  GtkWidget *handle = f->window->result_handle;
  g_autoptr (GError) error = NULL;
  int x, y, left, top;

  if (!can_fuse)
  {
    g_test_skip ("no Vulkan device");
    return;
  }
  GtkWidget *target = open_target ();
  g_assert_true (omni_test_wait (is_beside, target));
  /* A busy machine may answer a drop too late; then it is done again. */
  for (guint i = 0; i < 6 && dropped == NULL; i++)
  {
    omni_pointer_locate (pointer, handle, gtk_widget_get_width (handle) / 2.0,
                         gtk_widget_get_height (handle) / 2.0, &x, &y);
    omni_pointer_move (pointer, x, y);
    omni_test_wait_for_layout (f);
    omni_pointer_button (pointer, 1, TRUE);
    omni_test_wait_for_layout (f);
    for (int step = 1; step <= 20; step++)
    {
      omni_pointer_move (pointer, x + (1350 - x) * step / 20, y + (450 - y) * step / 20);
      omni_test_wait_for_layout (f);
    }
    omni_test_wait_seconds (never, NULL, 1);
    omni_pointer_button (pointer, 1, FALSE);
    omni_test_wait_seconds (is_dropped, NULL, 8);
  }
  g_assert_nonnull (dropped);
  g_autoptr (OmniPicture) picture = omni_picture_read (dropped, NULL, &error);
  g_assert_no_error (error);
  g_autofree char *hash = omni_picture_hash (picture);
  g_assert_cmpstr (hash, ==, omni_document_get_result (f->window->document)->sha256);
  omni_pointer_locate_window (pointer, omni_pointer_get_xid (GTK_WIDGET (f->window)), 0, 0, &left, &top);
  g_assert_cmpint (left, <, 60);
  g_assert_cmpint (top, <, 60);
  gtk_window_destroy (GTK_WINDOW (target));
  g_clear_pointer (&dropped, g_free);
}

/* Versions */

static gboolean
shows_second_version (gpointer data)
{
  OmniWindow *window = data;
  OmniSubject *subject = omni_viewer_get_subject (window->viewer, 0);
  OmniFusionVersion *version = omni_versions_get (omni_document_get_versions (window->document), 1);
  OmniFusionResult *result = version != NULL ? omni_fusion_version_get_result (version) : NULL;

  return subject != NULL && result != NULL
         && omni_subject_get_identity (subject) == (gpointer)result->picture;
}

static gboolean
has_two_versions (gpointer data)
{
  OmniWindow *window = data;

  return omni_test_has_settled (window)
         && omni_versions_get_n (omni_document_get_versions (window->document)) == 2;
}

static void
test_versions (OmniTestWindow *f, gconstpointer data)
{
  if (!can_fuse)
  {
    g_test_skip ("no Vulkan device");
    return;
  }
  omni_document_set_model (f->window->document, omni_model_find ("max"));
  g_assert_true (omni_test_wait (has_two_versions, f->window));
  omni_test_wait_for_layout (f);
  g_assert_false (shows_second_version (f->window));
  omni_test_click_card (f, 0);
  omni_pointer_key (pointer, "comma", 0);
  g_assert_true (omni_test_wait (shows_second_version, f->window));
  omni_pointer_key (pointer, "period", 0);
  for (guint i = 0; i < 400 && shows_second_version (f->window); i++)
    g_main_context_iteration (NULL, TRUE);
  g_assert_false (shows_second_version (f->window));
}

/* Named and deleted with pointer and keys, and undone */

static gboolean
has_name_field (gpointer data)
{
  return omni_test_find_widget (GTK_WIDGET (((OmniWindow *)data)->versions), GTK_TYPE_ENTRY) != NULL;
}

static gboolean
has_no_name_field (gpointer data)
{
  return !has_name_field (data);
}

static const char *wanted_name;

static gboolean
has_name (gpointer data)
{
  return g_str_equal (omni_fusion_version_get_name (data), wanted_name);
}

static gboolean
has_no_versions (gpointer data)
{
  return omni_versions_get_n (omni_document_get_versions (((OmniWindow *)data)->document)) == 0;
}

static gboolean
has_one_version (gpointer data)
{
  return omni_versions_get_n (omni_document_get_versions (((OmniWindow *)data)->document)) == 1;
}

static void
test_name_version (OmniTestWindow *f, gconstpointer data)
{
  GtkWidget *versions = GTK_WIDGET (f->window->versions);
  int x, y;

  if (!can_fuse)
  {
    g_test_skip ("no Vulkan device");
    return;
  }
  OmniFusionVersion *version = omni_versions_get (omni_document_get_versions (f->window->document), 0);
  omni_pointer_locate (pointer, versions, gtk_widget_get_width (versions) / 2.0,
                       gtk_widget_get_height (versions) / 2.0, &x, &y);
  omni_pointer_move (pointer, x, y);
  omni_pointer_click (pointer, 1);
  g_assert_true (omni_test_wait (has_name_field, f->window));
  GtkWidget *field = omni_test_find_widget (versions, GTK_TYPE_ENTRY);
  gtk_widget_grab_focus (field);
  omni_test_wait_for_layout (f);
  omni_pointer_key (pointer, "a", GDK_CONTROL_MASK);
  omni_pointer_key (pointer, "x", 0);
  omni_pointer_key (pointer, "y", 0);
  omni_test_wait_for_layout (f);
  g_assert_cmpstr (omni_fusion_version_get_name (version), ==, "Mean");
  omni_pointer_key (pointer, "Return", 0);
  wanted_name = "xy";
  g_assert_true (omni_test_wait (has_name, version));
  gtk_popover_popdown (GTK_POPOVER (gtk_widget_get_ancestor (field, GTK_TYPE_POPOVER)));
  g_assert_true (omni_test_wait (has_no_name_field, f->window));
  omni_test_click_card (f, 0);
  omni_pointer_key (pointer, "z", GDK_CONTROL_MASK);
  wanted_name = "Mean";
  g_assert_true (omni_test_wait (has_name, version));

  g_signal_emit_by_name (versions, "delete-version", version);
  g_assert_true (omni_test_wait (has_no_versions, f->window));
  omni_pointer_key (pointer, "z", GDK_CONTROL_MASK);
  g_assert_true (omni_test_wait (has_one_version, f->window));
  omni_pointer_key (pointer, "z", GDK_CONTROL_MASK | GDK_SHIFT_MASK);
  g_assert_true (omni_test_wait (has_no_versions, f->window));
}

/* What a file does not hold is said, and what was chosen for it is there the next time */

static gboolean
has_deep_result (gpointer data)
{
  OmniWindow *window = data;
  OmniFusionResult *result = omni_document_get_result (window->document);

  return omni_test_has_settled (window) && result != NULL
         && omni_picture_get_sample_type (result->picture) == OMNI_SAMPLE_U16;
}

static gboolean
says_losses (gpointer data)
{
  return gtk_widget_get_mapped (GTK_WIDGET (((OmniWindow *)data)->losses_bar));
}

static void
test_losses (OmniTestWindow *f, gconstpointer data)
{
  g_autoptr (GPtrArray) all = g_ptr_array_ref (omni_document_get_sources (f->window->document));
  g_autofree char *deep = g_build_filename (f->folder, "deep.png", NULL);
  g_autofree char *copy = g_build_filename (f->folder, "deep2.png", NULL);
  g_autoptr (OmniPicture) picture = omni_picture_read (f->paths[0], NULL, NULL);
  g_autoptr (OmniPicture) other = omni_picture_read (f->paths[1], NULL, NULL);
  const OmniWriteOptions options = { .depth = OMNI_DEPTH_16 };

  if (!can_fuse)
  {
    g_test_skip ("no Vulkan device");
    return;
  }
  g_assert_true (omni_picture_write (picture, deep, &options, NULL));
  g_assert_true (omni_picture_write (other, copy, &options, NULL));
  omni_document_remove (f->window->document, all);
  omni_window_add_paths (f->window, (const char *const[]){ deep, copy, NULL }, 0);
  g_assert_true (omni_test_wait (has_deep_result, f->window));
  g_assert_true (omni_test_wait (omni_test_is_active, f->window));
  g_assert_true (omni_settings_set (OMNI_SETTING_EXPORT_QUALITY, "90", NULL));
  omni_pointer_key (pointer, "s", GDK_CONTROL_MASK);
  g_assert_true (omni_test_wait (omni_test_has_dialog, f->window));
  GtkFileChooser *chooser = GTK_FILE_CHOOSER (f->window->chooser);
  g_assert_cmpstr (gtk_file_chooser_get_choice (chooser, OMNI_SETTING_EXPORT_QUALITY), ==, "90");
  g_assert_cmpstr (gtk_file_chooser_get_choice (chooser, OMNI_SETTING_EXPORT_DEPTH), ==, "own");
  gtk_file_chooser_set_current_name (chooser, "small.jpg");
  omni_pointer_key (pointer, "Return", 0);
  g_assert_true (omni_test_wait (says_losses, f->window));
  const char *words = gtk_label_get_text (f->window->losses_text);
  g_assert_nonnull (strstr (words, "small.jpg"));
  g_assert_nonnull (strstr (words, "8 of 16 bits"));
  g_assert_true (omni_settings_is (OMNI_SETTING_EXPORT_QUALITY, "90"));
}

/* Killed */

static gboolean
has_kept (gpointer data)
{
  g_autoptr (GDir) dir = g_dir_open (data, 0, NULL);
  const char *name;

  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    if (g_str_has_suffix (name, ".open"))
      return TRUE;
  return FALSE;
}

static void
exited_cb (GObject *object, GAsyncResult *result, gpointer data)
{
  g_subprocess_wait_finish (G_SUBPROCESS (object), result, NULL);
  *(guint *)data = 0;
}

static void
wait_for_exit (GSubprocess *process)
{
  guint running = 1;

  g_subprocess_wait_async (process, NULL, exited_cb, &running);
  g_assert_true (omni_test_wait (omni_test_is_zero, &running));
}

static GSubprocess *
start_program (const char *state, const char *const *paths)
{
  g_autoptr (GSubprocessLauncher) launcher = g_subprocess_launcher_new (G_SUBPROCESS_FLAGS_STDERR_SILENCE);
  g_autofree char *program = g_test_build_filename (G_TEST_BUILT, "..", "omnifuse", NULL);
  g_autoptr (GPtrArray) arguments = g_ptr_array_new ();
  g_autoptr (GError) error = NULL;

  g_subprocess_launcher_setenv (launcher, "XDG_STATE_HOME", state, TRUE);
  g_ptr_array_add (arguments, program);
  for (guint i = 0; paths != NULL && paths[i] != NULL; i++)
    g_ptr_array_add (arguments, (gpointer)paths[i]);
  g_ptr_array_add (arguments, NULL);
  GSubprocess *process = g_subprocess_launcher_spawnv (launcher, (const char *const *)arguments->pdata,
                                                       &error);
  g_assert_no_error (error);
  return process;
}

static void
test_killed (OmniTestWindow *f, gconstpointer data)
{
  g_autofree char *helper = g_test_build_filename (G_TEST_BUILT, "ui", "names-helper", NULL);
  g_autofree char *program = g_test_build_filename (G_TEST_BUILT, "..", "omnifuse", NULL);
  char *state = omni_test_make_folder ();
  g_autofree char *sessions = g_build_filename (state, "omnifuse", "sessions", NULL);
  g_autofree char *a = omni_test_write_picture (f->folder, "one.png", 160, 120, 50);
  g_autofree char *b = omni_test_write_picture (f->folder, "two.png", 160, 120, 150);
  g_autoptr (GError) error = NULL;

  if (!g_file_test (helper, G_FILE_TEST_EXISTS) || !g_file_test (program, G_FILE_TEST_EXISTS))
  {
    g_test_skip ("built without AT-SPI, or the program is not built");
    omni_test_remove_folder (state);
    return;
  }
  g_autoptr (GSubprocess) first = start_program (state, (const char *const[]){ a, b, NULL });
  g_assert_true (omni_test_wait (has_kept, sessions));
  g_subprocess_send_signal (first, SIGKILL);
  wait_for_exit (first);

  g_autoptr (GSubprocess) second = start_program (state, NULL);
  const char *const names[] = { helper, g_subprocess_get_identifier (second), "one.png, 1 of 2",
                                "two.png, 2 of 2", NULL };
  g_autoptr (GSubprocess) looking = g_subprocess_newv (names, G_SUBPROCESS_FLAGS_NONE, &error);
  g_assert_no_error (error);
  wait_for_exit (looking);
  g_assert_cmpint (g_subprocess_get_exit_status (looking), ==, 0);
  g_subprocess_send_signal (second, SIGTERM);
  wait_for_exit (second);
  omni_test_remove_folder (state);
}

/* Another set in the same window is another session */

static gboolean
is_kept (gpointer data)
{
  OmniWindow *window = data;

  return window->session_path != NULL && !window->keeping && window->keep_id == 0
         && g_file_test (window->session_path, G_FILE_TEST_EXISTS);
}

static gboolean
has_two (gpointer data)
{
  return omni_document_get_n_sources (((OmniWindow *)data)->document) == 2;
}

static void
test_session_apart (OmniTestWindow *f, gconstpointer data)
{
  g_autofree char *path = g_build_filename (f->folder, "other.omnifuse", NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (OmniDocument) other = omni_document_new (omni_document_get_engine (f->window->document));
  g_autoptr (GPtrArray)
    sources = omni_gather_sources ((const char *const[]){ f->paths[0], f->paths[1], NULL }, NULL, &error);

  g_assert_no_error (error);
  omni_document_insert (other, 0, sources);
  omni_document_cancel (other);
  g_autoptr (OmniSession) written = omni_session_new (other);
  g_assert_true (omni_session_save (written, path, FALSE, &error));
  g_assert_no_error (error);

  g_assert_true (omni_test_wait (is_kept, f->window));
  g_autofree char *first = g_strdup (f->window->session_path);
  g_assert_true (omni_window_open_session (f->window, path));
  g_assert_true (omni_test_wait (has_two, f->window));
  g_assert_true (omni_test_wait (is_kept, f->window));
  g_assert_cmpstr (f->window->session_path, !=, first);
  g_autoptr (OmniSession) kept = omni_session_load (first, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (omni_session_get_n_sources (kept), ==, N_SOURCES);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  pointer = omni_test_window_start (&can_fuse);
  if (pointer == NULL)
    return 0;
  omni_test_window_add ("/sources/many", test_many);
  omni_test_window_add ("/sources/drag-many", test_drag_many);
  omni_test_window_add ("/sources/replace", test_replace);
  omni_test_window_add ("/sources/paste", test_paste);
  omni_test_window_add ("/sources/drag-out", test_drag_out);
  omni_test_window_add ("/sources/drag-out-by-pointer", test_drag_out_by_pointer);
  omni_test_window_add ("/versions/flip", test_versions);
  omni_test_window_add ("/versions/name", test_name_version);
  omni_test_window_add ("/save/losses", test_losses);
  omni_test_window_add ("/session/killed", test_killed);
  omni_test_window_add ("/session/apart", test_session_apart);
  const int status = g_test_run ();
  omni_pointer_free (pointer);
  return status;
}
