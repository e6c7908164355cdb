/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/comparison/comparison.h"

#include <gtk/gtk.h>

G_BEGIN_DECLS

/* (transfer full) The columns of a table of OmniComparisonRow: the picture; model and options; one metric; the time. All but
 * the picture can be sorted by. */
GtkColumnViewColumn *omni_compare_column_new_picture (void);
GtkColumnViewColumn *omni_compare_column_new_model (void);
GtkColumnViewColumn *omni_compare_column_new_metric (OmniComparison *comparison, guint metric);
GtkColumnViewColumn *omni_compare_column_new_time (void);

G_END_DECLS
