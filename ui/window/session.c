/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Sessions in the window: kept by itself while one works, restored, found again, shared as a file; and recent sets. */
#include "ui/window/window-private.h"

#include "app/document/session-store.h"
#include "app/document/session.h"

#include <glib/gi18n.h>

/* What changes in quick succession is written once. */
#define SAVE_DELAY_MS 500
#define SHOWN_RECENT  6

/* Keeping */

typedef struct
{
  OmniSession *session;
  char *path; /* NULL: a new one is made */
} Keeping;

static void
keeping_free (Keeping *keeping)
{
  omni_session_free (keeping->session);
  g_free (keeping->path);
  g_free (keeping);
}

/* Always at once, with the hashes that are known: the program may be killed while large files are read. */
static void
keep_in_thread (GTask *task, gpointer source_object, gpointer task_data, GCancellable *cancellable)
{
  Keeping *keeping = task_data;
  GError *error = NULL;

  if (!omni_session_save (keeping->session, keeping->path, TRUE, &error))
  {
    g_task_return_error (task, error);
    return;
  }
  omni_session_store_mark (keeping->path, TRUE);
  g_task_return_boolean (task, TRUE);
}

static void start_keeping (OmniWindow *self);
static void schedule_keeping (OmniWindow *self);
static void forget_missing (OmniWindow *self);
static void finish_keeping (OmniWindow *self);

/* How many files have a hash now that had none. */
static void
hash_in_thread (GTask *task, gpointer source_object, gpointer task_data, GCancellable *cancellable)
{
  GPtrArray *sources = task_data;
  int n_hashed = 0;

  for (guint i = 0; i < sources->len && !g_cancellable_is_cancelled (cancellable); i++)
  {
    if (omni_source_has_sha256 (sources->pdata[i]))
      continue;
    g_autofree char *sha256 = omni_source_dup_sha256 (sources->pdata[i], NULL);
    n_hashed += sha256 != NULL;
  }
  g_task_return_int (task, n_hashed);
}

static void
hashed_cb (GObject *object, GAsyncResult *result, gpointer data)
{
  OmniWindow *self = OMNI_WINDOW (object);

  self->hashing = FALSE;
  if (g_task_propagate_int (G_TASK (result), NULL) > 0)
    schedule_keeping (self);
}

static void
start_hashing (OmniWindow *self)
{
  GPtrArray *all = omni_document_get_sources (self->document);

  if (self->hashing)
    return;
  self->hashing = TRUE;
  g_autoptr (GTask) task = g_task_new (self, self->cancellable, hashed_cb, NULL);
  g_task_set_task_data (task, g_ptr_array_copy (all, (GCopyFunc)g_object_ref, NULL),
                        (GDestroyNotify)g_ptr_array_unref);
  g_task_run_in_thread (task, hash_in_thread);
}

static void
kept_cb (GObject *object, GAsyncResult *result, gpointer data)
{
  OmniWindow *self = OMNI_WINDOW (object);
  const Keeping *keeping = g_task_get_task_data (G_TASK (result));
  g_autoptr (GError) error = NULL;

  const gboolean kept = g_task_propagate_boolean (G_TASK (result), &error);

  self->keeping = FALSE;
  if (g_cancellable_is_cancelled (self->cancellable))
  {
    finish_keeping (self);
    return;
  }
  if (!kept && !self->keeping_failed)
  {
    /* Said once: it would come again with every change. */
    self->keeping_failed = TRUE;
    omni_window_show_file_error (self, error->message);
  }
  if (kept && omni_session_lacks_hashes (keeping->session))
    start_hashing (self);
  if (self->keep_again)
    start_keeping (self);
}

/* (transfer full) With what was not found. */
static OmniSession *
capture (OmniWindow *self)
{
  OmniSession *session = omni_session_new (self->document);

  if (self->session != NULL)
    omni_session_carry_missing (session, self->session);
  omni_session_set_leaves_frames (session, omni_window_leaves_frames (self));
  return session;
}

