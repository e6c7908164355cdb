#version 450
// SPDX-License-Identifier: GPL-3.0-or-later
//
// How much a source counts in a band: score = logit + gain · ln (mean of |fine − up (coarse)| over 3 × 3 + FLOOR), the edge
// continued. MAX keeps the largest score of the set, one source after another; WEIGHT makes exp (score − largest), which
// is 1 for the source of the largest score, as both have the same bits; SCORE leaves it at the score. Logit and gain may lie 2^STEPS coarser:
// bilinear. The band itself is nowhere in memory. An invocation makes two texels of ROWS rows.
#extension GL_GOOGLE_include_directive : enable
#include "common.glsl"
#include "picture.glsl"
#include "pyramid.glsl"

const int MAX = 0;
const int WEIGHT = 1;
const int SCORE = 2;

const int ROWS = 8;

layout (constant_id = 6) const int STAGE = 0;
layout (constant_id = 7) const int STEPS = 0;
layout (constant_id = 8) const float FLOOR = 0.002;
const int HALF = 0;

layout (binding = 1) uniform samplerBuffer logits; // float by float where STEPS > 0, as the gains
layout (binding = 2) uniform samplerBuffer gains;
layout (binding = 3) uniform samplerBuffer coarse;
layout (binding = 7) uniform samplerBuffer largest;
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

// Of a coarse plane, where STEPS is 3 or more: what eight rows of two texels lie between, rows from that above the first
// of them on. Two texels lie around one column and eight rows around one or two.
struct Cells
{
  vec3 row[4];
};

Cells
cells_at (samplerBuffer plane, View view, ivec2 g)
{
  const ivec2 extent = ivec2 (push.a1, push.a2);
  const ivec2 origin = tile_origin (push.level + STEPS);
  const ivec2 i = g >> STEPS;
  Cells cells;
  if (STEPS >= 3)
    [[unroll]] for (int k = 0; k < 4; k++)
      {
        // Not beyond what eight rows ask for.
        const int row = min (i.y + k - 1, ((g.y + 7) >> STEPS) + 1);
        const int at = view.base + (clamp (row, 0, extent.y - 1) - origin.y) * view.pitch - origin.x;
        cells.row[k] = vec3 (texelFetch (plane, at + clamp (i.x - 1, 0, extent.x - 1)).x,
                             texelFetch (plane, at + clamp (i.x, 0, extent.x - 1)).x,
                             texelFetch (plane, at + clamp (i.x + 1, 0, extent.x - 1)).x);
      }
  return cells;
}

// As magnify_row().
vec4
along_cells (vec3 row, int gx)
{
  const int mask = (1 << STEPS) - 1;
  const vec4 t = vec4 (2 * (gx & mask) + ivec4 (0, 2, 4, 6) - mask) * (1.0 / float (2 << STEPS));
  precise const vec4 value = (1.0 - abs (t)) * row.y + max (-t, vec4 (0.0)) * row.x + max (t, vec4 (0.0)) * row.z;
  return value;
}

// As bring(); the first of the eight rows is `first`.
Pair
bring_between (Cells cells, int first, ivec2 g)
{
  const int mask = (1 << STEPS) - 1;
  const vec2 t = vec2 (2 * (g.y & mask) + ivec2 (0, 2) - mask) * (1.0 / float (2 << STEPS));
  const bool next = (g.y >> STEPS) > (first >> STEPS);
  const vec3 above = next ? cells.row[1] : cells.row[0];
  const vec3 below = next ? cells.row[3] : cells.row[2];
  const vec4 mid = along_cells (next ? cells.row[2] : cells.row[1], g.x);
  const vec4 far = along_cells (t.x < 0.0 ? above : below, g.x);
  precise const vec4 upper = (1.0 - abs (t.x)) * mid + abs (t.x) * far;
  precise const vec4 lower = (1.0 - abs (t.y)) * mid + abs (t.y) * far;
  return Pair (upper, lower);
}

// Eight pixels of a row and those before and behind.
struct Row
{
  vec4 one, two;
  vec2 beyond;
};

// A coarse row expanded to as many fine columns, even and odd ones.
struct Columns
{
  vec4 even, odd;
  vec2 beyond;
};

Columns
expand_columns (int row, int i, ivec2 last, ivec2 origin)
{
  const int at = push.src3.base + (clamp (row, 0, last.y) - origin.y) * push.src3.pitch + ((i - origin.x) >> 2);
  float before, after;
  vec4 mid;
  coarse_row (coarse, at, i, last.x, before, mid, after);
  precise const vec4 even = 0.25 * vec4 (before, mid.xyz) + 0.75 * mid;
  precise const vec4 odd = 0.75 * mid + 0.25 * vec4 (mid.yzw, after);
  precise const vec2 beyond = vec2 (0.75 * before + 0.25 * mid.x, 0.25 * mid.w + 0.75 * after);
  return Columns (even, odd, beyond);
}

// The fine row that lies a quarter of a coarse one from `near` towards `far`.
Row
between (Columns near, Columns far)
{
  precise const vec4 even = 0.75 * near.even + 0.25 * far.even;
  precise const vec4 odd = 0.75 * near.odd + 0.25 * far.odd;
  precise const vec2 beyond = 0.75 * near.beyond + 0.25 * far.beyond;
  return Row (vec4 (even.x, odd.x, even.y, odd.y), vec4 (even.z, odd.z, even.w, odd.w), beyond);
}

