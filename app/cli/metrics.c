/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/cli/cli.h"

#include "app/files/natural-sort.h"
#include "app/files/reader.h"
#include "app/fusion/fusion-private.h"
#include "app/metrics/metrics.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What was asked for, and what came out. */
typedef struct
{
  const OmniMetric *metric;
  gboolean done;
  double value, ms;
  char *reason; /* when not done */
} Score;

typedef struct
{
  GPtrArray *metrics; /* OmniMetric, each once */
  const OmniMetricsCompat *compat;
  OmniMetricsRegion region;
  gboolean has_region;
  gboolean of_bands; /* a pan-sharpened picture is to be scored */
  GArray *scores;
  double read_ms, luminance_ms;
} Run;

static void
score_clear (gpointer score)
{
  g_free (((Score *)score)->reason);
}

static void
run_init (Run *run)
{
  *run = (Run){ .metrics = g_ptr_array_new (), .scores = g_array_new (FALSE, TRUE, sizeof (Score)) };
  g_array_set_clear_func (run->scores, score_clear);
}

static void
run_clear (Run *run)
{
  g_ptr_array_unref (run->metrics);
  g_array_unref (run->scores);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Run, run_clear)

/* ---- Reading the options ---- */

static gboolean
read_region (const char *text, OmniMetricsRegion *region, GError **error)
{
  g_auto (GStrv) parts = g_strsplit (text, ",", -1);
  guint64 numbers[4];
  gboolean valid = g_strv_length (parts) == 4;
  for (guint i = 0; valid && i < 4; i++)
    valid = g_ascii_string_to_unsigned (parts[i], 10, i < 2 ? 0 : 1, G_MAXINT, &numbers[i], NULL);
  if (!valid)
    return omni_cli_refuse (
      error, "“%s” is no region; write it like 100,50,640,480: left, top, width and height (--roi).", text);
  *region = (OmniMetricsRegion){ (guint)numbers[0], (guint)numbers[1], (guint)numbers[2], (guint)numbers[3] };
  return TRUE;
}

gboolean
omni_cli_read_compat (const char *name, const OmniMetricsCompat **compat, GError **error)
{
  *compat = omni_metrics_compat_find (name);
  if (*compat != NULL)
    return TRUE;
  g_autoptr (GString) names = g_string_new (NULL);
  const OmniMetricsCompat *const *list = omni_metrics_compat_list ();
  for (guint i = 0; list[i] != NULL; i++)
    g_string_append_printf (names, "%s%s", i > 0 ? ", " : "", list[i]->name);
  return omni_cli_refuse (error, "There is no variant “%s”; the variants are %s (--compat).", name,
                          names->str);
}

static void
add_metric (GPtrArray *metrics, const OmniMetric *metric)
{
  if (!g_ptr_array_find (metrics, metric, NULL))
    g_ptr_array_add (metrics, (gpointer)metric);
}

static void
add_names (Run *run, const char *const *names)
{
  for (guint i = 0; names[i] != NULL; i++)
    add_metric (run->metrics, omni_metric_find (names[i]));
}

static void
add_kind (Run *run, OmniMetricKind kind)
{
  const OmniMetric *const *list = omni_metrics_list ();
  for (guint i = 0; list[i] != NULL; i++)
    if (list[i]->kind == kind)
      add_metric (run->metrics, list[i]);
}

gboolean
omni_cli_read_metrics (char **names, GPtrArray *metrics, GError **error)
{
  const OmniMetric *const *list = omni_metrics_list ();
  for (guint i = 0; names[i] != NULL; i++)
  {
    if (g_str_equal (names[i], "all"))
    {
      for (guint k = 0; list[k] != NULL; k++)
        add_metric (metrics, list[k]);
      continue;
    }
    const OmniMetric *metric = omni_metric_find (names[i]);
    if (metric != NULL)
    {
      add_metric (metrics, metric);
      continue;
    }
    g_autoptr (GString) known = g_string_new (NULL);
    for (guint k = 0; list[k] != NULL; k++)
      g_string_append_printf (known, "%s%s", k > 0 ? ", " : "", list[k]->name);
    return omni_cli_refuse (error, "There is no metric “%s”; the metrics are all, %s (--metric).", names[i],
                            known->str);
  }
  return TRUE;
}

static void
add_reference_metrics (Run *run, gboolean of_bands)
{
  const OmniMetric *const *list = omni_metrics_list ();
  for (guint i = 0; list[i] != NULL; i++)
    if (list[i]->kind == OMNI_METRIC_OF_REFERENCE && !list[i]->of_bands == !of_bands)
      add_metric (run->metrics, list[i]);
}

