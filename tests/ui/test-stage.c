/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The order check and presenting it, as a person uses them: keys, counts, the foil, the maps, a talk. */
#include "tests/ui/window-fixture.h"

#include "ui/stage/stage-private.h"

#include <math.h>

static OmniPointer *pointer;
static gboolean can_fuse;

static gboolean
skip (void)
{
  if (!can_fuse)
    g_test_skip ("no Vulkan device");
  return !can_fuse;
}

static guint
count_tries (OmniWindow *window, guint side)
{
  OmniOrderTrial *trial = window->stage_view->trials[side];

  return trial != NULL ? omni_order_trial_get_n_tries (trial) : 0;
}

static gboolean
has_tried_all (gpointer data)
{
  OmniStageView *view = ((OmniWindow *)data)->stage_view;

  return view->orders->len > 0 && !omni_stage_view_is_busy (view)
         && count_tries (data, SIDE_MODEL) == view->orders->len
         && count_tries (data, SIDE_FOIL) == view->orders->len;
}

static gboolean
is_on_stage (gpointer data)
{
  OmniWindow *window = data;

  return g_strcmp0 (gtk_stack_get_visible_child_name (window->pages), "stage") == 0
         && gtk_widget_get_mapped (GTK_WIDGET (window->stage_view)) && has_tried_all (data);
}

static gboolean
is_off_stage (gpointer data)
{
  return g_strcmp0 (gtk_stack_get_visible_child_name (((OmniWindow *)data)->pages), "sources") == 0;
}

static void
enter (OmniTestWindow *f)
{
  omni_pointer_key (pointer, "F8", 0);
  g_assert_true (omni_test_wait (is_on_stage, f->window));
  omni_test_wait_for_layout (f);
}

static void
press (OmniTestWindow *f, const char *key)
{
  const guint before = f->window->stage_view->orders->len;

  omni_pointer_key (pointer, key, 0);
  for (guint i = 0; i < 200 && f->window->stage_view->orders->len == before; i++)
    g_main_context_iteration (NULL, TRUE);
  g_assert_true (omni_test_wait (has_tried_all, f->window));
}

/* The words of all labels below that can be seen. */
static void
collect_words (GtkWidget *widget, GString *words)
{
  if (!gtk_widget_get_mapped (widget))
    return;
  if (GTK_IS_LABEL (widget))
    g_string_append_printf (words, "%s\n", gtk_label_get_text (GTK_LABEL (widget)));
  for (GtkWidget *child = gtk_widget_get_first_child (widget); child != NULL;
       child = gtk_widget_get_next_sibling (child))
    collect_words (child, words);
}

static char *
read_words (gpointer widget)
{
  GString *words = g_string_new (NULL);

  collect_words (widget, words);
  return g_string_free (words, FALSE);
}

static void
assert_says (gpointer widget, const char *what)
{
  g_autofree char *words = read_words (widget);

  if (strstr (words, what) == NULL)
    g_error ("“%s” is not in “%s”", what, words);
}

static void
assert_is_silent (gpointer widget, const char *what)
{
  g_autofree char *words = read_words (widget);

  if (strstr (words, what) != NULL)
    g_error ("“%s” is in “%s”", what, words);
}

/* The filmstrip */

static gboolean
has_compared (gpointer data)
{
  OmniPictureDifference difference;

  return omni_test_has_settled (data)
         && omni_document_get_order_difference (((OmniWindow *)data)->document, &difference);
}

static void
test_chip (OmniTestWindow *f, gconstpointer data)
{
  if (skip ())
    return;
  const char *hash = omni_document_get_result (f->window->document)->sha256;
  g_autofree char *words = g_strdup_printf ("%.8s… = %.8s…", hash, hash);
  assert_is_silent (f->window->chip, "max");
  omni_test_click_card (f, 0);
  omni_pointer_key (pointer, "s", 0);
  g_assert_true (omni_test_wait (has_compared, f->window));
  omni_test_wait_for_layout (f);
  assert_says (f->window->chip, words);
  assert_says (f->window->chip, "max |Δ| 0");

  omni_document_set_model (f->window->document, omni_model_find ("max"));
  g_assert_true (omni_test_wait (omni_test_has_settled, f->window));
  omni_test_wait_for_layout (f);
  assert_is_silent (f->window->chip, "max |Δ|");
}

