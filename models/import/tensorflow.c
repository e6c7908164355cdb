/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "models/import/sstable.h"

#include <glib/gi18n.h>
#include <string.h>

/* TensorFlow's V2 checkpoints (tensor_bundle.proto): NAME.index is a table from each tensor's name to its type, shape,
 * place and checksum, under the empty key a header; NAME.data-00000-of-00001 and so on hold the numbers. The three small
 * messages are read by hand: protobuf would be a compiler and a library for nine fields. */

#define MAX_SHARDS 64

typedef struct
{
  OmniForeignTensor *tensor;
  guint64 shard, offset, n_bytes;
  guint32 crc;
} Place;

typedef struct
{
  OmniForeign *foreign;
  gboolean has_header;
  guint64 n_shards;
  GArray *places; /* Place */
} Bundle;

/* One field of a message. */
typedef struct
{
  guint number;
  guint64 value;       /* a varint or fixed number */
  const guint8 *bytes; /* of a string or message, else NULL */
  gsize n_bytes;
} Field;

static gboolean
refuse_entry (GError **error)
{
  return omni_foreign_refuse (error, _ ("an entry of the checkpoint's index is damaged"));
}

/* FALSE with an error when the message is damaged; at its end without. */
static gboolean
next_field (const guint8 **at, const guint8 *end, Field *field, GError **error)
{
  guint64 tag, n = 0;

  if (*at == end)
    return FALSE;
  *field = (Field){ 0 };
  if (!omni_read_varint (at, end, &tag) || tag >> 3 == 0 || tag >> 3 > 1000)
    return refuse_entry (error);
  field->number = (guint)(tag >> 3);
  switch (tag & 7)
  {
  case 0:
    return omni_read_varint (at, end, &field->value) || refuse_entry (error);
  case 1:
  case 5:
    n = (tag & 7) == 1 ? 8 : 4;
    break;
  case 2:
    if (!omni_read_varint (at, end, &n))
      return refuse_entry (error);
    field->bytes = *at;
    break;
  default:
    return refuse_entry (error);
  }
  if (n > (guint64)(end - *at))
    return refuse_entry (error);
  for (guint i = 0; field->bytes == NULL && i < n; i++)
    field->value |= (guint64)(*at)[i] << 8 * i;
  field->n_bytes = (gsize)n;
  *at += n;
  return TRUE;
}

static gboolean
take_header (Bundle *bundle, const guint8 *at, gsize n, GError **error)
{
  const guint8 *end = at + n;
  g_autoptr (GError) local_error = NULL;
  Field field;

  bundle->has_header = TRUE;
  while (next_field (&at, end, &field, &local_error))
  {
    if (field.number == 1)
      bundle->n_shards = field.value;
    else if (field.number == 2 && field.value != 0)
      return omni_foreign_refuse (error, _ ("the numbers of the checkpoint are not little-endian"));
  }
  if (local_error != NULL)
  {
    g_propagate_error (error, g_steal_pointer (&local_error));
    return FALSE;
  }
  return (bundle->n_shards > 0 && bundle->n_shards <= MAX_SHARDS)
         || omni_foreign_refuse (error, _ ("the checkpoint claims %lu data files"), (gulong)bundle->n_shards);
}

static gboolean
take_dim (OmniForeignTensor *tensor, const Field *dim, GError **error)
{
  const guint8 *at = dim->bytes, *end = dim->bytes + dim->n_bytes;
  g_autoptr (GError) local_error = NULL;
  guint64 size = 0;
  Field field;

  while (next_field (&at, end, &field, &local_error))
    if (field.number == 1)
      size = field.value;
  if (local_error != NULL || dim->bytes == NULL)
    return refuse_entry (error);
  if (tensor->n_dims == OMNI_FOREIGN_MAX_DIMS)
    return omni_foreign_refuse (error, _ ("tensor “%s” has more than %u dimensions"), tensor->name,
                                OMNI_FOREIGN_MAX_DIMS);
  tensor->dims[tensor->n_dims++] = size;
  return TRUE;
}

