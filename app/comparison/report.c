/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/comparison/report.h"

#include "app/comparison/comparison-private.h"
#include "app/files/output.h"
#include "app/fusion/result-file.h"
#include "app/report/html.h"
#include "app/titles.h"

#include <glib/gi18n.h>
#include <math.h>

#define PICTURE_PX   1200
#define VALUE_FORMAT "%.4f"

typedef struct
{
  const OmniModel *model;
  char *weights; /* (nullable) what people call them */
  char *options;
  char *details;            /* both */
  OmniFusionResult *result; /* (nullable) */
  OmniScore scores[OMNI_COMPARISON_MAX_METRICS];
  char *error;
  gboolean current;
} Row;

struct _OmniComparisonReport
{
  OmniTask task;
  guint n_sources, width, height;
  OmniMetricsRegion region;
  gboolean has_region;
  const OmniMetric *metrics[OMNI_COMPARISON_MAX_METRICS];
  guint n_metrics;
  GArray *rows;
};

static void
row_clear (gpointer data)
{
  Row *row = data;

  g_free (row->weights);
  g_free (row->options);
  g_free (row->details);
  g_free (row->error);
  g_clear_pointer (&row->result, omni_fusion_result_unref);
  for (guint i = 0; i < OMNI_COMPARISON_MAX_METRICS; i++)
    g_free (row->scores[i].reason);
}

static void
add_row (OmniComparisonReport *self, OmniComparison *comparison, OmniComparisonRow *from)
{
  Row row = { .model = from->model,
              .weights = g_strdup (from->weights),
              .options = g_strdup (from->options),
              .details = omni_comparison_row_dup_details (from),
              .result = from->result != NULL ? omni_fusion_result_ref (from->result) : NULL,
              .error = g_strdup (from->error),
              .current = from == omni_comparison_get_current (comparison) };

  for (guint i = 0; i < OMNI_COMPARISON_MAX_METRICS; i++)
  {
    row.scores[i] = from->scores[i];
    row.scores[i].reason = g_strdup (from->scores[i].reason);
  }
  if (row.result != NULL)
  {
    self->width = omni_picture_get_width (row.result->picture);
    self->height = omni_picture_get_height (row.result->picture);
  }
  g_array_append_val (self->rows, row);
}

OmniComparisonReport *
omni_comparison_report_new (OmniComparison *comparison, GPtrArray *rows)
{
  OmniComparisonReport *self = g_new0 (OmniComparisonReport, 1);
  OmniDocument *document = omni_comparison_get_document (comparison);

  self->rows = g_array_new (FALSE, FALSE, sizeof (Row));
  g_array_set_clear_func (self->rows, row_clear);
  self->task = omni_document_get_effective_task (document);
  self->n_sources = omni_document_get_active (document)->len;
  self->has_region = omni_comparison_get_region (comparison, &self->region);
  self->n_metrics = omni_comparison_get_n_metrics (comparison);
  for (guint i = 0; i < self->n_metrics; i++)
    self->metrics[i] = omni_comparison_get_metric (comparison, i);
  for (guint i = 0; rows != NULL && i < rows->len; i++)
    add_row (self, comparison, rows->pdata[i]);
  for (guint i = 0; rows == NULL && i < g_list_model_get_n_items (G_LIST_MODEL (comparison)); i++)
  {
    g_autoptr (OmniComparisonRow) row = g_list_model_get_item (G_LIST_MODEL (comparison), i);
    add_row (self, comparison, row);
  }
  return self;
}

void
omni_comparison_report_free (OmniComparisonReport *self)
{
  if (self == NULL)
    return;
  g_array_unref (self->rows);
  g_free (self);
}

/* Words */

/* (transfer full) "exposure, 5 sources, 1500 × 1000, region 200 × 100 at 30, 40" */
static char *
describe (OmniComparisonReport *self)
{
  g_autofree char *set = g_strdup_printf ("%s, %u %s, %u × %u", omni_task_to_string (self->task),
                                          self->n_sources, self->n_sources == 1 ? "source" : "sources",
                                          self->width, self->height);

  if (!self->has_region)
    return g_strdup_printf ("%s, the whole picture", set);
  return g_strdup_printf ("%s, region %u × %u at %u, %u", set, self->region.width, self->region.height,
                          self->region.x, self->region.y);
}

