/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/evaluate/evaluate-private.h"
#include "app/evaluate/wald.h"

#include "app/files/output.h"
#include "app/files/reader.h"
#include "app/report/html.h"

/* One scene in a worker's hands: its pictures are decoded once and serve all methods. */
typedef struct
{
  OmniEvaluateRun *run;
  const OmniEvaluateWork *work;
  const OmniEvaluateScene *scene;
  GPtrArray *pictures;    /* OmniPicture, of the sources */
  OmniPicture *reference; /* nullable */
  OmniWald wald;          /* of a pan-sharpening */
} SceneWork;

static void
scene_work_clear (SceneWork *self)
{
  g_ptr_array_unref (self->pictures);
  g_clear_object (&self->reference);
  omni_wald_clear (&self->wald);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (SceneWork, scene_work_clear)

static gboolean
is_over (OmniEvaluateRun *run)
{
  return g_atomic_int_get (&run->is_over) || g_cancellable_is_cancelled (run->cancellable);
}

/* Takes `error`. */
static void
end_all (OmniEvaluateRun *run, GError *error)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&run->lock);
  if (run->fatal == NULL)
    run->fatal = error;
  else
    g_error_free (error);
  g_atomic_int_set (&run->is_over, TRUE);
}

static void
send_event (OmniEvaluateRun *run, const char *scene_id, gboolean is_last)
{
  OmniEvaluateEvent *event = g_new (OmniEvaluateEvent, 1);
  *event = (OmniEvaluateEvent){ .scene_id = scene_id, .is_last = is_last };
  g_async_queue_push (run->events, event);
}

static gboolean
load_pictures (SceneWork *self, GError **error)
{
  for (guint i = 0; i < self->scene->sources->len; i++)
  {
    OmniPicture *picture = omni_source_load (self->scene->sources->pdata[i], self->run->cancellable, error);
    if (picture == NULL)
      return FALSE;
    g_ptr_array_add (self->pictures, picture);
  }
  if (self->work->task->task == OMNI_TASK_PANSHARPEN
      && !omni_wald_init (&self->wald, self->scene->sources, self->run->cancellable, error))
    return FALSE;
  if (self->scene->reference == NULL)
    return TRUE;
  self->reference = omni_source_load (self->scene->reference, self->run->cancellable, error);
  return self->reference != NULL;
}

/* ---- Pictures for the page ---- */

/* A page does without a picture that cannot be shown, as of bands; a full disk is another matter. */
static void
keep_picture (OmniEvaluateRun *run, OmniPicture *picture, const char *path)
{
  g_auto (OmniHtmlImage) image = { 0 };
  GError *error = NULL;
  if (!omni_html_image_encode (&image, picture, run->params->picture_px, run->cancellable, NULL))
    return;
  gsize size;
  gconstpointer data = g_bytes_get_data (image.data, &size);
  if (!omni_file_replace_contents_atomic (path, data, size, TRUE, &error))
    end_all (run, error);
}

static void
keep_source_pictures (SceneWork *self)
{
  for (guint i = 0; i < self->pictures->len; i++)
  {
    g_autofree char *path = omni_evaluation_get_source_picture_path (self->run->evaluation,
                                                                     self->scene->sources->pdata[i]);
    if (path != NULL && !g_file_test (path, G_FILE_TEST_EXISTS))
      keep_picture (self->run, self->pictures->pdata[i], path);
  }
}

/* ---- Scores ---- */

static void
keep_warnings (OmniEvaluateRun *run, const OmniEvaluateScene *scene, GPtrArray *warnings)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&run->lock);
  for (guint i = 0; i < warnings->len; i++)
    g_hash_table_add (run->warnings, g_strdup_printf ("%s: %s", scene->id, (const char *)warnings->pdata[i]));
}

