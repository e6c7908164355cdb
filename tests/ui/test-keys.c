/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The window without a pointer: Tab comes to every control that can be used, each is in view when it has the focus, and Escape
 * closes what was opened. */
#include "tests/ui/window-fixture.h"

#include "ui/stage/stage-private.h"

#define MOST_STEPS 120
#define STEP_MS    15

static OmniPointer *pointer;
static gboolean can_fuse;
static char preferences[] = "OmniPreferences";

/* The walk */

static GtkWidget *
get_focus (GtkWindow *window)
{
  return gtk_window_get_focus (window);
}

static char *
describe (GtkWidget *widget)
{
  g_autofree char *tooltip = widget != NULL ? g_strdup (gtk_widget_get_tooltip_text (widget)) : NULL;
  GtkWidget *parent = widget != NULL ? gtk_widget_get_parent (widget) : NULL;

  if (widget == NULL)
    return g_strdup ("nothing");
  return g_strdup_printf ("%s “%s” in %s", G_OBJECT_TYPE_NAME (widget), tooltip != NULL ? tooltip : "",
                          parent != NULL ? G_OBJECT_TYPE_NAME (parent) : "nothing");
}

/* What a person without a pointer has to come to. Inside of a list and of a group of options arrows go on. */
static gboolean
is_control (GtkWidget *widget)
{
  return (GTK_IS_BUTTON (widget) || GTK_IS_CHECK_BUTTON (widget) || GTK_IS_RANGE (widget)
          || GTK_IS_LIST_BOX (widget) || GTK_IS_TEXT (widget)
          || (OMNI_IS_VIEWER (widget) && gtk_widget_get_focusable (widget)))
         && gtk_widget_get_mapped (widget) && gtk_widget_is_sensitive (widget);
}

/* The title bar's own buttons belong to the window manager's keys (Alt+F4). */
static void
collect (GtkWidget *widget, GPtrArray *controls)
{
  if (GTK_IS_WINDOW_CONTROLS (widget) || GTK_IS_POPOVER (widget) || GTK_IS_SCROLLBAR (widget)
      || !gtk_widget_get_mapped (widget))
    return;
  if (is_control (widget))
    g_ptr_array_add (controls, widget);
  for (GtkWidget *child = gtk_widget_get_first_child (widget); child != NULL;
       child = gtk_widget_get_next_sibling (child))
    collect (child, controls);
}

/* One of a list, where arrows go on. */
static gboolean
was_visited (GPtrArray *visited, GtkWidget *control)
{
  GtkWidget *list = gtk_widget_get_ancestor (control, GTK_TYPE_LIST_BOX);

  for (guint i = 0; i < visited->len; i++)
    if (visited->pdata[i] == control || gtk_widget_is_ancestor (visited->pdata[i], control)
        || (list != NULL && gtk_widget_is_ancestor (visited->pdata[i], list)))
      return TRUE;
  return FALSE;
}

static gboolean
is_in_view (gpointer data)
{
  GtkWidget *window = data, *focus = gtk_window_get_focus (data);
  graphene_rect_t bounds;

  if (focus == NULL || !gtk_widget_get_mapped (focus) || !gtk_widget_compute_bounds (focus, window, &bounds))
    return FALSE;
  const double x = bounds.origin.x + bounds.size.width / 2, y = bounds.origin.y + bounds.size.height / 2;
  return x >= 0 && y >= 0 && x <= gtk_widget_get_width (window) && y <= gtk_widget_get_height (window);
}

/* Not scrolled away, not below the edge; a page may scroll there first. */
static void
check_in_view (GtkWindow *window, GtkWidget *focus)
{
  g_autofree char *words = describe (focus);

  if (!omni_test_wait_seconds (is_in_view, window, 5))
    g_error ("out of view: %s", words);
  g_assert_true (gtk_window_get_focus_visible (window));
}

static gboolean
has_other_focus (gpointer data)
{
  gpointer *pair = data;

  return gtk_window_get_focus (pair[0]) != pair[1];
}

static void
step (GtkWindow *window, GdkModifierType modifiers)
{
  gpointer pair[] = { window, get_focus (window) };

  omni_pointer_key (pointer, "Tab", modifiers);
  if (!omni_test_wait_seconds (has_other_focus, pair, 5))
  {
    g_autofree char *words = describe (get_focus (window));
    g_error ("Tab does not go on from %s", words);
  }
  omni_test_turn (STEP_MS);
}

