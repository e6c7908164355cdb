/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/twins/twin.h"

#include <float.h>
#include <math.h>

/* `x` at (y, x_) continued by `boundary`. */
static float
sample (const TwinTensor *x, guint n, guint c, int y, int x_, OmniBoundary boundary)
{
  const int row = twin_boundary (boundary, y, (int)x->h);
  const int column = twin_boundary (boundary, x_, (int)x->w);

  return row < 0 || column < 0 ? 0.0F : twin_at (x, n, c, (guint)row, (guint)column);
}

typedef float (*PixelOf) (const TwinTensor *x, guint n, guint c, int y, int x_, gconstpointer data);

/* A tensor of h × w whose every value is `pixel` of the old one. */
static TwinTensor *
map (const TwinTensor *x, guint h, guint w, PixelOf pixel, gconstpointer data)
{
  TwinTensor *out = twin_new (x->n, x->c, h, w);

  for (guint n = 0; n < x->n; n++)
    for (guint c = 0; c < x->c; c++)
      for (guint y = 0; y < h; y++)
        for (guint i = 0; i < w; i++)
          twin_plane (out, n, c)[(gsize)y * w + i] = pixel (x, n, c, (int)y, (int)i, data);

  return out;
}

typedef struct
{
  const float *taps;
  int radius, step;
  OmniBoundary boundary;
} Filter;

static float
filter_row (const TwinTensor *x, guint n, guint c, int y, int x_, gconstpointer data)
{
  const Filter *filter = data;
  float sum = 0.0F;

  for (int k = -filter->radius; k <= filter->radius; k++)
    sum += filter->taps[k + filter->radius] * sample (x, n, c, y, x_ + k * filter->step, filter->boundary);

  return sum;
}

static float
filter_column (const TwinTensor *x, guint n, guint c, int y, int x_, gconstpointer data)
{
  const Filter *filter = data;
  float sum = 0.0F;

  for (int k = -filter->radius; k <= filter->radius; k++)
    sum += filter->taps[k + filter->radius] * sample (x, n, c, y + k * filter->step, x_, filter->boundary);

  return sum;
}

TwinTensor *
twin_filter (const TwinTensor *x, const float *taps, guint radius, guint step, gboolean vertical,
             OmniBoundary boundary)
{
  const Filter filter = { taps, (int)radius, (int)step, boundary };

  return map (x, x->h, x->w, vertical ? filter_column : filter_row, &filter);
}

TwinTensor *
twin_separable (const TwinTensor *x, const float *taps, guint radius, OmniBoundary boundary)
{
  g_autoptr (TwinTensor) rows = twin_filter (x, taps, radius, 1, FALSE, boundary);

  return twin_filter (rows, taps, radius, 1, TRUE, boundary);
}

/* A run of pixels begins at every multiple of 16, or of 4 for the narrowest windows. What all windows of the run hold comes
 * first, then what this one has before that, from near to far, then what it has after it, from near to far. */
static float
mean_of_window (const float *first, gsize stride, int n, int at, int radius)
{
  const int run = radius >= 7 ? 16 : 4;
  const int start = at / run * run;
  const int last = start + run - 1;
  float before = 0.0F, inner = 0.0F, after = 0.0F;
  int count = 0;

  for (int i = last - 1 - radius; i >= at - radius; i--)
    before += i >= 0 && i < n ? first[(gsize)i * stride] : 0.0F;
  for (int i = MAX (last - radius, 0); i <= MIN (start + radius, n - 1); i++)
    inner += first[(gsize)i * stride];
  for (int i = start + radius + 1; i <= at + radius; i++)
    after += i >= 0 && i < n ? first[(gsize)i * stride] : 0.0F;
  for (int i = at - radius; i <= at + radius; i++)
    count += i >= 0 && i < n;

  return (before + inner + after) / (float)count;
}

static float
window_row (const TwinTensor *x, guint n, guint c, int y, int x_, gconstpointer data)
{
  return mean_of_window (twin_plane (x, n, c) + (gsize)y * x->w, 1, (int)x->w, x_, *(const int *)data);
}

static float
window_column (const TwinTensor *x, guint n, guint c, int y, int x_, gconstpointer data)
{
  return mean_of_window (twin_plane (x, n, c) + x_, x->w, (int)x->h, y, *(const int *)data);
}

TwinTensor *
twin_window_mean (const TwinTensor *x, guint radius)
{
  const int reach = (int)radius;
  g_autoptr (TwinTensor) rows = map (x, x->h, x->w, window_row, &reach);

  return map (rows, x->h, x->w, window_column, &reach);
}

