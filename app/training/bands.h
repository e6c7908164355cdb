/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/training/dataset.h"
#include "app/training/luma.h"

G_BEGIN_DECLS

/* What pan-sharpening is trained on: by Wald's protocol (app/evaluate/wald.h) both pictures are made coarser by the ratio of their pixels,
 * the bands are brought back to the panchromatic grid as they are for a fusion (app/picture/resample.h), and what should come out
 * are the bands as they were. White is the largest sample of the coarser pair, as it is for the network (pan-pmgi, level
 * "own"); what the bands have above it is cut off. */
typedef struct
{
  OmniLuma *band, *pan; /* coarse */
  OmniLuma *truth;
} OmniBands;

void omni_bands_clear (OmniBands *self);

/* The rows of a scene of OMNI_SCENES_OF_BANDS, all of its size. The pair is made once for all bands, in the cache. An error names
 * what cannot be read. Any thread. */
gboolean omni_bands_load (OmniBands *self, const OmniScene *scene, OmniLumaCache *cache, GError **error);

G_END_DECLS
