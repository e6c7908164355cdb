/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/evaluate/summary.h"

#include <math.h>

static double
get_value (const OmniEvaluateTask *task, guint scene, guint method, guint metric)
{
  return omni_evaluate_get_score (task, scene, method, metric)->value;
}

/* (transfer full) The values of one method, by scene. */
static double *
get_values (const OmniEvaluateTask *task, guint method, guint metric)
{
  double *values = g_new (double, MAX (task->scenes->len, 1));
  for (guint i = 0; i < task->scenes->len; i++)
    values[i] = get_value (task, i, method, metric);
  return values;
}

/* ---- Columns ---- */

static gboolean
is_shared (const OmniEvaluateTask *task, const OmniEvaluateColumn *column, guint scene, guint metric)
{
  guint n_parts = 0;
  for (guint i = 0; i < task->methods->len; i++)
  {
    if (column->entries[i].n_values == 0)
      continue;
    n_parts++;
    if (isnan (get_value (task, scene, i, metric)))
      return FALSE;
  }
  return n_parts > 0;
}

/* Puts the values of the methods that take part into `values`, and their indices into `methods`. */
static guint
gather (const OmniEvaluateTask *task, const OmniEvaluateColumn *column, guint scene, guint metric,
        double *values, guint *methods)
{
  guint n = 0;
  for (guint i = 0; i < task->methods->len; i++)
    if (column->entries[i].n_values > 0)
    {
      methods[n] = i;
      values[n++] = get_value (task, scene, i, metric);
    }
  return n;
}

static void
rank_scenes (const OmniEvaluateTask *task, OmniEvaluateColumn *column, guint metric, const gboolean *shared)
{
  const guint n_methods = task->methods->len;
  g_autofree double *values = g_new (double, n_methods);
  g_autofree guint *methods = g_new (guint, n_methods);
  g_autofree guint *ranks = g_new (guint, n_methods);
  for (guint scene = 0; scene < task->scenes->len; scene++)
  {
    if (!shared[scene])
      continue;
    const guint n = gather (task, column, scene, metric, values, methods);
    omni_statistics_rank (values, n, column->metric->higher_is_better, ranks);
    for (guint i = 0; i < n; i++)
      column->entries[methods[i]].ranks[ranks[i] - 1]++;
  }
}

static void
place_methods (const OmniEvaluateTask *task, OmniEvaluateColumn *column)
{
  const guint n_methods = task->methods->len;
  g_autofree double *means = g_new (double, n_methods);
  g_autofree guint *methods = g_new (guint, n_methods);
  g_autofree guint *ranks = g_new (guint, n_methods);
  guint n = 0;
  for (guint i = 0; i < n_methods; i++)
    if (!isnan (column->entries[i].mean))
    {
      methods[n] = i;
      means[n++] = column->entries[i].mean;
    }
  omni_statistics_rank (means, n, column->metric->higher_is_better, ranks);
  for (guint i = 0; i < n; i++)
    column->entries[methods[i]].place = ranks[i];
}

static void
fill_column (const OmniEvaluateTask *task, OmniEvaluateColumn *column, guint metric)
{
  const guint n_scenes = task->scenes->len, n_methods = task->methods->len;
  g_autofree gboolean *shared = g_new (gboolean, n_scenes);
  g_autofree double *values = g_new (double, n_scenes);
  column->metric = task->metrics->pdata[metric];
  column->entries = g_new0 (OmniEvaluateEntry, n_methods);
  for (guint i = 0; i < n_methods; i++)
  {
    column->entries[i].ranks = g_new0 (guint, n_methods);
    for (guint scene = 0; scene < n_scenes; scene++)
      column->entries[i].n_values += !isnan (get_value (task, scene, i, metric));
  }
  for (guint scene = 0; scene < n_scenes; scene++)
    column->n_shared += shared[scene] = is_shared (task, column, scene, metric);

  for (guint i = 0; i < n_methods; i++)
  {
    OmniEvaluateEntry *entry = &column->entries[i];
    guint n = 0;
    for (guint scene = 0; scene < n_scenes && entry->n_values > 0; scene++)
      if (shared[scene])
        values[n++] = get_value (task, scene, i, metric);
    entry->mean = omni_statistics_mean (values, n);
    entry->median = omni_statistics_median (values, n);
  }
  rank_scenes (task, column, metric, shared);
  place_methods (task, column);
}

/* ---- Pairs ---- */

static gboolean
is_pair (const OmniEvaluateTask *task, guint ours, guint theirs)
{
  const OmniEvaluateMethod *a = task->methods->pdata[ours], *b = task->methods->pdata[theirs];
  if (a->kind == OMNI_METHOD_BASELINE || b->kind == OMNI_METHOD_MODEL)
    return FALSE;
  /* Two external ones once. */
  return a->kind != b->kind || ours < theirs;
}

static void
add_pairs (OmniEvaluateTable *self, const OmniEvaluateTask *task, guint ours, guint theirs)
{
  for (guint i = 0; i < self->n_columns; i++)
  {
    OmniEvaluatePair pair = { .ours = ours, .theirs = theirs, .metric = i };
    g_autofree double *a = get_values (task, ours, i);
    g_autofree double *b = get_values (task, theirs, i);
    omni_statistics_compare (a, b, task->scenes->len, self->columns[i].metric->higher_is_better,
                             &pair.comparison);
    g_array_append_val (self->pairs, pair);
  }
}

