/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "ui/viewer.h"

G_BEGIN_DECLS

/* Device pixels of the widget. */
typedef struct
{
  int x, y, width, height;
} OmniViewerRect;

/* What of a picture is seen: device pixels of the widget, the left upper corner in picture pixels, and the device pixels of
 * one picture pixel. */
typedef struct
{
  OmniViewerRect visible;
  double x, y, scale;
} OmniViewerPlace;

typedef struct
{
  OmniSubject *subject; /* what is wanted */
  GCancellable *loading;
  OmniMipmap *mipmap; /* what is shown */

  /* The last rendering, good as long as nothing moved. */
  GdkTexture *texture;
  OmniViewerPlace place;
} OmniViewerPane;

struct _OmniViewer
{
  GtkWidget parent_instance;

  OmniViewerPane panes[OMNI_VIEWER_PANES];
  GQueue cache; /* CacheEntry, last used first */
  OmniViewerMode mode;

  gboolean fit;
  double zoom;     /* when not fit */
  double centre_x; /* the place in the middle of each pane, 0 … 1 over the reference */
  double centre_y;
  guint layout_id;

  /* viewer-modes.c */
  double wipe;
  gboolean wiping; /* the line is being dragged */
  guint blink_id;
  guint blink_pane;
  double gain;
  GdkTexture *difference; /* good for these places */
  OmniViewerPlace difference_places[2];

  /* viewer-region.c */
  gboolean has_region;
  graphene_point_t corners[2]; /* of the region, 0 … 1 over the reference: where it began and where it ends */
  gboolean region_tool;
  gboolean selecting;

  /* viewer-input.c */
  double pointer_x; /* device pixels */
  double pointer_y;
  double drag_x;
  double drag_y;
  double press_x; /* device pixels */
  double press_y;
  double pinch_zoom;
};

OmniViewerRect omni_viewer_get_pane_rect (OmniViewer *self, guint pane);

/* The picture size that 100 % refers to: the widest shown. FALSE when none is. */
gboolean omni_viewer_get_reference (OmniViewer *self, double *width, double *height);

void omni_viewer_zoom_about (OmniViewer *self, double zoom, double x, double y);
void omni_viewer_pan_by (OmniViewer *self, double dx, double dy);

/* What is under a device pixel, 0 … 1 over the reference (beyond it outside the picture); and the other way round, in a pane.
 * FALSE when nothing is shown. */
gboolean omni_viewer_to_picture (OmniViewer *self, double x, double y, double *place_x, double *place_y);
gboolean
omni_viewer_to_device (OmniViewer *self, guint pane, double place_x, double place_y, double *x, double *y);

/* Where the first and second picture both are; FALSE when nowhere. */
gboolean omni_viewer_locate_both (OmniViewer *self, OmniViewerPlace places[2]);
void omni_viewer_snapshot_pane (OmniViewer *self, GtkSnapshot *snapshot, guint pane);
void omni_viewer_append_texture (OmniViewer *self, GtkSnapshot *snapshot, GdkTexture *texture,
                                 const OmniViewerRect *rect);

/* viewer-modes.c; device pixels */
void omni_viewer_start_mode (OmniViewer *self);
void omni_viewer_stop_mode (OmniViewer *self);
void omni_viewer_snapshot_mode (OmniViewer *self, GtkSnapshot *snapshot);
gboolean omni_viewer_is_on_line (OmniViewer *self, double x);
void omni_viewer_drag_line (OmniViewer *self, double x);
gboolean omni_viewer_step_line (OmniViewer *self, int direction);

/* viewer-region.c; device pixels */
void omni_viewer_begin_region (OmniViewer *self, double x, double y);
void omni_viewer_drag_region (OmniViewer *self, double x, double y);
void omni_viewer_end_region (OmniViewer *self);
void omni_viewer_snapshot_region (OmniViewer *self, GtkSnapshot *snapshot, guint pane);
void omni_viewer_emit_region_changed (OmniViewer *self);
void omni_viewer_emit_pointed (OmniViewer *self);

void omni_viewer_update_cursor (OmniViewer *self);
void omni_viewer_init_input (OmniViewer *self);
void omni_viewer_class_add_keys (GtkWidgetClass *widget_class);

G_END_DECLS
