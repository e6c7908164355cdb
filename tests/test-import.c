/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "models/import/import.h"

#include "models/import/sstable.h"
#include "models/import/tables.h"
#include "models/model.h"
#include "tests/import-fixture.h"

#include <glib/gstdio.h>
#include <math.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

/* Sound files of other programs, made up and the authors' own: every tensor must arrive with its values, in our order. */

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

/* The import, written and read back: every tensor of the table with its values. */
static void
assert_values (OmniImport *import, const FixtureNet *net, gboolean coarse)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) bytes = omni_import_write (import, NULL, &error);
  g_autoptr (OmniWeights) weights = NULL;

  g_assert_no_error (error);
  weights = omni_weights_load_bytes (bytes, "imported", &error);
  g_assert_no_error (error);
  g_assert_cmpuint (omni_weights_get_specs (weights)->len, ==, net->rows->len);
  for (guint i = 0; i < net->rows->len; i++)
  {
    const OmniTensorSpec *spec = &g_array_index (net->rows, OmniImportRow, i).ours;
    g_autofree float *values = NULL;
    gsize n;

    g_assert_true (omni_weights_has (weights, spec->name));
    values = omni_weights_dup_floats (weights, spec->name, &n);
    g_assert_cmpuint (n, ==, fixture_count (spec));
    for (gsize k = 0; k < n; k++)
      if (values[k] != fixture_value_at (i, k, coarse))
        g_error ("%s[%" G_GSIZE_FORMAT "] is %g, not %g", spec->name, k, values[k],
                 fixture_value_at (i, k, coarse));
  }
}

static OmniImport *
import (const char *name, const char *architecture)
{
  g_autofree char *path = get_path (name);
  g_autoptr (GError) error = NULL;
  OmniImport *result = omni_import_new ((const char *const[]){ path, NULL }, architecture, &error);

  g_assert_no_error (error);
  g_assert_nonnull (result);
  return result;
}

static void
assert_refused (const char *const *names, const char *architecture, const char *reason)
{
  g_autoptr (GPtrArray) paths = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GError) error = NULL;

  for (guint i = 0; names[i] != NULL; i++)
    g_ptr_array_add (paths, get_path (names[i]));
  g_ptr_array_add (paths, NULL);
  g_assert_null (omni_import_new ((const char *const *)paths->pdata, architecture, &error));
  g_assert_true (error->domain == OMNI_WEIGHTS_ERROR);
  if (strstr (error->message, reason) == NULL)
    g_error ("refused as “%s”, not for “%s”", error->message, reason);
}

/* ---- PyTorch ---- */

static void
test_torch (void)
{
  static const char *const prefixes[] = { "", "module.", "state_dict.net.module." };

  for (guint i = 0; i < G_N_ELEMENTS (prefixes); i++)
    for (guint legacy = 0; legacy < 2; legacy++)
    {
      g_autoptr (FixtureNet)
        net = fixture_net_new (fixture_find_table ("ifcnn", 0), prefixes[i], FALSE, FALSE);
      g_autoptr (GByteArray)
        file = legacy ? fixture_torch_legacy (fixture_net_tensors (net), net->tensors->len)
                      : fixture_torch_zip (fixture_net_tensors (net), net->tensors->len, NULL);
      g_autoptr (OmniImport) result = NULL;
      const char *format;

      write_bytes ("Some-MEAN_v2.pth", file);
      result = import ("Some-MEAN_v2.pth", i == 1 ? "ifcnn" : NULL);
      g_assert_cmpstr (omni_import_get_architecture (result), ==, "ifcnn");
      g_assert_cmpuint (omni_import_get_n_parameters (result), ==, 83587);
      g_assert_cmpuint (omni_import_get_n_files (result), ==, 1);
      omni_import_get_file (result, 0, &format);
      g_assert_cmpstr (format, ==, legacy ? "PyTorch (before 1.6)" : "PyTorch (ZIP)");
      g_assert_cmpstr (omni_import_get_metadata (result, "reduce"), ==, "mean");
      g_assert_cmpstr (omni_import_get_metadata (result, "padding"), ==, "replicate");
      g_assert_cmpstr (omni_import_get_metadata (result, "licence"), ==,
                       "unknown: imported from Some-MEAN_v2.pth");
      g_assert_cmpuint (omni_import_get_ignored (result)->len, ==, 0);
      assert_values (result, net, FALSE);
    }
}

