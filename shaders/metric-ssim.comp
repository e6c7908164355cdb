#version 450
// SPDX-License-Identifier: GPL-3.0-or-later
//
// SSIM (Wang et al. 2004) of the fused picture with each source, windows that stay inside. Parameter: a gain that the pictures'
// values are multiplied by. Sums: the scores of each source, the windows. Twin: app/metrics/ssim.c.
#extension GL_GOOGLE_include_directive : enable
#include "metric.glsl"

const float C1 = 6.5025, C2 = 58.5225; // (0.01 · 255)², (0.03 · 255)²

float scores[N];

void
measure (ivec2 at)
{
  const float gain = push.p[PARAMETERS], square = gain * gain;
  const float centre = value (N, at + WINDOW / 2);
  float centres[N], first[N], second[N], with_fused[N];
  float f1 = 0.0, f2 = 0.0;
  for (int k = 0; k < N; k++)
    {
      centres[k] = value (k, at + WINDOW / 2);
      first[k] = second[k] = with_fused[k] = 0.0;
    }
  for (int v = 0; v < WINDOW; v++)
    for (int u = 0; u < WINDOW; u++)
      {
        const float w = weight (v) * weight (u), f = value (N, at + ivec2 (u, v)) - centre;
        f1 += w * f;
        f2 += w * f * f;
        for (int k = 0; k < N; k++)
          {
            const float d = value (k, at + ivec2 (u, v)) - centres[k];
            first[k] += w * d;
            second[k] += w * d * d;
            with_fused[k] += w * d * f;
          }
      }
  const float mf = (f1 + centre) * gain, vf = (f2 - f1 * f1) * square;
  for (int k = 0; k < N; k++)
    {
      const float m = (first[k] + centres[k]) * gain, v = (second[k] - first[k] * first[k]) * square;
      const float covariance = (with_fused[k] - first[k] * f1) * square;
      scores[k] = (2.0 * m * mf + C1) * (2.0 * covariance + C2) / ((m * m + mf * mf + C1) * (v + vf + C2));
    }
}

void
main ()
{
  bool there;
  const ivec2 at = get_place (there);
  const bool scored = there && window_counts (at, WINDOW);

  if (scored)
    measure (at);
  for (int k = 0; k < N; k++)
    add (k, scored ? scores[k] : 0.0);
  add (N, scored ? 1.0 : 0.0);
}
