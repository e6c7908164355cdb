/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/document/versions.h"

#include <adwaita.h>

G_BEGIN_DECLS

/* A button whose popover lists the versions, newest first: a click shows one, pins compare two, names can be changed in place.
 *
 * Signals: "show-version" (OmniFusionVersion), "pins-changed", "delete-version" (OmniFusionVersion). */
#define OMNI_TYPE_VERSIONS_BUTTON (omni_versions_button_get_type ())
G_DECLARE_FINAL_TYPE (OmniVersionsButton, omni_versions_button, OMNI, VERSIONS_BUTTON, AdwBin)

void omni_versions_button_set_versions (OmniVersionsButton *self, OmniVersions *versions);

/* (transfer full) Task, order, hash and time in a line. */
char *omni_fusion_version_describe (OmniFusionVersion *version);

G_END_DECLS
