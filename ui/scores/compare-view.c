/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/scores/compare-view.h"

#include "ui/scores/compare-columns.h"
#include "ui/progress.h"

#include <glib/gi18n.h>

#define FIXED_COLUMNS 2 /* picture and model stand before the metrics */

enum
{
  SIGNAL_SHOW_ROW,
  SIGNAL_USE_ROW,
  SIGNAL_CLOSE,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

struct _OmniCompareView
{
  AdwBin parent_instance;

  OmniComparison *comparison;
  GtkSortListModel *sorted;
  GtkSingleSelection *selection;
  const OmniMetric *metrics[OMNI_COMPARISON_MAX_METRICS]; /* that there are columns of */
  guint n_metrics;
  guint sort_id;

  gboolean busy;
  gint64 busy_since_us;
  double done_before; /* of all, when it began */

  GtkColumnView *table;
  GtkLabel *status;
  GtkWidget *cancel;
};

G_DEFINE_FINAL_TYPE (OmniCompareView, omni_compare_view, ADW_TYPE_BIN)

static GtkColumnViewColumn *
get_column (OmniCompareView *self, guint position)
{
  /* The view keeps its reference. */
  g_autoptr (GtkColumnViewColumn)
    column = g_list_model_get_item (gtk_column_view_get_columns (self->table), position);

  return column;
}

static void
insert_column (OmniCompareView *self, guint position, GtkColumnViewColumn *column)
{
  gtk_column_view_insert_column (self->table, position, column);
  g_object_unref (column);
}

/* Columns of the metrics that matter for the task. */
static void
update_columns (OmniCompareView *self)
{
  const guint n = omni_comparison_get_n_metrics (self->comparison);
  gboolean same = n == self->n_metrics;

  for (guint i = 0; same && i < n; i++)
    same = omni_comparison_get_metric (self->comparison, i) == self->metrics[i];
  if (same)
    return;
  gtk_column_view_sort_by_column (self->table, NULL, GTK_SORT_ASCENDING);
  for (; self->n_metrics > 0; self->n_metrics--)
    gtk_column_view_remove_column (self->table, get_column (self, FIXED_COLUMNS));
  for (; self->n_metrics < n; self->n_metrics++)
  {
    self->metrics[self->n_metrics] = omni_comparison_get_metric (self->comparison, self->n_metrics);
    insert_column (self, FIXED_COLUMNS + self->n_metrics,
                   omni_compare_column_new_metric (self->comparison, self->n_metrics));
  }
  if (n > 0) /* the best on top */
    gtk_column_view_sort_by_column (self->table, get_column (self, FIXED_COLUMNS),
                                    self->metrics[0]->higher_is_better ? GTK_SORT_DESCENDING
                                                                       : GTK_SORT_ASCENDING);
}

double
omni_compare_view_get_scroll (OmniCompareView *self)
{
  return gtk_adjustment_get_value (gtk_scrollable_get_vadjustment (GTK_SCROLLABLE (self->table)));
}

/* The list keeps the row on top where it is when others move above it. */
static void
scroll_to_top (OmniCompareView *self)
{
  for (GtkWidget *child = gtk_widget_get_first_child (GTK_WIDGET (self->table)); child != NULL;
       child = gtk_widget_get_next_sibling (child))
    if (GTK_IS_LIST_VIEW (child))
      gtk_widget_activate_action (child, "list.scroll-to-item", "u", 0);
}

static gboolean
sort_cb (gpointer data)
{
  OmniCompareView *self = data;
  GListModel *columns = gtk_column_view_get_columns (self->table);
  const gboolean at_top = omni_compare_view_get_scroll (self) <= 0;

  self->sort_id = 0;
  for (guint i = 0; i < g_list_model_get_n_items (columns); i++)
  {
    GtkSorter *sorter = gtk_column_view_column_get_sorter (get_column (self, i));
    if (sorter != NULL)
      gtk_sorter_changed (sorter, GTK_SORTER_CHANGE_DIFFERENT);
  }
  if (at_top)
    scroll_to_top (self);
  return G_SOURCE_REMOVE;
}

static void
update_status (OmniCompareView *self)
{
  const guint n = g_list_model_get_n_items (G_LIST_MODEL (self->comparison));
  const double fraction = omni_comparison_get_fraction (self->comparison);
  const double to_do = MAX (1 - self->done_before, 1.0 / MAX (n, 1));
  g_autofree char *left = omni_describe_left ((fraction - self->done_before) / to_do, self->busy_since_us);
  g_autofree char *count = self->busy
                             ? g_strdup_printf (_ ("%u of %u models"), (guint)(fraction * n + 0.5), n)
                             : g_strdup_printf (ngettext ("%u result", "%u results", n), n);
  g_autofree char *words = g_strconcat (count, self->busy ? left : "", NULL);

  gtk_label_set_text (self->status, words);
}

static void
comparison_changed_cb (OmniCompareView *self)
{
  const gboolean busy = omni_comparison_is_busy (self->comparison);

  if (busy && !self->busy)
  {
    self->busy_since_us = g_get_monotonic_time ();
    self->done_before = omni_comparison_get_fraction (self->comparison);
  }
  self->busy = busy;
  update_columns (self);
  update_status (self);
  gtk_widget_set_visible (self->cancel, busy);
  /* Scores come one by one; the table is sorted once for all that came in one turn. */
  if (self->sort_id == 0)
    self->sort_id = g_idle_add (sort_cb, self);
}

OmniComparisonRow *
omni_compare_view_get_selected (OmniCompareView *self)
{
  /* The table outlives it for a moment when the window goes. */
  return self->selection != NULL ? gtk_single_selection_get_selected_item (self->selection) : NULL;
}

static void
selected_cb (OmniCompareView *self)
{
  OmniComparisonRow *row = omni_compare_view_get_selected (self);

  if (row != NULL)
    g_signal_emit (self, signals[SIGNAL_SHOW_ROW], 0, row);
}

static void
activate_cb (OmniCompareView *self, guint position)
{
  g_autoptr (OmniComparisonRow) row = g_list_model_get_item (G_LIST_MODEL (self->sorted), position);

  if (row != NULL)
    g_signal_emit (self, signals[SIGNAL_USE_ROW], 0, row);
}

static void
close_cb (OmniCompareView *self)
{
  g_signal_emit (self, signals[SIGNAL_CLOSE], 0);
}

static void
cancel_cb (OmniCompareView *self)
{
  omni_comparison_cancel (self->comparison);
}

GPtrArray *
omni_compare_view_get_rows (OmniCompareView *self)
{
  GPtrArray *rows = g_ptr_array_new_with_free_func (g_object_unref);

  for (guint i = 0; i < g_list_model_get_n_items (G_LIST_MODEL (self->sorted)); i++)
    g_ptr_array_add (rows, g_list_model_get_item (G_LIST_MODEL (self->sorted), i));
  return rows;
}

void
omni_compare_view_set_comparison (OmniCompareView *self, OmniComparison *comparison)
{
  g_return_if_fail (self->comparison == NULL);
  self->comparison = g_object_ref (comparison);
  insert_column (self, 0, omni_compare_column_new_picture ());
  insert_column (self, 1, omni_compare_column_new_model ());
  insert_column (self, 2, omni_compare_column_new_time ());
  self->sorted = gtk_sort_list_model_new (G_LIST_MODEL (g_object_ref (comparison)),
                                          g_object_ref (gtk_column_view_get_sorter (self->table)));
  self->selection = gtk_single_selection_new (G_LIST_MODEL (g_object_ref (self->sorted)));
  gtk_single_selection_set_autoselect (self->selection, FALSE);
  gtk_single_selection_set_can_unselect (self->selection, TRUE);
  gtk_single_selection_set_selected (self->selection, GTK_INVALID_LIST_POSITION);
  gtk_column_view_set_model (self->table, GTK_SELECTION_MODEL (self->selection));
  g_signal_connect_object (self->selection, "notify::selected-item", G_CALLBACK (selected_cb), self,
                           G_CONNECT_SWAPPED);
  g_signal_connect_object (comparison, "changed", G_CALLBACK (comparison_changed_cb), self,
                           G_CONNECT_SWAPPED);
  comparison_changed_cb (self);
}

static void
omni_compare_view_dispose (GObject *object)
{
  OmniCompareView *self = OMNI_COMPARE_VIEW (object);

  g_clear_handle_id (&self->sort_id, g_source_remove);
  g_clear_object (&self->sorted);
  g_clear_object (&self->selection);
  g_clear_object (&self->comparison);
  G_OBJECT_CLASS (omni_compare_view_parent_class)->dispose (object);
}

static void
omni_compare_view_class_init (OmniCompareViewClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = omni_compare_view_dispose;
  signals[SIGNAL_SHOW_ROW] = g_signal_new ("show-row", OMNI_TYPE_COMPARE_VIEW, G_SIGNAL_RUN_LAST, 0, NULL,
                                           NULL, NULL, G_TYPE_NONE, 1, OMNI_TYPE_COMPARISON_ROW);
  signals[SIGNAL_USE_ROW] = g_signal_new ("use-row", OMNI_TYPE_COMPARE_VIEW, G_SIGNAL_RUN_LAST, 0, NULL, NULL,
                                          NULL, G_TYPE_NONE, 1, OMNI_TYPE_COMPARISON_ROW);
  signals[SIGNAL_CLOSE] = g_signal_new ("close", OMNI_TYPE_COMPARE_VIEW, G_SIGNAL_RUN_LAST, 0, NULL, NULL,
                                        NULL, G_TYPE_NONE, 0);
  gtk_widget_class_set_template_from_resource (widget_class, "/io/github/omnifuse/Omnifuse/compare-view.ui");
  gtk_widget_class_bind_template_child (widget_class, OmniCompareView, table);
  gtk_widget_class_bind_template_child (widget_class, OmniCompareView, status);
  gtk_widget_class_bind_template_child (widget_class, OmniCompareView, cancel);
  gtk_widget_class_bind_template_callback (widget_class, activate_cb);
  gtk_widget_class_bind_template_callback (widget_class, cancel_cb);
  gtk_widget_class_bind_template_callback (widget_class, close_cb);
}

static void
omni_compare_view_init (OmniCompareView *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}
