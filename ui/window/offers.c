/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What to do: the drop-downs of tasks and models. Only what fits the sources is offered, the best first. */
#include "ui/window/window-private.h"

#include "app/model-facts.h"
#include "app/titles.h"
#include "app/weights-folder.h"
#include "ui/drop-down.h"

#include <glib/gi18n.h>

/* Each entry of the model list has its title and one line why one would take it. */

static void
add_caption (GtkWidget *box)
{
  GtkWidget *label = gtk_label_new (NULL);

  gtk_label_set_xalign (GTK_LABEL (label), 0);
  gtk_label_set_wrap (GTK_LABEL (label), TRUE);
  gtk_label_set_max_width_chars (GTK_LABEL (label), 40);
  gtk_widget_add_css_class (label, "dim-label");
  gtk_widget_add_css_class (label, "caption");
  gtk_box_append (GTK_BOX (box), label);
}

static void
setup_model_cb (OmniWindow *self, GtkListItem *item)
{
  GtkWidget *box = gtk_box_new (GTK_ORIENTATION_VERTICAL, 2);
  GtkWidget *title = gtk_label_new (NULL);

  gtk_label_set_xalign (GTK_LABEL (title), 0);
  gtk_box_append (GTK_BOX (box), title);
  add_caption (box); /* what it is good at */
  add_caption (box); /* order, weights, time */
  gtk_list_item_set_child (item, box);
}

static void
add_size (GPtrArray *words, const OmniModelFacts *facts)
{
  const guint n = (guint)facts->n_parameters, side = facts->receptive_field_px;

  if (side <= 1)
    g_ptr_array_add (words, g_strdup (_ ("sees every pixel alone")));
  else
    g_ptr_array_add (words, g_strdup_printf (facts->several_sizes
                                               ? _ ("sees %u × %u pixels at once, at several sizes")
                                               : _ ("sees %u × %u pixels at once"),
                                             side, side));
  if (n > 0)
    g_ptr_array_add (words, g_strdup_printf (ngettext ("%'u parameter", "%'u parameters", n), n));
}

/* "took 0.8 s here" for this very set, "about 0.8 s here" by others; nothing for a model that never ran on this device. */
static void
add_time (OmniWindow *self, GPtrArray *words, const OmniModel *model)
{
  gboolean measured;
  double ms;

  if (!omni_document_get_model_ms (self->document, model, &ms, &measured))
    return;
  g_autofree char *seconds = g_strdup_printf (ms < 1e4 ? "%.2g" : "%.0f", ms / 1000);
  g_ptr_array_add (words, g_strdup_printf (measured ? _ ("took %s s here") : _ ("about %s s here"), seconds));
}

/* (transfer full) (nullable) */
static char *
describe_weights (OmniWindow *self, const OmniModel *model, const OmniModelFacts *facts)
{
  g_autofree char *added = omni_document_dup_weights (self->document, model);

  if (model->architecture == NULL)
    return g_strdup (_ ("needs no weights"));
  if (added != NULL)
  {
    g_autofree char *title = omni_weights_folder_get_title (added);
    return g_strdup_printf (_ ("with the weights “%s”, which were added"), title);
  }
  if (facts == NULL || facts->licence == NULL)
    return NULL;
  if (facts->trained_here)
    return g_strdup_printf (_ ("weights trained with Omnifuse itself, licence %s"), facts->licence);
  return g_strdup_printf (_ ("weights: %s, %s"), facts->licence,
                          facts->provenance != NULL ? facts->provenance : _ ("of unknown origin"));
}

/* "ignores the order · sees 27 × 27 pixels at once · 212,929 parameters · needs no weights · took 0.8 s here": what was found out
 * or measured, and no more. */
