/* chess.c: chessmen from near to far, six focus planes. Lengths in centimetres.
 *
 * Every ray through the lens serves all six pictures: in the picture focused at distance f, the ray that left the
 * lens at (u, v) towards image point x lands at x + zoom · (u, v) · (1/f - 1/f0), f0 being the plane it was aimed
 * at. So the light is traced once and the stack only sorts it (Ng et al., light field photography, 2005).
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "scenes.h"

#include "paint.h"

enum
{
  WIDTH = 1200,
  HEIGHT = 800,
  MARGIN = 44,
  FRAMES = 6,
  PLACE = 5,
};

typedef enum
{
  PAWN,
  ROOK,
  BISHOP,
  QUEEN,
  KING,
} Man;

static const float zoom = 2.1f, aperture = 0.30f, near_plane = 15.0f, far_plane = 46.0f;

/* Height of the collar, and of the whole, of each man. */
static const float collars[] = { 2.75f, 3.5f, 4.6f, 5.9f, 6.3f }, tops[] = { 4.7f, 5.2f, 7.4f, 8.1f, 9.4f };

static float
stem_radius (float y, float collar)
{
  return 0.50f + 0.85f * expf (-(y - 0.6f) * 1.25f) + 0.16f * smooth (collar - 1.1f, collar, y);
}

static float
head_rook (V3 p, float r, float y)
{
  const float tower = flat_box (r, y - 0.95f, 1.05f + 0.06f * smooth (0.4f, 1.2f, y), 0.75f, 0.10f);
  const float well = MAX (r - 0.70f, 1.15f - y), turn = atan2f (p[2], p[0]) * 6.0f / (2.0f * PI_F);
  const float slot = (fabsf (turn - roundf (turn)) - 0.16f) * r * 2.0f * PI_F / 6.0f;
  return smooth_max (smooth_max (tower, -well, 0.06f), -MAX (slot, 1.22f - y), 0.06f);
}

static float
head_bishop (V3 p, float r, float y)
{
  const float egg = length2 (r, (y - 1.15f) * (y > 1.15f ? 0.66f : 0.85f)) - 0.86f;
  const V3 q = v3 (p[0] + 0.25f, y - 1.95f, p[2]);
  const float slot = MAX (fabsf (q[0] * 0.80f + q[1] * 0.60f) - 0.085f,
                          0.05f - (q[1] * 0.80f - q[0] * 0.60f) - 0.55f);
  return MIN (smooth_max (egg * 0.85f, -slot, 0.05f), length2 (r, y - 2.58f) - 0.19f);
}

static float
head_queen (V3 p, float r, float y)
{
  const float flare = 0.62f + 0.48f * powf (clampf (y / 1.6f, 0.0f, 1.0f), 1.7f);
  const float cup = smooth_max (r - flare, fabsf (y - 0.8f) - 0.8f, 0.08f) * 0.85f;
  const float turn = atan2f (p[2], p[0]) * 9.0f / (2.0f * PI_F),
              at = (turn - roundf (turn)) * 2.0f * PI_F / 9.0f * r;
  const float bite = length2 (at, y - 1.68f) - 0.24f;
  const float dome = length2 (r, (y - 1.25f) * 1.1f) - 0.72f;
  return MIN (smooth_min (smooth_max (cup, -bite, 0.05f), dome, 0.05f), length2 (r, y - 2.08f) - 0.26f);
}

static float
head_king (V3 p, float r, float y)
{
  const float flare = 0.66f + 0.36f * clampf (y / 1.5f, 0.0f, 1.0f);
  const float cup = smooth_max (r - flare, fabsf (y - 0.75f) - 0.75f, 0.10f) * 0.92f;
  const float dome = length2 (r, (y - 1.4f) * 1.7f) - 0.88f;
  const float tall = rounded_box (v3 (p[0], y - 2.45f, p[2]),
                                  v3 (0.17f + 0.10f * fabsf (y - 2.55f), 0.62f, 0.15f), 0.05f);
  const float wide = rounded_box (v3 (p[0], y - 2.55f, p[2]), v3 (0.46f, 0.16f + 0.14f * fabsf (p[0]), 0.15f),
                                  0.05f);
  return smooth_min (smooth_min (cup, dome * 0.8f, 0.06f), MIN (tall, wide) * 0.85f, 0.06f);
}

