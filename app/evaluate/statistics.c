/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/evaluate/statistics.h"

#include "models/split-mix.h"

#include <math.h>
#include <stdlib.h>

#define SEED        G_GUINT64_CONSTANT (20130601)
#define LOWER_SHARE 0.025

static int
compare_doubles (const void *a, const void *b)
{
  const double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

/* (transfer full) */
static double *
copy_sorted (const double *values, guint n)
{
  double *sorted = g_memdup2 (values, sizeof *values * n);
  if (n > 0)
    qsort (sorted, n, sizeof *sorted, compare_doubles);
  return sorted;
}

/* Counted from the first value, so that the mean of equal values is that value. */
static double
mean_of_sorted (const double *sorted, guint n)
{
  double sum = 0;
  for (guint i = 1; i < n; i++)
    sum += sorted[i] - sorted[0];
  return sorted[0] + sum / n;
}

double
omni_statistics_mean (const double *values, guint n)
{
  if (n == 0)
    return NAN;
  g_autofree double *sorted = copy_sorted (values, n);
  return mean_of_sorted (sorted, n);
}

double
omni_statistics_median (const double *values, guint n)
{
  if (n == 0)
    return NAN;
  g_autofree double *sorted = copy_sorted (values, n);
  return n % 2 == 1 ? sorted[n / 2] : sorted[n / 2 - 1] + (sorted[n / 2] - sorted[n / 2 - 1]) / 2;
}

void
omni_statistics_rank (const double *values, guint n, gboolean higher_is_better, guint *ranks)
{
  for (guint i = 0; i < n; i++)
  {
    ranks[i] = 1;
    for (guint k = 0; k < n; k++)
      ranks[i] += higher_is_better ? values[k] > values[i] : values[k] < values[i];
  }
}

static double
quantile_of_sorted (const double *sorted, guint n, double share)
{
  const double place = share * (n - 1);
  const guint below = (guint)place;
  const guint above = MIN (below + 1, n - 1);
  return sorted[below] + (place - below) * (sorted[above] - sorted[below]);
}

gboolean
omni_statistics_bootstrap (const double *values, guint n, double *low, double *high)
{
  if (n < 2)
    return FALSE;
  /* Sorted first, so that the same scenes in another order draw the same resamples. */
  g_autofree double *sorted = copy_sorted (values, n);
  g_autofree double *means = g_new (double, OMNI_STATISTICS_RESAMPLES);
  guint64 state = SEED;
  for (guint i = 0; i < OMNI_STATISTICS_RESAMPLES; i++)
  {
    double sum = 0;
    for (guint k = 0; k < n; k++)
      sum += sorted[((omni_split_mix_next (&state) >> 32) * n) >> 32] - sorted[0];
    means[i] = sorted[0] + sum / n;
  }
  qsort (means, OMNI_STATISTICS_RESAMPLES, sizeof *means, compare_doubles);
  *low = quantile_of_sorted (means, OMNI_STATISTICS_RESAMPLES, LOWER_SHARE);
  *high = quantile_of_sorted (means, OMNI_STATISTICS_RESAMPLES, 1 - LOWER_SHARE);
  return TRUE;
}

void
omni_statistics_compare (const double *ours, const double *theirs, guint n, gboolean higher_is_better,
                         OmniComparison *comparison)
{
  g_autofree double *differences = g_new (double, MAX (n, 1));
  *comparison = (OmniComparison){ 0 };
  for (guint i = 0; i < n; i++)
  {
    if (isnan (ours[i]) || isnan (theirs[i]))
      continue;
    differences[comparison->n++] = ours[i] - theirs[i];
    if (ours[i] == theirs[i])
      comparison->ties++;
    else if ((ours[i] > theirs[i]) == (higher_is_better != FALSE))
      comparison->wins++;
    else
      comparison->losses++;
  }
  comparison->mean_difference = omni_statistics_mean (differences, comparison->n);
  comparison->has_interval = omni_statistics_bootstrap (differences, comparison->n, &comparison->low,
                                                        &comparison->high);
}
