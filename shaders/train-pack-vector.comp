#version 450
// SPDX-License-Identifier: GPL-3.0-or-later
//
// A bias as texels over four channels; zero beyond the last channel.
#extension GL_GOOGLE_include_directive : enable
#include "train.glsl"

void
main ()
{
  const int from = push.a[0], channels = push.a[2], texels = push.a[3];
  const int i = int (gl_GlobalInvocationID.x);
  vec4 value;

  if (i >= texels)
    return;
  for (int lane = 0; lane < 4; lane++)
    {
      const int c = i * 4 + lane;
      value[lane] = c < channels ? texelFetch (source0, from + c).x : 0.0;
    }
  out_texels[i] = value;
}
