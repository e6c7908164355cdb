/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "models/training/ops.h"

#include <string.h>

/* shaders/train-channel-sum.comp */
typedef enum
{
  SUM_VALUES,
  SUM_SQUARES,
  SUM_GRADIENTS,
  SUM_PRODUCTS
} Sum;

/* `n` texels in a row. */
static OmniFeatures
take_vector (OmniOps *ops, guint n)
{
  return omni_ops_features (ops, 1, 4, 1, (n + 3) / 4 * 4);
}

/* Adds up `images` runs of `rows` for every plane, times `scale`; `store` is where the host wants the `channels` among the
 * results, or −1. */
static OmniFeatures
total_planes (OmniOps *ops, const OmniFeatures *partial, guint planes, guint rows, guint images,
              guint channels, float scale, gint64 store)
{
  const OmniFeatures out = take_vector (ops, planes);
  OmniDispatch total = omni_ops_kernel ("train-channel-total", planes, 1);
  const gint32 total_push[] = {
    partial->at,      (gint32)planes, (gint32)rows, (gint32)images, omni_ops_float_bits (scale),
    (gint32)channels, (gint32)store
  };

  omni_ops_constant (&total, store >= 0);
  omni_ops_read_features (ops, &total, 0);
  omni_ops_write_features (ops, &total, 0, &out);
  if (store >= 0)
  {
    total.out[1].arena = ops->results;
    total.out[1].size_bytes = ops->n_gradients * 4;
  }
  memcpy (total.push, total_push, sizeof total_push);
  omni_ops_run (ops, &total);
  return out;
}

/* Over all images and pixels of a channel, or over the pixels of each image's. A store takes all images in any case. */
static OmniFeatures
sum_channels (OmniOps *ops, Sum what, const OmniFeatures *x, const OmniFeatures *gradient,
              gint32 coefficients, gboolean by_picture, float scale, gint64 store)
{
  const guint planes = omni_features_planes (x), rows = planes * x->n * x->h;
  const guint separate = by_picture ? planes * x->n : planes;
  const OmniFeatures partial = take_vector (ops, rows);
  OmniDispatch by_row = omni_ops_kernel ("train-channel-sum", rows, 1);
  const gint32 row_push[] = {
    x->at,        gradient != NULL ? gradient->at : 0, coefficients, (gint32)separate, (gint32)x->w,
    (gint32)x->h, (gint32)omni_features_pitch (x),     (gint32)rows
  };

  omni_ops_constant (&by_row, what);
  omni_ops_read_features (ops, &by_row, 0);
  omni_ops_write_features (ops, &by_row, 0, &partial);
  memcpy (by_row.push, row_push, sizeof row_push);
  by_row.bytes = (double)omni_features_bytes (x);
  omni_ops_run (ops, &by_row);
  if (!by_picture)
    return total_planes (ops, &partial, planes, x->h, x->n, x->c, scale, store);

  const OmniFeatures out = total_planes (ops, &partial, separate, x->h, 1, x->c, scale, -1);

  if (store >= 0)
    total_planes (ops, &out, planes, 1, x->n, x->c, 1.0F, store);
  return out;
}

static float
share_of (const OmniFeatures *x, gboolean by_picture)
{
  return 1.0F / ((by_picture ? 1.0F : (float)x->n) * (float)x->h * (float)x->w);
}

OmniFeatures
omni_ops_norm (OmniOps *ops, const OmniNormLayer *layer, OmniNormStatistics statistics, float slope,
               const OmniFeatures *x, OmniNormKept *kept)
{
  const gboolean by_picture = statistics == OMNI_NORM_PICTURE;
  const guint layer_planes = omni_features_planes (x), n = omni_features_image_texels (x) * x->n;
  const guint planes = by_picture ? layer_planes * x->n : layer_planes;
  const float share = share_of (x, by_picture);
  const OmniFeatures out = omni_ops_features (ops, x->n, x->c, x->h, x->w);
  OmniFeatures mean = { 0 }, variance = { 0 };

  if (statistics != OMNI_NORM_RUNNING)
  {
    mean = sum_channels (ops, SUM_VALUES, x, NULL, 0, by_picture, share, -1);
    variance = sum_channels (ops, SUM_SQUARES, x, NULL, mean.at, by_picture, share, -1);
  }
  *kept = (OmniNormKept){ take_vector (ops, 4 * planes), statistics };

  OmniDispatch make = omni_ops_kernel ("train-norm-coefficients", planes, 1);
  OmniDispatch apply = omni_ops_linear_kernel ("train-norm", n);
  const gint32 make_push[] = {
    (gint32)layer->gamma, (gint32)layer->beta, (gint32)layer->mean, (gint32)layer->variance, mean.at,
    variance.at,          (gint32)planes,      (gint32)x->c,        (gint32)layer_planes
  };
  const gint32 apply_push[] = { x->at,
                                0,
                                kept->coefficients.at,
                                (gint32)planes,
                                (gint32)(omni_features_pitch (x) * x->h),
                                (gint32)n,
                                0,
                                0,
                                0,
                                omni_ops_float_bits (slope) };

  omni_ops_constant (&make, statistics);
  omni_ops_read_features (ops, &make, 0);
  make.in[1].view = OMNI_WORK_FLOATS;
  make.in[1].arena = ops->parameters;
  omni_ops_write_features (ops, &make, 0, &kept->coefficients);
  make.out[1].arena = ops->results;
  make.out[1].size_bytes = ops->n_gradients * 4;
  memcpy (make.push, make_push, sizeof make_push);
  omni_ops_run (ops, &make);

  omni_ops_constant (&apply, 0);
  omni_ops_constant (&apply, 0);
  omni_ops_read_features (ops, &apply, 0);
  omni_ops_write_features (ops, &apply, 0, &out);
  memcpy (apply.push, apply_push, sizeof apply_push);
  omni_ops_run (ops, &apply);
  return out;
}

void
omni_ops_norm_grad (OmniOps *ops, const OmniNormLayer *layer, const OmniNormKept *kept, const OmniFeatures *x,
                    const OmniFeatures *gradient)
{
  const gboolean by_picture = kept->statistics == OMNI_NORM_PICTURE;
  const guint planes = omni_features_planes (x) * (by_picture ? x->n : 1);
  const guint n = omni_features_image_texels (x) * x->n;
  const gint32 coefficients = kept->coefficients.at;
  const OmniFeatures sums = sum_channels (ops, SUM_GRADIENTS, x, gradient, 0, by_picture, 1.0F, layer->beta);
  const OmniFeatures products = sum_channels (ops, SUM_PRODUCTS, x, gradient, coefficients, by_picture, 1.0F,
                                              layer->gamma);
  OmniDispatch kernel = omni_ops_linear_kernel ("train-norm", n);
  const gint32 push[] = { x->at,
                          gradient->at,
                          coefficients,
                          (gint32)planes,
                          (gint32)(omni_features_pitch (x) * x->h),
                          (gint32)n,
                          sums.at,
                          products.at,
                          omni_ops_float_bits (share_of (x, by_picture)) };

  omni_ops_constant (&kernel, 1);
  omni_ops_constant (&kernel, kept->statistics != OMNI_NORM_RUNNING);
  omni_ops_read_features (ops, &kernel, 0);
  omni_ops_write_features (ops, &kernel, 0, gradient);
  memcpy (kernel.push, push, sizeof push);
  omni_ops_run (ops, &kernel);
}
