/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "models/weights.h"

#include "models/digest.h"
#include "models/weights-header.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gi18n.h>
#include <math.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The largest network here takes a thousandth of this. */
#define MAX_FILE_BYTES (G_GUINT64_CONSTANT (1) << 30)

struct _OmniWeights
{
  gatomicrefcount ref_count;
  GBytes *bytes;
  char *path;
  char *sha256;
  gsize data_offset;
  GArray *entries; /* OmniWeightsEntry, sorted by name */
  GArray *specs;   /* OmniTensorSpec, likewise */
  GHashTable *metadata;
};

/* clang-format off */
G_DEFINE_QUARK (omni-weights-error-quark, omni_weights_error)
/* clang-format on */

static void
weights_free (OmniWeights *weights)
{
  g_bytes_unref (weights->bytes);
  g_array_unref (weights->entries);
  g_array_unref (weights->specs);
  g_hash_table_unref (weights->metadata);
  g_free (weights->path);
  g_free (weights->sha256);
  g_free (weights);
}

OmniWeights *
omni_weights_ref (OmniWeights *weights)
{
  g_atomic_ref_count_inc (&weights->ref_count);
  return weights;
}

void
omni_weights_unref (OmniWeights *weights)
{
  if (g_atomic_ref_count_dec (&weights->ref_count))
    weights_free (weights);
}

static const guint8 *
entry_data (const OmniWeights *weights, const OmniWeightsEntry *entry)
{
  return (const guint8 *)g_bytes_get_data (weights->bytes, NULL) + weights->data_offset + entry->begin;
}

static gboolean
is_finite (OmniDtype dtype, const guint8 *data, guint64 index)
{
  guint32 bits;

  if (dtype != OMNI_DTYPE_F32)
    return isfinite (omni_dtype_read_float (dtype, data, index));
  memcpy (&bits, data + index * 4,
          sizeof bits); /* nearly all files, and every program reads several at its start */
  return (GUINT32_FROM_LE (bits) & 0x7f800000) != 0x7f800000;
}

/* One NaN would spread over every picture. */
static gboolean
check_finite (const OmniWeights *weights, GError **error)
{
  for (guint i = 0; i < weights->entries->len; i++)
  {
    const OmniWeightsEntry *entry = &g_array_index (weights->entries, OmniWeightsEntry, i);
    const guint8 *data = entry_data (weights, entry);

    for (guint64 k = 0; k < entry->n_elements; k++)
      if (!is_finite (entry->dtype, data, k))
      {
        g_set_error (error, OMNI_WEIGHTS_ERROR, OMNI_WEIGHTS_ERROR_FORMAT,
                     _ ("tensor “%s” holds a value that is not a finite number"), entry->spec.name);
        return FALSE;
      }
  }
  return TRUE;
}

static gboolean
parse (OmniWeights *weights, GError **error)
{
  return omni_weights_file_parse (weights->bytes, FALSE, weights->entries, weights->metadata,
                                  &weights->data_offset, error)
         && check_finite (weights, error);
}

static OmniWeights *
weights_new (GBytes *bytes, const char *name)
{
  OmniWeights *weights = g_new0 (OmniWeights, 1);

  g_atomic_ref_count_init (&weights->ref_count);
  weights->bytes = g_bytes_ref (bytes);
  weights->path = g_strdup (name);
  weights->entries = g_array_new (FALSE, FALSE, sizeof (OmniWeightsEntry));
  weights->specs = g_array_new (FALSE, FALSE, sizeof (OmniTensorSpec));
  weights->metadata = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  return weights;
}

OmniWeights *
omni_weights_load_bytes (GBytes *bytes, const char *name, GError **error)
{
  g_autoptr (OmniWeights) weights = weights_new (bytes, name);

  if (!parse (weights, error))
  {
    g_autofree char *display_name = g_filename_display_name (name);

    g_prefix_error (error, _ ("“%s” is not a sound weight file: "), display_name);
    return NULL;
  }
  for (guint i = 0; i < weights->entries->len; i++)
    g_array_append_val (weights->specs, g_array_index (weights->entries, OmniWeightsEntry, i).spec);
  return g_steal_pointer (&weights);
}

