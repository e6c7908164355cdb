/* SPDX-License-Identifier: GPL-3.0-or-later */

/* omnifuse-cli train and synthesize as people run them: a few real steps on the device, on a made-up data folder. */

#include "app/files/natural-sort.h"
#include "app/files/reader.h"
#include "models/weights.h"
#include "tests/training-fixture.h"
#include "tests/cli-run.h"

#include <signal.h>

#define RECIPE                                                                                               \
  "[network]\narchitecture = ifani\n[train]\nsteps = 3\nbatch = 1\ncrop = 32\nvalidate-every = 2\n"          \
  "checkpoint-every = 1\nvalidation-scenes = 1\nvalidation-size = 48\n"                                      \
  "[task exposure]\ndata = exposure\nsources = 2, 3\nloss = mef-ssim 1\n"                                    \
  "[task focus]\ndata = natural\nsynthesis = focus\nsources = 2\nloss = mae 1, ssim 1\n"

static char *data;

static void
write_text (const char *name, const char *text)
{
  g_autofree char *path = g_build_filename (folder, name, NULL);
  g_assert_true (g_file_set_contents (path, text, -1, NULL));
}

static char *
read_text (const char *name, gsize *size)
{
  g_autofree char *path = g_build_filename (folder, name, NULL);
  char *text = NULL;
  GError *error = NULL;
  g_file_get_contents (path, &text, size, &error);
  g_assert_no_error (error);
  return text;
}

/* Three steps: the weights are ones that the fusion takes, and what stands beside them is whole. */
static void
test_train (void)
{
  write_text ("three.recipe", RECIPE);
  g_auto (Run) run = CLI ("train", "three.recipe", "--data", data, "--json", "--device", "software");
  assert_done (&run);
  g_assert_nonnull (run.json);
  g_assert_cmpint (json_object_get_int_member (run.json, "last_step"), ==, 3);
  g_assert_cmpint (json_object_get_int_member (run.json, "parameters"), >, 200000);
  g_assert_false (json_object_get_boolean_member (run.json, "interrupted"));
  g_assert_cmpstr (json_object_get_string_member (run.json, "output"), ==, "three.safetensors");
  g_assert_cmpfloat (json_object_get_double_member (run.json, "device_ms"), >, 0);
  gsize size;
  g_autofree char *weights = read_text ("three.safetensors", &size);
  g_autofree char *sha256 = g_compute_checksum_for_data (G_CHECKSUM_SHA256, (const guchar *)weights, size);
  g_assert_cmpstr (json_object_get_string_member (run.json, "sha256"), ==, sha256);
  g_autofree char *csv = read_text ("three.csv", NULL);
  g_auto (GStrv) lines = g_strsplit (csv, "\n", -1);
  g_assert_cmpuint (g_strv_length (lines), ==, 5);
  gsize page_size;
  g_autofree char *page = read_text ("three.html", &page_size);
  g_assert_nonnull (strstr (page, "<polyline"));
  g_assert_nonnull (strstr (page, "data:image/png"));
  g_autofree char *scene = g_build_filename (data, "exposure", "scene1", NULL);
  g_auto (Run)
    fuse = CLI ("fuse", scene, "-o", "fused.png", "--weights", "three.safetensors", "--device", "software");
  assert_done (&fuse);
}

