#version 450
// SPDX-License-Identifier: GPL-3.0-or-later
//
// The running maximum over the set, one source after another: exact in every order.
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
  const int to = push.dst.base + z * push.dst.plane + at.y * push.dst.pitch + at.x;
  const bool first = push.a0 < 0 ? tile.first != 0 : push.a0 != 0;
  vec4 value = texelFetch (source, push.src0.base + z * push.src0.plane + at.y * push.src0.pitch + at.x);
  if (!first)
    value = max_ordered4 (value, HALF != 0 ? vec4 (unpackHalf2x16 (out_half[to].x), unpackHalf2x16 (out_half[to].y))
                                           : out4[to]);
  store4 (to, value);
}
