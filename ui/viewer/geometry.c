/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where things are: panes in the widget, pictures in panes, and how zoom and pan move them. */
#include "ui/viewer/viewer-private.h"

#include <math.h>

#define ZOOM_MAX     128.0
#define SEPARATOR_PX 2
#define PART_MARGIN  1.1

/* Panes */

/* Columns and rows for so many panes, lying for wide widgets. */
static void
get_grid (OmniViewer *self, int *n_columns, int *n_rows)
{
  const int longer = self->n_panes <= 3 ? (int)self->n_panes : self->n_panes == 4 ? 2 : 3;
  const int shorter = ((int)self->n_panes + longer - 1) / longer;
  const gboolean upright = gtk_widget_get_height (GTK_WIDGET (self))
                           > gtk_widget_get_width (GTK_WIDGET (self)) * 5 / 4;

  *n_columns = upright ? shorter : longer;
  *n_rows = upright ? longer : shorter;
}

/* All panes are equally large, so that the same zoom shows the same part in each. */
OmniViewerRect
omni_viewer_get_pane_rect (OmniViewer *self, guint pane)
{
  const int scale = gtk_widget_get_scale_factor (GTK_WIDGET (self));
  OmniViewerRect rect = { 0, 0, gtk_widget_get_width (GTK_WIDGET (self)) * scale,
                          gtk_widget_get_height (GTK_WIDGET (self)) * scale };

  if (self->mode == OMNI_VIEWER_SIDE_BY_SIDE)
  {
    const int gap = SEPARATOR_PX * scale;
    int n_columns, n_rows;
    get_grid (self, &n_columns, &n_rows);
    rect.width = MAX ((rect.width - (n_columns - 1) * gap) / n_columns, 0);
    rect.height = MAX ((rect.height - (n_rows - 1) * gap) / n_rows, 0);
    rect.x = (int)pane % n_columns * (rect.width + gap);
    rect.y = (int)pane / n_columns * (rect.height + gap);
  }
  return rect;
}

void
omni_viewer_get_pane_area (OmniViewer *self, guint pane, GdkRectangle *area)
{
  const int scale = gtk_widget_get_scale_factor (GTK_WIDGET (self));
  const OmniViewerRect rect = omni_viewer_get_pane_rect (self, pane);

  *area = (GdkRectangle){ rect.x / scale, rect.y / scale, rect.width / scale, rect.height / scale };
}

guint
omni_viewer_find_pane (OmniViewer *self, double x, double y)
{
  double line_x, line_y, normal_x, normal_y;

  switch (self->mode)
  {
  case OMNI_VIEWER_SIDE_BY_SIDE:
    for (guint pane = 0; pane < self->n_panes; pane++)
    {
      const OmniViewerRect rect = omni_viewer_get_pane_rect (self, pane);
      if (x >= rect.x && x < rect.x + rect.width && y >= rect.y && y < rect.y + rect.height)
        return pane;
    }
    return 0;
  case OMNI_VIEWER_WIPE:
    omni_viewer_get_line (self, &line_x, &line_y, &normal_x, &normal_y);
    return (x - line_x) * normal_x + (y - line_y) * normal_y >= 0;
  case OMNI_VIEWER_BLINK:
    return self->blink_pane;
  case OMNI_VIEWER_SINGLE:
  case OMNI_VIEWER_DIFFERENCE:
  case OMNI_VIEWER_MAP:
  default:
    return 0;
  }
}

guint
omni_viewer_get_n_shown (OmniViewer *self)
{
  switch (self->mode)
  {
  case OMNI_VIEWER_SIDE_BY_SIDE:
    return self->n_panes;
  case OMNI_VIEWER_WIPE:
  case OMNI_VIEWER_BLINK:
  case OMNI_VIEWER_DIFFERENCE:
    return 2;
  case OMNI_VIEWER_SINGLE:
  case OMNI_VIEWER_MAP:
  default:
    return 1;
  }
}

/* Pictures */

/* A smaller version stands for the whole. */
static void
get_pane_size (const OmniViewerPane *pane, guint *width, guint *height)
{
  *width = *height = 0;
  if (pane->mipmap != NULL && pane->is_draft)
    omni_subject_get_size (pane->subject, width, height);
  else if (pane->mipmap != NULL)
  {
    *width = omni_mipmap_get_width (pane->mipmap);
    *height = omni_mipmap_get_height (pane->mipmap);
  }
}

gboolean
omni_viewer_get_reference (OmniViewer *self, double *width, double *height)
{
  *width = 0;
  *height = 0;
  for (guint i = 0; i < omni_viewer_get_n_shown (self); i++)
  {
    guint own_width, own_height;
    get_pane_size (&self->panes[i], &own_width, &own_height);
    if (own_width <= *width)
      continue;
    *width = own_width;
    *height = own_height;
  }
  return *width > 0;
}

