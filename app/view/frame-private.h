/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/view/frame.h"

G_BEGIN_DECLS

/* An item as integers: what the kernel (shaders/view.comp) and the plain C share. */

#define OMNI_VIEW_TAPS        3
#define OMNI_VIEW_TAP_BITS    10 /* of a weight */
#define OMNI_VIEW_TAP_SUM     512
#define OMNI_VIEW_SLOPE_SHIFT 23

/* Where a column or row comes from: pixels first … first + 2 and their weights, 10 bits each from the lowest on, which sum to
 * 512, or to 0 outside the picture. Pixels beyond the last have no weight. */
typedef struct
{
  guint32 first;
  guint32 weights;
} OmniViewTap;

typedef struct
{
  OmniMipmap *mipmap; /* NULL: nothing; borrowed from the frame */
  guint level;
  guint width, height;  /* of the level */
  OmniViewTap *columns; /* of the item's width */
  OmniViewTap *rows;    /* of its height */
  guint32 factor; /* a value v becomes (v · factor + 32768) / 65536 + offset: the range all have in common */
  gint32 offset;
  const guint32 *colours; /* NULL: as it is */
  OmniColourMap map;
} OmniViewPreparedLayer;

typedef struct
{
  const OmniViewItem *item;
  OmniViewPreparedLayer layers[2];
  guint n_taps;  /* 1 where pixels are squares, else 3 */
  gint32 low;    /* of the common range, 16 bits: black */
  guint32 span;  /* white minus black, or the difference of the brightest colour */
  guint32 slope; /* 255 · 2^23 / span */
} OmniViewPrepared;

void omni_view_prepare (const OmniViewFrame *frame, const OmniViewItem *item, OmniViewPrepared *prepared);
void omni_view_prepared_clear (OmniViewPrepared *prepared);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (OmniViewPrepared, omni_view_prepared_clear)

/* Fills the item's pixels. */
void omni_view_render_item (const OmniViewPrepared *prepared, guint32 *pixels, gsize pitch);

G_END_DECLS
