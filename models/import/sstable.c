/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "models/import/sstable.h"

#include <glib/gi18n.h>
#include <snappy-c.h>
#include <string.h>

/* LevelDB's doc/table_format.md. libleveldb opens folders of many files and writes into them, so it cannot read one. */

#define FOOTER_BYTES   48
#define TRAILER_BYTES  5
#define MAX_UNPACKED   (G_GUINT64_CONSTANT (16) << 20)
#define MAX_KEY        1024
#define TYPE_PLAIN     0
#define TYPE_SNAPPY    1
#define CRC_POLYNOMIAL 0x82f63b78u /* Castagnoli's, bits reversed */

typedef struct
{
  const guint8 *data;
  gsize size;
  guint64 unpacked_bytes; /* so far */
  guint64 blocks_end;     /* of the data blocks so far */
  GString *last_key;      /* of the data blocks */
  gboolean has_key;
  OmniSstableFunc take;
  gpointer user_data;
} Table;

guint32
omni_crc32c (const guint8 *data, gsize n)
{
  static guint32 rows[256];
  static gsize is_filled = 0;
  guint32 crc = G_MAXUINT32;

  if (g_once_init_enter (&is_filled))
  {
    for (guint i = 0; i < 256; i++)
    {
      rows[i] = i;
      for (guint bit = 0; bit < 8; bit++)
        rows[i] = rows[i] >> 1 ^ (rows[i] & 1 ? CRC_POLYNOMIAL : 0);
    }
    g_once_init_leave (&is_filled, 1);
  }
  for (gsize i = 0; i < n; i++)
    crc = crc >> 8 ^ rows[(crc ^ data[i]) & 255];
  return ~crc;
}

guint32
omni_crc32c_mask (guint32 crc)
{
  return (crc >> 15 | crc << 17) + 0xa282ead8u;
}

gboolean
omni_read_varint (const guint8 **at, const guint8 *end, guint64 *value)
{
  *value = 0;
  for (guint shift = 0; shift < 64 && *at < end; shift += 7)
  {
    const guint8 byte = *(*at)++;

    if (shift == 63 && byte > 1)
      return FALSE;
    *value |= (guint64)(byte & 127) << shift;
    if (byte < 128)
      return TRUE;
  }
  return FALSE;
}

static guint32
get32 (const guint8 *at)
{
  guint32 value;

  memcpy (&value, at, sizeof value);
  return GUINT32_FROM_LE (value);
}

static GBytes *
unpack (Table *table, const guint8 *block, gsize size, GError **error)
{
  size_t n;
  g_autofree char *plain = NULL;

  if (snappy_uncompressed_length ((const char *)block, size, &n) != SNAPPY_OK
      || n > MAX_UNPACKED - table->unpacked_bytes)
  {
    omni_foreign_refuse (error, _ ("a block of the table unpacks to more than 16 MiB"));
    return NULL;
  }
  table->unpacked_bytes += n;
  plain = g_try_malloc (MAX (n, 1));
  if (plain == NULL || snappy_uncompress ((const char *)block, size, plain, &n) != SNAPPY_OK)
  {
    omni_foreign_refuse (error, _ ("a compressed block of the table is damaged"));
    return NULL;
  }
  return g_bytes_new_take (g_steal_pointer (&plain), n);
}

/* (transfer full) The block at a handle: its bytes, one byte of type and four of checksum. */
static GBytes *
read_block (Table *table, guint64 offset, guint64 n, GError **error)
{
  const guint64 limit = table->size - FOOTER_BYTES;
  const guint8 *block;

  if (offset > limit || n > limit - offset || limit - offset - n < TRAILER_BYTES)
  {
    omni_foreign_refuse (error, _ ("a block of the table lies outside the file"));
    return NULL;
  }
  block = table->data + offset;
  if (omni_crc32c_mask (omni_crc32c (block, (gsize)n + 1)) != get32 (block + n + 1))
  {
    omni_foreign_refuse (error, _ ("the table is damaged: a block's checksum does not fit"));
    return NULL;
  }
  if (block[n] == TYPE_SNAPPY)
    return unpack (table, block, (gsize)n, error);
  if (block[n] == TYPE_PLAIN)
    return g_bytes_new_static (block, (gsize)n);
  omni_foreign_refuse (error, _ ("a block of the table is compressed in an unknown way (%u)"), block[n]);
  return NULL;
}

