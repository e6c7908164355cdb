/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "models/training/trainer-private.h"
#include "models/training/vgg.h"

#include <math.h>
#include <string.h>

OmniTrainer *
omni_trainer_new (OmniDevice *device, const OmniTrainConfig *config, GError **error)
{
  g_autoptr (OmniTrainer) trainer = g_new0 (OmniTrainer, 1);
  OmniTrainState *state = &trainer->state;

  trainer->config = *config;
  trainer->network = omni_train_config_resolve (&trainer->config, error);
  if (trainer->network == NULL || (config->vgg16 != NULL && !omni_vgg_check (config->vgg16, error)))
    return NULL;

  trainer->parameters = g_array_new (FALSE, FALSE, sizeof (OmniParameter));
  trainer->network->list_parameters (&trainer->config, trainer->parameters);
  state->n = omni_parameters_count (trainer->parameters);
  state->theta = g_new0 (float, state->n);
  state->first = g_new0 (float, state->n);
  state->second = g_new0 (float, state->n);
  trainer->gradient = g_new0 (float, state->n);
  trainer->statistics = g_new0 (float, state->n);
  omni_parameters_draw (trainer->parameters, trainer->config.seed, state->theta);
  if (trainer->network->initialise != NULL)
    trainer->network->initialise (&trainer->config, trainer->parameters, state->theta);
  omni_ops_init (&trainer->ops, device);
  if (config->vgg16 != NULL)
    trainer->vgg16 = omni_vgg_dup_values (config->vgg16, &trainer->n_vgg16);
  trainer->ops.n_frozen = trainer->n_vgg16;
  trainer->config.vgg16 = NULL;
  trainer->config.order = trainer->order = g_strdup (config->order);
  trainer->config.recipe_sha256 = trainer->recipe_sha256 = g_strdup (config->recipe_sha256);
  trainer->config.data_sha256 = trainer->data_sha256 = g_strdup (config->data_sha256);
  return g_steal_pointer (&trainer);
}

void
omni_trainer_free (OmniTrainer *trainer)
{
  if (trainer == NULL)
    return;

  omni_ops_clear (&trainer->ops);
  g_clear_pointer (&trainer->parameters, g_array_unref);
  g_free (trainer->state.theta);
  g_free (trainer->state.first);
  g_free (trainer->state.second);
  g_free (trainer->state.omega);
  g_free (trainer->state.anchor);
  g_free (trainer->state.fisher);
  g_free (trainer->vgg16);
  g_free (trainer->gradient);
  g_free (trainer->statistics);
  g_free (trainer->order);
  g_free (trainer->recipe_sha256);
  g_free (trainer->data_sha256);
  g_free (trainer->earlier);
  g_free (trainer);
}

void
omni_trainer_release_device (OmniTrainer *trainer)
{
  omni_ops_clear (&trainer->ops);
}

void
omni_trainer_set_cancellable (OmniTrainer *trainer, GCancellable *cancellable)
{
  omni_work_set_cancellable (trainer->ops.work, cancellable);
}

guint64
omni_trainer_get_step (const OmniTrainer *trainer)
{
  return trainer->state.step;
}

guint64
omni_trainer_count_parameters (const OmniTrainer *trainer)
{
  guint64 n = trainer->state.n;

  for (guint p = 0; p < trainer->parameters->len; p++)
  {
    const OmniParameter *parameter = &g_array_index (trainer->parameters, OmniParameter, p);

    n -= parameter->is_statistic ? parameter->n : 0;
  }
  return n;
}

/* ---- One pass ---- */

typedef struct
{
  OmniTrainer *trainer;
  const OmniTrainBatch *batch;
  const float *luma; /* the batch's, in an order of its own */
  OmniTrainPass pass;
  OmniLossResult results[OMNI_MAX_LOSS_RESULTS];
  guint n_results;
  guint64 fused; /* the fused pictures among the results */
  gboolean wants_fused;
} Run;

static const OmniTrainLosses *
losses_of (const Run *run)
{
  return &run->trainer->config.losses[run->batch->task];
}

