/* garden.c: the bright landscape behind the room's window. Lit by the sun and an even sky, without bounces: at
 * sixteen times the room's brightness nobody misses them.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "scenes.h"

#include "paint.h"

/* To the sun: left, behind the window wall and fairly high. */
const V3 garden_sun = { -0.566f, 0.455f, 0.687f, 0.0f };

static const V3 sun_light = { 15.0f, 13.2f, 10.6f, 0.0f };
static const V3 sky_light = { 2.0f, 2.6f, 3.6f, 0.0f };
static const float lawn_level = -0.75f;

static const Material leaf_oak = { .base = { .albedo = { 0.10f, 0.19f, 0.035f }, .through = 0.4f },
                                   .second = { 0.20f, 0.27f, 0.05f },
                                   .paint = paint_leaf };
static const Material leaf_maple = { .base = { .albedo = { 0.30f, 0.20f, 0.03f }, .through = 0.4f },
                                     .second = { 0.42f, 0.17f, 0.03f },
                                     .paint = paint_leaf };
static const Material leaf_hedge = { .base = { .albedo = { 0.045f, 0.10f, 0.03f }, .through = 0.2f },
                                     .second = { 0.09f, 0.15f, 0.04f },
                                     .paint = paint_leaf };
static const Material bark = { .base = { .albedo = { 0.20f, 0.16f, 0.12f } },
                               .second = { 0.06f, 0.045f, 0.035f },
                               .paint = paint_bark };
static const Material white_paint = { .base = { .albedo = { 0.72f, 0.71f, 0.67f } } };
static const Material house_wall = { .base = { .albedo = { 0.62f, 0.53f, 0.40f } }, .paint = paint_plaster };
static const Material roof_tiles = { .base = { .albedo = { 0.36f, 0.14f, 0.085f } } };
static const Material dark_glass = { .base = { .albedo = { 0.03f, 0.04f, 0.05f } } };

static float
field_gable (V3 p, const float *parameter)
{
  /* A prism along x: half length, half width, height. */
  const float slope = parameter[2] / parameter[1];
  const float roof = (p[1] + fabsf (p[2]) * slope - parameter[2]) / sqrtf (1.0f + slope * slope);
  const float tiles = 0.02f * fabsf (sinf (p[0] * 14.0f)) + 0.02f * fabsf (sinf (p[2] * 16.0f));
  const float solid = MAX (MAX (roof + tiles * parameter[3], -p[1]), fabsf (p[0]) - parameter[0]);
  /* A roof is a shell, a gable is not. */
  return parameter[3] > 0.5f ? MAX (solid, -0.16f - roof) : solid;
}

static void
add_tree (Scene *garden, V3 at, float height, float crown, const Material *leaf, guint leaves, guint32 seed)
{
  Shape *const trunk = scene_add_field (garden, field_cylinder, at + v3 (0, height * 0.3f, 0),
                                        v3 (0.3f, height * 0.32f, 0.3f), &bark);
  trunk->parameter[0] = 0.05f * height;
  trunk->parameter[1] = height * 0.32f;
  trunk->parameter[2] = 0.02f;
  Random random = random_start (seed, 0);
  random.dimension = 99;
  for (guint i = 0; i < 5; i++)
  {
    const float angle = 1.257f * i + random_next (&random);
    const V3 off = v3 (cosf (angle), 0.25f * (random_next (&random) - 0.3f), sinf (angle)) * (crown * 0.55f);
    scatter_leaves (garden, at + v3 (0, height * 0.68f, 0) + off,
                    v3 (crown * 0.75f, crown * 0.62f, crown * 0.75f), leaves / 6, crown * 0.034f, leaf,
                    seed * 7 + i);
  }
  scatter_leaves (garden, at + v3 (0, height * 0.86f, 0), v3 (crown * 0.8f, crown * 0.6f, crown * 0.8f),
                  leaves / 6, crown * 0.034f, leaf, seed * 7 + 5);
}

static void
add_fence (Scene *garden)
{
  for (int i = 0; i < 60; i++)
    scene_add (garden, SHAPE_BOX, v3 (-7.0f + i * 0.2f, lawn_level + 0.5f + 0.01f * (i * 7 % 3), 13.0f),
               v3 (0.06f, 0.5f, 0.015f), &white_paint);
  for (int i = 0; i < 2; i++)
    scene_add (garden, SHAPE_BOX, v3 (-1.0f, lawn_level + 0.25f + 0.5f * i, 13.04f), v3 (6.2f, 0.04f, 0.02f),
               &white_paint);
}

