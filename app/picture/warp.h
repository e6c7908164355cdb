/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/picture/picture.h"

G_BEGIN_DECLS

/* A projective map of the plane, row by row: (x, y) goes to ((m0 x + m1 y + m2) / w, (m3 x + m4 y + m5) / w) with
 * w = m6 x + m7 y + m8. Points are in pixels from the upper left corner of a picture, so that pixel (i, j) has its centre
 * at (i + ½, j + ½). */
typedef struct
{
  double m[9];
} OmniHomography;

#define OMNI_HOMOGRAPHY_IDENTITY ((OmniHomography){ { 1, 0, 0, 0, 1, 0, 0, 0, 1 } })

void omni_homography_apply (const OmniHomography *map, double x, double y, double *u, double *v);

/* First `b`, then `a`. */
OmniHomography omni_homography_compose (const OmniHomography *a, const OmniHomography *b);

/* FALSE where there is none. */
gboolean omni_homography_invert (const OmniHomography *map, OmniHomography *inverse);

/* The same map of pictures that were scaled: points before it by `from_x`, `from_y`, points after it by `to_x`, `to_y`. */
OmniHomography
omni_homography_scale (const OmniHomography *map, double from_x, double from_y, double to_x, double to_y);

/* A picture seen through a map: of width × height pixels, each the one that `map` finds in the picture that is warped. */
typedef struct
{
  OmniHomography map;
  guint width, height;
} OmniWarp;

/* Whether it can be carried out: finite, no point of it at or behind the horizon, no place shrunk or enlarged more than twice. */
gboolean omni_warp_is_sane (const OmniWarp *warp);

/* (transfer full) `picture` seen through `warp`, same channels, samples, profile and path. Lanczos' window of three pixels (Duchon
 * 1979) at 1/1024 of a pixel, with repeated edges; colours are weighted by alpha, non-finite samples read as in
 * omni_picture_resample(). A map by whole pixels keeps every bit. The same bits on every run. Any thread.
 * G_IO_ERROR_INVALID_ARGUMENT for a warp that is not sane, NO_SPACE, CANCELLED. */
OmniPicture *
omni_picture_warp (OmniPicture *picture, const OmniWarp *warp, GCancellable *cancellable, GError **error);

G_END_DECLS
