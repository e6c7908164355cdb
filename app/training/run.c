/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/training/run-private.h"

#include "app/files/output.h"
#include "app/files/reader.h"

#include <glib/gstdio.h>
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <string.h>
#include <unistd.h>

/* Over so many steps the rate is averaged. */
#define RATE_STEPS 64
/* The pictures of a validation or consolidation are made from so many steps before it on. */
#define AHEAD_STEPS 16

typedef struct
{
  const OmniTrainJob *job;
  OmniTrainPaths paths;
  OmniTrainLog *log;
  OmniTrainResult *result;
  gboolean goes_on; /* from a checkpoint of these very files */
  guint64 step;     /* done */
  guint64 saved_step;
  gboolean in_doubt;            /* the trainer's state is none to go on from */
  gboolean owes;                /* a validation or consolidation of this step was cut short */
  OmniSample *last;             /* (nullable) of the last step */
  OmniSampler *scenes, *beside; /* (nullable) of the next validation, and of the next consolidation */
  gint64 start_us;
  gint64 times_us[RATE_STEPS];
  double last_wait_ms;
} Run;

static void
run_clear (Run *self)
{
  g_clear_pointer (&self->log, omni_train_log_free);
  g_clear_pointer (&self->last, omni_sample_free);
  g_clear_pointer (&self->scenes, omni_sampler_free);
  g_clear_pointer (&self->beside, omni_sampler_free);
  omni_train_paths_clear (&self->paths);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Run, run_clear)

void
omni_train_result_clear (OmniTrainResult *result)
{
  g_clear_pointer (&result->weights_sha256, g_free);
  g_clear_pointer (&result->checkpoint_path, g_free);
  g_clear_pointer (&result->page_path, g_free);
}

void
omni_train_say (const OmniTrainJob *job, gboolean is_warning, const char *format, ...)
{
  va_list arguments;
  va_start (arguments, format);
  g_autofree char *message = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  if (job->say != NULL)
    job->say (message, is_warning, job->user_data);
}

/* ---- Files ---- */

static gboolean
fail_to_write (const char *path, int code, GError **error)
{
  g_autofree char *name = g_filename_display_name (path);
  g_set_error (error, G_IO_ERROR, g_io_error_from_errno (code), "“%s” cannot be written: %s.", name,
               g_strerror (code));
  return FALSE;
}

/* The words of a trainer that met the disk's limits name a hidden file. */
static gboolean
fail_to_save (const char *path, GError *cause, GError **error)
{
  const int code = g_error_matches (cause, G_FILE_ERROR, G_FILE_ERROR_NOSPC)   ? ENOSPC
                   : g_error_matches (cause, G_FILE_ERROR, G_FILE_ERROR_ACCES) ? EACCES
                   : g_error_matches (cause, G_FILE_ERROR, G_FILE_ERROR_ROFS)  ? EROFS
                   : cause->domain == G_FILE_ERROR                             ? EIO
                                                                               : 0;
  if (code == 0)
  {
    g_propagate_error (error, cause);
    return FALSE;
  }
  g_error_free (cause);
  return fail_to_write (path, code, error);
}

/* (out, transfer full) A whole checkpoint on the disk, under a hidden name beside `path`; nothing is left after a failure. */
static gboolean
stage_checkpoint (const Run *self, const char *path, char **temporary, GError **error)
{
  g_autofree char *folder = g_path_get_dirname (path), *name = g_path_get_basename (path);
  g_autofree char *hidden = g_strdup_printf (".%s.%d", name, (int)getpid ());
  g_autofree char *staged = g_build_filename (folder, hidden, NULL);
  GError *cause = NULL;
  if (!self->job->interface->save (self->job->trainer, staged, &cause))
  {
    g_remove (staged);
    return fail_to_save (path, cause, error);
  }
  const int fd = open (staged, O_RDONLY | O_CLOEXEC);
  const int code = fd < 0 || fsync (fd) != 0 ? errno : 0;
  if (fd >= 0)
    close (fd);
  if (code != 0)
  {
    g_remove (staged);
    return fail_to_write (path, code, error);
  }
  *temporary = g_steal_pointer (&staged);
  return TRUE;
}

