/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/sheet.h"

#include <glib/gi18n.h>
#include <pango/pangocairo.h>

#define MARGIN_PX  16
#define GAP_PX     10
#define WORDS_PX   18
#define ROW_PX     110 /* words at the left */
#define FOOTER_PX  36
#define BAR_PX     160
#define FONT       "sans 10"
#define SMALL_FONT "sans 8"

typedef struct
{
  OmniViewFrame *frame;
  char *words;
} Cell;

struct _OmniSheet
{
  guint n_columns;
  GArray *cells;        /* Cell */
  GPtrArray *row_words; /* char * */
  char *footer;
  OmniColourMap map;
  char *from, *to;
};

static void
cell_clear (gpointer data)
{
  Cell *cell = data;

  g_clear_pointer (&cell->frame, omni_view_frame_unref);
  g_free (cell->words);
}

OmniSheet *
omni_sheet_new (guint n_columns)
{
  OmniSheet *self = g_new0 (OmniSheet, 1);

  self->n_columns = n_columns;
  self->cells = g_array_new (FALSE, TRUE, sizeof (Cell));
  g_array_set_clear_func (self->cells, cell_clear);
  self->row_words = g_ptr_array_new_with_free_func (g_free);
  return self;
}

void
omni_sheet_free (OmniSheet *self)
{
  g_array_unref (self->cells);
  g_ptr_array_unref (self->row_words);
  g_free (self->footer);
  g_free (self->from);
  g_free (self->to);
  g_free (self);
}

void
omni_sheet_add (OmniSheet *self, OmniViewFrame *frame, const char *words)
{
  const Cell cell = { frame, g_strdup (words) };

  g_array_append_val (self->cells, cell);
}

void
omni_sheet_set_row_words (OmniSheet *self, guint row, const char *words)
{
  while (self->row_words->len <= row)
    g_ptr_array_add (self->row_words, NULL);
  g_free (self->row_words->pdata[row]);
  self->row_words->pdata[row] = g_strdup (words);
}

void
omni_sheet_set_footer (OmniSheet *self, const char *words)
{
  g_free (self->footer);
  self->footer = g_strdup (words);
}

void
omni_sheet_set_bar (OmniSheet *self, OmniColourMap map, const char *from, const char *to)
{
  self->map = map;
  self->from = g_strdup (from);
  self->to = g_strdup (to);
}

guint
omni_sheet_get_n_cells (OmniSheet *self)
{
  return self->cells->len;
}

/* Drawing */

static const Cell *
get_cell (const OmniSheet *self, guint index)
{
  return &g_array_index (self->cells, Cell, index);
}

/* Words in one line, cut with an ellipsis. */
static void
draw_words (cairo_t *cr, const char *words, const char *font, double x, double y, int width)
{
  g_autoptr (PangoLayout) layout = pango_cairo_create_layout (cr);
  g_autoptr (PangoFontDescription) description = pango_font_description_from_string (font);

  if (words == NULL)
    return;
  pango_layout_set_font_description (layout, description);
  pango_layout_set_width (layout, MAX (width, 1) * PANGO_SCALE);
  pango_layout_set_ellipsize (layout, PANGO_ELLIPSIZE_MIDDLE);
  pango_layout_set_text (layout, words, -1);
  cairo_set_source_rgb (cr, 0.1, 0.1, 0.1);
  cairo_move_to (cr, x, y);
  pango_cairo_show_layout (cr, layout);
}

static gboolean
draw_cell (cairo_t *cr, const Cell *cell, int x, int y, int width)
{
  draw_words (cr, cell->words, FONT, x, y, width);
  if (cell->frame == NULL)
    return TRUE;
  guint32 *pixels = g_try_malloc_n ((gsize)cell->frame->width * (gsize)cell->frame->height, sizeof *pixels);
  if (pixels == NULL)
    return FALSE;
  omni_view_frame_render (cell->frame, pixels);
  cairo_surface_t *surface = cairo_image_surface_create_for_data (
    (guchar *)pixels, CAIRO_FORMAT_ARGB32, cell->frame->width, cell->frame->height, cell->frame->width * 4);
  cairo_set_source_surface (cr, surface, x, y + WORDS_PX);
  cairo_paint (cr);
  cairo_surface_destroy (surface);
  g_free (pixels);
  return TRUE;
}

static void
draw_bar (const OmniSheet *self, cairo_t *cr, int x, int y)
{
  const guint32 *colours = omni_colour_map_get (self->map);

  for (int i = 0; i < BAR_PX; i++)
  {
    const guint32 colour = colours[i * (OMNI_COLOUR_MAP_LEVELS - 1) / (BAR_PX - 1)];
    cairo_set_source_rgb (cr, (colour >> 16 & 0xff) / 255.0, (colour >> 8 & 0xff) / 255.0,
                          (colour & 0xff) / 255.0);
    cairo_rectangle (cr, x + i, y, 1, 10);
    cairo_fill (cr);
  }
  draw_words (cr, self->from, SMALL_FONT, x, y + 12, BAR_PX / 2);
  draw_words (cr, self->to, SMALL_FONT, x + BAR_PX + 6, y - 3, 80);
}

