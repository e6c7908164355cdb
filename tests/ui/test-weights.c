/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Adding and removing weights as a person does: a report, a choice among the model's options, a question before removing. */
#include "tests/ui/window-fixture.h"

#include "app/model-facts.h"
#include "app/weights-folder.h"

static gboolean can_fuse;

static GtkWidget *
find_dialog (void)
{
  g_autoptr (GListModel) windows = g_object_ref (gtk_window_get_toplevels ());

  for (guint i = 0; i < g_list_model_get_n_items (windows); i++)
  {
    g_autoptr (GtkWidget) candidate = g_list_model_get_item (windows, i);
    if (ADW_IS_MESSAGE_DIALOG (candidate) && gtk_widget_get_mapped (candidate))
      return candidate;
  }
  return NULL;
}

static gboolean
has_message (gpointer data)
{
  return find_dialog () != NULL;
}

static gboolean
has_no_message (gpointer data)
{
  return find_dialog () == NULL;
}

static gboolean
has_error (gpointer data)
{
  return gtk_widget_get_mapped (GTK_WIDGET (((OmniWindow *)data)->file_error));
}

static void
answer (const char *response)
{
  GtkWidget *dialog = g_object_ref (find_dialog ());

  adw_message_dialog_response (ADW_MESSAGE_DIALOG (dialog), response);
  if (gtk_widget_get_mapped (dialog))
    gtk_window_destroy (GTK_WINDOW (dialog));
  g_object_unref (dialog);
}

/* The text of the report inside the dialog. */
static char *
dup_report (GtkWidget *widget)
{
  if (GTK_IS_TEXT_VIEW (widget))
  {
    GtkTextBuffer *buffer = gtk_text_view_get_buffer (GTK_TEXT_VIEW (widget));
    GtkTextIter start, end;

    gtk_text_buffer_get_bounds (buffer, &start, &end);
    return gtk_text_buffer_get_text (buffer, &start, &end, FALSE);
  }
  for (GtkWidget *child = gtk_widget_get_first_child (widget); child != NULL;
       child = gtk_widget_get_next_sibling (child))
  {
    char *text = dup_report (child);
    if (text != NULL)
      return text;
  }
  return NULL;
}

static char *
copy_shipped (OmniTestWindow *f, const char *file, const char *name)
{
  g_autofree char *shipped = g_build_filename (g_getenv ("OMNIFUSE_SOURCE_ROOT"), "models", "weights", file,
                                               NULL);
  char *path = g_build_filename (f->folder, name, NULL);
  g_autofree char *contents = NULL;
  gsize n;

  g_assert_true (g_file_get_contents (shipped, &contents, &n, NULL));
  g_assert_true (g_file_set_contents (path, contents, (gssize)n, NULL));
  return path;
}

static gboolean
uses_added (gpointer data)
{
  OmniWindow *window = data;
  OmniFusionResult *result = omni_document_get_result (window->document);

  return omni_test_has_settled (window)
         && (!can_fuse || (result != NULL && g_str_equal (result->model->name, "omni")));
}

