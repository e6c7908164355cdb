/* trace.c: the tree of boxes, the marcher and the paths.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "trace.h"

#include <stdlib.h>

struct _Node
{
  V3 low, high;
  guint first; /* inner node: its second child; the first one follows it */
  guint count; /* 0 for an inner node */
  int axis;    /* what an inner node was split along */
};

enum
{
  LEAF_SHAPES = 3,
  MARCH_STEPS = 160,
};

Scene *
scene_new (void)
{
  Scene *const scene = g_new0 (Scene, 1);
  scene->shapes = g_array_new (FALSE, TRUE, sizeof (Shape));
  scene->lights = g_array_new (FALSE, TRUE, sizeof (Light));
  scene->epsilon = 1e-3f;
  scene->ceiling = 30.0f;
  scene->bounces = 5;
  return scene;
}

void
scene_free (Scene *scene)
{
  g_array_unref (scene->shapes);
  g_array_unref (scene->lights);
  g_aligned_free (scene->nodes);
  g_free (scene->order);
  g_free (scene);
}

/* The pointer is good until the next shape is added. */
Shape *
scene_add (Scene *scene, ShapeKind kind, V3 centre, V3 half, const Material *material)
{
  const Shape shape = { .kind = kind,
                        .bevel = kind == SHAPE_FIELD ? 0.9f : 0.004f,
                        .centre = centre,
                        .axis = { { 1, 0, 0 }, { 0, 1, 0 }, { 0, 0, 1 } },
                        .half = half,
                        .seed = hash32 (scene->shapes->len + 1),
                        .material = material };
  g_array_append_val (scene->shapes, shape);
  return &g_array_index (scene->shapes, Shape, scene->shapes->len - 1);
}

Shape *
scene_add_field (Scene *scene, Field field, V3 centre, V3 half, const Material *material)
{
  Shape *const shape = scene_add (scene, SHAPE_FIELD, centre, half, material);
  shape->field = field;
  return shape;
}

void
scene_add_light (Scene *scene, Light light)
{
  g_array_append_val (scene->lights, light);
}

void
shape_turn (Shape *shape, float yaw)
{
  for (int i = 0; i < 3; i++)
    shape->axis[i] = spin_y (shape->axis[i], yaw);
}

void
shape_aim (Shape *shape, V3 up)
{
  shape->axis[1] = unit (up);
  shape->axis[0] = unit (cross (fabsf (up[1]) < 0.9f ? v3 (0, 1, 0) : v3 (1, 0, 0), shape->axis[1]));
  shape->axis[2] = cross (shape->axis[0], shape->axis[1]);
}

static void
shape_bounds (const Shape *shape, V3 *low, V3 *high)
{
  V3 reach = grey (0.0f);
  for (int i = 0; i < 3; i++)
    for (int k = 0; k < 3; k++)
      reach[k] += fabsf (shape->axis[i][k]) * shape->half[i];
  *low = shape->centre - reach - 1e-4f;
  *high = shape->centre + reach + 1e-4f;
}

typedef struct
{
  float key;
  guint index;
} Sorted;

static int
compare_sorted (const void *a, const void *b)
{
  const Sorted *const x = a, *const y = b;
  if (x->key != y->key)
    return x->key < y->key ? -1 : 1;
  return x->index < y->index ? -1 : x->index > y->index;
}

static void
sort_range (Scene *scene, guint first, guint count, int axis)
{
  g_autofree Sorted *sorted = g_new (Sorted, count);
  for (guint i = 0; i < count; i++)
  {
    const guint index = scene->order[first + i];
    sorted[i] = (Sorted){ g_array_index (scene->shapes, Shape, index).centre[axis], index };
  }
  qsort (sorted, count, sizeof *sorted, compare_sorted);
  for (guint i = 0; i < count; i++)
    scene->order[first + i] = sorted[i].index;
}

