#version 450
// SPDX-License-Identifier: GPL-3.0-or-later
//
// The transposes of the filters of train-edges.comp: dx (+)= Sxᵀ a + Syᵀ b, or the Laplacian of a.
#extension GL_GOOGLE_include_directive : enable
#include "train.glsl"

layout (constant_id = 1) const int SOBEL = 0;
layout (constant_id = 2) const int ACCUMULATE = 0;

int width, height;

float
at (int base, int x, int y)
{
  const bool inside = x >= 0 && x < width && y >= 0 && y < height;
  const float value = texelFetch (source0, inside ? base + y * width + x : 0).x;
  return inside ? value : 0.0;
}

void
main ()
{
  const int slopes = push.a[0], gradient = push.a[1], n_sets = push.a[4];
  const int i = int (gl_GlobalInvocationID.x);
  const int set = int (gl_GlobalInvocationID.y);
  width = push.a[2];
  height = push.a[3];
  const int x = i % width;
  const int y = i / width;
  const int a = slopes + set * width * height;
  const int b = a + n_sets * width * height;
  float sum = 0.0;

  if (y >= height)
    return;
  if (SOBEL != 0)
    for (int d = -1; d <= 1; d++)
      {
        const float w = d == 0 ? 2.0 : 1.0;
        sum += w * (at (a, x - 1, y + d) - at (a, x + 1, y + d)) + w * (at (b, x + d, y - 1) - at (b, x + d, y + 1));
      }
  else
    sum = at (a, x - 1, y) + at (a, x + 1, y) + at (a, x, y - 1) + at (a, x, y + 1) - 4.0 * at (a, x, y);
  const int to = set * width * height + i;
  out_floats[to] = sum + (ACCUMULATE != 0 ? texelFetch (source0, gradient + to).x : 0.0);
}
