/* yard.c: a back street after dusk, seen by a colour camera and by a thermal one with the same lens. The colour
 * camera sees lamps, bricks and signs; the thermal one sees the people who stand in the dark and in the steam.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "scenes.h"

#include "paint.h"

enum
{
  WIDTH = 1050,
  HEIGHT = 700,
};

static Material bricks, asphalt, pavement, steel, car_body, car_glass, rubber, door_wood, trim_white, coat,
  jeans, crate_wood, plank_wood, bin_metal, leaf, bark, curtain, sign_board, warm_pipe, garage, hub_cap;

static const float wall_left = -3.6f, wall_right = 5.0f;

/* A standing person, 1.75 m, facing -z. parameter: stride, arm swing, lean. */
static float
field_person (V3 p, const float *parameter)
{
  const float stride = parameter[0], swing = parameter[1];
  p[1] += 0.90f;
  float d = 1e9f;
  for (int side = -1; side <= 1; side += 2)
  {
    const float s = (float)side, step = stride * s, reach = swing * s;
    const V3 hip = v3 (0.095f * s, 0.90f, 0), knee = v3 (0.11f * s, 0.49f, -0.5f * step - 0.03f),
             ankle = v3 (0.115f * s, 0.08f, 0.25f * step - 0.6f * step);
    d = MIN (d, smooth_min (capsule (p, hip, knee, 0.092f, 0.066f), capsule (p, knee, ankle, 0.064f, 0.046f),
                            0.03f));
    d = smooth_min (
      d, capsule (p, ankle + v3 (0, -0.035f, 0.03f), ankle + v3 (0.02f * s, -0.045f, -0.15f), 0.045f, 0.038f),
      0.02f);
    const V3 shoulder = v3 (0.205f * s, 1.42f, 0), elbow = v3 (0.275f * s, 1.14f, 0.3f * reach + 0.02f),
             hand = v3 (0.265f * s, 0.89f, 0.9f * reach - 0.06f);
    const float arm = smooth_min (capsule (p, shoulder, elbow, 0.062f, 0.052f),
                                  capsule (p, elbow, hand, 0.050f, 0.038f), 0.03f);
    d = smooth_min (d, arm, 0.035f);
    d = smooth_min (d, length3 (p - hand - v3 (0, -0.05f, -0.01f)) - 0.047f, 0.02f);
  }
  const V3 chest = v3 (p[0] * 0.74f, p[1], p[2]);
  const float torso = smooth_min (capsule (chest, v3 (0, 0.92f, 0), v3 (0, 1.15f, 0), 0.115f, 0.118f),
                                  capsule (chest, v3 (0, 1.15f, 0), v3 (0, 1.40f, 0), 0.12f, 0.118f), 0.05f);
  const float coat_hem = capsule (v3 (p[0] * 0.80f, p[1], p[2]), v3 (0, 0.76f, 0), v3 (0, 1.0f, 0), 0.135f,
                                  0.12f);
  d = smooth_min (d, MIN (torso, coat_hem) * 0.9f, 0.05f);
  d = smooth_min (d, capsule (p, v3 (0, 1.46f, 0.01f), v3 (0, 1.56f, 0), 0.058f, 0.055f), 0.04f);
  const V3 head = (p - v3 (0, 1.655f, -0.01f)) / v3 (0.86f, 1.12f, 1.0f) * v3 (1, 1, 1);
  d = smooth_min (d, (length3 (head) - 0.104f) * 0.86f, 0.03f);
  return d + 0.004f * (noise (p * 14.0f) - 0.5f);
}

/* A small hatchback along z, its nose towards -z. */
static float
field_car (V3 p, const float *parameter)
{
  (void)parameter;
  p[1] += 0.70f;
  const float side = fabsf (p[0]), tumble = 0.12f * smooth (0.8f, 1.4f, p[1]);
  float body = rounded_box (
    v3 (p[0], p[1] - 0.58f, p[2]),
    v3 (0.83f - 0.05f * smooth (1.2f, 2.0f, fabsf (p[2])), 0.33f - 0.06f * smooth (0.9f, 1.9f, -p[2]), 1.95f),
    0.16f);
  const float slope = MAX (-(p[2] + 0.95f) * 0.62f + (p[1] - 0.95f) * 0.60f,
                           (p[2] - 1.62f) * 0.80f + (p[1] - 0.95f) * 0.36f);
  const float cabin = smooth_max (
    rounded_box (v3 (side + tumble, p[1] - 1.05f, p[2] - 0.35f), v3 (0.80f, 0.39f, 1.55f), 0.14f), slope,
    0.12f);
  body = smooth_min (body, cabin, 0.06f);
  const float arch = MIN (length2 (p[1] - 0.31f, p[2] + 1.22f), length2 (p[1] - 0.31f, p[2] - 1.25f)) - 0.37f;
  body = smooth_max (body, -MAX (arch, 0.60f - side), 0.03f);
  return body * 0.85f;
}