static int
compare_names (gconstpointer a, gconstpointer b)
{
  return strcmp (((const OmniWeightsEntry *)a)->spec.name, ((const OmniWeightsEntry *)b)->spec.name);
}

OmniWeights *
omni_weights_new_outline (const GArray *specs, const char *const *metadata, const char *name)
{
  g_autoptr (GBytes) nothing = g_bytes_new_static (NULL, 0);
  g_autoptr (GHashTable) seen = g_hash_table_new (g_str_hash, g_str_equal);
  OmniWeights *weights = weights_new (nothing, name);

  for (guint i = 0; i < specs->len; i++)
  {
    const OmniWeightsEntry entry = { .spec = g_array_index (specs, OmniTensorSpec, i) };

    if (g_hash_table_add (seen, g_array_index (specs, OmniTensorSpec, i).name))
      g_array_append_val (weights->entries, entry);
  }
  g_array_sort (weights->entries, compare_names);
  for (guint i = 0; i < weights->entries->len; i++)
    g_array_append_val (weights->specs, g_array_index (weights->entries, OmniWeightsEntry, i).spec);
  for (guint i = 0; metadata != NULL && metadata[i] != NULL; i += 2)
    g_hash_table_insert (weights->metadata, g_strdup (metadata[i]), g_strdup (metadata[i + 1]));
  return weights;
}

static gboolean
read_exactly (int fd, guint8 *buffer, gsize n_bytes)
{
  for (gsize done = 0; done < n_bytes;)
  {
    const gssize n = read (fd, buffer + done, n_bytes - done);

    if (n < 0 && errno == EINTR)
      continue;
    if (n <= 0)
    {
      errno = n == 0 ? ENODATA : errno;
      return FALSE;
    }
    done += (gsize)n;
  }
  return TRUE;
}

static GBytes *
fail_read (const char *path, const char *reason, GError **error)
{
  g_autofree char *display_name = g_filename_display_name (path);

  g_set_error (error, OMNI_WEIGHTS_ERROR, OMNI_WEIGHTS_ERROR_FORMAT,
               _ ("Cannot read the weight file “%s”: %s"), display_name, reason);
  return NULL;
}

/* Read whole rather than mapped: a mapped file that somebody shortens kills the program. */
static GBytes *
read_fd (int fd, const char *path, GError **error)
{
  struct stat info;
  g_autofree guint8 *buffer = NULL;

  if (fstat (fd, &info) != 0)
    return fail_read (path, g_strerror (errno), error);
  if (!S_ISREG (info.st_mode))
    return fail_read (path, _ ("it is not a regular file"), error);
  if ((guint64)info.st_size > MAX_FILE_BYTES)
    return fail_read (path, _ ("it is larger than 1 GiB"), error);
  buffer = g_try_malloc (MAX ((gsize)info.st_size, 1));
  if (buffer == NULL)
    return fail_read (path, _ ("there is not enough memory"), error);
  if (!read_exactly (fd, buffer, (gsize)info.st_size))
    return fail_read (path, errno == ENODATA ? _ ("it became shorter while being read") : g_strerror (errno),
                      error);
  return g_bytes_new_take (g_steal_pointer (&buffer), (gsize)info.st_size);
}

