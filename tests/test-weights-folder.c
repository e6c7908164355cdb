/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/weights-folder.h"

#include "app/document/document.h"
#include "app/evaluate/methods.h"
#include "app/files/reader.h"
#include "tests/cli-common.h"

#include <glib/gstdio.h>
#include <string.h>

/* The weights that a user adds: kept by name, never twice, removed alone, and chosen for a model with undo. */

static char *folder;

/* (transfer full) An import of our own omni-small, from a file called `name`. */
static OmniImport *
import_as (const char *name, const char *provenance)
{
  g_autofree char *shipped = g_test_build_filename (G_TEST_DIST, "..", "models", "weights",
                                                    "omni-small.safetensors", NULL);
  g_autofree char *path = g_build_filename (folder, name, NULL);
  g_autofree char *contents = NULL;
  g_autoptr (GError) error = NULL;
  OmniImport *import;
  gsize n;

  g_assert_true (g_file_get_contents (shipped, &contents, &n, NULL));
  g_assert_true (g_file_set_contents (path, contents, (gssize)n, NULL));
  import = omni_import_new ((const char *const[]){ path, NULL }, NULL, &error);
  g_assert_no_error (error);
  if (provenance != NULL)
    omni_import_set_metadata (import, "provenance", provenance);
  return import;
}

static char *
add (const char *name, const char *provenance)
{
  g_autoptr (OmniImport) import = import_as (name, provenance);
  g_autoptr (GError) error = NULL;
  char *path = omni_weights_folder_add (import, &error);

  g_assert_no_error (error);
  g_assert_nonnull (path);
  return path;
}

static guint
count (const char *architecture)
{
  g_autoptr (GPtrArray) paths = omni_weights_folder_list (architecture);

  return paths->len;
}

