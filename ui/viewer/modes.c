/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Two pictures in one place: a line to wipe with and blinking; and what says which picture is which. */
#include "ui/viewer/viewer-private.h"

#include "ui/direction.h"

#include <glib/gi18n.h>
#include <math.h>
#include <string.h>

#define GRAB_PX    10.0 /* on either side of the line, logical */
#define LINE_PX    2.0f
#define HANDLE_PX  28.0f
#define KNOB_PX    70.0 /* from the middle of the line to what turns it */
#define KNOB_SIZE  12.0f
#define STEP       0.05
#define TURN       15.0
#define SNAP       4.0 /* degrees about upright and lying */
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
  self->blink_pane = 0;
  self->wiping = FALSE;
  self->turning = 0;
  if (self->mode == OMNI_VIEWER_BLINK)
    self->blink_id = g_timeout_add (self->blink_ms, blink_cb, self);
}

void
omni_viewer_stop_mode (OmniViewer *self)
{
  g_clear_handle_id (&self->blink_id, g_source_remove);
}

void
omni_viewer_set_blink_ms (OmniViewer *self, guint ms)
{
  if (self->blink_ms == ms)
    return;
  self->blink_ms = ms;
  if (self->blink_id == 0)
    return;
  g_source_remove (self->blink_id);
  self->blink_id = g_timeout_add (ms, blink_cb, self);
}

guint
omni_viewer_get_blink_ms (OmniViewer *self)
{
  return self->blink_ms;
}

void
omni_viewer_set_gain (OmniViewer *self, double gain)
{
  self->gain = gain;
  gtk_widget_queue_draw (GTK_WIDGET (self));
}

/* The line */

void
omni_viewer_get_line (OmniViewer *self, double *x, double *y, double *normal_x, double *normal_y)
{
  const OmniViewerRect rect = omni_viewer_get_pane_rect (self, 0);
  const double angle = self->wipe_angle * G_PI / 180;

  *x = round (self->wipe_x * rect.width);
  *y = round (self->wipe_y * rect.height);
  *normal_x = cos (angle);
  *normal_y = sin (angle);
}

static double
get_device (OmniViewer *self)
{
  return gtk_widget_get_scale_factor (GTK_WIDGET (self));
}

gboolean
omni_viewer_is_on_line (OmniViewer *self, double x, double y)
{
  double line_x, line_y, normal_x, normal_y;

  omni_viewer_get_line (self, &line_x, &line_y, &normal_x, &normal_y);
  return self->mode == OMNI_VIEWER_WIPE
         && fabs ((x - line_x) * normal_x + (y - line_y) * normal_y) <= GRAB_PX * get_device (self);
}

/* Two knobs on the line turn it: 1 after its place, -1 before. */
int
omni_viewer_find_knob (OmniViewer *self, double x, double y)
{
  double line_x, line_y, normal_x, normal_y;

  omni_viewer_get_line (self, &line_x, &line_y, &normal_x, &normal_y);
  for (int end = -1; end <= 1; end += 2)
  {
    const double knob_x = line_x - normal_y * end * KNOB_PX * get_device (self);
    const double knob_y = line_y + normal_x * end * KNOB_PX * get_device (self);
    if (self->mode == OMNI_VIEWER_WIPE && hypot (x - knob_x, y - knob_y) <= GRAB_PX * get_device (self))
      return end;
  }
  return 0;
}

void
omni_viewer_set_wipe (OmniViewer *self, double x, double y)
{
  self->wipe_x = CLAMP (x, 0, 1);
  self->wipe_y = CLAMP (y, 0, 1);
  gtk_widget_queue_draw (GTK_WIDGET (self));
}

void
omni_viewer_set_wipe_angle (OmniViewer *self, double degrees)
{
  degrees = fmod (fmod (degrees, 360) + 360, 360);
  for (int right = 0; right <= 360; right += 90)
    if (fabs (degrees - right) < SNAP)
      degrees = right % 360;
  self->wipe_angle = degrees;
  gtk_widget_queue_draw (GTK_WIDGET (self));
}

double
omni_viewer_get_wipe_angle (OmniViewer *self)
{
  return self->wipe_angle;
}

