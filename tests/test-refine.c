/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Refining on the machine's own device: the same bits for every order, the better of two results, and nothing else. */

#include "app/fusion/engine-private.h"
#include "app/fusion/refine.h"
#include "models/training/trainer.h"
#include "tests/cli-common.h"

#include <string.h>

#define W 150
#define H 110
#define N 4

static OmniFusionRequest *
make_request (const char *model, guint n, OmniTask task, const guint *order)
{
  OmniFusionRequest *request = g_new0 (OmniFusionRequest, 1);
  request->sources = g_ptr_array_new_with_free_func (g_object_unref);
  request->task = task;
  request->model = omni_model_find (model);
  for (guint i = 0; i < n; i++)
  {
    const guint k = order != NULL ? order[i] : i;
    g_autoptr (OmniPicture) picture = make_scene (k / 2, W, H, 3, FALSE, OMNI_SAMPLE_U8, 0.4 + 0.3 * k);
    g_autofree char *name = g_strdup_printf ("picture %u", k);
    g_ptr_array_add (request->sources, omni_source_new_for_picture (picture, name));
  }
  return request;
}

static OmniFusionResult *
refine (OmniEngine *engine, const OmniFusionRequest *request, guint64 steps)
{
  OmniFusionRequest refining = *request;
  GError *error = NULL;
  refining.refine.max_steps = steps;
  OmniFusionResult *result = omni_engine_fuse (engine, &refining, NULL, NULL, NULL, &error);
  g_assert_no_error (error);
  g_assert_true (result->has_refine);
  g_assert_cmpuint (result->refine.steps, ==, steps);
  return result;
}

/* Whatever is decided from the set is decided from its content: crops, their order, and every bit of every step. */
typedef struct
{
  const char *path, *model;
  OmniTask task;
  guint n;
} Order;

static const Order order_cases[] = {
  { "/refine/order/omni", "omni", OMNI_TASK_EXPOSURE, N },
  { "/refine/order/ifani", "ifani", OMNI_TASK_EXPOSURE, N },
  { "/refine/order/omni-focus", "omni", OMNI_TASK_FOCUS, N },
  { "/refine/order/ifani-focus", "ifani", OMNI_TASK_FOCUS, 3 },
  { "/refine/order/omni-infrared", "omni", OMNI_TASK_INFRARED, 2 },
  { "/refine/order/ifani-medical", "ifani", OMNI_TASK_MEDICAL, 2 },
};

static void
test_order (gconstpointer data)
{
  const Order *one = data;
  static const guint all[][N] = { { 0, 1, 2, 3 }, { 3, 1, 0, 2 }, { 2, 3, 1, 0 } };
  static const guint fewer[][N] = { { 0, 1, 2 }, { 1, 0, 2 }, { 1, 0, 2 } };
  const guint (*orders)[N] = one->n == N ? all : fewer;
  g_autoptr (OmniEngine) engine = omni_engine_new (NULL);
  g_autofree char *sha256 = NULL;
  double after = 0;
  for (guint i = 0; i < (one->n == N ? 3 : 2); i++)
  {
    g_autoptr (OmniFusionRequest) request = make_request (one->model, one->n, one->task, orders[i]);
    g_autoptr (OmniFusionResult) result = refine (engine, request, 3);
    if (i == 0)
    {
      sha256 = g_strdup (result->sha256);
      after = result->refine.after;
    }
    g_assert_cmpstr (result->sha256, ==, sha256);
    g_assert_cmpfloat (result->refine.after, ==, after);
  }
}

