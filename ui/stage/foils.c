/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/stage/foils.h"

#include <glib/gi18n.h>

static void
foil_free (OmniStageFoil *foil)
{
  g_free (foil->title);
  g_free (foil);
}

static void
add_foil (GPtrArray *foils, const OmniModel *model, gboolean folds, char *title)
{
  OmniStageFoil *foil = g_new0 (OmniStageFoil, 1);

  foil->model = model;
  foil->folds = folds;
  foil->title = title;
  g_ptr_array_add (foils, foil);
}

static gboolean
fits_pair (OmniDocument *document, const OmniModel *model)
{
  GPtrArray *active = omni_document_get_active (document);
  g_autoptr (GPtrArray) pair = g_ptr_array_new ();

  for (guint i = 0; i < 2; i++)
    g_ptr_array_add (pair, active->pdata[i]);
  return omni_model_fits (model, omni_document_get_effective_task (document), pair, NULL)
         && omni_document_has_weights (model, omni_document_get_effective_task (document));
}

GPtrArray *
omni_stage_foils_list (OmniDocument *document)
{
  GPtrArray *foils = g_ptr_array_new_with_free_func ((GDestroyNotify)foil_free);
  const OmniModel *const *models = omni_models_list ();
  const OmniModel *mean = omni_model_find ("mean");

  if (omni_document_get_active (document)->len < 2)
    return foils;
  if (fits_pair (document, mean))
    add_foil (foils, mean, TRUE, g_strdup (_ ("Mean of pairs, folded")));
  for (guint i = 0; models[i] != NULL; i++)
  {
    if (models[i]->max_inputs == 2 && !models[i]->pansharpens && fits_pair (document, models[i]))
      add_foil (foils, models[i], TRUE, g_strdup_printf (_ ("%s of pairs, folded"), _ (models[i]->title)));
    else if (!models[i]->pansharpens && omni_document_offers_model (document, models[i])
             && !omni_model_is_order_invariant (models[i]))
      add_foil (foils, models[i], FALSE, g_strdup (_ (models[i]->title)));
  }
  return foils;
}
