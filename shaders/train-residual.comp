#version 450
// SPDX-License-Identifier: GPL-3.0-or-later
//
// |x − y| or (x − y)², averaged over the sources (SHARES: each with its own share), or against their maximum or what of x is in
// range, and the derivative by x.
#extension GL_GOOGLE_include_directive : enable
#include "train.glsl"

layout (constant_id = 1) const int ACCUMULATE = 0;
layout (constant_id = 2) const int SQUARE = 0;
layout (constant_id = 3) const int AGAINST = 0;
layout (constant_id = 4) const int SHARES = 0;

const int EVERY = 0;
const int MAXIMUM = 1;
const int RANGE = 2;

void
main ()
{
  const int fused = push.a[0], sources = push.a[1], gradient = push.a[2], pixels = push.a[3], n = push.a[4];
  const float value_scale = push_float (5), gradient_scale = push_float (6);
  const int i = int (gl_GlobalInvocationID.x);
  const int set = int (gl_GlobalInvocationID.y);
  const int at = set * pixels + i;

  if (i >= pixels)
    return;

  const float x = texelFetch (source0, fused + at).x;
  float value = 0.0, slope = 0.0, largest = 0.0;
  for (int k = 0; k < n; k++)
    {
      const float y = texelFetch (source0, sources + (set * n + k) * pixels + i).x;
      largest = k == 0 ? y : max (largest, y);
      if (AGAINST == EVERY)
        {
          const float share = SHARES != 0 ? texelFetch (source0, push.a[7] + set * n + k).x : 1.0 / float (n);
          value += share * (SQUARE != 0 ? (x - y) * (x - y) : abs (x - y));
          slope += share * (SQUARE != 0 ? 2.0 * (x - y) : sign (x - y));
        }
    }
  if (AGAINST == RANGE)
    largest = clamp (x, 0.0, 1.0);
  if (AGAINST != EVERY)
    {
      value = SQUARE != 0 ? (x - largest) * (x - largest) : abs (x - largest);
      slope = SQUARE != 0 ? 2.0 * (x - largest) : sign (x - largest);
    }
  out_floats[at] = value * value_scale;
  more_floats[at] = slope * gradient_scale + (ACCUMULATE != 0 ? texelFetch (source0, gradient + at).x : 0.0);
}
