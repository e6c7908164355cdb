/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Asks the system for large pages (2 MiB on most machines) behind a block that was just allocated and is not touched yet. A wish:
 * without them all is the same, only slower, for kernels that walk down a picture miss the table of pages at every row. Does
 * nothing for small blocks, or where the system has no such thing. Any thread. */
void omni_advise_large_pages (gpointer block, gsize size_bytes);

G_END_DECLS
