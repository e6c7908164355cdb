/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "models/training/trainer-private.h"

#include <string.h>

/* Sums of floats depend on their order, and a step is full of them: over the members of a set, and over the images of a batch
 * in every gradient of a weight. So the members of a set are put into an order of their own before anything sees them: by
 * brightness, then by role, then by the bytes of their pixels. Whoever compares equal is the same picture in the same role, and
 * it does not matter which of the two comes first: the list's order cannot show in any bit that follows.
 *
 * A network for pairs tells them apart as its graph does (models/pair.c): one of the roles that it puts first comes first,
 * where the other has another role; else the brighter one. */

typedef struct
{
  const float *luma; /* of the set */
  const OmniRole *roles;
  const double *sums; /* of each member */
  guint first_roles;
  gsize pixels;
} Set;

static int
compare_members (gconstpointer a, gconstpointer b, gpointer data)
{
  const Set *set = data;
  const guint i = *(const guint *)a, j = *(const guint *)b;

  const OmniRole a_role = set->roles != NULL ? set->roles[i] : OMNI_ROLE_NONE;
  const OmniRole b_role = set->roles != NULL ? set->roles[j] : OMNI_ROLE_NONE;
  const gboolean is_first = (set->first_roles & OMNI_ROLE_MARK (a_role)) != 0;

  if (a_role != OMNI_ROLE_NONE && b_role != OMNI_ROLE_NONE
      && is_first != ((set->first_roles & OMNI_ROLE_MARK (b_role)) != 0))
    return is_first ? -1 : 1;
  if (set->sums[i] != set->sums[j])
    return set->sums[i] > set->sums[j] ? -1 : 1;
  if (a_role != b_role)
    return a_role > b_role ? -1 : 1;
  return memcmp (set->luma + i * set->pixels, set->luma + j * set->pixels, set->pixels * sizeof (float));
}

void
omni_train_order_members (const OmniTrainBatch *batch, guint first_roles, guint b, guint *order)
{
  const gsize pixels = (gsize)batch->size_px * batch->size_px;
  const guint first = b * batch->n_sources;
  g_autofree double *sums = g_new0 (double, batch->n_sources);
  const Set set = { .luma = batch->luma + first * pixels,
                    .roles = batch->roles != NULL ? batch->roles + first : NULL,
                    .sums = sums,
                    .first_roles = first_roles,
                    .pixels = pixels };

  for (guint k = 0; k < batch->n_sources; k++)
  {
    order[k] = k;
    for (gsize i = 0; i < pixels; i++)
      sums[k] += set.luma[k * pixels + i];
  }
  g_qsort_with_data (order, (int)batch->n_sources, sizeof *order, compare_members, (gpointer)&set);
}

float *
omni_train_dup_ordered (const OmniTrainBatch *batch, guint first_roles)
{
  const gsize pixels = (gsize)batch->size_px * batch->size_px;
  const guint n = batch->n_sources;
  float *luma = g_new (float, batch->n_sets *n *pixels);
  g_autofree guint *order = g_new (guint, n);

  for (guint b = 0; b < batch->n_sets; b++)
  {
    omni_train_order_members (batch, first_roles, b, order);
    for (guint k = 0; k < n; k++)
      memcpy (luma + (b * n + k) * pixels, batch->luma + (b * n + order[k]) * pixels,
              pixels * sizeof (float));
  }
  return luma;
}
