/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/reference/reference.h"

#include <math.h>
#include <string.h>

/* The networks that take two pictures, layer by layer as models.md gives them. */

#define MOST_INPUTS 8

static float *
dup_tensor (const OmniWeights *weights, const char *layer, const char *tensor)
{
  g_autofree char *name = g_strdup_printf ("%s.%s", layer, tensor);

  return omni_weights_has (weights, name) ? omni_weights_dup_floats (weights, name, NULL) : NULL;
}

static gsize
count (const RefTensor *x)
{
  return (gsize)x->channels * x->width * x->height;
}

static void
leaky_relu (RefTensor *x, double slope)
{
  for (gsize i = 0; i < count (x); i++)
    x->v[i] = fmax (x->v[i], slope * x->v[i]);
}

static void
batch_norm (RefTensor *x, const OmniWeights *weights, const char *layer)
{
  g_autofree float *gamma = dup_tensor (weights, layer, "bn.weight"),
                   *beta = dup_tensor (weights, layer, "bn.bias");
  g_autofree float *mean = dup_tensor (weights, layer, "bn.running_mean"),
                   *var = dup_tensor (weights, layer, "bn.running_var");

  for (guint c = 0; gamma != NULL && c < x->channels; c++)
    for (gsize i = 0; i < (gsize)x->width * x->height; i++)
    {
      double *v = ref_plane (x, c) + i;

      *v = (double)gamma[c] * (*v - (double)mean[c]) / sqrt ((double)var[c] + 1e-5) + (double)beta[c];
    }
}

/* Mean 0 and variance 1 (biased) over each plane. */
static void
instance_norm (RefTensor *x)
{
  const gsize n = (gsize)x->width * x->height;

  for (guint c = 0; c < x->channels; c++)
  {
    double *plane = ref_plane (x, c), mean = 0, variance = 0;

    for (gsize i = 0; i < n; i++)
      mean += plane[i] / (double)n;
    for (gsize i = 0; i < n; i++)
      variance += (plane[i] - mean) * (plane[i] - mean) / (double)n;
    for (gsize i = 0; i < n; i++)
      plane[i] = (plane[i] - mean) / sqrt (variance + 1e-5);
  }
}

static RefTensor *
conv (const RefTensor *const *inputs, guint n_inputs, const OmniWeights *weights, const char *layer,
      guint out, guint kernel, RefPadding fallback)
{
  const char *named = omni_weights_get_metadata (weights, "padding");
  const RefPadding padding = named != NULL ? ref_padding_from_string (named) : fallback;
  g_autofree float *weight = dup_tensor (weights, layer, "weight"),
                   *bias = dup_tensor (weights, layer, "bias");

  return ref_conv (inputs, n_inputs, weight, bias, out, kernel, padding);
}

RefTensor *
ref_u2fusion (const RefTensor *first, const RefTensor *second, const OmniWeights *weights)
{
  static const char *const decoder[] = { "out2", "out3", "out4" };
  static const guint widths[] = { 64, 32, 1 };
  const RefTensor *sources[] = { first, second };
  RefTensor *features[6]; /* the newest first */
  RefTensor *x = conv (sources, 2, weights, "conv1", 44, 3, REF_REFLECT);

  leaky_relu (x, .2);
  features[5] = x;
  for (guint i = 1; i <= 5; i++)
  {
    g_autofree char *layer = g_strdup_printf ("dense%u", i);

    features[5 - i] = conv ((const RefTensor *const *)features + 6 - i, i, weights, layer, 44, 3,
                            REF_REFLECT);
    leaky_relu (features[5 - i], .2);
  }
  x = conv ((const RefTensor *const *)features, 6, weights, "out1", 128, 3, REF_REFLECT);
  leaky_relu (x, .2);
  for (guint i = 0; i < 3; i++)
  {
    g_autoptr (RefTensor) before = x;
    const RefTensor *input = before;

    x = conv (&input, 1, weights, decoder[i], widths[i], 3, REF_REFLECT);
    if (i < 2)
      leaky_relu (x, .2);
  }
  for (gsize i = 0; i < count (x); i++)
    x->v[i] = tanh (x->v[i]) / 2 + .5;
  ref_tensors_free (features, 6);
  return x;
}

static RefTensor *
pmgi_layer (const RefTensor *const *inputs, guint n_inputs, const OmniWeights *weights, const char *layer,
            guint kernel, const char *norm)
{
  RefTensor *x = conv (inputs, n_inputs, weights, layer, 16, kernel, REF_ZERO);

  if (g_str_equal (norm, "instance"))
    instance_norm (x);
  else if (g_str_equal (norm, "running"))
    batch_norm (x, weights, layer);
  leaky_relu (x, .2);
  return x;
}

