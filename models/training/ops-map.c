/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "models/training/ops.h"

#include <string.h>

/* shaders/train-point.comp */
typedef enum
{
  POINT_AFFINE,
  POINT_TANH,
  POINT_TANH_GRADIENT,
  POINT_CUT,
  POINT_CUT_GRADIENT
} Point;

static OmniMaps
point (OmniOps *ops, Point what, const OmniMaps *x, const OmniMaps *gradient, float factor, float shift)
{
  const OmniMaps out = omni_ops_maps (ops, x->n, x->h, x->w);
  const guint n = x->n * x->h * x->w;
  OmniDispatch kernel = omni_ops_linear_kernel ("train-point", n);
  const gint32 push[] = { x->at, gradient != NULL ? gradient->at : 0, (gint32)n, omni_ops_float_bits (factor),
                          omni_ops_float_bits (shift) };

  omni_ops_constant (&kernel, what);
  omni_ops_constant (&kernel, FALSE);
  omni_ops_read_maps (ops, &kernel, 0);
  omni_ops_write_maps (ops, &kernel, 0, &out);
  memcpy (kernel.push, push, sizeof push);
  omni_ops_run (ops, &kernel);
  return out;
}

OmniMaps
omni_ops_cut (OmniOps *ops, const OmniMaps *x)
{
  return point (ops, POINT_CUT, x, NULL, 0.0F, 0.0F);
}

void
omni_ops_cut_grad (OmniOps *ops, const OmniMaps *x, const OmniMaps *output_gradient, gboolean accumulate,
                   const OmniMaps *gradient)
{
  const guint n = x->n * x->h * x->w;
  OmniDispatch kernel = omni_ops_linear_kernel ("train-point", n);
  const gint32 push[] = { x->at, output_gradient->at, (gint32)n, 0, 0, gradient->at };

  omni_ops_constant (&kernel, POINT_CUT_GRADIENT);
  omni_ops_constant (&kernel, accumulate);
  omni_ops_read_maps (ops, &kernel, 0);
  omni_ops_write_maps (ops, &kernel, 0, gradient);
  memcpy (kernel.push, push, sizeof push);
  omni_ops_run (ops, &kernel);
}

OmniMaps
omni_ops_affine (OmniOps *ops, const OmniMaps *x, float factor, float shift)
{
  return point (ops, POINT_AFFINE, x, NULL, factor, shift);
}

OmniMaps
omni_ops_tanh (OmniOps *ops, const OmniMaps *x, float factor, float shift)
{
  return point (ops, POINT_TANH, x, NULL, factor, shift);
}

OmniMaps
omni_ops_tanh_grad (OmniOps *ops, const OmniMaps *y, const OmniMaps *output_gradient, float factor,
                    float shift)
{
  return point (ops, POINT_TANH_GRADIENT, y, output_gradient, factor, shift);
}

static OmniMaps
mean_pool (OmniOps *ops, const OmniMaps *x, guint factor, gboolean distance, float centre)
{
  const OmniMaps out = omni_ops_maps (ops, x->n, x->h / factor, x->w / factor);
  OmniDispatch kernel = omni_ops_kernel ("train-mean-pool", out.h * out.w, x->n);
  const gint32 push[] = {
    x->at, (gint32)x->w, (gint32)x->h, (gint32)factor, 0, omni_ops_float_bits (centre)
  };

  omni_ops_constant (&kernel, 0);
  omni_ops_constant (&kernel, 0);
  omni_ops_constant (&kernel, distance);
  omni_ops_read_maps (ops, &kernel, 0);
  omni_ops_write_maps (ops, &kernel, 0, &out);
  memcpy (kernel.push, push, sizeof push);
  kernel.bytes = (double)omni_maps_bytes (x);
  omni_ops_run (ops, &kernel);
  return out;
}

OmniMaps
omni_ops_mean_pool (OmniOps *ops, const OmniMaps *x, guint factor)
{
  return mean_pool (ops, x, factor, FALSE, 0.0F);
}

OmniMaps
omni_ops_mean_pool_distance (OmniOps *ops, const OmniMaps *x, guint factor, float centre)
{
  return mean_pool (ops, x, factor, TRUE, centre);
}

