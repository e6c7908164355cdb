#version 450
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Σ w · (fine − up (coarse)) / Σ w over all members of the set at once, w = exp (score − largest score): what set-blend and
// band-weight make of one source after another, with the same bits, without weights and sums in memory. PACK adds the
// bands below, expanded, and writes the result's samples: what up-add and pack make of it. An invocation makes two texels
// of two rows, of one plane or of three.
#extension GL_GOOGLE_include_directive : enable
#include "common.glsl"
#include "picture.glsl"
#include "pyramid.glsl"
#include "fixed.glsl"

layout (constant_id = 6) const int PYRAMID = 0;
layout (constant_id = 7) const int HAS_COARSE = 1;
layout (constant_id = 8) const int PLANES = 3;
layout (constant_id = 9) const int PACK = 0;
layout (constant_id = 10) const int STORE = 0;
const int HALF = 0;
const int OUT_CHANNELS = PLANES;

layout (binding = 1) uniform samplerBuffer scores;
layout (binding = 2) uniform samplerBuffer coarse;
layout (binding = 7) uniform samplerBuffer below; // PACK
#include "store.glsl"
#include "pack.glsl"

// Four pixels of all planes, and what they count.
struct Totals
{
  ivec4 a, b, c, weight;
};

Block
expand (int k, int z, ivec2 g)
{
  if (HAS_COARSE == 0)
    return Block (vec4 (0.0), vec4 (0.0), vec4 (0.0), vec4 (0.0));
  View view = push.src2;
  view.base += k * push.src3.base;
  return expand_block (coarse, view, PYRAMID, z, g, ivec2 (push.a3, push.a4), tile_origin (push.level + 1));
}

vec4
score_at (int k, ivec2 at)
{
  return texelFetch (scores, push.src1.base + k * push.a8 + at.y * push.src1.pitch + at.x);
}

vec4
largest_at (ivec2 at)
{
  vec4 most = score_at (0, at);
  for (int k = 1; k < push.a0; k++)
    most = max (most, score_at (k, at));
  return most;
}

#ifdef SAMPLES
// `texel` is even.
void
read_row (int y, int texel, int left, int right, out Pixels one, out Pixels two)
{
  pixels_pair (y, texel, one, two);
}
#else
Pixels
read_texel (int y, int texel)
{
  if (PLANES == 3)
    return colour (y, texel);
  return pixels (0, y, texel);
}

void
read_row (int y, int texel, int left, int right, out Pixels one, out Pixels two)
{
  one = read_texel (y, left);
  two = read_texel (y, right);
}
#endif

Totals
add (Totals sums, int k, ivec2 at, vec4 most, Pixels fine, Pixels up)
{
  const float grid = intBitsToFloat (push.a1);
  const vec4 w = exp (min (score_at (k, at) - most, vec4 (0.0)));
  sums.weight += to_fixed (w, float (1 << push.a2), push.a2);
  sums.a += to_fixed (w * (fine.a - up.a), grid, push.a2);
  if (PLANES == 3)
    {
      sums.b += to_fixed (w * (fine.b - up.b), grid, push.a2);
      sums.c += to_fixed (w * (fine.c - up.c), grid, push.a2);
    }
  return sums;
}

Block
expand_below (int z, ivec2 g)
{
  const View view = View (push.a9, push.src1.plane, push.dst.plane);
  return expand_block (below, view, PYRAMID, z, g, ivec2 (push.a3, push.a4), tile_origin (push.level + 1));
}

vec4
collapse (vec4 band, vec4 up)
{
  precise const vec4 value = band + up;
  return value;
}

