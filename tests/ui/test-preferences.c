/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The preferences with the keyboard: what is chosen has its effect, is there when they are opened again, and can be taken back. */
#include "app/settings.h"
#include "tests/ui/window-fixture.h"

#include "ui/stage/stage-private.h"

#define MOST_TRIES 6

static OmniPointer *pointer;
static gboolean can_fuse;
static char preferences[] = "OmniPreferences";

/* Rows, by the beginning of their titles */

static GtkWidget *
find_row (GtkWidget *widget, const char *title)
{
  if (ADW_IS_PREFERENCES_ROW (widget)
      && g_str_has_prefix (adw_preferences_row_get_title (ADW_PREFERENCES_ROW (widget)), title))
    return widget;
  for (GtkWidget *child = gtk_widget_get_first_child (widget); child != NULL;
       child = gtk_widget_get_next_sibling (child))
  {
    GtkWidget *found = find_row (child, title);
    if (found != NULL)
      return found;
  }
  return NULL;
}

static GtkWidget *
get_row (const char *title)
{
  GtkWidget *row = find_row (GTK_WIDGET (omni_test_find_window (preferences)), title);

  if (row == NULL)
    g_error ("no row “%s”", title);
  return row;
}

static gboolean
has_devices (gpointer data)
{
  GListModel *devices = adw_combo_row_get_model (data);

  return devices != NULL && g_list_model_get_n_items (devices) >= 2;
}

static void
open_preferences (OmniTestWindow *f)
{
  omni_pointer_key (pointer, "comma", GDK_CONTROL_MASK);
  g_assert_true (omni_test_wait (omni_test_has_window, preferences));
  g_assert_true (omni_test_wait (has_devices, get_row ("Device")));
  omni_test_wait_for_layout (f);
}

static gboolean
has_no_preferences (gpointer data)
{
  return omni_test_find_window (preferences) == NULL;
}

static void
close_preferences (OmniTestWindow *f)
{
  /* A list that is just closing takes one for itself. */
  for (guint i = 0; i < MOST_TRIES && !has_no_preferences (NULL); i++)
  {
    omni_pointer_key (pointer, "Escape", 0);
    omni_test_wait_seconds (has_no_preferences, NULL, 5);
  }
  g_assert_true (has_no_preferences (NULL));
  g_assert_true (omni_test_wait (omni_test_is_active, f->window));
}

/* Choosing */

typedef struct
{
  GtkWidget *row;
  guint selected;
} Choice;

static gboolean
is_selected (gpointer data)
{
  const Choice *choice = data;

  return adw_combo_row_get_selected (ADW_COMBO_ROW (choice->row)) == choice->selected;
}

static gboolean
has_list (gpointer data)
{
  GtkWidget *popover = omni_test_find_widget (data, GTK_TYPE_POPOVER);

  return popover != NULL && omni_test_is_mapped (popover);
}

static gboolean
has_no_list (gpointer data)
{
  return !has_list (data) && omni_test_has_window (preferences);
}

static gboolean
has_focus_in (gpointer data)
{
  GtkWidget *focus = gtk_root_get_focus (gtk_widget_get_root (data));
  GtkWidget *popover = omni_test_find_widget (data, GTK_TYPE_POPOVER);

  return focus != NULL && popover != NULL && gtk_widget_is_ancestor (focus, popover);
}

static void
choose (OmniTestWindow *f, const char *title, guint selected)
{
  GtkWidget *row = get_row (title);

  omni_pointer_move (pointer, 1590, 990); /* not over the list, whose items follow it */
  gtk_widget_grab_focus (row);
  omni_pointer_key (pointer, "space", 0);
  g_assert_true (omni_test_wait (has_list, row));
  g_assert_true (omni_test_wait (has_focus_in, row));
  omni_test_wait_for_layout (f);
  omni_pointer_key (pointer, "Home", 0);
  for (guint i = 0; i < selected; i++)
    omni_pointer_key (pointer, "Down", 0);
  omni_test_wait_for_layout (f);
  omni_pointer_key (pointer, "Return", 0);
  g_assert_true (omni_test_wait (is_selected, &(Choice){ row, selected }));
  g_assert_true (omni_test_wait (has_no_list, row));
}

