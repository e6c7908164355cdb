/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/files/csv.h"

struct _OmniCsv
{
  GPtrArray *rows; /* GPtrArray of char *; the first is the heading */
};

/* (transfer full) The field at `*at`, which moves to the comma, the line's end or the text's end behind it; NULL when a
 * quote is not closed. */
static char *
read_field (const char **at)
{
  const char *p = *at;
  g_autoptr (GString) field = g_string_new (NULL);
  if (*p != '"')
    for (; *p != '\0' && *p != ',' && *p != '\n' && *p != '\r'; p++)
      g_string_append_c (field, *p);
  else
    for (p++; p[0] != '"' || p[1] == '"'; p++)
    {
      if (*p == '\0')
        return NULL;
      g_string_append_c (field, *p);
      p += *p == '"';
    }
  p += *p == '"';
  while (*p != '\0' && *p != ',' && *p != '\n')
    p++;
  *at = p;
  return g_string_free (g_steal_pointer (&field), FALSE);
}

/* FALSE when a quote is not closed. */
static gboolean
read_rows (GPtrArray *rows, const char *text)
{
  const char *at = text;
  while (*at != '\0')
  {
    g_autoptr (GPtrArray) row = g_ptr_array_new_with_free_func (g_free);
    for (gboolean more = TRUE; more; at += more)
    {
      char *field = read_field (&at);
      if (field == NULL)
        return FALSE;
      g_ptr_array_add (row, field);
      more = *at == ',';
    }
    at += *at == '\n';
    const gboolean is_empty = row->len == 1 && *(const char *)row->pdata[0] == '\0';
    if (!is_empty)
      g_ptr_array_add (rows, g_steal_pointer (&row));
  }
  return TRUE;
}

OmniCsv *
omni_csv_read (const char *path, GError **error)
{
  g_autofree char *name = g_filename_display_name (path);
  g_autofree char *text = NULL;
  g_autoptr (GError) cause = NULL;
  g_autoptr (OmniCsv) self = g_new0 (OmniCsv, 1);
  gsize size;
  self->rows = g_ptr_array_new_with_free_func ((GDestroyNotify)g_ptr_array_unref);
  if (!g_file_get_contents (path, &text, &size, &cause))
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_FAILED, "“%s” cannot be read: %s.", name, cause->message);
  else if (!g_utf8_validate (text, (gssize)size, NULL))
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA, "“%s” is no table of UTF-8 text; save it again.",
                 name);
  else if (!read_rows (self->rows, g_str_has_prefix (text, "\xef\xbb\xbf") ? text + 3 : text))
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA, "“%s” ends inside a quoted field; mend it.",
                 name);
  else if (self->rows->len == 0)
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA, "“%s” is empty; it needs a heading.", name);
  else
    return g_steal_pointer (&self);
  return NULL;
}

void
omni_csv_free (OmniCsv *self)
{
  if (self == NULL)
    return;
  g_ptr_array_unref (self->rows);
  g_free (self);
}

gboolean
omni_csv_find_column (const OmniCsv *self, const char *name, guint *column)
{
  return g_ptr_array_find_with_equal_func (self->rows->pdata[0], name, g_str_equal, column);
}

guint
omni_csv_count_rows (const OmniCsv *self)
{
  return self->rows->len - 1;
}

const char *
omni_csv_get (const OmniCsv *self, guint row, guint column)
{
  const GPtrArray *fields = self->rows->pdata[row + 1];
  return column < fields->len ? fields->pdata[column] : "";
}

void
omni_csv_add_quoted (GString *text, const char *field)
{
  g_string_append_c (text, '"');
  for (; *field != '\0'; field++)
  {
    if (*field == '"')
      g_string_append_c (text, '"');
    g_string_append_c (text, *field);
  }
  g_string_append_c (text, '"');
}
