/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/training/random.h"

#include "models/split-mix.h"

#include <math.h>

OmniRandom
omni_random_open (guint64 seed, guint64 step, guint64 item)
{
  guint64 state = omni_split_mix_scramble (seed + OMNI_SPLIT_MIX_GAMMA);
  state = omni_split_mix_scramble (state ^ (step + OMNI_SPLIT_MIX_GAMMA));
  state = omni_split_mix_scramble (state ^ (item + OMNI_SPLIT_MIX_GAMMA));
  return (OmniRandom){ state };
}

OmniRandom
omni_random_fork (OmniRandom *self, guint64 item)
{
  return omni_random_open (omni_random_next (self), item, 1);
}

guint64
omni_random_next (OmniRandom *self)
{
  return omni_split_mix_next (&self->state);
}

double
omni_random_unit (OmniRandom *self)
{
  return (double)(omni_random_next (self) >> 11) * 0x1p-53;
}

double
omni_random_between (OmniRandom *self, double minimum, double maximum)
{
  return minimum + (maximum - minimum) * omni_random_unit (self);
}

guint
omni_random_below (OmniRandom *self, guint n)
{
  return (guint)(((omni_random_next (self) >> 32) * n) >> 32);
}

gboolean
omni_random_chance (OmniRandom *self, double probability)
{
  return omni_random_unit (self) < probability;
}

double
omni_random_normal (OmniRandom *self)
{
  const double radius = sqrt (-2 * log (1 - omni_random_unit (self)));
  return radius * cos (2 * G_PI * omni_random_unit (self));
}

double
omni_random_noise (OmniRandom *self)
{
  guint sum = 0;
  for (guint draw = 0; draw < 2; draw++)
  {
    const guint64 bits = omni_random_next (self);
    sum += (guint)(bits & 0xffff) + (guint)(bits >> 16 & 0xffff) + (guint)(bits >> 32 & 0xffff)
           + (guint)(bits >> 48);
  }
  /* Eight numbers 0 … 65535: mean 8 · 32767.5, variance 8 · (65536² − 1) / 12. */
  return ((double)sum - 262140.0) / 53509.9;
}

void
omni_random_permute (OmniRandom *self, guint *order, guint n)
{
  for (guint i = 0; i < n; i++)
  {
    const guint k = omni_random_below (self, i + 1);
    order[i] = order[k];
    order[k] = i;
  }
}

guint
omni_random_choose (OmniRandom *self, const double *weights, guint n)
{
  double sum = 0;
  for (guint i = 0; i < n; i++)
    sum += weights[i];
  double left = sum * omni_random_unit (self);
  guint last = 0;
  for (guint i = 0; i < n; i++)
  {
    if (weights[i] <= 0)
      continue;
    last = i;
    if (left < weights[i])
      return i;
    left -= weights[i];
  }
  return last;
}
