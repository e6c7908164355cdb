/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Many sets in folders of folders, on the command line. */

#include "app/files/reader.h"
#include "tests/cli-common.h"
#include "tests/cli-run.h"

#include <glib/gstdio.h>
#include <signal.h>
#include <unistd.h>

#define W 40
#define H 28

static char *
in_folder (const char *name)
{
  return g_build_filename (folder, name, NULL);
}

static gboolean
exists (const char *name)
{
  g_autofree char *path = in_folder (name);

  return g_file_test (path, G_FILE_TEST_EXISTS);
}

/* A bracket of `n` pictures in `place`: 0.png, 1.png …, of what `extension` says. */
static void
write_set (const char *place, guint n, const char *extension, guint width, OmniSampleType type)
{
  g_autofree char *path = in_folder (place);

  g_assert_cmpint (g_mkdir_with_parents (path, 0777), ==, 0);
  for (guint i = 0; i < n; i++)
  {
    g_autofree char *name = g_strdup_printf ("%u.%s", i, extension);
    g_free (write_scene (path, name, 0, width, H, 3, FALSE, type, 0.4 + 0.4 * i));
  }
}

static void
write_file (const char *name, const char *text)
{
  g_autofree char *path = in_folder (name);

  g_assert_true (g_file_set_contents (path, text, -1, NULL));
}

static void
cut_file (const char *name)
{
  g_autofree char *path = in_folder (name);

  g_assert_cmpint (truncate (path, 300), ==, 0);
}

static void
make_link (const char *name, const char *to)
{
  g_autofree char *path = in_folder (name);

  g_assert_cmpint (symlink (to, path), ==, 0);
}

static guint
count_files (const char *name)
{
  g_autofree char *path = in_folder (name);
  g_autoptr (GDir) directory = g_dir_open (path, 0, NULL);
  guint n = 0;

  g_assert_nonnull (directory);
  while (g_dir_read_name (directory) != NULL)
    n++;
  return n;
}

/* (nullable) The set of this name. */
static JsonObject *
find_set (const Run *run, const char *name)
{
  JsonArray *sets = json_object_get_array_member (run->json, "sets");

  for (guint i = 0; i < json_array_get_length (sets); i++)
  {
    JsonObject *set = json_array_get_object_element (sets, i);
    if (g_str_equal (json_object_get_string_member (set, "name"), name))
      return set;
  }
  return NULL;
}

static void
assert_set (const Run *run, const char *name, const char *place, const char *status, const char *output)
{
  JsonObject *set = find_set (run, name);

  g_assert_nonnull (set);
  g_assert_cmpstr (json_object_get_string_member (set, "folder"), ==, place);
  g_assert_cmpstr (json_object_get_string_member (set, "status"), ==, status);
  if (output != NULL)
    g_assert_cmpstr (json_object_get_string_member (set, "output"), ==, output);
  else
    g_assert_true (json_object_get_null_member (set, "output"));
  g_assert_cmpint (json_object_get_null_member (set, "error"), ==, !g_str_equal (status, "failed"));
}

static void
assert_counts (const Run *run, guint n_done, guint n_failed, guint n_exist, guint n_skipped)
{
  g_assert_nonnull (run->json);
  g_assert_cmpint (json_object_get_int_member (run->json, "done"), ==, n_done);
  g_assert_cmpint (json_object_get_int_member (run->json, "failed"), ==, n_failed);
  g_assert_cmpint (json_object_get_int_member (run->json, "exists"), ==, n_exist);
  g_assert_cmpint (json_object_get_int_member (run->json, "skipped"), ==, n_skipped);
  g_assert_false (json_object_get_boolean_member (run->json, "interrupted"));
  g_assert_cmpuint (json_array_get_length (json_object_get_array_member (run->json, "sets")), ==,
                    n_done + n_failed + n_exist + n_skipped);
}

