/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Runs the built omnifuse-cli ($OMNIFUSE_CLI) on small made-up pictures and holds it to what its manual promises. */

#include "app/files/reader.h"
#include "tests/cli-common.h"
#include "tests/cli-run.h"

#include <glib/gstdio.h>
#include <json-glib/json-glib.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#define W 40
#define H 28

static char *scenes[5]; /* a bracket of five exposures, 8 bits, RGB */

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

static char *
read_hash (const char *name)
{
  g_autofree char *path = in_folder (name);
  GError *error = NULL;
  g_autoptr (OmniPicture) picture = omni_picture_read (path, NULL, &error);
  g_assert_no_error (error);
  return omni_picture_hash (picture);
}

/* Hidden files of an interrupted write, and anything else that should not be there. */
static void
assert_no_leftovers (void)
{
  g_autoptr (GDir) directory = g_dir_open (folder, 0, NULL);
  for (const char *name; (name = g_dir_read_name (directory)) != NULL;)
    g_assert_false (name[0] == '.');
}

/* ---- fuse ---- */

static void
test_fuse_json (void)
{
  g_auto (Run) run = CLI ("fuse", scenes[0], scenes[1], scenes[2], "-o", "json.png", "--json", "--role",
                          "visible=exposure1.png", "--task", "exposure");
  assert_done (&run);
  g_assert_cmpstr (run.err, ==, "");
  g_assert_nonnull (run.json);
  assert_members (run.json,
                  (const char *[]){ "output", "sha256", "model", "weights_sha256", "device",
                                    "order_invariant", "sources", "tiles", "peak_device_bytes", "ms", NULL });
  g_assert_cmpstr (json_object_get_string_member (run.json, "output"), ==, "json.png");
  g_assert_cmpstr (json_object_get_string_member (run.json, "model"), ==, "omni");
  g_assert_cmpuint (strlen (json_object_get_string_member (run.json, "weights_sha256")), ==, 64);
  g_assert_true (json_object_get_boolean_member (run.json, "order_invariant"));
  g_assert_cmpint (json_object_get_int_member (run.json, "tiles"), >=, 1);
  g_assert_cmpint (json_object_get_int_member (run.json, "peak_device_bytes"), >, 0);
  g_autofree char *hash = read_hash ("json.png");
  g_assert_cmpstr (json_object_get_string_member (run.json, "sha256"), ==, hash);
  assert_members (json_object_get_object_member (run.json, "ms"),
                  (const char *[]){ "decode", "upload", "network", "download", "encode", "total", NULL });

  JsonArray *sources = json_object_get_array_member (run.json, "sources");
  g_assert_cmpuint (json_array_get_length (sources), ==, 3);
  for (guint i = 0; i < 3; i++)
  {
    JsonObject *source = json_array_get_object_element (sources, i);
    g_autofree char *sha256 = omni_file_sha256 (scenes[i], NULL);
    g_assert_cmpstr (json_object_get_string_member (source, "path"), ==, scenes[i]);
    g_assert_cmpstr (json_object_get_string_member (source, "sha256"), ==, sha256);
    g_assert_cmpint (json_object_get_int_member (source, "width"), ==, W);
    g_assert_cmpint (json_object_get_int_member (source, "height"), ==, H);
    g_assert_cmpstr (json_object_get_string_member (source, "depth"), ==, "8");
    g_assert_cmpstr (json_object_get_string_member (source, "role"), ==, i == 1 ? "visible" : "none");
  }
}

static void
test_fuse_words (void)
{
  g_auto (Run) loud = CLI ("fuse", scenes[0], scenes[1], "-o", "words.png");
  assert_done (&loud);
  g_assert_nonnull (strstr (loud.out, "words.png"));
  g_assert_nonnull (strstr (loud.out, "sha256"));
  /* Progress is for terminals. */
  g_assert_cmpstr (loud.err, ==, "");

  g_auto (Run) quiet = CLI ("fuse", scenes[0], scenes[1], "-o", "words.png", "--force", "--quiet");
  assert_done (&quiet);
  g_assert_cmpstr (quiet.out, ==, "");
  g_assert_cmpstr (quiet.err, ==, "");

  g_auto (Run)
    profile = CLI ("fuse", scenes[0], scenes[1], "-o", "words.png", "--force", "--profile", "--json");
  assert_done (&profile);
  g_assert_cmpuint (json_array_get_length (json_object_get_array_member (profile.json, "profile")), >, 0);
}

static void
test_fuse_weights (void)
{
  g_auto (Run) run = CLI ("fuse", scenes[0], scenes[1], "-o", "ifani.png", "--model", "ifani", "--json");
  assert_done (&run);
  g_assert_cmpuint (strlen (json_object_get_string_member (run.json, "weights_sha256")), ==, 64);
  g_autofree char *data = g_strdup (g_getenv ("OMNIFUSE_DATADIR"));
  g_setenv ("OMNIFUSE_DATADIR", "/nonexistent", TRUE);
  g_auto (Run) none = CLI ("fuse", scenes[0], "-o", "none.png", "--model", "ifcnn");
  if (data != NULL)
    g_setenv ("OMNIFUSE_DATADIR", data, TRUE);
  else
    g_unsetenv ("OMNIFUSE_DATADIR");
  assert_refused (&none, "ifcnn has no weights yet");
  g_auto (Run) wrong = CLI ("fuse", scenes[0], "-o", "none.png", "--model", "ifani", "--weights", scenes[0]);
  assert_refused (&wrong, "exposure0.png");
  g_assert_false (exists ("none.png"));
}

