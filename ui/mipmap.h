/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/picture.h"

G_BEGIN_DECLS

/* A picture made ready for the screen: 8-bit premultiplied pixels in the byte order of GDK_MEMORY_DEFAULT, and halved
 * versions of them down to one pixel. For looking at only; nothing that is saved passes through here. Immutable. */
typedef struct _OmniMipmap OmniMipmap;

/* (transfer full) Takes a while: call it in a worker thread. The errors are G_IO_ERROR_NO_SPACE and _CANCELLED. */
OmniMipmap *omni_mipmap_new (OmniPicture *picture, GCancellable *cancellable, GError **error);
OmniMipmap *omni_mipmap_ref (OmniMipmap *self);
void omni_mipmap_unref (OmniMipmap *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (OmniMipmap, omni_mipmap_unref)

guint omni_mipmap_get_width (OmniMipmap *self);
guint omni_mipmap_get_height (OmniMipmap *self);
gsize omni_mipmap_get_size_bytes (OmniMipmap *self);

/* Fills `width` × `height` pixels; the left upper corner of the first is at (x, y) in picture pixels, and one picture
 * pixel is `scale` pixels wide. From scale 2 on, pixels are squares; at 1 they are
 * copied, elsewhere interpolated. Everything
 * asked for lies inside the picture (half a pixel may stick out). */
void omni_mipmap_render (OmniMipmap *self, guint32 *pixels, guint width, guint height, double x, double y,
                         double scale);

typedef struct
{
  guint64 bins[3][256]; /* red, green, blue */
  guint64 n;            /* pixels that are not transparent */
  guint64 n_black, n_white;
} OmniMipmapCounts;

/* Counts the levels of a part that lies inside the picture. Takes a while: call it in a worker thread. */
void
omni_mipmap_count (OmniMipmap *self, guint x, guint y, guint width, guint height, OmniMipmapCounts *counts);

G_END_DECLS