/* The stage */

static void
test_shuffle (OmniTestWindow *f, gconstpointer data)
{
  if (skip ())
    return;
  enter (f);
  OmniStageView *view = f->window->stage_view;
  assert_is_silent (view->sides[SIDE_MODEL], "=");
  assert_is_silent (view->sides[SIDE_MODEL], "identical");
  assert_says (view->sides[SIDE_FOIL], "Mean of pairs, folded");
  /* Of three orders one at least is more than a swap of the first two, which the foil would not tell. */
  press (f, "s");
  assert_says (view->sides[SIDE_MODEL], "max |Δ| 0");
  assert_says (view->sides[SIDE_MODEL], "2 of 2 orders identical, a sample of 24");
  press (f, "s");
  omni_test_wait_for_layout (f);
  assert_says (view->sides[SIDE_MODEL], "3 of 3 orders identical");
  assert_is_silent (view->sides[SIDE_FOIL], "3 of 3");
  /* The document's own order is as it was. */
  for (guint i = 0; i < N_SOURCES; i++)
    g_assert_cmpstr (omni_source_get_path (omni_document_get_source (f->window->document, i)), ==,
                     f->paths[i]);
}

static void
test_orders (OmniTestWindow *f, gconstpointer data)
{
  if (skip ())
    return;
  enter (f);
  OmniStageView *view = f->window->stage_view;
  press (f, "a");
  omni_test_wait_for_layout (f);
  assert_says (view->sides[SIDE_MODEL], "24 of 24 orders identical");
  assert_says (view->sides[SIDE_FOIL], "2 of 24 orders identical");
  assert_says (view, "Computed now on");

  omni_pointer_key (pointer, "Right", 0);
  omni_pointer_key (pointer, "Right", 0);
  omni_pointer_key (pointer, "Left", 0);
  omni_pointer_key (pointer, "Right", 0);
  for (guint i = 0; i < 200 && view->shown != 2; i++)
    g_main_context_iteration (NULL, TRUE);
  g_assert_cmpuint (view->shown, ==, 2);
  omni_test_wait_for_layout (f);
  assert_says (view->sides[SIDE_FOIL], "≠");
  assert_says (view->sides[SIDE_FOIL], "PSNR");
  assert_is_silent (view->sides[SIDE_MODEL], "≠");

  press (f, "t");
  omni_test_wait_for_layout (f);
  assert_says (view->sides[SIDE_MODEL], "gave the same bits, 1 time");
  assert_says (view->sides[SIDE_FOIL], "gave the same bits, 1 time");
  /* A control is no other order. */
  assert_says (view->sides[SIDE_MODEL], "24 of 24 orders identical");
}

static guint
get_largest_level (OmniPicture *map)
{
  const guint8 *pixels = omni_picture_get_pixels (map);
  guint largest = 0;

  for (guint i = 0; i < omni_picture_get_width (map) * omni_picture_get_height (map); i++)
    largest = MAX (largest, pixels[i]);
  return largest;
}

static gboolean
shows_maps (gpointer data)
{
  OmniStageView *view = ((OmniWindow *)data)->stage_view;
  OmniSubject *first = omni_viewer_get_subject (view->viewer, 0);
  OmniSubject *second = omni_viewer_get_subject (view->viewer, 1);

  return first != NULL && second != NULL
         && g_str_equal (omni_subject_get_label (first), "Order-sensitivity map")
         && g_str_equal (omni_subject_get_label (second), "Order-sensitivity map");
}

/* The largest difference is about the brightest colour before anybody chooses a gain. */
static gboolean
has_fitted_gain (gpointer data)
{
  OmniStageView *view = data;
  OmniOrderSummary model, foil;

  omni_order_trial_summarise (view->trials[SIDE_MODEL], &model);
  omni_order_trial_summarise (view->trials[SIDE_FOIL], &foil);
  const double largest = MAX (model.largest, foil.largest);
  const double brightest = largest * exp2 (gtk_range_get_value (view->gain));
  return largest > 0 && !omni_stage_view_is_busy (view)
         && (gtk_range_get_value (view->gain) == 8 || (brightest > 127 && brightest <= 255));
}

