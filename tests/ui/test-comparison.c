/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The comparison of models without a window: its scores are those of the metrics themselves, it follows the document and
 * gives way to it, and what it exports says the same. */
#include "app/comparison/report.h"
#include "app/model-facts.h"
#include "app/timings.h"
#include "tests/ui/fixture.h"

#include <glib/gstdio.h>

#define N_SOURCES 3
#define WIDTH_PX  96
#define HEIGHT_PX 80

typedef struct
{
  char *folder;
  GPtrArray *sources;
  OmniDocument *document;
  OmniComparison *comparison;
} Fixture;

static OmniEngine *engine;
static gboolean can_fuse;

static void
set_up (Fixture *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  f->folder = omni_test_make_folder ();
  f->sources = g_ptr_array_new_with_free_func (g_object_unref);
  for (guint i = 0; i < N_SOURCES; i++)
  {
    g_autofree char *name = g_strdup_printf ("%u.png", i);
    g_autofree char *path = omni_test_write_picture (f->folder, name, WIDTH_PX, HEIGHT_PX, 50 + 70 * i);
    g_ptr_array_add (f->sources, omni_source_new (path, &error));
    g_assert_no_error (error);
  }
  f->document = omni_document_new (engine);
  f->comparison = omni_comparison_new (f->document);
  omni_document_insert (f->document, 0, f->sources);
  omni_document_set_task (f->document, OMNI_TASK_EXPOSURE);
  omni_document_set_model (f->document, omni_model_find ("mean"));
}

static void
tear_down (Fixture *f, gconstpointer data)
{
  g_object_unref (f->comparison);
  g_object_unref (f->document);
  g_ptr_array_unref (f->sources);
  omni_test_remove_folder (f->folder);
}

static gboolean
skip (void)
{
  if (!can_fuse)
    g_test_skip ("no Vulkan device");
  return !can_fuse;
}

static gboolean
has_settled (gpointer data)
{
  Fixture *f = data;

  return !omni_document_is_busy (f->document) && !omni_comparison_is_busy (f->comparison);
}

static void
settle (Fixture *f)
{
  g_assert_true (omni_test_wait (has_settled, f));
  g_assert_cmpstr (omni_document_get_error (f->document), ==, NULL);
}

static guint
count_rows (Fixture *f)
{
  return g_list_model_get_n_items (G_LIST_MODEL (f->comparison));
}

static OmniComparisonRow *
get_row (Fixture *f, guint position)
{
  g_autoptr (OmniComparisonRow) row = g_list_model_get_item (G_LIST_MODEL (f->comparison), position);

  return row;
}

/* The same score, worked out without the comparison. */
static double
compute (Fixture *f, OmniFusionResult *result, guint metric, const OmniMetricsRegion *region)
{
  OmniPicture *pictures[N_SOURCES];
  g_autoptr (GError) error = NULL;
  g_autofree char *reason = NULL;
  double value;

  for (guint i = 0; i < N_SOURCES; i++)
  {
    pictures[i] = omni_source_load (f->sources->pdata[i], NULL, &error);
    g_assert_no_error (error);
  }
  g_autoptr (OmniMetricsInput)
    input = omni_metrics_input_new (pictures, N_SOURCES, result->picture, NULL, region, &error);
  g_assert_no_error (error);
  g_assert_true (omni_metric_compute (omni_comparison_get_metric (f->comparison, metric), NULL, input, NULL,
                                      &value, &reason));
  for (guint i = 0; i < N_SOURCES; i++)
    g_object_unref (pictures[i]);
  return value;
}

static void
check_scores (Fixture *f, const OmniMetricsRegion *region)
{
  for (guint i = 0; i < count_rows (f); i++)
  {
    OmniComparisonRow *row = get_row (f, i);
    g_assert_cmpint (omni_comparison_row_get_state (row), ==, OMNI_COMPARISON_DONE);
    for (guint k = 0; k < omni_comparison_get_n_metrics (f->comparison); k++)
    {
      double value;
      g_assert_true (omni_comparison_row_get_score (row, k, &value));
      g_assert_cmpfloat (value, ==, compute (f, omni_comparison_row_get_result (row), k, region));
    }
  }
}

