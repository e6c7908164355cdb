/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/metrics/metrics-private.h"
#include "app/metrics/vector-math.h"

guint
omni_tiles_count (guint width, guint height)
{
  const guint columns = (width + OMNI_TILE_PX - 1) / OMNI_TILE_PX,
              rows = (height + OMNI_TILE_PX - 1) / OMNI_TILE_PX;
  return columns * rows;
}

void
omni_tile_init (OmniTile *tile, guint width, guint height, guint index)
{
  const guint columns = (width + OMNI_TILE_PX - 1) / OMNI_TILE_PX;
  tile->x = index % columns * OMNI_TILE_PX;
  tile->y = index / columns * OMNI_TILE_PX;
  tile->width = MIN (OMNI_TILE_PX, width - tile->x);
  tile->height = MIN (OMNI_TILE_PX, height - tile->y);
}

/* ---- Loading ---- */

OMNI_VECTOR static void
widen (const guint8 *bytes, guint n, double *out)
{
  for (guint i = 0; i < n; i++)
    out[i] = bytes[i];
}

static void
load_span (const OmniPlane *plane, guint x, guint y, guint n, double *out)
{
  const gsize at = (gsize)y * plane->width + x;
  if (plane->bytes != NULL)
    widen (plane->bytes + at, n, out);
  else
    memcpy (out, plane->values + at, n * sizeof *out);
}

void
omni_tile_load (const OmniPlane *plane, int x, int y, guint halo, double *in)
{
  const guint side = OMNI_TILE_PX + halo;
  const int first = MAX (0, -x), last = MIN ((int)side, (int)plane->width - x);
  for (guint row = 0; row < side; row++)
  {
    double *out = in + row * OMNI_TILE_STRIDE;
    const int from = y + (int)row;
    const gboolean inside = from >= 0 && from < (int)plane->height && first < last;
    if (!inside || first > 0 || last < (int)side)
      memset (out, 0, OMNI_TILE_STRIDE * sizeof *out);
    if (inside)
      load_span (plane, (guint)(x + first), (guint)from, (guint)(last - first), out + first);
  }
}

/* Where a place outside has its value from. */
static guint
map_place (int at, guint n, gboolean mirror)
{
  const int last = (int)n - 1;
  if (mirror && last > 0)
    at = at < 0 ? -at : at > last ? 2 * last - at : at;
  return (guint)CLAMP (at, 0, last);
}

static void
load_mapped (const OmniPlane *plane, int x, int y, guint halo, gboolean mirror, double *in)
{
  const guint side = OMNI_TILE_PX + halo;
  for (guint row = 0; row < side; row++)
    for (guint column = 0; column < side; column++)
      load_span (plane, map_place (x + (int)column, plane->width, mirror),
                 map_place (y + (int)row, plane->height, mirror), 1, in + row * OMNI_TILE_STRIDE + column);
}

static gboolean
is_inside (const OmniPlane *plane, int x, int y, guint halo)
{
  const int side = (int)(OMNI_TILE_PX + halo);
  return x >= 0 && y >= 0 && x + side <= (int)plane->width && y + side <= (int)plane->height;
}

void
omni_tile_load_mirrored (const OmniPlane *plane, int x, int y, guint halo, double *in)
{
  if (is_inside (plane, x, y, halo))
    omni_tile_load (plane, x, y, halo, in);
  else
    load_mapped (plane, x, y, halo, TRUE, in);
}

void
omni_tile_load_replicated (const OmniPlane *plane, int x, int y, guint halo, double *in)
{
  if (is_inside (plane, x, y, halo))
    omni_tile_load (plane, x, y, halo, in);
  else
    load_mapped (plane, x, y, halo, FALSE, in);
}

OMNI_VECTOR void
omni_tile_multiply (const double *restrict a, const double *restrict b, guint halo, double *restrict out)
{
  const guint n = (OMNI_TILE_PX + halo) * OMNI_TILE_STRIDE;
  for (guint i = 0; i < n; i++)
    out[i] = a[i] * b[i];
}

/* ---- Windows ---- */

/* The weights are symmetric, so two values share a product. */
OMNI_INLINE void
filter_row (const double *restrict in, guint step, const double *restrict weights, const guint size,
            double *restrict out)
{
  const guint middle = size / 2;
  for (guint x = 0; x < OMNI_TILE_PX; x++)
  {
    double sum = weights[middle] * in[x + middle * step];
    for (guint i = 0; i < middle; i++)
      sum += weights[i] * (in[x + i * step] + in[x + (size - 1 - i) * step]);
    out[x] = sum;
  }
}

