/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/document/document.h"

#include <adwaita.h>

G_BEGIN_DECLS

/* A button that opens the options of the document's model, made from the model's own table: what --set gives on the command
 * line. Every change is the document's, so it is fused at once and can be undone. */
#define OMNI_TYPE_OPTIONS_BUTTON (omni_options_button_get_type ())
G_DECLARE_FINAL_TYPE (OmniOptionsButton, omni_options_button, OMNI, OPTIONS_BUTTON, AdwBin)

void omni_options_button_set_document (OmniOptionsButton *self, OmniDocument *document);

/* The control of an option of the model now shown; NULL when it has no such option. */
GtkWidget *omni_options_button_get_control (OmniOptionsButton *self, const char *key);

G_END_DECLS
