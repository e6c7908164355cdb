/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Two pictures in one place: a line to wipe with, blinking, and their difference. */
#include "ui/viewer-private.h"

#include "ui/heat-map.h"

#include <math.h>
#include <string.h>

#define GRAB_PX    10.0 /* on either side of the line, logical */
#define LINE_PX    2.0f
#define HANDLE_PX  28.0f
#define BLINK_MS   700
#define STEP       0.05
#define LABEL_PX   8.0f
#define LABEL_PADS 6.0f

/* The mode */

static gboolean
blink_cb (gpointer data)
{
  OmniViewer *self = data;

  self->blink_pane = 1 - self->blink_pane;
  gtk_widget_queue_draw (GTK_WIDGET (self));
  return G_SOURCE_CONTINUE;
}

void
omni_viewer_start_mode (OmniViewer *self)
{
  g_clear_handle_id (&self->blink_id, g_source_remove);
  g_clear_object (&self->difference);
  self->blink_pane = 0;
  self->wiping = FALSE;
  if (self->mode == OMNI_VIEWER_BLINK)
    self->blink_id = g_timeout_add (BLINK_MS, blink_cb, self);
}

void
omni_viewer_stop_mode (OmniViewer *self)
{
  g_clear_handle_id (&self->blink_id, g_source_remove);
  g_clear_object (&self->difference);
}

/* The line */

static double
get_line (OmniViewer *self)
{
  return round (self->wipe * omni_viewer_get_pane_rect (self, 0).width);
}

gboolean
omni_viewer_is_on_line (OmniViewer *self, double x)
{
  const double grab = GRAB_PX * gtk_widget_get_scale_factor (GTK_WIDGET (self));

  return self->mode == OMNI_VIEWER_WIPE && fabs (x - get_line (self)) <= grab;
}

void
omni_viewer_set_wipe (OmniViewer *self, double wipe)
{
  self->wipe = CLAMP (wipe, 0, 1);
  gtk_widget_queue_draw (GTK_WIDGET (self));
}

void
omni_viewer_drag_line (OmniViewer *self, double x)
{
  const int width = omni_viewer_get_pane_rect (self, 0).width;

  if (width > 0)
    omni_viewer_set_wipe (self, x / width);
}

gboolean
omni_viewer_step_line (OmniViewer *self, int direction)
{
  if (self->mode != OMNI_VIEWER_WIPE)
    return FALSE;
  omni_viewer_set_wipe (self, self->wipe + direction * STEP);
  return TRUE;
}

/* Drawing */

/* Which picture this is: in these modes their places do not tell. */
static void
snapshot_label (OmniViewer *self, GtkSnapshot *snapshot, guint pane, gboolean at_right)
{
  OmniSubject *subject = self->panes[pane].subject;
  const GdkRGBA ground = { 0, 0, 0, 0.55f }, white = { 1, 1, 1, 1 };
  int width, height;

  if (subject == NULL)
    return;
  g_autoptr (PangoLayout)
    layout = gtk_widget_create_pango_layout (GTK_WIDGET (self), omni_subject_get_label (subject));
  pango_layout_get_pixel_size (layout, &width, &height);
  const float wide = (float)width + 2 * LABEL_PADS;
  const float left = at_right ? (float)gtk_widget_get_width (GTK_WIDGET (self)) - wide - LABEL_PX : LABEL_PX;
  gtk_snapshot_append_color (snapshot, &ground,
                             &GRAPHENE_RECT_INIT (left, LABEL_PX, wide, (float)height + LABEL_PADS));
  gtk_snapshot_save (snapshot);
  gtk_snapshot_translate (snapshot, &GRAPHENE_POINT_INIT (left + LABEL_PADS, LABEL_PX + LABEL_PADS / 2));
  gtk_snapshot_append_layout (snapshot, layout, &white);
  gtk_snapshot_restore (snapshot);
}

static void
snapshot_clipped (OmniViewer *self, GtkSnapshot *snapshot, guint pane, float left, float right)
{
  gtk_snapshot_push_clip (snapshot, &GRAPHENE_RECT_INIT (left, 0, MAX (right - left, 0),
                                                         (float)gtk_widget_get_height (GTK_WIDGET (self))));
  omni_viewer_snapshot_pane (self, snapshot, pane);
  snapshot_label (self, snapshot, pane, pane == 1);
  gtk_snapshot_pop (snapshot);
}

