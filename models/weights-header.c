/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "models/weights-header.h"

#include <glib/gi18n.h>
#include <string.h>

/* A scanner of its own instead of json-glib, for three reasons: json-glib keeps the last of two equal keys without a
 * word, turns integers beyond 2^63 into something else, and builds a tree (and recurses) before anything can be checked.
 * The format needs one fixed shape of object, so there is no recursion here and nothing is stored that is not wanted. */

#define MAX_ELEMENTS (G_GUINT64_CONSTANT (1) << 31)
#define MAX_TENSORS  4096

/* Headers of 4096 tensors take a tenth of this. */
#define MAX_HEADER_BYTES (G_GUINT64_CONSTANT (8) << 20)

typedef struct
{
  const char *at;
  const char *end;
  const char *start;
  GArray *entries;
  GHashTable *metadata;
  gboolean has_metadata;
  gboolean foreign; /* every dtype, not ours alone */
  GError **error;
} Scanner;

/* Control characters, ends of lines, and what turns the direction of the text around it. */
static gboolean
is_harmless (gunichar c)
{
  return !g_unichar_iscntrl (c) && c != 0x2028 && c != 0x2029 && !(c >= 0x202a && c <= 0x202e)
         && !(c >= 0x2066 && c <= 0x2069);
}

char *
omni_weights_make_readable (const char *text)
{
  g_autofree char *valid = g_utf8_make_valid (text, -1);
  g_autoptr (GString) readable = g_string_sized_new (strlen (valid));

  for (const char *at = valid; *at != '\0'; at = g_utf8_next_char (at))
  {
    const gunichar c = g_utf8_get_char (at);

    g_string_append_unichar (readable, is_harmless (c) ? c : '?');
  }
  return g_string_free (g_steal_pointer (&readable), FALSE);
}

void
omni_weights_refuse_va (GError **error, const char *format, va_list arguments)
{
  g_autofree char *reason = g_strdup_vprintf (format, arguments);
  g_autofree char *readable = omni_weights_make_readable (reason);

  g_set_error_literal (error, OMNI_WEIGHTS_ERROR, OMNI_WEIGHTS_ERROR_FORMAT, readable);
}

static gboolean G_GNUC_PRINTF (2, 3) fail (Scanner *scanner, const char *format, ...);

static gboolean
fail (Scanner *scanner, const char *format, ...)
{
  va_list arguments;

  va_start (arguments, format);
  omni_weights_refuse_va (scanner->error, format, arguments);
  va_end (arguments);
  return FALSE;
}

static gulong
get_byte (const Scanner *scanner)
{
  return (gulong)(scanner->at - scanner->start);
}

static gboolean
fail_sign (Scanner *scanner, const char *sign)
{
  return fail (scanner, _ ("the header is not the JSON of a weight file: %s expected at byte %lu"), sign,
               get_byte (scanner));
}

static gboolean
fail_integer (Scanner *scanner)
{
  return fail (scanner,
               _ ("the header is not the JSON of a weight file: a whole number expected at byte %lu"),
               get_byte (scanner));
}

static void
skip_space (Scanner *scanner)
{
  while (scanner->at < scanner->end && strchr (" \t\r\n", *scanner->at) != NULL && *scanner->at != '\0')
    scanner->at++;
}

/* Takes the character if it comes next. */
static gboolean
take (Scanner *scanner, char wanted)
{
  skip_space (scanner);
  if (scanner->at == scanner->end || *scanner->at != wanted)
    return FALSE;
  scanner->at++;
  return TRUE;
}

static gboolean
scan_hex4 (Scanner *scanner, gunichar *unit)
{
  *unit = 0;
  if (scanner->end - scanner->at < 4)
    return FALSE;
  for (guint i = 0; i < 4; i++)
  {
    const int digit = g_ascii_xdigit_value (*scanner->at++);

    if (digit < 0)
      return FALSE;
    *unit = *unit << 4 | (gunichar)digit;
  }
  return TRUE;
}

/* What follows \u: one unit, or a surrogate pair. NUL is refused, as it would cut a name short. */
static gboolean
scan_unicode_escape (Scanner *scanner, GString *text)
{
  gunichar first, second;

  if (!scan_hex4 (scanner, &first) || first == 0 || (first >= 0xdc00 && first < 0xe000))
    return FALSE;
  if (first >= 0xd800 && first < 0xdc00)
  {
    if (scanner->end - scanner->at < 2 || memcmp (scanner->at, "\\u", 2) != 0)
      return FALSE;
    scanner->at += 2;
    if (!scan_hex4 (scanner, &second) || second < 0xdc00 || second >= 0xe000)
      return FALSE;
    first = 0x10000 + ((first - 0xd800) << 10 | (second - 0xdc00));
  }
  g_string_append_unichar (text, first);
  return TRUE;
}