/* Without a choice: what the variant changes, or else what suits the pictures that are there. */
static void
choose_metrics (Run *run, gboolean has_sources, gboolean has_reference)
{
  if (run->compat != NULL)
  {
    add_names (run, run->compat->metrics);
    return;
  }
  if (has_sources)
    add_names (run, omni_metrics_default_panel (run->of_bands ? OMNI_TASK_PANSHARPEN : OMNI_TASK_AUTO));
  if (has_reference || (run->of_bands && !has_sources))
    add_reference_metrics (run, run->of_bands);
  if (!has_sources && !has_reference && !run->of_bands)
    add_kind (run, OMNI_METRIC_OF_RESULT);
}

static gboolean
read_options (Run *run, const OmniCliOptions *options, GError **error)
{
  if (options->fused == NULL)
    return omni_cli_refuse (error, "Which picture is the result? Name it with --fused.");
  run->has_region = options->region != NULL;
  if ((run->has_region && !read_region (options->region, &run->region, error))
      || (options->compat != NULL && !omni_cli_read_compat (options->compat, &run->compat, error)))
    return FALSE;
  if (options->metrics == NULL)
    return TRUE;
  if (!omni_cli_read_metrics (options->metrics, run->metrics, error))
    return FALSE;
  for (guint i = 0; i < run->metrics->len; i++)
    run->of_bands |= ((OmniMetric *)run->metrics->pdata[i])->of_bands;
  return TRUE;
}

/* ---- Scoring ---- */

/* Bands ask for metrics of bands, unless "all" asks for everything that can be had. */
static void
settle_metrics (Run *run, const OmniCliOptions *options, OmniPicture *fused)
{
  const guint bands = omni_picture_get_channels (fused) - (omni_picture_get_has_alpha (fused) ? 1 : 0);
  const gboolean has_bands = bands != 1 && bands != 3;
  const gboolean all = options->metrics != NULL
                       && g_strv_contains ((const char *const *)options->metrics, "all");
  run->of_bands = all || options->metrics == NULL ? has_bands : run->of_bands;
  if (options->metrics == NULL)
    choose_metrics (run, options->arguments != NULL, options->reference != NULL);
}

/* The multispectral and the panchromatic picture, by role or by what they are. */
static OmniMetricsInput *
make_bands_input (Run *run, const OmniCliOptions *options, GPtrArray *pictures, OmniPicture *fused,
                  OmniPicture *reference, GError **error)
{
  const OmniMetricsRegion *region = run->has_region ? &run->region : NULL;
  OmniSource *ms, *pan;
  guint of_ms = 0;
  if (pictures->len == 0)
    return omni_metrics_input_new_bands (NULL, NULL, fused, reference, region, error);
  g_autoptr (GPtrArray) sources = g_ptr_array_new_with_free_func (g_object_unref);
  for (guint k = 0; k < pictures->len; k++)
    g_ptr_array_add (sources, omni_source_new_for_picture (pictures->pdata[k], options->arguments[k]));
  if (!omni_cli_read_roles (options, sources, error)
      || !omni_sources_find_pansharpen (sources, &ms, &pan, error))
    return NULL;
  g_ptr_array_find (sources, ms, &of_ms);
  return omni_metrics_input_new_bands (pictures->pdata[of_ms], pictures->pdata[1 - of_ms], fused, reference,
                                       region, error);
}

static OmniMetricsInput *
load (Run *run, const OmniCliOptions *options, GCancellable *cancellable, GError **error)
{
  const gint64 start = g_get_monotonic_time ();
  g_autoptr (GPtrArray) sources = g_ptr_array_new_with_free_func (g_object_unref);
  for (guint k = 0; options->arguments != NULL && options->arguments[k] != NULL; k++)
  {
    OmniPicture *source = omni_picture_read (options->arguments[k], cancellable, error);
    if (source == NULL)
      return NULL;
    g_ptr_array_add (sources, source);
  }
  g_autoptr (OmniPicture) fused = omni_picture_read (options->fused, cancellable, error);
  g_autoptr (OmniPicture) reference = NULL;
  if (fused == NULL
      || (options->reference != NULL
          && (reference = omni_picture_read (options->reference, cancellable, error)) == NULL))
    return NULL;
  const gint64 loaded = g_get_monotonic_time ();
  settle_metrics (run, options, fused);
  if (options->roles != NULL && !run->of_bands)
  {
    omni_cli_refuse (error, "Only scores of bands ask for roles; leave out --role.");
    return NULL;
  }
  OmniMetricsInput *input = run->of_bands
                              ? make_bands_input (run, options, sources, fused, reference, error)
                              : omni_metrics_input_new ((OmniPicture *const *)sources->pdata, sources->len,
                                                        fused, reference,
                                                        run->has_region ? &run->region : NULL, error);
  run->read_ms = (double)(loaded - start) / 1000;
  run->luminance_ms = (double)(g_get_monotonic_time () - loaded) / 1000;
  return input;
}

