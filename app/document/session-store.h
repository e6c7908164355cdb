/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* Where the program keeps sessions by itself: $XDG_STATE_HOME/omnifuse/sessions. Each set that was worked on has a file; one that
 * a window holds has a mark beside it, which a program that died leaves behind. Any thread. */

#define OMNI_SESSION_SUFFIX    ".omnifuse"
#define OMNI_SESSION_STORE_MAX 12 /* older sets are forgotten */

/* (transfer full) The path for a new set, in a folder that exists. */
char *omni_session_store_make_path (GError **error);

void omni_session_store_mark (const char *path, gboolean open);
gboolean omni_session_store_is_marked (const char *path);

/* (transfer full) (element-type filename) Sessions that are marked, or all, newest first. */
GPtrArray *omni_session_store_list (gboolean only_marked);

/* Removes the oldest ones that no window holds. */
void omni_session_store_prune (void);

G_END_DECLS
