#version 450
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Weights from where the optimiser keeps them, [out][in / groups][tap], into the order in which the convolution kernels read
// them (conv.glsl): taps, or transformed for Winograd. Transposed, inputs and outputs change places and the taps are turned
// round: the convolution of the backward pass. Zero outside a group and beyond the last channel.
#extension GL_GOOGLE_include_directive : enable
#include "train.glsl"

layout (constant_id = 1) const int WINOGRAD = 0;
layout (constant_id = 2) const int TRANSPOSED = 0;
layout (constant_id = 3) const int TAPS = 9;

int out_channels, in_total, groups;

float
weight_at (int o, int i, int tap)
{
  const int per_in = in_total / groups;
  if (o >= out_channels || o / (out_channels / groups) != i / per_in)
    return 0.0;
  return texelFetch (source0, push.a[0] + (o * per_in + i % per_in) * TAPS + tap).x;
}

// Output `o` of the packed convolution, input lanes of `plane`.
vec4
weights_at (int o, int plane, int tap)
{
  const int first = push.a[5], channels = push.a[6];
  vec4 value;
  for (int lane = 0; lane < 4; lane++)
    {
      const int i = plane * 4 + lane;
      if (TRANSPOSED != 0)
        value[lane] = o < channels && i < out_channels ? weight_at (i, first + o, TAPS - 1 - tap) : 0.0;
      else
        value[lane] = i < channels ? weight_at (o, first + i, tap) : 0.0;
    }
  return value;
}

// One row or column of G (Lavin and Gray 2016).
void
transform (vec4 a, vec4 b, vec4 c, out vec4 t[6])
{
  t[0] = a / 4.0;
  t[1] = -(a + b + c) / 6.0;
  t[2] = -(a - b + c) / 6.0;
  t[3] = a / 24.0 + b / 12.0 + c / 6.0;
  t[4] = a / 24.0 - b / 12.0 + c / 6.0;
  t[5] = c;
}

void
main ()
{
  const int to = push.a[1], outs = push.a[2], planes = push.a[7], first_plane = push.a[8], planes_total = push.a[9];
  const int positions = WINOGRAD != 0 ? 36 : TAPS;
  const int i = int (gl_GlobalInvocationID.x);
  const int n_outputs = push.a[10]; // padded to whole blocks
  out_channels = push.a[3];
  in_total = push.a[4];
  groups = push.a[11];
  if (i >= n_outputs * planes)
    return;

  const int o = i % n_outputs;
  const int plane = i / n_outputs;
  const int at = to + ((o / outs * planes_total + first_plane + plane) * positions) * outs + o % outs;

  if (WINOGRAD == 0)
    {
      for (int tap = 0; tap < TAPS; tap++)
        out_texels[at + tap * outs] = weights_at (o, plane, tap);
      return;
    }

  vec4 rows[3][6];
  [[unroll]] for (int y = 0; y < 3; y++)
    transform (weights_at (o, plane, y * 3), weights_at (o, plane, y * 3 + 1), weights_at (o, plane, y * 3 + 2),
               rows[y]);
  [[unroll]] for (int x = 0; x < 6; x++)
    {
      vec4 column[6];
      transform (rows[0][x], rows[1][x], rows[2][x], column);
      [[unroll]] for (int y = 0; y < 6; y++)
        out_texels[at + (y * 6 + x) * outs] = column[y];
    }
}
