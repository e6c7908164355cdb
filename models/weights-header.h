/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "models/weights.h"

G_BEGIN_DECLS

/* One tensor as the header describes it. Offsets count from the first byte of data. */
typedef struct
{
  OmniTensorSpec spec;
  gboolean half; /* F16, else F32 */
  guint64 n_elements;
  guint64 begin, end;
} OmniWeightsEntry;

/* Reads the JSON header of a safetensors file, `n_data_bytes` of data following it. Fills `entries` (element-type
 * OmniWeightsEntry), sorted by name, and `metadata` (strings, owned by the table). Everything that could be wrong with
 * the header alone is: the grammar, duplicate keys, shapes, and that the tensors tile the data without gap or overlap. */
gboolean omni_weights_header_parse (const char *text, gsize n_bytes, guint64 n_data_bytes, GArray *entries,
                                    GHashTable *metadata, GError **error);

G_END_DECLS
