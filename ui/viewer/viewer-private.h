/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/view/renderer.h"
#include "ui/viewer/viewer.h"

G_BEGIN_DECLS

/* Device pixels of the widget. */
typedef struct
{
  int x, y, width, height;
} OmniViewerRect;

typedef struct
{
  OmniSubject *subject; /* what is wanted */
  GCancellable *loading;
  OmniMipmap *mipmap; /* what is shown */
  gboolean is_draft;  /* … is a smaller version, until all is there */
  gboolean amounts;   /* … is a map, drawn as a heat map */

  /* What tells it from the others since it was moved alone: 0, 0, 1 where aligned. */
  double offset_x, offset_y; /* 0 … 1 over the reference */
  double factor;             /* of the zoom */
} OmniViewerPane;

struct _OmniViewer
{
  GtkWidget parent_instance;

  OmniViewerPane panes[OMNI_VIEWER_PANES];
  GQueue cache; /* CacheEntry, last used first */
  OmniViewerMode mode;
  guint n_panes;

  /* geometry.c */
  gboolean fit;
  double zoom;     /* when not fit */
  double centre_x; /* the place in the middle of each pane, 0 … 1 over the reference */
  double centre_y;
  gboolean linked;
  guint layout_id;

  /* frame.c */
  OmniViewClient *client;
  OmniViewFrame *wanted; /* the last that was asked for */
  OmniViewFrame *frame;  /* what the texture shows */
  GdkTexture *texture;

  /* modes.c */
  double wipe_x, wipe_y;
  double wipe_angle; /* degrees */
  gboolean wiping;   /* the line is being dragged */
  int turning;       /* which end of it is being dragged, or 0 */
  guint blink_id;
  guint blink_ms;
  guint blink_pane;
  double gain;
  OmniMipmap *map;

  /* level.c */
  double low, high;
  gboolean level_follows; /* the values of what is shown; until somebody sets it */
  gboolean has_fit;
  double fit_low, fit_high; /* where all that was shown since the viewer was emptied is to be seen */
  OmniColourMap colours;
  gboolean swapped_axes;        /* of this drag, by the settings */
  double level_low, level_high; /* where the drag began */

  /* region.c */
  gboolean has_region;
  graphene_point_t corners[2]; /* of the region, 0 … 1 over the reference: where it began and where it ends */
  gboolean region_tool;
  gboolean selecting;

  /* input.c */
  gboolean loupe;
  gboolean inside;  /* the pointer is */
  double pointer_x; /* device pixels */
  double pointer_y;
  double drag_x;
  double drag_y;
  double press_x; /* device pixels */
  double press_y;
  double pinch_zoom;
  double pinch_x; /* device pixels */
  double pinch_y;
};

/* geometry.c; device pixels */
OmniViewerRect omni_viewer_get_pane_rect (OmniViewer *self, guint pane);

/* The pane that answers to a point. */
guint omni_viewer_find_pane (OmniViewer *self, double x, double y);

/* The picture size that 100 % refers to: the widest shown. FALSE when none is. */
gboolean omni_viewer_get_reference (OmniViewer *self, double *width, double *height);

/* Device pixels of the pane per pixel of the reference. */
double omni_viewer_get_pane_zoom (OmniViewer *self, guint pane);

/* (x, y): where, in device pixels. Zooms what moves there, all panes or the one under it, to `zoom`. */
void omni_viewer_zoom_about (OmniViewer *self, double zoom, double x, double y);
double omni_viewer_get_zoom_at (OmniViewer *self, double x, double y);
void omni_viewer_pan_by (OmniViewer *self, double dx, double dy, double x, double y);
void omni_viewer_settle (OmniViewer *self);
void omni_viewer_view_changed (OmniViewer *self);

/* What is under a device pixel, 0 … 1 over the reference (beyond it outside the picture); and the other way round, in a pane.
 * FALSE when nothing is shown. */
gboolean omni_viewer_to_picture (OmniViewer *self, double x, double y, double *place_x, double *place_y);
gboolean
omni_viewer_to_device (OmniViewer *self, guint pane, double place_x, double place_y, double *x, double *y);

/* frame.c */
void omni_viewer_init_frame (OmniViewer *self);
void omni_viewer_dispose_frame (OmniViewer *self);
void omni_viewer_snapshot_frame (OmniViewer *self, GtkSnapshot *snapshot);

/* values.c: numbers in the pixels of the frame on the screen, where there is room for them. */
void omni_viewer_snapshot_values (OmniViewer *self, GtkSnapshot *snapshot);

/* modes.c; device pixels */
void omni_viewer_start_mode (OmniViewer *self);
void omni_viewer_stop_mode (OmniViewer *self);
void omni_viewer_snapshot_mode (OmniViewer *self, GtkSnapshot *snapshot);
void omni_viewer_get_line (OmniViewer *self, double *x, double *y, double *normal_x, double *normal_y);
gboolean omni_viewer_is_on_line (OmniViewer *self, double x, double y);
int omni_viewer_find_knob (OmniViewer *self, double x, double y);
void omni_viewer_drag_line (OmniViewer *self, double dx, double dy);
void omni_viewer_turn_line (OmniViewer *self, int end, double x, double y);
gboolean omni_viewer_step_line (OmniViewer *self, int along, int turn);

/* level.c */
void omni_viewer_step_level (OmniViewer *self, double across_px,
                             double up_px); /* as a drag of so many logical pixels */
void omni_viewer_init_level (OmniViewer *self);
void omni_viewer_note_level (OmniViewer *self, OmniMipmap *mipmap);
void omni_viewer_forget_fit (OmniViewer *self);

/* region.c; device pixels */
void omni_viewer_begin_region (OmniViewer *self, double x, double y);
void omni_viewer_drag_region (OmniViewer *self, double x, double y);
void omni_viewer_end_region (OmniViewer *self);
void omni_viewer_snapshot_region (OmniViewer *self, GtkSnapshot *snapshot, guint pane);

/* viewer.c */
void omni_viewer_emit_region_changed (OmniViewer *self);
void omni_viewer_emit_level_changed (OmniViewer *self);
void omni_viewer_emit_view_changed (OmniViewer *self);
void omni_viewer_emit_pointed (OmniViewer *self);

/* input.c */
void omni_viewer_update_cursor (OmniViewer *self);
void omni_viewer_init_input (OmniViewer *self);
void omni_viewer_class_add_keys (GtkWidgetClass *widget_class);

G_END_DECLS
