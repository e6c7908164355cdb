/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Runs omnifuse-cli on what people also give it: empty names, numbers beyond 0 to 1, several pages, raw files, contradictions. */

#include "app/files/reader.h"
#include "tests/cli-common.h"
#include "tests/cli-run.h"

#include <glib/gstdio.h>
#include <sys/wait.h>

#define N_SOURCES 3

static const char *const names[N_SOURCES] = { "a.png", "b.png", "c.png" };

static gboolean
exists (const char *name)
{
  g_autofree char *path = g_build_filename (folder, name, NULL);
  return g_file_test (path, G_FILE_TEST_EXISTS);
}

static void
make_sources (void)
{
  for (guint i = 0; i < N_SOURCES; i++)
    g_free (write_scene (folder, names[i], 0, 48, 40, 3, FALSE, OMNI_SAMPLE_U8, 0.4 + 0.3 * i));
}

/* An empty name is a name like any other. */
static void
test_empty_names (void)
{
  g_auto (Run) fuse = CLI ("fuse", "a.png", "b.png", "-o", "e.png", "-m", "");
  assert_refused (&fuse, "There is no model “”");
  g_auto (Run) permute = CLI ("permute", "a.png", "b.png", "-m", "");
  assert_refused (&permute, "There is no model “”");
  g_auto (Run) bench = CLI ("bench", "-m", "");
  assert_refused (&bench, "no model “”");
  g_auto (Run) evaluate = CLI ("evaluate", ".", "-m", "");
  assert_refused (&evaluate, "“”");
  g_assert_false (exists ("e.png"));
}

/* 0 is refused as -1 is. */
static void
test_zero (void)
{
  static const struct
  {
    const char *arguments[8];
    const char *words;
  } cases[] = {
    { { "fuse", "a.png", "b.png", "-o", "z.jpg", "--quality", "0" }, "from 1 to 100, not 0 (--quality)" },
    { { "fuse", "a.png", "b.png", "-o", "z.png", "--tile", "0" }, "A tile of 0 pixels" },
    { { "bench", "-m", "mean", "-n", "0" }, "not 0 (--inputs)" },
    { { "bench", "-m", "mean", "--runs", "0" }, "not 0 (--runs)" },
    { { "evaluate", "scenes", "--jobs", "0" }, "0 jobs" },
    { { "evaluate", "scenes", "--picture-px", "0" }, "Pictures of 0 pixels" },
    { { "synthesize", "focus", "scenes", "-o", "z", "--count", "0" }, "--count" },
  };
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
  {
    g_auto (Run) run = run_with_environment (NULL, NULL, cases[i].arguments);
    assert_refused (&run, cases[i].words);
  }
}

/* What is asked for and cannot be is said, not passed over. */
static void
test_weights_in_vain (void)
{
  g_auto (Run) mean = CLI ("fuse", "a.png", "b.png", "-o", "v.png", "-m", "mean", "-w", "nosuch");
  assert_refused (&mean, "Mean takes no weights; leave out --weights.");
  g_auto (Run) bench = CLI ("bench", "-m", "laplacian", "-w", "nosuch");
  assert_refused (&bench, "takes no weights");
  g_auto (Run) by_file = CLI ("fuse", "a.png", "b.png", "-o", "v.png", "-w", "nosuch");
  assert_refused (&by_file, "nosuch");
  g_assert_false (exists ("v.png"));
}

/* Another model than the usual one is not taken without a word. */
static void
test_missing_weights (void)
{
  g_auto (Run)
    run = CLI_ENV ("OMNIFUSE_DATADIR", "/nonexistent", "fuse", "a.png", "b.png", "-o", "w.png", "--json");
  assert_done (&run);
  g_assert_cmpstr (json_object_get_string_member (run.json, "model"), ==, "mertens");
  g_assert_nonnull (strstr (run.err, "/nonexistent/weights/omni-exposure.safetensors” is missing"));
  g_assert_cmpuint (json_array_get_length (json_object_get_array_member (run.json, "warnings")), ==, 1);
  g_auto (Run) chosen = CLI_ENV ("OMNIFUSE_DATADIR", "/nonexistent", "fuse", "a.png", "b.png", "-o", "w.png",
                                 "-f", "--json", "-m", "mertens");
  assert_done (&chosen);
  g_assert_cmpuint (json_array_get_length (json_object_get_array_member (chosen.json, "warnings")), ==, 0);
}