static gboolean
take_shape (OmniForeignTensor *tensor, const Field *shape, GError **error)
{
  const guint8 *at = shape->bytes, *end = shape->bytes + shape->n_bytes;
  g_autoptr (GError) local_error = NULL;
  Field field;

  if (shape->bytes == NULL)
    return refuse_entry (error);
  while (next_field (&at, end, &field, &local_error))
    if (field.number == 2 && !take_dim (tensor, &field, error))
      return FALSE;
  return local_error == NULL || refuse_entry (error);
}

/* DataType of types.proto. */
static gboolean
convert_type (guint64 type, OmniDtype *dtype)
{
  static const struct
  {
    guint type;
    OmniDtype dtype;
  } types[] = { { 1, OMNI_DTYPE_F32 },  { 2, OMNI_DTYPE_F64 },   { 3, OMNI_DTYPE_I32 },
                { 4, OMNI_DTYPE_U8 },   { 5, OMNI_DTYPE_I16 },   { 6, OMNI_DTYPE_I8 },
                { 9, OMNI_DTYPE_I64 },  { 10, OMNI_DTYPE_BOOL }, { 19, OMNI_DTYPE_F16 },
                { 14, OMNI_DTYPE_BF16 } };

  for (guint i = 0; i < G_N_ELEMENTS (types); i++)
    if (types[i].type == type)
    {
      *dtype = types[i].dtype;
      return TRUE;
    }
  return FALSE;
}

static gboolean
take_field (Place *place, const Field *field, guint64 *type, GError **error)
{
  switch (field->number)
  {
  case 1:
    *type = field->value;
    return TRUE;
  case 2:
    return take_shape (place->tensor, field, error);
  case 3:
    place->shard = field->value;
    return TRUE;
  case 4:
    place->offset = field->value;
    return TRUE;
  case 5:
    place->n_bytes = field->value;
    return TRUE;
  case 6:
    place->crc = (guint32)field->value;
    return TRUE;
  case 7:
    return omni_foreign_refuse (error, _ ("tensor “%s” was saved in slices, which are not read"),
                                place->tensor->name);
  default:
    return TRUE;
  }
}

/* Strings and other things without numbers are passed over. */
static gboolean
finish_entry (Bundle *bundle, const Place *place, guint64 type, GError **error)
{
  OmniForeignTensor *tensor = place->tensor;

  if (!convert_type (type, &tensor->dtype))
  {
    g_ptr_array_add (bundle->foreign->others, g_strdup (tensor->name));
    g_hash_table_remove (bundle->foreign->names, tensor->name);
    g_ptr_array_remove_index (bundle->foreign->tensors, bundle->foreign->tensors->len - 1);
    return TRUE;
  }
  if (!omni_foreign_count (tensor, error))
    return FALSE;
  omni_foreign_set_strides (tensor);
  if (place->n_bytes != tensor->n_elements * omni_dtype_get_bytes (tensor->dtype))
    return omni_foreign_refuse (error, _ ("tensor “%s” does not have as many bytes as its shape needs"),
                                tensor->name);
  if (place->shard >= bundle->n_shards)
    return omni_foreign_refuse (error, _ ("tensor “%s” lies in a data file that there is not"), tensor->name);
  g_array_append_val (bundle->places, *place);
  return TRUE;
}

static gboolean
take_entry (const char *key, gsize n_key, const guint8 *value, gsize n_value, gpointer user_data,
            GError **error)
{
  Bundle *bundle = user_data;
  const guint8 *end = value + n_value;
  g_autoptr (GError) local_error = NULL;
  Place place = { 0 };
  guint64 type = 0;
  Field field;

  if (n_key == 0)
    return take_header (bundle, value, n_value, error);
  if (!bundle->has_header)
    return omni_foreign_refuse (error, _ ("it is a table, but no checkpoint: it has no header"));
  if (strlen (key) != n_key)
    return refuse_entry (error);
  place.tensor = omni_foreign_add (bundle->foreign, key, error);
  if (place.tensor == NULL)
    return FALSE;
  while (next_field (&value, end, &field, &local_error))
    if (!take_field (&place, &field, &type, error))
      return FALSE;
  if (local_error != NULL)
  {
    g_propagate_error (error, g_steal_pointer (&local_error));
    return FALSE;
  }
  return finish_entry (bundle, &place, type, error);
}