static guint
build_node (Scene *scene, guint at, guint first, guint count)
{
  Node *const node = &scene->nodes[at];
  node->low = grey (1e30f);
  node->high = grey (-1e30f);
  V3 centre_low = node->low, centre_high = node->high;
  for (guint i = first; i < first + count; i++)
  {
    const Shape *const shape = &g_array_index (scene->shapes, Shape, scene->order[i]);
    V3 low, high;
    shape_bounds (shape, &low, &high);
    for (int k = 0; k < 3; k++)
    {
      node->low[k] = MIN (node->low[k], low[k]);
      node->high[k] = MAX (node->high[k], high[k]);
      centre_low[k] = MIN (centre_low[k], shape->centre[k]);
      centre_high[k] = MAX (centre_high[k], shape->centre[k]);
    }
  }
  node->first = first;
  node->count = count;
  if (count <= LEAF_SHAPES)
    return at + 1;
  const V3 spread = centre_high - centre_low;
  const int axis = spread[0] > spread[1] ? (spread[0] > spread[2] ? 0 : 2) : (spread[1] > spread[2] ? 1 : 2);
  sort_range (scene, first, count, axis);
  const guint half = count / 2;
  const guint second = build_node (scene, at + 1, first, half);
  node->count = 0;
  node->axis = axis;
  node->first = second;
  return build_node (scene, second, first + half, count - half);
}

void
scene_build (Scene *scene)
{
  const guint count = scene->shapes->len;
  scene->order = g_new (guint, count);
  for (guint i = 0; i < count; i++)
    scene->order[i] = i;
  scene->nodes = g_aligned_alloc0 (2 * count + 1, sizeof (Node), 64);
  build_node (scene, 0, 0, count);
}

static inline gboolean
cross_box (V3 low, V3 high, V3 origin, V3 inverse, float *near, float *far)
{
  const V3 a = (low - origin) * inverse, b = (high - origin) * inverse;
  for (int k = 0; k < 3; k++)
  {
    *near = MAX (*near, MIN (a[k], b[k]));
    *far = MIN (*far, MAX (a[k], b[k]));
  }
  return *near <= *far;
}

static inline V3
invert (V3 d)
{
  V3 result = grey (0.0f);
  for (int k = 0; k < 3; k++)
    result[k] = 1.0f / (fabsf (d[k]) < 1e-9f ? 1e-9f : d[k]);
  return result;
}

static float
march (const Shape *shape, V3 o, V3 d, float near, float far, float precision)
{
  float t = near;
  for (int i = 0; i < MARCH_STEPS && t < far; i++)
  {
    const float distance = shape->field (o + d * t, shape->parameter);
    if (distance < precision)
      return t;
    t += MAX (distance * shape->bevel, precision);
  }
  return -1.0f;
}

/* Returns the distance along the ray, or a negative number. */
static float
shape_hit (const Shape *shape, V3 origin, V3 direction, float far, float epsilon)
{
  const V3 from = origin - shape->centre;
  const V3 o = v3 (dot (from, shape->axis[0]), dot (from, shape->axis[1]), dot (from, shape->axis[2]));
  const V3 d = v3 (dot (direction, shape->axis[0]), dot (direction, shape->axis[1]),
                   dot (direction, shape->axis[2]));
  if (shape->kind == SHAPE_DISC)
  {
    const float t = -o[1] / (fabsf (d[1]) < 1e-9f ? 1e-9f : d[1]);
    if (t < 0.0f || t > far)
      return -1.0f;
    const float x = (o[0] + t * d[0]) / shape->half[0], z = (o[2] + t * d[2]) / shape->half[2];
    /* A leaf: two arcs that meet in points. */
    return fabsf (x) + z * z <= 1.0f ? t : -1.0f;
  }
  if (shape->kind == SHAPE_BALL)
  {
    const V3 half = shape->half + (V3){ 0, 0, 0, 1 };
    const V3 so = o / half, sd = d / half;
    const float a = dot (sd, sd), b = dot (so, sd), c = dot (so, so) - 1.0f, root = b * b - a * c;
    if (root < 0.0f)
      return -1.0f;
    const float s = sqrtf (root), t = (-b - s) / a > 0.0f ? (-b - s) / a : (-b + s) / a;
    return t > far ? -1.0f : t;
  }
  float near = -1e30f, exit = far;
  if (!cross_box (-shape->half, shape->half, o, invert (d), &near, &exit) || exit < 0.0f)
    return -1.0f;
  if (shape->kind == SHAPE_FIELD)
    return march (shape, o, d, MAX (near, 0.0f), exit, epsilon * 0.4f);
  if (near > 0.0f)
    return near;
  return exit < far ? exit : -1.0f;
}

