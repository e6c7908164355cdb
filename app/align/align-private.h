/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/align/align.h"

G_BEGIN_DECLS

/* ---- contrast.c: what is compared ---- */

/* The luminance of a picture at half sizes: level 0 as it is, each next one the mean over 2 × 2 of the one before. A negative
 * value stands where the picture is transparent. */
#define OMNI_ALIGN_MAX_LEVELS 12
typedef struct
{
  guint n_levels;
  guint width[OMNI_ALIGN_MAX_LEVELS], height[OMNI_ALIGN_MAX_LEVELS];
  float *luma[OMNI_ALIGN_MAX_LEVELS]; /* 0 … 1, linear */
} OmniLumaPyramid;

/* Level 0 is the picture, halved until no side is above `most_px`; as many levels as leave the longer side at `least_px` or above. */
OmniLumaPyramid *omni_luma_pyramid_new (OmniPicture *picture, guint most_px, guint least_px);
void omni_luma_pyramid_free (OmniLumaPyramid *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (OmniLumaPyramid, omni_luma_pyramid_free)

/* Local contrast: the logarithm of luminance less its mean over a window, in units of its deviation there and of the noise. Where the window is
 * clipped or transparent, `known` is 0. */
typedef struct
{
  guint width, height;
  float *value;
  guint8 *known; /* 0 or 1 */
  guint64 n_known;
} OmniContrast;

OmniContrast *omni_contrast_new (const OmniLumaPyramid *pyramid, guint level);
void omni_contrast_free (OmniContrast *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (OmniContrast, omni_contrast_free)

/* ---- register.c: two pictures ---- */

/* The shift of `b` by whole pixels, of at most a sixth of either side, at which it agrees most with `a`; both of one size.
 * Returns the agreement, −1 when there is nothing to compare. */
double omni_register_shift (const OmniContrast *a, const OmniContrast *b, int *dx, int *dy);

/* The agreement of `a` with `b` seen through `map`. */
double omni_register_agreement (const OmniContrast *a, const OmniContrast *b, const OmniHomography *map);

/* Betters `map`, which finds the places of `a` in `b`, in pixels of level 0, from coarse to fine. Both of one size. Sets the
 * agreement of the finest level as the pictures lie and through `map`. FALSE when cancelled. */
gboolean omni_register_pair (const OmniLumaPyramid *a, const OmniLumaPyramid *b, OmniHomography *map,
                             double *before, double *after, GCancellable *cancellable);

G_END_DECLS
