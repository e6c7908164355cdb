/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/window/work-bar.h"

/* Most of it is done before anyone could read of it, and a bar that flashes moves the picture. */
#define SAYS_AFTER_MS 1000

struct _OmniWorkBar
{
  AdwBin parent_instance;

  GQueue works; /* OmniProgress, the oldest first */
  GCancellable *cancellable;
  guint tick_id;

  GtkInfoBar *bar;
  GtkLabel *words;
  GtkWidget *button;
};

G_DEFINE_FINAL_TYPE (OmniWorkBar, omni_work_bar, ADW_TYPE_BIN)

static void
show_words (OmniWorkBar *self)
{
  g_autofree char *words = omni_progress_describe (g_queue_peek_head (&self->works));

  gtk_label_set_text (self->words, words);
}

static gboolean
tick_cb (gpointer data)
{
  show_words (data);
  return G_SOURCE_CONTINUE;
}

static gboolean
say_cb (gpointer data)
{
  OmniWorkBar *self = data;

  show_words (self);
  gtk_widget_set_visible (GTK_WIDGET (self), TRUE);
  gtk_info_bar_set_revealed (self->bar, TRUE);
  self->tick_id = g_timeout_add (OMNI_PROGRESS_TICK_MS, tick_cb, self);
  return G_SOURCE_REMOVE;
}

static void
hide (OmniWorkBar *self)
{
  g_clear_handle_id (&self->tick_id, g_source_remove);
  gtk_info_bar_set_revealed (self->bar, FALSE);
  gtk_widget_set_visible (GTK_WIDGET (self), FALSE);
}

OmniProgress *
omni_work_bar_begin (OmniWorkBar *self, const char *words, GCancellable **cancellable)
{
  OmniProgress *work = omni_progress_new (words);

  /* What was cancelled may still be ending, and what comes now was not cancelled. */
  if (self->cancellable != NULL && g_cancellable_is_cancelled (self->cancellable))
    g_clear_object (&self->cancellable);
  if (self->cancellable == NULL)
    self->cancellable = g_cancellable_new ();
  g_queue_push_tail (&self->works, work);
  if (self->tick_id == 0)
    self->tick_id = g_timeout_add (SAYS_AFTER_MS, say_cb, self);
  *cancellable = self->cancellable;
  return work;
}

void
omni_work_bar_end (OmniWorkBar *self, OmniProgress *work)
{
  if (!g_queue_remove (&self->works, work))
    return;
  omni_progress_unref (work);
  if (!g_queue_is_empty (&self->works))
    return;
  g_clear_object (&self->cancellable);
  hide (self);
}

gboolean
omni_work_bar_is_busy (OmniWorkBar *self)
{
  return !g_queue_is_empty (&self->works);
}

void
omni_work_bar_cancel (OmniWorkBar *self)
{
  g_cancellable_cancel (self->cancellable);
  hide (self);
}

void
omni_work_bar_set_up (OmniWorkBar *self, const char *words, const char *action)
{
  gtk_button_set_label (GTK_BUTTON (self->button), words);
  gtk_actionable_set_action_name (GTK_ACTIONABLE (self->button), action);
}

static void
omni_work_bar_dispose (GObject *object)
{
  OmniWorkBar *self = OMNI_WORK_BAR (object);

  g_clear_handle_id (&self->tick_id, g_source_remove);
  g_queue_clear_full (&self->works, (GDestroyNotify)omni_progress_unref);
  g_clear_object (&self->cancellable);
  G_OBJECT_CLASS (omni_work_bar_parent_class)->dispose (object);
}

static void
omni_work_bar_class_init (OmniWorkBarClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = omni_work_bar_dispose;
  gtk_widget_class_set_template_from_resource (widget_class, "/io/github/omnifuse/Omnifuse/work-bar.ui");
  gtk_widget_class_bind_template_child (widget_class, OmniWorkBar, bar);
  gtk_widget_class_bind_template_child (widget_class, OmniWorkBar, words);
  gtk_widget_class_bind_template_child (widget_class, OmniWorkBar, button);
}

static void
omni_work_bar_init (OmniWorkBar *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}
