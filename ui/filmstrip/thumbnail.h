/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/document/source.h"

#include <gtk/gtk.h>

G_BEGIN_DECLS

/* A small picture of a source or of a picture, made in the background by one thread, cropped to its frame. It is made once for
 * each and kept with it. A file that cannot be read is watched, and read again whenever it was written.
 *
 * Signals: "failed" (a sentence: the file cannot be read; again at every time), "mended" (one that had failed can be read now). */
#define OMNI_TYPE_THUMBNAIL (omni_thumbnail_get_type ())
G_DECLARE_FINAL_TYPE (OmniThumbnail, omni_thumbnail, OMNI, THUMBNAIL, GtkWidget)

void omni_thumbnail_set_source (OmniThumbnail *self, OmniSource *source);
void omni_thumbnail_set_picture (OmniThumbnail *self, OmniPicture *picture); /* NULL: nothing */

/* Reads one that failed once more. */
void omni_thumbnail_try_again (OmniThumbnail *self);

G_END_DECLS
