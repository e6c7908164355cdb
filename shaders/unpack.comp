#version 450
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Interleaved samples of one source to planes of floats, four pixels at once.
#extension GL_GOOGLE_include_directive : enable
#define SAMPLES
#include "common.glsl"
#include "picture.glsl"

const int HALF = 0;
#include "store.glsl"

void
main ()
{
  const int z = int (gl_GlobalInvocationID.z);
  const ivec2 texel = ivec2 (gl_GlobalInvocationID.xy);
  if (texel.x >= push.rw || texel.y >= push.rh)
    return;

  const ivec2 at = texel + ivec2 (push.rx, push.ry);
  const int to = push.dst.base + z * push.dst.plane + at.y * push.dst.pitch + at.x;
  const Pixels value = pixels (z, at.y, at.x);
  store4 (to, value.a);
  if (PLANES == 3)
    {
      store4 (to + push.dst.plane, value.b);
      store4 (to + 2 * push.dst.plane, value.c);
    }
}
