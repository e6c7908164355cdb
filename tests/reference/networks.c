/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/reference/reference.h"

#include <math.h>
#include <string.h>

static float *
dup_tensor (const OmniWeights *weights, const char *layer, const char *tensor)
{
  g_autofree char *name = g_strdup_printf ("%s.%s", layer, tensor);

  return omni_weights_has (weights, name) ? omni_weights_dup_floats (weights, name, NULL) : NULL;
}

static void
relu (RefTensor *x)
{
  for (gsize i = 0; i < x->channels * x->width * x->height; i++)
    x->v[i] = fmax (x->v[i], 0);
}

/* γ (x − μ) / √(σ² + ε) + β, if the layer has it */
static void
batch_norm (RefTensor *x, const OmniWeights *weights, const char *layer)
{
  g_autofree float *gamma = dup_tensor (weights, layer, "bn.weight"),
                   *beta = dup_tensor (weights, layer, "bn.bias");
  g_autofree float *mean = dup_tensor (weights, layer, "bn.running_mean"),
                   *var = dup_tensor (weights, layer, "bn.running_var");

  for (guint c = 0; gamma != NULL && c < x->channels; c++)
    for (gsize i = 0; i < x->width * x->height; i++)
      ref_plane (x, c)[i] = gamma[c] * (ref_plane (x, c)[i] - mean[c]) / sqrt (var[c] + 1e-5) + beta[c];
}

/* conv → ReLU → BN on [x, second, third]; replaces x. */
static void
ifani_layer (RefTensor **x, const RefTensor *second, const RefTensor *third, const OmniWeights *weights,
             const char *layer, guint out, gboolean is_linear)
{
  const RefTensor *inputs[] = { *x, second, third };
  g_autofree float *weight = dup_tensor (weights, layer, "weight"),
                   *bias = dup_tensor (weights, layer, "bias");
  const RefPadding padding = ref_padding_from_string (omni_weights_get_metadata (weights, "padding"));
  RefTensor *y = ref_conv (inputs, second == NULL ? 1 : third == NULL ? 2 : 3, weight, bias, out, 3, padding);

  if (!is_linear)
  {
    relu (y);
    batch_norm (y, weights, layer);
  }
  *x = y;
}

#define MAX_SET 8

/* One block of IFANI over the whole set: `pooled` says whether the maximum is laid beside, `skip` what lies behind. */
static void
ifani_block (RefTensor **set, guint n, gboolean pooled, RefTensor *const *skip, const OmniWeights *weights,
             const char *layer, gboolean is_linear)
{
  g_autoptr (RefTensor) maximum = pooled ? ref_set_max (set, n) : NULL;

  for (guint k = 0; k < n; k++)
  {
    g_autoptr (RefTensor) before = set[k];

    ifani_layer (&set[k], maximum, skip != NULL ? skip[k] : NULL, weights, layer, 32, is_linear);
  }
}

static RefTensor *
copy (const RefTensor *x)
{
  RefTensor *y = ref_tensor_new (x->channels, x->width, x->height);

  memcpy (y->v, x->v, sizeof *x->v * x->channels * x->width * x->height);
  return y;
}

RefTensor *
ref_ifani (RefTensor *const *luma, guint n, const OmniWeights *weights)
{
  static const char *const encoder[] = { "fb1", "fb2", "fb3", "fb4" };
  static const char *const decoder[] = { "fb6", "fb7", "fb8", "tail1" };
  RefTensor *set[MAX_SET], *features[4][MAX_SET], *fused;
  g_autoptr (RefTensor) pooled = NULL;

  for (guint k = 0; k < n; k++)
    set[k] = copy (luma[k]);
  for (guint b = 0; b < 4; b++)
  {
    ifani_block (set, n, b > 0, NULL, weights, encoder[b], FALSE);
    for (guint k = 0; k < n; k++)
      features[b][k] = copy (set[k]);
  }
  ifani_block (set, n, TRUE, NULL, weights, "neck1", FALSE);
  ifani_block (set, n, FALSE, NULL, weights, "neck2", FALSE);
  ifani_block (set, n, FALSE, NULL, weights, "neck3", TRUE);
  ifani_block (set, n, FALSE, NULL, weights, "fb5", FALSE);
  for (guint b = 0; b < 4; b++)
    ifani_block (set, n, TRUE, features[3 - b], weights, decoder[b], FALSE);

  fused = pooled = ref_set_max (set, n);
  ifani_layer (&fused, NULL, NULL, weights, "tail2", 1, TRUE);
  ref_tensors_free (set, n);
  for (guint b = 0; b < 4; b++)
    ref_tensors_free (features[b], n);
  return fused;
}

