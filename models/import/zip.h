/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* A ZIP archive of stored (not compressed) entries, as PyTorch writes it, in memory.
 *
 * Strict, because nothing but such a file is expected: refused are compressed or encrypted entries, archives of several
 * parts, names that are absolute or climb out of a folder, names that come twice, entries that overlap or leave the file,
 * local headers that contradict the directory, and data that their CRC-32 does not fit. Since nothing is unpacked, an
 * archive can never become larger than its file, and since entries are looked up by name and never written, no name can
 * reach anything outside. */
typedef struct
{
  char *name;
  const guint8 *data;
  guint64 n_bytes;
} OmniZipEntry;

/* (transfer full) (element-type OmniZipEntry) The entries, pointing into `data`, in the order of the directory. */
GPtrArray *omni_zip_read (const guint8 *data, gsize n_bytes, GError **error);

G_END_DECLS