/* All the way round. */
static void
walk_window (GtkWindow *window, const char *where)
{
  g_autoptr (GPtrArray) visited = g_ptr_array_new ();
  g_autoptr (GPtrArray) controls = g_ptr_array_new ();
  guint n_missed = 0;

  step (window, 0);
  while (visited->len < MOST_STEPS && !g_ptr_array_find (visited, get_focus (window), NULL))
  {
    GtkWidget *focus = get_focus (window);
    g_assert_nonnull (focus);
    g_autofree char *words = describe (focus);
    g_test_message ("%s: %u %s", where, visited->len + 1, words);
    g_assert_false (GTK_IS_FLOW_BOX_CHILD (focus)); /* a stop where nothing can be done */
    check_in_view (window, focus);
    g_ptr_array_add (visited, focus);
    step (window, 0);
  }
  g_assert_cmpuint (visited->len, <, MOST_STEPS);
  collect (GTK_WIDGET (window), controls);
  for (guint i = 0; i < controls->len; i++)
  {
    g_autofree char *words = describe (controls->pdata[i]);
    if (was_visited (visited, controls->pdata[i]))
      continue;
    g_test_message ("%s: Tab does not come to %s", where, words);
    n_missed++;
  }
  g_assert_cmpuint (n_missed, ==, 0);
}

static void
walk (OmniTestWindow *f, const char *where)
{
  omni_test_wait_for_layout (f);
  walk_window (GTK_WINDOW (f->window), where);
}

static void
settle (OmniTestWindow *f)
{
  g_assert_true (omni_test_wait (omni_test_has_settled, f->window));
  omni_test_wait_for_layout (f);
}

/* The list of sources */

static gboolean
has_focus (gpointer data)
{
  gpointer *pair = data;
  GtkWidget *focus = gtk_window_get_focus (pair[0]);

  return focus != NULL && (focus == pair[1] || gtk_widget_is_ancestor (focus, pair[1]));
}

/* Arrows go from card to card; Tab through one card and out. */
static void
test_cards (OmniTestWindow *f, gconstpointer data)
{
  OmniFilmstrip *strip = f->window->filmstrip;

  gtk_widget_grab_focus (GTK_WIDGET (omni_filmstrip_get_card (strip, 0)));
  for (guint i = 1; i < N_SOURCES; i++)
  {
    gpointer pair[] = { f->window, omni_filmstrip_get_card (strip, i) };
    omni_pointer_key (pointer, "Down", 0);
    g_assert_true (omni_test_wait (has_focus, pair));
    g_assert_true (omni_filmstrip_get_selected (strip) == omni_document_get_source (f->window->document, i));
  }
  gpointer pair[] = { f->window, omni_filmstrip_get_card (strip, N_SOURCES - 2) };
  omni_pointer_key (pointer, "Up", 0);
  g_assert_true (omni_test_wait (has_focus, pair));
  for (guint i = 0; i < 2; i++)
  {
    step (GTK_WINDOW (f->window), 0);
    g_assert_true (has_focus (pair));
    check_in_view (GTK_WINDOW (f->window), get_focus (GTK_WINDOW (f->window)));
  }
  step (GTK_WINDOW (f->window), 0);
  g_assert_false (gtk_widget_is_ancestor (get_focus (GTK_WINDOW (f->window)), GTK_WIDGET (strip->list)));
  step (GTK_WINDOW (f->window), GDK_SHIFT_MASK);
  g_assert_true (has_focus (pair));
}

/* In every mode */

static void
test_sources (OmniTestWindow *f, gconstpointer data)
{
  walk (f, "one picture");
}

static void
test_modes (OmniTestWindow *f, gconstpointer data)
{
  static const char *const modes[] = { "side-by-side", "blink", "difference" };

  for (gsize i = 0; i < G_N_ELEMENTS (modes); i++)
  {
    g_action_group_change_action_state (G_ACTION_GROUP (f->window), modes[i], g_variant_new_boolean (TRUE));
    walk (f, modes[i]);
  }
  g_action_group_change_action_state (G_ACTION_GROUP (f->window), "panes", g_variant_new_int32 (4));
  walk (f, "four panes");
}

