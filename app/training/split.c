/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/training/split.h"

#include <string.h>

#define VAL_SHARE 8

/* The fields of one line of RFC 4180, quotes taken off. NULL when a quote is left open. */
static char **
split_fields (const char *line)
{
  g_autoptr (GStrvBuilder) fields = g_strv_builder_new ();
  g_autoptr (GString) field = g_string_new (NULL);
  gboolean quoted = FALSE;
  for (const char *c = line; *c != '\0'; c++)
    if (*c == '"' && quoted && c[1] == '"')
      g_string_append_c (field, *c++);
    else if (*c == '"')
      quoted = !quoted;
    else if (*c == ',' && !quoted)
    {
      g_strv_builder_add (fields, field->str);
      g_string_truncate (field, 0);
    }
    else if (*c != '\r')
      g_string_append_c (field, *c);
  g_strv_builder_add (fields, field->str);
  return quoted ? NULL : g_strv_builder_end (fields);
}

static int
find_column (char **names, const char *wanted)
{
  for (int i = 0; names != NULL && names[i] != NULL; i++)
    if (g_str_equal (names[i], wanted))
      return i;
  return -1;
}

static gboolean
add_line (GHashTable *splits, char **fields, int split_column, int file_column)
{
  const guint n = fields != NULL ? g_strv_length (fields) : 0;
  if (n <= (guint)MAX (split_column, file_column))
    return FALSE;
  const char *split = fields[split_column];
  if (!g_str_equal (split, "train") && !g_str_equal (split, "val"))
    return FALSE;
  const OmniSplit value = g_str_equal (split, "val") ? OMNI_SPLIT_VAL : OMNI_SPLIT_TRAIN;
  g_hash_table_insert (splits, g_strdup (fields[file_column]), GUINT_TO_POINTER (value + 1));
  return TRUE;
}

GHashTable *
omni_split_read (const char *path, GError **error)
{
  g_autofree char *text = NULL;
  if (!g_file_get_contents (path, &text, NULL, error))
    return NULL;
  g_autofree char *name = g_filename_display_name (path);
  g_auto (GStrv) lines = g_strsplit (text, "\n", -1);
  g_auto (GStrv) header = lines[0] != NULL ? split_fields (lines[0]) : NULL;
  const int split_column = find_column (header, "split"), file_column = find_column (header, "file");
  if (split_column < 0 || file_column < 0)
  {
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA,
                 "“%s”, line 1: the columns “split” and “file” are needed.", name);
    return NULL;
  }
  g_autoptr (GHashTable) splits = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  for (guint i = 1; lines[i] != NULL; i++)
  {
    if (lines[i][strspn (lines[i], " \t\r")] == '\0')
      continue;
    g_auto (GStrv) fields = split_fields (lines[i]);
    if (add_line (splits, fields, split_column, file_column))
      continue;
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA,
                 "“%s”, line %u: a line names a file and its split, train or val.", name, i + 1);
    return NULL;
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
