/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <adwaita.h>

G_BEGIN_DECLS

/* The program: one engine for all windows, a window for every set that is opened. */
#define OMNI_TYPE_APPLICATION (omni_application_get_type ())
G_DECLARE_FINAL_TYPE (OmniApplication, omni_application, OMNI, APPLICATION, AdwApplication)

OmniApplication *omni_application_new (void);

G_END_DECLS
