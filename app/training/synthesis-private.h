/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/training/synthesis.h"

G_BEGIN_DECLS

/* A smooth random field of about `cells` × `cells` bumps: a cubic B-spline over normal numbers, mean about 0. */
void omni_field_draw (OmniRandom *random, guint cells, guint width, guint height, float *field);

/* Borders are repeated. `out` may be `in`. σ ≤ 0 copies. */
void omni_blur_gaussian (const float *in, guint width, guint height, double sigma, float *out);

/* The mean over a disc; borders are repeated. `out` is not `in`. */
void omni_blur_disc (const float *in, guint width, guint height, double radius, float *out);

/* The picture `scale` times as large about `centre` (x, y; px), by Catmull-Rom (Keys 1981, a = −½), good for scales near 1;
 * borders are repeated. `out` is not `in`. */
void omni_scale_about (const float *in, guint width, guint height, double scale, const double centre[2],
                       float *out);

/* A closed shape somewhere in the picture: ellipse, box, polygon, blob or a fence of bars. */
typedef struct
{
  guint kind;
  double x, y, size, aspect, angle;
  double harmonics[6];
  guint n_corners;
} OmniShape;

/* `size` is a part of the shorter side. */
OmniShape omni_shape_draw (OmniRandom *random, guint width, guint height, double min_size, double max_size);
gboolean omni_shape_contains (const OmniShape *shape, double x, double y);

G_END_DECLS
