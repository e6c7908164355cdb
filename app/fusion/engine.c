/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/fusion/engine-private.h"

struct _OmniEngine
{
  GObject parent_instance;

  char *selector;
  GAsyncQueue *jobs; /* Job */
  GThread *thread;   /* started by the first job */
  GMutex lock;
  char *device_name; /* guarded by `lock` */
};

G_DEFINE_FINAL_TYPE (OmniEngine, omni_engine, G_TYPE_OBJECT)

typedef enum
{
  JOB_FUSE,
  JOB_OPEN,
  JOB_INJECT,
  JOB_MEASURE,
  JOB_QUIT
} JobKind;

/* A job belongs to the caller that waits for it, or else to its task. */
typedef struct
{
  JobKind kind;
  OmniFusionRequest *request;
  OmniEngineProgress progress;
  gpointer user_data;
  GCancellable *cancellable;
  GTask *task; /* NULL: somebody waits for `done` */

  gboolean done;
  GMutex lock;
  GCond finished;
  OmniFusionResult *result;
  OmniDeviceInfo info;
  guint64 device_bytes;
  gboolean success;
  GError *error;
  guint inject_every, inject_devices;
} Job;

static OmniFusionResult *
run_fusion (OmniEngineCore *core, const OmniFusionRequest *request, OmniEngineProgress progress,
            gpointer user_data, GCancellable *cancellable, GError **error)
{
  if (request->refine.seconds > 0 || request->refine.max_steps > 0)
    return omni_engine_core_refine (core, request, progress, user_data, cancellable, error);
  return omni_engine_core_fuse (core, request, progress, user_data, cancellable, error);
}

static void
run_job (OmniEngineCore *core, Job *job)
{
  switch (job->kind)
  {
  case JOB_FUSE:
    if (!g_cancellable_set_error_if_cancelled (job->cancellable, &job->error))
      job->result = run_fusion (core, job->request, job->progress, job->user_data, job->cancellable,
                                &job->error);
    break;
  case JOB_OPEN:
    job->success = omni_engine_core_ensure_device (core, &job->error);
    if (job->success)
      job->info = *omni_device_get_info (core->device);
    break;
  case JOB_INJECT:
    core->inject_every = job->inject_every;
    core->inject_devices = job->inject_devices;
    omni_engine_core_close_device (core);
    break;
  case JOB_MEASURE:
    job->device_bytes = core->device != NULL ? omni_device_get_allocated_bytes (core->device) : 0;
    break;
  case JOB_QUIT:
  default:
    break;
  }
}

static void
job_free (Job *job)
{
  g_clear_pointer (&job->request, omni_fusion_request_free);
  g_clear_object (&job->cancellable);
  g_clear_object (&job->task);
  g_free (job);
}

static void
finish_job (Job *job)
{
  if (job->task == NULL)
  {
    g_mutex_lock (&job->lock);
    job->done = TRUE;
    g_cond_signal (&job->finished);
    g_mutex_unlock (&job->lock);
    return;
  }
  if (job->result != NULL)
    g_task_return_pointer (job->task, job->result, (GDestroyNotify)omni_fusion_result_unref);
  else
    g_task_return_error (job->task, job->error);
  job_free (job);
}

typedef struct
{
  GAsyncQueue *jobs;
  char *selector;
} ThreadData;

/* Knows the queue, not the engine: the engine may go while the last task still returns. */
static gpointer
engine_thread (gpointer data)
{
  ThreadData *thread_data = data;
  OmniEngineCore core;
  omni_engine_core_init (&core, thread_data->selector);
  for (;;)
  {
    Job *job = g_async_queue_pop (thread_data->jobs);
    const gboolean quits = job->kind == JOB_QUIT;
    if (quits)
      job_free (job);
    else
    {
      run_job (&core, job);
      finish_job (job);
    }
    if (quits)
      break;
  }
  omni_engine_core_clear (&core);
  g_async_queue_unref (thread_data->jobs);
  g_free (thread_data->selector);
  g_free (thread_data);
  return NULL;
}

static void
push_job (OmniEngine *self, Job *job)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);
  if (self->thread == NULL)
  {
    ThreadData *data = g_new (ThreadData, 1);
    data->jobs = g_async_queue_ref (self->jobs);
    data->selector = g_strdup (self->selector);
    self->thread = g_thread_new ("omni-engine", engine_thread, data);
  }
  g_async_queue_push (self->jobs, job);
}

static void
wait_for_job (OmniEngine *self, Job *job)
{
  g_mutex_init (&job->lock);
  g_cond_init (&job->finished);
  push_job (self, job);
  g_mutex_lock (&job->lock);
  while (!job->done)
    g_cond_wait (&job->finished, &job->lock);
  g_mutex_unlock (&job->lock);
  g_mutex_clear (&job->lock);
  g_cond_clear (&job->finished);
}

