/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/evaluate/page.h"

#include "app/evaluate/summary.h"
#include "app/report/html.h"

#include <math.h>

typedef struct
{
  const OmniEvaluation *evaluation;
  const OmniEvaluateTask *task;
  OmniEvaluateTable *table;
  OmniHtml *html;
} Section;

static const OmniEvaluateMethod *
get_method (const Section *self, guint index)
{
  return self->task->methods->pdata[index];
}

/* What a report sets off: the model, not what it is held against. */
static gboolean
is_ours (const Section *self, guint method)
{
  return get_method (self, method)->kind == OMNI_METHOD_MODEL;
}

static OmniHtmlMark
get_mark (guint place)
{
  return place == 1 ? OMNI_HTML_BEST : place == 2 ? OMNI_HTML_SECOND : OMNI_HTML_PLAIN;
}

static const char *
get_task_title (OmniTask task)
{
  switch (task)
  {
  case OMNI_TASK_EXPOSURE:
    return "Exposure";
  case OMNI_TASK_FOCUS:
    return "Focus";
  case OMNI_TASK_INFRARED:
    return "Infrared and visible";
  case OMNI_TASK_MEDICAL:
    return "Medical";
  case OMNI_TASK_PANSHARPEN:
    return "Pan-sharpening";
  case OMNI_TASK_AUTO:
  default:
    return "Unknown task";
  }
}

/* (transfer full) Owns what cells point to. */
static char *
own (GPtrArray *strings, char *string)
{
  g_ptr_array_add (strings, string);
  return string;
}

/* ---- The table ---- */

static void
add_table_heading (const Section *self)
{
  const guint n_columns = self->table->n_columns;
  g_autofree OmniHtmlCell *cells = g_new0 (OmniHtmlCell, n_columns + 1);
  g_autoptr (GPtrArray) strings = g_ptr_array_new_with_free_func (g_free);
  cells[0] = (OmniHtmlCell){ .text = "Method" };
  for (guint i = 0; i < n_columns; i++)
  {
    const OmniMetric *metric = self->table->columns[i].metric;
    cells[i + 1] = (OmniHtmlCell){
      .text = own (strings, omni_evaluate_format_metric (metric, self->evaluation->compat)),
      .detail = metric->higher_is_better ? "higher is better" : "lower is better",
      .tip = metric->summary,
    };
  }
  omni_html_begin_table (self->html,
                         "Mean over the scenes; below it the median, and how often the method was 1st/2nd/…",
                         cells, n_columns + 1);
}

static void
add_table_row (const Section *self, guint method)
{
  const guint n_columns = self->table->n_columns;
  const OmniEvaluateMethod *row = get_method (self, method);
  g_autofree OmniHtmlCell *cells = g_new0 (OmniHtmlCell, n_columns + 1);
  g_autoptr (GPtrArray) strings = g_ptr_array_new_with_free_func (g_free);
  cells[0] = (OmniHtmlCell){ .text = row->name,
                             .detail = omni_evaluate_method_kind_to_string (row->kind),
                             .tip = row->model != NULL ? row->model->summary : row->pattern };
  for (guint i = 0; i < n_columns; i++)
  {
    const OmniEvaluateEntry *entry = &self->table->columns[i].entries[method];
    g_autofree char *median = omni_evaluate_format_value (entry->median);
    g_autofree char *ranks = omni_evaluate_format_ranks (entry, self->table->n_methods);
    cells[i + 1] = (OmniHtmlCell){
      .text = own (strings, omni_evaluate_format_value (entry->mean)),
      .detail = isnan (entry->mean) ? NULL : own (strings, g_strdup_printf ("%s · %s", median, ranks)),
      .is_number = TRUE,
      .value = entry->mean,
      .mark = get_mark (entry->place),
    };
  }
  omni_html_add_row (self->html, cells, n_columns + 1, is_ours (self, method));
}

/* Means over fewer scenes than there are must say so. */
static void
add_shared_note (const Section *self)
{
  g_autoptr (GString) note = g_string_new (NULL);
  for (guint i = 0; i < self->table->n_columns; i++)
  {
    const OmniEvaluateColumn *column = &self->table->columns[i];
    if (column->n_shared < self->task->scenes->len)
      g_string_append_printf (note, "%s%s on %u", note->len > 0 ? ", " : "", column->metric->name,
                              column->n_shared);
  }
  if (note->len == 0)
    return;
  g_autofree char *text = g_strdup_printf (
    "Compared on the scenes that all methods share: %s of %u scenes. What is missing is named below.",
    note->str, self->task->scenes->len);
  omni_html_add_note (self->html, text);
}