/* The first picture of every set, and the second, of pairs. */
static gboolean
upload_members (const Run *run, GError **error)
{
  const OmniTrainBatch *batch = run->batch;
  const gsize pixels = (gsize)batch->size_px * batch->size_px;

  if (batch->n_sources != 2)
    return TRUE;

  g_autofree float *luma = g_new (float, batch->n_sets *pixels);

  for (guint k = 0; k < 2; k++)
  {
    for (guint b = 0; b < batch->n_sets; b++)
      memcpy (luma + b * pixels, run->luma + (2 * b + k) * pixels, pixels * sizeof *luma);
    if (!omni_ops_upload (&run->trainer->ops, &run->pass.members[k], luma, error))
      return FALSE;
  }
  return TRUE;
}

/* The whole pass, once to measure and once for good. */
static gboolean
give_kernels (Run *run, gboolean measuring, GError **error)
{
  OmniTrainer *trainer = run->trainer;
  OmniOps *ops = &trainer->ops;
  const OmniTrainBatch *batch = run->batch;
  const guint size = batch->size_px;

  omni_ops_begin (ops, trainer->state.n, measuring);
  run->pass.sources = omni_ops_maps (ops, batch->n_sets * batch->n_sources, size, size);

  for (guint k = 0; k < G_N_ELEMENTS (run->pass.members) && batch->n_sources == 2; k++)
    run->pass.members[k] = omni_ops_maps (ops, batch->n_sets, size, size);

  const OmniMaps truth = omni_ops_maps (ops, batch->truth != NULL ? batch->n_sets : 0, size, size);

  if (!omni_ops_upload (ops, &run->pass.sources, run->luma, error) || !upload_members (run, error)
      || (batch->truth != NULL && !omni_ops_upload (ops, &truth, batch->truth, error)))
    return FALSE;

  const OmniMaps fused = trainer->network->forward (ops, &run->pass);
  const OmniMaps gradient = omni_ops_maps (ops, fused.n, fused.h, fused.w);

  run->n_results = omni_losses_run (
    ops, losses_of (run), trainer->vgg16 != NULL ? (guint)trainer->state.n : 0, &fused, &run->pass.sources,
    run->pass.members, &truth, run->pass.learns ? &gradient : NULL, run->results);
  if (run->pass.learns)
    trainer->network->backward (ops, &run->pass, &gradient);
  if (run->wants_fused)
  {
    run->fused = omni_ops_results (ops, (guint64)fused.n * size * size);
    omni_ops_maps_to_results (ops, &fused, run->fused);
  }
  return TRUE;
}

static gboolean
check_batch (const OmniTrainer *trainer, const OmniTrainBatch *batch, GError **error)
{
  if (batch->n_sets == 0 || batch->n_sources == 0 || batch->task >= OMNI_N_TASKS)
  {
    g_set_error (error, OMNI_TRAINING_ERROR, OMNI_TRAINING_ERROR_CONFIG,
                 "A batch needs a task, at least one set and at least one picture in it.");
    return FALSE;
  }
  if (trainer->network->n_sources != 0 && batch->n_sources != trainer->network->n_sources)
  {
    g_set_error (error, OMNI_TRAINING_ERROR, OMNI_TRAINING_ERROR_CONFIG,
                 "“%s” takes sets of %u pictures, not of %u.", trainer->network->architecture,
                 trainer->network->n_sources, batch->n_sources);
    return FALSE;
  }
  return omni_losses_check (&trainer->config.losses[batch->task], batch, error);
}

static void
read_terms (const Run *run, OmniTrainReport *report)
{
  const guint n_sets = run->batch->n_sets;
  g_autofree float *values = g_new (float, n_sets);

  for (guint r = 0; r < run->n_results; r++)
  {
    const OmniLossResult *result = &run->results[r];
    const char *name = omni_loss_to_string (result->loss);
    double sum = 0.0;

    omni_work_read (run->trainer->ops.work, run->trainer->ops.results, result->result * 4, values,
                    n_sets * sizeof *values);
    for (guint b = 0; b < n_sets; b++)
      sum += values[b];
    sum *= result->share;
    if (report->n_terms == 0 || report->terms[report->n_terms - 1].name != name)
      report->terms[report->n_terms++] = (OmniTrainTerm){ .name = name };

    OmniTrainTerm *term = &report->terms[report->n_terms - 1];

    term->value += sum;
    term->weighted += sum * losses_of (run)->weight[result->loss];
    report->loss += sum * losses_of (run)->weight[result->loss];
  }
}