typedef struct
{
  const char *key, *value;
} Setting;

static gboolean
is_set (gpointer data)
{
  const Setting *setting = data;

  return omni_settings_is (setting->key, setting->value);
}

static void
expect_setting (const char *key, const char *value)
{
  if (omni_test_wait_seconds (is_set, &(Setting){ key, value }, 20))
    return;
  g_autofree char *own = omni_settings_dup (key);
  g_assert_cmpstr (own, ==, value);
}

static void
toggle (const char *title)
{
  gtk_widget_grab_focus (omni_test_find_widget (get_row (title), GTK_TYPE_SWITCH));
  omni_pointer_key (pointer, "space", 0);
}

/* Digits alone. */
static void
type (OmniTestWindow *f, const char *title, const char *text)
{
  GtkWidget *row = get_row (title);

  gtk_widget_grab_focus (row);
  omni_test_wait_for_layout (f);
  omni_pointer_key (pointer, "a", GDK_CONTROL_MASK);
  if (text[0] == '\0')
    omni_pointer_key (pointer, "BackSpace", 0);
  for (gsize i = 0; text[i] != '\0'; i++)
    omni_pointer_key (pointer, (const char[]){ text[i], '\0' }, 0);
  omni_pointer_key (pointer, "Return", 0);
}

static void
test_names (OmniTestWindow *f, gconstpointer data)
{
  open_preferences (f);
  omni_test_check_names (NULL);
  close_preferences (f);
}

/* What is looked at */

/* How far the window of levels widens with a drag by the right button. */
static double
widen (OmniTestWindow *f, int dx, int dy)
{
  GtkWidget *viewer = GTK_WIDGET (f->window->viewer);
  double low, high;
  int x, y;

  omni_viewer_set_level (f->window->viewer, 0.25, 0.75);
  omni_pointer_locate (pointer, viewer, gtk_widget_get_width (viewer) / 2.0,
                       gtk_widget_get_height (viewer) / 2.0, &x, &y);
  omni_pointer_move (pointer, x, y);
  omni_pointer_button (pointer, 3, TRUE);
  for (int i = 1; i <= 10; i++)
    omni_pointer_move (pointer, x + dx * i / 10, y + dy * i / 10);
  omni_pointer_button (pointer, 3, FALSE);
  omni_test_wait_for_layout (f);
  omni_viewer_get_level (f->window->viewer, &low, &high);
  return high - low - 0.5;
}

static void
test_level_axes (OmniTestWindow *f, gconstpointer data)
{
  static const struct
  {
    guint selected;
    double across, up;
  } ways[] = { { 1, 0, 1 }, { 0, 1, 0 } };

  g_assert_cmpfloat (widen (f, 100, 0), >, 0.01);
  for (gsize i = 0; i < G_N_ELEMENTS (ways); i++)
  {
    open_preferences (f);
    choose (f, "Drag With", ways[i].selected);
    close_preferences (f);
    g_assert_true ((widen (f, 100, 0) > 0.01) == (ways[i].across > 0));
    g_assert_true ((widen (f, 0, -100) > 0.01) == (ways[i].up > 0));
  }
}

static gboolean
is_on_stage (gpointer data)
{
  OmniWindow *window = data;

  return omni_test_is_mapped (GTK_WIDGET (window->stage_view->size));
}

static void
test_stage_size (OmniTestWindow *f, gconstpointer data)
{
  open_preferences (f);
  choose (f, "Size of the Order Check", 0);
  close_preferences (f);
  open_preferences (f);
  g_assert_true (is_selected (&(Choice){ get_row ("Size of the Order Check"), 0 }));
  close_preferences (f);
  omni_pointer_key (pointer, "F8", 0);
  g_assert_true (omni_test_wait (is_on_stage, f->window));
  g_assert_cmpuint (gtk_drop_down_get_selected (f->window->stage_view->size), ==, 0);
  g_assert_true (omni_settings_set (OMNI_SETTING_STAGE_SIZE, "1024", NULL));
}

