/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/picture/picture.h"

G_BEGIN_DECLS

/* A picture made ready for the screen: the picture itself and halved versions of it down to one pixel, premultiplied. For
 * looking at only; nothing that is saved passes through here. Immutable, so any thread may use it.
 *
 * Versions are means of 2 × 2 encoded values. They have 8 bits a channel for pictures of 8 bits, else 16: those of floats
 * span `low` … `high`. Of pictures with more than three bands the first three are shown. */
typedef struct _OmniMipmap OmniMipmap;

/* (transfer full) Takes a while: call it in a worker thread. The errors are G_IO_ERROR_NO_SPACE and _CANCELLED. */
OmniMipmap *omni_mipmap_new (OmniPicture *picture, GCancellable *cancellable, GError **error);

/* A map of amounts, not a picture: those of floats span 0 … the largest, however small that is. */
OmniMipmap *omni_mipmap_new_amounts (OmniPicture *picture, GCancellable *cancellable, GError **error);
OmniMipmap *omni_mipmap_ref (OmniMipmap *self);
void omni_mipmap_unref (OmniMipmap *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (OmniMipmap, omni_mipmap_unref)

OmniPicture *omni_mipmap_get_picture (OmniMipmap *self); /* (transfer none) */
guint omni_mipmap_get_width (OmniMipmap *self);
guint omni_mipmap_get_height (OmniMipmap *self);
gsize omni_mipmap_get_size_bytes (OmniMipmap *self); /* with the picture */

/* One channel, with or without alpha, or two bands. */
gboolean omni_mipmap_is_grey (OmniMipmap *self);

/* What the samples span: 0 … 1 for integers; for floats that and whatever lies beyond. */
void omni_mipmap_get_range (OmniMipmap *self, double *low, double *high);

/* What is to be drawn black and white so that there is something to see: 0 and 1, but for deep pictures that would be nearly
 * black, or floats mostly beyond, where all but one in two hundred at either end lie. FALSE: 0 and 1. */
gboolean omni_mipmap_find_level (OmniMipmap *self, double *low, double *high);

/* Fills `width` × `height` pixels in the byte order of GDK_MEMORY_DEFAULT; the left upper corner of the first is at (x, y)
 * in picture pixels, and one picture pixel is `scale` pixels wide; see app/view/frame.h for how they are resampled.
 * Everything asked for lies inside the picture (half a pixel may stick out). */
void omni_mipmap_render (OmniMipmap *self, guint32 *pixels, guint width, guint height, double x, double y,
                         double scale);

typedef struct
{
  guint64 bins[3][256]; /* red, green, blue, of `low` … `high` */
  guint64 n;            /* pixels that are not transparent */
  guint64 n_black, n_white;
} OmniMipmapCounts;

/* Counts the levels of a part that lies inside the picture. Takes a while: call it in a worker thread. */
void
omni_mipmap_count (OmniMipmap *self, guint x, guint y, guint width, guint height, OmniMipmapCounts *counts);

G_END_DECLS
