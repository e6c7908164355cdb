#version 450
// SPDX-License-Identifier: GPL-3.0-or-later
//
// One row of one plane of features: the sum over its pixels and four channels of the squared Laplacian, which is the mean of the
// eight neighbours, zero outside, less the pixel.
#extension GL_GOOGLE_include_directive : enable
#include "train.glsl"

void
main ()
{
  const int source = push.a[0], width = push.a[1], height = push.a[2], pitch = push.a[3], n = push.a[4];
  const int i = linear_index ();
  const int y = i % height;
  const int from = source + i / height * height * pitch;
  float sum = 0.0;

  if (i >= n)
    return;
  for (int x = 0; x < width; x++)
    {
      vec4 value = vec4 (0.0);
      for (int b = max (y - 1, 0); b <= min (y + 1, height - 1); b++)
        for (int a = max (x - 1, 0); a <= min (x + 1, width - 1); a++)
          value += texelFetch (source0, from + b * pitch + a) * (a == x && b == y ? -1.0 : 0.125);
      sum += dot (value, value);
    }
  out_floats[i] = sum;
}
