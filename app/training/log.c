/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/training/log.h"

#include "app/files/output.h"

#include <math.h>
#include <string.h>

struct _OmniTrainLog
{
  const OmniRecipe *recipe;
  char *csv_path, *validation_path;
  GArray *steps, *scores;
  GString *csv, *validation; /* the files' text */
  gboolean has_term[OMNI_N_LOSSES + 1];
  guint64 last_found; /* step */
};

#define ALL_TASKS "all" /* the name of task −1 */

/* Where a file has what this program knows; −1: nowhere. */
typedef struct
{
  int step, task, loss, learning_rate, gradient_norm, device_ms, wait_ms;
  int terms[OMNI_N_LOSSES + 1];
} Columns;

static void
score_clear (gpointer data)
{
  OmniTrainLogScore *score = data;
  g_free (score->scene);
  g_free (score->metric);
}

static const char *
get_term_name (guint term)
{
  return term < OMNI_N_LOSSES ? omni_loss_to_string ((OmniLoss)term) : "ewc";
}

static void
append_number (GString *text, double value)
{
  char number[G_ASCII_DTOSTR_BUF_SIZE];
  g_string_append_c (text, ',');
  if (!isnan (value))
    g_string_append (text, g_ascii_formatd (number, sizeof number, "%.9g", value));
}

static const char *
get_task_name (const OmniTrainLog *self, int task)
{
  return task < 0 ? ALL_TASKS : ((const OmniRecipeTask *)self->recipe->tasks->pdata[task])->name;
}

static void
write_step (OmniTrainLog *self, const OmniTrainLogStep *step)
{
  g_string_append_printf (self->csv, "%" G_GUINT64_FORMAT ",", step->step);
  g_string_append (self->csv, get_task_name (self, (int)step->task));
  append_number (self->csv, step->loss);
  append_number (self->csv, step->learning_rate);
  append_number (self->csv, step->gradient_norm);
  append_number (self->csv, step->device_ms);
  append_number (self->csv, step->wait_ms);
  for (guint i = 0; i <= OMNI_N_LOSSES; i++)
    if (self->has_term[i])
      append_number (self->csv, step->terms[i]);
  g_string_append_c (self->csv, '\n');
}

static void
write_score (OmniTrainLog *self, const OmniTrainLogScore *score)
{
  g_string_append_printf (self->validation, "%" G_GUINT64_FORMAT ",%s,%s,%s", score->step,
                          get_task_name (self, score->task), score->scene, score->metric);
  append_number (self->validation, score->value);
  g_string_append_c (self->validation, '\n');
}

static void
write_all_scores (OmniTrainLog *self)
{
  g_string_assign (self->validation, "step,task,scene,metric,value\n");
  for (guint i = 0; i < self->scores->len; i++)
    write_score (self, &g_array_index (self->scores, OmniTrainLogScore, i));
}

static void
write_header (OmniTrainLog *self)
{
  g_string_assign (self->csv, "step,task,loss,learning_rate,gradient_norm,device_ms,wait_ms");
  for (guint i = 0; i <= OMNI_N_LOSSES; i++)
    if (self->has_term[i])
      g_string_append_printf (self->csv, ",%s", get_term_name (i));
  g_string_append_c (self->csv, '\n');
}

/* ---- Reading back ---- */

static int
find_task (const OmniTrainLog *self, const char *name)
{
  for (guint i = 0; i < self->recipe->tasks->len; i++)
    if (g_str_equal (((const OmniRecipeTask *)self->recipe->tasks->pdata[i])->name, name))
      return (int)i;
  return -1;
}

static int
find_column (char **header, const char *name)
{
  for (int i = 0; header[i] != NULL; i++)
    if (g_str_equal (header[i], name))
      return i;
  return -1;
}

/* The recipe may have been another one then: what its terms have left keeps its columns. */
static void
find_columns (OmniTrainLog *self, char **header, Columns *columns)
{
  *columns = (Columns){ .step = find_column (header, "step"),
                        .task = find_column (header, "task"),
                        .loss = find_column (header, "loss"),
                        .learning_rate = find_column (header, "learning_rate"),
                        .gradient_norm = find_column (header, "gradient_norm"),
                        .device_ms = find_column (header, "device_ms"),
                        .wait_ms = find_column (header, "wait_ms") };
  for (guint i = 0; i <= OMNI_N_LOSSES; i++)
  {
    columns->terms[i] = find_column (header, get_term_name (i));
    self->has_term[i] |= columns->terms[i] >= 0;
  }
}

static double
read_number (char **fields, int column)
{
  return column < 0 || fields[column][0] == '\0' ? NAN : g_ascii_strtod (fields[column], NULL);
}

