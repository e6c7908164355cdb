/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* A folder that holds pictures directly. */
typedef struct
{
  char *folder; /* as it was reached */
  char *key;    /* the same from the root on: sets are sorted by it */
  char *name;   /* of its result, without an extension; no two sets share one */
  guint n_pictures;
  char *problem; /* (nullable) why it cannot be listed; then nobody knows whether it is a set */
} OmniCliSet;

/* (transfer full) (element-type OmniCliSet) The sets of `folders`: each of these and what is below it, at any depth, in natural order.
 * A folder is visited once, however many links lead to it, and by its own name where it has one here; links that lead back to what
 * holds them are not followed. Hidden ones, and `output`
 * (nullable) with all below it, are passed over; `notes` (element-type utf8) gets what there is to say about folders that hold less
 * than two pictures. A function of the disk, not of the order in which it lists its files.
 *
 * The name of a set is its path below the folder it was found in, with “-” between the parts, and that folder's own name for itself.
 *
 * Errors: something that is no folder, `output` among `folders`, no set at all, cancelled. */
GPtrArray *omni_cli_find_sets (char **folders, const char *output, GPtrArray *notes,
                               GCancellable *cancellable, GError **error);

G_END_DECLS