/* Stands on y = -half height. */
static float
field_man (V3 p, const float *parameter)
{
  const Man man = (Man)parameter[0];
  const float collar = collars[man], r = length2 (p[0], p[2]), y = p[1] + tops[man] * 0.5f,
              wide = man == PAWN ? 0.92f : 1.08f;
  float d = flat_box (r, y - 0.26f, 1.52f * wide, 0.26f, 0.14f);
  d = MIN (d, flat_box (r, y - 0.66f, 1.28f * wide, 0.17f, 0.15f));
  d = MIN (d, flat_box (r, y - 0.93f, 1.05f * wide, 0.10f, 0.09f));
  const float stem = smooth_max ((r - stem_radius (y, collar)) * 0.75f,
                                 fabsf (y - collar * 0.5f - 0.3f) - collar * 0.5f, 0.03f);
  d = smooth_min (d, stem, 0.08f);
  d = MIN (d, length2 (MAX (r - 0.78f, 0.0f), (y - collar) * 1.3f) - 0.21f);
  d = MIN (d, length2 (MAX (r - 0.60f, 0.0f), y - collar - 0.27f) - 0.10f);
  const float up = y - collar - 0.3f;
  switch (man)
  {
  case ROOK:
    return MIN (d, head_rook (p, r, up + 0.15f));
  case BISHOP:
    return MIN (d, head_bishop (p, r, up));
  case QUEEN:
    return MIN (d, head_queen (p, r, up));
  case KING:
    return MIN (d, head_king (p, r, up));
  case PAWN:
  default:
    return smooth_min (d, length2 (r, up - 0.72f) - 0.90f, 0.06f);
  }
}

static float
scratches (V3 p)
{
  return noise (p * v3 (3.0f, 260.0f, 3.0f)) + 0.4f * noise (p * 24.0f);
}

static void
paint_man (const Hit *hit, Surface *surface)
{
  float pores;
  const guint32 seed = hit->shape->seed;
  const V3 at = hit->local * 0.42f + v3 (seed % 13, seed % 29, seed % 17) * 0.4f;
  surface->albedo = wood_colour (at, surface->albedo, hit->shape->material->second, &pores);
  surface->roughness += 0.18f * pores + 0.10f * (noise (hit->local * 2.0f) - 0.5f);
  /* The lathe's marks. */
  surface->normal = bump (hit->normal, hit->local, 0.004f, 0.00045f, scratches);
}

static void
paint_table (const Hit *hit, Surface *surface)
{
  float pores;
  const V3 p = v3 (hit->point[2], hit->point[0], 0.2f) * 0.12f;
  const float edge = MAX (fabsf (hit->point[0] + 2.5f), fabsf (hit->point[2] - 7.5f));
  surface->albedo = wood_colour (p, v3 (0.19f, 0.10f, 0.05f), v3 (0.09f, 0.045f, 0.022f), &pores);
  if (edge < 22.2f)
    surface->albedo = v3 (0.085f, 0.035f, 0.018f) * smooth (0.0f, 0.15f, edge - 20.0f);
  surface->roughness = edge < 22.2f ? 0.22f : 0.42f;
}

static void
paint_board (const Hit *hit, Surface *surface)
{
  const float x = hit->point[0] + 2.5f, z = hit->point[2] + 2.5f, size = 5.0f;
  const int column = (int)floorf (x / size), row = (int)floorf (z / size);
  const float u = x - column * size, v = z - row * size;
  const float edge = MIN (MIN (u, size - u), MIN (v, size - v));
  if (MAX (fabsf (hit->point[0] + 2.5f), fabsf (hit->point[2] - 7.5f)) > 20.0f)
  {
    paint_table (hit, surface);
    return;
  }
  const gboolean dark = ((column + row) & 1) != 0;
  const V3 offset = v3 (hash_cell (column, row, 1), hash_cell (column, row, 2), hash_cell (column, row, 3))
                    * 5.0f;
  float pores;
  V3 colour = wood_colour (v3 (u, v, 0.3f) * 0.30f + offset,
                           dark ? v3 (0.16f, 0.075f, 0.035f) : v3 (0.62f, 0.42f, 0.22f),
                           dark ? v3 (0.06f, 0.028f, 0.015f) : v3 (0.40f, 0.23f, 0.10f), &pores);
  colour *= 0.85f + 0.3f * hash_cell (column, row, 4);
  surface->albedo = colour * mixf (0.30f, 1.0f, smooth (0.01f, 0.05f, edge));
  const float dust = smooth (0.10f, 0.04f, cells (v3 (hit->point[0] * 2.3f, 0.0f, hit->point[2] * 2.3f)));
  surface->albedo = mix3 (surface->albedo, grey (0.55f), 0.35f * dust * noise (hit->point * 1.1f));
  surface->roughness += 0.14f * pores + 0.16f * (fbm (hit->point * 0.8f, 4) - 0.5f);
  const V3 ripple = v3 (noise (hit->point * v3 (14.0f, 1.0f, 1.6f)) - 0.5f, 0.0f,
                        noise (hit->point * v3 (9.0f, 1.0f, 1.3f) + 5.0f) - 0.5f);
  surface->normal = unit (hit->normal + ripple * 0.012f);
}

