/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/fusion/refine.h"

#include "app/fusion/engine-private.h"
#include "app/fusion/fusion-private.h"
#include "app/files/colour-profile.h"
#include "app/metrics/metrics.h"
#include "app/picture/resample.h"
#include "app/training/luma.h"
#include "app/training/random.h"
#include "models/training/trainer.h"

#include <glib/gi18n.h>
#include <string.h>

#define N_CROPS 48
/* A step sees so many pixels at most: sets × pictures × crop. Larger sets get fewer crops at a time, then smaller ones. */
#define STEP_PIXELS      (3 * 5 * 256 * 256)
#define STEP_PIXELS_WIDE (3 * 5 * 64 * 64) /* of a network that works at full resolution */
#define MAX_SETS         3
#define GRAIN_PX         32
#define LEAST_PX         64
#define LEARNING_RATE    2e-4F
#define WARM_UP_STEPS    10
#define N_TRIES          3
/* Parts of the progress: the fusion before, training, and the fusion after. */
#define BEFORE_SHARE 0.1
#define AFTER_SHARE  0.1

const char *
omni_refine_get_metric (OmniTask task)
{
  return task == OMNI_TASK_EXPOSURE ? "mef-ssim" : "qabf";
}

/* ---- What can be refined ---- */

static gboolean
has_trainer (const char *architecture)
{
  return g_strcmp0 (architecture, "omni") == 0 || g_strcmp0 (architecture, "ifani") == 0;
}

gboolean
omni_refine_fits (const OmniModel *model, GPtrArray *sources, char **why)
{
  *why = NULL;
  if (model == NULL)
    *why = g_strdup (_ ("No model fits these pictures, so there is nothing to refine."));
  else if (!has_trainer (model->architecture))
    *why = g_strdup_printf (_ ("%s cannot be refined; Omni and IFANI can."), _ (model->title));
  else if (sources->len < 2)
    *why = g_strdup (_ ("Refining takes at least two pictures."));
  for (guint i = 0; *why == NULL && i < sources->len; i++)
  {
    OmniSource *source = sources->pdata[i];
    if (MIN (omni_source_get_width (source), omni_source_get_height (source)) < LEAST_PX)
      *why = g_strdup_printf (_ ("Refining takes pictures of at least %d × %d pixels."), LEAST_PX, LEAST_PX);
    else if (omni_source_count_bands (source) > 3)
      *why = g_strdup (
        _ ("Refining takes grey and RGB pictures; there is no score for those of more bands."));
  }
  return *why == NULL;
}

/* ---- The run ---- */

typedef struct
{
  OmniEngineCore *core;
  const OmniFusionRequest *request;
  OmniEngineProgress progress;
  gpointer user_data;
  GCancellable *cancellable;

  OmniFusionResult *before;
  GPtrArray *pictures; /* OmniPicture, as fused */
  OmniTrainConfig config;
  OmniWeights *weights; /* to begin with */
  OmniTrainer *trainer;
  guint size_px, n_sets;
  guint64 seed;
  float *crops; /* [N_CROPS][source][size][size] */
  gint64 start_us;
  guint64 steps;
  double seconds;
} Refining;

static void
refining_clear (Refining *self)
{
  g_clear_pointer (&self->before, omni_fusion_result_unref);
  g_clear_pointer (&self->pictures, g_ptr_array_unref);
  g_clear_pointer (&self->weights, omni_weights_unref);
  g_clear_pointer (&self->trainer, omni_trainer_free);
  g_free (self->crops);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Refining, refining_clear)

static void
report (const Refining *self, double fraction, const char *phase)
{
  if (self->progress != NULL)
    self->progress (fraction, phase, self->user_data);
}

static void
before_cb (double fraction, const char *phase, gpointer user_data)
{
  report (user_data, BEFORE_SHARE * fraction, phase);
}

static void
after_cb (double fraction, const char *phase, gpointer user_data)
{
  report (user_data, 1 - AFTER_SHARE + AFTER_SHARE * fraction, phase);
}

/* ---- The pictures ---- */

