/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* The layers of AE-Netv2's variants, as fusing and training share them; aenetv2.c says where they come from. */
typedef enum
{
  OMNI_AENETV2_GCB,
  OMNI_AENETV2_REGULAR,
  OMNI_AENETV2_PLUSPLUS,
  OMNI_AENETV2_SEPARABLE,
  OMNI_AENETV2_SQUEEZE_GCB,
  OMNI_AENETV2_M,
  OMNI_AENETV2_N_VARIANTS
} OmniAenetv2Variant;

/* What the metadata `variant` says, in that order. */
extern const char *const omni_aenetv2_variant_names[OMNI_AENETV2_N_VARIANTS];

/* A convolution without bias and a batch normalisation behind it, or with a bias. */
typedef struct
{
  const char *name;
  guint in, out, kernel, groups;
  gboolean has_bias; /* else it is normalised */
  gboolean has_relu;
} OmniAenetv2Layer;

#define OMNI_AENETV2_CHANNELS    64 /* the width that the table is for */
#define OMNI_AENETV2_MOST_LAYERS 6

/* Ends with a layer without a name. */
extern const OmniAenetv2Layer omni_aenetv2_layers[OMNI_AENETV2_N_VARIANTS][OMNI_AENETV2_MOST_LAYERS + 1];

G_END_DECLS
