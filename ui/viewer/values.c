/* SPDX-License-Identifier: GPL-3.0-or-later */
/* At high zoom, what each pixel holds, written in it: the samples of the picture itself, of red, green and blue one below the
 * other, whatever window and colours it is shown with. */
#include "app/picture/pixel.h"
#include "ui/texture.h"
#include "ui/viewer/viewer-private.h"

#include <math.h>

#define CELL_PX      44.0 /* logical: what a number needs */
#define FONT_PX      10.0
#define MOST_CELLS   2500.0
#define BRIGHT_FROM  140.0

#define N_CHARACTERS 128

/* All numbers are two runs of glyphs, for a run takes as long as the glyphs in it. */
typedef struct
{
  PangoFont *font;
  PangoGlyphInfo glyphs[N_CHARACTERS]; /* of ASCII; 0: not looked up yet */
  GArray *inks[2];                     /* PangoGlyphInfo: white, black */
} Numbers;

typedef struct
{
  const OmniViewFrame *frame;
  const OmniViewItem *item;
  const guint32 *pixels; /* of the frame */
  double device;
} Values;

static void
numbers_init (Numbers *self, GtkWidget *widget)
{
  PangoFontDescription *description = pango_font_description_from_string ("sans-serif");

  pango_font_description_set_absolute_size (description, FONT_PX * PANGO_SCALE);
  *self = (Numbers){ .font = pango_context_load_font (gtk_widget_get_pango_context (widget), description) };
  pango_font_description_free (description);
  for (guint i = 0; i < 2; i++)
    self->inks[i] = g_array_new (FALSE, TRUE, sizeof (PangoGlyphInfo));
}

static void
numbers_append (Numbers *self, GtkSnapshot *snapshot)
{
  for (guint i = 0; i < 2; i++)
  {
    PangoGlyphString glyphs = { .num_glyphs = (int)self->inks[i]->len,
                                .glyphs = (PangoGlyphInfo *)self->inks[i]->data };
    const float ink = i == 0 ? 1 : 0;
    GskRenderNode *node = gsk_text_node_new (self->font, &glyphs, &(GdkRGBA){ ink, ink, ink, 0.9F },
                                             &GRAPHENE_POINT_INIT (0, 0));
    /* None when there is no ink in it. */
    if (node != NULL)
    {
      gtk_snapshot_append_node (snapshot, node);
      gsk_render_node_unref (node);
    }
    g_array_unref (self->inks[i]);
  }
  g_object_unref (self->font);
}

static void
look_up (Numbers *self, guchar character)
{
  const char text = (char)character;
  const PangoAnalysis analysis = { .font = self->font, .language = pango_language_get_default () };
  PangoGlyphString *glyphs = pango_glyph_string_new ();

  pango_shape (&text, 1, &analysis, glyphs);
  if (glyphs->num_glyphs == 1)
    self->glyphs[character] = glyphs->glyphs[0];
  pango_glyph_string_free (glyphs);
}

/* `words` are ASCII, as numbers are; the position is in logical pixels. */
static void
numbers_add (Numbers *self, const char *words, gboolean black, double middle, double baseline)
{
  int width = 0;

  for (const char *at = words; *at != '\0'; at++)
  {
    const guchar character = (guchar)*at % N_CHARACTERS;
    if (self->glyphs[character].glyph == 0)
      look_up (self, character);
    width += self->glyphs[character].geometry.width;
  }
  int x = (int)(middle * PANGO_SCALE) - width / 2;
  for (const char *at = words; *at != '\0'; at++)
  {
    PangoGlyphInfo glyph = self->glyphs[(guchar)*at % N_CHARACTERS];
    const int advance = glyph.geometry.width;
    glyph.geometry = (PangoGlyphGeometry){ .x_offset = x, .y_offset = (int)(baseline * PANGO_SCALE) };
    g_array_append_val (self->inks[black ? 1 : 0], glyph);
    x += advance;
  }
}

/* Black on bright pixels and the other way round. */
static gboolean
wants_black (const Values *self, int x, int y)
{
  const guint32 pixel = self->pixels[y * self->frame->width + x];
  const double luma = 0.299 * (pixel >> 16 & 0xff) + 0.587 * (pixel >> 8 & 0xff) + 0.114 * (pixel & 0xff);

  return luma >= BRIGHT_FROM;
}

static void
add_cell (const Values *self, Numbers *numbers, OmniPicture *picture, guint x, guint y, double left,
          double top, double side, gboolean black)
{
  const guint n = MIN (omni_picture_get_channels (picture) - omni_picture_get_has_alpha (picture), 3);
  const double line = FONT_PX * 1.2;

  for (guint c = 0; c < n; c++)
  {
    g_autofree char *words = omni_picture_describe_sample (picture, x, y, c);
    numbers_add (numbers, words, black, (left + side / 2) / self->device,
                 (top + side / 2) / self->device + (c + 0.5 - n / 2.0) * line + FONT_PX * 0.35);
  }
}

static void
add_layer (const Values *self, Numbers *numbers, const OmniViewLayer *layer)
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
      add_cell (self, numbers, picture, (guint)x, (guint)y, left, top, layer->scale,
                wants_black (self, middle_x, middle_y));
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
  const guint32 *pixels = omni_texture_get_pixels (self->texture);
  gboolean has_numbers = FALSE;
  Numbers numbers = { 0 };

  for (guint i = 0; i < self->frame->n_items; i++)
  {
    const OmniViewItem *item = &self->frame->items[i];
    const Values values = { self->frame, item, pixels, device };
    if (item->kind != OMNI_VIEW_PICTURE || !has_room (&values, &item->layers[0]))
      continue;
    if (!has_numbers)
      numbers_init (&numbers, GTK_WIDGET (self));
    has_numbers = TRUE;
    add_layer (&values, &numbers, &item->layers[0]);
  }
  if (has_numbers)
    numbers_append (&numbers, snapshot);
}
