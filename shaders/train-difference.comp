#version 450
// SPDX-License-Identifier: GPL-3.0-or-later
//
// |∂x − ∂y| of forward differences in both directions, ∂y being the source difference of the largest magnitude (of equal
// ones the positive), and its derivative by x.
#extension GL_GOOGLE_include_directive : enable
#include "train.glsl"

layout (constant_id = 1) const int ACCUMULATE = 0;

int fused, sources, width, height, n, set;

// x's difference from pixel `at` to `at + step`, less the wanted one.
float
residual (int at, int step)
{
  const int pixels = width * height;
  float wanted = 0.0;
  for (int k = 0; k < n; k++)
    {
      const int y = sources + (set * n + k) * pixels + at;
      const float d = texelFetch (source0, y + step).x - texelFetch (source0, y).x;
      if (k == 0 || abs (d) > abs (wanted) || (abs (d) == abs (wanted) && d > wanted))
        wanted = d;
    }
  const int x = fused + set * pixels + at;
  return texelFetch (source0, x + step).x - texelFetch (source0, x).x - wanted;
}

void
main ()
{
  fused = push.a[0];
  sources = push.a[1];
  width = push.a[3];
  height = push.a[4];
  n = push.a[5];
  set = int (gl_GlobalInvocationID.y);
  const int gradient = push.a[2];
  const float scale_x = push_float (6), scale_y = push_float (7), weight = push_float (8);
  const int i = int (gl_GlobalInvocationID.x);
  const int x = i % width;
  const int y = i / width;
  float value = 0.0, slope = 0.0;

  if (y >= height)
    return;
  if (x + 1 < width)
    {
      const float r = residual (i, 1);
      value += abs (r) * scale_x;
      slope -= sign (r) * scale_x;
    }
  if (x > 0)
    slope += sign (residual (i - 1, 1)) * scale_x;
  if (y + 1 < height)
    {
      const float r = residual (i, width);
      value += abs (r) * scale_y;
      slope -= sign (r) * scale_y;
    }
  if (y > 0)
    slope += sign (residual (i - width, width)) * scale_y;

  const int at = set * width * height + i;
  out_floats[at] = value;
  more_floats[at] = slope * weight + (ACCUMULATE != 0 ? texelFetch (source0, gradient + at).x : 0.0);
}
