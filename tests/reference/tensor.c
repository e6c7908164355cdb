/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/reference/reference.h"

#include <math.h>

RefTensor *
ref_tensor_new (guint channels, guint width, guint height)
{
  RefTensor *tensor = g_new (RefTensor, 1);

  *tensor = (RefTensor){ channels, width, height, g_new0 (double, (gsize)channels *width *height) };
  return tensor;
}

void
ref_tensor_free (RefTensor *tensor)
{
  g_free (tensor->v);
  g_free (tensor);
}

void
ref_tensors_free (RefTensor **tensors, guint n)
{
  for (guint i = 0; i < n; i++)
    g_clear_pointer (&tensors[i], ref_tensor_free);
}

double *
ref_plane (const RefTensor *tensor, guint channel)
{
  return tensor->v + (gsize)channel * tensor->width * tensor->height;
}

int
ref_pad_index (int i, int n, RefPadding padding)
{
  if (i >= 0 && i < n)
    return i;
  switch (padding)
  {
  case REF_ZERO:
    return -1;
  case REF_REFLECT:
    while (n > 1 && (i < 0 || i >= n))
      i = i < 0 ? -i : 2 * (n - 1) - i;
    return n > 1 ? i : 0;
  case REF_REPLICATE:
  default:
    return CLAMP (i, 0, n - 1);
  }
}

RefPadding
ref_padding_from_string (const char *name)
{
  if (g_strcmp0 (name, "reflect") == 0)
    return REF_REFLECT;
  return g_strcmp0 (name, "replicate") == 0 ? REF_REPLICATE : REF_ZERO;
}

/* out += weight · plane moved by (dx, dy), the border continued by `padding`; row by row, as the tests wait for this. */
static void
add_tap (double *out, const double *plane, int width, int height, int dx, int dy, double weight,
         RefPadding padding)
{
  const int first = CLAMP (-dx, 0, width), last = CLAMP (width - dx, first, width);

  for (int y = 0; y < height; y++)
  {
    const int from = ref_pad_index (y + dy, height, padding);
    double *to = out + y * width;

    if (from < 0)
      continue;
    for (int x = 0; x < width; x++)
    {
      const int sx = x < first || x >= last ? ref_pad_index (x + dx, width, padding) : -1;

      if (sx >= 0)
        to[x] += weight * plane[from * width + sx];
    }
    for (int x = first; x < last; x++)
      to[x] += weight * plane[from * width + x + dx];
  }
}

static void
correlate (double *out, const double *plane, int width, int height, const float *weight, int kernel,
           int dilation, RefPadding padding)
{
  for (int j = 0; j < kernel; j++)
    for (int i = 0; i < kernel; i++)
      add_tap (out, plane, width, height, dilation * (i - kernel / 2), dilation * (j - kernel / 2),
               (double)weight[j * kernel + i], padding);
}

RefTensor *
ref_conv (const RefTensor *const *inputs, guint n_inputs, const float *weight, const float *bias,
          guint out_channels, guint kernel, RefPadding padding)
{
  return ref_conv_dilated (inputs, n_inputs, weight, bias, out_channels, kernel, 1, padding);
}

RefTensor *
ref_conv_dilated (const RefTensor *const *inputs, guint n_inputs, const float *weight, const float *bias,
                  guint out_channels, guint kernel, guint dilation, RefPadding padding)
{
  const guint width = inputs[0]->width, height = inputs[0]->height;
  RefTensor *out = ref_tensor_new (out_channels, width, height);

  for (guint c = 0; c < out_channels; c++)
  {
    double *plane = ref_plane (out, c);

    for (guint i = 0; i < n_inputs; i++)
      for (guint k = 0; k < inputs[i]->channels; k++, weight += kernel * kernel)
        correlate (plane, ref_plane (inputs[i], k), (int)width, (int)height, weight, (int)kernel,
                   (int)dilation, padding);
    for (guint i = 0; bias != NULL && i < width * height; i++)
      plane[i] += (double)bias[c];
  }
  return out;
}

RefTensor *
ref_set_max (RefTensor *const *set, guint n)
{
  RefTensor *out = ref_tensor_new (set[0]->channels, set[0]->width, set[0]->height);

  for (guint i = 0; i < out->channels * out->width * out->height; i++)
  {
    out->v[i] = set[0]->v[i];
    for (guint k = 1; k < n; k++)
      out->v[i] = fmax (out->v[i], set[k]->v[i]);
  }
  return out;
}

RefTensor *
ref_set_sum (RefTensor *const *set, guint n, double factor)
{
  RefTensor *out = ref_tensor_new (set[0]->channels, set[0]->width, set[0]->height);

  for (guint i = 0; i < out->channels * out->width * out->height; i++)
  {
    for (guint k = 0; k < n; k++)
      out->v[i] += set[k]->v[i];
    out->v[i] *= factor;
  }
  return out;
}

static double
luma_at (const RefTensor *picture, gsize i)
{
  if (picture->channels == 1)
    return picture->v[i];
  return .299 * picture->v[i] + .587 * ref_plane (picture, 1)[i] + .114 * ref_plane (picture, 2)[i];
}

RefTensor *
ref_luma (const RefTensor *picture)
{
  RefTensor *luma = ref_tensor_new (1, picture->width, picture->height);

  for (gsize i = 0; i < picture->width * picture->height; i++)
    luma->v[i] = luma_at (picture, i);
  return luma;
}

/* C = Σ C_i |C_i − ½| / Σ |C_i − ½|; plane 2 is Cb, plane 0 is Cr. */
static double
fused_chroma (RefTensor *const *pictures, guint n, gsize i, guint plane, double divisor)
{
  double sum = 0, weights = 0;

  for (guint k = 0; k < n; k++)
  {
    const double chroma = pictures[k]->channels == 1
                            ? 0
                            : (ref_plane (pictures[k], plane)[i] - luma_at (pictures[k], i)) / divisor;

    sum += (.5 + chroma) * fabs (chroma);
    weights += fabs (chroma);
  }
  return weights > 0 ? sum / weights : .5;
}

RefTensor *
ref_fuse_colour (RefTensor *const *pictures, guint n, const RefTensor *luma)
{
  RefTensor *out = ref_tensor_new (3, luma->width, luma->height);

  for (gsize i = 0; i < luma->width * luma->height; i++)
  {
    const double cb = fused_chroma (pictures, n, i, 2, 1.772) - .5,
                 cr = fused_chroma (pictures, n, i, 0, 1.402) - .5;

    ref_plane (out, 0)[i] = luma->v[i] + 1.402 * cr;
    ref_plane (out, 2)[i] = luma->v[i] + 1.772 * cb;
    ref_plane (out, 1)[i] = luma->v[i] - (.299 * 1.402 * cr + .114 * 1.772 * cb) / .587;
  }
  return out;
}