/* Batch statistics came back where the gradient of the running ones would be: that is zero. */
static void
split_statistics (OmniTrainer *trainer)
{
  for (guint p = 0; p < trainer->parameters->len; p++)
  {
    const OmniParameter *parameter = &g_array_index (trainer->parameters, OmniParameter, p);

    for (guint i = parameter->at; parameter->is_statistic && i < parameter->at + parameter->n; i++)
    {
      trainer->statistics[i] = trainer->gradient[i];
      trainer->gradient[i] = 0.0F;
    }
  }
}

/* The running statistics follow those of the batch. */
static void
follow_statistics (OmniTrainer *trainer)
{
  for (guint p = 0; p < trainer->parameters->len; p++)
  {
    const OmniParameter *parameter = &g_array_index (trainer->parameters, OmniParameter, p);
    float *theta = trainer->state.theta;

    for (guint i = parameter->at; parameter->is_statistic && i < parameter->at + parameter->n; i++)
      theta[i] += trainer->config.norm_momentum * (trainer->statistics[i] - theta[i]);
  }
}

static gboolean
check_side (const Run *run, GError **error)
{
  const OmniTrainNetwork *network = run->trainer->network;
  const guint base_level = run->pass.base_level, size_px = run->batch->size_px;
  const OmniTrainSide side = network->get_side != NULL ? network->get_side (base_level)
                                                       : (OmniTrainSide){ 1, 1 };

  if (omni_train_side_fits (side, size_px))
    return TRUE;
  g_set_error (
    error, OMNI_TRAINING_ERROR, OMNI_TRAINING_ERROR_CONFIG,
    "“%s” cannot run on pictures of %u px at base level %u: their side must be a multiple of %u and at "
    "least %u.",
    network->architecture, size_px, base_level, side.multiple, side.least);
  return FALSE;
}

static gboolean
run_pass (Run *run, OmniTrainReport *report, GError **error)
{
  OmniTrainer *trainer = run->trainer;
  OmniOps *ops = &trainer->ops;
  g_autofree gpointer state = g_malloc0 (trainer->network->state_bytes);
  g_autofree float *luma = omni_train_dup_ordered (run->batch, trainer->network->first_roles);
  OmniWorkStats stats;

  run->pass.config = &trainer->config;
  run->pass.parameters = trainer->parameters;
  run->pass.n = run->batch->n_sources;
  run->pass.state = state;
  run->luma = luma;
  if (!check_side (run, error))
    return FALSE;
  if (!give_kernels (run, TRUE, error) || !omni_ops_reserve (ops, error)
      || !omni_work_write (ops->work, ops->parameters, 0, trainer->state.theta, trainer->state.n * 4, error)
      || (trainer->vgg16 != NULL
          && !omni_work_write (ops->work, ops->parameters, trainer->state.n * 4, trainer->vgg16,
                               trainer->n_vgg16 * 4, error))
      || !give_kernels (run, FALSE, error) || !omni_work_finish (ops->work, &stats, error))
    return FALSE;

  report->device_ms = stats.ms;
  read_terms (run, report);
  if (run->pass.learns)
  {
    omni_work_read (ops->work, ops->results, 0, trainer->gradient, trainer->state.n * 4);
    split_statistics (trainer);
  }
  return TRUE;
}

/* ---- Judging what came back ---- */

static const char *
first_bad_tensor (const OmniTrainer *trainer)
{
  for (guint p = 0; p < trainer->parameters->len; p++)
  {
    const OmniParameter *parameter = &g_array_index (trainer->parameters, OmniParameter, p);

    for (guint i = 0; i < parameter->n; i++)
      if (!isfinite (trainer->gradient[parameter->at + i]))
        return parameter->spec.name;
  }

  return NULL;
}