static void
read_step (OmniTrainLog *self, const Columns *columns, char **fields, guint64 last_step)
{
  const int task = find_task (self, fields[columns->task]);
  OmniTrainLogStep step = { .step = task >= 0 ? g_ascii_strtoull (fields[columns->step], NULL, 10) : 0 };
  self->last_found = MAX (self->last_found, step.step);
  if (step.step == 0 || step.step > last_step)
    return;
  step.task = (guint)task;
  step.loss = read_number (fields, columns->loss);
  step.learning_rate = read_number (fields, columns->learning_rate);
  step.gradient_norm = read_number (fields, columns->gradient_norm);
  step.device_ms = read_number (fields, columns->device_ms);
  step.wait_ms = read_number (fields, columns->wait_ms);
  for (guint i = 0; i <= OMNI_N_LOSSES; i++)
    step.terms[i] = read_number (fields, columns->terms[i]);
  g_array_append_val (self->steps, step);
}

static gboolean
is_of_all (const char *metric)
{
  return g_str_equal (metric, OMNI_TRAIN_SCORE) || g_str_equal (metric, OMNI_TRAIN_LOST);
}

/* A task may be called “all”: the score of all is told by its metric. */
static void
read_score (OmniTrainLog *self, char **fields, guint64 last_step)
{
  const guint64 step = g_ascii_strtoull (fields[0], NULL, 10);
  const gboolean of_all = g_str_equal (fields[1], ALL_TASKS) && is_of_all (fields[3]);
  const int task = of_all ? -1 : find_task (self, fields[1]);
  if (step == 0 || step > last_step || (task < 0 && !of_all))
    return;
  const OmniTrainLogScore score = { .step = step,
                                    .task = task,
                                    .scene = g_strdup (fields[2]),
                                    .metric = g_strdup (fields[3]),
                                    .value = read_number (fields, 4) };
  g_array_append_val (self->scores, score);
}

/* (transfer full) (nullable) The lines of a file of ours; where there is none, the curves begin here. */
static char **
read_lines (const char *path)
{
  g_autofree char *text = NULL;
  return g_file_get_contents (path, &text, NULL, NULL) ? g_strsplit (text, "\n", -1) : NULL;
}

/* Lines that are not of our making, and those of tasks that the recipe has not, are passed over. */
static void
read_steps (OmniTrainLog *self, guint64 last_step)
{
  g_auto (GStrv) lines = read_lines (self->csv_path);
  if (lines == NULL || lines[0] == NULL)
    return;
  g_auto (GStrv) header = g_strsplit (lines[0], ",", -1);
  const guint n_columns = g_strv_length (header);
  Columns columns;
  find_columns (self, header, &columns);
  for (guint i = 1; columns.step >= 0 && columns.task >= 0 && lines[i] != NULL; i++)
  {
    g_auto (GStrv) fields = g_strsplit (lines[i], ",", -1);
    if (g_strv_length (fields) == n_columns)
      read_step (self, &columns, fields, last_step);
  }
}

static void
read_scores (OmniTrainLog *self, guint64 last_step)
{
  g_auto (GStrv) lines = read_lines (self->validation_path);
  for (guint i = 1; lines != NULL && lines[0] != NULL && lines[i] != NULL; i++)
  {
    g_auto (GStrv) fields = g_strsplit (lines[i], ",", -1);
    if (g_strv_length (fields) == 5)
      read_score (self, fields, last_step);
  }
}

OmniTrainLog *
omni_train_log_open (const char *csv_path, const char *validation_path, const OmniRecipe *recipe,
                     guint64 first_step, GError **error)
{
  g_autoptr (OmniTrainLog) self = g_new0 (OmniTrainLog, 1);
  self->recipe = recipe;
  self->csv_path = g_strdup (csv_path);
  self->validation_path = g_strdup (validation_path);
  self->steps = g_array_new (FALSE, FALSE, sizeof (OmniTrainLogStep));
  self->scores = g_array_new (FALSE, FALSE, sizeof (OmniTrainLogScore));
  g_array_set_clear_func (self->scores, score_clear);
  self->csv = g_string_new (NULL);
  self->validation = g_string_new (NULL);
  for (guint t = 0; t < recipe->tasks->len; t++)
    for (guint i = 0; i < OMNI_N_LOSSES; i++)
      self->has_term[i] |= ((const OmniRecipeTask *)recipe->tasks->pdata[t])->losses.weight[i] > 0;
  self->has_term[OMNI_N_LOSSES] = recipe->has_ewc;
  if (first_step > 0)
  {
    read_steps (self, first_step);
    read_scores (self, first_step);
  }
  write_header (self);
  for (guint i = 0; i < self->steps->len; i++)
    write_step (self, &g_array_index (self->steps, OmniTrainLogStep, i));
  write_all_scores (self);
  return omni_train_log_save (self, error) ? g_steal_pointer (&self) : NULL;
}