static gboolean
take_place (const char *temporary, const char *path, GError **error)
{
  if (g_rename (temporary, path) == 0)
    return TRUE;
  const int code = errno;
  g_remove (temporary);
  return fail_to_write (path, code, error);
}

/* What the weights say of where they come from. */
static gboolean
write_weights (Run *self, GError **error)
{
  const OmniTrainJob *job = self->job;
  const OmniRecipe *recipe = job->recipe;
  g_autoptr (GString) tasks = g_string_new (NULL);
  for (guint i = 0; i < recipe->tasks->len; i++)
  {
    const char *task = omni_task_to_string (((const OmniRecipeTask *)recipe->tasks->pdata[i])->task);
    if (strstr (tasks->str, task) == NULL)
      g_string_append_printf (tasks, "%s%s", tasks->len > 0 ? ", " : "", task);
  }
  const char *earlier = job->interface->get_earlier (job->trainer);
  g_autofree char *provenance = g_strdup_printf (
    "omnifuse-cli train %s, step %" G_GUINT64_FORMAT " of %" G_GUINT64_FORMAT ", seed %" G_GUINT64_FORMAT
    ", on %s%s%s",
    recipe->name, self->step, recipe->steps, recipe->config.seed, job->device_name,
    earlier != NULL ? "; " : "", earlier != NULL ? earlier : "");
  const char *const metadata[] = { "tasks",         tasks->str,     "provenance", provenance,
                                   "recipe_sha256", recipe->sha256, NULL };
  g_autoptr (GBytes) bytes = job->interface->dup_weights (job->trainer, metadata, error);
  if (bytes == NULL)
    return FALSE;
  gsize size;
  gconstpointer data = g_bytes_get_data (bytes, &size);
  if (!omni_file_replace_contents_atomic (self->paths.weights, data, size, TRUE, error))
    return FALSE;
  g_free (self->result->weights_sha256);
  self->result->weights_sha256 = g_compute_checksum_for_bytes (G_CHECKSUM_SHA256, bytes);
  return TRUE;
}

/* Weights and checkpoint of the same step: what may find no room is written before either gets its name. */
static gboolean
save_best (Run *self, GError **error)
{
  g_autofree char *temporary = NULL;
  if (!stage_checkpoint (self, self->paths.best, &temporary, error))
    return FALSE;
  if (write_weights (self, error))
    return take_place (temporary, self->paths.best, error);
  g_remove (temporary);
  return FALSE;
}

/* A disk that is full now may have room later: the run goes on, and the next attempt may succeed. */
static void
warn (const Run *self, GError **error)
{
  omni_train_say (self->job, TRUE, "%s The run goes on and will try again.", (*error)->message);
  g_clear_error (error);
}

static gboolean
save_last (Run *self, GError **error)
{
  g_autofree char *temporary = NULL;
  if (!stage_checkpoint (self, self->paths.last, &temporary, error)
      || !take_place (temporary, self->paths.last, error) || !omni_train_log_save (self->log, error))
    return FALSE;
  self->saved_step = self->step;
  return TRUE;
}

/* ---- Steps ---- */

static void
say_notes (const OmniTrainJob *job)
{
  g_autoptr (GPtrArray) notes = omni_train_data_take_notes (job->data);
  for (guint i = 0; i < notes->len; i++)
    omni_train_say (job, TRUE, "%s", (const char *)notes->pdata[i]);
}

static void
report_progress (Run *self, const OmniSample *sample, const OmniTrainReport *report)
{
  const OmniTrainJob *job = self->job;
  const guint64 n_done = self->step - self->result->first_step;
  const gint64 now_us = g_get_monotonic_time ();
  const guint64 n_measured = MIN (n_done, RATE_STEPS);
  const gint64 since_us = n_done > RATE_STEPS ? self->times_us[n_done % RATE_STEPS] : self->start_us;
  self->times_us[n_done % RATE_STEPS] = now_us;
  OmniTrainProgress progress = { .step = self->step, .n_steps = job->recipe->steps, .report = report };
  progress.task = ((const OmniRecipeTask *)job->recipe->tasks->pdata[sample->task])->name;
  if (now_us > since_us)
    progress.steps_per_second = (double)n_measured * G_USEC_PER_SEC / (now_us - since_us);
  if (progress.steps_per_second > 0)
    progress.seconds_left = (job->recipe->steps - self->step) / progress.steps_per_second;
  if (job->progress != NULL)
    job->progress (&progress, job->user_data);
}

