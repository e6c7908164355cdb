/* room.c: a living room on a bright morning; no single exposure holds both the garden and the shelf's shadows.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "scenes.h"

#include "paint.h"

enum
{
  WIDTH = 1500,
  HEIGHT = 1000,
  MARGIN = 24, /* what the hand-held frames may reach past the edges */
  FRAMES = 5,
};

static const float wall_left = -2.4f, wall_right = 2.8f, wall_back = 4.2f, wall_near = -2.2f,
                   room_height = 2.72f;
static const float pane_left = -1.35f, pane_right = 0.85f, pane_low = 0.82f, pane_high = 2.28f;

static const Material oak = { .base = { .albedo = { 0.44f, 0.27f, 0.14f }, .roughness = 0.30f, .f0 = 0.04f },
                              .second = { 0.24f, 0.125f, 0.055f } };

static Material floor_wood, table_wood, shelf_wood, leg_wood, wall_paint, trim, ceiling, rug, linen,
  chair_cloth, glaze, bowl, orange, apple, brass, shade, petal, petal_white, stem, foliage, paper, mug,
  basket, canvas, frame_wood, red_ball, heart, pot, cushion;
static Material covers[9];

static void
paint_book (const Hit *hit, Surface *surface)
{
  const V3 p = hit->local, half = hit->shape->half;
  if (hit->local[0] > -half[0] + 0.006f && fabsf (p[2]) < half[2] - 0.004f)
  {
    surface->albedo = v3 (0.66f, 0.60f, 0.48f) * (0.75f + 0.3f * noise (v3 (0, 0, p[2] * 900.0f)));
    return;
  }
  const float high = p[1] / half[1], across = p[2] / half[2], tone = (hit->shape->seed % 512) / 512.0f;
  surface->albedo *= 0.7f + 0.5f * tone + 0.2f * (noise (p * 300.0f) - 0.5f);
  const float band = smooth (0.03f, 0.02f, fabsf (fabsf (high) - 0.72f - 0.1f * tone));
  const float words = smooth (0.5f, 0.6f, noise (v3 (across * 2.0f, high * 26.0f, tone * 60.0f)));
  const float title = fabsf (across) < 0.45f && high > -0.25f && high < 0.45f ? words : 0.0f;
  const V3 ink = tone > 0.4f ? v3 (0.62f, 0.50f, 0.24f) : v3 (0.72f, 0.70f, 0.64f);
  surface->albedo = mix3 (surface->albedo, ink, MAX (band, title) * (hit->normal[0] < -0.5f ? 0.85f : 0.0f));
}

static float
pile_height (V3 p)
{
  return noise (p * 170.0f) + 0.6f * noise (p * 60.0f);
}

/* A border, a lattice of diamonds and a medallion, woven coarsely. */
static void
paint_rug (const Hit *hit, Surface *surface)
{
  const V3 half = hit->shape->half;
  const float x = floorf (hit->local[0] * 180.0f) / 180.0f, z = floorf (hit->local[2] * 180.0f) / 180.0f;
  const float edge = MIN (half[0] - fabsf (x), half[2] - fabsf (z));
  const V3 red = v3 (0.27f, 0.045f, 0.035f), blue = v3 (0.035f, 0.055f, 0.13f),
           sand = v3 (0.55f, 0.43f, 0.27f);
  const float dx = x * 5.0f - floorf (x * 5.0f) - 0.5f, dz = z * 5.0f - floorf (z * 5.0f) - 0.5f;
  const float diamond = fabsf (dx) + fabsf (dz), medal = length2 (x / half[0], z / half[2]);
  V3 colour = diamond < 0.18f ? sand : diamond < 0.30f ? blue : red;
  if (medal < 0.52f)
    colour = fabsf (medal - 0.47f) < 0.02f                          ? sand
             : sinf (12.0f * atan2f (z, x)) * 0.08f + medal < 0.33f ? blue
                                                                    : red;
  if (medal < 0.13f + 0.03f * sinf (8.0f * atan2f (z, x)))
    colour = sand;
  if (edge < 0.26f)
  {
    const float along = half[0] - fabsf (x) < half[2] - fabsf (z) ? z : x;
    const float wave = fabsf (edge - 0.13f + 0.04f * sinf (along * 30.0f));
    colour = edge > 0.235f || edge < 0.035f ? sand : wave < 0.018f ? sand : wave < 0.035f ? red : blue;
  }
  surface->albedo = colour * (0.7f + 0.5f * noise (hit->local * 150.0f) + 0.1f * noise (hit->local * 9.0f));
  surface->normal = bump (hit->normal, hit->point, 0.002f, 0.004f, pile_height);
}

