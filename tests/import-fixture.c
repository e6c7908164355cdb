/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/import-fixture.h"

#include "models/import/sstable.h"

#include <snappy-c.h>
#include <string.h>
#include <zlib.h>

void
fixture_put (GByteArray *out, const char *bytes, gsize n)
{
  g_byte_array_append (out, (const guint8 *)bytes, (guint)n);
}

void
fixture_put_number (GByteArray *out, guint64 number, guint n_bytes)
{
  for (guint i = 0; i < n_bytes; i++)
  {
    const guint8 byte = i < 8 ? (guint8)(number >> 8 * i) : 0;

    g_byte_array_append (out, &byte, 1);
  }
}

void
fixture_put_text (GByteArray *out, const char *text)
{
  FIXTURE_PUT (out, "X");
  fixture_put_number (out, strlen (text), 4);
  fixture_put (out, text, strlen (text));
}

void
fixture_put_integer (GByteArray *out, gint32 number)
{
  FIXTURE_PUT (out, "J");
  fixture_put_number (out, (guint32)number, 4);
}

void
fixture_put_dims (GByteArray *out, const guint *dims, guint n_dims)
{
  FIXTURE_PUT (out, "(");
  for (guint i = 0; i < n_dims; i++)
    fixture_put_integer (out, (gint32)dims[i]);
  FIXTURE_PUT (out, "t");
}

static void
put_tensor (GByteArray *out, const FixtureTensor *tensor, guint index)
{
  g_autofree char *class = g_strdup_printf ("ctorch\n%s\n", tensor->storage);
  g_autofree char *key = g_strdup_printf ("%u", index);
  guint strides[4], stride = 1;

  for (guint i = tensor->n_dims; i-- > 0; stride *= tensor->dims[i])
    strides[i] = stride;
  fixture_put_text (out, tensor->name);
  FIXTURE_PUT (out, "ctorch._utils\n_rebuild_tensor_v2\n((");
  fixture_put_text (out, "storage");
  fixture_put (out, class, strlen (class));
  fixture_put_text (out, key);
  fixture_put_text (out, "cpu");
  fixture_put_integer (out, (gint32)tensor->n_elements);
  FIXTURE_PUT (out, "tQK\0");
  fixture_put_dims (out, tensor->dims, tensor->n_dims);
  fixture_put_dims (out, strides, tensor->n_dims);
  FIXTURE_PUT (out, "\x89"
                    "ccollections\nOrderedDict\n)RtR");
}

GByteArray *
fixture_pickle (const FixtureTensor *tensors, guint n)
{
  GByteArray *out = g_byte_array_new ();

  FIXTURE_PUT (out, "\x80\2ccollections\nOrderedDict\nq\0)Rq\1(");
  for (guint i = 0; i < n; i++)
    put_tensor (out, &tensors[i], i);
  FIXTURE_PUT (out, "u}");
  fixture_put_text (out, "_metadata");
  FIXTURE_PUT (out, "h\0)Rsb.");
  return out;
}

/* ---- ZIP ---- */

static guint32
get_crc (const FixtureEntry *entry)
{
  return (guint32)crc32_z (crc32_z (0, NULL, 0), entry->data, entry->n_bytes);
}

static void
put_local (GByteArray *out, const FixtureEntry *entry, gboolean plain)
{
  const gsize n_name = strlen (entry->name);

  fixture_put_number (out, 0x04034b50, 4);
  fixture_put_number (out, 0, 2);
  fixture_put_number (out, plain ? 0x800 : 0x808, 2);
  fixture_put_number (out, 0, 6);
  fixture_put_number (out, plain ? get_crc (entry) : 0, 4);
  fixture_put_number (out, plain ? entry->n_bytes : 0, 4);
  fixture_put_number (out, plain ? entry->n_bytes : 0, 4);
  fixture_put_number (out, n_name, 2);
  fixture_put_number (out, 6, 2);
  fixture_put (out, entry->name, n_name);
  FIXTURE_PUT (out, "FB\2\0ZZ");
  fixture_put (out, entry->data, entry->n_bytes);
  if (plain)
    return;
  fixture_put_number (out, 0x08074b50, 4);
  fixture_put_number (out, get_crc (entry), 4);
  fixture_put_number (out, entry->n_bytes, 4);
  fixture_put_number (out, entry->n_bytes, 4);
}

