/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Files that cannot be read, and what happens when they are repaired while they are in the set. */
#include "tests/ui/window-fixture.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

static OmniPointer *pointer;
static gboolean can_fuse;

/* A fifth picture of which only the first half came. */
typedef struct
{
  char *path;
  char *whole;
  gsize n_bytes;
} Damaged;

static void
damaged_clear (Damaged *file)
{
  g_free (file->path);
  g_free (file->whole);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Damaged, damaged_clear)

static void
write_in_place (const char *path, const char *bytes, gsize n_bytes)
{
  FILE *file = fopen (path, "wb");

  g_assert_nonnull (file);
  g_assert_cmpuint (fwrite (bytes, 1, n_bytes, file), ==, n_bytes);
  g_assert_cmpint (fclose (file), ==, 0);
}

static OmniSourceCard *
get_card (OmniWindow *window)
{
  return omni_filmstrip_get_card (window->filmstrip, N_SOURCES);
}

static gboolean
is_damaged (gpointer data)
{
  OmniSourceCard *card = get_card (data);

  return card != NULL && omni_source_card_is_damaged (card);
}

static gboolean
is_mended (gpointer data)
{
  OmniSourceCard *card = get_card (data);

  return card != NULL && !omni_source_card_is_damaged (card);
}

static gboolean
has_error (gpointer data)
{
  OmniWindow *window = data;

  return !can_fuse || gtk_widget_get_visible (GTK_WIDGET (window->fusion_error));
}

static gboolean
says_so (gpointer data)
{
  return gtk_widget_get_visible (GTK_WIDGET (((OmniWindow *)data)->file_error));
}

static gboolean
shows_it (gpointer data)
{
  OmniWindow *window = data;
  OmniSubject *subject = omni_viewer_get_subject (window->viewer, 0);

  return subject != NULL
         && omni_subject_get_source (subject) == omni_document_get_source (window->document, N_SOURCES)
         && omni_viewer_get_mipmap (window->viewer, 0) != NULL;
}

static gboolean
has_fused_all (gpointer data)
{
  OmniWindow *window = data;
  OmniFusionResult *result = omni_document_get_result (window->document);

  return !can_fuse
         || (omni_test_has_settled (window) && result != NULL && result->sources->len == N_SOURCES + 1
             && !gtk_widget_get_visible (GTK_WIDGET (window->fusion_error)));
}

/* In the set, shown, and said to be damaged wherever it is wanted. */
static void
add_damaged (OmniTestWindow *f, Damaged *file)
{
  g_autoptr (GError) error = NULL;

  file->path = omni_test_write_picture (f->folder, "x.png", 160, 120, 90);
  g_file_get_contents (file->path, &file->whole, &file->n_bytes, &error);
  g_assert_no_error (error);
  write_in_place (file->path, file->whole, file->n_bytes / 2);
  omni_window_open_paths (f->window, (const char *const[]){ file->path, NULL });
  g_assert_true (omni_test_wait (is_damaged, f->window));
  g_assert_true (omni_test_wait (has_error, f->window));
  omni_window_show_source (f->window, omni_document_get_source (f->window->document, N_SOURCES));
  g_assert_true (omni_test_wait (says_so, f->window));
  g_assert_false (shows_it (f->window));
  omni_test_wait_for_layout (f);
}

static void
expect_all_well (OmniTestWindow *f)
{
  g_assert_true (omni_test_wait_seconds (is_mended, f->window, 30));
  g_assert_true (omni_test_wait_seconds (shows_it, f->window, 30));
  g_assert_true (omni_test_wait (has_fused_all, f->window));
  g_assert_false (says_so (f->window));
}

/* Nobody does anything: the file is copied once more. */
static void
test_in_place (OmniTestWindow *f, gconstpointer data)
{
  g_auto (Damaged) file = { 0 };

  add_damaged (f, &file);
  OmniSource *source = omni_document_get_source (f->window->document, N_SOURCES);
  write_in_place (file.path, file.whole, file.n_bytes);
  expect_all_well (f);
  /* Its size and kind are what they were: nothing to undo. */
  g_assert_true (omni_document_get_source (f->window->document, N_SOURCES) == source);
}

/* Half repaired is still damaged; a file that takes its place mends it. */
static void
test_renamed (OmniTestWindow *f, gconstpointer data)
{
  g_auto (Damaged) file = { 0 };
  g_autoptr (GError) error = NULL;

  add_damaged (f, &file);
  write_in_place (file.path, file.whole, file.n_bytes * 3 / 4);
  omni_test_turn (300);
  g_assert_true (is_damaged (f->window));
  g_file_set_contents (file.path, file.whole, (gssize)file.n_bytes, &error);
  g_assert_no_error (error);
  expect_all_well (f);
}

static gboolean
is_of_other_size (gpointer data)
{
  OmniSource *source = omni_document_get_source (((OmniWindow *)data)->document, N_SOURCES);

  return source != NULL && omni_source_get_width (source) == 80;
}

