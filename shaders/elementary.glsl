// SPDX-License-Identifier: GPL-3.0-or-later
//
// Elementary functions of known precision, some 1e-7: those of devices may be coarser. As in app/metrics/vector-math.h.

float
exp_of (float x)
{
  x = clamp (x, -80.0, 80.0);
  const float n = floor (x * 1.44269504 + 0.5);
  const float r = (x - n * 0.693145752) - n * 1.42860677e-6;
  float p = 1.0 / 5040.0;
  p = p * r + 1.0 / 720.0;
  p = p * r + 1.0 / 120.0;
  p = p * r + 1.0 / 24.0;
  p = p * r + 1.0 / 6.0;
  p = p * r + 0.5;
  p = p * r * r + r + 1.0;
  return intBitsToFloat (floatBitsToInt (p) + (int (n) << 23));
}

// ln x for normal x > 0.
float
log_of (float x)
{
  const uint moved = floatBitsToUint (x) + (0x3f800000u - 0x3f3504f3u);
  const float e = float (int (moved >> 23)) - 127.0;
  const float m = uintBitsToFloat ((moved & 0x007fffffu) + 0x3f3504f3u);
  const float s = (m - 1.0) / (m + 1.0), t = s * s;
  const float p = 1.0 / 3.0 + t * (1.0 / 5.0 + t * (1.0 / 7.0 + t * (1.0 / 9.0 + t * (1.0 / 11.0))));
  return e * 0.693147181 + (2.0 * s + 2.0 * s * t * p);
}

// For 0 ≤ y < π/2, a little off beyond 100.
float
tan_of (float y)
{
  const float z = 0.5 * y, t = z * z;
  const float s = z - z * t * (1.0 / 6.0 - t * (1.0 / 120.0 - t * (1.0 / 5040.0 - t * (1.0 / 362880.0))));
  const float c = 1.0 - t * (0.5 - t * (1.0 / 24.0 - t * (1.0 / 720.0 - t * (1.0 / 40320.0))));
  return 2.0 * s * c / (c * c - s * s);
}

// The angle of (x, y) for y ≥ 0: 0 … π; π/2 for (0, 0).
float
angle_of (float y, float x)
{
  const float ax = abs (x);
  const float small = min (ax, y), large = max (ax, y);
  const bool steep = small > 0.414213562 * large;
  const float above = steep ? small - large : small, below = steep ? small + large : large;
  const float t = above / (below > 0.0 ? below : 1.0), u = t * t;
  float p = 1.0 / 15.0;
  p = 1.0 / 13.0 - p * u;
  p = 1.0 / 11.0 - p * u;
  p = 1.0 / 9.0 - p * u;
  p = 1.0 / 7.0 - p * u;
  p = 1.0 / 5.0 - p * u;
  p = 1.0 / 3.0 - p * u;
  float angle = (steep ? 0.785398163 : 0.0) + (t - t * u * p);
  angle = ax < y || large == 0.0 ? 1.57079633 - angle : angle;
  return x < 0.0 ? 3.14159265 - angle : angle;
}
