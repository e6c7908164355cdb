/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/ui/pointer.h"

#include <X11/Xlib.h>
#include <X11/Xutil.h>
#include <X11/extensions/XTest.h>
#include <gdk/x11/gdkx.h>

#define MOST_LOOKS 1000 /* a millisecond apart */

struct _OmniPointer
{
  Display *display;
};

OmniPointer *
omni_pointer_new (void)
{
  int ignored;
  Display *display = XOpenDisplay (NULL);

  if (display == NULL || !XTestQueryExtension (display, &ignored, &ignored, &ignored, &ignored))
    return NULL;
  OmniPointer *self = g_new0 (OmniPointer, 1);
  self->display = display;
  return self;
}

void
omni_pointer_free (OmniPointer *self)
{
  XCloseDisplay (self->display);
  g_free (self);
}

void
omni_pointer_place_window (OmniPointer *self, unsigned long xid, int x, int y)
{
  XMoveWindow (self->display, xid, x, y);
  XRaiseWindow (self->display, xid);
  XSync (self->display, False);
}

void
omni_pointer_focus_window (OmniPointer *self, unsigned long xid)
{
  XWindowAttributes attributes;

  if (XGetWindowAttributes (self->display, xid, &attributes) != 0 && attributes.map_state == IsViewable)
    XSetInputFocus (self->display, xid, RevertToParent, CurrentTime);
  XSync (self->display, False);
}

unsigned long
omni_pointer_get_xid (GtkWidget *widget)
{
  G_GNUC_BEGIN_IGNORE_DEPRECATIONS
  return gdk_x11_surface_get_xid (gtk_native_get_surface (gtk_widget_get_native (widget)));
  G_GNUC_END_IGNORE_DEPRECATIONS
}

void
omni_pointer_locate_window (OmniPointer *self, unsigned long xid, int x, int y, int *screen_x, int *screen_y)
{
  Window child;

  XTranslateCoordinates (self->display, xid, DefaultRootWindow (self->display), x, y, screen_x, screen_y,
                         &child);
}

void
omni_pointer_locate (OmniPointer *self, GtkWidget *widget, double x, double y, int *screen_x, int *screen_y)
{
  GtkNative *native = gtk_widget_get_native (widget);
  double native_x, native_y, offset_x, offset_y;

  gtk_widget_translate_coordinates (widget, GTK_WIDGET (native), x, y, &native_x, &native_y);
  gtk_native_get_surface_transform (native, &offset_x, &offset_y);
  omni_pointer_locate_window (self, omni_pointer_get_xid (widget), (int)(native_x + offset_x),
                              (int)(native_y + offset_y), screen_x, screen_y);
}

/* The server answers before it has handed on what it was sent, and much before on a busy machine. */
typedef struct
{
  int x, y;
  unsigned int mask, held; /* buttons */
} Place;

static void
wait_for_place (OmniPointer *self, const Place *place)
{
  for (guint i = 0; i < MOST_LOOKS; i++)
  {
    Window root, child;
    int x, y, window_x, window_y;
    unsigned int held;

    XQueryPointer (self->display, DefaultRootWindow (self->display), &root, &child, &x, &y, &window_x,
                   &window_y, &held);
    if (place->mask != 0 ? (held & place->mask) == place->held : x == place->x && y == place->y)
      return;
    g_usleep (1000);
  }
}

void
omni_pointer_move (OmniPointer *self, int x, int y)
{
  XTestFakeMotionEvent (self->display, -1, x, y, CurrentTime);
  wait_for_place (self, &(Place){ .x = x, .y = y });
}

void
omni_pointer_button (OmniPointer *self, guint button, gboolean down)
{
  const unsigned int mask = Button1Mask << (button - 1);

  XTestFakeButtonEvent (self->display, button, down, CurrentTime);
  wait_for_place (self, &(Place){ .mask = mask, .held = down ? mask : 0 });
}

void
omni_pointer_click (OmniPointer *self, guint button)
{
  omni_pointer_button (self, button, TRUE);
  omni_pointer_button (self, button, FALSE);
}

static void
press (OmniPointer *self, const char *key, gboolean down)
{
  const KeyCode code = XKeysymToKeycode (self->display, XStringToKeysym (key));

  g_assert_cmpuint (code, !=, 0);
  XTestFakeKeyEvent (self->display, code, down, CurrentTime);
}

void
omni_pointer_key (OmniPointer *self, const char *key, GdkModifierType modifiers)
{
  static const struct
  {
    GdkModifierType mask;
    const char *key;
  } held[] = { { GDK_CONTROL_MASK, "Control_L" }, { GDK_SHIFT_MASK, "Shift_L" }, { GDK_ALT_MASK, "Alt_L" } };

  for (gsize i = 0; i < G_N_ELEMENTS (held); i++)
    if ((modifiers & held[i].mask) != 0)
      press (self, held[i].key, TRUE);
  press (self, key, TRUE);
  press (self, key, FALSE);
  for (gsize i = 0; i < G_N_ELEMENTS (held); i++)
    if ((modifiers & held[i].mask) != 0)
      press (self, held[i].key, FALSE);
  XSync (self->display, False);
}

void
omni_pointer_hold (OmniPointer *self, const char *key, gboolean down)
{
  press (self, key, down);
  XSync (self->display, False);
}

guint32
omni_pointer_get_pixel (OmniPointer *self, int x, int y)
{
  XImage *image = XGetImage (self->display, DefaultRootWindow (self->display), x, y, 1, 1, AllPlanes,
                             ZPixmap);

  g_assert_nonnull (image);
  const guint32 pixel = (guint32)XGetPixel (image, 0, 0) & 0xffffff;
  XDestroyImage (image);
  return pixel;
}
