/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/metrics/metrics-private.h"
#include "app/metrics/vector-math.h"

#include <string.h>

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

/* ---- Blocks of moments ---- */

/* Columns that the windows of a row of the tile lie on, in whole registers. */
#define COLUMNS(size) ((OMNI_TILE_PX + (size)-1 + 3) / 4 * 4)

/* Down the columns of a tile, `n` of them. */
OMNI_INLINE void
filter_down (const double *restrict in, const double *restrict weights, const guint size, const guint n,
             double *restrict out)
{
  const guint middle = size / 2;
  for (guint x = 0; x < n; x++)
  {
    double sum = weights[middle] * in[x + middle * OMNI_TILE_STRIDE];
    for (guint i = 0; i < middle; i++)
      sum += weights[i] * (in[x + i * OMNI_TILE_STRIDE] + in[x + (size - 1 - i) * OMNI_TILE_STRIDE]);
    out[x] = sum;
  }
}

OMNI_INLINE void
filter_block (const double *restrict a, const double *restrict b, const double *restrict weights,
              const guint size, double *restrict spare, double *restrict out)
{
  double *restrict product = spare + OMNI_MOMENT_ROWS * OMNI_TILE_STRIDE;
  if (b != NULL)
    for (guint y = 0; y < OMNI_MOMENT_ROWS + size - 1; y++)
      for (guint x = 0; x < COLUMNS (size); x++)
        product[y * OMNI_TILE_STRIDE + x] = a[y * OMNI_TILE_STRIDE + x] * b[y * OMNI_TILE_STRIDE + x];
  const double *restrict in = b != NULL ? product : a;
  for (guint y = 0; y < OMNI_MOMENT_ROWS; y++)
    filter_down (in + y * OMNI_TILE_STRIDE, weights, size, COLUMNS (size), spare + y * OMNI_TILE_STRIDE);
  for (guint y = 0; y < OMNI_MOMENT_ROWS; y++)
    filter_row (spare + y * OMNI_TILE_STRIDE, 1, weights, size, out + y * OMNI_TILE_PX);
}

OMNI_VECTOR void
omni_tile_moment (const double *a, const double *b, const double *weights, guint size, double *spare,
                  double *out)
{
  switch (size)
  {
  case 3:
    filter_block (a, b, weights, 3, spare, out);
    break;
  case 5:
    filter_block (a, b, weights, 5, spare, out);
    break;
  case 9:
    filter_block (a, b, weights, 9, spare, out);
    break;
  case 11:
    filter_block (a, b, weights, 11, spare, out);
    break;
  case 17:
    filter_block (a, b, weights, 17, spare, out);
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

OMNI_VECTOR double
omni_tile_add (const OmniTile *tile, const double *restrict map)
{
  double sums[OMNI_TILE_PX] = { 0 }, total = 0;
  for (guint y = 0; y < tile->height; y++)
    for (guint x = 0; x < OMNI_TILE_PX; x++)
      sums[x] += map[y * OMNI_TILE_PX + x];
  for (guint x = 0; x < tile->width; x++)
    total += sums[x];
  return total;
}

/* Whether all pixels of the windows from (x, y) on count: across, then down. */
OMNI_VECTOR static void
find_windows (const guint8 *restrict mask, guint width, guint height, int x, int y, guint size,
              guint8 *restrict out)
{
  guint8 in[OMNI_TILE_STRIDE], across[OMNI_TILE_STRIDE * OMNI_TILE_PX];
  const int first = MAX (0, -x), last = MIN (OMNI_TILE_PX + (int)size - 1, (int)width - x);
  for (guint row = 0; row < OMNI_TILE_PX + size - 1; row++)
  {
    const int from = y + (int)row;
    guint8 *restrict to = across + row * OMNI_TILE_PX;
    memset (in, 1, sizeof in);
    if (from >= 0 && from < (int)height && first < last)
      memcpy (in + first, mask + (gsize)from * width + (gsize)(x + first), (gsize)(last - first));
    memset (to, 1, OMNI_TILE_PX);
    for (guint i = 0; i < size; i++)
      for (guint column = 0; column < OMNI_TILE_PX; column++)
        to[column] &= in[column + i];
  }
  memset (out, 1, OMNI_TILE_OUT);
  for (guint row = 0; row < OMNI_TILE_PX; row++)
    for (guint i = 0; i < size; i++)
      for (guint column = 0; column < OMNI_TILE_PX; column++)
        out[row * OMNI_TILE_PX + column] &= across[(row + i) * OMNI_TILE_PX + column];
}

guint
omni_tile_mask (const OmniTile *tile, const guint8 *mask, guint width, guint height, int x, int y, guint size,
                double blank, double *map, guint n_maps)
{
  if (mask == NULL)
    return tile->width * tile->height;
  guint8 counts[OMNI_TILE_OUT];
  guint n = 0;
  find_windows (mask, width, height, x, y, size, counts);
  for (guint row = 0; row < tile->height; row++)
    for (guint column = 0; column < tile->width; column++)
    {
      const guint at = row * OMNI_TILE_PX + column;
      n += counts[at];
      for (guint i = 0; !counts[at] && i < n_maps; i++)
        map[(gsize)i * OMNI_TILE_OUT + at] = blank;
    }
  return n;
}