static float
pool_pixel (const TwinTensor *x, guint n, guint c, int y, int x_, gconstpointer data)
{
  const gboolean *take_max = data;
  const int rows = MIN (2, (int)x->h - 2 * y);
  const int columns = MIN (2, (int)x->w - 2 * x_);
  float largest = twin_at (x, n, c, (guint)(2 * y), (guint)(2 * x_));
  float sum = 0.0F;

  for (int j = 0; j < rows; j++)
  {
    float row = 0.0F;

    for (int i = 0; i < columns; i++)
    {
      const float value = twin_at (x, n, c, (guint)(2 * y + j), (guint)(2 * x_ + i));

      largest = twin_max_ordered (largest, value);
      row = i == 0 ? value : row + value;
    }
    sum = j == 0 ? row : sum + row;
  }

  return *take_max ? largest : sum / (float)(rows * columns);
}

TwinTensor *
twin_pool (const TwinTensor *x, gboolean take_max)
{
  return map (x, (x->h + 1) / 2, (x->w + 1) / 2, pool_pixel, &take_max);
}

static float
nearest_pixel (const TwinTensor *x, guint n, guint c, int y, int x_, gconstpointer data)
{
  return twin_at (x, n, c, (guint)(y / 2), (guint)(x_ / 2));
}

TwinTensor *
twin_upsample (const TwinTensor *x, guint h, guint w, gboolean bilinear)
{
  return bilinear ? twin_up (x, h, w, OMNI_PYRAMID_QUAD) : map (x, h, w, nearest_pixel, NULL);
}

static float
magnified_row (const TwinTensor *x, guint n, guint c, int y, int i, float t)
{
  const OmniBoundary edge = OMNI_BOUNDARY_REPLICATE;

  return (1.0F - fabsf (t)) * sample (x, n, c, y, i, edge)
         + fmaxf (-t, 0.0F) * sample (x, n, c, y, i - 1, edge)
         + fmaxf (t, 0.0F) * sample (x, n, c, y, i + 1, edge);
}

/* How far the centre of fine pixel `i` lies from that of the coarse pixel it is in. */
static float
off_centre (int i, guint steps)
{
  const int size = 1 << steps;

  return (float)(2 * (i % size) + 1 - size) / (float)(2 * size);
}

static float
magnified_pixel (const TwinTensor *x, guint n, guint c, int y, int x_, gconstpointer data)
{
  const guint steps = *(const guint *)data;
  const float tx = off_centre (x_, steps), ty = off_centre (y, steps);
  const int i = x_ >> steps, j = y >> steps;

  return (1.0F - fabsf (ty)) * magnified_row (x, n, c, j, i, tx)
         + fabsf (ty) * magnified_row (x, n, c, ty < 0.0F ? j - 1 : j + 1, i, tx);
}

TwinTensor *
twin_upsample_by (const TwinTensor *x, guint h, guint w, guint steps)
{
  return map (x, h, w, magnified_pixel, &steps);
}

static float
burt_row (const TwinTensor *x, guint n, guint c, int y, int x_)
{
  const OmniBoundary edge = OMNI_BOUNDARY_SYMMETRIC;

  return (sample (x, n, c, y, x_ - 2, edge) + sample (x, n, c, y, x_ + 2, edge)) * 0.0625F
         + (sample (x, n, c, y, x_ - 1, edge) + sample (x, n, c, y, x_ + 1, edge)) * 0.25F
         + sample (x, n, c, y, x_, edge) * 0.375F;
}

static float
burt_down (const TwinTensor *x, guint n, guint c, int y, int x_, gconstpointer data)
{
  return (burt_row (x, n, c, 2 * y - 2, 2 * x_) + burt_row (x, n, c, 2 * y + 2, 2 * x_)) * 0.0625F
         + (burt_row (x, n, c, 2 * y - 1, 2 * x_) + burt_row (x, n, c, 2 * y + 1, 2 * x_)) * 0.25F
         + burt_row (x, n, c, 2 * y, 2 * x_) * 0.375F;
}

static float
quad_row (const TwinTensor *x, guint n, guint c, int y, int x_)
{
  const OmniBoundary edge = OMNI_BOUNDARY_REPLICATE;

  return (sample (x, n, c, y, x_ - 1, edge) + sample (x, n, c, y, x_ + 2, edge)) * 0.125F
         + (sample (x, n, c, y, x_, edge) + sample (x, n, c, y, x_ + 1, edge)) * 0.375F;
}

