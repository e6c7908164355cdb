/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "models/pair.h"

/* Which of two sources a network for pairs calls the first. Roles say it, else colour (a visible picture beside an
 * infrared one, a PET in false colours beside an MRI), else the brighter picture comes first: for exposures that is the
 * order of the papers. Only two pictures of exactly the same mean and without roles have no order; then the brighter of the
 * two comes first at each pixel, which is symmetric too. */

static OmniNode
negate (OmniGraph *graph, OmniNode x)
{
  return omni_graph_unary (graph, x, -1, 0, OMNI_ACTIVATION_NONE, 0);
}

static void
add_by_mark (OmniGraph *graph, OmniNode pictures, guint marks, OmniNode pair[2])
{
  const OmniNode mark = omni_graph_mark (graph, marks);

  pair[0] = omni_graph_set_select (graph, mark, pictures);
  pair[1] = omni_graph_set_select (graph, negate (graph, mark), pictures);
}

static void
add_by_brightness (OmniGraph *graph, OmniNode pictures, OmniNode pair[2])
{
  const OmniNode mean = omni_graph_picture_mean (graph, pictures);

  pair[0] = omni_graph_set_select (graph, mean, pictures);
  pair[1] = negate (graph, omni_graph_set_select (graph, negate (graph, mean), negate (graph, pictures)));
}

static void
add_pair (OmniGraph *graph, const OmniModelContext *context, OmniNode pictures, const OmniPairOrder *order,
          OmniNode pair[2])
{
  const guint first = context->roles & order->first_roles;
  const guint second = context->roles & ~order->first_roles;

  if (first != 0 && second != 0)
    add_by_mark (graph, pictures, order->first_roles, pair);
  else if (context->grey_and_colour)
  {
    add_by_mark (graph, pictures, OMNI_MARK_COLOURED, pair);
    if (!order->coloured_first)
    {
      const OmniNode held = pair[0];

      pair[0] = pair[1];
      pair[1] = held;
    }
  }
  else
    add_by_brightness (graph, pictures, pair);
}

OmniNode
omni_model_pick_first (OmniGraph *graph, const OmniModelContext *context, OmniNode x,
                       const OmniPairOrder *order)
{
  OmniNode pair[2];

  add_pair (graph, context, x, order, pair);
  return pair[0];
}

gboolean
omni_model_add_pairs (OmniGraph *graph, const OmniModelContext *context, OmniNode pictures,
                      const OmniPairOrder *order, OmniPairNetwork network, gpointer user_data,
                      OmniNode *fused, GError **error)
{
  OmniNode pair[2];

  if (context->n_sources == 2)
  {
    add_pair (graph, context, pictures, order, pair);
    return network (pair, fused, user_data, error);
  }

  pair[0] = omni_graph_set_pick (graph, pictures, 0);
  for (guint k = 1; k < context->n_sources; k++)
  {
    pair[1] = omni_graph_set_pick (graph, pictures, k);
    if (!network (pair, fused, user_data, error))
      return FALSE;
    pair[0] = *fused;
  }
  *fused = pair[0];
  return TRUE;
}
