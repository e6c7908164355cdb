#version 450
// SPDX-License-Identifier: GPL-3.0-or-later
//
// How much plane N changes from pixel to pixel: the ten sums of app/metrics/gradients.c, in its order, which is the twin.
#extension GL_GOOGLE_include_directive : enable
#include "metric.glsl"

float sums[10];

float
at_or_edge (ivec2 at)
{
  return value_repeated (N, at);
}

bool
counts_or_edge (ivec2 at)
{
  return counts (clamp (at, ivec2 (0), ivec2 (push.width, push.height) - 1));
}

void
add_differences (ivec2 at)
{
  const float here = at_or_edge (at);
  const bool right = at.x + 1 < push.width && counts_or_edge (at + ivec2 (1, 0));
  const bool below = at.y + 1 < push.height && counts_or_edge (at + ivec2 (0, 1));
  const float dx = right ? at_or_edge (at + ivec2 (1, 0)) - here : 0.0;
  const float dy = below ? at_or_edge (at + ivec2 (0, 1)) - here : 0.0;
  sums[0] = dx * dx;
  sums[1] = right ? 1.0 : 0.0;
  sums[2] = dy * dy;
  sums[3] = below ? 1.0 : 0.0;
  sums[4] = right && below ? sqrt ((dx * dx + dy * dy) / 2.0) : 0.0;
  sums[5] = right && below ? 1.0 : 0.0;
}

void
add_central (ivec2 at)
{
  const int left = max (at.x - 1, 0), right = min (at.x + 1, push.width - 1);
  const int above = max (at.y - 1, 0), below = min (at.y + 1, push.height - 1);
  if (!counts (ivec2 (left, at.y)) || !counts (ivec2 (right, at.y)) || !counts (ivec2 (at.x, above))
      || !counts (ivec2 (at.x, below)))
    return;
  const float dx = (value (N, ivec2 (right, at.y)) - value (N, ivec2 (left, at.y))) / float (right - left);
  const float dy = (value (N, ivec2 (at.x, below)) - value (N, ivec2 (at.x, above))) / float (below - above);
  sums[6] = sqrt ((dx * dx + dy * dy) / 2.0);
  sums[7] = 1.0;
}

void
add_sobel (ivec2 at)
{
  float v[9];
  bool all_count = true;
  for (int i = 0; i < 9; i++)
    {
      const ivec2 neighbour = at + ivec2 (i % 3, i / 3) - 1;
      v[i] = at_or_edge (neighbour);
      all_count = all_count && counts_or_edge (neighbour);
    }
  const float gx = (v[2] - v[0]) + 2.0 * (v[5] - v[3]) + (v[8] - v[6]);
  const float gy = (v[6] - v[0]) + 2.0 * (v[7] - v[1]) + (v[8] - v[2]);
  sums[8] = all_count ? sqrt (gx * gx + gy * gy) : 0.0;
  sums[9] = all_count ? 1.0 : 0.0;
}

void
main ()
{
  bool there;
  const ivec2 at = get_place (there);

  for (int i = 0; i < 10; i++)
    sums[i] = 0.0;
  if (there && counts (at))
    {
      add_differences (at);
      add_central (at);
      add_sobel (at);
    }
  for (int i = 0; i < 10; i++)
    add (i, sums[i]);
}
