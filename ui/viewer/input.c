/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/viewer/viewer-private.h"

#include <math.h>

#define WHEEL_FACTOR 1.25
#define KEY_PAN_PX   64.0
#define KEY_LEVEL_PX 20.0

static double
to_device (OmniViewer *self, double logical)
{
  return logical * gtk_widget_get_scale_factor (GTK_WIDGET (self));
}

/* What a drag from here would do. */
void
omni_viewer_update_cursor (OmniViewer *self)
{
  const gboolean lies = fabs (fabs (self->wipe_angle - 180) - 90) < 45;
  const char *cursor = omni_viewer_find_knob (self, self->pointer_x, self->pointer_y) ? "grab"
                       : omni_viewer_is_on_line (self, self->pointer_x, self->pointer_y)
                         ? lies ? "row-resize" : "col-resize"
                       : self->region_tool ? "crosshair"
                                           : NULL;

  gtk_widget_set_cursor_from_name (GTK_WIDGET (self), cursor);
}

static void
motion_cb (OmniViewer *self, double x, double y)
{
  self->pointer_x = to_device (self, x);
  self->pointer_y = to_device (self, y);
  self->inside = TRUE;
  omni_viewer_update_cursor (self);
  omni_viewer_emit_pointed (self);
  if (self->loupe)
    gtk_widget_queue_draw (GTK_WIDGET (self));
}

static void
leave_cb (OmniViewer *self)
{
  self->inside = FALSE;
  if (self->loupe)
    gtk_widget_queue_draw (GTK_WIDGET (self));
}

void
omni_viewer_set_loupe (OmniViewer *self, gboolean on)
{
  self->loupe = on;
  gtk_widget_queue_draw (GTK_WIDGET (self));
}

/* A wheel zooms; two fingers on a trackpad pan, with Ctrl they zoom. */
static gboolean
scroll_cb (OmniViewer *self, double dx, double dy, GtkEventControllerScroll *scroll)
{
  const GdkModifierType state = gtk_event_controller_get_current_event_state (GTK_EVENT_CONTROLLER (scroll));
  const gboolean is_wheel = gtk_event_controller_scroll_get_unit (scroll) == GDK_SCROLL_UNIT_WHEEL;

  if (is_wheel || (state & GDK_CONTROL_MASK) != 0)
  {
    const double steps = is_wheel ? dy : dy / 40;
    const double zoom = omni_viewer_get_zoom_at (self, self->pointer_x, self->pointer_y);
    omni_viewer_zoom_about (self, zoom * pow (WHEEL_FACTOR, -steps), self->pointer_x, self->pointer_y);
  }
  else
    omni_viewer_pan_by (self, -to_device (self, dx), -to_device (self, dy), self->pointer_x, self->pointer_y);
  return GDK_EVENT_STOP;
}

static void
drag_begin_cb (OmniViewer *self, double x, double y, GtkGestureDrag *drag)
{
  const GdkModifierType state = gtk_event_controller_get_current_event_state (GTK_EVENT_CONTROLLER (drag));

  self->drag_x = 0;
  self->drag_y = 0;
  self->press_x = to_device (self, x);
  self->press_y = to_device (self, y);
  self->turning = omni_viewer_find_knob (self, self->press_x, self->press_y);
  self->wiping = self->turning == 0 && omni_viewer_is_on_line (self, self->press_x, self->press_y);
  if (!self->wiping && self->turning == 0 && (self->region_tool || (state & GDK_SHIFT_MASK) != 0))
    omni_viewer_begin_region (self, self->press_x, self->press_y);
  gtk_widget_grab_focus (GTK_WIDGET (self));
}

static void
drag_update_cb (OmniViewer *self, double x, double y, GtkGestureDrag *drag)
{
  const double dx = to_device (self, x - self->drag_x), dy = to_device (self, y - self->drag_y);

  self->drag_x = x;
  self->drag_y = y;
  if (self->turning != 0)
  {
    omni_viewer_turn_line (self, self->turning, self->press_x + to_device (self, x),
                           self->press_y + to_device (self, y));
    return;
  }
  if (self->wiping)
  {
    omni_viewer_drag_line (self, dx, dy);
    return;
  }
  if (self->selecting)
  {
    gtk_widget_set_cursor_from_name (GTK_WIDGET (self), "crosshair");
    omni_viewer_drag_region (self, self->press_x + to_device (self, x), self->press_y + to_device (self, y));
    return;
  }
  gtk_widget_set_cursor_from_name (GTK_WIDGET (self), "grabbing");
  omni_viewer_pan_by (self, dx, dy, self->press_x, self->press_y);
}

