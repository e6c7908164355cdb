#version 450
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Sums along the rows of every plane: of x, of (x − mean)², of a gradient, or of the gradient times (x − mean) / deviation. The
// columns beyond the width do not count.
#extension GL_GOOGLE_include_directive : enable
#include "train.glsl"

layout (constant_id = 1) const int WHAT = 0;

const int VALUES = 0;
const int SQUARES = 1;
const int GRADIENTS = 2;
const int PRODUCTS = 3;

void
main ()
{
  const int source = push.a[0], gradient = push.a[1], coefficients = push.a[2], planes = push.a[3];
  const int width = push.a[4], height = push.a[5], pitch = push.a[6], rows = push.a[7];
  const int i = int (gl_GlobalInvocationID.x);
  vec4 sum = vec4 (0.0);

  if (i >= rows)
    return;
  const int plane = i / height % planes;
  vec4 mean = vec4 (0.0), scale = vec4 (1.0);
  if (WHAT == SQUARES || WHAT == PRODUCTS)
    mean = texelFetch (source0, coefficients + plane);
  if (WHAT == PRODUCTS)
    scale = texelFetch (source0, coefficients + planes + plane);
  for (int x = 0; x < width; x++)
    {
      const vec4 value = WHAT == GRADIENTS ? vec4 (0.0) : texelFetch (source0, source + i * pitch + x) - mean;
      const vec4 g = WHAT >= GRADIENTS ? texelFetch (source0, gradient + i * pitch + x) : vec4 (0.0);
      sum += WHAT == VALUES ? value : WHAT == SQUARES ? value * value : WHAT == GRADIENTS ? g : g * value * scale;
    }
  out_texels[i] = sum;
}
