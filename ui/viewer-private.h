/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "ui/viewer.h"

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

  /* The last rendering, good as long as nothing moved. */
  GdkTexture *texture;
  OmniViewerRect visible;
  double x, y, scale;
} OmniViewerPane;

struct _OmniViewer
{
  GtkWidget parent_instance;

  OmniViewerPane panes[OMNI_VIEWER_PANES];
  GQueue cache; /* CacheEntry, last used first */
  gboolean side_by_side;

  gboolean fit;
  double zoom;     /* when not fit */
  double centre_x; /* the place in the middle of each pane, 0 … 1 over the reference */
  double centre_y;
  guint layout_id;

  /* viewer-input.c */
  double pointer_x; /* device pixels */
  double pointer_y;
  double drag_x;
  double drag_y;
  double pinch_zoom;
};

OmniViewerRect omni_viewer_get_pane_rect (OmniViewer *self, guint pane);

/* The picture size that 100 % refers to: the widest shown. FALSE when none is. */
gboolean omni_viewer_get_reference (OmniViewer *self, double *width, double *height);

void omni_viewer_zoom_about (OmniViewer *self, double zoom, double x, double y);
void omni_viewer_pan_by (OmniViewer *self, double dx, double dy);

void omni_viewer_init_input (OmniViewer *self);
void omni_viewer_class_add_keys (GtkWidgetClass *widget_class);

G_END_DECLS
