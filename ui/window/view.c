/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How the viewer shows what it shows: links, window and level, colours, loupe, the rate of blinking, and the key that flips. */
#include "ui/window/window-private.h"

#include <glib/gi18n.h>

/* A key held for longer flips back when it is let go. */
#define HOLD_MS 300

/* What is shown of the viewer's state */

static gboolean
shows_grey (OmniWindow *self)
{
  for (guint pane = 0; pane < omni_viewer_get_n_shown (self->viewer); pane++)
  {
    OmniMipmap *mipmap = omni_viewer_get_mipmap (self->viewer, pane);
    if (mipmap != NULL && omni_mipmap_is_grey (mipmap))
      return TRUE;
  }
  return FALSE;
}

/* Nobody needs a bar that says nothing. */
static void
update_level_bar (OmniWindow *self)
{
  const OmniColourMap map = shows_grey (self) ? omni_viewer_get_colour_map (self->viewer)
                                              : OMNI_COLOUR_MAP_GREY;
  const OmniViewerMode mode = omni_viewer_get_mode (self->viewer);
  double low, high;

  omni_viewer_get_level (self->viewer, &low, &high);
  const gboolean plain = low == 0 && high == 1 && map == OMNI_COLOUR_MAP_GREY;
  const gboolean can_fit = omni_viewer_can_fit_level (self->viewer);
  const OmniLevelKind kind = omni_viewer_is_level_fitted (self->viewer) ? OMNI_LEVEL_FITTED
                             : can_fit                                  ? OMNI_LEVEL_UNFITTED
                                                                        : OMNI_LEVEL_SET;
  omni_level_bar_show (self->level_bar, omni_viewer_get_mipmap (self->viewer, 0), low, high, kind, map);
  gtk_widget_set_visible (GTK_WIDGET (self->level_bar),
                          (!plain || can_fit) && mode != OMNI_VIEWER_DIFFERENCE && mode != OMNI_VIEWER_MAP);
  gtk_widget_action_set_enabled (GTK_WIDGET (self), "win.reset-level", !plain);
  gtk_widget_action_set_enabled (GTK_WIDGET (self), "win.fit-level", kind == OMNI_LEVEL_UNFITTED);
}

void
omni_window_update_view (OmniWindow *self)
{
  const gboolean many = omni_viewer_get_n_shown (self->viewer) > 1;
  GAction *link = g_action_map_lookup_action (G_ACTION_MAP (self), "link");
  GAction *colours = g_action_map_lookup_action (G_ACTION_MAP (self), "colour-map");

  g_simple_action_set_enabled (G_SIMPLE_ACTION (link), many);
  g_simple_action_set_enabled (G_SIMPLE_ACTION (colours), shows_grey (self));
  gtk_widget_action_set_enabled (GTK_WIDGET (self), "win.align", !omni_viewer_is_aligned (self->viewer));
  gtk_widget_set_visible (self->unlinked, many && !omni_viewer_get_linked (self->viewer));
  update_level_bar (self);
}

static void
level_changed_cb (OmniWindow *self)
{
  GAction *action = g_action_map_lookup_action (G_ACTION_MAP (self), "colour-map");
  const char *name = omni_colour_map_to_string (omni_viewer_get_colour_map (self->viewer));

  g_simple_action_set_state (G_SIMPLE_ACTION (action), g_variant_new_string (name));
  update_level_bar (self);
}

/* Actions */

static void
link_changed_cb (GSimpleAction *action, GVariant *state, OmniWindow *self)
{
  g_simple_action_set_state (action, state);
  omni_viewer_set_linked (self->viewer, g_variant_get_boolean (state));
  omni_window_update_view (self);
}

static void
align_action (GtkWidget *widget, const char *name, GVariant *parameter)
{
  omni_viewer_align (OMNI_WINDOW (widget)->viewer);
}

static void
loupe_changed_cb (GSimpleAction *action, GVariant *state, OmniWindow *self)
{
  g_simple_action_set_state (action, state);
  omni_viewer_set_loupe (self->viewer, g_variant_get_boolean (state));
}

static void
colour_map_changed_cb (GSimpleAction *action, GVariant *state, OmniWindow *self)
{
  for (OmniColourMap map = 0; map < OMNI_N_COLOUR_MAPS; map++)
    if (g_str_equal (omni_colour_map_to_string (map), g_variant_get_string (state, NULL)))
      omni_viewer_set_colour_map (self->viewer, map);
}

static void
reset_level_action (GtkWidget *widget, const char *name, GVariant *parameter)
{
  OmniViewer *viewer = OMNI_WINDOW (widget)->viewer;

  omni_viewer_set_colour_map (viewer, OMNI_COLOUR_MAP_GREY);
  omni_viewer_set_level (viewer, 0, 1);
}

static void
fit_level_action (GtkWidget *widget, const char *name, GVariant *parameter)
{
  omni_viewer_fit_level (OMNI_WINDOW (widget)->viewer);
}

