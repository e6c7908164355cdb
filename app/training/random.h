/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Random numbers that depend only on where they are asked for. A stream is named by (seed, step, item); whoever opens it,
 * in whatever thread and order, reads the same numbers, so a run can be cut, resumed and spread over threads without
 * changing one byte of what it sees. SplitMix64 (Steele, Lea, Flood 2014), the start hashed from the three names. */
typedef struct
{
  guint64 state;
} OmniRandom;

OmniRandom omni_random_open (guint64 seed, guint64 step, guint64 item);

/* A stream of its own, named by `self`'s next number and `item`: what is read from it moves nothing in `self`. */
OmniRandom omni_random_fork (OmniRandom *self, guint64 item);

guint64 omni_random_next (OmniRandom *self);

/* 0 ≤ value < 1, on a grid of 2⁻⁵³. */
double omni_random_unit (OmniRandom *self);
double omni_random_between (OmniRandom *self, double minimum, double maximum);

/* 0 … n − 1; n ≥ 1. */
guint omni_random_below (OmniRandom *self, guint n);
gboolean omni_random_chance (OmniRandom *self, double probability);

/* Mean 0, variance 1 (Box, Muller 1958). */
double omni_random_normal (OmniRandom *self);

/* Mean 0, variance 1, nearly normal and much cheaper: the sum of eight even numbers; never beyond ±4.9. */
double omni_random_noise (OmniRandom *self);

/* Writes 0 … n − 1 in random order. */
void omni_random_permute (OmniRandom *self, guint *order, guint n);

/* An index with probability proportional to `weights`, whose sum is positive. */
guint omni_random_choose (OmniRandom *self, const double *weights, guint n);

G_END_DECLS
