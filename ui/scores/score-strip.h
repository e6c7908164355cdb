/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/comparison/comparison.h"

#include <gtk/gtk.h>

G_BEGIN_DECLS

/* All scores of one metric on a line from the worst to the best: the current result as a dot, the others as ticks. Better is
 * always to the right. It shows places between the others, not amounts: the line does not start at nought. */
#define OMNI_TYPE_SCORE_STRIP (omni_score_strip_get_type ())
G_DECLARE_FINAL_TYPE (OmniScoreStrip, omni_score_strip, OMNI, SCORE_STRIP, GtkWidget)

GtkWidget *omni_score_strip_new (void);
void omni_score_strip_update (OmniScoreStrip *self, OmniComparison *comparison, guint metric);

G_END_DECLS
