/* vec.c: random numbers and noise.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "vec.h"

/* Fractional parts of the square roots of the primes. */
static const float steps[] = {
  0.41421356f, 0.73205081f, 0.23606798f, 0.64575131f, 0.31662479f, 0.60555128f, 0.12310563f, 0.35889894f,
  0.79583152f, 0.38516481f, 0.56776436f, 0.08276253f, 0.40312424f, 0.55743852f, 0.85565460f, 0.28010989f,
};

Random
random_start (guint32 pixel, guint32 sample)
{
  return (
    Random){ .state = hash32 (pixel * 9781u + sample * 6271u + 17u) | 1u, .pixel = pixel, .sample = sample };
}

float
random_next (Random *random)
{
  if (random->dimension < G_N_ELEMENTS (steps))
  {
    const guint32 k = random->dimension++;
    const float start = (float)(hash32 (random->pixel * 64u + k) >> 8) * (1.0f / 16777216.0f);
    const float x = start + (float)fmod ((double)random->sample * (double)steps[k], 1.0);
    return x >= 1.0f ? x - 1.0f : x;
  }
  random->state = random->state * 747796405u + 2891336453u;
  return (float)(hash32 (random->state) >> 8) * (1.0f / 16777216.0f);
}

float
random_gauss (Random *random)
{
  const float r = sqrtf (-2.0f * logf (random_next (random) + 1e-9f));
  return r * cosf (2.0f * PI_F * random_next (random));
}

float
noise (V3 p)
{
  const float fx = floorf (p[0]), fy = floorf (p[1]), fz = floorf (p[2]);
  const int x = (int)fx, y = (int)fy, z = (int)fz;
  float u = p[0] - fx, v = p[1] - fy, w = p[2] - fz;
  u = u * u * u * (u * (u * 6.0f - 15.0f) + 10.0f);
  v = v * v * v * (v * (v * 6.0f - 15.0f) + 10.0f);
  w = w * w * w * (w * (w * 6.0f - 15.0f) + 10.0f);
  const float a = mixf (hash_cell (x, y, z), hash_cell (x + 1, y, z), u);
  const float b = mixf (hash_cell (x, y + 1, z), hash_cell (x + 1, y + 1, z), u);
  const float c = mixf (hash_cell (x, y, z + 1), hash_cell (x + 1, y, z + 1), u);
  const float d = mixf (hash_cell (x, y + 1, z + 1), hash_cell (x + 1, y + 1, z + 1), u);
  return mixf (mixf (a, b, v), mixf (c, d, v), w);
}

float
fbm (V3 p, int octaves)
{
  float sum = 0.0f, weight = 0.5f, total = 0.0f;
  for (int i = 0; i < octaves; i++)
  {
    sum += weight * noise (p);
    total += weight;
    weight *= 0.5f;
    /* Turned a little each time, so that the lattices do not line up. */
    p = v3 (1.6f * p[0] + 1.2f * p[2] + 3.1f, 2.03f * p[1] + 7.7f, 1.6f * p[2] - 1.2f * p[0] + 1.9f);
  }
  return sum / total;
}

float
cells (V3 p)
{
  const int x = (int)floorf (p[0]), y = (int)floorf (p[1]), z = (int)floorf (p[2]);
  float best = 9.0f;
  for (int k = -1; k <= 1; k++)
    for (int j = -1; j <= 1; j++)
      for (int i = -1; i <= 1; i++)
      {
        const int cx = x + i, cy = y + j, cz = z + k;
        const V3 at = v3 (cx + hash_cell (cx, cy, cz), cy + hash_cell (cx + 71, cy, cz),
                          cz + hash_cell (cx, cy + 71, cz));
        const V3 away = at - p;
        best = MIN (best, dot (away, away));
      }
  return sqrtf (best);
}
