/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/reference/reference.h"

#include <math.h>
#include <string.h>

/* Guided-filter fusion, stationary wavelets and pan-sharpening by the book: sums as they are written, windows from a table
 * of sums, regression by the normal equations. */

#define MAX_SET   8
#define MAX_BANDS 8

static RefTensor *
like (const RefTensor *x)
{
  return ref_tensor_new (x->channels, x->width, x->height);
}

static gsize
n_pixels (const RefTensor *x)
{
  return (gsize)x->width * x->height;
}

static double
clamped (const RefTensor *x, guint c, int column, int row)
{
  const int i = CLAMP (column, 0, (int)x->width - 1), j = CLAMP (row, 0, (int)x->height - 1);

  return ref_plane (x, c)[(gsize)j * x->width + (guint)i];
}

/* ---- Guided filter ---- */

/* sums[y][x]: of all pixels above and to the left. */
static double *
table_of_sums (const double *plane, guint width, guint height)
{
  double *sums = g_new0 (double, (gsize)(width + 1) * (height + 1));

  for (guint y = 0; y < height; y++)
    for (guint x = 0; x < width; x++)
      sums[(gsize)(y + 1) * (width + 1) + x + 1] = plane[(gsize)y * width + x]
                                                   + sums[(gsize)y * (width + 1) + x + 1]
                                                   + sums[(gsize)(y + 1) * (width + 1) + x]
                                                   - sums[(gsize)y * (width + 1) + x];
  return sums;
}

static void
window_means (const double *plane, guint width, guint height, int radius, double *means)
{
  g_autofree double *sums = table_of_sums (plane, width, height);

  for (int y = 0; y < (int)height; y++)
    for (int x = 0; x < (int)width; x++)
    {
      const gsize left = (gsize)MAX (x - radius, 0), right = (gsize)MIN (x + radius + 1, (int)width);
      const gsize top = (gsize)MAX (y - radius, 0), bottom = (gsize)MIN (y + radius + 1, (int)height);
      const double sum = sums[bottom * (width + 1) + right] - sums[top * (width + 1) + right]
                         - sums[bottom * (width + 1) + left] + sums[top * (width + 1) + left];

      means[(gsize)y * width + (gsize)x] = sum / (double)((right - left) * (bottom - top));
    }
}

static RefTensor *
mean_filter (const RefTensor *x, guint radius)
{
  RefTensor *out = like (x);

  for (guint c = 0; c < x->channels; c++)
    window_means (ref_plane (x, c), x->width, x->height, (int)radius, ref_plane (out, c));
  return out;
}

static RefTensor *
product (const RefTensor *a, const RefTensor *b)
{
  RefTensor *out = like (a);

  for (gsize i = 0; i < n_pixels (a) * a->channels; i++)
    out->v[i] = a->v[i] * b->v[i];
  return out;
}

/* He, Sun, Tang 2010, algorithm 1. */
static RefTensor *
guided_filter (const RefTensor *guide, const RefTensor *map, guint radius, double epsilon)
{
  g_autoptr (RefTensor) square = product (guide, guide);
  g_autoptr (RefTensor) both = product (guide, map);
  g_autoptr (RefTensor) mean_guide = mean_filter (guide, radius);
  g_autoptr (RefTensor) mean_map = mean_filter (map, radius);
  g_autoptr (RefTensor) mean_square = mean_filter (square, radius);
  g_autoptr (RefTensor) mean_both = mean_filter (both, radius);
  g_autoptr (RefTensor) a = like (guide);
  g_autoptr (RefTensor) b = like (guide);

  for (gsize i = 0; i < n_pixels (guide); i++)
  {
    const double variance = mean_square->v[i] - mean_guide->v[i] * mean_guide->v[i];

    a->v[i] = (mean_both->v[i] - mean_guide->v[i] * mean_map->v[i]) / (variance + epsilon);
    b->v[i] = mean_map->v[i] - a->v[i] * mean_guide->v[i];
  }

  g_autoptr (RefTensor) mean_a = mean_filter (a, radius);
  RefTensor *out = mean_filter (b, radius);

  for (gsize i = 0; i < n_pixels (guide); i++)
    out->v[i] += mean_a->v[i] * guide->v[i];
  return out;
}

