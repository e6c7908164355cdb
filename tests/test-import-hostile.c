/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "models/import/foreign.h"
#include "models/import/sstable.h"
#include "tests/import-fixture.h"

#include <glib/gstdio.h>
#include <string.h>

/* Attacks on the readers of foreign weight files: each must be refused with its reason, or be read as what it says; none may
 * crash, hang or take memory that the file does not warrant, which is checked by running this under AddressSanitizer. */

static const float ones[6] = { 1, 2, 3, 4, 5, 6 };
static const FixtureTensor small[] = {
  { "a.weight", "FloatStorage", 2, { 2, 3 }, 6, ones, sizeof ones },
  { "a.bias", "FloatStorage", 1, { 2 }, 2, ones, 8 },
};
#define N_SMALL G_N_ELEMENTS (small)

static char *folder;

typedef OmniForeign *(*Reader) (const char *path, GBytes *bytes, GError **error);

/* The reader gets a copy of the bytes' own length. */
static void
assert_refused (Reader read, GByteArray *bytes, const char *reason)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *path = g_build_filename (folder, "evil.index", NULL);
  g_autoptr (GBytes) copy = g_bytes_new (bytes->data, bytes->len);
  OmniForeign *foreign = read (path, copy, &error);

  g_assert_null (foreign);
  g_assert_error (error, OMNI_WEIGHTS_ERROR, OMNI_WEIGHTS_ERROR_FORMAT);
  g_assert_true (g_utf8_validate (error->message, -1, NULL));
  if (reason != NULL && strstr (error->message, reason) == NULL)
    g_error ("refused as “%s”, not for “%s”", error->message, reason);
}

static void
assert_read (Reader read, GByteArray *bytes)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *path = g_build_filename (folder, "evil.index", NULL);
  g_autoptr (GBytes) copy = g_bytes_new (bytes->data, bytes->len);
  g_autoptr (OmniForeign) foreign = read (path, copy, &error);

  g_assert_no_error (error);
  g_assert_nonnull (foreign);
}

/* A sound file cut at every length. */
static void
cut_everywhere (Reader read, GByteArray *whole)
{
  assert_read (read, whole);
  for (guint n = 0; n < whole->len; n++)
  {
    g_autoptr (GByteArray) cut = g_byte_array_new ();

    g_byte_array_append (cut, whole->data, n);
    assert_refused (read, cut, NULL);
  }
}

/* ---- Pickles ---- */

typedef struct
{
  const char *program;
  gsize n;
  const char *reason;
} Program;

#define PROGRAM(text, reason)                                                                                \
  {                                                                                                          \
    text, sizeof text - 1, reason                                                                            \
  }
#define STORAGE "(X\7\0\0\0storagectorch\nFloatStorage\nX\1\0\0\0000X\3\0\0\0cpu"
#define TENSOR  "\x80\2}X\1\0\0\0tctorch._utils\n_rebuild_tensor_v2\n("

