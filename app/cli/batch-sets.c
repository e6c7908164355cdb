/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/cli/batch-sets.h"

#include "app/cli/target.h"
#include "app/files/natural-sort.h"

#include <glib/gstdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* A folder to visit. */
typedef struct
{
  char *folder, *key;
  char *below; /* its path below the folder that was named; "" for that itself */
} Place;

typedef struct
{
  char *output;     /* (nullable) the identity of the folder for results */
  GHashTable *seen; /* identities */
  GQueue links;     /* Place; visited when all that is no link has been */
  GPtrArray *sets, *notes;
  GCancellable *cancellable;
} Walk;

static void
set_free (gpointer data)
{
  OmniCliSet *set = data;

  g_free (set->folder);
  g_free (set->key);
  g_free (set->name);
  g_free (set->problem);
  g_free (set);
}

static void
place_free (gpointer data)
{
  Place *place = data;

  g_free (place->folder);
  g_free (place->key);
  g_free (place->below);
  g_free (place);
}

static Place *
place_new (const char *folder)
{
  Place *place = g_new0 (Place, 1);

  place->folder = g_strdup (folder);
  place->key = g_canonicalize_filename (folder, NULL);
  place->below = g_strdup ("");
  return place;
}

static Place *
place_new_below (const Place *above, const char *name)
{
  Place *place = g_new0 (Place, 1);

  place->folder = g_build_filename (above->folder, name, NULL);
  place->key = g_build_filename (above->key, name, NULL);
  place->below = above->below[0] != '\0' ? g_build_filename (above->below, name, NULL) : g_strdup (name);
  return place;
}

static int
compare_places (gconstpointer a, gconstpointer b)
{
  return omni_natural_compare ((*(const Place *const *)a)->key, (*(const Place *const *)b)->key);
}

static int
compare_sets (gconstpointer a, gconstpointer b)
{
  return omni_natural_compare ((*(const OmniCliSet *const *)a)->key, (*(const OmniCliSet *const *)b)->key);
}

/* (transfer full) (nullable) What is the same for all ways to one folder; NULL for what is none. */
static char *
identify (const char *folder)
{
  GStatBuf status;

  if (g_stat (folder, &status) != 0 || !S_ISDIR (status.st_mode))
    return NULL;
  return g_strdup_printf ("%" G_GUINT64_FORMAT ":%" G_GUINT64_FORMAT, (guint64)status.st_dev,
                          (guint64)status.st_ino);
}

/* (transfer full) Not distinct yet. */
static char *
name_set (const Place *place)
{
  char *name = place->below[0] != '\0' ? g_strdup (place->below) : g_path_get_basename (place->key);

  return g_strdelimit (name, G_DIR_SEPARATOR_S, '-');
}

static void
look_for_pictures (Walk *walk, const Place *place)
{
  g_autoptr (GError) error = NULL;
  g_auto (GStrv) files = omni_files_expand ((char *[]){ place->folder, NULL }, &error);
  const guint n = files != NULL ? g_strv_length (files) : 0;
  /* Who fuses the folder says it then. */
  g_autofree char *raw = n < 2 ? omni_folder_describe_raw (place->folder) : NULL;

  if (raw != NULL)
    g_ptr_array_add (walk->notes, g_steal_pointer (&raw));
  if (files == NULL && g_error_matches (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND))
    return;
  OmniCliSet *set = g_new0 (OmniCliSet, 1);
  set->folder = g_strdup (place->folder);
  set->key = g_strdup (place->key);
  set->name = name_set (place);
  set->n_pictures = n;
  set->problem = error != NULL ? omni_cli_make_sentence (error) : NULL;
  g_ptr_array_add (walk->sets, set);
}

/* (transfer full) (element-type Place) The folders in `place`, with the links to such. */
static GPtrArray *
list_folders (const Place *place)
{
  g_autoptr (GDir) directory = g_dir_open (place->folder, 0, NULL);
  GPtrArray *places = g_ptr_array_new_with_free_func (place_free);

  for (const char *name; directory != NULL && (name = g_dir_read_name (directory)) != NULL;)
  {
    g_autofree char *path = g_build_filename (place->folder, name, NULL);
    if (name[0] != '.' && g_file_test (path, G_FILE_TEST_IS_DIR))
      g_ptr_array_add (places, place_new_below (place, name));
  }
  g_ptr_array_sort (places, compare_places);
  return places;
}

