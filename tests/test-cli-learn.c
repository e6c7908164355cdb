/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Runs omnifuse-cli evolve and fuse --refine on small made-up scenes: what the one chooses and keeps, and that a network trains
 * towards it; what the other says, and refuses. */

#include "tests/cli-common.h"
#include "tests/cli-run.h"

#include <glib/gstdio.h>

static void
write_picture (const char *name, guint index, guint channels, double gain)
{
  g_autofree char *path = g_build_filename (folder, name, NULL);
  g_autofree char *parent = g_path_get_dirname (path);
  g_assert_cmpint (g_mkdir_with_parents (parent, 0700), ==, 0);
  g_free (write_scene (folder, name, index, 96, 80, channels, FALSE, OMNI_SAMPLE_U8, gain));
}

static void
make_scenes (void)
{
  for (guint scene = 0; scene < 3; scene++)
    for (guint k = 0; k < 3; k++)
    {
      g_autofree char *name = g_strdup_printf ("data/exposure/s%u/%u.png", scene, k);
      write_picture (name, scene, 3, 0.3 + 0.5 * k);
    }
  for (guint scene = 0; scene < 2; scene++)
  {
    g_autofree char *infrared = g_strdup_printf ("data/infrared/i%u/infrared.png", scene);
    g_autofree char *visible = g_strdup_printf ("data/infrared/i%u/visible.png", scene);
    write_picture (infrared, 10 + scene, 1, 1);
    write_picture (visible, 20 + scene, 3, 1);
  }
}

static char *
read_text (const char *name)
{
  g_autofree char *path = g_build_filename (folder, name, NULL);
  char *text;
  g_assert_true (g_file_get_contents (path, &text, NULL, NULL));
  return text;
}

static guint
count_chosen (const char *text)
{
  guint n = 0;
  for (const char *at = text; (at = strstr (at, ",yes\n")) != NULL; at++)
    n++;
  return n;
}

/* A library of two; a third joins, is run alone, and can only make things better. */
static void
test_evolve (void)
{
  g_autofree char *data = g_build_filename (folder, "data", NULL),
                  *to = g_build_filename (folder, "best", NULL);
  g_auto (Run) first = CLI ("evolve", data, "-o", to, "--library", "2", "--json");
  assert_done (&first);
  JsonObject *root = first.json;
  g_assert_cmpint (json_object_get_int_member (root, "scenes"), ==, 5);
  g_assert_cmpint (json_object_get_int_member (root, "new_scores"), ==, 10);
  const double best = json_object_get_double_member (root, "best");
  g_autofree char *truth = g_build_filename (to, "exposure", "s0", "truth.png", NULL);
  g_autofree char *source = g_build_filename (to, "infrared", "i1", "visible.png", NULL);
  g_assert_true (g_file_test (truth, G_FILE_TEST_IS_REGULAR));
  g_assert_true (g_file_test (source, G_FILE_TEST_IS_SYMLINK));

  g_auto (Run) second = CLI ("evolve", data, "-o", to, "--library", "2", "-m", "laplacian", "--json");
  assert_done (&second);
  root = second.json;
  g_assert_cmpint (json_object_get_int_member (root, "new_scores"), ==, 5);
  g_assert_cmpfloat (json_object_get_double_member (root, "best_before"), ==, best);
  g_assert_cmpfloat (json_object_get_double_member (root, "best"), >=, best);
  /* The Laplacian pyramid beats a mean and a maximum. */
  g_assert_cmpint (json_object_get_int_member (root, "improved"), >, 0);

  g_autofree char *choices = read_text ("best/choices.csv");
  g_assert_cmpuint (count_chosen (choices), ==, 5);

  /* Nothing new: nothing is run. */
  g_auto (Run) third = CLI ("evolve", data, "-o", to, "--library", "2", "-m", "laplacian", "--json");
  assert_done (&third);
  root = third.json;
  g_assert_cmpint (json_object_get_int_member (root, "new_scores"), ==, 0);
  g_assert_cmpint (json_object_get_int_member (root, "improved"), ==, 0);
}

