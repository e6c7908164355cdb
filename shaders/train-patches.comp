#version 450
// SPDX-License-Identifier: GPL-3.0-or-later
//
// What MEF-SSIM (Ma, Zeng, Wang 2015) wants in every window that stays inside, of the sources alone: their patches less their
// mean, each times w/e, summed and made as long as the longest. Out: the variance of that patch under the Gaussian window, and
// for every source what its patch counts in it. TOTAL: the sum of the sources, which is asked for first. See metric-mef.comp; the
// window is that of training, σ 11/6, where the metric has 1.5.
//
// Loops over sources keep what they know of each in the outputs, so there may be any number of them.
#extension GL_GOOGLE_include_directive : enable
#include "train.glsl"
#include "elementary.glsl"

layout (constant_id = 1) const int TOTAL = 0;

const int WINDOW = 11;
const float AREA = float (WINDOW * WINDOW);
const float LEAST = 0.001 / 255.0;
const float EPSILON = 2.220446049250313e-16;
const float LOG_UNIT = 3.14336827; // ln (255 / 11)
const float HALF_PI = 1.57079633;
const float MOST_ALIKE = 0.95; // tan (0.95 π/2) is above the limit of the exponent
const float MAX_EXPONENT = 10.0;
// A sum of patches that cancel: below this part of their own squared lengths it is rounding.
const float CANCELLED = 1e-12;

float
value (int at)
{
  return texelFetch (source0, at).x;
}

float
tap (int i)
{
  return push_float (16 + min (i, WINDOW - 1 - i));
}

int
middle (int at, int width)
{
  return at + (width + 1) * (WINDOW / 2);
}

// The length of a patch less its mean.
float
measure (int at, int width)
{
  const float centre = value (middle (at, width));
  float sum = 0.0, square = 0.0;
  for (int v = 0; v < WINDOW; v++)
    [[unroll]] for (int u = 0; u < WINDOW; u++)
      {
        const float d = value (at + v * width + u) - centre;
        sum += d;
        square += d * d;
      }
  return sqrt (max (square - sum * sum / AREA, 0.0));
}

float
weigh (float e, float power)
{
  return exp_of (power * (log_of (e) + LOG_UNIT)) + EPSILON;
}

struct Patch
{
  float square; // of its length
  float variance;
};

// `parts`: what each patch counts.
Patch
add_up (int at, int plane, int width, int n, int parts, int pixels)
{
  float square = 0.0, sum = 0.0, r1 = 0.0, r2 = 0.0;
  for (int v = 0; v < WINDOW; v++)
    {
      float r[WINDOW];
      [[unroll]] for (int u = 0; u < WINDOW; u++)
        r[u] = 0.0;
      for (int k = 0; k < n; k++)
        {
          const int from = at + k * plane;
          const float part = out_floats[parts + k * pixels], centre = value (middle (from, width));
          [[unroll]] for (int u = 0; u < WINDOW; u++)
            r[u] += part * (value (from + v * width + u) - centre);
        }
      [[unroll]] for (int u = 0; u < WINDOW; u++)
        {
          const float w = tap (v) * tap (u);
          square += r[u] * r[u];
          sum += r[u];
          r1 += w * r[u];
          r2 += w * r[u] * r[u];
        }
    }
  return Patch (max (square - sum * sum / AREA, 0.0), max (r2 - r1 * r1, 0.0));
}

void
add_sources (int from, int plane, int n, int out_at, int i)
{
  float sum = 0.0;
  for (int k = 0; k < n; k++)
    sum += value (from + k * plane + i);
  out_floats[out_at + i] = sum;
}

void
main ()
{
  const int sources = push.a[0], total = push.a[1], width = push.a[2], plane = push.a[3], out_width = push.a[4];
  const int pixels = push.a[5], n_sets = push.a[6], n = push.a[7];
  const int i = int (gl_GlobalInvocationID.x);
  const int set = int (gl_GlobalInvocationID.y);
  const int from = sources + set * n * plane;
  const int parts = (n_sets + set * n) * pixels + i;

  if (i >= pixels)
    return;
  if (TOTAL != 0)
    {
      add_sources (from, plane, n, set * pixels, i);
      return;
    }

  const int place = i / out_width * width + i % out_width;
  float lengths = 0.0, longest = 0.0, weights = 0.0, terms = 0.0;
  for (int k = 0; k < n; k++)
    {
      const float l = measure (from + k * plane + place, width);
      lengths += l;
      longest = max (longest, l + LEAST);
      out_floats[parts + k * pixels] = l;
    }

  const float together = measure (total + set * plane + place, width);
  const float alike = min ((together + EPSILON) / (lengths + EPSILON), MOST_ALIKE);
  const float power = min (tan_of (alike * HALF_PI), MAX_EXPONENT);
  for (int k = 0; k < n; k++)
    weights += weigh (out_floats[parts + k * pixels] + LEAST, power);
  for (int k = 0; k < n; k++)
    {
      const float l = out_floats[parts + k * pixels];
      const float part = weigh (l + LEAST, power) / (weights * (l + LEAST));
      terms += part * part * l * l;
      out_floats[parts + k * pixels] = part;
    }

  const Patch r = add_up (from + place, plane, width, n, parts, pixels);
  const float scale = r.square > CANCELLED * terms ? longest / sqrt (r.square) : 0.0;
  out_floats[set * pixels + i] = scale * scale * r.variance;
  for (int k = 0; k < n; k++)
    out_floats[parts + k * pixels] *= scale;
}