/* What each source counts, a file a source and band; the shares of a pixel add to all. */
static void
test_weights_out (void)
{
  g_auto (Run) run = CLI ("fuse", scenes[0], scenes[1], scenes[2], "-o", "shared.png", "--weights-out",
                          "weights", "--model", "omni", "--json");
  assert_done (&run);
  JsonArray *weights = json_object_get_array_member (run.json, "weights");
  const guint n_bands = json_array_get_length (weights) / 3;
  g_assert_cmpuint (json_array_get_length (weights), ==, 3 * n_bands);
  g_assert_cmpuint (n_bands, >=, 4);
  for (guint b = 0; b < n_bands; b++)
  {
    OmniPicture *pictures[3];
    for (guint k = 0; k < 3; k++)
    {
      JsonObject *map = json_array_get_object_element (weights, k * n_bands + b);
      g_autofree char *band = g_strdup_printf ("band-%u", b);
      g_assert_cmpstr (json_object_get_string_member (map, "source"), ==, scenes[k]);
      g_assert_cmpstr (json_object_get_string_member (map, "band"), ==, band);
      g_autofree char *path = g_build_filename (folder, json_object_get_string_member (map, "path"), NULL);
      pictures[k] = omni_picture_read (path, NULL, NULL);
      g_assert_nonnull (pictures[k]);
      g_assert_cmpint (omni_picture_get_width (pictures[k]), ==, json_object_get_int_member (map, "width"));
      g_assert_cmpint (omni_picture_get_sample_type (pictures[k]), ==, OMNI_SAMPLE_U16);
    }
    const gsize n = (gsize)omni_picture_get_width (pictures[0]) * omni_picture_get_height (pictures[0]);
    for (gsize i = 0; i < n; i++)
    {
      int sum = 0;
      for (guint k = 0; k < 3; k++)
        sum += ((const guint16 *)omni_picture_get_pixels (pictures[k]))[i];
      g_assert_cmpint (abs (sum - 65535), <=, 2);
    }
    for (guint k = 0; k < 3; k++)
      g_object_unref (pictures[k]);
  }

  g_auto (Run)
    again = CLI ("fuse", scenes[0], scenes[1], scenes[2], "-o", "other.png", "--weights-out", "weights");
  assert_refused (&again, "exist");
  g_auto (Run)
    none = CLI ("fuse", scenes[0], scenes[1], "-o", "other.png", "--weights-out", "w2", "--model", "max");
  assert_refused (&none, "no weights");
}

static void
test_influence (void)
{
  g_autofree char *more = g_strdup_printf ("%s=1.5", scenes[0]);
  g_autofree char *wild = g_strdup_printf ("%s=9", scenes[0]);
  g_auto (Run) even = CLI ("fuse", scenes[0], scenes[1], "-o", "even.png", "--model", "omni", "--json");
  g_auto (Run) one = CLI ("fuse", scenes[0], scenes[1], "-o", "influenced.png", "--model", "omni", "--json",
                          "--influence", more);
  g_auto (Run) other = CLI ("fuse", scenes[1], scenes[0], "-o", "two.png", "--model", "omni", "--json",
                            "--influence", more);
  assert_done (&even);
  assert_done (&one);
  assert_done (&other);
  const char *hash = json_object_get_string_member (one.json, "sha256");
  g_assert_cmpstr (hash, !=, json_object_get_string_member (even.json, "sha256"));
  g_assert_cmpstr (hash, ==, json_object_get_string_member (other.json, "sha256"));

  g_auto (Run) stranger = CLI ("fuse", scenes[0], "-o", "none.png", "--influence", "nobody.png=1");
  assert_refused (&stranger, "not among the sources");
  g_auto (Run) far = CLI ("fuse", scenes[0], "-o", "none.png", "--influence", wild);
  assert_refused (&far, "-4 to 4");
  g_auto (Run) bare = CLI ("fuse", scenes[0], "-o", "none.png", "--influence", scenes[0]);
  assert_refused (&bare, "FILE=VALUE");
  g_auto (Run)
    model = CLI ("fuse", scenes[0], scenes[1], "-o", "none.png", "--model", "max", "--influence", more);
  assert_refused (&model, "influence");
}

