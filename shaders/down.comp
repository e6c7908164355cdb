#version 450
// SPDX-License-Identifier: GPL-3.0-or-later
//
// One level down a pyramid: a separable low-pass and every second pixel, four output pixels at once. Away from the edges
// whole texels are read; the values and their order are the same.
#extension GL_GOOGLE_include_directive : enable
#include "common.glsl"
#include "pyramid.glsl"

layout (constant_id = 2) const int PYRAMID = 0;
const int HALF = 0;

layout (binding = 0) uniform samplerBuffer source;       // float by float
layout (binding = 1) uniform samplerBuffer source_texel; // the same memory, four floats at once
#include "store.glsl"

const int KIND = PYRAMID == PYRAMID_BURT ? BOUNDARY_SYMMETRIC : BOUNDARY_REPLICATE;

vec4
narrow (float x[12])
{
  // x[k] is the fine pixel 2 g.x − 2 + k
  vec4 value;
  [[unroll]] for (int i = 0; i < 4; i++)
    value[i] = PYRAMID == PYRAMID_BURT
                 ? (x[2 * i] + x[2 * i + 4]) * 0.0625 + (x[2 * i + 1] + x[2 * i + 3]) * 0.25 + x[2 * i + 2] * 0.375
                 : (x[2 * i + 1] + x[2 * i + 4]) * 0.125 + (x[2 * i + 2] + x[2 * i + 3]) * 0.375;
  return value;
}

vec4
row_at (int plane, int gy, ivec2 g, ivec2 extent, ivec2 origin)
{
  const int y = boundary (KIND, gy, extent.y) - origin.y;
  const int row = push.src0.base + plane * push.src0.plane + y * push.src0.pitch;
  float x[12];
  if (g.x >= 2 && 2 * g.x + 12 <= extent.x)
    {
      const int texel = push.src1.base + plane * push.src1.plane + y * push.src1.pitch + ((2 * g.x - origin.x) >> 2);
      const vec4 a = texelFetch (source_texel, texel - 1);
      const vec4 b = texelFetch (source_texel, texel);
      const vec4 c = texelFetch (source_texel, texel + 1);
      const vec4 d = texelFetch (source_texel, texel + 2);
      x = float[12] (a.z, a.w, b.x, b.y, b.z, b.w, c.x, c.y, c.z, c.w, d.x, d.y);
    }
  else
    [[unroll]] for (int k = 0; k < 12; k++)
      x[k] = texelFetch (source, row + boundary (KIND, 2 * g.x - 2 + k, extent.x) - origin.x).x;
  return narrow (x);
}

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
  const ivec2 extent = ivec2 (push.a0, push.a1);
  const ivec2 origin = tile_origin (push.level - 1);
  const int y = 2 * g.y;
  vec4 value;
  if (PYRAMID == PYRAMID_BURT)
    value = (row_at (z, y - 2, g, extent, origin) + row_at (z, y + 2, g, extent, origin)) * 0.0625
            + (row_at (z, y - 1, g, extent, origin) + row_at (z, y + 1, g, extent, origin)) * 0.25
            + row_at (z, y, g, extent, origin) * 0.375;
  else
    value = (row_at (z, y - 1, g, extent, origin) + row_at (z, y + 2, g, extent, origin)) * 0.125
            + (row_at (z, y, g, extent, origin) + row_at (z, y + 1, g, extent, origin)) * 0.375;

  store4 (push.dst.base + z * push.dst.plane + at.y * push.dst.pitch + at.x, value);
}
