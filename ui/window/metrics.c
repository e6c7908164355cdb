/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How good the results are: the panel, the table of models, the region that both are about, and what is taken away. */
#include "ui/window/window-private.h"

#include "app/comparison/report.h"

#include <glib/gi18n.h>

#define DRAWER_SHARE 0.45

/* What the panes can show besides the document's own results */

GPtrArray *
omni_window_list_compared (OmniWindow *self)
{
  GPtrArray *results = g_ptr_array_new_with_free_func ((GDestroyNotify)omni_fusion_result_unref);

  for (guint i = 0;
       self->comparison != NULL && i < g_list_model_get_n_items (G_LIST_MODEL (self->comparison)); i++)
  {
    g_autoptr (OmniComparisonRow) row = g_list_model_get_item (G_LIST_MODEL (self->comparison), i);
    OmniFusionResult *result = omni_comparison_row_get_result (row);
    if (result != NULL)
      g_ptr_array_add (results, omni_fusion_result_ref (result));
  }
  return results;
}

static gboolean
same_results (GPtrArray *a, GPtrArray *b)
{
  gboolean same = a != NULL && a->len == b->len;

  for (guint i = 0; same && i < b->len; i++)
    same = a->pdata[i] == b->pdata[i];
  return same;
}

static void
comparison_changed_cb (OmniWindow *self)
{
  g_autoptr (GPtrArray) compared = omni_window_list_compared (self);
  GtkWidget *widget = GTK_WIDGET (self);
  const gboolean any = compared->len > 0;

  gtk_widget_action_set_enabled (widget, "win.compare-models",
                                 omni_comparison_can_run_all (self->comparison));
  gtk_widget_action_set_enabled (widget, "win.copy-metrics", any);
  gtk_widget_action_set_enabled (widget, "win.export-metrics", any);
  if (same_results (self->compared, compared))
    return;
  g_clear_pointer (&self->compared, g_ptr_array_unref);
  self->compared = g_steal_pointer (&compared);
  omni_window_update_subjects (self);
}

/* Nothing is scored while nobody looks. */
static void
update_enabled (OmniWindow *self)
{
  const gboolean table = gtk_widget_get_visible (GTK_WIDGET (self->compare));

  omni_comparison_set_enabled (self->comparison, table || adw_flap_get_reveal_flap (self->flap));
}

/* The panel */

static void
flap_revealed_cb (OmniWindow *self)
{
  GSimpleAction *action = G_SIMPLE_ACTION (g_action_map_lookup_action (G_ACTION_MAP (self), "metrics"));

  g_simple_action_set_state (action, g_variant_new_boolean (adw_flap_get_reveal_flap (self->flap)));
  update_enabled (self);
}

static void
metrics_changed_cb (GSimpleAction *action, GVariant *state, OmniWindow *self)
{
  adw_flap_set_reveal_flap (self->flap, g_variant_get_boolean (state));
}

/* The table */

static void
compare_models_action (GtkWidget *widget, const char *name, GVariant *parameter)
{
  OmniWindow *self = OMNI_WINDOW (widget);

  if (!gtk_widget_get_visible (GTK_WIDGET (self->compare)))
  {
    gtk_paned_set_position (self->drawer,
                            (int)(gtk_widget_get_height (GTK_WIDGET (self->drawer)) * (1 - DRAWER_SHARE)));
    gtk_widget_set_visible (GTK_WIDGET (self->compare), TRUE);
  }
  update_enabled (self);
  omni_comparison_run_all (self->comparison);
}

static void
show_row_cb (OmniWindow *self, OmniComparisonRow *row)
{
  OmniFusionResult *result = omni_comparison_row_get_result (row);

  if (result != NULL)
    omni_window_show_result (self, result);
}

static void
use_row_cb (OmniWindow *self, OmniComparisonRow *row)
{
  omni_document_use (self->document, omni_comparison_row_get_model (row),
                     omni_comparison_row_get_weights_path (row));
}

