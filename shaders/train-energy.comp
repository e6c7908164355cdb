#version 450
// SPDX-License-Identifier: GPL-3.0-or-later
//
// ln (means of |band| over BOX × BOX pixels + floor) · scale + shift. BOX 3: round every pixel, the edge repeated; BOX 0: over
// blocks of `factor`.
#extension GL_GOOGLE_include_directive : enable
#include "train.glsl"

layout (constant_id = 1) const int BOX = 3;

void
main ()
{
  const int source = push.a[0], width = push.a[1], height = push.a[2], factor = push.a[3];
  const int out_width = BOX != 0 ? width : width / factor;
  const int out_height = BOX != 0 ? height : height / factor;
  const int i = int (gl_GlobalInvocationID.x);
  const int image = int (gl_GlobalInvocationID.y);
  const int x = i % out_width;
  const int y = i / out_width;
  float sum = 0.0;

  if (y >= out_height)
    return;
  const int reach = BOX / 2;
  const int n = BOX != 0 ? BOX : factor;
  const int left = BOX != 0 ? x - reach : x * factor;
  const int top = BOX != 0 ? y - reach : y * factor;
  for (int b = 0; b < n; b++)
    for (int a = 0; a < n; a++)
      {
        const int sx = clamp (left + a, 0, width - 1);
        const int sy = clamp (top + b, 0, height - 1);
        sum += abs (texelFetch (source0, source + (image * height + sy) * width + sx).x);
      }
  out_floats[image * out_width * out_height + i]
    = log (sum / float (n * n) + push_float (4)) * push_float (5) + push_float (6);
}
