/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Runs omnifuse-cli evaluate on small made-up scenes and holds it to what its manual promises. */

#include "tests/cli-common.h"
#include "tests/cli-run.h"
#include "tests/page-check.h"

#include <glib/gstdio.h>
#include <signal.h>
#include <unistd.h>

#define W 96
#define H 80

static void
write_picture (const char *name, guint index, guint width, guint height, guint channels, double gain)
{
  g_autofree char *path = g_build_filename (folder, name, NULL);
  g_autofree char *parent = g_path_get_dirname (path);
  g_assert_cmpint (g_mkdir_with_parents (parent, 0700), ==, 0);
  g_free (write_scene (folder, name, index, width, height, channels, FALSE, OMNI_SAMPLE_U8, gain));
}

static void
write_text (const char *name, const char *text)
{
  g_autofree char *path = g_build_filename (folder, name, NULL);
  g_assert_true (g_file_set_contents (path, text, -1, NULL));
}

static char *
read_text (const char *name)
{
  g_autofree char *path = g_build_filename (folder, name, NULL);
  char *text;
  g_assert_true (g_file_get_contents (path, &text, NULL, NULL));
  return text;
}

/* Three exposure brackets, a focus pair with the truth, a medical pair. */
static void
write_scenes (void)
{
  for (guint i = 0; i < 3; i++)
    for (guint k = 0; k < 3; k++)
    {
      g_autofree char *name = g_strdup_printf ("data/exposure/s%u/%u.png", i, k);
      write_picture (name, i, W, H, 3, 0.4 + 0.5 * k);
    }
  write_picture ("data/focus/one/a.png", 3, W, H, 3, 1);
  write_picture ("data/focus/one/b.png", 4, W, H, 3, 1);
  write_picture ("data/focus/one/truth.png", 3, W, H, 3, 0.95);
  write_picture ("data/ct-mri/1/ct.png", 5, W, H, 1, 1);
  write_picture ("data/ct-mri/1/mri.png", 6, W, H, 1, 1);
  write_text ("data/split.csv", "split,task,scene\nval,exposure,s0\nval,exposure,s1\nval,focus,one\n"
                                "train,exposure,s2\nval,ct-mri,1\n");
}

/* The member at a path such as "tasks/exposure/methods". */
static JsonNode *
at (JsonObject *object, const char *path)
{
  g_auto (GStrv) names = g_strsplit (path, "|", -1);
  JsonNode *node = NULL;
  for (guint i = 0; names[i] != NULL; i++)
  {
    node = json_object_get_member (object, names[i]);
    if (node == NULL)
      g_error ("there is no “%s” in “%s”", names[i], path);
    object = JSON_NODE_HOLDS_OBJECT (node) ? json_node_get_object (node) : NULL;
  }
  return node;
}

static double
number (JsonObject *object, const char *path)
{
  return json_node_get_double (at (object, path));
}

static char *
to_text (JsonObject *object, const char *path)
{
  return json_to_string (at (object, path), FALSE);
}

/* ---- What it says ---- */