/* The same seed gives the same weights, another one others; a run that was cut into two gives them, too. */
static void
test_repeat (void)
{
  gsize size, again_size, other_size, cut_size;
  g_auto (Run)
    again = CLI ("train", "three.recipe", "--data", data, "-o", "again.safetensors", "--device", "software");
  assert_done (&again);
  g_auto (Run) other = CLI ("train", "three.recipe", "--data", data, "-o", "other.safetensors", "--seed", "2",
                            "--device", "software");
  assert_done (&other);
  /* The constant rate makes a shorter run the beginning of a longer one. */
  write_text ("constant.recipe", RECIPE "[optimiser]\nschedule = constant\n");
  g_auto (Run) whole = CLI ("train", "constant.recipe", "--data", data, "-o", "whole.safetensors", "--device",
                            "software");
  assert_done (&whole);
  g_auto (Run) half = CLI ("train", "constant.recipe", "--data", data, "-o", "cut.safetensors", "--steps",
                           "1", "--device", "software");
  assert_done (&half);
  g_auto (Run) rest = CLI ("train", "constant.recipe", "--data", data, "-o", "cut.safetensors", "--resume",
                           "cut.last.checkpoint", "--device", "software", "--json");
  assert_done (&rest);
  g_assert_cmpint (json_object_get_int_member (rest.json, "first_step"), ==, 1);
  g_autofree char *a = read_text ("three.last.checkpoint", &size);
  g_autofree char *b = read_text ("again.last.checkpoint", &again_size);
  g_autofree char *c = read_text ("other.last.checkpoint", &other_size);
  g_assert_cmpmem (a, size, b, again_size);
  g_assert_true (size != other_size || memcmp (a, c, size) != 0);
  g_autofree char *d = read_text ("whole.last.checkpoint", &size);
  g_autofree char *e = read_text ("cut.last.checkpoint", &cut_size);
  /* Their values, that is: the one of the cut run says that its first step was a run of one step. */
  const char *first = d + 8 + *(const guint64 *)(gpointer)d, *second = e + 8 + *(const guint64 *)(gpointer)e;
  g_assert_cmpmem (first, d + size - first, second, e + cut_size - second);
}

/* Two recipes are the same as one after the other, with the next seed and from what the first made. */
static void
test_several (void)
{
#define SECOND                                                                                               \
  "[network]\narchitecture = ifani\n%s[train]\nsteps = 2\nbatch = 1\ncrop = 32\nvalidate-every = 0\n"        \
  "[task exposure]\ndata = exposure\nloss = mef-ssim 1\n"
  g_autofree char *second = g_strdup_printf (SECOND, "");
  g_autofree char *alone = g_strdup_printf (SECOND, "initial = three.safetensors\n");
  gsize size, alone_size;
  write_text ("second.recipe", second);
  write_text ("alone.recipe", alone);
  g_auto (Run) both = CLI ("train", "three.recipe", "second.recipe", "--data", data, "-o", "both.safetensors",
                           "--device", "software", "--json");
  assert_done (&both);
  g_autoptr (JsonParser) parser = json_parser_new ();
  g_assert_true (json_parser_load_from_data (parser, both.out, -1, NULL));
  JsonArray *runs = json_node_get_array (json_parser_get_root (parser));
  g_assert_cmpuint (json_array_get_length (runs), ==, 2);
  g_assert_cmpstr (json_object_get_string_member (json_array_get_object_element (runs, 1), "recipe"), ==,
                   "second");
  g_auto (Run) one = CLI ("train", "alone.recipe", "--seed", "2", "--data", data, "--device", "software");
  assert_done (&one);
  g_autofree char *a = read_text ("both.safetensors", &size),
                  *b = read_text ("alone.safetensors", &alone_size);
  const char *first = a + 8 + *(const guint64 *)(gpointer)a, *other = b + 8 + *(const guint64 *)(gpointer)b;
  g_assert_cmpmem (first, a + size - first, other, b + alone_size - other);
  g_autofree char *middle = g_build_filename (folder, "both.1.safetensors", NULL);
  g_assert_true (g_file_test (middle, G_FILE_TEST_EXISTS));
  g_auto (Run) refused = CLI ("train", "three.recipe", "second.recipe", "--data", data, "--resume",
                              "again.last.checkpoint", "--device", "software");
  assert_refused (&refused, "is no checkpoint of these runs");

  /* As if it had been stopped when the first had ended: the same command goes on with the second. */
  g_auto (Run) rest = CLI ("train", "three.recipe", "second.recipe", "--data", data, "-o", "both.safetensors",
                           "--resume", "both.1.last.checkpoint", "--force", "--device", "software");
  assert_done (&rest);
  g_autofree char *c = read_text ("both.safetensors", &alone_size);
  g_assert_cmpmem (a, size, c, alone_size);

  /* What stands against the second is said before the first one begins. */
  write_text ("wrong.recipe", "[network]\narchitecture = ifani\nno-such-key = 1\n");
  g_auto (Run) late = CLI ("train", "three.recipe", "wrong.recipe", "--data", data, "-o", "late.safetensors",
                           "--device", "software");
  assert_refused (&late, "no-such-key");
  g_auto (Run) taken = CLI ("train", "three.recipe", "second.recipe", "--data", data, "-o",
                            "both.safetensors", "--device", "software");
  assert_refused (&taken, "is there already");
  g_autofree char *early = g_build_filename (folder, "late.1.csv", NULL);
  g_assert_false (g_file_test (early, G_FILE_TEST_EXISTS));
}

