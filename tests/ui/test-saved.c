/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is saved beside the picture, through the dialogs: a session and how it opens again, files that were moved meanwhile, and the
 * record of a version. */
#include "app/document/session.h"
#include "tests/ui/window-fixture.h"

#include <glib/gstdio.h>

static OmniPointer *pointer;
static gboolean can_fuse;

static gboolean
is_session (gpointer data)
{
  g_autoptr (OmniSession) session = omni_session_load (data, NULL, NULL);

  return session != NULL;
}

static void
answer (OmniTestWindow *f, const char *action, const char *path)
{
  g_assert_true (gtk_widget_activate_action (GTK_WIDGET (f->window), action, NULL));
  omni_test_answer_dialog (f, path);
}

/* (transfer full) Where it is. */
static char *
save_session (OmniTestWindow *f)
{
  g_autofree char *title = g_path_get_basename (f->folder);
  g_autofree char *name = g_strconcat (title, ".omnifuse", NULL);
  char *path = g_build_filename (f->folder, name, NULL);

  answer (f, "win.save-session", NULL);
  g_assert_true (omni_test_wait (is_session, path));
  return path;
}

static void
open_file (OmniTestWindow *f, const char *path)
{
  omni_pointer_key (pointer, "o", GDK_CONTROL_MASK);
  g_assert_true (omni_test_wait (omni_test_has_dialog, f->window));
  omni_test_answer_dialog (f, path);
}

static void
test_session (OmniTestWindow *f, gconstpointer data)
{
  OmniDocument *document = f->window->document;

  omni_document_set_role (document, omni_document_get_source (document, 1), OMNI_ROLE_INFRARED);
  omni_document_set_on (document, omni_document_get_source (document, 3), FALSE);
  omni_document_move (document, 0, 2);
  g_autofree char *path = save_session (f);
  omni_test_empty (f);
  open_file (f, path);
  g_assert_true (omni_test_wait (omni_test_has_cards, f->window));
  static const guint order[] = { 1, 2, 0, 3 };
  for (guint i = 0; i < N_SOURCES; i++)
  {
    OmniSource *source = omni_document_get_source (document, i);
    g_assert_cmpstr (omni_source_get_path (source), ==, f->paths[order[i]]);
    g_assert_cmpint (omni_source_get_role (source), ==, i == 0 ? OMNI_ROLE_INFRARED : OMNI_ROLE_NONE);
    g_assert_true (omni_document_is_on (document, source) == (i != 3));
  }
  g_assert_false (gtk_widget_get_mapped (GTK_WIDGET (f->window->missing_bar)));
}

/* The end of a window */

static gboolean
is_kept (gpointer data)
{
  OmniWindow *window = data;

  return window->session_path != NULL && window->keep_id == 0 && !window->keeping && !window->keep_again;
}

/* It was changed a moment ago, or while an older state is being written, and what waits for a thread holds it. */
static void
test_end (OmniTestWindow *f, gconstpointer data)
{
  g_autoptr (OmniWindow) window = g_object_ref (f->window);
  OmniDocument *document = window->document;
  const gboolean while_keeping = g_str_has_suffix (g_test_get_path (), "keeping");

  g_assert_true (omni_test_wait (is_kept, window));
  omni_document_set_on (document, omni_document_get_source (document, 1), FALSE);
  if (while_keeping)
  {
    while (!window->keeping)
      g_main_context_iteration (NULL, TRUE);
    omni_document_set_on (document, omni_document_get_source (document, 2), FALSE);
  }
  gtk_window_destroy (GTK_WINDOW (g_steal_pointer (&f->window)));
  g_assert_false (omni_document_is_busy (document));
  g_assert_true (omni_test_wait (is_kept, window));

  g_autoptr (GError) error = NULL;
  OmniSession *session = omni_session_load (window->session_path, NULL, &error);
  g_assert_no_error (error);
  g_autoptr (OmniDocument) other = omni_document_new (omni_document_get_engine (document));
  omni_session_apply (session, other);
  omni_session_free (session);
  g_assert_cmpuint (omni_document_get_n_sources (other), ==, N_SOURCES);
  for (guint i = 0; i < N_SOURCES; i++)
    g_assert_cmpint (omni_document_is_on (other, omni_document_get_source (other, i)), ==,
                     i != 1 && (i != 2 || !while_keeping));
}

