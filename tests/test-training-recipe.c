/* SPDX-License-Identifier: GPL-3.0-or-later */

/* What a recipe says, and what it says when something is wrong with it. */

#include "tests/training-fixture.h"

static void
test_recipe_values (void)
{
  g_autoptr (OmniRecipe) recipe = parse_recipe (
    "# comment\n[network]\narchitecture = omni # ours\nchannels = 24\nbase-levels = 0.5, 0.5\npadding = "
    "reflect\n"
    "[train]\nsteps = 100\ncrop = 64, 128@0.8\nseed = 7\n[optimiser]\nname = rmsprop\nschedule = poly\n"
    "[task exposure]\ndata = exposure, more\nsources = 2, 4-6\nloss = mef-ssim@1 .35, mef-ssim@2 .3, "
    "mef-ssim@4 .35, mef-structure@2 .5, mef-structure@4 1.5, sobel 3, mef-patches@1 .05, mef-patches@2 .45, "
    "mef-patches@4 .5, out-of-range 2\n"
    "[task made-up]\ntask = exposure\ndata = natural\nsynthesis = exposure\nstops = 1-3\n");
  OmniTrainConfig config;
  omni_recipe_get_config (recipe, &config);
  g_assert_cmpstr (config.architecture, ==, "omni");
  g_assert_cmpuint (config.channels, ==, 24);
  g_assert_cmpuint (config.seed, ==, 7);
  g_assert_cmpint (config.padding, ==, OMNI_BOUNDARY_REFLECT);
  g_assert_cmpint (config.optimiser, ==, OMNI_OPTIMISER_RMSPROP);
  g_assert_cmpint (config.schedule, ==, OMNI_SCHEDULE_POLY);
  g_assert_cmpint (config.norm, ==, OMNI_TRAIN_NORM_NONE);
  g_assert_cmpfloat (config.base_level_chance[1], ==, 0.5f);
  g_assert_cmpfloat (config.base_level_chance[2], ==, 0);
  g_assert_cmpuint (config.total_steps, ==, 100);
  g_assert_cmpfloat (config.ewc_lambda, ==, 0);
  const OmniTrainLosses *losses = &config.losses[OMNI_TASK_EXPOSURE];
  g_assert_cmpfloat_with_epsilon (losses->weight[OMNI_LOSS_MEF_SSIM], 1, 1e-6);
  g_assert_cmpfloat_with_epsilon (losses->mef_scales[0], 0.35f, 1e-6);
  g_assert_cmpfloat_with_epsilon (losses->mef_scales[1], 0.3f, 1e-6);
  g_assert_cmpfloat_with_epsilon (losses->mef_scales[2], 0.35f, 1e-6);
  g_assert_cmpfloat (losses->mef_scales[3], ==, 0);
  g_assert_cmpfloat (losses->weight[OMNI_LOSS_MEF_STRUCTURE], ==, 2);
  g_assert_cmpfloat (losses->structure_scales[0], ==, 0);
  g_assert_cmpfloat (losses->structure_scales[1], ==, 0.25f);
  g_assert_cmpfloat (losses->structure_scales[2], ==, 0.75f);
  g_assert_cmpfloat (losses->weight[OMNI_LOSS_SOBEL], ==, 3);
  g_assert_cmpfloat_with_epsilon (losses->weight[OMNI_LOSS_MEF_PATCHES], 1, 1e-6);
  g_assert_cmpfloat_with_epsilon (losses->patches_scales[0], 0.05f, 1e-6);
  g_assert_cmpfloat_with_epsilon (losses->patches_scales[1], 0.45f, 1e-6);
  g_assert_cmpfloat_with_epsilon (losses->patches_scales[2], 0.5f, 1e-6);
  g_assert_cmpfloat (losses->patches_scales[3], ==, 0);
  g_assert_cmpfloat (losses->weight[OMNI_LOSS_RANGE], ==, 2);
  const OmniRecipeTask *first = recipe->tasks->pdata[0], *second = recipe->tasks->pdata[1];
  g_assert_cmpuint (first->n_sources->len, ==, 4);
  g_assert_cmpuint (g_array_index (first->n_sources, guint, 3), ==, 6);
  g_assert_cmpstr (first->folders[1], ==, "more");
  g_assert_false (omni_recipe_task_has_truth (first));
  g_assert_true (omni_recipe_task_has_truth (second));
  g_assert_cmpint (second->task, ==, OMNI_TASK_EXPOSURE);
  g_assert_cmpfloat (second->options.stops.high, ==, 3);
  g_assert_cmpmem (&first->losses, sizeof first->losses, &second->losses, sizeof second->losses);
  g_assert_cmpuint (omni_recipe_get_crop_px (recipe, 79), ==, 64);
  g_assert_cmpuint (omni_recipe_get_crop_px (recipe, 80), ==, 128);
}