static void
paint_car (const Hit *hit, Surface *surface)
{
  const V3 p = hit->local + v3 (0, 0.70f, 0);
  const float side = fabsf (p[0]);
  const gboolean flank = fabsf (hit->local[0]) > 0.55f && p[1] > 0.96f && p[1] < 1.34f
                         && p[2] > -0.75f + (p[1] - 0.96f) && p[2] < 1.45f && fabsf (p[2] - 0.42f) > 0.05f;
  const gboolean ends = side < 0.62f && p[1] > 0.98f && p[1] < 1.34f && (p[2] < 0.0f || p[2] > 1.2f);
  if (flank || ends)
  {
    surface->albedo = grey (0.012f);
    surface->roughness = 0.03f;
  }
  else if (p[2] < -1.80f && side > 0.40f && side < 0.72f && fabsf (p[1] - 0.66f) < 0.085f)
    surface->albedo = grey (0.30f);
  else if (p[2] > 1.80f && side > 0.52f && fabsf (p[1] - 0.72f) < 0.10f)
    surface->albedo = v3 (0.5f, 0.02f, 0.02f);
  else if (p[1] < 0.36f || (p[2] < -1.8f && side < 0.38f && fabsf (p[1] - 0.5f) < 0.07f))
    surface->albedo = grey (0.02f);
  const float gap = MIN (fabsf (p[2] + 0.62f), fabsf (p[2] - 0.44f));
  if (side > 0.6f && gap < 0.006f && p[1] > 0.38f && p[1] < 0.97f)
    surface->albedo *= 0.15f;
}

static float
puddle (V3 p)
{
  return smooth (0.52f, 0.60f, fbm (v3 (p[0] * 0.55f + 3.7f, 0.0f, p[2] * 0.38f + 1.3f), 3));
}

static float
grit (V3 p)
{
  return noise (p * 90.0f) + 0.7f * noise (p * 36.0f);
}

static void
paint_asphalt (const Hit *hit, Surface *surface)
{
  const float wet = puddle (hit->point), stone = noise (hit->point * 130.0f);
  const float crack = smooth (0.012f, 0.003f, fabsf (fbm (hit->point * 0.9f + 20.0f, 5) - 0.5f));
  surface->albedo *= (0.55f + 0.9f * stone * stone) * (0.75f + 0.5f * fbm (hit->point * 1.4f, 3))
                     * (1.0f - 0.6f * crack) * (1.0f - 0.45f * wet);
  surface->roughness = mixf (0.62f, 0.04f, wet);
  const V3 rough = bump (hit->normal, hit->point, 0.003f, 0.006f, grit);
  const V3 ripple = v3 (noise (hit->point * 6.0f) - 0.5f, 0.0f, noise (hit->point * 6.0f + 9.0f) - 0.5f)
                    * 0.012f;
  surface->normal = unit (mix3 (rough, hit->normal + ripple, wet));
}

static void
paint_slabs (const Hit *hit, Surface *surface)
{
  const float size = 0.6f, u = hit->point[0] / size - floorf (hit->point[0] / size),
              v = hit->point[2] / size - floorf (hit->point[2] / size);
  const float edge = MIN (MIN (u, 1.0f - u), MIN (v, 1.0f - v));
  const float tone = hash_cell ((int)floorf (hit->point[0] / size), (int)floorf (hit->point[2] / size), 3);
  surface->albedo *= (0.75f + 0.4f * tone) * (0.6f + 0.7f * fbm (hit->point * 9.0f, 4))
                     * mixf (0.3f, 1.0f, smooth (0.006f, 0.02f, edge));
  surface->normal = bump (hit->normal, hit->point, 0.003f, 0.003f, grit);
}

static void
paint_rust (const Hit *hit, Surface *surface)
{
  const float rust = smooth (0.5f, 0.62f, fbm (hit->local * 4.0f + hit->shape->centre, 5));
  surface->albedo = mix3 (surface->albedo, v3 (0.20f, 0.08f, 0.03f), rust);
  surface->roughness = mixf (surface->roughness, 0.8f, rust);
}

/* A lit room behind a net curtain: brighter where its lamp stands. */
static void
paint_curtain (const Hit *hit, Surface *surface)
{
  const V3 p = hit->local, half = hit->shape->half;
  const float fold = 0.75f + 0.25f * sinf (p[2] * 60.0f + 2.0f * sinf (p[2] * 13.0f));
  const float lamp = expf (-4.0f
                           * ((p[2] / half[2] - 0.3f) * (p[2] / half[2] - 0.3f)
                              + (p[1] / half[1] + 0.1f) * (p[1] / half[1] + 0.1f)));
  surface->emission = v3 (1.0f, 0.58f, 0.24f) * (fold * (0.45f + 1.5f * lamp));
}