/* (transfer full) (nullable) */
static Keeping *
make_keeping (OmniWindow *self)
{
  g_autoptr (GError) error = NULL;

  if (self->session_path == NULL)
    self->session_path = omni_session_store_make_path (&error);
  if (self->session_path == NULL)
  {
    if (!self->keeping_failed)
      omni_window_show_file_error (self, error->message);
    self->keeping_failed = TRUE;
    return NULL;
  }
  Keeping *keeping = g_new0 (Keeping, 1);
  keeping->session = capture (self);
  keeping->path = g_strdup (self->session_path);
  return keeping;
}

/* Another set is another session. */
static void
let_go (OmniWindow *self)
{
  if (self->session_path != NULL)
    omni_session_store_mark (self->session_path, FALSE);
  g_clear_pointer (&self->session_path, g_free);
}

void
omni_window_keep_session (OmniWindow *self)
{
  schedule_keeping (self);
}

static void
start_keeping (OmniWindow *self)
{
  self->keep_again = self->keeping;
  if (self->keeping)
    return;
  if (omni_document_get_n_sources (self->document) == 0)
  {
    /* The set that was there is among the recent ones. One of which nothing was found is no other set. */
    if (self->session != NULL && omni_session_lacks_all (self->session))
      return;
    let_go (self);
    forget_missing (self);
    omni_window_list_recent (self); /* now that its last state is written */
    return;
  }
  Keeping *keeping = make_keeping (self);
  if (keeping == NULL)
    return;
  GApplication *application = G_APPLICATION (gtk_window_get_application (GTK_WINDOW (self)));
  self->keeping = TRUE;
  g_autoptr (GTask) task = g_task_new (self, NULL, kept_cb, NULL);
  g_task_set_task_data (task, keeping, (GDestroyNotify)keeping_free);
  /* Until the callback has run. */
  g_application_hold (application);
  g_signal_connect_object (task, "notify::completed", G_CALLBACK (g_application_release), application,
                           G_CONNECT_SWAPPED);
  g_task_run_in_thread (task, keep_in_thread);
}

static gboolean
keep_cb (gpointer data)
{
  OmniWindow *self = data;

  self->keep_id = 0;
  start_keeping (self);
  return G_SOURCE_REMOVE;
}

static void
schedule_keeping (OmniWindow *self)
{
  if (self->keep_id == 0 && !g_cancellable_is_cancelled (self->cancellable))
    self->keep_id = g_timeout_add (SAVE_DELAY_MS, keep_cb, self);
}

/* What was changed a moment ago and not written yet, before the window goes on with another set. */
static void
keep_now (OmniWindow *self)
{
  g_autoptr (GError) error = NULL;

  if (self->keep_id == 0 && !self->keep_again)
    return;
  g_clear_handle_id (&self->keep_id, g_source_remove);
  self->keep_again = FALSE;
  Keeping *keeping = omni_document_get_n_sources (self->document) > 0 ? make_keeping (self) : NULL;
  if (keeping == NULL)
    return;
  if (omni_session_save (keeping->session, keeping->path, TRUE, &error))
    omni_session_store_mark (keeping->path, TRUE);
  else
    omni_window_show_file_error (self, error->message);
  keeping_free (keeping);
}

/* The last word of a window. What a thread is still writing comes first: its callback ends here once more. */
static void
finish_keeping (OmniWindow *self)
{
  self->keep_again |= self->keep_id != 0;
  g_clear_handle_id (&self->keep_id, g_source_remove);
  if (self->keeping)
    return;
  keep_now (self);
  if (self->done_with)
    let_go (self);
}

/* Restoring */

typedef struct
{
  OmniWindow *window;
  char *path;
  gboolean continues; /* the window goes on with the file */
} Restoring;

static void
load_in_thread (GTask *task, gpointer source_object, gpointer task_data, GCancellable *cancellable)
{
  const Restoring *restoring = task_data;
  GError *error = NULL;
  OmniSession *session = omni_session_load (restoring->path, cancellable, &error);

  if (session != NULL)
    g_task_return_pointer (task, session, (GDestroyNotify)omni_session_free);
  else
    g_task_return_error (task, error);
}

