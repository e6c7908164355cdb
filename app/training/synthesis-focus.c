/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/training/synthesis-private.h"

#include <math.h>
#include <string.h>

/* Blur beyond this part of the shorter side leaves nothing of a crop. */
#define MAX_SIGMA_SHARE (1.0 / 24)
/* A disc of radius r has the variance r²/4 along each axis. */
#define DISC_RADIUS_PER_SIGMA 2

const OmniSynthesisOptions omni_synthesis_defaults = {
  .depth_masks = 0.5,
  .layers = 1,
  .disc_blur = 0.5,
  .sigma = { 0.7, 2.5 },
  .breathing = { 0, 0 },
  .stops = { 0.7, 2.5 },
  .noise = { 0, 0.01 },
};

struct _OmniFocusScene
{
  guint width, height, n_sources;
  float *masks;          /* n_sources planes, far to near */
  double first, further; /* σ one step out of focus, and for each step more */
  double largest;
  gboolean disc;
  gboolean layered;
  double spread; /* in σ, of a region beyond its edge; layers spread as they are blurred */
  double growth; /* of a source's picture over the one before, about `centre`, px */
  double centre[2];
};

/* Without a depth (IFANI) everything out of focus is equally so. */
static void
draw_labels (OmniFocusScene *self, OmniRandom *random, const OmniSynthesisOptions *options,
             const float *guide, guint8 *labels)
{
  const gboolean by_depth = omni_random_chance (random, options->depth_masks);
  self->further = omni_random_between (random, 0.3, 1.5) * self->first;
  if (!by_depth && self->n_sources <= OMNI_MAX_SHAPE_REGIONS
      && omni_synthesis_draw_shape_labels (random, self->width, self->height, self->n_sources, labels))
    self->further = 0;
  else
    omni_synthesis_draw_depth_labels (random, guide, self->width, self->height, self->n_sources, labels);
}

/* Edges as a sensor sees them: each mask loses its stairs, and together they still are 1. */
static void
make_masks (OmniFocusScene *self, OmniRandom *random, const guint8 *labels)
{
  const gsize n = (gsize)self->width * self->height;
  const double softness = omni_random_chance (random, 0.7) ? omni_random_between (random, 0.4, 0.9) : 0;
  self->masks = g_new (float, n * self->n_sources);
  g_autofree float *sum = g_new0 (float, n);
  for (guint k = 0; k < self->n_sources; k++)
  {
    float *mask = self->masks + k * n;
    for (gsize i = 0; i < n; i++)
      mask[i] = labels[i] == k;
    omni_blur_gaussian (mask, self->width, self->height, softness, mask);
    for (gsize i = 0; i < n; i++)
      sum[i] += mask[i];
  }
  /* Rounding apart the sum is 1 already; where only one region is, its mask is 1 to the last bit. */
  for (guint k = 0; k < self->n_sources; k++)
    for (gsize i = 0; i < n; i++)
      self->masks[k * n + i] /= sum[i];
}

/* A crop may lie anywhere in the picture that grows. */
static void
draw_breathing (OmniFocusScene *self, OmniRandom *random, const OmniSynthesisOptions *options)
{
  self->growth = omni_random_between (random, options->breathing.low, options->breathing.high)
                 * (omni_random_chance (random, 0.5) ? 1 : -1);
  self->centre[0] = omni_random_between (random, -0.5, 1.5) * self->width;
  self->centre[1] = omni_random_between (random, -0.5, 1.5) * self->height;
}

OmniFocusScene *
omni_focus_scene_new (OmniRandom *random, const OmniSynthesisOptions *options, const float *guide,
                      guint width, guint height, guint n_sources)
{
  g_return_val_if_fail (n_sources >= 2 && n_sources <= 64, NULL);
  OmniFocusScene *self = g_new0 (OmniFocusScene, 1);
  self->width = width;
  self->height = height;
  self->n_sources = n_sources;
  self->first = omni_random_between (random, options->sigma.low, options->sigma.high);
  self->largest = MAX (self->first, MAX_SIGMA_SHARE * MIN (width, height));
  self->disc = omni_random_chance (random, options->disc_blur);
  self->layered = options->layers >= 1 || omni_random_chance (random, options->layers);
  self->spread = !self->layered && omni_random_chance (random, 0.5) ? 0.5 : 0;
  if (options->breathing.high > 0 && omni_random_chance (random, 0.5))
    draw_breathing (self, random, options);
  g_autofree guint8 *labels = g_new (guint8, (gsize)width * height);
  draw_labels (self, random, options, guide, labels);
  make_masks (self, random, labels);
  return self;
}

void
omni_focus_scene_free (OmniFocusScene *self)
{
  if (self == NULL)
    return;
  g_free (self->masks);
  g_free (self);
}

const float *
omni_focus_scene_get_mask (const OmniFocusScene *self, guint region)
{
  g_return_val_if_fail (region < self->n_sources, NULL);
  return self->masks + (gsize)region * self->width * self->height;
}

