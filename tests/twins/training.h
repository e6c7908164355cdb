/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "models/training/trainer.h"

G_BEGIN_DECLS

/* The forward operations of training once more, in plain C and double precision, written from the contracts in
 * models/training/ops.h and trainer.h. There is no backward pass here: what the kernels give is held against central
 * differences of these. Tensors are [n][c][h][w]. */
typedef struct
{
  guint n, c, h, w;
  double *v;
} Double4;

Double4 *double4_new (guint n, guint c, guint h, guint w);
Double4 *double4_from_floats (guint n, guint c, guint h, guint w, const float *values);
Double4 *double4_random (guint n, guint c, guint h, guint w, double low, double high, guint32 seed);
void double4_free (Double4 *x);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Double4, double4_free)
gsize double4_size (const Double4 *x);
float *double4_to_floats (const Double4 *x);

/* Weights [out][in / groups][k][k]; bias nullable. */
typedef struct
{
  guint out, kernel, dilation, groups;
  OmniBoundary boundary;
} TwinConvShape;

Double4 *
twin_train_conv (const Double4 *x, const double *weight, const double *bias, const TwinConvShape *shape);
void twin_train_leaky (Double4 *x, double slope);

/* Channels of `b` behind those of `a`; b may have one image for every set of a's. */
Double4 *twin_train_concat (const Double4 *a, const Double4 *b);
Double4 *twin_train_set_pool (const Double4 *x, guint n, guint n_max);

/* Bilinear at half-pixel centres by a whole factor, replicate; and means of factor × factor. */
Double4 *twin_train_up (const Double4 *x, guint factor);
Double4 *twin_train_mean_pool (const Double4 *x, guint factor);

/* [1 3 3 1]/8, stride 2, replicate; odd sides count the last pixel twice. */
Double4 *twin_train_down (const Double4 *x);

/* Maxima or means of 2 × 2, a last odd row or column over what exists; and twice as large, cut to h × w, nearest or bilinear. */
Double4 *twin_train_pool (const Double4 *x, gboolean maximum);
Double4 *twin_train_enlarge (const Double4 *x, gboolean bilinear, guint h, guint w);

/* ln (mean of |x| + floor) · scale + shift: over 3 × 3 with the edge repeated (`factor` 0), or over blocks. */
Double4 *twin_train_energy (const Double4 *x, guint factor, double floor, double scale, double shift);

/* γ (x − mean) / √(variance + 1e-5) + β, below zero times `slope`; the statistics of all images together, of every image by
 * itself, or those given (nullable). */
void twin_train_norm (Double4 *x, const double *gamma, const double *beta, const double *mean,
                      const double *variance, gboolean by_picture, double slope);

/* y[i·G + k] = x[k·C/G + i]. */
Double4 *twin_train_shuffle (const Double4 *x, guint groups);

/* Shares of the information: [B · N]. */
double *twin_train_information (const Double4 *sources, guint n, double scale);

/* The value of a loss term: fused [B][1], sources [B · N][1] or the ground truth. `halvings`: of MEF-SSIM. */
double twin_train_loss (OmniLoss loss, const Double4 *fused, const Double4 *sources, guint halvings);

/* OMNI_LOSS_MEF_PATCHES at one scale, in its own words: MEF-SSIM's patches formed one by one; `sigma`: of the Gaussian window. */
double twin_train_patches (const Double4 *fused, const Double4 *sources, double sigma);

/* (f (x + h) − f (x − h)) / 2h of element `i` of `x`. */
typedef double (*TwinFunction) (gpointer data);
double twin_central_difference (double *x, gsize i, double h, TwinFunction function, gpointer data);

G_END_DECLS
