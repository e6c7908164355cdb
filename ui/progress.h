/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* (transfer full) ", 20 s left", by how long the part took that is done since `since_us`; "" while that says little. */
char *omni_describe_left (double fraction, gint64 since_us);

/* (transfer full) "Fusing… 40 %, 20 s left". */
char *omni_describe_progress (const char *words, double fraction, gint64 since_us);

/* Something that takes a while in a thread. */
typedef struct _OmniProgress OmniProgress;

/* `words` say what, for people: "Saving “a.png”". */
OmniProgress *omni_progress_new (const char *words);
OmniProgress *omni_progress_ref (OmniProgress *self);
void omni_progress_unref (OmniProgress *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (OmniProgress, omni_progress_unref)

/* Any thread. How much is done, 0 … 1. */
void omni_progress_set_fraction (OmniProgress *self, double fraction);

/* (transfer full) "Saving “a.png”… 40 %, 20 s left"; without the figures while there are none. */
char *omni_progress_describe (OmniProgress *self);

/* How often what it says is made anew. */
#define OMNI_PROGRESS_TICK_MS 250

G_END_DECLS
