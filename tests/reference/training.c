/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/reference/training.h"

#include <math.h>
#include <string.h>

double *
ref_train_find (const RefWeights *weights, const char *layer, const char *tensor)
{
  char name[64];

  g_snprintf (name, sizeof name, "%s.%s", layer, tensor);
  return weights->find (weights->data, name);
}

Double4 *
ref_train_conv (const Double4 *x, const RefWeights *weights, const char *layer, guint out, guint kernel,
                guint dilation)
{
  const TwinConvShape shape = { out, kernel, dilation, 1, weights->padding };

  return twin_train_conv (x, ref_train_find (weights, layer, "weight"),
                          ref_train_find (weights, layer, "bias"), &shape);
}

void
ref_train_norm (Double4 *x, const RefWeights *weights, const char *layer, double slope)
{
  const gboolean is_running = !weights->uses_batch && !weights->by_picture;

  twin_train_norm (
    x, ref_train_find (weights, layer, "bn.weight"), ref_train_find (weights, layer, "bn.bias"),
    is_running ? ref_train_find (weights, layer, "bn.running_mean") : NULL,
    is_running ? ref_train_find (weights, layer, "bn.running_var") : NULL, weights->by_picture, slope);
}

/* By the reduction of the weights. */
Double4 *
ref_train_pool (const Double4 *x, guint n, const RefWeights *weights)
{
  Double4 *pool = twin_train_set_pool (x, n, weights->reduce == OMNI_TRAIN_REDUCE_MAX ? x->c : 0);

  for (gsize i = 0; weights->reduce == OMNI_TRAIN_REDUCE_SUM && i < double4_size (pool); i++)
    pool->v[i] *= n;
  return pool;
}

/* ReLU of a layer on [x, maximum over the set if `pooled`, skip]. Takes x. */
static Double4 *
block (Double4 *x, guint n, gboolean pooled, const Double4 *skip, const RefWeights *weights,
       const char *layer, gboolean is_linear)
{
  g_autoptr (Double4) input = x;

  if (pooled)
  {
    g_autoptr (Double4) pool = ref_train_pool (x, n, weights);
    Double4 *wide = twin_train_concat (input, pool);

    double4_free (input);
    input = wide;
  }
  if (skip != NULL)
  {
    Double4 *wide = twin_train_concat (input, skip);

    double4_free (input);
    input = wide;
  }

  Double4 *y = ref_train_conv (input, weights, layer, weights->channels, 3, 1);

  if (!is_linear)
    twin_train_leaky (y, 0);
  if (!is_linear && weights->has_norm)
    ref_train_norm (y, weights, layer, 1);
  return y;
}

static Double4 *
copy (const Double4 *x)
{
  Double4 *y = double4_new (x->n, x->c, x->h, x->w);

  memcpy (y->v, x->v, double4_size (x) * sizeof (double));
  return y;
}

Double4 *
ref_train_ifani (const Double4 *sources, guint n, const RefWeights *weights)
{
  static const char *const encoder[] = { "fb1", "fb2", "fb3", "fb4" };
  static const char *const decoder[] = { "fb6", "fb7", "fb8", "tail1" };
  Double4 *x = copy (sources), *features[4];

  for (guint b = 0; b < 4; b++)
  {
    x = block (x, n, b > 0, NULL, weights, encoder[b], FALSE);
    features[b] = copy (x);
  }
  x = block (x, n, TRUE, NULL, weights, "neck1", FALSE);
  x = block (x, n, FALSE, NULL, weights, "neck2", FALSE);
  x = block (x, n, FALSE, NULL, weights, "neck3", TRUE);
  x = block (x, n, FALSE, NULL, weights, "fb5", FALSE);
  for (guint b = 0; b < 4; b++)
    x = block (x, n, TRUE, weights->without_skips ? NULL : features[3 - b], weights, decoder[b], FALSE);

  g_autoptr (Double4) last = x;
  g_autoptr (Double4) pool = ref_train_pool (last, n, weights);

  for (guint b = 0; b < 4; b++)
    double4_free (features[b]);
  return ref_train_conv (pool, weights, "tail2", 1, 3, 1);
}

/* ---- Omni ---- */

#define LEAK 0.2

static double *
plane_of (const Double4 *x, guint n, guint c)
{
  return x->v + ((gsize)n * x->c + c) * x->h * x->w;
}

/* a + factor · b, taking a. */
static Double4 *
add (Double4 *a, const Double4 *b, double factor)
{
  for (gsize i = 0; i < double4_size (a); i++)
    a->v[i] += factor * b->v[i];
  return a;
}

/* Up by two, cut to h × w. */
static Double4 *
up_to (const Double4 *x, guint h, guint w)
{
  g_autoptr (Double4) wide = twin_train_up (x, 2);
  Double4 *out = double4_new (x->n, x->c, h, w);

  for (guint p = 0; p < x->n * x->c; p++)
    for (guint i = 0; i < h * w; i++)
      out->v[(gsize)p * h * w + i] = wide->v[((gsize)p * wide->h + i / w) * wide->w + i % w];
  return out;
}

