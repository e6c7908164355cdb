/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/evaluate/evaluate-private.h"

#include "app/evaluate/wald.h"
#include "app/files/reader.h"
#include "evaluate-revision.h"

#include <math.h>
#include <string.h>

static void
left_out_free (gpointer data)
{
  OmniEvaluateLeftOut *left_out = data;
  g_free (left_out->name);
  g_free (left_out->reason);
  g_free (left_out);
}

static void
task_free (gpointer data)
{
  OmniEvaluateTask *task = data;
  const gsize n_cells = (gsize)task->scenes->len * task->methods->len;
  for (gsize i = 0; i < n_cells * task->metrics->len; i++)
    g_free (task->scores[i].reason);
  /* A task whose methods were refused has none yet. */
  for (gsize i = 0; task->identities != NULL && i < n_cells; i++)
    g_free (task->identities[i]);
  g_free (task->scores);
  g_free (task->identities);
  g_ptr_array_unref (task->scenes);
  g_ptr_array_unref (task->methods);
  g_ptr_array_unref (task->metrics);
  g_ptr_array_unref (task->left_out);
  g_free (task);
}

void
omni_evaluation_free (OmniEvaluation *self)
{
  if (self == NULL)
    return;
  g_ptr_array_unref (self->tasks);
  g_ptr_array_unref (self->warnings);
  g_ptr_array_unref (self->owned_methods);
  g_free (self->device_name);
  g_free (self->cache_path);
  g_free (self);
}

OmniEvaluateScore *
omni_evaluate_score_at (const OmniEvaluateTask *task, guint scene, guint method, guint metric)
{
  return &task->scores[((gsize)scene * task->methods->len + method) * task->metrics->len + metric];
}

const OmniEvaluateScore *
omni_evaluate_get_score (const OmniEvaluateTask *task, guint scene, guint method, guint metric)
{
  return omni_evaluate_score_at (task, scene, method, metric);
}

const char *
omni_evaluate_get_identity (const OmniEvaluateTask *task, guint scene, guint method)
{
  return task->identities[(gsize)scene * task->methods->len + method];
}

/* ---- What decides a value ---- */

/* (transfer full) */
static char *
hash_text (const char *text)
{
  return g_compute_checksum_for_string (G_CHECKSUM_SHA256, text, -1);
}

static int
compare_lines (gconstpointer a, gconstpointer b)
{
  return strcmp (*(const char *const *)a, *(const char *const *)b);
}

/* The pictures and their roles; their order only where it counts. */
static gboolean
append_sources (GString *text, GPtrArray *sources, gboolean in_order, GError **error)
{
  g_autoptr (GPtrArray) lines = g_ptr_array_new_with_free_func (g_free);
  for (guint i = 0; i < sources->len; i++)
  {
    g_autofree char *sha256 = omni_source_dup_sha256 (sources->pdata[i], error);
    if (sha256 == NULL)
      return FALSE;
    g_ptr_array_add (lines, g_strdup_printf ("source %s %s\n", sha256,
                                             omni_role_to_string (omni_source_get_role (sources->pdata[i]))));
  }
  if (!in_order)
    g_ptr_array_sort (lines, compare_lines);
  for (guint i = 0; i < lines->len; i++)
    g_string_append (text, lines->pdata[i]);
  return TRUE;
}

static gboolean
append_method (GString *text, const OmniEvaluateRun *run, OmniTask task, const OmniEvaluateScene *scene,
               const OmniEvaluateMethod *method, GError **error)
{
  const char *weights = omni_evaluate_method_get_weights_sha256 (method, task);
  if (method->kind == OMNI_METHOD_EXTERNAL)
  {
    g_autofree char *path = omni_evaluate_expand_pattern (method->pattern, scene->group, scene->name);
    g_autofree char *sha256 = omni_file_sha256 (path, error);
    g_string_append_printf (text, "external %s\n", sha256 != NULL ? sha256 : "");
    return sha256 != NULL;
  }
  g_string_append_printf (text, "model %s\noptions %s\nweights %s\nprecision %s\ndevice %s\n",
                          method->model->name, method->options_text, weights != NULL ? weights : "none",
                          run->params->half ? "fp16" : "fp32", run->device_words);
  return TRUE;
}

