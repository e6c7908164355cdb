/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A region of the scene: marked by a drag, kept in fractions, so that it stays on the same things whatever is shown. */
#include "ui/viewer/viewer-private.h"

#include <math.h>

/* A shorter drag is a click, which takes the region away. */
#define LEAST_DRAG_PX 4.0

static float
clamp_place (double place)
{
  return (float)CLAMP (place, 0, 1);
}

/* Whole pixels of the reference, so that what is drawn is what is meant. */
static graphene_point_t
find_corner (OmniViewer *self, double x, double y)
{
  graphene_point_t corner = GRAPHENE_POINT_INIT (0, 0);
  double place_x, place_y, width, height;

  if (omni_viewer_to_picture (self, x, y, &place_x, &place_y)
      && omni_viewer_get_reference (self, &width, &height))
    corner = GRAPHENE_POINT_INIT (clamp_place (round (place_x * width) / width),
                                  clamp_place (round (place_y * height) / height));
  return corner;
}

static gboolean
is_empty (OmniViewer *self)
{
  return self->corners[0].x == self->corners[1].x || self->corners[0].y == self->corners[1].y;
}

void
omni_viewer_begin_region (OmniViewer *self, double x, double y)
{
  if (omni_viewer_is_empty (self))
    return;
  self->selecting = TRUE;
  self->corners[0] = self->corners[1] = find_corner (self, x, y);
}

void
omni_viewer_drag_region (OmniViewer *self, double x, double y)
{
  const gboolean moved = fabs (x - self->press_x) >= LEAST_DRAG_PX
                         || fabs (y - self->press_y) >= LEAST_DRAG_PX;

  if (!moved && !self->has_region)
    return;
  self->corners[1] = find_corner (self, x, y);
  self->has_region = !is_empty (self);
  gtk_widget_queue_draw (GTK_WIDGET (self));
}

void
omni_viewer_end_region (OmniViewer *self)
{
  self->selecting = FALSE;
  self->has_region = !is_empty (self);
  omni_viewer_emit_region_changed (self);
}

gboolean
omni_viewer_get_region (OmniViewer *self, guint width, guint height, GdkRectangle *region)
{
  const graphene_point_t *a = &self->corners[0], *b = &self->corners[1];

  if (!self->has_region)
    return FALSE;
  region->x = (int)roundf (MIN (a->x, b->x) * (float)width);
  region->y = (int)roundf (MIN (a->y, b->y) * (float)height);
  region->width = MAX ((int)roundf (MAX (a->x, b->x) * (float)width) - region->x, 1);
  region->height = MAX ((int)roundf (MAX (a->y, b->y) * (float)height) - region->y, 1);
  return TRUE;
}

gboolean
omni_viewer_get_region_part (OmniViewer *self, graphene_rect_t *part)
{
  const graphene_point_t *a = &self->corners[0], *b = &self->corners[1];

  if (self->has_region)
    graphene_rect_init (part, MIN (a->x, b->x), MIN (a->y, b->y), ABS (a->x - b->x), ABS (a->y - b->y));
  return self->has_region;
}

void
omni_viewer_set_region_part (OmniViewer *self, const graphene_rect_t *part)
{
  self->corners[0] = part->origin;
  self->corners[1] = GRAPHENE_POINT_INIT (part->origin.x + part->size.width,
                                          part->origin.y + part->size.height);
  self->has_region = !is_empty (self);
  omni_viewer_emit_region_changed (self);
}

void
omni_viewer_clear_region (OmniViewer *self)
{
  if (!self->has_region)
    return;
  self->has_region = FALSE;
  self->selecting = FALSE;
  omni_viewer_emit_region_changed (self);
}

/* With the keyboard: zoom and pan to what is meant, then mark it. */
void
omni_viewer_select_visible (OmniViewer *self)
{
  const OmniViewerRect rect = omni_viewer_get_pane_rect (self, 0);

  if (omni_viewer_is_empty (self))
    return;
  self->corners[0] = find_corner (self, rect.x, rect.y);
  self->corners[1] = find_corner (self, rect.x + rect.width - 0.5, rect.y + rect.height);
  self->has_region = !is_empty (self);
  omni_viewer_emit_region_changed (self);
}

void
omni_viewer_set_region_tool (OmniViewer *self, gboolean on)
{
  self->region_tool = on;
  omni_viewer_update_cursor (self);
}

/* Seen on bright and on dark pictures. */
void
omni_viewer_snapshot_region (OmniViewer *self, GtkSnapshot *snapshot, guint pane)
{
  const double device = gtk_widget_get_scale_factor (GTK_WIDGET (self));
  const OmniViewerRect rect = omni_viewer_get_pane_rect (self, pane);
  const GdkRGBA bright = { 1, 1, 1, 0.95f }, dark = { 0, 0, 0, 0.6f };
  double left, top, right, bottom;

  if (!self->has_region
      || !omni_viewer_to_device (self, pane, MIN (self->corners[0].x, self->corners[1].x),
                                 MIN (self->corners[0].y, self->corners[1].y), &left, &top)
      || !omni_viewer_to_device (self, pane, MAX (self->corners[0].x, self->corners[1].x),
                                 MAX (self->corners[0].y, self->corners[1].y), &right, &bottom))
    return;
  const graphene_rect_t clip = GRAPHENE_RECT_INIT ((float)(rect.x / device), (float)(rect.y / device),
                                                   (float)(rect.width / device),
                                                   (float)(rect.height / device));
  graphene_rect_t bounds = GRAPHENE_RECT_INIT ((float)(round (left) / device), (float)(round (top) / device),
                                               (float)(round (right - left) / device),
                                               (float)(round (bottom - top) / device));
  GskRoundedRect outline;

  gtk_snapshot_push_clip (snapshot, &clip);
  gsk_rounded_rect_init_from_rect (&outline, &bounds, 0);
  gtk_snapshot_append_border (snapshot, &outline, (const float[4]){ 1, 1, 1, 1 },
                              (const GdkRGBA[4]){ bright, bright, bright, bright });
  graphene_rect_inset (&bounds, -1, -1);
  gsk_rounded_rect_init_from_rect (&outline, &bounds, 0);
  gtk_snapshot_append_border (snapshot, &outline, (const float[4]){ 1, 1, 1, 1 },
                              (const GdkRGBA[4]){ dark, dark, dark, dark });
  gtk_snapshot_pop (snapshot);
}
