/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The library half of evaluate: figures worked out by hand, layouts, methods, the cache, and runs of it. */

#include "app/evaluate/cache.h"
#include "app/files/csv.h"
#include "app/evaluate/evaluate.h"
#include "app/evaluate/layout.h"
#include "app/evaluate/statistics.h"
#include "app/evaluate/summary.h"
#include "tests/cli-common.h"

#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#define W 96
#define H 80

static char *folder;

static char *
in_folder (const char *name)
{
  return g_build_filename (folder, name, NULL);
}

static void
write_text (const char *name, const char *text)
{
  g_autofree char *path = in_folder (name);
  g_autofree char *parent = g_path_get_dirname (path);
  g_assert_cmpint (g_mkdir_with_parents (parent, 0700), ==, 0);
  g_assert_true (g_file_set_contents (path, text, -1, NULL));
}

static void
write_picture (const char *name, guint index, guint width, guint height, guint channels, double gain)
{
  g_autofree char *path = in_folder (name);
  g_autofree char *parent = g_path_get_dirname (path);
  g_assert_cmpint (g_mkdir_with_parents (parent, 0700), ==, 0);
  g_free (write_scene (folder, name, index, width, height, channels, FALSE, OMNI_SAMPLE_U8, gain));
}

/* ---- Statistics ---- */

static void
test_mean_and_median (void)
{
  g_assert_cmpfloat (omni_statistics_mean ((const double[]){ 1, 6, 2 }, 3), ==, 3);
  g_assert_cmpfloat (omni_statistics_mean ((const double[]){ 0.1, 0.1, 0.1 }, 3), ==, 0.1);
  g_assert_cmpfloat (omni_statistics_median ((const double[]){ 5, 1, 3 }, 3), ==, 3);
  g_assert_cmpfloat (omni_statistics_median ((const double[]){ 10, 1, 3, 2 }, 4), ==, 2.5);
  g_assert_true (isnan (omni_statistics_mean (NULL, 0)));
  g_assert_true (isnan (omni_statistics_median (NULL, 0)));
}

static void
test_ranks (void)
{
  const double values[] = { 0.9, 0.8, 0.9, 0.1 };
  guint ranks[4];
  omni_statistics_rank (values, 4, TRUE, ranks);
  g_assert_cmpmem (ranks, sizeof ranks, ((guint[]){ 1, 3, 1, 4 }), sizeof ranks);
  omni_statistics_rank (values, 4, FALSE, ranks);
  g_assert_cmpmem (ranks, sizeof ranks, ((guint[]){ 3, 2, 3, 1 }), sizeof ranks);
}

static void
test_wins (void)
{
  const double ours[] = { 0.75, 0.5, 0.7, NAN, 2 }, theirs[] = { 0.5, 0.625, 0.7, 1, NAN };
  OmniComparison c;
  omni_statistics_compare (ours, theirs, 5, TRUE, &c);
  g_assert_cmpuint (c.n, ==, 3);
  g_assert_cmpuint (c.wins, ==, 1);
  g_assert_cmpuint (c.losses, ==, 1);
  g_assert_cmpuint (c.ties, ==, 1);
  g_assert_cmpfloat_with_epsilon (c.mean_difference, 0.125 / 3, 1e-15);
  omni_statistics_compare (ours, theirs, 1, FALSE, &c);
  g_assert_cmpuint (c.wins, ==, 0);
  g_assert_cmpuint (c.losses, ==, 1);
  g_assert_false (c.has_interval);
  omni_statistics_compare (ours + 3, theirs + 3, 2, TRUE, &c);
  g_assert_cmpuint (c.n, ==, 0);
  g_assert_true (isnan (c.mean_difference));
}

/* Means of resamples of n values of which one is 1 and the others 0 are binomial: for n = 2, P (0) = P (1) = 1/4; for
 * n = 10, P (X = 0) = .349, P (X ≤ 2) = .930 and P (X ≤ 3) = .987, so the quantiles are 0 and .3. */
static void
test_bootstrap (void)
{
  const double pair[] = { 1, 0 }, ten[] = { 0, 0, 0, 0, 1, 0, 0, 0, 0, 0 };
  const double other_order[] = { 1, 0, 0, 0, 0, 0, 0, 0, 0, 0 };
  const double uneven[] = { 0.3, -0.2, 0.15, 0.05, 0.4 }, shuffled[] = { 0.05, 0.4, 0.3, 0.15, -0.2 };
  double low, high, low2, high2;
  g_assert_true (omni_statistics_bootstrap (pair, 2, &low, &high));
  g_assert_cmpfloat (low, ==, 0);
  g_assert_cmpfloat (high, ==, 1);
  g_assert_true (omni_statistics_bootstrap (ten, 10, &low, &high));
  g_assert_cmpfloat (low, ==, 0);
  g_assert_cmpfloat_with_epsilon (high, 0.3, 1e-12);
  g_assert_true (omni_statistics_bootstrap (other_order, 10, &low2, &high2));
  g_assert_true (low2 == low && high2 == high);
  g_assert_true (omni_statistics_bootstrap (uneven, 5, &low, &high));
  g_assert_true (omni_statistics_bootstrap (shuffled, 5, &low2, &high2));
  g_assert_true (low2 == low && high2 == high && low < high);
  g_assert_false (omni_statistics_bootstrap (pair, 1, &low, &high));
}

