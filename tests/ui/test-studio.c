/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The studio's tools as a person uses them: options, sizes, switching sources off. */
#include "tests/ui/window-fixture.h"

static OmniPointer *pointer;
static gboolean can_fuse;

static gboolean
skip (void)
{
  if (!can_fuse)
    g_test_skip ("no Vulkan device");
  return !can_fuse;
}

static void
settle (OmniTestWindow *f)
{
  g_assert_true (omni_test_wait (omni_test_has_settled, f->window));
  g_assert_cmpstr (omni_document_get_error (f->window->document), ==, NULL);
  omni_test_wait_for_layout (f);
}

/* A real click in the middle of a widget. */
static void
click (GtkWidget *widget)
{
  int x, y;

  omni_pointer_locate (pointer, widget, gtk_widget_get_width (widget) / 2.0,
                       gtk_widget_get_height (widget) / 2.0, &x, &y);
  omni_pointer_move (pointer, x, y);
  omni_pointer_click (pointer, 1);
}

/* Options */

static gboolean
has_control (gpointer data)
{
  OmniWindow *window = data;
  GtkWidget *control = omni_options_button_get_control (window->options, "contrast");

  return control != NULL && gtk_widget_get_mapped (control) && gtk_widget_get_height (control) > 0;
}

static gboolean
has_no_control (gpointer data)
{
  return !has_control (data);
}

static gboolean
has_option (gpointer data)
{
  OmniWindow *window = data;
  OmniFusionResult *result = omni_document_get_result (window->document);

  return omni_test_has_settled (window) && result != NULL && g_str_equal (result->options, "contrast=1.1");
}

static gboolean
has_no_option (gpointer data)
{
  OmniWindow *window = data;
  OmniFusionResult *result = omni_document_get_result (window->document);

  return omni_test_has_settled (window) && result != NULL && result->options[0] == '\0';
}

static void
test_options (OmniTestWindow *f, gconstpointer data)
{
  OmniWindow *window = f->window;

  if (skip ())
    return;
  omni_document_set_model (window->document, omni_model_find ("mertens"));
  settle (f);
  click (GTK_WIDGET (window->options));
  g_assert_true (omni_test_wait (has_control, window));
  GtkWidget *control = omni_options_button_get_control (window->options, "contrast");
  gtk_widget_grab_focus (control);
  omni_pointer_key (pointer, "Up", 0);
  g_assert_true (omni_test_wait (has_option, window));
  omni_pointer_key (pointer, "Escape", 0);
  g_assert_true (omni_test_wait (has_no_control, window));
  g_assert_true (omni_test_wait (omni_test_is_active, window));
  omni_pointer_key (pointer, "z", GDK_CONTROL_MASK);
  g_assert_true (omni_test_wait (has_no_option, window));
  g_assert_cmpfloat (gtk_spin_button_get_value (GTK_SPIN_BUTTON (control)), ==, 1);
}

/* Switching off */

static gboolean
has_three_active (gpointer data)
{
  return omni_document_get_active (((OmniWindow *)data)->document)->len == 3;
}

static gboolean
has_four_active (gpointer data)
{
  return omni_document_get_active (((OmniWindow *)data)->document)->len == 4;
}

static void
test_switch_off (OmniTestWindow *f, gconstpointer data)
{
  OmniWindow *window = f->window;

  omni_test_click_card (f, 1);
  omni_pointer_key (pointer, "o", 0);
  g_assert_true (omni_test_wait (has_three_active, window));
  g_assert_false (omni_document_is_on (window->document, omni_document_get_source (window->document, 1)));
  settle (f);
  GtkWidget *card = GTK_WIDGET (omni_filmstrip_get_card (window->filmstrip, 1));
  g_assert_true (gtk_widget_has_css_class (card, "off"));
  omni_pointer_key (pointer, "z", GDK_CONTROL_MASK);
  g_assert_true (omni_test_wait (has_four_active, window));
  omni_test_wait_for_layout (f);
  g_assert_false (gtk_widget_has_css_class (card, "off"));
  settle (f);
}

/* Sizes */

static gboolean
asks_about_sizes (gpointer data)
{
  OmniWindow *window = data;

  return gtk_widget_get_mapped (GTK_WIDGET (window->size_bar)) && !omni_document_is_busy (window->document);
}

static gboolean
is_resized (gpointer data)
{
  OmniWindow *window = data;
  OmniFusionResult *result = omni_document_get_result (window->document);

  return omni_test_has_settled (window) && result != NULL && result->sources->len == N_SOURCES + 1
         && !gtk_widget_get_visible (GTK_WIDGET (window->size_bar));
}

static void
test_sizes (OmniTestWindow *f, gconstpointer data)
{
  OmniWindow *window = f->window;
  g_autofree char *path = omni_test_write_picture (f->folder, "small.png", 80, 60, 90);

  if (skip ())
    return;
  omni_window_open_paths (window, (const char *const[]){ path, NULL });
  g_assert_true (omni_test_wait (asks_about_sizes, window));
  g_assert_nonnull (strstr (gtk_label_get_text (window->size_text), "80 × 60"));
  g_assert_false (gtk_widget_get_visible (GTK_WIDGET (window->fusion_error)));
  g_assert_false (gtk_widget_get_visible (window->fuse_button));
  g_assert_true (gtk_widget_activate_action (GTK_WIDGET (window), "win.resize", NULL));
  g_assert_true (omni_test_wait (is_resized, window));
  OmniSource *small = omni_document_get_source (window->document, N_SOURCES);
  g_assert_true (omni_document_resizes (window->document, small));
}

/* The least window */

static gboolean
is_small (gpointer data)
{
  return gtk_widget_get_width (data) <= 640 && gtk_widget_get_height (data) <= 480;
}

static void
test_small (OmniTestWindow *f, gconstpointer data)
{
  GtkWidget *widget = GTK_WIDGET (f->window);
  int width, height;

  gtk_widget_measure (widget, GTK_ORIENTATION_HORIZONTAL, -1, &width, NULL, NULL, NULL);
  g_assert_cmpint (width, <=, 640);
  gtk_widget_measure (widget, GTK_ORIENTATION_VERTICAL, 640, &height, NULL, NULL, NULL);
  g_assert_cmpint (height, <=, 480);
  gtk_window_set_default_size (GTK_WINDOW (widget), 640, 480);
  g_assert_true (omni_test_wait (is_small, widget));
  g_assert_cmpint (gtk_widget_get_width (GTK_WIDGET (f->window->viewer)), >=, 300);
  g_assert_cmpint (gtk_widget_get_height (GTK_WIDGET (f->window->viewer)), >=, 200);
}

static void
add (const char *name, void (*test) (OmniTestWindow *, gconstpointer))
{
  g_autofree char *path = g_strdup_printf ("/studio/%s", name);

  g_test_add (path, OmniTestWindow, NULL, omni_test_window_set_up, test, omni_test_window_tear_down);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  pointer = omni_test_window_start (&can_fuse);
  if (pointer == NULL)
    return 0;
  add ("options", test_options);
  add ("switch-off", test_switch_off);
  add ("sizes", test_sizes);
  add ("small", test_small);
  const int status = g_test_run ();
  omni_pointer_free (pointer);
  return status;
}