static double
get_fit_zoom (OmniViewer *self)
{
  const OmniViewerRect rect = omni_viewer_get_pane_rect (self, 0);
  double width, height;

  if (!omni_viewer_get_reference (self, &width, &height) || rect.width <= 0 || rect.height <= 0)
    return 1;
  return MIN (MIN (rect.width / width, rect.height / height), ZOOM_MAX);
}

double
omni_viewer_get_zoom (OmniViewer *self)
{
  return self->fit ? get_fit_zoom (self) : self->zoom;
}

double
omni_viewer_get_pane_zoom (OmniViewer *self, guint pane)
{
  return omni_viewer_get_zoom (self) * self->panes[pane].factor;
}

gboolean
omni_viewer_is_fit (OmniViewer *self)
{
  return self->fit;
}

gboolean
omni_viewer_is_empty (OmniViewer *self)
{
  double width, height;

  return !omni_viewer_get_reference (self, &width, &height);
}

gboolean
omni_viewer_to_picture (OmniViewer *self, double x, double y, double *place_x, double *place_y)
{
  const guint index = omni_viewer_find_pane (self, x, y);
  const OmniViewerPane *pane = &self->panes[index];
  const OmniViewerRect rect = omni_viewer_get_pane_rect (self, index);
  const double zoom = omni_viewer_get_pane_zoom (self, index);
  double width, height;

  if (!omni_viewer_get_reference (self, &width, &height))
    return FALSE;
  *place_x = self->centre_x + pane->offset_x + (x - rect.x - rect.width / 2.0) / (width * zoom);
  *place_y = self->centre_y + pane->offset_y + (y - rect.y - rect.height / 2.0) / (height * zoom);
  return TRUE;
}

gboolean
omni_viewer_to_device (OmniViewer *self, guint index, double place_x, double place_y, double *x, double *y)
{
  const OmniViewerPane *pane = &self->panes[index];
  const OmniViewerRect rect = omni_viewer_get_pane_rect (self, index);
  const double zoom = omni_viewer_get_pane_zoom (self, index);
  double width, height;

  if (!omni_viewer_get_reference (self, &width, &height))
    return FALSE;
  *x = rect.x + rect.width / 2.0 + (place_x - self->centre_x - pane->offset_x) * width * zoom;
  *y = rect.y + rect.height / 2.0 + (place_y - self->centre_y - pane->offset_y) * height * zoom;
  return TRUE;
}

gboolean
omni_viewer_get_visible (OmniViewer *self, graphene_rect_t *visible)
{
  const OmniViewerRect rect = omni_viewer_get_pane_rect (self, 0);
  double width, height;

  if (!omni_viewer_get_reference (self, &width, &height) || rect.width <= 0 || rect.height <= 0)
    return FALSE;
  const double zoom = omni_viewer_get_zoom (self);
  graphene_rect_t whole = GRAPHENE_RECT_INIT (0, 0, 1, 1);
  const graphene_rect_t seen = GRAPHENE_RECT_INIT (
    (float)(self->centre_x - rect.width / (2 * width * zoom)),
    (float)(self->centre_y - rect.height / (2 * height * zoom)), (float)(rect.width / (width * zoom)),
    (float)(rect.height / (height * zoom)));
  return graphene_rect_intersection (&whole, &seen, visible);
}

/* Moving */

/* A picture smaller than its pane stays in the middle; a larger one leaves no bare edge. */
static double
clamp_centre (double centre, double pane_px, double picture_px)
{
  const double half = picture_px > 0 ? pane_px / 2 / picture_px : 0.5;

  return half >= 0.5 ? 0.5 : CLAMP (centre, half, 1 - half);
}

void
omni_viewer_settle (OmniViewer *self)
{
  const OmniViewerRect rect = omni_viewer_get_pane_rect (self, 0);
  double width, height;

  if (omni_viewer_get_reference (self, &width, &height))
  {
    const double zoom = omni_viewer_get_zoom (self);
    self->centre_x = clamp_centre (self->centre_x, rect.width, width * zoom);
    self->centre_y = clamp_centre (self->centre_y, rect.height, height * zoom);
  }
}

void
omni_viewer_view_changed (OmniViewer *self)
{
  omni_viewer_settle (self);
  gtk_widget_queue_draw (GTK_WIDGET (self));
  omni_viewer_emit_view_changed (self);
}

/* The pane that moves alone while they are not linked; where both are in one place, the second over the first. NULL: all. */
static OmniViewerPane *
get_lone_pane (OmniViewer *self, guint pane)
{
  if (self->linked || omni_viewer_get_n_shown (self) == 1)
    return NULL;
  return &self->panes[self->mode == OMNI_VIEWER_SIDE_BY_SIDE ? pane : 1];
}

/* Of what moves when something is done there: all panes, or the one under it. */
double
omni_viewer_get_zoom_at (OmniViewer *self, double x, double y)
{
  const OmniViewerPane *lone = get_lone_pane (self, omni_viewer_find_pane (self, x, y));

  return omni_viewer_get_zoom (self) * (lone != NULL ? lone->factor : 1);
}

