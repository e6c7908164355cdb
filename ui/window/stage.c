/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The order check in the window, and presenting it. */
#include "ui/window/window-private.h"

#include "app/settings.h"
#include "ui/screen-saver.h"

#include <glib/gi18n.h>

#define SCREEN_SAVER "omni-screen-saver"

static void stop_presenting (OmniWindow *self);

static void
set_state (OmniWindow *self, const char *name, gboolean state)
{
  g_simple_action_set_state (G_SIMPLE_ACTION (g_action_map_lookup_action (G_ACTION_MAP (self), name)),
                             g_variant_new_boolean (state));
}

void
omni_window_update_stage (OmniWindow *self)
{
  const gboolean has_sources = omni_document_get_n_sources (self->document) > 0;
  const gboolean on_stage = has_sources && self->on_stage;

  if (!has_sources && omni_stage_view_is_talking (self->stage_view))
    stop_presenting (self);
  const gboolean was_empty = g_strcmp0 (gtk_stack_get_visible_child_name (self->pages), "empty") == 0;
  gtk_stack_set_visible_child_name (self->pages, !has_sources ? "empty" : on_stage ? "stage" : "sources");
  /* Space flips and arrows pan from the start. */
  if (was_empty && has_sources && !on_stage)
    gtk_widget_grab_focus (GTK_WIDGET (self->viewer));
  omni_stage_view_set_active (self->stage_view, on_stage);
  g_simple_action_set_enabled (G_SIMPLE_ACTION (g_action_map_lookup_action (G_ACTION_MAP (self), "stage")),
                               has_sources);
}

static void
set_on_stage (OmniWindow *self, gboolean on_stage)
{
  self->on_stage = on_stage;
  set_state (self, "stage", on_stage);
  omni_window_update_stage (self);
  if (!on_stage)
    gtk_widget_grab_focus (GTK_WIDGET (self->viewer));
}

/* Presenting */

static void
set_inhibited (OmniWindow *self, gboolean inhibits)
{
  GtkApplication *application = gtk_window_get_application (GTK_WINDOW (self));

  if (inhibits && self->inhibit_cookie == 0)
  {
    const char *reason = _ ("A presentation is on the screen");
    self->inhibit_cookie = gtk_application_inhibit (application, GTK_WINDOW (self),
                                                    GTK_APPLICATION_INHIBIT_IDLE, reason);
    /* GTK asks session managers and portals only. */
    if (self->inhibit_cookie == 0)
      g_object_set_data_full (
        G_OBJECT (self), SCREEN_SAVER,
        omni_screen_saver_inhibit (g_application_get_dbus_connection (G_APPLICATION (application)), reason),
        (GDestroyNotify)omni_screen_saver_free);
  }
  else if (!inhibits && self->inhibit_cookie == 0)
    g_object_set_data (G_OBJECT (self), SCREEN_SAVER, NULL);
  else if (!inhibits && self->inhibit_cookie != 0 && application != NULL)
  {
    gtk_application_uninhibit (application, self->inhibit_cookie);
    self->inhibit_cookie = 0;
  }
}

static void
present (OmniWindow *self, OmniTalk *talk)
{
  set_on_stage (self, TRUE);
  omni_stage_view_start_talk (self->stage_view, talk);
  gtk_widget_set_visible (self->header, FALSE);
  self->was_fullscreen = gtk_window_is_fullscreen (GTK_WINDOW (self));
  gtk_window_fullscreen (GTK_WINDOW (self));
  gtk_widget_set_cursor_from_name (GTK_WIDGET (self->stage_view), "none");
  set_inhibited (self, TRUE);
  omni_window_update_actions (self);
}

static void
stop_presenting (OmniWindow *self)
{
  omni_stage_view_stop_talk (self->stage_view);
  gtk_widget_set_visible (self->header, TRUE);
  gtk_widget_set_cursor (GTK_WIDGET (self->stage_view), NULL);
  if (!self->was_fullscreen)
    gtk_window_unfullscreen (GTK_WINDOW (self));
  set_inhibited (self, FALSE);
  omni_window_update_actions (self);
}

gboolean
omni_window_escape_stage (OmniWindow *self)
{
  if (omni_stage_view_is_talking (self->stage_view))
    stop_presenting (self);
  else if (self->on_stage && omni_stage_view_is_busy (self->stage_view))
    gtk_widget_activate_action (GTK_WIDGET (self->stage_view), "stage.cancel", NULL);
  else if (self->on_stage)
    set_on_stage (self, FALSE);
  else
    return FALSE;
  return TRUE;
}

