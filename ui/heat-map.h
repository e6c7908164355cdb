/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/picture.h"

G_BEGIN_DECLS

/* Colours for amounts: Inferno, from black over red to pale yellow. Even steps look even, also to the colour-blind and in
 * grey. Pixels are those of OmniMipmap. */
guint32 omni_heat_map_get (guint level); /* 0 … 255 */

/* (transfer full) A colour picture of a grey map of differences: the map's peak (255, 65535 or 1) over `gain` is the brightest
 * colour. Takes a while: call it in a worker thread. */
OmniPicture *omni_heat_map_paint (OmniPicture *map, double gain, GError **error);

G_END_DECLS
