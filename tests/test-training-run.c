/* SPDX-License-Identifier: GPL-3.0-or-later */

/* A run from the first step to the page, with a trainer whose weights are a hash of every batch it has seen: what is stopped,
 * resumed or disturbed must end where an undisturbed run ends. */

#include "app/training/log.h"
#include "app/training/run.h"
#include "tests/page-check.h"
#include "tests/training-fake.h"
#include "tests/training-fixture.h"

/* ---- One run ---- */

static char *root, *output_folder;

typedef struct
{
  Fake fake;
  gboolean done;
  GError *error;
  OmniTrainResult result;
  GString *said;
  guint n_warnings, n_progress;
} Outcome;

static void
outcome_clear (Outcome *outcome)
{
  g_clear_error (&outcome->error);
  g_string_free (outcome->said, TRUE);
  omni_train_result_clear (&outcome->result);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Outcome, outcome_clear)

static void
say_cb (const char *message, gboolean is_warning, gpointer user_data)
{
  Outcome *outcome = user_data;
  outcome->n_warnings += is_warning;
  g_string_append_printf (outcome->said, "%s\n", message);
}

static void
progress_cb (const OmniTrainProgress *progress, gpointer user_data)
{
  Outcome *outcome = user_data;
  outcome->n_progress++;
  g_assert_cmpuint (progress->step, <=, progress->n_steps);
  g_assert_cmpfloat (progress->report->loss, ==, 0.375);
}

static Outcome
train (const char *text, const char *name, const char *resume, gboolean force, Fake fake)
{
  Outcome outcome = { .fake = fake, .said = g_string_new (NULL) };
  GError *error = NULL;
  g_autoptr (OmniRecipe) recipe = parse_recipe (text);
  g_autoptr (OmniDataset) dataset = omni_dataset_open (root, &error);
  g_autoptr (GPtrArray) notes = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (OmniTrainData) data = omni_train_data_new (recipe, dataset, 1 << 24, notes, &error);
  g_assert_no_error (error);
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  outcome.fake.cancellable = cancellable;
  g_autofree char *output = g_strdup_printf ("%s/%s.safetensors", output_folder, name);
  g_autofree char *checkpoint = resume != NULL ? g_strdup_printf ("%s/%s", output_folder, resume) : NULL;
  const OmniTrainJob job = { .interface = &fake_interface,
                             .trainer = &outcome.fake,
                             .recipe = recipe,
                             .data = data,
                             .initial = recipe->keep_initial > 0 && !fake.no_initial
                                          ? (const OmniWeights *)&outcome.fake
                                          : NULL,
                             .output = output,
                             .resume_path = checkpoint,
                             .data_path = "data",
                             .device_name = "fake & <device>",
                             .force = force,
                             .n_threads = 2,
                             .cancellable = cancellable,
                             .progress = progress_cb,
                             .say = say_cb,
                             .user_data = &outcome };
  outcome.done = omni_train_run (&job, &outcome.result, &outcome.error);
  return outcome;
}

static char *
read_output (const char *name)
{
  g_autofree char *path = g_build_filename (output_folder, name, NULL);
  char *text = NULL;
  g_file_get_contents (path, &text, NULL, NULL);
  return text;
}

static guint
count_lines (const char *name)
{
  g_autofree char *text = read_output (name);
  guint n = 0;
  for (const char *at = text; at != NULL && *at != '\0'; at++)
    n += *at == '\n';
  return n;
}

/* Hidden files of interrupted writes. */
static void
assert_no_leftovers (void)
{
  g_autoptr (GDir) dir = g_dir_open (output_folder, 0, NULL);
  for (const char *name = g_dir_read_name (dir); name != NULL; name = g_dir_read_name (dir))
    g_assert_false (name[0] == '.');
}

static void
test_whole_run (void)
{
  g_auto (Outcome) outcome = train (TEST_RECIPE, "whole", NULL, FALSE, (Fake){ .state = { 0 } });
  g_assert_no_error (outcome.error);
  g_assert_true (outcome.done);
  g_assert_false (outcome.result.interrupted);
  g_assert_cmpuint (outcome.result.last_step, ==, 12);
  g_assert_cmpuint (outcome.n_progress, ==, 12);
  g_assert_cmpuint (outcome.n_warnings, ==, 0);
  g_assert_true (outcome.result.has_best);
  g_assert_cmpuint (outcome.result.best_step, ==, 5); /* the fake never gets better */
  g_assert_cmpuint (outcome.fake.n_fisher, ==, 0);
  g_assert_cmpuint (count_lines ("whole.csv"), ==, 13);
  g_autofree char *csv = read_output ("whole.csv");
  g_assert_true (
    g_str_has_prefix (csv, "step,task,loss,learning_rate,gradient_norm,device_ms,wait_ms,mae,ssim,"));
  g_autofree char *validation = read_output ("whole.validation.csv");
  g_assert_nonnull (strstr (validation, "\n5,exposure,,mef-ssim,"));
  g_assert_nonnull (strstr (validation, "\n10,focus,,ref-psnr,"));
  g_assert_nonnull (strstr (validation, "\n12,all,,score,"));
  g_autofree char *weights = read_output ("whole.safetensors");
  g_autofree char *best = read_output ("whole.best.checkpoint");
  g_assert_cmpstr (weights, ==, ((const State *)(gpointer)best)->weights);
  g_assert_nonnull (strstr (outcome.said->str, "step 10: exposure mef-ssim"));
  assert_no_leftovers ();
}

