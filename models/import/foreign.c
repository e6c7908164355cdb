/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "models/import/foreign.h"

#include <glib/gi18n.h>
#include <string.h>

#define MAX_ELEMENTS (G_GUINT64_CONSTANT (1) << 31)
#define MAX_TENSORS  16384

static void
tensor_free (gpointer data)
{
  OmniForeignTensor *tensor = data;

  g_free (tensor->name);
  g_free (tensor);
}

OmniForeign *
omni_foreign_new (const char *path, const char *format)
{
  OmniForeign *foreign = g_new0 (OmniForeign, 1);

  foreign->path = g_strdup (path);
  foreign->format = format;
  foreign->files = g_ptr_array_new_with_free_func ((GDestroyNotify)g_bytes_unref);
  foreign->paths = g_ptr_array_new_with_free_func (g_free);
  foreign->tensors = g_ptr_array_new_with_free_func (tensor_free);
  foreign->others = g_ptr_array_new_with_free_func (g_free);
  foreign->names = g_hash_table_new (g_str_hash, g_str_equal);
  foreign->metadata = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  return foreign;
}

void
omni_foreign_free (OmniForeign *foreign)
{
  g_free (foreign->path);
  g_hash_table_unref (foreign->names);
  g_hash_table_unref (foreign->metadata);
  g_ptr_array_unref (foreign->tensors);
  g_ptr_array_unref (foreign->others);
  g_ptr_array_unref (foreign->paths);
  g_ptr_array_unref (foreign->files);
  g_free (foreign);
}

void
omni_foreign_add_file (OmniForeign *foreign, const char *path, GBytes *bytes)
{
  g_ptr_array_add (foreign->files, g_bytes_ref (bytes));
  g_ptr_array_add (foreign->paths, g_strdup (path));
}

gboolean
omni_foreign_refuse (GError **error, const char *format, ...)
{
  va_list arguments;

  va_start (arguments, format);
  omni_weights_refuse_va (error, format, arguments);
  va_end (arguments);
  return FALSE;
}

OmniForeignTensor *
omni_foreign_add (OmniForeign *foreign, const char *name, GError **error)
{
  OmniForeignTensor *tensor;

  if (name[0] == '\0' || strlen (name) > OMNI_FOREIGN_MAX_NAME || !g_utf8_validate (name, -1, NULL))
    omni_foreign_refuse (error, _ ("the tensor name “%.64s” is empty, longer than %u bytes or no text"), name,
                         OMNI_FOREIGN_MAX_NAME);
  else if (g_hash_table_contains (foreign->names, name))
    omni_foreign_refuse (error, _ ("the tensor “%s” appears twice"), name);
  else if (foreign->tensors->len == MAX_TENSORS)
    omni_foreign_refuse (error, _ ("there are more than %u tensors"), MAX_TENSORS);
  else
  {
    tensor = g_new0 (OmniForeignTensor, 1);
    tensor->name = g_strdup (name);
    g_ptr_array_add (foreign->tensors, tensor);
    g_hash_table_insert (foreign->names, tensor->name, tensor);
    return tensor;
  }
  return NULL;
}

gboolean
omni_foreign_count (OmniForeignTensor *tensor, GError **error)
{
  tensor->n_elements = 1;
  for (guint i = 0; i < tensor->n_dims; i++)
  {
    if (tensor->dims[i] == 0)
      return omni_foreign_refuse (error, _ ("tensor “%s” has a side of length 0"), tensor->name);
    if (tensor->dims[i] > MAX_ELEMENTS / tensor->n_elements)
      return omni_foreign_refuse (error, _ ("tensor “%s” would have more than 2^31 elements"), tensor->name);
    tensor->n_elements *= tensor->dims[i];
  }
  return TRUE;
}

void
omni_foreign_set_strides (OmniForeignTensor *tensor)
{
  guint64 stride = 1;

  for (guint i = tensor->n_dims; i-- > 0; stride *= tensor->dims[i])
    tensor->strides[i] = stride;
}

char *
omni_foreign_shape_to_string (const OmniForeignTensor *tensor)
{
  GString *text = g_string_new ("(");

  for (guint i = 0; i < tensor->n_dims; i++)
    g_string_append_printf (text, "%s%" G_GUINT64_FORMAT, i == 0 ? "" : ", ", tensor->dims[i]);
  g_string_append_c (text, ')');
  return g_string_free (text, FALSE);
}

