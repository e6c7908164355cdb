#version 450
// SPDX-License-Identifier: GPL-3.0-or-later
//
// A plane of one constant, of a source's mark or influence, or of a chessboard.
#extension GL_GOOGLE_include_directive : enable
#include "common.glsl"

const int HALF = 0;

const int CONSTANT = 0;
const int MARK = 1;
const int CHECKER = 2;
const int INFLUENCE = 3;

layout (constant_id = 2) const int KIND = 0;

layout (binding = 7) uniform samplerBuffer weights;
#include "store.glsl"

void
main ()
{
  const int z = int (gl_GlobalInvocationID.z) + push.a9;
  const ivec2 texel = ivec2 (gl_GlobalInvocationID.xy);
  if (texel.x >= push.rw || texel.y >= push.rh)
    return;

  const ivec2 at = texel + ivec2 (push.rx, push.ry);
  vec4 value;
  if (KIND == CONSTANT)
    value = vec4 (texelFetch (weights, push.a0 + (z >> 2))[z & 3]);
  else if (KIND == MARK) // slot a0, marks a1
    value = vec4 ((tile.format[push.a0].w >> 1 & push.a1) != 0 ? 1.0 : 0.0);
  else if (KIND == INFLUENCE) // source a0; −1: the one at hand
    {
      const int k = push.a0 < 0 ? tile.source : push.a0;
      value = vec4 (tile.influence[k >> 2][k & 3]);
    }
  else // squares of a0
    {
      const ivec2 g = max (ivec2 (at.x * 4, at.y) + tile_origin (push.level), ivec2 (0));
      const ivec4 square = (g.x + ivec4 (0, 1, 2, 3)) / push.a0 + g.y / push.a0;
      value = vec4 (ivec4 (1) - (square & 1));
    }
  store4 (push.dst.base + int (gl_GlobalInvocationID.z) * push.dst.plane + at.y * push.dst.pitch + at.x, value);
}