/* Cameras write both: the pictures are fused, and what was passed over is named once. */
static void
test_raw_beside_jpeg (void)
{
  static const char *const raw[] = { "IMG_10.NEF", "img_9.nef", "IMG_9.dng" };
  g_autofree char *both = g_build_filename (folder, "both", NULL);
  g_assert_cmpint (g_mkdir (both, 0700), ==, 0);
  for (guint i = 0; i < 2; i++)
    g_free (write_scene (both, i == 0 ? "IMG_9.jpg" : "IMG_10.jpg", 0, 48, 40, 3, FALSE, OMNI_SAMPLE_U8,
                         0.4 + 0.5 * i));
  for (guint i = 0; i < G_N_ELEMENTS (raw); i++)
  {
    g_autofree char *path = g_build_filename (both, raw[i], NULL);
    g_assert_true (g_file_set_contents (path, "II*\0\x08\0\0\0\0\0\0\0", 12, NULL));
  }
  g_auto (Run) run = CLI ("fuse", "both", "-o", "r.png", "--json", "-m", "mean");
  assert_done (&run);
  g_assert_cmpuint (json_array_get_length (json_object_get_array_member (run.json, "sources")), ==, 2);
  g_assert_nonnull (strstr (run.err, "IMG_9.dng” and 2 other files are camera raw and were passed over"));
  g_auto (Run) quiet = CLI ("fuse", "both", "-o", "r.png", "-f", "-q", "-m", "mean");
  assert_done (&quiet);
  g_assert_cmpstr (quiet.err, ==, "");
}

/* Roles that contradict each other are refused; a file that is there twice has its role twice. */
static void
test_roles (void)
{
  g_auto (Run) two = CLI ("fuse", "a.png", "b.png", "-o", "ro.png", "-r", "mri=a.png", "-r", "ct=./a.png");
  assert_refused (&two, "“ct=./a.png” is the second role of this file, after mri");
  g_auto (Run) pan = CLI ("fuse", "a.png", "b.png", "-o", "ro.png", "-r", "mri=a.png", "-r", "pan=b.png");
  assert_refused (&pan, "cannot stand beside mri");
  g_auto (Run) twice = CLI ("fuse", "a.png", "b.png", "a.png", "-m", "mean", "-o", "ro.png", "--json", "-r",
                            "mri=a.png", "-r", "mri=a.png");
  assert_done (&twice);
  JsonArray *sources = json_object_get_array_member (twice.json, "sources");
  for (guint i = 0; i < 3; i++)
    g_assert_cmpstr (json_object_get_string_member (json_array_get_object_element (sources, i), "role"), ==,
                     i == 1 ? "none" : "mri");
}

/* Waves of floats on 0 … `range`. */
static void
write_floats (const char *name, guint index, double gain, float range)
{
  g_autoptr (OmniPicture) scene = make_scene (index, 48, 40, 1, FALSE, OMNI_SAMPLE_F32, gain);
  gsize size_bytes;
  float *values = (float *)(gpointer)omni_picture_try_alloc_pixels (48, 40, 1, OMNI_SAMPLE_F32, &size_bytes,
                                                                    NULL);
  for (guint i = 0; i < 48 * 40; i++)
    values[i] = ((const float *)omni_picture_get_pixels (scene))[i] * range;
  GError *error = NULL;
  g_autoptr (OmniPicture) picture = omni_picture_new (
    48, 40, 1, FALSE, OMNI_SAMPLE_F32, g_bytes_new_take (values, size_bytes), NULL, NULL, &error);
  g_assert_no_error (error);
  g_autofree char *path = g_build_filename (folder, name, NULL);
  omni_picture_write (picture, path, &(OmniWriteOptions){ .force = TRUE }, &error);
  g_assert_no_error (error);
}

