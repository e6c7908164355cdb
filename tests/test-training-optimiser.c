/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "models/training/trainer-private.h"

#include <math.h>

/* Optimisers and schedules against their formulas, in double. */

static OmniTrainConfig
make_config (OmniOptimiser optimiser)
{
  OmniTrainConfig config;

  omni_train_config_init (&config);
  config.optimiser = optimiser;
  config.decay = 0.6F;
  config.momentum = 0.15F;
  config.learning_rate = 2e-3F;
  config.total_steps = 20;
  return config;
}

static void
test_adam (void)
{
  float theta = 1, first = 0, second = 0;
  OmniTrainState state = { .n = 1, .theta = &theta, .first = &first, .second = &second };
  OmniTrainConfig config = make_config (OMNI_OPTIMISER_ADAM);
  double x = 1, m = 0, v = 0;

  config.schedule = OMNI_SCHEDULE_CONSTANT;
  config.warm_up_steps = 0;
  config.beta1 = 0.9F;
  config.beta2 = 0.99F;
  config.epsilon = 1e-8F;
  for (guint t = 1; t <= 50; t++)
  {
    const float gradient = (float)sin (t) + 0.3F;

    omni_train_update (&config, &state, &gradient, 0.5F);
    m = 0.9 * m + 0.1 * 0.5 * gradient;
    v = 0.99 * v + 0.01 * 0.25 * gradient * gradient;
    x -= 2e-3 * (m / (1 - pow (0.9, t))) / (sqrt (v / (1 - pow (0.99, t))) + 1e-8);
    g_assert_cmpfloat_with_epsilon (theta, x, 1e-5);
  }
  g_assert_cmpuint (state.step, ==, 50);
}

static void
test_rmsprop_and_sgd (void)
{
  for (guint optimiser = OMNI_OPTIMISER_RMSPROP; optimiser <= OMNI_OPTIMISER_SGD; optimiser++)
  {
    float theta = 1, first = 0, second = 0;
    OmniTrainState state = { .n = 1, .theta = &theta, .first = &first, .second = &second };
    OmniTrainConfig config = make_config (optimiser);
    double x = 1, m = 0, v = 1;

    config.schedule = OMNI_SCHEDULE_POLY;
    config.power = 0.9F;
    config.warm_up_steps = 0;
    config.epsilon = 1e-10F;
    for (guint t = 0; t < 15; t++)
    {
      const float g = (float)cos (t) * 3;
      const double rate = 2e-3 * pow (1 - t / 20.0, 0.9);

      omni_train_update (&config, &state, &g, 1);
      v = 0.6 * v + 0.4 * g * g;
      m = optimiser == OMNI_OPTIMISER_RMSPROP ? 0.15 * m + rate * g / sqrt (v + 1e-10) : 0.15 * m + g;
      x -= optimiser == OMNI_OPTIMISER_RMSPROP ? m : rate * m;
      g_assert_cmpfloat_with_epsilon (theta, x, 1e-5);
    }
  }
}

static void
test_schedules (void)
{
  OmniTrainConfig config = { .learning_rate = 1, .total_steps = 100, .floor = 0.02F, .halve_every = 10 };

  config.schedule = OMNI_SCHEDULE_COSINE;
  g_assert_cmpfloat_with_epsilon (omni_train_learning_rate (&config, 0), 1, 1e-6);
  g_assert_cmpfloat_with_epsilon (omni_train_learning_rate (&config, 50), 0.51, 1e-6);
  g_assert_cmpfloat_with_epsilon (omni_train_learning_rate (&config, 100), 0.02, 1e-6);
  config.schedule = OMNI_SCHEDULE_HALVING;
  g_assert_cmpfloat_with_epsilon (omni_train_learning_rate (&config, 9), 1, 1e-6);
  g_assert_cmpfloat_with_epsilon (omni_train_learning_rate (&config, 25), 0.25, 1e-6);
  config.warm_up_steps = 50;
  g_assert_cmpfloat_with_epsilon (omni_train_learning_rate (&config, 4), 0.1, 1e-6);

  /* Three parts of 40, 20 and 40 steps, each as if it were alone. */
  config = (OmniTrainConfig){ .learning_rate = 1,
                              .total_steps = 100,
                              .floor = 0.02F,
                              .warm_up_steps = 10,
                              .schedule = OMNI_SCHEDULE_COSINE,
                              .restarts = { 40, 60 } };
  g_assert_cmpfloat_with_epsilon (omni_train_learning_rate (&config, 20), 0.51, 1e-6);
  g_assert_cmpfloat (omni_train_learning_rate (&config, 39), <, 0.03);
  g_assert_cmpfloat_with_epsilon (omni_train_learning_rate (&config, 40), 0.1, 1e-6);
  g_assert_cmpfloat_with_epsilon (omni_train_learning_rate (&config, 50), 0.51, 1e-6);
  g_assert_cmpfloat_with_epsilon (omni_train_learning_rate (&config, 80), 0.51, 1e-6);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/training/optimiser/adam", test_adam);
  g_test_add_func ("/training/optimiser/rmsprop-and-sgd", test_rmsprop_and_sgd);
  g_test_add_func ("/training/schedules", test_schedules);
  return g_test_run ();
}
