#version 450
// SPDX-License-Identifier: GPL-3.0-or-later
//
// The sums of runs of floats, times a scale.
#extension GL_GOOGLE_include_directive : enable
#include "train.glsl"

void
main ()
{
  const int source = push.a[0], runs = push.a[1], length = push.a[2];
  const int i = linear_index ();
  float sum = 0.0;

  if (i >= runs)
    return;
  for (int k = 0; k < length; k++)
    sum += texelFetch (source0, source + i * length + k).x;
  out_floats[i] = sum * push_float (3);
}