static void
test_errors (void)
{
  static const struct
  {
    const char *arguments[8];
    const char *words;
  } cases[] = {
    { { "fuse", "--frobnicate" }, "--frobnicate" },
    { { "fuse", "-o", "e.png" }, "no pictures" },
    { { "fuse", "exposure0.png" }, "-o" },
    { { "fuse", "exposure0.png", "-o", "e.gif" }, "e.gif" },
    { { "fuse", "exposure0.png", "-o", "e" }, "“e”" },
    { { "fuse", "missing.png", "-o", "e.png" }, "missing.png" },
    { { "fuse", "exposure0.png", "-o", "nowhere/e.png" }, "nowhere" },
    { { "fuse", "exposure0.png", "-o", "e.png", "--task", "cooking" }, "cooking" },
    { { "fuse", "exposure0.png", "-o", "e.png", "--model", "omelette" }, "omelette" },
    { { "fuse", "exposure0.png", "-o", "e.png", "--task", "pansharpen" }, "pan-sharpen" },
    { { "fuse", "exposure0.png", "-o", "e.png", "--bits", "12" }, "12" },
    { { "fuse", "exposure0.png", "-o", "e.jpg", "--bits", "16" }, "JPEG" },
    { { "fuse", "exposure0.png", "-o", "e.jpg", "--quality", "101" }, "101" },
    { { "fuse", "exposure0.png", "-o", "e.png", "--tile", "-5" }, "-5" },
    { { "fuse", "exposure0.png", "-o", "e.png", "--tile", "x" }, "x" },
    { { "fuse", "exposure0.png", "-o", "e.png", "--precision", "fp8" }, "fp8" },
    { { "fuse", "exposure0.png", "-o", "e.png", "--set", "nonsense=1" }, "nonsense" },
    { { "fuse", "exposure0.png", "-o", "e.png", "--role", "cook=exposure0.png" }, "cook" },
    { { "fuse", "exposure0.png", "-o", "e.png", "--role", "ct=other.png" }, "other.png" },
    { { "fuse", "exposure0.png", "-o", "e.png", "--role", "ct" }, "ROLE=FILE" },
    { { "fuse", "exposure0.png", "-o", "e.png", "--metadata-from", "missing.jpg" }, "missing.jpg" },
    { { "fuse", "exposure0.png", "-o", "e.png", "--weights", "missing.safetensors" }, "missing.safetensors" },
    { { "fuse", "exposure0.png", "-o", "e.png", "--device", "99" }, "99" },
    { { "permute", "exposure0.png", "--orders", "0" }, "--orders" },
    { { "permute", "exposure0.png", "--seed", "x" }, "--seed" },
    { { "models", "extra" }, "extra" },
    { { "devices", "--model", "max" }, "--model" },
    { { "bench", "--size", "12" }, "12" },
    { { "bench", "--inputs", "0x" }, "0x" },
    { { "cook" }, "cook" },
  };
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
  {
    g_auto (Run) run = run_with_environment (NULL, NULL, cases[i].arguments);
    assert_refused (&run, cases[i].words);
  }
  g_assert_false (exists ("e.png"));
  g_assert_false (exists ("e.jpg"));
  assert_no_leftovers ();
}

static void
test_help (void)
{
  static const char *const commands[] = { "fuse", "permute", "models", "devices", "bench", "import" };
  g_auto (Run) all = CLI ("--help");
  assert_done (&all);
  for (guint i = 0; i < G_N_ELEMENTS (commands); i++)
  {
    g_assert_nonnull (strstr (all.out, commands[i]));
    g_auto (Run) one = CLI (commands[i], "--help");
    assert_done (&one);
    g_assert_nonnull (strstr (one.out, "--json"));
  }
  g_auto (Run) version = CLI ("--version");
  assert_done (&version);
  g_auto (Run) nothing = run_with_environment (NULL, NULL, (const char *const[]){ NULL });
  g_assert_cmpint (nothing.status, ==, 2);
  g_assert_cmpstr (nothing.out, ==, "");
}

/* ---- What may go in ---- */

static void
test_folder (void)
{
  g_autofree char *path = in_folder ("set");
  g_assert_cmpint (g_mkdir (path, 0700), ==, 0);
  static const char *const names[] = { "img10.png", "img2.png", "IMG1.png", ".hidden.png" };
  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    g_free (write_scene (path, names[i], i, W, H, 3, FALSE, OMNI_SAMPLE_U8, 1));
  g_autofree char *text = g_build_filename (path, "notes.txt", NULL);
  g_assert_true (g_file_set_contents (text, "not a picture", -1, NULL));

  g_auto (Run) run = CLI ("fuse", "set", "-o", "folder.png", "--json");
  assert_done (&run);
  JsonArray *sources = json_object_get_array_member (run.json, "sources");
  g_assert_cmpuint (json_array_get_length (sources), ==, 3);
  static const char *const expected[] = { "IMG1.png", "img2.png", "img10.png" };
  for (guint i = 0; i < 3; i++)
    g_assert_true (g_str_has_suffix (
      json_object_get_string_member (json_array_get_object_element (sources, i), "path"), expected[i]));

  g_autofree char *empty = in_folder ("empty");
  g_assert_cmpint (g_mkdir (empty, 0700), ==, 0);
  g_auto (Run) none = CLI ("fuse", "empty", "-o", "none.png");
  assert_refused (&none, "empty");
}

static void
test_sizes (void)
{
  g_free (write_scene (folder, "small.png", 1, 20, 14, 3, FALSE, OMNI_SAMPLE_U8, 1));
  g_auto (Run) refused = CLI ("fuse", scenes[0], "small.png", "-o", "sizes.png");
  assert_refused (&refused, "40 × 28");
  g_assert_nonnull (strstr (refused.err, "20 × 14"));
  g_assert_false (exists ("sizes.png"));

  g_auto (Run) resized = CLI ("fuse", "small.png", scenes[0], "-o", "sizes.png", "--resize", "--json");
  assert_done (&resized);
  g_assert_cmpint (json_object_get_int_member (resized.json, "width"), ==, W);
  g_assert_cmpint (json_object_get_int_member (resized.json, "height"), ==, H);
  g_auto (Run) turned = CLI ("fuse", scenes[0], "small.png", "-o", "turned.png", "--resize", "--json");
  assert_done (&turned);
  g_assert_cmpstr (json_object_get_string_member (resized.json, "sha256"), ==,
                   json_object_get_string_member (turned.json, "sha256"));
}

