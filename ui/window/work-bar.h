/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "ui/progress.h"

#include <adwaita.h>

G_BEGIN_DECLS

/* Says what is under way in threads and takes a while, the oldest of it, how far that is and how long it will take; with a button that
 * cancels all of it. Not to be seen while there is nothing to say. */
#define OMNI_TYPE_WORK_BAR (omni_work_bar_get_type ())
G_DECLARE_FINAL_TYPE (OmniWorkBar, omni_work_bar, OMNI, WORK_BAR, AdwBin)

/* Once: the button's words, with a mnemonic, and the action, which calls omni_work_bar_cancel(). */
void omni_work_bar_set_up (OmniWorkBar *self, const char *words, const char *action);

/* (transfer none) Until the end. `cancellable` (out, transfer none) is shared by all of those that were not cancelled. */
OmniProgress *omni_work_bar_begin (OmniWorkBar *self, const char *words, GCancellable **cancellable);
void omni_work_bar_end (OmniWorkBar *self, OmniProgress *work);

gboolean omni_work_bar_is_busy (OmniWorkBar *self);
void omni_work_bar_cancel (OmniWorkBar *self);

G_END_DECLS
