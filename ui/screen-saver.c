/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/screen-saver.h"

#define BUS_NAME    "org.freedesktop.ScreenSaver"
#define OBJECT_PATH "/org/freedesktop/ScreenSaver"

struct _OmniScreenSaver
{
  gatomicrefcount ref_count; /* the owner, and the call that is under way */
  GDBusConnection *connection;
  guint32 cookie;
  gboolean has_cookie, ended;
};

static void
screen_saver_unref (OmniScreenSaver *self)
{
  if (!g_atomic_ref_count_dec (&self->ref_count))
    return;
  g_object_unref (self->connection);
  g_free (self);
}

static void
let_go (OmniScreenSaver *self)
{
  if (self->has_cookie)
    g_dbus_connection_call (self->connection, BUS_NAME, OBJECT_PATH, BUS_NAME, "UnInhibit",
                            g_variant_new ("(u)", self->cookie), NULL, G_DBUS_CALL_FLAGS_NO_AUTO_START, -1,
                            NULL, NULL, NULL);
  self->has_cookie = FALSE;
}

static void
inhibited_cb (GObject *object, GAsyncResult *result, gpointer data)
{
  OmniScreenSaver *self = data;
  g_autoptr (GVariant) reply = g_dbus_connection_call_finish (G_DBUS_CONNECTION (object), result, NULL);

  if (reply != NULL)
  {
    g_variant_get (reply, "(u)", &self->cookie);
    self->has_cookie = TRUE;
  }
  if (self->ended)
    let_go (self);
  screen_saver_unref (self);
}

OmniScreenSaver *
omni_screen_saver_inhibit (GDBusConnection *connection, const char *reason)
{
  if (connection == NULL)
    return NULL;
  OmniScreenSaver *self = g_new0 (OmniScreenSaver, 1);

  g_atomic_ref_count_init (&self->ref_count);
  g_atomic_ref_count_inc (&self->ref_count);
  self->connection = g_object_ref (connection);
  g_dbus_connection_call (connection, BUS_NAME, OBJECT_PATH, BUS_NAME, "Inhibit",
                          g_variant_new ("(ss)", "Omnifuse", reason), G_VARIANT_TYPE ("(u)"),
                          G_DBUS_CALL_FLAGS_NO_AUTO_START, -1, NULL, inhibited_cb, self);
  return self;
}

void
omni_screen_saver_free (OmniScreenSaver *self)
{
  if (self == NULL)
    return;
  self->ended = TRUE;
  let_go (self);
  screen_saver_unref (self);
}
