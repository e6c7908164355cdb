/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/comparison/comparison.h"

#include <adwaita.h>

G_BEGIN_DECLS

/* One metric of the current result: its value, its place among the other models, and in plain words what it says. */
#define OMNI_TYPE_SCORE_ROW (omni_score_row_get_type ())
G_DECLARE_FINAL_TYPE (OmniScoreRow, omni_score_row, OMNI, SCORE_ROW, AdwBin)

GtkWidget *omni_score_row_new (const OmniMetric *metric);
void omni_score_row_update (OmniScoreRow *self, OmniComparison *comparison, guint metric);

/* What a metric says to somebody who has never heard of it; static. */
const char *omni_metric_get_plain_words (const OmniMetric *metric);

G_END_DECLS
