#version 450
// SPDX-License-Identifier: GPL-3.0-or-later
//
// The output's planes to interleaved samples, four pixels at once.
#extension GL_GOOGLE_include_directive : enable
#include "common.glsl"

layout (constant_id = 2) const int OUT_CHANNELS = 3;
layout (constant_id = 3) const int STORE = 0;

layout (binding = 0) uniform samplerBuffer source;
#include "pack.glsl"

void
main ()
{
  const ivec2 texel = ivec2 (gl_GlobalInvocationID.xy);
  if (texel.x >= push.rw || texel.y >= push.rh)
    return;

  const int from = push.src0.base + (texel.y + push.ry) * push.src0.pitch + texel.x;
  for (int c = 0; c < OUT_CHANNELS; c++)
    {
      const vec4 plane = texelFetch (source, from + c * push.src0.plane);
      for (int i = 0; i < 4; i++)
        values[i * OUT_CHANNELS + c] = plane[i];
    }
  pack (push.dst.base + (texel.y + push.ry) * push.dst.pitch + texel.x * packed_words ());
}