static char *
describe_facts (OmniWindow *self, const OmniModel *model)
{
  const OmniModelFacts *facts = omni_model_get_facts (model);
  g_autoptr (GPtrArray) words = g_ptr_array_new_with_free_func (g_free);

  if (facts != NULL)
  {
    g_ptr_array_add (
      words, g_strdup (facts->order_invariant ? _ ("ignores the order") : _ ("depends on the order")));
    add_size (words, facts);
  }
  char *weights = describe_weights (self, model, facts);
  if (weights != NULL)
    g_ptr_array_add (words, weights);
  add_time (self, words, model);
  g_ptr_array_add (words, NULL);
  return g_strjoinv (" · ", (char **)words->pdata);
}

static void
bind_model_cb (OmniWindow *self, GtkListItem *item)
{
  GtkWidget *title = gtk_widget_get_first_child (gtk_list_item_get_child (item));
  GtkWidget *summary = gtk_widget_get_next_sibling (title);
  const guint position = gtk_list_item_get_position (item);

  if (position >= self->offered_models->len)
    return;
  const OmniModel *model = self->offered_models->pdata[position];
  gtk_label_set_text (GTK_LABEL (title), _ (model->title));
  gtk_label_set_text (GTK_LABEL (summary), _ (model->summary));
  g_autofree char *facts = describe_facts (self, model);
  gtk_label_set_text (GTK_LABEL (gtk_widget_get_next_sibling (summary)), facts);
}

static void
task_selected_cb (OmniWindow *self)
{
  const guint selected = gtk_drop_down_get_selected (self->task);

  if (!self->updating && selected < self->offered_tasks->len)
    omni_document_set_task (self->document, g_array_index (self->offered_tasks, OmniTask, selected));
}

static void
model_selected_cb (OmniWindow *self)
{
  const guint selected = gtk_drop_down_get_selected (self->model);

  if (!self->updating && selected < self->offered_models->len)
    omni_document_set_model (self->document, self->offered_models->pdata[selected]);
}

static void
update_tasks (OmniWindow *self)
{
  g_autoptr (GArray) tasks = g_array_new (FALSE, FALSE, sizeof (OmniTask));
  const OmniTask chosen = omni_document_get_task (self->document);
  guint selected = 0;

  for (OmniTask task = OMNI_TASK_AUTO; task < OMNI_N_TASKS; task++)
  {
    if (task != chosen && !omni_document_offers_task (self->document, task))
      continue;
    if (task == chosen)
      selected = tasks->len;
    g_array_append_val (tasks, task);
  }
  if (tasks->len != self->offered_tasks->len
      || memcmp (tasks->data, self->offered_tasks->data, tasks->len * sizeof (OmniTask)) != 0)
  {
    g_autoptr (GtkStringList) titles = gtk_string_list_new (NULL);
    for (guint i = 0; i < tasks->len; i++)
      gtk_string_list_append (titles, omni_task_get_title (g_array_index (tasks, OmniTask, i)));
    g_array_unref (self->offered_tasks);
    self->offered_tasks = g_steal_pointer (&tasks);
    gtk_drop_down_set_model (self->task, G_LIST_MODEL (titles));
  }
  gtk_drop_down_set_selected (self->task, selected);
}

static gboolean
same_pointers (GPtrArray *a, GPtrArray *b)
{
  return a->len == b->len && (a->len == 0 || memcmp (a->pdata, b->pdata, a->len * sizeof (gpointer)) == 0);
}

/* The one asked for: what runs follows it a moment later, and the list would go back to what ran before. */
static guint
find_shown (OmniWindow *self, GPtrArray *offered)
{
  guint position;

  if (g_ptr_array_find (offered, omni_document_get_model (self->document), &position)
      || g_ptr_array_find (offered, omni_document_get_effective_model (self->document), &position))
    return position;
  return GTK_INVALID_LIST_POSITION;
}

