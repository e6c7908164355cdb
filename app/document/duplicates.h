/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/document/source.h"

G_BEGIN_DECLS

/* Finds the sources whose files are the same, byte for byte: one picture under two names would count twice. Only files of
 * the same size are read, each once. */
void omni_duplicates_find_async (GPtrArray *sources, GCancellable *cancellable, GAsyncReadyCallback callback,
                                 gpointer user_data);

/* (transfer full) OmniSource → the OmniSource that it is a copy of: of each group the first by path, never by place in the
 * list. Files that cannot be read are nobody's copy. NULL with G_IO_ERROR_CANCELLED. */
GHashTable *omni_duplicates_find_finish (GAsyncResult *result, GError **error);

G_END_DECLS
