/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/ui/window-fixture.h"

#include "ui/application.h"

#include <unistd.h>

#define MOST_CLICKS   8
#define CLICK_SECONDS 5

static OmniApplication *application;
static OmniPointer *pointer;
static gboolean can_fuse;

/* Waiting */

gboolean
omni_test_has_cards (gpointer data)
{
  OmniWindow *window = data;

  return omni_document_get_n_sources (window->document) == N_SOURCES
         && gtk_widget_get_mapped (GTK_WIDGET (window->filmstrip))
         && gtk_widget_get_height (GTK_WIDGET (omni_filmstrip_get_card (window->filmstrip, 3))) > 0;
}

gboolean
omni_test_has_settled (gpointer data)
{
  OmniWindow *window = data;

  return !omni_document_is_busy (window->document)
         && (!can_fuse || omni_document_get_result (window->document) != NULL);
}

static gboolean
has_picture (gpointer data)
{
  OmniWindow *window = data;

  return !omni_viewer_is_empty (window->viewer) && gtk_widget_get_width (GTK_WIDGET (window->viewer)) > 0;
}

/* Only the window that is told so gets the keys, with or without a window manager. */
gboolean
omni_test_is_active (gpointer data)
{
  if (gtk_window_is_active (data))
    return TRUE;
  if (gtk_widget_get_mapped (data))
    omni_pointer_focus_window (pointer, omni_pointer_get_xid (data));
  return FALSE;
}

static gboolean
is_in_place (gpointer data)
{
  const unsigned long xid = omni_pointer_get_xid (data);
  int x, y;

  omni_pointer_locate_window (pointer, xid, 0, 0, &x, &y);
  if (x < 60 && y < 60)
    return TRUE;
  omni_pointer_place_window (pointer, xid, 0, 0);
  return FALSE;
}

/* The frame clock has run twice, so that what changed is laid out. */
static gboolean
tick_cb (GtkWidget *widget, GdkFrameClock *clock, gpointer data)
{
  guint *left = data;

  (*left)--;
  return *left > 0;
}

gboolean
omni_test_is_zero (gpointer data)
{
  return *(guint *)data == 0;
}

gboolean
omni_test_is_mapped (gpointer data)
{
  return gtk_widget_get_mapped (data) && gtk_widget_get_height (data) > 0;
}

void
omni_test_wait_for_layout (OmniTestWindow *f)
{
  guint left = 2;

  gtk_widget_add_tick_callback (GTK_WIDGET (f->window), tick_cb, &left, NULL);
  g_assert_true (omni_test_wait (omni_test_is_zero, &left));
}

GtkWindow *
omni_test_find_window (const char *type_name)
{
  GListModel *windows = gtk_window_get_toplevels ();
  const GType type = g_type_from_name (type_name);

  for (guint i = 0; type != 0 && i < g_list_model_get_n_items (windows); i++)
  {
    g_autoptr (GtkWindow) candidate = g_list_model_get_item (windows, i);
    if (g_type_is_a (G_OBJECT_TYPE (candidate), type) && gtk_widget_get_mapped (GTK_WIDGET (candidate)))
      return candidate;
  }
  return NULL;
}

gboolean
omni_test_has_window (gpointer type_name)
{
  GtkWindow *window = omni_test_find_window (type_name);
  return window != NULL && omni_test_is_active (window);
}

gboolean
omni_test_has_dialog (gpointer data)
{
  return omni_test_has_window ((gpointer) "GtkFileChooser");
}

typedef struct
{
  GtkFileChooser *chooser;
  GFile *file;
} Choice;

static gboolean
has_choice (gpointer data)
{
  const Choice *choice = data;
  g_autoptr (GFile) file = gtk_file_chooser_get_file (choice->chooser);

  return file != NULL && g_file_equal (file, choice->file);
}

static gboolean
has_no_dialog (gpointer data)
{
  return ((OmniWindow *)data)->chooser == NULL;
}

static void
choose_file (GtkFileChooser *chooser, const char *path)
{
  g_autoptr (GFile) file = g_file_new_for_path (path);
  Choice choice = { chooser, file };

  g_assert_true (gtk_file_chooser_set_file (chooser, file, NULL));
  g_assert_true (omni_test_wait (has_choice, &choice));
}

