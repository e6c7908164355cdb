/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "ui/filmstrip/filmstrip.h"
#include "ui/filmstrip/source-card.h"

G_BEGIN_DECLS

struct _OmniFilmstrip
{
  AdwBin parent_instance;

  OmniDocument *document;
  OmniSource *selected; /* the one selected last */
  GPtrArray *chosen;    /* OmniSource: all that are selected, in list order */
  gboolean restoring;   /* the selection is being put back */
  gboolean had_focus;   /* while the list changes */

  GtkLabel *count;
  GtkListBox *list;
  GtkScrolledWindow *scroller;
  GtkWidget *menu;

  /* rows.c */
  GHashTable *rows;  /* OmniSource → OmniSourceCard, of those that have one already */
  guint n_looked_at; /* sources from the first on that have theirs */
  guint rows_id, seen_id;

  /* glide.c */
  GHashTable *places; /* OmniSource → px from the top of the list, before the last change */
  GArray *tops;       /* double: of each place, then */
  GArray *offsets;    /* double: how far each card is from its place when the gliding begins */
  AdwAnimation *glide;
  gboolean still; /* the person has moved the cards already */

  /* dnd.c */
  GPtrArray *dragged;  /* GtkListBoxRow; NULL: none of ours */
  GtkListBoxRow *held; /* of those, under the pointer */
  double grab_x;
  double grab_y;
  int gap; /* how many cards stand before it, or -1 */
  double scroll_speed;
  guint scroll_id;
};

/* Of a place in the document; NULL while it is still to be made. */
OmniSourceCard *omni_filmstrip_get_card (OmniFilmstrip *self, guint position);
void omni_filmstrip_emit_texture (OmniFilmstrip *self, GdkTexture *texture, guint position);
void omni_filmstrip_emit_files (OmniFilmstrip *self, GdkFileList *files, guint position);

void omni_filmstrip_init_rows (OmniFilmstrip *self);
void omni_filmstrip_clear_rows (OmniFilmstrip *self);

/* After the document has changed. */
void omni_filmstrip_update_rows (OmniFilmstrip *self);

/* Around a change of the list: cards that only change their places glide there. */
void omni_filmstrip_init_glide (OmniFilmstrip *self);
void omni_filmstrip_clear_glide (OmniFilmstrip *self);
void omni_filmstrip_note_places (OmniFilmstrip *self);
void omni_filmstrip_glide (OmniFilmstrip *self);

void omni_filmstrip_init_dnd (OmniFilmstrip *self);
void omni_filmstrip_drop_sources (OmniFilmstrip *self, GPtrArray *sources,
                                  guint position); /* of this set or another one */
void omni_filmstrip_end_drag (OmniFilmstrip *self);
void omni_filmstrip_stop_scrolling (OmniFilmstrip *self);

G_END_DECLS
