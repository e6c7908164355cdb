/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The studio's tools as a person uses them: options, sizes, switching sources off, regions, metrics, comparing models. */
#include "app/files/writer.h"
#include "tests/ui/window-fixture.h"

static OmniPointer *pointer;
static gboolean can_fuse;

static gboolean
skip (void)
{
  if (!can_fuse)
    g_test_skip ("no Vulkan device");
  return !can_fuse;
}

static void
settle (OmniTestWindow *f)
{
  g_assert_true (omni_test_wait (omni_test_has_settled, f->window));
  g_assert_cmpstr (omni_document_get_error (f->window->document), ==, NULL);
  omni_test_wait_for_layout (f);
}

/* Options */

static gboolean
has_control (gpointer data)
{
  OmniWindow *window = data;
  GtkWidget *control = omni_options_button_get_control (window->options, "contrast");

  return control != NULL && gtk_widget_get_mapped (control) && gtk_widget_get_height (control) > 0;
}

static gboolean
has_no_control (gpointer data)
{
  return !has_control (data);
}

static gboolean
has_option (gpointer data)
{
  OmniWindow *window = data;
  OmniFusionResult *result = omni_document_get_result (window->document);

  return omni_test_has_settled (window) && result != NULL && g_str_equal (result->options, "contrast=1.1");
}

static gboolean
has_no_option (gpointer data)
{
  OmniWindow *window = data;
  OmniFusionResult *result = omni_document_get_result (window->document);

  return omni_test_has_settled (window) && result != NULL && result->options[0] == '\0';
}

static void
test_options (OmniTestWindow *f, gconstpointer data)
{
  OmniWindow *window = f->window;

  if (skip ())
    return;
  omni_document_set_model (window->document, omni_model_find ("mertens"));
  settle (f);
  omni_test_click (GTK_WIDGET (window->options));
  g_assert_true (omni_test_wait (has_control, window));
  GtkWidget *control = omni_options_button_get_control (window->options, "contrast");
  const OmniModelOption *contrast = &omni_model_find ("mertens")->options[0];
  g_autofree char *spoken = g_strdup_printf ("%s: %s", contrast->title, contrast->summary);
  gtk_test_accessible_assert_property (control, GTK_ACCESSIBLE_PROPERTY_LABEL, "contrast");
  gtk_test_accessible_assert_property (control, GTK_ACCESSIBLE_PROPERTY_DESCRIPTION, spoken);
  gtk_widget_grab_focus (control);
  omni_pointer_key (pointer, "Up", 0);
  g_assert_true (omni_test_wait (has_option, window));
  omni_pointer_key (pointer, "Escape", 0);
  g_assert_true (omni_test_wait (has_no_control, window));
  g_assert_true (omni_test_wait (omni_test_is_active, window));
  omni_pointer_key (pointer, "z", GDK_CONTROL_MASK);
  g_assert_true (omni_test_wait (has_no_option, window));
  g_assert_cmpfloat (gtk_spin_button_get_value (GTK_SPIN_BUTTON (control)), ==, 1);
}

/* A choice is shown in words with the key that the command line takes, which alone is what is set. */
static void
test_choices (OmniTestWindow *f, gconstpointer data)
{
  OmniWindow *window = f->window;

  if (skip ())
    return;
  omni_document_set_model (window->document, omni_model_find ("omni"));
  settle (f);
  GtkWidget *control = omni_options_button_get_control (window->options, "chroma");
  GListModel *words = gtk_drop_down_get_model (GTK_DROP_DOWN (control));
  g_assert_cmpstr (gtk_string_list_get_string (GTK_STRING_LIST (words), 0), ==, "automatic (auto)");
  gtk_drop_down_set_selected (GTK_DROP_DOWN (control), 1);
  settle (f);
  g_assert_cmpstr (omni_document_get_result (window->document)->options, ==, "chroma=weights");
}

