/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/twins/twin.h"

#include <math.h>
#include <string.h>

static TwinTensor *
new_pooled (const TwinTensor *x)
{
  return twin_new (1, x->c, x->h, x->w);
}

static gsize
slice_size (const TwinTensor *x)
{
  return (gsize)x->c * x->h * x->w;
}

TwinTensor *
twin_set_max (const TwinTensor *x)
{
  TwinTensor *out = twin_set_pick (x, 0);

  for (gsize i = 0; i < twin_size (out); i++)
    for (guint n = 1; n < x->n; n++)
      out->v[i] = twin_max_ordered (x->v[n * slice_size (x) + i], out->v[i]);

  return out;
}

/* Bits a term may have so that n of them stay inside 31. */
static int
term_bits (guint n)
{
  return 30 - (int)ceil (log2 (n));
}

/* One grid for all terms: the largest gets term_bits() bits. */
TwinTensor *
twin_set_sum (const TwinTensor *x, gboolean mean)
{
  TwinTensor *out = new_pooled (x);

  for (gsize i = 0; i < twin_size (out); i++)
  {
    float largest = 0.0F;
    int exponent;
    gint64 sum = 0;

    for (guint n = 0; n < x->n; n++)
      largest = fmaxf (largest, fabsf (x->v[n * slice_size (x) + i]));
    frexpf (largest, &exponent);
    if (largest == 0.0F)
      exponent = -126;

    const int shift = CLAMP (term_bits (x->n) - exponent, -126, 120);

    for (guint n = 0; n < x->n; n++)
      sum += (gint64)nearbyint (ldexp (x->v[n * slice_size (x) + i], shift));
    out->v[i] = ldexpf ((float)sum, -shift);
    if (mean)
      out->v[i] /= (float)x->n;
  }

  return out;
}

static float
grid_of (float range, guint n)
{
  int exponent = 0;

  while (ldexpf (1.0F, exponent) < range)
    exponent++;
  while (ldexpf (1.0F, exponent - 1) >= range)
    exponent--;

  return ldexpf (1.0F, term_bits (n) - exponent);
}

/* `terms` may have any number of members; they are added one by one. */
static TwinTensor *
sum_on_grid (const TwinTensor *terms, float range)
{
  TwinTensor *out = new_pooled (terms);
  const float scale = grid_of (range, terms->n);
  const float limit = ldexpf (1.0F, term_bits (terms->n));

  for (gsize i = 0; i < twin_size (out); i++)
  {
    gint32 sum = 0;

    for (guint n = 0; n < terms->n; n++)
      sum += (gint32)nearbyintf (CLAMP (terms->v[n * slice_size (terms) + i] * scale, -limit, limit));
    out->v[i] = (float)sum * (1.0F / scale);
  }

  return out;
}

TwinTensor *
twin_set_sum_fixed (const TwinTensor *x, float range)
{
  return sum_on_grid (x, range);
}

TwinTensor *
twin_set_blend (const TwinTensor *weight, const TwinTensor *fine, const TwinTensor *coarse,
                OmniPyramid pyramid, float range)
{
  g_autoptr (TwinTensor) band = twin_copy (fine);
  g_autoptr (TwinTensor) terms = NULL;

  if (coarse != NULL)
  {
    g_autoptr (TwinTensor) up = twin_up (coarse, fine->h, fine->w, pyramid);

    for (gsize i = 0; i < twin_size (band); i++)
      band->v[i] = fine->v[i] - up->v[i];
  }

  terms = twin_binary (OMNI_BINARY_MUL, weight, band);
  return sum_on_grid (terms, range);
}

TwinTensor *
twin_set_blend_mean (const TwinTensor *weight, const TwinTensor *fine, const TwinTensor *coarse,
                     OmniPyramid pyramid, float range)
{
  g_autoptr (TwinTensor) sum = twin_set_blend (weight, fine, coarse, pyramid, range);
  g_autoptr (TwinTensor) weights = sum_on_grid (weight, 1.0F);

  return twin_binary (OMNI_BINARY_DIV, sum, weights);
}

static double
mean_around (const TwinTensor *x, guint n, int y, int x_)
{
  double sum = 0.0;

  for (int k = 0; k < 9; k++)
    sum += (double)twin_at (x, n, 0, (guint)twin_boundary (OMNI_BOUNDARY_REPLICATE, y + k / 3 - 1, (int)x->h),
                            (guint)twin_boundary (OMNI_BOUNDARY_REPLICATE, x_ + k % 3 - 1, (int)x->w));
  return sum / 9.0;
}