/* Only what moves the line counts, not what goes along it. */
void
omni_viewer_drag_line (OmniViewer *self, double dx, double dy)
{
  const OmniViewerRect rect = omni_viewer_get_pane_rect (self, 0);
  double x, y, normal_x, normal_y;

  if (rect.width <= 0 || rect.height <= 0)
    return;
  omni_viewer_get_line (self, &x, &y, &normal_x, &normal_y);
  const double way = dx * normal_x + dy * normal_y;
  omni_viewer_set_wipe (self, self->wipe_x + way * normal_x / rect.width,
                        self->wipe_y + way * normal_y / rect.height);
}

/* So that this end goes through the point. */
void
omni_viewer_turn_line (OmniViewer *self, int end, double x, double y)
{
  double line_x, line_y, normal_x, normal_y;

  omni_viewer_get_line (self, &line_x, &line_y, &normal_x, &normal_y);
  const double along_x = (x - line_x) * end, along_y = (y - line_y) * end;
  if (hypot (along_x, along_y) >= 1)
    omni_viewer_set_wipe_angle (self, atan2 (-along_x, along_y) * 180 / G_PI);
}

gboolean
omni_viewer_step_line (OmniViewer *self, int along, int turn)
{
  const OmniViewerRect rect = omni_viewer_get_pane_rect (self, 0);

  if (self->mode != OMNI_VIEWER_WIPE)
    return FALSE;
  if (turn != 0)
    omni_viewer_set_wipe_angle (self, self->wipe_angle + turn * TURN);
  else
  {
    const double angle = self->wipe_angle * G_PI / 180;
    omni_viewer_drag_line (self, along * STEP * rect.width * cos (angle),
                           along * STEP * rect.height * sin (angle));
  }
  return TRUE;
}

/* Drawing */

static void
snapshot_words (OmniViewer *self, GtkSnapshot *snapshot, const char *words, float x, float y,
                gboolean at_right, gboolean at_bottom)
{
  const GdkRGBA ground = { 0, 0, 0, 0.55f }, white = { 1, 1, 1, 1 };
  g_autoptr (PangoLayout) layout = gtk_widget_create_pango_layout (GTK_WIDGET (self), words);
  int width, height;

  pango_layout_get_pixel_size (layout, &width, &height);
  const float wide = (float)width + 2 * LABEL_PADS, high = (float)height + LABEL_PADS;
  const float left = at_right ? x - wide - LABEL_PX : x + LABEL_PX;
  const float top = at_bottom ? y - high - LABEL_PX : y + LABEL_PX;
  gtk_snapshot_append_color (snapshot, &ground, &GRAPHENE_RECT_INIT (left, top, wide, high));
  gtk_snapshot_save (snapshot);
  gtk_snapshot_translate (snapshot, &GRAPHENE_POINT_INIT (left + LABEL_PADS, top + LABEL_PADS / 2));
  gtk_snapshot_append_layout (snapshot, layout, &white);
  gtk_snapshot_restore (snapshot);
}

/* Which picture this is: in these modes their places do not tell. */
static void
snapshot_label (OmniViewer *self, GtkSnapshot *snapshot, guint pane, gboolean at_right)
{
  OmniSubject *subject = self->panes[pane].subject;

  if (subject != NULL)
    snapshot_words (self, snapshot, omni_subject_get_label (subject),
                    at_right ? (float)gtk_widget_get_width (GTK_WIDGET (self)) : 0, 0, at_right, FALSE);
}

