/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What went well is said in a toast. The next one comes when the last is gone: libadwaita 1.2 shows one that takes another's
 * place for longer than it takes to hide it, and uses it after it was freed when it is dismissed that soon. */
#include "ui/window/window-private.h"

static void show_next (OmniWindow *self);

static gboolean
next_cb (gpointer data)
{
  OmniWindow *self = data;

  self->toast_id = 0;
  show_next (self);
  return G_SOURCE_REMOVE;
}

/* The overlay frees it once it is hidden, and is still at it. */
static void
gone_cb (gpointer data, GObject *toast)
{
  OmniWindow *self = data;

  self->toast = NULL;
  if (!g_queue_is_empty (&self->next_toasts))
    self->toast_id = g_idle_add (next_cb, self);
}

static void
show_next (OmniWindow *self)
{
  if (self->toast != NULL || self->toast_id != 0 || g_queue_is_empty (&self->next_toasts))
    return;
  self->toast = g_queue_pop_head (&self->next_toasts);
  g_object_weak_ref (G_OBJECT (self->toast), gone_cb, self);
  adw_toast_overlay_add_toast (self->toasts, self->toast);
}

/* Names of files may hold what means something in markup, which titles are. */
void
omni_toast_set_words (AdwToast *toast, const char *words)
{
  g_autofree char *title = g_markup_escape_text (words, -1);

  adw_toast_set_title (toast, title);
}

void
omni_window_tell (OmniWindow *self, AdwToast *toast)
{
  g_autofree char *words = g_strdup (adw_toast_get_title (toast));

  omni_toast_set_words (toast, words);
  g_queue_push_tail (&self->next_toasts, toast);
  show_next (self);
}

void
omni_window_dispose_toasts (OmniWindow *self)
{
  g_clear_handle_id (&self->toast_id, g_source_remove);
  if (self->toast != NULL)
    g_object_weak_unref (G_OBJECT (self->toast), gone_cb, self);
  self->toast = NULL;
  g_queue_clear_full (&self->next_toasts, g_object_unref);
}