/* Two algorithms that give the same: the one that was chosen first stays, and one picture alone is no scene. */
static void
test_evolve_equals (void)
{
  write_picture ("equals/focus/same/0.png", 1, 3, 1);
  write_picture ("equals/focus/same/1.png", 1, 3, 1);
  write_picture ("equals/focus/single/0.png", 2, 3, 1);
  g_autofree char *choices = NULL;
  for (guint i = 0; i < 2; i++)
  {
    g_auto (Run) run = CLI ("evolve", "equals", "-o", "equal", "-m", "mean", "-m", "max");
    assert_done (&run);
    g_assert_nonnull (strstr (run.err, "single is left out: it takes two pictures"));
    g_assert_nonnull (strstr (run.out, "over 1 scene"));
    g_assert_null (strstr (run.out, "over 1 scenes"));
    g_autofree char *now = read_text ("equal/choices.csv");
    g_assert_nonnull (strstr (now, "yes"));
    if (i > 0)
      g_assert_cmpstr (now, ==, choices);
    g_free (choices);
    choices = g_steal_pointer (&now);
  }
  g_assert_null (strstr (choices, "single"));
}

/* The split goes with the pictures, from a path as people type it and over several runs; and what is not its own stays. */
static void
test_evolve_splits (void)
{
  static const char split[] = "split,task,scene,file\n"
                              "train,infrared,i0,infrared/i0/infrared.png\n"
                              "train,infrared,i0,infrared/i0/visible.png\n"
                              "val,infrared,i1,infrared/i1/infrared.png\n"
                              "val,infrared,i1,infrared/i1/visible.png\n"
                              "train,exposure,s0,exposure/s0/0.png\n"
                              "train,exposure,s0,exposure/s0/1.png\n"
                              "train,exposure,s0,exposure/s0/2.png\n";
  g_autofree char *mine = g_build_filename (folder, "data", "split.csv", NULL);
  g_autofree char *other = g_build_filename (folder, "other", "infrared", "i0", NULL);
  g_autofree char *truth = g_build_filename (other, "truth.png", NULL);
  g_assert_true (g_file_set_contents (mine, split, -1, NULL));
  g_auto (Run) first = CLI ("evolve", "data/", "-o", "parts", "--library", "1", "--split", "val", "-q");
  assert_done (&first);
  g_autofree char *before = read_text ("parts/split.csv");
  g_assert_cmpstr (before, ==,
                   "split,file\nval,\"infrared/i1/infrared.png\"\nval,\"infrared/i1/visible.png\"\n");
  g_auto (Run) second = CLI ("evolve", "data", "-o", "parts", "--library", "1", "--split", "train", "-q");
  assert_done (&second);
  g_autofree char *after = read_text ("parts/split.csv");
  g_assert_nonnull (strstr (after, "\nval,\"infrared/i1/visible.png\"\n"));
  g_assert_nonnull (strstr (after, "\ntrain,\"infrared/i0/visible.png\"\n"));

  g_auto (Run) inside = CLI ("evolve", "data", "-o", "data/best", "--library", "1");
  g_assert_cmpint (inside.status, ==, 2);
  g_auto (Run) same = CLI ("evolve", "data", "-o", "data", "--library", "1");
  g_assert_cmpint (same.status, ==, 2);
  g_assert_cmpint (g_mkdir_with_parents (other, 0700), ==, 0);
  g_assert_true (g_file_set_contents (truth, "mine", -1, NULL));
  g_auto (Run) over = CLI ("evolve", "data", "-o", "other", "--library", "1", "-t", "infrared");
  g_assert_cmpint (over.status, ==, 2);
  g_assert_nonnull (strstr (over.err, "truth.png"));
  g_autofree char *kept = read_text ("other/infrared/i0/truth.png");
  g_assert_cmpstr (kept, ==, "mine");
  g_assert_cmpint (g_unlink (mine), ==, 0);
}

