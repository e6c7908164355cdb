/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/twins/training.h"

#include <math.h>
#include <string.h>

Double4 *
double4_new (guint n, guint c, guint h, guint w)
{
  Double4 *x = g_new (Double4, 1);

  *x = (Double4){ n, c, h, w, g_new0 (double, (gsize)n *c *h *w) };
  return x;
}

void
double4_free (Double4 *x)
{
  if (x == NULL)
    return;
  g_free (x->v);
  g_free (x);
}

gsize
double4_size (const Double4 *x)
{
  return (gsize)x->n * x->c * x->h * x->w;
}

Double4 *
double4_from_floats (guint n, guint c, guint h, guint w, const float *values)
{
  Double4 *x = double4_new (n, c, h, w);

  for (gsize i = 0; i < double4_size (x); i++)
    x->v[i] = values[i];
  return x;
}

/* Values that a float holds exactly. */
Double4 *
double4_random (guint n, guint c, guint h, guint w, double low, double high, guint32 seed)
{
  Double4 *x = double4_new (n, c, h, w);
  g_autoptr (GRand) rand = g_rand_new_with_seed (seed);

  for (gsize i = 0; i < double4_size (x); i++)
    x->v[i] = (float)g_rand_double_range (rand, low, high);
  return x;
}

float *
double4_to_floats (const Double4 *x)
{
  float *values = g_new (float, double4_size (x));

  for (gsize i = 0; i < double4_size (x); i++)
    values[i] = (float)x->v[i];
  return values;
}

static double *
plane_of (const Double4 *x, guint n, guint c)
{
  return x->v + ((gsize)n * x->c + c) * x->h * x->w;
}

static int
place (OmniBoundary boundary, int i, int n)
{
  if (boundary == OMNI_BOUNDARY_ZERO)
    return i < 0 || i >= n ? -1 : i;
  if (boundary == OMNI_BOUNDARY_REFLECT)
    while (n > 1 && (i < 0 || i >= n))
      i = i < 0 ? -i : 2 * (n - 1) - i;
  return CLAMP (i, 0, n - 1);
}

static double
conv_at (const Double4 *x, const double *filter, const TwinConvShape *shape, guint n, guint c, guint y,
         guint column)
{
  const int k = (int)shape->kernel, d = (int)shape->dilation;
  double sum = 0;

  for (int ky = 0; ky < k; ky++)
    for (int kx = 0; kx < k; kx++)
    {
      const int sy = place (shape->boundary, (int)y + (ky - k / 2) * d, (int)x->h);
      const int sx = place (shape->boundary, (int)column + (kx - k / 2) * d, (int)x->w);

      if (sy >= 0 && sx >= 0)
        sum += filter[ky * k + kx] * plane_of (x, n, c)[sy * (int)x->w + sx];
    }
  return sum;
}

Double4 *
twin_train_conv (const Double4 *x, const double *weight, const double *bias, const TwinConvShape *shape)
{
  const guint per_in = x->c / shape->groups, per_out = shape->out / shape->groups;
  Double4 *out = double4_new (x->n, shape->out, x->h, x->w);

  for (guint n = 0; n < x->n; n++)
    for (guint o = 0; o < shape->out; o++)
      for (guint i = 0; i < x->h * x->w; i++)
      {
        double sum = bias != NULL ? bias[o] : 0;

        for (guint c = 0; c < per_in; c++)
          sum += conv_at (x, weight + ((gsize)o * per_in + c) * shape->kernel * shape->kernel, shape, n,
                          o / per_out * per_in + c, i / x->w, i % x->w);
        plane_of (out, n, o)[i] = sum;
      }
  return out;
}

void
twin_train_leaky (Double4 *x, double slope)
{
  for (gsize i = 0; i < double4_size (x); i++)
    x->v[i] *= x->v[i] > 0 ? 1 : slope;
}

Double4 *
twin_train_concat (const Double4 *a, const Double4 *b)
{
  const gsize pixels = (gsize)a->h * a->w;
  Double4 *out = double4_new (a->n, a->c + b->c, a->h, a->w);

  for (guint n = 0; n < a->n; n++)
  {
    memcpy (plane_of (out, n, 0), plane_of (a, n, 0), a->c * pixels * sizeof (double));
    memcpy (plane_of (out, n, a->c), plane_of (b, n / (a->n / b->n), 0), b->c * pixels * sizeof (double));
  }
  return out;
}