/* Tests */

static void
test_current (Fixture *f, gconstpointer data)
{
  if (skip ())
    return;
  settle (f);
  OmniComparisonRow *row = omni_comparison_get_current (f->comparison);
  double value;
  g_assert_nonnull (row);
  g_assert_false (omni_comparison_row_get_score (row, 0, &value)); /* nobody looks */

  omni_comparison_set_enabled (f->comparison, TRUE);
  g_assert_true (omni_comparison_is_busy (f->comparison));
  settle (f);
  g_assert_cmpuint (omni_comparison_get_n_metrics (f->comparison), ==, 3);
  g_assert_cmpuint (count_rows (f), ==, 1);
  check_scores (f, NULL);

  /* Another model is another row, another order is not. */
  omni_document_set_model (f->document, omni_model_find ("max"));
  settle (f);
  g_assert_cmpuint (count_rows (f), ==, 2);
  g_assert_true (omni_comparison_row_get_model (omni_comparison_get_current (f->comparison))
                 == omni_model_find ("max"));
  omni_document_move (f->document, 0, 2);
  settle (f);
  g_assert_cmpuint (count_rows (f), ==, 2);
  g_assert_true (omni_comparison_row_get_result (omni_comparison_get_current (f->comparison))
                 == omni_document_get_result (f->document));
  check_scores (f, NULL);

  /* Another set is another comparison. */
  omni_document_set_on (f->document, f->sources->pdata[0], FALSE);
  settle (f);
  g_assert_cmpuint (count_rows (f), ==, 1);
}

/* What the sources count is what the rows are of, and each is fused with it. */
static void
test_influence (Fixture *f, gconstpointer data)
{
  const OmniModel *mertens = omni_model_find ("mertens");

  if (skip ())
    return;
  omni_comparison_set_enabled (f->comparison, TRUE);
  omni_document_set_model (f->document, mertens);
  settle (f);
  g_autofree char *plain = g_strdup (omni_document_get_result (f->document)->sha256);
  for (guint i = 1; i <= 2; i++)
  {
    omni_document_set_influence (f->document, f->sources->pdata[1], i);
    settle (f);
    OmniComparisonRow *row = omni_comparison_get_current (f->comparison);
    g_assert_cmpstr (omni_document_get_result (f->document)->sha256, !=, plain);
    g_assert_nonnull (row);
    g_assert_true (omni_comparison_row_get_result (row) == omni_document_get_result (f->document));
    check_scores (f, NULL);
  }

  /* A row that the comparison makes itself is the picture that the model would give now. */
  g_autofree char *weighed = g_strdup (omni_document_get_result (f->document)->sha256);
  omni_document_set_model (f->document, omni_model_find ("mean"));
  omni_document_set_influence (f->document, f->sources->pdata[1], 0);
  settle (f);
  omni_document_set_influence (f->document, f->sources->pdata[1], 2);
  omni_comparison_run_all (f->comparison);
  settle (f);
  g_assert_nonnull (omni_comparison_get_current (f->comparison));
  for (guint i = 0; i < count_rows (f); i++)
  {
    OmniComparisonRow *row = get_row (f, i);
    if (omni_comparison_row_get_model (row) == mertens)
      g_assert_cmpstr (omni_comparison_row_get_result (row)->sha256, ==, weighed);
  }
}

/* A model that the order matters to has one row all the same, of the order that is there. */
static void
test_order_matters (Fixture *f, gconstpointer data)
{
  if (skip ())
    return;
  omni_document_set_model (f->document, omni_model_find ("aenetv2"));
  omni_comparison_set_enabled (f->comparison, TRUE);
  settle (f);
  g_autofree char *before = g_strdup (omni_document_get_result (f->document)->sha256);
  omni_document_move (f->document, 0, 2);
  settle (f);
  OmniFusionResult *result = omni_document_get_result (f->document);
  g_assert_true (result->model == omni_model_find ("aenetv2"));
  g_assert_cmpstr (result->sha256, !=, before);
  g_assert_cmpuint (omni_document_get_results (f->document)->len, ==, 2);
  OmniComparisonRow *row = omni_comparison_get_current (f->comparison);
  g_assert_nonnull (row);
  g_assert_true (omni_comparison_row_get_result (row) == result);
  check_scores (f, NULL);
}