static void
assert_provenance (const char *name, const char *words, gboolean has)
{
  g_autofree char *path = g_build_filename (folder, name, NULL);
  GError *error = NULL;
  g_autoptr (OmniWeights) weights = omni_weights_load (path, &error);
  g_assert_no_error (error);
  const char *provenance = omni_weights_get_metadata (weights, "provenance");
  g_test_message ("%s", provenance);
  g_assert_cmpint (strstr (provenance, words) != NULL, ==, has);
}

/* A checkpoint knows its run: its seed is taken, and what else would be another run is said, there and in the weights. */
static void
test_resume (void)
{
#define RESUME                                                                                               \
  "train", "seven.recipe", "--data", data, "-o", "seven.safetensors", "--device", "software", "--json"
#define ON "--resume", "seven.last.checkpoint"
  const char *recipe = "[network]\narchitecture = ifani\n[train]\nbatch = 1\ncrop = 32\nvalidate-every = 0\n"
                       "steps = 3\n[task exposure]\ndata = exposure\nloss = mef-ssim 1\n";
  write_text ("seven.recipe", recipe);
  g_auto (Run) begun = CLI (RESUME, "--seed", "7", "--steps", "2");
  assert_done (&begun);
  g_auto (Run) same = CLI (RESUME, ON, "--steps", "2");
  assert_done (&same);
  g_assert_cmpint (json_object_get_int_member (same.json, "seed"), ==, 7);
  g_assert_cmpint (json_object_get_int_member (same.json, "warnings"), ==, 0);
  assert_provenance ("seven.safetensors", "until", FALSE);

  g_auto (Run) longer = CLI (RESUME, ON, "--steps", "4");
  assert_done (&longer);
  g_assert_cmpint (json_object_get_int_member (longer.json, "seed"), ==, 7);
  g_assert_cmpint (json_object_get_int_member (longer.json, "warnings"), ==, 1);
  g_assert_nonnull (strstr (longer.err, "is of a run of 2 steps, and this one has 4"));
  JsonArray *texts = json_object_get_array_member (longer.json, "warning_texts");
  g_assert_cmpuint (json_array_get_length (texts), ==, 1);
  g_assert_nonnull (strstr (json_array_get_string_element (texts, 0), "is of a run of 2 steps"));

  g_auto (Run) other = CLI (RESUME, ON, "--steps", "4", "--seed", "2");
  assert_done (&other);
  g_assert_cmpint (json_object_get_int_member (other.json, "warnings"), ==, 1);
  g_assert_nonnull (strstr (other.err, "is of a run with seed 7"));

  g_autofree char *faster = g_strconcat (recipe, "[optimiser]\nlearning-rate = 0.01\n", NULL);
  write_text ("seven.recipe", faster);
  g_auto (Run) changed = CLI (RESUME, ON, "--steps", "6", "-o", "eight.safetensors");
  assert_done (&changed);
  g_assert_cmpint (json_object_get_int_member (changed.json, "seed"), ==, 2);
  g_assert_nonnull (strstr (changed.err, "was made by another recipe"));
  assert_provenance ("eight.safetensors", "step 6 of 6, seed 2, on ", TRUE);
  assert_provenance ("eight.safetensors", "; until step 2: seed 7, 2 steps, joint order, recipe ", TRUE);
  assert_provenance ("eight.safetensors", "; until step 4: seed 7, 4 steps, joint order, recipe ", TRUE);
}

