/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/source.h"

#include <gtk/gtk.h>

G_BEGIN_DECLS

/* One source of the filmstrip: its number, thumbnail, name, size and depth, role, and a button that removes it. */
#define OMNI_TYPE_SOURCE_CARD (omni_source_card_get_type ())
G_DECLARE_FINAL_TYPE (OmniSourceCard, omni_source_card, OMNI, SOURCE_CARD, GtkListBoxRow)

GtkWidget *omni_source_card_new (OmniSource *source);
OmniSource *omni_source_card_get_source (OmniSourceCard *self);

/* Shows place `position` of `total`, and the role as it is now. */
void omni_source_card_refresh (OmniSourceCard *self, guint position, guint total);

/* (transfer none) "Visible", "Infrared", … for people; "" for none. */
const char *omni_role_get_title (OmniRole role);

G_END_DECLS
