/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is on the screen: asks for a frame whenever something moved, and shows the newest that there is. */
#include "ui/viewer/viewer-private.h"

#include "ui/texture.h"

#include <math.h>

#define LOUPE_PX     200 /* logical */
#define LOUPE_FACTOR 4.0
#define NORMAL_UNIT  1024

/* Squares stay squares of whole pixels when a picture is moved. */
static void
add_layer (OmniViewer *self, OmniViewItem *item, guint layer, guint pane, OmniMipmap *mipmap, double factor,
           const double *about)
{
  double width, height, x, y;

  if (item == NULL || mipmap == NULL || !omni_viewer_get_reference (self, &width, &height)
      || !omni_viewer_to_device (self, pane, 0, 0, &x, &y))
    return;
  if (about != NULL)
  {
    x = about[0] + (x - about[0]) * factor;
    y = about[1] + (y - about[1]) * factor;
  }
  omni_view_item_set_layer (item, layer, mipmap, round (x), round (y),
                            omni_viewer_get_pane_zoom (self, pane) * factor * width
                              / omni_mipmap_get_width (mipmap));
}

static OmniMipmap *
get_first (OmniViewer *self, guint pane)
{
  return self->mode == OMNI_VIEWER_MAP ? self->map : self->panes[pane].mipmap;
}

/* Whether a pane shows a heat map of its own. */
static gboolean
has_amounts (OmniViewer *self, guint pane)
{
  return self->mode == OMNI_VIEWER_MAP || self->panes[pane].amounts;
}

static OmniViewKind
get_kind (OmniViewer *self)
{
  return self->mode == OMNI_VIEWER_WIPE         ? OMNI_VIEW_WIPE
         : self->mode == OMNI_VIEWER_DIFFERENCE ? OMNI_VIEW_DIFFERENCE
                                                : OMNI_VIEW_PICTURE;
}

/* One pane, or all of it where the panes are in one place; `about` (nullable) enlarges it about a point. */
static void
add_item (OmniViewer *self, OmniViewFrame *frame, OmniViewKind kind, guint pane, const OmniViewerRect *rect,
          double factor, const double *about)
{
  OmniViewItem *item = omni_view_frame_add (frame, kind, rect->x, rect->y, rect->width, rect->height);
  double x, y, normal_x, normal_y;

  if (item == NULL)
    return;
  item->amounts = kind == OMNI_VIEW_PICTURE && has_amounts (self, pane);
  item->map = kind == OMNI_VIEW_DIFFERENCE || item->amounts ? OMNI_COLOUR_MAP_INFERNO : self->colours;
  item->gain = self->gain;
  omni_viewer_get_line (self, &x, &y, &normal_x, &normal_y);
  item->line_x = (int)round (x);
  item->line_y = (int)round (y);
  item->normal_x = (int)round (normal_x * NORMAL_UNIT);
  item->normal_y = (int)round (normal_y * NORMAL_UNIT);
  add_layer (self, item, 0, pane, get_first (self, pane), factor, about);
  if (kind != OMNI_VIEW_PICTURE)
    add_layer (self, item, 1, 1, self->panes[1].mipmap, factor, about);
}

/* An upright or lying line parts the rectangle, and each part costs one picture instead of two. */
static void
add_parts (OmniViewer *self, OmniViewFrame *frame, const OmniViewerRect *rect, double factor,
           const double *about)
{
  const int turns = (int)(self->wipe_angle / 90) % 4;
  OmniViewerRect parts[2] = { *rect, *rect }; /* before the line, and from it on */
  double x, y, normal_x, normal_y;

  omni_viewer_get_line (self, &x, &y, &normal_x, &normal_y);
  if (turns % 2 == 0)
  {
    parts[1].x = CLAMP ((int)x + (turns == 2), rect->x, rect->x + rect->width);
    parts[0].width = parts[1].x - rect->x;
    parts[1].width = rect->width - parts[0].width;
  }
  else
  {
    parts[1].y = CLAMP ((int)y + (turns == 3), rect->y, rect->y + rect->height);
    parts[0].height = parts[1].y - rect->y;
    parts[1].height = rect->height - parts[0].height;
  }
  /* The second picture is where the normal points to, the line itself is its. */
  for (guint pane = 0; pane < 2; pane++)
    add_item (self, frame, OMNI_VIEW_PICTURE, pane, &parts[turns < 2 ? pane : 1 - pane], factor, about);
}

static void
add_place (OmniViewer *self, OmniViewFrame *frame, guint pane, const OmniViewerRect *rect, double factor,
           const double *about)
{
  if (get_kind (self) == OMNI_VIEW_WIPE && fmod (self->wipe_angle, 90) == 0)
    add_parts (self, frame, rect, factor, about);
  else
    add_item (self, frame, get_kind (self), pane, rect, factor, about);
}