/* However many options a model has, they fit on a small screen. */
static void
test_height (OmniTestWindow *f, gconstpointer data)
{
  OmniWindow *window = f->window;
  int natural;

  if (skip ())
    return;
  omni_document_set_model (window->document, omni_model_find ("omni"));
  settle (f);
  omni_test_click (GTK_WIDGET (window->options));
  GtkWidget *control = omni_options_button_get_control (window->options, "saturation");
  gtk_widget_measure (gtk_widget_get_ancestor (control, GTK_TYPE_POPOVER), GTK_ORIENTATION_VERTICAL, -1, NULL,
                      &natural, NULL, NULL);
  g_assert_cmpint (natural, <=, 560);
  omni_pointer_key (pointer, "Escape", 0);
  g_assert_true (omni_test_wait (omni_test_is_active, window));
}

/* Switching off */

static gboolean
has_three_active (gpointer data)
{
  return omni_document_get_active (((OmniWindow *)data)->document)->len == 3;
}

static gboolean
has_four_active (gpointer data)
{
  return omni_document_get_active (((OmniWindow *)data)->document)->len == 4;
}

static GtkWidget *
find_check (GtkWidget *widget)
{
  GtkWidget *found = GTK_IS_CHECK_BUTTON (widget) ? widget : NULL;

  for (GtkWidget *child = gtk_widget_get_first_child (widget); child != NULL && found == NULL;
       child = gtk_widget_get_next_sibling (child))
    found = find_check (child);
  return found;
}

static void
test_switch_off (OmniTestWindow *f, gconstpointer data)
{
  OmniWindow *window = f->window;

  omni_test_click_card (f, 1);
  omni_pointer_key (pointer, "o", 0);
  g_assert_true (omni_test_wait (has_three_active, window));
  g_assert_false (omni_document_is_on (window->document, omni_document_get_source (window->document, 1)));
  settle (f);
  GtkWidget *card = GTK_WIDGET (omni_filmstrip_get_card (window->filmstrip, 1));
  g_assert_true (gtk_widget_has_css_class (card, "off"));
  omni_pointer_key (pointer, "z", GDK_CONTROL_MASK);
  g_assert_true (omni_test_wait (has_four_active, window));
  omni_test_wait_for_layout (f);
  g_assert_false (gtk_widget_has_css_class (card, "off"));
  settle (f);

  GtkWidget *check = find_check (GTK_WIDGET (omni_filmstrip_get_card (window->filmstrip, 2)));
  omni_test_click (check);
  g_assert_true (omni_test_wait (has_three_active, window));
  g_assert_false (omni_document_is_on (window->document, omni_document_get_source (window->document, 2)));
  omni_test_click (check);
  g_assert_true (omni_test_wait (has_four_active, window));
}

/* Sizes */

static gboolean
asks_about_sizes (gpointer data)
{
  OmniWindow *window = data;

  return gtk_widget_get_mapped (GTK_WIDGET (window->size_bar)) && !omni_document_is_busy (window->document);
}

static gboolean
is_resized (gpointer data)
{
  OmniWindow *window = data;
  OmniFusionResult *result = omni_document_get_result (window->document);

  return omni_test_has_settled (window) && result != NULL && result->sources->len == N_SOURCES + 1
         && !gtk_widget_get_visible (GTK_WIDGET (window->size_bar));
}

static void
test_sizes (OmniTestWindow *f, gconstpointer data)
{
  OmniWindow *window = f->window;
  g_autofree char *path = omni_test_write_picture (f->folder, "small.png", 80, 60, 90);

  if (skip ())
    return;
  omni_window_open_paths (window, (const char *const[]){ path, NULL });
  g_assert_true (omni_test_wait (asks_about_sizes, window));
  g_assert_nonnull (strstr (gtk_label_get_text (window->size_text), "80 × 60"));
  g_assert_false (gtk_widget_get_visible (GTK_WIDGET (window->fusion_error)));
  g_assert_false (gtk_widget_get_visible (window->fuse_button));
  g_assert_true (gtk_widget_activate_action (GTK_WIDGET (window), "win.resize", NULL));
  g_assert_true (omni_test_wait (is_resized, window));
  OmniSource *small = omni_document_get_source (window->document, N_SOURCES);
  g_assert_true (omni_document_resizes (window->document, small));
}

