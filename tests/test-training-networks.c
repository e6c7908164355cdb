/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/training-pictures.h"

#include <math.h>
#include <string.h>

/* Gradients of whole networks against references in double precision, and the order of the set, which changes no bit. */

/* ---- Gradients of whole networks ---- */

typedef struct
{
  const char *architecture;
  OmniTask task;
  guint n_sets, n, size, channels;
  OmniBoundary padding;
  guint base_level, levels;
  OmniTrainNorm norm;
  OmniTrainReduce reduce;
  OmniTrainVariant variant;
  gboolean without_skips;
  guint spatial;
} Network;

typedef struct
{
  const Network *network;
  OmniTrainer *trainer;
  double *theta;
  Double4 *sources, *truth;
} NetworkRun;

static double *
find_tensor (gpointer data, const char *name)
{
  const NetworkRun *self = data;

  for (guint p = 0; p < self->trainer->parameters->len; p++)
  {
    const OmniParameter *parameter = &g_array_index (self->trainer->parameters, OmniParameter, p);

    if (g_str_equal (parameter->spec.name, name))
      return self->theta + parameter->at;
  }
  return NULL;
}

static Double4 *
fuse (NetworkRun *self)
{
  const Network *network = self->network;
  const RefWeights weights = { find_tensor,
                               self,
                               network->channels,
                               network->padding,
                               network->norm != OMNI_TRAIN_NORM_NONE,
                               network->norm == OMNI_TRAIN_NORM_BATCH,
                               network->norm == OMNI_TRAIN_NORM_PICTURE,
                               network->reduce,
                               network->variant,
                               network->without_skips };

  if (g_str_equal (network->architecture, "ifani"))
    return ref_train_ifani (self->sources, network->n, &weights);
  if (g_str_equal (network->architecture, "ifcnn"))
    return ref_train_ifcnn (self->sources, network->n, &weights, network->task != OMNI_TASK_EXPOSURE);
  if (g_str_equal (network->architecture, "u2fusion"))
    return ref_train_u2fusion (self->sources, &weights);
  if (g_str_equal (network->architecture, "pmgi"))
    return ref_train_pmgi (self->sources, &weights);
  if (g_str_equal (network->architecture, "aenetv2"))
    return ref_train_aenetv2 (self->sources, &weights);
  return ref_train_omni (self->sources, network->n, &weights,
                         &(RefOmni){ (int)network->task - OMNI_TASK_EXPOSURE, network->base_level,
                                     network->levels, 2e-3,
                                     network->task == OMNI_TASK_FOCUS ? network->spatial : 0 });
}

static double
reference_loss (gpointer data)
{
  NetworkRun *self = data;
  const OmniTrainLosses *losses = &self->trainer->config.losses[self->network->task];
  g_autoptr (Double4) fused = fuse (self);
  double sum = 0;

  for (guint loss = 0; loss < OMNI_N_LOSSES; loss++)
    if (losses->weight[loss] > 0)
      sum += losses->weight[loss]
             * twin_train_loss (loss, fused, omni_loss_needs_truth (loss) ? self->truth : self->sources, 0);
  return sum;
}

/* Of two steps the one that agrees: a kink of a ReLU or a maximum inside the large step spoils it, rounding the small one. A
 * wrong gradient agrees with neither. */
static double
difference_near (NetworkRun *self, guint i, double got)
{
  const double wide = twin_central_difference (self->theta, i, 1e-6, reference_loss, self);

  if (fabs (wide - got) <= 1e-5 * fabs (got))
    return wide;

  const double narrow = twin_central_difference (self->theta, i, 1e-8, reference_loss, self);

  return fabs (narrow - got) < fabs (wide - got) ? narrow : wide;
}

