#version 450
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Pooling by 2×2. A last odd row or column stands for its missing neighbour too: the maximum is the same, and so are the
// bits of the mean, (2a + 2b)/4 being (a + b)/2.
#extension GL_GOOGLE_include_directive : enable
#include "common.glsl"

layout (constant_id = 2) const int HALF = 0;
layout (constant_id = 3) const int PLANAR = 0;
layout (constant_id = 4) const int TAKE_MAX = 0;

layout (binding = 0) uniform samplerBuffer source;
#include "store.glsl"

vec4
pool (vec4 a, vec4 b, vec4 c, vec4 d)
{
  if (TAKE_MAX != 0)
    return max_ordered4 (max_ordered4 (a, b), max_ordered4 (c, d));
  return ((a + b) + (c + d)) * 0.25;
}

// Fine pixels 2 g.x … 2 g.x + 7 of one row of a planar tensor, as pairs.
void
row_pairs (int row, ivec2 g, ivec2 extent, int origin, out vec4 even, out vec4 odd)
{
  const int first = (2 * g.x - origin) >> 2;
  const int last = (((extent.x - 1) & ~3) - origin) >> 2;
  const vec4 a = texelFetch (source, row + first);
  const vec4 b = texelFetch (source, row + min (first + 1, last));
  even = vec4 (a.xz, b.xz);
  odd = mix (even, vec4 (a.yw, b.yw), lessThan (2 * g.x + ivec4 (1, 3, 5, 7), ivec4 (extent.x)));
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
  const ivec2 extent = ivec2 (push.a0, push.a1); // of the finer level
  const ivec2 fine_origin = tile_origin (push.level - 1);
  const int plane = push.src0.base + z * push.src0.plane;
  const ivec2 origin = tile_origin (push.level);
  const int unit = PLANAR != 0 ? 4 : 1;
  const ivec2 last = ivec2 ((push.width - 1) & ~(unit - 1), push.height - 1);
  const ivec2 g = clamp (ivec2 (at.x * unit, at.y) + origin, ivec2 (0), last);
  const int row0 = plane + (2 * g.y - fine_origin.y) * push.src0.pitch;
  const int row1 = plane + (min (2 * g.y + 1, extent.y - 1) - fine_origin.y) * push.src0.pitch;
  if (PLANAR != 0)
    {
      vec4 a, b, c, d;
      row_pairs (row0, g, extent, fine_origin.x, a, b);
      row_pairs (row1, g, extent, fine_origin.x, c, d);
      store4 (to, pool (a, b, c, d));
      return;
    }

  const int x0 = 2 * g.x - fine_origin.x;
  const int x1 = min (2 * g.x + 1, extent.x - 1) - fine_origin.x;
  store4 (to, pool (texelFetch (source, row0 + x0), texelFetch (source, row0 + x1), texelFetch (source, row1 + x0),
                    texelFetch (source, row1 + x1)));
}
