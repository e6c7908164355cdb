/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/reference/reference.h"

#include <math.h>

/* The prototype's omni.py, line by line. */

#define MAX_SET    8
#define MAX_LEVELS 16
#define N_LAYERS   5
#define N_HEADS    4

typedef RefTensor *Set[MAX_SET];

static RefTensor *
copy (const RefTensor *x)
{
  return ref_set_sum ((RefTensor *const *)&x, 1, 1);
}

/* Continued by its edge until the sides are multiples of `m`. */
static RefTensor *
pad (const RefTensor *x, guint m)
{
  RefTensor *out = ref_tensor_new (x->channels, (x->width + m - 1) / m * m, (x->height + m - 1) / m * m);

  for (guint c = 0; c < x->channels; c++)
    for (guint i = 0; i < out->width * out->height; i++)
    {
      const guint column = MIN (i % out->width, x->width - 1), row = MIN (i / out->width, x->height - 1);

      ref_plane (out, c)[i] = ref_plane (x, c)[row * x->width + column];
    }
  return out;
}

static RefTensor *
crop (const RefTensor *x, guint width, guint height)
{
  RefTensor *out = ref_tensor_new (x->channels, width, height);

  for (guint c = 0; c < x->channels; c++)
    for (guint i = 0; i < width * height; i++)
      ref_plane (out, c)[i] = ref_plane (x, c)[i / width * x->width + i % width];
  return out;
}

/* Bilinear at half-pixel centres, by `f` at once. */
static RefTensor *
magnify (const RefTensor *x, guint f)
{
  RefTensor *out = ref_tensor_new (x->channels, x->width * f, x->height * f);

  for (guint c = 0; c < x->channels; c++)
    for (guint i = 0; i < out->width * out->height; i++)
    {
      const double *in = ref_plane (x, c);
      const double u = fmax ((i % out->width + .5) / f - .5, 0), v = fmax ((i / out->width + .5) / f - .5, 0);
      const guint x0 = (guint)u, y0 = (guint)v;
      const guint x1 = MIN (x0 + 1, x->width - 1), y1 = MIN (y0 + 1, x->height - 1);
      const double a = in[y0 * x->width + x0] * (1 - u + x0) + in[y0 * x->width + x1] * (u - x0);
      const double b = in[y1 * x->width + x0] * (1 - u + x0) + in[y1 * x->width + x1] * (u - x0);

      ref_plane (out, c)[i] = a * (1 - v + y0) + b * (v - y0);
    }
  return out;
}

static RefTensor *
mean_pool (const RefTensor *x, guint f)
{
  RefTensor *out = ref_tensor_new (x->channels, x->width / f, x->height / f);

  for (guint c = 0; c < x->channels; c++)
    for (guint i = 0; i < x->width * x->height; i++)
      ref_plane (out, c)[i / x->width / f * out->width + i % x->width / f] += ref_plane (x, c)[i] / (f * f);
  return out;
}

/* mean_pool (|x − centre|). */
static RefTensor *
pool_magnitude (const RefTensor *x, double centre, guint f)
{
  g_autoptr (RefTensor) magnitude = copy (x);

  for (guint i = 0; i < x->width * x->height; i++)
    magnitude->v[i] = fabs (x->v[i] - centre);
  return mean_pool (magnitude, f);
}

/* `pyramid` gets depth + 1 levels; `bands` the Laplacian ones and the last level. */
static void
build_pyramid (const RefTensor *x, guint depth, RefTensor **pyramid, RefTensor **bands)
{
  pyramid[0] = copy (x);
  for (guint l = 0; l < depth; l++)
  {
    g_autoptr (RefTensor) up = NULL;

    pyramid[l + 1] = ref_quad_down (pyramid[l]);
    up = ref_quad_up (pyramid[l + 1], pyramid[l]->width, pyramid[l]->height);
    bands[l] = copy (pyramid[l]);
    for (guint i = 0; i < up->channels * up->width * up->height; i++)
      bands[l]->v[i] -= up->v[i];
  }
  bands[depth] = copy (pyramid[depth]);
}

typedef struct
{
  const OmniWeights *weights;
  const RefOmni *how;
  guint n, at, channels;
  RefTensor *pyramids[MAX_SET][MAX_LEVELS], *bands[MAX_SET][MAX_LEVELS]; /* of the luminance */
  RefTensor *colours[MAX_SET][MAX_LEVELS], *colour_bands[MAX_SET][MAX_LEVELS];
  Set logits;
  RefTensor *alphas;
} Omni;

/* Sources count less from 94 % of white on. */
static void
take_off_highlights (Omni *self, guint k)
{
  const RefTensor *low = self->pyramids[k][self->at];

  for (guint head = 0; self->how->task == 0 && head < N_HEADS; head++)
    for (guint i = 0; i < low->width * low->height; i++)
      ref_plane (self->logits[k], head)[i] -= self->how->highlights * fmax (low->v[i] - .94, 0) / .06;
}

