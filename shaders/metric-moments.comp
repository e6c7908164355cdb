#version 450
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Moments of each source with the fused picture. Sums of each source a, with b the fused: a, b, a², b², ab, |a − b|. Those of a
// workgroup are whole numbers below 2^24, so they are exact. Twin: the counts of app/metrics/statistics.c.
#extension GL_GOOGLE_include_directive : enable
#include "metric.glsl"

void
main ()
{
  bool there;
  const ivec2 at = get_place (there);
  const bool scored = there && counts (at);
  const float b = scored ? value (N, at) : 0.0;

  for (int k = 0; k < N; k++)
    {
      const float a = scored ? value (k, at) : 0.0;
      add (6 * k, a);
      add (6 * k + 1, b);
      add (6 * k + 2, a * a);
      add (6 * k + 3, b * b);
      add (6 * k + 4, a * b);
      add (6 * k + 5, abs (a - b));
    }
}