static void
show_missing (OmniWindow *self)
{
  g_autofree char *missing = self->session != NULL ? omni_session_describe_missing (self->session) : NULL;

  if (missing != NULL)
    gtk_label_set_text (self->missing_text, missing);
  gtk_info_bar_set_revealed (self->missing_bar, missing != NULL);
  gtk_widget_set_visible (GTK_WIDGET (self->missing_bar), missing != NULL);
}

static void
forget_missing (OmniWindow *self)
{
  g_clear_pointer (&self->session, omni_session_free);
  show_missing (self);
}

/* What is not as it was. */
static void
show_differences (OmniWindow *self, OmniSession *session)
{
  g_autofree char *changed = omni_session_describe_changed (session);
  g_autofree char *weights = omni_session_describe_weights (session);
  g_autofree char *both = changed != NULL && weights != NULL ? g_strdup_printf ("%s\n%s", changed, weights)
                                                             : NULL;

  if (changed != NULL || weights != NULL)
    omni_window_show_file_error (self, both != NULL ? both : changed != NULL ? changed : weights);
}

static void
loaded_cb (GObject *object, GAsyncResult *result, gpointer data)
{
  OmniWindow *self = OMNI_WINDOW (object);
  const Restoring *restoring = g_task_get_task_data (G_TASK (result));
  g_autoptr (GError) error = NULL;
  OmniSession *session = g_task_propagate_pointer (G_TASK (result), &error);

  if (session == NULL)
  {
    if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
      return;
    if (restoring->continues)
      omni_session_store_mark (restoring->path, FALSE);
    omni_window_show_file_error (self, error->message);
    return;
  }
  keep_now (self);
  g_clear_pointer (&self->session, omni_session_free);
  let_go (self);
  self->session = session;
  if (restoring->continues)
    self->session_path = g_strdup (restoring->path);
  omni_session_apply (session, self->document);
  if (omni_session_get_leaves_frames (session))
    omni_window_leave_frames (self);
  show_missing (self);
  omni_window_recall_pins (self);
  show_differences (self, session);
}

static void
restoring_free (gpointer data)
{
  Restoring *restoring = data;

  g_free (restoring->path);
  g_free (restoring);
}

static void
open_session (OmniWindow *self, const char *path, gboolean continues)
{
  Restoring *restoring = g_new0 (Restoring, 1);
  g_autoptr (GTask) task = g_task_new (self, self->cancellable, loaded_cb, NULL);

  restoring->path = g_strdup (path);
  restoring->continues = continues;
  g_task_set_task_data (task, restoring, restoring_free);
  g_task_run_in_thread (task, load_in_thread);
}

void
omni_window_restore_session (OmniWindow *self, const char *path)
{
  open_session (self, path, TRUE);
}

gboolean
omni_window_open_session (OmniWindow *self, const char *path)
{
  if (!g_str_has_suffix (path, OMNI_SESSION_SUFFIX) || g_file_test (path, G_FILE_TEST_IS_DIR))
    return FALSE;
  open_session (self, path, FALSE);
  return TRUE;
}

/* Files that are somewhere else now */

typedef struct
{
  OmniSession *session;
  char **paths;
} Locating;

static void
locating_free (gpointer data)
{
  Locating *locating = data;

  g_clear_pointer (&locating->session, omni_session_free);
  g_strfreev (locating->paths);
  g_free (locating);
}

static void
locate_in_thread (GTask *task, gpointer source_object, gpointer task_data, GCancellable *cancellable)
{
  Locating *locating = task_data;

  g_task_return_int (
    task, omni_session_locate (locating->session, (const char *const *)locating->paths, cancellable));
}