static guint
get_n_items (OmniViewer *self)
{
  return self->mode == OMNI_VIEWER_SIDE_BY_SIDE ? self->n_panes : 1;
}

static guint
get_item_pane (OmniViewer *self, guint item)
{
  return self->mode == OMNI_VIEWER_BLINK ? self->blink_pane : item;
}

/* The same place of the scene in every pane. */
static gboolean
locate_loupe (OmniViewer *self, guint pane, OmniViewerRect *rect, double centre[2])
{
  const int size = LOUPE_PX * gtk_widget_get_scale_factor (GTK_WIDGET (self));
  const OmniViewerRect area = omni_viewer_get_pane_rect (self, pane);
  double place_x, place_y;

  if (!self->loupe || !self->inside
      || !omni_viewer_to_picture (self, self->pointer_x, self->pointer_y, &place_x, &place_y)
      || !omni_viewer_to_device (self, pane, place_x, place_y, &centre[0], &centre[1]))
    return FALSE;
  const int width = MIN (size, area.width * 2 / 3), height = MIN (size, area.height * 2 / 3);
  rect->x = CLAMP ((int)round (centre[0]) - width / 2, area.x, area.x + area.width - width);
  rect->y = CLAMP ((int)round (centre[1]) - height / 2, area.y, area.y + area.height - height);
  rect->width = width;
  rect->height = height;
  return width > 0 && height > 0;
}

static OmniViewFrame *
build_frame (OmniViewer *self)
{
  const int scale = gtk_widget_get_scale_factor (GTK_WIDGET (self));
  OmniViewFrame *frame = omni_view_frame_new (gtk_widget_get_width (GTK_WIDGET (self)) * scale,
                                              gtk_widget_get_height (GTK_WIDGET (self)) * scale);

  frame->low = self->low;
  frame->high = self->high;
  for (guint i = 0; i < get_n_items (self); i++)
  {
    const guint pane = get_item_pane (self, i);
    const OmniViewerRect rect = omni_viewer_get_pane_rect (self, pane);
    add_place (self, frame, pane, &rect, 1, NULL);
  }
  for (guint i = 0; i < get_n_items (self); i++)
  {
    const guint pane = get_item_pane (self, i);
    OmniViewerRect rect;
    double centre[2];
    if (locate_loupe (self, pane, &rect, centre))
      add_place (self, frame, pane, &rect, LOUPE_FACTOR, centre);
  }
  return frame;
}

/* Pictures to take away */

/* The part in the middle of a cell; a pane that was moved alone shows what it shows on the screen. */
static void
place_still (OmniViewer *self, OmniViewItem *item, guint layer, guint pane, const graphene_rect_t *part,
             double scale)
{
  OmniMipmap *mipmap = get_first (self, pane);
  const OmniViewerPane *own = &self->panes[pane];
  double width, height;

  if (mipmap == NULL || !omni_viewer_get_reference (self, &width, &height))
    return;
  const double zoom = scale * own->factor;
  const double centre_x = part->origin.x + part->size.width / 2 + own->offset_x;
  const double centre_y = part->origin.y + part->size.height / 2 + own->offset_y;
  omni_view_item_set_layer (item, layer, mipmap,
                            round (item->x + item->width / 2.0 - centre_x * width * zoom),
                            round (item->y + item->height / 2.0 - centre_y * height * zoom),
                            zoom * width / omni_mipmap_get_width (mipmap));
}

static void
place_line (OmniViewer *self, OmniViewItem *item, const graphene_rect_t *part, double scale)
{
  double width, height, x, y, normal_x, normal_y;

  omni_viewer_get_line (self, &x, &y, &normal_x, &normal_y);
  if (!omni_viewer_get_reference (self, &width, &height))
    return;
  const OmniViewerRect rect = omni_viewer_get_pane_rect (self, 0);
  const double zoom = omni_viewer_get_zoom (self);
  const double place_x = self->centre_x + (x - rect.width / 2.0) / (width * zoom);
  const double place_y = self->centre_y + (y - rect.height / 2.0) / (height * zoom);
  item->line_x = item->x + (int)round ((place_x - part->origin.x) * width * scale);
  item->line_y = item->y + (int)round ((place_y - part->origin.y) * height * scale);
  item->normal_x = (int)round (normal_x * NORMAL_UNIT);
  item->normal_y = (int)round (normal_y * NORMAL_UNIT);
}

/* At least the pixels there are, unless that is too many. */
static double
find_still_scale (OmniViewer *self, double width_px, double height_px, int longest_px)
{
  const double scale = MAX (omni_viewer_get_zoom (self), 1);
  const double most = longest_px / MAX (width_px, height_px);

  /* Whole squares where there are squares. */
  return scale <= most ? (scale > 2 ? floor (scale) : scale) : most >= 1 ? floor (most) : most;
}