/* Well-formed, nothing fetched, curves and fusions in it. */
static void
test_page (void)
{
  g_autofree char *page = read_output ("whole.html");
  g_assert_nonnull (page);
  g_autoptr (GBytes) bytes = g_bytes_new (page, strlen (page));
  g_auto (Seen) seen = parse (bytes);
  g_assert_cmpuint (seen.n_pictures, >=, 3 * 3 + 3 + 2 + 1);
  g_assert_nonnull (strstr (page, "<polyline"));
  g_assert_nonnull (strstr (page, "fake &amp; &lt;device&gt;"));
  g_assert_nonnull (strstr (page, "step 10"));
  g_assert_nonnull (strstr (page, "truth"));
  g_assert_null (strstr (page, ">nan<"));
  g_assert_null (strstr (page, ",nan "));
}

/* Stopped after any step and resumed, a run ends as if nothing had been. */
/* Once, at the end, also of a run that was stopped. */
static void
test_keep_initial (void)
{
  static const char text[] =
    "[network]\narchitecture = ifani\n"
    "[train]\nsteps = 6\nbatch = 1\ncrop = 32\nvalidate-every = 0\nkeep-initial = 0.25\n"
    "[task exposure]\ndata = exposure\nsources = 2\nloss = mef-ssim 1\n";
  g_auto (Outcome) without = train (text, "kept", NULL, TRUE, (Fake){ .no_initial = TRUE });
  g_assert_false (without.done);
  g_assert_nonnull (strstr (without.error->message, "keep-initial"));

  g_auto (Outcome) stopped = train (text, "kept", NULL, TRUE, (Fake){ .cancel_at = 3 });
  g_assert_no_error (stopped.error);
  g_assert_true (stopped.result.interrupted);
  g_assert_cmpuint (stopped.fake.went_back_at, ==, 0);

  g_auto (Outcome) resumed = train (text, "kept", "kept.last.checkpoint", FALSE, (Fake){ 0 });
  g_assert_no_error (resumed.error);
  g_assert_cmpuint (resumed.fake.went_back_at, ==, 6);
  g_assert_cmpfloat (resumed.fake.share, ==, 0.25f);

  g_auto (Outcome) again = train (text, "kept", "kept.last.checkpoint", FALSE, (Fake){ 0 });
  g_assert_no_error (again.error);
  g_assert_cmpfloat (again.fake.share, ==, 0);
}

static void
test_resume (void)
{
  g_autofree char *expected = read_output ("whole.last.checkpoint");
  g_autofree char *expected_validation = read_output ("whole.validation.csv");
  const guint64 stops[] = { 1, 5, 8, 11 };
  for (guint i = 0; i < G_N_ELEMENTS (stops); i++)
  {
    g_auto (Outcome) first = train (TEST_RECIPE, "cut", NULL, TRUE, (Fake){ .cancel_at = stops[i] });
    g_assert_true (first.done);
    g_assert_true (first.result.interrupted);
    g_assert_cmpuint (first.result.last_step, ==, stops[i]);
    g_auto (Outcome)
      rest = train (TEST_RECIPE, "cut", "cut.last.checkpoint", FALSE, (Fake){ .state = { 0 } });
    g_assert_no_error (rest.error);
    g_assert_cmpuint (rest.result.first_step, ==, stops[i]);
    g_assert_cmpuint (rest.result.last_step, ==, 12);
    g_autofree char *checkpoint = read_output ("cut.last.checkpoint");
    g_assert_cmpmem (checkpoint, sizeof (State), expected, sizeof (State));
    g_autofree char *validation = read_output ("cut.validation.csv");
    g_assert_cmpstr (validation, ==, expected_validation);
    g_assert_cmpuint (count_lines ("cut.csv"), ==, 13);
    g_assert_cmpuint (rest.result.best_step, ==, 5);
  }
}

