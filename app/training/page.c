/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/training/run-private.h"

#include "app/report/html.h"

#include <math.h>
#include <string.h>

/* More points than these cannot be told apart. */
#define N_POINTS 240
/* Fusions of one scene side by side. */
#define N_FUSIONS 8

/* A line in the making. */
typedef struct
{
  char *label;
  GArray *x, *y;
} Line;

static void
line_free (gpointer data)
{
  Line *line = data;
  g_free (line->label);
  g_array_unref (line->x);
  g_array_unref (line->y);
  g_free (line);
}

static Line *
add_line (GPtrArray *lines, const char *label)
{
  Line *line = g_new0 (Line, 1);
  line->label = g_strdup (label);
  line->x = g_array_new (FALSE, FALSE, sizeof (double));
  line->y = g_array_new (FALSE, FALSE, sizeof (double));
  g_ptr_array_add (lines, line);
  return line;
}

static void
add_point (Line *line, double x, double y)
{
  if (!isfinite (y))
    return;
  g_array_append_val (line->x, x);
  g_array_append_val (line->y, y);
}

/* Replaces runs of points by their means. */
static void
thin (Line *line)
{
  const guint n = line->x->len;
  if (n <= N_POINTS)
    return;
  for (guint k = 0; k < N_POINTS; k++)
  {
    const guint first = (guint)((guint64)k * n / N_POINTS), end = (guint)((guint64)(k + 1) * n / N_POINTS);
    double x = 0, y = 0;
    for (guint i = first; i < end; i++)
    {
      x += g_array_index (line->x, double, i) / (end - first);
      y += g_array_index (line->y, double, i) / (end - first);
    }
    g_array_index (line->x, double, k) = x;
    g_array_index (line->y, double, k) = y;
  }
  g_array_set_size (line->x, N_POINTS);
  g_array_set_size (line->y, N_POINTS);
}

static void
add_chart (OmniHtml *html, const char *title, GPtrArray *lines, gboolean logarithmic)
{
  g_autoptr (GArray) curves = g_array_new (FALSE, FALSE, sizeof (OmniHtmlCurve));
  guint n_points = 0;
  for (guint i = 0; i < lines->len; i++)
  {
    Line *line = lines->pdata[i];
    thin (line);
    const OmniHtmlCurve curve = { .label = line->label,
                                  .x = (const double *)(gpointer)line->x->data,
                                  .y = (const double *)(gpointer)line->y->data,
                                  .n = line->x->len };
    n_points += curve.n;
    g_array_append_val (curves, curve);
  }
  if (n_points > 0)
    omni_html_add_curves (html, title, (const OmniHtmlCurve *)(gpointer)curves->data, curves->len,
                          logarithmic);
}

static const OmniRecipeTask *
get_task (const OmniTrainJob *job, guint index)
{
  return job->recipe->tasks->pdata[index];
}

/* ---- Losses ---- */

static void
add_losses (OmniHtml *html, const OmniTrainJob *job, const OmniTrainLog *log)
{
  const GArray *steps = omni_train_log_get_steps (log);
  for (guint task = 0; task < job->recipe->tasks->len; task++)
  {
    g_autoptr (GPtrArray) lines = g_ptr_array_new_with_free_func (line_free);
    const OmniTrainLosses *losses = &get_task (job, task)->losses;
    Line *whole = add_line (lines, "loss"), *terms[OMNI_N_LOSSES + 1] = { NULL };
    for (guint k = 0; k < OMNI_N_LOSSES; k++)
      if (losses->weight[k] > 0)
        terms[k] = add_line (lines, omni_loss_to_string ((OmniLoss)k));
    if (job->recipe->has_ewc)
      terms[OMNI_N_LOSSES] = add_line (lines, "ewc");
    for (guint i = 0; i < steps->len; i++)
    {
      const OmniTrainLogStep *step = &g_array_index (steps, OmniTrainLogStep, i);
      if (step->task != task)
        continue;
      add_point (whole, (double)step->step, step->loss);
      for (guint k = 0; k <= OMNI_N_LOSSES; k++)
        if (terms[k] != NULL)
          add_point (terms[k], (double)step->step, step->terms[k]);
    }
    g_autofree char *title = g_strdup_printf ("%s: loss and its weighted terms", get_task (job, task)->name);
    add_chart (html, title, lines, TRUE);
  }
}