/* A recipe may start from weights that are there. */
static void
test_initial (void)
{
  write_text ("on.recipe",
              "[network]\narchitecture = ifani\ninitial = three.safetensors\n[train]\nsteps = 1\n"
              "batch = 1\ncrop = 32\nvalidate-every = 0\n[optimiser]\nlearning-rate = 1e-9\n"
              "[task exposure]\ndata = exposure\nloss = mef-ssim 1\n");
  g_auto (Run) run = CLI ("train", "on.recipe", "--data", data, "--device", "software");
  assert_done (&run);
  /* At that rate nothing moves: the values are those it started from. */
  gsize size, on_size;
  g_autofree char *before = read_text ("three.safetensors", &size),
                  *after = read_text ("on.safetensors", &on_size);
  const char *first = before + 8 + *(const guint64 *)(gpointer)before;
  const char *second = after + 8 + *(const guint64 *)(gpointer)after;
  g_assert_cmpuint (before + size - first, ==, after + on_size - second);
  for (gsize i = 0; i < (gsize)(before + size - first) / sizeof (float); i++)
  {
    float a, b;
    memcpy (&a, first + i * sizeof a, sizeof a);
    memcpy (&b, second + i * sizeof b, sizeof b);
    g_assert_cmpfloat_with_epsilon (a, b, 1e-6);
  }
  write_text ("lost.recipe",
              "[network]\narchitecture = ifani\ninitial = lost.safetensors\n[train]\nsteps = 1\n"
              "crop = 32\n[task exposure]\ndata = exposure\nloss = mef-ssim 1\n");
  g_auto (Run) lost = CLI ("train", "lost.recipe", "--data", data, "--device", "software");
  assert_refused (&lost, "lost.safetensors");
}