/* The best weights stay when later ones are worse, also over a resumption. */
static void
test_best (void)
{
  g_auto (Outcome) first = train (TEST_RECIPE, "best", NULL, FALSE, (Fake){ .blurry = TRUE, .cancel_at = 7 });
  g_auto (Outcome)
    rest = train (TEST_RECIPE, "best", "best.last.checkpoint", FALSE, (Fake){ .blurry = TRUE });
  g_assert_true (rest.done);
  g_assert_cmpuint (rest.result.best_step, ==, 5);
  g_autofree char *best = read_output ("best.best.checkpoint");
  g_assert_cmpuint (((const State *)(gpointer)best)->step, ==, 5);
  g_autofree char *weights = read_output ("best.safetensors");
  g_autofree char *sha256 = g_compute_checksum_for_string (G_CHECKSUM_SHA256, weights, -1);
  g_assert_cmpstr (rest.result.weights_sha256, ==, sha256);
}

static void
test_not_finite (void)
{
  g_auto (Outcome) outcome = train (TEST_RECIPE, "nan", NULL, FALSE, (Fake){ .nan_at = 7 });
  g_assert_false (outcome.done);
  g_assert_error (outcome.error, OMNI_TRAINING_ERROR, OMNI_TRAINING_ERROR_NOT_FINITE);
  g_test_message ("%s", outcome.error->message);
  g_assert_nonnull (strstr (outcome.error->message, "Step 7"));
  g_assert_nonnull (strstr (outcome.error->message, "ewc is not a number"));
  g_assert_nonnull (strstr (outcome.error->message, "nan.last.checkpoint"));
  g_assert_nonnull (strstr (outcome.error->message, "step 4"));
  g_autofree char *checkpoint = read_output ("nan.last.checkpoint");
  g_assert_cmpuint (((const State *)(gpointer)checkpoint)->step, ==, 4);
  g_assert_cmpuint (count_lines ("nan.csv"), ==, 7);
}

/* Weights that nothing was fused with yet are not taken for good: neither a checkpoint nor the result is made of them. */
static void
test_bad_weights (void)
{
  static const struct
  {
    Fake fake;
    const char *where;
    guint64 kept;
  } cases[] = {
    { { .bad_from = 8 }, "After step 8 of [task ", 4 },
    { { .bad_from = 12 }, "After step 12 of [task ", 8 },
    { { .bad_from = 7, .cancel_at = 7 }, "After step 7 of [task ", 4 },
    { { .bad_for_scenes_from = 5 }, "Validation after step 5 on ", 4 },
    { { .bad_for_scenes_from = 12 }, "Validation after step 12 on ", 8 },
  };
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
  {
    g_auto (Outcome) outcome = train (TEST_RECIPE, "bad", NULL, TRUE, cases[i].fake);
    g_assert_error (outcome.error, OMNI_TRAINING_ERROR, OMNI_TRAINING_ERROR_NOT_FINITE);
    g_test_message ("%s", outcome.error->message);
    g_assert_true (g_str_has_prefix (outcome.error->message, cases[i].where));
    g_assert_nonnull (strstr (outcome.error->message, "mef-ssim is not a number"));
    g_autofree char *checkpoint = read_output ("bad.last.checkpoint");
    g_assert_cmpuint (((const State *)(gpointer)checkpoint)->step, ==, cases[i].kept);
    g_autofree char *validation = read_output ("bad.validation.csv");
    g_assert_null (strstr (validation, "nan"));
    /* A lower rate goes on from there. */
    g_auto (Outcome)
      rest = train (TEST_RECIPE, "bad", "bad.last.checkpoint", FALSE, (Fake){ .state = { 0 } });
    g_assert_no_error (rest.error);
    g_assert_cmpuint (rest.result.last_step, ==, 12);
  }
}

/* Validation does not keep a person waiting either, and is made up for: everything ends as if nobody had stopped. */
static void
test_cancelled_validation (void)
{
  g_auto (Outcome) whole = train (TEST_RECIPE, "all", NULL, TRUE, (Fake){ .state = { 0 } });
  g_autofree char *expected = read_output ("all.validation.csv");
  g_autofree char *expected_weights = read_output ("all.safetensors");
  const guint n = whole.fake.n_validated;
  g_assert_no_error (whole.error);
  for (guint scene = 1; scene < n; scene += 2)
  {
    g_auto (Outcome) first = train (TEST_RECIPE, "cut-short", NULL, TRUE, (Fake){ .cancel_at_scene = scene });
    g_assert_no_error (first.error);
    g_assert_true (first.result.interrupted);
    g_assert_cmpuint (first.fake.n_validated, ==, scene);
    g_auto (Outcome)
      rest = train (TEST_RECIPE, "cut-short", "cut-short.last.checkpoint", FALSE, (Fake){ .state = { 0 } });
    g_assert_no_error (rest.error);
    g_assert_false (rest.result.interrupted);
    g_autofree char *validation = read_output ("cut-short.validation.csv");
    g_autofree char *weights = read_output ("cut-short.safetensors");
    g_assert_cmpstr (validation, ==, expected);
    g_assert_cmpstr (weights, ==, expected_weights);
  }
}

