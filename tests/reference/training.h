/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "tests/twins/training.h"

G_BEGIN_DECLS

/* The trained networks forward, in double precision and with every weight a double, written from models.md and results.md:
 * nothing here knows the trainer's kernels. `weight` finds a tensor by name ("fb1.weight"), or NULL. */
typedef struct
{
  double *(*find) (gpointer data, const char *name);
  gpointer data;
  guint channels;
  OmniBoundary padding;
  gboolean has_norm,
    uses_batch;        /* normalisation after the activation, by the batch's statistics or the running ones */
  gboolean by_picture; /* … or by those of every picture */
  OmniTrainReduce reduce;
  OmniTrainVariant variant;
  gboolean without_skips;
} RefWeights;

/* What the references share. `kernel` × `kernel`, grouped or not as the tensor of `in` / groups channels says. */
double *ref_train_find (const RefWeights *weights, const char *layer, const char *tensor);
Double4 *ref_train_conv (const Double4 *x, const RefWeights *weights, const char *layer, guint out,
                         guint kernel, guint dilation);
void ref_train_norm (Double4 *x, const RefWeights *weights, const char *layer, double slope);
Double4 *ref_train_pool (const Double4 *x, guint n, const RefWeights *weights);

/* Sources [B · N][1], fused [B][1]. */
Double4 *ref_train_ifani (const Double4 *sources, guint n, const RefWeights *weights);

/* training-nets.c; pairs: [B · 2]. */
Double4 *
ref_train_ifcnn (const Double4 *sources, guint n, const RefWeights *weights, gboolean has_imagenet_scale);
Double4 *ref_train_u2fusion (const Double4 *sources, const RefWeights *weights);
Double4 *ref_train_pmgi (const Double4 *sources, const RefWeights *weights);
Double4 *ref_train_aenetv2 (const Double4 *sources, const RefWeights *weights);

/* `task`: 0 … 3, or −1. */
typedef struct
{
  int task;
  guint base_level, levels;
  double floor;
  guint spatial; /* levels of one blend of the pictures, from the base on */
} RefOmni;

Double4 *ref_train_omni (const Double4 *sources, guint n, const RefWeights *weights, const RefOmni *options);

G_END_DECLS
