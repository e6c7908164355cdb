/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <adwaita.h>

G_BEGIN_DECLS

/* The colours of a difference with what they stand for, in levels of 255, and the gain.
 *
 * Property: "gain" (1 … 64). */
#define OMNI_TYPE_DIFFERENCE_BAR (omni_difference_bar_get_type ())
G_DECLARE_FINAL_TYPE (OmniDifferenceBar, omni_difference_bar, OMNI, DIFFERENCE_BAR, AdwBin)

double omni_difference_bar_get_gain (OmniDifferenceBar *self);
void omni_difference_bar_set_gain (OmniDifferenceBar *self, double gain);

G_END_DECLS
