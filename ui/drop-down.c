/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/drop-down.h"

#define LEAST_CHARS 4
#define ROWS_KEY    "omni-rows"

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

/* A list makes up to 200 rows, open or not, and binds them again with every change of the model. */

static GtkWidget *
find_child (GtkWidget *widget, GType type)
{
  for (GtkWidget *child = gtk_widget_get_first_child (widget); child != NULL;
       child = gtk_widget_get_next_sibling (child))
  {
    GtkWidget *found = g_type_is_a (G_OBJECT_TYPE (child), type) ? child : find_child (child, type);
    if (found != NULL)
      return found;
  }
  return NULL;
}

/* Arrows go on from the choice. */
static void
focus_choice (GtkWidget *list)
{
  GtkSelectionModel *rows = gtk_list_view_get_model (GTK_LIST_VIEW (list));
  const guint selected = gtk_single_selection_get_selected (GTK_SINGLE_SELECTION (rows));

  if (selected == GTK_INVALID_LIST_POSITION)
    return;
  gtk_widget_activate_action (list, "list.scroll-to-item", "u", selected);
  for (GtkWidget *row = gtk_widget_get_first_child (list); row != NULL;
       row = gtk_widget_get_next_sibling (row))
    if ((gtk_widget_get_state_flags (row) & GTK_STATE_FLAG_SELECTED) != 0)
    {
      gtk_widget_grab_focus (row);
      return;
    }
}

static void
opened_cb (GtkListView *list)
{
  gtk_list_view_set_model (list, g_object_get_data (G_OBJECT (list), ROWS_KEY));
  focus_choice (GTK_WIDGET (list));
}

static gboolean
rest_cb (gpointer data)
{
  if (!gtk_widget_get_mapped (data))
    gtk_list_view_set_model (data, NULL);
  return G_SOURCE_REMOVE;
}

/* Not at once: a row may be what closed it. */
static void
closed_cb (GtkListView *list)
{
  g_idle_add_full (G_PRIORITY_DEFAULT_IDLE, rest_cb, g_object_ref (list), g_object_unref);
}

void
omni_drop_down_let_rest (GtkDropDown *drop_down)
{
  GtkWidget *popover = find_child (GTK_WIDGET (drop_down), GTK_TYPE_POPOVER);
  GtkWidget *list = popover != NULL ? find_child (popover, GTK_TYPE_LIST_VIEW) : NULL;

  g_return_if_fail (list != NULL);
  g_object_set_data_full (G_OBJECT (list), ROWS_KEY,
                          g_object_ref (gtk_list_view_get_model (GTK_LIST_VIEW (list))), g_object_unref);
  gtk_list_view_set_model (GTK_LIST_VIEW (list), NULL);
  g_signal_connect_object (popover, "map", G_CALLBACK (opened_cb), list, G_CONNECT_SWAPPED);
  g_signal_connect_object (popover, "unmap", G_CALLBACK (closed_cb), list, G_CONNECT_SWAPPED);
}

static void
renew_cb (GtkListView *list)
{
  g_autoptr (GtkListItemFactory) factory = g_object_ref (gtk_list_view_get_factory (list));

  gtk_list_view_set_factory (list, NULL);
  gtk_list_view_set_factory (list, factory);
  focus_choice (GTK_WIDGET (list)); /* which went with the rows */
}

void
omni_drop_down_renew (GtkDropDown *drop_down)
{
  GtkWidget *popover = find_child (GTK_WIDGET (drop_down), GTK_TYPE_POPOVER);
  GtkWidget *list = popover != NULL ? find_child (popover, GTK_TYPE_LIST_VIEW) : NULL;

  g_return_if_fail (list != NULL);
  g_signal_connect_object (popover, "map", G_CALLBACK (renew_cb), list, G_CONNECT_SWAPPED);
}

void
omni_drop_down_tell (GtkDropDown *drop_down, const char *words)
{
  GtkWidget *button = gtk_widget_get_first_child (GTK_WIDGET (drop_down));

  gtk_accessible_update_property (GTK_ACCESSIBLE (button), GTK_ACCESSIBLE_PROPERTY_LABEL, words, -1);
  gtk_accessible_update_property (GTK_ACCESSIBLE (drop_down), GTK_ACCESSIBLE_PROPERTY_DESCRIPTION, words, -1);
}

static void
tell_string_cb (GtkDropDown *drop_down)
{
  gpointer item = gtk_drop_down_get_selected_item (drop_down);

  if (item != NULL)
    omni_drop_down_tell (drop_down, gtk_string_object_get_string (item));
}

void
omni_drop_down_tell_strings (GtkDropDown *drop_down)
{
  g_signal_connect (drop_down, "notify::selected-item", G_CALLBACK (tell_string_cb), NULL);
  tell_string_cb (drop_down);
}