/* Turned so that its left gable stands in the sun. */
static void
add_house (Scene *garden, V3 at)
{
  const float yaw = -0.62f;
  shape_turn (scene_add (garden, SHAPE_BOX, at + v3 (0, 1.4f, 0), v3 (3.2f, 1.4f, 2.4f), &house_wall), yaw);
  Shape *const attic = scene_add_field (garden, field_gable, at + v3 (0, 2.6f, 0), v3 (3.2f, 2.1f, 2.8f),
                                        &house_wall);
  attic->parameter[0] = 3.2f;
  attic->parameter[1] = 2.75f;
  attic->parameter[2] = 1.95f;
  attic->bevel = 0.6f;
  shape_turn (attic, yaw);
  Shape *const roof = scene_add_field (garden, field_gable, at + v3 (0, 2.75f, 0), v3 (3.5f, 2.1f, 2.9f),
                                       &roof_tiles);
  roof->parameter[0] = 3.5f;
  roof->parameter[1] = 2.9f;
  roof->parameter[2] = 2.0f;
  roof->parameter[3] = 1.0f;
  roof->bevel = 0.6f;
  shape_turn (roof, yaw);
  for (int i = 0; i < 5; i++)
  {
    const gboolean gable = i > 2;
    const V3 local = gable ? v3 (-3.2f, 1.5f + 1.9f * (i == 4), i == 4 ? 0.0f : 0.0f)
                           : v3 (-2.0f + 2.0f * i, 1.5f, -2.4f);
    for (int k = -1; k < 4; k++)
    {
      const float across = k < 0        ? 0.0f
                           : k % 2 != 0 ? 0.24f
                                        : -0.24f,
                  up = k < 0        ? 0.0f
                       : k / 2 != 0 ? 0.31f
                                    : -0.31f;
      const V3 half = k < 0 ? v3 (0.52f, 0.68f, 0.02f) : v3 (0.2f, 0.27f, 0.04f);
      const V3 off = gable ? v3 (0, up, across) : v3 (across, up, 0);
      shape_turn (scene_add (garden, SHAPE_BOX, at + spin_y (local + off, yaw),
                             gable ? v3 (half[2], half[1], half[0]) : half,
                             k < 0 ? &white_paint : &dark_glass),
                  yaw);
    }
  }
  shape_turn (scene_add (garden, SHAPE_BOX, at + spin_y (v3 (1.6f, 4.6f, 0.4f), yaw), v3 (0.32f, 0.9f, 0.32f),
                         &roof_tiles),
              yaw);
}

Scene *
garden_new (void)
{
  Scene *const garden = scene_new ();
  garden->epsilon = 4e-3f;
  add_tree (garden, v3 (-4.6f, lawn_level, 16.5f), 6.6f, 2.3f, &leaf_oak, 42000, 3);
  add_tree (garden, v3 (2.6f, lawn_level, 20.0f), 5.2f, 1.9f, &leaf_maple, 36000, 8);
  add_tree (garden, v3 (-11.0f, lawn_level, 27.0f), 8.0f, 3.0f, &leaf_oak, 20000, 21);
  add_tree (garden, v3 (5.8f, lawn_level, 30.0f), 8.6f, 3.2f, &leaf_oak, 24000, 22);
  for (int i = 0; i < 9; i++)
    scatter_leaves (garden, v3 (-9.0f + 2.0f * i, lawn_level + 0.6f, 22.5f + 0.4f * (i % 3)),
                    v3 (1.5f, 1.0f, 0.8f), 3600, 0.07f, &leaf_hedge, 40 + i);
  add_fence (garden);
  add_house (garden, v3 (-2.6f, lawn_level + 0.1f, 37.0f));
  scene_build (garden);
  return garden;
}

static V3
sky_colour (V3 d)
{
  const float up = MAX (d[1], 0.0f);
  const V3 blue = mix3 (v3 (7.4f, 8.4f, 9.4f), v3 (1.5f, 3.2f, 7.2f), smooth (-0.12f, 0.45f, up));
  const float s = 1.0f / (d[1] + 0.13f);
  const V3 at = v3 (d[0] * s * 0.85f + 3.2f, d[2] * s * 0.85f, 1.7f);
  const float shape = fbm (at + 0.6f * v3 (noise (at * 2.0f), noise (at * 2.0f + 9.0f), 0.0f), 6);
  const float cloud = smooth (0.47f, 0.68f, shape), thick = smooth (0.52f, 0.80f, shape);
  const V3 lit = mix3 (v3 (17.0f, 16.2f, 15.0f), v3 (7.6f, 7.8f, 8.4f), thick * 0.85f);
  const float haze = clampf (dot (d, garden_sun), 0.0f, 1.0f);
  return mix3 (blue, lit, 0.92f * cloud) + v3 (6.0f, 5.2f, 4.0f) * powf (haze, 10.0f);
}