static void
update_models (OmniWindow *self)
{
  g_autoptr (GPtrArray) offered = omni_document_list_models (self->document);
  const guint selected = find_shown (self, offered);

  if (!same_pointers (offered, self->offered_models) || gtk_drop_down_get_model (self->model) == NULL)
  {
    g_autoptr (GtkStringList) titles = gtk_string_list_new (NULL);
    for (guint i = 0; i < offered->len; i++)
      gtk_string_list_append (titles, _ (((const OmniModel *)offered->pdata[i])->title));
    /* Words of our own: an empty list would show “(None)”. */
    if (offered->len == 0)
      gtk_string_list_append (titles, _ ("Model"));
    g_ptr_array_unref (self->offered_models);
    self->offered_models = g_steal_pointer (&offered);
    gtk_drop_down_set_model (self->model, G_LIST_MODEL (titles));
  }
  gtk_drop_down_set_selected (self->model, self->offered_models->len > 0 ? selected : 0);
  gtk_widget_set_sensitive (GTK_WIDGET (self->model), self->offered_models->len > 0);
}

/* Which task, why, and what the model is good at; or why nothing fits. */
static char *
make_reason (OmniWindow *self)
{
  const OmniTask task = omni_document_get_effective_task (self->document);
  const OmniModel *model = omni_document_get_effective_model (self->document);
  const char *why = omni_document_get_task_reason (self->document);
  const char *hint = omni_document_get_hint (self->document);

  if (hint != NULL)
    return g_strdup (hint);
  if (omni_document_get_active (self->document)->len == 1)
    return g_strdup (_ ("One picture alone is nothing to fuse; add more pictures of the scene."));
  if (task == OMNI_TASK_AUTO || model == NULL)
    return g_strdup ("");
  if (why == NULL || why[0] == '\0')
    return g_strdup_printf (_ ("%s — %s: %s"), omni_task_get_title (task), _ (model->title),
                            _ (model->summary));
  return g_strdup_printf (_ ("%s: %s — %s: %s"), omni_task_get_title (task), why, _ (model->title),
                          _ (model->summary));
}

void
omni_window_update_offers (OmniWindow *self)
{
  const OmniModel *model = omni_document_get_effective_model (self->document);
  const OmniTask task = omni_document_get_effective_task (self->document);
  const gboolean has_sources = omni_document_get_n_sources (self->document) > 0;
  g_autofree char *reason = make_reason (self);

  self->updating = TRUE;
  gtk_widget_set_sensitive (GTK_WIDGET (self->task), has_sources);
  update_tasks (self);
  /* While the task is being found out the list stays as it is. */
  if (task != OMNI_TASK_AUTO || !has_sources)
    update_models (self);
  self->updating = FALSE;
  omni_drop_down_tell (self->task, omni_task_get_title (omni_document_get_task (self->document)));
  omni_drop_down_tell (self->model, model != NULL ? _ (model->title) : _ ("Model"));

  if (reason[0] != '\0' || !has_sources)
  {
    gtk_label_set_text (self->reason, reason);
    gtk_widget_set_tooltip_text (GTK_WIDGET (self->reason), reason);
  }
  gtk_widget_set_visible (self->notice, has_sources && task == OMNI_TASK_MEDICAL);
}

void
omni_window_init_offers (OmniWindow *self)
{
  g_autoptr (GtkListItemFactory) factory = gtk_signal_list_item_factory_new ();

  self->offered_tasks = g_array_new (FALSE, FALSE, sizeof (OmniTask));
  self->offered_models = g_ptr_array_new ();
  omni_drop_down_let_shrink (self->task);
  omni_drop_down_let_shrink (self->model);
  omni_drop_down_renew (self->model);
  g_signal_connect_swapped (factory, "setup", G_CALLBACK (setup_model_cb), self);
  g_signal_connect_swapped (factory, "bind", G_CALLBACK (bind_model_cb), self);
  gtk_drop_down_set_list_factory (self->model, factory);
  g_signal_connect_swapped (self->task, "notify::selected", G_CALLBACK (task_selected_cb), self);
  g_signal_connect_swapped (self->model, "notify::selected", G_CALLBACK (model_selected_cb), self);
}