static void
test_constant_difference (void)
{
  double ours[7], theirs[7];
  for (guint i = 0; i < 7; i++)
  {
    theirs[i] = i * 0.125;
    ours[i] = theirs[i] + 0.25;
  }
  OmniComparison c;
  omni_statistics_compare (ours, theirs, 7, TRUE, &c);
  g_assert_cmpuint (c.wins, ==, 7);
  g_assert_true (c.has_interval);
  g_assert_cmpfloat (c.mean_difference, ==, 0.25);
  g_assert_cmpfloat (c.low, ==, 0.25);
  g_assert_cmpfloat (c.high, ==, 0.25);
}

/* Of intervals that claim 95 %, nearly as many hold the true mean; percentile intervals of 20 values are a little short. */
static void
test_coverage (void)
{
  g_autoptr (GRand) random = g_rand_new_with_seed (7);
  guint n_held = 0;
  for (guint set = 0; set < 300; set++)
  {
    double values[20], low, high;
    for (guint i = 0; i < 20; i++)
      values[i] = g_rand_double (random) - 0.5;
    g_assert_true (omni_statistics_bootstrap (values, 20, &low, &high));
    n_held += low <= 0 && high >= 0;
  }
  g_assert_cmpuint (n_held, >=, 267); /* 89 % */
  g_assert_cmpuint (n_held, <=, 294); /* 98 % */
}

/* ---- Tables of commas ---- */

static void
test_csv (void)
{
  g_autofree char *path = in_folder ("t.csv");
  GError *error = NULL;
  write_text ("t.csv",
              "\xef\xbb\xbfsplit,task,scene\r\nval,focus,\"a, \"\"b\"\"\"\r\n\r\ntrain\n,,\"two\nlines\"");
  g_autoptr (OmniCsv) csv = omni_csv_read (path, &error);
  g_assert_no_error (error);
  guint column;
  g_assert_true (omni_csv_find_column (csv, "scene", &column));
  g_assert_cmpuint (column, ==, 2);
  g_assert_false (omni_csv_find_column (csv, "file", &column));
  g_assert_cmpuint (omni_csv_count_rows (csv), ==, 3);
  g_assert_cmpstr (omni_csv_get (csv, 0, 0), ==, "val");
  g_assert_cmpstr (omni_csv_get (csv, 0, 2), ==, "a, \"b\"");
  g_assert_cmpstr (omni_csv_get (csv, 1, 0), ==, "train");
  g_assert_cmpstr (omni_csv_get (csv, 1, 2), ==, "");
  g_assert_cmpstr (omni_csv_get (csv, 2, 2), ==, "two\nlines");

  static const char *const broken[] = { "a,\"b", "", "\n\n", "\xff\xfe" };
  for (guint i = 0; i < G_N_ELEMENTS (broken); i++)
  {
    write_text ("t.csv", broken[i]);
    g_assert_null (omni_csv_read (path, &error));
    g_assert_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA);
    g_clear_error (&error);
  }
}

/* ---- Layouts ---- */

static GPtrArray *
find (const char *name, const char *split, OmniTask task, GPtrArray *notes)
{
  g_autofree char *path = in_folder (name);
  GError *error = NULL;
  GPtrArray *scenes = omni_evaluate_find_scenes (path, split, task, notes, &error);
  g_assert_no_error (error);
  return scenes;
}

static void
assert_not_found (const char *name, const char *split, const char *words)
{
  g_autofree char *path = in_folder (name);
  g_autoptr (GError) error = NULL;
  g_assert_null (omni_evaluate_find_scenes (path, split, OMNI_TASK_AUTO, NULL, &error));
  g_assert_nonnull (error);
  if (strstr (error->message, words) == NULL)
    g_error ("“%s” does not say “%s”", error->message, words);
}

static void
assert_ids (GPtrArray *scenes, const char *expected)
{
  g_autoptr (GString) ids = g_string_new (NULL);
  for (guint i = 0; i < scenes->len; i++)
    g_string_append_printf (ids, "%s%s", i > 0 ? " " : "", ((OmniEvaluateScene *)scenes->pdata[i])->id);
  g_assert_cmpstr (ids->str, ==, expected);
}

