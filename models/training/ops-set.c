/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "models/training/ops.h"

#include <string.h>

OmniFeatures
omni_ops_set_pool (OmniOps *ops, const OmniFeatures *x, guint n, guint n_max, gboolean sums)
{
  const OmniFeatures out = omni_ops_features (ops, x->n / n, x->c, x->h, x->w);
  const guint texels = omni_features_image_texels (x);
  OmniDispatch kernel = omni_ops_kernel ("train-set-pool", texels, out.n);
  const gint32 push[] = { x->at, (gint32)texels, (gint32)n, (gint32)(omni_features_pitch (x) * x->h),
                          (gint32)n_max };

  omni_ops_constant (&kernel, sums);
  omni_ops_read_features (ops, &kernel, 0);
  omni_ops_write_features (ops, &kernel, 0, &out);
  memcpy (kernel.push, push, sizeof push);
  kernel.bytes = (double)omni_features_bytes (x);
  omni_ops_run (ops, &kernel);
  return out;
}

void
omni_ops_set_grad (OmniOps *ops, const OmniSetGradParams *params, guint n, const OmniFeatures *gradient,
                   OmniFeatures *sum)
{
  const OmniFeatures *x = params->features;
  const guint texels = omni_features_image_texels (x);

  if (params->pool == NULL && params->slope == 1.0F && params->has_gradient && sum == NULL)
    return;

  OmniDispatch kernel = omni_ops_kernel ("train-set-grad", texels, x->n / n);
  const gint32 push[] = { x->at,
                          gradient->at,
                          params->pool != NULL ? params->pool->at : 0,
                          params->pool != NULL ? params->pool_gradient->at : 0,
                          (gint32)texels,
                          (gint32)n,
                          (gint32)(omni_features_pitch (x) * x->h),
                          (gint32)params->n_max,
                          omni_ops_float_bits (params->slope) };

  omni_ops_constant (&kernel, params->has_gradient);
  omni_ops_constant (&kernel, params->pool != NULL);
  omni_ops_constant (&kernel, sum != NULL);
  omni_ops_constant (&kernel, params->sums);
  omni_ops_read_features (ops, &kernel, 0);
  omni_ops_write_features (ops, &kernel, 0, gradient);
  if (sum != NULL)
  {
    *sum = omni_ops_features (ops, x->n / n, x->c, x->h, x->w);
    omni_ops_write_features (ops, &kernel, 1, sum);
  }
  memcpy (kernel.push, push, sizeof push);
  omni_ops_run (ops, &kernel);
}

OmniFeatures
omni_ops_to_features (OmniOps *ops, const OmniMaps *const *maps, const float *constants, guint n_channels,
                      guint n, guint h, guint w, float scale)
{
  const OmniFeatures out = omni_ops_features (ops, n, n_channels, h, w);
  const guint plane_texels = omni_features_pitch (&out) * h;

  for (guint plane = 0; plane < omni_features_planes (&out); plane++)
  {
    OmniDispatch kernel = omni_ops_kernel ("train-to-features", plane_texels, n);

    omni_ops_read_maps (ops, &kernel, 0);
    omni_ops_write_features (ops, &kernel, 0, &out);
    for (guint lane = 0; lane < 4; lane++)
    {
      const guint c = plane * 4 + lane;
      const OmniMaps *map = c < n_channels ? maps[c] : NULL;
      gint32 *push = kernel.push + 4 * lane;

      push[0] = map != NULL ? map->at : -1;
      push[1] = map != NULL ? (gint32)(map->h * map->w) : 0;
      push[2] = map != NULL && map->h == h && map->w == w;
      push[3] = omni_ops_float_bits (c < n_channels && map == NULL ? constants[c] : 0.0F);
    }
    kernel.push[16] = (gint32)w;
    kernel.push[17] = (gint32)h;
    kernel.push[18] = (gint32)omni_features_pitch (&out);
    kernel.push[19] = (gint32)(plane * plane_texels);
    kernel.push[20] = (gint32)omni_features_image_texels (&out);
    kernel.push[21] = omni_ops_float_bits (scale);
    omni_ops_run (ops, &kernel);
  }
  return out;
}

