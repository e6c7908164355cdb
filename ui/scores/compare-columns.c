/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/scores/compare-columns.h"

#include "ui/direction.h"
#include "ui/scores/score-row.h"
#include "ui/filmstrip/thumbnail.h"

#include <glib/gi18n.h>

/* A cell follows its row: `update` fills it, at first and whenever the row changes. */
typedef void (*UpdateCell) (GtkWidget *cell, OmniComparisonRow *row, gpointer data);

typedef struct
{
  GtkWidget *(*create) (void);
  UpdateCell update;
  OmniComparison *comparison; /* metrics only; lives as long as the table */
  guint metric;
} CellKind;

static void
row_changed_cb (OmniComparisonRow *row, GtkListItem *item)
{
  CellKind *kind = g_object_get_data (G_OBJECT (item), "omni-kind");

  kind->update (gtk_list_item_get_child (item), row, kind);
}

/* Which row is the best depends on the others. */
static void
comparison_changed_cb (OmniComparison *comparison, GtkListItem *item)
{
  row_changed_cb (gtk_list_item_get_item (item), item);
}

static void
setup_cb (CellKind *kind, GtkListItem *item)
{
  g_object_set_data (G_OBJECT (item), "omni-kind", kind);
  gtk_list_item_set_child (item, kind->create ());
}

static void
bind_cb (CellKind *kind, GtkListItem *item)
{
  OmniComparisonRow *row = gtk_list_item_get_item (item);

  g_signal_connect (row, "changed", G_CALLBACK (row_changed_cb), item);
  if (kind->comparison != NULL)
    g_signal_connect (kind->comparison, "changed", G_CALLBACK (comparison_changed_cb), item);
  kind->update (gtk_list_item_get_child (item), row, kind);
}

static void
unbind_cb (CellKind *kind, GtkListItem *item)
{
  g_signal_handlers_disconnect_by_func (gtk_list_item_get_item (item), row_changed_cb, item);
  if (kind->comparison != NULL)
    g_signal_handlers_disconnect_by_func (kind->comparison, comparison_changed_cb, item);
}

static GtkColumnViewColumn *
create_column (const char *title, const CellKind *kind, GtkSorter *sorter)
{
  GtkListItemFactory *factory = gtk_signal_list_item_factory_new ();
  CellKind *own = g_memdup2 (kind, sizeof *kind);

  g_object_set_data_full (G_OBJECT (factory), "omni-kind", own, g_free);
  g_signal_connect_swapped (factory, "setup", G_CALLBACK (setup_cb), own);
  g_signal_connect_swapped (factory, "bind", G_CALLBACK (bind_cb), own);
  g_signal_connect_swapped (factory, "unbind", G_CALLBACK (unbind_cb), own);
  GtkColumnViewColumn *column = gtk_column_view_column_new (title, factory);
  gtk_column_view_column_set_sorter (column, sorter);
  if (sorter != NULL)
    g_object_unref (sorter);
  return column;
}

static GtkWidget *
create_number (void)
{
  GtkWidget *label = gtk_label_new (NULL);

  gtk_label_set_xalign (GTK_LABEL (label), 1);
  gtk_widget_add_css_class (label, "numeric");
  return label;
}

/* The picture */

static GtkWidget *
create_picture (void)
{
  return g_object_new (OMNI_TYPE_THUMBNAIL, NULL);
}

static void
update_picture (GtkWidget *cell, OmniComparisonRow *row, gpointer data)
{
  OmniFusionResult *result = omni_comparison_row_get_result (row);

  omni_thumbnail_set_picture (OMNI_THUMBNAIL (cell), result != NULL ? result->picture : NULL);
}

GtkColumnViewColumn *
omni_compare_column_new_picture (void)
{
  const CellKind kind = { .create = create_picture, .update = update_picture };

  return create_column (NULL, &kind, NULL);
}

/* The model */

static GtkWidget *
create_model (void)
{
  GtkWidget *box = gtk_box_new (GTK_ORIENTATION_VERTICAL, 0);
  GtkWidget *title = gtk_label_new (NULL);
  GtkWidget *detail = gtk_label_new (NULL);

  gtk_label_set_xalign (GTK_LABEL (title), 0);
  gtk_label_set_ellipsize (GTK_LABEL (title), PANGO_ELLIPSIZE_END);
  gtk_label_set_xalign (GTK_LABEL (detail), 0);
  gtk_label_set_ellipsize (GTK_LABEL (detail), PANGO_ELLIPSIZE_END);
  gtk_widget_add_css_class (detail, "caption");
  gtk_widget_add_css_class (detail, "dim-label");
  gtk_widget_set_valign (box, GTK_ALIGN_CENTER);
  gtk_box_append (GTK_BOX (box), title);
  gtk_box_append (GTK_BOX (box), detail);
  return box;
}

static const char *
describe_state (OmniComparisonRow *row)
{
  switch (omni_comparison_row_get_state (row))
  {
  case OMNI_COMPARISON_FUSING:
    return _ ("Fusing…");
  case OMNI_COMPARISON_SCORING:
    return _ ("Scoring…");
  case OMNI_COMPARISON_FAILED:
    return omni_comparison_row_get_error (row);
  case OMNI_COMPARISON_WAITING:
    return omni_comparison_row_get_result (row) == NULL ? _ ("Waiting") : "";
  case OMNI_COMPARISON_DONE:
  default:
    return "";
  }
}

