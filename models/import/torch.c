/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "models/import/pickle.h"
#include "models/import/zip.h"

#include <glib/gi18n.h>
#include <string.h>

/* PyTorch's two formats, as torch/serialization.py (_save, _legacy_save) writes them. */

/* ---- The ZIP archive: NAME/data.pkl, NAME/data/KEY for each storage, NAME/version, perhaps NAME/byteorder ---- */

static const OmniZipEntry *
find_entry (GPtrArray *entries, const char *folder, const char *name)
{
  g_autofree char *path = g_strconcat (folder, name, NULL);

  for (guint i = 0; i < entries->len; i++)
    if (g_str_equal (((OmniZipEntry *)entries->pdata[i])->name, path))
      return entries->pdata[i];
  return NULL;
}

/* (transfer full) The folder that holds the pickle, "NAME/". */
static char *
find_folder (GPtrArray *entries, GError **error)
{
  char *folder = NULL;

  for (guint i = 0; i < entries->len; i++)
  {
    const OmniZipEntry *entry = entries->pdata[i];

    if (!g_str_has_suffix (entry->name, "/data.pkl"))
      continue;
    if (folder != NULL)
    {
      omni_foreign_refuse (error, _ ("the archive holds two pickles"));
      g_free (folder);
      return NULL;
    }
    folder = g_strndup (entry->name, strlen (entry->name) - strlen ("data.pkl"));
  }
  if (folder == NULL)
    omni_foreign_refuse (error, _ ("it is an archive, but not of PyTorch: it holds no data.pkl"));
  return folder;
}

static gboolean
find_zip_storages (GHashTable *storages, GPtrArray *entries, const char *folder, GError **error)
{
  g_autoptr (GHashTable) by_name = g_hash_table_new (g_str_hash, g_str_equal);
  GHashTableIter iter;
  gpointer key, value;

  for (guint i = 0; i < entries->len; i++)
    g_hash_table_insert (by_name, ((OmniZipEntry *)entries->pdata[i])->name, entries->pdata[i]);
  g_hash_table_iter_init (&iter, storages);
  while (g_hash_table_iter_next (&iter, &key, &value))
  {
    OmniPickleStorage *storage = value;
    g_autofree char *path = g_strconcat (folder, "data/", key, NULL);
    const OmniZipEntry *entry = g_hash_table_lookup (by_name, path);
    const gsize size = omni_dtype_get_bytes (storage->dtype);

    if (entry == NULL)
      return omni_foreign_refuse (error, _ ("the archive lacks the storage “%.64s”"), (char *)key);
    if (entry->n_bytes % size != 0 || entry->n_bytes / size != storage->n_elements)
      return omni_foreign_refuse (
        error, _ ("the storage “%.64s” should hold %lu numbers of %u bytes but is %lu bytes long"),
        (char *)key, (gulong)storage->n_elements, (guint)size, (gulong)entry->n_bytes);
    storage->data = entry->data;
  }
  return TRUE;
}

OmniForeign *
omni_foreign_read_torch_zip (const char *path, GBytes *bytes, GError **error)
{
  g_autoptr (OmniForeign) foreign = omni_foreign_new (path, "PyTorch (ZIP)");
  gsize size, n_used;
  const guint8 *data = g_bytes_get_data (bytes, &size);
  g_autoptr (GPtrArray) entries = omni_zip_read (data, size, error);
  g_autofree char *folder = entries != NULL ? find_folder (entries, error) : NULL;
  g_autoptr (OmniPickle) pickle = omni_pickle_new (size);
  const OmniZipEntry *program, *order;
  OmniPickleValue root;

  if (folder == NULL)
    return NULL;
  omni_foreign_add_file (foreign, path, bytes);
  order = find_entry (entries, folder, "byteorder");
  if (order != NULL && (order->n_bytes != 6 || memcmp (order->data, "little", 6) != 0))
  {
    omni_foreign_refuse (error, _ ("its numbers are not little-endian; load it in PyTorch and save it anew"));
    return NULL;
  }
  program = find_entry (entries, folder, "data.pkl");
  if (!omni_pickle_load (pickle, program->data, (gsize)program->n_bytes, &n_used, &root, error))
    return NULL;
  if (n_used != program->n_bytes)
  {
    omni_foreign_refuse (error, _ ("something follows the end of the pickle"));
    return NULL;
  }
  if (!find_zip_storages (omni_pickle_get_storages (pickle), entries, folder, error)
      || !omni_pickle_take_tensors (&root, foreign, error))
    return NULL;
  return g_steal_pointer (&foreign);
}

/* ---- Before 1.6: magic number, protocol, machine, the object, the keys in order, then each storage ---- */

typedef struct
{
  OmniPickle *pickle;
  const guint8 *data;
  gsize size, at;
  GError **error;
} Legacy;

