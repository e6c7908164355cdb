/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/training/split.h"

#include "app/files/csv.h"

#include <string.h>

#define VAL_SHARE 8

GHashTable *
omni_split_read (const char *path, GError **error)
{
  g_autofree char *name = g_filename_display_name (path);
  g_autoptr (OmniCsv) csv = omni_csv_read (path, error);
  guint split_column, file_column;
  if (csv == NULL)
    return NULL;
  if (!omni_csv_find_column (csv, "split", &split_column)
      || !omni_csv_find_column (csv, "file", &file_column))
  {
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA, "“%s” needs the columns “split” and “file”.",
                 name);
    return NULL;
  }
  g_autoptr (GHashTable) splits = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  for (guint row = 0; row < omni_csv_count_rows (csv); row++)
  {
    const char *split = omni_csv_get (csv, row, split_column), *file = omni_csv_get (csv, row, file_column);
    const gboolean is_val = g_str_equal (split, "val");
    if (!is_val && !g_str_equal (split, "train"))
    {
      g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA,
                   "“%s” has “%s” in the split “%s”; a training knows train and val.", name, file, split);
      return NULL;
    }
    g_hash_table_insert (splits, g_strdup (file),
                         GUINT_TO_POINTER ((is_val ? OMNI_SPLIT_VAL : OMNI_SPLIT_TRAIN) + 1));
  }
  return g_steal_pointer (&splits);
}

typedef struct
{
  char *hash;
  guint index;
} Rank;

static int
compare_ranks (gconstpointer a, gconstpointer b)
{
  return strcmp (((const Rank *)a)->hash, ((const Rank *)b)->hash);
}

void
omni_split_groups (const char *const *groups, guint n_groups, gboolean *is_val)
{
  g_autofree Rank *ranks = g_new0 (Rank, n_groups);
  for (guint i = 0; i < n_groups; i++)
    ranks[i] = (Rank){ g_compute_checksum_for_string (G_CHECKSUM_SHA256, groups[i], -1), i };
  qsort (ranks, n_groups, sizeof *ranks, compare_ranks);
  const guint n_val = n_groups < 2 ? 0 : MAX (1, (n_groups + VAL_SHARE / 2) / VAL_SHARE);
  for (guint i = 0; i < n_groups; i++)
  {
    is_val[ranks[i].index] = i < n_val;
    g_free (ranks[i].hash);
  }
}
