/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Files on their way: written in a thread, told of when it takes a while, and cancelled as one. What is cancelled leaves no file,
 * and one that was there as it was. */
#include "ui/window/window-private.h"

#include <glib/gi18n.h>

/* Most files are there before anyone could read of it, and a bar that flashes moves the picture. */
#define SAYS_AFTER_MS 1000

/* It stays until it was read. */
static void
show_losses (OmniWindow *self, const char *name, const char *losses)
{
  g_autofree char *words = losses != NULL
                             ? g_strdup_printf (_ ("“%s” does not hold all of the result. %s"), name, losses)
                             : NULL;

  if (words != NULL)
    gtk_label_set_text (self->losses_text, words);
  gtk_info_bar_set_revealed (self->losses_bar, words != NULL);
  gtk_widget_set_visible (GTK_WIDGET (self->losses_bar), words != NULL);
}

static gboolean
say_cb (gpointer data)
{
  OmniWindow *self = data;

  self->writing_id = 0;
  gtk_widget_set_visible (GTK_WIDGET (self->writing_bar), TRUE);
  gtk_info_bar_set_revealed (self->writing_bar, TRUE);
  return G_SOURCE_REMOVE;
}

static void
hide (OmniWindow *self)
{
  g_clear_handle_id (&self->writing_id, g_source_remove);
  gtk_info_bar_set_revealed (self->writing_bar, FALSE);
  gtk_widget_set_visible (GTK_WIDGET (self->writing_bar), FALSE);
}

/* The one that was begun first. */
static void
name_oldest (OmniWindow *self)
{
  g_autofree char *words = g_strdup_printf (_ ("Saving “%s”…"),
                                            (char *)g_queue_peek_head (&self->writing_names));

  gtk_label_set_text (self->writing_text, words);
}

static void
begin (OmniWindow *self, const char *name)
{
  /* What was cancelled may still be ending, and what comes now was not cancelled. */
  if (self->writing != NULL && g_cancellable_is_cancelled (self->writing))
    g_clear_object (&self->writing);
  if (self->writing == NULL)
    self->writing = g_cancellable_new ();
  g_queue_push_tail (&self->writing_names, g_strdup (name));
  name_oldest (self);
  if (self->writing_id == 0 && !gtk_info_bar_get_revealed (self->writing_bar))
    self->writing_id = g_timeout_add (SAYS_AFTER_MS, say_cb, self);
}

static void
end (OmniWindow *self, const char *name)
{
  GList *link = g_queue_find_custom (&self->writing_names, name, (GCompareFunc)g_strcmp0);

  g_free (link->data);
  g_queue_delete_link (&self->writing_names, link);
  if (!g_queue_is_empty (&self->writing_names))
  {
    name_oldest (self);
    return;
  }
  g_clear_object (&self->writing);
  hide (self);
}

static void
written_cb (GObject *object, GAsyncResult *result, gpointer data)
{
  OmniWindow *self = OMNI_WINDOW (object);
  g_autofree char *path = data;
  g_autoptr (GError) error = NULL;
  g_autofree char *losses = g_task_propagate_pointer (G_TASK (result), &error);

  if (g_cancellable_is_cancelled (self->cancellable))
  {
    /* There is no window left to say it in. */
    if (error != NULL)
      g_message ("%s", error->message);
    return;
  }
  g_autofree char *name = g_filename_display_basename (path);
  const gboolean cancelled = g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  end (self, name);
  if (error != NULL && !cancelled)
  {
    omni_window_show_file_error (self, error->message);
    return;
  }
  g_autofree char *words = g_strdup_printf (cancelled ? _ ("“%s” was not saved") : _ ("Saved as “%s”"), name);
  omni_window_tell (self, adw_toast_new (words));
  if (!cancelled)
    show_losses (self, name, losses);
}

void
omni_window_write (OmniWindow *self, const char *path, GTaskThreadFunc write, gpointer data,
                   GDestroyNotify free_data)
{
  GApplication *application = G_APPLICATION (gtk_window_get_application (GTK_WINDOW (self)));
  g_autofree char *name = g_filename_display_basename (path);

  begin (self, name);
  g_autoptr (GTask) task = g_task_new (self, self->writing, written_cb, g_strdup (path));
  /* A file that was there before the cancel came is there. */
  g_task_set_check_cancellable (task, FALSE);
  g_task_set_task_data (task, data, free_data);
  /* Until the callback has run. */
  g_application_hold (application);
  g_signal_connect_object (task, "notify::completed", G_CALLBACK (g_application_release), application,
                           G_CONNECT_SWAPPED);
  g_task_run_in_thread (task, write);
}

static void
cancel_cb (GtkWidget *widget, const char *name, GVariant *parameter)
{
  OmniWindow *self = OMNI_WINDOW (widget);

  g_cancellable_cancel (self->writing);
  hide (self);
}

void
omni_window_class_install_writing (GtkWidgetClass *widget_class)
{
  gtk_widget_class_bind_template_child (widget_class, OmniWindow, writing_bar);
  gtk_widget_class_bind_template_child (widget_class, OmniWindow, writing_text);
  gtk_widget_class_install_action (widget_class, "win.cancel-saving", NULL, cancel_cb);
}

void
omni_window_dispose_writing (OmniWindow *self)
{
  g_clear_handle_id (&self->writing_id, g_source_remove);
  g_queue_clear_full (&self->writing_names, g_free);
}
