/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/metrics/metrics-private.h"

/* Q_M: P.-W. Wang and B. Liu, "A novel image fusion metric based on multi-scale analysis", ICSP 2008. Two levels of the
 * orthonormal Haar transform of pictures on [0, 1]; an odd side loses its last pixel. Per level the three high-frequency
 * parts of each source are compared, exp (−|difference|) each, so the maximum is 3; weighted by their energy. */
#define N_LEVELS 2

static const double level_weights[N_LEVELS] = { 2 / 3.0, 1 / 3.0 };

typedef struct
{
  const OmniMetricsInput *input;
  guint level;
} Haar;

typedef struct
{
  double mean, detail[3];
  gboolean valid;
} Block;

static void
combine (const double v[4], Block *block)
{
  block->mean = (v[0] + v[1] + v[2] + v[3]) / 2;
  block->detail[0] = (v[0] + v[1] - v[2] - v[3]) / 2;
  block->detail[1] = (v[0] - v[1] + v[2] - v[3]) / 2;
  block->detail[2] = (v[0] - v[1] - v[2] + v[3]) / 2;
}

static void
transform_block (const OmniMetricsInput *input, const OmniPlane *plane, guint level, guint x, guint y,
                 Block *block)
{
  const guint width = input->width >> level;
  const guint height = input->height >> level;
  double values[4];
  block->valid = TRUE;
  for (guint i = 0; i < 4; i++)
  {
    const guint u = MIN (2 * x + i % 2, width - 1), v = MIN (2 * y + i / 2, height - 1);
    if (level > 0)
    {
      Block finer;
      transform_block (input, plane, level - 1, u, v, &finer);
      block->valid = block->valid && finer.valid;
      values[i] = finer.mean;
      continue;
    }
    const gsize at = (gsize)v * width + u;
    block->valid = block->valid && (input->mask == NULL || input->mask[at]);
    values[i] = plane->bytes[at] / 255.0;
  }
  combine (values, block);
}

/* Sums of each source: kept and weight. */
static void
row_part (guint part, gpointer data, double *scratch, double *sums)
{
  const Haar *self = data;
  const OmniMetricsInput *input = self->input;
  const guint step = 2u << self->level, width = input->width / step;
  for (guint x = 0; x < width; x++)
  {
    Block fused, block;
    transform_block (input, &input->fused, self->level, x, part, &fused);
    for (guint k = 0; fused.valid && k < input->n_sources; k++)
    {
      transform_block (input, &input->sources[k], self->level, x, part, &block);
      double weight = 0, kept = 0;
      for (guint i = 0; i < 3; i++)
      {
        weight += block.detail[i] * block.detail[i];
        kept += exp (-fabs (block.detail[i] - fused.detail[i]));
      }
      sums[2 * k] += kept * weight;
      sums[2 * k + 1] += weight;
    }
  }
}

gboolean
omni_metric_qm (const OmniMetricRun *run, double *value, char **reason)
{
  const OmniMetricsInput *input = run->input;
  const guint n = input->n_sources;
  g_autofree double *sums = g_new0 (double, 2 * n);
  if (!omni_metric_check_size (run, 1u << N_LEVELS, reason))
    return FALSE;
  *value = 1;
  for (guint level = 0; level < N_LEVELS; level++)
  {
    const guint step = 2u << level;
    Haar self = { .input = input, .level = level };
    if (!omni_parts_run (input->height / step, 2 * n, 0, row_part, &self, run->cancellable, sums))
      return omni_metric_refuse (reason, OMNI_METRIC_CANCELLED);
    double kept = 0, weight = 0, score;
    for (guint k = 0; k < n; k++)
    {
      kept += sums[2 * k];
      weight += sums[2 * k + 1];
    }
    if (!omni_metric_divide (kept, weight, _ ("the sources have no detail"), &score, reason))
      return FALSE;
    *value *= pow (score, level_weights[level]);
  }
  return TRUE;
}
