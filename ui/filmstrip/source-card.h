/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/document/document.h"

#include <gtk/gtk.h>

G_BEGIN_DECLS

/* One source of the filmstrip: its number, thumbnail, name, size and depth, badges, a check box that switches it
 * off and a button that removes it. */
#define OMNI_TYPE_SOURCE_CARD (omni_source_card_get_type ())
G_DECLARE_FINAL_TYPE (OmniSourceCard, omni_source_card, OMNI, SOURCE_CARD, GtkListBoxRow)

GtkWidget *omni_source_card_new (OmniSource *source);
OmniSource *omni_source_card_get_source (OmniSourceCard *self);

/* Shows its place in `document`, and what the document knows about the source now. */
void omni_source_card_refresh (OmniSourceCard *self, OmniDocument *document, guint position);

/* Whether its file cannot be read; and another try, which tells how it went. */
gboolean omni_source_card_is_damaged (OmniSourceCard *self);
void omni_source_card_try_again (OmniSourceCard *self);

/* Draws the card `offset` pixels below its place, while it glides there. */
void omni_source_card_set_offset (OmniSourceCard *self, double offset);

/* Its place among all, from 0 on; refreshing sets it, too. */
void omni_source_card_set_position (OmniSourceCard *self, guint position);
guint omni_source_card_get_position (OmniSourceCard *self);

/* Whether it is drawn: not far from what is in view. */
void omni_source_card_set_seen (OmniSourceCard *self, gboolean seen);

G_END_DECLS