static void
put_record (GByteArray *out, const FixtureEntry *entry, gsize local, gboolean plain)
{
  fixture_put_number (out, 0x02014b50, 4);
  fixture_put_number (out, 0, 4);
  fixture_put_number (out, plain ? 0x800 : 0x808, 2);
  fixture_put_number (out, 0, 6);
  fixture_put_number (out, get_crc (entry), 4);
  fixture_put_number (out, entry->n_bytes, 4);
  fixture_put_number (out, entry->n_bytes, 4);
  fixture_put_number (out, strlen (entry->name), 2);
  fixture_put_number (out, 0, 12);
  fixture_put_number (out, local, 4);
  fixture_put (out, entry->name, strlen (entry->name));
}

GByteArray *
fixture_zip (const FixtureEntry *entries, guint n, gboolean plain, gsize *directory)
{
  GByteArray *out = g_byte_array_new ();
  g_autofree gsize *locals = g_new (gsize, n + 1);
  gsize start, end;

  for (guint i = 0; i < n; i++)
  {
    locals[i] = out->len;
    put_local (out, &entries[i], plain);
  }
  start = out->len;
  for (guint i = 0; i < n; i++)
    put_record (out, &entries[i], locals[i], plain);
  end = out->len;
  if (!plain)
  {
    fixture_put_number (out, 0x06064b50, 4);
    fixture_put_number (out, 44, 8);
    fixture_put_number (out, 0, 12);
    fixture_put_number (out, n, 8);
    fixture_put_number (out, n, 8);
    fixture_put_number (out, end - start, 8);
    fixture_put_number (out, start, 8);
    fixture_put_number (out, 0x07064b50, 4);
    fixture_put_number (out, 0, 4);
    fixture_put_number (out, end, 8);
    fixture_put_number (out, 1, 4);
  }
  fixture_put_number (out, 0x06054b50, 4);
  fixture_put_number (out, 0, 4);
  fixture_put_number (out, n, 2);
  fixture_put_number (out, n, 2);
  fixture_put_number (out, end - start, 4);
  fixture_put_number (out, start, 4);
  fixture_put_number (out, 0, 2);
  if (directory != NULL)
    *directory = start;
  return out;
}

GByteArray *
fixture_torch_zip (const FixtureTensor *tensors, guint n, GByteArray *pickle)
{
  g_autoptr (GByteArray) own = pickle == NULL ? fixture_pickle (tensors, n) : g_byte_array_ref (pickle);
  g_autofree FixtureEntry *entries = g_new0 (FixtureEntry, n + 2);
  g_autoptr (GPtrArray) names = g_ptr_array_new_with_free_func (g_free);

  entries[0] = (FixtureEntry){ "net/data.pkl", own->data, own->len };
  for (guint i = 0; i < n; i++)
  {
    g_ptr_array_add (names, g_strdup_printf ("net/data/%u", i));
    entries[i + 1] = (FixtureEntry){ names->pdata[i], tensors[i].data, tensors[i].n_bytes };
  }
  entries[n + 1] = (FixtureEntry){ "net/version", "3\n", 2 };
  return fixture_zip (entries, n + 2, FALSE, NULL);
}

GByteArray *
fixture_torch_legacy (const FixtureTensor *tensors, guint n)
{
  g_autoptr (GByteArray) pickle = fixture_pickle (tensors, n);
  GByteArray *out = g_byte_array_new ();

  FIXTURE_PUT (out, "\x80\2\x8a\nl\xfc\x9c"
                    "F\xf9 j\xa8P\x19.");
  FIXTURE_PUT (out, "\x80\2M\xe9\3.");
  FIXTURE_PUT (out, "\x80\2}");
  fixture_put_text (out, "little_endian");
  FIXTURE_PUT (out, "\x88s.");
  g_byte_array_append (out, pickle->data, pickle->len);
  FIXTURE_PUT (out, "\x80\2](");
  for (guint i = 0; i < n; i++)
  {
    g_autofree char *key = g_strdup_printf ("%u", i);

    fixture_put_text (out, key);
  }
  FIXTURE_PUT (out, "e.");
  for (guint i = 0; i < n; i++)
  {
    fixture_put_number (out, tensors[i].n_elements, 8);
    fixture_put (out, tensors[i].data, tensors[i].n_bytes);
  }
  return out;
}

/* ---- TensorFlow ---- */

static void
put_varint (GByteArray *out, guint64 number)
{
  for (; number > 127; number >>= 7)
    fixture_put_number (out, (number & 127) | 128, 1);
  fixture_put_number (out, number, 1);
}