static void
change_panes (OmniWindow *self, int by)
{
  const int n = (int)omni_viewer_get_n_shown (self->viewer)
                + (omni_viewer_get_mode (self->viewer) == OMNI_VIEWER_SIDE_BY_SIDE ? by : 1);

  g_action_group_change_action_state (G_ACTION_GROUP (self), "panes",
                                      g_variant_new_int32 (CLAMP (n, 2, OMNI_VIEWER_PANES)));
}

static void
more_panes_action (GtkWidget *widget, const char *name, GVariant *parameter)
{
  change_panes (OMNI_WINDOW (widget), 1);
}

static void
fewer_panes_action (GtkWidget *widget, const char *name, GVariant *parameter)
{
  change_panes (OMNI_WINDOW (widget), -1);
}

static void
blink_rate_cb (OmniWindow *self)
{
  const double rate = gtk_range_get_value (self->blink_scale);
  g_autofree char *words = g_strdup_printf (_ ("%.1f pictures a second"), rate);

  omni_viewer_set_blink_ms (self->viewer, (guint)(1000 / rate + 0.5));
  gtk_accessible_update_property (GTK_ACCESSIBLE (self->blink_scale), GTK_ACCESSIBLE_PROPERTY_VALUE_TEXT,
                                  words, -1);
}

/* Space: a tap flips, and flips back when held. A focused button gets it first. */

static gboolean
flip_pressed_cb (OmniWindow *self, guint key, guint code, GdkModifierType state, GtkEventController *keys)
{
  const GdkModifierType held = state & (GDK_CONTROL_MASK | GDK_ALT_MASK | GDK_SHIFT_MASK | GDK_SUPER_MASK);

  if (key != GDK_KEY_space || held != 0)
    return GDK_EVENT_PROPAGATE;
  if (self->flip_is_down) /* the key repeats itself */
    return GDK_EVENT_STOP;
  self->flip_is_down = TRUE;
  self->flip_ms = gtk_event_controller_get_current_event_time (keys);
  omni_window_flip (self);
  return GDK_EVENT_STOP;
}

static void
flip_released_cb (OmniWindow *self, guint key, guint code, GdkModifierType state, GtkEventController *keys)
{
  if (key != GDK_KEY_space || !self->flip_is_down)
    return;
  if (gtk_event_controller_get_current_event_time (keys) - self->flip_ms > HOLD_MS)
    omni_window_flip (self);
  self->flip_is_down = FALSE;
}

/* Setting up */

void
omni_window_class_install_view (GtkWidgetClass *widget_class)
{
  gtk_widget_class_bind_template_child (widget_class, OmniWindow, stage);
  gtk_widget_class_bind_template_child (widget_class, OmniWindow, pickers_bar);
  gtk_widget_class_bind_template_child (widget_class, OmniWindow, level_bar);
  gtk_widget_class_bind_template_child (widget_class, OmniWindow, blink_bar);
  gtk_widget_class_bind_template_child (widget_class, OmniWindow, blink_scale);
  gtk_widget_class_bind_template_child (widget_class, OmniWindow, unlinked);
  gtk_widget_class_bind_template_child (widget_class, OmniWindow, order_words);
  gtk_widget_class_bind_template_callback (widget_class, level_changed_cb);
  gtk_widget_class_bind_template_callback (widget_class, blink_rate_cb);
  gtk_widget_class_install_action (widget_class, "win.align", NULL, align_action);
  gtk_widget_class_install_action (widget_class, "win.reset-level", NULL, reset_level_action);
  gtk_widget_class_install_action (widget_class, "win.fit-level", NULL, fit_level_action);
  gtk_widget_class_install_action (widget_class, "win.more-panes", NULL, more_panes_action);
  gtk_widget_class_install_action (widget_class, "win.fewer-panes", NULL, fewer_panes_action);
}

void
omni_window_init_view (OmniWindow *self)
{
  g_autoptr (GSimpleAction) colours = g_simple_action_new_stateful (
    "colour-map", G_VARIANT_TYPE_STRING,
    g_variant_new_string (omni_colour_map_to_string (OMNI_COLOUR_MAP_GREY)));
  GtkEventController *keys = gtk_event_controller_key_new ();
  GAction *link;

  /* Over the panes, and pictures lie the same way wherever people read from. */
  gtk_widget_set_direction (self->pickers_bar, GTK_TEXT_DIR_LTR);
  omni_window_add_stateful (self, "link", G_CALLBACK (link_changed_cb));
  omni_window_add_stateful (self, "loupe", G_CALLBACK (loupe_changed_cb));
  link = g_action_map_lookup_action (G_ACTION_MAP (self), "link");
  g_simple_action_set_state (G_SIMPLE_ACTION (link), g_variant_new_boolean (TRUE));
  g_signal_connect (colours, "change-state", G_CALLBACK (colour_map_changed_cb), self);
  g_action_map_add_action (G_ACTION_MAP (self), G_ACTION (colours));
  g_signal_connect_swapped (keys, "key-pressed", G_CALLBACK (flip_pressed_cb), self);
  g_signal_connect_swapped (keys, "key-released", G_CALLBACK (flip_released_cb), self);
  gtk_widget_add_controller (GTK_WIDGET (self), keys);
  gtk_range_set_value (self->blink_scale, 1000.0 / OMNI_VIEWER_BLINK_MS);
  omni_window_update_view (self);
}