static void
paint_sign (const Hit *hit, Surface *surface)
{
  const float x = hit->local[2] / hit->shape->half[2], y = hit->local[1] / hit->shape->half[1];
  const float stroke = noise (v3 (x * 9.0f + 3.0f, floorf (y * 2.0f) * 7.0f, 0.5f));
  const gboolean text = fabsf (x) < 0.8f && fabsf (fabsf (y) - 0.4f) < 0.2f && stroke > 0.45f;
  surface->albedo = fabsf (x) > 0.93f || fabsf (y) > 0.88f || text ? grey (0.75f) : v3 (0.03f, 0.10f, 0.30f);
}

static void
paint_slats (const Hit *hit, Surface *surface)
{
  const float slat = hit->point[1] * 9.0f - floorf (hit->point[1] * 9.0f);
  surface->normal = unit (hit->normal + v3 (0, 0.7f * (slat - 0.5f), 0));
  surface->albedo *= mixf (0.35f, 1.0f, smooth (0.0f, 0.12f, slat))
                     * (0.8f + 0.4f * fbm (hit->point * v3 (1.5f, 6.0f, 1.0f), 3));
}

static Material
plain (V3 colour, float roughness, float f0, float celsius, void (*paint) (const Hit *, Surface *))
{
  return (Material){ .base = { .albedo = colour, .roughness = roughness, .f0 = f0 },
                     .second = colour * 0.45f,
                     .paint = paint,
                     .celsius = celsius };
}

static void
mix_materials (void)
{
  bricks = plain (v3 (0.30f, 0.125f, 0.075f), 0.9f, 0.0f, 9.0f, paint_bricks);
  bricks.second = v3 (0.16f, 0.075f, 0.055f);
  asphalt = plain (grey (0.12f), 0.6f, 0.035f, 7.6f, paint_asphalt);
  pavement = plain (v3 (0.26f, 0.25f, 0.24f), 0.9f, 0.0f, 7.0f, paint_slabs);
  steel = plain (v3 (0.10f, 0.11f, 0.11f), 0.4f, 0.05f, 5.4f, paint_rust);
  car_body = plain (v3 (0.035f, 0.07f, 0.12f), 0.12f, 0.05f, 6.5f, paint_car);
  hub_cap = plain (grey (0.30f), 0.25f, 0.06f, 9.5f, NULL);
  garage = plain (v3 (0.16f, 0.17f, 0.18f), 0.5f, 0.03f, 10.2f, paint_slats);
  car_glass = plain (grey (0.01f), 0.03f, 0.05f, 5.0f, NULL);
  rubber = plain (grey (0.02f), 0.7f, 0.02f, 12.5f, NULL);
  door_wood = plain (v3 (0.05f, 0.13f, 0.09f), 0.4f, 0.04f, 10.5f, NULL);
  trim_white = plain (v3 (0.55f, 0.54f, 0.50f), 0.5f, 0.04f, 8.6f, NULL);
  coat = plain (v3 (0.022f, 0.023f, 0.026f), 0.9f, 0.0f, 18.0f, NULL);
  jeans = plain (v3 (0.075f, 0.065f, 0.055f), 0.9f, 0.0f, 19.0f, NULL);
  crate_wood = plain (v3 (0.34f, 0.22f, 0.11f), 0.7f, 0.02f, 7.2f, paint_wood);
  plank_wood = plain (v3 (0.20f, 0.14f, 0.09f), 0.8f, 0.0f, 6.4f, paint_wood);
  bin_metal = plain (v3 (0.05f, 0.16f, 0.10f), 0.45f, 0.04f, 6.2f, paint_rust);
  leaf = plain (v3 (0.05f, 0.09f, 0.02f), 0.8f, 0.0f, 5.8f, paint_leaf);
  leaf.second = v3 (0.09f, 0.11f, 0.03f);
  leaf.base.through = 0.3f;
  bark = plain (v3 (0.16f, 0.12f, 0.09f), 0.9f, 0.0f, 8.2f, paint_bark);
  curtain = plain (grey (0.3f), 0.9f, 0.0f, 16.5f, paint_curtain);
  sign_board = plain (grey (0.3f), 0.4f, 0.04f, 6.4f, paint_sign);
  warm_pipe = plain (v3 (0.22f, 0.20f, 0.18f), 0.4f, 0.05f, 27.0f, paint_rust);
}

static Shape *
add_box (Scene *scene, V3 low, V3 high, const Material *material)
{
  return scene_add (scene, SHAPE_BOX, (low + high) * 0.5f, (high - low) * 0.5f, material);
}

