/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/picture/warp.h"

#include "app/picture/resample.h"

#include <glib/gi18n.h>
#include <math.h>
#include <string.h>

#define N_TAPS   6
#define N_PHASES 1024
#define TILE_PX  128
#define MAX_ZOOM 2.0

typedef float Vector __attribute__ ((vector_size (16)));
#define LANES 4

void
omni_homography_apply (const OmniHomography *map, double x, double y, double *u, double *v)
{
  const double *m = map->m;
  const double w = m[6] * x + m[7] * y + m[8];

  *u = (m[0] * x + m[1] * y + m[2]) / w;
  *v = (m[3] * x + m[4] * y + m[5]) / w;
}

OmniHomography
omni_homography_compose (const OmniHomography *a, const OmniHomography *b)
{
  OmniHomography map = { { 0 } };

  for (guint i = 0; i < 3; i++)
    for (guint j = 0; j < 3; j++)
      for (guint k = 0; k < 3; k++)
        map.m[3 * i + j] += a->m[3 * i + k] * b->m[3 * k + j];
  return map;
}

gboolean
omni_homography_invert (const OmniHomography *map, OmniHomography *inverse)
{
  const double *m = map->m;
  const double adjoint[9] = {
    m[4] * m[8] - m[5] * m[7], m[2] * m[7] - m[1] * m[8], m[1] * m[5] - m[2] * m[4],
    m[5] * m[6] - m[3] * m[8], m[0] * m[8] - m[2] * m[6], m[2] * m[3] - m[0] * m[5],
    m[3] * m[7] - m[4] * m[6], m[1] * m[6] - m[0] * m[7], m[0] * m[4] - m[1] * m[3],
  };
  const double determinant = m[0] * adjoint[0] + m[1] * adjoint[3] + m[2] * adjoint[6];

  if (!isnormal (determinant))
    return FALSE;
  for (guint i = 0; i < 9; i++)
    inverse->m[i] = adjoint[i] / determinant;
  return TRUE;
}

OmniHomography
omni_homography_scale (const OmniHomography *map, double from_x, double from_y, double to_x, double to_y)
{
  OmniHomography scaled = *map;

  for (guint i = 0; i < 3; i++)
  {
    scaled.m[3 * i] /= from_x;
    scaled.m[3 * i + 1] /= from_y;
  }
  for (guint j = 0; j < 3; j++)
  {
    scaled.m[j] *= to_x;
    scaled.m[3 + j] *= to_y;
  }
  return scaled;
}

gboolean
omni_warp_is_sane (const OmniWarp *warp)
{
  const double *m = warp->map.m;

  if (warp->width == 0 || warp->height == 0)
    return FALSE;
  for (guint i = 0; i < 9; i++)
    if (!isfinite (m[i]))
      return FALSE;
  /* The sign of the denominator is that of its corners, and how it stretches is worst in one of them. */
  for (guint corner = 0; corner < 4; corner++)
  {
    const double x = corner % 2 * (double)warp->width, y = corner / 2 * (double)warp->height;
    const double w = m[6] * x + m[7] * y + m[8];
    if (!(w > 0))
      return FALSE;
    double u, v;
    omni_homography_apply (&warp->map, x, y, &u, &v);
    const double ux = (m[0] - m[6] * u) / w, uy = (m[1] - m[7] * u) / w;
    const double vx = (m[3] - m[6] * v) / w, vy = (m[4] - m[7] * v) / w;
    const double across = hypot (ux, vx), down = hypot (uy, vy), area = ux * vy - uy * vx;
    if (!(across <= MAX_ZOOM && down <= MAX_ZOOM && area >= 1 / (MAX_ZOOM * MAX_ZOOM) && fabs (u) < 1e6
          && fabs (v) < 1e6))
      return FALSE;
  }
  return TRUE;
}

/* Whole pixels to the side, and nothing else. */
static gboolean
is_shift (const OmniHomography *map, gint64 *x, gint64 *y)
{
  const double *m = map->m;

  *x = (gint64)m[2];
  *y = (gint64)m[5];
  return m[0] == 1 && m[1] == 0 && m[3] == 0 && m[4] == 1 && m[6] == 0 && m[7] == 0 && m[8] == 1
         && m[2] == (double)*x && m[5] == (double)*y;
}

typedef struct
{
  OmniPicture *picture;
  const OmniWarp *warp;
  guint width, height, channels;
  guint n_vectors; /* of four samples, for a pixel */
  gboolean has_alpha;
  OmniSampleType type;
  float taps[N_PHASES + 1][N_TAPS];
  Vector *block; /* the part of the picture that a tile is made of */
  gsize block_vectors;
  gint64 left, top; /* where it lies */
  gsize block_width, block_height;
  guint8 *pixels;
} Warper;

