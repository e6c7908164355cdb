/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Versions in the window: flipping through them, comparing two, deleting with a way back, and the record of one. */
#include "ui/window/window-private.h"

#include "app/files/output.h"

#include <glib/gi18n.h>

static OmniVersions *
get_versions (OmniWindow *self)
{
  return omni_document_get_versions (self->document);
}

/* (transfer container) (element-type OmniFusionResult) Of the version on show and of those pinned. */
GPtrArray *
omni_window_list_version_results (OmniWindow *self)
{
  g_autoptr (GPtrArray) versions = omni_versions_list_pinned (get_versions (self));
  GPtrArray *results = g_ptr_array_new ();

  if (self->shown_version != NULL)
    g_ptr_array_add (versions, self->shown_version);
  for (guint i = 0; i < versions->len; i++)
  {
    OmniFusionResult *result = omni_fusion_version_get_result (versions->pdata[i]);
    if (result != NULL)
      g_ptr_array_add (results, result);
  }
  return results;
}

OmniFusionResult *
omni_window_get_shown_result (OmniWindow *self)
{
  return self->shown_version != NULL ? omni_fusion_version_get_result (self->shown_version)
                                     : omni_document_get_result (self->document);
}

/* Its picture may have to be made again first. */

typedef struct
{
  OmniWindow *window;
  OmniFusionVersion *version;
  OmniProgress *work;
  gboolean compares;
} Recall;

static void
show_pins (OmniWindow *self)
{
  g_autoptr (GPtrArray) pinned = omni_versions_list_pinned (get_versions (self));

  omni_window_update_subjects (self);
  if (pinned->len == 2 && omni_fusion_version_get_result (pinned->pdata[0]) != NULL
      && omni_fusion_version_get_result (pinned->pdata[1]) != NULL)
    omni_window_compare_results (self, omni_fusion_version_get_result (pinned->pdata[0]),
                                 omni_fusion_version_get_result (pinned->pdata[1]));
}

/* What is seen is what is saved: the newest again. */
static void
leave_version (OmniWindow *self)
{
  g_clear_object (&self->shown_version);
  omni_window_update_subjects (self);
  if (omni_document_get_result (self->document) != NULL)
    omni_window_show_result (self, omni_document_get_result (self->document));
}