static void
make_floats (void)
{
  for (guint i = 0; i < 2; i++)
  {
    write_floats (i == 0 ? "big0.tif" : "big1.tif", 0, 0.4 + 0.5 * i, 2550);
    write_floats (i == 0 ? "one0.tif" : "one1.tif", 0, 0.4 + 0.5 * i, 1);
  }
}

static guint
count_warnings (const Run *run, const char *words)
{
  JsonArray *warnings = json_object_get_array_member (run->json, "warnings");
  guint n = 0;
  for (guint i = 0; i < json_array_get_length (warnings); i++)
    n += strstr (json_array_get_string_element (warnings, i), words) != NULL;
  return n;
}

/* Floats beyond 0 to 1 lose their values in whole numbers, which is said; 32-bit floats hold them. */
static void
test_cut_off (void)
{
  static const struct
  {
    const char *sources[2], *output, *bits;
    gboolean warns;
  } cases[] = {
    { { "big0.tif", "big1.tif" }, "cut.png", NULL, TRUE },
    { { "big0.tif", "big1.tif" }, "cut.tif", "8", TRUE },
    { { "big1.tif", "big0.tif" }, "cut.tif", NULL, FALSE },
    { { "one0.tif", "one1.tif" }, "cut.png", NULL, FALSE },
  };
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
  {
    g_auto (Run)
      run = CLI ("fuse", cases[i].sources[0], cases[i].sources[1], "-m", "max", "-o", cases[i].output, "-f",
                 "--json", cases[i].bits != NULL ? "--bits" : NULL, cases[i].bits);
    assert_done (&run);
    g_assert_cmpuint (count_warnings (&run, "above 1 are cut off"), ==, cases[i].warns);
    g_assert_true ((strstr (run.err, "above 1 are cut off") != NULL) == cases[i].warns);
    g_autofree char *path = g_build_filename (folder, cases[i].output, NULL);
    g_autoptr (OmniPicture) picture = omni_picture_read (path, NULL, NULL);
    g_autofree char *hash = omni_picture_hash (picture);
    g_assert_cmpstr (json_object_get_string_member (run.json, "sha256"), ==, hash);
    g_assert_cmpstr (json_object_get_string_member (run.json, "depth"), ==,
                     omni_sample_type_to_string (omni_picture_get_sample_type (picture)));
  }
}

/* What the set is for does not depend on its scale, and a model that needs one says so. */
static void
test_scale (void)
{
  g_auto (Run) one = CLI ("fuse", "one0.tif", "one1.tif", "-m", "mertens", "-o", "s.tif", "-f", "--json");
  g_auto (Run) big = CLI ("fuse", "big0.tif", "big1.tif", "-m", "mertens", "-o", "s.tif", "-f", "--json");
  g_auto (Run) max = CLI ("fuse", "big1.tif", "big0.tif", "-m", "max", "-o", "s.tif", "-f", "--json");
  assert_done (&one);
  assert_done (&big);
  assert_done (&max);
  const char *task = json_object_get_string_member (one.json, "task");
  g_assert_cmpstr (task, ==, "exposure");
  g_assert_cmpstr (json_object_get_string_member (big.json, "task"), ==, task);
  g_assert_cmpstr (json_object_get_string_member (max.json, "task"), ==, task);
  g_assert_cmpuint (count_warnings (&one, "judges exposure"), ==, 0);
  g_assert_cmpuint (count_warnings (&big, "judges exposure"), ==, 1);
  g_assert_cmpuint (count_warnings (&max, "judges exposure"), ==, 0);
}

