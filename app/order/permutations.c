/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/order/permutations.h"

#include <string.h>

struct _OmniPermutations
{
  guint n;
  guint64 n_left;
  gboolean all, started;
  guint *order;
  GRand *random;
  GHashTable *seen; /* GBytes */
};

guint64
omni_permutations_count (guint n)
{
  guint64 count = 1;
  for (guint i = 2; i <= n; i++)
    if (!g_uint64_checked_mul (&count, count, i))
      return G_MAXUINT64;
  return count;
}

OmniPermutations *
omni_permutations_new (guint n, guint64 n_wanted, guint32 seed)
{
  OmniPermutations *self = g_new0 (OmniPermutations, 1);
  const guint64 n_total = omni_permutations_count (n);
  self->n = n;
  self->n_left = MIN (n_wanted, n_total);
  self->all = self->n_left == n_total;
  self->order = g_new (guint, n);
  for (guint i = 0; i < n; i++)
    self->order[i] = i;
  self->random = g_rand_new_with_seed (seed);
  self->seen = g_hash_table_new_full (g_bytes_hash, g_bytes_equal, (GDestroyNotify)g_bytes_unref, NULL);
  return self;
}

void
omni_permutations_free (OmniPermutations *self)
{
  g_free (self->order);
  g_rand_free (self->random);
  g_hash_table_unref (self->seen);
  g_free (self);
}

static void
swap (guint *order, guint a, guint b)
{
  const guint kept = order[a];
  order[a] = order[b];
  order[b] = kept;
}

/* The next in lexicographic order; the caller knows that there is one. */
static void
advance (OmniPermutations *self)
{
  guint pivot = self->n - 1;
  while (pivot > 0 && self->order[pivot - 1] > self->order[pivot])
    pivot--;
  guint other = self->n - 1;
  while (self->order[other] < self->order[pivot - 1])
    other--;
  swap (self->order, pivot - 1, other);
  for (guint left = pivot, right = self->n - 1; left < right; left++, right--)
    swap (self->order, left, right);
}

static void
shuffle (OmniPermutations *self)
{
  for (guint i = self->n; i > 1; i--)
    swap (self->order, i - 1, (guint)g_rand_int_range (self->random, 0, (gint32)i));
}

gboolean
omni_permutations_next (OmniPermutations *self, guint *order)
{
  if (self->n_left == 0)
    return FALSE;
  self->n_left--;
  if (self->all && self->started)
    advance (self);
  else if (!self->all)
  {
    if (self->started)
      shuffle (self);
    while (!g_hash_table_add (self->seen, g_bytes_new (self->order, sizeof (guint) * self->n)))
      shuffle (self);
  }
  self->started = TRUE;
  memcpy (order, self->order, sizeof (guint) * self->n);
  return TRUE;
}
