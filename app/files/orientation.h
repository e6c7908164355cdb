/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* The orientation tag of TIFF 6.0 and EXIF: 1 upright, 2 … 8 the other seven ways to lay a picture on a table. */

/* The orientation in an EXIF block, which starts at its TIFF header ("II" or "MM"; an "Exif\0\0" in front is skipped);
 * 1 when there is none or the block is damaged. */
guint omni_orientation_from_exif (const guint8 *data, gsize size);

/* Whether width and height change places. */
gboolean omni_orientation_swaps_axes (guint orientation);

/* Lays `source`, `width` × `height` pixels of `pixel_bytes`, upright into `target` of the same size in bytes. */
void omni_orientation_apply (guint orientation, const guint8 *source, guint width, guint height,
                             gsize pixel_bytes, guint8 *target);

G_END_DECLS
