/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/metrics/lines.h"
#include "app/metrics/vector-math.h"

#include <string.h>

/* Feature mutual information: M. Haghighat, A. Aghagolzadeh and H. Seyedarabi, "A non-reference image fusion metric based on
 * mutual information of image features", Computers & Electrical Engineering 37 (2011), in its fast form (M. Haghighat and M.
 * Razian, "Fast-FMI: non-reference image fusion metric", AICT 2014): in each 3 × 3 window the features of a source and of
 * the fused picture, less their minimum and divided by their sum, are taken for distributions over the nine places (down
 * the columns); their joint distribution lies between independence and a Fréchet bound, as far as their correlation c asks
 * for (R. Nelsen); the score is twice their information over the sum of their entropies, the mean over windows and sources.
 * Equal windows and two flat ones score 1, a flat one beside one that is not scores 0. */
#define N_PLACES 9

/* Where transforms leave rounding instead of zero, nothing below this shows. */
#define GRID 16777216.0 /* 2^24 */

typedef struct
{
  double density[N_PLACES], cumulative[N_PLACES];
  double mean, deviation; /* of the place, 1 … 9 */
  double entropy;
} Distribution;

static double
get_entropy (double p)
{
  return p != 0 ? -p * omni_vector_log (fabs (p)) : 0;
}

/* FALSE when the window is flat. */
static gboolean
distribution_init (Distribution *self, const double window[N_PLACES])
{
  double least = window[0], most = window[0], sum = 0, square = 0;
  for (guint i = 1; i < N_PLACES; i++)
  {
    least = MIN (least, window[i]);
    most = MAX (most, window[i]);
  }
  if (most == least)
    return FALSE;
  for (guint i = 0; i < N_PLACES; i++)
    sum += self->density[i] = (window[i] - least) / (most - least);
  self->mean = self->entropy = 0;
  for (guint i = 0; i < N_PLACES; i++)
  {
    self->density[i] /= sum;
    self->cumulative[i] = self->density[i] + (i > 0 ? self->cumulative[i - 1] : 0);
    self->mean += (i + 1) * self->density[i];
    square += (i + 1) * (i + 1) * self->density[i];
    self->entropy += get_entropy (self->density[i]);
  }
  self->deviation = sqrt (MAX (0, square - self->mean * self->mean));
  return TRUE;
}

static double
correlate (const Distribution *a, const Distribution *f)
{
  double aa = 0, ff = 0, af = 0;
  for (guint i = 0; i < N_PLACES; i++)
  {
    const double x = a->density[i] - 1.0 / N_PLACES, y = f->density[i] - 1.0 / N_PLACES;
    aa += x * x;
    ff += y * y;
    af += x * y;
  }
  return af != 0 ? af / sqrt (aa * ff) : 0;
}

/* The Fréchet bound of the joint cumulative distribution: upper for like, lower for opposite features. */
static double
get_bound (double x, double y, gboolean upper)
{
  return upper ? MIN (x, y) : MAX (x + y - 1, 0);
}

/* How far from independence (0) to the bound (1). */
static double
find_share (const Distribution *a, const Distribution *f, double c)
{
  double covariance = 0;
  if (c == 0 || a->deviation == 0 || f->deviation == 0)
    return 0;
  for (guint i = 0; i < N_PLACES; i++)
    for (guint j = 0; j < N_PLACES; j++)
      covariance += get_bound (f->cumulative[i], a->cumulative[j], c >= 0)
                    - f->cumulative[i] * a->cumulative[j];
  return covariance != 0 ? c * f->deviation * a->deviation / covariance : 0;
}

static double
measure_joint_entropy (const Distribution *a, const Distribution *f)
{
  const double c = correlate (a, f), share = find_share (a, f, c);
  const gboolean upper = c >= 0;
  double entropy = 0, above[N_PLACES + 1] = { 0 };
  for (guint i = 0; i < N_PLACES; i++)
  {
    /* The bound's own density, from its differences. */
    double left = 0, left_above = 0;
    for (guint j = 0; j < N_PLACES; j++)
    {
      const double here = get_bound (f->cumulative[i], a->cumulative[j], upper);
      const double bound = here - left - above[j] + left_above;
      left_above = above[j];
      left = above[j] = here;
      entropy += get_entropy (share * bound + (1 - share) * f->density[i] * a->density[j]);
    }
  }
  return entropy;
}

