/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The list of versions with a real pointer: two pinned stand side by side, and what was deleted is back with its toast's Undo. */
#include "tests/ui/window-fixture.h"

#define MOST_TRIES 6

static OmniPointer *pointer;
static gboolean can_fuse;

static OmniVersions *
get_versions (OmniWindow *window)
{
  return omni_document_get_versions (window->document);
}

static gboolean
has_two_versions (gpointer data)
{
  return omni_test_has_settled (data) && omni_versions_get_n (get_versions (data)) == 2;
}

static gboolean
has_one_version (gpointer data)
{
  return omni_versions_get_n (get_versions (data)) == 1;
}

/* FALSE where nothing can be fused. */
static gboolean
make_two (OmniTestWindow *f)
{
  if (!can_fuse)
  {
    g_test_skip ("no Vulkan device");
    return FALSE;
  }
  g_object_set (gtk_settings_get_default (), "gtk-enable-animations", FALSE, NULL);
  omni_document_set_model (f->window->document, omni_model_find ("max"));
  g_assert_true (omni_test_wait (has_two_versions, f->window));
  omni_test_wait_for_layout (f);
  return TRUE;
}

/* The list and its rows */

static GtkWidget *
get_row (OmniWindow *window, int index)
{
  GtkWidget *list = omni_test_find_widget (GTK_WIDGET (window->versions), GTK_TYPE_LIST_BOX);

  return list != NULL ? GTK_WIDGET (gtk_list_box_get_row_at_index (GTK_LIST_BOX (list), index)) : NULL;
}

static gboolean
shows_rows (gpointer data)
{
  GtkWidget *row = get_row (data, (int)omni_versions_get_n (get_versions (data)) - 1);

  return row != NULL && omni_test_is_mapped (row);
}

static gboolean
shows_no_rows (gpointer data)
{
  return !shows_rows (data);
}

static void
open_list (OmniTestWindow *f)
{
  omni_test_click (GTK_WIDGET (f->window->versions));
  g_assert_true (omni_test_wait (shows_rows, f->window));
  omni_test_wait_for_layout (f);
}

static void
close_list (OmniTestWindow *f)
{
  omni_pointer_key (pointer, "Escape", 0);
  g_assert_true (omni_test_wait (shows_no_rows, f->window));
  g_assert_true (omni_test_wait (omni_test_is_active, f->window));
}

static gboolean
is_pinned (gpointer data)
{
  return omni_fusion_version_is_pinned (data);
}

static gpointer
get_identity (OmniViewer *viewer, guint pane)
{
  OmniSubject *subject = omni_viewer_get_subject (viewer, pane);

  return subject != NULL ? omni_subject_get_identity (subject) : NULL;
}

static gboolean
shows_both (gpointer data)
{
  OmniWindow *window = data;
  gpointer newer = omni_fusion_version_get_result (omni_versions_get (get_versions (window), 0))->picture;
  gpointer older = omni_fusion_version_get_result (omni_versions_get (get_versions (window), 1))->picture;
  gpointer first = get_identity (window->viewer, 0), second = get_identity (window->viewer, 1);

  return omni_viewer_get_mode (window->viewer) == OMNI_VIEWER_SIDE_BY_SIDE
         && ((first == newer && second == older) || (first == older && second == newer));
}

static void
test_pin (OmniTestWindow *f, gconstpointer data)
{
  if (!make_two (f))
    return;
  open_list (f);
  for (int i = 0; i < 2; i++)
  {
    GtkWidget *pin = omni_test_find_widget (get_row (f->window, i), GTK_TYPE_TOGGLE_BUTTON);
    g_assert_nonnull (pin);
    g_assert_false (shows_both (f->window));
    omni_test_click (pin);
    g_assert_true (omni_test_wait (is_pinned, omni_versions_get (get_versions (f->window), (guint)i)));
  }
  g_assert_true (omni_test_wait (shows_both, f->window));
  close_list (f);
  g_assert_true (shows_both (f->window));
}

/* Deleted and back */

static GtkWidget *
find_bin (GtkWidget *row)
{
  GtkWidget *box = gtk_list_box_row_get_child (GTK_LIST_BOX_ROW (row));

  for (GtkWidget *child = gtk_widget_get_last_child (box); child != NULL;
       child = gtk_widget_get_prev_sibling (child))
    if (GTK_IS_BUTTON (child)
        && g_strcmp0 (gtk_button_get_icon_name (GTK_BUTTON (child)), "user-trash-symbolic") == 0)
      return child;
  return NULL;
}

static GtkWidget *
find_undo (OmniWindow *window)
{
  const GType type = g_type_from_name ("AdwToastWidget");
  GtkWidget *toast = type != 0 ? omni_test_find_widget (GTK_WIDGET (window->toasts), type) : NULL;

  return toast != NULL ? omni_test_find_widget (toast, GTK_TYPE_BUTTON) : NULL;
}

static gboolean
has_undo (gpointer data)
{
  GtkWidget *undo = find_undo (data);

  return undo != NULL && omni_test_is_mapped (undo);
}

/* A toast goes by itself, and a busy machine may click where it was; then it is done again. */
static void
test_delete (OmniTestWindow *f, gconstpointer data)
{
  gboolean is_back = FALSE;

  if (!make_two (f))
    return;
  OmniFusionVersion *older = omni_versions_get (get_versions (f->window), 1);
  for (guint i = 0; i < MOST_TRIES && !is_back; i++)
  {
    open_list (f);
    omni_test_click (find_bin (get_row (f->window, 1)));
    g_assert_true (omni_test_wait (has_one_version, f->window));
    close_list (f);
    if (omni_test_wait_seconds (has_undo, f->window, 4))
      omni_test_click (find_undo (f->window));
    is_back = omni_test_wait_seconds (has_two_versions, f->window, 4);
    if (!is_back)
      omni_document_undo (f->window->document);
  }
  g_assert_true (is_back);
  g_assert_true (omni_versions_get (get_versions (f->window), 1) == older);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  pointer = omni_test_window_start (&can_fuse);
  if (pointer == NULL)
    return 0;
  omni_test_window_add ("/versions/pin", test_pin);
  omni_test_window_add ("/versions/delete", test_delete);
  const int status = g_test_run ();
  omni_pointer_free (pointer);
  return status;
}
