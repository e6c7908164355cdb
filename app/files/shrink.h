/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/files/reader-private.h"

G_BEGIN_DECLS

/* Turns `raster` into 8 bits and averages boxes of pixels until no side is longer than `max_px`; colours are weighted by
 * alpha where there is one. For thumbnails only. */
gboolean omni_raster_shrink (OmniRaster *raster, OmniInput *input, guint max_px, GError **error);

G_END_DECLS
