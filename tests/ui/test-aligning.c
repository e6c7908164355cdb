/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Pictures taken by hand in the window: the hint, aligning by button and key, taking it back, and what comes to an aligned set. */
#include "tests/ui/window-fixture.h"

#include "app/align/align.h"
#include "app/files/writer.h"

#include <glib/gstdio.h>
#include <math.h>

#define WIDTH_PX  320
#define HEIGHT_PX 240
#define N_BLOBS   500

static OmniPointer *pointer;
static gboolean can_fuse;

/* Pictures */

typedef struct
{
  double x, y, radius, height;
} Blob;

/* A scene of its own for each seed, `dx` and `dy` pixels off, at an exposure. */
static char *
write_scene (OmniTestWindow *f, const char *name, guint32 seed, double dx, double dy, double exposure)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GRand) random = g_rand_new_with_seed (seed);
  g_autofree double *light = g_new (double, WIDTH_PX *HEIGHT_PX);
  gsize size_bytes;
  guint8 *pixels = omni_picture_try_alloc_pixels (WIDTH_PX, HEIGHT_PX, 3, OMNI_SAMPLE_U8, &size_bytes,
                                                  &error);
  g_assert_no_error (error);

  for (guint i = 0; i < WIDTH_PX * HEIGHT_PX; i++)
    light[i] = 0.3;
  for (guint i = 0; i < N_BLOBS; i++)
  {
    Blob blob = { .x = g_rand_double_range (random, -30, WIDTH_PX + 30),
                  .y = g_rand_double_range (random, -30, HEIGHT_PX + 30),
                  .radius = g_rand_double_range (random, 2, 12),
                  .height = g_rand_double_range (random, -0.25, 0.35) };
    blob.x += dx;
    blob.y += dy;
    const int reach = (int)ceil (3 * blob.radius);
    for (int y = MAX (0, (int)blob.y - reach); y < MIN (HEIGHT_PX, (int)blob.y + reach); y++)
      for (int x = MAX (0, (int)blob.x - reach); x < MIN (WIDTH_PX, (int)blob.x + reach); x++)
        light[y * WIDTH_PX + x] += blob.height
                                   * exp (-(pow (x - blob.x, 2) + pow (y - blob.y, 2))
                                          / (2 * blob.radius * blob.radius));
  }
  for (guint i = 0; i < WIDTH_PX * HEIGHT_PX; i++)
    for (guint c = 0; c < 3; c++)
      pixels[i * 3 + c] = (guint8)CLAMP (light[i] * exposure * (200 + 10 * c), 0, 255);
  g_autoptr (OmniPicture) picture = omni_picture_new (
    WIDTH_PX, HEIGHT_PX, 3, FALSE, OMNI_SAMPLE_U8, g_bytes_new_take (pixels, size_bytes), NULL, NULL, &error);
  g_assert_no_error (error);
  char *path = g_build_filename (f->folder, name, NULL);
  g_remove (path);
  omni_picture_write (picture, path, NULL, &error);
  g_assert_no_error (error);
  return path;
}

/* Conditions */

static gboolean
hints (gpointer data)
{
  return omni_test_is_mapped (GTK_WIDGET (((OmniWindow *)data)->align_bar));
}

static gboolean
hints_not (gpointer data)
{
  return !hints (data);
}

static gboolean
is_aligned (gpointer data)
{
  OmniWindow *window = data;

  return omni_document_is_aligned (window->document) && window->aligning == NULL;
}

static gboolean
is_not_aligned (gpointer data)
{
  OmniWindow *window = data;

  return !omni_document_is_aligned (window->document) && window->aligning == NULL;
}

typedef struct
{
  OmniWindow *window;
  const char *words;
} Said;

static gboolean
says (gpointer data)
{
  const Said *said = data;
  OmniWindow *window = said->window;

  if (window->toast != NULL && strstr (adw_toast_get_title (window->toast), said->words) != NULL)
    return TRUE;
  for (GList *each = window->next_toasts.head; each != NULL; each = each->next)
    if (strstr (adw_toast_get_title (each->data), said->words) != NULL)
      return TRUE;
  return FALSE;
}

static gboolean
tells (gpointer data)
{
  const Said *said = data;

  return strstr (gtk_label_get_text (said->window->file_error_text), said->words) != NULL;
}

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