static void
test_json (void)
{
  g_auto (Run) run = CLI ("evaluate", "data", "--split", "val", "--json", "--model", "mertens", "--baseline",
                          "mean", "--baseline", "max", "--cache", "json.jsonl", "-d", "software");
  assert_done (&run);
  g_assert_cmpstr (run.err, ==, "");
  g_assert_nonnull (run.json);
  JsonObject *exposure = json_node_get_object (at (run.json, "tasks|exposure"));
  g_assert_cmpuint (json_array_get_length (json_object_get_array_member (exposure, "scenes")), ==, 2);
  const char *const metrics[] = { "mef-ssim", "mef-ssim-lum", "qabf", "vif" };
  for (guint i = 0; i < G_N_ELEMENTS (metrics); i++)
  {
    g_autofree char *entry = g_strdup_printf ("methods|mertens|metrics|%s", metrics[i]);
    JsonObject *object = json_node_get_object (at (exposure, entry));
    const double a = number (object, "scenes|exposure/s0"), b = number (object, "scenes|exposure/s1");
    g_assert_cmpfloat_with_epsilon (number (object, "mean"), (a + b) / 2, 1e-12);
    g_assert_cmpfloat_with_epsilon (number (object, "median"), (a + b) / 2, 1e-12);
    gint64 n_ranks = 0;
    JsonArray *ranks = json_object_get_array_member (object, "ranks");
    g_assert_cmpuint (json_array_get_length (ranks), ==, 3);
    for (guint k = 0; k < 3; k++)
      n_ranks += json_array_get_int_element (ranks, k);
    g_assert_cmpint (n_ranks, ==, 2);
  }
  JsonArray *pairs = json_object_get_array_member (exposure, "comparisons");
  g_assert_cmpuint (json_array_get_length (pairs), ==, 2 * 4);
  JsonObject *pair = json_array_get_object_element (pairs, 0);
  g_assert_cmpstr (json_object_get_string_member (pair, "ours"), ==, "mertens");
  g_assert_cmpstr (json_object_get_string_member (pair, "theirs"), ==, "mean");
  g_assert_cmpint (json_object_get_int_member (pair, "wins") + json_object_get_int_member (pair, "losses")
                     + json_object_get_int_member (pair, "ties"),
                   ==, 2);
  g_assert_cmpfloat_with_epsilon (number (pair, "mean_difference"),
                                  number (exposure, "methods|mertens|metrics|mef-ssim|mean")
                                    - number (exposure, "methods|mean|metrics|mef-ssim|mean"),
                                  1e-12);
  JsonArray *interval = json_object_get_array_member (pair, "interval");
  g_assert_cmpfloat (json_array_get_double_element (interval, 0), <=, number (pair, "mean_difference"));
  g_assert_cmpfloat (json_array_get_double_element (interval, 1), >=, number (pair, "mean_difference"));

  /* The truth is no source, and brings its own metrics. */
  g_assert_cmpfloat (number (run.json, "tasks|focus|methods|mean|metrics|ref-psnr|mean"), >, 10);
  JsonArray *scenes = json_node_get_array (at (run.json, "tasks|focus|scenes"));
  g_assert_cmpint (json_object_get_int_member (json_array_get_object_element (scenes, 0), "sources"), ==, 2);
}

/* The score in the table is that of "fuse" and "metrics". */
static void
test_agrees_with_metrics (void)
{
  g_auto (Run) fuse = CLI ("fuse", "data/exposure/s0", "-o", "s0.png", "-m", "mean", "-t", "exposure", "-d",
                           "software", "-q");
  assert_done (&fuse);
  g_auto (Run) metrics = CLI ("metrics", "data/exposure/s0/0.png", "data/exposure/s0/1.png",
                              "data/exposure/s0/2.png", "--fused", "s0.png", "--metric", "vif", "--json");
  assert_done (&metrics);
  g_auto (Run) run = CLI ("evaluate", "data/exposure", "--json", "-m", "mean", "--metric", "vif", "--cache",
                          "agrees.jsonl", "-d", "software");
  assert_done (&run);
  g_assert_cmpfloat (number (run.json, "tasks|exposure|methods|mean|metrics|vif|scenes|exposure/s0"), ==,
                     number (metrics.json, "metrics|vif"));
}

static void
test_jobs_and_cache (void)
{
  g_auto (Run) one = CLI ("evaluate", "data", "--json", "-j", "1", "--cache", "j1.jsonl", "-d", "software");
  g_auto (Run) four = CLI ("evaluate", "data", "--json", "-j", "4", "--cache", "j4.jsonl", "-d", "software");
  g_auto (Run) again = CLI ("evaluate", "data", "--json", "--cache", "j4.jsonl", "-d", "software");
  assert_done (&one);
  assert_done (&four);
  assert_done (&again);
  g_autofree char *a = to_text (one.json, "tasks");
  g_autofree char *b = to_text (four.json, "tasks");
  g_autofree char *c = to_text (again.json, "tasks");
  g_assert_cmpstr (a, ==, b);
  g_assert_cmpstr (a, ==, c);
  g_assert_cmpint (json_object_get_int_member (four.json, "scores_from_cache"), ==, 0);
  g_assert_cmpint (json_object_get_int_member (again.json, "scores_from_cache"), ==,
                   json_object_get_int_member (again.json, "scores"));
}

