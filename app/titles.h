/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "models/model.h"

G_BEGIN_DECLS

/* "Automatic", "Exposure bracket", … for people; static. */
const char *omni_task_get_title (OmniTask task);

/* "Visible", "Infrared", … likewise; "" for none. */
const char *omni_role_get_title (OmniRole role);

G_END_DECLS
