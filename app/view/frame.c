/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/view/frame-private.h"
#include "app/view/mipmap-private.h"

#include <math.h>
#include <string.h>

#define SQUARES_FROM 2.0

OmniViewFrame *
omni_view_frame_new (int width, int height)
{
  OmniViewFrame *self = g_new0 (OmniViewFrame, 1);

  g_atomic_ref_count_init (&self->ref_count);
  self->width = width;
  self->height = height;
  self->high = 1;
  return self;
}

OmniViewFrame *
omni_view_frame_ref (OmniViewFrame *self)
{
  g_atomic_ref_count_inc (&self->ref_count);
  return self;
}

void
omni_view_frame_unref (OmniViewFrame *self)
{
  if (!g_atomic_ref_count_dec (&self->ref_count))
    return;
  for (guint i = 0; i < self->n_items; i++)
    for (guint k = 0; k < 2; k++)
      g_clear_pointer (&self->items[i].layers[k].mipmap, omni_mipmap_unref);
  g_free (self);
}

OmniViewItem *
omni_view_frame_add (OmniViewFrame *self, OmniViewKind kind, int x, int y, int width, int height)
{
  const int left = CLAMP (x, 0, self->width), top = CLAMP (y, 0, self->height);

  if (self->n_items == OMNI_VIEW_MAX_ITEMS)
    return NULL;
  OmniViewItem *item = &self->items[self->n_items++];
  item->kind = kind;
  item->x = left;
  item->y = top;
  item->width = CLAMP (x + width, left, self->width) - left;
  item->height = CLAMP (y + height, top, self->height) - top;
  item->gain = 1;
  item->normal_x = 1024;
  return item;
}

void
omni_view_item_set_layer (OmniViewItem *item, guint index, OmniMipmap *mipmap, double x, double y,
                          double scale)
{
  OmniViewLayer *layer = &item->layers[index];

  g_clear_pointer (&layer->mipmap, omni_mipmap_unref);
  layer->mipmap = mipmap != NULL ? omni_mipmap_ref (mipmap) : NULL;
  layer->x = x;
  layer->y = y;
  layer->scale = scale;
}

static gboolean
layer_equal (const OmniViewLayer *a, const OmniViewLayer *b)
{
  return a->mipmap == b->mipmap && a->x == b->x && a->y == b->y && a->scale == b->scale;
}

static gboolean
item_equal (const OmniViewItem *a, const OmniViewItem *b)
{
  return a->kind == b->kind && a->x == b->x && a->y == b->y && a->width == b->width && a->height == b->height
         && a->map == b->map && a->amounts == b->amounts && a->gain == b->gain && a->line_x == b->line_x
         && a->line_y == b->line_y && a->normal_x == b->normal_x && a->normal_y == b->normal_y
         && layer_equal (&a->layers[0], &b->layers[0]) && layer_equal (&a->layers[1], &b->layers[1]);
}

gboolean
omni_view_frame_equal (const OmniViewFrame *a, const OmniViewFrame *b)
{
  if (a->width != b->width || a->height != b->height || a->low != b->low || a->high != b->high
      || a->n_items != b->n_items)
    return FALSE;
  for (guint i = 0; i < a->n_items; i++)
    if (!item_equal (&a->items[i], &b->items[i]))
      return FALSE;
  return TRUE;
}

/* Where pixels come from */

static void
set_tap (OmniViewTap *tap, guint first, const guint weights[OMNI_VIEW_TAPS], guint limit)
{
  guint last = 0;

  tap->first = MIN (first, limit - 1);
  tap->weights = 0;
  for (guint k = 0; k < OMNI_VIEW_TAPS; k++)
  {
    /* What lies beyond the edge is the edge. */
    last = tap->first + k < limit ? k : last;
    tap->weights += weights[k] << (OMNI_VIEW_TAP_BITS * last);
  }
}

/* The mean over start … end, which touches three pixels at most. */
static void
set_area (OmniViewTap *tap, double start, double end, guint limit)
{
  const double last = limit;
  const double from = CLAMP (start, 0, last - 0.5), to = CLAMP (end, from + 0.25, last + 0.5);
  const double first = floor (from);
  guint weights[OMNI_VIEW_TAPS], left = OMNI_VIEW_TAP_SUM, largest = 0;

  for (guint k = 0; k < OMNI_VIEW_TAPS; k++)
  {
    const double share = MAX (MIN (to, first + k + 1) - MAX (from, first + k), 0) / (to - from);
    weights[k] = MIN ((guint)(share * OMNI_VIEW_TAP_SUM + 0.5), left);
    left -= weights[k];
    largest = weights[k] > weights[largest] ? k : largest;
  }
  weights[largest] += left;
  set_tap (tap, (guint)first, weights, limit);
}

static void
set_point (OmniViewTap *tap, double centre, guint limit, gboolean squares)
{
  const double place = CLAMP (squares ? floor (centre) : centre - 0.5, 0, limit - 1);
  const guint share = (guint)((place - floor (place)) * OMNI_VIEW_TAP_SUM);
  const guint weights[OMNI_VIEW_TAPS] = { OMNI_VIEW_TAP_SUM - share, share, 0 };

  set_tap (tap, (guint)place, weights, limit);
}