/* Return would open a folder; a click may come before a busy machine has laid the dialog out. */
void
omni_test_answer_dialog (OmniTestWindow *f, const char *path)
{
  gboolean is_gone = FALSE;

  g_assert_nonnull (f->window->chooser);
  g_assert_true (omni_test_wait (omni_test_has_dialog, f->window));
  if (path != NULL)
    choose_file (GTK_FILE_CHOOSER (f->window->chooser), path);
  for (guint i = 0; i < MOST_CLICKS && !is_gone; i++)
  {
    GtkDialog *dialog = GTK_DIALOG (omni_test_find_window ("GtkFileChooser"));
    omni_test_click (gtk_dialog_get_widget_for_response (dialog, GTK_RESPONSE_ACCEPT));
    is_gone = omni_test_wait_seconds (has_no_dialog, f->window, CLICK_SECONDS);
  }
  g_assert_true (is_gone);
  g_assert_true (omni_test_wait (omni_test_is_active, f->window));
}

/* Widgets */

static GtkWidget *
find (GtkWidget *widget, gboolean (*is_wanted) (GtkWidget *, gconstpointer), gconstpointer data)
{
  GtkWidget *found = is_wanted (widget, data) && gtk_widget_get_mapped (widget) ? widget : NULL;

  for (GtkWidget *child = gtk_widget_get_first_child (widget); child != NULL && found == NULL;
       child = gtk_widget_get_next_sibling (child))
    found = find (child, is_wanted, data);
  return found;
}

static gboolean
is_of_type (GtkWidget *widget, gconstpointer type)
{
  return G_TYPE_CHECK_INSTANCE_TYPE (widget, *(const GType *)type);
}

GtkWidget *
omni_test_find_widget (GtkWidget *root, GType type)
{
  return find (root, is_of_type, &type);
}

static gboolean
has_action (GtkWidget *widget, gconstpointer action)
{
  return GTK_IS_BUTTON (widget)
         && g_strcmp0 (gtk_actionable_get_action_name (GTK_ACTIONABLE (widget)), action) == 0;
}

static gboolean
has_words (GtkWidget *widget, gconstpointer words)
{
  return GTK_IS_LABEL (widget) && g_str_equal (gtk_label_get_text (GTK_LABEL (widget)), words);
}

GtkWidget *
omni_test_find_label (GtkWidget *root, const char *words)
{
  return find (root, has_words, words);
}

GtkWidget *
omni_test_find_button (GtkWidget *root, const char *action)
{
  return find (root, has_action, action);
}

void
omni_test_click (GtkWidget *widget)
{
  int x, y;

  omni_pointer_locate (pointer, widget, gtk_widget_get_width (widget) / 2.0,
                       gtk_widget_get_height (widget) / 2.0, &x, &y);
  omni_pointer_move (pointer, x, y);
  omni_pointer_click (pointer, 1);
}

/* A screen reader */

static void
exited_cb (GObject *object, GAsyncResult *result, gpointer data)
{
  g_subprocess_wait_finish (G_SUBPROCESS (object), result, NULL);
  *(guint *)data = 0;
}

void
omni_test_check_names (const char *const *names)
{
  g_autofree char *program = g_test_build_filename (G_TEST_BUILT, "ui", "names-helper", NULL);
  g_autofree char *pid = g_strdup_printf ("%d", getpid ());
  g_autoptr (GPtrArray) arguments = g_ptr_array_new ();
  g_autoptr (GError) error = NULL;
  guint running = 1;

  if (!g_file_test (program, G_FILE_TEST_EXISTS))
  {
    g_test_skip ("built without AT-SPI");
    return;
  }
  g_ptr_array_add (arguments, program);
  if (names == NULL)
    g_ptr_array_add (arguments, (gpointer) "--nameless");
  g_ptr_array_add (arguments, pid);
  for (guint i = 0; names != NULL && names[i] != NULL; i++)
    g_ptr_array_add (arguments, (gpointer)names[i]);
  g_ptr_array_add (arguments, NULL);
  g_autoptr (GSubprocess)
    process = g_subprocess_newv ((const char *const *)arguments->pdata, G_SUBPROCESS_FLAGS_NONE, &error);
  g_assert_no_error (error);
  g_subprocess_wait_async (process, NULL, exited_cb, &running);
  g_assert_true (omni_test_wait (omni_test_is_zero, &running));
  g_assert_true (g_subprocess_get_if_exited (process));
  g_assert_cmpint (g_subprocess_get_exit_status (process), ==, 0);
}