static double
score_window (const double source[N_PLACES], const double fused[N_PLACES])
{
  Distribution a, f;
  if (memcmp (source, fused, N_PLACES * sizeof *source) == 0)
    return 1;
  const gboolean source_varies = distribution_init (&a, source), fused_varies = distribution_init (&f, fused);
  if (!source_varies || !fused_varies)
    return source_varies == fused_varies;
  const double sum = a.entropy + f.entropy;
  /* One place alone in each: no entropy. The same place says all, another nothing. */
  if (sum <= 0)
    return 0;
  return 2 * (sum - measure_joint_entropy (&a, &f)) / sum;
}

typedef struct
{
  const OmniPlane *planes; /* features: sources, then the fused picture */
  const guint8 *mask;      /* of the features */
  guint n_sources;
} Scoring;

static void
read_window (const OmniPlane *plane, guint x, guint y, double window[N_PLACES])
{
  for (guint u = 0; u < 3; u++)
    for (guint v = 0; v < 3; v++)
    {
      const gsize at = (gsize)(y + v) * plane->width + x + u;
      window[3 * u + v] = plane->bytes != NULL ? plane->bytes[at] : plane->values[at];
    }
}

static gboolean
window_counts (const guint8 *mask, guint width, guint x, guint y)
{
  for (guint i = 0; mask != NULL && i < N_PLACES; i++)
    if (!mask[(gsize)(y + i / 3) * width + x + i % 3])
      return FALSE;
  return TRUE;
}

/* Sums of each source, then the number of windows. */
static void
row_part (guint part, gpointer data, double *scratch, double *sums)
{
  const Scoring *self = data;
  const guint n = self->n_sources, width = self->planes[0].width;
  double fused[N_PLACES], source[N_PLACES];
  for (guint x = 0; x + 2 < width; x++)
  {
    if (!window_counts (self->mask, width, x, part))
      continue;
    read_window (&self->planes[n], x, part, fused);
    for (guint k = 0; k < n; k++)
    {
      read_window (&self->planes[k], x, part, source);
      sums[k] += score_window (source, fused);
    }
    sums[n]++;
  }
}

static gboolean
score (const OmniMetricRun *run, const OmniPlane *planes, const guint8 *mask, double *value, char **reason)
{
  const guint n = run->input->n_sources;
  const Scoring self = { .planes = planes, .mask = mask, .n_sources = n };
  g_autofree double *sums = g_new0 (double, n + 1);
  if (!omni_parts_run (planes[0].height - 2, n + 1, 0, row_part, (gpointer)&self, run->cancellable, sums))
    return omni_metric_refuse (reason, OMNI_METRIC_CANCELLED);
  double sum = 0;
  for (guint k = 0; k < n; k++)
    sum += sums[k];
  return omni_metric_divide (sum, sums[n] * n, OMNI_METRIC_NO_WINDOW, value, reason);
}

/* ---- Features ---- */

/* Fills `values`, of `plane`'s size, from plane. */
typedef gboolean (*FeatureFunc) (const OmniMetricRun *run, const OmniPlane *plane, OmniPlane *feature,
                                 double *values);

static void
free_features (OmniPlane *planes, guint n)
{
  for (guint k = 0; k < n; k++)
    g_free ((gpointer)planes[k].values);
  g_free (planes);
}

static gboolean
score_features (const OmniMetricRun *run, guint width, guint height, const guint8 *mask, FeatureFunc func,
                double *value, char **reason)
{
  const guint n = run->input->n_sources;
  OmniPlane *planes = g_new0 (OmniPlane, n + 1);
  gboolean done = TRUE;
  for (guint k = 0; done && k <= n; k++)
  {
    double *values = g_try_malloc_n ((gsize)width * height, sizeof *values);
    planes[k] = (OmniPlane){ .width = width, .height = height, .values = values };
    if (values == NULL)
      done = omni_metric_refuse (reason, _ ("not enough memory for the features"));
    else if (!func (run, k < n ? &run->input->sources[k] : &run->input->fused, &planes[k], values))
      done = omni_metric_refuse (reason, OMNI_METRIC_CANCELLED);
  }
  done = done && score (run, planes, mask, value, reason);
  free_features (planes, n + 1);
  return done;
}

gboolean
omni_metric_fmi_pixel (const OmniMetricRun *run, double *value, char **reason)
{
  const guint n = run->input->n_sources;
  if (!omni_metric_check_size (run, 3, reason))
    return FALSE;
  g_autofree OmniPlane *planes = g_new (OmniPlane, n + 1);
  memcpy (planes, run->input->sources, n * sizeof *planes);
  planes[n] = run->input->fused;
  return score (run, planes, run->input->mask, value, reason);
}