static gboolean
load_pictures (Refining *self, GError **error)
{
  OmniPicture *fused = self->before->picture;
  self->pictures = g_ptr_array_new_with_free_func (g_object_unref);
  for (guint i = 0; i < self->request->sources->len; i++)
  {
    g_autoptr (OmniPicture)
      picture = omni_source_load_at (self->request->sources->pdata[i], omni_picture_get_width (fused),
                                     omni_picture_get_height (fused), self->cancellable, error);
    if (picture == NULL)
      return FALSE;
    OmniPicture *converted = omni_picture_convert_profile (picture, omni_picture_get_icc_profile (fused),
                                                           NULL);
    g_ptr_array_add (self->pictures, converted != NULL ? converted : g_steal_pointer (&picture));
  }
  return TRUE;
}

static gboolean
score (const Refining *self, OmniPicture *fused, double *value, GError **error)
{
  g_autoptr (OmniMetricsInput) input = omni_metrics_input_new ((OmniPicture *const *)self->pictures->pdata,
                                                               self->pictures->len, fused, NULL, NULL, error);
  g_autofree char *reason = NULL;
  const OmniMetric *metric = omni_metric_find (omni_refine_get_metric (self->before->task));
  if (input == NULL)
    return FALSE;
  if (omni_metric_compute (metric, NULL, input, self->cancellable, value, &reason))
    return TRUE;
  if (!g_cancellable_set_error_if_cancelled (self->cancellable, error))
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA,
                 _ ("The set cannot be refined, for %s cannot be computed: %s."), metric->title, reason);
  return FALSE;
}

static int
compare_hashes (gconstpointer a, gconstpointer b)
{
  return strcmp (*(const char *const *)a, *(const char *const *)b);
}

/* Named by the pictures' content, sorted: a function of the set. */
static guint64
make_seed (char **hashes, guint n)
{
  g_autoptr (GPtrArray) sorted = g_ptr_array_new ();
  for (guint i = 0; i < n; i++)
    g_ptr_array_add (sorted, hashes[i]);
  g_ptr_array_sort (sorted, compare_hashes);
  g_ptr_array_add (sorted, NULL);
  g_autofree char *joined = g_strjoinv (" ", (char **)sorted->pdata);
  g_autofree char *hash = g_compute_checksum_for_string (G_CHECKSUM_SHA256, joined, -1);
  g_autofree char *first = g_strndup (hash, 15);
  return g_ascii_strtoull (first, NULL, 16);
}

/* Weights that fuse at several sizes learn from them, too. */
static guint
draw_reduction (const Refining *self, OmniRandom *random)
{
  OmniPicture *fused = self->before->picture;
  const guint side = MIN (omni_picture_get_width (fused), omni_picture_get_height (fused));
  guint reduction = 1;
  if (!self->config.has_scales || self->before->task == OMNI_TASK_FOCUS)
    return 1;
  reduction = 1U << omni_random_below (random, 3);
  while (reduction > 1 && self->size_px * reduction > side)
    reduction /= 2;
  return reduction;
}

static OmniCrop
draw_crop (const Refining *self, guint index)
{
  const guint width = omni_picture_get_width (self->before->picture);
  const guint height = omni_picture_get_height (self->before->picture);
  OmniRandom random = omni_random_open (self->seed, index, 0);
  OmniCrop crop = { .size_px = self->size_px, .reduction = draw_reduction (self, &random) };
  crop.x = omni_random_below (&random, width - self->size_px * crop.reduction + 1);
  crop.y = omni_random_below (&random, height - self->size_px * crop.reduction + 1);
  crop.mirror_x = omni_random_chance (&random, 0.5);
  crop.mirror_y = omni_random_chance (&random, 0.5);
  crop.transpose = omni_random_chance (&random, 0.5);
  return crop;
}

static gboolean
cut_crops (Refining *self, GError **error)
{
  const guint n = self->pictures->len;
  const gsize plane = (gsize)self->size_px * self->size_px;
  g_autoptr (GPtrArray) lumas = g_ptr_array_new_with_free_func ((GDestroyNotify)omni_luma_unref);
  g_auto (GStrv) hashes = g_new0 (char *, n + 1);
  for (guint k = 0; k < n; k++)
  {
    OmniLuma *luma = omni_luma_new (self->pictures->pdata[k], error);
    if (luma == NULL)
      return FALSE;
    g_ptr_array_add (lumas, luma);
    hashes[k] = g_compute_checksum_for_data (G_CHECKSUM_SHA256, (const guchar *)luma->values,
                                             sizeof *luma->values * luma->width * luma->height);
  }
  self->seed = make_seed (hashes, n);
  self->crops = g_try_malloc_n (plane * n * N_CROPS, sizeof (float));
  if (self->crops == NULL)
  {
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_NO_SPACE,
                 _ ("There is not enough memory to refine %u pictures."), n);
    return FALSE;
  }
  for (guint i = 0; i < N_CROPS; i++)
  {
    const OmniCrop crop = draw_crop (self, i);
    for (guint k = 0; k < n; k++)
      omni_luma_crop (lumas->pdata[k], &crop, self->crops + (i * n + k) * plane);
  }
  return TRUE;
}

