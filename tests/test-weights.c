/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "models/weights.h"

#include <glib/gstdio.h>
#include <math.h>
#include <string.h>
#include <sys/stat.h>

/* Attacks on the weight file reader: each must be refused with a reason, or be read correctly; none may crash, which is
 * checked by running this under AddressSanitizer. */

#define GOOD "\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}"

static GBytes *
make_file_claiming (const char *header, gsize n_header, guint64 claim, gsize n_data)
{
  GByteArray *file = g_byte_array_new ();
  const guint64 length = GUINT64_TO_LE (claim);
  g_autofree guint8 *data = g_malloc0 (n_data + 1);

  g_byte_array_append (file, (const guint8 *)&length, sizeof length);
  g_byte_array_append (file, (const guint8 *)header, (guint)n_header);
  g_byte_array_append (file, data, (guint)n_data);
  return g_byte_array_free_to_bytes (file);
}

static GBytes *
make_file (const char *header, gsize n_data)
{
  return make_file_claiming (header, strlen (header), strlen (header), n_data);
}

static void
assert_refused (GBytes *bytes, const char *reason)
{
  g_autoptr (GError) error = NULL;
  OmniWeights *weights = omni_weights_load_bytes (bytes, "evil.safetensors", &error);

  g_assert_null (weights);
  g_assert_error (error, OMNI_WEIGHTS_ERROR, OMNI_WEIGHTS_ERROR_FORMAT);
  g_assert_nonnull (strstr (error->message, "evil.safetensors"));
  g_assert_true (g_utf8_validate (error->message, -1, NULL));
  if (reason != NULL && strstr (error->message, reason) == NULL)
    g_error ("refused as “%s”, not for “%s”", error->message, reason);
}

typedef struct
{
  const char *header;
  gsize n_data;
  const char *reason;
} Attack;