static void
write_layout (void)
{
  write_picture ("data/exposure/s10/01.png", 0, W, H, 3, 0.4);
  write_picture ("data/exposure/s10/02.png", 0, W, H, 3, 1.4);
  write_picture ("data/exposure/s2/01.png", 1, W, H, 3, 0.4);
  write_picture ("data/exposure/s2/02.png", 1, W, H, 3, 1.4);
  write_picture ("data/mri-pet/7/mri.png", 2, W, H, 1, 1);
  write_picture ("data/mri-pet/7/PET.png", 3, W, H, 3, 1);
  write_picture ("data/focus/f/a.png", 4, W, H, 3, 1);
  write_picture ("data/focus/f/b.png", 5, W, H, 3, 1);
  write_picture ("data/focus/f/reference.png", 4, W, H, 3, 0.9);
  write_picture ("data/natural/1.png", 5, W, H, 3, 1);
  write_text ("data/split.csv",
              "split,task,scene,file\nval,exposure,s2,\"x\"\nval,exposure,s2,y\n"
              "train,exposure,s10,z\nval,natural,1,1.png\nval,mri-pet,7,m\nval,focus,gone,g\n");
}

static void
test_layout (void)
{
  write_layout ();
  g_autoptr (GPtrArray) notes = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GPtrArray) all = find ("data", NULL, OMNI_TASK_AUTO, notes);
  assert_ids (all, "exposure/s2 exposure/s10 focus/f mri-pet/7");
  g_assert_cmpuint (notes->len, ==, 1);
  g_assert_nonnull (strstr (notes->pdata[0], "natural"));
  const OmniEvaluateScene *medical = all->pdata[3], *focus = all->pdata[2];
  g_assert_cmpint (medical->task, ==, OMNI_TASK_MEDICAL);
  g_assert_cmpuint (medical->sources->len, ==, 2);
  OmniRole roles = 0;
  for (guint i = 0; i < 2; i++)
    roles |= 1u << omni_source_get_role (medical->sources->pdata[i]);
  g_assert_cmpuint (roles, ==, 1u << OMNI_ROLE_MRI | 1u << OMNI_ROLE_PET);
  g_assert_cmpuint (focus->sources->len, ==, 2);
  g_assert_true (g_str_has_suffix (omni_source_get_path (focus->reference), "reference.png"));

  g_autoptr (GPtrArray) one_task = find ("data/exposure", NULL, OMNI_TASK_AUTO, NULL);
  assert_ids (one_task, "exposure/s2 exposure/s10");
  g_autoptr (GPtrArray) scene = find ("data/mri-pet/7", NULL, OMNI_TASK_AUTO, NULL);
  assert_ids (scene, "mri-pet/7");
}

static void
test_split (void)
{
  write_layout ();
  g_autoptr (GPtrArray) val = find ("data", "val", OMNI_TASK_AUTO, NULL);
  assert_ids (val, "exposure/s2 focus/gone mri-pet/7");
  const OmniEvaluateScene *gone = val->pdata[1];
  g_assert_nonnull (strstr (gone->problem, "no such folder"));
  g_autoptr (GPtrArray) task = find ("data/exposure", "val", OMNI_TASK_AUTO, NULL);
  assert_ids (task, "exposure/s2");
  g_autoptr (GPtrArray) scene = find ("data/exposure/s10", "train", OMNI_TASK_AUTO, NULL);
  assert_ids (scene, "exposure/s10");
  assert_not_found ("data/exposure/s10", "val", "No scene of");
  assert_not_found ("data", "test", "it has train, val");
  write_text ("data/split.csv", "split,scene\n");
  assert_not_found ("data", "val", "no column “task”");
  g_autofree char *path = in_folder ("data/split.csv");
  g_remove (path);
  assert_not_found ("data", "val", "leave out --split");
}

static void
test_folder_of_scenes (void)
{
  write_picture ("mine/focus/1.png", 0, W, H, 3, 0.2);
  write_picture ("mine/focus/2.png", 0, W, H, 3, 1.6);
  write_picture ("mine/b/infrared.png", 0, W, H, 1, 1);
  write_picture ("mine/b/visible.png", 1, W, H, 3, 1);
  write_text ("mine/broken/1.png", "no picture");
  write_text ("mine/empty/readme.txt", "nothing");
  write_picture ("mine/two/a.png", 0, W, H, 3, 1);
  write_picture ("mine/two/truth.png", 0, W, H, 3, 1);
  write_picture ("mine/two/reference.png", 0, W, H, 3, 1);
  g_autoptr (GPtrArray) scenes = find ("mine", NULL, OMNI_TASK_AUTO, NULL);
  assert_ids (scenes, "auto/broken auto/empty auto/two exposure/focus infrared/b");
  for (guint i = 0; i < 5; i++)
    g_assert_true ((((OmniEvaluateScene *)scenes->pdata[i])->problem != NULL) == (i < 3));
  write_picture ("mine/two/truth.png", 0, W, H + 1, 3, 1);
  g_autofree char *reference = in_folder ("mine/two/reference.png");
  g_remove (reference);
  g_autoptr (GPtrArray) odd = find ("mine/two", NULL, OMNI_TASK_AUTO, NULL);
  g_assert_nonnull (
    strstr (((OmniEvaluateScene *)odd->pdata[0])->problem, "differ in size: “a.png” is 96 × 80"));
  g_autoptr (GPtrArray) told = find ("mine", NULL, OMNI_TASK_FOCUS, NULL);
  g_assert_cmpint (((OmniEvaluateScene *)told->pdata[0])->task, ==, OMNI_TASK_FOCUS);
  assert_not_found ("nowhere", NULL, "There is no folder");
  assert_not_found ("mine/empty", NULL, "holds no scenes");
  assert_not_found ("mine/broken/1.png", NULL, "not a folder");
}

