/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Files in and out: adding by dialog and by drop, the sample bracket, and saving the result. */
#include "ui/window/window-private.h"

#include "app/document/gather.h"
#include "app/document/session-store.h"
#include "app/files/natural-sort.h"
#include "app/fusion/result-file.h"
#include "app/settings.h"

#include <glib/gi18n.h>

/* Adding */

typedef struct
{
  OmniWindow *window;
  guint position;
  OmniProgress *work;
  GCancellable *cancellable;
} Addition;

static void
addition_free (Addition *addition)
{
  omni_progress_unref (addition->work);
  g_object_unref (addition->cancellable);
  g_object_unref (addition->window);
  g_free (addition);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Addition, addition_free)

static void
added_cb (GObject *object, GAsyncResult *result, gpointer data)
{
  g_autoptr (Addition) addition = data;
  OmniWindow *self = addition->window;
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) sources = omni_gather_sources_finish (result, &error);

  if (g_cancellable_is_cancelled (self->cancellable))
    return;
  omni_work_bar_end (self->adding_bar, addition->work);
  if (g_cancellable_is_cancelled (addition->cancellable))
  {
    omni_window_tell (self, adw_toast_new (_ ("No pictures were added")));
    return;
  }
  if (error != NULL)
    omni_window_show_file_error (self, error->message);
  const guint added = omni_document_insert (self->document, addition->position, sources);
  if (added < sources->len)
  {
    const guint n = sources->len - added;
    g_autofree char *words = g_strdup_printf (
      ngettext ("%u picture is in the set already", "%u pictures are in the set already", n), n);
    omni_window_tell (self, adw_toast_new (words));
  }
}

static void
note_added (double fraction, gpointer work)
{
  omni_progress_set_fraction (work, fraction);
}

void
omni_window_add_paths (OmniWindow *self, const char *const *paths, guint position)
{
  if (paths == NULL || paths[0] == NULL)
    return;
  if (paths[1] == NULL && omni_window_open_session (self, paths[0]))
    return;
  Addition *addition = g_new0 (Addition, 1);
  addition->window = g_object_ref (self);
  addition->position = position;
  GCancellable *cancellable;
  addition->work = omni_progress_ref (
    omni_work_bar_begin (self->adding_bar, _ ("Adding pictures"), &cancellable));
  addition->cancellable = g_object_ref (cancellable);
  omni_gather_sources_async (paths, note_added, addition->work, cancellable, added_cb, addition);
}

void
omni_window_open_paths (OmniWindow *self, const char *const *paths)
{
  omni_window_add_paths (self, paths, G_MAXUINT);
}

static int
compare_paths (gconstpointer a, gconstpointer b)
{
  return omni_natural_compare (*(const char *const *)a, *(const char *const *)b);
}

/* What was picked or dropped together comes in no order that anybody chose: 2.jpg goes before 10.jpg. */
static void
sort_paths (char **paths)
{
  qsort (paths, g_strv_length (paths), sizeof *paths, compare_paths);
}

char **
omni_window_dup_paths (OmniWindow *self, GListModel *files)
{
  g_autoptr (GStrvBuilder) paths = g_strv_builder_new ();
  g_autoptr (GString) elsewhere = g_string_new (NULL);

  for (guint i = 0; i < g_list_model_get_n_items (files); i++)
  {
    g_autoptr (GFile) file = g_list_model_get_item (files, i);
    g_autofree char *path = g_file_get_path (file);
    g_autofree char *name = g_file_get_parse_name (file);
    if (path != NULL)
    {
      g_strv_builder_add (paths, path);
      continue;
    }
    if (elsewhere->len > 0)
      g_string_append_c (elsewhere, '\n');
    g_string_append_printf (elsewhere, _ ("“%s” is not on this computer; copy it here first."), name);
  }
  if (elsewhere->len > 0)
    omni_window_show_file_error (self, elsewhere->str);
  return g_strv_builder_end (paths);
}