static const Attack attacks[] = {
  /* not the JSON of a weight file */
  { "", 0, "not text" },
  { " ", 0, "“{” expected" },
  { "hello", 0, "“{” expected" },
  { "[]", 0, "“{” expected" },
  { "null", 0, "“{” expected" },
  { "{", 0, "a string expected" },
  { "{}}", 0, "the end of the header" },
  { "{} {}", 0, "the end of the header" },
  { "{" GOOD ",}", 8, "a string expected" },
  { "{" GOOD, 8, "“}” expected" },
  { "{\"a\"}", 0, "“:” expected" },
  { "{\"a\":1}", 0, "“{” expected" },
  { "{\"a\":[[[[[[[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]]]]]]]}", 0, "“{” expected" },
  { "{\"a\":{}}", 0, "a string expected" },
  { "{\"a", 0, "the end of a string" },
  { "{\"a\n\":{}}", 0, "control character" },
  { "{\"\\q\":{}}", 0, "valid escape" },
  { "{\"\\u00g0\":{}}", 0, "valid escape" },
  { "{\"\\u0000\":{}}", 0, "valid escape" },
  { "{\"\\ud800\":{}}", 0, "valid escape" },
  { "{\"\\udc00\":{}}", 0, "valid escape" },
  { "{\"\\ud800\\u0041\":{}}", 0, "valid escape" },
  { "{\"\\u00", 0, "valid escape" },
  { "{\"\xff\":{}}", 0, "not text" },
  { "{\"\xc0\xaf\":{}}", 0, "not text" },
  { "{\"\xed\xa0\x80\":{}}", 0, "not text" },
  { "{\"é\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}}", 8, "plain ASCII" },
  { "{\"a b\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}}", 8, "plain ASCII" },
  { "{\"\\u001b[31m\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}}", 8, "plain ASCII" },
  /* keys */
  { "{" GOOD "," GOOD "}", 8, "appears twice" },
  { "{" GOOD ",\"\\u0061\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[8,16]}}", 16, "appears twice" },
  { "{\"__metadata__\":{},\"__metadata__\":{}," GOOD "}", 8, "appears twice" },
  { "{\"__metadata__\":{},\"\\u005f_metadata__\":{}," GOOD "}", 8, "appears twice" },
  { "{\"__metadata__\":{\"k\":\"v\",\"k\":\"v\"}," GOOD "}", 8, "appears twice" },
  { "{\"__metadata__\":{\"k\":\"v\",\"\\u006B\":\"w\"}," GOOD "}", 8, "appears twice" },
  { "{\"__metadata__\":{\"k\":1}," GOOD "}", 8, "a string expected" },
  { "{\"__metadata__\":{\"k\":{\"k\":\"v\"}}," GOOD "}", 8, "a string expected" },
  { "{\"__metadata__\":[]," GOOD "}", 8, "“{” expected" },
  { "{\"a\":{\"dtype\":\"F32\",\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}}", 8, "twice" },
  { "{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"sh\\u0061pe\":[2],\"data_offsets\":[0,8]}}", 8, "twice" },
  { "{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8],\"x\":1}}", 8, "unknown key" },
  { "{\"a\":{\"dtype\":\"F32\",\"shape\":[2]}}", 8, "lacks" },
  { "{\"a\":{\"dtype\":\"F32\",\"data_offsets\":[0,8]}}", 8, "lacks" },
  { "{\"a\":{\"shape\":[2],\"data_offsets\":[0,8]}}", 8, "lacks" },
  { "{\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\":{\"dtype\":\"F32\",\"shape\":[2],"
    "\"data_offsets\":[0,8]}}",
    8, "longer than 63" },
  /* types */
  { "{\"a\":{\"dtype\":\"F64\",\"shape\":[1],\"data_offsets\":[0,8]}}", 8, "only F32 and F16" },
  { "{\"a\":{\"dtype\":\"I64\",\"shape\":[1],\"data_offsets\":[0,8]}}", 8, "only F32 and F16" },
  { "{\"a\":{\"dtype\":\"BF16\",\"shape\":[4],\"data_offsets\":[0,8]}}", 8, "only F32 and F16" },
  { "{\"a\":{\"dtype\":\"f32\",\"shape\":[2],\"data_offsets\":[0,8]}}", 8, "only F32 and F16" },
  { "{\"a\":{\"dtype\":\"ééééééééééééééééé\xc3\xa9\",\"shape\":[2],\"data_offsets\":[0,8]}}", 8,
    "only F32 and F16" },
  { "{\"a\":{\"dtype\":32,\"shape\":[2],\"data_offsets\":[0,8]}}", 8, "a string expected" },
  /* shapes */
  { "{\"a\":{\"dtype\":\"F32\",\"shape\":[0],\"data_offsets\":[0,0]}}", 0, "length 0" },
  { "{\"a\":{\"dtype\":\"F32\",\"shape\":[2,0],\"data_offsets\":[0,8]}}", 8, "length 0" },
  { "{\"a\":{\"dtype\":\"F32\",\"shape\":[-2],\"data_offsets\":[0,8]}}", 8, "whole number" },
  { "{\"a\":{\"dtype\":\"F32\",\"shape\":[2.0],\"data_offsets\":[0,8]}}", 8, "whole number" },
  { "{\"a\":{\"dtype\":\"F32\",\"shape\":[2e0],\"data_offsets\":[0,8]}}", 8, "whole number" },
  { "{\"a\":{\"dtype\":\"F32\",\"shape\":[02],\"data_offsets\":[0,8]}}", 8, "whole number" },
  { "{\"a\":{\"dtype\":\"F32\",\"shape\":[\"2\"],\"data_offsets\":[0,8]}}", 8, "whole number" },
  { "{\"a\":{\"dtype\":\"F32\",\"shape\":[[2]],\"data_offsets\":[0,8]}}", 8, "whole number" },
  { "{\"a\":{\"dtype\":\"F32\",\"shape\":2,\"data_offsets\":[0,8]}}", 8, "“[” expected" },
  { "{\"a\":{\"dtype\":\"F32\",\"shape\":[2,],\"data_offsets\":[0,8]}}", 8, "whole number" },
  { "{\"a\":{\"dtype\":\"F32\",\"shape\":[1,1,1,1,2],\"data_offsets\":[0,8]}}", 8, "more than 4" },
  { "{\"a\":{\"dtype\":\"F32\",\"shape\":[2147483649],\"data_offsets\":[0,8]}}", 8, "2^31" },
  { "{\"a\":{\"dtype\":\"F32\",\"shape\":[65536,65536],\"data_offsets\":[0,8]}}", 8, "2^31" },
  /* 2^32 · 2^32 and 2^63 would wrap to 0 */
  { "{\"a\":{\"dtype\":\"F32\",\"shape\":[4294967296,4294967296],\"data_offsets\":[0,0]}}", 0, "2^31" },
  { "{\"a\":{\"dtype\":\"F32\",\"shape\":[2097152,2097152,2097152],\"data_offsets\":[0,0]}}", 0, "2^31" },
  { "{\"a\":{\"dtype\":\"F32\",\"shape\":[9223372036854775807],\"data_offsets\":[0,8]}}", 8, "2^31" },
  { "{\"a\":{\"dtype\":\"F32\",\"shape\":[9223372036854775808],\"data_offsets\":[0,8]}}", 8, "too large" },
  { "{\"a\":{\"dtype\":\"F32\",\"shape\":[18446744073709551618],\"data_offsets\":[0,8]}}", 8, "too large" },
  { "{\"a\":{\"dtype\":\"F32\",\"shape\":[1,2147483648],\"data_offsets\":[0,8589934592]}}", 8,
    "beyond the end" },
  /* offsets */
  { "{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0]}}", 8, "two data_offsets" },
  { "{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8,16]}}", 8, "more than 2" },
  { "{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[8,0]}}", 8, "before it begins" },
  { "{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,16]}}", 8, "beyond the end" },
  { "{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,4]}}", 4, "bytes for its shape" },
  { "{\"a\":{\"dtype\":\"F16\",\"shape\":[2],\"data_offsets\":[0,8]}}", 8, "bytes for its shape" },
  { "{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[9223372036854775800,9223372036854775807]}}", 8,
    "beyond the end" },
  { "{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[4,12]}}", 12, "hole" },
  { "{" GOOD ",\"b\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[4,8]}}", 8, "overlaps" },
  { "{" GOOD ",\"b\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}}", 8, "overlaps" },
  { "{" GOOD ",\"b\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[12,16]}}", 16, "hole" },
  { "{" GOOD "}", 7, "beyond the end" },
  { "{" GOOD "}", 9, "1 bytes follow" },
  { "{" GOOD "}", 0, "beyond the end" },
  { "{}", 4, "4 bytes follow" },
};

