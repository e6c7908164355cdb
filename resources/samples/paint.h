/* paint.h: surfaces and distance fields that more than one scene uses.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "trace.h"

/* Paints. Unless said otherwise albedo and second are the two colours. */
void paint_wood (const Hit *hit, Surface *surface);   /* grain along the local y */
void paint_wood_x (const Hit *hit, Surface *surface); /* grain along the local x */
void paint_planks (const Hit *hit, Surface *surface); /* floor boards along z */
void paint_plaster (const Hit *hit, Surface *surface);
void paint_fabric (const Hit *hit, Surface *surface);
void paint_glaze (const Hit *hit, Surface *surface); /* speckled ceramic */
void paint_leaf (const Hit *hit, Surface *surface);
void paint_bark (const Hit *hit, Surface *surface);
void paint_bricks (const Hit *hit, Surface *surface);

V3 wood_colour (V3 p, V3 light, V3 dark, float *pores);

/* Distance pieces. */
float rounded_box (V3 p, V3 half, float radius);
float flat_box (float x, float y, float half_x, float half_y, float radius);
float capsule (V3 p, V3 a, V3 b, float radius_a, float radius_b);
float smooth_min (float a, float b, float k);
float smooth_max (float a, float b, float k);

/* Fields. */
float field_cylinder (V3 p, const float *parameter); /* radius, half height, rounding */
float field_tube (V3 p, const float *parameter);     /* bottom and top radius, half height, wall */
float field_rounded (V3 p, const float *parameter);  /* half x, y, z, rounding */

/* Leaves scattered in an ellipsoid, thicker towards its skin. */
void scatter_leaves (Scene *scene, V3 centre, V3 half, guint count, float size, const Material *material,
                     guint32 seed);
