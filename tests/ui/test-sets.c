/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where a set comes from and what is said of it: samples, recent sets, roles, copies, and the help of the first run. */
#include "app/settings.h"
#include "tests/ui/window-fixture.h"

#include <unistd.h>

#define MOST_TRIES 6

static OmniPointer *pointer;
static gboolean can_fuse;

/* Roles */

static gboolean
has_menu (gpointer data)
{
  GtkWidget *menu = ((OmniWindow *)data)->filmstrip->menu;

  return menu != NULL && omni_test_is_mapped (menu);
}

static gboolean
has_no_menu (gpointer data)
{
  return !has_menu (data);
}

/* A menu's items are a type that GTK keeps to itself. */
static GtkWidget *
find_item (GtkWidget *menu, const char *text)
{
  if (g_str_equal (G_OBJECT_TYPE_NAME (menu), "GtkModelButton") && omni_test_is_mapped (menu))
  {
    g_autofree char *own = NULL;
    g_object_get (menu, "text", &own, NULL);
    if (g_strcmp0 (own, text) == 0)
      return menu;
  }
  for (GtkWidget *child = gtk_widget_get_first_child (menu); child != NULL;
       child = gtk_widget_get_next_sibling (child))
  {
    GtkWidget *found = find_item (child, text);
    if (found != NULL)
      return found;
  }
  return NULL;
}

typedef struct
{
  OmniWindow *window;
  const char *text;
} Item;

static gboolean
has_item (gpointer data)
{
  const Item *item = data;

  return has_menu (item->window) && find_item (item->window->filmstrip->menu, item->text) != NULL;
}

static void
choose_item (OmniTestWindow *f, const char *text)
{
  Item item = { f->window, text };

  g_assert_true (omni_test_wait (has_item, &item));
  omni_test_wait_for_layout (f);
  omni_test_click (find_item (f->window->filmstrip->menu, text));
}

typedef struct
{
  OmniSource *source;
  OmniRole role;
} Said;

static gboolean
has_role (gpointer data)
{
  const Said *said = data;

  return omni_source_get_role (said->source) == said->role;
}

static void
test_role (OmniTestWindow *f, gconstpointer data)
{
  Said said = { omni_document_get_source (f->window->document, 1), OMNI_ROLE_INFRARED };
  int x, y;

  omni_test_locate_card (f, 1, 0.5, &x, &y);
  omni_pointer_move (pointer, x, y);
  omni_pointer_click (pointer, 3);
  g_assert_true (omni_test_wait (has_menu, f->window));
  choose_item (f, "Role");
  choose_item (f, "Infrared");
  g_assert_true (omni_test_wait (has_role, &said));
  for (guint i = 0; i < N_SOURCES; i++)
    g_assert_true (omni_source_get_role (omni_document_get_source (f->window->document, i))
                   == (i == 1 ? OMNI_ROLE_INFRARED : OMNI_ROLE_NONE));
  g_assert_true (omni_test_wait (has_no_menu, f->window));
  omni_test_click_card (f, 0);
  omni_test_wait_for_layout (f);
  said.role = OMNI_ROLE_NONE;
  omni_pointer_key (pointer, "z", GDK_CONTROL_MASK);
  g_assert_true (omni_test_wait (has_role, &said));
}

/* Copies */

static gboolean
tells_of_copies (gpointer data)
{
  return omni_test_is_mapped (GTK_WIDGET (((OmniWindow *)data)->copies_bar));
}

static gboolean
uses_no_copy (gpointer data)
{
  OmniWindow *window = data;

  return omni_document_get_active (window->document)->len == N_SOURCES && !tells_of_copies (window);
}

static void
test_copies (OmniTestWindow *f, gconstpointer data)
{
  OmniWindow *window = f->window;
  g_autofree char *path = g_build_filename (f->folder, "again.png", NULL);
  g_autofree char *bytes = NULL;
  gsize size_bytes;

  g_assert_false (tells_of_copies (window));
  g_assert_true (g_file_get_contents (f->paths[2], &bytes, &size_bytes, NULL));
  g_assert_true (g_file_set_contents (path, bytes, (gssize)size_bytes, NULL));
  omni_window_open_paths (window, (const char *const[]){ path, NULL });
  g_assert_true (omni_test_wait (tells_of_copies, window));
  g_assert_nonnull (strstr (gtk_label_get_text (window->copies_text), "again.png"));
  omni_test_wait_for_layout (f);
  omni_test_click (omni_test_find_button (GTK_WIDGET (window->copies_bar), "win.switch-off-copies"));
  g_assert_true (omni_test_wait (uses_no_copy, window));
  g_assert_false (
    omni_document_is_on (window->document, omni_document_get_source (window->document, N_SOURCES)));
}

