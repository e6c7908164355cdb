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
  const int kernel = push.a[5], outputs = push.a[6], in_total = push.a[7], first = push.a[8], channels = push.a[9];
  const int weight = push.a[10], bias = push.a[11], groups = push.a[12], stride = push.a[13];
  const int i = int (gl_GlobalInvocationID.x);
  const int n_weights = blocks * items * kernel * outs;

  if (i >= n_weights + blocks * outs / 4)
    return;

  vec4 sum = vec4 (0.0);
  for (int c = 0; c < chunks; c++)
    sum += texelFetch (source0, partial + c * stride + i);

  if (i >= n_weights)
    {
      for (int lane = 0; lane < 4; lane++)
        if (bias >= 0 && (i - n_weights) * 4 + lane < outputs)
          out_floats[bias + (i - n_weights) * 4 + lane] = sum[lane];
      return;
    }

  const int kx = i / outs % kernel;
  const int item = i / (outs * kernel) % items;
  const int o = i / (outs * kernel * items) * outs + i % outs;
  const int tap = item % kernel * kernel + kx;
  if (o >= outputs)
    return;
  const int per_in = in_total / groups;
  const int group = o / (outputs / groups);
  for (int lane = 0; lane < 4; lane++)
    {
      const int c = item / kernel * 4 + lane;
      if (c < channels && (first + c) / per_in == group)
        out_floats[weight + (o * per_in + (first + c) % per_in) * kernel * kernel + tap] = sum[lane];
    }
}
