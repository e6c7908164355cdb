/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/fusion/engine.h"
#include "app/view/mipmap.h"

G_BEGIN_DECLS

/* What a pane of the viewer can show: a source, a kept result, or whatever the newest result is. Immutable.
 * Property "label": the words for people. */
#define OMNI_TYPE_SUBJECT (omni_subject_get_type ())
G_DECLARE_FINAL_TYPE (OmniSubject, omni_subject, OMNI, SUBJECT, GObject)

OmniSubject *omni_subject_new_source (OmniSource *source, const char *label);
OmniSubject *omni_subject_new_result (OmniFusionResult *result, gboolean is_newest, const char *label);

/* Any other picture. */
OmniSubject *omni_subject_new_picture (OmniPicture *picture, const char *label);

/* A map of amounts, drawn as a heat map (see OmniViewItem). */
OmniSubject *omni_subject_new_amounts (OmniPicture *map, const char *label);
gboolean omni_subject_is_amounts (OmniSubject *self);

const char *omni_subject_get_label (OmniSubject *self);
OmniSource *omni_subject_get_source (OmniSubject *self);       /* NULL for results */
OmniFusionResult *omni_subject_get_result (OmniSubject *self); /* NULL for sources */
gboolean omni_subject_is_newest (OmniSubject *self);

/* The object whose pixels are shown: two subjects with the same one look the same. */
gpointer omni_subject_get_identity (OmniSubject *self);

/* The same choice, though perhaps of another moment: the newest result stays the newest result. */
gboolean omni_subject_is_same_choice (OmniSubject *self, OmniSubject *other);

void omni_subject_load_async (OmniSubject *self, GCancellable *cancellable, GAsyncReadyCallback callback,
                              gpointer user_data);
OmniMipmap *omni_subject_load_finish (OmniSubject *self, GAsyncResult *result, GError **error);

/* A smaller version to begin with, where that is there much earlier: of a large JPEG. Finished by the same function; without one
 * the error is G_IO_ERROR_NOT_SUPPORTED. */
void omni_subject_load_draft_async (OmniSubject *self, GCancellable *cancellable,
                                    GAsyncReadyCallback callback, gpointer user_data);

/* The size of the picture, known before it is loaded. */
void omni_subject_get_size (OmniSubject *self, guint *width, guint *height);

G_END_DECLS