char **
omni_window_dup_list_paths (OmniWindow *self, GdkFileList *files)
{
  g_autoptr (GSList) list = gdk_file_list_get_files (files);
  g_autoptr (GListStore) model = g_list_store_new (G_TYPE_FILE);

  for (GSList *link = list; link != NULL; link = link->next)
    g_list_store_append (model, link->data);
  return omni_window_dup_paths (self, G_LIST_MODEL (model));
}

static void
open_response_cb (OmniWindow *self, int response, GtkNativeDialog *dialog)
{
  if (response == GTK_RESPONSE_ACCEPT)
  {
    g_autoptr (GListModel) files = gtk_file_chooser_get_files (GTK_FILE_CHOOSER (dialog));
    g_auto (GStrv) paths = omni_window_dup_paths (self, files);
    sort_paths (paths);
    omni_window_open_paths (self, (const char *const *)paths);
  }
  g_clear_object (&self->chooser);
}

static void
add_picture_filters (GtkFileChooser *chooser)
{
  g_autoptr (GtkFileFilter) pictures = gtk_file_filter_new ();
  g_autoptr (GtkFileFilter) all = gtk_file_filter_new ();

  gtk_file_filter_set_name (pictures, _ ("Pictures"));
  gtk_file_filter_add_mime_type (pictures, "image/*");
  /* A session opens like a picture. By its name: the type is known only where the program is installed. */
  gtk_file_filter_add_pattern (pictures, "*" OMNI_SESSION_SUFFIX);
  gtk_file_filter_set_name (all, _ ("All Files"));
  gtk_file_filter_add_pattern (all, "*");
  gtk_file_chooser_add_filter (chooser, pictures);
  gtk_file_chooser_add_filter (chooser, all);
}

void
omni_window_set_start_folder (OmniWindow *self, GtkFileChooser *chooser)
{
  OmniSource *source = omni_document_get_source (self->document, 0);

  if (source == NULL)
    return;
  g_autofree char *path = g_path_get_dirname (omni_source_get_path (source));
  g_autoptr (GFile) folder = g_file_new_for_path (path);
  gtk_file_chooser_set_current_folder (chooser, folder, NULL);
}

void
omni_window_choose_files (OmniWindow *self, gboolean folder)
{
  if (self->chooser != NULL)
    return;
  self->chooser = gtk_file_chooser_native_new (
    folder ? _ ("Add the Folder of a Scene") : _ ("Add Pictures of One Scene"), GTK_WINDOW (self),
    folder ? GTK_FILE_CHOOSER_ACTION_SELECT_FOLDER : GTK_FILE_CHOOSER_ACTION_OPEN, _ ("_Add"), _ ("_Cancel"));
  gtk_native_dialog_set_modal (GTK_NATIVE_DIALOG (self->chooser), TRUE);
  gtk_file_chooser_set_select_multiple (GTK_FILE_CHOOSER (self->chooser), TRUE);
  if (!folder)
    add_picture_filters (GTK_FILE_CHOOSER (self->chooser));
  omni_window_set_start_folder (self, GTK_FILE_CHOOSER (self->chooser));
  g_signal_connect_swapped (self->chooser, "response", G_CALLBACK (open_response_cb), self);
  gtk_native_dialog_show (GTK_NATIVE_DIALOG (self->chooser));
}

/* Dropping anywhere on the window; the filmstrip answers for itself, with the place. */

static gboolean
accept_cb (OmniWindow *self, GdkDrop *drop)
{
  /* A card of this program that is dropped outside the filmstrip goes back to where it was. */
  return gdk_drop_get_drag (drop) == NULL
         && (gdk_content_formats_contain_gtype (gdk_drop_get_formats (drop), GDK_TYPE_FILE_LIST)
             || gdk_content_formats_contain_gtype (gdk_drop_get_formats (drop), GDK_TYPE_TEXTURE));
}

static GdkDragAction
enter_cb (OmniWindow *self)
{
  gtk_widget_set_visible (self->drop_sign, TRUE);
  return GDK_ACTION_COPY;
}

static void
leave_cb (OmniWindow *self)
{
  gtk_widget_set_visible (self->drop_sign, FALSE);
}

static void
add_dropped (OmniWindow *self, GdkFileList *files, guint position)
{
  g_auto (GStrv) paths = omni_window_dup_list_paths (self, files);

  gtk_widget_set_visible (self->drop_sign, FALSE);
  sort_paths (paths);
  omni_window_add_paths (self, (const char *const *)paths, position);
}