static gboolean
scan_escape (Scanner *scanner, GString *text)
{
  static const char letters[] = "\"\\/bfnrt";
  static const char values[] = "\"\\/\b\f\n\r\t";
  const char *letter;

  if (scanner->at == scanner->end)
    return FALSE;
  if (*scanner->at == 'u')
  {
    scanner->at++;
    return scan_unicode_escape (scanner, text);
  }
  letter = *scanner->at != '\0' ? strchr (letters, *scanner->at) : NULL;
  if (letter == NULL)
    return FALSE;
  g_string_append_c (text, values[letter - letters]);
  scanner->at++;
  return TRUE;
}

static gboolean
scan_string (Scanner *scanner, GString *text)
{
  g_string_truncate (text, 0);
  if (!take (scanner, '"'))
    return fail (scanner, _ ("the header is not the JSON of a weight file: a string expected at byte %lu"),
                 get_byte (scanner));
  while (scanner->at < scanner->end && *scanner->at != '"')
  {
    if ((guchar)*scanner->at < 0x20)
      return fail (scanner,
                   _ ("the header is not the JSON of a weight file: no control character in a string, but "
                      "expected at byte %lu"),
                   get_byte (scanner));
    if (*scanner->at != '\\')
    {
      g_string_append_c (text, *scanner->at++);
      continue;
    }
    scanner->at++;
    if (!scan_escape (scanner, text))
      return fail (
        scanner,
        _ ("the header is not the JSON of a weight file: a valid escape in a string expected at byte %lu"),
        get_byte (scanner));
  }
  return take (scanner, '"')
           ? TRUE
           : fail (
             scanner,
             _ ("the header is not the JSON of a weight file: the end of a string expected at byte %lu"),
             get_byte (scanner));
}

/* A JSON integer without sign, fraction or exponent, below 2^63. */
static gboolean
scan_integer (Scanner *scanner, guint64 *value)
{
  const char *first;

  skip_space (scanner);
  first = scanner->at;
  *value = 0;
  for (; scanner->at < scanner->end && g_ascii_isdigit (*scanner->at); scanner->at++)
  {
    const guint digit = (guint)(*scanner->at - '0');

    if (*value > (G_MAXINT64 - digit) / 10)
      return fail (scanner, _ ("the header holds a number that is too large"));
    *value = *value * 10 + digit;
  }
  if (scanner->at == first || (*first == '0' && scanner->at - first > 1))
    return fail_integer (scanner);
  if (scanner->at < scanner->end && strchr (".eE", *scanner->at) != NULL)
    return fail_integer (scanner);
  return TRUE;
}

/* [1, 2, …] with at most `max` members. */
static gboolean
scan_integers (Scanner *scanner, guint64 *values, guint max, guint *n, const char *what)
{
  *n = 0;
  if (!take (scanner, '['))
    return fail_sign (scanner, "“[”");
  if (take (scanner, ']'))
    return TRUE;
  do
  {
    if (*n == max)
      return fail (scanner, _ ("%s holds more than %u numbers"), what, max);
    if (!scan_integer (scanner, &values[(*n)++]))
      return FALSE;
  } while (take (scanner, ','));
  return take (scanner, ']') ? TRUE : fail_sign (scanner, "“]”");
}

static gboolean
set_dtype (Scanner *scanner, OmniWeightsEntry *entry, const char *dtype)
{
  if (omni_dtype_from_string (dtype, &entry->dtype)
      && (scanner->foreign || entry->dtype == OMNI_DTYPE_F32 || entry->dtype == OMNI_DTYPE_F16))
    return TRUE;
  return fail (scanner,
               scanner->foreign ? _ ("tensor “%s” is of the unknown type “%.32s”")
                                : _ ("tensor “%s” is of type “%.32s”; only F32 and F16 are read"),
               entry->spec.name, dtype);
}

static gboolean
set_shape (Scanner *scanner, OmniWeightsEntry *entry, const guint64 *dims, guint n_dims)
{
  entry->n_elements = 1;
  entry->spec.n_dims = n_dims;
  for (guint i = 0; i < n_dims; i++)
  {
    if (dims[i] == 0)
      return fail (scanner, _ ("tensor “%s” has a side of length 0"), entry->spec.name);
    if (dims[i] > MAX_ELEMENTS / entry->n_elements)
      return fail (scanner, _ ("tensor “%s” would have more than 2^31 elements"), entry->spec.name);
    entry->n_elements *= dims[i];
    entry->spec.dims[i] = (guint)dims[i];
  }
  return TRUE;
}

