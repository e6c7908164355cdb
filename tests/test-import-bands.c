/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "models/import/import.h"
#include "models/model.h"
#include "tests/import-fixture.h"

#include <glib/gstdio.h>
#include <string.h>

/* Networks for a band each, made up and the authors' own: together one file, each under its number. */

static char *folder;

static char *
get_path (const char *name)
{
  return g_build_filename (folder, name, NULL);
}

static void
write_bytes (const char *name, GByteArray *bytes)
{
  g_autofree char *path = get_path (name);

  g_assert_true (g_file_set_contents (path, (const char *)bytes->data, bytes->len, NULL));
}

/* PMGI after `skip`: 0 with normalisation, 1 for bands. The values of `coarse` are others. */
static void
write_checkpoint (const char *name, guint skip, gboolean coarse)
{
  g_autoptr (FixtureNet) net = fixture_net_new (fixture_find_table ("pmgi", skip), "", TRUE, coarse);
  g_autoptr (GByteArray) data = g_byte_array_new (), index = fixture_net_checkpoint (net, FALSE, data);
  g_autofree char *index_name = g_strdup_printf ("%s.index", name);
  g_autofree char *data_name = g_strdup_printf ("%s.data-00000-of-00001", name);

  write_bytes (index_name, index);
  write_bytes (data_name, data);
}

/* One in PyTorch's format; `damage`: the biases are too short. */
static void
write_torch (const char *name, const char *architecture, guint skip, gboolean damage)
{
  g_autoptr (FixtureNet) net = fixture_net_new (fixture_find_table (architecture, skip), "", FALSE, FALSE);
  g_autoptr (GByteArray) file = NULL;

  for (guint i = 0; damage && i < net->tensors->len; i++)
  {
    FixtureTensor *tensor = &g_array_index (net->tensors, FixtureTensor, i);

    if (tensor->n_dims > 1)
      continue;
    tensor->dims[0] = tensor->n_elements = 1;
    tensor->n_bytes = sizeof (float);
  }
  file = fixture_torch_zip (fixture_net_tensors (net), net->tensors->len, NULL);
  write_bytes (name, file);
}

static OmniImport *
import (const char *const *names, GError **error)
{
  g_autoptr (GPtrArray) paths = g_ptr_array_new_with_free_func (g_free);

  for (guint i = 0; names[i] != NULL; i++)
    g_ptr_array_add (paths, get_path (names[i]));
  g_ptr_array_add (paths, NULL);
  return omni_import_new ((const char *const *)paths->pdata, NULL, error);
}

static OmniWeights *
write_and_load (OmniImport *import)
{
  gboolean checked;
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) bytes = omni_import_write (import, &checked, &error);
  OmniWeights *weights;

  g_assert_no_error (error);
  g_assert_true (checked);
  weights = omni_weights_load_bytes (bytes, "bands", &error);
  g_assert_no_error (error);
  return weights;
}

/* The file holds `part` as band `band`. */
static void
assert_band (const OmniWeights *weights, guint band, const OmniWeights *part)
{
  const GArray *specs = omni_weights_get_specs (part);

  for (guint i = 0; i < specs->len; i++)
  {
    const char *name = g_array_index (specs, OmniTensorSpec, i).name;
    g_autofree char *ours = g_strdup_printf ("band%u.%s", band, name);
    gsize n, n_wanted;
    g_autofree float *values = NULL, *wanted = omni_weights_dup_floats (part, name, &n_wanted);

    g_assert_true (omni_weights_has (weights, ours));
    values = omni_weights_dup_floats (weights, ours, &n);
    g_assert_cmpmem (values, n * sizeof (float), wanted, n_wanted * sizeof (float));
  }
}

