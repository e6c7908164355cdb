#version 450
// SPDX-License-Identifier: GPL-3.0-or-later
//
// A fixed-point sum becomes floats, in place.
#extension GL_GOOGLE_include_directive : enable
#include "common.glsl"

layout (std430, binding = 4) buffer Sums
{
  ivec4 sums[];
};
layout (std430, binding = 4) buffer Values
{
  vec4 values[];
};

void
main ()
{
  const int z = int (gl_GlobalInvocationID.z);
  const ivec2 texel = ivec2 (gl_GlobalInvocationID.xy);
  if (texel.x >= push.rw || texel.y >= push.rh)
    return;

  const int to = push.dst.base + z * push.dst.plane + (texel.y + push.ry) * push.dst.pitch + texel.x + push.rx;
  values[to] = vec4 (sums[to]) * intBitsToFloat (push.a0);
}