gboolean
omni_window_shuffle_stage (OmniWindow *self)
{
  if (!self->on_stage)
    return FALSE;
  gtk_widget_activate_action (GTK_WIDGET (self->stage_view), "stage.shuffle", NULL);
  return TRUE;
}

/* One's own or the one that ships; an audience is not shown another one than was chosen. */
static void
present_chosen (OmniWindow *self)
{
  g_autofree char *path = omni_settings_dup (OMNI_SETTING_TALK);
  g_autoptr (GError) error = NULL;
  OmniTalk *talk = path[0] != '\0' ? omni_talk_load (path, &error) : NULL;

  if (error != NULL)
    omni_window_show_file_error (self, error->message);
  else
    present (self, talk);
}

static void
present_action (GtkWidget *widget, const char *name, GVariant *parameter)
{
  OmniWindow *self = OMNI_WINDOW (widget);

  if (omni_stage_view_is_talking (self->stage_view))
    stop_presenting (self);
  else if (omni_document_get_n_sources (self->document) > 0)
    present_chosen (self);
}

/* A talk of one's own */

static void
talk_response_cb (OmniWindow *self, int response, GtkNativeDialog *dialog)
{
  if (response == GTK_RESPONSE_ACCEPT)
  {
    g_autoptr (GFile) file = gtk_file_chooser_get_file (GTK_FILE_CHOOSER (dialog));
    g_autofree char *path = file != NULL ? g_file_get_path (file) : NULL;
    g_autoptr (GError) error = NULL;
    OmniTalk *talk = path != NULL ? omni_talk_load (path, &error) : NULL;
    if (talk != NULL)
      present (self, talk);
    else if (error != NULL)
      omni_window_show_file_error (self, error->message);
  }
  g_clear_object (&self->chooser);
}

static void
open_talk_action (GtkWidget *widget, const char *name, GVariant *parameter)
{
  OmniWindow *self = OMNI_WINDOW (widget);
  g_autoptr (GtkFileFilter) filter = gtk_file_filter_new ();

  if (self->chooser != NULL || omni_document_get_n_sources (self->document) == 0)
    return;
  self->chooser = gtk_file_chooser_native_new (_ ("Open a Talk"), GTK_WINDOW (self),
                                               GTK_FILE_CHOOSER_ACTION_OPEN, _ ("_Present"), _ ("_Cancel"));
  gtk_native_dialog_set_modal (GTK_NATIVE_DIALOG (self->chooser), TRUE);
  gtk_file_filter_set_name (filter, _ ("Talks"));
  gtk_file_filter_add_pattern (filter, "*.talk");
  gtk_file_filter_add_pattern (filter, "*.txt");
  gtk_file_chooser_add_filter (GTK_FILE_CHOOSER (self->chooser), filter);
  g_signal_connect_swapped (self->chooser, "response", G_CALLBACK (talk_response_cb), self);
  gtk_native_dialog_show (GTK_NATIVE_DIALOG (self->chooser));
}

static void
stage_changed_cb (GSimpleAction *action, GVariant *state, OmniWindow *self)
{
  if (omni_stage_view_is_talking (self->stage_view))
    stop_presenting (self);
  set_on_stage (self, g_variant_get_boolean (state));
}

static void
close_stage_cb (OmniWindow *self)
{
  set_on_stage (self, FALSE);
}

void
omni_window_class_install_stage (GtkWidgetClass *widget_class)
{
  g_type_ensure (OMNI_TYPE_STAGE_VIEW);
  gtk_widget_class_bind_template_child (widget_class, OmniWindow, stage_view);
  gtk_widget_class_bind_template_child (widget_class, OmniWindow, header);
  gtk_widget_class_install_action (widget_class, "win.present", NULL, present_action);
  gtk_widget_class_install_action (widget_class, "win.open-talk", NULL, open_talk_action);
}

void
omni_window_init_stage (OmniWindow *self)
{
  omni_window_add_stateful (self, "stage", G_CALLBACK (stage_changed_cb));
  g_signal_connect_swapped (self->stage_view, "close", G_CALLBACK (close_stage_cb), self);
  omni_stage_view_set_document (self->stage_view, self->document);
}

void
omni_window_dispose_stage (OmniWindow *self)
{
  set_inhibited (self, FALSE);
}
