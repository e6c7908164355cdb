/* paint.c: wood, plaster, cloth, glaze, leaves, bark and bricks.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "paint.h"

/* Rings about an axis that leans away from the piece, fibres along y, and open pores. */
V3
wood_colour (V3 p, V3 light, V3 dark, float *pores)
{
  const V3 slow = v3 (p[0] * 2.1f, p[1] * 0.35f, p[2] * 2.1f);
  const float bend = fbm (slow, 3) * 1.1f;
  const float ring = length2 (p[0] + 1.3f + bend * 0.5f, p[2] + 0.4f + bend * 0.35f) * 9.0f + bend * 2.0f;
  const float phase = ring - floorf (ring);
  const float late = smooth (0.25f, 0.92f, phase) * (1.0f - smooth (0.93f, 1.0f, phase));
  const float fibre = fbm (v3 (p[0] * 60.0f, p[1] * 2.2f, p[2] * 60.0f), 3);
  const float blotch = fbm (v3 (p[0] * 3.0f + 9.0f, p[1] * 0.8f, p[2] * 3.0f), 3);
  *pores = smooth (0.66f, 0.80f, noise (v3 (p[0] * 130.0f, p[1] * 4.0f, p[2] * 130.0f)));
  const float tone = clampf (0.55f * late + 0.5f * (fibre - 0.35f) + 0.5f * (blotch - 0.5f) + 0.25f, 0.0f,
                             1.0f);
  return mix3 (light, dark, tone) * (1.0f - 0.35f * *pores);
}

static V3
seeded (const Hit *hit)
{
  const guint32 seed = hit->shape->seed;
  return v3 (seed % 97, seed / 97 % 89, seed / 8633 % 83) * 0.37f;
}

static void
wood (V3 p, const Hit *hit, Surface *surface)
{
  float pores;
  surface->albedo = wood_colour (p, surface->albedo, hit->shape->material->second, &pores);
  surface->roughness = clampf (surface->roughness + 0.25f * pores, 0.02f, 1.0f);
}

void
paint_wood (const Hit *hit, Surface *surface)
{
  wood (hit->local + seeded (hit), hit, surface);
}

void
paint_wood_x (const Hit *hit, Surface *surface)
{
  wood (v3 (hit->local[1], hit->local[0], hit->local[2]) + seeded (hit), hit, surface);
}

void
paint_planks (const Hit *hit, Surface *surface)
{
  const float width = 0.145f, length = 1.7f;
  const int row = (int)floorf (hit->point[0] / width);
  const float along = hit->point[2] + 7.0f * hash_cell (row, 3, 1);
  const int board = (int)floorf (along / length);
  const float x = hit->point[0] - row * width, z = along - board * length;
  const float edge = MIN (MIN (x, width - x), MIN (z, length - z));
  float pores;
  const V3 at = v3 (x + 3.1f * hash_cell (row, board, 5), z + 11.0f * hash_cell (row, board, 7),
                    0.31f * hash_cell (row, board, 9));
  V3 colour = wood_colour (at, surface->albedo, hit->shape->material->second, &pores);
  colour *= 0.78f + 0.4f * hash_cell (row, board, 11);
  surface->albedo = colour * mixf (0.25f, 1.0f, smooth (0.0005f, 0.0028f, edge));
  const float wear = fbm (hit->point * 3.0f, 4);
  surface->roughness += 0.22f * (wear - 0.5f) + 0.15f * pores;
  const float tilt = smooth (0.008f, 0.0f, x) - smooth (0.008f, 0.0f, width - x);
  surface->normal = unit (surface->normal
                          + v3 (-0.25f * tilt + 0.015f * (noise (hit->point * 9.0f) - 0.5f)
                                  + 0.02f * (hash_cell (row, board, 2) - 0.5f),
                                0.0f, 0.03f * (noise (hit->point * v3 (9, 1, 4) + 40.0f) - 0.5f)));
}

static float
plaster_height (V3 p)
{
  return fbm (p * 14.0f, 3) + 0.5f * noise (p * 160.0f);
}

void
paint_plaster (const Hit *hit, Surface *surface)
{
  const float stain = fbm (hit->point * 1.3f, 4);
  surface->albedo *= 0.93f + 0.12f * stain;
  surface->normal = bump (hit->normal, hit->point, 0.002f, 0.0035f, plaster_height);
}

void
paint_fabric (const Hit *hit, Surface *surface)
{
  const float slub = noise (hit->local * v3 (170, 14, 170)) + noise (hit->local * v3 (14, 170, 14));
  surface->albedo *= 0.82f + 0.18f * slub;
}

void
paint_glaze (const Hit *hit, Surface *surface)
{
  const float speck = smooth (0.16f, 0.08f, cells (hit->local * 70.0f)) * noise (hit->local * 31.0f);
  const float run = smooth (0.45f, 0.6f,
                            fbm (v3 (hit->local[0] * 9.0f, hit->local[1] * 3.0f, hit->local[2] * 9.0f), 3));
  surface->albedo = mix3 (surface->albedo, hit->shape->material->second,
                          clampf (0.45f * run + 0.7f * speck, 0, 1));
}

void
paint_leaf (const Hit *hit, Surface *surface)
{
  const float tone = (float)(hit->shape->seed % 1024) / 1024.0f;
  const float rib = 1.0f - 0.25f * smooth (0.12f, 0.02f, fabsf (hit->local[0] / hit->shape->half[0]));
  surface->albedo = mix3 (surface->albedo, hit->shape->material->second, tone) * rib;
}

