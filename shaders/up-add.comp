#version 450
// SPDX-License-Identifier: GPL-3.0-or-later
//
// fine + sign · up (coarse): a Laplacian band (sign −1) or one step of its collapse (sign 1).
#extension GL_GOOGLE_include_directive : enable
#include "common.glsl"
#include "pyramid.glsl"

layout (constant_id = 2) const int PYRAMID = 0;
const int HALF = 0;

layout (binding = 0) uniform samplerBuffer fine;
layout (binding = 1) uniform samplerBuffer coarse;
#include "store.glsl"

void
main ()
{
  const int z = int (gl_GlobalInvocationID.z);
  const ivec2 texel = ivec2 (gl_GlobalInvocationID.xy);
  if (texel.x >= push.rw || texel.y >= push.rh)
    return;

  const ivec2 at = texel + ivec2 (push.rx, push.ry);
  const ivec2 last = ivec2 ((push.width - 1) & ~3, push.height - 1);
  const ivec2 g = clamp (ivec2 (at.x * 4, at.y) + tile_origin (push.level), ivec2 (0), last);
  const vec4 up = expand4 (coarse, push.src1, PYRAMID, z, g, ivec2 (push.a0, push.a1), tile_origin (push.level + 1));
  const vec4 x = texelFetch (fine, push.src0.base + z * push.src0.plane + at.y * push.src0.pitch + at.x);

  store4 (push.dst.base + z * push.dst.plane + at.y * push.dst.pitch + at.x, x + intBitsToFloat (push.a2) * up);
}
