#version 450
// SPDX-License-Identifier: GPL-3.0-or-later
//
// The values of the source with the largest key, one source after another. Stage 0 updates every plane of the values
// against the key so far, stage 1 the key itself. Equal keys are decided plane by plane by the larger value, so that the
// order of the sources cannot show.
#extension GL_GOOGLE_include_directive : enable
#include "common.glsl"

layout (constant_id = 2) const int STAGE = 0;
const int HALF = 0;

layout (binding = 0) uniform samplerBuffer key;
layout (binding = 1) uniform samplerBuffer values;
layout (binding = 2) uniform samplerBuffer best; // the largest key so far
#include "store.glsl"

ivec4
keys (vec4 x)
{
  const ivec4 bits = floatBitsToInt (x);
  return bits ^ ((bits >> 31) & 0x7fffffff);
}

void
main ()
{
  const int z = int (gl_GlobalInvocationID.z);
  const ivec2 texel = ivec2 (gl_GlobalInvocationID.xy);
  if (texel.x >= push.rw || texel.y >= push.rh)
    return;

  const ivec2 at = texel + ivec2 (push.rx, push.ry);
  const int to = push.dst.base + z * push.dst.plane + at.y * push.dst.pitch + at.x;
  const bool first = push.a0 < 0 ? tile.first != 0 : push.a0 != 0;
  const vec4 mine = texelFetch (key, push.src0.base + at.y * push.src0.pitch + at.x);
  if (STAGE == 1)
    {
      store4 (to, first ? mine : max_ordered4 (mine, out4[to]));
      return;
    }

  vec4 value = texelFetch (values, push.src1.base + z * push.src1.plane + at.y * push.src1.pitch + at.x);
  if (!first)
    {
      const ivec4 mine_key = keys (mine);
      const ivec4 best_key = keys (texelFetch (best, push.src2.base + at.y * push.src2.pitch + at.x));
      const vec4 old = out4[to];
      const vec4 larger = max_ordered4 (value, old);
      value = mix (mix (old, larger, equal (mine_key, best_key)), value, greaterThan (mine_key, best_key));
    }
  store4 (to, value);
}
