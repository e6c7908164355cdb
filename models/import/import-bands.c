/* SPDX-License-Identifier: GPL-3.0-or-later */
/* PMGI's networks for pan-sharpening, of which the authors have one for each band, as one file. */
#include "models/import/import-private.h"

#include "models/model.h"

#include <glib/gi18n.h>
#include <string.h>

static const char *
get_path (const OmniImport *part)
{
  return ((OmniForeign *)part->files->pdata[0])->path;
}

/* Without normalisation, and not itself one of several bands. */
static gboolean
is_of_band (const OmniImport *part)
{
  if (!g_str_equal (part->architecture, "pmgi"))
    return FALSE;
  for (guint i = 0; i < part->specs->len; i++)
  {
    const char *name = g_array_index (part->specs, OmniTensorSpec, i).name;

    if (strstr (name, ".bn.") != NULL || g_str_has_prefix (name, "band"))
      return FALSE;
  }
  return TRUE;
}

static gboolean
is_among (GPtrArray *parts, const OmniImport *part)
{
  for (guint i = 0; i < parts->len; i++)
    if (g_str_equal (get_path (parts->pdata[i]), get_path (part)))
      return TRUE;
  return FALSE;
}

/* Each by itself, those that can be; `error` is of the first that cannot. A file named twice counts once, as the index and the
 * data of a checkpoint do. */
static GPtrArray *
read_parts (const char *const *paths, const char *architecture, GError **error)
{
  GPtrArray *parts = g_ptr_array_new_with_free_func ((GDestroyNotify)omni_import_free);

  for (guint i = 0; paths[i] != NULL; i++)
  {
    g_autoptr (OmniImport) part = omni_import_new ((const char *const[]){ paths[i], NULL }, architecture,
                                                   *error == NULL ? error : NULL);

    if (part != NULL && !is_among (parts, part))
      g_ptr_array_add (parts, g_steal_pointer (&part));
  }
  return parts;
}

static gboolean
check_part (const OmniImport *first, const OmniImport *part, GError **error)
{
  static const char *const keys[] = { "padding", "norm" };
  g_autofree char *display = g_filename_display_name (get_path (part));

  if (!is_of_band (part))
    return omni_foreign_refuse (
      error,
      _ ("“%s” is no network for one band (“pmgi” without normalisation), as others "
         "of these files are; import it by itself"),
      display);
  for (guint i = 0; i < G_N_ELEMENTS (keys); i++)
    if (g_strcmp0 (omni_import_get_metadata (first, keys[i]), omni_import_get_metadata (part, keys[i])) != 0)
      return omni_foreign_refuse (
        error, _ ("“%s” does not say the same of “%s” as the first file, and all bands are made alike"),
        display, keys[i]);
  return TRUE;
}

static gboolean
check_parts (GPtrArray *parts, GError **error)
{
  if (parts->len > OMNI_MAX_BANDS)
    return omni_foreign_refuse (error, _ ("There are %u networks, and a picture has %u bands at most"),
                                parts->len, OMNI_MAX_BANDS);
  for (guint i = 0; i < parts->len; i++)
    if (!check_part (parts->pdata[0], parts->pdata[i], error))
      return FALSE;
  return TRUE;
}

static void
add_part (OmniImport *self, OmniImport *part)
{
  self->n_bands++;
  for (guint i = 0; i < part->specs->len; i++)
  {
    OmniTensorSpec spec = g_array_index (part->specs, OmniTensorSpec, i);

    g_snprintf (spec.name, sizeof spec.name, "band%u.%s", self->n_bands,
                g_array_index (part->specs, OmniTensorSpec, i).name);
    g_array_append_val (self->specs, spec);
  }
  g_ptr_array_extend (self->found, part->found, NULL, NULL);
  g_ptr_array_extend (self->tensors, part->tensors, NULL, NULL);
  g_ptr_array_add (self->files, g_ptr_array_steal_index (part->files, 0));
}

static gboolean
is_said_by_all (GPtrArray *parts, const char *key, const char *value)
{
  for (guint i = 0; i < parts->len; i++)
    if (g_strcmp0 (omni_import_get_metadata (parts->pdata[i], key), value) != 0)
      return FALSE;
  return TRUE;
}

/* What holds for every band; the answer that one network is known by is not among it. */
static void
take_metadata (OmniImport *self, GPtrArray *parts)
{
  const GPtrArray *metadata = ((OmniImport *)parts->pdata[0])->metadata;

  for (guint i = 0; i < metadata->len; i += 2)
    if (is_said_by_all (parts, metadata->pdata[i], metadata->pdata[i + 1])
        && !g_str_equal (metadata->pdata[i], "known_answer")
        && !g_str_has_prefix (metadata->pdata[i + 1], "unknown: "))
      omni_import_put_metadata (self, metadata->pdata[i], metadata->pdata[i + 1]);
}

gboolean
omni_import_read_bands (OmniImport *self, const char *const *paths, const char *architecture, GError **error)
{
  g_autoptr (GError) cause = NULL;
  g_autoptr (GPtrArray) parts = read_parts (paths, architecture, &cause);
  gboolean any = FALSE;

  for (guint i = 0; i < parts->len; i++)
    any = any || is_of_band (parts->pdata[i]);
  if (any && cause != NULL)
    g_propagate_error (error, g_steal_pointer (&cause));
  else if (any && check_parts (parts, error))
  {
    self->architecture = "pmgi";
    self->title = N_ ("networks for pan-sharpening, one for each band");
    take_metadata (self, parts);
    for (guint i = 0; i < parts->len; i++)
      add_part (self, parts->pdata[i]);
    return TRUE;
  }
  return FALSE;
}