/* Somebody's seascape. */
static void
paint_canvas (const Hit *hit, Surface *surface)
{
  const float x = hit->local[0] / hit->shape->half[0], y = hit->local[1] / hit->shape->half[1];
  const float brush = fbm (v3 (x * 6.0f, y * 22.0f, 1.0f), 4) - 0.5f;
  const float shore = -0.35f + 0.22f * sinf (x * 1.6f + 0.6f) + 0.14f * brush;
  V3 colour = mix3 (v3 (0.62f, 0.52f, 0.38f), v3 (0.20f, 0.33f, 0.47f),
                    clampf (y + 0.9f * brush, 0.0f, 1.0f));
  colour = mix3 (colour, v3 (0.80f, 0.76f, 0.70f),
                 smooth (0.5f, 0.64f, fbm (v3 (x * 2.0f, y * 5.0f + brush, 5.0f), 5))
                   * smooth (0.05f, 0.3f, y));
  if (y < 0.06f + 0.02f * brush)
    colour = mix3 (v3 (0.05f, 0.17f, 0.23f), v3 (0.35f, 0.45f, 0.44f),
                   clampf (0.45f + 1.9f * brush + 0.3f * y, 0.0f, 1.0f));
  if (y < shore)
    colour = mix3 (v3 (0.33f, 0.25f, 0.14f), v3 (0.16f, 0.20f, 0.07f),
                   clampf (0.5f + 2.0f * brush, 0.0f, 1.0f));
  const float sail = x - 0.25f;
  if (y > 0.04f && y < 0.40f && sail > 0.0f && sail < 0.20f * (0.42f - y) / 0.38f)
    colour = v3 (0.78f, 0.72f, 0.62f);
  surface->albedo = colour;
}

static void
paint_basket (const Hit *hit, Surface *surface)
{
  const float turn = atan2f (hit->local[2], hit->local[0]) * 26.0f, row = hit->local[1] * 85.0f;
  const float over = sinf (turn + PI_F * floorf (row)), strand = fabsf (row - floorf (row) - 0.5f) * 2.0f;
  const float light = (0.6f + 0.4f * over) * (1.0f - 0.7f * strand * strand);
  surface->albedo *= 0.25f + 0.95f * light * (0.8f + 0.4f * noise (hit->local * 90.0f));
}

static void
paint_fruit (const Hit *hit, Surface *surface)
{
  const float blush = fbm (hit->local * 26.0f + hit->shape->centre * 50.0f, 3);
  surface->albedo = mix3 (surface->albedo, hit->shape->material->second, smooth (0.40f, 0.62f, blush));
  surface->normal = bump (hit->normal, hit->point, 0.001f, 0.0004f, pile_height);
}

static float
field_vase (V3 p, const float *parameter)
{
  (void)parameter;
  const float r = length2 (p[0], p[2]), y = clampf (p[1] / 0.17f, -1.0f, 1.0f);
  const float belly = 0.062f + 0.034f * cosf ((y + 0.25f) * 2.3f) + 0.012f * smooth (0.6f, 1.0f, y);
  return flat_box (r - belly, p[1], 0.006f, 0.17f, 0.005f);
}

static float
field_bowl (V3 p, const float *parameter)
{
  const float radius = parameter[0],
              sphere = fabsf (length3 (p - v3 (0, radius * 0.55f, 0)) - radius) - 0.006f;
  return smooth_min (smooth_max (sphere, p[1] - radius * 0.12f, 0.008f),
                     flat_box (length2 (p[0], p[2]), p[1] + radius * 0.45f, radius * 0.45f, 0.012f, 0.004f),
                     0.012f);
}

static float
field_mug (V3 p, const float *parameter)
{
  (void)parameter;
  const float wall = flat_box (length2 (p[0], p[2]) - 0.038f, p[1], 0.003f, 0.047f, 0.003f);
  const float base = flat_box (length2 (p[0], p[2]), p[1] + 0.043f, 0.038f, 0.004f, 0.002f);
  const float ring = length2 (p[0] - 0.043f, p[1] * 0.85f) - 0.026f;
  const float handle = MAX (length2 (ring, p[2]) - 0.0055f, 0.037f - p[0]);
  return MIN (MIN (wall, base), handle);
}

static float
field_curtain (V3 p, const float *parameter)
{
  const float gather = 0.45f + 0.55f * smooth (0.9f, -0.7f, p[1]);
  const float fold = 0.036f * gather
                     * sinf (p[0] * 44.0f + 1.8f * sinf (p[0] * 9.0f + parameter[0])
                             + 0.5f * sinf (p[1] * 2.0f));
  return fabsf (p[2] - fold) - 0.003f;
}

