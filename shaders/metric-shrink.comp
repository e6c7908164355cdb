#version 450
// SPDX-License-Identifier: GPL-3.0-or-later
//
// The next coarser scale: a WINDOW of weights that stays inside at every second pixel, or (MODE 1) means of 2 × 2, the last row
// and column of an odd picture counting twice. A coarse pixel counts when all that it is made of do. Parameters: where the
// coarser plane 0 is, and from plane to plane, as bits.
#extension GL_GOOGLE_include_directive : enable
#include "metric.glsl"

float
get_block_mean (int k, ivec2 from)
{
  return (value_repeated (k, from) + value_repeated (k, from + ivec2 (1, 0)) + value_repeated (k, from + ivec2 (0, 1))
          + value_repeated (k, from + 1))
         * 0.25;
}

// In two parts, see metric.glsl.
vec2
get_weighted_mean (int k, ivec2 from)
{
  const vec2 centre = split_value (k, from + WINDOW / 2);
  float sum = 0.0;
  for (int v = 0; v < WINDOW; v++)
    {
      float row = 0.0;
      for (int u = 0; u < WINDOW; u++)
        row += weight (u) * difference (split_value (k, from + ivec2 (u, v)), centre);
      sum += weight (v) * row;
    }
  return vec2 (centre.x, centre.y + sum);
}

void
main ()
{
  bool there;
  const ivec2 at = get_place (there);
  const int k = int (gl_GlobalInvocationID.z);
  const int to = floatBitsToInt (push.p[PARAMETERS]), stride = floatBitsToInt (push.p[PARAMETERS + 1]);
  const int place = to + k * stride + (at.y - push.out_first) * push.out_width + at.x;

  if (!there)
    return;
  if (k == push.mask)
    out_floats[place] = window_counts (2 * at, MODE != 0 ? 2 : WINDOW) ? 1.0 : 0.0;
  else if (MODE != 0)
    out_floats[place] = get_block_mean (k, 2 * at);
  else
    {
      const vec2 mean = get_weighted_mean (k, 2 * at);
      out_floats[place] = mean.x;
      out_floats[place + (push.mask < 0 ? N + 1 : N + 2) * stride] = mean.y;
    }
}
