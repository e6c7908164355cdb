/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "models/dtype.h"

#include <gio/gio.h>

G_BEGIN_DECLS

/* A safetensors file: an 8-byte little-endian header length, a JSON header, then the data. Immutable, any thread.
 *
 * Refused with the reason: a header that is not JSON or lies about sizes, unknown dtypes (only F32 and F16), duplicate
 * keys, overlapping tensors, holes, data beyond the file, trailing bytes, more than 2^31 elements, values that are not
 * finite. Nothing is allocated beyond the file's size (F16 is widened on access). */
typedef struct _OmniWeights OmniWeights;

#define OMNI_WEIGHTS_ERROR (omni_weights_error_quark ())
GQuark omni_weights_error_quark (void);

typedef enum
{
  OMNI_WEIGHTS_ERROR_FORMAT,       /* the file is not a sound safetensors file */
  OMNI_WEIGHTS_ERROR_ARCHITECTURE, /* sound, but not for this model: a tensor is missing, extra or mis-shaped */
  OMNI_WEIGHTS_ERROR_NONE,         /* the model has no weights yet */
  OMNI_WEIGHTS_ERROR_HASH          /* a file that ships is not the one that was recorded */
} OmniWeightsError;

typedef struct
{
  char name[64];
  guint n_dims;
  guint dims[4];
} OmniTensorSpec;

OmniWeights *omni_weights_load (const char *path, GError **error);

/* (transfer full) The whole of a weight file of any format, at most 1 GiB. Pipes, folders and devices are refused. */
GBytes *omni_weights_read_bytes (const char *path, GError **error);

/* `name` appears in messages in place of a path. */
OmniWeights *omni_weights_load_bytes (GBytes *bytes, const char *name, GError **error);

/* (transfer full) A file of `specs` (element-type OmniTensorSpec) without its values, whatever their size: something to ask an
 * OmniModel by for its tensors. Where a name comes twice the first counts. `metadata` as for omni_weights_write(). */
OmniWeights *omni_weights_new_outline (const GArray *specs, const char *const *metadata, const char *name);
OmniWeights *omni_weights_ref (OmniWeights *weights);
void omni_weights_unref (OmniWeights *weights);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (OmniWeights, omni_weights_unref)

/* (nullable) The string under `key` in __metadata__. */
const char *omni_weights_get_metadata (const OmniWeights *weights, const char *key);

/* Hex SHA-256 of the file. */
const char *omni_weights_get_sha256 (const OmniWeights *weights);

/* `sha256` (transfer full): the hash of the bytes these weights were just loaded from, where it is known already. */
void omni_weights_take_sha256 (OmniWeights *weights, char *sha256);
const char *omni_weights_get_path (const OmniWeights *weights);

gboolean omni_weights_has (const OmniWeights *weights, const char *name);

/* (element-type OmniTensorSpec) What the file holds, sorted by name. */
const GArray *omni_weights_get_specs (const OmniWeights *weights);

/* (transfer full) The values as floats, row-major; the tensor must exist. */
float *omni_weights_dup_floats (const OmniWeights *weights, const char *name, gsize *n_elements);

/* TRUE when the file holds exactly `specs` (element-type OmniTensorSpec); else the first missing, extra or mis-shaped one
 * is named in the error. */
gboolean omni_weights_check (const OmniWeights *weights, const GArray *specs, GError **error);

/* (transfer full) A file of F32 tensors in the order of `specs` (element-type OmniTensorSpec). `metadata` (nullable): keys
 * and values in turn, NULL-terminated. `values` (nullable, then all zero): one array per tensor. */
GBytes *omni_weights_write (const GArray *specs, const char *const *metadata, const float *const *values);

/* The same, of F32 or F16 tensors: the nearest values that 16 bits hold. */
GBytes *omni_weights_write_as (OmniDtype dtype, const GArray *specs, const char *const *metadata,
                               const float *const *values);

G_END_DECLS