static float
field_armchair (V3 p, const float *parameter)
{
  (void)parameter;
  const float dent = 0.012f * (noise (p * 7.0f) - 0.5f);
  const float seat = rounded_box (p - v3 (0, -0.08f, 0.02f), v3 (0.34f, 0.12f, 0.36f), 0.07f);
  const V3 lean = v3 (p[0], p[1] - 0.22f, p[2] - 0.34f - 0.22f * (p[1] - 0.0f));
  const float back = rounded_box (lean, v3 (0.40f, 0.42f, 0.09f), 0.08f);
  const float arm = rounded_box (v3 (fabsf (p[0]) - 0.40f, p[1] + 0.02f, p[2]), v3 (0.085f, 0.22f, 0.40f),
                                 0.07f);
  const float base = rounded_box (p - v3 (0, -0.22f, 0.0f), v3 (0.42f, 0.07f, 0.38f), 0.03f);
  return smooth_min (smooth_min (seat, base, 0.02f), smooth_min (back, arm, 0.03f), 0.02f) + dent;
}

static Material
plain (V3 colour, float roughness, float f0, void (*paint) (const Hit *, Surface *))
{
  return (Material){ .base = { .albedo = colour, .roughness = roughness, .f0 = f0 },
                     .second = colour * 0.5f,
                     .paint = paint };
}

static void
mix_materials (void)
{
  floor_wood = table_wood = shelf_wood = leg_wood = oak;
  floor_wood.paint = paint_planks;
  floor_wood.base.roughness = 0.26f;
  table_wood.paint = paint_wood_x;
  table_wood.base.albedo = v3 (0.50f, 0.30f, 0.15f);
  shelf_wood.base.albedo = v3 (0.20f, 0.105f, 0.055f);
  shelf_wood.second = v3 (0.09f, 0.045f, 0.025f);
  shelf_wood.paint = leg_wood.paint = paint_wood;
  wall_paint = plain (v3 (0.36f, 0.40f, 0.36f), 0.8f, 0.0f, paint_plaster);
  ceiling = plain (v3 (0.80f, 0.79f, 0.76f), 0.8f, 0.0f, paint_plaster);
  trim = plain (v3 (0.78f, 0.77f, 0.73f), 0.35f, 0.04f, NULL);
  rug = plain (grey (0.3f), 0.9f, 0.0f, paint_rug);
  linen = plain (v3 (0.74f, 0.70f, 0.60f), 0.9f, 0.0f, paint_fabric);
  linen.base.through = 0.42f;
  chair_cloth = plain (v3 (0.07f, 0.16f, 0.17f), 0.9f, 0.0f, paint_fabric);
  cushion = plain (v3 (0.60f, 0.30f, 0.06f), 0.9f, 0.0f, paint_fabric);
  glaze = plain (v3 (0.10f, 0.24f, 0.36f), 0.08f, 0.05f, paint_glaze);
  glaze.second = v3 (0.62f, 0.60f, 0.50f);
  bowl = plain (v3 (0.68f, 0.66f, 0.60f), 0.10f, 0.05f, paint_glaze);
  bowl.second = v3 (0.25f, 0.20f, 0.15f);
  mug = plain (v3 (0.62f, 0.14f, 0.07f), 0.08f, 0.05f, NULL);
  orange = plain (v3 (0.85f, 0.33f, 0.03f), 0.35f, 0.04f, paint_fruit);
  orange.second = v3 (0.80f, 0.26f, 0.02f);
  apple = plain (v3 (0.42f, 0.03f, 0.03f), 0.15f, 0.04f, paint_fruit);
  apple.second = v3 (0.50f, 0.42f, 0.08f);
  brass = plain (v3 (0.72f, 0.52f, 0.26f), 0.28f, 0.8f, NULL);
  brass.base.metal = 1.0f;
  shade = plain (v3 (0.75f, 0.66f, 0.50f), 0.9f, 0.0f, NULL);
  shade.base.through = 0.5f;
  petal = plain (v3 (0.78f, 0.10f, 0.16f), 0.9f, 0.0f, paint_leaf);
  petal.second = v3 (0.85f, 0.30f, 0.34f);
  petal_white = plain (v3 (0.82f, 0.78f, 0.70f), 0.9f, 0.0f, paint_leaf);
  petal_white.second = v3 (0.85f, 0.70f, 0.62f);
  petal.base.through = petal_white.base.through = 0.35f;
  foliage = plain (v3 (0.07f, 0.17f, 0.04f), 0.4f, 0.0f, paint_leaf);
  foliage.second = v3 (0.12f, 0.24f, 0.06f);
  foliage.base.through = 0.3f;
  stem = plain (v3 (0.10f, 0.20f, 0.05f), 0.6f, 0.0f, NULL);
  heart = plain (v3 (0.75f, 0.48f, 0.05f), 0.9f, 0.0f, NULL);
  paper = plain (v3 (0.76f, 0.73f, 0.66f), 0.9f, 0.0f, NULL);
  basket = plain (v3 (0.50f, 0.34f, 0.17f), 0.7f, 0.0f, paint_basket);
  canvas = plain (grey (0.5f), 0.5f, 0.0f, paint_canvas);
  frame_wood = plain (v3 (0.30f, 0.19f, 0.07f), 0.3f, 0.06f, paint_wood_x);
  frame_wood.second = v3 (0.16f, 0.09f, 0.03f);
  red_ball = plain (v3 (0.55f, 0.05f, 0.04f), 0.15f, 0.04f, NULL);
  pot = plain (v3 (0.50f, 0.20f, 0.10f), 0.7f, 0.0f, paint_plaster);
  static const V3 colours[] = { { 0.30f, 0.05f, 0.04f }, { 0.05f, 0.11f, 0.20f }, { 0.06f, 0.15f, 0.09f },
                                { 0.50f, 0.38f, 0.16f }, { 0.16f, 0.08f, 0.05f }, { 0.62f, 0.56f, 0.46f },
                                { 0.10f, 0.10f, 0.11f }, { 0.48f, 0.18f, 0.06f }, { 0.20f, 0.26f, 0.30f } };
  for (guint i = 0; i < G_N_ELEMENTS (covers); i++)
    covers[i] = plain (colours[i], 0.4f, 0.04f, paint_book);
}

