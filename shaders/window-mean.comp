#version 450
// SPDX-License-Identifier: GPL-3.0-or-later
//
// One axis of the mean over a window of 2·radius + 1 pixels, of which only those inside the picture count. An invocation
// makes a run of pixels that lies on the picture's own grid, so that every tile adds the same numbers in the same order:
// what all windows of the run share is added up once, what a window has to the left of that grows from the right, and what
// it has to the right grows from the left (after van Herk 1992). The windows of a run share something, or just nothing, from
// 2·radius + 2 ≥ RUN on.
#extension GL_GOOGLE_include_directive : enable
#include "common.glsl"

layout (constant_id = 2) const int RUN = 16; // of 4 or 16
layout (constant_id = 3) const int VERTICAL = 0;
const int HALF = 0;

layout (binding = 0) uniform samplerBuffer source; // vertical: four floats at once, horizontal: float by float
#include "store.glsl"

float
share (int at, int radius, int extent)
{
  return float (min (at + radius, extent - 1) - max (at - radius, 0) + 1);
}

// Runs down: four columns at once.
vec4
fetch_row (int column, int y, int origin)
{
  return y < 0 || y >= push.height ? vec4 (0.0) : texelFetch (source, column + (y - origin) * push.src0.pitch);
}

void
run_down (int z, ivec2 texel)
{
  const int top = push.ry + texel.y * RUN;
  const int bottom = push.ry + push.rh; // of what is written
  const int origin = tile_origin (push.level).y;
  const int y = top + origin; // on the grid of runs
  const int radius = push.a0;
  // The columns beyond the picture hold anything, and nobody looks at them.
  const int column = push.src0.base + z * push.src0.plane + texel.x + push.rx;
  vec4 before[RUN];
  vec4 shared_sum = vec4 (0.0);
  vec4 after = vec4 (0.0);

  before[RUN - 1] = vec4 (0.0);
  [[unroll]] for (int i = RUN - 2; i >= 0; i--)
    before[i] = before[i + 1] + fetch_row (column, y + i - radius, origin);
  [[dont_unroll]] for (int at = max (y + RUN - 1 - radius, 0); at <= min (y + radius, push.height - 1); at++)
    shared_sum += texelFetch (source, column + (at - origin) * push.src0.pitch);
  [[unroll]] for (int i = 0; i < RUN; i++)
    if (top + i < bottom)
      {
        if (i > 0)
          after += fetch_row (column, y + i + radius, origin);
        const bool inside = y + i >= 0 && y + i < push.height;
        const vec4 sum = before[i] + shared_sum + after;
        store4 (push.dst.base + z * push.dst.plane + (top + i) * push.dst.pitch + texel.x + push.rx,
                inside ? sum / share (y + i, radius, push.height) : vec4 (0.0));
      }
}

// Runs across.
float
fetch_column (int row, int x, int origin)
{
  const float value = texelFetch (source, max (row + clamp (x, 0, push.width - 1) - origin, 0)).x;
  return x < 0 || x >= push.width ? 0.0 : value;
}

void
run_across (int z, ivec2 texel)
{
  const int left = (push.rx + texel.x * (RUN / 4)) * 4;
  const int last = push.rx + push.rw - 1; // texel that is written
  const int origin = tile_origin (push.level).x;
  const int x = left + origin; // on the grid of runs
  const int radius = push.a0;
  const int y = texel.y + push.ry;
  const int row = push.src0.base + z * push.src0.plane + y * push.src0.pitch;
  const int to = push.dst.base + z * push.dst.plane + y * push.dst.pitch;
  float before[RUN];
  float shared_sum = 0.0;
  float after = 0.0;

  before[RUN - 1] = 0.0;
  [[unroll]] for (int i = RUN - 2; i >= 0; i--)
    before[i] = before[i + 1] + fetch_column (row, x + i - radius, origin);
  [[dont_unroll]] for (int at = max (x + RUN - 1 - radius, 0); at <= min (x + radius, push.width - 1); at++)
    shared_sum += texelFetch (source, row + at - origin).x;
  [[unroll]] for (int t = 0; t < RUN / 4; t++)
    if (left / 4 + t <= last)
      {
        vec4 value;
        [[unroll]] for (int k = 0; k < 4; k++)
          {
            const int i = 4 * t + k;
            if (i > 0)
              after += fetch_column (row, x + i + radius, origin);
            const bool inside = x + i >= 0 && x + i < push.width;
            value[k] = inside ? (before[i] + shared_sum + after) / share (x + i, radius, push.width) : 0.0;
          }
        store4 (to + left / 4 + t, value);
      }
}

void
main ()
{
  const int z = int (gl_GlobalInvocationID.z);
  const ivec2 texel = ivec2 (gl_GlobalInvocationID.xy);
  if (VERTICAL != 0)
    {
      if (texel.x < push.rw && texel.y * RUN < push.rh)
        run_down (z, texel);
    }
  else if (texel.x * (RUN / 4) < push.rw && texel.y < push.rh)
    run_across (z, texel);
}
