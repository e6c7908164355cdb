/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the panes of the viewer show: the list of sources and results, and the choice for each pane. */
#include "ui/window-private.h"

#include "ui/drop-down.h"

#include <glib/gi18n.h>

static OmniSubject *
get_subject (OmniWindow *self, guint position)
{
  /* The store keeps its reference. */
  g_autoptr (OmniSubject) subject = g_list_model_get_item (G_LIST_MODEL (self->subjects), position);

  return subject;
}

static guint
find_choice (OmniWindow *self, OmniSubject *choice)
{
  for (guint i = 0; i < g_list_model_get_n_items (G_LIST_MODEL (self->subjects)); i++)
    if (choice != NULL && omni_subject_is_same_choice (get_subject (self, i), choice))
      return i;
  return GTK_INVALID_LIST_POSITION;
}

static guint
find_source (OmniWindow *self, OmniSource *source)
{
  for (guint i = 0; i < g_list_model_get_n_items (G_LIST_MODEL (self->subjects)); i++)
    if (source != NULL && omni_subject_get_source (get_subject (self, i)) == source)
      return i;
  return GTK_INVALID_LIST_POSITION;
}

static void
update_description (OmniWindow *self)
{
  OmniSubject *first = omni_viewer_get_subject (self->viewer, 0);
  OmniSubject *second = omni_viewer_get_subject (self->viewer, 1);
  g_autofree char *spoken = NULL;

  if (first == NULL)
    spoken = g_strdup ("");
  else if (omni_viewer_get_mode (self->viewer) != OMNI_VIEWER_SINGLE && second != NULL)
    spoken = g_strdup_printf (_ ("%s beside %s"), omni_subject_get_label (first),
                              omni_subject_get_label (second));
  else
    spoken = g_strdup (omni_subject_get_label (first));
  gtk_accessible_update_property (GTK_ACCESSIBLE (self->viewer), GTK_ACCESSIBLE_PROPERTY_DESCRIPTION, spoken,
                                  -1);
}

/* The second pane costs nothing while it is not seen. */
static void
apply_choices (OmniWindow *self)
{
  const gboolean both = omni_viewer_get_mode (self->viewer) != OMNI_VIEWER_SINGLE;

  for (guint pane = 0; pane < OMNI_VIEWER_PANES; pane++)
  {
    OmniSubject *subject = gtk_drop_down_get_selected_item (self->pickers[pane]);
    omni_viewer_set_subject (self->viewer, pane, pane == 0 || both ? subject : NULL);
    omni_drop_down_tell (self->pickers[pane], subject != NULL ? omni_subject_get_label (subject) : "");
  }
  update_description (self);
}