static void
drag_end_cb (OmniViewer *self, double x, double y, GtkGestureDrag *drag)
{
  if (self->selecting)
    omni_viewer_end_region (self);
  self->wiping = FALSE;
  self->turning = 0;
  omni_viewer_update_cursor (self);
}

static void
pressed_cb (OmniViewer *self, int n_press, double x, double y, GtkGestureClick *click)
{
  if (n_press != 2)
    return;
  x = to_device (self, x);
  y = to_device (self, y);
  const double zoom = omni_viewer_get_zoom (self), own = omni_viewer_get_zoom_at (self, x, y);
  if (fabs (own / zoom - 1) > 1e-9) /* a pane that moves alone comes back to the others */
    omni_viewer_zoom_about (self, zoom, x, y);
  else if (omni_viewer_is_fit (self))
    omni_viewer_zoom_about (self, 1, x, y);
  else
    omni_viewer_fit (self);
}

/* In the middle of the fingers; of those on a trackpad, where the pointer is. */
static void
get_pinch_centre (OmniViewer *self, GtkGesture *pinch, double *x, double *y)
{
  g_autoptr (GList) fingers = gtk_gesture_get_sequences (pinch);
  const double n = g_list_length (fingers);

  *x = *y = 0;
  for (GList *link = fingers; link != NULL; link = link->next)
  {
    double finger_x, finger_y;
    gtk_gesture_get_point (pinch, link->data, &finger_x, &finger_y);
    *x += to_device (self, finger_x) / n;
    *y += to_device (self, finger_y) / n;
  }
}

static void
pinch_begin_cb (OmniViewer *self, GdkEventSequence *sequence, GtkGesture *pinch)
{
  /* The first finger alone was a drag. */
  gtk_gesture_set_state (pinch, GTK_EVENT_SEQUENCE_CLAIMED);
  get_pinch_centre (self, pinch, &self->pinch_x, &self->pinch_y);
  self->pinch_zoom = omni_viewer_get_zoom_at (self, self->pinch_x, self->pinch_y);
}

/* What lies under the fingers stays there, wherever they go. */
static void
pinch_cb (OmniViewer *self, double scale, GtkGesture *pinch)
{
  double x, y;

  get_pinch_centre (self, pinch, &x, &y);
  omni_viewer_pan_by (self, x - self->pinch_x, y - self->pinch_y, self->pinch_x, self->pinch_y);
  omni_viewer_zoom_about (self, self->pinch_zoom * scale, x, y);
  self->pinch_x = x;
  self->pinch_y = y;
}

void
omni_viewer_init_input (OmniViewer *self)
{
  GtkWidget *widget = GTK_WIDGET (self);
  GtkEventController *motion = gtk_event_controller_motion_new ();
  GtkEventController *scroll = gtk_event_controller_scroll_new (GTK_EVENT_CONTROLLER_SCROLL_BOTH_AXES);
  GtkGesture *drag = gtk_gesture_drag_new ();
  GtkGesture *click = gtk_gesture_click_new ();
  GtkGesture *pinch = gtk_gesture_zoom_new ();

  g_signal_connect_swapped (motion, "enter", G_CALLBACK (motion_cb), self);
  g_signal_connect_swapped (motion, "motion", G_CALLBACK (motion_cb), self);
  g_signal_connect_swapped (motion, "leave", G_CALLBACK (leave_cb), self);
  g_signal_connect_swapped (scroll, "scroll", G_CALLBACK (scroll_cb), self);
  g_signal_connect_swapped (drag, "drag-begin", G_CALLBACK (drag_begin_cb), self);
  g_signal_connect_swapped (drag, "drag-update", G_CALLBACK (drag_update_cb), self);
  g_signal_connect_swapped (drag, "drag-end", G_CALLBACK (drag_end_cb), self);
  g_signal_connect_swapped (click, "pressed", G_CALLBACK (pressed_cb), self);
  g_signal_connect_swapped (pinch, "begin", G_CALLBACK (pinch_begin_cb), self);
  g_signal_connect_swapped (pinch, "scale-changed", G_CALLBACK (pinch_cb), self);
  gtk_widget_add_controller (widget, motion);
  gtk_widget_add_controller (widget, scroll);
  gtk_widget_add_controller (widget, GTK_EVENT_CONTROLLER (drag));
  gtk_widget_add_controller (widget, GTK_EVENT_CONTROLLER (click));
  gtk_widget_add_controller (widget, GTK_EVENT_CONTROLLER (pinch));
}

