/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/cli/cli.h"

G_BEGIN_DECLS

/* Adds "map", the nine numbers of OmniWarp.map by rows, or null where the source is as in its file. */
void omni_cli_add_map (JsonBuilder *json, OmniSource *source);

G_END_DECLS
