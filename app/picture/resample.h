/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/document/source.h"

G_BEGIN_DECLS

/* (transfer full) `picture` brought to width × height, same channels, samples, profile and path: along each axis the mean
 * over the area where it shrinks, Catmull-Rom (Keys 1981, a = −½) with repeated edges where it grows. Colours are weighted by alpha. Non-finite
 * samples read as they do in the graph: NaN 0, infinities ±65504. The same bits on every run. Any thread. */
OmniPicture *omni_picture_resample (OmniPicture *picture, guint width, guint height,
                                    GCancellable *cancellable, GError **error);

/* (transfer full) The source's picture in that size. Any thread. */
OmniPicture *omni_source_load_at (OmniSource *source, guint width, guint height, GCancellable *cancellable,
                                  GError **error);

/* What the graph and everything beside it reads for a float sample: NaN 0, infinities ±65504. */
static inline float
omni_sample_sanitise (float value)
{
  if (G_LIKELY (value - value == 0))
    return value;
  return value > 0 ? 65504.0f : value < 0 ? -65504.0f : 0;
}

/* Whether a sample lies outside of 0 … 1, which is all that whole numbers hold: by more than half a step of 8 bits, which is seen
 * by nobody and far above what a conversion rounds. NaN does not. */
static inline gboolean
omni_sample_is_beyond (float value)
{
  return value < -0.5f / 255 || value > 1 + 0.5f / 255;
}

G_END_DECLS
