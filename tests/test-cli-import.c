/* SPDX-License-Identifier: GPL-3.0-or-later */

/* omnifuse-cli import as people run it, on a made-up file and, where they are, on the authors' own. */

#include "tests/cli-common.h"
#include "tests/cli-run.h"

#include <glib/gstdio.h>

static char *
get_path (const char *name)
{
  return g_build_filename (folder, name, NULL);
}

static void
copy_shipped (const char *name)
{
  g_autofree char *shipped = g_test_build_filename (G_TEST_DIST, "..", "models", "weights",
                                                    "omni-small.safetensors", NULL);
  g_autofree char *path = get_path (name), *contents = NULL;
  gsize n;

  g_assert_true (g_file_get_contents (shipped, &contents, &n, NULL));
  g_assert_true (g_file_set_contents (path, contents, (gssize)n, NULL));
}

static void
test_json (void)
{
  copy_shipped ("theirs.safetensors");
  g_auto (Run) run = CLI ("import", "theirs.safetensors", "-o", "ours.safetensors", "--metadata",
                          "licence=MIT", "--json");
  assert_done (&run);
  g_assert_nonnull (run.json);
  g_assert_cmpstr (json_object_get_string_member (run.json, "architecture"), ==, "omni");
  g_assert_true (json_object_get_boolean_member (run.json, "has_model"));
  g_assert_cmpuint (json_array_get_length (json_object_get_array_member (run.json, "taken")), >, 10);
  g_assert_cmpuint (json_array_get_length (json_object_get_array_member (run.json, "ignored")), ==, 0);
  g_assert_cmpstr (
    json_object_get_string_member (json_object_get_object_member (run.json, "metadata"), "licence"), ==,
    "MIT");
  g_autofree char *path = get_path ("ours.safetensors"), *contents = NULL;
  gsize n;
  g_assert_true (g_file_get_contents (path, &contents, &n, NULL));
  g_autofree char *sha256 = g_compute_checksum_for_data (G_CHECKSUM_SHA256, (const guchar *)contents, n);
  g_assert_cmpstr (json_object_get_string_member (run.json, "sha256"), ==, sha256);
  /* The report in words says as much. */
  g_auto (Run) words = CLI ("import", "theirs.safetensors", "-o", "ours.safetensors", "--force");
  assert_done (&words);
  g_assert_nonnull (strstr (words.out, "Weights for “omni”"));
  g_assert_nonnull (strstr (words.out, "Nothing was ignored."));
}

static void
test_refusals (void)
{
  static const struct
  {
    const char *arguments[8];
    const char *words;
  } cases[] = {
    { { "import", "-o", "x.safetensors" }, "nothing to import" },
    { { "import", "theirs.safetensors" }, "no name for the weights" },
    { { "import", "theirs.safetensors", "-o", "x.pth" }, "should end in .safetensors" },
    { { "import", "missing.pth", "-o", "x.safetensors" }, "missing.pth" },
    { { "import", "theirs.safetensors", "-o", "theirs.safetensors", "--force" }, "theirs.safetensors" },
    { { "import", "theirs.safetensors", "-o", "x.safetensors", "--architecture", "resnet" },
      "no architecture “resnet”" },
    { { "import", "theirs.safetensors", "-o", "x.safetensors", "--architecture", "ifcnn" },
      "not for “ifcnn”" },
    { { "import", "theirs.safetensors", "-o", "x.safetensors", "--metadata", "licence" }, "KEY=VALUE" },
    { { "import", "theirs.safetensors", "-o", "x.safetensors", "--metadata", "architecture=x" },
      "--architecture" },
    { { "import", "theirs.safetensors", "-o", "x.safetensors", "--metadata", "known_answer=1" },
      "sixteen numbers" },
    { { "import", "evil.pth", "-o", "x.safetensors" }, "“os.system”" },
  };
  g_autofree char *evil = get_path ("evil.pth"), *target = get_path ("x.safetensors");
  /* The old format: magic number, version, machine, and then a call of os.system. */
  const char program[] =
    "\x80\2\x8a\nl\xfc\x9c"
    "F\xf9 j\xa8P\x19.\x80\2M\xe9\3.\x80\2}X\r\0\0\0little_endian\x88s.\x80\2cos\nsystem\n"
    "X\x0c\0\0\0touch pwnd.x\x85R.";

  copy_shipped ("theirs.safetensors");
  g_assert_true (g_file_set_contents (evil, program, sizeof program - 1, NULL));
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
  {
    g_auto (Run) run = run_with_environment (NULL, NULL, cases[i].arguments);
    assert_refused (&run, cases[i].words);
    g_assert_false (g_file_test (target, G_FILE_TEST_EXISTS));
  }
  g_autofree char *mark = get_path ("pwnd.x");
  g_assert_false (g_file_test (mark, G_FILE_TEST_EXISTS));
}

/* The authors' IFCNN runs at once, and differently for each of its reductions. */
static void
test_official (void)
{
  static const char *const names[] = { "MAX", "MEAN", "SUM" };
  g_autofree char *official = g_build_filename (g_getenv ("OMNIFUSE_SHARED"), "official", NULL);
  char *hashes[3] = { NULL };

  if (!g_file_test (official, G_FILE_TEST_IS_DIR))
  {
    g_test_skip ("the authors' files (../shared/official) are not here");
    return;
  }
  g_free (write_scene (folder, "a.png", 0, 48, 40, 3, FALSE, OMNI_SAMPLE_U8, 1));
  g_free (write_scene (folder, "b.png", 1, 48, 40, 3, FALSE, OMNI_SAMPLE_U8, 1));
  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
  {
    g_autofree char *file = g_strdup_printf ("IFCNN-%s.pth", names[i]);
    g_autofree char *path = g_build_filename (official, "IFCNN", file, NULL);
    g_auto (Run) run = CLI ("import", path, "-o", "ifcnn.safetensors", "--force");
    assert_done (&run);
    g_auto (Run) fuse = CLI ("fuse", "a.png", "b.png", "-o", "f.png", "--force", "--model", "ifcnn",
                             "--weights", "ifcnn.safetensors", "--task", "focus", "--json");
    assert_done (&fuse);
    g_assert_nonnull (fuse.json);
    g_assert_true (json_object_get_boolean_member (fuse.json, "order_invariant"));
    hashes[i] = g_strdup (json_object_get_string_member (fuse.json, "sha256"));
    for (guint k = 0; k < i; k++)
      g_assert_cmpstr (hashes[i], !=, hashes[k]);
  }
  for (guint i = 0; i < 3; i++)
    g_clear_pointer (&hashes[i], g_free);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  folder = g_dir_make_tmp ("omnifuse-cli-import-XXXXXX", NULL);
  g_test_add_func ("/cli-import/json", test_json);
  g_test_add_func ("/cli-import/refusals", test_refusals);
  g_test_add_func ("/cli-import/official", test_official);
  const int status = g_test_run ();
  remove_folder (folder);
  g_free (folder);
  return status;
}
