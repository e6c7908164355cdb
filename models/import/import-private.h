/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "models/import/foreign.h"
#include "models/import/import.h"

G_BEGIN_DECLS

struct _OmniImport
{
  GPtrArray *files;   /* OmniForeign */
  GPtrArray *tensors; /* OmniForeignTensor of all of them */
  GPtrArray *names;   /* char: theirs in the tables' form, in the same order */

  const char *architecture, *title, *note;
  GArray *specs;    /* OmniTensorSpec, ours */
  GPtrArray *found; /* OmniForeignTensor for each */

  GPtrArray *taken, *ignored;
  GPtrArray *metadata; /* char: keys and values in turn */
  gboolean half;       /* write 16 bits a number */
};

/* (nullable) Which dims of ours (output channels, input channels, rows, columns) the dims of theirs are: as in PyTorch, or
 * turned as in TensorFlow. NULL when the tensor is not of floats or has another shape. The shapes of no network here could be
 * both and differ. */
const guint *omni_import_find_order (const OmniForeignTensor *tensor, const OmniTensorSpec *spec);
gboolean omni_import_is_as_is (const guint *order);

/* Sets a key, the architecture too. */
void omni_import_put_metadata (OmniImport *import, const char *key, const char *value);

G_END_DECLS
