/* SPDX-License-Identifier: GPL-3.0-or-later */
/* More ways for pictures in and out: replacing a file, the clipboard, pictures that come without a file, and the result dragged
 * to a file manager. */
#include "ui/window/window-private.h"

#include "app/files/output.h"
#include "app/document/gather.h"
#include "app/settings.h"
#include "ui/result-provider.h"

#include <errno.h>
#include <glib/gi18n.h>
#include <glib/gstdio.h>

/* In place of a file */

typedef struct
{
  OmniWindow *window;
  OmniSource *source;
} Replacing;

static void
replaced_cb (GObject *object, GAsyncResult *result, gpointer data)
{
  Replacing *replacing = data;
  g_autoptr (OmniWindow) self = replacing->window;
  g_autoptr (OmniSource) source = replacing->source;
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) sources = omni_gather_sources_finish (result, &error);

  g_free (replacing);
  if (g_cancellable_is_cancelled (self->cancellable))
    return;
  if (error != NULL)
    omni_window_show_file_error (self, error->message);
  else if (sources->len > 0 && !omni_document_replace (self->document, source, sources->pdata[0]))
    omni_window_show_file_error (self, _ ("This picture is in the set already; choose another one."));
}

static void
open_for (OmniWindow *self, OmniSource *source, const char *path, GAsyncReadyCallback callback)
{
  Replacing *replacing = g_new0 (Replacing, 1);

  replacing->window = g_object_ref (self);
  replacing->source = g_object_ref (source);
  omni_gather_sources_async ((const char *const[]){ path, NULL }, NULL, NULL, self->cancellable, callback,
                             replacing);
}

void
omni_window_replace_source (OmniWindow *self, OmniSource *source, const char *path)
{
  open_for (self, source, path, replaced_cb);
}

static void
replace_response_cb (OmniWindow *self, int response, GtkNativeDialog *dialog)
{
  OmniSource *source = g_object_get_data (G_OBJECT (dialog), "source");

  if (response == GTK_RESPONSE_ACCEPT)
  {
    g_autoptr (GFile) file = gtk_file_chooser_get_file (GTK_FILE_CHOOSER (dialog));
    g_autofree char *path = file != NULL ? g_file_get_path (file) : NULL;
    if (omni_window_check_place (self, path))
      omni_window_replace_source (self, source, path);
  }
  g_clear_object (&self->chooser);
}

static void
replace_action (GtkWidget *widget, const char *name, GVariant *parameter)
{
  OmniWindow *self = OMNI_WINDOW (widget);
  OmniSource *source = omni_filmstrip_get_selected (self->filmstrip);

  if (self->chooser != NULL || source == NULL)
    return;
  g_autofree char *folder = g_path_get_dirname (omni_source_get_path (source));
  g_autoptr (GFile) file = g_file_new_for_path (folder);
  self->chooser = gtk_file_chooser_native_new (_ ("Replace the Picture"), GTK_WINDOW (self),
                                               GTK_FILE_CHOOSER_ACTION_OPEN, _ ("_Replace"), _ ("_Cancel"));
  gtk_native_dialog_set_modal (GTK_NATIVE_DIALOG (self->chooser), TRUE);
  gtk_file_chooser_set_current_folder (GTK_FILE_CHOOSER (self->chooser), file, NULL);
  g_object_set_data_full (G_OBJECT (self->chooser), "source", g_object_ref (source), g_object_unref);
  g_signal_connect_swapped (self->chooser, "response", G_CALLBACK (replace_response_cb), self);
  gtk_native_dialog_show (GTK_NATIVE_DIALOG (self->chooser));
}

/* Files that could not be read, and can be now */