static void
warper_clear (Warper *self)
{
  g_free (self->block);
  g_free (self->pixels);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Warper, warper_clear)

static double
sinc (double x)
{
  return x == 0 ? 1 : sin (G_PI * x) / (G_PI * x);
}

static void
fill_taps (Warper *self)
{
  for (guint phase = 0; phase <= N_PHASES; phase++)
  {
    double taps[N_TAPS], sum = 0;
    for (guint t = 0; t < N_TAPS; t++)
    {
      const double x = (double)t - (N_TAPS / 2 - 1) - (double)phase / N_PHASES;
      taps[t] = fabs (x) < N_TAPS / 2 ? sinc (x) * sinc (x / (N_TAPS / 2)) : 0;
      sum += taps[t];
    }
    for (guint t = 0; t < N_TAPS; t++)
      self->taps[phase][t] = (float)(taps[t] / sum);
  }
}

static float
get_sample (const Warper *self, gsize index)
{
  const gconstpointer pixels = omni_picture_get_pixels (self->picture);

  switch (self->type)
  {
  case OMNI_SAMPLE_U8:
    return ((const guint8 *)pixels)[index];
  case OMNI_SAMPLE_U16:
    return ((const guint16 *)pixels)[index];
  case OMNI_SAMPLE_F32:
  default:
    return omni_sample_sanitise (((const float *)pixels)[index]);
  }
}

/* The part of the picture below a tile, as vectors of floats, colours multiplied by alpha, with repeated edges. */
static gboolean
load_block (Warper *self, guint x0, guint y0, guint x1, guint y1, GError **error)
{
  double least_u = INFINITY, least_v = INFINITY, most_u = -INFINITY, most_v = -INFINITY;
  for (guint corner = 0; corner < 4; corner++)
  {
    double u, v;
    omni_homography_apply (&self->warp->map, corner % 2 ? x1 : x0, corner / 2 ? y1 : y0, &u, &v);
    least_u = MIN (least_u, u);
    least_v = MIN (least_v, v);
    most_u = MAX (most_u, u);
    most_v = MAX (most_v, v);
  }
  self->left = (gint64)floor (least_u) - N_TAPS / 2;
  self->top = (gint64)floor (least_v) - N_TAPS / 2;
  self->block_width = (gsize)((gint64)ceil (most_u) + N_TAPS / 2 + 1 - self->left);
  self->block_height = (gsize)((gint64)ceil (most_v) + N_TAPS / 2 + 1 - self->top);

  const gsize n_vectors = self->block_width * self->block_height * self->n_vectors;
  if (n_vectors > self->block_vectors)
  {
    g_free (self->block);
    self->block = g_try_malloc_n (n_vectors, sizeof (Vector));
    self->block_vectors = self->block != NULL ? n_vectors : 0;
  }
  if (self->block == NULL)
  {
    g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_NO_SPACE,
                         _ ("There is not enough memory to align a picture; close other programs."));
    return FALSE;
  }

  float *to = (float *)self->block;
  memset (to, 0, n_vectors * sizeof (Vector));
  const gint64 last_x = (gint64)self->width - 1, last_y = (gint64)self->height - 1;
  for (gsize y = 0; y < self->block_height; y++)
  {
    const gsize row = (gsize)CLAMP (self->top + (gint64)y, 0, last_y) * self->width;
    for (gsize x = 0; x < self->block_width; x++, to += LANES * self->n_vectors)
    {
      const gsize from = (row + (gsize)CLAMP (self->left + (gint64)x, 0, last_x)) * self->channels;
      for (guint c = 0; c < self->channels; c++)
        to[c] = get_sample (self, from + c);
      if (self->has_alpha)
        for (guint c = 0; c + 1 < self->channels; c++)
          to[c] *= to[self->channels - 1];
    }
  }
  return TRUE;
}

static void
store_pixel (Warper *self, gsize index, float *sums)
{
  const float alpha = sums[self->channels - 1];

  if (self->has_alpha)
    for (guint c = 0; c + 1 < self->channels; c++)
      sums[c] = alpha > 0 ? sums[c] / alpha : 0;
  for (guint c = 0; c < self->channels; c++)
    if (self->type == OMNI_SAMPLE_U8)
      self->pixels[index + c] = (guint8)(CLAMP (sums[c], 0, 255.0f) + 0.5f);
    else if (self->type == OMNI_SAMPLE_U16)
      ((guint16 *)(gpointer)self->pixels)[index + c] = (guint16)(CLAMP (sums[c], 0, 65535.0f) + 0.5f);
    else
      ((float *)(gpointer)self->pixels)[index + c] = sums[c];
}