static void
compare_gradient (NetworkRun *self, const OmniParameter *parameter, double whole_norm)
{
  if (parameter->is_statistic)
    return;

  const guint stride = MAX (parameter->n / 6, 1) | 1;
  double away = 0, norm = 0;

  for (guint i = 0; i < parameter->n; i += stride)
  {
    const double got = self->trainer->gradient[parameter->at + i];
    const double want = difference_near (self, parameter->at + i, got);

    away += (got - want) * (got - want);
    norm += want * want;
  }
  g_test_message ("%s: ‖gradient‖ %.3g, relative difference %.2g", parameter->spec.name, sqrt (norm),
                  sqrt (away / fmax (norm, 1e-30)));
  /* What must be zero (Omni's logit bias: softmax does not see it) has no norm of its own. */
  const gboolean is_zero = sqrt (norm) < 1e-7 * whole_norm;

  if (!(sqrt (away) <= (is_zero ? 1e-5 * whole_norm : 1e-4 * sqrt (norm))))
    g_error ("%s: the gradient is %.3g of its norm away", parameter->spec.name, sqrt (away / norm));
}

/* What begins at zero makes ReLU's kink the rule; a little away from it there is a derivative. */
static void
stir_vectors (OmniTrainer *trainer)
{
  const gboolean is_small = g_str_equal (trainer->config.architecture, "u2fusion");

  for (guint p = 0; p < trainer->parameters->len; p++)
  {
    const OmniParameter *parameter = &g_array_index (trainer->parameters, OmniParameter, p);

    for (guint i = parameter->at; parameter->spec.n_dims == 1 && i < parameter->at + parameter->n; i++)
      trainer->state.theta[i] += 0.1F * (float)omni_train_draw (5, i, 9);
    /* A narrow U2Fusion with its paper's small weights gives a flat picture, and gradients of rounding. */
    for (guint i = parameter->at; is_small && parameter->spec.n_dims > 1 && i < parameter->at + parameter->n;
         i++)
      trainer->state.theta[i] *= 4.0F;
  }
}

static OmniTrainConfig
config_of (const Network *network)
{
  OmniTrainConfig config;

  omni_train_config_init (&config);
  config.schedule = OMNI_SCHEDULE_CONSTANT;
  config.architecture = network->architecture;
  config.channels = network->channels;
  config.padding = network->padding;
  config.norm = network->norm;
  config.base_level_chance[network->base_level] = 1;
  config.min_levels = config.max_levels = network->levels;
  config.reduce = network->reduce;
  config.variant = network->variant;
  config.without_skips = network->without_skips;
  config.spatial_levels = network->spatial;
  set_losses (&config);
  /* As the architectures' own recipes have it. */
  if (g_str_equal (network->architecture, "u2fusion"))
  {
    config.losses[OMNI_TASK_INFRARED] = (OmniTrainLosses){ 0 };
    config.losses[OMNI_TASK_INFRARED].weight[OMNI_LOSS_INFORMATION_SSIM] = 1;
    config.losses[OMNI_TASK_INFRARED].weight[OMNI_LOSS_INFORMATION_MSE] = 20;
  }
  if (g_str_equal (network->architecture, "pmgi"))
  {
    config.losses[OMNI_TASK_INFRARED] = (OmniTrainLosses){ 0 };
    config.losses[OMNI_TASK_INFRARED].weight[OMNI_LOSS_FIRST_MSE] = 1;
    config.losses[OMNI_TASK_INFRARED].weight[OMNI_LOSS_SECOND_MSE] = 0.3F;
    config.losses[OMNI_TASK_INFRARED].weight[OMNI_LOSS_FIRST_LAPLACIAN] = 4;
    config.losses[OMNI_TASK_INFRARED].weight[OMNI_LOSS_SECOND_LAPLACIAN] = 5;
  }
  return config;
}

/* The references take the members as the step sees them. */
static void
order_members (const OmniTrainBatch *batch, Double4 *sources)
{
  g_autofree float *ordered = omni_train_dup_ordered (batch, 0);

  for (gsize i = 0; i < double4_size (sources); i++)
    sources->v[i] = ordered[i];
}

