/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "models/dtype.h"
#include "models/weights.h"

G_BEGIN_DECLS

/* One tensor as the header describes it. Offsets count from the first byte of data. */
typedef struct
{
  OmniTensorSpec spec;
  OmniDtype dtype;
  guint64 n_elements;
  guint64 begin, end;
} OmniWeightsEntry;

/* Reads the header of a safetensors file: 8 bytes of length, then JSON, then the data, which begin at `data_offset`. Fills
 * `entries` (element-type OmniWeightsEntry), sorted by name, and `metadata` (strings, owned by the table). Everything that
 * could be wrong with the header alone is: the lengths, the grammar, duplicate keys, shapes, and that the tensors tile the
 * data without gap or overlap. Our own files hold F32 and F16 only; with `foreign` every OmniDtype is taken. */
gboolean omni_weights_file_parse (GBytes *file, gboolean foreign, GArray *entries, GHashTable *metadata,
                                  gsize *data_offset, GError **error);

/* (transfer full) The text for people to read, in which whatever a file could smuggle in is made harmless: what could steer
 * a terminal or pass for words of ours, and what is no text. */
char *omni_weights_make_readable (const char *text);

/* Sets OMNI_WEIGHTS_ERROR_FORMAT with the sentence, in which whatever a file could smuggle in is made harmless. */
void omni_weights_refuse_va (GError **error, const char *format, va_list arguments) G_GNUC_PRINTF (2, 0);

G_END_DECLS
