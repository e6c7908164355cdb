/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/order/trial.h"

#include <adwaita.h>

G_BEGIN_DECLS

/* What one model's trial of orders came to, in words: its name, two chips (hash before and after, and the largest difference),
 * the count of orders that gave the same bits, and the control run. Says nothing that was not run. */
#define OMNI_TYPE_STAGE_SIDE (omni_stage_side_get_type ())
G_DECLARE_FINAL_TYPE (OmniStageSide, omni_stage_side, OMNI, STAGE_SIDE, AdwBin)

void omni_stage_side_set_title (OmniStageSide *self, const char *title);

/* The parts can be left out, to show one thing at a time. */
typedef enum
{
  OMNI_STAGE_CHIPS = 1 << 0,
  OMNI_STAGE_COUNTER = 1 << 1,
  OMNI_STAGE_CONTROL = 1 << 2,
  OMNI_STAGE_ALL = OMNI_STAGE_CHIPS | OMNI_STAGE_COUNTER | OMNI_STAGE_CONTROL
} OmniStageParts;

/* Tells of `trial` (nullable) and of its try at `index` (−1: none yet) against its first. */
void omni_stage_side_show (OmniStageSide *self, OmniOrderTrial *trial, int index, OmniStageParts parts);

/* (transfer full) "24 of 24 orders identical", or with the number there are where only some were tried; "" before the second. */
char *omni_order_trial_describe (OmniOrderTrial *trial);

G_END_DECLS