/* One of another size or kind takes the place of what was opened. */
static void
reopened_cb (GObject *object, GAsyncResult *result, gpointer data)
{
  Replacing *replacing = data;
  g_autoptr (OmniWindow) self = replacing->window;
  g_autoptr (OmniSource) source = replacing->source;
  g_autoptr (GPtrArray) sources = omni_gather_sources_finish (result, NULL);

  g_free (replacing);
  if (g_cancellable_is_cancelled (self->cancellable) || sources->len == 0)
    return; /* what it is by now is seen when it is written the next time */
  g_autofree char *name = omni_source_dup_display_name (source);
  omni_window_take_back_file_errors (self, name);
  if (!omni_source_has_same_header (omni_source_get_original (source), sources->pdata[0]))
  {
    omni_document_replace (self->document, source, sources->pdata[0]);
    return;
  }
  omni_viewer_try_again (self->viewer, source);
  omni_inspector_try_again (self->inspector, source);
  omni_document_source_mended (self->document, source);
}

static void
source_mended_cb (OmniWindow *self, OmniSource *source)
{
  open_for (self, source, omni_source_get_path (source), reopened_cb);
}

static void
filmstrip_failed_cb (OmniWindow *self, const char *message)
{
  omni_window_show_file_error (self, message);
}

/* Pictures without a file get one, so that sessions find them again. */

typedef struct
{
  GdkTexture *texture;
  guint position;
} Pasting;

static void
pasting_free (gpointer data)
{
  Pasting *pasting = data;

  g_object_unref (pasting->texture);
  g_free (pasting);
}

static char *
write_texture (GdkTexture *texture, GError **error)
{
  g_autoptr (GBytes) bytes = gdk_texture_save_to_png_bytes (texture);
  g_autofree char *sha256 = g_compute_checksum_for_bytes (G_CHECKSUM_SHA256, bytes);
  g_autofree char *folder = g_build_filename (g_get_user_data_dir (), "omnifuse", "pasted", NULL);
  g_autofree char *name = g_strdup_printf (_ ("pasted-%.8s.png"), sha256);
  g_autofree char *path = g_build_filename (folder, name, NULL);

  if (g_mkdir_with_parents (folder, 0700) != 0)
  {
    const int code = errno;
    g_set_error (error, G_IO_ERROR, g_io_error_from_errno (code),
                 _ ("The folder “%s” for pasted pictures cannot be made: %s"), folder, g_strerror (code));
    return NULL;
  }
  return omni_file_replace_contents_atomic (path, g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes),
                                            TRUE, error)
           ? g_steal_pointer (&path)
           : NULL;
}

static void
paste_in_thread (GTask *task, gpointer source_object, gpointer task_data, GCancellable *cancellable)
{
  Pasting *pasting = task_data;
  GError *error = NULL;
  char *path = write_texture (pasting->texture, &error);

  if (path != NULL)
    g_task_return_pointer (task, path, g_free);
  else
    g_task_return_error (task, error);
}

static void
pasted_cb (GObject *object, GAsyncResult *result, gpointer data)
{
  OmniWindow *self = OMNI_WINDOW (object);
  const Pasting *pasting = g_task_get_task_data (G_TASK (result));
  g_autoptr (GError) error = NULL;
  g_autofree char *path = g_task_propagate_pointer (G_TASK (result), &error);

  if (path != NULL)
    omni_window_add_paths (self, (const char *const[]){ path, NULL }, pasting->position);
  else if (!g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    omni_window_show_file_error (self, error->message);
}

void
omni_window_add_texture (OmniWindow *self, GdkTexture *texture, guint position)
{
  Pasting *pasting = g_new0 (Pasting, 1);
  g_autoptr (GTask) task = g_task_new (self, self->cancellable, pasted_cb, NULL);

  pasting->texture = g_object_ref (texture);
  pasting->position = position;
  g_task_set_task_data (task, pasting, pasting_free);
  g_task_run_in_thread (task, paste_in_thread);
}

/* The clipboard */

static void
files_read_cb (GObject *object, GAsyncResult *result, gpointer data)
{
  g_autoptr (OmniWindow) self = data;
  const GValue *value = gdk_clipboard_read_value_finish (GDK_CLIPBOARD (object), result, NULL);

  if (value == NULL || g_cancellable_is_cancelled (self->cancellable))
    return;
  g_auto (GStrv) paths = omni_window_dup_list_paths (self, g_value_get_boxed (value));
  omni_window_add_paths (self, (const char *const *)paths, G_MAXUINT);
}

static void
texture_read_cb (GObject *object, GAsyncResult *result, gpointer data)
{
  g_autoptr (OmniWindow) self = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GdkTexture) texture = gdk_clipboard_read_texture_finish (GDK_CLIPBOARD (object), result, &error);

  if (g_cancellable_is_cancelled (self->cancellable))
    return;
  if (texture != NULL)
    omni_window_add_texture (self, texture, G_MAXUINT);
  else
    omni_window_show_file_error (self, error->message);
}

