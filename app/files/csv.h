/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* A table of comma-separated values (RFC 4180) with a heading; small files, read at once. */
typedef struct _OmniCsv OmniCsv;

/* NULL with an error that names the file: unreadable, not UTF-8, without a heading, or an unclosed quote. */
OmniCsv *omni_csv_read (const char *path, GError **error);
void omni_csv_free (OmniCsv *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (OmniCsv, omni_csv_free)

gboolean omni_csv_find_column (const OmniCsv *self, const char *name, guint *column);
guint omni_csv_count_rows (const OmniCsv *self);

/* (transfer none) "" where the row is shorter than the heading. */
const char *omni_csv_get (const OmniCsv *self, guint row, guint column);

/* The field as such a table has it: in quotes, and its own doubled. */
void omni_csv_add_quoted (GString *text, const char *field);

G_END_DECLS
