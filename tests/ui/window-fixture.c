/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/ui/window-fixture.h"

#include "ui/application.h"

static OmniApplication *application;
static OmniPointer *pointer;
static gboolean can_fuse;

/* Waiting */

static gboolean
has_four_cards (gpointer data)
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

void
omni_test_wait_for_layout (OmniTestWindow *f)
{
  guint left = 2;

  gtk_widget_add_tick_callback (GTK_WIDGET (f->window), tick_cb, &left, NULL);
  g_assert_true (omni_test_wait (omni_test_is_zero, &left));
}

static GtkWindow *
find_dialog (OmniWindow *window)
{
  g_autoptr (GListModel) windows = g_object_ref (gtk_window_get_toplevels ());

  for (guint i = 0; i < g_list_model_get_n_items (windows); i++)
  {
    g_autoptr (GtkWindow) candidate = g_list_model_get_item (windows, i);
    if (GTK_IS_FILE_CHOOSER (candidate) && gtk_widget_get_mapped (GTK_WIDGET (candidate)))
      return candidate;
  }
  return NULL;
}

gboolean
omni_test_has_dialog (gpointer data)
{
  GtkWindow *dialog = find_dialog (data);

  return dialog != NULL && omni_test_is_active (dialog);
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
  g_assert_true (omni_test_wait (has_four_cards, f->window));
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
