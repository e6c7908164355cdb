#version 450
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Upsampling by two: nearest, or bilinear at half-pixel centres with the edge continued (three quarters of the nearer
// pixel and a quarter of the next, first along the row, then down the column). STEPS > 1: bilinear by 2^STEPS at once.
#extension GL_GOOGLE_include_directive : enable
#include "common.glsl"
#include "pyramid.glsl"

layout (constant_id = 2) const int HALF = 0;
layout (constant_id = 3) const int PLANAR = 0;
layout (constant_id = 4) const int BILINEAR = 0;
layout (constant_id = 5) const int STEPS = 1;

layout (binding = 0) uniform samplerBuffer source; // planar bilinear: float by float
#include "store.glsl"

vec4
fetch (int plane, int x, int y, ivec2 extent, ivec2 origin)
{
  const ivec2 at = clamp (ivec2 (x, y), ivec2 (0), extent - 1) - origin;
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
  const int to = push.dst.base + z * push.dst.plane + at.y * push.dst.pitch + at.x;
  const ivec2 extent = ivec2 (push.a0, push.a1); // of the coarser level
  const ivec2 coarse_origin = tile_origin (push.level + STEPS);
  const ivec2 origin = tile_origin (push.level);
  const int unit = PLANAR != 0 ? 4 : 1;
  const ivec2 last = ivec2 ((push.width - 1) & ~(unit - 1), push.height - 1);
  const ivec2 g = clamp (ivec2 (at.x * unit, at.y) + origin, ivec2 (0), last);
  vec4 value;
  if (PLANAR != 0 && BILINEAR != 0 && STEPS > 1)
    value = magnify4 (source, push.src0, STEPS, z, g, extent, coarse_origin);
  else if (PLANAR != 0 && BILINEAR != 0)
    value = expand4 (source, push.src0, PYRAMID_QUAD, z, g, extent, coarse_origin);
  else if (PLANAR != 0)
    {
      const int x = (g.x >> 1) - coarse_origin.x;
      const vec4 four = texelFetch (source, push.src0.base + z * push.src0.plane
                                              + ((g.y >> 1) - coarse_origin.y) * push.src0.pitch + (x >> 2));
      value = (x & 3) == 0 ? four.xxyy : four.zzww;
    }
  else if (BILINEAR == 0)
    value = fetch (z, g.x >> 1, g.y >> 1, extent, coarse_origin);
  else
    {
      const ivec2 near = g >> 1;
      const ivec2 far = near + 2 * (g & 1) - 1;
      const vec4 mid = 0.75 * fetch (z, near.x, near.y, extent, coarse_origin)
                       + 0.25 * fetch (z, far.x, near.y, extent, coarse_origin);
      const vec4 other = 0.75 * fetch (z, near.x, far.y, extent, coarse_origin)
                         + 0.25 * fetch (z, far.x, far.y, extent, coarse_origin);
      value = 0.75 * mid + 0.25 * other;
    }

  store4 (to, value);
}