static void
test_network (gconstpointer data)
{
  const Network *network = data;
  const OmniTrainConfig config = config_of (network);
  g_autoptr (GError) error = NULL;
  g_autoptr (Double4) sources = make_pictures (network->n_sets * network->n, network->size, 21);
  g_autoptr (Double4) truth = make_pictures (network->n_sets, network->size, 31);
  g_autofree float *luma = double4_to_floats (sources), *wanted = double4_to_floats (truth);
  const OmniTrainBatch batch = { network->task, network->n_sets, network->n, network->size, luma, wanted };
  OmniTrainReport report;

  g_autoptr (OmniTrainer) trainer = omni_trainer_new (harness_device (), &config, &error);

  g_assert_no_error (error);

  g_autofree double *theta = g_new (double, trainer->state.n);
  NetworkRun self = { network, trainer, theta, sources, truth };

  order_members (&batch, sources);
  stir_vectors (trainer);
  for (gsize i = 0; i < trainer->state.n; i++)
    theta[i] = trainer->state.theta[i];
  omni_trainer_step (trainer, &batch, &report, &error);
  g_assert_no_error (error);
  g_assert_cmpfloat_with_epsilon (report.loss, reference_loss (&self), 1e-4);
  for (guint p = 0; p < trainer->parameters->len; p++)
    compare_gradient (&self, &g_array_index (trainer->parameters, OmniParameter, p), report.gradient_norm);
}

/* ---- The order of the set ---- */

/* Member `k` of every set at place (k · stride + shift) mod n; with its role. */
static void
permute_members (const OmniTrainBatch *batch, guint stride, guint shift, float *luma, OmniRole *roles)
{
  const gsize pixels = (gsize)batch->size_px * batch->size_px;
  const guint n = batch->n_sources;

  for (guint i = 0; i < batch->n_sets * n; i++)
  {
    const guint to = i / n * n + (i % n * stride + shift + i / n) % n;

    memcpy (luma + to * pixels, batch->luma + i * pixels, pixels * sizeof *luma);
    roles[to] = batch->roles[i];
  }
}

/* Three steps, a consolidation and a validation with the members of every set in another order are the same to the bit. Two
 * members are the same picture. */
static void
test_order (gconstpointer data)
{
  const Network *network = data;
  const guint n = network->n, size = network->size, n_sets = 2;
  const gsize pixels = (gsize)size * size;
  OmniTrainConfig config = config_of (network);
  g_autofree float *moved = g_new (float, n_sets *n *pixels), *fused = g_new (float, n_sets *pixels);
  g_autofree float *first_fused = g_new (float, n_sets *pixels);
  g_autofree OmniRole *roles = g_new0 (OmniRole, n_sets * n), *moved_roles = g_new0 (OmniRole, n_sets * n);
  g_autoptr (OmniTrainer) first = NULL;
  g_autoptr (GError) error = NULL;

  config.learning_rate = 2e-3F;
  config.ewc_lambda = 3;
  for (guint k = 0; n == 2 && k < n_sets * n; k++)
    roles[k] = k / n == 0 ? OMNI_ROLE_NONE : k % n == 0 ? OMNI_ROLE_INFRARED : OMNI_ROLE_VISIBLE;
  for (guint run = 0; run < (n == 2 ? 2 : 4); run++)
  {
    g_autoptr (OmniTrainer) trainer = omni_trainer_new (harness_device (), &config, &error);
    OmniTrainReport report;

    g_assert_no_error (error);
    for (guint step = 0; step < 3; step++)
    {
      g_autoptr (Double4) sources = make_pictures (n_sets * n, size, 300 + step);
      g_autoptr (Double4) truth = make_pictures (n_sets, size, 400 + step);
      g_autofree float *luma = double4_to_floats (sources), *wanted = double4_to_floats (truth);
      OmniTrainBatch batch = { network->task, n_sets, n, size, luma, wanted, roles };

      if (n > 2)
        memcpy (luma + pixels, luma, pixels * sizeof *luma);
      permute_members (&batch, run == 3 && n % 3 != 0 ? 3 : 1, run, moved, moved_roles);
      batch.luma = moved;
      batch.roles = moved_roles;
      g_assert_true (omni_trainer_step (trainer, &batch, &report, &error));
      if (step == 1)
        g_assert_true (omni_trainer_add_fisher (trainer, &batch, &error)
                       && omni_trainer_consolidate (trainer, &error));
      if (step == 2)
        g_assert_true (omni_trainer_validate (trainer, &batch, fused, &report, &error));
    }
    /* A step counts what the finished task needs, a validation asks what is lost of it. */
    for (guint t = 0; t < report.n_terms; t++)
      g_assert_cmpstr (report.terms[t].name, !=, "ewc");
    if (first == NULL)
    {
      first = g_steal_pointer (&trainer);
      memcpy (first_fused, fused, n_sets * pixels * sizeof *fused);
      continue;
    }

    const gsize bytes = first->state.n * sizeof (float);

    g_assert_cmpmem (first->state.theta, bytes, trainer->state.theta, bytes);
    g_assert_cmpmem (first->state.omega, bytes, trainer->state.omega, bytes);
    g_assert_cmpmem (first_fused, n_sets * pixels * 4, fused, n_sets * pixels * 4);
  }
}