static const Program programs[] = {
  /* what would run */
  PROGRAM ("\x80\2cos\nsystem\nX\2\0\0\0id\x85R.", "“os.system”"),
  PROGRAM ("\x80\2cposix\nsystem\nX\2\0\0\0id\x85R.", "“posix.system”"),
  PROGRAM ("\x80\2c__builtin__\neval\nX\2\0\0\0id\x85R.", "“__builtin__.eval”"),
  PROGRAM ("\x80\4\x8c\x0a"
           "subprocess\x8c\5Popen\x93)R.",
           "“subprocess.Popen”"),
  PROGRAM ("\x80\2ctorch\nload\n)R.", "“torch.load”"),
  PROGRAM ("\x80\2ctorch._utils\n_rebuild_tensor_v2.__globals__\n)R.", "__globals__"),
  PROGRAM ("\x80\2ccollections\nOrderedDict.__init__\n)R.", "__init__"),
  PROGRAM ("\x80\2ctorch\n\x1b[31mred\n.", "?[31mred"),
  PROGRAM ("\x80\2(S'id'\nios\nsystem\n.", "opcode STRING"),
  PROGRAM ("\x80\2(ios\nsystem\n.", "opcode INST"),
  PROGRAM ("\x80\2(cos\nsystem\no.", "“os.system”"),
  PROGRAM ("\x80\2(o.", "opcode OBJ"),
  PROGRAM ("\x80\2)\x81.", "opcode NEWOBJ"),
  PROGRAM ("\x80\4)\x92.", "opcode NEWOBJ_EX"),
  PROGRAM ("\x80\2\x82\1.", "opcode EXT1"),
  PROGRAM ("\x80\2\x84\1\1\1\1.", "opcode EXT4"),
  PROGRAM ("\x80\2Pid\n.", "opcode PERSID"),
  PROGRAM ("\x80\2N0.", "opcode POP"),
  PROGRAM ("\x80\2N2.", "opcode DUP"),
  PROGRAM ("\x80\2I1\n.", "opcode INT"),
  PROGRAM ("\x80\2"
           "C\1a.",
           "opcode SHORT_BINBYTES"),
  PROGRAM ("\x80\4\x8f.", "opcode EMPTY_SET"),
  PROGRAM ("\x80\5\x97.", "opcode NEXT_BUFFER"),
  PROGRAM ("\x80\2\xff.", "opcode unknown (0xff)"),
  PROGRAM ("\x80\2\0.", "opcode unknown (0x00)"),
  PROGRAM ("\x80\x63.", "unknown protocol 99"),
  PROGRAM ("\x80\2ccollections\nOrderedDict\n)R}b0.", "opcode POP"),
  PROGRAM ("\x80\2]}b.", "no dictionary (BUILD)"),
  PROGRAM ("\x80\2}]b.", "no dictionary (BUILD)"),
  PROGRAM ("\x80\2}ccollections\nOrderedDict\nb.", "no dictionary (BUILD)"),
  PROGRAM ("\x80\2})R.", "makes neither"),
  PROGRAM ("\x80\2X\1\0\0\0a)R.", "makes neither"),
  PROGRAM ("\x80\2ccollections\nOrderedDict\n]R.", "makes neither"),
  PROGRAM ("\x80\2ccollections\nOrderedDict\nNNN\x87R.", "makes neither"),
  PROGRAM ("\x80\2ccollections\nOrderedDict\nN\x85R.", "dictionary of the wrong parts"),
  PROGRAM ("\x80\2ccollections\nOrderedDict\n(]Na\x85R.", "more from its stack"),
  PROGRAM ("\x80\2ccollections\nOrderedDict\n]Na\x85R.", "dictionary of the wrong parts"),
  PROGRAM ("\x80\2ctorch\nFloatStorage\n)R.", "makes neither"),
  /* stack, marks, memo, ends */
  PROGRAM ("", "cut off"),
  PROGRAM ("\x80\2", "cut off"),
  PROGRAM ("\x80\2}", "cut off"),
  PROGRAM ("\x80\2.", "more or less than one value"),
  PROGRAM ("\x80\2NN.", "more or less than one value"),
  PROGRAM ("\x80\2(N.", "more or less than one value"),
  PROGRAM ("\x80\2}.}", "follows the end"),
  PROGRAM ("\x80\2t.", "mark that is not there"),
  PROGRAM ("\x80\2u.", "mark that is not there"),
  PROGRAM ("\x80\2(u.", "more from its stack"),
  PROGRAM ("\x80\2\x85.", "more from its stack"),
  PROGRAM ("\x80\2N(\x85.", "more from its stack"),
  PROGRAM ("\x80\2NN\x87.", "more from its stack"),
  PROGRAM ("\x80\2s.", "more from its stack"),
  PROGRAM ("\x80\2Na.", "more from its stack"),
  PROGRAM ("\x80\2](Na.", "more from its stack"),
  PROGRAM ("\x80\2R.", "more from its stack"),
  PROGRAM ("\x80\2Q.", "more from its stack"),
  PROGRAM ("\x80\2b.", "more from its stack"),
  PROGRAM ("\x80\2\x93.", "more from its stack"),
  PROGRAM ("\x80\2NN\x93.", "without a name"),
  PROGRAM ("\x80\2}(Nu.", "fills something"),
  PROGRAM ("\x80\2](NNu.", "fills something"),
  PROGRAM ("\x80\2}Na.", "fills something"),
  PROGRAM ("\x80\2)Na.", "fills something"),
  PROGRAM ("\x80\2q\0.", "remembers what it does not"),
  PROGRAM ("\x80\2Nq\1.", "not hold a dictionary"), /* Python 2 begins so */
  PROGRAM ("\x80\2Nq\1q\3q\5.", "not hold a dictionary"),
  PROGRAM ("\x80\2Nq\1h\0.", "never remembered"),
  PROGRAM ("\x80\2Nq\1q\3h\2.", "never remembered"),
  PROGRAM ("\x80\2Nq\2.", "remembers what it does not"),
  PROGRAM ("\x80\2Nq\1q\4.", "remembers what it does not"),
  PROGRAM ("\x80\2Nr\xff\xff\xff\xff.", "remembers what it does not"),
  PROGRAM ("\x80\2h\0.", "never remembered"),
  PROGRAM ("\x80\2j\xff\xff\xff\xff.", "never remembered"),
  PROGRAM ("\x80\4\x94.", "remembers what it does not"),
  PROGRAM ("\x80\4\x95\xff\xff\xff\xff\xff\xff\xff\xff.", "cut off"),
  PROGRAM ("\x80\2X\xff\xff\xff\xff"
           "a.",
           "cut off"),
  PROGRAM ("\x80\2X\1\0\0\0\xff.", "no text"),
  PROGRAM ("\x80\2X\1\0\0\0\0.", "no text"),
  PROGRAM ("\x80\2cab", "cut off"),
  PROGRAM ("\x80\2\x8a\x10"
           "aaaaaaaaaaaaaaaa.",
           "16 bytes"),
  PROGRAM ("\x80\2G\1\2\3", "cut off"),
  /* cycles, and what is no dictionary */
  PROGRAM ("\x80\2]q\0h\0a.", "not hold a dictionary"),
  PROGRAM ("\x80\2}q\0X\1\0\0\0ah\0s.", "holds itself"),
  PROGRAM ("\x80\2}q\0X\1\0\0\0a}q\1X\1\0\0\0bh\0ss.", "holds itself"),
  PROGRAM ("\x80\2N.", "not hold a dictionary"),
  PROGRAM ("\x80\2K\1.", "not hold a dictionary"),
  PROGRAM ("\x80\2X\1\0\0\0a.", "not hold a dictionary"),
  PROGRAM ("\x80\2ctorch\nFloatStorage\n.", "not hold a dictionary"),
  PROGRAM ("\x80\2}X\1\0\0\0a}X\1\0\0\0a}X\1\0\0\0a}X\1\0\0\0a}X\1\0\0\0a}X\1\0\0\0a}X\1\0\0\0a}X\1\0\0\0a}"
           "X\1\0\0\0a}"
           "sssssssss.",
           "8 deep"),
  /* storages and tensors; the archive's own storage 0 has six numbers */
  PROGRAM ("\x80\2NQ.", "no storage"),
  PROGRAM ("\x80\2)Q.", "no storage"),
  PROGRAM ("\x80\2(X\7\0\0\0storageNNNNtQ.", "no storage"),
  PROGRAM ("\x80\2(X\6\0\0\0modulectorch\nFloatStorage\nX\1\0\0\0000NK\6tQ.", "no storage"),
  PROGRAM ("\x80\2(X\7\0\0\0storageccollections\nOrderedDict\nX\1\0\0\0000NK\6tQ.", "no storage"),
  PROGRAM ("\x80\2" STORAGE "J\xff\xff\xff\xfftQ.", "no storage"),
  PROGRAM ("\x80\2" STORAGE "K\6K\1tQ.", "a part of another"),
  PROGRAM (TENSOR STORAGE "K\6tQK\0K\1\x85K\1\x85\x89NtRX\1\0\0\0u" STORAGE "K\7tQs.", "in two ways"),
  PROGRAM (TENSOR STORAGE "K\7tQK\0K\1\x85K\1\x85\x89NtRs.", "should hold 7 numbers"),
  PROGRAM (TENSOR STORAGE "\x8a\x08\0\0\0\0\0\0\0\x40tQK\0K\1\x85K\1\x85\x89NtRs.", "should hold"),
  PROGRAM (
    TENSOR
    "(X\7\0\0\0storagectorch\nFloatStorage\nX\7\0\0\0../../xX\3\0\0\0cpuK\6tQK\0K\1\x85K\1\x85\x89NtRs.",
    "lacks the storage"),
  PROGRAM (TENSOR STORAGE "K\6tQK\0K\7\x85K\1\x85\x89NtRs.", "more elements than"),
  PROGRAM (TENSOR STORAGE "K\6tQK\0J\xff\xff\xff\x7f\x85K\0\x85\x89NtRs.", "more elements than"),
  PROGRAM (TENSOR STORAGE "K\6tQK\0K\0\x85K\1\x85\x89NtRs.", "more elements than"),
  PROGRAM (TENSOR STORAGE "K\6tQK\0K\2\x85K\6\x85\x89NtRs.", "beyond its storage"),
  PROGRAM (TENSOR STORAGE "K\6tQK\0K\2\x85\x8a\x08\xff\xff\xff\xff\xff\xff\xff\x7f\x85\x89NtRs.",
           "beyond its storage"),
  PROGRAM (TENSOR STORAGE "K\6tQK\0K\2K\2\x86K\5K\1\x86\x89NtRs.", "beyond its storage"),
  PROGRAM (TENSOR STORAGE "K\6tQK\6K\1\x85K\1\x85\x89NtRs.", "beyond its storage"),
  PROGRAM (TENSOR STORAGE "K\6tQK\6))\x89NtRs.", "beyond its storage"),
  PROGRAM (TENSOR STORAGE "K\6tQ\x8a\x08\xff\xff\xff\xff\xff\xff\xff\x7fK\1\x85K\1\x85\x89NtRs.",
           "beyond its storage"),
  PROGRAM (TENSOR STORAGE "K\6tQJ\xff\xff\xff\xffK\1\x85K\1\x85\x89NtRs.", "wrong parts"),
  PROGRAM (TENSOR STORAGE "K\6tQK\0J\xff\xff\xff\xff\x85K\1\x85\x89NtRs.", "wrong parts"),
  PROGRAM (TENSOR STORAGE "K\6tQK\0K\1\x85K\1K\1\x86\x89NtRs.", "wrong parts"),
  PROGRAM (TENSOR STORAGE "K\6tQK\0(K\1K\1K\1K\1K\1K\1K\1K\1K\1tK\1\x85\x89NtRs.", "wrong parts"),
  PROGRAM (TENSOR STORAGE "K\6tQK\0K\1\x85tRs.", "wrong parts"),
  PROGRAM (TENSOR "NK\0K\1\x85K\1\x85\x89NtRs.", "wrong parts"),
  PROGRAM ("\x80\2ctorch._utils\n_rebuild_parameter\nNNN\x87R.", "makes neither"),
};