/* (transfer full) The reason is that of every score of the cell. */
static char *
make_identity (const OmniEvaluateRun *run, const OmniEvaluateTask *task, const OmniEvaluateScene *scene,
               const OmniEvaluateMethod *method, char **reason)
{
  g_autoptr (GString) text = g_string_new ("program " OMNI_VERSION " " OMNI_EVALUATE_REVISION "\n");
  g_autoptr (GError) error = NULL;
  const gboolean in_order = method->model != NULL && !method->order_invariant;
  g_string_append_printf (text, "task %s\n", omni_task_to_string (task->task));
  if (append_sources (text, scene->sources, in_order, &error)
      && append_method (text, run, task->task, scene, method, &error))
    return hash_text (text->str);
  *reason = g_strdup (error->message);
  return NULL;
}

char *
omni_evaluate_make_score_key (const OmniEvaluateRun *run, const OmniEvaluateTask *task, guint scene,
                              guint method, guint metric)
{
  const OmniEvaluateScene *row = task->scenes->pdata[scene];
  const OmniMetric *column = task->metrics->pdata[metric];
  g_autofree char *reference = NULL;
  if (column->kind == OMNI_METRIC_OF_REFERENCE)
    reference = row->reference != NULL ? omni_source_dup_sha256 (row->reference, NULL)
                                       : g_strdup (OMNI_WALD_WORDS);
  const gboolean changes = omni_metrics_compat_changes (run->params->compat, column);
  g_autofree char *text = g_strdup_printf ("score %s\nmetric %s\ncompat %s\nreference %s\npath %s\n",
                                           omni_evaluate_get_identity (task, scene, method), column->name,
                                           changes ? run->params->compat->name : "none",
                                           reference != NULL ? reference : "none", run->metrics_path);
  return hash_text (text);
}

/* ---- Pictures ---- */

/* (transfer full) */
static char *
make_picture_path (const OmniEvaluation *self, const char *kind, const char *identity)
{
  if (self->picture_px == 0 || identity == NULL)
    return NULL;
  g_autofree char *text = g_strdup_printf ("%s %s\nsize %u\n", kind, identity, self->picture_px);
  g_autofree char *key = hash_text (text);
  return g_strconcat (self->cache_path, ".pictures/", key, NULL);
}

char *
omni_evaluation_get_picture_path (const OmniEvaluation *self, const OmniEvaluateTask *task, guint scene,
                                  guint method)
{
  return make_picture_path (self, "picture", omni_evaluate_get_identity (task, scene, method));
}

char *
omni_evaluation_get_source_picture_path (const OmniEvaluation *self, OmniSource *source)
{
  g_autofree char *sha256 = omni_source_dup_sha256 (source, NULL);
  return make_picture_path (self, "source", sha256);
}

/* ---- The plan ---- */

static gboolean
is_wanted (const char *path)
{
  return path != NULL && !g_file_test (path, G_FILE_TEST_EXISTS);
}

gboolean
omni_evaluate_is_cell_open (const OmniEvaluateRun *run, const OmniEvaluateTask *task, guint scene,
                            guint method)
{
  if (omni_evaluate_get_identity (task, scene, method) == NULL)
    return FALSE;
  for (guint i = 0; i < task->metrics->len; i++)
    if (omni_evaluate_is_score_open (omni_evaluate_get_score (task, scene, method, i)))
      return TRUE;
  g_autofree char *path = omni_evaluation_get_picture_path (run->evaluation, task, scene, method);
  return is_wanted (path);
}

char *
omni_evaluate_make_metric_reason (const OmniMetric *metric, const char *reason)
{
  return g_strdup_printf ("%s cannot be computed: %s.", metric->name, reason);
}

