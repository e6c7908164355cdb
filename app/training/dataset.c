/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/training/dataset.h"

#include "app/files/natural-sort.h"
#include "app/files/reader.h"
#include "app/training/notes.h"
#include "app/training/split.h"

#include <string.h>

struct _OmniDataset
{
  char *path;
  GHashTable *splits;   /* NULL without split.csv */
  GHashTable *patients; /* first two digits → OmniSplit + 1, of all folders so far */
  GPtrArray *scenes;
};

static void
scene_free (gpointer data)
{
  OmniScene *scene = data;
  g_free (scene->folder);
  g_free (scene->name);
  g_strfreev (scene->paths);
  g_free (scene->roles);
  g_free (scene->truth);
  g_free (scene);
}

OmniDataset *
omni_dataset_open (const char *path, GError **error)
{
  if (!g_file_test (path, G_FILE_TEST_IS_DIR))
  {
    g_autofree char *name = g_filename_display_name (path);
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND,
                 "“%s” is no folder; name the folder of the training pictures (--data).", name);
    return NULL;
  }
  g_autoptr (OmniDataset) self = g_new0 (OmniDataset, 1);
  /* What lies below is told by its length. */
  self->path = g_canonicalize_filename (path, NULL);
  self->scenes = g_ptr_array_new_with_free_func (scene_free);
  self->patients = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_autofree char *csv = g_build_filename (path, "split.csv", NULL);
  if (g_file_test (csv, G_FILE_TEST_EXISTS) && (self->splits = omni_split_read (csv, error)) == NULL)
    return NULL;
  return g_steal_pointer (&self);
}

void
omni_dataset_free (OmniDataset *self)
{
  if (self == NULL)
    return;
  g_clear_pointer (&self->splits, g_hash_table_unref);
  g_clear_pointer (&self->patients, g_hash_table_unref);
  g_clear_pointer (&self->scenes, g_ptr_array_unref);
  g_free (self->path);
  g_free (self);
}

/* ---- One scene ---- */

/* Every picture can be read and has the size of the first; notes what is wrong otherwise. */
static gboolean
check_pictures (OmniScene *scene, GPtrArray *notes)
{
  for (guint i = 0; i <= scene->n_pictures; i++)
  {
    const char *path = i < scene->n_pictures ? scene->paths[i] : scene->truth;
    if (path == NULL)
      break;
    OmniPictureInfo info;
    g_autoptr (GError) error = NULL;
    if (!omni_picture_probe (path, &info, &error))
    {
      omni_note_add (notes, "%s/%s is left out: %s", scene->folder, scene->name, error->message);
      return FALSE;
    }
    const guint colours = info.channels - (info.has_alpha ? 1 : 0);
    if (colours != 1 && colours != 3)
    {
      omni_note_add (notes, "%s/%s is left out: a picture of %u bands has no luminance.", scene->folder,
                     scene->name, colours);
      return FALSE;
    }
    if (i == 0)
    {
      scene->width = info.width;
      scene->height = info.height;
    }
    else if (info.width != scene->width || info.height != scene->height)
    {
      omni_note_add (notes, "%s/%s is left out: its pictures have %u × %u and %u × %u pixels.", scene->folder,
                     scene->name, scene->width, scene->height, info.width, info.height);
      return FALSE;
    }
  }
  return TRUE;
}

/* The split of a scene's files; a scene in both splits, or in none, is of no use. */
static gboolean
find_split (OmniDataset *self, OmniScene *scene, GPtrArray *notes)
{
  if (self->splits == NULL)
    return TRUE;
  guint found = 0;
  for (guint i = 0; i < scene->n_pictures; i++)
  {
    const char *below = scene->paths[i] + strlen (self->path);
    while (*below == G_DIR_SEPARATOR)
      below++;
    const guint split = GPOINTER_TO_UINT (g_hash_table_lookup (self->splits, below));
    if (split == 0 || (found != 0 && split != found))
    {
      omni_note_add (notes,
                     split == 0 ? "%s/%s is left out: split.csv does not name all of its files."
                                : "%s/%s is left out: split.csv has it in both splits.",
                     scene->folder, scene->name);
      return FALSE;
    }
    found = split;
  }
  scene->split = (OmniSplit)(found - 1);
  return TRUE;
}

