/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "models/import/zip.h"

#include "models/import/foreign.h"

#include <glib/gi18n.h>
#include <string.h>
#include <zlib.h>

/* A reader of its own instead of libarchive or minizip: these unpack what is not wanted here, and do not say where an entry
 * lies, so that overlaps and contradictions could not be seen. PKWARE's APPNOTE 6.3.3 gives the layout. */

#define END_BYTES       22
#define END_64_BYTES    56
#define LOCATOR_BYTES   20
#define ENTRY_BYTES     46
#define LOCAL_BYTES     30
#define MAX_COMMENT     65535
#define FLAG_ENCRYPTED  1
#define FLAG_DESCRIPTOR 8
#define EXTRA_ZIP64     1

typedef struct
{
  const guint8 *data;
  guint64 n_bytes;
  guint64 n_entries, directory, n_directory_bytes; /* as the end record says */
  guint64 directory_end;                           /* where the end records begin */
  GError **error;
} Archive;

/* What the directory says of one entry. */
typedef struct
{
  guint flags, method;
  guint32 crc;
  guint64 packed_bytes, n_bytes, local, end;
  const OmniZipEntry *out;
} Entry;

static guint16
get16 (const guint8 *at)
{
  return (guint16)(at[0] | at[1] << 8);
}

static guint32
get32 (const guint8 *at)
{
  return get16 (at) | (guint32)get16 (at + 2) << 16;
}

static guint64
get64 (const guint8 *at)
{
  return get32 (at) | (guint64)get32 (at + 4) << 32;
}

static void
entry_free (gpointer data)
{
  OmniZipEntry *entry = data;

  g_free (entry->name);
  g_free (entry);
}

/* The record at the very end, after which only its own comment may follow. */
static const guint8 *
find_end (const Archive *archive)
{
  for (guint64 n_comment = 0;
       n_comment <= MAX_COMMENT && archive->n_bytes >= END_BYTES && n_comment <= archive->n_bytes - END_BYTES;
       n_comment++)
  {
    const guint8 *end = archive->data + archive->n_bytes - END_BYTES - n_comment;

    if (get32 (end) == 0x06054b50 && get16 (end + 20) == n_comment)
      return end;
  }
  return NULL;
}

/* A number of the old record is either the same in the new one or all ones. */
static gboolean
agrees (guint64 old, guint64 all_ones, guint64 value)
{
  return old == all_ones || old == value;
}

static gboolean
read_end_64 (Archive *archive, const guint8 *end, guint64 locator)
{
  const guint8 *record;

  if (locator < END_64_BYTES)
    return omni_foreign_refuse (archive->error, _ ("the ZIP64 end of the archive contradicts itself"));
  record = archive->data + locator - END_64_BYTES;
  if (get64 (archive->data + locator + 8) != locator - END_64_BYTES
      || get32 (archive->data + locator + 4) != 0 || get32 (archive->data + locator + 16) > 1
      || get32 (record) != 0x06064b50 || get64 (record + 4) != END_64_BYTES - 12 || get32 (record + 16) != 0
      || get32 (record + 20) != 0 || get64 (record + 24) != get64 (record + 32)
      || !agrees (get16 (end + 10), G_MAXUINT16, get64 (record + 32))
      || !agrees (get32 (end + 12), G_MAXUINT32, get64 (record + 40))
      || !agrees (get32 (end + 16), G_MAXUINT32, get64 (record + 48)))
    return omni_foreign_refuse (archive->error, _ ("the ZIP64 end of the archive contradicts itself"));
  archive->n_entries = get64 (record + 32);
  archive->n_directory_bytes = get64 (record + 40);
  archive->directory = get64 (record + 48);
  archive->directory_end = locator - END_64_BYTES;
  return TRUE;
}

static gboolean
read_end (Archive *archive)
{
  const guint8 *end = find_end (archive);
  guint64 at;

  if (end == NULL)
    return omni_foreign_refuse (archive->error, _ ("the archive has no end; is the download complete?"));
  at = (guint64)(end - archive->data);
  if (get16 (end + 4) != 0 || get16 (end + 6) != 0 || get16 (end + 8) != get16 (end + 10))
    return omni_foreign_refuse (archive->error, _ ("the archive is one of several parts"));
  archive->n_entries = get16 (end + 10);
  archive->n_directory_bytes = get32 (end + 12);
  archive->directory = get32 (end + 16);
  archive->directory_end = at;
  if (at >= LOCATOR_BYTES && get32 (end - LOCATOR_BYTES) == 0x07064b50
      && !read_end_64 (archive, end, at - LOCATOR_BYTES))
    return FALSE;
  if (archive->directory > archive->directory_end
      || archive->n_directory_bytes != archive->directory_end - archive->directory
      || archive->n_entries > archive->n_directory_bytes / ENTRY_BYTES)
    return omni_foreign_refuse (archive->error, _ ("the archive's directory is not where its end says"));
  return TRUE;
}

