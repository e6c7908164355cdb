#version 450
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Adds up the rows of train-channel-sum.comp for every plane, times a scale; STORE: one float a channel as well.
#extension GL_GOOGLE_include_directive : enable
#include "train.glsl"

layout (constant_id = 1) const int STORE = 0;

void
main ()
{
  const int rows = push.a[0], planes = push.a[1], height = push.a[2], images = push.a[3], channels = push.a[5];
  const int plane = int (gl_GlobalInvocationID.x);
  vec4 sum = vec4 (0.0);

  if (plane >= planes)
    return;
  for (int image = 0; image < images; image++)
    for (int y = 0; y < height; y++)
      sum += texelFetch (source0, rows + (image * planes + plane) * height + y);
  sum *= push_float (4);
  out_texels[plane] = sum;
  if (STORE != 0)
    for (int lane = 0; lane < 4; lane++)
      if (plane * 4 + lane < channels)
        more_floats[push.a[6] + plane * 4 + lane] = sum[lane];
}