/* What a pan-sharpening should look like is known a step coarser; pictures of other programs are as they are. */
static gboolean
has_reference (const OmniEvaluateTask *task, const OmniEvaluateScene *scene, guint method)
{
  const OmniEvaluateMethod *row = task->methods->pdata[method];
  return scene->reference != NULL
         || (task->task == OMNI_TASK_PANSHARPEN && row->kind != OMNI_METHOD_EXTERNAL);
}

/* What is known of a cell without doing anything. */
static void
plan_cell (OmniEvaluateRun *run, OmniEvaluateTask *task, guint scene, guint method)
{
  const OmniEvaluateScene *row = task->scenes->pdata[scene];
  g_autofree char *reason = g_strdup (row->problem);
  char **identity = &task->identities[(gsize)scene * task->methods->len + method];
  if (reason == NULL)
    *identity = make_identity (run, task, row, task->methods->pdata[method], &reason);
  for (guint i = 0; i < task->metrics->len; i++)
  {
    OmniEvaluateScore *score = omni_evaluate_score_at (task, scene, method, i);
    score->value = NAN;
    run->evaluation->n_scores++;
    if (reason != NULL)
    {
      score->reason = g_strdup (reason);
      continue;
    }
    g_autofree char *why = NULL;
    if (!omni_metric_is_defined (task->metrics->pdata[i], row->sources->len,
                                 has_reference (task, row, method), task->task == OMNI_TASK_PANSHARPEN, &why))
    {
      score->reason = omni_evaluate_make_metric_reason (task->metrics->pdata[i], why);
      continue;
    }
    g_autofree char *key = omni_evaluate_make_score_key (run, task, scene, method, i);
    run->evaluation->n_from_cache += omni_evaluate_cache_find (run->cache, key, &score->value,
                                                               &score->reason);
  }
}

/* (transfer full) NULL when there is nothing to do. */
static OmniEvaluateWork *
plan_scene (OmniEvaluateRun *run, OmniEvaluateTask *task, guint scene, guint *n_cells)
{
  const OmniEvaluateScene *row = task->scenes->pdata[scene];
  guint n_open = 0;
  gboolean wants_pictures = FALSE;
  for (guint i = 0; i < task->methods->len; i++)
  {
    plan_cell (run, task, scene, i);
    n_open += omni_evaluate_is_cell_open (run, task, scene, i);
  }
  for (guint i = 0; row->problem == NULL && i < row->sources->len; i++)
  {
    g_autofree char *path = omni_evaluation_get_source_picture_path (run->evaluation, row->sources->pdata[i]);
    wants_pictures |= is_wanted (path);
  }
  if (n_open == 0 && !wants_pictures)
    return NULL;
  *n_cells += n_open;
  OmniEvaluateWork *work = g_new (OmniEvaluateWork, 1);
  *work = (OmniEvaluateWork){ .task = task, .scene = scene, .wants_source_pictures = wants_pictures };
  return work;
}

/* ---- Tasks, methods and metrics ---- */

static OmniEvaluateMethod *
find_method (GPtrArray *methods, const char *name)
{
  for (guint i = 0; i < methods->len; i++)
    if (g_str_equal (((OmniEvaluateMethod *)methods->pdata[i])->name, name))
      return methods->pdata[i];
  return NULL;
}

static gboolean
refuse_name (const char *name, GError **error)
{
  g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
               "Two methods are called “%s”; name each once, or give the external one another name.", name);
  return FALSE;
}

static void
leave_out (OmniEvaluateTask *task, const char *name, const char *reason)
{
  OmniEvaluateLeftOut *left_out = g_new (OmniEvaluateLeftOut, 1);
  *left_out = (OmniEvaluateLeftOut){ .name = g_strdup (name), .reason = g_strdup (reason) };
  g_ptr_array_add (task->left_out, left_out);
}

