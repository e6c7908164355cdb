#version 450
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Up to four channels from one map, factors · x + shifts; or (GATHER) one map from up to four channels, Σ factors · x + shift.
#extension GL_GOOGLE_include_directive : enable
#include "train.glsl"

layout (constant_id = 1) const int GATHER = 0;

void
main ()
{
  const int source = push.a[0], width = push.a[1], height = push.a[2], pitch = push.a[3];
  const vec4 factors = vec4 (push_float (4), push_float (5), push_float (6), push_float (7));
  const vec4 shifts = vec4 (push_float (8), push_float (9), push_float (10), push_float (11));
  const int i = int (gl_GlobalInvocationID.x);
  const int image = int (gl_GlobalInvocationID.y);

  if (GATHER != 0)
    {
      if (i >= width * height)
        return;
      const vec4 x = texelFetch (source0, source + image * pitch * height + i / width * pitch + i % width);
      out_floats[image * width * height + i] = dot (factors, x) + shifts.x;
      return;
    }

  const int x = i % pitch;
  const int y = i / pitch;
  if (y >= height)
    return;
  const bool inside = x < width;
  const float value = texelFetch (source0, inside ? source + (image * height + y) * width + x : 0).x;
  out_texels[image * pitch * height + i] = inside ? factors * value + shifts : vec4 (0.0);
}