/* Set up */

static void
set_up (OmniTestWindow *f, gconstpointer data)
{
  GFile *files[N_SOURCES];

  f->folder = omni_test_make_folder ();
  for (guint i = 0; i < N_SOURCES; i++)
  {
    g_autofree char *name = g_strdup_printf ("%u.png", i);
    f->paths[i] = omni_test_write_picture (f->folder, name, 160, 120, 40 + 60 * i);
    files[i] = g_file_new_for_path (f->paths[i]);
  }
  g_application_open (G_APPLICATION (application), files, N_SOURCES, "");
  for (guint i = 0; i < N_SOURCES; i++)
    g_object_unref (files[i]);
  f->window = OMNI_WINDOW (gtk_application_get_active_window (GTK_APPLICATION (application)));

  omni_document_set_model (f->window->document, omni_model_find ("mean"));
  g_assert_true (omni_test_wait (omni_test_has_cards, f->window));
  g_assert_true (omni_test_wait (is_in_place, f->window));
  g_assert_true (omni_test_wait (omni_test_is_active, f->window));
  g_assert_true (omni_test_wait (omni_test_has_settled, f->window));
  g_assert_true (omni_test_wait (has_picture, f->window));
  omni_test_wait_for_layout (f);
}

static void
tear_down (OmniTestWindow *f, gconstpointer data)
{
  if (f->window != NULL)
    gtk_window_destroy (GTK_WINDOW (f->window));
  for (guint i = 0; i < N_SOURCES; i++)
    g_free (f->paths[i]);
  omni_test_remove_folder (f->folder);
}

void
omni_test_locate_card (OmniTestWindow *f, guint position, double share, int *x, int *y)
{
  GtkWidget *card = GTK_WIDGET (omni_filmstrip_get_card (f->window->filmstrip, position));

  omni_pointer_locate (pointer, card, 60, gtk_widget_get_height (card) * share, x, y);
}

static gboolean
has_selection (gpointer data)
{
  OmniWindow *window = data;

  return omni_filmstrip_get_selected (window->filmstrip) != NULL;
}

void
omni_test_click_card (OmniTestWindow *f, guint position)
{
  int x, y;

  omni_test_locate_card (f, position, 0.5, &x, &y);
  omni_pointer_move (pointer, x, y);
  omni_pointer_click (pointer, 1);
  g_assert_true (omni_test_wait (has_selection, f->window));
  g_assert_true (omni_test_wait (omni_test_is_active, f->window));
}

void
omni_test_empty (OmniTestWindow *f)
{
  g_autoptr (GPtrArray) all = g_ptr_array_ref (omni_document_get_sources (f->window->document));

  omni_document_remove (f->window->document, all);
  omni_test_wait_for_layout (f);
  g_assert_cmpstr (gtk_stack_get_visible_child_name (f->window->pages), ==, "empty");
}

/* Starting */

OmniPointer *
omni_test_window_start (gboolean *fuses)
{
  g_autoptr (OmniEngine) engine = omni_engine_new (NULL);
  g_autoptr (GError) error = NULL;

  if (!gtk_init_check () || (pointer = omni_pointer_new ()) == NULL)
  {
    g_print ("1..0 # SKIP no display with a pointer to drive\n");
    return NULL;
  }
  can_fuse = omni_engine_ensure_device (engine, NULL, NULL);
  *fuses = can_fuse;
  application = omni_application_new ();
  g_application_set_flags (G_APPLICATION (application),
                           G_APPLICATION_NON_UNIQUE | G_APPLICATION_HANDLES_OPEN);
  g_application_register (G_APPLICATION (application), NULL, &error);
  g_assert_no_error (error);
  g_application_hold (G_APPLICATION (application));
  return pointer;
}

void
omni_test_window_add (const char *path, void (*test) (OmniTestWindow *, gconstpointer))
{
  g_test_add (path, OmniTestWindow, NULL, set_up, test, tear_down);
}