/* Central differences along the rows, one-sided at the border. */
static gboolean
find_gradient (const OmniMetricRun *run, const OmniPlane *plane, OmniPlane *feature, double *values)
{
  for (guint y = 0; y < plane->height; y++)
    for (guint x = 0; x < plane->width; x++)
    {
      const guint8 *row = plane->bytes + (gsize)y * plane->width;
      const guint left = x > 0 ? x - 1 : 0, right = MIN (x + 1, plane->width - 1);
      values[(gsize)y * plane->width + x] = (row[right] - row[left]) / (double)(right - left);
    }
  return TRUE;
}

static guint8 *
shrink_mask (const OmniMetricsInput *input)
{
  if (input->mask == NULL)
    return NULL;
  guint8 *mask = g_malloc ((gsize)input->width * input->height);
  for (guint y = 0; y < input->height; y++)
    for (guint x = 0; x < input->width; x++)
    {
      const guint8 *row = input->mask + (gsize)y * input->width;
      mask[(gsize)y * input->width + x] = row[x > 0 ? x - 1 : 0] & row[x]
                                          & row[MIN (x + 1, input->width - 1)];
    }
  return mask;
}

gboolean
omni_metric_fmi_gradient (const OmniMetricRun *run, double *value, char **reason)
{
  if (!omni_metric_check_size (run, 3, reason))
    return FALSE;
  g_autofree guint8 *mask = shrink_mask (run->input);
  return score_features (run, run->input->width, run->input->height, mask, find_gradient, value, reason);
}

static void
round_values (double *values, gsize n)
{
  for (gsize i = 0; i < n; i++)
    values[i] = round (values[i] * GRID) / GRID;
}

/* Orthonormal DCT-II of two real lines by one complex transform: J. Makhoul, "A fast cosine transform in one and two
 * dimensions", IEEE TASSP 28 (1980). */
static void
dct_line (double *first, double *second, guint n, gpointer data, double *scratch)
{
  const OmniFft *fft = data;
  double *re = scratch, *im = re + n, *spare = im + n;
  for (guint i = 0; i < n; i++)
  {
    const guint to = i % 2 == 0 ? i / 2 : n - 1 - i / 2;
    re[to] = first[i];
    im[to] = second[i];
  }
  omni_fft_transform (fft, re, im, spare);
  for (guint k = 0; k < n; k++)
  {
    const guint opposite = (n - k) % n;
    const double c = cos (G_PI * k / (2.0 * n)), s = sin (G_PI * k / (2.0 * n));
    const double scale = sqrt ((k == 0 ? 1.0 : 2.0) / n);
    /* The transforms of the two lines, from the even and odd parts of that of their sum. */
    const double a_re = (re[k] + re[opposite]) / 2, a_im = (im[k] - im[opposite]) / 2;
    const double b_re = (im[k] + im[opposite]) / 2, b_im = (re[opposite] - re[k]) / 2;
    first[k] = scale * (a_re * c + a_im * s);
    second[k] = scale * (b_re * c + b_im * s);
  }
}

static gboolean
find_dct (const OmniMetricRun *run, const OmniPlane *plane, OmniPlane *feature, double *values)
{
  const guint width = plane->width, height = plane->height;
  const gsize n = (gsize)width * height;
  g_autoptr (OmniFft) rows = omni_fft_new (width);
  g_autoptr (OmniFft) columns = omni_fft_new (height);
  for (gsize i = 0; i < n; i++)
    values[i] = plane->bytes[i];
  if (!omni_lines_run (values, width, height, FALSE, 2 * (gsize)width + omni_fft_get_scratch (rows), dct_line,
                       rows, run->cancellable)
      || !omni_lines_run (values, width, height, TRUE, 2 * (gsize)height + omni_fft_get_scratch (columns),
                          dct_line, columns, run->cancellable))
    return FALSE;
  round_values (values, n);
  return TRUE;
}

gboolean
omni_metric_fmi_dct (const OmniMetricRun *run, double *value, char **reason)
{
  if (run->input->mask != NULL)
    return omni_metric_refuse (reason, _ ("it transforms the picture as a whole, so every pixel must count"));
  return omni_metric_check_size (run, 3, reason)
         && score_features (run, run->input->width, run->input->height, NULL, find_dct, value, reason);
}

