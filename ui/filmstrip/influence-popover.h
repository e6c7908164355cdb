/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/document/document.h"

#include <gtk/gtk.h>

G_BEGIN_DECLS

/* A slider over `anchor` for what a source counts; every change fuses again. It says so where the model does not care. Goes
 * by itself when it is closed. */
void omni_influence_popover_open (GtkWidget *anchor, OmniDocument *document, OmniSource *source);

/* (transfer full) (nullable) "×2" or "×0.5"; NULL for a source that counts as it comes. */
char *omni_influence_describe (double value);

G_END_DECLS