#define BEYOND_PX 16 /* more than the network sees to one side */

/* Of the picture going on beyond its borders with the edge, all at once, and cut to it again: whatever the network makes of its
 * own border is cut off. */
static RefTensor *
ifani_of_larger (RefTensor *const *luma, guint n, const OmniWeights *weights)
{
  const guint width = luma[0]->width, height = luma[0]->height;
  RefTensor *larger[MAX_SET], *cut = ref_tensor_new (1, width, height);
  g_autoptr (RefTensor) fused = NULL;

  for (guint k = 0; k < n; k++)
  {
    larger[k] = ref_tensor_new (1, width + 2 * BEYOND_PX, height + 2 * BEYOND_PX);
    for (int y = 0; y < (int)larger[k]->height; y++)
      for (int x = 0; x < (int)larger[k]->width; x++)
        larger[k]->v[y * (int)larger[k]->width + x] =
          luma[k]->v[CLAMP (y - BEYOND_PX, 0, (int)height - 1) * (int)width
                     + CLAMP (x - BEYOND_PX, 0, (int)width - 1)];
  }
  fused = ref_ifani (larger, n, weights);
  for (guint y = 0; y < height; y++)
    memcpy (cut->v + y * width, fused->v + (y + BEYOND_PX) * fused->width + BEYOND_PX,
            width * sizeof *cut->v);
  ref_tensors_free (larger, n);
  return cut;
}

static RefTensor *
ifani_at_sizes (RefTensor *const *luma, guint n, const OmniWeights *weights, guint n_scales)
{
  RefTensor *fused = ifani_of_larger (luma, n, weights), *half[MAX_SET];
  g_autoptr (RefTensor) below = NULL, own = NULL, wider = NULL;

  if (n_scales == 1)
    return fused;
  for (guint k = 0; k < n; k++)
    half[k] = ref_quad_down (luma[k]);
  below = ifani_at_sizes (half, n, weights, n_scales - 1);
  own = ref_quad_down (fused);
  for (gsize i = 0; i < (gsize)own->width * own->height; i++)
    below->v[i] -= own->v[i];
  wider = ref_quad_up (below, fused->width, fused->height);
  for (gsize i = 0; i < (gsize)fused->width * fused->height; i++)
    fused->v[i] += wider->v[i];
  ref_tensors_free (half, n);
  return fused;
}

RefTensor *
ref_ifani_at_scales (RefTensor *const *luma, guint n, const OmniWeights *weights, guint n_scales)
{
  return n_scales == 1 ? ref_ifani (luma, n, weights) : ifani_at_sizes (luma, n, weights, n_scales);
}

/* conv → BN → ReLU */
static RefTensor *
ifcnn_block (const RefTensor *x, const OmniWeights *weights, const char *layer, RefPadding padding)
{
  g_autofree float *weight = dup_tensor (weights, layer, "conv.weight");
  RefTensor *y = ref_conv (&x, 1, weight, NULL, 64, 3, padding);

  batch_norm (y, weights, layer);
  relu (y);
  return y;
}

RefTensor *
ref_ifcnn_network (RefTensor *const *pictures, guint n, const OmniWeights *weights, const char *reduce)
{
  g_autofree float *conv1 = dup_tensor (weights, "conv1", "weight"),
                   *conv4 = dup_tensor (weights, "conv4", "weight");
  g_autofree float *bias = dup_tensor (weights, "conv4", "bias");
  const char *named = omni_weights_get_metadata (weights, "padding");
  const RefPadding padding = named != NULL ? ref_padding_from_string (named) : REF_REPLICATE;
  RefTensor *set[MAX_SET];
  g_autoptr (RefTensor) fused = NULL;
  g_autoptr (RefTensor) decoded = NULL;
  const RefTensor *input;

  for (guint k = 0; k < n; k++)
  {
    const RefTensor *picture = pictures[k];
    g_autoptr (RefTensor) first = ref_conv (&picture, 1, conv1, NULL, 64, 7, padding);

    set[k] = ifcnn_block (first, weights, "conv2", padding);
  }
  fused = g_str_equal (reduce, "max") ? ref_set_max (set, n)
                                      : ref_set_sum (set, n, g_str_equal (reduce, "mean") ? 1. / n : 1);
  ref_tensors_free (set, n);
  decoded = ifcnn_block (fused, weights, "conv3", padding);
  input = decoded;
  return ref_conv (&input, 1, conv4, bias, 3, 1, padding);
}