static gboolean
key_pan_cb (GtkWidget *widget, GVariant *args, gpointer data)
{
  OmniViewer *self = OMNI_VIEWER (widget);
  double x, y;

  /* The keys move the pane under the pointer, else the first. */
  g_variant_get (args, "(dd)", &x, &y);
  omni_viewer_pan_by (self, to_device (self, x), to_device (self, y), self->inside ? self->pointer_x : 0,
                      self->inside ? self->pointer_y : 0);
  /* Without a pointer the values are those in the middle. */
  if (!self->inside)
  {
    const OmniViewerRect rect = omni_viewer_get_pane_rect (self, 0);
    self->pointer_x = rect.x + rect.width / 2.0;
    self->pointer_y = rect.y + rect.height / 2.0;
    omni_viewer_emit_pointed (self);
  }
  return TRUE;
}

static gboolean
key_level_cb (GtkWidget *widget, GVariant *args, gpointer data)
{
  double across, up;

  g_variant_get (args, "(dd)", &across, &up);
  omni_viewer_step_level (OMNI_VIEWER (widget), across, up);
  return TRUE;
}

static gboolean
key_line_cb (GtkWidget *widget, GVariant *args, gpointer data)
{
  int along, turn;

  g_variant_get (args, "(ii)", &along, &turn);
  return omni_viewer_step_line (OMNI_VIEWER (widget), along, turn);
}

void
omni_viewer_class_add_keys (GtkWidgetClass *widget_class)
{
  gtk_widget_class_add_binding (widget_class, GDK_KEY_Left, GDK_SHIFT_MASK, key_line_cb, "(ii)", -1, 0);
  gtk_widget_class_add_binding (widget_class, GDK_KEY_Right, GDK_SHIFT_MASK, key_line_cb, "(ii)", 1, 0);
  gtk_widget_class_add_binding (widget_class, GDK_KEY_Up, GDK_SHIFT_MASK, key_line_cb, "(ii)", 0, -1);
  gtk_widget_class_add_binding (widget_class, GDK_KEY_Down, GDK_SHIFT_MASK, key_line_cb, "(ii)", 0, 1);
  gtk_widget_class_add_binding (widget_class, GDK_KEY_Left, GDK_CONTROL_MASK, key_level_cb, "(dd)",
                                -KEY_LEVEL_PX, 0.0);
  gtk_widget_class_add_binding (widget_class, GDK_KEY_Right, GDK_CONTROL_MASK, key_level_cb, "(dd)",
                                KEY_LEVEL_PX, 0.0);
  gtk_widget_class_add_binding (widget_class, GDK_KEY_Up, GDK_CONTROL_MASK, key_level_cb, "(dd)", 0.0,
                                KEY_LEVEL_PX);
  gtk_widget_class_add_binding (widget_class, GDK_KEY_Down, GDK_CONTROL_MASK, key_level_cb, "(dd)", 0.0,
                                -KEY_LEVEL_PX);
  gtk_widget_class_add_binding (widget_class, GDK_KEY_Left, 0, key_pan_cb, "(dd)", KEY_PAN_PX, 0.0);
  gtk_widget_class_add_binding (widget_class, GDK_KEY_Right, 0, key_pan_cb, "(dd)", -KEY_PAN_PX, 0.0);
  gtk_widget_class_add_binding (widget_class, GDK_KEY_Up, 0, key_pan_cb, "(dd)", 0.0, KEY_PAN_PX);
  gtk_widget_class_add_binding (widget_class, GDK_KEY_Down, 0, key_pan_cb, "(dd)", 0.0, -KEY_PAN_PX);
}
