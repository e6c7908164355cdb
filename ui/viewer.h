/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "ui/subject.h"

#include <gtk/gtk.h>

G_BEGIN_DECLS

#define OMNI_VIEWER_PANES 2

/* Shows one picture, or two side by side with one zoom and pan for both. Pictures of different sizes are drawn equally
 * wide, so that the same place of the scene is at the same place of both panes; the wider one is 100 %. What was shown
 * before stays until the new picture is ready.
 *
 * A region of the scene can be marked with Shift and a drag; it is drawn in every pane.
 *
 * Signals: "view-changed" (zoom, fit or pan), "region-changed", "pointed" (double, double: the
 * pointer is over this place of the scene, 0 … 1), "failed" (a sentence: a picture could not be loaded). */
#define OMNI_TYPE_VIEWER (omni_viewer_get_type ())
G_DECLARE_FINAL_TYPE (OmniViewer, omni_viewer, OMNI, VIEWER, GtkWidget)

/* NULL empties the pane. */
void omni_viewer_set_subject (OmniViewer *self, guint pane, OmniSubject *subject);
OmniSubject *omni_viewer_get_subject (OmniViewer *self, guint pane);

/* (transfer none) (nullable) What is shown now. */
OmniMipmap *omni_viewer_get_mipmap (OmniViewer *self, guint pane);

/* How the two panes share the widget. All but SINGLE show both. */
typedef enum
{
  OMNI_VIEWER_SINGLE,
  OMNI_VIEWER_SIDE_BY_SIDE,
  OMNI_VIEWER_WIPE,      /* the first left of a line that can be dragged, the second right of it */
  OMNI_VIEWER_BLINK,     /* one and the other in turn */
  OMNI_VIEWER_DIFFERENCE /* how much they differ, as a heat map */
} OmniViewerMode;

void omni_viewer_set_mode (OmniViewer *self, OmniViewerMode mode);
OmniViewerMode omni_viewer_get_mode (OmniViewer *self);

/* Of the difference; 1 at first. */
void omni_viewer_set_gain (OmniViewer *self, double gain);

/* Where the line is, 0 … 1 of the width. */
void omni_viewer_set_wipe (OmniViewer *self, double wipe);

/* Device pixels per picture pixel; 1 is 100 %. */
double omni_viewer_get_zoom (OmniViewer *self);
gboolean omni_viewer_is_fit (OmniViewer *self);
gboolean omni_viewer_is_empty (OmniViewer *self);

void omni_viewer_fit (OmniViewer *self);
void omni_viewer_set_zoom (OmniViewer *self, double zoom);  /* about the middle */
void omni_viewer_zoom_by (OmniViewer *self, double factor); /* about the middle */

/* The region in the pixels of a picture of this size; FALSE when there is none. */
gboolean omni_viewer_get_region (OmniViewer *self, guint width, guint height, GdkRectangle *region);
void omni_viewer_clear_region (OmniViewer *self);
void omni_viewer_select_visible (OmniViewer *self);

/* Whether a drag marks a region without Shift. */
void omni_viewer_set_region_tool (OmniViewer *self, gboolean on);

/* Forgets every picture. */
void omni_viewer_clear (OmniViewer *self);

G_END_DECLS