static Shape *
add_cylinder (Scene *scene, V3 from, V3 to, float radius, const Material *material)
{
  const float half = length3 (to - from) * 0.5f;
  Shape *const shape = scene_add_field (scene, field_cylinder, (from + to) * 0.5f, v3 (radius, half, radius),
                                        material);
  shape->parameter[0] = radius;
  shape->parameter[1] = half;
  shape->parameter[2] = radius * 0.1f;
  shape_aim (shape, to - from);
  return shape;
}

static void
add_left_house (Scene *yard)
{
  const float x = wall_left;
  /* A wall with two windows and a door, built around its openings; z of the openings: 4.2-5.5, 8.6-9.9. */
  static const float piers[][2] = { { -4.0f, 4.2f }, { 5.5f, 8.6f }, { 9.9f, 26.0f } };
  for (guint i = 0; i < G_N_ELEMENTS (piers); i++)
    add_box (yard, v3 (x - 0.4f, 0, piers[i][0]), v3 (x, 7.0f, piers[i][1]), &bricks);
  static const float windows[] = { 4.2f, 8.6f };
  for (guint i = 0; i < G_N_ELEMENTS (windows); i++)
  {
    const float z = windows[i];
    add_box (yard, v3 (x - 0.4f, 0, z), v3 (x, 1.05f, z + 1.3f), &bricks);
    add_box (yard, v3 (x - 0.4f, 2.45f, z), v3 (x, 7.0f, z + 1.3f), &bricks);
    add_box (yard, v3 (x - 0.06f, 0.97f, z - 0.08f), v3 (x + 0.09f, 1.05f, z + 1.38f), &trim_white);
    add_box (yard, v3 (x - 0.02f, 2.45f, z - 0.12f), v3 (x + 0.025f, 2.64f, z + 1.42f), &trim_white);
    add_box (yard, v3 (x - 0.20f, 1.05f, z), v3 (x - 0.13f, 2.45f, z + 0.06f), &trim_white);
    add_box (yard, v3 (x - 0.20f, 1.05f, z + 1.24f), v3 (x - 0.13f, 2.45f, z + 1.3f), &trim_white);
    add_box (yard, v3 (x - 0.20f, 1.05f, z + 0.62f), v3 (x - 0.13f, 2.45f, z + 0.68f), &trim_white);
    add_box (yard, v3 (x - 0.20f, 1.90f, z), v3 (x - 0.13f, 1.95f, z + 1.3f), &trim_white);
    add_box (yard, v3 (x - 0.26f, 1.05f, z), v3 (x - 0.24f, 2.45f, z + 1.3f), &curtain);
  }
  add_box (yard, v3 (x - 0.05f, 0.12f, 6.35f), v3 (x + 0.03f, 2.25f, 7.35f), &door_wood)->bevel = 0.02f;
  add_box (yard, v3 (x - 0.05f, 0.0f, 6.2f), v3 (x + 0.06f, 2.38f, 6.34f), &trim_white);
  add_box (yard, v3 (x - 0.05f, 0.0f, 7.36f), v3 (x + 0.06f, 2.38f, 7.5f), &trim_white);
  add_box (yard, v3 (x - 0.05f, 0.0f, 6.0f), v3 (x + 0.55f, 0.15f, 7.7f), &pavement);
  add_box (yard, v3 (x - 0.05f, 2.38f, 6.1f), v3 (x + 0.40f, 2.46f, 7.6f), &trim_white);
  add_cylinder (yard, v3 (x + 0.08f, 0, 3.55f), v3 (x + 0.08f, 6.8f, 3.55f), 0.05f, &steel);
  add_box (yard, v3 (x, 2.75f, 5.75f), v3 (x + 0.02f, 3.1f, 6.6f), &sign_board);
  add_cylinder (yard, v3 (x + 0.11f, 0.3f, 11.2f), v3 (x + 0.11f, 6.8f, 11.2f), 0.07f, &warm_pipe);
}

static void
add_back_wall (Scene *yard)
{
  const float z = 24.0f;
  add_box (yard, v3 (-6.0f, 0, z), v3 (9.0f, 8.0f, z + 0.5f), &bricks);
  add_box (yard, v3 (-1.6f, 0, z - 0.05f), v3 (1.5f, 2.7f, z), &garage);
  add_box (yard, v3 (-1.75f, 2.7f, z - 0.08f), v3 (1.65f, 2.95f, z), &trim_white);
  for (int i = 0; i < 3; i++)
  {
    const float x = -1.9f + 3.6f * i;
    add_box (yard, v3 (x - 0.1f, 4.1f, z - 0.09f), v3 (x + 1.5f, 4.2f, z), &trim_white);
    add_box (yard, v3 (x, 4.2f, z - 0.03f), v3 (x + 1.4f, 5.9f, z), &car_glass);
    add_box (yard, v3 (x + 0.67f, 4.2f, z - 0.06f), v3 (x + 0.73f, 5.9f, z), &trim_white);
    add_box (yard, v3 (x, 5.1f, z - 0.06f), v3 (x + 1.4f, 5.16f, z), &trim_white);
  }
}

