#version 450
// SPDX-License-Identifier: GPL-3.0-or-later
//
// A plane that goes on beyond the picture with its edge, four pixels at once.
#extension GL_GOOGLE_include_directive : enable
#include "common.glsl"

const int HALF = 0;

layout (binding = 0) uniform samplerBuffer source;
#include "store.glsl"

void
main ()
{
  const int z = int (gl_GlobalInvocationID.z);
  const ivec2 texel = ivec2 (gl_GlobalInvocationID.xy);
  if (texel.x >= push.rw || texel.y >= push.rh)
    return;

  const ivec2 at = texel + ivec2 (push.rx, push.ry);
  const ivec2 origin = tile_origin (push.level);
  const int row = clamp (at.y + origin.y, 0, push.height - 1) - origin.y;
  vec4 value;
  [[unroll]] for (int i = 0; i < 4; i++)
    {
      const int column = clamp (4 * at.x + i + origin.x, 0, push.width - 1) - origin.x;
      value[i] = texelFetch (source, push.src0.base + z * push.src0.plane + row * push.src0.pitch + column).x;
    }
  store4 (push.dst.base + z * push.dst.plane + at.y * push.dst.pitch + at.x, value);
}