static void
test_pickles (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (programs); i++)
  {
    g_autoptr (GByteArray) pickle = g_byte_array_new ();
    g_autoptr (GByteArray) zip = NULL;
    g_autofree char *printable = NULL;

    fixture_put (pickle, programs[i].program, programs[i].n);
    printable = g_strescape (programs[i].program, NULL);
    g_test_message ("%s", printable);
    zip = fixture_torch_zip (small, 1, pickle);
    assert_refused (omni_foreign_read_torch_zip, zip, programs[i].reason);
  }
}

/* A dictionary that holds another under twenty names, which holds another … */
static void
put_laughs (GByteArray *out, guint depth)
{
  FIXTURE_PUT (out, "}q");
  fixture_put_number (out, depth, 1);
  if (depth == 7)
    return;
  FIXTURE_PUT (out, "(");
  for (guint i = 0; i < 20; i++)
  {
    g_autofree char *key = g_strdup_printf ("%u", i);

    fixture_put_text (out, key);
    if (i == 0)
      put_laughs (out, depth + 1);
    else
    {
      FIXTURE_PUT (out, "h");
      fixture_put_number (out, depth + 1, 1);
    }
  }
  FIXTURE_PUT (out, "u");
}

/* Programs that would grow without end, and some that only look so. */
static void
test_pickle_bombs (void)
{
  static const char opcodes[] = { ']', '}', '(', 'N', ')' };
  g_autoptr (GByteArray) laughs = g_byte_array_new (), zip = NULL;

  for (guint i = 0; i < sizeof opcodes; i++)
  {
    g_autoptr (GByteArray) pickle = g_byte_array_new (), bomb = NULL;

    g_byte_array_set_size (pickle, 4 << 20);
    memset (pickle->data, opcodes[i], pickle->len);
    bomb = fixture_torch_zip (small, 1, pickle);
    assert_refused (omni_foreign_read_torch_zip, bomb, "more than a file of this size");
  }
  /* 20^6 ways through them, 140 entries: quickly read, and without a tensor. */
  FIXTURE_PUT (laughs, "\x80\2");
  put_laughs (laughs, 0);
  FIXTURE_PUT (laughs, ".");
  zip = fixture_torch_zip (small, 1, laughs);
  assert_read (omni_foreign_read_torch_zip, zip);
}