static gboolean
check_finite (const OmniTrainer *trainer, const OmniTrainReport *report, GError **error)
{
  for (guint t = 0; t < report->n_terms; t++)
    if (!isfinite (report->terms[t].value))
    {
      g_set_error (error, OMNI_TRAINING_ERROR, OMNI_TRAINING_ERROR_NOT_FINITE,
                   "At step %" G_GUINT64_FORMAT " the loss term “%s” is not a finite number. Lower the "
                   "learning rate, or go on from an earlier checkpoint.",
                   trainer->state.step + 1, report->terms[t].name);
      return FALSE;
    }
  if (isfinite (report->gradient_norm))
    return TRUE;

  const char *tensor = first_bad_tensor (trainer);

  g_set_error (error, OMNI_TRAINING_ERROR, OMNI_TRAINING_ERROR_NOT_FINITE,
               "At step %" G_GUINT64_FORMAT
               " the gradient of “%s” is not finite. Lower the learning rate, or "
               "go on from an earlier checkpoint.",
               trainer->state.step + 1, tensor != NULL ? tensor : "all weights together");
  return FALSE;
}

/* What finished tasks need counts in a step alone: a validation asks what a task loses. */
static void
add_ewc (OmniTrainer *trainer, gboolean learns, OmniTrainReport *report)
{
  const float lambda = trainer->config.ewc_lambda;

  if (trainer->state.omega == NULL || lambda <= 0.0F)
    return;

  const double value = omni_train_add_ewc (&trainer->state, lambda, learns ? trainer->gradient : NULL);

  report->terms[report->n_terms++] = (OmniTrainTerm){ "ewc", value, lambda * value };
  report->loss += lambda * value;
}

/* `lot`: 0 … 1. */
static guint
choose_base_level (const OmniTrainConfig *config, double lot)
{
  double total = 0.0, sum = 0.0;
  guint chosen = 0;

  for (guint b = 0; b < OMNI_TRAIN_BASE_LEVELS; b++)
    total += config->base_level_chance[b];
  for (guint b = 0; total > 0.0 && b < OMNI_TRAIN_BASE_LEVELS; b++)
  {
    sum += config->base_level_chance[b];
    chosen = b;
    if (lot * total < sum)
      break;
  }
  return chosen;
}

/* What a step draws by lot. */
static void
draw_pass (const OmniTrainer *trainer, const OmniTrainBatch *batch, OmniTrainPass *pass)
{
  const OmniTrainConfig *config = &trainer->config;
  const guint64 step = trainer->state.step;
  const guint least = MAX (config->min_levels, 1), most = MAX (config->max_levels, least);

  pass->base_level = choose_base_level (config, omni_train_draw (config->seed, step, 3));
  pass->levels = config->max_levels == 0
                   ? G_MAXUINT
                   : least + (guint)(omni_train_draw (config->seed, step, 4) * (most - least + 1));
  pass->task = omni_train_draw (config->seed, step, 5) < config->withhold_task ? OMNI_TASK_AUTO : batch->task;
}

gboolean
omni_trainer_step (OmniTrainer *trainer, const OmniTrainBatch *batch, OmniTrainReport *report, GError **error)
{
  const OmniTrainConfig *config = &trainer->config;
  Run run = { .trainer = trainer, .batch = batch, .pass.learns = TRUE };

  *report = (OmniTrainReport){ .step = trainer->state.step,
                               .learning_rate = omni_train_learning_rate (config, trainer->state.step) };
  if (!check_batch (trainer, batch, error))
    return FALSE;
  draw_pass (trainer, batch, &run.pass);
  run.pass.is_frozen = trainer->state.step >= config->freeze_step;
  if (!run_pass (&run, report, error))
    return FALSE;

  add_ewc (trainer, !config->ewc_proximal, report);
  report->gradient_norm = omni_train_norm (trainer->gradient, trainer->state.n);
  if (!check_finite (trainer, report, error))
    return FALSE;

  const gboolean clips = config->clip_norm > 0.0F && report->gradient_norm > config->clip_norm;

  omni_train_update (config, &trainer->state, trainer->gradient,
                     clips ? (float)(config->clip_norm / report->gradient_norm) : 1.0F);
  omni_train_clip_weights (config, trainer->parameters, trainer->state.theta);
  /* What was measured of a consolidation that never ended is of other weights. */
  g_clear_pointer (&trainer->state.fisher, g_free);
  trainer->state.fisher_samples = 0;
  if (config->norm == OMNI_TRAIN_NORM_BATCH && !run.pass.is_frozen)
    follow_statistics (trainer);
  report->step = trainer->state.step;
  report->is_finite = TRUE;
  return TRUE;
}