static RefTensor *
saliency_of (const RefTensor *luma)
{
  g_autoptr (RefTensor) laplacian = like (luma);
  RefTensor *out = like (luma);
  double total = 0;

  for (int y = 0; y < (int)luma->height; y++)
    for (int x = 0; x < (int)luma->width; x++)
      laplacian->v[(gsize)y * luma->width + (guint)x] = fabs (
        clamped (luma, 0, x - 1, y) + clamped (luma, 0, x + 1, y) + clamped (luma, 0, x, y - 1)
        + clamped (luma, 0, x, y + 1) - 4 * clamped (luma, 0, x, y));
  for (int j = -5; j <= 5; j++)
    for (int i = -5; i <= 5; i++)
      total += exp (-(i * i + j * j) / 50.);
  for (int y = 0; y < (int)luma->height; y++)
    for (int x = 0; x < (int)luma->width; x++)
      for (int j = -5; j <= 5; j++)
        for (int i = -5; i <= 5; i++)
          out->v[(gsize)y * luma->width + (guint)x] += exp (-(i * i + j * j) / 50.) / total
                                                       * clamped (laplacian, 0, x + i, y + j);
  return out;
}

/* Adds weight · layer for one layer, its weights kept within 2^-14 … 1. */
static void
add_weighted (RefTensor *sums, double *totals, const RefTensor *layer, const RefTensor *weight)
{
  for (gsize i = 0; i < n_pixels (layer); i++)
  {
    const double w = fmin (fmax (weight->v[i], 0x1p-14), 1);

    totals[i] += w;
    for (guint c = 0; c < layer->channels; c++)
      ref_plane (sums, c)[i] += w * ref_plane (layer, c)[i];
  }
}

RefTensor *
ref_gff (RefTensor *const *pictures, guint n, const RefGff *options)
{
  const gsize size = n_pixels (pictures[0]);
  RefTensor *luma[MAX_SET], *saliency[MAX_SET];
  g_autoptr (RefTensor) bases = like (pictures[0]);
  g_autofree double *base_totals = g_new0 (double, size), *detail_totals = g_new0 (double, size);
  RefTensor *details = like (pictures[0]);

  for (guint k = 0; k < n; k++)
  {
    luma[k] = ref_luma (pictures[k]);
    saliency[k] = saliency_of (luma[k]);
  }
  for (guint k = 0; k < n; k++)
  {
    g_autoptr (RefTensor) map = like (luma[k]);
    g_autoptr (RefTensor) base = mean_filter (pictures[k], options->average);
    g_autoptr (RefTensor) detail = like (base);

    for (gsize i = 0; i < size; i++)
    {
      gboolean wins = TRUE;

      for (guint other = 0; other < n; other++)
        wins = wins && saliency[k]->v[i] >= saliency[other]->v[i];
      map->v[i] = wins;
    }
    for (gsize i = 0; i < size * detail->channels; i++)
      detail->v[i] = pictures[k]->v[i] - base->v[i];

    g_autoptr (RefTensor) wide = guided_filter (luma[k], map, options->r1, options->eps1);
    g_autoptr (RefTensor) close = guided_filter (luma[k], map, options->r2, options->eps2);

    add_weighted (bases, base_totals, base, wide);
    add_weighted (details, detail_totals, detail, close);
  }
  for (guint c = 0; c < details->channels; c++)
    for (gsize i = 0; i < size; i++)
      ref_plane (details, c)[i] = ref_plane (details, c)[i] / detail_totals[i]
                                  + ref_plane (bases, c)[i] / base_totals[i];
  ref_tensors_free (luma, n);
  ref_tensors_free (saliency, n);
  return details;
}

/* ---- Stationary wavelet ---- */

static int
mirror (int i, int n)
{
  const int period = 2 * n, at = ((i % period) + period) % period;

  return at < n ? at : period - 1 - at;
}

/* The B3 spline with its taps `step` apart, along one axis. */
static RefTensor *
spline (const RefTensor *x, int step, gboolean vertical)
{
  static const double taps[] = { 1 / 16., 4 / 16., 6 / 16., 4 / 16., 1 / 16. };
  const int width = (int)x->width, height = (int)x->height;
  RefTensor *out = like (x);

  for (guint c = 0; c < x->channels; c++)
    for (int row = 0; row < height; row++)
      for (int column = 0; column < width; column++)
        for (int k = -2; k <= 2; k++)
        {
          const int i = vertical ? column : mirror (column + k * step, width);
          const int j = vertical ? mirror (row + k * step, height) : row;

          ref_plane (out, c)[row * width + column] += taps[k + 2] * ref_plane (x, c)[j * width + i];
        }
  return out;
}

static RefTensor *
difference (const RefTensor *a, const RefTensor *b)
{
  RefTensor *out = like (a);

  for (gsize i = 0; i < n_pixels (a) * a->channels; i++)
    out->v[i] = a->v[i] - b->v[i];
  return out;
}

