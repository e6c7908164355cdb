#version 450
// SPDX-License-Identifier: GPL-3.0-or-later
//
// A constant per plane.
#extension GL_GOOGLE_include_directive : enable
#include "common.glsl"

const int HALF = 0;

layout (binding = 7) uniform samplerBuffer weights;
#include "store.glsl"

void
main ()
{
  const int z = int (gl_GlobalInvocationID.z) + push.a9;
  const ivec2 texel = ivec2 (gl_GlobalInvocationID.xy);
  if (texel.x >= push.rw || texel.y >= push.rh)
    return;

  const vec4 value = vec4 (texelFetch (weights, push.a0 + (z >> 2))[z & 3]);
  store4 (push.dst.base + int (gl_GlobalInvocationID.z) * push.dst.plane + (texel.y + push.ry) * push.dst.pitch
            + texel.x + push.rx,
          value);
}
