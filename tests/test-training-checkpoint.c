/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/training/resume.h"
#include "models/model-private.h"
#include "tests/training-pictures.h"

#include <glib/gstdio.h>
#include <string.h>

/* Which run a checkpoint is of, and what a trainer remembers when it goes on as another. */

static char *folder, *path;

static OmniTrainer *
new_trainer (guint64 seed, guint64 steps, const char *order, const char *recipe)
{
  OmniTrainConfig config;
  g_autofree char *order_copy = g_strdup (order), *recipe_copy = g_strdup (recipe); /* gone after this */
  GError *error = NULL;

  omni_train_config_init (&config);
  config.architecture = "ifani";
  config.channels = 8;
  config.seed = seed;
  config.total_steps = steps;
  config.order = order_copy;
  config.recipe_sha256 = recipe_copy;
  set_losses (&config);

  OmniTrainer *trainer = omni_trainer_new (harness_device (), &config, &error);

  g_assert_no_error (error);
  return trainer;
}

static void
save (OmniTrainer *trainer, guint64 step)
{
  GError *error = NULL;

  trainer->state.step = step;
  g_assert_true (omni_trainer_save (trainer, path, &error));
  g_assert_no_error (error);
}

/* (transfer full) One that has loaded the checkpoint. */
static OmniTrainer *
go_on (guint64 seed, guint64 steps, const char *order, const char *recipe, const char *earlier)
{
  OmniTrainer *trainer = new_trainer (seed, steps, order, recipe);
  GError *error = NULL;

  omni_trainer_load (trainer, path, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (omni_trainer_get_earlier (trainer), ==, earlier);
  return trainer;
}

static void
test_origin (void)
{
  g_autoptr (OmniTrainer) trainer = new_trainer (7, 4000, "joint", "abc");
  g_auto (OmniTrainOrigin) origin = { 0 };
  GError *error = NULL;

  save (trainer, 13);
  g_assert_true (omni_trainer_read_origin (path, &origin, &error));
  g_assert_no_error (error);
  g_assert_true (origin.is_known);
  g_assert_cmpuint (origin.step, ==, 13);
  g_assert_cmpuint (origin.seed, ==, 7);
  g_assert_cmpuint (origin.total_steps, ==, 4000);
  g_assert_cmpstr (origin.order, ==, "joint");
  g_assert_cmpstr (origin.recipe_sha256, ==, "abc");
  g_assert_null (origin.earlier);
}

static void
test_earlier (void)
{
  const char *first = "until step 13: seed 7, 4000 steps, joint order, recipe abc";
  g_autofree char *both = g_strconcat (first, "; until step 20: seed 1, 4000 steps, joint order, recipe abc",
                                       NULL);
  g_autoptr (OmniTrainer) begun = new_trainer (7, 4000, "joint", "abc");

  save (begun, 13);

  g_autoptr (OmniTrainer) same = go_on (7, 4000, "joint", "abc", NULL);
  g_autoptr (OmniTrainer) length = go_on (7, 16, "joint", "abc", first);
  g_autoptr (OmniTrainer) order = go_on (7, 4000, "sequential", "abc", first);
  g_autoptr (OmniTrainer) recipe = go_on (7, 4000, "joint", "abd", first);
  g_autoptr (OmniTrainer) seed = go_on (1, 4000, "joint", "abc", first);

  /* It stays where nothing was added. */
  save (seed, 13);

  g_autoptr (OmniTrainer) still = go_on (2, 4000, "joint", "abc", first);

  save (seed, 20);

  g_autoptr (OmniTrainer) on = go_on (1, 4000, "joint", "abc", first);
  g_autoptr (OmniTrainer) third = go_on (1, 16, "joint", "abc", both);
}

/* Other pictures make another run, too. */
static void
test_data (void)
{
  OmniTrainConfig config;
  g_autoptr (GPtrArray) notes = g_ptr_array_new_with_free_func (g_free);
  g_auto (OmniTrainOrigin) origin = { 0 };
  GError *error = NULL;

  omni_train_config_init (&config);
  config.architecture = "ifani";
  config.channels = 8;
  config.total_steps = 10;
  config.data_sha256 = "aaa";
  set_losses (&config);

  g_autoptr (OmniTrainer) trainer = omni_trainer_new (harness_device (), &config, &error);

  g_assert_no_error (error);
  save (trainer, 5);
  config.data_sha256 = "bbb";

  g_autoptr (OmniTrainer) other = omni_trainer_new (harness_device (), &config, &error);

  g_assert_true (omni_trainer_load (trainer, path, &error));
  g_assert_null (omni_trainer_get_earlier (trainer));
  g_assert_true (omni_trainer_load (other, path, &error));
  g_assert_nonnull (strstr (omni_trainer_get_earlier (other), "data aaa"));
  g_assert_true (omni_trainer_read_origin (path, &origin, &error));
  g_assert_cmpstr (origin.data_sha256, ==, "aaa");
  g_assert_true (omni_recipe_resume_data (path, "aaa", notes, &error));
  g_assert_cmpuint (notes->len, ==, 0);
  g_assert_true (omni_recipe_resume_data (path, "bbb", notes, &error));
  g_assert_cmpuint (notes->len, ==, 1);
  g_assert_nonnull (strstr (notes->pdata[0], "other pictures"));
  g_assert_no_error (error);
}

/* (transfer full) What a checkpoint of an earlier version, or a damaged one, says. */
static GBytes *
write_bare (const OmniTrainer *trainer, const char *key, const char *value)
{
  const char *metadata[] = {
    "checkpoint", "ifani 8 none adam", "step", "13", "fisher_samples", "0", key, value, NULL
  };
  g_autoptr (GArray) specs = g_array_new (FALSE, FALSE, sizeof (OmniTensorSpec));
  const float *values[] = { trainer->state.theta, trainer->state.first, trainer->state.second };
  const char *const names[] = { "theta", "first", "second" };

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    omni_model_add_spec (specs, names[i], NULL, (guint)trainer->state.n, 0, 0, 0);
  return omni_weights_write (specs, metadata, values);
}

static void
test_old (void)
{
  g_autoptr (OmniTrainer) trainer = new_trainer (7, 4000, "joint", "abc");
  g_auto (OmniTrainOrigin) origin = { 0 };
  GError *error = NULL;
  gsize size;
  g_autoptr (GBytes) old = write_bare (trainer, NULL, NULL);
  g_autoptr (GBytes) damaged = write_bare (trainer, "seed", "seven");
  const char *bytes = g_bytes_get_data (old, &size);

  g_assert_true (g_file_set_contents (path, bytes, (gssize)size, &error));
  g_assert_true (omni_trainer_read_origin (path, &origin, &error));
  g_assert_false (origin.is_known);
  g_assert_cmpuint (origin.step, ==, 13);

  g_autoptr (OmniTrainer)
    loaded = go_on (1, 16, "joint", "abc", "until step 13: seed and steps not recorded");

  g_assert_cmpuint (omni_trainer_get_step (loaded), ==, 13);

  bytes = g_bytes_get_data (damaged, &size);
  g_assert_true (g_file_set_contents (path, bytes, (gssize)size, &error));
  g_assert_false (omni_trainer_load (trainer, path, &error));
  g_assert_error (error, OMNI_TRAINING_ERROR, OMNI_TRAINING_ERROR_CHECKPOINT);
  g_assert_nonnull (strstr (error->message, "“seed” is missing or no number"));
  g_clear_error (&error);
}

/* The checkpoint's seed is taken, unless it is not known or another one is wanted; what differs is said once. */
static void
test_recipe (void)
{
  const char *text = "[network]\narchitecture = ifani\n[train]\nsteps = 16\n"
                     "[task exposure]\ndata = exposure\nloss = mef-ssim 1\n";
  GError *error = NULL;
  g_autoptr (OmniRecipe) recipe = omni_recipe_parse (text, "a.recipe", &error);
  const struct
  {
    gboolean old;
    guint64 seed, steps;
    const char *order, *recipe;
    gboolean keeps_seed;
    guint64 found;
    const char *words; /* NULL: nothing is said */
  } cases[] = {
    { FALSE, 7, 16, "joint", recipe->sha256, FALSE, 7, NULL },
    { FALSE, 7, 16, NULL, NULL, FALSE, 7, NULL },
    { FALSE, 7, 16, "joint", recipe->sha256, TRUE, 3,
      "seed 7, and from step 13 on this one draws by seed 3" },
    { FALSE, 7, 4000, "joint", recipe->sha256, FALSE, 7, "4000 steps, and this one has 16" },
    { FALSE, 7, 16, "sequential", recipe->sha256, FALSE, 7, "--order sequential goes on" },
    { FALSE, 7, 16, "joint", "0123456789abcdef", FALSE, 7, "another recipe (0123456789ab) than “a”" },
    { TRUE, 7, 16, NULL, NULL, FALSE, 3, "goes on with seed 3 and 16 steps" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
  {
    g_autoptr (GPtrArray) notes = g_ptr_array_new_with_free_func (g_free);
    g_autoptr (OmniTrainer)
      trainer = new_trainer (cases[i].seed, cases[i].steps, cases[i].order, cases[i].recipe);
    g_autoptr (GBytes) old = write_bare (trainer, NULL, NULL);
    gsize size;
    const char *bytes = g_bytes_get_data (old, &size);

    save (trainer, 13);
    if (cases[i].old)
      g_assert_true (g_file_set_contents (path, bytes, (gssize)size, &error));
    recipe->config.seed = 3;
    g_assert_true (omni_recipe_resume (recipe, path, cases[i].keeps_seed, notes, &error));
    g_assert_no_error (error);
    g_assert_cmpuint (recipe->config.seed, ==, cases[i].found);
    g_assert_cmpuint (notes->len, ==, cases[i].words != NULL ? 1 : 0);
    if (cases[i].words == NULL)
      continue;
    g_test_message ("%s", (const char *)notes->pdata[0]);
    g_assert_nonnull (strstr (notes->pdata[0], cases[i].words));
  }
}

static void
add_tests (void)
{
  g_test_add_func ("/training/checkpoint/origin", test_origin);
  g_test_add_func ("/training/checkpoint/earlier", test_earlier);
  g_test_add_func ("/training/checkpoint/data", test_data);
  g_test_add_func ("/training/checkpoint/old", test_old);
  g_test_add_func ("/training/checkpoint/recipe", test_recipe);
}

int
main (int argc, char **argv)
{
  folder = g_dir_make_tmp ("omnifuse-XXXXXX", NULL);
  path = g_build_filename (folder, "run.checkpoint", NULL);

  const int status = harness_main (argc, argv, add_tests);

  g_unlink (path);
  g_rmdir (folder);
  g_free (path);
  g_free (folder);
  return status;
}