static gboolean
drop_cb (OmniWindow *self, const GValue *value)
{
  if (G_VALUE_HOLDS (value, GDK_TYPE_TEXTURE))
  {
    gtk_widget_set_visible (self->drop_sign, FALSE);
    omni_window_add_texture (self, g_value_get_object (value), G_MAXUINT);
    return TRUE;
  }
  add_dropped (self, g_value_get_boxed (value), G_MAXUINT);
  return TRUE;
}

/* The filmstrip shows the place itself. GTK sends no leave after a drop on it, so that comes here, too. */
static void
filmstrip_enter_cb (OmniWindow *self)
{
  gtk_widget_set_visible (self->drop_sign, FALSE);
}

static void
filmstrip_leave_cb (OmniWindow *self)
{
  gtk_widget_set_visible (self->drop_sign, gtk_drop_target_get_current_drop (self->drop_target) != NULL);
}

static void
cancel_adding_cb (GtkWidget *widget, const char *name, GVariant *parameter)
{
  omni_work_bar_cancel (OMNI_WINDOW (widget)->adding_bar);
}

void
omni_window_class_install_files (GtkWidgetClass *widget_class)
{
  gtk_widget_class_bind_template_child (widget_class, OmniWindow, adding_bar);
  gtk_widget_class_install_action (widget_class, "win.cancel-adding", NULL, cancel_adding_cb);
}

void
omni_window_init_files (OmniWindow *self)
{
  GtkDropTarget *target = gtk_drop_target_new (G_TYPE_INVALID, GDK_ACTION_COPY);
  GtkEventController *over = gtk_drop_controller_motion_new ();

  omni_work_bar_set_up (self->adding_bar, _ ("_Cancel Adding"), "win.cancel-adding");
  /* A browser offers the picture itself beside its address. */
  gtk_drop_target_set_gtypes (target, (GType[]){ GDK_TYPE_TEXTURE, GDK_TYPE_FILE_LIST }, 2);
  g_signal_connect_swapped (target, "accept", G_CALLBACK (accept_cb), self);
  g_signal_connect_swapped (target, "enter", G_CALLBACK (enter_cb), self);
  g_signal_connect_swapped (target, "leave", G_CALLBACK (leave_cb), self);
  g_signal_connect_swapped (target, "drop", G_CALLBACK (drop_cb), self);
  self->drop_target = target;
  gtk_widget_add_controller (GTK_WIDGET (self->toasts), GTK_EVENT_CONTROLLER (target));
  g_signal_connect_swapped (over, "enter", G_CALLBACK (filmstrip_enter_cb), self);
  g_signal_connect_swapped (over, "leave", G_CALLBACK (filmstrip_leave_cb), self);
  gtk_widget_add_controller (GTK_WIDGET (self->filmstrip), over);
  g_signal_connect_swapped (self->filmstrip, "files-dropped", G_CALLBACK (add_dropped), self);
}

/* Samples */

static char *
find_sample_folder (void)
{
  const char *data = g_getenv ("OMNIFUSE_DATADIR");
  g_autofree char *program = g_file_read_link ("/proc/self/exe", NULL);
  g_autofree char *beside = program != NULL ? g_path_get_dirname (program) : g_strdup (".");
  char *candidates[] = { data != NULL ? g_build_filename (data, "samples", NULL) : g_strdup (""),
                         g_build_filename (beside, "..", "resources", "samples", NULL),
                         g_build_filename (beside, "..", "share", "omnifuse", "samples", NULL),
                         g_build_filename (OMNI_PKGDATADIR, "samples", NULL) };
  char *found = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (candidates); i++)
  {
    if (found == NULL && g_file_test (candidates[i], G_FILE_TEST_IS_DIR))
      found = g_build_filename (candidates[i], "bracket", NULL);
    g_free (candidates[i]);
  }
  return found;
}

