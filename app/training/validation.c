/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/training/run-private.h"

#include "app/files/writer.h"
#include "app/metrics/metrics.h"

#include <glib/gstdio.h>
#include <errno.h>
#include <math.h>

const char *
omni_validation_get_metric (const OmniRecipeTask *task)
{
  if (omni_recipe_task_has_truth (task))
    return "ref-ssim";
  return task->task == OMNI_TASK_EXPOSURE ? "mef-ssim" : "qabf";
}

/* ---- Pictures to look at ---- */

static gboolean
write_plane (const char *folder, const char *name, const float *values, guint size_px, gboolean force,
             GError **error)
{
  g_autofree char *path = g_build_filename (folder, name, NULL);
  if (!force && g_file_test (path, G_FILE_TEST_EXISTS))
    return TRUE;
  g_autoptr (OmniPicture) picture = omni_luma_to_picture (values, size_px, size_px, error);
  const OmniWriteOptions options = { .force = TRUE };
  return picture != NULL && omni_picture_write (picture, path, &options, error);
}

static gboolean
keep_fusion (const OmniTrainPaths *paths, const char *task, guint64 step, const OmniSample *sample,
             const float *fused, GError **error)
{
  const guint size_px = sample->batch.size_px;
  const gsize plane = (gsize)size_px * size_px;
  if (g_mkdir_with_parents (paths->fusions, 0777) != 0)
  {
    g_set_error (error, G_IO_ERROR, g_io_error_from_errno (errno), "The folder “%s” cannot be made: %s.",
                 paths->fusions, g_strerror (errno));
    return FALSE;
  }
  for (guint k = 0; k < sample->batch.n_sources; k++)
  {
    g_autofree char *name = g_strdup_printf ("%s.source-%02u.png", task, k);
    if (!write_plane (paths->fusions, name, sample->luma + k * plane, size_px, FALSE, error))
      return FALSE;
  }
  g_autofree char *truth = g_strdup_printf ("%s.truth.png", task);
  g_autofree char *name = g_strdup_printf ("%s.%08" G_GUINT64_FORMAT ".png", task, step);
  return (sample->truth == NULL || write_plane (paths->fusions, truth, sample->truth, size_px, FALSE, error))
         && write_plane (paths->fusions, name, fused, size_px, TRUE, error);
}

/* ---- Scores ---- */

static OmniMetricsInput *
make_input (const OmniSample *sample, const float *fused, GError **error)
{
  const guint size_px = sample->batch.size_px;
  const gsize plane = (gsize)size_px * size_px;
  g_autoptr (GPtrArray) sources = g_ptr_array_new_with_free_func (g_object_unref);
  for (guint k = 0; k < sample->batch.n_sources; k++)
  {
    OmniPicture *source = omni_luma_to_picture (sample->luma + k * plane, size_px, size_px, error);
    if (source == NULL)
      return NULL;
    g_ptr_array_add (sources, source);
  }
  g_autoptr (OmniPicture) result = omni_luma_to_picture (fused, size_px, size_px, error);
  g_autoptr (OmniPicture)
    truth = sample->truth != NULL ? omni_luma_to_picture (sample->truth, size_px, size_px, error) : NULL;
  if (result == NULL || (sample->truth != NULL && truth == NULL))
    return NULL;
  return omni_metrics_input_new ((OmniPicture *const *)sources->pdata, sources->len, result, truth, NULL,
                                 error);
}

/* What is written down beside the metric that counts. */
static const char *const with_truth[] = { "ref-ssim", "ref-psnr", "qabf", NULL };

/* Sums of one task. */
typedef struct
{
  const char *const *names;
  double sums[8];
  guint counts[8];
  double loss;
  guint n_scenes;
} Sums;

static gboolean
score_scene (const OmniTrainJob *job, OmniTrainLog *log, guint64 step, guint task, const OmniScene *scene,
             const OmniSample *sample, const float *fused, Sums *sums, GError **error)
{
  g_autoptr (OmniMetricsInput) input = make_input (sample, fused, error);
  if (input == NULL)
    return FALSE;
  for (guint i = 0; sums->names[i] != NULL; i++)
  {
    double value;
    g_autofree char *reason = NULL;
    if (omni_metric_compute (omni_metric_find (sums->names[i]), NULL, input, NULL, &value, &reason))
    {
      omni_train_log_add_score (log, step, (int)task, scene->name, sums->names[i], value);
      sums->sums[i] += value;
      sums->counts[i]++;
    }
    else
      omni_train_say (job, TRUE, "%s of %s/%s cannot be computed: %s.", sums->names[i], scene->folder,
                      scene->name, reason);
  }
  return TRUE;
}

