/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The actions of the window and their keys. */
#include "ui/window/window-private.h"

#include <glib/gi18n.h>

#define ZOOM_STEP 1.25

static void
open_action (GtkWidget *widget, const char *name, GVariant *parameter)
{
  omni_window_choose_files (OMNI_WINDOW (widget), FALSE);
}

static void
open_folder_action (GtkWidget *widget, const char *name, GVariant *parameter)
{
  omni_window_choose_files (OMNI_WINDOW (widget), TRUE);
}

static void
open_samples_action (GtkWidget *widget, const char *name, GVariant *parameter)
{
  omni_window_open_samples (OMNI_WINDOW (widget), "bracket");
}

static void
open_sample_action (GtkWidget *widget, const char *name, GVariant *parameter)
{
  omni_window_open_samples (OMNI_WINDOW (widget), g_variant_get_string (parameter, NULL));
}

static void
save_action (GtkWidget *widget, const char *name, GVariant *parameter)
{
  omni_window_choose_target (OMNI_WINDOW (widget));
}

static void
undo_action (GtkWidget *widget, const char *name, GVariant *parameter)
{
  omni_document_undo (OMNI_WINDOW (widget)->document);
}

static void
redo_action (GtkWidget *widget, const char *name, GVariant *parameter)
{
  omni_document_redo (OMNI_WINDOW (widget)->document);
}

static void
cancel_action (GtkWidget *widget, const char *name, GVariant *parameter)
{
  omni_document_cancel (OMNI_WINDOW (widget)->document);
}

/* One thing at a time, the most pressing first. */
static void
escape_action (GtkWidget *widget, const char *name, GVariant *parameter)
{
  OmniWindow *self = OMNI_WINDOW (widget);

  if (omni_window_escape_stage (self))
    return;
  if (omni_document_is_busy (self->document))
    omni_document_cancel (self->document);
  else if (!omni_window_escape_align (self) && !omni_window_escape_versions (self)
           && !omni_window_escape_winner (self) && !omni_window_escape_metrics (self))
    gtk_window_unfullscreen (GTK_WINDOW (self));
}

static void
fuse_action (GtkWidget *widget, const char *name, GVariant *parameter)
{
  omni_document_fuse (OMNI_WINDOW (widget)->document);
}

static void
refine_action (GtkWidget *widget, const char *name, GVariant *parameter)
{
  OmniWindow *self = OMNI_WINDOW (widget);
  g_autofree char *obstacle = NULL;

  if (omni_document_can_refine (self->document, &obstacle))
    omni_document_refine (self->document, g_variant_get_int32 (parameter));
  else if (obstacle != NULL)
    omni_window_tell (self, adw_toast_new (obstacle));
}

static void
move_up_action (GtkWidget *widget, const char *name, GVariant *parameter)
{
  omni_filmstrip_move_selected (OMNI_WINDOW (widget)->filmstrip, -1);
}

static void
move_down_action (GtkWidget *widget, const char *name, GVariant *parameter)
{
  omni_filmstrip_move_selected (OMNI_WINDOW (widget)->filmstrip, 1);
}

static void
remove_action (GtkWidget *widget, const char *name, GVariant *parameter)
{
  omni_filmstrip_remove_selected (OMNI_WINDOW (widget)->filmstrip);
}

static void
toggle_source_action (GtkWidget *widget, const char *name, GVariant *parameter)
{
  omni_filmstrip_toggle_selected (OMNI_WINDOW (widget)->filmstrip);
}

static void
switch_off_copies_action (GtkWidget *widget, const char *name, GVariant *parameter)
{
  omni_document_switch_off_copies (OMNI_WINDOW (widget)->document);
}

static void
clear_action (GtkWidget *widget, const char *name, GVariant *parameter)
{
  OmniDocument *document = OMNI_WINDOW (widget)->document;
  g_autoptr (GPtrArray) all = g_ptr_array_ref (omni_document_get_sources (document));

  omni_document_remove (document, all);
}

static void
shuffle_action (GtkWidget *widget, const char *name, GVariant *parameter)
{
  OmniWindow *self = OMNI_WINDOW (widget);

  if (!omni_window_shuffle_stage (self))
    omni_document_shuffle (self->document);
}

static void
flip_action (GtkWidget *widget, const char *name, GVariant *parameter)
{
  omni_window_flip (OMNI_WINDOW (widget));
}

static void
swap_action (GtkWidget *widget, const char *name, GVariant *parameter)
{
  omni_window_swap_panes (OMNI_WINDOW (widget));
}

static void
show_action (GtkWidget *widget, const char *name, GVariant *parameter)
{
  OmniWindow *self = OMNI_WINDOW (widget);
  OmniSource *source = omni_document_get_source (self->document, (guint)g_variant_get_int32 (parameter));

  if (source != NULL)
    omni_window_show_source (self, source);
}

/* The one that is seen. */
static OmniViewer *
get_viewer (GtkWidget *widget)
{
  OmniWindow *self = OMNI_WINDOW (widget);

  return self->on_stage ? omni_stage_view_get_viewer (self->stage_view) : self->viewer;
}

