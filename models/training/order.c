/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "models/training/trainer-private.h"

#include <string.h>

/* Sums of floats depend on their order, and a step is full of them: over the members of a set, and over the images of a batch
 * in every gradient of a weight. So the members of a set are put into an order of their own before anything sees them: by
 * role, then by the bytes of their pixels. Whoever compares equal is the same picture in the same role, and it does not
 * matter which of the two comes first: the list's order cannot show in any bit that follows. */

typedef struct
{
  const float *luma; /* of the set */
  const OmniRole *roles;
  gsize pixels;
} Set;

static int
compare_members (gconstpointer a, gconstpointer b, gpointer data)
{
  const Set *set = data;
  const guint i = *(const guint *)a, j = *(const guint *)b;

  if (set->roles != NULL && set->roles[i] != set->roles[j])
    return set->roles[i] > set->roles[j] ? -1 : 1;
  return memcmp (set->luma + i * set->pixels, set->luma + j * set->pixels, set->pixels * sizeof (float));
}

void
omni_train_order_members (const OmniTrainBatch *batch, guint b, guint *order)
{
  const gsize pixels = (gsize)batch->size_px * batch->size_px;
  const guint first = b * batch->n_sources;
  Set set = { batch->luma + first * pixels, batch->roles != NULL ? batch->roles + first : NULL, pixels };

  for (guint k = 0; k < batch->n_sources; k++)
    order[k] = k;
  g_qsort_with_data (order, (int)batch->n_sources, sizeof *order, compare_members, &set);
}

float *
omni_train_dup_ordered (const OmniTrainBatch *batch)
{
  const gsize pixels = (gsize)batch->size_px * batch->size_px;
  const guint n = batch->n_sources;
  float *luma = g_new (float, batch->n_sets *n *pixels);
  g_autofree guint *order = g_new (guint, n);

  for (guint b = 0; b < batch->n_sets; b++)
  {
    omni_train_order_members (batch, b, order);
    for (guint k = 0; k < n; k++)
      memcpy (luma + (b * n + k) * pixels, batch->luma + (b * n + order[k]) * pixels,
              pixels * sizeof (float));
  }
  return luma;
}