static void
paste_action (GtkWidget *widget, const char *name, GVariant *parameter)
{
  OmniWindow *self = OMNI_WINDOW (widget);
  GdkClipboard *clipboard = gtk_widget_get_clipboard (widget);
  GdkContentFormats *formats = gdk_clipboard_get_formats (clipboard);

  if (gdk_content_formats_contain_gtype (formats, GDK_TYPE_FILE_LIST)
      || gdk_content_formats_contain_mime_type (formats, "text/uri-list"))
    gdk_clipboard_read_value_async (clipboard, GDK_TYPE_FILE_LIST, G_PRIORITY_DEFAULT, self->cancellable,
                                    files_read_cb, g_object_ref (self));
  else if (gdk_content_formats_contain_gtype (formats, GDK_TYPE_TEXTURE)
           || gdk_content_formats_contain_mime_type (formats, "image/png"))
    gdk_clipboard_read_texture_async (clipboard, self->cancellable, texture_read_cb, g_object_ref (self));
  else
    omni_window_tell (self, adw_toast_new (_ ("There is no picture in the clipboard")));
}

/* The result, out: from a handle of its own. In the title bar, where it once was on Save, a drag moves the window. */

static GdkContentProvider *
prepare_result_cb (OmniWindow *self)
{
  OmniFusionResult *result = omni_window_get_shown_result (self);

  return result != NULL ? omni_result_provider_new (result) : NULL;
}

/* The first run */

static void
help_read_cb (OmniWindow *self)
{
  gtk_widget_set_visible (self->help_card, FALSE);
  omni_settings_set (OMNI_SETTING_HELP_READ, "yes", NULL);
}

static void
texture_dropped_cb (OmniWindow *self, GdkTexture *texture, guint position)
{
  gtk_widget_set_visible (self->drop_sign, FALSE);
  omni_window_add_texture (self, texture, position);
}

void
omni_window_class_install_sources (GtkWidgetClass *widget_class)
{
  gtk_widget_class_bind_template_child (widget_class, OmniWindow, result_handle);
  gtk_widget_class_bind_template_child (widget_class, OmniWindow, help_card);
  gtk_widget_class_bind_template_callback (widget_class, help_read_cb);
  gtk_widget_class_install_action (widget_class, "win.replace", NULL, replace_action);
  gtk_widget_class_install_action (widget_class, "win.paste", NULL, paste_action);
}

void
omni_window_init_sources (OmniWindow *self)
{
  GtkDragSource *source = gtk_drag_source_new ();

  g_signal_connect_swapped (source, "prepare", G_CALLBACK (prepare_result_cb), self);
  gtk_widget_add_controller (self->result_handle, GTK_EVENT_CONTROLLER (source));
  gtk_widget_set_cursor_from_name (self->result_handle, "grab");
  g_signal_connect_swapped (self->filmstrip, "texture-dropped", G_CALLBACK (texture_dropped_cb), self);
  g_signal_connect_swapped (self->filmstrip, "source-mended", G_CALLBACK (source_mended_cb), self);
  g_signal_connect_swapped (self->filmstrip, "failed", G_CALLBACK (filmstrip_failed_cb), self);
  gtk_widget_set_visible (self->help_card, !omni_settings_is (OMNI_SETTING_HELP_READ, "yes"));
}