static Double4 *
absolute (const Double4 *x, double centre)
{
  Double4 *y = copy (x);

  for (gsize i = 0; i < double4_size (y); i++)
    y->v[i] = fabs (y->v[i] - centre);
  return y;
}

/* ln (means of |band| + floor) / 3 + 1 */
static Double4 *
band_feature (const Double4 *band, guint factor, double floor)
{
  g_autoptr (Double4) magnitude = absolute (band, 0);
  Double4 *x = twin_train_mean_pool (magnitude, factor);

  for (gsize i = 0; i < double4_size (x); i++)
    x->v[i] = log (x->v[i] + floor) / 3 + 1;
  return x;
}

static Double4 *
inputs_of (Double4 *const *gauss, Double4 *const *lap, const RefOmni *options)
{
  const guint b = options->base_level;
  const Double4 *low = gauss[b + 2];
  Double4 *x = double4_new (low->n, 10, low->h, low->w);
  const gsize pixels = (gsize)low->h * low->w;
  g_autoptr (Double4) e0 = band_feature (lap[b], 4, options->floor);
  g_autoptr (Double4) e1 = band_feature (lap[b + 1], 2, options->floor);
  g_autoptr (Double4) e2 = band_feature (lap[b + 2], 1, options->floor);
  g_autoptr (Double4) away = absolute (gauss[b], 0.5);
  g_autoptr (Double4) grey = twin_train_mean_pool (away, 4);
  const Double4 *const maps[] = { low, e0, e1, e2, NULL, grey };

  for (guint n = 0; n < low->n; n++)
  {
    double mean = 0;

    for (gsize i = 0; i < pixels; i++)
      mean += plane_of (low, n, 0)[i] / (double)pixels;
    for (guint c = 0; c < 10; c++)
      for (gsize i = 0; i < pixels; i++)
        plane_of (x, n, c)[i] = c == 4  ? mean
                                : c < 6 ? plane_of (maps[c], n, 0)[i]
                                        : (int)c - 6 == options->task;
  }
  return x;
}

/* The net's last features. */
static Double4 *
run_net (const Double4 *inputs, guint n, const RefWeights *weights)
{
  static const guint dilation[] = { 1, 2, 4, 8, 1 };
  Double4 *f = ref_train_conv (inputs, weights, "in", weights->channels, 3, 1);

  twin_train_leaky (f, LEAK);
  for (guint i = 0; i < 5; i++)
  {
    char own[8], pooled[8];
    g_autoptr (Double4) before = f;
    g_autoptr (Double4) pool = twin_train_set_pool (f, n, weights->channels / 2);

    g_snprintf (own, sizeof own, "own%u", i + 1);
    g_snprintf (pooled, sizeof pooled, "pool%u", i + 1);
    f = ref_train_conv (before, weights, own, weights->channels, 3, dilation[i]);

    g_autoptr (Double4) common = ref_train_conv (pool, weights, pooled, weights->channels, 3, dilation[i]);
    const gsize image = (gsize)f->c * f->h * f->w;

    for (gsize j = 0; j < double4_size (f); j++)
      f->v[j] += common->v[j / image / n * image + j % image];
    twin_train_leaky (f, LEAK);
  }
  return f;
}

static Double4 *
channel (const Double4 *x, guint c)
{
  Double4 *y = double4_new (x->n, 1, x->h, x->w);

  for (guint n = 0; n < x->n; n++)
    memcpy (plane_of (y, n, 0), plane_of (x, n, c), sizeof (double) * x->h * x->w);
  return y;
}

/* From the net's grid to level `l`. */
static Double4 *
resize (const Double4 *x, guint at, guint l)
{
  return l <= at ? twin_train_up (x, 1U << (at - l)) : twin_train_mean_pool (x, 1U << (l - at));
}

static Double4 *
energy (const Double4 *band, double floor)
{
  Double4 *e = double4_new (band->n, 1, band->h, band->w);

  for (guint n = 0; n < band->n; n++)
    for (int i = 0; i < (int)(band->h * band->w); i++)
    {
      double sum = 0;

      for (int a = -1; a <= 1; a++)
        for (int b = -1; b <= 1; b++)
        {
          const int y = CLAMP (i / (int)band->w + a, 0, (int)band->h - 1);
          const int x = CLAMP (i % (int)band->w + b, 0, (int)band->w - 1);

          sum += fabs (plane_of (band, n, 0)[y * (int)band->w + x]) / 9;
        }
      plane_of (e, n, 0)[i] = log (sum + floor);
    }
  return e;
}