/* A model that is a baseline, too, is simply the model; an external method never stands for another one. */
static gboolean
add_method (OmniEvaluateTask *task, OmniEvaluateMethod *method, GError **error)
{
  const OmniEvaluateMethod *other = find_method (task->methods, method->name);
  if (other != NULL)
    return (other->kind != OMNI_METHOD_EXTERNAL && method->kind != OMNI_METHOD_EXTERNAL)
           || refuse_name (method->name, error);
  if (method->model == NULL || (method->model->tasks & (1u << task->task)) != 0)
  {
    g_ptr_array_add (task->methods, method);
    return TRUE;
  }
  g_autofree char *reason = g_strdup_printf ("%s is not made for the task “%s”.", method->model->title,
                                             omni_task_to_string (task->task));
  leave_out (task, method->name, reason);
  return TRUE;
}

static gboolean
add_methods (OmniEvaluateTask *task, GPtrArray *methods, GError **error)
{
  for (guint i = 0; i < methods->len; i++)
    if (!add_method (task, methods->pdata[i], error))
      return FALSE;
  return TRUE;
}

/* Keeps `methods` (transfer full) as long as the evaluation. */
static gboolean
add_own_methods (OmniEvaluation *self, OmniEvaluateTask *task, GPtrArray *methods, GError **error)
{
  const gboolean added = add_methods (task, methods, error);
  g_ptr_array_extend_and_steal (self->owned_methods, methods);
  return added;
}

static gboolean
add_default_model (OmniEvaluation *self, OmniEvaluateTask *task, GError **error)
{
  const OmniModel *model = omni_model_default_for (task->task);
  OmniEvaluateMethod *method = omni_evaluate_method_new (OMNI_METHOD_MODEL, model->name, error);
  if (method == NULL)
    return FALSE;
  g_ptr_array_add (self->owned_methods, method);
  return add_method (task, method, error);
}

static gboolean
choose_methods (OmniEvaluation *self, OmniEvaluateTask *task, const OmniEvaluateParams *params,
                GError **error)
{
  if (!(params->models->len > 0 ? add_methods (task, params->models, error)
                                : add_default_model (self, task, error))
      || !add_methods (task, params->externals, error))
    return FALSE;
  if (params->baselines != NULL)
    return add_methods (task, params->baselines, error);
  g_autoptr (GPtrArray) sets = g_ptr_array_new ();
  for (guint i = 0; i < task->scenes->len; i++)
  {
    const OmniEvaluateScene *scene = task->scenes->pdata[i];
    if (scene->problem == NULL)
      g_ptr_array_add (sets, scene->sources);
  }
  return sets->len == 0
         || add_own_methods (self, task, omni_evaluate_default_baselines (task->task, sets), error);
}

static void
choose_metrics (OmniEvaluateTask *task, const OmniEvaluateParams *params)
{
  gboolean has_truth = task->task == OMNI_TASK_PANSHARPEN;
  for (guint i = 0; i < task->scenes->len; i++)
    has_truth |= ((OmniEvaluateScene *)task->scenes->pdata[i])->reference != NULL;
  if (params->metrics != NULL)
  {
    g_ptr_array_unref (task->metrics);
    task->metrics = g_ptr_array_copy (params->metrics, NULL, NULL);
    return;
  }
  const char *const *names = omni_evaluate_default_metrics (task->task);
  for (guint i = 0; names[i] != NULL; i++)
  {
    const OmniMetric *metric = omni_metric_find (names[i]);
    if (metric->kind != OMNI_METRIC_OF_REFERENCE || has_truth)
      g_ptr_array_add (task->metrics, (gpointer)metric);
  }
}

static OmniEvaluateTask *
task_new (OmniTask task)
{
  OmniEvaluateTask *self = g_new0 (OmniEvaluateTask, 1);
  self->task = task;
  self->scenes = g_ptr_array_new ();
  self->methods = g_ptr_array_new ();
  self->metrics = g_ptr_array_new ();
  self->left_out = g_ptr_array_new_with_free_func (left_out_free);
  return self;
}

/* AUTO stands for scenes that could not be read: they have a problem and nothing else. */
static gboolean
plan_task (OmniEvaluation *self, OmniEvaluateTask *task, const OmniEvaluateParams *params, GError **error)
{
  if (task->task != OMNI_TASK_AUTO)
  {
    if (!choose_methods (self, task, params, error))
      return FALSE;
    choose_metrics (task, params);
  }
  const gsize n_cells = (gsize)task->scenes->len * task->methods->len;
  task->identities = g_new0 (char *, n_cells);
  task->scores = g_new0 (OmniEvaluateScore, n_cells * task->metrics->len);
  return TRUE;
}

