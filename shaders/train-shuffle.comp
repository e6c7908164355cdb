#version 450
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Channel shuffle: y[i·G + k] = x[k·C/G + i], plus a base; TRANSPOSED: the way back.
#extension GL_GOOGLE_include_directive : enable
#include "train.glsl"

layout (constant_id = 1) const int TRANSPOSED = 0;
layout (constant_id = 2) const int BASE = 0;

void
main ()
{
  const int source = push.a[0], base = push.a[1], image_texels = push.a[2], plane_texels = push.a[3];
  const int channels = push.a[4], groups = push.a[5];
  const int i = int (gl_GlobalInvocationID.x);
  const int image = int (gl_GlobalInvocationID.y);
  const int per_group = channels / groups;
  const int rows = TRANSPOSED != 0 ? groups : per_group; // the matrix that is turned over
  const int columns = channels / rows;
  vec4 value;

  if (i >= image_texels)
    return;
  for (int lane = 0; lane < 4; lane++)
    {
      // Channel r · columns + c of the output is channel c · rows + r of the input.
      const int channel = i / plane_texels * 4 + lane;
      const int from = channel % columns * rows + channel / columns;
      const vec4 x = texelFetch (
        source0, channel < channels ? source + image * image_texels + from / 4 * plane_texels + i % plane_texels : 0);
      value[lane] = channel < channels ? x[from % 4] : 0.0;
    }
  if (BASE != 0)
    value += texelFetch (source0, base + image * image_texels + i);
  out_texels[image * image_texels + i] = value;
}