/* `origin`: of the picture; `n_picture`: how many pixels of the frame it takes. `scale` is that of the level. */
static OmniViewTap *
make_taps (int first, int n, double origin, double n_picture, double scale, guint limit, gboolean squares)
{
  OmniViewTap *taps = g_new0 (OmniViewTap, MAX (n, 1));
  const double begin = round (origin), end = begin + MAX (round (n_picture), 1);

  for (int i = 0; i < n; i++)
  {
    const double place = first + i;
    if (place < begin || place >= end)
      continue;
    if (squares || scale > 1)
      set_point (&taps[i], (place + 0.5 - origin) / scale, limit, squares);
    else
      set_area (&taps[i], (place - origin) / scale, (place + 1 - origin) / scale, limit);
  }
  return taps;
}

static gboolean
has_squares (double scale)
{
  return scale >= SQUARES_FROM || scale == 1;
}

static void
prepare_layer (const OmniViewItem *item, guint index, OmniViewPreparedLayer *layer)
{
  const OmniViewLayer *from = &item->layers[index];
  double scale = from->scale;

  layer->mipmap = from->mipmap;
  if (from->mipmap == NULL)
  {
    /* All weights are 0. */
    layer->columns = g_new0 (OmniViewTap, (gsize)MAX (item->width, 1));
    layer->rows = g_new0 (OmniViewTap, (gsize)MAX (item->height, 1));
    return;
  }
  while (scale <= 0.5 && layer->level + 1 < omni_mipmap_get_n_levels (from->mipmap))
  {
    layer->level++;
    scale *= 2;
  }
  omni_mipmap_get_level_size (from->mipmap, layer->level, &layer->width, &layer->height);
  const gboolean squares = has_squares (from->scale);
  layer->columns = make_taps (item->x, item->width, from->x,
                              omni_mipmap_get_width (from->mipmap) * from->scale, scale, layer->width,
                              squares);
  layer->rows = make_taps (item->y, item->height, from->y,
                           omni_mipmap_get_height (from->mipmap) * from->scale, scale, layer->height,
                           squares);
  if (omni_mipmap_is_grey (from->mipmap) && item->kind != OMNI_VIEW_DIFFERENCE
      && item->map != OMNI_COLOUR_MAP_GREY)
    layer->colours = omni_colour_map_get (item->map);
  layer->map = item->map;
}

/* The range that holds those of all pictures of the frame; amounts, which may be tiny, have their own. */
static void
find_range (const OmniViewFrame *frame, const OmniViewItem *item, double *low, double *high)
{
  if (item->amounts && item->layers[0].mipmap != NULL)
  {
    omni_mipmap_get_range (item->layers[0].mipmap, low, high);
    return;
  }
  *low = 0;
  *high = 1;
  for (guint i = 0; i < frame->n_items; i++)
    for (guint k = 0; k < 2; k++)
    {
      OmniMipmap *mipmap = frame->items[i].layers[k].mipmap;
      double own_low, own_high;
      if (mipmap == NULL)
        continue;
      omni_mipmap_get_range (mipmap, &own_low, &own_high);
      *low = MIN (*low, own_low);
      *high = MAX (*high, own_high);
    }
}

void
omni_view_prepare (const OmniViewFrame *frame, const OmniViewItem *item, OmniViewPrepared *prepared)
{
  double low, high;

  memset (prepared, 0, sizeof *prepared);
  prepared->item = item;
  find_range (frame, item, &low, &high);
  for (guint k = 0; k < 2; k++)
  {
    OmniViewPreparedLayer *layer = &prepared->layers[k];
    double own_low, own_high;
    prepare_layer (item, k, layer);
    if (layer->mipmap == NULL)
      continue;
    omni_mipmap_get_range (layer->mipmap, &own_low, &own_high);
    layer->factor = (guint32)round ((own_high - own_low) / (high - low) * 65536);
    layer->offset = (gint32)round ((own_low - low) / (high - low) * 65535);
    prepared->n_taps = MAX (prepared->n_taps, has_squares (item->layers[k].scale) ? 1 : OMNI_VIEW_TAPS);
  }
  const gboolean differs = item->kind == OMNI_VIEW_DIFFERENCE, amounts = differs || item->amounts;
  const double black = differs ? 0 : ((item->amounts ? 0 : frame->low) - low) / (high - low) * 65535;
  const double span = (amounts ? 1 / MAX (item->gain, 1e-6) : frame->high - frame->low) / (high - low)
                      * 65535;
  prepared->low = (gint32)round (CLAMP (black, -65535, 65535));
  prepared->span = (guint32)round (CLAMP (span, 1, 131070));
  prepared->slope = (guint32)round (255.0 * (1 << OMNI_VIEW_SLOPE_SHIFT) / prepared->span);
}

void
omni_view_prepared_clear (OmniViewPrepared *prepared)
{
  for (guint k = 0; k < 2; k++)
  {
    g_clear_pointer (&prepared->layers[k].columns, g_free);
    g_clear_pointer (&prepared->layers[k].rows, g_free);
  }
}