static gboolean
plan_tasks (OmniEvaluation *self, const OmniEvaluateParams *params, GError **error)
{
  for (guint i = 0; i < params->scenes->len; i++)
  {
    OmniEvaluateScene *scene = params->scenes->pdata[i];
    OmniEvaluateTask *last = self->tasks->len > 0 ? self->tasks->pdata[self->tasks->len - 1] : NULL;
    if (last == NULL || last->task != scene->task)
      g_ptr_array_add (self->tasks, last = task_new (scene->task));
    g_ptr_array_add (last->scenes, scene);
  }
  for (guint i = 0; i < self->tasks->len; i++)
    if (!plan_task (self, self->tasks->pdata[i], params, error))
      return FALSE;
  return TRUE;
}

/* ---- The run ---- */

static gboolean
check_names (const OmniEvaluateParams *params, GError **error)
{
  GPtrArray *const lists[] = { params->models, params->externals, params->baselines };
  g_autoptr (GHashTable) names = g_hash_table_new (g_str_hash, g_str_equal);
  for (guint i = 0; i < G_N_ELEMENTS (lists); i++)
    for (guint k = 0; lists[i] != NULL && k < lists[i]->len; k++)
    {
      const OmniEvaluateMethod *method = lists[i]->pdata[k];
      const OmniEvaluateMethod *other = g_hash_table_lookup (names, method->name);
      /* A model that is a baseline, too, is simply the model. */
      if (other != NULL
          && (other->kind == method->kind || other->kind == OMNI_METHOD_EXTERNAL
              || method->kind == OMNI_METHOD_EXTERNAL))
        return refuse_name (method->name, error);
      g_hash_table_insert (names, method->name, (gpointer)method);
    }
  return TRUE;
}

static gboolean
open_device (OmniEvaluateRun *run, GError **error)
{
  OmniDeviceInfo info;
  run->engine = omni_engine_new (run->params->device);
  if (!omni_engine_ensure_device (run->engine, &info, error))
    return FALSE;
  run->evaluation->device_name = g_strdup (info.name);
  run->device_words = g_strdup_printf ("%s; %s", info.name, info.driver);
  return TRUE;
}

/* (transfer full) (element-type OmniEvaluateWork) What is left to do. */
static GPtrArray *
plan_works (OmniEvaluateRun *run, guint *n_cells)
{
  GPtrArray *works = g_ptr_array_new_with_free_func (g_free);
  *n_cells = 0;
  for (guint i = 0; i < run->evaluation->tasks->len; i++)
  {
    OmniEvaluateTask *task = run->evaluation->tasks->pdata[i];
    for (guint k = 0; k < task->scenes->len && !g_cancellable_is_cancelled (run->cancellable); k++)
    {
      OmniEvaluateWork *work = plan_scene (run, task, k, n_cells);
      if (work != NULL)
        g_ptr_array_add (works, work);
    }
  }
  return works;
}

static gboolean
do_works (OmniEvaluateRun *run, GPtrArray *works, guint n_cells, OmniEvaluateProgress progress,
          gpointer user_data, GError **error)
{
  GThreadPool *pool = g_thread_pool_new (omni_evaluate_work_cb, run, (gint)run->params->n_jobs, FALSE, error);
  if (pool == NULL)
    return FALSE;
  for (guint i = 0; i < works->len; i++)
    g_thread_pool_push (pool, works->pdata[i], NULL);
  for (guint done = 0, n_left = works->len; n_left > 0;)
  {
    g_autofree OmniEvaluateEvent *event = g_async_queue_pop (run->events);
    n_left -= event->is_last;
    done += !event->is_last;
    if (progress != NULL && n_cells > 0)
      progress (done, n_cells, event->scene_id, user_data);
  }
  g_thread_pool_free (pool, FALSE, TRUE);
  if (run->fatal == NULL)
    return TRUE;
  g_propagate_error (error, g_steal_pointer (&run->fatal));
  return FALSE;
}

