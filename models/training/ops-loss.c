/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "models/training/ops.h"

#include <math.h>
#include <string.h>

/* Loss terms: value and gradient by the fused picture in one go. Values come scaled so that their sum over all pixels and
 * sets is the mean. */

#define WINDOW            11
#define SIGMA             (WINDOW / 6.0) /* MEF-SSIM's, and of all terms but: */
#define INFORMATION_SIGMA 1.5            /* U2Fusion's SSIM */

/* Images `first` … of a stack. */
static OmniMaps
part_of (const OmniMaps *stack, guint first, guint n)
{
  OmniMaps part = *stack;

  part.at += (gint32)(first * stack->h * stack->w);
  part.n = n;
  return part;
}

/* Half of the window, as kernels read it. */
static void
push_taps (OmniDispatch *kernel, double sigma)
{
  double taps[WINDOW], sum = 0.0;

  for (guint k = 0; k < WINDOW; k++)
  {
    const double d = (double)k - WINDOW / 2;

    taps[k] = exp (-d * d / (2 * sigma * sigma));
    sum += taps[k];
  }
  for (guint k = 0; k <= WINDOW / 2; k++)
    kernel->push[16 + k] = omni_ops_float_bits ((float)(taps[k] / sum));
}

static OmniMaps
filter_along (OmniOps *ops, const OmniMaps *x, double sigma, gboolean vertical, gboolean transposed)
{
  const guint reach = WINDOW - 1;
  const guint w = vertical ? x->w : transposed ? x->w + reach : x->w - reach;
  const guint h = !vertical ? x->h : transposed ? x->h + reach : x->h - reach;
  const OmniMaps out = omni_ops_maps (ops, x->n, h, w);
  OmniDispatch kernel = omni_ops_kernel ("train-filter", h * w, x->n);
  const gint32 push[] = { x->at, (gint32)x->w, (gint32)x->h, (gint32)w, (gint32)h, transposed ? reach : 0 };

  memcpy (kernel.push, push, sizeof push);
  push_taps (&kernel, sigma);
  omni_ops_constant (&kernel, vertical);
  omni_ops_constant (&kernel, WINDOW);
  omni_ops_read_maps (ops, &kernel, 0);
  omni_ops_write_maps (ops, &kernel, 0, &out);
  kernel.flop = 2.0 * WINDOW * h * w * x->n;
  omni_ops_run (ops, &kernel);
  return out;
}

static OmniMaps
gaussian (OmniOps *ops, const OmniMaps *x, double sigma, gboolean transposed)
{
  const OmniMaps rows = filter_along (ops, x, sigma, FALSE, transposed);

  return filter_along (ops, &rows, sigma, TRUE, transposed);
}

static OmniMaps
windowed_moments (OmniOps *ops, const OmniLossTarget *target, double sigma)
{
  const OmniMaps *x = target->fused;
  const guint n = target->sources->n / x->n, pixels = x->h * x->w;
  const OmniMaps stack = omni_ops_maps (ops, x->n * (2 + 3 * n), x->h, x->w);
  OmniDispatch kernel = omni_ops_kernel ("train-moments", pixels, x->n);
  const gint32 push[] = { x->at, target->sources->at, (gint32)pixels, (gint32)x->n, (gint32)n };

  omni_ops_read_maps (ops, &kernel, 0);
  omni_ops_write_maps (ops, &kernel, 0, &stack);
  memcpy (kernel.push, push, sizeof push);
  omni_ops_run (ops, &kernel);
  return gaussian (ops, &stack, sigma, FALSE);
}

/* Adds what the filtered derivatives `stack` (by the means of x, x² and x·y) mean for the fused picture. */
static void
collect (OmniOps *ops, OmniLossTarget *target, const OmniMaps *stack)
{
  const OmniMaps *x = target->fused;
  const guint pixels = x->h * x->w;
  OmniDispatch kernel = omni_ops_kernel ("train-collect", pixels, x->n);
  const gint32 push[] = { x->at,
                          target->sources->at,
                          stack->at,
                          target->gradient->at,
                          (gint32)pixels,
                          (gint32)x->n,
                          (gint32)(target->sources->n / x->n) };

  omni_ops_constant (&kernel, target->has_gradient);
  omni_ops_read_maps (ops, &kernel, 0);
  omni_ops_write_maps (ops, &kernel, 0, target->gradient);
  memcpy (kernel.push, push, sizeof push);
  omni_ops_run (ops, &kernel);
  target->has_gradient = TRUE;
}

static void
finish_value (OmniOps *ops, OmniLossTarget *target, const OmniMaps *value)
{
  omni_ops_sum_to_results (ops, value, target->result);
}