static void
add_right_side (Scene *yard)
{
  for (int i = 0; i < 80; i++)
    add_box (yard, v3 (wall_right, 0.08f, 2.0f + 0.16f * i),
             v3 (wall_right + 0.025f, 1.85f + 0.02f * (i * 5 % 4), 2.145f + 0.16f * i), &plank_wood);
  add_box (yard, v3 (wall_right - 0.04f, 1.5f, 2.0f), v3 (wall_right, 1.6f, 15.0f), &plank_wood);
  add_box (yard, v3 (wall_right - 0.04f, 0.4f, 2.0f), v3 (wall_right, 0.5f, 15.0f), &plank_wood);
  add_back_wall (yard);
  add_cylinder (yard, v3 (6.6f, 0, 9.0f), v3 (6.3f, 4.2f, 9.0f), 0.2f, &bark);
  scatter_leaves (yard, v3 (5.9f, 4.9f, 9.0f), v3 (2.3f, 1.7f, 2.2f), 5200, 0.11f, &leaf, 12);
  scatter_leaves (yard, v3 (7.6f, 3.9f, 6.2f), v3 (1.7f, 1.3f, 1.6f), 2600, 0.11f, &leaf, 14);
}

static void
add_car (Scene *yard)
{
  const V3 at = v3 (3.55f, 0.0f, 6.9f);
  scene_add_field (yard, field_car, at + v3 (0, 0.70f, 0), v3 (0.86f, 0.76f, 2.0f), &car_body)->bevel = 0.7f;
  for (int i = 0; i < 4; i++)
  {
    const V3 hub = at + v3 (i % 2 != 0 ? 0.70f : -0.70f, 0.31f, i / 2 != 0 ? 1.25f : -1.22f);
    add_cylinder (yard, hub - v3 (0.10f, 0, 0), hub + v3 (0.10f, 0, 0), 0.31f, &rubber);
    add_cylinder (yard, hub - v3 (0.105f, 0, 0), hub + v3 (0.105f, 0, 0), 0.19f, &hub_cap);
  }
}

static void
add_person (Scene *yard, V3 at, float turn, float stride, float swing, const Material *cloth)
{
  Shape *const person = scene_add_field (yard, field_person, at + v3 (0, 0.90f, 0), v3 (0.42f, 0.92f, 0.48f),
                                         cloth);
  person->parameter[0] = stride;
  person->parameter[1] = swing;
  person->bevel = 0.8f;
  shape_turn (person, turn);
}

static void
add_clutter (Scene *yard)
{
  for (int i = 0; i < 3; i++)
  {
    Shape *const crate = scene_add (
      yard, SHAPE_BOX,
      v3 (2.3f + 0.62f * (i % 2) + 0.2f * (i / 2), 0.27f + 0.54f * (i / 2), 21.6f + 0.1f * i),
      v3 (0.28f, 0.26f, 0.28f), &crate_wood);
    shape_turn (crate, 0.2f * i - 0.1f);
  }
  for (int i = 0; i < 2; i++)
  {
    const V3 at = v3 (-2.95f, 0.13f, 12.5f + 0.9f * i);
    add_box (yard, at + v3 (-0.36f, 0.08f, -0.34f), at + v3 (0.36f, 1.0f, 0.34f), &bin_metal)->bevel = 0.05f;
    add_box (yard, at + v3 (-0.40f, 1.0f, -0.38f), at + v3 (0.42f, 1.07f, 0.38f), &bin_metal)->bevel = 0.03f;
  }
  add_cylinder (yard, v3 (-2.35f, 0.13f, 10.2f), v3 (-2.35f, 4.3f, 10.2f), 0.055f, &steel);
  add_cylinder (yard, v3 (-2.35f, 4.25f, 10.2f), v3 (-1.45f, 4.45f, 10.2f), 0.035f, &steel);
  add_box (yard, v3 (-1.75f, 4.43f, 10.05f), v3 (-1.25f, 4.50f, 10.35f), &steel);
}

static V3
night_sky (const Scene *scene, V3 origin, V3 direction, gboolean seen)
{
  (void)scene;
  (void)origin;
  (void)seen;
  const float cloud = fbm (v3 (direction[0] * 3.0f, direction[1] * 5.0f, 2.0f), 4);
  return mix3 (v3 (0.020f, 0.016f, 0.016f), v3 (0.006f, 0.010f, 0.022f), smooth (0.0f, 0.5f, direction[1]))
         * (0.6f + 0.9f * cloud);
}

