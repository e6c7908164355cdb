/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/metrics/metrics-private.h"

/* The caller works too, so a busy pool only makes it slower: helpers that come late find nothing left to do. */
typedef struct
{
  gatomicrefcount ref_count;
  guint n_parts, n_sums;
  gsize scratch_doubles;
  OmniPartsFunc func;
  gpointer data;
  GCancellable *cancellable;
  double *sums; /* n_sums a part */
  gint next;    /* part to take */
  GMutex mutex;
  GCond cond;
  guint n_done;
} Job;

static gint wanted_threads;

void
omni_metrics_set_threads (guint n_threads)
{
  g_atomic_int_set (&wanted_threads, (gint)n_threads);
}

static void
job_unref (Job *job)
{
  if (!g_atomic_ref_count_dec (&job->ref_count))
    return;
  g_mutex_clear (&job->mutex);
  g_cond_clear (&job->cond);
  g_free (job->sums);
  g_free (job);
}

/* `func` and `data` are used only while parts are left, and so while the caller waits. */
static void
job_work (Job *job)
{
  g_autofree double *scratch = NULL;
  guint n_done = 0;
  for (;;)
  {
    const guint part = (guint)g_atomic_int_add (&job->next, 1);
    if (part >= job->n_parts)
      break;
    if (scratch == NULL)
      scratch = g_new0 (double, MAX (job->scratch_doubles, 1));
    if (!g_cancellable_is_cancelled (job->cancellable))
      job->func (part, job->data, scratch, job->sums + (gsize)part * job->n_sums);
    n_done++;
  }
  g_mutex_lock (&job->mutex);
  job->n_done += n_done;
  g_cond_signal (&job->cond);
  g_mutex_unlock (&job->mutex);
}

static void
help_cb (gpointer data, gpointer user_data)
{
  job_work (data);
  job_unref (data);
}

static GThreadPool *
get_pool (void)
{
  static gsize once;
  static GThreadPool *pool;
  if (g_once_init_enter (&once))
  {
    pool = g_thread_pool_new (help_cb, NULL, (gint)g_get_num_processors (), FALSE, NULL);
    g_once_init_leave (&once, 1);
  }
  return pool;
}

gboolean
omni_parts_run (guint n_parts, guint n_sums, gsize scratch_doubles, OmniPartsFunc func, gpointer data,
                GCancellable *cancellable, double *totals)
{
  Job *job = g_new0 (Job, 1);
  g_atomic_ref_count_init (&job->ref_count);
  g_mutex_init (&job->mutex);
  g_cond_init (&job->cond);
  job->n_parts = n_parts;
  job->n_sums = n_sums;
  job->scratch_doubles = scratch_doubles;
  job->func = func;
  job->data = data;
  job->cancellable = cancellable;
  job->sums = g_new0 (double, MAX ((gsize)n_parts * n_sums, 1));

  const guint wanted = (guint)g_atomic_int_get (&wanted_threads);
  const guint n_threads = MIN (wanted > 0 ? wanted : g_get_num_processors (), n_parts);
  for (guint i = 1; i < n_threads; i++)
  {
    g_atomic_ref_count_inc (&job->ref_count);
    if (get_pool () == NULL || !g_thread_pool_push (get_pool (), job, NULL))
      g_atomic_ref_count_dec (&job->ref_count);
  }
  job_work (job);
  g_mutex_lock (&job->mutex);
  while (job->n_done < n_parts)
    g_cond_wait (&job->cond, &job->mutex);
  g_mutex_unlock (&job->mutex);

  for (guint i = 0; i < n_sums; i++)
    totals[i] = 0;
  for (guint part = 0; part < n_parts; part++)
    for (guint i = 0; i < n_sums; i++)
      totals[i] += job->sums[(gsize)part * n_sums + i];
  job_unref (job);
  return !g_cancellable_is_cancelled (cancellable);
}