/* Names, sizes and formats of several sets; each has the bits of `fuse`. */
static void
test_sets (void)
{
  write_set ("many", 2, "png", W, OMNI_SAMPLE_U8);
  write_set ("many/day 2/deep", 2, "png", W, OMNI_SAMPLE_U16);
  write_set ("many/day 2/wide", 3, "jpg", 2 * W, OMNI_SAMPLE_U8);
  write_set ("many/day 10/more", 3, "jpg", W, OMNI_SAMPLE_U8);
  write_set ("many/alone", 1, "png", W, OMNI_SAMPLE_U8);
  write_set ("many/.hidden", 2, "png", W, OMNI_SAMPLE_U8);
  write_file ("many/day 2/notes.txt", "no picture");
  write_file ("many/day 2/wide/notes.txt", "no picture");
  g_auto (Run) run = CLI ("batch", "many", "-o", "new/results", "--json", "-m", "mertens");

  assert_done (&run);
  g_assert_cmpstr (run.err, ==, "");
  assert_counts (&run, 4, 0, 0, 1);
  assert_set (&run, "many", "many", "done", "new/results/many.png");
  assert_set (&run, "day 2-deep", "many/day 2/deep", "done", "new/results/day 2-deep.tif");
  assert_set (&run, "day 2-wide", "many/day 2/wide", "done", "new/results/day 2-wide.jpg");
  assert_set (&run, "day 10-more", "many/day 10/more", "done", "new/results/day 10-more.jpg");
  assert_set (&run, "alone", "many/alone", "skipped", NULL);
  g_assert_cmpuint (count_files ("new/results"), ==, 4);
  /* As people count. */
  JsonArray *sets = json_object_get_array_member (run.json, "sets");
  g_assert_cmpstr (json_object_get_string_member (json_array_get_object_element (sets, 2), "name"), ==,
                   "day 2-deep");
  g_assert_cmpstr (json_object_get_string_member (json_array_get_object_element (sets, 4), "name"), ==,
                   "day 10-more");

  JsonObject *wide = find_set (&run, "day 2-wide");
  assert_members (wide,
                  (const char *[]){ "sha256", "width", "height", "task", "model", "n_sources", "ms", NULL });
  g_assert_cmpint (json_object_get_int_member (wide, "width"), ==, 2 * W);
  g_assert_cmpint (json_object_get_int_member (wide, "height"), ==, H);
  g_assert_cmpint (json_object_get_int_member (wide, "n_sources"), ==, 3);
  g_assert_cmpstr (json_object_get_string_member (wide, "model"), ==, "mertens");
  static const char *const places[][2] = { { "many", "many" },
                                           { "day 2-deep", "many/day 2/deep" },
                                           { "day 2-wide", "many/day 2/wide" } };
  for (guint i = 0; i < G_N_ELEMENTS (places); i++)
  {
    g_auto (Run) one = CLI ("fuse", places[i][1], "-o", "one.tif", "--force", "--json", "-m", "mertens");
    assert_done (&one);
    g_assert_cmpstr (json_object_get_string_member (one.json, "sha256"), ==,
                     json_object_get_string_member (find_set (&run, places[i][0]), "sha256"));
  }
  g_autofree char *path = in_folder ("new/results/day 2-deep.tif");
  OmniPictureInfo info;
  g_assert_true (omni_picture_probe (path, &info, NULL));
  g_assert_cmpint (info.sample_type, ==, OMNI_SAMPLE_U16);
}