/* Both maps as heat maps, of one gain. */
static gboolean
shows_gain (gpointer data)
{
  OmniViewer *viewer = data;
  const OmniViewFrame *frame = viewer->frame;

  return omni_viewer_is_current (viewer) && frame->n_items == 2 && frame->items[0].amounts
         && frame->items[1].amounts && frame->items[0].gain == 8 && frame->items[1].gain == 8;
}

static void
test_map (OmniTestWindow *f, gconstpointer data)
{
  if (skip ())
    return;
  enter (f);
  OmniStageView *view = f->window->stage_view;
  press (f, "a");
  g_assert_cmpuint (get_largest_level (omni_order_trial_get_map (view->trials[SIDE_MODEL])), ==, 0);
  g_assert_cmpuint (get_largest_level (omni_order_trial_get_map (view->trials[SIDE_FOIL])), >, 5);
  g_assert_false (gtk_widget_get_mapped (view->map_bar));
  omni_pointer_key (pointer, "m", 0);
  g_assert_true (omni_test_wait (shows_maps, f->window));
  omni_test_wait_for_layout (f);
  g_assert_true (gtk_widget_get_mapped (view->map_bar));

  g_assert_true (omni_test_wait (has_fitted_gain, view));
  gtk_range_set_value (view->gain, 3);
  g_assert_true (omni_test_wait (shows_gain, view->viewer));
}

static void
test_break (OmniTestWindow *f, gconstpointer data)
{
  if (skip ())
    return;
  enter (f);
  OmniStageView *view = f->window->stage_view;
  press (f, "a");
  g_assert_false (view->broken);
  omni_pointer_key (pointer, "k", 0);
  for (guint i = 0; i < 200 && !view->broken; i++)
    g_main_context_iteration (NULL, TRUE);
  g_assert_true (omni_test_wait (has_tried_all, f->window));
  omni_test_wait_for_layout (f);
  assert_says (view->sides[SIDE_MODEL], "Running mean in floating point");
  assert_is_silent (view->sides[SIDE_MODEL], "24 of 24");
  omni_pointer_key (pointer, "k", 0);
  for (guint i = 0; i < 200 && view->broken; i++)
    g_main_context_iteration (NULL, TRUE);
  g_assert_true (omni_test_wait (has_tried_all, f->window));
  omni_test_wait_for_layout (f);
  assert_says (view->sides[SIDE_MODEL], "24 of 24 orders identical");
}

static gboolean
has_one_try (gpointer data)
{
  return has_tried_all (data) && count_tries (data, SIDE_MODEL) == 1;
}

/* What was said of one set is not said of another. */
static void
test_forget (OmniTestWindow *f, gconstpointer data)
{
  if (skip ())
    return;
  enter (f);
  press (f, "s");
  assert_says (f->window->stage_view->sides[SIDE_MODEL], "2 of 2");
  omni_document_set_on (f->window->document, omni_document_get_source (f->window->document, 3), FALSE);
  g_assert_true (omni_test_wait (has_one_try, f->window));
  omni_test_wait_for_layout (f);
  assert_is_silent (f->window->stage_view->sides[SIDE_MODEL], "identical");
  g_assert_cmpuint (f->window->stage_view->request->sources->len, ==, 3);
  omni_pointer_key (pointer, "Escape", 0);
  g_assert_true (omni_test_wait (is_off_stage, f->window));
}

/* What a screen reader finds */

static void
test_names (OmniTestWindow *f, gconstpointer data)
{
  static const char *const names[] = { "Order check",
                                       "Order of the pictures",
                                       "Foil",
                                       "Size",
                                       "24 of 24 orders identical",
                                       "2 of 24 orders identical",
                                       "Previous order",
                                       "Next order",
                                       NULL };

  if (skip ())
    return;
  enter (f);
  press (f, "a");
  omni_test_wait_for_layout (f);
  omni_test_check_names (names);
  omni_test_check_names (NULL);
}

/* Presenting */

static gboolean
is_talking (gpointer data)
{
  OmniWindow *window = data;

  return omni_stage_view_is_talking (window->stage_view) && gtk_window_is_fullscreen (data)
         && gtk_widget_get_mapped (GTK_WIDGET (window->stage_view->title));
}