/* A full disk for a while is said and lived through; at the end it is an error; at the beginning it ends the run at once. */
static void
test_disk_full (void)
{
  g_auto (Outcome)
    while_ = train (TEST_RECIPE, "full", NULL, FALSE, (Fake){ .fail_saves_from = 2, .fail_saves_to = 3 });
  g_assert_no_error (while_.error);
  g_assert_cmpuint (while_.n_warnings, ==, 2);
  g_assert_nonnull (strstr (while_.said->str, "no space left. The run goes on"));
  g_auto (Outcome)
    end = train (TEST_RECIPE, "full", NULL, TRUE, (Fake){ .fail_saves_from = 2, .fail_saves_to = 99 });
  g_assert_error (end.error, G_IO_ERROR, G_IO_ERROR_NO_SPACE);
  g_auto (Outcome)
    begin = train (TEST_RECIPE, "full", NULL, TRUE, (Fake){ .fail_saves_from = 1, .fail_saves_to = 99 });
  g_assert_error (begin.error, G_IO_ERROR, G_IO_ERROR_NO_SPACE);
  g_assert_cmpuint (begin.n_progress, ==, 0);
  assert_no_leftovers ();
}

static void
test_refusals (void)
{
  g_auto (Outcome) again = train (TEST_RECIPE, "whole", NULL, FALSE, (Fake){ .state = { 0 } });
  g_assert_error (again.error, G_IO_ERROR, G_IO_ERROR_EXISTS);
  g_assert_nonnull (strstr (again.error->message, "--resume"));
  /* A checkpoint that is not there is what is wrong, not the files that are. */
  g_auto (Outcome)
    lost = train (TEST_RECIPE, "whole", "whale.last.checkpoint", FALSE, (Fake){ .state = { 0 } });
  g_assert_error (lost.error, G_FILE_ERROR, G_FILE_ERROR_NOENT);
  g_assert_nonnull (strstr (lost.error->message, "whale.last.checkpoint"));
  g_auto (Outcome) nowhere = train (TEST_RECIPE, "no/such", NULL, FALSE, (Fake){ .state = { 0 } });
  g_assert_error (nowhere.error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND);
  g_auto (Outcome) past = train (TEST_RECIPE, "past", NULL, FALSE, (Fake){ .state = { 13, "" } });
  g_assert_nonnull (strstr (past.error->message, "--steps"));
}

static char *
write_output (const char *name, const char *text)
{
  char *path = g_build_filename (output_folder, name, NULL);
  g_autofree char *folder = g_path_get_dirname (path);
  GError *error = NULL;
  g_assert_cmpint (g_mkdir_with_parents (folder, 0700), ==, 0);
  g_file_set_contents (path, text, -1, &error);
  g_assert_no_error (error);
  return path;
}

/* Whatever stands where a file of the run would come is written over when that is asked for, and else never. */
static void
test_other_files (void)
{
  const char *const suffixes[] = { ".safetensors",  ".last.checkpoint", ".best.checkpoint",
                                   ".csv",          ".validation.csv",  ".html",
                                   ".fusions/a.png" };
  for (guint i = 0; i < G_N_ELEMENTS (suffixes); i++)
  {
    g_autofree char *name = g_strdup_printf ("other%u", i);
    g_autofree char *file = g_strconcat (name, suffixes[i], NULL);
    g_autofree char *path = write_output (file, "precious");
    g_auto (Outcome) begun = train (TEST_RECIPE, name, NULL, FALSE, (Fake){ .state = { 0 } });
    g_assert_error (begun.error, G_IO_ERROR, G_IO_ERROR_EXISTS);
    /* Going on from another run's checkpoint is no leave, either. */
    g_auto (Outcome)
      resumed = train (TEST_RECIPE, name, "cut.last.checkpoint", FALSE, (Fake){ .state = { 0 } });
    g_assert_error (resumed.error, G_IO_ERROR, G_IO_ERROR_EXISTS);
    g_assert_cmpuint (begun.n_progress + resumed.n_progress, ==, 0);
    g_autofree char *text = read_output (file);
    g_assert_cmpstr (text, ==, "precious");
  }
}