static void
test_add (OmniTestWindow *f, gconstpointer data)
{
  g_autofree char *path = copy_shipped (f, "omni-small.safetensors", "mine.safetensors");
  OmniWindow *window = f->window;
  const OmniModel *omni = omni_model_find ("omni");

  omni_window_add_weights (window, (const char *const[]){ path, NULL });
  g_assert_true (omni_test_wait (has_message, window));
  g_autofree char *report = dup_report (find_dialog ());
  g_assert_nonnull (report);
  g_assert_nonnull (strstr (report, "mine.safetensors"));
  g_assert_nonnull (strstr (report, "Nothing was ignored."));
  gtk_window_close (GTK_WINDOW (find_dialog ()));
  g_assert_true (omni_test_wait (has_no_message, window));

  g_autofree char *chosen = omni_document_dup_weights (window->document, omni);
  g_autofree char *title = chosen != NULL ? omni_weights_folder_get_title (chosen) : NULL;
  g_assert_cmpstr (title, ==, "mine");
  g_assert_true (omni_test_wait (uses_added, window));
  g_assert_cmpstr (omni_document_get_error (window->document), ==, NULL);

  if (can_fuse)
  {
    /* It is told from what ships, everywhere. */
    OmniFusionVersion *version = omni_versions_get (omni_document_get_versions (window->document), 0);
    g_assert_cmpstr (omni_fusion_version_get_name (version), ==, "Omni · mine");
    g_assert_nonnull (
      strstr (omni_subject_get_label (omni_viewer_get_subject (window->viewer, 0)), "Omni · mine"));
    g_autofree char *words = omni_fusion_version_describe (version);
    g_autofree char *hash = g_strndup (omni_fusion_version_get_facts (version)->weights_sha256, 8);
    g_assert_nonnull (strstr (words, hash));
    OmniComparisonRow *row = omni_comparison_get_current (window->comparison);
    g_assert_nonnull (row);
    g_assert_cmpstr (omni_comparison_row_get_weights (row), ==, "mine");
    omni_comparison_run_all (window->comparison);
    guint n_omni = 0;
    for (guint i = 0; i < g_list_model_get_n_items (G_LIST_MODEL (window->comparison)); i++)
    {
      g_autoptr (OmniComparisonRow) each = g_list_model_get_item (G_LIST_MODEL (window->comparison), i);
      n_omni += omni_comparison_row_get_model (each) == omni;
    }
    omni_comparison_cancel (window->comparison);
    g_assert_cmpuint (n_omni, ==, 2);
  }

  /* Removing asks first, and a no changes nothing. */
  g_assert_true (gtk_widget_activate_action (GTK_WIDGET (window), "win.remove-weights", "s", chosen));
  g_assert_true (omni_test_wait (has_message, window));
  answer ("cancel");
  g_assert_true (g_file_test (chosen, G_FILE_TEST_EXISTS));
  g_assert_true (gtk_widget_activate_action (GTK_WIDGET (window), "win.remove-weights", "s", chosen));
  g_assert_true (omni_test_wait (has_message, window));
  answer ("remove");
  g_assert_false (g_file_test (chosen, G_FILE_TEST_EXISTS));
  g_assert_null (omni_document_dup_weights (window->document, omni));
  g_assert_true (omni_test_wait (uses_added, window));
}

static int go_on; /* atomic */

static void
keep_busy (GTask *task, gpointer source_object, gpointer task_data, GCancellable *cancellable)
{
  while (!g_atomic_int_get (&go_on))
    g_usleep (1000);
  g_task_return_boolean (task, TRUE);
}

/* More than there are threads, so that nothing else begins before `go_on`. */
static void
keep_threads_busy (void)
{
  for (guint i = 0; i < 16; i++)
  {
    g_autoptr (GTask) task = g_task_new (NULL, NULL, NULL, NULL);
    g_task_run_in_thread (task, keep_busy);
  }
}

/* It is cancelled at once, however busy the machine is, and nothing is kept. */
static void
test_cancel (OmniTestWindow *f, gconstpointer data)
{
  g_autofree char *path = copy_shipped (f, "omni-small.safetensors", "unwanted.safetensors");
  const char *architecture = omni_model_find ("omni-small")->architecture;

  keep_threads_busy ();
  omni_window_add_weights (f->window, (const char *const[]){ path, NULL });
  gtk_widget_activate_action (GTK_WIDGET (f->window), "win.cancel-adding", NULL);
  for (guint i = 0; i < 2000 && omni_work_bar_is_busy (f->window->adding_bar); i++)
    g_main_context_iteration (NULL, TRUE);
  g_assert_false (omni_work_bar_is_busy (f->window->adding_bar));
  g_atomic_int_set (&go_on, TRUE);
  omni_test_turn (500);
  g_assert_false (has_message (f->window));
  g_assert_false (has_error (f->window));
  g_assert_null (omni_weights_folder_find (architecture, "unwanted"));
}

/* Weights without normalisation are those of PMGI for bands, though the other model is of the same architecture. */
static void
test_bands (OmniTestWindow *f, gconstpointer data)
{
  g_autofree char *path = copy_shipped (f, "pmgi-pansharpen.safetensors", "bands.safetensors");
  OmniDocument *document = f->window->document;

  omni_window_add_weights (f->window, (const char *const[]){ path, NULL });
  g_assert_true (omni_test_wait (has_message, f->window));
  gtk_window_close (GTK_WINDOW (find_dialog ()));
  g_assert_true (omni_test_wait (has_no_message, f->window));

  g_autofree char *chosen = omni_document_dup_weights (document, omni_model_find ("pan-pmgi"));
  g_autofree char *title = chosen != NULL ? omni_weights_folder_get_title (chosen) : NULL;
  g_assert_cmpstr (title, ==, "bands");
  g_assert_null (omni_document_dup_weights (document, omni_model_find ("pmgi")));
  g_assert_true (omni_weights_folder_remove (chosen, NULL));
}

