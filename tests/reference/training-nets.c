/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/reference/training.h"

#include <math.h>
#include <string.h>

/* IFCNN, U2Fusion, PMGI and AE-Netv2 forward, in double precision, from models.md §1 to §4. */

#define LEAK 0.2

static double *
plane_of (const Double4 *x, guint n, guint c)
{
  return x->v + ((gsize)n * x->c + c) * x->h * x->w;
}

/* factor · member + shift of every set as channel `c`. */
static void
lay_in (Double4 *to, guint c, const Double4 *sources, guint n, guint member, double factor, double shift)
{
  for (guint b = 0; b < to->n; b++)
    for (gsize i = 0; i < (gsize)to->h * to->w; i++)
      plane_of (to, b, c)[i] = factor * plane_of (sources, b * n + member, 0)[i] + shift;
}

/* The channels of all, one behind the other; takes nothing. */
static Double4 *
concat (Double4 *const *parts, guint n)
{
  Double4 *all = double4_new (parts[0]->n, parts[0]->c, parts[0]->h, parts[0]->w);

  memcpy (all->v, parts[0]->v, double4_size (all) * sizeof (double));
  for (guint i = 1; i < n; i++)
  {
    g_autoptr (Double4) before = all;

    all = twin_train_concat (before, parts[i]);
  }
  return all;
}

/* ---- IFCNN ---- */

static Double4 *
normal_block (const Double4 *x, const RefWeights *weights, const char *layer)
{
  g_autofree char *name = g_strdup_printf ("%s.conv", layer);
  Double4 *y = ref_train_conv (x, weights, name, weights->channels, 3, 1);

  ref_train_norm (y, weights, layer, 0);
  return y;
}

Double4 *
ref_train_ifcnn (const Double4 *sources, guint n, const RefWeights *weights, gboolean has_imagenet_scale)
{
  static const double mean[] = { .485f, .456f, .406f }, deviation[] = { .229f, .224f, .225f };
  static const double grey[] = { 4899. / 16384, 9617. / 16384, 1868. / 16384 };
  g_autoptr (Double4) x = double4_new (sources->n, 3, sources->h, sources->w);
  Double4 *out = double4_new (sources->n / n, 1, sources->h, sources->w);

  for (guint c = 0; c < 3; c++)
    lay_in (x, c, sources, 1, 0, has_imagenet_scale ? 1 / deviation[c] : 1,
            has_imagenet_scale ? -mean[c] / deviation[c] : 0);

  g_autoptr (Double4) first = ref_train_conv (x, weights, "conv1", weights->channels, 7, 1);
  g_autoptr (Double4) second = normal_block (first, weights, "conv2");
  g_autoptr (Double4) pool = ref_train_pool (second, n, weights);
  g_autoptr (Double4) third = normal_block (pool, weights, "conv3");
  g_autoptr (Double4) y = ref_train_conv (third, weights, "conv4", 3, 1, 1);

  for (guint b = 0; b < out->n; b++)
    for (guint c = 0; c < 3; c++)
      for (gsize i = 0; i < (gsize)out->h * out->w; i++)
        plane_of (out, b, 0)[i] += grey[c]
                                   * (has_imagenet_scale ? plane_of (y, b, c)[i] * deviation[c] + mean[c]
                                                         : plane_of (y, b, c)[i]);
  return out;
}

/* ---- U2Fusion ---- */

static Double4 *
leaky (Double4 *x)
{
  twin_train_leaky (x, LEAK);
  return x;
}

static Double4 *
half_tanh (Double4 *x)
{
  for (gsize i = 0; i < double4_size (x); i++)
    x->v[i] = tanh (x->v[i]) / 2 + 0.5;
  return x;
}

