/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "models/model-private.h"

G_BEGIN_DECLS

/* Networks that take two pictures, and what they do with more. */

typedef struct
{
  guint first_roles;       /* marks of the roles that come first; the others come second */
  gboolean coloured_first; /* where roles are silent and one source alone has colours */
} OmniPairOrder;

/* Appends the network for two pooled pictures of one channel; `fused` is another one. */
typedef gboolean (*OmniPairNetwork) (const OmniNode pair[2], OmniNode *fused, gpointer user_data,
                                     GError **error);

/* Two sources are told apart by roles, colour or brightness, so that the graph is order-invariant. More are fused one after
 * another in list order, as U2Fusion (§IV) does: the graph picks by position and says so. `pictures` is per source, with
 * one channel. */
gboolean omni_model_add_pairs (OmniGraph *graph, const OmniModelContext *context, OmniNode pictures,
                               const OmniPairOrder *order, OmniPairNetwork network, gpointer user_data,
                               OmniNode *fused, GError **error);

/* `x`, per source, of the first of two sources that roles or colours tell apart. */
OmniNode omni_model_pick_first (OmniGraph *graph, const OmniModelContext *context, OmniNode x,
                                const OmniPairOrder *order);

G_END_DECLS
