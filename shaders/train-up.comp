#version 450
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Bilinear enlargement of maps by a whole factor, half-pixel centres, the edge repeated; the result may be cut. Its
// transpose gathers, for every small pixel, what the large ones took of it.
#extension GL_GOOGLE_include_directive : enable
#include "train.glsl"

layout (constant_id = 1) const int TRANSPOSED = 0;
layout (constant_id = 2) const int ACCUMULATE = 0;

void
main ()
{
  const int source = push.a[0], width = push.a[1], height = push.a[2], large_width = push.a[3], large_height = push.a[4];
  const int factor = push.a[5], destination = push.a[6];
  const float scale = push_float (7);
  const int i = int (gl_GlobalInvocationID.x);
  const int image = int (gl_GlobalInvocationID.y);

  if (TRANSPOSED != 0)
    {
      const int x = i % width;
      const int y = i / width;
      if (y >= height)
        return;
      const int from = source + image * large_width * large_height;
      const int x1 = min (x == width - 1 ? large_width : (x + 2) * factor, large_width);
      const int y1 = min (y == height - 1 ? large_height : (y + 2) * factor, large_height);
      float sum = 0.0;
      for (int ly = max ((y - 1) * factor, 0); ly < y1; ly++)
        {
          const float sy = bilinear_share (ly, y, height, factor);
          float row = 0.0;
          for (int lx = max ((x - 1) * factor, 0); lx < x1; lx++)
            row += bilinear_share (lx, x, width, factor) * texelFetch (source0, from + ly * large_width + lx).x;
          sum += sy * row;
        }
      const int to = image * width * height + i;
      out_floats[to] = sum * scale + (ACCUMULATE != 0 ? texelFetch (source0, destination + to).x : 0.0);
      return;
    }

  const int x = i % large_width;
  const int y = i / large_width;
  if (y >= large_height)
    return;
  const vec2 f = (vec2 (x, y) + 0.5) / float (factor) - 0.5;
  const ivec2 low = ivec2 (floor (f));
  const vec2 t = f - vec2 (low);
  const ivec2 a = clamp (low, ivec2 (0), ivec2 (width, height) - 1);
  const ivec2 b = clamp (low + 1, ivec2 (0), ivec2 (width, height) - 1);
  const int from = source + image * width * height;
  const float top = mix (texelFetch (source0, from + a.y * width + a.x).x, texelFetch (source0, from + a.y * width + b.x).x, t.x);
  const float bottom
    = mix (texelFetch (source0, from + b.y * width + a.x).x, texelFetch (source0, from + b.y * width + b.x).x, t.x);
  const int to = image * large_width * large_height + i;
  out_floats[to] = mix (top, bottom, t.y) * scale
                   + (ACCUMULATE != 0 ? texelFetch (source0, destination + to).x : 0.0);
}