/* A run takes away its own old fusions alone; what else lies in their folder stays. */
static void
test_other_fusions (void)
{
  const char *const others[] = { "holiday.2021.png", "exposure.copy.png", "exposure.1.png",
                                 "night.00000005.png" };
  const char *const own[] = { "exposure.00000007.png", "exposure.source-09.png" };
  for (guint i = 0; i < G_N_ELEMENTS (others) + G_N_ELEMENTS (own); i++)
  {
    g_autofree char *name = g_strconcat ("kept.fusions/", i < 4 ? others[i] : own[i - 4], NULL);
    g_free (write_output (name, "picture"));
  }
  g_auto (Outcome) outcome = train (TEST_RECIPE, "kept", NULL, TRUE, (Fake){ .state = { 0 } });
  g_assert_no_error (outcome.error);
  for (guint i = 0; i < G_N_ELEMENTS (others) + G_N_ELEMENTS (own); i++)
  {
    g_autofree char *name = g_strconcat ("kept.fusions/", i < 4 ? others[i] : own[i - 4], NULL);
    g_autofree char *text = read_output (name);
    g_assert_cmpstr (text, ==, i < 4 ? "picture" : NULL);
  }
}

/* Another run's checkpoint does not make its files those of this one: the curves begin anew, and so does the best. */
static void
test_foreign_checkpoint (void)
{
  g_auto (Outcome) first = train (TEST_RECIPE, "stem", NULL, FALSE, (Fake){ .cancel_at = 8 });
  g_auto (Outcome) old = train (TEST_RECIPE, "branch", NULL, FALSE, (Fake){ .state = { 0 } });
  g_assert_cmpuint (old.result.best_step, ==, 5);
  g_auto (Outcome)
    branch = train (TEST_RECIPE, "branch", "stem.last.checkpoint", TRUE, (Fake){ .state = { 0 } });
  g_assert_no_error (branch.error);
  g_assert_cmpuint (branch.result.first_step, ==, 8);
  g_assert_cmpuint (branch.result.best_step, ==, 10);
  g_assert_cmpuint (count_lines ("branch.csv"), ==, 5);
}

/* Weights that could not be written are not the best ones, neither in this run nor in the one that goes on. */
static void
test_lost_best (void)
{
  g_auto (Outcome)
    outcome = train (TEST_RECIPE, "lost", NULL, FALSE, (Fake){ .fail_saves_from = 3, .fail_saves_to = 3 });
  g_assert_no_error (outcome.error);
  g_assert_cmpuint (outcome.n_warnings, ==, 1);
  g_assert_cmpuint (outcome.result.best_step, ==, 10);
  g_autofree char *best = read_output ("lost.best.checkpoint");
  g_assert_cmpuint (((const State *)(gpointer)best)->step, ==, 10);
  g_autofree char *stale = write_output ("lost.safetensors", "of an earlier run");
  g_auto (Outcome)
    cut = train (TEST_RECIPE, "lost", NULL, TRUE, (Fake){ .fail_weights = TRUE, .cancel_at = 7 });
  g_assert_true (cut.done);
  g_assert_false (cut.result.has_best);
  g_assert_null (cut.result.weights_sha256);
  g_auto (Outcome)
    rest = train (TEST_RECIPE, "lost", "lost.last.checkpoint", FALSE, (Fake){ .state = { 0 } });
  g_assert_no_error (rest.error);
  g_assert_cmpuint (rest.result.best_step, ==, 10);
  g_autofree char *weights = read_output ("lost.safetensors");
  g_autofree char *sha256 = g_compute_checksum_for_string (G_CHECKSUM_SHA256, weights, -1);
  g_assert_cmpstr (rest.result.weights_sha256, ==, sha256);
  assert_no_leftovers ();
}

#define SEQUENTIAL                                                                                           \
  "[network]\narchitecture = ifani\n[train]\norder = sequential\nbatch = 3\ncrop = 32\nvalidate-every = 0\n" \
  "[ewc]\nstrength = 5\nsamples = 10\n"                                                                      \
  "[task medical]\ndata = mri-pet\nsteps = 4\nloss = mef-ssim 1\n"                                           \
  "[task exposure]\ndata = exposure\nsteps = 3\nloss = mef-ssim 1\n"                                         \
  "[task focus]\ndata = natural\nsynthesis = focus\nsteps = 2\nloss = mae 1\n"