static void
add_table (const Section *self)
{
  add_table_heading (self);
  for (guint i = 0; i < self->table->n_methods; i++)
    add_table_row (self, i);
  omni_html_end_table (self->html);
  omni_html_add_note (self->html, "Best mean in bold, second best underlined.");
  add_shared_note (self);
}

/* ---- Comparisons ---- */

static OmniHtmlCell
make_pair_cell (GPtrArray *strings, const OmniEvaluatePair *pair)
{
  const OmniComparison *c = &pair->comparison;
  g_autofree char *low = omni_evaluate_format_difference (c->low);
  g_autofree char *high = omni_evaluate_format_difference (c->high);
  g_autofree char *ties = c->ties > 0 ? g_strdup_printf (":%u", c->ties) : g_strdup ("");
  g_autofree char *interval = c->has_interval ? g_strdup_printf ("[%s, %s] · ", low, high) : g_strdup ("");
  return (OmniHtmlCell){
    .text = own (strings, omni_evaluate_format_difference (c->mean_difference)),
    .detail = own (strings, g_strdup_printf ("%s%u:%u%s", interval, c->wins, c->losses, ties)),
    .is_number = TRUE,
    .value = c->mean_difference,
    /* Bold where the interval leaves out 0. */
    .mark = c->has_interval && (c->low > 0 || c->high < 0) ? OMNI_HTML_BEST : OMNI_HTML_PLAIN,
  };
}

static void
add_pair_heading (const Section *self)
{
  const guint n_columns = self->table->n_columns;
  g_autofree OmniHtmlCell *cells = g_new0 (OmniHtmlCell, n_columns + 1);
  g_autoptr (GPtrArray) strings = g_ptr_array_new_with_free_func (g_free);
  cells[0] = (OmniHtmlCell){ .text = "Pair" };
  for (guint i = 0; i < n_columns; i++)
    cells[i + 1] = (OmniHtmlCell){ .text = own (strings,
                                                omni_evaluate_format_metric (self->table->columns[i].metric,
                                                                             self->evaluation->compat)) };
  omni_html_begin_table (
    self->html,
    "Mean difference, first − second; below it the 95 % paired bootstrap interval and scenes won:lost(:tied)",
    cells, n_columns + 1);
}

static void
add_pairs (const Section *self)
{
  const guint n_columns = self->table->n_columns;
  if (self->table->pairs->len == 0)
    return;
  add_pair_heading (self);
  for (guint i = 0; i < self->table->pairs->len; i += n_columns)
  {
    g_autofree OmniHtmlCell *cells = g_new0 (OmniHtmlCell, n_columns + 1);
    g_autoptr (GPtrArray) strings = g_ptr_array_new_with_free_func (g_free);
    const OmniEvaluatePair *pairs = &g_array_index (self->table->pairs, OmniEvaluatePair, i);
    cells[0].text = own (strings, g_strdup_printf ("%s − %s", get_method (self, pairs[0].ours)->name,
                                                   get_method (self, pairs[0].theirs)->name));
    for (guint k = 0; k < n_columns; k++)
      cells[k + 1] = make_pair_cell (strings, &pairs[k]);
    omni_html_add_row (self->html, cells, n_columns + 1, FALSE);
  }
  omni_html_end_table (self->html);
  omni_html_add_note (
    self->html, "Bold: the interval leaves out 0. A pair is compared on the scenes that these two share.");
}

/* ---- What is missing ---- */

static void
add_failures (const Section *self)
{
  g_autoptr (GPtrArray) items = g_ptr_array_new_with_free_func (g_free);
  for (guint i = 0; i < self->task->left_out->len; i++)
  {
    const OmniEvaluateLeftOut *left_out = self->task->left_out->pdata[i];
    g_ptr_array_add (items,
                     g_strdup_printf ("%s is left out (%u %s): %s", left_out->name, self->task->scenes->len,
                                      self->task->scenes->len == 1 ? "scene" : "scenes", left_out->reason));
  }
  for (guint i = 0; i < self->table->failures->len; i++)
  {
    const OmniEvaluateFailure *failure = self->table->failures->pdata[i];
    g_autoptr (GString) scenes = g_string_new (NULL);
    for (guint k = 0; k < failure->scenes->len; k++)
      g_string_append_printf (scenes, "%s%s", k > 0 ? ", " : "", (const char *)failure->scenes->pdata[k]);
    g_ptr_array_add (items,
                     g_strdup_printf ("%s%s%s (%u): %s", failure->method != NULL ? failure->method : "",
                                      failure->method != NULL ? ", " : "", scenes->str, failure->scenes->len,
                                      failure->reason));
  }
  if (items->len == 0)
    return;
  g_ptr_array_add (items, NULL);
  omni_html_add_heading (self->html, 3, NULL, "Not scored", NULL);
  omni_html_add_list (self->html, (const char *const *)items->pdata);
}