static Scene *
yard_new (void)
{
  Scene *const yard = scene_new ();
  mix_materials ();
  add_box (yard, v3 (-30.0f, -0.5f, -10.0f), v3 (30.0f, 0.0f, 60.0f), &asphalt);
  add_box (yard, v3 (wall_left, -0.1f, -6.0f), v3 (-2.1f, 0.13f, 24.0f), &pavement)->bevel = 0.02f;
  add_left_house (yard);
  add_right_side (yard);
  add_car (yard);
  add_clutter (yard);
  add_person (yard, v3 (4.66f, 0.0f, 6.7f), 0.9f, 0.0f, 0.05f, &coat);       /* in the dark behind the car */
  add_person (yard, v3 (0.55f, 0.0f, 12.6f), 0.2f, 0.24f, 0.18f, &jeans);    /* in the steam */
  add_person (yard, v3 (-2.75f, 0.13f, 8.15f), -0.9f, 0.10f, 0.05f, &jeans); /* under the lamp, by the door */
  yard->sky = night_sky;
  yard->epsilon = 1.2e-3f;
  yard->ceiling = 2.5f;
  yard->bounces = 4;
  scene_add_light (yard, (Light){ .kind = LIGHT_BALL,
                                  .at = v3 (-1.45f, 4.36f, 10.2f),
                                  .radius = 0.075f,
                                  .emission = v3 (430.0f, 270.0f, 122.0f) });
  scene_add_light (yard, (Light){ .kind = LIGHT_BALL,
                                  .at = v3 (wall_left + 0.20f, 2.62f, 6.85f),
                                  .radius = 0.05f,
                                  .emission = v3 (70.0f, 52.0f, 32.0f) });
  scene_add_light (yard, (Light){ .kind = LIGHT_BALL,
                                  .at = v3 (0.0f, 3.4f, 23.4f),
                                  .radius = 0.07f,
                                  .emission = v3 (120.0f, 150.0f, 170.0f) });
  for (int i = 0; i < 2; i++)
    scene_add_light (yard, (Light){ .kind = LIGHT_RECT,
                                    .at = v3 (wall_left - 0.125f, 1.75f, 4.85f + 4.4f * i),
                                    .u = v3 (0, 0.7f, 0),
                                    .v = v3 (0, 0, 0.65f),
                                    .emission = v3 (0.80f, 0.45f, 0.18f),
                                    .hidden = TRUE });
  scene_build (yard);
  return yard;
}

/* Steam from a grate in the street: how much of it a ray passes, as an optical depth, up to a distance. */
static float
steam (V3 p)
{
  const V3 from = v3 (0.35f, 0.0f, 11.7f);
  const float height = p[1], drift = 0.30f * height + 0.05f * height * height;
  const float wide = 0.45f + 0.38f * height;
  const float r = length2 (p[0] - from[0] - drift * 0.6f + 0.35f * (fbm (p * 0.9f, 2) - 0.5f) * height,
                           (p[2] - from[2]) * 0.9f)
                  / wide;
  const V3 curl = v3 (fbm (p * 1.6f + 3.0f, 2), fbm (p * 1.6f + 17.0f, 2), fbm (p * 1.6f + 31.0f, 2)) * 1.5f;
  const float puff = fbm ((p - v3 (0.3f * height, 0.9f * height, 0)) * 1.5f + curl, 5);
  return 6.5f * smooth (1.0f, 0.35f, r) * smooth (0.33f, 0.66f, puff) * smooth (4.2f, 1.2f, height)
         * smooth (-0.05f, 0.15f, height);
}

typedef struct
{
  const Scene *scene;
  const Camera *camera;
  Picture *visible;
  float *heat;
  guint samples;
} Yard;

/* Light that the air itself sends: the lamps scattered by a little haze everywhere and by the steam. */
static void
air (const Scene *scene, V3 origin, V3 ray, float far, float dither, V3 *glow, float *pass)
{
  const float step = 0.16f;
  float depth = 0.0f;
  *glow = grey (0.0f);
  for (float t = 2.0f + dither * step; t < MIN (far, 24.0f); t += step)
  {
    const V3 p = origin + ray * t;
    const float thick = p[2] > 8.0f && p[2] < 16.0f ? steam (p) : 0.0f, density = 0.010f + thick;
    const float here = expf (-depth);
    for (guint i = 0; i < 3; i++)
    {
      const Light *const light = &g_array_index (scene->lights, Light, i);
      const V3 to = light->at - p;
      const float square = dot (to, to), solid = PI_F * light->radius * light->radius / MAX (square, 0.03f);
      /* Self-shadowing of the plume, guessed from how deep the point lies towards the lamp. */
      const float shade = thick > 0.05f
                            ? expf (-0.35f * (steam (p + unit (to) * 0.3f) + steam (p + unit (to) * 0.7f)))
                            : 1.0f;
      *glow += light->emission * (solid * density * step * here * shade / (4.0f * PI_F) * 2.2f);
    }
    depth += density * step;
  }
  *pass = expf (-depth);
}