static const Network networks[] = {
  { "ifani", OMNI_TASK_EXPOSURE, 2, 3, 13, 4, OMNI_BOUNDARY_ZERO, 0, 0 },
  { "ifani", OMNI_TASK_FOCUS, 1, 2, 12, 16, OMNI_BOUNDARY_REFLECT, 0, 0 },
  { "omni", OMNI_TASK_FOCUS, 2, 3, 32, 8, OMNI_BOUNDARY_ZERO, 0, 3 },
  { "omni", OMNI_TASK_EXPOSURE, 1, 4, 64, 8, OMNI_BOUNDARY_ZERO, 1, 3 },
  { "omni", OMNI_TASK_FOCUS, 1, 3, 32, 8, OMNI_BOUNDARY_ZERO, 0, 3, .spatial = 2 },
  { "omni", OMNI_TASK_FOCUS, 2, 2, 64, 8, OMNI_BOUNDARY_REPLICATE, 1, 3, .spatial = 3 },
  { "omni", OMNI_TASK_EXPOSURE, 1, 2, 64, 8, OMNI_BOUNDARY_ZERO, 0, 3, .spatial = 3 },
  { "omni", OMNI_TASK_INFRARED, 1, 2, 64, 12, OMNI_BOUNDARY_REPLICATE, 2, 2 },
  { "ifani", OMNI_TASK_EXPOSURE, 2, 2, 13, 4, OMNI_BOUNDARY_ZERO, 0, 0, OMNI_TRAIN_NORM_BATCH },
  { "ifani", OMNI_TASK_FOCUS, 1, 3, 14, 4, OMNI_BOUNDARY_ZERO, 0, 0, OMNI_TRAIN_NORM_FROZEN },
  { "ifani", OMNI_TASK_FOCUS, 1, 2, 13, 4, OMNI_BOUNDARY_ZERO, 0, 0, OMNI_TRAIN_NORM_AFFINE },
  { "ifani", OMNI_TASK_FOCUS, 1, 3, 12, 4, OMNI_BOUNDARY_ZERO, .reduce = OMNI_TRAIN_REDUCE_SUM },
  { "ifani", OMNI_TASK_FOCUS, 1, 2, 12, 4, OMNI_BOUNDARY_ZERO, .without_skips = TRUE },
  { "ifcnn", OMNI_TASK_FOCUS, 2, 3, 13, 8, OMNI_BOUNDARY_REPLICATE, .norm = OMNI_TRAIN_NORM_BATCH },
  { "ifcnn", OMNI_TASK_EXPOSURE, 1, 4, 12, 8, OMNI_BOUNDARY_REPLICATE, .norm = OMNI_TRAIN_NORM_FROZEN,
    .reduce = OMNI_TRAIN_REDUCE_MEAN },
  { "ifcnn", OMNI_TASK_FOCUS, 1, 2, 14, 16, OMNI_BOUNDARY_ZERO, .norm = OMNI_TRAIN_NORM_BATCH,
    .reduce = OMNI_TRAIN_REDUCE_SUM },
  { "u2fusion", OMNI_TASK_INFRARED, 2, 2, 12, 4, OMNI_BOUNDARY_REFLECT },
  { "u2fusion", OMNI_TASK_EXPOSURE, 1, 2, 13, 12, OMNI_BOUNDARY_REFLECT },
  { "pmgi", OMNI_TASK_INFRARED, 2, 2, 9, 4, OMNI_BOUNDARY_ZERO, .norm = OMNI_TRAIN_NORM_BATCH },
  { "pmgi", OMNI_TASK_INFRARED, 2, 2, 11, 4, OMNI_BOUNDARY_ZERO, .norm = OMNI_TRAIN_NORM_PICTURE },
  { "pmgi", OMNI_TASK_EXPOSURE, 1, 2, 12, 8, OMNI_BOUNDARY_ZERO },
  { "aenetv2", OMNI_TASK_FOCUS, 2, 2, 13, 8, OMNI_BOUNDARY_ZERO, .norm = OMNI_TRAIN_NORM_BATCH },
  { "aenetv2", OMNI_TASK_FOCUS, 1, 2, 12, 8, OMNI_BOUNDARY_ZERO, .norm = OMNI_TRAIN_NORM_FROZEN,
    .variant = OMNI_TRAIN_VARIANT_REGULAR },
  { "aenetv2", OMNI_TASK_FOCUS, 1, 2, 12, 8, OMNI_BOUNDARY_ZERO, .variant = OMNI_TRAIN_VARIANT_PLUSPLUS },
  { "aenetv2", OMNI_TASK_FOCUS, 2, 2, 13, 8, OMNI_BOUNDARY_REPLICATE, .norm = OMNI_TRAIN_NORM_BATCH,
    .variant = OMNI_TRAIN_VARIANT_SEPARABLE },
  { "aenetv2", OMNI_TASK_INFRARED, 1, 2, 12, 16, OMNI_BOUNDARY_ZERO, .norm = OMNI_TRAIN_NORM_FROZEN,
    .variant = OMNI_TRAIN_VARIANT_SQUEEZE_GCB },
  { "aenetv2", OMNI_TASK_FOCUS, 2, 2, 13, 8, OMNI_BOUNDARY_ZERO, .norm = OMNI_TRAIN_NORM_BATCH,
    .variant = OMNI_TRAIN_VARIANT_M },
  { "aenetv2", OMNI_TASK_FOCUS, 1, 2, 18, 16, OMNI_BOUNDARY_REFLECT, .norm = OMNI_TRAIN_NORM_FROZEN,
    .variant = OMNI_TRAIN_VARIANT_M },
};