static RefTensor *
to_display (RefTensor *x, double factor, double offset)
{
  for (gsize i = 0; i < count (x); i++)
    x->v[i] = x->v[i] * factor + offset;
  return x;
}

static RefTensor *
copy (const RefTensor *x)
{
  RefTensor *y = ref_tensor_new (x->channels, x->width, x->height);

  memcpy (y->v, x->v, sizeof *x->v * count (x));
  return y;
}

RefTensor *
ref_pmgi (const RefTensor *first, const RefTensor *second, const OmniWeights *weights, const char *norm)
{
  g_autoptr (RefTensor) a = to_display (copy (first), 2, -1);
  g_autoptr (RefTensor) b = to_display (copy (second), 2, -1);
  const RefTensor *in_p[] = { a, a, b }, *in_q[] = { b, b, a };
  g_autoptr (RefTensor) p1 = pmgi_layer (in_p, 3, weights, "p1", 5, norm);
  g_autoptr (RefTensor) q1 = pmgi_layer (in_q, 3, weights, "q1", 5, norm);
  g_autoptr (RefTensor) p2 = pmgi_layer ((const RefTensor *[]){ p1 }, 1, weights, "p2", 3, norm);
  g_autoptr (RefTensor) q2 = pmgi_layer ((const RefTensor *[]){ q1 }, 1, weights, "q2", 3, norm);
  const RefTensor *two[] = { p2, q2 };
  g_autoptr (RefTensor) p23 = pmgi_layer (two, 2, weights, "t23p", 1, norm);
  g_autoptr (RefTensor) q23 = pmgi_layer (two, 2, weights, "t23q", 1, norm);
  g_autoptr (RefTensor) p3 = pmgi_layer ((const RefTensor *[]){ p1, p2, p23 }, 3, weights, "p3", 3, norm);
  g_autoptr (RefTensor) q3 = pmgi_layer ((const RefTensor *[]){ q1, q2, q23 }, 3, weights, "q3", 3, norm);
  const RefTensor *three[] = { p3, q3 };
  g_autoptr (RefTensor) p34 = pmgi_layer (three, 2, weights, "t34p", 1, norm);
  g_autoptr (RefTensor) q34 = pmgi_layer (three, 2, weights, "t34q", 1, norm);
  g_autoptr (RefTensor) p4 = pmgi_layer ((const RefTensor *[]){ p1, p2, p3, p34 }, 4, weights, "p4", 3, norm);
  g_autoptr (RefTensor) q4 = pmgi_layer ((const RefTensor *[]){ q1, q2, q3, q34 }, 4, weights, "q4", 3, norm);
  RefTensor *out = conv ((const RefTensor *[]){ p1, q1, p2, q2, p3, q3, p4, q4 }, 8, weights, "out", 1, 1,
                         REF_ZERO);

  for (gsize i = 0; i < count (out); i++)
    out->v[i] = tanh (out->v[i]);
  return to_display (out, .5, .5);
}

/* Each group of outputs sees its own group of inputs. */
static RefTensor *
grouped_conv (const RefTensor *x, const OmniWeights *weights, const char *layer, guint out, guint groups)
{
  const guint in_per_group = x->channels / groups, out_per_group = out / groups;
  g_autofree float *weight = dup_tensor (weights, layer, "weight"),
                   *bias = dup_tensor (weights, layer, "bias");
  const char *padding = omni_weights_get_metadata (weights, "padding");
  RefTensor *y = ref_tensor_new (out, x->width, x->height);

  for (guint g = 0; g < groups; g++)
  {
    const RefTensor part = { in_per_group, x->width, x->height, ref_plane (x, g * in_per_group) };
    const RefTensor *input = &part;
    g_autoptr (RefTensor)
      made = ref_conv (&input, 1, weight + g * out_per_group * in_per_group * 9, bias + g * out_per_group,
                       out_per_group, 3, ref_padding_from_string (padding));

    memcpy (ref_plane (y, g * out_per_group), made->v, sizeof *made->v * count (made));
  }
  return y;
}

/* conv → batch normalisation, where the layer has one → ReLU, where asked for. */
static RefTensor *
plain_layer (const RefTensor *const *inputs, guint n_inputs, const OmniWeights *weights, const char *layer,
             guint out, guint kernel, gboolean relu)
{
  RefTensor *x = conv (inputs, n_inputs, weights, layer, out, kernel, REF_ZERO);

  batch_norm (x, weights, layer);
  if (relu)
    leaky_relu (x, 0);
  return x;
}

