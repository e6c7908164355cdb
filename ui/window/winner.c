/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which source won where: the overlay's switch. */
#include "ui/window/window-private.h"

static void
winner_changed_cb (GSimpleAction *action, GVariant *state, OmniWindow *self)
{
  g_simple_action_set_state (action, state);
  omni_winner_overlay_set_on (self->winner, g_variant_get_boolean (state));
}

gboolean
omni_window_escape_winner (OmniWindow *self)
{
  if (!omni_winner_overlay_is_waiting (self->winner))
    return FALSE;
  g_action_group_change_action_state (G_ACTION_GROUP (self), "winner", g_variant_new_boolean (FALSE));
  return TRUE;
}

void
omni_window_class_install_winner (GtkWidgetClass *widget_class)
{
  g_type_ensure (OMNI_TYPE_WINNER_OVERLAY);
  gtk_widget_class_bind_template_child (widget_class, OmniWindow, winner);
}

void
omni_window_init_winner (OmniWindow *self)
{
  omni_winner_overlay_set_up (self->winner, self->document, self->viewer);
  omni_window_add_stateful (self, "winner", G_CALLBACK (winner_changed_cb));
}