static void
test_run_all (Fixture *f, gconstpointer data)
{
  const OmniModel *const *models = omni_models_list ();
  guint n_models = 0;

  if (skip ())
    return;
  omni_comparison_set_enabled (f->comparison, TRUE);
  settle (f);
  for (guint i = 0; models[i] != NULL; i++)
    n_models += omni_document_offers_model (f->document, models[i]);
  omni_comparison_run_all (f->comparison);
  settle (f);
  g_assert_cmpuint (n_models, >=, 4);
  g_assert_cmpuint (count_rows (f), ==, n_models);
  check_scores (f, NULL);
  g_assert_cmpuint (omni_document_get_results (f->document)->len, ==, 1); /* the document's stay its own */
  g_assert_cmpfloat (omni_comparison_get_fraction (f->comparison), ==, 1);

  for (guint k = 0; k < 3; k++)
  {
    double least, greatest;
    guint n_scored, n_first = 0;
    g_assert_true (omni_comparison_get_bounds (f->comparison, k, &least, &greatest));
    for (guint i = 0; i < count_rows (f); i++)
    {
      double value;
      g_assert_true (omni_comparison_row_get_score (get_row (f, i), k, &value));
      g_assert_cmpfloat (value, >=, least);
      g_assert_cmpfloat (value, <=, greatest);
      if (omni_comparison_get_rank (f->comparison, get_row (f, i), k, &n_scored) == 1)
      {
        g_assert_cmpfloat (value, ==, greatest);
        n_first++;
      }
      g_assert_cmpuint (n_scored, ==, n_models);
    }
    g_assert_cmpuint (n_first, >=, 1);
  }
}

static gboolean
has_saved_timings (gpointer data)
{
  g_autofree char *path = g_build_filename (g_get_user_cache_dir (), "omnifuse", "timings.ini", NULL);

  return g_file_test (path, G_FILE_TEST_EXISTS);
}

/* What a model takes is known of a set that was fused or compared, and of others like it, on this device and in the same way. */
static void
test_speed (Fixture *f, gconstpointer data)
{
  const OmniModel *mean = omni_model_find ("mean"), *max = omni_model_find ("max");
  double of_set, of_part, ms;
  gboolean measured;

  if (skip ())
    return;
  /* Of a size that no other test has. */
  g_autoptr (GPtrArray) others = g_steal_pointer (&f->sources);
  f->sources = g_ptr_array_new_with_free_func (g_object_unref);
  for (guint i = 0; i < N_SOURCES; i++)
  {
    g_autofree char *name = g_strdup_printf ("wide-%u.png", i);
    g_autofree char *wide = omni_test_write_picture (f->folder, name, 3 * WIDTH_PX, HEIGHT_PX, 50 + 70 * i);
    g_ptr_array_add (f->sources, omni_source_new (wide, NULL));
  }
  omni_document_insert (f->document, 0, f->sources);
  omni_document_remove (f->document, others);
  omni_comparison_set_enabled (f->comparison, TRUE);
  settle (f);
  g_assert_true (omni_document_get_model_ms (f->document, mean, &ms, &measured));
  g_assert_true (measured);
  g_assert_cmpfloat (ms, ==, omni_document_get_result (f->document)->ms.total);
  omni_comparison_run_all (f->comparison);
  settle (f);
  g_assert_true (omni_document_get_model_ms (f->document, max, &of_set, &measured));
  g_assert_true (measured);
  g_assert_true (omni_test_wait (has_saved_timings, NULL));

  omni_document_set_on (f->document, f->sources->pdata[0], FALSE);
  settle (f);
  g_assert_true (omni_document_get_model_ms (f->document, max, &of_part, &measured));
  g_assert_false (measured);
  g_assert_cmpfloat_with_epsilon (of_part, of_set * 2 / 3, of_set * 1e-9);
  g_assert_true (omni_document_get_model_ms (f->document, mean, &ms, &measured));
  g_assert_true (measured);

  OmniFusionResult *result = omni_document_get_result (f->document);
  OmniTiming timing = { result->device_name, max, OMNI_TASK_EXPOSURE, NULL, "", f->sources };
  g_assert_true (omni_timings_find (&timing, &ms, &measured));
  timing.options = "contrast=2";
  g_assert_false (omni_timings_find (&timing, &ms, &measured));
  timing.options = "";
  timing.device = "another device";
  g_assert_false (omni_timings_find (&timing, &ms, &measured));

  g_autofree char *path = omni_test_write_picture (f->folder, "large.png", WIDTH_PX * 16, HEIGHT_PX * 16, 80);
  g_autoptr (OmniSource) large = omni_source_new (path, NULL);
  g_autoptr (GPtrArray) other = g_ptr_array_new ();
  g_ptr_array_add (other, large);
  timing.device = result->device_name;
  timing.sources = other;
  g_assert_false (omni_timings_find (&timing, &ms, &measured));
}