static void
add_control (OmniHtml *html, const OmniTrainLog *log)
{
  const GArray *steps = omni_train_log_get_steps (log);
  g_autoptr (GPtrArray) rates = g_ptr_array_new_with_free_func (line_free);
  g_autoptr (GPtrArray) norms = g_ptr_array_new_with_free_func (line_free);
  g_autoptr (GPtrArray) times = g_ptr_array_new_with_free_func (line_free);
  Line *rate = add_line (rates, "learning rate"),
       *norm = add_line (norms, "norm of the gradient, before clipping");
  Line *device = add_line (times, "device"), *wait = add_line (times, "waiting for pictures");
  for (guint i = 0; i < steps->len; i++)
  {
    const OmniTrainLogStep *step = &g_array_index (steps, OmniTrainLogStep, i);
    add_point (rate, (double)step->step, step->learning_rate);
    add_point (norm, (double)step->step, step->gradient_norm);
    add_point (device, (double)step->step, step->device_ms);
    add_point (wait, (double)step->step, step->wait_ms);
  }
  add_chart (html, "Learning rate", rates, FALSE);
  add_chart (html, "Gradient", norms, TRUE);
  add_chart (html, "Milliseconds of a step", times, FALSE);
}

/* ---- Validation ---- */

static void
add_metric (OmniHtml *html, const OmniTrainJob *job, const OmniTrainLog *log, const char *metric)
{
  const GArray *scores = omni_train_log_get_scores (log);
  g_autoptr (GPtrArray) lines = g_ptr_array_new_with_free_func (line_free);
  for (guint task = 0; task < job->recipe->tasks->len; task++)
    add_line (lines, get_task (job, task)->name);
  Line *all = add_line (lines, "all");
  for (guint i = 0; i < scores->len; i++)
  {
    const OmniTrainLogScore *score = &g_array_index (scores, OmniTrainLogScore, i);
    if (score->scene[0] == '\0' && g_str_equal (score->metric, metric))
      add_point (score->task >= 0 ? lines->pdata[score->task] : all, (double)score->step, score->value);
  }
  add_chart (html, metric, lines, FALSE);
}

static gboolean
has_string (GPtrArray *strings, const char *wanted)
{
  return g_ptr_array_find_with_equal_func (strings, wanted, g_str_equal, NULL);
}

static void
add_validation (OmniHtml *html, const OmniTrainJob *job, const OmniTrainLog *log)
{
  const GArray *scores = omni_train_log_get_scores (log);
  g_autoptr (GPtrArray) metrics = g_ptr_array_new ();
  g_ptr_array_add (metrics, (gpointer)OMNI_TRAIN_SCORE);
  for (guint i = 0; i < scores->len; i++)
  {
    const OmniTrainLogScore *score = &g_array_index (scores, OmniTrainLogScore, i);
    if (score->scene[0] == '\0' && !g_str_equal (score->metric, OMNI_TRAIN_LOST)
        && !has_string (metrics, score->metric))
      g_ptr_array_add (metrics, score->metric);
  }
  omni_html_add_heading (html, 2, "validation", "Validation", "means over the scenes of the val split");
  guint64 best_step;
  double best;
  if (!omni_train_log_get_best (log, &best_step, &best))
  {
    omni_html_add_paragraph (html, "There was none yet.");
    return;
  }
  g_autofree char *line = g_strdup_printf (
    "The best weights are those of step %" G_GUINT64_FORMAT
    ", with a score of %.4f: the mean over the tasks of ref-ssim where "
    "there is a truth, mef-ssim for other exposures, and qabf for the rest.",
    best_step, best);
  omni_html_add_paragraph (html, line);
  omni_html_begin_charts (html);
  for (guint i = 0; i < metrics->len; i++)
    add_metric (html, job, log, metrics->pdata[i]);
  omni_html_end_charts (html);
}

/* ---- Fusions ---- */

static int
compare_strings (gconstpointer a, gconstpointer b)
{
  return strcmp (*(const char *const *)a, *(const char *const *)b);
}

/* (transfer full) The files of a task's fusions whose part after the task's name begins with a digit, or with `kind`. */
static GPtrArray *
list_fusions (const OmniTrainPaths *paths, const char *task, const char *kind)
{
  GPtrArray *names = g_ptr_array_new_with_free_func (g_free);
  g_autofree char *prefix = g_strconcat (task, ".", kind, NULL);
  g_autoptr (GDir) folder = g_dir_open (paths->fusions, 0, NULL);
  for (const char *name = folder != NULL ? g_dir_read_name (folder) : NULL; name != NULL;
       name = g_dir_read_name (folder))
    if (g_str_has_prefix (name, prefix) && g_str_has_suffix (name, ".png")
        && (kind[0] != '\0' || g_ascii_isdigit (name[strlen (prefix)])))
      g_ptr_array_add (names, g_strdup (name));
  g_ptr_array_sort (names, compare_strings);
  return names;
}

/* Keeps at most N_FUSIONS, the first and the last among them. */
static void
choose_fusions (GPtrArray *names)
{
  const guint n = names->len;
  if (n <= N_FUSIONS)
    return;
  GPtrArray *chosen = g_ptr_array_new ();
  for (guint i = 0; i < N_FUSIONS; i++)
    g_ptr_array_add (chosen, g_strdup (names->pdata[(guint64)i * (n - 1) / (N_FUSIONS - 1)]));
  g_ptr_array_set_size (names, 0);
  for (guint i = 0; i < chosen->len; i++)
    g_ptr_array_add (names, chosen->pdata[i]);
  g_ptr_array_unref (chosen);
}