static float
quad_down (const TwinTensor *x, guint n, guint c, int y, int x_, gconstpointer data)
{
  return (quad_row (x, n, c, 2 * y - 1, 2 * x_) + quad_row (x, n, c, 2 * y + 2, 2 * x_)) * 0.125F
         + (quad_row (x, n, c, 2 * y, 2 * x_) + quad_row (x, n, c, 2 * y + 1, 2 * x_)) * 0.375F;
}

TwinTensor *
twin_down (const TwinTensor *x, OmniPyramid pyramid)
{
  return map (x, (x->h + 1) / 2, (x->w + 1) / 2, pyramid == OMNI_PYRAMID_BURT ? burt_down : quad_down, NULL);
}

/* Taps [1 4 6 4 1]/8 on samples put two apart: 1 6 1 on them, 4 4 between them. */
static float
burt_up_row (const TwinTensor *x, guint n, guint c, int y, int x_)
{
  const OmniBoundary edge = OMNI_BOUNDARY_REPLICATE;
  const int i = x_ / 2;

  if (x_ % 2 != 0)
    return (sample (x, n, c, y, i, edge) + sample (x, n, c, y, i + 1, edge)) * 0.5F;
  return (sample (x, n, c, y, i - 1, edge) + 6.0F * sample (x, n, c, y, i, edge)
          + sample (x, n, c, y, i + 1, edge))
         * 0.125F;
}

static float
burt_up (const TwinTensor *x, guint n, guint c, int y, int x_, gconstpointer data)
{
  const int j = y / 2;

  if (y % 2 != 0)
    return (burt_up_row (x, n, c, j, x_) + burt_up_row (x, n, c, j + 1, x_)) * 0.5F;
  return (burt_up_row (x, n, c, j - 1, x_) + 6.0F * burt_up_row (x, n, c, j, x_)
          + burt_up_row (x, n, c, j + 1, x_))
         * 0.125F;
}

static float
quad_up_row (const TwinTensor *x, guint n, guint c, int y, int x_)
{
  const OmniBoundary edge = OMNI_BOUNDARY_REPLICATE;
  const int other = x_ % 2 != 0 ? x_ / 2 + 1 : x_ / 2 - 1;

  return 0.75F * sample (x, n, c, y, x_ / 2, edge) + 0.25F * sample (x, n, c, y, other, edge);
}

static float
quad_up (const TwinTensor *x, guint n, guint c, int y, int x_, gconstpointer data)
{
  const int other = y % 2 != 0 ? y / 2 + 1 : y / 2 - 1;

  return 0.75F * quad_up_row (x, n, c, y / 2, x_) + 0.25F * quad_up_row (x, n, c, other, x_);
}

TwinTensor *
twin_up (const TwinTensor *coarse, guint h, guint w, OmniPyramid pyramid)
{
  return map (coarse, h, w, pyramid == OMNI_PYRAMID_BURT ? burt_up : quad_up, NULL);
}

TwinTensor *
twin_up_add (const TwinTensor *fine, const TwinTensor *coarse, float sign, OmniPyramid pyramid)
{
  TwinTensor *out = twin_up (coarse, fine->h, fine->w, pyramid);

  for (gsize i = 0; i < twin_size (out); i++)
    out->v[i] = fine->v[i] + sign * out->v[i];

  return out;
}

static double
grey_at (const TwinTensor *x, guint n, int y, int x_)
{
  const OmniBoundary edge = OMNI_BOUNDARY_REPLICATE;

  return 0.299 * sample (x, n, 0, y, x_, edge) + 0.587 * sample (x, n, 1, y, x_, edge)
         + 0.114 * sample (x, n, 2, y, x_, edge);
}

TwinTensor *
twin_band_magnitude (const TwinTensor *fine, const TwinTensor *coarse, OmniPyramid pyramid)
{
  TwinTensor *out = twin_up_add (fine, coarse, -1.0F, pyramid);

  for (gsize i = 0; i < twin_size (out); i++)
    out->v[i] = fabsf (out->v[i]);
  return out;
}