static void
assert_parts (OmniImport *joint, OmniWeights *const *parts, guint n)
{
  const OmniModel *model = omni_model_find ("pan-pmgi");
  g_autoptr (OmniWeights) weights = write_and_load (joint);
  g_autoptr (GError) error = NULL;

  g_assert_cmpstr (omni_import_get_architecture (joint), ==, "pmgi");
  g_assert_cmpuint (omni_import_get_n_bands (joint), ==, n);
  g_assert_cmpuint (omni_import_get_n_parameters (joint), ==, n * 41633);
  g_assert_cmpuint (omni_import_get_ignored (joint)->len, ==, 0);
  g_assert_cmpstr (omni_import_get_metadata (joint, "norm"), ==, "none");
  g_assert_cmpuint (omni_weights_get_specs (weights)->len, ==, n * 26);
  for (guint band = 1; band <= n; band++)
    assert_band (weights, band, parts[band - 1]);

  g_assert_true (omni_model_check_weights (model, weights, &error));
  g_assert_no_error (error);
  g_assert_false (omni_model_check_weights (omni_model_find ("pmgi"), weights, &error));
  g_assert_nonnull (strstr (error->message, "pan-pmgi alone"));
}

static void
test_made_up (void)
{
  static const char *const one[] = { "one.index", NULL }, *const two[] = { "two.index", NULL };
  static const char *const both[] = { "two.index", "one.index", "two.data-00000-of-00001", NULL };
  g_autoptr (GError) error = NULL;
  g_autoptr (OmniImport) first = NULL, second = NULL, joint = NULL;
  g_autoptr (OmniWeights) a = NULL, b = NULL;
  g_autofree char *path = get_path ("one.index");

  write_checkpoint ("one", 1, FALSE);
  write_checkpoint ("two", 1, TRUE);
  first = import (one, &error);
  second = import (two, &error);
  joint = import (both, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (omni_import_get_n_bands (first), ==, 0);
  a = write_and_load (first);
  b = write_and_load (second);
  assert_parts (joint, (OmniWeights *const[]){ b, a }, 2);
  g_assert_cmpstr (omni_import_get_band_file (joint, 2), ==, path);
  g_assert_true (
    g_str_has_prefix (omni_import_get_metadata (joint, "provenance"), "unknown: imported from "));
}

static void
test_refused (void)
{
  static const struct
  {
    const char *names[10];
    const char *reason;
  } cases[] = {
    { { "one.index", "two.index", "whole.index" }, "is no network for one band" },
    { { "whole.index", "one.index", "two.index" }, "is no network for one band" },
    { { "one.pth", "two.pth", "ifcnn.pth" }, "ifcnn.pth” is no network for one band" },
    { { "one.index", "ifcnn.pth" },
      "one.index” holds a network of its own, “pmgi”, and the other files hold “ifcnn”" },
    { { "one.pth", "short.pth" }, "of type F32 and shape (1)" },
    { { "one.index", "two.index", "nothing.pth" }, "nothing.pth" },
    { { "ifcnn.pth", "ifcnn2.pth" }, "import them one at a time" },
    { { "1.pth", "2.pth", "3.pth", "4.pth", "5.pth", "6.pth", "7.pth", "8.pth", "9.pth" },
      "There are 9 networks" },
  };

  write_checkpoint ("one", 1, FALSE);
  write_checkpoint ("two", 1, TRUE);
  write_checkpoint ("whole", 0, FALSE);
  write_torch ("one.pth", "pmgi", 1, FALSE);
  write_torch ("two.pth", "pmgi", 1, FALSE);
  write_torch ("short.pth", "pmgi", 1, TRUE);
  write_torch ("ifcnn.pth", "ifcnn", 0, FALSE);
  write_torch ("ifcnn2.pth", "ifcnn", 0, FALSE);
  for (guint i = 1; i <= 9; i++)
  {
    g_autofree char *name = g_strdup_printf ("%u.pth", i);

    write_torch (name, "pmgi", 1, FALSE);
  }
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
  {
    g_autoptr (GError) error = NULL;

    g_assert_null (import (cases[i].names, &error));
    g_test_message ("%s", error->message);
    if (strstr (error->message, cases[i].reason) == NULL)
      g_error ("refused as “%s”, not for “%s”", error->message, cases[i].reason);
  }
}

/* A file that holds some of its bands' tensors alone, and one with more than bands. */
static void
test_files (void)
{
  static const char *const cases[][3] = {
    { "band1.", "band3.", "lacks the tensor “band2.p1.weight”" },
    { "band1.", "", "that the network does not have" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
  {
    g_autoptr (GArray) rows = omni_import_table_get_rows (fixture_find_table ("pmgi", 1));
    g_autoptr (GArray) specs = g_array_new (FALSE, FALSE, sizeof (OmniTensorSpec));
    const char *const metadata[] = { "architecture", "pmgi", "norm", "none", NULL };
    g_autoptr (GBytes) bytes = NULL;
    g_autoptr (OmniWeights) weights = NULL;
    g_autoptr (GError) error = NULL;

    for (guint k = 0; k < 2 * rows->len; k++)
    {
      const OmniTensorSpec *ours = &g_array_index (rows, OmniImportRow, k % rows->len).ours;
      OmniTensorSpec spec = *ours;

      g_snprintf (spec.name, sizeof spec.name, "%s%s", cases[i][k / rows->len], ours->name);
      g_array_append_val (specs, spec);
    }
    bytes = omni_weights_write (specs, metadata, NULL);
    weights = omni_weights_load_bytes (bytes, "file", &error);
    g_assert_no_error (error);
    g_assert_false (omni_model_check_weights (omni_model_find ("pan-pmgi"), weights, &error));
    g_assert_nonnull (strstr (error->message, cases[i][2]));
    g_assert_error (error, OMNI_WEIGHTS_ERROR, OMNI_WEIGHTS_ERROR_ARCHITECTURE);
  }
}

static void
test_official (void)
{
  const char *shared = g_getenv ("OMNIFUSE_SHARED");
  char *paths[5] = { NULL };
  OmniWeights *parts[4];
  g_autoptr (OmniImport) joint = NULL;
  g_autoptr (GError) error = NULL;

  for (guint i = 0; shared != NULL && i < 4; i++)
  {
    g_autofree char *name = g_strdup_printf ("Pan-%u", i + 1);

    paths[i] = g_build_filename (shared, "official", "PMGI", name, "CGAN.model-9.index", NULL);
  }
  if (shared == NULL || !g_file_test (paths[3], G_FILE_TEST_EXISTS))
    g_test_skip ("the authors' files (../shared/official) are not here");
  else
  {
    joint = omni_import_new ((const char *const *)paths, NULL, &error);
    g_assert_no_error (error);
    for (guint i = 0; i < 4; i++)
    {
      g_autoptr (OmniImport) part = omni_import_new ((const char *const[]){ paths[i], NULL }, NULL, &error);

      parts[i] = write_and_load (part);
      g_assert_cmpstr (omni_import_get_band_file (joint, i + 1), ==, paths[i]);
    }
    assert_parts (joint, parts, 4);
    g_assert_nonnull (strstr (omni_import_get_metadata (joint, "licence"), "Pan-3/CGAN.model-9.index"));
    for (guint i = 0; i < 4; i++)
      omni_weights_unref (parts[i]);
  }
  for (guint i = 0; i < 4; i++)
    g_free (paths[i]);
}

static void
remove_folder (void)
{
  g_autoptr (GDir) dir = g_dir_open (folder, 0, NULL);

  for (const char *name; (name = g_dir_read_name (dir)) != NULL;)
  {
    g_autofree char *path = get_path (name);

    g_unlink (path);
  }
  g_rmdir (folder);
}

int
main (int argc, char **argv)
{
  int status;

  g_test_init (&argc, &argv, NULL);
  folder = g_dir_make_tmp ("omnifuse-import-bands-XXXXXX", NULL);
  g_test_add_func ("/import-bands/made-up", test_made_up);
  g_test_add_func ("/import-bands/refused", test_refused);
  g_test_add_func ("/import-bands/files", test_files);
  g_test_add_func ("/import-bands/official", test_official);
  status = g_test_run ();
  remove_folder ();
  g_free (folder);
  return status;
}
