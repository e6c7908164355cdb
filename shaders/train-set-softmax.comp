#version 450
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Over the set: softmax of logits, plus an energy times a factor common to the set.
#extension GL_GOOGLE_include_directive : enable
#include "train.glsl"

layout (constant_id = 1) const int ENERGY = 1;

float
logit (int member, int pixels, int i, int set)
{
  const float g = texelFetch (source0, push.a[0] + member * pixels + i).x;
  if (ENERGY == 0)
    return g;
  return g + texelFetch (source0, push.a[1] + member * pixels + i).x * texelFetch (source0, push.a[2] + set * pixels + i).x;
}

void
main ()
{
  const int pixels = push.a[3], n = push.a[4];
  const int i = int (gl_GlobalInvocationID.x);
  const int set = int (gl_GlobalInvocationID.y);
  float largest = 0.0, sum = 0.0;

  if (i >= pixels)
    return;
  for (int k = 0; k < n; k++)
    {
      const float z = logit (set * n + k, pixels, i, set);
      largest = k == 0 ? z : max (largest, z);
    }
  for (int k = 0; k < n; k++)
    sum += exp (logit (set * n + k, pixels, i, set) - largest);
  for (int k = 0; k < n; k++)
    out_floats[(set * n + k) * pixels + i] = exp (logit (set * n + k, pixels, i, set) - largest) / sum;
}
