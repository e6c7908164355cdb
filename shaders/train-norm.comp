#version 450
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Normalisation by the coefficients of train-norm-coefficients.comp: y = scale · x + shift, below zero times a slope. BACKWARD: the gradient by x from that
// by y, in place; where the statistics are the batch's (MOVING) x moves them too: scale · (g − mean g − x̂ · mean (g x̂)).
#extension GL_GOOGLE_include_directive : enable
#include "train.glsl"

layout (constant_id = 1) const int BACKWARD = 0;
layout (constant_id = 2) const int MOVING = 0;

void
main ()
{
  const int source = push.a[0], gradient = push.a[1], coefficients = push.a[2], planes = push.a[3];
  const int plane_texels = push.a[4], n = push.a[5], sums = push.a[6], products = push.a[7];
  const float share = push_float (8); // 1 / the values a channel has
  const float slope = push_float (9);
  const int i = linear_index ();

  if (i >= n)
    return;
  const int plane = i / plane_texels % planes;
  const vec4 scale = texelFetch (source0, coefficients + 2 * planes + plane);
  const vec4 x = texelFetch (source0, source + i);
  if (BACKWARD == 0)
    {
      const vec4 y = x * scale + texelFetch (source0, coefficients + 3 * planes + plane);
      out_texels[i] = mix (y * slope, y, greaterThan (y, vec4 (0.0)));
      return;
    }

  vec4 g = texelFetch (source0, gradient + i);
  if (MOVING != 0)
    {
      const vec4 normalised
        = (x - texelFetch (source0, coefficients + plane)) * texelFetch (source0, coefficients + planes + plane);
      g -= share * (texelFetch (source0, sums + plane) + normalised * texelFetch (source0, products + plane));
    }
  out_texels[i] = g * scale;
}
