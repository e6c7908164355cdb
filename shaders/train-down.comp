#version 450
// SPDX-License-Identifier: GPL-3.0-or-later
//
// One level down a pyramid: [1 3 3 1]/8 in both directions, every second pixel, the edge repeated.
#extension GL_GOOGLE_include_directive : enable
#include "train.glsl"

void
main ()
{
  const int source = push.a[0], width = push.a[1], height = push.a[2];
  const int small_width = (width + 1) / 2, small_height = (height + 1) / 2;
  const int i = int (gl_GlobalInvocationID.x);
  const int image = int (gl_GlobalInvocationID.y);
  const int x = i % small_width;
  const int y = i / small_width;
  const float taps[4] = float[4] (0.125, 0.375, 0.375, 0.125);
  float sum = 0.0;

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