/* A run that only counted a source more is no measure of a whole one. */
static void
test_speed_of_influence (Fixture *f, gconstpointer data)
{
  const OmniModel *mertens = omni_model_find ("mertens");
  double before, after;
  gboolean measured;

  if (skip ())
    return;
  omni_document_set_model (f->document, mertens);
  omni_document_set_influence (f->document, f->sources->pdata[1], 1);
  settle (f);
  g_assert_false (omni_document_get_result (f->document)->reused);
  g_assert_true (omni_document_get_model_ms (f->document, mertens, &before, &measured));
  omni_document_set_influence (f->document, f->sources->pdata[1], 2);
  settle (f);
  g_assert_true (omni_document_get_result (f->document)->reused);
  g_assert_true (omni_document_get_model_ms (f->document, mertens, &after, &measured));
  g_assert_cmpfloat (before, ==, after);
}

/* The default of the task comes first, then what is made for it alone, then the others by what was measured. */
static void
test_models_by_fit (Fixture *f, gconstpointer data)
{
  static const struct
  {
    OmniTask task;
    const char *names[4];
  } best[] = { { OMNI_TASK_EXPOSURE, { "omni", "omni-small", "ifani", "mertens" } },
               { OMNI_TASK_FOCUS, { "omni", "omni-small", "gff", "laplacian" } },
               { OMNI_TASK_INFRARED, { "omni", "gff", "omni-small", "max" } },
               { OMNI_TASK_MEDICAL, { "omni", "blend", "omni-small", "gff" } } };

  if (skip ())
    return;
  omni_document_set_model (f->document, NULL);
  for (guint i = 2; i < f->sources->len; i++)
    omni_document_set_on (f->document, f->sources->pdata[i], FALSE);
  for (guint i = 0; i < G_N_ELEMENTS (best); i++)
  {
    omni_document_set_task (f->document, best[i].task);
    settle (f);
    g_autoptr (GPtrArray) models = omni_document_list_models (f->document);
    for (guint k = 0; k < G_N_ELEMENTS (best[i].names); k++)
      g_assert_cmpstr (((const OmniModel *)models->pdata[k])->name, ==, best[i].names[k]);
    g_assert_cmpstr (((const OmniModel *)models->pdata[models->len - 1])->name, ==, "running-mean");
  }
}