OmniMaps
omni_ops_to_map (OmniOps *ops, const OmniFeatures *x, guint channel, float scale)
{
  const OmniMaps out = omni_ops_maps (ops, x->n, x->h, x->w);
  OmniDispatch kernel = omni_ops_kernel ("train-to-map", x->h * x->w, x->n);
  const gint32 push[] = { x->at + (gint32)(channel / 4 * omni_features_pitch (x) * x->h),
                          (gint32)omni_features_image_texels (x),
                          (gint32)x->w,
                          (gint32)x->h,
                          (gint32)omni_features_pitch (x),
                          (gint32)(channel % 4),
                          omni_ops_float_bits (scale) };

  omni_ops_read_features (ops, &kernel, 0);
  omni_ops_write_maps (ops, &kernel, 0, &out);
  memcpy (kernel.push, push, sizeof push);
  omni_ops_run (ops, &kernel);
  return out;
}

/* Between a map and up to four channels; a NULL is no shift. */
static void
mix (OmniOps *ops, const OmniFeatures *features, const OmniMaps *map, gboolean gathers, const float *factors,
     const float *shifts)
{
  const guint pitch = omni_features_pitch (features);
  OmniDispatch kernel = omni_ops_kernel ("train-mix", pitch * features->h, features->n);
  gint32 *push = kernel.push;

  g_return_if_fail (features->c <= 4);
  push[0] = gathers ? features->at : map->at;
  push[1] = (gint32)features->w;
  push[2] = (gint32)features->h;
  push[3] = (gint32)pitch;
  for (guint c = 0; c < features->c; c++)
    push[4 + c] = omni_ops_float_bits (factors[c]);
  for (guint c = 0; shifts != NULL && c < (gathers ? 1 : features->c); c++)
    push[8 + c] = omni_ops_float_bits (shifts[c]);
  omni_ops_constant (&kernel, gathers);
  if (gathers)
  {
    omni_ops_read_features (ops, &kernel, 0);
    omni_ops_write_maps (ops, &kernel, 0, map);
  }
  else
  {
    omni_ops_read_maps (ops, &kernel, 0);
    omni_ops_write_features (ops, &kernel, 0, features);
  }
  omni_ops_run (ops, &kernel);
}

OmniFeatures
omni_ops_spread (OmniOps *ops, const OmniMaps *x, guint n_channels, const float *factors, const float *shifts)
{
  const OmniFeatures out = omni_ops_features (ops, x->n, n_channels, x->h, x->w);

  mix (ops, &out, x, FALSE, factors, shifts);
  return out;
}

OmniMaps
omni_ops_gather (OmniOps *ops, const OmniFeatures *x, const float *factors, float shift)
{
  const OmniMaps out = omni_ops_maps (ops, x->n, x->h, x->w);

  mix (ops, x, &out, TRUE, factors, &shift);
  return out;
}

static OmniFeatures
shuffle (OmniOps *ops, const OmniFeatures *x, guint groups, const OmniFeatures *base, gboolean transposed)
{
  const OmniFeatures out = omni_ops_features (ops, x->n, x->c, x->h, x->w);
  OmniDispatch kernel = omni_ops_kernel ("train-shuffle", omni_features_image_texels (x), x->n);
  const gint32 push[] = { x->at,
                          base != NULL ? base->at : 0,
                          (gint32)omni_features_image_texels (x),
                          (gint32)(omni_features_pitch (x) * x->h),
                          (gint32)x->c,
                          (gint32)groups };

  omni_ops_constant (&kernel, transposed);
  omni_ops_constant (&kernel, base != NULL);
  omni_ops_read_features (ops, &kernel, 0);
  omni_ops_write_features (ops, &kernel, 0, &out);
  memcpy (kernel.push, push, sizeof push);
  omni_ops_run (ops, &kernel);
  return out;
}

