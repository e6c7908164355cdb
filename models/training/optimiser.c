/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "models/training/trainer-private.h"

#include <math.h>

double
omni_train_learning_rate (const OmniTrainConfig *config, guint64 run_step)
{
  guint64 begin = 0, end = config->total_steps;

  for (guint i = 0; i < OMNI_TRAIN_MAX_RESTARTS && config->restarts[i] > 0; i++)
    if (run_step >= config->restarts[i])
      begin = config->restarts[i];
    else
    {
      end = config->restarts[i];
      break;
    }

  const guint64 step = run_step - begin;
  const double part = end > begin ? MIN ((double)step / (double)(end - begin), 1.0) : 0.0;
  double rate = config->learning_rate;

  if (config->schedule == OMNI_SCHEDULE_HALVING)
    rate *= pow (0.5, (double)(step / config->halve_every));
  else if (config->schedule == OMNI_SCHEDULE_COSINE)
    rate *= 0.5 * (1.0 + cos (G_PI * part)) * (1.0 - config->floor) + config->floor;
  else if (config->schedule == OMNI_SCHEDULE_POLY)
    rate *= pow (1.0 - part, config->power);
  if (step + 1 < config->warm_up_steps)
    rate *= (double)(step + 1) / (double)config->warm_up_steps;
  return rate;
}

double
omni_train_norm (const float *gradient, gsize n)
{
  double sum = 0.0;

  for (gsize i = 0; i < n; i++)
    sum += (double)gradient[i] * gradient[i];
  return sqrt (sum);
}

double
omni_train_add_ewc (const OmniTrainState *state, float lambda, float *gradient)
{
  double sum = 0.0;

  for (gsize i = 0; i < state->n; i++)
  {
    const float away = state->theta[i] - state->anchor[i];

    sum += (double)state->omega[i] * away * away;
    if (gradient != NULL)
      gradient[i] += 2.0F * lambda * state->omega[i] * away;
  }
  return sum;
}

/* Kingma and Ba 2015. */
static void
update_adam (const OmniTrainConfig *config, OmniTrainState *state, const float *gradient, float scale,
             double rate)
{
  const double count = (double)state->step + 1.0;
  const float step_size = (float)(rate / (1.0 - pow (config->beta1, count)));
  const float root = (float)sqrt (1.0 - pow (config->beta2, count));
  const float keep1 = config->beta1, keep2 = config->beta2;

  for (gsize i = 0; i < state->n; i++)
  {
    const float g = gradient[i] * scale;

    state->first[i] = keep1 * state->first[i] + (1.0F - keep1) * g;
    state->second[i] = keep2 * state->second[i] + (1.0F - keep2) * g * g;
    state->theta[i] -= step_size * state->first[i] / (sqrtf (state->second[i]) / root + config->epsilon);
  }
}

/* As TensorFlow 1 has it: the square starts at one, ε is under the root, and the momentum is of whole steps. */
static void
update_rmsprop (const OmniTrainConfig *config, OmniTrainState *state, const float *gradient, float scale,
                float rate)
{
  for (gsize i = 0; i < state->n; i++)
  {
    const float g = gradient[i] * scale;
    const float before = state->step == 0 ? 1.0F : state->second[i];

    state->second[i] = config->decay * before + (1.0F - config->decay) * g * g;
    state->first[i] = config->momentum * state->first[i]
                      + rate * g / sqrtf (state->second[i] + config->epsilon);
    state->theta[i] -= state->first[i];
  }
}

static void
update_sgd (const OmniTrainConfig *config, OmniTrainState *state, const float *gradient, float scale,
            float rate)
{
  for (gsize i = 0; i < state->n; i++)
  {
    state->first[i] = config->momentum * state->first[i] + gradient[i] * scale;
    state->theta[i] -= rate * state->first[i];
  }
}

/* How far the optimiser goes for a gradient of one, after its update; `root` is Adam's. */
static double
step_size_of (const OmniTrainConfig *config, const OmniTrainState *state, gsize i, double rate, double root)
{
  if (config->optimiser == OMNI_OPTIMISER_ADAM)
    return rate / (sqrt (state->second[i]) / root + config->epsilon);
  if (config->optimiser == OMNI_OPTIMISER_RMSPROP)
    return rate / sqrt (state->second[i] + config->epsilon);
  return rate;
}

/* Proximal step of λ Σ Ω (θ − θ*)²: where gradient descent on it would overshoot, this comes to rest. */
static void
hold (const OmniTrainConfig *config, OmniTrainState *state, double rate)
{
  const double root = sqrt (1.0 - pow (config->beta2, (double)state->step + 1.0));

  for (gsize i = 0; i < state->n; i++)
  {
    const double size = step_size_of (config, state, i, rate, root);
    const double pull = 2.0 * config->ewc_lambda * state->omega[i] * size;

    state->theta[i] = (float)(state->anchor[i] + (state->theta[i] - state->anchor[i]) / (1.0 + pull));
  }
}

void
omni_train_update (const OmniTrainConfig *config, OmniTrainState *state, const float *gradient, float scale)
{
  const double rate = omni_train_learning_rate (config, state->step);

  if (config->optimiser == OMNI_OPTIMISER_ADAM)
    update_adam (config, state, gradient, scale, rate);
  else if (config->optimiser == OMNI_OPTIMISER_RMSPROP)
    update_rmsprop (config, state, gradient, scale, (float)rate);
  else
    update_sgd (config, state, gradient, scale, (float)rate);

  if (config->ewc_proximal && config->ewc_lambda > 0.0F && state->omega != NULL)
    hold (config, state, rate);
  state->step++;
}

void
omni_train_clip_weights (const OmniTrainConfig *config, const GArray *parameters, float *theta)
{
  const float most = config->clip_weights;

  for (guint p = 0; most > 0.0F && p < parameters->len; p++)
  {
    const OmniParameter *parameter = &g_array_index (parameters, OmniParameter, p);

    for (guint i = parameter->at; !parameter->is_statistic && i < parameter->at + parameter->n; i++)
      theta[i] = CLAMP (theta[i], -most, most);
  }
}
