/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/document/source.h"
#include "app/progress.h"

G_BEGIN_DECLS

/* Brings the pictures of a set, taken by hand or with a lens that breathes, to lie upon each other.
 *
 * Each picture is registered with the one it resembles most, on a way to the reference that the contents choose: by its local
 * contrast, which exposures share, from coarse to fine, first shifted, then turned and scaled, at last in perspective (Baker and
 * Matthews 2004, inverse compositional; weights of Cauchy's). So a dark frame need not be compared with a bright one. The
 * result is a function of the set and not of its order, with the same bits on every run. */

typedef enum
{
  OMNI_FRAME_LIES,      /* lies right as it is, within OMNI_ALIGN_LEAST_PX */
  OMNI_FRAME_MOVED,     /* was registered */
  OMNI_FRAME_NOT_FOUND, /* resembles no other one: left as it is */
} OmniFrameState;

#define OMNI_ALIGN_LEAST_PX 0.4

/* No side of a picture may be smaller. */
#define OMNI_ALIGN_MIN_SIDE_PX 48

typedef struct
{
  OmniFrameState state;
  OmniHomography map;  /* from the reference's frame to this picture's own */
  double shift_px;     /* the longest way that a corner of the reference goes by it */
  double dx, dy;       /* the way of its centre, in pixels */
  double turn_degrees; /* about the centre, from x towards y */
  double zoom;         /* at the centre; 1: none */
  double before,
    after; /* agreement (normalised correlation of local contrast, −1 … 1) with the one it was registered with */
} OmniFrameMotion;

typedef struct
{
  GPtrArray *
    sources; /* OmniSource, in list order: those given where nothing moved, else all as warped, of one size */
  OmniFrameMotion *motions;       /* of each */
  guint reference;                /* whose frame it is */
  gboolean moved;                 /* any did */
  guint left, top, width, height; /* the part of the reference's frame that all of them have */
} OmniAlignment;

/* What was seen through a warp before is registered anew from its file. Takes seconds for large pictures: not in the main thread.
 * Errors: G_IO_ERROR_INVALID_ARGUMENT with a sentence for fewer than two sources, for sizes that differ, for pictures that are
 * too small, and where less than half of the frame would be left; CANCELLED; those of reading. `progress` (nullable) */
OmniAlignment *omni_align_sources (GPtrArray *sources, OmniProgressFunc progress, gpointer progress_data,
                                   GCancellable *cancellable, GError **error);

/* How far apart the pictures lie, about: the longest way of a corner, in pixels of their own size, as their thumbnails tell it, to a few
 * thousandths of the longer side; 0 where they tell nothing. A matter of milliseconds a picture. Errors as above. Any thread. */
gboolean omni_align_look (GPtrArray *sources, double *farthest_px, GCancellable *cancellable, GError **error);

void omni_alignment_free (OmniAlignment *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (OmniAlignment, omni_alignment_free)

G_END_DECLS
