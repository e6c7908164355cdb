/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A frame without a device, in the arithmetic of shaders/view.comp: a row at a time, columns before rows. */
#include "app/view/frame-private.h"
#include "app/view/mipmap-private.h"

#include <string.h>

#define TAP_MASK  ((1u << OMNI_VIEW_TAP_BITS) - 1)
#define TAP_SHIFT 9
#define TAP_HALF  (1u << (TAP_SHIFT - 1))

typedef guint32 Quad __attribute__ ((vector_size (16)));
typedef guint16 Pixel __attribute__ ((vector_size (8), aligned (2)));

/* Rows of the picture that are mixed, and the one that comes out; each of the item's width. */
typedef struct
{
  const OmniViewPreparedLayer *layer;
  guint width, n_taps;
  guint16 *fetched;
  guint first, n_fetched; /* columns of the picture that are looked at */
  guint16 *stretched[OMNI_VIEW_TAPS];
  guint rows[OMNI_VIEW_TAPS]; /* of the picture, plus one; 0: none */
  guint16 *mixed;
} Lines;

static void
lines_init (Lines *self, const OmniViewPreparedLayer *layer, guint width, guint n_taps)
{
  guint last = 0;

  memset (self, 0, sizeof *self);
  self->layer = layer;
  self->width = width;
  self->n_taps = n_taps;
  self->first = G_MAXUINT;
  for (guint x = 0; layer->mipmap != NULL && x < width; x++)
  {
    if (layer->columns[x].weights == 0)
      continue;
    self->first = MIN (self->first, layer->columns[x].first);
    last = MIN (MAX (last, layer->columns[x].first + OMNI_VIEW_TAPS - 1), layer->width - 1);
  }
  self->n_fetched = self->first <= last ? last - self->first + 1 : 0;
  /* Two more, so that taps without weight read something. */
  self->fetched = g_new0 (guint16, ((gsize)self->n_fetched + OMNI_VIEW_TAPS) * 4);
  for (guint k = 0; k < OMNI_VIEW_TAPS; k++)
    self->stretched[k] = g_new0 (guint16, (gsize)width * 4 + 4);
  self->mixed = g_new0 (guint16, (gsize)width * 4 + 4);
}

static void
lines_clear (Lines *self)
{
  g_free (self->fetched);
  for (guint k = 0; k < OMNI_VIEW_TAPS; k++)
    g_free (self->stretched[k]);
  g_free (self->mixed);
}

static inline Quad
load (const guint16 *pixel)
{
  Pixel narrow;

  memcpy (&narrow, pixel, sizeof narrow);
  return __builtin_convertvector(narrow, Quad);
}

static inline void
store (guint16 *pixel, Quad value)
{
  const Pixel narrow = __builtin_convertvector(value, Pixel);

  memcpy (pixel, &narrow, sizeof narrow);
}

static void
stretch (const Lines *self, guint16 *to)
{
  const OmniViewTap *taps = self->layer->columns;

  for (guint x = 0; x < self->width; x++)
  {
    const guint32 weights = taps[x].weights;
    if (weights == 0)
    {
      memset (to + 4 * x, 0, 4 * sizeof *to);
      continue;
    }
    const guint16 *from = self->fetched + (gsize)(taps[x].first - self->first) * 4;
    if (self->n_taps == 1)
      memcpy (to + 4 * x, from, 4 * sizeof *to);
    else
      store (to + 4 * x, (load (from) * (weights & TAP_MASK)
                          + load (from + 4) * (weights >> OMNI_VIEW_TAP_BITS & TAP_MASK)
                          + load (from + 8) * (weights >> 2 * OMNI_VIEW_TAP_BITS) + TAP_HALF)
                           >> TAP_SHIFT);
  }
}

/* (transfer none) A row of the picture, stretched; kept while the next rows need it. */
static const guint16 *
get_row (Lines *self, guint row, guint keep_from)
{
  guint free_slot = 0;

  for (guint k = 0; k < OMNI_VIEW_TAPS; k++)
  {
    if (self->rows[k] == row + 1)
      return self->stretched[k];
    if (self->rows[k] == 0 || self->rows[k] - 1 < keep_from)
      free_slot = k;
  }
  omni_mipmap_fetch_row (self->layer->mipmap, self->layer->level, row, self->first, self->n_fetched,
                         self->fetched);
  stretch (self, self->stretched[free_slot]);
  self->rows[free_slot] = row + 1;
  return self->stretched[free_slot];
}

/* (transfer none) The row `y` of the item, in 16 bits. */
static const guint16 *
make_line (Lines *self, guint y)
{
  const OmniViewPreparedLayer *layer = self->layer;
  const guint16 *rows[OMNI_VIEW_TAPS];
  guint weights[OMNI_VIEW_TAPS];

  if (layer->mipmap == NULL || layer->rows[y].weights == 0 || self->n_fetched == 0)
  {
    memset (self->mixed, 0, (gsize)self->width * 4 * sizeof *self->mixed);
    return self->mixed;
  }
  for (guint k = 0; k < self->n_taps; k++)
  {
    weights[k] = layer->rows[y].weights >> (k * OMNI_VIEW_TAP_BITS) & TAP_MASK;
    rows[k] = weights[k] > 0 ? get_row (self, layer->rows[y].first + k, layer->rows[y].first)
                             : self->stretched[0];
  }
  if (self->n_taps == 1)
    return rows[0];
  for (guint i = 0; i < self->width * 4; i++)
    self->mixed[i] = (guint16)((rows[0][i] * weights[0] + rows[1][i] * weights[1] + rows[2][i] * weights[2]
                                + TAP_HALF)
                               >> TAP_SHIFT);
  return self->mixed;
}