static const Material maple = {
  .base = { .albedo = { 0.70f, 0.50f, 0.28f }, .roughness = 0.24f, .f0 = 0.045f },
  .second = { 0.50f, 0.30f, 0.13f },
  .paint = paint_man
};
static const Material walnut = {
  .base = { .albedo = { 0.105f, 0.050f, 0.028f }, .roughness = 0.20f, .f0 = 0.045f },
  .second = { 0.042f, 0.020f, 0.012f },
  .paint = paint_man
};
static const Material board = { .base = { .roughness = 0.24f, .f0 = 0.04f }, .paint = paint_board };

static Shape *
add_man (Scene *scene, Man man, float x, float z, float turn, const Material *wood)
{
  Shape *const shape = scene_add_field (scene, field_man, v3 (x, tops[man] * 0.5f, z),
                                        v3 (1.75f, tops[man] * 0.5f + 0.02f, 1.75f), wood);
  shape->parameter[0] = (float)man;
  shape->bevel = 0.72f;
  shape_turn (shape, turn);
  return shape;
}

/* A dark room far behind, with a few lamps that become discs of light. */
static V3
room_behind (const Scene *scene, V3 origin, V3 direction, gboolean seen)
{
  static const V3 lamps[] = { { -0.30f, -0.01f, 1.0f }, { -0.17f, 0.035f, 1.0f }, { -0.07f, 0.00f, 1.0f },
                              { 0.135f, 0.03f, 1.0f },  { 0.205f, -0.02f, 1.0f }, { 0.31f, 0.02f, 1.0f },
                              { -0.35f, 0.045f, 1.0f }, { 0.26f, 0.05f, 1.0f } };
  (void)scene;
  V3 colour = mix3 (v3 (0.10f, 0.065f, 0.045f), v3 (0.035f, 0.045f, 0.06f),
                    smooth (-0.3f, 0.5f, direction[1]));
  colour *= 0.6f + 0.8f * fbm (direction * 5.0f, 2);
  /* In the board's gloss they would only be specks. */
  if (!seen || direction[2] < 0.1f || origin[2] > -19.0f)
    return colour;
  const V3 at = direction / direction[2];
  for (guint i = 0; i < G_N_ELEMENTS (lamps); i++)
  {
    const float away = length2 (at[0] - lamps[i][0], at[1] - lamps[i][1]) / (0.0042f + 0.0016f * (i % 3));
    if (away < 1.0f)
      return v3 (6.0f, 3.7f - 0.5f * (i % 3), 1.7f - 0.5f * (i % 2)) * (0.45f + 0.25f * (i % 3));
  }
  return colour;
}

static Scene *
chess_new (void)
{
  Scene *const scene = scene_new ();
  scene_add (scene, SHAPE_BOX, v3 (0, -1.0f, 15.0f), v3 (60.0f, 1.0f, 60.0f), &board);
  add_man (scene, PAWN, -2.6f, -4.3f, 0.3f, &maple);
  add_man (scene, PAWN, 4.4f, 0.6f, 1.3f, &walnut);
  add_man (scene, ROOK, 0.3f, 4.8f, 0.2f, &walnut);
  add_man (scene, PAWN, -6.0f, 4.2f, 2.3f, &maple);
  add_man (scene, BISHOP, 6.3f, 9.8f, 0.9f, &maple);
  add_man (scene, QUEEN, -4.7f, 11.0f, 0.3f, &maple);
  add_man (scene, KING, 1.5f, 15.6f, 0.25f, &walnut);
  add_man (scene, PAWN, -11.0f, 14.5f, 0.25f, &walnut);
  add_man (scene, ROOK, 11.6f, 17.0f, 0.55f, &maple);
  add_man (scene, BISHOP, -9.6f, 21.0f, 2.2f, &walnut);
  add_man (scene, KING, 6.6f, 25.5f, -0.2f, &maple);
  add_man (scene, QUEEN, -2.6f, 26.0f, 0.4f, &walnut);
  add_man (scene, ROOK, -15.5f, 26.0f, 0.4f, &maple);
  add_man (scene, PAWN, 15.5f, 24.0f, 0.4f, &walnut);
  Shape *const fallen = add_man (scene, PAWN, 2.5f, -4.6f, 0.0f, &walnut);
  shape_aim (fallen, v3 (0.80f, -0.115f, 0.42f));
  fallen->centre[1] = 1.22f;
  scene->sky = room_behind;
  scene->epsilon = 2.0e-3f;
  scene->ceiling = 1.2f;
  scene->bounces = 2;
  scene_add_light (scene, (Light){ .kind = LIGHT_RECT,
                                   .at = v3 (-26.0f, 27.0f, 4.0f),
                                   .u = v3 (6.5f, 7.5f, 0),
                                   .v = v3 (0, 0, 13.0f),
                                   .emission = v3 (7.2f, 6.6f, 5.8f) });
  scene_add_light (scene, (Light){ .kind = LIGHT_RECT,
                                   .at = v3 (34.0f, 16.0f, 26.0f),
                                   .u = v3 (0, 9.0f, 0),
                                   .v = v3 (4.5f, 0, -7.0f),
                                   .emission = v3 (3.0f, 3.6f, 4.6f) });
  scene_build (scene);
  return scene;
}

