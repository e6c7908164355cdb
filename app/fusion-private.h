/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/engine.h"

G_BEGIN_DECLS

/* Channels without alpha. */
guint omni_source_count_bands (OmniSource *source);

/* (transfer container) The same sources by path: for messages and choices that must not depend on the list order. */
GPtrArray *omni_sources_sort (GPtrArray *sources);

/* The size of the source with most pixels (the wider of two with as many). */
void omni_sources_get_largest (GPtrArray *sources, guint *width, guint *height);

G_END_DECLS