/* What training leaves in a file besides the network, and a copy of it deeper down. */
static void
test_torch_extras (void)
{
  static const gint64 batches = 5;
  static const float momentum[3] = { 1, 2, 3 };
  const FixtureTensor extras[] = {
    { "net.conv2.bn.num_batches_tracked", "LongStorage", 0, { 0 }, 1, &batches, 8 },
    { "optimiser.momentum", "FloatStorage", 1, { 3 }, 3, momentum, 12 },
    { "net.average.conv4.bias", "FloatStorage", 1, { 3 }, 3, momentum, 12 },
  };
  g_autoptr (FixtureNet) net = fixture_net_new (fixture_find_table ("ifcnn", 0), "net.", FALSE, FALSE);
  g_autoptr (GByteArray) file = NULL;
  g_autoptr (OmniImport) result = NULL;
  const GPtrArray *ignored;

  g_array_append_vals (net->tensors, extras, G_N_ELEMENTS (extras));
  file = fixture_torch_zip (fixture_net_tensors (net), net->tensors->len, NULL);
  write_bytes ("extras.pth", file);
  result = import ("extras.pth", NULL);
  ignored = omni_import_get_ignored (result);
  g_assert_cmpuint (ignored->len, ==, 3);
  g_assert_cmpstr (((OmniImportIgnored *)ignored->pdata[0])->name, ==, "net.conv2.bn.num_batches_tracked");
  g_assert_cmpstr (((OmniImportIgnored *)ignored->pdata[0])->reason, ==, "whole numbers, for training only");
  g_assert_cmpstr (((OmniImportIgnored *)ignored->pdata[2])->reason, ==, "the network has no such tensor");
  g_assert_null (omni_import_get_metadata (result, "reduce"));
  omni_import_set_metadata (result, "reduce", "sum");
  omni_import_set_metadata (result, "licence", "MIT");
  assert_values (result, net, FALSE);
}

static void
patch_opcode (GByteArray *pickle, const char *from, const char *to)
{
  guint8 *at = memmem (pickle->data, pickle->len, from, 3);

  g_assert_nonnull (at);
  memcpy (at, to, 3);
}

/* Python 2 in C counts what it remembers from 1. */
static void
test_torch_python2 (void)
{
  g_autoptr (FixtureNet) net = fixture_net_new (fixture_find_table ("ifcnn", 0), "", FALSE, FALSE);
  g_autoptr (GByteArray) pickle = fixture_pickle (fixture_net_tensors (net), net->tensors->len), file = NULL;
  g_autoptr (OmniImport) result = NULL;

  patch_opcode (pickle, "q\0)", "q\1)");
  patch_opcode (pickle, "q\1(", "q\2(");
  patch_opcode (pickle, "h\0)", "h\1)");
  file = fixture_torch_zip (fixture_net_tensors (net), net->tensors->len, pickle);
  write_bytes ("python2.pth", file);
  result = import ("python2.pth", NULL);
  assert_values (result, net, FALSE);
}

/* What a training keeps of itself beside the network: a long list of numbers. */
static void
test_torch_lists (void)
{
  static const guint8 loss[9] = { 'G', 0x3f, 0xf0 }, step[2] = { 'K', 5 };
  g_autoptr (FixtureNet) net = fixture_net_new (fixture_find_table ("ifcnn", 0), "state_dict.", FALSE, FALSE);
  g_autoptr (GByteArray) plain = NULL, pickle = g_byte_array_new (), file = NULL;
  g_autoptr (OmniImport) result = NULL;

  for (guint i = 0; i < net->tensors->len; i++)
    g_array_index (net->tensors, FixtureTensor, i).name += strlen ("state_dict.");
  plain = fixture_pickle (fixture_net_tensors (net), net->tensors->len);
  FIXTURE_PUT (pickle, "\x80\2}(");
  fixture_put_text (pickle, "state_dict");
  g_byte_array_append (pickle, plain->data + 2, plain->len - 3); /* without its beginning and end */
  fixture_put_text (pickle, "losses");
  FIXTURE_PUT (pickle, "](");
  for (guint i = 0; i < 100000; i++)
    g_byte_array_append (pickle, loss, sizeof loss);
  FIXTURE_PUT (pickle, "e");
  fixture_put_text (pickle, "steps");
  FIXTURE_PUT (pickle, "](");
  for (guint i = 0; i < 100000; i++)
    g_byte_array_append (pickle, step, sizeof step);
  FIXTURE_PUT (pickle, "eu.");
  file = fixture_torch_zip (fixture_net_tensors (net), net->tensors->len, pickle);
  write_bytes ("lists.pth", file);
  result = import ("lists.pth", NULL);
  g_assert_cmpuint (omni_import_get_ignored (result)->len, ==, 2);
  g_assert_cmpstr (((OmniImportIgnored *)omni_import_get_ignored (result)->pdata[0])->name, ==, "losses");
  assert_values (result, net, FALSE);
}

