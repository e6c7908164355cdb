/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/view/frame.h"

G_BEGIN_DECLS

/* A labelled page of pictures: rows and columns, on white, with what stands above, beside and below. Made of copies, so that it
 * is drawn in a worker thread while the window goes on. */
typedef struct _OmniSheet OmniSheet;

OmniSheet *omni_sheet_new (guint n_columns);
void omni_sheet_free (OmniSheet *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (OmniSheet, omni_sheet_free)

/* The next cell, row by row: a picture with words above it (nullable). `frame` is (transfer full) (nullable): an empty cell. */
void omni_sheet_add (OmniSheet *self, OmniViewFrame *frame, const char *words);

/* Words at the left of row `row`, and below all. */
void omni_sheet_set_row_words (OmniSheet *self, guint row, const char *words);
void omni_sheet_set_footer (OmniSheet *self, const char *words);

/* Colours between two numbers, below all. */
void omni_sheet_set_bar (OmniSheet *self, OmniColourMap map, const char *from, const char *to);

guint omni_sheet_get_n_cells (OmniSheet *self);

/* (transfer full) The page, or one cell between its words and the foot: 8 bits, three channels. Any thread. */
OmniPicture *omni_sheet_draw (OmniSheet *self, GError **error);
OmniPicture *omni_sheet_draw_cell (OmniSheet *self, guint cell, GError **error);

G_END_DECLS
