#version 450
// SPDX-License-Identifier: GPL-3.0-or-later
//
// The means of FACTOR × FACTOR pixels; what is left over at the right and below does not count. TRANSPOSED: every pixel gets
// its share of its block's gradient.
#extension GL_GOOGLE_include_directive : enable
#include "train.glsl"

layout (constant_id = 1) const int TRANSPOSED = 0;
layout (constant_id = 2) const int ACCUMULATE = 0;
layout (constant_id = 3) const int ABSOLUTE = 0; // the means of |x − centre|

void
main ()
{
  const int source = push.a[0], width = push.a[1], height = push.a[2], factor = push.a[3], destination = push.a[4];
  const float centre = push_float (5);
  const int small_width = width / factor, small_height = height / factor;
  const int i = int (gl_GlobalInvocationID.x);
  const int image = int (gl_GlobalInvocationID.y);
  const float share = 1.0 / float (factor * factor);

  if (TRANSPOSED != 0)
    {
      const int x = i % width / factor;
      const int y = i / width / factor;
      const int to = image * width * height + i;
      if (i >= width * height)
        return;
      const bool inside = x < small_width && y < small_height;
      const float g = texelFetch (source0, inside ? source + (image * small_height + y) * small_width + x : 0).x;
      out_floats[to] = (inside ? g * share : 0.0)
                       + (ACCUMULATE != 0 ? texelFetch (source0, destination + to).x : 0.0);
      return;
    }

  if (i >= small_width * small_height)
    return;
  const int from = source + image * width * height + i / small_width * factor * width + i % small_width * factor;
  float sum = 0.0;
  for (int y = 0; y < factor; y++)
    for (int x = 0; x < factor; x++)
      {
        const float value = texelFetch (source0, from + y * width + x).x;
        sum += ABSOLUTE != 0 ? abs (value - centre) : value;
      }
  out_floats[image * small_width * small_height + i] = sum * share;
}
