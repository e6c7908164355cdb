/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "models/model.h"

G_BEGIN_DECLS

/* What one training step sees: B sets of one task, of N square pictures of the same S × S pixels each. Values are luminance
 * on 0 … 1; every sample must be finite. The order of the pictures of a set means nothing and changes no bit: they are sorted
 * by role, brightness and content first. A network of pairs tells its two sources apart by their roles: PMGI's first is the
 * infrared, PET or SPECT one, U2Fusion's and AE-Netv2's the visible, PET or SPECT one; where roles do not tell, it is the
 * brighter. The arrays belong to the caller and are only read during the call they are given to. */
typedef struct
{
  OmniTask task;
  guint n_sets;          /* B ≥ 1 */
  guint n_sources;       /* N ≥ 1 */
  guint size_px;         /* S */
  const float *luma;     /* [B][N][S][S] */
  const float *truth;    /* [B][S][S], or NULL where there is no ground truth */
  const OmniRole *roles; /* [B][N], or NULL: none */
} OmniTrainBatch;

G_END_DECLS
