/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "models/weights.h"

G_BEGIN_DECLS

/* What the authors' networks are called, and what we call them: models.md §8 of the project's papers gives ours. */

/* One tensor: our name and shape (convolutions as OIHW), and theirs. */
typedef struct
{
  OmniTensorSpec ours;
  char theirs[128]; /* parts joined by dots, without what comes before all of them */
} OmniImportRow;

typedef struct _OmniImportTable OmniImportTable;

/* All tables, NULL-terminated; those of one architecture with more tensors first. */
const OmniImportTable *const *omni_import_tables (void);

const char *omni_import_table_get_architecture (const OmniImportTable *table);

/* For people: "the authors' TensorFlow checkpoint, without normalisation". */
const char *omni_import_table_get_title (const OmniImportTable *table);

/* (transfer full) (element-type OmniImportRow) */
GArray *omni_import_table_get_rows (const OmniImportTable *table);

/* Keys and values in turn, NULL-terminated: what the authors' code does and their file does not say. */
const char *const *omni_import_table_get_metadata (const OmniImportTable *table);

/* (nullable) The larger network that this one is a part of: a file that holds any more of it is a damaged one of that. */
const OmniImportTable *omni_import_table_get_whole (const OmniImportTable *table);

/* (nullable) A key whose value only the file's name tells, and its values after it, NULL-terminated. */
const char *const *omni_import_table_get_named (const OmniImportTable *table);

/* (nullable) What to tell people of what the metadata means. */
const char *omni_import_table_get_note (const OmniImportTable *table);

G_END_DECLS