static void
test_few_pixels (void)
{
  static const guint sizes[][2] = { { 1, 1 }, { 2, 2 }, { 3, 1 }, { 1, 5 }, { 5000, 3 } };
  static const char *const models[] = { "mertens", "laplacian", "ifani" };
  for (guint i = 0; i < G_N_ELEMENTS (sizes); i++)
    for (guint m = 0; m < G_N_ELEMENTS (models); m++)
    {
      g_autofree char *a = write_scene (folder, "tiny-a.png", 0, sizes[i][0], sizes[i][1], 3, FALSE,
                                        OMNI_SAMPLE_U8, 1);
      g_autofree char *b = write_scene (folder, "tiny-b.png", 1, sizes[i][0], sizes[i][1], 3, FALSE,
                                        OMNI_SAMPLE_U8, 0.5);
      g_auto (Run) run = CLI ("fuse", a, b, "-o", "tiny.png", "--force", "--json", "--model", models[m]);
      assert_done (&run);
      g_assert_cmpint (json_object_get_int_member (run.json, "width"), ==, sizes[i][0]);
      g_assert_cmpint (json_object_get_int_member (run.json, "height"), ==, sizes[i][1]);
    }
}

static void
test_one_and_twice (void)
{
  g_auto (Run) one = CLI ("fuse", scenes[0], "-o", "one.png", "--json");
  assert_done (&one);
  g_auto (Run) twice = CLI ("fuse", scenes[0], scenes[0], "-o", "twice.png", "--json");
  assert_done (&twice);
  g_assert_cmpuint (json_array_get_length (json_object_get_array_member (twice.json, "warnings")), ==, 1);
  g_assert_nonnull (strstr (twice.err, "more than once"));
}

static void
test_damaged (void)
{
  g_autofree char *whole = NULL;
  gsize length;
  g_assert_true (g_file_get_contents (scenes[0], &whole, &length, NULL));
  g_autofree char *cut = in_folder ("cut.png");
  g_autofree char *text = in_folder ("text.png");
  g_autofree char *nothing = in_folder ("nothing.png");
  g_assert_true (g_file_set_contents (cut, whole, length / 2, NULL));
  g_assert_true (g_file_set_contents (text, "this is text", -1, NULL));
  g_assert_true (g_file_set_contents (nothing, "", 0, NULL));
  static const char *const names[] = { "cut.png", "text.png", "nothing.png" };
  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
  {
    g_auto (Run) run = CLI ("fuse", scenes[1], names[i], "-o", "damaged.png");
    assert_refused (&run, names[i]);
    g_assert_false (exists ("damaged.png"));
  }
  assert_no_leftovers ();
}

static void
test_depth (void)
{
  g_free (write_scene (folder, "deep.png", 1, W, H, 3, FALSE, OMNI_SAMPLE_U16, 1));
  g_free (write_scene (folder, "float.tif", 2, W, H, 3, FALSE, OMNI_SAMPLE_F32, 1));
  static const struct
  {
    const char *other, *output, *bits, *expected;
    gboolean warns;
  } cases[] = {
    { "deep.png", "depth.png", NULL, "16", FALSE },   { "deep.png", "depth.tif", NULL, "16", FALSE },
    { "deep.png", "depth.jpg", NULL, "8", TRUE },     { "deep.png", "depth.png", "8", "8", FALSE },
    { "float.tif", "depth.tif", NULL, "32f", FALSE }, { "float.tif", "depth.png", NULL, "16", TRUE },
  };
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
  {
    g_auto (Run) run = CLI ("fuse", scenes[0], cases[i].other, "-o", cases[i].output, "--force", "--json",
                            cases[i].bits != NULL ? "--bits" : NULL, cases[i].bits);
    assert_done (&run);
    g_assert_cmpstr (json_object_get_string_member (run.json, "depth"), ==, cases[i].expected);
    g_assert_true ((strstr (run.err, "warning") != NULL) == cases[i].warns);
  }
}

static void
test_alpha (void)
{
  g_free (write_scene (folder, "alpha0.png", 0, W, H, 4, TRUE, OMNI_SAMPLE_U8, 1));
  g_free (write_scene (folder, "alpha1.png", 1, W, H, 4, TRUE, OMNI_SAMPLE_U8, 1));
  g_auto (Run) run = CLI ("fuse", "alpha0.png", "alpha1.png", "-o", "alpha.png", "--json");
  assert_done (&run);
  g_autofree char *path = in_folder ("alpha.png");
  g_autoptr (OmniPicture) picture = omni_picture_read (path, NULL, NULL);
  g_assert_cmpuint (omni_picture_get_channels (picture), ==, 4);
  const guint8 *pixels = omni_picture_get_pixels (picture);
  for (guint x = 0; x < W; x++)
    g_assert_cmpuint (pixels[4 * x + 3], ==, MAX (x % 4, (x + 1) % 4) * 85);
  /* Without alpha everywhere there is none in the result. */
  g_auto (Run) mixed = CLI ("fuse", "alpha0.png", scenes[0], "-o", "mixed.png", "--json");
  assert_done (&mixed);
  g_autofree char *mixed_path = in_folder ("mixed.png");
  g_autoptr (OmniPicture) opaque = omni_picture_read (mixed_path, NULL, NULL);
  g_assert_cmpuint (omni_picture_get_channels (opaque), ==, 3);
}