/* ---- Training ---- */

static void
set_exposure_losses (gboolean is_omni, OmniTrainLosses *losses)
{
  losses->weight[OMNI_LOSS_MEF_PATCHES] = 0.6F;
  losses->weight[OMNI_LOSS_MEF_SSIM] = 0.4F;
  losses->weight[OMNI_LOSS_RANGE] = 1;
  losses->patches_scales[0] = is_omni ? 0.06F : 0.5F;
  losses->patches_scales[1] = is_omni ? 0.47F : 0.5F;
  losses->patches_scales[2] = is_omni ? 0.47F : 0;
  losses->mef_scales[0] = is_omni ? 0.35F : 0.5F;
  losses->mef_scales[1] = is_omni ? 0.3F : 0.5F;
  losses->mef_scales[2] = is_omni ? 0.35F : 0;
}

/* As the last recipes have them by which Omni and IFANI were trained (omni-longer, ifani-longer), but for two: IFANI's exposures
 * have the metric's patches, too, since that is what decides here, and focus has no truth. */
static void
set_losses (const Refining *self, OmniTrainLosses *losses)
{
  const gboolean is_omni = g_str_equal (self->config.architecture, "omni");
  const OmniTask task = self->before->task;
  if (task == OMNI_TASK_EXPOSURE)
  {
    set_exposure_losses (is_omni, losses);
    return;
  }
  losses->weight[OMNI_LOSS_MEF_STRUCTURE] = is_omni && task != OMNI_TASK_FOCUS ? 0.75F : 0.5F;
  losses->weight[OMNI_LOSS_MAX_GRADIENT] = !is_omni                     ? 5
                                           : task == OMNI_TASK_INFRARED ? 16
                                           : task == OMNI_TASK_MEDICAL  ? 14
                                                                        : 10;
  if (task != OMNI_TASK_FOCUS)
    losses->weight[OMNI_LOSS_MAX_INTENSITY] = !is_omni ? 2 : task == OMNI_TASK_INFRARED ? 0.5F : 0.7F;
}

/* The largest crops of which a step holds some sets. */
static void
choose_sizes (Refining *self)
{
  OmniPicture *fused = self->before->picture;
  const gboolean is_omni = g_str_equal (self->config.architecture, "omni");
  const guint most_px = MIN (omni_picture_get_width (fused), omni_picture_get_height (fused));
  const guint n = self->pictures->len, pixels = is_omni ? STEP_PIXELS : STEP_PIXELS_WIDE;
  self->size_px = MIN (is_omni ? 256 : 64, most_px - most_px % GRAIN_PX);
  while (self->size_px > LEAST_PX && n * self->size_px * self->size_px > pixels)
    self->size_px -= GRAIN_PX;
  self->n_sets = CLAMP (pixels / (n * self->size_px * self->size_px), 1, MAX_SETS);
}

/* The base level that the fusion runs at, or the coarsest that the crops take. */
static void
choose_base_level (Refining *self, const OmniModelContext *context)
{
  guint base = MIN (omni_model_get_base_level (self->before->model, context), OMNI_TRAIN_BASE_LEVELS - 1);
  for (;; base--)
  {
    memset (self->config.base_level_chance, 0, sizeof self->config.base_level_chance);
    self->config.base_level_chance[base] = 1;
    if (base == 0 || omni_train_side_fits (omni_train_config_get_side (&self->config), self->size_px))
      return;
  }
}

