/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* Keeps the screen from locking where no session manager and no portal does it for GTK: by org.freedesktop.ScreenSaver on the session
 * bus, which screen savers of most desktops answer. Without one nothing happens. Main thread. */
typedef struct _OmniScreenSaver OmniScreenSaver;

/* (nullable) `connection` (nullable) is the session bus; `reason` is for people. Lasts until it is freed. */
OmniScreenSaver *omni_screen_saver_inhibit (GDBusConnection *connection, const char *reason);
void omni_screen_saver_free (OmniScreenSaver *self);

G_END_DECLS
