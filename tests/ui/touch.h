/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gtk/gtk.h>

/* Fingers on a trackpad and on a screen. No test can move such a device, which the X server of a test has not; so the events that
 * the server would send are put into the connection that GDK reads, and take the way of a person's from there on. */
typedef enum
{
  OMNI_TOUCH_BEGIN,
  OMNI_TOUCH_UPDATE,
  OMNI_TOUCH_END
} OmniTouchPhase;

/* FALSE where there is none to put them into. */
gboolean omni_touch_is_possible (void);

/* Two fingers on a trackpad while the pointer is at (x, y) of the widget, `scale` times as far apart as in the beginning. */
void omni_touch_pinch (GtkWidget *widget, OmniTouchPhase phase, double x, double y, double scale);

/* Finger `id` (1 …) on the screen; the first that begins is also the pointer, as the server has it. */
void omni_touch_finger (GtkWidget *widget, OmniTouchPhase phase, guint id, double x, double y);
