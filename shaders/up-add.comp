#version 450
// SPDX-License-Identifier: GPL-3.0-or-later
//
// fine + sign · up (coarse): a Laplacian band (sign −1) or one step of its collapse (sign 1). An invocation makes two
// texels of two rows. FIXED: fine is a fixed-point sum, divided by another in WEIGHT_PLANE unless that is 0. MAGNITUDE:
// without its sign.
#extension GL_GOOGLE_include_directive : enable
#include "common.glsl"
#include "picture.glsl"
#include "pyramid.glsl"

layout (constant_id = 6) const int PYRAMID = 0;
layout (constant_id = 7) const int FIXED = 0;
layout (constant_id = 8) const int WEIGHT_PLANE = 0;
layout (constant_id = 9) const int MAGNITUDE = 0;
const int HALF = 0;

layout (binding = 1) uniform samplerBuffer coarse;
layout (binding = 3) uniform isamplerBuffer sums; // view push.src3
#include "store.glsl"

Block
expand (int z, ivec2 g)
{
  return expand_block (coarse, push.src1, PYRAMID, z, g, ivec2 (push.a0, push.a1), tile_origin (push.level + 1));
}

vec4
sum_at (int z, ivec2 at)
{
  const int from = push.src3.base + at.y * push.src3.pitch + at.x;
  const vec4 sum = vec4 (texelFetch (sums, from + z * push.src3.plane)) * intBitsToFloat (push.a3);
  if (WEIGHT_PLANE == 0)
    return sum;
  return ratio (sum, vec4 (texelFetch (sums, from + WEIGHT_PLANE * push.src3.plane)) * intBitsToFloat (push.a4));
}

void
put (int to, vec4 value)
{
  store4 (to, MAGNITUDE != 0 ? abs (value) : value);
}

#ifdef SAMPLES
#define FINE(z, at, given) given
#else
#define FINE(z, at, given) pixels (z, at.y, at.x)
#endif

// `given`: what the samples are at `at`; of planes it is read here, where nothing is read that is not ours.
void
join (int z, ivec2 at, Pixels given, Pixels up)
{
  // An odd first texel has a neighbour that is not ours.
  if (at.x < push.a5 || at.x >= push.a6 || at.y >= push.ry + push.rh)
    return;

  const float sign = intBitsToFloat (push.a2);
  const int to = push.dst.base + z * push.dst.plane + at.y * push.dst.pitch + at.x;
  Pixels fine;
  if (FIXED == 0)
    fine = FINE (z, at, given);
  else
    fine = Pixels (sum_at (z, at), WHOLE ? sum_at (z + 1, at) : vec4 (0.0),
                   WHOLE ? sum_at (z + 2, at) : vec4 (0.0));
  put (to, fine.a + sign * up.a);
  if (WHOLE)
    {
      put (to + push.dst.plane, fine.b + sign * up.b);
      put (to + 2 * push.dst.plane, fine.c + sign * up.c);
    }
}

void
main ()
{
  const int z = int (gl_GlobalInvocationID.z);
  const ivec2 block = 2 * ivec2 (gl_GlobalInvocationID.xy);
  if (block.x >= push.rw || block.y >= push.rh)
    return;

  const ivec2 at = block + ivec2 (push.rx, push.ry);
  const ivec2 last = ivec2 ((push.width - 1) & ~7, (push.height - 1) & ~1);
  const ivec2 g = clamp (ivec2 (at.x * 4, at.y) + tile_origin (push.level), ivec2 (0), last);
  const Block a = expand (z, g);
  Block b = a;
  Block c = a;
  if (WHOLE)
    {
      b = expand (z + 1, g);
      c = expand (z + 2, g);
    }

  Pixels fine0, fine1, fine2, fine3;
#ifdef SAMPLES
  if (FIXED == 0)
    {
      pixels_pair (at.y, at.x, fine0, fine1);
      pixels_pair (min (at.y + 1, push.ry + push.rh - 1), at.x, fine2, fine3);
    }
#endif
  join (z, at, fine0, Pixels (a.a, b.a, c.a));
  join (z, at + ivec2 (1, 0), fine1, Pixels (a.b, b.b, c.b));
  join (z, at + ivec2 (0, 1), fine2, Pixels (a.c, b.c, c.c));
  join (z, at + ivec2 (1, 1), fine3, Pixels (a.d, b.d, c.d));
}
