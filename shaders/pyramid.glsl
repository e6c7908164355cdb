// SPDX-License-Identifier: GPL-3.0-or-later
//
// Going up one level of a pyramid: four neighbouring fine pixels from the coarse plane around them. The coarse picture is
// continued by its edge.

const int PYRAMID_BURT = 0;
const int PYRAMID_QUAD = 1;

// The coarse row that `row` names, expanded to the fine columns g.x … g.x + 3 (g.x even).
vec4
expand_row (samplerBuffer coarse, View view, int kind, int plane, int row, int gx, ivec2 extent, ivec2 origin)
{
  const int i = gx >> 1;
  const int base = view.base + plane * view.plane + (clamp (row, 0, extent.y - 1) - origin.y) * view.pitch - origin.x;
  const int last = extent.x - 1;
  const float a = texelFetch (coarse, base + clamp (i - 1, 0, last)).x;
  const float b = texelFetch (coarse, base + clamp (i, 0, last)).x;
  const float c = texelFetch (coarse, base + clamp (i + 1, 0, last)).x;
  const float d = texelFetch (coarse, base + clamp (i + 2, 0, last)).x;
  if (kind == PYRAMID_BURT)
    return vec4 ((a + 6.0 * b + c) * 0.125, (b + c) * 0.5, (b + 6.0 * c + d) * 0.125, (c + d) * 0.5);
  return vec4 (0.25 * a + 0.75 * b, 0.75 * b + 0.25 * c, 0.25 * b + 0.75 * c, 0.75 * c + 0.25 * d);
}

// Fine pixels (g.x … g.x + 3, g.y), global coordinates; `extent` and `origin` are the coarse level's.
vec4
expand4 (samplerBuffer coarse, View view, int kind, int plane, ivec2 g, ivec2 extent, ivec2 origin)
{
  const int i = g.y >> 1;
  const bool odd = (g.y & 1) != 0;
  const vec4 mid = expand_row (coarse, view, kind, plane, i, g.x, extent, origin);
  if (kind == PYRAMID_QUAD)
    return 0.75 * mid + 0.25 * expand_row (coarse, view, kind, plane, odd ? i + 1 : i - 1, g.x, extent, origin);
  const vec4 next = expand_row (coarse, view, kind, plane, i + 1, g.x, extent, origin);
  if (odd)
    return (mid + next) * 0.5;
  return (expand_row (coarse, view, kind, plane, i - 1, g.x, extent, origin) + 6.0 * mid + next) * 0.125;
}

// One coarse row, bilinear at the fine columns g.x … g.x + 3 (g.x a multiple of 4, `steps` > 1): they lie around coarse
// pixel i, `t` coarse pixels from its centre.
vec4
magnify_row (samplerBuffer coarse, View view, int plane, int row, int i, vec4 t, ivec2 extent, ivec2 origin)
{
  const int base = view.base + plane * view.plane + (clamp (row, 0, extent.y - 1) - origin.y) * view.pitch - origin.x;
  const int last = extent.x - 1;
  const float a = texelFetch (coarse, base + clamp (i - 1, 0, last)).x;
  const float b = texelFetch (coarse, base + clamp (i, 0, last)).x;
  const float c = texelFetch (coarse, base + clamp (i + 1, 0, last)).x;
  precise const vec4 value = (1.0 - abs (t)) * b + max (-t, vec4 (0.0)) * a + max (t, vec4 (0.0)) * c;
  return value;
}

// Fine pixels (g.x … g.x + 3, g.y), global coordinates, from the level `steps` coarser: bilinear at once, half-pixel
// centres. `extent` and `origin` are the coarse level's.
vec4
magnify4 (samplerBuffer coarse, View view, int steps, int plane, ivec2 g, ivec2 extent, ivec2 origin)
{
  const int mask = (1 << steps) - 1;
  const float unit = 1.0 / float (2 << steps);
  const ivec2 i = g >> steps;
  const vec4 tx = vec4 (2 * (g.x & mask) + ivec4 (0, 2, 4, 6) - mask) * unit;
  const float ty = float (2 * (g.y & mask) - mask) * unit;
  const vec4 mid = magnify_row (coarse, view, plane, i.y, i.x, tx, extent, origin);
  const vec4 far = magnify_row (coarse, view, plane, i.y + (ty < 0.0 ? -1 : 1), i.x, tx, extent, origin);
  precise const vec4 value = (1.0 - abs (ty)) * mid + abs (ty) * far;
  return value;
}