static void
test_default_cache (void)
{
  g_autofree char *cache = g_build_filename (folder, "cache home", NULL);
  g_auto (Run)
    run = CLI_ENV ("XDG_CACHE_HOME", cache, "evaluate", "data/focus", "--metric", "qabf", "-d", "software");
  assert_done (&run);
  g_autofree char *file = g_build_filename (cache, "omnifuse", "evaluate", "scores.jsonl", NULL);
  g_assert_true (g_file_test (file, G_FILE_TEST_EXISTS));
  g_assert_nonnull (strstr (run.out, "focus: 1 scene\n"));
  g_assert_nonnull (strstr (run.out, "laplacian"));
  g_assert_null (strstr (run.err, "left")); /* no progress where there is no terminal */
}

static void
test_compat (void)
{
  g_auto (Run) run = CLI ("evaluate", "data/ct-mri", "--compat", "u2fusion", "-m", "mean", "--baseline",
                          "max", "--cache", "compat.jsonl", "-d", "software");
  assert_done (&run);
  g_assert_nonnull (strstr (run.out, "ssim (as in u2fusion)"));
  g_auto (Run) json = CLI ("evaluate", "data/ct-mri", "--compat", "u2fusion", "--metric", "ssim", "--metric",
                           "qabf", "-m", "mean", "--cache", "compat.jsonl", "-d", "software", "--json");
  g_auto (Run) right = CLI ("evaluate", "data/ct-mri", "--metric", "ssim", "--metric", "qabf", "-m", "mean",
                            "--cache", "compat.jsonl", "-d", "software", "--json");
  assert_done (&json);
  assert_done (&right);
  g_autofree char *label = to_text (json.json, "tasks|medical|metrics|ssim|compat");
  g_assert_cmpstr (label, ==, "\"u2fusion\"");
  g_assert_cmpfloat (number (json.json, "tasks|medical|methods|mean|metrics|ssim|mean"), !=,
                     number (right.json, "tasks|medical|methods|mean|metrics|ssim|mean"));
  g_assert_cmpfloat (number (json.json, "tasks|medical|methods|mean|metrics|qabf|mean"), ==,
                     number (right.json, "tasks|medical|methods|mean|metrics|qabf|mean"));
}