static void
decide (Omni *self)
{
  for (guint head = 0; self->how->decided && head < N_HEADS; head++)
  {
    for (guint k = 0; k < self->n; k++)
      for (guint i = 0; i < self->logits[k]->width * self->logits[k]->height; i++)
        ref_plane (self->logits[k], head)[i] *= self->how->decided_logits[head];
    for (guint i = 0; i < self->alphas->width * self->alphas->height; i++)
      ref_plane (self->alphas, head)[i] *= self->how->decided_gains[head];
  }
}

static RefTensor *
make_planes (const Omni *self, guint k)
{
  const guint b = self->how->base;
  const RefTensor *low = self->pyramids[k][self->at];
  RefTensor *planes = ref_tensor_new (10, low->width, low->height);
  const guint n = low->width * low->height;
  g_autoptr (RefTensor) off = pool_magnitude (self->pyramids[k][b], .5, 4);

  for (guint i = 0; i < n; i++)
  {
    planes->v[i] = low->v[i];
    for (guint j = 0; j < n; j++)
      ref_plane (planes, 4)[j] += low->v[i] / n;
    ref_plane (planes, 5)[i] = off->v[i];
    if (self->how->task >= 0)
      ref_plane (planes, 6 + (guint)self->how->task)[i] = 1;
  }
  for (guint e = 0; e < 3; e++)
  {
    g_autoptr (RefTensor) energy = pool_magnitude (self->bands[k][b + e], 0, 1u << (2 - e));

    for (guint i = 0; i < n; i++)
      ref_plane (planes, 1 + e)[i] = log (energy->v[i] + self->how->epsilon) / 3 + 1;
  }
  return planes;
}

static RefTensor *
convolve (const Omni *self, const RefTensor *x, const char *layer, guint kernel, guint dilation)
{
  g_autofree char *weight_name = g_strconcat (layer, ".weight", NULL);
  g_autofree char *bias_name = g_strconcat (layer, ".bias", NULL);
  g_autofree float *weight = omni_weights_dup_floats (self->weights, weight_name, NULL);
  g_autofree float *bias = omni_weights_has (self->weights, bias_name)
                             ? omni_weights_dup_floats (self->weights, bias_name, NULL)
                             : NULL;

  return ref_conv_dilated (&x, 1, weight, bias, kernel == 1 ? N_HEADS : self->channels, kernel, dilation,
                           REF_ZERO);
}

/* The maximum of the first half of the channels, the mean of the rest. */
static RefTensor *
pool_set (const Omni *self, RefTensor *const *set)
{
  RefTensor *pooled = ref_set_max (set, self->n);
  g_autoptr (RefTensor) mean = ref_set_sum (set, self->n, 1. / self->n);

  for (guint i = self->channels / 2 * mean->width * mean->height;
       i < self->channels * mean->width * mean->height; i++)
    pooled->v[i] = mean->v[i];
  return pooled;
}

/* x = leaky (x + y). */
static void
activate (RefTensor *x, const RefTensor *y)
{
  for (guint i = 0; i < x->channels * x->width * x->height; i++)
  {
    const double sum = x->v[i] + (y != NULL ? y->v[i] : 0);

    x->v[i] = sum > 0 ? sum : .2 * sum;
  }
}

static void
run_network (Omni *self)
{
  static const guint dilations[N_LAYERS] = { 1, 2, 4, 8, 1 };
  g_autoptr (RefTensor) last = NULL;
  Set f;

  for (guint k = 0; k < self->n; k++)
  {
    g_autoptr (RefTensor) planes = make_planes (self, k);

    f[k] = convolve (self, planes, "in", 3, 1);
    activate (f[k], NULL);
  }
  for (guint i = 0; i < N_LAYERS; i++)
  {
    g_autofree char *own = g_strdup_printf ("own%u", i + 1), *pool = g_strdup_printf ("pool%u", i + 1);
    g_autoptr (RefTensor) pooled = pool_set (self, f);
    g_autoptr (RefTensor) shared = convolve (self, pooled, pool, 3, dilations[i]);

    for (guint k = 0; k < self->n; k++)
    {
      g_autoptr (RefTensor) before = f[k];

      f[k] = convolve (self, before, own, 3, dilations[i]);
      activate (f[k], shared);
    }
  }
  for (guint k = 0; k < self->n; k++)
  {
    self->logits[k] = convolve (self, f[k], "logit", 1, 1);
    for (guint i = 0; i < N_HEADS * self->logits[k]->width * self->logits[k]->height; i++)
      self->logits[k]->v[i] *= 3;
  }
  last = pool_set (self, f);
  self->alphas = convolve (self, last, "alpha", 1, 1);
  for (guint i = 0; i < N_HEADS * last->width * last->height; i++)
    self->alphas->v[i] = log1p (exp (-fabs (self->alphas->v[i]))) + fmax (self->alphas->v[i], 0);
  decide (self);
  for (guint k = 0; k < self->n; k++)
    take_off_highlights (self, k);
  ref_tensors_free (f, self->n);
}

