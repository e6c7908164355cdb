#version 450
// SPDX-License-Identifier: GPL-3.0-or-later
//
// weight · (fine − up (coarse)) added to the running fixed-point sum over the set: Laplacian-pyramid blending in one pass
// over each source (Burt and Adelson 1983; Mertens et al. 2007, §3.2). An invocation makes two texels of two rows. The
// weights themselves are added up in WEIGHT_PLANE unless that is 0.
#extension GL_GOOGLE_include_directive : enable
#include "common.glsl"
#include "picture.glsl"
#include "pyramid.glsl"
#include "fixed.glsl"

layout (constant_id = 6) const int PYRAMID = 0;
layout (constant_id = 7) const int HAS_COARSE = 1;
layout (constant_id = 8) const int WEIGHT_PLANE = 0;

layout (binding = 1) uniform samplerBuffer weight;
layout (binding = 2) uniform samplerBuffer coarse;

Block
expand (int z, ivec2 g)
{
  if (HAS_COARSE == 0)
    return Block (vec4 (0.0), vec4 (0.0), vec4 (0.0), vec4 (0.0));
  return expand_block (coarse, push.src2, PYRAMID, z, g, ivec2 (push.a3, push.a4), tile_origin (push.level + 1));
}

#ifdef SAMPLES
#define FINE(z, at, given) given
#else
#define FINE(z, at, given) pixels (z, at.y, at.x)
#endif

// `given`: what the samples are at `at`; of planes it is read here, where nothing is read that is not ours.
void
blend (int z, ivec2 at, Pixels given, Pixels up)
{
  // An odd first texel has a neighbour that is not ours.
  if (at.x < push.a5 || at.x >= push.a6 || at.y >= push.ry + push.rh)
    return;

  const bool first = push.a0 < 0 ? tile.first != 0 : push.a0 != 0;
  const float grid = intBitsToFloat (push.a1);
  const vec4 w = texelFetch (weight, push.src1.base + at.y * push.src1.pitch + at.x);
  const Pixels fine = FINE (z, at, given);
  if (WEIGHT_PLANE != 0 && z == 0)
    accumulate (WEIGHT_PLANE, at, to_fixed (w, float (1 << push.a2), push.a2), first);
  accumulate (z, at, to_fixed (w * (fine.a - up.a), grid, push.a2), first);
  if (WHOLE)
    {
      accumulate (z + 1, at, to_fixed (w * (fine.b - up.b), grid, push.a2), first);
      accumulate (z + 2, at, to_fixed (w * (fine.c - up.c), grid, push.a2), first);
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
  pixels_pair (at.y, at.x, fine0, fine1);
  pixels_pair (min (at.y + 1, push.ry + push.rh - 1), at.x, fine2, fine3);
#endif
  blend (z, at, fine0, Pixels (a.a, b.a, c.a));
  blend (z, at + ivec2 (1, 0), fine1, Pixels (a.b, b.b, c.b));
  blend (z, at + ivec2 (0, 1), fine2, Pixels (a.c, b.c, c.c));
  blend (z, at + ivec2 (1, 1), fine3, Pixels (a.d, b.d, c.d));
}