/* h⊗g, g⊗h and g⊗g of one level (transfer full), g = δ − h, and h⊗h. */
static RefTensor *
split (const RefTensor *x, int step, RefTensor *details[3])
{
  g_autoptr (RefTensor) across = spline (x, step, FALSE);
  g_autoptr (RefTensor) down = spline (x, step, TRUE);
  RefTensor *both = spline (across, step, TRUE);

  details[0] = difference (across, both);
  details[1] = difference (down, both);
  details[2] = like (x);
  for (gsize i = 0; i < n_pixels (x) * x->channels; i++)
    details[2]->v[i] = x->v[i] - across->v[i] - down->v[i] + both->v[i];
  return both;
}

static double
strength_around (const RefTensor *luma, int x, int y, int radius)
{
  double sum = 0;

  for (int j = -radius; j <= radius; j++)
    for (int i = -radius; i <= radius; i++)
      sum += fabs (clamped (luma, 0, x + i, y + j));
  return sum;
}

/* Adds the strongest of the set at each pixel; `doubtful` is set where a rounding may decide which that is. */
static void
add_strongest (RefTensor *into, RefTensor *const *details, guint n, guint radius, guint8 *doubtful)
{
  RefTensor *luma[MAX_SET];

  for (guint k = 0; k < n; k++)
    luma[k] = ref_luma (details[k]);
  for (guint i = 0; i < n_pixels (into); i++)
  {
    const int x = (int)(i % into->width), y = (int)(i / into->width);
    double best = -1, second = -1;
    guint from = 0;

    for (guint k = 0; k < n; k++)
    {
      const double strength = strength_around (luma[k], x, y, (int)radius);

      second = fmax (second, fmin (strength, best));
      from = strength > best ? k : from;
      best = fmax (best, strength);
    }
    doubtful[i] |= best - second < 1e-6;
    for (guint c = 0; c < into->channels; c++)
      ref_plane (into, c)[i] += ref_plane (details[from], c)[i];
  }
  ref_tensors_free (luma, n);
}

RefTensor *
ref_wavelet (RefTensor *const *pictures, guint n, guint levels, guint radius, guint8 *doubtful)
{
  RefTensor *out = like (pictures[0]), *rest[MAX_SET], *details[3][MAX_SET];

  for (guint k = 0; k < n; k++)
  {
    rest[k] = like (pictures[k]);
    memcpy (rest[k]->v, pictures[k]->v, sizeof (double) * n_pixels (pictures[k]) * pictures[k]->channels);
  }
  for (guint level = 0; level < levels; level++)
  {
    for (guint k = 0; k < n; k++)
    {
      g_autoptr (RefTensor) whole = rest[k];
      RefTensor *mine[3];

      rest[k] = split (whole, 1 << level, mine);
      for (guint d = 0; d < 3; d++)
        details[d][k] = mine[d];
    }
    for (guint d = 0; d < 3; d++)
    {
      add_strongest (out, details[d], n, radius, doubtful);
      ref_tensors_free (details[d], n);
    }
  }
  for (guint k = 0; k < n; k++)
    for (gsize i = 0; i < n_pixels (out) * out->channels; i++)
      out->v[i] += rest[k]->v[i] / n;
  ref_tensors_free (rest, n);
  return out;
}

/* ---- Pan-sharpening ---- */

/* Means over squares of two pixels a side, what there is of them at the far edges. */
static RefTensor *
halve (const RefTensor *x)
{
  RefTensor *out = ref_tensor_new (x->channels, (x->width + 1) / 2, (x->height + 1) / 2);

  for (guint c = 0; c < x->channels; c++)
    for (guint row = 0; row < out->height; row++)
      for (guint column = 0; column < out->width; column++)
      {
        double sum = 0;
        guint count = 0;

        for (guint j = 2 * row; j < MIN (2 * row + 2, x->height); j++)
          for (guint i = 2 * column; i < MIN (2 * column + 2, x->width); i++, count++)
            sum += ref_plane (x, c)[j * x->width + i];
        ref_plane (out, c)[row * out->width + column] = sum / count;
      }
  return out;
}

static RefTensor *
halve_often (const RefTensor *x, guint levels)
{
  RefTensor *out = like (x);

  memcpy (out->v, x->v, sizeof (double) * n_pixels (x) * x->channels);
  for (guint level = 0; level < levels; level++)
  {
    g_autoptr (RefTensor) whole = out;

    out = halve (whole);
  }
  return out;
}

/* E[a·b] − E[a]·E[b] of two planes, from their differences to the means. */
static double
covariance (const double *a, const double *b, gsize n)
{
  double mean_a = 0, mean_b = 0, sum = 0;

  for (gsize i = 0; i < n; i++)
  {
    mean_a += a[i] / (double)n;
    mean_b += b[i] / (double)n;
  }
  for (gsize i = 0; i < n; i++)
    sum += (a[i] - mean_a) * (b[i] - mean_b);
  return sum / (double)n;
}