static Shape *
add_box (Scene *scene, V3 low, V3 high, const Material *material)
{
  return scene_add (scene, SHAPE_BOX, (low + high) * 0.5f, (high - low) * 0.5f, material);
}

static void
add_shell (Scene *room)
{
  const float t = 0.24f;
  add_box (room, v3 (wall_left - t, -0.2f, wall_near), v3 (wall_right + t, 0, wall_back + t), &floor_wood);
  add_box (room, v3 (wall_left - t, room_height, wall_near),
           v3 (wall_right + t, room_height + t, wall_back + t), &ceiling);
  add_box (room, v3 (wall_left - t, 0, wall_near), v3 (wall_left, room_height, wall_back + t), &wall_paint);
  add_box (room, v3 (wall_right, 0, wall_near), v3 (wall_right + t, room_height, wall_back + t), &wall_paint);
  add_box (room, v3 (wall_left, 0, wall_near - t), v3 (wall_right, room_height, wall_near), &wall_paint);
  add_box (room, v3 (wall_left, 0, wall_back), v3 (pane_left, room_height, wall_back + t), &wall_paint);
  add_box (room, v3 (pane_right, 0, wall_back), v3 (wall_right, room_height, wall_back + t), &wall_paint);
  add_box (room, v3 (pane_left, 0, wall_back), v3 (pane_right, pane_low, wall_back + t), &wall_paint);
  add_box (room, v3 (pane_left, pane_high, wall_back), v3 (pane_right, room_height, wall_back + t),
           &wall_paint);
  add_box (room, v3 (wall_left, 0, wall_back - 0.018f), v3 (wall_right, 0.11f, wall_back), &trim);
  add_box (room, v3 (wall_left, 0, wall_near), v3 (wall_left + 0.018f, 0.11f, wall_back), &trim);
  add_box (room, v3 (wall_right - 0.018f, 0, wall_near), v3 (wall_right, 0.11f, wall_back), &trim);
}

static void
add_window (Scene *room)
{
  const float z = wall_back + 0.12f, w = 0.035f, middle = (pane_left + pane_right) * 0.5f;
  add_box (room, v3 (pane_left - 0.08f, pane_low - 0.045f, wall_back - 0.14f),
           v3 (pane_right + 0.08f, pane_low, wall_back + 0.2f), &trim)
    ->bevel = 0.012f;
  add_box (room, v3 (pane_left, pane_low, z - w), v3 (pane_left + 0.055f, pane_high, z + w), &trim);
  add_box (room, v3 (pane_right - 0.055f, pane_low, z - w), v3 (pane_right, pane_high, z + w), &trim);
  add_box (room, v3 (pane_left, pane_low, z - w), v3 (pane_right, pane_low + 0.055f, z + w), &trim);
  add_box (room, v3 (pane_left, pane_high - 0.055f, z - w), v3 (pane_right, pane_high, z + w), &trim);
  add_box (room, v3 (middle - 0.045f, pane_low, z - w), v3 (middle + 0.045f, pane_high, z + w), &trim);
  add_box (room, v3 (pane_left, 1.80f, z - 0.015f), v3 (pane_right, 1.83f, z + 0.015f), &trim);
  for (int side = -1; side <= 1; side += 2)
  {
    const float x = side < 0 ? pane_left - 0.13f : pane_right + 0.13f;
    Shape *const curtain = scene_add_field (room, field_curtain, v3 (x, 1.27f, wall_back - 0.13f),
                                            v3 (0.30f, 1.22f, 0.045f), &linen);
    curtain->parameter[0] = 2.0f * side;
    curtain->bevel = 0.42f;
  }
  Shape *const rod = scene_add_field (room, field_cylinder, v3 (middle, 2.50f, wall_back - 0.13f),
                                      v3 (0.02f, 1.75f, 0.02f), &brass);
  rod->parameter[0] = 0.014f;
  rod->parameter[1] = 1.70f;
  shape_aim (rod, v3 (1, 0, 0));
}

