/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/cli/evaluate.h"

#include "app/evaluate/summary.h"

#include <math.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <unistd.h>

static const OmniEvaluateMethod *
get_method (const OmniEvaluateTask *task, guint index)
{
  return task->methods->pdata[index];
}

static const OmniEvaluateScene *
get_scene (const OmniEvaluateTask *task, guint index)
{
  return task->scenes->pdata[index];
}

/* ---- Text ---- */

/* printf() counts bytes, people count characters. */
static void
print_left (const char *text, int columns)
{
  printf ("%s%*s", text, MAX (0, columns - (int)g_utf8_strlen (text, -1)), "");
}

static void
print_right (const char *text, int columns)
{
  printf ("%*s%s", MAX (0, columns - (int)g_utf8_strlen (text, -1)), "", text);
}

static int
measure_names (const OmniEvaluateTask *task)
{
  int columns = 6;
  for (guint i = 0; i < task->methods->len; i++)
    columns = MAX (columns, (int)g_utf8_strlen (get_method (task, i)->name, -1));
  return columns;
}

/* Columns of the terminal; no limit elsewhere. */
static int
measure_terminal (void)
{
  struct winsize size;
  if (!isatty (STDOUT_FILENO) || ioctl (STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0)
    return G_MAXINT;
  return size.ws_col;
}

#define VALUE_COLUMNS      9
#define DIFFERENCE_COLUMNS 12
#define INTERVAL_COLUMNS   20

static int
measure_ranks (const OmniEvaluateTable *table)
{
  int columns = 5;
  for (guint i = 0; i < table->n_columns; i++)
    for (guint k = 0; k < table->n_methods; k++)
    {
      g_autofree char *ranks = omni_evaluate_format_ranks (&table->columns[i].entries[k], table->n_methods);
      columns = MAX (columns, (int)g_utf8_strlen (ranks, -1));
    }
  return columns;
}

/* "*" behind the best mean. */
static void
print_entry (const OmniEvaluateEntry *entry, guint n_methods, int rank_columns)
{
  g_autofree char *mean = omni_evaluate_format_value (entry->mean);
  g_autofree char *median = omni_evaluate_format_value (entry->median);
  g_autofree char *ranks = isnan (entry->mean) ? g_strdup ("–")
                                               : omni_evaluate_format_ranks (entry, n_methods);
  fputs ("  ", stdout);
  print_right (mean, VALUE_COLUMNS);
  fputs (entry->place == 1 ? "*" : " ", stdout);
  print_right (median, VALUE_COLUMNS);
  fputs ("  ", stdout);
  print_right (ranks, rank_columns);
}

/* Columns `first` … `end` of the table. */
static void
print_part (const OmniEvaluation *evaluation, const OmniEvaluateTask *task, const OmniEvaluateTable *table,
            guint first, guint end)
{
  const int names = measure_names (task), ranks = measure_ranks (table);
  const int group = VALUE_COLUMNS * 2 + 1 + 2 + ranks;
  printf ("\n  %*s", names, "");
  for (guint i = first; i < end; i++)
  {
    g_autofree char *metric = omni_evaluate_format_metric (table->columns[i].metric, evaluation->compat);
    g_autofree char *title = g_strconcat (metric, table->columns[i].metric->higher_is_better ? "" : " ↓",
                                          NULL);
    fputs ("  ", stdout);
    print_right (title, group);
  }
  printf ("\n  ");
  print_left ("method", names);
  for (guint i = first; i < end; i++)
  {
    fputs ("  ", stdout);
    print_right ("mean", VALUE_COLUMNS);
    print_right ("median", VALUE_COLUMNS + 1);
    fputs ("  ", stdout);
    print_right ("ranks", ranks);
  }
  putchar ('\n');
  for (guint k = 0; k < table->n_methods; k++)
  {
    fputs ("  ", stdout);
    print_left (get_method (task, k)->name, names);
    for (guint i = first; i < end; i++)
      print_entry (&table->columns[i].entries[k], table->n_methods, ranks);
    putchar ('\n');
  }
}

static void
print_table (const OmniEvaluation *evaluation, const OmniEvaluateTask *task, const OmniEvaluateTable *table)
{
  const int group = VALUE_COLUMNS * 2 + 5 + measure_ranks (table);
  const int room = measure_terminal () - 2 - measure_names (task);
  const guint n_fit = (guint)CLAMP (room / group, 1, (int)MAX (table->n_columns, 1));
  for (guint first = 0; first < table->n_columns; first += n_fit)
    print_part (evaluation, task, table, first, MIN (first + n_fit, table->n_columns));
  for (guint i = 0; i < table->n_columns; i++)
    if (table->columns[i].n_shared < task->scenes->len)
      printf ("  %s is compared on %u of %u scenes, those that all methods share.\n",
              table->columns[i].metric->name, table->columns[i].n_shared, task->scenes->len);
}

static void
print_pair (const OmniEvaluation *evaluation, const OmniEvaluateTask *task, const OmniEvaluateTable *table,
            const OmniEvaluatePair *pair, int metrics)
{
  const int names = measure_names (task);
  const OmniComparison *c = &pair->comparison;
  g_autofree char *metric = omni_evaluate_format_metric (table->columns[pair->metric].metric,
                                                         evaluation->compat);
  g_autofree char *mean = omni_evaluate_format_difference (c->mean_difference);
  g_autofree char *low = omni_evaluate_format_difference (c->low);
  g_autofree char *high = omni_evaluate_format_difference (c->high);
  g_autofree char *interval = c->has_interval ? g_strdup_printf ("[%s, %s]", low, high) : g_strdup ("–");
  fputs ("  ", stdout);
  print_left (get_method (task, pair->ours)->name, names + 2);
  print_left (get_method (task, pair->theirs)->name, names + 2);
  print_left (metric, metrics);
  print_right (mean, DIFFERENCE_COLUMNS);
  fputs ("  ", stdout);
  print_left (interval, INTERVAL_COLUMNS);
  printf (" %6u %6u %6u\n", c->wins, c->losses, c->ties);
}

static void
print_pairs (const OmniEvaluation *evaluation, const OmniEvaluateTask *task, const OmniEvaluateTable *table)
{
  const int names = measure_names (task);
  int metrics = 6;
  if (table->pairs->len == 0)
    return;
  for (guint i = 0; i < table->n_columns; i++)
  {
    g_autofree char *metric = omni_evaluate_format_metric (table->columns[i].metric, evaluation->compat);
    metrics = MAX (metrics, (int)g_utf8_strlen (metric, -1));
  }
  fputs ("\n  ", stdout);
  print_left ("ours", names + 2);
  print_left ("theirs", names + 2);
  print_left ("metric", metrics);
  print_right ("difference", DIFFERENCE_COLUMNS);
  fputs ("  ", stdout);
  print_left ("95 % interval", INTERVAL_COLUMNS);
  printf (" %6s %6s %6s\n", "wins", "losses", "ties");
  for (guint i = 0; i < table->pairs->len; i++)
    print_pair (evaluation, task, table, &g_array_index (table->pairs, OmniEvaluatePair, i), metrics);
}

static void
print_failures (const OmniEvaluateTask *task, const OmniEvaluateTable *table)
{
  if (task->left_out->len + table->failures->len > 0)
    putchar ('\n');
  for (guint i = 0; i < task->left_out->len; i++)
  {
    const OmniEvaluateLeftOut *left_out = task->left_out->pdata[i];
    printf ("  not scored: %s, all %u scenes: %s\n", left_out->name, task->scenes->len, left_out->reason);
  }
  for (guint i = 0; i < table->failures->len; i++)
  {
    const OmniEvaluateFailure *failure = table->failures->pdata[i];
    printf ("  not scored: %s%s", failure->method != NULL ? failure->method : "",
            failure->method != NULL ? ", " : "");
    for (guint k = 0; k < failure->scenes->len; k++)
      printf ("%s%s", k > 0 ? ", " : "", (const char *)failure->scenes->pdata[k]);
    printf (" (%u): %s\n", failure->scenes->len, failure->reason);
  }
}

void
omni_cli_print_evaluation (const OmniEvaluation *evaluation, GPtrArray *notes)
{
  for (guint i = 0; i < evaluation->tasks->len; i++)
  {
    const OmniEvaluateTask *task = evaluation->tasks->pdata[i];
    g_autoptr (OmniEvaluateTable) table = omni_evaluate_table_new (task);
    printf ("%s%s: %u %s\n", i > 0 ? "\n" : "", omni_task_to_string (task->task), task->scenes->len,
            task->scenes->len == 1 ? "scene" : "scenes");
    if (table->n_methods > 0 && table->n_columns > 0)
    {
      print_table (evaluation, task, table);
      print_pairs (evaluation, task, table);
    }
    print_failures (task, table);
  }
  putchar ('\n');
  if (evaluation->compat != NULL)
    printf ("As in %s: %s.\n", evaluation->compat->name, evaluation->compat->summary);
  for (guint i = 0; i < notes->len; i++)
    printf ("%s\n", (const char *)notes->pdata[i]);
  printf ("%u scores, %u of them known from earlier runs; * best mean; ranks: how often 1st/2nd/…\n",
          evaluation->n_scores, evaluation->n_from_cache);
}

/* ---- JSON ---- */

static void
add_number (JsonBuilder *json, const char *name, double value)
{
  json_builder_set_member_name (json, name);
  if (isnan (value))
    json_builder_add_null_value (json);
  else
    json_builder_add_double_value (json, value);
}

static void
begin (JsonBuilder *json, const char *name, gboolean is_array)
{
  json_builder_set_member_name (json, name);
  if (is_array)
    json_builder_begin_array (json);
  else
    json_builder_begin_object (json);
}

static void
add_scenes (JsonBuilder *json, const OmniEvaluateTask *task)
{
  begin (json, "scenes", TRUE);
  for (guint i = 0; i < task->scenes->len; i++)
  {
    const OmniEvaluateScene *scene = get_scene (task, i);
    json_builder_begin_object (json);
    omni_cli_add_string (json, "id", scene->id);
    omni_cli_add_int (json, "sources", scene->sources->len);
    omni_cli_add_boolean (json, "has_reference", scene->reference != NULL);
    omni_cli_add_string (json, "problem", scene->problem);
    json_builder_end_object (json);
  }
  json_builder_end_array (json);
}

static void
add_metrics (JsonBuilder *json, const OmniEvaluation *evaluation, const OmniEvaluateTable *table)
{
  begin (json, "metrics", FALSE);
  for (guint i = 0; i < table->n_columns; i++)
  {
    const OmniMetric *metric = table->columns[i].metric;
    begin (json, metric->name, FALSE);
    omni_cli_add_string (json, "title", metric->title);
    omni_cli_add_boolean (json, "higher_is_better", metric->higher_is_better);
    omni_cli_add_string (json, "compat",
                         omni_metrics_compat_changes (evaluation->compat, metric) ? evaluation->compat->name
                                                                                  : NULL);
    omni_cli_add_int (json, "scenes_shared", table->columns[i].n_shared);
    json_builder_end_object (json);
  }
  json_builder_end_object (json);
}

static void
add_entry (JsonBuilder *json, const OmniEvaluateTask *task, const OmniEvaluateTable *table, guint method,
           guint metric)
{
  const OmniEvaluateEntry *entry = &table->columns[metric].entries[method];
  begin (json, table->columns[metric].metric->name, FALSE);
  add_number (json, "mean", entry->mean);
  add_number (json, "median", entry->median);
  begin (json, "ranks", TRUE);
  for (guint i = 0; i < table->n_methods; i++)
    json_builder_add_int_value (json, entry->ranks[i]);
  json_builder_end_array (json);
  omni_cli_add_int (json, "values", entry->n_values);
  begin (json, "scenes", FALSE);
  for (guint i = 0; i < task->scenes->len; i++)
    add_number (json, get_scene (task, i)->id, omni_evaluate_get_score (task, i, method, metric)->value);
  json_builder_end_object (json);
  json_builder_end_object (json);
}

static void
add_methods (JsonBuilder *json, const OmniEvaluateTask *task, const OmniEvaluateTable *table)
{
  begin (json, "methods", FALSE);
  for (guint i = 0; i < table->n_methods; i++)
  {
    const OmniEvaluateMethod *method = get_method (task, i);
    begin (json, method->name, FALSE);
    omni_cli_add_string (json, "kind", omni_evaluate_method_kind_to_string (method->kind));
    omni_cli_add_string (json, "model", method->model != NULL ? method->model->name : NULL);
    omni_cli_add_string (json, "options", method->options_text);
    omni_cli_add_string (json, "weights_sha256",
                         omni_evaluate_method_get_weights_sha256 (method, task->task));
    omni_cli_add_string (json, "pattern", method->pattern);
    begin (json, "metrics", FALSE);
    for (guint k = 0; k < table->n_columns; k++)
      add_entry (json, task, table, i, k);
    json_builder_end_object (json);
    json_builder_end_object (json);
  }
  json_builder_end_object (json);
}

static void
add_pairs (JsonBuilder *json, const OmniEvaluateTask *task, const OmniEvaluateTable *table)
{
  begin (json, "comparisons", TRUE);
  for (guint i = 0; i < table->pairs->len; i++)
  {
    const OmniEvaluatePair *pair = &g_array_index (table->pairs, OmniEvaluatePair, i);
    const OmniComparison *c = &pair->comparison;
    json_builder_begin_object (json);
    omni_cli_add_string (json, "ours", get_method (task, pair->ours)->name);
    omni_cli_add_string (json, "theirs", get_method (task, pair->theirs)->name);
    omni_cli_add_string (json, "metric", table->columns[pair->metric].metric->name);
    omni_cli_add_int (json, "scenes", c->n);
    omni_cli_add_int (json, "wins", c->wins);
    omni_cli_add_int (json, "losses", c->losses);
    omni_cli_add_int (json, "ties", c->ties);
    add_number (json, "mean_difference", c->mean_difference);
    json_builder_set_member_name (json, "interval");
    if (c->has_interval)
    {
      json_builder_begin_array (json);
      json_builder_add_double_value (json, c->low);
      json_builder_add_double_value (json, c->high);
      json_builder_end_array (json);
    }
    else
      json_builder_add_null_value (json);
    json_builder_end_object (json);
  }
  json_builder_end_array (json);
}

static void
add_failures (JsonBuilder *json, const OmniEvaluateTask *task, const OmniEvaluateTable *table)
{
  begin (json, "failures", TRUE);
  for (guint i = 0; i < table->failures->len; i++)
  {
    const OmniEvaluateFailure *failure = table->failures->pdata[i];
    json_builder_begin_object (json);
    omni_cli_add_string (json, "method", failure->method);
    omni_cli_add_string (json, "reason", failure->reason);
    omni_cli_add_strings (json, "scenes", failure->scenes);
    json_builder_end_object (json);
  }
  json_builder_end_array (json);
  begin (json, "left_out", TRUE);
  for (guint i = 0; i < task->left_out->len; i++)
  {
    const OmniEvaluateLeftOut *left_out = task->left_out->pdata[i];
    json_builder_begin_object (json);
    omni_cli_add_string (json, "method", left_out->name);
    omni_cli_add_string (json, "reason", left_out->reason);
    json_builder_end_object (json);
  }
  json_builder_end_array (json);
}

static void
add_tasks (JsonBuilder *json, const OmniEvaluation *evaluation)
{
  begin (json, "tasks", FALSE);
  for (guint i = 0; i < evaluation->tasks->len; i++)
  {
    const OmniEvaluateTask *task = evaluation->tasks->pdata[i];
    g_autoptr (OmniEvaluateTable) table = omni_evaluate_table_new (task);
    begin (json, omni_task_to_string (task->task), FALSE);
    add_scenes (json, task);
    add_metrics (json, evaluation, table);
    add_methods (json, task, table);
    add_pairs (json, task, table);
    add_failures (json, task, table);
    json_builder_end_object (json);
  }
  json_builder_end_object (json);
}

void
omni_cli_print_evaluation_json (const OmniEvaluation *evaluation, GPtrArray *notes)
{
  g_autoptr (JsonBuilder) json = json_builder_new ();
  json_builder_begin_object (json);
  add_tasks (json, evaluation);
  omni_cli_add_string (json, "version", OMNI_VERSION);
  omni_cli_add_string (json, "device", evaluation->device_name);
  omni_cli_add_string (json, "compat", evaluation->compat != NULL ? evaluation->compat->name : NULL);
  omni_cli_add_int (json, "bootstrap_resamples", OMNI_STATISTICS_RESAMPLES);
  omni_cli_add_path (json, "cache", evaluation->cache_path);
  omni_cli_add_int (json, "scores", evaluation->n_scores);
  omni_cli_add_int (json, "scores_from_cache", evaluation->n_from_cache);
  omni_cli_add_strings (json, "notes", notes);
  omni_cli_add_strings (json, "warnings", evaluation->warnings);
  json_builder_end_object (json);
  omni_cli_print_json (json);
}
