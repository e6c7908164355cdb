/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/drop-down.h"

#define LEAST_CHARS 4

static void
setup_cb (GtkDropDown *drop_down, GtkListItem *item)
{
  GtkWidget *label = gtk_label_new (NULL);

  gtk_label_set_xalign (GTK_LABEL (label), 0);
  gtk_label_set_ellipsize (GTK_LABEL (label), PANGO_ELLIPSIZE_END);
  gtk_label_set_width_chars (GTK_LABEL (label), LEAST_CHARS);
  gtk_list_item_set_child (item, label);
}

static void
bind_cb (GtkDropDown *drop_down, GtkListItem *item)
{
  GtkExpression *expression = gtk_drop_down_get_expression (drop_down);
  gpointer object = gtk_list_item_get_item (item);
  g_auto (GValue) value = G_VALUE_INIT;
  const char *words = "";

  if (expression != NULL && gtk_expression_evaluate (expression, object, &value))
    words = g_value_get_string (&value);
  else if (GTK_IS_STRING_OBJECT (object))
    words = gtk_string_object_get_string (object);
  gtk_label_set_text (GTK_LABEL (gtk_list_item_get_child (item)), words);
}

void
omni_drop_down_let_shrink (GtkDropDown *drop_down)
{
  g_autoptr (GtkListItemFactory) whole = g_object_ref (gtk_drop_down_get_factory (drop_down));
  g_autoptr (GtkListItemFactory) short_words = gtk_signal_list_item_factory_new ();

  g_signal_connect_swapped (short_words, "setup", G_CALLBACK (setup_cb), drop_down);
  g_signal_connect_swapped (short_words, "bind", G_CALLBACK (bind_cb), drop_down);
  gtk_drop_down_set_factory (drop_down, short_words);
  gtk_drop_down_set_list_factory (drop_down, whole);
}

void
omni_drop_down_tell (GtkDropDown *drop_down, const char *words)
{
  GtkWidget *button = gtk_widget_get_first_child (GTK_WIDGET (drop_down));

  gtk_accessible_update_property (GTK_ACCESSIBLE (button), GTK_ACCESSIBLE_PROPERTY_LABEL, words, -1);
  gtk_accessible_update_property (GTK_ACCESSIBLE (drop_down), GTK_ACCESSIBLE_PROPERTY_DESCRIPTION, words, -1);
}