GBytes *
omni_weights_read_bytes (const char *path, GError **error)
{
  GBytes *bytes;
  /* Not blocking, so that a named pipe is refused instead of waited for. */
  const int fd = open (path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

  if (fd < 0)
    return fail_read (path, g_strerror (errno), error);
  bytes = read_fd (fd, path, error);
  close (fd);
  return bytes;
}

OmniWeights *
omni_weights_load (const char *path, GError **error)
{
  g_autoptr (GBytes) bytes = omni_weights_read_bytes (path, error);

  return bytes != NULL ? omni_weights_load_bytes (bytes, path, error) : NULL;
}

const char *
omni_weights_get_metadata (const OmniWeights *weights, const char *key)
{
  return g_hash_table_lookup (weights->metadata, key);
}

const char *
omni_weights_get_sha256 (const OmniWeights *weights)
{
  OmniWeights *self = (OmniWeights *)weights; /* not asked for of most, so made when it is */

  if (g_once_init_enter (&self->sha256))
    g_once_init_leave (&self->sha256, omni_digest_bytes (self->bytes));
  return self->sha256;
}

void
omni_weights_take_sha256 (OmniWeights *weights, char *sha256)
{
  g_free (weights->sha256);
  weights->sha256 = sha256;
}

const char *
omni_weights_get_path (const OmniWeights *weights)
{
  return weights->path;
}

static const OmniWeightsEntry *
find (const OmniWeights *weights, const char *name)
{
  guint low = 0, high = weights->entries->len;

  while (low < high)
  {
    const guint middle = low + (high - low) / 2;
    const OmniWeightsEntry *entry = &g_array_index (weights->entries, OmniWeightsEntry, middle);
    const int order = strcmp (name, entry->spec.name);

    if (order == 0)
      return entry;
    if (order < 0)
      high = middle;
    else
      low = middle + 1;
  }
  return NULL;
}

gboolean
omni_weights_has (const OmniWeights *weights, const char *name)
{
  return find (weights, name) != NULL;
}

const GArray *
omni_weights_get_specs (const OmniWeights *weights)
{
  return weights->specs;
}

float *
omni_weights_dup_floats (const OmniWeights *weights, const char *name, gsize *n_elements)
{
  const OmniWeightsEntry *entry = find (weights, name);
  const guint8 *data;
  float *values;

  g_return_val_if_fail (entry != NULL && entry->n_elements > 0, NULL); /* 0: of an outline */

  data = entry_data (weights, entry);
  values = g_new (float, entry->n_elements);
  if (entry->dtype == OMNI_DTYPE_F32 && G_BYTE_ORDER == G_LITTLE_ENDIAN)
    memcpy (values, data, entry->n_elements * sizeof *values);
  else
    for (guint64 i = 0; i < entry->n_elements; i++)
      values[i] = omni_dtype_read_float (entry->dtype, data, i);
  if (n_elements != NULL)
    *n_elements = (gsize)entry->n_elements;
  return values;
}

static char *
shape_to_string (const OmniTensorSpec *spec)
{
  g_autoptr (GString) text = g_string_new ("(");

  for (guint i = 0; i < spec->n_dims; i++)
    g_string_append_printf (text, i == 0 ? "%u" : ", %u", spec->dims[i]);
  g_string_append_c (text, ')');
  return g_string_free (g_steal_pointer (&text), FALSE);
}

static gboolean
specs_equal (const OmniTensorSpec *a, const OmniTensorSpec *b)
{
  return a->n_dims == b->n_dims && memcmp (a->dims, b->dims, a->n_dims * sizeof a->dims[0]) == 0;
}

static gboolean
is_listed (const GArray *specs, const char *name)
{
  for (guint i = 0; i < specs->len; i++)
    if (g_str_equal (g_array_index (specs, OmniTensorSpec, i).name, name))
      return TRUE;
  return FALSE;
}

static gboolean
check_spec (const OmniWeights *weights, const OmniTensorSpec *wanted, GError **error)
{
  const OmniWeightsEntry *entry = find (weights, wanted->name);
  g_autofree char *wanted_shape = shape_to_string (wanted);
  g_autofree char *shape = NULL;

  if (entry == NULL)
  {
    g_set_error (error, OMNI_WEIGHTS_ERROR, OMNI_WEIGHTS_ERROR_ARCHITECTURE,
                 _ ("“%s” lacks the tensor “%s” of shape %s"), weights->path, wanted->name, wanted_shape);
    return FALSE;
  }
  if (specs_equal (&entry->spec, wanted))
    return TRUE;
  shape = shape_to_string (&entry->spec);
  g_set_error (error, OMNI_WEIGHTS_ERROR, OMNI_WEIGHTS_ERROR_ARCHITECTURE,
               _ ("“%s”: tensor “%s” has the shape %s; %s is needed"), weights->path, wanted->name, shape,
               wanted_shape);
  return FALSE;
}

gboolean
omni_weights_check (const OmniWeights *weights, const GArray *specs, GError **error)
{
  for (guint i = 0; i < specs->len; i++)
    if (!check_spec (weights, &g_array_index (specs, OmniTensorSpec, i), error))
      return FALSE;

  for (guint i = 0; i < weights->specs->len; i++)
  {
    const char *name = g_array_index (weights->specs, OmniTensorSpec, i).name;

    if (!is_listed (specs, name))
    {
      g_set_error (error, OMNI_WEIGHTS_ERROR, OMNI_WEIGHTS_ERROR_ARCHITECTURE,
                   _ ("“%s” holds a tensor “%s” that the network does not have"), weights->path, name);
      return FALSE;
    }
  }
  return TRUE;
}

static void
append_json_string (GString *text, const char *value)
{
  g_string_append_c (text, '"');
  for (; *value != '\0'; value++)
  {
    if (*value == '"' || *value == '\\')
      g_string_append_c (text, '\\');
    if ((guchar)*value < 0x20)
      g_string_append_printf (text, "\\u%04x", (guint)*value);
    else
      g_string_append_c (text, *value);
  }
  g_string_append_c (text, '"');
}

static guint64
count_elements (const OmniTensorSpec *spec)
{
  guint64 n = 1;

  for (guint i = 0; i < spec->n_dims; i++)
    n *= spec->dims[i];
  return n;
}

static GString *
write_header (OmniDtype dtype, const GArray *specs, const char *const *metadata, gsize *n_bytes)
{
  GString *text = g_string_new ("{\"__metadata__\":{");

  for (guint i = 0; metadata != NULL && metadata[i] != NULL; i += 2)
  {
    if (i > 0)
      g_string_append_c (text, ',');
    append_json_string (text, metadata[i]);
    g_string_append_c (text, ':');
    append_json_string (text, metadata[i + 1]);
  }
  g_string_append_c (text, '}');
  *n_bytes = 0;
  for (guint i = 0; i < specs->len; i++)
  {
    const OmniTensorSpec *spec = &g_array_index (specs, OmniTensorSpec, i);

    g_string_append_c (text, ',');
    append_json_string (text, spec->name);
    g_string_append_printf (text, ":{\"dtype\":\"%s\",\"shape\":[", omni_dtype_to_string (dtype));
    for (guint k = 0; k < spec->n_dims; k++)
      g_string_append_printf (text, k == 0 ? "%u" : ",%u", spec->dims[k]);
    g_string_append_printf (text, "],\"data_offsets\":[%" G_GSIZE_FORMAT ",", *n_bytes);
    *n_bytes += count_elements (spec) * omni_dtype_get_bytes (dtype);
    g_string_append_printf (text, "%" G_GSIZE_FORMAT "]}", *n_bytes);
  }
  g_string_append_c (text, '}');
  while (text->len % 8 != 0)
    g_string_append_c (text, ' ');
  return text;
}

GBytes *
omni_weights_write_as (OmniDtype dtype, const GArray *specs, const char *const *metadata,
                       const float *const *values)
{
  gsize n_data;
  g_autoptr (GString) header = write_header (dtype, specs, metadata, &n_data);
  const guint64 n_header = GUINT64_TO_LE ((guint64)header->len);
  const gsize n_bytes = sizeof n_header + header->len + n_data;
  guint8 *buffer = g_malloc0 (n_bytes);
  guint8 *data = buffer + sizeof n_header + header->len;
  guint64 at = 0;

  memcpy (buffer, &n_header, sizeof n_header);
  memcpy (buffer + sizeof n_header, header->str, header->len);
  for (guint i = 0; values != NULL && i < specs->len; i++)
  {
    const guint64 n = count_elements (&g_array_index (specs, OmniTensorSpec, i));

    for (guint64 k = 0; k < n; k++)
      omni_dtype_write_float (dtype, data, at++, values[i][k]);
  }
  return g_bytes_new_take (buffer, n_bytes);
}

GBytes *
omni_weights_write (const GArray *specs, const char *const *metadata, const float *const *values)
{
  return omni_weights_write_as (OMNI_DTYPE_F32, specs, metadata, values);
}
