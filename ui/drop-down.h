/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

/* Lets the button of a drop-down shrink: what does not fit ends in an ellipsis, while the open list shows whole words. Call it
 * before a list factory of one's own is set. */
void omni_drop_down_let_shrink (GtkDropDown *drop_down);

/* The list has rows only while it is open, so that hundreds cost nothing when the model changes. Call it after the model is set,
 * which has to stay the same object. */
void omni_drop_down_let_rest (GtkDropDown *drop_down);

/* Makes its rows anew each time it opens, where they say what changes meanwhile. */
void omni_drop_down_renew (GtkDropDown *drop_down);

/* Says the choice of a drop-down to screen readers: GTK 4.8 leaves the button inside without a name. */
void omni_drop_down_tell (GtkDropDown *drop_down, const char *words);

/* The same for a list of strings, now and whenever the choice changes. */
void omni_drop_down_tell_strings (GtkDropDown *drop_down);

G_END_DECLS