/* ---- ZIP ---- */

static const FixtureEntry two[] = { { "n/data.pkl", "\x80\2}.", 4 }, { "n/data/0", "abcd", 4 } };

#define RECORD 46 /* bytes of a directory record before its name */

static void
patch_zip (gboolean plain, gssize at, guint64 number, guint n_bytes, const char *reason)
{
  gsize directory;
  g_autoptr (GByteArray) zip = fixture_zip (two, 2, plain, &directory);

  /* from the directory; from the end where negative */
  fixture_patch (zip, at < 0 ? zip->len + (gsize)at : directory + (gsize)at, number, n_bytes);
  assert_refused (omni_foreign_read_torch_zip, zip, reason);
}

static void
test_zip_records (void)
{
  patch_zip (FALSE, 0, 0, 4, "directory is damaged");
  patch_zip (FALSE, 8, 0x809, 2, "is encrypted");
  patch_zip (FALSE, 8, 0x800, 2, "differ");
  patch_zip (FALSE, 10, 8, 2, "is compressed");
  patch_zip (FALSE, 10, 93, 2, "is compressed");
  patch_zip (FALSE, 16, 1, 4, "checksum");
  patch_zip (FALSE, 20, 3, 4, "two sizes");
  patch_zip (FALSE, 24, 0x40000000, 4, "two sizes");
  patch_zip (TRUE, 24, 3, 4, "two sizes");
  patch_zip (FALSE, 28, 65535, 2, "directory is damaged");
  patch_zip (FALSE, 30, 65535, 2, "directory is damaged");
  patch_zip (FALSE, 42, 1, 4, "the entry “n/data.pkl”");
  patch_zip (FALSE, 42, 0x7fffffff, 4, "outside the archive");
  patch_zip (FALSE, 42, 0xffffffff, 4, "outside the archive");
  /* the second entry claims to be the first */
  patch_zip (FALSE, RECORD + 10 + 42, 0, 4, "differ");
  /* ends */
  patch_zip (FALSE, -22, 0, 4, "has no end");
  patch_zip (FALSE, -18, 1, 2, "several parts");
  patch_zip (TRUE, -12, 3, 2, "several parts");
  patch_zip (TRUE, -12, 0xffffffff, 4, "several parts");
  patch_zip (TRUE, -10, 3, 4, "not where its end says");
  patch_zip (TRUE, -6, 5, 4, "not where its end says");
  patch_zip (TRUE, -6, 0xfffffff0, 4, "not where its end says");
  patch_zip (FALSE, -2, 7, 2, "has no end");
  /* ZIP64: absolute offsets, numbers that differ or wrap */
  patch_zip (FALSE, -34, 0, 8, "contradicts itself");
  patch_zip (FALSE, -34, G_MAXUINT64 - 20, 8, "contradicts itself");
  patch_zip (FALSE, -98 + 24, G_MAXUINT64, 8, "contradicts itself");
  patch_zip (FALSE, -98 + 32, 3, 8, "contradicts itself");
  patch_zip (FALSE, -98 + 40, 1, 8, "contradicts itself");
  patch_zip (FALSE, -98 + 48, G_MAXUINT64 - 4, 8, "contradicts itself");
  patch_zip (FALSE, -98 + 4, 100, 8, "contradicts itself");
}