/* Stages of train-patches.comp: sums of the `n` sources of every set, then, given these, their patches. */
static OmniMaps
run_patches (OmniOps *ops, const OmniMaps *sources, guint n, const OmniMaps *total)
{
  const guint n_sets = sources->n / n, plane = sources->h * sources->w,
              reach = total != NULL ? WINDOW - 1 : 0;
  const OmniMaps out = omni_ops_maps (ops, total != NULL ? n_sets * (1 + n) : n_sets, sources->h - reach,
                                      sources->w - reach);
  OmniDispatch kernel = omni_ops_kernel ("train-patches", out.h * out.w, n_sets);
  const gint32 push[] = { sources->at,   total != NULL ? total->at : 0, (gint32)sources->w, (gint32)plane,
                          (gint32)out.w, (gint32)(out.h * out.w),       (gint32)n_sets,     (gint32)n };

  omni_ops_constant (&kernel, total == NULL);
  omni_ops_read_maps (ops, &kernel, 0);
  omni_ops_write_maps (ops, &kernel, 0, &out);
  memcpy (kernel.push, push, sizeof push);
  push_taps (&kernel, SIGMA);
  kernel.flop = total != NULL ? 5.0 * WINDOW * WINDOW * n * out.h * out.w * n_sets : 0.0;
  omni_ops_run (ops, &kernel);
  return out;
}

static OmniMaps
wanted_patches (OmniOps *ops, const OmniMaps *sources, guint n)
{
  const OmniMaps total = run_patches (ops, sources, n, NULL);

  return run_patches (ops, sources, n, &total);
}

/* shaders/train-similarity.comp */
typedef enum
{
  SIMILARITY_EVERY,
  SIMILARITY_STRONGEST,
  SIMILARITY_PATCHES
} Similarity;

static void
similarity (OmniOps *ops, OmniLossTarget *target, Similarity what, gboolean luminance, float weight)
{
  const guint n_sets = target->fused->n, n = target->sources->n / n_sets;
  const OmniMaps globals = luminance ? omni_ops_picture_mean (ops, target->sources) : (OmniMaps){ 0 };
  const OmniMaps patches = what == SIMILARITY_PATCHES ? wanted_patches (ops, target->sources, n)
                                                      : (OmniMaps){ 0 };
  const double sigma = target->shares != NULL ? INFORMATION_SIGMA : SIGMA;
  const OmniMaps means = windowed_moments (ops, target, sigma);
  const guint pixels = means.h * means.w;
  const OmniMaps out = omni_ops_maps (ops, n_sets * (3 + n), means.h, means.w);
  const float scale = 1.0F / ((float)pixels * (float)n_sets);
  OmniDispatch kernel = omni_ops_kernel ("train-similarity", pixels, n_sets);
  const gint32 push[] = { means.at,
                          (gint32)pixels,
                          (gint32)n_sets,
                          (gint32)n,
                          globals.at,
                          omni_ops_float_bits (scale),
                          omni_ops_float_bits (-weight * scale),
                          target->shares != NULL ? target->shares->at : 0,
                          patches.at };

  omni_ops_constant (&kernel, what);
  omni_ops_constant (&kernel, luminance);
  omni_ops_constant (&kernel, target->shares != NULL);
  omni_ops_read_maps (ops, &kernel, 0);
  omni_ops_write_maps (ops, &kernel, 0, &out);
  memcpy (kernel.push, push, sizeof push);
  kernel.bytes = 2.0 * (double)omni_maps_bytes (&means);
  omni_ops_run (ops, &kernel);

  const OmniMaps value = part_of (&out, 0, n_sets);
  const OmniMaps slopes = part_of (&out, n_sets, n_sets * (2 + n));

  finish_value (ops, target, &value);
  if (target->gradient == NULL)
    return;

  const OmniMaps filtered = gaussian (ops, &slopes, sigma, TRUE);

  collect (ops, target, &filtered);
}

void
omni_ops_loss_ssim (OmniOps *ops, OmniLossTarget *target, float weight)
{
  similarity (ops, target, SIMILARITY_EVERY, FALSE, weight);
}

void
omni_ops_loss_mef_ssim (OmniOps *ops, OmniLossTarget *target, gboolean luminance, float weight)
{
  similarity (ops, target, SIMILARITY_STRONGEST, luminance, weight);
}

void
omni_ops_loss_mef_patches (OmniOps *ops, OmniLossTarget *target, float weight)
{
  similarity (ops, target, SIMILARITY_PATCHES, FALSE, weight);
}

/* The outputs of a kernel that writes values, and adds to the gradient or to a scratch map nobody reads. */
static OmniMaps
write_value_and_gradient (OmniOps *ops, OmniDispatch *kernel, OmniLossTarget *target)
{
  const OmniMaps *x = target->fused;
  const OmniMaps value = omni_ops_maps (ops, x->n, x->h, x->w);
  const OmniMaps scratch = target->gradient != NULL ? *target->gradient
                                                    : omni_ops_maps (ops, x->n, x->h, x->w);

  omni_ops_read_maps (ops, kernel, 0);
  omni_ops_write_maps (ops, kernel, 0, &value);
  omni_ops_write_maps (ops, kernel, 1, &scratch);
  kernel->push[2] = scratch.at;
  kernel->bytes = (double)(3 * omni_maps_bytes (x) + 2 * omni_maps_bytes (target->sources));
  target->has_gradient |= target->gradient != NULL;
  return value;
}