static void
test_attacks (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (attacks); i++)
  {
    g_autoptr (GBytes) bytes = make_file (attacks[i].header, attacks[i].n_data);
    g_autofree char *printable = g_strescape (attacks[i].header, NULL);

    g_test_message ("%s", printable);
    assert_refused (bytes, attacks[i].reason);
  }
}

static void
test_length_lies (void)
{
  static const guint64 lies[] = { 0,
                                  1,
                                  59,
                                  61,
                                  69,
                                  100000000,
                                  G_MAXINT32,
                                  G_MAXUINT32,
                                  (guint64)G_MAXINT64,
                                  (guint64)G_MAXINT64 + 1,
                                  G_MAXUINT64 - 8,
                                  G_MAXUINT64 - 7,
                                  G_MAXUINT64 };
  const char *header = "{" GOOD "}";

  for (guint i = 0; i < G_N_ELEMENTS (lies); i++)
    if (lies[i] != strlen (header))
    {
      g_autoptr (GBytes) bytes = make_file_claiming (header, strlen (header), lies[i], 8);

      assert_refused (bytes, NULL);
    }
}

static void
test_nul (void)
{
  const char header[] = "{\"a\0\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}}";
  const char after[] = "{" GOOD "}\0";
  g_autoptr (GBytes) inside = make_file_claiming (header, sizeof header - 1, sizeof header - 1, 8);
  g_autoptr (GBytes) behind = make_file_claiming (after, sizeof after - 1, sizeof after - 1, 8);

  assert_refused (inside, "not text");
  assert_refused (behind, "not text");
}