void
omni_engine_stop (OmniEngine *self)
{
  g_mutex_lock (&self->lock);
  GThread *thread = g_steal_pointer (&self->thread);
  if (thread != NULL)
  {
    Job *quit = g_new0 (Job, 1);
    quit->kind = JOB_QUIT;
    g_async_queue_push (self->jobs, quit);
  }
  g_mutex_unlock (&self->lock);
  /* The engine's own thread may drop the last reference, by freeing a returned task. */
  if (thread == g_thread_self ())
    g_thread_unref (thread);
  else if (thread != NULL)
    g_thread_join (thread);
}

static void
omni_engine_finalize (GObject *object)
{
  OmniEngine *self = OMNI_ENGINE (object);

  omni_engine_stop (self);
  g_async_queue_unref (self->jobs);
  g_mutex_clear (&self->lock);
  g_free (self->selector);
  g_free (self->device_name);
  G_OBJECT_CLASS (omni_engine_parent_class)->finalize (object);
}

static void
omni_engine_class_init (OmniEngineClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = omni_engine_finalize;
}

static void
omni_engine_init (OmniEngine *self)
{
  self->jobs = g_async_queue_new ();
  g_mutex_init (&self->lock);
}

OmniEngine *
omni_engine_new (const char *device_selector)
{
  OmniEngine *self = g_object_new (OMNI_TYPE_ENGINE, NULL);
  self->selector = g_strdup (device_selector);
  return self;
}

GArray *
omni_engine_list_devices (GError **error)
{
  return omni_device_list (error);
}

static void
note_device (OmniEngine *self, const char *name)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);

  if (g_strcmp0 (name, self->device_name) == 0)
    return;
  g_free (self->device_name);
  self->device_name = g_strdup (name);
}

char *
omni_engine_dup_device_name (OmniEngine *self)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);

  return g_strdup (self->device_name);
}

gboolean
omni_engine_ensure_device (OmniEngine *self, OmniDeviceInfo *info, GError **error)
{
  g_return_val_if_fail (OMNI_IS_ENGINE (self), FALSE);

  Job job = { .kind = JOB_OPEN };
  wait_for_job (self, &job);
  if (job.error != NULL)
    g_propagate_error (error, job.error);
  else
    note_device (self, job.info.name);
  if (job.success && info != NULL)
    *info = job.info;
  return job.success;
}

guint64
omni_engine_get_device_bytes (OmniEngine *self)
{
  g_return_val_if_fail (OMNI_IS_ENGINE (self), 0);

  Job job = { .kind = JOB_MEASURE };
  wait_for_job (self, &job);
  return job.device_bytes;
}

/* Runs a job that gives a result; the caller waits. */
static OmniFusionResult *
wait_for_result (OmniEngine *self, Job *job, const OmniFusionRequest *request, GError **error)
{
  job->request = omni_fusion_request_copy (request);
  wait_for_job (self, job);
  omni_fusion_request_free (job->request);
  if (job->error != NULL)
    g_propagate_error (error, job->error);
  else
    note_device (self, job->result->device_name);
  return job->result;
}

OmniFusionResult *
omni_engine_fuse (OmniEngine *self, const OmniFusionRequest *request, OmniEngineProgress progress,
                  gpointer user_data, GCancellable *cancellable, GError **error)
{
  g_return_val_if_fail (OMNI_IS_ENGINE (self), NULL);

  Job job = { .kind = JOB_FUSE, .progress = progress, .user_data = user_data, .cancellable = cancellable };
  return wait_for_result (self, &job, request, error);
}

/* (transfer full) A job whose task calls back. */
static Job *
job_new (OmniEngine *self, JobKind kind, const OmniFusionRequest *request, OmniEngineProgress progress,
         gpointer user_data, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer callback_data)
{
  Job *job = g_new0 (Job, 1);
  job->kind = kind;
  job->request = omni_fusion_request_copy (request);
  job->progress = progress;
  job->user_data = user_data;
  job->cancellable = cancellable != NULL ? g_object_ref (cancellable) : NULL;
  job->task = g_task_new (self, cancellable, callback, callback_data);
  g_task_set_source_tag (job->task, omni_engine_fuse_async);
  return job;
}

void
omni_engine_fuse_async (OmniEngine *self, const OmniFusionRequest *request, OmniEngineProgress progress,
                        gpointer user_data, GCancellable *cancellable, GAsyncReadyCallback callback,
                        gpointer callback_data)
{
  g_return_if_fail (OMNI_IS_ENGINE (self));

  push_job (self,
            job_new (self, JOB_FUSE, request, progress, user_data, cancellable, callback, callback_data));
}

OmniFusionResult *
omni_engine_fuse_finish (OmniEngine *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);

  OmniFusionResult *fused = g_task_propagate_pointer (G_TASK (result), error);
  if (fused != NULL)
    note_device (self, fused->device_name);
  return fused;
}

void
omni_engine_inject_losses (OmniEngine *self, guint every, guint n_devices)
{
  g_return_if_fail (OMNI_IS_ENGINE (self));

  Job job = { .kind = JOB_INJECT, .inject_every = every, .inject_devices = n_devices };
  wait_for_job (self, &job);
}
