/* film.h: from paths to radiance, and from radiance to files.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "trace.h"

/* Linear radiance, row by row. */
typedef struct
{
  guint width, height;
  V3 *pixels;
} Picture;

typedef struct
{
  V3 eye, right, up, forward;
  float zoom; /* focal length over the picture's height */
} Camera;

typedef struct
{
  guint samples, threads;
  float scale;
} Effort;

/* Runs a row function over all rows on a few threads. */
void rows_run (guint rows, guint threads, void (*row) (guint y, gpointer data), gpointer data);

Picture picture_new (guint width, guint height);
void picture_clear (Picture *picture);
/* Turns by an angle about the middle and shifts, then cuts the middle out; scale < 1 reads a smaller area. */
Picture picture_cut (const Picture *from, guint width, guint height, float dx, float dy, float degrees);
/* Separable Gaussian, in place. */
void picture_blur (Picture *picture, float sigma);

Camera camera_look (V3 eye, V3 at, float zoom);
V3 camera_ray (const Camera *camera, float x, float y, guint width, guint height);

/* Traces and denoises. */
Picture
scene_render (const Scene *scene, const Camera *camera, guint width, guint height, const Effort *effort);

typedef struct
{
  float exposure; /* multiplies radiance; 1 is the sensor's full well */
  float wells;    /* electrons in a full well: sets the shot noise */
  float read;     /* read noise in electrons */
  float glare;    /* share of the light that the lens scatters */
  guint32 seed;
  float seconds, f_number; /* for the EXIF */
  guint iso;
} Shot;

/* Exposes one frame through the one response curve and writes it. */
gboolean shot_write (const Picture *scene, const Shot *shot, int quality, const char *path);
gboolean png_write (const guint8 *pixels, guint width, guint height, guint channels, const char *path);
gboolean jpeg_write (const guint8 *pixels, guint width, guint height, guint channels, int quality,
                     const Shot *shot, const char *path);
