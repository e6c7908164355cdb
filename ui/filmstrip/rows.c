/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The rows of the list: one for each source of the document, in its order. They stay while a source stays, wherever it goes, and
 * of hundreds only a few are made at a time, so that the window goes on. */
#include "ui/filmstrip/filmstrip-private.h"

#define SLICE_US     4000 /* of a turn of the main loop */
#define ROWS_AT_ONCE 8    /* a small set is all there at once; about what is seen of a large one */

OmniSourceCard *
omni_filmstrip_get_card (OmniFilmstrip *self, guint position)
{
  OmniSource *source = omni_document_get_source (self->document, position);

  return source != NULL ? g_hash_table_lookup (self->rows, source) : NULL;
}

static int
compare_rows (GtkListBoxRow *a, GtkListBoxRow *b, gpointer data)
{
  const guint first = omni_source_card_get_position (OMNI_SOURCE_CARD (a));
  const guint second = omni_source_card_get_position (OMNI_SOURCE_CARD (b));

  return (first > second) - (first < second);
}

/* Not all renderers leave out what cannot be seen: hundreds of cards would be drawn with every frame. */

static void
update_seen (OmniFilmstrip *self)
{
  GtkAdjustment *place = gtk_scrolled_window_get_vadjustment (self->scroller);
  const double page = gtk_adjustment_get_page_size (place);
  const double top = gtk_adjustment_get_value (place) - page, bottom = top + 3 * page;
  GHashTableIter iter;
  gpointer card;

  g_hash_table_iter_init (&iter, self->rows);
  while (g_hash_table_iter_next (&iter, NULL, &card))
  {
    graphene_rect_t bounds;
    const gboolean placed = gtk_widget_get_height (card) > 0
                            && gtk_widget_compute_bounds (card, GTK_WIDGET (self->list), &bounds);
    omni_source_card_set_seen (
      card, !placed || (bounds.origin.y + bounds.size.height > top && bounds.origin.y < bottom));
  }
}

static gboolean
seen_cb (gpointer data)
{
  OmniFilmstrip *self = data;

  self->seen_id = 0;
  update_seen (self);
  return G_SOURCE_REMOVE;
}

/* Where rows are is known after the next layout. */
static void
update_seen_later (OmniFilmstrip *self)
{
  if (self->seen_id == 0)
    self->seen_id = g_idle_add (seen_cb, self);
}

static void
make_row (OmniFilmstrip *self, OmniSource *source, guint position)
{
  GtkWidget *row = omni_source_card_new (source);

  g_hash_table_insert (self->rows, g_object_ref (source), row);
  omni_source_card_refresh (OMNI_SOURCE_CARD (row), self->document, position);
  gtk_list_box_append (self->list, row); /* where the order says */
  if (!g_ptr_array_find (self->chosen, source, NULL))
    return;
  const gboolean was_restoring = self->restoring;
  self->restoring = TRUE;
  gtk_list_box_select_row (self->list, GTK_LIST_BOX_ROW (row));
  self->restoring = was_restoring;
}

/* TRUE: there are more to make. */
static gboolean
make_rows (OmniFilmstrip *self, guint at_once)
{
  const gint64 end_us = g_get_monotonic_time () + SLICE_US;
  const guint n = omni_document_get_n_sources (self->document);

  for (guint n_made = 0; self->n_looked_at < n; self->n_looked_at++)
  {
    OmniSource *source = omni_document_get_source (self->document, self->n_looked_at);
    if (g_hash_table_contains (self->rows, source))
      continue;
    if (n_made >= at_once && g_get_monotonic_time () >= end_us)
      return TRUE;
    make_row (self, source, self->n_looked_at);
    n_made++;
  }
  return FALSE;
}

static gboolean
make_more_cb (gpointer data)
{
  OmniFilmstrip *self = data;

  if (make_rows (self, 1))
    return G_SOURCE_CONTINUE;
  self->rows_id = 0;
  return G_SOURCE_REMOVE;
}

static void
remove_rows (OmniFilmstrip *self)
{
  GHashTableIter iter;
  gpointer source, row;

  g_hash_table_iter_init (&iter, self->rows);
  while (g_hash_table_iter_next (&iter, &source, &row))
  {
    if (omni_document_find (self->document, source, NULL))
      continue;
    gtk_list_box_remove (self->list, row);
    g_hash_table_iter_remove (&iter);
  }
}

void
omni_filmstrip_update_rows (OmniFilmstrip *self)
{
  remove_rows (self);
  for (guint i = 0; i < omni_document_get_n_sources (self->document); i++)
  {
    OmniSourceCard *card = omni_filmstrip_get_card (self, i);
    if (card == NULL)
      continue;
    omni_source_card_set_position (card, i);
    omni_source_card_set_seen (card, TRUE);
  }
  update_seen_later (self);
  gtk_list_box_invalidate_sort (self->list);
  self->n_looked_at = 0;
  /* Below redrawing, which shows those that are there. */
  if (make_rows (self, ROWS_AT_ONCE) && self->rows_id == 0)
    self->rows_id = g_idle_add (make_more_cb, self);
}

void
omni_filmstrip_init_rows (OmniFilmstrip *self)
{
  self->rows = g_hash_table_new_full (NULL, NULL, g_object_unref, NULL);
  gtk_list_box_set_sort_func (self->list, compare_rows, self, NULL);
  GtkAdjustment *place = gtk_scrolled_window_get_vadjustment (self->scroller);
  g_signal_connect_object (place, "value-changed", G_CALLBACK (update_seen), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (place, "changed", G_CALLBACK (update_seen_later), self, G_CONNECT_SWAPPED);
}

void
omni_filmstrip_clear_rows (OmniFilmstrip *self)
{
  g_clear_handle_id (&self->rows_id, g_source_remove);
  g_clear_handle_id (&self->seen_id, g_source_remove);
  g_hash_table_remove_all (self->rows);
}