/* Sizes and offsets that stand in a ZIP64 field and lie. */
static void
test_zip64_lies (void)
{
  static const guint64 lies[] = { 5, 1000000, G_MAXINT64, G_MAXUINT64, G_MAXUINT64 - 30 };

  for (guint i = 0; i < G_N_ELEMENTS (lies); i++)
    for (guint field = 0; field < 2; field++)
    {
      gsize directory;
      g_autoptr (GByteArray) zip = fixture_zip (two, 1, TRUE, &directory), evil = g_byte_array_new ();
      const gsize name_end = directory + RECORD + strlen (two[0].name);

      fixture_patch (zip, directory + (field == 0 ? 20 : 42), 0xffffffff, 4);
      if (field == 0)
        fixture_patch (zip, directory + 24, 0xffffffff, 4);
      fixture_patch (zip, directory + 30, field == 0 ? 20 : 12, 2);
      g_byte_array_append (evil, zip->data, (guint)name_end);
      fixture_put_number (evil, 1, 2);
      fixture_put_number (evil, field == 0 ? 16 : 8, 2);
      fixture_put_number (evil, lies[i], 8);
      if (field == 0)
        fixture_put_number (evil, lies[i], 8);
      g_byte_array_append (evil, zip->data + name_end, (guint)(zip->len - name_end));
      fixture_patch (evil, evil->len - 10, evil->len - 22 - directory, 4);
      assert_refused (omni_foreign_read_torch_zip, evil, field == 0 ? "" : "the entry “n/data.pkl”");
    }
}

static void
test_zip_names (void)
{
  static const char *const names[] = { "../data.pkl",  "/n/data.pkl", "n/../../data.pkl",
                                       "n/./data.pkl", "n\\data.pkl", "C:/data.pkl",
                                       "n//data.pkl",  "n/data/",     "n/\xff/data.pkl" };
  const FixtureEntry twice[] = { two[0], two[1], two[1] };
  const FixtureEntry pickles[] = { two[0], { "m/data.pkl", "\x80\2}.", 4 } };
  const FixtureEntry none[] = { { "n/data/0", "abcd", 4 } };
  const FixtureEntry big[] = { two[0], { "n/byteorder", "big", 3 } };

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
  {
    const FixtureEntry entry = { names[i], "\x80\2}.", 4 };
    g_autoptr (GByteArray) zip = fixture_zip (&entry, 1, FALSE, NULL);

    assert_refused (omni_foreign_read_torch_zip, zip, "unsafe name");
  }
  {
    g_autoptr (GByteArray) a = fixture_zip (twice, 3, FALSE, NULL), b = fixture_zip (pickles, 2, FALSE, NULL);
    g_autoptr (GByteArray) c = fixture_zip (none, 1, FALSE, NULL), d = fixture_zip (big, 2, FALSE, NULL);

    assert_refused (omni_foreign_read_torch_zip, a, "appears twice");
    assert_refused (omni_foreign_read_torch_zip, b, "two pickles");
    assert_refused (omni_foreign_read_torch_zip, c, "no data.pkl");
    assert_refused (omni_foreign_read_torch_zip, d, "not little-endian");
  }
}

/* An entry whose header lies within the data of another: the bytes of one count for both. */
static void
test_zip_overlap (void)
{
  const FixtureEntry inner = { "n/data/0", "abcd", 4 };
  gsize inner_directory, directory;
  g_autoptr (GByteArray) inside = fixture_zip (&inner, 1, TRUE, &inner_directory);
  const FixtureEntry outer[] = { { "n/data.pkl", inside->data, inner_directory }, inner };
  g_autoptr (GByteArray) zip = fixture_zip (outer, 2, TRUE, &directory);

  fixture_patch (zip, directory + RECORD + 10 + 42, 30 + 10 + 6, 4);
  assert_refused (omni_foreign_read_torch_zip, zip, "overlap");
}

static void
test_zip_truncation (void)
{
  g_autoptr (GByteArray) zip = fixture_torch_zip (small, N_SMALL, NULL), before = g_byte_array_new ();

  cut_everywhere (omni_foreign_read_torch_zip, zip);
  /* bytes before the archive shift every offset */
  FIXTURE_PUT (before, "PK");
  g_byte_array_append (before, zip->data, zip->len);
  assert_refused (omni_foreign_read_torch_zip, before, NULL);
}

/* ---- PyTorch before 1.6 ---- */