/* What --format and --bits ask for. */
static void
test_formats (void)
{
  write_set ("formats/jpegs", 2, "jpg", W, OMNI_SAMPLE_U8);
  g_auto (Run) png = CLI ("batch", "formats", "-o", "f", "--format", "png", "--json", "-m", "mean");
  assert_done (&png);
  assert_set (&png, "jpegs", "formats/jpegs", "done", "f/jpegs.png");
  g_auto (Run) deep = CLI ("batch", "formats", "-o", "f", "--bits", "16", "--json", "-m", "mean");
  assert_done (&deep);
  assert_set (&deep, "jpegs", "formats/jpegs", "done", "f/jpegs.tif");
  g_autofree char *path = in_folder ("f/jpegs.tif");
  OmniPictureInfo info;
  g_assert_true (omni_picture_probe (path, &info, NULL));
  g_assert_cmpint (info.sample_type, ==, OMNI_SAMPLE_U16);
  /* Transparency is nothing a JPEG could lose here. */
  g_autofree char *clear = in_folder ("clear/set");
  g_assert_cmpint (g_mkdir_with_parents (clear, 0777), ==, 0);
  g_free (write_scene (clear, "a.png", 0, W, H, 4, TRUE, OMNI_SAMPLE_U8, 0.6));
  g_free (write_scene (clear, "b.png", 1, W, H, 4, TRUE, OMNI_SAMPLE_U8, 0.9));
  g_auto (Run) alpha = CLI ("batch", "clear", "-o", "f", "--json", "-m", "mean");
  assert_done (&alpha);
  assert_set (&alpha, "set", "clear/set", "done", "f/set.png");
}

/* One set that cannot be fused: its sentence is that of `fuse`, the others are fused. */
static void
test_failures (void)
{
  write_set ("some/a", 2, "png", W, OMNI_SAMPLE_U8);
  write_set ("some/b", 2, "png", W, OMNI_SAMPLE_U8);
  write_set ("some/c", 2, "png", W, OMNI_SAMPLE_U8);
  write_set ("some/d", 2, "png", W, OMNI_SAMPLE_U8);
  g_autofree char *c = in_folder ("some/c");
  g_free (write_scene (c, "z.png", 0, W + 8, H, 3, FALSE, OMNI_SAMPLE_U8, 0.5));
  cut_file ("some/b/1.png");
  g_auto (Run) run = CLI ("batch", "some", "-o", "s", "--json", "-m", "mean");

  g_assert_cmpint (run.status, ==, 2);
  assert_counts (&run, 2, 2, 0, 0);
  assert_set (&run, "a", "some/a", "done", "s/a.png");
  assert_set (&run, "b", "some/b", "failed", "s/b.png");
  assert_set (&run, "c", "some/c", "failed", "s/c.png");
  assert_set (&run, "d", "some/d", "done", "s/d.png");
  g_assert_cmpuint (count_files ("s"), ==, 2);
  static const char *const bad[] = { "b", "c" };
  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
  {
    g_autofree char *place = g_build_filename ("some", bad[i], NULL);
    g_auto (Run) one = CLI ("fuse", place, "-o", "bad.png", "-m", "mean");
    const char *sentence = json_object_get_string_member (find_set (&run, bad[i]), "error");
    g_autofree char *line = g_strdup_printf ("omnifuse-cli: %s\n", sentence);
    g_autofree char *named = g_strdup_printf ("omnifuse-cli: %s: %s\n", bad[i], sentence);
    assert_refused (&one, bad[i][0] == 'b' ? "1.png" : "differ in size");
    g_assert_cmpstr (one.err, ==, line);
    g_assert_nonnull (strstr (run.err, named));
  }
  g_assert_false (exists ("bad.png"));
  g_auto (Run) words = CLI ("batch", "some", "-o", "words", "-m", "mean");
  g_assert_cmpint (words.status, ==, 2);
  g_assert_nonnull (strstr (words.out, "a: words/a.png, 2 sources, 40 × 28"));
  g_assert_true (g_str_has_suffix (words.out, "\n2 sets fused, 2 failed\n"));

  /* Repaired, what is left is made. */
  write_set ("some/b", 2, "png", W, OMNI_SAMPLE_U8);
  g_auto (Run) again = CLI ("batch", "some", "-o", "s", "--resize", "-m", "mean");
  assert_done (&again);
  g_assert_nonnull (strstr (again.out, "a: s/a.png is there already\n"));
  g_assert_true (g_str_has_suffix (again.out, "\n2 sets fused, 2 there already\n"));
  g_assert_cmpuint (count_files ("s"), ==, 4);
}