/* The words of a recipe are those of the trainer. */
static void
test_recipe_words (void)
{
  static const struct
  {
    const char *section, *key, *words[5];
  } keys[] = {
    { "network", "normalisation", { "none", "batch", "frozen", "affine" } },
    { "optimiser", "name", { "adam", "rmsprop", "sgd" } },
    { "optimiser", "schedule", { "constant", "halving", "cosine", "poly" } },
  };
  for (guint k = 0; k < G_N_ELEMENTS (keys); k++)
    for (guint i = 0; keys[k].words[i] != NULL; i++)
    {
      const gboolean in_network = g_str_equal (keys[k].section, "network");
      g_autofree char *line = g_strdup_printf ("%s = %s\n", keys[k].key, keys[k].words[i]);
      g_autofree char *text = g_strdup_printf (
        "[network]\narchitecture = ifani\n%s[train]\nsteps = 1\n[optimiser]\n%s"
        "[task exposure]\ndata = a\nloss = mef-ssim 1\n",
        in_network ? line : "", in_network ? "" : line);
      g_autoptr (OmniRecipe) recipe = parse_recipe (text);
      OmniTrainConfig config;
      omni_recipe_get_config (recipe, &config);
      const char *const found[] = { omni_train_norm_to_string (config.norm),
                                    omni_optimiser_to_string (config.optimiser),
                                    omni_schedule_to_string (config.schedule) };
      g_assert_cmpstr (found[k], ==, keys[k].words[i]);
    }
}

static void
test_recipe_order (void)
{
  g_autoptr (OmniRecipe) recipe = parse_recipe (
    "[network]\narchitecture = ifani\n[train]\norder = sequential\n[ewc]\nstrength = 80000\nform = u2fusion\n"
    "[task medical]\ndata = a\nsteps = 30\nloss = mef-ssim 1\n[task infrared]\ndata = b\nsteps = 10\nloss = "
    "sobel 1\n");
  OmniTrainConfig config;
  omni_recipe_get_config (recipe, &config);
  g_assert_cmpfloat (config.ewc_lambda, ==, 40000);
  g_assert_cmpuint (recipe->steps, ==, 40);
  g_assert_cmpint (omni_recipe_get_task_at (recipe, 29), ==, 0);
  g_assert_cmpint (omni_recipe_get_task_at (recipe, 30), ==, 1);
  GError *error = NULL;
  g_assert_true (omni_recipe_set_steps (recipe, 8, &error));
  g_assert_no_error (error);
  g_assert_cmpuint (recipe->steps, ==, 8);
  g_assert_cmpint (omni_recipe_get_task_at (recipe, 5), ==, 0);
  g_assert_cmpint (omni_recipe_get_task_at (recipe, 6), ==, 1);
}

/* From the start, half-way or never. */
static void
test_recipe_freeze (void)
{
  static const struct
  {
    const char *value;
    guint64 step;
  } cases[] = { { "0", 0 }, { "0.5", 3 }, { "0.999", 5 }, { "1", G_MAXUINT64 } };
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
  {
    g_autofree char *text = g_strdup_printf (
      "[network]\narchitecture = ifani\nnormalisation = batch\nfreeze-norm-at = %s\n[train]\nsteps = 5\n"
      "[task exposure]\ndata = exposure\nloss = mef-ssim 1\n",
      cases[i].value);
    g_autoptr (OmniRecipe) recipe = parse_recipe (text);
    OmniTrainConfig config;
    omni_recipe_get_config (recipe, &config);
    g_assert_cmpuint (config.freeze_step, ==, cases[i].step);
  }
}