static double
mean_of (const double *plane, gsize n)
{
  double sum = 0;

  for (gsize i = 0; i < n; i++)
    sum += plane[i];
  return sum / (double)n;
}

/* Gaussian elimination of [A | b] with the largest pivot of each column; a column without one gets 0. */
static void
solve (double a[MAX_BANDS][MAX_BANDS + 1], guint n, double *x)
{
  for (guint k = 0; k < n; k++)
  {
    guint pivot = k;

    for (guint row = k + 1; row < n; row++)
      pivot = fabs (a[row][k]) > fabs (a[pivot][k]) ? row : pivot;
    for (guint column = 0; column <= n; column++)
    {
      const double held = a[k][column];

      a[k][column] = a[pivot][column];
      a[pivot][column] = held;
    }
    for (guint row = k + 1; a[k][k] != 0 && row < n; row++)
      for (guint column = n + 1; column-- > k;)
        a[row][column] -= a[row][k] / a[k][k] * a[k][column];
  }
  for (guint k = n; k-- > 0;)
  {
    x[k] = a[k][n];
    for (guint column = k + 1; column < n; column++)
      x[k] -= a[k][column] * x[column];
    x[k] = a[k][k] != 0 ? x[k] / a[k][k] : 0;
  }
}

static RefTensor *
weigh_bands (const RefTensor *bands, const double *weights, double offset)
{
  RefTensor *out = ref_tensor_new (1, bands->width, bands->height);

  for (gsize i = 0; i < n_pixels (bands); i++)
  {
    out->v[i] = offset;
    for (guint b = 0; b < bands->channels; b++)
      out->v[i] += weights[b] * ref_plane (bands, b)[i];
  }
  return out;
}

RefTensor *
ref_pan_gsa (const RefTensor *bands, const RefTensor *pan, guint levels)
{
  const guint n = bands->channels;
  g_autoptr (RefTensor) low = halve_often (bands, levels);
  g_autoptr (RefTensor) low_pan = halve_often (pan, levels);
  const gsize size = n_pixels (low);
  double equations[MAX_BANDS][MAX_BANDS + 1], weights[MAX_BANDS] = { 0 };
  double offset = mean_of (low_pan->v, size);

  for (guint i = 0; i < n; i++)
  {
    for (guint j = 0; j < n; j++)
      equations[i][j] = covariance (ref_plane (low, i), ref_plane (low, j), size);
    equations[i][n] = covariance (ref_plane (low, i), low_pan->v, size);
  }
  solve (equations, n, weights);
  for (guint b = 0; b < n; b++)
    offset -= weights[b] * mean_of (ref_plane (low, b), size);

  g_autoptr (RefTensor) low_intensity = weigh_bands (low, weights, offset);
  g_autoptr (RefTensor) intensity = weigh_bands (bands, weights, offset);
  const double variance = covariance (low_intensity->v, low_intensity->v, size);
  RefTensor *out = like (bands);

  for (guint b = 0; b < n; b++)
  {
    const double gain = variance > 0 ? covariance (ref_plane (low, b), low_intensity->v, size) / variance : 0;

    for (gsize i = 0; i < n_pixels (bands); i++)
      ref_plane (out, b)[i] = ref_plane (bands, b)[i] + gain * (pan->v[i] - intensity->v[i]);
  }
  return out;
}

RefTensor *
ref_pan_ihs (const RefTensor *bands, const RefTensor *pan, guint levels, gboolean match)
{
  double weights[MAX_BANDS], factor = 1, from = 0, to = 0;
  g_autoptr (RefTensor) low = halve_often (bands, levels);
  g_autoptr (RefTensor) low_pan = halve_often (pan, levels);
  const gsize size = n_pixels (low);

  for (guint b = 0; b < bands->channels; b++)
    weights[b] = 1. / bands->channels;

  g_autoptr (RefTensor) low_intensity = weigh_bands (low, weights, 0);
  g_autoptr (RefTensor) intensity = weigh_bands (bands, weights, 0);

  if (match)
  {
    const double variance = covariance (low_pan->v, low_pan->v, size);

    factor = variance > 0 ? sqrt (covariance (low_intensity->v, low_intensity->v, size) / variance) : 0;
    from = mean_of (low_pan->v, size);
    to = mean_of (low_intensity->v, size);
  }

  RefTensor *out = like (bands);

  for (guint b = 0; b < bands->channels; b++)
    for (gsize i = 0; i < n_pixels (bands); i++)
      ref_plane (out, b)[i] = ref_plane (bands, b)[i] + (pan->v[i] - from) * factor + to - intensity->v[i];
  return out;
}
