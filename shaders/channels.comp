#version 450
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Output channel c is input channel indices[c], between any two layouts. One invocation makes one texel, or the same four
// pixels of four channels where the layout changes to C4. The padding channels of a C4 tensor stay zero.
#extension GL_GOOGLE_include_directive : enable
#include "common.glsl"

layout (constant_id = 2) const int HALF = 0;
layout (constant_id = 3) const int PLANAR_IN = 0;
layout (constant_id = 4) const int PLANAR_OUT = 0;

layout (binding = 0) uniform samplerBuffer source;
layout (binding = 7) uniform samplerBuffer weights; // the indices as floats, at push.a0
#include "store.glsl"

// The input channel of output channel `c`, −1 for padding.
int
index_of (int c)
{
  return c < push.a1 ? int (texelFetch (weights, push.a0 + (c >> 2))[c & 3]) : -1;
}

vec4
fetch (int plane, ivec2 at)
{
  return texelFetch (source, push.src0.base + plane * push.src0.plane + at.y * push.src0.pitch + at.x);
}

void
main ()
{
  const int z = int (gl_GlobalInvocationID.z);
  const ivec2 texel = ivec2 (gl_GlobalInvocationID.xy);
  if (texel.x >= push.rw || texel.y >= push.rh)
    return;

  const ivec2 at = texel + ivec2 (push.rx, push.ry);
  const int to = push.dst.base + z * push.dst.plane + at.y * push.dst.pitch;
  if (PLANAR_OUT != 0)
    {
      const int c = index_of (z);
      vec4 value;
      if (PLANAR_IN != 0)
        value = fetch (c, at);
      else
        [[unroll]] for (int i = 0; i < 4; i++)
          value[i] = fetch (c >> 2, ivec2 (at.x * 4 + i, at.y))[c & 3];
      store4 (to + at.x, value);
      return;
    }

  vec4 value[4] = vec4[4] (vec4 (0.0), vec4 (0.0), vec4 (0.0), vec4 (0.0));
  [[unroll]] for (int q = 0; q < 4; q++)
    {
      const int c = index_of (4 * z + q);
      if (c < 0)
        continue;
      if (PLANAR_IN != 0)
        {
          const vec4 four = fetch (c, at);
          [[unroll]] for (int i = 0; i < 4; i++)
            value[i][q] = four[i];
        }
      else
        value[0][q] = fetch (c >> 2, at)[c & 3];
    }

  if (PLANAR_IN != 0)
    [[unroll]] for (int i = 0; i < 4; i++)
      store4 (to + at.x * 4 + i, value[i]);
  else
    store4 (to + at.x, value[0]);
}