/* Three exposures, the second and third so far off. */
static void
open_bracket (OmniTestWindow *f, double dx, double dy)
{
  OmniWindow *window = f->window;
  g_autofree char *dark = write_scene (f, "dark.png", 1, 0, 0, 0.6);
  g_autofree char *middle = write_scene (f, "middle.png", 1, dx, dy, 1.1);
  g_autofree char *bright = write_scene (f, "bright.png", 1, -dx, dy / 2, 1.9);

  omni_test_empty (f);
  omni_window_open_paths (window, (const char *const[]){ dark, middle, bright, NULL });
  g_assert_true (omni_test_wait (has_sources, &(Count){ window, 3 }));
  omni_document_set_task (window->document, OMNI_TASK_EXPOSURE);
  omni_document_set_model (window->document, omni_model_find ("mean"));
  g_assert_true (omni_test_wait (omni_test_has_settled, window));
}

static void
add_scene (OmniTestWindow *f, const char *name, guint32 seed, double dx, double dy)
{
  const guint n = omni_document_get_n_sources (f->window->document);
  g_autofree char *path = write_scene (f, name, seed, dx, dy, 1.4);

  omni_window_open_paths (f->window, (const char *const[]){ path, NULL });
  g_assert_true (omni_test_wait (has_sources, &(Count){ f->window, n + 1 }));
}

/* So long that a look is over. */
static void
wait_for_look (OmniTestWindow *f)
{
  omni_test_turn (1500);
}

static void
align (OmniTestWindow *f)
{
  gtk_widget_activate_action (GTK_WIDGET (f->window), "win.align-frames", NULL);
  g_assert_nonnull (f->window->aligning);
  g_assert_true (omni_test_wait (is_aligned, f->window));
}

static void
expect_shift (OmniWindow *window, guint position, double px)
{
  double own = -1;

  g_assert_true (
    omni_document_get_shift (window->document, omni_document_get_source (window->document, position), &own));
  g_assert_cmpfloat (fabs (own - px), <, 0.5);
}

/* Tests */

/* The hint's button aligns, what was looked at stays selected and on show, and Ctrl+Z and Ctrl+L go back and forth without the hint. */
static void
test_hint (OmniTestWindow *f, gconstpointer data)
{
  OmniWindow *window = f->window;
  OmniDocument *document = window->document;

  open_bracket (f, 7, -4);
  g_assert_true (omni_test_wait (hints, window));
  g_assert_nonnull (strstr (gtk_label_get_text (window->align_text), "px apart"));
  omni_document_set_on (document, omni_document_get_source (document, 0), FALSE);
  for (guint i = 0; i < 60; i++)
  {
    omni_test_turn (20);
    g_assert_true (hints (window)); /* the others are apart, too, and it does not flash */
  }
  omni_document_undo (document);
  omni_test_click_card (f, 1);
  omni_window_show_source (window, omni_document_get_source (document, 1));
  omni_test_wait_for_layout (f);
  omni_test_click (omni_test_find_button (GTK_WIDGET (window->align_bar), "win.align-frames"));
  g_assert_true (omni_test_wait (is_aligned, window));
  g_assert_true (omni_test_wait (hints_not, window));
  g_assert_true (says (&(Said){ window, "2 of 3 pictures were moved, by up to " }));
  g_assert_cmpuint (omni_source_get_width (omni_document_get_source (document, 0)), <, WIDTH_PX);
  OmniSource *shown = omni_subject_get_source (omni_viewer_get_subject (window->viewer, 0));
  g_assert_true (shown == omni_document_get_source (document, 1));
  g_assert_true (omni_filmstrip_get_selected (window->filmstrip) == shown);
  g_assert_true (omni_test_wait (omni_test_has_settled, window));
  g_assert_null (omni_document_get_error (document));

  omni_pointer_key (pointer, "z", GDK_CONTROL_MASK);
  g_assert_true (omni_test_wait (is_not_aligned, window));
  wait_for_look (f);
  g_assert_false (hints (window));
  omni_pointer_key (pointer, "l", GDK_CONTROL_MASK);
  g_assert_true (omni_test_wait (is_aligned, window));
  gtk_widget_activate_action (GTK_WIDGET (window), "win.unalign-frames", NULL);
  g_assert_true (omni_test_wait (is_not_aligned, window));
  g_assert_cmpuint (omni_source_get_width (omni_document_get_source (document, 0)), ==, WIDTH_PX);
  omni_document_cancel (document);
}

/* Which of them the others are aligned with is for the contents to say: the ways between them are known. */
static void
test_moved (OmniTestWindow *f, gconstpointer data)
{
  OmniWindow *window = f->window;
  double px[3];

  open_bracket (f, 6, 0);
  align (f);
  for (guint i = 0; i < 3; i++)
    g_assert_true (
      omni_document_get_shift (window->document, omni_document_get_source (window->document, i), &px[i]));
  if (px[0] == 0)
  {
    expect_shift (window, 1, 6);
    expect_shift (window, 2, 6);
  }
  else
  {
    expect_shift (window, 0, 6);
    g_assert_cmpfloat (fabs (px[1] + px[2] - 12), <, 0.5);
  }
  /* Once more is no step. */
  gtk_widget_activate_action (GTK_WIDGET (window), "win.align-frames", NULL);
  g_assert_true (omni_test_wait (says, &(Said){ window, "aligned already" }));
  omni_document_undo (window->document);
  g_assert_false (omni_document_is_aligned (window->document));
  omni_document_cancel (window->document);
}