/* One pass: one ray a pixel. */
typedef struct
{
  const Scene *scene;
  const Camera *camera;
  guint width, height, sample;
  float aim; /* distance of the plane the rays are aimed at */
  V3 *light;
  float *place;               /* x, y within the pixel, u, v on the lens, 1/depth */
  V3 *sums[FRAMES];           /* the fourth lane counts */
  float *crisp[FRAMES];       /* sum of 1 / (blur + ½), the blur's radius in pixels */
  float shift[FRAMES], reach; /* pixels per unit of lens, and that over 1/distance */
} Stack;

static void
lens_point (float a, float b, float *u, float *v)
{
  const float r = sqrtf (a), angle = 2.0f * PI_F * b;
  *u = r * cosf (angle) * aperture;
  *v = r * sinf (angle) * aperture;
}

static void
stack_row (guint y, gpointer data)
{
  Stack *const stack = data;
  for (guint x = 0; x < stack->width; x++)
  {
    const gsize at = (gsize)y * stack->width + x;
    Random random = random_start ((guint32)at, stack->sample);
    float *const place = stack->place + at * PLACE;
    place[0] = random_next (&random);
    place[1] = random_next (&random);
    const float a = random_next (&random), b = random_next (&random);
    lens_point (a, b, &place[2], &place[3]);
    const Camera *const camera = stack->camera;
    const V3 ray = camera_ray (camera, x + place[0], y + place[1], stack->width, stack->height);
    const V3 target = camera->eye + ray * (stack->aim / dot (ray, camera->forward));
    const V3 from = camera->eye + camera->right * place[2] + camera->up * place[3];
    const Sample sample = scene_sample (stack->scene, from, unit (target - from), &random);
    const V3 light = sample.seen + sample.diffuse + sample.bounced + sample.glossy;
    place[4] = 1.0f / (sample.depth * dot (unit (target - from), camera->forward));
    const float peak = luminance (light);
    stack->light[at] = peak > 8.0f ? light * (8.0f / peak) : light;
  }
}

static void
stack_sort (guint frame, gpointer data)
{
  Stack *const stack = data;
  for (guint y = 0; y < stack->height; y++)
    for (guint x = 0; x < stack->width; x++)
    {
      const gsize at = (gsize)y * stack->width + x;
      const float *const place = stack->place + at * PLACE;
      const int px = (int)floorf (x + place[0] + stack->shift[frame] * place[2]);
      const int py = (int)floorf (y + place[1] - stack->shift[frame] * place[3]);
      if (px < 0 || py < 0 || px >= (int)stack->width || py >= (int)stack->height)
        continue;
      V3 light = stack->light[at];
      light[3] = 1.0f;
      const gsize there = (gsize)py * stack->width + px;
      stack->sums[frame][there] += light;
      /* shift is how far 1/f is from 1/f0; what lies at 1/depth = 1/f is sharp. */
      const float blur = fabsf (stack->shift[frame] - stack->reach * (place[4] - 1.0f / stack->aim))
                         * aperture;
      stack->crisp[frame][there] += 1.0f / (blur + 0.5f);
    }
}

/* Where the lens has blurred by r pixels, a Gaussian of 0.3 r takes nothing away but the noise. */
typedef struct
{
  const V3 *light;
  const float *blur;
  V3 *result;
  int width, height;
} Calm;