Double4 *
twin_train_set_pool (const Double4 *x, guint n, guint n_max)
{
  Double4 *out = double4_new (x->n / n, x->c, x->h, x->w);

  for (guint b = 0; b < out->n; b++)
    for (guint c = 0; c < x->c; c++)
      for (guint i = 0; i < x->h * x->w; i++)
      {
        double largest = -INFINITY, sum = 0;

        for (guint k = 0; k < n; k++)
        {
          largest = fmax (largest, plane_of (x, b * n + k, c)[i]);
          sum += plane_of (x, b * n + k, c)[i];
        }
        plane_of (out, b, c)[i] = c < n_max ? largest : sum / n;
      }
  return out;
}

Double4 *
twin_train_up (const Double4 *x, guint factor)
{
  Double4 *out = double4_new (x->n, x->c, x->h * factor, x->w * factor);

  for (guint p = 0; p < x->n * x->c; p++)
    for (guint i = 0; i < out->h * out->w; i++)
    {
      const double *plane = x->v + (gsize)p * x->h * x->w;
      const double fy = (i / out->w + 0.5) / factor - 0.5, fx = (i % out->w + 0.5) / factor - 0.5;
      const int y = (int)floor (fy), column = (int)floor (fx);
      const int y0 = CLAMP (y, 0, (int)x->h - 1), y1 = CLAMP (y + 1, 0, (int)x->h - 1);
      const int x0 = CLAMP (column, 0, (int)x->w - 1), x1 = CLAMP (column + 1, 0, (int)x->w - 1);
      const double ty = fy - y, tx = fx - column;

      out->v[(gsize)p * out->h * out->w + i] =
        (1 - ty) * ((1 - tx) * plane[y0 * (int)x->w + x0] + tx * plane[y0 * (int)x->w + x1])
        + ty * ((1 - tx) * plane[y1 * (int)x->w + x0] + tx * plane[y1 * (int)x->w + x1]);
    }
  return out;
}

Double4 *
twin_train_mean_pool (const Double4 *x, guint factor)
{
  Double4 *out = double4_new (x->n, x->c, x->h / factor, x->w / factor);

  for (guint p = 0; p < x->n * x->c; p++)
    for (guint y = 0; y < out->h * factor; y++)
      for (guint column = 0; column < out->w * factor; column++)
        out->v[((gsize)p * out->h + y / factor) * out->w + column / factor] +=
          x->v[((gsize)p * x->h + y) * x->w + column] / (factor * factor);
  return out;
}

Double4 *
twin_train_pool (const Double4 *x, gboolean maximum)
{
  Double4 *out = double4_new (x->n, x->c, (x->h + 1) / 2, (x->w + 1) / 2);

  for (guint p = 0; p < x->n * x->c; p++)
    for (guint i = 0; i < out->h * out->w; i++)
    {
      const double *plane = x->v + (gsize)p * x->h * x->w;
      const guint top = i / out->w * 2, left = i % out->w * 2;
      double most = -INFINITY, sum = 0;
      guint n = 0;

      for (guint v = top; v < MIN (top + 2, x->h); v++)
        for (guint u = left; u < MIN (left + 2, x->w); u++, n++)
        {
          most = fmax (most, plane[v * x->w + u]);
          sum += plane[v * x->w + u];
        }
      out->v[(gsize)p * out->h * out->w + i] = maximum ? most : sum / n;
    }
  return out;
}

Double4 *
twin_train_enlarge (const Double4 *x, gboolean bilinear, guint h, guint w)
{
  g_autoptr (Double4) wide = bilinear ? twin_train_up (x, 2) : NULL;
  Double4 *out = double4_new (x->n, x->c, h, w);

  for (guint p = 0; p < x->n * x->c; p++)
    for (guint i = 0; i < h * w; i++)
      out->v[(gsize)p * h * w + i] = bilinear ? wide->v[((gsize)p * wide->h + i / w) * wide->w + i % w]
                                              : x->v[((gsize)p * x->h + i / w / 2) * x->w + i % w / 2];
  return out;
}

