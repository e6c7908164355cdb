/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is in the pictures: their histogram, and the values under the pointer. */
#include "ui/window/window-private.h"

/* Of the first pane, and of the region when there is one. */
void
omni_window_update_histogram (OmniWindow *self)
{
  OmniMipmap *mipmap = omni_viewer_get_mipmap (self->viewer, 0);
  GdkRectangle region;
  const gboolean has_region = mipmap != NULL
                              && omni_viewer_get_region (self->viewer, omni_mipmap_get_width (mipmap),
                                                         omni_mipmap_get_height (mipmap), &region);

  if (gtk_widget_get_mapped (self->inspect))
    omni_histogram_set_mipmap (self->histogram, mipmap, has_region ? &region : NULL);
}

static void
pointed_cb (OmniWindow *self, double place_x, double place_y)
{
  OmniFusionResult *result = omni_document_get_result (self->document);
  OmniMipmap *mipmap = omni_viewer_get_mipmap (self->viewer, 0);

  if (result != NULL)
    omni_inspector_point (self->inspector, place_x, place_y, omni_picture_get_width (result->picture),
                          omni_picture_get_height (result->picture));
  else if (mipmap != NULL)
    omni_inspector_point (self->inspector, place_x, place_y, omni_mipmap_get_width (mipmap),
                          omni_mipmap_get_height (mipmap));
}

static void
inspect_mapped_cb (OmniWindow *self)
{
  omni_window_update_histogram (self);
}

static void
inspector_changed_cb (GSimpleAction *action, GVariant *state, OmniWindow *self)
{
  const gboolean on = g_variant_get_boolean (state);

  g_simple_action_set_state (action, state);
  gtk_widget_set_visible (self->inspect, on);
  if (on)
    adw_flap_set_reveal_flap (self->flap, TRUE);
}

void
omni_window_class_install_inspect (GtkWidgetClass *widget_class)
{
  gtk_widget_class_bind_template_child (widget_class, OmniWindow, inspect);
  gtk_widget_class_bind_template_child (widget_class, OmniWindow, histogram);
  gtk_widget_class_bind_template_child (widget_class, OmniWindow, inspector);
  gtk_widget_class_bind_template_callback (widget_class, pointed_cb);
  gtk_widget_class_bind_template_callback (widget_class, inspect_mapped_cb);
}

void
omni_window_init_inspect (OmniWindow *self)
{
  omni_window_add_stateful (self, "inspector", G_CALLBACK (inspector_changed_cb));
  omni_inspector_set_subjects (self->inspector, G_LIST_MODEL (self->subjects));
}
