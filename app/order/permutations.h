/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* n!, or G_MAXUINT64 when that is too small for it. */
guint64 omni_permutations_count (guint n);

/* Orders of 0 … n − 1, no two alike, the given order first: all of them in lexicographic order when `n_wanted` reaches
 * n!, else `n_wanted` drawn at random by `seed`. */
typedef struct _OmniPermutations OmniPermutations;

OmniPermutations *omni_permutations_new (guint n, guint64 n_wanted, guint32 seed);
gboolean omni_permutations_next (OmniPermutations *self, guint *order);
void omni_permutations_free (OmniPermutations *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (OmniPermutations, omni_permutations_free)

G_END_DECLS