static gboolean
is_silent (gpointer data)
{
  OmniWindow *window = data;

  return !omni_stage_view_is_talking (window->stage_view) && !gtk_window_is_fullscreen (data)
         && gtk_widget_get_mapped (window->header);
}

static guint wanted_step;

static gboolean
is_at_step (gpointer data)
{
  OmniStageView *view = ((OmniWindow *)data)->stage_view;

  return view->step == wanted_step && !omni_stage_view_is_busy (view);
}

static gboolean
is_black (gpointer data)
{
  return gtk_widget_get_mapped (((OmniWindow *)data)->stage_view->curtain);
}

static gboolean
is_not_black (gpointer data)
{
  return !is_black (data);
}

static void
turn_page (OmniTestWindow *f, const char *key, guint step)
{
  wanted_step = step;
  omni_pointer_key (pointer, key, 0);
  g_assert_true (omni_test_wait (is_at_step, f->window));
  omni_test_wait_for_layout (f);
}

/* A screen saver, as desktops have one: whether it is held off */

static gboolean is_held_off;

static void
saver_call_cb (GDBusConnection *connection, const char *sender, const char *path, const char *interface,
               const char *method, GVariant *parameters, GDBusMethodInvocation *invocation, gpointer data)
{
  is_held_off = g_str_equal (method, "Inhibit");
  g_dbus_method_invocation_return_value (invocation, is_held_off ? g_variant_new ("(u)", 7) : NULL);
}

/* (transfer full) (nullable) The bus that it listens on. */
static GDBusConnection *
start_saver (guint *object_id, guint *name_id)
{
  static const GDBusInterfaceVTable vtable = { .method_call = saver_call_cb };
  GDBusConnection *bus = g_bus_get_sync (G_BUS_TYPE_SESSION, NULL, NULL);
  g_autoptr (GDBusNodeInfo) node = g_dbus_node_info_new_for_xml (
    "<node><interface name='org.freedesktop.ScreenSaver'>"
    "<method name='Inhibit'><arg type='s' direction='in'/><arg type='s' direction='in'/>"
    "<arg type='u' direction='out'/></method>"
    "<method name='UnInhibit'><arg type='u' direction='in'/></method></interface></node>",
    NULL);

  if (bus == NULL)
    return NULL;
  *object_id = g_dbus_connection_register_object (bus, "/org/freedesktop/ScreenSaver", node->interfaces[0],
                                                  &vtable, NULL, NULL, NULL);
  *name_id = g_bus_own_name_on_connection (bus, "org.freedesktop.ScreenSaver", G_BUS_NAME_OWNER_FLAGS_NONE,
                                           NULL, NULL, NULL, NULL);
  return bus;
}

static gboolean
holds_off (gpointer data)
{
  return is_held_off;
}

static gboolean
lets_go (gpointer data)
{
  return !is_held_off;
}

static void
test_screen_saver (OmniTestWindow *f, gconstpointer data)
{
  guint object_id, name_id;
  g_autoptr (GDBusConnection) bus = start_saver (&object_id, &name_id);

  if (skip ())
    return;
  if (bus == NULL)
  {
    g_test_skip ("no session bus");
    return;
  }
  omni_pointer_key (pointer, "F12", 0);
  g_assert_true (omni_test_wait (is_talking, f->window));
  g_assert_true (omni_test_wait (holds_off, NULL));
  omni_pointer_key (pointer, "Escape", 0);
  g_assert_true (omni_test_wait (is_silent, f->window));
  g_assert_true (omni_test_wait (lets_go, NULL));
  g_bus_unown_name (name_id);
  g_dbus_connection_unregister_object (bus, object_id);
}

