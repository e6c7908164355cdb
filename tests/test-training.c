/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/training-pictures.h"

#include <glib/gstdio.h>
#include <math.h>
#include <string.h>

/* The trainer as a whole, and what must not change a bit. */

/* ---- What must not change a bit ---- */

static OmniTrainer *
new_trainer (OmniOptimiser optimiser)
{
  const OmniTrainConfig config = small_config (optimiser);
  g_autoptr (GError) error = NULL;
  OmniTrainer *trainer = omni_trainer_new (harness_device (), &config, &error);

  g_assert_no_error (error);
  return trainer;
}

static void
test_resume (gconstpointer data)
{
  const OmniOptimiser optimiser = GPOINTER_TO_UINT (data);
  g_autofree char *folder = g_dir_make_tmp ("omnifuse-XXXXXX", NULL);
  g_autofree char *path = g_build_filename (folder, "checkpoint.safetensors", NULL);
  g_autoptr (OmniTrainer) whole = new_trainer (optimiser);
  g_autoptr (OmniTrainer) first = new_trainer (optimiser);
  g_autoptr (OmniTrainer) second = new_trainer (optimiser);
  g_autoptr (GError) error = NULL;
  OmniTrainReport report;

  for (guint step = 0; step < 6; step++)
  {
    take_step (whole, step, &report);
    if (step < 4)
      take_step (first, step, &report);
  }
  g_assert_true (omni_trainer_save (first, path, &error));
  take_step (second, 7, &report); /* it must forget this */
  omni_trainer_load (second, path, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (omni_trainer_get_step (second), ==, 4);
  for (guint step = 4; step < 6; step++)
    take_step (second, step, &report);
  g_assert_cmpuint (report.terms[report.n_terms - 1].value > 0, ==, TRUE);
  g_assert_cmpstr (report.terms[report.n_terms - 1].name, ==, "ewc");

  const gsize bytes = whole->state.n * sizeof (float);

  g_assert_cmpmem (whole->state.theta, bytes, second->state.theta, bytes);
  g_assert_cmpmem (whole->state.first, bytes, second->state.first, bytes);
  g_assert_cmpmem (whole->state.second, bytes, second->state.second, bytes);
  g_assert_cmpmem (whole->state.omega, bytes, second->state.omega, bytes);
  g_unlink (path);
  g_rmdir (folder);
}

/* The papers' own numbers (models.md §0, §4, §5), running statistics not counted. */
static void
test_count (void)
{
  OmniTrainConfig config = small_config (OMNI_OPTIMISER_ADAM);
  g_autoptr (GError) error = NULL;

  config.channels = 0;
  config.norm = OMNI_TRAIN_NORM_BATCH;

  g_autoptr (OmniTrainer) ifani = omni_trainer_new (harness_device (), &config, &error);

  static const struct
  {
    const char *architecture;
    OmniTrainNorm norm;
    OmniTrainVariant variant;
    guint count;
  } others[] = { { "omni", OMNI_TRAIN_NORM_NONE, 0, 54344 },
                 { "ifcnn", OMNI_TRAIN_NORM_BATCH, 0, 83587 },
                 { "u2fusion", OMNI_TRAIN_NORM_NONE, 0, 659217 },
                 { "pmgi", OMNI_TRAIN_NORM_NONE, 0, 41633 },
                 { "pmgi", OMNI_TRAIN_NORM_BATCH, 0, 41633 + 384 },
                 { "aenetv2", OMNI_TRAIN_NORM_BATCH, OMNI_TRAIN_VARIANT_GCB, 5378 },
                 { "aenetv2", OMNI_TRAIN_NORM_BATCH, OMNI_TRAIN_VARIANT_REGULAR, 41154 },
                 { "aenetv2", OMNI_TRAIN_NORM_NONE, OMNI_TRAIN_VARIANT_PLUSPLUS, 1537 },
                 { "aenetv2", OMNI_TRAIN_NORM_BATCH, OMNI_TRAIN_VARIANT_SEPARABLE, 9026 },
                 { "aenetv2", OMNI_TRAIN_NORM_BATCH, OMNI_TRAIN_VARIANT_SQUEEZE_GCB, 6434 },
                 { "aenetv2", OMNI_TRAIN_NORM_BATCH, OMNI_TRAIN_VARIANT_M, 75954 } };

  g_assert_no_error (error);
  g_assert_cmpuint (omni_trainer_count_parameters (ifani), ==, 213281);
  for (guint i = 0; i < G_N_ELEMENTS (others); i++)
  {
    config.architecture = others[i].architecture;
    config.norm = others[i].norm;
    config.variant = others[i].variant;

    g_autoptr (OmniTrainer) trainer = omni_trainer_new (harness_device (), &config, &error);

    g_assert_no_error (error);
    g_assert_cmpuint (omni_trainer_count_parameters (trainer), ==, others[i].count);
  }
}

/* Zero is a value like any other, where it makes sense; what the trainer allows, the model reads. */
static void
test_limits (void)
{
  OmniTrainConfig config = small_config (OMNI_OPTIMISER_ADAM);
  g_autoptr (GError) error = NULL;

  config.beta1 = config.beta2 = config.power = config.norm_momentum = 0;

  g_autoptr (OmniTrainer) zeros = omni_trainer_new (harness_device (), &config, &error);

  g_assert_no_error (error);
  g_assert_cmpfloat (zeros->config.beta1, ==, 0);
  g_assert_cmpfloat (zeros->config.beta2, ==, 0);
  g_assert_cmpfloat (zeros->config.power, ==, 0);
  g_assert_cmpfloat (zeros->config.norm_momentum, ==, 0);
  config.schedule = OMNI_SCHEDULE_POLY;
  g_assert_cmpfloat (omni_train_learning_rate (&config, 10), ==, config.learning_rate);

  const float floors[] = { 1e-6F, 1 };

  for (guint i = 0; i < G_N_ELEMENTS (floors); i++)
  {
    config.architecture = "omni";
    config.energy_floor = floors[i];

    g_autoptr (OmniTrainer) trainer = omni_trainer_new (harness_device (), &config, &error);
    g_autoptr (GBytes) bytes = omni_trainer_export (trainer, NULL, &error);
    g_autoptr (OmniWeights) weights = omni_weights_load_bytes (bytes, "export", &error);
    const OmniModelContext context = {
      .task = OMNI_TASK_EXPOSURE, .n_sources = 2, .width = 64, .height = 64, .range = 1, .weights = weights
    };
    g_autoptr (OmniGraph) graph = omni_model_find ("omni")->build (&context, &error);

    g_assert_no_error (error);
    g_assert_nonnull (graph);
  }

  config.energy_floor = 0;
  g_assert_null (omni_trainer_new (harness_device (), &config, &error));
  g_assert_error (error, OMNI_TRAINING_ERROR, OMNI_TRAINING_ERROR_CONFIG);
  g_assert_nonnull (strstr (error->message, "energy floor"));
}

/* A checkpoint of another shape is refused. */
static void
test_refused (void)
{
  g_autofree char *folder = g_dir_make_tmp ("omnifuse-XXXXXX", NULL);
  g_autofree char *path = g_build_filename (folder, "checkpoint.safetensors", NULL);
  g_autoptr (OmniTrainer) adam = new_trainer (OMNI_OPTIMISER_ADAM);
  g_autoptr (OmniTrainer) sgd = new_trainer (OMNI_OPTIMISER_SGD);
  g_autoptr (GError) error = NULL;

  g_assert_true (omni_trainer_save (adam, path, &error));
  g_assert_false (omni_trainer_load (sgd, path, &error));
  g_assert_error (error, OMNI_TRAINING_ERROR, OMNI_TRAINING_ERROR_CHECKPOINT);
  g_unlink (path);
  g_rmdir (folder);
}

/* Half of what elastic weight consolidation keeps would be a crash or a division by nothing later: it is refused at once, and
 * the trainer stays as it was. */
static void
test_damaged_consolidation (void)
{
  g_autofree char *folder = g_dir_make_tmp ("omnifuse-XXXXXX", NULL);
  g_autofree char *path = g_build_filename (folder, "checkpoint.safetensors", NULL);
  const struct
  {
    gboolean omega, anchor, fisher;
    guint64 samples;
    const char *names; /* NULL: sound */
  } cases[] = { { TRUE, FALSE, FALSE, 0, "anchor" }, { FALSE, TRUE, FALSE, 0, "omega" },
                { FALSE, FALSE, TRUE, 0, "fisher" }, { FALSE, FALSE, FALSE, 3, "fisher" },
                { TRUE, TRUE, TRUE, 3, NULL },       { TRUE, TRUE, FALSE, 0, NULL } };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
  {
    g_autoptr (OmniTrainer) source = new_trainer (OMNI_OPTIMISER_ADAM);
    g_autoptr (OmniTrainer) trainer = new_trainer (OMNI_OPTIMISER_ADAM);
    g_autoptr (GError) error = NULL;
    OmniTrainState *state = &source->state;

    state->step = 7;
    state->omega = cases[i].omega ? g_new0 (float, state->n) : NULL;
    state->anchor = cases[i].anchor ? g_new0 (float, state->n) : NULL;
    state->fisher = cases[i].fisher ? g_new0 (float, state->n) : NULL;
    state->fisher_samples = cases[i].samples;
    g_assert_true (omni_trainer_save (source, path, &error));
    g_assert_cmpint (omni_trainer_load (trainer, path, &error), ==, cases[i].names == NULL);
    g_assert_cmpuint (omni_trainer_get_step (trainer), ==, cases[i].names == NULL ? 7 : 0);
    if (cases[i].names == NULL)
      continue;
    g_assert_error (error, OMNI_TRAINING_ERROR, OMNI_TRAINING_ERROR_CHECKPOINT);
    g_assert_nonnull (strstr (error->message, cases[i].names));
    g_assert_null (trainer->state.omega);
  }
  g_unlink (path);
  g_rmdir (folder);
}

/* ---- NaN, learning, weights ---- */

static void
test_not_finite (void)
{
  g_autoptr (OmniTrainer) trainer = new_trainer (OMNI_OPTIMISER_ADAM);
  g_autofree float *before = g_memdup2 (trainer->state.theta, trainer->state.n * sizeof (float));
  g_autofree float *luma = g_new0 (float, 2 * 16 * 16);
  const OmniTrainBatch batch = { OMNI_TASK_EXPOSURE, 1, 2, 16, luma, NULL };
  g_autoptr (GError) error = NULL;
  OmniTrainReport report;

  luma[77] = NAN;
  g_assert_false (omni_trainer_step (trainer, &batch, &report, &error));
  g_assert_error (error, OMNI_TRAINING_ERROR, OMNI_TRAINING_ERROR_NOT_FINITE);
  g_assert_nonnull (strstr (error->message, "mef-ssim"));
  g_assert_false (report.is_finite);
  g_assert_cmpuint (omni_trainer_get_step (trainer), ==, 0);
  g_assert_cmpmem (before, trainer->state.n * sizeof (float), trainer->state.theta,
                   trainer->state.n * sizeof (float));
}

static gpointer
cancel_in_thread (gpointer cancellable)
{
  g_usleep (500);
  g_cancellable_cancel (cancellable);
  return NULL;
}

/* Cancelled before a step or within one, a trainer has learnt nothing of it, and goes on like one that was never stopped. */
static void
test_cancel (void)
{
  g_autoptr (OmniTrainer) steady = new_trainer (OMNI_OPTIMISER_ADAM);
  g_autoptr (OmniTrainer) stopped = new_trainer (OMNI_OPTIMISER_ADAM);
  g_autoptr (Double4) pictures = make_pictures (2, 24, 5);
  g_autofree float *luma = double4_to_floats (pictures);
  const OmniTrainBatch batch = { OMNI_TASK_EXPOSURE, 1, 2, 24, luma, NULL };
  OmniTrainReport report;

  for (guint round = 0; round < 4; round++)
  {
    g_autoptr (GCancellable) cancellable = g_cancellable_new ();
    g_autoptr (GError) error = NULL;
    GThread *thread = NULL;

    omni_trainer_set_cancellable (stopped, cancellable);
    if (round == 0)
      g_cancellable_cancel (cancellable);
    else
      thread = g_thread_new ("cancel", cancel_in_thread, cancellable);

    const gboolean done = omni_trainer_step (stopped, &batch, &report, &error);

    g_clear_pointer (&thread, g_thread_join);
    omni_trainer_set_cancellable (stopped, NULL);
    g_assert_false (done && round == 0);
    g_assert_cmpuint (omni_trainer_get_step (stopped), ==, omni_trainer_get_step (steady) + (done ? 1 : 0));
    if (!done)
    {
      g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
      g_clear_error (&error);
      omni_trainer_step (stopped, &batch, &report, &error);
      g_assert_no_error (error);
    }
    omni_trainer_step (steady, &batch, &report, &error);
    g_assert_no_error (error);
    g_assert_cmpmem (steady->state.theta, steady->state.n * sizeof (float), stopped->state.theta,
                     stopped->state.n * sizeof (float));
  }
}

/* A truth-less batch of a task that needs one, and a crop too small for the window. */
static void
test_bad_batch (void)
{
  g_autoptr (OmniTrainer) trainer = new_trainer (OMNI_OPTIMISER_ADAM);
  g_autofree float *luma = g_new0 (float, 2 * 16 * 16);
  const OmniTrainBatch no_truth = { OMNI_TASK_FOCUS, 1, 2, 16, luma, NULL };
  const OmniTrainBatch small = { OMNI_TASK_EXPOSURE, 1, 2, 10, luma, NULL };
  const OmniTrainBatch no_loss = { OMNI_TASK_MEDICAL, 1, 2, 16, luma, NULL };
  OmniTrainReport report;

  for (guint i = 0; i < 3; i++)
  {
    g_autoptr (GError) error = NULL;

    g_assert_false (omni_trainer_step (trainer,
                                       i == 0   ? &no_truth
                                       : i == 1 ? &small
                                                : &no_loss,
                                       &report, &error));
    g_assert_error (error, OMNI_TRAINING_ERROR, OMNI_TRAINING_ERROR_CONFIG);
  }
}

/* More than the device can bind is refused with the size, and the trainer goes on. */
static void
test_too_large (void)
{
  g_autoptr (OmniTrainer) trainer = new_trainer (OMNI_OPTIMISER_ADAM);
  const guint size = 1024, n = 9;
  g_autofree float *luma = g_new0 (float, (gsize)n *size *size);
  const OmniTrainBatch large = { OMNI_TASK_EXPOSURE, 1, n, size, luma, NULL };
  const OmniTrainBatch small = { OMNI_TASK_EXPOSURE, 1, 2, 16, luma, NULL };
  g_autoptr (GError) error = NULL;
  OmniTrainReport report;

  if (!harness_bits_agree ())
    return; /* only the software device is known to have so little */
  g_assert_false (omni_trainer_step (trainer, &large, &report, &error));
  g_assert_error (error, OMNI_VK_ERROR, OMNI_VK_ERROR_UNSUPPORTED);
  g_clear_error (&error);
  g_assert_true (omni_trainer_step (trainer, &small, &report, &error));
}

static void
test_learns (void)
{
  OmniTrainConfig config = small_config (OMNI_OPTIMISER_ADAM);
  g_autoptr (GError) error = NULL;
  g_autoptr (Double4) sources = make_pictures (6, 32, 41);
  g_autofree float *luma = double4_to_floats (sources);
  g_autofree float *fused = g_new (float, 2 * 32 * 32);
  const OmniTrainBatch batch = { OMNI_TASK_EXPOSURE, 2, 3, 32, luma, NULL };
  OmniTrainReport report, after;

  config.ewc_lambda = 0;
  config.schedule = OMNI_SCHEDULE_CONSTANT;

  g_autoptr (OmniTrainer) trainer = omni_trainer_new (harness_device (), &config, &error);

  omni_trainer_validate (trainer, &batch, fused, &report, &error);
  g_assert_no_error (error);
  for (guint step = 0; step < 40; step++)
    g_assert_true (omni_trainer_step (trainer, &batch, &after, &error));
  omni_trainer_validate (trainer, &batch, fused, &after, &error);
  g_test_message ("the loss fell from %.4f to %.4f", report.loss, after.loss);
  g_assert_cmpfloat (after.loss, <, 0.7 * report.loss);
}

/* What is exported, the model takes; what is imported, the trainer has. */
static void
test_export (gconstpointer data)
{
  const char *architecture = data;
  const OmniModel *model = omni_model_find (architecture);
  OmniTrainConfig config = small_config (OMNI_OPTIMISER_ADAM);
  const char *metadata[] = { "tasks", "exposure", NULL };
  g_autoptr (GError) error = NULL;
  g_autoptr (GArray) specs = g_array_new (FALSE, FALSE, sizeof (OmniTensorSpec));

  config.architecture = architecture;
  config.channels = 0;
  if (g_str_equal (architecture, "ifcnn"))
    config.norm = OMNI_TRAIN_NORM_BATCH;

  g_autoptr (OmniTrainer) trainer = omni_trainer_new (harness_device (), &config, &error);
  g_autoptr (GBytes) bytes = omni_trainer_export (trainer, metadata, &error);
  g_autoptr (OmniWeights) weights = omni_weights_load_bytes (bytes, "export", &error);

  g_assert_no_error (error);
  g_assert_cmpstr (omni_weights_get_metadata (weights, "architecture"), ==, architecture);
  g_assert_cmpstr (omni_weights_get_metadata (weights, "tasks"), ==, "exposure");
  if (model != NULL)
  {
    g_assert_true (model->list_tensors (weights, specs, &error));
    g_assert_true (omni_weights_check (weights, specs, &error));
  }

  config.seed = 99;

  g_autoptr (OmniTrainer) other = omni_trainer_new (harness_device (), &config, &error);

  g_assert_true (omni_trainer_import (other, weights, &error));
  g_assert_cmpmem (trainer->state.theta, trainer->state.n * 4, other->state.theta, other->state.n * 4);
}

/* IFANI's ablations load and build, too. */
static void
test_export_ablations (void)
{
  for (guint i = 0; i < 6; i++)
  {
    const OmniModel *model = omni_model_find ("ifani");
    OmniTrainConfig config = small_config (OMNI_OPTIMISER_ADAM);
    g_autoptr (GArray) specs = g_array_new (FALSE, FALSE, sizeof (OmniTensorSpec));
    g_autoptr (GError) error = NULL;

    config.channels = 0;
    config.reduce = i % 3;
    config.without_skips = i / 3;

    g_autoptr (OmniTrainer) trainer = omni_trainer_new (harness_device (), &config, &error);
    g_autoptr (GBytes) bytes = omni_trainer_export (trainer, NULL, &error);
    g_autoptr (OmniWeights) weights = omni_weights_load_bytes (bytes, "export", &error);
    const OmniModelContext context = {
      .task = OMNI_TASK_EXPOSURE, .n_sources = 3, .width = 64, .height = 64, .range = 1, .weights = weights
    };

    g_assert_no_error (error);
    g_assert_true (model->list_tensors (weights, specs, &error));
    g_assert_true (omni_weights_check (weights, specs, &error));
    if (config.reduce != OMNI_TRAIN_REDUCE_MAX)
      g_assert_cmpstr (omni_weights_get_metadata (weights, "reduce"), ==,
                       omni_train_reduce_to_string (config.reduce));

    g_autoptr (OmniGraph) graph = model->build (&context, &error);

    g_assert_no_error (error);
    g_assert_true (omni_graph_is_order_invariant (graph));
  }
}

/* Every AE-Netv2 that is trained loads and builds; a trainer made for a file's weights is of its variant and width. */
static void
test_export_variants (void)
{
  for (guint variant = OMNI_TRAIN_VARIANT_GCB; variant <= OMNI_TRAIN_VARIANT_M; variant++)
  {
    const OmniModel *model = omni_model_find ("aenetv2");
    OmniTrainConfig config = small_config (OMNI_OPTIMISER_ADAM), found;
    g_autoptr (GArray) specs = g_array_new (FALSE, FALSE, sizeof (OmniTensorSpec));
    g_autoptr (GError) error = NULL;

    config.architecture = "aenetv2";
    config.channels = 0;
    config.variant = variant;
    config.norm = variant == OMNI_TRAIN_VARIANT_PLUSPLUS ? OMNI_TRAIN_NORM_NONE : OMNI_TRAIN_NORM_BATCH;

    g_autoptr (OmniTrainer) trainer = omni_trainer_new (harness_device (), &config, &error);
    g_autoptr (GBytes) bytes = omni_trainer_export (trainer, NULL, &error);
    g_autoptr (OmniWeights) weights = omni_weights_load_bytes (bytes, "export", &error);
    const OmniModelContext context = {
      .task = OMNI_TASK_FOCUS, .n_sources = 2, .width = 63, .height = 64, .range = 1, .weights = weights
    };

    g_assert_no_error (error);
    g_assert_true (model->list_tensors (weights, specs, &error));
    g_assert_true (omni_weights_check (weights, specs, &error));

    g_autoptr (OmniGraph) graph = model->build (&context, &error);

    g_assert_no_error (error);
    g_assert_nonnull (graph);
    g_assert_true (omni_train_config_from_weights (&found, weights, &error));
    g_assert_cmpint (found.variant, ==, variant);

    g_autoptr (OmniTrainer) other = omni_trainer_new (harness_device (), &found, &error);

    g_assert_no_error (error);
    g_assert_true (omni_trainer_import (other, weights, &error));
    g_assert_cmpmem (trainer->state.theta, trainer->state.n * 4, other->state.theta, other->state.n * 4);
  }
}

/* Widths that would leave a layer without channels, or a concatenation without whole texels, are refused. */
static void
test_narrow_variants (void)
{
  for (guint variant = OMNI_TRAIN_VARIANT_SEPARABLE; variant <= OMNI_TRAIN_VARIANT_M; variant++)
  {
    OmniTrainConfig config = small_config (OMNI_OPTIMISER_ADAM);
    g_autoptr (GError) error = NULL;

    config.architecture = "aenetv2";
    config.channels = 12;
    config.variant = variant;
    config.norm = OMNI_TRAIN_NORM_BATCH;

    g_autoptr (OmniTrainer) trainer = omni_trainer_new (harness_device (), &config, &error);

    if (variant == OMNI_TRAIN_VARIANT_SEPARABLE)
      g_assert_no_error (error);
    else
      g_assert_error (error, OMNI_TRAINING_ERROR, OMNI_TRAINING_ERROR_CONFIG);
  }
}

/* ---- Elastic weight consolidation, against its formula in double ---- */

static void
test_ewc (void)
{
  float theta[] = { 1, 2 }, anchor[] = { 0.5, 2.5 }, omega[] = { 4, 8 }, gradient[] = { 1, 1 };
  const OmniTrainState state = { .n = 2, .theta = theta, .anchor = anchor, .omega = omega };

  g_assert_cmpfloat_with_epsilon (omni_train_add_ewc (&state, 10, gradient), 4 * 0.25 + 8 * 0.25, 1e-6);
  g_assert_cmpfloat_with_epsilon (gradient[0], 1 + 2 * 10 * 4 * 0.5, 1e-4);
  g_assert_cmpfloat_with_epsilon (gradient[1], 1 - 2 * 10 * 8 * 0.5, 1e-4);
}

/* The proximal step is the minimum of λ Ω (θ − θ*)² + (θ − θ')² / (2 × the step size), θ' being where the optimiser came to. */
static void
test_ewc_proximal (void)
{
  float theta[] = { 1, 2, 3 }, anchor[] = { 0.5, 2.5, 9 }, omega[] = { 4, 1e9, 0 };
  float first[3] = { 0 }, second[3] = { 0 };
  const float gradient[] = { 1, 1, 1 };
  OmniTrainState state = {
    .n = 3, .theta = theta, .first = first, .second = second, .anchor = anchor, .omega = omega
  };
  OmniTrainConfig config = {
    .optimiser = OMNI_OPTIMISER_SGD, .learning_rate = 0.1F, .ewc_lambda = 10, .ewc_proximal = TRUE
  };

  omni_train_update (&config, &state, gradient, 1);
  const double there = 0.9, low = theta[0];
  g_assert_cmpfloat_with_epsilon (low, 0.5 + 0.4 / (1 + 2 * 10 * 4 * 0.1), 1e-6);
  for (int side = -1; side <= 1; side += 2)
  {
    const double x = low + side * 1e-3;
    g_assert_cmpfloat (10 * 4 * (x - 0.5) * (x - 0.5) + (x - there) * (x - there) / 0.2, >,
                       10 * 4 * (low - 0.5) * (low - 0.5) + (low - there) * (low - there) / 0.2);
  }
  g_assert_cmpfloat_with_epsilon (theta[1], 2.5, 1e-6);
  g_assert_cmpfloat_with_epsilon (theta[2], 2.9, 1e-6);

  /* Adam's step size is each parameter's own. */
  theta[0] = 1;
  state.step = 0;
  memset (first, 0, sizeof first);
  memset (second, 0, sizeof second);
  config.optimiser = OMNI_OPTIMISER_ADAM;
  config.beta1 = 0.9F;
  config.beta2 = 0.99F;
  omni_train_update (&config, &state, gradient, 4);
  g_assert_cmpfloat_with_epsilon (theta[0], 0.5 + 0.4 / (1 + 2 * 10 * 4 * 0.1 / 4), 1e-5);
}

/* Ω is the mean of the samples' squared gradients, not the square of their mean. */
static void
test_fisher (void)
{
  g_autoptr (OmniTrainer) trainer = new_trainer (OMNI_OPTIMISER_ADAM);
  g_autoptr (Double4) sources = make_pictures (4, 16, 51);
  g_autofree float *luma = double4_to_floats (sources);
  const OmniTrainBatch both = { OMNI_TASK_EXPOSURE, 2, 2, 16, luma, NULL };
  const gsize n = trainer->state.n;
  g_autofree double *want = g_new0 (double, n);
  g_autoptr (GError) error = NULL;

  for (guint b = 0; b < 2; b++)
  {
    g_autoptr (OmniTrainer) fresh = new_trainer (OMNI_OPTIMISER_ADAM);
    const OmniTrainBatch one = { OMNI_TASK_EXPOSURE, 1, 2, 16, luma + b * 2 * 16 * 16, NULL };
    OmniTrainReport report;

    g_assert_true (omni_trainer_step (fresh, &one, &report, &error));
    for (gsize i = 0; i < n; i++)
      want[i] += 0.5 * fresh->gradient[i] * fresh->gradient[i];
  }
  g_assert_true (omni_trainer_add_fisher (trainer, &both, &error));
  g_assert_true (omni_trainer_consolidate (trainer, &error));
  for (gsize i = 0; i < n; i++)
    g_assert_cmpfloat_with_epsilon (trainer->state.omega[i], want[i], 1e-6 * want[i] + 1e-20);
  g_assert_false (omni_trainer_consolidate (trainer, &error));
  g_assert_error (error, OMNI_TRAINING_ERROR, OMNI_TRAINING_ERROR_CONFIG);
}

/* At the base levels that training draws from, not at one that it may never run at. */
static void
test_fisher_level (void)
{
  const guint size = 32;
  OmniTrainConfig config = small_config (OMNI_OPTIMISER_ADAM);
  g_autoptr (Double4) sources = make_pictures (8, size, 61);
  g_autofree float *luma = double4_to_floats (sources);
  const OmniTrainBatch one = { OMNI_TASK_EXPOSURE, 1, 2, size, luma, NULL };
  const OmniTrainBatch four = { OMNI_TASK_EXPOSURE, 4, 2, size, luma, NULL };
  g_autoptr (GError) error = NULL;
  OmniTrainReport report;

  config.architecture = "omni";
  config.channels = 8;
  config.base_level_chance[1] = 1;

  g_autoptr (OmniTrainer) stepped = omni_trainer_new (harness_device (), &config, &error);
  g_autoptr (OmniTrainer) measured = omni_trainer_new (harness_device (), &config, &error);

  g_assert_no_error (error);
  g_assert_true (omni_trainer_step (stepped, &one, &report, &error));
  g_assert_true (omni_trainer_add_fisher (measured, &one, &error));
  for (gsize i = 0; i < stepped->state.n; i++)
  {
    const double want = stepped->gradient[i] * stepped->gradient[i];

    g_assert_cmpfloat_with_epsilon (measured->state.fisher[i], want, 1e-6 * want + 1e-20);
  }

  /* Of several levels each sample draws its own, the same every time. */
  config.base_level_chance[0] = 1;

  g_autoptr (OmniTrainer) whole = omni_trainer_new (harness_device (), &config, &error);
  g_autoptr (OmniTrainer) parts = omni_trainer_new (harness_device (), &config, &error);

  g_assert_true (omni_trainer_add_fisher (whole, &four, &error));
  for (guint b = 0; b < 4; b++)
  {
    const OmniTrainBatch part = { OMNI_TASK_EXPOSURE, 1, 2, size, luma + b * 2 * size * size, NULL };

    g_assert_true (omni_trainer_add_fisher (parts, &part, &error));
  }
  g_assert_cmpmem (whole->state.fisher, whole->state.n * sizeof (float), parts->state.fisher,
                   parts->state.n * sizeof (float));
}

/* Part of the way back, and all of it. */
static void
test_go_back (void)
{
  g_autoptr (OmniTrainer) trainer = new_trainer (OMNI_OPTIMISER_ADAM);
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) bytes = omni_trainer_export (trainer, NULL, &error);
  g_autoptr (OmniWeights) weights = omni_weights_load_bytes (bytes, "before", &error);
  const gsize n = trainer->state.n;
  g_autofree float *before = g_memdup2 (trainer->state.theta, n * sizeof (float)), *after = NULL;
  OmniTrainReport report;
  gboolean moved = FALSE;

  take_step (trainer, 0, &report);
  after = g_memdup2 (trainer->state.theta, n * sizeof (float));
  g_assert_true (omni_trainer_go_back (trainer, weights, 0.25F, &error));
  for (gsize i = 0; i < n; i++)
  {
    moved |= after[i] != before[i];
    g_assert_cmpfloat_with_epsilon (trainer->state.theta[i], 0.75F * after[i] + 0.25F * before[i], 1e-6);
  }
  g_assert_true (moved);
  g_assert_true (omni_trainer_go_back (trainer, weights, 1, &error));
  for (gsize i = 0; i < n; i++)
    g_assert_cmpfloat_with_epsilon (trainer->state.theta[i], before[i], 1e-6);
}