/* shaders/train-residual.comp */
typedef enum
{
  AGAINST_EVERY,
  AGAINST_MAXIMUM,
  AGAINST_RANGE
} Against;

static void
residual (OmniOps *ops, OmniLossTarget *target, gboolean square, Against against, float weight)
{
  const OmniMaps *x = target->fused;
  const guint pixels = x->h * x->w;
  const float scale = 1.0F / ((float)pixels * (float)x->n);
  OmniDispatch kernel = omni_ops_kernel ("train-residual", pixels, x->n);
  const gint32 push[] = { x->at,
                          target->sources->at,
                          0,
                          (gint32)pixels,
                          (gint32)(target->sources->n / x->n),
                          omni_ops_float_bits (scale),
                          omni_ops_float_bits (weight * scale),
                          target->shares != NULL ? target->shares->at : 0 };

  omni_ops_constant (&kernel, target->has_gradient);
  omni_ops_constant (&kernel, square);
  omni_ops_constant (&kernel, against);
  omni_ops_constant (&kernel, target->shares != NULL);
  memcpy (kernel.push, push, sizeof push);

  const OmniMaps value = write_value_and_gradient (ops, &kernel, target);

  omni_ops_run (ops, &kernel);
  finish_value (ops, target, &value);
}

void
omni_ops_loss_residual (OmniOps *ops, OmniLossTarget *target, gboolean square, gboolean maximum, float weight)
{
  residual (ops, target, square, maximum ? AGAINST_MAXIMUM : AGAINST_EVERY, weight);
}

void
omni_ops_loss_range (OmniOps *ops, OmniLossTarget *target, float weight)
{
  residual (ops, target, FALSE, AGAINST_RANGE, weight);
}

void
omni_ops_loss_difference (OmniOps *ops, OmniLossTarget *target, float weight)
{
  const OmniMaps *x = target->fused;
  const float n_x = (float)(x->h * (x->w - 1) * x->n), n_y = (float)((x->h - 1) * x->w * x->n);
  OmniDispatch kernel = omni_ops_kernel ("train-difference", x->h * x->w, x->n);
  const gint32 push[] = { x->at,
                          target->sources->at,
                          0,
                          (gint32)x->w,
                          (gint32)x->h,
                          (gint32)(target->sources->n / x->n),
                          omni_ops_float_bits (1.0F / n_x),
                          omni_ops_float_bits (1.0F / n_y),
                          omni_ops_float_bits (weight) };

  omni_ops_constant (&kernel, target->has_gradient);
  memcpy (kernel.push, push, sizeof push);

  const OmniMaps value = write_value_and_gradient (ops, &kernel, target);

  omni_ops_run (ops, &kernel);
  finish_value (ops, target, &value);
}

static void
edges_grad (OmniOps *ops, OmniLossTarget *target, const OmniMaps *slopes, gboolean sobel)
{
  const OmniMaps *x = target->fused;
  OmniDispatch kernel = omni_ops_kernel ("train-edges-grad", x->h * x->w, x->n);
  const gint32 push[] = { slopes->at, target->gradient->at, (gint32)x->w, (gint32)x->h, (gint32)x->n };

  omni_ops_constant (&kernel, sobel);
  omni_ops_constant (&kernel, target->has_gradient);
  omni_ops_read_maps (ops, &kernel, 0);
  omni_ops_write_maps (ops, &kernel, 0, target->gradient);
  memcpy (kernel.push, push, sizeof push);
  omni_ops_run (ops, &kernel);
  target->has_gradient = TRUE;
}

void
omni_ops_loss_edges (OmniOps *ops, OmniLossTarget *target, gboolean sobel, float weight)
{
  const OmniMaps *x = target->fused;
  const guint pixels = x->h * x->w;
  const float scale = 1.0F / ((float)pixels * (float)x->n);
  const OmniMaps value = omni_ops_maps (ops, x->n, x->h, x->w);
  const OmniMaps slopes = omni_ops_maps (ops, (sobel ? 2 : 1) * x->n, x->h, x->w);
  OmniDispatch kernel = omni_ops_kernel ("train-edges", pixels, x->n);
  const gint32 push[] = { x->at,
                          target->sources->at,
                          (gint32)x->w,
                          (gint32)x->h,
                          (gint32)(target->sources->n / x->n),
                          (gint32)x->n,
                          omni_ops_float_bits (scale),
                          omni_ops_float_bits (weight * scale) };

  omni_ops_constant (&kernel, sobel);
  omni_ops_read_maps (ops, &kernel, 0);
  omni_ops_write_maps (ops, &kernel, 0, &value);
  omni_ops_write_maps (ops, &kernel, 1, &slopes);
  memcpy (kernel.push, push, sizeof push);
  omni_ops_run (ops, &kernel);
  finish_value (ops, target, &value);
  if (target->gradient != NULL)
    edges_grad (ops, target, &slopes, sobel);
}