static void
add_books (Scene *room, float y, guint32 seed)
{
  Random random = random_start (seed, 0);
  random.dimension = 99;
  for (float z = 1.32f; z < 3.28f;)
  {
    const float thick = 0.016f + 0.034f * random_next (&random),
                tall = 0.19f + 0.085f * random_next (&random);
    const float deep = 0.14f + 0.05f * random_next (&random);
    if (random_next (&random) < 0.06f)
    {
      z += 0.11f;
      continue;
    }
    const guint cover = MIN ((guint)(random_next (&random) * G_N_ELEMENTS (covers)),
                             G_N_ELEMENTS (covers) - 1);
    const float front = wall_right - 0.29f + 0.02f * random_next (&random);
    Shape *const book = scene_add (room, SHAPE_BOX,
                                   v3 (front + deep * 0.5f, y + tall * 0.5f, z + thick * 0.5f),
                                   v3 (deep * 0.5f, tall * 0.5f, thick * 0.5f - 0.0008f), &covers[cover]);
    book->bevel = 0.004f;
    if (random_next (&random) < 0.07f)
    {
      shape_aim (book, v3 (0.0f, 1.0f, 0.16f));
      book->axis[2] = cross (v3 (1, 0, 0), book->axis[1]);
      book->axis[0] = v3 (1, 0, 0);
      z += 0.03f;
    }
    z += thick;
  }
}

static void
add_shelf (Scene *room)
{
  const float front = wall_right - 0.31f;
  for (int i = 0; i < 6; i++)
  {
    const float y = 0.10f + 0.375f * i;
    add_box (room, v3 (front, y - 0.012f, 1.28f), v3 (wall_right - 0.01f, y + 0.012f, 3.36f), &shelf_wood);
    if (i < 5)
      add_books (room, y + 0.012f, 70 + i);
  }
  add_box (room, v3 (front, 0, 1.25f), v3 (wall_right - 0.005f, 2.06f, 1.285f), &shelf_wood);
  add_box (room, v3 (front, 0, 3.355f), v3 (wall_right - 0.005f, 2.06f, 3.39f), &shelf_wood);
  add_box (room, v3 (wall_right - 0.02f, 0, 1.28f), v3 (wall_right - 0.006f, 2.04f, 3.36f), &shelf_wood);
}

static void
add_flower (Scene *room, V3 from, V3 to, const Material *colour)
{
  Shape *const stalk = scene_add_field (room, field_cylinder, (from + to) * 0.5f,
                                        v3 (0.006f, length3 (to - from) * 0.5f, 0.006f), &stem);
  stalk->parameter[0] = 0.0028f;
  stalk->parameter[1] = length3 (to - from) * 0.5f;
  shape_aim (stalk, to - from);
  const V3 up = unit (to - from + v3 (0, 0, -0.12f));
  const V3 side = unit (cross (up, v3 (0.3f, 0.2f, 1.0f))), other = cross (up, side);
  for (int i = 0; i < 16; i++)
  {
    const float angle = 2.4f * i, reach = i < 9 ? 0.030f : 0.017f;
    const V3 out = side * cosf (angle) + other * sinf (angle);
    Shape *const leaf = scene_add (room, SHAPE_DISC, to + out * reach + up * (i < 9 ? 0.002f : 0.012f),
                                   v3 (0.014f, 1e-4f, i < 9 ? 0.028f : 0.018f), colour);
    leaf->axis[1] = unit (up - out * (i < 9 ? 0.35f : 0.8f));
    leaf->axis[0] = unit (cross (leaf->axis[1], out));
    leaf->axis[2] = cross (leaf->axis[0], leaf->axis[1]);
  }
  scene_add (room, SHAPE_BALL, to + up * 0.008f, grey (0.011f), &heart);
}

