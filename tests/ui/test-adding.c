/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is added to the set, and what is said of what cannot be: progress and cancel, files from elsewhere, messages that stay; and
 * the roles of sources. */
#include "tests/ui/window-fixture.h"

#include "app/document/gather.h"

#include <string.h>

static OmniPointer *pointer;
static gboolean can_fuse;

typedef struct
{
  OmniWindow *window;
  guint n;
} Count;

static gboolean
has_sources (gpointer data)
{
  const Count *count = data;

  return omni_document_get_n_sources (count->window->document) == count->n;
}

static void
expect_sources (OmniTestWindow *f, guint n)
{
  g_assert_true (omni_test_wait_seconds (has_sources, &(Count){ f->window, n }, 20));
}
static gboolean
has_file_error (gpointer data)
{
  return gtk_widget_get_mapped (GTK_WIDGET (((OmniWindow *)data)->file_error));
}

static gboolean
has_no_file_error (gpointer data)
{
  return !has_file_error (data);
}

static gboolean
says (OmniWindow *window, const char *words)
{
  return strstr (gtk_label_get_text (window->file_error_text), words) != NULL
         || strstr (gtk_label_get_text (window->file_error_others), words) != NULL;
}

/* What is elsewhere is named, and what is here comes in. */
static void
test_paste_from_elsewhere (OmniTestWindow *f, gconstpointer data)
{
  GdkClipboard *clipboard = gtk_widget_get_clipboard (GTK_WIDGET (f->window));
  g_autofree char *path = omni_test_write_picture (f->folder, "y.png", 160, 120, 77);
  GFile *files[] = { g_file_new_for_uri ("nowhere://far/a.png"), g_file_new_for_path (path),
                     g_file_new_for_uri ("nowhere://far/b.png") };
  GdkFileList *list = gdk_file_list_new_from_array (files, G_N_ELEMENTS (files));

  gdk_clipboard_set (clipboard, GDK_TYPE_FILE_LIST, list);
  omni_test_click_card (f, 0);
  omni_pointer_key (pointer, "v", GDK_CONTROL_MASK);
  expect_sources (f, N_SOURCES + 1);
  g_assert_true (omni_test_wait (has_file_error, f->window));
  g_assert_true (says (f->window, "nowhere://far/a.png"));
  g_assert_true (says (f->window, "nowhere://far/b.png"));
  g_boxed_free (GDK_TYPE_FILE_LIST, list);
  for (gsize i = 0; i < G_N_ELEMENTS (files); i++)
    g_object_unref (files[i]);
}

/* Nothing comes in of what was cancelled, and what is added next does. */
static void
test_cancel_adding (OmniTestWindow *f, gconstpointer data)
{
  g_autofree char *path = omni_test_write_picture (f->folder, "z.png", 160, 120, 77);
  const char *const paths[] = { path, NULL };

  omni_window_open_paths (f->window, paths);
  g_assert_true (omni_work_bar_is_busy (f->window->adding_bar));
  gtk_widget_activate_action (GTK_WIDGET (f->window), "win.cancel-adding", NULL);
  for (guint i = 0; i < 2000 && omni_work_bar_is_busy (f->window->adding_bar); i++)
    g_main_context_iteration (NULL, TRUE);
  g_assert_false (omni_work_bar_is_busy (f->window->adding_bar));
  expect_sources (f, N_SOURCES);
  omni_window_open_paths (f->window, paths);
  expect_sources (f, N_SOURCES + 1);
}

