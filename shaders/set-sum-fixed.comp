#version 450
// SPDX-License-Identifier: GPL-3.0-or-later
//
// The running fixed-point sum over the set, one source after another.
#extension GL_GOOGLE_include_directive : enable
#include "common.glsl"
#include "fixed.glsl"

layout (binding = 0) uniform samplerBuffer source;

void
main ()
{
  const int z = int (gl_GlobalInvocationID.z);
  const ivec2 texel = ivec2 (gl_GlobalInvocationID.xy);
  if (texel.x >= push.rw || texel.y >= push.rh)
    return;

  const ivec2 at = texel + ivec2 (push.rx, push.ry);
  const bool first = push.a0 < 0 ? tile.first != 0 : push.a0 != 0;
  const vec4 term = texelFetch (source, push.src0.base + z * push.src0.plane + at.y * push.src0.pitch + at.x);
  accumulate (z, at, to_fixed (term, intBitsToFloat (push.a1), push.a2), first);
}