/* Whether a link of `place` goes back to that or to something above it, where it would come by here again. */
static gboolean
leads_back (const Place *place, const char *link)
{
  g_autofree char *here = realpath (place->folder, NULL);
  g_autofree char *there = realpath (link, NULL);
  const gsize n = there != NULL ? strlen (there) : 0;

  return here != NULL && n > 0 && strncmp (here, there, n) == 0
         && (here[n] == '\0' || here[n] == G_DIR_SEPARATOR || there[n - 1] == G_DIR_SEPARATOR);
}

static void
visit (Walk *walk, const Place *place)
{
  g_autofree char *identity = identify (place->folder);

  if (identity == NULL || g_cancellable_is_cancelled (walk->cancellable)
      || g_strcmp0 (identity, walk->output) == 0
      || !g_hash_table_add (walk->seen, g_steal_pointer (&identity)))
    return;
  look_for_pictures (walk, place);
  g_autoptr (GPtrArray) places = list_folders (place);
  for (guint i = 0; i < places->len; i++)
  {
    Place *below = places->pdata[i];
    if (!g_file_test (below->folder, G_FILE_TEST_IS_SYMLINK))
      visit (walk, below);
    else if (!leads_back (place, below->folder))
      g_queue_push_tail (&walk->links, place_new_below (place, strrchr (below->key, G_DIR_SEPARATOR) + 1));
  }
}

/* (transfer full) (nullable) (element-type Place) */
static GPtrArray *
read_folders (char **folders, const char *output, GError **error)
{
  g_autoptr (GPtrArray) places = g_ptr_array_new_with_free_func (place_free);

  for (guint i = 0; folders[i] != NULL; i++)
  {
    g_autofree char *identity = identify (folders[i]);
    g_autofree char *name = g_filename_display_name (folders[i]);
    if (identity == NULL && g_file_test (folders[i], G_FILE_TEST_EXISTS))
      omni_cli_refuse (error, "“%s” is no folder; name one with sets of pictures below it, or use fuse.",
                       name);
    else if (identity == NULL)
      omni_cli_refuse (error, "There is no folder “%s”; check the name.", name);
    else if (g_strcmp0 (identity, output) == 0)
      omni_cli_refuse (error,
                       "“%s” cannot be fused and take the results, which would be a set the next time; name "
                       "another folder (-o).",
                       name);
    else
    {
      g_ptr_array_add (places, place_new (folders[i]));
      continue;
    }
    return NULL;
  }
  g_ptr_array_sort (places, compare_places);
  return g_steal_pointer (&places);
}

static void
make_names_distinct (GPtrArray *sets)
{
  g_autoptr (GHashTable) taken = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);

  for (guint i = 0; i < sets->len; i++)
  {
    OmniCliSet *set = sets->pdata[i];
    g_autofree char *wanted = g_steal_pointer (&set->name);
    set->name = omni_cli_take_name (taken, wanted);
  }
}

GPtrArray *
omni_cli_find_sets (char **folders, const char *output, GPtrArray *notes, GCancellable *cancellable,
                    GError **error)
{
  g_autofree char *identity = output != NULL ? identify (output) : NULL;
  g_autoptr (GPtrArray) places = read_folders (folders, identity, error);
  g_autoptr (GPtrArray) sets = g_ptr_array_new_with_free_func (set_free);
  g_autoptr (GHashTable) seen = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  Walk walk = { .output = identity, .seen = seen, .sets = sets, .notes = notes, .cancellable = cancellable };

  if (places == NULL)
    return NULL;
  for (guint i = 0; i < places->len; i++)
    visit (&walk, places->pdata[i]);
  for (Place *link; (link = g_queue_pop_head (&walk.links)) != NULL; place_free (link))
    visit (&walk, link);
  if (g_cancellable_set_error_if_cancelled (cancellable, error))
    return NULL;
  if (sets->len == 0)
  {
    g_autofree char *name = g_filename_display_name (folders[0]);
    omni_cli_refuse (error,
                     folders[1] == NULL
                       ? "There are no pictures in “%s” or below it; name a folder of sets."
                       : "There are no pictures in “%s” and the others or below them; name a folder of sets.",
                     name);
    return NULL;
  }
  g_ptr_array_sort (sets, compare_sets);
  make_names_distinct (sets);
  return g_steal_pointer (&sets);
}