/* ---- What blew up ---- */

/* (transfer full) The terms that are no numbers; of a gradient the largest term, which it comes from. */
static char *
name_terms (const OmniTrainReport *report)
{
  g_autoptr (GString) names = g_string_new (NULL);
  const OmniTrainTerm *largest = NULL;
  for (guint i = 0; i < report->n_terms; i++)
  {
    const OmniTrainTerm *term = &report->terms[i];
    if (!isfinite (term->value))
      g_string_append_printf (names, "%s%s", names->len > 0 ? ", " : "", term->name);
    if (largest == NULL || fabs (term->weighted) > fabs (largest->weighted))
      largest = term;
  }
  if (names->len == 0)
    g_string_append (names, "the gradient");
  else
    largest = NULL;
  if (largest != NULL)
    g_string_append_printf (names, " (the largest term is %s, %.3g)", largest->name, largest->weighted);
  return g_strdup (names->str);
}

/* `where`: after which step, and of what. */
static gboolean
fail_not_finite (Run *self, const char *where, const OmniTrainReport *report, GError **error)
{
  g_autofree char *terms = name_terms (report), *checkpoint = g_filename_display_name (self->paths.last);
  self->in_doubt = TRUE;
  g_set_error (error, OMNI_TRAINING_ERROR, OMNI_TRAINING_ERROR_NOT_FINITE,
               "%s: %s is not a number. Training stopped; the last good checkpoint is “%s”, step "
               "%" G_GUINT64_FORMAT ". Lower the learning rate or clip harder, and resume.",
               where, terms, checkpoint, self->saved_step);
  return FALSE;
}

static const char *
name_task (const Run *self, guint task)
{
  return ((const OmniRecipeTask *)self->job->recipe->tasks->pdata[task])->name;
}

static gboolean
fail_step (Run *self, const OmniSample *sample, const OmniTrainReport *report, GError *cause, GError **error)
{
  g_autofree char *where = g_strdup_printf ("Step %" G_GUINT64_FORMAT " of [task %s]", self->step + 1,
                                            name_task (self, sample->task));
  if (!g_error_matches (cause, OMNI_TRAINING_ERROR, OMNI_TRAINING_ERROR_NOT_FINITE))
  {
    g_propagate_error (error, cause);
    return FALSE;
  }
  fail_not_finite (self, where, report, error);
  g_error_free (cause);
  return FALSE;
}

/* The weights that the last step made have seen nothing yet: a checkpoint is good when they still fuse what that step saw. */
static gboolean
check_weights (Run *self, GError **error)
{
  OmniTrainReport report = { 0 };
  if (self->last == NULL)
    return TRUE;
  if (!self->job->interface->validate (self->job->trainer, &self->last->batch, NULL, &report, error))
    return FALSE;
  if (isfinite (report.loss))
    return TRUE;
  g_autofree char *where = g_strdup_printf ("After step %" G_GUINT64_FORMAT " of [task %s]", self->step,
                                            name_task (self, self->last->task));
  return fail_not_finite (self, where, &report, error);
}

static gboolean
do_step (Run *self, OmniSampler *sampler, GError **error)
{
  g_autoptr (OmniSample) sample = omni_sampler_next (sampler, error);
  if (sample == NULL)
    return FALSE;
  OmniTrainReport report = { 0 };
  GError *cause = NULL;
  if (!self->job->interface->step (self->job->trainer, &sample->batch, &report, &cause))
    return fail_step (self, sample, &report, cause, error);
  self->step++;
  report.step = self->step;
  const double wait_ms = omni_sampler_get_wait_ms (sampler);
  omni_train_log_add_step (self->log, sample->task, &report, wait_ms - self->last_wait_ms);
  self->last_wait_ms = wait_ms;
  self->result->device_ms += report.device_ms;
  report_progress (self, sample, &report);
  g_clear_pointer (&self->last, omni_sample_free);
  self->last = g_steal_pointer (&sample);
  return TRUE;
}