/* The better one is returned and says so; the shipped weights are the bytes that they were. */
static void
test_better (void)
{
  const OmniModel *model = omni_model_find ("omni");
  g_autofree char *path = omni_model_get_weights_path (model), *before = NULL, *after = NULL;
  g_autoptr (OmniEngine) engine = omni_engine_new (NULL);
  g_autoptr (OmniFusionRequest) request = make_request ("omni", 3, OMNI_TASK_EXPOSURE, NULL);
  gsize n_before, n_after;
  GError *error = NULL;
  g_assert_true (g_file_get_contents (path, &before, &n_before, NULL));
  g_autoptr (OmniFusionResult) plain = omni_engine_fuse (engine, request, NULL, NULL, NULL, &error);
  g_assert_no_error (error);
  g_assert_false (plain->has_refine);
  g_autoptr (OmniFusionResult) refined = refine (engine, request, 25);
  g_test_message ("%s %.4f, then %.4f", refined->refine.metric, refined->refine.before,
                  refined->refine.after);
  g_assert_cmpstr (refined->refine.metric, ==, "mef-ssim");
  g_assert_cmpint (refined->refine.kept, ==, refined->refine.after > refined->refine.before);
  if (refined->refine.kept)
  {
    g_assert_cmpstr (refined->sha256, !=, plain->sha256);
    g_assert_cmpstr (refined->weights_sha256, !=, plain->weights_sha256);
    g_assert_cmpstr (refined->options, ==, "refined, 25 steps");
  }
  else
    g_assert_cmpstr (refined->sha256, ==, plain->sha256);
  /* Afterwards everything is as before. */
  g_autoptr (OmniFusionResult) again = omni_engine_fuse (engine, request, NULL, NULL, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (again->sha256, ==, plain->sha256);
  g_assert_true (g_file_get_contents (path, &after, &n_after, NULL));
  g_assert_cmpmem (before, n_before, after, n_after);
}

/* Weights that learned to fuse nothing are no better, and the result before is what comes back. */
static void
test_no_better (void)
{
  g_autoptr (OmniEngine) engine = omni_engine_new (NULL);
  g_autoptr (OmniFusionRequest) request = make_request ("omni", 2, OMNI_TASK_FOCUS, NULL);
  GError *error = NULL;
  /* Identical pictures: every weight gives the same, and equal is not better. */
  g_ptr_array_set_size (request->sources, 0);
  for (guint i = 0; i < 2; i++)
  {
    g_autoptr (OmniPicture) picture = make_scene (1, W, H, 3, FALSE, OMNI_SAMPLE_U8, 1);
    g_ptr_array_add (request->sources, omni_source_new_for_picture (picture, i == 0 ? "a" : "b"));
  }
  g_autoptr (OmniFusionResult) plain = omni_engine_fuse (engine, request, NULL, NULL, NULL, &error);
  g_assert_no_error (error);
  g_autoptr (OmniFusionResult) refined = refine (engine, request, 2);
  g_assert_false (refined->refine.kept);
  g_assert_cmpfloat (refined->refine.after, ==, refined->refine.before);
  g_assert_cmpstr (refined->sha256, ==, plain->sha256);
  g_assert_cmpstr (refined->options, ==, "");
}

/* What a refinement has to beat may be an earlier one's score instead of the plain result's. */
static void
test_rival (void)
{
  g_autoptr (OmniEngine) engine = omni_engine_new (NULL);
  g_autoptr (OmniFusionRequest) request = make_request ("omni", 3, OMNI_TASK_EXPOSURE, NULL);
  const double rivals[] = { 2, -2 };
  GError *error = NULL;
  g_autoptr (OmniFusionResult) plain = omni_engine_fuse (engine, request, NULL, NULL, NULL, &error);
  g_assert_no_error (error);
  request->refine.has_rival = TRUE;
  for (guint i = 0; i < G_N_ELEMENTS (rivals); i++)
  {
    request->refine.rival = rivals[i];
    g_autoptr (OmniFusionResult) refined = refine (engine, request, 2);
    g_assert_cmpfloat (refined->refine.before, ==, rivals[i]);
    g_assert_cmpint (refined->refine.kept, ==, i == 1);
    g_assert_cmpint (g_str_equal (refined->sha256, plain->sha256), ==, i == 0);
  }
}

/* A view of so narrow a picture that no crop fits into it is made of the whole, and the task is as it was found. */
static void
test_narrow_view (void)
{
  g_autoptr (OmniEngine) engine = omni_engine_new (NULL);
  g_autoptr (OmniFusionRequest) request = make_request ("omni", 3, OMNI_TASK_EXPOSURE, NULL);
  g_ptr_array_set_size (request->sources, 0);
  for (guint i = 0; i < 3; i++)
  {
    g_autofree char *name = g_strdup_printf ("%u", i);
    g_autoptr (OmniPicture) picture = make_scene (1 + i, 400, 72, 3, FALSE, OMNI_SAMPLE_U8, 1);
    g_ptr_array_add (request->sources, omni_source_new_for_picture (picture, name));
  }
  request->view_px = 128;
  g_autoptr (OmniFusionResult) refined = refine (engine, request, 1);
  g_assert_cmpuint (omni_picture_get_height (refined->picture), ==, 72);
  request->refine = (OmniRefineParams){ 0 };
  request->view_px = 0;
  GError *error = NULL;
  g_autoptr (OmniFusionResult) plain = omni_engine_fuse (engine, request, NULL, NULL, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (refined->task_reason, ==, plain->task_reason);
}

static void
test_refused (void)
{
  static const struct
  {
    const char *model;
    guint n;
    const char *words;
  } cases[] = { { "mertens", 3, "cannot be refined" }, { "omni", 1, "at least two" } };
  g_autoptr (OmniEngine) engine = omni_engine_new (NULL);
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
  {
    g_autoptr (OmniFusionRequest)
      request = make_request (cases[i].model, cases[i].n, OMNI_TASK_EXPOSURE, NULL);
    g_autoptr (GError) error = NULL;
    request->refine.seconds = 1;
    g_assert_null (omni_engine_fuse (engine, request, NULL, NULL, NULL, &error));
    g_assert_error (error, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED);
    g_assert_nonnull (strstr (error->message, cases[i].words));
  }
}

/* What no score is defined for is refused before anything is fused. */
static void
test_bands (void)
{
  g_autoptr (GPtrArray) sources = g_ptr_array_new_with_free_func (g_object_unref);
  g_autofree char *why = NULL;
  for (guint k = 0; k < 2; k++)
  {
    g_autoptr (OmniPicture) picture = make_scene (k, W, H, 5, FALSE, OMNI_SAMPLE_U16, 1);
    g_ptr_array_add (sources, omni_source_new_for_picture (picture, "bands"));
  }
  g_assert_false (omni_refine_fits (omni_model_find ("omni"), sources, &why));
  g_assert_nonnull (strstr (why, "grey and RGB"));
}

static void
cancel_in_training (double fraction, const char *phase, gpointer user_data)
{
  if (g_str_equal (phase, "Refining"))
    g_cancellable_cancel (user_data);
}

static void
test_cancel (void)
{
  g_autoptr (OmniEngine) engine = omni_engine_new (NULL);
  g_autoptr (OmniFusionRequest) request = make_request ("omni", 2, OMNI_TASK_EXPOSURE, NULL);
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GError) error = NULL;
  request->refine.seconds = 3600;
  g_assert_null (omni_engine_fuse (engine, request, cancel_in_training, cancellable, cancellable, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
}

/* What a weight file says of its network is enough to go on with it. */
static void
test_config (void)
{
  static const struct
  {
    const char *model, *architecture;
    guint channels;
  } cases[] = { { "omni", "omni", 24 }, { "omni-small", "omni", 12 }, { "ifani", "ifani", 32 } };
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
  {
    OmniTrainConfig config;
    GError *error = NULL;
    g_autoptr (OmniWeights)
      weights = omni_model_load_weights (omni_model_find (cases[i].model), NULL, &error);
    g_assert_no_error (error);
    g_assert_true (omni_train_config_from_weights (&config, weights, &error));
    g_assert_no_error (error);
    g_assert_cmpstr (config.architecture, ==, cases[i].architecture);
    g_assert_cmpuint (config.channels, ==, cases[i].channels);
  }
}

/* Whatever a trainer exports of IFANI is recognised, and going on with it begins from the very same numbers. */
static void
test_architectures (void)
{
  static const struct
  {
    OmniTrainNorm norm, found;
    OmniBoundary padding;
    OmniTrainReduce reduce;
    gboolean without_skips;
    guint channels;
  } cases[] = {
    { OMNI_TRAIN_NORM_NONE, OMNI_TRAIN_NORM_NONE, OMNI_BOUNDARY_ZERO, OMNI_TRAIN_REDUCE_MAX, FALSE, 32 },
    { OMNI_TRAIN_NORM_NONE, OMNI_TRAIN_NORM_NONE, OMNI_BOUNDARY_REFLECT, OMNI_TRAIN_REDUCE_SUM, TRUE, 32 },
    { OMNI_TRAIN_NORM_BATCH, OMNI_TRAIN_NORM_FROZEN, OMNI_BOUNDARY_REPLICATE, OMNI_TRAIN_REDUCE_MEAN, TRUE,
      32 },
    { OMNI_TRAIN_NORM_BATCH, OMNI_TRAIN_NORM_FROZEN, OMNI_BOUNDARY_ZERO, OMNI_TRAIN_REDUCE_MAX, FALSE, 8 },
  };
  GError *error = NULL;
  OmniDevice *device = omni_device_open (NULL, &error);
  g_assert_no_error (error);
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
  {
    OmniTrainConfig config, found;
    omni_train_config_init (&config);
    config.architecture = "ifani";
    config.schedule = OMNI_SCHEDULE_CONSTANT;
    config.channels = cases[i].channels;
    config.norm = cases[i].norm;
    config.padding = cases[i].padding;
    config.reduce = cases[i].reduce;
    config.without_skips = cases[i].without_skips;
    config.has_scales = i % 2 == 1;
    config.seed = 7 + i;
    g_autoptr (OmniTrainer) made = omni_trainer_new (device, &config, &error);
    g_assert_no_error (error);
    g_autoptr (GBytes) bytes = omni_trainer_export (made, NULL, &error);
    g_autoptr (OmniWeights) weights = omni_weights_load_bytes (bytes, "made", &error);
    g_assert_no_error (error);
    g_assert_true (omni_train_config_from_weights (&found, weights, &error));
    g_assert_cmpint (found.norm, ==, cases[i].found);
    g_assert_cmpint (found.padding, ==, cases[i].padding);
    g_assert_cmpint (found.reduce, ==, cases[i].reduce);
    g_assert_cmpint (found.without_skips, ==, cases[i].without_skips);
    g_assert_cmpint (found.has_scales, ==, i % 2 == 1);
    g_assert_cmpuint (found.channels, ==, cases[i].channels);
    g_autoptr (OmniTrainer) again = omni_trainer_new (device, &found, &error);
    g_assert_true (omni_trainer_import (again, weights, &error));
    g_assert_no_error (error);
    g_autoptr (GBytes) back = omni_trainer_export (again, NULL, &error);
    g_assert_true (g_bytes_equal (bytes, back));
    if (i != 2)
      continue;

    /* The program takes them, refines them, and the better of two fusions is one of theirs. */
    g_autoptr (OmniEngine) engine = omni_engine_new (NULL);
    g_autoptr (OmniFusionRequest) request = make_request ("ifani", 3, OMNI_TASK_FOCUS, NULL);
    request->weights = omni_weights_ref (weights);
    g_autoptr (OmniFusionResult) plain = omni_engine_fuse (engine, request, NULL, NULL, NULL, &error);
    g_assert_no_error (error);
    g_autoptr (OmniFusionResult) refined = refine (engine, request, 4);
    g_test_message ("%.5f, then %.5f", refined->refine.before, refined->refine.after);
    g_assert_cmpfloat (refined->refine.after, !=, refined->refine.before);
    g_assert_cmpint (refined->refine.kept, ==, !g_str_equal (plain->sha256, refined->sha256));
  }
  omni_device_close (&device);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/refine/config", test_config);
  g_test_add_func ("/refine/architectures", test_architectures);
  for (guint i = 0; i < G_N_ELEMENTS (order_cases); i++)
    g_test_add_data_func (order_cases[i].path, &order_cases[i], test_order);
  g_test_add_func ("/refine/better", test_better);
  g_test_add_func ("/refine/no-better", test_no_better);
  g_test_add_func ("/refine/narrow-view", test_narrow_view);
  g_test_add_func ("/refine/rival", test_rival);
  g_test_add_func ("/refine/refused", test_refused);
  g_test_add_func ("/refine/bands", test_bands);
  g_test_add_func ("/refine/cancel", test_cancel);
  return g_test_run ();
}