/* ---- Scenes ---- */

/* The axis of a metric is the same for all scenes, so that they can be compared. */
static void
find_axis (const Section *self, guint metric, double *low, double *high)
{
  const guint n_scenes = self->task->scenes->len, n_methods = self->table->n_methods;
  g_autofree double *values = g_new (double, MAX (n_scenes * n_methods, 1));
  for (guint i = 0; i < n_scenes; i++)
    for (guint k = 0; k < n_methods; k++)
      values[i * n_methods + k] = omni_evaluate_get_score (self->task, i, k, metric)->value;
  omni_html_choose_axis (values, n_scenes * n_methods, low, high);
}

static void
rank_scene (const Section *self, guint scene, guint metric, guint *places)
{
  const guint n_methods = self->table->n_methods;
  const gboolean higher = self->table->columns[metric].metric->higher_is_better;
  g_autofree double *values = g_new (double, n_methods);
  for (guint i = 0; i < n_methods; i++)
  {
    values[i] = omni_evaluate_get_score (self->task, scene, i, metric)->value;
    if (isnan (values[i]))
      values[i] = higher ? -INFINITY : INFINITY;
  }
  omni_statistics_rank (values, n_methods, higher, places);
}

static void
add_chart (const Section *self, guint scene, guint metric)
{
  const guint n_methods = self->table->n_methods;
  g_autofree OmniHtmlBar *bars = g_new0 (OmniHtmlBar, n_methods);
  g_autofree guint *places = g_new (guint, n_methods);
  g_autoptr (GPtrArray) strings = g_ptr_array_new_with_free_func (g_free);
  double low, high;
  find_axis (self, metric, &low, &high);
  rank_scene (self, scene, metric, places);
  for (guint i = 0; i < n_methods; i++)
  {
    const double value = omni_evaluate_get_score (self->task, scene, i, metric)->value;
    bars[i] = (OmniHtmlBar){ .label = get_method (self, i)->name,
                             .text = own (strings, omni_evaluate_format_value (value)),
                             .value = value,
                             .mark = isnan (value) ? OMNI_HTML_PLAIN : get_mark (places[i]),
                             .ours = is_ours (self, i) };
  }
  g_autofree char *name = omni_evaluate_format_metric (self->table->columns[metric].metric,
                                                       self->evaluation->compat);
  omni_html_add_chart (self->html, name, bars, n_methods, low, high);
}

static void
image_free (gpointer image)
{
  omni_html_image_clear (image);
  g_free (image);
}

/* (transfer none) NULL when there is no such picture. */
static const OmniHtmlImage *
load_image (GPtrArray *images, char *path)
{
  g_autofree char *owned = path;
  OmniHtmlImage *image = g_new0 (OmniHtmlImage, 1);
  g_ptr_array_add (images, image);
  return owned != NULL && omni_html_image_load (image, owned, NULL) ? image : NULL;
}

static void
add_pictures (const Section *self, guint scene)
{
  const OmniEvaluateScene *row = self->task->scenes->pdata[scene];
  g_autoptr (GArray) pictures = g_array_new (FALSE, TRUE, sizeof (OmniHtmlPicture));
  g_autoptr (GPtrArray) strings = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GPtrArray) images = g_ptr_array_new_with_free_func (image_free);
  for (guint i = 0; i < row->sources->len; i++)
  {
    OmniSource *source = row->sources->pdata[i];
    const OmniHtmlPicture picture = {
      .image = load_image (images, omni_evaluation_get_source_picture_path (self->evaluation, source)),
      .title = own (strings, omni_source_dup_display_name (source)),
      .detail = "source",
    };
    g_array_append_val (pictures, picture);
  }
  for (guint i = 0; i < self->table->n_methods; i++)
  {
    OmniHtmlPicture picture = {
      .image = load_image (images, omni_evaluation_get_picture_path (self->evaluation, self->task, scene, i)),
      .title = get_method (self, i)->name,
      .ours = is_ours (self, i),
      .starts_row = i == 0,
    };
    picture.detail = picture.image == NULL ? "no picture" : NULL;
    g_array_append_val (pictures, picture);
  }
  omni_html_add_gallery (self->html, (const OmniHtmlPicture *)(gpointer)pictures->data, pictures->len);
}

/* (transfer full) Names of folders are no good as ids. */
static char *
make_id (const Section *self, guint scene)
{
  return g_strdup_printf ("%s-%u", omni_task_to_string (self->task->task), scene + 1);
}