static void
test_deep_nesting (void)
{
  const gsize depth = 1000000;
  g_autofree char *header = g_malloc (depth + 6);
  g_autoptr (GBytes) bytes = NULL;

  memcpy (header, "{\"a\":", 5);
  memset (header + 5, '[', depth);
  header[depth + 5] = '\0';
  bytes = make_file (header, 0);
  assert_refused (bytes, "“{” expected");
}

static void
test_too_many_tensors (void)
{
  g_autoptr (GString) header = g_string_new ("{");
  g_autoptr (GBytes) bytes = NULL;

  for (guint i = 0; i < 4097; i++)
    g_string_append_printf (header, "%s\"t%u\":{\"dtype\":\"F16\",\"shape\":[],\"data_offsets\":[%u,%u]}",
                            i > 0 ? "," : "", i, i * 2, i * 2 + 2);
  g_string_append_c (header, '}');
  bytes = make_file (header->str, 4097 * 2);
  assert_refused (bytes, "more than 4096 tensors");
}

/* A sound file cut at every length, and with one byte more. */
static void
test_truncation (void)
{
  g_autoptr (GBytes) whole = make_file ("{\"__metadata__\":{\"k\":\"v\"}," GOOD "}", 8);
  g_autoptr (GBytes) longer = make_file ("{\"__metadata__\":{\"k\":\"v\"}," GOOD "}", 9);
  g_autoptr (OmniWeights) weights = omni_weights_load_bytes (whole, "good", NULL);

  g_assert_nonnull (weights);
  for (gsize n = 0; n < g_bytes_get_size (whole); n++)
  {
    /* a copy of its own length, so that AddressSanitizer sees a read past it */
    g_autoptr (GBytes) cut = g_bytes_new (g_bytes_get_data (whole, NULL), n);

    assert_refused (cut, NULL);
  }
  assert_refused (longer, "follow");
}

static void
test_accepted (void)
{
  /* white space, any order of keys and of tensors, escapes, an empty shape: all sound */
  const char *header =
    " { \"b\" : { \"data_offsets\" : [ 8 , 12 ] , \"shape\" : [ 1 , 1 , 1 , 1 ] , \"dtype\" : \"F32\" } ,\n"
    "\t\"__metadata__\" : { \"k\\u00e9\\ud83d\\ude00\\n\" : \"\\\"v\\/\\\\\" , \"\" : \"\" } , " GOOD
    " , \"\\u0063\" : { \"dtype\" : \"F16\" , \"shape\" : [ ] , \"data_offsets\" : [ 12 , 14 ] } } \r\n ";
  g_autoptr (GBytes) bytes = make_file (header, 14);
  g_autoptr (GError) error = NULL;
  g_autoptr (OmniWeights) weights = omni_weights_load_bytes (bytes, "good", &error);
  const GArray *specs;

  g_assert_no_error (error);
  g_assert_cmpstr (omni_weights_get_metadata (weights, "ké😀\n"), ==, "\"v/\\");
  g_assert_cmpstr (omni_weights_get_metadata (weights, ""), ==, "");
  g_assert_null (omni_weights_get_metadata (weights, "other"));
  g_assert_true (omni_weights_has (weights, "a"));
  g_assert_true (omni_weights_has (weights, "c"));
  g_assert_false (omni_weights_has (weights, "d"));
  specs = omni_weights_get_specs (weights);
  g_assert_cmpuint (specs->len, ==, 3);
  g_assert_cmpstr (g_array_index (specs, OmniTensorSpec, 0).name, ==, "a");
  g_assert_cmpuint (g_array_index (specs, OmniTensorSpec, 1).n_dims, ==, 4);
  g_assert_cmpuint (g_array_index (specs, OmniTensorSpec, 2).n_dims, ==, 0);
}