/* Models that do not fit, broken files and external pictures that are missing are named and counted. */
static void
test_failures (void)
{
  write_picture ("bad/exposure/good/1.png", 0, W, H, 3, 0.5);
  write_picture ("bad/exposure/good/2.png", 0, W, H, 3, 1.5);
  write_picture ("bad/exposure/sizes/1.png", 0, W, H, 3, 0.5);
  write_picture ("bad/exposure/sizes/2.png", 0, W + 2, H, 3, 1.5);
  write_picture ("bad/exposure/torn/1.png", 0, W, H, 3, 0.5);
  write_text ("bad/exposure/torn/2.png", "\x89PNG\r\n\x1a\n");
  write_picture ("bad/infrared/x/infrared.png", 0, W, H, 1, 1);
  write_picture ("bad/infrared/x/visible.png", 1, W, H, 3, 1);
  write_picture ("bad/exposure/unmade/1.png", 2, W, H, 3, 0.5);
  write_picture ("bad/exposure/unmade/2.png", 2, W, H, 3, 1.5);
  write_picture ("made/good.png", 0, W, H, 3, 1);
  g_auto (Run) run = CLI ("evaluate", "bad", "-m", "mean", "--baseline", "mertens", "--external",
                          "theirs=made/{scene}.png", "--metric", "qabf", "--json", "--cache", "bad.jsonl",
                          "-d", "software");
  assert_done (&run);
  g_autofree char *failures = to_text (run.json, "tasks|exposure|failures");
  g_assert_nonnull (strstr (failures, "exposure/torn"));
  g_assert_nonnull (strstr (failures, "differ in size"));
  g_assert_nonnull (strstr (failures, "made/unmade.png"));
  g_autofree char *left_out = to_text (run.json, "tasks|infrared|left_out");
  g_assert_nonnull (strstr (left_out, "mertens"));
  g_assert_nonnull (strstr (left_out, "not made for the task"));
  g_assert_cmpint (json_node_get_int (at (run.json, "tasks|exposure|metrics|qabf|scenes_shared")), ==, 1);
  g_assert_true (
    JSON_NODE_HOLDS_NULL (at (run.json, "tasks|exposure|methods|mean|metrics|qabf|scenes|exposure/torn")));
  g_auto (Run) text = CLI ("evaluate", "bad", "-m", "mean", "--baseline", "mertens", "--metric", "qabf",
                           "--cache", "bad.jsonl", "-d", "software");
  g_assert_nonnull (strstr (text.out, "not scored: exposure/torn (1): "));
  g_assert_nonnull (strstr (text.out, "compared on 2 of 4 scenes"));
}

/* ---- What it refuses ---- */

static void
test_refused (void)
{
  static const struct
  {
    const char *arguments[6];
    const char *words;
  } cases[] = {
    { { NULL }, "Name one folder" },
    { { "data", "data" }, "Name one folder" },
    { { "nowhere" }, "There is no folder" },
    { { "data", "--split", "nothing" }, "it has train, val" },
    { { "bad", "--split", "val" }, "leave out --split" },
    { { "data", "-m", "nothing" }, "There is no model “nothing”" },
    { { "data", "-m", "ifcnn@nowhere.safetensors" }, "nowhere.safetensors" },
    { { "data", "-m", "mean", "-m", "mean" }, "Two methods are called “mean”" },
    { { "data", "--baseline", "nothing" }, "There is no model" },
    { { "data", "--metric", "nothing" }, "There is no metric" },
    { { "data", "--compat", "nothing" }, "There is no variant" },
    { { "data", "--external", "x=y.png" }, "put {scene} into it" },
    { { "data", "--external", "x" }, "names no pictures" },
    { { "data", "-j", "1000" }, "choose 1 to 64" },
    { { "data", "-t", "nothing" }, "There is no task" },
    { { "data", "--html", "x.html", "--picture-px", "1" }, "choose 64 to 4096" },
    { { "data", "--html", "no/folder/x.html" }, "does not exist" },
    { { "data", "--html", "data/exposure/s0/0.png", "-f" }, "one of the sources" },
    { { "data", "--cache", "data/split.csv" }, "another kind of file" },
    { { "data", "-d", "99" }, "99" },
  };
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
  {
    g_autoptr (GPtrArray) arguments = g_ptr_array_new ();
    g_ptr_array_add (arguments, (gpointer) "evaluate");
    for (guint k = 0; cases[i].arguments[k] != NULL; k++)
      g_ptr_array_add (arguments, (gpointer)cases[i].arguments[k]);
    g_ptr_array_add (arguments, NULL);
    g_autofree char *cache = g_build_filename (folder, "cache home", NULL);
    g_auto (Run) run = run_with_environment ("XDG_CACHE_HOME", cache, (const char *const *)arguments->pdata);
    assert_refused (&run, cases[i].words);
  }
  g_auto (Run) nothing = CLI ("evaluate", "bad/exposure/torn", "--cache", "n.jsonl", "-d", "software");
  assert_refused (&nothing, "Nothing could be scored");
}

/* ---- The page ---- */

