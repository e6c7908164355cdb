#version 450
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Adds up the partial sums of train-conv-grad.comp, in the order of images and rows, and puts them where the parameters
// lie: [out][in / groups][tap], and [out] for the bias.
#extension GL_GOOGLE_include_directive : enable
#include "train.glsl"

void
main ()
{
  const int partial = push.a[0], chunks = push.a[1], blocks = push.a[2], items = push.a[3], outs = push.a[4];
  const int taps = push.a[5], outputs = push.a[6], in_total = push.a[7], first = push.a[8], channels = push.a[9];
  const int weight = push.a[10], bias = push.a[11], groups = push.a[12];
  const int i = int (gl_GlobalInvocationID.x);
  const int stride = blocks * items * outs;

  if (i >= stride)
    return;

  vec4 sum = vec4 (0.0);
  for (int c = 0; c < chunks; c++)
    sum += texelFetch (source0, partial + c * stride + i);

  const int item = i / outs % items;
  const int o = i / (outs * items) * outs + i % outs;
  if (o >= outputs)
    return;
  if (item == items - 1)
    {
      if (bias >= 0)
        out_floats[bias + o] = sum.x;
      return;
    }
  const int per_in = in_total / groups;
  const int group = o / (outputs / groups);
  for (int lane = 0; lane < 4; lane++)
    {
      const int c = item / taps * 4 + lane;
      if (c < channels && (first + c) / per_in == group)
        out_floats[weight + (o * per_in + (first + c) % per_in) * taps + item % taps] = sum[lane];
    }
}