OMNI_INLINE void
filter (const double *restrict in, const double *restrict weights, const guint size, double *restrict spare,
        double *restrict out)
{
  for (guint y = 0; y < OMNI_TILE_PX + size - 1; y++)
    filter_row (in + y * OMNI_TILE_STRIDE, 1, weights, size, spare + y * OMNI_TILE_PX);
  for (guint y = 0; y < OMNI_TILE_PX; y++)
    filter_row (spare + y * OMNI_TILE_PX, OMNI_TILE_PX, weights, size, out + y * OMNI_TILE_PX);
}

OMNI_VECTOR void
omni_tile_filter (const double *restrict in, const double *restrict weights, guint size,
                  double *restrict spare, double *restrict out)
{
  switch (size)
  {
  case 3:
    filter (in, weights, 3, spare, out);
    break;
  case 5:
    filter (in, weights, 5, spare, out);
    break;
  case 7:
    filter (in, weights, 7, spare, out);
    break;
  case 9:
    filter (in, weights, 9, spare, out);
    break;
  case 11:
    filter (in, weights, 11, spare, out);
    break;
  case 17:
    filter (in, weights, 17, spare, out);
    break;
  default:
    g_assert_not_reached ();
  }
}

/* 11 = 8 + 2 + 1, and eight in three doublings. */
OMNI_INLINE void
sum_row_11 (const double *restrict in, double *restrict out)
{
  double two[OMNI_TILE_STRIDE], four[OMNI_TILE_STRIDE];
  for (guint x = 0; x < OMNI_TILE_PX + 9; x++)
    two[x] = in[x] + in[x + 1];
  for (guint x = 0; x < OMNI_TILE_PX + 4; x++)
    four[x] = two[x] + two[x + 2];
  for (guint x = 0; x < OMNI_TILE_PX; x++)
    out[x] = four[x] + four[x + 4] + two[x + 8] + in[x + 10];
}

/* ---- Rows of moments ---- */

/* Rows across the window, of one moment: those of a block, what its windows need of earlier ones, and one more for a sliding sum. */
#define RING_ROWS (OMNI_MOMENT_ROWS + 17)
#define RING      (RING_ROWS * OMNI_TILE_PX)

gsize
omni_tile_moments_scratch (guint n, guint n_sums)
{
  return (gsize)(n + n_sums) * (RING + OMNI_MOMENT_STRIDE);
}

OMNI_INLINE const double *
take_row (const double *restrict in, const OmniMoment *moment, guint y, double *restrict product)
{
  const double *restrict a = in + moment->a * OMNI_TILE_IN + y * OMNI_TILE_STRIDE;
  if (moment->b == OMNI_MOMENT_FIRST)
    return a;
  const double *restrict b = in + moment->b * OMNI_TILE_IN + y * OMNI_TILE_STRIDE;
  for (guint x = 0; x < OMNI_TILE_STRIDE; x++)
    product[x] = a[x] * b[x];
  return product;
}

/* The next row of a sum over 11 rows, of which `top` is the first; the row before it leaves. */
OMNI_INLINE void
slide_sum (const double *restrict top, const double *restrict last, double *restrict sum)
{
  const double *restrict left = top - OMNI_TILE_PX, *restrict new = top + 10 * OMNI_TILE_PX;
  for (guint x = 0; x < OMNI_TILE_PX; x++)
    sum[x] = last[x] + (new[x] - left[x]);
}

OMNI_INLINE void
start_sum (const double *restrict top, double *restrict sum)
{
  memset (sum, 0, OMNI_TILE_PX * sizeof *sum);
  for (guint i = 0; i < 11; i++)
    for (guint x = 0; x < OMNI_TILE_PX; x++)
      sum[x] += top[i * OMNI_TILE_PX + x];
}