/* Softmax over the set, in place. */
static void
softmax (Double4 *x, guint n)
{
  const gsize pixels = (gsize)x->h * x->w;

  for (guint b = 0; b < x->n / n; b++)
    for (gsize i = 0; i < pixels; i++)
    {
      double sum = 0, largest = -INFINITY;

      for (guint k = 0; k < n; k++)
        largest = fmax (largest, plane_of (x, b * n + k, 0)[i]);
      for (guint k = 0; k < n; k++)
        sum += exp (plane_of (x, b * n + k, 0)[i] - largest);
      for (guint k = 0; k < n; k++)
        plane_of (x, b * n + k, 0)[i] = exp (plane_of (x, b * n + k, 0)[i] - largest) / sum;
    }
}

static Double4 *
weights_at (const Double4 *band, guint n, const Double4 *logit, const Double4 *alpha, guint at, guint l,
            gboolean is_coarsest, double floor)
{
  if (is_coarsest)
  {
    g_autoptr (Double4) weight = copy (logit);

    softmax (weight, n);
    return resize (weight, at, l);
  }

  Double4 *weight = resize (logit, at, l);
  g_autoptr (Double4) a = resize (alpha, at, l);
  g_autoptr (Double4) e = energy (band, floor);
  const gsize pixels = (gsize)band->h * band->w;

  for (gsize i = 0; i < double4_size (weight); i++)
    weight->v[i] += e->v[i] * a->v[i / pixels / n * pixels + i % pixels];
  softmax (weight, n);
  return weight;
}

/* Σ weight · x over the set. */
static Double4 *
blend (const Double4 *weight, const Double4 *x, guint n)
{
  Double4 *sum = double4_new (x->n / n, 1, x->h, x->w);
  const gsize pixels = (gsize)x->h * x->w;

  for (gsize i = 0; i < double4_size (x); i++)
    sum->v[i / pixels / n * pixels + i % pixels] += weight->v[i] * x->v[i];
  return sum;
}

/* x + up^n (coarse − down^n (x)), in place. */
static void
correct (Double4 *x, const Double4 *coarse, guint n)
{
  Double4 *low = copy (x);

  for (guint i = 0; i < n; i++)
  {
    g_autoptr (Double4) before = low;

    low = twin_train_down (before);
  }

  Double4 *difference = add (copy (coarse), low, -1);

  double4_free (low);
  for (guint i = 0; i < n; i++)
  {
    g_autoptr (Double4) before = difference;

    difference = twin_train_up (before, 2);
  }
  add (x, difference, 1);
  double4_free (difference);
}

Double4 *
ref_train_omni (const Double4 *sources, guint n, const RefWeights *weights, const RefOmni *options)
{
  const guint b = options->base_level, at = b + 2, total = b + options->levels;
  Double4 *gauss[16] = { copy (sources) }, *lap[16];
  Double4 *out = NULL;

  for (guint l = 0; l < total; l++)
  {
    gauss[l + 1] = twin_train_down (gauss[l]);

    g_autoptr (Double4) coarse = up_to (gauss[l + 1], gauss[l]->h, gauss[l]->w);

    lap[l] = add (copy (gauss[l]), coarse, -1);
  }
  lap[total] = copy (gauss[total]);

  g_autoptr (Double4) inputs = inputs_of (gauss, lap, options);
  g_autoptr (Double4) features = run_net (inputs, n, weights);
  g_autoptr (Double4) pool = twin_train_set_pool (features, n, weights->channels / 2);
  g_autoptr (Double4) logits = ref_train_conv (features, weights, "logit", 4, 1, 1);
  g_autoptr (Double4) alphas = ref_train_conv (pool, weights, "alpha", 4, 1, 1);

  for (gsize i = 0; i < double4_size (logits); i++)
    logits->v[i] *= 3;
  for (gsize i = 0; i < double4_size (alphas); i++)
    alphas->v[i] = fmax (alphas->v[i], 0) + log1p (exp (-fabs (alphas->v[i])));
  for (guint l = total + 1; l-- > 0;)
  {
    const guint head = l < b + 2 ? 0 : MIN (l - b - 1, 3);
    g_autoptr (Double4) logit = channel (logits, head);
    g_autoptr (Double4) alpha = channel (alphas, head);
    g_autoptr (Double4) weight = weights_at (lap[l], n, logit, alpha, at, l, l == total, options->floor);
    const gboolean is_spatial = options->spatial > 0 && l == b;
    Double4 *band = blend (weight, is_spatial ? gauss[l] : lap[l], n);

    if (options->spatial > 0 && l > b && l < b + options->spatial)
    {
      double4_free (band);
      continue;
    }
    if (is_spatial)
    {
      g_autoptr (Double4) coarsest = out;

      out = NULL;
      correct (band, coarsest, options->spatial);
    }
    if (out != NULL)
    {
      g_autoptr (Double4) before = out;
      g_autoptr (Double4) coarse = up_to (before, band->h, band->w);

      add (band, coarse, 1);
    }
    out = band;
  }
  for (guint l = 0; l <= total; l++)
  {
    double4_free (gauss[l]);
    double4_free (lap[l]);
  }
  return out;
}