Double4 *
twin_train_energy (const Double4 *x, guint factor, double floor, double scale, double shift)
{
  const gboolean is_box = factor == 0;
  const int side = is_box ? 3 : (int)factor, h = (int)x->h, w = (int)x->w;
  Double4 *out = double4_new (x->n, x->c, is_box ? x->h : x->h / factor, is_box ? x->w : x->w / factor);

  for (guint p = 0; p < x->n * x->c; p++)
    for (guint i = 0; i < out->h * out->w; i++)
    {
      const double *plane = x->v + (gsize)p * x->h * x->w;
      const int y = (int)(i / out->w), column = (int)(i % out->w);
      double sum = 0;

      for (int t = 0; t < side * side; t++)
      {
        const int v = is_box ? CLAMP (y + t / 3 - 1, 0, h - 1) : y * side + t / side;
        const int u = is_box ? CLAMP (column + t % 3 - 1, 0, w - 1) : column * side + t % side;

        sum += fabs (plane[v * w + u]);
      }
      out->v[(gsize)p * out->h * out->w + i] = log (sum / (side * side) + floor) * scale + shift;
    }
  return out;
}

Double4 *
twin_train_down (const Double4 *x)
{
  static const double taps[] = { 1. / 8, 3. / 8, 3. / 8, 1. / 8 };
  Double4 *out = double4_new (x->n, x->c, (x->h + 1) / 2, (x->w + 1) / 2);

  for (guint p = 0; p < x->n * x->c; p++)
    for (guint i = 0; i < out->h * out->w; i++)
      for (int a = 0; a < 4; a++)
        for (int b = 0; b < 4; b++)
        {
          const int y = CLAMP ((int)(i / out->w) * 2 + a - 1, 0, (int)x->h - 1);
          const int column = CLAMP ((int)(i % out->w) * 2 + b - 1, 0, (int)x->w - 1);

          out->v[(gsize)p * out->h * out->w + i] += taps[a] * taps[b]
                                                    * x->v[((gsize)p * x->h + y) * x->w + column];
        }
  return out;
}

void
twin_train_norm (Double4 *x, const double *gamma, const double *beta, const double *mean,
                 const double *variance, gboolean by_picture, double slope)
{
  const guint pixels = x->h * x->w, images = by_picture ? 1 : x->n;

  for (guint p = 0; p < x->c * (by_picture ? x->n : 1); p++)
  {
    const guint c = p % x->c, first = p / x->c;
    double m = 0, v = 0;

    for (guint n = first; n < first + images; n++)
      for (guint i = 0; i < pixels; i++)
        m += plane_of (x, n, c)[i] / (images * pixels);
    for (guint n = first; n < first + images; n++)
      for (guint i = 0; i < pixels; i++)
        v += pow (plane_of (x, n, c)[i] - m, 2) / (images * pixels);
    m = mean != NULL ? mean[c] : m;
    v = mean != NULL ? variance[c] : v;
    for (guint n = first; n < first + images; n++)
      for (guint i = 0; i < pixels; i++)
      {
        double *value = &plane_of (x, n, c)[i];

        *value = gamma[c] * (*value - m) / sqrt (v + 1e-5) + beta[c];
        *value *= *value > 0 ? 1 : slope;
      }
  }
}

Double4 *
twin_train_shuffle (const Double4 *x, guint groups)
{
  Double4 *y = double4_new (x->n, x->c, x->h, x->w);

  for (guint n = 0; n < x->n; n++)
    for (guint k = 0; k < groups; k++)
      for (guint i = 0; i < x->c / groups; i++)
        memcpy (plane_of (y, n, i * groups + k), plane_of (x, n, k * (x->c / groups) + i),
                sizeof (double) * x->h * x->w);
  return y;
}

