/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Runs omnifuse-cli permute where it writes files: the options of fuse mean there what they mean for fuse. */

#include "tests/cli-common.h"
#include "tests/cli-run.h"

#include <gexiv2/gexiv2.h>
#include <glib/gstdio.h>

#define N_SOURCES 3

static const char *const names[N_SOURCES] = { "a.jpg", "b.jpg", "c.jpg" };

static char *
dup_tag (const char *name, const char *tag)
{
  g_autofree char *path = g_build_filename (folder, name, NULL);
  g_autoptr (GExiv2Metadata) metadata = gexiv2_metadata_new ();
  GError *error = NULL;
  g_assert_true (gexiv2_metadata_open_path (metadata, path, &error));
  g_assert_no_error (error);
  return gexiv2_metadata_try_get_tag_string (metadata, tag, NULL);
}

static void
make_sources (void)
{
  for (guint i = 0; i < N_SOURCES; i++)
  {
    g_autofree char *to = write_scene (folder, names[i], i, 64, 48, 3, FALSE, OMNI_SAMPLE_U8, 1);
    g_autofree char *artist = g_strdup_printf ("artist %u", i);
    GError *error = NULL;
    g_autoptr (GExiv2Metadata) metadata = gexiv2_metadata_new ();
    g_assert_true (gexiv2_metadata_open_path (metadata, to, &error));
    g_assert_true (gexiv2_metadata_try_set_tag_string (metadata, "Exif.Image.Artist", artist, &error));
    g_assert_true (gexiv2_metadata_save_file (metadata, to, &error));
    g_assert_no_error (error);
  }
}

/* The same bytes as fuse writes. */
static void
test_output (void)
{
  g_autofree char *fused = NULL, *permuted = NULL;
  gsize fused_bytes, permuted_bytes;
  g_auto (Run) fuse = CLI ("fuse", "a.jpg", "b.jpg", "c.jpg", "-m", "mean", "-o", "f.jpg", "-q");
  assert_done (&fuse);
  g_auto (Run)
    permute = CLI ("permute", "a.jpg", "b.jpg", "c.jpg", "-m", "mean", "-o", "p.jpg", "--map", "m.png", "-q");
  assert_done (&permute);
  g_autofree char *f = g_build_filename (folder, "f.jpg", NULL),
                  *p = g_build_filename (folder, "p.jpg", NULL);
  g_assert_true (g_file_get_contents (f, &fused, &fused_bytes, NULL));
  g_assert_true (g_file_get_contents (p, &permuted, &permuted_bytes, NULL));
  g_assert_cmpmem (fused, fused_bytes, permuted, permuted_bytes);
  g_autofree char *artist = dup_tag ("p.jpg", "Exif.Image.Artist");
  g_assert_nonnull (artist);
}

static void
test_metadata (void)
{
  g_auto (Run) permute = CLI ("permute", "a.jpg", "b.jpg", "c.jpg", "-m", "mean", "-o", "from.jpg",
                              "--metadata-from", "b.jpg", "-q");
  assert_done (&permute);
  g_autofree char *artist = dup_tag ("from.jpg", "Exif.Image.Artist");
  g_assert_cmpstr (artist, ==, "artist 1");
}

static void
test_refused (void)
{
  static const char *const calls[][12] = {
    { "permute", "a.jpg", "b.jpg", "-m", "mean", "-o", "n.jpg", "--metadata-from", "missing.jpg", NULL },
    { "permute", "a.jpg", "b.jpg", "-m", "mean", "-o", "n.jpg", "--bits", "16", NULL },
    { "permute", "a.jpg", "b.jpg", "-m", "mean", "-o", "n.png", "--map", "./n.png", "-f", NULL },
  };
  g_autofree char *jpg = g_build_filename (folder, "n.jpg", NULL),
                  *png = g_build_filename (folder, "n.png", NULL);
  for (guint i = 0; i < G_N_ELEMENTS (calls); i++)
  {
    g_auto (Run) refused = run_with_environment (NULL, NULL, calls[i]);
    g_assert_cmpint (refused.status, ==, 2);
    g_assert_cmpint (strlen (refused.err), >, 0);
  }
  g_assert_false (g_file_test (jpg, G_FILE_TEST_EXISTS));
  g_assert_false (g_file_test (png, G_FILE_TEST_EXISTS));
}

/* What is made of medical pictures says what it is not for. */
static void
test_note (void)
{
  static const char *const commands[] = { "fuse", "permute" };
  for (guint i = 0; i < 2 * G_N_ELEMENTS (commands); i++)
  {
    g_auto (Run) run = CLI (commands[i / 2], "a.jpg", "b.jpg", "-m", "mean", "-t",
                            i % 2 == 0 ? "medical" : "focus", "-o", "note.png", "--force");
    assert_done (&run);
    g_autofree char *note = dup_tag ("note.png", "Exif.Image.ImageDescription");
    g_assert_cmpstr (note, ==, i % 2 == 0 ? "Research use only, not a medical device." : NULL);
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  folder = g_dir_make_tmp ("omnifuse-permute-XXXXXX", NULL);
  make_sources ();
  g_test_add_func ("/permute/output", test_output);
  g_test_add_func ("/permute/metadata", test_metadata);
  g_test_add_func ("/permute/note", test_note);
  g_test_add_func ("/permute/refused", test_refused);
  const int status = g_test_run ();
  remove_folder (folder);
  g_free (folder);
  return status;
}