void
omni_ops_mean_pool_grad (OmniOps *ops, const OmniMaps *output_gradient, guint factor, gboolean accumulate,
                         const OmniMaps *gradient)
{
  OmniDispatch kernel = omni_ops_kernel ("train-mean-pool", gradient->h * gradient->w, gradient->n);
  const gint32 push[] = { output_gradient->at, (gint32)gradient->w, (gint32)gradient->h, (gint32)factor,
                          gradient->at };

  omni_ops_constant (&kernel, 1);
  omni_ops_constant (&kernel, accumulate);
  omni_ops_constant (&kernel, 0);
  omni_ops_read_maps (ops, &kernel, 0);
  omni_ops_write_maps (ops, &kernel, 0, gradient);
  memcpy (kernel.push, push, sizeof push);
  omni_ops_run (ops, &kernel);
}

/* Sums of `runs` runs of `length` floats from `source`. */
static OmniDispatch
make_sum (const OmniOps *ops, gint32 source, guint runs, guint length, float scale)
{
  OmniDispatch kernel = omni_ops_linear_kernel ("train-sum", runs);
  const gint32 push[] = { source, (gint32)runs, (gint32)length, omni_ops_float_bits (scale) };

  omni_ops_read_maps (ops, &kernel, 0);
  memcpy (kernel.push, push, sizeof push);
  kernel.bytes = 4.0 * runs * length;
  return kernel;
}

static OmniMaps
sum_rows (OmniOps *ops, const OmniMaps *x)
{
  const OmniMaps rows = omni_ops_maps (ops, x->n, x->h, 1);
  OmniDispatch kernel = make_sum (ops, x->at, x->n * x->h, x->w, 1.0F);

  omni_ops_write_maps (ops, &kernel, 0, &rows);
  omni_ops_run (ops, &kernel);
  return rows;
}

OmniMaps
omni_ops_picture_mean (OmniOps *ops, const OmniMaps *x)
{
  const OmniMaps rows = sum_rows (ops, x);
  const OmniMaps out = omni_ops_maps (ops, x->n, 1, 1);
  OmniDispatch kernel = make_sum (ops, rows.at, x->n, x->h, 1.0F / ((float)x->h * (float)x->w));

  omni_ops_write_maps (ops, &kernel, 0, &out);
  omni_ops_run (ops, &kernel);
  return out;
}

void
omni_ops_sum_to_results (OmniOps *ops, const OmniMaps *x, guint64 result)
{
  const OmniMaps rows = sum_rows (ops, x);
  OmniDispatch kernel = make_sum (ops, rows.at, x->n, x->h, 1.0F);

  kernel.out[0].arena = ops->results;
  kernel.out[0].offset_bytes = result * 4;
  kernel.out[0].size_bytes = x->n * 4;
  omni_ops_run (ops, &kernel);
}

void
omni_ops_maps_to_results (OmniOps *ops, const OmniMaps *x, guint64 result)
{
  const guint n = x->n * x->h * x->w;
  OmniDispatch kernel = make_sum (ops, x->at, n, 1, 1.0F);

  kernel.out[0].arena = ops->results;
  kernel.out[0].offset_bytes = result * 4;
  kernel.out[0].size_bytes = (guint64)n * 4;
  omni_ops_run (ops, &kernel);
}

/* ---- U2Fusion's measure of information ---- */

#define INFORMATION_LEVELS   5
#define INFORMATION_LEAST_PX 4

static OmniMaps
square_laplacian (OmniOps *ops, const OmniMaps *x)
{
  const OmniMaps out = omni_ops_maps (ops, x->n, x->h, x->w);
  OmniDispatch kernel = omni_ops_kernel ("train-information", x->h * x->w, x->n);
  const gint32 push[] = { x->at, (gint32)x->w, (gint32)x->h };

  omni_ops_read_maps (ops, &kernel, 0);
  omni_ops_write_maps (ops, &kernel, 0, &out);
  memcpy (kernel.push, push, sizeof push);
  omni_ops_run (ops, &kernel);
  return out;
}

OmniMaps
omni_ops_information (OmniOps *ops, const OmniMaps *sources, guint n, float scale)
{
  OmniMaps x = *sources, sum = { 0 };

  for (guint l = 0; l < INFORMATION_LEVELS && MIN (x.h, x.w) >= INFORMATION_LEAST_PX; l++)
  {
    const OmniMaps squares = square_laplacian (ops, &x);
    const OmniMaps mean = omni_ops_picture_mean (ops, &squares);

    /* Enlarged by nothing: a scaled sum. */
    sum = omni_ops_up (ops, &mean, 1, 1, 1, 1.0F / scale, l > 0 ? &sum : NULL);
    x = omni_ops_down (ops, &x);
  }
  return omni_ops_set_softmax (ops, &sum, NULL, NULL, n);
}
