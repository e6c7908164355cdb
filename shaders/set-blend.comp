#version 450
// SPDX-License-Identifier: GPL-3.0-or-later
//
// weight · (fine − up (coarse)) added to the running fixed-point sum over the set: Laplacian-pyramid blending in one pass
// over each source (Burt and Adelson 1983; Mertens et al. 2007, §3.2).
#extension GL_GOOGLE_include_directive : enable
#include "common.glsl"
#include "pyramid.glsl"
#include "fixed.glsl"

layout (constant_id = 2) const int PYRAMID = 0;
layout (constant_id = 3) const int HAS_COARSE = 1;

layout (binding = 0) uniform samplerBuffer weight;
layout (binding = 1) uniform samplerBuffer fine;
layout (binding = 2) uniform samplerBuffer coarse;

void
main ()
{
  const int z = int (gl_GlobalInvocationID.z);
  const ivec2 texel = ivec2 (gl_GlobalInvocationID.xy);
  if (texel.x >= push.rw || texel.y >= push.rh)
    return;

  const ivec2 at = texel + ivec2 (push.rx, push.ry);
  const bool first = push.a0 < 0 ? tile.first != 0 : push.a0 != 0;
  vec4 band = texelFetch (fine, push.src1.base + z * push.src1.plane + at.y * push.src1.pitch + at.x);
  if (HAS_COARSE != 0)
    {
      const ivec2 last = ivec2 ((push.width - 1) & ~3, push.height - 1);
      const ivec2 g = clamp (ivec2 (at.x * 4, at.y) + tile_origin (push.level), ivec2 (0), last);
      band -= expand4 (coarse, push.src2, PYRAMID, z, g, ivec2 (push.a3, push.a4), tile_origin (push.level + 1));
    }

  const vec4 w = texelFetch (weight, push.src0.base + at.y * push.src0.pitch + at.x);
  accumulate_fixed (push.dst.base + z * push.dst.plane + at.y * push.dst.pitch + at.x, w * band,
                    intBitsToFloat (push.a1), push.a2, first);
}