static void
located_cb (GObject *object, GAsyncResult *result, gpointer data)
{
  OmniWindow *self = OMNI_WINDOW (object);
  Locating *locating = g_task_get_task_data (G_TASK (result));

  if (g_cancellable_is_cancelled (self->cancellable))
    return;
  const gssize n_found = g_task_propagate_int (G_TASK (result), NULL);
  g_clear_pointer (&self->session, omni_session_free);
  self->session = g_steal_pointer (&locating->session);
  /* What was kept meanwhile knew nothing of them. */
  schedule_keeping (self);
  if (n_found > 0)
    omni_session_apply_found (self->session, self->document);
  else
    omni_window_show_file_error (
      self, _ ("None of the files there is the picture that is missing: their contents differ. "
               "Choose another folder, or add the picture as a new one."));
  show_missing (self);
}

static void
locate_response_cb (OmniWindow *self, int response, GtkNativeDialog *dialog)
{
  if (response == GTK_RESPONSE_ACCEPT && self->session != NULL)
  {
    g_autoptr (GFile) folder = gtk_file_chooser_get_file (GTK_FILE_CHOOSER (dialog));
    Locating *locating = g_new0 (Locating, 1);
    g_autoptr (GTask) task = g_task_new (self, self->cancellable, located_cb, NULL);
    locating->session = g_steal_pointer (&self->session);
    locating->paths = g_new0 (char *, 2);
    locating->paths[0] = folder != NULL ? g_file_get_path (folder) : NULL;
    g_task_set_task_data (task, locating, locating_free);
    g_task_run_in_thread (task, locate_in_thread);
  }
  g_clear_object (&self->chooser);
}

static void
locate_action (GtkWidget *widget, const char *name, GVariant *parameter)
{
  OmniWindow *self = OMNI_WINDOW (widget);

  if (self->chooser != NULL || self->session == NULL)
    return;
  self->chooser = gtk_file_chooser_native_new (_ ("The Folder Where They Are Now"), GTK_WINDOW (self),
                                               GTK_FILE_CHOOSER_ACTION_SELECT_FOLDER, _ ("_Look There"),
                                               _ ("_Cancel"));
  gtk_native_dialog_set_modal (GTK_NATIVE_DIALOG (self->chooser), TRUE);
  g_signal_connect_swapped (self->chooser, "response", G_CALLBACK (locate_response_cb), self);
  gtk_native_dialog_show (GTK_NATIVE_DIALOG (self->chooser));
}

/* The person goes on without them. */
static void
missing_response_cb (OmniWindow *self)
{
  forget_missing (self);
  schedule_keeping (self);
}

/* As a file to share */

static void
write_in_thread (GTask *task, gpointer source_object, gpointer task_data, GCancellable *cancellable)
{
  const Keeping *keeping = task_data;
  GError *error = NULL;

  if (omni_session_save (keeping->session, keeping->path, FALSE, &error))
    g_task_return_pointer (task, NULL, NULL);
  else
    g_task_return_error (task, error);
}

static void
save_session (OmniWindow *self, const char *wanted)
{
  /* Without its ending nobody would take it for a session, this program least of all. */
  const gboolean ends = g_str_has_suffix (wanted, OMNI_SESSION_SUFFIX);
  g_autofree char *path = ends ? g_strdup (wanted) : g_strconcat (wanted, OMNI_SESSION_SUFFIX, NULL);

  if (!ends && g_file_test (path, G_FILE_TEST_EXISTS))
  {
    g_autofree char *name = g_filename_display_basename (path);
    g_autofree char *words = g_strdup_printf (
      _ ("“%s” exists already; write its whole name to replace it, or choose another one."), name);
    omni_window_show_file_error (self, words);
    return;
  }
  Keeping *keeping = g_new0 (Keeping, 1);
  keeping->session = capture (self);
  keeping->path = g_strdup (path);
  omni_window_write (self, path, write_in_thread, keeping, (GDestroyNotify)keeping_free);
}

static void
save_response_cb (OmniWindow *self, int response, GtkNativeDialog *dialog)
{
  if (response == GTK_RESPONSE_ACCEPT)
  {
    g_autoptr (GFile) file = gtk_file_chooser_get_file (GTK_FILE_CHOOSER (dialog));
    g_autofree char *path = file != NULL ? g_file_get_path (file) : NULL;
    if (omni_window_check_place (self, path))
      save_session (self, path);
  }
  g_clear_object (&self->chooser);
}

