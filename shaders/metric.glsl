// SPDX-License-Identifier: GPL-3.0-or-later
//
// What the kernels of the metrics share. Grey pictures of 0 … 255 lie one after another as planes of whole rows: the pictures
// themselves as bytes, coarser scales as floats. Where these come from weighted windows they are SPLIT in two planes: a grey
// value of the finer scale there and what is left, so that next to nothing in a nearly flat place keeps its digits. A strip holds the rows from `first` on; coordinates are those of the whole
// picture. Each workgroup writes its sums of floats, which the host adds up in double and in order. The plain C of
// app/metrics/ is the twin of every kernel here.
//
// Moments are taken about the middle pixel of a window: it is one of the values, so squares stay within a small multiple of
// the variance, whole numbers stay whole, and a flat window has a variance of exactly zero.

layout (push_constant) uniform Push
{
  int base, stride; // first element of plane 0, elements from plane to plane
  int first;        // row that the strip begins with
  int width, height;
  int out_first, out_rows, out_width; // windows to score
  int mask;                           // plane that is 1 where a pixel counts, or −1
  int sums;                           // a workgroup
  float p[22];                        // the half of a window's weights, then parameters from PARAMETERS on
} push;

const int PARAMETERS = 9;

layout (constant_id = 0) const uint LOCAL_X = 16;
layout (constant_id = 1) const uint LOCAL_Y = 16;
layout (local_size_x_id = 0, local_size_y_id = 1, local_size_z = 1) in;
layout (constant_id = 2) const int BYTES = 1;
layout (constant_id = 3) const int N = 1; // sources; the fused picture is plane N
layout (constant_id = 4) const int WINDOW = 11;
layout (constant_id = 5) const int MODE = 0;
layout (constant_id = 6) const int SPLIT = 0;

layout (binding = 0) uniform samplerBuffer source;
layout (std430, binding = 4) buffer Floats
{
  float out_floats[];
};

float
value (int k, ivec2 at)
{
  const float v = texelFetch (source, push.base + k * push.stride + (at.y - push.first) * push.width + at.x).x;
  return BYTES != 0 ? floor (v * 255.0 + 0.5) : v;
}

// The value in its two parts.
vec2
split_value (int k, ivec2 at)
{
  const int rest = (push.mask < 0 ? N + 1 : N + 2) + k;
  return vec2 (value (k, at), SPLIT != 0 ? value (rest, at) : 0.0);
}

float
difference (vec2 a, vec2 b)
{
  return (a.x - b.x) + (a.y - b.y);
}

bool
is_inside (ivec2 at)
{
  return at.x >= 0 && at.y >= 0 && at.x < push.width && at.y < push.height;
}

// Zero outside the picture.
float
value_or_zero (int k, ivec2 at)
{
  const float v = value (k, clamp (at, ivec2 (0), ivec2 (push.width, push.height) - 1));
  return is_inside (at) ? v : 0.0;
}

float
value_repeated (int k, ivec2 at)
{
  return value (k, clamp (at, ivec2 (0), ivec2 (push.width, push.height) - 1));
}

bool
counts (ivec2 at)
{
  return push.mask < 0 || texelFetch (source, push.base + push.mask * push.stride + (at.y - push.first) * push.width + at.x).x > 0.0;
}

// Whether all pixels of a window from `at` on count; outside the picture everything does.
bool
window_counts (ivec2 at, int size)
{
  if (push.mask < 0)
    return true;
  bool all_count = true;
  for (int v = max (at.y, 0); v < min (at.y + size, push.height); v++)
    for (int u = max (at.x, 0); u < min (at.x + size, push.width); u++)
      all_count = all_count && counts (ivec2 (u, v));
  return all_count;
}

float
weight (int i)
{
  return push.p[min (i, WINDOW - 1 - i)];
}

// The window that this invocation scores, and whether there is one.
ivec2
get_place (out bool there)
{
  const ivec2 at = ivec2 (gl_GlobalInvocationID.xy);
  there = at.x < push.out_width && at.y < push.out_rows;
  return at + ivec2 (0, push.out_first);
}

shared float parts[LOCAL_X * LOCAL_Y];

// Adds up what all invocations of the workgroup have; all of them must come here.
void
add (int sum, float mine)
{
  const uint i = gl_LocalInvocationIndex;
  barrier ();
  parts[i] = mine;
  for (uint step = LOCAL_X * LOCAL_Y / 2; step > 0; step /= 2)
    {
      barrier ();
      if (i < step)
        parts[i] += parts[i + step];
    }
  if (i == 0)
    out_floats[(gl_WorkGroupID.y * gl_NumWorkGroups.x + gl_WorkGroupID.x) * uint (push.sums) + uint (sum)] = parts[0];
}

#include "elementary.glsl"