static void
test_present (OmniTestWindow *f, gconstpointer data)
{
  OmniStageView *view = f->window->stage_view;

  if (skip ())
    return;
  omni_pointer_key (pointer, "F12", 0);
  g_assert_true (omni_test_wait (is_talking, f->window));
  g_assert_true (omni_test_wait (omni_test_is_active, f->window));
  g_assert_false (gtk_widget_get_mapped (f->window->header));
  assert_says (view, "Does the order matter?");
  g_assert_false (gtk_widget_get_mapped (GTK_WIDGET (view->strip)));

  turn_page (f, "Page_Down", 1);
  g_assert_true (gtk_widget_get_mapped (GTK_WIDGET (view->strip)));
  g_assert_false (gtk_widget_get_mapped (GTK_WIDGET (view->viewer)));
  turn_page (f, "Page_Down", 2);
  turn_page (f, "Page_Down", 3);
  assert_says (view, "max |Δ| 0");
  turn_page (f, "Page_Down", 4);
  assert_says (view, "24 of 24 orders identical");
  turn_page (f, "Page_Up", 3);
  turn_page (f, "Page_Down", 4);
  turn_page (f, "Page_Down", 5);
  assert_says (view, "Control: the same order again");

  omni_pointer_key (pointer, "b", 0);
  g_assert_true (omni_test_wait (is_black, f->window));
  omni_pointer_key (pointer, "b", 0);
  g_assert_true (omni_test_wait (is_not_black, f->window));
  g_assert_cmpuint (view->step, ==, 5);

  omni_pointer_key (pointer, "Escape", 0);
  g_assert_true (omni_test_wait (is_silent, f->window));
  g_assert_cmpuint (f->window->inhibit_cookie, ==, 0);
}

static gboolean
has_sources_again (gpointer data)
{
  return omni_document_get_n_sources (((OmniWindow *)data)->document) == N_SOURCES;
}

/* Nothing takes the set away from under the talk; where it goes all the same, the talk is over. */
static void
test_edits (OmniTestWindow *f, gconstpointer data)
{
  OmniDocument *document = f->window->document;
  g_autoptr (GPtrArray) all = g_ptr_array_ref (omni_document_get_sources (document));

  if (skip ())
    return;
  omni_test_click_card (f, 1);
  omni_pointer_key (pointer, "F12", 0);
  g_assert_true (omni_test_wait (is_talking, f->window));
  g_assert_true (omni_test_wait (omni_test_is_active, f->window));
  g_assert_true (omni_document_can_undo (document));
  omni_pointer_key (pointer, "z", GDK_CONTROL_MASK);
  omni_pointer_key (pointer, "o", GDK_CONTROL_MASK);
  omni_pointer_key (pointer, "Delete", 0);
  omni_pointer_key (pointer, "F5", 0);
  turn_page (f, "Page_Down", 1);
  g_assert_true (omni_document_get_sources (document) == all);
  g_assert_null (f->window->chooser);
  g_assert_false (omni_document_is_busy (document));

  omni_document_remove (document, all);
  g_assert_true (omni_test_wait (is_silent, f->window));
  g_assert_true (gtk_widget_get_mapped (f->window->header));
  omni_pointer_key (pointer, "z", GDK_CONTROL_MASK);
  g_assert_true (omni_test_wait (has_sources_again, f->window));
}

static gboolean
has_no_tries (gpointer data)
{
  return !omni_stage_view_is_busy (((OmniWindow *)data)->stage_view);
}

/* What was cancelled before it ran is made up for by whatever is asked for next, and on coming back. */
static void
test_cancelled (OmniTestWindow *f, gconstpointer data)
{
  OmniStageView *view = f->window->stage_view;

  if (skip ())
    return;
  omni_pointer_key (pointer, "F8", 0);
  g_assert_true (omni_test_wait (is_on_stage, f->window));
  gtk_widget_activate_action (GTK_WIDGET (view), "stage.cancel", NULL);
  g_assert_true (omni_test_wait (has_no_tries, f->window));
  omni_stage_view_try_orders (view);
  g_assert_true (omni_test_wait (has_no_tries, f->window));
  for (guint side = 0; side < N_SIDES; side++)
    if (view->trials[side] != NULL)
      g_assert_cmpuint (omni_order_trial_get_n_tries (view->trials[side]), ==, 24);
  assert_says (view, "24 of 24 orders identical");
}

/* A talk of one's own */