static void
test_add_and_remove (void)
{
  g_autofree char *first = add ("My net (2).safetensors", NULL);
  g_autofree char *again = add ("My net (2).safetensors", NULL);
  g_autofree char *other = add ("My net (2).safetensors", "another run");
  g_autofree char *title = omni_weights_folder_get_title (first),
                  *other_title = omni_weights_folder_get_title (other);
  g_autofree char *inside = omni_weights_folder_get_path ();
  g_autofree char *shipped = g_test_build_filename (G_TEST_DIST, "..", "models", "weights",
                                                    "omni-small.safetensors", NULL);
  g_autofree char *climbing = g_build_filename (inside, "..", "x.safetensors", NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (OmniWeights) weights = NULL;

  g_assert_cmpstr (first, ==, again);
  g_assert_cmpstr (title, ==, "My net _2_");
  g_assert_cmpstr (other_title, ==, "My net _2_ 2");
  g_assert_true (g_str_has_prefix (first, inside));
  g_assert_cmpuint (count ("omni"), ==, 2);
  g_assert_cmpuint (count ("ifcnn"), ==, 0);
  weights = omni_model_load_weights (omni_model_find ("omni-small"), first, &error);
  g_assert_no_error (error);
  g_assert_false (omni_weights_folder_remove (shipped, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT);
  g_clear_error (&error);
  g_assert_false (omni_weights_folder_remove (climbing, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT);
  g_clear_error (&error);
  g_assert_true (omni_weights_folder_remove (first, NULL));
  g_assert_cmpuint (count ("omni"), ==, 1);
  g_assert_false (omni_weights_folder_remove (first, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND);
  g_assert_true (omni_weights_folder_remove (other, NULL));
  g_assert_cmpuint (count ("omni"), ==, 0);
}

static void
test_document (void)
{
  g_autoptr (OmniEngine) engine = omni_engine_new (NULL);
  g_autoptr (OmniDocument) document = omni_document_new (engine);
  const OmniModel *omni = omni_model_find ("omni"), *mean = omni_model_find ("mean");
  g_autofree char *path = add ("chosen.safetensors", NULL);
  g_autofree char *shipped = omni_document_dup_weights (document, omni), *chosen = NULL, *undone = NULL,
                  *removed = NULL;

  g_assert_null (shipped);
  g_assert_true (omni_document_has_weights (omni, OMNI_TASK_FOCUS));
  g_assert_true (omni_document_has_weights (mean, OMNI_TASK_FOCUS));
  omni_document_set_weights (document, omni, path);
  chosen = omni_document_dup_weights (document, omni);
  g_assert_cmpstr (chosen, ==, path);
  g_assert_null (omni_document_dup_weights (document, mean));
  omni_document_undo (document);
  undone = omni_document_dup_weights (document, omni);
  g_assert_null (undone);
  omni_document_redo (document);
  g_assert_true (omni_weights_folder_remove (path, NULL));
  /* What is gone is as good as never chosen. */
  removed = omni_document_dup_weights (document, omni);
  g_assert_null (removed);
  omni_document_forget_weights (document, omni, path);
  g_assert_true (omni_document_can_undo (document));
}

/* A network that ships without weights runs with the first that are added. */
static void
test_without_shipped (void)
{
  g_autofree char *inside = omni_weights_folder_get_path ();
  g_autofree char *b = g_build_filename (inside, "ifcnn.b.safetensors", NULL);
  g_autofree char *a = g_build_filename (inside, "ifcnn.a.safetensors", NULL);
  g_autoptr (OmniEngine) engine = omni_engine_new (NULL);
  g_autoptr (OmniDocument) document = omni_document_new (engine);
  const OmniModel *ifcnn = omni_model_find ("ifcnn");
  g_autofree char *first = NULL, *chosen = NULL;

  g_setenv ("OMNIFUSE_DATADIR", "/nonexistent", TRUE);
  g_assert_false (omni_document_has_weights (ifcnn, OMNI_TASK_FOCUS));
  g_assert_cmpint (g_mkdir_with_parents (inside, 0700), ==, 0);
  g_assert_true (g_file_set_contents (b, "b", -1, NULL));
  g_assert_true (g_file_set_contents (a, "a", -1, NULL));
  g_assert_true (omni_document_has_weights (ifcnn, OMNI_TASK_FOCUS));
  first = omni_document_dup_weights (document, ifcnn);
  g_assert_cmpstr (first, ==, a);
  omni_document_set_weights (document, ifcnn, b);
  chosen = omni_document_dup_weights (document, ifcnn);
  g_assert_cmpstr (chosen, ==, b);
  g_unlink (a);
  g_unlink (b);
  g_unsetenv ("OMNIFUSE_DATADIR");
}

static void
write_pmgi (const char *path, const char *tasks, const char *norm)
{
  const OmniModel *model = omni_model_find ("pmgi");
  const char *const metadata[] = { "architecture", "pmgi", "norm", norm, tasks != NULL ? "tasks" : NULL,
                                   tasks,          NULL };
  g_autoptr (GArray) specs = g_array_new (FALSE, FALSE, sizeof (OmniTensorSpec));
  g_autoptr (GBytes) bytes = NULL;

  g_assert_true (model->list_tensors (NULL, specs, NULL));
  bytes = omni_weights_write (specs, metadata, NULL);
  g_assert_true (
    g_file_set_contents (path, g_bytes_get_data (bytes, NULL), (gssize)g_bytes_get_size (bytes), NULL));
}

static void
assert_choice (const char *model, OmniTask task, const char *wanted)
{
  g_autofree char *path = omni_weights_folder_choose (omni_model_find (model), task);
  g_autofree char *title = path != NULL ? omni_weights_folder_get_title (path) : NULL;

  g_assert_cmpstr (title, ==, wanted);
}

/* Of files for several tasks the one that says it is for this one; then by what only a network for bands lacks. */
static void
test_choice_by_task (void)
{
  static const struct
  {
    const char *name, *tasks, *norm;
  } files[] = { { "pmgi.a.safetensors", "exposure", "instance" },
                { "pmgi.b.safetensors", NULL, "none" },
                { "pmgi.c.safetensors", NULL, "instance" },
                { "pmgi.d.safetensors", "medical, focus", "running" } };
  g_autofree char *inside = omni_weights_folder_get_path ();
  char *paths[G_N_ELEMENTS (files)];

  assert_choice ("mean", OMNI_TASK_FOCUS, NULL);
  assert_choice ("omni", OMNI_TASK_FOCUS, NULL); /* ships */
  g_setenv ("OMNIFUSE_DATADIR", "/nonexistent", TRUE);
  assert_choice ("pmgi", OMNI_TASK_FOCUS, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (files); i++)
  {
    paths[i] = g_build_filename (inside, files[i].name, NULL);
    write_pmgi (paths[i], files[i].tasks, files[i].norm);
  }
  assert_choice ("pmgi", OMNI_TASK_EXPOSURE, "a");
  assert_choice ("pmgi", OMNI_TASK_FOCUS, "d");
  assert_choice ("pmgi", OMNI_TASK_MEDICAL, "d");
  assert_choice ("pmgi", OMNI_TASK_INFRARED, "c");
  assert_choice ("pan-pmgi", OMNI_TASK_PANSHARPEN, "b");

  g_autofree char *found = omni_weights_folder_find ("pmgi", "c");
  g_autofree char *anywhere = omni_weights_folder_find (NULL, "d");

  g_assert_cmpstr (found, ==, paths[2]);
  g_assert_cmpstr (anywhere, ==, paths[3]);
  g_assert_null (omni_weights_folder_find ("ifcnn", "c"));
  g_assert_null (omni_weights_folder_find (NULL, "e"));
  for (guint i = 0; i < G_N_ELEMENTS (files); i++)
  {
    g_unlink (paths[i]);
    g_free (paths[i]);
  }
  g_unsetenv ("OMNIFUSE_DATADIR");
}

/* What is imported goes to the model that it is for, where two have one architecture. */
static void
test_model (void)
{
  static const struct
  {
    const char *file, *tasks, *model;
  } cases[] = { { "pmgi-pansharpen", NULL, "pan-pmgi" },
                { "pmgi-focus", NULL, "pmgi" },
                { "pmgi-pansharpen", "pansharpen", "pan-pmgi" },
                { "pmgi-pansharpen", "focus, medical", "pmgi" },
                { "omni-small", NULL, "omni" } };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
  {
    g_autofree char *name = g_strconcat (cases[i].file, ".safetensors", NULL);
    g_autofree char *path = g_test_build_filename (G_TEST_DIST, "..", "models", "weights", name, NULL);
    g_autoptr (OmniImport) import = omni_import_new ((const char *const[]){ path, NULL }, NULL, NULL);

    g_assert_nonnull (import);
    if (cases[i].tasks != NULL)
      omni_import_set_metadata (import, "tasks", cases[i].tasks);
    g_assert_cmpstr (omni_weights_folder_find_model (import)->name, ==, cases[i].model);
  }
}

/* PMGI has other weights for every task: a score of one must not be taken for that of another. */
static void
test_scores_by_task (void)
{
  g_autofree char *inside = omni_weights_folder_get_path ();
  g_autofree char *infrared = g_build_filename (inside, "pmgi.b.safetensors", NULL);
  g_autofree char *focus = g_build_filename (inside, "pmgi.a.safetensors", NULL);
  g_autofree char *words = g_strconcat ("pmgi@", focus, NULL);
  g_autofree char *sha256 = NULL;
  g_autoptr (OmniEvaluateMethod) method = NULL, named = NULL;
  g_autoptr (GError) error = NULL;

  g_setenv ("OMNIFUSE_DATADIR", "/nonexistent", TRUE);
  g_assert_null (omni_evaluate_method_new (OMNI_METHOD_MODEL, "pmgi", &error));
  g_assert_error (error, OMNI_WEIGHTS_ERROR, OMNI_WEIGHTS_ERROR_NONE);
  g_clear_error (&error);

  write_pmgi (infrared, "infrared", "instance");
  write_pmgi (focus, "focus", "instance");
  method = omni_evaluate_method_new (OMNI_METHOD_MODEL, "pmgi", &error);
  g_assert_no_error (error);
  sha256 = omni_file_sha256 (focus, NULL);
  g_assert_cmpstr (omni_evaluate_method_get_weights_sha256 (method, OMNI_TASK_FOCUS), ==, sha256);
  g_assert_cmpstr (omni_evaluate_method_get_weights_sha256 (method, OMNI_TASK_INFRARED), !=, sha256);
  g_assert_nonnull (omni_evaluate_method_get_weights_sha256 (method, OMNI_TASK_INFRARED));
  named = omni_evaluate_method_new (OMNI_METHOD_MODEL, words, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (omni_evaluate_method_get_weights_sha256 (named, OMNI_TASK_INFRARED), ==, sha256);
  g_unlink (focus);
  g_unlink (infrared);
  g_unsetenv ("OMNIFUSE_DATADIR");
}

int
main (int argc, char **argv)
{
  g_autofree char *data = NULL;
  int status;

  g_test_init (&argc, &argv, NULL);
  folder = g_dir_make_tmp ("omnifuse-weights-XXXXXX", NULL);
  data = g_build_filename (folder, "data", NULL);
  g_setenv ("XDG_DATA_HOME", data, TRUE);
  g_test_add_func ("/weights-folder/add-and-remove", test_add_and_remove);
  g_test_add_func ("/weights-folder/document", test_document);
  g_test_add_func ("/weights-folder/without-shipped", test_without_shipped);
  g_test_add_func ("/weights-folder/choice-by-task", test_choice_by_task);
  g_test_add_func ("/weights-folder/model", test_model);
  g_test_add_func ("/weights-folder/scores-by-task", test_scores_by_task);
  status = g_test_run ();
  remove_folder (folder);
  g_free (folder);
  return status;
}
