#version 450
// SPDX-License-Identifier: GPL-3.0-or-later
//
// One plane of four channels made of up to four maps, times a scale; a missing one is a constant. A map may have one value an
// image.
#extension GL_GOOGLE_include_directive : enable
#include "train.glsl"

void
main ()
{
  const int width = push.a[16], height = push.a[17], pitch = push.a[18], to = push.a[19], image_texels = push.a[20];
  const int i = int (gl_GlobalInvocationID.x);
  const int image = int (gl_GlobalInvocationID.y);
  const int x = i % pitch;
  const int y = i / pitch;
  vec4 value;

  if (y >= height)
    return;
  for (int lane = 0; lane < 4; lane++)
    {
      const int base = push.a[lane * 4];
      value[lane] = base < 0 || x >= width
                      ? push_float (lane * 4 + 3)
                      : texelFetch (source0, base + image * push.a[lane * 4 + 1] + (y * width + x) * push.a[lane * 4 + 2]).x;
    }
  out_texels[image * image_texels + to + i] = value * push_float (21);
}