/* Each finished task is consolidated once, with enough samples of its own, and the last one never. */
static void
test_consolidation (void)
{
  g_auto (Outcome) outcome = train (SEQUENTIAL, "ewc", NULL, FALSE, (Fake){ .state = { 0 } });
  g_assert_no_error (outcome.error);
  g_assert_cmpuint (outcome.fake.n_consolidated, ==, 2);
  g_assert_cmpuint (outcome.fake.n_fisher, ==, 20); /* 10 samples, twice */
  g_assert_cmpuint (outcome.fake.fisher_at, ==, 7);
  g_assert_false (outcome.result.has_best);
  g_autofree char *weights = read_output ("ewc.safetensors");
  g_assert_cmpstr (weights, ==, outcome.fake.state.weights);
  g_autofree char *csv = read_output ("ewc.csv");
  g_assert_nonnull (strstr (csv, "\n4,medical,"));
  g_assert_nonnull (strstr (csv, "\n5,exposure,"));
  g_assert_nonnull (strstr (csv, "\n8,focus,"));
  /* Stopped right after the first task, or amid its samples: what is missing is measured by the run that goes on. */
  for (guint i = 0; i < 2; i++)
  {
    const Fake stops[] = { { .cancel_at = 4 }, { .cancel_at_fisher = 4 } };
    g_auto (Outcome) first = train (SEQUENTIAL, "ewc2", NULL, TRUE, stops[i]);
    g_assert_no_error (first.error);
    g_assert_true (first.result.interrupted);
    g_assert_cmpuint (first.fake.n_consolidated, ==, 0);
    g_assert_cmpuint (first.fake.n_fisher, ==, i == 0 ? 0 : 6);
    g_auto (Outcome)
      rest = train (SEQUENTIAL, "ewc2", "ewc2.last.checkpoint", FALSE, (Fake){ .state = { 0 } });
    g_assert_cmpuint (rest.fake.n_consolidated, ==, 2);
    g_assert_cmpuint (first.fake.n_fisher + rest.fake.n_fisher, ==, 20);
    g_assert_cmpstr (rest.fake.state.weights, ==, outcome.fake.state.weights);
  }
}

/* A finished run to which a task is added: the one that was the last then is consolidated before the new one begins. */
static void
test_added_task (void)
{
  const char *more = SEQUENTIAL "[task infrared]\ndata = mri-pet\nsteps = 1\nloss = mef-ssim 1\n";
  g_auto (Outcome) first = train (SEQUENTIAL, "more", NULL, FALSE, (Fake){ .state = { 0 } });
  g_auto (Outcome) rest = train (more, "more", "more.last.checkpoint", FALSE, (Fake){ .state = { 0 } });
  g_auto (Outcome) whole = train (more, "whole-more", NULL, FALSE, (Fake){ .state = { 0 } });
  g_assert_no_error (rest.error);
  g_assert_cmpuint (first.fake.n_consolidated, ==, 2);
  g_assert_cmpuint (rest.fake.n_consolidated, ==, 1);
  g_assert_cmpuint (rest.fake.fisher_at, ==, 9);
  g_assert_cmpuint (whole.fake.n_consolidated, ==, 3);
}

/* Scores over another number of tasks do not compare: the best weights are looked for anew. */
static void
test_best_of_other_tasks (void)
{
  const char *more = TEST_RECIPE "[task infrared]\ndata = mri-pet\nprobability = 1\nloss = mef-ssim 1\n";
  g_auto (Outcome) first = train (TEST_RECIPE, "others", NULL, FALSE, (Fake){ .cancel_at = 7 });
  g_auto (Outcome) rest = train (more, "others", "others.last.checkpoint", FALSE, (Fake){ .blurry = TRUE });
  g_assert_no_error (rest.error);
  g_assert_cmpuint (first.result.best_step, ==, 5);
  g_assert_cmpuint (rest.result.best_step, >, 7);
  g_assert_nonnull (strstr (rest.said->str, "does not compare"));
}

