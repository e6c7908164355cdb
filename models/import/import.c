/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "models/import/import-private.h"

#include "models/import/tables.h"
#include "models/model.h"

#include <glib/gi18n.h>
#include <string.h>

/* Of the places where a network's names could begin, the shortest; a file that has more was made to cost time. */
#define MAX_PREFIXES 64

/* How far a table fits. */
typedef struct
{
  guint n_rows, n_named, n_shaped;
  gboolean is_part;    /* the file holds more of a larger network */
  char *first_lacking; /* their name; NULL when nothing lacks */
  char *shape_problem;
} Fit;

static void
fit_clear (Fit *fit)
{
  g_clear_pointer (&fit->first_lacking, g_free);
  g_clear_pointer (&fit->shape_problem, g_free);
}

static void
taken_free (gpointer data)
{
  OmniImportTaken *taken = data;

  g_free (taken->from);
  g_free (taken->from_shape);
  g_free (taken->to);
  g_free (taken->to_shape);
  g_free (taken);
}

static void
ignored_free (gpointer data)
{
  OmniImportIgnored *ignored = data;

  g_free (ignored->name);
  g_free (ignored);
}

void
omni_import_free (OmniImport *self)
{
  g_ptr_array_unref (self->taken);
  g_ptr_array_unref (self->ignored);
  g_ptr_array_unref (self->metadata);
  g_ptr_array_unref (self->found);
  g_array_unref (self->specs);
  g_hash_table_unref (self->by_name);
  g_ptr_array_unref (self->names);
  g_ptr_array_unref (self->tensors);
  g_ptr_array_unref (self->files);
  g_free (self);
}

/* ---- Reading ---- */

/* "scope/kernel:0" and "scope.kernel" are one name. */
static char *
make_plain_name (const char *name)
{
  char *plain = g_strdelimit (g_strdup (name), "/", '.');

  if (g_str_has_suffix (plain, ":0"))
    plain[strlen (plain) - 2] = '\0';
  return plain;
}

static gboolean
is_read (OmniImport *self, const char *path)
{
  for (guint i = 0; i < self->files->len; i++)
    if (g_str_equal (((OmniForeign *)self->files->pdata[i])->path, path))
      return TRUE;
  return FALSE;
}

static const char *
find_double (OmniImport *self, OmniForeign *foreign)
{
  for (guint i = 0; i < self->files->len; i++)
    for (guint k = 0; k < foreign->tensors->len; k++)
    {
      const char *name = ((OmniForeignTensor *)foreign->tensors->pdata[k])->name;

      if (g_hash_table_contains (((OmniForeign *)self->files->pdata[i])->names, name))
        return name;
    }
  return NULL;
}

static gboolean
read_file (OmniImport *self, const char *path, GError **error)
{
  g_autoptr (OmniForeign) foreign = omni_foreign_read (path, error);
  g_autofree char *display = g_filename_display_name (path);
  const char *name;

  if (foreign == NULL)
    return FALSE;
  if (is_read (self, foreign->path))
    return TRUE;
  name = find_double (self, foreign);
  self->has_double = name != NULL;
  if (name != NULL)
    return omni_foreign_refuse (
      error,
      _ ("“%s” and a file named before it both hold a tensor “%s”, so they are not parts "
         "of one network; import them one at a time"),
      display, name);
  for (guint i = 0; i < foreign->tensors->len; i++)
  {
    OmniForeignTensor *tensor = foreign->tensors->pdata[i];
    char *plain = make_plain_name (tensor->name);

    g_ptr_array_add (self->tensors, tensor);
    g_ptr_array_add (self->names, plain);
    if (!g_hash_table_contains (self->by_name, plain))
      g_hash_table_insert (self->by_name, plain, tensor);
  }
  g_ptr_array_add (self->files, g_steal_pointer (&foreign));
  return TRUE;
}

/* ---- Shapes ---- */