static void
test_region (Fixture *f, gconstpointer data)
{
  const OmniMetricsRegion region = { 16, 8, 64, 48 };
  const OmniMetricsRegion beyond = { 16, 8, 4000, 4000 };
  const OmniMetricsRegion clipped = { 16, 8, WIDTH_PX - 16, HEIGHT_PX - 8 };
  OmniMetricsRegion used;
  double whole, part;

  if (skip ())
    return;
  omni_comparison_set_enabled (f->comparison, TRUE);
  settle (f);
  g_assert_true (omni_comparison_row_get_score (get_row (f, 0), 0, &whole));
  omni_comparison_set_region (f->comparison, &region);
  settle (f);
  check_scores (f, &region);
  g_assert_true (omni_comparison_row_get_score (get_row (f, 0), 0, &part));
  g_assert_cmpfloat (part, !=, whole);

  omni_comparison_set_region (f->comparison, &beyond);
  settle (f);
  check_scores (f, &clipped);
  g_assert_true (omni_comparison_get_region (f->comparison, &used));
  g_assert_cmpmem (&used, sizeof used, &clipped, sizeof clipped);

  /* Too small for a metric: it says why. */
  omni_comparison_set_region (f->comparison, &(const OmniMetricsRegion){ 0, 0, 2, 2 });
  settle (f);
  g_assert_false (omni_comparison_row_get_score (get_row (f, 0), 0, &part));
  g_assert_nonnull (omni_comparison_row_get_reason (get_row (f, 0), 0));
  omni_comparison_set_region (f->comparison, NULL);
  settle (f);
  check_scores (f, NULL);
}

/* No score of one region is told as that of another, not even while nobody looks. */
static void
test_region_unseen (Fixture *f, gconstpointer data)
{
  double value;

  if (skip ())
    return;
  omni_comparison_set_enabled (f->comparison, TRUE);
  settle (f);
  g_assert_true (omni_comparison_row_get_score (get_row (f, 0), 0, &value));
  omni_comparison_set_enabled (f->comparison, FALSE);
  omni_comparison_set_region (f->comparison, &(const OmniMetricsRegion){ 16, 8, 64, 48 });

  guint n_scored;
  double least, greatest;
  g_assert_false (omni_comparison_row_get_score (get_row (f, 0), 0, &value));
  g_assert_cmpuint (omni_comparison_get_rank (f->comparison, get_row (f, 0), 0, &n_scored), ==, 0);
  g_assert_cmpuint (n_scored, ==, 0);
  g_assert_false (omni_comparison_get_bounds (f->comparison, 0, &least, &greatest));
  g_autoptr (OmniComparisonReport) report = omni_comparison_report_new (f->comparison, NULL);
  g_autofree char *csv = omni_comparison_report_to_csv (report);
  g_assert_nonnull (strstr (csv, "\r\nmean,,exposure,3,\"16,8,64,48\",,,,"));

  omni_comparison_set_enabled (f->comparison, TRUE);
  settle (f);
  check_scores (f, &(const OmniMetricsRegion){ 16, 8, 64, 48 });
}

/* What waits is fused with what its row says, whatever the options have become meanwhile. */
static void
test_options_kept (Fixture *f, gconstpointer data)
{
  const OmniModel *mertens = omni_model_find ("mertens");
  g_autoptr (GError) error = NULL;
  OmniComparisonRow *waiting = NULL;

  if (skip ())
    return;
  omni_document_set_model (f->document, mertens);
  settle (f);
  omni_document_set_option (f->document, &mertens->options[0], "0.5", &error);
  g_assert_no_error (error);
  omni_comparison_run_all (f->comparison);
  omni_document_set_option (f->document, &mertens->options[0], "0.25", &error);
  g_assert_no_error (error);
  settle (f);
  for (guint i = 0; i < count_rows (f); i++)
    if (omni_comparison_row_get_model (get_row (f, i)) == mertens
        && g_str_equal (omni_comparison_row_get_options (get_row (f, i)), "contrast=0.5"))
      waiting = get_row (f, i);
  g_assert_nonnull (waiting);
  g_assert_null (omni_comparison_row_get_result (waiting));

  omni_comparison_set_enabled (f->comparison, TRUE);
  settle (f);
  g_assert_nonnull (omni_comparison_row_get_result (waiting));
  g_assert_cmpstr (omni_comparison_row_get_result (waiting)->options, ==, "contrast=0.5");
}

