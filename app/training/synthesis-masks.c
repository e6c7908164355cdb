/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/training/synthesis-private.h"

#include <math.h>
#include <string.h>

/* No region smaller than this part of the picture, or of an equal share. */
#define LEAST_SHARE       (1.0 / 50)
#define LEAST_EQUAL_SHARE 0.15
#define TRIES             8
#define N_BINS            4096
#define N_SHAPES          5
#define N_HARMONICS       3

/* ---- Shapes ---- */

OmniShape
omni_shape_draw (OmniRandom *random, guint width, guint height, double min_size, double max_size)
{
  OmniShape shape = { .kind = omni_random_below (random, N_SHAPES) };
  shape.x = omni_random_between (random, 0.15, 0.85) * width;
  shape.y = omni_random_between (random, 0.15, 0.85) * height;
  shape.size = omni_random_between (random, min_size, max_size) * MIN (width, height);
  shape.aspect = omni_random_between (random, 0.5, 1);
  shape.angle = omni_random_between (random, 0, 2 * G_PI);
  shape.n_corners = 3 + omni_random_below (random, 5);
  for (guint i = 0; i < 2 * N_HARMONICS; i++)
    shape.harmonics[i] = 0.22 * omni_random_normal (random) / (1 + i / 2);
  return shape;
}

/* The radius of the outline in direction `angle`, the size being 1. */
static double
get_outline (const OmniShape *shape, double angle)
{
  if (shape->kind == 2) /* polygon: distance to the side that the direction meets */
  {
    const double sector = 2 * G_PI / shape->n_corners;
    const double within = angle - sector * floor (angle / sector) - sector / 2;
    return cos (sector / 2) / cos (within);
  }
  double radius = 1;
  for (guint i = 0; i < N_HARMONICS; i++)
    radius += shape->harmonics[2 * i] * cos ((i + 1) * angle)
              + shape->harmonics[2 * i + 1] * sin ((i + 1) * angle);
  return MAX (radius, 0.2);
}

gboolean
omni_shape_contains (const OmniShape *shape, double x, double y)
{
  const double dx = (x - shape->x) / shape->size, dy = (y - shape->y) / shape->size;
  const double u = dx * cos (shape->angle) + dy * sin (shape->angle);
  const double v = (dy * cos (shape->angle) - dx * sin (shape->angle)) / shape->aspect;
  const double radius = sqrt (u * u + v * v);
  switch (shape->kind)
  {
  case 0:
    return radius < 1;
  case 1:
    return fabs (u) < 0.9 && fabs (v) < 0.9;
  case 4: /* bars as of a fence or a railing */
    return fabs (u) < 1.6 && fabs (v) < 1.6 && fabs (u * 2.5 - floor (u * 2.5) - 0.5) < 0.28;
  case 2:
  case 3:
  default:
    return radius < get_outline (shape, atan2 (v, u));
  }
}

/* ---- IFANI's masks ---- */

/* One to four basal regions by two straight cuts. */
typedef struct
{
  guint n;
  double x, y, nx[2], ny[2];
} Basal;

static Basal
basal_draw (OmniRandom *random, guint n, guint width, guint height)
{
  Basal basal = { .n = n };
  basal.x = omni_random_between (random, 0.35, 0.65) * width;
  basal.y = omni_random_between (random, 0.35, 0.65) * height;
  const double angle = omni_random_between (random, 0, 2 * G_PI);
  const double second = angle + omni_random_between (random, 0.35, 0.65) * G_PI;
  basal.nx[0] = cos (angle);
  basal.ny[0] = sin (angle);
  basal.nx[1] = cos (second);
  basal.ny[1] = sin (second);
  return basal;
}

static guint
basal_find (const Basal *basal, double x, double y)
{
  gboolean side[2];
  for (guint i = 0; i < 2; i++)
    side[i] = (x - basal->x) * basal->nx[i] + (y - basal->y) * basal->ny[i] > 0;
  switch (basal->n)
  {
  case 1:
    return 0;
  case 2:
    return side[0];
  case 3:
    return side[0] ? 1 + side[1] : 0;
  default:
    return 2 * side[0] + side[1];
  }
}

static gboolean
is_balanced (const guint8 *labels, gsize n_pixels, guint n)
{
  gsize counts[256] = { 0 };
  for (gsize i = 0; i < n_pixels; i++)
    counts[labels[i]]++;
  for (guint k = 0; k < n; k++)
    if (counts[k] < MIN (LEAST_SHARE, LEAST_EQUAL_SHARE / n) * n_pixels)
      return FALSE;
  return TRUE;
}

