/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/training/synthesis-private.h"

#include <math.h>
#include <string.h>

/* Stops by which the light of a scene differs from an even one, at most. */
#define MAX_LIGHT_STOPS 3.5
/* The light spans about this part of the bracket, so that some exposure holds every part of the scene. */
#define LIGHT_SHARE 0.9
#define DARK_LIGHT  0.02
/* Nobody brackets wider. */
#define MAX_SPAN_STOPS 12

struct _OmniExposureScene
{
  guint width, height, n_sources;
  OmniResponse response;
  double stops[64];
  float *light;        /* stops, by pixel */
  double noise, scale; /* deviation at mid grey; the same as light, at a mid grey's light */
};

/* Gaps are equal or each their own; the bracket lies around the metered exposure, seldom quite. */
static void
draw_stops (OmniExposureScene *self, OmniRandom *random, const OmniRange *range)
{
  const gboolean equal = omni_random_chance (random, 0.4);
  const double common = omni_random_between (random, range->low, range->high);
  double at = 0;
  for (guint k = 0; k < self->n_sources; k++)
  {
    self->stops[k] = at;
    at += equal ? common : omni_random_between (random, range->low, range->high);
  }
  const double span = self->stops[self->n_sources - 1], shrink = MIN (1, MAX_SPAN_STOPS / span);
  for (guint k = 0; k < self->n_sources; k++)
    self->stops[k] *= shrink;
  const double middle = self->stops[self->n_sources - 1] * omni_random_between (random, 0.35, 0.65);
  for (guint k = 0; k < self->n_sources; k++)
    self->stops[k] -= middle;
}

/* A light that varies smoothly, follows what is large and bright in the picture, and now and then falls through a window. */
static void
draw_light (OmniExposureScene *self, OmniRandom *random, const float *guide)
{
  const gsize n = (gsize)self->width * self->height;
  const double span = self->stops[self->n_sources - 1] - self->stops[0];
  g_autofree float *large = g_new (float, n);
  omni_field_draw (random, 1 + omni_random_below (random, 3), self->width, self->height, self->light);
  omni_blur_gaussian (guide, self->width, self->height, MIN (self->width, self->height) / 12.0, large);
  const double follow = omni_random_between (random, 0, 5);
  const gboolean has_window = omni_random_chance (random, 0.3);
  OmniShape window = omni_shape_draw (random, self->width, self->height, 0.15, 0.4);
  window.kind = 1 + omni_random_below (random, 2);
  g_autofree float *pane = g_new0 (float, n);
  for (gsize i = 0; has_window && i < n; i++)
    pane[i] = omni_shape_contains (&window, i % self->width + 0.5, (double)(i / self->width) + 0.5);
  omni_blur_gaussian (pane, self->width, self->height, 0.8, pane);
  const double step = omni_random_between (random, 0.5, 2);
  double low = G_MAXDOUBLE, high = -G_MAXDOUBLE;
  for (gsize i = 0; i < n; i++)
  {
    self->light[i] += (float)(follow * large[i] + step * pane[i]);
    low = MIN (low, self->light[i]);
    high = MAX (high, self->light[i]);
  }
  const double wanted = MIN (MAX_LIGHT_STOPS, span * LIGHT_SHARE) * omni_random_between (random, 0.4, 1);
  const double centre = -(self->stops[0] + self->stops[self->n_sources - 1]) / 2;
  const double gain = high > low ? wanted / (high - low) : 0;
  for (gsize i = 0; i < n; i++)
    self->light[i] = (float)(centre + gain * (self->light[i] - (low + high) / 2));
}

OmniExposureScene *
omni_exposure_scene_new (OmniRandom *random, const OmniSynthesisOptions *options, const float *guide,
                         guint width, guint height, guint n_sources)
{
  g_return_val_if_fail (n_sources >= 2 && n_sources <= 64, NULL);
  OmniExposureScene *self = g_new0 (OmniExposureScene, 1);
  self->width = width;
  self->height = height;
  self->n_sources = n_sources;
  self->response = omni_response_draw (random);
  self->noise = omni_random_between (random, options->noise.low, options->noise.high);
  const double grey = omni_response_invert (&self->response, 0.5);
  const double slope = (omni_response_apply (&self->response, grey * 1.001)
                        - omni_response_apply (&self->response, grey * 0.999))
                       / (grey * 0.002);
  self->scale = self->noise / slope / sqrt (grey + DARK_LIGHT * grey);
  draw_stops (self, random, &options->stops);
  self->light = g_new (float, (gsize)width *height);
  draw_light (self, random, guide);
  return self;
}

void
omni_exposure_scene_free (OmniExposureScene *self)
{
  if (self == NULL)
    return;
  g_free (self->light);
  g_free (self);
}

double
omni_exposure_scene_get_stops (const OmniExposureScene *self, guint index)
{
  g_return_val_if_fail (index < self->n_sources, 0);
  return self->stops[index];
}

OmniResponse
omni_exposure_scene_get_response (const OmniExposureScene *self)
{
  return self->response;
}

void
omni_exposure_scene_render (const OmniExposureScene *self, guint index, const float *clear,
                            OmniRandom *random, float *source)
{
  g_return_if_fail (index < self->n_sources);
  const gsize n = (gsize)self->width * self->height;
  const double dark = DARK_LIGHT * omni_response_invert (&self->response, 0.5);
  for (gsize i = 0; i < n; i++)
  {
    const double exposure = exp2 (self->stops[index] + self->light[i]);
    double radiance = omni_response_invert (&self->response, clear[i]) * exposure;
    if (self->noise > 0)
      radiance += self->scale * sqrt (radiance + dark) * omni_random_noise (random);
    source[i] = (float)omni_response_apply (&self->response, radiance);
  }
}
