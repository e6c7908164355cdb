/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/window/window-private.h"

#include "app/model-facts.h"
#include "ui/direction.h"

#include <glib/gi18n.h>

/* Shorter fusions come and go without a progress bar. */
#define PROGRESS_DELAY_MS 150
#define PROGRESS_PX       56 /* the height it takes */

G_DEFINE_FINAL_TYPE (OmniWindow, omni_window, ADW_TYPE_APPLICATION_WINDOW)

/* Errors */

/* GTK's own button of a bar has a picture and no name. */
static void
name_close_button (GtkWidget *widget)
{
  if (GTK_IS_BUTTON (widget) && gtk_widget_has_css_class (widget, "close"))
    gtk_accessible_update_property (GTK_ACCESSIBLE (widget), GTK_ACCESSIBLE_PROPERTY_LABEL, _ ("Close"), -1);
  for (GtkWidget *child = gtk_widget_get_first_child (widget); child != NULL;
       child = gtk_widget_get_next_sibling (child))
    name_close_button (child);
}

void
omni_window_reveal_bar (GtkInfoBar *bar, gboolean reveal)
{
  if (reveal && !gtk_widget_get_visible (GTK_WIDGET (bar)))
    name_close_button (GTK_WIDGET (bar));
  gtk_info_bar_set_revealed (bar, reveal);
  gtk_widget_set_visible (GTK_WIDGET (bar), reveal);
}

static void
show_error (GtkInfoBar *bar, GtkLabel *text, const char *message)
{
  if (message != NULL)
    gtk_label_set_text (text, message);
  omni_window_reveal_bar (bar, message != NULL);
}

static void
error_changed_cb (OmniWindow *self)
{
  show_error (self->fusion_error, self->fusion_error_text, omni_document_get_error (self->document));
}

static void
dismiss_cb (GtkInfoBar *bar)
{
  omni_window_reveal_bar (bar, FALSE);
}

static void
viewer_failed_cb (OmniWindow *self, const char *message)
{
  omni_window_show_file_error (self, message);
}

/* Progress */

/* The revealer stays in place while there is nothing to show, so that Cancel can always be found by its name. */
static void
reveal_progress (OmniWindow *self, gboolean reveal)
{
  gtk_revealer_set_reveal_child (self->progress, reveal);
  /* Both stand below. */
  gtk_widget_set_margin_bottom (GTK_WIDGET (self->level_bar), reveal ? PROGRESS_PX : 0);
  gtk_widget_set_can_target (GTK_WIDGET (self->progress), reveal);
}

static gboolean
show_progress_cb (gpointer data)
{
  OmniWindow *self = data;

  self->progress_id = 0;
  reveal_progress (self, TRUE);
  return G_SOURCE_REMOVE;
}

/* A result of an earlier set says nothing about the order of this one. */
static void
show_chip (OmniWindow *self)
{
  const gboolean stale = !omni_document_is_busy (self->document) && omni_document_is_stale (self->document);

  OmniPictureDifference difference;
  const gboolean knows = omni_document_get_order_difference (self->document, &difference);

  omni_order_chip_set_compared (self->chip, omni_document_get_order_before (self->document),
                                knows ? &difference : NULL);
  omni_order_chip_set_result (self->chip, omni_document_get_result (self->document),
                              stale ? OMNI_ORDER_UNKNOWN : omni_document_get_order_check (self->document));
}

static void
busy_changed_cb (OmniWindow *self)
{
  const gboolean busy = omni_document_is_busy (self->document);

  if (!busy)
  {
    g_clear_handle_id (&self->progress_id, g_source_remove);
    reveal_progress (self, FALSE);
    show_chip (self);
  }
  else if (self->progress_id == 0 && !gtk_revealer_get_reveal_child (self->progress))
    self->progress_id = g_timeout_add (PROGRESS_DELAY_MS, show_progress_cb, self);
  /* After a cancel or an error the old picture is of another set: say so, and offer to go on. */
  gtk_widget_set_visible (self->fuse_button, !busy && omni_document_is_stale (self->document)
                                               && omni_document_get_effective_model (self->document) != NULL
                                               && !omni_document_needs_resize (self->document));
  omni_window_update_actions (self);
}