static void
test_existing (void)
{
  write_set ("old/a", 2, "png", W, OMNI_SAMPLE_U8);
  write_set ("old/b", 2, "png", W, OMNI_SAMPLE_U8);
  /* Inside of what is fused: no set the next time, nor is what lies below it. */
  g_auto (Run) first = CLI ("batch", "old", "-o", "old/out", "--json", "-m", "mean");
  assert_done (&first);
  assert_counts (&first, 2, 0, 0, 0);
  write_set ("old/out/below", 2, "png", W, OMNI_SAMPLE_U8);
  make_link ("old/results", "out");
  write_file ("old/out/a.png", "mine");
  g_auto (Run) second = CLI ("batch", "old", "-o", "old/out", "--json", "-m", "mean");
  assert_done (&second);
  assert_counts (&second, 0, 0, 2, 0);
  assert_set (&second, "a", "old/a", "exists", "old/out/a.png");
  g_assert_false (json_object_has_member (find_set (&second, "a"), "sha256"));
  g_autofree char *path = in_folder ("old/out/a.png");
  g_autofree char *text = NULL;
  g_assert_true (g_file_get_contents (path, &text, NULL, NULL));
  g_assert_cmpstr (text, ==, "mine");

  /* The name of a folder that leads there by a link is the same folder. */
  g_auto (Run) force = CLI ("batch", "old/", "-o", "old/results", "--force", "--json", "-m", "mean");
  assert_done (&force);
  assert_counts (&force, 2, 0, 0, 0);
  g_assert_true (omni_picture_probe (path, &(OmniPictureInfo){ 0 }, NULL));
  g_auto (Run) quiet = CLI ("batch", "old", "-o", "old/out", "--quiet", "-m", "mean");
  assert_done (&quiet);
  g_assert_cmpstr (quiet.out, ==, "");
  g_assert_cmpstr (quiet.err, ==, "");
}

/* Names that would be the same are not; each folder is one set. */
static void
test_names (void)
{
  write_set ("x/a/b", 2, "png", W, OMNI_SAMPLE_U8);
  write_set ("x/a-b", 2, "png", W, OMNI_SAMPLE_U8);
  write_set ("y/a/b", 2, "png", W, OMNI_SAMPLE_U8);
  write_set ("y/dots.in.it", 2, "png", W, OMNI_SAMPLE_U8);
  make_link ("x/a/b/round", "..");
  make_link ("x/0", "a");
  make_link ("x/up", "../..");
  make_link ("y/there", "../x/a");
  make_link ("y/nowhere", "gone");
  static const char *const orders[][3] = { { "x", "y", "x/a" }, { "y", "x/a", "x" } };
  for (guint i = 0; i < G_N_ELEMENTS (orders); i++)
  {
    g_auto (Run) run = CLI ("batch", orders[i][0], orders[i][1], orders[i][2], "-o", "n", "--force", "--json",
                            "-m", "mean");
    assert_done (&run);
    assert_counts (&run, 4, 0, 0, 0);
    assert_set (&run, "a-b", "x/a-b", "done", "n/a-b.png");
    assert_set (&run, "a-b.2", "x/a/b", "done", "n/a-b.2.png");
    assert_set (&run, "a-b.3", "y/a/b", "done", "n/a-b.3.png");
    assert_set (&run, "dots.in.it", "y/dots.in.it", "done", "n/dots.in.it.png");
    g_assert_cmpuint (count_files ("n"), ==, 4);
  }
  /* A link to elsewhere is followed, the folder itself has its own name, with a slash behind it, too. */
  g_auto (Run) links = CLI ("batch", "y/there", "y/a/b/", "-o", "l", "--json", "-m", "mean");
  assert_done (&links);
  assert_counts (&links, 2, 0, 0, 0);
  assert_set (&links, "b.2", "y/there/b", "done", "l/b.2.png");
  assert_set (&links, "b", "y/a/b/", "done", "l/b.png");
}