/* The discrete Meyer wavelet ("dmey"): half of the low-pass filter, up to its middle; the first of 62 taps is zero. */
static const double meyer[] = {
  0,
  -1.0099999569414229e-12,
  8.519459636796214e-09,
  -1.111944952595278e-08,
  -1.0798819539621958e-08,
  6.066975741351135e-08,
  -1.0866516536735883e-07,
  8.200680650386481e-08,
  1.1783004497663934e-07,
  -5.506340565252278e-07,
  1.1307947017916706e-06,
  -1.489549216497156e-06,
  7.367572885903746e-07,
  3.20544191334478e-06,
  -1.6312699734552807e-05,
  6.554305930575149e-05,
  -0.0006011502343516092,
  -0.002704672124643725,
  0.002202534100911002,
  0.006045814097323304,
  -0.006387718318497156,
  -0.011061496392513451,
  0.015270015130934803,
  0.017423434103729693,
  -0.03213079399021176,
  -0.024348745906078023,
  0.0637390243228016,
  0.030655091960824263,
  -0.13284520043622938,
  -0.035087555656258346,
  0.44459300275757724,
  0.7445855923188063,
};

#define MEYER_TAPS   62
#define MEYER_MIDDLE 31

static double
get_low (guint i)
{
  return i <= MEYER_MIDDLE ? meyer[i] : meyer[2 * MEYER_MIDDLE - i];
}

/* The mirrored low-pass filter with every second sign changed. */
static double
get_high (guint i)
{
  const guint from = MEYER_TAPS - 1 - i;
  return i % 2 == 0 ? -get_low (from) : get_low (from);
}

/* The picture is mirrored at its border, the border pixel repeated. */
static guint
reflect (int at, guint n)
{
  const int period = 2 * (int)n;
  const int inside = (at % period + period) % period;
  return (guint)(inside < (int)n ? inside : period - 1 - inside);
}

static guint
get_wavelet_size (guint n)
{
  return (n + MEYER_TAPS - 1) / 2;
}

/* Approximation, then detail. */
static void
transform_line (const double *line, guint n, double *out)
{
  const guint half = get_wavelet_size (n);
  for (guint k = 0; k < half; k++)
  {
    double low = 0, high = 0;
    for (guint i = 0; i < MEYER_TAPS; i++)
    {
      const double value = line[reflect (2 * (int)k + 1 - (int)i, n)];
      low += get_low (i) * value;
      high += get_high (i) * value;
    }
    out[k] = low;
    out[half + k] = high;
  }
}

typedef struct
{
  const OmniPlane *plane;
  guint width, height; /* of the feature */
  double *rows;        /* width × plane height */
  double *values;
} Wavelet;

static void
wavelet_row (guint part, gpointer data, double *scratch, double *sums)
{
  const Wavelet *self = data;
  const guint n = self->plane->width;
  for (guint x = 0; x < n; x++)
    scratch[x] = self->plane->bytes[(gsize)part * n + x];
  transform_line (scratch, n, self->rows + (gsize)part * self->width);
}

static void
wavelet_column (guint part, gpointer data, double *scratch, double *sums)
{
  const Wavelet *self = data;
  const guint n = self->plane->height;
  for (guint y = 0; y < n; y++)
    scratch[y] = self->rows[(gsize)y * self->width + part];
  transform_line (scratch, n, scratch + n);
  for (guint y = 0; y < self->height; y++)
    self->values[(gsize)y * self->width + part] = scratch[n + y];
}

static gboolean
find_wavelet (const OmniMetricRun *run, const OmniPlane *plane, OmniPlane *feature, double *values)
{
  g_autofree double *rows = g_try_malloc_n ((gsize)feature->width * plane->height, sizeof *rows);
  Wavelet self = { plane, feature->width, feature->height, rows, values };
  double unused;
  if (rows == NULL
      || !omni_parts_run (plane->height, 0, plane->width, wavelet_row, &self, run->cancellable, &unused)
      || !omni_parts_run (feature->width, 0, (gsize)plane->height + feature->height, wavelet_column, &self,
                          run->cancellable, &unused))
    return FALSE;
  round_values (values, (gsize)feature->width * feature->height);
  return TRUE;
}

gboolean
omni_metric_fmi_wavelet (const OmniMetricRun *run, double *value, char **reason)
{
  const OmniMetricsInput *input = run->input;
  if (input->mask != NULL)
    return omni_metric_refuse (reason, _ ("its filter is 62 pixels long, so every pixel must count"));
  return omni_metric_check_size (run, 3, reason)
         && score_features (run, 2 * get_wavelet_size (input->width), 2 * get_wavelet_size (input->height),
                            NULL, find_wavelet, value, reason);
}