static void
zoom_in_action (GtkWidget *widget, const char *name, GVariant *parameter)
{
  omni_viewer_zoom_by (get_viewer (widget), ZOOM_STEP);
}

static void
zoom_out_action (GtkWidget *widget, const char *name, GVariant *parameter)
{
  omni_viewer_zoom_by (get_viewer (widget), 1 / ZOOM_STEP);
}

static void
zoom_fit_action (GtkWidget *widget, const char *name, GVariant *parameter)
{
  omni_viewer_fit (get_viewer (widget));
}

static void
zoom_full_action (GtkWidget *widget, const char *name, GVariant *parameter)
{
  omni_viewer_set_zoom (get_viewer (widget), 1);
}

static void
full_screen_action (GtkWidget *widget, const char *name, GVariant *parameter)
{
  if (gtk_window_is_fullscreen (GTK_WINDOW (widget)))
    gtk_window_unfullscreen (GTK_WINDOW (widget));
  else
    gtk_window_fullscreen (GTK_WINDOW (widget));
}

static void
shortcuts_action (GtkWidget *widget, const char *name, GVariant *parameter)
{
  /* Not the automatic one of GtkApplication: that would build it before the first frame. */
  g_autoptr (GtkBuilder)
    builder = gtk_builder_new_from_resource ("/io/github/omnifuse/Omnifuse/shortcuts.ui");
  GtkWindow *shortcuts = GTK_WINDOW (gtk_builder_get_object (builder, "shortcuts"));

  gtk_window_set_transient_for (shortcuts, GTK_WINDOW (widget));
  gtk_window_present (shortcuts);
}

static void
resize_changed_cb (GSimpleAction *action, GVariant *state, OmniWindow *self)
{
  /* The state follows the document, so that undo is seen, too. */
  omni_document_set_resize (self->document, g_variant_get_boolean (state));
}

void
omni_window_add_stateful (OmniWindow *self, const char *name, GCallback change_state_cb)
{
  g_autoptr (GSimpleAction) action = g_simple_action_new_stateful (name, NULL, g_variant_new_boolean (FALSE));

  g_signal_connect (action, "change-state", change_state_cb, self);
  g_action_map_add_action (G_ACTION_MAP (self), G_ACTION (action));
}

static void
update_resize (OmniWindow *self)
{
  GSimpleAction *action = G_SIMPLE_ACTION (g_action_map_lookup_action (G_ACTION_MAP (self), "resize"));
  const gboolean resize = omni_document_get_resize (self->document);
  g_autofree char *sizes = omni_document_describe_sizes (self->document);

  g_simple_action_set_state (action, g_variant_new_boolean (resize));
  g_simple_action_set_enabled (action, resize || sizes != NULL);
}

void
omni_window_update_actions (OmniWindow *self)
{
  /* Nobody sees what these would do. */
  static const char *const edits[] = { "win.open",   "win.open-folder",   "win.paste",   "win.replace",
                                       "win.remove", "win.toggle-source", "win.move-up", "win.move-down" };
  GtkWidget *widget = GTK_WIDGET (self);
  OmniDocument *document = self->document;
  const guint n = omni_document_get_n_sources (document);
  const gboolean talks = omni_stage_view_is_talking (self->stage_view);
  g_autofree char *obstacle = NULL;

  for (gsize i = 0; i < G_N_ELEMENTS (edits); i++)
    gtk_widget_action_set_enabled (widget, edits[i], !talks);
  gtk_widget_action_set_enabled (widget, "win.undo", !talks && omni_document_can_undo (document));
  gtk_widget_action_set_enabled (widget, "win.redo", !talks && omni_document_can_redo (document));
  gtk_widget_action_set_enabled (widget, "win.shuffle", n > 1);
  gtk_widget_action_set_enabled (widget, "win.clear", n > 0);
  gtk_widget_action_set_enabled (widget, "win.fuse", !talks && n > 0);
  gtk_widget_action_set_enabled (widget, "win.refine",
                                 omni_document_can_refine (document, &obstacle) || obstacle != NULL);
  gtk_widget_action_set_enabled (widget, "win.save", omni_document_get_result (document) != NULL);
  gtk_widget_set_sensitive (self->result_handle, omni_document_get_result (document) != NULL);
  gtk_widget_action_set_enabled (widget, "win.cancel", omni_document_is_busy (document));
  omni_window_update_align_actions (self);
  update_resize (self);
}

