/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/metrics/lines.h"

#include <string.h>

/* A power of two goes straight; any other length by Bluestein's convolution with a chirp: L. Bluestein, "A linear filtering
 * approach to the computation of discrete Fourier transform", IEEE Trans. Audio 18 (1970). */
struct _OmniFft
{
  guint n;
  guint size;            /* the power of two */
  double *cosine, *sine; /* of 2πk/size, k < size/2 */
  guint *reversed;
  double *chirp_re, *chirp_im;   /* e^(−πi t²/n); NULL when n is a power of two */
  double *filter_re, *filter_im; /* the transform of the opposite chirp, over size */
};

static void
transform_power (const OmniFft *fft, double *re, double *im)
{
  const guint size = fft->size;
  for (guint i = 0; i < size; i++)
    if (fft->reversed[i] > i)
    {
      const double r = re[i], m = im[i];
      re[i] = re[fft->reversed[i]];
      im[i] = im[fft->reversed[i]];
      re[fft->reversed[i]] = r;
      im[fft->reversed[i]] = m;
    }
  for (guint half = 1; half < size; half *= 2)
    for (guint start = 0; start < size; start += 2 * half)
      for (guint k = 0; k < half; k++)
      {
        const guint at = start + k, other = at + half, step = k * (size / (2 * half));
        const double c = fft->cosine[step], s = fft->sine[step];
        const double r = re[other] * c + im[other] * s, m = im[other] * c - re[other] * s;
        re[other] = re[at] - r;
        im[other] = im[at] - m;
        re[at] += r;
        im[at] += m;
      }
}

static void
prepare_power (OmniFft *fft)
{
  fft->cosine = g_new (double, MAX (fft->size / 2, 1));
  fft->sine = g_new (double, MAX (fft->size / 2, 1));
  fft->reversed = g_new0 (guint, fft->size);
  for (guint k = 0; k < fft->size / 2; k++)
  {
    fft->cosine[k] = cos (2 * G_PI * k / fft->size);
    fft->sine[k] = sin (2 * G_PI * k / fft->size);
  }
  for (guint i = 1; i < fft->size; i++)
    fft->reversed[i] = fft->reversed[i / 2] / 2 + (i % 2 != 0 ? fft->size / 2 : 0);
}

static void
prepare_chirp (OmniFft *fft)
{
  const guint n = fft->n, size = fft->size;
  fft->chirp_re = g_new (double, n);
  fft->chirp_im = g_new (double, n);
  fft->filter_re = g_new0 (double, size);
  fft->filter_im = g_new0 (double, size);
  for (guint t = 0; t < n; t++)
  {
    /* t² modulo 2n, so that the angle stays exact. */
    const double angle = G_PI * (double)((guint64)t * t % (2 * (guint64)n)) / n;
    fft->chirp_re[t] = cos (angle);
    fft->chirp_im[t] = -sin (angle);
    for (guint side = 0; side < 2; side++)
    {
      const guint at = side == 0 || t == 0 ? t : size - t;
      fft->filter_re[at] = cos (angle) / size;
      fft->filter_im[at] = sin (angle) / size;
    }
  }
  transform_power (fft, fft->filter_re, fft->filter_im);
}

OmniFft *
omni_fft_new (guint n)
{
  OmniFft *fft = g_new0 (OmniFft, 1);
  const gboolean power = (n & (n - 1)) == 0;
  fft->n = n;
  fft->size = 1;
  while (fft->size < (power ? n : 2 * n - 1))
    fft->size *= 2;
  prepare_power (fft);
  if (!power)
    prepare_chirp (fft);
  return fft;
}

void
omni_fft_free (OmniFft *fft)
{
  if (fft == NULL)
    return;
  g_free (fft->cosine);
  g_free (fft->sine);
  g_free (fft->reversed);
  g_free (fft->chirp_re);
  g_free (fft->chirp_im);
  g_free (fft->filter_re);
  g_free (fft->filter_im);
  g_free (fft);
}

gsize
omni_fft_get_scratch (const OmniFft *fft)
{
  return 2 * (gsize)fft->size;
}

void
omni_fft_transform (const OmniFft *fft, double *re, double *im, double *scratch)
{
  if (fft->chirp_re == NULL)
  {
    transform_power (fft, re, im);
    return;
  }
  double *r = scratch, *m = scratch + fft->size;
  memset (scratch, 0, 2 * (gsize)fft->size * sizeof *scratch);
  for (guint t = 0; t < fft->n; t++)
  {
    r[t] = re[t] * fft->chirp_re[t] - im[t] * fft->chirp_im[t];
    m[t] = re[t] * fft->chirp_im[t] + im[t] * fft->chirp_re[t];
  }
  transform_power (fft, r, m);
  for (guint k = 0; k < fft->size; k++)
  {
    const double a = r[k] * fft->filter_re[k] - m[k] * fft->filter_im[k];
    m[k] = r[k] * fft->filter_im[k] + m[k] * fft->filter_re[k];
    r[k] = a;
  }
  transform_power (fft, m, r); /* swapped: the inverse */
  for (guint k = 0; k < fft->n; k++)
  {
    re[k] = r[k] * fft->chirp_re[k] - m[k] * fft->chirp_im[k];
    im[k] = r[k] * fft->chirp_im[k] + m[k] * fft->chirp_re[k];
  }
}

/* ---- Lines ---- */

/* As many columns as fill a cache line. */
#define N_TOGETHER 8

typedef struct
{
  double *values;
  guint width, height;
  gboolean columns;
  OmniLineFunc func;
  gpointer data;
} Lines;

static void
lines_part (guint part, gpointer data, double *scratch, double *sums)
{
  const Lines *self = data;
  const guint n = self->columns ? self->height : self->width,
              n_lines = self->columns ? self->width : self->height;
  const gsize line_step = self->columns ? 1 : self->width, step = self->columns ? self->width : 1;
  const guint first = part * N_TOGETHER, count = MIN (N_TOGETHER, n_lines - first);
  double *values = self->values + first * line_step, *spare = scratch + (gsize)N_TOGETHER * n;
  memset (scratch, 0, (gsize)N_TOGETHER * n * sizeof *scratch);
  for (guint t = 0; t < n; t++)
    for (guint i = 0; i < count; i++)
      scratch[(gsize)i * n + t] = values[t * step + i * line_step];
  for (guint i = 0; i < count; i += 2)
    self->func (scratch + (gsize)i * n, scratch + (gsize)(i + 1) * n, n, self->data, spare);
  for (guint t = 0; t < n; t++)
    for (guint i = 0; i < count; i++)
      values[t * step + i * line_step] = scratch[(gsize)i * n + t];
}

gboolean
omni_lines_run (double *values, guint width, guint height, gboolean columns, gsize scratch_doubles,
                OmniLineFunc func, gpointer data, GCancellable *cancellable)
{
  Lines self = { values, width, height, columns, func, data };
  const guint n_lines = columns ? width : height, n = columns ? height : width;
  double unused;
  return omni_parts_run ((n_lines + N_TOGETHER - 1) / N_TOGETHER, 0, (gsize)N_TOGETHER * n + scratch_doubles,
                         lines_part, &self, cancellable, &unused);
}
