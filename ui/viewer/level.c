/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Window and level: what is drawn black and white. A drag with the right button sets both, for all panes. */
#include "app/settings.h"
#include "ui/viewer/viewer-private.h"

#include <math.h>

#define FULL_DRAG_PX 400.0 /* logical: this far is all of the display range, or twice the window */
#define LEAST_WINDOW 1e-4

static void
set_level (OmniViewer *self, double low, double high)
{
  if (high - low < LEAST_WINDOW)
  {
    const double middle = (low + high) / 2;
    low = middle - LEAST_WINDOW / 2;
    high = middle + LEAST_WINDOW / 2;
  }
  if (low == self->low && high == self->high)
    return;
  self->low = low;
  self->high = high;
  omni_viewer_emit_level_changed (self);
}

void
omni_viewer_set_level (OmniViewer *self, double low, double high)
{
  const gboolean was_fitted = omni_viewer_is_level_fitted (self);

  self->level_follows = FALSE;
  set_level (self, low, high);
  if (was_fitted) /* to the same level: it is called otherwise now */
    omni_viewer_emit_level_changed (self);
}

/* Fitting */

void
omni_viewer_note_level (OmniViewer *self, OmniMipmap *mipmap)
{
  const gboolean could_fit = omni_viewer_can_fit_level (self);
  double low, high;

  omni_mipmap_find_level (mipmap, &low, &high);
  self->fit_low = self->has_fit ? MIN (self->fit_low, low) : low;
  self->fit_high = self->has_fit ? MAX (self->fit_high, high) : high;
  self->has_fit = TRUE;
  if (self->level_follows)
    set_level (self, self->fit_low, self->fit_high);
  if (could_fit != omni_viewer_can_fit_level (self))
    omni_viewer_emit_level_changed (self);
}

void
omni_viewer_forget_fit (OmniViewer *self)
{
  self->has_fit = FALSE;
  if (self->level_follows)
    set_level (self, 0, 1);
}

void
omni_viewer_fit_level (OmniViewer *self)
{
  self->level_follows = TRUE;
  if (self->has_fit)
    set_level (self, self->fit_low, self->fit_high);
  omni_viewer_emit_level_changed (self);
}

gboolean
omni_viewer_can_fit_level (OmniViewer *self)
{
  return self->has_fit && (self->fit_low != 0 || self->fit_high != 1);
}

gboolean
omni_viewer_is_level_fitted (OmniViewer *self)
{
  return self->level_follows && omni_viewer_can_fit_level (self);
}

void
omni_viewer_get_level (OmniViewer *self, double *low, double *high)
{
  *low = self->low;
  *high = self->high;
}

void
omni_viewer_set_colour_map (OmniViewer *self, OmniColourMap map)
{
  if (self->colours == map)
    return;
  self->colours = map;
  omni_viewer_emit_level_changed (self);
}

OmniColourMap
omni_viewer_get_colour_map (OmniViewer *self)
{
  return self->colours;
}

static void
drag_begin_cb (OmniViewer *self, double x, double y)
{
  self->swapped_axes = omni_settings_is (OMNI_SETTING_LEVEL_AXES, "up");
  self->level_low = self->low;
  self->level_high = self->high;
  gtk_widget_grab_focus (GTK_WIDGET (self));
}

/* From what `level_low` and `level_high` are: across the window widens, upwards the picture gets brighter. */
static void
move_level (OmniViewer *self, double across_px, double up_px)
{
  const double window = (self->level_high - self->level_low) * exp2 (2 * across_px / FULL_DRAG_PX);
  const double level = (self->level_high + self->level_low) / 2
                       - up_px / FULL_DRAG_PX * MAX (self->level_high - self->level_low, 0.05);

  omni_viewer_set_level (self, level - window / 2, level + window / 2);
}

/* To the right and upwards; or the other way round, as one likes. */
static void
drag_update_cb (OmniViewer *self, double x, double y)
{
  move_level (self, self->swapped_axes ? -y : x, self->swapped_axes ? x : -y);
}

void
omni_viewer_step_level (OmniViewer *self, double across_px, double up_px)
{
  self->level_low = self->low;
  self->level_high = self->high;
  move_level (self, across_px, up_px);
}

static void
pressed_cb (OmniViewer *self, int n_press)
{
  if (n_press == 2)
    omni_viewer_set_level (self, 0, 1);
}

void
omni_viewer_init_level (OmniViewer *self)
{
  GtkGesture *drag = gtk_gesture_drag_new ();
  GtkGesture *click = gtk_gesture_click_new ();

  gtk_gesture_single_set_button (GTK_GESTURE_SINGLE (drag), GDK_BUTTON_SECONDARY);
  gtk_gesture_single_set_button (GTK_GESTURE_SINGLE (click), GDK_BUTTON_SECONDARY);
  g_signal_connect_swapped (drag, "drag-begin", G_CALLBACK (drag_begin_cb), self);
  g_signal_connect_swapped (drag, "drag-update", G_CALLBACK (drag_update_cb), self);
  g_signal_connect_swapped (click, "pressed", G_CALLBACK (pressed_cb), self);
  gtk_widget_add_controller (GTK_WIDGET (self), GTK_EVENT_CONTROLLER (drag));
  gtk_widget_add_controller (GTK_WIDGET (self), GTK_EVENT_CONTROLLER (click));
}
