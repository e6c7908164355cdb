/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/comparison/comparison.h"

#include <adwaita.h>

G_BEGIN_DECLS

/* The table of all models: pictures, scores and times, sorted by any column.
 *
 * Signals: "show-row" (OmniComparisonRow: somebody chose it), "use-row" (OmniComparisonRow: its model is to be the
 * document's), "close". */
#define OMNI_TYPE_COMPARE_VIEW (omni_compare_view_get_type ())
G_DECLARE_FINAL_TYPE (OmniCompareView, omni_compare_view, OMNI, COMPARE_VIEW, AdwBin)

void omni_compare_view_set_comparison (OmniCompareView *self, OmniComparison *comparison);

/* (transfer none) (nullable) */
OmniComparisonRow *omni_compare_view_get_selected (OmniCompareView *self);

/* How far it is scrolled down, in pixels. */
double omni_compare_view_get_scroll (OmniCompareView *self);

/* (transfer full) (element-type OmniComparisonRow) As they are sorted now. */
GPtrArray *omni_compare_view_get_rows (OmniCompareView *self);

G_END_DECLS
