/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/document/document.h"
#include "app/talk.h"
#include "ui/viewer/viewer.h"

#include <adwaita.h>

G_BEGIN_DECLS

/* The order check: the document's set fused in one order after another, by its model and beside it by a foil that does depend on
 * the order; what came out, counted; where it differs, as a map. It works on a copy of the set, so the document's order stays,
 * and it starts anew whenever set, task, model or options of the document change. Every claim shown was computed then.
 *
 * Actions (also of its buttons): "stage.shuffle", "stage.orders", "stage.control", "stage.previous", "stage.next",
 * "stage.cancel", "stage.map" and "stage.break" (switches).
 * Signal: "close" (the person is done with it). */
#define OMNI_TYPE_STAGE_VIEW (omni_stage_view_get_type ())
G_DECLARE_FINAL_TYPE (OmniStageView, omni_stage_view, OMNI, STAGE_VIEW, AdwBin)

/* Nothing is computed while it is not active. */
void omni_stage_view_set_document (OmniStageView *self, OmniDocument *document);
void omni_stage_view_set_active (OmniStageView *self, gboolean active);

/* (transfer none) What its pictures are in. */
OmniViewer *omni_stage_view_get_viewer (OmniStageView *self);

gboolean omni_stage_view_is_busy (OmniStageView *self);

/* A talk: one thing at a time, in large type. NULL: the one that ships. */
void omni_stage_view_start_talk (OmniStageView *self, OmniTalk *talk /* transfer full, nullable */);
void omni_stage_view_stop_talk (OmniStageView *self);
gboolean omni_stage_view_is_talking (OmniStageView *self);

G_END_DECLS