static void
test_settings_and_roles (void)
{
  g_auto (Run)
    plain = CLI ("fuse", scenes[0], scenes[1], "-o", "set.png", "-m", "mertens", "--force", "--json");
  g_auto (Run) same = CLI ("fuse", scenes[0], scenes[1], "-o", "set.png", "-m", "mertens", "--force",
                           "--json", "--set", "sigma=0.2");
  g_auto (Run) other = CLI ("fuse", scenes[0], scenes[1], "-o", "set.png", "-m", "mertens", "--force",
                            "--json", "--set", "sigma=0.05", "--set", "contrast=0");
  assert_done (&plain);
  assert_done (&same);
  assert_done (&other);
  const char *hash = json_object_get_string_member (plain.json, "sha256");
  g_assert_cmpstr (hash, ==, json_object_get_string_member (same.json, "sha256"));
  g_assert_cmpstr (hash, !=, json_object_get_string_member (other.json, "sha256"));
  g_auto (Run) bad = CLI ("fuse", scenes[0], "-o", "bad.png", "-m", "mertens", "--set", "sigma=much");
  assert_refused (&bad, "sigma");

  g_auto (Run) role = CLI ("fuse", "exposure0.png", "exposure1.png", "-o", "role.png", "--json", "--role",
                           "infrared=./exposure0.png", "--role", "visible=exposure1.png");
  assert_done (&role);
  g_assert_cmpstr (json_object_get_string_member (role.json, "task"), ==, "infrared");
}

/* ---- What may come out ---- */

static void
test_attacks (void)
{
  g_autofree char *victim = write_scene (folder, "victim.png", 3, W, H, 3, FALSE, OMNI_SAMPLE_U8, 1);
  g_autofree char *before = omni_file_sha256 (victim, NULL);
  g_autofree char *symbolic = in_folder ("symbolic.png");
  g_autofree char *hard = in_folder ("hard.png");
  g_assert_cmpint (symlink ("victim.png", symbolic), ==, 0);
  g_assert_cmpint (link (victim, hard), ==, 0);
  static const char *const outputs[] = { "victim.png", "./victim.png", "symbolic.png", "hard.png" };
  for (guint i = 0; i < G_N_ELEMENTS (outputs); i++)
  {
    g_auto (Run) run = CLI ("fuse", scenes[0], "victim.png", "-o", outputs[i], "--force");
    assert_refused (&run, outputs[i]);
  }
  g_autofree char *after = omni_file_sha256 (victim, NULL);
  g_assert_cmpstr (before, ==, after);

  g_free (write_scene (folder, "there.png", 4, W, H, 1, FALSE, OMNI_SAMPLE_U8, 1));
  g_autofree char *there = read_hash ("there.png");
  g_auto (Run) refused = CLI ("fuse", scenes[0], "-o", "there.png");
  assert_refused (&refused, "--force");
  g_autofree char *still = read_hash ("there.png");
  g_assert_cmpstr (there, ==, still);
  g_auto (Run) forced = CLI ("fuse", scenes[0], "-o", "there.png", "--force");
  assert_done (&forced);

  g_autofree char *place = in_folder ("place.png");
  g_assert_cmpint (g_mkdir (place, 0700), ==, 0);
  g_auto (Run) on_folder = CLI ("fuse", scenes[0], "-o", "place.png", "--force");
  assert_refused (&on_folder, "place.png");
  assert_no_leftovers ();
}

/* Ctrl-C in the middle: exit 2, nothing left. */
static void
test_interrupt (void)
{
  g_autofree char *a = write_scene (folder, "large0.png", 0, 700, 500, 3, FALSE, OMNI_SAMPLE_U8, 1);
  g_autofree char *b = write_scene (folder, "large1.png", 1, 700, 500, 3, FALSE, OMNI_SAMPLE_U8, 0.5);
  g_autofree char *c = write_scene (folder, "large2.png", 2, 700, 500, 3, FALSE, OMNI_SAMPLE_U8, 0.7);
  g_autoptr (GSubprocessLauncher)
    launcher = g_subprocess_launcher_new (G_SUBPROCESS_FLAGS_STDOUT_PIPE | G_SUBPROCESS_FLAGS_STDERR_PIPE);
  g_subprocess_launcher_set_cwd (launcher, folder);
  g_autoptr (GError) error = NULL;
  g_autoptr (GSubprocess) process = g_subprocess_launcher_spawn (
    launcher, &error, g_getenv ("OMNIFUSE_CLI"), "permute", a, b, c, a, b, c, a, b, "--model", "ifani",
    "--orders", "all", "-o", "interrupted.png", NULL);
  g_assert_no_error (error);
  g_usleep (700 * 1000);
  g_subprocess_send_signal (process, SIGINT);
  g_autofree char *out = NULL;
  g_autofree char *err = NULL;
  g_subprocess_communicate_utf8 (process, NULL, NULL, &out, &err, &error);
  g_assert_no_error (error);
  g_assert_true (g_subprocess_get_if_exited (process));
  g_assert_cmpint (g_subprocess_get_exit_status (process), ==, 2);
  g_assert_cmpstr (out, ==, "");
  g_assert_false (exists ("interrupted.png"));
  assert_no_leftovers ();
}

/* ---- Order ---- */

