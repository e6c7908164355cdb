/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the panes of the viewer show: the list of sources and results, and the choice for each pane. */
#include "ui/window/window-private.h"

#include "app/weights-folder.h"
#include "ui/drop-down.h"

#include <glib/gi18n.h>

#define PICKER_MARGIN_PX 6

static OmniSubject *
get_subject (OmniWindow *self, guint position)
{
  /* The store keeps its reference. */
  g_autoptr (OmniSubject) subject = g_list_model_get_item (G_LIST_MODEL (self->subjects), position);

  return subject;
}

static guint
find_source (OmniWindow *self, OmniSource *source)
{
  for (guint i = 0; i < g_list_model_get_n_items (G_LIST_MODEL (self->subjects)); i++)
    if (source != NULL && omni_subject_get_source (get_subject (self, i)) == source)
      return i;
  return GTK_INVALID_LIST_POSITION;
}

/* A source that is seen otherwise now stays where it was. */
static guint
find_choice (OmniWindow *self, OmniSubject *choice)
{
  OmniSource *source = choice != NULL ? omni_subject_get_source (choice) : NULL;

  for (guint i = 0; i < g_list_model_get_n_items (G_LIST_MODEL (self->subjects)); i++)
    if (choice != NULL && omni_subject_is_same_choice (get_subject (self, i), choice))
      return i;
  return source != NULL ? find_source (self, omni_document_find_file (self->document, source))
                        : GTK_INVALID_LIST_POSITION;
}

static void
update_description (OmniWindow *self)
{
  g_autofree char *spoken = g_strdup ("");

  for (guint pane = 0; pane < omni_viewer_get_n_shown (self->viewer); pane++)
  {
    OmniSubject *subject = omni_viewer_get_subject (self->viewer, pane);
    if (subject == NULL)
      continue;
    g_autofree char *before = g_steal_pointer (&spoken);
    spoken = before[0] == '\0'
               ? g_strdup (omni_subject_get_label (subject))
               : g_strdup_printf (_ ("%s beside %s"), before, omni_subject_get_label (subject));
  }
  gtk_accessible_update_property (GTK_ACCESSIBLE (self->viewer), GTK_ACCESSIBLE_PROPERTY_DESCRIPTION, spoken,
                                  -1);
}

/* With more than two panes each has its list in itself, else they stand above. */
static void
place_pickers (OmniWindow *self)
{
  const gboolean many = omni_viewer_get_n_shown (self->viewer) > 2;

  gtk_widget_set_visible (self->pickers_bar, !many);
  gtk_widget_set_visible (self->second_picker, omni_viewer_get_n_shown (self->viewer) == 2);
  for (guint pane = 0; pane < OMNI_VIEWER_PANES; pane++)
    gtk_widget_set_visible (GTK_WIDGET (self->pane_pickers[pane]),
                            many && pane < omni_viewer_get_n_shown (self->viewer));
  gtk_widget_queue_resize (GTK_WIDGET (self->stage));
}

/* A pane costs nothing while it is not seen. */
static void
apply_choices (OmniWindow *self)
{
  const guint n_shown = omni_viewer_get_n_shown (self->viewer);
  const gboolean was_updating = self->updating;

  self->updating = TRUE;
  for (guint pane = 0; pane < 2; pane++)
    gtk_drop_down_set_selected (self->pane_pickers[pane], gtk_drop_down_get_selected (self->pickers[pane]));
  self->updating = was_updating;

  for (guint pane = 0; pane < OMNI_VIEWER_PANES; pane++)
  {
    OmniSubject *subject = gtk_drop_down_get_selected_item (self->pickers[pane]);
    const char *label = subject != NULL ? omni_subject_get_label (subject) : "";
    omni_viewer_set_subject (self->viewer, pane, pane < n_shown ? subject : NULL);
    omni_drop_down_tell (self->pickers[pane], label);
    omni_drop_down_tell (self->pane_pickers[pane], label);
  }
  update_description (self);
}

static void
picked_cb (OmniWindow *self, GParamSpec *pspec, GtkDropDown *picker)
{
  if (self->updating)
    return;
  guint pane = 0;
  while (self->pickers[pane] != picker)
    pane++;
  OmniSubject *subject = gtk_drop_down_get_selected_item (picker);
  self->chosen[pane] = subject != NULL && !(pane == 0 && omni_subject_is_newest (subject));
  apply_choices (self);
}

static void
choose (OmniWindow *self, guint pane, guint position)
{
  if (position != GTK_INVALID_LIST_POSITION)
    gtk_drop_down_set_selected (self->pickers[pane], position);
}

/* The list */