GByteArray *
fixture_block (const FixturePair *pairs, guint n)
{
  GByteArray *out = g_byte_array_new ();
  const char *last = "";

  for (guint i = 0; i < n; i++)
  {
    gsize shared = 0;

    while (last[shared] != '\0' && last[shared] == pairs[i].key[shared])
      shared++;
    put_varint (out, shared);
    put_varint (out, strlen (pairs[i].key) - shared);
    put_varint (out, pairs[i].n_value);
    fixture_put (out, pairs[i].key + shared, strlen (pairs[i].key) - shared);
    g_byte_array_append (out, pairs[i].value, (guint)pairs[i].n_value);
    last = pairs[i].key;
  }
  fixture_put_number (out, 0, 4);
  fixture_put_number (out, 1, 4);
  return out;
}

static void
put_block (GByteArray *out, GByteArray *block, gboolean packed)
{
  const gsize start = out->len;

  if (packed)
  {
    size_t n = snappy_max_compressed_length (block->len);
    g_autofree char *buffer = g_malloc (n);

    snappy_compress ((const char *)block->data, block->len, buffer, &n);
    fixture_put (out, buffer, n);
  }
  else
    g_byte_array_append (out, block->data, block->len);
  fixture_put_number (out, packed, 1);
  fixture_put_number (out, omni_crc32c_mask (omni_crc32c (out->data + start, out->len - start)), 4);
}

GByteArray *
fixture_table (const FixturePair *pairs, guint n, GByteArray *block, gboolean packed)
{
  g_autoptr (GByteArray) data = block != NULL ? g_byte_array_ref (block) : fixture_block (pairs, n);
  g_autoptr (GByteArray) handle = g_byte_array_new (), index = NULL;
  GByteArray *out = g_byte_array_new ();
  FixturePair last = { .key = "~" };
  gsize n_data, start, n_footer;

  put_block (out, data, packed);
  n_data = out->len - 5;
  put_varint (handle, 0);
  put_varint (handle, n_data);
  memcpy (last.value, handle->data, handle->len);
  last.n_value = handle->len;
  index = fixture_block (&last, 1);
  start = out->len;
  put_block (out, index, FALSE);
  n_footer = out->len;
  put_varint (out, 0);
  put_varint (out, 0);
  put_varint (out, start);
  put_varint (out, index->len);
  while (out->len < n_footer + 40)
    fixture_put_number (out, 0, 1);
  FIXTURE_PUT (out, "\x57\xfb\x80\x8b\x24\x75\x47\xdb");
  return out;
}

static void
finish_pair (FixturePair *pair, GByteArray *value)
{
  g_assert_cmpuint (value->len, <=, sizeof pair->value);
  memcpy (pair->value, value->data, value->len);
  pair->n_value = value->len;
}

FixturePair
fixture_header (guint n_shards, gboolean big_endian)
{
  g_autoptr (GByteArray) value = g_byte_array_new ();
  FixturePair pair = { .key = "" };

  FIXTURE_PUT (value, "\x08");
  put_varint (value, n_shards);
  if (big_endian)
    FIXTURE_PUT (value, "\x10\1");
  FIXTURE_PUT (value, "\x1a\2\x08\1");
  finish_pair (&pair, value);
  return pair;
}

FixturePair
fixture_tensor (const char *key, const guint *dims, guint n_dims, guint64 offset, guint64 n_bytes,
                guint32 crc)
{
  g_autoptr (GByteArray) value = g_byte_array_new (), shape = g_byte_array_new ();
  FixturePair pair = { .key = key };

  for (guint i = 0; i < n_dims; i++)
  {
    g_autoptr (GByteArray) dim = g_byte_array_new ();

    FIXTURE_PUT (dim, "\x08");
    put_varint (dim, dims[i]);
    FIXTURE_PUT (shape, "\x12");
    put_varint (shape, dim->len);
    g_byte_array_append (shape, dim->data, dim->len);
  }
  FIXTURE_PUT (value, "\x08\1\x12");
  put_varint (value, shape->len);
  g_byte_array_append (value, shape->data, shape->len);
  FIXTURE_PUT (value, "\x20");
  put_varint (value, offset);
  FIXTURE_PUT (value, "\x28");
  put_varint (value, n_bytes);
  FIXTURE_PUT (value, "\x35");
  fixture_put_number (value, crc, 4);
  finish_pair (&pair, value);
  return pair;
}

void
fixture_patch (GByteArray *bytes, gsize at, guint64 number, guint n_bytes)
{
  g_assert_cmpuint (at + n_bytes, <=, bytes->len);
  for (guint i = 0; i < n_bytes; i++)
    bytes->data[at + i] = (guint8)(number >> 8 * i);
}

GBytes *
fixture_finish (GByteArray *bytes)
{
  /* A copy of its own length, so that AddressSanitizer sees a read past it. */
  GBytes *copy = g_bytes_new (bytes->data, bytes->len);

  g_byte_array_unref (bytes);
  return copy;
}

/* ---- Networks ---- */