/* Regions */

static gboolean
has_region (gpointer data)
{
  OmniWindow *window = data;
  GdkRectangle region;

  return omni_viewer_get_region (window->viewer, 160, 120, &region) && !window->viewer->selecting;
}

static gboolean
has_no_region (gpointer data)
{
  return !has_region (data);
}

static void
drag_region (OmniTestWindow *f, gboolean shift, int step)
{
  int x, y;

  omni_pointer_locate (pointer, GTK_WIDGET (f->window->viewer),
                       gtk_widget_get_width (GTK_WIDGET (f->window->viewer)) / 2.0,
                       gtk_widget_get_height (GTK_WIDGET (f->window->viewer)) / 2.0, &x, &y);
  omni_pointer_move (pointer, x, y);
  if (shift)
    omni_pointer_hold (pointer, "Shift_L", TRUE);
  omni_pointer_button (pointer, 1, TRUE);
  for (int i = 1; i <= 10; i++)
    omni_pointer_move (pointer, x + step * i, y + step * i);
  omni_pointer_button (pointer, 1, FALSE);
  if (shift)
    omni_pointer_hold (pointer, "Shift_L", FALSE);
}

static void
test_region (OmniTestWindow *f, gconstpointer data)
{
  OmniViewer *viewer = f->window->viewer;
  const double zoom = omni_viewer_get_zoom (viewer);
  const double centre = viewer->centre_x;
  GdkRectangle region;

  drag_region (f, TRUE, 6);
  g_assert_true (omni_test_wait (has_region, f->window));
  g_assert_cmpfloat (viewer->centre_x, ==, centre); /* it did not pan */
  omni_viewer_get_region (viewer, 160, 120, &region);
  g_assert_cmpint (ABS (region.x - 80), <=, 1);
  g_assert_cmpint (ABS (region.y - 60), <=, 1);
  g_assert_cmpfloat_with_epsilon (region.width, 60 / zoom, 1);
  g_assert_cmpfloat_with_epsilon (region.height, 60 / zoom, 1);

  omni_pointer_key (pointer, "Escape", 0);
  g_assert_true (omni_test_wait (has_no_region, f->window));
  omni_pointer_key (pointer, "r", 0); /* all of a picture that fits */
  g_assert_true (omni_test_wait (has_region, f->window));
  omni_viewer_get_region (viewer, 160, 120, &region);
  g_assert_cmpint (region.width, ==, 160);
  g_assert_cmpint (region.height, ==, 120);
  omni_pointer_key (pointer, "Escape", 0);
  g_assert_true (omni_test_wait (has_no_region, f->window));

  g_action_group_activate_action (G_ACTION_GROUP (f->window), "region", NULL); /* the tool needs no Shift */
  drag_region (f, FALSE, 6);
  g_assert_true (omni_test_wait (has_region, f->window));
}

/* Metrics */

static gboolean
is_scored (gpointer data)
{
  OmniWindow *window = data;
  OmniComparisonRow *row = omni_comparison_get_current (window->comparison);
  double value;

  return row != NULL && !omni_comparison_is_busy (window->comparison)
         && omni_comparison_row_get_score (row, 0, &value)
         && gtk_widget_get_mapped (GTK_WIDGET (window->metrics));
}

static gboolean
is_compared (gpointer data)
{
  OmniWindow *window = data;

  return g_list_model_get_n_items (G_LIST_MODEL (window->comparison)) > 3
         && !omni_comparison_is_busy (window->comparison);
}

static gboolean
shows_other_result (gpointer data)
{
  OmniWindow *window = data;
  OmniSubject *subject = omni_viewer_get_subject (window->viewer, 0);

  return subject != NULL && omni_subject_get_result (subject) != NULL && !omni_subject_is_newest (subject)
         && window->viewer->panes[0].loading == NULL;
}

static gboolean
has_selected_row (gpointer data)
{
  return omni_compare_view_get_selected (((OmniWindow *)data)->compare) != NULL;
}

