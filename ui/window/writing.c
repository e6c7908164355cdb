/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Files on their way out: written in a thread, told of when it takes a while, and cancelled as one. What is cancelled leaves no
 * file, and one that was there as it was. */
#include "ui/window/window-private.h"

#include <glib/gi18n.h>

#define WORK_KEY "omni-work"

/* It stays until it was read. */
static void
show_losses (OmniWindow *self, const char *name, const char *losses)
{
  g_autofree char *words = losses != NULL
                             ? g_strdup_printf (_ ("“%s” does not hold all of the result. %s"), name, losses)
                             : NULL;

  if (words != NULL)
    gtk_label_set_text (self->losses_text, words);
  omni_window_reveal_bar (self->losses_bar, words != NULL);
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
  omni_work_bar_end (self->writing_bar, g_object_get_data (G_OBJECT (result), WORK_KEY));
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
  g_autofree char *words = g_strdup_printf (_ ("Saving “%s”"), name);
  GCancellable *cancellable;
  OmniProgress *work = omni_work_bar_begin (self->writing_bar, words, &cancellable);
  g_autoptr (GTask) task = g_task_new (self, cancellable, written_cb, g_strdup (path));

  /* A file that was there before the cancel came is there. */
  g_task_set_check_cancellable (task, FALSE);
  g_task_set_task_data (task, data, free_data);
  g_object_set_data_full (G_OBJECT (task), WORK_KEY, omni_progress_ref (work),
                          (GDestroyNotify)omni_progress_unref);
  /* Until the callback has run. */
  g_application_hold (application);
  g_signal_connect_object (task, "notify::completed", G_CALLBACK (g_application_release), application,
                           G_CONNECT_SWAPPED);
  g_task_run_in_thread (task, write);
}

void
omni_window_note_written (double fraction, gpointer task)
{
  omni_progress_set_fraction (g_object_get_data (task, WORK_KEY), fraction);
}

static void
cancel_cb (GtkWidget *widget, const char *name, GVariant *parameter)
{
  omni_work_bar_cancel (OMNI_WINDOW (widget)->writing_bar);
}

void
omni_window_class_install_writing (GtkWidgetClass *widget_class)
{
  g_type_ensure (OMNI_TYPE_WORK_BAR);
  gtk_widget_class_bind_template_child (widget_class, OmniWindow, writing_bar);
  gtk_widget_class_install_action (widget_class, "win.cancel-saving", NULL, cancel_cb);
}

void
omni_window_init_writing (OmniWindow *self)
{
  omni_work_bar_set_up (self->writing_bar, _ ("_Cancel Saving"), "win.cancel-saving");
}
