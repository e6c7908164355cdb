/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Figures over the scenes of a task. All are functions of the set of values: their order changes no bit. Values are finite.
 * Any thread. */

/* NAN when n is 0. */
double omni_statistics_mean (const double *values, guint n);

/* The middle value, or the mean of the two middle ones; NAN when n is 0. */
double omni_statistics_median (const double *values, guint n);

/* 1 + how many values are better; so equal values share the better rank (1, 2, 2, 4). */
void omni_statistics_rank (const double *values, guint n, gboolean higher_is_better, guint *ranks);

#define OMNI_STATISTICS_RESAMPLES 10000

/* Percentile bootstrap (B. Efron, Bootstrap methods, Annals of Statistics 7, 1979): the 2.5 and 97.5 % quantiles
 * (interpolated) of the means of OMNI_STATISTICS_RESAMPLES resamples, drawn with a fixed seed. FALSE when there are fewer
 * than two values, which say nothing about their spread. */
gboolean omni_statistics_bootstrap (const double *values, guint n, double *low, double *high);

/* Two methods on the scenes that they share. */
typedef struct
{
  guint n;
  guint wins, losses, ties; /* scenes where ours is better, worse, exactly equal */
  double mean_difference;   /* ours − theirs; NAN when n is 0 */
  gboolean has_interval;
  double low, high; /* 95 % interval of the mean difference */
} OmniComparison;

/* Pairs in which either value is NAN are passed over. */
void omni_statistics_compare (const double *ours, const double *theirs, guint n, gboolean higher_is_better,
                              OmniComparison *comparison);

G_END_DECLS
