#version 450
// SPDX-License-Identifier: GPL-3.0-or-later
//
// One channel as a map, times a scale.
#extension GL_GOOGLE_include_directive : enable
#include "train.glsl"

void
main ()
{
  const int source = push.a[0], image_texels = push.a[1], width = push.a[2], height = push.a[3], pitch = push.a[4];
  const int lane = push.a[5];
  const int i = int (gl_GlobalInvocationID.x);
  const int image = int (gl_GlobalInvocationID.y);

  if (i < width * height)
    out_floats[image * width * height + i]
      = texelFetch (source0, source + image * image_texels + i / width * pitch + i % width)[lane] * push_float (6);
}