/* Hills one behind another, each paler than the last. */
static V3
far_hills (V3 d, V3 sky)
{
  static const V3 haze = { 4.6f, 5.8f, 7.6f, 0.0f };
  const float azimuth = atan2f (d[0], d[2]) * 6.0f;
  V3 colour = sky;
  for (int i = 2; i >= 0; i--)
  {
    const float ridge = 0.018f + 0.042f * i
                        + 0.055f * (fbm (v3 (azimuth * (0.55f + 0.2f * i) + 5.0f * i, 3.3f * i, 0), 3) - 0.4f)
                        + 0.006f * (fbm (v3 (azimuth * 30.0f, 9.0f * i, 0), 3) - 0.5f) * (i == 0);
    const float cover = smooth (ridge + 0.0012f, ridge - 0.0012f, d[1]);
    const float trees = fbm (v3 (azimuth * 60.0f, d[1] * 800.0f, 4.0f * i), 4);
    const float fields = noise (v3 (azimuth * 5.0f, d[1] * 180.0f, 8.0f * i));
    V3 ground = mix3 (v3 (0.25f, 0.55f, 0.20f), v3 (1.6f, 1.9f, 0.6f), smooth (0.45f, 0.7f, fields));
    ground *= 0.45f + 1.1f * trees;
    colour = mix3 (colour, mix3 (ground, haze, 0.07f + 0.20f * i), cover);
  }
  return colour;
}

static V3
lawn_albedo (V3 p)
{
  const float tuft = fbm (p * v3 (11.0f, 1.0f, 5.0f), 4), patch = fbm (p * 0.45f, 3);
  const float stripe = smooth (-0.3f, 0.3f, sinf (p[0] * 3.4f + p[2] * 0.5f));
  V3 grass = mix3 (v3 (0.075f, 0.145f, 0.028f), v3 (0.20f, 0.26f, 0.07f),
                   clampf (patch * 0.9f + 0.25f * stripe - 0.1f, 0, 1));
  grass *= 0.45f + 1.1f * tuft;
  const float bend = p[0] - 1.0f - 0.9f * sinf (p[2] * 0.21f) + 0.25f * (fbm (p * 2.0f, 3) - 0.5f);
  const float path = smooth (0.62f, 0.5f, fabsf (bend));
  const V3 gravel = v3 (0.46f, 0.40f, 0.32f) * (0.6f + 0.7f * noise (p * 30.0f));
  V3 colour = mix3 (grass, gravel, path);
  const float daisy = smooth (0.13f, 0.08f, cells (v3 (p[0], 0.0f, p[2]) * 3.0f))
                      * smooth (0.5f, 0.65f, patch) * (1.0f - path);
  return mix3 (colour, v3 (0.8f, 0.8f, 0.72f), daisy);
}

static V3
lit (const Scene *garden, V3 p, V3 normal, V3 albedo, float through, float open)
{
  const float cosine = dot (normal, garden_sun);
  const float share = cosine > 0.0f ? cosine : -cosine * through;
  V3 light = sky_light * (open * (0.55f + 0.45f * normal[1]));
  light += v3 (0.9f, 1.0f, 0.5f) * (0.35f * open * (0.5f - 0.5f * normal[1]));
  if (share > 0.0f
      && !scene_blocked (garden, p + normal * (cosine > 0.0f ? 0.01f : -0.01f), unit (garden_sun), 100.0f))
    light += sun_light * share;
  return albedo * light;
}

V3
garden_radiance (const Scene *garden, V3 origin, V3 direction)
{
  static const V3 haze = { 4.2f, 5.2f, 6.6f, 0.0f };
  Hit hit;
  const float ground = direction[1] < -1e-3f ? (lawn_level - origin[1]) / direction[1] : 1e4f;
  if (scene_hit (garden, origin, direction, MIN (ground, 200.0f), &hit))
  {
    Surface surface;
    hit_surface (&hit, &surface);
    const float open = hit.shape->kind == SHAPE_DISC ? 0.45f + 0.25f * hit.normal[1] : 0.9f;
    const V3 colour = lit (garden, hit.point, surface.normal, surface.albedo, surface.through * 1.6f, open);
    return mix3 (colour, haze, 1.0f - expf (-hit.t * 0.002f));
  }
  if (ground < 75.0f)
  {
    const V3 p = origin + direction * ground;
    const V3 tilt = v3 (noise (p * 19.0f) - 0.5f, 1.6f, noise (p * 19.0f + 7.0f) - 0.5f);
    const V3 colour = lit (garden, p, unit (tilt), lawn_albedo (p), 0.0f, 0.9f);
    return mix3 (colour, haze, 1.0f - expf (-ground * 0.003f));
  }
  return far_hills (direction, sky_colour (direction));
}

V3
garden_soft (V3 d)
{
  const V3 lawn = v3 (0.9f, 1.15f, 0.45f),
           sky = mix3 (v3 (6.6f, 7.4f, 8.0f), v3 (3.0f, 4.6f, 7.6f), MAX (d[1], 0.0f));
  return mix3 (lawn, sky, smooth (-0.05f, 0.12f, d[1]));
}
