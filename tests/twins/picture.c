/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/twins/twin.h"

#include <math.h>

static float
sane (float x)
{
  if (isnan (x) || x == 0.0F)
    return 0.0F;
  if (isinf (x))
    return x > 0.0F ? 65504.0F : -65504.0F;
  return x;
}

static float
luma_of (float r, float g, float b)
{
  return 0.299F * r + 0.587F * g + 0.114F * b;
}

static float
plane_value (OmniPlanes planes, guint c, const float *rgb, gboolean grey)
{
  if (planes == OMNI_PLANES_COLOUR)
    return rgb[c];
  if (grey)
    return planes == OMNI_PLANES_LUMA ? rgb[0] : 0.5F;

  const float y = luma_of (rgb[0], rgb[1], rgb[2]);

  if (planes == OMNI_PLANES_LUMA)
    return y;
  return c == 0 ? 0.5F + (rgb[2] - y) / 1.772F : 0.5F + (rgb[0] - y) / 1.402F;
}

/* `picture` holds the channels without alpha, scaled to 0 … 1. */
TwinTensor *
twin_planes (const TwinTensor *picture, OmniPlanes planes)
{
  static const guint channels[] = { 1, 2, 3 };
  const guint c_out = planes == OMNI_PLANES_BANDS ? picture->c : channels[planes];
  TwinTensor *out = twin_new (picture->n, c_out, picture->h, picture->w);
  const gboolean grey = picture->c < 3;

  for (guint n = 0; n < out->n; n++)
    for (guint c = 0; c < c_out; c++)
      for (gsize i = 0; i < (gsize)out->h * out->w; i++)
      {
        float rgb[3];

        for (guint k = 0; k < 3; k++)
          rgb[k] = sane (twin_plane (picture, n, grey ? 0 : k)[i]);
        twin_plane (out, n, c)[i] = planes == OMNI_PLANES_BANDS ? sane (twin_plane (picture, n, c)[i])
                                                                : plane_value (planes, c, rgb, grey);
      }

  return out;
}

TwinTensor *
twin_constant (guint c, guint h, guint w, const float *values)
{
  TwinTensor *out = twin_new (1, c, h, w);

  for (guint k = 0; k < c; k++)
    for (gsize i = 0; i < (gsize)h * w; i++)
      twin_plane (out, 0, k)[i] = values[k];

  return out;
}

TwinTensor *
twin_checker (guint h, guint w, guint side)
{
  TwinTensor *out = twin_new (1, 1, h, w);

  for (guint y = 0; y < h; y++)
    for (guint x = 0; x < w; x++)
      out->v[(gsize)y * w + x] = (x / side + y / side) % 2 == 0 ? 1.0F : 0.0F;

  return out;
}

float
twin_activate (OmniActivation activation, float x, float slope)
{
  switch (activation)
  {
  case OMNI_ACTIVATION_RELU:
    return x > 0.0F ? x : 0.0F;
  case OMNI_ACTIVATION_LEAKY_RELU:
    return x > x * slope ? x : x * slope;
  case OMNI_ACTIVATION_TANH:
    return (float)tanh (x);
  case OMNI_ACTIVATION_SOFTPLUS:
    return (float)(fmax (x, 0.0) + log1p (exp (-fabs (x))));
  case OMNI_ACTIVATION_ABS:
    return fabsf (x);
  case OMNI_ACTIVATION_EXP:
    return (float)exp ((double)x);
  case OMNI_ACTIVATION_LOG:
    return (float)log ((double)x + slope);
  case OMNI_ACTIVATION_SQRT:
    return (float)sqrt (fmax (x, 0.0));
  case OMNI_ACTIVATION_FLOOR:
    return floorf (x);
  case OMNI_ACTIVATION_NONE:
  default:
    return x;
  }
}

TwinTensor *
twin_unary (const TwinTensor *x, float scale, float shift, OmniActivation activation, float slope)
{
  TwinTensor *out = twin_new (x->n, x->c, x->h, x->w);

  for (gsize i = 0; i < twin_size (x); i++)
    out->v[i] = twin_activate (activation, x->v[i] * scale + shift, slope);

  return out;
}

static float
combine (OmniBinary op, float a, float b)
{
  switch (op)
  {
  case OMNI_BINARY_SUB:
    return a - b;
  case OMNI_BINARY_MUL:
    return a * b;
  case OMNI_BINARY_DIV:
    return b == 0.0F ? 0.0F : a / b;
  case OMNI_BINARY_MAX:
    return twin_max_ordered (a, b);
  case OMNI_BINARY_MIN:
    return -twin_max_ordered (-a, -b);
  case OMNI_BINARY_EQUAL:
    return a == b ? 1.0F : 0.0F;
  case OMNI_BINARY_ADD:
  default:
    return a + b;
  }
}

TwinTensor *
twin_binary (OmniBinary op, const TwinTensor *a, const TwinTensor *b)
{
  TwinTensor *out = twin_new (MAX (a->n, b->n), MAX (a->c, b->c), a->h, a->w);

  for (guint n = 0; n < out->n; n++)
    for (guint c = 0; c < out->c; c++)
    {
      const float *left = twin_plane (a, MIN (n, a->n - 1), a->c == 1 ? 0 : c);
      const float *right = twin_plane (b, MIN (n, b->n - 1), b->c == 1 ? 0 : c);

      for (gsize i = 0; i < (gsize)out->h * out->w; i++)
        twin_plane (out, n, c)[i] = combine (op, left[i], right[i]);
    }

  return out;
}

TwinTensor *
twin_channels (const TwinTensor *x, const guint *indices, guint n_indices)
{
  TwinTensor *out = twin_new (x->n, n_indices, x->h, x->w);

  for (guint n = 0; n < x->n; n++)
    for (guint c = 0; c < n_indices; c++)
      for (gsize i = 0; i < (gsize)x->h * x->w; i++)
        twin_plane (out, n, c)[i] = twin_plane (x, n, indices[c])[i];

  return out;
}

TwinTensor *
twin_merge_colour (const TwinTensor *luma, const TwinTensor *chroma)
{
  TwinTensor *out = twin_new (luma->n, 3, luma->h, luma->w);
  const float green_b = (float)(0.114 * 1.772 / 0.587);
  const float green_r = (float)(0.299 * 1.402 / 0.587);

  for (guint n = 0; n < out->n; n++)
    for (gsize i = 0; i < (gsize)out->h * out->w; i++)
    {
      const float y = twin_plane (luma, n, 0)[i];
      const float cb = twin_plane (chroma, n, 0)[i] - 0.5F;
      const float cr = twin_plane (chroma, n, 1)[i] - 0.5F;

      twin_plane (out, n, 0)[i] = y + 1.402F * cr;
      twin_plane (out, n, 1)[i] = y - green_b * cb - green_r * cr;
      twin_plane (out, n, 2)[i] = y + 1.772F * cb;
    }

  return out;
}