static void
test_page (void)
{
  g_auto (Run)
    run = CLI ("evaluate", "data", "--split", "val", "-m", "mertens", "-m", "laplacian", "--baseline", "mean",
               "--html", "page.html", "--cache", "page.jsonl", "-q", "-d", "software");
  assert_done (&run);
  g_assert_cmpstr (run.out, ==, "");
  g_autofree char *text = read_text ("page.html");
  g_autoptr (GBytes) bytes = g_bytes_new (text, strlen (text));
  g_auto (Seen) seen = parse (bytes);
  /* Two brackets of three sources, a pair for focus and one for medicine, and a picture of each method that fits. */
  g_auto (Run) json = CLI ("evaluate", "data", "--split", "val", "-m", "mertens", "-m", "laplacian",
                           "--baseline", "mean", "--json", "--cache", "page.jsonl", "-d", "software");
  assert_done (&json);
  guint n_expected = 0;
  static const char *const tasks[] = { "exposure", "focus", "medical" };
  for (guint i = 0; i < 3; i++)
  {
    JsonObject *task = json_node_get_object (at (json.json, "tasks"));
    task = json_object_get_object_member (task, tasks[i]);
    const guint n_scenes = json_array_get_length (json_object_get_array_member (task, "scenes"));
    const guint n_sources = i == 0 ? 3 : 2;
    n_expected += n_scenes
                  * (n_sources + json_object_get_size (json_object_get_object_member (task, "methods")));
  }
  g_assert_cmpuint (n_expected, >=, 2 * (3 + 3) + 2 * (2 + 2));
  g_assert_cmpuint (seen.n_pictures, ==, n_expected);
  g_assert_nonnull (strstr (seen.text->str, "split “val”"));
  g_assert_nonnull (strstr (seen.text->str, "llvmpipe"));
  g_assert_nonnull (strstr (seen.text->str, "exposure/s1"));
  g_assert_null (strstr (seen.text->str, "no picture"));

  g_auto (Run) refused = CLI ("evaluate", "data", "--html", "page.html", "--cache", "page.jsonl");
  assert_refused (&refused, "--force");
  g_auto (Run)
    forced = CLI ("evaluate", "data", "--split", "val", "-m", "mertens", "-m", "laplacian", "--baseline",
                  "mean", "--html", "page.html", "--cache", "page.jsonl", "-q", "-f", "-d", "software");
  assert_done (&forced);
  g_autofree char *again = read_text ("page.html");
  g_autoptr (GBytes) more = g_bytes_new (again, strlen (again));
  g_auto (Seen) seen_again = parse (more);
  g_assert_cmpuint (seen_again.n_pictures, ==, seen.n_pictures);
}

/* The pictures are as large as they open, not as their thumbnails. */
static void
test_picture_size (void)
{
  g_autofree char *scene = g_build_filename (folder, "wide/exposure/s", NULL);
  g_assert_cmpint (g_mkdir_with_parents (scene, 0700), ==, 0);
  g_free (write_scene (scene, "0.png", 0, 1200, 60, 3, FALSE, OMNI_SAMPLE_U8, 0.5));
  g_free (write_scene (scene, "1.png", 1, 1200, 60, 3, FALSE, OMNI_SAMPLE_U8, 1.5));
  for (guint i = 0; i < 2; i++)
  {
    g_autofree char *page = g_strdup_printf ("wide%u.html", i);
    g_auto (Run)
      run = CLI ("evaluate", "wide", "-m", "mean", "--baseline", "max", "--metric", "qabf", "--html", page,
                 "--cache", "wide.jsonl", "-q", "-d", "software", i > 0 ? "--picture-px" : NULL, "240");
    assert_done (&run);
    g_autofree char *text = read_text (page);
    g_assert_nonnull (strstr (text, i == 0 ? "width=\"960\" height=\"48\"" : "width=\"240\" height=\"12\""));
  }
}

/* ---- Interrupted ---- */