static void
test_permute_identical (void)
{
  static const char *const models[] = { "mertens", "laplacian", "ifani", "mean", "max" };
  static const guint64 totals[] = { 0, 1, 2, 6, 24, 120 };
  /* All orders of five with one model; a sample with the others keeps this test short. */
  for (guint m = 0; m < G_N_ELEMENTS (models); m++)
    for (guint n = 2; n <= 5; n++)
    {
      const char *arguments[16] = { "permute", "--json", "--orders", n < 5 || m == 0 ? "all" : "12",
                                    "--model", models[m] };
      for (guint i = 0; i < n; i++)
        arguments[6 + i] = scenes[i];
      g_auto (Run) run = run_with_environment (NULL, NULL, arguments);
      assert_done (&run);
      g_assert_cmpint (json_object_get_int_member (run.json, "orders_tried"), ==,
                       n < 5 || m == 0 ? totals[n] : 12);
      g_assert_cmpint (json_object_get_int_member (run.json, "orders_total"), ==, totals[n]);
      g_assert_cmpint (json_object_get_int_member (run.json, "distinct_outputs"), ==, 1);
      g_assert_cmpfloat (json_object_get_double_member (run.json, "max_abs_difference"), ==, 0);
      g_assert_true (json_object_get_boolean_member (run.json, "identical"));
    }
}

/* Files that disagree in depth, size, alpha and samples: everything before the network must be symmetric too. */
static void
test_permute_mixed (void)
{
  g_free (write_scene (folder, "mixed0.png", 1, W, H, 4, TRUE, OMNI_SAMPLE_U16, 1));
  g_free (write_scene (folder, "mixed1.tif", 2, 2 * W, H, 3, FALSE, OMNI_SAMPLE_F32, 3));
  g_free (write_scene (folder, "mixed2.png", 3, W, 2 * H, 1, FALSE, OMNI_SAMPLE_U8, 0.4));
  g_auto (Run) run = CLI ("permute", "mixed0.png", "mixed1.tif", "mixed2.png", scenes[0], "--resize",
                          "--json", "--map", "map.tif", "-o", "first.tif");
  assert_done (&run);
  g_assert_cmpint (json_object_get_int_member (run.json, "orders_tried"), ==, 24);
  g_assert_true (json_object_get_boolean_member (run.json, "identical"));
  g_assert_true (exists ("map.tif"));
  g_assert_true (exists ("first.tif"));
}

static void
test_permute_differs (void)
{
  g_auto (Run) run = CLI ("permute", scenes[0], scenes[1], scenes[2], scenes[3], "--model", "running-mean",
                          "--bits", "32f", "--map", "difference.tif", "--json");
  g_assert_cmpint (run.status, ==, 1);
  const double largest = json_object_get_double_member (run.json, "max_abs_difference");
  g_assert_cmpint (json_object_get_int_member (run.json, "distinct_outputs"), >, 1);
  g_assert_cmpfloat (largest, >, 0);
  g_assert_false (json_object_get_boolean_member (run.json, "identical"));
  g_assert_false (json_object_get_boolean_member (run.json, "order_invariant"));

  g_autofree char *path = in_folder ("difference.tif");
  g_autoptr (OmniPicture) map = omni_picture_read (path, NULL, NULL);
  g_assert_cmpuint (omni_picture_get_channels (map), ==, 1);
  const float *values = omni_picture_get_pixels (map);
  float in_map = 0;
  for (guint i = 0; i < W * H; i++)
    in_map = MAX (in_map, values[i]);
  g_assert_cmpfloat_with_epsilon (in_map, largest, 1e-9);
}

static void
test_permute_sampled (void)
{
  g_auto (Run) run = CLI ("permute", scenes[0], scenes[1], scenes[2], scenes[3], scenes[4], "--model", "max",
                          "--orders", "7", "--seed", "5", "--json");
  assert_done (&run);
  g_assert_cmpint (json_object_get_int_member (run.json, "orders_tried"), ==, 7);
  g_assert_cmpint (json_object_get_int_member (run.json, "orders_total"), ==, 120);
}

/* Two files of different sizes and bands: which is which is seen, or said, and the order does not matter. */
static void
test_pansharpen (void)
{
  g_autofree char *ms = write_scene (folder, "ms.tif", 1, 20, 15, 4, FALSE, OMNI_SAMPLE_U16, 0.6);
  g_autofree char *pan = write_scene (folder, "pan.tif", 2, 80, 60, 1, FALSE, OMNI_SAMPLE_U16, 0.8);
  g_autofree char *ms_role = g_strdup_printf ("ms=%s", ms);
  g_auto (Run) detected = CLI ("fuse", ms, pan, "-o", "sharp.tif", "--json");
  g_auto (Run)
    turned = CLI ("fuse", pan, ms, "-o", "turned.tif", "--role", ms_role, "--model", "pan-gsa", "--json");
  assert_done (&detected);
  assert_done (&turned);
  g_assert_cmpstr (json_object_get_string_member (detected.json, "task"), ==, "pansharpen");
  g_assert_cmpstr (json_object_get_string_member (detected.json, "model"), ==, "pan-gsa");
  g_assert_cmpstr (json_object_get_string_member (detected.json, "depth"), ==, "16");
  g_assert_cmpstr (json_object_get_string_member (detected.json, "sha256"), ==,
                   json_object_get_string_member (turned.json, "sha256"));
  g_autofree char *path = in_folder ("sharp.tif");
  g_autoptr (OmniPicture) sharp = omni_picture_read (path, NULL, NULL);
  g_assert_nonnull (sharp);
  g_assert_cmpuint (omni_picture_get_width (sharp), ==, 80);
  g_assert_cmpuint (omni_picture_get_channels (sharp), ==, 4);
  g_assert_false (omni_picture_get_has_alpha (sharp));
  g_auto (Run) other = CLI ("fuse", ms, pan, "-o", "no.tif", "--task", "pansharpen", "--model", "mertens");
  assert_refused (&other, "several bands");
  g_auto (Run) bands = CLI ("fuse", ms, pan, "-o", "no.png");
  assert_refused (&bands, "no.png");
}