static void
picked_cb (OmniWindow *self, GParamSpec *pspec, GtkDropDown *picker)
{
  if (self->updating)
    return;
  const guint pane = picker == self->pickers[0] ? 0 : 1;
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

/* Of a refined result: both scores. */
static char *
dup_refined_label (OmniFusionResult *result)
{
  return g_strdup_printf (_ ("%s · refined, %s %.4f (%.4f before)"), _ (result->model->title),
                          omni_metric_find (result->refine.metric)->title, result->refine.after,
                          result->refine.before);
}

/* What tells it from other results of the same model. */
static void
add_result (GPtrArray *subjects, OmniFusionResult *result)
{
  g_autofree char *label = result->has_refine ? dup_refined_label (result)
                           : result->options[0] != '\0'
                             ? g_strdup_printf ("%s · %s", _ (result->model->title), result->options)
                             : g_strdup_printf ("%s · %.4s…", _ (result->model->title), result->sha256);

  for (guint i = 0; i < subjects->len; i++)
    if (omni_subject_get_identity (subjects->pdata[i]) == (gpointer)result->picture)
      return;
  g_ptr_array_add (subjects, omni_subject_new_result (result, FALSE, label));
}

static void
add_results (OmniWindow *self, GPtrArray *subjects)
{
  OmniFusionResult *newest = omni_document_get_result (self->document);
  GPtrArray *results = omni_document_get_results (self->document);
  g_autoptr (GPtrArray) compared = omni_window_list_compared (self);

  if (newest != NULL)
  {
    g_autofree char *title = newest->has_refine ? dup_refined_label (newest)
                                                : g_strdup (_ (newest->model->title));
    g_autofree char *label = g_strdup_printf (_ ("Result · %s"), title);
    g_ptr_array_add (subjects, omni_subject_new_result (newest, TRUE, label));
  }
  for (guint i = 0; i < results->len; i++)
    add_result (subjects, results->pdata[i]);
  for (guint i = 0; i < compared->len; i++)
    add_result (subjects, compared->pdata[i]);
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
  OmniSubject *before[OMNI_VIEWER_PANES] = { NULL, NULL };

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
    const gboolean keep = self->chosen[pane]
                          || (pane == 1 && omni_viewer_get_mode (self->viewer) != OMNI_VIEWER_SINGLE);
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

void
omni_window_show_source (OmniWindow *self, OmniSource *source)
{
  OmniSubject *shown = gtk_drop_down_get_selected_item (self->pickers[0]);

  if (shown != NULL && omni_subject_get_source (shown) == source)
    choose (self, 0, 0);
  else
    choose (self, 0, find_source (self, source));
}

void
omni_window_show_result (OmniWindow *self, OmniFusionResult *result)
{
  for (guint i = 0; i < g_list_model_get_n_items (G_LIST_MODEL (self->subjects)); i++)
    if (omni_subject_get_identity (get_subject (self, i)) == (gpointer)result->picture)
      choose (self, 0, i);
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
};

static void
set_mode (OmniWindow *self, OmniViewerMode mode)
{
  omni_viewer_set_mode (self->viewer, mode);
  gtk_widget_set_visible (self->second_picker, mode != OMNI_VIEWER_SINGLE);
  gtk_widget_set_visible (GTK_WIDGET (self->difference), mode == OMNI_VIEWER_DIFFERENCE);
  for (gsize i = 0; i < G_N_ELEMENTS (modes); i++)
  {
    GAction *action = g_action_map_lookup_action (G_ACTION_MAP (self), modes[i].action);
    g_simple_action_set_state (G_SIMPLE_ACTION (action), g_variant_new_boolean (mode == modes[i].mode));
  }
  apply_choices (self);
}

static void
mode_changed_cb (GSimpleAction *action, GVariant *state, OmniWindow *self)
{
  for (gsize i = 0; i < G_N_ELEMENTS (modes); i++)
    if (g_str_equal (modes[i].action, g_action_get_name (G_ACTION (action))))
      set_mode (self, g_variant_get_boolean (state) ? modes[i].mode : OMNI_VIEWER_SINGLE);
}

static void
gain_changed_cb (OmniWindow *self)
{
  omni_viewer_set_gain (self->viewer, omni_difference_bar_get_gain (self->difference));
}

void
omni_window_init_panes (OmniWindow *self)
{
  for (gsize i = 0; i < G_N_ELEMENTS (modes); i++)
    omni_window_add_stateful (self, modes[i].action, G_CALLBACK (mode_changed_cb));
  g_signal_connect_swapped (self->difference, "notify::gain", G_CALLBACK (gain_changed_cb), self);
  self->subjects = g_list_store_new (OMNI_TYPE_SUBJECT);
  for (guint pane = 0; pane < OMNI_VIEWER_PANES; pane++)
  {
    omni_drop_down_let_shrink (self->pickers[pane]);
    g_autoptr (GtkExpression) label = gtk_property_expression_new (OMNI_TYPE_SUBJECT, NULL, "label");
    gtk_drop_down_set_expression (self->pickers[pane], label);
    gtk_drop_down_set_model (self->pickers[pane], G_LIST_MODEL (self->subjects));
    g_signal_connect_swapped (self->pickers[pane], "notify::selected", G_CALLBACK (picked_cb), self);
  }
}
