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

/* Numbers alone, in the order and with the sign in front as they are written: "12  200  31", "-0.5", "×2". */
static inline void
omni_label_set_numbers (GtkLabel *label, const char *words)
{
  g_autofree char *marked = g_strconcat (omni_left_to_right_mark (), words, NULL);

  gtk_label_set_text (label, marked);
}

/* For what lies beside a picture or a scale that runs the same way wherever people read from. */
static inline void
omni_keep_left_to_right (GtkWidget *widget)
{
  gtk_widget_set_direction (widget, GTK_TEXT_DIR_LTR);
  for (GtkWidget *child = gtk_widget_get_first_child (widget); child != NULL;
       child = gtk_widget_get_next_sibling (child))
    omni_keep_left_to_right (child);
}

G_END_DECLS
