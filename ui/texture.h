/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

/* Pictures for a widget to draw. GTK 4.8's cairo renderer takes a texture through floats each time anything in the window is drawn
 * (gdkmemoryformat.c has no short way from cairo's format to itself), several milliseconds for one that fills a view. Those made
 * here are drawn by cairo as they are, and as any other texture where a graphics card draws. Main thread, but for new(). */

/* `pixels`: width × height words, premultiplied A8R8G8B8 in the machine's byte order, rows without gaps. Full reference. Any thread. */
GdkTexture *omni_texture_new (GBytes *pixels, int width, int height);

/* The words of a texture made by new(), as long as it lives. */
const guint32 *omni_texture_get_pixels (GdkTexture *self);

/* Draws it over `bounds`, in `widget`'s coordinates, as `widget` is being drawn to `snapshot`. */
void omni_texture_append (GdkTexture *self, GtkWidget *widget, GtkSnapshot *snapshot,
                          const graphene_rect_t *bounds);

G_END_DECLS
