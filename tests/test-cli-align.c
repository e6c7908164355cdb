/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Pictures taken by hand, on the command line. */

#include "app/files/reader.h"
#include "app/files/writer.h"
#include "tests/cli-run.h"
#include "tests/shots.h"

#include <glib/gstdio.h>

static const char *const names[] = { "a.png", "b.png", "c.png" };

/* Three exposures; the files stand in `folder`. */
static void
write_shots (void)
{
  const Shot shots[] = {
    { OMNI_HOMOGRAPHY_IDENTITY, 1, 1 },
    { move (9.3, -6.1, 1.2, 1, 0), 0.25, 1 },
    { move (-4.2, 7.4, -0.7, 1.01, 0), 3, 1 },
  };

  for (guint i = 0; i < G_N_ELEMENTS (shots); i++)
  {
    g_autoptr (GError) error = NULL;
    g_autoptr (OmniSource) source = take (&shots[i], 7, names[i]);
    g_autoptr (OmniPicture) picture = omni_source_load (source, NULL, NULL);
    g_autofree char *path = g_build_filename (folder, names[i], NULL);
    omni_picture_write (picture, path, NULL, &error);
    g_assert_no_error (error);
  }
}

static gboolean
exists (const char *name)
{
  g_autofree char *path = g_build_filename (folder, name, NULL);

  return g_file_test (path, G_FILE_TEST_EXISTS);
}

static void
test_look (void)
{
  static const char *const members[] = { "reference", "moved",  "not_found", "left", "top",
                                         "width",     "height", "sources",   NULL };
  static const char *const source_members[] = {
    "path", "output",           "state",     "map", "shift_px", "dx", "dy", "turn_degrees",
    "zoom", "agreement_before", "agreement", NULL
  };
  g_auto (Run) run = CLI ("align", "a.png", "b.png", "c.png", "--json");

  assert_done (&run);
  assert_members (run.json, members);
  g_assert_true (json_object_get_boolean_member (run.json, "moved"));
  JsonArray *sources = json_object_get_array_member (run.json, "sources");
  g_assert_cmpuint (json_array_get_length (sources), ==, 3);
  guint n_moved = 0;
  for (guint i = 0; i < 3; i++)
  {
    JsonObject *source = json_array_get_object_element (sources, i);
    assert_members (source, source_members);
    g_assert_cmpstr (json_object_get_string_member (source, "path"), ==, names[i]);
    g_assert_true (json_object_get_null_member (source, "output"));
    g_assert_cmpuint (json_array_get_length (json_object_get_array_member (source, "map")), ==, 9);
    n_moved += g_str_equal (json_object_get_string_member (source, "state"), "moved");
  }
  g_assert_cmpuint (n_moved, ==, 2);

  g_auto (Run) words = CLI ("align", "a.png", "b.png", "c.png");
  assert_done (&words);
  g_assert_nonnull (strstr (words.out, "reference"));
  g_assert_nonnull (strstr (words.out, "c.png"));
}

static void
test_write (void)
{
  g_auto (Run) run = CLI ("align", "a.png", "b.png", "c.png", "-o", "aligned", "--json");

  assert_done (&run);
  const gint64 width = json_object_get_int_member (run.json, "width");
  const gint64 height = json_object_get_int_member (run.json, "height");
  g_assert_cmpint (width, <, W);
  g_assert_cmpint (width, >, W * 4 / 5);
  for (guint i = 0; i < 3; i++)
  {
    JsonObject *source = json_array_get_object_element (json_object_get_array_member (run.json, "sources"),
                                                        i);
    g_autofree char *path = g_build_filename (folder, json_object_get_string_member (source, "output"), NULL);
    OmniPictureInfo info;
    g_assert_true (omni_picture_probe (path, &info, NULL));
    g_assert_cmpint (info.width, ==, width);
    g_assert_cmpint (info.height, ==, height);
    g_assert_cmpstr (info.format_name, ==, "TIFF");
  }

  /* What was written lies right, to within what is looked for. */
  g_auto (Run) again = CLI ("align", "aligned", "--json");
  assert_done (&again);
  g_assert_false (json_object_get_boolean_member (again.json, "moved"));

  g_auto (Run) exists_already = CLI ("align", "a.png", "b.png", "c.png", "-o", "aligned");
  assert_refused (&exists_already, "exist");
  g_auto (Run) force = CLI ("align", "a.png", "b.png", "c.png", "-o", "aligned", "--force", "--quiet");
  assert_done (&force);
  g_assert_cmpstr (force.out, ==, "");
  g_auto (Run) over = CLI ("align", "aligned", "-o", "aligned", "--force");
  assert_refused (&over, "aligned");
}

