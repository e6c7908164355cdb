/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/document/document.h"
#include "ui/viewer/viewer.h"

G_BEGIN_DECLS

/* "Which source won here?": lies over the viewer and tints each place of the newest result, in every pane that shows it, by the
 * source that counts most there, over all bands, the stronger the clearer it wins; with a legend. Takes no clicks but to scroll a long
 * legend. */
#define OMNI_TYPE_WINNER_OVERLAY (omni_winner_overlay_get_type ())
G_DECLARE_FINAL_TYPE (OmniWinnerOverlay, omni_winner_overlay, OMNI, WINNER_OVERLAY, GtkWidget)

/* Once, before it is switched on. */
void omni_winner_overlay_set_up (OmniWinnerOverlay *self, OmniDocument *document, OmniViewer *viewer);

/* Off at first. While it is on it asks the engine for the weights of every new result, at the size of a screen. */
void omni_winner_overlay_set_on (OmniWinnerOverlay *self, gboolean on);

/* Whether the engine is still at it. */
gboolean omni_winner_overlay_is_waiting (OmniWinnerOverlay *self);

/* Whether the tints are of what a pane of the viewer shows: the newest result, or the same bits of an earlier one. */
gboolean omni_winner_overlay_is_over (OmniWinnerOverlay *self, guint pane);

/* (transfer full) The tints as omni_texture_new() takes them, `width` × `height`; `n_sources` planes of shares. */
GBytes *omni_winner_overlay_paint (float *const *shares, guint n_sources, guint width, guint height);

/* The tint of a source: 0 … 1 each. By its place among the paths in order, so that no reorder changes a colour. */
void omni_winner_overlay_get_tint (guint index, guint n, float rgb[3]);

G_END_DECLS
