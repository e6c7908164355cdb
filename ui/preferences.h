/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <adwaita.h>

G_BEGIN_DECLS

/* The preferences: device and memory (from the next start on), what is done by itself, exporting, presenting. Each choice is
 * kept at once. */
#define OMNI_TYPE_PREFERENCES (omni_preferences_get_type ())
G_DECLARE_FINAL_TYPE (OmniPreferences, omni_preferences, OMNI, PREFERENCES, AdwPreferencesWindow)

GtkWindow *omni_preferences_new (GtkWindow *parent);

G_END_DECLS