/* The model, and weights that did not come with it. */
static char *
dup_title (OmniFusionResult *result, const char *options)
{
  g_autofree char *weights = result->weights_path != NULL
                               ? omni_weights_folder_get_title (result->weights_path)
                               : NULL;

  return omni_fusion_describe (result->model->name, weights, options);
}

/* Of a refined result: both scores. */
static char *
dup_refined_label (OmniFusionResult *result)
{
  g_autofree char *title = dup_title (result, "");

  return g_strdup_printf (_ ("%s · refined, %s %.4f (%.4f before)"), title,
                          omni_metric_find (result->refine.metric)->title, result->refine.after,
                          result->refine.before);
}

/* What tells it from other results of the same model. */
static void
add_result (GPtrArray *subjects, OmniFusionResult *result)
{
  g_autofree char *title = dup_title (result, result->options);
  g_autofree char *label = result->has_refine ? dup_refined_label (result)
                           : result->options[0] != '\0'
                             ? g_steal_pointer (&title)
                             : g_strdup_printf ("%s · %.4s…", title, result->sha256);

  for (guint i = 0; i < subjects->len; i++)
    if (omni_subject_get_identity (subjects->pdata[i]) == (gpointer)result->picture)
      return;
  g_ptr_array_add (subjects, omni_subject_new_result (result, FALSE, label));
}

/* A preview stands in for the result proper as long as nobody looks close. */
static OmniFusionResult *
get_newest (OmniWindow *self)
{
  OmniFusionResult *preview = omni_document_get_preview (self->document);

  return preview != NULL && omni_viewer_is_fit (self->viewer) ? preview
                                                              : omni_document_get_result (self->document);
}

static void
add_results (OmniWindow *self, GPtrArray *subjects)
{
  OmniFusionResult *newest = get_newest (self);
  GPtrArray *results = omni_document_get_results (self->document);
  g_autoptr (GPtrArray) compared = omni_window_list_compared (self);
  g_autoptr (GPtrArray) versions = omni_window_list_version_results (self);

  if (newest != NULL)
  {
    g_autofree char *title = newest->has_refine ? dup_refined_label (newest) : dup_title (newest, "");
    g_autofree char *label = g_strdup_printf (_ ("Result · %s"), title);
    g_ptr_array_add (subjects, omni_subject_new_result (newest, TRUE, label));
  }
  for (guint i = 0; i < results->len; i++)
    add_result (subjects, results->pdata[i]);
  for (guint i = 0; i < compared->len; i++)
    add_result (subjects, compared->pdata[i]);
  for (guint i = 0; i < versions->len; i++)
    add_result (subjects, versions->pdata[i]);
}

static void
add_sources (OmniWindow *self, GPtrArray *subjects)
{
  for (guint i = 0; i < omni_document_get_n_sources (self->document); i++)
  {
    OmniSource *source = omni_document_get_source (self->document, i);
    g_autofree char *name = omni_source_dup_display_name (source);
    g_autofree char *label = g_strdup_printf ("%u · %s", i + 1, name);
    g_ptr_array_add (subjects, omni_subject_new_source (source, label));
  }
}

/* The result, or before there is one the first source; beside it another model's result, or else a source. */
static guint
get_default (OmniWindow *self, guint pane)
{
  const guint n = g_list_model_get_n_items (G_LIST_MODEL (self->subjects));

  return n == 0 ? GTK_INVALID_LIST_POSITION : MIN (pane, n - 1);
}

void
omni_window_update_subjects (OmniWindow *self)
{
  g_autoptr (GPtrArray) subjects = g_ptr_array_new_with_free_func (g_object_unref);
  OmniSubject *before[OMNI_VIEWER_PANES] = { NULL };

  for (guint pane = 0; pane < OMNI_VIEWER_PANES; pane++)
    g_set_object (&before[pane], gtk_drop_down_get_selected_item (self->pickers[pane]));
  add_results (self, subjects);
  add_sources (self, subjects);

  self->updating = TRUE;
  g_list_store_splice (self->subjects, 0, g_list_model_get_n_items (G_LIST_MODEL (self->subjects)),
                       subjects->pdata, subjects->len);
  for (guint pane = 0; pane < OMNI_VIEWER_PANES; pane++)
  {
    /* What stands beside the result stays there when the order changes. */
    const gboolean keep = self->chosen[pane] || (pane > 0 && pane < omni_viewer_get_n_shown (self->viewer));
    guint position = keep ? find_choice (self, before[pane]) : GTK_INVALID_LIST_POSITION;
    if (position == GTK_INVALID_LIST_POSITION)
    {
      self->chosen[pane] = FALSE;
      position = get_default (self, pane);
    }
    gtk_drop_down_set_selected (self->pickers[pane], position);
    g_clear_object (&before[pane]);
  }
  self->updating = FALSE;

  if (omni_document_get_n_sources (self->document) == 0)
    omni_viewer_clear (self->viewer);
  else
    apply_choices (self);
}