/* ---- Methods ---- */

static void
test_patterns (void)
{
  g_autofree char *path = omni_evaluate_expand_pattern ("o/{task}/x-{scene}.png", "mri-pet", "{task}");
  g_assert_cmpstr (path, ==, "o/mri-pet/x-{task}.png");
  static const char *const broken[] = { "name", "=a/{scene}", "name=", "name=a/{task}.png" };
  for (guint i = 0; i < G_N_ELEMENTS (broken); i++)
  {
    g_autoptr (GError) error = NULL;
    g_assert_null (omni_evaluate_method_new_external (broken[i], &error));
    g_assert_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT);
  }
}

static void
test_methods (void)
{
  GError *error = NULL;
  g_autoptr (OmniEvaluateMethod) plain = omni_evaluate_method_new (OMNI_METHOD_MODEL, "mean", &error);
  g_assert_no_error (error);
  g_assert_cmpstr (plain->name, ==, "mean");
  g_assert_cmpstr (plain->options_text, ==, "");
  g_autoptr (OmniEvaluateMethod) ifani = omni_evaluate_method_new (OMNI_METHOD_BASELINE, "ifani", &error);
  g_assert_no_error (error);
  const char *weights = omni_evaluate_method_get_weights_sha256 (ifani, OMNI_TASK_EXPOSURE);
  g_assert_nonnull (weights);
  g_assert_cmpuint (strlen (weights), ==, 64);
  static const char *const broken[] = { "nothing", "mean:x=1", "mean@weights.safetensors", "ifani@nowhere" };
  for (guint i = 0; i < G_N_ELEMENTS (broken); i++)
  {
    g_assert_null (omni_evaluate_method_new (OMNI_METHOD_MODEL, broken[i], &error));
    g_assert_nonnull (error);
    g_clear_error (&error);
  }
}

/* ---- The cache ---- */

static OmniEvaluateCache *
open_cache (const char *path)
{
  GError *error = NULL;
  OmniEvaluateCache *cache = omni_evaluate_cache_open (path, &error);
  g_assert_no_error (error);
  return cache;
}

static void
assert_kept (OmniEvaluateCache *cache, const char *key, double expected)
{
  double value;
  char *reason;
  g_assert_true (omni_evaluate_cache_find (cache, key, &value, &reason));
  g_assert_null (reason);
  g_assert_true (value == expected);
}

static void
assert_reason_kept (OmniEvaluateCache *cache, const char *key, const char *expected)
{
  double value;
  g_autofree char *reason = NULL;
  g_assert_true (omni_evaluate_cache_find (cache, key, &value, &reason));
  g_assert_true (isnan (value));
  g_assert_cmpstr (reason, ==, expected);
}

static void
test_cache (void)
{
  g_autofree char *path = in_folder ("new/folder/cache.jsonl");
  {
    g_autoptr (OmniEvaluateCache) cache = open_cache (path);
    g_assert_true (omni_evaluate_cache_add (cache, "a", "s", "m", "x", 1.0 / 3, NULL, NULL));
    g_assert_true (omni_evaluate_cache_add (cache, "b", "s \"\n", "m", "x", -5, NULL, NULL));
    g_assert_true (omni_evaluate_cache_add (cache, "c", "s", "m", "x", 1e-300, NULL, NULL));
    g_assert_true (omni_evaluate_cache_add (cache, "e", "s", "m", "x", NAN, "It is “flat”.", NULL));
    assert_reason_kept (cache, "e", "It is “flat”.");
    assert_kept (cache, "a", 1.0 / 3);
  }
  g_autofree char *text = NULL;
  gsize size;
  g_assert_true (g_file_get_contents (path, &text, &size, NULL));
  /* Killed at any byte: what was whole is kept, and what is added later is whole. */
  for (gsize cut = 0; cut <= size; cut++)
  {
    g_assert_true (g_file_set_contents (path, text, (gssize)cut, NULL));
    guint n_whole = 0;
    for (gsize i = 0; i < cut; i++)
      n_whole += text[i] == '}';
    n_whole -= n_whole > 0; /* the heading */
    {
      g_autoptr (OmniEvaluateCache) cache = open_cache (path);
      g_assert_cmpuint (omni_evaluate_cache_count (cache), ==, n_whole);
      g_assert_true (omni_evaluate_cache_add (cache, "d", "s", "m", "x", 4, NULL, NULL));
    }
    g_autoptr (OmniEvaluateCache) again = open_cache (path);
    g_assert_cmpuint (omni_evaluate_cache_count (again), ==, n_whole + 1);
    assert_kept (again, "d", 4);
    if (n_whole > 0)
      assert_kept (again, "a", 1.0 / 3);
    if (n_whole > 3)
      assert_reason_kept (again, "e", "It is “flat”.");
  }
}

