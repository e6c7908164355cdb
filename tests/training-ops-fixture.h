/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "models/training/trainer-private.h"
#include "tests/harness.h"
#include "tests/twins/training.h"

#include <math.h>
#include <string.h>

G_BEGIN_DECLS

/* What the tests of single operations share: kernels are given twice, as in a step, and what they leave is read back. */

static OmniOps ops;

typedef struct
{
  int unused;
} Fixture;

static inline void
set_up (Fixture *fixture, gconstpointer data)
{
  omni_ops_init (&ops, harness_device ());
}

/* As on a device without subgroup shuffles: the plain variants of the kernels. */
static inline void
set_up_plain (Fixture *fixture, gconstpointer data)
{
  omni_ops_init (&ops, harness_device ());
  ops.has_shuffle = FALSE;
}

/* As on a device that takes transformed tiles for the gradients of weights. */
static inline void
set_up_tiles (Fixture *fixture, gconstpointer data)
{
  omni_ops_init (&ops, harness_device ());
  ops.transforms_tiles = TRUE;
}

static inline void
tear_down (Fixture *fixture, gconstpointer data)
{
  omni_ops_clear (&ops);
}

typedef void (*Build) (gpointer data);

/* Gives the kernels of `build`, measuring first, and waits for them. */
static inline void
run (Build build, gpointer data, const float *parameters, gsize n_parameters)
{
  g_autoptr (GError) error = NULL;

  omni_ops_begin (&ops, n_parameters, TRUE);
  build (data);
  g_assert_true (omni_ops_reserve (&ops, &error));
  if (n_parameters > 0)
    g_assert_true (omni_work_write (ops.work, ops.parameters, 0, parameters, n_parameters * 4, &error));
  omni_ops_begin (&ops, n_parameters, FALSE);
  build (data);
  omni_work_finish (ops.work, NULL, &error);
  g_assert_no_error (error);
}

static inline OmniMaps
upload (const Double4 *x)
{
  const OmniMaps maps = omni_ops_maps (&ops, x->n * x->c, x->h, x->w);
  g_autofree float *values = double4_to_floats (x);

  g_assert_true (omni_ops_upload (&ops, &maps, values, NULL));
  return maps;
}

/* A map of every channel, from maps that lie image by image. */
static inline OmniFeatures
upload_features (const Double4 *x)
{
  g_autofree OmniMaps *planes = g_new (OmniMaps, x->c);
  g_autofree const OmniMaps **channels = g_new (const OmniMaps *, x->c);
  Double4 plane = { x->n, 1, x->h, x->w, NULL };
  const gsize pixels = (gsize)x->h * x->w;

  for (guint c = 0; c < x->c; c++)
  {
    g_autofree double *values = g_new (double, x->n *pixels);

    for (guint n = 0; n < x->n; n++)
      memcpy (values + n * pixels, x->v + (n * x->c + c) * pixels, pixels * sizeof (double));
    plane.v = values;
    planes[c] = upload (&plane);
    channels[c] = &planes[c];
  }
  return omni_ops_to_features (&ops, channels, NULL, x->c, x->n, x->h, x->w, 1.0F);
}

typedef struct
{
  guint64 first; /* of channel 0; the others follow, aligned */
  guint64 stride;
} Kept;

static inline Kept
keep (const OmniFeatures *x)
{
  Kept kept = { 0 };

  for (guint c = 0; c < x->c; c++)
  {
    const OmniMaps map = omni_ops_to_map (&ops, x, c, 1.0F);
    const guint64 at = omni_ops_results (&ops, (guint64)map.n * map.h * map.w);

    omni_ops_maps_to_results (&ops, &map, at);
    if (c == 0)
      kept.first = at;
    if (c == 1)
      kept.stride = at - kept.first;
  }
  return kept;
}

static inline Double4 *
read_features (const OmniFeatures *x, Kept kept)
{
  Double4 *out = double4_new (x->n, x->c, x->h, x->w);
  const gsize pixels = (gsize)x->h * x->w;
  g_autofree float *values = g_new (float, x->n *pixels);

  for (guint c = 0; c < x->c; c++)
  {
    omni_work_read (ops.work, ops.results, (kept.first + c * kept.stride) * 4, values, x->n * pixels * 4);
    for (guint n = 0; n < x->n; n++)
      for (gsize i = 0; i < pixels; i++)
        out->v[(n * x->c + c) * pixels + i] = values[n * pixels + i];
  }
  return out;
}

static inline double
dot (const Double4 *a, const Double4 *b)
{
  double sum = 0;

  for (gsize i = 0; i < double4_size (a); i++)
    sum += a->v[i] * b->v[i];
  return sum;
}

/* Within `tolerance` of the largest wanted value. */
static inline void
assert_close (const double *got, const double *want, gsize n, double tolerance, const char *what)
{
  double largest = 1e-12;

  for (gsize i = 0; i < n; i++)
    largest = fmax (largest, fabs (want[i]));
  for (gsize i = 0; i < n; i++)
    if (!(fabs (got[i] - want[i]) <= tolerance * largest))
      g_error ("%s: element %" G_GSIZE_FORMAT " is %.9g, not %.9g (the largest is %.3g)", what, i, got[i],
               want[i], largest);
}

static inline guint64
keep_maps (const OmniMaps *x)
{
  const guint64 at = omni_ops_results (&ops, (guint64)x->n * x->h * x->w);

  omni_ops_maps_to_results (&ops, x, at);
  return at;
}

static inline Double4 *
read_maps (const OmniMaps *x, guint64 at)
{
  g_autofree float *values = g_new (float, (gsize)x->n * x->h * x->w);

  omni_work_read (ops.work, ops.results, at * 4, values, omni_maps_bytes (x));
  return double4_from_floats (x->n, 1, x->h, x->w, values);
}

G_END_DECLS