/* Every finite binary16 number, against its definition. */
static void
test_half (void)
{
  g_autoptr (GByteArray) file = g_byte_array_new ();
  const char *header = "{\"a\":{\"dtype\":\"F16\",\"shape\":[2,31744],\"data_offsets\":[0,126976]}}";
  const guint64 n_header = GUINT64_TO_LE ((guint64)strlen (header));
  g_autoptr (GBytes) bytes = NULL;
  g_autoptr (OmniWeights) weights = NULL;
  g_autofree float *values = NULL;
  gsize n;

  g_byte_array_append (file, (const guint8 *)&n_header, 8);
  g_byte_array_append (file, (const guint8 *)header, (guint)strlen (header));
  for (guint i = 0; i < 2 * 31744; i++)
  {
    const guint16 half = GUINT16_TO_LE (i < 31744 ? i : 0x8000 + i - 31744);

    g_byte_array_append (file, (const guint8 *)&half, 2);
  }
  bytes = g_byte_array_free_to_bytes (g_steal_pointer (&file));
  weights = omni_weights_load_bytes (bytes, "half", NULL);
  values = omni_weights_dup_floats (weights, "a", &n);
  g_assert_cmpuint (n, ==, 2 * 31744);
  for (guint i = 0; i < n; i++)
  {
    const guint bits = i % 31744;
    const double magnitude = bits < 1024 ? ldexp (bits, -24)
                                         : ldexp (1024 + bits % 1024, (int)(bits / 1024) - 25);

    g_assert_true (values[i] == (float)(i < 31744 ? magnitude : -magnitude));
    g_assert_cmpint (signbit (values[i]) != 0, ==, i >= 31744);
  }
}

static void
test_not_finite (void)
{
  static const guint32 evil[] = { 0x7f800000, 0xff800000, 0x7fc00000, 0x7f800001 };

  for (guint i = 0; i < G_N_ELEMENTS (evil); i++)
  {
    g_autoptr (GBytes) good = make_file ("{" GOOD "}", 8);
    gsize n;
    guint8 *data = g_bytes_unref_to_data (g_steal_pointer (&good), &n);
    const guint32 bits = GUINT32_TO_LE (evil[i]);
    g_autoptr (GBytes) bytes = NULL;

    memcpy (data + n - 4, &bits, 4);
    bytes = g_bytes_new_take (data, n);
    assert_refused (bytes, "not a finite number");
  }
}

static void
add_spec (GArray *specs, const char *name, guint n_dims, guint a, guint b)
{
  OmniTensorSpec spec = { .n_dims = n_dims, .dims = { a, b } };

  g_strlcpy (spec.name, name, sizeof spec.name);
  g_array_append_val (specs, spec);
}

static void
assert_misfit (OmniWeights *weights, const GArray *specs, const char *reason)
{
  g_autoptr (GError) error = NULL;

  g_assert_false (omni_weights_check (weights, specs, &error));
  g_assert_error (error, OMNI_WEIGHTS_ERROR, OMNI_WEIGHTS_ERROR_ARCHITECTURE);
  g_assert_nonnull (strstr (error->message, reason));
}

/* Written in 16 bits and read back: the nearest value, of two as near the even one. */
static void
test_write_half (void)
{
  static const float values[] = { 1,           -2.5f,      0,           -0.0f,      65504,
                                  65519,       0x1p-24f,   0x1p-25f,    0x1.8p-25f, 3e-40f,
                                  0x1.002p0f,  0x1.006p0f, 0x1.0021p0f, 0x1p-14f,   0x1.ffap-15f,
                                  0x1.ffcp-15f };
  static const float wanted[] = {
    1,        -2.5f, 0, -0.0f,      65504,      65504,    0x1p-24f,     0,
    0x1p-24f, 0,     1, 0x1.008p0f, 0x1.004p0f, 0x1p-14f, 0x1.ff8p-15f, 0x1p-14f
  };
  const float *const tensors[] = { values };
  const float above = 65520;
  const float *const tensors_above[] = { &above };
  g_autoptr (GArray) specs = g_array_new (FALSE, FALSE, sizeof (OmniTensorSpec));
  g_autoptr (GArray) one = g_array_new (FALSE, FALSE, sizeof (OmniTensorSpec));
  g_autoptr (GBytes) bytes = NULL, too_large = NULL;
  g_autoptr (OmniWeights) weights = NULL;
  g_autofree float *read = NULL;
  gsize n;

  G_STATIC_ASSERT (G_N_ELEMENTS (values) == G_N_ELEMENTS (wanted));
  add_spec (specs, "a", 1, G_N_ELEMENTS (values), 0);
  bytes = omni_weights_write_as (OMNI_DTYPE_F16, specs, NULL, tensors);
  weights = omni_weights_load_bytes (bytes, "half", NULL);
  g_assert_nonnull (weights);
  read = omni_weights_dup_floats (weights, "a", &n);
  g_assert_cmpmem (read, n * 4, wanted, sizeof wanted);

  add_spec (one, "a", 1, 1, 0);
  too_large = omni_weights_write_as (OMNI_DTYPE_F16, one, NULL, tensors_above);
  assert_refused (too_large, "not a finite number");
}

