/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/fusion/fusion-private.h"

#include "app/files/metadata.h"

#include <glib/gi18n.h>

/* The two sources of a pan-sharpening: told apart by roles, or by bands and sizes where roles are silent; never by their
 * place in the list. */

/* What a source can be by its role: the marks of the two, or one of them, or none. */
static guint
get_choices (OmniSource *source)
{
  const guint pan = OMNI_ROLE_MARK (OMNI_ROLE_PANCHROMATIC), ms = OMNI_ROLE_MARK (OMNI_ROLE_MULTISPECTRAL);
  const OmniRole role = omni_source_get_role (source);

  return role == OMNI_ROLE_NONE ? pan | ms : OMNI_ROLE_MARK (role) & (pan | ms);
}

static gboolean
is_larger (OmniSource *a, OmniSource *b)
{
  return omni_source_get_width (a) >= omni_source_get_width (b)
         && omni_source_get_height (a) >= omni_source_get_height (b);
}

/* Whether `ms` and `pan` can be that, as far as roles go and, where those leave both ways open, bands and sizes. */
static gboolean
can_be (OmniSource *ms, OmniSource *pan)
{
  const guint of_ms = get_choices (ms), of_pan = get_choices (pan);

  if ((of_ms & OMNI_ROLE_MARK (OMNI_ROLE_MULTISPECTRAL)) == 0
      || (of_pan & OMNI_ROLE_MARK (OMNI_ROLE_PANCHROMATIC)) == 0)
    return FALSE;
  return of_ms != of_pan
         || (omni_source_count_bands (pan) == 1 && omni_source_count_bands (ms) > 1 && is_larger (pan, ms));
}

static gboolean
check_pair (OmniSource *ms, OmniSource *pan, GError **error)
{
  g_autofree char *ms_name = omni_source_dup_display_name (ms);
  g_autofree char *pan_name = omni_source_dup_display_name (pan);

  if (omni_source_count_bands (pan) != 1)
    g_set_error (
      error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
      _ ("“%s” cannot be the panchromatic picture, which has one band; give the roles to other files "
         "(--role pan=FILE)."),
      pan_name);
  else if (omni_source_count_bands (ms) < 3)
    g_set_error (
      error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
      _ ("“%s” cannot be the multispectral picture, which has three bands or more; give the roles to "
         "other files (--role ms=FILE)."),
      ms_name);
  else if (!is_larger (pan, ms))
    g_set_error (
      error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
      _ ("“%s” is smaller than the multispectral picture, and there is nothing to sharpen that with; "
         "give the roles to other files (--role pan=FILE)."),
      pan_name);
  else
    return TRUE;
  return FALSE;
}

gboolean
omni_sources_find_pansharpen (GPtrArray *sources, OmniSource **ms, OmniSource **pan, GError **error)
{
  if (sources->len != 2)
  {
    g_set_error (
      error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
      ngettext (
        "To pan-sharpen takes two pictures, one multispectral and one panchromatic, and there is %u.",
        "To pan-sharpen takes two pictures, one multispectral and one panchromatic, and there are %u.",
        sources->len),
      sources->len);
    return FALSE;
  }
  for (guint i = 0; i < 2; i++)
  {
    OmniSource *bands = sources->pdata[i], *grey = sources->pdata[1 - i];

    if (!can_be (bands, grey))
      continue;
    if (ms != NULL)
      *ms = bands;
    if (pan != NULL)
      *pan = grey;
    return check_pair (bands, grey, error);
  }
  g_set_error_literal (
    error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
    _ ("To pan-sharpen takes a multispectral and a panchromatic picture, and which is which cannot "
       "be told from bands and sizes; give their roles (--role ms=FILE --role pan=FILE)."));
  return FALSE;
}

const OmniModel *
omni_model_find_for_weights (const char *weights_path, gboolean pansharpens, GError **error)
{
  g_autoptr (OmniWeights) weights = omni_weights_load (weights_path, error);
  if (weights == NULL)
    return NULL;
  const char *architecture = omni_weights_get_metadata (weights, "architecture");
  const OmniModel *const *models = omni_models_list ();
  for (guint i = 0; architecture != NULL && models[i] != NULL; i++)
    if (g_strcmp0 (models[i]->architecture, architecture) == 0 && !models[i]->pansharpens == !pansharpens)
      return models[i];
  g_autofree char *name = g_filename_display_name (weights_path);
  g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA,
               _ ("The weights “%s” do not say which model they are for; name it (--model)."), name);
  return NULL;
}

gboolean
omni_fusion_request_pansharpens (const OmniFusionRequest *request)
{
  g_return_val_if_fail (request != NULL && request->sources != NULL, FALSE);

  if (request->model != NULL)
    return request->model->pansharpens;
  if (request->weights_path != NULL
      && omni_model_find_for_weights (request->weights_path, TRUE, NULL) == NULL)
    return FALSE;
  return request->task == OMNI_TASK_PANSHARPEN
         || (request->task == OMNI_TASK_AUTO && omni_task_is_pansharpen (request->sources));
}

const char *
omni_sources_choose_reference (GPtrArray *sources, gboolean pansharpened)
{
  g_return_val_if_fail (sources != NULL, NULL);

  OmniSource *pan;
  g_autoptr (GPtrArray) paths = g_ptr_array_new ();

  if (pansharpened && omni_sources_find_pansharpen (sources, NULL, &pan, NULL))
    return omni_source_get_path (pan);
  for (guint i = 0; i < sources->len; i++)
    g_ptr_array_add (paths, (gpointer)omni_source_get_path (sources->pdata[i]));
  g_ptr_array_add (paths, NULL);
  return omni_metadata_choose_reference ((const char *const *)paths->pdata);
}