static float
bark_height (V3 p)
{
  return fabsf (fbm (v3 (p[0] * 14.0f, p[1] * 3.0f, p[2] * 14.0f), 4) - 0.5f) * 2.0f;
}

void
paint_bark (const Hit *hit, Surface *surface)
{
  const float height = bark_height (hit->point);
  surface->albedo = mix3 (hit->shape->material->second, surface->albedo, smooth (0.02f, 0.4f, height));
  surface->normal = bump (hit->normal, hit->point, 0.004f, 0.06f, bark_height);
}

void
paint_bricks (const Hit *hit, Surface *surface)
{
  const float across = fabsf (hit->normal[0]) > 0.5f ? hit->point[2] : hit->point[0], height = 0.078f,
              width = 0.235f;
  const int row = (int)floorf (hit->point[1] / height);
  const float shifted = across + ((row & 1) != 0 ? width * 0.5f : 0.0f);
  const int column = (int)floorf (shifted / width);
  const float y = hit->point[1] - row * height, x = shifted - column * width;
  const float ragged = 0.006f * (noise (hit->point * 60.0f) - 0.5f);
  const float edge = MIN (MIN (x, width - x), MIN (y, height - y)) + ragged;
  const float inside = smooth (0.004f, 0.009f, edge), tone = hash_cell (row, column, 4);
  V3 brick = mix3 (surface->albedo, hit->shape->material->second, tone * tone);
  brick *= 0.7f + 0.6f * fbm (hit->point * 22.0f, 3);
  surface->albedo = mix3 (grey (0.30f) * (0.8f + 0.4f * noise (hit->point * 70.0f)), brick, inside);
  V3 tilt = v3 (noise (hit->point * 40.0f) - 0.5f, noise (hit->point * 43.0f + 9.0f) - 0.5f, 0.0f);
  tilt[1] += 1.2f * (smooth (0.011f, 0.004f, y) - smooth (0.011f, 0.004f, height - y)) * -0.5f;
  surface->normal = unit (hit->normal + tilt * 0.5f);
}

float
rounded_box (V3 p, V3 half, float radius)
{
  V3 q = grey (0.0f);
  float inside = -1e30f;
  for (int k = 0; k < 3; k++)
  {
    const float d = fabsf (p[k]) - half[k] + radius;
    q[k] = MAX (d, 0.0f);
    inside = MAX (inside, d);
  }
  return length3 (q) + MIN (inside, 0.0f) - radius;
}

float
flat_box (float x, float y, float half_x, float half_y, float radius)
{
  const float dx = fabsf (x) - half_x + radius, dy = fabsf (y) - half_y + radius;
  return length2 (MAX (dx, 0.0f), MAX (dy, 0.0f)) + MIN (MAX (dx, dy), 0.0f) - radius;
}

float
capsule (V3 p, V3 a, V3 b, float radius_a, float radius_b)
{
  const V3 ab = b - a, ap = p - a;
  const float t = clampf (dot (ap, ab) / dot (ab, ab), 0.0f, 1.0f);
  return length3 (ap - ab * t) - mixf (radius_a, radius_b, t);
}

float
smooth_min (float a, float b, float k)
{
  const float h = MAX (k - fabsf (a - b), 0.0f) / k;
  return MIN (a, b) - h * h * k * 0.25f;
}

float
smooth_max (float a, float b, float k)
{
  return -smooth_min (-a, -b, k);
}

float
field_cylinder (V3 p, const float *parameter)
{
  return flat_box (length2 (p[0], p[2]), p[1], parameter[0], parameter[1], parameter[2]);
}

float
field_tube (V3 p, const float *parameter)
{
  const float radius = mixf (parameter[0], parameter[1],
                             clampf (p[1] / parameter[2] * 0.5f + 0.5f, 0.0f, 1.0f));
  return flat_box (length2 (p[0], p[2]) - radius, p[1], parameter[3], parameter[2], parameter[3]);
}

float
field_rounded (V3 p, const float *parameter)
{
  return rounded_box (p, v3 (parameter[0], parameter[1], parameter[2]), parameter[3]);
}

void
scatter_leaves (Scene *scene, V3 centre, V3 half, guint count, float size, const Material *material,
                guint32 seed)
{
  Random random = random_start (seed, 0);
  random.dimension = 99;
  for (guint i = 0; i < count;)
  {
    const V3 p = v3 (random_next (&random), random_next (&random), random_next (&random)) * 2.0f - 1.0f;
    const float radius = length3 (p);
    /* Gaps between the boughs. */
    const float lump = fbm (p * 2.6f + (float)(seed % 31), 3);
    if (radius > 0.72f + 0.75f * (lump - 0.35f) || random_next (&random) > 0.15f + radius || lump < 0.40f)
      continue;
    const float s = size * (0.7f + 0.6f * random_next (&random));
    Shape *const leaf = scene_add (scene, SHAPE_DISC, centre + p * half, v3 (s * 0.5f, 1e-4f, s), material);
    const V3 tilt = v3 (random_next (&random), random_next (&random), random_next (&random)) * 2.0f - 1.0f;
    shape_aim (leaf, unit (p) * 0.5f + tilt + v3 (0, 0.5f, 0));
    i++;
  }
}
