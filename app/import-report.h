/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "models/import/import.h"

G_BEGIN_DECLS

/* (transfer full) What an import took, ignored and knows, a line each, for the command line and the window alike. `has_model`:
 * this version has a model that can use it. */
char *omni_import_make_report (const OmniImport *import, gboolean has_model);

G_END_DECLS