/* Our own format, with other people's names and types. */
OmniForeign *
omni_foreign_read_safetensors (const char *path, GBytes *bytes, GError **error)
{
  g_autoptr (OmniForeign) foreign = omni_foreign_new (path, "safetensors");
  g_autoptr (GArray) entries = g_array_new (FALSE, FALSE, sizeof (OmniWeightsEntry));
  const guint8 *data = g_bytes_get_data (bytes, NULL);
  gsize data_offset;

  omni_foreign_add_file (foreign, path, bytes);
  if (!omni_weights_file_parse (bytes, TRUE, entries, foreign->metadata, &data_offset, error))
    return NULL;
  for (guint i = 0; i < entries->len; i++)
  {
    const OmniWeightsEntry *entry = &g_array_index (entries, OmniWeightsEntry, i);
    OmniForeignTensor *tensor = omni_foreign_add (foreign, entry->spec.name, error);

    if (tensor == NULL)
      return NULL;
    tensor->dtype = entry->dtype;
    tensor->n_dims = entry->spec.n_dims;
    for (guint k = 0; k < entry->spec.n_dims; k++)
      tensor->dims[k] = entry->spec.dims[k];
    tensor->n_elements = entry->n_elements;
    tensor->data = data + data_offset + entry->begin;
    omni_foreign_set_strides (tensor);
  }
  return g_steal_pointer (&foreign);
}

/* The data file of a checkpoint that was named instead of its index: "NAME.data-00000-of-00001". NULL when it is none. */
static char *
find_index (const char *path)
{
  const char *suffix = g_strrstr (path, ".data-");
  g_autofree char *prefix = suffix != NULL ? g_strndup (path, suffix - path) : g_strdup (path);
  g_autofree char *index = g_strconcat (prefix, ".index", NULL);

  return g_file_test (index, G_FILE_TEST_IS_REGULAR) ? g_steal_pointer (&index) : NULL;
}

static gboolean
ends_like_a_table (const guint8 *data, gsize size)
{
  static const guint8 magic[] = { 0x57, 0xfb, 0x80, 0x8b, 0x24, 0x75, 0x47, 0xdb };

  return size >= 48 && memcmp (data + size - sizeof magic, magic, sizeof magic) == 0;
}

static OmniForeign *
read_by_content (const char *path, GBytes *bytes, GError **error)
{
  gsize size;
  const guint8 *data = g_bytes_get_data (bytes, &size);

  if (size >= 4 && memcmp (data, "PK\3\4", 4) == 0)
    return omni_foreign_read_torch_zip (path, bytes, error);
  if (ends_like_a_table (data, size))
    return omni_foreign_read_tensorflow (path, bytes, error);
  if (size >= 9 && data[8] == '{')
    return omni_foreign_read_safetensors (path, bytes, error);
  if (size >= 2 && data[0] == 0x80 && data[1] <= 5)
    return omni_foreign_read_torch_legacy (path, bytes, error);
  if (size >= 262 && memcmp (data + 257, "ustar", 5) == 0)
    omni_foreign_refuse (error,
                         _ ("it is a tar archive, as PyTorch wrote before 0.1.10; load it there and save "
                            "it anew"));
  else if (size >= 8 && memcmp (data, "\x89HDF\r\n\x1a\n", 8) == 0)
    omni_foreign_refuse (error, _ ("it is an HDF5 file of Keras; load it there and save a checkpoint or "
                                   "safetensors"));
  else
    omni_foreign_refuse (error, _ ("it is neither a PyTorch file (.pth), nor the index of a TensorFlow "
                                   "checkpoint, nor safetensors"));
  return NULL;
}

OmniForeign *
omni_foreign_read (const char *path, GError **error)
{
  const gboolean is_prefix = !g_file_test (path, G_FILE_TEST_EXISTS);
  g_autofree char *index = is_prefix || g_strrstr (path, ".data-") != NULL ? find_index (path) : NULL;
  g_autoptr (GBytes) bytes = omni_weights_read_bytes (index != NULL ? index : path, error);
  OmniForeign *foreign;

  if (bytes == NULL)
    return NULL;
  foreign = read_by_content (index != NULL ? index : path, bytes, error);
  if (foreign == NULL)
  {
    g_autofree char *name = g_filename_display_name (path);

    g_prefix_error (error, _ ("“%s” cannot be imported: "), name);
  }
  return foreign;
}