static void
snapshot_wipe (OmniViewer *self, GtkSnapshot *snapshot)
{
  const float line = (float)(get_line (self) / gtk_widget_get_scale_factor (GTK_WIDGET (self)));
  const float width = (float)gtk_widget_get_width (GTK_WIDGET (self));
  const float height = (float)gtk_widget_get_height (GTK_WIDGET (self));
  const GdkRGBA bright = { 1, 1, 1, 0.95f }, dark = { 0, 0, 0, 0.5f };
  const graphene_rect_t handle = GRAPHENE_RECT_INIT (line - HANDLE_PX / 6, (height - HANDLE_PX) / 2,
                                                     HANDLE_PX / 3, HANDLE_PX);
  GskRoundedRect round;

  snapshot_clipped (self, snapshot, 0, 0, line);
  snapshot_clipped (self, snapshot, 1, line, width);
  gtk_snapshot_append_color (snapshot, &dark, &GRAPHENE_RECT_INIT (line - LINE_PX, 0, 2 * LINE_PX, height));
  gtk_snapshot_append_color (snapshot, &bright, &GRAPHENE_RECT_INIT (line - LINE_PX / 2, 0, LINE_PX, height));
  gsk_rounded_rect_init_from_rect (&round, &handle, HANDLE_PX / 6);
  gtk_snapshot_push_rounded_clip (snapshot, &round);
  gtk_snapshot_append_color (snapshot, &bright, &handle);
  gtk_snapshot_pop (snapshot);
}

/* Both pictures where both are, in the pixels of the screen. */
static GdkTexture *
render_difference (OmniViewer *self, const OmniViewerPlace places[2])
{
  const gsize n = (gsize)places[0].visible.width * (gsize)places[0].visible.height;
  g_autofree guint32 *first = g_try_new (guint32, n);
  g_autofree guint32 *second = g_try_new (guint32, n);

  if (first == NULL || second == NULL)
    return NULL;
  for (guint i = 0; i < 2; i++)
    omni_mipmap_render (self->panes[i].mipmap, i == 0 ? first : second, (guint)places[i].visible.width,
                        (guint)places[i].visible.height, places[i].x, places[i].y, places[i].scale);
  omni_heat_map_difference (first, second, first, n, self->gain);
  g_autoptr (GBytes) bytes = g_bytes_new_take (g_steal_pointer (&first), n * sizeof (guint32));
  return gdk_memory_texture_new (places[0].visible.width, places[0].visible.height, GDK_MEMORY_DEFAULT, bytes,
                                 (gsize)places[0].visible.width * sizeof (guint32));
}

static void
snapshot_difference (OmniViewer *self, GtkSnapshot *snapshot)
{
  OmniViewerPlace places[2];

  if (!omni_viewer_locate_both (self, places))
    return;
  if (self->difference == NULL || memcmp (places, self->difference_places, sizeof places) != 0)
  {
    g_clear_object (&self->difference);
    self->difference = render_difference (self, places);
    memcpy (self->difference_places, places, sizeof places);
  }
  if (self->difference != NULL)
    omni_viewer_append_texture (self, snapshot, self->difference, &places[0].visible);
}

void
omni_viewer_set_gain (OmniViewer *self, double gain)
{
  self->gain = gain;
  g_clear_object (&self->difference);
  gtk_widget_queue_draw (GTK_WIDGET (self));
}

void
omni_viewer_snapshot_mode (OmniViewer *self, GtkSnapshot *snapshot)
{
  switch (self->mode)
  {
  case OMNI_VIEWER_WIPE:
    snapshot_wipe (self, snapshot);
    break;
  case OMNI_VIEWER_BLINK:
    omni_viewer_snapshot_pane (self, snapshot, self->blink_pane);
    snapshot_label (self, snapshot, self->blink_pane, FALSE);
    break;
  case OMNI_VIEWER_DIFFERENCE:
    snapshot_difference (self, snapshot);
    break;
  case OMNI_VIEWER_SIDE_BY_SIDE:
    omni_viewer_snapshot_pane (self, snapshot, 1);
    omni_viewer_snapshot_pane (self, snapshot, 0);
    omni_viewer_snapshot_region (self, snapshot, 1);
    break;
  case OMNI_VIEWER_SINGLE:
  default:
    omni_viewer_snapshot_pane (self, snapshot, 0);
    break;
  }
  omni_viewer_snapshot_region (self, snapshot, 0);
}
