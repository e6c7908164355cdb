#version 450
// SPDX-License-Identifier: GPL-3.0-or-later
//
// The squared Laplacian of maps: the mean of the eight neighbours, zero outside, less the pixel.
#extension GL_GOOGLE_include_directive : enable
#include "train.glsl"

void
main ()
{
  const int source = push.a[0], width = push.a[1], height = push.a[2];
  const int i = int (gl_GlobalInvocationID.x);
  const int image = int (gl_GlobalInvocationID.y);
  const int x = i % width;
  const int y = i / width;
  const int from = source + image * width * height;
  float sum = 0.0;

  if (y >= height)
    return;
  for (int b = -1; b <= 1; b++)
    for (int a = -1; a <= 1; a++)
      {
        const bool inside = x + a >= 0 && x + a < width && y + b >= 0 && y + b < height;
        const float value = texelFetch (source0, inside ? from + (y + b) * width + x + a : 0).x;
        sum += inside ? value * (a == 0 && b == 0 ? -1.0 : 0.125) : 0.0;
      }
  out_floats[image * width * height + i] = sum * sum;
}