// Fine pixels of two rows and two texels, side by side in a row: a b over c d.
struct Block
{
  vec4 a, b, c, d;
};

// Four pixels of a coarse row, from column `i` at texel `at`, and those beside them; beyond the edge it goes on.
void
coarse_row (samplerBuffer coarse, int at, int i, int last, out float before, out vec4 mid, out float after)
{
  mid = texelFetch (coarse, at);
  before = i > 0 ? texelFetch (coarse, i > 0 ? at - 1 : at).w : mid.x;
  after = texelFetch (coarse, i + 4 <= last ? at + 1 : at).x;
  mid.y = i + 1 > last ? mid.x : mid.y;
  mid.z = i + 2 > last ? mid.y : mid.z;
  mid.w = i + 3 > last ? mid.z : mid.w;
  after = i + 4 <= last ? after : mid.w;
}

// One coarse row expanded to eight fine columns: the even ones and the odd ones.
void
expand_row8 (samplerBuffer coarse, int kind, int at, int i, int last, out precise vec4 even,
             out precise vec4 odd)
{
  float before, after;
  vec4 mid;
  coarse_row (coarse, at, i, last, before, mid, after);
  const vec4 left = vec4 (before, mid.xyz);
  const vec4 right = vec4 (mid.yzw, after);
  if (kind == PYRAMID_BURT)
    {
      even = (left + 6.0 * mid + right) * 0.125;
      odd = (mid + right) * 0.5;
    }
  else
    {
      even = 0.25 * left + 0.75 * mid;
      odd = 0.75 * mid + 0.25 * right;
    }
}

// Fine pixels (g.x … g.x + 7, g.y … g.y + 1), g.x a multiple of 8 and g.y of 2; otherwise as expand4(), texel by texel:
// the view counts in texels. `precise`: the same bits in every kernel.
Block
expand_block (samplerBuffer coarse, View view, int kind, int plane, ivec2 g, ivec2 extent, ivec2 origin)
{
  const ivec2 i = g >> 1;
  const ivec2 last = extent - 1;
  const int at = view.base + plane * view.plane + ((i.x - origin.x) >> 2);
  vec4 even[3], odd[3];

  // No loop: where spirv-opt unrolls one, it forgets what is `precise` (tests/test-contraction.c).
  expand_row8 (coarse, kind, at + (clamp (i.y - 1, 0, last.y) - origin.y) * view.pitch, i.x, last.x, even[0], odd[0]);
  expand_row8 (coarse, kind, at + (clamp (i.y, 0, last.y) - origin.y) * view.pitch, i.x, last.x, even[1], odd[1]);
  expand_row8 (coarse, kind, at + (clamp (i.y + 1, 0, last.y) - origin.y) * view.pitch, i.x, last.x, even[2], odd[2]);

  precise vec4 even0, odd0, even1, odd1;
  if (kind == PYRAMID_BURT)
    {
      even0 = (even[0] + 6.0 * even[1] + even[2]) * 0.125;
      odd0 = (odd[0] + 6.0 * odd[1] + odd[2]) * 0.125;
      even1 = (even[1] + even[2]) * 0.5;
      odd1 = (odd[1] + odd[2]) * 0.5;
    }
  else
    {
      even0 = 0.75 * even[1] + 0.25 * even[0];
      odd0 = 0.75 * odd[1] + 0.25 * odd[0];
      even1 = 0.75 * even[1] + 0.25 * even[2];
      odd1 = 0.75 * odd[1] + 0.25 * odd[2];
    }
  return Block (vec4 (even0.x, odd0.x, even0.y, odd0.y), vec4 (even0.z, odd0.z, even0.w, odd0.w),
                vec4 (even1.x, odd1.x, even1.y, odd1.y), vec4 (even1.z, odd1.z, even1.w, odd1.w));
}