/* Killed in the middle of a scene, it goes on from there. */
static void
test_evolve_killed (void)
{
  g_autofree char *data = g_build_filename (folder, "data", NULL),
                  *to = g_build_filename (folder, "killed", NULL);
  g_autofree char *truth = g_build_filename (to, "exposure", "s1", "truth.png", NULL);
  const char *const argv[] = {
    g_getenv ("OMNIFUSE_CLI"), "evolve", data, "-o", to, "--library", "2", "-q", NULL
  };
  g_autoptr (GError) error = NULL;
  g_autoptr (GSubprocess) process = g_subprocess_newv (argv, G_SUBPROCESS_FLAGS_NONE, &error);
  g_assert_no_error (error);
  for (guint i = 0; i < 60000 && !g_file_test (truth, G_FILE_TEST_EXISTS); i++)
    g_usleep (1000);
  g_subprocess_force_exit (process);
  g_subprocess_wait (process, NULL, NULL);
  g_assert_true (g_file_test (truth, G_FILE_TEST_EXISTS));
  g_autofree char *begun = read_text ("killed/choices.csv");
  g_assert_nonnull (strstr (begun, "\n\"exposure/s0\",\"max\","));

  g_auto (Run) again = CLI ("evolve", data, "-o", to, "--library", "2", "--json");
  assert_done (&again);
  g_assert_cmpint (json_object_get_int_member (again.json, "scenes"), ==, 5);
  g_assert_cmpint (json_object_get_int_member (again.json, "new_scores"), <=, 8);
  g_autofree char *choices = read_text ("killed/choices.csv");
  g_assert_cmpuint (count_chosen (choices), ==, 5);
}

/* Names with quotes come back, and another scene of the same name is not taken for the one that is known. */
static void
test_evolve_names (void)
{
  static const char split[] = "split,task,scene,file\n"
                              "val,infrared,\"a \"\"b\"\", c\",\"infrared/a \"\"b\"\", c/infrared.png\"\n"
                              "val,infrared,\"a \"\"b\"\", c\",\"infrared/a \"\"b\"\", c/visible.png\"\n";
  g_autofree char *splits = g_build_filename (folder, "named", "split.csv", NULL);
  g_autofree char *truth = g_build_filename (folder, "names", "infrared", "a \"b\", c", "truth.png", NULL);
  write_picture ("named/infrared/a \"b\", c/infrared.png", 10, 1, 1);
  write_picture ("named/infrared/a \"b\", c/visible.png", 20, 3, 1);
  g_assert_true (g_file_set_contents (splits, split, -1, NULL));
  for (guint i = 0; i < 2; i++)
  {
    g_auto (Run) run = CLI ("evolve", "named", "-o", "names", "--library", "2", "--json");
    assert_done (&run);
    g_assert_cmpint (json_object_get_int_member (run.json, "scenes"), ==, 1);
    g_assert_cmpint (json_object_get_int_member (run.json, "new_scores"), ==, i == 0 ? 2 : 0);
  }
  g_autofree char *new_splits = read_text ("names/split.csv");
  g_assert_nonnull (strstr (new_splits, "val,\"infrared/a \"\"b\"\", c/visible.png\"\n"));

  write_picture ("others/infrared/a \"b\", c/infrared.png", 11, 1, 1);
  write_picture ("others/infrared/a \"b\", c/visible.png", 21, 3, 1);
  g_auto (Run) other = CLI ("evolve", "others", "-o", "names", "--library", "2");
  assert_refused (&other, "was made of other pictures");
  g_assert_cmpint (g_unlink (truth), ==, 0);
  g_auto (Run) anew = CLI ("evolve", "others", "-o", "names", "--library", "2", "--json");
  assert_done (&anew);
  g_assert_cmpint (json_object_get_int_member (anew.json, "new_scores"), ==, 2);
  g_autofree char *link = g_build_filename (folder, "names", "infrared", "a \"b\", c", "visible.png", NULL);
  g_autofree char *target = g_file_read_link (link, NULL);
  g_assert_true (g_str_has_suffix (target, "others/infrared/a \"b\", c/visible.png"));
}