static void
warp_pixel (Warper *self, guint x, guint y)
{
  double u, v;
  omni_homography_apply (&self->warp->map, x + 0.5, y + 0.5, &u, &v);
  const double left = floor (u - 0.5), top = floor (v - 0.5);
  const float *across = self->taps[(guint)((u - 0.5 - left) * N_PHASES + 0.5)];
  const float *down = self->taps[(guint)((v - 0.5 - top) * N_PHASES + 0.5)];
  const gsize column = (gsize)((gint64)left - (N_TAPS / 2 - 1) - self->left);
  const gsize row = (gsize)((gint64)top - (N_TAPS / 2 - 1) - self->top);
  Vector sums[OMNI_PICTURE_MAX_CHANNELS / LANES];

  for (guint k = 0; k < self->n_vectors; k++)
  {
    sums[k] = (Vector){ 0 };
    for (guint j = 0; j < N_TAPS; j++)
    {
      const Vector *at = self->block + ((row + j) * self->block_width + column) * self->n_vectors + k;
      Vector sum = across[0] * at[0];
      for (guint i = 1; i < N_TAPS; i++)
        sum += across[i] * at[i * self->n_vectors];
      sums[k] += down[j] * sum;
    }
  }
  store_pixel (self, ((gsize)y * self->warp->width + x) * self->channels, (float *)sums);
}

static gboolean
warp_tile (Warper *self, guint x0, guint y0, GError **error)
{
  const guint x1 = MIN (x0 + TILE_PX, self->warp->width), y1 = MIN (y0 + TILE_PX, self->warp->height);

  if (!load_block (self, x0, y0, x1, y1, error))
    return FALSE;
  for (guint y = y0; y < y1; y++)
    for (guint x = x0; x < x1; x++)
      warp_pixel (self, x, y);
  return TRUE;
}

/* A map by whole pixels: rows are copied, edges repeated. */
static void
shift_picture (Warper *self, gint64 by_x, gint64 by_y)
{
  const gsize pixel_bytes = self->channels * omni_sample_type_get_bytes (self->type);
  const guint8 *from = omni_picture_get_pixels (self->picture);
  const gint64 last_x = (gint64)self->width - 1, last_y = (gint64)self->height - 1;
  guint8 *to = self->pixels;

  for (guint y = 0; y < self->warp->height; y++)
  {
    const guint8 *row = from + (gsize)CLAMP (y + by_y, 0, last_y) * self->width * pixel_bytes;
    for (guint x = 0; x < self->warp->width; x++, to += pixel_bytes)
      memcpy (to, row + (gsize)CLAMP (x + by_x, 0, last_x) * pixel_bytes, pixel_bytes);
  }
}

OmniPicture *
omni_picture_warp (OmniPicture *picture, const OmniWarp *warp, GCancellable *cancellable, GError **error)
{
  g_return_val_if_fail (OMNI_IS_PICTURE (picture), NULL);

  if (!omni_warp_is_sane (warp))
  {
    g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
                         _ ("A picture cannot be moved that far to be aligned with another one."));
    return NULL;
  }
  const guint channels = omni_picture_get_channels (picture);
  g_auto (Warper) self = {
    .picture = picture,
    .warp = warp,
    .width = omni_picture_get_width (picture),
    .height = omni_picture_get_height (picture),
    .channels = channels,
    .n_vectors = (channels + LANES - 1) / LANES,
    .has_alpha = omni_picture_get_has_alpha (picture),
    .type = omni_picture_get_sample_type (picture),
  };
  gsize size_bytes;
  self.pixels = omni_picture_try_alloc_pixels (warp->width, warp->height, channels, self.type, &size_bytes,
                                               error);
  if (self.pixels == NULL)
    return NULL;

  gint64 by_x, by_y;
  if (is_shift (&warp->map, &by_x, &by_y))
    shift_picture (&self, by_x, by_y);
  else
  {
    fill_taps (&self);
    for (guint y = 0; y < warp->height; y += TILE_PX)
      for (guint x = 0; x < warp->width; x += TILE_PX)
        if (g_cancellable_set_error_if_cancelled (cancellable, error) || !warp_tile (&self, x, y, error))
          return NULL;
  }
  return omni_picture_new (warp->width, warp->height, channels, self.has_alpha, self.type,
                           g_bytes_new_take (g_steal_pointer (&self.pixels), size_bytes),
                           omni_picture_get_icc_profile (picture), omni_picture_get_path (picture), error);
}