const OmniImportTable *
fixture_find_table (const char *architecture, guint skip)
{
  const OmniImportTable *const *tables = omni_import_tables ();

  for (guint i = 0; tables[i] != NULL; i++)
    if (g_str_equal (omni_import_table_get_architecture (tables[i]), architecture) && skip-- == 0)
      return tables[i];
  g_assert_not_reached ();
}

float
fixture_value_at (guint t, guint64 index, gboolean coarse)
{
  return coarse ? (float)((t * 7 + index) % 200) / 64 : (float)(t * 1000000 + index) / 4194304;
}

guint64
fixture_count (const OmniTensorSpec *spec)
{
  guint64 n = 1;

  for (guint i = 0; i < spec->n_dims; i++)
    n *= spec->dims[i];
  return n;
}

static float *
make_values (const OmniTensorSpec *spec, guint t, gboolean hwio, gboolean coarse)
{
  const guint64 n = fixture_count (spec);
  float *values = g_new (float, n);

  for (guint64 k = 0; k < n; k++)
  {
    guint64 at = k;

    if (hwio && spec->n_dims == 4)
    {
      const guint out = spec->dims[0], in = spec->dims[1], side = spec->dims[2];
      const guint64 o = k / (in * side * side), i = k / (side * side) % in, yx = k % (side * side);

      at = (yx * in + i) * out + o;
    }
    values[at] = fixture_value_at (t, k, coarse);
  }
  return values;
}

FixtureNet *
fixture_net_new (const OmniImportTable *table, const char *prefix, gboolean hwio, gboolean coarse)
{
  FixtureNet *net = g_new0 (FixtureNet, 1);

  net->rows = omni_import_table_get_rows (table);
  net->hwio = hwio;
  net->names = g_ptr_array_new_with_free_func (g_free);
  net->data = g_ptr_array_new_with_free_func (g_free);
  net->tensors = g_array_new (FALSE, TRUE, sizeof (FixtureTensor));
  for (guint i = 0; i < net->rows->len; i++)
  {
    const OmniImportRow *row = &g_array_index (net->rows, OmniImportRow, i);
    const guint n = (guint)fixture_count (&row->ours);
    const gboolean turn = hwio && row->ours.n_dims == 4;
    FixtureTensor tensor = {
      .storage = "FloatStorage", .n_dims = row->ours.n_dims, .n_elements = n, .n_bytes = n * 4
    };

    g_ptr_array_add (net->names, g_strconcat (prefix, row->theirs, NULL));
    g_ptr_array_add (net->data, make_values (&row->ours, i, hwio, coarse));
    tensor.name = net->names->pdata[i];
    tensor.data = net->data->pdata[i];
    for (guint k = 0; k < tensor.n_dims; k++)
      tensor.dims[k] = row->ours.dims[turn ? (k + 2) % 4 : k];
    if (turn)
    {
      tensor.dims[2] = row->ours.dims[1];
      tensor.dims[3] = row->ours.dims[0];
    }
    g_array_append_val (net->tensors, tensor);
  }
  return net;
}

void
fixture_net_free (FixtureNet *net)
{
  g_array_unref (net->rows);
  g_array_unref (net->tensors);
  g_ptr_array_unref (net->names);
  g_ptr_array_unref (net->data);
  g_free (net);
}

const FixtureTensor *
fixture_net_tensors (const FixtureNet *net)
{
  return (const FixtureTensor *)(gpointer)net->tensors->data;
}

static int
compare_keys (gconstpointer a, gconstpointer b)
{
  return strcmp (((const FixturePair *)a)->key, ((const FixturePair *)b)->key);
}

GByteArray *
fixture_net_checkpoint (const FixtureNet *net, gboolean packed, GByteArray *data)
{
  g_autoptr (GArray) pairs = g_array_new (FALSE, FALSE, sizeof (FixturePair));
  FixturePair pair = fixture_header (1, FALSE);

  g_array_append_val (pairs, pair);
  for (guint i = 0; i < net->tensors->len; i++)
  {
    const FixtureTensor *tensor = &fixture_net_tensors (net)[i];

    g_strdelimit ((char *)tensor->name, ".", '/');
    pair = fixture_tensor (tensor->name, tensor->dims, tensor->n_dims, data->len, tensor->n_bytes,
                           omni_crc32c_mask (omni_crc32c (tensor->data, tensor->n_bytes)));
    g_array_append_val (pairs, pair);
    fixture_put (data, tensor->data, tensor->n_bytes);
  }
  g_array_sort (pairs, compare_keys);
  return fixture_table ((FixturePair *)(gpointer)pairs->data, pairs->len, NULL, packed);
}
