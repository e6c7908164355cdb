/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "models/training/vgg.h"

#include <string.h>

#define COLOURS 3

static const float mean[COLOURS] = { .485f, .456f, .406f };
static const float deviation[COLOURS] = { .229f, .224f, .225f };

/* Number among torchvision's features, and outputs; the maxima stand before the first layer of a stage. */
static const struct
{
  guint number, out;
  gboolean begins_stage, ends_stage;
} layers[OMNI_VGG_LAYERS] = {
  { 0, 64, FALSE, FALSE },   { 2, 64, FALSE, TRUE },    { 5, 128, TRUE, FALSE },  { 7, 128, FALSE, TRUE },
  { 10, 256, TRUE, FALSE },  { 12, 256, FALSE, FALSE }, { 14, 256, FALSE, TRUE }, { 17, 512, TRUE, FALSE },
  { 19, 512, FALSE, FALSE }, { 21, 512, FALSE, TRUE },  { 24, 512, TRUE, FALSE }, { 26, 512, FALSE, FALSE },
  { 28, 512, FALSE, TRUE },
};

static guint
inputs_of (guint layer)
{
  return layer > 0 ? layers[layer - 1].out : COLOURS;
}

/* ---- The file ---- */

static const OmniTensorSpec *
find_spec (const OmniWeights *weights, const char *name)
{
  const GArray *specs = omni_weights_get_specs (weights);

  for (guint i = 0; i < specs->len; i++)
    if (g_str_equal (g_array_index (specs, OmniTensorSpec, i).name, name))
      return &g_array_index (specs, OmniTensorSpec, i);
  return NULL;
}

static gboolean
check_tensor (const OmniWeights *weights, guint number, const char *kind, const OmniTensorSpec *wanted,
              GError **error)
{
  g_autofree char *name = g_strdup_printf ("features.%u.%s", number, kind);
  const OmniTensorSpec *found = find_spec (weights, name);

  if (found != NULL && found->n_dims == wanted->n_dims
      && memcmp (found->dims, wanted->dims, wanted->n_dims * sizeof *wanted->dims) == 0)
    return TRUE;
  g_set_error (
    error, OMNI_WEIGHTS_ERROR, OMNI_WEIGHTS_ERROR_ARCHITECTURE,
    "“%s” is not VGG-16: its tensor “%s” is %s; name a file with torchvision's features (vgg16, no "
    "batch normalisation)",
    omni_weights_get_path (weights), name, found != NULL ? "of another shape" : "missing");
  return FALSE;
}

gboolean
omni_vgg_check (const OmniWeights *weights, GError **error)
{
  for (guint i = 0; i < OMNI_VGG_LAYERS; i++)
  {
    const OmniTensorSpec weight = { .n_dims = 4, .dims = { layers[i].out, inputs_of (i), 3, 3 } };
    const OmniTensorSpec bias = { .n_dims = 1, .dims = { layers[i].out } };

    if (!check_tensor (weights, layers[i].number, "weight", &weight, error)
        || !check_tensor (weights, layers[i].number, "bias", &bias, error))
      return FALSE;
  }
  return TRUE;
}

float *
omni_vgg_dup_values (const OmniWeights *weights, gsize *n)
{
  g_autoptr (GArray) values = g_array_new (FALSE, FALSE, sizeof (float));

  for (guint i = 0; i < OMNI_VGG_LAYERS; i++)
    for (guint k = 0; k < 2; k++)
    {
      g_autofree char *name = g_strdup_printf ("features.%u.%s", layers[i].number,
                                               k == 0 ? "weight" : "bias");
      gsize n_elements;
      g_autofree float *tensor = omni_weights_dup_floats (weights, name, &n_elements);

      g_array_append_vals (values, tensor, (guint)n_elements);
    }
  *n = values->len;
  return (float *)(gpointer)g_array_free (g_steal_pointer (&values), FALSE);
}

/* ---- Forward and back ---- */