static void
read_text_cb (GObject *object, GAsyncResult *result, gpointer data)
{
  *(char **)data = gdk_clipboard_read_text_finish (GDK_CLIPBOARD (object), result, NULL);
}

static gboolean
has_text (gpointer data)
{
  return *(char **)data != NULL;
}

static void
test_metrics (OmniTestWindow *f, gconstpointer data)
{
  OmniWindow *window = f->window;
  g_autofree char *text = NULL;
  double whole, part;

  if (skip ())
    return;
  omni_document_set_task (window->document, OMNI_TASK_EXPOSURE);
  settle (f);
  g_assert_false (omni_comparison_is_busy (window->comparison)); /* nobody looks */
  omni_pointer_key (pointer, "m", 0);
  g_assert_true (omni_test_wait (is_scored, window));
  omni_comparison_row_get_score (omni_comparison_get_current (window->comparison), 0, &whole);

  omni_test_wait_for_layout (f);
  drag_region (f, TRUE, 20);
  g_assert_true (omni_test_wait (has_region, window));
  g_assert_true (omni_test_wait (is_scored, window));
  omni_comparison_row_get_score (omni_comparison_get_current (window->comparison), 0, &part);
  g_assert_cmpfloat (part, !=, whole);

  g_assert_true (gtk_widget_activate_action (GTK_WIDGET (window), "win.copy-metrics", NULL));
  gdk_clipboard_read_text_async (gtk_widget_get_clipboard (GTK_WIDGET (window)), NULL, read_text_cb, &text);
  g_assert_true (omni_test_wait (has_text, &text));
  g_autofree char *shown = g_strdup_printf ("%.4f", part);
  g_assert_nonnull (strstr (text, shown));
  g_assert_nonnull (strstr (text, "region"));
}

static void
test_compare (OmniTestWindow *f, gconstpointer data)
{
  OmniWindow *window = f->window;
  int x, y;

  if (skip ())
    return;
  omni_pointer_key (pointer, "c", 0);
  g_assert_true (omni_test_wait (is_compared, window));
  g_assert_true (gtk_widget_get_mapped (GTK_WIDGET (window->compare)));
  omni_test_wait_for_layout (f);

  /* The best is on top, and can be seen there. */
  g_autoptr (GPtrArray) rows = omni_compare_view_get_rows (window->compare);
  double least, greatest, first;
  g_assert_true (omni_comparison_get_bounds (window->comparison, 0, &least, &greatest));
  g_assert_true (omni_comparison_row_get_score (rows->pdata[0], 0, &first));
  g_assert_cmpfloat (first, ==, greatest);
  omni_test_wait_for_layout (f);
  g_assert_cmpfloat (omni_compare_view_get_scroll (window->compare), ==, 0);

  /* A click on a row shows its result; the document's stays what it is. */
  const char *model = omni_document_get_effective_model (window->document)->name;
  omni_pointer_locate (pointer, GTK_WIDGET (window->compare), 60,
                       gtk_widget_get_height (GTK_WIDGET (window->compare)) * 0.5, &x, &y);
  omni_pointer_move (pointer, x, y);
  omni_pointer_click (pointer, 1);
  g_assert_true (omni_test_wait (has_selected_row, window));
  if (omni_compare_view_get_selected (window->compare) == omni_comparison_get_current (window->comparison))
    omni_pointer_key (pointer, "Down", 0);
  g_assert_true (omni_test_wait (shows_other_result, window));
  g_assert_true (omni_subject_get_result (omni_viewer_get_subject (window->viewer, 0))
                 == omni_comparison_row_get_result (omni_compare_view_get_selected (window->compare)));
  g_assert_cmpstr (omni_document_get_effective_model (window->document)->name, ==, model);
}

static gboolean
is_page (gpointer data)
{
  g_autofree char *page = NULL;

  return g_file_get_contents (data, &page, NULL, NULL) && strstr (page, "</html>") != NULL;
}

