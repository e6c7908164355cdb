/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/files/reader-private.h"

G_BEGIN_DECLS

/* What the tags of a TIFF say about its samples, and the way from there to a raster's. The numbers are those of the TIFF
 * 6.0 specification. */
typedef struct
{
  guint32 width;
  guint32 height;
  guint16 bits;
  guint16 samples;
  guint16 format;
  guint16 compression;
  guint16 planar;
  guint16 photometric;
  guint16 n_extra;
  guint16 last_extra;
  guint16 *palette[3]; /* borrowed from libtiff, 1 << bits entries each; NULL without */
} OmniTiffLayout;

/* NULL when this program can read such samples, otherwise a sentence that says why not and what to do. */
const char *omni_tiff_layout_find_problem (const OmniTiffLayout *layout);

/* Fills size, channels, alpha and sample type. */
void omni_tiff_layout_to_raster (const OmniTiffLayout *layout, OmniRaster *raster);

/* Whether a decoded contiguous row is byte for byte a raster's row (but for omni_tiff_finish_samples()). */
gboolean omni_tiff_layout_is_plain (const OmniTiffLayout *layout);

/* Puts `n` decoded pixels of `plane` (0 when contiguous) at (x, y). */
void omni_tiff_unpack_row (const OmniTiffLayout *layout, guint plane, const guint8 *row, guint32 x, guint32 y,
                           guint32 n, OmniRaster *raster);

/* Once all rows are there: turns min-is-white over and premultiplied colours straight. */
void omni_tiff_finish_samples (const OmniTiffLayout *layout, OmniRaster *raster);

G_END_DECLS