/* Numbers that are all ones stand in the ZIP64 field instead, in this order. */
static gboolean
read_extra (Archive *archive, Entry *entry, const guint8 *extra, guint n_extra)
{
  guint64 *const wide[] = { &entry->n_bytes, &entry->packed_bytes, &entry->local };

  while (n_extra >= 4)
  {
    const guint id = get16 (extra), n = get16 (extra + 2);
    guint at = 0;

    if (n > n_extra - 4)
      return omni_foreign_refuse (archive->error, _ ("an entry's extra field is cut off"));
    for (guint i = 0; id == EXTRA_ZIP64 && i < G_N_ELEMENTS (wide); i++)
      if (*wide[i] == G_MAXUINT32)
      {
        if (n - at < 8)
          return omni_foreign_refuse (archive->error, _ ("an entry's ZIP64 field is cut off"));
        *wide[i] = get64 (extra + 4 + at);
        at += 8;
      }
    extra += 4 + n;
    n_extra -= 4 + n;
  }
  return TRUE;
}

static gboolean
is_safe_name (const char *name, gsize n)
{
  g_auto (GStrv) parts = NULL;

  if (n == 0 || n > OMNI_FOREIGN_MAX_NAME || !g_utf8_validate_len (name, n, NULL))
    return FALSE;
  parts = g_strsplit (name, "/", -1);
  for (guint i = 0; parts[i] != NULL; i++)
    if (parts[i][0] == '\0' || g_str_equal (parts[i], ".") || g_str_equal (parts[i], "..")
        || strpbrk (parts[i], "\\:") != NULL)
      return FALSE;
  return TRUE;
}

/* The header before the data, which must say the same as the directory. */
static gboolean
check_local (Archive *archive, Entry *entry, OmniZipEntry *out)
{
  const guint8 *local = archive->data + entry->local;
  const gsize n_name = strlen (out->name);
  const gboolean later = (entry->flags & FLAG_DESCRIPTOR) != 0;
  guint64 header;

  if (entry->local > archive->directory || archive->directory - entry->local < LOCAL_BYTES)
    return omni_foreign_refuse (archive->error, _ ("the entry “%s” lies outside the archive"), out->name);
  header = LOCAL_BYTES + (guint64)get16 (local + 26) + get16 (local + 28);
  if (header > archive->directory - entry->local
      || entry->n_bytes > archive->directory - entry->local - header)
    return omni_foreign_refuse (archive->error, _ ("the entry “%s” is longer than the archive"), out->name);
  if (get32 (local) != 0x04034b50 || get16 (local + 6) != entry->flags || get16 (local + 8) != entry->method
      || get16 (local + 26) != n_name || memcmp (local + LOCAL_BYTES, out->name, n_name) != 0)
    return omni_foreign_refuse (archive->error, _ ("the directory and the header of the entry “%s” differ"),
                                out->name);
  for (guint i = 0; i < 3; i++)
  {
    const guint32 said = get32 (local + 14 + 4 * i);
    const guint64 wanted = i == 0 ? entry->crc : entry->n_bytes;

    if (said != wanted && !(later && said == 0) && !(i > 0 && said == G_MAXUINT32))
      return omni_foreign_refuse (archive->error, _ ("the directory and the header of the entry “%s” differ"),
                                  out->name);
  }
  out->data = local + header;
  out->n_bytes = entry->n_bytes;
  entry->end = entry->local + header + entry->n_bytes;
  return TRUE;
}