/* ---- The data files ---- */

static int
compare_places (gconstpointer a, gconstpointer b)
{
  const Place *left = a, *right = b;

  if (left->shard != right->shard)
    return left->shard < right->shard ? -1 : 1;
  return (left->offset > right->offset) - (left->offset < right->offset);
}

/* The place of one tensor in the data file, `at` being the end of the tensor before. */
static gboolean
find_numbers (const Place *place, GBytes *file, guint64 at, GError **error)
{
  gsize size;
  const guint8 *data = g_bytes_get_data (file, &size);
  OmniForeignTensor *tensor = place->tensor;

  if (place->offset > size || place->n_bytes > size - place->offset)
    return omni_foreign_refuse (error, _ ("tensor “%s” lies beyond the end of the data file"), tensor->name);
  if (place->offset < at)
    return omni_foreign_refuse (error, _ ("tensor “%s” overlaps another"), tensor->name);
  tensor->data = data + place->offset;
  if (omni_crc32c_mask (omni_crc32c (tensor->data, (gsize)place->n_bytes)) != place->crc)
    return omni_foreign_refuse (error, _ ("tensor “%s” is damaged: its checksum does not fit"), tensor->name);
  return TRUE;
}

static gboolean
read_shards (Bundle *bundle, const char *prefix, GError **error)
{
  guint next = 0;

  g_array_sort (bundle->places, compare_places);
  for (guint64 shard = 0; shard < bundle->n_shards; shard++)
  {
    g_autofree char *path = g_strdup_printf ("%s.data-%05u-of-%05u", prefix, (guint)shard,
                                             (guint)bundle->n_shards);
    g_autoptr (GBytes) file = omni_weights_read_bytes (path, error);
    guint64 at = 0;

    if (file == NULL)
      return FALSE;
    omni_foreign_add_file (bundle->foreign, path, file);
    for (; next < bundle->places->len; next++)
    {
      const Place *place = &g_array_index (bundle->places, Place, next);

      if (place->shard != shard)
        break;
      if (!find_numbers (place, file, at, error))
        return FALSE;
      at = place->offset + place->n_bytes;
    }
  }
  return TRUE;
}

OmniForeign *
omni_foreign_read_tensorflow (const char *path, GBytes *bytes, GError **error)
{
  g_autoptr (OmniForeign) foreign = omni_foreign_new (path, N_ ("TensorFlow checkpoint"));
  g_autoptr (GArray) places = g_array_new (FALSE, FALSE, sizeof (Place));
  Bundle bundle = { .foreign = foreign, .places = places };
  gsize size;
  const guint8 *data = g_bytes_get_data (bytes, &size);
  g_autofree char *prefix = NULL;

  omni_foreign_add_file (foreign, path, bytes);
  if (!g_str_has_suffix (path, ".index"))
  {
    omni_foreign_refuse (error,
                         _ ("it is the index of a checkpoint, but its name does not end in “.index”, so "
                            "its data file cannot be found"));
    return NULL;
  }
  prefix = g_strndup (path, strlen (path) - strlen (".index"));
  if (!omni_sstable_read (data, size, take_entry, &bundle, error))
    return NULL;
  if (!bundle.has_header)
  {
    omni_foreign_refuse (error, _ ("it is a table, but no checkpoint: it has no header"));
    return NULL;
  }
  return read_shards (&bundle, prefix, error) ? g_steal_pointer (&foreign) : NULL;
}
