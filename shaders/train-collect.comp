#version 450
// SPDX-License-Identifier: GPL-3.0-or-later
//
// The end of SSIM's way back: dx (+)= a + 2·x·b + Σ y·c, of the filtered derivatives by the means of x, x² and x·y.
#extension GL_GOOGLE_include_directive : enable
#include "train.glsl"

layout (constant_id = 1) const int ACCUMULATE = 0;

void
main ()
{
  const int fused = push.a[0], sources = push.a[1], stack = push.a[2], gradient = push.a[3], pixels = push.a[4];
  const int n_sets = push.a[5], n = push.a[6];
  const int i = int (gl_GlobalInvocationID.x);
  const int set = int (gl_GlobalInvocationID.y);
  const int at = set * pixels + i;

  if (i >= pixels)
    return;

  float sum = texelFetch (source0, stack + at).x;
  sum += 2.0 * texelFetch (source0, fused + at).x * texelFetch (source0, stack + n_sets * pixels + at).x;
  for (int k = 0; k < n; k++)
    {
      const int member = (set * n + k) * pixels + i;
      sum += texelFetch (source0, sources + member).x * texelFetch (source0, stack + 2 * n_sets * pixels + member).x;
    }
  if (ACCUMULATE != 0)
    sum += texelFetch (source0, gradient + at).x;
  out_floats[at] = sum;
}