static void
recalled_cb (GObject *object, GAsyncResult *result, gpointer data)
{
  Recall *recall = data;
  g_autoptr (OmniWindow) self = recall->window;
  g_autoptr (OmniFusionVersion) version = recall->version;
  g_autoptr (GError) error = NULL;
  const gboolean recalled = omni_versions_recall_finish (OMNI_VERSIONS (object), result, &error);
  const gboolean compares = recall->compares;

  omni_work_bar_end (self->recalling_bar, recall->work);
  g_free (recall);
  if (g_cancellable_is_cancelled (self->cancellable))
    return;
  if (!recalled)
  {
    if (version == self->shown_version)
      leave_version (self);
    if (!g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
      omni_window_show_file_error (self, error->message);
  }
  else if (compares)
    show_pins (self);
  else if (version == self->shown_version)
  {
    omni_window_update_subjects (self);
    omni_window_show_result (self, omni_fusion_version_get_result (version));
  }
}

static void
recall (OmniWindow *self, OmniFusionVersion *version, gboolean compares)
{
  Recall *recall = g_new0 (Recall, 1);
  g_autofree char *words = g_strdup_printf (_ ("Making “%s” again"), omni_fusion_version_get_name (version));
  GCancellable *cancellable;

  recall->window = g_object_ref (self);
  recall->version = g_object_ref (version);
  recall->work = omni_work_bar_begin (self->recalling_bar, words, &cancellable);
  recall->compares = compares;
  omni_versions_recall_async (get_versions (self), version, omni_document_get_engine (self->document),
                              cancellable, recalled_cb, recall);
}

gboolean
omni_window_escape_versions (OmniWindow *self)
{
  if (!omni_work_bar_is_busy (self->recalling_bar))
    return FALSE;
  omni_work_bar_cancel (self->recalling_bar);
  return TRUE;
}

static void
cancel_recalling_cb (GtkWidget *widget, const char *name, GVariant *parameter)
{
  omni_window_escape_versions (OMNI_WINDOW (widget));
}

gboolean
omni_window_has_shown_result (OmniWindow *self)
{
  if (self->shown_version == NULL || omni_fusion_version_get_result (self->shown_version) != NULL)
    return TRUE;
  g_autofree char *words = g_strdup_printf (_ ("“%s” is still being made again; save it when it is seen"),
                                            omni_fusion_version_get_name (self->shown_version));
  omni_window_tell (self, adw_toast_new (words));
  return FALSE;
}

static void
version_toast_dismissed_cb (OmniWindow *self)
{
  self->version_toast = NULL;
}

/* Whoever goes through many wants to read the last. */
static void
tell_version (OmniWindow *self, const char *words)
{
  if (self->version_toast != NULL)
  {
    omni_toast_set_words (self->version_toast, words);
    return;
  }
  self->version_toast = adw_toast_new (words);
  adw_toast_set_timeout (self->version_toast, 2);
  g_signal_connect_object (self->version_toast, "dismissed", G_CALLBACK (version_toast_dismissed_cb), self,
                           G_CONNECT_SWAPPED);
  omni_window_tell (self, self->version_toast);
}

static void
show_version_cb (OmniWindow *self, OmniFusionVersion *version)
{
  g_autofree char *words = g_strdup_printf (_ ("Version %u: %s"),
                                            omni_fusion_version_get_facts (version)->number,
                                            omni_fusion_version_get_name (version));

  /* Whoever goes through many waits for the last alone. */
  omni_window_escape_versions (self);
  g_set_object (&self->shown_version, version);
  tell_version (self, words);
  recall (self, version, FALSE);
}

void
omni_window_recall_pins (OmniWindow *self)
{
  g_autoptr (GPtrArray) pinned = omni_versions_list_pinned (get_versions (self));

  for (guint i = 0; i < pinned->len; i++)
    recall (self, pinned->pdata[i], TRUE);
}

/* Newer and older */

static void
step (OmniWindow *self, int delta)
{
  OmniVersions *versions = get_versions (self);
  guint position = 0;

  if (omni_versions_get_n (versions) == 0)
    return;
  if (self->shown_version != NULL)
    omni_versions_find (versions, self->shown_version, &position);
  const int to = CLAMP ((int)position + delta, 0, (int)omni_versions_get_n (versions) - 1);
  show_version_cb (self, omni_versions_get (versions, (guint)to));
}

static void
older_action (GtkWidget *widget, const char *name, GVariant *parameter)
{
  step (OMNI_WINDOW (widget), 1);
}

static void
newer_action (GtkWidget *widget, const char *name, GVariant *parameter)
{
  step (OMNI_WINDOW (widget), -1);
}

/* Naming and deleting: steps for undo */

static void
name_version_cb (OmniWindow *self, OmniFusionVersion *version, const char *name)
{
  omni_document_name_version (self->document, version, name);
}

/* The way back on the spot, whatever was changed meanwhile. */
typedef struct
{
  OmniDocument *document;
  OmniFusionVersion *version;
} Deleted;

static void
deleted_free (gpointer data, GClosure *closure)
{
  Deleted *deleted = data;

  g_object_unref (deleted->document);
  g_object_unref (deleted->version);
  g_free (deleted);
}

static void
put_back_cb (AdwToast *toast, gpointer data)
{
  Deleted *deleted = data;

  omni_document_restore_version (deleted->document, deleted->version);
}

static void
delete_version_cb (OmniWindow *self, OmniFusionVersion *version)
{
  AdwToast *toast = adw_toast_new (_ ("Version deleted"));
  Deleted *deleted = g_new0 (Deleted, 1);

  deleted->document = g_object_ref (self->document);
  deleted->version = g_object_ref (version);
  if (self->shown_version == version)
    g_clear_object (&self->shown_version);
  omni_document_delete_version (self->document, version);
  adw_toast_set_button_label (toast, _ ("_Undo"));
  g_signal_connect_data (toast, "button-clicked", G_CALLBACK (put_back_cb), deleted, deleted_free, 0);
  omni_window_tell (self, toast);
}

/* The record */

typedef struct
{
  OmniFusionVersion *version;
  char *path;
} Record;

static void
record_free (Record *record)
{
  g_object_unref (record->version);
  g_free (record->path);
  g_free (record);
}

/* The dialog has asked before replacing a file; a source is never replaced. */
static gboolean
write_record (const OmniVersionFacts *facts, const char *path, GError **error)
{
  g_autofree char *text = omni_version_facts_describe (facts, error);
  g_autoptr (GPtrArray) sources = g_ptr_array_new ();
  g_auto (OmniOutput) output = { 0 };

  for (guint i = 0; i < facts->sources->len; i++)
    g_ptr_array_add (sources, (gpointer)omni_source_get_path (facts->sources->pdata[i]));
  g_ptr_array_add (sources, NULL);
  return text != NULL && omni_output_open (&output, path, TRUE, (const char *const *)sources->pdata, error)
         && omni_output_write (&output, text, strlen (text), error) && omni_output_commit (&output, error);
}

static void
record_in_thread (GTask *task, gpointer source_object, gpointer task_data, GCancellable *cancellable)
{
  Record *record = task_data;
  GError *error = NULL;

  if (write_record (omni_fusion_version_get_facts (record->version), record->path, &error))
    g_task_return_pointer (task, NULL, NULL);
  else
    g_task_return_error (task, error);
}

static void
save_record (OmniWindow *self, OmniFusionVersion *version, const char *path)
{
  Record *record = g_new0 (Record, 1);

  record->version = g_object_ref (version);
  record->path = g_strdup (path);
  omni_window_write (self, path, record_in_thread, record, (GDestroyNotify)record_free);
}

static void
record_response_cb (OmniWindow *self, int response, GtkNativeDialog *dialog)
{
  OmniFusionVersion *version = g_object_get_data (G_OBJECT (dialog), "version");

  if (response == GTK_RESPONSE_ACCEPT)
  {
    g_autoptr (GFile) file = gtk_file_chooser_get_file (GTK_FILE_CHOOSER (dialog));
    g_autofree char *path = file != NULL ? g_file_get_path (file) : NULL;
    if (omni_window_check_place (self, path))
      save_record (self, version, path);
  }
  g_clear_object (&self->chooser);
}

static void
save_record_action (GtkWidget *widget, const char *name, GVariant *parameter)
{
  OmniWindow *self = OMNI_WINDOW (widget);
  OmniFusionVersion *version = self->shown_version != NULL ? self->shown_version
                                                           : omni_versions_get (get_versions (self), 0);

  if (self->chooser != NULL || version == NULL)
    return;
  g_autofree char *file_name = g_strdup_printf ("fused-%s.txt",
                                                omni_fusion_version_get_facts (version)->model);
  self->chooser = gtk_file_chooser_native_new (_ ("Save the Record"), GTK_WINDOW (self),
                                               GTK_FILE_CHOOSER_ACTION_SAVE, _ ("_Save"), _ ("_Cancel"));
  gtk_native_dialog_set_modal (GTK_NATIVE_DIALOG (self->chooser), TRUE);
  omni_window_set_start_folder (self, GTK_FILE_CHOOSER (self->chooser));
  omni_window_add_filter (GTK_FILE_CHOOSER (self->chooser), _ ("Text (.txt)"),
                          (const char *const[]){ "txt", NULL });
  gtk_file_chooser_set_current_name (GTK_FILE_CHOOSER (self->chooser), file_name);
  g_object_set_data_full (G_OBJECT (self->chooser), "version", g_object_ref (version), g_object_unref);
  g_signal_connect_swapped (self->chooser, "response", G_CALLBACK (record_response_cb), self);
  gtk_native_dialog_show (GTK_NATIVE_DIALOG (self->chooser));
}

/* A new result is what is looked at. */
static void
new_result_cb (OmniWindow *self, guint position, guint removed, guint added)
{
  if (position == 0 && removed == 0 && added == 1)
    g_clear_object (&self->shown_version);
}

static void
dropped_cb (OmniWindow *self)
{
  if (self->told_dropped)
    return;
  self->told_dropped = TRUE;
  g_autofree char *words = g_strdup_printf (
    _ ("%u versions are kept; from now on the oldest that is not pinned makes room for each new one"),
    (guint)OMNI_VERSIONS_MAX);
  omni_window_tell (self, adw_toast_new (words));
}

void
omni_window_class_install_versions (GtkWidgetClass *widget_class)
{
  g_type_ensure (OMNI_TYPE_VERSIONS_BUTTON);
  gtk_widget_class_bind_template_child (widget_class, OmniWindow, versions);
  gtk_widget_class_bind_template_child (widget_class, OmniWindow, recalling_bar);
  gtk_widget_class_install_action (widget_class, "win.cancel-recalling", NULL, cancel_recalling_cb);
  gtk_widget_class_install_action (widget_class, "win.version-older", NULL, older_action);
  gtk_widget_class_install_action (widget_class, "win.version-newer", NULL, newer_action);
  gtk_widget_class_install_action (widget_class, "win.save-record", NULL, save_record_action);
}

void
omni_window_init_versions (OmniWindow *self)
{
  omni_work_bar_set_up (self->recalling_bar, _ ("_Cancel"), "win.cancel-recalling");
  omni_versions_button_set_versions (self->versions, get_versions (self));
  g_signal_connect_swapped (self->versions, "show-version", G_CALLBACK (show_version_cb), self);
  g_signal_connect_swapped (self->versions, "pins-changed", G_CALLBACK (omni_window_recall_pins), self);
  g_signal_connect_swapped (self->versions, "name-version", G_CALLBACK (name_version_cb), self);
  g_signal_connect_swapped (self->versions, "delete-version", G_CALLBACK (delete_version_cb), self);
  g_signal_connect_object (get_versions (self), "items-changed", G_CALLBACK (new_result_cb), self,
                           G_CONNECT_SWAPPED);
  g_signal_connect_object (get_versions (self), "dropped", G_CALLBACK (dropped_cb), self, G_CONNECT_SWAPPED);
}

void
omni_window_clear_versions (OmniWindow *self)
{
  g_clear_object (&self->shown_version);
  self->version_toast = NULL;
}
