/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/files/natural-sort.h"

#include "app/files/reader.h"

#include <glib/gi18n.h>
#include <string.h>

static gsize
count_digits (const char *text)
{
  gsize n = 0;

  while (g_ascii_isdigit (text[n]))
    n++;
  return n;
}

/* Compares the numbers at *a and *b, of any length, and steps over them. */
static int
compare_numbers (const char **a, const char **b)
{
  while (**a == '0')
    (*a)++;
  while (**b == '0')
    (*b)++;

  const gsize n_a = count_digits (*a);
  const gsize n_b = count_digits (*b);
  const int order = n_a != n_b ? (n_a < n_b ? -1 : 1) : strncmp (*a, *b, n_a);

  *a += n_a;
  *b += n_b;
  return order;
}

int
omni_natural_compare (const char *a, const char *b)
{
  const char *x = a;
  const char *y = b;

  while (*x != '\0' && *y != '\0')
  {
    int order;
    if (g_ascii_isdigit (*x) && g_ascii_isdigit (*y))
      order = compare_numbers (&x, &y);
    else
      order = (int)(guchar)g_ascii_tolower (*x++) - (int)(guchar)g_ascii_tolower (*y++);
    if (order != 0)
      return order;
  }
  if (*x != *y)
    return *x == '\0' ? -1 : 1;
  return strcmp (a, b);
}

static int
compare_paths_cb (gconstpointer a, gconstpointer b)
{
  return omni_natural_compare (*(const char *const *)a, *(const char *const *)b);
}

static gboolean
add_folder (GPtrArray *files, const char *folder, GError **error)
{
  g_autofree char *name = g_filename_display_name (folder);
  g_autoptr (GDir) dir = g_dir_open (folder, 0, error);
  g_autoptr (GPtrArray) found = g_ptr_array_new_with_free_func (g_free);
  const char *entry;

  if (dir == NULL)
  {
    g_prefix_error (error, _ ("The folder “%s” cannot be listed: "), name);
    return FALSE;
  }
  while ((entry = g_dir_read_name (dir)) != NULL)
  {
    g_autofree char *path = g_build_filename (folder, entry, NULL);
    if (entry[0] != '.' && omni_picture_is_candidate (path))
      g_ptr_array_add (found, g_steal_pointer (&path));
  }
  omni_files_drop_raw (found);
  if (found->len == 0)
  {
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND,
                 _ ("The folder “%s” holds no pictures this program can read; name another one."), name);
    return FALSE;
  }
  g_ptr_array_sort (found, compare_paths_cb);
  g_ptr_array_extend_and_steal (files, g_steal_pointer (&found));
  return TRUE;
}

char **
omni_files_expand (char **args, GError **error)
{
  g_return_val_if_fail (args != NULL, NULL);

  g_autoptr (GPtrArray) files = g_ptr_array_new_with_free_func (g_free);

  for (gsize i = 0; args[i] != NULL; i++)
  {
    if (g_file_test (args[i], G_FILE_TEST_IS_DIR))
    {
      if (!add_folder (files, args[i], error))
        return NULL;
    }
    else if (g_file_test (args[i], G_FILE_TEST_EXISTS))
      g_ptr_array_add (files, g_strdup (args[i]));
    else
    {
      g_autofree char *name = g_filename_display_name (args[i]);
      g_set_error (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND, _ ("“%s” does not exist; check the name."), name);
      return NULL;
    }
  }
  g_ptr_array_add (files, NULL);
  return (char **)g_ptr_array_steal (files, NULL);
}

/* The path without its extension, in small letters. */
static char *
make_stem (const char *path)
{
  const char *name = strrchr (path, G_DIR_SEPARATOR), *dot = strrchr (path, '.');

  return g_ascii_strdown (path, dot != NULL && (name == NULL || dot > name) ? dot - path : -1);
}

/* (transfer full) (element-type filename) Those of `paths` that omni_files_drop_raw() takes out; they are taken out if `drop`. */
static GPtrArray *
find_doubled_raw (GPtrArray *paths, gboolean drop)
{
  GPtrArray *doubled = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GHashTable) stems = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);

  for (guint i = 0; i < paths->len; i++)
    if (!omni_picture_is_raw (paths->pdata[i]))
      g_hash_table_add (stems, make_stem (paths->pdata[i]));
  for (guint i = paths->len; i-- > 0;)
  {
    g_autofree char *stem = make_stem (paths->pdata[i]);
    if (!omni_picture_is_raw (paths->pdata[i]) || !g_hash_table_contains (stems, stem))
      continue;
    g_ptr_array_add (doubled, g_strdup (paths->pdata[i]));
    if (drop)
      g_ptr_array_remove_index (paths, i);
  }
  g_ptr_array_sort (doubled, compare_paths_cb);
  return doubled;
}

void
omni_files_drop_raw (GPtrArray *paths)
{
  g_return_if_fail (paths != NULL);

  g_ptr_array_unref (find_doubled_raw (paths, TRUE));
}

char *
omni_folder_describe_raw (const char *folder)
{
  g_return_val_if_fail (folder != NULL, NULL);

  g_autoptr (GDir) dir = g_dir_open (folder, 0, NULL);
  g_autoptr (GPtrArray) paths = g_ptr_array_new_with_free_func (g_free);

  for (const char *entry; dir != NULL && (entry = g_dir_read_name (dir)) != NULL;)
  {
    g_autofree char *path = g_build_filename (folder, entry, NULL);
    if (entry[0] != '.' && omni_picture_is_candidate (path))
      g_ptr_array_add (paths, g_steal_pointer (&path));
  }
  g_autoptr (GPtrArray) doubled = find_doubled_raw (paths, FALSE);
  if (doubled->len == 0)
    return NULL;
  const guint n = doubled->len;
  g_autofree char *name = g_filename_display_name (doubled->pdata[0]);
  if (n == 1)
    return g_strdup_printf (
      _ ("“%s” is camera raw and was passed over, for a picture of the same name lies beside it."), name);
  return g_strdup_printf (
    ngettext ("“%s” and %u other file are camera raw and were passed over, for pictures of the "
              "same names lie beside them.",
              "“%s” and %u other files are camera raw and were passed over, for pictures of the "
              "same names lie beside them.",
              n - 1),
    name, n - 1);
}