static void
add_scene (const Section *self, guint scene)
{
  const OmniEvaluateScene *row = self->task->scenes->pdata[scene];
  g_autofree char *id = make_id (self, scene);
  g_autofree char *detail = NULL;
  if (row->sources->len > 0)
    detail = g_strdup_printf ("%u sources, %u × %u", row->sources->len,
                              omni_source_get_width (row->sources->pdata[0]),
                              omni_source_get_height (row->sources->pdata[0]));
  omni_html_begin_whole (self->html);
  omni_html_add_heading (self->html, 3, id, row->id, detail);
  if (row->problem != NULL)
    omni_html_add_paragraph (self->html, row->problem);
  else
  {
    add_pictures (self, scene);
    omni_html_begin_charts (self->html);
    for (guint i = 0; i < self->table->n_columns; i++)
      add_chart (self, scene, i);
    omni_html_end_charts (self->html);
  }
  omni_html_end_whole (self->html);
}

static void
add_scene_links (const Section *self)
{
  g_autoptr (GPtrArray) links = g_ptr_array_new_with_free_func (g_free);
  for (guint i = 0; i < self->task->scenes->len; i++)
  {
    g_ptr_array_add (links, g_strdup (((OmniEvaluateScene *)self->task->scenes->pdata[i])->id));
    g_ptr_array_add (links, make_id (self, i));
  }
  g_ptr_array_add (links, NULL);
  omni_html_add_links (self->html, (const char *const *)links->pdata);
}

/* ---- The page ---- */

static void
add_task (const Section *self)
{
  const guint n = self->task->scenes->len;
  g_autofree char *detail = g_strdup_printf ("%u %s", n, n == 1 ? "scene" : "scenes");
  omni_html_add_heading (self->html, 2, omni_task_to_string (self->task->task),
                         get_task_title (self->task->task), detail);
  if (self->table->n_methods > 0 && self->table->n_columns > 0)
  {
    add_table (self);
    add_pairs (self);
  }
  add_failures (self);
  add_scene_links (self);
  for (guint i = 0; i < n; i++)
    add_scene (self, i);
}

static void
add_head (OmniHtml *html, const OmniEvaluation *self)
{
  g_autoptr (GDateTime) now = g_date_time_new_now_local ();
  g_autofree char *date = g_date_time_format (now, "%-d %B %Y, %H:%M");
  const char *facts[16] = { "Date",    date,
                            "Device",  self->device_name != NULL ? self->device_name : "none needed",
                            "Program", "Omnifuse " OMNI_VERSION };
  if (self->compat != NULL)
  {
    facts[6] = "Variant of the metrics";
    facts[7] = self->compat->name;
  }
  omni_html_add_facts (html, facts);
  if (self->compat != NULL)
  {
    g_autofree char *note = g_strdup_printf ("Computed as in %s: %s. These values are not the correct ones.",
                                             self->compat->citation, self->compat->summary);
    omni_html_add_note (html, note);
  }
  g_autoptr (GPtrArray) links = g_ptr_array_new ();
  for (guint i = 0; i < self->tasks->len; i++)
  {
    const OmniEvaluateTask *task = self->tasks->pdata[i];
    g_ptr_array_add (links, (gpointer)get_task_title (task->task));
    g_ptr_array_add (links, (gpointer)omni_task_to_string (task->task));
  }
  g_ptr_array_add (links, NULL);
  if (self->tasks->len > 1)
    omni_html_add_links (html, (const char *const *)links->pdata);
}

static void
add_warnings (OmniHtml *html, const OmniEvaluation *self)
{
  if (self->warnings->len == 0)
    return;
  g_autoptr (GPtrArray) items = g_ptr_array_copy (self->warnings, (GCopyFunc)(void (*) (void))g_strdup, NULL);
  g_ptr_array_add (items, NULL);
  omni_html_add_heading (html, 2, NULL, "Warnings", NULL);
  omni_html_add_list (html, (const char *const *)items->pdata);
}

gboolean
omni_evaluation_save_page (const OmniEvaluation *self, const OmniEvaluatePage *page, const char *path,
                           gboolean force, GError **error)
{
  g_autofree char *absolute = g_canonicalize_filename (page->folder, NULL);
  g_autofree char *folder = g_filename_display_basename (absolute);
  g_autofree char *lead = page->split != NULL
                            ? g_strdup_printf ("Scenes of “%s”, split “%s”", folder, page->split)
                            : g_strdup_printf ("Scenes of “%s”", folder);
  g_autoptr (OmniHtml) html = omni_html_new ("Fusion quality", lead);
  add_head (html, self);
  for (guint i = 0; i < self->tasks->len; i++)
  {
    const OmniEvaluateTask *task = self->tasks->pdata[i];
    g_autoptr (OmniEvaluateTable) table = omni_evaluate_table_new (task);
    const Section section = { .evaluation = self, .task = task, .table = table, .html = html };
    add_task (&section);
  }
  add_warnings (html, self);
  return omni_html_save (html, path, force, error);
}