static void
add_bouquet (Scene *room, V3 at)
{
  scene_add_field (room, field_vase, at + v3 (0, 0.17f, 0), v3 (0.11f, 0.171f, 0.11f), &glaze)->bevel = 0.75f;
  for (int i = 0; i < 15; i++)
  {
    const float angle = 2.4f * i, out = 0.04f + 0.17f * sqrtf (i / 15.0f);
    const V3 head = at + v3 (out * cosf (angle), 0.64f - 0.55f * out + 0.05f * (i % 3), out * sinf (angle));
    add_flower (room, at + v3 (0.03f * cosf (angle), 0.25f, 0.03f * sinf (angle)), head,
                i % 3 == 1 ? &petal_white : &petal);
  }
  for (int i = 0; i < 44; i++)
  {
    const float angle = 1.7f * i, out = 0.06f + 0.11f * hash_cell (i, 4, 2);
    Shape *const leaf = scene_add (
      room, SHAPE_DISC, at + v3 (out * cosf (angle), 0.36f + 0.17f * hash_cell (i, 1, 2), out * sinf (angle)),
      v3 (0.019f, 1e-4f, 0.062f), &foliage);
    shape_aim (leaf, v3 (cosf (angle) * 0.4f, 0.8f, sinf (angle) * 0.4f + 0.2f * hash_cell (i, 2, 2)));
  }
}

static void
add_table (Scene *room)
{
  const float top = 0.745f;
  const V3 middle = v3 (0.72f, 0, 2.25f);
  add_box (room, middle + v3 (-0.80f, top - 0.032f, -0.45f), middle + v3 (0.80f, top, 0.45f), &table_wood)
    ->bevel = 0.008f;
  add_box (room, middle + v3 (-0.70f, top - 0.11f, -0.36f), middle + v3 (0.70f, top - 0.032f, -0.335f),
           &table_wood);
  add_box (room, middle + v3 (-0.70f, top - 0.11f, 0.335f), middle + v3 (0.70f, top - 0.032f, 0.36f),
           &table_wood);
  for (int i = 0; i < 4; i++)
  {
    const V3 at = middle + v3 (i % 2 != 0 ? 0.70f : -0.70f, 0, i / 2 != 0 ? 0.36f : -0.36f);
    add_box (room, at + v3 (-0.032f, 0, -0.032f), at + v3 (0.032f, top - 0.032f, 0.032f), &leg_wood);
  }
  add_bouquet (room, middle + v3 (-0.12f, top, 0.12f));
  scene_add_field (room, field_bowl, middle + v3 (0.38f, top + 0.077f, 0.02f), v3 (0.16f, 0.08f, 0.16f),
                   &bowl)
    ->parameter[0] = 0.15f;
  static const float fruit[][4] = { { 0.32f, 0.105f, 0.0f, 0 },
                                    { 0.43f, 0.105f, 0.05f, 1 },
                                    { 0.39f, 0.10f, -0.06f, 0 },
                                    { 0.36f, 0.105f, 0.09f, 1 },
                                    { 0.385f, 0.165f, 0.015f, 0 } };
  for (guint i = 0; i < G_N_ELEMENTS (fruit); i++)
    scene_add (room, SHAPE_BALL, middle + v3 (fruit[i][0], top + fruit[i][1], fruit[i][2]),
               v3 (0.041f, 0.038f, 0.041f), fruit[i][3] > 0.5f ? &apple : &orange);
  for (int i = 0; i < 3; i++)
  {
    Shape *const book = scene_add (room, SHAPE_BOX,
                                   middle + v3 (-0.50f + 0.01f * i, top + 0.019f + 0.036f * i, -0.14f),
                                   v3 (0.15f - 0.015f * i, 0.105f - 0.006f * i, 0.0175f), &covers[i * 3 % 8]);
    book->axis[1] = v3 (0, 0, 1);
    book->axis[2] = v3 (0, 1, 0);
    shape_turn (book, 1.75f + 0.25f * i);
  }
  Shape *const cup = scene_add_field (room, field_mug, middle + v3 (0.06f, top + 0.049f, -0.22f),
                                      v3 (0.075f, 0.049f, 0.042f), &mug);
  shape_turn (cup, -0.5f);
}

static void
add_under_table (Scene *room)
{
  Shape *const wicker = scene_add_field (room, field_tube, v3 (1.12f, 0.16f, 2.32f), v3 (0.23f, 0.15f, 0.23f),
                                         &basket);
  wicker->parameter[0] = 0.15f;
  wicker->parameter[1] = 0.20f;
  wicker->parameter[2] = 0.145f;
  wicker->parameter[3] = 0.012f;
  for (int i = 0; i < 4; i++)
    scene_add (room, SHAPE_BALL, v3 (1.07f + 0.10f * (i % 2), 0.25f + 0.02f * i, 2.27f + 0.10f * (i / 2)),
               grey (0.07f), i % 2 != 0 ? &cushion : &chair_cloth);
  scene_add (room, SHAPE_BALL, v3 (0.42f, 0.112f, 2.05f), grey (0.10f), &red_ball);
  for (int i = 0; i < 5; i++)
  {
    Shape *const pile = scene_add (room, SHAPE_BOX, v3 (0.66f, 0.028f + 0.026f * i, 2.42f),
                                   v3 (0.11f, 0.15f, 0.012f), &covers[(i * 2 + 1) % 9]);
    pile->axis[1] = v3 (0, 0, 1);
    pile->axis[2] = v3 (0, 1, 0);
    shape_turn (pile, 0.15f * sinf (2.1f * i));
  }
}