/* ---- Failures ---- */

static void
failure_free (gpointer data)
{
  OmniEvaluateFailure *failure = data;
  g_free (failure->method);
  g_free (failure->reason);
  g_ptr_array_unref (failure->scenes);
  g_free (failure);
}

static void
add_failure (OmniEvaluateTable *self, const char *method, const char *reason, const char *scene)
{
  OmniEvaluateFailure *failure = NULL;
  for (guint i = 0; failure == NULL && i < self->failures->len; i++)
  {
    OmniEvaluateFailure *known = self->failures->pdata[i];
    if (g_strcmp0 (known->method, method) == 0 && g_str_equal (known->reason, reason))
      failure = known;
  }
  if (failure == NULL)
  {
    failure = g_new (OmniEvaluateFailure, 1);
    *failure = (OmniEvaluateFailure){ .method = g_strdup (method),
                                      .reason = g_strdup (reason),
                                      .scenes = g_ptr_array_new () };
    g_ptr_array_add (self->failures, failure);
  }
  /* All metrics of a scene may fail for one reason. */
  if (failure->scenes->len == 0 || failure->scenes->pdata[failure->scenes->len - 1] != scene)
    g_ptr_array_add (failure->scenes, (gpointer)scene);
}

static void
add_failures (OmniEvaluateTable *self, const OmniEvaluateTask *task)
{
  for (guint i = 0; i < task->scenes->len; i++)
  {
    const OmniEvaluateScene *scene = task->scenes->pdata[i];
    if (scene->problem != NULL)
      add_failure (self, NULL, scene->problem, scene->id);
  }
  for (guint method = 0; method < task->methods->len; method++)
    for (guint i = 0; i < task->scenes->len; i++)
    {
      const OmniEvaluateScene *scene = task->scenes->pdata[i];
      for (guint metric = 0; scene->problem == NULL && metric < task->metrics->len; metric++)
      {
        const OmniEvaluateScore *score = omni_evaluate_get_score (task, i, method, metric);
        if (score->reason != NULL)
          add_failure (self, ((OmniEvaluateMethod *)task->methods->pdata[method])->name, score->reason,
                       scene->id);
      }
    }
}

/* ---- The table ---- */

OmniEvaluateTable *
omni_evaluate_table_new (const OmniEvaluateTask *task)
{
  OmniEvaluateTable *self = g_new0 (OmniEvaluateTable, 1);
  self->n_methods = task->methods->len;
  self->n_columns = task->metrics->len;
  self->columns = g_new0 (OmniEvaluateColumn, self->n_columns);
  self->pairs = g_array_new (FALSE, FALSE, sizeof (OmniEvaluatePair));
  self->failures = g_ptr_array_new_with_free_func (failure_free);
  for (guint i = 0; i < self->n_columns; i++)
    fill_column (task, &self->columns[i], i);
  for (guint ours = 0; ours < self->n_methods; ours++)
    for (guint theirs = 0; theirs < self->n_methods; theirs++)
      if (is_pair (task, ours, theirs))
        add_pairs (self, task, ours, theirs);
  add_failures (self, task);
  return self;
}

void
omni_evaluate_table_free (OmniEvaluateTable *self)
{
  if (self == NULL)
    return;
  for (guint i = 0; i < self->n_columns; i++)
  {
    for (guint k = 0; k < self->n_methods; k++)
      g_free (self->columns[i].entries[k].ranks);
    g_free (self->columns[i].entries);
  }
  g_free (self->columns);
  g_array_unref (self->pairs);
  g_ptr_array_unref (self->failures);
  g_free (self);
}

/* ---- Words ---- */

static int
choose_decimals (double value)
{
  return fabs (value) < 10 ? 4 : fabs (value) < 100 ? 2 : 1;
}

char *
omni_evaluate_format_value (double value)
{
  return isnan (value) ? g_strdup ("–") : g_strdup_printf ("%.*f", choose_decimals (value), value);
}

char *
omni_evaluate_format_difference (double value)
{
  if (isnan (value))
    return g_strdup ("–");
  g_autofree char *digits = g_strdup_printf ("%.*f", choose_decimals (value), fabs (value));
  return g_strconcat (value < 0 ? "−" : value > 0 ? "+" : "", digits, NULL);
}

char *
omni_evaluate_format_ranks (const OmniEvaluateEntry *entry, guint n_methods)
{
  GString *text = g_string_new (NULL);
  for (guint i = 0; i < n_methods; i++)
    g_string_append_printf (text, "%s%u", i > 0 ? "/" : "", entry->ranks[i]);
  return g_string_free (text, FALSE);
}

char *
omni_evaluate_format_metric (const OmniMetric *metric, const OmniMetricsCompat *compat)
{
  return omni_metrics_compat_changes (compat, metric)
           ? g_strdup_printf ("%s (as in %s)", metric->name, compat->name)
           : g_strdup (metric->name);
}