/* Half precision, and double. */
static void
test_torch_types (void)
{
  static const char *const storages[] = { "HalfStorage", "BFloat16Storage", "DoubleStorage" };

  for (guint s = 0; s < G_N_ELEMENTS (storages); s++)
  {
    g_autoptr (FixtureNet) net = fixture_net_new (fixture_find_table ("ifcnn", 0), "", FALSE, TRUE);
    const gsize size = s == 2 ? 8 : 2;
    g_autoptr (GByteArray) file = NULL;
    g_autoptr (OmniImport) result = NULL;

    for (guint i = 0; i < net->tensors->len; i++)
    {
      FixtureTensor *tensor = &g_array_index (net->tensors, FixtureTensor, i);
      GByteArray *narrow = g_byte_array_new ();

      for (guint k = 0; k < tensor->n_elements; k++)
      {
        const float value = ((const float *)tensor->data)[k];
        const double wide = value;
        guint64 bits = 0;

        if (s == 2)
          memcpy (&bits, &wide, 8);
        else
        {
          guint32 single;

          memcpy (&single, &value, 4);
          if (s == 1)
            bits = single >> 16;
          else if (value != 0) /* 0 … 3.2 in steps of 1/64: normal in binary16 */
            bits = ((single >> 23) - 112) << 10 | (single >> 13 & 1023);
        }
        fixture_put_number (narrow, bits, (guint)size);
      }
      tensor->storage = storages[s];
      tensor->n_bytes = narrow->len;
      tensor->data = g_byte_array_free (narrow, FALSE);
      g_ptr_array_add (net->data, (gpointer)tensor->data);
    }
    file = fixture_torch_zip (fixture_net_tensors (net), net->tensors->len, NULL);
    write_bytes ("narrow.pth", file);
    result = import ("narrow.pth", NULL);
    assert_values (result, net, TRUE);
  }
}

/* ---- TensorFlow ---- */

static void
write_checkpoint (const char *name, const FixtureNet *net, gboolean packed)
{
  g_autoptr (GByteArray) data = g_byte_array_new (), index = fixture_net_checkpoint (net, packed, data);
  g_autofree char *index_name = g_strconcat (name, ".index", NULL);
  g_autofree char *data_name = g_strconcat (name, ".data-00000-of-00001", NULL);

  write_bytes (index_name, index);
  write_bytes (data_name, data);
}

static void
test_tensorflow (void)
{
  static const struct
  {
    const char *architecture;
    guint skip;
    guint n_parameters;
    const char *norm;
  } cases[] = { { "u2fusion", 0, 659217, NULL },
                { "pmgi", 0, 42017, "instance" },
                { "pmgi", 1, 41633, "none" } };
  static const char *const names[] = { "net.ckpt", "net.ckpt.index", "net.ckpt.data-00000-of-00001" };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
  {
    g_autoptr (FixtureNet)
      net = fixture_net_new (fixture_find_table (cases[i].architecture, cases[i].skip), "", TRUE, FALSE);
    g_autoptr (OmniImport) result = NULL;

    write_checkpoint ("net.ckpt", net, i == 1);
    result = import (names[i], NULL);
    g_assert_cmpstr (omni_import_get_architecture (result), ==, cases[i].architecture);
    g_assert_cmpuint (omni_import_get_n_parameters (result), ==, cases[i].n_parameters);
    g_assert_cmpuint (omni_import_get_n_files (result), ==, 2);
    g_assert_cmpstr (omni_import_get_metadata (result, "norm"), ==, cases[i].norm);
    g_assert_cmpstr (((OmniImportTaken *)omni_import_get_taken (result)->pdata[0])->layout, ==,
                     "HWIO to OIHW");
    assert_values (result, net, FALSE);
  }
}

/* ---- safetensors, and parts ---- */