static void
test_lies (OmniTestWindow *f, gconstpointer data)
{
  OmniWindow *window = f->window;

  open_bracket (f, 0, 0);
  wait_for_look (f);
  g_assert_nonnull (window->looked_at);
  g_assert_false (hints (window));
  gtk_widget_activate_action (GTK_WIDGET (window), "win.align-frames", NULL);
  g_assert_true (omni_test_wait (says, &(Said){ window, "aligned already" }));
  g_assert_false (omni_document_is_aligned (window->document));
  omni_document_cancel (window->document);
}

/* Who closed it is not told again of this set, and of another one is. */
static void
test_dismissed (OmniTestWindow *f, gconstpointer data)
{
  OmniWindow *window = f->window;

  open_bracket (f, 7, -4);
  g_assert_true (omni_test_wait (hints, window));
  gtk_info_bar_response (window->align_bar, GTK_RESPONSE_CLOSE);
  g_assert_true (omni_test_wait (hints_not, window));
  omni_document_shuffle (window->document);
  add_scene (f, "more.png", 1, 20, 9);
  wait_for_look (f);
  g_assert_false (hints (window));
  omni_document_set_task (window->document, OMNI_TASK_MEDICAL);
  g_assert_true (omni_test_wait (omni_test_has_settled, window));
  gtk_widget_activate_action (GTK_WIDGET (window), "win.align-frames", NULL); /* it is off */
  g_assert_null (window->aligning);
  omni_test_empty (f);
  omni_test_turn (20);
  open_bracket (f, 8, 5);
  g_assert_true (omni_test_wait (hints, window));
  omni_document_cancel (window->document);
}

static gboolean
is_kept (gpointer data)
{
  OmniWindow *window = data;

  return window->session_path != NULL && !window->keeping && window->keep_id == 0 && !window->hashing;
}

static gboolean
is_opened (gpointer data)
{
  const Count *count = data;
  OmniWindow *window = count->window;

  return has_sources (data) && window->session != NULL && is_kept (window);
}

/* After a restart, too: of an aligned set its warps, and of one that somebody left that he did. */
static void
test_restored (OmniTestWindow *f, gconstpointer data)
{
  OmniWindow *window = f->window;

  open_bracket (f, 7, -4);
  align (f);
  for (guint i = 0; i < 2; i++)
  {
    g_assert_true (omni_test_wait (is_kept, window));
    g_autofree char *path = g_strdup (window->session_path);
    omni_test_empty (f);
    g_assert_false (omni_window_leaves_frames (window));
    omni_test_turn (700); /* it is let go */
    omni_window_restore_session (window, path);
    g_assert_true (omni_test_wait (is_opened, &(Count){ window, 3 }));
    g_assert_true (omni_document_is_aligned (window->document) == (i == 0));
    g_assert_true (omni_window_leaves_frames (window));
    wait_for_look (f);
    g_assert_false (hints (window));
    omni_document_unalign (window->document);
  }
  omni_document_cancel (window->document);
}

/* The sizes differ because it is not aligned yet; that is what is said, and it cannot be closed before it is done. */
static void
test_added (OmniTestWindow *f, gconstpointer data)
{
  OmniWindow *window = f->window;

  open_bracket (f, 7, -4);
  align (f);
  g_assert_true (omni_test_wait (hints_not, window));
  add_scene (f, "more.png", 1, 3, 8);
  g_assert_true (omni_test_wait (hints, window));
  g_assert_cmpstr (gtk_label_get_text (window->align_text), ==,
                   "“more.png” is not aligned with the others yet.");
  g_assert_false (gtk_info_bar_get_show_close_button (window->align_bar));
  g_assert_false (gtk_widget_get_visible (GTK_WIDGET (window->size_bar)));
  omni_document_set_on (window->document, omni_document_get_source (window->document, 3), FALSE);
  g_assert_true (omni_test_wait (hints_not, window));
  omni_document_undo (window->document);
  g_assert_true (omni_test_wait (hints, window));
  align (f);
  g_assert_true (omni_test_wait (hints_not, window));
  for (guint i = 0; i < 4; i++)
    g_assert_nonnull (omni_source_get_warp (omni_document_get_source (window->document, i)));
  omni_document_cancel (window->document);
}