/* The line from edge to edge, drawn turned about its place. */
static void
snapshot_line (OmniViewer *self, GtkSnapshot *snapshot)
{
  const float device = (float)get_device (self);
  const float reach = (float)(gtk_widget_get_width (GTK_WIDGET (self))
                              + gtk_widget_get_height (GTK_WIDGET (self)));
  const GdkRGBA bright = { 1, 1, 1, 0.95f }, dark = { 0, 0, 0, 0.5f };
  GskRoundedRect round;
  double x, y, normal_x, normal_y;

  omni_viewer_get_line (self, &x, &y, &normal_x, &normal_y);
  gtk_snapshot_save (snapshot);
  gtk_snapshot_translate (snapshot, &GRAPHENE_POINT_INIT ((float)x / device, (float)y / device));
  gtk_snapshot_rotate (snapshot, (float)self->wipe_angle);
  gtk_snapshot_append_color (snapshot, &dark, &GRAPHENE_RECT_INIT (-LINE_PX, -reach, 2 * LINE_PX, 2 * reach));
  gtk_snapshot_append_color (snapshot, &bright,
                             &GRAPHENE_RECT_INIT (-LINE_PX / 2, -reach, LINE_PX, 2 * reach));
  const graphene_rect_t parts[] = {
    GRAPHENE_RECT_INIT (-HANDLE_PX / 6, -HANDLE_PX / 2, HANDLE_PX / 3, HANDLE_PX),
    GRAPHENE_RECT_INIT (-KNOB_SIZE / 2, (float)KNOB_PX - KNOB_SIZE / 2, KNOB_SIZE, KNOB_SIZE),
    GRAPHENE_RECT_INIT (-KNOB_SIZE / 2, (float)-KNOB_PX - KNOB_SIZE / 2, KNOB_SIZE, KNOB_SIZE),
  };
  for (gsize i = 0; i < G_N_ELEMENTS (parts); i++)
  {
    gsk_rounded_rect_init_from_rect (&round, &parts[i], i == 0 ? HANDLE_PX / 6 : KNOB_SIZE / 2);
    gtk_snapshot_push_rounded_clip (snapshot, &round);
    gtk_snapshot_append_color (snapshot, &bright, &parts[i]);
    gtk_snapshot_pop (snapshot);
  }
  gtk_snapshot_restore (snapshot);
}

/* A picture of another size than the widest says that it is drawn larger. */
static void
snapshot_size (OmniViewer *self, GtkSnapshot *snapshot, guint pane)
{
  OmniMipmap *mipmap = self->panes[pane].mipmap;
  GdkRectangle area;
  double width, height;

  omni_viewer_get_pane_area (self, pane, &area);
  if (mipmap == NULL || self->panes[pane].is_draft || !omni_viewer_get_reference (self, &width, &height)
      || (omni_mipmap_get_width (mipmap) == width && omni_mipmap_get_height (mipmap) == height))
    return;
  const double factor = width / omni_mipmap_get_width (mipmap);
  g_autofree char *words = factor == 1 ? g_strdup_printf ("%s%u × %u", omni_left_to_right_mark (),
                                                          omni_mipmap_get_width (mipmap),
                                                          omni_mipmap_get_height (mipmap))
                                       : g_strdup_printf (_ ("%u × %u, drawn %.2f times as large"),
                                                          omni_mipmap_get_width (mipmap),
                                                          omni_mipmap_get_height (mipmap), factor);
  const gboolean at_right = self->mode != OMNI_VIEWER_SIDE_BY_SIDE && pane == 1;
  snapshot_words (self, snapshot, words, (float)(at_right ? area.x + area.width : area.x),
                  (float)(area.y + area.height), at_right, TRUE);
}

/* In two panes the lists above them say what they show, in more the lists in them. */
void
omni_viewer_snapshot_mode (OmniViewer *self, GtkSnapshot *snapshot)
{
  if (self->mode == OMNI_VIEWER_WIPE)
  {
    /* The normal points to the second picture. */
    const gboolean swapped = self->wipe_angle > 90 && self->wipe_angle < 270;
    snapshot_label (self, snapshot, 0, swapped);
    snapshot_label (self, snapshot, 1, !swapped);
    snapshot_line (self, snapshot);
  }
  else if (self->mode == OMNI_VIEWER_BLINK)
    /* Where the bar of this mode is not. */
    snapshot_label (self, snapshot, self->blink_pane,
                    gtk_widget_get_direction (GTK_WIDGET (self)) == GTK_TEXT_DIR_RTL);
  for (guint pane = 0; pane < omni_viewer_get_n_shown (self); pane++)
    if (self->mode != OMNI_VIEWER_BLINK || pane == self->blink_pane)
      snapshot_size (self, snapshot, pane);
}
