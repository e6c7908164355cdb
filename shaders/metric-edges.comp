#version 450
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Q^AB/F (Xydeas, Petrović 2000): Sobel gradients, zero outside. Gradients are whole numbers, their squares below 2^24. Sums of
// each source: the strength kept, the strength. Twin: app/metrics/edges.c.
#extension GL_GOOGLE_include_directive : enable
#include "metric.glsl"

const float TOP = 0.9994 * 0.9879;
const float STRENGTH_SLOPE = -15.0, STRENGTH_MIDDLE = 0.5, ANGLE_SLOPE = -22.0, ANGLE_MIDDLE = 0.8;
const float TWO_BY_PI = 0.636619772;

vec2
get_gradient (int k, ivec2 at)
{
  float v[9];
  for (int i = 0; i < 9; i++)
    v[i] = value_or_zero (k, at + ivec2 (i % 3, i / 3) - 1);
  return vec2 ((v[2] - v[0]) + 2.0 * (v[5] - v[3]) + (v[8] - v[6]), (v[6] - v[0]) + 2.0 * (v[7] - v[1]) + (v[8] - v[2]));
}

// As atan (y / x) sees it, of mirrored pictures: turned to x > 0, or straight up when x = 0.
vec2
fold (vec2 g)
{
  const float turn = g.x > 0.0 ? -1.0 : 1.0;
  return vec2 (-g.x * turn, g.x == 0.0 ? 1.0 : g.y * turn);
}

float
get_kept (vec2 a, vec2 f)
{
  const float square_a = dot (a, a), square_f = dot (f, f);
  const float small = min (square_a, square_f), large = max (square_a, square_f);
  const float ratio = small == large ? 1.0 : sqrt (small / (large > 0.0 ? large : 1.0));
  const vec2 s = fold (a), t = fold (f);
  const float turn = angle_of (abs (t.x * s.y - t.y * s.x), dot (s, t));
  const float aligned = 1.0 - turn * TWO_BY_PI;
  const float by_strength = 1.0 + exp_of (STRENGTH_SLOPE * (ratio - STRENGTH_MIDDLE));
  const float by_angle = 1.0 + exp_of (ANGLE_SLOPE * (aligned - ANGLE_MIDDLE));
  return TOP * sqrt (square_a) / (by_strength * by_angle);
}

void
main ()
{
  bool there;
  const ivec2 at = get_place (there);
  const bool scored = there && window_counts (at - 1, 3);
  vec2 fused = vec2 (0.0), source_gradient = vec2 (0.0);

  if (scored)
    fused = get_gradient (N, at);
  for (int k = 0; k < N; k++)
    {
      if (scored)
        source_gradient = get_gradient (k, at);
      add (2 * k, scored ? get_kept (source_gradient, fused) : 0.0);
      add (2 * k + 1, sqrt (dot (source_gradient, source_gradient)));
    }
}