/* (transfer full) The picture that `method` makes of `sources`, which are the scene's, or coarser ones. */
static OmniPicture *
make_picture (SceneWork *self, const OmniEvaluateMethod *method, GPtrArray *sources, GError **error)
{
  OmniEvaluateRun *run = self->run;
  if (method->kind == OMNI_METHOD_EXTERNAL)
  {
    g_autofree char *path = omni_evaluate_expand_pattern (method->pattern, self->scene->group,
                                                          self->scene->name);
    return omni_picture_read (path, run->cancellable, error);
  }
  const OmniFusionRequest request = { .sources = sources,
                                      .task = self->work->task->task,
                                      .model = method->model,
                                      .weights_path = method->weights_path,
                                      .options = method->options,
                                      .tile_px = run->params->tile_px,
                                      .half = run->params->half };
  if (!omni_model_fits (method->model, request.task, request.sources, NULL)
      || !omni_fusion_request_check (&request, NULL))
  {
    /* The same words as the engine would use, without waking it. */
    if (omni_fusion_request_choose_model (&request, NULL, NULL, error) != NULL)
      omni_fusion_request_check (&request, error);
    return NULL;
  }
  g_autoptr (OmniFusionResult)
    result = omni_engine_fuse (run->engine, &request, NULL, NULL, run->cancellable, error);
  if (result == NULL)
    return NULL;
  keep_warnings (run, self->scene, result->warnings);
  return g_object_ref (result->picture);
}

/* Which metrics a picture is scored by: by Wald's protocol those with a reference see another one than the rest. */
typedef enum
{
  ANY_METRIC,
  WITH_REFERENCE,
  WITHOUT_REFERENCE
} Choice;

static gboolean
is_chosen (const OmniMetric *metric, Choice choice)
{
  return choice == ANY_METRIC || (metric->kind == OMNI_METRIC_OF_REFERENCE) == (choice == WITH_REFERENCE);
}

static gboolean
has_open_score (SceneWork *self, guint method, Choice choice)
{
  const OmniEvaluateTask *task = self->work->task;
  for (guint i = 0; i < task->metrics->len; i++)
    if (is_chosen (task->metrics->pdata[i], choice)
        && omni_evaluate_is_score_open (omni_evaluate_get_score (task, self->work->scene, method, i)))
      return TRUE;
  return FALSE;
}

static void
score_picture (SceneWork *self, guint method, const OmniMetricsInput *input, Choice choice)
{
  OmniEvaluateRun *run = self->run;
  const OmniEvaluateTask *task = self->work->task;
  for (guint i = 0; i < task->metrics->len && !is_over (run); i++)
  {
    OmniEvaluateScore *score = omni_evaluate_score_at (task, self->work->scene, method, i);
    const OmniMetric *metric = task->metrics->pdata[i];
    g_autofree char *reason = NULL;
    if (!is_chosen (metric, choice) || !omni_evaluate_is_score_open (score))
      continue;
    if (!omni_metric_compute (metric, run->params->compat, input, run->cancellable, &score->value, &reason))
    {
      score->reason = omni_evaluate_make_metric_reason (metric, reason);
      if (is_over (run) || !omni_metric_reason_lasts (reason))
        continue;
    }
    g_autofree char *key = omni_evaluate_make_score_key (run, task, self->work->scene, method, i);
    const OmniEvaluateMethod *row = task->methods->pdata[method];
    GError *error = NULL;
    if (!omni_evaluate_cache_add (run->cache, key, self->scene->id, row->name, metric->name, score->value,
                                  score->reason, &error))
      end_all (run, error);
  }
}

/* All scores that are still open get this reason. */
static void
give_up (const OmniEvaluateTask *task, guint scene, guint method, Choice choice, const char *reason)
{
  for (guint i = 0; i < task->metrics->len; i++)
  {
    OmniEvaluateScore *score = omni_evaluate_score_at (task, scene, method, i);
    if (is_chosen (task->metrics->pdata[i], choice) && omni_evaluate_is_score_open (score))
      score->reason = g_strdup (reason);
  }
}