/* Messages stay together, with every file in them, until somebody closes them. */
static void
test_errors_stay (OmniTestWindow *f, gconstpointer data)
{
  OmniWindow *window = f->window;
  g_autoptr (GStrvBuilder) paths = g_strv_builder_new ();
  int x, y;

  for (guint i = 0; i < 12; i++)
  {
    g_autofree char *name = g_strdup_printf ("gone%u.png", i);
    g_autofree char *path = g_build_filename (f->folder, name, NULL);
    g_strv_builder_add (paths, path);
  }
  g_auto (GStrv) gone = g_strv_builder_end (paths);
  omni_window_show_file_error (window, "an older sentence");
  omni_window_open_paths (window, (const char *const *)gone);
  for (guint i = 0; i < 2000 && !says (window, "gone11.png"); i++)
    g_main_context_iteration (NULL, TRUE);
  for (guint i = 0; i < 12; i++)
  {
    g_autofree char *name = g_strdup_printf ("gone%u.png", i);
    g_assert_true (says (window, name));
  }
  g_assert_true (says (window, "an older sentence"));
  g_assert_true (gtk_widget_get_mapped (GTK_WIDGET (window->file_error_more)));
  g_assert_cmpuint (window->file_errors->len, ==, 13);

  omni_window_take_back_file_errors (window, "gone1.png");
  g_assert_false (says (window, "gone1.png"));
  g_assert_true (says (window, "gone11.png"));

  omni_test_turn (600); /* the bar slides in */
  omni_pointer_locate (pointer, GTK_WIDGET (window->file_error_more), 20, 10, &x, &y);
  omni_pointer_move (pointer, x, y);
  omni_pointer_click (pointer, 1);
  for (guint i = 0; i < 200 && !gtk_widget_get_mapped (GTK_WIDGET (window->file_error_others)); i++)
    omni_test_turn (15);
  g_assert_true (gtk_widget_get_mapped (GTK_WIDGET (window->file_error_others)));

  gtk_info_bar_response (window->file_error, GTK_RESPONSE_CLOSE);
  g_assert_true (omni_test_wait (has_no_file_error, window));
  omni_window_show_file_error (window, "a newer sentence");
  g_assert_cmpstr (gtk_label_get_text (window->file_error_text), ==, "a newer sentence");
  g_assert_false (gtk_widget_get_visible (GTK_WIDGET (window->file_error_more)));
}

/* Progress */

static void
note_fraction (double fraction, gpointer data)
{
  GArray *fractions = data;

  g_array_append_val (fractions, fraction);
}

static void
gathered_cb (GObject *object, GAsyncResult *result, gpointer data)
{
  g_autoptr (GError) error = NULL;

  *(GPtrArray **)data = omni_gather_sources_finish (result, &error);
  g_assert_no_error (error);
}

/* Folders count as much as files, and what is in them goes on evenly. */
static void
test_progress (OmniTestWindow *f, gconstpointer data)
{
  g_autoptr (GArray) fractions = g_array_new (FALSE, FALSE, sizeof (double));
  g_autoptr (GPtrArray) gathered = NULL;

  omni_gather_sources_async ((const char *const[]){ f->paths[0], f->folder, NULL }, note_fraction, fractions,
                             NULL, gathered_cb, &gathered);
  while (gathered == NULL)
    g_main_context_iteration (NULL, TRUE);
  g_assert_cmpuint (fractions->len, >, 3);
  for (guint i = 1; i < fractions->len; i++)
  {
    g_assert_cmpfloat (g_array_index (fractions, double, i), >=, g_array_index (fractions, double, i - 1));
    g_assert_cmpfloat (g_array_index (fractions, double, i), <=, 1);
  }
}

/* Roles */

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

  return menu != NULL && omni_test_find_label (menu, item->words) != NULL;
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
  return omni_test_find_label (f->window->filmstrip->menu, words);
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
  g_assert_null (omni_test_find_label (f->window->filmstrip->menu, "PET"));
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
  g_assert_null (omni_test_find_label (f->window->filmstrip->menu, "Visible"));
  close_menu (f);
  omni_test_click_card (f, 0);
  omni_pointer_key (pointer, "F10", GDK_SHIFT_MASK);
  wait_for_item (f, "Remove");
  g_assert_null (omni_test_find_label (f->window->filmstrip->menu, "Role"));
  close_menu (f);
}

/* Pictures of one file name say which folder they are from. */

static gboolean
has_two_more (gpointer data)
{
  return omni_document_get_n_sources (((OmniWindow *)data)->document) == N_SOURCES + 2;
}

static void
check_name (OmniTestWindow *f, guint position, const char *folder, const char *name)
{
  g_autofree char *words = folder != NULL ? g_build_filename (folder, name, NULL) : g_strdup (name);
  GtkWidget *card = GTK_WIDGET (omni_filmstrip_get_card (f->window->filmstrip, position));

  g_assert_nonnull (omni_test_find_label (card, words));
}

static void
test_same_name (OmniTestWindow *f, gconstpointer data)
{
  g_autofree char *base = g_path_get_basename (f->folder);
  g_autofree char *in_a = g_build_filename (f->folder, "a", "x", NULL);
  g_autofree char *in_b = g_build_filename (f->folder, "b", "x", NULL);

  g_assert_cmpint (g_mkdir_with_parents (in_a, 0700), ==, 0);
  g_assert_cmpint (g_mkdir_with_parents (in_b, 0700), ==, 0);
  g_autofree char *first = omni_test_write_picture (in_a, "1.png", 160, 120, 70);
  g_autofree char *second = omni_test_write_picture (in_b, "1.png", 160, 120, 80);
  check_name (f, 1, NULL, "1.png");
  omni_window_open_paths (f->window, (const char *const[]){ first, second, NULL });
  g_assert_true (omni_test_wait (has_two_more, f->window));
  omni_test_wait_for_layout (f);
  check_name (f, 0, NULL, "0.png");
  check_name (f, 1, base, "1.png");
  check_name (f, N_SOURCES, "a/x", "1.png");
  check_name (f, N_SOURCES + 1, "b/x", "1.png");
  omni_document_undo (f->window->document);
  omni_test_wait_for_layout (f);
  check_name (f, 1, NULL, "1.png");
}

