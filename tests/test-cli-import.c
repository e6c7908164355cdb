/* SPDX-License-Identifier: GPL-3.0-or-later */

/* omnifuse-cli import as people run it, on a made-up file and, where they are, on the authors' own. */

#include "models/model.h"
#include "tests/cli-common.h"
#include "tests/cli-run.h"

#include <glib/gstdio.h>
#include <string.h>

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

/* What a file calls its parts and says of itself neither forges a line of the report nor steers a terminal. */
static void
test_forged (void)
{
  const char program[] =
    "\x80\2\x8a\nl\xfc\x9c"
    "F\xf9 j\xa8P\x19.\x80\2M\xe9\3.\x80\2}X\r\0\0\0little_endian\x88s.\x80\2}X\x18\0\0\0"
    "a\nTaken: forged\x1b[31m\xc2\x9b"
    "1mNs.\x80\2].";
  g_autofree char *forged = get_path ("forged.pth");

  copy_shipped ("theirs.safetensors");
  g_assert_true (g_file_set_contents (forged, program, sizeof program - 1, NULL));
  g_auto (Run) run = CLI ("import", "theirs.safetensors", "forged.pth", "-o", "forged.safetensors",
                          "--metadata", "provenance=me\nTaken: forged too\x1b[2J");
  assert_done (&run);
  g_assert_nonnull (strstr (run.out, "Ignored: a?Taken: forged?[31m?1m, no tensor\n"));
  g_assert_nonnull (strstr (run.out, "provenance = me?Taken: forged too?[2J\n"));
  g_auto (Run) refused = CLI ("import", "theirs.safetensors", "-o", "no.safetensors", "--metadata",
                              "padding=\x1b[31m\nomnifuse-cli: fine");
  assert_refused (&refused, "padding “?[31m?omnifuse-cli: fine”");
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

/* Half the size, the same within eleven bits; a value that does not fit is named. */
static void
test_half (void)
{
  copy_shipped ("theirs.safetensors");
  g_auto (Run) run = CLI ("import", "theirs.safetensors", "-o", "half.safetensors", "--half");
  assert_done (&run);
  g_autofree char *whole_path = get_path ("theirs.safetensors"), *half_path = get_path ("half.safetensors");
  g_autoptr (OmniWeights) whole = omni_weights_load (whole_path, NULL);
  g_autoptr (OmniWeights) half = omni_weights_load (half_path, NULL);
  const GArray *specs = omni_weights_get_specs (whole);
  g_assert_true (omni_weights_check (half, specs, NULL));
  g_assert_cmpstr (omni_weights_get_metadata (half, "channels"), ==,
                   omni_weights_get_metadata (whole, "channels"));
  for (guint i = 0; i < specs->len; i++)
  {
    const char *name = g_array_index (specs, OmniTensorSpec, i).name;
    gsize n, n_half;
    g_autofree float *a = omni_weights_dup_floats (whole, name, &n);
    g_autofree float *b = omni_weights_dup_floats (half, name, &n_half);
    g_assert_cmpuint (n, ==, n_half);
    for (gsize k = 0; k < n; k++)
      g_assert_cmpfloat (fabsf (a[k] - b[k]), <=, fmaxf (fabsf (a[k]) / 2048, 3e-8f));
  }
  GStatBuf before, after;
  g_assert_cmpint (g_stat (whole_path, &before), ==, 0);
  g_assert_cmpint (g_stat (half_path, &after), ==, 0);
  g_assert_cmpint (after.st_size, <, before.st_size * 6 / 10);

  g_autofree char *contents = NULL;
  gsize size;
  g_assert_true (g_file_get_contents (whole_path, &contents, &size, NULL));
  const float large = 70000;
  memcpy (contents + size - 4, &large, 4);
  g_assert_true (g_file_set_contents (whole_path, contents, (gssize)size, NULL));
  g_auto (Run) refused = CLI ("import", "theirs.safetensors", "-o", "no.safetensors", "--half");
  assert_refused (&refused, "holds 70000");
}

/* What the window added is there for the command line, by the name that the window shows; and without being named where a
 * model ships without weights. */
static void
test_added_weights (void)
{
  g_autofree char *shipped = omni_model_get_weights_path (omni_model_find ("omni-small"));
  g_autofree char *inside = get_path ("share/omnifuse/weights"), *share = get_path ("share");
  g_autofree char *path = g_build_filename (inside, "omni.mine of late.safetensors", NULL);
  g_autofree char *contents = NULL;
  g_autofree char *a = write_scene (folder, "a.png", 0, 40, 28, 3, FALSE, OMNI_SAMPLE_U8, 1);
  g_autofree char *b = write_scene (folder, "b.png", 1, 40, 28, 3, FALSE, OMNI_SAMPLE_U8, 1);
  gsize size;
  g_assert_true (g_file_get_contents (shipped, &contents, &size, NULL));
  g_autofree char *sha256 = g_compute_checksum_for_data (G_CHECKSUM_SHA256, (const guchar *)contents, size);
  g_assert_cmpint (g_mkdir_with_parents (inside, 0700), ==, 0);
  g_assert_true (g_file_set_contents (path, contents, (gssize)size, NULL));

  g_auto (Run) named = CLI_ENV ("XDG_DATA_HOME", share, "fuse", "a.png", "b.png", "-o", "added.png",
                                "--weights", "mine of late", "--json");
  assert_done (&named);
  g_assert_cmpstr (json_object_get_string_member (named.json, "weights_sha256"), ==, sha256);
  g_auto (Run)
    wrong = CLI_ENV ("XDG_DATA_HOME", share, "fuse", "a.png", "b.png", "-o", "no.png", "--weights", "mine");
  assert_refused (&wrong, "mine");
  g_auto (Run) list = CLI_ENV ("XDG_DATA_HOME", share, "models");
  assert_done (&list);
  g_assert_nonnull (strstr (list.out, "--weights \"mine of late\""));
  g_assert_nonnull (strstr (list.out, "\n  sees    27 × 27 pixels at once (receptive field)\n"));

  g_autofree char *known = g_strdup (g_getenv ("OMNIFUSE_DATADIR"));
  g_setenv ("OMNIFUSE_DATADIR", folder, TRUE);
  g_auto (Run) alone = CLI_ENV ("XDG_DATA_HOME", share, "fuse", "a.png", "b.png", "-o", "alone.png",
                                "--model", "omni-small", "--json");
  g_auto (Run) without = CLI ("fuse", "a.png", "b.png", "-o", "no.png", "--model", "omni-small");
  if (known != NULL)
    g_setenv ("OMNIFUSE_DATADIR", known, TRUE);
  else
    g_unsetenv ("OMNIFUSE_DATADIR");
  assert_done (&alone);
  g_assert_cmpstr (json_object_get_string_member (alone.json, "weights_sha256"), ==, sha256);
  assert_refused (&without, "no weights yet");
  g_unlink (path);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  folder = g_dir_make_tmp ("omnifuse-cli-import-XXXXXX", NULL);
  g_test_add_func ("/cli-import/json", test_json);
  g_test_add_func ("/cli-import/refusals", test_refusals);
  g_test_add_func ("/cli-import/forged", test_forged);
  g_test_add_func ("/cli-import/half", test_half);
  g_test_add_func ("/cli-import/added", test_added_weights);
  g_test_add_func ("/cli-import/official", test_official);
  const int status = g_test_run ();
  remove_folder (folder);
  g_free (folder);
  return status;
}
