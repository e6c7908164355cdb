#version 450
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Maps pixel by pixel: factor · x + shift; factor · tanh x + shift; and the gradient through the latter, from its output.
#extension GL_GOOGLE_include_directive : enable
#include "train.glsl"

layout (constant_id = 1) const int WHAT = 0;

const int AFFINE = 0;
const int TANH = 1;
const int TANH_GRADIENT = 2;

void
main ()
{
  const int source = push.a[0], gradient = push.a[1], n = push.a[2];
  const float factor = push_float (3), shift = push_float (4);
  const int i = linear_index ();

  if (i >= n)
    return;
  const float x = texelFetch (source0, source + i).x;
  if (WHAT == TANH_GRADIENT)
    {
      const float t = (x - shift) / factor;
      out_floats[i] = texelFetch (source0, gradient + i).x * factor * (1.0 - t * t);
      return;
    }
  out_floats[i] = factor * (WHAT == TANH ? tanh (x) : x) + shift;
}
