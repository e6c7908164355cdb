#version 450
// SPDX-License-Identifier: GPL-3.0-or-later
//
// One level down a pyramid: a separable low-pass and every second pixel. An invocation makes four pixels of ROWS rows,
// which share most of their source rows.
#extension GL_GOOGLE_include_directive : enable
#include "common.glsl"
#include "picture.glsl"
#include "pyramid.glsl"

#ifdef BURT
const int PYRAMID = PYRAMID_BURT;
const int ROWS = 2;
#else
const int PYRAMID = PYRAMID_QUAD;
const int ROWS = 8;
#endif
const int HALF = 0;

#include "store.glsl"

// Whole texels are read, so an index may lie past the picture's last column `extent` − 1. At most two of those count:
// x[k] is the fine pixel `first` + k, and x[0], x[1] may lie before the first column.
void
continue_row (inout float x[12], int first, int extent)
{
  const int reach = PYRAMID == PYRAMID_BURT ? 3 : 1; // the edge is repeated, and Burt's mirrored
  [[unroll]] for (int k = 2; k < 12; k++)
    x[k] = first + k == extent ? x[k - 1] : x[k];
  x[0] = first < 0 ? x[3] : x[0];
  x[1] = first < 0 ? x[2] : x[1];
  [[unroll]] for (int k = 3; k < 12; k++)
    x[k] = first + k == extent + 1 ? x[k - reach] : x[k];
}

vec4
narrow (float x[12], int first, int extent)
{
  precise vec4 value;

  continue_row (x, first, extent);

  const vec4 b = vec4 (x[1], x[3], x[5], x[7]);
  const vec4 c = vec4 (x[2], x[4], x[6], x[8]);
  const vec4 d = vec4 (x[3], x[5], x[7], x[9]);
  const vec4 e = vec4 (x[4], x[6], x[8], x[10]);
  if (PYRAMID == PYRAMID_BURT)
    value = (vec4 (x[0], x[2], x[4], x[6]) + e) * 0.0625 + (b + d) * 0.25 + c * 0.375;
  else
    value = (b + e) * 0.125 + (c + d) * 0.375;
  return value;
}

#ifdef SAMPLES
vec4
narrow_part (Pixels p, int first, int extent)
{
  return narrow (float[12] (p.a.x, p.a.y, p.a.z, p.a.w, p.b.x, p.b.y, p.b.z, p.b.w, p.c.x, p.c.y, p.c.z, p.c.w), first,
                 extent);
}

// Of the eight fine pixels from texel `texel` on, which is even, to the coarse columns below them.
Pixels
narrow_row (int z, int y, int texel, int before, int after, int behind, int first, int extent)
{
  const Words words = words_from (word_of (y, texel) - LEAD, SPAN, GRAIN8);
  Pixels r = channel_in (words, 0);
  const Pixels g = channel_in (words, COLOURS == 3 ? 1 : 0);
  const Pixels b = channel_in (words, COLOURS == 3 ? 2 : 0);
  if (WHOLE)
    return Pixels (narrow_part (r, first, extent), narrow_part (g, first, extent), narrow_part (b, first, extent));
  if (SELECT == PLANES_LUMA && COLOURS == 3)
    r = Pixels (luma (r.a, g.a, b.a), luma (r.b, g.b, b.b), luma (r.c, g.c, b.c));

  const vec4 one = narrow_part (r, first, extent);
  return Pixels (one, one, one);
}
#else
Pixels
narrow_row (int z, int y, int texel, int before, int after, int behind, int first, int extent)
{
  const vec4 a = pixels (z, y, before).a;
  const vec4 b = pixels (z, y, texel).a;
  const vec4 c = pixels (z, y, after).a;
  const vec4 d = pixels (z, y, behind).a;
  const vec4 one = narrow (float[12] (a.z, a.w, b.x, b.y, b.z, b.w, c.x, c.y, c.z, c.w, d.x, d.y), first, extent);
  return Pixels (one, one, one);
}
#endif