/* Recent sets */

static gboolean
is_kept (gpointer data)
{
  OmniWindow *window = data;

  return window->session_path != NULL && !window->keeping && window->keep_id == 0 && !window->hashing;
}

typedef struct
{
  OmniWindow *window;
  const char *path;
} Recent;

static GtkWidget *
find_recent (const Recent *recent)
{
  for (GtkWidget *row = gtk_widget_get_first_child (recent->window->recent_box); row != NULL;
       row = gtk_widget_get_next_sibling (row))
  {
    GVariant *target = gtk_actionable_get_action_target_value (GTK_ACTIONABLE (row));
    if (g_str_equal (g_variant_get_string (target, NULL), recent->path))
      return row;
  }
  return NULL;
}

static gboolean
lists_recent (gpointer data)
{
  GtkWidget *row = find_recent (data);

  return row != NULL && omni_test_is_mapped (row);
}

static void
test_recent (OmniTestWindow *f, gconstpointer data)
{
  g_assert_true (omni_test_wait (is_kept, f->window));
  g_autofree char *path = g_strdup (f->window->session_path);
  Recent recent = { f->window, path };

  omni_test_empty (f);
  /* The list is made anew once the last state is written; a click just then is lost. */
  for (guint i = 0; i < MOST_TRIES && !omni_test_has_cards (f->window); i++)
  {
    g_assert_true (omni_test_wait (lists_recent, &recent));
    omni_test_wait_for_layout (f);
    omni_test_click (find_recent (&recent));
    omni_test_wait_seconds (omni_test_has_cards, f->window, 10);
  }
  g_assert_true (omni_test_has_cards (f->window));
  for (guint i = 0; i < N_SOURCES; i++)
    g_assert_cmpstr (omni_source_get_path (omni_document_get_source (f->window->document, i)), ==,
                     f->paths[i]);
}

/* Two folders of one name, with a character that means something in a menu. */

static gboolean
names_both (gpointer data)
{
  OmniWindow *window = data;
  guint n_seen = 0;

  for (GtkWidget *row = gtk_widget_get_first_child (window->recent_box); row != NULL;
       row = gtk_widget_get_next_sibling (row))
  {
    const char *title = gtk_button_get_label (GTK_BUTTON (row));
    n_seen += g_str_equal (title, "a/my_set, 2 pictures") || g_str_equal (title, "b/my_set, 2 pictures");
  }
  return n_seen == 2;
}

static gboolean
has_let_go (gpointer data)
{
  OmniWindow *window = data;

  return window->session_path == NULL && !window->keeping && window->keep_id == 0;
}

static guint
count_items (OmniTestWindow *f, const char *label)
{
  GMenuModel *menu = G_MENU_MODEL (f->window->recent_menu);
  guint n = 0;

  for (int i = 0; i < g_menu_model_get_n_items (menu); i++)
  {
    g_autofree char *own = NULL;
    n += g_menu_model_get_item_attribute (menu, i, G_MENU_ATTRIBUTE_LABEL, "s", &own)
         && g_str_equal (own, label);
  }
  return n;
}

static void
test_recent_names (OmniTestWindow *f, gconstpointer data)
{
  static const char *const folders[] = { "a", "b" };

  omni_test_empty (f);
  g_assert_true (omni_test_wait (has_let_go, f->window));
  for (guint i = 0; i < G_N_ELEMENTS (folders); i++)
  {
    g_autofree char *folder = g_build_filename (f->folder, folders[i], "my_set", NULL);
    g_assert_cmpint (g_mkdir_with_parents (folder, 0700), ==, 0);
    g_autofree char *first = omni_test_write_picture (folder, "0.png", 32, 32, 90 + i);
    g_autofree char *second = omni_test_write_picture (folder, "1.png", 32, 32, 190 + i);
    omni_window_open_paths (f->window, (const char *const[]){ first, second, NULL });
    g_assert_true (omni_test_wait (is_kept, f->window));
    omni_test_empty (f);
    g_assert_true (omni_test_wait (has_let_go, f->window));
  }
  g_assert_true (omni_test_wait (names_both, f->window));
  g_assert_cmpuint (count_items (f, "a/my__set, 2 pictures"), ==, 1);
  g_assert_cmpuint (count_items (f, "b/my__set, 2 pictures"), ==, 1);
}

