#version 450
// SPDX-License-Identifier: GPL-3.0-or-later
//
// ln (1 + exp x), or a gradient times its derivative at x.
#extension GL_GOOGLE_include_directive : enable
#include "train.glsl"

layout (constant_id = 1) const int BACKWARD = 0;

void
main ()
{
  const int source = push.a[0], gradient = push.a[1], n = push.a[2];
  const int i = linear_index ();

  if (i >= n)
    return;
  const float x = texelFetch (source0, source + i).x;
  const float e = exp (-abs (x));
  if (BACKWARD != 0)
    out_floats[i] = texelFetch (source0, gradient + i).x * (x > 0.0 ? 1.0 : e) / (1.0 + e);
  else
    out_floats[i] = max (x, 0.0) + log (1.0 + e);
}
