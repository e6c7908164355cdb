/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>
#include <math.h>
#include <string.h>

G_BEGIN_DECLS

/* Functions that the compiler can work out for several pixels at once, in double, without branches. Errors are a few units in
 * the last place (1e-12 for angles). Nothing is reordered. In files whose windows a picture's score takes its time in, a multiplication
 * and an addition are one operation where the processor has it (meson.build): all processors that have give the same bits, others
 * may differ in the last digits. */

/* Compiles a function once more for wider registers and takes the widest that the processor has; x86-64-v3 is AVX2 with fused
 * multiplication and addition. The sanitizers cannot look at the code that chooses. */
#if defined __x86_64__ && defined __GNUC__ && !defined __clang__ && !defined __SANITIZE_ADDRESS__            \
  && !defined __SANITIZE_THREAD__
#define OMNI_VECTOR __attribute__ ((target_clones ("avx512f", "arch=x86-64-v3", "default")))
#else
#define OMNI_VECTOR
#endif

#define OMNI_INLINE static inline __attribute__ ((always_inline))

/* Adding this leaves a number, rounded to a whole one, in the low bits. */
#define OMNI_ROUNDING_SHIFT 6755399441055744.0 /* 1.5 · 2^52 */

OMNI_INLINE gint64
omni_double_to_bits (double x)
{
  gint64 bits;
  memcpy (&bits, &x, sizeof bits);
  return bits;
}

OMNI_INLINE double
omni_double_from_bits (gint64 bits)
{
  double x;
  memcpy (&x, &bits, sizeof x);
  return x;
}

/* e^x; x is held between −700 and 700. Taylor's series on |r| ≤ ½ ln 2. */
OMNI_INLINE double
omni_vector_exp (double x)
{
  x = x < -700 ? -700 : x;
  x = x > 700 ? 700 : x;
  const double shifted = x * 1.4426950408889634 + OMNI_ROUNDING_SHIFT;
  const double n = shifted - OMNI_ROUNDING_SHIFT;
  const double r = (x - n * 6.93147180369123816490e-01) - n * 1.90821492927058770002e-10;
  double p = 1.0 / 6227020800;
  p = p * r + 1.0 / 479001600;
  p = p * r + 1.0 / 39916800;
  p = p * r + 1.0 / 3628800;
  p = p * r + 1.0 / 362880;
  p = p * r + 1.0 / 40320;
  p = p * r + 1.0 / 5040;
  p = p * r + 1.0 / 720;
  p = p * r + 1.0 / 120;
  p = p * r + 1.0 / 24;
  p = p * r + 1.0 / 6;
  p = p * r + 0.5;
  p = p * r * r + r + 1;
  const gint64 exponent = (gint64)((guint64)omni_double_to_bits (shifted) << 52);
  return omni_double_from_bits ((gint64)((guint64)omni_double_to_bits (p) + (guint64)exponent));
}

/* ln x for normal x > 0. The series of artanh on the fraction between √½ and √2. */
OMNI_INLINE double
omni_vector_log (double x)
{
  const gint64 bits = omni_double_to_bits (x);
  /* Move the seam between exponents from 1 to √2. */
  const gint64 moved = bits
                       + (G_GINT64_CONSTANT (0x3ff0000000000000) - G_GINT64_CONSTANT (0x3fe6a09e667f3bcd));
  const gint64 fraction = (moved & G_GINT64_CONSTANT (0x000fffffffffffff))
                          + G_GINT64_CONSTANT (0x3fe6a09e667f3bcd);
  const gint64 exponent = (gint64)((guint64)moved >> 52);
  const double e = omni_double_from_bits (exponent | G_GINT64_CONSTANT (0x4330000000000000))
                   - 4503599627370496.0 - 1023;
  const double m = omni_double_from_bits (fraction);
  const double s = (m - 1) / (m + 1), t = s * s;
  double p = 1.0 / 21;
  p = p * t + 1.0 / 19;
  p = p * t + 1.0 / 17;
  p = p * t + 1.0 / 15;
  p = p * t + 1.0 / 13;
  p = p * t + 1.0 / 11;
  p = p * t + 1.0 / 9;
  p = p * t + 1.0 / 7;
  p = p * t + 1.0 / 5;
  p = p * t + 1.0 / 3;
  return e * 6.93147180369123816490e-01 + (2 * s + (2 * s * t * p + e * 1.90821492927058770002e-10));
}

