/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "models/import/foreign.h"

G_BEGIN_DECLS

/* A table of sorted keys and values in LevelDB's format, in memory: data blocks, an index block that names them, and a
 * footer. Every block's CRC-32C is verified; blocks may be compressed by Snappy, and all of them together may unpack to
 * at most 16 MiB. Keys must rise, so that none comes twice. */

/* One pair; FALSE ends the reading, with `error` set. `key` ends with a NUL that `n_key` does not count. */
typedef gboolean (*OmniSstableFunc) (const char *key, gsize n_key, const guint8 *value, gsize n_value,
                                     gpointer user_data, GError **error);

gboolean
omni_sstable_read (const guint8 *data, gsize size, OmniSstableFunc take, gpointer user_data, GError **error);

/* CRC-32C (Castagnoli) of `n` bytes, and the form in which LevelDB and TensorFlow store it. */
guint32 omni_crc32c (const guint8 *data, gsize n);
guint32 omni_crc32c_mask (guint32 crc);

/* A number of 7 bits a byte; moves `at`. FALSE when it is cut off or too long. */
gboolean omni_read_varint (const guint8 **at, const guint8 *end, guint64 *value);

G_END_DECLS
