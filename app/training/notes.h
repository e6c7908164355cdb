/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Adds a sentence made like printf's to `notes` (element-type utf8): what a run says before it begins. */
void omni_note_add (GPtrArray *notes, const char *format, ...) G_GNUC_PRINTF (2, 3);

G_END_DECLS