/* The mean of the squared Laplacian of plane `n`. */
static double
laplacian_energy (const Double4 *x, guint n)
{
  double sum = 0;

  for (int y = 0; y < (int)x->h; y++)
    for (int column = 0; column < (int)x->w; column++)
    {
      double value = 0;

      for (int a = -1; a <= 1; a++)
        for (int b = -1; b <= 1; b++)
          if (y + a >= 0 && y + a < (int)x->h && column + b >= 0 && column + b < (int)x->w)
            value += (a == 0 && b == 0 ? -1 : 0.125) * plane_of (x, n, 0)[(y + a) * (int)x->w + column + b];
      sum += value * value / (x->h * x->w);
    }
  return sum;
}

double *
twin_train_information (const Double4 *sources, guint n, double scale)
{
  double *shares = g_new0 (double, sources->n);
  Double4 *x = double4_new (sources->n, 1, sources->h, sources->w);

  memcpy (x->v, sources->v, double4_size (x) * sizeof (double));
  for (guint l = 0; l < 5 && MIN (x->h, x->w) >= 4; l++)
  {
    g_autoptr (Double4) before = x;

    for (guint k = 0; k < x->n; k++)
      shares[k] += laplacian_energy (x, k) / scale;
    x = twin_train_down (before);
  }
  double4_free (x);
  for (guint b = 0; b < sources->n / n; b++)
  {
    double sum = 0, largest = -INFINITY;

    for (guint k = b * n; k < (b + 1) * n; k++)
      largest = fmax (largest, shares[k]);
    for (guint k = b * n; k < (b + 1) * n; k++)
      sum += exp (shares[k] - largest);
    for (guint k = b * n; k < (b + 1) * n; k++)
      shares[k] = exp (shares[k] - largest) / sum;
  }
  return shares;
}

/* ---- Losses ---- */

#define C1    1e-4
#define C2    9e-4
#define SIGMA (11. / 6)

typedef struct
{
  double mx, my, vx, vy, cov;
} Window;

static Window
window_at (const double *x, const double *y, guint w, double sigma)
{
  double sx = 0, sy = 0, xx = 0, yy = 0, xy = 0, total = 0;

  for (int a = 0; a < 11; a++)
    for (int b = 0; b < 11; b++)
      total += exp (-((a - 5) * (a - 5) + (b - 5) * (b - 5)) / (2 * sigma * sigma));
  for (int a = 0; a < 11; a++)
    for (int b = 0; b < 11; b++)
    {
      const double g = exp (-((a - 5) * (a - 5) + (b - 5) * (b - 5)) / (2 * sigma * sigma)) / total;
      const guint i = (guint)a * w + (guint)b;

      sx += g * x[i];
      sy += g * y[i];
      xx += g * x[i] * x[i];
      yy += g * y[i] * y[i];
      xy += g * x[i] * y[i];
    }
  return (Window){ sx, sy, xx - sx * sx, yy - sy * sy, xy - sx * sy };
}

static double
structure (const Window *w)
{
  return (2 * w->cov + C2) / (w->vx + w->vy + C2);
}

static double
luminance (double a, double b)
{
  return (2 * a * b + C1) / (a * a + b * b + C1);
}

static double
mean_of (const double *x, gsize n)
{
  double sum = 0;

  for (gsize i = 0; i < n; i++)
    sum += x[i];
  return sum / (double)n;
}

/* SSIM or MEF-SSIM of set `b` at one window. `shares`: nullable. */
static double
similarity_at (OmniLoss loss, const Double4 *fused, const Double4 *sources, const double *shares, guint b,
               guint left, guint top)
{
  const guint n = sources->n / fused->n;
  double mean = 0, weights = 0, sum = 0;
  Window best = { .vy = -1 };

  for (guint k = 0; k < n; k++)
  {
    const double *y = plane_of (sources, b * n + k, 0);
    const gsize at = (gsize)top * fused->w + left;
    const Window w = window_at (plane_of (fused, b, 0) + at, y + at, fused->w, shares != NULL ? 1.5 : SIGMA);
    const double away = w.my - 0.5, global = mean_of (y, (gsize)fused->h * fused->w) - 0.5;
    const double weight = exp (-away * away / 0.08) * exp (-global * global / 0.08);

    sum += structure (&w) * luminance (w.mx, w.my) * (shares != NULL ? shares[b * n + k] : 1.0 / n);
    mean += weight * w.my;
    weights += weight;
    if (w.vy > best.vy)
      best = w;
  }
  if (loss == OMNI_LOSS_MEF_STRUCTURE)
    return structure (&best);
  if (loss == OMNI_LOSS_MEF_SSIM)
    return structure (&best) * luminance (best.mx, mean / weights);
  return sum;
}

