#version 450
// SPDX-License-Identifier: GPL-3.0-or-later
//
// The quality of each pixel of one exposure (Mertens, Kautz, Van Reeth 2007, §3.1). Grey is .299 R + .587 G + .114 B; its
// Laplacian [0 1 0; 1 −4 1; 0 1 0] continues the picture by its edge. An invocation makes four pixels of two rows.
//
// A weight spans many orders of magnitude and its sum over the set must not depend on the order: for SUM and SHARE it is
// two whole numbers, of steps of 1 / COARSE and what is left in steps of 1 / FINE, which add exactly.
#extension GL_GOOGLE_include_directive : enable
#include "common.glsl"
#include "picture.glsl"

const int WEIGHT = 0;
const int SUM = 1;   // of the whole set: two planes of integers
const int SHARE = 2; // of this source in the sum

layout (constant_id = 6) const int STAGE = 0;
layout (constant_id = 7) const float CONTRAST = 1.0; // the exponents
layout (constant_id = 8) const float SATURATION = 1.0;
layout (constant_id = 9) const float STEEPNESS = 12.5; // exposedness / (2 σ²)
const int HALF = 0;

#include "fixed.glsl"
#include "store.glsl"

vec4
grey (Pixels p)
{
  return luma (p.a, p.b, p.c);
}

vec4
power (vec4 base, float exponent)
{
  if (exponent == 0.0)
    return vec4 (1.0);
  if (exponent == 1.0)
    return base;
  return pow (max (base, vec4 (1e-20)), vec4 (exponent));
}

vec4
weight (Pixels p, vec4 above, vec4 below, ivec2 g, int y, int x)
{
  const vec4 mid = grey (p);
  const bool has_left = g.x > 0;
  const bool has_right = g.x + 4 < push.width;
  const float before = has_left ? grey (colour (y, has_left ? x - 1 : x)).w : mid.x;
  const float after = has_right ? grey (colour (y, has_right ? x + 1 : x)).x : mid.w;
  // Past the last column the edge repeats.
  const vec4 right = mix (mid, vec4 (mid.yzw, after), lessThan (g.x + ivec4 (1, 2, 3, 4), ivec4 (push.width)));
  const vec4 left = vec4 (before, mid.xyz);
  precise const vec4 contrast = abs (left + right + above + below - 4.0 * mid);

  precise const vec4 mean = (p.a + p.b + p.c) * (1.0 / 3.0);
  precise const vec4 variance = ((p.a - mean) * (p.a - mean) + (p.b - mean) * (p.b - mean) + (p.c - mean) * (p.c - mean))
                        * (1.0 / 3.0);
  precise const vec4 off = (p.a - 0.5) * (p.a - 0.5) + (p.b - 0.5) * (p.b - 0.5) + (p.c - 0.5) * (p.c - 0.5);
  return power (contrast, CONTRAST) * power (sqrt (variance), SATURATION) * exp (-off * STEEPNESS);
}

void
write (ivec2 at, vec4 w)
{
  const int to = push.dst.base + at.y * push.dst.pitch + at.x;
  if (STAGE == WEIGHT)
    {
      store4 (to, w + intBitsToFloat (push.a2));
      return;
    }

  const float coarse = intBitsToFloat (push.a0);
  const float fine = intBitsToFloat (push.a1);
  const vec4 kept = min (w + intBitsToFloat (push.a2), vec4 (intBitsToFloat (push.a3)));
  const vec4 whole = floor (kept * coarse);
  const vec4 rest = roundEven ((kept - whole / coarse) * fine);
  if (STAGE == SUM)
    {
      const bool first = push.a4 < 0 ? tile.first != 0 : push.a4 != 0;
      accumulate (0, at, ivec4 (whole), first);
      accumulate (1, at, ivec4 (rest), first);
      return;
    }

  const int from = push.src3.base + at.y * push.src3.pitch + at.x;
  const vec4 total = vec4 (texelFetch (sums_before, from)) / coarse
                     + vec4 (texelFetch (sums_before, from + push.src3.plane)) / fine;
  store4 (to, (whole / coarse + rest / fine) / total);
}

void
main ()
{
  const ivec2 block = ivec2 (gl_GlobalInvocationID.xy) * ivec2 (1, 2);
  if (block.x >= push.rw || block.y >= push.rh)
    return;

  const ivec2 at = block + ivec2 (push.rx, push.ry);
  const ivec2 origin = tile_origin (push.level);
  const ivec2 last = ivec2 ((push.width - 1) & ~3, push.height - 1);
  const ivec2 g = clamp (ivec2 (at.x * 4, at.y) + origin, ivec2 (0), last);
  const int x = (g.x - origin.x) >> 2;
  const int y1 = g.y - origin.y;
  const int y2 = min (g.y + 1, last.y) - origin.y;
  const Pixels one = colour (y1, x);
  const Pixels two = colour (y2, x);
  const vec4 above = grey (colour (max (g.y - 1, 0) - origin.y, x));
  const vec4 below = grey (colour (min (g.y + 2, last.y) - origin.y, x));

  write (at, weight (one, above, grey (two), g, y1, x));
  if (block.y + 1 < push.rh)
    write (at + ivec2 (0, 1), weight (two, grey (one), below, g + ivec2 (0, 1), y2, x));
}