/* In double but for what the bilinear step gives. */
TwinTensor *
twin_score_weight (const TwinTensor *magnitude, const TwinTensor *logit, const TwinTensor *gain, guint steps,
                   float floor)
{
  const gsize size = slice_size (magnitude);
  TwinTensor *out = twin_copy (magnitude);
  g_autofree double *scores = g_new (double, magnitude->n);
  g_autoptr (TwinTensor) logits = steps > 0 ? twin_upsample_by (logit, magnitude->h, magnitude->w, steps)
                                            : twin_copy (logit);
  g_autoptr (TwinTensor) gains = steps > 0 ? twin_upsample_by (gain, magnitude->h, magnitude->w, steps)
                                           : twin_copy (gain);

  for (gsize i = 0; i < size; i++)
  {
    double most = -INFINITY;

    for (guint n = 0; n < magnitude->n; n++)
    {
      const double energy = mean_around (magnitude, n, (int)(i / magnitude->w), (int)(i % magnitude->w));

      scores[n] = (double)logits->v[n * size + i] + (double)gains->v[i] * log (energy + (double)floor);
      most = fmax (most, scores[n]);
    }
    for (guint n = 0; n < magnitude->n; n++)
      out->v[n * size + i] = (float)exp (scores[n] - most);
  }

  return out;
}

TwinTensor *
twin_set_select (const TwinTensor *key, const TwinTensor *values)
{
  TwinTensor *out = new_pooled (values);
  const gsize size = (gsize)key->h * key->w;

  for (gsize i = 0; i < size; i++)
  {
    float best = key->v[i];

    for (guint n = 1; n < key->n; n++)
      best = twin_max_ordered (best, key->v[n * size + i]);
    for (guint c = 0; c < values->c; c++)
    {
      gboolean found = FALSE;

      for (guint n = 0; n < key->n; n++)
      {
        const float value = twin_plane (values, n, c)[i];

        if (memcmp (&key->v[n * size + i], &best, sizeof best) != 0)
          continue;
        out->v[c * size + i] = found ? twin_max_ordered (out->v[c * size + i], value) : value;
        found = TRUE;
      }
    }
  }

  return out;
}

TwinTensor *
twin_set_softmax (const TwinTensor *x)
{
  TwinTensor *out = twin_new (x->n, x->c, x->h, x->w);

  for (gsize i = 0; i < slice_size (x); i++)
  {
    double largest = x->v[i], sum = 0.0;

    for (guint n = 1; n < x->n; n++)
      largest = fmax (largest, x->v[n * slice_size (x) + i]);
    for (guint n = 0; n < x->n; n++)
      sum += exp (x->v[n * slice_size (x) + i] - largest);
    for (guint n = 0; n < x->n; n++)
      out->v[n * slice_size (x) + i] = (float)(exp (x->v[n * slice_size (x) + i] - largest) / sum);
  }

  return out;
}

TwinTensor *
twin_set_pick (const TwinTensor *x, guint index)
{
  TwinTensor *out = new_pooled (x);

  memcpy (out->v, x->v + index * slice_size (x), slice_size (x) * sizeof *out->v);
  return out;
}

TwinTensor *
twin_set_running_mean (const TwinTensor *x)
{
  TwinTensor *out = twin_set_pick (x, 0);

  for (guint n = 1; n < x->n; n++)
    for (gsize i = 0; i < slice_size (x); i++)
      out->v[i] += (x->v[n * slice_size (x) + i] - out->v[i]) / (float)(n + 1);

  return out;
}

TwinTensor *
twin_fuse_chroma (const TwinTensor *chroma)
{
  g_autoptr (TwinTensor) weighted = twin_new (chroma->n, 2, chroma->h, chroma->w);
  g_autoptr (TwinTensor) weights = twin_new (chroma->n, 2, chroma->h, chroma->w);
  g_autoptr (TwinTensor) sums = NULL;
  g_autoptr (TwinTensor) weight_sums = NULL;
  TwinTensor *out = new_pooled (chroma);

  for (gsize i = 0; i < twin_size (chroma); i++)
  {
    weights->v[i] = fabsf (chroma->v[i] - 0.5F);
    weighted->v[i] = (chroma->v[i] - 0.5F) * weights->v[i];
  }
  sums = sum_on_grid (weighted, 1.0F);
  weight_sums = sum_on_grid (weights, 1.0F);
  for (gsize i = 0; i < twin_size (out); i++)
    out->v[i] = weight_sums->v[i] == 0.0F ? 0.5F : 0.5F + sums->v[i] / weight_sums->v[i];

  return out;
}
