/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/document/source.h"
#include "app/progress.h"

G_BEGIN_DECLS

/* Reads the headers of the files, and of the pictures right inside the folders, in the order given; a folder's pictures
 * are sorted naturally (2 before 10), and files in it that are no pictures are passed over.
 *
 * Returns (transfer full) (element-type OmniSource) what could be read, possibly empty. `error` is set as well when
 * something could not be read: a sentence for each failure, on a line of its own. */
GPtrArray *omni_gather_sources (const char *const *paths, GCancellable *cancellable, GError **error);

/* `progress` (nullable) */
void omni_gather_sources_async (const char *const *paths, OmniProgressFunc progress, gpointer progress_data,
                                GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data);

/* (transfer full) Never NULL; `error` may be set, too. */
GPtrArray *omni_gather_sources_finish (GAsyncResult *result, GError **error);

G_END_DECLS