/* Samples */

typedef struct
{
  OmniWindow *window;
  const char *folder;
} Samples;

static gboolean
has_samples (gpointer data)
{
  const Samples *samples = data;
  OmniDocument *document = samples->window->document;

  if (omni_document_get_n_sources (document) < 2)
    return FALSE;
  g_autofree char *folder = g_path_get_dirname (
    omni_source_get_path (omni_document_get_source (document, 0)));
  g_autofree char *name = g_path_get_basename (folder);
  return g_str_equal (name, samples->folder);
}

static void
try_samples (OmniTestWindow *f, GtkWidget *button, const char *folder)
{
  g_assert_true (omni_test_wait (omni_test_is_mapped, button));
  omni_test_wait_for_layout (f);
  omni_test_click (button);
  g_assert_true (omni_test_wait (has_samples, &(Samples){ f->window, folder }));
  omni_document_cancel (f->window->document);
  omni_test_empty (f);
}

static void
test_samples (OmniTestWindow *f, gconstpointer data)
{
  guint n = 0;

  omni_test_empty (f);
  try_samples (f, f->window->sample_button, "bracket");
  for (GtkWidget *button = gtk_widget_get_first_child (f->window->more_samples); button != NULL;
       button = gtk_widget_get_next_sibling (button), n++)
    try_samples (
      f, button,
      g_variant_get_string (gtk_actionable_get_action_target_value (GTK_ACTIONABLE (button)), NULL));
  g_assert_cmpuint (n, ==, 3);
}

/* Where the program has its data, with the samples as they are when it is installed. */
static char *
make_data_folder (void)
{
  char *folder = omni_test_make_folder ();
  g_autofree char *samples = g_test_build_filename (G_TEST_DIST, "..", "resources", "samples", NULL);
  g_autofree char *own = g_canonicalize_filename (samples, NULL);
  g_autofree char *link = g_build_filename (folder, "samples", NULL);

  g_assert_cmpint (symlink (own, link), ==, 0);
  g_setenv ("OMNIFUSE_DATADIR", folder, TRUE);
  return folder;
}

/* The help of the first run */

static gboolean
has_no_help (gpointer data)
{
  return !gtk_widget_get_visible (((OmniWindow *)data)->help_card)
         && omni_settings_is (OMNI_SETTING_HELP_READ, "yes");
}

static void
test_help (OmniTestWindow *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  g_assert_true (omni_settings_is (OMNI_SETTING_HELP_READ, "no"));
  g_assert_true (omni_test_is_mapped (f->window->help_card));
  omni_test_click (omni_test_find_widget (f->window->help_card, GTK_TYPE_BUTTON));
  g_assert_true (omni_test_wait (has_no_help, f->window));
  OmniWindow *next = omni_window_new (ADW_APPLICATION (g_application_get_default ()),
                                      omni_document_get_engine (f->window->document));
  g_assert_false (gtk_widget_get_visible (next->help_card));
  gtk_window_destroy (GTK_WINDOW (next));
  g_assert_true (omni_settings_set (OMNI_SETTING_HELP_READ, "no", &error));
  g_assert_no_error (error);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  char *data_folder = make_data_folder ();
  pointer = omni_test_window_start (&can_fuse);
  if (pointer == NULL)
    return 0;
  g_object_set (gtk_settings_get_default (), "gtk-enable-animations", FALSE, NULL);
  omni_test_window_add ("/sets/help", test_help);
  omni_test_window_add ("/sets/role", test_role);
  omni_test_window_add ("/sets/copies", test_copies);
  omni_test_window_add ("/sets/recent", test_recent);
  omni_test_window_add ("/sets/recent-names", test_recent_names);
  omni_test_window_add ("/sets/samples", test_samples);
  const int status = g_test_run ();
  omni_pointer_free (pointer);
  omni_test_remove_folder (data_folder);
  return status;
}