static void
add_armchair (Scene *room)
{
  const V3 at = v3 (-1.45f, 0.43f, 2.55f);
  Shape *const chair = scene_add_field (room, field_armchair, at, v3 (0.56f, 0.70f, 0.68f), &chair_cloth);
  shape_turn (chair, 0.55f);
  chair->bevel = 0.75f;
  Shape *const pillow = scene_add_field (room, field_rounded, at + v3 (0.06f, 0.22f, 0.08f),
                                         v3 (0.23f, 0.21f, 0.1f), &cushion);
  pillow->parameter[0] = 0.21f;
  pillow->parameter[1] = 0.19f;
  pillow->parameter[2] = 0.07f;
  pillow->parameter[3] = 0.068f;
  shape_aim (pillow, v3 (-0.1f, 1.0f, 0.35f));
  for (int i = 0; i < 4; i++)
  {
    Shape *const leg = scene_add_field (
      room, field_cylinder,
      at + spin_y (v3 (i % 2 != 0 ? 0.36f : -0.36f, -0.36f, i / 2 != 0 ? 0.32f : -0.32f), 0.55f),
      v3 (0.03f, 0.08f, 0.03f), &leg_wood);
    leg->parameter[0] = 0.024f;
    leg->parameter[1] = 0.075f;
  }
}

static void
add_lamp (Scene *room)
{
  const V3 at = v3 (1.98f, 0, 3.78f);
  Shape *const pole = scene_add_field (room, field_cylinder, at + v3 (0, 0.75f, 0),
                                       v3 (0.015f, 0.75f, 0.015f), &brass);
  pole->parameter[0] = 0.011f;
  pole->parameter[1] = 0.75f;
  Shape *const foot = scene_add_field (room, field_cylinder, at + v3 (0, 0.012f, 0),
                                       v3 (0.15f, 0.012f, 0.15f), &brass);
  foot->parameter[0] = 0.14f;
  foot->parameter[1] = 0.012f;
  foot->parameter[2] = 0.006f;
  Shape *const cone = scene_add_field (room, field_tube, at + v3 (0, 1.58f, 0), v3 (0.23f, 0.145f, 0.23f),
                                       &shade);
  cone->parameter[0] = 0.22f;
  cone->parameter[1] = 0.14f;
  cone->parameter[2] = 0.14f;
  cone->parameter[3] = 0.002f;
  scene_add_light (room, (Light){ .kind = LIGHT_BALL,
                                  .at = at + v3 (0, 1.57f, 0),
                                  .radius = 0.035f,
                                  .emission = v3 (120.0f, 71.0f, 31.0f) });
}

static void
add_rest (Scene *room)
{
  add_box (room, v3 (-0.75f, 0.001f, 1.05f), v3 (1.95f, 0.012f, 3.15f), &rug);
  add_box (room, v3 (1.32f, 1.22f, wall_back - 0.03f), v3 (1.94f, 1.70f, wall_back), &frame_wood)->bevel =
    0.02f;
  add_box (room, v3 (1.37f, 1.27f, wall_back - 0.033f), v3 (1.89f, 1.65f, wall_back - 0.01f), &canvas);
  add_box (room, v3 (wall_left, 1.15f, 1.3f), v3 (wall_left + 0.03f, 1.85f, 1.9f), &frame_wood)->bevel =
    0.02f;
  Shape *const planter = scene_add_field (room, field_tube, v3 (-0.98f, pane_low + 0.07f, wall_back - 0.02f),
                                          v3 (0.085f, 0.07f, 0.085f), &pot);
  planter->parameter[0] = 0.055f;
  planter->parameter[1] = 0.075f;
  planter->parameter[2] = 0.068f;
  planter->parameter[3] = 0.006f;
  scatter_leaves (room, v3 (-0.98f, pane_low + 0.24f, wall_back - 0.02f), v3 (0.17f, 0.15f, 0.13f), 170,
                  0.035f, &foliage, 5);
  Shape *const tall = scene_add_field (room, field_tube, v3 (-2.05f, 0.17f, 3.80f), v3 (0.2f, 0.17f, 0.2f),
                                       &pot);
  tall->parameter[0] = 0.14f;
  tall->parameter[1] = 0.185f;
  tall->parameter[2] = 0.165f;
  tall->parameter[3] = 0.01f;
  for (int i = 0; i < 34; i++)
  {
    const float angle = 2.4f * i, lift = 0.35f + 1.0f * hash_cell (i, 3, 3),
                out = 0.10f + 0.22f * hash_cell (i, 5, 3);
    Shape *const leaf = scene_add (room, SHAPE_DISC,
                                   v3 (-2.05f + out * cosf (angle), lift, 3.80f + out * sinf (angle)),
                                   v3 (0.05f, 1e-4f, 0.20f), &foliage);
    const V3 along = unit (v3 (cosf (angle), 1.3f - 0.9f * hash_cell (i, 7, 3), sinf (angle)));
    leaf->axis[2] = along;
    leaf->axis[0] = unit (cross (v3 (0, 1, 0), along));
    leaf->axis[1] = cross (leaf->axis[2], leaf->axis[0]);
  }
}