/* ln (mean of |band| over 3 × 3 + ε), the edge continued. */
static RefTensor *
log_energy (const Omni *self, const RefTensor *band)
{
  RefTensor *out = ref_tensor_new (1, band->width, band->height);
  const int w = (int)band->width, h = (int)band->height;

  for (int i = 0; i < w * h; i++)
  {
    double sum = 0;

    for (int t = 0; t < 9; t++)
      sum += fabs (band->v[CLAMP (i / w + t / 3 - 1, 0, h - 1) * w + CLAMP (i % w + t % 3 - 1, 0, w - 1)]);
    out->v[i] = log (sum / 9 + self->how->epsilon);
  }
  return out;
}

static void
softmax (RefTensor *const *x, guint n)
{
  g_autoptr (RefTensor) largest = ref_set_max (x, n);

  for (guint i = 0; i < largest->width * largest->height; i++)
  {
    double sum = 0;

    for (guint k = 0; k < n; k++)
      sum += x[k]->v[i] = exp (x[k]->v[i] - largest->v[i]);
    for (guint k = 0; k < n; k++)
      x[k]->v[i] /= sum;
  }
}

static RefTensor *
take_head (const RefTensor *heads, guint head)
{
  RefTensor *out = ref_tensor_new (1, heads->width, heads->height);

  for (guint i = 0; i < out->width * out->height; i++)
    out->v[i] = ref_plane (heads, head)[i];
  return out;
}

/* One plane of `heads` at the size of level `l`. */
static RefTensor *
bring (const Omni *self, const RefTensor *heads, guint head, guint l)
{
  g_autoptr (RefTensor) plane = take_head (heads, head);

  return l <= self->at ? magnify (plane, 1u << (self->at - l)) : mean_pool (plane, 1u << (l - self->at));
}

static void
make_weights (const Omni *self, guint l, RefTensor **weights)
{
  const guint head = (guint)CLAMP ((int)l - (int)self->how->base - 1, 0, N_HEADS - 1);
  g_autoptr (RefTensor) alpha = bring (self, self->alphas, head, l);

  for (guint k = 0; k < self->n; k++)
    if (l == self->how->depth)
      weights[k] = take_head (self->logits[k], head);
    else
    {
      g_autoptr (RefTensor) energy = log_energy (self, self->bands[k][l]);

      weights[k] = bring (self, self->logits[k], head, l);
      for (guint i = 0; i < energy->width * energy->height; i++)
        weights[k]->v[i] += energy->v[i] * alpha->v[i];
    }
  softmax (weights, self->n);
  for (guint k = 0; k < self->n && l == self->how->depth; k++)
  {
    g_autoptr (RefTensor) fine = weights[k];

    weights[k] = mean_pool (fine, 1u << (l - self->at));
  }
}

/* Of bands, or of the pictures themselves. */
static RefTensor *
blend (const Omni *self, guint l, gboolean is_spatial)
{
  RefTensor *out = ref_tensor_new (self->colour_bands[0][l]->channels, self->colour_bands[0][l]->width,
                                   self->colour_bands[0][l]->height);
  const guint plane = out->width * out->height;
  Set weights;

  make_weights (self, l, weights);
  for (guint k = 0; k < self->n; k++)
  {
    const RefTensor *blended = is_spatial ? self->colours[k][l] : self->colour_bands[k][l];

    for (guint i = 0; i < out->channels * plane; i++)
      out->v[i] += weights[k]->v[i % plane] * blended->v[i];
  }
  ref_tensors_free (weights, self->n);
  return out;
}

/* x += factor · y. */
static void
add (RefTensor *x, const RefTensor *y, double factor)
{
  for (guint i = 0; i < x->channels * x->width * x->height; i++)
    x->v[i] += factor * y->v[i];
}

/* B + up^n (C − down^n (B)), B the blend of the pictures at the base and C what is fused n levels below. */
static RefTensor *
blend_spatially (const Omni *self, const RefTensor *coarse)
{
  RefTensor *out = blend (self, self->how->base, TRUE), *low = copy (out);
  RefTensor *difference = copy (coarse);

  for (guint i = 0; i < self->how->spatial; i++)
  {
    g_autoptr (RefTensor) fine = low;

    low = ref_quad_down (fine);
  }
  add (difference, low, -1);
  for (guint i = 0; i < self->how->spatial; i++)
  {
    g_autoptr (RefTensor) small = difference;

    difference = ref_quad_up (small, 2 * small->width, 2 * small->height);
  }
  add (out, difference, 1);
  ref_tensor_free (low);
  ref_tensor_free (difference);
  return out;
}

