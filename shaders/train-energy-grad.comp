#version 450
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Back through train-energy.comp to the band, from what it gave: logarithm, box and magnitude at once. A pixel gathers from
// every box that holds it; one that the edge repeats counts as often as it stands there. At zero the magnitude has no slope.
#extension GL_GOOGLE_include_directive : enable
#include "train.glsl"

layout (constant_id = 1) const int BOX = 3;

// How often the box round `q` holds pixel `p`, in one direction.
int
count (int q, int p, int n)
{
  int times = 0;
  for (int a = -(BOX / 2); a <= BOX / 2; a++)
    times += clamp (q + a, 0, n - 1) == p ? 1 : 0;
  return times;
}

void
main ()
{
  const int band = push.a[0], width = push.a[1], height = push.a[2], factor = push.a[3];
  const float scale = push_float (5), shift = push_float (6);
  const int energy = push.a[7], gradient = push.a[8];
  const int out_width = BOX != 0 ? width : width / factor;
  const int out_height = BOX != 0 ? height : height / factor;
  const int i = int (gl_GlobalInvocationID.x);
  const int image = int (gl_GlobalInvocationID.y);
  const int x = i % width;
  const int y = i / width;
  const int n = BOX != 0 ? BOX : factor;
  const int reach = BOX / 2;
  const int at_x = BOX != 0 ? x : x / factor;
  const int at_y = BOX != 0 ? y : y / factor;
  float sum = 0.0;

  if (y >= height)
    return;
  for (int v = max (at_y - reach, 0); v < min (at_y + reach + 1, out_height); v++)
    for (int u = max (at_x - reach, 0); u < min (at_x + reach + 1, out_width); u++)
      {
        const int from = (image * out_height + v) * out_width + u;
        const int times = BOX != 0 ? count (v, y, height) * count (u, x, width) : 1;
        // What the logarithm was taken of.
        const float inside = exp ((texelFetch (source0, energy + from).x - shift) / scale);
        sum += float (times) * texelFetch (source0, gradient + from).x / inside;
      }
  out_floats[image * width * height + i]
    = sum * scale / float (n * n) * sign (texelFetch (source0, band + image * width * height + i).x);
}
