#version 450
// SPDX-License-Identifier: GPL-3.0-or-later
//
// MEF-SSIM as networks train on it (Ma et al. 2020), the pictures zero outside: MODE 0 the structure of the source with the
// largest variance, 1 that times the luminance; parameters: the global weight of each source. Sums: the scores, the windows.
// MODE 2: the local mean of each source, the windows. Twin: app/metrics/mef-training.c.
#extension GL_GOOGLE_include_directive : enable
#include "metric.glsl"

const float C1 = 1e-4, C2 = 9e-4;
const float GAIN = 1.0 / (255.0 * 255.0);
const float SPREAD = 0.08; // 2 σ_l²

float first[N], second[N], with_fused[N], centres[N];

void
measure (ivec2 at, out float fused, out float fused_variance)
{
  const ivec2 corner = at - WINDOW / 2;
  const float centre = value (N, at);
  float f1 = 0.0, f2 = 0.0;
  for (int k = 0; k < N; k++)
    {
      centres[k] = value (k, at);
      first[k] = second[k] = with_fused[k] = 0.0;
    }
  for (int v = 0; v < WINDOW; v++)
    for (int u = 0; u < WINDOW; u++)
      {
        const float w = weight (v) * weight (u), f = value_or_zero (N, corner + ivec2 (u, v)) - centre;
        f1 += w * f;
        f2 += w * f * f;
        for (int k = 0; k < N; k++)
          {
            const float d = value_or_zero (k, corner + ivec2 (u, v)) - centres[k];
            first[k] += w * d;
            second[k] += w * d * d;
            with_fused[k] += w * d * f;
          }
      }
  for (int k = 0; k < N; k++)
    {
      with_fused[k] = (with_fused[k] - first[k] * f1) * GAIN;
      second[k] = (second[k] - first[k] * first[k]) * GAIN;
      first[k] += centres[k];
    }
  fused = f1 + centre;
  fused_variance = (f2 - f1 * f1) * GAIN;
}

float
get_score (ivec2 at)
{
  float fused, fused_variance, score = 0.0, largest = 0.0, wanted = 0.0, weights = 0.0;
  measure (at, fused, fused_variance);
  for (int k = 0; k < N; k++)
    {
      if (k == 0 || second[k] > largest)
        {
          largest = second[k];
          score = (2.0 * with_fused[k] + C2) / (second[k] + fused_variance + C2);
        }
      const float m = first[k] / 255.0, away = m - 0.5;
      const float w = MODE == 1 ? push.p[PARAMETERS + k] * exp_of (-away * away / SPREAD) : 1.0;
      wanted += w * m;
      weights += w;
    }
  if (MODE == 0)
    return score;
  wanted /= weights;
  const float is = fused / 255.0;
  return score * (2.0 * is * wanted + C1) / (is * is + wanted * wanted + C1);
}

void
main ()
{
  bool there;
  const ivec2 at = get_place (there);
  const bool scored = there && window_counts (at - WINDOW / 2, WINDOW);
  float score = 0.0, fused, fused_variance;

  if (MODE == 2)
    {
      if (scored)
        measure (at, fused, fused_variance);
      for (int k = 0; k < N; k++)
        add (k, scored ? first[k] : 0.0);
      add (N, scored ? 1.0 : 0.0);
      return;
    }
  if (scored)
    score = get_score (at);
  add (0, score);
  add (1, scored ? 1.0 : 0.0);
}