static void
save_session_action (GtkWidget *widget, const char *name, GVariant *parameter)
{
  OmniWindow *self = OMNI_WINDOW (widget);

  if (self->chooser != NULL || omni_document_get_n_sources (self->document) == 0)
    return;
  g_autoptr (OmniSession) session = omni_session_new (self->document);
  g_autofree char *title = omni_session_dup_title (session);
  g_autofree char *file_name = g_strconcat (title, OMNI_SESSION_SUFFIX, NULL);
  self->chooser = gtk_file_chooser_native_new (_ ("Save the Session"), GTK_WINDOW (self),
                                               GTK_FILE_CHOOSER_ACTION_SAVE, _ ("_Save"), _ ("_Cancel"));
  gtk_native_dialog_set_modal (GTK_NATIVE_DIALOG (self->chooser), TRUE);
  omni_window_set_start_folder (self, GTK_FILE_CHOOSER (self->chooser));
  omni_window_add_filter (GTK_FILE_CHOOSER (self->chooser), _ ("Session (.omnifuse)"),
                          (const char *const[]){ OMNI_SESSION_SUFFIX + 1, NULL });
  gtk_file_chooser_set_current_name (GTK_FILE_CHOOSER (self->chooser), file_name);
  g_signal_connect_swapped (self->chooser, "response", G_CALLBACK (save_response_cb), self);
  gtk_native_dialog_show (GTK_NATIVE_DIALOG (self->chooser));
}

/* Recent sets */

typedef struct
{
  char *path, *folder;
  guint n_sources;
} Recent;

static void
recent_clear (gpointer data)
{
  Recent *recent = data;

  g_free (recent->path);
  g_free (recent->folder);
}

static void
list_recent_in_thread (GTask *task, gpointer source_object, gpointer task_data, GCancellable *cancellable)
{
  GArray *recents = g_array_new (FALSE, TRUE, sizeof (Recent));

  g_array_set_clear_func (recents, recent_clear);
  omni_session_store_prune ();
  g_autoptr (GPtrArray) paths = omni_session_store_list (FALSE);
  for (guint i = 0; i < paths->len && recents->len < SHOWN_RECENT; i++)
  {
    g_autofree char *folder = NULL;
    guint n = 0;
    if (!omni_session_peek (paths->pdata[i], &folder, &n) || n == 0)
      continue;
    const Recent recent = { g_strdup (paths->pdata[i]), g_steal_pointer (&folder), n };
    g_array_append_val (recents, recent);
  }
  g_task_return_pointer (task, recents, (GDestroyNotify)g_array_unref);
}

/* (transfer full) The folder's name, with the one around it where another folder of the list is called the same. */
static char *
name_folder (const GArray *recents, const char *folder)
{
  char *name = g_filename_display_basename (folder);

  for (guint i = 0; i < recents->len; i++)
  {
    const char *other = g_array_index (recents, Recent, i).folder;
    g_autofree char *other_name = g_filename_display_basename (other);
    if (g_str_equal (other, folder) || !g_str_equal (other_name, name))
      continue;
    g_autofree char *around = g_path_get_dirname (folder);
    g_autofree char *around_name = g_filename_display_basename (around);
    g_autofree char *own = name;
    return g_build_filename (around_name, own, NULL);
  }
  return name;
}

/* Under “Recent Sets” and on the empty page. */
static void
add_recent (OmniWindow *self, const GArray *recents, const Recent *recent)
{
  g_autofree char *name = name_folder (recents, recent->folder);
  g_autofree char *title = g_strdup_printf (ngettext ("%s, %u picture", "%s, %u pictures", recent->n_sources),
                                            name, recent->n_sources);
  g_auto (GStrv) parts = g_strsplit (title, "_", -1);
  g_autofree char *label = g_strjoinv ("__", parts); /* one alone is a mnemonic */
  g_autoptr (GMenuItem) item = g_menu_item_new (label, NULL);
  GtkWidget *button = gtk_button_new_with_label (title);

  g_menu_item_set_action_and_target (item, "win.open-recent", "s", recent->path);
  g_menu_append_item (self->recent_menu, item);
  gtk_actionable_set_action_name (GTK_ACTIONABLE (button), "win.open-recent");
  gtk_actionable_set_action_target (GTK_ACTIONABLE (button), "s", recent->path);
  gtk_widget_add_css_class (button, "flat");
  gtk_box_append (GTK_BOX (self->recent_box), button);
}