static const Scene *garden;

static V3
room_sky (const Scene *room, V3 origin, V3 direction, gboolean seen)
{
  (void)room;
  return seen ? garden_radiance (garden, origin, direction) : garden_soft (direction);
}

static Scene *
room_new (void)
{
  Scene *const room = scene_new ();
  mix_materials ();
  add_shell (room);
  add_window (room);
  add_shelf (room);
  add_table (room);
  add_under_table (room);
  add_armchair (room);
  add_lamp (room);
  add_rest (room);
  room->sky = room_sky;
  room->windows_only = TRUE;
  room->epsilon = 6e-4f;
  room->ceiling = 12.0f;
  scene_add_light (room, (Light){ .kind = LIGHT_SUN,
                                  .at = unit (garden_sun),
                                  .radius = 0.006f,
                                  .emission = v3 (44.0f, 38.0f, 30.0f) });
  scene_add_light (room, (Light){ .kind = LIGHT_WINDOW,
                                  .at = v3 ((pane_left + pane_right) * 0.5f, (pane_low + pane_high) * 0.5f,
                                            wall_back + 0.22f),
                                  .u = v3 ((pane_right - pane_left) * 0.5f, 0, 0),
                                  .v = v3 (0, (pane_high - pane_low) * 0.5f, 0) });
  scene_build (room);
  return room;
}

static gboolean
write_bracket (const Picture *scene, const char *folder, const char *part, const float (*hand)[3],
               const Effort *effort)
{
  const guint width = (guint)(WIDTH * effort->scale), height = (guint)(HEIGHT * effort->scale);
  for (guint i = 0; i < FRAMES; i++)
  {
    const float scale = effort->scale, dx = hand[i][0] * scale, dy = hand[i][1] * scale;
    Picture cut = picture_cut (scene, width, height, dx, dy, hand[i][2]);
    const float seconds = exp2f (2.0f * i - 4.0f) / 15.0f;
    const Shot shot = { .exposure = 2.1f * exp2f (2.0f * i - 4.0f),
                        .wells = 9000.0f,
                        .read = 5.0f,
                        .glare = 0.035f,
                        .seed = i + (part[0] == 'h' ? 40 : 10),
                        .seconds = seconds,
                        .f_number = 8.0f,
                        .iso = 200 };
    char name[16], path[1024];
    g_snprintf (name, sizeof name, "%u.jpg", i + 1);
    const gboolean ok = file_name (path, sizeof path, folder, part, name)
                        && shot_write (&cut, &shot, 90, path);
    picture_clear (&cut);
    if (!ok)
      return FALSE;
  }
  return TRUE;
}

gboolean
room_draw (const char *folder, const Effort *effort)
{
  static const float still[FRAMES][3];
  /* Pixels right and down, degrees. */
  static const float hand[FRAMES][3] = {
    { 7.3f, -4.6f, 0.38f }, { -5.8f, 3.1f, -0.22f },  { 0.0f, 0.0f, 0.0f },
    { 9.4f, 8.2f, -0.47f }, { -10.6f, -7.7f, 0.55f },
  };
  Scene *const room = room_new (), *const outside = garden_new ();
  garden = outside;
  const Camera camera = camera_look (v3 (0.30f, 1.42f, -1.05f), v3 (0.16f, 1.12f, 4.0f),
                                     1.13f * HEIGHT / (HEIGHT + 2.0f * MARGIN));
  const guint width = (guint)((WIDTH + 2 * MARGIN) * effort->scale),
              height = (guint)((HEIGHT + 2 * MARGIN) * effort->scale);
  Picture scene = scene_render (room, &camera, width, height, effort);
  const gboolean ok = write_bracket (&scene, folder, "bracket", still, effort)
                      && write_bracket (&scene, folder, "handheld", hand, effort);
  picture_clear (&scene);
  scene_free (room);
  scene_free (outside);
  return ok;
}