static void
test_drawers (OmniTestWindow *f, gconstpointer data)
{
  static const char *const switches[] = { "metrics", "inspector", "winner" };

  if (!can_fuse)
    return;
  for (gsize i = 0; i < G_N_ELEMENTS (switches); i++)
  {
    g_action_group_change_action_state (G_ACTION_GROUP (f->window), switches[i],
                                        g_variant_new_boolean (TRUE));
    settle (f);
    omni_test_turn (500);
    walk (f, switches[i]);
    g_action_group_change_action_state (G_ACTION_GROUP (f->window), switches[i],
                                        g_variant_new_boolean (FALSE));
    omni_test_turn (500);
  }
}

static void
test_stage (OmniTestWindow *f, gconstpointer data)
{
  gtk_widget_activate_action (GTK_WIDGET (f->window), "win.stage", NULL);
  omni_test_turn (600);
  walk (f, "order check");
  gtk_widget_activate_action (GTK_WIDGET (f->window->stage_view), "stage.map", NULL);
  omni_test_turn (300);
  walk (f, "maps");
}

/* What opens */

static gboolean
is_open (gpointer data)
{
  return gtk_widget_get_mapped (data);
}

static gboolean
is_closed (gpointer data)
{
  return !gtk_widget_get_mapped (data);
}

static GtkWidget *
find_popover (GtkWidget *owner)
{
  for (GtkWidget *child = gtk_widget_get_first_child (owner); child != NULL;
       child = gtk_widget_get_next_sibling (child))
    if (GTK_IS_POPOVER (child))
      return child;
  return NULL;
}

/* Space opens it, the focus goes in, Escape closes it, and the focus is where it was. */
static void
open_and_close (OmniTestWindow *f, GtkWidget *button)
{
  GtkWidget *owner = gtk_widget_get_parent (button);
  GtkWidget *popover = GTK_IS_MENU_BUTTON (owner)
                         ? GTK_WIDGET (gtk_menu_button_get_popover (GTK_MENU_BUTTON (owner)))
                         : find_popover (owner);
  gpointer inside[] = { f->window, popover }, outside[] = { f->window, owner };

  if (popover == NULL)
    return;
  gtk_widget_grab_focus (button);
  omni_pointer_key (pointer, "space", 0);
  g_assert_true (omni_test_wait (is_open, popover));
  g_assert_true (omni_test_wait (has_focus, inside));
  omni_pointer_key (pointer, "Escape", 0);
  g_assert_true (omni_test_wait (is_closed, popover));
  g_assert_true (omni_test_wait (omni_test_is_active, f->window));
  g_assert_true (omni_test_wait (has_focus, outside));
}

static void
test_popovers (OmniTestWindow *f, gconstpointer data)
{
  g_autoptr (GPtrArray) controls = g_ptr_array_new ();
  guint n = 0;

  settle (f);
  g_action_group_change_action_state (G_ACTION_GROUP (f->window), "side-by-side",
                                      g_variant_new_boolean (TRUE));
  omni_test_wait_for_layout (f);
  collect (GTK_WIDGET (f->window), controls);
  for (guint i = 0; i < controls->len; i++)
    if (GTK_IS_TOGGLE_BUTTON (controls->pdata[i])
        && (GTK_IS_MENU_BUTTON (gtk_widget_get_parent (controls->pdata[i]))
            || GTK_IS_DROP_DOWN (gtk_widget_get_parent (controls->pdata[i]))))
    {
      g_autofree char *words = describe (gtk_widget_get_parent (controls->pdata[i]));
      g_test_message ("%s", words);
      open_and_close (f, controls->pdata[i]);
      n++;
    }
  g_assert_cmpuint (n, >=, 7); /* task, model, menu, order, versions, two pictures, views */
}

/* A submenu that closes leaves the keys where they were, whether something was chosen in it or not. */

static gboolean
has_label (gpointer data)
{
  gpointer *pair = data;

  return omni_test_find_label (pair[0], pair[1]) != NULL;
}

static void
focus_item (GtkWidget *popover, const char *words)
{
  gpointer pair[] = { popover, (gpointer)words };

  g_assert_true (omni_test_wait (has_label, pair));
  GtkWidget *label = omni_test_find_label (popover, words);
  g_assert_true (
    gtk_widget_grab_focus (gtk_widget_get_ancestor (label, g_type_from_name ("GtkModelButton"))));
}

static gboolean
is_side_by_side (gpointer data)
{
  return omni_viewer_get_mode (((OmniWindow *)data)->viewer) == OMNI_VIEWER_SIDE_BY_SIDE;
}

