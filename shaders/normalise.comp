#version 450
// SPDX-License-Identifier: GPL-3.0-or-later
//
// What the statistics of a plane are for: (x − mean)/√(variance + ε) and its activation, or one of them at every pixel.
#extension GL_GOOGLE_include_directive : enable
#include "common.glsl"

const int NORMALISE = 0;
const int MEAN = 1;
const int MAXIMUM = 2;

layout (constant_id = 2) const int HALF = 0;
layout (constant_id = 3) const int KIND = 0;
layout (constant_id = 4) const int ACTIVATION = 0;

layout (binding = 0) uniform samplerBuffer source;
layout (binding = 1) uniform samplerBuffer records; // see statistics.comp
#include "store.glsl"

void
main ()
{
  const int z = int (gl_GlobalInvocationID.z);
  const ivec2 texel = ivec2 (gl_GlobalInvocationID.xy);
  if (texel.x >= push.rw || texel.y >= push.rh)
    return;

  const ivec2 at = texel + ivec2 (push.rx, push.ry);
  const int record = push.src1.base + 3 * (z + push.a9);
  vec4 value = texelFetch (records, record + (KIND == MAXIMUM ? 0 : 1)); // the mean, the maximum or the minimum
  if (KIND == NORMALISE)
    {
      const vec4 variance = texelFetch (records, record + 2) / texelFetch (records, record);
      const vec4 x = texelFetch (source, push.src0.base + z * push.src0.plane + at.y * push.src0.pitch + at.x);
      value = activate (ACTIVATION, (x - value) / sqrt (variance + intBitsToFloat (push.a1)), intBitsToFloat (push.a0));
    }
  // The padding channels of a C4 tensor stay zero.
  if (push.a2 >= 0)
    value = mix (vec4 (0.0), value, lessThan (ivec4 (0, 1, 2, 3) + 4 * (z + push.a9), ivec4 (push.a2)));

  store4 (push.dst.base + z * push.dst.plane + at.y * push.dst.pitch + at.x, value);
}