static gboolean
check_cancelled (OmniEvaluateRun *run, GError **error)
{
  if (!g_cancellable_is_cancelled (run->cancellable))
    return TRUE;
  g_autofree char *name = g_filename_display_name (run->params->cache_path);
  g_set_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED,
               "Interrupted; %u scores are kept in “%s”, and the same command goes on from there.",
               omni_evaluate_cache_count (run->cache), name);
  return FALSE;
}

static void
sort_warnings (OmniEvaluateRun *run)
{
  GHashTableIter iter;
  gpointer warning;
  g_hash_table_iter_init (&iter, run->warnings);
  while (g_hash_table_iter_next (&iter, &warning, NULL))
    g_ptr_array_add (run->evaluation->warnings, g_strdup (warning));
  g_ptr_array_sort (run->evaluation->warnings, compare_lines);
}

static gboolean
needs_device (const OmniEvaluation *self)
{
  for (guint i = 0; i < self->tasks->len; i++)
  {
    const OmniEvaluateTask *task = self->tasks->pdata[i];
    for (guint k = 0; k < task->methods->len; k++)
      if (((OmniEvaluateMethod *)task->methods->pdata[k])->model != NULL)
        return TRUE;
  }
  return FALSE;
}

static gboolean
evaluate (OmniEvaluateRun *run, OmniEvaluateProgress progress, gpointer user_data, GError **error)
{
  run->cache = omni_evaluate_cache_open (run->params->cache_path, error);
  if (run->cache == NULL || !plan_tasks (run->evaluation, run->params, error)
      || (needs_device (run->evaluation) && !open_device (run, error)))
    return FALSE;
  if (run->params->picture_px > 0 && !omni_evaluate_cache_make_picture_folder (run->cache, error))
    return FALSE;
  guint n_cells;
  g_autoptr (GPtrArray) works = plan_works (run, &n_cells);
  if (!check_cancelled (run, error) || !do_works (run, works, n_cells, progress, user_data, error)
      || !check_cancelled (run, error))
    return FALSE;
  sort_warnings (run);
  return TRUE;
}

static OmniEvaluation *
evaluation_new (const OmniEvaluateParams *params)
{
  OmniEvaluation *self = g_new0 (OmniEvaluation, 1);
  self->tasks = g_ptr_array_new_with_free_func (task_free);
  self->warnings = g_ptr_array_new_with_free_func (g_free);
  self->owned_methods = g_ptr_array_new_with_free_func ((GDestroyNotify)omni_evaluate_method_free);
  self->compat = params->compat;
  self->cache_path = g_strdup (params->cache_path);
  self->picture_px = params->picture_px;
  return self;
}

OmniEvaluation *
omni_evaluation_run (const OmniEvaluateParams *params, OmniEvaluateProgress progress, gpointer user_data,
                     GCancellable *cancellable, GError **error)
{
  g_return_val_if_fail (params != NULL && params->n_jobs > 0 && params->cache_path != NULL, NULL);

  if (!check_names (params, error))
    return NULL;
  g_autoptr (OmniEvaluation) evaluation = evaluation_new (params);
  OmniEvaluateRun run = { .params = params, .evaluation = evaluation, .cancellable = cancellable };
  g_mutex_init (&run.lock);
  run.warnings = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  run.events = g_async_queue_new ();
  omni_metrics_set_device (params->device);
  run.metrics_path = omni_metrics_describe_path ();
  const gboolean done = evaluate (&run, progress, user_data, error);
  g_async_queue_unref (run.events);
  g_hash_table_unref (run.warnings);
  g_clear_object (&run.engine);
  g_clear_pointer (&run.cache, omni_evaluate_cache_free);
  g_free (run.device_words);
  g_free (run.metrics_path);
  g_mutex_clear (&run.lock);
  return done ? g_steal_pointer (&evaluation) : NULL;
}