static void
close_compare_cb (OmniWindow *self)
{
  gtk_widget_set_visible (GTK_WIDGET (self->compare), FALSE);
  omni_comparison_cancel (self->comparison);
  update_enabled (self);
}

/* The region */

void
omni_window_update_region (OmniWindow *self)
{
  OmniFusionResult *result = omni_document_get_result (self->document);
  GtkWidget *widget = GTK_WIDGET (self);
  GdkRectangle rect;

  if (self->comparison == NULL)
    return;
  if (result != NULL
      && omni_viewer_get_region (self->viewer, omni_picture_get_width (result->picture),
                                 omni_picture_get_height (result->picture), &rect))
  {
    const OmniMetricsRegion region = { (guint)rect.x, (guint)rect.y, (guint)rect.width, (guint)rect.height };
    omni_comparison_set_region (self->comparison, &region);
  }
  else
    omni_comparison_set_region (self->comparison, NULL);
  gtk_widget_action_set_enabled (widget, "win.clear-region",
                                 omni_viewer_get_region (self->viewer, 1, 1, &rect));
}

static void
region_changed_cb (OmniWindow *self)
{
  OmniFusionResult *result = omni_document_get_result (self->document);
  GdkRectangle rect;

  omni_window_update_region (self);
  omni_window_update_histogram (self);
  if (result == NULL
      || !omni_viewer_get_region (self->viewer, omni_picture_get_width (result->picture),
                                  omni_picture_get_height (result->picture), &rect))
  {
    gtk_accessible_reset_property (GTK_ACCESSIBLE (self->viewer), GTK_ACCESSIBLE_PROPERTY_VALUE_TEXT);
    return;
  }
  g_autofree char *spoken = g_strdup_printf (_ ("Region %d × %d at %d, %d"), rect.width, rect.height, rect.x,
                                             rect.y);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self->viewer), GTK_ACCESSIBLE_PROPERTY_VALUE_TEXT, spoken,
                                  -1);
}

static void
clear_region_action (GtkWidget *widget, const char *name, GVariant *parameter)
{
  omni_viewer_clear_region (OMNI_WINDOW (widget)->viewer);
}

static void
region_visible_action (GtkWidget *widget, const char *name, GVariant *parameter)
{
  omni_viewer_select_visible (OMNI_WINDOW (widget)->viewer);
}

static void
region_tool_changed_cb (GSimpleAction *action, GVariant *state, OmniWindow *self)
{
  g_simple_action_set_state (action, state);
  omni_viewer_set_region_tool (self->viewer, g_variant_get_boolean (state));
}

gboolean
omni_window_escape_metrics (OmniWindow *self)
{
  GAction *tool = g_action_map_lookup_action (G_ACTION_MAP (self), "region");
  g_autoptr (GVariant) is_on = g_action_get_state (tool);
  GdkRectangle rect;

  if (omni_comparison_is_busy (self->comparison))
    omni_comparison_cancel (self->comparison);
  else if (omni_viewer_get_region (self->viewer, 1, 1, &rect))
    omni_viewer_clear_region (self->viewer);
  else if (g_variant_get_boolean (is_on))
    g_action_change_state (tool, g_variant_new_boolean (FALSE));
  else
    return FALSE;
  return TRUE;
}

/* Taking away */

static OmniComparisonReport *
make_report (OmniWindow *self)
{
  g_autoptr (GPtrArray) rows = omni_compare_view_get_rows (self->compare);

  return omni_comparison_report_new (self->comparison, rows);
}

static void
copy_metrics_action (GtkWidget *widget, const char *name, GVariant *parameter)
{
  OmniWindow *self = OMNI_WINDOW (widget);
  g_autoptr (OmniComparisonReport) report = make_report (self);
  g_autofree char *text = omni_comparison_report_to_text (report);

  gdk_clipboard_set_text (gtk_widget_get_clipboard (widget), text);
  omni_window_tell (self, adw_toast_new (_ ("The scores are copied as text")));
}

typedef struct
{
  OmniComparisonReport *report;
  char *path;
} Export;

static void
export_free (Export *export)
{
  omni_comparison_report_free (export->report);
  g_free (export->path);
  g_free (export);
}

