/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/picture/picture.h"

G_BEGIN_DECLS

/* What the results of one set in many orders have in common: how many of them differ, by how much, and where. One thread at
 * a time. Keeps two pictures' worth of samples: the least and the most that any order gave. */
typedef struct _OmniOrderSpread OmniOrderSpread;

OmniOrderSpread *omni_order_spread_new (void);
void omni_order_spread_free (OmniOrderSpread *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (OmniOrderSpread, omni_order_spread_free)

/* Adds the result of one order; all of them must have one shape. `sha256` is omni_picture_hash() of it. FALSE with
 * G_IO_ERROR_NO_SPACE when there is no memory for it. */
gboolean
omni_order_spread_add (OmniOrderSpread *self, OmniPicture *picture, const char *sha256, GError **error);

guint64 omni_order_spread_get_n_tried (const OmniOrderSpread *self);
guint omni_order_spread_get_n_distinct (const OmniOrderSpread *self);

/* The largest difference of any two results at one sample, in levels; 0 when they are the same bits. */
double omni_order_spread_get_largest (const OmniOrderSpread *self);

/* (transfer full) The order-sensitivity map: a grey picture of the results' depth with, per pixel, the largest difference of
 * any channel over all orders. */
OmniPicture *omni_order_spread_make_map (const OmniOrderSpread *self, GError **error);

G_END_DECLS