static gboolean
has_dims (const OmniForeignTensor *tensor, const OmniTensorSpec *spec, const guint order[4])
{
  if (tensor->n_dims != spec->n_dims || !omni_dtype_is_float (tensor->dtype))
    return FALSE;
  for (guint i = 0; i < spec->n_dims; i++)
    if (tensor->dims[i] != spec->dims[order[i]])
      return FALSE;
  return TRUE;
}

const guint *
omni_import_find_order (const OmniForeignTensor *tensor, const OmniTensorSpec *spec)
{
  static const guint as_is[4] = { 0, 1, 2, 3 };
  static const guint from_hwio[4] = { 2, 3, 1, 0 };

  if (has_dims (tensor, spec, as_is))
    return as_is;
  return spec->n_dims == 4 && has_dims (tensor, spec, from_hwio) ? from_hwio : NULL;
}

gboolean
omni_import_is_as_is (const guint *order)
{
  return order != NULL && order[0] == 0;
}

/* Whether for every row there is a tensor of its shape, whatever the names. */
static guint
count_shapes (OmniImport *self, const GArray *rows)
{
  g_autofree gboolean *used = g_new0 (gboolean, self->tensors->len + 1);
  guint n = 0;

  for (guint i = 0; i < rows->len; i++)
    for (guint k = 0; k < self->tensors->len; k++)
      if (!used[k]
          && omni_import_find_order (self->tensors->pdata[k], &g_array_index (rows, OmniImportRow, i).ours)
               != NULL)
      {
        used[k] = TRUE;
        n++;
        break;
      }
  return n;
}

/* ---- Names ---- */

OmniForeignTensor *
omni_import_find_tensor (OmniImport *self, const char *prefix, const char *name)
{
  g_autofree char *theirs = g_strconcat (prefix, name, NULL);

  return g_hash_table_lookup (self->by_name, theirs);
}

/* Tries the table with what stands before all names: "", "module.", "state_dict.". TRUE when everything is there. `n`: how many
 * rows were before one was not. */
static gboolean
try_prefix (OmniImport *self, const GArray *rows, const char *prefix, guint *n)
{
  g_ptr_array_set_size (self->found, 0);
  for (*n = 0; *n < rows->len; ++*n)
  {
    const OmniImportRow *row = &g_array_index (rows, OmniImportRow, *n);
    OmniForeignTensor *tensor = omni_import_find_tensor (self, prefix, row->theirs);

    if (tensor == NULL || omni_import_find_order (tensor, &row->ours) == NULL)
      return FALSE;
    g_ptr_array_add (self->found, tensor);
  }
  return TRUE;
}

static void
set_shape_problem (Fit *fit, const OmniForeignTensor *tensor)
{
  g_autofree char *shape = omni_foreign_shape_to_string (tensor);

  if (fit->shape_problem == NULL)
    fit->shape_problem = g_strdup_printf (_ ("“%s” is of type %s and shape %s"), tensor->name,
                                          omni_dtype_to_string (tensor->dtype), shape);
}

/* How far a table fits that does not. */
static void
measure (OmniImport *self, const GArray *rows, const char *prefix, Fit *fit)
{
  *fit = (Fit){ .n_rows = rows->len, .n_shaped = count_shapes (self, rows) };
  for (guint i = 0; i < rows->len; i++)
  {
    const OmniImportRow *row = &g_array_index (rows, OmniImportRow, i);
    const OmniForeignTensor *tensor = omni_import_find_tensor (self, prefix, row->theirs);

    fit->n_named += tensor != NULL;
    if (tensor == NULL && fit->first_lacking == NULL)
      fit->first_lacking = g_strdup (row->theirs);
    else if (tensor != NULL && omni_import_find_order (tensor, &row->ours) == NULL)
      set_shape_problem (fit, tensor);
  }
}

/* Where the first row's name stands at the end of a tensor's, the rest is a prefix to try. Shorter ones are tried first: the
 * network itself rather than a copy of it deeper down. */