static GtkWidget *
find_widget (GtkWidget *widget, GType type, const char *words)
{
  if (g_type_is_a (G_OBJECT_TYPE (widget), type)
      && (words == NULL || strstr (gtk_label_get_text (GTK_LABEL (widget)), words) != NULL))
    return widget;
  for (GtkWidget *child = gtk_widget_get_first_child (widget); child != NULL;
       child = gtk_widget_get_next_sibling (child))
  {
    GtkWidget *found = find_widget (child, type, words);
    if (found != NULL)
      return found;
  }
  return NULL;
}

static gboolean
knows_facts (gpointer data)
{
  return omni_model_get_facts (omni_model_find ("omni-small")) != NULL;
}

static gboolean
shows_facts (gpointer data)
{
  return find_widget (GTK_WIDGET (((OmniWindow *)data)->model), GTK_TYPE_LABEL, "14,216 parameters") != NULL
         || find_widget (GTK_WIDGET (((OmniWindow *)data)->model), GTK_TYPE_LABEL, "14216 parameters")
              != NULL;
}

/* The list of models says how large a network is and how far it sees. */
static void
test_facts (OmniTestWindow *f, gconstpointer data)
{
  g_assert_true (omni_test_wait (knows_facts, f->window));
  const OmniModelFacts *facts = omni_model_get_facts (omni_model_find ("omni-small"));
  g_assert_cmpuint (facts->n_parameters, ==, 14216);
  g_assert_cmpuint (facts->receptive_field_px, ==,
                    omni_model_get_receptive_field_px (omni_model_find ("omni-small")));
  GtkWidget *button = find_widget (GTK_WIDGET (f->window->model), GTK_TYPE_TOGGLE_BUTTON, NULL);
  gtk_toggle_button_set_active (GTK_TOGGLE_BUTTON (button), TRUE);
  g_assert_true (omni_test_wait (shows_facts, f->window));
  GtkWidget *label = find_widget (GTK_WIDGET (f->window->model), GTK_TYPE_LABEL, "parameters");
  g_assert_nonnull (strstr (gtk_label_get_text (GTK_LABEL (label)), "pixels at once"));
  g_assert_nonnull (
    strstr (gtk_label_get_text (GTK_LABEL (label)), "trained with Omnifuse itself, licence CC0"));
  GtkWidget *never_ran = find_widget (GTK_WIDGET (f->window->model), GTK_TYPE_LABEL, "659"); /* U2Fusion's */
  g_assert_nonnull (never_ran);
  g_assert_null (strstr (gtk_label_get_text (GTK_LABEL (never_ran)), "s here"));
  GtkWidget *took = find_widget (GTK_WIDGET (f->window->model), GTK_TYPE_LABEL, "s here");
  g_assert_cmpint (took != NULL, ==, can_fuse); /* of the mean, which did */
  gtk_toggle_button_set_active (GTK_TOGGLE_BUTTON (button), FALSE);
}

static void
test_refused (OmniTestWindow *f, gconstpointer data)
{
  omni_window_add_weights (f->window, (const char *const[]){ f->paths[0], NULL });
  g_assert_true (omni_test_wait (has_error, f->window));
  g_assert_nonnull (strstr (gtk_label_get_text (f->window->file_error_text), "neither a PyTorch file"));
}

int
main (int argc, char **argv)
{
  OmniPointer *pointer;

  g_test_init (&argc, &argv, NULL);
  pointer = omni_test_window_start (&can_fuse);
  if (pointer == NULL)
    return 0;
  omni_test_window_add ("/weights/add", test_add);
  omni_test_window_add ("/weights/cancel", test_cancel);
  omni_test_window_add ("/weights/bands", test_bands);
  omni_test_window_add ("/weights/facts", test_facts);
  omni_test_window_add ("/weights/refused", test_refused);
  const int status = g_test_run ();
  omni_pointer_free (pointer);
  return status;
}