gboolean
omni_trainer_validate (OmniTrainer *trainer, const OmniTrainBatch *batch, float *fused,
                       OmniTrainReport *report, GError **error)
{
  const float *chance = trainer->config.base_level_chance;
  Run run = {
    .trainer = trainer,
    .batch = batch,
    .wants_fused = fused != NULL,
    .pass = { .task = batch->task, .levels = G_MAXUINT, .is_frozen = TRUE },
  };

  *report = (OmniTrainReport){ .step = trainer->state.step };
  for (guint b = 1; b < OMNI_TRAIN_BASE_LEVELS; b++)
    if (chance[b] > chance[run.pass.base_level])
      run.pass.base_level = b;
  if (!check_batch (trainer, batch, error) || !run_pass (&run, report, error))
    return FALSE;

  if (fused != NULL)
    omni_work_read (trainer->ops.work, trainer->ops.results, run.fused * 4, fused,
                    (gsize)batch->n_sets * batch->size_px * batch->size_px * sizeof *fused);
  report->is_finite = isfinite (report->loss);
  return TRUE;
}

gboolean
omni_trainer_add_fisher (OmniTrainer *trainer, const OmniTrainBatch *batch, GError **error)
{
  const gsize pixels = (gsize)batch->size_px * batch->size_px;
  OmniTrainState *state = &trainer->state;

  if (!check_batch (trainer, batch, error))
    return FALSE;

  for (guint b = 0; b < batch->n_sets; b++)
  {
    OmniTrainBatch one = *batch;
    Run run = {
      .trainer = trainer,
      .batch = &one,
      .pass = { .learns = TRUE, .task = batch->task, .levels = G_MAXUINT, .is_frozen = TRUE },
    };
    OmniTrainReport report = { 0 };

    run.pass.base_level = choose_base_level (
      &trainer->config, omni_train_draw (trainer->config.seed, state->fisher_samples, 6));
    one.n_sets = 1;
    one.luma += b * batch->n_sources * pixels;
    one.roles = batch->roles != NULL ? batch->roles + b * batch->n_sources : NULL;
    one.truth = batch->truth != NULL ? batch->truth + b * pixels : NULL;
    if (!run_pass (&run, &report, error))
      return FALSE;
    report.gradient_norm = omni_train_norm (trainer->gradient, state->n);
    if (!check_finite (trainer, &report, error))
      return FALSE;
    if (state->fisher == NULL)
      state->fisher = g_new0 (float, state->n);
    for (gsize i = 0; i < state->n; i++)
      state->fisher[i] += trainer->gradient[i] * trainer->gradient[i];
    state->fisher_samples++;
  }
  return TRUE;
}

gboolean
omni_trainer_consolidate (OmniTrainer *trainer, GError **error)
{
  OmniTrainState *state = &trainer->state;

  if (state->fisher == NULL)
  {
    g_set_error (error, OMNI_TRAINING_ERROR, OMNI_TRAINING_ERROR_CONFIG,
                 "There is nothing to consolidate: no batch of the finished task was given.");
    return FALSE;
  }

  if (state->omega == NULL)
    state->omega = g_new0 (float, state->n);
  for (gsize i = 0; i < state->n; i++)
    state->omega[i] += state->fisher[i] / (float)state->fisher_samples;
  g_free (state->anchor);
  state->anchor = g_memdup2 (state->theta, state->n * sizeof *state->theta);
  g_clear_pointer (&state->fisher, g_free);
  state->fisher_samples = 0;
  return TRUE;
}

guint64
omni_trainer_count_fisher (const OmniTrainer *trainer)
{
  return trainer->state.fisher_samples;
}

gboolean
omni_trainer_is_consolidated (const OmniTrainer *trainer)
{
  const OmniTrainState *state = &trainer->state;

  return state->anchor != NULL && state->fisher_samples == 0
         && memcmp (state->anchor, state->theta, state->n * sizeof *state->theta) == 0;
}
