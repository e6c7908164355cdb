#version 450
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Pooling of features by 2 × 2, a last odd row or column over what exists. BACKWARD: from the gradient of what was pooled to
// that of the features; equal maxima share it equally.
#extension GL_GOOGLE_include_directive : enable
#include "train.glsl"

layout (constant_id = 1) const int TAKE_MAX = 0;
layout (constant_id = 2) const int BACKWARD = 0;
layout (constant_id = 3) const int ACCUMULATE = 0;

void
main ()
{
  const int source = push.a[0], width = push.a[1], height = push.a[2], pitch = push.a[3];
  const int small_pitch = push.a[4], gradient = push.a[5], n = push.a[6], destination = push.a[7];
  const int small_height = (height + 1) / 2;
  const int i = linear_index ();
  const int own_pitch = BACKWARD != 0 ? pitch : small_pitch;
  const int own_height = BACKWARD != 0 ? height : small_height;
  const int x = i % own_pitch;
  const int y = i / own_pitch % own_height;
  const int plane = i / (own_pitch * own_height);

  if (i >= n)
    return;
  if (x >= (BACKWARD != 0 ? width : (width + 1) / 2))
    {
      out_texels[i] = vec4 (0.0);
      return;
    }

  const int left = BACKWARD != 0 ? x & ~1 : 2 * x;
  const int top = BACKWARD != 0 ? y & ~1 : 2 * y;
  const int columns = min (2, width - left);
  const int rows = min (2, height - top);
  const int from = source + (plane * height + top) * pitch + left;
  vec4 most = texelFetch (source0, from), sum = vec4 (0.0);
  for (int v = 0; v < rows; v++)
    for (int u = 0; u < columns; u++)
      {
        const vec4 value = texelFetch (source0, from + v * pitch + u);
        most = max (most, value);
        sum += value;
      }
  if (BACKWARD == 0)
    {
      out_texels[i] = TAKE_MAX != 0 ? most : sum / float (rows * columns);
      return;
    }

  vec4 share = vec4 (1.0 / float (rows * columns));
  if (TAKE_MAX != 0)
    {
      vec4 equals = vec4 (0.0);
      for (int v = 0; v < rows; v++)
        for (int u = 0; u < columns; u++)
          equals += vec4 (equal (texelFetch (source0, from + v * pitch + u), most));
      share = vec4 (equal (texelFetch (source0, source + (plane * height + y) * pitch + x), most)) / equals;
    }
  vec4 value = share * texelFetch (source0, gradient + (plane * small_height + y / 2) * small_pitch + x / 2);
  if (ACCUMULATE != 0)
    value += texelFetch (source0, destination + i);
  out_texels[i] = value;
}
