/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/picture/picture.h"
#include "vk/graph.h"

G_BEGIN_DECLS

/* What each source counts in each band of a fusion: shares of 1, the shares of all sources at a pixel add to 1. Filled in the
 * engine's thread, immutable afterwards. */
typedef struct
{
  char *name;  /* "band-0" is the finest of a pyramid; "detail", "base" */
  guint level; /* how often the picture was halved, rounding up */
  guint width, height;
  float **shares; /* per source in list order, width · height values, rows top to bottom */
} OmniWeightBand;

typedef struct _OmniWeightMaps OmniWeightMaps;

/* Room for all maps of `graph`. G_IO_ERROR_NOT_SUPPORTED with a sentence where `title`, the model's, has none to show, and
 * G_IO_ERROR_NO_SPACE where memory does not do. */
OmniWeightMaps *omni_weight_maps_new (const OmniGraph *graph, const char *title, guint n_sources, guint width,
                                      guint height, GError **error);
OmniWeightMaps *omni_weight_maps_ref (OmniWeightMaps *self);
void omni_weight_maps_unref (OmniWeightMaps *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (OmniWeightMaps, omni_weight_maps_unref)

/* A part of a map as the plan hands it over (OmniPlanMap), not yet a share. */
void omni_weight_maps_put (OmniWeightMaps *self, guint map, guint source, guint x, guint y, guint width,
                           guint height, const float *values, guint pitch);

/* Turns what was put in into shares; exactly symmetric in the sources. Where all count nothing they share evenly. */
void omni_weight_maps_finish (OmniWeightMaps *self);

guint omni_weight_maps_get_n_sources (const OmniWeightMaps *self);
guint omni_weight_maps_get_n_bands (const OmniWeightMaps *self);
const OmniWeightBand *omni_weight_maps_get_band (const OmniWeightMaps *self, guint band);

/* (transfer full) One band of one source as grey 16-bit: 65535 where it is all. */
OmniPicture *
omni_weight_maps_to_picture (const OmniWeightMaps *self, guint band, guint source, GError **error);

/* (transfer full) Shares of one source at `width` × `height`, bilinear: of band `band`, or with −1 the mean over all bands. Free
 * with g_free(). */
float *
omni_weight_maps_sample (const OmniWeightMaps *self, int band, guint source, guint width, guint height);

G_END_DECLS
