/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* Frames of one scene as a hand takes them, rendered through maps that are known: for the tests of what aligns them. Each test
 * program is one file, so these are all static. */

#include "app/document/source.h"

#include <math.h>

#define W 320
#define H 240

G_GNUC_UNUSED static double
hash (gint64 x, gint64 y, guint seed)
{
  guint32 h = (guint32)x * 0x9e3779b1u ^ (guint32)y * 0x85ebca6bu ^ seed * 0xc2b2ae35u;

  h ^= h >> 15;
  h *= 0x2c1b3c6du;
  h ^= h >> 12;
  h *= 0x297a2d39u;
  h ^= h >> 15;
  return h / 4294967296.0;
}

/* Noise between the points of a lattice of `cell` pixels. */
G_GNUC_UNUSED static double
noise (double x, double y, double cell, guint seed)
{
  const double u = x / cell, v = y / cell, left = floor (u), top = floor (v);
  const double fx = u - left, fy = v - top, sx = fx * fx * (3 - 2 * fx), sy = fy * fy * (3 - 2 * fy);
  const gint64 i = (gint64)left, j = (gint64)top;
  const double above = hash (i, j, seed) + sx * (hash (i + 1, j, seed) - hash (i, j, seed));
  const double below = hash (i, j + 1, seed) + sx * (hash (i + 1, j + 1, seed) - hash (i, j + 1, seed));

  return above + sy * (below - above);
}

/* Linear light at a place of scene `seed`; fine detail as far as it is `sharp`. */
G_GNUC_UNUSED static double
shine (double x, double y, guint seed, double sharp)
{
  const double value = 0.5 * noise (x, y, 41, seed) + 0.3 * noise (x, y, 17, seed + 1)
                       + 0.2 * (sharp * noise (x, y, 5, seed + 2) + (1 - sharp) * 0.5);

  return pow (value, 2.2);
}

/* How a frame was taken. */
typedef struct
{
  OmniHomography map; /* from the scene to it */
  double gain;        /* exposure */
  double sharp;
  double scale; /* 0 or of a picture so many times as large, with all of the scene larger by that */
} Shot;

G_GNUC_UNUSED static OmniSource *
take (const Shot *shot, guint seed, const char *name)
{
  OmniHomography back;
  const double scale = shot->scale > 0 ? shot->scale : 1;
  const guint width = (guint)(W * scale), height = (guint)(H * scale);
  guint8 *pixels = g_malloc ((gsize)width * height * 3);

  g_assert_true (omni_homography_invert (&shot->map, &back));
  for (guint y = 0; y < height; y++)
    for (guint x = 0; x < width; x++)
    {
      double u, v;
      omni_homography_apply (&back, (x + 0.5) / scale, (y + 0.5) / scale, &u, &v);
      const double light = shot->gain * shine (u, v, seed, shot->sharp);
      const double grain = (hash (x, y, seed + 77 + (guint)(1000 * shot->gain)) - 0.5) * 2;
      for (guint c = 0; c < 3; c++)
        pixels[((gsize)y * width + x) * 3 + c] = (guint8)CLAMP (
          255 * pow (light * (1 - 0.1 * c), 1 / 2.2) + grain + 0.5, 0, 255);
    }
  g_autoptr (OmniPicture)
    picture = omni_picture_new (width, height, 3, FALSE, OMNI_SAMPLE_U8,
                                g_bytes_new_take (pixels, (gsize)width * height * 3), NULL, NULL, NULL);
  return omni_source_new_for_picture (picture, name);
}

/* A movement of the camera: pixels, degrees, zoom and perspective about the middle. */
G_GNUC_UNUSED static OmniHomography
move (double dx, double dy, double degrees, double zoom, double perspective)
{
  const double angle = degrees * G_PI / 180;
  const OmniHomography in = { { 1, 0, -W / 2.0, 0, 1, -H / 2.0, 0, 0, 1 } };
  const OmniHomography out = { { 1, 0, W / 2.0, 0, 1, H / 2.0, 0, 0, 1 } };
  const OmniHomography middle = { { zoom * cos (angle), -zoom * sin (angle), dx, zoom * sin (angle),
                                    zoom * cos (angle), dy, perspective, -perspective, 1 } };
  const OmniHomography half = omni_homography_compose (&middle, &in);

  return omni_homography_compose (&out, &half);
}