/* ---- Lists ---- */

static void
test_models (void)
{
  g_auto (Run) run = CLI ("models", "--json");
  assert_done (&run);
  JsonArray *models = json_object_get_array_member (run.json, "models");
  g_assert_cmpuint (json_array_get_length (models), >=, 4);
  gboolean has_ifani = FALSE;
  for (guint i = 0; i < json_array_get_length (models); i++)
  {
    JsonObject *model = json_array_get_object_element (models, i);
    assert_members (model, (const char *[]){ "name", "title", "tasks", "parameters", "receptive_field_px",
                                             "order_invariant", "max_inputs", "weights", "weights_problem",
                                             "task_weights", "added_weights", "options", NULL });
    if (g_str_equal (json_object_get_string_member (model, "name"), "pmgi"))
      assert_members (json_object_get_object_member (model, "task_weights"),
                      (const char *[]){ "exposure", "focus", "infrared", "medical", NULL });
    if (!g_str_equal (json_object_get_string_member (model, "name"), "ifani"))
      continue;
    has_ifani = TRUE;
    g_assert_true (json_object_get_null_member (model, "max_inputs"));
    g_assert_true (json_object_get_boolean_member (model, "order_invariant"));
    g_assert_cmpint (json_object_get_int_member (model, "receptive_field_px"), ==, 27);
    assert_members (json_object_get_object_member (model, "weights"),
                    (const char *[]){ "sha256", "licence", "provenance", NULL });
  }
  g_assert_true (has_ifani);
  g_auto (Run) words = CLI ("models");
  assert_done (&words);
  /* Needs no device. */
  g_auto (Run) without = CLI_ENV ("VK_ICD_FILENAMES", "/nonexistent", "models", "--json");
  assert_done (&without);
}

static void
test_devices (void)
{
  g_auto (Run) run = CLI ("devices", "--json");
  assert_done (&run);
  JsonArray *devices = json_object_get_array_member (run.json, "devices");
  g_assert_cmpuint (json_array_get_length (devices), >=, 1);
  JsonObject *device = json_array_get_object_element (devices, 0);
  assert_members (device,
                  (const char *[]){ "index", "name", "type", "driver", "memory_bytes", "paths", NULL });

  g_autofree char *index = g_strdup_printf ("%d", (int)json_object_get_int_member (device, "index"));
  g_auto (Run) by_index = CLI ("fuse", scenes[0], scenes[1], "-o", "device.png", "--device", index, "--json");
  assert_done (&by_index);
  g_assert_cmpstr (json_object_get_string_member (by_index.json, "device"), ==,
                   json_object_get_string_member (device, "name"));
  g_auto (Run) by_environment = CLI_ENV ("OMNIFUSE_DEVICE", "99", "fuse", scenes[0], "-o", "no-device.png");
  assert_refused (&by_environment, "99");
}

/* ---- metrics ---- */

static void
test_metrics_json (void)
{
  g_auto (Run) run = CLI ("metrics", scenes[0], scenes[1], "--fused", scenes[2], "--reference", scenes[1],
                          "--json", "--metric", "all");
  assert_done (&run);
  assert_members (run.json, (const char *const[]){ "metrics", "reasons", "compat", "sources", "fused",
                                                   "reference", "roi", "ms", NULL });
  JsonObject *metrics = json_object_get_object_member (run.json, "metrics");
  JsonObject *reasons = json_object_get_object_member (run.json, "reasons");
  g_assert_cmpfloat (json_object_get_double_member (metrics, "qabf"), >, 0);
  g_assert_cmpfloat (json_object_get_double_member (metrics, "ref-mae"), >, 0);
  /* 28 rows are too few for three scales: no value, and why. */
  g_assert_true (json_object_get_null_member (metrics, "mef-ssim"));
  g_assert_nonnull (strstr (json_object_get_string_member (reasons, "mef-ssim"), "41 × 41"));
  g_assert_false (json_object_has_member (reasons, "qabf"));

  g_auto (Run) swapped = CLI ("metrics", scenes[1], scenes[0], "--fused", scenes[2], "--reference", scenes[1],
                              "--json", "--metric", "all");
  assert_done (&swapped);
  GList *names = json_object_get_members (metrics);
  for (GList *name = names; name != NULL; name = name->next)
    g_assert_true (json_node_equal (
      json_object_get_member (metrics, name->data),
      json_object_get_member (json_object_get_object_member (swapped.json, "metrics"), name->data)));
  g_list_free (names);
}

/* A variant says that it is one, as text and as JSON, and for what it changes only. */
static void
test_metrics_compat (void)
{
  g_auto (Run) text = CLI ("metrics", scenes[0], "--fused", scenes[1], "--compat", "u2fusion", "--metric",
                           "psnr", "--metric", "cc");
  assert_done (&text);
  g_assert_nonnull (strstr (text.out, "psnr (as in u2fusion)"));
  g_assert_null (strstr (text.out, "cc (as in"));
  g_auto (Run) json = CLI ("metrics", scenes[0], "--fused", scenes[1], "--compat", "u2fusion", "--json");
  assert_done (&json);
  g_assert_cmpstr (json_object_get_string_member (json.json, "compat"), ==, "u2fusion");
  g_assert_cmpuint (json_array_get_length (json_object_get_array_member (json.json, "compat_metrics")), ==,
                    4);
}

