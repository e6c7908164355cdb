/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "ui/subject.h"

#include <adwaita.h>

G_BEGIN_DECLS

/* The values under the pointer, of every result and source, as they stand in the pictures. Sources are decoded in the background
 * and kept as long as the inspector is on the screen, up to 1 GiB; of the rest the parts around the pointer, which are read anew
 * when it leaves them. "reading…" stands for a value that is on its way. */
#define OMNI_TYPE_INSPECTOR (omni_inspector_get_type ())
G_DECLARE_FINAL_TYPE (OmniInspector, omni_inspector, OMNI, INSPECTOR, AdwBin)

/* A list of OmniSubject, which it follows. */
void omni_inspector_set_subjects (OmniInspector *self, GListModel *subjects);

/* A place of the scene, 0 … 1; the size is that of the result, for the coordinates. */
void omni_inspector_point (OmniInspector *self, double place_x, double place_y, guint width, guint height);

/* One that could not be read can be now. */
void omni_inspector_try_again (OmniInspector *self, OmniSource *source);

/* How much is kept whole, for tests; parts take a quarter of it besides. */
void omni_inspector_set_most_bytes (OmniInspector *self, gsize bytes);

/* (transfer full) What it shows, as lines of text. */
char *omni_inspector_get_text (OmniInspector *self);

G_END_DECLS