/* What the dialog for saving begins with */

static void
test_saving (OmniTestWindow *f, gconstpointer data)
{
  static const char *const expected[][2] = { { OMNI_SETTING_EXPORT_DEPTH, "16" },
                                             { OMNI_SETTING_EXPORT_PROFILE, "srgb" },
                                             { OMNI_SETTING_EXPORT_QUALITY, "96" },
                                             { OMNI_SETTING_EXPORT_METADATA, "no" } };

  if (!can_fuse)
  {
    g_test_skip ("no Vulkan device");
    return;
  }
  open_preferences (f);
  choose (f, "Bits per Sample", 2);
  choose (f, "Colour Profile", 1);
  gtk_widget_grab_focus (omni_test_find_widget (get_row ("Quality"), GTK_TYPE_SPIN_BUTTON));
  omni_pointer_key (pointer, "Up", 0);
  expect_setting (OMNI_SETTING_EXPORT_QUALITY, "96");
  toggle ("Metadata");
  expect_setting (OMNI_SETTING_EXPORT_METADATA, "no");
  close_preferences (f);
  omni_pointer_key (pointer, "s", GDK_CONTROL_MASK);
  g_assert_true (omni_test_wait (omni_test_has_dialog, f->window));
  for (gsize i = 0; i < G_N_ELEMENTS (expected); i++)
    g_assert_cmpstr (gtk_file_chooser_get_choice (GTK_FILE_CHOOSER (f->window->chooser), expected[i][0]), ==,
                     expected[i][1]);
  omni_pointer_key (pointer, "Escape", 0);
}

/* The next start */

static void
check_variable (const char *name, const char *value)
{
  g_autofree char *own = g_strdup (g_getenv (name));

  g_unsetenv (name);
  omni_settings_apply ();
  g_assert_cmpstr (g_getenv (name), ==, value);
  if (own != NULL)
    g_setenv (name, own, TRUE);
  else
    g_unsetenv (name);
}

static void
test_device (OmniTestWindow *f, gconstpointer data)
{
  open_preferences (f);
  choose (f, "Device", 1);
  expect_setting (OMNI_SETTING_DEVICE, "software");
  type (f, "Memory of the device", "512");
  expect_setting (OMNI_SETTING_MEMORY_MIB, "512");
  type (f, "Memory for decoded", "300");
  expect_setting (OMNI_SETTING_HOST_MIB, "300");
  close_preferences (f);
  check_variable ("OMNIFUSE_DEVICE", "software");
  check_variable ("OMNIFUSE_MEMORY_MIB", "512");
  check_variable ("OMNIFUSE_HOST_MIB", "300");

  open_preferences (f);
  g_assert_true (is_selected (&(Choice){ get_row ("Device"), 1 }));
  g_assert_cmpstr (gtk_editable_get_text (GTK_EDITABLE (get_row ("Memory of the device"))), ==, "512");
  g_assert_cmpstr (gtk_editable_get_text (GTK_EDITABLE (get_row ("Memory for decoded"))), ==, "300");
  choose (f, "Device", 0);
  type (f, "Memory of the device", "");
  expect_setting (OMNI_SETTING_MEMORY_MIB, "");
  type (f, "Memory for decoded", "");
  expect_setting (OMNI_SETTING_HOST_MIB, "");
  close_preferences (f);
  check_variable ("OMNIFUSE_DEVICE", NULL);
}

/* A talk of a name that means something in markup, and that is gone. */

static char *
choose_lost_talk (OmniTestWindow *f)
{
  char *path = g_build_filename (f->folder, "Q&A <gone>.talk", NULL);
  g_autoptr (GError) error = NULL;

  g_assert_true (omni_settings_set (OMNI_SETTING_TALK, path, &error));
  g_assert_no_error (error);
  return path;
}

