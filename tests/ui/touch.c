/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/ui/touch.h"

#include "tests/ui/pointer.h"

#include <X11/Xlib.h>
#include <X11/extensions/XInput2.h>
#include <gdk/x11/gdkx.h>

static GdkDisplay *
get_display (void)
{
  return gdk_display_get_default ();
}

static Display *
get_connection (void)
{
  G_GNUC_BEGIN_IGNORE_DEPRECATIONS
  return gdk_x11_display_get_xdisplay (get_display ());
  G_GNUC_END_IGNORE_DEPRECATIONS
}

static int
get_pointer_id (void)
{
  GdkDevice *device = gdk_seat_get_pointer (gdk_display_get_default_seat (get_display ()));

  G_GNUC_BEGIN_IGNORE_DEPRECATIONS
  return gdk_x11_device_get_id (device);
  G_GNUC_END_IGNORE_DEPRECATIONS
}

static gboolean
find_extension (int *opcode)
{
  int first_event, first_error;

  return XQueryExtension (get_connection (), "XInputExtension", opcode, &first_event, &first_error) == True;
}

gboolean
omni_touch_is_possible (void)
{
  int opcode;

  G_GNUC_BEGIN_IGNORE_DEPRECATIONS
  return GDK_IS_X11_DISPLAY (get_display ()) && find_extension (&opcode);
  G_GNUC_END_IGNORE_DEPRECATIONS
}

/* Xlib copies what `data` points to. */
static void
put (int type, gpointer data)
{
  Display *connection = get_connection ();
  XEvent event = { .xcookie = { .type = GenericEvent,
                                .serial = LastKnownRequestProcessed (connection),
                                .display = connection,
                                .evtype = type,
                                .data = data } };

  g_assert_true (find_extension (&event.xcookie.extension));
  XPutBackEvent (connection, &event);
  while (g_main_context_iteration (NULL, FALSE))
    ;
}

typedef struct
{
  Window window;
  double x, y, root_x, root_y;
} Place;

static Place
locate (GtkWidget *widget, double x, double y)
{
  GtkNative *native = gtk_widget_get_native (widget);
  const int scale = gtk_widget_get_scale_factor (widget);
  const Window window = omni_pointer_get_xid (widget);
  double native_x, native_y, offset_x, offset_y;
  int root_x, root_y;
  Window child;

  gtk_widget_translate_coordinates (widget, GTK_WIDGET (native), x, y, &native_x, &native_y);
  gtk_native_get_surface_transform (native, &offset_x, &offset_y);
  native_x = (native_x + offset_x) * scale;
  native_y = (native_y + offset_y) * scale;
  XTranslateCoordinates (get_connection (), window, DefaultRootWindow (get_connection ()), 0, 0, &root_x,
                         &root_y, &child);
  return (Place){ window, native_x, native_y, root_x + native_x, root_y + native_y };
}

void
omni_touch_pinch (GtkWidget *widget, OmniTouchPhase phase, double x, double y, double scale)
{
  static const int types[] = { XI_GesturePinchBegin, XI_GesturePinchUpdate, XI_GesturePinchEnd };
  const Place place = locate (widget, x, y);
  XIGesturePinchEvent event = { .type = GenericEvent,
                                .serial = LastKnownRequestProcessed (get_connection ()),
                                .display = get_connection (),
                                .evtype = types[phase],
                                .deviceid = get_pointer_id (),
                                .sourceid = get_pointer_id (),
                                .detail = 2,
                                .root = DefaultRootWindow (get_connection ()),
                                .event = place.window,
                                .root_x = place.root_x,
                                .root_y = place.root_y,
                                .event_x = place.x,
                                .event_y = place.y,
                                .scale = scale };

  g_assert_true (find_extension (&event.extension));
  put (event.evtype, &event);
}

void
omni_touch_finger (GtkWidget *widget, OmniTouchPhase phase, guint id, double x, double y)
{
  static const int types[] = { XI_TouchBegin, XI_TouchUpdate, XI_TouchEnd };
  const Place place = locate (widget, x, y);
  XIDeviceEvent event = { .type = GenericEvent,
                          .serial = LastKnownRequestProcessed (get_connection ()),
                          .display = get_connection (),
                          .evtype = types[phase],
                          .deviceid = get_pointer_id (),
                          .sourceid = get_pointer_id (),
                          .detail = (int)id,
                          .root = DefaultRootWindow (get_connection ()),
                          .event = place.window,
                          .root_x = place.root_x,
                          .root_y = place.root_y,
                          .event_x = place.x,
                          .event_y = place.y,
                          .flags = id == 1 ? XITouchEmulatingPointer : 0 };

  g_assert_true (find_extension (&event.extension));
  put (event.evtype, &event);
}