/* So many steps as were asked for, in shares that are as near as whole steps can be, and none without a step. */
static void
test_recipe_steps (void)
{
  static const struct
  {
    guint64 own[3], wanted, shares[3];
  } cases[] = {
    { { 100, 100, 100 }, 100, { 34, 33, 33 } },
    { { 100, 100, 100 }, 200, { 67, 67, 66 } },
    { { 50, 30, 20 }, 7, { 4, 2, 1 } },
    { { 1000, 1, 1 }, 3, { 1, 1, 1 } },
    { { 1000, 1, 1 }, 10, { 8, 1, 1 } },
    { { 30, 20, 10 }, 60, { 30, 20, 10 } },
    { { 3, 5, 9 }, 1000000000, { 176470588, 294117647, 529411765 } },
  };
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
  {
    const guint64 *own = cases[i].own;
    g_autofree char *text = g_strdup_printf ("[network]\narchitecture = ifani\n[train]\norder = sequential\n"
                                             "[task medical]\ndata = a\nsteps = %u\nloss = mef-ssim 1\n"
                                             "[task infrared]\ndata = b\nsteps = %u\nloss = sobel 1\n"
                                             "[task exposure]\ndata = c\nsteps = %u\nloss = mef-ssim 1\n",
                                             (guint)own[0], (guint)own[1], (guint)own[2]);
    g_autoptr (OmniRecipe) recipe = parse_recipe (text);
    GError *error = NULL;
    g_assert_true (omni_recipe_set_steps (recipe, cases[i].wanted, &error));
    g_assert_no_error (error);
    g_assert_cmpuint (recipe->steps, ==, cases[i].wanted);
    for (guint k = 0; k < 3; k++)
      g_assert_cmpuint (((const OmniRecipeTask *)recipe->tasks->pdata[k])->steps, ==, cases[i].shares[k]);
    g_assert_false (omni_recipe_set_steps (recipe, 2, &error));
    g_assert_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT);
    g_assert_nonnull (strstr (error->message, "3 or more (--steps)"));
    g_assert_cmpuint (recipe->steps, ==, cases[i].wanted);
    g_clear_error (&error);
  }
}

#define HEAD "[network]\narchitecture = ifani\n[train]\nsteps = 5\n"
#define OMNI "[network]\narchitecture = omni\n"
#define TASK "[task exposure]\ndata = exposure\nloss = mef-ssim 1\n"