static void
write_safetensors (const char *name, const FixtureNet *net, guint first, guint end,
                   const char *const *metadata)
{
  g_autoptr (GArray) specs = g_array_new (FALSE, FALSE, sizeof (OmniTensorSpec));
  g_autoptr (GBytes) bytes = NULL;
  g_autofree char *path = get_path (name);
  gsize size;
  const char *data;

  for (guint i = first; i < end; i++)
  {
    OmniTensorSpec spec = { .n_dims = fixture_net_tensors (net)[i].n_dims };

    memcpy (spec.dims, fixture_net_tensors (net)[i].dims, sizeof spec.dims);
    g_strlcpy (spec.name, fixture_net_tensors (net)[i].name, sizeof spec.name);
    g_array_append_val (specs, spec);
  }
  bytes = omni_weights_write (specs, metadata, (const float *const *)net->data->pdata + first);
  data = g_bytes_get_data (bytes, &size);
  g_assert_true (g_file_set_contents (path, data, (gssize)size, NULL));
}

/* TensorFlow's names in either layout, and a network in two files, in any order. */
static void
test_safetensors (void)
{
  for (guint hwio = 0; hwio < 2; hwio++)
  {
    g_autoptr (FixtureNet) net = fixture_net_new (fixture_find_table ("pmgi", 0), "pmgi.", hwio, FALSE);
    const guint n = net->tensors->len;
    g_autoptr (OmniImport) result = NULL;

    write_safetensors ("whole.safetensors", net, 0, n, (const char *const[]){ "norm", "running", NULL });
    result = import ("whole.safetensors", NULL);
    g_assert_cmpstr (omni_import_get_metadata (result, "norm"), ==, "running");
    assert_values (result, net, FALSE);
    for (guint order = 0; order < 2; order++)
    {
      g_autofree char *a = get_path ("a.safetensors"), *b = get_path ("b.safetensors");
      const char *const paths[] = { order ? b : a, order ? a : b, NULL };
      g_autoptr (OmniImport) parts = NULL;

      write_safetensors ("a.safetensors", net, 0, 30, NULL);
      write_safetensors ("b.safetensors", net, 30, n, NULL);
      parts = omni_import_new (paths, NULL, NULL);
      g_assert_nonnull (parts);
      assert_values (parts, net, FALSE);
    }
    assert_refused ((const char *const[]){ "a.safetensors", NULL }, NULL, "is not for “pmgi”");
    assert_refused ((const char *const[]){ "a.safetensors", "whole.safetensors", NULL }, NULL,
                    "import them one at a time");
  }
}

/* A file of ours comes out as it went in. */
static void
test_own (void)
{
  g_autofree char *path = g_test_build_filename (G_TEST_DIST, "..", "models", "weights",
                                                 "omni-small.safetensors", NULL);
  g_autoptr (OmniImport) result = omni_import_new ((const char *const[]){ path, NULL }, NULL, NULL);
  g_autoptr (OmniWeights) before = omni_weights_load (path, NULL), after = NULL;
  g_autoptr (GBytes) bytes = NULL;
  const GArray *specs = omni_weights_get_specs (before);
  gboolean checked;

  g_assert_nonnull (result);
  bytes = omni_import_write (result, &checked, NULL);
  g_assert_nonnull (bytes);
  g_assert_true (checked);
  after = omni_weights_load_bytes (bytes, "after", NULL);
  g_assert_true (omni_weights_check (after, specs, NULL));
  g_assert_cmpstr (omni_weights_get_metadata (after, "licence"), ==, "CC0-1.0");
  g_assert_cmpstr (omni_weights_get_metadata (after, "epsilon"), ==,
                   omni_weights_get_metadata (before, "epsilon"));
  for (guint i = 0; i < specs->len; i++)
  {
    const char *name = g_array_index (specs, OmniTensorSpec, i).name;
    gsize n;
    g_autofree float *a = omni_weights_dup_floats (before, name, &n),
                     *b = omni_weights_dup_floats (after, name, &n);

    g_assert_cmpmem (a, n * sizeof (float), b, n * sizeof (float));
  }
}

