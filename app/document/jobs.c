/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/document/document-private.h"

#include "app/fusion/refine.h"
#include "app/timings.h"

#include <glib/gi18n.h>

/* Sets of fewer pixels in all are fused at once, without a preview. */
#define PREVIEW_FROM_PX 6e6

#define KEPT_BYTES      (G_GUINT64_CONSTANT (1) << 30)

/* Jobs */

static OmniJob *
job_ref (OmniJob *job)
{
  g_atomic_ref_count_inc (&job->ref_count);
  return job;
}

static void
job_unref (OmniJob *job)
{
  if (!g_atomic_ref_count_dec (&job->ref_count))
    return;
  g_clear_object (&job->cancellable);
  g_clear_pointer (&job->request.sources, g_ptr_array_unref);
  g_free (job->key);
  g_mutex_clear (&job->mutex);
  g_free (job);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (OmniJob, job_unref)

static OmniJob *
job_new (OmniDocument *document)
{
  OmniJob *job = g_new0 (OmniJob, 1);

  g_atomic_ref_count_init (&job->ref_count);
  g_mutex_init (&job->mutex);
  job->document = document;
  job->cancellable = g_cancellable_new ();
  job->request.sources = g_ptr_array_ref (document->state->active);
  job->request.task = document->state->task;
  job->request.model = document->state->model;
  job->request.resize = document->state->resize;
  return job;
}

void
omni_document_abandon_job (OmniDocument *self)
{
  if (self->job == NULL)
    return;
  self->job->document = NULL;
  g_cancellable_cancel (self->job->cancellable);
  g_clear_pointer (&self->job, job_unref);
}

/* The document that still waits for this job. */
static OmniDocument *
finish_job (OmniJob *job)
{
  OmniDocument *self = job->document;

  if (self != NULL)
  {
    job->document = NULL;
    g_clear_pointer (&self->job, job_unref);
  }
  return self;
}

static int
compare_strings (gconstpointer a, gconstpointer b)
{
  return g_strcmp0 (*(const char *const *)a, *(const char *const *)b);
}

char *
omni_sources_make_key (GPtrArray *sources, gboolean with_roles)
{
  g_autoptr (GPtrArray) words = g_ptr_array_new_with_free_func (g_free);

  for (guint i = 0; i < sources->len; i++)
  {
    const OmniRole role = with_roles ? omni_source_get_role (sources->pdata[i]) : OMNI_ROLE_NONE;
    g_ptr_array_add (words, g_strdup_printf ("%p:%d", sources->pdata[i], role));
  }
  g_ptr_array_sort (words, compare_strings);
  g_ptr_array_add (words, NULL);
  return g_strjoinv (" ", (char **)words->pdata);
}

gboolean
omni_sources_same_order (GPtrArray *a, GPtrArray *b)
{
  return a->len == b->len && (a->len == 0 || memcmp (a->pdata, b->pdata, a->len * sizeof (gpointer)) == 0);
}

char *
omni_document_make_influence_key (OmniDocument *self)
{
  g_autoptr (GPtrArray) words = g_ptr_array_new_with_free_func (g_free);

  for (guint i = 0; i < self->state->active->len; i++)
  {
    const double value = omni_document_get_influence (self, self->state->active->pdata[i]);
    if (value != 0)
      g_ptr_array_add (words, g_strdup_printf ("%p:%a", self->state->active->pdata[i], value));
  }
  g_ptr_array_sort (words, compare_strings);
  g_ptr_array_add (words, NULL);
  return g_strjoinv (" ", (char **)words->pdata);
}

double *
omni_document_make_influence (OmniDocument *self, const OmniModel *model)
{
  double *influence = g_new (double, self->state->active->len);

  for (guint i = 0; i < self->state->active->len; i++)
    influence[i] = model->takes_influence ? omni_document_get_influence (self, self->state->active->pdata[i])
                                          : 0;
  return influence;
}

char *
omni_document_make_key (OmniDocument *self)
{
  const OmniModel *model = self->effective_model;
  const OmniModelOptions *options = model != NULL ? omni_document_get_options (self, model) : NULL;
  g_autofree char *set = omni_sources_make_key (self->state->active, TRUE);
  g_autofree char *values = options != NULL ? omni_model_options_to_string (options) : NULL;
  g_autofree char *weights = model != NULL ? omni_document_dup_weights (self, model) : NULL;
  g_autofree char *influence = omni_document_takes_influence (self) ? omni_document_make_influence_key (self)
                                                                    : g_strdup ("");

  return g_strdup_printf ("%s %s %s [%s] %d %s {%s}", omni_task_to_string (self->effective_task),
                          model != NULL ? model->name : "", weights != NULL ? weights : "",
                          values != NULL ? values : "", self->state->resize, set, influence);
}

char *
omni_document_make_choice_key (OmniDocument *self)
{
  g_autofree char *set = omni_sources_make_key (self->state->active, TRUE);

  return g_strdup_printf ("%d %p %s", self->state->task, (gconstpointer)self->state->model, set);
}

OmniFusionRequest *
omni_document_dup_request (OmniDocument *self)
{
  const OmniModel *model = self->effective_model;

  if (model == NULL || self->state->active->len == 0 || omni_document_needs_resize (self))
    return NULL;
  g_autofree double *influence = omni_document_make_influence (self, self->effective_model);
  g_autofree char *weights = omni_document_dup_weights (self, model);
  const OmniFusionRequest request = { .sources = self->state->active,
                                      .task = self->effective_task,
                                      .model = model,
                                      .weights_path = weights,
                                      .options = omni_document_get_options (self, model),
                                      .influence = influence,
                                      .resize = self->state->resize };
  return omni_fusion_request_copy (&request);
}

OmniFusionRequest *
omni_document_dup_shown_request (OmniDocument *self)
{
  OmniFusionRequest *request = omni_document_dup_request (self);

  if (request != NULL && self->result != NULL && self->result->has_refine && !omni_document_is_stale (self))
    request->refine = (OmniRefineParams){ .max_steps = self->result->refine.steps };
  return request;
}

/* Results */

static gboolean
same_set (GPtrArray *a, GPtrArray *b)
{
  g_autofree char *a_key = omni_sources_make_key (a, FALSE);
  g_autofree char *b_key = omni_sources_make_key (b, FALSE);

  return g_str_equal (a_key, b_key);
}

static guint64
get_bytes (OmniFusionResult *result)
{
  return g_bytes_get_size (omni_picture_get_bytes (result->picture));
}

static void
keep_result (OmniDocument *self, OmniFusionResult *result)
{
  guint64 bytes = get_bytes (result);

  for (guint i = 0; i < self->results->len;)
  {
    OmniFusionResult *old = self->results->pdata[i];
    const gboolean repeated = old->model == result->model && g_str_equal (old->sha256, result->sha256);
    if (repeated || !same_set (old->sources, result->sources) || i + 1 >= OMNI_DOCUMENT_KEPT_RESULTS
        || bytes + get_bytes (old) > KEPT_BYTES)
    {
      g_ptr_array_remove_index (self->results, i);
      continue;
    }
    bytes += get_bytes (old);
    i++;
  }
  g_ptr_array_insert (self->results, 0, omni_fusion_result_ref (result));
}

static OmniOrderCheck
check_order (OmniDocument *self, OmniFusionResult *result, const char *key)
{
  /* Refined weights are others than those that the model comes with; so many steps lead to the same ones again. */
  if (self->result == NULL || g_strcmp0 (self->result_key, key) != 0
      || self->result->has_refine != result->has_refine
      || (result->has_refine && self->result->refine.steps != result->refine.steps))
    return OMNI_ORDER_UNKNOWN;

  const gboolean same_bits = g_str_equal (self->result->sha256, result->sha256);
  if (omni_sources_same_order (self->result->sources, result->sources))
    return same_bits ? self->order_check : OMNI_ORDER_UNKNOWN;
  return same_bits ? OMNI_ORDER_SAME : OMNI_ORDER_CHANGED;
}

/* How results of two orders differ: millions of pixels, so not in the main thread. */

typedef struct
{
  OmniPicture *before, *after;
  OmniPictureDifference difference;
} Differing;

static void
differing_free (Differing *differing)
{
  g_object_unref (differing->before);
  g_object_unref (differing->after);
  g_free (differing);
}

static void
compare_in_thread (GTask *task, gpointer source_object, gpointer task_data, GCancellable *cancellable)
{
  Differing *differing = task_data;

  g_task_return_boolean (task,
                         omni_picture_compare (differing->before, differing->after, &differing->difference));
}

static void
compared_cb (GObject *object, GAsyncResult *async, gpointer data)
{
  const Differing *differing = g_task_get_task_data (G_TASK (async));

  if (!g_task_propagate_boolean (G_TASK (async), NULL)) /* cancelled; the document may be gone */
    return;
  OmniDocument *self = data;
  g_clear_object (&self->comparing);
  self->difference = differing->difference;
  self->has_difference = TRUE;
  omni_document_emit_result (self);
}

void
omni_document_stop_comparing (OmniDocument *self)
{
  if (self->comparing != NULL)
    g_cancellable_cancel (self->comparing);
  g_clear_object (&self->comparing);
}

static void
forget_order (OmniDocument *self)
{
  omni_document_stop_comparing (self);
  self->has_difference = FALSE;
  g_clear_pointer (&self->order_before, g_free);
}

/* `self->result` is the one before. */
static void
note_order (OmniDocument *self, OmniFusionResult *result)
{
  if (self->order_check != OMNI_ORDER_UNKNOWN
      && omni_sources_same_order (self->result->sources, result->sources))
    return; /* fused once more in the same order: what was said stands */
  forget_order (self);
  if (self->order_check == OMNI_ORDER_UNKNOWN)
    return;
  self->order_before = g_strdup (self->result->sha256);
  Differing *differing = g_new0 (Differing, 1);
  differing->before = g_object_ref (self->result->picture);
  differing->after = g_object_ref (result->picture);
  self->comparing = g_cancellable_new ();
  g_autoptr (GTask) task = g_task_new (NULL, self->comparing, compared_cb, self);
  g_task_set_task_data (task, differing, (GDestroyNotify)differing_free);
  g_task_run_in_thread (task, compare_in_thread);
}

static void
take_result (OmniDocument *self, OmniFusionResult *result, const OmniJob *job)
{
  g_clear_pointer (&self->preview, omni_fusion_result_unref);
  self->order_check = check_order (self, result, job->key);
  note_order (self, result);
  keep_result (self, result);
  g_clear_pointer (&self->result, omni_fusion_result_unref);
  self->result = omni_fusion_result_ref (result);
  g_free (self->result_key);
  self->result_key = g_strdup (job->key);
  omni_versions_add (self->versions, result, job->request.resize);
  omni_document_emit_result (self);
}

static void
forget_preview (OmniDocument *self)
{
  if (self->preview == NULL)
    return;
  g_clear_pointer (&self->preview, omni_fusion_result_unref);
  omni_document_emit_preview (self);
}

static void
drop_results (OmniDocument *self)
{
  forget_preview (self);
  if (self->result == NULL)
    return;
  g_clear_pointer (&self->result, omni_fusion_result_unref);
  g_clear_pointer (&self->result_key, g_free);
  g_ptr_array_set_size (self->results, 0);
  self->order_check = OMNI_ORDER_UNKNOWN;
  forget_order (self);
  omni_document_emit_result (self);
}

/* Fusing */

static gboolean
progress_cb (gpointer data)
{
  OmniJob *job = data;
  OmniDocument *self = job->document;

  g_mutex_lock (&job->mutex);
  job->notifying = FALSE;
  if (self != NULL)
  {
    self->fraction = CLAMP (job->fraction, 0, 1);
    g_strlcpy (self->phase, job->phase, sizeof self->phase);
  }
  g_mutex_unlock (&job->mutex);
  if (self != NULL)
    omni_document_notify_progress (self);
  return G_SOURCE_REMOVE;
}

/* In the engine's thread. */
static void
engine_progress (double fraction, const char *phase, gpointer user_data)
{
  OmniJob *job = user_data;

  g_mutex_lock (&job->mutex);
  const gboolean notify = !job->notifying;
  job->notifying = TRUE;
  job->fraction = fraction;
  g_strlcpy (job->phase, phase != NULL ? phase : "", sizeof job->phase);
  g_mutex_unlock (&job->mutex);
  if (notify)
    g_idle_add_full (G_PRIORITY_DEFAULT, progress_cb, job_ref (job), (GDestroyNotify)job_unref);
}

/* Says why a job failed, unless it was cancelled, and that it is over. `error` (nullable). */
static void
end_job (OmniDocument *self, const GError *error)
{
  if (error != NULL && !g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    omni_document_set_error (self, error->message);
  omni_document_notify_progress (self);
}

static void
fused_cb (GObject *object, GAsyncResult *async, gpointer data)
{
  g_autoptr (OmniJob) job = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (OmniFusionResult) result = omni_engine_fuse_finish (OMNI_ENGINE (object), async, &error);
  OmniDocument *self = finish_job (job);

  if (self == NULL)
    return;
  if (result != NULL)
  {
    omni_document_set_error (self, NULL);
    omni_timings_add (result);
    take_result (self, result, job);
  }
  else
    forget_preview (self);
  end_job (self, error);
}

static void
preview_cb (GObject *object, GAsyncResult *async, gpointer data)
{
  g_autoptr (OmniJob) job = data;
  g_autoptr (OmniFusionResult) result = omni_engine_fuse_finish (OMNI_ENGINE (object), async, NULL);
  OmniDocument *self = job->document;

  if (self == NULL || result == NULL)
    return;
  g_clear_pointer (&self->preview, omni_fusion_result_unref);
  self->preview = g_steal_pointer (&result);
  omni_document_emit_preview (self);
}

/* Orders that are tried out */

typedef struct
{
  OmniDocument *document;
  GCancellable *cancellable;
} Trying;

static void
tried_cb (GObject *object, GAsyncResult *async, gpointer data)
{
  g_autofree Trying *trying = data;
  g_autoptr (OmniDocument) self = trying->document;
  g_autoptr (GCancellable) cancellable = trying->cancellable;
  g_autoptr (OmniFusionResult) result = omni_engine_fuse_finish (OMNI_ENGINE (object), async, NULL);

  if (result == NULL || g_cancellable_is_cancelled (cancellable))
    return;
  g_clear_pointer (&self->preview, omni_fusion_result_unref);
  self->preview = g_steal_pointer (&result);
  omni_document_emit_preview (self);
}

void
omni_document_stop_trying (OmniDocument *self)
{
  if (self->trying != NULL)
    g_cancellable_cancel (self->trying);
  g_clear_object (&self->trying);
}

/* (transfer full) (nullable) */
static OmniFusionRequest *
make_trial (OmniDocument *self, GPtrArray *sources)
{
  OmniFusionRequest *request = omni_document_dup_request (self);
  guint n = 0;

  for (guint i = 0; request != NULL && i < sources->len; i++)
  {
    if (!g_ptr_array_find (self->state->active, sources->pdata[i], NULL) || n == request->sources->len)
      continue;
    g_set_object ((OmniSource **)&request->sources->pdata[n], sources->pdata[i]);
    ((double *)request->influence)[n++] = omni_document_takes_influence (self)
                                            ? omni_document_get_influence (self, sources->pdata[i])
                                            : 0;
  }
  return request;
}

void
omni_document_try_order (OmniDocument *self, GPtrArray *sources)
{
  omni_document_stop_trying (self);
  if (omni_document_is_busy (self))
    return;
  if (sources == NULL || omni_sources_same_order (sources, self->state->sources))
  {
    forget_preview (self);
    return;
  }
  g_autoptr (OmniFusionRequest) request = make_trial (self, sources);
  if (request == NULL)
    return;
  Trying *trying = g_new0 (Trying, 1);
  request->view_px = OMNI_DOCUMENT_PREVIEW_PX;
  self->trying = g_cancellable_new ();
  trying->document = g_object_ref (self);
  trying->cancellable = g_object_ref (self->trying);
  omni_engine_fuse_async (self->engine, request, NULL, NULL, self->trying, tried_cb, trying);
}

/* Where the result would let a person wait. */
static gboolean
wants_preview (OmniDocument *self)
{
  double pixels = 0;
  guint longest = 0;

  for (guint i = 0; i < self->state->active->len; i++)
  {
    OmniSource *source = self->state->active->pdata[i];
    pixels += (double)omni_source_get_width (source) * omni_source_get_height (source);
    longest = MAX (longest, MAX (omni_source_get_width (source), omni_source_get_height (source)));
  }
  return pixels > PREVIEW_FROM_PX && longest > 2 * OMNI_DOCUMENT_PREVIEW_PX;
}

/* What is shown was refined on this very set: another order of it is refined in as many steps, and comes to the same. */
static gboolean
repeats_refinement (OmniDocument *self, const char *key)
{
  return self->result != NULL && self->result->has_refine && self->result->refine.kept
         && g_strcmp0 (self->result_key, key) == 0
         && !omni_sources_same_order (self->result->sources, self->state->active);
}

static void
fuse (OmniDocument *self)
{
  OmniJob *job = self->job;

  omni_document_emit_changed (self);
  if (self->effective_model == NULL || omni_document_needs_resize (self))
  {
    omni_document_set_error (self, NULL);
    forget_preview (self);
    finish_job (job);
    omni_document_notify_progress (self);
    return;
  }
  g_autofree double *influence = omni_document_make_influence (self, self->effective_model);
  job->key = omni_document_make_key (self);
  job->request.task = self->effective_task;
  job->request.model = self->effective_model;
  job->request.options = omni_document_get_options (self, self->effective_model); /* copied there */
  g_autofree char *weights = omni_document_dup_weights (self, self->effective_model);
  job->request.influence = influence;  /* copied, too */
  job->request.weights_path = weights; /* as is this */
  if (repeats_refinement (self, job->key))
    job->request.refine = (OmniRefineParams){ .max_steps = self->result->refine.steps };
  else if (wants_preview (self))
  {
    OmniFusionRequest preview = job->request;
    preview.view_px = OMNI_DOCUMENT_PREVIEW_PX;
    omni_engine_fuse_async (self->engine, &preview, NULL, NULL, job->cancellable, preview_cb, job_ref (job));
  }
  omni_engine_fuse_async (self->engine, &job->request, engine_progress, job, job->cancellable, fused_cb,
                          job_ref (job));
  job->request.influence = NULL;
  job->request.weights_path = NULL;
}

/* Refining */

static void
refined_cb (GObject *object, GAsyncResult *async, gpointer data)
{
  g_autoptr (OmniJob) job = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (OmniFusionResult) result = omni_engine_fuse_finish (OMNI_ENGINE (object), async, &error);
  OmniDocument *self = finish_job (job);

  if (self == NULL)
    return;
  if (result != NULL)
  {
    omni_document_set_error (self, NULL);
    self->refine = result->refine;
    /* What is no better is the result that is there already. */
    if (result->refine.kept)
      take_result (self, result, job);
    omni_document_emit_refined (self);
  }
  end_job (self, error);
}

gboolean
omni_document_can_refine (OmniDocument *self, char **why)
{
  g_autofree char *words = NULL;
  const gboolean fits = self->result != NULL && !omni_document_is_busy (self)
                        && !omni_document_needs_resize (self)
                        && omni_refine_fits (self->effective_model, self->state->active, &words);

  if (why != NULL)
    *why = g_steal_pointer (&words);
  return fits;
}

void
omni_document_refine (OmniDocument *self, double seconds)
{
  if (!omni_document_can_refine (self, NULL))
    return;
  self->job = job_new (self);
  self->fraction = 0;
  self->phase[0] = '\0';
  self->job->key = omni_document_make_key (self);
  self->job->request.task = self->effective_task;
  self->job->request.model = self->effective_model;
  self->job->request.options = omni_document_get_options (self, self->effective_model); /* copied there */
  g_autofree char *weights = omni_document_dup_weights (self, self->effective_model);
  g_autofree double *influence = omni_document_make_influence (self, self->effective_model);
  self->job->request.weights_path = weights;
  self->job->request.influence = influence;
  self->job->request.refine.seconds = seconds;
  /* A refined result that is there already is not given up for a worse one. */
  self->job->request.refine.has_rival = self->result->has_refine && self->result->refine.kept
                                        && !omni_document_is_stale (self);
  self->job->request.refine.rival = self->result->refine.after;
  omni_engine_fuse_async (self->engine, &self->job->request, engine_progress, self->job,
                          self->job->cancellable, refined_cb, job_ref (self->job));
  self->job->request.weights_path = NULL;
  self->job->request.influence = NULL;
  omni_document_notify_progress (self);
}

const OmniRefineScores *
omni_document_get_refine_scores (OmniDocument *self)
{
  return &self->refine;
}

/* Choosing task and model may mean looking at pixels and weights, so it is kept off the main thread, too. */

typedef struct
{
  OmniTask task;
  char *reason;
  const OmniModel *model;
  char *hint;
} Choice;

static void
choice_free (Choice *choice)
{
  g_free (choice->reason);
  g_free (choice->hint);
  g_free (choice);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Choice, choice_free)

static void
choose_in_thread (GTask *task, gpointer source_object, gpointer task_data, GCancellable *cancellable)
{
  OmniJob *job = task_data;
  Choice *choice = g_new0 (Choice, 1);
  OmniFusionRequest request = job->request;
  g_autoptr (GError) error = NULL;

  choice->model = omni_fusion_request_choose_model (&request, &choice->task, &choice->reason, NULL);
  if (choice->model == NULL && request.model != NULL)
  {
    /* The model asked for does not fit this set; it is taken again as soon as it does. */
    request.model = NULL;
    choice->model = omni_fusion_request_choose_model (&request, &choice->task, &choice->reason, &error);
  }
  else if (choice->model == NULL)
    omni_fusion_request_choose_model (&request, NULL, NULL, &error);

  if (choice->model == NULL)
    choice->hint = g_strdup (error->message);
  if (request.task != OMNI_TASK_AUTO)
    g_clear_pointer (&choice->reason, g_free);
  g_task_return_pointer (task, choice, (GDestroyNotify)choice_free);
}

static void
chosen_cb (GObject *object, GAsyncResult *async, gpointer data)
{
  OmniJob *job = g_task_get_task_data (G_TASK (async));
  g_autoptr (Choice) choice = g_task_propagate_pointer (G_TASK (async), NULL);
  OmniDocument *self = job->document;

  if (self == NULL || choice == NULL)
    return;
  g_free (self->choice_key);
  g_free (self->task_reason);
  g_free (self->hint);
  self->choice_key = omni_document_make_choice_key (self);
  self->effective_task = choice->task != OMNI_TASK_AUTO ? choice->task : self->state->task;
  self->effective_model = choice->model;
  self->task_reason = g_steal_pointer (&choice->reason);
  self->hint = g_steal_pointer (&choice->hint);
  fuse (self);
}

static gboolean
start_cb (gpointer data)
{
  OmniDocument *self = data;
  g_autofree char *key = omni_document_make_choice_key (self);

  self->start_id = 0;
  self->job = job_new (self);
  self->phase[0] = '\0';
  /* A choice is a function of the set: another order needs no other one. */
  if (g_strcmp0 (key, self->choice_key) == 0)
  {
    fuse (self);
    return G_SOURCE_REMOVE;
  }
  g_autoptr (GTask) task = g_task_new (NULL, NULL, chosen_cb, NULL);
  g_task_set_task_data (task, job_ref (self->job), (GDestroyNotify)job_unref);
  g_task_run_in_thread (task, choose_in_thread);
  return G_SOURCE_REMOVE;
}

static void
forget_choice (OmniDocument *self)
{
  self->effective_task = OMNI_TASK_AUTO;
  self->effective_model = NULL;
  g_clear_pointer (&self->choice_key, g_free);
  g_clear_pointer (&self->task_reason, g_free);
  g_clear_pointer (&self->hint, g_free);
}

void
omni_document_schedule (OmniDocument *self)
{
  omni_document_stop_trying (self);
  omni_document_abandon_job (self);
  g_clear_handle_id (&self->start_id, g_source_remove);
  self->fraction = 0;
  if (self->state->active->len > 0)
    self->start_id = g_idle_add (start_cb, self);
  else
  {
    omni_document_set_error (self, NULL);
    drop_results (self);
    forget_choice (self);
    if (self->state->sources->len > 0)
      self->hint = g_strdup (_ ("Every picture is switched off; switch some on."));
    omni_document_emit_changed (self);
  }
  omni_document_notify_progress (self);
}

void
omni_document_cancel (OmniDocument *self)
{
  g_clear_handle_id (&self->start_id, g_source_remove);
  omni_document_abandon_job (self);
  forget_preview (self);
  omni_document_notify_progress (self);
}

void
omni_document_fuse (OmniDocument *self)
{
  if (self->state->active->len > 0)
    omni_document_schedule (self);
}

void
omni_document_source_mended (OmniDocument *self, OmniSource *source)
{
  if (!omni_document_find (self, source, NULL))
    return;
  omni_document_search_copies (self);
  if (omni_document_is_on (self, source) && omni_document_is_stale (self))
    omni_document_fuse (self);
}