static void
test_recipe_errors (void)
{
  static const struct
  {
    const char *text, *line, *words;
  } cases[] = {
    { "steps = 5\n", "line 1:", "before the first" },
    { "[train]\n\nstesp = 5\n", "line 3:", "no key “stesp” in [train]; its keys are order, steps" },
    { "[train]\nsteps = many\n", "line 2:", "whole number" },
    { "[train]\nsteps = -3\n", "line 2:", "whole number" },
    { "[train]\nsteps = 5\nsteps = 6\n", "line 3:", "line 2 already" },
    { "[train]\n[train]\n", "line 2:", "line 1 already" },
    { "[train\n", "line 1:", "does not end" },
    { "[tarin]\n", "line 1:", "no section [tarin]" },
    { "[train]\nnonsense\n", "line 2:", "neither" },
    { "[train]\norder = random\n", "line 2:", "joint, sequential" },
    { "[train]\ncrop = 64, 32\n", "line 2:", "64, 128@0.8" },
    { "[train]\ncrop = 64, 32@0.9, 16@0.8\n", "line 2:", "64, 128@0.8" },
    { "[optimiser]\nlearning-rate = nan\n", "line 2:", "a number from" },
    { "[network]\nchannels = 260\n", "line 2:", "from 0 to 256" },
    { HEAD, "line 5:", "no [task" },
    { "[train]\nsteps = 5\n" TASK, "line 6:", "“architecture”" },
    { "[network]\narchitecture = ifani\n" TASK, "line 6:", "steps" },
    { HEAD "[task exposure]\nloss = mef-ssim 1\n", "line 5:", "“data”" },
    { HEAD "[task exposure]\ndata = a\n", "line 5:", "“loss”" },
    { HEAD "[task exposure]\ndata = a\nloss = mef 1\n", "line 7:", "terms with weights" },
    { HEAD "[task exposure]\ndata = a\nloss = mef-ssim\n", "line 7:", "terms with weights" },
    { HEAD "[task exposure]\ndata = a\nloss = mef-ssim@3 1\n", "line 7:", "terms with weights" },
    { HEAD "[task exposure]\ndata = a\nloss = sobel 1, sobel 2\n", "line 7:", "terms with weights" },
    { HEAD "[task exposure]\ndata = a\nloss = ssim 1\n", "line 7:", "compares with a truth" },
    { HEAD "[task night]\ndata = a\nloss = mef-ssim 1\n", "line 5:", "“night” is no task" },
    { HEAD "[task infrared]\ndata = a\nsynthesis = focus\nloss = mae 1\n", "line 7:", "sets for focus" },
    { HEAD "[task ../x]\n", "line 5:", "letters, digits" },
    { HEAD TASK "[task more]\ntask = exposure\ndata = b\nloss = sobel 1\n", "line 11:", "already" },
    { "[network]\narchitecture = ifani\n[train]\norder = sequential\n" TASK, "line 5:", "“steps”" },
    { "[network]\narchitecture = ifani\n[train]\nsteps = 5\ncrop = 40\n[task exposure]\ndata = a\nloss = "
      "mef-ssim@8 1\n",
      "line 5:", "loss of [task exposure]: their side must be a multiple of 8 and at least 88" },
    { OMNI "base-levels = 1, 0, 0, 0.1\n[train]\nsteps = 5\ncrop = 128, 144@0.5\n" TASK, "line 6:",
      "crops of 144 pixels do not suit omni at all of its base-levels: their side must be a multiple of 32" },
    { OMNI "base-levels = 0, 0, 0, 1\n[train]\nsteps = 5\ncrop = 64\n" TASK, "line 6:", "at least 128" },
    { OMNI "base-levels = 0, 0, 0, 1\n[train]\nsteps = 5\ncrop = 128\nvalidation-size = 100\n" TASK,
      "line 7:", "squares for validation of 96 pixels do not suit omni" },
    { HEAD "crop = 96\nvalidation-size = 80\n[task exposure]\ndata = a\nloss = mef-ssim@8 1\n",
      "line 6:", "squares for validation of 80 pixels do not suit the loss of [task exposure]" },
    { HEAD "[task exposure]\ndata = a\nloss = mef-ssim 1\nsources = 1-3\n", "line 8:", "from 2" },
    { HEAD "[task exposure]\ndata = a,,b\nloss = mef-ssim 1\n", "line 6:", "commas" },
    { "[network]\narchitecture = ifani\nbase-levels = 0, 0\n[train]\nsteps = 5\n" TASK,
      "line 3:", "above 0" },
  };
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
  {
    g_autoptr (GError) error = NULL;
    g_autoptr (OmniRecipe) recipe = omni_recipe_parse (cases[i].text, "test.recipe", &error);
    g_assert_null (recipe);
    g_assert_nonnull (error);
    g_test_message ("%u: %s", i, error->message);
    g_assert_nonnull (strstr (error->message, "“test.recipe”"));
    g_assert_nonnull (strstr (error->message, cases[i].line));
    g_assert_nonnull (strstr (error->message, cases[i].words));
  }
}

