/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Runs omnifuse-cli on what people also give it: empty names, numbers beyond 0 to 1, several pages, raw files, contradictions. */

#include "tests/cli-common.h"
#include "tests/cli-run.h"

#include <glib/gstdio.h>

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
    g_free (write_scene (folder, names[i], i, 48, 40, 3, FALSE, OMNI_SAMPLE_U8, 0.4 + 0.3 * i));
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

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  folder = g_dir_make_tmp ("omnifuse-input-XXXXXX", NULL);
  make_sources ();
  g_test_add_func ("/input/empty-names", test_empty_names);
  const int status = g_test_run ();
  remove_folder (folder);
  g_free (folder);
  return status;
}