static OmniRole *
read_roles (char **paths, guint n)
{
  OmniRole *roles = g_new0 (OmniRole, n);
  for (guint i = 0; i < n; i++)
  {
    g_autofree char *stem = g_path_get_basename (paths[i]);
    char *dot = strrchr (stem, '.');
    if (dot != NULL)
      *dot = '\0';
    omni_role_from_string (stem, &roles[i]);
  }
  return roles;
}

static void
add_scene (OmniDataset *self, GPtrArray *found, const char *folder, const char *name, char **paths,
           char *truth, GPtrArray *notes)
{
  OmniScene *scene = g_new0 (OmniScene, 1);
  scene->folder = g_strdup (folder);
  scene->name = g_strdup (name);
  scene->paths = paths;
  scene->n_pictures = g_strv_length (paths);
  scene->roles = read_roles (paths, scene->n_pictures);
  scene->truth = truth;
  if (!find_split (self, scene, notes) || !check_pictures (scene, notes))
  {
    scene_free (scene);
    return;
  }
  g_ptr_array_add (self->scenes, scene);
  g_ptr_array_add (found, scene);
}

/* ---- A scene of bands ---- */

static OmniSplit
find_band_split (OmniDataset *self, const char *path)
{
  const char *below = path + strlen (self->path);
  while (*below == G_DIR_SEPARATOR)
    below++;
  const gpointer split = self->splits != NULL ? g_hash_table_lookup (self->splits, below) : NULL;
  return GPOINTER_TO_UINT (split) == OMNI_SPLIT_VAL + 1 ? OMNI_SPLIT_VAL : OMNI_SPLIT_TRAIN;
}

static void
add_band (OmniDataset *self, GPtrArray *found, const char *folder, const char *name, char *const paths[2],
          const OmniScene *part)
{
  static const OmniRole roles[] = { OMNI_ROLE_MULTISPECTRAL, OMNI_ROLE_PANCHROMATIC };
  OmniScene *scene = g_memdup2 (part, sizeof *part);
  scene->folder = g_strdup (folder);
  scene->name = g_strdup_printf ("%s-band-%u", name, part->band + 1);
  scene->paths = g_new0 (char *, G_N_ELEMENTS (roles) + 1);
  for (guint i = 0; i < G_N_ELEMENTS (roles); i++)
    scene->paths[i] = g_strdup (paths[i]);
  scene->roles = g_memdup2 (roles, sizeof roles);
  scene->n_pictures = G_N_ELEMENTS (roles);
  g_ptr_array_add (self->scenes, scene);
  g_ptr_array_add (found, scene);
}

/* Every band of a sound pair in the parts that it is split into. */
static void
add_bands (OmniDataset *self, GPtrArray *found, const char *folder, const char *name, char *const paths[2],
           const OmniPictureInfo *ms, guint ratio)
{
  const OmniSplit split = find_band_split (self, paths[0]);
  const guint n_bands = ms->channels - (ms->has_alpha ? 1 : 0);
  const guint kept = split == OMNI_SPLIT_VAL ? ms->height : ms->height / OMNI_BANDS_VAL_PART;
  const guint lost = kept + OMNI_BANDS_GUARD * ratio;
  const OmniScene parts[] = {
    { .split = OMNI_SPLIT_TRAIN, .width = ms->width, .height = ms->height > lost ? ms->height - lost : 0 },
    { .split = OMNI_SPLIT_VAL, .width = ms->width, .height = kept, .top = ms->height - kept }
  };
  for (guint i = 0; i < G_N_ELEMENTS (parts); i++)
    for (guint band = 0; parts[i].height > 0 && band < n_bands; band++)
    {
      OmniScene part = parts[i];
      part.band = band;
      part.whole_height = ms->height;
      add_band (self, found, folder, name, paths, &part);
    }
}

