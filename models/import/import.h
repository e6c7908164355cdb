/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "models/weights.h"

G_BEGIN_DECLS

/* Other people's weight files as ours: PyTorch's .pth (ZIP, and the format before 1.6), TensorFlow's V2 checkpoints, and
 * safetensors with other names. Reading never runs anything and never writes; hostile files are refused with the reason
 * (OMNI_WEIGHTS_ERROR). The files stay in memory as long as the import. Any thread, one at a time. */
typedef struct _OmniImport OmniImport;

/* One tensor that was taken. Shapes as text: "(3, 3, 2, 44)". */
typedef struct
{
  char *from, *from_shape;
  char *to, *to_shape;
  const char *layout; /* "HWIO to OIHW", or NULL when the shape stays */
} OmniImportTaken;

/* What was not, and why. */
typedef struct
{
  char *name;
  const char *reason;
} OmniImportIgnored;

/* Reads `paths` (NULL-terminated), which together hold one network: a checkpoint may be named by its index, its data file or
 * what comes before both. The architecture is found from the shapes, or is `architecture` (nullable). What fits no
 * network is refused, naming the nearest and what it lacks. Or each of two to eight files holds a network of PMGI for
 * pan-sharpening: together they are a file with a network for each band, in their order. */
OmniImport *omni_import_new (const char *const *paths, const char *architecture, GError **error);
void omni_import_free (OmniImport *import);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (OmniImport, omni_import_free)

const char *omni_import_get_architecture (const OmniImport *import);

/* Untranslated, for people: "the authors' TensorFlow checkpoint". */
const char *omni_import_get_title (const OmniImport *import);

/* (nullable) A sentence, untranslated, on what the file does not say. */
const char *omni_import_get_note (const OmniImport *import);

/* The files read, those beside the named ones too, and what they are, untranslated: "TensorFlow checkpoint". */
guint omni_import_get_n_files (const OmniImport *import);
const char *omni_import_get_file (const OmniImport *import, guint index, const char **format);

/* How many networks for one band each it is, the first of the first file; 0: it is one network of all the files. */
guint omni_import_get_n_bands (const OmniImport *import);

/* The file of band 1 … n_bands. */
const char *omni_import_get_band_file (const OmniImport *import, guint band);

/* (element-type OmniImportTaken), (element-type OmniImportIgnored) */
const GPtrArray *omni_import_get_taken (const OmniImport *import);
const GPtrArray *omni_import_get_ignored (const OmniImport *import);

/* As omni_model_count_parameters() counts them. */
guint64 omni_import_get_n_parameters (const OmniImport *import);

/* What __metadata__ will say. `licence` and `provenance` are "unknown: imported from FILE" until somebody knows better;
 * `architecture` is not to be set. */
void omni_import_set_metadata (OmniImport *import, const char *key, const char *value);
const char *omni_import_get_metadata (const OmniImport *import, const char *key);

/* (transfer full) Keys and values in turn, NULL-terminated, in the order in which they are written. */
const char **omni_import_list_metadata (const OmniImport *import);

/* Whether numbers are written in 16 bits: half the size, to eleven significant bits. FALSE at first. */
void omni_import_set_half (OmniImport *import, gboolean half);

/* (transfer full) The safetensors file. It is loaded once more and, where this version has a model of the architecture,
 * checked as omni_model_load_weights() would; `checked` (nullable) says whether there was one. */
GBytes *omni_import_write (OmniImport *import, gboolean *checked, GError **error);

G_END_DECLS
