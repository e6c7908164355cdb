/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/stage/stage-private.h"

#include "app/order/permutations.h"
#include "app/settings.h"
#include "app/weights-folder.h"
#include "ui/drop-down.h"
#include "ui/progress.h"

#include <glib/gi18n.h>
#include <math.h>

/* All orders of up to 5 pictures, as many of larger sets. */
#define SAMPLED_ORDERS 120

/* What the window shows is fused this large unless the person asks for all of it; 0 is all. */
static const guint sizes_px[] = { 512, 1024, 0 };

enum
{
  SIGNAL_CLOSE,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (OmniStageView, omni_stage_view, ADW_TYPE_BIN)

static guint
get_n_sources (OmniStageView *self)
{
  return self->request != NULL ? self->request->sources->len : 0;
}

/* Trials */

static void
trial_changed_cb (OmniStageView *self)
{
  omni_stage_view_refresh (self);
}

static void
drop_trial (OmniStageView *self, guint side)
{
  if (self->trials[side] == NULL)
    return;
  g_signal_handlers_disconnect_by_func (self->trials[side], trial_changed_cb, self);
  omni_order_trial_cancel (self->trials[side]);
  g_clear_object (&self->trials[side]);
}

static void
note_start (OmniStageView *self)
{
  self->start_us = g_get_monotonic_time ();
  self->n_before = 0;
  for (guint side = 0; side < N_SIDES; side++)
    self->n_before += self->trials[side] != NULL ? omni_order_trial_get_n_tries (self->trials[side]) : 0;
}

/* A trial of all that was asked for so far. */
static void
start_trial (OmniStageView *self, guint side, const OmniFusionRequest *request, gboolean folds)
{
  drop_trial (self, side);
  self->trials[side] = omni_order_trial_new (omni_document_get_engine (self->document), request, folds);
  g_signal_connect_swapped (self->trials[side], "changed", G_CALLBACK (trial_changed_cb), self);
  for (guint i = 0; i < self->orders->len; i++)
    omni_order_trial_add (self->trials[side], self->orders->pdata[i]);
  note_start (self);
}

static const OmniStageFoil *
get_foil (OmniStageView *self)
{
  const guint selected = gtk_drop_down_get_selected (self->foil);

  return selected > 0 && self->foils != NULL && selected <= self->foils->len
           ? self->foils->pdata[selected - 1]
           : NULL;
}

static void
start_model (OmniStageView *self)
{
  g_autoptr (OmniFusionRequest) request = omni_fusion_request_copy (self->request);
  g_autofree char *title = NULL;

  if (self->broken)
  {
    /* Floats all through, for the drift is in their last bits. */
    request->model = omni_model_find ("running-mean");
    g_clear_pointer ((char **)&request->weights_path, g_free);
    g_clear_pointer ((OmniModelOptions **)&request->options, omni_model_options_free);
    g_clear_pointer ((double **)&request->influence, g_free);
    request->refine = (OmniRefineParams){ 0 };
    request->exact_depth = TRUE;
    request->depth = OMNI_SAMPLE_F32;
    title = g_strdup (_ ("Running mean in floating point"));
  }
  else
  {
    g_autofree char *weights = request->weights_path != NULL
                                 ? omni_weights_folder_get_title (request->weights_path)
                                 : NULL;
    title = omni_fusion_describe (request->model->name, weights, "");
  }
  omni_stage_side_set_title (self->sides[SIDE_MODEL], title);
  self->fitting = TRUE;
  gtk_range_set_range (self->gain, 0, self->broken ? 24 : 8);
  self->fitting = FALSE;
  self->gain_chosen = FALSE;
  start_trial (self, SIDE_MODEL, request, FALSE);
}

static void
start_foil (OmniStageView *self)
{
  const OmniStageFoil *foil = get_foil (self);

  drop_trial (self, SIDE_FOIL);
  if (foil == NULL)
    return;
  g_autoptr (OmniFusionRequest) request = omni_fusion_request_copy (self->request);
  request->model = foil->model;
  request->refine = (OmniRefineParams){ 0 };
  g_free ((char *)request->weights_path);
  request->weights_path = omni_document_dup_weights (self->document, foil->model);
  if (!foil->model->takes_influence)
    g_clear_pointer ((double **)&request->influence, g_free);
  g_clear_pointer ((OmniModelOptions **)&request->options, omni_model_options_free);
  omni_stage_side_set_title (self->sides[SIDE_FOIL], foil->title);
  start_trial (self, SIDE_FOIL, request, foil->folds);
}

static void
add_order (OmniStageView *self, const guint *order)
{
  g_ptr_array_add (self->orders, g_memdup2 (order, sizeof (guint) * get_n_sources (self)));
  for (guint side = 0; side < N_SIDES; side++)
    if (self->trials[side] != NULL)
      omni_order_trial_add (self->trials[side], order);
}

/* What was asked for and cancelled before it ran, on either side. */
static void
catch_up (OmniStageView *self)
{
  for (guint side = 0; side < N_SIDES; side++)
    for (guint i = 0; self->trials[side] != NULL && i < self->orders->len; i++)
      if (!omni_order_trial_knows (self->trials[side], self->orders->pdata[i]))
        omni_order_trial_add (self->trials[side], self->orders->pdata[i]);
}

static void
show_order (OmniStageView *self, guint index)
{
  self->shown = index;
  omni_order_strip_set_order (self->strip, self->orders->pdata[index]);
  omni_stage_view_refresh (self);
}

/* What is asked for */

static gboolean
was_asked_for (OmniStageView *self, const guint *order)
{
  for (guint i = 0; i < self->orders->len; i++)
    if (memcmp (self->orders->pdata[i], order, sizeof (guint) * get_n_sources (self)) == 0)
      return TRUE;
  return FALSE;
}

/* Another order than the one shown; one that was not tried yet, while there are such. */
void
omni_stage_view_shuffle (OmniStageView *self)
{
  const guint n = get_n_sources (self);
  const gsize bytes = sizeof (guint) * n;

  if (n < 2 || self->orders->len == 0)
    return;
  g_autofree guint *order = g_memdup2 (self->orders->pdata[self->shown], bytes);
  const gboolean all_tried = self->orders->len >= omni_permutations_count (n);
  do
    for (guint i = n - 1; i > 0; i--)
    {
      const guint j = (guint)g_random_int_range (0, (gint32)i + 1);
      const guint kept = order[i];
      order[i] = order[j];
      order[j] = kept;
    }
  while (all_tried ? memcmp (order, self->orders->pdata[self->shown], bytes) == 0
                   : was_asked_for (self, order));
  note_start (self);
  catch_up (self);
  add_order (self, order);
  show_order (self, self->orders->len - 1);
}

static guint64
count_wanted (OmniStageView *self)
{
  return MIN (omni_permutations_count (get_n_sources (self)), SAMPLED_ORDERS);
}

void
omni_stage_view_try_orders (OmniStageView *self)
{
  const guint n = get_n_sources (self);

  if (n < 2)
    return;
  g_autoptr (OmniPermutations) orders = omni_permutations_new (n, count_wanted (self), 0);
  g_autofree guint *order = g_new (guint, n);
  note_start (self);
  catch_up (self);
  while (omni_permutations_next (orders, order))
    if (!was_asked_for (self, order))
      add_order (self, order);
  omni_stage_view_refresh (self);
}

void
omni_stage_view_control (OmniStageView *self)
{
  if (self->orders->len == 0)
    return;
  g_autofree guint *order = g_memdup2 (self->orders->pdata[self->shown],
                                       sizeof (guint) * get_n_sources (self));
  note_start (self);
  catch_up (self);
  add_order (self, order);
  show_order (self, self->orders->len - 1);
}

void
omni_stage_view_step_order (OmniStageView *self, int delta)
{
  const int to = (int)self->shown + delta;

  if (to >= 0 && to < (int)self->orders->len)
    show_order (self, (guint)to);
}

void
omni_stage_view_set_map (OmniStageView *self, gboolean shows)
{
  self->shows_map = shows;
  omni_stage_view_refresh (self);
}

void
omni_stage_view_set_broken (OmniStageView *self, gboolean broken)
{
  if (self->broken == broken)
    return;
  self->broken = broken;
  if (self->request != NULL)
    start_model (self);
  omni_stage_view_refresh (self);
}

/* What was asked for and not run is as if it had not been. */
static void
cancel (OmniStageView *self)
{
  for (guint side = 0; side < N_SIDES; side++)
    if (self->trials[side] != NULL)
      omni_order_trial_cancel (self->trials[side]);
  if (self->trials[SIDE_MODEL] == NULL)
    return;
  for (guint i = self->orders->len; i-- > 1;)
    if (omni_order_trial_find (self->trials[SIDE_MODEL], self->orders->pdata[i]) < 0)
      g_ptr_array_remove_index (self->orders, i);
  if (self->orders->len > 0)
    show_order (self, MIN (self->shown, self->orders->len - 1));
}

/* The document */

/* (transfer full) All that the claims are about. */
static char *
make_key (OmniStageView *self)
{
  OmniDocument *document = self->document;
  const OmniModel *model = omni_document_get_effective_model (document);
  GPtrArray *active = omni_document_get_active (document);
  const OmniModelOptions *options = model != NULL ? omni_document_get_options (document, model) : NULL;
  g_autofree char *values = options != NULL ? omni_model_options_to_string (options) : NULL;
  g_autofree char *weights = model != NULL ? omni_document_dup_weights (document, model) : NULL;
  g_autoptr (OmniFusionRequest) shown = omni_document_dup_shown_request (document);
  GString *key = g_string_new (NULL);

  g_string_printf (key, "%p <%s> [%s] %d %d %u", (gconstpointer)model, weights != NULL ? weights : "",
                   values != NULL ? values : "", omni_document_get_effective_task (document),
                   omni_document_get_resize (document), sizes_px[gtk_drop_down_get_selected (self->size)]);
  if (shown != NULL)
    g_string_append_printf (key, " %" G_GUINT64_FORMAT, shown->refine.max_steps);
  for (guint i = 0; i < active->len; i++)
    g_string_append_printf (key, " %p:%d:%a", active->pdata[i], omni_source_get_role (active->pdata[i]),
                            omni_document_get_influence (document, active->pdata[i]));
  return g_string_free (key, FALSE);
}

static void
forget (OmniStageView *self)
{
  for (guint side = 0; side < N_SIDES; side++)
    drop_trial (self, side);
  g_ptr_array_set_size (self->orders, 0);
  g_clear_pointer (&self->request, omni_fusion_request_free);
  g_clear_pointer (&self->foils, g_ptr_array_unref);
  self->shown = 0;
  omni_viewer_clear (self->viewer);
}

static void
list_foils (OmniStageView *self)
{
  g_autoptr (GtkStringList) titles = gtk_string_list_new ((const char *const[]){ _ ("No foil"), NULL });
  const guint before = gtk_drop_down_get_selected (self->foil);
  const guint selected = before == GTK_INVALID_LIST_POSITION ? 1 : before;

  self->foils = omni_stage_foils_list (self->document);
  for (guint i = 0; i < self->foils->len; i++)
    gtk_string_list_append (titles, ((const OmniStageFoil *)self->foils->pdata[i])->title);
  self->updating = TRUE;
  gtk_drop_down_set_model (self->foil, G_LIST_MODEL (titles));
  gtk_drop_down_set_selected (self->foil, MIN (selected, self->foils->len));
  self->updating = FALSE;
}

static void
restart (OmniStageView *self)
{
  GPtrArray *active = omni_document_get_active (self->document);

  forget (self);
  omni_order_strip_set_sources (self->strip, active);
  list_foils (self);
  self->request = active->len >= 2 ? omni_document_dup_shown_request (self->document) : NULL;
  if (self->request != NULL)
  {
    self->request->view_px = sizes_px[gtk_drop_down_get_selected (self->size)];
    g_autofree guint *order = g_new (guint, active->len);
    for (guint i = 0; i < active->len; i++)
      order[i] = i;
    add_order (self, order);
    start_model (self);
    start_foil (self);
    omni_order_strip_set_order (self->strip, order);
  }
  omni_stage_view_refresh (self);
}

static void
document_changed_cb (OmniStageView *self)
{
  if (!self->active)
    return;
  g_autofree char *key = make_key (self);
  if (g_strcmp0 (key, self->key) == 0)
    return;
  g_free (self->key);
  self->key = g_steal_pointer (&key);
  restart (self);
}

void
omni_stage_view_set_document (OmniStageView *self, OmniDocument *document)
{
  self->document = g_object_ref (document);
  g_signal_connect_object (document, "changed", G_CALLBACK (document_changed_cb), self, G_CONNECT_SWAPPED);
}

/* As in the preferences, which may have changed. */
static void
choose_size (OmniStageView *self)
{
  g_autofree char *setting = omni_settings_dup (OMNI_SETTING_STAGE_SIZE);

  /* What was chosen here since stays. */
  if (g_strcmp0 (setting, self->size_setting) == 0)
    return;
  g_free (self->size_setting);
  self->size_setting = g_steal_pointer (&setting);
  gtk_drop_down_set_selected (self->size, g_str_equal (self->size_setting, "512")    ? 0
                                          : g_str_equal (self->size_setting, "full") ? 2
                                                                                     : 1);
}

void
omni_stage_view_set_active (OmniStageView *self, gboolean active)
{
  if (self->active == active)
    return;
  self->active = active;
  if (active)
  {
    choose_size (self);
    document_changed_cb (self);
    note_start (self);
    catch_up (self);
    gtk_widget_grab_focus (self->box);
  }
  else
    cancel (self);
}

OmniViewer *
omni_stage_view_get_viewer (OmniStageView *self)
{
  return self->viewer;
}

gboolean
omni_stage_view_is_busy (OmniStageView *self)
{
  for (guint side = 0; side < N_SIDES; side++)
    if (self->trials[side] != NULL && omni_order_trial_get_n_waiting (self->trials[side]) > 0)
      return TRUE;
  return FALSE;
}

/* Showing */

static void
update_progress (OmniStageView *self)
{
  double done = -(double)self->n_before, waiting = 0;

  for (guint side = 0; side < N_SIDES; side++)
    if (self->trials[side] != NULL)
    {
      done += omni_order_trial_get_n_tries (self->trials[side])
              + omni_order_trial_get_fraction (self->trials[side]);
      waiting += omni_order_trial_get_n_waiting (self->trials[side])
                 - omni_order_trial_get_fraction (self->trials[side]);
    }
  const gboolean busy = omni_stage_view_is_busy (self);
  gtk_stack_set_visible_child_name (self->foot, busy ? "progress" : "footnote");
  gtk_widget_action_set_enabled (GTK_WIDGET (self), "stage.cancel", busy);
  if (!busy)
    return;
  const double all = MAX (1, round (done + waiting));
  done = MAX (0, done);
  g_autofree char *count = g_strdup_printf (_ ("%.0f of %.0f"), floor (done), all);
  g_autofree char *left = omni_describe_left (done / all, self->start_us);
  g_autofree char *words = g_strconcat (count, left, NULL);
  gtk_label_set_text (self->left, words);
  gtk_progress_bar_set_fraction (self->progress, CLAMP (done / all, 0, 1));
  gtk_accessible_update_property (GTK_ACCESSIBLE (self->progress), GTK_ACCESSIBLE_PROPERTY_VALUE_TEXT, words,
                                  -1);
}

/* Where and how large it was computed: the claim reaches no further. */
static void
update_footnote (OmniStageView *self)
{
  OmniOrderTrial *trial = self->trials[SIDE_MODEL];
  OmniPicture *map = trial != NULL ? omni_order_trial_get_map (trial) : NULL;
  const char *device = trial != NULL ? omni_order_trial_get_device (trial) : NULL;
  g_autofree char *words = NULL;

  if (map == NULL || device == NULL)
    words = g_strdup ("");
  else
    words = g_strdup_printf (_ ("Computed now on %s with Omnifuse %s, %u × %u pixels. "
                                "It holds for this device and build."),
                             device, OMNI_VERSION, omni_picture_get_width (map),
                             omni_picture_get_height (map));
  gtk_label_set_text (self->footnote, words);
}

static gboolean
has_use (GtkWidget *widget)
{
  GtkWidget *child = GTK_IS_BOX (widget) ? gtk_widget_get_first_child (widget) : NULL;

  if (child == NULL)
    return !GTK_IS_LABEL (widget) && gtk_widget_get_sensitive (widget);
  while (child != NULL && !has_use (child))
    child = gtk_widget_get_next_sibling (child);
  return child != NULL;
}

/* The buttons have the focus, not the cells they stand in; and a cell where nothing can be done would hold Tab up. */
static void
update_cells (OmniStageView *self)
{
  for (GtkWidget *cell = gtk_widget_get_first_child (self->controls); cell != NULL;
       cell = gtk_widget_get_next_sibling (cell))
  {
    gtk_widget_set_focusable (cell, FALSE);
    gtk_widget_set_sensitive (cell, has_use (gtk_flow_box_child_get_child (GTK_FLOW_BOX_CHILD (cell))));
  }
}

static void
update_controls (OmniStageView *self)
{
  GtkWidget *widget = GTK_WIDGET (self);
  const guint n = get_n_sources (self);
  const guint64 wanted = count_wanted (self);
  g_autofree char *place = self->orders->len > 0
                             ? g_strdup_printf (_ ("%u of %u"), self->shown + 1, self->orders->len)
                             : g_strdup ("");
  g_autofree char *words = wanted < omni_permutations_count (n)
                             ? g_strdup_printf (_ ("Try %lu Orders"), (gulong)wanted)
                             : g_strdup_printf (_ ("Try All %lu Orders"), (gulong)wanted);

  gtk_label_set_text (self->place, place);
  gtk_button_set_label (self->orders_button, n >= 2 ? words : _ ("Try All Orders"));
  gtk_widget_action_set_enabled (widget, "stage.shuffle", n >= 2);
  gtk_widget_action_set_enabled (widget, "stage.orders", n >= 2);
  gtk_widget_action_set_enabled (widget, "stage.control", n >= 2);
  gtk_widget_action_set_enabled (widget, "stage.previous", self->shown > 0);
  gtk_widget_action_set_enabled (widget, "stage.next", self->shown + 1 < self->orders->len);
  gtk_label_set_text (self->hint, n >= 2 ? "" : _ ("Add two or more pictures that a model can fuse."));
  gtk_widget_set_visible (GTK_WIDGET (self->hint), n < 2);
  update_cells (self);
}

void
omni_stage_view_refresh (OmniStageView *self)
{
  OmniStageScene scene;

  omni_stage_view_get_scene (self, &scene);
  for (guint side = 0; side < N_SIDES; side++)
  {
    OmniOrderTrial *trial = self->trials[side];
    const int index = trial != NULL && self->orders->len > 0
                        ? omni_order_trial_find (trial, self->orders->pdata[self->shown])
                        : -1;
    omni_stage_side_show (self->sides[side], trial, index, scene.parts);
    gtk_widget_set_visible (GTK_WIDGET (self->sides[side]), scene.sides[side] && trial != NULL);
  }
  gtk_widget_set_visible (self->strip_row, scene.strip);
  gtk_widget_set_visible (self->done, self->talk == NULL);
  /* Words alone stand in the middle of the screen. */
  gtk_widget_set_valign (self->box, scene.pictures || self->talk == NULL ? GTK_ALIGN_FILL : GTK_ALIGN_CENTER);
  gtk_widget_set_visible (self->controls, self->talk == NULL);
  gtk_widget_set_visible (self->map_bar, self->shows_map && scene.pictures);
  gtk_widget_set_visible (GTK_WIDGET (self->foot), scene.footnote);
  omni_stage_view_fit_gain (self);
  omni_stage_view_show_gain (self);
  omni_stage_view_update_pictures (self);
  update_progress (self);
  update_footnote (self);
  update_controls (self);
  omni_stage_view_update_talk (self);
}

/* The widget */

static void
gain_changed_cb (OmniStageView *self)
{
  if (self->fitting)
    return;
  self->gain_chosen = TRUE;
  omni_stage_view_show_gain (self);
  omni_stage_view_update_pictures (self);
}

static void
foil_selected_cb (OmniStageView *self)
{
  if (self->updating || self->request == NULL)
    return;
  start_foil (self);
  omni_stage_view_refresh (self);
}

static void
size_selected_cb (OmniStageView *self)
{
  if (self->document != NULL)
    document_changed_cb (self);
}

static void
close_cb (OmniStageView *self)
{
  g_signal_emit (self, signals[SIGNAL_CLOSE], 0);
}

static void
shuffle_action (GtkWidget *widget, const char *name, GVariant *parameter)
{
  omni_stage_view_shuffle (OMNI_STAGE_VIEW (widget));
}

static void
orders_action (GtkWidget *widget, const char *name, GVariant *parameter)
{
  omni_stage_view_try_orders (OMNI_STAGE_VIEW (widget));
}

static void
control_action (GtkWidget *widget, const char *name, GVariant *parameter)
{
  omni_stage_view_control (OMNI_STAGE_VIEW (widget));
}

static void
previous_action (GtkWidget *widget, const char *name, GVariant *parameter)
{
  omni_stage_view_step_order (OMNI_STAGE_VIEW (widget), -1);
}

static void
next_action (GtkWidget *widget, const char *name, GVariant *parameter)
{
  omni_stage_view_step_order (OMNI_STAGE_VIEW (widget), 1);
}

static void
cancel_action (GtkWidget *widget, const char *name, GVariant *parameter)
{
  cancel (OMNI_STAGE_VIEW (widget));
}

enum
{
  PROP_0,
  PROP_MAP,
  PROP_BROKEN,
  N_PROPS
};

static GParamSpec *properties[N_PROPS];

static void
omni_stage_view_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  OmniStageView *self = OMNI_STAGE_VIEW (object);