static void
test_legacy (void)
{
  g_autoptr (GByteArray) whole = fixture_torch_legacy (small, N_SMALL), longer = NULL, length = NULL,
                         bigend = NULL, version = NULL, magic = NULL;

  cut_everywhere (omni_foreign_read_torch_legacy, whole);
  longer = fixture_torch_legacy (small, N_SMALL);
  FIXTURE_PUT (longer, "x");
  assert_refused (omni_foreign_read_torch_legacy, longer, "1 bytes follow");
  length = fixture_torch_legacy (small, N_SMALL);
  fixture_patch (length, length->len - 16, G_MAXUINT64, 8);
  assert_refused (omni_foreign_read_torch_legacy, length, "two lengths");
  bigend = fixture_torch_legacy (small, N_SMALL);
  fixture_patch (bigend, 42, 0x89, 1);
  assert_refused (omni_foreign_read_torch_legacy, bigend, "not little-endian");
  version = fixture_torch_legacy (small, N_SMALL);
  fixture_patch (version, 18, 1, 1);
  assert_refused (omni_foreign_read_torch_legacy, version, "unknown version");
  magic = fixture_torch_legacy (small, N_SMALL);
  fixture_patch (magic, 6, 0, 1);
  assert_refused (omni_foreign_read_torch_legacy, magic, "none of PyTorch's");
}

/* ---- TensorFlow ---- */

static const guint dims[2] = { 2, 3 };

static guint32
crc_of (gconstpointer data, gsize n)
{
  return omni_crc32c_mask (omni_crc32c (data, n));
}

/* The checkpoint's data file, which stays as it is while the index is attacked. */
static void
write_data (const char *name, gconstpointer data, gsize n)
{
  g_autofree char *path = g_build_filename (folder, name, NULL);

  g_assert_true (g_file_set_contents (path, data, (gssize)n, NULL));
}

static void
refuse_pairs (const FixturePair *pairs, guint n, const char *reason)
{
  g_autoptr (GByteArray) table = fixture_table (pairs, n, NULL, FALSE);

  assert_refused (omni_foreign_read_tensorflow, table, reason);
}

static void
refuse_tensor (FixturePair pair, const char *reason)
{
  const FixturePair pairs[] = { fixture_header (1, FALSE), pair };

  refuse_pairs (pairs, 2, reason);
}

static void
test_checkpoint (void)
{
  const guint32 crc = crc_of (ones, 24);
  const guint huge[4] = { 65536, 65536, 65536, 65536 }, nine[9] = { 1, 1, 1, 1, 1, 1, 1, 1, 1 },
              zero[1] = { 0 };
  const FixturePair good = fixture_tensor ("a", dims, 2, 0, 24, crc);
  const FixturePair overlap[] = { fixture_header (1, FALSE), good,
                                  fixture_tensor ("b", dims, 1, 16, 8, crc) };
  const FixturePair twice[] = { fixture_header (1, FALSE), good, good };
  const FixturePair falling[] = { fixture_header (1, FALSE), fixture_tensor ("b", dims, 2, 0, 24, crc),
                                  good };
  const FixturePair two_files[] = { fixture_header (2, FALSE), good };
  const FixturePair many_files[] = { fixture_header (4000000000u, FALSE), good };
  const FixturePair no_file[] = { fixture_header (0, FALSE), good };
  const FixturePair big_endian[] = { fixture_header (1, TRUE), good };
  FixturePair damaged = good;

  write_data ("evil.data-00000-of-00001", ones, 24);
  refuse_tensor (fixture_tensor ("a", dims, 2, 0, 24, crc + 1), "checksum");
  refuse_tensor (fixture_tensor ("a", dims, 2, 0, 23, crc), "as many bytes");
  refuse_tensor (fixture_tensor ("a", dims, 2, 4, 24, crc), "beyond the end");
  refuse_tensor (fixture_tensor ("a", dims, 2, G_MAXUINT64, 24, crc), "beyond the end");
  refuse_tensor (fixture_tensor ("a", dims, 2, G_MAXUINT64 - 23, 24, crc), "beyond the end");
  refuse_tensor (fixture_tensor ("a", huge, 4, 0, 0, crc), "2^31");
  refuse_tensor (fixture_tensor ("a", zero, 1, 0, 0, crc), "length 0");
  refuse_tensor (fixture_tensor ("a", nine, 9, 0, 4, crc), "more than 8 dimensions");
  damaged.n_value--;
  refuse_tensor (damaged, "index is damaged");
  damaged.value[0] = 0x0f;
  refuse_tensor (damaged, "index is damaged");
  refuse_pairs (overlap, 3, "overlaps");
  refuse_pairs (twice, 3, "out of order");
  refuse_pairs (falling, 3, "out of order");
  refuse_pairs (two_files, 2, "Cannot read the weight file");
  refuse_pairs (many_files, 2, "4000000000 data files");
  refuse_pairs (no_file, 2, "0 data files");
  refuse_pairs (big_endian, 2, "not little-endian");
  refuse_pairs (&good, 1, "no header");
  refuse_pairs (&good, 0, "no header");
}