static guint
count_lines (const char *path)
{
  g_autofree char *text = NULL;
  guint n = 0;
  if (!g_file_get_contents (path, &text, NULL, NULL))
    return 0;
  for (const char *c = text; *c != '\0'; c++)
    n += *c == '\n';
  return n;
}

/* Starts a run, stops it after some scores, and lets the same command go on. */
static void
test_stopped (gconstpointer data)
{
  const int number = GPOINTER_TO_INT (data);
  const char *name = number == SIGINT ? "int.jsonl" : "kill.jsonl";
  g_autofree char *path = g_build_filename (folder, name, NULL);
  const char *const argv[] = { g_getenv ("OMNIFUSE_CLI"),
                               "evaluate",
                               "data/exposure",
                               "--metric",
                               "all",
                               "-j",
                               "1",
                               "--cache",
                               name,
                               "-d",
                               "software",
                               NULL };
  g_autoptr (GSubprocessLauncher)
    launcher = g_subprocess_launcher_new (G_SUBPROCESS_FLAGS_STDOUT_PIPE | G_SUBPROCESS_FLAGS_STDERR_PIPE);
  g_subprocess_launcher_set_cwd (launcher, folder);
  GError *error = NULL;
  g_autoptr (GSubprocess) process = g_subprocess_launcher_spawnv (launcher, argv, &error);
  g_assert_no_error (error);
  while (count_lines (path) < 3 && g_subprocess_get_identifier (process) != NULL)
    g_usleep (500);
  g_subprocess_send_signal (process, number);
  g_autofree char *err = NULL;
  g_assert_true (g_subprocess_communicate_utf8 (process, NULL, NULL, NULL, &err, &error));
  if (number == SIGINT)
  {
    g_assert_true (g_subprocess_get_if_exited (process));
    g_assert_cmpint (g_subprocess_get_exit_status (process), ==, 2);
    g_assert_nonnull (strstr (err, "Interrupted; "));
  }
  else
    g_assert_true (g_subprocess_get_if_signaled (process));

  g_auto (Run)
    rest = CLI ("evaluate", "data/exposure", "--metric", "all", "--json", "--cache", name, "-d", "software");
  g_auto (Run) whole = CLI ("evaluate", "data/exposure", "--metric", "all", "--json", "--cache", "all.jsonl",
                            "-d", "software");
  assert_done (&rest);
  assert_done (&whole);
  g_autofree char *a = to_text (rest.json, "tasks");
  g_autofree char *b = to_text (whole.json, "tasks");
  g_assert_cmpstr (a, ==, b);
  g_assert_cmpint (json_object_get_int_member (rest.json, "scores_from_cache"), >=, 2);
}

static void
test_bench (void)
{
  g_auto (Run)
    run = CLI ("bench", "--size", "64x48", "--inputs", "2", "--runs", "2", "--model", "max", "--json");
  assert_done (&run);
  assert_members (run.json,
                  (const char *[]){ "model", "device", "width", "height", "inputs", "runs", "total_ms",
                                    "network_ms", "gflop", "gflop_per_s", "peak_device_bytes", NULL });
  assert_members (json_object_get_object_member (run.json, "total_ms"),
                  (const char *[]){ "min", "median", "max", NULL });

  g_auto (Run) profile = CLI ("bench", "--size", "64x48", "--inputs", "2", "--runs", "1", "--model", "max",
                              "--profile", "--json");
  assert_done (&profile);
  g_assert_cmpfloat (json_object_get_double_member (profile.json, "copy_gbyte_per_s"), >, 0);
  JsonArray *rows = json_object_get_array_member (profile.json, "profile");
  JsonArray *kernels = json_object_get_array_member (profile.json, "kernels");
  guint n_rows = 0, n_kernels = 0;
  for (guint i = 0; i < json_array_get_length (rows); i++)
    n_rows += (guint)json_object_get_int_member (json_array_get_object_element (rows, i), "dispatches");
  for (guint i = 0; i < json_array_get_length (kernels); i++)
    n_kernels += (guint)json_object_get_int_member (json_array_get_object_element (kernels, i), "dispatches");
  g_assert_cmpuint (n_rows, ==, n_kernels);
  g_assert_cmpuint (n_rows, >, 0);
}

