/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/picture/picture.h"

G_BEGIN_DECLS

/* The luminance of a picture: what networks are trained on. Y = .299 R + .587 G + .114 B (BT.601, full range) of the encoded
 * values, in 16 bits. Immutable once it is made; any thread. */
typedef struct _OmniLuma OmniLuma;

struct _OmniLuma
{
  gatomicrefcount ref_count;
  guint width, height;
  float mean;     /* 0 … 1 */
  OmniLuma *rows; /* (nullable) the picture that this is a part of, which holds the values */
  guint16 *values;
};

/* (transfer full) Float samples are clamped to 0 … 1 and NaN reads as 0; alpha is passed over. Refuses bands. */
OmniLuma *omni_luma_new (OmniPicture *picture, GError **error);

/* (transfer full) Of width × height values that the caller fills in before anybody else sees it; its mean is 0. */
OmniLuma *omni_luma_try_alloc (guint width, guint height, GError **error);

/* (transfer full) `height` rows of `whole` from row `top` on, as a picture of their own that shares its values. */
OmniLuma *omni_luma_new_rows (OmniLuma *whole, guint top, guint height);
OmniLuma *omni_luma_ref (OmniLuma *self);
void omni_luma_unref (OmniLuma *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (OmniLuma, omni_luma_unref)

/* (transfer full) A grey picture of 8 bits of `width` × `height` values on 0 … 1, rounded; beyond that they are cut off. */
OmniPicture *omni_luma_to_picture (const float *values, guint width, guint height, GError **error);

/* A square cut from a picture, averaged down and turned. */
typedef struct
{
  guint x, y;        /* of its corner in the picture */
  guint size_px;     /* side of the result; the square is size_px · reduction wide */
  guint reduction;   /* each result is the mean of reduction² pixels */
  gboolean mirror_x; /* applied in this order: mirrors, then transposition */
  gboolean mirror_y;
  gboolean transpose;
} OmniCrop;

/* Writes size_px × size_px values on 0 … 1. The square lies inside the picture. */
void omni_luma_crop (const OmniLuma *self, const OmniCrop *crop, float *values);

/* ---- A cache bounded by memory ---- */

/* Decoded luminance of files, the least recently used given up first. Two threads that ask for one file decode it once.
 * Any thread. */
typedef struct _OmniLumaCache OmniLumaCache;

OmniLumaCache *omni_luma_cache_new (guint64 budget_bytes);
void omni_luma_cache_free (OmniLumaCache *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (OmniLumaCache, omni_luma_cache_free)

/* (transfer full) A file that cannot be read is not tried again; its error stays the same. */
OmniLuma *omni_luma_cache_get (OmniLumaCache *self, const char *path, GError **error);

/* (transfer full) The same for what `load` makes of `data`, under a name that no file has. */
typedef OmniLuma *(*OmniLumaLoad) (gconstpointer data, GError **error);
OmniLuma *omni_luma_cache_get_made (OmniLumaCache *self, const char *name, OmniLumaLoad load,
                                    gconstpointer data, GError **error);

/* What it holds now, and how often a file had to be decoded. */
void omni_luma_cache_get_figures (OmniLumaCache *self, guint64 *held_bytes, guint64 *n_decoded);

G_END_DECLS