static gboolean
load_next (Legacy *legacy, OmniPickleValue *value)
{
  gsize n_used;

  if (!omni_pickle_load (legacy->pickle, legacy->data + legacy->at, legacy->size - legacy->at, &n_used, value,
                         legacy->error))
    return FALSE;
  legacy->at += n_used;
  return TRUE;
}

/* 0x1950a86a20f9469cfc6c as LONG1, STOP; before it the protocol and perhaps a frame. */
static gboolean
skip_magic (Legacy *legacy)
{
  static const guint8 magic[] = {
    0x8a, 0x0a, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19, '.'
  };

  for (legacy->at = 2; legacy->at <= 11 && legacy->at + sizeof magic <= legacy->size; legacy->at++)
    if (memcmp (legacy->data + legacy->at, magic, sizeof magic) == 0)
    {
      legacy->at += sizeof magic;
      return TRUE;
    }
  return omni_foreign_refuse (legacy->error, _ ("it is a pickle, but none of PyTorch's"));
}

static gboolean
check_machine (Legacy *legacy)
{
  OmniPickleValue value, little;

  if (!load_next (legacy, &value))
    return FALSE;
  if (value.kind != OMNI_PICKLE_INTEGER || value.integer != 1001)
    return omni_foreign_refuse (legacy->error, _ ("it is of an unknown version of PyTorch's format"));
  if (!load_next (legacy, &value))
    return FALSE;
  if (!omni_pickle_lookup (&value, "little_endian", &little) || little.kind != OMNI_PICKLE_BOOLEAN
      || !little.integer)
    return omni_foreign_refuse (legacy->error, _ ("its numbers are not little-endian; load it in PyTorch and "
                                                  "save it anew"));
  return TRUE;
}

/* Each storage: its number of elements in 8 bytes, then the elements. */
static gboolean
find_storage (Legacy *legacy, const char *key)
{
  OmniPickleStorage *storage = g_hash_table_lookup (omni_pickle_get_storages (legacy->pickle), key);
  guint64 n;

  if (storage == NULL || storage->data != NULL)
    return omni_foreign_refuse (legacy->error, _ ("the storage “%.64s” is listed twice or never used"), key);
  if (legacy->size - legacy->at < sizeof n)
    return omni_foreign_refuse (legacy->error, _ ("the file ends before the storage “%.64s”"), key);
  memcpy (&n, legacy->data + legacy->at, sizeof n);
  legacy->at += sizeof n;
  if (GUINT64_FROM_LE (n) != storage->n_elements)
    return omni_foreign_refuse (legacy->error, _ ("the storage “%.64s” claims two lengths"), key);
  if (storage->n_elements > (legacy->size - legacy->at) / omni_dtype_get_bytes (storage->dtype))
    return omni_foreign_refuse (legacy->error, _ ("the file ends within the storage “%.64s”"), key);
  storage->data = legacy->data + legacy->at;
  legacy->at += (gsize)storage->n_elements * omni_dtype_get_bytes (storage->dtype);
  return TRUE;
}

static gboolean
find_storages (Legacy *legacy)
{
  OmniPickleValue keys;

  if (!load_next (legacy, &keys))
    return FALSE;
  if (keys.kind != OMNI_PICKLE_LIST)
    return omni_foreign_refuse (legacy->error, _ ("the list of its storages is missing"));
  for (guint i = 0; i < keys.object->items->len; i++)
  {
    const OmniPickleValue *key = &g_array_index (keys.object->items, OmniPickleValue, i);

    if (key->kind != OMNI_PICKLE_TEXT)
      return omni_foreign_refuse (legacy->error, _ ("the list of its storages is damaged"));
    if (!find_storage (legacy, key->object->text))
      return FALSE;
  }
  if (keys.object->items->len != g_hash_table_size (omni_pickle_get_storages (legacy->pickle)))
    return omni_foreign_refuse (legacy->error, _ ("a storage is not in the file"));
  if (legacy->at != legacy->size)
    return omni_foreign_refuse (legacy->error, _ ("%lu bytes follow the last storage"),
                                (gulong)(legacy->size - legacy->at));
  return TRUE;
}

OmniForeign *
omni_foreign_read_torch_legacy (const char *path, GBytes *bytes, GError **error)
{
  g_autoptr (OmniForeign) foreign = omni_foreign_new (path, N_ ("PyTorch (before 1.6)"));
  gsize size;
  const guint8 *data = g_bytes_get_data (bytes, &size);
  g_autoptr (OmniPickle) pickle = omni_pickle_new (size);
  Legacy legacy = { .pickle = pickle, .data = data, .size = size, .error = error };
  OmniPickleValue root;

  omni_foreign_add_file (foreign, path, bytes);
  if (!skip_magic (&legacy) || !check_machine (&legacy) || !load_next (&legacy, &root)
      || !find_storages (&legacy) || !omni_pickle_take_tensors (&root, foreign, error))
    return NULL;
  return g_steal_pointer (&foreign);
}
