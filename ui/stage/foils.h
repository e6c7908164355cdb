/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/document/document.h"

G_BEGIN_DECLS

/* Something that does depend on the order, to stand beside the exact models. */
typedef struct
{
  const OmniModel *model;
  gboolean folds; /* pair by pair */
  char *title;
} OmniStageFoil;

/* (transfer full) (element-type OmniStageFoil) Foils for the document's set and effective task: the folded mean of pairs; every
 * model of two inputs that has weights, folded; and every model that takes the set and is not order-invariant (derived from
 * its graph). */
GPtrArray *omni_stage_foils_list (OmniDocument *document);

G_END_DECLS