static void
test_write_and_check (void)
{
  const float a[6] = { 1, -2.5f, 3e-40f, 0, -0.0f, 1e38f }, b[1] = { 7 };
  const float *const values[] = { a, b };
  const char *const metadata[] = { "architecture", "t\"e\\s\nt", "é", "ö", NULL };
  g_autoptr (GArray) specs = g_array_new (FALSE, FALSE, sizeof (OmniTensorSpec));
  g_autoptr (GArray) other = g_array_new (FALSE, FALSE, sizeof (OmniTensorSpec));
  g_autoptr (GBytes) bytes = NULL;
  g_autoptr (OmniWeights) weights = NULL;
  g_autofree float *read = NULL;
  g_autofree char *sha256 = NULL;
  gsize n;

  add_spec (specs, "z.weight", 2, 2, 3);
  add_spec (specs, "a.bias", 1, 1, 0);
  bytes = omni_weights_write (specs, metadata, values);
  weights = omni_weights_load_bytes (bytes, "written", NULL);
  g_assert_nonnull (weights);
  g_assert_true (omni_weights_check (weights, specs, NULL));
  g_assert_cmpstr (omni_weights_get_metadata (weights, "architecture"), ==, "t\"e\\s\nt");
  g_assert_cmpstr (omni_weights_get_metadata (weights, "é"), ==, "ö");
  read = omni_weights_dup_floats (weights, "z.weight", &n);
  g_assert_cmpmem (read, n * 4, a, sizeof a);
  sha256 = g_compute_checksum_for_bytes (G_CHECKSUM_SHA256, bytes);
  g_assert_cmpstr (omni_weights_get_sha256 (weights), ==, sha256);

  add_spec (other, "z.weight", 2, 2, 3);
  assert_misfit (weights, other, "“a.bias” that the network does not have");
  add_spec (other, "a.bias", 1, 2, 0);
  assert_misfit (weights, other, "has the shape (1); (2) is needed");
  g_array_index (other, OmniTensorSpec, 1).dims[0] = 1;
  g_assert_true (omni_weights_check (weights, other, NULL));
  g_array_index (other, OmniTensorSpec, 1).n_dims = 2;
  assert_misfit (weights, other, "has the shape (1); (1, 0) is needed");
  g_array_index (other, OmniTensorSpec, 1).n_dims = 1;
  add_spec (other, "missing", 1, 1, 0);
  assert_misfit (weights, other, "lacks the tensor “missing” of shape (1)");
}

/* Unusual files: nothing may hang, and the path is named. */
static void
test_paths (void)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *folder = g_dir_make_tmp ("omnifuse-XXXXXX", NULL);
  g_autofree char *fifo = g_build_filename (folder, "fifo", NULL);
  g_autofree char *missing = g_build_filename (folder, "missing", NULL);
  const char *const paths[] = { missing, folder, fifo, "/dev/zero" };

  g_assert_cmpint (mkfifo (fifo, 0600), ==, 0);
  for (guint i = 0; i < G_N_ELEMENTS (paths); i++)
  {
    g_assert_null (omni_weights_load (paths[i], &error));
    g_assert_error (error, OMNI_WEIGHTS_ERROR, OMNI_WEIGHTS_ERROR_FORMAT);
    g_assert_nonnull (strstr (error->message, paths[i]));
    g_clear_error (&error);
  }
  g_unlink (fifo);
  g_rmdir (folder);
}