TwinTensor *
twin_exposure_weight (const TwinTensor *colour, float contrast, float saturation, float exposedness,
                      float sigma)
{
  TwinTensor *out = twin_new (colour->n, 1, colour->h, colour->w);

  for (guint n = 0; n < colour->n; n++)
    for (int y = 0; y < (int)colour->h; y++)
      for (int x = 0; x < (int)colour->w; x++)
      {
        const double laplacian = grey_at (colour, n, y, x - 1) + grey_at (colour, n, y, x + 1)
                                 + grey_at (colour, n, y - 1, x) + grey_at (colour, n, y + 1, x)
                                 - 4.0 * grey_at (colour, n, y, x);
        double mean = 0.0, variance = 0.0, off = 0.0;

        for (guint c = 0; c < 3; c++)
          mean += twin_at (colour, n, c, (guint)y, (guint)x) / 3.0;
        for (guint c = 0; c < 3; c++)
        {
          const double value = twin_at (colour, n, c, (guint)y, (guint)x);

          variance += (value - mean) * (value - mean) / 3.0;
          off += (value - 0.5) * (value - 0.5);
        }
        twin_plane (out, n, 0)[(gsize)y * out->w + (gsize)x] =
          (float)(pow (fabs (laplacian), contrast) * pow (sqrt (variance), saturation)
                    * exp (-off / (2.0 * sigma * sigma) * exposedness)
                  + 1e-12);
      }

  return out;
}

static void
moments (const float *plane, gsize size, double *mean, double *variance)
{
  *mean = 0.0;
  *variance = 0.0;
  for (gsize i = 0; i < size; i++)
    *mean += plane[i] / (double)size;
  for (gsize i = 0; i < size; i++)
    *variance += (plane[i] - *mean) * (plane[i] - *mean) / (double)size;
}

TwinTensor *
twin_normalise (const TwinTensor *x, float epsilon)
{
  TwinTensor *out = twin_new (x->n, x->c, x->h, x->w);
  const gsize size = (gsize)x->h * x->w;

  for (guint p = 0; p < x->n * x->c; p++)
  {
    double mean, variance;

    moments (x->v + p * size, size, &mean, &variance);
    for (gsize i = 0; i < size; i++)
      out->v[p * size + i] = (float)((x->v[p * size + i] - mean) / sqrt (variance + epsilon));
  }

  return out;
}

TwinTensor *
twin_picture_mean (const TwinTensor *x)
{
  TwinTensor *out = twin_new (x->n, x->c, x->h, x->w);
  const gsize size = (gsize)x->h * x->w;

  for (guint p = 0; p < x->n * x->c; p++)
  {
    double mean, variance;

    moments (x->v + p * size, size, &mean, &variance);
    for (gsize i = 0; i < size; i++)
      out->v[p * size + i] = (float)mean;
  }

  return out;
}

static TwinTensor *
picture_extreme (const TwinTensor *x, float sign)
{
  TwinTensor *out = twin_new (x->n, x->c, x->h, x->w);
  const gsize size = (gsize)x->h * x->w;

  for (guint p = 0; p < x->n * x->c; p++)
  {
    float extreme = x->v[p * size];

    for (gsize i = 1; i < size; i++)
      if (sign * x->v[p * size + i] > sign * extreme)
        extreme = x->v[p * size + i];
    for (gsize i = 0; i < size; i++)
      out->v[p * size + i] = extreme;
  }

  return out;
}

TwinTensor *
twin_picture_max (const TwinTensor *x)
{
  return picture_extreme (x, 1.0F);
}

TwinTensor *
twin_picture_min (const TwinTensor *x)
{
  return picture_extreme (x, -1.0F);
}

/* ---- Adaptive equalisation of 8-bit levels, as OpenCV's CLAHE ---- */

typedef struct
{
  int width, height;           /* of the picture */
  int cell_width, cell_height; /* of the picture continued to whole cells */
  int cells;
  guint8 *levels;
  float *tables; /* 256 for each cell */
} Clahe;

static int
reflect (int i, int n)
{
  return twin_boundary (OMNI_BOUNDARY_REFLECT, i, n);
}

/* Cuts what is above the limit off and spreads it over the bins, then sums. */
static void
make_table (const int counts[256], int area, float clip_limit, float *table)
{
  const int limit = MAX ((int)(clip_limit * (float)area / 256.0F), 1);
  int clipped[256], excess = 0, rest, sum = 0;

  for (int i = 0; i < 256; i++)
  {
    clipped[i] = MIN (counts[i], limit);
    excess += counts[i] - clipped[i];
  }
  rest = excess % 256;
  for (int i = 0; i < 256; i++)
    clipped[i] += excess / 256;
  for (int i = 0, step = MAX (256 / MAX (rest, 1), 1); i < 256 && rest > 0; i += step, rest--)
    clipped[i]++;
  for (int i = 0; i < 256; i++)
  {
    sum += clipped[i];
    table[i] = fminf (rintf ((float)sum * (255.0F / (float)area)), 255.0F);
  }
}