/* The ratio of the pixels, or 0 after noting why there is none. */
static guint
probe_bands (const char *folder, const char *name, char *const paths[2], OmniPictureInfo *ms,
             GPtrArray *notes)
{
  OmniPictureInfo pan;
  g_autoptr (GError) error = NULL;
  if (!omni_picture_probe (paths[0], ms, &error) || !omni_picture_probe (paths[1], &pan, &error))
  {
    omni_note_add (notes, "%s/%s is left out: %s", folder, name, error->message);
    return 0;
  }
  const guint ratio = pan.width / ms->width;
  if (ratio >= 2 && pan.width == ratio * ms->width && pan.height == ratio * ms->height
      && ms->width % ratio == 0 && ms->height % ratio == 0)
    return ratio;
  omni_note_add (
    notes,
    "%s/%s is left out: bands of %u × %u and a panchromatic picture of %u × %u pixels cannot both be made "
    "coarser by their ratio; crop them to whole multiples.",
    folder, name, ms->width, ms->height, pan.width, pan.height);
  return 0;
}

static gboolean
is_other_picture (const char *path)
{
  g_autofree char *type = g_content_type_guess (path, NULL, 0, NULL);
  g_autofree char *mime = g_content_type_get_mime_type (type);
  return mime != NULL && g_str_has_prefix (mime, "image/") && !omni_picture_is_candidate (path);
}

/* A picture of a kind that is not read is no reason to be silent. */
static void
note_other_picture (const char *folder, const char *path, GPtrArray *notes)
{
  g_autofree char *name = g_path_get_basename (path);
  if (is_other_picture (path))
    omni_note_add (notes,
                   "%s/%s is passed over: this kind of picture is not read; convert it to PNG or TIFF.",
                   folder, name);
}

static void
note_other_pictures (const char *folder, const char *name, const char *path, GPtrArray *notes)
{
  g_autoptr (GDir) dir = g_dir_open (path, 0, NULL);
  g_autofree char *scene = g_build_filename (folder, name, NULL);
  for (const char *entry = dir != NULL ? g_dir_read_name (dir) : NULL; entry != NULL;
       entry = g_dir_read_name (dir))
  {
    g_autofree char *file = g_build_filename (path, entry, NULL);
    if (entry[0] != '.' && !g_file_test (file, G_FILE_TEST_IS_DIR))
      note_other_picture (scene, file, notes);
  }
}

/* (transfer full) Of the scene in `path`. NULL, with a note, when there are none. */
static GStrv
list_pictures (const char *folder, const char *name, const char *path, GPtrArray *notes)
{
  g_autoptr (GError) error = NULL;
  char *folders[] = { (char *)path, NULL };
  note_other_pictures (folder, name, path, notes);
  GStrv files = omni_files_expand (folders, &error);
  if (files == NULL)
    omni_note_add (notes, "%s/%s is left out: %s", folder, name, error->message);
  return files;
}

static void
add_pair (OmniDataset *self, GPtrArray *found, const char *folder, const char *path, GPtrArray *notes)
{
  static const OmniRole wanted[] = { OMNI_ROLE_MULTISPECTRAL, OMNI_ROLE_PANCHROMATIC };
  g_autofree char *name = g_path_get_basename (path);
  g_auto (GStrv) files = list_pictures (folder, name, path, notes);
  if (files == NULL)
    return;
  const guint n = g_strv_length (files);
  g_autofree OmniRole *roles = read_roles (files, n);
  char *paths[2] = { NULL };
  guint counts[2] = { 0 };
  for (guint i = 0; i < n; i++)
    for (guint k = 0; k < G_N_ELEMENTS (wanted); k++)
      if (roles[i] == wanted[k])
      {
        paths[k] = files[i];
        counts[k]++;
      }
  if (counts[0] != 1 || counts[1] != 1)
  {
    omni_note_add (
      notes, "%s/%s is left out: a scene of bands has one ms.tif and one pan.tif, and this has %u and %u.",
      folder, name, counts[0], counts[1]);
    return;
  }
  OmniPictureInfo ms;
  const guint ratio = probe_bands (folder, name, paths, &ms, notes);
  if (ratio > 0)
    add_bands (self, found, folder, name, paths, &ms, ratio);
}

