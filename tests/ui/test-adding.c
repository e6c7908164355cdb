/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a person says of the sources that were added: their roles. */
#include "tests/ui/window-fixture.h"

static OmniPointer *pointer;
static gboolean can_fuse;

/* Roles */

static GtkWidget *
find_item (GtkWidget *widget, const char *words)
{
  if (GTK_IS_LABEL (widget) && gtk_widget_get_mapped (widget)
      && g_str_equal (gtk_label_get_text (GTK_LABEL (widget)), words))
    return widget;
  for (GtkWidget *child = gtk_widget_get_first_child (widget); child != NULL;
       child = gtk_widget_get_next_sibling (child))
  {
    GtkWidget *found = find_item (child, words);
    if (found != NULL)
      return found;
  }
  return NULL;
}

typedef struct
{
  OmniWindow *window;
  const char *words;
} Item;

static gboolean
has_item (gpointer data)
{
  const Item *item = data;
  GtkWidget *menu = item->window->filmstrip->menu;

  return menu != NULL && find_item (menu, item->words) != NULL;
}

static gboolean
has_no_menu (gpointer data)
{
  GtkWidget *menu = ((OmniWindow *)data)->filmstrip->menu;

  return menu == NULL || !gtk_widget_get_mapped (menu);
}

static GtkWidget *
wait_for_item (OmniTestWindow *f, const char *words)
{
  g_assert_true (omni_test_wait (has_item, &(Item){ f->window, words }));
  omni_test_turn (400); /* pages slide */
  return find_item (f->window->filmstrip->menu, words);
}

static void
click_item (OmniTestWindow *f, const char *words)
{
  GtkWidget *label = wait_for_item (f, words);
  int x, y;

  omni_pointer_locate (pointer, label, gtk_widget_get_width (label) / 2.0,
                       gtk_widget_get_height (label) / 2.0, &x, &y);
  omni_pointer_move (pointer, x, y);
  omni_test_wait_for_layout (f);
  omni_pointer_click (pointer, 1);
}

static gboolean
is_marked (GtkWidget *label)
{
  for (GtkWidget *child = gtk_widget_get_first_child (gtk_widget_get_parent (label)); child != NULL;
       child = gtk_widget_get_next_sibling (child))
    for (GtkWidget *mark = child; mark != NULL; mark = gtk_widget_get_first_child (mark))
      if (g_str_equal (gtk_widget_get_css_name (mark), "radio"))
        return (gtk_widget_get_state_flags (mark) & GTK_STATE_FLAG_CHECKED) != 0;
  return FALSE;
}

static void
open_roles (OmniTestWindow *f)
{
  omni_test_click_card (f, 1);
  omni_pointer_key (pointer, "F10", GDK_SHIFT_MASK);
  click_item (f, "Role");
}

static void
close_menu (OmniTestWindow *f)
{
  gtk_popover_popdown (GTK_POPOVER (f->window->filmstrip->menu));
  g_assert_true (omni_test_wait (has_no_menu, f->window));
  omni_test_turn (300); /* the server gives the pointer back */
}

static gboolean
is_infrared (gpointer data)
{
  OmniSource *source = omni_document_get_source (((OmniWindow *)data)->document, 1);

  return omni_source_get_role (source) == OMNI_ROLE_INFRARED;
}

/* Those of the task, and the source's own is marked. */
static void
test_roles (OmniTestWindow *f, gconstpointer data)
{
  omni_document_set_task (f->window->document, OMNI_TASK_INFRARED);
  g_assert_true (omni_test_wait (omni_test_has_settled, f->window));
  open_roles (f);
  g_assert_true (is_marked (wait_for_item (f, "Not Said")));
  g_assert_false (is_marked (wait_for_item (f, "Visible")));
  g_assert_null (find_item (f->window->filmstrip->menu, "PET"));
  click_item (f, "Infrared");
  g_assert_true (omni_test_wait (is_infrared, f->window));
  g_assert_true (omni_test_wait (has_no_menu, f->window));
  omni_test_turn (300);

  open_roles (f);
  g_assert_true (is_marked (wait_for_item (f, "Infrared")));
  g_assert_false (is_marked (wait_for_item (f, "Not Said")));
  close_menu (f);

  /* A task without roles asks for none; what was said can still be taken back. */
  omni_document_set_task (f->window->document, OMNI_TASK_FOCUS);
  g_assert_true (omni_test_wait (omni_test_has_settled, f->window));
  open_roles (f);
  g_assert_true (is_marked (wait_for_item (f, "Infrared")));
  g_assert_null (find_item (f->window->filmstrip->menu, "Visible"));
  close_menu (f);
  omni_test_click_card (f, 0);
  omni_pointer_key (pointer, "F10", GDK_SHIFT_MASK);
  wait_for_item (f, "Remove");
  g_assert_null (find_item (f->window->filmstrip->menu, "Role"));
  close_menu (f);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  pointer = omni_test_window_start (&can_fuse);
  if (pointer == NULL)
    return 0;
  omni_test_window_add ("/adding/roles", test_roles);
  const int status = g_test_run ();
  omni_pointer_free (pointer);
  return status;
}