OmniFeatures
omni_ops_shuffle (OmniOps *ops, const OmniFeatures *x, guint groups, const OmniFeatures *base)
{
  return shuffle (ops, x, groups, base, FALSE);
}

OmniFeatures
omni_ops_shuffle_grad (OmniOps *ops, const OmniFeatures *output_gradient, guint groups)
{
  return shuffle (ops, output_gradient, groups, NULL, TRUE);
}

static OmniDispatch
make_set_kernel (const OmniOps *ops, const char *shader, const OmniMaps *x, guint n, const OmniMaps *out)
{
  OmniDispatch kernel = omni_ops_kernel (shader, x->h * x->w, x->n / n);

  omni_ops_read_maps (ops, &kernel, 0);
  omni_ops_write_maps (ops, &kernel, 0, out);
  kernel.bytes = 3.0 * (double)omni_maps_bytes (x);
  return kernel;
}

OmniMaps
omni_ops_set_softmax (OmniOps *ops, const OmniMaps *logit, const OmniMaps *energy, const OmniMaps *factor,
                      guint n)
{
  const OmniMaps out = omni_ops_maps (ops, logit->n, logit->h, logit->w);
  OmniDispatch kernel = make_set_kernel (ops, "train-set-softmax", logit, n, &out);
  const gint32 push[] = { logit->at, energy != NULL ? energy->at : 0, energy != NULL ? factor->at : 0,
                          (gint32)(logit->h * logit->w), (gint32)n };

  omni_ops_constant (&kernel, energy != NULL);
  memcpy (kernel.push, push, sizeof push);
  omni_ops_run (ops, &kernel);
  return out;
}

static OmniMaps
blend (OmniOps *ops, const OmniMaps *weight, const OmniMaps *band, guint n, gboolean backward)
{
  const OmniMaps out = omni_ops_maps (ops, backward ? band->n : band->n / n, band->h, band->w);
  OmniDispatch kernel = make_set_kernel (ops, "train-set-blend", band, n, &out);
  const gint32 push[] = { weight->at, band->at, (gint32)(band->h * band->w), (gint32)n };

  omni_ops_constant (&kernel, backward);
  memcpy (kernel.push, push, sizeof push);
  omni_ops_run (ops, &kernel);
  return out;
}

OmniMaps
omni_ops_set_blend (OmniOps *ops, const OmniMaps *weight, const OmniMaps *band, guint n)
{
  return blend (ops, weight, band, n, FALSE);
}

OmniMaps
omni_ops_set_blend_grad (OmniOps *ops, const OmniMaps *blend_gradient, const OmniMaps *band, guint n)
{
  return blend (ops, blend_gradient, band, n, TRUE);
}

OmniMaps
omni_ops_set_softmax_grad (OmniOps *ops, const OmniMaps *weight, const OmniMaps *gradient,
                           const OmniMaps *band, const OmniMaps *energy, guint n, OmniMaps *factor_gradient)
{
  const OmniMaps out = omni_ops_maps (ops, weight->n, weight->h, weight->w);
  OmniDispatch kernel = make_set_kernel (ops, "train-set-softmax-grad", weight, n, &out);
  const gint32 push[] = { weight->at,
                          gradient->at,
                          band != NULL ? band->at : 0,
                          energy != NULL ? energy->at : 0,
                          (gint32)(weight->h * weight->w),
                          (gint32)n };

  omni_ops_constant (&kernel, energy != NULL);
  omni_ops_constant (&kernel, band != NULL);
  if (energy != NULL)
  {
    *factor_gradient = omni_ops_maps (ops, weight->n / n, weight->h, weight->w);
    omni_ops_write_maps (ops, &kernel, 1, factor_gradient);
  }
  memcpy (kernel.push, push, sizeof push);
  omni_ops_run (ops, &kernel);
  return out;
}