static GPtrArray *
list_prefixes (OmniImport *self, const char *theirs)
{
  GPtrArray *prefixes = g_ptr_array_new_with_free_func (g_free);

  for (guint i = 0; i < self->names->len; i++)
  {
    const char *name = self->names->pdata[i];
    const gsize n = strlen (name) - MIN (strlen (name), strlen (theirs));
    guint at = 0;

    if (!g_str_has_suffix (name, theirs) || (n > 0 && name[n - 1] != '.'))
      continue;
    while (at < prefixes->len && strlen (prefixes->pdata[at]) <= n)
      at++;
    if (at == MAX_PREFIXES)
      continue;
    g_ptr_array_insert (prefixes, (gint)at, g_strndup (name, n));
    g_ptr_array_set_size (prefixes, (gint)MIN (prefixes->len, MAX_PREFIXES));
  }
  return prefixes;
}

static gboolean
has_row (const GArray *rows, const char *theirs)
{
  for (guint i = 0; i < rows->len; i++)
    if (g_str_equal (g_array_index (rows, OmniImportRow, i).theirs, theirs))
      return TRUE;
  return FALSE;
}

static gboolean
is_part (OmniImport *self, const OmniImportTable *table, const GArray *rows, const char *prefix)
{
  const OmniImportTable *whole = omni_import_table_get_whole (table);
  g_autoptr (GArray) all = whole != NULL ? omni_import_table_get_rows (whole) : NULL;

  for (guint i = 0; all != NULL && i < all->len; i++)
  {
    const char *theirs = g_array_index (all, OmniImportRow, i).theirs;

    if (!has_row (rows, theirs) && omni_import_find_tensor (self, prefix, theirs) != NULL)
      return TRUE;
  }
  return FALSE;
}

static gboolean
try_table (OmniImport *self, const OmniImportTable *table, const GArray *rows, Fit *fit)
{
  g_autoptr (GPtrArray) prefixes = list_prefixes (self, g_array_index (rows, OmniImportRow, 0).theirs);
  const char *best = "";
  guint most = 0, n;

  for (guint i = 0; i < prefixes->len; i++)
  {
    if (try_prefix (self, rows, prefixes->pdata[i], &n) && !is_part (self, table, rows, prefixes->pdata[i]))
      return TRUE;
    if (i == 0 || n > most)
    {
      best = prefixes->pdata[i];
      most = n;
    }
  }
  measure (self, rows, best, fit);
  fit->is_part = is_part (self, table, rows, best);
  return FALSE;
}

/* ---- The network ---- */

void
omni_import_put_metadata (OmniImport *self, const char *key, const char *value)
{
  for (guint i = 0; i < self->metadata->len; i += 2)
    if (g_str_equal (self->metadata->pdata[i], key))
    {
      g_free (self->metadata->pdata[i + 1]);
      self->metadata->pdata[i + 1] = g_strdup (value);
      return;
    }
  g_ptr_array_add (self->metadata, g_strdup (key));
  g_ptr_array_add (self->metadata, g_strdup (value));
}

/* A word of the file's name, as in IFCNN-MEAN.pth. */
static const char *
find_word (const char *path, const char *const *words)
{
  g_autofree char *base = g_path_get_basename (path);
  g_autofree char *lower = g_ascii_strdown (base, -1);
  g_auto (GStrv) parts = g_strsplit_set (lower, "-_. ()", -1);

  for (guint i = 0; words[i] != NULL; i++)
    if (g_strv_contains ((const char *const *)parts, words[i]))
      return words[i];
  return NULL;
}

static void
take_table (OmniImport *self, const OmniImportTable *table, const GArray *rows)
{
  const char *const *metadata = omni_import_table_get_metadata (table);
  const char *const *named = omni_import_table_get_named (table);
  const char *value = named != NULL ? find_word (((OmniForeign *)self->files->pdata[0])->path, named + 1)
                                    : NULL;

  self->architecture = omni_import_table_get_architecture (table);
  self->title = omni_import_table_get_title (table);
  self->note = omni_import_table_get_note (table);
  omni_import_put_metadata (self, "architecture", self->architecture);
  for (guint i = 0; metadata[i] != NULL; i += 2)
    omni_import_put_metadata (self, metadata[i], metadata[i + 1]);
  if (value != NULL)
    omni_import_put_metadata (self, named[0], value);
  for (guint i = 0; i < rows->len; i++)
    g_array_append_val (self->specs, g_array_index (rows, OmniImportRow, i).ours);
}