/* Every variant of AE-Netv2 is known by its shapes; the first is what a file is that says nothing. */
static void
test_variants (void)
{
  const OmniModel *model = omni_model_find ("aenetv2");

  for (guint i = 0; i < model->n_variants; i++)
  {
    const char *const metadata[] = { "variant", model->variants[i], NULL };
    g_autoptr (GArray) none = g_array_new (FALSE, FALSE, sizeof (OmniTensorSpec));
    g_autoptr (GArray) specs = g_array_new (FALSE, FALSE, sizeof (OmniTensorSpec));
    g_autoptr (GArray) tensors = g_array_new (FALSE, FALSE, sizeof (FixtureTensor));
    g_autoptr (OmniWeights) outline = omni_weights_new_outline (none, metadata, "variant");
    g_autofree float *zeros = g_new0 (float, 64 * 64 * 9);
    g_autoptr (GByteArray) file = NULL;
    g_autoptr (OmniImport) result = NULL;
    g_autoptr (GBytes) bytes = NULL;
    gboolean checked;

    g_assert_true (model->list_tensors (outline, specs, NULL));
    for (guint k = 0; k < specs->len; k++)
    {
      const OmniTensorSpec *spec = &g_array_index (specs, OmniTensorSpec, k);
      FixtureTensor tensor = { spec->name, "FloatStorage", spec->n_dims, { 0 }, 0, zeros, 0 };

      memcpy (tensor.dims, spec->dims, sizeof tensor.dims);
      tensor.n_elements = (guint)fixture_count (spec);
      tensor.n_bytes = tensor.n_elements * sizeof (float);
      g_array_append_val (tensors, tensor);
    }
    file = fixture_torch_zip ((FixtureTensor *)(gpointer)tensors->data, tensors->len, NULL);
    write_bytes ("variant.pth", file);
    result = import ("variant.pth", i % 2 == 0 ? NULL : "aenetv2");
    g_assert_cmpstr (omni_import_get_architecture (result), ==, "aenetv2");
    g_assert_cmpstr (omni_import_get_metadata (result, "variant"), ==, i == 0 ? NULL : model->variants[i]);
    bytes = omni_import_write (result, &checked, NULL);
    g_assert_nonnull (bytes);
    g_assert_true (checked);
  }
}

/* ---- Not ours ---- */

static void
test_misfits (void)
{
  g_autoptr (FixtureNet) net = fixture_net_new (fixture_find_table ("ifcnn", 0), "", FALSE, FALSE);
  const guint n = net->tensors->len;
  FixtureTensor *tensors = (FixtureTensor *)(gpointer)net->tensors->data;
  const FixtureTensor good = tensors[0];
  g_autoptr (GByteArray) strange = NULL, shape = NULL, lacking = NULL, whole = NULL, type = NULL, few = NULL;

  tensors[0].name = "first.weight";
  strange = fixture_torch_zip (tensors, n, NULL);
  write_bytes ("strange.pth", strange);
  assert_refused ((const char *const[]){ "strange.pth", NULL }, NULL,
                  "has the shapes of “ifcnn”, but other names");
  tensors[0] = good;
  tensors[0].n_dims = 2;
  tensors[0].dims[0] = 64;
  tensors[0].dims[1] = 147;
  shape = fixture_torch_zip (tensors, n, NULL);
  write_bytes ("shape.pth", shape);
  assert_refused ((const char *const[]){ "shape.pth", NULL }, NULL,
                  "is not for “ifcnn”: “conv1.weight” is of type F32 and shape (64, 147)");
  tensors[0] = good;
  lacking = fixture_torch_zip (tensors, n - 1, NULL);
  write_bytes ("lacking.pth", lacking);
  assert_refused ((const char *const[]){ "lacking.pth", NULL }, NULL, "lacks “conv4.bias”");
  assert_refused ((const char *const[]){ "lacking.pth", NULL }, "pmgi", "is not for “pmgi”");
  assert_refused ((const char *const[]){ "lacking.pth", NULL }, "ifani", "lacks the tensor “fb1.weight”");
  assert_refused ((const char *const[]){ "lacking.pth", NULL }, "resnet", "choose ifcnn, u2fusion, pmgi");
  few = fixture_torch_zip (tensors + 1, 1, NULL);
  write_bytes ("few.pth", few);
  assert_refused ((const char *const[]){ "few.pth", NULL }, "u2fusion", "holds 0 of 20 tensors");
  tensors[0].storage = "IntStorage";
  type = fixture_torch_zip (tensors, n, NULL);
  write_bytes ("type.pth", type);
  assert_refused ((const char *const[]){ "type.pth", NULL }, NULL, "is of type I32");
  tensors[0] = good;
  whole = fixture_torch_zip (tensors, n, NULL);
  write_bytes ("one.pth", whole);
  write_bytes ("two.pth", whole);
  assert_refused ((const char *const[]){ "one.pth", "two.pth", NULL }, NULL, "import them one at a time");
}