static void
test_cancel (Fixture *f, gconstpointer data)
{
  if (skip ())
    return;
  omni_comparison_set_enabled (f->comparison, TRUE);
  settle (f);
  omni_comparison_run_all (f->comparison);
  g_assert_true (omni_comparison_is_busy (f->comparison));
  omni_comparison_cancel (f->comparison);
  g_assert_false (omni_comparison_is_busy (f->comparison));
  g_assert_cmpuint (count_rows (f), ==, 1);

  /* The document goes first, and the comparison goes on after it. */
  omni_comparison_run_all (f->comparison);
  const guint n = count_rows (f);
  omni_document_move (f->document, 0, 2);
  settle (f);
  g_assert_cmpuint (count_rows (f), ==, n);
  check_scores (f, NULL);
  g_assert_cmpint (omni_document_get_order_check (f->document), ==, OMNI_ORDER_SAME);
}

static void
test_abandoned (Fixture *f, gconstpointer data)
{
  if (skip ())
    return;
  omni_comparison_set_enabled (f->comparison, TRUE);
  settle (f);
  omni_comparison_run_all (f->comparison);
  for (guint turn = 0; turn < 3; turn++)
    g_main_context_iteration (NULL, FALSE);
}

/* A number that is turned up and up must not fill the memory. */
static void
test_many_options (Fixture *f, gconstpointer data)
{
  const OmniModel *mertens = omni_model_find ("mertens");
  g_autoptr (GError) error = NULL;

  if (skip ())
    return;
  omni_comparison_set_enabled (f->comparison, TRUE);
  omni_document_set_model (f->document, mertens);
  settle (f);
  for (guint i = 2; i < 2 + OMNI_DOCUMENT_KEPT_RESULTS + 2; i++)
  {
    g_autofree char *value = g_strdup_printf ("0.%u", i);
    omni_document_set_option (f->document, &mertens->options[0], value, &error);
    g_assert_no_error (error);
    settle (f);
  }
  g_assert_cmpuint (count_rows (f), ==, OMNI_DOCUMENT_KEPT_RESULTS);
  g_assert_nonnull (omni_comparison_get_current (f->comparison));
}

static void
test_medical (Fixture *f, gconstpointer data)
{
  if (skip ())
    return;
  omni_comparison_set_enabled (f->comparison, TRUE);
  omni_document_set_task (f->document, OMNI_TASK_MEDICAL);
  settle (f);
  g_assert_cmpstr (omni_comparison_get_metric (f->comparison, 0)->name, ==, "vif");
  g_assert_cmpuint (count_rows (f), ==, 1);
}

/* Reports */

static void
test_reports (Fixture *f, gconstpointer data)
{
  const OmniModel *mertens = omni_model_find ("mertens");
  g_autoptr (GError) error = NULL;
  double value;

  if (skip ())
    return;
  omni_comparison_set_enabled (f->comparison, TRUE);
  settle (f);
  omni_document_set_model (f->document, mertens);
  settle (f);
  omni_document_set_option (f->document, &mertens->options[0], "2", &error);
  omni_document_set_option (f->document, &mertens->options[1], "3", &error);
  g_assert_no_error (error);
  omni_comparison_set_region (f->comparison, &(const OmniMetricsRegion){ 16, 8, 64, 48 });
  settle (f);
  g_assert_cmpuint (count_rows (f), ==, 3);
  g_autoptr (OmniComparisonReport) report = omni_comparison_report_new (f->comparison, NULL);

  g_autofree char *csv = omni_comparison_report_to_csv (report);
  g_auto (GStrv) lines = g_strsplit (csv, "\r\n", -1);
  g_assert_cmpuint (g_strv_length (lines), ==, 5);
  g_assert_cmpstr (lines[0], ==,
                   "model,options,task,sources,region,mef-ssim,qabf,vif,ms,sha256,reason,weights");
  g_assert_true (omni_comparison_row_get_score (get_row (f, 0), 0, &value));
  g_autofree char *first = g_strdup_printf ("mean,,exposure,3,\"16,8,64,48\",%.4f,", value);
  g_assert_true (g_str_has_prefix (lines[1], first));
  g_assert_nonnull (strstr (lines[3], "contrast=2 saturation=3"));

  g_autofree char *text = omni_comparison_report_to_text (report);
  g_autofree char *shown = g_strdup_printf ("%.4f", value);
  g_assert_nonnull (strstr (text, "region 64 × 48 at 16, 8"));
  g_assert_nonnull (strstr (text, shown));

  g_autofree char *page = g_build_filename (f->folder, "page.html", NULL);
  g_autofree char *table = g_build_filename (f->folder, "table.CSV", NULL);
  g_autofree char *other = g_build_filename (f->folder, "other.doc", NULL);
  g_autofree char *html = NULL;
  g_autofree char *saved = NULL;
  g_assert_true (omni_comparison_report_save (report, page, NULL, &error));
  g_assert_no_error (error);
  g_file_get_contents (page, &html, NULL, &error);
  g_assert_no_error (error);
  g_assert_nonnull (strstr (html, shown));
  g_assert_nonnull (strstr (html, "data:image/jpeg"));
  g_assert_true (omni_comparison_report_save (report, table, NULL, &error));
  g_file_get_contents (table, &saved, NULL, &error);
  g_assert_cmpstr (saved, ==, csv);
  g_assert_false (omni_comparison_report_save (report, other, NULL, &error));
  g_assert_nonnull (strstr (error->message, "other.doc"));
  g_assert_false (g_file_test (other, G_FILE_TEST_EXISTS));
}