/* (transfer full) The same for people, in their language. */
static char *
describe_for_people (OmniComparisonReport *self)
{
  g_autofree char *set = g_strdup_printf (
    ngettext ("%s, %u source, %u × %u", "%s, %u sources, %u × %u", self->n_sources),
    omni_task_get_title (self->task), self->n_sources, self->width, self->height);

  if (!self->has_region)
    return g_strdup_printf (_ ("%s, the whole picture"), set);
  return g_strdup_printf (_ ("%s, region %u × %u at %u, %u"), set, self->region.width, self->region.height,
                          self->region.x, self->region.y);
}

/* (transfer full) "" when there is no score. */
static char *
format_score (const Row *row, guint metric)
{
  char buffer[G_ASCII_DTOSTR_BUF_SIZE];

  if (!row->scores[metric].done)
    return g_strdup ("");
  return g_strdup (g_ascii_formatd (buffer, sizeof buffer, VALUE_FORMAT, row->scores[metric].value));
}

static const char *
find_reason (OmniComparisonReport *self, const Row *row)
{
  for (guint i = 0; row->error == NULL && i < self->n_metrics; i++)
    if (row->scores[i].reason != NULL)
      return row->scores[i].reason;
  return row->error != NULL ? row->error : "";
}

/* `title` is that of the model, translated or not; and its weights and options where they are not as it comes. */
static char *
name_row (const Row *row, const char *title)
{
  return row->details[0] != '\0' ? g_strdup_printf ("%s (%s)", title, row->details) : g_strdup (title);
}

/* Text */

static void
append_padded (GString *text, const char *words, gssize width)
{
  g_string_append (text, words);
  for (glong i = g_utf8_strlen (words, -1); i < width; i++)
    g_string_append_c (text, ' ');
}

static gssize
find_name_width (OmniComparisonReport *self)
{
  gssize width = g_utf8_strlen (_ ("Model"), -1);

  for (guint i = 0; i < self->rows->len; i++)
  {
    const Row *row = &g_array_index (self->rows, Row, i);
    g_autofree char *name = name_row (row, _ (row->model->title));
    width = MAX (width, g_utf8_strlen (name, -1));
  }
  return width;
}

char *
omni_comparison_report_to_text (OmniComparisonReport *self)
{
  GString *text = g_string_new (NULL);
  const gssize name_width = find_name_width (self);
  g_autofree char *head = describe_for_people (self);

  g_string_append_printf (text, "%s\n", head);
  append_padded (text, _ ("Model"), name_width);
  for (guint k = 0; k < self->n_metrics; k++)
  {
    g_string_append (text, "  ");
    append_padded (text, self->metrics[k]->title, k + 1 < self->n_metrics ? 8 : 0);
  }
  g_string_append_c (text, '\n');
  for (guint i = 0; i < self->rows->len; i++)
  {
    const Row *row = &g_array_index (self->rows, Row, i);
    g_autofree char *name = name_row (row, _ (row->model->title));
    append_padded (text, name, name_width);
    for (guint k = 0; k < self->n_metrics; k++)
    {
      const gssize width = k + 1 < self->n_metrics ? MAX (8, g_utf8_strlen (self->metrics[k]->title, -1)) : 0;
      g_autofree char *value = format_score (row, k);
      g_string_append (text, "  ");
      append_padded (text, value[0] != '\0' ? value : "–", width);
    }
    g_string_append_printf (text, "%s%s\n", find_reason (self, row)[0] != '\0' ? "  " : "",
                            find_reason (self, row));
  }
  return g_string_free (text, FALSE);
}

/* CSV */

static void
append_field (GString *csv, const char *words, gboolean last)
{
  if (strpbrk (words, ",\"\r\n") == NULL)
    g_string_append (csv, words);
  else
  {
    g_auto (GStrv) parts = g_strsplit (words, "\"", -1);
    g_autofree char *doubled = g_strjoinv ("\"\"", parts);
    g_string_append_printf (csv, "\"%s\"", doubled);
  }
  g_string_append (csv, last ? "\r\n" : ",");
}