/* A file may claim thousands of places where a network could begin. */
static void
test_many (void)
{
  g_autoptr (FixtureNet) net = fixture_net_new (fixture_find_table ("ifcnn", 0), "net.", FALSE, FALSE);
  g_autoptr (GPtrArray) names = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GByteArray) crowd = NULL, crowded = NULL;
  g_autoptr (OmniImport) result = NULL;
  FixtureTensor tensor = fixture_net_tensors (net)[0];
  const guint n = net->tensors->len;

  for (guint i = 0; i < 16000; i++)
  {
    g_ptr_array_add (names, g_strdup_printf ("place%0150u.conv1.weight", i));
    tensor.name = names->pdata[i];
    tensor.n_dims = 1;
    tensor.dims[0] = tensor.n_elements = 1;
    tensor.n_bytes = 4;
    g_array_append_val (net->tensors, tensor);
  }
  crowd = fixture_torch_zip (fixture_net_tensors (net) + n, 16000, NULL);
  write_bytes ("crowd.pth", crowd);
  assert_refused ((const char *const[]){ "crowd.pth", NULL }, "ifcnn", "is of type F32 and shape (1)");
  crowded = fixture_torch_zip (fixture_net_tensors (net), n + 16000, NULL);
  write_bytes ("crowded.pth", crowded);
  result = import ("crowded.pth", NULL);
  g_assert_cmpuint (omni_import_get_ignored (result)->len, ==, 16000);
}

/* PMGI with all of its normalisation but one tensor is not the network without any. */
static void
test_part (void)
{
  g_autoptr (FixtureNet) net = fixture_net_new (fixture_find_table ("pmgi", 0), "", TRUE, FALSE);
  g_autoptr (FixtureNet) ours = fixture_net_new (fixture_find_table ("pmgi", 0), "", FALSE, FALSE);
  g_autoptr (OmniImport) whole = NULL;
  const guint first = 2; /* p1.bn.weight */

  g_array_remove_index (net->tensors, first);
  write_checkpoint ("part", net, FALSE);
  assert_refused ((const char *const[]){ "part.index", NULL }, NULL,
                  "it holds 73 of 74 tensors and lacks “fusion_model.layer1.BatchNorm.gamma”");

  for (guint i = 0; i < ours->tensors->len; i++)
    g_array_index (ours->tensors, FixtureTensor, i).name =
      g_array_index (ours->rows, OmniImportRow, i).ours.name;
  write_safetensors ("ours.safetensors", ours, 0, ours->tensors->len, NULL);
  whole = import ("ours.safetensors", NULL);
  g_assert_cmpuint (omni_import_get_taken (whole)->len, ==, 74);
  g_array_remove_index (ours->tensors, first);
  g_ptr_array_remove_index (ours->data, first);
  write_safetensors ("ours.safetensors", ours, 0, ours->tensors->len, NULL);
  assert_refused ((const char *const[]){ "ours.safetensors", NULL }, NULL, "lacks the tensor “p1.bn.weight”");
}

/* Statistics that a file does not hold cannot be asked for. */
static void
test_no_norm (void)
{
  g_autoptr (FixtureNet) net = fixture_net_new (fixture_find_table ("pmgi", 1), "", TRUE, FALSE);
  g_autoptr (OmniImport) result = NULL;

  write_checkpoint ("pan", net, FALSE);
  result = import ("pan.index", NULL);
  for (guint i = 0; i < 2; i++)
  {
    g_autoptr (GError) error = NULL;

    omni_import_set_metadata (result, "norm", i == 0 ? "running" : "instance");
    g_assert_null (omni_import_write (result, NULL, &error));
    g_assert_error (error, OMNI_WEIGHTS_ERROR, OMNI_WEIGHTS_ERROR_ARCHITECTURE);
    g_assert_nonnull (strstr (error->message, "holds no tensors of one"));
  }
  omni_import_set_metadata (result, "norm", "none");
  assert_values (result, net, FALSE);
}

/* A value that is no number is found when the file is written. */
static void
test_not_finite (void)
{
  g_autoptr (FixtureNet) net = fixture_net_new (fixture_find_table ("pmgi", 1), "", TRUE, FALSE);
  g_autoptr (OmniImport) result = NULL;
  g_autoptr (GError) error = NULL;

  ((float *)net->data->pdata[3])[1] = NAN;
  write_checkpoint ("nan", net, FALSE);
  result = import ("nan.index", NULL);
  g_assert_null (omni_import_write (result, NULL, &error));
  g_assert_error (error, OMNI_WEIGHTS_ERROR, OMNI_WEIGHTS_ERROR_FORMAT);
  g_assert_nonnull (strstr (error->message, "not a finite number"));
}

#define LARGE_BYTES ((gsize)256 << 20)