static void
test_open_talk (OmniTestWindow *f, gconstpointer data)
{
  static const char talk[] =
    "[Own words]\nText=Read from a file.\n[All of them]\nDo=orders\n[Dark]\nDo=black\n";
  OmniStageView *view = f->window->stage_view;
  g_autofree char *path = g_build_filename (f->folder, "own.talk", NULL);

  if (skip ())
    return;
  g_assert_true (g_file_set_contents (path, talk, -1, NULL));
  g_assert_true (gtk_widget_activate_action (GTK_WIDGET (f->window), "win.open-talk", NULL));
  omni_test_answer_dialog (f, path);
  g_assert_true (omni_test_wait (is_talking, f->window));
  assert_says (view, "Own words");
  assert_says (view, "Read from a file.");
  turn_page (f, "Page_Down", 1);
  assert_says (view, "All of them");
  assert_says (view, "24 of 24 orders identical");
  turn_page (f, "Page_Down", 2);
  g_assert_true (is_black (f->window));
  omni_pointer_key (pointer, "Page_Down", 0); /* there is no fourth */
  omni_test_wait_for_layout (f);
  g_assert_cmpuint (view->step, ==, 2);
  omni_pointer_key (pointer, "Escape", 0);
  g_assert_true (omni_test_wait (is_silent, f->window));
}

/* Where there is little room */

/* What does not scroll and is seen is all in the window; words that were cut say so by an ellipsis. */
static void
assert_inside (GtkWidget *widget, GtkWidget *window)
{
  graphene_rect_t bounds;

  if (!gtk_widget_get_mapped (widget) || !gtk_widget_compute_bounds (widget, window, &bounds)
      || GTK_IS_SCROLLABLE (widget) || GTK_IS_POPOVER (widget))
    return;
  if (bounds.origin.x < -0.5 || bounds.origin.y < -0.5
      || bounds.origin.x + bounds.size.width > gtk_widget_get_width (window) + 0.5
      || bounds.origin.y + bounds.size.height > gtk_widget_get_height (window) + 0.5)
    g_error ("%s of %.0f × %.0f at %.0f, %.0f is not all in the window of %d × %d",
             G_OBJECT_TYPE_NAME (widget), bounds.size.width, bounds.size.height, bounds.origin.x,
             bounds.origin.y, gtk_widget_get_width (window), gtk_widget_get_height (window));
  for (GtkWidget *child = gtk_widget_get_first_child (widget); child != NULL;
       child = gtk_widget_get_next_sibling (child))
    assert_inside (child, window);
}

/* It cannot be less where something in it needs more. */
static gboolean
fills_screen (gpointer data)
{
  GdkSurface *surface = gtk_native_get_surface (GTK_NATIVE (data));
  GdkRectangle screen;

  gdk_monitor_get_geometry (gdk_display_get_monitor_at_surface (gtk_widget_get_display (data), surface),
                            &screen);
  return gdk_surface_get_width (surface) == screen.width && gdk_surface_get_height (surface) == screen.height;
}

/* The whole shipped talk; meson runs it on the screen of a projector, too. */
static void
test_projector (OmniTestWindow *f, gconstpointer data)
{
  OmniStageView *view = f->window->stage_view;
  GtkWidget *window = GTK_WIDGET (f->window);

  if (skip ())
    return;
  omni_pointer_key (pointer, "F12", 0);
  g_assert_true (omni_test_wait (is_talking, f->window));
  g_assert_true (omni_test_wait (omni_test_is_active, f->window));
  g_assert_true (omni_test_wait (fills_screen, window));
  omni_test_wait_for_layout (f);
  for (guint step = 0; step < omni_talk_get_n_steps (view->talk); step++)
  {
    if (step > 0)
      turn_page (f, "Page_Down", step);
    g_assert_true (fills_screen (window));
    assert_inside (GTK_WIDGET (view), window);
    g_assert_false (pango_layout_is_ellipsized (gtk_label_get_layout (view->title)));
  }
  omni_pointer_key (pointer, "Escape", 0);
  g_assert_true (omni_test_wait (is_silent, f->window));
}

static gboolean
is_small (gpointer data)
{
  return gtk_widget_get_width (data) <= 640 && gtk_widget_get_height (data) <= 480;
}