static void
progress_changed_cb (OmniWindow *self)
{
  const double fraction = omni_document_get_fraction (self->document);
  const char *phase = omni_document_get_phase (self->document);

  if (fraction == 0)
    self->busy_since_us = g_get_monotonic_time ();
  g_autofree char *words = omni_describe_progress (phase[0] != '\0' ? _ (phase) : _ ("Starting"), fraction,
                                                   self->busy_since_us);
  gtk_label_set_text (self->phase, words);
  gtk_progress_bar_set_fraction (self->progress_bar, fraction);
}

/* Menus */

/* A submenu takes the focus with it, and no key would arrive any more. Not at once: an item may have opened something. */
static gboolean
focus_menu_button_cb (gpointer data)
{
  GtkWidget *popover = GTK_WIDGET (gtk_menu_button_get_popover (data));
  OmniWindow *self = OMNI_WINDOW (gtk_widget_get_root (data));
  GtkWidget *focus = self != NULL ? gtk_window_get_focus (GTK_WINDOW (self)) : NULL;

  if (self != NULL && (focus == NULL || gtk_widget_is_ancestor (focus, popover)))
    gtk_widget_grab_focus (gtk_widget_get_mapped (data) ? data : GTK_WIDGET (self->viewer));
  return G_SOURCE_REMOVE;
}

static void
menu_closed_cb (GtkMenuButton *button)
{
  g_idle_add_full (G_PRIORITY_DEFAULT_IDLE, focus_menu_button_cb, g_object_ref (button), g_object_unref);
}

static void
follow_menus (OmniWindow *self)
{
  for (gsize i = 0; i < G_N_ELEMENTS (self->menu_buttons); i++)
    g_signal_connect_object (gtk_menu_button_get_popover (self->menu_buttons[i]), "closed",
                             G_CALLBACK (menu_closed_cb), self->menu_buttons[i], G_CONNECT_SWAPPED);
}

/* The document */

/* Pictures of different sizes are not fused before somebody says so. */
static void
update_size_bar (OmniWindow *self)
{
  const gboolean asks = omni_document_needs_resize (self->document) && !omni_window_asks_to_align (self);
  g_autofree char *sentence = asks ? omni_document_describe_sizes (self->document) : NULL;

  show_error (self->size_bar, self->size_text, sentence);
}

/* Copies are fused as they are: somebody may want that. */
static void
update_copies_bar (OmniWindow *self)
{
  g_autofree char *sentence = omni_document_describe_copies (self->document);
  const gboolean dismissed = g_strcmp0 (sentence, self->copies_dismissed) == 0;

  show_error (self->copies_bar, self->copies_text, dismissed ? NULL : sentence);
}

static void
copies_response_cb (OmniWindow *self)
{
  g_free (self->copies_dismissed);
  self->copies_dismissed = omni_document_describe_copies (self->document);
  update_copies_bar (self);
}

static void
document_changed_cb (OmniWindow *self)
{
  const char *hint = omni_document_get_hint (self->document);

  omni_window_update_stage (self);
  gtk_label_set_text (self->hint, hint != NULL ? hint : "");
  gtk_widget_set_visible (GTK_WIDGET (self->hint), hint != NULL);
  update_size_bar (self);
  update_copies_bar (self);
  omni_window_update_align (self);
  omni_window_update_offers (self);
  omni_window_update_actions (self);
}

static void
items_changed_cb (OmniWindow *self)
{
  document_changed_cb (self);
  omni_window_update_subjects (self);
}

static void
result_cb (OmniWindow *self)
{
  show_chip (self);
  if (omni_viewer_get_mode (self->viewer) == OMNI_VIEWER_MAP)
    omni_window_update_order_map (self);
  omni_window_update_region (self);
  omni_window_update_subjects (self);
  omni_window_update_actions (self);
}

static void
refined_cb (OmniWindow *self)
{
  const OmniRefineScores *scores = omni_document_get_refine_scores (self->document);
  const char *metric = omni_metric_find (scores->metric)->title;
  g_autofree char *words = g_strdup_printf (scores->kept ? _ ("Refined: %s is %.4f, was %.4f")
                                                         : _ ("Not refined: %s would be %.4f, is %.4f"),
                                            metric, scores->after, scores->before);

  omni_window_tell (self, adw_toast_new (words));
}

