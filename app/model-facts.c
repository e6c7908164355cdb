/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/model-facts.h"

#include "app/timings.h"

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
    facts->several_sizes = omni_weights_get_metadata (weights, "scales") != NULL;
    facts->licence = g_strdup (omni_weights_get_metadata (weights, "licence"));
    facts->provenance = g_strdup (omni_weights_get_metadata (weights, "provenance"));
    facts->trained_here = facts->provenance != NULL
                          && g_str_has_prefix (facts->provenance, "omnifuse-cli train ");
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

gboolean
omni_document_get_model_ms (OmniDocument *document, const OmniModel *model, double *ms, gboolean *measured)
{
  const OmniModelOptions *chosen = omni_document_get_options (document, model);
  g_autofree char *options = chosen != NULL ? omni_model_options_to_string (chosen) : g_strdup ("");
  g_autofree char *device = omni_engine_dup_device_name (omni_document_get_engine (document));
  g_autofree char *weights = omni_document_dup_weights (document, model);
  const OmniTiming timing = { .device = device,
                              .model = model,
                              .task = omni_document_get_effective_task (document),
                              .weights_path = weights,
                              .options = options,
                              .sources = omni_document_get_active (document) };

  return device != NULL && omni_timings_find (&timing, ms, measured);
}