static void
test_export (OmniTestWindow *f, gconstpointer data)
{
  g_autofree char *path = g_build_filename (f->folder, "comparison.html", NULL);

  if (skip ())
    return;
  omni_pointer_key (pointer, "m", 0);
  g_assert_true (omni_test_wait (is_scored, f->window));
  g_assert_true (gtk_widget_activate_action (GTK_WIDGET (f->window), "win.export-metrics", NULL));
  g_assert_true (omni_test_wait (omni_test_has_dialog, f->window));
  omni_pointer_key (pointer, "Return", 0);
  g_assert_true (omni_test_wait (is_page, path));
}

/* The last window goes while a file is written */

static void
write_slowly (GTask *task, gpointer source_object, gpointer task_data, GCancellable *cancellable)
{
  g_usleep (G_USEC_PER_SEC / 2);
  g_assert_true (g_file_set_contents (task_data, "whole", -1, NULL));
  g_task_return_pointer (task, NULL, NULL); /* nothing was dropped */
}

/* What a bar takes to slide in. */
#define SLIDE_MS 600

/* Longer than the window keeps quiet about it. */
static void
write_until_cancelled (GTask *task, gpointer source_object, gpointer task_data, GCancellable *cancellable)
{
  const OmniWriteOptions options = { .force = TRUE, .cancellable = cancellable };
  g_autofree guint8 *samples = g_malloc0 (64 * 64);
  GError *error = NULL;
  g_autoptr (OmniPicture)
    picture = omni_picture_new (64, 64, 1, FALSE, OMNI_SAMPLE_U8,
                                g_bytes_new_take (g_steal_pointer (&samples), 64 * 64), NULL, NULL, &error);
  g_assert_no_error (error);
  omni_window_note_written (0.4, task);
  while (!g_cancellable_is_cancelled (cancellable))
    g_usleep (1000);
  g_assert_false (omni_picture_write (picture, task_data, &options, &error));
  g_task_return_error (task, error);
}

static gboolean
is_writing (gpointer data)
{
  return gtk_widget_get_mapped (GTK_WIDGET (((OmniWindow *)data)->writing_bar));
}

static gboolean
is_not_writing (gpointer data)
{
  return !is_writing (data) && !omni_work_bar_is_busy (((OmniWindow *)data)->writing_bar);
}

/* (transfer none) (nullable) A label that begins with it. */
static GtkWidget *
find_words (GtkWidget *widget, const char *words)
{
  if (GTK_IS_LABEL (widget) && g_str_has_prefix (gtk_label_get_text (GTK_LABEL (widget)), words))
    return widget;
  for (GtkWidget *child = gtk_widget_get_first_child (widget); child != NULL;
       child = gtk_widget_get_next_sibling (child))
  {
    GtkWidget *found = find_words (child, words);
    if (found != NULL)
      return found;
  }
  return NULL;
}

static gboolean
says_how_far (gpointer data)
{
  GtkWidget *label = find_words (GTK_WIDGET (((OmniWindow *)data)->writing_bar), "Saving “kept.png”… 40 %, ");

  return label != NULL && g_str_has_suffix (gtk_label_get_text (GTK_LABEL (label)), " s left");
}

static void
test_cancel_saving (OmniTestWindow *f, gconstpointer data)
{
  g_autofree char *path = g_build_filename (f->folder, "kept.png", NULL);
  g_autofree char *kept = NULL;

  settle (f);
  g_assert_true (g_file_set_contents (path, "kept", -1, NULL));
  omni_window_write (f->window, path, write_until_cancelled, g_strdup (path), g_free);
  g_assert_false (is_writing (f->window));
  g_assert_true (omni_test_wait (is_writing, f->window));
  omni_test_turn (SLIDE_MS);
  g_assert_true (omni_test_wait (says_how_far, f->window));
  GtkWidget *button = omni_test_find_button (GTK_WIDGET (f->window->writing_bar), "win.cancel-saving");
  g_assert_nonnull (button);
  omni_test_click (button);
  g_assert_true (omni_test_wait (is_not_writing, f->window));
  g_assert_false (gtk_info_bar_get_revealed (f->window->file_error));
  g_assert_true (g_file_get_contents (path, &kept, NULL, NULL));
  g_assert_cmpstr (kept, ==, "kept");
}

