/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/engine.h"

G_BEGIN_DECLS

/* Channels without alpha. */
guint omni_source_count_bands (OmniSource *source);

/* Whether roles, or bands and sizes alone, say that these sources are for pan-sharpening. Cheap. */
gboolean omni_task_is_pansharpen (GPtrArray *sources);

/* (transfer none) The two sources of a pan-sharpening (each nullable). An error says what is missing. */
gboolean omni_sources_find_pansharpen (GPtrArray *sources, OmniSource **ms, OmniSource **pan, GError **error);

/* (transfer container) The same sources by path: for messages and choices that must not depend on the list order. */
GPtrArray *omni_sources_sort (GPtrArray *sources);

G_END_DECLS
