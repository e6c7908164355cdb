/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* SplitMix64: G. Steele, D. Lea and C. Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014. What everything here
 * draws by lot from: GLib's own generator depends on an environment variable. */
#define OMNI_SPLIT_MIX_GAMMA G_GUINT64_CONSTANT (0x9e3779b97f4a7c15)

/* A one-to-one map that leaves no trace of how near two inputs were. */
static inline guint64
omni_split_mix_scramble (guint64 z)
{
  z = (z ^ (z >> 30)) * G_GUINT64_CONSTANT (0xbf58476d1ce4e5b9);
  z = (z ^ (z >> 27)) * G_GUINT64_CONSTANT (0x94d049bb133111eb);
  return z ^ (z >> 31);
}

/* The next number of the stream that `state` stands for. */
static inline guint64
omni_split_mix_next (guint64 *state)
{
  *state += OMNI_SPLIT_MIX_GAMMA;
  return omni_split_mix_scramble (*state);
}

G_END_DECLS
