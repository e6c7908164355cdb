/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Weights of other people: adding them, with a report of what was taken, and removing them. */
#include "ui/window/window-private.h"

#include "app/import-report.h"
#include "app/weights-folder.h"

#include <glib/gi18n.h>

#define REPORT_WIDTH_PX  520
#define REPORT_HEIGHT_PX 260

/* What came of an import. */
typedef struct
{
  const OmniModel *model; /* NULL: this version has none that could use it */
  char *path;             /* where it is kept; NULL without a model */
  char *report;
} Added;

static void
added_free (Added *added)
{
  g_free (added->path);
  g_free (added->report);
  g_free (added);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Added, added_free)

static void
import_in_thread (GTask *task, gpointer source_object, gpointer task_data, GCancellable *cancellable)
{
  g_autoptr (Added) added = g_new0 (Added, 1);
  GError *error = NULL;
  g_autoptr (OmniImport) import = omni_import_new (task_data, NULL, &error);

  if (import != NULL)
    added->model = omni_weights_folder_find_model (import);
  /* From here on it is added, whoever cancels. */
  if (!g_task_set_return_on_cancel (task, FALSE))
  {
    g_clear_error (&error);
    return;
  }
  g_task_set_check_cancellable (task, FALSE);
  if (added->model != NULL)
    added->path = omni_weights_folder_add (import, &error);
  if (error != NULL)
  {
    g_task_return_error (task, error);
    return;
  }
  added->report = omni_import_make_report (import, added->model != NULL);
  g_task_return_pointer (task, g_steal_pointer (&added), (GDestroyNotify)added_free);
}

static GtkWidget *
create_report (const char *text)
{
  GtkWidget *view = gtk_text_view_new ();
  GtkWidget *scrolled = gtk_scrolled_window_new ();

  gtk_text_buffer_set_text (gtk_text_view_get_buffer (GTK_TEXT_VIEW (view)), text, -1);
  gtk_text_view_set_editable (GTK_TEXT_VIEW (view), FALSE);
  gtk_text_view_set_cursor_visible (GTK_TEXT_VIEW (view), FALSE);
  gtk_text_view_set_wrap_mode (GTK_TEXT_VIEW (view), GTK_WRAP_WORD_CHAR);
  gtk_text_view_set_left_margin (GTK_TEXT_VIEW (view), 6);
  gtk_text_view_set_right_margin (GTK_TEXT_VIEW (view), 6);
  gtk_text_view_set_top_margin (GTK_TEXT_VIEW (view), 6);
  gtk_text_view_set_bottom_margin (GTK_TEXT_VIEW (view), 6);
  gtk_text_view_set_accepts_tab (GTK_TEXT_VIEW (view), FALSE);
  gtk_accessible_update_property (GTK_ACCESSIBLE (view), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                  _ ("What was taken and what was ignored"), -1);
  gtk_scrolled_window_set_child (GTK_SCROLLED_WINDOW (scrolled), view);
  gtk_scrolled_window_set_min_content_height (GTK_SCROLLED_WINDOW (scrolled), REPORT_HEIGHT_PX);
  gtk_widget_set_size_request (scrolled, REPORT_WIDTH_PX, -1);
  gtk_widget_add_css_class (scrolled, "card");
  return scrolled;
}

static void
show_report (OmniWindow *self, const Added *added)
{
  g_autofree char *title = added->path != NULL ? omni_weights_folder_get_title (added->path) : NULL;
  g_autofree char *heading = added->model != NULL
                               ? g_strdup_printf (_ ("Weights for %s Added"), _ (added->model->title))
                               : g_strdup (_ ("Weights Not Added"));
  g_autofree char *body = added->model != NULL
                            ? g_strdup_printf (
                              _ ("They are kept as “%s” and stand among the model’s options, where they "
                                 "can be removed, too."),
                              title)
                            : g_strdup (_ ("This version has no model that could use them."));
  GtkWidget *dialog = adw_message_dialog_new (GTK_WINDOW (self), heading, body);

  adw_message_dialog_set_extra_child (ADW_MESSAGE_DIALOG (dialog), create_report (added->report));
  adw_message_dialog_add_response (ADW_MESSAGE_DIALOG (dialog), "close", _ ("_Close"));
  adw_message_dialog_set_default_response (ADW_MESSAGE_DIALOG (dialog), "close");
  gtk_window_present (GTK_WINDOW (dialog));
}

/* Who adds weights wants to see what they do. */
static void
added_cb (GObject *object, GAsyncResult *result, gpointer data)
{
  OmniWindow *self = OMNI_WINDOW (object);
  g_autoptr (GError) error = NULL;
  g_autoptr (Added) added = g_task_propagate_pointer (G_TASK (result), &error);

  if (g_cancellable_is_cancelled (self->cancellable))
    return;
  omni_work_bar_end (self->adding_bar, data);
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
  {
    omni_window_tell (self, adw_toast_new (_ ("No weights were added")));
    return;
  }
  if (added == NULL)
  {
    omni_window_show_file_error (self, error->message);
    return;
  }
  if (added->model != NULL)
  {
    if (omni_document_offers_model (self->document, added->model))
      omni_document_use (self->document, added->model, added->path);
    else
      omni_document_set_weights (self->document, added->model, added->path);
  }
  show_report (self, added);
}