/* ---- What comes between two steps ---- */

/* The task that ends in sequential order once `step` steps are done, when another one comes and its needs count; or −1. */
static int
find_ending_task (const Run *self, guint64 step)
{
  const OmniRecipe *recipe = self->job->recipe;
  const int task = step > 0 ? omni_recipe_get_task_at (recipe, step - 1) : -1;
  const gboolean ends = recipe->has_ewc && task >= 0 && step < recipe->steps
                        && omni_recipe_get_task_at (recipe, step) != task;
  return ends ? task : -1;
}

/* The same now, when nobody has measured yet what the task needs. */
static int
find_finished_task (const Run *self)
{
  return self->job->interface->is_consolidated (self->job->trainer) ? -1
                                                                    : find_ending_task (self, self->step);
}

/* Whether a validation comes after that step. */
static gboolean
is_validated (const Run *self, guint64 step)
{
  const OmniRecipe *recipe = self->job->recipe;
  return recipe->validate_every > 0 && step > 0
         && (step == recipe->steps || step % recipe->validate_every == 0);
}

/* The rest of what the task is consolidated with. */
static OmniSampler *
begin_beside (const Run *self, guint task)
{
  const OmniTrainJob *job = self->job;
  const guint64 batch = job->recipe->batch, first = job->interface->count_fisher (job->trainer) / batch;
  return omni_sampler_new_beside (job->data, task, first, (job->recipe->ewc_samples + batch - 1) / batch,
                                  job->n_threads);
}

/* Threads begin with the pictures of what comes soon, while the device is still at the steps before. */
static void
look_ahead (Run *self)
{
  const OmniTrainJob *job = self->job;
  const guint64 end = MIN (self->step + AHEAD_STEPS, job->recipe->steps);
  for (guint64 step = self->step + 1; step <= end; step++)
  {
    const int task = find_ending_task (self, step);
    if (self->scenes == NULL && is_validated (self, step))
      self->scenes = omni_sampler_new_validation (job->data, job->n_threads);
    if (self->beside == NULL && task >= 0)
      self->beside = begin_beside (self, (guint)task);
  }
}

static void
end_sampler (Run *self, OmniSampler **sampler)
{
  self->result->wait_ms += omni_sampler_get_wait_ms (*sampler);
  g_clear_pointer (sampler, omni_sampler_free);
}

/* ---- Between two tasks ---- */

/* As many samples as the recipe asks for, going on with what a checkpoint has of them. Cut short it is of use, too: what was
 * measured stays. */
static gboolean
measure_task (Run *self, int task, GError **error)
{
  const OmniTrainJob *job = self->job;
  const OmniRecipe *recipe = job->recipe;
  const guint64 n_samples = recipe->ewc_samples;
  if (self->beside == NULL)
    self->beside = begin_beside (self, (guint)task);
  for (guint64 n = job->interface->count_fisher (job->trainer); n < n_samples;
       n = job->interface->count_fisher (job->trainer))
  {
    if (g_cancellable_is_cancelled (job->cancellable))
    {
      self->owes = TRUE;
      return TRUE;
    }
    g_autoptr (OmniSample) sample = omni_sampler_next (self->beside, error);
    if (sample == NULL)
      return FALSE;
    OmniTrainBatch batch = sample->batch;
    batch.n_sets = (guint)MIN (batch.n_sets, n_samples - n);
    if (!job->interface->add_fisher (job->trainer, &batch, error))
      return FALSE;
  }
  end_sampler (self, &self->beside);
  return job->interface->consolidate (job->trainer, error);
}

/* Saved before it begins. One that fails leaves nothing to save: a run that goes on from that checkpoint comes to this end
 * again. */
static gboolean
consolidate (Run *self, GError **error)
{
  const OmniTrainJob *job = self->job;
  const int task = find_finished_task (self);
  g_autoptr (GError) cause = NULL;
  if (task < 0)
    return TRUE;
  if (self->saved_step != self->step && !save_last (self, &cause))
    warn (self, &cause);
  omni_train_say (job, FALSE, "step %" G_GUINT64_FORMAT ": [task %s] is done; measuring what it needs",
                  self->step, name_task (self, task));
  if (measure_task (self, task, &cause))
    return TRUE;
  self->in_doubt = TRUE;
  g_autofree char *checkpoint = g_filename_display_name (self->paths.last);
  g_set_error (
    error, cause->domain, cause->code,
    "What [task %s] needs could not be measured: %s Training stopped; the last checkpoint is “%s”, "
    "step %" G_GUINT64_FORMAT "; resume it to try again.",
    name_task (self, task), cause->message, checkpoint, self->saved_step);
  return FALSE;
}

