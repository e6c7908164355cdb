/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What an import says of itself, and the file that comes of it. */
#include "models/import/import-private.h"

#include "models/model.h"

#include <glib/gi18n.h>
#include <math.h>

/* ---- Looking at it ---- */

const char *
omni_import_get_architecture (const OmniImport *self)
{
  return self->architecture;
}

const char *
omni_import_get_title (const OmniImport *self)
{
  return self->title;
}

const char *
omni_import_get_note (const OmniImport *self)
{
  return self->note;
}

guint
omni_import_get_n_files (const OmniImport *self)
{
  guint n = 0;

  for (guint i = 0; i < self->files->len; i++)
    n += ((OmniForeign *)self->files->pdata[i])->paths->len;
  return n;
}

const char *
omni_import_get_file (const OmniImport *self, guint index, const char **format)
{
  for (guint i = 0; i < self->files->len; i++)
  {
    const OmniForeign *foreign = self->files->pdata[i];

    if (index < foreign->paths->len)
    {
      if (format != NULL)
        *format = foreign->format;
      return foreign->paths->pdata[index];
    }
    index -= foreign->paths->len;
  }
  g_return_val_if_reached (NULL);
}

guint
omni_import_get_n_bands (const OmniImport *self)
{
  return self->n_bands;
}

const char *
omni_import_get_band_file (const OmniImport *self, guint band)
{
  g_return_val_if_fail (band >= 1 && band <= self->n_bands, NULL);

  return ((OmniForeign *)self->files->pdata[band - 1])->path;
}

const GPtrArray *
omni_import_get_taken (const OmniImport *self)
{
  return self->taken;
}

const GPtrArray *
omni_import_get_ignored (const OmniImport *self)
{
  return self->ignored;
}

guint64
omni_import_get_n_parameters (const OmniImport *self)
{
  guint64 n = 0;

  for (guint i = 0; i < self->specs->len; i++)
  {
    const char *name = g_array_index (self->specs, OmniTensorSpec, i).name;

    if (!g_str_has_suffix (name, ".running_mean") && !g_str_has_suffix (name, ".running_var"))
      n += ((OmniForeignTensor *)self->found->pdata[i])->n_elements;
  }
  return n;
}

void
omni_import_set_metadata (OmniImport *self, const char *key, const char *value)
{
  g_return_if_fail (!g_str_equal (key, "architecture"));

  omni_import_put_metadata (self, key, value);
}

const char *
omni_import_get_metadata (const OmniImport *self, const char *key)
{
  for (guint i = 0; i < self->metadata->len; i += 2)
    if (g_str_equal (self->metadata->pdata[i], key))
      return self->metadata->pdata[i + 1];
  return NULL;
}

const char **
omni_import_list_metadata (const OmniImport *self)
{
  const char **list = g_new0 (const char *, self->metadata->len + 1);

  for (guint i = 0; i < self->metadata->len; i++)
    list[i] = self->metadata->pdata[i];
  return list;
}

/* ---- Writing ---- */

/* (transfer full) The values in our order: output channels, input channels, rows, columns. */
static float *
convert (const OmniForeignTensor *tensor, const OmniTensorSpec *spec)
{
  const guint *order = omni_import_find_order (tensor, spec);
  guint64 dims[4] = { 1, 1, 1, 1 }, strides[4] = { 0 };
  float *values = g_try_new (float, tensor->n_elements);
  guint64 at = 0;

  for (guint i = 0; i < spec->n_dims; i++)
  {
    dims[order[i]] = tensor->dims[i];
    strides[order[i]] = tensor->strides[i];
  }
  for (guint64 o = 0; values != NULL && o < dims[0]; o++)
    for (guint64 i = 0; i < dims[1]; i++)
      for (guint64 y = 0; y < dims[2]; y++)
        for (guint64 x = 0; x < dims[3]; x++)
          values[at++] = omni_dtype_read_float (
            tensor->dtype, tensor->data, o * strides[0] + i * strides[1] + y * strides[2] + x * strides[3]);
  return values;
}

void
omni_import_set_half (OmniImport *self, gboolean half)
{
  self->half = half;
}

#define LARGEST_HALF 65504.f

static gboolean
check_half (const OmniTensorSpec *spec, const float *values, guint64 n, GError **error)
{
  for (guint64 i = 0; i < n; i++)
    if (isfinite (values[i]) && fabsf (values[i]) > LARGEST_HALF)
    {
      omni_foreign_refuse (error, _ ("the tensor “%s” holds %g, and 16 bits reach no further than %g"),
                           spec->name, (double)values[i], (double)LARGEST_HALF);
      return FALSE;
    }
  return TRUE;
}

/* Also loads what it made, which looks at every value. One of the models of the architecture must take it. */
static gboolean
check (OmniImport *self, GBytes *bytes, gboolean *checked, GError **error)
{
  g_autoptr (GError) cause = NULL;
  g_autoptr (OmniWeights)
    weights = omni_weights_load_bytes (bytes, ((OmniForeign *)self->files->pdata[0])->path, error);
  const OmniModel *const *models = omni_models_list ();

  if (checked != NULL)
    *checked = FALSE;
  if (weights == NULL)
    return FALSE;
  for (guint i = 0; models[i] != NULL; i++)
    if (g_strcmp0 (models[i]->architecture, self->architecture) == 0)
    {
      if (checked != NULL)
        *checked = TRUE;
      g_clear_error (&cause);
      if (omni_model_check_weights (models[i], weights, &cause))
        return TRUE;
    }
  if (cause == NULL)
    return TRUE;
  g_propagate_error (error, g_steal_pointer (&cause));
  return FALSE;
}

GBytes *
omni_import_write (OmniImport *self, gboolean *checked, GError **error)
{
  g_autoptr (GPtrArray) values = g_ptr_array_new_with_free_func (g_free);
  g_autofree const char **metadata = omni_import_list_metadata (self);
  g_autoptr (GBytes) bytes = NULL;

  for (guint i = 0; i < self->specs->len; i++)
  {
    const OmniTensorSpec *spec = &g_array_index (self->specs, OmniTensorSpec, i);
    const OmniForeignTensor *tensor = self->found->pdata[i];
    float *converted = convert (tensor, spec);

    if (converted == NULL)
    {
      omni_foreign_refuse (error, _ ("there is not enough memory for the weights"));
      return NULL;
    }
    g_ptr_array_add (values, converted);
    if (self->half && !check_half (spec, converted, tensor->n_elements, error))
      return NULL;
  }
  bytes = omni_weights_write_as (self->half ? OMNI_DTYPE_F16 : OMNI_DTYPE_F32, self->specs, metadata,
                                 (const float *const *)values->pdata);
  return check (self, bytes, checked, error) ? g_steal_pointer (&bytes) : NULL;
}
