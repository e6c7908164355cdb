/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "models/pair.h"

G_BEGIN_DECLS

/* What the two models of PMGI share: its network of one pair, and its options and tensors. */

typedef enum
{
  OMNI_PMGI_PLAIN,
  OMNI_PMGI_RUNNING,
  OMNI_PMGI_INSTANCE
} OmniPmgiNorm;

typedef struct
{
  OmniGraph *graph;
  const OmniWeights *weights;
  guint band; /* whose network, from 1 on; 0: the file's only one */
  OmniBoundary padding;
  OmniPmgiNorm norm;
} OmniPmgi;

extern const char *const omni_pmgi_norms[];
extern const char *const omni_pmgi_task_weights[];

#define OMNI_PMGI_NORM_OPTION                                                                                \
  {                                                                                                          \
    .key = "norm", .title = N_ ("Normalisation"),                                                            \
    .summary = N_ (                                                                                          \
      "Of the features: by the picture's own statistics (the authors' script), by those of the "             \
      "training, or none; auto: as the weights say"),                                                        \
    .type = OMNI_OPTION_CHOICE, .default_value = "auto", .choices = omni_pmgi_norms                          \
  }

/* How many networks a file has of which each is for one band, their names after "band1.", "band2." …; 0: one for all. */
guint omni_pmgi_count_bands (const OmniWeights *weights);

/* Of either kind of file. */
gboolean omni_pmgi_list_tensors (const OmniWeights *weights, GArray *specs, GError **error);

gboolean omni_pmgi_init (OmniPmgi *self, OmniGraph *graph, const OmniModel *model,
                         const OmniModelContext *context, GError **error);

/* An OmniPairNetwork; `user_data` is an OmniPmgi. 0 … 1 in and out. */
gboolean omni_pmgi_add_network (const OmniNode pair[2], OmniNode *fused, gpointer user_data, GError **error);

G_END_DECLS
