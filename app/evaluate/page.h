/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/evaluate/evaluate.h"

G_BEGIN_DECLS

/* What the page says of the run besides its result. */
typedef struct
{
  const char *folder; /* of the scenes */
  const char *split;  /* nullable */
} OmniEvaluatePage;

/* Writes the evaluation as one HTML file; see app/report/html.h. The evaluation must have kept pictures. */
gboolean omni_evaluation_save_page (const OmniEvaluation *self, const OmniEvaluatePage *page,
                                    const char *path, gboolean force, GError **error);

G_END_DECLS
