#version 450
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Backward through the pooling over the set and the activation before it, in place: what came back to a member itself, and
// its share of what came back to the pool, times the activation's slope. Members that share a maximum share its gradient
// equally. The sum over the set is what a convolution of the set's own part gets.
#extension GL_GOOGLE_include_directive : enable
#include "train.glsl"

layout (constant_id = 1) const int OWN = 1;    // the members' gradients hold something already
layout (constant_id = 2) const int POOLED = 1; // there is a pool
layout (constant_id = 3) const int SUM = 1;    // write the sum
layout (constant_id = 4) const int SUMS = 0;   // what is not a maximum in the pool is a sum, else a mean

void
main ()
{
  const int features = push.a[0], gradients = push.a[1], pool = push.a[2], pool_gradient = push.a[3];
  const int texels = push.a[4], n = push.a[5], plane_texels = push.a[6], n_max = push.a[7];
  const float slope = push_float (8);
  const int i = int (gl_GlobalInvocationID.x);
  const int set = int (gl_GlobalInvocationID.y);
  const int first = set * n * texels + i;

  if (i >= texels)
    return;

  const bvec4 is_max = lessThan (ivec4 (0, 1, 2, 3) + i / plane_texels * 4, ivec4 (n_max));
  vec4 largest = vec4 (0.0), share = vec4 (0.0);
  if (POOLED != 0)
    {
      vec4 count = vec4 (0.0);
      largest = texelFetch (source0, pool + set * texels + i);
      for (int k = 0; k < n; k++)
        count += mix (vec4 (0.0), vec4 (1.0), equal (texelFetch (source0, features + first + k * texels), largest));
      share = texelFetch (source0, pool_gradient + set * texels + i) / mix (vec4 (SUMS != 0 ? 1 : n), max (count, vec4 (1.0)), is_max);
    }

  vec4 sum = vec4 (0.0);
  for (int k = 0; k < n; k++)
    {
      const vec4 x = texelFetch (source0, features + first + k * texels);
      vec4 g = OWN != 0 ? texelFetch (source0, gradients + first + k * texels) : vec4 (0.0);
      if (POOLED != 0)
        g += mix (share, mix (vec4 (0.0), share, equal (x, largest)), is_max);
      g *= mix (vec4 (slope), vec4 (1.0), greaterThan (x, vec4 (0.0)));
      out_texels[first + k * texels] = g;
      sum += g;
    }
  if (SUM != 0)
    more_texels[set * texels + i] = sum;
}