static double
similarity_loss (OmniLoss loss, const Double4 *fused, const Double4 *sources, const double *shares)
{
  double sum = 0;

  for (guint b = 0; b < fused->n; b++)
    for (guint top = 0; top + 11 <= fused->h; top++)
      for (guint left = 0; left + 11 <= fused->w; left++)
        sum += similarity_at (loss, fused, sources, shares, b, left, top);
  return 1 - sum / ((double)fused->n * (fused->h - 10) * (fused->w - 10));
}

/* Element `i` of a window, row by row, of 11 × 11. */
static double
patch_at (const double *x, guint w, guint i)
{
  return x[i / 11 * w + i % 11];
}

static double
patch_mean (const double *x, guint w)
{
  double sum = 0;

  for (guint i = 0; i < 121; i++)
    sum += patch_at (x, w, i);
  return sum / 121;
}

static double
length_of (const double *patch)
{
  double sum = 0;

  for (guint i = 0; i < 121; i++)
    sum += patch[i] * patch[i];
  return sqrt (sum);
}

/* How much a patch counts by its length, of the lengths of all and that of their sum: MEF-SSIM (2015), for pictures of 0 … 1. */
static double
patch_power (const double *lengths, guint n, double together)
{
  double sum = 0;

  for (guint k = 0; k < n; k++)
    sum += lengths[k];

  const double alike = CLAMP ((together + 0x1p-52) / (sum + 0x1p-52), 0x1p-52, 1 - 0x1p-52);

  return fmin (tan (alike * G_PI / 2), 10);
}

/* The patch that it wants: `sources` are planes of `pixels` values from the window's first on. */
static void
wanted_patch (const double *sources, guint n, gsize pixels, guint w, double *wanted)
{
  g_autofree double *lengths = g_new (double, n), *shares = g_new (double, n);
  g_autofree double *patches = g_new0 (double, (n + 1) * 121);
  double *all = patches + n * 121, weights = 0, longest = 0;

  for (guint k = 0; k < n; k++)
  {
    const double mean = patch_mean (sources + k * pixels, w);

    for (guint i = 0; i < 121; i++)
    {
      patches[k * 121 + i] = patch_at (sources + k * pixels, w, i) - mean;
      all[i] += patches[k * 121 + i];
    }
    lengths[k] = length_of (patches + k * 121);
    longest = fmax (longest, lengths[k] + 0.001 / 255);
  }

  const double power = patch_power (lengths, n, length_of (all));

  for (guint k = 0; k < n; k++)
  {
    const double e = lengths[k] + 0.001 / 255;

    shares[k] = pow (e * 255 / 11, power) + 0x1p-52;
    weights += shares[k];
    shares[k] /= e;
  }
  for (guint i = 0; i < 121; i++)
  {
    wanted[i] = 0;
    for (guint k = 0; k < n; k++)
      wanted[i] += shares[k] / weights * patches[k * 121 + i];
  }

  const double length = length_of (wanted);

  for (guint i = 0; i < 121; i++)
    wanted[i] = length > 1e-10 ? wanted[i] * longest / length : 0;
}

double
twin_train_patches (const Double4 *fused, const Double4 *sources, double sigma)
{
  const guint n = sources->n / fused->n, w = fused->w;
  const gsize pixels = (gsize)fused->h * w;
  double sum = 0, wanted[121], present[121];

  for (guint b = 0; b < fused->n; b++)
    for (guint top = 0; top + 11 <= fused->h; top++)
      for (guint left = 0; left + 11 <= w; left++)
      {
        const gsize at = (gsize)top * w + left;

        wanted_patch (plane_of (sources, b * n, 0) + at, n, pixels, w, wanted);
        for (guint i = 0; i < 121; i++)
          present[i] = CLAMP (patch_at (plane_of (fused, b, 0) + at, w, i), 0, 1);

        const Window window = window_at (present, wanted, 11, sigma);

        sum += structure (&window);
      }
  return 1 - sum / ((double)fused->n * (fused->h - 10) * (w - 10));
}