static gboolean
scan_tensor_member (Scanner *scanner, OmniWeightsEntry *entry, GString *text, guint *seen)
{
  static const char *const keys[] = { "dtype", "shape", "data_offsets" };
  guint64 numbers[4];
  guint key = 0, n;

  if (!scan_string (scanner, text))
    return FALSE;
  while (key < G_N_ELEMENTS (keys) && !g_str_equal (text->str, keys[key]))
    key++;
  if (key == G_N_ELEMENTS (keys))
    return fail (scanner, _ ("tensor “%s” has an unknown key “%.32s”"), entry->spec.name, text->str);
  if (*seen & 1u << key)
    return fail (scanner, _ ("tensor “%s” has the key “%s” twice"), entry->spec.name, keys[key]);
  *seen |= 1u << key;
  if (!take (scanner, ':'))
    return fail_sign (scanner, "“:”");
  if (key == 0)
    return scan_string (scanner, text) && set_dtype (scanner, entry, text->str);
  if (!scan_integers (scanner, numbers, key == 1 ? 4 : 2, &n, keys[key]))
    return FALSE;
  if (key == 1)
    return set_shape (scanner, entry, numbers, n);
  if (n != 2)
    return fail (scanner, _ ("tensor “%s” needs two data_offsets"), entry->spec.name);
  entry->begin = numbers[0];
  entry->end = numbers[1];
  return TRUE;
}

static gboolean
scan_tensor (Scanner *scanner, const char *name, GString *text)
{
  OmniWeightsEntry entry = { 0 };
  guint seen = 0;

  if (strlen (name) >= sizeof entry.spec.name)
    return fail (scanner, _ ("the tensor name “%.63s…” is longer than 63 bytes"), name);
  for (const char *at = name; *at != '\0'; at++)
    if (!g_ascii_isgraph (*at))
      return fail (scanner, _ ("the tensor name “%s” holds more than plain ASCII letters, digits and signs"),
                   name);
  if (scanner->entries->len == MAX_TENSORS)
    return fail (scanner, _ ("there are more than %u tensors"), MAX_TENSORS);
  g_strlcpy (entry.spec.name, name, sizeof entry.spec.name);
  if (!take (scanner, '{'))
    return fail_sign (scanner, "“{”");
  do
    if (!scan_tensor_member (scanner, &entry, text, &seen))
      return FALSE;
  while (take (scanner, ','));
  if (!take (scanner, '}'))
    return fail_sign (scanner, "“}”");
  if (seen != 7)
    return fail (scanner, _ ("tensor “%s” lacks its dtype, shape or data_offsets"), entry.spec.name);
  g_array_append_val (scanner->entries, entry);
  return TRUE;
}

static gboolean
scan_metadata (Scanner *scanner, GString *text)
{
  if (scanner->has_metadata)
    return fail (scanner, _ ("the key “__metadata__” appears twice"));
  scanner->has_metadata = TRUE;
  if (!take (scanner, '{'))
    return fail_sign (scanner, "“{”");
  if (take (scanner, '}'))
    return TRUE;
  do
  {
    g_autofree char *key = NULL;

    if (!scan_string (scanner, text))
      return FALSE;
    key = g_strdup (text->str);
    if (g_hash_table_contains (scanner->metadata, key))
      return fail (scanner, _ ("the metadata key “%.64s” appears twice"), key);
    if (!take (scanner, ':'))
      return fail_sign (scanner, "“:”");
    if (!scan_string (scanner, text))
      return FALSE;
    g_hash_table_insert (scanner->metadata, g_steal_pointer (&key), g_strdup (text->str));
  } while (take (scanner, ','));
  return take (scanner, '}') ? TRUE : fail_sign (scanner, "“}”");
}