/* ---- Validation ---- */

static void
keep_best (Run *self, double score)
{
  OmniTrainResult *result = self->result;
  g_autoptr (GError) cause = NULL;
  if (result->has_best && score <= result->best_score)
    return;
  if (save_best (self, &cause))
  {
    result->has_best = TRUE;
    result->best_score = score;
    result->best_step = self->step;
    return;
  }
  /* These weights are gone with the next step; the next ones have to beat those that were kept. */
  omni_train_log_add_score (self->log, self->step, -1, "", OMNI_TRAIN_LOST, score);
  warn (self, &cause);
}

static gboolean
validate (Run *self, GError **error)
{
  OmniValidation validation = { 0 };
  g_autoptr (GError) cause = NULL;
  if (self->scenes == NULL)
    self->scenes = omni_sampler_new_validation (self->job->data, self->job->n_threads);
  const gboolean done = omni_validation_run (self->job, &self->paths, self->log, self->scenes, self->step,
                                             &validation, &cause);
  end_sampler (self, &self->scenes);
  if (!done)
  {
    omni_train_log_drop_scores (self->log, self->step);
    self->owes = g_error_matches (cause, G_IO_ERROR, G_IO_ERROR_CANCELLED);
    if (self->owes)
      return TRUE;
    if (g_error_matches (cause, OMNI_TRAINING_ERROR, OMNI_TRAINING_ERROR_NOT_FINITE))
      return fail_not_finite (self, cause->message, &validation.report, error);
    g_propagate_error (error, g_steal_pointer (&cause));
    return FALSE;
  }
  if (validation.scored)
    keep_best (self, validation.score);
  if (!omni_train_page_write (self->job, &self->paths, self->log, &cause))
    warn (self, &cause);
  return TRUE;
}

/* A run that goes on may owe the one of the step where it was stopped. */
static gboolean
needs_validation (const Run *self)
{
  const gboolean is_own = self->goes_on || self->step > self->result->first_step;
  return is_own && is_validated (self, self->step) && !omni_train_log_has_scores (self->log, self->step);
}

/* ---- The way ---- */

/* Everything that is due before the next step, or at the end. */
static gboolean
settle (Run *self, GError **error)
{
  const OmniRecipe *recipe = self->job->recipe;
  const gboolean saves = recipe->checkpoint_every > 0 && self->step % recipe->checkpoint_every == 0
                         && self->step < recipe->steps && self->step > self->saved_step;
  g_autoptr (GError) cause = NULL;
  self->owes = FALSE;
  if ((saves || needs_validation (self) || find_finished_task (self) >= 0 || self->step == recipe->steps)
      && !check_weights (self, error))
    return FALSE;
  if (needs_validation (self) && !validate (self, error))
    return FALSE;
  if (self->owes)
    return TRUE;
  if (saves && !save_last (self, &cause))
    warn (self, &cause);
  return consolidate (self, error);
}

/* Once, before anything looks at the last step's weights. */
static gboolean
keep_initial (Run *self, GError **error)
{
  const OmniTrainJob *job = self->job;
  const double share = job->recipe->keep_initial;
  return share == 0 || self->step < job->recipe->steps
         || job->interface->go_back (job->trainer, job->initial, (float)share, error);
}

static gboolean
do_steps (Run *self, GError **error)
{
  const OmniTrainJob *job = self->job;
  g_autoptr (OmniSampler)
    sampler = omni_sampler_new (job->data, self->step, job->recipe->steps, job->n_threads);
  gboolean done = settle (self, error);
  say_notes (job);
  while (done && !self->owes && self->step < job->recipe->steps
         && !g_cancellable_is_cancelled (job->cancellable))
  {
    look_ahead (self);
    done = do_step (self, sampler, error) && keep_initial (self, error) && settle (self, error);
    say_notes (job);
  }
  self->result->wait_ms += omni_sampler_get_wait_ms (sampler);
  /* Stopped between two checkpoints. */
  return done && check_weights (self, error);
}