static gboolean
has_seen_focus (gpointer data)
{
  GtkWidget *focus = gtk_window_get_focus (data);

  return focus != NULL && gtk_widget_get_mapped (focus);
}

static gboolean
is_single (gpointer data)
{
  return omni_viewer_get_mode (((OmniWindow *)data)->viewer) == OMNI_VIEWER_SINGLE;
}

static void
use_submenu (OmniTestWindow *f, GtkMenuButton *button, const char *submenu, const char *item, const char *key)
{
  GtkWidget *popover = GTK_WIDGET (gtk_menu_button_get_popover (button));
  gpointer pair[] = { f->window, button };

  gtk_widget_grab_focus (GTK_WIDGET (button));
  omni_pointer_key (pointer, "space", 0);
  g_assert_true (omni_test_wait (is_open, popover));
  focus_item (popover, submenu);
  omni_pointer_key (pointer, "Return", 0);
  focus_item (popover, item);
  omni_pointer_key (pointer, key, 0);
  g_assert_true (omni_test_wait (is_closed, popover));
  g_assert_true (omni_test_wait (omni_test_is_active, f->window));
  g_assert_true (omni_test_wait (has_seen_focus, f->window));
  g_assert_true (omni_test_wait (has_focus, pair));
}

static void
test_submenus (OmniTestWindow *f, gconstpointer data)
{
  static const char *const keys[] = { "Escape", "Return" };

  if (!can_fuse)
    return;
  settle (f);
  for (gsize i = 0; i < G_N_ELEMENTS (keys); i++)
  {
    /* Nothing of the mean can be refined, and it is said. */
    use_submenu (f, f->window->menu_buttons[0], "Refine on This Set", "For Half a Minute", keys[i]);
    use_submenu (f, f->window->menu_buttons[1], "Panes", "3", keys[i]);
  }
  g_assert_true (omni_test_wait (is_side_by_side, f->window));
  omni_pointer_key (pointer, "F9", 0);
  g_assert_true (omni_test_wait (is_single, f->window));
}

/* A list that has no rows while it is closed is used like any other. */

static gboolean
has_third (gpointer data)
{
  return gtk_drop_down_get_selected (data) == 3;
}

static void
test_picker (OmniTestWindow *f, gconstpointer data)
{
  GtkDropDown *picker = f->window->pickers[0];
  GtkWidget *popover = find_popover (GTK_WIDGET (picker));
  gpointer inside[] = { f->window, popover };

  settle (f);
  gtk_drop_down_set_selected (picker, 2);
  gtk_widget_grab_focus (gtk_widget_get_first_child (GTK_WIDGET (picker)));
  omni_pointer_key (pointer, "space", 0);
  g_assert_true (omni_test_wait (has_focus, inside));
  omni_test_wait_for_layout (f);
  omni_pointer_key (pointer, "Down", 0);
  omni_test_turn (STEP_MS);
  omni_pointer_key (pointer, "Return", 0);
  if (!omni_test_wait_seconds (has_third, picker, 5))
    g_error ("Down and Return chose %u", gtk_drop_down_get_selected (picker));
  g_assert_true (omni_test_wait (is_closed, popover));
}

/* Every row says much, and is made when the list opens; the choice stands from the first key on. */

static gboolean
has_row_focus (gpointer data)
{
  GtkWidget *focus = gtk_window_get_focus (data);

  return focus != NULL && GTK_IS_LIST_VIEW (gtk_widget_get_parent (focus));
}

static gboolean
runs_mean (gpointer data)
{
  return omni_test_has_settled (data)
         && omni_document_get_effective_model (((OmniWindow *)data)->document) == omni_model_find ("mean");
}

