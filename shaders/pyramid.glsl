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
