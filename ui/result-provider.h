/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/fusion/engine.h"

#include <gdk/gdk.h>

G_BEGIN_DECLS

/* A result as something to drag to a file manager: a file is written, in a thread, only when somebody takes it. It stays in the
 * cache folder, for nobody says when it has been copied. */
#define OMNI_TYPE_RESULT_PROVIDER (omni_result_provider_get_type ())
G_DECLARE_FINAL_TYPE (OmniResultProvider, omni_result_provider, OMNI, RESULT_PROVIDER, GdkContentProvider)

GdkContentProvider *omni_result_provider_new (OmniFusionResult *result);

G_END_DECLS
