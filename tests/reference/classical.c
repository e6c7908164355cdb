/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/reference/reference.h"

#include <math.h>
#include <string.h>

#define MAX_SET    8
#define MAX_LEVELS 32

/* x − up (coarse), in place of x's copy; `sign` +1 adds. */
static RefTensor *
add_up (const RefTensor *fine, const RefTensor *coarse, double sign,
        RefTensor *(*up) (const RefTensor *, guint, guint))
{
  RefTensor *out = up (coarse, fine->width, fine->height);

  for (gsize i = 0; i < fine->channels * fine->width * fine->height; i++)
    out->v[i] = fine->v[i] + sign * out->v[i];
  return out;
}

static double
well_exposed (double c, double sigma)
{
  return exp (-(c - .5) * (c - .5) / (2 * sigma * sigma));
}

/* §3.1 of the paper; the border of the Laplacian repeats. */
static RefTensor *
mertens_weight (const RefTensor *picture, const RefMertens *e)
{
  g_autoptr (RefTensor) luma = ref_luma (picture);
  const int w = (int)picture->width, h = (int)picture->height;
  RefTensor *weight = ref_tensor_new (1, picture->width, picture->height);

  for (int y = 0; y < h; y++)
    for (int x = 0; x < w; x++)
    {
      const int i = y * w + x;
      const double r = picture->v[i], g = picture->channels == 1 ? r : ref_plane (picture, 1)[i],
                   b = picture->channels == 1 ? r : ref_plane (picture, 2)[i], mean = (r + g + b) / 3;
      const double *p = luma->v;
      const double contrast = fabs (p[MAX (y - 1, 0) * w + x] + p[MIN (y + 1, h - 1) * w + x]
                                    + p[y * w + MAX (x - 1, 0)] + p[y * w + MIN (x + 1, w - 1)] - 4 * p[i]);
      const double saturation = sqrt (
        ((r - mean) * (r - mean) + (g - mean) * (g - mean) + (b - mean) * (b - mean)) / 3);
      const double exposedness = well_exposed (r, e->sigma) * well_exposed (g, e->sigma)
                                 * well_exposed (b, e->sigma);

      weight->v[i] = pow (contrast, e->contrast) * pow (saturation, e->saturation)
                       * pow (exposedness, e->exposedness)
                     + 0x1p-40; /* the paper has 1e-12; a power of two lies on the grid of exact sums */
    }
  return weight;
}

static void
normalise (RefTensor **weights, guint n)
{
  for (gsize i = 0; i < weights[0]->width * weights[0]->height; i++)
  {
    double sum = 0;

    for (guint k = 0; k < n; k++)
      sum += weights[k]->v[i];
    for (guint k = 0; k < n; k++)
      weights[k]->v[i] /= sum;
  }
}

/* Σ_k weight_k · (picture_k − up (coarse_k)) */
static RefTensor *
blend (RefTensor *const *weights, RefTensor *const *pictures, RefTensor *const *coarse, guint n)
{
  RefTensor *out = ref_tensor_new (pictures[0]->channels, pictures[0]->width, pictures[0]->height);

  for (guint k = 0; k < n; k++)
  {
    g_autoptr (RefTensor) band = coarse != NULL ? add_up (pictures[k], coarse[k], -1, ref_burt_up) : NULL;

    for (guint c = 0; c < out->channels; c++)
      for (gsize i = 0; i < out->width * out->height; i++)
        ref_plane (out, c)[i] += weights[k]->v[i] * ref_plane (band != NULL ? band : pictures[k], c)[i];
  }
  return out;
}

/* Takes `levels` (transfer full) of bands and gives the picture. */
static RefTensor *
collapse (RefTensor **bands, guint depth, RefTensor *(*up) (const RefTensor *, guint, guint))
{
  for (guint level = depth; level-- > 0;)
  {
    g_autoptr (RefTensor) fine = bands[level];
    g_autoptr (RefTensor) coarse = bands[level + 1];

    bands[level] = add_up (fine, coarse, 1, up);
  }
  return bands[0];
}

