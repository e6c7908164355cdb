#version 450
// SPDX-License-Identifier: GPL-3.0-or-later
//
// SSIM from the stack of windowed means of train-moments.comp, and its derivatives by them. Out: a stack of the value, the
// derivatives by the means of x and of x², and for every source that by the mean of x·y.
//
// SSIM compares with every source and averages (SHARES: each with its own share). MEF-SSIM (Ma et al. 2020) compares the
// structure with the source of the largest variance there; of equal ones with the larger mean, then the larger product, so
// that the order of the sources is nothing. As of 2015 (PATCHES) it compares with the patch that train-patches.comp wants
// there. With luminance, the wanted mean is that of the sources, weighted by how near to ½ they are there and as a whole.
#extension GL_GOOGLE_include_directive : enable
#include "train.glsl"

layout (constant_id = 1) const int WHAT = 0;
layout (constant_id = 2) const int LUMINANCE = 1;
layout (constant_id = 3) const int SHARES = 0;

const int EVERY = 0;
const int STRONGEST = 1;
const int PATCHES = 2;

const float C1 = 1e-4, C2 = 9e-4;

struct Similarity
{
  float value, by_mean, by_square, by_product;
};

// `wanted` is the mean for the luminance, `mean` and `variance` are the source's.
Similarity
compare (float mx, float xx, float wanted, float mean, float variance, float product, bool luminance)
{
  const float vx = xx - mx * mx;
  const float divisor = vx + variance + C2;
  const float cs = (2.0 * (product - mx * mean) + C2) / divisor;
  const float by_covariance = 2.0 / divisor, by_variance = -cs / divisor;
  float l = 1.0, dl = 0.0;
  if (luminance)
    {
      const float d = mx * mx + wanted * wanted + C1;
      l = (2.0 * mx * wanted + C1) / d;
      dl = (2.0 * wanted - 2.0 * mx * l) / d;
    }
  return Similarity (l * cs, dl * cs - l * (by_covariance * mean + by_variance * 2.0 * mx), l * by_variance,
                     l * by_covariance);
}

void
main ()
{
  const int stack = push.a[0], pixels = push.a[1], n_sets = push.a[2], n = push.a[3], globals = push.a[4];
  const int patches = push.a[8];
  const float value_scale = push_float (5), gradient_scale = push_float (6);
  const int i = int (gl_GlobalInvocationID.x);
  const int set = int (gl_GlobalInvocationID.y);
  const int y_at = stack + (2 * n_sets + set * n) * pixels + i;
  const int by_product = (3 * n_sets + set * n) * pixels + i;

  if (i >= pixels)
    return;

  const float mx = texelFetch (source0, stack + set * pixels + i).x;
  const float xx = texelFetch (source0, stack + (n_sets + set) * pixels + i).x;
  float value = 0.0, by_mean = 0.0, by_square = 0.0;
  float best_v = 0.0, best_m = 0.0, best_p = 0.0, weighted = 0.0, weights = 0.0;
  int best = 0;

  for (int k = 0; k < n; k++)
    {
      const float m = texelFetch (source0, y_at + k * pixels).x;
      const float square = texelFetch (source0, y_at + (n_sets * n + k) * pixels).x;
      const float p = texelFetch (source0, y_at + (2 * n_sets * n + k) * pixels).x;
      const float v = max (square - m * m, 0.0);

      if (WHAT == EVERY)
        {
          const Similarity s = compare (mx, xx, m, m, square - m * m, p, true);
          const float share = SHARES != 0 ? texelFetch (source0, push.a[7] + set * n + k).x : 1.0 / float (n);
          value += s.value * share;
          by_mean += s.by_mean * share;
          by_square += s.by_square * share;
          out_floats[by_product + k * pixels] = s.by_product * share * gradient_scale;
          continue;
        }
      if (WHAT == PATCHES)
        {
          const float part = texelFetch (source0, patches + (n_sets + set * n + k) * pixels + i).x;
          best_m += part * m;
          best_p += part * p;
          continue;
        }
      if (k == 0 || v > best_v || (v == best_v && (m > best_m || (m == best_m && p > best_p))))
        {
          best = k;
          best_v = v;
          best_m = m;
          best_p = p;
        }
      if (LUMINANCE != 0)
        {
          const float g = texelFetch (source0, globals + set * n + k).x;
          const float w = exp (-(m - 0.5) * (m - 0.5) / 0.08) * exp (-(g - 0.5) * (g - 0.5) / 0.08);
          weighted += w * m;
          weights += w;
        }
    }
  if (WHAT == PATCHES)
    best_v = texelFetch (source0, patches + set * pixels + i).x;
  if (WHAT != EVERY)
    {
      const Similarity s = compare (mx, xx, weighted / max (weights, 1e-30), best_m, best_v, best_p, LUMINANCE != 0);
      value = s.value;
      by_mean = s.by_mean;
      by_square = s.by_square;
      for (int k = 0; k < n; k++)
        {
          float part = k == best ? 1.0 : 0.0;
          if (WHAT == PATCHES)
            part = texelFetch (source0, patches + (n_sets + set * n + k) * pixels + i).x;
          out_floats[by_product + k * pixels] = part * s.by_product * gradient_scale;
        }
    }
  out_floats[set * pixels + i] = (1.0 - value) * value_scale;
  out_floats[(n_sets + set) * pixels + i] = by_mean * gradient_scale;
  out_floats[(2 * n_sets + set) * pixels + i] = by_square * gradient_scale;
}