static gboolean
score (Run *run, const OmniMetricsInput *input, OmniCliProgress *progress, GCancellable *cancellable,
       GError **error)
{
  for (guint i = 0; i < run->metrics->len; i++)
  {
    Score one = { .metric = run->metrics->pdata[i] };
    const gint64 start = g_get_monotonic_time ();
    omni_cli_progress_cb ((double)i / run->metrics->len, one.metric->title, progress);
    one.done = omni_metric_compute (one.metric, run->compat, input, cancellable, &one.value, &one.reason);
    one.ms = (double)(g_get_monotonic_time () - start) / 1000;
    g_array_append_val (run->scores, one);
    if (g_cancellable_set_error_if_cancelled (cancellable, error))
      return FALSE;
  }
  return TRUE;
}

/* ---- Printing ---- */

static void
add_number (JsonBuilder *json, const char *name, const Score *score)
{
  json_builder_set_member_name (json, name);
  if (score->done)
    json_builder_add_double_value (json, score->value);
  else
    json_builder_add_null_value (json);
}

static void
add_files (JsonBuilder *json, const Run *run, const OmniCliOptions *options)
{
  json_builder_set_member_name (json, "sources");
  json_builder_begin_array (json);
  for (guint k = 0; options->arguments != NULL && options->arguments[k] != NULL; k++)
  {
    g_autofree char *display = g_filename_display_name (options->arguments[k]);
    json_builder_add_string_value (json, display);
  }
  json_builder_end_array (json);
  omni_cli_add_path (json, "fused", options->fused);
  if (options->reference != NULL)
    omni_cli_add_path (json, "reference", options->reference);
  else
    omni_cli_add_string (json, "reference", NULL);
  json_builder_set_member_name (json, "roi");
  if (!run->has_region)
  {
    json_builder_add_null_value (json);
    return;
  }
  json_builder_begin_array (json);
  const guint numbers[4] = { run->region.x, run->region.y, run->region.width, run->region.height };
  for (guint i = 0; i < 4; i++)
    json_builder_add_int_value (json, numbers[i]);
  json_builder_end_array (json);
}

/* The name of the variant, the metrics it changed and in what way, so that no value can pass for the correct one. */
static void
add_compat (JsonBuilder *json, const Run *run)
{
  omni_cli_add_string (json, "compat", run->compat != NULL ? run->compat->name : NULL);
  if (run->compat == NULL)
    return;
  omni_cli_add_string (json, "compat_summary", run->compat->summary);
  json_builder_set_member_name (json, "compat_metrics");
  json_builder_begin_array (json);
  for (guint i = 0; i < run->metrics->len; i++)
  {
    const OmniMetric *metric = run->metrics->pdata[i];
    if (omni_metrics_compat_changes (run->compat, metric))
      json_builder_add_string_value (json, metric->name);
  }
  json_builder_end_array (json);
}

static void
print_json (const Run *run, const OmniCliOptions *options)
{
  g_autoptr (JsonBuilder) json = json_builder_new ();
  json_builder_begin_object (json);
  json_builder_set_member_name (json, "metrics");
  json_builder_begin_object (json);
  for (guint i = 0; i < run->scores->len; i++)
  {
    const Score *one = &g_array_index (run->scores, Score, i);
    add_number (json, one->metric->name, one);
  }
  json_builder_end_object (json);
  json_builder_set_member_name (json, "reasons");
  json_builder_begin_object (json);
  for (guint i = 0; i < run->scores->len; i++)
  {
    const Score *one = &g_array_index (run->scores, Score, i);
    if (!one->done)
      omni_cli_add_string (json, one->metric->name, one->reason);
  }
  json_builder_end_object (json);
  add_compat (json, run);
  add_files (json, run, options);
  json_builder_set_member_name (json, "ms");
  json_builder_begin_object (json);
  omni_cli_add_double (json, "read", run->read_ms);
  omni_cli_add_double (json, "luminance", run->luminance_ms);
  for (guint i = 0; i < run->scores->len; i++)
  {
    const Score *one = &g_array_index (run->scores, Score, i);
    omni_cli_add_double (json, one->metric->name, one->ms);
  }
  json_builder_end_object (json);
  json_builder_end_object (json);
  omni_cli_print_json (json);
}

static void
print_text (const Run *run)
{
  for (guint i = 0; i < run->scores->len; i++)
  {
    const Score *one = &g_array_index (run->scores, Score, i);
    const gboolean variant = omni_metrics_compat_changes (run->compat, one->metric);
    g_autofree char *name = variant ? g_strdup_printf ("%s (as in %s)", one->metric->name, run->compat->name)
                                    : g_strdup (one->metric->name);
    if (!one->done)
      printf ("%-24s null: %s\n", name, one->reason);
    else if (variant)
      printf ("%-24s %.6f\n", name, one->value);
    else
      printf ("%-24s %.6f  (%s, %s is better)\n", name, one->value, one->metric->range,
              one->metric->higher_is_better ? "higher" : "lower");
  }
  if (run->compat != NULL)
    printf ("as in %s: %s\n", run->compat->name, run->compat->summary);
}