static void
test_train (void)
{
  static const char recipe[] =
    "[network]\narchitecture = aenetv2\nnormalisation = batch\n"
    "[train]\nsteps = 3\nbatch = 2\ncrop = 32\nvalidate-every = 3\nvalidation-size = 48\n"
    "[task exposure]\ndata = exposure\ntruth = yes\nsources = 2\nloss = ssim 1, mae 1\n";
  g_autofree char *path = g_build_filename (folder, "a.recipe", NULL);
  g_autofree char *to = g_build_filename (folder, "best", NULL);
  g_autofree char *weights = g_build_filename (folder, "a.safetensors", NULL);
  g_assert_true (g_file_set_contents (path, recipe, -1, NULL));
  g_auto (Run) node = CLI ("train", path, "--data", to, "-o", weights, "--json");
  assert_done (&node);
  JsonObject *root = node.json;
  g_assert_cmpint (json_object_get_int_member (root, "last_step"), ==, 3);
  g_assert_cmpint (json_object_get_int_member (root, "parameters"), ==, 5378);
}

static void
test_refine (void)
{
  g_autofree char *scene = g_build_filename (folder, "data", "exposure", "s0", NULL);
  g_autofree char *to = g_build_filename (folder, "refined.png", NULL);
  g_auto (Run) plain = CLI ("fuse", scene, "-o", to, "--model", "omni", "--json");
  assert_done (&plain);
  g_assert_true (json_object_get_null_member (plain.json, "refine"));
  g_auto (Run) run = CLI ("fuse", scene, "-o", to, "--force", "--model", "omni", "--refine", "600",
                          "--refine-steps", "2", "--json");
  assert_done (&run);
  JsonObject *refine = json_object_get_object_member (run.json, "refine");
  const double before = json_object_get_double_member (refine, "before");
  const double after = json_object_get_double_member (refine, "after");
  g_assert_cmpint (json_object_get_int_member (refine, "steps"), ==, 2);
  g_assert_cmpfloat (json_object_get_double_member (refine, "seconds"), >, 0);
  g_assert_cmpstr (json_object_get_string_member (refine, "metric"), ==, "mef-ssim");
  g_assert_cmpint (json_object_get_boolean_member (refine, "kept"), ==, after > before);
  g_auto (Run) text = CLI ("fuse", scene, "-o", to, "--force", "--model", "omni", "--refine", "0.01");
  assert_done (&text);
  g_assert_nonnull (strstr (text.out, "  refine  mef-ssim "));

  g_auto (Run) classical = CLI ("fuse", scene, "-o", to, "--force", "--model", "mertens", "--refine", "1");
  assert_refused (&classical, "cannot be refined");
  g_auto (Run) zero = CLI ("fuse", scene, "-o", to, "--force", "--refine", "0");
  assert_refused (&zero, "above 0");
  g_auto (Run) hexadecimal = CLI ("fuse", scene, "-o", to, "--force", "--refine", "0x10");
  assert_refused (&hexadecimal, "not “0x10”");
  g_auto (Run) steps = CLI ("fuse", scene, "-o", to, "--force", "--refine-steps", "none");
  assert_refused (&steps, "--refine-steps");
}

/* The clock decides how many steps there are; what it decided makes the same picture again, from any order, in processes that
 * know nothing of each other. */
static void
test_refine_order (void)
{
  g_autofree char *scene = g_build_filename (folder, "data", "exposure", "s0", NULL);
  g_autofree char *a = g_build_filename (scene, "0.png", NULL), *b = g_build_filename (scene, "1.png", NULL),
                  *c = g_build_filename (scene, "2.png", NULL);
  g_autofree char *to = g_build_filename (folder, "timed.png", NULL);
  g_auto (Run) timed = CLI ("fuse", a, b, c, "-o", to, "--model", "omni", "--refine", "1", "--json");
  assert_done (&timed);
  JsonObject *refine = json_object_get_object_member (timed.json, "refine");
  g_autofree char *steps = g_strdup_printf ("%d", (int)json_object_get_int_member (refine, "steps"));
  g_auto (Run)
    again = CLI ("fuse", c, a, b, "-o", to, "-f", "--model", "omni", "--refine-steps", steps, "--json");
  assert_done (&again);
  g_assert_cmpstr (json_object_get_string_member (again.json, "sha256"), ==,
                   json_object_get_string_member (timed.json, "sha256"));
  g_assert_cmpint (json_object_get_int_member (json_object_get_object_member (again.json, "refine"), "steps"),
                   ==, json_object_get_int_member (refine, "steps"));
  g_assert_cmpfloat (
    json_object_get_double_member (json_object_get_object_member (again.json, "refine"), "after"), ==,
    json_object_get_double_member (refine, "after"));

  g_auto (Run) orders = CLI ("permute", a, b, c, "--model", "omni", "--refine", "0.5", "--json");
  assert_done (&orders);
  g_assert_cmpint (json_object_get_int_member (orders.json, "orders_tried"), ==, 6);
  g_assert_true (json_object_get_boolean_member (orders.json, "identical"));
  g_assert_cmpint (
    json_object_get_int_member (json_object_get_object_member (orders.json, "refine"), "steps"), >, 0);

  /* Influence goes with its source. */
  g_autofree char *influence = g_strdup_printf ("%s=2", b);
  g_auto (Run) influenced = CLI ("permute", a, b, c, "--model", "omni", "--influence", influence, "--json");
  assert_done (&influenced);
  g_assert_true (json_object_get_boolean_member (influenced.json, "identical"));
  g_assert_true (json_object_get_null_member (influenced.json, "refine"));
}

