/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "models/import/foreign.h"
#include "models/import/import.h"

G_BEGIN_DECLS

struct _OmniImport
{
  GPtrArray *files;    /* OmniForeign */
  GPtrArray *tensors;  /* OmniForeignTensor of all of them */
  GPtrArray *names;    /* char: theirs in the tables' form, in the same order */
  GHashTable *by_name; /* one of these → the first tensor that has it */

  const char *architecture, *title, *note;
  GArray *specs;    /* OmniTensorSpec, ours */
  GPtrArray *found; /* OmniForeignTensor for each */

  GPtrArray *taken, *ignored;
  GPtrArray *metadata; /* char: keys and values in turn */
  gboolean half;       /* write 16 bits a number */
  guint n_bands;       /* networks, of a file each, one for each band; 0: one network of all files */
  gboolean has_double; /* two files have tensors of one name: not parts of one network */
};

/* Empty. */
OmniImport *omni_import_alloc (void);

/* Takes each of the files as a network for one band, in order. FALSE without an error when none of them is one. */
gboolean omni_import_read_bands (OmniImport *import, const char *const *paths, const char *architecture,
                                 GError **error);

/* (nullable) Which dims of ours (output channels, input channels, rows, columns) the dims of theirs are: as in PyTorch, or
 * turned as in TensorFlow. NULL when the tensor is not of floats or has another shape. The shapes of no network here could be
 * both and differ. */
const guint *omni_import_find_order (const OmniForeignTensor *tensor, const OmniTensorSpec *spec);
gboolean omni_import_is_as_is (const guint *order);

/* (nullable) What the files call `prefix``name`, in the tables' form. */
OmniForeignTensor *omni_import_find_tensor (OmniImport *import, const char *prefix, const char *name);

/* What the files say of themselves that is worth keeping. */
void omni_import_carry_metadata (OmniImport *import);

/* Whether the files hold a network of `architecture` (nullable: of any) in our own names; then all is taken. */
gboolean omni_import_try_models (OmniImport *import, const char *architecture);

/* How many tensors of the model of `architecture` stand there under our own names. */
guint omni_import_count_own (OmniImport *import, const char *architecture);

/* For an architecture that only we have, or a file with our names: FALSE, and what the files lack. */
gboolean omni_import_refuse_own (OmniImport *import, const char *architecture, GError **error);

/* Sets a key, the architecture too. */
void omni_import_put_metadata (OmniImport *import, const char *key, const char *value);

G_END_DECLS