char *
omni_comparison_report_to_csv (OmniComparisonReport *self)
{
  GString *csv = g_string_new ("model,options,task,sources,region,");
  g_autofree char *n_sources = g_strdup_printf ("%u", self->n_sources);
  g_autofree char *region = self->has_region ? g_strdup_printf ("%u,%u,%u,%u", self->region.x, self->region.y,
                                                                self->region.width, self->region.height)
                                             : g_strdup ("");

  for (guint k = 0; k < self->n_metrics; k++)
    append_field (csv, self->metrics[k]->name, FALSE);
  g_string_append (csv, "ms,sha256,reason,weights\r\n");
  for (guint i = 0; i < self->rows->len; i++)
  {
    const Row *row = &g_array_index (self->rows, Row, i);
    g_autofree char *ms = row->result != NULL ? g_strdup_printf ("%.0f", row->result->ms.total)
                                              : g_strdup ("");
    append_field (csv, row->model->name, FALSE);
    append_field (csv, row->options, FALSE);
    append_field (csv, omni_task_to_string (self->task), FALSE);
    append_field (csv, n_sources, FALSE);
    append_field (csv, region, FALSE);
    for (guint k = 0; k < self->n_metrics; k++)
    {
      g_autofree char *value = format_score (row, k);
      append_field (csv, value, FALSE);
    }
    append_field (csv, ms, FALSE);
    append_field (csv, row->result != NULL ? row->result->sha256 : "", FALSE);
    append_field (csv, find_reason (self, row), FALSE);
    append_field (csv, row->weights != NULL ? row->weights : "", TRUE);
  }
  return g_string_free (csv, FALSE);
}

/* HTML */

/* Rows with the best and the second-best score of a metric; those that share it share the mark. */
static OmniHtmlMark
find_mark (OmniComparisonReport *self, const Row *row, guint metric)
{
  const double sign = self->metrics[metric]->higher_is_better ? 1 : -1;
  guint n_better = 0;

  if (!row->scores[metric].done || self->rows->len < 2)
    return OMNI_HTML_PLAIN;
  for (guint i = 0; i < self->rows->len; i++)
  {
    const OmniScore *other = &g_array_index (self->rows, Row, i).scores[metric];
    n_better += other->done && sign * other->value > sign * row->scores[metric].value;
  }
  return n_better == 0 ? OMNI_HTML_BEST : n_better == 1 ? OMNI_HTML_SECOND : OMNI_HTML_PLAIN;
}

static void
add_table (OmniComparisonReport *self, OmniHtml *html)
{
  OmniHtmlCell cells[OMNI_COMPARISON_MAX_METRICS + 2] = { { .text = "Model" } };
  const guint n = self->n_metrics + 2;

  for (guint k = 0; k < self->n_metrics; k++)
    cells[k + 1] = (OmniHtmlCell){ .text = self->metrics[k]->title,
                                   .detail = self->metrics[k]->higher_is_better ? "higher is better"
                                                                                : "lower is better",
                                   .tip = self->metrics[k]->summary,
                                   .is_number = TRUE };
  cells[n - 1] = (OmniHtmlCell){ .text = "Time", .detail = "ms", .is_number = TRUE };
  omni_html_begin_table (html, NULL, cells, n);
  for (guint i = 0; i < self->rows->len; i++)
  {
    const Row *row = &g_array_index (self->rows, Row, i);
    g_auto (GStrv) values = g_new0 (char *, n + 1);
    cells[0] = (OmniHtmlCell){ .text = row->model->title,
                               .detail = row->details[0] != '\0' ? row->details : NULL };
    for (guint k = 0; k < self->n_metrics; k++)
    {
      const OmniScore *score = &row->scores[k];
      values[k] = score->done ? format_score (row, k) : g_strdup ("–");
      cells[k + 1] = (OmniHtmlCell){ .text = values[k],
                                     .tip = score->done ? NULL : find_reason (self, row),
                                     .is_number = TRUE,
                                     .value = score->done ? score->value : NAN,
                                     .mark = find_mark (self, row, k) };
    }
    values[n - 2] = row->result != NULL ? g_strdup_printf ("%.0f", row->result->ms.total) : g_strdup ("–");
    cells[n - 1] = (OmniHtmlCell){ .text = values[n - 2],
                                   .is_number = TRUE,
                                   .value = row->result != NULL ? row->result->ms.total : NAN };
    omni_html_add_row (html, cells, n, row->current);
  }
  omni_html_end_table (html);
}

