/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/comparison/comparison.h"

#include <adwaita.h>

G_BEGIN_DECLS

/* How good the current result is: the metrics that matter most for the task, of the whole picture or of the region. */
#define OMNI_TYPE_METRICS_PANEL (omni_metrics_panel_get_type ())
G_DECLARE_FINAL_TYPE (OmniMetricsPanel, omni_metrics_panel, OMNI, METRICS_PANEL, AdwBin)

void omni_metrics_panel_set_comparison (OmniMetricsPanel *self, OmniComparison *comparison);

G_END_DECLS