/* One recipe, its tasks one after another or all at once. */
static void
test_train_order (void)
{
  static const char recipe[] =
    "[network]\narchitecture = omni\nchannels = 8\n[train]\norder = sequential\nbatch = 1\ncrop = 64\n"
    "validate-every = 0\n[ewc]\nsamples = 2\n"
    "[task exposure]\nsteps = 2\ndata = exposure\nloss = mef-ssim 1\n"
    "[task infrared]\nsteps = 3\ndata = infrared\nloss = mef-structure 1\n";
  g_autofree char *path = g_build_filename (folder, "order.recipe", NULL);
  g_autofree char *data = g_build_filename (folder, "data", NULL);
  g_autofree char *weights = g_build_filename (folder, "order.safetensors", NULL);
  g_autofree char *csv = g_build_filename (folder, "order.csv", NULL);
  g_assert_true (g_file_set_contents (path, recipe, -1, NULL));
  g_auto (Run) sequential = CLI ("train", path, "--data", data, "-o", weights, "--json");
  assert_done (&sequential);
  g_assert_cmpint (json_object_get_int_member (sequential.json, "last_step"), ==, 5);
  g_autofree char *before = NULL;
  g_assert_true (g_file_get_contents (csv, &before, NULL, NULL));
  g_assert_nonnull (strstr (before, "\n1,exposure,"));
  g_assert_nonnull (strstr (before, "\n2,exposure,"));
  g_assert_nonnull (strstr (before, "\n5,infrared,"));

  g_auto (Run) joint = CLI ("train", path, "--data", data, "-o", weights, "-f", "--order", "joint", "--steps",
                            "12", "--json");
  assert_done (&joint);
  g_assert_cmpint (json_object_get_int_member (joint.json, "last_step"), ==, 12);
  g_assert_nonnull (strstr (joint.err, "[ewc] holds nothing"));
  g_autofree char *after = NULL;
  g_assert_true (g_file_get_contents (csv, &after, NULL, NULL));
  /* Both tasks within what was the first one's, and after it. */
  const char *tail = strstr (after, "\n6,");
  g_assert_nonnull (tail);
  g_assert_nonnull (strstr (tail, ",exposure,"));
  g_assert_nonnull (strstr (tail, ",infrared,"));
  g_auto (Run) wrong = CLI ("train", path, "--data", data, "-o", weights, "-f", "--order", "random");
  assert_refused (&wrong, "--order");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  folder = g_dir_make_tmp ("omnifuse-evolve-XXXXXX", NULL);
  make_scenes ();
  g_test_add_func ("/evolve/library", test_evolve);
  g_test_add_func ("/evolve/equals", test_evolve_equals);
  g_test_add_func ("/evolve/train", test_train);
  g_test_add_func ("/evolve/splits", test_evolve_splits);
  g_test_add_func ("/evolve/killed", test_evolve_killed);
  g_test_add_func ("/evolve/names", test_evolve_names);
  g_test_add_func ("/train/order", test_train_order);
  g_test_add_func ("/refine/command", test_refine);
  g_test_add_func ("/refine/order", test_refine_order);
  const int status = g_test_run ();
  remove_folder (folder);
  g_free (folder);
  return status;
}
