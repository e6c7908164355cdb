#version 450
// SPDX-License-Identifier: GPL-3.0-or-later
//
// A fixed-point sum becomes floats, in place; divided by the one in WEIGHT_PLANE unless that is 0.
#extension GL_GOOGLE_include_directive : enable
#include "common.glsl"

layout (constant_id = 2) const int WEIGHT_PLANE = 0;

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

  const int first = push.dst.base + (texel.y + push.ry) * push.dst.pitch + texel.x + push.rx;
  const int to = first + z * push.dst.plane;
  vec4 value = vec4 (sums[to]) * intBitsToFloat (push.a0);
  if (WEIGHT_PLANE != 0)
    value = ratio (value, vec4 (sums[first + WEIGHT_PLANE * push.dst.plane]) * intBitsToFloat (push.a1));
  values[to] = value;
}