static gboolean
close_all_cb (gpointer data)
{
  OmniTestWindow *f = data;
  char *path = g_build_filename (f->folder, "slow.txt", NULL);
  GApplication *application = g_application_get_default ();

  omni_window_write (f->window, path, write_slowly, path, g_free);
  g_application_release (application); /* the fixture's */
  g_action_group_activate_action (G_ACTION_GROUP (application), "quit", NULL);
  g_assert_null (gtk_application_get_windows (GTK_APPLICATION (application)));
  f->window = NULL;
  return G_SOURCE_REMOVE;
}

/* The application has ended after this one. */
static void
test_close_while_writing (OmniTestWindow *f, gconstpointer data)
{
  g_autofree char *path = g_build_filename (f->folder, "slow.txt", NULL);

  g_idle_add (close_all_cb, f);
  g_assert_cmpint (g_application_run (g_application_get_default (), 0, NULL), ==, 0);
  g_assert_true (g_file_test (path, G_FILE_TEST_EXISTS));
}

/* The least window */

static gboolean
is_small (gpointer data)
{
  return gtk_widget_get_width (data) <= 640 && gtk_widget_get_height (data) <= 480;
}

static gboolean
has_everything (gpointer data)
{
  OmniWindow *window = data;

  return gtk_widget_get_mapped (window->inspect) && gtk_widget_get_mapped (GTK_WIDGET (window->metrics))
         && gtk_widget_get_mapped (GTK_WIDGET (window->compare));
}

static gboolean
has_a_large_viewer (gpointer data)
{
  GtkWidget *viewer = GTK_WIDGET (((OmniWindow *)data)->viewer);

  return gtk_widget_get_width (viewer) >= 300 && gtk_widget_get_height (viewer) >= 200;
}

static void
test_small (OmniTestWindow *f, gconstpointer data)
{
  GtkWidget *widget = GTK_WIDGET (f->window);
  int width, height;

  /* With everything open that can be. */
  omni_pointer_key (pointer, "m", 0);
  omni_pointer_key (pointer, "c", 0);
  omni_pointer_key (pointer, "i", 0);
  g_assert_true (omni_test_wait (has_everything, f->window));

  gtk_widget_measure (widget, GTK_ORIENTATION_HORIZONTAL, -1, &width, NULL, NULL, NULL);
  g_assert_cmpint (width, <=, 640);
  gtk_widget_measure (widget, GTK_ORIENTATION_VERTICAL, 640, &height, NULL, NULL, NULL);
  g_assert_cmpint (height, <=, 480);
  gtk_window_set_default_size (GTK_WINDOW (widget), 640, 480);
  g_assert_true (omni_test_wait (is_small, widget));
  g_assert_true (omni_test_wait (omni_test_is_active, f->window));
  omni_test_wait_for_layout (f);
  omni_pointer_key (pointer, "m", 0);
  gtk_widget_set_visible (GTK_WIDGET (f->window->compare), FALSE);
  g_assert_true (omni_test_wait (has_a_large_viewer, f->window));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  pointer = omni_test_window_start (&can_fuse);
  if (pointer == NULL)
    return 0;
  omni_test_window_add ("/studio/options", test_options);
  omni_test_window_add ("/studio/choices", test_choices);
  omni_test_window_add ("/studio/height", test_height);
  omni_test_window_add ("/studio/switch-off", test_switch_off);
  omni_test_window_add ("/studio/sizes", test_sizes);
  omni_test_window_add ("/studio/region", test_region);
  omni_test_window_add ("/studio/metrics", test_metrics);
  omni_test_window_add ("/studio/compare", test_compare);
  omni_test_window_add ("/studio/export", test_export);
  omni_test_window_add ("/studio/cancel-saving", test_cancel_saving);
  omni_test_window_add ("/studio/small", test_small);
  omni_test_window_add ("/studio/close-while-writing", test_close_while_writing);
  const int status = g_test_run ();
  omni_pointer_free (pointer);
  return status;
}
