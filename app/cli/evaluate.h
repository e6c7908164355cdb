/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/cli/cli.h"
#include "app/evaluate/evaluate.h"

G_BEGIN_DECLS

/* Prints the tables on stdout. `notes` (element-type utf8) are sentences on what was passed over. */
void omni_cli_print_evaluation (const OmniEvaluation *evaluation, GPtrArray *notes);
void omni_cli_print_evaluation_json (const OmniEvaluation *evaluation, GPtrArray *notes);

G_END_DECLS
