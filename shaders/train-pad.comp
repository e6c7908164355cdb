#version 450
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Features with a ring of zeros round them.
#extension GL_GOOGLE_include_directive : enable
#include "train.glsl"

void
main ()
{
  const int source = push.a[0], width = push.a[1], height = push.a[2], pitch = push.a[3];
  const int ring = push.a[4], out_pitch = push.a[5], n = push.a[6];
  const int out_height = height + 2 * ring;
  const int i = linear_index ();
  const int x = i % out_pitch - ring;
  const int y = i / out_pitch % out_height - ring;
  const int plane = i / (out_pitch * out_height);

  if (i >= n)
    return;
  const bool inside = x >= 0 && x < width && y >= 0 && y < height;
  out_texels[i] = inside ? texelFetch (source0, source + (plane * height + y) * pitch + x) : vec4 (0.0);
}
