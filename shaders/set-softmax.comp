#version 450
// SPDX-License-Identifier: GPL-3.0-or-later
//
// exp (x_k − max) / Σ exp (x_j − max) over the set: the maximum by the total order and the sum in fixed point, so that the
// members' order cannot show. Writes the members push.a4 … push.a4 + push.a5 − 1.
#extension GL_GOOGLE_include_directive : enable
#include "common.glsl"

layout (constant_id = 2) const int HALF = 0;

layout (binding = 0) uniform samplerBuffer source;
#include "store.glsl"

void
main ()
{
  const int z = int (gl_GlobalInvocationID.z);
  const ivec2 texel = ivec2 (gl_GlobalInvocationID.xy);
  if (texel.x >= push.rw || texel.y >= push.rh)
    return;

  const ivec2 at = texel + ivec2 (push.rx, push.ry);
  const int from = push.src0.base + z * push.src0.plane + at.y * push.src0.pitch + at.x;
  const int to = push.dst.base + z * push.dst.plane + at.y * push.dst.pitch + at.x;
  const int n = push.a0;
  const int stride = push.a1;
  const float one = float (1 << push.a3); // n terms of at most this stay inside 31 bits
  vec4 largest = texelFetch (source, from);
  for (int k = 1; k < n; k++)
    largest = max_ordered4 (largest, texelFetch (source, from + k * stride));

  ivec4 sum = ivec4 (0);
  for (int k = 0; k < n; k++)
    sum += ivec4 (roundEven (min (exp (texelFetch (source, from + k * stride) - largest), vec4 (1.0)) * one));

  const vec4 whole = vec4 (sum) / one;
  for (int k = 0; k < push.a5; k++)
    {
      vec4 value = min (exp (texelFetch (source, from + (push.a4 + k) * stride) - largest), vec4 (1.0)) / whole;
      // The padding channels of a C4 tensor stay zero.
      if (push.a6 >= 0)
        value = mix (vec4 (0.0), value, lessThan (ivec4 (0, 1, 2, 3) + 4 * (z + push.a9), ivec4 (push.a6)));
      store4 (to + k * push.a2, value);
    }
}
