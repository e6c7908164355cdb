#version 450
// SPDX-License-Identifier: GPL-3.0-or-later
//
// The quality of each pixel of one exposure (Mertens, Kautz, Van Reeth 2007, §3.1), four pixels at once. Grey is
// .299 R + .587 G + .114 B; its Laplacian [0 1 0; 1 −4 1; 0 1 0] continues the picture by its edge.
#extension GL_GOOGLE_include_directive : enable
#include "common.glsl"

const int HALF = 0;

layout (binding = 0) uniform samplerBuffer source;
#include "store.glsl"

vec4
fetch (int plane, int y, int texel)
{
  return texelFetch (source, push.src0.base + plane * push.src0.plane + y * push.src0.pitch + texel);
}

vec4
grey (int y, int texel)
{
  return 0.299 * fetch (0, y, texel) + 0.587 * fetch (1, y, texel) + 0.114 * fetch (2, y, texel);
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

void
main ()
{
  const ivec2 texel = ivec2 (gl_GlobalInvocationID.xy);
  if (texel.x >= push.rw || texel.y >= push.rh)
    return;

  const ivec2 at = texel + ivec2 (push.rx, push.ry);
  const ivec2 origin = tile_origin (push.level);
  const ivec2 last = ivec2 ((push.width - 1) & ~3, push.height - 1);
  const ivec2 g = clamp (ivec2 (at.x * 4, at.y) + origin, ivec2 (0), last);
  const int x = (g.x - origin.x) >> 2;
  const int y = g.y - origin.y;
  const int above = max (g.y - 1, 0) - origin.y;
  const int below = min (g.y + 1, push.height - 1) - origin.y;

  const vec4 r = fetch (0, y, x);
  const vec4 gr = fetch (1, y, x);
  const vec4 b = fetch (2, y, x);
  vec4 mid = 0.299 * r + 0.587 * gr + 0.114 * b;
  const float before = g.x > 0 ? grey (y, x - 1).w : mid.x;
  const float after = g.x + 4 < push.width ? grey (y, x + 1).x : mid.w;
  // Past the last column the edge repeats.
  const ivec4 inside = ivec4 (g.x) + ivec4 (0, 1, 2, 3);
  vec4 right = vec4 (mid.yzw, after);
  right = mix (mid, right, lessThan (inside + 1, ivec4 (push.width)));
  const vec4 left = vec4 (before, mid.xyz);
  const vec4 contrast = abs (left + right + grey (above, x) + grey (below, x) - 4.0 * mid);

  const vec4 mean = (r + gr + b) / 3.0;
  const vec4 variance = ((r - mean) * (r - mean) + (gr - mean) * (gr - mean) + (b - mean) * (b - mean)) / 3.0;
  const vec4 off = (r - 0.5) * (r - 0.5) + (gr - 0.5) * (gr - 0.5) + (b - 0.5) * (b - 0.5);
  const vec4 exposed = exp (-off * intBitsToFloat (push.a3) * intBitsToFloat (push.a2));

  const vec4 weight = power (contrast, intBitsToFloat (push.a0)) * power (sqrt (variance), intBitsToFloat (push.a1))
                      * exposed + 1e-12;
  store4 (push.dst.base + at.y * push.dst.pitch + at.x, weight);
}