static void
add_set (OmniDataset *self, GPtrArray *found, const char *folder, const char *path, GPtrArray *notes)
{
  g_autofree char *name = g_path_get_basename (path);
  g_auto (GStrv) files = list_pictures (folder, name, path, notes);
  if (files == NULL)
    return;
  g_autoptr (GStrvBuilder) sources = g_strv_builder_new ();
  g_autofree char *truth = NULL;
  guint n = 0, n_truths = 0;
  for (guint i = 0; files[i] != NULL; i++)
    if (!omni_picture_is_truth (files[i]))
    {
      g_strv_builder_add (sources, files[i]);
      n++;
    }
    else if (n_truths++ == 0)
      truth = g_strdup (files[i]);
  if (n_truths > 1)
    omni_note_add (notes, "%s/%s is left out: it has %u pictures named truth or reference; keep one.", folder,
                   name, n_truths);
  else if (n < 2)
    omni_note_add (notes, "%s/%s is left out: a set has at least two pictures.", folder, name);
  else
    add_scene (self, found, folder, name, g_strv_builder_end (sources), g_steal_pointer (&truth), notes);
}

/* ---- A folder ---- */

static int
compare_names (gconstpointer a, gconstpointer b)
{
  return omni_natural_compare (*(const char *const *)a, *(const char *const *)b);
}

/* Whether a child of a folder is a scene; notes the pictures that are none. */
static gboolean
is_scene (const char *folder, const char *child, OmniSceneKind kind, GPtrArray *notes)
{
  g_autofree char *name = g_path_get_basename (child);
  if (name[0] == '.')
    return FALSE;
  if (g_file_test (child, G_FILE_TEST_IS_DIR))
    return kind != OMNI_SCENES_OF_PICTURES;
  if (kind == OMNI_SCENES_OF_PICTURES)
  {
    note_other_picture (folder, child, notes);
    return omni_picture_is_candidate (child);
  }
  if (omni_picture_is_candidate (child))
    omni_note_add (notes, "%s/%s is passed over: a scene is a folder of its own with all its pictures.",
                   folder, name);
  return FALSE;
}

/* (transfer full) The scenes' folders, or pictures, right in `path`, in natural order. */
static GPtrArray *
list_children (const char *folder, const char *path, OmniSceneKind kind, GPtrArray *notes, GError **error)
{
  g_autoptr (GDir) dir = g_dir_open (path, 0, error);
  if (dir == NULL)
  {
    g_prefix_error (error, "The data folder cannot be listed: ");
    return NULL;
  }
  GPtrArray *children = g_ptr_array_new_with_free_func (g_free);
  for (const char *entry = g_dir_read_name (dir); entry != NULL; entry = g_dir_read_name (dir))
  {
    g_autofree char *child = g_build_filename (path, entry, NULL);
    if (is_scene (folder, child, kind, notes))
      g_ptr_array_add (children, g_steal_pointer (&child));
  }
  g_ptr_array_sort (children, compare_names);
  return children;
}

/* ---- Splits ---- */

/* (transfer full) (nullable) */
static char *
dup_patient (const OmniScene *scene)
{
  const char *name = scene->name;
  return g_ascii_isdigit (name[0]) && g_ascii_isdigit (name[1]) ? g_strndup (name, 2) : NULL;
}

static char *
dup_group (const OmniScene *scene, gboolean by_patient)
{
  char *patient = by_patient ? dup_patient (scene) : NULL;
  return patient != NULL ? patient : g_strdup (scene->name);
}

/* Groups of whom nothing is known yet, in the order of the scenes. */
static GPtrArray *
list_new_groups (const OmniDataset *self, GPtrArray *scenes, gboolean by_patient)
{
  GPtrArray *groups = g_ptr_array_new_with_free_func (g_free);
  for (guint i = 0; i < scenes->len; i++)
  {
    g_autofree char *group = dup_group (scenes->pdata[i], by_patient);
    if (!(by_patient && g_hash_table_contains (self->patients, group))
        && !g_ptr_array_find_with_equal_func (groups, group, g_str_equal, NULL))
      g_ptr_array_add (groups, g_steal_pointer (&group));
  }
  return groups;
}

