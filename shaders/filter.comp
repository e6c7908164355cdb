#version 450
// SPDX-License-Identifier: GPL-3.0-or-later
//
// One axis of a separable filter with 2·radius + 1 taps from the weights, `step` pixels apart, four pixels at once. Taps are
// added from the first to the last; what lies outside a zero boundary is selected, never fetched, as a window has no zero texel.
#extension GL_GOOGLE_include_directive : enable
#include "common.glsl"

layout (constant_id = 2) const int BOUNDARY = 0;
layout (constant_id = 3) const int VERTICAL = 0;
layout (constant_id = 4) const int NEAR = 0; // the picture is longer than the filter reaches: one fold at an edge will do
const int HALF = 0;

layout (binding = 0) uniform samplerBuffer source; // vertical: four floats at once, horizontal: float by float
layout (binding = 7) uniform samplerBuffer weights;
#include "store.glsl"

float
tap (int k)
{
  return texelFetch (weights, push.a0 + (k >> 2))[k & 3];
}

// boundary() without the division.
int
fold (int i, int n)
{
  if (NEAR == 0 || BOUNDARY == BOUNDARY_ZERO || BOUNDARY == BOUNDARY_REPLICATE)
    return boundary (BOUNDARY, i, n);
  const int edge = BOUNDARY == BOUNDARY_SYMMETRIC ? 1 : 0;
  const int low = i < 0 ? -edge - i : i;
  return low >= n ? 2 * n - 2 + edge - low : low;
}

vec4
fetch4 (int plane, int gy, int texel, int origin_y)
{
  const int y = fold (gy, push.height);
  const vec4 value
    = texelFetch (source, plane + ((y == OUTSIDE ? origin_y : y) - origin_y) * push.src0.pitch + texel);
  return y == OUTSIDE ? vec4 (0.0) : value;
}

float
fetch1 (int row, int gx, int origin_x)
{
  const int x = fold (gx, push.width);
  const float value = texelFetch (source, max (row + (x == OUTSIDE ? 0 : x - origin_x), 0)).x;
  return x == OUTSIDE ? 0.0 : value;
}

void
main ()
{
  const int z = int (gl_GlobalInvocationID.z);
  const ivec2 texel = ivec2 (gl_GlobalInvocationID.xy);
  if (texel.x >= push.rw || texel.y >= push.rh)
    return;

  const ivec2 at = texel + ivec2 (push.rx, push.ry);
  const ivec2 origin = tile_origin (push.level);
  const ivec2 last = ivec2 ((push.width - 1) & ~3, push.height - 1);
  const ivec2 g = clamp (ivec2 (at.x * 4, at.y) + origin, ivec2 (0), last);
  const int plane = push.src0.base + z * push.src0.plane;
  const int radius = push.a1;
  const int step = push.a2;
  vec4 sum = vec4 (0.0);
  if (VERTICAL != 0)
    {
      const int column = (g.x - origin.x) >> 2;
      [[dont_unroll]] for (int k = 0; k <= 2 * radius; k++)
        sum += tap (k) * fetch4 (plane, g.y + (k - radius) * step, column, origin.y);
    }
  else
    {
      const int row = plane + (g.y - origin.y) * push.src0.pitch;
      const int x = g.x - radius * step;
      if (step > 1)
        {
          [[dont_unroll]] for (int k = 0; k <= 2 * radius; k++)
            {
              // Whole texels where the step is a multiple of four gained nothing on lavapipe (25.7 s of CPU for 25.5).
              const int from = x + k * step;
              sum += tap (k)
                     * vec4 (fetch1 (row, from, origin.x), fetch1 (row, from + 1, origin.x),
                             fetch1 (row, from + 2, origin.x), fetch1 (row, from + 3, origin.x));
            }
          store4 (push.dst.base + z * push.dst.plane + at.y * push.dst.pitch + at.x, sum);
          return;
        }
      vec4 window = vec4 (0.0, fetch1 (row, x, origin.x), fetch1 (row, x + 1, origin.x), fetch1 (row, x + 2, origin.x));
      [[dont_unroll]] for (int k = 0; k <= 2 * radius; k++)
        {
          window = vec4 (window.yzw, fetch1 (row, x + k + 3, origin.x));
          sum += tap (k) * window;
        }
    }

  store4 (push.dst.base + z * push.dst.plane + at.y * push.dst.pitch + at.x, sum);
}