/* The same files fused as `align` wrote them, and with --align. */
static void
test_fuse (void)
{
  g_auto (Run) written = CLI ("align", "a.png", "b.png", "c.png", "-o", "for-fuse", "--quiet");
  assert_done (&written);
  g_auto (Run) two_steps = CLI ("fuse", "for-fuse", "-o", "two.png", "--model", "mertens", "--json");
  g_auto (Run) one_step = CLI ("fuse", "a.png", "b.png", "c.png", "-o", "one.png", "--model", "mertens",
                               "--align", "--json");
  assert_done (&two_steps);
  assert_done (&one_step);
  const char *hash = json_object_get_string_member (one_step.json, "sha256");
  g_assert_cmpstr (hash, ==, json_object_get_string_member (two_steps.json, "sha256"));
  JsonObject *source = json_array_get_object_element (json_object_get_array_member (one_step.json, "sources"),
                                                      0);
  g_assert_cmpuint (json_array_get_length (json_object_get_array_member (source, "map")), ==, 9);

  g_auto (Run) other = CLI ("fuse", "c.png", "a.png", "b.png", "-o", "other.png", "--model", "mertens",
                            "--align", "--json");
  assert_done (&other);
  g_assert_cmpstr (hash, ==, json_object_get_string_member (other.json, "sha256"));
  g_auto (Run) permute = CLI ("permute", "a.png", "b.png", "c.png", "--align", "--orders", "all", "--json");
  assert_done (&permute);

  g_auto (Run)
    as_they_lie = CLI ("fuse", "a.png", "b.png", "c.png", "-o", "lie.png", "--model", "mertens", "--json");
  assert_done (&as_they_lie);
  g_assert_cmpstr (hash, !=, json_object_get_string_member (as_they_lie.json, "sha256"));
  g_assert_cmpint (json_object_get_int_member (as_they_lie.json, "width"), ==, W);
  source = json_array_get_object_element (json_object_get_array_member (as_they_lie.json, "sources"), 0);
  g_assert_true (json_object_get_null_member (source, "map"));
  g_auto (Run)
    words = CLI ("fuse", "a.png", "b.png", "c.png", "-o", "words.png", "--model", "mertens", "--align");
  assert_done (&words);
  g_assert_nonnull (strstr (words.out, "aligned"));
}

static void
test_refused (void)
{
  g_auto (Run) none = CLI ("align");
  assert_refused (&none, "no pictures");
  g_auto (Run) one = CLI ("align", "a.png");
  assert_refused (&one, "two of them");
  g_auto (Run) missing = CLI ("align", "a.png", "nobody.png");
  assert_refused (&missing, "nobody.png");
  g_auto (Run) fused_one = CLI ("fuse", "a.png", "-o", "alone.png", "--align");
  assert_refused (&fused_one, "two of them");
  g_assert_false (exists ("alone.png"));

  /* Where its folder cannot be. */
  g_autofree char *file = g_build_filename (folder, "file", NULL);
  g_assert_true (g_file_set_contents (file, "x", 1, NULL));
  g_auto (Run) nowhere = CLI ("align", "a.png", "b.png", "-o", "file/below");
  assert_refused (&nowhere, "cannot be made");
}

static void
test_stranger (void)
{
  g_autoptr (GError) error = NULL;
  const Shot shot = { OMNI_HOMOGRAPHY_IDENTITY, 1, 1 };
  g_autoptr (OmniSource) source = take (&shot, 1234, "stranger");
  g_autoptr (OmniPicture) picture = omni_source_load (source, NULL, NULL);
  g_autofree char *path = g_build_filename (folder, "stranger.png", NULL);
  g_assert_true (omni_picture_write (picture, path, NULL, &error));
  g_auto (Run) run = CLI ("align", "a.png", "b.png", "stranger.png", "--json");

  assert_done (&run);
  g_assert_nonnull (strstr (run.err, "stranger.png"));
  JsonObject *last = json_array_get_object_element (json_object_get_array_member (run.json, "sources"), 2);
  g_assert_cmpstr (json_object_get_string_member (last, "state"), ==, "not found");
  g_assert_cmpint (json_object_get_int_member (run.json, "not_found"), ==, 1);
  g_auto (Run) alone = CLI ("align", "a.png", "stranger.png");
  assert_done (&alone);
  g_assert_nonnull (strstr (alone.out, "None of the pictures could be aligned"));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  if (g_getenv ("OMNIFUSE_CLI") == NULL)
    g_error ("OMNIFUSE_CLI must name the program");
  folder = g_dir_make_tmp ("omnifuse-cli-XXXXXX", NULL);
  g_assert_nonnull (folder);
  write_shots ();

  g_test_add_func ("/cli/align/look", test_look);
  g_test_add_func ("/cli/align/write", test_write);
  g_test_add_func ("/cli/align/fuse", test_fuse);
  g_test_add_func ("/cli/align/refused", test_refused);
  g_test_add_func ("/cli/align/stranger", test_stranger);
  return g_test_run ();
}
