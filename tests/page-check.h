/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* What stands in a page of app/report/html.h. */

#include <glib.h>
#include <string.h>

typedef struct
{
  guint n_pictures, n_rows, n_cells, n_bars, n_links;
  GHashTable *ids;
  GPtrArray *targets;
  GString *text;
} Seen;

static inline const char *
get_attribute (const char **names, const char **values, const char *name)
{
  for (guint i = 0; names[i] != NULL; i++)
    if (g_str_equal (names[i], name))
      return values[i];
  return NULL;
}

static inline void
start_cb (GMarkupParseContext *context, const char *element, const char **names, const char **values,
          gpointer user_data, GError **error)
{
  Seen *seen = user_data;
  const char *id = get_attribute (names, values, "id"), *href = get_attribute (names, values, "href");
  const char *class = get_attribute (names, values, "class");
  seen->n_rows += g_str_equal (element, "tr");
  seen->n_cells += g_str_equal (element, "td");
  seen->n_bars += g_str_equal (element, "rect") && g_strcmp0 (class, "track") != 0;
  if (id != NULL)
    g_assert_true (g_hash_table_add (seen->ids, g_strdup (id)));
  if (href != NULL)
    g_ptr_array_add (seen->targets, g_strdup (href));
  if (g_str_equal (element, "img"))
  {
    seen->n_pictures++;
    g_assert_true (g_str_has_prefix (get_attribute (names, values, "src"), "data:image/"));
  }
}

static inline void
text_cb (GMarkupParseContext *context, const char *text, gsize size, gpointer user_data, GError **error)
{
  g_string_append_len (((Seen *)user_data)->text, text, (gssize)size);
}

/* The page must be well-formed, fetch nothing, and its links must lead somewhere. */
static inline Seen
parse (GBytes *page)
{
  static const GMarkupParser parser = { .start_element = start_cb, .text = text_cb };
  Seen seen = { .ids = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL),
                .targets = g_ptr_array_new_with_free_func (g_free),
                .text = g_string_new (NULL) };
  g_autoptr (GMarkupParseContext) context = g_markup_parse_context_new (&parser, 0, &seen, NULL);
  gsize size;
  const char *data = g_bytes_get_data (page, &size);
  GError *error = NULL;
  g_markup_parse_context_parse (context, data, (gssize)size, &error);
  g_assert_no_error (error);
  g_markup_parse_context_end_parse (context, &error);
  g_assert_no_error (error);
  g_assert_null (g_strstr_len (data, (gssize)size, "http"));
  g_assert_null (g_strstr_len (data, (gssize)size, "url("));
  for (guint i = 0; i < seen.targets->len; i++)
  {
    const char *target = seen.targets->pdata[i];
    g_assert_true (target[0] == '#' && g_hash_table_contains (seen.ids, target + 1));
  }
  return seen;
}

static inline void
seen_clear (Seen *seen)
{
  g_hash_table_unref (seen->ids);
  g_ptr_array_unref (seen->targets);
  g_string_free (seen->text, TRUE);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Seen, seen_clear)