/* The picture of a surface, which is opaque. */
static OmniPicture *
take_picture (cairo_surface_t *surface, GError **error)
{
  const guint width = (guint)cairo_image_surface_get_width (surface);
  const guint height = (guint)cairo_image_surface_get_height (surface);
  gsize size_bytes;
  guint8 *to = omni_picture_try_alloc_pixels (width, height, 3, OMNI_SAMPLE_U8, &size_bytes, error);

  if (to == NULL)
    return NULL;
  cairo_surface_flush (surface);
  for (guint y = 0; y < height; y++)
  {
    const guint32 *row =
      (const guint32 *)(gconstpointer)(cairo_image_surface_get_data (surface)
                                       + y * (guint)cairo_image_surface_get_stride (surface));
    for (guint x = 0; x < width; x++)
      for (guint c = 0; c < 3; c++)
        to[((gsize)y * width + x) * 3 + c] = (guint8)(row[x] >> (16 - 8 * c));
  }
  return omni_picture_new (width, height, 3, FALSE, OMNI_SAMPLE_U8, g_bytes_new_take (to, size_bytes), NULL,
                           NULL, error);
}

static cairo_t *
begin (int width, int height)
{
  cairo_surface_t *surface = cairo_image_surface_create (CAIRO_FORMAT_RGB24, width, height);
  cairo_t *cr = cairo_create (surface);

  cairo_surface_destroy (surface); /* cr keeps it */
  cairo_set_source_rgb (cr, 1, 1, 1);
  cairo_paint (cr);
  return cr;
}

static OmniPicture *
end (cairo_t *cr, gboolean drawn, GError **error)
{
  g_autoptr (OmniPicture) picture = NULL;

  if (!drawn || cairo_status (cr) != CAIRO_STATUS_SUCCESS)
    g_set_error_literal (
      error, G_IO_ERROR, G_IO_ERROR_NO_SPACE,
      _ ("There is not enough memory for this page; mark a smaller region or show fewer pictures."));
  else
    picture = take_picture (cairo_get_target (cr), error);
  cairo_destroy (cr);
  return g_steal_pointer (&picture);
}

OmniPicture *
omni_sheet_draw_cell (OmniSheet *self, guint index, GError **error)
{
  const Cell *cell = get_cell (self, index);
  const int foot_px = self->footer != NULL ? WORDS_PX : 0;
  cairo_t *cr = begin (cell->frame->width, cell->frame->height + WORDS_PX + foot_px);
  const gboolean drawn = draw_cell (cr, cell, 0, 0, cell->frame->width);

  draw_words (cr, self->footer, SMALL_FONT, 0, cell->frame->height + WORDS_PX, cell->frame->width);
  return end (cr, drawn, error);
}

/* Widths of columns and heights of rows: those of their largest pictures. */
static void
measure (const OmniSheet *self, int *widths, int *heights, int *width, int *height)
{
  const guint n_rows = (self->cells->len + self->n_columns - 1) / self->n_columns;

  for (guint i = 0; i < self->cells->len; i++)
  {
    const Cell *cell = get_cell (self, i);
    if (cell->frame == NULL)
      continue;
    widths[i % self->n_columns] = MAX (widths[i % self->n_columns], cell->frame->width);
    heights[i / self->n_columns] = MAX (heights[i / self->n_columns], cell->frame->height);
  }
  *width = 2 * MARGIN_PX + (self->row_words->len > 0 ? ROW_PX : 0) + ((int)self->n_columns - 1) * GAP_PX;
  *height = 2 * MARGIN_PX + ((int)n_rows - 1) * GAP_PX + (int)n_rows * WORDS_PX + FOOTER_PX;
  for (guint i = 0; i < self->n_columns; i++)
    *width += widths[i];
  for (guint i = 0; i < n_rows; i++)
    *height += heights[i];
}

OmniPicture *
omni_sheet_draw (OmniSheet *self, GError **error)
{
  g_autofree int *widths = g_new0 (int, self->n_columns);
  g_autofree int *heights = g_new0 (int, self->cells->len + 1);
  int width, height, y = MARGIN_PX;
  gboolean drawn = TRUE;

  measure (self, widths, heights, &width, &height);
  cairo_t *cr = begin (width, height);
  for (guint first = 0; first < self->cells->len; first += self->n_columns)
  {
    const guint row = first / self->n_columns;
    int x = MARGIN_PX;
    if (self->row_words->len > 0)
    {
      draw_words (cr, row < self->row_words->len ? self->row_words->pdata[row] : NULL, SMALL_FONT, x,
                  y + WORDS_PX, ROW_PX - GAP_PX);
      x += ROW_PX;
    }
    for (guint i = 0; i < self->n_columns && first + i < self->cells->len; i++)
    {
      drawn = draw_cell (cr, get_cell (self, first + i), x, y, widths[i]) && drawn;
      x += widths[i] + GAP_PX;
    }
    y += WORDS_PX + heights[row] + GAP_PX;
  }
  const int bar = self->from != NULL ? BAR_PX + 90 : 0;
  if (bar > 0)
    draw_bar (self, cr, MARGIN_PX, y + 4);
  draw_words (cr, self->footer, SMALL_FONT, MARGIN_PX + bar, y, width - 2 * MARGIN_PX - bar);
  return end (cr, drawn, error);
}