/* x's difference from pixel i to i + step against that of the source where it is largest. */
static double
difference_at (const Double4 *fused, const Double4 *sources, guint b, guint i, guint step)
{
  const guint n = sources->n / fused->n;
  const double *x = plane_of (fused, b, 0);
  double wanted = 0;

  for (guint k = 0; k < n; k++)
  {
    const double *y = plane_of (sources, b * n + k, 0);

    if (fabs (y[i + step] - y[i]) > fabs (wanted))
      wanted = y[i + step] - y[i];
  }
  return fabs (x[i + step] - x[i] - wanted);
}

static double
difference_loss (const Double4 *fused, const Double4 *sources)
{
  const guint h = fused->h, w = fused->w;
  double across = 0, down = 0;

  for (guint b = 0; b < fused->n; b++)
    for (guint i = 0; i < h * w; i++)
    {
      across += i % w + 1 < w ? difference_at (fused, sources, b, i, 1) : 0;
      down += i / w + 1 < h ? difference_at (fused, sources, b, i, w) : 0;
    }
  return across / ((double)fused->n * h * (w - 1)) + down / ((double)fused->n * (h - 1) * w);
}

static double
filtered_at (const Double4 *x, guint n, int y, int column, const double filter[9])
{
  double sum = 0;

  for (int a = -1; a <= 1; a++)
    for (int b = -1; b <= 1; b++)
      if (y + a >= 0 && y + a < (int)x->h && column + b >= 0 && column + b < (int)x->w)
        sum += filter[(a + 1) * 3 + b + 1] * plane_of (x, n, 0)[(y + a) * (int)x->w + column + b];
  return sum;
}

static double
edge_at (OmniLoss loss, const Double4 *fused, const Double4 *sources, guint b, int y, int column)
{
  static const double sobel_x[] = { -1, 0, 1, -2, 0, 2, -1, 0, 1 },
                      sobel_y[] = { -1, -2, -1, 0, 0, 0, 1, 2, 1 };
  static const double laplacian[] = { 0, 1, 0, 1, -4, 1, 0, 1, 0 };
  const guint n = sources->n / fused->n;
  double sum = 0, largest = 0;

  for (guint k = 0; k < n; k++)
  {
    const double away = filtered_at (fused, b, y, column, laplacian)
                        - filtered_at (sources, b * n + k, y, column, laplacian);

    sum += away * away / n;
    largest = fmax (largest, fabs (filtered_at (sources, b * n + k, y, column, sobel_x))
                               + fabs (filtered_at (sources, b * n + k, y, column, sobel_y)));
  }
  if (loss == OMNI_LOSS_LAPLACIAN)
    return sum;
  return fabs (fabs (filtered_at (fused, b, y, column, sobel_x))
               + fabs (filtered_at (fused, b, y, column, sobel_y)) - largest);
}

static double
residual_at (OmniLoss loss, const Double4 *fused, const Double4 *sources, const double *shares, guint b,
             guint i)
{
  const guint n = sources->n / fused->n;
  const double x = plane_of (fused, b, 0)[i];
  double sum = 0, largest = -INFINITY;

  for (guint k = 0; k < n; k++)
  {
    const double y = plane_of (sources, b * n + k, 0)[i];

    sum += (loss == OMNI_LOSS_MAE ? fabs (x - y) : (x - y) * (x - y))
           * (shares != NULL ? shares[b * n + k] : 1.0 / n);
    largest = fmax (largest, y);
  }
  if (loss == OMNI_LOSS_RANGE)
    return fabs (x - CLAMP (x, 0, 1));
  return loss == OMNI_LOSS_MAX_INTENSITY ? fabs (x - largest) : sum;
}

/* One of every pair. */
static Double4 *
member_of (const Double4 *sources, guint k)
{
  Double4 *y = double4_new (sources->n / 2, 1, sources->h, sources->w);

  for (guint b = 0; b < y->n; b++)
    memcpy (plane_of (y, b, 0), plane_of (sources, 2 * b + k, 0), sizeof (double) * y->h * y->w);
  return y;
}

