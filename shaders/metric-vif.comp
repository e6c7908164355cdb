#version 450
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Visual information fidelity of one scale (Sheikh, Bovik 2006), windows that stay inside. Parameter: the noise. Sums of each
// source: the information that the fused picture has, that the source has (natural logarithms); then the windows. Twin:
// app/metrics/vif.c. (VIFF has no kernel: which source it takes hangs on digits that single precision does not have.)
#extension GL_GOOGLE_include_directive : enable
#include "metric.glsl"

const float FLAT = 1e-10;

float gains[N], kept[N], all[N];

// Gain and information of one source. `rest` is the variance of the fused picture less gain times the source.
void
compare (int k, float var_a, float var_f, float gain, float rest, float noise)
{
  if (var_a < FLAT)
    {
      gain = 0.0;
      rest = var_f;
      var_a = 0.0;
    }
  if (var_f < FLAT)
    {
      gain = 0.0;
      rest = 0.0;
    }
  if (gain < 0.0)
    {
      rest = var_f;
      gain = 0.0;
    }
  rest = max (rest, FLAT);
  kept[k] = 1.0 + gain * gain * var_a / (rest + noise);
  all[k] = 1.0 + var_a / noise;
}

vec2 centres[N + 1];
float means[N + 1], deviations[N + 1]; // of the fused picture at N

// The weighted mean of each picture, less that of its middle pixel.
void
measure_means (ivec2 at)
{
  for (int k = 0; k <= N; k++)
    {
      centres[k] = split_value (k, at + WINDOW / 2);
      means[k] = 0.0;
    }
  for (int v = 0; v < WINDOW; v++)
    for (int u = 0; u < WINDOW; u++)
      for (int k = 0; k <= N; k++)
        means[k] += weight (v) * weight (u) * difference (split_value (k, at + ivec2 (u, v)), centres[k]);
}

void
set_deviations (ivec2 at)
{
  for (int k = 0; k <= N; k++)
    deviations[k] = difference (split_value (k, at), centres[k]) - means[k];
}

// In three passes: of a near copy the rest is a small difference of large variances.
void
measure (ivec2 at)
{
  float squares[N + 1], products[N], rests[N];
  measure_means (at);
  for (int k = 0; k < N; k++)
    squares[k] = products[k] = rests[k] = 0.0;
  squares[N] = 0.0;
  for (int v = 0; v < WINDOW; v++)
    for (int u = 0; u < WINDOW; u++)
      {
        const float w = weight (v) * weight (u);
        set_deviations (at + ivec2 (u, v));
        squares[N] += w * deviations[N] * deviations[N];
        for (int k = 0; k < N; k++)
          {
            squares[k] += w * deviations[k] * deviations[k];
            products[k] += w * deviations[k] * deviations[N];
          }
      }
  for (int k = 0; k < N; k++)
    gains[k] = products[k] / (squares[k] + FLAT);
  for (int v = 0; v < WINDOW; v++)
    for (int u = 0; u < WINDOW; u++)
      {
        set_deviations (at + ivec2 (u, v));
        for (int k = 0; k < N; k++)
          {
            const float r = deviations[N] - gains[k] * deviations[k];
            rests[k] += weight (v) * weight (u) * r * r;
          }
      }
  for (int k = 0; k < N; k++)
    compare (k, squares[k], squares[N], gains[k], rests[k], push.p[PARAMETERS]);
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
    {
      add (2 * k, scored ? log_of (kept[k]) : 0.0);
      add (2 * k + 1, scored ? log_of (all[k]) : 0.0);
    }
  add (2 * N, scored ? 1.0 : 0.0);
}
