/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/document/document.h"

#include <adwaita.h>

G_BEGIN_DECLS

/* The sources of a document in their order, as cards that can be dragged, moved by keys, shown and removed.
 *
 * Signals: "show-source" (OmniSource), "files-dropped" (GdkFileList, guint position), "texture-dropped"
 * (GdkTexture, guint position), "source-mended" (OmniSource: its file could not be read before), "failed" (a sentence: it still
 * cannot, although somebody asked for another try). */
#define OMNI_TYPE_FILMSTRIP (omni_filmstrip_get_type ())
G_DECLARE_FINAL_TYPE (OmniFilmstrip, omni_filmstrip, OMNI, FILMSTRIP, AdwBin)

void omni_filmstrip_set_document (OmniFilmstrip *self, OmniDocument *document);

/* (nullable) */
OmniSource *omni_filmstrip_get_selected (OmniFilmstrip *self);

/* Act on the selected card; `delta` is -1 or 1. */
void omni_filmstrip_move_selected (OmniFilmstrip *self, int delta);
void omni_filmstrip_remove_selected (OmniFilmstrip *self);
void omni_filmstrip_toggle_selected (OmniFilmstrip *self);

/* (transfer full) (element-type OmniSource) In list order. */
GPtrArray *omni_filmstrip_list_selected (OmniFilmstrip *self);

G_END_DECLS