static gboolean
is_nearer (const Fit *a, const Fit *b)
{
  return !a->is_part && (a->n_named + a->n_shaped) * b->n_rows > (b->n_named + b->n_shaped) * a->n_rows;
}

static gboolean
try_tables (OmniImport *self, const char *architecture, Fit *nearest, const OmniImportTable **nearest_table)
{
  const OmniImportTable *const *tables = omni_import_tables ();

  for (guint i = 0; tables[i] != NULL; i++)
  {
    g_autoptr (GArray) rows = omni_import_table_get_rows (tables[i]);
    Fit fit = { 0 };

    if (architecture != NULL && !g_str_equal (architecture, omni_import_table_get_architecture (tables[i])))
      continue;
    if (try_table (self, tables[i], rows, &fit))
    {
      take_table (self, tables[i], rows);
      return TRUE;
    }
    if (*nearest_table == NULL || is_nearer (&fit, nearest))
    {
      fit_clear (nearest);
      *nearest = fit;
      *nearest_table = tables[i];
    }
    else
      fit_clear (&fit);
  }
  return FALSE;
}

/* ---- Why not ---- */

static gboolean
is_known (const char *architecture)
{
  const OmniImportTable *const *tables = omni_import_tables ();
  const OmniModel *const *models = omni_models_list ();

  for (guint i = 0; tables[i] != NULL; i++)
    if (g_str_equal (omni_import_table_get_architecture (tables[i]), architecture))
      return TRUE;
  for (guint i = 0; models[i] != NULL; i++)
    if (g_strcmp0 (models[i]->architecture, architecture) == 0)
      return TRUE;
  return FALSE;
}

static gboolean
refuse_architecture (const char *architecture, GError **error)
{
  const OmniImportTable *const *tables = omni_import_tables ();
  const OmniModel *const *models = omni_models_list ();
  g_autoptr (GPtrArray) names = g_ptr_array_new ();
  g_autofree char *list = NULL;

  for (guint i = 0; tables[i] != NULL; i++)
    g_ptr_array_add (names, (gpointer)omni_import_table_get_architecture (tables[i]));
  for (guint i = 0; models[i] != NULL; i++)
    if (models[i]->architecture != NULL)
      g_ptr_array_add (names, (gpointer)models[i]->architecture);
  for (guint i = names->len; i-- > 0;)
    for (guint k = 0; k < i; k++)
      if (g_str_equal (names->pdata[i], names->pdata[k]))
      {
        g_ptr_array_remove_index (names, i);
        break;
      }
  g_ptr_array_add (names, NULL);
  list = g_strjoinv (", ", (char **)names->pdata);
  return omni_foreign_refuse (error, _ ("There is no architecture “%s”; choose %s"), architecture, list);
}

static gboolean
refuse (OmniImport *self, const Fit *fit, const OmniImportTable *table, gboolean is_chosen, GError **error)
{
  g_autofree char *display = g_filename_display_name (((OmniForeign *)self->files->pdata[0])->path);
  const char *architecture = omni_import_table_get_architecture (table);

  if (!is_chosen && fit->n_named == 0 && fit->n_shaped < fit->n_rows)
    return omni_foreign_refuse (
      error,
      ngettext ("“%s” holds %u tensor, but its name and shape are those of no network here; "
                "name the one it should be with --architecture to hear what differs",
                "“%s” holds %u tensors, but their names and shapes are those of no network here; "
                "name the one it should be with --architecture to hear what differs",
                self->tensors->len),
      display, self->tensors->len);
  if (fit->shape_problem != NULL)
    return omni_foreign_refuse (error, _ ("“%s” is not for “%s”: %s"), display, architecture,
                                fit->shape_problem);
  if (fit->n_shaped == fit->n_rows)
    return omni_foreign_refuse (
      error,
      _ ("“%s” has the shapes of “%s”, but other names: there is no “%s”; rename its tensors "
         "as the authors do"),
      display, architecture, fit->first_lacking);
  return omni_foreign_refuse (error, _ ("“%s” is not for “%s”: it holds %u of %u tensors and lacks “%s”"),
                              display, architecture, fit->n_named, fit->n_rows, fit->first_lacking);
}

