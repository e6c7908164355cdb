/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/document/source.h"

G_BEGIN_DECLS

/* The pictures of one set as the device takes them: decoded, in one profile, of one size. Decoding runs ahead on threads
 * of its own. All frames stay in memory when they fit the host budget; otherwise as many as fit, and the rest go into files
 * of the cache folder (app/document/spool.h). */
typedef struct _OmniFrames OmniFrames;

/* $OMNIFUSE_HOST_MIB, or a quarter of the machine's memory, at most 384 MiB: from then on the system decides what it keeps. */
guint64 omni_frames_default_budget (void);

/* `profile` (nullable) is what the pictures are converted to; `convert` FALSE leaves them as they are. Frames of `previous`
 * (nullable) with the same source, size and profile are taken over. */
OmniFrames *omni_frames_new (GPtrArray *sources, guint width, guint height, gboolean convert, GBytes *profile,
                             OmniFrames *previous, guint64 budget_bytes, GCancellable *cancellable);

/* Stops the work ahead and frees everything. NULL-safe. */
void omni_frames_free (OmniFrames *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (OmniFrames, omni_frames_free)

/* Begins to decode what will be asked for first, while its reader has other things to do. */
void omni_frames_start (OmniFrames *self);

/* Stops the work ahead; what was decoded stays for the next run. */
void omni_frames_stop (OmniFrames *self);

/* (transfer full) Frame `index`, waiting for it if need be. One thread. */
OmniPicture *omni_frames_get (OmniFrames *self, guint index, GError **error);

/* Nobody reads frame `index` at the moment; it can be got again. */
void omni_frames_release (OmniFrames *self, guint index);

/* Largest |sample| of frame `index`, alpha not counted, infinity as 65504; 0 for integers. After omni_frames_get(). */
float omni_frames_get_largest_sample (OmniFrames *self, guint index);

/* Whether any of them lies outside of 0 … 1, see omni_sample_is_beyond(). After omni_frames_get(). */
gboolean omni_frames_goes_beyond (OmniFrames *self, guint index);

/* How long omni_frames_get() has waited in all. */
double omni_frames_get_wait_ms (OmniFrames *self);

G_END_DECLS