/* The angle of (x, y) for y ≥ 0: 0 … π; π/2 for (0, 0). */
OMNI_INLINE double
omni_vector_angle (double y, double x)
{
  const double ax = x < 0 ? -x : x;
  const double small = ax < y ? ax : y, large = ax < y ? y : ax;
  /* Above tan (π/8), from π/4: one division either way. */
  const gboolean steep = small > 0.41421356237309503 * large;
  const double base = steep ? 0.78539816339744831 : 0;
  const double above = steep ? small - large : small, below = steep ? small + large : large;
  const double t = above / (below > 0 ? below : 1);
  const double u = t * t;
  double p = 1.0 / 29;
  for (int i = 27; i >= 3; i -= 2)
    p = 1.0 / i - p * u;
  double angle = base + (t - t * u * p);
  angle = ax < y || large == 0 ? 1.57079632679489662 - angle : angle;
  return x < 0 ? 3.14159265358979324 - angle : angle;
}

/* The same in single precision, for twice as many pixels at once: errors of some 1e-7, for values that a mean is taken of. */

/* e^x; x is held between −80 and 80. */
OMNI_INLINE float
omni_vector_expf (float x)
{
  x = x < -80 ? -80 : x;
  x = x > 80 ? 80 : x;
  const float shifted = x * 1.44269504f + 12582912.0f, n = shifted - 12582912.0f; /* 1.5 · 2^23 */
  const float r = (x - n * 0.693145752f) - n * 1.42860677e-6f;
  float p = 1.0f / 5040;
  p = p * r + 1.0f / 720;
  p = p * r + 1.0f / 120;
  p = p * r + 1.0f / 24;
  p = p * r + 1.0f / 6;
  p = p * r + 0.5f;
  p = p * r * r + r + 1;
  guint32 bits, shifted_bits;
  memcpy (&bits, &p, sizeof bits);
  memcpy (&shifted_bits, &shifted, sizeof shifted_bits);
  bits += shifted_bits << 23;
  memcpy (&p, &bits, sizeof p);
  return p;
}

/* ln x for normal x > 0. */
OMNI_INLINE float
omni_vector_logf (float x)
{
  guint32 bits;
  memcpy (&bits, &x, sizeof bits);
  const guint32 moved = bits + (0x3f800000u - 0x3f3504f3u);
  const float e = (float)(gint32)(moved >> 23) - 127;
  const guint32 fraction = (moved & 0x007fffffu) + 0x3f3504f3u;
  float m;
  memcpy (&m, &fraction, sizeof m);
  const float s = (m - 1) / (m + 1), t = s * s;
  const float p = 1.0f / 3 + t * (1.0f / 5 + t * (1.0f / 7 + t * (1.0f / 9 + t * (1.0f / 11))));
  return e * 0.693147181f + (2 * s + 2 * s * t * p);
}

/* tan y for 0 ≤ y < π/2, a little off beyond 100. */
OMNI_INLINE float
omni_vector_tanf (float y)
{
  const float z = 0.5f * y, t = z * z;
  const float s = z - z * t * (1.0f / 6 - t * (1.0f / 120 - t * (1.0f / 5040 - t * (1.0f / 362880))));
  const float c = 1 - t * (0.5f - t * (1.0f / 24 - t * (1.0f / 720 - t * (1.0f / 40320))));
  return 2 * s * c / (c * c - s * s);
}

OMNI_INLINE float
omni_vector_anglef (float y, float x)
{
  const float ax = x < 0 ? -x : x;
  const float small = ax < y ? ax : y, large = ax < y ? y : ax;
  const gboolean steep = small > 0.414213562f * large;
  const float base = steep ? 0.785398163f : 0;
  const float above = steep ? small - large : small, below = steep ? small + large : large;
  const float t = above / (below > 0 ? below : 1), u = t * t;
  float p = 1.0f / 15;
  for (int i = 13; i >= 3; i -= 2)
    p = 1.0f / (float)i - p * u;
  float angle = base + (t - t * u * p);
  angle = ax < y || large == 0 ? 1.57079633f - angle : angle;
  return x < 0 ? 3.14159265f - angle : angle;
}

G_END_DECLS