void
omni_train_log_free (OmniTrainLog *self)
{
  if (self == NULL)
    return;
  g_array_unref (self->steps);
  g_array_unref (self->scores);
  g_string_free (self->csv, TRUE);
  g_string_free (self->validation, TRUE);
  g_free (self->csv_path);
  g_free (self->validation_path);
  g_free (self);
}

guint64
omni_train_log_get_last_found (const OmniTrainLog *self)
{
  return self->last_found;
}

/* ---- Adding ---- */

void
omni_train_log_add_step (OmniTrainLog *self, guint task, const OmniTrainReport *report, double wait_ms)
{
  OmniTrainLogStep step = { .step = report->step,
                            .task = task,
                            .loss = report->loss,
                            .learning_rate = report->learning_rate,
                            .gradient_norm = report->gradient_norm,
                            .device_ms = report->device_ms,
                            .wait_ms = wait_ms };
  for (guint i = 0; i <= OMNI_N_LOSSES; i++)
  {
    step.terms[i] = NAN;
    for (guint k = 0; k < report->n_terms; k++)
      if (g_str_equal (report->terms[k].name, get_term_name (i)))
        step.terms[i] = report->terms[k].weighted;
  }
  g_array_append_val (self->steps, step);
  write_step (self, &step);
}

void
omni_train_log_add_score (OmniTrainLog *self, guint64 step, int task, const char *scene, const char *metric,
                          double value)
{
  g_autofree char *name = g_strdelimit (g_strdup (scene), ",\"\n", '_');
  const OmniTrainLogScore score = {
    .step = step, .task = task, .scene = g_strdup (name), .metric = g_strdup (metric), .value = value
  };
  g_array_append_val (self->scores, score);
  write_score (self, &score);
}

gboolean
omni_train_log_has_scores (const OmniTrainLog *self, guint64 step)
{
  for (guint i = 0; i < self->scores->len; i++)
    if (g_array_index (self->scores, OmniTrainLogScore, i).step == step)
      return TRUE;
  return FALSE;
}

void
omni_train_log_drop_scores (OmniTrainLog *self, guint64 step)
{
  for (guint i = self->scores->len; i-- > 0;)
    if (g_array_index (self->scores, OmniTrainLogScore, i).step == step)
      g_array_remove_index (self->scores, i);
  write_all_scores (self);
}

gboolean
omni_train_log_save (OmniTrainLog *self, GError **error)
{
  return omni_file_replace_contents_atomic (self->csv_path, self->csv->str, self->csv->len, TRUE, error)
         && omni_file_replace_contents_atomic (self->validation_path, self->validation->str,
                                               self->validation->len, TRUE, error);
}

const GArray *
omni_train_log_get_steps (const OmniTrainLog *self)
{
  return self->steps;
}

const GArray *
omni_train_log_get_scores (const OmniTrainLog *self)
{
  return self->scores;
}

static gboolean
is_lost (const OmniTrainLog *self, guint64 step)
{
  for (guint i = 0; i < self->scores->len; i++)
  {
    const OmniTrainLogScore *one = &g_array_index (self->scores, OmniTrainLogScore, i);
    if (one->step == step && g_str_equal (one->metric, OMNI_TRAIN_LOST))
      return TRUE;
  }
  return FALSE;
}

gboolean
omni_train_log_get_best (const OmniTrainLog *self, guint64 *step, double *score)
{
  gboolean found = FALSE;
  for (guint i = 0; i < self->scores->len; i++)
  {
    const OmniTrainLogScore *one = &g_array_index (self->scores, OmniTrainLogScore, i);
    if (!g_str_equal (one->metric, OMNI_TRAIN_SCORE) || (found && one->value <= *score)
        || is_lost (self, one->step))
      continue;
    *step = one->step;
    *score = one->value;
    found = TRUE;
  }
  return found;
}

guint
omni_train_log_count_tasks (const OmniTrainLog *self, guint64 step)
{
  guint n = 0;
  for (guint i = 0; i < self->scores->len; i++)
  {
    const OmniTrainLogScore *one = &g_array_index (self->scores, OmniTrainLogScore, i);
    n += one->step == step && one->task >= 0 && one->scene[0] == '\0'
         && g_str_equal (one->metric, OMNI_TRAIN_LOSS);
  }
  return n;
}
