#version 450
// SPDX-License-Identifier: GPL-3.0-or-later
//
// The transpose of padding by a boundary rule: every pixel gathers the gradients of all the positions, inside and in the
// ring, that it stood for.
#extension GL_GOOGLE_include_directive : enable
#include "train.glsl"

layout (constant_id = 1) const int BOUNDARY = 1;
layout (constant_id = 2) const int ACCUMULATE = 0;

void
main ()
{
  const int padded = push.a[0], width = push.a[1], height = push.a[2], pitch = push.a[3];
  const int ring = push.a[4], padded_pitch = push.a[5], n = push.a[6], destination = push.a[7];
  const int padded_height = height + 2 * ring;
  const int i = linear_index ();
  const int x = i % pitch;
  const int y = i / pitch % height;
  const int plane = i / (pitch * height);

  if (i >= n)
    return;

  vec4 sum = vec4 (0.0);
  const bool near_y = y <= ring || y >= height - 1 - ring;
  const bool near_x = x <= ring || x >= width - 1 - ring;
  for (int py = near_y ? -ring : y; py < (near_y ? height + ring : y + 1); py++)
    {
      if (boundary (BOUNDARY, py, height) != y)
        continue;
      for (int px = near_x ? -ring : x; px < (near_x ? width + ring : x + 1); px++)
        if (boundary (BOUNDARY, px, width) == x)
          sum += texelFetch (source0, padded + (plane * padded_height + py + ring) * padded_pitch + px + ring);
    }
  if (ACCUMULATE != 0)
    sum += texelFetch (source0, destination + i);
  out_texels[i] = x < width ? sum : vec4 (0.0);
}