static gboolean
scan_header (Scanner *scanner)
{
  g_autoptr (GString) text = g_string_new (NULL);

  if (!take (scanner, '{'))
    return fail_sign (scanner, "“{”");
  if (!take (scanner, '}'))
  {
    do
    {
      g_autofree char *name = NULL;

      if (!scan_string (scanner, text))
        return FALSE;
      name = g_strdup (text->str);
      if (!take (scanner, ':'))
        return fail_sign (scanner, "“:”");
      if (g_str_equal (name, "__metadata__") ? !scan_metadata (scanner, text)
                                             : !scan_tensor (scanner, name, text))
        return FALSE;
    } while (take (scanner, ','));
    if (!take (scanner, '}'))
      return fail_sign (scanner, "“}”");
  }
  skip_space (scanner);
  return scanner->at == scanner->end
           ? TRUE
           : fail (
             scanner,
             _ ("the header is not the JSON of a weight file: the end of the header expected at byte %lu"),
             get_byte (scanner));
}

static int
compare_begin (gconstpointer a, gconstpointer b)
{
  const OmniWeightsEntry *left = a, *right = b;

  if (left->begin != right->begin)
    return left->begin < right->begin ? -1 : 1;
  return (left->end > right->end) - (left->end < right->end);
}

static int
compare_name (gconstpointer a, gconstpointer b)
{
  return strcmp (((const OmniWeightsEntry *)a)->spec.name, ((const OmniWeightsEntry *)b)->spec.name);
}

/* The tensors, taken by offset, must follow each other from the first byte to the last. */
static gboolean
check_layout (Scanner *scanner, guint64 n_data_bytes)
{
  guint64 at = 0;

  g_array_sort (scanner->entries, compare_begin);
  for (guint i = 0; i < scanner->entries->len; i++)
  {
    const OmniWeightsEntry *entry = &g_array_index (scanner->entries, OmniWeightsEntry, i);
    const guint64 wanted = entry->n_elements * omni_dtype_get_bytes (entry->dtype);

    if (entry->end < entry->begin)
      return fail (scanner, _ ("tensor “%s” ends before it begins"), entry->spec.name);
    if (entry->end > n_data_bytes)
      return fail (scanner, _ ("tensor “%s” lies beyond the end of the file"), entry->spec.name);
    if (entry->end - entry->begin != wanted)
      return fail (scanner, _ ("tensor “%s” needs %lu bytes for its shape but has %lu"), entry->spec.name,
                   (gulong)wanted, (gulong)(entry->end - entry->begin));
    if (entry->begin < at)
      return fail (scanner, _ ("tensor “%s” overlaps another"), entry->spec.name);
    if (entry->begin > at)
      return fail (scanner, _ ("there is a hole in the data before tensor “%s”"), entry->spec.name);
    at = entry->end;
  }
  if (at != n_data_bytes)
    return fail (scanner, _ ("%lu bytes follow the last tensor"), (gulong)(n_data_bytes - at));
  return TRUE;
}

static gboolean
check_names (Scanner *scanner)
{
  g_array_sort (scanner->entries, compare_name);
  for (guint i = 1; i < scanner->entries->len; i++)
  {
    const OmniWeightsEntry *entry = &g_array_index (scanner->entries, OmniWeightsEntry, i);

    if (compare_name (entry - 1, entry) == 0)
      return fail (scanner, _ ("the tensor “%s” appears twice"), entry->spec.name);
  }
  return TRUE;
}

gboolean
omni_weights_file_parse (GBytes *file, gboolean foreign, GArray *entries, GHashTable *metadata,
                         gsize *data_offset, GError **error)
{
  gsize n_bytes;
  const char *data = g_bytes_get_data (file, &n_bytes);
  guint64 n_header;
  Scanner scanner = { .foreign = foreign, .entries = entries, .metadata = metadata, .error = error };

  if (n_bytes < sizeof n_header)
    return fail (&scanner, _ ("the file is only %lu bytes long"), (gulong)n_bytes);
  memcpy (&n_header, data, sizeof n_header);
  n_header = GUINT64_FROM_LE (n_header);
  if (n_header > n_bytes - sizeof n_header || n_header > MAX_HEADER_BYTES)
    return fail (&scanner, _ ("the file claims a header of %lu bytes but is %lu bytes long in all"),
                 (gulong)n_header, (gulong)n_bytes);
  *data_offset = sizeof n_header + (gsize)n_header;
  scanner.at = scanner.start = data + sizeof n_header;
  scanner.end = data + *data_offset;
  /* Also refuses NUL bytes: the length is given. */
  if (n_header == 0 || !g_utf8_validate_len (scanner.start, (gsize)n_header, NULL))
    return fail (&scanner, _ ("the header is not text"));
  if (!scan_header (&scanner) || !check_names (&scanner) || !check_layout (&scanner, n_bytes - *data_offset))
    return FALSE;
  g_array_sort (entries, compare_name);
  return TRUE;
}