static void
test_foreign_cache (void)
{
  g_autofree char *path = in_folder ("thesis.txt");
  g_autoptr (GError) error = NULL;
  write_text ("thesis.txt", "Chapter 1\n");
  g_assert_null (omni_evaluate_cache_open (path, &error));
  g_assert_nonnull (strstr (error->message, "another kind of file"));
  g_autofree char *text = NULL;
  g_assert_true (g_file_get_contents (path, &text, NULL, NULL));
  g_assert_cmpstr (text, ==, "Chapter 1\n");

  write_text (
    "odd.jsonl",
    "{\"omnifuse-evaluate\":1}\nnonsense\n{\"key\":1,\"value\":2}\n{\"key\":\"k\"}\n[]\n"
    "{\"key\":\"s\",\"value\":\"3\"}\n{\"key\":\"good\",\"value\":7}\n{\"key\":\"n\",\"value\":null}\n"
    "{\"key\":\"m\",\"value\":null,\"reason\":1}\n");
  g_autofree char *odd = in_folder ("odd.jsonl");
  g_autoptr (OmniEvaluateCache) cache = open_cache (odd);
  g_assert_cmpuint (omni_evaluate_cache_count (cache), ==, 1);
  assert_kept (cache, "good", 7);
}

/* ---- Runs ---- */

typedef struct
{
  OmniEvaluateParams params;
  char *cache_path;
} Setup;

static void
setup_init (Setup *setup, const char *data, const char *cache, guint n_jobs)
{
  setup->cache_path = in_folder (cache);
  setup->params = (OmniEvaluateParams){ .scenes = find (data, NULL, OMNI_TASK_AUTO, NULL),
                                        .models = g_ptr_array_new (),
                                        .externals = g_ptr_array_new (),
                                        .device = "software",
                                        .cache_path = setup->cache_path,
                                        .n_jobs = n_jobs };
}

static void
setup_clear (Setup *setup)
{
  g_ptr_array_unref (setup->params.scenes);
  g_ptr_array_unref (setup->params.models);
  g_ptr_array_unref (setup->params.externals);
  g_free (setup->cache_path);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Setup, setup_clear)

static OmniEvaluation *
run (const Setup *setup)
{
  GError *error = NULL;
  OmniEvaluation *evaluation = omni_evaluation_run (&setup->params, NULL, NULL, NULL, &error);
  g_assert_no_error (error);
  return evaluation;
}

/* The test would prove nothing on scenes that cannot be scored. */
static void
assert_all_scored (const OmniEvaluation *evaluation)
{
  for (guint i = 0; i < evaluation->tasks->len; i++)
  {
    const OmniEvaluateTask *task = evaluation->tasks->pdata[i];
    for (gsize k = 0; k < (gsize)task->scenes->len * task->methods->len * task->metrics->len; k++)
      g_assert_cmpstr (task->scores[k].reason, ==, NULL);
  }
}

static void
assert_same_scores (const OmniEvaluation *a, const OmniEvaluation *b)
{
  g_assert_cmpuint (a->tasks->len, ==, b->tasks->len);
  for (guint i = 0; i < a->tasks->len; i++)
  {
    const OmniEvaluateTask *x = a->tasks->pdata[i], *y = b->tasks->pdata[i];
    const gsize n = (gsize)x->scenes->len * x->methods->len * x->metrics->len;
    g_assert_cmpuint (n, >, 0);
    g_assert_cmpuint (x->methods->len, ==, y->methods->len);
    for (gsize k = 0; k < n; k++)
    {
      g_assert_true (memcmp (&x->scores[k].value, &y->scores[k].value, sizeof (double)) == 0
                     || (isnan (x->scores[k].value) && isnan (y->scores[k].value)));
      g_assert_cmpstr (x->scores[k].reason, ==, y->scores[k].reason);
    }
  }
}