/* The scores that need a reference where the scene has none: everything a step coarser, see wald.h. */
static gboolean
do_coarse_cell (SceneWork *self, guint method, GError **error)
{
  const OmniEvaluateMethod *row = self->work->task->methods->pdata[method];
  OmniWald *wald = &self->wald;
  if (!omni_wald_degrade (wald, self->run->cancellable, error))
    return FALSE;
  g_autoptr (OmniPicture) picture = make_picture (self, row, wald->coarse_sources, error);
  if (picture == NULL)
    return FALSE;
  g_autoptr (OmniMetricsInput)
    input = omni_metrics_input_new_bands (wald->coarse_ms, wald->coarse_pan, picture, wald->ms, NULL, error);
  if (input == NULL)
    return FALSE;
  score_picture (self, method, input, WITH_REFERENCE);
  return TRUE;
}

static OmniMetricsInput *
make_input (SceneWork *self, OmniPicture *picture, GError **error)
{
  if (self->wald.ms != NULL)
    return omni_metrics_input_new_bands (self->wald.ms, self->wald.pan, picture, self->reference, NULL,
                                         error);
  return omni_metrics_input_new ((OmniPicture *const *)self->pictures->pdata, self->pictures->len, picture,
                                 self->reference, NULL, error);
}

static gboolean
do_cell (SceneWork *self, guint method, GError **error)
{
  const OmniEvaluateTask *task = self->work->task;
  const gboolean is_coarser = self->wald.ms != NULL && self->reference == NULL;
  const Choice choice = is_coarser ? WITHOUT_REFERENCE : ANY_METRIC;
  g_autoptr (GError) coarse_error = NULL;
  /* A pair that cannot be made coarser has a result of full size all the same. */
  if (is_coarser && has_open_score (self, method, WITH_REFERENCE)
      && !do_coarse_cell (self, method, &coarse_error))
    give_up (task, self->work->scene, method, WITH_REFERENCE, coarse_error->message);
  g_autofree char *path = omni_evaluation_get_picture_path (self->run->evaluation, task, self->work->scene,
                                                            method);
  /* What was asked for may need the coarser pair alone. */
  if (is_coarser && path == NULL && !has_open_score (self, method, choice))
    return TRUE;
  g_autoptr (OmniPicture)
    picture = make_picture (self, task->methods->pdata[method], self->scene->sources, error);
  if (picture == NULL)
    return FALSE;
  if (path != NULL && !g_file_test (path, G_FILE_TEST_EXISTS))
    keep_picture (self->run, picture, path);
  if (!has_open_score (self, method, choice))
    return TRUE;
  g_autoptr (OmniMetricsInput) input = make_input (self, picture, error);
  if (input == NULL)
    return FALSE;
  g_clear_object (&picture);
  score_picture (self, method, input, choice);
  return TRUE;
}

void
omni_evaluate_work_cb (gpointer data, gpointer user_data)
{
  const OmniEvaluateWork *work = data;
  OmniEvaluateRun *run = user_data;
  g_auto (SceneWork) self = { .run = run,
                              .work = work,
                              .scene = work->task->scenes->pdata[work->scene],
                              .pictures = g_ptr_array_new_with_free_func (g_object_unref) };
  g_autoptr (GError) unreadable = NULL;
  if (!is_over (run) && load_pictures (&self, &unreadable) && work->wants_source_pictures)
    keep_source_pictures (&self);
  for (guint i = 0; i < work->task->methods->len && !is_over (run); i++)
  {
    g_autoptr (GError) error = NULL;
    if (!omni_evaluate_is_cell_open (run, work->task, work->scene, i))
      continue;
    if (unreadable != NULL)
      give_up (work->task, work->scene, i, ANY_METRIC, unreadable->message);
    else if (!do_cell (&self, i, &error))
      give_up (work->task, work->scene, i, ANY_METRIC, error->message);
    send_event (run, self.scene->id, FALSE);
  }
  send_event (run, self.scene->id, TRUE);
}