/* A consolidation that fails half-way is not saved as if it were done: the run that goes on comes to it again. */
static void
test_failed_consolidation (void)
{
  const char *text = SEQUENTIAL "[task infrared]\ndata = mri-pet\nsteps = 1\nloss = mef-ssim 1\n";
  g_auto (Outcome) whole = train (text, "ewc3", NULL, FALSE, (Fake){ .state = { 0 } });
  g_assert_no_error (whole.error);
  g_auto (Outcome) first = train (text, "ewc4", NULL, FALSE, (Fake){ .fail_fisher_from = 18 });
  g_assert_error (first.error, OMNI_VK_ERROR, OMNI_VK_ERROR_UNSUPPORTED);
  g_test_message ("%s", first.error->message);
  g_assert_nonnull (strstr (first.error->message, "[task exposure]"));
  g_assert_nonnull (strstr (first.error->message, "ewc4.last.checkpoint"));
  g_assert_cmpuint (first.result.last_step, ==, 7);
  g_autofree char *checkpoint = read_output ("ewc4.last.checkpoint");
  g_assert_cmpuint (((const State *)(gpointer)checkpoint)->step, ==, 7);
  g_assert_cmpuint (((const State *)(gpointer)checkpoint)->n_fisher, ==, 0);
  g_auto (Outcome) rest = train (text, "ewc4", "ewc4.last.checkpoint", FALSE, (Fake){ .state = { 0 } });
  g_assert_no_error (rest.error);
  g_assert_cmpuint (first.fake.n_consolidated, ==, 1);
  g_assert_cmpuint (first.fake.n_consolidated + rest.fake.n_consolidated, ==, whole.fake.n_consolidated);
  g_assert_cmpstr (rest.fake.state.weights, ==, whole.fake.state.weights);
}

/* What was made by another run is said of the weights and on the page. */
static void
test_earlier (void)
{
  const char *earlier = "until step 3: seed 7";
  g_auto (Outcome) outcome = train (TEST_RECIPE, "earlier", NULL, FALSE, (Fake){ .earlier = earlier });
  g_assert_no_error (outcome.error);
  g_assert_cmpstr (outcome.fake.provenance, ==,
                   "omnifuse-cli train test, step 5 of 12, seed 1, on fake & <device>; until step 3: seed 7");
  g_autofree char *page = read_output ("earlier.html");
  g_assert_nonnull (strstr (page, earlier));
  g_auto (Outcome) plain = train (TEST_RECIPE, "plain", NULL, FALSE, (Fake){ .state = { 0 } });
  g_assert_true (g_str_has_suffix (plain.fake.provenance, "on fake & <device>"));
}

static gboolean
is_there (const char *name)
{
  g_autofree char *path = g_build_filename (output_folder, name, NULL);
  return g_file_test (path, G_FILE_TEST_EXISTS);
}

/* A run that begins anew leaves nothing of an earlier one that a resumption could take for its own, and one that cannot begin
 * leaves all of it. */
static void
test_force (void)
{
  g_auto (Outcome) old = train (TEST_RECIPE, "anew", NULL, FALSE, (Fake){ .state = { 0 } });
  g_assert_true (is_there ("anew.best.checkpoint") && is_there ("anew.safetensors"));
  g_auto (Outcome)
    full = train (TEST_RECIPE, "anew", NULL, TRUE, (Fake){ .fail_saves_from = 1, .fail_saves_to = 99 });
  g_assert_error (full.error, G_IO_ERROR, G_IO_ERROR_NO_SPACE);
  g_assert_true (is_there ("anew.best.checkpoint") && is_there ("anew.safetensors"));
  g_auto (Outcome) cut = train (TEST_RECIPE, "anew", NULL, TRUE, (Fake){ .cancel_at = 2 });
  g_assert_no_error (cut.error);
  g_assert_false (is_there ("anew.best.checkpoint") || is_there ("anew.safetensors"));
  g_auto (Outcome)
    rest = train (TEST_RECIPE, "anew", "anew.last.checkpoint", FALSE, (Fake){ .cancel_at = 7 });
  g_assert_no_error (rest.error);
  g_assert_true (is_there ("anew.best.checkpoint") && is_there ("anew.safetensors"));
  /* What goes on keeps its own. */
  g_auto (Outcome) on = train (TEST_RECIPE, "anew", "anew.last.checkpoint", TRUE, (Fake){ .cancel_at = 8 });
  g_assert_no_error (on.error);
  g_assert_true (is_there ("anew.best.checkpoint") && is_there ("anew.safetensors"));

  /* What cannot be taken away is no start, either. */
  g_autofree char *inside = write_output ("stuck.best.checkpoint/file", "precious");
  g_auto (Outcome) stuck = train (TEST_RECIPE, "stuck", NULL, TRUE, (Fake){ .state = { 0 } });
  g_assert_nonnull (stuck.error);
  g_assert_nonnull (strstr (stuck.error->message, "stuck.best.checkpoint"));
  g_assert_cmpuint (stuck.n_progress, ==, 0);
}

