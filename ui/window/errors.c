/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What went wrong with files: a sentence each, the newest first, and all of them stay until somebody has read them. */
#include "ui/window/window-private.h"

#include <glib/gi18n.h>
#include <string.h>

/* In sight; the others are in a list that opens. */
#define MAX_LINES 4

static char *
join_errors (OmniWindow *self, guint from, guint to)
{
  GString *words = g_string_new (NULL);

  for (guint i = from; i < to; i++)
    g_string_append_printf (words, "%s%s", i > from ? "\n" : "", (char *)self->file_errors->pdata[i]);
  return g_string_free (words, FALSE);
}

static void
update_bar (OmniWindow *self)
{
  const guint n = self->file_errors->len, n_seen = MIN (n, MAX_LINES), n_others = n - n_seen;
  g_autofree char *seen = join_errors (self, 0, n_seen);
  g_autofree char *others = join_errors (self, n_seen, n);
  g_autofree char *title = g_strdup_printf (ngettext ("%u more message", "%u more messages", n_others),
                                            n_others);

  if (n > 0) /* it slides out with its words */
    gtk_label_set_text (self->file_error_text, seen);
  gtk_label_set_text (self->file_error_others, others);
  gtk_expander_set_label (self->file_error_more, title);
  gtk_widget_set_visible (GTK_WIDGET (self->file_error_more), n_others > 0);
  omni_window_reveal_bar (self->file_error, n > 0);
}

void
omni_window_show_file_error (OmniWindow *self, const char *message)
{
  g_auto (GStrv) lines = g_strsplit (message, "\n", -1);

  for (guint i = g_strv_length (lines); i > 0; i--)
  {
    guint before;
    if (g_ptr_array_find_with_equal_func (self->file_errors, lines[i - 1], g_str_equal, &before))
      g_ptr_array_remove_index (self->file_errors, before);
    g_ptr_array_insert (self->file_errors, 0, g_strdup (lines[i - 1]));
  }
  update_bar (self);
}

/* Not as a part of a longer name: “1.png” of “11.png”. */
static gboolean
is_about (const char *message, const char *name)
{
  for (const char *at = strstr (message, name); at != NULL; at = strstr (at + 1, name))
  {
    const gunichar before = at > message ? g_utf8_get_char (g_utf8_prev_char (at)) : ' ';
    const gunichar after = g_utf8_get_char (at + strlen (name));
    if (!g_unichar_isalnum (before) && strchr ("._-", (int)MIN (before, 127)) == NULL
        && !g_unichar_isalnum (after))
      return TRUE;
  }
  return FALSE;
}

void
omni_window_take_back_file_errors (OmniWindow *self, const char *name)
{
  for (guint i = self->file_errors->len; i > 0; i--)
    if (is_about (self->file_errors->pdata[i - 1], name))
      g_ptr_array_remove_index (self->file_errors, i - 1);
  update_bar (self);
}

static void
file_errors_read_cb (OmniWindow *self)
{
  g_ptr_array_set_size (self->file_errors, 0);
  gtk_expander_set_expanded (self->file_error_more, FALSE);
  update_bar (self);
}

void
omni_window_class_install_errors (GtkWidgetClass *widget_class)
{
  gtk_widget_class_bind_template_child (widget_class, OmniWindow, file_error);
  gtk_widget_class_bind_template_child (widget_class, OmniWindow, file_error_text);
  gtk_widget_class_bind_template_child (widget_class, OmniWindow, file_error_more);
  gtk_widget_class_bind_template_child (widget_class, OmniWindow, file_error_others);
  gtk_widget_class_bind_template_callback (widget_class, file_errors_read_cb);
}
