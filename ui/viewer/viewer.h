/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/view/frame.h"
#include "ui/subject.h"

#include <gtk/gtk.h>

G_BEGIN_DECLS

#define OMNI_VIEWER_PANES 9

/* Shows one picture, or up to nine side by side, or two in one place, with one zoom and pan for all. Pictures of different sizes
 * are drawn equally wide, so that the same place of the scene is at the same place of every pane; the widest one is
 * 100 %, and those that are drawn larger say so. What was shown before stays until the new picture is ready.
 *
 * Pixels are made in a thread (app/view/renderer.h) and shown when they are there; the main loop never waits for them.
 *
 * A region of the scene can be marked with Shift and a drag; it is drawn in every pane. A drag with the right button sets
 * window and level of all panes.
 *
 * Signals: "view-changed" (zoom, fit or pan), "region-changed", "pointed" (double, double: the pointer is over this place of
 * the scene, 0 … 1), "level-changed" (window, level or colours), "failed" (a sentence: a picture could not be loaded). */
#define OMNI_TYPE_VIEWER (omni_viewer_get_type ())
G_DECLARE_FINAL_TYPE (OmniViewer, omni_viewer, OMNI, VIEWER, GtkWidget)

/* NULL empties the pane. */
void omni_viewer_set_subject (OmniViewer *self, guint pane, OmniSubject *subject);
OmniSubject *omni_viewer_get_subject (OmniViewer *self, guint pane);

/* Panes that wait for this one in vain, because it could not be loaded, load it again. */
void omni_viewer_try_again (OmniViewer *self, gpointer identity);

/* (transfer none) (nullable) What is shown now. */
OmniMipmap *omni_viewer_get_mipmap (OmniViewer *self, guint pane);

/* How the panes share the widget. */
typedef enum
{
  OMNI_VIEWER_SINGLE,
  OMNI_VIEWER_SIDE_BY_SIDE,
  OMNI_VIEWER_WIPE, /* the first on one side of a line that can be dragged and turned, the second on the other */
  OMNI_VIEWER_BLINK,      /* one and the other in turn */
  OMNI_VIEWER_DIFFERENCE, /* how much the two differ, as a heat map */
  OMNI_VIEWER_MAP         /* omni_viewer_set_map() as a heat map */
} OmniViewerMode;

void omni_viewer_set_mode (OmniViewer *self, OmniViewerMode mode);
OmniViewerMode omni_viewer_get_mode (OmniViewer *self);

/* Panes that are seen in this mode: 1, 2, or what was set (2 … 9) side by side. */
guint omni_viewer_get_n_shown (OmniViewer *self);
void omni_viewer_set_n_panes (OmniViewer *self, guint n);
guint omni_viewer_get_n_panes (OmniViewer *self);

/* Where a pane is, in logical pixels of the widget. */
void omni_viewer_get_pane_area (OmniViewer *self, guint pane, GdkRectangle *area);

/* (nullable) The picture of OMNI_VIEWER_MAP, grey: amounts, of which `gain` times 1 is the brightest colour. */
void omni_viewer_set_map (OmniViewer *self, OmniMipmap *map);

/* Of the difference and of the map; 1 at first. */
void omni_viewer_set_gain (OmniViewer *self, double gain);

/* A place of the line, 0 … 1 of the width and of the height; and how it is turned: 0 is upright, 90 lies. */
void omni_viewer_set_wipe (OmniViewer *self, double x, double y);
void omni_viewer_set_wipe_angle (OmniViewer *self, double degrees);
double omni_viewer_get_wipe_angle (OmniViewer *self);

/* How long each picture stays when blinking. */
#define OMNI_VIEWER_BLINK_MS 700
void omni_viewer_set_blink_ms (OmniViewer *self, guint ms);
guint omni_viewer_get_blink_ms (OmniViewer *self);

/* While not linked, zoom and pan move one pane only, the second one where both are in one place. What was moved apart so stays
 * apart when they are linked again, in every mode, until it is aligned. */
void omni_viewer_set_linked (OmniViewer *self, gboolean linked);
gboolean omni_viewer_get_linked (OmniViewer *self);
gboolean omni_viewer_is_aligned (OmniViewer *self);
void omni_viewer_align (OmniViewer *self);

/* What is drawn black and white, in values of the pictures (0 … 1 for integers), and the colours of grey pictures. */
void omni_viewer_set_level (OmniViewer *self, double low, double high);
void omni_viewer_get_level (OmniViewer *self, double *low, double *high);

/* Deep pictures that would be nearly black, or floats beyond 0 … 1, are shown with a level that fits them, until somebody sets
 * another. Every picture that is shown widens it, so that flipping between two does not change it. */
void omni_viewer_fit_level (OmniViewer *self);
gboolean omni_viewer_can_fit_level (OmniViewer *self); /* to another level than 0 … 1 */
gboolean omni_viewer_is_level_fitted (OmniViewer *self);
void omni_viewer_set_colour_map (OmniViewer *self, OmniColourMap map);
OmniColourMap omni_viewer_get_colour_map (OmniViewer *self);

/* Enlarges what is under the pointer, in every pane. */
void omni_viewer_set_loupe (OmniViewer *self, gboolean on);

/* Device pixels per picture pixel; 1 is 100 %. */
double omni_viewer_get_zoom (OmniViewer *self);
double
omni_viewer_get_acting_zoom (OmniViewer *self); /* of what keys zoom: all, or the pane under the pointer */
gboolean omni_viewer_is_fit (OmniViewer *self);
gboolean omni_viewer_is_empty (OmniViewer *self);

void omni_viewer_fit (OmniViewer *self);
void omni_viewer_set_zoom (OmniViewer *self, double zoom);  /* about the middle */
void omni_viewer_zoom_by (OmniViewer *self, double factor); /* about the middle */

/* What of the scene is in view: 0 … 1 over the reference, inside it. FALSE when nothing is. */
gboolean omni_viewer_get_visible (OmniViewer *self, graphene_rect_t *visible);

/* Zooms and pans so that this is in view. */
void omni_viewer_show_part (OmniViewer *self, const graphene_rect_t *part);

/* The region in the pixels of a picture of this size; FALSE when there is none. */
gboolean omni_viewer_get_region (OmniViewer *self, guint width, guint height, GdkRectangle *region);
gboolean omni_viewer_get_region_part (OmniViewer *self, graphene_rect_t *part); /* 0 … 1 */
void omni_viewer_set_region_part (OmniViewer *self, const graphene_rect_t *part);
void omni_viewer_clear_region (OmniViewer *self);
void omni_viewer_select_visible (OmniViewer *self);

/* Whether a drag marks a region without Shift. */
void omni_viewer_set_region_tool (OmniViewer *self, gboolean on);

/* Whether what is on the screen is what is asked for: no frame is being made. */
gboolean omni_viewer_is_current (OmniViewer *self);

/* (transfer full) (nullable) A part of the scene as it is shown, to take away: of pane `pane`, or of all of it (-1) where two are
 * in one place. It has the pixels of the picture or those of the screen where these are more, and no side above
 * `longest_px`. */
OmniViewFrame *
omni_viewer_make_still (OmniViewer *self, const graphene_rect_t *part, int pane, int longest_px);

/* Forgets every picture. */
void omni_viewer_clear (OmniViewer *self);

G_END_DECLS