/* What is to be seen of a card is told, too. */

static gboolean
tells_role (gpointer data)
{
  return gtk_test_accessible_check_property (data, GTK_ACCESSIBLE_PROPERTY_DESCRIPTION,
                                             "160 × 120, 8-bit, Infrared")
         == NULL;
}

static gboolean
tells_influence (gpointer data)
{
  return gtk_test_accessible_check_property (data, GTK_ACCESSIBLE_PROPERTY_DESCRIPTION,
                                             "160 × 120, 8-bit, influence ×2")
         == NULL;
}

static gboolean
tells_copy (gpointer data)
{
  return gtk_test_accessible_check_property (data, GTK_ACCESSIBLE_PROPERTY_DESCRIPTION,
                                             "160 × 120, 8-bit, The Same Picture as 1.png")
         == NULL;
}

static void
test_told (OmniTestWindow *f, gconstpointer data)
{
  OmniDocument *document = f->window->document;
  OmniSource *source = omni_document_get_source (document, 1);
  gpointer card = omni_filmstrip_get_card (f->window->filmstrip, 1);
  g_autofree char *copy = g_build_filename (f->folder, "9.png", NULL);
  g_autofree char *bytes = NULL;
  gsize size;

  omni_document_set_role (document, source, OMNI_ROLE_INFRARED);
  g_assert_true (omni_test_wait (tells_role, card));
  omni_document_undo (document);
  omni_document_set_task (document, OMNI_TASK_EXPOSURE);
  omni_document_set_model (document, omni_model_find ("mertens"));
  omni_document_set_influence (document, source, 1);
  g_assert_true (omni_test_wait (tells_influence, card));
  g_assert_true (g_file_get_contents (f->paths[1], &bytes, &size, NULL));
  g_assert_true (g_file_set_contents (copy, bytes, (gssize)size, NULL));
  omni_window_open_paths (f->window, (const char *const[]){ copy, NULL });
  while (omni_document_get_n_sources (document) == N_SOURCES)
    g_main_context_iteration (NULL, TRUE);
  g_assert_true (omni_test_wait (tells_copy, omni_filmstrip_get_card (f->window->filmstrip, N_SOURCES)));
}

/* A card of another window: the same file, a source of its own. */

static gboolean
has_one_more (gpointer data)
{
  return omni_document_get_n_sources (((OmniWindow *)data)->document) == N_SOURCES + 1;
}

static void
test_stranger (OmniTestWindow *f, gconstpointer data)
{
  OmniDocument *document = f->window->document;
  g_autofree char *path = omni_test_write_picture (f->folder, "stranger.png", 160, 120, 90);
  g_autoptr (OmniSource) other = omni_source_new (path, NULL);
  g_autoptr (GPtrArray) sources = g_ptr_array_new ();

  g_ptr_array_add (sources, other);
  omni_filmstrip_drop_sources (f->window->filmstrip, sources, 2);
  g_assert_true (omni_test_wait (has_one_more, f->window));
  OmniSource *own = omni_document_get_source (document, 2);
  g_assert_cmpstr (omni_source_get_path (own), ==, path);
  g_assert_true (own != other);
  omni_document_set_role (document, own, OMNI_ROLE_INFRARED);
  g_assert_cmpint (omni_source_get_role (other), ==, OMNI_ROLE_NONE);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  pointer = omni_test_window_start (&can_fuse);
  if (pointer == NULL)
    return 0;
  omni_test_window_add ("/adding/from-elsewhere", test_paste_from_elsewhere);
  omni_test_window_add ("/adding/cancel", test_cancel_adding);
  omni_test_window_add ("/adding/errors-stay", test_errors_stay);
  omni_test_window_add ("/adding/progress", test_progress);
  omni_test_window_add ("/adding/same-name", test_same_name);
  omni_test_window_add ("/adding/stranger", test_stranger);
  omni_test_window_add ("/adding/told", test_told);
  omni_test_window_add ("/adding/roles", test_roles);
  const int status = g_test_run ();
  omni_pointer_free (pointer);
  return status;
}
