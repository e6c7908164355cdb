#version 450
// SPDX-License-Identifier: GPL-3.0-or-later
//
// One direction of a separable, symmetric filter over maps, zero outside: out[i] = Σ taps[k] in[i + k − offset]. Offset 0 and
// a smaller output are the valid part; the whole length less one, and a larger output, its transpose.
#extension GL_GOOGLE_include_directive : enable
#include "train.glsl"

layout (constant_id = 1) const int VERTICAL = 0;
layout (constant_id = 2) const int TAPS = 11;

void
main ()
{
  const int source = push.a[0], width = push.a[1], height = push.a[2], out_width = push.a[3], out_height = push.a[4];
  const int offset = push.a[5];
  const int i = int (gl_GlobalInvocationID.x);
  const int image = int (gl_GlobalInvocationID.y);
  const int x = i % out_width;
  const int y = i / out_width;
  const int at = source + image * width * height;
  float sum = 0.0;

  if (y >= out_height)
    return;
  [[unroll]] for (int k = 0; k < TAPS; k++)
    {
      const int sx = VERTICAL != 0 ? x : x + k - offset;
      const int sy = VERTICAL != 0 ? y + k - offset : y;
      const bool inside = sx >= 0 && sx < width && sy >= 0 && sy < height;
      const float value = texelFetch (source0, inside ? at + sy * width + sx : 0).x;
      sum += push_float (16 + (k < TAPS / 2 ? k : TAPS - 1 - k)) * (inside ? value : 0.0);
    }
  out_floats[image * out_width * out_height + i] = sum;
}