  if (id == PROP_MAP)
    g_value_set_boolean (value, self->shows_map);
  else if (id == PROP_BROKEN)
    g_value_set_boolean (value, self->broken);
  else
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
}

static void
omni_stage_view_set_property (GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  OmniStageView *self = OMNI_STAGE_VIEW (object);

  if (id == PROP_MAP)
    omni_stage_view_set_map (self, g_value_get_boolean (value));
  else if (id == PROP_BROKEN)
    omni_stage_view_set_broken (self, g_value_get_boolean (value));
  else
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
}

static void
omni_stage_view_dispose (GObject *object)
{
  OmniStageView *self = OMNI_STAGE_VIEW (object);

  for (guint side = 0; side < N_SIDES; side++)
    drop_trial (self, side);
  g_clear_object (&self->document);
  G_OBJECT_CLASS (omni_stage_view_parent_class)->dispose (object);
}

static void
omni_stage_view_finalize (GObject *object)
{
  OmniStageView *self = OMNI_STAGE_VIEW (object);

  g_ptr_array_unref (self->orders);
  g_clear_pointer (&self->request, omni_fusion_request_free);
  g_clear_pointer (&self->foils, g_ptr_array_unref);
  g_clear_pointer (&self->talk, omni_talk_free);
  g_free (self->key);
  g_free (self->size_setting);
  G_OBJECT_CLASS (omni_stage_view_parent_class)->finalize (object);
}