/* Frames of two exposures whose second one is shifted. */
static void
test_align (void)
{
  g_autofree char *place = in_folder ("hand/set");
  g_assert_cmpint (g_mkdir_with_parents (place, 0777), ==, 0);
  g_autoptr (OmniPicture) scene = make_scene (0, 200, 160, 3, FALSE, OMNI_SAMPLE_U8, 1);
  const guint8 *pixels = omni_picture_get_pixels (scene);
  for (guint i = 0; i < 2; i++)
  {
    g_autofree char *name = g_strdup_printf ("hand/set/%u.png", i);
    g_autofree char *path = in_folder (name);
    guint8 *part = g_malloc (180 * 150 * 3);
    for (guint y = 0; y < 150; y++)
      memcpy (part + (gsize)y * 180 * 3, pixels + ((gsize)(y + 4 * i) * 200 + 7 * i) * 3, 180 * 3);
    GError *error = NULL;
    g_autoptr (OmniPicture) picture = omni_picture_new (
      180, 150, 3, FALSE, OMNI_SAMPLE_U8, g_bytes_new_take (part, 180 * 150 * 3), NULL, NULL, &error);
    g_assert_no_error (error);
    g_assert_true (omni_picture_write (picture, path, NULL, NULL));
  }
  g_auto (Run) run = CLI ("batch", "hand", "-o", "h", "--align", "--json", "-m", "mean");
  assert_done (&run);
  assert_set (&run, "set", "hand/set", "done", "h/set.png");
  JsonObject *set = find_set (&run, "set");
  g_auto (Run) one = CLI ("fuse", "hand/set", "-o", "aligned.png", "--align", "--json", "-m", "mean");
  assert_done (&one);
  g_assert_cmpstr (json_object_get_string_member (one.json, "sha256"), ==,
                   json_object_get_string_member (set, "sha256"));
  g_assert_cmpint (json_object_get_int_member (set, "width"), ==,
                   json_object_get_int_member (one.json, "width"));
  g_assert_cmpint (json_object_get_int_member (set, "width"), <, 180);
}

/* What is no picture is passed over, with the words of `fuse`. */
static void
test_strangers (void)
{
  write_set ("shots/a", 2, "png", W, OMNI_SAMPLE_U8);
  write_set ("shots/b", 0, "png", W, OMNI_SAMPLE_U8);
  write_file ("shots/a/1.txt", "x");
  write_file ("shots/a/1.x3f", "x");
  g_auto (Run) run = CLI ("batch", "shots", "-o", "r", "--json", "-m", "mean");
  g_auto (Run) one = CLI ("fuse", "shots/a", "-o", "shot.png", "--json", "-m", "mean");
  assert_done (&run);
  assert_done (&one);
  g_assert_cmpstr (run.err, ==, one.err);
  g_assert_nonnull (strstr (run.err, "1.x3f"));
  assert_counts (&run, 1, 0, 0, 0);
  g_auto (Run) none = CLI ("batch", "shots/b", "-o", "r");
  assert_refused (&none, "no pictures in “shots/b” or below it");
}

static void
test_refused (void)
{
  write_set ("ok/a", 2, "png", W, OMNI_SAMPLE_U8);
  static const struct
  {
    const char *arguments[10];
    const char *words;
  } cases[] = {
    { { "batch" }, "Which folders" },
    { { "batch", "-o", "q" }, "Which folders" },
    { { "batch", "ok" }, "-o" },
    { { "batch", "nobody", "-o", "q" }, "There is no folder “nobody”" },
    { { "batch", "ok", "nobody", "-o", "q" }, "There is no folder “nobody”" },
    { { "batch", "ok/a/0.png", "-o", "q" }, "“ok/a/0.png” is no folder" },
    { { "batch", "ok", "-o", "ok" }, "another folder (-o)" },
    { { "batch", "ok", "-o", "./ok/../ok/" }, "another folder (-o)" },
    { { "batch", "ok", "-o", "ok/a/0.png" }, "cannot be made" },
    { { "batch", "ok", "-o", "q", "--format", "gif" }, "tif, png or jpg" },
    { { "batch", "ok", "-o", "q", "--format", "jpg", "--bits", "16" }, "jpg cannot hold 16 bits" },
    { { "batch", "ok", "-o", "q", "--bits", "9" }, "--bits" },
    { { "batch", "ok", "-o", "q", "--quality", "0" }, "--quality" },
    { { "batch", "ok", "-o", "q", "--task", "nothing" }, "no task “nothing”" },
    { { "batch", "ok", "-o", "q", "--model", "nobody" }, "no model “nobody”" },
    { { "batch", "ok", "-o", "q", "--model", "mertens", "--set", "x=1" }, "x=1" },
    { { "batch", "ok", "-o", "q", "--weights", "nobody" }, "nobody" },
    { { "batch", "ok", "-o", "q", "--device", "99" }, "no Vulkan device “99”" },
    { { "batch", "ok", "-o", "q", "--role", "visible=ok/a/0.png" }, "--role" },
    { { "batch", "ok", "-o", "q", "--refine", "1" }, "--refine" },
    { { "batch", "ok", "-o", "q", "--profile" }, "--profile" },
  };
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
  {
    g_auto (Run) run = run_with_environment (NULL, NULL, cases[i].arguments);
    assert_refused (&run, cases[i].words);
  }
  g_assert_cmpuint (count_files ("ok"), ==, 1);
}