static void
make_tables (Clahe *clahe, float clip_limit)
{
  for (int cell = 0; cell < clahe->cells * clahe->cells; cell++)
  {
    int counts[256] = { 0 };

    for (int y = 0; y < clahe->cell_height; y++)
      for (int x = 0; x < clahe->cell_width; x++)
      {
        const int row = reflect (cell / clahe->cells * clahe->cell_height + y, clahe->height);
        const int column = reflect (cell % clahe->cells * clahe->cell_width + x, clahe->width);

        counts[clahe->levels[row * clahe->width + column]]++;
      }
    make_table (counts, clahe->cell_width * clahe->cell_height, clip_limit, clahe->tables + cell * 256);
  }
}

static float
equalised (const Clahe *clahe, int x, int y)
{
  const float fx = (float)x * (1.0F / (float)clahe->cell_width) - 0.5F;
  const float fy = (float)y * (1.0F / (float)clahe->cell_height) - 0.5F;
  const float px = fx - floorf (fx), py = fy - floorf (fy);
  const int x0 = MAX ((int)floorf (fx), 0), x1 = MIN ((int)floorf (fx) + 1, clahe->cells - 1);
  const int y0 = MAX ((int)floorf (fy), 0), y1 = MIN ((int)floorf (fy) + 1, clahe->cells - 1);
  const float *of_level = clahe->tables + clahe->levels[y * clahe->width + x];
  const float top = of_level[(y0 * clahe->cells + x0) * 256] * (1.0F - px)
                    + of_level[(y0 * clahe->cells + x1) * 256] * px;
  const float bottom = of_level[(y1 * clahe->cells + x0) * 256] * (1.0F - px)
                       + of_level[(y1 * clahe->cells + x1) * 256] * px;

  return rintf (top * (1.0F - py) + bottom * py) / 255.0F;
}

TwinTensor *
twin_equalise (const TwinTensor *x, float clip_limit, guint cells)
{
  const int w = (int)x->w, h = (int)x->h, n = (int)cells;
  const gboolean even = w % n == 0 && h % n == 0;
  TwinTensor *out = twin_new (x->n, 1, x->h, x->w);
  Clahe clahe = { .width = w,
                  .height = h,
                  .cell_width = (even ? w : w + n - w % n) / n,
                  .cell_height = (even ? h : h + n - h % n) / n,
                  .cells = n,
                  .levels = g_new (guint8, (gsize)w * x->h),
                  .tables = g_new (float, 256 * cells * cells) };

  for (guint k = 0; k < x->n; k++)
  {
    for (int i = 0; i < w * h; i++)
      clahe.levels[i] = (guint8)CLAMP (floorf (twin_plane (x, k, 0)[i] * 255.0F + 0.5F), 0.0F, 255.0F);
    make_tables (&clahe, clip_limit);
    for (int i = 0; i < w * h; i++)
      twin_plane (out, k, 0)[i] = equalised (&clahe, i % w, i / w);
  }
  g_free (clahe.levels);
  g_free (clahe.tables);

  return out;
}

/* ---- Histogram specification, as MATLAB's histeq: the smallest error that is not negative ---- */

static guint
matched (const double *wanted, const double counts[256], guint level, double n)
{
  const double tolerance = level == 0 || level == 255 ? 0 : counts[level] / 2;
  double sum = 0, least = INFINITY;
  guint best = 0;

  for (guint i = 0; i <= level; i++)
    sum += counts[i];
  for (guint m = 0; m < 256; m++)
  {
    const double error = wanted[m] - sum + tolerance;

    if (error >= -n * sqrt (DBL_EPSILON) && error < least)
    {
      least = error;
      best = m;
    }
  }
  return best;
}

TwinTensor *
twin_match_levels (const TwinTensor *x, const guint64 histogram[256])
{
  TwinTensor *out = twin_new (x->n, 1, x->h, x->w);
  const guint size = x->w * x->h;
  double wanted[256], total = 0, sum = 0;

  for (guint i = 0; i < 256; i++)
    total += (double)histogram[i];
  for (guint i = 0; i < 256; i++)
    wanted[i] = sum += (double)histogram[i] * size / total;
  for (guint k = 0; k < x->n; k++)
  {
    double counts[256] = { 0 };
    float table[256];

    for (guint i = 0; i < size; i++)
      counts[(int)CLAMP (floorf (twin_plane (x, k, 0)[i] * 255.0F + 0.5F), 0.0F, 255.0F)]++;
    for (guint i = 0; i < 256; i++)
      table[i] = (float)matched (wanted, counts, i, size) / 255.0F;
    for (guint i = 0; i < size; i++)
      twin_plane (out, k,
                  0)[i] = table[(int)CLAMP (floorf (twin_plane (x, k, 0)[i] * 255.0F + 0.5F), 0.0F, 255.0F)];
  }

  return out;
}