/* Fuses the sample of a scene; a loss that is no number comes of weights that are of no use. */
static gboolean
fuse_scene (const OmniTrainJob *job, guint64 step, guint task, const OmniScene *scene,
            const OmniSample *sample, float *fused, OmniTrainReport *report, GError **error)
{
  *report = (OmniTrainReport){ 0 };
  if (!job->interface->validate (job->trainer, &sample->batch, fused, report, error))
    return FALSE;
  if (isfinite (report->loss))
    return TRUE;
  g_set_error (error, OMNI_TRAINING_ERROR, OMNI_TRAINING_ERROR_NOT_FINITE,
               "Validation after step %" G_GUINT64_FORMAT " on %s/%s of [task %s]", step, scene->folder,
               scene->name, ((const OmniRecipeTask *)job->recipe->tasks->pdata[task])->name);
  return FALSE;
}

/* A scene that cannot be read was spoken of when it was read; it is passed over every time, and so every validation sees the
 * same scenes. */
static gboolean
validate_scene (const OmniTrainJob *job, const OmniTrainPaths *paths, OmniTrainLog *log, OmniSampler *scenes,
                guint64 step, guint task, gboolean *keep, Sums *sums, OmniTrainReport *report, GError **error)
{
  g_autoptr (GError) cause = NULL;
  if (g_cancellable_set_error_if_cancelled (job->cancellable, error))
    return FALSE;
  g_autoptr (OmniSample) sample = omni_sampler_next (scenes, &cause);
  if (g_error_matches (cause, G_IO_ERROR, G_IO_ERROR_INVALID_DATA))
    return TRUE;
  if (sample == NULL)
  {
    g_propagate_error (error, g_steal_pointer (&cause));
    return FALSE;
  }
  const OmniScene *scene = sample->scene;
  const gsize plane = (gsize)sample->batch.size_px * sample->batch.size_px;
  g_autofree float *fused = g_new (float, plane);
  if (!fuse_scene (job, step, task, scene, sample, fused, report, error))
    return FALSE;
  sums->loss += report->loss;
  sums->n_scenes++;
  if (*keep)
  {
    const OmniRecipeTask *recipe = job->recipe->tasks->pdata[task];
    if (!keep_fusion (paths, recipe->name, step, sample, fused, &cause))
      omni_train_say (job, TRUE, "%s", cause->message);
    *keep = FALSE;
  }
  return score_scene (job, log, step, task, scene, sample, fused, sums, error);
}

/* The mean of the task's metric over its scenes, or NAN. */
static gboolean
validate_task (const OmniTrainJob *job, const OmniTrainPaths *paths, OmniTrainLog *log, OmniSampler *scenes,
               guint64 step, guint task, gboolean *scored, double *mean, OmniTrainReport *report,
               GError **error)
{
  const OmniRecipeTask *recipe = job->recipe->tasks->pdata[task];
  const guint n = omni_train_data_count_validation (job->data, task);
  Sums sums = { .names = omni_recipe_task_has_truth (recipe) ? with_truth
                                                             : omni_metrics_default_panel (recipe->task) };
  gboolean keep = TRUE;
  *scored = FALSE;
  for (guint i = 0; i < n; i++)
    if (!validate_scene (job, paths, log, scenes, step, task, &keep, &sums, report, error))
      return FALSE;
  if (sums.n_scenes > 0)
    omni_train_log_add_score (log, step, (int)task, "", OMNI_TRAIN_LOSS, sums.loss / sums.n_scenes);
  for (guint i = 0; sums.names[i] != NULL; i++)
  {
    if (sums.counts[i] == 0)
      continue;
    const double value = sums.sums[i] / sums.counts[i];
    omni_train_log_add_score (log, step, (int)task, "", sums.names[i], value);
    if (g_str_equal (sums.names[i], omni_validation_get_metric (recipe)))
    {
      *scored = TRUE;
      *mean = value;
    }
  }
  return TRUE;
}

gboolean
omni_validation_run (const OmniTrainJob *job, const OmniTrainPaths *paths, OmniTrainLog *log,
                     OmniSampler *scenes, guint64 step, OmniValidation *validation, GError **error)
{
  double sum = 0;
  guint n = 0;
  g_autoptr (GString) line = g_string_new (NULL);
  for (guint task = 0; task < job->recipe->tasks->len; task++)
  {
    const OmniRecipeTask *recipe = job->recipe->tasks->pdata[task];
    gboolean has_mean;
    double mean;
    if (!validate_task (job, paths, log, scenes, step, task, &has_mean, &mean, &validation->report, error))
      return FALSE;
    if (!has_mean)
      continue;
    g_string_append_printf (line, "%s%s %s %.4f", n > 0 ? ", " : "", recipe->name,
                            omni_validation_get_metric (recipe), mean);
    sum += mean;
    n++;
  }
  validation->scored = n > 0;
  validation->score = n > 0 ? sum / n : 0;
  if (!validation->scored)
    return TRUE;
  omni_train_log_add_score (log, step, -1, "", OMNI_TRAIN_SCORE, validation->score);
  omni_train_say (job, FALSE, "step %" G_GUINT64_FORMAT ": %s; score %.4f", step, line->str,
                  validation->score);
  return TRUE;
}