typedef struct
{
  OmniPackedConv forward[OMNI_VGG_LAYERS], back[OMNI_VGG_LAYERS];
} Packed;

static void
pack (OmniOps *ops, guint at, gboolean with_back, Packed *packed)
{
  for (guint i = 0; i < OMNI_VGG_LAYERS; i++)
  {
    const guint in = inputs_of (i), n = layers[i].out * in * 9;
    const OmniConvLayer layer = { .weight = at,
                                  .bias = at + n,
                                  .in = in,
                                  .out = layers[i].out,
                                  .kernel = 3,
                                  .dilation = 1,
                                  .groups = 1,
                                  .boundary = OMNI_BOUNDARY_ZERO };
    const OmniChannels all = { 0, in };

    packed->forward[i] = omni_ops_pack (ops, &layer, &all, 1, TRUE);
    if (with_back)
      packed->back[i] = omni_ops_pack_transposed (ops, &layer, all);
    at += n + layers[i].out;
  }
}

/* What goes into a layer, and what its ReLU gives. */
typedef struct
{
  OmniFeatures in[OMNI_VGG_LAYERS], out[OMNI_VGG_LAYERS];
} Kept;

static void
forward (OmniOps *ops, const Packed *packed, const OmniMaps *picture, Kept *kept)
{
  float factors[COLOURS], shifts[COLOURS];

  for (guint c = 0; c < COLOURS; c++)
  {
    factors[c] = 1.0F / deviation[c];
    shifts[c] = -mean[c] / deviation[c];
  }
  for (guint i = 0; i < OMNI_VGG_LAYERS; i++)
  {
    kept->in[i] = i == 0                   ? omni_ops_spread (ops, picture, COLOURS, factors, shifts)
                  : layers[i].begins_stage ? omni_ops_pool (ops, &kept->out[i - 1], TRUE)
                                           : kept->out[i - 1];
    kept->out[i] = omni_ops_conv (ops, &packed->forward[i], OMNI_BOUNDARY_ZERO, &kept->in[i], 1, NULL,
                                  OMNI_ACTIVATION_RELU, 0.0F);
  }
}

/* ---- Information ---- */

/* One pixel an image: the mean over pixels and channels. */
static OmniMaps
laplacian_energy (OmniOps *ops, const OmniFeatures *x)
{
  const guint rows = omni_features_planes (x) * x->h;
  const OmniMaps out = omni_ops_maps (ops, x->n, rows, 1);
  OmniDispatch kernel = omni_ops_linear_kernel ("train-feature-laplacian", rows * x->n);
  const gint32 push[] = { x->at, (gint32)x->w, (gint32)x->h, (gint32)omni_features_pitch (x),
                          (gint32)(rows * x->n) };

  omni_ops_read_features (ops, &kernel, 0);
  omni_ops_write_maps (ops, &kernel, 0, &out);
  memcpy (kernel.push, push, sizeof push);
  kernel.bytes = 9.0 * (double)omni_features_bytes (x);
  omni_ops_run (ops, &kernel);

  const OmniMaps of_rows = omni_ops_picture_mean (ops, &out); /* of four channels and all columns together */

  return omni_ops_affine (ops, &of_rows, 1.0F / (4.0F * (float)x->w), 0.0F);
}

OmniMaps
omni_vgg_information (OmniOps *ops, guint at, const OmniMaps *sources, guint n, float scale)
{
  const guint64 mark = ops->n_texels;
  OmniMaps sum = { 0 };
  Packed packed;
  Kept kept;

  pack (ops, at, FALSE, &packed);
  forward (ops, &packed, sources, &kept);
  for (guint i = 0; i < OMNI_VGG_LAYERS; i++)
    if (layers[i].ends_stage)
    {
      const OmniMaps energy = laplacian_energy (ops, &kept.out[i]);

      /* Enlarged by nothing: a scaled sum. */
      sum = omni_ops_up (ops, &energy, 1, 1, 1, 1.0F / (OMNI_VGG_STAGES * scale), sum.n > 0 ? &sum : NULL);
    }
  ops->n_texels = mark;
  return omni_ops_set_softmax (ops, &sum, NULL, NULL, n);
}

