/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/document/document.h"

#include <adwaita.h>

G_BEGIN_DECLS

/* A chip with the hash of the result and, after a reorder, whether the bits stayed the same; a click shows all that is
 * known about the result. It says only what was computed. */
#define OMNI_TYPE_ORDER_CHIP (omni_order_chip_get_type ())
G_DECLARE_FINAL_TYPE (OmniOrderChip, omni_order_chip, OMNI, ORDER_CHIP, AdwBin)

/* `result` NULL hides the chip. */
void omni_order_chip_set_result (OmniOrderChip *self, OmniFusionResult *result, OmniOrderCheck check);

/* What the check compared: the hash before (nullable) and the difference (nullable: not known yet). Call it before
 * omni_order_chip_set_result(). */
void omni_order_chip_set_compared (OmniOrderChip *self, const char *before,
                                   const OmniPictureDifference *difference);

G_END_DECLS
