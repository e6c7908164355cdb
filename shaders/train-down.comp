#version 450
// SPDX-License-Identifier: GPL-3.0-or-later
//
// One level down a pyramid: [1 3 3 1]/8 in both directions, every second pixel, the edge repeated. Its transpose gathers, for
// every large pixel, what the small ones took of it.
#extension GL_GOOGLE_include_directive : enable
#include "train.glsl"

layout (constant_id = 1) const int TRANSPOSED = 0;
layout (constant_id = 2) const int ACCUMULATE = 0;

const float taps[4] = float[4] (0.125, 0.375, 0.375, 0.125);

// How much of large pixel `at` there is in small pixel `i`, in one direction.
float
share (int i, int at, int large)
{
  float sum = 0.0;
  [[unroll]] for (int a = 0; a < 4; a++)
    sum += clamp (2 * i + a - 1, 0, large - 1) == at ? taps[a] : 0.0;
  return sum;
}

void
main ()
{
  const int source = push.a[0], width = push.a[1], height = push.a[2], destination = push.a[3];
  const int small_width = (width + 1) / 2, small_height = (height + 1) / 2;
  const int i = int (gl_GlobalInvocationID.x);
  const int image = int (gl_GlobalInvocationID.y);
  float sum = 0.0;

  if (TRANSPOSED != 0)
    {
      const int x = i % width;
      const int y = i / width;
      if (y >= height)
        return;
      for (int v = max (y / 2 - 1, 0); v < min (y / 2 + 2, small_height); v++)
        for (int u = max (x / 2 - 1, 0); u < min (x / 2 + 2, small_width); u++)
          sum += share (v, y, height) * share (u, x, width)
                 * texelFetch (source0, source + (image * small_height + v) * small_width + u).x;
      const int to = image * width * height + i;
      out_floats[to] = sum + (ACCUMULATE != 0 ? texelFetch (source0, destination + to).x : 0.0);
      return;
    }

  const int x = i % small_width;
  const int y = i / small_width;
  if (y >= small_height)
    return;
  [[unroll]] for (int a = 0; a < 4; a++)
    {
      const int row = source + (image * height + clamp (2 * y + a - 1, 0, height - 1)) * width;
      float across = 0.0;
      [[unroll]] for (int b = 0; b < 4; b++)
        across += taps[b] * texelFetch (source0, row + clamp (2 * x + b - 1, 0, width - 1)).x;
      sum += taps[a] * across;
    }
  out_floats[image * small_width * small_height + i] = sum;
}
