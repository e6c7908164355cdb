/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/fusion/engine-private.h"

#include "app/weights-folder.h"

#include "models/probe.h"

#include <glib/gstdio.h>

/* The last picture, its preview and one more model to flip to. */
#define MAX_PLANS   4
#define MAX_WEIGHTS 4

typedef struct
{
  char *key; /* model, path, time of change and size of the file */
  OmniWeights *weights;
  gboolean checked; /* gave the known answer on the device */
} WeightsEntry;

static void
plan_entry_free (gpointer data)
{
  OmniPlanEntry *entry = data;
  omni_plan_free (&entry->plan);
  g_clear_pointer (&entry->graph, omni_graph_unref);
  g_clear_pointer (&entry->made_of, g_ptr_array_unref);
  g_free (entry->key);
  g_free (entry);
}

static void
weights_entry_free (gpointer data)
{
  WeightsEntry *entry = data;
  omni_weights_unref (entry->weights);
  g_free (entry->key);
  g_free (entry);
}

void
omni_engine_core_init (OmniEngineCore *core, const char *selector)
{
  *core = (OmniEngineCore){ .selector = g_strdup (selector) };
  g_queue_init (&core->plans);
  g_queue_init (&core->weights);
}

void
omni_engine_core_clear (OmniEngineCore *core)
{
  omni_engine_core_close_device (core);
  g_queue_clear_full (&core->weights, weights_entry_free);
  for (guint i = 0; i < G_N_ELEMENTS (core->frames); i++)
  {
    g_clear_pointer (&core->frames[i], omni_frames_free);
    g_clear_pointer (&core->masks[i], omni_masks_unref);
  }
  g_clear_pointer (&core->selector, g_free);
}

gboolean
omni_engine_core_ensure_device (OmniEngineCore *core, GError **error)
{
  if (core->device != NULL && omni_device_is_lost (core->device))
    omni_engine_core_close_device (core);
  if (core->device != NULL)
    return TRUE;
  core->device = omni_device_open (core->selector, error);
  if (core->device == NULL)
    return FALSE;
  if (core->inject_devices > 0)
  {
    core->inject_devices--;
    omni_device_inject_loss (core->device, core->inject_every);
  }
  return TRUE;
}

void
omni_engine_core_close_device (OmniEngineCore *core)
{
  g_queue_clear_full (&core->plans, plan_entry_free);
  omni_device_close (&core->device);
}

/* A file that was written anew is another one. NULL when there is no such file. */
static char *
make_weights_key (const OmniModel *model, OmniTask task, const char *path)
{
  g_autofree char *shipped = path == NULL ? omni_model_get_task_weights_path (model, task) : NULL;
  const char *file = path != NULL ? path : shipped;
  GStatBuf info;
  if (file == NULL || g_stat (file, &info) != 0)
    return NULL;
  /* What ships is held against its hash, a file that is named is not. */
  return g_strdup_printf ("%s %s %s %" G_GINT64_FORMAT ".%09ld %" G_GINT64_FORMAT " %" G_GUINT64_FORMAT,
                          model->name, path == NULL ? "shipped" : "named", file, (gint64)info.st_mtim.tv_sec,
                          info.st_mtim.tv_nsec, (gint64)info.st_size, (guint64)info.st_ino);
}

OmniWeights *
omni_engine_core_load_weights (OmniEngineCore *core, const OmniModel *model, OmniTask task, const char *path,
                               GError **error)
{
  if (model->architecture == NULL)
    return NULL;
  g_autofree char *added = path == NULL ? omni_weights_folder_choose (model, task) : NULL;
  if (added != NULL)
    path = added;
  g_autofree char *key = make_weights_key (model, task, path);
  for (GList *link = core->weights.head; key != NULL && link != NULL; link = link->next)
  {
    WeightsEntry *entry = link->data;
    if (g_str_equal (entry->key, key))
      return omni_weights_ref (entry->weights);
  }
  OmniWeights *weights = omni_model_load_task_weights (model, task, path, error);
  if (weights == NULL || key == NULL)
    return weights;
  WeightsEntry *entry = g_new0 (WeightsEntry, 1);
  entry->key = g_steal_pointer (&key);
  entry->weights = omni_weights_ref (weights);
  g_queue_push_head (&core->weights, entry);
  if (core->weights.length > MAX_WEIGHTS)
    weights_entry_free (g_queue_pop_tail (&core->weights));
  return weights;
}

gboolean
omni_engine_core_check_weights (OmniEngineCore *core, const OmniModel *model, OmniWeights *weights,
                                GError **error)
{
  for (GList *link = core->weights.head; weights != NULL && link != NULL; link = link->next)
  {
    WeightsEntry *entry = link->data;
    if (entry->weights != weights || entry->checked)
      continue;
    if (!omni_model_check_answer (model, weights, core->device, error))
      return FALSE;
    entry->checked = TRUE;
  }
  return TRUE;
}

static OmniPlanEntry *
find_plan (OmniEngineCore *core, const char *key)
{
  for (GList *link = core->plans.head; link != NULL; link = link->next)
  {
    OmniPlanEntry *entry = link->data;
    if (!g_str_equal (entry->key, key))
      continue;
    g_queue_unlink (&core->plans, link);
    g_queue_push_head_link (&core->plans, link);
    return entry;
  }
  return NULL;
}

/* Kept plans may hold as much as one run may take, so that a run never needs more than twice its budget. */
static void
trim_plans (OmniEngineCore *core)
{
  const guint64 budget_bytes = omni_plan_default_budget (core->device);
  guint64 kept_bytes = 0;
  guint n_kept = 0;
  for (GList *link = core->plans.head; link != NULL; link = link->next, n_kept++)
  {
    kept_bytes += omni_plan_get_memory_bytes (((OmniPlanEntry *)link->data)->plan);
    if (n_kept == MAX_PLANS - 1 || kept_bytes > budget_bytes)
      break;
  }
  while (core->plans.length > n_kept)
    plan_entry_free (g_queue_pop_tail (&core->plans));
}

OmniPlanEntry *
omni_engine_core_get_plan (OmniEngineCore *core, const char *key, const OmniModel *model,
                           const OmniModelContext *context, const OmniPlanParams *params, GError **error)
{
  OmniPlanEntry *entry = find_plan (core, key);
  if (entry != NULL)
    return entry;

  g_autoptr (OmniGraph) graph = model->build (context, error);
  if (graph == NULL)
    return NULL;
  trim_plans (core);
  g_autoptr (GError) local_error = NULL;
  OmniPlan *plan = omni_plan_new (core->device, graph, params, &local_error);
  if (plan == NULL && g_error_matches (local_error, OMNI_VK_ERROR, OMNI_VK_ERROR_OUT_OF_MEMORY)
      && core->plans.length > 0)
  {
    g_queue_clear_full (&core->plans, plan_entry_free);
    g_clear_error (&local_error);
    plan = omni_plan_new (core->device, graph, params, &local_error);
  }
  if (plan == NULL)
  {
    g_propagate_error (error, g_steal_pointer (&local_error));
    return NULL;
  }
  entry = g_new0 (OmniPlanEntry, 1);
  entry->key = g_strdup (key);
  entry->graph = g_steal_pointer (&graph);
  entry->plan = plan;
  g_queue_push_head (&core->plans, entry);
  return entry;
}