/* The middle of the pane that keys are about: the one under the pointer, else the first. */
static void
get_acting_middle (OmniViewer *self, double *x, double *y)
{
  const guint index = self->inside ? omni_viewer_find_pane (self, self->pointer_x, self->pointer_y) : 0;
  const OmniViewerRect rect = omni_viewer_get_pane_rect (self, index);

  *x = rect.x + rect.width / 2.0;
  *y = rect.y + rect.height / 2.0;
}

double
omni_viewer_get_acting_zoom (OmniViewer *self)
{
  double x, y;

  get_acting_middle (self, &x, &y);
  return omni_viewer_get_zoom_at (self, x, y);
}

void
omni_viewer_zoom_about (OmniViewer *self, double zoom, double x, double y)
{
  const guint index = omni_viewer_find_pane (self, x, y);
  const OmniViewerRect rect = omni_viewer_get_pane_rect (self, index);
  OmniViewerPane *pane = &self->panes[index], *lone = get_lone_pane (self, index);
  double width, height;

  if (!omni_viewer_get_reference (self, &width, &height))
    return;

  const double before = omni_viewer_get_zoom (self);
  const double least = MIN (get_fit_zoom (self), 1) / 2;
  const double from_middle_x = (x - rect.x - rect.width / 2.0) / width;
  const double from_middle_y = (y - rect.y - rect.height / 2.0) / height;

  zoom = CLAMP (zoom, least, ZOOM_MAX);
  if (lone != NULL)
  {
    const double factor = zoom / before;
    lone->offset_x += from_middle_x * (1 / (before * lone->factor) - 1 / (before * factor));
    lone->offset_y += from_middle_y * (1 / (before * lone->factor) - 1 / (before * factor));
    lone->factor = factor;
  }
  else
  {
    self->centre_x += from_middle_x / pane->factor * (1 / before - 1 / zoom);
    self->centre_y += from_middle_y / pane->factor * (1 / before - 1 / zoom);
    self->zoom = zoom;
    self->fit = FALSE;
  }
  omni_viewer_view_changed (self);
}

void
omni_viewer_pan_by (OmniViewer *self, double dx, double dy, double x, double y)
{
  const guint index = omni_viewer_find_pane (self, x, y);
  OmniViewerPane *lone = get_lone_pane (self, index);
  double width, height;

  if (!omni_viewer_get_reference (self, &width, &height))
    return;
  if (lone != NULL)
  {
    const double zoom = omni_viewer_get_zoom (self) * lone->factor;
    lone->offset_x -= dx / (width * zoom);
    lone->offset_y -= dy / (height * zoom);
  }
  else
  {
    const double zoom = omni_viewer_get_pane_zoom (self, index);
    self->centre_x -= dx / (width * zoom);
    self->centre_y -= dy / (height * zoom);
  }
  omni_viewer_view_changed (self);
}

void
omni_viewer_fit (OmniViewer *self)
{
  self->fit = TRUE;
  omni_viewer_view_changed (self);
}

void
omni_viewer_set_zoom (OmniViewer *self, double zoom)
{
  double x, y;

  get_acting_middle (self, &x, &y);
  omni_viewer_zoom_about (self, zoom, x, y);
}

void
omni_viewer_zoom_by (OmniViewer *self, double factor)
{
  omni_viewer_set_zoom (self, omni_viewer_get_acting_zoom (self) * factor);
}

void
omni_viewer_show_part (OmniViewer *self, const graphene_rect_t *part)
{
  const OmniViewerRect rect = omni_viewer_get_pane_rect (self, 0);
  double width, height;

  if (!omni_viewer_get_reference (self, &width, &height) || part->size.width <= 0 || part->size.height <= 0)
    return;
  self->zoom = CLAMP (
    MIN (rect.width / (width * part->size.width), rect.height / (height * part->size.height)) / PART_MARGIN,
    MIN (get_fit_zoom (self), 1) / 2, ZOOM_MAX);
  self->fit = FALSE;
  self->centre_x = part->origin.x + part->size.width / 2;
  self->centre_y = part->origin.y + part->size.height / 2;
  omni_viewer_view_changed (self);
}

/* Links */

void
omni_viewer_set_linked (OmniViewer *self, gboolean linked)
{
  self->linked = linked;
}

gboolean
omni_viewer_get_linked (OmniViewer *self)
{
  return self->linked;
}

gboolean
omni_viewer_is_aligned (OmniViewer *self)
{
  for (guint i = 0; i < OMNI_VIEWER_PANES; i++)
    if (self->panes[i].offset_x != 0 || self->panes[i].offset_y != 0 || self->panes[i].factor != 1)
      return FALSE;
  return TRUE;
}

void
omni_viewer_align (OmniViewer *self)
{
  for (guint i = 0; i < OMNI_VIEWER_PANES; i++)
  {
    self->panes[i].offset_x = self->panes[i].offset_y = 0;
    self->panes[i].factor = 1;
  }
  omni_viewer_view_changed (self);
}