/* Ctrl-C saves and says how to go on; what was asked for is not there, and the status says so. */
static void
test_interrupt (void)
{
  write_text ("long.recipe", RECIPE);
  const char *const argv[] = { g_getenv ("OMNIFUSE_CLI"),
                               "train",
                               "long.recipe",
                               "--data",
                               data,
                               "--steps",
                               "100000",
                               "--seed",
                               "7",
                               "--order",
                               "joint",
                               "-o",
                               "a long one.safetensors",
                               "--device",
                               "software",
                               NULL };
  g_autoptr (GSubprocessLauncher)
    launcher = g_subprocess_launcher_new (G_SUBPROCESS_FLAGS_STDOUT_PIPE | G_SUBPROCESS_FLAGS_STDERR_SILENCE);
  g_subprocess_launcher_set_cwd (launcher, folder);
  GError *error = NULL;
  g_autoptr (GSubprocess) process = g_subprocess_launcher_spawnv (launcher, argv, &error);
  g_assert_no_error (error);
  g_autofree char *checkpoint = g_build_filename (folder, "a long one.best.checkpoint", NULL);
  for (guint i = 0; i < 1200 && !g_file_test (checkpoint, G_FILE_TEST_EXISTS); i++)
    g_usleep (100000);
  g_assert_true (g_file_test (checkpoint, G_FILE_TEST_EXISTS));
  g_subprocess_send_signal (process, SIGINT);
  g_autofree char *out = NULL;
  g_subprocess_communicate_utf8 (process, NULL, NULL, &out, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpint (g_subprocess_get_exit_status (process), ==, 2);
  g_test_message ("%s", out);
  g_assert_nonnull (strstr (out, "stopped at step"));
  g_autofree char *command = g_strdup_printf (
    "go on with\n  omnifuse-cli train long.recipe --resume 'a long one.last.checkpoint' --data %s --order "
    "joint "
    "--steps 100000 --seed 7 --device software -o 'a long one.safetensors'\n",
    data);
  g_assert_nonnull (strstr (out, command));
  const char *const left[] = { "a long one.last.checkpoint", "a long one.csv", "a long one.validation.csv",
                               "a long one.html" };
  for (guint i = 0; i < G_N_ELEMENTS (left); i++)
    g_free (read_text (left[i], NULL));
}

static void
test_train_refusals (void)
{
  g_auto (Run) none = CLI ("train", "--data", data);
  assert_refused (&none, "Name a recipe");
  g_auto (Run) missing = CLI ("train", "no.recipe", "--data", data);
  assert_refused (&missing, "no.recipe");
  write_text ("wrong.recipe", "[network]\narchitecture = ifani\n[train]\nsteps = 3\nstesp = 4\n");
  g_auto (Run) wrong = CLI ("train", "wrong.recipe", "--data", data);
  assert_refused (&wrong, "line 5");
  write_text ("features.recipe",
              "[network]\narchitecture = u2fusion\nvgg16 = no-such-vgg.safetensors\n[train]\nsteps = 3\n"
              "crop = 32\n[task exposure]\ndata = exposure\nloss = information-mse 1\n");
  g_auto (Run) features = CLI ("train", "features.recipe", "--data", data, "--device", "software");
  assert_refused (&features, "“vgg16” cannot be used: ");
  g_auto (Run) nowhere = CLI ("train", "three.recipe", "--data", "no-such-folder");
  assert_refused (&nowhere, "no-such-folder");
  g_auto (Run) again = CLI ("train", "three.recipe", "--data", data, "--device", "software");
  assert_refused (&again, "--resume");
  g_auto (Run) steps = CLI ("train", "three.recipe", "--data", data, "--steps", "none");
  assert_refused (&steps, "--steps");
  g_auto (Run)
    name = CLI ("train", "three.recipe", "--data", data, "-o", "weights.bin", "--device", "software");
  assert_refused (&name, ".safetensors");
}

static void
test_help_recipe (void)
{
  g_auto (Run) help = CLI ("train", "--help-recipe");
  assert_done (&help);
  g_assert_nonnull (strstr (help.out, "[task NAME]"));
  g_assert_nonnull (strstr (help.out, "learning-rate"));
}

static gboolean
exists (const char *name)
{
  g_autofree char *path = g_build_filename (folder, name, NULL);
  return g_file_test (path, G_FILE_TEST_EXISTS);
}

/* A smaller set over a larger one leaves nothing of it. */
static void
test_synthesize_again (const char *natural)
{
  g_auto (Run) large = CLI ("synthesize", "focus", natural, "-o", "again", "--sources", "5", "--quiet");
  assert_done (&large);
  g_assert_true (exists ("again/n0/04.png"));
  write_text ("again/n0/notes.txt", "kept");
  g_auto (Run)
    small = CLI ("synthesize", "focus", natural, "-o", "again", "--sources", "2", "--quiet", "--force");
  assert_done (&small);
  g_assert_true (exists ("again/n0/01.png"));
  g_assert_true (exists ("again/n0/truth.png"));
  g_assert_true (exists ("again/n0/notes.txt"));
  for (guint k = 2; k < 5; k++)
  {
    g_autofree char *name = g_strdup_printf ("again/n0/%02u.png", k);
    g_assert_false (exists (name));
  }

  /* Where a source cannot be written, there is no truth either: the set must not look whole. */
  g_autofree char *blocked = g_build_filename (folder, "again/n0/01.png", NULL);
  g_assert_cmpint (g_unlink (blocked), ==, 0);
  g_assert_cmpint (g_mkdir (blocked, 0700), ==, 0);
  g_auto (Run)
    torn = CLI ("synthesize", "focus", natural, "-o", "again", "--sources", "2", "--quiet", "--force");
  assert_refused (&torn, "01.png");
  g_assert_false (exists ("again/n0/truth.png"));
}

/* Only the extension goes; what would share a folder is refused before anything is written. */
static void
test_synthesize_names (void)
{
  const char *const names[] = { "a.1.png", "a.2.png" };
  g_autofree char *dotted = g_build_filename (folder, "dotted", NULL);
  g_assert_cmpint (g_mkdir (dotted, 0700), ==, 0);
  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    g_free (write_scene (dotted, names[i], i, 64, 64, 3, FALSE, OMNI_SAMPLE_U8, 1));
  g_auto (Run) both = CLI ("synthesize", "focus", dotted, "-o", "dots", "--sources", "2", "--quiet");
  assert_done (&both);
  g_assert_true (exists ("dots/a.1/truth.png") && exists ("dots/a.2/truth.png"));
  g_free (write_scene (dotted, "a.1.tif", 3, 64, 64, 3, FALSE, OMNI_SAMPLE_U8, 1));
  g_auto (Run) shared = CLI ("synthesize", "focus", dotted, "-o", "none", "--sources", "2", "--quiet");
  assert_refused (&shared, "“a.1”; rename one");
  g_assert_false (exists ("none"));
}

static void
test_synthesize (void)
{
  g_autofree char *natural = g_build_filename (data, "natural", NULL);
  g_auto (Run) focus = CLI ("synthesize", "focus", natural, "-o", "stacks", "--count", "3", "--sources",
                            "2-4", "--json");
  assert_done (&focus);
  JsonArray *scenes = json_object_get_array_member (focus.json, "scenes");
  g_assert_cmpuint (json_array_get_length (scenes), ==, 3);
  const char *last_path = NULL;
  for (guint i = 0; i < 3; i++)
  {
    JsonObject *scene = json_array_get_object_element (scenes, i);
    const char *path = json_object_get_string_member (scene, "folder");
    const guint n = (guint)json_object_get_int_member (scene, "sources");
    g_assert_true (n >= 2 && n <= 4);
    if (i > 0) /* neither in the order of the folder nor in that of the draws */
      g_assert_cmpint (omni_natural_compare (last_path, path), <, 0);
    last_path = path;
    g_autofree char *last = g_strdup_printf ("%s/%s/%02u.png", folder, path, n - 1);
    g_autofree char *truth = g_strdup_printf ("%s/%s/truth.png", folder, path);
    GError *error = NULL;
    g_autoptr (OmniPicture) a = omni_picture_read (last, NULL, &error);
    g_assert_no_error (error);
    g_autoptr (OmniPicture) b = omni_picture_read (truth, NULL, &error);
    g_assert_no_error (error);
    g_autoptr (OmniPicture)
      original = omni_picture_read (json_object_get_string_member (scene, "picture"), NULL, &error);
    g_autofree char *hash = omni_picture_hash (b), *wanted = omni_picture_hash (original);
    g_assert_cmpstr (hash, ==, wanted);
    g_assert_cmpuint (omni_picture_get_width (a), ==, omni_picture_get_width (b));
  }
  g_auto (Run)
    again = CLI ("synthesize", "focus", natural, "-o", "stacks", "--count", "3", "--sources", "2-4");
  assert_refused (&again, "00.png");
  g_auto (Run)
    exposure = CLI ("synthesize", "exposure", natural, "-o", "brackets", "--size", "64", "--quiet");
  assert_done (&exposure);
  g_assert_cmpstr (exposure.out, ==, "");
  g_auto (Run) large = CLI ("synthesize", "exposure", natural, "-o", "none", "--size", "512", "--quiet");
  assert_refused (&large, "large enough");
  test_synthesize_again (natural);
  test_synthesize_names ();
  const char *const counts[] = { "0", "-1" };
  for (guint i = 0; i < G_N_ELEMENTS (counts); i++)
  {
    g_auto (Run) none = CLI ("synthesize", "focus", natural, "-o", "none", "--count", counts[i]);
    assert_refused (&none, "--count takes a number from 1");
  }
  g_auto (Run) size = CLI ("synthesize", "focus", natural, "-o", "none", "--size", "0");
  assert_refused (&size, "--size one from 32");
  g_auto (Run) kind = CLI ("synthesize", "night", natural, "-o", "none");
  assert_refused (&kind, "focus or exposure");
}

/* Made-up sets are scenes that evaluate can score against their truth. */
static void
test_synthesize_for_evaluate (void)
{
  g_auto (Run)
    run = CLI ("evaluate", "stacks", "--task", "focus", "--model", "laplacian", "--baseline", "mean",
               "--metric", "ref-psnr", "--json", "--cache", "scores", "--device", "software");
  assert_done (&run);
  g_assert_nonnull (strstr (run.out, "ref-psnr"));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  folder = g_dir_make_tmp ("omnifuse-cli-train-XXXXXX", NULL);
  data = make_data_folder ();
  g_test_add_func ("/cli-train/01-train", test_train);
  g_test_add_func ("/cli-train/02-repeat", test_repeat);
  g_test_add_func ("/cli-train/02-initial", test_initial);
  g_test_add_func ("/cli-train/02-several", test_several);
  g_test_add_func ("/cli-train/03-interrupt", test_interrupt);
  g_test_add_func ("/cli-train/08-resume", test_resume);
  g_test_add_func ("/cli-train/04-refusals", test_train_refusals);
  g_test_add_func ("/cli-train/05-help-recipe", test_help_recipe);
  g_test_add_func ("/cli-train/06-synthesize", test_synthesize);
  g_test_add_func ("/cli-train/07-evaluate", test_synthesize_for_evaluate);
  const int status = g_test_run ();
  remove_folder (folder);
  remove_folder (data);
  g_free (folder);
  g_free (data);
  return status;
}