Double4 *
ref_train_u2fusion (const Double4 *sources, const RefWeights *weights)
{
  const guint c = weights->channels;
  const guint widths[] = { (c * 32 / 11 + 2) / 4 * 4, (c * 16 / 11 + 2) / 4 * 4, (c * 8 / 11 + 2) / 4 * 4 };
  g_autoptr (Double4) pair = double4_new (sources->n / 2, 2, sources->h, sources->w);
  Double4 *newest_first[6], *x;

  lay_in (pair, 0, sources, 2, 0, 1, 0);
  lay_in (pair, 1, sources, 2, 1, 1, 0);
  newest_first[5] = leaky (ref_train_conv (pair, weights, "conv1", c, 3, 1));
  for (guint i = 1; i <= 5; i++)
  {
    g_autofree char *name = g_strdup_printf ("dense%u", i);
    g_autoptr (Double4) before = concat (newest_first + 6 - i, i);

    newest_first[5 - i] = leaky (ref_train_conv (before, weights, name, c, 3, 1));
  }
  x = concat (newest_first, 6);
  for (guint i = 0; i < 4; i++)
  {
    g_autofree char *name = g_strdup_printf ("out%u", i + 1);
    g_autoptr (Double4) before = x;

    x = ref_train_conv (before, weights, name, i < 3 ? widths[i] : 1, 3, 1);
    x = i < 3 ? leaky (x) : half_tanh (x);
  }
  for (guint i = 0; i < 6; i++)
    double4_free (newest_first[i]);
  return x;
}

/* ---- PMGI ---- */

static Double4 *
path_layer (Double4 *const *inputs, guint n, const RefWeights *weights, const char *layer, guint kernel)
{
  g_autoptr (Double4) x = concat (inputs, n);
  Double4 *y = ref_train_conv (x, weights, layer, weights->channels, kernel, 1);

  if (weights->has_norm)
    ref_train_norm (y, weights, layer, LEAK);
  else
    twin_train_leaky (y, LEAK);
  return y;
}

static Double4 *
see_pair (const Double4 *sources, guint twice)
{
  Double4 *x = double4_new (sources->n / 2, 3, sources->h, sources->w);

  lay_in (x, 0, sources, 2, twice, 2, -1);
  lay_in (x, 1, sources, 2, twice, 2, -1);
  lay_in (x, 2, sources, 2, 1 - twice, 2, -1);
  return x;
}

Double4 *
ref_train_pmgi (const Double4 *sources, const RefWeights *weights)
{
  g_autoptr (Double4) p0 = see_pair (sources, 0);
  g_autoptr (Double4) q0 = see_pair (sources, 1);
  g_autoptr (Double4) p1 = path_layer ((Double4 *[]){ p0 }, 1, weights, "p1", 5);
  g_autoptr (Double4) q1 = path_layer ((Double4 *[]){ q0 }, 1, weights, "q1", 5);
  g_autoptr (Double4) p2 = path_layer ((Double4 *[]){ p1 }, 1, weights, "p2", 3);
  g_autoptr (Double4) q2 = path_layer ((Double4 *[]){ q1 }, 1, weights, "q2", 3);
  g_autoptr (Double4) p23 = path_layer ((Double4 *[]){ p2, q2 }, 2, weights, "t23p", 1);
  g_autoptr (Double4) q23 = path_layer ((Double4 *[]){ p2, q2 }, 2, weights, "t23q", 1);
  g_autoptr (Double4) p3 = path_layer ((Double4 *[]){ p1, p2, p23 }, 3, weights, "p3", 3);
  g_autoptr (Double4) q3 = path_layer ((Double4 *[]){ q1, q2, q23 }, 3, weights, "q3", 3);
  g_autoptr (Double4) p34 = path_layer ((Double4 *[]){ p3, q3 }, 2, weights, "t34p", 1);
  g_autoptr (Double4) q34 = path_layer ((Double4 *[]){ p3, q3 }, 2, weights, "t34q", 1);
  g_autoptr (Double4) p4 = path_layer ((Double4 *[]){ p1, p2, p3, p34 }, 4, weights, "p4", 3);
  g_autoptr (Double4) q4 = path_layer ((Double4 *[]){ q1, q2, q3, q34 }, 4, weights, "q4", 3);
  g_autoptr (Double4) all = concat ((Double4 *[]){ p1, q1, p2, q2, p3, q3, p4, q4 }, 8);

  return half_tanh (ref_train_conv (all, weights, "out", 1, 1, 1));
}

/* ---- AE-Netv2 ---- */

/* `per_group` channels of x with each group of outputs. */
static Double4 *
grouped (const Double4 *x, const RefWeights *weights, const char *layer, guint out, guint per_group)
{
  const TwinConvShape shape = { out, 3, 1, x->c / per_group, weights->padding };

  return twin_train_conv (x, ref_train_find (weights, layer, "weight"),
                          ref_train_find (weights, layer, "bias"), &shape);
}

