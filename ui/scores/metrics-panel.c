/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/scores/metrics-panel.h"

#include "ui/scores/score-row.h"

#include <glib/gi18n.h>

struct _OmniMetricsPanel
{
  AdwBin parent_instance;

  OmniComparison *comparison;
  const OmniMetric *metrics[OMNI_COMPARISON_MAX_METRICS]; /* that the rows are of */
  GPtrArray *rows;                                        /* OmniScoreRow */

  GtkLabel *scope;
  GtkWidget *clear;
  GtkBox *scores;
  GtkLabel *status;
  GtkSpinner *spinner;
};

G_DEFINE_FINAL_TYPE (OmniMetricsPanel, omni_metrics_panel, ADW_TYPE_BIN)

static void
rebuild (OmniMetricsPanel *self)
{
  const guint n = omni_comparison_get_n_metrics (self->comparison);
  gboolean same = n == self->rows->len;

  for (guint i = 0; same && i < n; i++)
    same = omni_comparison_get_metric (self->comparison, i) == self->metrics[i];
  if (same)
    return;
  for (guint i = 0; i < self->rows->len; i++)
    gtk_box_remove (self->scores, self->rows->pdata[i]);
  g_ptr_array_set_size (self->rows, 0);
  for (guint i = 0; i < n; i++)
  {
    self->metrics[i] = omni_comparison_get_metric (self->comparison, i);
    GtkWidget *row = omni_score_row_new (self->metrics[i]);
    gtk_box_append (self->scores, row);
    g_ptr_array_add (self->rows, row);
  }
}

static void
show_scope (OmniMetricsPanel *self)
{
  OmniMetricsRegion region;
  const gboolean has_region = omni_comparison_get_region (self->comparison, &region);
  g_autofree char *words = has_region ? g_strdup_printf (_ ("Region %u × %u at %u, %u"), region.width,
                                                         region.height, region.x, region.y)
                                      : g_strdup (_ ("The whole picture"));

  gtk_label_set_text (self->scope, words);
  gtk_widget_set_visible (self->clear, has_region);
}

/* Why there are no numbers, or what would put them in place. */
static const char *
get_status (OmniMetricsPanel *self, OmniComparisonRow *current)
{
  if (current == NULL)
    return _ ("There is no result to score yet.");
  if (omni_comparison_row_get_state (current) == OMNI_COMPARISON_FAILED)
    return omni_comparison_row_get_error (current);
  if (self->rows->len == 0)
    return _ ("No metric is known to matter for this task.");
  if (omni_comparison_row_get_state (current) == OMNI_COMPARISON_DONE
      && g_list_model_get_n_items (G_LIST_MODEL (self->comparison)) == 1)
    return _ ("How good is that? Compare it with the other models.");
  return NULL;
}

static void
comparison_changed_cb (OmniMetricsPanel *self)
{
  OmniComparisonRow *current = omni_comparison_get_current (self->comparison);
  const char *status = get_status (self, current);
  const gboolean busy = omni_comparison_is_busy (self->comparison);

  rebuild (self);
  show_scope (self);
  for (guint i = 0; i < self->rows->len; i++)
    omni_score_row_update (self->rows->pdata[i], self->comparison, i);
  gtk_widget_set_visible (GTK_WIDGET (self->scores), current != NULL);
  gtk_label_set_text (self->status, status != NULL ? status : "");
  gtk_widget_set_visible (GTK_WIDGET (self->status), status != NULL);
  gtk_spinner_set_spinning (self->spinner, busy);
  gtk_widget_set_visible (GTK_WIDGET (self->spinner), busy);
}

void
omni_metrics_panel_set_comparison (OmniMetricsPanel *self, OmniComparison *comparison)
{
  g_return_if_fail (self->comparison == NULL);
  self->comparison = g_object_ref (comparison);
  g_signal_connect_object (comparison, "changed", G_CALLBACK (comparison_changed_cb), self,
                           G_CONNECT_SWAPPED);
  comparison_changed_cb (self);
}

static void
omni_metrics_panel_dispose (GObject *object)
{
  OmniMetricsPanel *self = OMNI_METRICS_PANEL (object);

  g_clear_object (&self->comparison);
  g_clear_pointer (&self->rows, g_ptr_array_unref);
  G_OBJECT_CLASS (omni_metrics_panel_parent_class)->dispose (object);
}

static void
omni_metrics_panel_class_init (OmniMetricsPanelClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = omni_metrics_panel_dispose;
  gtk_widget_class_set_template_from_resource (widget_class, "/io/github/omnifuse/Omnifuse/metrics-panel.ui");
  gtk_widget_class_bind_template_child (widget_class, OmniMetricsPanel, scope);
  gtk_widget_class_bind_template_child (widget_class, OmniMetricsPanel, clear);
  gtk_widget_class_bind_template_child (widget_class, OmniMetricsPanel, scores);
  gtk_widget_class_bind_template_child (widget_class, OmniMetricsPanel, status);
  gtk_widget_class_bind_template_child (widget_class, OmniMetricsPanel, spinner);
  gtk_widget_class_set_accessible_role (widget_class, GTK_ACCESSIBLE_ROLE_GROUP);
}

static void
omni_metrics_panel_init (OmniMetricsPanel *self)
{
  self->rows = g_ptr_array_new ();
  gtk_widget_init_template (GTK_WIDGET (self));
}