/* σ at `distance` steps out of focus. */
static double
get_sigma (const OmniFocusScene *self, guint distance)
{
  return distance == 0 ? 0 : MIN (self->largest, self->first + self->further * (distance - 1));
}

static void
blur (const OmniFocusScene *self, const float *in, double sigma, float *out)
{
  if (self->disc && sigma > 0)
    omni_blur_disc (in, self->width, self->height, DISC_RADIUS_PER_SIGMA * sigma, out);
  else
    omni_blur_gaussian (in, self->width, self->height, sigma, out);
}

static void
compose (const float *alpha, const float *colour, gsize n, float *source, float *covered)
{
  for (gsize i = 0; i < n; i++)
  {
    source[i] = source[i] * (1 - alpha[i]) + colour[i];
    covered[i] = covered[i] * (1 - alpha[i]) + alpha[i];
  }
}

/* Layer after layer, far to near, into all sources at once: those equally far out of focus share one blurred layer. */
static void
render_layers (const OmniFocusScene *self, const float *clear, float *const *sources, float *covered)
{
  const gsize n = (gsize)self->width * self->height;
  g_autofree float *layer = g_new (float, n), *alpha = g_new (float, n), *colour = g_new (float, n);
  for (guint k = 0; k < self->n_sources; k++)
  {
    const float *mask = omni_focus_scene_get_mask (self, k);
    for (gsize i = 0; i < n; i++)
      layer[i] = mask[i] * clear[i];
    double sigma = -1;
    for (guint distance = 0; distance < self->n_sources; distance++)
    {
      if (distance > k && k + distance >= self->n_sources)
        break;
      if (get_sigma (self, distance) != sigma)
      {
        sigma = get_sigma (self, distance);
        blur (self, mask, sigma, alpha);
        blur (self, layer, sigma, colour);
      }
      if (distance <= k)
        compose (alpha, colour, n, sources[k - distance], covered + (k - distance) * n);
      if (distance > 0 && k + distance < self->n_sources)
        compose (alpha, colour, n, sources[k + distance], covered + (k + distance) * n);
    }
  }
}

/* Every region is cut from the picture as it is blurred as a whole; distance after distance, into all sources at once. */
static void
render_cuts (const OmniFocusScene *self, const float *clear, float *const *sources, float *covered)
{
  const gsize n = (gsize)self->width * self->height;
  g_autofree float *blurred = g_new (float, n), *alpha = g_new (float, n);
  for (guint distance = 0; distance < self->n_sources; distance++)
  {
    const double sigma = get_sigma (self, distance);
    blur (self, clear, sigma, blurred);
    for (guint k = 0; k < self->n_sources; k++)
    {
      omni_blur_gaussian (omni_focus_scene_get_mask (self, k), self->width, self->height,
                          self->spread * sigma, alpha);
      for (guint side = 0; side < (distance > 0 ? 2 : 1); side++)
      {
        const guint source = side == 0 ? k - distance
                                       : k + distance; /* beyond the largest where there is none */
        for (gsize i = 0; source < self->n_sources && i < n; i++)
        {
          sources[source][i] += alpha[i] * blurred[i];
          covered[source * n + i] += alpha[i];
        }
      }
    }
  }
}

/* The middle source is as large as the picture. */
static void
breathe (const OmniFocusScene *self, guint source, const float *in, float *out)
{
  const double scale = 1 + self->growth * (source - (self->n_sources - 1) / 2.0);
  omni_scale_about (in, self->width, self->height, scale, self->centre, out);
}

void
omni_focus_scene_render (const OmniFocusScene *self, float *clear, float *const *sources)
{
  const gsize n = (gsize)self->width * self->height;
  g_autofree float *covered = g_new0 (float, n * self->n_sources);
  for (guint k = 0; k < self->n_sources; k++)
    memset (sources[k], 0, sizeof *sources[k] * n);
  (self->layered ? render_layers : render_cuts) (self, clear, sources, covered);
  /* A near blurred layer lets through what lies behind it, of which the picture knows nothing: what is known counts. */
  for (guint k = 0; k < self->n_sources; k++)
    for (gsize i = 0; i < n; i++)
      sources[k][i] /= MAX (covered[k * n + i], 1e-6f);
  if (self->growth == 0)
    return;
  g_autofree float *scaled = g_new (float, n), *truth = g_new0 (float, n);
  for (guint k = 0; k < self->n_sources; k++)
  {
    const float *mask = omni_focus_scene_get_mask (self, k);
    breathe (self, k, sources[k], scaled);
    memcpy (sources[k], scaled, n * sizeof *scaled);
    breathe (self, k, clear, scaled);
    for (gsize i = 0; i < n; i++)
      truth[i] += mask[i] * scaled[i];
  }
  memcpy (clear, truth, n * sizeof *truth);
}
