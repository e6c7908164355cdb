/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gtk/gtk.h>

/* A real pointer and keyboard: events go through the X server (XTEST) and come back like a person's. */
typedef struct _OmniPointer OmniPointer;

/* NULL when there is no X server with XTEST. */
OmniPointer *omni_pointer_new (void);
void omni_pointer_free (OmniPointer *self);

/* Puts a window in a place, and gives it the keyboard. */
void omni_pointer_place_window (OmniPointer *self, unsigned long xid, int x, int y);
void omni_pointer_focus_window (OmniPointer *self, unsigned long xid);
unsigned long omni_pointer_get_xid (GtkWidget *widget);

/* Where a point of a widget is on the screen. */
void
omni_pointer_locate (OmniPointer *self, GtkWidget *widget, double x, double y, int *screen_x, int *screen_y);
void
omni_pointer_locate_window (OmniPointer *self, unsigned long xid, int x, int y, int *screen_x, int *screen_y);

void omni_pointer_move (OmniPointer *self, int x, int y);
void omni_pointer_button (OmniPointer *self, guint button, gboolean down);
void omni_pointer_click (OmniPointer *self, guint button);

/* A key with what is held down, e.g. ("z", GDK_CONTROL_MASK). */
void omni_pointer_key (OmniPointer *self, const char *key, GdkModifierType modifiers);

/* Holds a key down, e.g. "Shift_L", or lets it go. */
void omni_pointer_hold (OmniPointer *self, const char *key, gboolean down);

/* What the screen shows there, 0xrrggbb. */
guint32 omni_pointer_get_pixel (OmniPointer *self, int x, int y);
