/* vec.h: vectors, random numbers and noise for the renderer of the samples.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>
#include <math.h>

#define PI_F 3.14159265f

/* The compiler's own vectors, so that a + b * s reads as it does on paper; the fourth lane is unused. */
typedef float V3 __attribute__ ((vector_size (16)));

static inline V3
v3 (float x, float y, float z)
{
  return (V3){ x, y, z, 0.0f };
}

static inline V3
grey (float x)
{
  return (V3){ x, x, x, 0.0f };
}

static inline float
dot (V3 a, V3 b)
{
  const V3 p = a * b;
  return p[0] + p[1] + p[2];
}

static inline V3
cross (V3 a, V3 b)
{
  return v3 (a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]);
}

static inline float
length3 (V3 a)
{
  return sqrtf (dot (a, a));
}

static inline float
length2 (float x, float y)
{
  return sqrtf (x * x + y * y);
}

static inline V3
unit (V3 a)
{
  return a * (1.0f / sqrtf (dot (a, a) + 1e-20f));
}

static inline float
clampf (float x, float low, float high)
{
  return x < low ? low : x > high ? high : x;
}

static inline float
mixf (float a, float b, float t)
{
  return a + (b - a) * t;
}

static inline V3
mix3 (V3 a, V3 b, float t)
{
  return a + (b - a) * t;
}

static inline float
smooth (float low, float high, float x)
{
  const float t = clampf ((x - low) / (high - low), 0.0f, 1.0f);
  return t * t * (3.0f - 2.0f * t);
}

static inline float
luminance (V3 c)
{
  return 0.2126f * c[0] + 0.7152f * c[1] + 0.0722f * c[2];
}

static inline V3
spin_y (V3 p, float angle)
{
  const float c = cosf (angle), s = sinf (angle);
  return v3 (c * p[0] + s * p[2], p[1], c * p[2] - s * p[0]);
}

static inline guint32
hash32 (guint32 x)
{
  x ^= x >> 16;
  x *= 0x7feb352du;
  x ^= x >> 15;
  x *= 0x846ca68bu;
  return x ^ x >> 16;
}

/* A number in [0, 1) that belongs to a lattice point. */
static inline float
hash_cell (int x, int y, int z)
{
  const guint32 h = hash32 ((guint32)x * 0x8da6b343u + (guint32)y * 0xd8163841u + (guint32)z * 0xcb1ab31fu);
  return (float)(h >> 8) * (1.0f / 16777216.0f);
}

/* A stream of numbers in [0, 1): a rotated Kronecker sequence for the first dimensions of a path, where even
 * coverage pays, then a plain generator. */
typedef struct
{
  guint32 state, pixel, sample, dimension;
} Random;

Random random_start (guint32 pixel, guint32 sample);
float random_next (Random *random);
float random_gauss (Random *random);

/* Value noise in [0, 1], and its octaves. */
float noise (V3 p);
float fbm (V3 p, int octaves);
/* Distance to the nearest of the points scattered one a cell. */
float cells (V3 p);