static gboolean
find_network (OmniImport *self, const char *architecture, GError **error)
{
  Fit fit = { 0 };
  const OmniImportTable *table = NULL;
  const char *own = architecture;
  gboolean done;

  if (architecture != NULL && !is_known (architecture))
    return refuse_architecture (architecture, error);
  done = try_tables (self, architecture, &fit, &table);
  if (done)
    omni_import_carry_metadata (self);
  else
    done = omni_import_try_models (self, architecture);
  if (!done && table != NULL && architecture == NULL)
    own = omni_import_table_get_architecture (table);
  if (!done && (table == NULL || omni_import_count_own (self, own) > fit.n_named))
    omni_import_refuse_own (self, own, error);
  else if (!done)
    refuse (self, &fit, table, architecture != NULL, error);
  fit_clear (&fit);
  return done;
}

/* ---- The report ---- */

static char *
spec_to_string (const OmniTensorSpec *spec)
{
  GString *text = g_string_new ("(");

  for (guint i = 0; i < spec->n_dims; i++)
    g_string_append_printf (text, "%s%u", i == 0 ? "" : ", ", spec->dims[i]);
  g_string_append_c (text, ')');
  return g_string_free (text, FALSE);
}

static void
ignore (OmniImport *self, const char *name, const char *reason)
{
  OmniImportIgnored *ignored = g_new0 (OmniImportIgnored, 1);

  ignored->name = g_strdup (name);
  ignored->reason = reason;
  g_ptr_array_add (self->ignored, ignored);
}

static void
make_report (OmniImport *self)
{
  for (guint i = 0; i < self->specs->len; i++)
  {
    const OmniTensorSpec *spec = &g_array_index (self->specs, OmniTensorSpec, i);
    const OmniForeignTensor *tensor = self->found->pdata[i];
    OmniImportTaken *taken = g_new0 (OmniImportTaken, 1);

    taken->from = g_strdup (tensor->name);
    taken->from_shape = omni_foreign_shape_to_string (tensor);
    taken->to = g_strdup (spec->name);
    taken->to_shape = spec_to_string (spec);
    taken->layout = omni_import_is_as_is (omni_import_find_order (tensor, spec)) ? NULL : "HWIO to OIHW";
    g_ptr_array_add (self->taken, taken);
  }
  for (guint i = 0; i < self->tensors->len; i++)
  {
    const OmniForeignTensor *tensor = self->tensors->pdata[i];

    if (!g_ptr_array_find (self->found, tensor, NULL))
      ignore (self, tensor->name,
              omni_dtype_is_float (tensor->dtype) ? N_ ("the network has no such tensor")
                                                  : N_ ("whole numbers, for training only"));
  }
  for (guint i = 0; i < self->files->len; i++)
    for (guint k = 0; k < ((OmniForeign *)self->files->pdata[i])->others->len; k++)
      ignore (self, ((OmniForeign *)self->files->pdata[i])->others->pdata[k], N_ ("no tensor"));
}

/* The checkpoints of a network for each band have one name, in folders of different ones. */
static char *
name_file (const OmniImport *self, const char *path)
{
  g_autofree char *base = g_path_get_basename (path);
  g_autofree char *folder = g_path_get_dirname (path);
  g_autofree char *folder_base = g_path_get_basename (folder);
  g_autofree char *name = self->n_bands > 0 ? g_build_filename (folder_base, base, NULL)
                                            : g_steal_pointer (&base);

  return g_filename_display_name (name);
}