static void
add_tests (void)
{
  g_test_add_data_func ("/training/resume/adam", GUINT_TO_POINTER (OMNI_OPTIMISER_ADAM), test_resume);
  g_test_add_data_func ("/training/resume/rmsprop", GUINT_TO_POINTER (OMNI_OPTIMISER_RMSPROP), test_resume);
  g_test_add_data_func ("/training/resume/sgd", GUINT_TO_POINTER (OMNI_OPTIMISER_SGD), test_resume);
  g_test_add_func ("/training/count", test_count);
  g_test_add_func ("/training/limits", test_limits);
  g_test_add_func ("/training/checkpoint-refused", test_refused);
  g_test_add_func ("/training/checkpoint-damaged", test_damaged_consolidation);
  g_test_add_func ("/training/not-finite", test_not_finite);
  g_test_add_func ("/training/cancel", test_cancel);
  g_test_add_func ("/training/bad-batch", test_bad_batch);
  g_test_add_func ("/training/too-large", test_too_large);
  g_test_add_func ("/training/learns", test_learns);
  g_test_add_data_func ("/training/export/ifani", "ifani", test_export);
  g_test_add_data_func ("/training/export/omni", "omni", test_export);
  g_test_add_data_func ("/training/export/ifcnn", "ifcnn", test_export);
  g_test_add_func ("/training/export/ablations", test_export_ablations);
  g_test_add_func ("/training/export/variants", test_export_variants);
  g_test_add_func ("/training/variants/narrow", test_narrow_variants);
  g_test_add_func ("/training/go-back", test_go_back);
  g_test_add_func ("/training/ewc", test_ewc);
  g_test_add_func ("/training/ewc/proximal", test_ewc_proximal);
  g_test_add_func ("/training/fisher", test_fisher);
  g_test_add_func ("/training/fisher/level", test_fisher_level);
}

int
main (int argc, char **argv)
{
  return harness_main (argc, argv, add_tests);
}