static RefTensor *
copy (const RefTensor *x)
{
  RefTensor *y = ref_tensor_new (x->channels, x->width, x->height);

  memcpy (y->v, x->v, sizeof *x->v * x->channels * x->width * x->height);
  return y;
}

RefTensor *
ref_mertens (RefTensor *const *pictures, guint n, const RefMertens *exponents)
{
  const guint depth = (guint)floor (log2 (MIN (pictures[0]->width, pictures[0]->height)));
  RefTensor *set[MAX_SET], *coarse[MAX_SET] = { NULL }, *weights[MAX_SET], *bands[MAX_LEVELS];

  for (guint k = 0; k < n; k++)
  {
    set[k] = copy (pictures[k]);
    weights[k] = mertens_weight (pictures[k], exponents);
  }
  normalise (weights, n);
  for (guint level = 0; level < depth; level++)
  {
    for (guint k = 0; k < n; k++)
      coarse[k] = ref_burt_down (set[k]);
    bands[level] = blend (weights, set, coarse, n);
    for (guint k = 0; k < n; k++)
    {
      g_autoptr (RefTensor) weight = weights[k];

      ref_tensor_free (set[k]);
      set[k] = coarse[k];
      weights[k] = ref_burt_down (weight);
    }
  }
  bands[depth] = blend (weights, set, NULL, n);
  ref_tensors_free (set, n);
  ref_tensors_free (weights, n);
  return collapse (bands, depth, ref_burt_up);
}

static double
strength_at (const RefTensor *band, int x, int y, int radius)
{
  double sum = 0;

  for (int j = -radius; j <= radius; j++)
    for (int i = -radius; i <= radius; i++)
    {
      const int sx = CLAMP (x + i, 0, (int)band->width - 1), sy = CLAMP (y + j, 0, (int)band->height - 1);

      sum += fabs (band->v[(guint)sy * band->width + (guint)sx]);
    }
  return sum;
}

/* At each pixel the band of the picture whose luminance band has the highest local strength. */
static RefTensor *
select_band (RefTensor *const *pictures, RefTensor *const *coarse, guint n, guint radius)
{
  RefTensor *out = ref_tensor_new (pictures[0]->channels, pictures[0]->width, pictures[0]->height);
  g_autofree double *best = g_new (double, (gsize)out->width * out->height);

  for (guint k = 0; k < n; k++)
  {
    g_autoptr (RefTensor) band = add_up (pictures[k], coarse[k], -1, ref_quad_up);
    g_autoptr (RefTensor) luma = ref_luma (band);

    for (guint i = 0; i < out->width * out->height; i++)
    {
      const double strength = strength_at (luma, (int)(i % out->width), (int)(i / out->width), (int)radius);

      if (k > 0 && strength <= best[i])
        continue;
      best[i] = strength;
      for (guint c = 0; c < out->channels; c++)
        ref_plane (out, c)[i] = ref_plane (band, c)[i];
    }
  }
  return out;
}

RefTensor *
ref_laplacian (RefTensor *const *pictures, guint n, guint levels, guint radius)
{
  RefTensor *set[MAX_SET], *coarse[MAX_SET] = { NULL }, *bands[MAX_LEVELS];

  for (guint k = 0; k < n; k++)
    set[k] = copy (pictures[k]);
  for (guint level = 0; level < levels; level++)
  {
    for (guint k = 0; k < n; k++)
      coarse[k] = ref_quad_down (set[k]);
    bands[level] = select_band (set, coarse, n, radius);
    for (guint k = 0; k < n; k++)
    {
      ref_tensor_free (set[k]);
      set[k] = coarse[k];
    }
  }
  bands[levels] = ref_set_sum (set, n, 1. / n);
  ref_tensors_free (set, n);
  return collapse (bands, levels, ref_quad_up);
}
