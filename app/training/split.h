/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/training/dataset.h"

G_BEGIN_DECLS

/* What split.csv says: (transfer full) (element-type utf8 → OmniSplit + 1) the split of each file, by its path below the data
 * folder. Another split than train and val is an error. */
GHashTable *omni_split_read (const char *path, GError **error);

/* For folders without split.csv: which of `groups` (distinct names) are for validation, into `is_val`: an eighth, rounded,
 * at least one of two or more. Depends on the set of names alone. */
void omni_split_groups (const char *const *groups, guint n_groups, gboolean *is_val);

G_END_DECLS