static void
test_checkpoint_truncation (void)
{
  const FixturePair pairs[] = { fixture_header (1, FALSE),
                                fixture_tensor ("a", dims, 2, 0, 24, crc_of (ones, 24)) };
  g_autoptr (GByteArray) table = fixture_table (pairs, 2, NULL, FALSE),
                         packed = fixture_table (pairs, 2, NULL, TRUE);

  write_data ("evil.data-00000-of-00001", ones, 24);
  cut_everywhere (omni_foreign_read_tensorflow, table);
  cut_everywhere (omni_foreign_read_tensorflow, packed);
  write_data ("evil.data-00000-of-00001", ones, 23);
  assert_refused (omni_foreign_read_tensorflow, table, "beyond the end");
  write_data ("evil.data-00000-of-00001", "abcdefghijklmnopqrstuvwx", 24);
  assert_refused (omni_foreign_read_tensorflow, table, "checksum");
}

/* A block with the right checksum and wrong inside. */
static void
refuse_block (const char *bytes, gsize n, gboolean packed, const char *reason)
{
  g_autoptr (GByteArray) block = g_byte_array_new (), table = NULL;

  fixture_put (block, bytes, n);
  table = fixture_table (NULL, 0, block, packed);
  assert_refused (omni_foreign_read_tensorflow, table, reason);
}

static void
test_table_blocks (void)
{
  const FixturePair pairs[] = { fixture_header (1, FALSE),
                                fixture_tensor ("a", dims, 2, 0, 24, crc_of (ones, 24)) };
  g_autoptr (GByteArray) table = fixture_table (pairs, 2, NULL, FALSE), bomb = g_byte_array_new ();
  const gsize footer = table->len - 48;

  refuse_block ("", 0, FALSE, "damaged");
  refuse_block ("\1\0\0", 3, FALSE, "damaged");
  refuse_block ("\xff\xff\xff\xff", 4, FALSE, "damaged");
  refuse_block ("\0\0\0\0\2\0\0\0", 8, FALSE, "damaged");
  refuse_block ("\1\1\0a\0\0\0\0", 8, FALSE, "damaged");
  refuse_block ("\0\x7f\0a\0\0\0\0", 8, FALSE, "damaged");
  refuse_block ("\0\1\x7f"
                "a\0\0\0\0",
                8, FALSE, "damaged");
  refuse_block ("\xff\xff\xff\xff\xff\xff\xff\xff\xff\1\1\0a\0\0\0\0", 17, FALSE, "damaged");
  refuse_block ("\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\1\1\0a\0\0\0\0", 18, FALSE, "damaged");
  /* 20 MiB of zeros, which Snappy packs into one */
  g_byte_array_set_size (bomb, 20 << 20);
  memset (bomb->data, 0, bomb->len);
  {
    g_autoptr (GByteArray) evil = fixture_table (NULL, 0, bomb, TRUE);

    g_assert_cmpuint (evil->len, <, 2 << 20);
    assert_refused (omni_foreign_read_tensorflow, evil, "more than 16 MiB");
  }
  /* the footer points elsewhere */
  fixture_patch (table, footer + 2, 0, 1);
  assert_refused (omni_foreign_read_tensorflow, table, NULL);
  fixture_patch (table, footer + 2, 0x7f7f7fff, 4);
  assert_refused (omni_foreign_read_tensorflow, table, NULL);
  fixture_patch (table, footer, G_MAXUINT64, 8);
  fixture_patch (table, footer + 8, G_MAXUINT64, 8);
  fixture_patch (table, footer + 16, G_MAXUINT64, 8);
  fixture_patch (table, footer + 24, G_MAXUINT64, 8);
  assert_refused (omni_foreign_read_tensorflow, table, "footer");
}

/* ---- Random damage ---- */

static void
mutate (GRand *random, GByteArray *bytes)
{
  const guint at = (guint)g_rand_int_range (random, 0, (gint32)bytes->len);
  guint n = (guint)g_rand_int_range (random, 1, 9);

  switch (g_rand_int_range (random, 0, 5))
  {
  case 0:
    bytes->data[at] ^= (guint8)(1u << g_rand_int_range (random, 0, 8));
    break;
  case 1: /* a number at its limits */
    n = MIN (n, bytes->len - at);
    memset (bytes->data + at, g_rand_boolean (random) ? 255 : 0, n);
    break;
  case 2: /* a piece over another */
    n = MIN (n * 4, bytes->len - at);
    memmove (bytes->data + at, bytes->data + g_rand_int_range (random, 0, (gint32)(bytes->len - n + 1)), n);
    break;
  case 3: /* a piece removed */
    if (bytes->len > n + 1)
      g_byte_array_remove_range (bytes, MIN (at, bytes->len - n), n);
    break;
  default:
    bytes->data[at] = (guint8)g_rand_int_range (random, 0, 256);
    break;
  }
}