// Fine row `gy` narrowed to the coarse columns g.x … g.x + 3.
Pixels
row_at (int z, int gy, ivec2 g, ivec2 extent, ivec2 origin)
{
  int y = gy;
  if (PYRAMID == PYRAMID_BURT)
    {
      y = y < 0 ? -1 - y : y;
      y = y >= extent.y ? 2 * extent.y - 1 - y : y;
    }
  y = clamp (y, 0, extent.y - 1) - origin.y;

  const int texel = (2 * g.x - origin.x) >> 2;
  const int last = (((extent.x - 1) & ~3) - origin.x) >> 2;
  return narrow_row (z, y, texel, g.x > 0 ? texel - 1 : texel, min (texel + 1, last), min (texel + 2, last),
                     2 * g.x - 2, extent.x);
}

void
store (int to, Pixels value)
{
  store4 (to, value.a);
  if (WHOLE)
    {
      store4 (to + push.dst.plane, value.b);
      store4 (to + 2 * push.dst.plane, value.c);
    }
}

vec4
burt (vec4 a, vec4 b, vec4 c, vec4 d, vec4 e)
{
  precise const vec4 value = (a + e) * 0.0625 + (b + d) * 0.25 + c * 0.375;
  return value;
}

vec4
quad (vec4 a, vec4 b, vec4 c, vec4 d)
{
  precise const vec4 value = (a + d) * 0.125 + (b + c) * 0.375;
  return value;
}

Pixels
combine_burt (Pixels v, Pixels w, Pixels x, Pixels y, Pixels z)
{
  return Pixels (burt (v.a, w.a, x.a, y.a, z.a), burt (v.b, w.b, x.b, y.b, z.b), burt (v.c, w.c, x.c, y.c, z.c));
}

Pixels
combine_quad (Pixels w, Pixels x, Pixels y, Pixels z)
{
  return Pixels (quad (w.a, x.a, y.a, z.a), quad (w.b, x.b, y.b, z.b), quad (w.c, x.c, y.c, z.c));
}

void
main ()
{
  const int z = int (gl_GlobalInvocationID.z);
  const ivec2 block = ivec2 (gl_GlobalInvocationID.xy) * ivec2 (1, ROWS);
  if (block.x >= push.rw || block.y >= push.rh)
    return;

  const ivec2 at = block + ivec2 (push.rx, push.ry);
  // Rows may lie beyond the picture, from the first of a block on: what comes of them counts for nothing.
  const ivec2 here = ivec2 (at.x * 4, at.y) + tile_origin (push.level);
  const ivec2 g = ivec2 (clamp (here.x, 0, (push.width - 1) & ~3), here.y);
  const ivec2 extent = ivec2 (push.a0, push.a1);
  const ivec2 origin = tile_origin (push.level - 1);
  const int y = 2 * g.y;
  const int to = push.dst.base + z * push.dst.plane + at.y * push.dst.pitch + at.x;
#ifdef BURT
  // Written out, since a loop that carries four rows takes twice as long to run.
  const Pixels r0 = row_at (z, y - 1, g, extent, origin);
  const Pixels r1 = row_at (z, y, g, extent, origin);
  const Pixels r2 = row_at (z, y + 1, g, extent, origin);
  const Pixels r3 = row_at (z, y + 2, g, extent, origin);
  store (to, combine_burt (row_at (z, y - 2, g, extent, origin), r0, r1, r2, r3));
  if (block.y + 1 < push.rh)
    store (to + push.dst.pitch, combine_burt (r1, r2, r3, row_at (z, y + 3, g, extent, origin),
                                              row_at (z, y + 4, g, extent, origin)));
#else
  // Two rows a turn. Written out, six of samples took a driver .4 s in every process.
  const int n = min (push.rh - block.y, ROWS);
  Pixels before0, before1;
  [[dont_unroll]] for (int i = 0; i <= n; i++)
    {
      const Pixels r0 = row_at (z, y + 2 * i - 1, g, extent, origin);
      const Pixels r1 = row_at (z, y + 2 * i, g, extent, origin);
      if (i > 0)
        store (to + (i - 1) * push.dst.pitch, combine_quad (before0, before1, r0, r1));
      before0 = r0;
      before1 = r1;
    }
#endif
}