/* Actions */

/* Nothing is held against itself: what was first comes second where the second would show the same. */
static void
choose_first (OmniWindow *self, guint position)
{
  const guint before = gtk_drop_down_get_selected (self->pickers[0]);

  choose (self, 0, position);
  if (position != GTK_INVALID_LIST_POSITION && position != before
      && gtk_drop_down_get_selected (self->pickers[1]) == position)
    choose (self, 1, before);
}

void
omni_window_show_source (OmniWindow *self, OmniSource *source)
{
  OmniSubject *shown = gtk_drop_down_get_selected_item (self->pickers[0]);

  choose_first (self,
                shown != NULL && omni_subject_get_source (shown) == source ? 0 : find_source (self, source));
}

static guint
find_result (OmniWindow *self, OmniFusionResult *result)
{
  for (guint i = 0; i < g_list_model_get_n_items (G_LIST_MODEL (self->subjects)); i++)
    if (omni_subject_get_identity (get_subject (self, i)) == (gpointer)result->picture)
      return i;
  return GTK_INVALID_LIST_POSITION;
}

void
omni_window_show_result (OmniWindow *self, OmniFusionResult *result)
{
  choose (self, 0, find_result (self, result));
}

/* Between the result and the selected source, or the first one. */
void
omni_window_flip (OmniWindow *self)
{
  OmniSubject *shown = gtk_drop_down_get_selected_item (self->pickers[0]);
  OmniSource *source = omni_filmstrip_get_selected (self->filmstrip);

  if (shown != NULL && omni_subject_get_source (shown) != NULL)
    choose (self, 0, 0);
  else
    choose (self, 0,
            find_source (self, source != NULL ? source : omni_document_get_source (self->document, 0)));
}

void
omni_window_swap_panes (OmniWindow *self)
{
  const guint first = gtk_drop_down_get_selected (self->pickers[0]);
  const guint second = gtk_drop_down_get_selected (self->pickers[1]);

  choose (self, 0, second);
  choose (self, 1, first);
}

/* Modes of the viewer: one action each, of which at most one is on. */

static const struct
{
  const char *action;
  OmniViewerMode mode;
} modes[] = {
  { "side-by-side", OMNI_VIEWER_SIDE_BY_SIDE },
  { "wipe", OMNI_VIEWER_WIPE },
  { "blink", OMNI_VIEWER_BLINK },
  { "difference", OMNI_VIEWER_DIFFERENCE },
  { "order-map", OMNI_VIEWER_MAP },
};

static void
set_mode (OmniWindow *self, OmniViewerMode mode)
{
  omni_viewer_set_mode (self->viewer, mode);
  gtk_widget_set_visible (GTK_WIDGET (self->difference),
                          mode == OMNI_VIEWER_DIFFERENCE || mode == OMNI_VIEWER_MAP);
  gtk_widget_set_visible (self->blink_bar, mode == OMNI_VIEWER_BLINK);
  for (gsize i = 0; i < G_N_ELEMENTS (modes); i++)
  {
    GAction *action = g_action_map_lookup_action (G_ACTION_MAP (self), modes[i].action);
    g_simple_action_set_state (G_SIMPLE_ACTION (action), g_variant_new_boolean (mode == modes[i].mode));
  }
  place_pickers (self);
  apply_choices (self);
  omni_window_update_view (self);
  omni_window_update_order_map (self);
}

void
omni_window_compare_results (OmniWindow *self, OmniFusionResult *first, OmniFusionResult *second)
{
  if (omni_viewer_get_mode (self->viewer) == OMNI_VIEWER_SINGLE)
    set_mode (self, OMNI_VIEWER_SIDE_BY_SIDE);
  choose (self, 0, find_result (self, first));
  choose (self, 1, find_result (self, second));
}

static void
mode_changed_cb (GSimpleAction *action, GVariant *state, OmniWindow *self)
{
  for (gsize i = 0; i < G_N_ELEMENTS (modes); i++)
    if (g_str_equal (modes[i].action, g_action_get_name (G_ACTION (action))))
      set_mode (self, g_variant_get_boolean (state) ? modes[i].mode : OMNI_VIEWER_SINGLE);
  /* The keys that move the line are the viewer's. */
  if (omni_viewer_get_mode (self->viewer) == OMNI_VIEWER_WIPE)
    gtk_widget_grab_focus (GTK_WIDGET (self->viewer));
}

static void
gain_changed_cb (OmniWindow *self)
{
  omni_viewer_set_gain (self->viewer, omni_difference_bar_get_gain (self->difference));
  omni_window_choose_gain (self);
}