static GBytes *
read_shipped (void)
{
  g_autofree char *path = g_test_build_filename (G_TEST_DIST, "..", "models", "weights", "ifani.safetensors",
                                                 NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (OmniWeights) weights = omni_weights_load (path, &error);
  char *contents;
  gsize n;

  g_assert_no_error (error);
  g_assert_cmpstr (omni_weights_get_metadata (weights, "architecture"), ==, "ifani");
  g_assert_cmpstr (omni_weights_get_metadata (weights, "licence"), ==, "CC0-1.0");
  g_assert_true (g_file_get_contents (path, &contents, &n, NULL));
  return g_bytes_new_take (contents, n);
}

static void
mutate (GRand *random, guint8 *header, gsize *n)
{
  static const char alphabet[] = "\"\\{}[]:,0123456789-.eu \t\xff\x80";
  const gsize at = (gsize)g_rand_int_range (random, 0, (gint32)*n);
  gsize count = (gsize)g_rand_int_range (random, 1, 40);

  switch (g_rand_int_range (random, 0, 5))
  {
  case 0: /* one bit */
    header[at] ^= (guint8)(1u << g_rand_int_range (random, 0, 8));
    break;
  case 1: /* one byte with a meaning */
    header[at] = (guint8)alphabet[g_rand_int_range (random, 0, sizeof alphabet)];
    break;
  case 2: /* a piece of the header over another */
    count = MIN (count, *n - at);
    memmove (header + at, header + g_rand_int_range (random, 0, (gint32)(*n - count + 1)), count);
    break;
  case 3: /* a piece removed */
    count = MIN (count, *n - at);
    memmove (header + at, header + at + count, *n - at - count);
    *n -= count;
    break;
  default: /* any byte */
    header[at] = (guint8)g_rand_int_range (random, 0, 256);
    break;
  }
}

/* The header of the shipped file, damaged at random: refused, or read as what it then says. */
static void
test_mutations (void)
{
  g_autoptr (GBytes) shipped = read_shipped ();
  g_autoptr (GRand) random = g_rand_new_with_seed (20240607);
  gsize n_file;
  const guint8 *file = g_bytes_get_data (shipped, &n_file);
  guint64 n_header;
  guint refused = 0;

  memcpy (&n_header, file, 8);
  n_header = GUINT64_FROM_LE (n_header);
  for (guint round = 0; round < 2000; round++)
  {
    guint8 *copy = g_memdup2 (file, n_file);
    gsize n = (gsize)n_header;
    guint64 claim;
    g_autoptr (GBytes) bytes = NULL;
    g_autoptr (OmniWeights) weights = NULL;
    g_autoptr (GError) error = NULL;

    for (gint k = g_rand_int_range (random, 1, 4); k > 0; k--)
      mutate (random, copy + 8, &n);
    memmove (copy + 8 + n, copy + 8 + n_header, n_file - 8 - n_header);
    claim = GUINT64_TO_LE ((guint64)n);
    memcpy (copy, &claim, 8);
    bytes = g_bytes_new_take (copy, n_file - (n_header - n));
    weights = omni_weights_load_bytes (bytes, "mutant", &error);
    g_assert_true ((weights == NULL) == (error != NULL));
    if (error != NULL)
      g_assert_true (g_utf8_validate (error->message, -1, NULL));
    refused += weights == NULL;
  }
  g_test_message ("%u of 2000 refused", refused);
  g_assert_cmpuint (refused, >, 1500);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/weights/attacks", test_attacks);
  g_test_add_func ("/weights/length-lies", test_length_lies);
  g_test_add_func ("/weights/nul", test_nul);
  g_test_add_func ("/weights/deep-nesting", test_deep_nesting);
  g_test_add_func ("/weights/too-many-tensors", test_too_many_tensors);
  g_test_add_func ("/weights/truncation", test_truncation);
  g_test_add_func ("/weights/accepted", test_accepted);
  g_test_add_func ("/weights/half", test_half);
  g_test_add_func ("/weights/not-finite", test_not_finite);
  g_test_add_func ("/weights/write-and-check", test_write_and_check);
  g_test_add_func ("/weights/write-half", test_write_half);
  g_test_add_func ("/weights/paths", test_paths);
  g_test_add_func ("/weights/mutations", test_mutations);
  return g_test_run ();
}