static gboolean
configure (Refining *self, GError **error)
{
  OmniPicture *fused = self->before->picture;
  const OmniModelContext context = { .task = self->before->task,
                                     .n_sources = self->pictures->len,
                                     .width = omni_picture_get_width (fused),
                                     .height = omni_picture_get_height (fused),
                                     .options = self->request->options };
  self->weights = self->request->weights != NULL
                    ? omni_weights_ref (self->request->weights)
                    : omni_engine_core_load_weights (self->core, self->before->model, self->before->task,
                                                     self->request->weights_path, error);
  if (self->weights == NULL || !omni_train_config_from_weights (&self->config, self->weights, error))
    return FALSE;
  choose_sizes (self);
  choose_base_level (self, &context);
  self->config.learning_rate = LEARNING_RATE;
  self->config.warm_up_steps = WARM_UP_STEPS;
  set_losses (self, &self->config.losses[self->before->task]);
  return cut_crops (self, error);
}

static double
seconds_since (gint64 start_us)
{
  return (double)(g_get_monotonic_time () - start_us) / G_USEC_PER_SEC;
}

/* Batch number `step`: crops in an order that begins anew, differently, whenever all were seen. */
static void
fill_batch (const Refining *self, guint64 step, float *luma)
{
  const gsize set = (gsize)self->pictures->len * self->size_px * self->size_px;
  for (guint b = 0; b < self->n_sets; b++)
  {
    const guint64 number = step * self->n_sets + b;
    guint order[N_CROPS];
    OmniRandom random = omni_random_open (self->seed, number / N_CROPS, 1);
    omni_random_permute (&random, order, N_CROPS);
    memcpy (luma + b * set, self->crops + order[number % N_CROPS] * set, set * sizeof *luma);
  }
}

static gboolean
is_done (const Refining *self)
{
  const OmniRefineParams *bounds = &self->request->refine;
  return self->steps > 0
         && ((bounds->seconds > 0 && seconds_since (self->start_us) >= bounds->seconds)
             || (bounds->max_steps > 0 && self->steps >= bounds->max_steps));
}

/* (transfer full) */
static OmniTrainer *
new_trainer (const Refining *self, GError **error)
{
  g_autoptr (OmniTrainer) trainer = omni_trainer_new (self->core->device, &self->config, error);
  if (trainer == NULL || !omni_trainer_import (trainer, self->weights, error))
    return NULL;
  omni_trainer_set_cancellable (trainer, self->cancellable);
  return g_steal_pointer (&trainer);
}

/* A device makes its kernels when they are first used, which is no part of the time that was asked for. */
static gboolean
warm_up (const Refining *self, const OmniTrainBatch *batch, GError **error)
{
  g_autoptr (OmniTrainer) trainer = new_trainer (self, error);
  OmniTrainReport step = { 0 };
  return trainer != NULL && omni_trainer_step (trainer, batch, &step, error);
}

static gboolean
train (Refining *self, GError **error)
{
  const guint n = self->pictures->len;
  const OmniRefineParams *bounds = &self->request->refine;
  g_autofree float *luma = g_new (float, (gsize)self->n_sets *n * self->size_px * self->size_px);
  const OmniTrainBatch batch = {
    .task = self->before->task, .n_sets = self->n_sets, .n_sources = n, .size_px = self->size_px, .luma = luma
  };
  report (self, BEFORE_SHARE, N_ ("Refining"));
  fill_batch (self, 0, luma);
  self->trainer = new_trainer (self, error);
  if (self->trainer == NULL || !warm_up (self, &batch, error))
    return FALSE;
  self->start_us = g_get_monotonic_time ();
  while (!is_done (self))
  {
    OmniTrainReport step = { 0 };
    if (g_cancellable_set_error_if_cancelled (self->cancellable, error))
      return FALSE;
    fill_batch (self, self->steps, luma);
    if (!omni_trainer_step (self->trainer, &batch, &step, error))
      return FALSE;
    self->steps++;
    self->seconds = seconds_since (self->start_us);
    const double by_time = bounds->seconds > 0 ? self->seconds / bounds->seconds : 0;
    const double by_steps = bounds->max_steps > 0 ? (double)self->steps / bounds->max_steps : 0;
    report (self, BEFORE_SHARE + (1 - BEFORE_SHARE - AFTER_SHARE) * MIN (MAX (by_time, by_steps), 1),
            N_ ("Refining"));
  }
  return TRUE;
}

/* (transfer full) What training has come to. */
static OmniWeights *
export_weights (const Refining *self, GError **error)
{
  g_autofree char *provenance = g_strdup_printf ("refined from %s in %" G_GUINT64_FORMAT " steps",
                                                 omni_weights_get_sha256 (self->weights), self->steps);
  const char *const metadata[] = { "provenance", provenance, NULL };
  g_autoptr (GBytes) bytes = omni_trainer_export (self->trainer, metadata, error);
  return bytes != NULL ? omni_weights_load_bytes (bytes, "refined weights", error) : NULL;
}