/* A patient stays in the split that an earlier folder has put them in. */
static void
split_scenes (OmniDataset *self, GPtrArray *scenes, gboolean by_patient)
{
  g_autoptr (GPtrArray) groups = list_new_groups (self, scenes, by_patient);
  g_autoptr (GHashTable) own = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  GHashTable *splits = by_patient ? self->patients : own;
  g_autofree gboolean *is_val = g_new0 (gboolean, groups->len);
  omni_split_groups ((const char *const *)groups->pdata, groups->len, is_val);
  for (guint i = 0; i < groups->len; i++)
    g_hash_table_insert (splits, g_strdup (groups->pdata[i]),
                         GUINT_TO_POINTER ((is_val[i] ? OMNI_SPLIT_VAL : OMNI_SPLIT_TRAIN) + 1));
  for (guint i = 0; i < scenes->len; i++)
  {
    OmniScene *scene = scenes->pdata[i];
    g_autofree char *group = dup_group (scene, by_patient);
    scene->split = (OmniSplit)(GPOINTER_TO_UINT (g_hash_table_lookup (splits, group)) - 1);
  }
}

/* split.csv may put a patient in both, in one folder or in two. */
static void
compare_patients (OmniDataset *self, const char *folder, GPtrArray *scenes, GPtrArray *notes)
{
  g_autoptr (GPtrArray) both = g_ptr_array_new_with_free_func (g_free);
  for (guint i = 0; i < scenes->len; i++)
  {
    const OmniScene *scene = scenes->pdata[i];
    g_autofree char *patient = dup_patient (scene);
    const guint known = patient != NULL ? GPOINTER_TO_UINT (g_hash_table_lookup (self->patients, patient))
                                        : 0;
    if (patient != NULL && known == 0)
      g_hash_table_insert (self->patients, g_steal_pointer (&patient), GUINT_TO_POINTER (scene->split + 1));
    else if (patient != NULL && known != scene->split + 1
             && !g_ptr_array_find_with_equal_func (both, patient, g_str_equal, NULL))
      g_ptr_array_add (both, g_steal_pointer (&patient));
  }
  if (both->len == 0)
    return;
  g_ptr_array_add (both, NULL);
  g_autofree char *names = g_strjoinv (", ", (char **)both->pdata);
  omni_note_add (notes,
                 "split.csv has patient %s in both splits (%s): what is validated on is not all unseen.",
                 names, folder);
}

GPtrArray *
omni_dataset_list (OmniDataset *self, const char *folder, OmniSceneKind kind, gboolean by_patient,
                   GPtrArray *notes, GError **error)
{
  g_autofree char *path = g_build_filename (self->path, folder, NULL);
  g_autoptr (GPtrArray) children = list_children (folder, path, kind, notes, error);
  if (children == NULL)
    return NULL;
  g_autoptr (GPtrArray) found = g_ptr_array_new ();
  for (guint i = 0; i < children->len; i++)
  {
    const char *child = children->pdata[i];
    if (kind != OMNI_SCENES_OF_PICTURES)
    {
      (kind == OMNI_SCENES_OF_BANDS ? add_pair : add_set) (self, found, folder, child, notes);
      continue;
    }
    g_autofree char *name = g_path_get_basename (child);
    char *paths[] = { (char *)child, NULL };
    add_scene (self, found, folder, name, g_strdupv (paths), NULL, notes);
  }
  if (found->len == 0)
  {
    g_autofree char *shown = g_filename_display_name (path);
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND, "There is nothing to train on in “%s”: %s", shown,
                 children->len > 0                 ? "none of its scenes can be used."
                 : kind != OMNI_SCENES_OF_PICTURES ? "it holds no folders of scenes."
                                                   : "it holds no pictures.");
    return NULL;
  }
  if (self->splits == NULL && kind != OMNI_SCENES_OF_BANDS)
    split_scenes (self, found, by_patient);
  else if (by_patient)
    compare_patients (self, folder, found, notes);
  return g_steal_pointer (&found);
}
