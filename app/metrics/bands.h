/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/metrics/metrics-private.h"

G_BEGIN_DECLS

/* Pictures of bands, one plane a band, samples over their largest value (float samples as they are); what does not count is
 * NaN in every band. */
typedef struct
{
  guint width, height, n_bands;
  float *planes;
} OmniBands;

struct _OmniBandsInput
{
  OmniBands fused;
  OmniBands reference; /* planes NULL: none */
  OmniBands ms, pan,
    low_pan;    /* the same; low_pan is pan as a sensor with the pixels of ms would have seen it */
  double ratio; /* pixels of the fused picture to one of ms */
};

void omni_bands_input_free (OmniBandsInput *bands);

G_END_DECLS