static void
air_row (guint y, gpointer data)
{
  Yard *const yard = data;
  Picture *const picture = yard->visible;
  for (guint x = 0; x < picture->width; x++)
  {
    V3 *const pixel = &picture->pixels[(gsize)y * picture->width + x];
    const float depth = (*pixel)[3];
    V3 sum = grey (0.0f);
    float passes = 0.0f;
    for (guint s = 0; s < 3; s++)
    {
      Random random = random_start ((guint32)(y * picture->width + x), s);
      const V3 ray = camera_ray (yard->camera, x + 0.5f, y + 0.5f, picture->width, picture->height);
      V3 glow;
      float pass;
      air (yard->scene, yard->camera->eye, ray, depth, random_next (&random), &glow, &pass);
      sum += glow;
      passes += pass;
    }
    *pixel = *pixel * (passes / 3.0f) + sum / 3.0f;
  }
}

/* Apparent temperature in Celsius of what a ray meets. */
static float
ray_celsius (const Scene *scene, V3 origin, V3 ray)
{
  Hit hit;
  if (!scene_hit (scene, origin, ray, 200.0f, &hit))
    return -7.0f + 5.0f * expf (-6.0f * MAX (ray[1], 0.0f));
  const V3 p = hit.local;
  float heat = hit.shape->material->celsius + 0.9f * (fbm (hit.point * 1.2f, 3) - 0.5f)
               + 0.5f * (noise (hit.point * 7.0f) - 0.5f);
  if (hit.shape->field == field_person)
  {
    const float y = p[1] + 0.90f, face = smooth (1.50f, 1.56f, y),
                hand = smooth (0.945f, 0.90f, y) * smooth (0.20f, 0.235f, fabsf (p[0]))
                       * smooth (0.78f, 0.82f, y);
    const float hair = face * smooth (1.66f, 1.72f, y + 0.25f * p[2]);
    const float creases = 3.0f * (fbm (p * v3 (9, 5, 9), 3) - 0.5f);
    heat += creases + 2.5f * smooth (1.0f, 1.35f, y) - 5.0f * smooth (0.25f, 0.05f, y);
    heat = mixf (heat, 33.0f + 1.5f * (noise (p * 20.0f) - 0.5f), MAX (face, hand));
    heat = mixf (heat, 24.0f, hair);
  }
  else if (hit.shape->field == field_car)
  {
    const float y = p[1] + 0.70f, hood = smooth (-0.7f, -1.25f, p[2]), glass = y > 0.98f ? 1.0f : 0.0f;
    heat += 21.0f * hood * (0.75f + 0.25f * smooth (0.85f, 0.2f, fabsf (p[0])))
            + 6.0f * hood * smooth (0.62f, 0.45f, y) - 2.0f * glass;
  }
  else if (hit.shape->material == &asphalt)
  {
    const V3 car = hit.point - v3 (3.55f, 0, 5.6f);
    heat += 9.0f * expf (-2.2f * length2 (car[0] * 0.9f, car[2] * 0.7f)) - 1.6f * puddle (hit.point);
    heat += 17.0f * smooth (0.75f, 0.1f, length2 (hit.point[0] - 0.35f, hit.point[2] - 11.7f));
  }
  else if (hit.shape->material == &bricks && hit.point[0] < wall_left + 0.1f)
  {
    const float eaves = smooth (2.2f, 2.9f, hit.point[1]), joint = hit.point[1] / 0.078f;
    heat += 1.3f * eaves + 0.5f * smooth (0.15f, 0.05f, fabsf (joint - roundf (joint)));
    for (int i = 0; i < 2; i++)
    {
      const float dz = MAX (fabsf (hit.point[2] - 4.85f - 4.4f * i) - 0.65f, 0.0f),
                  dy = MAX (fabsf (hit.point[1] - 1.75f) - 0.7f, 0.0f);
      heat += 3.2f * expf (-7.0f * length2 (dz, dy));
    }
  }
  /* Grazing surfaces mirror the cold sky. */
  const float facing = clampf (-dot (hit.normal, ray), 0.0f, 1.0f);
  heat -= (0.6f + 0.35f * MAX (hit.normal[1], 0.0f) * 4.0f) * powf (1.0f - facing, 3.0f) * 1.8f;
  return heat + 1.2f * (facing - 0.6f) + (hit.normal[1] < -0.3f ? 1.5f : 0.0f);
}