static int
run_metrics (const OmniCliOptions *options, GError **error)
{
  GCancellable *cancellable = omni_cli_catch_interrupt ();
  g_auto (Run) run;
  run_init (&run);
  if (!read_options (&run, options, error))
    return OMNI_EXIT_ERROR;
  g_autoptr (OmniMetricsInput) input = load (&run, options, cancellable, error);
  if (input == NULL)
    return OMNI_EXIT_ERROR;
  OmniCliProgress *progress = omni_cli_progress_new (options->json);
  const gboolean done = score (&run, input, progress, cancellable, error);
  omni_cli_progress_free (progress);
  if (!done)
    return OMNI_EXIT_ERROR;
  if (options->json)
    print_json (&run, options);
  else
    print_text (&run);
  return OMNI_EXIT_DONE;
}

/* (transfer full) What --help says: every metric and variant from their tables. */
static char *
make_description (void)
{
  GString *text = g_string_new (
    "Scores a fused picture. A folder means the pictures in it but the fused one and the reference. Without "
    "--metric: mef-ssim, qabf and vif; qnr, d-lambda and d-s of a "
    "pan-sharpened one.\n\nMetrics:\n");
  const OmniMetric *const *list = omni_metrics_list ();
  for (guint i = 0; list[i] != NULL; i++)
    g_string_append_printf (text, "  %-13s %s %s%s; %s is better. %s.\n", list[i]->name, list[i]->summary,
                            list[i]->of_bands && list[i]->max_sources == 2 ? "An ms and a pan source; "
                            : list[i]->max_sources == 2                    ? "Two sources; "
                                                                           : "",
                            list[i]->range, list[i]->higher_is_better ? "higher" : "lower",
                            list[i]->citation);
  g_string_append (text, "\nVariants of the papers, for comparison with their tables only (--compat):\n");
  const OmniMetricsCompat *const *variants = omni_metrics_compat_list ();
  for (guint i = 0; variants[i] != NULL; i++)
    g_string_append_printf (text, "  %-13s %s\n", variants[i]->name, variants[i]->summary);
  return g_string_free (text, FALSE);
}

static gboolean
is_same_file (const char *path, const char *other)
{
  g_autofree char *real = realpath (path, NULL);
  g_autofree char *other_real = other != NULL ? realpath (other, NULL) : NULL;
  return real != NULL && g_strcmp0 (real, other_real) == 0;
}

/* The pictures in a folder, but not the fused one and the reference. */
static gboolean
add_folder (const OmniCliOptions *options, char *folder, GStrvBuilder *sources, GError **error)
{
  g_auto (GStrv) paths = omni_files_expand ((char *[]){ folder, NULL }, error);
  guint n = 0;
  if (paths == NULL)
    return FALSE;
  for (guint i = 0; paths[i] != NULL; i++)
  {
    if (is_same_file (paths[i], options->fused) || is_same_file (paths[i], options->reference))
      continue;
    g_strv_builder_add (sources, paths[i]);
    n++;
  }
  g_autofree char *raw = omni_folder_describe_raw (folder);
  if (raw != NULL)
    omni_cli_warn (options->quiet, raw);
  g_autofree char *name = g_filename_display_name (folder);
  return n > 0
         || omni_cli_refuse (
           error,
           "The folder “%s” holds no picture beside the fused one and the reference; name another one.",
           name);
}

static gboolean
expand_folders (OmniCliOptions *options, GError **error)
{
  g_autoptr (GStrvBuilder) sources = g_strv_builder_new ();
  for (guint i = 0; options->arguments != NULL && options->arguments[i] != NULL; i++)
    if (!g_file_test (options->arguments[i], G_FILE_TEST_IS_DIR))
      g_strv_builder_add (sources, options->arguments[i]);
    else if (!add_folder (options, options->arguments[i], sources, error))
      return FALSE;
  if (options->arguments == NULL)
    return TRUE;
  g_strfreev (options->arguments);
  options->arguments = g_strv_builder_end (sources);
  return TRUE;
}

int
omni_cli_metrics (int argc, char **argv)
{
  g_auto (OmniCliOptions) options = { 0 };
  GError *error = NULL;
  g_autofree char *description = make_description ();
  if (!omni_cli_options_parse (&options, OMNI_CLI_METRICS, "SOURCE…", description, argc, argv, &error)
      || !expand_folders (&options, &error))
    return omni_cli_fail (error);
  const int status = run_metrics (&options, &error);
  return error != NULL ? omni_cli_fail (error) : status;
}