/* As many members as there are orders to tell apart. */
static const Network orders[] = {
  { "ifani", OMNI_TASK_EXPOSURE, 2, 4, 24, 16, OMNI_BOUNDARY_ZERO, 0, 0, OMNI_TRAIN_NORM_BATCH },
  { "omni", OMNI_TASK_EXPOSURE, 2, 5, 32, 8, OMNI_BOUNDARY_ZERO },
  { "omni", OMNI_TASK_INFRARED, 2, 2, 32, 8, OMNI_BOUNDARY_ZERO },
  { "ifcnn", OMNI_TASK_EXPOSURE, 2, 3, 24, 16, OMNI_BOUNDARY_REPLICATE, .norm = OMNI_TRAIN_NORM_BATCH },
  { "u2fusion", OMNI_TASK_INFRARED, 2, 2, 24, 12, OMNI_BOUNDARY_REFLECT },
  { "pmgi", OMNI_TASK_INFRARED, 2, 2, 24, 16, OMNI_BOUNDARY_ZERO, .norm = OMNI_TRAIN_NORM_PICTURE },
  { "aenetv2", OMNI_TASK_FOCUS, 2, 2, 24, 16, OMNI_BOUNDARY_ZERO, .norm = OMNI_TRAIN_NORM_BATCH },
  { "aenetv2", OMNI_TASK_FOCUS, 2, 2, 24, 16, OMNI_BOUNDARY_ZERO, .norm = OMNI_TRAIN_NORM_BATCH,
    .variant = OMNI_TRAIN_VARIANT_M },
};