/* How many side by side: what there is, as far as somebody chose it, else the next in the list. */
void
omni_window_set_n_panes (OmniWindow *self, guint n)
{
  omni_viewer_set_n_panes (self->viewer, n);
  set_mode (self, OMNI_VIEWER_SIDE_BY_SIDE);
}

static void
panes_changed_cb (GSimpleAction *action, GVariant *state, OmniWindow *self)
{
  g_simple_action_set_state (action, state);
  omni_window_set_n_panes (self, (guint)g_variant_get_int32 (state));
}

/* Its list stands in the left upper corner of its pane. */
static gboolean
place_picker_cb (OmniWindow *self, GtkWidget *widget, GdkRectangle *place)
{
  for (guint pane = 0; pane < OMNI_VIEWER_PANES; pane++)
  {
    int natural, height;
    if (widget != GTK_WIDGET (self->pane_pickers[pane]))
      continue;
    omni_viewer_get_pane_area (self->viewer, pane, place);
    gtk_widget_measure (widget, GTK_ORIENTATION_HORIZONTAL, -1, NULL, &natural, NULL, NULL);
    gtk_widget_measure (widget, GTK_ORIENTATION_VERTICAL, -1, &height, NULL, NULL, NULL);
    place->x += PICKER_MARGIN_PX;
    place->y += PICKER_MARGIN_PX;
    place->width = MAX (MIN (natural, place->width - 2 * PICKER_MARGIN_PX), 1);
    place->height = height;
    return TRUE;
  }
  return FALSE;
}

static void
init_picker (OmniWindow *self, GtkDropDown *picker)
{
  g_autoptr (GtkExpression) label = gtk_property_expression_new (OMNI_TYPE_SUBJECT, NULL, "label");

  omni_drop_down_let_shrink (picker);
  gtk_drop_down_set_expression (picker, label);
  gtk_drop_down_set_model (picker, G_LIST_MODEL (self->subjects));
  omni_drop_down_let_rest (picker);
}

/* The first two panes have two lists each, which say the same. */
static void
picked_twin_cb (OmniWindow *self, GParamSpec *pspec, GtkDropDown *picker)
{
  const guint pane = picker == self->pane_pickers[0] ? 0 : 1;

  if (!self->updating)
    gtk_drop_down_set_selected (self->pickers[pane], gtk_drop_down_get_selected (picker));
}

static void
init_pane_picker (OmniWindow *self, guint pane)
{
  GtkWidget *picker = gtk_drop_down_new (NULL, NULL);
  g_autofree char *name = g_strdup_printf (_ ("Picture in pane %u"), pane + 1);

  self->pane_pickers[pane] = GTK_DROP_DOWN (picker);
  gtk_widget_add_css_class (picker, "pane-picker");
  gtk_widget_set_visible (picker, FALSE);
  gtk_widget_set_tooltip_text (picker, _ ("What Is Shown Here"));
  gtk_accessible_update_property (GTK_ACCESSIBLE (picker), GTK_ACCESSIBLE_PROPERTY_LABEL, name, -1);
  gtk_overlay_add_overlay (self->stage, picker);
  init_picker (self, self->pane_pickers[pane]);
  if (pane < 2)
    g_signal_connect_swapped (picker, "notify::selected", G_CALLBACK (picked_twin_cb), self);
  else
    self->pickers[pane] = self->pane_pickers[pane];
}

void
omni_window_init_panes (OmniWindow *self)
{
  g_autoptr (GSimpleAction)
    panes = g_simple_action_new_stateful ("panes", G_VARIANT_TYPE_INT32, g_variant_new_int32 (2));

  for (gsize i = 0; i < G_N_ELEMENTS (modes); i++)
    omni_window_add_stateful (self, modes[i].action, G_CALLBACK (mode_changed_cb));
  g_signal_connect (panes, "change-state", G_CALLBACK (panes_changed_cb), self);
  g_action_map_add_action (G_ACTION_MAP (self), G_ACTION (panes));
  g_signal_connect_swapped (self->difference, "notify::gain", G_CALLBACK (gain_changed_cb), self);
  self->subjects = g_list_store_new (OMNI_TYPE_SUBJECT);
  for (guint pane = 0; pane < 2; pane++)
    init_picker (self, self->pickers[pane]);
  for (guint pane = 0; pane < OMNI_VIEWER_PANES; pane++)
  {
    init_pane_picker (self, pane);
    g_signal_connect_swapped (self->pickers[pane], "notify::selected", G_CALLBACK (picked_cb), self);
  }
  g_signal_connect_swapped (self->stage, "get-child-position", G_CALLBACK (place_picker_cb), self);
}