static void
test_models (OmniTestWindow *f, gconstpointer data)
{
  OmniWindow *window = f->window;
  GtkWidget *popover = find_popover (GTK_WIDGET (window->model));

  settle (f);
  g_assert_true (runs_mean (window));
  const guint of_mean = gtk_drop_down_get_selected (window->model);
  g_assert_cmpuint (of_mean, >, 0);
  g_assert_true (window->offered_models->pdata[of_mean] == omni_model_find ("mean"));
  const OmniModel *above = window->offered_models->pdata[of_mean - 1];
  gtk_widget_grab_focus (gtk_widget_get_first_child (GTK_WIDGET (window->model)));
  omni_pointer_key (pointer, "space", 0);
  g_assert_true (omni_test_wait (is_open, popover));
  g_assert_true (omni_test_wait (has_row_focus, window));
  omni_pointer_key (pointer, "Up", 0);
  omni_test_turn (STEP_MS);
  omni_pointer_key (pointer, "Return", 0);
  g_assert_true (omni_test_wait (is_closed, popover));
  g_assert_true (omni_document_get_model (window->document) == above);
  g_assert_cmpuint (gtk_drop_down_get_selected (window->model), ==, of_mean - 1);
  settle (f);
  g_assert_true (omni_document_get_effective_model (window->document) == above);
  g_assert_cmpuint (gtk_drop_down_get_selected (window->model), ==, of_mean - 1);

  /* One step, and the list goes back with it. */
  omni_document_undo (window->document);
  g_assert_true (omni_test_wait (runs_mean, window));
  g_assert_cmpuint (gtk_drop_down_get_selected (window->model), ==, of_mean);
}

/* Windows of their own */

typedef struct
{
  OmniWindow *window;
  GtkWidget *mark; /* goes with the rows of an older list */
} Listing;

static gboolean
lists_recent (gpointer data)
{
  Listing *listing = data;
  OmniWindow *window = listing->window;
  const gboolean has_gone = gtk_widget_get_parent (listing->mark) == NULL;

  if (has_gone && window->session_path == NULL && window->keep_id == 0)
    return TRUE;
  if (has_gone)
    gtk_box_append (GTK_BOX (window->recent_box), listing->mark);
  return FALSE;
}

/* The recent sets are listed once more when the last state is written; rows that go meanwhile lose the way. */
static void
test_empty (OmniTestWindow *f, gconstpointer data)
{
  g_autoptr (GtkWidget) mark = g_object_ref_sink (gtk_label_new (NULL));
  Listing listing = { f->window, mark };

  settle (f);
  omni_test_empty (f);
  g_assert_true (omni_test_wait (lists_recent, &listing));
  walk (f, "empty");
}

static gboolean
has_no_preferences (gpointer data)
{
  return omni_test_find_window (preferences) == NULL;
}

/* A picture on a button says nothing to a screen reader. */
static void
check_names (GtkWidget *widget)
{
  if (GTK_IS_SPIN_BUTTON (widget))
    return;
  if (GTK_IS_BUTTON (widget) && gtk_button_get_icon_name (GTK_BUTTON (widget)) != NULL
      && gtk_widget_get_ancestor (widget, ADW_TYPE_ACTION_ROW) != NULL)
    g_assert_true (gtk_test_accessible_has_property (GTK_ACCESSIBLE (widget), GTK_ACCESSIBLE_PROPERTY_LABEL));
  for (GtkWidget *child = gtk_widget_get_first_child (widget); child != NULL;
       child = gtk_widget_get_next_sibling (child))
    check_names (child);
}

static void
test_preferences (OmniTestWindow *f, gconstpointer data)
{
  settle (f);
  omni_pointer_key (pointer, "comma", GDK_CONTROL_MASK);
  g_assert_true (omni_test_wait (omni_test_has_window, preferences));
  omni_test_turn (300);
  walk_window (omni_test_find_window (preferences), "preferences");
  check_names (GTK_WIDGET (omni_test_find_window (preferences)));
  omni_pointer_key (pointer, "Escape", 0);
  g_assert_true (omni_test_wait (has_no_preferences, NULL));
  g_assert_true (omni_test_wait (omni_test_is_active, f->window));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  pointer = omni_test_window_start (&can_fuse);
  if (pointer == NULL)
    return 0;
  omni_test_window_add ("/keys/cards", test_cards);
  omni_test_window_add ("/keys/sources", test_sources);
  omni_test_window_add ("/keys/popovers", test_popovers);
  omni_test_window_add ("/keys/submenus", test_submenus);
  omni_test_window_add ("/keys/picker", test_picker);
  omni_test_window_add ("/keys/models", test_models);
  omni_test_window_add ("/keys/modes", test_modes);
  omni_test_window_add ("/keys/drawers", test_drawers);
  omni_test_window_add ("/keys/stage", test_stage);
  omni_test_window_add ("/keys/empty", test_empty);
  omni_test_window_add ("/keys/preferences", test_preferences);
  const int status = g_test_run ();
  omni_pointer_free (pointer);
  return status;
}
