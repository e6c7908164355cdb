/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "ui/filmstrip.h"
#include "ui/source-card.h"

G_BEGIN_DECLS

struct _OmniFilmstrip
{
  AdwBin parent_instance;

  OmniDocument *document;
  OmniSource *selected;
  gboolean had_focus; /* while the list changes */

  GtkLabel *count;
  GtkListBox *list;
  GtkScrolledWindow *scroller;
  GtkWidget *menu;

  /* filmstrip-dnd.c */
  GtkListBoxRow *dragged;
  double grab_x;
  double grab_y;
  int gap; /* how many cards stand before it, or -1 */
  double scroll_speed;
  guint scroll_id;
};

OmniSourceCard *omni_filmstrip_get_card (OmniFilmstrip *self, guint position);
void omni_filmstrip_emit_files (OmniFilmstrip *self, GdkFileList *files, guint position);

void omni_filmstrip_init_dnd (OmniFilmstrip *self);
void omni_filmstrip_stop_scrolling (OmniFilmstrip *self);

G_END_DECLS
