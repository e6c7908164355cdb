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
    uses_batch; /* normalisation after the activation, by the batch's statistics or the running ones */
} RefWeights;

/* Sources [B · N][1], fused [B][1]. */
Double4 *ref_train_ifani (const Double4 *sources, guint n, const RefWeights *weights);

/* `task`: 0 … 3, or −1. */
typedef struct
{
  int task;
  guint base_level, levels;
  double floor;
} RefOmni;

Double4 *ref_train_omni (const Double4 *sources, guint n, const RefWeights *weights, const RefOmni *options);

G_END_DECLS