/* Clamped, two different pictures of such floats would both be white and score as the same. */
static void
test_metrics_beyond (void)
{
  static const char *const sets[][3] = { { "big0.tif", "big1.tif", "big0.tif" },
                                         { "big1.tif", "one0.tif", "one0.tif" },
                                         { "one0.tif", "one1.tif", "big0.tif" } };
  for (guint i = 0; i < G_N_ELEMENTS (sets); i++)
  {
    g_auto (Run)
      run = CLI ("metrics", sets[i][0], sets[i][1], "--fused", sets[i][2], "--json", "--metric", "all");
    assert_done (&run);
    JsonObject *metrics = json_object_get_object_member (run.json, "metrics");
    g_autoptr (GList) of = json_object_get_members (metrics);
    for (GList *name = of; name != NULL; name = name->next)
      g_assert_true (json_object_get_null_member (metrics, name->data));
    JsonObject *reasons = json_object_get_object_member (run.json, "reasons");
    g_assert_nonnull (strstr (json_object_get_string_member (reasons, "qabf"), "scale the pictures first"));
  }
  g_auto (Run)
    scaled = CLI ("metrics", "one0.tif", "one1.tif", "--fused", "one0.tif", "--json", "--metric", "qabf");
  assert_done (&scaled);
  g_assert_cmpfloat (
    json_object_get_double_member (json_object_get_object_member (scaled.json, "metrics"), "qabf"), >, 0);
}

/* A folder means its pictures for metrics as well, but for what they are compared with. */
static void
test_metrics_folder (void)
{
  g_autofree char *path = g_build_filename (folder, "scored", NULL);
  g_assert_cmpint (g_mkdir (path, 0700), ==, 0);
  g_auto (Run) empty = CLI ("metrics", "scored", "--fused", "a.png");
  assert_refused (&empty, "scored");
  for (guint i = 0; i < 4; i++)
  {
    static const char *const scored[] = { "2.png", "10.png", "fused.png", "truth.png" };
    g_free (write_scene (path, scored[i], 0, 48, 40, 3, FALSE, OMNI_SAMPLE_U8, 0.4 + 0.2 * i));
  }
  g_auto (Run) of_folder = CLI ("metrics", "scored", "--fused", "./scored/fused.png", "--reference",
                                "scored/truth.png", "--json");
  g_auto (Run) of_files = CLI ("metrics", "scored/2.png", "scored/10.png", "--fused", "scored/fused.png",
                               "--reference", "scored/truth.png", "--json");
  assert_done (&of_folder);
  assert_done (&of_files);
  for (guint i = 0; i < 2; i++)
  {
    const char *member = i == 0 ? "metrics" : "sources";
    g_assert_true (json_node_equal (json_object_get_member (of_folder.json, member),
                                    json_object_get_member (of_files.json, member)));
  }
}

/* What is said is in the JSON as well, where -q keeps it from standard error. */
static void
test_permute_warnings (void)
{
  g_free (write_scene (folder, "wide.png", 0, 48, 20, 3, FALSE, OMNI_SAMPLE_U8, 1));
  g_auto (Run) run = CLI ("permute", "a.png", "wide.png", "--resize", "-m", "mean", "--json", "-q");
  assert_done (&run);
  g_assert_cmpstr (run.err, ==, "");
  g_assert_cmpuint (count_warnings (&run, "resizing distorts some of them"), ==, 1);
}

