/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/cli/cli.h"

G_BEGIN_DECLS

/* (transfer full) (nullable) Fuses what `request` asks for and writes it to `options->output`, with its weights where these options ask
 * for them. What cannot be written is refused before the work. `ms` (out) has the time of writing in it. What the result warns of is
 * left to the caller. */
OmniFusionResult *omni_cli_fuse_request (const OmniCliOptions *options, const OmniFusionRequest *request,
                                         OmniEngine *engine, OmniCliProgress *progress, OmniFusionTimes *ms,
                                         GCancellable *cancellable, GError **error);

G_END_DECLS
