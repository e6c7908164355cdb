/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/reference/reference.h"

#include <math.h>

/* Half-sample symmetric: cba|abcd|dcb. */
static int
mirror (int i, int n)
{
  while (i < 0 || i >= n)
    i = i < 0 ? -1 - i : 2 * n - 1 - i;
  return i;
}

static int
clamp (int i, int n)
{
  return CLAMP (i, 0, n - 1);
}

typedef struct
{
  int first; /* offset of the first tap from 2·i */
  guint n_taps;
  double taps[5];
  int (*border) (int i, int n);
} Down;

static const Down burt = { -2, 5, { 1 / 16., 4 / 16., 6 / 16., 4 / 16., 1 / 16. }, mirror };
static const Down quad = { -1, 4, { 1 / 8., 3 / 8., 3 / 8., 1 / 8. }, clamp };

/* Rows are `step` apart, columns 1: works along either axis by exchanging them. */
static void
down_line (const double *in, int n, gsize step, double *out, gsize out_step, const Down *filter)
{
  for (int i = 0; i < (n + 1) / 2; i++)
  {
    double sum = 0;

    for (int t = 0; t < (int)filter->n_taps; t++)
      sum += filter->taps[t] * in[(gsize)filter->border (2 * i + filter->first + t, n) * step];
    out[(gsize)i * out_step] = sum;
  }
}

static RefTensor *
down (const RefTensor *x, const Down *filter)
{
  const guint w = (x->width + 1) / 2, h = (x->height + 1) / 2;
  g_autoptr (RefTensor) rows = ref_tensor_new (x->channels, w, x->height);
  RefTensor *out = ref_tensor_new (x->channels, w, h);

  for (guint c = 0; c < x->channels; c++)
  {
    for (guint y = 0; y < x->height; y++)
      down_line (ref_plane (x, c) + y * x->width, (int)x->width, 1, ref_plane (rows, c) + y * w, 1, filter);
    for (guint i = 0; i < w; i++)
      down_line (ref_plane (rows, c) + i, (int)x->height, w, ref_plane (out, c) + i, w, filter);
  }
  return out;
}

RefTensor *
ref_burt_down (const RefTensor *x)
{
  return down (x, &burt);
}

RefTensor *
ref_quad_down (const RefTensor *x)
{
  return down (x, &quad);
}

/* Value of the finer line at `i` from a coarse line of `n`. */
typedef double (*Up) (const double *in, int n, gsize step, int i);

/* Zeros between the samples, then 2·[1 4 6 4 1]/16; beyond the border the samples repeat. */
static double
burt_up_at (const double *in, int n, gsize step, int i)
{
  const int k = i / 2;
#define AT(j) in[(gsize)clamp ((j), n) * step]
  if (i % 2 == 0)
    return (AT (k - 1) + 6 * AT (k) + AT (k + 1)) / 8;
  return (AT (k) + AT (k + 1)) / 2;
}

/* Linear between the coarse pixels' centres. */
static double
quad_up_at (const double *in, int n, gsize step, int i)
{
  const int k = i / 2;

  return .75 * AT (k) + .25 * AT (i % 2 == 0 ? k - 1 : k + 1);
#undef AT
}

static RefTensor *
up (const RefTensor *coarse, guint width, guint height, Up at)
{
  g_autoptr (RefTensor) rows = ref_tensor_new (coarse->channels, width, coarse->height);
  RefTensor *out = ref_tensor_new (coarse->channels, width, height);

  for (guint c = 0; c < coarse->channels; c++)
  {
    for (guint y = 0; y < coarse->height; y++)
      for (guint x = 0; x < width; x++)
        ref_plane (rows, c)[y * width + x] = at (ref_plane (coarse, c) + y * coarse->width,
                                                 (int)coarse->width, 1, (int)x);
    for (guint y = 0; y < height; y++)
      for (guint x = 0; x < width; x++)
        ref_plane (out, c)[y * width + x] = at (ref_plane (rows, c) + x, (int)coarse->height, width, (int)y);
  }
  return out;
}

RefTensor *
ref_burt_up (const RefTensor *coarse, guint width, guint height)
{
  return up (coarse, width, height, burt_up_at);
}

RefTensor *
ref_quad_up (const RefTensor *coarse, guint width, guint height)
{
  return up (coarse, width, height, quad_up_at);
}