static void
view_changed_cb (OmniWindow *self)
{
  g_autofree char *number = g_strdup_printf (_ ("%.0f %%"), omni_viewer_get_acting_zoom (self->viewer) * 100);
  g_autofree char *words = g_strconcat (omni_left_to_right_mark (), number, NULL);

  if (!g_str_equal (words, gtk_label_get_text (self->zoom)))
    gtk_label_set_text (self->zoom, words);
  omni_window_update_histogram (self);
  omni_window_update_view (self);
  omni_window_update_export (self);
}

static void
follow_document (OmniWindow *self)
{
  OmniDocument *document = self->document;

  g_signal_connect_object (document, "items-changed", G_CALLBACK (items_changed_cb), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (document, "changed", G_CALLBACK (document_changed_cb), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (document, "result", G_CALLBACK (result_cb), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (document, "refined", G_CALLBACK (refined_cb), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (document, "preview", G_CALLBACK (omni_window_update_subjects), self,
                           G_CONNECT_SWAPPED);
  g_signal_connect_object (document, "notify::can-undo", G_CALLBACK (omni_window_update_actions), self,
                           G_CONNECT_SWAPPED);
  g_signal_connect_object (document, "notify::can-redo", G_CALLBACK (omni_window_update_actions), self,
                           G_CONNECT_SWAPPED);
  g_signal_connect_object (document, "notify::error", G_CALLBACK (error_changed_cb), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (document, "notify::busy", G_CALLBACK (busy_changed_cb), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (document, "notify::fraction", G_CALLBACK (progress_changed_cb), self,
                           G_CONNECT_SWAPPED);
}

/* After the first frame */

static void
open_device_in_thread (GTask *task, gpointer source_object, gpointer task_data, GCancellable *cancellable)
{
  GError *error = NULL;

  if (omni_engine_ensure_device (task_data, NULL, &error))
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, error);
}

static void
device_opened_cb (GObject *object, GAsyncResult *result, gpointer data)
{
  OmniWindow *self = OMNI_WINDOW (object);
  g_autoptr (GError) error = NULL;

  if (!g_task_propagate_boolean (G_TASK (result), &error) && !g_cancellable_is_cancelled (self->cancellable)
      && omni_document_get_error (self->document) == NULL)
    show_error (self->fusion_error, self->fusion_error_text, error->message);
}

static gboolean
first_frame_cb (GtkWidget *widget, GdkFrameClock *clock, gpointer data)
{
  OmniWindow *self = OMNI_WINDOW (widget);

  /* The first tick comes before the first frame is painted. */
  if (gdk_frame_clock_get_frame_counter (clock) < 1)
    return G_SOURCE_CONTINUE;
  omni_window_find_samples (self);
  omni_window_list_recent (self);
  omni_model_facts_find_async (self->cancellable, NULL, NULL);
  g_autoptr (GTask) task = g_task_new (self, self->cancellable, device_opened_cb, NULL);
  g_task_set_task_data (task, g_object_ref (omni_document_get_engine (self->document)), g_object_unref);
  g_task_run_in_thread (task, open_device_in_thread);
  return G_SOURCE_REMOVE;
}

/* The object */

static void
show_source_cb (OmniWindow *self, OmniSource *source)
{
  omni_window_show_source (self, source);
}

/* Once, when the window goes: what waits for a thread still refers to it, and it may never be disposed of. */
static void
end (OmniWindow *self)
{
  if (self->document == NULL || g_cancellable_is_cancelled (self->cancellable))
    return;
  omni_work_bar_cancel (self->adding_bar);
  omni_work_bar_cancel (self->recalling_bar);
  omni_window_end_align (self);
  g_cancellable_cancel (self->cancellable);
  omni_window_end_session (self);
  omni_window_stop_order_map (self);
  omni_winner_overlay_set_on (self->winner, FALSE);
  omni_stage_view_set_active (self->stage_view, FALSE);
  omni_comparison_set_enabled (self->comparison, FALSE);
  omni_document_cancel (self->document);
}

static void
omni_window_unrealize (GtkWidget *widget)
{
  end (OMNI_WINDOW (widget));
  GTK_WIDGET_CLASS (omni_window_parent_class)->unrealize (widget);
}

static void
omni_window_dispose (GObject *object)
{
  OmniWindow *self = OMNI_WINDOW (object);

  end (self);
  g_clear_handle_id (&self->progress_id, g_source_remove);
  omni_window_dispose_stage (self);
  omni_window_clear_versions (self);
  omni_window_dispose_toasts (self);
  omni_window_dispose_session (self);
  g_clear_object (&self->chooser);
  G_OBJECT_CLASS (omni_window_parent_class)->dispose (object);
}

static void
omni_window_finalize (GObject *object)
{
  OmniWindow *self = OMNI_WINDOW (object);

  g_clear_object (&self->cancellable);
  g_clear_object (&self->comparison);
  g_clear_object (&self->document);
  g_clear_pointer (&self->compared, g_ptr_array_unref);
  g_clear_object (&self->subjects);
  g_array_unref (self->offered_tasks);
  g_ptr_array_unref (self->offered_models);
  g_ptr_array_unref (self->file_errors);
  g_free (self->sample_folder);
  g_free (self->copies_dismissed);
  omni_window_finalize_align (self);
  G_OBJECT_CLASS (omni_window_parent_class)->finalize (object);
}

static void
bind_children (GtkWidgetClass *widget_class)
{
  gtk_widget_class_bind_template_child (widget_class, OmniWindow, toasts);
  gtk_widget_class_bind_template_child (widget_class, OmniWindow, pages);
  gtk_widget_class_bind_template_child (widget_class, OmniWindow, sample_button);
  gtk_widget_class_bind_template_child (widget_class, OmniWindow, more_samples);
  gtk_widget_class_bind_template_child (widget_class, OmniWindow, drop_sign);
  gtk_widget_class_bind_template_child (widget_class, OmniWindow, filmstrip);
  gtk_widget_class_bind_template_child (widget_class, OmniWindow, viewer);
  gtk_widget_class_bind_template_child (widget_class, OmniWindow, reason);
  gtk_widget_class_bind_template_child (widget_class, OmniWindow, notice);
  gtk_widget_class_bind_template_child (widget_class, OmniWindow, fusion_error);
  gtk_widget_class_bind_template_child (widget_class, OmniWindow, fusion_error_text);
  gtk_widget_class_bind_template_child (widget_class, OmniWindow, losses_bar);
  gtk_widget_class_bind_template_child (widget_class, OmniWindow, losses_text);
  gtk_widget_class_bind_template_child (widget_class, OmniWindow, size_bar);
  gtk_widget_class_bind_template_child (widget_class, OmniWindow, size_text);
  gtk_widget_class_bind_template_child (widget_class, OmniWindow, copies_bar);
  gtk_widget_class_bind_template_child (widget_class, OmniWindow, copies_text);
  gtk_widget_class_bind_template_child (widget_class, OmniWindow, hint);
  gtk_widget_class_bind_template_child (widget_class, OmniWindow, progress);
  gtk_widget_class_bind_template_child (widget_class, OmniWindow, phase);
  gtk_widget_class_bind_template_child (widget_class, OmniWindow, progress_bar);
  gtk_widget_class_bind_template_child (widget_class, OmniWindow, fuse_button);
  gtk_widget_class_bind_template_child (widget_class, OmniWindow, chip);
  gtk_widget_class_bind_template_child (widget_class, OmniWindow, zoom);
  gtk_widget_class_bind_template_child (widget_class, OmniWindow, task);
  gtk_widget_class_bind_template_child (widget_class, OmniWindow, model);
  gtk_widget_class_bind_template_child (widget_class, OmniWindow, options);
  gtk_widget_class_bind_template_child_full (widget_class, "picker_a", FALSE,
                                             G_STRUCT_OFFSET (OmniWindow, pickers[0]));
  gtk_widget_class_bind_template_child_full (widget_class, "picker_b", FALSE,
                                             G_STRUCT_OFFSET (OmniWindow, pickers[1]));
  gtk_widget_class_bind_template_child (widget_class, OmniWindow, second_picker);
  gtk_widget_class_bind_template_child (widget_class, OmniWindow, difference);
  gtk_widget_class_bind_template_child_full (widget_class, "menu_button", FALSE,
                                             G_STRUCT_OFFSET (OmniWindow, menu_buttons[0]));
  gtk_widget_class_bind_template_child_full (widget_class, "views_button", FALSE,
                                             G_STRUCT_OFFSET (OmniWindow, menu_buttons[1]));
  gtk_widget_class_bind_template_child (widget_class, OmniWindow, flap);
  gtk_widget_class_bind_template_child (widget_class, OmniWindow, drawer);
  gtk_widget_class_bind_template_child (widget_class, OmniWindow, metrics);
  gtk_widget_class_bind_template_child (widget_class, OmniWindow, compare);
}

static void
omni_window_class_init (OmniWindowClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  object_class->dispose = omni_window_dispose;
  object_class->finalize = omni_window_finalize;
  widget_class->unrealize = omni_window_unrealize;

  g_type_ensure (OMNI_TYPE_FILMSTRIP);
  g_type_ensure (OMNI_TYPE_VIEWER);
  g_type_ensure (OMNI_TYPE_COMPARE_VIEW);
  g_type_ensure (OMNI_TYPE_DIFFERENCE_BAR);
  g_type_ensure (OMNI_TYPE_HISTOGRAM);
  g_type_ensure (OMNI_TYPE_INSPECTOR);
  g_type_ensure (OMNI_TYPE_LEVEL_BAR);
  g_type_ensure (OMNI_TYPE_METRICS_PANEL);
  g_type_ensure (OMNI_TYPE_OPTIONS_BUTTON);
  g_type_ensure (OMNI_TYPE_ORDER_CHIP);
  gtk_widget_class_set_template_from_resource (widget_class, "/io/github/omnifuse/Omnifuse/window.ui");
  bind_children (widget_class);
  gtk_widget_class_bind_template_callback (widget_class, dismiss_cb);
  gtk_widget_class_bind_template_callback (widget_class, copies_response_cb);
  gtk_widget_class_bind_template_callback (widget_class, view_changed_cb);
  gtk_widget_class_bind_template_callback (widget_class, viewer_failed_cb);
  gtk_widget_class_bind_template_callback (widget_class, show_source_cb);
  omni_window_class_install_actions (widget_class);
  omni_window_class_install_errors (widget_class);
  omni_window_class_install_files (widget_class);
  omni_window_class_install_metrics (widget_class);
  omni_window_class_install_inspect (widget_class);
  omni_window_class_install_view (widget_class);
  omni_window_class_install_export (widget_class);
  omni_window_class_install_stage (widget_class);
  omni_window_class_install_versions (widget_class);
  omni_window_class_install_session (widget_class);
  omni_window_class_install_sources (widget_class);
  omni_window_class_install_winner (widget_class);
  omni_window_class_install_align (widget_class);
  omni_window_class_install_weights (widget_class);
  omni_window_class_install_writing (widget_class);
}

static void
omni_window_init (OmniWindow *self)
{
  self->cancellable = g_cancellable_new ();
  self->file_errors = g_ptr_array_new_with_free_func (g_free);
  gtk_widget_init_template (GTK_WIDGET (self));
}

OmniWindow *
omni_window_new (AdwApplication *application, OmniEngine *engine)
{
  OmniWindow *self = g_object_new (OMNI_TYPE_WINDOW, "application", application, NULL);

  self->document = omni_document_new (engine);
  omni_filmstrip_set_document (self->filmstrip, self->document);
  omni_options_button_set_document (self->options, self->document);
  omni_window_init_offers (self);
  omni_window_init_view (self);
  omni_window_init_export (self);
  omni_window_init_panes (self);
  omni_window_init_files (self);
  omni_window_init_writing (self);
  omni_window_init_metrics (self);
  omni_window_init_inspect (self);
  omni_window_init_stage (self);
  omni_window_init_versions (self);
  omni_window_init_session (self);
  omni_window_init_sources (self);
  omni_window_init_winner (self);
  omni_window_init_align (self);
  omni_window_add_keys (self);
  follow_menus (self);
  follow_document (self);
  document_changed_cb (self);
  gtk_widget_add_tick_callback (GTK_WIDGET (self), first_frame_cb, NULL, NULL);
  return self;
}
