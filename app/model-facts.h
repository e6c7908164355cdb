/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/document/document.h"

G_BEGIN_DECLS

/* What is known of a model beyond its table entry: found out from its graph and its weight file, once. */
typedef struct
{
  gboolean order_invariant; /* derived from its graph */
  guint
    receptive_field_px; /* likewise: the side of the square of source pixels that one of the result comes from, at one size */
  gboolean several_sizes; /* its weights ask to be used at several, each half of the one before */
  guint64 n_parameters;   /* of its weights; 0 without */
  char *licence;          /* (nullable) of its weights */
  char *provenance;       /* (nullable) where they come from, as their file says */
  gboolean trained_here;  /* … by `omnifuse-cli train` */
} OmniModelFacts;

/* (transfer none) (nullable) NULL while it was not found out yet. Any thread. */
const OmniModelFacts *omni_model_get_facts (const OmniModel *model);

/* Finds out about all models, in a thread; the callback says that it is done. */
void
omni_model_facts_find_async (GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data);

/* How long the model takes for the document's set on this device, with the weights and options that it has there: as measured with
 * this very set, or by others (app/timings.h). FALSE when nothing of the kind ran here. */
gboolean
omni_document_get_model_ms (OmniDocument *document, const OmniModel *model, double *ms, gboolean *measured);

G_END_DECLS