static V3
local_normal (const Shape *shape, V3 p, float epsilon)
{
  V3 n = grey (0.0f);
  switch (shape->kind)
  {
  case SHAPE_DISC:
    return v3 (0, 1, 0);
  case SHAPE_BALL:
    return p / (shape->half * shape->half + (V3){ 0, 0, 0, 1 });
  case SHAPE_BOX:
    for (int k = 0; k < 3; k++)
    {
      const float bevel = MIN (shape->bevel, shape->half[k] * 0.5f) + 1e-6f;
      const float past = fabsf (p[k]) - (shape->half[k] - bevel);
      n[k] = past > 0.0f ? copysignf (past / bevel, p[k]) : 0.0f;
    }
    return dot (n, n) > 0.0f ? n : v3 (0, 1, 0);
  case SHAPE_FIELD:
  default:
    for (int k = 0; k < 3; k++)
    {
      V3 step = grey (0.0f);
      step[k] = epsilon;
      n[k] = shape->field (p + step, shape->parameter) - shape->field (p - step, shape->parameter);
    }
    return n;
  }
}

/* With a hit: the nearest; without: whether there is any. */
static gboolean
walk (const Scene *scene, V3 origin, V3 direction, float far, Hit *hit)
{
  const V3 inverse = invert (direction);
  guint stack[64], depth = 0;
  const Shape *best = NULL;
  stack[depth++] = 0;
  while (depth > 0)
  {
    const Node *const node = &scene->nodes[stack[--depth]];
    float near = 0.0f, exit = far;
    if (!cross_box (node->low, node->high, origin, inverse, &near, &exit))
      continue;
    if (node->count == 0)
    {
      const guint children[] = { (guint)(node - scene->nodes) + 1, node->first };
      const gboolean turned = direction[node->axis] < 0.0f;
      stack[depth++] = children[!turned];
      stack[depth++] = children[turned];
      continue;
    }
    for (guint i = node->first; i < node->first + node->count; i++)
    {
      const Shape *const shape = &g_array_index (scene->shapes, Shape, scene->order[i]);
      const float t = shape_hit (shape, origin, direction, far, scene->epsilon);
      if (t < 0.0f)
        continue;
      if (hit == NULL)
        return TRUE;
      far = t;
      best = shape;
    }
  }
  if (best == NULL)
    return FALSE;
  hit->shape = best;
  hit->t = far;
  return TRUE;
}

gboolean
scene_hit (const Scene *scene, V3 origin, V3 direction, float far, Hit *hit)
{
  if (!walk (scene, origin, direction, far, hit))
    return FALSE;
  const Shape *const shape = hit->shape;
  hit->point = origin + direction * hit->t;
  const V3 p = hit->point - shape->centre;
  hit->local = v3 (dot (p, shape->axis[0]), dot (p, shape->axis[1]), dot (p, shape->axis[2]));
  const V3 n = local_normal (shape, hit->local, scene->epsilon);
  hit->normal = unit (shape->axis[0] * n[0] + shape->axis[1] * n[1] + shape->axis[2] * n[2]);
  hit->back = dot (hit->normal, direction) > 0.0f;
  if (hit->back)
    hit->normal = -hit->normal;
  hit->flat = hit->normal;
  for (int k = 0; k < 3 && shape->kind == SHAPE_BOX; k++)
    if (fabsf (n[k]) >= MAX (MAX (fabsf (n[0]), fabsf (n[1])), fabsf (n[2])))
      hit->flat = shape->axis[k] * copysignf (1.0f, dot (shape->axis[k], hit->normal));
  return TRUE;
}