static void
add_chart (OmniComparisonReport *self, OmniHtml *html, guint metric)
{
  const guint n = self->rows->len;
  g_autofree OmniHtmlBar *bars = g_new0 (OmniHtmlBar, n);
  g_autofree double *values = g_new (double, n);
  g_autoptr (GPtrArray) words = g_ptr_array_new_with_free_func (g_free);
  double low, high;

  for (guint i = 0; i < n; i++)
  {
    const Row *row = &g_array_index (self->rows, Row, i);
    char *label = name_row (row, row->model->title);
    char *value = row->scores[metric].done ? format_score (row, metric) : g_strdup ("–");
    g_ptr_array_add (words, label);
    g_ptr_array_add (words, value);
    values[i] = row->scores[metric].done ? row->scores[metric].value : NAN;
    bars[i] = (OmniHtmlBar){ .label = label,
                             .text = value,
                             .value = values[i],
                             .mark = find_mark (self, row, metric),
                             .ours = row->current };
  }
  omni_html_choose_axis (values, n, &low, &high);
  omni_html_add_chart (html, self->metrics[metric]->title, bars, n, low, high);
}

/* NULL and why in `detail` where a picture cannot be shown, as of more than three bands: the page does without. */
static const OmniHtmlImage *
encode_picture (OmniHtmlImage *image, OmniFusionResult *result, GPtrArray *words, const char **detail,
                GCancellable *cancellable)
{
  g_autoptr (GError) error = NULL;

  if (omni_html_image_encode (image, result->picture, PICTURE_PX, cancellable, &error))
    return image;
  char *message = g_strdup (error->message);
  g_ptr_array_add (words, message);
  *detail = message;
  return NULL;
}

static gboolean
add_pictures (OmniComparisonReport *self, OmniHtml *html, GCancellable *cancellable, GError **error)
{
  const guint n = self->rows->len;
  g_autofree OmniHtmlPicture *pictures = g_new0 (OmniHtmlPicture, n);
  g_autofree OmniHtmlImage *images = g_new0 (OmniHtmlImage, n);
  g_autoptr (GPtrArray) words = g_ptr_array_new_with_free_func (g_free);

  for (guint i = 0; i < n; i++)
  {
    const Row *row = &g_array_index (self->rows, Row, i);
    char *title = name_row (row, row->model->title);
    g_ptr_array_add (words, title);
    pictures[i] = (OmniHtmlPicture){ .title = title, .ours = row->current };
    if (row->result == NULL)
    {
      pictures[i].detail = find_reason (self, row);
      continue;
    }
    pictures[i].image = encode_picture (&images[i], row->result, words, &pictures[i].detail, cancellable);
  }
  omni_html_add_gallery (html, pictures, n);
  for (guint i = 0; i < n; i++)
    omni_html_image_clear (&images[i]);
  return !g_cancellable_set_error_if_cancelled (cancellable, error);
}

static void
add_explanations (OmniComparisonReport *self, OmniHtml *html)
{
  for (guint k = 0; k < self->n_metrics; k++)
  {
    const OmniMetric *metric = self->metrics[k];
    g_autofree char *words = g_strdup_printf ("%s (%s): %s %s.", metric->title, metric->range,
                                              metric->summary, metric->citation);
    omni_html_add_note (html, words);
  }
  if (self->task == OMNI_TASK_MEDICAL)
    omni_html_add_note (html, OMNI_RESEARCH_NOTE);
}

static gboolean
save_html (OmniComparisonReport *self, const char *path, GCancellable *cancellable, GError **error)
{
  g_autofree char *lead = describe (self);
  g_autoptr (OmniHtml) html = omni_html_new ("Comparison of models", lead);

  add_table (self, html);
  omni_html_begin_charts (html);
  for (guint k = 0; k < self->n_metrics; k++)
    add_chart (self, html, k);
  omni_html_end_charts (html);
  if (!add_pictures (self, html, cancellable, error))
    return FALSE;
  add_explanations (self, html);
  return omni_html_save (html, path, TRUE, error);
}

gboolean
omni_comparison_report_save (OmniComparisonReport *self, const char *path, GCancellable *cancellable,
                             GError **error)
{
  g_autofree char *lower = g_ascii_strdown (path, -1);

  if (g_str_has_suffix (lower, ".html") || g_str_has_suffix (lower, ".htm"))
    return save_html (self, path, cancellable, error);
  if (g_str_has_suffix (lower, ".csv"))
  {
    g_autofree char *csv = omni_comparison_report_to_csv (self);
    return omni_file_replace_contents_atomic (path, csv, strlen (csv), TRUE, error);
  }
  g_autofree char *name = g_filename_display_basename (path);
  g_set_error (error, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED,
               _ ("“%s” is neither a page nor a table; give it a name that ends in .html or .csv."), name);
  return FALSE;
}