static void
update_model (GtkWidget *cell, OmniComparisonRow *row, gpointer data)
{
  GtkWidget *title = gtk_widget_get_first_child (cell);
  GtkWidget *detail = gtk_widget_get_next_sibling (title);
  const OmniModel *model = omni_comparison_row_get_model (row);
  const char *state = describe_state (row);
  g_autofree char *details = omni_comparison_row_dup_details (row);
  const char *words = state[0] != '\0' ? state : details;

  gtk_label_set_text (GTK_LABEL (title), _ (model->title));
  gtk_label_set_text (GTK_LABEL (detail), words);
  gtk_widget_set_visible (detail, words[0] != '\0');
  gtk_widget_set_tooltip_text (
    cell, omni_comparison_row_get_state (row) == OMNI_COMPARISON_FAILED ? state : _ (model->summary));
}

static int
compare_models (gconstpointer a, gconstpointer b, gpointer data)
{
  const int order = g_utf8_collate (_ (omni_comparison_row_get_model ((gpointer)a)->title),
                                    _ (omni_comparison_row_get_model ((gpointer)b)->title));

  if (order != 0)
    return order;
  g_autofree char *of_a = omni_comparison_row_dup_details ((gpointer)a);
  g_autofree char *of_b = omni_comparison_row_dup_details ((gpointer)b);
  return g_strcmp0 (of_a, of_b);
}

GtkColumnViewColumn *
omni_compare_column_new_model (void)
{
  const CellKind kind = { .create = create_model, .update = update_model };
  GtkColumnViewColumn *column = create_column (
    _ ("Model"), &kind, GTK_SORTER (gtk_custom_sorter_new (compare_models, NULL, NULL)));

  gtk_column_view_column_set_expand (column, TRUE);
  return column;
}

/* Metrics */

static void
update_metric (GtkWidget *cell, OmniComparisonRow *row, gpointer data)
{
  const CellKind *kind = data;
  double value;
  guint n_scored;

  /* The column of another task's metric, on its way out. */
  if (kind->metric >= omni_comparison_get_n_metrics (kind->comparison))
    return;
  const gboolean done = omni_comparison_row_get_score (row, kind->metric, &value);
  const char *reason = omni_comparison_row_get_reason (row, kind->metric);
  g_autofree char *words = done ? g_strdup_printf ("%.4f", value) : g_strdup (reason != NULL ? "–" : "");

  omni_label_set_numbers (GTK_LABEL (cell), words);
  gtk_widget_set_tooltip_text (
    cell, reason != NULL
            ? reason
            : omni_metric_get_plain_words (omni_comparison_get_metric (kind->comparison, kind->metric)));
  if (omni_comparison_get_rank (kind->comparison, row, kind->metric, &n_scored) == 1 && n_scored > 1)
    gtk_widget_add_css_class (cell, "best");
  else
    gtk_widget_remove_css_class (cell, "best");
}

/* What is not scored yet stands below what is, whichever way the column is sorted by default. */
static int
compare_metrics (gconstpointer a, gconstpointer b, gpointer data)
{
  const CellKind *kind = data;
  double first, second;
  const gboolean has_first = omni_comparison_row_get_score ((gpointer)a, kind->metric, &first);
  const gboolean has_second = omni_comparison_row_get_score ((gpointer)b, kind->metric, &second);

  if (!has_first || !has_second)
    return has_first - has_second;
  return first < second ? GTK_ORDERING_SMALLER : first > second ? GTK_ORDERING_LARGER : GTK_ORDERING_EQUAL;
}

GtkColumnViewColumn *
omni_compare_column_new_metric (OmniComparison *comparison, guint metric)
{
  const CellKind kind = {
    .create = create_number, .update = update_metric, .comparison = comparison, .metric = metric
  };
  GtkSorter *sorter = GTK_SORTER (
    gtk_custom_sorter_new (compare_metrics, g_memdup2 (&kind, sizeof kind), g_free));

  return create_column (omni_comparison_get_metric (comparison, metric)->title, &kind, sorter);
}

/* Time */

static void
update_time (GtkWidget *cell, OmniComparisonRow *row, gpointer data)
{
  OmniFusionResult *result = omni_comparison_row_get_result (row);
  g_autofree char *words = result == NULL ? g_strdup ("")
                           : result->ms.total >= 1000
                             ? g_strdup_printf (_ ("%.1f s"), result->ms.total / 1000)
                             : g_strdup_printf (_ ("%.0f ms"), result->ms.total);

  g_autofree char *tooltip = result != NULL
                               ? g_strdup_printf (_ ("Measured just now, reading and set-up included, on %s"),
                                                  result->device_name)
                               : NULL;

  gtk_label_set_text (GTK_LABEL (cell), words);
  gtk_widget_set_tooltip_text (cell, tooltip);
}

static int
compare_times (gconstpointer a, gconstpointer b, gpointer data)
{
  const OmniFusionResult *first = omni_comparison_row_get_result ((gpointer)a);
  const OmniFusionResult *second = omni_comparison_row_get_result ((gpointer)b);

  if (first == NULL || second == NULL)
    return (second != NULL) - (first != NULL);
  return first->ms.total < second->ms.total ? GTK_ORDERING_SMALLER : first->ms.total > second->ms.total;
}

GtkColumnViewColumn *
omni_compare_column_new_time (void)
{
  const CellKind kind = { .create = create_number, .update = update_time };

  return create_column (_ ("Time"), &kind, GTK_SORTER (gtk_custom_sorter_new (compare_times, NULL, NULL)));
}