static void
bind_children (GtkWidgetClass *widget_class)
{
  gtk_widget_class_bind_template_child (widget_class, OmniStageView, box);
  gtk_widget_class_bind_template_child (widget_class, OmniStageView, title);
  gtk_widget_class_bind_template_child (widget_class, OmniStageView, text);
  gtk_widget_class_bind_template_child (widget_class, OmniStageView, strip);
  gtk_widget_class_bind_template_child (widget_class, OmniStageView, stage);
  gtk_widget_class_bind_template_child (widget_class, OmniStageView, viewer);
  gtk_widget_class_bind_template_child_full (widget_class, "model_side", FALSE,
                                             G_STRUCT_OFFSET (OmniStageView, sides[SIDE_MODEL]));
  gtk_widget_class_bind_template_child_full (widget_class, "foil_side", FALSE,
                                             G_STRUCT_OFFSET (OmniStageView, sides[SIDE_FOIL]));
  gtk_widget_class_bind_template_child (widget_class, OmniStageView, controls);
  gtk_widget_class_bind_template_child (widget_class, OmniStageView, map_bar);
  gtk_widget_class_bind_template_child (widget_class, OmniStageView, gain);
  gtk_widget_class_bind_template_child (widget_class, OmniStageView, gain_label);
  gtk_widget_class_bind_template_child (widget_class, OmniStageView, place);
  gtk_widget_class_bind_template_child (widget_class, OmniStageView, strip_row);
  gtk_widget_class_bind_template_child (widget_class, OmniStageView, done);
  gtk_widget_class_bind_template_child (widget_class, OmniStageView, foot);
  gtk_widget_class_bind_template_child (widget_class, OmniStageView, progress);
  gtk_widget_class_bind_template_child (widget_class, OmniStageView, left);
  gtk_widget_class_bind_template_child (widget_class, OmniStageView, orders_button);
  gtk_widget_class_bind_template_child (widget_class, OmniStageView, foil);
  gtk_widget_class_bind_template_child (widget_class, OmniStageView, size);
  gtk_widget_class_bind_template_child (widget_class, OmniStageView, footnote);
  gtk_widget_class_bind_template_child (widget_class, OmniStageView, hint);
  gtk_widget_class_bind_template_child (widget_class, OmniStageView, curtain);
}

