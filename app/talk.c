/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/talk.h"

#include <glib/gi18n.h>

#define MAX_BYTES (1 << 20)

struct _OmniTalk
{
  GArray *steps; /* OmniTalkStep */
};

static const char *const actions[] = { "words", "sources", "result", "shuffle", "orders", "control",
                                       "foil",  "map",     "break",  "black",   NULL };

G_STATIC_ASSERT (G_N_ELEMENTS (actions) == OMNI_TALK_BLACK + 2);

static void
step_clear (gpointer data)
{
  OmniTalkStep *step = data;

  g_free (step->title);
  g_free (step->text);
}

void
omni_talk_free (OmniTalk *self)
{
  g_array_unref (self->steps);
  g_free (self);
}

static gboolean
read_action (GKeyFile *file, const char *group, const char *name, OmniTalkAction *action, GError **error)
{
  g_autofree char *word = g_key_file_get_string (file, group, "Do", NULL);

  *action = OMNI_TALK_WORDS;
  if (word == NULL)
    return TRUE;
  for (guint i = 0; actions[i] != NULL; i++)
    if (g_str_equal (word, actions[i]))
    {
      *action = (OmniTalkAction)i;
      return TRUE;
    }
  g_autofree char *all = g_strjoinv (", ", (char **)actions);
  g_set_error (error, G_KEY_FILE_ERROR, G_KEY_FILE_ERROR_INVALID_VALUE,
               _ ("“%s”: the step “%s” wants “%s”; possible are %s."), name, group, word, all);
  return FALSE;
}

OmniTalk *
omni_talk_new_from_bytes (GBytes *bytes, const char *name, GError **error)
{
  g_autoptr (GKeyFile) file = g_key_file_new ();
  g_autoptr (GError) cause = NULL;
  g_autoptr (OmniTalk) self = g_new0 (OmniTalk, 1);
  gsize n_groups = 0;

  self->steps = g_array_new (FALSE, TRUE, sizeof (OmniTalkStep));
  g_array_set_clear_func (self->steps, step_clear);
  if (!g_key_file_load_from_bytes (file, bytes, G_KEY_FILE_KEEP_TRANSLATIONS, &cause))
  {
    g_set_error (error, G_KEY_FILE_ERROR, G_KEY_FILE_ERROR_PARSE,
                 _ ("“%s” is not a talk: %s. A talk has lines such as “[Title]”, “Do=shuffle” and “Text=…”."),
                 name, cause->message);
    return NULL;
  }
  g_auto (GStrv) groups = g_key_file_get_groups (file, &n_groups);
  for (gsize i = 0; i < n_groups; i++)
  {
    OmniTalkStep step = { NULL };
    if (!read_action (file, groups[i], name, &step.action, error))
      return NULL;
    step.title = g_key_file_get_locale_string (file, groups[i], "Title", NULL, NULL);
    if (step.title == NULL)
      step.title = g_strdup (groups[i]);
    step.text = g_key_file_get_locale_string (file, groups[i], "Text", NULL, NULL);
    g_array_append_val (self->steps, step);
  }
  if (n_groups > 0)
    return g_steal_pointer (&self);
  g_set_error (error, G_KEY_FILE_ERROR, G_KEY_FILE_ERROR_PARSE,
               _ ("“%s” has no steps; each begins with a line such as “[Title]”."), name);
  return NULL;
}

OmniTalk *
omni_talk_load (const char *path, GError **error)
{
  g_autofree char *name = g_filename_display_basename (path);
  g_autofree char *text = NULL;
  g_autoptr (GError) cause = NULL;
  gsize length;

  if (!g_file_get_contents (path, &text, &length, &cause))
  {
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_FAILED, _ ("“%s” cannot be read: %s"), name, cause->message);
    return NULL;
  }
  if (length > MAX_BYTES)
  {
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA,
                 _ ("“%s” is too large for a talk; choose a text file of steps."), name);
    return NULL;
  }
  g_autoptr (GBytes) bytes = g_bytes_new_take (g_steal_pointer (&text), length);
  return omni_talk_new_from_bytes (bytes, name, error);
}

guint
omni_talk_get_n_steps (const OmniTalk *self)
{
  return self->steps->len;
}

const OmniTalkStep *
omni_talk_get_step (const OmniTalk *self, guint index)
{
  return index < self->steps->len ? &g_array_index (self->steps, OmniTalkStep, index) : NULL;
}
