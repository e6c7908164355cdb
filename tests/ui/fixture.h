/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/picture/picture.h"

/* Nothing is waited for longer; a busy machine of one core needs some patience. */
#define WAIT_SECONDS 120

/* (transfer full) The path of a new PNG in `folder`: a picture of `width` × `height` with 3 channels that has a gradient and
 * a few edges, the brighter the larger `level` (0 … 255). */
char *omni_test_write_picture (const char *folder, const char *name, guint width, guint height, guint level);

/* (transfer full) A new folder; removed with all it holds by omni_test_remove_folder(). */
char *omni_test_make_folder (void);
void omni_test_remove_folder (char *folder);

/* Turns the main loop until the condition holds. FALSE after WAIT_SECONDS. */
typedef gboolean (*OmniTestCondition) (gpointer data);
gboolean omni_test_wait (OmniTestCondition condition, gpointer data);
gboolean omni_test_wait_seconds (OmniTestCondition condition, gpointer data, guint seconds);

/* Turns the main loop for so long. */
void omni_test_turn (guint ms);