static gboolean
check_entry (Archive *archive, Entry *entry, OmniZipEntry *out)
{
  if (entry->flags & FLAG_ENCRYPTED)
    return omni_foreign_refuse (archive->error, _ ("the entry “%s” is encrypted"), out->name);
  if (entry->method != 0)
    return omni_foreign_refuse (
      archive->error,
      _ ("the entry “%s” is compressed, which PyTorch never does; unpack the archive "
         "and store it anew"),
      out->name);
  if (entry->packed_bytes != entry->n_bytes)
    return omni_foreign_refuse (archive->error, _ ("the entry “%s” claims two sizes"), out->name);
  return check_local (archive, entry, out);
}

/* Overlaps first: else a small file could name the same bytes thousands of times, and each be summed up. */
static gboolean
check_data (Archive *archive, GArray *places)
{
  for (guint i = 1; i < places->len; i++)
    if (g_array_index (places, Entry, i).local < g_array_index (places, Entry, i - 1).end)
      return omni_foreign_refuse (archive->error, _ ("entries of the archive overlap"));
  for (guint i = 0; i < places->len; i++)
  {
    const Entry *entry = &g_array_index (places, Entry, i);

    if (crc32_z (crc32_z (0, NULL, 0), entry->out->data, (z_size_t)entry->out->n_bytes) != entry->crc)
      return omni_foreign_refuse (archive->error, _ ("the entry “%s” is damaged: its checksum does not fit"),
                                  entry->out->name);
  }
  return TRUE;
}

/* One record of the directory; `at` moves behind it. */
static gboolean
read_entry (Archive *archive, guint64 *at, Entry *entry, OmniZipEntry *out)
{
  const guint8 *record = archive->data + *at;
  const guint64 left = archive->directory_end - *at;
  guint n_name, n_extra, n_comment;

  if (left < ENTRY_BYTES || get32 (record) != 0x02014b50)
    return omni_foreign_refuse (archive->error, _ ("the archive's directory is damaged"));
  n_name = get16 (record + 28);
  n_extra = get16 (record + 30);
  n_comment = get16 (record + 32);
  if (left - ENTRY_BYTES < (guint64)n_name + n_extra + n_comment)
    return omni_foreign_refuse (archive->error, _ ("the archive's directory is damaged"));
  out->name = g_strndup ((const char *)record + ENTRY_BYTES, n_name);
  if (!is_safe_name (out->name, n_name) || strlen (out->name) != n_name)
    return omni_foreign_refuse (archive->error, _ ("the archive holds an entry of the unsafe name “%.64s”"),
                                out->name);
  *entry = (Entry){ .flags = get16 (record + 8),
                    .method = get16 (record + 10),
                    .crc = get32 (record + 16),
                    .packed_bytes = get32 (record + 20),
                    .n_bytes = get32 (record + 24),
                    .local = get32 (record + 42) };
  *at += ENTRY_BYTES + n_name + n_extra + n_comment;
  return read_extra (archive, entry, record + ENTRY_BYTES + n_name, n_extra)
         && check_entry (archive, entry, out);
}

static int
compare_local (gconstpointer a, gconstpointer b)
{
  const Entry *left = a, *right = b;

  return (left->local > right->local) - (left->local < right->local);
}

static gboolean
read_directory (Archive *archive, GPtrArray *entries)
{
  g_autoptr (GArray) places = g_array_new (FALSE, FALSE, sizeof (Entry));
  g_autoptr (GHashTable) names = g_hash_table_new (g_str_hash, g_str_equal);
  guint64 at = archive->directory;

  for (guint64 i = 0; i < archive->n_entries; i++)
  {
    OmniZipEntry *out = g_new0 (OmniZipEntry, 1);
    Entry entry;

    g_ptr_array_add (entries, out);
    if (!read_entry (archive, &at, &entry, out))
      return FALSE;
    if (!g_hash_table_add (names, out->name))
      return omni_foreign_refuse (archive->error, _ ("the entry “%s” appears twice"), out->name);
    entry.out = out;
    g_array_append_val (places, entry);
  }
  if (at != archive->directory_end)
    return omni_foreign_refuse (archive->error, _ ("the archive's directory is longer than its entries"));
  g_array_sort (places, compare_local);
  return check_data (archive, places);
}

GPtrArray *
omni_zip_read (const guint8 *data, gsize n_bytes, GError **error)
{
  g_autoptr (GPtrArray) entries = g_ptr_array_new_with_free_func (entry_free);
  Archive archive = { .data = data, .n_bytes = n_bytes, .error = error };

  if (!read_end (&archive) || !read_directory (&archive, entries))
    return NULL;
  return g_steal_pointer (&entries);
}
