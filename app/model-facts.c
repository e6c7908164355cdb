/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/model-facts.h"

#include "app/document/document-private.h"

static GMutex lock;
static GHashTable *known; /* const OmniModel → OmniModelFacts, which stay */

const OmniModelFacts *
omni_model_get_facts (const OmniModel *model)
{
  g_mutex_lock (&lock);
  const OmniModelFacts *facts = known != NULL ? g_hash_table_lookup (known, model) : NULL;
  g_mutex_unlock (&lock);
  return facts;
}

static void
find_facts (const OmniModel *model)
{
  OmniModelFacts *facts = g_new0 (OmniModelFacts, 1);
  g_autoptr (OmniWeights) weights = model->architecture != NULL ? omni_model_load_weights (model, NULL, NULL)
                                                                : NULL;

  facts->order_invariant = omni_model_is_order_invariant (model);
  facts->receptive_field_px = omni_model_get_receptive_field_px (model);
  facts->n_parameters = omni_model_count_parameters (model, weights);
  if (weights != NULL)
  {
    facts->licence = g_strdup (omni_weights_get_metadata (weights, "licence"));
    facts->provenance = g_strdup (omni_weights_get_metadata (weights, "provenance"));
  }
  g_mutex_lock (&lock);
  if (known == NULL)
    known = g_hash_table_new (NULL, NULL);
  g_hash_table_insert (known, (gpointer)model, facts);
  g_mutex_unlock (&lock);
}

static void
find_in_thread (GTask *task, gpointer source_object, gpointer task_data, GCancellable *cancellable)
{
  const OmniModel *const *models = omni_models_list ();

  for (guint i = 0; models[i] != NULL && !g_cancellable_is_cancelled (cancellable); i++)
    if (omni_model_get_facts (models[i]) == NULL)
      find_facts (models[i]);
  g_task_return_boolean (task, TRUE);
}

void
omni_model_facts_find_async (GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (NULL, cancellable, callback, user_data);

  g_task_run_in_thread (task, find_in_thread);
}

static double
count_samples (GPtrArray *sources)
{
  double n = 0;

  for (guint i = 0; i < sources->len; i++)
    n += (double)omni_source_get_width (sources->pdata[i]) * omni_source_get_height (sources->pdata[i])
         * omni_source_get_channels (sources->pdata[i]);
  return n;
}

gboolean
omni_document_get_model_ms (OmniDocument *document, const OmniModel *model, double *ms, gboolean *measured)
{
  OmniVersions *versions = omni_document_get_versions (document);
  GPtrArray *active = omni_document_get_active (document);
  g_autofree char *set = omni_sources_make_key (active, FALSE);
  const double n_samples = count_samples (active);
  gboolean found = FALSE;

  *measured = FALSE;
  for (guint i = 0; i < omni_versions_get_n (versions); i++)
  {
    const OmniVersionFacts *facts = omni_fusion_version_get_facts (omni_versions_get (versions, i));
    g_autofree char *other = omni_sources_make_key (facts->sources, FALSE);
    if (!g_str_equal (facts->model, model->name) || facts->ms <= 0)
      continue;
    *measured = g_str_equal (set, other);
    if (*measured || !found)
      *ms = *measured ? facts->ms : facts->ms * n_samples / MAX (1, count_samples (facts->sources));
    found = TRUE;
    if (*measured)
      break;
  }
  return found;
}
