/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

/* What numbers without letters begin with, so that "1500 × 1000" is not turned round where people read from right to left. */
static inline const char *
omni_left_to_right_mark (void)
{
  return gtk_widget_get_default_direction () == GTK_TEXT_DIR_RTL ? "\342\200\216" : "";
}

G_END_DECLS