/* What was planned for its header would not fit: it is opened anew, in its place and with its role. */
static void
test_other_size (OmniTestWindow *f, gconstpointer data)
{
  g_auto (Damaged) file = { 0 };

  add_damaged (f, &file);
  omni_document_set_role (f->window->document, omni_document_get_source (f->window->document, N_SOURCES),
                          OMNI_ROLE_INFRARED);
  g_autofree char *path = omni_test_write_picture (f->folder, "small.png", 80, 60, 90);
  g_assert_cmpint (rename (path, file.path), ==, 0);
  g_assert_true (omni_test_wait_seconds (is_of_other_size, f->window, 30));
  g_assert_true (omni_test_wait_seconds (is_mended, f->window, 30));
  g_assert_cmpuint (omni_document_get_n_sources (f->window->document), ==, N_SOURCES + 1);
  g_assert_cmpint (omni_source_get_role (omni_document_get_source (f->window->document, N_SOURCES)), ==,
                   OMNI_ROLE_INFRARED);
}

/* By hand */

static gboolean
has_menu (gpointer data)
{
  GtkWidget *menu = ((OmniWindow *)data)->filmstrip->menu;

  return menu != NULL && omni_test_find_label (menu, "Remove") != NULL;
}

static gboolean
has_no_menu (gpointer data)
{
  return !has_menu (data);
}

static void
open_menu (OmniTestWindow *f, guint position)
{
  int x, y;

  omni_test_click_card (f, position);
  omni_test_locate_card (f, position, 0.5, &x, &y);
  omni_pointer_move (pointer, x, y);
  omni_pointer_click (pointer, 3);
  g_assert_true (omni_test_wait (has_menu, f->window));
  omni_test_wait_for_layout (f);
}

static void
wait_for_no_menu (OmniTestWindow *f)
{
  g_assert_true (omni_test_wait (has_no_menu, f->window));
  omni_test_turn (300); /* the server gives the pointer back */
}

static void
click_try_again (OmniTestWindow *f)
{
  GtkWidget *item = omni_test_find_label (f->window->filmstrip->menu, "Try Again");
  int x, y;

  g_assert_nonnull (item);
  omni_pointer_locate (pointer, item, gtk_widget_get_width (item) / 2.0, gtk_widget_get_height (item) / 2.0,
                       &x, &y);
  omni_pointer_move (pointer, x, y);
  omni_test_wait_for_layout (f);
  omni_pointer_click (pointer, 1);
  wait_for_no_menu (f);
}

/* Where nobody tells that a file was written, as on a share of the network: here through memory that is mapped. */
static void
test_try_again (OmniTestWindow *f, gconstpointer data)
{
  g_auto (Damaged) file = { 0 };

  add_damaged (f, &file);
  write_in_place (file.path, file.whole, file.n_bytes);
  expect_all_well (f);

  g_autofree char *broken = g_memdup2 (file.whole, file.n_bytes);
  memset (broken + file.n_bytes / 2, 0, file.n_bytes / 4);
  g_autofree char *path = g_build_filename (f->folder, "y.png", NULL);
  write_in_place (path, broken, file.n_bytes);
  omni_window_replace_source (f->window, omni_document_get_source (f->window->document, N_SOURCES), path);
  g_assert_true (omni_test_wait (is_damaged, f->window));
  g_assert_true (omni_test_wait (has_error, f->window));
  gtk_info_bar_response (f->window->file_error, GTK_RESPONSE_CLOSE);
  omni_window_show_file_error (f->window, "another");
  omni_test_wait_for_layout (f);

  open_menu (f, 0);
  g_assert_null (omni_test_find_label (f->window->filmstrip->menu, "Try Again"));
  omni_pointer_key (pointer, "Escape", 0);
  wait_for_no_menu (f);

  open_menu (f, N_SOURCES);
  click_try_again (f);
  for (guint i = 0; i < 400 && strstr (gtk_label_get_text (f->window->file_error_text), "y.png") == NULL; i++)
    omni_test_turn (15);
  g_assert_nonnull (strstr (gtk_label_get_text (f->window->file_error_text), "y.png"));
  g_assert_nonnull (strstr (gtk_label_get_text (f->window->file_error_text), "another"));
  g_assert_true (is_damaged (f->window));

  const int descriptor = open (path, O_RDWR);
  char *mapped = mmap (NULL, file.n_bytes, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0);
  g_assert_true (mapped != MAP_FAILED);
  memcpy (mapped, file.whole, file.n_bytes);
  munmap (mapped, file.n_bytes);
  omni_test_turn (300);
  g_assert_true (is_damaged (f->window)); /* nobody told */
  open_menu (f, N_SOURCES);
  click_try_again (f);
  g_assert_true (omni_test_wait_seconds (is_mended, f->window, 30));
  g_assert_true (omni_test_wait (has_fused_all, f->window));
  close (descriptor);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  pointer = omni_test_window_start (&can_fuse);
  if (pointer == NULL)
    return 0;
  omni_test_window_add ("/damaged/in-place", test_in_place);
  omni_test_window_add ("/damaged/renamed", test_renamed);
  omni_test_window_add ("/damaged/other-size", test_other_size);
  omni_test_window_add ("/damaged/try-again", test_try_again);
  const int status = g_test_run ();
  omni_pointer_free (pointer);
  return status;
}