static void
test_recipe_shipped (void)
{
  g_autofree char *folder = g_build_filename (g_getenv ("OMNIFUSE_SOURCE_ROOT"), "models", "recipes", NULL);
  g_autoptr (GDir) dir = g_dir_open (folder, 0, NULL);
  guint n = 0;
  for (const char *name = g_dir_read_name (dir); name != NULL; name = g_dir_read_name (dir))
  {
    if (!g_str_has_suffix (name, ".recipe"))
      continue;
    g_autofree char *path = g_build_filename (folder, name, NULL);
    g_autoptr (GError) error = NULL;
    g_autoptr (OmniRecipe) recipe = omni_recipe_load (path, &error);
    g_assert_no_error (error);
    g_assert_cmpuint (recipe->steps, >, 0);
    n++;
    /* Whatever the size of a scene, if it is large enough for the crops: network and losses take its square. */
    OmniTrainConfig config;
    omni_recipe_get_config (recipe, &config);
    for (guint side_px = omni_recipe_get_max_crop_px (recipe); side_px < 600; side_px++)
    {
      const guint size_px = omni_recipe_get_validation_px (recipe, side_px);
      g_assert_true (omni_train_side_fits (omni_train_config_get_side (&config), size_px));
      for (guint t = 0; t < recipe->tasks->len; t++)
        g_assert_true (omni_train_side_fits (
          omni_train_losses_get_side (&((const OmniRecipeTask *)recipe->tasks->pdata[t])->losses), size_px));
    }
  }
  g_assert_cmpuint (n, >=, 5);
}

/* One table, three readers: whatever the help says, the manual says too. */
static void
test_recipe_manual (void)
{
  g_autofree char *path = g_build_filename (g_getenv ("OMNIFUSE_SOURCE_ROOT"), "resources", "man",
                                            "omnifuse-cli.1", NULL);
  g_autofree char *manual = NULL;
  g_assert_true (g_file_get_contents (path, &manual, NULL, NULL));
  g_autofree char *help = omni_recipe_get_help ();
  g_auto (GStrv) lines = g_strsplit (help, "\n", -1);
  guint n = 0;
  for (guint i = 0; lines[i] != NULL; i++)
  {
    if (!g_str_has_prefix (lines[i], "  ") || lines[i][2] == ' ')
      continue;
    g_auto (GStrv) parts = g_strsplit (lines[i] + 2, "-", -1);
    g_autofree char *escaped = g_strjoinv ("\\-", parts);
    g_autofree char *entry = g_strconcat ("\n.B ", escaped, "\n", NULL);
    if (strstr (manual, entry) == NULL)
      g_error ("The manual says nothing of the key “%s”.", lines[i] + 2);
    n++;
  }
  g_assert_cmpuint (n, >, 40);
}

/* What editors and people write of numbers. */
static void
test_recipe_spelling (void)
{
  g_autoptr (OmniRecipe) recipe = parse_recipe (
    "\xef\xbb\xbf[network]\narchitecture = ifani\n[train]\nsteps = 4\n[task focus]\ndata = natural\n"
    "synthesis = focus\nnoise = 1e-3-1e-2\nsigma = 0.5 - 2.5\nloss = mae 1\n");
  const OmniRecipeTask *task = recipe->tasks->pdata[0];
  GError *error = NULL;
  g_assert_cmpfloat (task->options.noise.low, ==, 1e-3);
  g_assert_cmpfloat (task->options.noise.high, ==, 1e-2);
  g_assert_cmpfloat (task->options.sigma.low, ==, 0.5);
  g_assert_cmpfloat (task->options.sigma.high, ==, 2.5);
  g_assert_null (omni_recipe_parse ("", "empty.recipe", &error));
  g_assert_nonnull (strstr (error->message, "line 1"));
  g_clear_error (&error);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/training/recipe/values", test_recipe_values);
  g_test_add_func ("/training/recipe/spelling", test_recipe_spelling);
  g_test_add_func ("/training/recipe/words", test_recipe_words);
  g_test_add_func ("/training/recipe/order", test_recipe_order);
  g_test_add_func ("/training/recipe/freeze", test_recipe_freeze);
  g_test_add_func ("/training/recipe/steps", test_recipe_steps);
  g_test_add_func ("/training/recipe/errors-name-the-line", test_recipe_errors);
  g_test_add_func ("/training/recipe/shipped", test_recipe_shipped);
  g_test_add_func ("/training/recipe/manual", test_recipe_manual);
  return g_test_run ();
}
