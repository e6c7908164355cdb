#version 450
// SPDX-License-Identifier: GPL-3.0-or-later
//
// MEF-SSIM (Ma, Zeng, Wang 2015) of windows that stay inside, in its own words: patches less their mean, weighted by a power of
// their length, made as long as the longest; contrast and structure against the fused patch under a Gaussian window. Sums: the
// scores, the windows. Twin: app/metrics/mef-ssim.c.
#extension GL_GOOGLE_include_directive : enable
#include "metric.glsl"

#define AREA float (WINDOW * WINDOW)
const float C = 58.5225; // (0.03 · 255)²
const float EPSILON = 2.220446049250313e-16;
const float LOG_WINDOW = 2.39789527;
const float HALF_PI = 1.57079633;
const float MOST_ALIKE = 0.95; // tan (0.95 π/2) is above the limit of the exponent
const float MAX_EXPONENT = 10.0;
// A sum of patches that cancel: below this part of their own squared lengths it is rounding.
const float CANCELLED = 1e-12;

float means[N], centres[N], shares[N], squares[N];

// Means, squared lengths and how strongly length decides. 0 … MAX_EXPONENT.
float
measure_sources (ivec2 at)
{
  float all_sum = 0.0, all_square = 0.0, lengths = 0.0;
  for (int k = 0; k < N; k++)
    {
      centres[k] = value (k, at + WINDOW / 2);
      means[k] = 0.0;
      squares[k] = 0.0;
    }
  for (int v = 0; v < WINDOW; v++)
    for (int u = 0; u < WINDOW; u++)
      {
        float together = 0.0;
        for (int k = 0; k < N; k++)
          {
            const float d = value (k, at + ivec2 (u, v)) - centres[k];
            means[k] += d;
            squares[k] += d * d;
            together += d;
          }
        all_square += together * together;
      }
  for (int k = 0; k < N; k++)
    {
      all_sum += means[k];
      squares[k] = max (squares[k] - means[k] * means[k] / AREA, 0.0);
      means[k] /= AREA;
      lengths += sqrt (squares[k]);
    }
  const float all_length = sqrt (max (all_square - all_sum * all_sum / AREA, 0.0));
  const float alike = min ((all_length + EPSILON) / (lengths + EPSILON), MOST_ALIKE);
  return min (tan_of (alike * HALF_PI), MAX_EXPONENT);
}

// w_k / e_k with Σ w_k = 1; returns the largest e_k.
float
weigh_sources (float power)
{
  float largest = 0.0, weights = 0.0;
  for (int k = 0; k < N; k++)
    {
      const float e = sqrt (squares[k]) + 0.001;
      const float w = exp_of (power * (log_of (e) - LOG_WINDOW)) + EPSILON;
      largest = max (largest, e);
      weights += w;
      shares[k] = w / e;
    }
  for (int k = 0; k < N; k++)
    shares[k] /= weights;
  return largest;
}

float
get_score (ivec2 at)
{
  const float largest = weigh_sources (measure_sources (at));
  const float centre = value (N, at + WINDOW / 2);
  float square = 0.0, terms = 0.0, r1 = 0.0, r2 = 0.0, rf = 0.0, f1 = 0.0, f2 = 0.0;
  for (int v = 0; v < WINDOW; v++)
    for (int u = 0; u < WINDOW; u++)
      {
        const float w = weight (v) * weight (u), f = value (N, at + ivec2 (u, v)) - centre;
        float r = 0.0;
        for (int k = 0; k < N; k++)
          r += shares[k] * (value (k, at + ivec2 (u, v)) - centres[k] - means[k]);
        square += r * r;
        r1 += w * r;
        r2 += w * r * r;
        rf += w * r * f;
        f1 += w * f;
        f2 += w * f * f;
      }
  for (int k = 0; k < N; k++)
    terms += shares[k] * shares[k] * squares[k];
  const bool there = square > CANCELLED * terms;
  const float scale = there ? largest / sqrt (square) : 0.0;
  return (2.0 * scale * (rf - r1 * f1) + C) / (scale * scale * (r2 - r1 * r1) + (f2 - f1 * f1) + C);
}

void
main ()
{
  bool there;
  const ivec2 at = get_place (there);
  const bool scored = there && window_counts (at, WINDOW);
  float score = 0.0;

  if (scored)
    score = get_score (at);
  add (0, score);
  add (1, scored ? 1.0 : 0.0);
}