static void
swap_sources (GPtrArray *scenes)
{
  for (guint i = 0; i < scenes->len; i++)
  {
    GPtrArray *sources = ((OmniEvaluateScene *)scenes->pdata[i])->sources;
    gpointer first = sources->pdata[0];
    sources->pdata[0] = sources->pdata[1];
    sources->pdata[1] = first;
  }
}

/* The number of jobs, the cache, and the order in which sources are listed change no bit. */
static void
test_same_bits (void)
{
  write_layout ();
  g_auto (Setup) one = { 0 };
  g_auto (Setup) four = { 0 };
  setup_init (&one, "data", "one.jsonl", 1);
  setup_init (&four, "data", "four.jsonl", 4);
  swap_sources (four.params.scenes);
  g_autoptr (OmniEvaluation) a = run (&one);
  g_autoptr (OmniEvaluation) b = run (&four);
  assert_all_scored (a);
  assert_same_scores (a, b);
  g_assert_cmpuint (a->n_from_cache, ==, 0);
  /* Another order, and still known. */
  four.params.cache_path = one.cache_path;
  g_autoptr (OmniEvaluation) c = run (&four);
  assert_same_scores (a, c);
  g_assert_cmpuint (c->n_from_cache, ==, c->n_scores);
}

/* Of a model that depends on the order, another order is another result. */
static void
test_order_counts (void)
{
  write_layout ();
  g_auto (Setup) setup = { 0 };
  setup_init (&setup, "data/exposure", "order.jsonl", 1);
  g_autoptr (OmniEvaluateMethod) model = omni_evaluate_method_new (OMNI_METHOD_MODEL, "running-mean", NULL);
  g_autoptr (GPtrArray) none = g_ptr_array_new ();
  g_ptr_array_add (setup.params.models, model);
  setup.params.baselines = none;
  g_autoptr (OmniEvaluation) first = run (&setup);
  assert_all_scored (first);
  swap_sources (setup.params.scenes);
  g_autoptr (OmniEvaluation) second = run (&setup);
  g_assert_cmpuint (second->n_from_cache, ==, 0);
}

/* What is lost from the cache is worked out again, and nothing else. */
static void
test_resume (void)
{
  write_layout ();
  g_auto (Setup) setup = { 0 };
  setup_init (&setup, "data", "resume.jsonl", 2);
  g_autoptr (OmniEvaluation) whole = run (&setup);
  g_autofree char *text = NULL;
  gsize size;
  g_assert_true (g_file_get_contents (setup.cache_path, &text, &size, NULL));
  g_assert_true (g_file_set_contents (setup.cache_path, text, (gssize)(size / 2), NULL));
  g_autoptr (OmniEvaluation) again = run (&setup);
  assert_same_scores (whole, again);
  g_assert_cmpuint (again->n_from_cache, >, 0);
  g_assert_cmpuint (again->n_from_cache, <, again->n_scores);
  g_autoptr (OmniEvaluation) third = run (&setup);
  g_assert_cmpuint (third->n_from_cache, ==, third->n_scores);

  /* Another picture under the same name is another scene. */
  write_picture ("data/exposure/s2/01.png", 3, W, H, 3, 0.4);
  g_auto (Setup) changed = { 0 };
  setup_init (&changed, "data", "resume.jsonl", 2);
  g_autoptr (OmniEvaluation) fourth = run (&changed);
  const OmniEvaluateTask *exposure = fourth->tasks->pdata[0];
  g_assert_cmpuint (fourth->n_scores - fourth->n_from_cache, ==,
                    exposure->methods->len * exposure->metrics->len);
}

/* What has no value has none the next time, either: nothing is fused again to find that out. */
static void
test_no_value (void)
{
  write_picture ("same/focus/s1/01.png", 1, W, H, 3, 0.4);
  write_picture ("same/focus/s1/02.png", 1, W, H, 3, 0.4);
  g_auto (Setup) setup = { 0 };
  setup_init (&setup, "same", "none.jsonl", 1);
  g_autoptr (OmniEvaluateMethod) model = omni_evaluate_method_new (OMNI_METHOD_MODEL, "mean", NULL);
  g_autoptr (GPtrArray) none = g_ptr_array_new ();
  g_autoptr (GPtrArray) metrics = g_ptr_array_new ();
  g_ptr_array_add (setup.params.models, model);
  g_ptr_array_add (metrics, (gpointer)omni_metric_find ("psnr"));
  setup.params.baselines = none;
  setup.params.metrics = metrics;
  g_autoptr (OmniEvaluation) first = run (&setup);
  const OmniEvaluateTask *task = first->tasks->pdata[0];
  g_assert_cmpuint (first->n_scores, ==, 1);
  g_assert_cmpuint (first->n_from_cache, ==, 0);
  g_assert_nonnull (strstr (task->scores[0].reason, "identical"));
  g_autoptr (OmniEvaluation) second = run (&setup);
  g_assert_cmpuint (second->n_from_cache, ==, 1);
  assert_same_scores (first, second);
}