/* What an earlier recipe has written is read by the names of its columns and tasks, not by their places in this one. */
static void
test_log_of_other_recipe (void)
{
  g_autofree char *csv = write_output ("log.csv",
                                       "step,task,learning_rate,loss,gradient_norm,device_ms,wait_ms,"
                                       "mef-ssim,sharpness,ssim,sobel\n"
                                       "1,exposure,0.5,2,3,4,5,6,7,,8\n"
                                       "2,night,0.5,2,3,4,5,6,7,,8\n"
                                       "3,focus,0.25,9,3,4,,,7,1.5,\n");
  g_autofree char *validation = write_output (
    "log.validation.csv", "step,task,scene,metric,value\n"
                          "1,exposure,,mef-ssim,0.5\n1,night,,mef-ssim,0.9\n1,night,,score,0.95\n"
                          "1,all,,score,0.7\n");
  g_autoptr (OmniRecipe) recipe = parse_recipe (TEST_RECIPE);
  GError *error = NULL;
  g_autoptr (OmniTrainLog) log = omni_train_log_open (csv, validation, recipe, 3, &error);
  g_assert_no_error (error);
  const GArray *steps = omni_train_log_get_steps (log), *scores = omni_train_log_get_scores (log);
  g_assert_cmpuint (steps->len, ==, 2);
  const OmniTrainLogStep *first = &g_array_index (steps, OmniTrainLogStep, 0);
  const OmniTrainLogStep *third = &g_array_index (steps, OmniTrainLogStep, 1);
  g_assert_cmpfloat (first->loss, ==, 2);
  g_assert_cmpfloat (first->learning_rate, ==, 0.5);
  g_assert_cmpfloat (first->terms[OMNI_LOSS_MEF_SSIM], ==, 6);
  g_assert_cmpfloat (first->terms[OMNI_LOSS_SOBEL], ==, 8);
  g_assert_true (isnan (first->terms[OMNI_LOSS_MAE]) && isnan (first->terms[OMNI_LOSS_SSIM]));
  g_assert_cmpfloat (third->loss, ==, 9);
  g_assert_cmpfloat (third->terms[OMNI_LOSS_SSIM], ==, 1.5);
  g_assert_true (isnan (third->terms[OMNI_LOSS_MEF_SSIM]) && isnan (third->terms[OMNI_LOSS_SOBEL]));
  g_assert_true (isnan (third->wait_ms));
  g_assert_cmpuint (scores->len, ==, 2);
  guint64 step;
  double best;
  g_assert_true (omni_train_log_get_best (log, &step, &best));
  g_assert_cmpfloat (best, ==, 0.7);
  /* Written again, the values are below their names, those of a term that this recipe has not, too. */
  g_autofree char *again = read_output ("log.csv");
  g_assert_true (g_str_has_prefix (
    again, "step,task,loss,learning_rate,gradient_norm,device_ms,wait_ms,mae,ssim,mef-ssim,mef-structure,"
           "max-intensity,sobel\n1,exposure,2,0.5,3,4,5,,,6,,,8\n3,focus,9,0.25,3,4,,,1.5,,,,\n"));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  root = make_data_folder ();
  output_folder = g_dir_make_tmp ("omnifuse-run-XXXXXX", NULL);
  g_test_add_func ("/training-run/01-whole", test_whole_run);
  g_test_add_func ("/training-run/02-page", test_page);
  g_test_add_func ("/training-run/03-resume", test_resume);
  g_test_add_func ("/training-run/03-keep-initial", test_keep_initial);
  g_test_add_func ("/training-run/04-best", test_best);
  g_test_add_func ("/training-run/05-not-finite", test_not_finite);
  g_test_add_func ("/training-run/17-bad-weights", test_bad_weights);
  g_test_add_func ("/training-run/18-cancelled-validation", test_cancelled_validation);
  g_test_add_func ("/training-run/19-added-task", test_added_task);
  g_test_add_func ("/training-run/20-best-of-other-tasks", test_best_of_other_tasks);
  g_test_add_func ("/training-run/06-disk-full", test_disk_full);
  g_test_add_func ("/training-run/07-refusals", test_refusals);
  g_test_add_func ("/training-run/08-consolidation", test_consolidation);
  g_test_add_func ("/training-run/09-failed-consolidation", test_failed_consolidation);
  g_test_add_func ("/training-run/10-other-files", test_other_files);
  g_test_add_func ("/training-run/11-other-fusions", test_other_fusions);
  g_test_add_func ("/training-run/12-foreign-checkpoint", test_foreign_checkpoint);
  g_test_add_func ("/training-run/13-lost-best", test_lost_best);
  g_test_add_func ("/training-run/14-force", test_force);
  g_test_add_func ("/training-run/16-earlier", test_earlier);
  g_test_add_func ("/training-run/15-log-of-other-recipe", test_log_of_other_recipe);
  const int status = g_test_run ();
  remove_folder (root);
  remove_folder (output_folder);
  g_free (root);
  g_free (output_folder);
  return status;
}