static void
recent_listed_cb (GObject *object, GAsyncResult *result, gpointer data)
{
  OmniWindow *self = OMNI_WINDOW (object);
  g_autoptr (GArray) recents = g_task_propagate_pointer (G_TASK (result), NULL);
  GtkWidget *child;

  if (recents == NULL)
    return;
  g_menu_remove_all (self->recent_menu);
  while ((child = gtk_widget_get_first_child (self->recent_box)) != NULL)
    gtk_box_remove (GTK_BOX (self->recent_box), child);
  for (guint i = 0; i < recents->len; i++)
    add_recent (self, recents, &g_array_index (recents, Recent, i));
  gtk_widget_set_visible (self->recent_title, recents->len > 0);
}

void
omni_window_list_recent (OmniWindow *self)
{
  g_autoptr (GTask) task = g_task_new (self, self->cancellable, recent_listed_cb, NULL);

  g_task_run_in_thread (task, list_recent_in_thread);
}

/* The window goes on with the file, unless another one does. */
static void
open_recent_action (GtkWidget *widget, const char *name, GVariant *parameter)
{
  OmniWindow *self = OMNI_WINDOW (widget);
  const char *path = g_variant_get_string (parameter, NULL);

  if (g_strcmp0 (path, self->session_path) != 0)
    open_session (self, path, !omni_session_store_is_marked (path));
}

/* The window */

static void
document_emptied_cb (OmniWindow *self)
{
  if (omni_document_get_n_sources (self->document) == 0)
    omni_window_list_recent (self);
}

/* The last window's session is there again at the next start; that of another is done with. */
static gboolean
close_request_cb (OmniWindow *self)
{
  GtkApplication *application = gtk_window_get_application (GTK_WINDOW (self));

  self->done_with = application != NULL && g_list_length (gtk_application_get_windows (application)) > 1;
  return FALSE;
}

void
omni_window_class_install_session (GtkWidgetClass *widget_class)
{
  gtk_widget_class_bind_template_child (widget_class, OmniWindow, missing_bar);
  gtk_widget_class_bind_template_child (widget_class, OmniWindow, missing_text);
  gtk_widget_class_bind_template_child (widget_class, OmniWindow, recent_menu);
  gtk_widget_class_bind_template_child (widget_class, OmniWindow, recent_box);
  gtk_widget_class_bind_template_child (widget_class, OmniWindow, recent_title);
  gtk_widget_class_bind_template_callback (widget_class, missing_response_cb);
  gtk_widget_class_install_action (widget_class, "win.locate", NULL, locate_action);
  gtk_widget_class_install_action (widget_class, "win.save-session", NULL, save_session_action);
  gtk_widget_class_install_action (widget_class, "win.open-recent", "s", open_recent_action);
}

void
omni_window_init_session (OmniWindow *self)
{
  OmniVersions *versions = omni_document_get_versions (self->document);

  g_signal_connect_object (self->document, "changed", G_CALLBACK (schedule_keeping), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (self->document, "items-changed", G_CALLBACK (document_emptied_cb), self,
                           G_CONNECT_SWAPPED);
  g_signal_connect_object (versions, "items-changed", G_CALLBACK (schedule_keeping), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (self->versions, "pins-changed", G_CALLBACK (schedule_keeping), self,
                           G_CONNECT_SWAPPED);
  g_signal_connect (self, "close-request", G_CALLBACK (close_request_cb), NULL);
}

void
omni_window_end_session (OmniWindow *self)
{
  finish_keeping (self);
}

void
omni_window_dispose_session (OmniWindow *self)
{
  g_clear_pointer (&self->session, omni_session_free);
  g_clear_pointer (&self->session_path, g_free);
}