/* Into the range that all pictures of the frame have in common. */
static inline gint32
to_common (guint32 value, const OmniViewPreparedLayer *layer)
{
  return (gint32)((value * layer->factor + 32768) >> 16) + layer->offset;
}

static inline guint32
to_level (gint32 value, const OmniViewPrepared *prepared)
{
  const guint32 above = (guint32)CLAMP (value - prepared->low, 0, (gint32)prepared->span);

  return MIN ((above * prepared->slope + (1u << (OMNI_VIEW_SLOPE_SHIFT - 1))) >> OMNI_VIEW_SLOPE_SHIFT, 255);
}

static inline guint32
premultiply (guint32 colour, guint32 alpha)
{
  const guint32 r = ((colour >> 16 & 0xff) * alpha + 127) / 255;
  const guint32 g = ((colour >> 8 & 0xff) * alpha + 127) / 255;
  const guint32 b = ((colour & 0xff) * alpha + 127) / 255;

  return alpha << 24 | r << 16 | g << 8 | b;
}

static inline guint32
show (const guint16 *pixel, const OmniViewPreparedLayer *layer, const OmniViewPrepared *prepared)
{
  const guint32 alpha = (pixel[3] * 255u + 32767) / 65535;
  const guint32 r = to_level (to_common (pixel[0], layer), prepared);

  if (alpha == 0)
    return 0;
  if (layer->colours != NULL)
    return alpha == 255 ? layer->colours[r] : premultiply (layer->colours[r], alpha);
  const guint32 g = to_level (to_common (pixel[1], layer), prepared);
  const guint32 b = to_level (to_common (pixel[2], layer), prepared);
  return alpha << 24 | MIN (r, alpha) << 16 | MIN (g, alpha) << 8 | MIN (b, alpha);
}

static inline guint32
differ (const guint16 *a, const guint16 *b, const OmniViewPrepared *prepared, const guint32 *colours)
{
  gint32 most = 0;

  if (a[3] == 0 || b[3] == 0)
    return 0;
  for (guint c = 0; c < 3; c++)
  {
    const gint32 difference = to_common (a[c], &prepared->layers[0]) - to_common (b[c], &prepared->layers[1]);
    most = MAX (most, ABS (difference));
  }
  return colours[to_level (most, prepared)];
}

static void
compose (const OmniViewPrepared *prepared, const guint16 *a, const guint16 *b, int y, guint32 *to)
{
  const OmniViewItem *item = prepared->item;
  const OmniViewPreparedLayer *layers = prepared->layers;
  const guint32 *colours = omni_colour_map_get (item->map);
  int side = (item->x - item->line_x) * item->normal_x + (item->y + y - item->line_y) * item->normal_y;

  switch (item->kind)
  {
  case OMNI_VIEW_WIPE:
    for (int x = 0; x < item->width; x++, side += item->normal_x)
      to[x] = side >= 0 ? show (b + 4 * x, &layers[1], prepared) : show (a + 4 * x, &layers[0], prepared);
    break;
  case OMNI_VIEW_DIFFERENCE:
    for (int x = 0; x < item->width; x++)
      to[x] = differ (a + 4 * x, b + 4 * x, prepared, colours);
    break;
  case OMNI_VIEW_PICTURE:
  default:
    for (int x = 0; x < item->width; x++)
      to[x] = show (a + 4 * x, &layers[0], prepared);
    break;
  }
}

static gboolean
is_row_before (const OmniViewPreparedLayer *layer, int y)
{
  return layer->mipmap == NULL || memcmp (&layer->rows[y], &layer->rows[y - 1], sizeof *layer->rows) == 0;
}

void
omni_view_render_item (const OmniViewPrepared *prepared, guint32 *pixels, gsize pitch)
{
  const OmniViewItem *item = prepared->item;
  const guint n_layers = item->kind == OMNI_VIEW_PICTURE ? 1 : 2;
  Lines lines[2];

  for (guint k = 0; k < n_layers; k++)
    lines_init (&lines[k], &prepared->layers[k], (guint)item->width, prepared->n_taps);
  for (int y = 0; y < item->height; y++)
  {
    guint32 *to = pixels + (gsize)y * pitch;
    /* Squares are rows of the same. */
    if (y > 0 && item->kind != OMNI_VIEW_WIPE && is_row_before (&prepared->layers[0], y)
        && (n_layers == 1 || is_row_before (&prepared->layers[1], y)))
    {
      memcpy (to, to - pitch, (gsize)item->width * sizeof *to);
      continue;
    }
    const guint16 *a = make_line (&lines[0], (guint)y);
    const guint16 *b = n_layers == 2 ? make_line (&lines[1], (guint)y) : NULL;
    compose (prepared, a, b, y, to);
  }
  for (guint k = 0; k < n_layers; k++)
    lines_clear (&lines[k]);
}

void
omni_view_frame_render (OmniViewFrame *self, guint32 *pixels)
{
  memset (pixels, 0, (gsize)self->width * (gsize)self->height * sizeof *pixels);
  for (guint i = 0; i < self->n_items; i++)
  {
    const OmniViewItem *item = &self->items[i];
    g_auto (OmniViewPrepared) prepared = { 0 };
    omni_view_prepare (self, item, &prepared);
    omni_view_render_item (&prepared, pixels + (gsize)item->y * (gsize)self->width + item->x,
                           (gsize)self->width);
  }
}
