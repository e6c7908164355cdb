#version 450
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Two edge terms, zero outside the picture. SOBEL: | |Sx|+|Sy| of x less the largest of the sources |. Else the
// 4-neighbour Laplacian of x less that of each source, squared and averaged. Out: the value, and the derivatives by what the
// filters gave (two maps for Sobel, one else).
#extension GL_GOOGLE_include_directive : enable
#include "train.glsl"

layout (constant_id = 1) const int SOBEL = 0;

int width, height;

float
at (int base, int x, int y)
{
  const bool inside = x >= 0 && x < width && y >= 0 && y < height;
  const float value = texelFetch (source0, inside ? base + y * width + x : 0).x;
  return inside ? value : 0.0;
}

vec2
sobel (int base, int x, int y)
{
  const float a = at (base, x - 1, y - 1), b = at (base, x, y - 1), c = at (base, x + 1, y - 1);
  const float d = at (base, x - 1, y), f = at (base, x + 1, y);
  const float g = at (base, x - 1, y + 1), h = at (base, x, y + 1), i = at (base, x + 1, y + 1);
  return vec2 (c + 2.0 * f + i - a - 2.0 * d - g, g + 2.0 * h + i - a - 2.0 * b - c);
}

float
laplacian (int base, int x, int y)
{
  return at (base, x - 1, y) + at (base, x + 1, y) + at (base, x, y - 1) + at (base, x, y + 1) - 4.0 * at (base, x, y);
}

void
main ()
{
  const int fused = push.a[0], sources = push.a[1], n = push.a[4], n_sets = push.a[5];
  const float value_scale = push_float (6), gradient_scale = push_float (7);
  const int i = int (gl_GlobalInvocationID.x);
  const int set = int (gl_GlobalInvocationID.y);
  width = push.a[2];
  height = push.a[3];
  const int x = i % width;
  const int y = i / width;
  const int pixels = width * height;

  if (y >= height)
    return;

  if (SOBEL != 0)
    {
      const vec2 s = sobel (fused + set * pixels, x, y);
      float largest = 0.0;
      for (int k = 0; k < n; k++)
        {
          const vec2 t = abs (sobel (sources + (set * n + k) * pixels, x, y));
          largest = max (largest, t.x + t.y);
        }
      const float r = abs (s.x) + abs (s.y) - largest;
      const vec2 slope = sign (r) * sign (s) * gradient_scale;
      out_floats[set * pixels + i] = abs (r) * value_scale;
      more_floats[set * pixels + i] = slope.x;
      more_floats[(n_sets + set) * pixels + i] = slope.y;
      return;
    }

  const float l = laplacian (fused + set * pixels, x, y);
  float value = 0.0, slope = 0.0;
  for (int k = 0; k < n; k++)
    {
      const float r = l - laplacian (sources + (set * n + k) * pixels, x, y);
      value += r * r;
      slope += 2.0 * r;
    }
  out_floats[set * pixels + i] = value / float (n) * value_scale;
  more_floats[set * pixels + i] = slope / float (n) * gradient_scale;
}