/* Pan-sharpening: scores with a reference by Wald's protocol, the others of the pictures as they are; each known the next time, and
 * neither hanging on the order. An external picture has no reference. */
static void
test_pansharpen (void)
{
  write_picture ("pan/pansharpen/s/ms.png", 1, 32, 24, 3, 0.8);
  write_picture ("pan/pansharpen/s/pan.png", 1, 128, 96, 1, 0.8);
  write_picture ("pan/made/s.png", 1, 128, 96, 3, 0.8);
  g_auto (Setup) setup = { 0 };
  setup_init (&setup, "pan/pansharpen", "pan.jsonl", 1);
  g_autofree char *pattern = in_folder ("pan/made/{scene}.png");
  g_autofree char *description = g_strconcat ("other=", pattern, NULL);
  g_autoptr (OmniEvaluateMethod) other = omni_evaluate_method_new_external (description, NULL);
  g_autoptr (OmniEvaluation) first = run (&setup);
  const OmniEvaluateTask *task = first->tasks->pdata[0];
  g_assert_cmpint (task->task, ==, OMNI_TASK_PANSHARPEN);
  g_assert_cmpuint (task->methods->len, >=, 2);
  g_assert_cmpuint (task->metrics->len, ==, 6);
  assert_all_scored (first);
  for (guint i = 0; i < task->methods->len; i++)
    for (guint k = 0; k < task->metrics->len; k++)
    {
      const OmniMetric *metric = task->metrics->pdata[k];
      const double value = omni_evaluate_get_score (task, 0, i, k)->value;
      g_assert_true (metric->of_bands && value >= metric->minimum && value <= metric->maximum);
    }
  swap_sources (setup.params.scenes);
  g_autoptr (OmniEvaluation) second = run (&setup);
  assert_same_scores (first, second);
  g_assert_cmpuint (second->n_from_cache, ==, second->n_scores);

  g_ptr_array_add (setup.params.externals, other);
  g_autoptr (OmniEvaluation) third = run (&setup);
  const OmniEvaluateTask *more = third->tasks->pdata[0];
  guint n_scored = 0;
  for (guint k = 0; k < more->metrics->len; k++)
    for (guint i = 0; i < more->methods->len; i++)
      if (more->methods->pdata[i] == other)
        n_scored += omni_evaluate_get_score (more, 0, i, k)->reason == NULL;
  g_assert_cmpuint (n_scored, ==, 3);
}

static void
cancel_cb (guint done, guint n, const char *what, gpointer cancellable)
{
  if (done >= 2)
    g_cancellable_cancel (cancellable);
}