static void
calm_row (guint row, gpointer data)
{
  const Calm *const calm = data;
  const int y = (int)row;
  for (int x = 0; x < calm->width; x++)
  {
    const gsize at = (gsize)y * calm->width + x;
    const float blur = calm->blur[at], sigma = clampf (0.3f * blur, 0.0f, 6.0f);
    const int radius = (int)ceilf (2.0f * sigma);
    V3 sum = calm->light[at];
    float total = 1.0f;
    for (int j = -radius; j <= radius && sigma > 0.35f; j++)
      for (int i = -radius; i <= radius; i++)
      {
        const int px = x + i, py = y + j;
        if (px < 0 || py < 0 || px >= calm->width || py >= calm->height || (i == 0 && j == 0))
          continue;
        const gsize there = (gsize)py * calm->width + px;
        const float weight = expf (-0.5f * (i * i + j * j) / (sigma * sigma))
                             * smooth (0.45f, 0.75f, calm->blur[there] / blur);
        sum += calm->light[there] * weight;
        total += weight;
      }
    calm->result[at] = sum / total;
  }
}

static gboolean
write_frame (const Stack *stack, guint frame, guint width, guint height, guint threads, const char *folder)
{
  Picture picture = picture_new (stack->width, stack->height),
          blurs = picture_new (stack->width, stack->height);
  const gsize count = (gsize)picture.width * picture.height;
  for (gsize i = 0; i < count; i++)
  {
    const float counted = MAX (stack->sums[frame][i][3], 1.0f);
    stack->sums[frame][i] /= counted;
    blurs.pixels[i] = grey (stack->crisp[frame][i] / counted);
  }
  picture_blur (&blurs, 1.5f);
  for (gsize i = 0; i < count; i++)
    stack->crisp[frame][i] = MAX (1.0f / MAX (blurs.pixels[i][0], 1e-3f) - 0.5f, 0.01f);
  picture_clear (&blurs);
  Calm calm = { stack->sums[frame], stack->crisp[frame], picture.pixels, (int)stack->width,
                (int)stack->height };
  rows_run (stack->height, threads, calm_row, &calm);
  Picture cut = picture_cut (&picture, width, height, 0.0f, 0.0f, 0.0f);
  const Shot shot = { .exposure = 1.5f,
                      .wells = 26000.0f,
                      .read = 4.0f,
                      .glare = 0.03f,
                      .seed = 70 + frame,
                      .seconds = 1.0f / 30.0f,
                      .f_number = 4.0f,
                      .iso = 100 };
  char name[16], path[1024];
  g_snprintf (name, sizeof name, "%u.jpg", frame + 1);
  const gboolean ok = file_name (path, sizeof path, folder, "focus", name)
                      && shot_write (&cut, &shot, 91, path);
  picture_clear (&cut);
  picture_clear (&picture);
  return ok;
}

gboolean
chess_draw (const char *folder, const Effort *effort)
{
  Scene *const scene = chess_new ();
  const guint width = (guint)(WIDTH * effort->scale), height = (guint)(HEIGHT * effort->scale);
  const guint margin = (guint)(MARGIN * effort->scale);
  const float full = (float)height / (height + 2 * margin);
  const Camera camera = camera_look (v3 (-1.0f, 7.6f, -20.0f), v3 (0.6f, 3.1f, 6.0f), zoom * full);
  Stack stack = {
    .scene = scene, .camera = &camera, .width = width + 2 * margin, .height = height + 2 * margin
  };
  const gsize count = (gsize)stack.width * stack.height;
  stack.aim = 2.0f / (1.0f / near_plane + 1.0f / far_plane);
  stack.light = g_aligned_alloc0 (count, sizeof (V3), 16);
  stack.place = g_new0 (float, count *PLACE);
  for (guint i = 0; i < FRAMES; i++)
  {
    const float inverse = mixf (1.0f / near_plane, 1.0f / far_plane, i / (FRAMES - 1.0f));
    stack.reach = zoom * height;
    stack.shift[i] = stack.reach * (inverse - 1.0f / stack.aim);
    stack.sums[i] = g_aligned_alloc0 (count, sizeof (V3), 16);
    stack.crisp[i] = g_new0 (float, count);
  }
  for (stack.sample = 0; stack.sample < effort->samples; stack.sample++)
  {
    rows_run (stack.height, effort->threads, stack_row, &stack);
    rows_run (FRAMES, effort->threads, stack_sort, &stack);
  }
  gboolean ok = TRUE;
  for (guint i = 0; i < FRAMES; i++)
  {
    ok = ok && write_frame (&stack, i, width, height, effort->threads, folder);
    g_aligned_free (stack.sums[i]);
    g_free (stack.crisp[i]);
  }
  g_aligned_free (stack.light);
  g_free (stack.place);
  scene_free (scene);
  return ok;
}