#ifdef SAMPLES
Row
fine_row (int y, int start, int texel, int end)
{
  const Words words = words_from (word_of (y, texel) - LEAD, SPAN, GRAIN8);
  Pixels p = channel_in (words, 0);
  if (COLOURS == 3)
    {
      const Pixels g = channel_in (words, 1);
      const Pixels b = channel_in (words, 2);
      p = Pixels (luma (p.a, g.a, b.a), luma (p.b, g.b, b.b), luma (p.c, g.c, b.c));
    }
  return Row (vec4 (p.a.zw, p.b.xy), vec4 (p.b.zw, p.c.xy), vec2 (p.a.y, p.c.z));
}
#else
Row
fine_row (int y, int start, int texel, int end)
{
  const int row = push.src0.base + y * push.src0.pitch;
  return Row (texelFetch (source, row + texel), texelFetch (source, row + min (texel + 1, end)),
              vec2 (texelFetch (source, row + start).w, texelFetch (source, row + min (texel + 2, end)).x));
}
#endif

Row
magnitude (Row fine, Row up)
{
  return Row (abs (fine.one - up.one), abs (fine.two - up.two), abs (fine.beyond - up.beyond));
}

Row
sum (Row a, Row b, Row c)
{
  precise const vec4 one = a.one + b.one + c.one;
  precise const vec4 two = a.two + b.two + c.two;
  precise const vec2 beyond = a.beyond + b.beyond + c.beyond;
  return Row (one, two, beyond);
}

vec4
score (float before, vec4 mid, float after, int gx, vec4 logit, vec4 gain)
{
  const vec4 left = vec4 (gx > 0 ? before : mid.x, mid.xyz);
  const vec4 right = mix (mid, vec4 (mid.yzw, after), lessThan (gx + ivec4 (1, 2, 3, 4), ivec4 (push.width)));
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
      const vec4 most = texelFetch (largest, push.a3 + at.y * push.a4 + at.x);
      store4 (to, exp (min (value - most, vec4 (0.0))));
      return;
    }

  const bool first = push.a0 < 0 ? tile.first != 0 : push.a0 != 0;
  if (STAGE == MAX && !first)
    value = max_ordered4 (value, out4[to]);
  store4 (to, value);
}

// Two rows of two texels, from the magnitudes' sums over three rows.
void
write_rows (ivec2 at, ivec2 g, Cells logit_cells, Cells gain_cells, int first, bool has_two, int end_x, Row upper,
            Row lower)
{
  Pair logit, gain;
  if (STEPS >= 3)
    {
      logit = bring_between (logit_cells, first, g);
      gain = bring_between (gain_cells, first, g);
    }
  else
    {
      logit = bring (logits, push.src1, at, g);
      gain = bring (gains, push.src2, at, g);
    }
  write (at, score (upper.beyond.x, upper.one, upper.two.x, g.x, logit.upper, gain.upper));
  write (at + ivec2 (0, 1), score (lower.beyond.x, lower.one, lower.two.x, g.x, logit.lower, gain.lower));
  if (!has_two)
    return;

  const ivec2 g1 = ivec2 (min (g.x + 4, end_x), g.y);
  if (STEPS >= 3)
    {
      logit = bring_between (logit_cells, first, g1);
      gain = bring_between (gain_cells, first, g1);
    }
  else
    {
      logit = bring (logits, push.src1, at + ivec2 (1, 0), g1);
      gain = bring (gains, push.src2, at + ivec2 (1, 0), g1);
    }
  write (at + ivec2 (1, 0), score (upper.one.w, upper.two, upper.beyond.y, g.x + 4, logit.upper, gain.upper));
  write (at + ivec2 (1, 1), score (lower.one.w, lower.two, lower.beyond.y, g.x + 4, logit.lower, gain.lower));
}

void
main ()
{
  const ivec2 block = ivec2 (2, ROWS) * ivec2 (gl_GlobalInvocationID.xy);
  if (block.x >= push.rw || block.y >= push.rh)
    return;

  const ivec2 at = block + ivec2 (push.rx, push.ry);
  const ivec2 origin = tile_origin (push.level);
  const ivec2 coarse_origin = tile_origin (push.level + 1);
  const ivec2 last = ivec2 (push.width, push.height) - 1;
  // Rows may lie beyond the picture, from the first of a block on: what comes of them counts for nothing.
  const ivec2 g = ivec2 (clamp (at.x * 4 + origin.x, 0, last.x & ~3), at.y + origin.y);
  const ivec2 i = g >> 1;
  const ivec2 coarse_last = last >> 1;
  const int texel = (g.x - origin.x) >> 2;
  const int start = g.x > 0 ? texel - 1 : texel;
  const int end = ((last.x & ~3) - origin.x) >> 2;
  const int turns = min (push.rh - block.y + 1, ROWS) >> 1;

  const Cells logit_cells = cells_at (logits, push.src1, g);
  const Cells gain_cells = cells_at (gains, push.src2, g);
  Columns before = expand_columns (i.y - 1, i.x, coarse_last, coarse_origin);
  Row odd, even;
  [[dont_unroll]] for (int k = 0; k <= turns; k++)
    {
      const Columns now = expand_columns (i.y + k, i.x, coarse_last, coarse_origin);
      const int y = g.y + 2 * k;
      Row odd1 = magnitude (fine_row (clamp (y - 1, 0, last.y) - origin.y, start, texel, end), between (before, now));
      Row even1 = magnitude (fine_row (clamp (y, 0, last.y) - origin.y, start, texel, end), between (now, before));
      if (y == 0)
        odd1 = even1;
      if (k > 0 && y > last.y + 1)
        odd1 = even;
      if (y > last.y)
        even1 = odd1;
      if (k > 0)
        write_rows (at + ivec2 (0, 2 * k - 2), ivec2 (g.x, y - 2), logit_cells, gain_cells, g.y, block.x + 1 < push.rw,
                    last.x & ~3, sum (odd, even, odd1), sum (even, odd1, even1));
      odd = odd1;
      even = even1;
      before = now;
    }
}