/* "licence" and "provenance" say at least where the numbers come from. */
static void
fill_metadata (OmniImport *self)
{
  g_autoptr (GString) names = g_string_new ("unknown: imported from ");

  for (guint i = 0; i < self->files->len; i++)
  {
    g_autofree char *display = name_file (self, ((OmniForeign *)self->files->pdata[i])->path);

    g_string_append_printf (names, "%s%s", i > 0 ? ", " : "", display);
  }
  if (omni_import_get_metadata (self, "licence") == NULL)
    omni_import_put_metadata (self, "licence", names->str);
  if (omni_import_get_metadata (self, "provenance") == NULL)
    omni_import_put_metadata (self, "provenance", names->str);
}

static gboolean
is_used (OmniImport *self, const OmniForeign *foreign)
{
  for (guint i = 0; i < foreign->tensors->len; i++)
    if (g_ptr_array_find (self->found, foreign->tensors->pdata[i], NULL))
      return TRUE;
  return FALSE;
}

/* A file with no part in the network is passed over, but not when it is one by itself. */
static gboolean
check_files (OmniImport *self, GError **error)
{
  for (guint i = 0; self->files->len > 1 && i < self->files->len; i++)
  {
    const OmniForeign *foreign = self->files->pdata[i];
    g_autofree char *display = g_filename_display_name (foreign->path);
    g_autoptr (OmniImport)
      alone = is_used (self, foreign)
                ? NULL
                : omni_import_new ((const char *const[]){ foreign->path, NULL }, NULL, NULL);

    if (alone != NULL)
      return omni_foreign_refuse (error,
                                  _ ("“%s” holds a network of its own, “%s”, and the other files hold “%s”; "
                                     "import them one at a time"),
                                  display, alone->architecture, self->architecture);
  }
  return TRUE;
}

static gboolean
read_files (OmniImport *self, const char *const *paths, const char *architecture, GError **error)
{
  for (guint i = 0; paths[i] != NULL; i++)
    if (!read_file (self, paths[i], error))
      return FALSE;
  return find_network (self, architecture, error) && check_files (self, error);
}

OmniImport *
omni_import_alloc (void)
{
  OmniImport *self = g_new0 (OmniImport, 1);

  self->files = g_ptr_array_new_with_free_func ((GDestroyNotify)omni_foreign_free);
  self->tensors = g_ptr_array_new ();
  self->names = g_ptr_array_new_with_free_func (g_free);
  self->by_name = g_hash_table_new (g_str_hash, g_str_equal);
  self->specs = g_array_new (FALSE, FALSE, sizeof (OmniTensorSpec));
  self->found = g_ptr_array_new ();
  self->taken = g_ptr_array_new_with_free_func (taken_free);
  self->ignored = g_ptr_array_new_with_free_func (ignored_free);
  self->metadata = g_ptr_array_new_with_free_func (g_free);
  return self;
}

OmniImport *
omni_import_new (const char *const *paths, const char *architecture, GError **error)
{
  g_autoptr (OmniImport) self = omni_import_alloc ();
  g_autoptr (OmniImport) bands = omni_import_alloc ();
  g_autoptr (GError) cause = NULL, of_bands = NULL;

  g_return_val_if_fail (paths != NULL && paths[0] != NULL, NULL);

  if (!read_files (self, paths, architecture, &cause))
  {
    if (!self->has_double || !omni_import_read_bands (bands, paths, architecture, &of_bands))
    {
      g_propagate_error (error, of_bands != NULL ? g_steal_pointer (&of_bands) : g_steal_pointer (&cause));
      return NULL;
    }
    omni_import_free (self);
    self = g_steal_pointer (&bands);
  }
  fill_metadata (self);
  make_report (self);
  return g_steal_pointer (&self);
}