/* The pairs of a block: how much of the last key is kept, the rest of the key, the value. */
static gboolean
walk_block (GBytes *block, GString *key, OmniSstableFunc take, gpointer user_data, GError **error)
{
  gsize size;
  const guint8 *at = g_bytes_get_data (block, &size);
  const guint8 *end;
  guint64 n_restarts;

  if (size < 4 || (n_restarts = get32 (at + size - 4)) > (size - 4) / 4)
    return omni_foreign_refuse (error, _ ("a block of the table is damaged"));
  end = at + size - 4 - 4 * n_restarts;
  g_string_truncate (key, 0);
  while (at < end)
  {
    guint64 shared, n_key, n_value;

    if (!omni_read_varint (&at, end, &shared) || !omni_read_varint (&at, end, &n_key)
        || !omni_read_varint (&at, end, &n_value) || shared > key->len || n_key > MAX_KEY - shared
        || n_key > (guint64)(end - at) || n_value > (guint64)(end - at) - n_key)
      return omni_foreign_refuse (error, _ ("a block of the table is damaged"));
    g_string_truncate (key, (gsize)shared);
    g_string_append_len (key, (const char *)at, (gssize)n_key);
    at += n_key;
    if (!take (key->str, key->len, at, (gsize)n_value, user_data, error))
      return FALSE;
    at += n_value;
  }
  return TRUE;
}

static gboolean
take_pair (const char *key, gsize n_key, const guint8 *value, gsize n_value, gpointer user_data,
           GError **error)
{
  Table *table = user_data;
  const int order = memcmp (key, table->last_key->str, MIN (n_key, table->last_key->len));

  if (table->has_key && (order < 0 || (order == 0 && n_key <= table->last_key->len)))
    return omni_foreign_refuse (error, _ ("the keys of the table are out of order"));
  table->has_key = TRUE;
  g_string_truncate (table->last_key, 0);
  g_string_append_len (table->last_key, key, (gssize)n_key);
  return table->take (key, n_key, value, n_value, table->user_data, error);
}

/* An entry of the index: where a data block lies. */
static gboolean
take_handle (const char *key, gsize n_key, const guint8 *value, gsize n_value, gpointer user_data,
             GError **error)
{
  Table *table = user_data;
  const guint8 *end = value + n_value;
  guint64 offset, n;
  g_autoptr (GBytes) block = NULL;
  g_autoptr (GString) scratch = g_string_new (NULL);

  if (!omni_read_varint (&value, end, &offset) || !omni_read_varint (&value, end, &n))
    return omni_foreign_refuse (error, _ ("the index of the table is damaged"));
  if (offset < table->blocks_end)
    return omni_foreign_refuse (error, _ ("blocks of the table overlap or are out of order"));
  table->blocks_end = offset + MIN (n, G_MAXUINT64 - offset);
  block = read_block (table, offset, n, error);
  return block != NULL && walk_block (block, scratch, take_pair, table, error);
}

gboolean
omni_sstable_read (const guint8 *data, gsize size, OmniSstableFunc take, gpointer user_data, GError **error)
{
  g_autoptr (GString) last_key = g_string_new (NULL), scratch = g_string_new (NULL);
  g_autoptr (GBytes) index = NULL;
  Table table = { .data = data, .size = size, .last_key = last_key, .take = take, .user_data = user_data };
  const guint8 *at = data;
  const guint8 *end;
  guint64 skipped[2], offset, n;

  if (size < FOOTER_BYTES || get32 (data + size - 8) != 0x8b80fb57u || get32 (data + size - 4) != 0xdb477524u)
    return omni_foreign_refuse (error, _ ("it is no table, or was cut off"));
  at = data + size - FOOTER_BYTES;
  end = data + size - 8;
  if (!omni_read_varint (&at, end, &skipped[0]) || !omni_read_varint (&at, end, &skipped[1])
      || !omni_read_varint (&at, end, &offset) || !omni_read_varint (&at, end, &n))
    return omni_foreign_refuse (error, _ ("the footer of the table is damaged"));
  index = read_block (&table, offset, n, error);
  return index != NULL && walk_block (index, scratch, take_handle, &table, error);
}
