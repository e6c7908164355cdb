/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "models/import/tables.h"

#include <glib.h>

/* Small weight files of other programs, written byte by byte, so that a test can make them wrong in one place. */

/* ---- Pickles ---- */

void fixture_put (GByteArray *out, const char *bytes, gsize n);
/* A literal, NULs and all. */
#define FIXTURE_PUT(out, literal) fixture_put (out, literal, sizeof (literal) - 1)
void fixture_put_text (GByteArray *out, const char *text);
void fixture_put_number (GByteArray *out, guint64 number, guint n_bytes);
void fixture_put_integer (GByteArray *out, gint32 number);
void fixture_put_dims (GByteArray *out, const guint *dims, guint n_dims);

typedef struct
{
  const char *name;
  const char *storage; /* class: "FloatStorage" */
  guint n_dims, dims[4];
  guint n_elements;   /* of its own storage, whose key is the tensor's number */
  gconstpointer data; /* n_bytes of them */
  gsize n_bytes;
} FixtureTensor;

/* An OrderedDict of tensors, as torch.save() pickles it, from PROTO to STOP. */
GByteArray *fixture_pickle (const FixtureTensor *tensors, guint n);

/* ---- ZIP ---- */

typedef struct
{
  const char *name;
  gconstpointer data;
  gsize n_bytes;
} FixtureEntry;

/* As PyTorch writes it: stored, sizes after the data and in the directory, a ZIP64 end before the old one. `plain` has the
 * sizes in the headers and the old end alone. `directory` (nullable): where it begins. */
GByteArray *fixture_zip (const FixtureEntry *entries, guint n, gboolean plain, gsize *directory);

/* The archive of fixture_pickle() and the storages; `pickle` (nullable) instead of it. */
GByteArray *fixture_torch_zip (const FixtureTensor *tensors, guint n, GByteArray *pickle);
GByteArray *fixture_torch_legacy (const FixtureTensor *tensors, guint n);

/* ---- TensorFlow ---- */

typedef struct
{
  const char *key;
  guint8 value[128];
  gsize n_value;
} FixturePair;

/* A table of one data block. The block is `block` where that is given. Packed: by Snappy. */
GByteArray *fixture_table (const FixturePair *pairs, guint n, GByteArray *block, gboolean packed);

/* The pairs as a block, without type and checksum. */
GByteArray *fixture_block (const FixturePair *pairs, guint n);

/* The header of a checkpoint, and an entry of F32 numbers. */
FixturePair fixture_header (guint n_shards, gboolean big_endian);
FixturePair fixture_tensor (const char *key, const guint *dims, guint n_dims, guint64 offset, guint64 n_bytes,
                            guint32 crc);

/* The bytes with one number in them replaced. */
void fixture_patch (GByteArray *bytes, gsize at, guint64 number, guint n_bytes);
GBytes *fixture_finish (GByteArray *bytes);

/* ---- A made-up network in the names and shapes of one of the tables ---- */

typedef struct
{
  GArray *rows;     /* OmniImportRow */
  gboolean hwio;    /* convolutions as TensorFlow lays them */
  GPtrArray *names; /* char: theirs, with `prefix` before */
  GPtrArray *data;  /* float, in their order */
  GArray *tensors;  /* FixtureTensor */
} FixtureNet;

/* The table of an architecture after `skip` others of it. */
const OmniImportTable *fixture_find_table (const char *architecture, guint skip);

FixtureNet *
fixture_net_new (const OmniImportTable *table, const char *prefix, gboolean hwio, gboolean coarse);
void fixture_net_free (FixtureNet *net);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (FixtureNet, fixture_net_free)
const FixtureTensor *fixture_net_tensors (const FixtureNet *net);

/* As TensorFlow's Saver writes it, keys with slashes: the index. `data` gets what belongs into the only data file. */
GByteArray *fixture_net_checkpoint (const FixtureNet *net, gboolean packed, GByteArray *data);

/* The value of element (o, i, y, x) of tensor t: every one another, exact in every format down to BF16's 8 bits when
 * `coarse`. A variance must not be negative. */
float fixture_value_at (guint t, guint64 index, gboolean coarse);
guint64 fixture_count (const OmniTensorSpec *spec);
