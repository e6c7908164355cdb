/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Files that have our own names already, saved by PyTorch perhaps. */
#include "models/import/import-private.h"

#include "models/model.h"

#include <glib/gi18n.h>
#include <string.h>

/* Options of the network that only metadata can tell. */
static const char *const carried[] = { "padding",       "reduce", "norm",    "variant",        "channels",
                                       "epsilon",       "tasks",  "licence", "provenance",     "known_answer",
                                       "recipe_sha256", "colour", "scales",  "spatial-levels", NULL };

void
omni_import_carry_metadata (OmniImport *self)
{
  for (guint i = 0; i < self->files->len; i++)
    for (guint k = 0; carried[k] != NULL; k++)
    {
      const char *value = g_hash_table_lookup (((OmniForeign *)self->files->pdata[i])->metadata, carried[k]);

      if (value != NULL)
        omni_import_put_metadata (self, carried[k], value);
    }
}

static OmniTensorSpec
make_spec (const OmniForeignTensor *tensor, const char *name)
{
  OmniTensorSpec spec = { .n_dims = tensor->n_dims };

  for (guint i = 0; i < tensor->n_dims; i++)
    spec.dims[i] = (guint)tensor->dims[i];
  g_strlcpy (spec.name, name, sizeof spec.name);
  return spec;
}

static gboolean
is_possible (const OmniForeignTensor *tensor, const char *name)
{
  OmniTensorSpec spec;

  if (!omni_dtype_is_float (tensor->dtype) || tensor->n_dims > G_N_ELEMENTS (spec.dims)
      || strlen (name) >= sizeof spec.name)
    return FALSE;
  while (g_ascii_isgraph (*name))
    name++;
  return *name == '\0';
}

/* The names and shapes behind `prefix` without their values, since that is what a model is asked by. NULL when the tensors,
 * many of them perhaps lying on the same bytes, would take more than the files. */
static OmniWeights *
make_outline (OmniImport *self, const char *prefix, const char *title)
{
  g_autoptr (GArray) specs = g_array_new (FALSE, FALSE, sizeof (OmniTensorSpec));
  g_autofree const char **metadata = omni_import_list_metadata (self);
  guint64 n_bytes = 0, limit = 0;

  for (guint i = 0; i < self->files->len; i++)
    for (guint k = 0; k < ((OmniForeign *)self->files->pdata[i])->files->len; k++)
      limit += 2 * g_bytes_get_size (((OmniForeign *)self->files->pdata[i])->files->pdata[k]);
  for (guint i = 0; i < self->tensors->len; i++)
  {
    const OmniForeignTensor *tensor = self->tensors->pdata[i];
    const char *name = self->names->pdata[i];
    OmniTensorSpec spec;

    if (!g_str_has_prefix (name, prefix) || !is_possible (tensor, name + strlen (prefix)))
      continue;
    n_bytes += tensor->n_elements * sizeof (float);
    if (n_bytes > limit)
      return NULL;
    spec = make_spec (tensor, name + strlen (prefix));
    g_array_append_val (specs, spec);
  }
  return omni_weights_new_outline (specs, metadata, title);
}

static gboolean
try_own (OmniImport *self, const OmniModel *model, const char *prefix, const OmniWeights *outline)
{
  g_autoptr (GArray) specs = g_array_new (FALSE, FALSE, sizeof (OmniTensorSpec));

  g_ptr_array_set_size (self->found, 0);
  g_array_set_size (self->specs, 0);
  if (outline == NULL || !model->list_tensors (outline, specs, NULL))
    return FALSE;
  for (guint i = 0; i < specs->len; i++)
  {
    const OmniTensorSpec *spec = &g_array_index (specs, OmniTensorSpec, i);
    OmniForeignTensor *tensor = omni_import_find_tensor (self, prefix, spec->name);

    if (tensor == NULL || !omni_import_is_as_is (omni_import_find_order (tensor, spec)))
      return FALSE;
    g_ptr_array_add (self->found, tensor);
  }
  g_array_append_vals (self->specs, specs->data, specs->len);
  return TRUE;
}

static gboolean
try_variant (OmniImport *self, const OmniModel *model, const char *prefix, const OmniWeights *outline,
             const char *variant)
{
  const char *const metadata[] = { "variant", variant, NULL };
  g_autoptr (OmniWeights)
    as_variant = omni_weights_new_outline (omni_weights_get_specs (outline), metadata, "import");

  return try_own (self, model, prefix, as_variant);
}

