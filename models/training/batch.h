/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "models/model.h"

G_BEGIN_DECLS

/* What one training step sees: B sets of one task, of N square pictures of the same S × S pixels each. Values are luminance
 * on 0 … 1; every sample must be finite. The order of the pictures of a set means nothing and changes no bit: they are sorted
 * by role and content first. A network of pairs tells its two sources apart by their roles: the first is the one whose
 * role comes later in OmniRole (infrared before visible, PET, SPECT and CT before MRI); where there are none, the content
 * decides, as good as by lot. The arrays belong to the caller and are only read during the call they are given to. */
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