/* "step 500" from TASK.00000500.png, "source 1" from TASK.source-00.png. */
static char *
describe (const char *name, const char *task)
{
  const char *kind = name + strlen (task) + 1;
  if (g_ascii_isdigit (kind[0]))
    return g_strdup_printf ("step %" G_GUINT64_FORMAT, g_ascii_strtoull (kind, NULL, 10));
  if (g_str_has_prefix (kind, "source-"))
    return g_strdup_printf ("source %" G_GUINT64_FORMAT,
                            g_ascii_strtoull (kind + strlen ("source-"), NULL, 10) + 1);
  return g_strdup ("truth");
}

static void
add_gallery (OmniHtml *html, const OmniTrainPaths *paths, const char *task, GPtrArray *names)
{
  g_autofree OmniHtmlImage *images = g_new0 (OmniHtmlImage, MAX (1, names->len));
  g_autofree OmniHtmlPicture *pictures = g_new0 (OmniHtmlPicture, MAX (1, names->len));
  g_autoptr (GPtrArray) texts = g_ptr_array_new_with_free_func (g_free);
  for (guint i = 0; i < names->len; i++)
  {
    g_autofree char *path = g_build_filename (paths->fusions, names->pdata[i], NULL);
    g_autoptr (GError) error = NULL;
    char *title = describe (names->pdata[i], task);
    g_ptr_array_add (texts, title);
    pictures[i] = (OmniHtmlPicture){ .image = &images[i],
                                     .title = title,
                                     .ours = g_str_has_prefix (title, "step") };
    if (omni_html_image_load (&images[i], path, &error))
      continue;
    pictures[i].image = NULL;
    g_ptr_array_add (texts, g_strdup (error->message));
    pictures[i].detail = texts->pdata[texts->len - 1];
  }
  if (names->len > 0)
    omni_html_add_gallery (html, pictures, names->len);
  for (guint i = 0; i < names->len; i++)
    omni_html_image_clear (&images[i]);
}

static void
add_fusions (OmniHtml *html, const OmniTrainJob *job, const OmniTrainPaths *paths)
{
  omni_html_add_heading (html, 2, "fusions", "Fusions", "the same scene of each task, over the steps");
  for (guint i = 0; i < job->recipe->tasks->len; i++)
  {
    const char *task = get_task (job, i)->name;
    g_autoptr (GPtrArray) fusions = list_fusions (paths, task, "");
    g_autoptr (GPtrArray) sources = list_fusions (paths, task, "source-");
    g_autoptr (GPtrArray) truth = list_fusions (paths, task, "truth");
    if (fusions->len == 0)
      continue;
    choose_fusions (fusions);
    g_ptr_array_extend_and_steal (sources, g_steal_pointer (&truth));
    omni_html_add_heading (html, 3, NULL, task, NULL);
    add_gallery (html, paths, task, sources);
    add_gallery (html, paths, task, fusions);
  }
}

gboolean
omni_train_page_write (const OmniTrainJob *job, const OmniTrainPaths *paths, const OmniTrainLog *log,
                       GError **error)
{
  const OmniRecipe *recipe = job->recipe;
  const GArray *steps = omni_train_log_get_steps (log);
  const guint64 step = steps->len > 0 ? g_array_index (steps, OmniTrainLogStep, steps->len - 1).step : 0;
  g_autofree char *title = g_strdup_printf ("Training %s", recipe->name);
  g_autofree char *lead = g_strdup_printf ("Step %" G_GUINT64_FORMAT " of %" G_GUINT64_FORMAT, step,
                                           recipe->steps);
  g_autofree char *seed = g_strdup_printf ("%" G_GUINT64_FORMAT, recipe->config.seed);
  const char *earlier = job->interface->get_earlier (job->trainer);
  const char *const facts[] = { "Architecture",
                                recipe->architecture,
                                "Recipe",
                                recipe->sha256,
                                "Seed",
                                seed,
                                "Device",
                                job->device_name,
                                "Data",
                                job->data_path,
                                earlier != NULL ? "First steps" : NULL,
                                earlier,
                                NULL };
  const char *const links[] = { "Validation", "validation", "Losses", "losses", "Fusions", "fusions", NULL };
  g_autoptr (OmniHtml) html = omni_html_new (title, lead);
  omni_html_add_facts (html, facts);
  omni_html_add_links (html, links);
  add_validation (html, job, log);
  omni_html_add_heading (html, 2, "losses", "Losses", "means over neighbouring steps");
  omni_html_begin_charts (html);
  add_losses (html, job, log);
  add_control (html, log);
  omni_html_end_charts (html);
  add_fusions (html, job, paths);
  return omni_html_save (html, paths->page, TRUE, error);
}