/* ---- Beginning and end ---- */

/* Whether keep_fusion() of this recipe writes such a name; `step` is 0 for sources and truths. */
static gboolean
is_fusion (const OmniRecipe *recipe, const char *name, guint64 *step)
{
  for (guint i = 0; i < recipe->tasks->len; i++)
  {
    const char *task = ((const OmniRecipeTask *)recipe->tasks->pdata[i])->name;
    const gsize length = strlen (task);
    if (!g_str_has_prefix (name, task) || name[length] != '.')
      continue;
    const char *kind = name + length + 1;
    const gboolean is_source = g_str_has_prefix (kind, "source-");
    const char *number = is_source ? kind + strlen ("source-") : kind;
    const gsize digits = strspn (number, G_CSET_DIGITS);
    *step = is_source ? 0 : g_ascii_strtoull (number, NULL, 10);
    return g_str_equal (kind, "truth.png")
           || (digits >= (is_source ? 2 : 8) && g_str_equal (number + digits, ".png"));
  }
  return FALSE;
}

/* Fusions after the step where the run begins belong to another run; so do all, sources too, when it begins anew. */
static void
remove_later_fusions (const Run *self)
{
  guint64 step;
  g_autoptr (GDir) folder = g_dir_open (self->paths.fusions, 0, NULL);
  for (const char *name = folder != NULL ? g_dir_read_name (folder) : NULL; name != NULL;
       name = g_dir_read_name (folder))
  {
    g_autofree char *path = g_build_filename (self->paths.fusions, name, NULL);
    if (is_fusion (self->job->recipe, name, &step)
        && (!self->goes_on || self->step == 0 || step > self->step))
      g_remove (path);
  }
}

static gboolean
find_step (Run *self, GError **error)
{
  const OmniTrainJob *job = self->job;
  if (job->resume_path != NULL && !job->interface->load (job->trainer, job->resume_path, error))
    return FALSE;
  self->step = self->result->first_step = job->interface->get_step (job->trainer);
  if (self->step <= job->recipe->steps)
    return TRUE;
  g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
               "The checkpoint has done %" G_GUINT64_FORMAT " steps, more than the %" G_GUINT64_FORMAT
               " of the run; ask for more (--steps).",
               self->step, job->recipe->steps);
  return FALSE;
}

/* Tasks that have scenes to be validated on. */
static guint
count_validated (const OmniTrainJob *job)
{
  guint n = 0;
  for (guint task = 0; task < job->recipe->tasks->len; task++)
    n += omni_train_data_get_scenes (job->data, task, OMNI_SPLIT_VAL)->len > 0;
  return n;
}

/* The best weights so far are those that this run has written, if they are still there. */
static void
find_best (Run *self)
{
  OmniTrainResult *result = self->result;
  result->has_best = omni_train_log_get_best (self->log, &result->best_step, &result->best_score);
  if (!result->has_best)
    return;
  const guint n_tasks = omni_train_log_count_tasks (self->log, result->best_step);
  if (n_tasks != count_validated (self->job))
  {
    result->has_best = FALSE;
    omni_train_say (
      self->job, TRUE,
      "The best weights so far, those of step %" G_GUINT64_FORMAT
      ", were validated on %u tasks, which does not compare with %u; the next validation begins "
      "anew.",
      result->best_step, n_tasks, count_validated (self->job));
    return;
  }
  if (g_file_test (self->paths.best, G_FILE_TEST_EXISTS))
    result->weights_sha256 = omni_file_sha256 (self->paths.weights, NULL);
  result->has_best = result->weights_sha256 != NULL;
  if (!result->has_best)
    omni_train_say (self->job, TRUE,
                    "The best weights, those of step %" G_GUINT64_FORMAT
                    ", are no longer there; the next validation begins anew.",
                    result->best_step);
}

/* The best so far of an earlier run: kept until this one has shown that it can begin, and gone before anything could take it
 * for its own. */