/* Convolution, normalisation, and a ReLU or not. */
static Double4 *
plain_layer (const Double4 *x, const RefWeights *weights, const char *layer, guint out, guint kernel,
             gboolean has_relu)
{
  Double4 *y = ref_train_conv (x, weights, layer, out, kernel, 1);

  ref_train_norm (y, weights, layer, has_relu ? 0 : 1);
  return y;
}

/* What is added to the first layer's f. */
static Double4 *
module_of (const Double4 *f, const RefWeights *weights)
{
  g_autoptr (Double4) x = NULL;

  switch (weights->variant)
  {
  case OMNI_TRAIN_VARIANT_GCB:
    x = grouped (f, weights, "gc", f->c, 2);
    return twin_train_shuffle (x, f->c / 2);
  case OMNI_TRAIN_VARIANT_SQUEEZE_GCB:
  {
    g_autoptr (Double4) narrow = plain_layer (f, weights, "squeeze", f->c / 4, 1, TRUE);

    x = grouped (narrow, weights, "gc", f->c, 2);
    return twin_train_shuffle (x, f->c / 2);
  }
  case OMNI_TRAIN_VARIANT_SEPARABLE:
    x = grouped (f, weights, "depthwise", f->c, 1);
    return plain_layer (x, weights, "pointwise", f->c, 1, FALSE);
  case OMNI_TRAIN_VARIANT_REGULAR:
  case OMNI_TRAIN_VARIANT_PLUSPLUS:
  case OMNI_TRAIN_VARIANT_M:
  default:
    return plain_layer (f, weights, "gc", f->c, 3, FALSE);
  }
}

/* The U-Net. */
static Double4 *
fuse_m (const Double4 *pair, const RefWeights *weights)
{
  const guint c = weights->channels;
  g_autoptr (Double4) e1 = plain_layer (pair, weights, "e1", c / 2, 3, TRUE), h1 = twin_train_pool (e1, TRUE);
  g_autoptr (Double4) e2 = plain_layer (h1, weights, "e2", c, 3, TRUE), h2 = twin_train_pool (e2, TRUE);
  g_autoptr (Double4) e3 = plain_layer (h2, weights, "e3", c / 2, 3, TRUE);
  g_autoptr (Double4) u2 = twin_train_enlarge (e3, FALSE, e2->h, e2->w), s2 = twin_train_concat (u2, e2);
  g_autoptr (Double4) d2 = plain_layer (s2, weights, "d2", c / 2, 3, TRUE);
  g_autoptr (Double4) u1 = twin_train_enlarge (d2, FALSE, e1->h, e1->w), s1 = twin_train_concat (u1, e1);
  g_autoptr (Double4) d1 = plain_layer (s1, weights, "d1", c / 4, 3, TRUE);

  return plain_layer (d1, weights, "c2", 1, 3, TRUE);
}

Double4 *
ref_train_aenetv2 (const Double4 *sources, const RefWeights *weights)
{
  g_autoptr (Double4) pair = double4_new (sources->n / 2, 6, sources->h, sources->w);

  for (guint c = 0; c < 6; c++)
    lay_in (pair, c, sources, 2, c / 3, 1, 0);
  if (weights->variant == OMNI_TRAIN_VARIANT_M)
    return fuse_m (pair, weights);
  if (weights->variant == OMNI_TRAIN_VARIANT_PLUSPLUS)
  {
    g_autoptr (Double4) first = ref_train_conv (pair, weights, "c1", weights->channels, 3, 1);

    twin_train_leaky (first, 0);

    Double4 *out = ref_train_conv (first, weights, "c2", 1, 3, 1);

    twin_train_leaky (out, 0);
    return out;
  }

  g_autoptr (Double4) f = plain_layer (pair, weights, "c1", weights->channels, 3, TRUE);
  g_autoptr (Double4) module = module_of (f, weights);

  for (gsize i = 0; i < double4_size (f); i++)
    f->v[i] += module->v[i];
  return plain_layer (f, weights, "c2", 1, 3, TRUE);
}
