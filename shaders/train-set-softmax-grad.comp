#version 450
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Backward through the softmax over the set, from the gradient by the weights: either given, or that of a blend of bands,
// whose gradient by weight k is the blend's gradient times band k. Out: the logits' gradient, and with an energy that of
// its common factor.
#extension GL_GOOGLE_include_directive : enable
#include "train.glsl"

layout (constant_id = 1) const int ENERGY = 1;
layout (constant_id = 2) const int BLEND = 1;

void
main ()
{
  const int weights = push.a[0], gradient = push.a[1], bands = push.a[2], energy = push.a[3];
  const int pixels = push.a[4], n = push.a[5];
  const int i = int (gl_GlobalInvocationID.x);
  const int set = int (gl_GlobalInvocationID.y);
  const int first = set * n * pixels + i;
  float mean = 0.0, by_factor = 0.0;

  if (i >= pixels)
    return;
  const float blend = BLEND != 0 ? texelFetch (source0, gradient + set * pixels + i).x : 0.0;
  for (int k = 0; k < n; k++)
    {
      const int at = first + k * pixels;
      const float g = BLEND != 0 ? blend * texelFetch (source0, bands + at).x : texelFetch (source0, gradient + at).x;
      mean += texelFetch (source0, weights + at).x * g;
    }
  for (int k = 0; k < n; k++)
    {
      const int at = first + k * pixels;
      const float g = BLEND != 0 ? blend * texelFetch (source0, bands + at).x : texelFetch (source0, gradient + at).x;
      const float z = texelFetch (source0, weights + at).x * (g - mean);
      out_floats[at] = z;
      if (ENERGY != 0)
        by_factor += z * texelFetch (source0, energy + at).x;
    }
  if (ENERGY != 0)
    more_floats[set * pixels + i] = by_factor;
}