static void
install_actions (GtkWidgetClass *widget_class)
{
  gtk_widget_class_install_action (widget_class, "stage.shuffle", NULL, shuffle_action);
  gtk_widget_class_install_action (widget_class, "stage.orders", NULL, orders_action);
  gtk_widget_class_install_action (widget_class, "stage.control", NULL, control_action);
  gtk_widget_class_install_action (widget_class, "stage.previous", NULL, previous_action);
  gtk_widget_class_install_action (widget_class, "stage.next", NULL, next_action);
  gtk_widget_class_install_action (widget_class, "stage.cancel", NULL, cancel_action);
  gtk_widget_class_install_property_action (widget_class, "stage.map", "shows-map");
  gtk_widget_class_install_property_action (widget_class, "stage.break", "broken");
}

static void
omni_stage_view_class_init (OmniStageViewClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);
  const GParamFlags flags = G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS;

  object_class->get_property = omni_stage_view_get_property;
  object_class->set_property = omni_stage_view_set_property;
  object_class->dispose = omni_stage_view_dispose;
  object_class->finalize = omni_stage_view_finalize;
  properties[PROP_MAP] = g_param_spec_boolean ("shows-map", NULL, NULL, FALSE, flags);
  properties[PROP_BROKEN] = g_param_spec_boolean ("broken", NULL, NULL, FALSE, flags);
  g_object_class_install_properties (object_class, N_PROPS, properties);
  signals[SIGNAL_CLOSE] = g_signal_new ("close", OMNI_TYPE_STAGE_VIEW, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                        G_TYPE_NONE, 0);

  g_type_ensure (OMNI_TYPE_ORDER_STRIP);
  g_type_ensure (OMNI_TYPE_STAGE_SIDE);
  g_type_ensure (OMNI_TYPE_VIEWER);
  gtk_widget_class_set_template_from_resource (widget_class, "/io/github/omnifuse/Omnifuse/stage-view.ui");
  bind_children (widget_class);
  gtk_widget_class_bind_template_callback (widget_class, gain_changed_cb);
  gtk_widget_class_bind_template_callback (widget_class, foil_selected_cb);
  gtk_widget_class_bind_template_callback (widget_class, size_selected_cb);
  gtk_widget_class_bind_template_callback (widget_class, close_cb);
  install_actions (widget_class);
  omni_stage_view_class_install_talk (widget_class);
}

static void
omni_stage_view_init (OmniStageView *self)
{
  self->orders = g_ptr_array_new_with_free_func (g_free);
  gtk_widget_init_template (GTK_WIDGET (self));
  omni_drop_down_let_shrink (self->foil);
  omni_drop_down_tell_strings (self->foil);
  omni_drop_down_tell_strings (self->size);
  /* Its arrows would keep those that go from order to order. */
  gtk_widget_set_focusable (GTK_WIDGET (self->viewer), FALSE);
  /* Each over its pane, and panes lie the same way wherever people read from. */
  gtk_widget_set_direction (gtk_widget_get_parent (GTK_WIDGET (self->sides[SIDE_MODEL])), GTK_TEXT_DIR_LTR);
  omni_stage_view_init_keys (self);
  choose_size (self);
}