static void
try_shape_labels (OmniRandom *random, guint width, guint height, guint n, guint8 *labels)
{
  const guint least = (n + 1) / 2;
  const guint n_basal = least + omni_random_below (random, OMNI_MAX_SHAPE_REGIONS / 2 - least + 1);
  const Basal basal = basal_draw (random, n_basal, width, height);
  const OmniShape shape = omni_shape_draw (random, width, height, 0.25, 0.5);
  /* Regions are dealt so that every source gets one. */
  guint order[OMNI_MAX_SHAPE_REGIONS], label_of[OMNI_MAX_SHAPE_REGIONS];
  omni_random_permute (random, order, 2 * n_basal);
  for (guint i = 0; i < 2 * n_basal; i++)
    label_of[order[i]] = i < n ? i : omni_random_below (random, n);
  for (guint y = 0; y < height; y++)
    for (guint x = 0; x < width; x++)
      labels[(gsize)y * width + x] = (guint8)
        label_of[2 * basal_find (&basal, x + 0.5, y + 0.5) + omni_shape_contains (&shape, x + 0.5, y + 0.5)];
}

gboolean
omni_synthesis_draw_shape_labels (OmniRandom *random, guint width, guint height, guint n, guint8 *labels)
{
  g_return_val_if_fail (n >= 1 && n <= OMNI_MAX_SHAPE_REGIONS, FALSE);
  for (guint i = 0; i < TRIES; i++)
  {
    try_shape_labels (random, width, height, n, labels);
    if (is_balanced (labels, (gsize)width * height, n))
      return TRUE;
  }
  return FALSE;
}

/* ---- Depth ---- */

static void
draw_depth (OmniRandom *random, const float *guide, guint width, guint height, float *depth)
{
  const guint cells[] = { 1, 1, 2, 3, 4 };
  const gsize n = (gsize)width * height;
  omni_field_draw (random, cells[omni_random_below (random, G_N_ELEMENTS (cells))], width, height, depth);
  /* The ground comes nearer towards the bottom of most photographs. */
  const double tilt = omni_random_chance (random, 0.5) ? omni_random_between (random, 0.5, 3) : 0;
  for (gsize i = 0; i < n; i++)
    depth[i] += (float)(tilt * (double)(i / width) / height);
  if (omni_random_chance (random, 0.5))
  {
    g_autofree float *contours = g_new (float, n);
    const double gain = omni_random_between (random, -4, 4);
    omni_blur_gaussian (guide, width, height, MIN (width, height) / 40.0, contours);
    for (gsize i = 0; i < n; i++)
      depth[i] += (float)gain * contours[i];
  }
  const guint n_objects = omni_random_chance (random, 0.5) ? 1 + omni_random_below (random, 3) : 0;
  for (guint k = 0; k < n_objects; k++)
  {
    const OmniShape object = omni_shape_draw (random, width, height, 0.1, 0.35);
    const float at = (float)(1 + 1.2 * omni_random_normal (random));
    for (gsize i = 0; i < n; i++)
      if (omni_shape_contains (&object, i % width + 0.5, (double)(i / width) + 0.5))
        depth[i] = at;
  }
}

/* Cuts `depth` so that each of the n parts has a random share around 1/n. */
static void
cut_depth (OmniRandom *random, const float *depth, gsize n_pixels, guint n, guint8 *labels)
{
  float low = depth[0], high = depth[0];
  for (gsize i = 1; i < n_pixels; i++)
  {
    low = MIN (low, depth[i]);
    high = MAX (high, depth[i]);
  }
  const float scale = high > low ? (N_BINS - 1) / (high - low) : 0;
  guint counts[N_BINS] = { 0 };
  for (gsize i = 0; i < n_pixels; i++)
    counts[(guint)((depth[i] - low) * scale)]++;
  guint8 label_of[N_BINS];
  guint label = 0;
  gsize before = 0;
  double share = (1 + omni_random_between (random, -0.4, 0.4)) / n;
  for (guint bin = 0; bin < N_BINS; bin++)
  {
    while (label + 1 < n && before + counts[bin] / 2.0 >= share * n_pixels)
      share = (++label + 1 + omni_random_between (random, -0.4, 0.4)) / n;
    label_of[bin] = (guint8)label;
    before += counts[bin];
  }
  for (gsize i = 0; i < n_pixels; i++)
    labels[i] = label_of[(guint)((depth[i] - low) * scale)];
}

/* Where all else fails: straight strips. */
static void
cut_strips (guint width, guint height, guint n, guint8 *labels)
{
  const gsize n_pixels = (gsize)width * height;
  for (gsize i = 0; i < n_pixels; i++)
    labels[i] = (guint8)(i % width * n / width);
}

void
omni_synthesis_draw_depth_labels (OmniRandom *random, const float *guide, guint width, guint height, guint n,
                                  guint8 *labels)
{
  const gsize n_pixels = (gsize)width * height;
  g_autofree float *depth = g_new (float, n_pixels);
  for (guint i = 0; i < TRIES; i++)
  {
    draw_depth (random, guide, width, height, depth);
    cut_depth (random, depth, n_pixels, n, labels);
    if (is_balanced (labels, n_pixels, n))
      return;
  }
  cut_strips (width, height, n, labels);
}
