/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/document/source.h"

#include <gtk/gtk.h>

G_BEGIN_DECLS

/* The pictures of a set in a row, each with the number it had at first, in an order that can be changed: they glide to their
 * new places, or jump where the person wants no animations. Cards overlap where there is too little room. */
#define OMNI_TYPE_ORDER_STRIP (omni_order_strip_get_type ())
G_DECLARE_FINAL_TYPE (OmniOrderStrip, omni_order_strip, OMNI, ORDER_STRIP, GtkWidget)

/* OmniSource; they stand in this order, numbered from 1. */
void omni_order_strip_set_sources (OmniOrderStrip *self, GPtrArray *sources);

/* What stands at each place: indices into the sources. */
void omni_order_strip_set_order (OmniOrderStrip *self, const guint *order);

G_END_DECLS
