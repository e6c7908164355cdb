/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/metrics/lines.h"

#include <string.h>

/* Q_CB: Y. Chen and R. Blum, "A new automated quality assessment algorithm for image fusion", Image and Vision Computing 27
 * (2009). Pictures stretched to 0 … 255 and filtered by the contrast sensitivity of the eye (a difference of Gaussians in
 * frequency, the picture 30 degrees wide, so to speak); local contrast from Gaussians of σ 2 and 4, zero outside; what the
 * fused picture keeps of each source's contrast, weighted by that contrast squared. In wide black areas far from anything both
 * Gaussians give rounding only, and so does their ratio: there the published metric is not reproducible
 * (test_qcb_rounding() of tests/test-metrics-frozen.c has the figures). */
#define F0       15.3870
#define F1       1.3456
#define A        0.7622
#define SIGMA_1  2.0
#define SIGMA_2  4.0
#define RADIUS   15
#define N_TAPS   (2 * RADIUS + 1)
#define CONTRAST 0.0001 /* Z of the masking */

typedef struct
{
  const OmniFft *fft;
  double frequency;
} Sensitivity;

/* e^(−(f/f0)²) of each frequency; two real lines are one complex one. */
static void
sensitivity_line (double *first, double *second, guint n, gpointer data, double *scratch)
{
  const Sensitivity *self = data;
  omni_fft_transform (self->fft, first, second, scratch);
  for (guint k = 0; k < n; k++)
  {
    const double f = MIN (k, n - k) / 15.0 / self->frequency, gain = exp (-f * f) / n;
    first[k] *= gain;
    second[k] *= gain;
  }
  omni_fft_transform (self->fft, second, first, scratch);
}

static void
gaussian_line (double *first, double *second, guint n, gpointer data, double *scratch)
{
  const double *weights = data;
  for (guint i = 0; i < 2; i++)
  {
    double *line = i == 0 ? first : second;
    memcpy (scratch, line, n * sizeof *line);
    for (guint t = 0; t < n; t++)
    {
      const guint low = t < RADIUS ? RADIUS - t : 0, high = MIN (N_TAPS, n + RADIUS - t);
      double sum = 0;
      for (guint tap = low; tap < high; tap++)
        sum += weights[tap] * scratch[t + tap - RADIUS];
      line[t] = sum;
    }
  }
}

/* Both ways. */
static gboolean
filter_sensitivity (const OmniMetricRun *run, double *values, guint width, guint height, double frequency)
{
  g_autoptr (OmniFft) rows = omni_fft_new (width);
  g_autoptr (OmniFft) columns = omni_fft_new (height);
  Sensitivity along = { rows, frequency }, down = { columns, frequency };
  return omni_lines_run (values, width, height, FALSE, omni_fft_get_scratch (rows), sensitivity_line, &along,
                         run->cancellable)
         && omni_lines_run (values, width, height, TRUE, omni_fft_get_scratch (columns), sensitivity_line,
                            &down, run->cancellable);
}

/* The weights are not normalised, nor cut to the same sum. */
static gboolean
filter_gaussian (const OmniMetricRun *run, double *values, guint width, guint height, double sigma)
{
  double weights[N_TAPS];
  for (int i = 0; i < N_TAPS; i++)
    weights[i] = exp (-(i - RADIUS) * (i - RADIUS) / (2 * sigma * sigma)) / (sqrt (2 * G_PI) * sigma);
  return omni_lines_run (values, width, height, FALSE, width, gaussian_line, weights, run->cancellable)
         && omni_lines_run (values, width, height, TRUE, height, gaussian_line, weights, run->cancellable);
}

static gboolean
stretch (const OmniPlane *plane, double *values)
{
  const gsize n = (gsize)plane->width * plane->height;
  guint8 least = 255, most = 0;
  for (gsize i = 0; i < n; i++)
  {
    least = MIN (least, plane->bytes[i]);
    most = MAX (most, plane->bytes[i]);
  }
  for (gsize i = 0; most > least && i < n; i++)
    values[i] = floor ((plane->bytes[i] / 255.0 - least / 255.0) / (most / 255.0 - least / 255.0) * 255
                       + 0.5);
  return most > least;
}

/* Masked contrast of a picture, into `values`; `spare` is as large. */
static gboolean
measure_contrast (const OmniMetricRun *run, const OmniPlane *plane, double *values, double *spare,
                  char **reason)
{
  const guint width = plane->width, height = plane->height;
  const gsize n = (gsize)width * height;
  if (!stretch (plane, values))
    return omni_metric_refuse (reason, _ ("a flat picture has no contrast"));
  memcpy (spare, values, n * sizeof *values);
  if (!filter_sensitivity (run, values, width, height, F0)
      || !filter_sensitivity (run, spare, width, height, F1))
    return omni_metric_refuse (reason, OMNI_METRIC_CANCELLED);
  for (gsize i = 0; i < n; i++)
    spare[i] = values[i] -= A * spare[i];
  if (!filter_gaussian (run, values, width, height, SIGMA_1)
      || !filter_gaussian (run, spare, width, height, SIGMA_2))
    return omni_metric_refuse (reason, OMNI_METRIC_CANCELLED);
  for (gsize i = 0; i < n; i++)
  {
    /* Nothing on nothing is no contrast. */
    const double contrast = spare[i] != 0 ? fabs (values[i] / spare[i] - 1) : 0;
    const double square = contrast * contrast;
    values[i] = square * contrast / (square + CONTRAST);
  }
  return TRUE;
}

static double
compare (double source, double fused)
{
  if (source == fused)
    return 1;
  return source < fused ? source / fused : fused / source;
}

typedef struct
{
  guint width;
  const double *a, *b, *f;
} Scoring;

static void
score_row (guint part, gpointer data, double *scratch, double *sums)
{
  const Scoring *self = data;
  for (guint x = 0; x < self->width; x++)
  {
    const gsize i = (gsize)part * self->width + x;
    const double a = self->a[i] * self->a[i], b = self->b[i] * self->b[i];
    const double share_a = a + b > 0 ? a / (a + b) : 0.5, share_b = a + b > 0 ? b / (a + b) : 0.5;
    sums[0] += share_a * compare (self->a[i], self->f[i]) + share_b * compare (self->b[i], self->f[i]);
  }
}

gboolean
omni_metric_qcb (const OmniMetricRun *run, double *value, char **reason)
{
  const OmniMetricsInput *input = run->input;
  const gsize n = (gsize)input->width * input->height;
  const OmniPlane *planes[3] = { &input->sources[0], &input->sources[1], &input->fused };
  if (input->mask != NULL)
    return omni_metric_refuse (reason, _ ("it filters the picture as a whole, so every pixel must count"));
  g_autofree double *values = g_try_malloc_n (n, 4 * sizeof *values);
  if (values == NULL)
    return omni_metric_refuse (reason, OMNI_METRIC_NO_MEMORY);
  for (guint i = 0; i < 3; i++)
    if (!measure_contrast (run, planes[i], values + i * n, values + 3 * n, reason))
      return FALSE;
  Scoring scoring = { input->width, values, values + n, values + 2 * n };
  double sum;
  if (!omni_parts_run (input->height, 1, 0, score_row, &scoring, run->cancellable, &sum))
    return omni_metric_refuse (reason, OMNI_METRIC_CANCELLED);
  return omni_metric_divide (sum, (double)n, OMNI_METRIC_NO_WINDOW, value, reason);
}
