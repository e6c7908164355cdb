#version 450
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Across the set: the maximum of the first channels, the mean or (SUMS) the sum of the others.
#extension GL_GOOGLE_include_directive : enable
#include "train.glsl"

layout (constant_id = 1) const int SUMS = 0;

void
main ()
{
  const int source = push.a[0], texels = push.a[1], n = push.a[2], plane_texels = push.a[3], n_max = push.a[4];
  const int i = int (gl_GlobalInvocationID.x);
  const int set = int (gl_GlobalInvocationID.y);
  const int from = source + set * n * texels + i;

  if (i >= texels)
    return;

  vec4 largest = texelFetch (source0, from);
  vec4 sum = largest;
  for (int k = 1; k < n; k++)
    {
      const vec4 x = texelFetch (source0, from + k * texels);
      largest = max (largest, x);
      sum += x;
    }
  out_texels[set * texels + i] = mix (SUMS != 0 ? sum : sum / float (n), largest,
                                      lessThan (ivec4 (0, 1, 2, 3) + i / plane_texels * 4, ivec4 (n_max)));
}