/* Without metadata that says which variant it is, the shapes do: that which takes most, for some are parts of others. */
static gboolean
try_variants (OmniImport *self, const OmniModel *model, const char *prefix, const OmniWeights *outline)
{
  const char *best = NULL;
  guint most;

  if (outline == NULL || model->n_variants == 0 || omni_import_get_metadata (self, "variant") != NULL)
    return try_own (self, model, prefix, outline);
  most = try_own (self, model, prefix, outline) ? self->found->len : 0;
  for (guint i = 0; i < model->n_variants; i++)
    if (try_variant (self, model, prefix, outline, model->variants[i]) && self->found->len > most)
    {
      best = model->variants[i];
      most = self->found->len;
    }
  if (best == NULL)
    return try_own (self, model, prefix, outline);
  omni_import_put_metadata (self, "variant", best);
  return try_variant (self, model, prefix, outline, best);
}

static const char *const prefixes[] = { "", "module.", "model.", "state_dict.", "state_dict.module." };

static const OmniModel *
find_model (OmniImport *self, const char *architecture, OmniWeights *const *outlines)
{
  const OmniModel *const *models = omni_models_list ();

  for (guint i = 0; models[i] != NULL; i++)
    if (models[i]->architecture != NULL
        && (architecture == NULL || g_str_equal (architecture, models[i]->architecture)))
      for (guint k = 0; k < G_N_ELEMENTS (prefixes); k++)
        if (try_variants (self, models[i], prefixes[k], outlines[k]))
          return models[i];
  return NULL;
}

gboolean
omni_import_try_models (OmniImport *self, const char *architecture)
{
  OmniWeights *outlines[G_N_ELEMENTS (prefixes)];
  const OmniModel *model;

  omni_import_carry_metadata (self);
  for (guint k = 0; k < G_N_ELEMENTS (prefixes); k++)
    outlines[k] = make_outline (self, prefixes[k], "import");
  model = find_model (self, architecture, outlines);
  for (guint k = 0; k < G_N_ELEMENTS (prefixes); k++)
    g_clear_pointer (&outlines[k], omni_weights_unref);
  if (model == NULL)
    return FALSE;
  self->architecture = model->architecture;
  self->title = N_ ("a file with our own names");
  g_ptr_array_insert (self->metadata, 0, g_strdup ("architecture"));
  g_ptr_array_insert (self->metadata, 1, g_strdup (self->architecture));
  return TRUE;
}

static const OmniModel *
get_model (const char *architecture)
{
  const OmniModel *const *models = omni_models_list ();

  for (guint i = 0; models[i] != NULL; i++)
    if (g_strcmp0 (models[i]->architecture, architecture) == 0)
      return models[i];
  return NULL;
}

guint
omni_import_count_own (OmniImport *self, const char *architecture)
{
  const OmniModel *model = get_model (architecture);
  g_autoptr (OmniWeights) outline = make_outline (self, "", "import");
  g_autoptr (GArray) specs = g_array_new (FALSE, FALSE, sizeof (OmniTensorSpec));
  guint n = 0;

  if (model == NULL || outline == NULL || !model->list_tensors (outline, specs, NULL))
    return 0;
  for (guint i = 0; i < specs->len; i++)
    n += omni_import_find_tensor (self, "", g_array_index (specs, OmniTensorSpec, i).name) != NULL;
  return n;
}

/* The model itself says what it lacks. */
gboolean
omni_import_refuse_own (OmniImport *self, const char *architecture, GError **error)
{
  const char *path = ((OmniForeign *)self->files->pdata[0])->path;
  const OmniModel *model = get_model (architecture);
  g_autoptr (OmniWeights) outline = make_outline (self, "", path);
  g_autoptr (GArray) specs = g_array_new (FALSE, FALSE, sizeof (OmniTensorSpec));

  if (outline == NULL)
    return omni_foreign_refuse (error, _ ("“%s” holds more tensors than it has bytes for"), path);
  if (model->list_tensors (outline, specs, error) && omni_weights_check (outline, specs, error))
    omni_foreign_refuse (error, _ ("“%s” is not for “%s”"), path, architecture);
  return FALSE;
}