/* The made-up pictures are ones that every metric of the default panel has a value for. */
/* A row for each system at each size, which is what the model alone says of itself. */
static void
test_bench_systems (void)
{
  g_auto (Run) run = CLI ("bench", "--systems", "--size", "40x24,32x32", "--runs", "1", "--json");
  assert_done (&run);
  JsonArray *rows = json_object_get_array_member (run.json, "systems");
  g_assert_cmpuint (json_array_get_length (rows), ==, 10);
  for (guint i = 0; i < 10; i++)
  {
    JsonObject *row = json_array_get_object_element (rows, i);
    g_assert_cmpint (json_object_get_int_member (row, "width"), ==, i < 5 ? 40 : 32);
    g_assert_cmpint (json_object_get_int_member (row, "inputs"), ==, 2);
    g_assert_cmpfloat (json_object_get_double_member (row, "gflop_per_s"), >, 0);
  }
  JsonObject *last = json_array_get_object_element (rows, 9);
  g_auto (Run) one = CLI ("bench", "--model", "aenetv2", "--size", "32x32", "--inputs", "2", "--runs", "1",
                          "--cold", "--json");
  assert_done (&one);
  g_assert_cmpstr (json_object_get_string_member (last, "model"), ==, "aenetv2");
  g_assert_cmpstr (json_object_get_string_member (last, "sha256"), ==,
                   json_object_get_string_member (one.json, "sha256"));
  g_auto (Run) refused = CLI ("bench", "--systems", "--model", "max");
  assert_refused (&refused, "--systems");
}

static void
test_bench_metrics (void)
{
  g_auto (Run) run = CLI ("bench", "--metric", "mef-ssim", "--metric", "qabf", "--metric", "vif", "--size",
                          "80x60", "--inputs", "3", "--runs", "1", "--json");
  assert_done (&run);
  JsonArray *metrics = json_object_get_array_member (run.json, "metrics");
  g_assert_cmpuint (json_array_get_length (metrics), ==, 3);
  for (guint i = 0; i < 3; i++)
  {
    JsonObject *metric = json_array_get_object_element (metrics, i);
    g_assert_true (json_object_has_member (metric, "c_value"));
    const double value = json_object_get_double_member (metric, "c_value");
    g_assert_cmpfloat (value, >, 0.3);
    g_assert_cmpfloat (value, <, 1.5);
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  folder = g_dir_make_tmp ("omnifuse-cli-evaluate-XXXXXX", NULL);
  write_scenes ();
  g_test_add_func ("/cli/bench", test_bench);
  g_test_add_func ("/cli/bench/metrics", test_bench_metrics);
  g_test_add_func ("/cli/bench/systems", test_bench_systems);
  g_test_add_func ("/cli/evaluate/json", test_json);
  g_test_add_func ("/cli/evaluate/agrees-with-metrics", test_agrees_with_metrics);
  g_test_add_func ("/cli/evaluate/jobs-and-cache", test_jobs_and_cache);
  g_test_add_func ("/cli/evaluate/default-cache", test_default_cache);
  g_test_add_func ("/cli/evaluate/compat", test_compat);
  g_test_add_func ("/cli/evaluate/failures", test_failures);
  g_test_add_func ("/cli/evaluate/refused", test_refused);
  g_test_add_func ("/cli/evaluate/page", test_page);
  g_test_add_func ("/cli/evaluate/picture-size", test_picture_size);
  g_test_add_data_func ("/cli/evaluate/interrupted", GINT_TO_POINTER (SIGINT), test_stopped);
  g_test_add_data_func ("/cli/evaluate/killed", GINT_TO_POINTER (SIGKILL), test_stopped);
  const int status = g_test_run ();
  remove_folder (folder);
  g_free (folder);
  return status;
}