/* Which of two is the first: by role, be it the darker one and wherever it stands; where roles say nothing, the brighter; and of
 * two as bright, the same one in either order of the list. As models/pair.c has it. */
static void
test_pair_order (void)
{
  enum
  {
    SIDE = 64,
    PIXELS = SIDE * SIDE
  };
  static const struct
  {
    OmniRole roles[2]; /* of the dark picture and of the bright one */
    guint first_roles;
    float bright;
    guint first;
  } cases[] = {
    { { OMNI_ROLE_INFRARED, OMNI_ROLE_VISIBLE }, OMNI_ROLE_MARK (OMNI_ROLE_INFRARED), .7F, 0 },
    { { OMNI_ROLE_VISIBLE, OMNI_ROLE_INFRARED }, OMNI_ROLE_MARK (OMNI_ROLE_INFRARED), .7F, 1 },
    { { OMNI_ROLE_PET, OMNI_ROLE_MRI },
      OMNI_ROLE_MARK (OMNI_ROLE_PET) | OMNI_ROLE_MARK (OMNI_ROLE_SPECT),
      .7F,
      0 },
    { { OMNI_ROLE_CT, OMNI_ROLE_MRI }, OMNI_ROLE_MARK (OMNI_ROLE_PET), .7F, 1 },
    { { OMNI_ROLE_INFRARED, OMNI_ROLE_VISIBLE }, 0, .7F, 1 },
    { { OMNI_ROLE_NONE, OMNI_ROLE_NONE }, OMNI_ROLE_MARK (OMNI_ROLE_INFRARED), .7F, 1 },
    { { OMNI_ROLE_NONE, OMNI_ROLE_NONE }, OMNI_ROLE_MARK (OMNI_ROLE_INFRARED), .25F, 1 },
  };
  g_autofree float *luma = g_new (float, 2 * PIXELS);

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    for (guint turned = 0; turned < 2; turned++)
    {
      const OmniRole roles[] = { cases[i].roles[turned], cases[i].roles[1 - turned] };
      const OmniTrainBatch batch = {
        .n_sets = 1, .n_sources = 2, .size_px = SIDE, .luma = luma, .roles = roles
      };
      float *dark = luma + turned * PIXELS, *bright = luma + (1 - turned) * PIXELS;
      guint order[2];

      for (guint k = 0; k < PIXELS; k++)
      {
        dark[k] = .25F;
        bright[k] = cases[i].bright;
      }
      dark[PIXELS - 1] = .5F; /* of two as bright the bytes decide, to the last */
      bright[PIXELS - 2] += .25F;
      omni_train_order_members (&batch, cases[i].first_roles, 0, order);
      g_assert_cmpuint (order[0], ==, cases[i].first ^ turned);
      g_assert_cmpuint (order[1], ==, 1 - order[0]);
    }
}

static void
add_tests (void)
{
  g_test_add_func ("/training/order/pairs", test_pair_order);
  for (guint i = 0; i < G_N_ELEMENTS (networks); i++)
  {
    g_autofree char *name = g_strdup_printf ("/training/network/%s-%u-%u-%u", networks[i].architecture,
                                             networks[i].channels, networks[i].n, i);

    g_test_add_data_func (name, &networks[i], test_network);
  }
  for (guint i = 0; i < G_N_ELEMENTS (orders); i++)
  {
    const char *variant = omni_train_variant_to_string (orders[i].variant);
    g_autofree char *name = g_strdup_printf ("/training/order/%s-%u%s%s", orders[i].architecture, orders[i].n,
                                             orders[i].variant > 0 ? "-" : "",
                                             orders[i].variant > 0 ? variant : "");

    g_test_add_data_func (name, &orders[i], test_order);
  }
}

int
main (int argc, char **argv)
{
  return harness_main (argc, argv, add_tests);
}
