#version 450
// SPDX-License-Identifier: GPL-3.0-or-later
//
// What SSIM averages over its windows, as one stack of maps: x, x² of every fused picture, then y, y² and x·y of every source.
#extension GL_GOOGLE_include_directive : enable
#include "train.glsl"

void
main ()
{
  const int fused = push.a[0], sources = push.a[1], pixels = push.a[2], n_sets = push.a[3], n = push.a[4];
  const int i = int (gl_GlobalInvocationID.x);
  const int set = int (gl_GlobalInvocationID.y);
  const float x = texelFetch (source0, fused + set * pixels + i).x;

  if (i >= pixels)
    return;
  out_floats[set * pixels + i] = x;
  out_floats[(n_sets + set) * pixels + i] = x * x;
  for (int k = 0; k < n; k++)
    {
      const int member = set * n + k;
      const float y = texelFetch (source0, sources + member * pixels + i).x;
      out_floats[(2 * n_sets + member) * pixels + i] = y;
      out_floats[(2 * n_sets + n_sets * n + member) * pixels + i] = y * y;
      out_floats[(2 * n_sets + 2 * n_sets * n + member) * pixels + i] = x * y;
    }
}
