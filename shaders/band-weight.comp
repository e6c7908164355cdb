#version 450
// SPDX-License-Identifier: GPL-3.0-or-later
//
// How much a source counts in a band: score = logit + gain · ln (mean of the band's magnitude over 3 × 3 + FLOOR), the edge
// continued. MAX keeps the largest score of the set, one source after another; WEIGHT makes exp (score − largest), which
// is 1 for the source of the largest score, as both have the same bits; SCORE leaves it at the score. Logit and gain may lie 2^STEPS coarser:
// bilinear. An invocation makes two texels of two rows.
#extension GL_GOOGLE_include_directive : enable
#include "common.glsl"
#include "pyramid.glsl"

const int MAX = 0;
const int WEIGHT = 1;
const int SCORE = 2;

layout (constant_id = 2) const int STAGE = 0;
layout (constant_id = 3) const int STEPS = 0;
layout (constant_id = 4) const float FLOOR = 0.002;
const int HALF = 0;

layout (binding = 0) uniform samplerBuffer magnitude;
layout (binding = 1) uniform samplerBuffer logits; // float by float where STEPS > 0, as the gains
layout (binding = 2) uniform samplerBuffer gains;
layout (binding = 3) uniform samplerBuffer largest;
#include "store.glsl"

// A plane at two rows of one texel.
struct Pair
{
  vec4 upper, lower;
};

// One coarse row, bilinear at four columns.
vec4
along_row (samplerBuffer plane, View view, int row, int gx)
{
  const int mask = (1 << STEPS) - 1;
  const vec4 t = vec4 (2 * (gx & mask) + ivec4 (0, 2, 4, 6) - mask) / float (2 << STEPS);
  const ivec2 extent = ivec2 (push.a1, push.a2);
  const ivec2 origin = tile_origin (push.level + STEPS);
  if (STEPS == 1)
    return expand_row (plane, view, PYRAMID_QUAD, 0, row, gx, extent, origin);
  return magnify_row (plane, view, 0, row, gx >> STEPS, t, extent, origin);
}

// At the texel of `at`, relative to the tile, whose first pixel is g, global, g.y even.
Pair
bring (samplerBuffer plane, View view, ivec2 at, ivec2 g)
{
  if (STEPS == 0)
    {
      const int from = view.base + at.y * view.pitch + at.x;
      return Pair (texelFetch (plane, from), texelFetch (plane, at.y + 1 < push.ry + push.rh ? from + view.pitch : from));
    }

  const int mask = (1 << STEPS) - 1;
  const float unit = 1.0 / float (2 << STEPS);
  const int row = g.y >> STEPS;
  const vec2 t = vec2 (2 * (g.y & mask) + ivec2 (0, 2) - mask) * unit;
  const vec4 mid = along_row (plane, view, row, g.x);
  const vec4 far0 = along_row (plane, view, row + (t.x < 0.0 ? -1 : 1), g.x);
  vec4 far1 = far0;
  if (STEPS == 1)
    far1 = along_row (plane, view, row + 1, g.x);
  precise const vec4 upper = (1.0 - abs (t.x)) * mid + abs (t.x) * far0;
  precise const vec4 lower = (1.0 - abs (t.y)) * mid + abs (t.y) * far1;
  return Pair (upper, lower);
}

// Sums of three rows, for the upper and the lower row of the block, at texel column `x`.
Pair
add_rows (ivec4 rows, int x)
{
  const vec4 a = texelFetch (magnitude, rows.x + x);
  const vec4 b = texelFetch (magnitude, rows.y + x);
  const vec4 c = texelFetch (magnitude, rows.z + x);
  const vec4 d = texelFetch (magnitude, rows.w + x);
  precise const vec4 upper = a + b + c;
  precise const vec4 lower = b + c + d;
  return Pair (upper, lower);
}

vec4
score (vec4 before, vec4 mid, vec4 after, int gx, vec4 logit, vec4 gain)
{
  const vec4 left = vec4 (gx > 0 ? before.w : mid.x, mid.xyz);
  const vec4 right = mix (mid, vec4 (mid.yzw, after.x), lessThan (gx + ivec4 (1, 2, 3, 4), ivec4 (push.width)));
  precise const vec4 energy = (left + mid + right) * (1.0 / 9.0);
  precise const vec4 value = logit + gain * log (energy + FLOOR);
  return value;
}

void
write (ivec2 at, vec4 value)
{
  // An odd first texel has a neighbour that is not ours.
  if (at.x < push.a5 || at.x >= push.a6 || at.y >= push.ry + push.rh)
    return;

  const int to = push.dst.base + at.y * push.dst.pitch + at.x;
  if (STAGE == WEIGHT)
    {
      const vec4 most = texelFetch (largest, push.src3.base + at.y * push.src3.pitch + at.x);
      store4 (to, exp (min (value - most, vec4 (0.0))));
      return;
    }

  const bool first = push.a0 < 0 ? tile.first != 0 : push.a0 != 0;
  if (STAGE == MAX && !first)
    value = max_ordered4 (value, out4[to]);
  store4 (to, value);
}

void
main ()
{
  const ivec2 block = 2 * ivec2 (gl_GlobalInvocationID.xy);
  if (block.x >= push.rw || block.y >= push.rh)
    return;

  const ivec2 at = block + ivec2 (push.rx, push.ry);
  const ivec2 origin = tile_origin (push.level);
  const ivec2 last = ivec2 ((push.width - 1) & ~3, push.height - 1);
  const ivec2 g = clamp (ivec2 (at.x * 4, at.y) + origin, ivec2 (0), ivec2 (last.x, last.y & ~1));
  const ivec4 gy = clamp (g.y + ivec4 (-1, 0, 1, 2), ivec4 (0), ivec4 (last.y));
  const ivec4 rows = push.src0.base + (gy - origin.y) * push.src0.pitch;
  const int x = (g.x - origin.x) >> 2;
  const int end = (last.x - origin.x) >> 2;
  const Pair before = add_rows (rows, g.x > 0 ? x - 1 : x);
  const Pair one = add_rows (rows, x);
  const Pair two = add_rows (rows, min (x + 1, end));
  const Pair after = add_rows (rows, min (x + 2, end));

  const Pair logit = bring (logits, push.src1, at, g);
  const Pair gain = bring (gains, push.src2, at, g);
  write (at, score (before.upper, one.upper, two.upper, g.x, logit.upper, gain.upper));
  write (at + ivec2 (0, 1), score (before.lower, one.lower, two.lower, g.x, logit.lower, gain.lower));
  if (block.x + 1 >= push.rw)
    return;

  const ivec2 g1 = ivec2 (min (g.x + 4, last.x), g.y);
  const Pair logit1 = bring (logits, push.src1, at + ivec2 (1, 0), g1);
  const Pair gain1 = bring (gains, push.src2, at + ivec2 (1, 0), g1);
  write (at + ivec2 (1, 0), score (one.upper, two.upper, after.upper, g.x + 4, logit1.upper, gain1.upper));
  write (at + ivec2 (1, 1), score (one.lower, two.lower, after.lower, g.x + 4, logit1.lower, gain1.lower));
}