void
omni_window_class_install_actions (GtkWidgetClass *widget_class)
{
  gtk_widget_class_install_action (widget_class, "win.open", NULL, open_action);
  gtk_widget_class_install_action (widget_class, "win.open-folder", NULL, open_folder_action);
  gtk_widget_class_install_action (widget_class, "win.open-samples", NULL, open_samples_action);
  gtk_widget_class_install_action (widget_class, "win.open-sample", "s", open_sample_action);
  gtk_widget_class_install_action (widget_class, "win.save", NULL, save_action);
  gtk_widget_class_install_action (widget_class, "win.undo", NULL, undo_action);
  gtk_widget_class_install_action (widget_class, "win.redo", NULL, redo_action);
  gtk_widget_class_install_action (widget_class, "win.cancel", NULL, cancel_action);
  gtk_widget_class_install_action (widget_class, "win.escape", NULL, escape_action);
  gtk_widget_class_install_action (widget_class, "win.fuse", NULL, fuse_action);
  gtk_widget_class_install_action (widget_class, "win.refine", "i", refine_action);
  gtk_widget_class_install_action (widget_class, "win.move-up", NULL, move_up_action);
  gtk_widget_class_install_action (widget_class, "win.move-down", NULL, move_down_action);
  gtk_widget_class_install_action (widget_class, "win.remove", NULL, remove_action);
  gtk_widget_class_install_action (widget_class, "win.toggle-source", NULL, toggle_source_action);
  gtk_widget_class_install_action (widget_class, "win.switch-off-copies", NULL, switch_off_copies_action);
  gtk_widget_class_install_action (widget_class, "win.clear", NULL, clear_action);
  gtk_widget_class_install_action (widget_class, "win.shuffle", NULL, shuffle_action);
  gtk_widget_class_install_action (widget_class, "win.flip", NULL, flip_action);
  gtk_widget_class_install_action (widget_class, "win.swap", NULL, swap_action);
  gtk_widget_class_install_action (widget_class, "win.show", "i", show_action);
  gtk_widget_class_install_action (widget_class, "win.zoom-in", NULL, zoom_in_action);
  gtk_widget_class_install_action (widget_class, "win.zoom-out", NULL, zoom_out_action);
  gtk_widget_class_install_action (widget_class, "win.zoom-fit", NULL, zoom_fit_action);
  gtk_widget_class_install_action (widget_class, "win.zoom-full", NULL, zoom_full_action);
  gtk_widget_class_install_action (widget_class, "win.full-screen", NULL, full_screen_action);
  gtk_widget_class_install_action (widget_class, "win.shortcuts", NULL, shortcuts_action);
}

/* Keys without Ctrl or F are not accelerators of the application: those would take Space from a focused button and Escape
 * from an open list. Here a key arrives only when nothing else wanted it. */
static void
add_key (OmniWindow *self, GtkEventController *controller, const char *trigger, const char *action)
{
  gtk_shortcut_controller_add_shortcut (
    GTK_SHORTCUT_CONTROLLER (controller),
    gtk_shortcut_new (gtk_shortcut_trigger_parse_string (trigger), gtk_named_action_new (action)));
}

static void
add_digits (OmniWindow *self, GtkEventController *controller)
{
  for (int digit = 1; digit <= 9; digit++)
  {
    g_autofree char *trigger = g_strdup_printf ("%d|KP_%d", digit, digit);
    GtkShortcut *shortcut = gtk_shortcut_new_with_arguments (
      gtk_shortcut_trigger_parse_string (trigger), gtk_named_action_new ("win.show"), "i", digit - 1);
    gtk_shortcut_controller_add_shortcut (GTK_SHORTCUT_CONTROLLER (controller), shortcut);
  }
}

void
omni_window_add_keys (OmniWindow *self)
{
  GtkEventController *keys = gtk_shortcut_controller_new ();

  omni_window_add_stateful (self, "resize", G_CALLBACK (resize_changed_cb));
  add_key (self, keys, "x", "win.swap");
  add_key (self, keys, "s", "win.shuffle");
  add_key (self, keys, "plus|equal|KP_Add", "win.zoom-in");
  add_key (self, keys, "minus|KP_Subtract", "win.zoom-out");
  add_key (self, keys, "Delete|KP_Delete", "win.remove");
  add_key (self, keys, "o", "win.toggle-source");
  add_key (self, keys, "Escape", "win.escape");
  add_key (self, keys, "w", "win.wipe");
  add_key (self, keys, "b", "win.blink");
  add_key (self, keys, "d", "win.difference");
  add_key (self, keys, "h", "win.winner");
  add_key (self, keys, "m", "win.metrics");
  add_key (self, keys, "i", "win.inspector");
  add_key (self, keys, "c", "win.compare-models");
  add_key (self, keys, "r", "win.region-visible");
  add_key (self, keys, "l", "win.link");
  add_key (self, keys, "<Shift>l", "win.align");
  add_key (self, keys, "z", "win.loupe");
  add_key (self, keys, "k", "win.bookmark");
  add_key (self, keys, "<Shift>k", "win.next-bookmark");
  add_key (self, keys, "bracketright", "win.more-panes");
  add_key (self, keys, "bracketleft", "win.fewer-panes");
  add_key (self, keys, "comma", "win.version-older");
  add_key (self, keys, "period", "win.version-newer");
  add_key (self, keys, "<Alt>Up|<Alt>KP_Up", "win.move-up");
  add_key (self, keys, "<Alt>Down|<Alt>KP_Down", "win.move-down");
  add_digits (self, keys);
  gtk_widget_add_controller (GTK_WIDGET (self), keys);
}
