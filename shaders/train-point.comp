#version 450
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Maps pixel by pixel: factor · x + shift; factor · tanh x + shift; and the gradient through the latter, from its output; x cut to
// 0 … 1, and the gradient through that, from x, written or (ACCUMULATE) added to what is there.
#extension GL_GOOGLE_include_directive : enable
#include "train.glsl"

layout (constant_id = 1) const int WHAT = 0;
layout (constant_id = 2) const int ACCUMULATE = 0;

const int AFFINE = 0;
const int TANH = 1;
const int TANH_GRADIENT = 2;
const int CUT = 3;
const int CUT_GRADIENT = 4;

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
  if (WHAT == CUT)
    {
      out_floats[i] = clamp (x, 0.0, 1.0);
      return;
    }
  if (WHAT == CUT_GRADIENT)
    {
      const float before = ACCUMULATE != 0 ? texelFetch (source0, push.a[5] + i).x : 0.0;
      out_floats[i] = before + (x < 0.0 || x > 1.0 ? 0.0 : texelFetch (source0, gradient + i).x);
      return;
    }
  out_floats[i] = factor * (WHAT == TANH ? tanh (x) : x) + shift;
}
