#version 450
// SPDX-License-Identifier: GPL-3.0-or-later
//
// The output's planes to interleaved samples, four pixels at once. Integers are clamped to 0 … 1 and rounded half up;
// floats are written as they are.
#extension GL_GOOGLE_include_directive : enable
#include "common.glsl"

const int STORE_U8 = 0;
const int STORE_U16 = 1;

layout (constant_id = 2) const int CHANNELS = 3;
layout (constant_id = 3) const int STORE = 0;

layout (binding = 0) uniform samplerBuffer source;
layout (std430, binding = 4) writeonly buffer Out
{
  uint words[];
};

uint
quantise (float x, float most)
{
  return uint (floor (clamp (x, 0.0, 1.0) * most + 0.5));
}

void
main ()
{
  const ivec2 texel = ivec2 (gl_GlobalInvocationID.xy);
  if (texel.x >= push.rw || texel.y >= push.rh)
    return;

  const int from = push.src0.base + (texel.y + push.ry) * push.src0.pitch + texel.x;
  float values[4 * CHANNELS];
  for (int c = 0; c < CHANNELS; c++)
    {
      const vec4 plane = texelFetch (source, from + c * push.src0.plane);
      for (int i = 0; i < 4; i++)
        values[i * CHANNELS + c] = plane[i];
    }

  if (STORE == STORE_U8)
    {
      const int to = push.dst.base + (texel.y + push.ry) * push.dst.pitch + texel.x * CHANNELS;
      for (int w = 0; w < CHANNELS; w++)
        words[to + w] = quantise (values[4 * w], 255.0) | quantise (values[4 * w + 1], 255.0) << 8
                        | quantise (values[4 * w + 2], 255.0) << 16 | quantise (values[4 * w + 3], 255.0) << 24;
    }
  else if (STORE == STORE_U16)
    {
      const int to = push.dst.base + (texel.y + push.ry) * push.dst.pitch + texel.x * CHANNELS * 2;
      for (int w = 0; w < 2 * CHANNELS; w++)
        words[to + w] = quantise (values[2 * w], 65535.0) | quantise (values[2 * w + 1], 65535.0) << 16;
    }
  else
    {
      const int to = push.dst.base + (texel.y + push.ry) * push.dst.pitch + texel.x * CHANNELS * 4;
      for (int w = 0; w < 4 * CHANNELS; w++)
        words[to + w] = floatBitsToUint (values[w]);
    }
}