/* How far `x` and `y` agree: 1 where the mean of their difference in luminance over 32 × 32 pixels is at most .003, 0 from .006 on. */
static RefTensor *
find_agreement (const RefTensor *x, const RefTensor *y, guint n_levels)
{
  g_autoptr (RefTensor) difference = copy (x);
  RefTensor *agreement;

  add (difference, y, -1);

  g_autoptr (RefTensor) luma = ref_luma (difference);
  g_autoptr (RefTensor) mean = pool_magnitude (luma, 0, 1U << n_levels);

  for (guint i = 0; i < mean->width * mean->height; i++)
    mean->v[i] = fmin (fmax ((.006 - mean->v[i]) / .003, 0), 1);
  agreement = magnify (mean, 1U << n_levels);
  return agreement;
}

/* Of the base level: by bands, and the finest of them by the blend of the pictures where both agree. */
static RefTensor *
mix (const Omni *self, const RefTensor *bands, const RefTensor *coarse)
{
  RefTensor *out = copy (bands);
  g_autoptr (RefTensor) spatial = blend_spatially (self, coarse);
  g_autoptr (RefTensor)
    agreement = find_agreement (spatial, bands, MIN (5, self->how->depth - self->how->base));
  const guint plane = out->width * out->height;

  for (guint i = 0; i < out->channels * plane; i++)
    out->v[i] += agreement->v[i % plane] * (spatial->v[i] - bands->v[i]);
  return out;
}

/* From the coarsest level to the finest. */
static RefTensor *
fuse (const Omni *self)
{
  const guint base = self->how->base, spatial = self->how->spatial;
  RefTensor *out = blend (self, self->how->depth, FALSE);
  g_autoptr (RefTensor) kept = NULL;

  for (guint l = self->how->depth; l-- > 0;)
  {
    g_autoptr (RefTensor) coarse = out;
    g_autoptr (RefTensor) band = blend (self, l, FALSE);

    if (l + 1 == base + spatial)
      kept = copy (coarse);
    out = ref_quad_up (coarse, band->width, band->height);
    add (out, band, 1);
    if (spatial > 0 && l == base)
    {
      g_autoptr (RefTensor) bands = out;

      out = mix (self, bands, kept);
    }
  }
  return out;
}

void
ref_give_headroom (RefTensor *luma, guint levels, double strength)
{
  RefTensor *excess = ref_tensor_new (1, luma->width, luma->height);

  for (guint i = 0; i < luma->width * luma->height; i++)
    excess->v[i] = fmax (luma->v[i] - 1, 0);
  for (guint i = 0; i < levels; i++)
  {
    g_autoptr (RefTensor) fine = excess;

    excess = ref_quad_down (fine);
  }

  g_autoptr (RefTensor) coarse = excess;
  g_autoptr (RefTensor) smooth = magnify (coarse, 1U << levels);

  for (guint i = 0; i < luma->width * luma->height; i++)
    luma->v[i] -= strength * smooth->v[i / luma->width * smooth->width + i % luma->width];
}

RefTensor *
ref_omni (RefTensor *const *pictures, guint n, const OmniWeights *weights, const RefOmni *how)
{
  Omni self = { .weights = weights, .how = how, .n = n, .at = how->base + 2 };
  g_autofree float *bias = NULL;
  g_autoptr (RefTensor) out = NULL;
  gsize channels;

  bias = omni_weights_dup_floats (weights, "in.bias", &channels);
  self.channels = (guint)channels;
  for (guint k = 0; k < n; k++)
  {
    g_autoptr (RefTensor) whole = pad (pictures[k], 1u << how->depth);
    g_autoptr (RefTensor) luma = ref_luma (whole);

    build_pyramid (luma, how->depth, self.pyramids[k], self.bands[k]);
    build_pyramid (whole, how->depth, self.colours[k], self.colour_bands[k]);
  }
  run_network (&self);
  out = fuse (&self);
  if (how->headroom > 0)
    ref_give_headroom (out, 3, how->headroom);
  for (guint k = 0; k < n; k++)
  {
    ref_tensors_free (self.pyramids[k], how->depth + 1);
    ref_tensors_free (self.bands[k], how->depth + 1);
    ref_tensors_free (self.colours[k], how->depth + 1);
    ref_tensors_free (self.colour_bands[k], how->depth + 1);
  }
  ref_tensors_free (self.logits, n);
  ref_tensor_free (self.alphas);
  return crop (out, pictures[0]->width, pictures[0]->height);
}
