/* scenes.h: what there is to photograph.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "film.h"

/* Each writes its files under the folder and returns FALSE after saying what went wrong. */
gboolean room_draw (const char *folder, const Effort *effort);    /* bracket/, handheld/ */
gboolean chess_draw (const char *folder, const Effort *effort);   /* focus/ */
gboolean yard_draw (const char *folder, const Effort *effort);    /* infrared/ */
gboolean phantom_draw (const char *folder, const Effort *effort); /* medical/ */

/* The garden behind the room's window. */
Scene *garden_new (void);
V3 garden_radiance (const Scene *garden, V3 origin, V3 direction);
V3 garden_soft (V3 direction);
extern const V3 garden_sun;

gboolean file_name (char *buffer, gsize size, const char *folder, const char *part, const char *name);
