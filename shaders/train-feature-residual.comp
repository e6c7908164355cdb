#version 450
// SPDX-License-Identifier: GPL-3.0-or-later
//
// One row of one plane of features x against y: the sum of (x − y)² over its pixels and four channels, and the derivative by x.
#extension GL_GOOGLE_include_directive : enable
#include "train.glsl"

void
main ()
{
  const int first = push.a[0], second = push.a[1], width = push.a[2], pitch = push.a[3], n = push.a[4];
  const float value_scale = push_float (5), gradient_scale = push_float (6);
  const int i = linear_index ();
  float sum = 0.0;

  if (i >= n)
    return;
  for (int x = 0; x < pitch; x++)
    {
      const int at = i * pitch + x;
      const vec4 d = x < width ? texelFetch (source0, first + at) - texelFetch (source0, second + at) : vec4 (0.0);
      sum += dot (d, d);
      more_texels[at] = 2.0 * gradient_scale * d;
    }
  out_floats[i] = value_scale * sum;
}
