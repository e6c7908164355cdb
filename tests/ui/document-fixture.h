/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* A document without a window, with four small pictures to put into it: for the tests of what a document does. Each test program is
 * one file, so these are all static; it opens `engine`. */

#include "app/document/document.h"
#include "tests/ui/fixture.h"

#define WIDTH_PX  48
#define HEIGHT_PX 40

typedef struct
{
  char *folder;
  GPtrArray *sources;
  OmniDocument *document;
  GPtrArray *shadow; /* the list as its signals tell it */
} Fixture;

static OmniEngine *engine;

G_GNUC_UNUSED static void
items_changed_cb (GListModel *list, guint position, guint removed, guint added, gpointer data)
{
  Fixture *f = data;

  if (removed > 0)
    g_ptr_array_remove_range (f->shadow, position, removed);
  for (guint i = 0; i < added; i++)
    g_ptr_array_insert (f->shadow, (int)(position + i), g_list_model_get_item (list, position + i));
}

G_GNUC_UNUSED static OmniSource *
make_source (Fixture *f, const char *name, guint width, guint height, guint level)
{
  g_autofree char *path = omni_test_write_picture (f->folder, name, width, height, level);
  g_autoptr (GError) error = NULL;
  OmniSource *source = omni_source_new (path, &error);

  g_assert_no_error (error);
  return source;
}

G_GNUC_UNUSED static void
set_up (Fixture *f, gconstpointer data)
{
  f->folder = omni_test_make_folder ();
  f->sources = g_ptr_array_new_with_free_func (g_object_unref);
  f->shadow = g_ptr_array_new_with_free_func (g_object_unref);
  for (guint i = 0; i < 4; i++)
  {
    g_autofree char *name = g_strdup_printf ("%u.png", i);
    g_ptr_array_add (f->sources, make_source (f, name, WIDTH_PX, HEIGHT_PX, 40 + 60 * i));
  }
  f->document = omni_document_new (engine);
  g_signal_connect (f->document, "items-changed", G_CALLBACK (items_changed_cb), f);
}

G_GNUC_UNUSED static void
tear_down (Fixture *f, gconstpointer data)
{
  g_signal_handlers_disconnect_by_data (f->document, f);
  g_clear_object (&f->document);
  g_ptr_array_unref (f->sources);
  g_ptr_array_unref (f->shadow);
  omni_test_remove_folder (f->folder);
}

/* The order as digits of the file names; checks that the signals told the same. */
G_GNUC_UNUSED static char *
get_order (Fixture *f)
{
  GString *order = g_string_new (NULL);

  g_assert_cmpuint (f->shadow->len, ==, g_list_model_get_n_items (G_LIST_MODEL (f->document)));
  for (guint i = 0; i < f->shadow->len; i++)
  {
    guint index;
    g_assert_true (f->shadow->pdata[i] == omni_document_get_source (f->document, i));
    g_assert_true (g_ptr_array_find (f->sources, f->shadow->pdata[i], &index));
    g_string_append_printf (order, "%u", index);
  }
  return g_string_free (order, FALSE);
}

#define assert_order(f, expected)                                                                            \
  do                                                                                                         \
  {                                                                                                          \
    g_autofree char *order_ = get_order (f);                                                                 \
    g_assert_cmpstr (order_, ==, expected);                                                                  \
  } while (0)

G_GNUC_UNUSED static gboolean
is_idle (gpointer data)
{
  return !omni_document_is_busy (data);
}

/* FALSE when this machine cannot fuse at all; the test is skipped then. */
G_GNUC_UNUSED static gboolean
wait_for_result (Fixture *f)
{
  g_autoptr (GError) error = NULL;

  if (!omni_engine_ensure_device (engine, NULL, &error))
  {
    g_test_skip (error->message);
    return FALSE;
  }
  g_assert_true (omni_test_wait (is_idle, f->document));
  g_assert_cmpstr (omni_document_get_error (f->document), ==, NULL);
  g_assert_nonnull (omni_document_get_result (f->document));
  g_assert_false (omni_document_is_stale (f->document));
  return TRUE;
}