void
put (ivec2 at, Totals sums, Pixels up)
{
  // An odd first texel has a neighbour that is not ours.
  if (at.x < push.a5 || at.x >= push.a6 || at.y >= push.ry + push.rh)
    return;

  const vec4 weight = vec4 (sums.weight) * intBitsToFloat (push.src3.plane);
  const float unit = intBitsToFloat (push.src3.pitch);
  Pixels made;
  made.a = ratio (vec4 (sums.a) * unit, weight);
  if (PLANES == 3)
    {
      made.b = ratio (vec4 (sums.b) * unit, weight);
      made.c = ratio (vec4 (sums.c) * unit, weight);
    }
  if (PACK != 0)
    {
      made = Pixels (collapse (made.a, up.a), collapse (made.b, up.b), collapse (made.c, up.c));
      [[unroll]] for (int i = 0; i < 4; i++)
        {
          values[i * PLANES] = made.a[i];
          if (PLANES == 3)
            {
              values[i * PLANES + 1] = made.b[i];
              values[i * PLANES + 2] = made.c[i];
            }
        }
      pack (push.dst.base + at.y * push.dst.pitch + at.x * packed_words ());
      return;
    }

  const int to = push.dst.base + at.y * push.dst.pitch + at.x;
  store4 (to, made.a);
  if (PLANES == 3)
    {
      store4 (to + push.dst.plane, made.b);
      store4 (to + 2 * push.dst.plane, made.c);
    }
}

void
main ()
{
  const ivec2 block = 2 * ivec2 (gl_GlobalInvocationID.xy);
  if (block.x >= push.rw || block.y >= push.rh)
    return;

  const ivec2 at = block + ivec2 (push.rx, push.ry);
  const ivec2 last = ivec2 ((push.width - 1) & ~7, (push.height - 1) & ~1);
  const ivec2 g = clamp (ivec2 (at.x * 4, at.y) + tile_origin (push.level), ivec2 (0), last);
  // What is not ours is read where something is.
  const ivec2 low = clamp (at, ivec2 (push.a5, push.ry), ivec2 (push.a6 - 1, push.ry + push.rh - 1));
  const ivec2 high = clamp (at + 1, ivec2 (push.a5, push.ry), ivec2 (push.a6 - 1, push.ry + push.rh - 1));
  const ivec2 at1 = ivec2 (high.x, low.y);
  const ivec2 at2 = ivec2 (low.x, high.y);
  const vec4 most0 = largest_at (low);
  const vec4 most1 = largest_at (at1);
  const vec4 most2 = largest_at (at2);
  const vec4 most3 = largest_at (high);
  const Totals none = Totals (ivec4 (0), ivec4 (0), ivec4 (0), ivec4 (0));
  Totals sums0 = none;
  Totals sums1 = none;
  Totals sums2 = none;
  Totals sums3 = none;

  for (int k = 0; k < push.a0; k++)
    {
      member = k * push.a7;
      const Block a = expand (k, 0, g);
      Block b = a;
      Block c = a;
      if (PLANES == 3)
        {
          b = expand (k, 1, g);
          c = expand (k, 2, g);
        }

      Pixels fine0, fine1, fine2, fine3;
      read_row (low.y, at.x, low.x, high.x, fine0, fine1);
      read_row (high.y, at.x, low.x, high.x, fine2, fine3);
      sums0 = add (sums0, k, low, most0, fine0, Pixels (a.a, b.a, c.a));
      sums1 = add (sums1, k, at1, most1, fine1, Pixels (a.b, b.b, c.b));
      sums2 = add (sums2, k, at2, most2, fine2, Pixels (a.c, b.c, c.c));
      sums3 = add (sums3, k, high, most3, fine3, Pixels (a.d, b.d, c.d));
    }

  Block a = Block (vec4 (0.0), vec4 (0.0), vec4 (0.0), vec4 (0.0));
  Block b = a;
  Block c = a;
  if (PACK != 0)
    {
      a = expand_below (0, g);
      if (PLANES == 3)
        {
          b = expand_below (1, g);
          c = expand_below (2, g);
        }
    }
  put (at, sums0, Pixels (a.a, b.a, c.a));
  put (at + ivec2 (1, 0), sums1, Pixels (a.b, b.b, c.b));
  put (at + ivec2 (0, 1), sums2, Pixels (a.c, b.c, c.c));
  put (at + ivec2 (1, 1), sums3, Pixels (a.d, b.d, c.d));
}