gboolean
scene_blocked (const Scene *scene, V3 origin, V3 direction, float far)
{
  return walk (scene, origin, direction, far, NULL);
}

void
hit_surface (const Hit *hit, Surface *surface)
{
  *surface = hit->shape->material->base;
  surface->normal = hit->normal;
  if (hit->shape->material->paint != NULL)
    hit->shape->material->paint (hit, surface);
}

V3
bump (V3 normal, V3 p, float size, float depth, float (*height) (V3 p))
{
  const float here = height (p);
  V3 slope = grey (0.0f);
  for (int k = 0; k < 3; k++)
  {
    V3 step = grey (0.0f);
    step[k] = size;
    slope[k] = (height (p + step) - here) / size;
  }
  slope -= normal * dot (slope, normal);
  return unit (normal - slope * depth);
}

static void
frame (V3 n, V3 *u, V3 *v)
{
  *u = unit (cross (fabsf (n[1]) < 0.9f ? v3 (0, 1, 0) : v3 (1, 0, 0), n));
  *v = cross (n, *u);
}

static V3
around (V3 n, float cosine, float phi)
{
  V3 u, v;
  frame (n, &u, &v);
  const float sine = sqrtf (MAX (0.0f, 1.0f - cosine * cosine));
  return unit (u * (sine * cosf (phi)) + v * (sine * sinf (phi)) + n * cosine);
}

/* A direction to a point of the light, and the irradiance a facing surface would get from there. */
static V3
light_sample (const Scene *scene, const Light *light, V3 p, float a, float b, V3 *direction, float *far)
{
  if (light->kind == LIGHT_SUN)
  {
    *direction = around (light->at, 1.0f / sqrtf (1.0f + light->radius * light->radius * a), 2.0f * PI_F * b);
    *far = 1e4f;
    return light->emission;
  }
  if (light->kind == LIGHT_BALL)
  {
    const V3 to = light->at - p;
    const float distance = length3 (to), s = MIN (light->radius / distance, 0.999f);
    const float edge = sqrtf (1.0f - s * s);
    *direction = around (to / distance, 1.0f - a * (1.0f - edge), 2.0f * PI_F * b);
    *far = distance - light->radius;
    return light->emission * (2.0f * PI_F * (1.0f - edge));
  }
  const V3 to = light->at + light->u * (2.0f * a - 1.0f) + light->v * (2.0f * b - 1.0f) - p;
  const V3 normal = cross (light->u, light->v);
  const float distance = length3 (to);
  *direction = to / distance;
  const float facing = dot (*direction, normal) * 4.0f / MAX (distance * distance, 1e-3f);
  if (light->kind == LIGHT_WINDOW)
  {
    *far = 1e4f;
    return facing > 0.0f ? scene->sky (scene, p, *direction, FALSE) * facing : grey (0.0f);
  }
  *far = distance - scene->epsilon;
  return facing < 0.0f ? light->emission * -facing : grey (0.0f);
}

/* From every light, or from one by lot. */
static V3
direct_light (const Scene *scene, V3 p, V3 normal, V3 facing, gboolean all, Random *random)
{
  V3 sum = grey (0.0f);
  const guint count = scene->lights->len;
  const guint lot = all ? 0 : MIN ((guint)(random_next (random) * count), count - 1);
  for (guint i = lot; i < (all ? count : lot + 1); i++)
  {
    const float a = random_next (random), b = random_next (random);
    V3 direction;
    float far;
    const V3 irradiance = light_sample (scene, &g_array_index (scene->lights, Light, i), p, a, b, &direction,
                                        &far);
    const float cosine = dot (direction, normal);
    if (cosine <= 0.0f || dot (direction, facing) <= 0.0f || luminance (irradiance) * cosine < 1e-6f)
      continue;
    if (!scene_blocked (scene, p, direction, far))
      sum += irradiance * (cosine / PI_F);
  }
  return all ? sum : sum * (float)count;
}

