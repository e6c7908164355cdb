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

/* Per channel, over all images and pixels, times `scale`; `store` is where the host wants it among the results, or −1. */
static OmniFeatures
sum_channels (OmniOps *ops, Sum what, const OmniFeatures *x, const OmniFeatures *gradient,
              gint32 coefficients, float scale, gint64 store)
{
  const guint planes = omni_features_planes (x), rows = planes * x->n * x->h;
  const OmniFeatures partial = take_vector (ops, rows), out = take_vector (ops, planes);
  OmniDispatch by_row = omni_ops_kernel ("train-channel-sum", rows, 1);
  OmniDispatch total = omni_ops_kernel ("train-channel-total", planes, 1);
  const gint32 row_push[] = {
    x->at,        gradient != NULL ? gradient->at : 0, coefficients, (gint32)planes, (gint32)x->w,
    (gint32)x->h, (gint32)omni_features_pitch (x),     (gint32)rows
  };
  const gint32 total_push[] = {
    partial.at,   (gint32)planes, (gint32)x->h, (gint32)x->n, omni_ops_float_bits (scale),
    (gint32)x->c, (gint32)store
  };

  omni_ops_constant (&by_row, what);
  omni_ops_read_features (ops, &by_row, 0);
  omni_ops_write_features (ops, &by_row, 0, &partial);
  memcpy (by_row.push, row_push, sizeof row_push);
  by_row.bytes = (double)omni_features_bytes (x);
  omni_ops_run (ops, &by_row);

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

static float
share_of (const OmniFeatures *x)
{
  return 1.0F / ((float)x->n * (float)x->h * (float)x->w);
}

OmniFeatures
omni_ops_norm (OmniOps *ops, const OmniNormLayer *layer, OmniNormStatistics statistics, const OmniFeatures *x,
               OmniNormKept *kept)
{
  const guint planes = omni_features_planes (x), n = omni_features_image_texels (x) * x->n;
  const OmniFeatures out = omni_ops_features (ops, x->n, x->c, x->h, x->w);
  OmniFeatures mean = { 0 }, variance = { 0 };

  if (statistics == OMNI_NORM_BATCH)
  {
    mean = sum_channels (ops, SUM_VALUES, x, NULL, 0, share_of (x), -1);
    variance = sum_channels (ops, SUM_SQUARES, x, NULL, mean.at, share_of (x), -1);
  }
  *kept = (OmniNormKept){ take_vector (ops, 4 * planes), statistics };

  OmniDispatch make = omni_ops_kernel ("train-norm-coefficients", planes, 1);
  OmniDispatch apply = omni_ops_linear_kernel ("train-norm", n);
  const gint32 make_push[] = {
    (gint32)layer->gamma, (gint32)layer->beta, (gint32)layer->mean, (gint32)layer->variance, mean.at,
    variance.at,          (gint32)planes,      (gint32)x->c
  };
  const gint32 apply_push[] = {
    x->at, 0, kept->coefficients.at, (gint32)planes, (gint32)(omni_features_pitch (x) * x->h), (gint32)n
  };

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
  const guint planes = omni_features_planes (x), n = omni_features_image_texels (x) * x->n;
  const gint32 coefficients = kept->coefficients.at;
  const OmniFeatures sums = sum_channels (ops, SUM_GRADIENTS, x, gradient, 0, 1.0F, layer->beta);
  const OmniFeatures products = sum_channels (ops, SUM_PRODUCTS, x, gradient, coefficients, 1.0F,
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
                          omni_ops_float_bits (share_of (x)) };

  omni_ops_constant (&kernel, 1);
  omni_ops_constant (&kernel, kept->statistics == OMNI_NORM_BATCH);
  omni_ops_read_features (ops, &kernel, 0);
  omni_ops_write_features (ops, &kernel, 0, gradient);
  memcpy (kernel.push, push, sizeof push);
  omni_ops_run (ops, &kernel);
}
