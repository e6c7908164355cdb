/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Colours for amounts: Inferno, from black over red to pale yellow. Even steps look even, also to the colour-blind and in
 * grey. Pixels are those of OmniMipmap. */
guint32 omni_heat_map_get (guint level); /* 0 … 255 */

G_END_DECLS
