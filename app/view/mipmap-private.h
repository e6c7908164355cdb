/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/view/mipmap.h"

G_BEGIN_DECLS

/* Never the same for two mipmaps of one run of the program. */
guint64 omni_mipmap_get_serial (const OmniMipmap *self);

/* Whether its versions have 16 bits a channel. */
gboolean omni_mipmap_is_deep (const OmniMipmap *self);

/* Version 0 is the picture, each next one half as large, rounded up. */
guint omni_mipmap_get_n_levels (const OmniMipmap *self);
void omni_mipmap_get_level_size (const OmniMipmap *self, guint level, guint *width, guint *height);

/* Words of one packed pixel: 1, or 2 when deep. */
guint omni_mipmap_get_pixel_words (const OmniMipmap *self);

/* Whole rows, packed for the kernel: a word ARGB, or two words R + G · 65536 and B + A · 65536. */
void
omni_mipmap_pack_rows (const OmniMipmap *self, guint level, guint first_row, guint n_rows, guint32 *words);

/* `n` pixels of a row as red, green, blue, alpha of 16 bits; those of 8 bits times 257. */
void
omni_mipmap_fetch_row (const OmniMipmap *self, guint level, guint row, guint first, guint n, guint16 *pixels);

G_END_DECLS
