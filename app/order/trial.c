/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/order/trial.h"

#include "app/order/spread.h"
#include "app/fusion/pair-fold.h"

#include <glib/gi18n.h>
#include <math.h>

struct _OmniOrderTrial
{
  GObject parent_instance;

  OmniEngine *engine;
  OmniFusionRequest *request;
  gboolean folds;

  GQueue waiting;       /* guint arrays */
  GPtrArray *tries;     /* OmniOrderTry */
  GHashTable *first_of; /* GBytes of an order → its first try */
  GHashTable *pictures; /* sha256 → OmniPicture */
  GQueue kept;          /* the keys of `pictures`, newest first */
  guint64 kept_bytes;
  double largest;
  OmniPicture *map;
  char *device;
  char *error;

  /* Touched by the worker while there is one, else by the main thread. */
  OmniOrderSpread *spread;
  OmniPicture *first;

  struct _Run *run; /* the newest; an abandoned one goes on by itself */
  gboolean working; /* a worker is alive, the newest or an abandoned one */
  double fraction;
};

enum
{
  SIGNAL_CHANGED,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (OmniOrderTrial, omni_order_trial, G_TYPE_OBJECT)

/* One order being run, in a thread of its own. */
typedef struct _Run
{
  gatomicrefcount ref_count;
  GWeakRef trial; /* for progress */
  GCancellable *cancellable;
  OmniFusionRequest *request; /* in this order */
  guint *order;
  int recalls; /* the try whose picture is wanted again, or −1 */

  /* What came of it. */
  OmniPicture *picture;
  char *sha256;
  char *device;
  guint64 refine_steps;
  OmniPicture *map;
  double largest;
  OmniPictureDifference difference;
  double ms;

  GMutex mutex; /* guards the rest */
  double fraction;
  gboolean notifying;
} Run;

static Run *
run_ref (Run *run)
{
  g_atomic_ref_count_inc (&run->ref_count);
  return run;
}

static void
run_unref (Run *run)
{
  if (!g_atomic_ref_count_dec (&run->ref_count))
    return;
  g_weak_ref_clear (&run->trial);
  g_object_unref (run->cancellable);
  omni_fusion_request_free (run->request);
  g_free (run->order);
  g_clear_object (&run->picture);
  g_clear_object (&run->map);
  g_free (run->sha256);
  g_free (run->device);
  g_mutex_clear (&run->mutex);
  g_free (run);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Run, run_unref)

static void
try_free (OmniOrderTry *try)
{
  g_free (try->order);
  g_free (try->sha256);
  g_free (try);
}

static void
emit_changed (OmniOrderTrial *self)
{
  g_signal_emit (self, signals[SIGNAL_CHANGED], 0);
}

/* In the worker */

static gboolean
progress_cb (gpointer data)
{
  Run *run = data;
  g_autoptr (OmniOrderTrial) self = g_weak_ref_get (&run->trial);

  g_mutex_lock (&run->mutex);
  const double fraction = run->fraction;
  run->notifying = FALSE;
  g_mutex_unlock (&run->mutex);
  if (self != NULL && self->run == run)
  {
    self->fraction = fraction;
    emit_changed (self);
  }
  return G_SOURCE_REMOVE;
}

static void
engine_progress (double fraction, const char *phase, gpointer data)
{
  Run *run = data;

  g_mutex_lock (&run->mutex);
  const gboolean notify = !run->notifying;
  run->notifying = TRUE;
  run->fraction = fraction;
  g_mutex_unlock (&run->mutex);
  if (notify)
    g_idle_add_full (G_PRIORITY_DEFAULT, progress_cb, run_ref (run), (GDestroyNotify)run_unref);
}

static gboolean
fuse (OmniOrderTrial *self, Run *run, GError **error)
{
  if (self->folds)
  {
    run->picture = omni_fold_pairs (self->engine, run->request, engine_progress, run, &run->sha256,
                                    run->cancellable, error);
    return run->picture != NULL;
  }
  g_autoptr (OmniFusionResult)
    result = omni_engine_fuse (self->engine, run->request, engine_progress, run, run->cancellable, error);
  if (result == NULL)
    return FALSE;
  run->picture = g_object_ref (result->picture);
  run->sha256 = g_strdup (result->sha256);
  run->device = g_strdup (result->device_name);
  run->refine_steps = result->refine.steps;
  return TRUE;
}

static gboolean
account (OmniOrderTrial *self, Run *run, GError **error)
{
  const guint n_distinct = omni_order_spread_get_n_distinct (self->spread);

  if (!omni_order_spread_add (self->spread, run->picture, run->sha256, error))
    return FALSE;
  if (self->first == NULL)
    self->first = g_object_ref (run->picture);
  omni_picture_compare (self->first, run->picture, &run->difference);
  run->largest = self->largest;
  if (omni_order_spread_get_n_distinct (self->spread) == n_distinct)
    return TRUE;
  run->largest = omni_order_spread_get_largest (self->spread);
  run->map = omni_order_spread_make_map (self->spread, error);
  return run->map != NULL;
}

static void
run_in_thread (GTask *task, gpointer source_object, gpointer task_data, GCancellable *cancellable)
{
  OmniOrderTrial *self = source_object;
  Run *run = task_data;
  const gint64 start_us = g_get_monotonic_time ();
  GError *error = NULL;

  const gboolean done = fuse (self, run, &error);
  run->ms = (double)(g_get_monotonic_time () - start_us) / 1000;
  /* Cancelled after the last piece: it is as if it had not been run. */
  if (!done || g_cancellable_set_error_if_cancelled (run->cancellable, &error)
      || (run->recalls < 0 && !account (self, run, &error)))
    g_task_return_error (task, error);
  else
    g_task_return_boolean (task, TRUE);
}

/* Pictures */

static void
keep_picture (OmniOrderTrial *self, const char *sha256, OmniPicture *picture)
{
  if (g_hash_table_contains (self->pictures, sha256))
    return;
  char *key = g_strdup (sha256);
  g_hash_table_insert (self->pictures, key, g_object_ref (picture));
  g_queue_push_head (&self->kept, key);
  self->kept_bytes += g_bytes_get_size (omni_picture_get_bytes (picture));
  while (self->kept_bytes > OMNI_ORDER_TRIAL_KEPT_BYTES && self->kept.length > 1)
  {
    const char *oldest = g_queue_pop_tail (&self->kept);
    OmniPicture *old = g_hash_table_lookup (self->pictures, oldest);
    self->kept_bytes -= g_bytes_get_size (omni_picture_get_bytes (old));
    g_hash_table_remove (self->pictures, oldest);
  }
}

static void start_run (OmniOrderTrial *self, guint *order, int recalls);

static void
start_next (OmniOrderTrial *self)
{
  if (!self->working && self->waiting.length > 0)
    start_run (self, g_queue_pop_head (&self->waiting), -1);
}

/* A new try; whether its order was tried before. */
static void
add_try (OmniOrderTrial *self, Run *run)
{
  OmniOrderTry *try = g_new0 (OmniOrderTry, 1);
  g_autoptr (GBytes) key = g_bytes_new (run->order, sizeof (guint) * self->request->sources->len);
  gpointer earlier;

  try->order = g_steal_pointer (&run->order);
  try->sha256 = g_strdup (run->sha256);
  try->difference = run->difference;
  try->ms = run->ms;
  try->repeats = g_hash_table_lookup_extended (self->first_of, key, NULL, &earlier)
                   ? GPOINTER_TO_INT (earlier)
                   : -1;
  if (try->repeats < 0)
    g_hash_table_insert (self->first_of, g_bytes_ref (key), GINT_TO_POINTER ((int)self->tries->len));
  g_ptr_array_add (self->tries, try);
}

static void
take_run (OmniOrderTrial *self, Run *run)
{
  self->largest = run->largest;
  /* The clock decides once, with the first order. */
  if (run->refine_steps > 0)
    self->request->refine = (OmniRefineParams){ .max_steps = run->refine_steps };
  if (run->map != NULL)
    g_set_object (&self->map, run->map);
  if (run->device != NULL)
  {
    g_free (self->device);
    self->device = g_strdup (run->device);
  }
  add_try (self, run);
}

static void
set_error (OmniOrderTrial *self, const char *message)
{
  g_free (self->error);
  self->error = g_strdup (message);
}

static gboolean
is_other_recall (OmniOrderTrial *self, Run *run)
{
  return run->recalls >= 0
         && !g_str_equal (omni_order_trial_get_try (self, (guint)run->recalls)->sha256, run->sha256);
}

static void
done_cb (GObject *object, GAsyncResult *result, gpointer data)
{
  OmniOrderTrial *self = OMNI_ORDER_TRIAL (object);
  Run *run = g_task_get_task_data (G_TASK (result));
  g_autoptr (GError) error = NULL;
  const gboolean done = g_task_propagate_boolean (G_TASK (result), &error);

  self->working = FALSE;
  if (self->run == run)
    g_clear_pointer (&self->run, run_unref);
  self->fraction = 0;
  if (done && is_other_recall (self, run))
    set_error (
      self,
      _ ("The same order gave other bits when it was run again; a source may have changed on the disk."));
  else if (done)
  {
    /* What is accounted for in the spread is a try, even where a cancel came too late. */
    if (run->recalls < 0)
      take_run (self, run);
    keep_picture (self, run->sha256, run->picture);
  }
  else if (!g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
  {
    g_queue_clear_full (&self->waiting, g_free);
    set_error (self, error->message);
  }
  start_next (self);
  emit_changed (self);
}

/* Takes `order`. */
static void
start_run (OmniOrderTrial *self, guint *order, int recalls)
{
  g_autoptr (Run) run = g_new0 (Run, 1);

  g_atomic_ref_count_init (&run->ref_count);
  g_weak_ref_init (&run->trial, self);
  g_mutex_init (&run->mutex);
  run->cancellable = g_cancellable_new ();
  run->order = order;
  run->recalls = recalls;
  run->request = omni_fusion_request_copy (self->request);
  for (guint i = 0; i < run->request->sources->len; i++)
  {
    g_set_object ((OmniSource **)&run->request->sources->pdata[i], self->request->sources->pdata[order[i]]);
    /* It goes with its source. */
    if (self->request->influence != NULL)
      ((double *)run->request->influence)[i] = self->request->influence[order[i]];
  }

  self->run = run_ref (run);
  self->working = TRUE;
  g_autoptr (GTask) task = g_task_new (self, NULL, done_cb, NULL);
  g_task_set_task_data (task, g_steal_pointer (&run), (GDestroyNotify)run_unref);
  g_task_run_in_thread (task, run_in_thread);
}

/* For others */

const OmniFusionRequest *
omni_order_trial_get_request (OmniOrderTrial *self)
{
  return self->request;
}

gboolean
omni_order_trial_get_folds (OmniOrderTrial *self)
{
  return self->folds;
}

void
omni_order_trial_add (OmniOrderTrial *self, const guint *order)
{
  g_clear_pointer (&self->error, g_free);
  g_queue_push_tail (&self->waiting, g_memdup2 (order, sizeof (guint) * self->request->sources->len));
  start_next (self);
}

guint
omni_order_trial_get_n_tries (OmniOrderTrial *self)
{
  return self->tries->len;
}

const OmniOrderTry *
omni_order_trial_get_try (OmniOrderTrial *self, guint index)
{
  return index < self->tries->len ? self->tries->pdata[index] : NULL;
}

int
omni_order_trial_find (OmniOrderTrial *self, const guint *order)
{
  const gsize bytes = sizeof (guint) * self->request->sources->len;

  for (int i = (int)self->tries->len - 1; i >= 0; i--)
    if (memcmp (((const OmniOrderTry *)self->tries->pdata[i])->order, order, bytes) == 0)
      return i;
  return -1;
}

gboolean
omni_order_trial_knows (OmniOrderTrial *self, const guint *order)
{
  const gsize bytes = sizeof (guint) * self->request->sources->len;

  if (self->run != NULL && self->run->order != NULL && memcmp (self->run->order, order, bytes) == 0)
    return TRUE;
  for (GList *l = self->waiting.head; l != NULL; l = l->next)
    if (memcmp (l->data, order, bytes) == 0)
      return TRUE;
  return omni_order_trial_find (self, order) >= 0;
}

guint
omni_order_trial_get_n_waiting (OmniOrderTrial *self)
{
  return self->waiting.length + (self->run != NULL && self->run->recalls < 0 ? 1 : 0);
}

double
omni_order_trial_get_fraction (OmniOrderTrial *self)
{
  return self->fraction;
}

gboolean
omni_order_trial_is_busy (OmniOrderTrial *self)
{
  return self->working;
}

void
omni_order_trial_summarise (OmniOrderTrial *self, OmniOrderSummary *summary)
{
  *summary = (OmniOrderSummary){ .largest = self->largest, .psnr_db = INFINITY };
  for (guint i = 0; i < self->tries->len; i++)
  {
    const OmniOrderTry *try = self->tries->pdata[i];
    const OmniOrderTry *reference = self->tries->pdata[MAX (try->repeats, 0)];
    const guint same = g_str_equal (try->sha256, reference->sha256) ? 1 : 0;
    if (try->repeats >= 0)
    {
      summary->n_controls++;
      summary->n_identical_controls += same;
      continue;
    }
    summary->n_orders++;
    summary->n_identical += same;
    summary->psnr_db = fmin (summary->psnr_db, try->difference.psnr_db);
  }
}

OmniPicture *
omni_order_trial_get_picture (OmniOrderTrial *self, guint index)
{
  const OmniOrderTry *try = omni_order_trial_get_try (self, index);

  if (try == NULL)
    return NULL;
  OmniPicture *picture = g_hash_table_lookup (self->pictures, try->sha256);
  if (picture == NULL && !self->working && self->error == NULL)
    start_run (self, g_memdup2 (try->order, sizeof (guint) * self->request->sources->len), (int)index);
  return picture;
}

OmniPicture *
omni_order_trial_get_map (OmniOrderTrial *self)
{
  return self->map;
}

const char *
omni_order_trial_get_device (OmniOrderTrial *self)
{
  return self->device;
}

const char *
omni_order_trial_get_error (OmniOrderTrial *self)
{
  return self->error;
}

void
omni_order_trial_cancel (OmniOrderTrial *self)
{
  g_queue_clear_full (&self->waiting, g_free);
  if (self->run == NULL)
    return;
  g_cancellable_cancel (self->run->cancellable);
  g_clear_pointer (&self->run, run_unref);
  self->fraction = 0;
  emit_changed (self);
}

/* The object */

static void
omni_order_trial_finalize (GObject *object)
{
  OmniOrderTrial *self = OMNI_ORDER_TRIAL (object);

  g_queue_clear_full (&self->waiting, g_free);
  g_clear_pointer (&self->run, run_unref);
  g_clear_object (&self->engine);
  g_clear_pointer (&self->request, omni_fusion_request_free);
  g_ptr_array_unref (self->tries);
  g_hash_table_unref (self->first_of);
  g_queue_clear (&self->kept);
  g_hash_table_unref (self->pictures);
  g_clear_object (&self->map);
  g_clear_object (&self->first);
  g_clear_pointer (&self->spread, omni_order_spread_free);
  g_free (self->device);
  g_free (self->error);
  G_OBJECT_CLASS (omni_order_trial_parent_class)->finalize (object);
}

static void
omni_order_trial_class_init (OmniOrderTrialClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = omni_order_trial_finalize;
  signals[SIGNAL_CHANGED] = g_signal_new ("changed", OMNI_TYPE_ORDER_TRIAL, G_SIGNAL_RUN_LAST, 0, NULL, NULL,
                                          NULL, G_TYPE_NONE, 0);
}

static void
omni_order_trial_init (OmniOrderTrial *self)
{
  self->tries = g_ptr_array_new_with_free_func ((GDestroyNotify)try_free);
  self->first_of = g_hash_table_new_full (g_bytes_hash, g_bytes_equal, (GDestroyNotify)g_bytes_unref, NULL);
  self->pictures = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_object_unref);
  self->spread = omni_order_spread_new ();
}

OmniOrderTrial *
omni_order_trial_new (OmniEngine *engine, const OmniFusionRequest *request, gboolean folds)
{
  OmniOrderTrial *self = g_object_new (OMNI_TYPE_ORDER_TRIAL, NULL);

  self->engine = g_object_ref (engine);
  self->request = omni_fusion_request_copy (request);
  self->folds = folds;
  return self;
}
