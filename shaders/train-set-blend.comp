#version 450
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Over the set: the sum of weight times band. BACKWARD: the gradient by every weight.
#extension GL_GOOGLE_include_directive : enable
#include "train.glsl"

layout (constant_id = 1) const int BACKWARD = 0;

void
main ()
{
  const int weights = push.a[0], bands = push.a[1], pixels = push.a[2], n = push.a[3];
  const int i = int (gl_GlobalInvocationID.x);
  const int set = int (gl_GlobalInvocationID.y);

  if (i >= pixels)
    return;
  if (BACKWARD != 0)
    {
      const float g = texelFetch (source0, weights + set * pixels + i).x;
      for (int k = 0; k < n; k++)
        out_floats[(set * n + k) * pixels + i] = g * texelFetch (source0, bands + (set * n + k) * pixels + i).x;
      return;
    }

  float sum = 0.0;
  for (int k = 0; k < n; k++)
    sum += texelFetch (source0, weights + (set * n + k) * pixels + i).x
           * texelFetch (source0, bands + (set * n + k) * pixels + i).x;
  out_floats[set * pixels + i] = sum;
}