static void
export_in_thread (GTask *task, gpointer source_object, gpointer task_data, GCancellable *cancellable)
{
  Export *export = task_data;
  GError *error = NULL;

  if (omni_comparison_report_save (export->report, export->path, cancellable, &error))
    g_task_return_pointer (task, NULL, NULL);
  else
    g_task_return_error (task, error);
}

static void
export_metrics (OmniWindow *self, const char *path)
{
  Export *export = g_new0 (Export, 1);

  export->report = make_report (self);
  export->path = g_strdup (path);
  omni_window_write (self, path, export_in_thread, export, (GDestroyNotify)export_free);
}

static void
export_response_cb (OmniWindow *self, int response, GtkNativeDialog *dialog)
{
  if (response == GTK_RESPONSE_ACCEPT)
  {
    g_autoptr (GFile) file = gtk_file_chooser_get_file (GTK_FILE_CHOOSER (dialog));
    g_autofree char *path = file != NULL ? g_file_get_path (file) : NULL;
    if (path != NULL)
      export_metrics (self, path);
    else
      omni_window_show_file_error (self, _ ("This place is not on this computer; choose a folder that is."));
  }
  g_clear_object (&self->chooser);
}

static void
export_metrics_action (GtkWidget *widget, const char *name, GVariant *parameter)
{
  OmniWindow *self = OMNI_WINDOW (widget);

  if (self->chooser != NULL)
    return;
  self->chooser = gtk_file_chooser_native_new (_ ("Export the Comparison"), GTK_WINDOW (self),
                                               GTK_FILE_CHOOSER_ACTION_SAVE, _ ("_Export"), _ ("_Cancel"));
  GtkFileChooser *chooser = GTK_FILE_CHOOSER (self->chooser);
  gtk_native_dialog_set_modal (GTK_NATIVE_DIALOG (self->chooser), TRUE);
  omni_window_set_start_folder (self, chooser);
  omni_window_add_filter (chooser, _ ("Page With Pictures (.html) or Table (.csv)"),
                          (const char *const[]){ "html", "csv", NULL });
  gtk_file_chooser_set_current_name (chooser, "comparison.html");
  g_signal_connect_swapped (self->chooser, "response", G_CALLBACK (export_response_cb), self);
  gtk_native_dialog_show (GTK_NATIVE_DIALOG (self->chooser));
}

/* Setting up */

void
omni_window_class_install_metrics (GtkWidgetClass *widget_class)
{
  gtk_widget_class_bind_template_callback (widget_class, flap_revealed_cb);
  gtk_widget_class_bind_template_callback (widget_class, region_changed_cb);
  gtk_widget_class_bind_template_callback (widget_class, show_row_cb);
  gtk_widget_class_bind_template_callback (widget_class, use_row_cb);
  gtk_widget_class_bind_template_callback (widget_class, close_compare_cb);
  gtk_widget_class_install_action (widget_class, "win.compare-models", NULL, compare_models_action);
  gtk_widget_class_install_action (widget_class, "win.copy-metrics", NULL, copy_metrics_action);
  gtk_widget_class_install_action (widget_class, "win.export-metrics", NULL, export_metrics_action);
  gtk_widget_class_install_action (widget_class, "win.clear-region", NULL, clear_region_action);
  gtk_widget_class_install_action (widget_class, "win.region-visible", NULL, region_visible_action);
}

void
omni_window_init_metrics (OmniWindow *self)
{
  omni_window_add_stateful (self, "metrics", G_CALLBACK (metrics_changed_cb));
  omni_window_add_stateful (self, "region", G_CALLBACK (region_tool_changed_cb));
  self->comparison = omni_comparison_new (self->document);
  omni_metrics_panel_set_comparison (self->metrics, self->comparison);
  omni_compare_view_set_comparison (self->compare, self->comparison);
  g_signal_connect_object (self->comparison, "changed", G_CALLBACK (comparison_changed_cb), self,
                           G_CONNECT_SWAPPED);
  comparison_changed_cb (self);
  omni_window_update_region (self);
}