/* Moved files */

static gboolean
misses_files (gpointer data)
{
  OmniWindow *window = data;

  return omni_document_get_n_sources (window->document) == N_SOURCES - 1
         && omni_test_is_mapped (GTK_WIDGET (window->missing_bar));
}

static gboolean
misses_nothing (gpointer data)
{
  return omni_test_has_cards (data)
         && !gtk_widget_get_mapped (GTK_WIDGET (((OmniWindow *)data)->missing_bar));
}

static void
test_locate (OmniTestWindow *f, gconstpointer data)
{
  OmniWindow *window = f->window;
  g_autofree char *folder = g_build_filename (f->folder, "a", "b", "c", NULL);
  g_autofree char *moved = g_build_filename (folder, "other.png", NULL);
  g_autofree char *path = save_session (f);

  omni_test_empty (f);
  g_assert_cmpint (g_mkdir_with_parents (folder, 0700), ==, 0);
  g_assert_cmpint (g_rename (f->paths[1], moved), ==, 0);
  open_file (f, path);
  g_assert_true (omni_test_wait (misses_files, window));
  g_assert_nonnull (strstr (gtk_label_get_text (window->missing_text), "1.png"));
  omni_test_wait_for_layout (f);
  omni_test_click (omni_test_find_button (GTK_WIDGET (window->missing_bar), "win.locate"));
  g_assert_true (omni_test_wait (omni_test_has_dialog, window));
  omni_test_answer_dialog (f, folder);
  g_assert_true (omni_test_wait (misses_nothing, window));
  g_assert_cmpstr (omni_source_get_path (omni_document_get_source (window->document, 1)), ==, moved);
}

/* The record */

static gboolean
is_there (gpointer data)
{
  return g_file_test (data, G_FILE_TEST_EXISTS);
}

static void
test_record (OmniTestWindow *f, gconstpointer data)
{
  g_autofree char *path = g_build_filename (f->folder, "fused-mean.txt", NULL);
  g_autofree char *text = NULL;
  g_autoptr (GError) error = NULL;

  if (!can_fuse)
  {
    g_test_skip ("no Vulkan device");
    return;
  }
  OmniFusionResult *result = omni_document_get_result (f->window->document);
  answer (f, "win.save-record", NULL);
  g_assert_true (omni_test_wait (is_there, path));
  g_assert_true (g_file_get_contents (path, &text, NULL, NULL));
  g_assert_nonnull (strstr (text, result->sha256));
  for (guint i = 0; i < N_SOURCES; i++)
  {
    g_autofree char *bytes = NULL;
    gsize size_bytes;
    g_assert_true (g_file_get_contents (f->paths[i], &bytes, &size_bytes, &error));
    g_autofree char *sha256 = g_compute_checksum_for_data (G_CHECKSUM_SHA256, (const guchar *)bytes,
                                                           size_bytes);
    g_assert_nonnull (strstr (text, sha256));
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  pointer = omni_test_window_start (&can_fuse);
  if (pointer == NULL)
    return 0;
  g_object_set (gtk_settings_get_default (), "gtk-enable-animations", FALSE, NULL);
  omni_test_window_add ("/saved/session", test_session);
  omni_test_window_add ("/saved/end", test_end);
  omni_test_window_add ("/saved/end-while-keeping", test_end);
  omni_test_window_add ("/saved/locate", test_locate);
  omni_test_window_add ("/saved/record", test_record);
  const int status = g_test_run ();
  omni_pointer_free (pointer);
  return status;
}
