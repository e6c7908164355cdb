/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/fusion/engine.h"

G_BEGIN_DECLS

/* What a model of two inputs is commonly made to do with more of them: fuse the first two pictures, the outcome with the third,
 * and so on. That weighs the pictures by their places, so the order shows; it stands beside the models of this program for
 * comparison. What lies between is kept as floats, so no rounding adds to it.
 *
 * `request` as for omni_engine_fuse(), with a model and a task; it needs two sources. Blocks, like omni_engine_fuse(); the
 * progress spans all the steps. Returns (transfer full) the last picture and its hash. */
OmniPicture *
omni_fold_pairs (OmniEngine *engine, const OmniFusionRequest *request, OmniEngineProgress progress,
                 gpointer user_data, char **sha256, GCancellable *cancellable, GError **error);

G_END_DECLS