void
omni_window_find_samples (OmniWindow *self)
{
  self->sample_folder = find_sample_folder ();
  const gboolean found = self->sample_folder != NULL && g_file_test (self->sample_folder, G_FILE_TEST_IS_DIR);
  gtk_widget_set_visible (self->sample_button, found);
  gtk_widget_set_visible (self->more_samples, found);
}

void
omni_window_open_samples (OmniWindow *self, const char *set)
{
  g_autofree char *folder = self->sample_folder != NULL ? g_path_get_dirname (self->sample_folder) : NULL;
  g_autofree char *path = folder != NULL ? g_build_filename (folder, set, NULL) : NULL;

  if (path != NULL && g_file_test (path, G_FILE_TEST_IS_DIR))
    omni_window_open_paths (self, (const char *const[]){ path, NULL });
}

/* Saving */

typedef struct
{
  OmniFusionResult *result;
  char *path;
  OmniResultFileOptions options;
} Saving;

static void
saving_free (Saving *saving)
{
  omni_fusion_result_unref (saving->result);
  g_free (saving->path);
  g_free (saving);
}

/* (transfer full) (nullable) */
static char *
join_losses (GPtrArray *losses)
{
  if (losses->len == 0)
    return NULL;
  g_ptr_array_add (losses, NULL);
  return g_strjoinv (" ", (char **)losses->pdata);
}

/* The dialog has asked before replacing a file. */
static void
save_in_thread (GTask *task, gpointer source_object, gpointer task_data, GCancellable *cancellable)
{
  Saving *saving = task_data;
  g_autoptr (GPtrArray) losses = g_ptr_array_new_with_free_func (g_free);
  GError *error = NULL;

  if (omni_result_file_write (saving->result, saving->path, &saving->options, losses,
                              omni_window_note_written, task, cancellable, &error))
    g_task_return_pointer (task, join_losses (losses), g_free);
  else
    g_task_return_error (task, error);
}

/* What the dialog asks besides the name; what was chosen is what it begins with the next time. */
static const struct
{
  const char *key;
  const char *title;
  const char *values[5];
  const char *labels[5];
} choices[] = {
  { OMNI_SETTING_EXPORT_DEPTH,
    N_ ("Bits per Sample"),
    { "own", "8", "16", "32f" },
    { N_ ("As fused"), N_ ("8 bits"), N_ ("16 bits"), N_ ("32-bit float") } },
  { OMNI_SETTING_EXPORT_QUALITY,
    N_ ("Quality of JPEG"),
    { "80", "90", "95", "100" },
    { N_ ("80: small"), "90", N_ ("95: good"), N_ ("100: largest") } },
  { OMNI_SETTING_EXPORT_PROFILE, N_ ("Colour Profile"), { "own", "srgb" }, { N_ ("As fused"), N_ ("sRGB") } },
  { OMNI_SETTING_EXPORT_METADATA, N_ ("Metadata"), { "yes", "no" }, { N_ ("Keep"), N_ ("Leave out") } },
};

/* A dialog begins with the first of a list: gtk_file_chooser_set_choice() is without effect (GTK 4.8). So what was chosen last
 * comes first. */
static void
add_choices (GtkFileChooser *chooser)
{
  for (gsize i = 0; i < G_N_ELEMENTS (choices); i++)
  {
    const char *values[6] = { NULL }, *labels[6] = { NULL };
    g_autofree char *value = omni_settings_dup (choices[i].key);
    guint n = 0;
    /* A quality of one's own, from the preferences. */
    if (!g_strv_contains (choices[i].values, value))
    {
      values[n] = value;
      labels[n++] = value;
    }
    for (guint turn = 0; turn < 2; turn++)
      for (guint k = 0; choices[i].values[k] != NULL; k++)
        if (g_str_equal (choices[i].values[k], value) == (turn == 0))
        {
          values[n] = choices[i].values[k];
          labels[n++] = _ (choices[i].labels[k]);
        }
    gtk_file_chooser_add_choice (chooser, choices[i].key, _ (choices[i].title), values, labels);
  }
}

