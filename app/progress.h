/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Hears in the thread that works how much is done, 0 … 1. */
typedef void (*OmniProgressFunc) (double fraction, gpointer user_data);

G_END_DECLS