static gboolean
remove_earlier_best (const Run *self, GError **error)
{
  const char *const files[] = { self->paths.best, self->paths.weights };
  for (guint i = 0; !self->goes_on && i < G_N_ELEMENTS (files); i++)
    if (g_unlink (files[i]) != 0 && errno != ENOENT)
    {
      const int code = errno;
      g_autofree char *name = g_filename_display_name (files[i]);
      g_set_error (error, G_IO_ERROR, g_io_error_from_errno (code),
                   "“%s” of an earlier run cannot be removed: %s. Remove it, or choose another name (-o).",
                   name, g_strerror (code));
      return FALSE;
    }
  return TRUE;
}

static gboolean
begin (Run *self, GError **error)
{
  const OmniTrainJob *job = self->job;
  if (job->recipe->keep_initial > 0 && job->initial == NULL)
  {
    g_set_error (
      error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
      "The recipe “%s” is to keep a part of the weights that it starts from (keep-initial) and has none; "
      "name them (initial), or leave the key out.",
      job->recipe->name);
    return FALSE;
  }
  if (!omni_train_paths_init (&self->paths, job->output, error))
    return FALSE;
  self->goes_on = job->resume_path != NULL && omni_train_paths_own (&self->paths, job->resume_path);
  if (!find_step (self, error)
      || (!self->goes_on && !job->force && !omni_train_paths_check_free (&self->paths, error)))
    return FALSE;
  self->log = omni_train_log_open (self->paths.csv, self->paths.validation, job->recipe,
                                   self->goes_on ? self->step : 0, error);
  if (self->log == NULL)
    return FALSE;
  if (self->step > 0 && omni_train_log_get_steps (self->log)->len == 0)
    omni_train_say (
      job, TRUE,
      "“%s” says nothing of the steps before: the curves begin here, and the best weights so far are not "
      "known.",
      self->paths.csv);
  if (omni_train_log_get_last_found (self->log) > self->step)
    omni_train_say (job, TRUE,
                    "Going on from step %" G_GUINT64_FORMAT ": what this run did after it, up to step "
                    "%" G_GUINT64_FORMAT ", is given up, in its curves and its last checkpoint.",
                    self->step, omni_train_log_get_last_found (self->log));
  find_best (self);
  self->result->checkpoint_path = g_strdup (self->paths.last);
  self->result->page_path = g_strdup (self->paths.page);
  self->start_us = g_get_monotonic_time ();
  remove_later_fusions (self);
  /* Whatever keeps files from being written shows now, not after hours. */
  return save_last (self, error) && remove_earlier_best (self, error);
}

static gboolean
finish (Run *self, GError **error)
{
  OmniTrainResult *result = self->result;
  result->interrupted = self->step < self->job->recipe->steps || self->owes;
  if (save_last (self, error) && (result->has_best || result->interrupted || write_weights (self, error))
      && omni_train_page_write (self->job, &self->paths, self->log, error))
    return TRUE;
  g_autofree char *checkpoint = g_filename_display_name (self->paths.last);
  g_prefix_error (error,
                  "Step %" G_GUINT64_FORMAT " is done and could not be saved; the checkpoint “%s” is of step "
                  "%" G_GUINT64_FORMAT ", make room and resume it. ",
                  self->step, checkpoint, self->saved_step);
  return FALSE;
}

gboolean
omni_train_run (const OmniTrainJob *job, OmniTrainResult *result, GError **error)
{
  *result = (OmniTrainResult){ 0 };
  g_auto (Run) run = { .job = job, .result = result };
  if (!begin (&run, error))
    return FALSE;
  g_autoptr (GError) failure = NULL;
  const gboolean done = do_steps (&run, &failure);
  result->last_step = run.step;
  result->seconds = (double)(g_get_monotonic_time () - run.start_us) / G_USEC_PER_SEC;
  if (done)
    return finish (&run, error);
  g_autoptr (GError) cause = NULL;
  if (!(run.in_doubt ? omni_train_log_save (run.log, &cause) : save_last (&run, &cause))
      || !omni_train_page_write (job, &run.paths, run.log, &cause))
    omni_train_say (job, TRUE, "%s", cause->message);
  g_propagate_error (error, g_steal_pointer (&failure));
  return FALSE;
}
