/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Colours for amounts: Inferno, from black over red to pale yellow. Even steps look even, also to the colour-blind and in
 * grey. Pixels are those of OmniMipmap. */
guint32 omni_heat_map_get (guint level); /* 0 … 255 */

/* Writes, for each pixel, the largest difference of red, green and blue between `a` and `b`, `gain` times, as a colour;
 * what is above 255 stays at the end of the scale. `out` may be `a`. */
void omni_heat_map_difference (const guint32 *a, const guint32 *b, guint32 *out, gsize n, double gain);

G_END_DECLS
