/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/fusion/engine.h"

#include <adwaita.h>

G_BEGIN_DECLS

/* The window on one set of sources. */
#define OMNI_TYPE_WINDOW (omni_window_get_type ())
G_DECLARE_FINAL_TYPE (OmniWindow, omni_window, OMNI, WINDOW, AdwApplicationWindow)

OmniWindow *omni_window_new (AdwApplication *application, OmniEngine *engine);

/* Adds files and folders to the set, at the end. */
void omni_window_open_paths (OmniWindow *self, const char *const *paths);

/* Brings back a session that the program kept, and goes on with it. */
void omni_window_restore_session (OmniWindow *self, const char *path);

/* Imports the weight files (NULL-terminated), which together are one network, keeps them for this user and says what was
 * taken. Returns at once. */
void omni_window_add_weights (OmniWindow *self, const char *const *paths);

G_END_DECLS