static const Light *
light_hit (const Scene *scene, V3 origin, V3 direction, float *far)
{
  const Light *found = NULL;
  for (guint i = 0; i < scene->lights->len; i++)
  {
    const Light *const light = &g_array_index (scene->lights, Light, i);
    float t = -1.0f;
    if (light->hidden)
      continue;
    if (light->kind == LIGHT_BALL)
    {
      const V3 to = light->at - origin;
      const float b = dot (to, direction), root = b * b - dot (to, to) + light->radius * light->radius;
      t = root > 0.0f ? b - sqrtf (root) : -1.0f;
    }
    else if (light->kind == LIGHT_RECT)
    {
      const V3 normal = cross (light->u, light->v);
      const float facing = dot (direction, normal), at = dot (light->at - origin, normal) / facing;
      const V3 p = origin + direction * at - light->at;
      if (facing < 0.0f && fabsf (dot (p, light->u)) <= dot (light->u, light->u)
          && fabsf (dot (p, light->v)) <= dot (light->v, light->v))
        t = at;
    }
    if (t > 0.0f && t < *far)
    {
      *far = t;
      found = light;
    }
  }
  return found;
}

/* Half vector about the normal by Beckmann's distribution: GGX' long tails would only be specks here. */
static V3
half_vector (V3 normal, float roughness, float a, float b)
{
  const float alpha = MAX (roughness * roughness, 1e-3f);
  return around (normal, 1.0f / sqrtf (1.0f - alpha * alpha * logf (1.0f - MIN (a, 0.9999f))),
                 2.0f * PI_F * b);
}

typedef struct
{
  V3 origin, direction, weight;
  gboolean mirror; /* came off a glossy coat, or from the camera */
} Ray;

/* What the ray meets without a surface: a lamp or the sky. FALSE if it met a surface instead. */
static gboolean
meet_light (const Scene *scene, const Ray *ray, Hit *hit, float *far, V3 *light)
{
  const gboolean solid = scene_hit (scene, ray->origin, ray->direction, *far, hit);
  if (solid)
    *far = hit->t;
  const Light *const lamp = ray->mirror ? light_hit (scene, ray->origin, ray->direction, far) : NULL;
  *light = grey (0.0f);
  if (lamp != NULL)
    *light = lamp->emission;
  else if (!solid && (ray->mirror || !scene->windows_only))
    *light = scene->sky (scene, ray->origin, ray->direction, ray->mirror);
  return lamp != NULL || !solid;
}

/* Schlick, with the edge held down on rough coats. */
static float
reflectance (const Surface *surface, const Ray *ray)
{
  const float facing = clampf (-dot (surface->normal, ray->direction), 0.02f, 1.0f);
  const float edge = MAX (1.0f - surface->roughness, surface->f0) - surface->f0;
  return surface->f0 > 0.0f ? surface->f0 + edge * powf (1.0f - facing, 5.0f) : 0.0f;
}

static gboolean
bounce_gloss (const Scene *scene, const Hit *hit, const Surface *surface, Ray *ray, Random *random)
{
  const float a = random_next (random), b = random_next (random);
  const V3 h = half_vector (surface->normal, surface->roughness, a, b);
  ray->direction -= h * (2.0f * dot (ray->direction, h));
  ray->origin = hit->point + hit->normal * scene->epsilon;
  ray->mirror = TRUE;
  return dot (ray->direction, hit->normal) > 0.0f;
}