/* Without one the dialog offers “(None)”. */
void
omni_window_add_filter (GtkFileChooser *chooser, const char *name, const char *const *suffixes)
{
  g_autoptr (GtkFileFilter) filter = gtk_file_filter_new ();

  gtk_file_filter_set_name (filter, name);
  for (guint i = 0; suffixes[i] != NULL; i++)
    gtk_file_filter_add_suffix (filter, suffixes[i]);
  gtk_file_chooser_add_filter (chooser, filter);
}

void
omni_window_add_picture_filter (GtkFileChooser *chooser)
{
  omni_window_add_filter (chooser, _ ("PNG, JPEG or TIFF (.png, .jpg, .tif)"),
                          (const char *const[]){ "png", "jpg", "jpeg", "tif", "tiff", NULL });
}

static void
read_choices (GtkFileChooser *chooser, Saving *saving)
{
  for (gsize i = 0; i < G_N_ELEMENTS (choices); i++)
  {
    const char *value = gtk_file_chooser_get_choice (chooser, choices[i].key);
    g_autofree char *own = omni_settings_dup (choices[i].key);
    if (value != NULL && (g_strv_contains (choices[i].values, value) || g_str_equal (value, own)))
      omni_settings_set (choices[i].key, value,
                         NULL); /* not being remembered keeps nothing from being saved */
  }
  omni_result_file_options_read (&saving->options);
}

gboolean
omni_window_check_place (OmniWindow *self, const char *path)
{
  if (path == NULL)
    omni_window_show_file_error (self, _ ("This place is not on this computer; choose a folder that is."));
  return path != NULL;
}

static void
save (OmniWindow *self, OmniFusionResult *result, const char *path, GtkFileChooser *chooser)
{
  Saving *saving = g_new0 (Saving, 1);

  saving->result = omni_fusion_result_ref (result);
  saving->path = g_strdup (path);
  read_choices (chooser, saving);
  omni_window_write (self, path, save_in_thread, saving, (GDestroyNotify)saving_free);
}

static void
save_response_cb (OmniWindow *self, int response, GtkNativeDialog *dialog)
{
  OmniFusionResult *result = g_object_get_data (G_OBJECT (dialog), "result");

  if (response == GTK_RESPONSE_ACCEPT)
  {
    g_autoptr (GFile) file = gtk_file_chooser_get_file (GTK_FILE_CHOOSER (dialog));
    g_autofree char *path = file != NULL ? g_file_get_path (file) : NULL;
    if (omni_window_check_place (self, path))
      save (self, result, path, GTK_FILE_CHOOSER (dialog));
  }
  g_clear_object (&self->chooser);
}

void
omni_window_choose_target (OmniWindow *self)
{
  OmniFusionResult *result = omni_window_get_shown_result (self);

  if (self->chooser != NULL || !omni_window_has_shown_result (self) || result == NULL)
    return;
  const gboolean newest = result == omni_document_get_result (self->document);
  const gboolean deep = omni_picture_get_sample_type (result->picture) != OMNI_SAMPLE_U8;
  g_autofree char *name = g_strdup_printf ("fused-%s.%s", result->model->name, deep ? "tif" : "png");
  self->chooser = gtk_file_chooser_native_new (newest ? _ ("Save the Result") : _ ("Save the Version Shown"),
                                               GTK_WINDOW (self), GTK_FILE_CHOOSER_ACTION_SAVE, _ ("_Save"),
                                               _ ("_Cancel"));
  gtk_native_dialog_set_modal (GTK_NATIVE_DIALOG (self->chooser), TRUE);
  omni_window_set_start_folder (self, GTK_FILE_CHOOSER (self->chooser));
  gtk_file_chooser_set_current_name (GTK_FILE_CHOOSER (self->chooser), name);
  add_choices (GTK_FILE_CHOOSER (self->chooser));
  omni_window_add_picture_filter (GTK_FILE_CHOOSER (self->chooser));
  /* What is saved is what was there when Save was chosen, whatever is fused meanwhile. */
  g_object_set_data_full (G_OBJECT (self->chooser), "result", omni_fusion_result_ref (result),
                          (GDestroyNotify)omni_fusion_result_unref);
  g_signal_connect_swapped (self->chooser, "response", G_CALLBACK (save_response_cb), self);
  gtk_native_dialog_show (GTK_NATIVE_DIALOG (self->chooser));
}
