/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/twins/twin.h"

#include <string.h>

TwinTensor *
twin_new (guint n, guint c, guint h, guint w)
{
  TwinTensor *tensor = g_new0 (TwinTensor, 1);

  *tensor = (TwinTensor){ n, c, h, w, g_new0 (float, (gsize)n *c *h *w) };
  return tensor;
}

TwinTensor *
twin_copy (const TwinTensor *x)
{
  TwinTensor *copy = twin_new (x->n, x->c, x->h, x->w);

  memcpy (copy->v, x->v, twin_size (x) * sizeof *x->v);
  return copy;
}

void
twin_free (TwinTensor *tensor)
{
  g_free (tensor->v);
  g_free (tensor);
}

gsize
twin_size (const TwinTensor *x)
{
  return (gsize)x->n * x->c * x->h * x->w;
}

float *
twin_plane (const TwinTensor *x, guint n, guint c)
{
  g_assert_cmpuint (n, <, x->n);
  g_assert_cmpuint (c, <, x->c);
  return x->v + ((gsize)n * x->c + c) * x->h * x->w;
}

float
twin_at (const TwinTensor *x, guint n, guint c, guint y, guint x_)
{
  return twin_plane (x, n, c)[(gsize)y * x->w + x_];
}

int
twin_boundary (OmniBoundary boundary, int i, int n)
{
  /* step by step: a coordinate is mirrored at one edge after the other until it is inside */
  while (i < 0 || i >= n)
    switch (boundary)
    {
    case OMNI_BOUNDARY_ZERO:
      return -1;
    case OMNI_BOUNDARY_REFLECT:
      if (n == 1)
        return 0;
      i = i < 0 ? -i : 2 * (n - 1) - i;
      break;
    case OMNI_BOUNDARY_SYMMETRIC:
      i = i < 0 ? -1 - i : 2 * n - 1 - i;
      break;
    case OMNI_BOUNDARY_REPLICATE:
    default:
      i = i < 0 ? 0 : n - 1;
      break;
    }

  return i;
}

static gint64
rank_of (float x)
{
  gint32 bits;

  memcpy (&bits, &x, sizeof bits);
  return bits >= 0 ? (gint64)bits : -1 - (gint64)(bits & G_MAXINT32);
}

float
twin_max_ordered (float a, float b)
{
  return rank_of (a) >= rank_of (b) ? a : b;
}
