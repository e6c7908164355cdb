#version 450
// SPDX-License-Identifier: GPL-3.0-or-later
//
// The tile's part of a tensor that another plan made of the whole picture, four pixels at once. Where the tile reaches
// beyond, the last texel stands for what no kernel counts.
#extension GL_GOOGLE_include_directive : enable
#include "common.glsl"

const int HALF = 0;

layout (binding = 0) uniform samplerBuffer whole;
#include "store.glsl"

void
main ()
{
  const int z = int (gl_GlobalInvocationID.z);
  const ivec2 texel = ivec2 (gl_GlobalInvocationID.xy);
  if (texel.x >= push.rw || texel.y >= push.rh)
    return;

  const ivec2 at = texel + ivec2 (push.rx, push.ry);
  const ivec2 origin = tile_origin (push.level);
  const ivec2 from = clamp (at + ivec2 (origin.x >> 2, origin.y), ivec2 (push.a0, push.a1), ivec2 (push.a2, push.a3));
  store4 (push.dst.base + z * push.dst.plane + at.y * push.dst.pitch + at.x,
          texelFetch (whole, push.src0.base + z * push.src0.plane + from.y * push.src0.pitch + from.x));
}
