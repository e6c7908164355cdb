/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/cli/cli.h"
#include "app/files/writer.h"

G_BEGIN_DECLS

/* Writing what each source counts (--weights-out): one grey 16-bit PNG a source and band, 65535 where the source is all. */

/* (transfer full) (element-type filename) The names, source by source in list order and then band by band: SOURCE-BAND.png
 * without the source's extension. Sources of one name are told apart by a number, by their paths' order. */
GPtrArray *omni_cli_name_weights (const char *folder, GPtrArray *sources, const OmniWeightMaps *maps);

/* Makes the folder and refuses with a sentence what could not be written into it, before anything is. `options` as for the
 * result. */
gboolean omni_cli_check_weights (const char *folder, const OmniFusionResult *result,
                                 const OmniWriteOptions *options, GError **error);

/* Writes the files; FALSE with a sentence, and then none of them is there. */
gboolean omni_cli_write_weights (const char *folder, const OmniFusionResult *result,
                                 const OmniWriteOptions *options, GError **error);

/* Removes all that were written. */
void omni_cli_remove_weights (const char *folder, const OmniFusionResult *result);

/* The key "weights". */
void omni_cli_add_weights (JsonBuilder *json, const char *folder, const OmniFusionResult *result);

G_END_DECLS