/* One tensor of 16-bit zeros that no network has: a file of 256 MiB with nothing in it. */
static char *
write_large (void)
{
  static const char format[] = "{\"strange\":{\"dtype\":\"F16\",\"shape\":[%" G_GSIZE_FORMAT
                               "],\"data_offsets\":[0,%" G_GSIZE_FORMAT "]}}";
  g_autofree char *header = g_strdup_printf (format, LARGE_BYTES / 2, LARGE_BYTES);
  g_autoptr (GByteArray) bytes = g_byte_array_new ();
  char *path = get_path ("large.safetensors");

  fixture_put_number (bytes, strlen (header), 8);
  fixture_put (bytes, header, strlen (header));
  write_bytes ("large.safetensors", bytes);
  g_assert_cmpint (truncate (path, (off_t)(bytes->len + LARGE_BYTES)), ==, 0);
  return path;
}

/* So much address space more. AddressSanitizer takes all of it by itself. */
static void
bound_memory (guint64 bytes)
{
#ifndef __SANITIZE_ADDRESS__
  g_autofree char *statm = NULL;

  g_assert_true (g_file_get_contents ("/proc/self/statm", &statm, NULL, NULL));
  const rlim_t most = g_ascii_strtoull (statm, NULL, 10) * (guint64)sysconf (_SC_PAGESIZE) + bytes;
  g_assert_cmpint (setrlimit (RLIMIT_AS, &(struct rlimit){ most, most }), ==, 0);
#endif
}

/* A large file of something else takes its own size and little more. */
static void
test_memory (void)
{
  if (g_test_subprocess ())
  {
    g_autofree char *path = write_large ();

    bound_memory (LARGE_BYTES * 3 / 2);
    assert_refused ((const char *const[]){ "large.safetensors", NULL }, NULL, "those of no network here");
    assert_refused ((const char *const[]){ "large.safetensors", NULL }, "omni", "lacks the tensor");
    return;
  }
  g_test_trap_subprocess (NULL, 0, G_TEST_SUBPROCESS_DEFAULT);
  g_test_trap_assert_passed ();
}

static void
test_paths (void)
{
  const char *const files[][2] = {
    { "missing.pth", NULL }, { "..", NULL }, { "text.pth", NULL }, { "empty.pth", NULL }
  };
  g_autofree char *text = get_path ("text.pth"), *empty = get_path ("empty.pth");

  g_assert_true (g_file_set_contents (text, "hello, this is no weight file at all", -1, NULL));
  g_assert_true (g_file_set_contents (empty, "", 0, NULL));
  assert_refused (files[0], NULL, "Cannot read the weight file");
  assert_refused (files[1], NULL, "not a regular file");
  assert_refused (files[2], NULL, "neither a PyTorch file");
  assert_refused (files[3], NULL, "neither a PyTorch file");
}

/* ---- The authors' own files, where they are ---- */

static OmniImport *
import_official (const char *name)
{
  g_autofree char *path = g_build_filename (g_getenv ("OMNIFUSE_SHARED"), "official", name, NULL);
  g_autoptr (GError) error = NULL;
  OmniImport *result = omni_import_new ((const char *const[]){ path, NULL }, NULL, &error);

  g_assert_no_error (error);
  g_assert_cmpuint (omni_import_get_ignored (result)->len, ==, 0);
  return result;
}

static gboolean
skip_without_official (void)
{
  const char *shared = g_getenv ("OMNIFUSE_SHARED");
  g_autofree char *official = shared != NULL ? g_build_filename (shared, "official", NULL) : NULL;

  if (official != NULL && g_file_test (official, G_FILE_TEST_IS_DIR))
    return FALSE;
  g_test_skip ("the authors' files (../shared/official) are not here");
  return TRUE;
}

/* Their first layers are one and the same, their others differ; the model takes all three. */
static void
test_official_ifcnn (void)
{
  static const char *const names[][2] = { { "IFCNN/IFCNN-MAX.pth", "max" },
                                          { "IFCNN/IFCNN-MEAN.pth", "mean" },
                                          { "IFCNN/IFCNN-SUM.pth", "sum" } };
  g_autofree float *first = NULL;

  if (skip_without_official ())
    return;
  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
  {
    g_autoptr (OmniImport) result = import_official (names[i][0]);
    gboolean checked;
    g_autoptr (GBytes) bytes = omni_import_write (result, &checked, NULL);
    g_autoptr (OmniWeights) weights = NULL;
    g_autofree float *conv1 = NULL;
    gsize n;

    g_assert_nonnull (bytes);
    g_assert_true (checked);
    g_assert_cmpuint (omni_import_get_n_parameters (result), ==, 83587);
    g_assert_cmpstr (omni_import_get_metadata (result, "reduce"), ==, names[i][1]);
    weights = omni_weights_load_bytes (bytes, "official", NULL);
    conv1 = omni_weights_dup_floats (weights, "conv1.weight", &n);
    g_assert_cmpuint (n, ==, 9408);
    if (first == NULL)
      first = g_steal_pointer (&conv1);
    else
      g_assert_cmpmem (first, n * sizeof (float), conv1, n * sizeof (float));
  }
}