static void
test_cancel (void)
{
  write_layout ();
  g_auto (Setup) setup = { 0 };
  setup_init (&setup, "data", "cancel.jsonl", 1);
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GError) error = NULL;
  g_assert_null (omni_evaluation_run (&setup.params, cancel_cb, cancellable, cancellable, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_assert_nonnull (strstr (error->message, "the same command goes on"));
  g_autoptr (OmniEvaluation) rest = run (&setup);
  g_assert_cmpuint (rest->n_from_cache, >, 0);
  g_auto (Setup) fresh = { 0 };
  setup_init (&fresh, "data", "cancel-fresh.jsonl", 2);
  g_autoptr (OmniEvaluation) whole = run (&fresh);
  assert_same_scores (whole, rest);
}

/* An external method that is one of our own models' pictures has its scores; a missing and a mis-sized picture are named, and
 * the others are compared on what is left. */
static void
assert_name_refused (Setup *setup, const char *name, const char *pattern)
{
  g_autofree char *description = g_strdup_printf ("%s=%s", name, pattern);
  g_autofree char *words = g_strdup_printf ("Two methods are called “%s”", name);
  g_autoptr (OmniEvaluateMethod) method = omni_evaluate_method_new_external (description, NULL);
  g_autoptr (GError) error = NULL;
  g_ptr_array_add (setup->params.externals, method);
  g_assert_null (omni_evaluation_run (&setup->params, NULL, NULL, NULL, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT);
  g_assert_nonnull (strstr (error->message, words));
  g_ptr_array_remove (setup->params.externals, method);
}

static void
test_external (void)
{
  write_picture ("x/focus/a/1.png", 0, W, H, 3, 1);
  write_picture ("x/focus/a/2.png", 1, W, H, 3, 1);
  write_picture ("x/focus/b/1.png", 2, W, H, 3, 1);
  write_picture ("x/focus/b/2.png", 3, W, H, 3, 1);
  write_picture ("x/focus/c/1.png", 4, W, H, 3, 1);
  write_picture ("x/focus/c/2.png", 5, W, H, 3, 1);
  write_picture ("out/focus/a.png", 0, W, H, 3, 1);
  write_picture ("out/focus/b.png", 2, W + 1, H, 3, 1);
  g_auto (Setup) setup = { 0 };
  setup_init (&setup, "x", "external.jsonl", 2);
  g_autofree char *pattern = in_folder ("out/{task}/{scene}.png");
  g_autofree char *description = g_strconcat ("theirs=", pattern, NULL);
  g_autoptr (OmniEvaluateMethod) theirs = omni_evaluate_method_new_external (description, NULL);
  g_ptr_array_add (setup.params.externals, theirs);
  g_autoptr (OmniEvaluation) evaluation = run (&setup);
  const OmniEvaluateTask *task = evaluation->tasks->pdata[0];
  g_autoptr (OmniEvaluateTable) table = omni_evaluate_table_new (task);
  g_assert_true (task->methods->pdata[1] == theirs);
  for (guint i = 0; i < table->n_columns; i++)
  {
    g_assert_cmpuint (table->columns[i].n_shared, ==, 1);
    g_assert_cmpuint (table->columns[i].entries[0].n_values, ==, 3);
    g_assert_cmpuint (table->columns[i].entries[1].n_values, ==, 1);
  }
  g_assert_cmpuint (table->failures->len, ==, 2);
  const OmniEvaluateFailure *size = table->failures->pdata[0], *missing = table->failures->pdata[1];
  g_assert_cmpstr (size->scenes->pdata[0], ==, "focus/b");
  g_assert_nonnull (strstr (size->reason, "97 × 80"));
  g_assert_cmpstr (missing->scenes->pdata[0], ==, "focus/c");
  g_assert_nonnull (strstr (missing->reason, "c.png"));
  /* The model against the baselines and the external one: on all three scenes and on one. */
  const OmniEvaluatePair *first = &g_array_index (table->pairs, OmniEvaluatePair, 0);
  g_assert_cmpuint (first->theirs, ==, 1);
  g_assert_cmpuint (first->comparison.n, ==, 1);
  g_assert_cmpuint (first[table->n_columns].comparison.n, ==, 3);

  /* Changed pictures are scored anew. */
  write_picture ("out/focus/c.png", 4, W, H, 3, 1);
  g_autoptr (OmniEvaluation) more = run (&setup);
  g_assert_cmpuint (more->n_scores - more->n_from_cache, ==, 2 * table->n_columns);

  g_autoptr (OmniEvaluateMethod) twin = omni_evaluate_method_new_external (description, NULL);
  g_ptr_array_add (setup.params.externals, twin);
  g_autoptr (GError) error = NULL;
  g_assert_null (omni_evaluation_run (&setup.params, NULL, NULL, NULL, &error));
  g_assert_nonnull (strstr (error->message, "Two methods are called “theirs”"));
  g_ptr_array_remove (setup.params.externals, twin);

  /* Nor may it be called like a model that nobody named: the baselines and the model as they come. */
  assert_name_refused (&setup, "mean", pattern);
  assert_name_refused (&setup, omni_model_default_for (OMNI_TASK_FOCUS)->name, pattern);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  folder = g_dir_make_tmp ("omnifuse-evaluate-XXXXXX", NULL);
  g_test_add_func ("/evaluate/mean-and-median", test_mean_and_median);
  g_test_add_func ("/evaluate/ranks", test_ranks);
  g_test_add_func ("/evaluate/wins", test_wins);
  g_test_add_func ("/evaluate/bootstrap", test_bootstrap);
  g_test_add_func ("/evaluate/constant-difference", test_constant_difference);
  g_test_add_func ("/evaluate/coverage", test_coverage);
  g_test_add_func ("/evaluate/csv", test_csv);
  g_test_add_func ("/evaluate/layout", test_layout);
  g_test_add_func ("/evaluate/split", test_split);
  g_test_add_func ("/evaluate/folder-of-scenes", test_folder_of_scenes);
  g_test_add_func ("/evaluate/patterns", test_patterns);
  g_test_add_func ("/evaluate/methods", test_methods);
  g_test_add_func ("/evaluate/cache", test_cache);
  g_test_add_func ("/evaluate/foreign-cache", test_foreign_cache);
  g_test_add_func ("/evaluate/same-bits", test_same_bits);
  g_test_add_func ("/evaluate/order-counts", test_order_counts);
  g_test_add_func ("/evaluate/resume", test_resume);
  g_test_add_func ("/evaluate/no-value", test_no_value);
  g_test_add_func ("/evaluate/pansharpen", test_pansharpen);
  g_test_add_func ("/evaluate/cancel", test_cancel);
  g_test_add_func ("/evaluate/external", test_external);
  const int status = g_test_run ();
  remove_folder (folder);
  g_free (folder);
  return status;
}