/* ---- Before and after ---- */

/* A result carries what the refinement came to; before it is shared with anybody. */
static OmniFusionResult *
take (OmniFusionResult *result, const OmniRefineScores *scores)
{
  result->has_refine = TRUE;
  result->refine = *scores;
  if (!scores->kept)
    return result;
  g_autofree char *options = g_steal_pointer (&result->options);
  result->options = g_strdup_printf ("%s%srefined, %" G_GUINT64_FORMAT " steps", options,
                                     options[0] != '\0' ? ", " : "", scores->steps);
  return result;
}

static gboolean
prepare (Refining *self, GError **error)
{
  g_autofree char *why = NULL;
  OmniTask task;
  const OmniModel *model = omni_fusion_request_choose_model (self->request, &task, NULL, error);
  if (model == NULL)
    return FALSE;
  if (!omni_refine_fits (model, self->request->sources, &why))
  {
    g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED, why);
    return FALSE;
  }
  self->before = omni_engine_core_fuse (self->core, self->request, before_cb, self, self->cancellable, error);
  return self->before != NULL && load_pictures (self, error) && configure (self, error);
}

static OmniFusionResult *
fuse_again (Refining *self, GError **error)
{
  g_autoptr (OmniWeights) refined = export_weights (self, error);
  OmniFusionRequest again = *self->request;
  if (refined == NULL)
    return NULL;
  again.model = self->before->model;
  again.task = self->before->task;
  again.weights = refined;
  OmniFusionResult *after = omni_engine_core_fuse (self->core, &again, after_cb, self, self->cancellable,
                                                   error);
  if (after == NULL)
    return NULL;
  /* The task was found before, or asked for; not by us. */
  g_free (after->task_reason);
  after->task_reason = g_strdup (self->before->task_reason);
  return after;
}

/* A view so small that no crop fits into its shorter side is none to learn from: then it is made of the whole. */
static guint
get_view_px (const OmniFusionRequest *request)
{
  for (guint i = 0; request->view_px > 0 && i < request->sources->len; i++)
  {
    const guint width = omni_source_get_width (request->sources->pdata[i]);
    const guint height = omni_source_get_height (request->sources->pdata[i]);
    if ((guint64)request->view_px * MIN (width, height) < (guint64)(LEAST_PX + 1) * MAX (width, height))
      return 0;
  }
  return request->view_px;
}

/* Where the whole way is too far, half of it may do, or a quarter. Which of them does not depend on a rival, so that the same
 * steps give the same result without one. */
OmniFusionResult *
omni_engine_core_refine (OmniEngineCore *core, const OmniFusionRequest *original, OmniEngineProgress progress,
                         gpointer user_data, GCancellable *cancellable, GError **error)
{
  OmniFusionRequest own = *original, *request = &own;
  own.view_px = get_view_px (original);
  g_auto (Refining) self = {
    .core = core, .request = request, .progress = progress, .user_data = user_data, .cancellable = cancellable
  };
  OmniRefineScores scores = { 0 };
  if (!prepare (&self, error) || !score (&self, self.before->picture, &scores.before, error))
    return NULL;

  g_autoptr (OmniFusionResult) after = NULL;
  if (!train (&self, error))
    return NULL;
  /* Fusing may give up the device for another one. */
  omni_trainer_release_device (self.trainer);
  for (guint i = 0; i < N_TRIES && !scores.kept; i++)
  {
    if (i > 0 && !omni_trainer_go_back (self.trainer, self.weights, 0.5F, error))
      return NULL;
    g_clear_pointer (&after, omni_fusion_result_unref);
    after = fuse_again (&self, error);
    if (after == NULL || !score (&self, after->picture, &scores.after, error))
      return NULL;
    scores.kept = scores.after > scores.before;
  }
  if (request->refine.has_rival)
  {
    scores.before = request->refine.rival;
    scores.kept &= scores.after > scores.before;
  }
  scores.seconds = self.seconds;
  scores.steps = self.steps;
  scores.metric = omni_refine_get_metric (self.before->task);
  return take (scores.kept ? g_steal_pointer (&after) : g_steal_pointer (&self.before), &scores);
}
