#version 450
// SPDX-License-Identifier: GPL-3.0-or-later
//
// The end of the Winograd weight gradient: adds up the chunks and transforms back, Gᵀ M G, to where the parameters lie. The bias
// is the sum over the tiles of the position where A is all ones.
#extension GL_GOOGLE_include_directive : enable
#include "train.glsl"

// Gᵀ times a column.
void
transform (in vec4 m[6], out vec4 o[3])
{
  const vec4 plus = m[1] + m[2], minus = m[2] - m[1];
  const vec4 plus2 = m[3] + m[4], minus2 = m[3] - m[4];
  o[0] = m[0] / 4.0 - plus / 6.0 + plus2 / 24.0;
  o[1] = minus / 6.0 + minus2 / 12.0;
  o[2] = plus2 / 6.0 - plus / 6.0 + m[5];
}

void
main ()
{
  const int partial = push.a[0], chunks = push.a[1], in_planes = push.a[2], outs = push.a[3], outputs = push.a[4];
  const int in_total = push.a[5], first = push.a[6], channels = push.a[7], weight = push.a[8], bias = push.a[9];
  const int gradients = push.a[10], out_planes = push.a[11], stride = push.a[12];
  const int i = int (gl_GlobalInvocationID.x);

  if (i >= in_planes * outs)
    {
      const int plane = i - in_planes * outs;
      vec4 sum = vec4 (0.0);
      if (bias < 0 || plane >= out_planes)
        return;
      for (int t = 0; t < stride; t++)
        sum += texelFetch (source0, gradients + (7 * out_planes + plane) * stride + t);
      for (int lane = 0; lane < 4; lane++)
        if (plane * 4 + lane < outputs)
          out_floats[bias + plane * 4 + lane] = sum[lane];
      return;
    }

  const int o = i % outs;
  const int plane = i / outs;
  if (o >= outputs)
    return;

  vec4 half_way[6][3];
  for (int x = 0; x < 6; x++)
    {
      vec4 column[6];
      for (int y = 0; y < 6; y++)
        {
          column[y] = vec4 (0.0);
          for (int c = 0; c < chunks; c++)
            column[y] += texelFetch (source0, partial + ((c * 36 + y * 6 + x) * in_planes + plane) * outs + o);
        }
      transform (column, half_way[x]);
    }
  for (int y = 0; y < 3; y++)
    {
      vec4 row[6], taps[3];
      for (int x = 0; x < 6; x++)
        row[x] = half_way[x][y];
      transform (row, taps);
      for (int x = 0; x < 3; x++)
        for (int lane = 0; lane < 4; lane++)
          if (plane * 4 + lane < channels)
            out_floats[weight + (o * in_total + first + plane * 4 + lane) * 9 + y * 3 + x] = taps[x][lane];
    }
}