static void
test_metrics_refused (void)
{
  g_auto (Run) no_result = CLI ("metrics", scenes[0]);
  assert_refused (&no_result, "--fused");
  g_auto (Run) no_metric = CLI ("metrics", scenes[0], "--fused", scenes[1], "--metric", "beauty");
  assert_refused (&no_metric, "mef-ssim");
  g_auto (Run) no_variant = CLI ("metrics", scenes[0], "--fused", scenes[1], "--compat", "nobody");
  assert_refused (&no_variant, "u2fusion");
  g_auto (Run) no_region = CLI ("metrics", scenes[0], "--fused", scenes[1], "--roi", "1,2,3");
  assert_refused (&no_region, "--roi");
  g_auto (Run) outside = CLI ("metrics", scenes[0], "--fused", scenes[1], "--roi", "30,0,20,20");
  assert_refused (&outside, "30,0,20,20");
  g_auto (Run) no_file = CLI ("metrics", "nothing.png", "--fused", scenes[1]);
  assert_refused (&no_file, "nothing.png");
}

/* Networks take the wide vectors of the processor where it has them; the bits are those of the narrow ones. */
static void
test_vector_width (void)
{
  const char *const arguments[] = { "fuse",    scenes[0], scenes[1], "-o",      "width.png",
                                    "--model", "ifcnn",   "--json",  "--force", NULL };
  const char *const width = __builtin_cpu_supports ("avx512vl") ? "512 bits" : "256 bits";
  g_auto (Run) chosen = run_with_environment (NULL, NULL, arguments);
  g_auto (Run) narrow = run_with_environment ("LP_NATIVE_VECTOR_WIDTH", "256", arguments);
  assert_done (&chosen);
  const char *hash = json_object_get_string_member (chosen.json, "sha256");
  g_assert_nonnull (strstr (narrow.out, hash));
  g_assert_nonnull (strstr (narrow.out, "256 bits"));
  g_assert_nonnull (strstr (chosen.out, width));
}

static void
test_no_vulkan (void)
{
  g_auto (Run) fuse = CLI_ENV ("VK_ICD_FILENAMES", "/nonexistent", "fuse", scenes[0], "-o", "no-vulkan.png");
  assert_refused (&fuse, "mesa-vulkan-drivers");
  g_assert_false (exists ("no-vulkan.png"));
  g_auto (Run) devices = CLI_ENV ("VK_ICD_FILENAMES", "/nonexistent", "devices", "--json");
  assert_refused (&devices, "mesa-vulkan-drivers");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  if (g_getenv ("OMNIFUSE_CLI") == NULL)
    g_error ("OMNIFUSE_CLI must name the program");
  folder = g_dir_make_tmp ("omnifuse-cli-XXXXXX", NULL);
  g_assert_nonnull (folder);
  for (guint i = 0; i < G_N_ELEMENTS (scenes); i++)
  {
    g_autofree char *name = g_strdup_printf ("exposure%u.png", i);
    scenes[i] = write_scene (folder, name, i, W, H, 3, FALSE, OMNI_SAMPLE_U8, 0.4 + 0.25 * i);
  }

  g_test_add_func ("/cli/fuse/weights-out", test_weights_out);
  g_test_add_func ("/cli/fuse/influence", test_influence);
  g_test_add_func ("/cli/fuse/json", test_fuse_json);
  g_test_add_func ("/cli/fuse/words", test_fuse_words);
  g_test_add_func ("/cli/fuse/weights", test_fuse_weights);
  g_test_add_func ("/cli/errors", test_errors);
  g_test_add_func ("/cli/help", test_help);
  g_test_add_func ("/cli/sources/folder", test_folder);
  g_test_add_func ("/cli/sources/sizes", test_sizes);
  g_test_add_func ("/cli/sources/few-pixels", test_few_pixels);
  g_test_add_func ("/cli/sources/one-and-twice", test_one_and_twice);
  g_test_add_func ("/cli/sources/damaged", test_damaged);
  g_test_add_func ("/cli/sources/depth", test_depth);
  g_test_add_func ("/cli/sources/alpha", test_alpha);
  g_test_add_func ("/cli/settings-and-roles", test_settings_and_roles);
  g_test_add_func ("/cli/pansharpen", test_pansharpen);
  g_test_add_func ("/cli/output/attacks", test_attacks);
  g_test_add_func ("/cli/output/interrupt", test_interrupt);
  g_test_add_func ("/cli/permute/identical", test_permute_identical);
  g_test_add_func ("/cli/permute/mixed", test_permute_mixed);
  g_test_add_func ("/cli/permute/differs", test_permute_differs);
  g_test_add_func ("/cli/permute/sampled", test_permute_sampled);
  g_test_add_func ("/cli/models", test_models);
  g_test_add_func ("/cli/devices", test_devices);
  g_test_add_func ("/cli/metrics/json", test_metrics_json);
  g_test_add_func ("/cli/metrics/compat", test_metrics_compat);
  g_test_add_func ("/cli/metrics/refused", test_metrics_refused);
  g_test_add_func ("/cli/vector-width", test_vector_width);
  g_test_add_func ("/cli/no-vulkan", test_no_vulkan);
  const int status = g_test_run ();
  remove_folder (folder);
  return status;
}