/* A result of more bands than a page can show is named there with the reason, and the rest of the page stands. */
static void
test_report_of_bands (Fixture *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *page = g_build_filename (f->folder, "bands.html", NULL);
  g_autofree char *html = NULL;

  if (skip ())
    return;
  settle (f);
  omni_document_set_model (f->document, omni_model_find ("max"));
  settle (f);
  GBytes *pixels = g_bytes_new_take (g_malloc0 (WIDTH_PX * HEIGHT_PX * 5), WIDTH_PX * HEIGHT_PX * 5);
  OmniPicture *bands = omni_picture_new (WIDTH_PX, HEIGHT_PX, 5, FALSE, OMNI_SAMPLE_U8, pixels, NULL, NULL,
                                         &error);
  g_assert_no_error (error);
  OmniFusionResult *result = omni_comparison_row_get_result (get_row (f, 0));
  g_object_unref (result->picture);
  result->picture = bands;

  g_autoptr (OmniComparisonReport) report = omni_comparison_report_new (f->comparison, NULL);
  g_assert_true (omni_comparison_report_save (report, page, NULL, &error));
  g_assert_no_error (error);
  g_assert_true (g_file_get_contents (page, &html, NULL, NULL));
  g_assert_nonnull (strstr (html, "bands"));
  const char *first = strstr (html, "data:image/");
  g_assert_nonnull (first);
  g_assert_null (strstr (first + 1, "data:image/"));
}

static void
add (const char *name, void (*test) (Fixture *, gconstpointer))
{
  g_autofree char *path = g_strdup_printf ("/comparison/%s", name);

  g_test_add (path, Fixture, NULL, set_up, test, tear_down);
}

int
main (int argc, char **argv)
{
  char *home = omni_test_make_folder ();

  g_setenv ("XDG_CACHE_HOME", home, TRUE); /* what is measured stays here */
  g_test_init (&argc, &argv, NULL);
  engine = omni_engine_new (NULL);
  can_fuse = omni_engine_ensure_device (engine, NULL, NULL);
  add ("current", test_current);
  add ("influence", test_influence);
  add ("order-matters", test_order_matters);
  add ("run-all", test_run_all);
  add ("models-by-fit", test_models_by_fit);
  add ("speed", test_speed);
  add ("speed-of-influence", test_speed_of_influence);
  add ("region", test_region);
  add ("region-unseen", test_region_unseen);
  add ("options-kept", test_options_kept);
  add ("cancel", test_cancel);
  add ("abandoned", test_abandoned);
  add ("many-options", test_many_options);
  add ("medical", test_medical);
  add ("reports", test_reports);
  add ("report-of-bands", test_report_of_bands);

  const int status = g_test_run ();
  g_object_unref (engine);
  omni_test_remove_folder (home);
  return status;
}