/* Adds to direct what comes straight from the lights; the ray goes on to gather the rest. */
static gboolean
bounce_matt (const Scene *scene, const Hit *hit, const Surface *surface, gboolean first, Ray *ray,
             Random *random, V3 *direct)
{
  const float a = random_next (random), b = random_next (random);
  const float side = random_next (random) < surface->through ? -1.0f : 1.0f;
  const V3 normal = surface->normal * side, face = hit->normal * side;
  /* Cloth and lampshades are a few epsilons thick. */
  ray->origin = hit->point + face * (side < 0.0f ? 14.0f * scene->epsilon : scene->epsilon);
  const V3 light = ray->weight * direct_light (scene, ray->origin, normal, face, first, random);
  const float peak = luminance (light);
  *direct += !first && peak > scene->ceiling ? light * (scene->ceiling / peak) : light;
  ray->direction = around (normal, sqrtf (a), 2.0f * PI_F * b);
  ray->mirror = FALSE;
  return dot (ray->direction, face) > 0.0f;
}

/* Everything the ray brings back after the first surface. */
static V3
gather (const Scene *scene, Ray ray, Random *random)
{
  V3 sum = grey (0.0f);
  for (guint depth = 1; depth <= scene->bounces; depth++)
  {
    Hit hit;
    V3 light;
    float far = 1e4f;
    if (meet_light (scene, &ray, &hit, &far, &light))
    {
      const float peak = luminance (ray.weight * light);
      return sum + ray.weight * light * (peak > scene->ceiling ? scene->ceiling / peak : 1.0f);
    }
    Surface surface;
    hit_surface (&hit, &surface);
    /* What matt surfaces see of gloss is a speckle of caustics, and what glows has its own light: they see a
       * matt and dark world. */
    float gloss = 0.0f, fresnel = 0.0f;
    if (ray.mirror)
    {
      sum += ray.weight * surface.emission;
      fresnel = reflectance (&surface, &ray);
      gloss = surface.metal > 0.5f ? 1.0f : fresnel > 0.0f ? clampf (fresnel, 0.3f, 0.9f) : 0.0f;
    }
    gboolean on;
    if (random_next (random) < gloss)
    {
      ray.weight = ray.weight * (surface.metal > 0.5f ? surface.albedo : grey (fresnel / gloss));
      on = bounce_gloss (scene, &hit, &surface, &ray, random);
    }
    else
    {
      ray.weight = ray.weight * surface.albedo * ((1.0f - fresnel) / (1.0f - gloss));
      on = bounce_matt (scene, &hit, &surface, FALSE, &ray, random, &sum);
    }
    const float survive = clampf (luminance (ray.weight) * 1.5f, 0.05f, 0.95f);
    if (!on || random_next (random) > survive)
      break;
    ray.weight = ray.weight / survive;
  }
  return sum;
}

Sample
scene_sample (const Scene *scene, V3 origin, V3 direction, Random *random)
{
  Sample sample = { .normal = -direction, .depth = 1e4f };
  const Ray ray = { origin, direction, grey (1.0f), TRUE };
  Hit hit;
  if (meet_light (scene, &ray, &hit, &sample.depth, &sample.seen))
    return sample;
  Surface surface;
  hit_surface (&hit, &surface);
  sample.seen = surface.emission;
  sample.albedo = surface.albedo;
  /* Mostly the shape's own: the denoiser must see past a bump. */
  sample.normal = unit (hit.flat * 5.0f + surface.normal);
  /* Here both layers are followed: a lottery between them would be most of the noise. */
  const float fresnel = reflectance (&surface, &ray);
  if (surface.metal < 0.5f)
  {
    Ray matt = ray;
    matt.weight = surface.albedo * (1.0f - fresnel);
    if (bounce_matt (scene, &hit, &surface, TRUE, &matt, random, &sample.diffuse))
      sample.bounced = gather (scene, matt, random);
  }
  if (surface.metal > 0.5f || fresnel > 0.0f)
  {
    Ray gloss = ray;
    gloss.weight = surface.metal > 0.5f ? surface.albedo : grey (fresnel);
    if (bounce_gloss (scene, &hit, &surface, &gloss, random))
      sample.glossy = gather (scene, gloss, random);
  }
  return sample;
}