/* Adds up every number that a tensor claims to have: a wrong bound would read outside. */
static guint
look (Reader read, GByteArray *bytes)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *path = g_build_filename (folder, "evil.index", NULL);
  g_autoptr (GBytes) copy = g_bytes_new (bytes->data, bytes->len);
  g_autoptr (OmniForeign) foreign = read (path, copy, &error);
  volatile guint sum = 0;

  g_assert_true ((foreign == NULL) == (error != NULL));
  if (error != NULL)
    g_assert_true (g_utf8_validate (error->message, -1, NULL));
  for (guint i = 0; foreign != NULL && i < foreign->tensors->len; i++)
  {
    const OmniForeignTensor *tensor = foreign->tensors->pdata[i];
    const gsize size = omni_dtype_get_bytes (tensor->dtype);
    guint64 last = 0;

    for (guint k = 0; k < tensor->n_dims; k++)
      last += (tensor->dims[k] - 1) * tensor->strides[k];
    sum += tensor->data[0] + tensor->data[last * size + size - 1];
  }
  return foreign == NULL;
}

typedef GByteArray *(*Maker) (GRand *random);

/* Damage under the checksums: the pickle before it goes into the archive, the block before it goes into the table. */
static GByteArray *
make_pickle (GRand *random)
{
  g_autoptr (GByteArray) pickle = fixture_pickle (small, N_SMALL);

  for (gint k = g_rand_int_range (random, 1, 4); k > 0; k--)
    mutate (random, pickle);
  return fixture_torch_zip (small, N_SMALL, pickle);
}

static GByteArray *
make_block (GRand *random)
{
  const FixturePair pairs[] = { fixture_header (1, FALSE),
                                fixture_tensor ("a/bias", dims, 1, 0, 8, crc_of (ones, 8)) };
  g_autoptr (GByteArray) block = fixture_block (pairs, 2);

  for (gint k = g_rand_int_range (random, 1, 4); k > 0; k--)
    mutate (random, block);
  return fixture_table (NULL, 0, block, g_rand_boolean (random));
}

static GByteArray *
damage (GRand *random, GByteArray *whole)
{
  for (gint k = g_rand_int_range (random, 1, 4); k > 0; k--)
    mutate (random, whole);
  return whole;
}

static GByteArray *
make_zip (GRand *random)
{
  return damage (random, fixture_torch_zip (small, N_SMALL, NULL));
}

static GByteArray *
make_legacy (GRand *random)
{
  return damage (random, fixture_torch_legacy (small, N_SMALL));
}

static GByteArray *
make_table (GRand *random)
{
  const FixturePair pairs[] = { fixture_header (1, FALSE),
                                fixture_tensor ("a", dims, 2, 0, 24, crc_of (ones, 24)) };

  return damage (random, fixture_table (pairs, 2, NULL, g_rand_boolean (random)));
}

static void
test_mutations (void)
{
  static const struct
  {
    const char *name;
    Maker make;
    Reader read;
  } kinds[] = { { "zip", make_zip, omni_foreign_read_torch_zip },
                { "pickle", make_pickle, omni_foreign_read_torch_zip },
                { "legacy", make_legacy, omni_foreign_read_torch_legacy },
                { "table", make_table, omni_foreign_read_tensorflow },
                { "block", make_block, omni_foreign_read_tensorflow } };
  g_autoptr (GRand) random = g_rand_new_with_seed (20240915);

  write_data ("evil.data-00000-of-00001", ones, 24);
  for (guint i = 0; i < G_N_ELEMENTS (kinds); i++)
  {
    guint refused = 0;

    for (guint round = 0; round < 4000; round++)
    {
      g_autoptr (GByteArray) bytes = kinds[i].make (random);

      refused += look (kinds[i].read, bytes);
    }
    g_test_message ("%s: %u of 4000 refused", kinds[i].name, refused);
    g_assert_cmpuint (refused, >, 1000);
  }
}

int
main (int argc, char **argv)
{
  int status;

  g_test_init (&argc, &argv, NULL);
  folder = g_dir_make_tmp ("omnifuse-import-XXXXXX", NULL);
  g_test_add_func ("/import-hostile/pickles", test_pickles);
  g_test_add_func ("/import-hostile/pickle-bombs", test_pickle_bombs);
  g_test_add_func ("/import-hostile/zip-records", test_zip_records);
  g_test_add_func ("/import-hostile/zip64-lies", test_zip64_lies);
  g_test_add_func ("/import-hostile/zip-names", test_zip_names);
  g_test_add_func ("/import-hostile/zip-overlap", test_zip_overlap);
  g_test_add_func ("/import-hostile/zip-truncation", test_zip_truncation);
  g_test_add_func ("/import-hostile/legacy", test_legacy);
  g_test_add_func ("/import-hostile/checkpoint", test_checkpoint);
  g_test_add_func ("/import-hostile/checkpoint-truncation", test_checkpoint_truncation);
  g_test_add_func ("/import-hostile/table-blocks", test_table_blocks);
  g_test_add_func ("/import-hostile/mutations", test_mutations);
  status = g_test_run ();
  {
    g_autofree char *data = g_build_filename (folder, "evil.data-00000-of-00001", NULL);

    g_unlink (data);
  }
  g_rmdir (folder);
  g_free (folder);
  return status;
}