static void
test_official_checkpoints (void)
{
  static const struct
  {
    const char *name, *architecture, *norm;
    guint n_parameters, n_tensors;
  } files[] = { { "U2Fusion/model.ckpt", "u2fusion", NULL, 659217, 20 },
                { "PMGI/IR_VI/CGAN.model-1", "pmgi", "instance", 42017, 74 },
                { "PMGI/Medical/CGAN.model-29", "pmgi", "instance", 42017, 74 },
                { "PMGI/Multi-exp/CGAN.model-9", "pmgi", "instance", 42017, 74 },
                { "PMGI/Multi-focus/CGAN.model-1", "pmgi", "instance", 42017, 74 },
                { "PMGI/Pan-1/CGAN.model-9", "pmgi", "none", 41633, 26 },
                { "PMGI/Pan-2/CGAN.model-9", "pmgi", "none", 41633, 26 },
                { "PMGI/Pan-3/CGAN.model-9", "pmgi", "none", 41633, 26 },
                { "PMGI/Pan-4/CGAN.model-9", "pmgi", "none", 41633, 26 } };

  if (skip_without_official ())
    return;
  for (guint i = 0; i < G_N_ELEMENTS (files); i++)
  {
    g_autoptr (OmniImport) result = import_official (files[i].name);
    g_autoptr (GError) error = NULL;
    g_autoptr (GBytes) bytes = omni_import_write (result, NULL, &error);

    g_assert_no_error (error);
    g_assert_cmpstr (omni_import_get_architecture (result), ==, files[i].architecture);
    g_assert_cmpstr (omni_import_get_metadata (result, "norm"), ==, files[i].norm);
    g_assert_cmpuint (omni_import_get_n_parameters (result), ==, files[i].n_parameters);
    g_assert_cmpuint (omni_import_get_taken (result)->len, ==, files[i].n_tensors);
  }
}

/* RFC 3720 B.4, and LevelDB's mask of one of them (util/crc32c_test.cc gives the constant). */
static void
test_crc32c (void)
{
  guint8 bytes[32] = { 0 };

  g_assert_cmphex (omni_crc32c (bytes, 32), ==, 0x8a9136aa);
  memset (bytes, 0xff, 32);
  g_assert_cmphex (omni_crc32c (bytes, 32), ==, 0x62a8ab43);
  for (guint i = 0; i < 32; i++)
    bytes[i] = (guint8)i;
  g_assert_cmphex (omni_crc32c (bytes, 32), ==, 0x46dd794e);
  g_assert_cmphex (omni_crc32c ((const guint8 *)"123456789", 9), ==, 0xe3069283);
  g_assert_cmphex (omni_crc32c_mask (0), ==, 0xa282ead8);
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
  folder = g_dir_make_tmp ("omnifuse-import-XXXXXX", NULL);
  g_test_add_func ("/import/crc32c", test_crc32c);
  g_test_add_func ("/import/torch", test_torch);
  g_test_add_func ("/import/torch-extras", test_torch_extras);
  g_test_add_func ("/import/torch-python2", test_torch_python2);
  g_test_add_func ("/import/torch-lists", test_torch_lists);
  g_test_add_func ("/import/torch-types", test_torch_types);
  g_test_add_func ("/import/tensorflow", test_tensorflow);
  g_test_add_func ("/import/safetensors", test_safetensors);
  g_test_add_func ("/import/own", test_own);
  g_test_add_func ("/import/variants", test_variants);
  g_test_add_func ("/import/misfits", test_misfits);
  g_test_add_func ("/import/part", test_part);
  g_test_add_func ("/import/many", test_many);
  g_test_add_func ("/import/no-norm", test_no_norm);
  g_test_add_func ("/import/not-finite", test_not_finite);
  g_test_add_func ("/import/memory", test_memory);
  g_test_add_func ("/import/paths", test_paths);
  g_test_add_func ("/import/official/ifcnn", test_official_ifcnn);
  g_test_add_func ("/import/official/checkpoints", test_official_checkpoints);
  status = g_test_run ();
  remove_folder ();
  g_free (folder);
  return status;
}