/* The terms that are another one of something else; FALSE for the others. */
static gboolean
other_loss (OmniLoss loss, const Double4 *fused, const Double4 *sources, double *value)
{
  const gboolean is_second = loss == OMNI_LOSS_SECOND_MSE || loss == OMNI_LOSS_SECOND_LAPLACIAN;
  const guint n = sources->n / fused->n;

  if (omni_loss_needs_pair (loss))
  {
    g_autoptr (Double4) member = member_of (sources, is_second);

    *value = twin_train_loss (
      loss == OMNI_LOSS_FIRST_MSE || loss == OMNI_LOSS_SECOND_MSE ? OMNI_LOSS_MSE : OMNI_LOSS_LAPLACIAN,
      fused, member, 0);
    return TRUE;
  }
  if (loss == OMNI_LOSS_INFORMATION_MSE || loss == OMNI_LOSS_INFORMATION_SSIM)
  {
    g_autofree double *shares = twin_train_information (sources, n, 2e-3);

    *value = 0;
    if (loss == OMNI_LOSS_INFORMATION_SSIM)
      *value = similarity_loss (OMNI_LOSS_SOURCE_SSIM, fused, sources, shares);
    for (guint i = 0; loss == OMNI_LOSS_INFORMATION_MSE && i < double4_size (fused); i++)
      *value += residual_at (loss, fused, sources, shares, i / (fused->h * fused->w),
                             i % (fused->h * fused->w))
                / (double)double4_size (fused);
    return TRUE;
  }
  if (loss == OMNI_LOSS_TRUTH_SOBEL)
    *value = twin_train_loss (OMNI_LOSS_SOBEL, fused, sources, 0);
  return loss == OMNI_LOSS_TRUTH_SOBEL;
}

static Double4 *
cut_picture (const Double4 *x)
{
  Double4 *cut = double4_new (x->n, x->c, x->h, x->w);

  for (gsize i = 0; i < double4_size (x); i++)
    cut->v[i] = CLAMP (x->v[i], 0, 1);
  return cut;
}

double
twin_train_loss (OmniLoss loss, const Double4 *fused, const Double4 *sources, guint halvings)
{
  const gboolean edges = loss == OMNI_LOSS_SOBEL || loss == OMNI_LOSS_LAPLACIAN;
  double sum = 0;

  if (other_loss (loss, fused, sources, &sum))
    return sum;

  if (halvings > 0)
  {
    g_autoptr (Double4) cut = loss == OMNI_LOSS_MEF_PATCHES ? cut_picture (fused) : NULL;
    g_autoptr (Double4) small = twin_train_mean_pool (cut != NULL ? cut : fused, 1U << halvings);
    g_autoptr (Double4) small_sources = twin_train_mean_pool (sources, 1U << halvings);

    return twin_train_loss (loss, small, small_sources, 0);
  }
  if (loss == OMNI_LOSS_MEF_PATCHES)
    return twin_train_patches (fused, sources, SIGMA);
  if (loss == OMNI_LOSS_SSIM || loss == OMNI_LOSS_SOURCE_SSIM || loss == OMNI_LOSS_MEF_SSIM
      || loss == OMNI_LOSS_MEF_STRUCTURE)
    return similarity_loss (loss, fused, sources, NULL);
  if (loss == OMNI_LOSS_GRADIENT || loss == OMNI_LOSS_MAX_GRADIENT)
    return difference_loss (fused, sources);
  for (guint b = 0; b < fused->n; b++)
    for (guint i = 0; i < fused->h * fused->w; i++)
      sum += edges ? edge_at (loss, fused, sources, b, (int)(i / fused->w), (int)(i % fused->w))
                   : residual_at (loss, fused, sources, NULL, b, i);
  return sum / (double)double4_size (fused);
}

double
twin_central_difference (double *x, gsize i, double h, TwinFunction function, gpointer data)
{
  const double before = x[i];
  double above, below;

  x[i] = before + h;
  above = function (data);
  x[i] = before - h;
  below = function (data);
  x[i] = before;
  return (above - below) / (2 * h);
}
