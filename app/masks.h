/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/picture/frames.h"

G_BEGIN_DECLS

/* What is shown where a source of a set is transparent: the colours of the others there, weighted by how opaque they are, and
 * where all are transparent those around it. So a method that takes each source as it comes is not misled by what happens
 * to lie under the transparency, and models that weigh sources give these places no weight besides. Colours are mixed as
 * they are encoded, straight, by the sources' alpha (Porter and Duff 1984, over). A function of the set, not of its order:
 * sums are integers. Immutable, any thread. */
typedef struct _OmniMasks OmniMasks;

/* Reads the frames that have alpha, and if anything is transparent all of them. G_IO_ERROR_NO_SPACE, or what
 * omni_frames_get() says. */
OmniMasks *omni_masks_new (OmniFrames *frames, GPtrArray *sources, guint width, guint height, GError **error);
OmniMasks *omni_masks_ref (OmniMasks *self);
void omni_masks_unref (OmniMasks *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (OmniMasks, omni_masks_unref)

/* Whether anything is transparent; else there is nothing to fill. */
gboolean omni_masks_have_any (const OmniMasks *self);

/* Whether they were made of the same sources, in whatever order, at this size. */
gboolean omni_masks_are_of (const OmniMasks *self, GPtrArray *sources, guint width, guint height);

/* (transfer full) `picture`, one of the frames, with its transparent places filled; its alpha stays as it is. */
OmniPicture *omni_masks_fill (const OmniMasks *self, OmniPicture *picture, GError **error);

/* `alpha`, one sample of `type` a pixel, becomes the larger of itself and the alpha of `picture`, which has some: after all
 * sources, that of the result. */
void omni_picture_fold_alpha (OmniPicture *picture, gpointer alpha, OmniSampleType type);

G_END_DECLS