/* One of another scene is named, and does not keep the others from being aligned; one of another size that is off does not, either. */
static void
test_odd_ones (OmniTestWindow *f, gconstpointer data)
{
  OmniWindow *window = f->window;
  OmniDocument *document = window->document;
  g_autofree char *small = omni_test_write_picture (f->folder, "small.png", 100, 80, 90);

  open_bracket (f, 7, -4);
  add_scene (f, "elsewhere.png", 77, 0, 0);
  omni_window_open_paths (window, (const char *const[]){ small, NULL });
  g_assert_true (omni_test_wait (has_sources, &(Count){ window, 5 }));
  omni_document_set_on (document, omni_document_get_source (document, 4), FALSE);
  align (f);
  g_assert_true (says (&(Said){ window, "2 of 4 pictures were moved" }));
  g_assert_true (tells (&(Said){ window, "“elsewhere.png” shows too little of what the others show" }));
  g_assert_null (omni_source_get_warp (omni_document_get_source (document, 4)));
  omni_document_cancel (document);
}

/* What came of another set is dropped; what was cancelled leaves everything as it was. */
static void
test_dropped (OmniTestWindow *f, gconstpointer data)
{
  OmniWindow *window = f->window;
  g_autoptr (GPtrArray) one = g_ptr_array_new ();

  open_bracket (f, 7, -4);
  gtk_widget_activate_action (GTK_WIDGET (window), "win.align-frames", NULL);
  g_assert_nonnull (window->aligning);
  gtk_widget_activate_action (GTK_WIDGET (window), "win.cancel-aligning", NULL);
  g_assert_true (omni_test_wait (is_not_aligned, window));
  gtk_widget_activate_action (GTK_WIDGET (window), "win.align-frames", NULL);
  omni_document_move (window->document, 0, 2);
  g_assert_true (omni_test_wait (is_aligned, window)); /* the same set */
  omni_document_undo (window->document);

  gtk_widget_activate_action (GTK_WIDGET (window), "win.align-frames", NULL);
  g_ptr_array_add (one, omni_document_get_source (window->document, 1));
  omni_document_remove (window->document, one);
  g_assert_true (omni_test_wait (says, &(Said){ window, "nothing was aligned" }));
  g_assert_false (omni_document_is_aligned (window->document));
  omni_document_cancel (window->document);
}

/* The toast's button is the way back whatever came after. */
static void
test_toast (OmniTestWindow *f, gconstpointer data)
{
  OmniWindow *window = f->window;

  open_bracket (f, 7, -4);
  align (f);
  omni_document_move (window->document, 0, 2);
  g_assert_true (omni_test_wait (says, &(Said){ window, "2 of 3 pictures were moved" }));
  while (window->toast == NULL || strstr (adw_toast_get_title (window->toast), "2 of 3") == NULL)
    omni_test_turn (20);
  g_assert_cmpstr (adw_toast_get_button_label (window->toast), ==, "_Undo");
  g_signal_emit_by_name (window->toast, "button-clicked");
  g_assert_false (omni_document_is_aligned (window->document));
  g_autofree char *name = omni_document_dup_name (window->document,
                                                  omni_document_get_source (window->document, 2));
  g_assert_cmpstr (name, ==, "dark.png"); /* where it was moved */
  omni_document_cancel (window->document);
}

/* Everything has a name. */
static void
test_names (OmniTestWindow *f, gconstpointer data)
{
  open_bracket (f, 7, -4);
  g_assert_true (omni_test_wait (hints, f->window));
  omni_test_check_names ((const char *const[]){ "Align", NULL });
  omni_test_check_names (NULL);
  omni_document_cancel (f->window->document);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  pointer = omni_test_window_start (&can_fuse);
  if (pointer == NULL)
    return 0;
  g_object_set (gtk_settings_get_default (), "gtk-enable-animations", FALSE, NULL);
  omni_test_window_add ("/aligning/hint", test_hint);
  omni_test_window_add ("/aligning/moved", test_moved);
  omni_test_window_add ("/aligning/lies", test_lies);
  omni_test_window_add ("/aligning/dismissed", test_dismissed);
  omni_test_window_add ("/aligning/restored", test_restored);
  omni_test_window_add ("/aligning/added", test_added);
  omni_test_window_add ("/aligning/odd-ones", test_odd_ones);
  omni_test_window_add ("/aligning/dropped", test_dropped);
  omni_test_window_add ("/aligning/toast", test_toast);
  omni_test_window_add ("/aligning/names", test_names);
  const int status = g_test_run ();
  omni_pointer_free (pointer);
  return status;
}