/* ---- Perceptual ---- */

/* Writes the rows' values into `value` and returns the gradient by `x`. */
static OmniFeatures
feature_residual (OmniOps *ops, const OmniFeatures *x, const OmniFeatures *y, float value_scale,
                  float gradient_scale, const OmniMaps *value)
{
  const OmniFeatures gradient = omni_ops_features (ops, x->n, x->c, x->h, x->w);
  const guint rows = omni_features_planes (x) * x->h * x->n;
  OmniDispatch kernel = omni_ops_linear_kernel ("train-feature-residual", rows);
  const gint32 push[] = { x->at,
                          y->at,
                          (gint32)x->w,
                          (gint32)omni_features_pitch (x),
                          (gint32)rows,
                          omni_ops_float_bits (value_scale),
                          omni_ops_float_bits (gradient_scale) };

  omni_ops_read_features (ops, &kernel, 0);
  omni_ops_write_maps (ops, &kernel, 0, value);
  omni_ops_write_features (ops, &kernel, 1, &gradient);
  memcpy (kernel.push, push, sizeof push);
  kernel.bytes = 3.0 * (double)omni_features_bytes (x);
  omni_ops_run (ops, &kernel);
  return gradient;
}

/* From the gradient of relu5_3 to that of the picture. */
static OmniMaps
backward (OmniOps *ops, const Packed *packed, const Kept *kept, OmniFeatures gradient)
{
  float factors[COLOURS];

  for (guint c = 0; c < COLOURS; c++)
    factors[c] = 1.0F / deviation[c];
  for (guint i = OMNI_VGG_LAYERS; i-- > 0;)
  {
    const OmniSetGradParams relu = { .features = &kept->out[i], .slope = 0.0F, .has_gradient = TRUE };
    const OmniFeatures *in = &kept->in[i];
    const OmniFeatures before = omni_ops_features (ops, in->n, in->c, in->h, in->w);

    omni_ops_set_grad (ops, &relu, 1, &gradient, NULL);
    omni_ops_conv_input_grad (ops, &packed->back[i], OMNI_BOUNDARY_ZERO, &gradient, FALSE, &before);
    gradient = before;
    if (!layers[i].begins_stage)
      continue;

    const OmniFeatures *large = &kept->out[i - 1];

    gradient = omni_ops_features (ops, large->n, large->c, large->h, large->w);
    omni_ops_pool_grad (ops, large, TRUE, &before, FALSE, &gradient);
  }
  return omni_ops_gather (ops, &gradient, factors, 0.0F);
}

void
omni_vgg_loss_perceptual (OmniOps *ops, guint at, OmniLossTarget *target, float weight)
{
  const guint64 mark = ops->n_texels;
  const OmniFeatures *x, *y;
  Packed packed;
  Kept fused, truth;

  pack (ops, at, target->gradient != NULL, &packed);
  forward (ops, &packed, target->fused, &fused);
  forward (ops, &packed, target->sources, &truth);
  x = &fused.out[OMNI_VGG_LAYERS - 1];
  y = &truth.out[OMNI_VGG_LAYERS - 1];

  const OmniMaps values = omni_ops_maps (ops, x->n, omni_features_planes (x) * x->h, 1);
  const float scale = 1.0F / ((float)x->c * (float)x->h * (float)x->w * (float)x->n);
  const OmniFeatures by_features = feature_residual (ops, x, y, scale, weight * scale, &values);

  if (target->gradient != NULL)
  {
    const OmniMaps by_picture = backward (ops, &packed, &fused, by_features);

    omni_ops_mean_pool_grad (ops, &by_picture, 1, target->has_gradient, target->gradient);
    target->has_gradient = TRUE;
  }
  omni_ops_sum_to_results (ops, &values, target->result);
  ops->n_texels = mark;
}
