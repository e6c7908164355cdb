/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/comparison/comparison.h"

G_BEGIN_DECLS

/* A comparison as it stood at one moment, for taking away. Immutable, any thread. Rows without a score are left out of
 * nothing: they say why. */
typedef struct _OmniComparisonReport OmniComparisonReport;

/* The rows in the order given (element-type OmniComparisonRow). NULL: as the comparison lists them. */
OmniComparisonReport *omni_comparison_report_new (OmniComparison *comparison, GPtrArray *rows);
void omni_comparison_report_free (OmniComparisonReport *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (OmniComparisonReport, omni_comparison_report_free)

/* (transfer full) Columns of text, for a message or a note, in the language of the window; the others are English. */
char *omni_comparison_report_to_text (OmniComparisonReport *self);

/* (transfer full) RFC 4180, with a decimal point whatever the locale. */
char *omni_comparison_report_to_csv (OmniComparisonReport *self);

/* A self-contained page with the table, charts and pictures, or the CSV, by the extension (.html, .csv). Takes a while. An
 * existing file is replaced. */
gboolean omni_comparison_report_save (OmniComparisonReport *self, const char *path, GCancellable *cancellable,
                                      GError **error);

G_END_DECLS