static RefTensor *
shuffle (const RefTensor *x)
{
  RefTensor *y = ref_tensor_new (64, x->width, x->height);
  const gsize plane = sizeof *x->v * x->width * x->height;

  for (guint i = 0; i < 2; i++)
    for (guint k = 0; k < 32; k++)
      memcpy (ref_plane (y, i * 32 + k), ref_plane (x, 2 * k + i), plane);
  return y;
}

static RefTensor *
halve (const RefTensor *x)
{
  RefTensor *y = ref_tensor_new (x->channels, (x->width + 1) / 2, (x->height + 1) / 2);

  for (gsize i = 0; i < count (y); i++)
  {
    const guint c = (guint)(i / y->width / y->height), row = (guint)(i / y->width % y->height) * 2,
                column = (guint)(i % y->width) * 2;
    double most = -INFINITY;

    for (guint v = row; v < MIN (row + 2, x->height); v++)
      for (guint u = column; u < MIN (column + 2, x->width); u++)
        most = fmax (most, ref_plane (x, c)[v * x->width + u]);
    y->v[i] = most;
  }
  return y;
}

static RefTensor *
enlarge (const RefTensor *x, guint width, guint height)
{
  RefTensor *y = ref_tensor_new (x->channels, width, height);

  for (gsize i = 0; i < count (y); i++)
    y->v[i] = ref_plane (x, (guint)(i / width / height))[(i / width % height) / 2 * x->width + i % width / 2];
  return y;
}

static RefTensor *
aenetv2_m (const RefTensor *const *six, const OmniWeights *weights)
{
  g_autoptr (RefTensor) e1 = plain_layer (six, 6, weights, "e1", 32, 3, TRUE), h1 = halve (e1);
  g_autoptr (RefTensor) e2 = plain_layer ((const RefTensor *[]){ h1 }, 1, weights, "e2", 64, 3, TRUE),
                        h2 = halve (e2);
  g_autoptr (RefTensor) e3 = plain_layer ((const RefTensor *[]){ h2 }, 1, weights, "e3", 32, 3, TRUE);
  g_autoptr (RefTensor) u2 = enlarge (e3, e2->width, e2->height);
  g_autoptr (RefTensor) d2 = plain_layer ((const RefTensor *[]){ u2, e2 }, 2, weights, "d2", 32, 3, TRUE);
  g_autoptr (RefTensor) u1 = enlarge (d2, e1->width, e1->height);
  g_autoptr (RefTensor) d1 = plain_layer ((const RefTensor *[]){ u1, e1 }, 2, weights, "d1", 16, 3, TRUE);

  return plain_layer ((const RefTensor *[]){ d1 }, 1, weights, "c2", 1, 3, TRUE);
}

/* What is added to C1's output; NULL for `plusplus`. */
static RefTensor *
aenetv2_module (const RefTensor *f, const OmniWeights *weights, const char *variant)
{
  g_autoptr (RefTensor) x = NULL;

  if (g_str_equal (variant, "gcb"))
    x = grouped_conv (f, weights, "gc", 64, 32);
  else if (g_str_equal (variant, "squeeze-gcb"))
  {
    g_autoptr (RefTensor) narrow = plain_layer (&f, 1, weights, "squeeze", 16, 1, TRUE);

    x = grouped_conv (narrow, weights, "gc", 64, 8);
  }
  if (x != NULL)
    return shuffle (x);
  if (g_str_equal (variant, "regular"))
    return plain_layer (&f, 1, weights, "gc", 64, 3, FALSE);
  if (!g_str_equal (variant, "separable"))
    return NULL;
  x = grouped_conv (f, weights, "depthwise", 64, 64);
  return plain_layer ((const RefTensor *[]){ x }, 1, weights, "pointwise", 64, 1, FALSE);
}

RefTensor *
ref_aenetv2 (const RefTensor *first, const RefTensor *second, const OmniWeights *weights)
{
  const RefTensor *six[] = { first, first, first, second, second, second };
  const char *named = omni_weights_get_metadata (weights, "variant");
  const char *variant = named != NULL ? named : "gcb";
  g_autoptr (RefTensor) f = NULL, module = NULL;

  if (g_str_equal (variant, "m"))
    return aenetv2_m (six, weights);
  f = plain_layer (six, 6, weights, "c1", g_str_equal (variant, "plusplus") ? 24 : 64, 3, TRUE);
  module = aenetv2_module (f, weights, variant);
  for (gsize i = 0; module != NULL && i < count (f); i++)
    f->v[i] += module->v[i];
  return plain_layer ((const RefTensor *[]){ f }, 1, weights, "c2", 1, 3, TRUE);
}
