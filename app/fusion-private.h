/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/engine.h"

G_BEGIN_DECLS

/* Channels without alpha. */
guint omni_source_count_bands (OmniSource *source);

/* (transfer container) The same sources by path: for messages and choices that must not depend on the list order. */
GPtrArray *omni_sources_sort (GPtrArray *sources);

G_END_DECLS
