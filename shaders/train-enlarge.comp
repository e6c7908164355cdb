#version 450
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Features twice as large, cut to a size: nearest, or bilinear at half-pixel centres with the edge repeated. Its transpose
// gathers, for every small pixel, what the large ones took of it.
#extension GL_GOOGLE_include_directive : enable
#include "train.glsl"

layout (constant_id = 1) const int BILINEAR = 0;
layout (constant_id = 2) const int TRANSPOSED = 0;
layout (constant_id = 3) const int ACCUMULATE = 0;

// How much of small pixel `at` there is in large pixel `i`, in one direction.
float
share (int i, int at, int small)
{
  return BILINEAR != 0 ? bilinear_share (i, at, small, 2) : i / 2 == at ? 1.0 : 0.0;
}

void
main ()
{
  const int source = push.a[0], width = push.a[1], height = push.a[2], pitch = push.a[3]; // of the small ones
  const int large_width = push.a[4], large_height = push.a[5], large_pitch = push.a[6];
  const int n = push.a[7], destination = push.a[8];
  const int i = linear_index ();
  const int own_pitch = TRANSPOSED != 0 ? pitch : large_pitch;
  const int own_height = TRANSPOSED != 0 ? height : large_height;
  const int x = i % own_pitch;
  const int y = i / own_pitch % own_height;
  const int plane = i / (own_pitch * own_height);
  vec4 sum = vec4 (0.0);

  if (i >= n)
    return;
  if (TRANSPOSED != 0)
    {
      const int from = source + plane * large_height * large_pitch;
      for (int v = max (2 * y - 1, 0); v < min (2 * y + 3, large_height); v++)
        for (int u = max (2 * x - 1, 0); u < min (2 * x + 3, large_width); u++)
          sum += share (v, y, height) * share (u, x, width) * texelFetch (source0, from + v * large_pitch + u);
      if (ACCUMULATE != 0)
        sum += texelFetch (source0, destination + i);
      out_texels[i] = x < width ? sum : vec4 (0.0);
      return;
    }

  const int from = source + plane * height * pitch;
  for (int v = max (y / 2 - 1, 0); v < min (y / 2 + 2, height); v++)
    for (int u = max (x / 2 - 1, 0); u < min (x / 2 + 2, width); u++)
      sum += share (y, v, height) * share (x, u, width) * texelFetch (source0, from + v * pitch + u);
  out_texels[i] = x < large_width ? sum : vec4 (0.0);
}