static void
heat_row (guint y, gpointer data)
{
  Yard *const yard = data;
  const Picture *const picture = yard->visible;
  for (guint x = 0; x < picture->width; x++)
  {
    float sum = 0.0f;
    for (guint s = 0; s < 8; s++)
    {
      Random random = random_start ((guint32)(y * picture->width + x), s);
      const float jx = random_next (&random), jy = random_next (&random);
      const V3 ray = camera_ray (yard->camera, x + jx, y + jy, picture->width, picture->height);
      float heat = ray_celsius (yard->scene, yard->camera->eye, ray);
      /* The lamps' glass; steam hides nothing at ten micrometres, but is a little warm. */
      for (guint i = 0; i < 3; i++)
      {
        const Light *const light = &g_array_index (yard->scene->lights, Light, i);
        const V3 to = light->at - yard->camera->eye, off = to - ray * dot (to, ray);
        heat += 16.0f * expf (-dot (off, off) / (light->radius * light->radius * 2.2f));
      }
      sum += heat;
    }
    yard->heat[(gsize)y * picture->width + x] = sum / 8.0f;
  }
}

static void
warm_steam (Yard *yard)
{
  const Picture *const picture = yard->visible;
  for (guint y = 0; y < picture->height; y++)
    for (guint x = 0; x < picture->width; x++)
    {
      const V3 ray = camera_ray (yard->camera, x + 0.5f, y + 0.5f, picture->width, picture->height);
      float depth = 0.0f;
      for (float t = 11.0f; t < MIN (picture->pixels[(gsize)y * picture->width + x][3], 17.0f); t += 0.4f)
        depth += 0.4f * steam (yard->camera->eye + ray * t);
      yard->heat[(gsize)y * picture->width + x] += 1.1f * (1.0f - expf (-0.5f * depth));
    }
}

/* The thermal camera: a softer lens, an 8-bit range with the warm end compressed, column and pixel noise. */
static gboolean
write_infrared (const Yard *yard, const char *folder)
{
  const guint width = yard->visible->width, height = yard->visible->height;
  Picture picture = picture_new (width, height);
  for (gsize i = 0; i < (gsize)width * height; i++)
    picture.pixels[i] = grey (yard->heat[i]);
  picture_blur (&picture, 0.0016f * height);
  g_autofree guint8 *bytes = g_malloc ((gsize)width * height);
  for (guint y = 0; y < height; y++)
    for (guint x = 0; x < width; x++)
    {
      Random random = random_start ((guint32)(y * width + x), 5);
      random.dimension = 99;
      const float column = 0.05f * (hash_cell ((int)x, 3, 3) - 0.5f);
      const float heat = picture.pixels[(gsize)y * width + x][0] + 0.11f * random_gauss (&random) + column;
      const float low = clampf ((heat + 8.0f) / 20.0f, 0.0f, 1.0f),
                  high = clampf ((heat - 12.0f) / 22.0f, 0.0f, 1.0f);
      bytes[(gsize)y * width + x] =
        (guint8)(clampf (0.02f + 0.40f * low + 0.56f * powf (high, 0.8f), 0, 1) * 255.0f + 0.5f);
    }
  picture_clear (&picture);
  char path[1024];
  return file_name (path, sizeof path, folder, "infrared", "infrared.jpg")
         && jpeg_write (bytes, width, height, 1, 92, NULL, path);
}

gboolean
yard_draw (const char *folder, const Effort *effort)
{
  Scene *const scene = yard_new ();
  const guint width = (guint)(WIDTH * effort->scale), height = (guint)(HEIGHT * effort->scale);
  const Camera camera = camera_look (v3 (0.35f, 1.75f, -0.6f), v3 (0.45f, 1.75f, 9.0f), 1.05f);
  Picture visible = scene_render (scene, &camera, width, height, effort);
  Yard yard = {
    .scene = scene, .camera = &camera, .visible = &visible, .heat = g_new0 (float, (gsize)width *height)
  };
  rows_run (height, effort->threads, heat_row, &yard);
  warm_steam (&yard);
  rows_run (height, effort->threads, air_row, &yard);
  const Shot shot = { .exposure = 4.4f,
                      .wells = 1600.0f,
                      .read = 6.0f,
                      .glare = 0.06f,
                      .seed = 90,
                      .seconds = 1.0f / 8.0f,
                      .f_number = 2.0f,
                      .iso = 1600 };
  char path[1024];
  const gboolean ok = write_infrared (&yard, folder)
                      && file_name (path, sizeof path, folder, "infrared", "visible.jpg")
                      && shot_write (&visible, &shot, 91, path);
  picture_clear (&visible);
  g_free (yard.heat);
  scene_free (scene);
  return ok;
}