static void
test_small (OmniTestWindow *f, gconstpointer data)
{
  GtkWidget *window = GTK_WIDGET (f->window);

  if (skip ())
    return;
  enter (f);
  gtk_window_set_default_size (GTK_WINDOW (window), 640, 480);
  g_assert_true (omni_test_wait (is_small, window));
  press (f, "a");
  omni_test_wait_for_layout (f);
  assert_inside (GTK_WIDGET (f->window->stage_view), window);
  g_assert_cmpint (gtk_widget_get_height (GTK_WIDGET (f->window->stage_view->viewer)), >=, 100);
}

/* Gliding */

static gboolean
has_glided (gpointer data)
{
  return adw_animation_get_state (data) == ADW_ANIMATION_FINISHED;
}

/* (transfer full) */
static char *
shuffle_cards (OmniTestWindow *f, gboolean glides)
{
  OmniFilmstrip *strip = f->window->filmstrip;
  GString *order = g_string_new (NULL);

  g_object_set (gtk_settings_get_default (), "gtk-enable-animations", glides, NULL);
  g_random_set_seed (7);
  gtk_widget_activate_action (GTK_WIDGET (f->window), "win.shuffle", NULL);
  g_assert_true ((adw_animation_get_state (strip->glide) == ADW_ANIMATION_PLAYING) == glides);
  g_assert_true (omni_test_wait (has_glided, strip->glide));
  for (guint i = 0; i < N_SOURCES; i++)
    g_string_append_printf (order, "%s ",
                            omni_source_get_path (omni_document_get_source (f->window->document, i)));
  return g_string_free (order, FALSE);
}

static void
test_glide (OmniTestWindow *f, gconstpointer data)
{
  g_autofree char *glided = shuffle_cards (f, TRUE);

  omni_document_undo (f->window->document);
  g_autofree char *jumped = shuffle_cards (f, FALSE);
  g_assert_cmpstr (glided, ==, jumped);
  g_object_set (gtk_settings_get_default (), "gtk-enable-animations", TRUE, NULL);
}

/* Without a talk a clicker goes through the orders; Caps Lock changes nothing. */
static gboolean
shows_second (gpointer data)
{
  return ((OmniWindow *)data)->stage_view->shown == 1;
}

static gboolean
shows_first (gpointer data)
{
  return ((OmniWindow *)data)->stage_view->shown == 0;
}

static void
test_clicker (OmniTestWindow *f, gconstpointer data)
{
  if (skip ())
    return;
  omni_pointer_key (pointer, "F8", 0);
  g_assert_true (omni_test_wait (is_on_stage, f->window));
  omni_pointer_key (pointer, "Caps_Lock", 0);
  omni_pointer_key (pointer, "s", 0);
  omni_pointer_key (pointer, "Caps_Lock", 0);
  g_assert_true (omni_test_wait (shows_second, f->window));
  omni_pointer_key (pointer, "Page_Up", 0);
  g_assert_true (omni_test_wait (shows_first, f->window));
  omni_pointer_key (pointer, "Page_Down", 0);
  g_assert_true (omni_test_wait (shows_second, f->window));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  pointer = omni_test_window_start (&can_fuse);
  if (pointer == NULL)
    return 0;
  omni_test_window_add ("/stage/chip", test_chip);
  omni_test_window_add ("/stage/shuffle", test_shuffle);
  omni_test_window_add ("/stage/orders", test_orders);
  omni_test_window_add ("/stage/map", test_map);
  omni_test_window_add ("/stage/break", test_break);
  omni_test_window_add ("/stage/forget", test_forget);
  omni_test_window_add ("/stage/names", test_names);
  omni_test_window_add ("/stage/cancelled", test_cancelled);
  omni_test_window_add ("/stage/clicker", test_clicker);
  omni_test_window_add ("/stage/present", test_present);
  omni_test_window_add ("/stage/edits", test_edits);
  omni_test_window_add ("/stage/screen-saver", test_screen_saver);
  omni_test_window_add ("/stage/open-talk", test_open_talk);
  omni_test_window_add ("/stage/projector", test_projector);
  omni_test_window_add ("/stage/small", test_small);
  omni_test_window_add ("/stage/glide", test_glide);
  const int status = g_test_run ();
  omni_pointer_free (pointer);
  return status;
}
