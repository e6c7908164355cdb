/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Cards glide to their new places when the order changes, so that the eye can follow; they jump where the person wants no
 * animations (AdwAnimation knows). */
#include "ui/filmstrip/filmstrip-private.h"

#define GLIDE_MS 450

static guint
count_cards (OmniFilmstrip *self)
{
  return omni_document_get_n_sources (self->document);
}

static void
glide_cb (double value, gpointer data)
{
  OmniFilmstrip *self = data;

  /* The document may be ahead of the list, and the list shorter than it was. */
  for (guint i = 0; i < self->offsets->len; i++)
  {
    OmniSourceCard *card = omni_filmstrip_get_card (self, i);
    if (card != NULL)
      omni_source_card_set_offset (card, g_array_index (self->offsets, double, i) * (1 - value));
  }
}

/* The document has changed already, the list has not. */
void
omni_filmstrip_note_places (OmniFilmstrip *self)
{
  graphene_rect_t bounds;
  GtkListBoxRow *row;

  adw_animation_skip (self->glide);
  /* The skip goes by the document's places, which are no longer the list's. */
  for (int i = 0; (row = gtk_list_box_get_row_at_index (self->list, i)) != NULL; i++)
    omni_source_card_set_offset (OMNI_SOURCE_CARD (row), 0);
  g_array_set_size (self->offsets, 0);
  g_hash_table_remove_all (self->places);
  g_array_set_size (self->tops, 0);
  for (int i = 0;; i++)
  {
    row = gtk_list_box_get_row_at_index (self->list, i);
    if (row == NULL || !gtk_widget_compute_bounds (GTK_WIDGET (row), GTK_WIDGET (self->list), &bounds))
      break;
    const double top = bounds.origin.y;
    OmniSource *source = omni_source_card_get_source (OMNI_SOURCE_CARD (row));
    g_array_append_val (self->tops, top);
    g_hash_table_insert (self->places, g_object_ref (source), GUINT_TO_POINTER (self->tops->len - 1));
  }
}

/* Cards are of one height, so the places stay where they were. */
void
omni_filmstrip_glide (OmniFilmstrip *self)
{
  const guint n = count_cards (self);
  gboolean moves = FALSE;

  if (self->still || n != self->tops->len || !gtk_widget_get_mapped (GTK_WIDGET (self->list)))
    return;
  g_array_set_size (self->offsets, 0);
  for (guint i = 0; i < n; i++)
  {
    gpointer place;
    if (!g_hash_table_lookup_extended (self->places, omni_document_get_source (self->document, i), NULL,
                                       &place))
      return;
    const double offset = g_array_index (self->tops, double, GPOINTER_TO_UINT (place))
                          - g_array_index (self->tops, double, i);
    g_array_append_val (self->offsets, offset);
    moves |= offset != 0;
  }
  if (moves)
    adw_animation_play (self->glide);
}

void
omni_filmstrip_init_glide (OmniFilmstrip *self)
{
  AdwAnimationTarget *target = adw_callback_animation_target_new (glide_cb, self, NULL);

  self->places = g_hash_table_new_full (NULL, NULL, g_object_unref, NULL);
  self->tops = g_array_new (FALSE, FALSE, sizeof (double));
  self->offsets = g_array_new (FALSE, FALSE, sizeof (double));
  self->glide = adw_timed_animation_new (GTK_WIDGET (self), 0, 1, GLIDE_MS, target);
}

void
omni_filmstrip_clear_glide (OmniFilmstrip *self)
{
  if (self->glide == NULL)
    return;
  g_array_set_size (self->offsets, 0);
  adw_animation_reset (self->glide);
  g_clear_object (&self->glide);
  g_clear_pointer (&self->places, g_hash_table_unref);
  g_clear_pointer (&self->tops, g_array_unref);
  g_clear_pointer (&self->offsets, g_array_unref);
}
