/* SPDX-License-Identifier: GPL-3.0-or-later */
/* At high zoom, what each pixel holds, written in it: the samples of the picture itself, of red, green and blue one below the
 * other, whatever window and colours it is shown with. */
#include "app/picture/pixel.h"
#include "ui/viewer/viewer-private.h"

#include <math.h>
#include <string.h>

#define CELL_PX     44.0 /* logical: what a number needs */
#define FONT_PX     10.0
#define MOST_CELLS  2500.0
#define BRIGHT_FROM 140.0

typedef struct
{
  const OmniViewFrame *frame;
  const OmniViewItem *item;
  const guint32 *pixels; /* of the frame */
  double device;
  double digit; /* width of one, which all have: measuring each number takes as long as drawing it */
} Values;

/* Dark on bright pixels and the other way round. */
static void
set_colour (const Values *self, cairo_t *cr, int x, int y)
{
  const guint32 pixel = self->pixels[y * self->frame->width + x];
  const double luma = 0.299 * (pixel >> 16 & 0xff) + 0.587 * (pixel >> 8 & 0xff) + 0.114 * (pixel & 0xff);
  const double ink = luma >= BRIGHT_FROM ? 0 : 1;

  cairo_set_source_rgba (cr, ink, ink, ink, 0.9);
}

static void
draw_cell (const Values *self, cairo_t *cr, OmniPicture *picture, guint x, guint y, double left, double top,
           double side)
{
  const guint n = MIN (omni_picture_get_channels (picture) - omni_picture_get_has_alpha (picture), 3);
  const double line = FONT_PX * 1.2;

  for (guint c = 0; c < n; c++)
  {
    g_autofree char *words = omni_picture_describe_sample (picture, x, y, c);
    cairo_move_to (cr, (left + side / 2) / self->device - self->digit * (double)strlen (words) / 2,
                   (top + side / 2) / self->device + (c + 0.5 - n / 2.0) * line + FONT_PX * 0.35);
    cairo_show_text (cr, words);
  }
}

static void
draw_layer (const Values *self, cairo_t *cr, const OmniViewLayer *layer)
{
  const OmniViewItem *item = self->item;
  OmniPicture *picture = omni_mipmap_get_picture (layer->mipmap);
  const int first_x = MAX ((int)floor ((item->x - layer->x) / layer->scale), 0);
  const int first_y = MAX ((int)floor ((item->y - layer->y) / layer->scale), 0);
  const int end_x = MIN ((int)ceil ((item->x + item->width - layer->x) / layer->scale),
                         (int)omni_picture_get_width (picture));
  const int end_y = MIN ((int)ceil ((item->y + item->height - layer->y) / layer->scale),
                         (int)omni_picture_get_height (picture));

  for (int y = first_y; y < end_y; y++)
    for (int x = first_x; x < end_x; x++)
    {
      const double left = layer->x + x * layer->scale, top = layer->y + y * layer->scale;
      const int middle_x = (int)(left + layer->scale / 2), middle_y = (int)(top + layer->scale / 2);
      if (middle_x < item->x || middle_x >= item->x + item->width || middle_y < item->y
          || middle_y >= item->y + item->height)
        continue;
      set_colour (self, cr, middle_x, middle_y);
      draw_cell (self, cr, picture, (guint)x, (guint)y, left, top, layer->scale);
    }
}

static gboolean
has_room (const Values *self, const OmniViewLayer *layer)
{
  return layer->mipmap != NULL && layer->scale / self->device >= CELL_PX
         && self->item->width / layer->scale * self->item->height / layer->scale <= MOST_CELLS;
}

/* Of the frame on the screen, so that numbers never leave their pixels. Where two pictures are in one place there is no room for
 * the numbers of both. */
void
omni_viewer_snapshot_values (OmniViewer *self, GtkSnapshot *snapshot)
{
  const double device = gtk_widget_get_scale_factor (GTK_WIDGET (self));
  g_autofree guint32 *pixels = NULL;
  cairo_text_extents_t digit = { 0 };
  cairo_t *cr = NULL;

  for (guint i = 0; i < self->frame->n_items; i++)
  {
    const OmniViewItem *item = &self->frame->items[i];
    const Values values = { self->frame, item, pixels, device, digit.x_advance };
    if (item->kind != OMNI_VIEW_PICTURE || !has_room (&values, &item->layers[0]))
      continue;
    if (cr == NULL)
    {
      pixels = g_new (guint32, (gsize)self->frame->width * (gsize)self->frame->height);
      gdk_texture_download (self->texture, (guchar *)pixels, (gsize)self->frame->width * sizeof *pixels);
      cr = gtk_snapshot_append_cairo (snapshot,
                                      &GRAPHENE_RECT_INIT (0, 0, (float)(self->frame->width / device),
                                                           (float)(self->frame->height / device)));
      cairo_select_font_face (cr, "sans-serif", CAIRO_FONT_SLANT_NORMAL, CAIRO_FONT_WEIGHT_NORMAL);
      cairo_set_font_size (cr, FONT_PX);
      cairo_text_extents (cr, "0", &digit);
    }
    const Values drawn = { self->frame, item, pixels, device, digit.x_advance };
    draw_layer (&drawn, cr, &item->layers[0]);
  }
  if (cr != NULL)
    cairo_destroy (cr);
}
