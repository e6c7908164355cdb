/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "models/training/trainer.h"

#include <stdlib.h>
#include <time.h>

/* bench-training [ARCHITECTURE [SETS [SOURCES [SIZE [STEPS]]]]]: the time of a training step, on exposure sets of noise. The CPU
 * time counts the software device's threads too. Defaults: ifani, 1 set of 3 sources of 64², 20 steps. */

static double
cpu_ms (void)
{
  struct timespec now;

  clock_gettime (CLOCK_PROCESS_CPUTIME_ID, &now);
  return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

static guint
argument (int argc, char **argv, int i, guint fallback)
{
  return argc > i ? (guint)strtoul (argv[i], NULL, 10) : fallback;
}

int
main (int argc, char **argv)
{
  const guint steps = argument (argc, argv, 5, 20);
  OmniTrainBatch batch = {
    .task = OMNI_TASK_EXPOSURE,
    .n_sets = argument (argc, argv, 2, 1),
    .n_sources = argument (argc, argv, 3, 3),
    .size_px = argument (argc, argv, 4, 64),
  };
  const gsize samples = (gsize)batch.n_sets * batch.n_sources * batch.size_px * batch.size_px;
  g_autoptr (GRand) rand = g_rand_new_with_seed (1);
  g_autofree float *luma = g_new (float, samples);
  g_autoptr (GError) error = NULL;
  OmniDevice *device = omni_device_open (NULL, &error);
  OmniTrainConfig config;
  OmniTrainReport report;
  double device_ms = 0.0;

  for (gsize i = 0; i < samples; i++)
    luma[i] = (float)g_rand_double (rand);
  batch.luma = luma;
  omni_train_config_init (&config);
  config.architecture = argc > 1 ? argv[1] : "ifani";
  config.schedule = OMNI_SCHEDULE_CONSTANT;
  config.losses[OMNI_TASK_EXPOSURE].weight[OMNI_LOSS_MEF_SSIM] = 1.0F;
  config.losses[OMNI_TASK_EXPOSURE].mef_scales[0] = 0.5F;
  config.losses[OMNI_TASK_EXPOSURE].mef_scales[1] = 0.5F;

  OmniTrainer *trainer = device != NULL ? omni_trainer_new (device, &config, &error) : NULL;
  gboolean done = trainer != NULL;

  for (guint i = 0; done && i < 3; i++)
    done = omni_trainer_step (trainer, &batch, &report, &error);

  const gint64 start = g_get_monotonic_time ();
  const double cpu = cpu_ms ();

  for (guint i = 0; done && i < steps; i++)
  {
    done = omni_trainer_step (trainer, &batch, &report, &error);
    device_ms += report.device_ms;
  }
  if (done)
    g_print ("%s, %u × %u × %u²: %.1f ms a step, %.1f ms in submissions, %.1f ms of CPU\n",
             config.architecture, batch.n_sets, batch.n_sources, batch.size_px,
             (double)(g_get_monotonic_time () - start) / 1e3 / steps, device_ms / steps,
             (cpu_ms () - cpu) / steps);
  else
    g_printerr ("%s\n", error->message);
  omni_trainer_free (trainer);
  omni_device_close (&device);
  return done ? 0 : 1;
}