/* Sentences end with a full stop and count right. */
static void
test_sentences (void)
{
  g_auto (Run) pixels = CLI_ENV ("OMNIFUSE_MAX_PIXELS", "100", "fuse", "a.png", "-o", "se.png");
  assert_refused (&pixels, "the limit is 100 in all");
  g_auto (Run) set = CLI ("fuse", "a.png", "-o", "se.png", "-m", "mertens", "-s", "sigma=much");
  assert_refused (&set, "sigma");
  g_assert_true (g_str_has_suffix (set.err, ".\n"));
  g_auto (Run) bench = CLI ("bench", "--metric", "psnr", "--runs", "1", "--size", "64x64");
  assert_done (&bench);
  g_assert_nonnull (strstr (bench.out, "medians of 1 run;"));

  /* A TIFF of 64 × 64 whose strip ends after a few rows. */
  const struct
  {
    guint16 tag, type;
    guint32 count, value;
  } tags[] = { { 256, 3, 1, 64 },  { 257, 3, 1, 64 }, { 258, 3, 1, 8 },  { 259, 3, 1, 1 },   { 262, 3, 1, 1 },
               { 273, 4, 1, 256 }, { 277, 3, 1, 1 },  { 278, 3, 1, 64 }, { 279, 4, 1, 4096 } };
  char bytes[600] = "II*\0\x08\0\0\0\x09";
  memcpy (bytes + 10, tags, sizeof tags);
  g_autofree char *cut = g_build_filename (folder, "early.tif", NULL);
  g_assert_true (g_file_set_contents (cut, bytes, sizeof bytes, NULL));
  g_auto (Run) early = CLI ("fuse", "early.tif", "-o", "se.png");
  assert_refused (&early, "it ends too early");
}

static guint
count_files (const char *name)
{
  g_autofree char *path = g_build_filename (folder, name, NULL);
  g_autoptr (GDir) dir = g_dir_open (path, 0, NULL);
  guint n = 0;
  while (dir != NULL && g_dir_read_name (dir) != NULL)
    n++;
  return n;
}

/* A limit on the size of files stands in for a full disk: the picture does not fit, and with 1 the first map does not either. */
static void
test_full_disk (void)
{
  static const char *const limits[] = { "20", "1" };
  for (guint i = 0; i < G_N_ELEMENTS (limits); i++)
  {
    g_autofree char *command = g_strdup_printf (
      "cd '%s' && trap '' XFSZ && ulimit -f %s && exec '%s' fuse a.png b.png -m mertens -o full.tif -b 32f "
      "--weights-out full",
      folder, limits[i], g_getenv ("OMNIFUSE_CLI"));
    g_autofree char *err = NULL;
    GError *error = NULL;
    int status;
    const char *argv[] = { "sh", "-c", command, NULL };
    g_spawn_sync (NULL, (char **)argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL, &err, &status, &error);
    g_assert_no_error (error);
    g_test_message ("%s", err);
    g_assert_true (WIFEXITED (status) && WEXITSTATUS (status) == 2);
    g_assert_nonnull (strstr (err, "cannot be written"));
    g_assert_nonnull (strstr (err, i == 0 ? "full.tif" : "full/a-band-0.png"));
    g_assert_false (exists ("full.tif"));
    g_assert_cmpuint (count_files ("full"), ==, 0);
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  folder = g_dir_make_tmp ("omnifuse-input-XXXXXX", NULL);
  make_sources ();
  make_floats ();
  g_test_add_func ("/input/empty-names", test_empty_names);
  g_test_add_func ("/input/weights-in-vain", test_weights_in_vain);
  g_test_add_func ("/input/roles", test_roles);
  g_test_add_func ("/input/zero", test_zero);
  g_test_add_func ("/input/raw-beside-jpeg", test_raw_beside_jpeg);
  g_test_add_func ("/input/missing-weights", test_missing_weights);
  g_test_add_func ("/input/cut-off", test_cut_off);
  g_test_add_func ("/input/scale", test_scale);
  g_test_add_func ("/input/metrics-beyond", test_metrics_beyond);
  g_test_add_func ("/input/metrics-folder", test_metrics_folder);
  g_test_add_func ("/input/permute-warnings", test_permute_warnings);
  g_test_add_func ("/input/full-disk", test_full_disk);
  g_test_add_func ("/input/sentences", test_sentences);
  const int status = g_test_run ();
  remove_folder (folder);
  g_free (folder);
  return status;
}
