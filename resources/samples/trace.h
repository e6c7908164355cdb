/* trace.h: shapes, materials, lights and the paths that light takes between them.
 *
 * Shapes are found through a tree of boxes. Balls, boxes and discs are intersected in closed form; everything
 * else is a distance field, marched inside its own box.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "vec.h"

typedef struct _Hit Hit;
typedef struct _Scene Scene;

typedef struct
{
  V3 albedo, normal, emission;
  float roughness; /* of the glossy coat, 0 to 1 */
  float f0;        /* reflectance of the coat at normal incidence; 0 for none */
  float metal;     /* 1: the coat takes the albedo's colour and nothing is diffuse */
  float through;   /* share of the diffuse light that crosses to the other side */
} Surface;

typedef struct
{
  Surface base;
  V3 second;                                        /* a second colour for the paint */
  void (*paint) (const Hit *hit, Surface *surface); /* nullable */
  float celsius;                                    /* for the infrared pictures */
} Material;

typedef enum
{
  SHAPE_BOX,
  SHAPE_BALL,
  SHAPE_DISC,
  SHAPE_FIELD,
} ShapeKind;

typedef float (*Field) (V3 p, const float *parameter);

typedef struct
{
  ShapeKind kind;
  float bevel; /* boxes: width of the rounded look of the edges; fields: share of the distance to step */
  V3 centre;
  V3 axis[3]; /* the local frame */
  V3 half;    /* half of the local box */
  Field field;
  float parameter[6];
  guint32 seed;
  const Material *material;
} Shape;

struct _Hit
{
  const Shape *shape;
  float t;
  V3 point, local, normal; /* the normal looks at where the ray came from */
  V3 flat;                 /* the normal without the bevel's rounding */
  gboolean back;
};

typedef enum
{
  LIGHT_SUN,    /* at = direction to it, radius = tangent of its half angle, emission = irradiance */
  LIGHT_BALL,   /* at, radius */
  LIGHT_WINDOW, /* at, u, v: half sides of an opening towards the sky */
  LIGHT_RECT,   /* at, u, v: a glowing rectangle */
} LightKind;

typedef struct
{
  LightKind kind;
  V3 at, u, v, emission;
  float radius;
  gboolean hidden; /* not seen by the camera or in reflections */
} Light;

typedef struct _Node Node;

struct _Scene
{
  GArray *shapes; /* Shape */
  GArray *lights; /* Light */
  Node *nodes;
  guint *order;
  float epsilon; /* how far a new ray starts from its surface */
  float ceiling; /* the brightest a single bounced sample may be */
  guint bounces;
  /* Radiance from beyond the scene; seen: looked at, rather than only lighting. */
  V3 (*sky) (const Scene *scene, V3 origin, V3 direction, gboolean seen);
  gboolean windows_only; /* the sky lights the scene only through LIGHT_WINDOWs */
};

/* What one path brought back, split so that the denoiser can tell texture from light. */
typedef struct
{
  V3 seen;             /* emitted at, or beyond, the first surface */
  V3 diffuse, bounced; /* leaves the first surface's diffuse layer: straight from a light, or not */
  V3 glossy, albedo, normal;
  float depth;
} Sample;

Scene *scene_new (void);
void scene_free (Scene *scene);
Shape *scene_add (Scene *scene, ShapeKind kind, V3 centre, V3 half, const Material *material);
Shape *scene_add_field (Scene *scene, Field field, V3 centre, V3 half, const Material *material);
void scene_add_light (Scene *scene, Light light);
void shape_turn (Shape *shape, float yaw);
void shape_aim (Shape *shape, V3 up);
void scene_build (Scene *scene);

gboolean scene_hit (const Scene *scene, V3 origin, V3 direction, float far, Hit *hit);
gboolean scene_blocked (const Scene *scene, V3 origin, V3 direction, float far);
void hit_surface (const Hit *hit, Surface *surface);
Sample scene_sample (const Scene *scene, V3 origin, V3 direction, Random *random);

/* Bends a normal by the slope of a height that varies in space. */
V3 bump (V3 normal, V3 p, float size, float depth, float (*height) (V3 p));