/* One moment of the block of windows that starts with row `base`; `sums` (nullable) holds those of the block before. */
OMNI_INLINE void
do_moment (const OmniMoments *self, const OmniMoment *moment, const guint size, guint base,
           double *restrict ring, double *restrict sum_ring, double *restrict out, double *restrict sums)
{
  const guint kept = base > 0 ? size : 1; /* rows that are there; the first is the one before the windows */
  double product[OMNI_TILE_STRIDE];
  if (base > 0)
    memmove (ring, ring + OMNI_MOMENT_ROWS * OMNI_TILE_PX, size * OMNI_TILE_PX * sizeof *ring);
  if (base > 0 && sums != NULL)
    memmove (sum_ring, sum_ring + OMNI_MOMENT_ROWS * OMNI_TILE_PX, size * OMNI_TILE_PX * sizeof *ring);
  for (guint i = kept; i < OMNI_MOMENT_ROWS + size; i++)
  {
    const double *row = take_row (self->in, moment, base + i - 1, product);
    filter_row (row, 1, self->weights, size, ring + i * OMNI_TILE_PX);
    if (sums != NULL)
      sum_row_11 (row, sum_ring + i * OMNI_TILE_PX);
  }
  for (guint y = 0; y < OMNI_MOMENT_ROWS; y++)
    filter_row (ring + (y + 1) * OMNI_TILE_PX, OMNI_TILE_PX, self->weights, size, out + y * OMNI_TILE_PX);
  for (guint y = 0; sums != NULL && y < OMNI_MOMENT_ROWS; y++)
  {
    const double *top = sum_ring + (y + 1) * OMNI_TILE_PX;
    const double *last = sums + (y > 0 ? y - 1 : OMNI_MOMENT_ROWS - 1) * OMNI_TILE_PX;
    if (base == 0 && y == 0)
      start_sum (top, sums);
    else
      slide_sum (top, last, sums + y * OMNI_TILE_PX);
  }
}

OMNI_INLINE void
stream (const OmniMoments *self, const guint size, double *restrict scratch, OmniRowFunc func, gpointer data)
{
  const guint n = self->n, n_sums = self->n_sums;
  double *out = scratch + (gsize)(n + n_sums) * RING, *sums = out + n * OMNI_MOMENT_STRIDE;
  for (guint base = 0; base < self->rows; base += OMNI_MOMENT_ROWS)
  {
    for (guint q = 0; q < n; q++)
      do_moment (self, &self->moments[q], size, base, scratch + (gsize)q * RING,
                 q < n_sums ? scratch + (gsize)(n + q) * RING : NULL, out + q * OMNI_MOMENT_STRIDE,
                 q < n_sums ? sums + q * OMNI_MOMENT_STRIDE : NULL);
    for (guint y = base; y < MIN (base + OMNI_MOMENT_ROWS, self->rows); y++)
      func (y, out + (y - base) * OMNI_TILE_PX, sums + (y - base) * OMNI_TILE_PX, data);
  }
}

OMNI_VECTOR void
omni_tile_moments (const OmniMoments *self, double *scratch, OmniRowFunc func, gpointer data)
{
  switch (self->size)
  {
  case 3:
    stream (self, 3, scratch, func, data);
    break;
  case 5:
    stream (self, 5, scratch, func, data);
    break;
  case 9:
    stream (self, 9, scratch, func, data);
    break;
  case 11:
    stream (self, 11, scratch, func, data);
    break;
  case 17:
    stream (self, 17, scratch, func, data);
    break;
  default:
    g_assert_not_reached ();
  }
}

void
omni_gaussian_init (double *weights, guint size, double sigma)
{
  double sum = 0;
  for (guint i = 0; i < size; i++)
  {
    const double t = i - (size - 1) / 2.0;
    weights[i] = exp (-t * t / (2 * sigma * sigma));
    sum += weights[i];
  }
  for (guint i = 0; i < size; i++)
    weights[i] /= sum;
}

/* ---- Adding up ---- */

double
omni_tile_add (const OmniTile *tile, const double *map)
{
  double total = 0;
  for (guint y = 0; y < tile->height; y++)
  {
    const double *row = map + y * OMNI_TILE_PX;
    double sums[4] = { 0 };
    guint x = 0;
    for (; x + 4 <= tile->width; x += 4)
      for (guint i = 0; i < 4; i++)
        sums[i] += row[x + i];
    for (; x < tile->width; x++)
      sums[0] += row[x];
    total += (sums[0] + sums[1]) + (sums[2] + sums[3]);
  }
  return total;
}

static gboolean
window_counts (const guint8 *mask, guint width, guint height, int x, int y, guint size)
{
  for (int v = MAX (y, 0); v < MIN (y + (int)size, (int)height); v++)
    for (int u = MAX (x, 0); u < MIN (x + (int)size, (int)width); u++)
      if (!mask[(gsize)v * width + u])
        return FALSE;
  return TRUE;
}

guint
omni_tile_mask (const OmniTile *tile, const guint8 *mask, guint width, guint height, int x, int y, guint size,
                double blank, double *map, guint n_maps)
{
  if (mask == NULL)
    return tile->width * tile->height;
  guint n = 0;
  for (guint row = 0; row < tile->height; row++)
    for (guint column = 0; column < tile->width; column++)
    {
      if (window_counts (mask, width, height, x + (int)column, y + (int)row, size))
        n++;
      else
        for (guint i = 0; i < n_maps; i++)
          map[(gsize)i * OMNI_TILE_OUT + row * OMNI_TILE_PX + column] = blank;
    }
  return n;
}