static void
forget_talk (void)
{
  g_autoptr (GError) error = NULL;

  g_assert_true (omni_settings_set (OMNI_SETTING_TALK, "", &error));
  g_assert_no_error (error);
}

static void
test_talk_name (OmniTestWindow *f, gconstpointer data)
{
  g_autofree char *path = choose_lost_talk (f);

  open_preferences (f);
  g_assert_nonnull (omni_test_find_label (get_row ("Talk"), path));
  close_preferences (f);
  forget_talk ();
}

static gboolean
says_gone (gpointer data)
{
  OmniWindow *window = data;

  return strstr (gtk_label_get_text (window->file_error_text), "Q&A <gone>.talk") != NULL
         && gtk_widget_get_mapped (GTK_WIDGET (window->file_error));
}

/* No other one takes its place. */
static void
test_lost_talk (OmniTestWindow *f, gconstpointer data)
{
  g_autofree char *path = choose_lost_talk (f);

  omni_pointer_key (pointer, "F12", 0);
  g_assert_true (omni_test_wait (says_gone, f->window));
  g_assert_false (omni_stage_view_is_talking (f->window->stage_view));
  g_assert_false (f->window->on_stage);
  g_assert_true (gtk_widget_get_mapped (f->window->header));
  forget_talk ();
}

static gboolean
is_kept (gpointer data)
{
  OmniWindow *window = data;

  return window->session_path != NULL && !window->keeping && window->keep_id == 0 && !window->hashing;
}

/* Closes the last window and starts as the program starts: with what was open, or not. */
static void
start_again (OmniTestWindow *f)
{
  g_assert_true (omni_test_wait (is_kept, f->window));
  gtk_window_destroy (GTK_WINDOW (f->window));
  g_application_activate (g_application_get_default ());
  f->window = OMNI_WINDOW (
    gtk_application_get_active_window (GTK_APPLICATION (g_application_get_default ())));
  g_assert_true (omni_test_wait (omni_test_is_mapped, f->window));
  g_assert_true (omni_test_wait (omni_test_is_active, f->window));
}

static void
test_restore (OmniTestWindow *f, gconstpointer data)
{
  g_autofree char *session = NULL;

  start_again (f);
  g_assert_true (omni_test_wait (omni_test_has_cards, f->window));
  open_preferences (f);
  toggle ("Restore at the Start");
  expect_setting (OMNI_SETTING_RESTORE, "no");
  close_preferences (f);
  session = g_strdup (f->window->session_path);
  start_again (f);
  g_assert_null (f->window->session_path);
  open_preferences (f);
  g_assert_false (gtk_switch_get_active (
    GTK_SWITCH (omni_test_find_widget (get_row ("Restore at the Start"), GTK_TYPE_SWITCH))));
  toggle ("Restore at the Start");
  expect_setting (OMNI_SETTING_RESTORE, "yes");
  close_preferences (f);
  g_assert_cmpuint (omni_document_get_n_sources (f->window->document), ==, 0);
  g_assert_true (g_file_test (session, G_FILE_TEST_EXISTS));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  pointer = omni_test_window_start (&can_fuse);
  if (pointer == NULL)
    return 0;
  g_object_set (gtk_settings_get_default (), "gtk-enable-animations", FALSE, NULL);
  omni_test_window_add ("/preferences/restore", test_restore); /* first: those after it leave sessions open */
  omni_test_window_add ("/preferences/names", test_names);
  omni_test_window_add ("/preferences/level-axes", test_level_axes);
  omni_test_window_add ("/preferences/stage-size", test_stage_size);
  omni_test_window_add ("/preferences/saving", test_saving);
  omni_test_window_add ("/preferences/device", test_device);
  omni_test_window_add ("/preferences/talk-name", test_talk_name);
  omni_test_window_add ("/preferences/lost-talk", test_lost_talk);
  const int status = g_test_run ();
  omni_pointer_free (pointer);
  return status;
}