OmniViewFrame *
omni_viewer_make_still (OmniViewer *self, const graphene_rect_t *part, int pane, int longest_px)
{
  double width, height;

  if (!omni_viewer_get_reference (self, &width, &height) || part->size.width <= 0 || part->size.height <= 0)
    return NULL;
  const double scale = find_still_scale (self, part->size.width * width, part->size.height * height,
                                         longest_px);
  OmniViewFrame *frame = omni_view_frame_new (MAX ((int)round (part->size.width * width * scale), 1),
                                              MAX ((int)round (part->size.height * height * scale), 1));
  const OmniViewKind kind = pane >= 0 ? OMNI_VIEW_PICTURE : get_kind (self);
  OmniViewItem *item = omni_view_frame_add (frame, kind, 0, 0, frame->width, frame->height);
  const guint first = pane >= 0 ? (guint)pane : get_item_pane (self, 0);
  frame->low = self->low;
  frame->high = self->high;
  item->amounts = kind == OMNI_VIEW_PICTURE && has_amounts (self, first);
  item->map = kind == OMNI_VIEW_DIFFERENCE || item->amounts ? OMNI_COLOUR_MAP_INFERNO : self->colours;
  item->gain = self->gain;
  place_still (self, item, 0, first, part, scale);
  if (kind != OMNI_VIEW_PICTURE)
    place_still (self, item, 1, 1, part, scale);
  place_line (self, item, part, scale);
  return frame;
}

/* On the screen */

static void
rendered_cb (OmniViewFrame *frame, GBytes *pixels, gpointer data)
{
  OmniViewer *self = data;

  g_clear_object (&self->texture);
  g_clear_pointer (&self->frame, omni_view_frame_unref);
  self->frame = omni_view_frame_ref (frame);
  self->texture = omni_texture_new (pixels, frame->width, frame->height);
  gtk_widget_queue_draw (GTK_WIDGET (self));
}

static void
request (OmniViewer *self)
{
  g_autoptr (OmniViewFrame) frame = build_frame (self);

  if (frame->width <= 0 || frame->height <= 0
      || (self->wanted != NULL && omni_view_frame_equal (frame, self->wanted)))
    return;
  g_clear_pointer (&self->wanted, omni_view_frame_unref);
  self->wanted = g_steal_pointer (&frame);
  omni_view_client_request (self->client, self->wanted);
}

gboolean
omni_viewer_is_current (OmniViewer *self)
{
  g_autoptr (OmniViewFrame) frame = build_frame (self);

  return self->frame != NULL && omni_view_frame_equal (frame, self->frame);
}

/* Drawing */

static void
snapshot_loupe (OmniViewer *self, GtkSnapshot *snapshot, guint pane)
{
  const float device = (float)gtk_widget_get_scale_factor (GTK_WIDGET (self));
  const GdkRGBA bright = { 1, 1, 1, 0.9f };
  OmniViewerRect rect;
  GskRoundedRect outline;
  double centre[2];

  if (!locate_loupe (self, pane, &rect, centre))
    return;
  gsk_rounded_rect_init_from_rect (&outline,
                                   &GRAPHENE_RECT_INIT ((float)rect.x / device, (float)rect.y / device,
                                                        (float)rect.width / device,
                                                        (float)rect.height / device),
                                   0);
  gtk_snapshot_append_outset_shadow (snapshot, &outline, &(GdkRGBA){ 0, 0, 0, 0.6f }, 0, 0, 1, 6);
  gtk_snapshot_append_border (snapshot, &outline, (const float[4]){ 2, 2, 2, 2 },
                              (const GdkRGBA[4]){ bright, bright, bright, bright });
}

void
omni_viewer_snapshot_frame (OmniViewer *self, GtkSnapshot *snapshot)
{
  const float device = (float)gtk_widget_get_scale_factor (GTK_WIDGET (self));

  request (self);
  if (self->texture == NULL)
    return;
  omni_texture_append (
    self->texture, GTK_WIDGET (self), snapshot,
    &GRAPHENE_RECT_INIT (0, 0, (float)self->frame->width / device, (float)self->frame->height / device));
  omni_viewer_snapshot_values (self, snapshot);
  for (guint i = 0; i < get_n_items (self); i++)
    snapshot_loupe (self, snapshot, get_item_pane (self, i));
}

/* The object */

void
omni_viewer_init_frame (OmniViewer *self)
{
  self->client = omni_view_client_new (rendered_cb, self);
}

void
omni_viewer_dispose_frame (OmniViewer *self)
{
  g_clear_pointer (&self->client, omni_view_client_free);
  g_clear_pointer (&self->wanted, omni_view_frame_unref);
  g_clear_pointer (&self->frame, omni_view_frame_unref);
  g_clear_object (&self->texture);
}