/* Stopped, what is whole stays and nothing else; the same command does the rest. */
static void
test_interrupted (void)
{
  const guint n = 12;
  for (guint i = 0; i < n; i++)
  {
    g_autofree char *place = g_strdup_printf ("long/%u", i);
    write_set (place, 3, "png", 700, OMNI_SAMPLE_U8);
  }
  GError *error = NULL;
  g_autoptr (GSubprocessLauncher)
    launcher = g_subprocess_launcher_new (G_SUBPROCESS_FLAGS_STDOUT_PIPE | G_SUBPROCESS_FLAGS_STDERR_PIPE);
  g_subprocess_launcher_set_cwd (launcher, folder);
  g_autoptr (GSubprocess) process = g_subprocess_launcher_spawn (
    launcher, &error, g_getenv ("OMNIFUSE_CLI"), "batch", "long", "-o", "stopped", "-m", "mertens", NULL);
  g_assert_no_error (error);
  /* The first line: one is done, and the next under way. */
  g_autoptr (GDataInputStream) out = g_data_input_stream_new (g_subprocess_get_stdout_pipe (process));
  g_autofree char *line = g_data_input_stream_read_line (out, NULL, NULL, &error);
  g_assert_no_error (error);
  g_assert_true (g_str_has_prefix (line, "0: stopped/0.png"));
  g_subprocess_send_signal (process, SIGINT);
  g_assert_true (g_subprocess_wait (process, NULL, &error));
  g_assert_true (g_subprocess_get_if_exited (process));
  const guint n_made = count_files ("stopped");
  g_test_message ("%u made", n_made);
  g_assert_cmpuint (n_made, >=, 1);
  g_assert_cmpint (g_subprocess_get_exit_status (process), ==, n_made < n ? 2 : 0);

  g_auto (Run) rest = CLI ("batch", "long", "-o", "stopped", "-m", "mertens", "--json");
  assert_done (&rest);
  assert_counts (&rest, n - n_made, 0, n_made, 0);
  g_assert_cmpuint (count_files ("stopped"), ==, n);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  if (g_getenv ("OMNIFUSE_CLI") == NULL)
    g_error ("OMNIFUSE_CLI must name the program");
  folder = g_dir_make_tmp ("omnifuse-cli-XXXXXX", NULL);
  g_assert_nonnull (folder);

  g_test_add_func ("/cli/batch/sets", test_sets);
  g_test_add_func ("/cli/batch/formats", test_formats);
  g_test_add_func ("/cli/batch/failures", test_failures);
  g_test_add_func ("/cli/batch/existing", test_existing);
  g_test_add_func ("/cli/batch/names", test_names);
  g_test_add_func ("/cli/batch/align", test_align);
  g_test_add_func ("/cli/batch/strangers", test_strangers);
  g_test_add_func ("/cli/batch/refused", test_refused);
  g_test_add_func ("/cli/batch/interrupted", test_interrupted);
  const int status = g_test_run ();
  remove_folder (folder);
  return status;
}