void
omni_window_add_weights (OmniWindow *self, const char *const *paths)
{
  GCancellable *cancellable;

  g_return_if_fail (paths != NULL && paths[0] != NULL);

  g_autofree char *name = g_filename_display_basename (paths[0]);
  g_autofree char *words = g_strdup_printf (_ ("Adding the weights “%s”"), name);
  OmniProgress *work = omni_work_bar_begin (self->adding_bar, words, &cancellable);
  g_autoptr (GTask) task = g_task_new (self, cancellable, added_cb, work);
  g_task_set_return_on_cancel (task, TRUE);
  g_task_set_task_data (task, g_strdupv ((char **)paths), (GDestroyNotify)g_strfreev);
  g_task_run_in_thread (task, import_in_thread);
}

static void
chosen_cb (OmniWindow *self, int response, GtkNativeDialog *dialog)
{
  if (response == GTK_RESPONSE_ACCEPT)
  {
    g_autoptr (GListModel) files = gtk_file_chooser_get_files (GTK_FILE_CHOOSER (dialog));
    g_auto (GStrv) paths = omni_window_dup_paths (self, files);
    if (paths[0] != NULL)
      omni_window_add_weights (self, (const char *const *)paths);
  }
  g_clear_object (&self->chooser);
}

static void
add_filters (GtkFileChooser *chooser)
{
  static const char *const patterns[] = { "*.safetensors", "*.pth", "*.pt", "*.index", "*.data-*-of-*" };
  g_autoptr (GtkFileFilter) weights = gtk_file_filter_new ();
  g_autoptr (GtkFileFilter) all = gtk_file_filter_new ();

  gtk_file_filter_set_name (weights, _ ("Weights"));
  for (guint i = 0; i < G_N_ELEMENTS (patterns); i++)
    gtk_file_filter_add_pattern (weights, patterns[i]);
  gtk_file_filter_set_name (all, _ ("All Files"));
  gtk_file_filter_add_pattern (all, "*");
  gtk_file_chooser_add_filter (chooser, weights);
  gtk_file_chooser_add_filter (chooser, all);
}

static void
add_weights_action (GtkWidget *widget, const char *name, GVariant *parameter)
{
  OmniWindow *self = OMNI_WINDOW (widget);

  if (self->chooser != NULL)
    return;
  self->chooser = gtk_file_chooser_native_new (_ ("Add Weights of One Network"), GTK_WINDOW (self),
                                               GTK_FILE_CHOOSER_ACTION_OPEN, _ ("_Add"), _ ("_Cancel"));
  gtk_native_dialog_set_modal (GTK_NATIVE_DIALOG (self->chooser), TRUE);
  gtk_file_chooser_set_select_multiple (GTK_FILE_CHOOSER (self->chooser), TRUE);
  add_filters (GTK_FILE_CHOOSER (self->chooser));
  g_signal_connect_swapped (self->chooser, "response", G_CALLBACK (chosen_cb), self);
  gtk_native_dialog_show (GTK_NATIVE_DIALOG (self->chooser));
}

static void
remove_response_cb (OmniWindow *self, const char *response, AdwMessageDialog *dialog)
{
  const char *path = g_object_get_data (G_OBJECT (dialog), "path");
  const OmniModel *const *models = omni_models_list ();
  g_autoptr (GError) error = NULL;

  if (!g_str_equal (response, "remove"))
    return;
  if (!omni_weights_folder_remove (path, &error))
  {
    omni_window_show_file_error (self, error->message);
    return;
  }
  for (guint i = 0; models[i] != NULL; i++)
    omni_document_forget_weights (self->document, models[i], path);
}

/* It cannot be undone, so it asks. */
static void
remove_weights_action (GtkWidget *widget, const char *name, GVariant *parameter)
{
  const char *path = g_variant_get_string (parameter, NULL);
  g_autofree char *title = NULL;
  GtkWidget *dialog;

  if (path[0] == '\0')
    return;
  title = omni_weights_folder_get_title (path);
  dialog = adw_message_dialog_new (GTK_WINDOW (widget), _ ("Remove These Weights?"), NULL);
  adw_message_dialog_format_body (
    ADW_MESSAGE_DIALOG (dialog),
    _ ("“%s” is taken away from this program. The file that it was made from stays where "
       "it is."),
    title);
  adw_message_dialog_add_responses (ADW_MESSAGE_DIALOG (dialog), "cancel", _ ("_Cancel"), "remove",
                                    _ ("_Remove"), NULL);
  adw_message_dialog_set_response_appearance (ADW_MESSAGE_DIALOG (dialog), "remove",
                                              ADW_RESPONSE_DESTRUCTIVE);
  adw_message_dialog_set_close_response (ADW_MESSAGE_DIALOG (dialog), "cancel");
  g_object_set_data_full (G_OBJECT (dialog), "path", g_strdup (path), g_free);
  g_signal_connect_object (dialog, "response", G_CALLBACK (remove_response_cb), widget, G_CONNECT_SWAPPED);
  gtk_window_present (GTK_WINDOW (dialog));
}

void
omni_window_class_install_weights (GtkWidgetClass *widget_class)
{
  gtk_widget_class_install_action (widget_class, "win.add-weights", NULL, add_weights_action);
  gtk_widget_class_install_action (widget_class, "win.remove-weights", "s", remove_weights_action);
}
